//! The Redox Platform in the shared vocabulary of [`crate::access`].

use super::role_assignments::{Membership, RoleAssignments};
use crate::access::{Assignment, Principal, PrincipalKind, ReadAssignments, RoleName, Scope};
use crate::transport::{Items, Position};

impl<M: Membership> ReadAssignments for RoleAssignments<M> {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        self.list().from(position).items().map(|membership: M| {
            let mut shared = Assignment::new(membership.clone());
            let (user, role, place) = membership.parts();
            let (kind, id) = (Some(PrincipalKind::User), Some(user.id.clone()));
            let display = user.fullname.clone().or_else(|| user.lowercase_email.clone());
            shared.principal = Principal { kind, id, display };
            let role = role.cloned().unwrap_or_default();
            shared.role = RoleName { id: role.id, name: role.name };
            let place = place.cloned().unwrap_or_default();
            shared.scope =
                Scope { kind: Some(M::SCOPE), id: place.id, display: place.name, within: None };
            shared
        })
    }
}
