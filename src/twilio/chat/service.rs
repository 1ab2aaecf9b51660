//! A Chat service: its handle, its default roles, its users.

use std::collections::BTreeMap;

use super::{
    AccountSid, Channel, ChannelKey, Channels, Role, RoleSid, ServiceSid, TwilioChat, UserChannel,
    UserKey,
};
use crate::error::Error;
use crate::model::{Timestamp, arg};
use crate::operation::Spec;
use crate::transport::{BoxFuture, Call, List, Transport};
use crate::twilio::shared::{
    DefaultRole, ListOf, Place, Product, Reader, Resources, User, form, service_operations, thing,
};

/// A Chat service.
#[derive(Clone, Debug)]
pub struct Service {
    pub(super) transport: Transport,
    pub(super) place: Place,
}

impl Service {
    /// Returns the handle of the service's roles.
    pub fn roles(&self) -> Roles {
        Resources::new(&self.transport, self.place.clone())
    }

    /// Returns the handle of the service's users, who have roles over the whole service.
    pub fn users(&self) -> Users {
        Resources::new(&self.transport, self.place.clone())
    }

    /// Returns the handle of the service's channels.
    pub fn channels(&self) -> Channels {
        Resources::new(&self.transport, self.place.clone())
    }

    /// Returns the handle of a channel, by its SID or unique name. An invalid SID or name is
    /// reported by the calls made from the handle.
    pub fn channel(&self, channel: impl TryInto<ChannelKey, Error: Into<Error>>) -> Channel {
        Channel::new(&self.transport, self.place.within(&arg::<ChannelKey>(channel)))
    }

    /// Returns the service with its default roles: `GET /v2/Services/{Sid}`, 200 (*documented*).
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/service-resource>.
    pub fn get(&self) -> Call<ServiceDetails> {
        self.transport.call(&GetService(&self.place))
    }

    /// Updates the service's default roles: `POST /v2/Services/{Sid}`, 200 (*documented*). Those
    /// that are not set stay as they are, and so do the roles of existing users and members (both
    /// inferred).
    ///
    /// Not retried when its outcome is unknown.
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/service-resource>.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent if
    /// no field is set.
    pub fn update_default_roles(&self, defaults: &DefaultRoles) -> Call<ServiceDetails> {
        self.transport.call(&UpdateService(&self.place, defaults))
    }
}

/// The roles of a Chat service: `/v2/Services/{ServiceSid}/Roles` (at most 100 a page). Their types are
/// `channel` and `deployment`. The code of an unknown role is 50100 (*observed*).
///
/// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::TwilioChatFake;
/// use rolecall::twilio::chat::{NewRole, RoleType, permission};
///
/// let fake = TwilioChatFake::start().await?;
/// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles();
/// for name in ["reader", "writer", "owner"] {
///     roles.create(&NewRole::new(name, RoleType::Channel, [permission::LEAVE_CHANNEL])?).await?;
/// }
/// let mut items = roles.list().page_size(2).items();
/// while let Some(role) = items.next().await.transpose()? {
///     println!("{:?} {:?}", role.sid, role.friendly_name);
/// }
/// assert_eq!(fake.received_count(), 5); // three creates, two pages
///
/// let sid = fake.roles()[0].sid.clone().ok_or("no SID")?;
/// let role = roles.update(&sid, [permission::SEND_MESSAGE]).await?;
/// assert_eq!(role.permissions.as_deref().unwrap(), ["sendMessage"]);
/// roles.delete(&sid).await?;
/// assert!(roles.get(&sid).await.unwrap_err().is_not_found());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
pub type Roles = Resources<TwilioChat, Role>;

/// The users of a Chat service: `/v2/Services/{ServiceSid}/Users` (at most 100 a page, no filters).
///
/// A user is read and written by SID or identity. A user created without a role gets the service's
/// default (*documented*). A second user with the same identity is refused (409, 50201,
/// *observed*). To find the users with a role, list all users and compare `role_sid`. Deleting a
/// user fires no webhooks (*documented*).
///
/// Source: <https://www.twilio.com/docs/chat/rest/user-resource>.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::EnsuredRole;
/// use rolecall::testing::TwilioChatFake;
/// use rolecall::twilio::chat::{DefaultRoles, NewRole, NewUser, RevokedRole, RoleType};
///
/// let fake = TwilioChatFake::start().await?;
/// let service = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
/// let new = |name| NewRole::new(name, RoleType::Deployment, ["joinChannel"]);
/// let guest = service.roles().create(&new("guest")?).await?.sid.ok_or("no SID")?;
/// let admin = service.roles().create(&new("admin")?).await?.sid.ok_or("no SID")?;
/// service.update_default_roles(&DefaultRoles::default().service(&guest)).await?;
///
/// let users = service.users();
/// users.create(&NewUser::new("alice")?).await?;
/// let ensured = users.ensure_role("alice", &admin).await?;
/// assert_eq!(ensured, EnsuredRole::Given { replaced: Some(guest.clone()) });
/// let revoked = users.revoke_role("alice", &admin).await?;
/// assert_eq!(revoked, RevokedRole::Revoked { default: guest });
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
pub type Users = Resources<TwilioChat, User>;

/// The services of an account: `/v2/Services` (at most 100 a page).
///
/// Source: <https://www.twilio.com/docs/chat/rest/service-resource>.
pub type Services = Resources<TwilioChat, ServiceDetails>;

impl Users {
    /// Lists the channels of a user: `GET /v2/Services/{ServiceSid}/Users/{User}/Channels`, 200
    /// (*documented*), at most 50 a page.
    ///
    /// The listed channels do not show the user's role: [get](Resources::get) the member of each
    /// channel. The service was once seen to refuse an identity in place of the SID (*observed*),
    /// although the vendor's page allows it: prefer the SID.
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/user-channel-resource>.
    pub fn channels(
        &self,
        user: impl TryInto<UserKey, Error: Into<Error>>,
    ) -> List<ListOf<TwilioChat, UserChannel>> {
        Resources::new(&self.transport, self.place.within(&arg::<UserKey>(user))).list()
    }
}

const SERVICE: &[&str] = &["/v2/Services/{Sid}"];

service_operations! {
    TwilioChat GetService -> ServiceDetails: Spec::get("twilio.chat services.get", SERVICE),
        at values(None);
    TwilioChat UpdateService(DefaultRoles) -> ServiceDetails:
        Spec::post("twilio.chat services.update_default_roles", SERVICE).success(&[200]),
        at values(None);
}

thing! {
    /// The fields of a Chat service that concern roles. `sid` or `friendly_name` must be there.
    ServiceDetails in "services" known by "sid, friendly_name" = sid or friendly_name {
        /// What identifies the service, `IS…`.
        sid: ServiceSid,
        /// The account that the service belongs to.
        account_sid: AccountSid,
        /// The name.
        friendly_name: String,
        /// The default role of users: of the type `deployment`.
        default_service_role_sid: RoleSid,
        /// The default role of members: of the type `channel`.
        default_channel_role_sid: RoleSid,
        /// The default role of a channel's creator: of the type `channel`.
        default_channel_creator_role_sid: RoleSid,
        /// When it was created, in GMT.
        date_created: Timestamp,
        /// When it was last changed, in GMT.
        date_updated: Timestamp,
        /// Addresses of what belongs to the service, as text.
        links: BTreeMap<String, String>,
        /// The service's own address, as text.
        url: String,
    }
}

form! {
    /// New default roles of a service. Fields that are not set stay as they are (inferred); at
    /// least one must be set.
    DefaultRoles {
        /// Sets the default role of users: of the type `deployment`.
        service, get_service: RoleSid = "DefaultServiceRoleSid",
        /// Sets the default role of members: of the type `channel`.
        channel, get_channel: RoleSid = "DefaultChannelRoleSid",
        /// Sets the default role of a channel's creator: of the type `channel`.
        channel_creator, get_channel_creator: RoleSid = "DefaultChannelCreatorRoleSid",
    }
}

impl Product for TwilioChat {
    fn default_role<'a>(
        reader: Reader<'a>,
        place: &'a Place,
        which: DefaultRole,
    ) -> BoxFuture<'a, Result<Option<RoleSid>, Error>> {
        Box::pin(async move {
            let service = reader.read(&GetService(&place.service())).await?;
            Ok(match which {
                DefaultRole::Service => service.default_service_role_sid,
                DefaultRole::Channel => service.default_channel_role_sid,
            })
        })
    }
}
