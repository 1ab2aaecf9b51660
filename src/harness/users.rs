//! `/ng/api/user`: users by id and by e-mail address.

use serde::Serialize;

use super::Scope;
use super::list::check_texts;
use super::macros::any_of;
use super::ng::{NgCall, NgFilter, NgList, SUCCESS};
use crate::declare::{getters, setters};
use crate::error::Error;
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::model::{Arg, arg, opaque_id, open_enum, text};
use crate::operation::{Body, Idempotency, Spec};
use crate::transport::{Call, List};

opaque_id! {
    /// The id of a user, which is not an e-mail address: [`User::uuid`], and the identifier of a
    /// [`Principal::user`](super::Principal::user).
    UserId, "user"
}

/// The users of one scope: <https://developer.harness.io/api-reference/platform-apis>, "User".
///
/// There is no method that adds a user to groups: the vendor's call of that name removes the user
/// from every other group (*documented*). [`UserGroups::add_member`](super::UserGroups::add_member)
/// adds to one.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::harness::UserFilter;
/// use rolecall::testing::HarnessFake;
///
/// let fake = HarnessFake::start().await?;
/// fake.add_user("account", "user@example.com", "A user");
/// let users = fake.client()?.account().users();
/// let filter = UserFilter::new().emails(["user@example.com"]);
/// let found = users.search(&filter).items().try_collect().await?;
/// assert!(users.remove(&found[0].uuid).await?);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Users {
    pub(super) scope: Scope,
}

impl Users {
    /// Searches users by their e-mail addresses or ids: `POST /ng/api/user/batch` (*documented*).
    /// It changes nothing, so it is retried like any read. Without a filter it lists all users of
    /// the scope.
    ///
    /// Users that the caller may not view are omitted without any sign (inferred from the lists of
    /// role assignments).
    ///
    /// # Pages
    /// 50 items a page, at most 100, in the service's own order.
    ///
    /// # Errors
    /// Before anything is sent, an invalid-request error if a filter is set but empty, or the account
    /// id is not known (see [`HarnessBuilder::account_id`](super::HarnessBuilder::account_id)).
    pub fn search(&self, filter: &UserFilter) -> List<NgList<UserFilter>> {
        self.scope.list(filter.clone())
    }

    /// Removes a user from this scope **and all scopes below it** (the latter is *observed*):
    /// `DELETE /ng/api/user/{userId}` (*documented*). Returns whether it was a member (*observed*). A
    /// repeated request may return `false` because of its own first attempt.
    ///
    /// The service removes role assignments and group memberships with a delay, so an immediate
    /// read may still show them (*observed*).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for the last account admin
    /// (*observed*).
    pub fn remove(&self, user: impl TryInto<UserId, Error: Into<Error>>) -> Call<bool> {
        self.scope.call(RemoveUser(&arg(user)))
    }
}

struct RemoveUser<'a>(&'a Arg<UserId>);

impl NgCall for RemoveUser<'_> {
    type Output = bool;
    const SPEC: Spec =
        Spec::delete("harness users.remove", &["/ng/api/user/{userId}"]).success(SUCCESS);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(self.0)?])
    }
}

/// Which users [`Users::search`] lists: those that match everything set here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct UserFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    search_term: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifiers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emails: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_filter: Option<ParentFilter>,
}

impl UserFilter {
    /// No filter yet: all users of the scope.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Lists users that match this text. What it is compared with is not documented.
        search_term(some into String);
        /// Sets whether users of the scopes above are listed.
        parent_filter(some ParentFilter);
    }

    any_of! {
        /// Lists users with one of these ids.
        identifiers, get_identifiers = identifiers(String);
        /// Lists users with one of these e-mail addresses.
        emails, get_emails = emails(String);
    }

    getters! {
        /// Returns the text that users must match.
        part get_search_term = search_term: str;
        /// Returns whether users of the scopes above are listed.
        optional get_parent_filter = parent_filter: ParentFilter;
    }
}

open_enum! {
    /// Whether users of the scopes above are listed.
    ParentFilter {
        /// Only those of the scope itself.
        NoParentScopes = "NO_PARENT_SCOPES",
        /// Those of the scopes above too.
        IncludeParentScopes = "INCLUDE_PARENT_SCOPES",
        /// Only those of the scopes above.
        StrictlyParentScopes = "STRICTLY_PARENT_SCOPES",
    }
}

impl NgFilter for UserFilter {
    type Item = User;
    type Row = User;
    const SPEC: Spec = Spec::post("harness users.search", &["/ng/api/user/batch"])
        .success(SUCCESS)
        .idempotency(Idempotency::Safe);

    fn check(&self) -> Result<(), Error> {
        check_texts("identifiers", &self.identifiers)?;
        check_texts("emails", &self.emails)
    }

    fn body(&self, _: &Scope) -> Result<Body, Error> {
        Body::json(self)
    }

    fn key(user: &User) -> String {
        user.uuid.to_string()
    }
}

response! {
    /// A user.
    #[serde(rename_all = "camelCase")]
    pub struct User {
        /// The id, by which role assignments and groups name the user.
        #[serde(deserialize_with = "identifying")]
        pub uuid: UserId,
        /// The name.
        pub name: Option<String>,
        /// The e-mail address.
        pub email: Option<String>,
        /// Whether the user is locked.
        pub locked: Option<bool>,
        /// Whether the user is disabled.
        pub disabled: Option<bool>,
        /// Whether another system manages the user.
        pub externally_managed: Option<bool>,
        /// Whether two-factor authentication is on.
        pub two_factor_authentication_enabled: Option<bool>,
    }
}
