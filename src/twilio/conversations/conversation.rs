//! Conversations of a service and of a user.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{AccountSid, ParticipantSid, Participants, ServiceSid, TwilioConversations};
use crate::model::{Timestamp, open_enum, sid};
use crate::transport::Transport;
use crate::twilio::UserSid;
use crate::twilio::chat::NotificationLevel;
use crate::twilio::shared::{Place, Resources, thing};

/// A conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    transport: Transport,
    place: Place,
}

impl Conversation {
    pub(super) fn new(transport: &Transport, place: Place) -> Self {
        Self { transport: transport.clone(), place }
    }

    /// Returns the handle of the conversation's participants, who have roles in it.
    pub fn participants(&self) -> Participants {
        Resources::new(&self.transport, self.place.clone())
    }
}

/// The conversations of a service: `/v1/Conversations`,
/// `/v1/Services/{ChatServiceSid}/Conversations` (at most 100 a page).
///
/// Source: <https://www.twilio.com/docs/conversations-classic/api/conversation-resource>.
pub type Conversations = Resources<TwilioConversations, ListedConversation>;

sid! {
    /// A conversation: `CH` and 32 hexadecimal digits.
    ConversationSid, "ConversationSid", Some("CH")
}

open_enum! {
    /// Whether a conversation is in use.
    ConversationState {
        /// It is being set up.
        Initializing = "initializing",
        /// It is in use.
        Active = "active",
        /// No message was sent for some time.
        Inactive = "inactive",
        /// It is over.
        Closed = "closed",
    }
}

thing! {
    /// A conversation. `sid` must be there.
    ListedConversation in "conversations" known by "sid" = sid {
        /// What identifies the conversation, `CH…`.
        sid: ConversationSid,
        /// The account that the conversation belongs to.
        account_sid: AccountSid,
        /// The service that the conversation belongs to.
        chat_service_sid: ServiceSid,
        /// The messaging service that reaches participants by phone, `MG…`.
        messaging_service_sid: String,
        /// A name for people to read.
        friendly_name: String,
        /// A name by which programs know the conversation.
        unique_name: String,
        /// JSON as text.
        attributes: String,
        /// Whether it is in use.
        state: ConversationState,
        /// When its state changes automatically: any JSON.
        timers: Value,
        /// Other ways to reach it: any JSON.
        bindings: Value,
        /// When it was created, in GMT.
        date_created: Timestamp,
        /// When it was last changed, in GMT.
        date_updated: Timestamp,
        /// Addresses of what belongs to the conversation, as text.
        links: BTreeMap<String, String>,
        /// The conversation's own address, as text.
        url: String,
    }
}

thing! {
    /// A conversation as a user sees it. It does not show the role: get the participant for it.
    /// `conversation_sid` must be there.
    UserConversation in "conversations" known by "conversation_sid" = conversation_sid {
        /// The conversation.
        conversation_sid: ConversationSid,
        /// The account that the conversation belongs to.
        account_sid: AccountSid,
        /// The service that the conversation belongs to.
        chat_service_sid: ServiceSid,
        /// The user.
        user_sid: UserSid,
        /// The user as a participant of the conversation.
        participant_sid: ParticipantSid,
        /// The number of messages that the user has not read.
        unread_messages_count: i64,
        /// The last message that the user has read.
        last_read_message_index: i64,
        /// A name for people to read.
        friendly_name: String,
        /// A name by which programs know the conversation.
        unique_name: String,
        /// Whether it is in use.
        conversation_state: ConversationState,
        /// When its state changes automatically: any JSON.
        timers: Value,
        /// JSON as text.
        attributes: String,
        /// The identity of who created it.
        created_by: String,
        /// Which notifications the user gets.
        notification_level: NotificationLevel,
        /// When it was created, in GMT.
        date_created: Timestamp,
        /// When it was last changed, in GMT.
        date_updated: Timestamp,
        /// Addresses of the conversation and the participant, as text.
        links: BTreeMap<String, String>,
        /// Its own address, as text.
        url: String,
    }
}
