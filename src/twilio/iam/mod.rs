//! Twilio Organizations (preview IAM): who has which role in an organization.
//!
//! Pages: <https://www.twilio.com/docs/iam/access-control/role-assignment-resource>,
//! <https://www.twilio.com/docs/iam/oauth-apps/oauth-access-token>.

mod role_assignments;
mod token;

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::{OrganizationSid, error, request_id};
use crate::auth::{Bearer, Fixed};
use crate::error::Error;
use crate::model::Secret;
use crate::model::env::Vars;
use crate::operation::{Failure, Operation, Service};
use crate::transport::{Address, Call, ClientOptions, Transport};

pub use role_assignments::{NewRoleAssignment, RoleAssignment, RoleAssignments};

/// A client of Twilio Organizations, cheap to clone.
///
/// ```no_run
/// # async fn example() -> Result<(), rolecall::Error> {
/// use rolecall::twilio::iam::{NewRoleAssignment, TwilioIam};
///
/// let twilio = TwilioIam::from_env()?;
/// let wanted = NewRoleAssignment::new(
///     "IX00000000000000000000000000000104", // the role
///     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", // where
///     "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", // who
/// )?;
/// let organization = twilio.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
/// println!("{}", organization.role_assignments().create(&wanted).await?.sid);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TwilioIam {
    transport: Transport,
}

impl TwilioIam {
    /// Starts a client from OAuth 2.0 client credentials. It gets, keeps and renews access tokens
    /// by itself. (API keys and auth tokens are refused by this service, *documented*.)
    pub fn builder(
        client_id: impl Into<String>,
        client_secret: impl Into<Secret>,
    ) -> TwilioIamBuilder {
        TwilioIamBuilder::new(Credentials::Client {
            id: client_id.into(),
            secret: client_secret.into(),
        })
    }

    /// Starts a client from an access token at hand, or from a source of your own:
    /// [`Bearer::provider`].
    pub fn with_token(token: impl Into<Bearer>) -> TwilioIamBuilder {
        TwilioIamBuilder::new(Credentials::Token(token.into()))
    }

    /// A client from `TWILIO_CLIENT_ID` and `TWILIO_CLIENT_SECRET`, and optionally
    /// `TWILIO_IAM_BASE_URL` and `TWILIO_TOKEN_URL`.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        TwilioIamBuilder::from_env()?.build()
    }

    /// What belongs to an organization.
    ///
    /// # Errors
    /// An invalid-request error if the id is not an organization's SID.
    pub fn organization<I>(&self, sid: I) -> Result<Organization, Error>
    where
        I: TryInto<OrganizationSid>,
        Error: From<I::Error>,
    {
        Ok(Organization { transport: self.transport.clone(), sid: sid.try_into()? })
    }

    /// Prepares any call of this service, also one that the crate does not know.
    pub fn call<O: Operation<Service = Self>>(&self, operation: &O) -> Call<O::Answer> {
        self.transport.call(operation)
    }
}

impl std::fmt::Debug for TwilioIam {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TwilioIam({})", self.transport.address())
    }
}

impl Service for TwilioIam {
    fn read_failure(status: StatusCode, _: &HeaderMap, body: &[u8]) -> Failure {
        error::read_failure(status, body)
    }

    fn request_id(headers: &HeaderMap) -> Option<String> {
        request_id(headers)
    }
}

/// A Twilio organization.
#[derive(Clone, Debug)]
pub struct Organization {
    transport: Transport,
    sid: OrganizationSid,
}

impl Organization {
    /// Who has which role in the organization.
    #[must_use]
    pub fn role_assignments(&self) -> RoleAssignments {
        RoleAssignments::new(self.transport.clone(), self.sid.clone())
    }
}

/// Sets up a [`TwilioIam`] client.
#[derive(Clone, Debug)]
#[must_use]
pub struct TwilioIamBuilder {
    credentials: Credentials,
    base_url: Address,
    token_url: Address,
    options: ClientOptions,
}

#[derive(Clone, Debug)]
enum Credentials {
    Client { id: String, secret: Secret },
    Token(Bearer),
}

impl TwilioIamBuilder {
    fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            base_url: Address::new("Twilio IAM base URL", "https://preview-iam.twilio.com"),
            token_url: Address::new("Twilio token URL", "https://oauth.twilio.com/v2/token"),
            options: ClientOptions::default(),
        }
    }

    /// A builder from the variables of [`TwilioIam::from_env`], to change further.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(&Vars::of_process())
    }

    pub(crate) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let (id, secret) =
            (vars.required("TWILIO_CLIENT_ID")?, vars.required("TWILIO_CLIENT_SECRET")?);
        let mut builder = TwilioIam::builder(id, secret);
        builder.base_url.read(vars, "TWILIO_IAM_BASE_URL")?;
        builder.token_url.read(vars, "TWILIO_TOKEN_URL")?;
        Ok(builder)
    }

    /// The address of the service, default `https://preview-iam.twilio.com`; a path of its own is
    /// kept.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url.set(url);
        self
    }

    /// Where access tokens come from, default `https://oauth.twilio.com/v2/token`. Client id and
    /// secret are sent there and nowhere else.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url.set(url);
        self
    }

    /// Time limits, retries, HTTP settings; also for the token requests.
    pub fn options(mut self, options: ClientOptions) -> Self {
        self.options = options;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// A configuration error that names the setting and the rule.
    pub fn build(self) -> Result<TwilioIam, Error> {
        let base = self.base_url.parse(&self.options)?;
        let bearer = match self.credentials {
            Credentials::Token(bearer) => bearer,
            Credentials::Client { id, secret } => {
                if id.is_empty() || secret.expose().is_empty() {
                    return Err(Error::configuration(
                        "Twilio client id and client secret: must not be empty",
                    ));
                }
                let url = self.token_url.parse(&self.options)?;
                let in_form = Fixed::in_form(&secret);
                // So that a token request that hangs is given up early enough to try again.
                let attempt = self.options.attempt_timeout.min(Duration::from_secs(10));
                let options = self.options.clone().attempt_timeout(attempt);
                let transport = Transport::new(url, in_form, HeaderMap::new(), &options)?;
                Bearer::provider(token::ClientCredentials::new(transport, id, secret))
            }
        };
        let token = bearer.authorizer("Twilio access token")?;
        let transport = Transport::new(base, token, HeaderMap::new(), &self.options)?;
        Ok(TwilioIam { transport })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<TwilioIam, Error> {
        let find = |name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
        };
        TwilioIamBuilder::from_vars(&Vars::new(&find))?.build()
    }

    #[test]
    fn the_environment_is_checked() {
        const ID: (&str, &str) = ("TWILIO_CLIENT_ID", "OQfake");
        const SECRET: (&str, &str) = ("TWILIO_CLIENT_SECRET", "obviously-fake");
        const BASE: (&str, &str) = ("TWILIO_IAM_BASE_URL", "http://127.0.0.1:1");
        const TOKEN: (&str, &str) = ("TWILIO_TOKEN_URL", "http://localhost:1/t");
        from(&[ID, SECRET, BASE, TOKEN]).expect("it is complete");
        for (pairs, named) in [
            (&[SECRET][..], "TWILIO_CLIENT_ID: is not set"),
            (&[ID], "TWILIO_CLIENT_SECRET: is not set"),
            (&[ID, ("TWILIO_CLIENT_SECRET", "")], "TWILIO_CLIENT_SECRET: is set, but empty"),
            (&[ID, SECRET, BASE, ("TWILIO_TOKEN_URL", "ftp://x")], "TWILIO_TOKEN_URL: must start"),
            (
                &[ID, SECRET, ("TWILIO_IAM_BASE_URL", "https://u:p@h")],
                "must not contain credentials",
            ),
            (&[ID, SECRET, BASE, ("TWILIO_TOKEN_URL", "http://h.example/t")], "only for loopback"),
        ] {
            let error = from(pairs).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
