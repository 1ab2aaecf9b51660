//! `{scope}/roles`.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::resource::{
    Create, Delete, Draft, Get, ListPage, Resource, Update, Writable, find, is_open, list, tags,
    time,
};
use super::role_assignments::{check_identifier, check_named};
use super::{Identifier, Scope, ScopeLevel};
use crate::error::Error;
use crate::model::loose::identifying;
use crate::operation::Body;
use crate::transport::{Call, Ensured, EnsuredAbsent, Found, Transport, ensure, ensure_absent};

impl Resource for Role {
    const ALL: [&'static str; 3] =
        ["/v1/roles", "/v1/orgs/{org}/roles", "/v1/orgs/{org}/projects/{project}/roles"];
    const ONE: [&'static str; 3] = [
        "/v1/roles/{role}",
        "/v1/orgs/{org}/roles/{role}",
        "/v1/orgs/{org}/projects/{project}/roles/{role}",
    ];
    const LIST: &'static str = "harness roles.list";
    const GET: &'static str = "harness roles.get";
    const DELETE: &'static str = "harness roles.delete";
    const SAYS_ABSENT: bool = false;

    fn identifier(&self) -> &str {
        self.identifier.as_str()
    }
}

impl Writable for Role {
    type New = NewRole;
    const CREATE: &'static str = "harness roles.create";
    const UPDATE: &'static str = "harness roles.update";
}

list! {
    /// A list of roles; see [`Roles::list`].
    ListRoles of Role, by ListPage<Role>
}

impl ListRoles {
    /// Only roles that match this text (`search_term`). What it is compared with is not documented.
    pub fn search_term(mut self, text: impl Into<String>) -> Self {
        self.page.search_term = Some(text.into());
        self
    }
}

/// The roles of one scope.
#[derive(Clone, Debug)]
pub struct Roles {
    transport: Transport,
    scope: Scope,
}

impl Roles {
    pub(super) fn new(transport: Transport, scope: Scope) -> Self {
        Self { transport, scope }
    }

    /// Creates a role in this scope: `POST {scope}/roles`, 201 (*documented*).
    ///
    /// Never repeated when its outcome is unknown. The service adds permissions that every role has
    /// (*observed*), so that the answer may hold more than was asked for.
    ///
    /// Source: <https://apidocs.harness.io>, the roles of accounts, organizations and projects.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent, if
    /// the description is over 1024 characters long or there are more than 128 tags. A duplicate is
    /// told as for [role assignments](super::RoleAssignments::create). The typed error is
    /// [`ServiceError`](super::ServiceError).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::NewRole;
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let wanted = NewRole::new("runner", "Runner", ["core_pipeline_execute"])?.description("Runs things");
    /// let made = fake.client()?.org("platform")?.roles().create(&wanted).await?;
    /// assert_eq!(made.identifier, "runner");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, new: &NewRole) -> Call<Role> {
        self.transport.call(&Create { scope: &self.scope, new })
    }

    /// Makes sure that a role is there: creates it, and settles by reading what the answer leaves
    /// open (a duplicate, under any of its codes; an unknown outcome).
    ///
    /// *The same* is a role of this identifier and name with exactly these permissions, beside those
    /// named with [`tolerate`](NewRole::tolerate): **the service adds permissions that every role
    /// has** (*observed*), which nobody lists, and a role that holds more than was wanted is not
    /// taken for the same otherwise. Description and tags count where they were set. Anything else
    /// under the identifier is *different*; nothing is changed then, [`update`](Self::update) does.
    ///
    /// Of two callers at once one creates and the other finds. A role is named by its identifier in
    /// its scope, so that creating once more after an unknown outcome cannot make a second one
    /// (inferred).
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) with a
    /// [`Difference<NewRole, Role>`](crate::Difference) where a different role is there; else those
    /// of [`create`](Self::create), [`get`](Self::get) and the list.
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
    /// let roles = fake.client()?.account().roles();
    /// let wanted = NewRole::new("runner", "Runner", ["core_pipeline_execute"])?
    ///     .tolerate([HarnessFake::COMPULSORY_PERMISSION]);
    /// assert!(matches!(roles.ensure(&wanted).await?, Ensured::Created(_)));
    /// assert!(!matches!(roles.ensure(&wanted).await?, Ensured::Created(_)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure(&self, new: &NewRole) -> Result<Ensured<Role>, Error> {
        let find = || {
            let (this, new) = (self.clone(), new.clone());
            Box::pin(async move {
                Ok(match this.find(&new.identifier).await? {
                    None => Found::Absent,
                    Some(role) if new.is_like(&role) => Found::Same(role),
                    Some(role) => Found::Different(role),
                })
            }) as _
        };
        ensure(new, true, || self.create(new), find).await
    }

    /// Lists the roles of this scope, Harness's own among them: `GET {scope}/roles` (*documented*).
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let roles = fake.client()?.account().roles();
    /// let viewers = roles.list().search_term("viewer").items()?.collect().await?;
    /// assert_eq!(viewers[0].harness_managed, Some(true));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> ListRoles {
        let page = ListPage::new(self.scope.clone());
        ListRoles { transport: self.transport.clone(), page }
    }

    /// Reads a role: `GET {scope}/roles/{identifier}` (*documented*).
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// # Errors
    /// A role that does not exist is 400 `INVALID_REQUEST` (*observed*), and so
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) like other wrong input: the
    /// list tells for sure. The typed error is [`ServiceError`](super::ServiceError).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let viewer = fake.client()?.account().roles().get("_account_viewer").await?;
    /// assert_eq!(viewer.harness_managed, Some(true));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn get(&self, identifier: impl AsRef<str>) -> Call<Role> {
        let identifier = identifier.as_ref();
        self.transport.call(&Get { scope: &self.scope, identifier, answer: PhantomData })
    }

    /// Replaces a role: `PUT {scope}/roles/{identifier}`, 200 (*documented*). The identifier in the
    /// path is that of `role`, since the service insists that both are equal.
    ///
    /// What `role` does not set is left out of the request. A PUT is idempotent, so it is repeated
    /// after passing faults; it overwrites what others changed in between. To change a role that was
    /// read, start from [`Role::to_new`].
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) as for
    /// [`create`](Self::create), and for a role that does not exist or that Harness manages (both
    /// 400 `INVALID_REQUEST`, *observed*). The typed error is [`ServiceError`](super::ServiceError).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::NewRole;
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let roles = fake.client()?.account().roles();
    /// let made = roles.create(&NewRole::new("runner", "Runner", ["core_pipeline_execute"])?).await?;
    /// let changed = roles.update(&made.to_new()?.description("Runs things")).await?;
    /// assert_eq!(changed.description.as_deref(), Some("Runs things"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn update(&self, role: &NewRole) -> Call<Role> {
        self.transport.call(&Update { scope: &self.scope, new: role })
    }

    /// Deletes a role, and answers what was deleted: `DELETE {scope}/roles/{identifier}`, 200
    /// (*documented*). **The role's assignments are deleted with it** (*observed*).
    ///
    /// It is repeated after passing faults. A repeated try may be answered 400 `INVALID_REQUEST` by
    /// its own first one, which other refusals share: an error of unknown
    /// [effect](crate::Error::effect), that [`ensure_absent`](Self::ensure_absent) settles.
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a role that does not exist
    /// and for one that Harness manages (both 400 `INVALID_REQUEST`, *observed*). The typed error is
    /// [`ServiceError`](super::ServiceError).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let managed = fake.client()?.account().roles().delete("_account_viewer").await;
    /// assert!(managed.unwrap_err().is_invalid_request());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn delete(&self, identifier: impl AsRef<str>) -> Call<Role> {
        let identifier = identifier.as_ref();
        self.transport.call(&Delete { scope: &self.scope, identifier, answer: PhantomData })
    }

    /// Makes sure that no role has this identifier: deletes it, and settles by reading what the
    /// answer leaves open, for "not found" and "managed" have one code. The role is read, and where
    /// that is refused as invalid too, looked for in the list of its scope.
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete), while the role is there, and those of the reading.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::EnsuredAbsent;
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let roles = fake.client()?.account().roles();
    /// assert_eq!(roles.ensure_absent("runner").await?, EnsuredAbsent::WasAbsent);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure_absent(
        &self,
        identifier: impl AsRef<str> + Send,
    ) -> Result<EnsuredAbsent, Error> {
        let identifier = identifier.as_ref();
        let find = || {
            let (this, identifier) = (self.clone(), identifier.to_owned());
            Box::pin(async move { this.find(&identifier).await }) as _
        };
        ensure_absent(|| self.delete(identifier), |_| false, is_open, find).await
    }

    async fn find(&self, identifier: &str) -> Result<Option<Role>, Error> {
        find(&self.transport, &self.scope, identifier).await
    }
}

/// A role to be created, or to be put in the place of one.
///
/// ```
/// use rolecall::harness::NewRole;
///
/// let wanted = NewRole::new("runner", "Runner", ["core_pipeline_execute"])?.tag("team", "sre");
/// let refused = NewRole::new("a-b", "Runner", ["core_pipeline_execute"]).unwrap_err();
/// assert!(refused.to_string().contains("identifier: must be a letter"));
/// # let _ = wanted;
/// # Ok::<(), rolecall::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// A role of this identifier and name with these permissions, e.g. `core_pipeline_execute`.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule: the identifier's (see
    /// [`Identifier`]), or that the name must not be empty.
    pub fn new<P: Into<String>>(
        identifier: impl Into<String>,
        name: impl Into<String>,
        permissions: impl IntoIterator<Item = P>,
    ) -> Result<Self, Error> {
        let (identifier, name) = (identifier.into(), name.into());
        check_identifier("identifier", &identifier)?;
        check_named("name", &name)?;
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
    #[must_use]
    pub fn permissions<P: Into<String>>(
        mut self,
        permissions: impl IntoIterator<Item = P>,
    ) -> Self {
        self.permissions = permissions.into_iter().map(Into::into).collect();
        self
    }

    /// Describes the role, in at most 1024 characters.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds a tag; at most 128.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.get_or_insert_default().insert(key.into(), value.into());
        self
    }

    /// Permissions that [`Roles::ensure`] takes no offence at: those that the service adds to every
    /// role. They are not sent.
    #[must_use]
    pub fn tolerate<P: Into<String>>(mut self, permissions: impl IntoIterator<Item = P>) -> Self {
        self.tolerated.extend(permissions.into_iter().map(Into::into));
        self
    }

    /// Whether that role is what this one would make.
    fn is_like(&self, role: &Role) -> bool {
        let own: BTreeSet<&String> = self.permissions.iter().collect();
        let its: BTreeSet<&String> = role.permissions.iter().flatten().collect();
        own.is_subset(&its)
            && its.difference(&own).all(|added| self.tolerated.contains(*added))
            && role.name.as_ref() == Some(&self.name)
            && is_as_set(&self.description, &role.description)
            && is_as_set(&self.tags, &role.tags)
    }
}

impl Draft for NewRole {
    fn identifier(&self) -> &str {
        &self.identifier
    }

    fn body(&self) -> Result<Body, Error> {
        check_labels(&self.description, &self.tags)?;
        Body::json(self)
    }
}

/// What was not set does not count; nothing and emptiness are one.
pub(super) fn is_as_set<T: PartialEq + Default>(wanted: &Option<T>, found: &Option<T>) -> bool {
    match (wanted, found) {
        (None, _) => true,
        (Some(wanted), Some(found)) => wanted == found,
        (Some(wanted), None) => *wanted == T::default(),
    }
}

/// The documented limits of description and tags.
///
/// # Errors
/// An invalid-request error that names the field and the rule.
pub(super) fn check_labels(
    description: &Option<String>,
    tags: &Option<BTreeMap<String, String>>,
) -> Result<(), Error> {
    let length = description.as_ref().map_or(0, |text| text.chars().count());
    if length > 1024 {
        let rule = format!("must be at most 1024 characters long, got {length}");
        return Err(Error::invalid("description", rule));
    }
    let count = tags.as_ref().map_or(0, BTreeMap::len);
    if count > 128 {
        return Err(Error::invalid("tags", format!("must be at most 128, got {count}")));
    }
    Ok(())
}

/// A role as the service has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Role {
    /// The role's identifier within its scope.
    #[serde(deserialize_with = "identifying")]
    pub identifier: Identifier,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The permissions, those that every role has among them (*observed*).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// At which levels the role can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_scope_levels: Option<Vec<ScopeLevel>>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The tags; one without a value is empty.
    #[serde(default, deserialize_with = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// Where the role lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<RoleScope>,
    /// When it was created, as the service counts; see [`created_at`](Self::created_at).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// When it was last changed, as the service counts; see [`updated_at`](Self::updated_at).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<i64>,
    /// Whether Harness itself manages it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harness_managed: Option<bool>,
}

impl Role {
    /// The parts of this role that can be written, to change some (such as
    /// [`permissions`](NewRole::permissions)) and [update](Roles::update) it.
    ///
    /// # Errors
    /// An invalid-request error if the service sent no permissions (not even an empty list), or what
    /// it sent breaks the rules of [`NewRole::new`].
    pub fn to_new(&self) -> Result<NewRole, Error> {
        let name = self.name.clone().unwrap_or_default();
        // To write none where none were told would take all of them away.
        let permissions = self.permissions.clone().ok_or_else(|| {
            Error::invalid("permissions", "are not known: the service did not send them")
        })?;
        let new = NewRole::new(self.identifier.as_str(), name, permissions)?;
        Ok(NewRole { description: self.description.clone(), tags: self.tags.clone(), ..new })
    }

    /// [`created`](Self::created) as a time, with the caveat of
    /// [`RoleAssignmentResponse::created_at`](super::RoleAssignmentResponse::created_at).
    #[must_use]
    pub fn created_at(&self) -> Option<SystemTime> {
        self.created.and_then(time)
    }

    /// [`updated`](Self::updated) as a time, with the same caveat.
    #[must_use]
    pub fn updated_at(&self) -> Option<SystemTime> {
        self.updated.and_then(time)
    }
}

/// Where a role lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoleScope {
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The organization, below account level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// The project, below organization level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
}
