//! The order and the paging of lists.

use std::marker::PhantomData;

use http::HeaderMap;

use super::Harness;
use super::identifier::check_not_empty;
use super::resource::{Container, Readable, Searchable};
use super::scope::Place;
use crate::error::Error;
use crate::model::open_enum;
use crate::operation::{ListOperation, ListPage, Operation, Spec};
use crate::transport::List;

open_enum! {
    /// What a list is sorted by.
    SortBy {
        /// The identifier: the only order that concurrent updates do not shift.
        Identifier = "identifier",
        /// The name. Role assignments have none, and the service ignores this for them
        /// (*observed*).
        Name = "name",
        /// The time of creation.
        Created = "created",
        /// The time of the last change. Every change moves a row, so pages may skip or repeat rows.
        Updated = "updated",
    }
}

/// The direction of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

pub(super) const LARGEST_PAGE: u32 = 100;

/// Which page of a list.
#[derive(Clone, Debug)]
pub(super) struct PageNumber {
    /// From 0.
    number: u64,
    pub(super) size: u32,
}

impl PageNumber {
    /// The first page, of this size.
    pub(super) fn of(size: u32) -> Self {
        Self { number: 0, size }
    }

    pub(super) fn query(
        &self,
        number: &'static str,
        size: &'static str,
    ) -> [(&'static str, String); 2] {
        [(number, self.number.to_string()), (size, self.size.to_string())]
    }

    /// # Errors
    /// An invalid-request error if the page size is out of range.
    pub(super) fn check(&self) -> Result<(), Error> {
        if (1..=LARGEST_PAGE).contains(&self.size) {
            return Ok(());
        }
        let rule = format!("must be 1 to {LARGEST_PAGE}, got {}", self.size);
        Err(Error::invalid("page_size", rule))
    }

    /// Moves to the page of this number.
    ///
    /// # Errors
    /// An invalid-request error if it is not a number.
    pub(super) fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        let number = cursor.parse();
        self.number = number.map_err(|_| Error::invalid("position", "is not of this list"))?;
        Ok(())
    }

    /// These items of a list of so many.
    pub(super) fn page<T>(&self, items: Vec<T>, total: Option<u64>) -> ListPage<T> {
        let (size, here) = (u64::from(self.size), items.len() as u64);
        let start = self.number.saturating_mul(size);
        let more = match total {
            // A page may be short, or empty, before the end.
            Some(total) if total >= start.saturating_add(here) => {
                start.saturating_add(size) < total
            }
            // Without a total, or with one that this page contradicts, a full page has a next one.
            _ => here >= size,
        };
        let next = more.then(|| self.number.saturating_add(1).to_string());
        ListPage::new(items).next(next).total(total)
    }
}

/// Which page of a list of v1, and in what order.
#[derive(Clone, Debug)]
pub(super) struct Paging {
    pub(super) page: PageNumber,
    pub(super) sort: SortBy,
    pub(super) order: Order,
}

impl Default for Paging {
    fn default() -> Self {
        // Concurrent changes shift the service's own order, last changed first (observed).
        Self { page: PageNumber::of(30), sort: SortBy::Identifier, order: Order::Ascending }
    }
}

impl Paging {
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        // Lower-case `asc` silently means DESC (observed).
        let order = if self.order == Order::Ascending { "ASC" } else { "DESC" };
        let mut query = self.page.query("page", "limit").to_vec();
        query.extend([("sort", self.sort.to_string()), ("order", order.to_owned())]);
        query
    }

    pub(super) fn page<T>(&self, items: Vec<T>, headers: &HeaderMap) -> ListPage<T> {
        let total = headers.get("x-total-elements");
        let total = total.and_then(|total| total.to_str().ok()?.trim().parse().ok());
        self.page.page(items, total)
    }
}

/// A page of a list in a scope; see [`Resources::list`](super::Resources::list).
#[derive(Clone, Debug)]
pub struct ListInScope<T> {
    place: Place,
    paging: Paging,
    search_term: Option<String>,
    identifiers: Option<Vec<String>>,
    /// The query parameter for one identifier.
    identifier: &'static str,
    items: PhantomData<fn() -> T>,
}

impl<T> ListInScope<T> {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            paging: Paging::default(),
            search_term: None,
            identifiers: None,
            identifier: "",
            items: PhantomData,
        }
    }
}

impl<T: Readable> Operation for ListInScope<T> {
    type Service = Harness;
    type Output = Vec<T>;
    const SPEC: Spec = T::LIST;

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.place.path(None)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = self.paging.query();
        query.extend(self.search_term.clone().map(|term| ("search_term", term)));
        query.extend(self.identifiers.iter().flatten().map(|one| (self.identifier, one.clone())));
        query
    }

    fn validate(&self) -> Result<(), Error> {
        check_texts("identifiers", &self.identifiers)?;
        self.paging.page.check()
    }
}

impl<T: Readable> ListOperation for ListInScope<T> {
    type Item = T;

    fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        self.paging.page.seek(cursor)
    }

    fn set_page_size(&mut self, items: u32) {
        self.paging.page.size = items;
    }

    fn page(&self, output: Vec<T>, headers: &HeaderMap) -> ListPage<T> {
        self.paging.page(output, headers)
    }

    fn key(item: &T) -> String {
        item.identifier().to_owned()
    }
}

impl<T> List<ListInScope<T>> {
    /// Sets the order, by default ascending by identifier; see [`SortBy`] for the drawbacks of
    /// others.
    pub fn sort(mut self, by: SortBy, order: Order) -> Self {
        (self.operation.paging.sort, self.operation.paging.order) = (by, order);
        self
    }
}

impl<T: Searchable> List<ListInScope<T>> {
    /// Lists only items that match this text (`search_term`). The fields that it is compared with
    /// are not documented. Role assignments cannot be searched for.
    pub fn search_term(mut self, text: impl Into<String>) -> Self {
        self.operation.search_term = Some(text.into());
        self
    }
}

impl<T: Container> List<ListInScope<T>> {
    /// Lists only organizations or projects with one of these identifiers. The call refuses an
    /// empty list.
    pub fn identifiers(mut self, any: impl IntoIterator<Item: Into<String>>) -> Self {
        self.operation.identifier = T::IDENTIFIER;
        self.operation.identifiers = Some(any.into_iter().map(Into::into).collect());
        self
    }
}

/// Checks that neither a filter of texts that is set nor one of its texts is empty: either might list
/// everything.
///
/// # Errors
/// An invalid-request error that names the filter.
pub(super) fn check_texts<T: AsRef<str>>(field: &str, any: &Option<Vec<T>>) -> Result<(), Error> {
    check_any(field, any)?;
    any.iter().flatten().try_for_each(|text| check_not_empty(field, Some(text.as_ref())))
}

/// Checks that a filter that is set is not empty: an empty one would list everything.
///
/// # Errors
/// An invalid-request error that names the filter.
pub(super) fn check_any<T>(field: &str, any: &Option<Vec<T>>) -> Result<(), Error> {
    match any.as_ref().is_some_and(Vec::is_empty) {
        true => Err(Error::invalid(field, "must not be empty; leave it out for all")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Next;

    #[test]
    fn cursor_is_a_page_number() {
        let mut page = PageNumber::of(30);
        page.seek("7").expect("it is a number");
        assert_eq!(page.query("page", "limit")[0], ("page", "7".to_owned()));
        for strange in ["", "-1", "7.30", "token", "99999999999999999999999"] {
            let error = page.seek(strange).expect_err(strange);
            assert!(error.to_string().contains("position: is not of this list"), "{error}");
        }
    }

    #[test]
    fn list_ends_by_its_total_or_on_a_short_page() {
        let more = Next::Cursor("3".to_owned());
        let page = PageNumber { number: 2, size: 2 };
        let paging = Paging { page, ..Paging::default() };
        for (items, header, next, total) in [
            (2, Some("7"), &more, Some(7)),
            (2, Some("6"), &Next::End, Some(6)),
            // Short or empty before the end.
            (1, Some(" 7 "), &more, Some(7)),
            (0, Some("7"), &more, Some(7)),
            // No total, or one that cannot be.
            (2, None, &more, None),
            (1, None, &Next::End, None),
            (2, Some("5"), &more, Some(5)),
            (1, Some("4"), &Next::End, Some(4)),
            (1, Some("-1"), &Next::End, None),
            (2, Some("many"), &more, None),
            (2, Some("99999999999999999999999"), &more, None),
        ] {
            let value = header.map(http::HeaderValue::from_static);
            let headers =
                value.map(|value| (http::HeaderName::from_static("x-total-elements"), value));
            let page = paging.page(vec![(); items], &headers.into_iter().collect());
            assert_eq!((&page.next, page.total), (next, total), "{items} {header:?}");
            assert_eq!(page.offset, None, "the service may have omitted some before this page");
        }
    }
}
