//! Twilio Chat in the shared vocabulary of [`crate::access`].

use super::{Role, Roles};
use crate::access::{ReadRoles, Role as SharedRole};
use crate::transport::{Items, Position};

impl ReadRoles for Roles {
    fn read_roles_from(&self, position: Option<&Position>) -> Items<SharedRole> {
        self.list().from(position).items().map(|role: Role| {
            let mut shared = SharedRole::new(role.clone());
            shared.id = role.sid.map(|sid| sid.to_string());
            shared.name = role.friendly_name;
            shared.permissions = role.permissions;
            shared
        })
    }
}
