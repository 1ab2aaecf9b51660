//! Resource groups, as requests and as responses.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::identifier::{check_identifier, check_not_empty, check_part};
use super::list::check_texts;
use super::macros::{in_scopes, times};
use super::resource::{Endpoints, Readable, Resource, Updatable, check_labels, part_matches, tags};
use super::scope::Place;
use super::{Identifier, Resources, ScopeLevel};
use crate::declare::{getters, setters};
use crate::error::Error;
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::model::open_enum;
use crate::operation::Spec;

/// The resource groups in one scope: <https://apidocs.harness.io>, the resource groups of accounts,
/// organizations and projects. For those of any scope see
/// [`Harness::filter_resource_groups`](super::Harness::filter_resource_groups).
///
/// [`ensure`](Resources::ensure): a group *matches* if these agree: the identifier, the name,
/// whether it includes all resources, the filters and the included scopes, in any order (an account
/// that is not set is not compared). If no scope was set, the group may have none or only its own,
/// without child scopes (inferred: no document says how the service treats none). A filter for all
/// resources of a type matches one with an empty list (inferred, too). A group that is read without
/// filters and without whether it includes all resources does not match. Color, description and tags
/// are compared only if they were set.
///
/// [`delete`](Resources::delete): the effect on assignments over the group is not documented.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::Ensured;
/// use rolecall::harness::{IncludedScope, NewResourceGroup, ResourceFilter};
/// use rolecall::testing::HarnessFake;
///
/// let fake = HarnessFake::start().await?;
/// let groups = fake.client()?.org("platform").resource_groups();
/// let new = NewResourceGroup::new("pipelines", "Pipelines")?
///     .include(IncludedScope::excluding_child_scopes().org("platform"))
///     .filter(ResourceFilter::new("PIPELINE"));
/// let created = groups.create(&new).await?;
/// assert!(matches!(groups.ensure(&new).await?, Ensured::AlreadyExisted(_)));
///
/// let updated = groups.update(&created.to_new()?.description("Things that run")).await?;
/// assert_eq!(updated.description.as_deref(), Some("Things that run"));
///
/// let managed = groups.list().search_term("_all_").items().try_collect().await?;
/// assert_eq!(managed[0].harness_managed, Some(true));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
pub type ResourceGroups = Resources<ResourceGroup>;

impl Resource for ResourceGroup {
    type New = NewResourceGroup;
}

const ALL: &[&str] = in_scopes!("resource-groups");
const ONE: &[&str] = in_scopes!("resource-groups/{resource-group}");

impl Readable for ResourceGroup {
    const LIST: Spec = Spec::get("harness resource-groups.list", ALL);
    const GET: Spec = Spec::get("harness resource-groups.get", ONE);

    fn identifier(&self) -> &str {
        self.identifier.as_str()
    }
}

impl Endpoints for ResourceGroup {
    const CREATE: Spec = Spec::post("harness resource-groups.create", ALL);
    const DELETE: Spec = Spec::delete("harness resource-groups.delete", ONE).success(&[200]);
    const ENSURE: &'static str = "harness resource-groups.ensure";
    const ENSURE_ABSENT: &'static str = "harness resource-groups.ensure_absent";

    fn identifier_of(new: &NewResourceGroup) -> &str {
        &new.identifier
    }

    fn check(new: &NewResourceGroup) -> Result<(), Error> {
        check_labels(&new.description, &new.tags)?;
        // What the service sent is sent back unchanged.
        let (scopes_read, filters_read) = new.read;
        for (at, scope) in new.included_scope.iter().enumerate() {
            check_not_empty("included_scope.filter", scope.filter.as_ref().map(AsRef::as_ref))?;
            if at >= scopes_read {
                check_part("included_scope.account", &scope.account)?;
                check_part("included_scope.org", &scope.org)?;
                check_part("included_scope.project", &scope.project)?;
            }
        }
        for (at, filter) in new.resource_filter.iter().enumerate() {
            check_not_empty("resource_filter.resource_type", filter.resource_type.as_deref())?;
            let lists = [
                ("resource_filter.identifiers", &filter.identifiers),
                ("resource_filter.attribute_values", &filter.attribute_values),
            ];
            if at >= filters_read {
                lists.iter().try_for_each(|(field, list)| check_texts(field, list))?;
                check_part("resource_filter.attribute_name", &filter.attribute_name)?;
            }
        }
        Ok(())
    }

    fn matches(&self, desired: &NewResourceGroup, place: &Place) -> bool {
        let actual = self.included_scope.as_deref().unwrap_or_default();
        let own = [IncludedScope::own(place)];
        let scopes = match desired.included_scope.as_slice() {
            // Without any it covers at most its own scope: a wider one is another group.
            [] if !actual.is_empty() => &own,
            scopes => scopes,
        };
        let same_scopes = scopes.iter().all(|one| actual.iter().any(|it| one.matches(it)))
            && actual.iter().all(|it| scopes.iter().any(|one| one.matches(it)));
        self.name.as_ref() == Some(&desired.name)
            // What the service did not send is not known to be none.
            && (self.resource_filter.is_some() || self.include_all_resources.is_some())
            && self.include_all_resources.unwrap_or(false) == desired.include_all_resources
            && meanings(&desired.resource_filter) == meanings(self.resource_filter.iter().flatten())
            && same_scopes
            && part_matches(&desired.color, &self.color)
            && part_matches(&desired.description, &self.description)
            && part_matches(&desired.tags, &self.tags)
    }
}

impl Updatable for ResourceGroup {
    const UPDATE: Spec = Spec::put("harness resource-groups.update", ONE);
}

/// A resource group to be created, or to replace one. The call refuses a description of over 1024
/// characters and more than 128 tags (*documented* for roles), an included scope without its reach, a
/// filter without a type, and an empty text or list in either, which the service might take for
/// everything.
///
/// ```
/// use rolecall::harness::{IncludedScope, NewResourceGroup, ResourceFilter};
///
/// let new = NewResourceGroup::new("cloud_cost", "Cloud cost")?
///     .include(IncludedScope::including_child_scopes().account("fakeAccount"))
///     .filter(ResourceFilter::new("CONNECTOR").attribute("category", ["CLOUD_COST"]))
///     .filter(ResourceFilter::new("PIPELINE").identifiers(["build", "deploy"]));
/// # let _ = new;
/// # Ok::<(), rolecall::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use]
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
    // How many scopes and filters, from the first, are unchanged from the service.
    #[serde(skip)]
    read: (usize, usize),
    // Always sent: the server source unboxes it, so that leaving it out may end in a 500
    // (inferred).
    include_all_resources: bool,
}

impl NewResourceGroup {
    /// Creates a group with this identifier and name, without resources.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule: the identifier's (see
    /// [`Identifier`]), or that the name must not be empty.
    pub fn new(identifier: impl Into<String>, name: impl Into<String>) -> Result<Self, Error> {
        let (identifier, name) = (identifier.into(), name.into());
        check_identifier("identifier", &identifier)?;
        check_not_empty("name", Some(&name))?;
        Ok(Self {
            identifier,
            name,
            color: None,
            tags: None,
            description: None,
            included_scope: Vec::new(),
            resource_filter: Vec::new(),
            read: (0, 0),
            include_all_resources: false,
        })
    }

    setters! {
        /// Sets the color that the group is shown in.
        color(some into String);
        /// Describes the group, in at most 1024 characters.
        description(some into String);
    }

    /// Adds a tag; at most 128.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.get_or_insert_default().insert(key.into(), value.into());
        self
    }

    /// Adds a scope whose resources belong to the group.
    pub fn include(mut self, scope: IncludedScope) -> Self {
        self.included_scope.push(scope);
        self
    }

    /// Adds resources of a type.
    pub fn filter(mut self, resources: ResourceFilter) -> Self {
        self.resource_filter.push(resources);
        self
    }

    /// Sets whether all resources of the included scopes belong to the group. Default `false`,
    /// which is sent too.
    pub fn include_all_resources(mut self, all: bool) -> Self {
        self.include_all_resources = all;
        self
    }

    getters! {
        /// Returns the identifier.
        borrow identifier: str;
        /// Returns the name.
        borrow name: str;
        /// Returns the color.
        part get_color = color: str;
        /// Returns the description.
        part get_description = description: str;
        /// Returns the tags.
        optional tags: BTreeMap<String, String>;
        /// Returns the included scopes.
        borrow included_scopes = included_scope: [IncludedScope];
        /// Returns the filters.
        borrow filters = resource_filter: [ResourceFilter];
        /// Returns whether all resources of the included scopes belong to the group.
        copy get_include_all_resources = include_all_resources: bool;
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

response! {
    /// A scope whose resources belong to a group.
    #[derive(Default, Hash)]
    #[must_use]
    pub struct IncludedScope {
        /// How far it reaches.
        pub filter: Option<ScopeFilter>,
        /// The account.
        pub account: Option<String>,
        /// The organization, below account level.
        pub org: Option<String>,
        /// The project, below organization level.
        pub project: Option<String>,
    }
}

impl IncludedScope {
    /// The scope itself.
    pub fn excluding_child_scopes() -> Self {
        Self { filter: Some(ScopeFilter::ExcludingChildScopes), ..Self::default() }
    }

    /// The scope and all below it.
    pub fn including_child_scopes() -> Self {
        Self { filter: Some(ScopeFilter::IncludingChildScopes), ..Self::default() }
    }

    setters! {
        /// Sets the account.
        account(some into String);
        /// Sets the organization.
        org(some into String);
        /// Sets the project.
        project(some into String);
    }

    /// Only the scope that a group lives in, whatever its account.
    fn own(place: &Place) -> Self {
        let mut ids = place.path(None).unwrap_or_default().into_iter().map(str::to_owned);
        Self { org: ids.next(), project: ids.next(), ..Self::excluding_child_scopes() }
    }

    /// Whether it is the same scope, possibly with the account filled in.
    fn matches(&self, actual: &Self) -> bool {
        self.filter == actual.filter
            && (self.account.is_none() || self.account == actual.account)
            && self.org == actual.org
            && self.project == actual.project
    }
}

response! {
    /// Resources of one type that belong to a group: all, those with these identifiers, or those with
    /// this attribute.
    #[derive(Default, Hash)]
    #[must_use]
    pub struct ResourceFilter {
        /// The type, e.g. `PIPELINE`.
        pub resource_type: Option<String>,
        /// The resources.
        pub identifiers: Option<Vec<String>>,
        /// The attribute that resources must have.
        pub attribute_name: Option<String>,
        /// The values that the attribute may have.
        pub attribute_values: Option<Vec<String>>,
    }
}

impl ResourceFilter {
    /// All resources of a type, e.g. `PIPELINE`.
    pub fn new(resource_type: impl Into<String>) -> Self {
        Self { resource_type: Some(resource_type.into()), ..Self::default() }
    }

    /// Selects those with these identifiers. An empty list is refused before anything is sent: no
    /// document says whether it means none or all.
    pub fn identifiers(mut self, any: impl IntoIterator<Item: Into<String>>) -> Self {
        self.identifiers = Some(any.into_iter().map(Into::into).collect());
        self
    }

    /// Selects those whose attribute of this name has one of these values. An empty list is
    /// refused, as with [`identifiers`](Self::identifiers).
    pub fn attribute(
        mut self,
        name: impl Into<String>,
        any: impl IntoIterator<Item: Into<String>>,
    ) -> Self {
        self.attribute_name = Some(name.into());
        self.attribute_values = Some(any.into_iter().map(Into::into).collect());
        self
    }
}

/// What a filter selects, in any order; a missing and an empty list both mean all.
type Meaning<'a> = (Option<&'a str>, BTreeSet<&'a String>, Option<&'a str>, BTreeSet<&'a String>);

fn meanings<'a>(filters: impl IntoIterator<Item = &'a ResourceFilter>) -> BTreeSet<Meaning<'a>> {
    let meaning = |one: &'a ResourceFilter| {
        let (identifiers, values) = (&one.identifiers, &one.attribute_values);
        let sets = (identifiers.iter().flatten().collect(), values.iter().flatten().collect());
        (one.resource_type.as_deref(), sets.0, one.attribute_name.as_deref(), sets.1)
    };
    filters.into_iter().map(meaning).collect()
}

response! {
    /// A resource group as the service has it.
    pub struct ResourceGroup {
        /// The group's identifier within its scope.
        #[serde(deserialize_with = "identifying")]
        pub identifier: Identifier,
        /// The name.
        pub name: Option<String>,
        /// The color that the group is shown in.
        pub color: Option<String>,
        /// The tags; one without a value is empty.
        #[serde(default, deserialize_with = "tags", skip_serializing_if = "Option::is_none")]
        pub tags: Option<BTreeMap<String, String>>,
        /// The description.
        pub description: Option<String>,
        /// At which levels the group can be used (*observed*).
        pub allowed_scope_levels: Option<Vec<ScopeLevel>>,
        /// The scopes whose resources belong to the group.
        pub included_scope: Option<Vec<IncludedScope>>,
        /// The resources that belong to the group.
        pub resource_filter: Option<Vec<ResourceFilter>>,
        /// Whether all resources of the included scopes belong to the group.
        pub include_all_resources: Option<bool>,
        /// When it was created, as the service counts (*observed*); see
        /// [`created_at`](Self::created_at).
        pub created: Option<i64>,
        /// When it was last changed, as the service counts (*observed*); see
        /// [`updated_at`](Self::updated_at).
        pub updated: Option<i64>,
        /// Whether Harness itself manages it (*observed*).
        pub harness_managed: Option<bool>,
    }
}

times! { ResourceGroup }

impl ResourceGroup {
    /// Returns the parts of this group that can be written, to change some and
    /// [update](Resources::update) it.
    ///
    /// # Errors
    /// An invalid-request error if the service sent neither filters nor whether all resources
    /// belong to the group, or if what it sent breaks the rules of [`NewResourceGroup::new`].
    pub fn to_new(&self) -> Result<NewResourceGroup, Error> {
        // Writing an empty list where the service sent none would remove all.
        if self.resource_filter.is_none() && self.include_all_resources.is_none() {
            let rule = "are not known: the service did not send them";
            return Err(Error::invalid("resource_filter and include_all_resources", rule));
        }
        let name = self.name.clone().unwrap_or_default();
        let new = NewResourceGroup::new(self.identifier.as_str(), name)?;
        let resource_filter = self.resource_filter.clone().unwrap_or_default();
        let included_scope = self.included_scope.clone().unwrap_or_default();
        Ok(NewResourceGroup {
            color: self.color.clone(),
            tags: self.tags.clone(),
            description: self.description.clone(),
            read: (included_scope.len(), resource_filter.len()),
            included_scope,
            resource_filter,
            include_all_resources: self.include_all_resources.unwrap_or_default(),
            ..new
        })
    }
}
