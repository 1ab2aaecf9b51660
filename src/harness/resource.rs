//! What the resources of a scope have in common: pages of them, one of them, and its removal.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::{ErrorCode, Harness, Scope, ServiceError};
use crate::error::Error;
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Items, List, Listed, Pages, Position, Response, Transport};

/// What can be listed, read and deleted at all three scopes.
pub(super) trait Resource: DeserializeOwned + Clone + Send + Sync + 'static {
    /// The paths of all, for account, organization and project.
    const ALL: [&'static str; 3];
    /// The paths of one.
    const ONE: [&'static str; 3];
    const LIST: &'static str;
    const GET: &'static str;
    const DELETE: &'static str;
    /// Whether the service has a code of its own for "not found". That code needs no list, which may
    /// leave out what the caller may not view; the codes that may mean something else do.
    const SAYS_ABSENT: bool;

    fn identifier(&self) -> &str;
}

/// What can be created and replaced, too.
pub(super) trait Writable: Resource {
    type New: Draft;
    const CREATE: &'static str;
    const UPDATE: &'static str;
}

/// A request body that has rules of its own.
pub(super) trait Draft: Clone + Send + Sync + 'static {
    fn identifier(&self) -> &str;

    /// The body, after its rules were checked.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule.
    fn body(&self) -> Result<Body, Error>;
}

/// `GET` of one.
pub(super) struct Get<'a, T> {
    pub(super) scope: &'a Scope,
    pub(super) identifier: &'a str,
    pub(super) answer: PhantomData<fn() -> T>,
}

impl<T: Resource> Operation for Get<'_, T> {
    type Service = Harness;
    type Answer = T;
    const NAME: &'static str = T::GET;
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        self.scope.path_to(T::ONE, self.identifier)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

/// `DELETE` of one, answered with what was deleted.
///
/// No `echo`: the answer is the deleted object, which "not found" does not carry.
pub(super) struct Delete<'a, T> {
    pub(super) scope: &'a Scope,
    pub(super) identifier: &'a str,
    pub(super) answer: PhantomData<fn() -> T>,
}

impl<T: Resource> Operation for Delete<'_, T> {
    type Service = Harness;
    type Answer = T;
    const NAME: &'static str = T::DELETE;
    const METHOD: Method = Method::DELETE;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Idempotent;

    fn path(&self) -> Path<'_> {
        self.scope.path_to(T::ONE, self.identifier)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

/// `POST` of a new one.
pub(super) struct Create<'a, T: Writable> {
    pub(super) scope: &'a Scope,
    pub(super) new: &'a T::New,
}

impl<T: Writable> Operation for Create<'_, T> {
    type Service = Harness;
    type Answer = T;
    const NAME: &'static str = T::CREATE;
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[201];
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        self.scope.path(T::ALL)
    }

    fn body(&self) -> Result<Body, Error> {
        self.new.body()
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

/// `PUT` of one as a whole. The path's identifier is the body's, which the service insists on.
pub(super) struct Update<'a, T: Writable> {
    pub(super) scope: &'a Scope,
    pub(super) new: &'a T::New,
}

impl<T: Writable> Operation for Update<'_, T> {
    type Service = Harness;
    type Answer = T;
    const NAME: &'static str = T::UPDATE;
    const METHOD: Method = Method::PUT;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Idempotent;

    fn path(&self) -> Path<'_> {
        self.scope.path_to(T::ONE, self.new.identifier())
    }

    fn body(&self) -> Result<Body, Error> {
        self.new.body()
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

/// Reads one, and makes sure of its absence where the code leaves it open: `INVALID_REQUEST` is
/// "not found" for roles and resource groups, and other things as well, and a documented "not found"
/// of a role assignment does not say what was not found.
///
/// # Errors
/// That of a reading.
pub(super) async fn find<T: Resource>(
    transport: &Transport,
    scope: &Scope,
    identifier: &str,
) -> Result<Option<T>, Error> {
    match transport.call(&Get { scope, identifier, answer: PhantomData::<fn() -> T> }).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if T::SAYS_ABSENT && is_gone(&error) => Ok(None),
        Err(error)
            if T::SAYS_ABSENT && is_perhaps_gone(&error) || !T::SAYS_ABSENT && is_open(&error) =>
        {
            find_in_list(transport, scope, |item: &T| item.identifier() == identifier).await
        }
        Err(error) => Err(error),
    }
}

/// Whether the service itself says that the role assignment was not found (*observed*), and not its
/// organization or project.
pub(super) fn is_gone(error: &Error) -> bool {
    code(error) == Some(&ErrorCode::ResourceNotFoundException)
}

/// Whether the service says that something was not found (404, documented), which may as well be
/// the organization, the project or the path. Where the list of the same scope can be read, it was
/// none of these. Without one of the service's codes it may be the word of something before it.
pub(super) fn is_perhaps_gone(error: &Error) -> bool {
    let codes = [ErrorCode::ResourceNotFound, ErrorCode::EntityNotFound];
    error.is_not_found() && code(error).is_some_and(|code| codes.contains(code))
}

fn code(error: &Error) -> Option<&ErrorCode> {
    error.service::<ServiceError>()?.code.as_ref()
}

/// Whether a refusal may mean that the role or the resource group was not found.
pub(super) fn is_open(error: &Error) -> bool {
    error.status().is_some() && (error.is_invalid_request() || error.is_not_found())
}

/// The first of a list that is looked for, in pages as large as the service allows.
///
/// # Errors
/// That of a reading.
pub(super) async fn find_in_list<T: Resource>(
    transport: &Transport,
    scope: &Scope,
    mut is_it: impl FnMut(&T) -> bool + Send,
) -> Result<Option<T>, Error> {
    let list = ListPage::<T>::new(scope.clone());
    let list = ListPage { paging: Paging { limit: LARGEST_PAGE, ..list.paging }, ..list };
    let mut items = items(transport, &list, &Position::default())?;
    while let Some(item) = items.next().await {
        let item = item?;
        if is_it(&item) {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SortBy {
    /// The identifier: the one order that stays put while things are changed elsewhere.
    #[default]
    Identifier,
    /// The name. Role assignments have none, and the service ignores this for them (*observed*).
    Name,
    /// When it was created.
    Created,
    /// When it was last changed. Every change moves a row, so that rows are skipped or repeated.
    Updated,
}

impl SortBy {
    fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Name => "name",
            Self::Created => "created",
            Self::Updated => "updated",
        }
    }
}

/// Which end a list starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

impl Order {
    // Lower-case `asc` silently means DESC (observed).
    fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }
    }
}

const LARGEST_PAGE: u32 = 100;

/// Which page of a list, and what its number depends on.
#[derive(Clone, Debug)]
pub(super) struct Paging {
    page: u64,
    pub(super) limit: u32,
    pub(super) sort: SortBy,
    pub(super) order: Order,
}

impl Default for Paging {
    fn default() -> Self {
        // The service's own order, last changed first, shifts under writes (observed).
        Self { page: 0, limit: 30, sort: SortBy::Identifier, order: Order::Ascending }
    }
}

impl Paging {
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        vec![
            ("page", self.page.to_string()),
            ("limit", self.limit.to_string()),
            ("sort", self.sort.as_str().to_owned()),
            ("order", self.order.as_str().to_owned()),
        ]
    }

    /// The service counts pages; a number alone would mean other rows under other settings.
    fn cursor(&self, page: u64) -> String {
        format!("{page}.{}.{}.{}", self.limit, self.sort.as_str(), self.order.as_str())
    }

    pub(super) fn at(&self, cursor: &str) -> Result<Self, Error> {
        let page = cursor.split('.').next().and_then(|page| page.parse().ok());
        let page = page.filter(|page| self.cursor(*page) == cursor);
        let rule = "must come from this list, with the same page size and order";
        let page = page.ok_or_else(|| Error::invalid("position", rule))?;
        Ok(Self { page, ..self.clone() })
    }

    pub(super) fn listed<T>(&self, answer: Response<Vec<T>>) -> Listed<T> {
        let total = answer.headers().get("x-total-elements");
        let total = total.and_then(|total| total.to_str().ok()?.trim().parse::<u64>().ok());
        let items = answer.into_body();
        let limit = u64::from(self.limit);
        let here = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let more = match total {
            // A page may be short, or empty, before the end; a total below what came is none.
            Some(total) if total >= self.page.saturating_mul(limit).saturating_add(here) => {
                self.page.saturating_add(1).saturating_mul(limit) < total
            }
            _ => here >= limit,
        };
        let next = more.then(|| self.cursor(self.page.saturating_add(1)));
        Listed { items, next, total }
    }

    fn check(&self) -> Result<(), Error> {
        if (1..=LARGEST_PAGE).contains(&self.limit) {
            return Ok(());
        }
        let rule = format!("must be from 1 to {LARGEST_PAGE}, got {}", self.limit);
        Err(Error::invalid("limit", rule))
    }
}

/// A list call that is paged in the service's one manner.
pub(super) trait Paged: List {
    fn paging(&self) -> &Paging;
    fn paging_mut(&mut self) -> &mut Paging;
}

/// `GET` of a page.
#[derive(Clone, Debug)]
pub(super) struct ListPage<T> {
    scope: Scope,
    paging: Paging,
    pub(super) search_term: Option<String>,
    items: PhantomData<fn() -> T>,
}

impl<T> ListPage<T> {
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope, paging: Paging::default(), search_term: None, items: PhantomData }
    }
}

impl<T: Resource> Operation for ListPage<T> {
    type Service = Harness;
    type Answer = Vec<T>;
    const NAME: &'static str = T::LIST;
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        self.scope.path(T::ALL)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = self.paging.query();
        query.extend(self.search_term.clone().map(|term| ("search_term", term)));
        query
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

impl<T: Resource> List for ListPage<T> {
    type Item = T;

    fn at(&self, cursor: &str) -> Result<Self, Error> {
        Ok(Self { paging: self.paging.at(cursor)?, ..self.clone() })
    }

    fn page(&self, answer: Response<Self::Answer>) -> Listed<T> {
        self.paging.listed(answer)
    }

    fn key(item: &T) -> String {
        item.identifier().to_owned()
    }
}

impl<T: Resource> Paged for ListPage<T> {
    fn paging(&self) -> &Paging {
        &self.paging
    }

    fn paging_mut(&mut self) -> &mut Paging {
        &mut self.paging
    }
}

/// The pages of a list.
///
/// # Errors
/// An invalid-request error if the page size is out of range.
pub(super) fn pages<L>(
    transport: &Transport,
    list: &L,
    from: &Position,
) -> Result<Pages<<L as List>::Item>, Error>
where
    L: Paged<Service = Harness>,
{
    list.paging().check()?;
    let transport = transport.clone();
    Ok(Pages::new(list.clone(), from.clone(), move |page| transport.call(page)))
}

/// The items of a list.
///
/// # Errors
/// As for [`pages`].
pub(super) fn items<L>(
    transport: &Transport,
    list: &L,
    from: &Position,
) -> Result<Items<<L as List>::Item>, Error>
where
    L: Paged<Service = Harness>,
{
    pages(transport, list, from).map(Items::new)
}

/// Declares the public builder of a list.
macro_rules! list {
    ($(#[$meta:meta])* $name:ident of $item:ty, by $page:ty) => {
        $(#[$meta])*
        ///
        /// Rows are asked for in the order of their identifiers, 30 a page. (The service's own
        /// order, last changed first, shifts under writes and would skip or repeat rows,
        /// *observed*.) The list ends by the total that the service names, or without one on a
        /// page that is not full.
        ///
        /// A [`Position`](crate::Position) is a page number and a place in the page: it holds for
        /// the same list with the same page size and order (others are refused), and a row that is
        /// created or deleted before it in the meantime shifts it by one.
        #[derive(Clone, Debug)]
        #[must_use = "nothing is fetched before items or pages are asked for"]
        pub struct $name {
            transport: $crate::transport::Transport,
            page: $page,
        }

        impl $name {
            /// How many items a page has: 1 to 100. Default 30.
            pub fn page_size(mut self, items: u32) -> Self {
                $crate::harness::resource::Paged::paging_mut(&mut self.page).limit = items;
                self
            }

            /// Another order than by ascending identifier; see [`SortBy`](crate::harness::SortBy)
            /// for what that costs.
            pub fn sort(
                mut self,
                by: $crate::harness::SortBy,
                order: $crate::harness::Order,
            ) -> Self {
                let paging = $crate::harness::resource::Paged::paging_mut(&mut self.page);
                (paging.sort, paging.order) = (by, order);
                self
            }

            /// The items, from the first.
            ///
            /// # Errors
            /// An invalid-request error, before anything is sent, if the page size is out of range.
            pub fn items(&self) -> Result<$crate::transport::Items<$item>, $crate::Error> {
                self.items_from(&$crate::transport::Position::default())
            }

            /// The pages, from the first.
            ///
            /// # Errors
            /// As for [`items`](Self::items).
            pub fn pages(&self) -> Result<$crate::transport::Pages<$item>, $crate::Error> {
                self.pages_from(&$crate::transport::Position::default())
            }

            /// The items from an earlier position on.
            ///
            /// # Errors
            /// As for [`items`](Self::items). A position of another list, page size or order is an
            /// error of the first item, before anything is sent.
            pub fn items_from(
                &self,
                position: &$crate::transport::Position,
            ) -> Result<$crate::transport::Items<$item>, $crate::Error> {
                $crate::harness::resource::items(&self.transport, &self.page, position)
            }

            /// The pages from an earlier position on.
            ///
            /// # Errors
            /// As for [`items_from`](Self::items_from).
            pub fn pages_from(
                &self,
                position: &$crate::transport::Position,
            ) -> Result<$crate::transport::Pages<$item>, $crate::Error> {
                $crate::harness::resource::pages(&self.transport, &self.page, position)
            }
        }
    };
}

pub(super) use list;

/// Tags, of which one may be null.
///
/// # Errors
/// The deserializer's error.
pub(super) fn tags<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let tags = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?;
    Ok(tags.map(|tags| {
        tags.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect()
    }))
}

/// A count of the service as a time. The vendor documents no unit: see
/// [`RoleAssignmentResponse::created_at`](super::RoleAssignmentResponse::created_at).
pub(super) fn time(count: i64) -> Option<SystemTime> {
    let count = u64::try_from(count).ok()?;
    let since = if count >= 100_000_000_000 {
        Duration::from_millis(count)
    } else {
        Duration::from_secs(count)
    };
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_units() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(time(1_234_567_890), at(1_234_567_890));
        assert_eq!(time(1_700_000_000_000), at(1_700_000_000));
        assert_eq!(time(-1), None);
        assert!(time(i64::MAX).is_some(), "far, but a time");
    }

    #[test]
    fn a_cursor_holds_for_its_own_settings_only() {
        let paging = Paging::default();
        assert_eq!(paging.cursor(7), "7.30.identifier.ASC");
        assert_eq!(paging.at("7.30.identifier.ASC").expect("it is its own").page, 7);
        for strange in ["", "7", "7.31.identifier.ASC", "7.30.name.ASC", "07.30.identifier.ASC"] {
            let error = paging.at(strange).expect_err(strange);
            assert!(error.to_string().contains("position: must come from this list"), "{error}");
        }
    }
}
