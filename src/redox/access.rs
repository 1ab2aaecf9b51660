//! The Redox Platform in the shared vocabulary of [`crate::access`].

use super::role_assignments::{Membership, RoleAssignments};
use crate::access::{Assignment, Principal, PrincipalKind, ReadAssignments, Scope, Vendor};
use crate::transport::{Items, Position};

/// The native value is an [`OrganizationMembership`](super::OrganizationMembership) or an
/// [`EnvironmentMembership`](super::EnvironmentMembership).
impl<M: Membership> ReadAssignments for RoleAssignments<M> {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        self.list().from(position).items().map(shared)
    }
}

fn shared<M: Membership>(membership: M) -> Assignment {
    let mut shared = Assignment::new(Vendor::Redox).with_native(membership.clone());
    let (user, role, place) = membership.parts();
    shared.principal = Principal::new(PrincipalKind::User, user.id.clone());
    shared.principal.name = user.fullname.clone();
    shared.principal.email = user.lowercase_email.clone();
    let role = role.cloned().unwrap_or_default();
    (shared.role.id, shared.role.name) = (role.id, role.name);
    let place = place.cloned().unwrap_or_default();
    shared.scope = Scope { kind: Some(M::SCOPE), id: place.id, name: place.name, within: None };
    shared
}
