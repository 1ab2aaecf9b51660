//! `/api/v1/me` and `/api/v1/users`.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Deepset;
use super::listing::{Listing, Start};
use crate::error::Error;
use crate::model::loose::identifying;
use crate::model::{check_opaque, checked_id};
use crate::operation::{AnswerError, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Items, List, Listed, Pages, Position, Response, Transport};

impl Deepset {
    /// Whom the API key belongs to, and to which organization: `GET /api/v1/me`, 200.
    ///
    /// # Undocumented
    /// Call and answer are *observed* in a generated client of 2023, which calls them internal:
    /// <https://github.com/speakeasy-sdks/deepset-python>.
    ///
    /// # Errors
    /// Kinds by status; [`ServiceError`](super::ServiceError) holds what there is.
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
    /// let roles = deepset.organization(id)?.roles();
    /// # let _ = roles;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn me(&self) -> Call<User> {
        self.transport.call(&Me)
    }

    /// The users of the API key's organization.
    #[must_use]
    pub fn users(&self) -> Users {
        Users { transport: self.transport.clone() }
    }
}

struct Me;

impl Operation for Me {
    type Service = Deepset;
    type Answer = User;
    const NAME: &'static str = "deepset me.get";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::fixed("/api/v1/me")
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

checked_id! {
    /// The id of a user. Kept as it came.
    UserId, "user_id", check_opaque
}

/// A user of the platform, as *observed* in 2023; only the id is insisted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
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
    /// The organization that the user belongs to.
    pub organization: Option<UserOrganization>,
}

/// The organization of a user, and what the user is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserOrganization {
    /// The id, for [`Deepset::organization`].
    pub organization_id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The role in the organization, as it came; text in 2023.
    pub role: Option<Value>,
    /// The roles in workspaces, as they came; a list of `{name, role}` in 2023.
    pub workspaces: Option<Value>,
}

/// The users of the API key's organization.
#[derive(Clone, Debug)]
pub struct Users {
    transport: Transport,
}

impl Users {
    /// Lists the users: `GET /api/v1/users`, 200. [`ListUsers`] has the marks and an example.
    pub fn list(&self) -> ListUsers {
        ListUsers {
            transport: self.transport.clone(),
            page: UsersPage {
                limit: None,
                include_deleted: None,
                include_external: None,
                start: Start::Before(None),
            },
            before: None,
            after: None,
        }
    }
}

/// Lists users: `GET /api/v1/users`, 200.
///
/// # Undocumented
/// Path and parameters are documented. The answer's shape is *observed* in a generated client of
/// 2023, <https://github.com/speakeasy-sdks/deepset-python>.
///
/// # Pages
/// The list goes back in time: each page is what was created before the last user of the page
/// before it (*observed*). A first page that says it is the last, and has fewer users than the
/// total, is followed by an error. With [`after`](Self::after) there is one page, and an error after it if
/// there is more: how to go on in that direction is not known.
///
/// A [`Position`] holds the id of a user, and is good for as long as the service knows that user.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::DeepsetFake;
///
/// let fake = DeepsetFake::start().await?;
/// fake.add_user("ada@example.com");
/// fake.add_deleted_user("bob@example.com");
/// let users = fake.client()?.users().list().include_deleted(true).items()?.collect().await?;
/// assert_eq!(users[0].email.as_deref(), Some("bob@example.com"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before a page or an item is asked for"]
pub struct ListUsers {
    transport: Transport,
    page: UsersPage,
    before: Option<UserId>,
    after: Option<UserId>,
}

impl ListUsers {
    /// How many users a page has (`limit`): 1 or more. Default and maximum are not documented.
    pub fn page_size(mut self, users: u32) -> Self {
        self.page.limit = Some(users);
        self
    }

    /// Whether deleted users are listed too.
    pub fn include_deleted(mut self, include: bool) -> Self {
        self.page.include_deleted = Some(include);
        self
    }

    /// Whether external users are listed too.
    pub fn include_external(mut self, include: bool) -> Self {
        self.page.include_external = Some(include);
        self
    }

    /// The users that were created before this one.
    pub fn before(mut self, user: &UserId) -> Self {
        self.before = Some(user.clone());
        self
    }

    /// The users that were created after this one: one page of them.
    pub fn after(mut self, user: &UserId) -> Self {
        self.after = Some(user.clone());
        self
    }

    /// The users, page by page behind the scenes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if the page size is 0, or
    /// both `before` and `after` are given. What the service answers comes with the items.
    pub fn items(&self) -> Result<Items<User>, Error> {
        self.items_from(&Position::default())
    }

    /// The users from a position on.
    ///
    /// # Errors
    /// Those of [`items`](Self::items).
    pub fn items_from(&self, position: &Position) -> Result<Items<User>, Error> {
        self.pages_from(position).map(Items::new)
    }

    /// The users as pages.
    ///
    /// # Errors
    /// Those of [`items`](Self::items).
    pub fn pages(&self) -> Result<Pages<User>, Error> {
        self.pages_from(&Position::default())
    }

    /// The pages from a position on.
    ///
    /// # Errors
    /// Those of [`items`](Self::items).
    pub fn pages_from(&self, position: &Position) -> Result<Pages<User>, Error> {
        let page = self.first().map_err(|error| error.with_operation(UsersPage::NAME))?;
        let transport = self.transport.clone();
        Ok(Pages::new(page, position.clone(), move |page| transport.call(page)))
    }

    fn first(&self) -> Result<UsersPage, Error> {
        if self.page.limit == Some(0) {
            return Err(Error::invalid("limit", "must be 1 or more, got 0"));
        }
        let start = match (&self.before, &self.after) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("before", "must not be given together with after"));
            }
            (_, Some(id)) => Start::After(id.to_string()),
            (id, None) => Start::Before(id.as_ref().map(ToString::to_string)),
        };
        Ok(UsersPage { start, ..self.page.clone() })
    }
}

#[derive(Clone, Debug)]
struct UsersPage {
    limit: Option<u32>,
    include_deleted: Option<bool>,
    include_external: Option<bool>,
    start: Start,
}

impl Operation for UsersPage {
    type Service = Deepset;
    type Answer = Listing<User>;
    const NAME: &'static str = "deepset users.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::fixed("/api/v1/users")
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let deleted = self.include_deleted.map(|include| ("include_deleted", include.to_string()));
        let external =
            self.include_external.map(|include| ("include_external", include.to_string()));
        let limit = self.limit.map(|limit| ("limit", limit.to_string()));
        [deleted, external, limit, self.start.query()].into_iter().flatten().collect()
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

impl List for UsersPage {
    type Item = User;

    fn at(&self, cursor: &str) -> Result<Self, Error> {
        let start =
            self.start.at(self.limit, cursor).map_err(|error| error.with_operation(Self::NAME))?;
        Ok(Self { start, ..self.clone() })
    }

    fn page(&self, answer: Response<Listing<User>>) -> Listed<User> {
        self.start.page(self.limit, answer.into_body(), |user| user.user_id.as_str())
    }

    fn key(user: &User) -> String {
        user.user_id.to_string()
    }
}
