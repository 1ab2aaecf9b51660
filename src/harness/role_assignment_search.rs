//! `/authz/api/roleassignments/v2/filter` and `/filter`: searches that v1 lacks.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::list::{check_any, check_texts};
use super::macros::{any_of, times};
use super::ng::{NgFilter, NgList, SUCCESS, spelled};
use super::{
    Identifier, Principal, PrincipalType, RoleAssignment, RoleAssignmentResponse, RoleAssignments,
    RoleReference, Scope, ScopeFilter, ScopeLevel,
};
use crate::declare::{getters, setters};
use crate::error::Error;
use crate::model::json::{part, response};
use crate::model::loose::identifying;
use crate::operation::{Body, Idempotency, Spec};
use crate::transport::List;

impl RoleAssignments {
    /// Searches this scope and, unless the filter excludes them, all scopes below it, with the
    /// names and e-mail addresses of principals: `POST /authz/api/roleassignments/v2/filter`
    /// (*documented*; that child scopes are included is *observed*). At the account it covers all
    /// organizations and projects. It changes nothing, so it is retried like any read.
    ///
    /// With a user as [`principal`](RoleAssignmentSearch::principal) it lists what that user holds
    /// through user groups too (*observed*): the principal of such an item is the group.
    ///
    /// **The list may be partial without any sign**: the service omits principals of types that the
    /// caller may not view (*observed*). Do not take absence from this list for absence of access.
    ///
    /// # Pages
    /// 50 items a page, at most 100, in the service's own order, which is not documented:
    /// concurrent changes may skip or repeat rows.
    ///
    /// # Errors
    /// Before anything is sent, an invalid-request error if a filter is set but empty, or the account
    /// id is not known (see [`HarnessBuilder::account_id`](super::HarnessBuilder::account_id)).
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) if the caller may view no
    /// type of principal (400 `USER_NOT_AUTHORIZED`, *observed*).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::{NewRoleAssignment, Principal, RoleAssignmentSearch};
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let user = fake.add_user("account", "user@example.com", "A user");
    /// fake.add_user_group("orgs/platform", "sre", [&user]);
    /// let harness = fake.client()?;
    /// let group = Principal::user_group("sre");
    /// let new = NewRoleAssignment::unnamed("_organization_viewer", "_all_organization_level_resources", group)?;
    /// harness.org("platform").role_assignments().create(&new).await?;
    ///
    /// let of_user = RoleAssignmentSearch::new().principal(Principal::user(&user));
    /// let mut held = harness.account().role_assignments().search(&of_user).items();
    /// while let Some(held) = held.next().await.transpose()? {
    ///     let scope = held.scope.as_ref().and_then(|scope| scope.org_identifier.as_deref());
    ///     assert_eq!((held.role_identifier(), scope), (Some("_organization_viewer"), Some("platform")));
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn search(&self, filter: &RoleAssignmentSearch) -> List<NgList<RoleAssignmentSearch>> {
        self.scope.list(filter.clone())
    }

    /// Lists the role assignments of exactly this scope that match a filter: `POST
    /// /authz/api/roleassignments/filter` (*documented*; that scopes below are left out is
    /// *observed*). It changes nothing, so it is retried like
    /// any read. [`list`](Self::list) has no filter; [`search`](Self::search) has names.
    ///
    /// Like all lists of role assignments, **it may be partial without any sign** (*observed*). Its
    /// pages and errors are those of [`search`](Self::search).
    pub fn filter(&self, filter: &RoleAssignmentFilter) -> List<NgList<RoleAssignmentFilter>> {
        self.scope.list(filter.clone())
    }
}

/// What [`RoleAssignments::search`] lists: assignments that match everything set here.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct RoleAssignmentSearch {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_group_filter: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_filter: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "spelled")]
    role_reference_filter: Option<Vec<RoleReference>>,
    #[serde(skip)]
    excludes_child_scopes: bool,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "spelled")]
    principal_filter: Option<Principal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_type_filter: Option<Vec<PrincipalType>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    harness_managed_filter: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_filter: Option<bool>,
}

impl RoleAssignmentSearch {
    /// No filter yet: everything in the scope and below.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Lists what this principal holds; of a user, also what comes through user groups.
        principal = principal_filter(some Principal);
        /// Lists what Harness manages itself, or what it does not.
        harness_managed = harness_managed_filter(some bool);
        /// Lists what is disabled, or what is not.
        disabled = disabled_filter(some bool);
        /// Sets whether only the scope itself is searched. Default `false`.
        excludes_child_scopes(bool);
    }

    any_of! {
        /// Lists assignments over any of these resource groups.
        resource_groups, get_resource_groups = resource_group_filter(String);
        /// Lists assignments of any of these roles.
        roles, get_roles = role_filter(String);
        /// Lists assignments of any of these roles of a certain level.
        role_references, get_role_references = role_reference_filter(RoleReference);
        /// Lists what principals of these types hold.
        principal_types, get_principal_types = principal_type_filter(PrincipalType);
    }

    getters! {
        /// Returns the principal.
        optional get_principal = principal_filter: Principal;
        /// Returns whether what Harness manages is listed.
        copy get_harness_managed = harness_managed_filter: Option<bool>;
        /// Returns whether what is disabled is listed.
        copy get_disabled = disabled_filter: Option<bool>;
        /// Returns whether only the scope itself is searched.
        copy get_excludes_child_scopes = excludes_child_scopes: bool;
    }
}

impl NgFilter for RoleAssignmentSearch {
    type Item = RoleAssignmentAggregate;
    type Row = RoleAssignmentAggregate;
    const SPEC: Spec =
        Spec::post("harness role-assignments.search", &["/authz/api/roleassignments/v2/filter"])
            .success(SUCCESS)
            .idempotency(Idempotency::Safe);

    fn check(&self) -> Result<(), Error> {
        check_texts("resource_groups", &self.resource_group_filter)?;
        check_texts("roles", &self.role_filter)?;
        check_any("role_references", &self.role_reference_filter)?;
        check_texts("principal_types", &self.principal_type_filter)?;
        self.role_reference_filter.iter().flatten().try_for_each(RoleReference::check)?;
        self.principal_filter.as_ref().map_or(Ok(()), Principal::check)
    }

    /// Without a scope filter the service leaves child scopes out (observed), so there is always one.
    fn body(&self, scope: &Scope) -> Result<Body, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct InScope<'a> {
            scope_filters: [Map<String, Value>; 1],
            #[serde(flatten)]
            filter: &'a RoleAssignmentSearch,
        }
        let reach = match self.excludes_child_scopes {
            true => ScopeFilter::ExcludingChildScopes,
            false => ScopeFilter::IncludingChildScopes,
        };
        let mut scope_filter = scope.to_json();
        scope_filter.insert("filter".to_owned(), json!(reach));
        Body::json(&InScope { scope_filters: [scope_filter], filter: self })
    }

    /// An identifier is unique in its scope.
    fn key(item: &RoleAssignmentAggregate) -> String {
        let scope = item.scope.as_ref();
        let org = scope.and_then(|scope| scope.org_identifier.as_deref());
        let project = scope.and_then(|scope| scope.project_identifier.as_deref());
        format!("{org:?} {project:?} {}", item.identifier)
    }
}

/// What [`RoleAssignments::filter`] lists: assignments of one scope that match everything set here.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct RoleAssignmentFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_group_filter: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_filter: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_type_filter: Option<Vec<PrincipalType>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_scope_level_filter: Option<Vec<ScopeLevel>>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "spelled")]
    principal_filter: Option<Vec<Principal>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    harness_managed_filter: Option<[bool; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_filter: Option<[bool; 1]>,
}

impl RoleAssignmentFilter {
    /// No filter yet: everything in the scope.
    pub fn new() -> Self {
        Self::default()
    }

    any_of! {
        /// Lists assignments over any of these resource groups.
        resource_groups, get_resource_groups = resource_group_filter(String);
        /// Lists assignments of any of these roles.
        roles, get_roles = role_filter(String);
        /// Lists what principals of these types hold.
        principal_types, get_principal_types = principal_type_filter(PrincipalType);
        /// Lists what principals of these levels hold.
        principal_scope_levels, get_principal_scope_levels = principal_scope_level_filter(ScopeLevel);
        /// Lists what these principals hold by themselves, not through user groups (inferred).
        principals, get_principals = principal_filter(Principal);
    }

    /// Lists what Harness manages itself, or what it does not.
    pub fn harness_managed(mut self, managed: bool) -> Self {
        self.harness_managed_filter = Some([managed]);
        self
    }

    /// Lists what is disabled, or what is not.
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled_filter = Some([disabled]);
        self
    }

    /// Returns whether what Harness manages is listed.
    pub fn get_harness_managed(&self) -> Option<bool> {
        self.harness_managed_filter.map(|[managed]| managed)
    }

    /// Returns whether what is disabled is listed.
    pub fn get_disabled(&self) -> Option<bool> {
        self.disabled_filter.map(|[disabled]| disabled)
    }
}

impl NgFilter for RoleAssignmentFilter {
    type Item = RoleAssignmentResponse;
    type Row = FilteredRoleAssignment;
    const SPEC: Spec =
        Spec::post("harness role-assignments.filter", &["/authz/api/roleassignments/filter"])
            .success(SUCCESS)
            .idempotency(Idempotency::Safe);

    fn check(&self) -> Result<(), Error> {
        check_texts("resource_groups", &self.resource_group_filter)?;
        check_texts("roles", &self.role_filter)?;
        check_texts("principal_types", &self.principal_type_filter)?;
        check_texts("principal_scope_levels", &self.principal_scope_level_filter)?;
        check_any("principals", &self.principal_filter)?;
        self.principal_filter.iter().flatten().try_for_each(Principal::check)
    }

    fn body(&self, _: &Scope) -> Result<Body, Error> {
        Body::json(self)
    }

    fn key(item: &RoleAssignmentResponse) -> String {
        item.role_assignment.identifier.to_string()
    }
}

response! {
    /// A role assignment with the names of what it is about; see [`RoleAssignments::search`].
    #[serde(rename_all = "camelCase")]
    pub struct RoleAssignmentAggregate {
        /// The assignment's identifier within its scope.
        #[serde(deserialize_with = "identifying")]
        pub identifier: Identifier,
        /// Who has the role: the group, where a user has it through one.
        pub principal: Option<AggregatePrincipal>,
        /// Whether the assignment is without effect.
        pub disabled: Option<bool>,
        /// The role.
        pub role: Option<AggregateRole>,
        /// The resource group.
        pub resource_group: Option<AggregateResourceGroup>,
        /// The scope of the assignment.
        pub scope: Option<AggregateScope>,
        /// When it was created (`createdAt`); see [`created_at`](Self::created_at).
        #[serde(rename = "createdAt")]
        pub created: Option<i64>,
        /// When it was last changed (`lastModifiedAt`); see [`updated_at`](Self::updated_at).
        #[serde(rename = "lastModifiedAt")]
        pub updated: Option<i64>,
        /// Whether Harness itself manages it.
        pub harness_managed: Option<bool>,
    }
}

times! { RoleAssignmentAggregate }

impl RoleAssignmentAggregate {
    /// Returns the role's identifier.
    pub fn role_identifier(&self) -> Option<&str> {
        self.role.as_ref()?.role.as_ref()?.identifier.as_deref()
    }

    /// Returns the role's name.
    pub fn role_name(&self) -> Option<&str> {
        self.role.as_ref()?.role.as_ref()?.name.as_deref()
    }
}

response! {
    /// A principal with its name.
    #[serde(rename_all = "camelCase")]
    pub struct AggregatePrincipal {
        /// The level at which the principal lives.
        pub scope_level: Option<ScopeLevel>,
        /// The principal's own identifier.
        pub identifier: Option<String>,
        /// What the principal is.
        #[serde(rename = "type")]
        pub kind: Option<PrincipalType>,
        /// The name of a user or a user group.
        pub name: Option<String>,
        /// The e-mail address of a user.
        pub email: Option<String>,
    }

    /// A role, and where it lives.
    #[serde(rename_all = "camelCase")]
    pub struct AggregateRole {
        /// The role itself.
        pub role: Option<RoleSummary>,
        /// The scope that the role lives in.
        pub scope: Option<AggregateScope>,
        /// Whether it is one of Harness's own roles.
        pub harness_managed: Option<bool>,
    }

    /// A role as a search has it.
    #[serde(rename_all = "camelCase")]
    pub struct RoleSummary {
        /// The identifier.
        pub identifier: Option<String>,
        /// The name.
        pub name: Option<String>,
        /// The permissions.
        pub permissions: Option<Vec<String>>,
        /// The levels at which it may be assigned.
        pub allowed_scope_levels: Option<Vec<ScopeLevel>>,
    }

    /// A resource group as a search has it (its fields are *observed*).
    pub struct AggregateResourceGroup {
        /// The identifier.
        pub identifier: Option<String>,
        /// The name.
        pub name: Option<String>,
    }

    /// A scope with its names.
    #[derive(Default)]
    #[serde(rename_all = "camelCase")]
    pub struct AggregateScope {
        /// The account.
        pub account_identifier: Option<String>,
        /// The account's name.
        pub account_name: Option<String>,
        /// The organization, below account level.
        pub org_identifier: Option<String>,
        /// The organization's name.
        pub org_name: Option<String>,
        /// The project, below organization level.
        pub project_identifier: Option<String>,
        /// The project's name.
        pub project_name: Option<String>,
    }

    #[serde(rename_all = "camelCase")]
    struct Spelled {
        #[serde(deserialize_with = "identifying")]
        identifier: Identifier,
        resource_group_identifier: Option<String>,
        role_identifier: Option<String>,
        role_reference: Option<SpelledPart>,
        principal: Option<SpelledPart>,
        disabled: Option<bool>,
        managed: Option<bool>,
    }

    /// A principal, or a reference to a role.
    #[serde(rename_all = "camelCase")]
    struct SpelledPart {
        scope_level: Option<ScopeLevel>,
        identifier: Option<String>,
        #[serde(rename = "type")]
        kind: Option<PrincipalType>,
    }
}

/// A role assignment in the spelling of the NG API; what it holds is that of v1.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilteredRoleAssignment {
    role_assignment: Spelled,
    #[serde(default, deserialize_with = "part")]
    created_at: Option<i64>,
    #[serde(default, deserialize_with = "part")]
    last_modified_at: Option<i64>,
    #[serde(default, deserialize_with = "part")]
    harness_managed: Option<bool>,
}

impl From<FilteredRoleAssignment> for RoleAssignmentResponse {
    fn from(filtered: FilteredRoleAssignment) -> Self {
        let assignment = filtered.role_assignment;
        Self {
            role_assignment: RoleAssignment {
                identifier: assignment.identifier,
                resource_group: assignment.resource_group_identifier,
                role: assignment.role_identifier,
                role_reference: assignment.role_reference.map(|part| RoleReference {
                    scope_level: part.scope_level,
                    identifier: part.identifier,
                }),
                principal: assignment.principal.map(|part| Principal {
                    scope_level: part.scope_level,
                    identifier: part.identifier,
                    kind: part.kind,
                }),
                disabled: assignment.disabled,
                managed: assignment.managed,
            },
            created: filtered.created_at,
            updated: filtered.last_modified_at,
            harness_managed: filtered.harness_managed,
        }
    }
}
