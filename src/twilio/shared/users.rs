//! Users, who have a role over a whole service.

use std::collections::BTreeMap;

use super::{
    DefaultRole, Holder, Identity, Kept, RoleSid, ServiceSid, UserKey, form, person, service_scope,
    thing,
};
use crate::access::{Principal, Scope};
use crate::model::Timestamp;
use crate::twilio::error::ErrorCode;
use crate::twilio::{AccountSid, UserSid};

thing! {
    /// A user of a service. The vendor documents nearly every field as nullable; `sid` or `identity`
    /// must be there.
    User in "users" known by "sid, identity" = sid or identity {
        /// What identifies the user, `US…`.
        sid: UserSid,
        /// The account that the user belongs to.
        account_sid: AccountSid,
        /// The service, as Chat names it.
        service_sid: ServiceSid,
        /// The service, as Conversations names it.
        chat_service_sid: ServiceSid,
        /// The role over the whole service.
        role_sid: RoleSid,
        /// The name by which programs know the user.
        identity: Identity,
        /// A name for people to read.
        friendly_name: String,
        /// JSON as text.
        attributes: String,
        /// Whether the user is connected; present when one user is read, never in a list.
        is_online: bool,
        /// Whether the user can be notified; present when one user is read, never in a list.
        is_notifiable: bool,
        /// When it was created, in GMT.
        date_created: Timestamp,
        /// When it was last changed, in GMT.
        date_updated: Timestamp,
        /// The number of channels that the user is a member of; Chat alone has it.
        joined_channels_count: i64,
        /// Addresses of what belongs to the user, as text.
        links: BTreeMap<String, String>,
        /// The user's own address, as text.
        url: String,
    }
}

form! {
    /// A user to be created with an [`Identity`], which cannot be changed later.
    NewUser by identity {
        /// Sets the role over the whole service; unset, the user gets the service's default
        /// (*documented*).
        role_sid, get_role_sid: RoleSid = "RoleSid",
        /// Sets the application's own data about the user: JSON as text.
        attributes, get_attributes: String = "Attributes",
        /// Sets a name for people to read.
        friendly_name, get_friendly_name: String = "FriendlyName",
    }
}

form! {
    /// An update of a user. Fields that are not set stay as they are (inferred). At least one field
    /// must be set.
    UserUpdate {
        /// Sets the role over the whole service.
        role_sid, get_role_sid: RoleSid = "RoleSid",
        /// Sets the application's own data about the user: JSON as text.
        attributes, get_attributes: String = "Attributes",
        /// Sets a name for people to read.
        friendly_name, get_friendly_name: String = "FriendlyName",
    }
}

impl Kept for User {
    type New = NewUser;
    type Key = UserKey;
    type WriteKey = UserKey;
    const NOT_FOUND: &'static [ErrorCode] = &[ErrorCode::CHAT_USER_NOT_FOUND];
}

impl Holder for User {
    type Update = UserUpdate;
    const ROLE: DefaultRole = DefaultRole::Service;

    fn sid(&self) -> Option<&str> {
        self.sid.as_ref().map(UserSid::as_str)
    }

    fn role_sid(&self) -> Option<&RoleSid> {
        self.role_sid.as_ref()
    }

    fn principal(&self) -> Principal {
        person(self.identity.as_ref(), self.friendly_name.as_ref())
    }

    fn scope(&self) -> Scope {
        let service = self.service_sid.as_ref().or(self.chat_service_sid.as_ref());
        service_scope(self.account_sid.as_ref(), service)
    }

    fn update_of_role(role: &RoleSid) -> UserUpdate {
        UserUpdate::default().role_sid(role)
    }
}
