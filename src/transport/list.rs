//! Lists: one builder and one paging engine for all services.

use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::cycles::{CycleDetector, PageMark};
use super::pages::{Items, Page, PageSource, Pages};
use super::position::{Position, list_hash};
use super::session::Session;
use super::wire::BoxFuture;
use super::{Call, CallOptions, Response, RetryPolicy, Transport};
use crate::error::{Error, ErrorKind};
use crate::operation::{ListOperation, ListPage, Next};

/// A list call: set it up, then read it by [`items`](Self::items) or [`pages`](Self::pages).
///
/// Each list adds the filters of its service. An invalid setting, such as a bad filter, is reported
/// by the first item or page.
///
/// A list that the client can tell is incomplete ends in an error: a total that was not reached, a
/// next page that cannot be located, a repeated page or cursor. The client cannot detect items that
/// the service withholds silently; the docs of such lists say so.
///
/// ```no_run
/// # #[cfg(feature = "harness")]
/// # async fn example(stored: Option<rolecall::Position>) -> Result<(), rolecall::Error> {
/// use std::time::Duration;
///
/// let list = rolecall::Harness::from_env()?.org("platform").role_assignments().list();
/// let mut items = list.page_size(100).timeout(Duration::from_secs(10)).from(&stored).items();
/// while let Some(item) = items.next().await.transpose()? {
///     println!("{}, then {}", item.role_assignment.identifier, items.position());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is fetched before items or pages are asked for"]
pub struct List<O> {
    transport: Transport,
    pub(crate) operation: O,
    from: Option<Position>,
    options: CallOptions,
}

impl<O: ListOperation> List<O> {
    pub(crate) fn new(transport: Transport, operation: O) -> Self {
        let options = CallOptions { list: true, ..CallOptions::default() };
        Self { transport, operation, from: None, options }
    }

    /// Sets how many items a page has; the docs of each list give the default and the maximum. A
    /// list that comes in one response ignores it.
    pub fn page_size(mut self, items: u32) -> Self {
        self.operation.set_page_size(items);
        self
    }

    /// Sets the time for each page: getting a token, all attempts and all waits.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Sets how often and how long each page is retried. The policy's [retry
    /// budget](RetryPolicy::budget) is ignored here: all calls of a client share one budget.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = Some(Arc::new(policy));
        self
    }

    /// Resumes at a position taken from this list with the same filters and page size. The first
    /// item or page reports any other position as an error. `None` starts at the beginning.
    pub fn from<'a>(mut self, position: impl Into<Option<&'a Position>>) -> Self {
        self.from = position.into().cloned();
        self
    }

    /// Returns the call that fetches the first page, for example to inspect its request. Its output is the
    /// service's own response type, with the fields beside the items.
    pub fn first_page(&self) -> Call<O::Output> {
        Call::new(self.transport.clone(), &self.operation).with_options(&self.options)
    }

    /// Fetches every page within the deadline and the policy of a session.
    pub(crate) fn within(mut self, session: &Session) -> Self {
        self.options = CallOptions { list: true, ..session.options() };
        self
    }

    /// Returns the items, page after page as they are needed.
    pub fn items(self) -> Items<O::Item> {
        Items::new(self.pages())
    }

    /// Returns the pages, each fetched on demand.
    pub fn pages(self) -> Pages<O::Item> {
        let Self { transport, operation, from, options } = self;
        let first = transport.prepare(&operation);
        let hash = first.map(|first| list_hash(O::SPEC.name, &first.request));
        let state = match (&hash, &from) {
            (Ok(hash), Some(from)) if from.list != *hash => {
                let rule = "must come from this list, with the same filters and page size";
                State::Failed(Error::invalid("position", rule).with_operation(O::SPEC.name))
            }
            (Err(error), _) => State::Failed(error.clone()),
            _ => State::Ready,
        };
        let position = from.unwrap_or_else(|| Position::start(hash.unwrap_or_default()));
        let cycles = CycleDetector::default();
        Pages::new(Engine { transport, operation, options, state, position, total: None, cycles })
    }
}

impl<O: fmt::Debug> fmt::Debug for List<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("operation", &self.operation)
            .field("from", &self.from)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// The pages of a list operation.
struct Engine<O: ListOperation> {
    transport: Transport,
    operation: O,
    options: CallOptions,
    state: State<O::Output>,
    /// Of the page that is fetched next.
    position: Position,
    /// What the service reported most recently.
    total: Option<u64>,
    cycles: CycleDetector,
}

enum State<P> {
    Ready,
    Fetching(BoxFuture<'static, Result<Response<P>, Error>>),
    /// The list ends in this error.
    Failed(Error),
    Ended,
}

impl<O: ListOperation> PageSource<O::Item> for Engine<O> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Page<O::Item>, Error>>> {
        if let State::Ready = self.state {
            self.state = self.fetch();
        }
        if let State::Fetching(fetching) = &mut self.state {
            let fetched = ready!(fetching.as_mut().poll(context));
            self.state = State::Ended;
            return Poll::Ready(Some(fetched.and_then(|response| self.take(response))));
        }
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Failed(error) => Poll::Ready(Some(Err(error))),
            _ => Poll::Ready(None),
        }
    }

    fn position(&self) -> &Position {
        &self.position
    }
}

impl<O: ListOperation> Engine<O> {
    /// Starts to fetch the page at the position.
    fn fetch(&mut self) -> State<O::Output> {
        if !self.position.cursor.is_empty()
            && let Err(error) = self.operation.seek(&self.position.cursor)
        {
            return State::Failed(error.with_operation(O::SPEC.name));
        }
        let call = Call::new(self.transport.clone(), &self.operation).with_options(&self.options);
        State::Fetching(Box::pin(call.send_for_response()))
    }

    /// Takes a page, and decides how the list goes on.
    fn take(&mut self, response: Response<O::Output>) -> Result<Page<O::Item>, Error> {
        let error = Error::new(ErrorKind::Decode)
            .with_operation(O::SPEC.name)
            .with_status(response.status())
            .with_attempts(response.attempts());
        let (headers, output) = response.split();
        let ListPage { mut items, next, total, offset } = self.operation.page(output, &headers);
        let (next, blocked): (_, Option<Cow<'static, str>>) = match next {
            Next::End => (None, None),
            // In a position, an empty one stands for the first page.
            Next::Cursor(cursor) if cursor.is_empty() => {
                (None, Some("the cursor of the next page is empty".into()))
            }
            Next::Cursor(cursor) => (Some(cursor), None),
            Next::Blocked(why) => (None, Some(why.into())),
        };
        let mut hasher = DefaultHasher::new();
        items.iter().for_each(|item| O::key(item).hash(&mut hasher));
        let (count, hash) = (items.len(), hasher.finish());
        let mark = PageMark { items: count, hash, total, cursor: next.as_deref() };
        self.cycles.check(&mark).map_err(|detail| error.clone().with_detail(detail))?;
        items.drain(..self.position.taken.min(count));

        let end = offset.unwrap_or(self.position.before).saturating_add(count as u64);
        let next = next.map(|cursor| Position { before: end, taken: 0, cursor, ..self.position });
        match &next {
            Some(next) => {
                self.state = State::Ready;
                self.position = next.clone();
            }
            None => self.position.taken += items.len(),
        }
        self.total = total.or(self.total);
        let missing = self.total.filter(|total| next.is_none() && *total > end);
        let missing =
            missing.map(|total| format!("the list ended after {end} of {total} items").into());
        if let Some(why) = blocked.or(missing) {
            self.state = State::Failed(error.with_detail(why));
        }
        Ok(Page { items, total, next })
    }
}
