//! A service of Conversations: its handle, its default roles, its users.

use std::collections::BTreeMap;

use super::{
    AccountSid, Conversation, ConversationSid, Conversations, RoleSid, Roles, ServiceSid,
    TwilioConversations, UserConversation, UserKey,
};
use crate::error::Error;
use crate::model::{Arg, Timestamp, arg};
use crate::operation::Spec;
use crate::transport::{BoxFuture, Call, List, Transport};
use crate::twilio::shared::{
    DefaultRole, ListOf, Place, Product, Reader, Resources, User, form, service_operations, thing,
};

/// A service of Conversations: the account's default one, or a named one.
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

    /// Returns the handle of the service's conversations.
    pub fn conversations(&self) -> Conversations {
        Resources::new(&self.transport, self.place.clone())
    }

    /// Returns the handle of a conversation, by its SID. (A unique name is documented for the
    /// conversation itself, not for its participants.) An invalid SID is reported by the calls made
    /// from the handle.
    pub fn conversation(
        &self,
        conversation: impl TryInto<ConversationSid, Error: Into<Error>>,
    ) -> Conversation {
        let place = self.place.within(&arg::<ConversationSid>(conversation));
        Conversation::new(&self.transport, place)
    }

    /// Returns the service: `GET /v1/Services/{Sid}`, 200 (*documented*). Only a named service can
    /// be read.
    ///
    /// Source: <https://www.twilio.com/docs/conversations-classic/api/service-resource>.
    pub fn get(&self) -> Call<ServiceDetails> {
        self.transport.call(&GetService(&self.place))
    }

    /// Returns the service's configuration with its default roles: `GET
    /// /v1/Services/{ChatServiceSid}/Configuration`, 200 (*documented*). Only a named service has
    /// one; the SID of the default service is in
    /// [`TwilioConversations::configuration`](super::TwilioConversations::configuration).
    ///
    /// Source: <https://www.twilio.com/docs/conversations-classic/api/service-configuration-resource>.
    pub fn configuration(&self) -> Call<Configuration> {
        self.transport.call(&GetConfiguration(&self.place))
    }

    /// Updates the service's default roles: `POST /v1/Services/{ChatServiceSid}/Configuration`, 200
    /// (*documented*). Only a named service has them. Roles that are not set stay as they are, and
    /// so do the roles of existing users and participants (both inferred).
    ///
    /// Not retried when its outcome is unknown.
    ///
    /// Source: <https://www.twilio.com/docs/conversations-classic/api/service-configuration-resource>.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent if
    /// no field is set.
    pub fn update_default_roles(&self, defaults: &DefaultRoles) -> Call<Configuration> {
        self.transport.call(&UpdateConfiguration(&self.place, defaults))
    }
}

/// The users of a service: `/v1/Users` at the default service,
/// `/v1/Services/{ChatServiceSid}/Users` at a named one (at most 50 a page, no filters). They are the
/// same users as those of [Chat](crate::twilio::chat::Users), where there is an example.
///
/// A user is read and written by SID or identity. A user created without a role gets the service's
/// default (*documented*). A second user with the same identity is refused (50201, *observed*; 409,
/// as in Chat, inferred).
///
/// Source: <https://www.twilio.com/docs/conversations-classic/api/user-resource>.
pub type Users = Resources<TwilioConversations, User>;

impl Users {
    /// Lists the conversations of a user: `GET …/Users/{User}/Conversations`, 200 (*documented*),
    /// at most 50 a page. The listed conversations do not show the user's role:
    /// [get](Resources::get) the participant of each conversation.
    ///
    /// Source: <https://www.twilio.com/docs/conversations-classic/api/user-conversation-resource>.
    pub fn conversations(
        &self,
        user: impl TryInto<UserKey, Error: Into<Error>>,
    ) -> List<ListOf<TwilioConversations, UserConversation>> {
        Resources::new(&self.transport, self.place.within(&arg::<UserKey>(user))).list()
    }
}

const CONFIGURATION: &[&str] = &["/v1/Services/{ChatServiceSid}/Configuration"];

service_operations! {
    TwilioConversations GetService -> ServiceDetails:
        Spec::get("twilio.conversations services.get", &["/v1/Services/{Sid}"]), at named();
    TwilioConversations GetConfiguration -> Configuration:
        Spec::get("twilio.conversations services.configuration", CONFIGURATION), at named();
    TwilioConversations UpdateConfiguration(DefaultRoles) -> Configuration:
        Spec::post("twilio.conversations services.update_default_roles", CONFIGURATION)
            .success(&[200]),
        at named();
    TwilioConversations GetGlobalConfiguration -> GlobalConfiguration:
        Spec::get("twilio.conversations configuration.get", &["/v1/Configuration"]),
        at values(None);
}

thing! {
    /// A service of Conversations. `sid` must be there.
    ServiceDetails in "services" known by "sid" = sid {
        /// What identifies the service, `IS…`.
        sid: ServiceSid,
        /// The account that the service belongs to.
        account_sid: AccountSid,
        /// The name.
        friendly_name: String,
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

thing! {
    /// The configuration of a service, with its default roles. `chat_service_sid` must be there.
    Configuration in "configurations" known by "chat_service_sid" = chat_service_sid {
        /// The service.
        chat_service_sid: ServiceSid,
        /// The default role of users: of the type `service`.
        default_chat_service_role_sid: RoleSid,
        /// The default role of participants: of the type `conversation`.
        default_conversation_role_sid: RoleSid,
        /// The default role of a conversation's creator: of the type `conversation`.
        default_conversation_creator_role_sid: RoleSid,
        /// Whether users can see who is connected.
        reachability_enabled: bool,
        /// Addresses of what belongs to the configuration, as text.
        links: BTreeMap<String, String>,
        /// The configuration's own address, as text.
        url: String,
    }
}

thing! {
    /// The configuration of an account. `default_chat_service_sid` must be there.
    GlobalConfiguration in "configurations"
        known by "default_chat_service_sid" = default_chat_service_sid
    {
        /// The account's default service.
        default_chat_service_sid: ServiceSid,
        /// The account.
        account_sid: AccountSid,
        /// The messaging service that reaches participants by phone, `MG…`.
        default_messaging_service_sid: String,
        /// After which time without messages a conversation is inactive, as an ISO 8601 duration.
        default_inactive_timer: String,
        /// After which time without messages a conversation is closed, as an ISO 8601 duration.
        default_closed_timer: String,
        /// Addresses of what belongs to the configuration, as text.
        links: BTreeMap<String, String>,
        /// The configuration's own address, as text.
        url: String,
    }
}

form! {
    /// New default roles of a service. Fields that are not set stay as they are (inferred); at
    /// least one must be set.
    DefaultRoles {
        /// Sets the default role of users: of the type `service`.
        service, get_service: RoleSid = "DefaultChatServiceRoleSid",
        /// Sets the default role of participants: of the type `conversation`.
        conversation, get_conversation: RoleSid = "DefaultConversationRoleSid",
        /// Sets the default role of a conversation's creator: of the type `conversation`.
        conversation_creator, get_conversation_creator: RoleSid = "DefaultConversationCreatorRoleSid",
    }
}

impl Product for TwilioConversations {
    /// The default service has no configuration under its own name: its SID is read first.
    fn default_role<'a>(
        reader: Reader<'a>,
        place: &'a Place,
        which: DefaultRole,
    ) -> BoxFuture<'a, Result<Option<RoleSid>, Error>> {
        Box::pin(async move {
            let mut service = place.service();
            if service.is_default_service() {
                let account = reader.read(&GetGlobalConfiguration(&service)).await?;
                let named: Arg<ServiceSid> = account
                    .default_chat_service_sid
                    .ok_or_else(|| Error::invalid("default_chat_service_sid", "is not there"));
                service = Place::new(Some(named));
            }
            let configuration = reader.read(&GetConfiguration(&service)).await?;
            Ok(match which {
                DefaultRole::Service => configuration.default_chat_service_role_sid,
                DefaultRole::Channel => configuration.default_conversation_role_sid,
            })
        })
    }
}
