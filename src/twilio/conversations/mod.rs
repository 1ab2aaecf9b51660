//! Twilio Conversations v1 ("Conversations (classic)"): roles, and the users and participants who
//! have them.
//!
//! It is the successor of [Chat](super::chat) over the same data (*documented*): services, users
//! and roles are the same under other names. A channel is called a conversation here, a member a
//! participant, and the role type `deployment` is called `service`. How one product spells a role
//! that the other created is unknown: compare roles by SID.
//!
//! An account has a default service, and may have others. A user of the service always has one
//! role, and so does a participant of a conversation: no API call leaves either without a role
//! (inferred).
//!
//! Pages: <https://www.twilio.com/docs/conversations-classic/api/role-resource>,
//! <https://www.twilio.com/docs/conversations-classic/api/user-resource>,
//! <https://www.twilio.com/docs/conversations-classic/api/conversation-participant-resource>,
//! <https://www.twilio.com/docs/conversations-classic/api/service-configuration-resource>.

mod conversation;
mod endpoints;
mod participants;
mod service;
mod sources;

use super::shared::{Place, Resources, product};
use super::{AccountSid, host};
use crate::client::client;
use crate::error::Error;
use crate::model::arg;
use crate::transport::Call;
use service::GetGlobalConfiguration;

pub use super::shared::{
    ApiKeySid, Credentials, Identity, ListOf, NewRole, NewUser, PageOf, PermissionsChanged,
    RevokedRole, Role, RoleSid, RoleType, ServiceSid, User, UserKey, UserUpdate,
};
pub use conversation::{
    Conversation, ConversationSid, ConversationState, Conversations, ListedConversation,
    UserConversation,
};
pub use participants::{
    NewParticipant, Participant, ParticipantKey, ParticipantSid, ParticipantUpdate, Participants,
};
pub use service::{
    Configuration, DefaultRoles, GlobalConfiguration, Service, ServiceDetails, Users,
};

client! {
    /// A client of Twilio Conversations v1, cheap to clone.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), rolecall::Error> {
    /// use rolecall::twilio::conversations::TwilioConversations;
    ///
    /// let conversations = TwilioConversations::from_env()?;
    /// let mut users = conversations.default_service().users().list().items();
    /// while let Some(user) = users.next().await.transpose()? {
    ///     println!("{:?} has {:?}", user.identity, user.role_sid);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    TwilioConversations,
    TwilioConversationsBuilder {
        /// Sets the address of the service: default `https://conversations.twilio.com`. Its path is
        /// kept. It takes precedence over edge and region.
        base_url,
        credentials: Credentials,
        host: host::Place,
    }
    /// Returns a builder from `TWILIO_API_KEY` and `TWILIO_API_SECRET`, or from `TWILIO_ACCOUNT_SID`
    /// and `TWILIO_AUTH_TOKEN`; and optionally `TWILIO_EDGE` and `TWILIO_REGION` or
    /// `TWILIO_CONVERSATIONS_BASE_URL`. See
    /// [`TwilioChatBuilder::from_env`](super::chat::TwilioChatBuilder::from_env).
    from_env
}

/// The roles of a service: `/v1/Roles` at the default service, `/v1/Services/{ChatServiceSid}/Roles` at
/// a named one (at most 50 a page). They are the same roles as those of
/// [Chat](crate::twilio::chat::Roles), where there is an example; their types are `conversation` and
/// `service` here.
///
/// Source: <https://www.twilio.com/docs/conversations-classic/api/role-resource>.
pub type Roles = Resources<TwilioConversations, Role>;

/// The services of an account: `/v1/Services` (at most 100 a page).
///
/// Source: <https://www.twilio.com/docs/conversations-classic/api/service-resource>.
pub type Services = Resources<TwilioConversations, ServiceDetails>;

/// Names of permissions (*observed*; some are also documented on pages of Flex). Any text is
/// accepted in their place. Permissions that are not listed here have the same names [as in
/// Chat](crate::twilio::chat::permission).
pub mod permission {
    /// Service roles.
    pub const CREATE_CONVERSATION: &str = "createConversation";
    /// Service roles.
    pub const JOIN_CONVERSATION: &str = "joinConversation";
    /// Conversation roles.
    pub const LEAVE_CONVERSATION: &str = "leaveConversation";
    /// Roles of both types.
    pub const ADD_PARTICIPANT: &str = "addParticipant";
    /// Roles of both types.
    pub const ADD_NON_CHAT_PARTICIPANT: &str = "addNonChatParticipant";
    /// Roles of both types.
    pub const REMOVE_PARTICIPANT: &str = "removeParticipant";
    /// Roles of both types.
    pub const DELETE_CONVERSATION: &str = "deleteConversation";
    /// Roles of both types.
    pub const EDIT_CONVERSATION_NAME: &str = "editConversationName";
    /// Roles of both types.
    pub const EDIT_CONVERSATION_ATTRIBUTES: &str = "editConversationAttributes";
    /// Roles of both types.
    pub const EDIT_OWN_PARTICIPANT_ATTRIBUTES: &str = "editOwnParticipantAttributes";
    /// Roles of both types.
    pub const EDIT_ANY_PARTICIPANT_ATTRIBUTES: &str = "editAnyParticipantAttributes";
}

impl TwilioConversations {
    /// Returns the handle of the account's default service.
    pub fn default_service(&self) -> Service {
        Service { transport: self.transport.clone(), place: Place::new(None) }
    }

    /// Returns the handle of a service, by its SID. An invalid SID is reported by the calls made
    /// from the handle.
    pub fn service(&self, sid: impl TryInto<ServiceSid, Error: Into<Error>>) -> Service {
        Service { transport: self.transport.clone(), place: Place::new(Some(arg(sid))) }
    }

    /// Returns the handle of the account's services.
    pub fn services(&self) -> Services {
        Resources::new(&self.transport, Place::new(None))
    }

    /// Returns the account's configuration, which names its default service: `GET /v1/Configuration`,
    /// 200 (*documented*). It has no default roles: see [`Service::configuration`].
    ///
    /// Source: <https://www.twilio.com/docs/conversations-classic/api/configuration-resource>.
    pub fn configuration(&self) -> Call<GlobalConfiguration> {
        self.transport.call(&GetGlobalConfiguration(&Place::new(None)))
    }
}

product! {
    TwilioConversations, TwilioConversationsBuilder, "conversations", "Twilio Conversations base URL",
    "TWILIO_CONVERSATIONS_BASE_URL"
}
