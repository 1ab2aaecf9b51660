//! Harness access control: role assignments, roles, resource groups.
//!
//! Pages: <https://apidocs.harness.io/tag/Org-Role-Assignments>,
//! <https://apidocs.harness.io/tag/Account-Role-Assignments>,
//! <https://apidocs.harness.io/tag/Project-Role-Assignments>.
//!
//! What is *observed* below was seen in the public server source of December 2023 or in public
//! clients, not in the vendor's documents.

mod access;
mod error;
mod resource;
mod resource_groups;
mod role_assignments;
mod roles;
mod validate;

use http::{HeaderMap, HeaderName};

use crate::auth::Fixed;
use crate::error::Error;
use crate::model::env::Vars;
use crate::model::{Secret, opaque_id};
use crate::operation::{Operation, Path};
use crate::transport::{Address, Call, ClientOptions, Transport, secret_header};

pub use error::{ErrorCode, FailedPermissionCheck, FieldError, ResponseMessage, ServiceError};
pub use resource::{Order, SortBy};
pub use resource_groups::{
    FilterResourceGroups, IncludedScope, ListResourceGroups, ManagedFilter, NewResourceGroup,
    ResourceFilter, ResourceGroup, ResourceGroupFilter, ResourceGroups, ScopeFilter,
};
pub use role_assignments::{
    Identifier, ListRoleAssignments, NewRoleAssignment, Principal, PrincipalType, RoleAssignment,
    RoleAssignmentResponse, RoleAssignments, RoleReference, ScopeLevel,
};
pub use roles::{ListRoles, NewRole, Role, RoleScope, Roles};
pub use validate::{Validation, ValidationResult};

opaque_id! {
    /// The identifier of an organization that exists.
    OrgIdentifier, "org"
}

opaque_id! {
    /// The identifier of a project that exists.
    ProjectIdentifier, "project"
}

/// A client of Harness, cheap to clone.
///
/// ```no_run
/// # async fn example() -> Result<(), rolecall::Error> {
/// use rolecall::harness::{Harness, NewRoleAssignment, Principal};
///
/// let harness = Harness::from_env()?;
/// let wanted = NewRoleAssignment::new(
///     "sre_view", "_organization_viewer", "_all_organization_level_resources", Principal::user_group("sre"),
/// )?;
/// let made = harness.org("platform")?.role_assignments().create(&wanted).await?;
/// println!("{} since {:?}", made.role_assignment.identifier, made.created);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Harness {
    transport: Transport,
}

impl Harness {
    /// Starts a client from an API key: a personal or service account token (`pat.…`, `sat.…`).
    pub fn builder(api_key: impl Into<Secret>) -> HarnessBuilder {
        HarnessBuilder {
            api_key: api_key.into(),
            account: None,
            base_url: Address::new("Harness base URL", "https://app.harness.io"),
            options: ClientOptions::default(),
        }
    }

    /// A client from `HARNESS_API_KEY`, and optionally `HARNESS_ACCOUNT_ID` and `HARNESS_BASE_URL`.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        HarnessBuilder::from_env()?.build()
    }

    /// What is assigned for a whole account (that of the API key).
    #[must_use]
    pub fn account(&self) -> Account {
        Account { transport: self.transport.clone() }
    }

    /// What is assigned in an organization.
    ///
    /// # Errors
    /// An invalid-request error that names the rule, if the identifier cannot be part of a path.
    pub fn org<I>(&self, org: I) -> Result<Org, Error>
    where
        I: TryInto<OrgIdentifier>,
        Error: From<I::Error>,
    {
        Ok(Org { transport: self.transport.clone(), org: org.try_into()? })
    }

    /// Prepares any call of this service, also one that the crate does not know.
    pub fn call<O: Operation<Service = Self>>(&self, operation: &O) -> Call<O::Answer> {
        self.transport.call(operation)
    }
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Harness({})", self.transport.address())
    }
}

/// Account scope: `/v1`.
#[derive(Clone, Debug)]
pub struct Account {
    transport: Transport,
}

impl Account {
    /// Role assignments at account scope.
    #[must_use]
    pub fn role_assignments(&self) -> RoleAssignments {
        RoleAssignments::new(self.transport.clone(), Scope::Account)
    }

    /// Roles at account scope.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles::new(self.transport.clone(), Scope::Account)
    }

    /// Resource groups at account scope.
    #[must_use]
    pub fn resource_groups(&self) -> ResourceGroups {
        ResourceGroups::new(self.transport.clone(), Scope::Account)
    }

    /// Lists the resource groups of any scope that match a filter:
    /// `POST /v1/resource-groups/filter` (*documented*; its body is *observed*, see
    /// [`ResourceGroupFilter`]). It changes nothing, and so is repeated like any reading.
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::{ManagedFilter, ResourceGroupFilter};
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let filter = ResourceGroupFilter::new().org("platform").managed(ManagedFilter::OnlyManaged);
    /// let groups = fake.client()?.account().filter_resource_groups(&filter);
    /// let managed = groups.items()?.collect().await?;
    /// assert_eq!(managed[0].identifier, "_all_organization_level_resources");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn filter_resource_groups(&self, filter: &ResourceGroupFilter) -> FilterResourceGroups {
        FilterResourceGroups::new(self.transport.clone(), filter.clone())
    }
}

/// Organization scope: `/v1/orgs/{org}`.
#[derive(Clone, Debug)]
pub struct Org {
    transport: Transport,
    org: OrgIdentifier,
}

impl Org {
    /// Role assignments at organization scope.
    #[must_use]
    pub fn role_assignments(&self) -> RoleAssignments {
        RoleAssignments::new(self.transport.clone(), Scope::Org(self.org.clone()))
    }

    /// Roles at organization scope.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles::new(self.transport.clone(), Scope::Org(self.org.clone()))
    }

    /// Resource groups at organization scope.
    #[must_use]
    pub fn resource_groups(&self) -> ResourceGroups {
        ResourceGroups::new(self.transport.clone(), Scope::Org(self.org.clone()))
    }

    /// What is assigned in a project of this organization.
    ///
    /// # Errors
    /// An invalid-request error that names the rule, if the identifier cannot be part of a path.
    pub fn project<I>(&self, project: I) -> Result<Project, Error>
    where
        I: TryInto<ProjectIdentifier>,
        Error: From<I::Error>,
    {
        let scope = Scope::Project(self.org.clone(), project.try_into()?);
        Ok(Project { transport: self.transport.clone(), scope })
    }
}

/// Project scope: `/v1/orgs/{org}/projects/{project}`.
#[derive(Clone, Debug)]
pub struct Project {
    transport: Transport,
    scope: Scope,
}

impl Project {
    /// Role assignments at project scope.
    #[must_use]
    pub fn role_assignments(&self) -> RoleAssignments {
        RoleAssignments::new(self.transport.clone(), self.scope.clone())
    }

    /// Roles at project scope.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles::new(self.transport.clone(), self.scope.clone())
    }

    /// Resource groups at project scope.
    #[must_use]
    pub fn resource_groups(&self) -> ResourceGroups {
        ResourceGroups::new(self.transport.clone(), self.scope.clone())
    }
}

/// Where something is assigned.
#[derive(Clone, Debug)]
enum Scope {
    Account,
    Org(OrgIdentifier),
    Project(OrgIdentifier, ProjectIdentifier),
}

impl Scope {
    /// The path of this scope out of those for account, organization and project.
    fn path(&self, [account, org, project]: [&'static str; 3]) -> Path<'_> {
        match self {
            Self::Account => Path::fixed(account),
            Self::Org(id) => Path::new(org, [id.as_str()]),
            Self::Project(id, own) => Path::new(project, [id.as_str(), own.as_str()]),
        }
    }

    /// The path of one thing of this scope, out of those for account, organization and project.
    fn path_to<'a>(
        &'a self,
        [account, org, project]: [&'static str; 3],
        identifier: &'a str,
    ) -> Path<'a> {
        match self {
            Self::Account => Path::new(account, [identifier]),
            Self::Org(id) => Path::new(org, [id.as_str(), identifier]),
            Self::Project(id, own) => Path::new(project, [id.as_str(), own.as_str(), identifier]),
        }
    }

    fn level(&self) -> ScopeLevel {
        match self {
            Self::Account => ScopeLevel::Account,
            Self::Org(_) => ScopeLevel::Organization,
            Self::Project(..) => ScopeLevel::Project,
        }
    }
}

/// Sets up a [`Harness`] client.
#[derive(Clone, Debug)]
#[must_use]
pub struct HarnessBuilder {
    api_key: Secret,
    account: Option<String>,
    base_url: Address,
    options: ClientOptions,
}

impl HarnessBuilder {
    /// A builder from the variables of [`Harness::from_env`], to change further.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(&Vars::of_process())
    }

    pub(crate) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let mut builder = Harness::builder(vars.required("HARNESS_API_KEY")?);
        builder.account = vars.optional("HARNESS_ACCOUNT_ID")?;
        builder.base_url.read(vars, "HARNESS_BASE_URL")?;
        Ok(builder)
    }

    /// The account id for the `Harness-Account` header. Needed only where the API key does not
    /// contain it: `pat.<account>.<id>.<secret>` does, the legacy `pat.<id>.<secret>` does not
    /// (*observed*). The vendor documents that the header may be left out with an API key; its
    /// server source needs it, so it is sent whenever it is known.
    pub fn account(mut self, id: impl Into<String>) -> Self {
        self.account = Some(id.into());
        self
    }

    /// The address of the service, default `https://app.harness.io`; a path of its own is kept.
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
    pub fn build(self) -> Result<Harness, Error> {
        let base = self.base_url.parse(&self.options)?;
        let key =
            Fixed::header("Harness API key", HeaderName::from_static("x-api-key"), &self.api_key)?;
        let mut headers = HeaderMap::new();
        if self.account.as_deref() == Some("") {
            return Err(Error::configuration("Harness account id: must not be empty"));
        }
        if let Some(account) = self.account.as_deref().or_else(|| account_of(&self.api_key)) {
            let value = secret_header("Harness account id", account)?;
            headers.insert(HeaderName::from_static("harness-account"), value);
        }
        let transport = Transport::new(base, key, headers, &self.options)?;
        Ok(Harness { transport })
    }
}

/// The account id inside `pat.<account>.<id>.<secret>` or `sat.…`.
fn account_of(api_key: &Secret) -> Option<&str> {
    let mut parts = api_key.expose().split('.');
    let prefix = parts.next()?;
    let (account, _id, _secret) = (parts.next()?, parts.next()?, parts.next()?);
    let known = matches!(prefix, "pat" | "sat") && parts.next().is_none() && !account.is_empty();
    known.then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_read_from_new_tokens_only() {
        for (key, account) in [
            ("pat.fakeAccount.fakeId.fakeSecret", Some("fakeAccount")),
            ("sat.fakeAccount.fakeId.fakeSecret", Some("fakeAccount")),
            ("pat.fakeId.fakeSecret", None),
            ("pat..fakeId.fakeSecret", None),
            ("key.fakeAccount.fakeId.fakeSecret", None),
            ("pat.a.b.c.d", None),
            ("", None),
        ] {
            assert_eq!(account_of(&Secret::new(key)), account, "{key}");
        }
    }

    fn from(pairs: &[(&str, &str)]) -> Result<Harness, Error> {
        let find = |name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
        };
        HarnessBuilder::from_vars(&Vars::new(&find))?.build()
    }

    #[test]
    fn the_environment_is_checked() {
        let ok =
            from(&[("HARNESS_API_KEY", "pat.fake"), ("HARNESS_BASE_URL", "http://[::1]:9/x/")]);
        assert_eq!(format!("{:?}", ok.expect("it is complete")), "Harness(http://[::1]:9)");
        for (pairs, named) in [
            (&[][..], "HARNESS_API_KEY: is not set"),
            (&[("HARNESS_API_KEY", " ")], "HARNESS_API_KEY: is set, but empty"),
            (&[("HARNESS_API_KEY", "a"), ("HARNESS_ACCOUNT_ID", "")], "HARNESS_ACCOUNT_ID"),
            (&[("HARNESS_API_KEY", "a\nb")], "Harness API key: must not contain line breaks"),
            (
                &[("HARNESS_API_KEY", "a"), ("HARNESS_BASE_URL", "nope")],
                "HARNESS_BASE_URL: is not a URL",
            ),
            (
                &[("HARNESS_API_KEY", "a"), ("HARNESS_BASE_URL", "http://x.example")],
                "only for loopback",
            ),
        ] {
            let error = from(pairs).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
            assert_eq!(error.kind(), crate::ErrorKind::Configuration);
        }
    }
}
