//! Lists that come in pages, as streams of pages and of items.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::wire::BoxFuture;
use super::{Call, Response};
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;

/// A list call: an operation for one page, and how to come to the next.
pub(crate) trait List: Operation + Clone + Send + Sync + 'static {
    /// What the pages hold.
    type Item: Send + 'static;

    /// The same list, from this cursor on. It may come from outside, so it is checked.
    ///
    /// # Errors
    /// An invalid-request error if it is no cursor of this list.
    fn at(&self, cursor: &str) -> Result<Self, Error>;

    /// What a page's answer holds.
    fn page(&self, answer: Response<Self::Answer>) -> Listed<Self::Item>;

    /// What tells one item from another, to notice a page that repeats.
    fn key(item: &Self::Item) -> String;
}

/// One page as its service gives it.
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    /// The cursor of the page that follows; `None` at the end. An empty page may have one.
    pub(crate) next: Option<String>,
    pub(crate) total: Option<u64>,
}

/// A place in a list, to go on from later, also in another process: its text form is
/// [`to_string`](ToString::to_string), read by [`parse`](str::parse).
///
/// What it is worth depends on the service: see the list's own docs.
///
/// ```
/// use rolecall::Position;
/// let start: Position = Position::default().to_string().parse()?;
/// assert_eq!(start, Position::default());
/// # Ok::<(), rolecall::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    cursor: Option<String>,
    /// Items of the page at the cursor that were taken already.
    taken: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cursor {
            None => write!(f, "{}", self.taken),
            Some(cursor) => write!(f, "{}:{cursor}", self.taken),
        }
    }
}

impl FromStr for Position {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (taken, cursor) = match text.split_once(':') {
            Some((taken, cursor)) => (taken, Some(cursor.to_owned())),
            None => (text, None),
        };
        let taken = taken.parse().ok();
        let taken = taken.filter(|_| cursor.as_deref() != Some(""));
        let rule = "must be the text of an earlier position";
        Ok(Self { cursor, taken: taken.ok_or_else(|| Error::invalid("position", rule))? })
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the service's order. A page may be empty without being the last.
    pub items: Vec<T>,
    /// How many items the whole list has, where the service says so.
    pub total: Option<u64>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Position>,
}

type Fetch<T> =
    Arc<dyn Fn(Option<&str>) -> BoxFuture<'static, Result<(Page<T>, u64), Error>> + Send + Sync>;

/// The pages of a list, each fetched when it is asked for: a stream, and without one,
/// [`next`](Self::next).
///
/// An error ends it; [`position`](Self::position) then tells where to go on. A page that comes again
/// is such an error: the list goes round in a circle, or, where pages are numbered, rows moved by a
/// whole page in the meantime, as a page of one row soon does. Dropping it leaves nothing running.
#[must_use = "nothing is fetched before a page is asked for"]
pub struct Pages<T> {
    fetch: Fetch<T>,
    state: State<T>,
    position: Position,
    loops: LoopGuard,
    name: &'static str,
}

enum State<T> {
    Ready,
    Fetching(BoxFuture<'static, Result<(Page<T>, u64), Error>>),
    Ended,
}

impl<T: Send + 'static> Pages<T> {
    /// The pages of `list`; `call` makes the call of one page.
    pub(crate) fn new<L, C>(list: L, from: Position, call: C) -> Self
    where
        L: List<Item = T>,
        C: Fn(&L) -> Call<L::Answer> + Send + Sync + 'static,
    {
        let fetch: Fetch<T> = Arc::new(move |cursor| {
            let at = match cursor {
                Some(cursor) => list.at(cursor),
                None => Ok(list.clone()),
            };
            let call = at.map(|at| (call(&at).with_response().into_future(), at));
            Box::pin(async move {
                let (call, at) = call?;
                let Listed { items, next, total } = at.page(call.await?);
                let mut marks = DefaultHasher::new();
                items.iter().for_each(|item| L::key(item).hash(&mut marks));
                let next = next.map(|cursor| Position { cursor: Some(cursor), taken: 0 });
                Ok((Page { items, total, next }, marks.finish()))
            })
        });
        Self {
            fetch,
            state: State::Ready,
            position: from,
            loops: LoopGuard::default(),
            name: L::NAME,
        }
    }

    /// The next page; `None` after the last, and after an error.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Where a new stream would go on after the pages that were yielded so far.
    #[must_use]
    pub fn position(&self) -> &Position {
        &self.position
    }

    fn settle(&mut self, fetched: Result<(Page<T>, u64), Error>) -> Result<Page<T>, Error> {
        self.state = State::Ended;
        let (mut page, mark) = fetched?;
        self.loops.check(&page, mark).map_err(|error| error.with_operation(self.name))?;
        page.items.drain(..self.position.taken.min(page.items.len()));
        match &page.next {
            Some(next) => {
                self.state = State::Ready;
                self.position = next.clone();
            }
            None => self.position.taken += page.items.len(),
        }
        Ok(page)
    }
}

impl<T: Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let State::Ready = this.state {
            this.state = State::Fetching((this.fetch)(this.position.cursor.as_deref()));
        }
        match &mut this.state {
            State::Fetching(fetching) => {
                let fetched = ready!(fetching.as_mut().poll(context));
                Poll::Ready(Some(this.settle(fetched)))
            }
            State::Ready | State::Ended => Poll::Ready(None),
        }
    }
}

// Nothing in it is pinned in place.
impl<T> Unpin for Pages<T> {}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("position", &self.position).finish_non_exhaustive()
    }
}

/// The items of a list, one page in memory at a time: a stream, and without one,
/// [`next`](Self::next).
///
/// An error ends it; [`position`](Self::position) then tells where to go on. [`Pages`] has the details.
#[must_use = "nothing is fetched before an item is asked for"]
pub struct Items<T> {
    pages: Pages<T>,
    page: VecDeque<T>,
    /// Of the item that is yielded next.
    position: Position,
    total: Option<u64>,
}

impl<T: Send + 'static> Items<T> {
    pub(crate) fn new(pages: Pages<T>) -> Self {
        let position = pages.position.clone();
        Self { pages, page: VecDeque::new(), position, total: None }
    }

    /// The items of a list that comes in one answer.
    pub(crate) fn of_one_call<A: Send + 'static>(
        call: impl Fn() -> Call<A> + Send + Sync + 'static,
        items: fn(A) -> Vec<T>,
    ) -> Self {
        let name = call().operation();
        let fetch: Fetch<T> = Arc::new(move |cursor| {
            let foreign = cursor.map(|_| Error::invalid("position", "is none of this list"));
            let call = foreign.map_or_else(|| Ok(call().into_future()), Err);
            Box::pin(async move {
                let items = items(call?.await?);
                Ok((Page { total: Some(items.len() as u64), items, next: None }, 0))
            })
        });
        let (position, loops) = (Position::default(), LoopGuard::default());
        Self::new(Pages { fetch, state: State::Ready, position, loops, name })
    }

    /// The same list with other items. Nothing may have been taken from it yet.
    pub(crate) fn map<U: Send + 'static>(
        self,
        project: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Items<U> {
        let Pages { fetch, position, loops, name, .. } = self.pages;
        let project = Arc::new(project);
        let fetch: Fetch<U> = Arc::new(move |cursor| {
            let (fetching, project) = (fetch(cursor), Arc::clone(&project));
            Box::pin(async move {
                let (Page { items, total, next }, mark) = fetching.await?;
                let items = items.into_iter().map(|item| project(item)).collect();
                Ok((Page { items, total, next }, mark))
            })
        });
        Items::new(Pages { fetch, state: State::Ready, position, loops, name })
    }

    /// The next item; `None` after the last, and after an error.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// All items that are left, in memory.
    ///
    /// # Errors
    /// The first error; what was read before it is lost.
    pub async fn collect(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }

    /// Where a new stream would go on after the items that were yielded so far.
    #[must_use]
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// How many items the whole list has, where the service said so with the last page.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}

impl<T: Send + 'static> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.page.pop_front() {
                this.position.taken += 1;
                if this.page.is_empty() && matches!(this.pages.state, State::Ready) {
                    this.position = this.pages.position.clone();
                }
                return Poll::Ready(Some(Ok(item)));
            }
            let from = this.pages.position.clone();
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => {
                    this.position = from;
                    this.total = page.total.or(this.total);
                    this.page = page.items.into();
                }
            }
        }
    }
}

// Nothing in it is pinned in place.
impl<T> Unpin for Items<T> {}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("position", &self.position).finish_non_exhaustive()
    }
}

/// Notices lists that do not come to an end, in constant memory: cursors or pages that come again,
/// and pages without items one after another.
#[derive(Debug, Default)]
struct LoopGuard {
    cursors: Circle,
    pages: Circle,
    /// Of the last page that had items.
    last: Option<(u64, Option<u64>)>,
    /// Empty pages in a row.
    empty: u32,
}

/// More empty pages than this in a row are taken for a list without end.
const MOST_EMPTY: u32 = 100;

impl LoopGuard {
    fn check<T>(&mut self, page: &Page<T>, mark: u64) -> Result<(), Error> {
        let circle = |detail: &'static str| Err(Error::new(ErrorKind::Decode).with_detail(detail));
        if page.items.is_empty() {
            self.empty += 1;
            if self.empty > MOST_EMPTY {
                return circle("the list does not advance: nothing but empty pages");
            }
        } else {
            self.empty = 0;
            let last = self.last.replace((mark, page.total));
            // As many new rows as a page has move the last page to where this one was looked for.
            let moved = last.and_then(|(_, total)| page.total?.checked_sub(total?));
            let moved = moved.is_some_and(|new| new >= page.items.len() as u64);
            let again = last.is_some_and(|(last, _)| last == mark) || self.pages.closes(mark);
            if again && !moved {
                return circle(
                    "the same page came twice: the list does not advance, or its rows moved",
                );
            }
        }
        let Some(cursor) = page.next.as_ref().and_then(|next| next.cursor.as_deref()) else {
            return Ok(());
        };
        let mut hasher = DefaultHasher::new();
        cursor.hash(&mut hasher);
        match self.cursors.closes(hasher.finish()) {
            true => circle("the list goes round in a circle: a cursor came twice"),
            false => Ok(()),
        }
    }
}

/// Brent's algorithm: a sequence that goes round is noticed after at most three times the length of
/// its way there and its circle, whatever these are.
#[derive(Debug, Default)]
struct Circle {
    anchor: Option<u64>,
    steps: u64,
    limit: u64,
}

impl Circle {
    /// Whether this next one is the anchor again.
    fn closes(&mut self, mark: u64) -> bool {
        if self.anchor == Some(mark) {
            return true;
        }
        if self.steps == self.limit {
            self.anchor = Some(mark);
            self.limit = (self.limit * 2).max(1);
            self.steps = 0;
        }
        self.steps += 1;
        false
    }
}
