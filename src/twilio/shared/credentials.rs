//! The credentials of the clients of Chat and Conversations.

use http::HeaderMap;
use url::Url;

use crate::auth::{Credential, Scheme};
use crate::error::Error;
use crate::model::env::Vars;
use crate::model::{Arg, arg, sid, text};
use crate::transport::{ClientOptions, Transport};
use crate::twilio::AccountSid;

sid! {
    /// An API key: `SK` and 32 hexadecimal digits.
    ApiKeySid, "API key SID", Some("SK")
}

/// The credentials of a client (HTTP Basic, *documented*): the SID of an account or an API key, and
/// its secret, which may be fixed or come from a [provider](Credential::provider).
///
/// An invalid SID is reported by the builder's `build`.
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
    pub(in crate::twilio) user: Arg<String>,
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

    /// Reads them from the environment.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub(in crate::twilio) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let (variable, credentials) = match vars.pair("TWILIO_API_KEY", "TWILIO_API_SECRET")? {
            Some((sid, secret)) => ("TWILIO_API_KEY", Credentials::api_key(sid, secret)),
            None => {
                let account = vars.pair("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")?;
                let (sid, token) = account.ok_or_else(|| Error::configuration(NONE_SET))?;
                ("TWILIO_ACCOUNT_SID", Credentials::auth_token(sid, token))
            }
        };
        text(&credentials.user)
            .map_err(|error| Error::configuration(format!("{variable}: {}", error.rule())))?;
        Ok(credentials)
    }

    /// Returns the transport to a service that accepts them.
    ///
    /// # Errors
    /// A configuration error that names the setting, or that of an invalid SID.
    pub(in crate::twilio) fn transport(
        self,
        base: Url,
        options: &ClientOptions,
    ) -> Result<Transport, Error> {
        let user = self.user?;
        let scheme = Scheme::Basic(user.clone());
        let basic = self.secret.authorizer("Twilio auth token or API secret", scheme, options)?;
        let transport = Transport::new(base, basic, HeaderMap::new(), options, &options.budget())?;
        Ok(transport.with_credential_id(Some(user)))
    }
}

const NONE_SET: &str = "neither TWILIO_API_KEY with TWILIO_API_SECRET nor TWILIO_ACCOUNT_SID with \
                        TWILIO_AUTH_TOKEN is set";
