//! The list of `/api/v1/organization/{organization_id}/roles`.

use http::Method;

use super::listing::{Listing, Start};
use super::{Deepset, OrganizationId, Role, RoleId};
use crate::error::Error;
use crate::operation::{AnswerError, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Items, List, Listed, Pages, Position, Response, Transport};

/// Lists the roles of an organization: `GET /api/v1/organization/{organization_id}/roles`, 200.
///
/// # Undocumented
/// Path and parameters are documented. The answer's shape is not in the page: `{data, has_more,
/// total}` is that of the platform's other lists (inferred), and so are its errors. Preset roles
/// may or may not be in it.
///
/// # Pages
/// Pages go by `page_number`, from the first or [`page_number`](Self::page_number) on: roles that
/// are added or removed meanwhile may shift others to a page that was read or is not read. A page
/// that repeats is an error, and so is a list that ends before its own total. With [`before`](Self::before) they go back in time from a role, each
/// page before the last role of the one before it (*observed*), whatever the sorting. With
/// [`after`](Self::after) there is one page, and an error after it if there is more: how to go on
/// in that direction is not known.
///
/// A [`Position`] holds a page number and the page size, or the id of a role where the list goes by
/// `before`. It is good for a list that goes the same way and has the same
/// [`page_size`](Self::page_size); a page number under another one is refused.
///
/// Source: <https://docs.cloud.deepset.ai/docs/api/main/get-roles-api-v-1-organization-organization-id-roles-get>.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::deepset::NewRole;
/// use rolecall::testing::DeepsetFake;
///
/// let fake = DeepsetFake::start().await?;
/// let roles = fake.client()?.organization(DeepsetFake::ORGANIZATION)?.roles();
/// for name in ["reader", "writer", "owner"] {
///     roles.create(&NewRole::new(name, "", [])).await?;
/// }
/// let mut items = roles.list().page_size(2).items()?;
/// while let Some(role) = items.next().await {
///     println!("{:?}", role?.role_name);
/// }
/// assert_eq!(items.total(), Some(3));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before a page or an item is asked for"]
pub struct ListRoles {
    transport: Transport,
    organization: OrganizationId,
    limit: Option<u32>,
    page_number: Option<u64>,
    before: Option<RoleId>,
    after: Option<RoleId>,
}

impl ListRoles {
    pub(super) fn new(transport: Transport, organization: OrganizationId) -> Self {
        Self { transport, organization, limit: None, page_number: None, before: None, after: None }
    }

    /// How many roles a page has (`limit`): 1 to 100, at this service 10 if it is not set.
    pub fn page_size(mut self, roles: u32) -> Self {
        self.limit = Some(roles);
        self
    }

    /// The page to begin with, from 1 on; not together with [`before`](Self::before) or
    /// [`after`](Self::after).
    pub fn page_number(mut self, number: u64) -> Self {
        self.page_number = Some(number);
        self
    }

    /// The roles that were created before this one.
    pub fn before(mut self, role: &RoleId) -> Self {
        self.before = Some(role.clone());
        self
    }

    /// The roles that were created after this one: one page of them.
    pub fn after(mut self, role: &RoleId) -> Self {
        self.after = Some(role.clone());
        self
    }

    /// The roles, page by page behind the scenes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if page size or number are
    /// out of range, or contradict each other. What the service answers comes with the items:
    /// probably 404 for an unknown organization, and 422 (inferred).
    pub fn items(&self) -> Result<Items<Role>, Error> {
        self.items_from(&Position::default())
    }

    /// The roles from a position on.
    ///
    /// # Errors
    /// Those of [`items`](Self::items).
    pub fn items_from(&self, position: &Position) -> Result<Items<Role>, Error> {
        self.pages_from(position).map(Items::new)
    }

    /// The roles as pages.
    ///
    /// # Errors
    /// Those of [`items`](Self::items).
    pub fn pages(&self) -> Result<Pages<Role>, Error> {
        self.pages_from(&Position::default())
    }

    /// The pages from a position on.
    ///
    /// # Errors
    /// Those of [`items`](Self::items).
    pub fn pages_from(&self, position: &Position) -> Result<Pages<Role>, Error> {
        let page = self.first().map_err(|error| error.with_operation(RolesPage::NAME))?;
        let transport = self.transport.clone();
        Ok(Pages::new(page, position.clone(), move |page| transport.call(page)))
    }

    fn first(&self) -> Result<RolesPage, Error> {
        if let Some(limit) = self.limit.filter(|limit| !(1..=100).contains(limit)) {
            return Err(Error::invalid("limit", format!("must be 1 to 100, got {limit}")));
        }
        let start = match (self.page_number, &self.before, &self.after) {
            (Some(0), ..) => return Err(Error::invalid("page_number", "must be 1 or more, got 0")),
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                let rule = "must not be given together with before or after";
                return Err(Error::invalid("page_number", rule));
            }
            (_, Some(_), Some(_)) => {
                return Err(Error::invalid("before", "must not be given together with after"));
            }
            (_, Some(id), _) => Start::Before(Some(id.to_string())),
            (_, _, Some(id)) => Start::After(id.to_string()),
            (number, ..) => Start::Number(number.unwrap_or(1)),
        };
        Ok(RolesPage { organization: self.organization, limit: self.limit, start })
    }
}

#[derive(Clone, Debug)]
struct RolesPage {
    organization: OrganizationId,
    limit: Option<u32>,
    start: Start,
}

impl Operation for RolesPage {
    type Service = Deepset;
    type Answer = Listing<Role>;
    const NAME: &'static str = "deepset roles.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        let template = "/api/v1/organization/{organization_id}/roles";
        Path::new(template, [self.organization.to_string()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let limit = self.limit.map(|limit| ("limit", limit.to_string()));
        limit.into_iter().chain(self.start.query()).collect()
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

impl List for RolesPage {
    type Item = Role;

    fn at(&self, cursor: &str) -> Result<Self, Error> {
        let start =
            self.start.at(self.limit, cursor).map_err(|error| error.with_operation(Self::NAME))?;
        Ok(Self { start, ..self.clone() })
    }

    fn page(&self, answer: Response<Listing<Role>>) -> Listed<Role> {
        self.start.page(self.limit, answer.into_body(), |role| role.role_id.as_str())
    }

    fn key(role: &Role) -> String {
        role.role_id.to_string()
    }
}
