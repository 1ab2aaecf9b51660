//! Redox Platform access control: who has which role in organizations and environments.
//!
//! Pages: <https://docs.redoxengine.com/permalink/57a33551-3e02-5518-9074-462fcf258408-get-org-roles>,
//! <https://docs.redoxengine.com/permalink/fcdbdc8e-5c38-56e2-940c-bfa962978494-put-org-role>,
//! <https://docs.redoxengine.com/permalink/e53121b4-3946-5579-944a-c704030fb8c1-get-env-roles>,
//! <https://docs.redoxengine.com/permalink/3772a5ac-b389-5e6e-89c4-a3ab30569b43-post-env-role>,
//! <https://docs.redoxengine.com/permalink/25cc4571-9dd5-5cdc-b8b6-8ec342ec5324-put-env-role>,
//! <https://docs.redoxengine.com/permalink/9a482386-b85b-5cf3-925b-3ff6b9cbc178-delete-env-role>.

mod answer;
mod environment_role_assignment;
mod environments;
mod error;
mod reference;
mod role_assignment;
mod settle;

use http::HeaderMap;

use crate::auth::Bearer;
use crate::error::Error;
use crate::model::env::Vars;
use crate::model::opaque_id;
use crate::operation::Operation;
use crate::transport::{Address, Call, ClientOptions, Transport};

pub use answer::{
    AssignRoleResponse, Envelope, EnvironmentFlag, EnvironmentList, EnvironmentMembership,
    ListedEnvironment, Member, Memberships, Meta, OrganizationMembership, Outcome, Reference,
};
pub use environment_role_assignment::EnvironmentRoleAssignments;
pub use environments::Environments;
pub use error::ServiceError;
pub use reference::{NewRoleAssignment, RoleRef, UserRef};
pub use role_assignment::OrganizationRoleAssignments;

opaque_id! {
    /// The id of a Redox organization. Its form is not documented: text here, a number elsewhere.
    OrganizationId, "organizationId"
}

opaque_id! {
    /// The id of a Redox environment. Its form is not documented.
    EnvironmentId, "environmentId"
}

/// A client of the Redox Platform API, cheap to clone.
///
/// ```no_run
/// # async fn example() -> Result<(), rolecall::Error> {
/// use rolecall::redox::{NewRoleAssignment, Redox, RoleRef, UserRef};
///
/// let redox = Redox::from_env()?;
/// let wanted = NewRoleAssignment::new(RoleRef::id("role-uuid")?, UserRef::id("user-id")?);
/// let answer = redox.organization("1234")?.role_assignments().assign(&wanted).await?;
/// println!("format {:?}", answer.meta.version);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redox {
    transport: Transport,
}

impl Redox {
    /// Starts a client from a bearer token, or from a provider of such tokens (they last five
    /// minutes, *documented*): [`Bearer::provider`].
    pub fn builder(token: impl Into<Bearer>) -> RedoxBuilder {
        RedoxBuilder {
            token: token.into(),
            base_url: Address::new("Redox base URL", "https://api.redoxengine.com/platform"),
            options: ClientOptions::default(),
        }
    }

    /// A client from `REDOX_API_TOKEN`, and optionally `REDOX_BASE_URL`.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        RedoxBuilder::from_env()?.build()
    }

    /// What belongs to an organization.
    ///
    /// # Errors
    /// An invalid-request error that names the rule, if the id cannot be part of a path.
    pub fn organization<I>(&self, id: I) -> Result<Organization, Error>
    where
        I: TryInto<OrganizationId>,
        Error: From<I::Error>,
    {
        Ok(Organization { transport: self.transport.clone(), id: id.try_into()? })
    }

    /// What belongs to an environment, whichever organization has it.
    ///
    /// # Errors
    /// An invalid-request error that names the rule, if the id cannot be part of a path.
    pub fn environment<I>(&self, id: I) -> Result<Environment, Error>
    where
        I: TryInto<EnvironmentId>,
        Error: From<I::Error>,
    {
        Ok(Environment { transport: self.transport.clone(), id: id.try_into()? })
    }

    /// Prepares any call of this service, also one that the crate does not know.
    pub fn call<O: Operation<Service = Self>>(&self, operation: &O) -> Call<O::Answer> {
        self.transport.call(operation)
    }
}

impl std::fmt::Debug for Redox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redox({})", self.transport.address())
    }
}

/// An organization of the Redox Platform.
#[derive(Clone, Debug)]
pub struct Organization {
    transport: Transport,
    id: OrganizationId,
}

impl Organization {
    /// Who has which role in the organization.
    #[must_use]
    pub fn role_assignments(&self) -> OrganizationRoleAssignments {
        OrganizationRoleAssignments::new(self.transport.clone(), self.id.clone())
    }

    /// The organization's environments.
    #[must_use]
    pub fn environments(&self) -> Environments {
        Environments::new(self.transport.clone(), self.id.clone())
    }
}

/// An environment of the Redox Platform.
#[derive(Clone, Debug)]
pub struct Environment {
    transport: Transport,
    id: EnvironmentId,
}

impl Environment {
    /// Who has which role in the environment.
    #[must_use]
    pub fn role_assignments(&self) -> EnvironmentRoleAssignments {
        EnvironmentRoleAssignments::new(self.transport.clone(), self.id.clone())
    }
}

/// Sets up a [`Redox`] client.
#[derive(Clone, Debug)]
#[must_use]
pub struct RedoxBuilder {
    token: Bearer,
    base_url: Address,
    options: ClientOptions,
}

impl RedoxBuilder {
    /// A builder from the variables of [`Redox::from_env`], to change further.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(&Vars::of_process())
    }

    pub(crate) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let mut builder = Redox::builder(vars.required("REDOX_API_TOKEN")?);
        builder.base_url.read(vars, "REDOX_BASE_URL")?;
        Ok(builder)
    }

    /// The address of the service, default `https://api.redoxengine.com/platform`; its path is kept.
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
    pub fn build(self) -> Result<Redox, Error> {
        let base = self.base_url.parse(&self.options)?;
        let token = self.token.authorizer("Redox API token")?;
        let transport = Transport::new(base, token, HeaderMap::new(), &self.options)?;
        Ok(Redox { transport })
    }
}
