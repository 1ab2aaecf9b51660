//! Harness in the shared vocabulary of [`crate::access`].

use super::{
    PrincipalType, Role, RoleAssignmentResponse, RoleAssignments, Roles, Scope as OwnScope,
};
use crate::access::{
    Assignment, Principal, PrincipalKind, ReadAssignments, ReadRoles, Role as SharedRole, RoleName,
    Scope, ScopeKind,
};
use crate::error::Error;
use crate::transport::Items;

impl ReadRoles for Roles {
    fn read_roles(&self) -> Result<Items<SharedRole>, Error> {
        Ok(self.list().items()?.map(|role: Role| {
            let mut shared = SharedRole::new(role.clone());
            shared.id = Some(role.identifier.to_string());
            shared.name = role.name;
            shared.permissions = role.permissions;
            shared
        }))
    }
}

impl ReadAssignments for RoleAssignments {
    fn read_assignments(&self) -> Result<Items<Assignment>, Error> {
        let scope = self.scope().clone();
        Ok(self.list().items()?.map(move |held: RoleAssignmentResponse| {
            let mut shared = Assignment::new(held.clone());
            let held = held.role_assignment;
            shared.id = Some(held.identifier.to_string());
            shared.role = RoleName { id: held.role, name: None };
            if let Some(principal) = held.principal {
                let kind = principal.kind.map(|kind| match kind {
                    PrincipalType::User => PrincipalKind::User,
                    PrincipalType::UserGroup => PrincipalKind::Group,
                    PrincipalType::ServiceAccount => PrincipalKind::ServiceAccount,
                    other => PrincipalKind::from(other.as_str()),
                });
                shared.principal = Principal { kind, id: principal.identifier, display: None };
            }
            // The account's id is not part of the client's own words.
            let (kind, id) = match &scope {
                OwnScope::Account => (ScopeKind::Account, None),
                OwnScope::Org(org) => (ScopeKind::Organization, Some(org.to_string())),
                OwnScope::Project(_, project) => (ScopeKind::Project, Some(project.to_string())),
            };
            shared.scope = Scope { kind: Some(kind), id, display: None };
            shared
        }))
    }
}
