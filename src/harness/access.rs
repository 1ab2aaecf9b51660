//! Harness in the shared vocabulary of [`crate::access`].

use super::scope::Place;
use super::{PrincipalType, Role, RoleAssignmentResponse, RoleAssignments, Roles};
use crate::access::{
    Assignment, PrincipalKind, ReadAssignments, ReadRoles, RoleDefinition, RoleName, Scope,
    ScopeKind, Vendor,
};
use crate::model::Timestamp;
use crate::transport::{Items, Position};

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
    shared.role.id = own.role.or(own.role_reference.and_then(|role| role.identifier));
    shared.restriction.resource_group = own.resource_group;
    shared.disabled = own.disabled.unwrap_or(false);
    shared.managed = harness_managed.or(own.managed);
    shared.id = Some(own.identifier.to_string());
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
