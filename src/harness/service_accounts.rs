//! `/ng/api/serviceaccount`: accounts for programs.

use std::collections::BTreeMap;

use super::list::check_texts;
use super::ng::{NgFilter, NgList, SUCCESS};
use super::resource::tags;
use super::{Identifier, Scope};
use crate::error::Error;
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::operation::Spec;
use crate::transport::List;

/// The service accounts of one scope: <https://developer.harness.io/api-reference/platform-apis>,
/// "Service Account".
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::HarnessFake;
///
/// let fake = HarnessFake::start().await?;
/// fake.add_service_account("orgs/platform", "ci", "ci@service.example.com");
/// let accounts = fake.client()?.org("platform").service_accounts();
/// assert_eq!(accounts.list().items().try_collect().await?[0].identifier, "ci");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ServiceAccounts {
    pub(super) scope: Scope,
}

impl ServiceAccounts {
    /// Lists the service accounts of this scope, all in one response: `GET /ng/api/serviceaccount`
    /// (*documented*). Those that the caller may not view are omitted without any sign (inferred).
    pub fn list(&self) -> List<NgList<ListServiceAccounts>> {
        self.scope.list(ListServiceAccounts::default())
    }
}

/// The service accounts of a scope; see [`ServiceAccounts::list`].
#[derive(Clone, Debug, Default)]
pub struct ListServiceAccounts {
    identifiers: Option<Vec<String>>,
}

impl NgFilter for ListServiceAccounts {
    type Item = ServiceAccount;
    type Row = ServiceAccount;
    const SPEC: Spec =
        Spec::get("harness service-accounts.list", &["/ng/api/serviceaccount"]).success(SUCCESS);
    const PAGED: bool = false;

    fn query(&self) -> Vec<(&'static str, String)> {
        self.identifiers.iter().flatten().map(|one| ("identifiers", one.clone())).collect()
    }

    fn check(&self) -> Result<(), Error> {
        check_texts("identifiers", &self.identifiers)
    }

    fn key(account: &ServiceAccount) -> String {
        account.identifier.to_string()
    }
}

impl List<NgList<ListServiceAccounts>> {
    /// Lists only service accounts with one of these identifiers. The call refuses an empty list.
    pub fn identifiers(mut self, any: impl IntoIterator<Item: Into<String>>) -> Self {
        self.operation.filter.identifiers = Some(any.into_iter().map(Into::into).collect());
        self
    }
}

response! {
    /// A service account.
    #[serde(rename_all = "camelCase")]
    pub struct ServiceAccount {
        /// The identifier, by which role assignments name it.
        #[serde(deserialize_with = "identifying")]
        pub identifier: Identifier,
        /// The name.
        pub name: Option<String>,
        /// The e-mail address.
        pub email: Option<String>,
        /// The account.
        pub account_identifier: Option<String>,
        /// The organization, below account level.
        pub org_identifier: Option<String>,
        /// The project, below organization level.
        pub project_identifier: Option<String>,
        /// The description.
        pub description: Option<String>,
        /// The tags.
        #[serde(default, deserialize_with = "tags", skip_serializing_if = "Option::is_none")]
        pub tags: Option<BTreeMap<String, String>>,
    }
}
