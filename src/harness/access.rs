//! Harness in the shared vocabulary of [`crate::access`].

use super::scope::Place;
use super::{PrincipalType, Role, RoleAssignmentResponse, RoleAssignments, Roles};
use crate::access::{
    Assignment, Principal, PrincipalKind, ReadAssignments, ReadRoles, Role as SharedRole, RoleName,
    Scope, ScopeKind,
};
use crate::transport::{Items, Position};

impl ReadRoles for Roles {
    fn read_roles_from(&self, position: Option<&Position>) -> Items<SharedRole> {
        self.list().from(position).items().map(|role: Role| {
            let mut shared = SharedRole::new(role.clone());
            shared.id = Some(role.identifier.to_string());
            shared.name = role.name;
            shared.permissions = role.permissions;
            shared
        })
    }
}

impl ReadAssignments for RoleAssignments {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        let scope = shared_scope(&self.scope.place);
        self.list().from(position).items().map(move |response: RoleAssignmentResponse| {
            let mut shared = Assignment::new(response.clone());
            let assignment = response.role_assignment;
            shared.id = Some(assignment.identifier.to_string());
            shared.role = RoleName { id: assignment.role, name: None };
            if let Some(principal) = assignment.principal {
                let kind = principal.kind.map(|kind| match kind {
                    PrincipalType::User => PrincipalKind::User,
                    PrincipalType::UserGroup => PrincipalKind::Group,
                    PrincipalType::ServiceAccount => PrincipalKind::ServiceAccount,
                    other => PrincipalKind::from(other.as_str()),
                });
                shared.principal = Principal { kind, id: principal.identifier, display: None };
            }
            shared.scope = scope.clone();
            shared
        })
    }
}

/// The account's own id is not part of it: the API key decides which one it is.
fn shared_scope(place: &Place) -> Scope {
    let mut scope = Scope { kind: Some(ScopeKind::Account), ..Scope::default() };
    let kinds = [ScopeKind::Organization, ScopeKind::Project];
    // An invalid place has no items.
    for (kind, id) in kinds.into_iter().zip(place.path(None).unwrap_or_default()) {
        // Two organizations may have a project of one identifier each.
        let within = (kind == ScopeKind::Project).then_some(Box::new(scope));
        scope = Scope { kind: Some(kind), id: Some(id.to_owned()), within, ..Scope::default() };
    }
    scope
}
