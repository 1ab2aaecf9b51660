//! The deepset platform in the shared vocabulary of [`crate::access`].

use serde_json::Value;

use super::{Role, Roles, User, Users};
use crate::access::{
    Assignment, Principal, PrincipalKind, ReadAssignments, ReadRoles, RoleDefinition, Scope,
    ScopeKind, Vendor,
};
use crate::transport::{Items, Position};

/// Rests on a list whose response is inferred, see [`Roles::list`]. The native value is a [`Role`].
impl ReadRoles for Roles {
    fn read_roles_from(&self, position: Option<&Position>) -> Items<RoleDefinition> {
        self.list().from(position).items().map(|role: Role| {
            let mut shared = RoleDefinition::new(Vendor::Deepset).with_native(role.clone());
            shared.role.id = Some(role.role_id.to_string());
            shared.role.name = role.role_name;
            shared.role.custom = role.is_custom;
            shared.permissions = role.permissions.map(|permissions| {
                let text = |one: &super::Permission| format!("{}:{}", one.asset, one.action);
                permissions.iter().map(text).collect()
            });
            shared
        })
    }
}

/// Each user's role in the organization and in every workspace, external users included. The shape is
/// *observed* in a client of 2023, see [`Users::list`]; what is of another shape is the role's name as
/// it came, and nobody is left out. The native value is a [`User`].
impl ReadAssignments for Users {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        self.list().include_external(true).from(position).items().flat_map(of_user)
    }
}

/// In the organization first, then in its workspaces.
fn of_user(user: User) -> Vec<Assignment> {
    let mut shared = Assignment::new(Vendor::Deepset).with_native(user.clone());
    shared.principal = Principal::new(PrincipalKind::User, user.user_id.to_string());
    let names = [user.given_name, user.family_name];
    let names: Vec<_> = names.into_iter().flatten().filter(|name| !name.is_empty()).collect();
    shared.principal.name = (!names.is_empty()).then(|| names.join(" "));
    shared.principal.email = user.email;
    shared.disabled = user.deleted.unwrap_or(false);
    let own = user.organization;
    let id = own.as_ref().and_then(|own| own.organization_id.clone());
    let name = own.as_ref().and_then(|own| own.name.clone());
    let kind = Some(ScopeKind::Organization);
    let organization = Scope { kind, id, name, ..Scope::default() };
    let (role, workspaces) = own.map(|own| (own.role, own.workspaces)).unwrap_or_default();
    let workspaces = match workspaces {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(workspaces)) => workspaces,
        Some(other) => vec![other],
    };
    let in_workspaces = workspaces.into_iter().map(|workspace| {
        let mut shared = shared.clone();
        let name = workspace.get("name").and_then(text);
        let kind = Some(ScopeKind::Workspace);
        shared.scope = Scope { kind, name, ..Scope::default() }.within(organization.clone());
        shared.role.name = match workspace.get("role") {
            Some(role) => text(role),
            None => text(&workspace),
        };
        shared
    });
    let in_workspaces: Vec<_> = in_workspaces.collect();
    shared.scope = organization;
    shared.role.name = role.as_ref().and_then(text);
    std::iter::once(shared).chain(in_workspaces).collect()
}

/// A text or, of anything else that is there, its JSON.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
