//! Twilio Programmable Chat v2: the roles of a Chat service, and the users and members who have
//! them.
//!
//! A role is a named list of permissions. A user of the service always has one role (of the type
//! `deployment`), and so does a member of a channel (of the type `channel`): no API call leaves
//! either without a role (inferred). The service creates a user when an unknown identity connects
//! or becomes a member, and gives it the service's default role (*documented*). A user that does
//! not exist yet is therefore not a user without permissions.
//!
//! Pages: <https://www.twilio.com/docs/chat/rest/role-resource>,
//! <https://www.twilio.com/docs/chat/rest/user-resource>,
//! <https://www.twilio.com/docs/chat/rest/member-resource>,
//! <https://www.twilio.com/docs/chat/rest/service-resource>. (The product is at the end of its life;
//! `https://ip-messaging.twilio.com` serves the same paths, *documented*.)

mod channels;
mod endpoints;
mod members;
pub mod permission;
mod service;
mod sources;

use super::shared::{Place, product};
use super::{AccountSid, host};
use crate::client::client;
use crate::error::Error;
use crate::model::arg;

pub use super::shared::{
    ApiKeySid, Credentials, Identity, ListOf, NewRole, NewUser, PageOf, PermissionsChanged,
    Resources, RevokedRole, Role, RoleSid, RoleType, ServiceSid, User, UserKey, UserUpdate,
};
pub use channels::{
    Channel, ChannelKey, ChannelSid, ChannelStatus, ChannelType, Channels, ListedChannel,
    NotificationLevel, UserChannel,
};
pub use members::{
    Invite, InviteSid, Invites, Member, MemberKey, MemberSid, MemberUpdate, Members, NewInvite,
    NewMember,
};
pub use service::{DefaultRoles, Roles, Service, ServiceDetails, Services, Users};

client! {
    /// A client of Twilio Chat v2, cheap to clone.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), rolecall::Error> {
    /// use rolecall::twilio::chat::{NewRole, RoleType, TwilioChat, permission};
    ///
    /// let chat = TwilioChat::from_env()?;
    /// let new = NewRole::new("moderator", RoleType::Channel, [permission::SEND_MESSAGE])?;
    /// let roles = chat.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles();
    /// println!("{:?}", roles.create(&new).await?.sid);
    /// # Ok(())
    /// # }
    /// ```
    TwilioChat,
    TwilioChatBuilder {
        /// Sets the address of the service: default `https://chat.twilio.com`. Its path is kept. It
        /// takes precedence over edge and region.
        base_url,
        credentials: Credentials,
        host: host::Place,
    }
    /// Returns a builder from `TWILIO_API_KEY` and `TWILIO_API_SECRET`, or from `TWILIO_ACCOUNT_SID`
    /// and `TWILIO_AUTH_TOKEN`; and optionally `TWILIO_EDGE` and `TWILIO_REGION` or
    /// `TWILIO_CHAT_BASE_URL`.
    ///
    /// If all are set, the API key is used, as in the vendor's command line (*observed*). The
    /// vendor recommends setting `TWILIO_ACCOUNT_SID` beside a key (*documented*); this service
    /// needs only the key. Half a key is an error and does not fall back to the auth token, which
    /// may have more permissions than the key.
    from_env
}

impl TwilioChat {
    /// Returns the handle of a Chat service, by its SID. An invalid SID is reported by the calls
    /// made from the handle.
    pub fn service(&self, sid: impl TryInto<ServiceSid, Error: Into<Error>>) -> Service {
        Service { transport: self.transport.clone(), place: Place::new(Some(arg(sid))) }
    }

    /// Returns the handle of the account's services.
    pub fn services(&self) -> Services {
        Resources::new(&self.transport, Place::new(None))
    }
}

product! {
    TwilioChat, TwilioChatBuilder, "chat", "Twilio Chat base URL", "TWILIO_CHAT_BASE_URL"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{AccessToken, Credential};
    use crate::model::env::Vars;
    use crate::model::text;

    type Cause = Box<dyn std::error::Error + Send + Sync>;

    const ACCOUNT: (&str, &str) = ("TWILIO_ACCOUNT_SID", "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    const TOKEN: (&str, &str) = ("TWILIO_AUTH_TOKEN", "obviously-fake");
    const KEY: (&str, &str) = ("TWILIO_API_KEY", "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    const SECRET: (&str, &str) = ("TWILIO_API_SECRET", "obviously-fake");
    const BASE: (&str, &str) = ("TWILIO_CHAT_BASE_URL", "http://127.0.0.1:1");

    fn from(pairs: &[(&str, &str)]) -> Result<TwilioChat, Error> {
        let find = |name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
        };
        TwilioChatBuilder::from_vars(&Vars::new(&find))?.build()
    }

    #[test]
    fn key_takes_precedence_over_the_auth_token() {
        for (pairs, user) in [
            (&[KEY, SECRET][..], KEY),
            (&[ACCOUNT, KEY, SECRET], KEY),
            (&[ACCOUNT, TOKEN, KEY, SECRET], KEY),
            (&[ACCOUNT, TOKEN], ACCOUNT),
            (&[ACCOUNT, TOKEN, ("TWILIO_API_KEY", ""), ("TWILIO_API_SECRET", "")], ACCOUNT),
        ] {
            let find = |name: &str| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
            };
            let builder = TwilioChatBuilder::from_vars(&Vars::new(&find)).expect("it is complete");
            assert_eq!(text(&builder.credentials.user).expect("it is a SID"), user.1);
        }
    }

    #[test]
    fn contradictory_environments_name_the_variables() {
        for (pairs, named) in [
            (&[][..], "neither TWILIO_API_KEY with TWILIO_API_SECRET nor TWILIO_ACCOUNT_SID with"),
            (&[KEY, ACCOUNT, TOKEN], "TWILIO_API_SECRET: is not set, or empty, but TWILIO_API_KEY"),
            (&[("TWILIO_ACCOUNT_SID", "AC1"), TOKEN], "TWILIO_ACCOUNT_SID: must be \"AC\""),
            (&[ACCOUNT, TOKEN, ("TWILIO_REGION", "ie1")], "TWILIO_REGION: needs an edge too"),
        ] {
            let error = from(pairs).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
            assert_eq!(error.kind(), crate::ErrorKind::Configuration);
        }
    }

    #[test]
    fn invalid_sids_are_reported_by_build_and_by_calls() {
        for credentials in
            [Credentials::auth_token(KEY.1, "fake"), Credentials::api_key("", "fake")]
        {
            let error = TwilioChat::builder(credentials).build().expect_err("it is no such SID");
            assert!(error.to_string().contains("SID: must be \""), "{error}");
        }
        let chat = from(&[KEY, SECRET, BASE]).expect("it is complete");
        let role = "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let service = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        for (service, role, named) in
            [("IS1", role, "ServiceSid: must be"), (service, "RL1", "RoleSid: must be")]
        {
            let error = chat.service(service).roles().get(role).request().expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
        chat.service(service).roles().get(role).request().expect("both are SIDs");
    }

    #[test]
    fn secrets_may_come_from_a_provider() {
        struct Vault;

        impl crate::auth::TokenProvider for Vault {
            fn fetch(&self) -> crate::BoxFuture<'_, Result<AccessToken, Cause>> {
                Box::pin(async { Ok(AccessToken::new("obviously-fake")) })
            }
        }

        let secret = Credential::provider(Vault);
        let builder = TwilioChat::builder(Credentials::api_key(KEY.1, secret));
        builder.base_url(BASE.1).build().expect("the secret is fetched later");
    }
}
