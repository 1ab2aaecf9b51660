//! Role assignments, as requests and as responses.

use serde::{Deserialize, Serialize};

use super::identifier::{check_identifier, check_not_empty};
use super::macros::{in_scopes, times};
use super::resource::{Endpoints, Readable, Resource};
use super::scope::Place;
use super::{Identifier, Resources};
use crate::declare::getters;
use crate::error::Error;
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::model::open_enum;
use crate::operation::Spec;

/// The role assignments in one scope: <https://apidocs.harness.io/tag/Org-Role-Assignments>, and
/// its siblings for accounts and projects.
///
/// The service keeps (identifier, scope) and (scope, resource group, role, principal) unique
/// (*observed*), so a duplicate is refused even under a new identifier. This crate has no update:
/// the NG API's PUT is undocumented and changes only `disabled`. Nor has it a bulk create: the NG
/// API's silently omits failures and duplicates (*documented*), and when called for a project it
/// also grants an account-level group a role in the organization (*observed*).
///
/// [`ensure`](Resources::ensure): an existing assignment *matches* if these agree: the resource
/// group, the role, the role's level, the reference's identifier, `disabled`, and the principal's
/// type, identifier and (except for users) level. A level that is omitted defaults to the scope's.
/// The role's level is that of [`role_reference`](NewRoleAssignment::role_reference), or the
/// scope's if there is no reference (inferred: a reference names a role of a higher scope). That
/// holds for built-in roles too: a custom role's identifier may also begin with `_`, so the two
/// cannot be distinguished. The creator, `managed` and the dates are ignored. **The match may have
/// another identifier than the requested one**: use the returned one.
///
/// A *mismatch* is another assignment under the requested identifier, or one that blocks the new
/// one although it grants something else: the same resource group, role identifier and principal,
/// with another level of the role or another `disabled`. An assignment [without an
/// identifier](NewRoleAssignment::unnamed) is created first; the client looks for an existing one
/// if the service refuses it. Lists omit what the caller may not view: if they omit the duplicate,
/// the result is the error of the create.
///
/// [`list`](Resources::list): **a list may be partial without any sign**: the service omits
/// principals of types that the caller may not view (*observed*). Do not take absence from this
/// list for absence of access.
///
/// [`get`](Resources::get): at account scope an assignment named `count` cannot be read: one of the
/// service's own paths shadows it (*observed*).
///
/// [`delete`](Resources::delete): effective access may lag behind the delete (*observed*).
/// [`ensure_absent`](Resources::ensure_absent) is about the identifier alone: the same grant may
/// exist under another one.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::Ensured;
/// use rolecall::harness::{NewRoleAssignment, Principal};
/// use rolecall::testing::HarnessFake;
///
/// let fake = HarnessFake::start().await?;
/// let assignments = fake.client()?.org("platform").role_assignments();
/// let group = Principal::user_group("sre");
/// let new = NewRoleAssignment::new("sre_view", "_organization_viewer", "all", group.clone())?;
/// assert!(matches!(assignments.ensure(&new).await?, Ensured::Created(_)));
/// assert!(matches!(assignments.ensure(&new).await?, Ensured::AlreadyExisted(_)));
///
/// // The same grant under another identifier cannot be created twice.
/// let again = NewRoleAssignment::new("another", "_organization_viewer", "all", group)?;
/// let existing = assignments.ensure(&again).await?;
/// assert_eq!(existing.get().role_assignment.identifier, "sre_view");
///
/// // Collect before deleting: each delete would shift the pages that are still to be read.
/// for item in assignments.list().page_size(100).items().try_collect().await? {
///     let assignment = item.role_assignment;
///     if assignment.role.as_deref() == Some("_organization_viewer") {
///         assignments.delete(&assignment.identifier).await?;
///     }
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
pub type RoleAssignments = Resources<RoleAssignmentResponse>;

impl Resource for RoleAssignmentResponse {
    type New = NewRoleAssignment;
}

const ALL: &[&str] = in_scopes!("role-assignments");
const ONE: &[&str] = in_scopes!("role-assignments/{role-assignment}");

impl Readable for RoleAssignmentResponse {
    const LIST: Spec = Spec::get("harness role-assignments.list", ALL);
    const GET: Spec = Spec::get("harness role-assignments.get", ONE);

    fn identifier(&self) -> &str {
        self.role_assignment.identifier.as_str()
    }
}

impl Endpoints for RoleAssignmentResponse {
    const CREATE: Spec = Spec::post("harness role-assignments.create", ALL);
    const DELETE: Spec = Spec::delete("harness role-assignments.delete", ONE).success(&[200]);
    const ENSURE: &'static str = "harness role-assignments.ensure";
    const ENSURE_ABSENT: &'static str = "harness role-assignments.ensure_absent";

    fn identifier_of(new: &NewRoleAssignment) -> &str {
        &new.identifier
    }

    fn check(new: &NewRoleAssignment) -> Result<(), Error> {
        new.role_reference.as_ref().map_or(Ok(()), RoleReference::check)
    }

    fn matches(&self, desired: &NewRoleAssignment, place: &Place) -> bool {
        // Without a reference a role belongs to the scope. Its identifier does not show whether it
        // is Harness's own: a customer's may begin with `_` too, and the list of Harness's roles is
        // open.
        // A reference may name another role than `role`, although the service expects it not to.
        let role = |reference: &Option<RoleReference>| {
            let level = reference.as_ref().and_then(|reference| reference.scope_level.clone());
            let identifier = reference.as_ref().and_then(|reference| reference.identifier.clone());
            let identifier = identifier.unwrap_or_else(|| desired.role.clone());
            (level.unwrap_or_else(|| place.level()), identifier)
        };
        let actual = &self.role_assignment;
        self.excludes(desired, place)
            && role(&desired.role_reference) == role(&actual.role_reference)
            && desired.disabled == actual.disabled.unwrap_or(false)
    }

    /// The service keeps the resource group, the role's identifier and the principal unique
    /// together, and looks neither at the role's level nor at `disabled` (observed).
    fn excludes(&self, desired: &NewRoleAssignment, place: &Place) -> bool {
        let actual = &self.role_assignment;
        let same = |it: &Principal| desired.principal.matches(it, &place.level());
        actual.resource_group.as_ref() == Some(&desired.resource_group)
            && actual.role.as_ref() == Some(&desired.role)
            && actual.principal.as_ref().is_some_and(same)
    }

    fn is_shadowed(identifier: &str, place: &Place) -> bool {
        matches!(place, Place::Account) && identifier == "count"
    }

    /// `RESOURCE_NOT_FOUND_EXCEPTION` is about the assignment, and not its organization or project
    /// (observed). This needs no list, which may omit what the caller may not view.
    fn is_absent(refused: &Error) -> bool {
        refused.is_not_found() && refused.code() == Some("RESOURCE_NOT_FOUND_EXCEPTION")
    }

    /// The documented 404 may be about the organization, the project or the path as well. Where the
    /// list of the same scope can be read, it was none of these. Without one of the service's codes
    /// it may come from a gateway.
    fn may_be_absent(refused: &Error) -> bool {
        refused.is_not_found()
            && matches!(refused.code(), Some("RESOURCE_NOT_FOUND" | "ENTITY_NOT_FOUND"))
    }
}

/// A role assignment to be created.
///
/// ```
/// use rolecall::harness::{NewRoleAssignment, Principal, RoleReference, ScopeLevel};
///
/// let new = NewRoleAssignment::new(
///     "auditors", "_account_viewer", "_all_organization_level_resources", Principal::user_group("audit"),
/// )?
/// .role_reference(RoleReference::new(ScopeLevel::Account, "_account_viewer"))
/// .disabled(true);
/// let refused = NewRoleAssignment::new("1st", "r", "g", Principal::user("u")).unwrap_err();
/// assert!(refused.to_string().contains("identifier: must be a letter"));
/// # let _ = new;
/// # Ok::<(), rolecall::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
pub struct NewRoleAssignment {
    identifier: String,
    resource_group: String,
    role: String,
    #[serde(rename = "roleReference", skip_serializing_if = "Option::is_none")]
    role_reference: Option<RoleReference>,
    principal: Principal,
    // Always sent: leaving it out probably ends in a 500 (inferred).
    disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed: Option<bool>,
}

impl NewRoleAssignment {
    /// Assigns `role` over `resource_group` to `principal`, under `identifier`.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule: the identifier's (see
    /// [`Identifier`]), or that role, resource group and principal must not be empty.
    pub fn new(
        identifier: impl Into<String>,
        role: impl Into<String>,
        resource_group: impl Into<String>,
        principal: Principal,
    ) -> Result<Self, Error> {
        let identifier = identifier.into();
        check_identifier("identifier", &identifier)?;
        Ok(Self { identifier, ..Self::unnamed(role, resource_group, principal)? })
    }

    /// Assigns `role` over `resource_group` to `principal`, under an identifier that the service
    /// chooses (*observed*: it does so for an empty one).
    ///
    /// # Errors
    /// An invalid-request error if role, resource group or principal are empty.
    pub fn unnamed(
        role: impl Into<String>,
        resource_group: impl Into<String>,
        principal: Principal,
    ) -> Result<Self, Error> {
        let (role, resource_group) = (role.into(), resource_group.into());
        check_not_empty("role", Some(&role))?;
        check_not_empty("resource_group", Some(&resource_group))?;
        principal.check()?;
        Ok(Self {
            identifier: String::new(),
            resource_group,
            role,
            role_reference: None,
            principal,
            disabled: false,
            managed: None,
        })
    }

    /// Names a role of a higher scope. The service expects `role` to equal the reference's
    /// identifier then (*observed*).
    pub fn role_reference(mut self, reference: RoleReference) -> Self {
        self.role_reference = Some(reference);
        self
    }

    /// Sets whether the assignment is without effect. Default `false`, which is sent too.
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    /// Sends `managed`. The service ignores it (*observed*).
    pub fn managed(mut self, managed: bool) -> Self {
        self.managed = Some(managed);
        self
    }

    getters! {
        /// Returns the identifier; empty where the service chooses it.
        borrow identifier: str;
        /// Returns the role.
        borrow role: str;
        /// Returns the resource group.
        borrow resource_group: str;
        /// Returns who is given the role.
        borrow principal: Principal;
        /// Returns the reference to a role of a higher scope.
        optional get_role_reference = role_reference: RoleReference;
        /// Returns whether the assignment is without effect.
        copy get_disabled = disabled: bool;
        /// Returns `managed`, if it is sent.
        copy get_managed = managed: Option<bool>;
    }
}

open_enum! {
    /// What a principal is.
    PrincipalType {
        /// A user, by the user's id (not an e-mail address; *observed*).
        User = "USER",
        /// A user group.
        UserGroup = "USER_GROUP",
        /// A service account.
        ServiceAccount = "SERVICE_ACCOUNT",
    }
}

open_enum! {
    /// The level at which a role or a principal lives (*observed*: lower case is needed).
    ScopeLevel {
        /// The account.
        Account = "account",
        /// An organization.
        Organization = "organization",
        /// A project.
        Project = "project",
    }
}

/// Who is given a role.
///
/// In responses a user's `scope_level` is null, and a group's or service account's is filled in
/// even where it was not sent (*observed*).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Loose")]
#[non_exhaustive]
#[must_use]
pub struct Principal {
    /// The level at which the principal lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_level: Option<ScopeLevel>,
    /// The principal's own identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// What the principal is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<PrincipalType>,
}

impl Principal {
    /// A principal of any type.
    pub fn new(kind: impl Into<PrincipalType>, identifier: impl Into<String>) -> Self {
        Self { scope_level: None, identifier: Some(identifier.into()), kind: Some(kind.into()) }
    }

    /// A user, by the user's id.
    pub fn user(id: impl Into<String>) -> Self {
        Self::new(PrincipalType::User, id)
    }

    /// A user group.
    pub fn user_group(identifier: impl Into<String>) -> Self {
        Self::new(PrincipalType::UserGroup, identifier)
    }

    /// A service account.
    pub fn service_account(identifier: impl Into<String>) -> Self {
        Self::new(PrincipalType::ServiceAccount, identifier)
    }

    /// Sets the level at which the principal lives, if it is not that of the assignment.
    pub fn scope_level(mut self, level: ScopeLevel) -> Self {
        self.scope_level = Some(level);
        self
    }

    /// It may have come from a response, where anything may be absent.
    pub(super) fn check(&self) -> Result<(), Error> {
        check_not_empty("principal.identifier", self.identifier.as_deref())?;
        check_not_empty("principal.type", self.kind.as_ref().map(AsRef::as_ref))
    }

    /// Whether both are the same one for an assignment in a scope of this level: the service nulls
    /// the level of users and fills in that of others.
    fn matches(&self, other: &Self, scope: &ScopeLevel) -> bool {
        let level = |principal: &Self| match principal.kind {
            Some(PrincipalType::User) => None,
            _ => Some(principal.scope_level.clone().unwrap_or_else(|| scope.clone())),
        };
        self.kind == other.kind
            && self.identifier == other.identifier
            && level(self) == level(other)
    }
}

/// A role with its level.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Loose")]
#[non_exhaustive]
pub struct RoleReference {
    /// The level at which the role lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_level: Option<ScopeLevel>,
    /// The role's identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
}

impl RoleReference {
    /// The role `identifier` of this level.
    pub fn new(scope_level: ScopeLevel, identifier: impl Into<String>) -> Self {
        Self { scope_level: Some(scope_level), identifier: Some(identifier.into()) }
    }

    /// It may have come from a response, where anything may be absent.
    pub(super) fn check(&self) -> Result<(), Error> {
        check_not_empty("roleReference.identifier", self.identifier.as_deref())?;
        check_not_empty("roleReference.scope_level", self.scope_level.as_ref().map(AsRef::as_ref))
    }
}

response! {
    /// A principal or a reference. The published examples spell `scope_level` as `scope` too; both may
    /// come together, so they are two fields here and not an alias.
    struct Loose {
        scope_level: Option<ScopeLevel>,
        scope: Option<ScopeLevel>,
        identifier: Option<String>,
        #[serde(rename = "type")]
        kind: Option<PrincipalType>,
    }
}

impl Loose {
    fn level(&self) -> Option<ScopeLevel> {
        self.scope_level.clone().or_else(|| self.scope.clone())
    }
}

impl From<Loose> for Principal {
    fn from(loose: Loose) -> Self {
        Self { scope_level: loose.level(), identifier: loose.identifier, kind: loose.kind }
    }
}

impl From<Loose> for RoleReference {
    fn from(loose: Loose) -> Self {
        Self { scope_level: loose.level(), identifier: loose.identifier }
    }
}

response! {
    /// A role assignment as the service has it. It may differ from the request in form: compare the
    /// meaning.
    pub struct RoleAssignment {
        /// The assignment's identifier within its scope.
        #[serde(deserialize_with = "identifying")]
        pub identifier: Identifier,
        /// The resource group.
        pub resource_group: Option<String>,
        /// The role.
        pub role: Option<String>,
        /// The role with its level, where it lives in a higher scope.
        #[serde(rename = "roleReference")]
        pub role_reference: Option<RoleReference>,
        /// Who is given the role.
        pub principal: Option<Principal>,
        /// Whether the assignment is without effect.
        pub disabled: Option<bool>,
        /// Whether it is managed.
        pub managed: Option<bool>,
    }
}

/// A role assignment and what the service knows about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "LooseResponse")]
#[non_exhaustive]
pub struct RoleAssignmentResponse {
    /// The assignment itself.
    #[serde(rename = "role-assignment")]
    pub role_assignment: RoleAssignment,
    /// When it was created, as the service counts; see [`created_at`](Self::created_at).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// When it was last changed, as the service counts; see [`updated_at`](Self::updated_at).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<i64>,
    /// Whether Harness itself manages it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harness_managed: Option<bool>,
}

response! {
    /// The published examples misspell `harness_managed`; both may come together.
    struct LooseResponse {
        #[serde(rename = "role-assignment")]
        role_assignment: RoleAssignment,
        created: Option<i64>,
        updated: Option<i64>,
        harness_managed: Option<bool>,
        harness_managaed: Option<bool>,
    }
}

impl From<LooseResponse> for RoleAssignmentResponse {
    fn from(loose: LooseResponse) -> Self {
        let LooseResponse { role_assignment, created, updated, .. } = loose;
        let harness_managed = loose.harness_managed.or(loose.harness_managaed);
        Self { role_assignment, created, updated, harness_managed }
    }
}

times! { RoleAssignmentResponse }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_parts_are_refused_by_name() {
        for (role, group, principal, named) in [
            ("", "g", "p", "role: must not be empty"),
            ("r", "", "p", "resource_group: must not be empty"),
            ("r", "g", "", "principal.identifier: must not be empty"),
        ] {
            let error = NewRoleAssignment::new("id", role, group, Principal::user(principal))
                .expect_err("a part is empty");
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
