//! `/authz/api/permissions`: the permissions that a role can have.

use serde::Deserialize;

use super::ng::{NgFilter, NgList, SUCCESS};
use super::{Scope, ScopeLevel};
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::model::{opaque_id, open_enum};
use crate::operation::Spec;
use crate::transport::List;

opaque_id! {
    /// The identifier of a permission, `core_pipeline_execute` for example.
    PermissionIdentifier, "permission"
}

/// The catalogue of permissions: <https://developer.harness.io/api-reference/platform-apis>,
/// "Permissions".
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::harness::{NewRole, PermissionStatus};
/// use rolecall::testing::HarnessFake;
///
/// let fake = HarnessFake::start().await?;
/// let harness = fake.client()?;
/// let mut all = harness.account().permissions().list().items().try_collect().await?;
/// all.retain(|one| one.status == Some(PermissionStatus::Active) && one.action.as_deref() == Some("view"));
/// let viewer = NewRole::new("viewer", "Viewer", all.into_iter().map(|one| one.identifier.to_string()))?;
/// # let _ = viewer;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Permissions {
    pub(super) scope: Scope,
}

impl Permissions {
    /// Lists the permissions, all in one response: `GET /authz/api/permissions` (*documented*).
    pub fn list(&self) -> List<NgList<ListPermissions>> {
        self.scope.list(ListPermissions)
    }
}

/// The permissions; see [`Permissions::list`].
#[derive(Clone, Debug)]
pub struct ListPermissions;

impl NgFilter for ListPermissions {
    type Item = Permission;
    type Row = PermissionRow;
    const SPEC: Spec =
        Spec::get("harness permissions.list", &["/authz/api/permissions"]).success(SUCCESS);
    const PAGED: bool = false;

    fn key(permission: &Permission) -> String {
        permission.identifier.to_string()
    }
}

/// A permission as the list wraps it.
#[derive(Debug, Deserialize)]
pub struct PermissionRow {
    permission: Permission,
}

impl From<PermissionRow> for Permission {
    fn from(row: PermissionRow) -> Self {
        row.permission
    }
}

open_enum! {
    /// The status of a permission. The vendor's document lists the values without their meaning.
    PermissionStatus {
        /// Staging.
        Staging = "STAGING",
        /// Experimental.
        Experimental = "EXPERIMENTAL",
        /// Active.
        Active = "ACTIVE",
        /// Deprecated.
        Deprecated = "DEPRECATED",
        /// Inactive.
        Inactive = "INACTIVE",
    }
}

response! {
    /// A permission.
    #[serde(rename_all = "camelCase")]
    pub struct Permission {
        /// The identifier, which a role names.
        #[serde(deserialize_with = "identifying")]
        pub identifier: PermissionIdentifier,
        /// The name.
        pub name: Option<String>,
        /// Its status.
        pub status: Option<PermissionStatus>,
        /// The type of the resources that it is about.
        pub resource_type: Option<String>,
        /// What it allows to do with them.
        pub action: Option<String>,
        /// The levels at which it has a meaning.
        pub allowed_scope_levels: Option<Vec<ScopeLevel>>,
        /// Whether every role has it.
        pub include_in_all_roles: Option<bool>,
    }
}
