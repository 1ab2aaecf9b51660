//! Harness access control: role assignments, roles, resource groups; organizations and projects; users,
//! user groups, service accounts, permissions.
//!
//! Pages: <https://apidocs.harness.io/tag/Org-Role-Assignments>,
//! <https://apidocs.harness.io/tag/Account-Role-Assignments>,
//! <https://apidocs.harness.io/tag/Project-Role-Assignments>,
//! <https://developer.harness.io/api-reference/platform-apis>; rate limits:
//! <https://developer.harness.io/docs/platform/rate-limits>.
//!
//! Left out: calls that create, change or delete organizations, projects, user groups and service
//! accounts, or add users to a scope; the NG API's own create, bulk create and update of role
//! assignments (see [`RoleAssignments`]); and its check of permissions, by which a caller may only ask
//! about itself (*observed*).
//!
//! What is *observed* below was seen in the public server source of December 2023 or in public
//! clients, not in the vendor's documents.

mod access;
mod delete_many;
mod ensure;
mod error;
mod identifier;
mod list;
mod macros;
mod ng;
mod organizations;
mod permissions;
mod resource;
mod resource_group;
mod resource_group_filter;
mod resources;
mod role_assignment;
mod role_assignment_search;
mod roles;
mod scope;
mod service_accounts;
mod user_groups;
mod users;
mod validate;

use std::sync::Arc;

use http::{HeaderMap, HeaderName};

use crate::auth::{Credential, Scheme};
use crate::client::client;
use crate::error::Error;
use crate::model::env::Vars;
use crate::model::{Secret, arg, one_word};
use crate::transport::{Address, ClientOptions, Transport, secret_header};

use scope::Place;

pub use delete_many::{DeleteFailure, DeletedMany};
pub use error::{ErrorCode, FailedPermissionCheck, FieldError, ResponseMessage, ServiceError};
pub use identifier::{AnyIdentifier, Identifier, OrgIdentifier, ProjectIdentifier};
pub use list::{ListInScope, Order, SortBy};
pub use ng::{NgList, PageResponse};
pub use organizations::{
    Organization, OrganizationResponse, Organizations, Project, ProjectResponse, Projects,
};
pub use permissions::{
    ListPermissions, Permission, PermissionIdentifier, PermissionStatus, Permissions,
};
pub use resource::Resource;
pub use resource_group::{
    IncludedScope, NewResourceGroup, ResourceFilter, ResourceGroup, ResourceGroups, ScopeFilter,
};
pub use resource_group_filter::{FilterResourceGroups, ManagedFilter, ResourceGroupFilter};
pub use resources::Resources;
pub use role_assignment::{
    NewRoleAssignment, Principal, PrincipalType, RoleAssignment, RoleAssignmentResponse,
    RoleAssignments, RoleReference, ScopeLevel,
};
pub use role_assignment_search::{
    AggregatePrincipal, AggregateResourceGroup, AggregateRole, AggregateScope,
    RoleAssignmentAggregate, RoleAssignmentFilter, RoleAssignmentSearch, RoleSummary,
};
pub use roles::{NewRole, Role, RoleScope, Roles};
pub use scope::Scope;
pub use service_accounts::{ListServiceAccounts, ServiceAccount, ServiceAccounts};
pub use user_groups::{
    ListMembers, ListUserGroups, UserGroup, UserGroupFilter, UserGroupFilterType, UserGroups,
};
pub use users::{ParentFilter, User, UserFilter, UserId, Users};
pub use validate::{Validation, ValidationResult};

client! {
    /// A client of Harness, cheap to clone.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), rolecall::Error> {
    /// use rolecall::harness::{Harness, NewRoleAssignment, Principal};
    ///
    /// let harness = Harness::from_env()?;
    /// let new = NewRoleAssignment::new(
    ///     "sre_view", "_organization_viewer", "_all_organization_level_resources", Principal::user_group("sre"),
    /// )?;
    /// let created = harness.org("platform").role_assignments().create(&new).await?;
    /// println!("{} since {:?}", created.role_assignment.identifier, created.created_at());
    /// # Ok(())
    /// # }
    /// ```
    Harness { account_id: Option<Arc<str>> },
    HarnessBuilder {
        /// Sets the address of the service, default `https://app.harness.io`; its path is kept.
        base_url,
        api_key: Credential,
        account_id: Option<String>,
    }
    /// Returns a builder from `HARNESS_API_KEY`, and optionally `HARNESS_ACCOUNT_ID` and
    /// `HARNESS_BASE_URL`.
    from_env
}

impl Harness {
    /// Starts a client with an API key, that is a personal or service account token (`pat.…`,
    /// `sat.…`), or with a [provider](Credential::provider) of keys.
    pub fn builder(api_key: impl Into<Credential>) -> HarnessBuilder {
        HarnessBuilder {
            api_key: api_key.into(),
            account_id: None,
            base_url: Address::new("Harness base URL"),
            options: ClientOptions::default(),
        }
    }

    /// Returns the handle of the account that the API key belongs to: `/v1`.
    pub fn account(&self) -> Scope {
        self.scope(Place::Account)
    }

    /// Returns the handle of an organization: `/v1/orgs/{org}`. An invalid identifier is reported
    /// by the calls made from the handle.
    pub fn org(&self, org: impl TryInto<OrgIdentifier, Error: Into<Error>>) -> Scope {
        self.scope(Place::Org(arg(org)))
    }

    /// Returns the handle of the organizations of the account: `/v1/orgs`.
    pub fn organizations(&self) -> Organizations {
        Resources::new(self.account())
    }

    fn scope(&self, place: Place) -> Scope {
        let (transport, account_id) = (self.transport.clone(), self.account_id.clone());
        Scope { transport, account_id, place }
    }
}

impl HarnessBuilder {
    pub(crate) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let mut builder = Harness::builder(vars.required("HARNESS_API_KEY")?);
        builder.account_id = vars.word("HARNESS_ACCOUNT_ID")?;
        builder.base_url.read(vars, "HARNESS_BASE_URL")?;
        Ok(builder)
    }

    /// Sets the account id for the `Harness-Account` header. It is needed only if the API key does
    /// not contain it: a fixed `pat.<account>.<id>.<secret>` does, the legacy `pat.<id>.<secret>`
    /// does not (*observed*), and the keys of a provider are not inspected. The vendor documents
    /// that the header may be left out with an API key; its server source needs it, so the client
    /// sends it whenever it is known.
    pub fn account_id(mut self, id: impl Into<String>) -> Self {
        self.account_id = Some(id.into());
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// A configuration error that names the setting and the rule.
    pub fn build(self) -> Result<Harness, Error> {
        let Self { base_url, options, api_key, account_id } = self;
        let base = base_url.parse("https://app.harness.io", &options)?;
        account_id.as_deref().map_or(Ok(()), |id| one_word("Harness account id", id))?;
        let of_key = api_key.fixed().and_then(account_of);
        let account_id: Option<Arc<str>> = account_id.as_deref().or(of_key).map(Arc::from);
        let mut headers = HeaderMap::new();
        if let Some(id) = &account_id {
            let value = secret_header("Harness account id", id)?;
            headers.insert(HeaderName::from_static("harness-account"), value);
        }
        let scheme = Scheme::Header(HeaderName::from_static("x-api-key"));
        let key = api_key.authorizer("Harness API key", scheme, &options)?;
        let transport = Transport::new(base, key, headers, &options, &options.budget())?;
        let transport = transport.with_credential_id(account_id.as_deref().map(str::to_owned));
        Ok(Harness { transport, account_id })
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
    fn account_id_is_read_from_new_tokens_only() {
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
    fn environment_is_checked() {
        let ok =
            from(&[("HARNESS_API_KEY", "pat.fake"), ("HARNESS_BASE_URL", "http://[::1]:9/x/")]);
        assert_eq!(format!("{:?}", ok.expect("it is complete")), "Harness(http://[::1]:9)");
        for (pairs, named) in [
            (
                &[("HARNESS_API_KEY", "a"), ("HARNESS_ACCOUNT_ID", "b\n")][..],
                "HARNESS_ACCOUNT_ID: must not contain white space",
            ),
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
