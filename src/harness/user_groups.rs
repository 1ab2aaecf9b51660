//! `/ng/api/user-groups`: groups of users, and their members.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::list::check_texts;
use super::macros::any_of;
use super::ng::{NgCall, NgFilter, NgList, SUCCESS};
use super::resource::tags;
use super::{AnyIdentifier, Identifier, Scope, User, UserFilter, UserId};
use crate::declare::{getters, setters};
use crate::error::Error;
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::model::{Arg, arg, open_enum, text};
use crate::operation::{Body, Idempotency, Spec};
use crate::transport::{Call, List};

/// The user groups of one scope: <https://developer.harness.io/api-reference/platform-apis>, "User
/// Group".
///
/// Members are changed one by one: the vendor's update of a group replaces the whole list
/// (*documented*).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::harness::UserGroupFilter;
/// use rolecall::testing::HarnessFake;
///
/// let fake = HarnessFake::start().await?;
/// let user = fake.add_user("account", "user@example.com", "A user");
/// fake.add_user_group("account", "sre", [""; 0]);
/// let groups = fake.client()?.account().user_groups();
/// groups.add_member("sre", &*user).await?;
///
/// let of_user = groups.filter(&UserGroupFilter::new().users([&user])).items().try_collect().await?;
/// assert_eq!(of_user[0].identifier, "sre");
/// let left = groups.remove_member("sre", &*user).await?;
/// assert_eq!(left.users, Some(vec![]));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct UserGroups {
    pub(super) scope: Scope,
}

impl UserGroups {
    /// Lists the groups of this scope: `GET /ng/api/user-groups` (*documented*). Groups that the
    /// caller may not view are omitted without any sign (inferred).
    ///
    /// # Pages
    /// 50 items a page, at most 100, in the service's own order.
    pub fn list(&self) -> List<NgList<ListUserGroups>> {
        self.scope.list(ListUserGroups::default())
    }

    /// Lists the groups that match a filter, those of a user for example: `POST
    /// /ng/api/user-groups/filter` (*documented*). It changes nothing, so it is retried like any
    /// read. Its pages and omissions are those of [`list`](Self::list).
    ///
    /// # Errors
    /// Before anything is sent, an invalid-request error if a filter is set but empty.
    pub fn filter(&self, filter: &UserGroupFilter) -> List<NgList<UserGroupFilter>> {
        self.scope.list(filter.clone())
    }

    /// Gets a group: `GET /ng/api/user-groups/{identifier}` (*documented*).
    ///
    /// # Errors
    /// An error if the group does not exist; its code is not known.
    pub fn get(
        &self,
        identifier: impl TryInto<AnyIdentifier, Error: Into<Error>>,
    ) -> Call<UserGroup> {
        self.scope.call(GetUserGroup(&arg(identifier)))
    }

    /// Lists the members of a group: `POST /ng/api/user-groups/{identifier}/users` (*documented*).
    /// It changes nothing, so it is retried like any read. A group that does not exist has an empty
    /// list (*observed*). Its pages are those of [`list`](Self::list).
    pub fn members(
        &self,
        group: impl TryInto<AnyIdentifier, Error: Into<Error>>,
    ) -> List<NgList<ListMembers>> {
        self.scope.list(ListMembers { group: arg(group), filter: UserFilter::new() })
    }

    /// Adds a user to a group: `PUT /ng/api/user-groups/{identifier}/member/{userId}`
    /// (*documented*).
    ///
    /// It is retried after transient failures. The service refuses a user that is already a member
    /// (400 `INVALID_REQUEST`, *observed*), so it may refuse a retried request because of its own
    /// first attempt. The call then ends in an error whose [effect](crate::Error::effect) is
    /// unknown; read [`members`](Self::members) to reconcile it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a member, and for a group
    /// that Harness, SSO or SCIM manages (all *observed*).
    pub fn add_member(
        &self,
        group: impl TryInto<AnyIdentifier, Error: Into<Error>>,
        user: impl TryInto<UserId, Error: Into<Error>>,
    ) -> Call<UserGroup> {
        self.scope.call(AddMember(&arg(group), &arg(user)))
    }

    /// Removes a user from a group: `DELETE /ng/api/user-groups/{identifier}/member/{userId}`
    /// (*documented*). A user that is not a member is not an error (*observed*).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a group that Harness, SSO
    /// or SCIM manages, and for the last account admin (all *observed*).
    pub fn remove_member(
        &self,
        group: impl TryInto<AnyIdentifier, Error: Into<Error>>,
        user: impl TryInto<UserId, Error: Into<Error>>,
    ) -> Call<UserGroup> {
        self.scope.call(RemoveMember(&arg(group), &arg(user)))
    }
}

struct GetUserGroup<'a>(&'a Arg<AnyIdentifier>);

impl NgCall for GetUserGroup<'_> {
    type Output = UserGroup;
    const SPEC: Spec = Spec::get("harness user-groups.get", &["/ng/api/user-groups/{identifier}"])
        .success(SUCCESS);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(self.0)?])
    }
}

const MEMBER: &[&str] = &["/ng/api/user-groups/{identifier}/member/{userId}"];

struct AddMember<'a>(&'a Arg<AnyIdentifier>, &'a Arg<UserId>);

impl NgCall for AddMember<'_> {
    type Output = UserGroup;
    const SPEC: Spec = Spec::put("harness user-groups.add_member", MEMBER).success(SUCCESS);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(self.0)?, text(self.1)?])
    }
}

struct RemoveMember<'a>(&'a Arg<AnyIdentifier>, &'a Arg<UserId>);

impl NgCall for RemoveMember<'_> {
    type Output = UserGroup;
    const SPEC: Spec = Spec::delete("harness user-groups.remove_member", MEMBER).success(SUCCESS);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(self.0)?, text(self.1)?])
    }
}

/// The members of a group; see [`UserGroups::members`].
#[derive(Clone, Debug)]
pub struct ListMembers {
    group: Arg<AnyIdentifier>,
    filter: UserFilter,
}

impl NgFilter for ListMembers {
    type Item = User;
    type Row = User;
    const SPEC: Spec =
        Spec::post("harness user-groups.members", &["/ng/api/user-groups/{identifier}/users"])
            .success(SUCCESS)
            .idempotency(Idempotency::Safe);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(&self.group)?])
    }

    fn check(&self) -> Result<(), Error> {
        self.filter.check()
    }

    fn body(&self, scope: &Scope) -> Result<Body, Error> {
        self.filter.body(scope)
    }

    fn key(user: &User) -> String {
        UserFilter::key(user)
    }
}

impl List<NgList<ListMembers>> {
    /// Lists only members that match a filter.
    pub fn filter(mut self, filter: UserFilter) -> Self {
        self.operation.filter.filter = filter;
        self
    }
}

/// The groups of a scope; see [`UserGroups::list`].
#[derive(Clone, Debug, Default)]
pub struct ListUserGroups {
    search_term: Option<String>,
    filter_type: Option<UserGroupFilterType>,
}

impl NgFilter for ListUserGroups {
    type Item = UserGroup;
    type Row = UserGroup;
    const SPEC: Spec =
        Spec::get("harness user-groups.list", &["/ng/api/user-groups"]).success(SUCCESS);

    fn query(&self) -> Vec<(&'static str, String)> {
        let term = self.search_term.clone().map(|term| ("searchTerm", term));
        let kind = self.filter_type.as_ref().map(|kind| ("filterType", kind.to_string()));
        term.into_iter().chain(kind).collect()
    }

    fn key(group: &UserGroup) -> String {
        group.key()
    }
}

impl List<NgList<ListUserGroups>> {
    /// Lists only groups that match this text. What it is compared with is not documented.
    pub fn search_term(mut self, text: impl Into<String>) -> Self {
        self.operation.filter.search_term = Some(text.into());
        self
    }

    /// Sets which scopes' groups are listed, by default
    /// [`ExcludeInheritedGroups`](UserGroupFilterType::ExcludeInheritedGroups).
    pub fn filter_type(mut self, kind: UserGroupFilterType) -> Self {
        self.operation.filter.filter_type = Some(kind);
        self
    }
}

open_enum! {
    /// Which scopes' groups are listed.
    UserGroupFilterType {
        /// Those of the scope, without those that it inherits.
        ExcludeInheritedGroups = "EXCLUDE_INHERITED_GROUPS",
        /// Those that the scope inherits too.
        IncludeInheritedGroups = "INCLUDE_INHERITED_GROUPS",
        /// Those of the scopes below too.
        IncludeChildScopeGroups = "INCLUDE_CHILD_SCOPE_GROUPS",
        /// Those of the scopes above too.
        IncludeParentScopeGroups = "INCLUDE_PARENT_SCOPE_GROUPS",
    }
}

/// Which groups [`UserGroups::filter`] lists: those that match everything set here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct UserGroupFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier_filter: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_identifier_filter: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_term: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_type: Option<UserGroupFilterType>,
}

impl UserGroupFilter {
    /// No filter yet: all groups of the scope.
    pub fn new() -> Self {
        Self::default()
    }

    any_of! {
        /// Lists groups with one of these identifiers.
        identifiers, get_identifiers = identifier_filter(String);
        /// Lists groups of these users, by their ids.
        users, get_users = user_identifier_filter(String);
    }

    setters! {
        /// Lists groups that match this text. What it is compared with is not documented.
        search_term(some into String);
        /// Sets which scopes' groups are listed.
        filter_type(some UserGroupFilterType);
    }

    getters! {
        /// Returns the text that groups must match.
        part get_search_term = search_term: str;
        /// Returns which scopes' groups are listed.
        optional get_filter_type = filter_type: UserGroupFilterType;
    }
}

impl NgFilter for UserGroupFilter {
    type Item = UserGroup;
    type Row = UserGroup;
    const SPEC: Spec = Spec::post("harness user-groups.filter", &["/ng/api/user-groups/filter"])
        .success(SUCCESS)
        .idempotency(Idempotency::Safe);
    const SCOPE_IN_QUERY: bool = false;

    fn check(&self) -> Result<(), Error> {
        check_texts("identifiers", &self.identifier_filter)?;
        check_texts("users", &self.user_identifier_filter)
    }

    fn body(&self, scope: &Scope) -> Result<Body, Error> {
        #[derive(Serialize)]
        struct InScope<'a> {
            #[serde(flatten)]
            scope: Map<String, Value>,
            #[serde(flatten)]
            filter: &'a UserGroupFilter,
        }
        Body::json(&InScope { scope: scope.to_json(), filter: self })
    }

    fn key(group: &UserGroup) -> String {
        group.key()
    }
}

response! {
    /// A user group.
    #[serde(rename_all = "camelCase")]
    pub struct UserGroup {
        /// The identifier, unique in its scope.
        #[serde(deserialize_with = "identifying")]
        pub identifier: Identifier,
        /// The name.
        pub name: Option<String>,
        /// The members, by their ids.
        pub users: Option<Vec<String>>,
        /// The description.
        pub description: Option<String>,
        /// The tags.
        #[serde(default, deserialize_with = "tags", skip_serializing_if = "Option::is_none")]
        pub tags: Option<BTreeMap<String, String>>,
        /// The account.
        pub account_identifier: Option<String>,
        /// The organization, below account level.
        pub org_identifier: Option<String>,
        /// The project, below organization level.
        pub project_identifier: Option<String>,
        /// Whether another system manages the group.
        pub externally_managed: Option<bool>,
        /// Whether Harness itself manages it.
        pub harness_managed: Option<bool>,
        /// Whether a group of an SSO provider is linked, which then decides who is a member.
        pub sso_linked: Option<bool>,
        /// The SSO provider.
        pub linked_sso_id: Option<String>,
        /// The type of the SSO provider.
        pub linked_sso_type: Option<String>,
        /// The group at the SSO provider.
        pub sso_group_id: Option<String>,
        /// Its name.
        pub sso_group_name: Option<String>,
        /// How the group is notified, unchanged.
        pub notification_configs: Option<Vec<Value>>,
    }
}

impl UserGroup {
    /// An identifier is unique in its scope.
    fn key(&self) -> String {
        format!("{:?} {:?} {}", self.org_identifier, self.project_identifier, self.identifier)
    }
}
