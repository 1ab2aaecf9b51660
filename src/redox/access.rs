//! The Redox Platform in the shared vocabulary of [`crate::access`].

use super::{
    EnvironmentMembership, EnvironmentRoleAssignments, Member, OrganizationMembership,
    OrganizationRoleAssignments, Reference,
};
use crate::access::{
    Assignment, Principal, PrincipalKind, ReadAssignments, RoleName, Scope, ScopeKind,
};
use crate::error::Error;
use crate::transport::Items;

impl ReadAssignments for OrganizationRoleAssignments {
    fn read_assignments(&self) -> Result<Items<Assignment>, Error> {
        let all = self.clone();
        Ok(Items::of_one_call(move || all.list(), |answer| answer.payload.memberships).map(
            |held: OrganizationMembership| {
                let shared = Assignment::new(held.clone());
                project(shared, held.user, held.role, ScopeKind::Organization, held.organization)
            },
        ))
    }
}

impl ReadAssignments for EnvironmentRoleAssignments {
    fn read_assignments(&self) -> Result<Items<Assignment>, Error> {
        let all = self.clone();
        Ok(Items::of_one_call(move || all.list(), |answer| answer.payload.memberships).map(
            |held: EnvironmentMembership| {
                let shared = Assignment::new(held.clone());
                project(shared, held.user, held.role, ScopeKind::Environment, held.environment)
            },
        ))
    }
}

fn project(
    mut shared: Assignment,
    user: Member,
    role: Option<Reference>,
    kind: ScopeKind,
    place: Option<Reference>,
) -> Assignment {
    let display = user.fullname.or(user.lowercase_email);
    shared.principal = Principal { kind: Some(PrincipalKind::User), id: Some(user.id), display };
    let role = role.unwrap_or_default();
    shared.role = RoleName { id: role.id, name: role.name };
    let place = place.unwrap_or_default();
    shared.scope =
        Scope { kind: Some(kind), id: place.id, display: place.name, ..Scope::default() };
    shared
}
