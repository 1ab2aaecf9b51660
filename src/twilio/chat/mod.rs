//! Twilio Programmable Chat v2: the roles of a Chat service.
//!
//! Page: <https://www.twilio.com/docs/chat/rest/role-resource>. (The product is at the end of its
//! life; `https://ip-messaging.twilio.com` answers the same paths, *documented*.)

mod access;
mod change_permissions;
mod list_roles;
mod roles;

use http::{HeaderMap, StatusCode};

use super::{AccountSid, error, request_id};
use crate::auth::Fixed;
use crate::error::Error;
use crate::model::env::Vars;
use crate::model::{Secret, sid};
use crate::operation::{Failure, Operation, Service as ServiceRules};
use crate::transport::{Address, Call, ClientOptions, Transport};

pub use change_permissions::PermissionsChanged;
pub use list_roles::ListRoles;
pub use roles::{NewRole, Role, RoleSid, RoleType, Roles, permission};

sid! {
    /// A Chat service: `IS` and 32 hexadecimal digits.
    ServiceSid, "ServiceSid", Some("IS")
}

sid! {
    /// An API key: `SK` and 32 hexadecimal digits.
    ApiKeySid, "API key SID", Some("SK")
}

/// A client of Twilio Chat v2, cheap to clone.
///
/// ```no_run
/// # async fn example() -> Result<(), rolecall::Error> {
/// use rolecall::twilio::chat::{NewRole, RoleType, TwilioChat, permission};
///
/// let chat = TwilioChat::from_env()?;
/// let wanted = NewRole::new("moderator", RoleType::Channel, [permission::SEND_MESSAGE])?;
/// let service = chat.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
/// println!("{:?}", service.roles().create(&wanted).await?.sid);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TwilioChat {
    transport: Transport,
}

impl TwilioChat {
    /// Starts a client from the account's SID and its auth token.
    ///
    /// # Errors
    /// An invalid-request error if the SID is not an account's.
    pub fn with_auth_token<I>(
        account_sid: I,
        auth_token: impl Into<Secret>,
    ) -> Result<TwilioChatBuilder, Error>
    where
        I: TryInto<AccountSid>,
        Error: From<I::Error>,
    {
        let sid: AccountSid = account_sid.try_into()?;
        Ok(TwilioChatBuilder::new(sid.to_string(), auth_token.into()))
    }

    /// Starts a client from an API key's SID and its secret.
    ///
    /// # Errors
    /// An invalid-request error if the SID is not an API key's.
    pub fn with_api_key<I>(
        key_sid: I,
        secret: impl Into<Secret>,
    ) -> Result<TwilioChatBuilder, Error>
    where
        I: TryInto<ApiKeySid>,
        Error: From<I::Error>,
    {
        let sid: ApiKeySid = key_sid.try_into()?;
        Ok(TwilioChatBuilder::new(sid.to_string(), secret.into()))
    }

    /// A client from `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN`, or from `TWILIO_API_KEY` and
    /// `TWILIO_API_SECRET`, and optionally `TWILIO_CHAT_BASE_URL`.
    ///
    /// # Errors
    /// A configuration error that names the variables: one of a pair is missing, or both pairs are
    /// set and it is not clear which one is meant.
    pub fn from_env() -> Result<Self, Error> {
        TwilioChatBuilder::from_env()?.build()
    }

    /// What belongs to a Chat service.
    ///
    /// # Errors
    /// An invalid-request error if the id is not a Chat service's SID.
    pub fn service<I>(&self, sid: I) -> Result<Service, Error>
    where
        I: TryInto<ServiceSid>,
        Error: From<I::Error>,
    {
        Ok(Service { transport: self.transport.clone(), sid: sid.try_into()? })
    }

    /// Prepares any call of this service, also one that the crate does not know.
    pub fn call<O: Operation<Service = Self>>(&self, operation: &O) -> Call<O::Answer> {
        self.transport.call(operation)
    }
}

impl std::fmt::Debug for TwilioChat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TwilioChat({})", self.transport.address())
    }
}

impl ServiceRules for TwilioChat {
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
    sid: ServiceSid,
}

impl Service {
    /// The roles of the service.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles::new(self.transport.clone(), self.sid.clone())
    }
}

/// Sets up a [`TwilioChat`] client.
#[derive(Clone, Debug)]
#[must_use]
pub struct TwilioChatBuilder {
    user: String,
    password: Secret,
    base_url: Address,
    options: ClientOptions,
}

impl TwilioChatBuilder {
    fn new(user: String, password: Secret) -> Self {
        Self {
            user,
            password,
            base_url: Address::new("Twilio Chat base URL", "https://chat.twilio.com"),
            options: ClientOptions::default(),
        }
    }

    /// A builder from the variables of [`TwilioChat::from_env`], to change further.
    ///
    /// # Errors
    /// A configuration error that names the variables.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(&Vars::of_process())
    }

    pub(crate) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let account = vars.pair("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")?;
        let key = vars.pair("TWILIO_API_KEY", "TWILIO_API_SECRET")?;
        let mut builder = match (account, key) {
            (Some((sid, token)), None) => TwilioChat::with_auth_token(sid, token)
                .map_err(|error| named("TWILIO_ACCOUNT_SID", &error))?,
            (None, Some((sid, secret))) => TwilioChat::with_api_key(sid, secret)
                .map_err(|error| named("TWILIO_API_KEY", &error))?,
            (Some(_), Some(_)) => {
                return Err(Error::configuration(
                    "TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN and TWILIO_API_KEY with \
                     TWILIO_API_SECRET are both set: unset one pair",
                ));
            }
            (None, None) => {
                return Err(Error::configuration(
                    "neither TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN nor TWILIO_API_KEY with \
                     TWILIO_API_SECRET is set",
                ));
            }
        };
        builder.base_url.read(vars, "TWILIO_CHAT_BASE_URL")?;
        Ok(builder)
    }

    /// The address of the service, default `https://chat.twilio.com`; a path of its own is kept.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url.set(url);
        self
    }

    /// Time limits, retries, HTTP settings.
    pub fn options(mut self, options: ClientOptions) -> Self {
        self.options = options;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// A configuration error that names the setting and the rule.
    pub fn build(self) -> Result<TwilioChat, Error> {
        let base = self.base_url.parse(&self.options)?;
        let basic = Fixed::basic("Twilio auth token or API secret", &self.user, &self.password)?;
        let transport = Transport::new(base, basic, HeaderMap::new(), &self.options)?;
        Ok(TwilioChat { transport })
    }
}

/// An error about a variable's value, as a matter of configuration.
fn named(variable: &str, error: &Error) -> Error {
    Error::configuration(format!("{variable}: {}", error.rule()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
