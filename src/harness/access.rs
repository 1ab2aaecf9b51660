//! Harness in the shared vocabulary of [`crate::access`].

use super::{
    OrgIdentifier, PrincipalType, Role, RoleAssignmentResponse, RoleAssignments, Roles,
    Scope as OwnScope,
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
            shared.scope = of_scope(&scope);
            shared
        }))
    }
}

fn of_scope(own: &OwnScope) -> Scope {
    let scope = |kind: ScopeKind, id: Option<&str>, within: Option<Box<Scope>>| Scope {
        kind: Some(kind),
        id: id.map(str::to_owned),
        within,
        ..Scope::default()
    };
    let of_org = |org: &OrgIdentifier| scope(ScopeKind::Organization, Some(org.as_str()), None);
    match own {
        // The account's id is not part of the client's own words.
        OwnScope::Account => scope(ScopeKind::Account, None, None),
        OwnScope::Org(org) => of_org(org),
        // Two organizations may have a project of one identifier each.
        OwnScope::Project(org, project) => {
            scope(ScopeKind::Project, Some(project.as_str()), Some(Box::new(of_org(org))))
        }
    }
}
