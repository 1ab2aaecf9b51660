//! Redox Platform access control: who has which role in organizations and environments.
//!
//! Pages: <https://docs.redoxengine.com/permalink/57a33551-3e02-5518-9074-462fcf258408-get-org-roles>,
//! <https://docs.redoxengine.com/permalink/fcdbdc8e-5c38-56e2-940c-bfa962978494-put-org-role>,
//! <https://docs.redoxengine.com/permalink/e53121b4-3946-5579-944a-c704030fb8c1-get-env-roles>,
//! <https://docs.redoxengine.com/permalink/3772a5ac-b389-5e6e-89c4-a3ab30569b43-post-env-role>,
//! <https://docs.redoxengine.com/permalink/25cc4571-9dd5-5cdc-b8b6-8ec342ec5324-put-env-role>,
//! <https://docs.redoxengine.com/permalink/9a482386-b85b-5cf3-925b-3ff6b9cbc178-delete-env-role>,
//! <https://docs.redoxengine.com/permalink/6ef881e7-9e37-5e4a-9688-4411444891a5-get-audit-events>.
//!
//! Left out: a list of organizations, whose response is not documented, and a catalogue of roles,
//! which the API does not have. The API cannot add members to an organization (*documented*).

mod access;
#[cfg(feature = "redox-jwt")]
mod api_key;
mod audit_events;
mod ensure;
#[cfg(test)]
mod ensure_tests;
mod environments;
mod error;
mod reference;
mod response;
mod role_assignments;

use http::HeaderMap;

use crate::auth::{Credential, Scheme};
use crate::client::client;
use crate::error::Error;
use crate::model::env::Vars;
#[cfg(feature = "redox-jwt")]
use crate::model::env::half;
use crate::model::{Arg, arg, opaque_id};
use crate::transport::{Address, ClientOptions, Transport};

#[cfg(feature = "redox-jwt")]
#[cfg_attr(docsrs, doc(cfg(feature = "redox-jwt")))]
pub use api_key::ApiKey;
pub use audit_events::{AuditEvent, AuditEventPage, AuditEvents, ListAuditEvents};
pub use environments::{Environments, ListEnvironments};
pub use error::ServiceError;
pub use reference::{NewRoleAssignment, RoleRef, UserRef};
pub use response::{
    AssignRoleResponse, Envelope, EnvironmentFlag, EnvironmentList, EnvironmentMembership,
    ListedEnvironment, Member, Memberships, Meta, OrganizationMembership, Outcome, Reference,
};
pub use role_assignments::{
    EnvironmentRoleAssignments, ListMemberships, OrganizationRoleAssignments, RoleAssignments,
};

opaque_id! {
    /// The id of a Redox organization. Its form is not documented: text here, a number elsewhere.
    OrganizationId, "organizationId"
}

opaque_id! {
    /// The id of a Redox environment. Its form is not documented.
    EnvironmentId, "environmentId"
}

client! {
    /// A client of the Redox Platform API, cheap to clone.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), rolecall::Error> {
    /// use rolecall::redox::{NewRoleAssignment, Redox, RoleRef, UserRef};
    ///
    /// let redox = Redox::from_env()?;
    /// let new = NewRoleAssignment::new(RoleRef::id("role-uuid")?, UserRef::id("user-id")?);
    /// let response = redox.organization("1234").role_assignments().assign(&new).await?;
    /// println!("format {:?}", response.meta.version);
    /// # Ok(())
    /// # }
    /// ```
    Redox,
    RedoxBuilder {
        /// Sets the address of the service, default `https://api.redoxengine.com/platform`; its path
        /// is kept.
        base_url,
        credentials: Credentials,
        #[cfg(feature = "redox-jwt")]
        token_url: Address,
    }
    /// Returns a builder from `REDOX_API_TOKEN`, or with the feature `redox-jwt` from
    /// `REDOX_CLIENT_ID`, `REDOX_KEY_ID` and `REDOX_PRIVATE_KEY_FILE` (the path of a PEM or JWK)
    /// and optionally `REDOX_TOKEN_URL`; and optionally `REDOX_BASE_URL`. A token and a part of a
    /// key must not both be set.
    from_env
}

impl Redox {
    /// Starts a client with a bearer token, with a [provider](Credential::provider) of such tokens
    /// (they last five minutes, *documented*), or with a user-level `ApiKey` (feature `redox-jwt`),
    /// by which the client fetches, keeps and refreshes access tokens.
    pub fn builder(credentials: impl Into<Credentials>) -> RedoxBuilder {
        RedoxBuilder {
            credentials: credentials.into(),
            base_url: Address::new("Redox base URL"),
            #[cfg(feature = "redox-jwt")]
            token_url: Address::new("Redox token URL"),
            options: ClientOptions::default(),
        }
    }

    /// Returns the handle of an organization. An invalid id is reported by the calls made from the
    /// handle.
    pub fn organization(
        &self,
        id: impl TryInto<OrganizationId, Error: Into<Error>>,
    ) -> Organization {
        Organization { transport: self.transport.clone(), id: arg(id) }
    }

    /// Returns the handle of an environment, whichever organization has it. An invalid id is
    /// reported by the calls made from the handle.
    pub fn environment(&self, id: impl TryInto<EnvironmentId, Error: Into<Error>>) -> Environment {
        Environment { transport: self.transport.clone(), id: arg(id) }
    }
}

/// An organization of the Redox Platform.
#[derive(Clone, Debug)]
pub struct Organization {
    transport: Transport,
    id: Arg<OrganizationId>,
}

impl Organization {
    /// Returns the handle of the organization's role assignments.
    pub fn role_assignments(&self) -> OrganizationRoleAssignments {
        RoleAssignments { transport: self.transport.clone(), place: self.id.clone() }
    }

    /// Returns the handle of the organization's environments.
    pub fn environments(&self) -> Environments {
        Environments { transport: self.transport.clone(), organization: self.id.clone() }
    }

    /// Returns the handle of the organization's audit events.
    pub fn audit_events(&self) -> AuditEvents {
        AuditEvents { transport: self.transport.clone(), organization: self.id.clone() }
    }
}

/// An environment of the Redox Platform.
#[derive(Clone, Debug)]
pub struct Environment {
    transport: Transport,
    id: Arg<EnvironmentId>,
}

impl Environment {
    /// Returns the handle of the environment's role assignments.
    pub fn role_assignments(&self) -> EnvironmentRoleAssignments {
        RoleAssignments { transport: self.transport.clone(), place: self.id.clone() }
    }
}

/// What a client authenticates with: a bearer token, a provider of such tokens, or an API key.
///
/// It is made from anything that a [`Credential`] is made from, and with the feature `redox-jwt`
/// from an `ApiKey`.
#[derive(Clone, Debug)]
pub struct Credentials(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Token(Credential),
    #[cfg(feature = "redox-jwt")]
    ApiKey(ApiKey),
}

impl<T: Into<Credential>> From<T> for Credentials {
    fn from(token: T) -> Self {
        Self(Kind::Token(token.into()))
    }
}

#[cfg(feature = "redox-jwt")]
#[cfg_attr(docsrs, doc(cfg(feature = "redox-jwt")))]
impl From<ApiKey> for Credentials {
    fn from(key: ApiKey) -> Self {
        Self(Kind::ApiKey(key))
    }
}

/// The parts of an API key in the environment.
const KEY: [&str; 3] = ["REDOX_CLIENT_ID", "REDOX_KEY_ID", "REDOX_PRIVATE_KEY_FILE"];
const TOKEN_URL: &str = "REDOX_TOKEN_URL";

impl Credentials {
    /// # Errors
    /// A configuration error that names the variable.
    fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let token = vars.word("REDOX_API_TOKEN")?;
        let mut of_key = None;
        for name in KEY.into_iter().chain([TOKEN_URL]) {
            of_key = of_key.or(vars.optional(name)?.map(|_| name));
        }
        match (token, of_key) {
            (Some(token), None) => Ok(token.into()),
            (None, Some(name)) => Self::api_key(vars, name),
            (Some(_), Some(name)) => Err(Error::configuration(format!(
                "REDOX_API_TOKEN, {name}: are both set, but a client has either a token or a key"
            ))),
            (None, None) => Err(Error::configuration(format!(
                "REDOX_API_TOKEN: is not set, or empty, and so are {}",
                KEY.join(", ")
            ))),
        }
    }

    #[cfg(feature = "redox-jwt")]
    fn api_key(vars: &Vars<'_>, set: &str) -> Result<Self, Error> {
        let [client_id, key_id, file] = KEY;
        let part = |name: &str| vars.word(name)?.ok_or_else(|| half(set, name));
        let path = vars.optional(file)?.ok_or_else(|| half(set, file))?;
        ApiKey::from_file(part(client_id)?, part(key_id)?, file, &path).map(Into::into)
    }

    #[cfg(not(feature = "redox-jwt"))]
    fn api_key(_: &Vars<'_>, set: &str) -> Result<Self, Error> {
        Err(Error::configuration(format!(
            "REDOX_API_TOKEN: is not set; {set} is, which needs the feature `redox-jwt`"
        )))
    }
}

impl RedoxBuilder {
    pub(crate) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let mut builder = Redox::builder(Credentials::from_vars(vars)?);
        builder.base_url.read(vars, "REDOX_BASE_URL")?;
        #[cfg(feature = "redox-jwt")]
        builder.token_url.read(vars, TOKEN_URL)?;
        Ok(builder)
    }

    /// Sets where access tokens come from, default `https://api.redoxengine.com/v2/auth/token`;
    /// also the audience of the assertions. They are sent there and nowhere else. Used with an
    /// [`ApiKey`] only (feature `redox-jwt`).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::redox::{ApiKey, Redox};
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/redox/keys/p384.pem"));
    /// let key = ApiKey::from_pem(RedoxFake::CLIENT_ID, RedoxFake::KEY_ID, pem)?;
    /// let redox = Redox::builder(key)
    ///     .base_url(format!("{}/platform", fake.uri()))
    ///     .token_url(fake.token_url())
    ///     .build()?;
    /// redox.organization("org-1").role_assignments().list().items().try_collect().await?;
    /// assert_eq!(fake.tokens_given(), 1);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    #[cfg(feature = "redox-jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redox-jwt")))]
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url.set(url);
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// A configuration error that names the setting and the rule.
    pub fn build(self) -> Result<Redox, Error> {
        let options = &self.options;
        let base = self.base_url.parse("https://api.redoxengine.com/platform", options)?;
        let budget = options.budget();
        let client_id = match &self.credentials.0 {
            Kind::Token(_) => None,
            #[cfg(feature = "redox-jwt")]
            Kind::ApiKey(key) => Some(key.client_id().to_owned()),
        };
        #[cfg_attr(not(feature = "redox-jwt"), expect(clippy::infallible_destructuring_match))]
        let token = match self.credentials.0 {
            Kind::Token(token) => token,
            #[cfg(feature = "redox-jwt")]
            Kind::ApiKey(key) => {
                let default = "https://api.redoxengine.com/v2/auth/token";
                let url = self.token_url.parse(default, options)?;
                Credential::provider(key.tokens(url, options, &budget)?)
            }
        };
        let token = token.authorizer("Redox API token", Scheme::Bearer, options)?;
        let transport = Transport::new(base, token, HeaderMap::new(), options, &budget)?;
        Ok(Redox { transport: transport.with_credential_id(client_id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Redox, Error> {
        let find = |name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
        };
        RedoxBuilder::from_vars(&Vars::new(&find))?.build()
    }

    fn refused(pairs: &[(&str, &str)], named: &[&str]) {
        let error = from(pairs).expect_err("it contradicts itself").to_string();
        for name in named {
            assert!(error.contains(name), "{name}: {error}");
        }
        assert!(!error.contains("hush"), "{error}");
    }

    const BASE: (&str, &str) = ("REDOX_BASE_URL", "http://127.0.0.1:1");
    const TOKEN: (&str, &str) = ("REDOX_API_TOKEN", "hush-hush");
    const ID: (&str, &str) = ("REDOX_CLIENT_ID", "client");

    #[test]
    fn the_environment_has_a_token_or_a_key() {
        from(&[TOKEN, BASE]).expect("it is complete");
        refused(&[BASE], &["REDOX_API_TOKEN: is not set", "REDOX_PRIVATE_KEY_FILE"]);
        for name in KEY.into_iter().chain([TOKEN_URL]) {
            refused(&[TOKEN, (name, "x")], &["REDOX_API_TOKEN", name, "both set"]);
        }
    }

    #[cfg(not(feature = "redox-jwt"))]
    #[test]
    fn a_key_needs_the_feature() {
        refused(&[ID], &["REDOX_API_TOKEN: is not set", "REDOX_CLIENT_ID", "`redox-jwt`"]);
    }

    #[cfg(feature = "redox-jwt")]
    #[test]
    fn a_key_is_whole_and_read_from_its_file() {
        const KEY_ID: (&str, &str) = ("REDOX_KEY_ID", "obviously-fake-key");
        const URL: (&str, &str) = ("REDOX_TOKEN_URL", "http://localhost:1/t");
        macro_rules! file {
            ($name:literal) => {
                (
                    "REDOX_PRIVATE_KEY_FILE",
                    concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/redox/keys/", $name),
                )
            };
        }
        for file in [file!("rsa.pem"), file!("rsa.jwk.json"), file!("p384.pem")] {
            from(&[ID, KEY_ID, file, URL, BASE]).expect("it is complete");
        }
        let good = file!("rsa.pem");
        refused(&[KEY_ID, good], &["REDOX_CLIENT_ID: is not set", "but REDOX_KEY_ID is"]);
        refused(&[ID, good], &["REDOX_KEY_ID: is not set", "but REDOX_CLIENT_ID is"]);
        refused(&[ID, KEY_ID], &["REDOX_PRIVATE_KEY_FILE: is not set", "but REDOX_CLIENT_ID is"]);
        refused(&[URL], &["REDOX_PRIVATE_KEY_FILE: is not set", "but REDOX_TOKEN_URL is"]);
        let pem = ("REDOX_PRIVATE_KEY_FILE", "-----BEGIN PRIVATE KEY----- hush");
        refused(&[ID, KEY_ID, pem], &["REDOX_PRIVATE_KEY_FILE: the file cannot be read"]);
        let wrong = [ID, KEY_ID, file!("README.md")];
        refused(&wrong, &["REDOX_PRIVATE_KEY_FILE: is not a private key in PEM"]);
        let other = [ID, ("REDOX_KEY_ID", "x"), file!("rsa.jwk.json")];
        refused(&other, &["REDOX_PRIVATE_KEY_FILE: has another kid"]);
        let url = ("REDOX_TOKEN_URL", "ftp://h.example");
        refused(&[ID, KEY_ID, good, BASE, url], &["REDOX_TOKEN_URL: must start"]);
    }
}
