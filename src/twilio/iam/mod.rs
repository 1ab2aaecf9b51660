//! Twilio Organizations (preview IAM): who has which role in an organization.
//!
//! Pages: <https://www.twilio.com/docs/iam/access-control/role-assignment-resource>,
//! <https://www.twilio.com/docs/iam/access-control/role-resource>,
//! <https://www.twilio.com/docs/iam/scim/api-reference>,
//! <https://www.twilio.com/docs/iam/oauth-apps/oauth-access-token>.

mod access;
mod accounts;
mod declare;
mod place;
mod role_assignments;
mod roles;
mod scim;
mod token;
mod users;

use http::HeaderMap;

use super::{OrganizationSid, host};
use crate::auth::{Credential, Scheme, StaticCredentials};
use crate::client::client;
use crate::declare::setters;
use crate::error::Error;
use crate::model::env::Vars;
use crate::model::{Arg, arg, one_word};
use crate::transport::{Address, ClientOptions, Transport};

use place::Place;

pub use accounts::{Account, AccountPage, AccountStatus, Accounts, ListAccounts};
pub use place::ApiVersion;
pub use role_assignments::{
    ListRoleAssignments, NewRoleAssignment, RoleAssignment, RoleAssignmentPage, RoleAssignments,
};
pub use roles::{
    ListRolePermissions, ListRoles, Role, RoleLevel, RolePage, RolePermission, RolePermissionPage,
    RolePermissionSid, RolePolicy, RoleProductGroup, Roles,
};
pub use scim::{
    Email, Name, NewUser, PatchOperation, User, UserFilter, UserMeta, UserPatch, UserVersion,
};
pub use token::Credentials;
pub use users::{ListUsers, UserListing, Users};

client! {
    /// A client of Twilio Organizations, cheap to clone.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), rolecall::Error> {
    /// use rolecall::twilio::iam::{NewRoleAssignment, TwilioIam};
    ///
    /// let twilio = TwilioIam::from_env()?;
    /// let new = NewRoleAssignment::new(
    ///     "IX00000000000000000000000000000104", // the role
    ///     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", // where
    ///     "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", // who
    /// )?;
    /// let organization = twilio.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    /// println!("{}", organization.role_assignments().create(&new).await?.sid);
    /// # Ok(())
    /// # }
    /// ```
    TwilioIam { version: ApiVersion },
    TwilioIamBuilder {
        /// Sets the address of the service: default `https://preview-iam.twilio.com` or, at
        /// [`ApiVersion::V2`], `https://iam.twilio.com`; a path of its own is kept. It takes
        /// precedence over edge and region.
        base_url,
        credentials: Credentials,
        version: ApiVersion,
        host: host::Place,
        token_url: Address,
    }
    /// Returns a builder from `TWILIO_CLIENT_ID` and `TWILIO_CLIENT_SECRET`, and optionally
    /// `TWILIO_EDGE` and `TWILIO_REGION` or `TWILIO_IAM_BASE_URL`, and `TWILIO_TOKEN_URL`.
    from_env
}

impl TwilioIam {
    /// Starts a client with OAuth 2.0 [client credentials](Credentials::client) or a
    /// [token](Credentials::token).
    pub fn builder(credentials: impl Into<Credentials>) -> TwilioIamBuilder {
        TwilioIamBuilder {
            credentials: credentials.into(),
            version: ApiVersion::default(),
            host: host::Place::default(),
            base_url: Address::new("Twilio IAM base URL"),
            token_url: Address::new("Twilio token URL"),
            options: ClientOptions::default(),
        }
    }

    /// Returns the handle of an organization, at [`ApiVersion::Preview`].
    ///
    /// The calls made from the handle report, and send nothing: an invalid-request error for an id that
    /// is not an organization's SID; a configuration error at [`ApiVersion::V2`], where the token alone
    /// decides on the organization: see [`own_organization`](Self::own_organization).
    pub fn organization(
        &self,
        sid: impl TryInto<OrganizationSid, Error: Into<Error>>,
    ) -> Organization {
        let rule =
            "OrganizationSid: ApiVersion::V2 takes it from the token, use own_organization()";
        let place = arg(sid).and_then(|sid| match self.version {
            ApiVersion::Preview => Ok(Place::Preview(sid)),
            // An organization that was named and then ignored could be the wrong one.
            ApiVersion::V2 => Err(Error::configuration(rule)),
        });
        Organization { transport: self.transport.clone(), place }
    }

    /// Returns the handle of the access token's organization, at [`ApiVersion::V2`].
    ///
    /// At [`ApiVersion::Preview`], whose paths name the organization, the calls made from the handle
    /// report a configuration error, and send nothing: see [`organization`](Self::organization).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::ApiVersion;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let twilio = fake.builder().api_version(ApiVersion::V2).build()?;
    /// let assignments = twilio.own_organization().role_assignments();
    /// assert!(assignments.list().items().try_collect().await?.is_empty());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn own_organization(&self) -> Organization {
        let rule = "OrganizationSid: ApiVersion::Preview needs it, use organization(…)";
        let place = match self.version {
            ApiVersion::V2 => Ok(Place::V2),
            ApiVersion::Preview => Err(Error::configuration(rule)),
        };
        Organization { transport: self.transport.clone(), place }
    }
}

/// A Twilio organization.
#[derive(Clone, Debug)]
pub struct Organization {
    transport: Transport,
    place: Arg<Place>,
}

impl Organization {
    /// Returns the handle of the organization's accounts. At [`ApiVersion::V2`], which has no known
    /// path for accounts, its calls report a configuration error.
    pub fn accounts(&self) -> Accounts {
        let rule = "accounts: no path is known at ApiVersion::V2, use ApiVersion::Preview";
        let place = self.place.clone().and_then(|place| match place {
            Place::Preview(_) => Ok(place),
            Place::V2 => Err(Error::configuration(rule)),
        });
        Accounts { transport: self.transport.clone(), place }
    }

    /// Returns the handle of the roles that the organization can assign. At [`ApiVersion::Preview`],
    /// which has no known path for them, its calls report a configuration error.
    pub fn roles(&self) -> Roles {
        let rule = "roles: no path is known at ApiVersion::Preview, use ApiVersion::V2";
        let place = self.place.clone().and_then(|place| match place {
            Place::V2 => Ok(place),
            Place::Preview(_) => Err(Error::configuration(rule)),
        });
        Roles { transport: self.transport.clone(), place }
    }

    /// Returns the handle of the organization's users (SCIM).
    pub fn users(&self) -> Users {
        Users { transport: self.transport.clone(), place: self.place.clone() }
    }

    /// Returns the handle of the organization's role assignments: who has which role.
    pub fn role_assignments(&self) -> RoleAssignments {
        RoleAssignments { transport: self.transport.clone(), place: self.place.clone() }
    }
}

impl TwilioIamBuilder {
    pub(crate) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let id = vars.required("TWILIO_CLIENT_ID")?;
        let secret = vars.required("TWILIO_CLIENT_SECRET")?;
        let mut builder = TwilioIam::builder(Credentials::client(id, secret));
        builder.base_url.read(vars, "TWILIO_IAM_BASE_URL")?;
        builder.token_url.read(vars, "TWILIO_TOKEN_URL")?;
        builder.host = host::Place::read(vars)?;
        Ok(builder)
    }

    setters! {
        /// Sets the version of the vendor's API: which of its two addresses of the same resources is
        /// called. Default [`ApiVersion::Preview`].
        api_version = version(ApiVersion);
    }

    host::host_setters! {}

    /// Sets where access tokens come from, default `https://oauth.twilio.com/v2/token`, whatever the
    /// edge and the region are. Client id and secret are sent there and nowhere else.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url.set(url);
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// A configuration error that names the setting and the rule.
    pub fn build(self) -> Result<TwilioIam, Error> {
        let Self { base_url, options, credentials, version, host, token_url } = self;
        let product = match version {
            ApiVersion::Preview => "preview-iam",
            ApiVersion::V2 => "iam",
        };
        let base = host.base(product, &base_url, &options)?;
        let budget = options.budget();
        let client_id = match &credentials.0 {
            token::Kind::Client { id, .. } => Some(id.clone()),
            token::Kind::Token(_) => None,
        };
        let token = match credentials.0 {
            token::Kind::Token(token) => token,
            token::Kind::Client { id, secret } => {
                one_word("Twilio client id", &id)?;
                one_word("Twilio client secret", secret.expose())?;
                let url = token_url.parse("https://oauth.twilio.com/v2/token", &options)?;
                let in_form = StaticCredentials::in_form(&secret);
                let transport = Transport::for_tokens(url, in_form, &options, &budget)?;
                Credential::provider(token::ClientCredentials { transport, id, secret })
            }
        };
        let token = token.authorizer("Twilio access token", Scheme::Bearer, &options)?;
        let transport = Transport::new(base, token, HeaderMap::new(), &options, &budget)?;
        let transport = transport.with_credential_id(client_id);
        Ok(TwilioIam { transport, version })
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
            (
                &[ID, SECRET, BASE, ("TWILIO_TOKEN_URL", "ftp://x")][..],
                "TWILIO_TOKEN_URL: must start",
            ),
            (
                &[ID, SECRET, ("TWILIO_IAM_BASE_URL", "https://u:p@h")],
                "must not contain credentials",
            ),
            (&[ID, SECRET, BASE, ("TWILIO_TOKEN_URL", "http://h.example/t")], "only for loopback"),
            (&[ID, SECRET, ("TWILIO_REGION", "ie1")], "TWILIO_REGION: needs an edge too"),
            (&[ID, SECRET, ("TWILIO_EDGE", "a.b")], "TWILIO_EDGE: must be small letters"),
        ] {
            let error = from(pairs).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    fn the_address_follows_version_edge_and_region() {
        let shown = |builder: TwilioIamBuilder| format!("{:?}", builder.build().expect("valid"));
        let new = || TwilioIam::builder(Credentials::client("OQfake", "obviously-fake"));
        for (builder, host) in [
            (new(), "https://preview-iam.twilio.com"),
            (new().api_version(ApiVersion::V2), "https://iam.twilio.com"),
            (new().edge("dublin"), "https://preview-iam.dublin.us1.twilio.com"),
            (new().edge("dublin").region("ie1"), "https://preview-iam.dublin.ie1.twilio.com"),
            (new().region("ie1").base_url("https://h.example"), "https://h.example"),
        ] {
            assert_eq!(shown(builder), format!("TwilioIam({host})"));
        }
    }
}
