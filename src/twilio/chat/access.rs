//! Twilio Chat in the shared vocabulary of [`crate::access`].

use super::{Role, Roles};
use crate::access::{ReadRoles, Role as SharedRole};
use crate::error::Error;
use crate::transport::Items;

impl ReadRoles for Roles {
    fn read_roles(&self) -> Result<Items<SharedRole>, Error> {
        Ok(self.list().items()?.map(|role: Role| {
            let mut shared = SharedRole::new(role.clone());
            shared.id = role.sid.map(|sid| sid.to_string());
            shared.name = role.friendly_name;
            shared.permissions = role.permissions;
            shared
        }))
    }
}
