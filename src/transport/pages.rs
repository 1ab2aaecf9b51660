//! Streams of pages and of items.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::position::Position;
use crate::declare::getters;
use crate::error::Error;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the service's order. A page may be empty without being the last.
    pub items: Vec<T>,
    /// The total number of items in the list, if the service reports it.
    pub total: Option<u64>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Position>,
}

impl<T> Page<T> {
    /// A last page, for mocks.
    pub fn new(items: Vec<T>) -> Self {
        Self { items, total: None, next: None }
    }
}

type Next<T> = Option<Result<T, Error>>;

/// The source of pages.
pub(super) trait PageSource<T>: Send {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Next<Page<T>>>;
    fn position(&self) -> &Position;
}

/// The pages of a list, each fetched on demand. It is a [`Stream`]; [`next`](Self::next) needs no
/// stream traits.
///
/// An error ends the stream; [`position`](Self::position) then returns where to resume. Dropping
/// the stream stops it.
#[must_use = "nothing is fetched before a page is asked for"]
pub struct Pages<T>(Box<dyn PageSource<T>>);

impl<T: Send + 'static> Pages<T> {
    pub(super) fn new(source: impl PageSource<T> + 'static) -> Self {
        Self(Box::new(source))
    }

    /// Returns the pages of another stream, for mocks. Positions count items.
    pub fn from_stream(
        stream: impl Stream<Item = Result<Page<T>, Error>> + Send + 'static,
    ) -> Self {
        let position = Position::start(0);
        Self::new(Foreign { stream: Box::pin(stream), position, ended: false })
    }

    /// Returns the next page; `None` after the last, and after an error.
    ///
    /// Cancel-safe: if the future is dropped, the next call continues with the same request.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        std::future::poll_fn(|context| self.0.poll(context)).await
    }

    /// Returns all remaining pages, in memory.
    ///
    /// # Errors
    /// The first error; the pages or items before it are lost.
    pub async fn try_collect(mut self) -> Result<Vec<Page<T>>, Error> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await {
            all.push(page?);
        }
        Ok(all)
    }

    /// Maps each item. Positions remain those of this list.
    pub fn map<U: Send + 'static>(self, project: impl FnMut(T) -> U + Send + 'static) -> Pages<U> {
        Pages::new(Mapped { pages: self, project })
    }

    /// Returns the position after the pages returned so far, where a new stream can resume.
    pub fn position(&self) -> &Position {
        self.0.position()
    }
}

impl<T: Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll(context)
    }
}

/// Pages from values, for mocks. Positions count items.
impl<T: Send + 'static> FromIterator<Result<Page<T>, Error>> for Pages<T> {
    fn from_iter<I: IntoIterator<Item = Result<Page<T>, Error>>>(pages: I) -> Self {
        Self::from_stream(Given(pages.into_iter().collect()))
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("position", self.0.position()).finish_non_exhaustive()
    }
}

struct Mapped<T, F> {
    pages: Pages<T>,
    project: F,
}

impl<T: Send + 'static, U, F: FnMut(T) -> U + Send> PageSource<U> for Mapped<T, F> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Next<Page<U>>> {
        let next = ready!(self.pages.0.poll(context));
        Poll::Ready(next.map(|page| {
            let Page { items, total, next } = page?;
            Ok(Page { items: items.into_iter().map(&mut self.project).collect(), total, next })
        }))
    }

    fn position(&self) -> &Position {
        self.pages.position()
    }
}

/// A page for each item of another list.
struct FlatMapped<T, F> {
    items: Items<T>,
    project: F,
}

impl<T, U, I, F> PageSource<U> for FlatMapped<T, F>
where
    T: Send + 'static,
    I: IntoIterator<Item = U>,
    F: FnMut(T) -> I + Send,
{
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Next<Page<U>>> {
        let next = ready!(Pin::new(&mut self.items).poll_next(context));
        Poll::Ready(next.map(|item| {
            let items = (self.project)(item?).into_iter().collect();
            Ok(Page { items, total: None, next: Some(self.items.position().clone()) })
        }))
    }

    fn position(&self) -> &Position {
        self.items.position()
    }
}

/// Pages from outside this crate's lists.
struct Foreign<S: ?Sized> {
    position: Position,
    ended: bool,
    stream: Pin<Box<S>>,
}

impl<T, S> PageSource<T> for Foreign<S>
where
    S: Stream<Item = Result<Page<T>, Error>> + Send + ?Sized,
{
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Next<Page<T>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = ready!(self.stream.as_mut().poll_next(context));
        match &next {
            Some(Ok(page)) => {
                let items = page.items.len() as u64;
                self.position.before = self.position.before.saturating_add(items);
                if let Some(next) = &page.next {
                    self.position = next.clone();
                }
            }
            _ => self.ended = true,
        }
        Poll::Ready(next)
    }

    fn position(&self) -> &Position {
        &self.position
    }
}

/// A stream of given values.
struct Given<T>(VecDeque<T>);

impl<T> Stream for Given<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.0.pop_front())
    }
}

/// The items of a list, one page in memory at a time. It is a [`Stream`]; [`next`](Self::next)
/// needs no stream traits.
///
/// An error ends the stream; [`position`](Self::position) then returns where to resume.
#[must_use = "nothing is fetched before an item is asked for"]
pub struct Items<T> {
    pages: Pages<T>,
    page: VecDeque<T>,
    /// Of the item that is returned next.
    position: Position,
    total: Option<u64>,
    more: bool,
    /// Whether a position inside a page counts its items.
    counted: bool,
}

impl<T: Send + 'static> Items<T> {
    pub(super) fn new(pages: Pages<T>) -> Self {
        let position = pages.position().clone();
        Self { pages, page: VecDeque::new(), position, total: None, more: true, counted: true }
    }

    /// Returns the items of another stream, for mocks. Positions count items.
    pub fn from_stream(stream: impl Stream<Item = Result<T, Error>> + Send + 'static) -> Self {
        Self::new(Pages::from_stream(OneEach(Box::pin(stream))))
    }

    /// Returns the output of a call as the only item.
    #[cfg(any(feature = "deepset", feature = "twilio"))]
    pub(crate) fn from_call(call: super::Call<T>) -> Self {
        Self::from_stream(Once(Some(call.into_future())))
    }

    /// Returns the next item; `None` after the last, and after an error.
    ///
    /// Cancel-safe: if the future is dropped, no item is lost, and the next call continues with the
    /// same request.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Returns all remaining items, in memory.
    ///
    /// # Errors
    /// The first error; the pages or items before it are lost.
    pub async fn try_collect(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }

    /// Maps each item. Positions remain those of this list.
    pub fn map<U: Send + 'static>(
        self,
        mut project: impl FnMut(T) -> U + Send + 'static,
    ) -> Items<U> {
        let Self { pages, page, position, total, more, counted } = self;
        let page = page.into_iter().map(&mut project).collect();
        Items { pages: pages.map(project), page, position, total, more, counted }
    }

    /// Maps each item to any number of others. Their position is that of the original item:
    /// resuming there repeats some and loses none. The total is not known.
    pub fn flat_map<U: Send + 'static, I: IntoIterator<Item = U>>(
        self,
        project: impl FnMut(T) -> I + Send + 'static,
    ) -> Items<U> {
        Items { counted: false, ..Items::new(Pages::new(FlatMapped { items: self, project })) }
    }

    getters! {
        /// Returns the position after the items returned so far, where a new stream can resume.
        borrow position: Position;

        /// Returns the total number of items in the list that the service reported most recently;
        /// `None` if it reported none.
        copy total: Option<u64>;
    }
}

impl<T: Send + 'static> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.page.pop_front() {
                this.position.taken = this.position.taken.saturating_add(usize::from(this.counted));
                if this.page.is_empty() && this.more {
                    this.position = this.pages.position().clone();
                }
                return Poll::Ready(Some(Ok(item)));
            }
            let from = this.pages.position().clone();
            match ready!(this.pages.0.poll(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => {
                    this.position = from;
                    this.total = page.total.or(this.total);
                    this.more = page.next.is_some();
                    this.page = page.items.into();
                }
            }
        }
    }
}

/// Items from values, for mocks. Positions count items.
impl<T: Send + 'static> FromIterator<Result<T, Error>> for Items<T> {
    fn from_iter<I: IntoIterator<Item = Result<T, Error>>>(items: I) -> Self {
        Self::from_stream(Given(items.into_iter().collect()))
    }
}

// Nothing in it is pinned in place.
impl<T> Unpin for Items<T> {}
impl<T> Unpin for Given<T> {}

/// A stream of the output of a future.
#[cfg(any(feature = "deepset", feature = "twilio"))]
struct Once<T>(Option<super::wire::BoxFuture<'static, T>>);

#[cfg(any(feature = "deepset", feature = "twilio"))]
impl<T> Stream for Once<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(future) = &mut self.0 else { return Poll::Ready(None) };
        let output = ready!(future.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(Some(output))
    }
}

/// A page for each item.
struct OneEach<S: ?Sized>(Pin<Box<S>>);

impl<T, S: Stream<Item = Result<T, Error>> + ?Sized> Stream for OneEach<S> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.0.as_mut().poll_next(context));
        Poll::Ready(next.map(|item| item.map(|item| Page::new(vec![item]))))
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("position", &self.position).finish_non_exhaustive()
    }
}
