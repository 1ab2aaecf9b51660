//! Channels of a service and of a user.

use std::collections::BTreeMap;

use super::{AccountSid, Invites, MemberSid, Members, ServiceSid, TwilioChat};
use crate::model::{Timestamp, open_enum, sid};
use crate::transport::Transport;
use crate::twilio::UserSid;
use crate::twilio::shared::{Place, Resources, key, thing};

/// A channel of a Chat service.
#[derive(Clone, Debug)]
pub struct Channel {
    transport: Transport,
    place: Place,
}

impl Channel {
    pub(super) fn new(transport: &Transport, place: Place) -> Self {
        Self { transport: transport.clone(), place }
    }

    /// Returns the handle of the channel's members, who have roles in it.
    pub fn members(&self) -> Members {
        Resources::new(&self.transport, self.place.clone())
    }

    /// Returns the handle of the invites to the channel, which carry roles.
    pub fn invites(&self) -> Invites {
        Resources::new(&self.transport, self.place.clone())
    }
}

/// The channels of a Chat service, public and private ones: `/v2/Services/{ServiceSid}/Channels`
/// (at most 100 a page). The client requests both types, since without a type the service lists
/// only public channels (*documented*).
///
/// Source: <https://www.twilio.com/docs/chat/rest/channel-resource>.
pub type Channels = Resources<TwilioChat, ListedChannel>;

sid! {
    /// A channel: `CH` and 32 hexadecimal digits.
    ChannelSid, "ChannelSid", Some("CH")
}

key! {
    /// A channel by SID (`CH…`) or unique name.
    ChannelKey, "Channel", ChannelSid
}

open_enum! {
    /// Who can see a channel.
    ChannelType {
        /// Every user of the service.
        Public = "public",
        /// Its members.
        Private = "private",
    }
}

open_enum! {
    /// What a channel is to a user.
    ChannelStatus {
        /// The user is a member.
        Joined = "joined",
        /// The user is invited.
        Invited = "invited",
        /// Neither.
        NotParticipating = "notParticipating",
    }
}

open_enum! {
    /// Which notifications a user gets.
    NotificationLevel {
        /// Those of the service.
        Default = "default",
        /// None.
        Muted = "muted",
    }
}

thing! {
    /// A channel. `sid` must be there.
    ListedChannel in "channels" known by "sid" = sid {
        /// What identifies the channel, `CH…`.
        sid: ChannelSid,
        /// The account that the channel belongs to.
        account_sid: AccountSid,
        /// The service that the channel belongs to.
        service_sid: ServiceSid,
        /// A name for people to read.
        friendly_name: String,
        /// A name by which programs know the channel.
        unique_name: String,
        /// JSON as text.
        attributes: String,
        /// Who can see it.
        #[serde(rename = "type")]
        kind: ChannelType,
        /// The identity of who created it.
        created_by: String,
        /// The number of members.
        members_count: i64,
        /// The number of messages.
        messages_count: i64,
        /// When it was created, in GMT.
        date_created: Timestamp,
        /// When it was last changed, in GMT.
        date_updated: Timestamp,
        /// Addresses of what belongs to the channel, as text.
        links: BTreeMap<String, String>,
        /// The channel's own address, as text.
        url: String,
    }
}

thing! {
    /// A channel as a user sees it. It does not show the role: get the member for it. `channel_sid`
    /// must be there.
    UserChannel in "channels" known by "channel_sid" = channel_sid {
        /// The channel.
        channel_sid: ChannelSid,
        /// The account that the channel belongs to.
        account_sid: AccountSid,
        /// The service that the channel belongs to.
        service_sid: ServiceSid,
        /// The user.
        user_sid: UserSid,
        /// The user as a member of the channel.
        member_sid: MemberSid,
        /// Whether the user is a member.
        status: ChannelStatus,
        /// The last message that the user has read.
        last_consumed_message_index: i64,
        /// The number of messages that the user has not read.
        unread_messages_count: i64,
        /// Which notifications the user gets.
        notification_level: NotificationLevel,
        /// Addresses of the channel and the member, as text.
        links: BTreeMap<String, String>,
        /// Its own address, as text.
        url: String,
    }
}
