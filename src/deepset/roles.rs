//! `/api/v1/organization/{organization_id}/roles`.

use http::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Deepset, OrganizationId};
use crate::error::Error;
use crate::model::loose::identifying;
use crate::model::{check_opaque, checked_id, open_enum};
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Transport};

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
