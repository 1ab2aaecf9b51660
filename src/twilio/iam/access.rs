//! Twilio Organizations in the shared vocabulary of [`crate::access`].

use super::{ListRoleAssignments, Role, RoleAssignment, Roles};
use crate::access::{
    Assignment, Principal, PrincipalKind, ReadAssignments, ReadRoles, Role as SharedRole, RoleName,
    Scope, ScopeKind,
};
use crate::transport::{Items, List, Position};
use crate::twilio::Sid;

impl ReadRoles for Roles {
    fn read_roles_from(&self, position: Option<&Position>) -> Items<SharedRole> {
        self.list().from(position).items().map(|role: Role| {
            let mut shared = SharedRole::new(role.clone());
            shared.id = Some(role.sid.to_string());
            shared.name = role.friendly_name;
            shared
        })
    }
}

/// Implemented for the list and not for all assignments: the preview service requires a filter.
impl ReadAssignments for List<ListRoleAssignments> {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        self.clone().from(position).items().map(|held: RoleAssignment| {
            let mut shared = Assignment::new(held.clone());
            shared.id = Some(held.sid.to_string());
            shared.role = RoleName { id: held.role_sid.map(|sid| sid.to_string()), name: None };
            // The first two letters of a SID tell what it is of.
            let prefix = |sid: &Option<Sid>| sid.as_ref()?.as_str().get(..2).map(str::to_owned);
            let kind = prefix(&held.identity).map(|prefix| match prefix.as_str() {
                "US" => PrincipalKind::User,
                other => PrincipalKind::from(other),
            });
            let id = held.identity.map(|sid| sid.to_string());
            shared.principal = Principal { kind, id, display: None };
            let kind = prefix(&held.scope).map(|prefix| match prefix.as_str() {
                "OR" => ScopeKind::Organization,
                "AC" => ScopeKind::Account,
                other => ScopeKind::from(other),
            });
            shared.scope =
                Scope { kind, id: held.scope.map(|sid| sid.to_string()), ..Scope::default() };
            shared
        })
    }
}
