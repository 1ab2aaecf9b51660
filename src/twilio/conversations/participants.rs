//! Participants of a conversation, who have a role in it.

use serde_json::Value;

use super::{AccountSid, ConversationSid, Identity, RoleSid, ServiceSid, TwilioConversations};
use crate::access::{Principal, Scope};
use crate::error::Error;
use crate::model::{Timestamp, arg, sid};
use crate::twilio::error::ErrorCode;
use crate::twilio::shared::{
    DefaultRole, Holder, Kept, Resources, channel_scope, form, key, person, service_scope, thing,
};

/// The participants of a conversation:
/// `/v1/Conversations/{ConversationSid}/Participants` at the default service,
/// `/v1/Services/{ChatServiceSid}/Conversations/{ConversationSid}/Participants` at a named one (at most
/// 100 a page).
///
/// A participant is read by SID or identity, and written by SID alone (*documented*); `ensure_role`
/// and `revoke_role` take either, since they read first. A participant created without a role gets
/// the service's default for conversations (inferred). A conversation has at most 1,000 participants,
/// of whom at most 50 are not chat users (*documented*).
///
/// Creating a participant that was removed shortly before can end in 404 / 20404 although the
/// service created it (*documented*): the error's [effect](crate::Error::effect) is unknown then.
/// Read the participant before repeating the call. A second participant with the same identity is
/// refused (50433, *observed*).
///
/// Source: <https://www.twilio.com/docs/conversations-classic/api/conversation-participant-resource>.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::TwilioChatFake;
/// use rolecall::twilio::conversations::{NewParticipant, NewRole, RoleType};
///
/// let fake = TwilioChatFake::start().await?;
/// let conversation = fake.add_channel(TwilioChatFake::DEFAULT_SERVICE, "support", "private");
/// let service = fake.conversations_client()?.default_service();
/// let new = NewRole::new("moderator", RoleType::Conversation, ["deleteAnyMessage"])?;
/// let moderator = service.roles().create(&new).await?.sid.ok_or("no SID")?;
///
/// let participants = service.conversation(conversation).participants();
/// participants.create(&NewParticipant::chat("alice")?).await?;
/// participants.ensure_role("alice", &moderator).await?;
/// assert_eq!(participants.get("alice").await?.role_sid, Some(moderator));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
pub type Participants = Resources<TwilioConversations, Participant>;

sid! {
    /// A participant of a conversation: `MB` and 32 hexadecimal digits.
    ParticipantSid, "ParticipantSid", Some("MB")
}

key! {
    /// A participant of a conversation by SID (`MB…`) or identity.
    ParticipantKey, "Participant", ParticipantSid, Identity
}

thing! {
    /// A participant of a conversation. Every field is documented as nullable; `sid` or `identity` must
    /// be there.
    Participant in "participants" known by "sid, identity" = sid or identity {
        /// What identifies the participant, `MB…`.
        sid: ParticipantSid,
        /// The account that the participant belongs to.
        account_sid: AccountSid,
        /// The service that the participant belongs to.
        chat_service_sid: ServiceSid,
        /// The conversation.
        conversation_sid: ConversationSid,
        /// The identity of the user; a participant by phone has none.
        identity: Identity,
        /// How a participant by phone is reached: any JSON.
        messaging_binding: Value,
        /// The role in the conversation.
        role_sid: RoleSid,
        /// JSON as text.
        attributes: String,
        /// When it was created, in GMT.
        date_created: Timestamp,
        /// When it was last changed, in GMT.
        date_updated: Timestamp,
        /// The last message that the participant has read.
        last_read_message_index: i64,
        /// When the participant last read a message.
        last_read_timestamp: Timestamp,
        /// The participant's own address, as text.
        url: String,
    }
}

form! {
    /// A participant to be added to a conversation: start by [`chat`](Self::chat) or
    /// [`phone`](Self::phone).
    NewParticipant {
        /// Sets the identity of the user.
        identity, get_identity: Identity = "Identity",
        /// Sets the address of the participant, e.g. a phone number.
        address, get_address: String = "MessagingBinding.Address",
        /// Sets the address by which the participant is reached.
        proxy_address, get_proxy_address: String = "MessagingBinding.ProxyAddress",
        /// Sets the address that others see in a group.
        projected_address, get_projected_address: String = "MessagingBinding.ProjectedAddress",
        /// Sets the role in the conversation; unset, it is the service's default for conversations
        /// (inferred).
        role_sid, get_role_sid: RoleSid = "RoleSid",
        /// Sets the application's own data about the participant: JSON as text, at most 4 KB
        /// (*documented*).
        attributes, get_attributes: String = "Attributes",
    }
}

impl NewParticipant {
    /// A user, by identity.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule.
    pub fn chat(identity: impl TryInto<Identity, Error: Into<Error>>) -> Result<Self, Error> {
        Ok(Self::default().identity(arg::<Identity>(identity)?))
    }

    /// A person at an address (e.g. a phone number), reached through a proxy address.
    ///
    /// # Errors
    /// An invalid-request error if one of them is empty.
    pub fn phone(
        address: impl Into<String>,
        proxy_address: impl Into<String>,
    ) -> Result<Self, Error> {
        let new = Self::default().address(address).proxy_address(proxy_address);
        for (field, value) in [
            ("MessagingBinding.Address", &new.address),
            ("MessagingBinding.ProxyAddress", &new.proxy_address),
        ] {
            if value.as_ref().is_none_or(String::is_empty) {
                return Err(Error::invalid(field, "must not be empty"));
            }
        }
        Ok(new)
    }
}

form! {
    /// What is to be changed of a participant. What is not set stays as it is (inferred). At least one
    /// field must be set.
    ParticipantUpdate {
        /// Sets the role in the conversation.
        role_sid, get_role_sid: RoleSid = "RoleSid",
        /// Sets the identity of the user.
        identity, get_identity: Identity = "Identity",
        /// Sets the application's own data about the participant: JSON as text, at most 4 KB
        /// (*documented*).
        attributes, get_attributes: String = "Attributes",
    }
}

impl Kept for Participant {
    type New = NewParticipant;
    type Key = ParticipantKey;
    type WriteKey = ParticipantSid;
    const NOT_FOUND: &'static [ErrorCode] = &[];
}

impl Holder for Participant {
    type Update = ParticipantUpdate;
    const ROLE: DefaultRole = DefaultRole::Channel;

    fn sid(&self) -> Option<&str> {
        self.sid.as_ref().map(ParticipantSid::as_str)
    }

    fn role_sid(&self) -> Option<&RoleSid> {
        self.role_sid.as_ref()
    }

    fn principal(&self) -> Principal {
        let address = || self.messaging_binding.as_ref()?.get("address")?.as_str();
        match (&self.identity, address()) {
            (None, Some(address)) => Principal::new("address", address),
            (identity, _) => person(identity.as_ref(), None),
        }
    }

    fn scope(&self) -> Scope {
        let service = service_scope(self.account_sid.as_ref(), self.chat_service_sid.as_ref());
        channel_scope(self.conversation_sid.as_ref(), service)
    }

    fn update_of_role(role: &RoleSid) -> ParticipantUpdate {
        ParticipantUpdate::default().role_sid(role)
    }
}
