//! The common shape of the platform's lists, and their paging.

use serde::Deserialize;

use crate::error::Error;
use crate::model::json::part;
use crate::operation::ListPage;

/// The page size where the request names none (documented).
const DEFAULT_LIMIT: u32 = 10;

/// A page of a list, `{data, has_more, total}`. A response without `data` is an error, since it
/// would pass for an empty list.
#[derive(Clone, Debug, Deserialize)]
pub struct Listing<T> {
    data: Vec<T>,
    #[serde(default, deserialize_with = "part")]
    has_more: Option<bool>,
    #[serde(default, deserialize_with = "part")]
    total: Option<u64>,
}

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Start {
    /// A page by its number, from 1.
    Number(u64),
    /// What was created before this id.
    Before(String),
    /// What was created after this id. Which id leads on from there is not known.
    After(String),
    /// The newest.
    #[default]
    Newest,
}

/// The settings of a list that its start depends on, as the caller gives them.
#[derive(Clone, Debug, Default)]
pub(super) struct Paging {
    pub(super) limit: Option<u32>,
    pub(super) page_number: Option<u64>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    /// Set by the cursor of a page.
    pub(super) cursor: Option<Start>,
}

impl Paging {
    /// # Errors
    /// An invalid-request error if page size or number are out of range, or contradict each other.
    pub(super) fn check(&self, most: u32) -> Result<(), Error> {
        if let Some(limit) = self.limit.filter(|limit| !(1..=most).contains(limit)) {
            return Err(Error::invalid("page_size", format!("must be 1 to {most}, got {limit}")));
        }
        match (self.page_number, &self.before, &self.after) {
            (Some(0), ..) => Err(Error::invalid("page_number", "must be 1 or more, got 0")),
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                let rule = "must not be given together with before or after";
                Err(Error::invalid("page_number", rule))
            }
            (_, Some(_), Some(_)) => {
                Err(Error::invalid("before", "must not be given together with after"))
            }
            _ => Ok(()),
        }
    }

    fn start(&self) -> Start {
        match (&self.cursor, self.page_number, &self.before, &self.after) {
            (Some(start), ..) => start.clone(),
            (_, Some(number), ..) => Start::Number(number),
            (_, _, Some(id), _) => Start::Before(id.clone()),
            (_, _, _, Some(id)) => Start::After(id.clone()),
            _ => Start::Newest,
        }
    }

    /// The query parameters.
    pub(super) fn query(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let start = match self.start() {
            Start::Number(number) => Some(("page_number", number.to_string())),
            Start::Before(id) => Some(("before", id)),
            Start::After(id) => Some(("after", id)),
            Start::Newest => None,
        };
        self.limit.map(|limit| ("limit", limit.to_string())).into_iter().chain(start)
    }

    /// Moves to the page at a cursor: the number of a page, or the id that it is before.
    ///
    /// # Errors
    /// An invalid-request error if it is not a cursor of this list.
    pub(super) fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        let start = match self.start() {
            Start::Number(_) => cursor.parse().ok().filter(|n| *n > 0).map(Start::Number),
            Start::Before(_) | Start::Newest => Some(Start::Before(cursor.to_owned())),
            Start::After(_) => None,
        };
        self.cursor = Some(start.ok_or_else(|| Error::invalid("position", "is not of this list"))?);
        Ok(())
    }

    /// Returns the page that begins here, and where the next one begins.
    pub(super) fn page<T>(&self, listing: Listing<T>, id: impl Fn(&T) -> &str) -> ListPage<T> {
        let Listing { data, has_more, total } = listing;
        let size = u64::from(self.limit.unwrap_or(DEFAULT_LIMIT));
        let (count, start) = (data.len() as u64, self.start());
        // The most items that the list can have passed, if that is known: a page is no larger than
        // requested.
        let passed = match start {
            Start::Number(number) => Some(number.saturating_mul(size)),
            Start::Newest => Some(count),
            Start::Before(_) | Start::After(_) => None,
        };
        let unread = passed.is_some_and(|passed| total.is_some_and(|total| total > passed));
        let more = has_more.unwrap_or(count >= size || unread);
        let last = data.last().map(|last| id(last).to_owned());
        let page = ListPage::new(data).total(total);
        // The total counts also what a list leaves out that does not begin at its first page.
        let page = match (&self.cursor, &start) {
            (None, Start::Number(number)) => page.offset((number - 1).saturating_mul(size)),
            (None, Start::Before(_) | Start::After(_)) => page.offset(u64::MAX),
            _ => page,
        };
        match start {
            _ if !more => page,
            // If only empty pages follow, the list ends in an error.
            Start::Number(number) => page.next(Some(number.saturating_add(1).to_string())),
            Start::After(_) => {
                page.blocked("after: the list goes on, and how is not documented in this direction")
            }
            Start::Before(_) | Start::Newest => match last {
                Some(id) => page.next(Some(id)),
                None => page.blocked("has_more: is true of a page without items to go on from"),
            },
        }
    }
}
