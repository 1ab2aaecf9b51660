//! The shape that the platform's lists share, and the ways through them.

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::transport::Listed;

/// What a page has where the request does not say: documented for roles, assumed elsewhere.
const DEFAULT_LIMIT: u32 = 10;

/// `{data, has_more, total}`. The data are insisted on: without them things would be missing
/// unnoticed.
#[derive(Deserialize)]
pub(super) struct Listing<T> {
    data: Vec<T>,
    has_more: Option<bool>,
    total: Option<Value>,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// A page by its number, from 1 on.
    Number(u64),
    /// What was created before this id, or the newest.
    Before(Option<String>),
    /// What was created after this id. Which id leads on from there is not known.
    After(String),
}

/// The cursor that stands for "more, but without an item from which to go on".
const STUCK: &str = "before=";

/// The cursor that stands for "more, but the service says that there is none".
const SHORT: &str = "short";

/// The cursor that stands for "more, but nobody knows how".
const BEYOND: &str = "after";

/// The cursor of a page by its number, which would mean other items under another limit.
fn numbered(number: u64, limit: Option<u32>) -> String {
    format!("{number}.{}", limit.unwrap_or(DEFAULT_LIMIT))
}

impl Start {
    /// The query parameters.
    pub(super) fn query(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Number(number) => Some(("page_number", number.to_string())),
            Self::Before(id) => id.clone().map(|id| ("before", id)),
            Self::After(id) => Some(("after", id.clone())),
        }
    }

    /// The page at a cursor of the same list.
    ///
    /// # Errors
    /// An invalid-request error if it is the cursor of another list, or of none; a decode error
    /// where a list ended before its own total.
    pub(super) fn at(&self, limit: Option<u32>, cursor: &str) -> Result<Self, Error> {
        if cursor == SHORT {
            let detail = "total: is more than came, and the list says that it ends";
            return Err(Error::new(ErrorKind::Decode).with_detail(detail));
        }
        let next = match self {
            Self::Number(_) => {
                let number = cursor.split('.').next().and_then(|number| number.parse().ok());
                let number = number.filter(|number| *number > 0);
                number.filter(|number| numbered(*number, limit) == cursor).map(Self::Number)
            }
            Self::Before(_) => {
                let id = cursor.strip_prefix("before=").filter(|id| !id.is_empty());
                id.map(|id| Self::Before(Some(id.to_owned())))
            }
            Self::After(_) if cursor == BEYOND => {
                let rule = "must leave no more than one page: how a list goes on in this direction \
                            is not documented";
                return Err(Error::invalid("after", rule));
            }
            Self::After(_) => None,
        };
        let rule = "must be one of the same list, with the same page size";
        next.ok_or_else(|| Error::invalid("position", rule))
    }

    /// What a page that begins here holds, and the cursor of the next.
    pub(super) fn page<T>(
        &self,
        limit: Option<u32>,
        listing: Listing<T>,
        id: impl Fn(&T) -> &str,
    ) -> Listed<T> {
        let Listing { data, has_more, total } = listing;
        let total = total.and_then(|total| total.as_u64());
        let size = limit.unwrap_or(DEFAULT_LIMIT);
        let full = data.len() >= usize::try_from(size).unwrap_or(usize::MAX);
        // What a numbered list has passed at most, pages being no larger than asked for.
        let passed = match self {
            Self::Number(number) => number.saturating_mul(size.into()),
            Self::Before(_) | Self::After(_) => data.len() as u64,
        };
        let more = has_more.unwrap_or(full || total.is_some_and(|total| total > passed));
        // What it has passed at most with this page, where it is known how the list began.
        let here = data.len() as u64;
        let seen = match self {
            Self::Number(number) => {
                number.saturating_sub(1).saturating_mul(size.into()).saturating_add(here)
            }
            Self::Before(None) => here,
            Self::Before(Some(_)) | Self::After(_) => u64::MAX,
        };
        let next = match self {
            _ if !more => total.is_some_and(|total| total > seen).then(|| SHORT.to_owned()),
            // If nothing but empty pages follows, the stream ends in an error.
            Self::Number(number) => number.checked_add(1).map(|next| numbered(next, limit)),
            Self::Before(_) => {
                Some(data.last().map_or(STUCK.to_owned(), |last| format!("before={}", id(last))))
            }
            Self::After(_) => Some(BEYOND.to_owned()),
        };
        Listed { items: data, next, total }
    }
}
