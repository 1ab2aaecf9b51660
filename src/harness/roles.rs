//! `{scope}/roles`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::identifier::{check_identifier, check_not_empty};
use super::macros::{in_scopes, times};
use super::resource::{Endpoints, Readable, Resource, Updatable, check_labels, part_matches, tags};
use super::scope::Place;
use super::{Identifier, Resources, ScopeLevel};
use crate::declare::{getters, setters};
use crate::error::Error;
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::operation::Spec;

/// The roles in one scope: <https://apidocs.harness.io>, the roles of accounts, organizations and
/// projects.
///
/// The service adds permissions that every role has (*observed*), so a response may hold more than
/// the request.
///
/// [`ensure`](Resources::ensure): a role *matches* if it has this identifier and name and exactly
/// these permissions, apart from those named with [`tolerate`](NewRole::tolerate): no document
/// lists the permissions that the service adds, so a role with any others does not match,
/// nor does one that is read without permissions. Description and tags are compared only if
/// they were set.
///
/// [`delete`](Resources::delete): **the role's assignments are deleted with it** (*observed*).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::Ensured;
/// use rolecall::harness::NewRole;
/// use rolecall::testing::HarnessFake;
///
/// let fake = HarnessFake::start().await?;
/// let roles = fake.client()?.org("platform").roles();
/// let new = NewRole::new("runner", "Runner", ["core_pipeline_execute"])?
///     .tolerate([HarnessFake::COMPULSORY_PERMISSION]);
/// let created = roles.create(&new).await?;
/// assert!(matches!(roles.ensure(&new).await?, Ensured::AlreadyExisted(_)));
///
/// let updated = roles.update(&created.to_new()?.description("Runs things")).await?;
/// assert_eq!(updated.description.as_deref(), Some("Runs things"));
///
/// let viewers = roles.list().search_term("viewer").items().try_collect().await?;
/// assert_eq!(viewers[0].harness_managed, Some(true));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
pub type Roles = Resources<Role>;

impl Resource for Role {
    type New = NewRole;
}

const ALL: &[&str] = in_scopes!("roles");
const ONE: &[&str] = in_scopes!("roles/{role}");

impl Readable for Role {
    const LIST: Spec = Spec::get("harness roles.list", ALL);
    const GET: Spec = Spec::get("harness roles.get", ONE);

    fn identifier(&self) -> &str {
        self.identifier.as_str()
    }
}

impl Endpoints for Role {
    const CREATE: Spec = Spec::post("harness roles.create", ALL);
    const DELETE: Spec = Spec::delete("harness roles.delete", ONE).success(&[200]);
    const ENSURE: &'static str = "harness roles.ensure";
    const ENSURE_ABSENT: &'static str = "harness roles.ensure_absent";

    fn identifier_of(new: &NewRole) -> &str {
        &new.identifier
    }

    fn check(new: &NewRole) -> Result<(), Error> {
        check_labels(&new.description, &new.tags)
    }

    fn matches(&self, desired: &NewRole, _: &Place) -> bool {
        let own: BTreeSet<&String> = desired.permissions.iter().collect();
        let its: BTreeSet<&String> = self.permissions.iter().flatten().collect();
        // What the service did not send is not known to be none.
        self.permissions.is_some()
            && own.is_subset(&its)
            && its.difference(&own).all(|added| desired.tolerated.contains(*added))
            && self.name.as_ref() == Some(&desired.name)
            && part_matches(&desired.description, &self.description)
            && part_matches(&desired.tags, &self.tags)
    }
}

impl Updatable for Role {
    const UPDATE: Spec = Spec::put("harness roles.update", ONE);
}

/// A role to be created, or to replace one. The call refuses a description of over 1024 characters
/// and more than 128 tags (*documented*).
///
/// ```
/// use rolecall::harness::NewRole;
///
/// let new = NewRole::new("runner", "Runner", ["core_pipeline_execute"])?.tag("team", "sre");
/// let refused = NewRole::new("a-b", "Runner", ["core_pipeline_execute"]).unwrap_err();
/// assert!(refused.to_string().contains("identifier: must be a letter"));
/// # let _ = new;
/// # Ok::<(), rolecall::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use]
pub struct NewRole {
    identifier: String,
    name: String,
    permissions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<BTreeMap<String, String>>,
    #[serde(skip)]
    tolerated: BTreeSet<String>,
}

impl NewRole {
    /// Creates a role with this identifier and name and these permissions, e.g.
    /// `core_pipeline_execute`.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule: the identifier's (see
    /// [`Identifier`]), or that the name must not be empty.
    pub fn new(
        identifier: impl Into<String>,
        name: impl Into<String>,
        permissions: impl IntoIterator<Item: Into<String>>,
    ) -> Result<Self, Error> {
        let (identifier, name) = (identifier.into(), name.into());
        check_identifier("identifier", &identifier)?;
        check_not_empty("name", Some(&name))?;
        Ok(Self {
            identifier,
            name,
            permissions: permissions.into_iter().map(Into::into).collect(),
            description: None,
            tags: None,
            tolerated: BTreeSet::new(),
        })
    }

    /// Replaces the permissions.
    pub fn permissions(mut self, permissions: impl IntoIterator<Item: Into<String>>) -> Self {
        self.permissions = permissions.into_iter().map(Into::into).collect();
        self
    }

    setters! {
        /// Describes the role, in at most 1024 characters.
        description(some into String);
    }

    /// Adds a tag; at most 128.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.get_or_insert_default().insert(key.into(), value.into());
        self
    }

    /// Adds permissions that [`ensure`](Resources::ensure) ignores if the existing role has them:
    /// those that the service adds to every role. They are not sent.
    pub fn tolerate(mut self, permissions: impl IntoIterator<Item: Into<String>>) -> Self {
        self.tolerated.extend(permissions.into_iter().map(Into::into));
        self
    }

    getters! {
        /// Returns the identifier.
        borrow identifier: str;
        /// Returns the name.
        borrow name: str;
        /// Returns the permissions.
        borrow get_permissions = permissions: [String];
        /// Returns the description.
        part get_description = description: str;
        /// Returns the tags.
        optional tags: BTreeMap<String, String>;
        /// Returns the permissions that are [tolerated](Self::tolerate).
        borrow tolerated: BTreeSet<String>;
    }
}

response! {
    /// A role as the service has it.
    pub struct Role {
        /// The role's identifier within its scope.
        #[serde(deserialize_with = "identifying")]
        pub identifier: Identifier,
        /// The name.
        pub name: Option<String>,
        /// The permissions, including those that every role has (*observed*).
        pub permissions: Option<Vec<String>>,
        /// At which levels the role can be used.
        pub allowed_scope_levels: Option<Vec<ScopeLevel>>,
        /// The description.
        pub description: Option<String>,
        /// The tags; one without a value is empty.
        #[serde(default, deserialize_with = "tags", skip_serializing_if = "Option::is_none")]
        pub tags: Option<BTreeMap<String, String>>,
        /// Where the role lives.
        pub scope: Option<RoleScope>,
        /// When it was created, as the service counts; see [`created_at`](Self::created_at).
        pub created: Option<i64>,
        /// When it was last changed, as the service counts; see [`updated_at`](Self::updated_at).
        pub updated: Option<i64>,
        /// Whether Harness itself manages it.
        pub harness_managed: Option<bool>,
    }
}

impl Role {
    /// Returns the parts of this role that can be written, to change some (such as
    /// [`permissions`](NewRole::permissions)) and [update](Resources::update) it.
    ///
    /// # Errors
    /// An invalid-request error if the service sent no permissions (not even an empty list), or
    /// what it sent breaks the rules of [`NewRole::new`].
    pub fn to_new(&self) -> Result<NewRole, Error> {
        let name = self.name.clone().unwrap_or_default();
        // Writing an empty list where the service sent none would remove all.
        let permissions = self.permissions.clone().ok_or_else(|| {
            Error::invalid("permissions", "are not known: the service did not send them")
        })?;
        let new = NewRole::new(self.identifier.as_str(), name, permissions)?;
        Ok(NewRole { description: self.description.clone(), tags: self.tags.clone(), ..new })
    }
}

times! { Role }

response! {
    /// Where a role lives.
    #[derive(Default)]
    pub struct RoleScope {
        /// The account.
        pub account: Option<String>,
        /// The organization, below account level.
        pub org: Option<String>,
        /// The project, below organization level.
        pub project: Option<String>,
    }
}
