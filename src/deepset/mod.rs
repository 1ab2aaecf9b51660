//! The org-role service: organization roles of the deepset platform.
//!
//! Page: <https://docs.cloud.deepset.ai/docs/api/main/add-role-api-v-1-organization-organization-id-roles-post>.

mod access;
mod api_key;
mod error;
mod list_roles;
mod listing;
mod roles;
mod users;

use std::time::SystemTime;

use http::HeaderMap;
use uuid::Uuid;

use crate::auth::Bearer;
use crate::error::Error;
use crate::model::env::Vars;
use crate::operation::Operation;
use crate::transport::{Address, Call, ClientOptions, Transport};

pub use error::{LocationPart, ServiceError, ValidationError};
pub use list_roles::ListRoles;
pub use roles::{Action, Asset, NewRole, Permission, Role, RoleId, Roles};
pub use users::{ListUsers, User, UserId, UserOrganization, Users};

/// The id of an organization: a UUID (*documented*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationId(Uuid);

impl OrganizationId {
    /// Reads an id.
    ///
    /// # Errors
    /// An invalid-request error if the text is not a UUID.
    pub fn new(id: &str) -> Result<Self, Error> {
        let id = Uuid::try_parse(id).map_err(|_| {
            Error::invalid(
                "organization_id",
                "must be a UUID, e.g. 7f0c1f5e-0000-4000-8000-000000000000",
            )
        })?;
        Ok(Self(id))
    }
}

impl From<Uuid> for OrganizationId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl TryFrom<&str> for OrganizationId {
    type Error = Error;
    fn try_from(id: &str) -> Result<Self, Error> {
        Self::new(id)
    }
}

impl TryFrom<String> for OrganizationId {
    type Error = Error;
    fn try_from(id: String) -> Result<Self, Error> {
        Self::new(&id)
    }
}

impl TryFrom<&String> for OrganizationId {
    type Error = Error;
    fn try_from(id: &String) -> Result<Self, Error> {
        Self::new(id)
    }
}

impl std::str::FromStr for OrganizationId {
    type Err = Error;
    fn from_str(id: &str) -> Result<Self, Error> {
        Self::new(id)
    }
}

impl std::fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A client of the deepset platform's organization roles, cheap to clone.
///
/// ```no_run
/// # async fn example() -> Result<(), rolecall::Error> {
/// use rolecall::deepset::{Action, Asset, Deepset, NewRole, Permission};
///
/// let deepset = Deepset::from_env()?;
/// let wanted = NewRole::new("auditor", "May read everything", [Permission::new(Asset::All, Action::Read)]);
/// let organization = deepset.organization("7f0c1f5e-0000-4000-8000-000000000000")?;
/// println!("{}", organization.roles().create(&wanted).await?.role_id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Deepset {
    transport: Transport,
}

impl Deepset {
    /// Starts a client from an API key, or from a [provider](Bearer::provider) of keys.
    pub fn builder(api_key: impl Into<Bearer>) -> DeepsetBuilder {
        DeepsetBuilder {
            api_key: api_key.into(),
            base_url: Address::new("deepset base URL", "https://api.cloud.deepset.ai"),
            options: ClientOptions::default(),
        }
    }

    /// A client from `DEEPSET_API_KEY`, and optionally `DEEPSET_BASE_URL`.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        DeepsetBuilder::from_env()?.build()
    }

    /// What belongs to an organization, by its UUID.
    ///
    /// # Errors
    /// An invalid-request error if the id is not a UUID.
    pub fn organization<I>(&self, id: I) -> Result<Organization, Error>
    where
        I: TryInto<OrganizationId>,
        Error: From<I::Error>,
    {
        Ok(Organization { transport: self.transport.clone(), id: id.try_into()? })
    }

    /// Prepares any call of this service, also one that the crate does not know.
    pub fn call<O: Operation<Service = Self>>(&self, operation: &O) -> Call<O::Answer> {
        self.transport.call(operation)
    }
}

impl std::fmt::Debug for Deepset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Deepset({})", self.transport.address())
    }
}

/// An organization of the deepset platform.
#[derive(Clone, Debug)]
pub struct Organization {
    transport: Transport,
    id: OrganizationId,
}

impl Organization {
    /// The organization's roles.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles::new(self.transport.clone(), self.id)
    }
}

/// Sets up a [`Deepset`] client.
#[derive(Clone, Debug)]
#[must_use]
pub struct DeepsetBuilder {
    api_key: Bearer,
    base_url: Address,
    options: ClientOptions,
}

impl DeepsetBuilder {
    /// A builder from the variables of [`Deepset::from_env`], to change further.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(&Vars::of_process())
    }

    pub(crate) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let mut builder = Deepset::builder(vars.required("DEEPSET_API_KEY")?);
        builder.base_url.read(vars, "DEEPSET_BASE_URL")?;
        Ok(builder)
    }

    /// The address of the service: default `https://api.cloud.deepset.ai` (EU), in the US
    /// `https://api.us.deepset.ai`. A path of its own is kept, but for an ending `/api/v1`, which
    /// every call adds anyway.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url.set(url);
        self
    }

    /// Time limits, retries, HTTP settings.
    pub fn options(mut self, options: ClientOptions) -> Self {
        self.options = options;
        self
    }

    /// When the API key expires, as the key itself says: a reason for a 401 that the service's
    /// answer may not give, known before the first call.
    ///
    /// `None` if the key does not say, or comes from a [provider](Bearer::provider). That keys have
    /// the form `api_<JWT>` is *observed*, and clocks differ, so nothing in this crate decides by
    /// it.
    ///
    /// ```
    /// use rolecall::Deepset;
    /// use std::time::SystemTime;
    ///
    /// let builder = Deepset::builder("api_e30.eyJleHAiOjE3MDAwMDAwMDB9.obviously-fake");
    /// assert!(builder.key_expires_at().is_some_and(|at| at < SystemTime::now()));
    /// ```
    #[must_use]
    pub fn key_expires_at(&self) -> Option<SystemTime> {
        self.api_key.at_hand().and_then(api_key::expires_at)
    }

    /// The client.
    ///
    /// # Errors
    /// A configuration error that names the setting and the rule.
    pub fn build(self) -> Result<Deepset, Error> {
        let mut base = self.base_url.parse(&self.options)?;
        if let Some(kept) = base.path().trim_end_matches('/').strip_suffix("/api/v1") {
            let kept = kept.to_owned();
            base.set_path(&kept);
        }
        let key = self.api_key.authorizer("deepset API key")?;
        let transport = Transport::new(base, key, HeaderMap::new(), &self.options)?;
        Ok(Deepset { transport })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_ending_api_v1_is_dropped_from_the_base() {
        for (base, expected) in [
            ("https://h.example", "https://h.example/api/v1/"),
            ("https://h.example/api/v1", "https://h.example/api/v1/"),
            ("https://h.example/api/v1/", "https://h.example/api/v1/"),
            ("https://h.example/gw/api/v1", "https://h.example/gw/api/v1/"),
            ("https://h.example/api/v1/gw", "https://h.example/api/v1/gw/api/v1/"),
            ("https://h.example/xapi/v1", "https://h.example/xapi/v1/api/v1/"),
        ] {
            // Without TLS no https:// client can be made, and the address is all that counts here.
            let base = base.replace("https://h.example", "http://127.0.0.1:1");
            let client = Deepset::builder("fake").base_url(base).build().expect("it is a URL");
            let organization = client.organization(Uuid::nil()).expect("it is a UUID");
            let call = organization.roles().create(&NewRole::new("r", "d", []));
            let url = call.request().expect("it can be built").url().to_owned();
            let expected = expected.replace("https://h.example", "http://127.0.0.1:1");
            assert!(url.starts_with(&format!("{expected}organization/0")), "{url}");
        }
    }

    #[test]
    fn organization_ids_are_uuids() {
        for bad in ["", "..", "a/b", "7f0c", &"x".repeat(1 << 20)] {
            let error = OrganizationId::new(bad).expect_err("it is no UUID");
            assert!(error.to_string().contains("organization_id: must be a UUID"), "{error}");
        }
    }
}
