//! `{scope}/role-assignments`.

use std::marker::PhantomData;
use std::time::SystemTime;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::resource::{
    Delete, Get, ListPage, Resource, find, find_in_list, is_gone, is_perhaps_gone, list, time,
};
use super::validate::{Validate, Validation};
use super::{Harness, Scope};
use crate::error::Error;
use crate::model::loose::identifying;
use crate::model::{checked_id, open_enum};
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Ensured, EnsuredAbsent, Found, Transport, ensure, ensure_absent};

impl Resource for RoleAssignmentResponse {
    const ALL: [&'static str; 3] = [
        "/v1/role-assignments",
        "/v1/orgs/{org}/role-assignments",
        "/v1/orgs/{org}/projects/{project}/role-assignments",
    ];
    const ONE: [&'static str; 3] = [
        "/v1/role-assignments/{role-assignment}",
        "/v1/orgs/{org}/role-assignments/{role-assignment}",
        "/v1/orgs/{org}/projects/{project}/role-assignments/{role-assignment}",
    ];
    const LIST: &'static str = "harness role-assignments.list";
    const GET: &'static str = "harness role-assignments.get";
    const DELETE: &'static str = "harness role-assignments.delete";
    const SAYS_ABSENT: bool = true;

    fn identifier(&self) -> &str {
        self.role_assignment.identifier.as_str()
    }
}

list! {
    /// A list of role assignments; see [`RoleAssignments::list`].
    ListRoleAssignments of RoleAssignmentResponse, by ListPage<RoleAssignmentResponse>
}

/// The role assignments of one scope.
#[derive(Clone, Debug)]
pub struct RoleAssignments {
    transport: Transport,
    scope: Scope,
}

impl RoleAssignments {
    pub(super) fn new(transport: Transport, scope: Scope) -> Self {
        Self { transport, scope }
    }

    pub(super) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Asks whether a role assignment could be created, without creating it:
    /// `POST /authz/api/roleassignments/validate`, 200 (the call is *documented*; its body and answer are
    /// *observed* in clients generated from the vendor's API document).
    ///
    /// It looks at principal, role and resource group, not at duplicates. Those clients call it below
    /// `/gateway`; a client whose base URL has that path is needed where an address wants it. The
    /// account id must be known: from the API key, or from [`HarnessBuilder::account`](super::HarnessBuilder::account).
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// # Errors
    /// An invalid-request error before sending if the account id is not known; else as for
    /// [`create`](Self::create). A proposal that is not good is no error: see [`Validation`].
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::{NewRoleAssignment, Principal};
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let wanted = NewRoleAssignment::unnamed("no_such_role", "_all_account_level_resources", Principal::user("u"))?;
    /// let said = fake.client()?.account().role_assignments().validate(&wanted).await?;
    /// assert!(!said.is_valid());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn validate(&self, new: &NewRoleAssignment) -> Call<Validation> {
        let account = self.transport.header("harness-account");
        self.transport.call(&Validate { account, scope: &self.scope, new })
    }

    /// Creates a role assignment in this scope: `POST {scope}/role-assignments`, 201 (*documented*).
    ///
    /// Never repeated when its outcome is unknown. The service keeps (identifier, scope) and
    /// (scope, resource group, role, principal) unique (*observed*), so a duplicate is refused
    /// even under a new identifier.
    ///
    /// Source: <https://apidocs.harness.io/tag/Org-Role-Assignments>, and its siblings for
    /// accounts and projects.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) for a duplicate that is
    /// answered 400 `DUPLICATE_FIELD`. By later server source a duplicate is 500 `UNKNOWN_ERROR`
    /// (*observed*): that is [`ErrorKind::Server`](crate::ErrorKind::Server) with an unknown
    /// outcome. Permission, authentication and rate limits are told by the service's code. The
    /// typed error is [`ServiceError`](super::ServiceError).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::{NewRoleAssignment, Principal};
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let wanted = NewRoleAssignment::new(
    ///     "sre_view", "_organization_viewer", "_all_organization_level_resources", Principal::user_group("sre"),
    /// )?;
    /// let made = fake.client()?.org("platform")?.role_assignments().create(&wanted).await?;
    /// assert_eq!(made.role_assignment.identifier.as_str(), "sre_view");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, new: &NewRoleAssignment) -> Call<RoleAssignmentResponse> {
        self.transport.call(&CreateRoleAssignment { scope: &self.scope, new })
    }

    /// Makes sure that a role assignment is there: creates it, and settles by reading what the
    /// answer leaves open (a duplicate, under any of its codes; an unknown outcome).
    ///
    /// *The same* is what grants the same: resource group, role and principal (its type, its
    /// identifier and, but for users, its level; a level that is not given is that of the scope),
    /// `disabled`, and the level of the role: that of
    /// [`role_reference`](NewRoleAssignment::role_reference), and without one that of the scope
    /// (inferred: a reference names a role of a higher scope). An identifier does not tell Harness's
    /// own roles from others (`_ops` may be anybody's), so this holds for all. Who made it, `managed`
    /// and dates do not count. The service refuses a second assignment of the same resource group,
    /// role and principal under any identifier (*observed*), so **what is found may have another
    /// identifier** than what was wanted: go on with the one that is returned.
    ///
    /// *Different* is another assignment under the wanted identifier, and one that the service
    /// refuses this one beside though it grants something else: the role of that identifier at
    /// another level, or with another `disabled`.
    ///
    /// Of two callers at once one creates and the other finds. After an unknown outcome creating is
    /// tried once more, which the service's two unique rules (*observed*) make safe.
    ///
    /// Source: <https://apidocs.harness.io/tag/Org-Role-Assignments>, and its siblings.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) with a
    /// [`Difference<NewRoleAssignment, RoleAssignmentResponse>`](crate::Difference) where something
    /// different is there; else those of [`create`](Self::create), [`get`](Self::get) and
    /// [`list`](Self::list). Lists leave out what the caller may not view: a duplicate that is not
    /// seen ends in the error of the create.
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
    /// let assignments = fake.client()?.org("platform")?.role_assignments();
    /// let group = Principal::user_group("sre");
    /// let wanted = NewRoleAssignment::new("sre_view", "_organization_viewer", "all", group.clone())?;
    /// assert!(matches!(assignments.ensure(&wanted).await?, Ensured::Created(_)));
    ///
    /// // The same grant under another identifier cannot be made twice.
    /// let again = NewRoleAssignment::new("another", "_organization_viewer", "all", group)?;
    /// let there = assignments.ensure(&again).await?;
    /// assert_eq!(there.get().role_assignment.identifier, "sre_view");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure(
        &self,
        new: &NewRoleAssignment,
    ) -> Result<Ensured<RoleAssignmentResponse>, Error> {
        let find = || {
            let (this, new) = (self.clone(), new.clone());
            Box::pin(async move { this.look_for(&new).await }) as _
        };
        ensure(new, true, || self.create(new), find).await
    }

    /// Lists the role assignments of this scope: `GET {scope}/role-assignments` (*documented*),
    /// a bare array, with the total in the header `X-Total-Elements`.
    ///
    /// **A list may be partial without any sign**: principals of types that the caller may not view
    /// are left out (*observed*). Do not take absence here for absence of access.
    ///
    /// Source: <https://apidocs.harness.io/tag/Org-Role-Assignments>, and its siblings.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::harness::{NewRoleAssignment, Principal};
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let assignments = fake.client()?.account().role_assignments();
    /// # let wanted = NewRoleAssignment::new("a", "_account_viewer", "all", Principal::user("u"))?;
    /// # assignments.create(&wanted).await?;
    /// let mut items = assignments.list().page_size(100).items()?;
    /// while let Some(item) = items.next().await {
    ///     println!("{}", item?.role_assignment.identifier);
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> ListRoleAssignments {
        let page = ListPage::new(self.scope.clone());
        ListRoleAssignments { transport: self.transport.clone(), page }
    }

    /// Reads a role assignment: `GET {scope}/role-assignments/{identifier}` (*documented*).
    ///
    /// At account scope an assignment named `count` cannot be read: a path of the service's own
    /// shadows it (*observed*).
    ///
    /// Source: <https://apidocs.harness.io/tag/Org-Role-Assignments>, and its siblings.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for 400 `RESOURCE_NOT_FOUND_EXCEPTION`
    /// (*observed*) and 404. The typed error is [`ServiceError`](super::ServiceError).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let missing = fake.client()?.account().role_assignments().get("sre_view").await;
    /// assert!(missing.unwrap_err().is_not_found());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn get(&self, identifier: impl AsRef<str>) -> Call<RoleAssignmentResponse> {
        let identifier = identifier.as_ref();
        self.transport.call(&Get { scope: &self.scope, identifier, answer: PhantomData })
    }

    /// Deletes a role assignment, and answers what was deleted:
    /// `DELETE {scope}/role-assignments/{identifier}`, 200 (*documented*).
    ///
    /// It is repeated after passing faults. A repeated try may be answered "not found" by its own
    /// first one. There is no deleted object to answer with then, so that this stays an error of
    /// kind `NotFound` whose [effect](crate::Error::effect) is unknown;
    /// [`ensure_absent`](Self::ensure_absent) settles it. What the service grants may lag behind
    /// (*observed*).
    ///
    /// Source: <https://apidocs.harness.io/tag/Org-Role-Assignments>, and its siblings.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) as for [`get`](Self::get);
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for an assignment that Harness
    /// manages, and for that of the last account admin (400 `INVALID_REQUEST`, *observed*). The
    /// typed error is [`ServiceError`](super::ServiceError).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::{NewRoleAssignment, Principal};
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let assignments = fake.client()?.account().role_assignments();
    /// let wanted = NewRoleAssignment::new("a", "_account_viewer", "all", Principal::user("u"))?;
    /// let made = assignments.create(&wanted).await?;
    /// let deleted = assignments.delete(&made.role_assignment.identifier).await?;
    /// assert_eq!(deleted.role_assignment.identifier, "a");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn delete(&self, identifier: impl AsRef<str>) -> Call<RoleAssignmentResponse> {
        let identifier = identifier.as_ref();
        self.transport.call(&Delete { scope: &self.scope, identifier, answer: PhantomData })
    }

    /// Makes sure that no role assignment has this identifier: deletes it, and settles by reading
    /// what the answer leaves open.
    ///
    /// It speaks of the identifier alone: the same grant may be there under another one. Of two
    /// callers at once one removes, and the other finds it absent.
    ///
    /// 400 `RESOURCE_NOT_FOUND_EXCEPTION` (*observed*) says that it is absent. A 404
    /// `RESOURCE_NOT_FOUND` or `ENTITY_NOT_FOUND` (404 is *documented*) may be about organization,
    /// project or path too, so the assignment is read then, and where that is answered in the same
    /// way, looked for in the list of its scope.
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete), but for "not found" where it is about the assignment, and
    /// those of [`get`](Self::get) and [`list`](Self::list).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::EnsuredAbsent;
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let assignments = fake.client()?.account().role_assignments();
    /// assert_eq!(assignments.ensure_absent("sre_view").await?, EnsuredAbsent::WasAbsent);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure_absent(
        &self,
        identifier: impl AsRef<str> + Send,
    ) -> Result<EnsuredAbsent, Error> {
        let identifier = identifier.as_ref();
        let find = || {
            let (this, identifier) = (self.clone(), identifier.to_owned());
            Box::pin(async move { this.named(&identifier).await }) as _
        };
        ensure_absent(|| self.delete(identifier), is_gone, is_perhaps_gone, find).await
    }

    /// The assignment with this identifier.
    async fn named(&self, identifier: &str) -> Result<Option<RoleAssignmentResponse>, Error> {
        // A path of the service's own shadows it.
        if matches!(self.scope, Scope::Account) && identifier == "count" {
            let is_it = |item: &RoleAssignmentResponse| item.identifier() == identifier;
            return find_in_list(&self.transport, &self.scope, is_it).await;
        }
        find(&self.transport, &self.scope, identifier).await
    }

    /// What stands in the way of creating this one, by either of the service's unique rules.
    async fn look_for(
        &self,
        new: &NewRoleAssignment,
    ) -> Result<Found<RoleAssignmentResponse>, Error> {
        let level = self.scope.level();
        let sort = |found: RoleAssignmentResponse| match new.is_like(&found.role_assignment, &level)
        {
            true => Found::Same(found),
            false => Found::Different(found),
        };
        if !new.identifier.is_empty()
            && let Some(found) = self.named(&new.identifier).await?
        {
            return Ok(sort(found));
        }
        // The first that stands in the way; what was wanted itself goes before it.
        let mut in_the_way = None;
        let is_it = |item: &RoleAssignmentResponse| {
            if in_the_way.is_none() && new.excludes(&item.role_assignment, &level) {
                in_the_way = Some(item.clone());
            }
            new.is_like(&item.role_assignment, &level)
        };
        let found = find_in_list(&self.transport, &self.scope, is_it).await?;
        Ok(found.or(in_the_way).map_or(Found::Absent, sort))
    }
}

struct CreateRoleAssignment<'a> {
    scope: &'a Scope,
    new: &'a NewRoleAssignment,
}

impl Operation for CreateRoleAssignment<'_> {
    type Service = Harness;
    type Answer = RoleAssignmentResponse;
    const NAME: &'static str = "harness role-assignments.create";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[201];
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        self.scope.path(RoleAssignmentResponse::ALL)
    }

    fn body(&self) -> Result<Body, Error> {
        check_reference(self.new)?;
        Body::json(self.new)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

/// A reference may have come from an answer, where anything may be absent.
///
/// # Errors
/// An invalid-request error that names the part that is missing.
pub(super) fn check_reference(new: &NewRoleAssignment) -> Result<(), Error> {
    let Some(RoleReference { scope_level, identifier }) = &new.role_reference else {
        return Ok(());
    };
    check_named("roleReference.identifier", identifier.as_deref().unwrap_or_default())?;
    let level = scope_level.as_ref().map(ScopeLevel::as_str);
    check_named("roleReference.scope_level", level.unwrap_or_default())
}

checked_id! {
    /// The identifier of something to be created: a letter or `_`, then at most 127 letters,
    /// digits, `_` or `$`, and none of the reserved words.
    ///
    /// The rule is documented for roles and resource groups, and *observed* for assignments. In
    /// answers an identifier is kept as it came.
    Identifier, "identifier", check_identifier
}

impl PartialEq<str> for Identifier {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Identifier {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Words that the service refuses as identifiers (*observed*).
const RESERVED: [&str; 24] = [
    "or",
    "and",
    "eq",
    "ne",
    "lt",
    "gt",
    "le",
    "ge",
    "div",
    "mod",
    "not",
    "null",
    "true",
    "false",
    "new",
    "var",
    "return",
    "step",
    "parallel",
    "stepGroup",
    "org",
    "account",
    "class",
    "shellScriptProvisioner",
];

pub(super) fn check_identifier(field: &str, id: &str) -> Result<(), Error> {
    let mut bytes = id.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let rest = bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
    if !first || !rest || id.len() > 128 {
        let rule = "must be a letter or \"_\", then at most 127 letters, digits, \"_\" or \"$\"";
        return Err(Error::invalid(field, rule));
    }
    if RESERVED.contains(&id) {
        return Err(Error::invalid(field, format!("must not be the reserved word \"{id}\"")));
    }
    Ok(())
}

pub(super) fn check_named(field: &str, text: &str) -> Result<(), Error> {
    if text.is_empty() { Err(Error::invalid(field, "must not be empty")) } else { Ok(()) }
}

/// A role assignment to be created.
///
/// ```
/// use rolecall::harness::{NewRoleAssignment, Principal, RoleReference, ScopeLevel};
///
/// let wanted = NewRoleAssignment::new(
///     "auditors", "_account_viewer", "_all_organization_level_resources", Principal::user_group("audit"),
/// )?
/// .role_reference(RoleReference::new(ScopeLevel::Account, "_account_viewer"))
/// .disabled(true);
/// let refused = NewRoleAssignment::new("1st", "r", "g", Principal::user("u")).unwrap_err();
/// assert!(refused.to_string().contains("identifier: must be a letter"));
/// # let _ = wanted;
/// # Ok::<(), rolecall::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    /// An assignment of `role` over `resource_group` to `principal`, known as `identifier`.
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

    /// An assignment whose identifier the service chooses (*observed*: it does so for an empty one).
    ///
    /// # Errors
    /// An invalid-request error if role, resource group or principal are empty.
    pub fn unnamed(
        role: impl Into<String>,
        resource_group: impl Into<String>,
        principal: Principal,
    ) -> Result<Self, Error> {
        let (role, resource_group) = (role.into(), resource_group.into());
        check_named("role", &role)?;
        check_named("resource_group", &resource_group)?;
        check_named("principal.identifier", principal.identifier.as_deref().unwrap_or_default())?;
        let kind = principal.kind.as_ref().map(PrincipalType::as_str);
        check_named("principal.type", kind.unwrap_or_default())?;
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

    /// Identifier, resource group and role.
    pub(super) fn names(&self) -> (&str, &str, &str) {
        (&self.identifier, &self.resource_group, &self.role)
    }

    pub(super) fn parts(&self) -> (Option<&RoleReference>, &Principal, bool) {
        (self.role_reference.as_ref(), &self.principal, self.disabled)
    }

    /// Names a role of a higher scope. The service expects `role` to equal the reference's
    /// identifier then (*observed*).
    #[must_use]
    pub fn role_reference(mut self, reference: RoleReference) -> Self {
        self.role_reference = Some(reference);
        self
    }

    /// Creates the assignment without effect. Default `false`, which is sent too.
    #[must_use]
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    /// Sends `managed`. The service ignores it (*observed*).
    #[must_use]
    pub fn managed(mut self, managed: bool) -> Self {
        self.managed = Some(managed);
        self
    }

    /// Whether the service refuses one of the two beside the other in a scope of this level: it
    /// keeps the resource group, the role's identifier and the principal unique together, and
    /// looks neither at the role's level nor at `disabled` (observed).
    fn excludes(&self, other: &RoleAssignment, scope: &ScopeLevel) -> bool {
        other.resource_group.as_deref() == Some(&self.resource_group)
            && other.role.as_deref() == Some(&self.role)
            && other.principal.as_ref().is_some_and(|it| self.principal.is_same(it, scope))
    }

    /// Whether that is what this one would make in a scope of this level, but for its identifier.
    fn is_like(&self, other: &RoleAssignment, scope: &ScopeLevel) -> bool {
        let level = |reference: &Option<RoleReference>| {
            reference.as_ref().and_then(|reference| reference.scope_level.clone())
        };
        // Without a reference a role is one of the scope's own. Whether it is Harness's does not
        // show: anybody's may begin with `_`, and that list of Harness's is open.
        let own = level(&self.role_reference).unwrap_or_else(|| scope.clone());
        let its = level(&other.role_reference).unwrap_or_else(|| scope.clone());
        self.excludes(other, scope)
            && own == its
            && self.disabled == other.disabled.unwrap_or(false)
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
/// In answers a user's `scope_level` is null, and a group's or service account's is filled in even
/// where it was not sent (*observed*).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "LoosePrincipal")]
#[non_exhaustive]
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

    /// The level at which the principal lives, if it is not that of the assignment.
    #[must_use]
    pub fn scope_level(mut self, level: ScopeLevel) -> Self {
        self.scope_level = Some(level);
        self
    }

    /// Whether both are the same one for an assignment in a scope of this level: the service nulls
    /// the level of users and fills in that of others.
    fn is_same(&self, other: &Self, scope: &ScopeLevel) -> bool {
        let level = |principal: &Self| match principal.kind {
            Some(PrincipalType::User) => None,
            _ => Some(principal.scope_level.clone().unwrap_or_else(|| scope.clone())),
        };
        self.kind == other.kind
            && self.identifier == other.identifier
            && level(self) == level(other)
    }
}

/// A role of a certain level.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "LooseRoleReference")]
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
}

/// The published examples spell `scope_level` as `scope` too. Both may come together, so they are
/// two fields here and not an alias.
#[derive(Deserialize)]
struct LoosePrincipal {
    scope_level: Option<ScopeLevel>,
    scope: Option<Value>,
    identifier: Option<String>,
    #[serde(rename = "type")]
    kind: Option<PrincipalType>,
}

impl From<LoosePrincipal> for Principal {
    fn from(loose: LoosePrincipal) -> Self {
        let LoosePrincipal { scope_level, scope, identifier, kind } = loose;
        Self { scope_level: either_level(scope_level, scope), identifier, kind }
    }
}

/// See [`LoosePrincipal`].
#[derive(Deserialize)]
struct LooseRoleReference {
    scope_level: Option<ScopeLevel>,
    scope: Option<Value>,
    identifier: Option<String>,
}

impl From<LooseRoleReference> for RoleReference {
    fn from(loose: LooseRoleReference) -> Self {
        let LooseRoleReference { scope_level, scope, identifier } = loose;
        Self { scope_level: either_level(scope_level, scope), identifier }
    }
}

fn either_level(documented: Option<ScopeLevel>, example: Option<Value>) -> Option<ScopeLevel> {
    documented.or_else(|| example?.as_str().map(ScopeLevel::from))
}

/// A role assignment as the service has it. It may differ from what was sent: compare by meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoleAssignment {
    /// The assignment's identifier within its scope.
    #[serde(deserialize_with = "identifying")]
    pub identifier: Identifier,
    /// The resource group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The role with its level, where it lives in a higher scope.
    #[serde(rename = "roleReference", skip_serializing_if = "Option::is_none")]
    pub role_reference: Option<RoleReference>,
    /// Who is given the role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal>,
    /// Whether the assignment is without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Whether it is managed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<bool>,
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

/// The published examples misspell `harness_managed`; both may come together.
#[derive(Deserialize)]
struct LooseResponse {
    #[serde(rename = "role-assignment")]
    role_assignment: RoleAssignment,
    created: Option<i64>,
    updated: Option<i64>,
    harness_managed: Option<bool>,
    harness_managaed: Option<Value>,
}

impl From<LooseResponse> for RoleAssignmentResponse {
    fn from(loose: LooseResponse) -> Self {
        let LooseResponse { role_assignment, created, updated, .. } = loose;
        let misspelled = loose.harness_managaed.and_then(|value| value.as_bool());
        let harness_managed = loose.harness_managed.or(misspelled);
        Self { role_assignment, created, updated, harness_managed }
    }
}

impl RoleAssignmentResponse {
    /// [`created`](Self::created) as a time.
    ///
    /// The vendor documents no unit. Its example looks like seconds, its server source writes
    /// milliseconds since 1970 (*observed*): numbers from 100,000,000,000 on (March 1973 in
    /// milliseconds) are taken as milliseconds, smaller ones as seconds.
    #[must_use]
    pub fn created_at(&self) -> Option<SystemTime> {
        self.created.and_then(time)
    }

    /// [`updated`](Self::updated) as a time, with the caveat of [`created_at`](Self::created_at).
    #[must_use]
    pub fn updated_at(&self) -> Option<SystemTime> {
        self.updated.and_then(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_follow_the_rule() {
        for good in ["a", "_", "A$9_", &"x".repeat(128), "stepgroup"] {
            Identifier::new(good).expect("it follows the rule");
        }
        for bad in
            ["", "1a", "a-b", "a b", "é", "$a", "a/b", "..", &"x".repeat(129), "stepGroup", "or"]
        {
            let error = Identifier::new(bad).expect_err(bad);
            assert!(error.to_string().contains("identifier: must"), "{error}");
        }
    }

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
