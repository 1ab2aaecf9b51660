//! `/v1/resource-groups/filter`: resource groups of any scope.

use http::HeaderMap;
use serde::Serialize;

use super::identifier::check_part;
use super::list::{Order, Paging, SortBy, check_texts};
use super::{Harness, ResourceGroup};
use crate::declare::{getters, setters};
use crate::error::Error;
use crate::model::open_enum;
use crate::operation::{Body, Idempotency, ListOperation, ListPage, Operation, Spec};
use crate::transport::List;

impl Harness {
    /// Lists the resource groups of any scope that match a filter: `POST
    /// /v1/resource-groups/filter` (*documented*; its body is *observed*, see
    /// [`ResourceGroupFilter`]). It changes nothing, so it is retried like any read.
    ///
    /// Its pages are those of [`Resources::list`](super::Resources::list).
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// # Errors
    /// An invalid-request error before anything is sent if the filter has an empty list of
    /// identifiers, which would list all groups, or an empty identifier.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::{ManagedFilter, ResourceGroupFilter};
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let filter = ResourceGroupFilter::new().org("platform").managed(ManagedFilter::OnlyManaged);
    /// let managed = fake.client()?.filter_resource_groups(&filter).items().try_collect().await?;
    /// assert_eq!(managed[0].identifier, "_all_organization_level_resources");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn filter_resource_groups(
        &self,
        filter: &ResourceGroupFilter,
    ) -> List<FilterResourceGroups> {
        let paging = Paging::default();
        self.transport.list(FilterResourceGroups { filter: filter.clone(), paging })
    }
}

/// A page of the resource groups that match a filter; see [`Harness::filter_resource_groups`].
#[derive(Clone, Debug)]
pub struct FilterResourceGroups {
    filter: ResourceGroupFilter,
    paging: Paging,
}

impl Operation for FilterResourceGroups {
    type Service = Harness;
    type Output = Vec<ResourceGroup>;
    const SPEC: Spec =
        Spec::post("harness resource-groups.filter", &["/v1/resource-groups/filter"])
            .success(&[200])
            .idempotency(Idempotency::Safe);

    fn query(&self) -> Vec<(&'static str, String)> {
        self.paging.query()
    }

    fn validate(&self) -> Result<(), Error> {
        let filter = &self.filter;
        check_texts("identifiers", &filter.identifier_filter)?;
        check_part("account", &filter.account)?;
        check_part("org", &filter.org)?;
        check_part("project", &filter.project)?;
        self.paging.page.check()
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(&self.filter)
    }
}

impl ListOperation for FilterResourceGroups {
    type Item = ResourceGroup;

    fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        self.paging.page.seek(cursor)
    }

    fn set_page_size(&mut self, items: u32) {
        self.paging.page.size = items;
    }

    fn page(&self, output: Vec<ResourceGroup>, headers: &HeaderMap) -> ListPage<ResourceGroup> {
        self.paging.page(output, headers)
    }

    /// The whole item: two scopes may have groups with the same identifier, and an item does not
    /// name its scope.
    fn key(item: &ResourceGroup) -> String {
        serde_json::to_string(item).unwrap_or_default()
    }
}

impl List<FilterResourceGroups> {
    /// Sets the order, by default ascending by identifier; see [`SortBy`] for the drawbacks of
    /// others.
    pub fn sort(mut self, by: SortBy, order: Order) -> Self {
        (self.operation.paging.sort, self.operation.paging.order) = (by, order);
        self
    }
}

/// Which resource groups [`Harness::filter_resource_groups`] lists: those that match everything set
/// here.
///
/// The call is documented; the body is that of the client that is generated from the vendor's API
/// document (*observed*). A filter by contained resources exists, too, and is not offered: the name
/// of one of its fields changed between versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[must_use]
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
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Lists groups of this account.
        account(some into String);
        /// Lists groups of this organization.
        org(some into String);
        /// Lists groups of this project.
        project(some into String);
        /// Lists groups whose identifier or name matches this text.
        search_term(some into String);
    }

    /// Lists groups with one of these identifiers; several calls add up. The call refuses an empty
    /// list.
    pub fn identifiers(mut self, any: impl IntoIterator<Item: Into<String>>) -> Self {
        self.identifier_filter.get_or_insert_default().extend(any.into_iter().map(Into::into));
        self
    }

    /// Lists groups that Harness manages, or those that it does not.
    pub fn managed(mut self, filter: ManagedFilter) -> Self {
        self.managed_filter = Some(filter);
        self
    }

    getters! {
        /// Returns the account.
        part get_account = account: str;
        /// Returns the organization.
        part get_org = org: str;
        /// Returns the project.
        part get_project = project: str;
        /// Returns the text that identifier or name must match.
        part get_search_term = search_term: str;
        /// Returns the identifiers.
        part get_identifiers = identifier_filter: [String];
        /// Returns whose groups are listed.
        optional get_managed = managed_filter: ManagedFilter;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_two_scopes_have_two_keys() {
        let group = |org: &str| -> ResourceGroup {
            let scope = serde_json::json!([{"org": org}]);
            let group = serde_json::json!({"identifier": "all", "included_scope": scope});
            serde_json::from_value(group).expect("it is complete")
        };
        let key = |org| FilterResourceGroups::key(&group(org));
        assert_eq!(key("a"), key("a"));
        assert_ne!(key("a"), key("b"));
    }
}
