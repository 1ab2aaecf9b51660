//! Members of a channel and invites to it, with their roles.

use super::{AccountSid, ChannelSid, Identity, RoleSid, ServiceSid, TwilioChat};
use crate::access::{Principal, Scope};
use crate::error::Error;
use crate::model::{Timestamp, arg, sid};
use crate::transport::List;
use crate::twilio::error::ErrorCode;
use crate::twilio::shared::{
    DefaultRole, Holder, Kept, ListOf, Resources, channel_scope, form, key, person, service_scope,
    thing,
};

/// The members of a channel: `/v2/Services/{ServiceSid}/Channels/{Channel}/Members` (at most 100 a
/// page).
///
/// A member is read and written by SID or identity. A member created without a role gets the
/// service's default for channels; creating a member also creates the user if there is none (both
/// *documented*). A second member with the same identity is refused (50404, *observed*). Deleting a
/// member keeps the user (inferred).
///
/// Source: <https://www.twilio.com/docs/chat/rest/member-resource>.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::TwilioChatFake;
/// use rolecall::twilio::chat::{NewMember, NewRole, RoleType};
///
/// const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// let fake = TwilioChatFake::start().await?;
/// fake.add_channel(SERVICE, "support", "private");
/// let service = fake.client()?.service(SERVICE);
/// let new = NewRole::new("moderator", RoleType::Channel, ["deleteAnyMessage"])?;
/// let moderator = service.roles().create(&new).await?.sid.ok_or("no SID")?;
///
/// let members = service.channel("support").members();
/// members.create(&NewMember::new("alice")?).await?;
/// members.ensure_role("alice", &moderator).await?;
/// let member = members.get("alice").await?;
/// assert_eq!(member.role_sid, Some(moderator));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
pub type Members = Resources<TwilioChat, Member>;

/// The invites to a channel: `/v2/Services/{ServiceSid}/Channels/{Channel}/Invites` (at most 100 a
/// page). An invite carries the role that the identity gets as a member. A second invite of the
/// same identity is refused (50212, *observed*).
///
/// Source: <https://www.twilio.com/docs/chat/rest/invite-resource>.
pub type Invites = Resources<TwilioChat, Invite>;

impl List<ListOf<TwilioChat, Member>> {
    /// Lists only members with this identity. Call it again to add more identities.
    pub fn identity(mut self, identity: impl TryInto<Identity, Error: Into<Error>>) -> Self {
        self.operation.filter("Identity", arg::<Identity>(identity));
        self
    }
}

impl List<ListOf<TwilioChat, Invite>> {
    /// Lists only invites of this identity. Call it again to add more identities.
    pub fn identity(mut self, identity: impl TryInto<Identity, Error: Into<Error>>) -> Self {
        self.operation.filter("Identity", arg::<Identity>(identity));
        self
    }
}

sid! {
    /// A member of a channel: `MB` and 32 hexadecimal digits.
    MemberSid, "MemberSid", Some("MB")
}

sid! {
    /// An invite to a channel: `IN` and 32 hexadecimal digits.
    InviteSid, "InviteSid", Some("IN")
}

key! {
    /// A member of a channel by SID (`MB…`) or identity.
    MemberKey, "Member", MemberSid, Identity
}

thing! {
    /// A member of a channel. Every field is documented as nullable; `sid` or `identity` must be there.
    Member in "members" known by "sid, identity" = sid or identity {
        /// What identifies the member, `MB…`.
        sid: MemberSid,
        /// The account that the member belongs to.
        account_sid: AccountSid,
        /// The service that the member belongs to.
        service_sid: ServiceSid,
        /// The channel.
        channel_sid: ChannelSid,
        /// The identity of the user.
        identity: Identity,
        /// The role in the channel.
        role_sid: RoleSid,
        /// The last message that the member has read.
        last_consumed_message_index: i64,
        /// When the member last read a message, in GMT.
        last_consumption_timestamp: Timestamp,
        /// When it was created, in GMT.
        date_created: Timestamp,
        /// When it was last changed, in GMT.
        date_updated: Timestamp,
        /// JSON as text.
        attributes: String,
        /// The member's own address, as text.
        url: String,
    }
}

thing! {
    /// An invite to a channel. `sid` or `identity` must be there.
    Invite in "invites" known by "sid, identity" = sid or identity {
        /// What identifies the invite, `IN…`.
        sid: InviteSid,
        /// The account that the invite belongs to.
        account_sid: AccountSid,
        /// The service that the invite belongs to.
        service_sid: ServiceSid,
        /// The channel.
        channel_sid: ChannelSid,
        /// The identity that is invited.
        identity: Identity,
        /// The role that the identity gets in the channel.
        role_sid: RoleSid,
        /// The identity of the inviter.
        created_by: String,
        /// When it was created, in GMT.
        date_created: Timestamp,
        /// When it was last changed, in GMT.
        date_updated: Timestamp,
        /// The invite's own address, as text.
        url: String,
    }
}

form! {
    /// A member to be added to a channel, with the [`Identity`] of the user.
    NewMember by identity {
        /// Sets the role in the channel; unset, the member gets the service's default for channels
        /// (*documented*).
        role_sid, get_role_sid: RoleSid = "RoleSid",
        /// Sets the application's own data about the member: JSON as text.
        attributes, get_attributes: String = "Attributes",
    }
}

form! {
    /// An update of a member. Fields that are not set stay as they are (inferred). At least one
    /// field must be set.
    MemberUpdate {
        /// Sets the role in the channel.
        role_sid, get_role_sid: RoleSid = "RoleSid",
        /// Sets the application's own data about the member: JSON as text.
        attributes, get_attributes: String = "Attributes",
    }
}

form! {
    /// An invite to be created, with the [`Identity`] that is invited.
    NewInvite by identity {
        /// Sets the role that the identity gets in the channel; unset, it is the service's default
        /// (inferred).
        role_sid, get_role_sid: RoleSid = "RoleSid",
    }
}

impl Kept for Member {
    type New = NewMember;
    type Key = MemberKey;
    type WriteKey = MemberKey;
    const NOT_FOUND: &'static [ErrorCode] = &[ErrorCode::CHAT_MEMBER_NOT_FOUND];
}

impl Holder for Member {
    type Update = MemberUpdate;
    const ROLE: DefaultRole = DefaultRole::Channel;

    fn sid(&self) -> Option<&str> {
        self.sid.as_ref().map(MemberSid::as_str)
    }

    fn role_sid(&self) -> Option<&RoleSid> {
        self.role_sid.as_ref()
    }

    fn principal(&self) -> Principal {
        person(self.identity.as_ref(), None)
    }

    fn scope(&self) -> Scope {
        let service = service_scope(self.account_sid.as_ref(), self.service_sid.as_ref());
        channel_scope(self.channel_sid.as_ref(), service)
    }

    fn update_of_role(role: &RoleSid) -> MemberUpdate {
        MemberUpdate::default().role_sid(role)
    }
}

impl Kept for Invite {
    type New = NewInvite;
    type Key = InviteSid;
    type WriteKey = InviteSid;
    const NOT_FOUND: &'static [ErrorCode] = &[];
}
