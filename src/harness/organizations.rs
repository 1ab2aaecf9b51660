//! `/v1/orgs` and `/v1/orgs/{org}/projects`.

use std::collections::BTreeMap;

use super::macros::times;
use super::resource::{Container, Readable, Searchable, tags};
use super::{OrgIdentifier, ProjectIdentifier, Resources};
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::operation::Spec;

/// The organizations of the account: <https://apidocs.harness.io/tag/Organization>. They are listed
/// and read; the crate does not create any.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::HarnessFake;
///
/// let fake = HarnessFake::start().await?;
/// fake.add_project("platform", "web");
/// let harness = fake.client()?;
/// let mut organizations = harness.organizations().list().items();
/// while let Some(organization) = organizations.next().await.transpose()? {
///     let scope = harness.org(&organization.org.identifier);
///     let projects = scope.projects().list().items().try_collect().await?;
///     assert_eq!(projects[0].project.identifier, "web");
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
pub type Organizations = Resources<OrganizationResponse>;

/// The projects of an organization: <https://apidocs.harness.io/tag/Org-Project>. They are listed and
/// read; the crate does not create any. [`Organizations`] has an example.
pub type Projects = Resources<ProjectResponse>;

impl Readable for OrganizationResponse {
    const LIST: Spec = Spec::get("harness organizations.list", &["/v1/orgs"]);
    const GET: Spec = Spec::get("harness organizations.get", &["/v1/orgs/{org}"]);

    fn identifier(&self) -> &str {
        self.org.identifier.as_str()
    }
}

impl Readable for ProjectResponse {
    const LIST: Spec = Spec::get("harness projects.list", &["/v1/orgs/{org}/projects"]);
    const GET: Spec = Spec::get("harness projects.get", &["/v1/orgs/{org}/projects/{project}"]);

    fn identifier(&self) -> &str {
        self.project.identifier.as_str()
    }
}

impl Searchable for OrganizationResponse {}

impl Searchable for ProjectResponse {}

impl Container for OrganizationResponse {
    const IDENTIFIER: &'static str = "org";
}

impl Container for ProjectResponse {
    const IDENTIFIER: &'static str = "project";
}

response! {
    /// An organization and what the service knows about it.
    pub struct OrganizationResponse {
        /// The organization itself.
        pub org: Organization,
        /// When it was created, as the service counts; see [`created_at`](Self::created_at).
        pub created: Option<i64>,
        /// When it was last changed, as the service counts; see [`updated_at`](Self::updated_at).
        pub updated: Option<i64>,
        /// Whether Harness itself manages it.
        pub harness_managed: Option<bool>,
    }

    /// An organization.
    pub struct Organization {
        /// The identifier, unique in the account.
        #[serde(deserialize_with = "identifying")]
        pub identifier: OrgIdentifier,
        /// The name.
        pub name: Option<String>,
        /// The description.
        pub description: Option<String>,
        /// The tags.
        #[serde(default, deserialize_with = "tags", skip_serializing_if = "Option::is_none")]
        pub tags: Option<BTreeMap<String, String>>,
    }

    /// A project and what the service knows about it.
    pub struct ProjectResponse {
        /// The project itself.
        pub project: Project,
        /// When it was created, as the service counts; see [`created_at`](Self::created_at).
        pub created: Option<i64>,
        /// When it was last changed, as the service counts; see [`updated_at`](Self::updated_at).
        pub updated: Option<i64>,
        /// Whether the caller marked it as a favorite.
        pub is_favorite: Option<bool>,
    }

    /// A project.
    pub struct Project {
        /// The identifier, unique in its organization.
        #[serde(deserialize_with = "identifying")]
        pub identifier: ProjectIdentifier,
        /// The name.
        pub name: Option<String>,
        /// The organization.
        pub org: Option<String>,
        /// The color that it is shown in.
        pub color: Option<String>,
        /// The Harness modules that it uses.
        pub modules: Option<Vec<String>>,
        /// The description.
        pub description: Option<String>,
        /// The tags.
        #[serde(default, deserialize_with = "tags", skip_serializing_if = "Option::is_none")]
        pub tags: Option<BTreeMap<String, String>>,
    }
}

times! { OrganizationResponse, ProjectResponse }
