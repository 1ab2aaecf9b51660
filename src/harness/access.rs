//! Harness in the shared vocabulary of [`crate::access`].

use super::ng::NgList;
use super::role_assignment_search::AggregateScope;
use super::scope::Place;
use super::{
    Harness, OrganizationResponse, PrincipalType, ProjectResponse, Role, RoleAssignmentAggregate,
    RoleAssignmentResponse, RoleAssignmentSearch, RoleAssignments, Roles, ScopeLevel,
};
use crate::access::{
    Assignment, Covers, Principal as SharedPrincipal, PrincipalKind, ReadAssignments, ReadRoles,
    RoleDefinition, RoleName, Scope, ScopeKind, Source, Vendor,
};
use crate::model::Timestamp;
use crate::transport::{Items, List, Position};

impl Harness {
    /// Returns the sources of a snapshot of everything that this client can enumerate: the account, its
    /// organizations, their projects.
    pub fn sources(&self) -> Vec<Source> {
        let mut sources = self.account().sources();
        let name =
            format!("{} organizations of {}", Vendor::Harness, shared_scope(&self.account()));
        let this = self.clone();
        let organizations = self.organizations().list().page_size(100).items();
        let organizations = organizations.flat_map(move |listed: OrganizationResponse| {
            let org = this.org(&listed.org.identifier);
            let mut sources = org.sources();
            sources.push(org.projects_as_sources());
            sources
        });
        let organizations = Source::enumeration(Vendor::Harness, name, organizations);
        sources.push(organizations.read_by(&self.transport));
        sources
    }
}

impl super::Scope {
    /// Returns the sources of a snapshot of this scope alone: one for each type of principals, by
    /// [`search`](RoleAssignments::search). The service omits types that the caller may not view,
    /// and refuses a search for only such a type (*observed*). Therefore each type is searched for
    /// separately, and a refused one is reported as failed.
    ///
    /// A search needs the account id. If it is not known, the source is the list of
    /// [`role_assignments`](Self::role_assignments), which is partial at best.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::access::{Reason, Snapshot};
    /// use rolecall::harness::PrincipalType;
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// fake.hide(PrincipalType::ServiceAccount);
    /// let sources = fake.client()?.org("platform").sources();
    /// let snapshot = Snapshot::collect(sources).in_memory().await;
    /// let incomplete: Vec<_> = snapshot.summary.incomplete().collect();
    /// assert_eq!(incomplete.len(), 1);
    /// assert!(incomplete[0].source.ends_with(", service_account"));
    /// assert_eq!(incomplete[0].gaps[0].reason, Reason::PermissionDenied);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn sources(&self) -> Vec<Source> {
        self.sources_of(false)
    }

    /// Returns the sources of a snapshot of this scope and all scopes below it, as
    /// [`sources`](Self::sources): three searches, however many scopes there are. (That child scopes are
    /// included is *observed*.)
    pub fn sources_below(&self) -> Vec<Source> {
        self.sources_of(true)
    }

    fn sources_of(&self, below: bool) -> Vec<Source> {
        let covers = Covers::new(Vendor::Harness, shared_scope(self));
        let covers = if below { covers.with_children() } else { covers };
        if self.account_id.is_none() {
            let assignments = self.role_assignments().read_assignments();
            let omitted = "scopes below, and principals of types that the caller may not view, \
                           are left out without a sign";
            return vec![Source::new(covers, assignments).omits(omitted)];
        }
        let types = [PrincipalType::User, PrincipalType::UserGroup, PrincipalType::ServiceAccount];
        let sources = types.into_iter().map(|one| {
            let covers = covers.clone().only(principal_kind(one.clone()));
            let filter = RoleAssignmentSearch::new().principal_types([one]);
            let list = self.role_assignments().search(&filter.excludes_child_scopes(!below));
            let assignments = list.page_size(100).read_assignments();
            Source::new(covers, assignments).read_by(&self.transport)
        });
        sources.collect()
    }

    /// The projects of an organization.
    fn projects_as_sources(&self) -> Source {
        let name = format!("{} projects of {}", Vendor::Harness, shared_scope(self));
        let this = self.clone();
        let projects = self.projects().list().page_size(100).items();
        let projects = projects.flat_map(move |listed: ProjectResponse| {
            this.project(&listed.project.identifier).sources()
        });
        Source::enumeration(Vendor::Harness, name, projects).read_by(&self.transport)
    }
}

/// The native value is a [`Role`].
impl ReadRoles for Roles {
    fn read_roles_from(&self, position: Option<&Position>) -> Items<RoleDefinition> {
        let scope = shared_scope(&self.scope);
        let level = self.scope.place.level().to_string();
        self.list().from(position).items().map(move |role: Role| {
            let mut shared = RoleDefinition::new(Vendor::Harness).with_native(role.clone());
            shared.scope = scope.clone();
            shared.role = RoleName {
                id: Some(role.identifier.to_string()),
                name: role.name,
                level: Some(level.clone()),
                custom: role.harness_managed.map(|managed| !managed),
            };
            shared.permissions = role.permissions;
            shared
        })
    }
}

/// The native value is a [`RoleAssignmentResponse`]. **The list may be partial without any sign**, see
/// [`RoleAssignments`].
impl ReadAssignments for RoleAssignments {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        let (scope, place) = (shared_scope(&self.scope), self.scope.place.clone());
        let items = self.list().from(position).items();
        items.map(move |response| shared(response, scope.clone(), &place))
    }
}

fn shared(response: RoleAssignmentResponse, scope: Scope, place: &Place) -> Assignment {
    let mut shared = Assignment::new(Vendor::Harness).with_native(response.clone());
    shared.created = response.created_at().and_then(Timestamp::of);
    shared.updated = response.updated_at().and_then(Timestamp::of);
    let RoleAssignmentResponse { role_assignment: own, harness_managed, .. } = response;
    shared.scope = scope;
    // Both are at the level of the scope where none is named (inferred).
    let level =
        |named: Option<&super::ScopeLevel>| Some(named.unwrap_or(&place.level()).to_string());
    if let Some(principal) = own.principal {
        shared.principal.level = match &principal.kind {
            // The level of a user is null in responses (observed): ids of users are unique.
            Some(PrincipalType::User) => None,
            _ => level(principal.scope_level.as_ref()),
        };
        shared.principal.kind = principal.kind.map(principal_kind);
        shared.principal.id = principal.identifier;
    }
    shared.role.level =
        level(own.role_reference.as_ref().and_then(|role| role.scope_level.as_ref()));
    let reference = own.role_reference.and_then(|role| role.identifier);
    shared.role.id = match (own.role, reference) {
        // They are equal where both are there (observed).
        (Some(role), Some(reference)) if role != reference => Some(format!("{role}, {reference}")),
        (role, reference) => role.or(reference),
    };
    shared.restriction.resource_group = own.resource_group;
    shared.disabled = own.disabled.unwrap_or(false);
    shared.managed = harness_managed.or(own.managed);
    shared.id = Some(own.identifier.to_string());
    shared
}

/// Of a user whom the search is [for](RoleAssignmentSearch::principal), what comes through a group names
/// the group in [`Assignment::via`]. The native value is a [`RoleAssignmentAggregate`].
impl ReadAssignments for List<NgList<RoleAssignmentSearch>> {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        let (scope, filter) = (&self.operation.scope, &self.operation.filter);
        let (scope, user) = (shared_scope(scope), filter.get_principal().cloned());
        self.clone().from(position).items().map(move |found| {
            let mut shared = searched(found, &scope);
            let user = user.as_ref().filter(|user| user.kind == Some(PrincipalType::User));
            if let Some(user) = user.and_then(|user| user.identifier.clone())
                && shared.principal.kind == Some(PrincipalKind::Group)
            {
                let user = SharedPrincipal::new(PrincipalKind::User, user);
                shared.via = Some(std::mem::replace(&mut shared.principal, user));
            }
            shared
        })
    }
}

fn searched(found: RoleAssignmentAggregate, asked: &Scope) -> Assignment {
    let mut shared = Assignment::new(Vendor::Harness).with_native(found.clone());
    shared.created = found.created_at().and_then(Timestamp::of);
    shared.updated = found.updated_at().and_then(Timestamp::of);
    shared.scope = match &found.scope {
        Some(scope) => aggregate_scope(scope, asked),
        None => asked.clone(),
    };
    let at = |scope: &AggregateScope| match (&scope.project_identifier, &scope.org_identifier) {
        (Some(_), _) => ScopeLevel::Project,
        (None, Some(_)) => ScopeLevel::Organization,
        (None, None) => ScopeLevel::Account,
    };
    let own = found.scope.as_ref().map(at);
    if let Some(principal) = found.principal {
        let level = principal.scope_level.or(own.clone());
        shared.principal.level = match &principal.kind {
            Some(PrincipalType::User) => None,
            _ => level.map(|level| level.to_string()),
        };
        shared.principal.kind = principal.kind.map(principal_kind);
        shared.principal.id = principal.identifier;
        shared.principal.name = principal.name;
        shared.principal.email = principal.email;
    }
    if let Some(role) = found.role {
        let level = role.scope.as_ref().map(at).or(own);
        shared.role.level = level.map(|level| level.to_string());
        shared.role.custom = role.harness_managed.map(|managed| !managed);
        (shared.role.id, shared.role.name) =
            role.role.map(|role| (role.identifier, role.name)).unwrap_or_default();
    }
    shared.restriction.resource_group = found.resource_group.and_then(|group| group.identifier);
    shared.disabled = found.disabled.unwrap_or(false);
    shared.managed = found.harness_managed;
    shared.id = Some(found.identifier.to_string());
    shared
}

/// The account is that of the client where the response does not name one.
fn aggregate_scope(scope: &AggregateScope, asked: &Scope) -> Scope {
    let account = asked.path().last().and_then(|root| root.id.clone());
    let id = scope.account_identifier.clone().or(account);
    let name = scope.account_name.clone();
    let mut shared = Scope { kind: Some(ScopeKind::Account), id, name, within: None };
    for (kind, id, name) in [
        (ScopeKind::Organization, &scope.org_identifier, &scope.org_name),
        (ScopeKind::Project, &scope.project_identifier, &scope.project_name),
    ] {
        if let Some(id) = id {
            let mut inner = Scope::new(kind, id.clone()).within(shared);
            inner.name = name.clone();
            shared = inner;
        }
    }
    shared
}

pub(super) fn principal_kind(kind: PrincipalType) -> PrincipalKind {
    match kind {
        PrincipalType::User => PrincipalKind::User,
        PrincipalType::UserGroup => PrincipalKind::Group,
        PrincipalType::ServiceAccount => PrincipalKind::ServiceAccount,
        other => PrincipalKind::from(other.as_str()),
    }
}

/// The scope with its path; the account's id is there where the client knows it.
fn shared_scope(scope: &super::Scope) -> Scope {
    let account = scope.account_id.as_deref().map(str::to_owned);
    let mut shared = Scope { kind: Some(ScopeKind::Account), id: account, ..Scope::default() };
    let kinds = [ScopeKind::Organization, ScopeKind::Project];
    // An invalid place has no items.
    for (kind, id) in kinds.into_iter().zip(scope.place.path(None).unwrap_or_default()) {
        shared = Scope::new(kind, id).within(shared);
    }
    shared
}
