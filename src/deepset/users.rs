//! `/api/v1/me` and `/api/v1/users`.

use http::HeaderMap;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Deepset;
use super::list::{Listing, Paging};
use crate::error::Error;
use crate::model::json::{self, response};
use crate::model::loose::identifying;
use crate::model::{Arg, arg, check_opaque, checked_id, text};
use crate::operation::{ListOperation, ListPage, Operation, Spec};
use crate::transport::{Call, List, Transport};

impl Deepset {
    /// Returns the user to whom the API key belongs, with their organization: `GET /api/v1/me`, 200
    /// (call *documented*, response *observed*).
    ///
    /// # Undocumented
    /// The page of the organization's invitation names the call. Status and response are *observed* in
    /// a generated client of 2023, which calls them internal:
    /// <https://github.com/speakeasy-sdks/deepset-python>.
    ///
    /// # Errors
    /// Kinds by status; [`ServiceError`](super::ServiceError) holds what the service sent.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::DeepsetFake;
    ///
    /// let fake = DeepsetFake::start().await?;
    /// let deepset = fake.client()?;
    /// let organization = deepset.me().await?.organization.ok_or("none")?;
    /// let id = organization.organization_id.ok_or("none")?;
    /// assert_eq!(id, DeepsetFake::ORGANIZATION);
    /// let roles = deepset.organization(id).roles();
    /// # let _ = roles;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn me(&self) -> Call<User> {
        self.transport.call(&Me)
    }

    /// Returns the handle of the users of the API key's organization.
    pub fn users(&self) -> Users {
        Users { transport: self.transport.clone() }
    }
}

struct Me;

impl Operation for Me {
    type Service = Deepset;
    type Output = User;
    const SPEC: Spec = Spec::get("deepset me.get", &["/api/v1/me"]);
}

checked_id! {
    /// The id of a user, unchanged.
    UserId, "user_id", check_opaque
}

response! {
    /// A user of the platform with their roles, as *observed* in 2023. Only the id is required.
    pub struct User {
        /// The id.
        #[serde(deserialize_with = "identifying")]
        pub user_id: UserId,
        /// The e-mail address.
        pub email: Option<String>,
        /// The given name.
        pub given_name: Option<String>,
        /// The family name.
        pub family_name: Option<String>,
        /// Whether the user is deleted.
        pub deleted: Option<bool>,
        /// The user's organization, with their roles there.
        #[serde(
            default,
            deserialize_with = "organization",
            skip_serializing_if = "Option::is_none"
        )]
        pub organization: Option<UserOrganization>,
    }

    /// The organization of a user, and the user's roles there.
    ///
    /// A role is text: a name such as `Admin`; in 2023 it was a number as text. If the service sends
    /// another JSON value in place of the text, of the list of workspaces or of the whole organization,
    /// the role is that JSON as text, so that no user with a role appears to have none.
    pub struct UserOrganization {
        /// The id, for [`Deepset::organization`].
        pub organization_id: Option<String>,
        /// The name.
        pub name: Option<String>,
        /// The role in the organization.
        #[serde(default, deserialize_with = "role", skip_serializing_if = "Option::is_none")]
        pub role: Option<String>,
        /// The roles in workspaces.
        #[serde(default, deserialize_with = "workspaces")]
        pub workspaces: Vec<UserWorkspace>,
    }
}

/// A workspace of a user, and the user's role there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Value")]
#[non_exhaustive]
pub struct UserWorkspace {
    /// The name of the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

impl From<Value> for UserWorkspace {
    fn from(value: Value) -> Self {
        let part = |name| value.get(name).and_then(json_text);
        match value {
            Value::Object(_) => Self { name: part("name"), role: part("role") },
            _ => Self { name: None, role: json_text(&value) },
        }
    }
}

/// Text as it is, any other JSON value as text.
fn json_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn organization<'de, D: Deserializer<'de>>(from: D) -> Result<Option<UserOrganization>, D::Error> {
    let value = Value::deserialize(from)?;
    let of_role = |role| {
        let (role, workspaces) = (Some(role), Vec::new());
        UserOrganization { organization_id: None, name: None, role, workspaces }
    };
    Ok(match value {
        // A text anew, since the parts of a response are read from text.
        Value::Object(_) => json::read(value.to_string().as_bytes()).ok(),
        _ => None,
    }
    .or_else(|| json_text(&value).map(of_role)))
}

fn role<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Value::deserialize(from).map(|role| json_text(&role))
}

fn workspaces<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<UserWorkspace>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Null => Vec::new(),
        Value::Array(all) => all.into_iter().map(Into::into).collect(),
        other => vec![UserWorkspace { name: None, role: json_text(&other) }],
    })
}

/// The users of the API key's organization.
///
/// No documented call changes a user's role or takes it away; see [`Deepset`].
#[derive(Clone, Debug)]
pub struct Users {
    pub(super) transport: Transport,
}

impl Users {
    /// Lists the users with their roles in the organization and in its workspaces: `GET
    /// /api/v1/users`, 200 (request *documented*, response *observed*).
    ///
    /// # Undocumented
    /// Path and parameters are documented. The shape of the response is *observed* in a generated
    /// client of 2023, <https://github.com/speakeasy-sdks/deepset-python>.
    ///
    /// # Pages
    /// A page has 10 users by default, and up to 100 by [`page_size`](List::page_size)
    /// (*documented*). The list goes back in time: each page holds users created before the last
    /// user of the previous page (*observed*). If the first page says that it is the last but has
    /// fewer users than the total, an error follows it. With `after` there is one page, and an
    /// error after it if there is more: how to continue in that direction is not known.
    ///
    /// A [`Position`](crate::Position) holds the id of a user, and is valid as long as the service
    /// knows that user.
    ///
    /// Source: <https://docs.cloud.deepset.ai/docs/api/main/get-users-api-v-1-users-get>.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::DeepsetFake;
    ///
    /// let fake = DeepsetFake::start().await?;
    /// fake.add_user("ada@example.com");
    /// let mut users = fake.client()?.users().list().page_size(100).items();
    /// while let Some(user) = users.next().await.transpose()? {
    ///     let Some(organization) = user.organization else { continue };
    ///     println!("{:?} is {:?}", user.email, organization.role);
    ///     for workspace in organization.workspaces {
    ///         println!("  and {:?} in {:?}", workspace.role, workspace.name);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> List<ListUsers> {
        self.transport.list(ListUsers::default())
    }

    /// Returns a user, for example the one whose id a log names: `GET /api/v1/users/{user_id}`, 200
    /// (*observed*).
    ///
    /// # Undocumented
    /// Call and response are *observed* in the vendor's server for the Model Context Protocol of 2026,
    /// <https://github.com/deepset-ai/deepset-mcp-server>, which reads the id, the names and the e-mail
    /// address. Whether the response holds the user's roles is unknown; those of [`list`](Self::list)
    /// do.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such user (404, inferred).
    pub fn get(&self, user: impl TryInto<UserId, Error: Into<Error>>) -> Call<User> {
        self.transport.call(&GetUser(&arg(user)))
    }
}

struct GetUser<'a>(&'a Arg<UserId>);

impl Operation for GetUser<'_> {
    type Service = Deepset;
    type Output = User;
    const SPEC: Spec = Spec::get("deepset users.get", &["/api/v1/users/{user_id}"]);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(self.0)?])
    }
}

/// A page of users; see [`Users::list`].
#[derive(Clone, Debug, Default)]
pub struct ListUsers {
    paging: Paging,
    include_deleted: Option<bool>,
    include_external: Option<bool>,
}

impl Operation for ListUsers {
    type Service = Deepset;
    type Output = Listing<User>;
    const SPEC: Spec = Spec::get("deepset users.list", &["/api/v1/users"]);

    fn query(&self) -> Vec<(&'static str, String)> {
        let deleted = self.include_deleted.map(|include| ("include_deleted", include.to_string()));
        let external =
            self.include_external.map(|include| ("include_external", include.to_string()));
        deleted.into_iter().chain(external).chain(self.paging.query()).collect()
    }

    fn validate(&self) -> Result<(), Error> {
        self.paging.check(100)
    }
}

impl ListOperation for ListUsers {
    type Item = User;

    fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        self.paging.seek(cursor)
    }

    fn set_page_size(&mut self, items: u32) {
        self.paging.limit = Some(items);
    }

    fn page(&self, output: Listing<User>, _: &HeaderMap) -> ListPage<User> {
        self.paging.page(output, |user| user.user_id.as_str())
    }

    fn key(user: &User) -> String {
        user.user_id.to_string()
    }
}

impl List<ListUsers> {
    /// Sets whether deleted users are listed too.
    pub fn include_deleted(mut self, include: bool) -> Self {
        self.operation.include_deleted = Some(include);
        self
    }

    /// Sets whether external users are listed too.
    pub fn include_external(mut self, include: bool) -> Self {
        self.operation.include_external = Some(include);
        self
    }

    /// Lists the users that were created before this one.
    pub fn before(mut self, user: &UserId) -> Self {
        self.operation.paging.before = Some(user.to_string());
        self
    }

    /// Lists the users that were created after this one: one page of them.
    pub fn after(mut self, user: &UserId) -> Self {
        self.operation.paging.after = Some(user.to_string());
        self
    }
}
