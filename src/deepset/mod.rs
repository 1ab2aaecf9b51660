//! The org-role service: organization roles of the deepset platform, its users with their roles,
//! and invitations.
//!
//! Pages: <https://docs.cloud.deepset.ai/docs/api/main/add-role-api-v-1-organization-organization-id-roles-post>,
//! <https://docs.cloud.deepset.ai/docs/api/main/get-roles-api-v-1-organization-organization-id-roles-get>,
//! <https://docs.cloud.deepset.ai/docs/api/main/get-users-api-v-1-users-get>,
//! <https://docs.cloud.deepset.ai/docs/api/main/invite-user-to-organization-api-v-1-organization-organization-id-invitation-post>,
//! <https://docs.cloud.deepset.ai/docs/api/main/invite-user-to-workspace-api-v-1-workspaces-workspace-name-invitation-post>.

mod access;
mod api_key;
mod error;
mod invitations;
mod list;
mod roles;
mod users;

use std::time::SystemTime;

use http::HeaderMap;

use crate::auth::{Credential, Scheme};
use crate::client::client;
use crate::error::Error;
use crate::model::env::Vars;
use crate::model::{Arg, arg, check_uuid, checked_id};
use crate::transport::{Address, ClientOptions, Transport};

pub use error::{LocationPart, ServiceError, ValidationError};
pub use invitations::{NewInvitation, Workspace, WorkspaceId, WorkspaceName};
pub use list::Listing;
pub use roles::{Action, Asset, ListRoles, NewRole, Permission, Role, RoleId, Roles};
pub use users::{ListUsers, User, UserId, UserOrganization, UserWorkspace, Users};

checked_id! {
    /// The id of an organization: a UUID (*documented*).
    OrganizationId, "organization_id", check_uuid
}

impl From<uuid::Uuid> for OrganizationId {
    fn from(id: uuid::Uuid) -> Self {
        Self::new_unchecked(&id.to_string())
    }
}

client! {
    /// A client of the deepset platform's organization roles, cheap to clone.
    ///
    /// The only documented way to give a role is an invitation ([`Organization::invite`]). **No
    /// documented call changes a member's role or takes it away**; the platform's web page does.
    /// This crate leaves out two calls seen in 2023 that did so (PATCH and DELETE of a user): the
    /// vendor labelled them private, and their values for roles are out of date. Nor does a
    /// documented call get, change or delete a single role, or list the members of a workspace. The
    /// [list of users](Users::list) shows who has which role.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), rolecall::Error> {
    /// use rolecall::deepset::{Action, Asset, Deepset, NewRole, Permission};
    ///
    /// let deepset = Deepset::from_env()?;
    /// let new = NewRole::new("auditor", "May read everything", [Permission::new(Asset::All, Action::Read)]);
    /// let roles = deepset.organization("7f0c1f5e-0000-4000-8000-000000000000").roles();
    /// println!("{}", roles.create(&new).await?.role_id);
    /// # Ok(())
    /// # }
    /// ```
    Deepset,
    DeepsetBuilder {
        /// Sets the address of the service: default `https://api.cloud.deepset.ai` (EU), in the US
        /// `https://api.us.deepset.ai`. Its path is kept, but for an ending `/api/v1`, which every
        /// call adds.
        base_url,
        api_key: Credential,
    }
    /// Returns a builder from `DEEPSET_API_KEY`, and optionally `DEEPSET_BASE_URL`.
    from_env
}

impl Deepset {
    /// Starts a client with an API key, or a [provider](Credential::provider) of keys.
    pub fn builder(api_key: impl Into<Credential>) -> DeepsetBuilder {
        DeepsetBuilder {
            api_key: api_key.into(),
            base_url: Address::new("deepset base URL"),
            options: ClientOptions::default(),
        }
    }

    /// Returns the handle of an organization, by its UUID. An invalid id is reported by the calls
    /// made from the handle.
    pub fn organization(
        &self,
        id: impl TryInto<OrganizationId, Error: Into<Error>>,
    ) -> Organization {
        Organization { transport: self.transport.clone(), id: arg(id) }
    }
}

/// An organization of the deepset platform.
#[derive(Clone, Debug)]
pub struct Organization {
    transport: Transport,
    id: Arg<OrganizationId>,
}

impl Organization {
    /// Returns the handle of the organization's roles.
    pub fn roles(&self) -> Roles {
        Roles { transport: self.transport.clone(), organization: self.id.clone() }
    }
}

impl DeepsetBuilder {
    pub(crate) fn from_vars(vars: &Vars<'_>) -> Result<Self, Error> {
        let mut builder = Deepset::builder(vars.required("DEEPSET_API_KEY")?);
        builder.base_url.read(vars, "DEEPSET_BASE_URL")?;
        Ok(builder)
    }

    /// Returns when the API key expires, according to the key itself. An expired key explains a 401
    /// whose response may not name the reason.
    ///
    /// `None` if the key does not say, or comes from a [provider](Credential::provider). That keys
    /// have the form `api_<JWT>` is *observed*, and clocks differ, so nothing in this crate depends on
    /// it.
    ///
    /// ```
    /// use rolecall::Deepset;
    /// use std::time::SystemTime;
    ///
    /// let builder = Deepset::builder("api_e30.eyJleHAiOjE3MDAwMDAwMDB9.obviously-fake");
    /// assert!(builder.key_expires_at().is_some_and(|at| at < SystemTime::now()));
    /// ```
    pub fn key_expires_at(&self) -> Option<SystemTime> {
        self.api_key.fixed().and_then(api_key::expires_at)
    }

    /// Builds the client.
    ///
    /// # Errors
    /// A configuration error that names the setting and the rule.
    pub fn build(self) -> Result<Deepset, Error> {
        let Self { base_url, options, api_key } = self;
        let mut base = base_url.parse("https://api.cloud.deepset.ai", &options)?;
        if let Some(kept) = base.path().trim_end_matches('/').strip_suffix("/api/v1") {
            let kept = kept.to_owned();
            base.set_path(&kept);
        }
        let key = api_key.authorizer("deepset API key", Scheme::Bearer, &options)?;
        let budget = options.budget();
        let transport = Transport::new(base, key, HeaderMap::new(), &options, &budget)?;
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
            // Without a TLS feature an https:// client cannot be built; only the path matters here.
            let base = base.replace("https://h.example", "http://127.0.0.1:1");
            let client = Deepset::builder("fake").base_url(base).build().expect("it is a URL");
            let organization = client.organization(uuid::Uuid::nil());
            let call = organization.roles().create(&NewRole::new("r", "d", []));
            let url = call.request().expect("it can be built").uri().to_string();
            let expected = expected.replace("https://h.example", "http://127.0.0.1:1");
            assert!(url.starts_with(&format!("{expected}organization/0")), "{url}");
        }
    }

    #[test]
    fn organization_ids_are_uuids() {
        let simple = uuid::Uuid::nil().simple().to_string();
        for bad in ["", "..", "a/b", "7f0c", &simple, &"x".repeat(1 << 20)] {
            let error = OrganizationId::new(bad).expect_err("it is no UUID");
            assert!(error.to_string().contains("organization_id: must be a UUID"), "{error}");
        }
    }
}
