//! `/api/v1/organization/{organization_id}/roles`.

use std::collections::HashSet;

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::list::{Listing, Paging};
use super::{Deepset, OrganizationId};
use crate::declare::getters;
use crate::error::Error;
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::model::{Arg, check_opaque, checked_id, open_enum, text};
use crate::operation::{Body, ListOperation, ListPage, Operation, Spec};
use crate::transport::{Call, Desired, Ensured, Finding, Found, List, Session, Transport};

/// The roles of an organization. They apply in workspaces only, although they belong to the
/// organization (*documented*).
///
/// No documented call gives such a role to a member or takes it away; see [`Deepset`].
#[derive(Clone, Debug)]
pub struct Roles {
    pub(super) transport: Transport,
    pub(super) organization: Arg<OrganizationId>,
}

impl Roles {
    /// Adds a role to the organization: `POST /api/v1/organization/{organization_id}/roles`, 201
    /// (*documented*). The caller must be an admin of the organization (*documented*).
    ///
    /// Never retried when its outcome is unknown. A second role with the same name is refused with
    /// 409 (*documented*).
    ///
    /// Source: <https://docs.cloud.deepset.ai/docs/api/main/add-role-api-v-1-organization-organization-id-roles-post>.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for an unknown organization (404),
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) for a name that is taken (409),
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with a list of what is wrong
    /// (422): [`ServiceError`](super::ServiceError). Other statuses are not documented.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::deepset::{Action, Asset, NewRole, Permission};
    /// use rolecall::testing::DeepsetFake;
    ///
    /// let fake = DeepsetFake::start().await?;
    /// let roles = fake.client()?.organization(DeepsetFake::ORGANIZATION).roles();
    /// let wanted = NewRole::new("auditor", "May read files", [Permission::new(Asset::Files, Action::Read)]);
    /// let made = roles.create(&wanted).await?;
    /// assert_eq!(made.role_name.as_deref(), Some("auditor"));
    /// assert!(roles.create(&wanted).await.unwrap_err().is_already_exists());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, new: &NewRole) -> Call<Role> {
        self.transport.call(&AddRole { organization: &self.organization, new })
    }

    /// Ensures that a role with this name, description and set of permissions exists: adds it, and
    /// lists the roles if the name is taken or the outcome is unknown.
    ///
    /// Descriptions are compared exactly; a missing one equals an empty one. The order and
    /// repetition of permissions do not matter; `write` does not imply `read`. Since the service
    /// refuses a second role with the same name (*documented*), the client repeats an add that did
    /// not take effect. Of two concurrent calls one adds the role and the other finds it.
    ///
    /// # Undocumented
    /// To reconcile, this uses [`list`](Self::list), whose response is inferred.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the role of this name differs, with a
    /// [`Mismatch<NewRole, Role>`](crate::Mismatch);
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) if the name is taken by a role
    /// that the list does not show; otherwise those of [`create`](Self::create) and
    /// [`list`](Self::list).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::Ensured;
    /// use rolecall::deepset::NewRole;
    /// use rolecall::testing::DeepsetFake;
    ///
    /// let fake = DeepsetFake::start().await?;
    /// let roles = fake.client()?.organization(DeepsetFake::ORGANIZATION).roles();
    /// let wanted = NewRole::new("auditor", "Reads files", []);
    /// assert!(matches!(roles.ensure(&wanted).await?, Ensured::Created(_)));
    /// assert!(matches!(roles.ensure(&wanted).await?, Ensured::AlreadyExisted(_)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn ensure(&self, new: &NewRole) -> Call<Ensured<Role>> {
        self.transport.ensure(EnsureRole { roles: self.clone(), new: new.clone() })
    }

    /// Lists the roles of an organization: `GET /api/v1/organization/{organization_id}/roles`, 200.
    ///
    /// # Undocumented
    /// Path and parameters are documented. The page does not show the response: the shape `{data,
    /// has_more, total}` is that of the platform's other lists (inferred), and so are its errors.
    /// Whether the list has the preset roles is not known.
    ///
    /// # Pages
    /// A page has 10 roles by default, and up to 100 by [`page_size`](List::page_size) (*documented*).
    /// The list goes by `page_number`, from 1 or from the set `page_number` on: roles that are
    /// added or removed meanwhile may shift others between pages, so that the list repeats or
    /// misses them. A repeated page is an error, and so is a list that ends before its own total.
    /// With `before` the list goes back in time from a role, each page before the last role of the
    /// previous page (*observed*), whatever the sorting. With `after` there is one page, and an
    /// error after it if there is more: how to continue in that direction is not known.
    ///
    /// A [`Position`](crate::Position) holds a page number and the page size, or the id of a role
    /// if the list goes by `before`. It is valid for a list with the same direction and the same
    /// `page_size`; a page number with another page size is refused.
    ///
    /// Source: <https://docs.cloud.deepset.ai/docs/api/main/get-roles-api-v-1-organization-organization-id-roles-get>.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::deepset::NewRole;
    /// use rolecall::testing::DeepsetFake;
    ///
    /// let fake = DeepsetFake::start().await?;
    /// let roles = fake.client()?.organization(DeepsetFake::ORGANIZATION).roles();
    /// for name in ["reader", "writer", "owner"] {
    ///     roles.create(&NewRole::new(name, "", [])).await?;
    /// }
    /// let mut items = roles.list().page_size(2).items();
    /// while let Some(role) = items.next().await {
    ///     println!("{:?}", role?.role_name);
    /// }
    /// assert_eq!(items.total(), Some(3));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> List<ListRoles> {
        let paging = Paging { page_number: Some(1), ..Paging::default() };
        self.transport.list(ListRoles { organization: self.organization.clone(), paging })
    }
}

const ROLES: &[&str] = &["/api/v1/organization/{organization_id}/roles"];

struct AddRole<'a> {
    organization: &'a Arg<OrganizationId>,
    new: &'a NewRole,
}

impl Operation for AddRole<'_> {
    type Service = Deepset;
    type Output = Role;
    const SPEC: Spec = Spec::post("deepset roles.create", ROLES);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(self.organization)?])
    }

    fn validate(&self) -> Result<(), Error> {
        if self.new.role_name.is_empty() {
            return Err(Error::invalid("role_name", "must not be empty"));
        }
        let empty =
            |one: &Permission| one.asset.as_str().is_empty() || one.action.as_str().is_empty();
        if self.new.permissions.iter().any(empty) {
            return Err(Error::invalid("permissions", "asset and action must not be empty"));
        }
        Ok(())
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.new)
    }
}

/// A page of roles; see [`Roles::list`].
#[derive(Clone, Debug)]
pub struct ListRoles {
    organization: Arg<OrganizationId>,
    paging: Paging,
}

impl Operation for ListRoles {
    type Service = Deepset;
    type Output = Listing<Role>;
    const SPEC: Spec = Spec::get("deepset roles.list", ROLES);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(&self.organization)?])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        self.paging.query().collect()
    }

    fn validate(&self) -> Result<(), Error> {
        self.paging.check(100)
    }
}

impl ListOperation for ListRoles {
    type Item = Role;

    fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        self.paging.seek(cursor)
    }

    fn set_page_size(&mut self, items: u32) {
        self.paging.limit = Some(items);
    }

    fn page(&self, output: Listing<Role>, _: &HeaderMap) -> ListPage<Role> {
        self.paging.page(output, |role| role.role_id.as_str())
    }

    fn key(role: &Role) -> String {
        role.role_id.to_string()
    }
}

impl List<ListRoles> {
    /// Starts at this page, from 1; not together with `before` or
    /// `after`.
    pub fn page_number(mut self, number: u64) -> Self {
        self.operation.paging.page_number = Some(number);
        self
    }

    /// Lists the roles that were created before this one.
    pub fn before(mut self, role: &RoleId) -> Self {
        self.operation.paging.page_number = None;
        self.operation.paging.before = Some(role.to_string());
        self
    }

    /// Lists the roles that were created after this one: one page of them.
    pub fn after(mut self, role: &RoleId) -> Self {
        self.operation.paging.page_number = None;
        self.operation.paging.after = Some(role.to_string());
        self
    }
}

/// A role with a name, for [`Roles::ensure`].
struct EnsureRole {
    roles: Roles,
    new: NewRole,
}

impl Desired for EnsureRole {
    type Item = Role;
    type Created = Role;
    type Request = NewRole;
    const NAME: &'static str = "deepset roles.ensure";
    // The service refuses a second role with the same name (documented).
    const REPEATABLE: bool = true;

    fn request(&self) -> &NewRole {
        &self.new
    }

    fn create(&self) -> Call<Role> {
        self.roles.create(&self.new)
    }

    fn created(&self, created: Role) -> Result<Role, Error> {
        Ok(created)
    }

    fn find<'a>(&'a self, session: &'a Session) -> Finding<'a, Role> {
        Box::pin(async move {
            let mut roles = self.roles.list().page_size(100).within(session).items();
            while let Some(role) = roles.next().await.transpose()? {
                if role.role_name.as_deref() == Some(&self.new.role_name) {
                    return Ok(match self.new.matches(&role) {
                        true => Found::Matching(role),
                        false => Found::Different(role),
                    });
                }
            }
            Ok(Found::Absent)
        })
    }

    /// Nothing: the service refuses a duplicate with a clear error.
    fn find_first<'a>(&'a self, _: &'a Session) -> Finding<'a, Role> {
        Box::pin(std::future::ready(Ok(Found::Absent)))
    }
}

open_enum! {
    /// What a permission protects. Assets are scoped to workspaces.
    Asset {
        /// Feedback.
        Feedback = "feedback",
        /// Management of feedback.
        FeedbackManagement = "feedback_management",
        /// Files.
        Files = "files",
        /// Indexes.
        Indexes = "indexes",
        /// Jobs.
        Jobs = "jobs",
        /// Secrets.
        Secrets = "secrets",
        /// Shared prototypes.
        SharedPrototypes = "shared_prototypes",
        /// Pipelines.
        Pipelines = "pipelines",
        /// Prompts.
        Prompts = "prompts",
        /// Search history.
        SearchHistory = "search_history",
        /// Workspace statistics.
        WorkspaceStatistics = "workspace_statistics",
        /// Workspace members.
        WorkspaceMembers = "workspace_members",
        /// Groundedness.
        Groundedness = "groundedness",
        /// API keys.
        ApiKeys = "api_keys",
        /// Models.
        Models = "models",
        /// The tool registry.
        ToolRegistry = "tool_registry",
        /// Component templates.
        ComponentTemplates = "component_templates",
        /// The MCP server.
        McpServer = "mcp_server",
        /// Everything.
        All = "*",
    }
}

open_enum! {
    /// What a permission allows.
    Action {
        /// Reading.
        Read = "read",
        /// Writing, which includes reading (*documented*).
        Write = "write",
    }
}

/// An action on an asset.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Permission {
    /// What is protected.
    pub asset: Asset,
    /// What is allowed.
    pub action: Action,
}

impl Permission {
    /// Allows an action on an asset; both may be given as text.
    ///
    /// ```
    /// use rolecall::deepset::{Action, Asset, Permission};
    /// assert_eq!(Permission::new("files", "read"), Permission::new(Asset::Files, Action::Read));
    /// ```
    pub fn new(asset: impl Into<Asset>, action: impl Into<Action>) -> Self {
        Self { asset: asset.into(), action: action.into() }
    }
}

/// A role to be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use]
pub struct NewRole {
    role_name: String,
    description: String,
    permissions: Vec<Permission>,
}

impl NewRole {
    /// A role with a name, a description (required, and not null; it may be empty) and permissions
    /// (no minimum is documented).
    ///
    /// An empty name is refused when the call is made.
    pub fn new(
        role_name: impl Into<String>,
        description: impl Into<String>,
        permissions: impl IntoIterator<Item = Permission>,
    ) -> Self {
        Self {
            role_name: role_name.into(),
            description: description.into(),
            permissions: permissions.into_iter().collect(),
        }
    }

    getters! {
        /// Returns the name.
        borrow role_name: str;

        /// Returns the description.
        borrow description: str;

        /// Returns the permissions.
        borrow permissions: [Permission];
    }

    /// Whether a role of this name is as desired.
    fn matches(&self, role: &Role) -> bool {
        let set = |permissions: &[Permission]| -> HashSet<Permission> {
            permissions.iter().cloned().collect()
        };
        role.description.as_deref().unwrap_or_default() == self.description
            && role.permissions.as_deref().map(set) == Some(set(&self.permissions))
    }
}

checked_id! {
    /// The id of a role. Documented as a UUID; kept unchanged.
    RoleId, "role_id", check_opaque
}

impl RoleId {
    /// Returns the id as a UUID; `None` if it is not one.
    pub fn as_uuid(&self) -> Option<Uuid> {
        Uuid::try_parse(self.as_str()).ok()
    }
}

response! {
    /// A role of an organization.
    ///
    /// All fields are documented as always present; only the id is required.
    pub struct Role {
        /// The name.
        pub role_name: Option<String>,
        /// The description; may be null.
        pub description: Option<String>,
        /// The id.
        #[serde(deserialize_with = "identifying")]
        pub role_id: RoleId,
        /// Whether the role is a custom one, and not predefined.
        pub is_custom: Option<bool>,
        /// The permissions.
        pub permissions: Option<Vec<Permission>>,
    }
}
