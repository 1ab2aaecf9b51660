//! Twilio Programmable Chat v2: the roles of a Chat service.
//!
//! Page: <https://www.twilio.com/docs/chat/rest/role-resource>. (The product is at the end of its
//! life; `https://ip-messaging.twilio.com` serves the same paths, *documented*.)

mod access;
mod change_permissions;
mod roles;

use http::{HeaderMap, StatusCode};

use super::{AccountSid, error, request_id};
use crate::auth::{Credential, Scheme};
use crate::client::client;
use crate::error::Error;
use crate::model::env::Vars;
use crate::model::{Arg, arg, sid, text};
use crate::operation::{self, Failure};
use crate::transport::{Address, ClientOptions, Transport};

pub use change_permissions::PermissionsChanged;
pub use roles::{ListRoles, NewRole, Role, RolePage, RoleSid, RoleType, Roles, permission};

sid! {
    /// A Chat service: `IS` and 32 hexadecimal digits.
    ServiceSid, "ServiceSid", Some("IS")
}

sid! {
    /// An API key: `SK` and 32 hexadecimal digits.
    ApiKeySid, "API key SID", Some("SK")
}

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
        /// Sets the address of the service: default `https://chat.twilio.com`. Its path is kept.
        base_url,
        credentials: Credentials,
    }
    /// Returns a builder from `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN`, or from
    /// `TWILIO_API_KEY` and `TWILIO_API_SECRET`, and optionally `TWILIO_CHAT_BASE_URL`. Where one
    /// variable of a pair is missing, or both pairs are set, it is an error.
    from_env
}

/// What a client authenticates with (HTTP Basic, *documented*): the SID of an account or an API
/// key, and its secret, which may be fixed or come from a [provider](Credential::provider).
///
/// A SID that is none is reported by [`TwilioChatBuilder::build`].
///
/// ```
/// use rolecall::twilio::chat::{Credentials, TwilioChat};
///
/// let key = Credentials::api_key("SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "obviously-fake");
/// let builder = TwilioChat::builder(key);
/// assert!(!format!("{builder:?}").contains("obviously-fake"));
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    user: Arg<String>,
    secret: Credential,
}

impl Credentials {
    /// The SID of an account and its auth token.
    pub fn auth_token(
        account_sid: impl TryInto<AccountSid, Error: Into<Error>>,
        token: impl Into<Credential>,
    ) -> Self {
        let user = arg::<AccountSid>(account_sid).map(|sid| sid.to_string());
        Self { user, secret: token.into() }
    }

    /// The SID of an API key and its secret.
    pub fn api_key(
        key_sid: impl TryInto<ApiKeySid, Error: Into<Error>>,
        secret: impl Into<Credential>,
    ) -> Self {
        let user = arg::<ApiKeySid>(key_sid).map(|sid| sid.to_string());
        Self { user, secret: secret.into() }
    }
}

impl TwilioChat {
    /// Starts a client with these credentials.
    pub fn builder(credentials: Credentials) -> TwilioChatBuilder {
        let base_url = Address::new("Twilio Chat base URL");
        TwilioChatBuilder { credentials, base_url, options: ClientOptions::default() }
    }

    /// Returns the handle of a Chat service, by its SID. A text that is none is reported by the
    /// calls made from the handle.
    #[must_use]
    pub fn service(&self, sid: impl TryInto<ServiceSid, Error: Into<Error>>) -> Service {
        Service { transport: self.transport.clone(), sid: arg(sid) }
    }
}

impl operation::Service for TwilioChat {
    fn read_failure(status: StatusCode, _: &HeaderMap, body: &[u8]) -> Failure {
        error::read_failure(status, body)
    }

    fn request_id(headers: &HeaderMap) -> Option<String> {
        request_id(headers)
    }
}

/// A Chat service.
#[derive(Clone, Debug)]
pub struct Service {
    transport: Transport,
    sid: Arg<ServiceSid>,
}

impl Service {
    /// Returns the handle of the service's roles.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles { transport: self.transport.clone(), service: self.sid.clone() }
    }
}

const BOTH_SET: &str = "TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN and TWILIO_API_KEY with \
                        TWILIO_API_SECRET are both set: unset one pair";
const NONE_SET: &str = "neither TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN nor TWILIO_API_KEY with \
                        TWILIO_API_SECRET is set";

impl TwilioChatBuilder {
    pub(crate) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let account = vars.pair("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")?;
        let key = vars.pair("TWILIO_API_KEY", "TWILIO_API_SECRET")?;
        let (variable, credentials) = match (account, key) {
            (Some((sid, key)), None) => ("TWILIO_ACCOUNT_SID", Credentials::auth_token(sid, key)),
            (None, Some((sid, key))) => ("TWILIO_API_KEY", Credentials::api_key(sid, key)),
            (Some(_), Some(_)) => return Err(Error::configuration(BOTH_SET)),
            (None, None) => return Err(Error::configuration(NONE_SET)),
        };
        text(&credentials.user)
            .map_err(|error| Error::configuration(format!("{variable}: {}", error.rule())))?;
        let mut builder = TwilioChat::builder(credentials);
        builder.base_url.read(vars, "TWILIO_CHAT_BASE_URL")?;
        Ok(builder)
    }

    /// Builds the client.
    ///
    /// # Errors
    /// A configuration error that names the setting and the rule, or an invalid-request error if
    /// the SID of the [`Credentials`] is none.
    pub fn build(self) -> Result<TwilioChat, Error> {
        let Self { base_url, options, credentials: Credentials { user, secret } } = self;
        let base = base_url.parse("https://chat.twilio.com", &options)?;
        let scheme = Scheme::Basic(user?);
        let basic = secret.authorizer("Twilio auth token or API secret", scheme, &options)?;
        let transport = Transport::new(base, basic, HeaderMap::new(), &options, &options.budget())?;
        Ok(TwilioChat { transport })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::AccessToken;

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
    fn either_pair_will_do() {
        from(&[ACCOUNT, TOKEN, BASE]).expect("it is complete");
        from(&[KEY, SECRET, BASE]).expect("it is complete");
    }

    #[test]
    fn contradictory_environments_name_the_variables() {
        for (pairs, named) in [
            (&[][..], "neither TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN nor TWILIO_API_KEY"),
            (&[ACCOUNT], "TWILIO_AUTH_TOKEN: is not set, but TWILIO_ACCOUNT_SID is"),
            (&[TOKEN], "TWILIO_ACCOUNT_SID: is not set, but TWILIO_AUTH_TOKEN is"),
            (&[KEY], "TWILIO_API_SECRET: is not set, but TWILIO_API_KEY is"),
            (&[ACCOUNT, TOKEN, SECRET], "TWILIO_API_KEY: is not set, but TWILIO_API_SECRET is"),
            (&[ACCOUNT, TOKEN, KEY, SECRET], "are both set: unset one pair"),
            (&[ACCOUNT, ("TWILIO_AUTH_TOKEN", "")], "TWILIO_AUTH_TOKEN: is set, but empty"),
            (&[("TWILIO_ACCOUNT_SID", "AC1"), TOKEN], "TWILIO_ACCOUNT_SID: must be \"AC\""),
            (&[("TWILIO_API_KEY", KEY.1), ("TWILIO_API_SECRET", "\t")], "TWILIO_API_SECRET"),
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
            [("IS1", role, "ServiceSid: must be"), (service, "RL1", "sid: must be")]
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
