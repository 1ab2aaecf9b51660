//! `/api/v1/organization/{organization_id}/roles`.

use std::collections::HashSet;

use http::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Deepset, ListRoles, OrganizationId};
use crate::error::Error;
use crate::model::loose::identifying;
use crate::model::{check_opaque, checked_id, open_enum};
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Ensured, Found, Transport, ensure};

/// The roles of an organization.
#[derive(Clone, Debug)]
pub struct Roles {
    transport: Transport,
    organization: OrganizationId,
}

impl Roles {
    pub(super) fn new(transport: Transport, organization: OrganizationId) -> Self {
        Self { transport, organization }
    }

    /// Adds a role to the organization: `POST /api/v1/organization/{organization_id}/roles`, 201
    /// (*documented*).
    ///
    /// Never repeated when its outcome is unknown. A second role of the same name is refused with
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
    /// let roles = fake.client()?.organization(DeepsetFake::ORGANIZATION)?.roles();
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
        self.transport.call(&AddRole { organization: self.organization, new })
    }

    /// Makes sure that there is a role of this name, with this description and set of permissions:
    /// adds it, and lists the roles where the name is taken or the outcome is unknown.
    ///
    /// Descriptions are compared as they are, none being the same as an empty one; of the
    /// permissions neither order nor repetition counts, but `write` does not stand for `read`.
    /// Since the service refuses a second role of a name (*documented*), an add that was lost is
    /// made once more, and of two callers at once one adds and the other finds.
    ///
    /// # Undocumented
    /// The shape of the list that settles it: see [`list`](Self::list).
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the role of this name differs, with a
    /// [`Difference<NewRole, Role>`](crate::Difference);
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) if the name is taken by what
    /// the list does not show; else those of [`create`](Self::create) and [`list`](Self::list).
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
    /// let roles = fake.client()?.organization(DeepsetFake::ORGANIZATION)?.roles();
    /// let wanted = NewRole::new("auditor", "Reads files", []);
    /// assert!(matches!(roles.ensure(&wanted).await?, Ensured::Created(_)));
    /// assert!(matches!(roles.ensure(&wanted).await?, Ensured::Existed(_)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure(&self, new: &NewRole) -> Result<Ensured<Role>, Error> {
        let find = || {
            let (roles, new) = (self.clone(), new.clone());
            Box::pin(async move { roles.find(&new).await }) as _
        };
        ensure(new, true, || self.create(new), find).await
    }

    async fn find(&self, new: &NewRole) -> Result<Found<Role>, Error> {
        let mut roles = self.list().page_size(100).items()?;
        while let Some(role) = roles.next().await {
            let role = role?;
            if role.role_name.as_deref() == Some(&new.role_name) {
                let same = new.is_same(&role);
                return Ok(if same { Found::Same(role) } else { Found::Different(role) });
            }
        }
        Ok(Found::Absent)
    }

    /// Lists the roles: `GET /api/v1/organization/{organization_id}/roles`, 200. The shape of the
    /// answer is inferred; [`ListRoles`] has the marks and an example.
    pub fn list(&self) -> ListRoles {
        ListRoles::new(self.transport.clone(), self.organization)
    }
}

struct AddRole<'a> {
    organization: OrganizationId,
    new: &'a NewRole,
}

impl Operation for AddRole<'_> {
    type Service = Deepset;
    type Answer = Role;
    const NAME: &'static str = "deepset roles.create";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[201];
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        let template = "/api/v1/organization/{organization_id}/roles";
        Path::new(template, [self.organization.to_string()])
    }

    fn body(&self) -> Result<Body, Error> {
        if self.new.role_name.is_empty() {
            return Err(Error::invalid("role_name", "must not be empty"));
        }
        let empty =
            |one: &Permission| one.asset.as_str().is_empty() || one.action.as_str().is_empty();
        if self.new.permissions.iter().any(empty) {
            return Err(Error::invalid("permissions", "asset and action must not be empty"));
        }
        Body::json(self.new)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
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

    /// Whether a role of this name is what is wanted.
    fn is_same(&self, role: &Role) -> bool {
        let set = |permissions: &[Permission]| -> HashSet<Permission> {
            permissions.iter().cloned().collect()
        };
        role.description.as_deref().unwrap_or_default() == self.description
            && role.permissions.as_deref().map(set) == Some(set(&self.permissions))
    }
}

checked_id! {
    /// The id of a role. Documented as a UUID; kept as it came.
    RoleId, "role_id", check_opaque
}

impl RoleId {
    /// The id as a UUID; `None` if it is none.
    #[must_use]
    pub fn as_uuid(&self) -> Option<Uuid> {
        Uuid::try_parse(self.as_str()).ok()
    }
}

/// A role of an organization.
///
/// All fields are documented as always present; only the id is insisted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
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
