//! `{scope}/resource-groups`.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::time::SystemTime;

use http::Method;
use serde::{Deserialize, Serialize};

use super::resource::{
    Create, Delete, Draft, Get, ListPage, Paged, Paging, Resource, Update, Writable, find, is_open,
    list, tags, time,
};
use super::role_assignments::{check_identifier, check_named};
use super::roles::{check_labels, is_as_set};
use super::{Harness, Identifier, Scope, ScopeLevel};
use crate::error::Error;
use crate::model::loose::identifying;
use crate::model::open_enum;
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{
    Call, Ensured, EnsuredAbsent, Found, List, Listed, Response, Transport, ensure, ensure_absent,
};

impl Resource for ResourceGroup {
    const ALL: [&'static str; 3] = [
        "/v1/resource-groups",
        "/v1/orgs/{org}/resource-groups",
        "/v1/orgs/{org}/projects/{project}/resource-groups",
    ];
    const ONE: [&'static str; 3] = [
        "/v1/resource-groups/{resource-group}",
        "/v1/orgs/{org}/resource-groups/{resource-group}",
        "/v1/orgs/{org}/projects/{project}/resource-groups/{resource-group}",
    ];
    const LIST: &'static str = "harness resource-groups.list";
    const GET: &'static str = "harness resource-groups.get";
    const DELETE: &'static str = "harness resource-groups.delete";
    const SAYS_ABSENT: bool = false;

    fn identifier(&self) -> &str {
        self.identifier.as_str()
    }
}

impl Writable for ResourceGroup {
    type New = NewResourceGroup;
    const CREATE: &'static str = "harness resource-groups.create";
    const UPDATE: &'static str = "harness resource-groups.update";
}

list! {
    /// A list of resource groups; see [`ResourceGroups::list`].
    ListResourceGroups of ResourceGroup, by ListPage<ResourceGroup>
}

impl ListResourceGroups {
    /// Only groups that match this text (`search_term`). What it is compared with is not documented.
    pub fn search_term(mut self, text: impl Into<String>) -> Self {
        self.page.search_term = Some(text.into());
        self
    }
}

list! {
    /// A filtered list of resource groups; see
    /// [`Account::filter_resource_groups`](super::Account::filter_resource_groups).
    FilterResourceGroups of ResourceGroup, by FilterPage
}

impl FilterResourceGroups {
    pub(super) fn new(transport: Transport, filter: ResourceGroupFilter) -> Self {
        Self { transport, page: FilterPage { filter, paging: Paging::default() } }
    }
}

/// `POST` for a page: it changes nothing.
#[derive(Clone, Debug)]
struct FilterPage {
    filter: ResourceGroupFilter,
    paging: Paging,
}

/// Of lists that the caller fills.
const EMPTY: &str = "must not be empty; leave it out for all";

impl Operation for FilterPage {
    type Service = Harness;
    type Answer = Vec<ResourceGroup>;
    const NAME: &'static str = "harness resource-groups.filter";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::fixed("/v1/resource-groups/filter")
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        self.paging.query()
    }

    fn body(&self) -> Result<Body, Error> {
        if self.filter.identifier_filter.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::invalid("identifier_filter", EMPTY));
        }
        Body::json(&self.filter)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

impl List for FilterPage {
    type Item = ResourceGroup;

    fn at(&self, cursor: &str) -> Result<Self, Error> {
        Ok(Self { paging: self.paging.at(cursor)?, ..self.clone() })
    }

    fn page(&self, answer: Response<Self::Answer>) -> Listed<ResourceGroup> {
        self.paging.listed(answer)
    }

    fn key(item: &ResourceGroup) -> String {
        item.identifier.to_string()
    }
}

impl Paged for FilterPage {
    fn paging(&self) -> &Paging {
        &self.paging
    }

    fn paging_mut(&mut self) -> &mut Paging {
        &mut self.paging
    }
}

/// Which resource groups a [`FilterResourceGroups`] lists: those that match everything set here.
///
/// The call is documented; the body is that of the client that is generated from the vendor's API
/// document (*observed*). A filter by contained resources exists, too, and is not offered: the name
/// of one of its fields changed between versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ResourceGroupFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_term: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier_filter: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_filter: Option<ManagedFilter>,
}

impl ResourceGroupFilter {
    /// No filter yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Groups of this account.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Groups of this organization.
    #[must_use]
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// Groups of this project.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Groups whose identifier or name matches this text.
    #[must_use]
    pub fn search_term(mut self, text: impl Into<String>) -> Self {
        self.search_term = Some(text.into());
        self
    }

    /// Groups with one of these identifiers. None at all are refused by the call: without this filter,
    /// it would list all groups.
    #[must_use]
    pub fn identifiers<I: Into<String>>(mut self, any: impl IntoIterator<Item = I>) -> Self {
        self.identifier_filter.get_or_insert_default().extend(any.into_iter().map(Into::into));
        self
    }

    /// Groups that Harness manages, or those that it does not.
    #[must_use]
    pub fn managed(mut self, filter: ManagedFilter) -> Self {
        self.managed_filter = Some(filter);
        self
    }
}

open_enum! {
    /// Whose resource groups are listed.
    ManagedFilter {
        /// All.
        NoFilter = "NO_FILTER",
        /// Those that Harness manages.
        OnlyManaged = "ONLY_MANAGED",
        /// Those that it does not.
        OnlyCustom = "ONLY_CUSTOM",
    }
}

/// The resource groups of one scope.
#[derive(Clone, Debug)]
pub struct ResourceGroups {
    transport: Transport,
    scope: Scope,
}

impl ResourceGroups {
    pub(super) fn new(transport: Transport, scope: Scope) -> Self {
        Self { transport, scope }
    }

    /// Creates a resource group in this scope: `POST {scope}/resource-groups`, 201 (*documented*).
    ///
    /// Never repeated when its outcome is unknown.
    ///
    /// Source: <https://apidocs.harness.io>, the resource groups of accounts, organizations and
    /// projects.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent, if
    /// the description is over 1024 characters long or there are more than 128 tags (*documented*
    /// for roles), or if a filter has an empty list of identifiers or values. A duplicate is told as for [role assignments](super::RoleAssignments::create).
    /// The typed error is [`ServiceError`](super::ServiceError).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::{IncludedScope, NewResourceGroup, ResourceFilter};
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let wanted = NewResourceGroup::new("pipelines", "Pipelines")?
    ///     .include(IncludedScope::excluding_child_scopes().org("platform"))
    ///     .filter(ResourceFilter::new("PIPELINE"));
    /// let made = fake.client()?.org("platform")?.resource_groups().create(&wanted).await?;
    /// assert_eq!(made.identifier, "pipelines");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, new: &NewResourceGroup) -> Call<ResourceGroup> {
        self.transport.call(&Create { scope: &self.scope, new })
    }

    /// Makes sure that a resource group is there: creates it, and settles by reading what the answer
    /// leaves open (a duplicate, under any of its codes; an unknown outcome).
    ///
    /// *The same* is a group of this identifier and name with the same resources: whether all of
    /// them, the filters and the included scopes, in any order (an account that was not named is not
    /// compared). A group for which no scope was set may come with none or with its own alone,
    /// without child scopes (inferred: nobody says what the service makes of none), and a filter for
    /// all of a type with an empty list (inferred, too). Color, description and tags count where they
    /// were set. Anything else under the identifier is *different*; nothing is changed then,
    /// [`update`](Self::update) does.
    ///
    /// Of two callers at once one creates and the other finds. A group is named by its identifier in
    /// its scope, so that creating once more after an unknown outcome cannot make a second one
    /// (inferred).
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) with a
    /// [`Difference<NewResourceGroup, ResourceGroup>`](crate::Difference) where a different group is
    /// there; else those of [`create`](Self::create), [`get`](Self::get) and the list.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::Ensured;
    /// use rolecall::harness::NewResourceGroup;
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let groups = fake.client()?.account().resource_groups();
    /// let wanted = NewResourceGroup::new("all", "All")?.include_all_resources(true);
    /// assert!(matches!(groups.ensure(&wanted).await?, Ensured::Created(_)));
    /// assert!(!matches!(groups.ensure(&wanted).await?, Ensured::Created(_)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure(&self, new: &NewResourceGroup) -> Result<Ensured<ResourceGroup>, Error> {
        let find = || {
            let (this, new) = (self.clone(), new.clone());
            Box::pin(async move {
                Ok(match this.find(&new.identifier).await? {
                    None => Found::Absent,
                    Some(group) if new.is_like(&group, &this.scope) => Found::Same(group),
                    Some(group) => Found::Different(group),
                })
            }) as _
        };
        ensure(new, true, || self.create(new), find).await
    }

    /// Lists the resource groups of this scope, Harness's own among them: `GET {scope}/resource-groups` (*documented*).
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
    /// let groups = fake.client()?.account().resource_groups();
    /// let managed = groups.list().search_term("_all_").items()?.collect().await?;
    /// assert_eq!(managed[0].harness_managed, Some(true));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> ListResourceGroups {
        let page = ListPage::new(self.scope.clone());
        ListResourceGroups { transport: self.transport.clone(), page }
    }

    /// Reads a resource group: `GET {scope}/resource-groups/{identifier}` (*documented*).
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// # Errors
    /// A resource group that does not exist is 400 `INVALID_REQUEST` (*observed*), and so
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
    /// let groups = fake.client()?.account().resource_groups();
    /// let all = groups.get("_all_account_level_resources").await?;
    /// assert_eq!(all.harness_managed, Some(true));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn get(&self, identifier: impl AsRef<str>) -> Call<ResourceGroup> {
        let identifier = identifier.as_ref();
        self.transport.call(&Get { scope: &self.scope, identifier, answer: PhantomData })
    }

    /// Replaces a resource group: `PUT {scope}/resource-groups/{identifier}`, 200 (*documented*).
    /// The identifier in the path is that of `group`, as with roles.
    ///
    /// What `group` does not set is left out of the request. A PUT is idempotent, so it is repeated
    /// after passing faults; it overwrites what others changed in between. To change a group that
    /// was read, start from [`ResourceGroup::to_new`].
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) as for
    /// [`create`](Self::create), and for a resource group that does not exist or that Harness
    /// manages (both 400 `INVALID_REQUEST`, *observed*). The typed error is [`ServiceError`](super::ServiceError).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::NewResourceGroup;
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let groups = fake.client()?.account().resource_groups();
    /// let made = groups.create(&NewResourceGroup::new("runs", "Runs")?).await?;
    /// let changed = groups.update(&made.to_new()?.description("Things that run")).await?;
    /// assert_eq!(changed.description.as_deref(), Some("Things that run"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn update(&self, group: &NewResourceGroup) -> Call<ResourceGroup> {
        self.transport.call(&Update { scope: &self.scope, new: group })
    }

    /// Deletes a resource group, and answers what was deleted:
    /// `DELETE {scope}/resource-groups/{identifier}`, 200 (*documented*). What becomes of the
    /// assignments over it is not documented.
    ///
    /// It is repeated after passing faults. A repeated try may be answered 400 `INVALID_REQUEST` by
    /// its own first one, which other refusals share: an error of unknown
    /// [effect](crate::Error::effect), that [`ensure_absent`](Self::ensure_absent) settles.
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a resource group that
    /// does not exist and for one that Harness manages (both 400 `INVALID_REQUEST`, *observed*). The
    /// typed error is [`ServiceError`](super::ServiceError).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let groups = fake.client()?.account().resource_groups();
    /// let managed = groups.delete("_all_account_level_resources").await;
    /// assert!(managed.unwrap_err().is_invalid_request());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn delete(&self, identifier: impl AsRef<str>) -> Call<ResourceGroup> {
        let identifier = identifier.as_ref();
        self.transport.call(&Delete { scope: &self.scope, identifier, answer: PhantomData })
    }

    /// Makes sure that no resource group has this identifier: deletes it, and settles by reading what
    /// the answer leaves open, for "not found" and "managed" have one code. The group is read, and
    /// where that is refused as invalid too, looked for in the list of its scope.
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete), while the group is there, and those of the reading.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::EnsuredAbsent;
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let groups = fake.client()?.account().resource_groups();
    /// assert_eq!(groups.ensure_absent("runs").await?, EnsuredAbsent::WasAbsent);
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

    async fn find(&self, identifier: &str) -> Result<Option<ResourceGroup>, Error> {
        find(&self.transport, &self.scope, identifier).await
    }
}

/// A resource group to be created, or to be put in the place of one.
///
/// ```
/// use rolecall::harness::{IncludedScope, NewResourceGroup, ResourceFilter};
///
/// let wanted = NewResourceGroup::new("cloud_cost", "Cloud cost")?
///     .include(IncludedScope::including_child_scopes().account("fakeAccount"))
///     .filter(ResourceFilter::new("CONNECTOR").attribute("category", ["CLOUD_COST"]))
///     .filter(ResourceFilter::new("PIPELINE").identifiers(["build", "deploy"]));
/// # let _ = wanted;
/// # Ok::<(), rolecall::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewResourceGroup {
    identifier: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    included_scope: Vec<IncludedScope>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_filter: Vec<ResourceFilter>,
    // How many of the filters, from the first, are as the service sent them.
    #[serde(skip)]
    read: usize,
    // Always sent: the server source unboxes it, so that leaving it out may end in a 500 (inferred).
    include_all_resources: bool,
}

impl NewResourceGroup {
    /// A group of this identifier and name, without resources yet.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule: the identifier's (see
    /// [`Identifier`]), or that the name must not be empty.
    pub fn new(identifier: impl Into<String>, name: impl Into<String>) -> Result<Self, Error> {
        let (identifier, name) = (identifier.into(), name.into());
        check_identifier("identifier", &identifier)?;
        check_named("name", &name)?;
        Ok(Self {
            identifier,
            name,
            color: None,
            tags: None,
            description: None,
            included_scope: Vec::new(),
            resource_filter: Vec::new(),
            read: 0,
            include_all_resources: false,
        })
    }

    /// The color that the group is shown in.
    #[must_use]
    pub fn color(mut self, color: impl Into<String>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// Describes the group, in at most 1024 characters.
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

    /// Adds a scope whose resources belong to the group.
    #[must_use]
    pub fn include(mut self, scope: IncludedScope) -> Self {
        self.included_scope.push(scope);
        self
    }

    /// Adds resources of a type.
    #[must_use]
    pub fn filter(mut self, resources: ResourceFilter) -> Self {
        self.resource_filter.push(resources);
        self
    }

    /// Whether all resources of the included scopes belong to the group. Default `false`, which is
    /// sent too.
    #[must_use]
    pub fn include_all_resources(mut self, all: bool) -> Self {
        self.include_all_resources = all;
        self
    }

    /// Whether that group is what this one would make in this scope.
    fn is_like(&self, group: &ResourceGroup, scope: &Scope) -> bool {
        let found = group.included_scope.as_deref().unwrap_or_default();
        let own = [IncludedScope::own(scope)];
        let wanted = match self.included_scope.as_slice() {
            // Without any it reaches its own, if anything: a wider one is another group.
            [] if !found.is_empty() => &own,
            wanted => wanted,
        };
        let same_scopes = wanted.iter().all(|one| found.iter().any(|it| one.is_like(it)))
            && found.iter().all(|it| wanted.iter().any(|one| one.is_like(it)));
        group.name.as_ref() == Some(&self.name)
            && group.include_all_resources.unwrap_or(false) == self.include_all_resources
            && meanings(&self.resource_filter) == meanings(group.resource_filter.iter().flatten())
            && same_scopes
            && is_as_set(&self.color, &group.color)
            && is_as_set(&self.description, &group.description)
            && is_as_set(&self.tags, &group.tags)
    }
}

impl Draft for NewResourceGroup {
    fn identifier(&self) -> &str {
        &self.identifier
    }

    fn body(&self) -> Result<Body, Error> {
        check_labels(&self.description, &self.tags)?;
        for (at, filter) in self.resource_filter.iter().enumerate() {
            filter.check()?;
            // What the service itself sent goes back as it came, whatever it means by it.
            if at >= self.read {
                filter.check_filled()?;
            }
        }
        Body::json(self)
    }
}

open_enum! {
    /// How far an included scope reaches.
    ScopeFilter {
        /// The scope itself.
        ExcludingChildScopes = "EXCLUDING_CHILD_SCOPES",
        /// The scope and all below it.
        IncludingChildScopes = "INCLUDING_CHILD_SCOPES",
    }
}

/// A scope whose resources belong to a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IncludedScope {
    /// How far it reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<ScopeFilter>,
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

impl IncludedScope {
    fn new(filter: ScopeFilter) -> Self {
        Self { filter: Some(filter), account: None, org: None, project: None }
    }

    /// The scope itself.
    #[must_use]
    pub fn excluding_child_scopes() -> Self {
        Self::new(ScopeFilter::ExcludingChildScopes)
    }

    /// The scope and all below it.
    #[must_use]
    pub fn including_child_scopes() -> Self {
        Self::new(ScopeFilter::IncludingChildScopes)
    }

    /// Of this account.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Of this organization.
    #[must_use]
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// Of this project.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Only the scope that a group lives in. Its account is not known here.
    fn own(scope: &Scope) -> Self {
        let own = Self::excluding_child_scopes();
        match scope {
            Scope::Account => own,
            Scope::Org(org) => own.org(org.as_str()),
            Scope::Project(org, project) => own.org(org.as_str()).project(project.as_str()),
        }
    }

    /// Whether that is this one, perhaps with the account filled in.
    fn is_like(&self, found: &Self) -> bool {
        self.filter == found.filter
            && (self.account.is_none() || self.account == found.account)
            && self.org == found.org
            && self.project == found.project
    }
}

/// Resources of one type that belong to a group: all, those with these identifiers, or those with
/// this attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceFilter {
    /// The type, e.g. `PIPELINE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifiers: Option<Vec<String>>,
    /// The attribute that resources must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute_name: Option<String>,
    /// The values that the attribute may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute_values: Option<Vec<String>>,
}

impl ResourceFilter {
    /// All resources of a type, e.g. `PIPELINE`.
    pub fn new(resource_type: impl Into<String>) -> Self {
        Self {
            resource_type: Some(resource_type.into()),
            identifiers: None,
            attribute_name: None,
            attribute_values: None,
        }
    }

    /// Those with these identifiers. An empty list is refused before anything is sent: nobody says
    /// whether the service takes it for none or for all.
    #[must_use]
    pub fn identifiers<I: Into<String>>(mut self, any: impl IntoIterator<Item = I>) -> Self {
        self.identifiers = Some(any.into_iter().map(Into::into).collect());
        self
    }

    /// Those whose attribute of this name has one of these values. None at all are refused, as with
    /// [`identifiers`](Self::identifiers).
    #[must_use]
    pub fn attribute<V: Into<String>>(
        mut self,
        name: impl Into<String>,
        any: impl IntoIterator<Item = V>,
    ) -> Self {
        self.attribute_name = Some(name.into());
        self.attribute_values = Some(any.into_iter().map(Into::into).collect());
        self
    }

    fn check(&self) -> Result<(), Error> {
        check_named(
            "resource_filter.resource_type",
            self.resource_type.as_deref().unwrap_or_default(),
        )
    }

    /// An empty list is no way to say "none of them", nor "all": nobody documents which it is.
    fn check_filled(&self) -> Result<(), Error> {
        for (field, list) in [
            ("resource_filter.identifiers", &self.identifiers),
            ("resource_filter.attribute_values", &self.attribute_values),
        ] {
            if list.as_ref().is_some_and(Vec::is_empty) {
                return Err(Error::invalid(field, EMPTY));
            }
        }
        Ok(())
    }

    /// What it selects, whatever the order and whether nothing or emptiness stands for all.
    fn meaning(&self) -> Meaning<'_> {
        (
            self.resource_type.as_deref(),
            self.identifiers.iter().flatten().collect(),
            self.attribute_name.as_deref(),
            self.attribute_values.iter().flatten().collect(),
        )
    }
}

type Meaning<'a> = (Option<&'a str>, BTreeSet<&'a String>, Option<&'a str>, BTreeSet<&'a String>);

fn meanings<'a>(all: impl IntoIterator<Item = &'a ResourceFilter>) -> BTreeSet<Meaning<'a>> {
    all.into_iter().map(ResourceFilter::meaning).collect()
}

/// A resource group as the service has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceGroup {
    /// The group's identifier within its scope.
    #[serde(deserialize_with = "identifying")]
    pub identifier: Identifier,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The color that the group is shown in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The tags; one without a value is empty.
    #[serde(default, deserialize_with = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// At which levels the group can be used (*observed*).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_scope_levels: Option<Vec<ScopeLevel>>,
    /// The scopes whose resources belong to the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included_scope: Option<Vec<IncludedScope>>,
    /// The resources that belong to the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_filter: Option<Vec<ResourceFilter>>,
    /// Whether all resources of the included scopes belong to the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_all_resources: Option<bool>,
    /// When it was created, as the service counts (*observed*); see
    /// [`created_at`](Self::created_at).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// When it was last changed, as the service counts (*observed*); see
    /// [`updated_at`](Self::updated_at).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<i64>,
    /// Whether Harness itself manages it (*observed*).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harness_managed: Option<bool>,
}

impl ResourceGroup {
    /// The parts of this group that can be written, to change some and
    /// [update](ResourceGroups::update) it.
    ///
    /// # Errors
    /// An invalid-request error if what the service sent breaks the rules of
    /// [`NewResourceGroup::new`].
    pub fn to_new(&self) -> Result<NewResourceGroup, Error> {
        // To write none where none were told would take all of them away.
        if self.resource_filter.is_none() && self.include_all_resources.is_none() {
            let rule = "are not known: the service did not send them";
            return Err(Error::invalid("resource_filter and include_all_resources", rule));
        }
        let name = self.name.clone().unwrap_or_default();
        let new = NewResourceGroup::new(self.identifier.as_str(), name)?;
        let resource_filter = self.resource_filter.clone().unwrap_or_default();
        Ok(NewResourceGroup {
            color: self.color.clone(),
            tags: self.tags.clone(),
            description: self.description.clone(),
            included_scope: self.included_scope.clone().unwrap_or_default(),
            read: resource_filter.len(),
            resource_filter,
            include_all_resources: self.include_all_resources.unwrap_or_default(),
            ..new
        })
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
