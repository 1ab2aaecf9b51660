//! The deepset platform in the shared vocabulary of [`crate::access`].

use super::{Role, Roles};
use crate::access::{ReadRoles, Role as SharedRole};
use crate::transport::{Items, Position};

/// Rests on a list whose answer is inferred, see [`Roles::list`].
impl ReadRoles for Roles {
    fn read_roles_from(&self, position: Option<&Position>) -> Items<SharedRole> {
        self.list().from(position).items().map(|role: Role| {
            let mut shared = SharedRole::new(role.clone());
            shared.id = Some(role.role_id.to_string());
            shared.name = role.role_name;
            shared.permissions = role.permissions.map(|permissions| {
                let text = |one: &super::Permission| format!("{}:{}", one.asset, one.action);
                permissions.iter().map(text).collect()
            });
            shared
        })
    }
}
