//! Twilio Chat in the shared vocabulary of [`crate::access`].

use super::{Role, Roles};
use crate::access::{ReadRoles, RoleDefinition, Vendor};
use crate::transport::{Items, Position};

/// The native value is a [`Role`].
impl ReadRoles for Roles {
    fn read_roles_from(&self, position: Option<&Position>) -> Items<RoleDefinition> {
        self.list().from(position).items().map(|role: Role| {
            let mut shared = RoleDefinition::new(Vendor::Twilio).with_native(role.clone());
            shared.role.id = role.sid.map(|sid| sid.to_string());
            shared.role.name = role.friendly_name;
            shared.permissions = role.permissions;
            shared
        })
    }
}
