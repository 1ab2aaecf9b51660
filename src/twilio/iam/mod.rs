//! Twilio Organizations (preview IAM): who has which role in an organization.
//!
//! Pages: <https://www.twilio.com/docs/iam/access-control/role-assignment-resource>,
//! <https://www.twilio.com/docs/iam/access-control/role-resource>,
//! <https://www.twilio.com/docs/iam/scim/api-reference>,
//! <https://www.twilio.com/docs/iam/oauth-apps/oauth-access-token>.

mod access;
mod accounts;
mod paging;
mod place;
mod role_assignments;
mod roles;
mod token;
mod users;

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::{OrganizationSid, error, host, request_id};
use crate::auth::{Bearer, Fixed};
use crate::error::Error;
use crate::model::Secret;
use crate::model::env::Vars;
use crate::operation::{Failure, Operation, Service};
use crate::transport::{Address, Call, ClientOptions, Transport};

use place::Place;

pub use accounts::{Account, AccountStatus, Accounts, ListAccounts};
pub use place::Surface;
pub use role_assignments::{
    ListRoleAssignments, NewRoleAssignment, RoleAssignment, RoleAssignments,
};
pub use roles::{
    ListRolePermissions, ListRoles, Role, RoleLevel, RolePermission, RolePermissionSid, RolePolicy,
    RoleProductGroup, Roles,
};
pub use users::{
    Email, Name, NewUser, User, UserFilter, UserList, UserMeta, UserPatch, UserVersion, Users,
};

const BASE_URL: &str = "Twilio IAM base URL";

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
    surface: Surface,
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
    /// `TWILIO_EDGE` and `TWILIO_REGION` or `TWILIO_IAM_BASE_URL`, and `TWILIO_TOKEN_URL`.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        TwilioIamBuilder::from_env()?.build()
    }

    /// What belongs to an organization.
    ///
    /// # Errors
    /// An invalid-request error if the id is not an organization's SID; a configuration error at
    /// [`Surface::V2`], where the token alone decides on the organization: see
    /// [`own_organization`](Self::own_organization).
    pub fn organization<I>(&self, sid: I) -> Result<Organization, Error>
    where
        I: TryInto<OrganizationSid>,
        Error: From<I::Error>,
    {
        let place = Place::Preview(sid.try_into()?);
        match self.surface {
            Surface::Preview => Ok(Organization { transport: self.transport.clone(), place }),
            // An organization that was named and then passed over could be the wrong one.
            Surface::V2 => Err(Error::configuration(
                "OrganizationSid: Surface::V2 takes the organization from the token, \
                 use own_organization()",
            )),
        }
    }

    /// What belongs to the organization of the access token, at [`Surface::V2`].
    ///
    /// # Errors
    /// A configuration error at [`Surface::Preview`], whose paths name the organization: see
    /// [`organization`](Self::organization).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::Surface;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let twilio = fake.builder().surface(Surface::V2).build()?;
    /// let held = twilio.own_organization()?.role_assignments().list().items()?.collect().await?;
    /// assert!(held.is_empty());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn own_organization(&self) -> Result<Organization, Error> {
        match self.surface {
            Surface::V2 => Ok(Organization { transport: self.transport.clone(), place: Place::V2 }),
            Surface::Preview => Err(Error::configuration(
                "OrganizationSid: Surface::Preview needs it, use organization(…)",
            )),
        }
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
    place: Place,
}

impl Organization {
    /// The accounts that belong to the organization.
    ///
    /// # Errors
    /// A configuration error at [`Surface::V2`], which has no known path for accounts.
    pub fn accounts(&self) -> Result<Accounts, Error> {
        match &self.place {
            Place::Preview(sid) => Ok(Accounts::new(self.transport.clone(), sid.clone())),
            Place::V2 => Err(Error::configuration(
                "accounts: no path for them is known at Surface::V2, use Surface::Preview",
            )),
        }
    }

    /// The roles that the organization can assign.
    ///
    /// # Errors
    /// A configuration error at [`Surface::Preview`], which has no known path for them.
    pub fn roles(&self) -> Result<Roles, Error> {
        match &self.place {
            Place::V2 => Ok(Roles::new(self.transport.clone())),
            Place::Preview(_) => Err(Error::configuration(
                "roles: no path for them is known at Surface::Preview, use Surface::V2",
            )),
        }
    }

    /// The organization's users (SCIM).
    #[must_use]
    pub fn users(&self) -> Users {
        Users::new(self.transport.clone(), self.place.clone())
    }

    /// Who has which role in the organization.
    #[must_use]
    pub fn role_assignments(&self) -> RoleAssignments {
        RoleAssignments::new(self.transport.clone(), self.place.clone())
    }
}

/// Sets up a [`TwilioIam`] client.
#[derive(Clone, Debug)]
#[must_use]
pub struct TwilioIamBuilder {
    credentials: Credentials,
    surface: Surface,
    host: host::Place,
    base_url: Option<Address>,
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
            surface: Surface::default(),
            host: host::Place::default(),
            base_url: None,
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
        const VARIABLE: &str = "TWILIO_IAM_BASE_URL";
        builder.base_url = vars.optional(VARIABLE)?.map(|url| Address::new(VARIABLE, &url));
        builder.host = host::Place::read(vars)?;
        builder.token_url.read(vars, "TWILIO_TOKEN_URL")?;
        Ok(builder)
    }

    /// Which of the vendor's two addresses of the same resources to speak to;
    /// [`Surface::Preview`] by default.
    pub fn surface(mut self, surface: Surface) -> Self {
        self.surface = surface;
        self
    }

    /// The edge by which the service is reached, e.g. `ashburn`:
    /// `{product}.{edge}.{region}.twilio.com` (*documented* in general; whether this product is
    /// served there is not known). The region is `us1` where none is set. Tokens come from the
    /// [`token_url`](Self::token_url) all the same, which has neither.
    pub fn edge(mut self, edge: impl Into<String>) -> Self {
        self.host.set_edge(edge.into());
        self
    }

    /// The region that serves the calls, e.g. `ie1`; it needs an [`edge`](Self::edge) too, since
    /// the vendor routes a region alone to `us1` (*documented*).
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.host.set_region(region.into());
        self
    }

    /// The address of the service, default `https://preview-iam.twilio.com` or, at
    /// [`Surface::V2`], `https://iam.twilio.com`; a path of its own is kept. It counts for more
    /// than edge and region.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(Address::new(BASE_URL, &url.into()));
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
        let base = match self.base_url {
            Some(address) => address,
            None => {
                let product = match self.surface {
                    Surface::Preview => "preview-iam",
                    Surface::V2 => "iam",
                };
                Address::new(BASE_URL, &self.host.address(product)?)
            }
        };
        let base = base.parse(&self.options)?;
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
        Ok(TwilioIam { transport, surface: self.surface })
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
            (&[ID, SECRET, ("TWILIO_REGION", "ie1")], "TWILIO_REGION: needs an edge too"),
            (&[ID, SECRET, ("TWILIO_EDGE", "a.b")], "TWILIO_EDGE: must be small letters"),
            (&[ID, SECRET, ("TWILIO_EDGE", "")], "TWILIO_EDGE: is set, but empty"),
        ] {
            let error = from(pairs).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    fn the_address_follows_surface_edge_and_region() {
        let shown = |builder: TwilioIamBuilder| format!("{:?}", builder.build().expect("valid"));
        let new = || TwilioIam::builder("OQfake", "obviously-fake");
        for (builder, host) in [
            (new(), "https://preview-iam.twilio.com"),
            (new().surface(Surface::V2), "https://iam.twilio.com"),
            (new().edge("dublin"), "https://preview-iam.dublin.us1.twilio.com"),
            (new().edge("dublin").region("ie1"), "https://preview-iam.dublin.ie1.twilio.com"),
            (new().region("ie1").base_url("https://h.example"), "https://h.example"),
        ] {
            assert_eq!(shown(builder), format!("TwilioIam({host})"));
        }
    }
}
