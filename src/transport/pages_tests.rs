//! Streams of pages and items over the in-memory wire.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde::Deserialize;

use super::memory::{Act, MemoryWire, TestCredentials, TestService, script, transport};
use super::pages::{Items, List, Listed, Pages, Position};
use super::wire::{Wire, WireRequest};
use super::{ClientOptions, Response, RetryPolicy};
use crate::error::{Error, ErrorKind};
use crate::operation::{AnswerError, Operation, Path, RawAnswer, Repeat};

/// `GET /numbers?from=…`, answered by `{"items": […], "next": …, "total": …}`.
#[derive(Clone, Default)]
struct Numbers {
    from: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    items: Vec<u64>,
    next: Option<String>,
    total: Option<u64>,
}

impl Operation for Numbers {
    type Service = TestService;
    type Answer = Answer;
    const NAME: &'static str = "test numbers.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::fixed("/numbers")
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        self.from.iter().map(|from| ("from", from.clone())).collect()
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Answer, AnswerError> {
        answer.json()
    }
}

/// How many numbers are in memory.
static ALIVE: AtomicUsize = AtomicUsize::new(0);
static MOST_ALIVE: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Number(u64);

impl Number {
    fn new(value: u64) -> Self {
        MOST_ALIVE.fetch_max(ALIVE.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Self(value)
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

impl List for Numbers {
    type Item = Number;

    fn at(&self, cursor: &str) -> Result<Self, Error> {
        if cursor.contains('!') {
            return Err(Error::invalid("cursor", "must not shout"));
        }
        Ok(Self { from: Some(cursor.to_owned()) })
    }

    fn page(&self, answer: Response<Answer>) -> Listed<Number> {
        let Answer { items, next, total } = answer.into_body();
        Listed { items: items.into_iter().map(Number::new).collect(), next, total }
    }

    fn key(item: &Number) -> String {
        item.0.to_string()
    }
}

fn options() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none()).call_timeout(Duration::from_secs(5))
}

fn pages_of(wire: impl Wire + 'static, from: &Position) -> Pages<Number> {
    let ready = TestCredentials { takes: Some(Duration::ZERO), ..TestCredentials::default() };
    let transport = transport(wire, ready, &options(), || 0.0);
    Pages::new(Numbers::default(), from.clone(), move |list| transport.call(list))
}

fn start() -> Position {
    Position::default()
}

fn page(items: &str, next: Option<&str>) -> Act {
    let next = next.map_or("null".to_owned(), |next| format!("\"{next}\""));
    Act::answer(200, &format!(r#"{{"items":[{items}],"next":{next},"total":5}}"#))
}

/// All numbers until the end or an error, and where the stream stands then.
async fn drain(mut items: Items<Number>) -> (Vec<u64>, Option<Error>, Position) {
    let mut seen = Vec::new();
    let mut failed = None;
    while let Some(item) = items.next().await {
        match item {
            Ok(number) => seen.push(number.0),
            Err(error) => {
                assert!(failed.is_none(), "an error comes once");
                failed = Some(error);
            }
        }
    }
    assert!(items.next().await.is_none(), "the end is the end");
    (seen, failed, items.position().clone())
}

#[tokio::test(start_paused = true)]
async fn pages_are_fetched_when_they_are_asked_for() {
    let (wire, count) = script(vec![page("1,2", Some("b")), page("", Some("c")), page("3", None)]);
    let mut pages = pages_of(wire, &start());
    let fetched = || *count.lock().expect("no panic under it");
    assert_eq!(fetched(), 0);
    let first = pages.next().await.expect("there is a page").expect("it is read");
    assert_eq!((first.items.len(), first.total, fetched()), (2, Some(5), 1));
    let second = pages.next().await.expect("an empty page is one").expect("it is read");
    assert!(second.items.is_empty() && second.next.is_some());
    let third = pages.next().await.expect("there is a page").expect("it is read");
    assert_eq!((third.items.len(), third.next), (1, None));
    assert!(pages.next().await.is_none());
    assert_eq!(fetched(), 3, "nothing is asked for after the end");
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_middle_comes_once_and_the_rest_can_be_had() {
    let wire = |fails: bool| {
        let third = if fails { Act::answer(503, "") } else { page("4,5", None) };
        MemoryWire(move |request: &WireRequest| match request.url.query() {
            None => page("1,2", Some("b")),
            Some("from=b") => page("3", Some("c")),
            Some("from=c") => third.clone(),
            other => panic!("{other:?}"),
        })
    };
    let (seen, failed, position) = drain(Items::new(pages_of(wire(true), &start()))).await;
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(failed.map(|error| error.kind()), Some(ErrorKind::Server));
    // Also in another process.
    let position: Position = position.to_string().parse().expect("it was a position");
    let (rest, failed, _) = drain(Items::new(pages_of(wire(false), &position))).await;
    assert_eq!((rest, failed.is_none()), (vec![4, 5], true));
}

#[tokio::test(start_paused = true)]
async fn every_position_resumes_without_loss_or_repetition() {
    let wire = || {
        MemoryWire(|request: &WireRequest| match request.url.query() {
            None => page("1,2", Some("b:x")),
            Some("from=b%3Ax") => page("", Some("c")),
            Some("from=c") => page("3,4,5", None),
            other => panic!("{other:?}"),
        })
    };
    for taken in 0..=5 {
        let mut items = Items::new(pages_of(wire(), &start()));
        let mut seen = Vec::new();
        for _ in 0..taken {
            seen.push(items.next().await.expect("there are more").expect("it is read").0);
        }
        let position: Position = items.position().to_string().parse().expect("it was a position");
        let (rest, failed, _) = drain(Items::new(pages_of(wire(), &position))).await;
        assert!(failed.is_none());
        seen.extend(rest);
        assert_eq!(seen, [1, 2, 3, 4, 5], "after {taken}");
    }
}

#[tokio::test(start_paused = true)]
async fn circles_are_errors() {
    // Cycles of any length, behind a tail of any length.
    let short = (0..5_u64).flat_map(|tail| (1..9_u64).map(move |cycle| (tail, cycle)));
    for (tail, cycle) in short.chain([(0, 200), (60, 100), (100, 60)]) {
        let wire = MemoryWire(move |request: &WireRequest| {
            let at = request
                .url
                .query()
                .map_or(0, |query| query.trim_start_matches("from=").parse().expect("a number"));
            let next = if at + 1 < tail + cycle { at + 1 } else { tail };
            page(&at.to_string(), Some(&next.to_string()))
        });
        let (seen, failed, _) = drain(Items::new(pages_of(wire, &start()))).await;
        let error = failed.expect("it goes round in a circle");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("numbers.list"), "{error}");
        let most = 3 * (tail + cycle);
        assert!(seen.len() as u64 <= most, "it is noticed soon: {} of {most}", seen.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_repeats_under_new_cursors_is_an_error() {
    let count = Mutex::new(0);
    let wire = MemoryWire(move |_: &WireRequest| {
        let mut count = count.lock().expect("no panic under it");
        *count += 1;
        page("1,2", Some(&count.to_string()))
    });
    let (seen, failed, _) = drain(Items::new(pages_of(wire, &start()))).await;
    assert_eq!(seen, [1, 2]);
    assert!(failed.expect("it repeats").to_string().contains("the same page came twice"));
}

#[tokio::test(start_paused = true)]
async fn empty_pages_without_end_are_an_error() {
    let count = Mutex::new(0);
    let wire = MemoryWire(move |_: &WireRequest| {
        let mut count = count.lock().expect("no panic under it");
        *count += 1;
        page("", Some(&count.to_string()))
    });
    let (seen, failed, _) = drain(Items::new(pages_of(wire, &start()))).await;
    assert!(seen.is_empty());
    assert!(failed.expect("it never ends").to_string().contains("nothing but empty pages"));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_empty_pages_in_a_row_are_let_pass() {
    let wire = MemoryWire(|request: &WireRequest| {
        let at: u64 = request
            .url
            .query()
            .map_or(0, |query| query.trim_start_matches("from=").parse().expect("a number"));
        // Those after the item are counted anew.
        match at {
            100 => page("1", Some("101")),
            200 => page("", None),
            _ => page("", Some(&(at + 1).to_string())),
        }
    });
    let items = Items::new(pages_of(wire, &start())).collect().await.expect("it has an end");
    assert_eq!(items.iter().map(|item| item.0).collect::<Vec<_>>(), [1]);
}

#[tokio::test(start_paused = true)]
async fn all_items_and_their_total_can_be_had() {
    let wire = |last| script(vec![page("1,2", Some("b")), last]).0;
    let mut items = Items::new(pages_of(wire(page("3", None)), &start()));
    assert_eq!(items.total(), None, "no page was read");
    items.next().await.expect("there is one").expect("it is read");
    assert_eq!(items.total(), Some(5));
    let rest = items.collect().await.expect("all are read");
    assert_eq!(rest.iter().map(|item| item.0).collect::<Vec<_>>(), [2, 3]);
    let items = Items::new(pages_of(wire(Act::answer(403, "")), &start()));
    assert!(items.collect().await.expect_err("the second page").is_permission_denied());
}

/// Pages under cursors that are never the same.
fn under_new_cursors(acts: impl Fn(u64) -> (String, u64) + Send + Sync) -> impl Wire {
    let count = Mutex::new(0);
    MemoryWire(move |_: &WireRequest| {
        let mut count = count.lock().expect("no panic under it");
        *count += 1;
        let (items, total) = acts(*count - 1);
        Act::answer(200, &format!(r#"{{"items":[{items}],"next":"{count}","total":{total}}}"#))
    })
}

#[tokio::test(start_paused = true)]
async fn pages_that_come_again_under_new_cursors_are_errors() {
    for cycle in 1..9_u64 {
        for empty in [1, 2, 3] {
            let wire = under_new_cursors(move |at| match at % empty {
                0 => ((at / empty % cycle).to_string(), 100),
                _ => (String::new(), 100),
            });
            let (seen, failed, _) = drain(Items::new(pages_of(wire, &start()))).await;
            assert!(
                failed.expect("it has no end").to_string().contains("the same page came twice")
            );
            assert!(seen.len() as u64 <= 4 * cycle, "{} of {cycle}", seen.len());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_comes_again_for_new_rows_before_it_is_none_of_a_circle() {
    // Pages of one row: a new first one moves the rest by a page.
    let rows = |at: u64| (["1", "1", "2", "3"][at.min(3) as usize].to_owned(), 3 + at.min(1));
    let mut items = Items::new(pages_of(under_new_cursors(rows), &start()));
    for expected in [1, 1, 2, 3] {
        assert_eq!(items.next().await.expect("there are more").expect("it is read").0, expected);
    }
    let failed = items.next().await.expect("it has no end").expect_err("3 comes again");
    assert!(failed.to_string().contains("the same page came twice"), "{failed}");
}

#[tokio::test(start_paused = true)]
async fn after_the_end_nothing_is_left() {
    for acts in [vec![page("1,2", None)], vec![page("1,2", Some("b")), page("3", None)]] {
        let (wire, _) = script(acts.clone());
        let mut pages = pages_of(wire, &start());
        while let Some(page) = pages.next().await {
            page.expect("it is read");
        }
        let end = pages.position().clone();
        let (wire, _) = script(vec![acts.last().expect("there is one").clone()]);
        let (seen, failed, _) = drain(Items::new(pages_of(wire, &end))).await;
        assert!(seen.is_empty() && failed.is_none(), "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn foreign_positions_are_refused() {
    for text in ["", "x", "-1", "1:", "1.5:a", "99999999999999999999999:a"] {
        let error = text.parse::<Position>().expect_err(text);
        assert!(error.to_string().contains("position: must be"), "{error}");
    }
    let (wire, count) = script(vec![page("1", None)]);
    let shouting: Position = "0:hey!".parse().expect("it has the form of one");
    let (seen, failed, _) = drain(Items::new(pages_of(wire, &shouting))).await;
    assert!(failed.expect("it is no cursor of this list").is_invalid_request());
    assert_eq!((seen.len(), *count.lock().expect("no panic under it")), (0, 0), "before sending");
}

#[tokio::test(start_paused = true)]
async fn a_million_items_hold_two_pages() {
    const PAGE: u64 = 1000;
    let wire = MemoryWire(|request: &WireRequest| {
        let at: u64 = request
            .url
            .query()
            .map_or(0, |query| query.trim_start_matches("from=").parse().expect("a number"));
        let items: Vec<_> = (at..at + PAGE).map(|item| item.to_string()).collect();
        let next = at + PAGE;
        page(&items.join(","), (next < 1_000_000).then(|| next.to_string()).as_deref())
    });
    let mut items = Items::new(pages_of(wire, &start()));
    let mut sum = 0;
    while let Some(item) = items.next().await {
        sum += item.expect("it is read").0;
    }
    assert_eq!(sum, 999_999 * 1_000_000 / 2);
    let most = MOST_ALIVE.load(Ordering::SeqCst) as u64;
    // Other tests of this file may hold a few at the same time.
    assert!(most <= 2 * PAGE + 100, "{most} at once");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_leaves_nothing_running() {
    let count = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&count);
    let wire = MemoryWire(move |_: &WireRequest| {
        *counter.lock().expect("no panic under it") += 1;
        Act::Hang { sent: true }
    });
    let mut items = Items::new(pages_of(wire, &start()));
    let waiting = tokio::time::timeout(Duration::from_secs(1), items.next());
    assert!(waiting.await.is_err());
    drop(items);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(*count.lock().expect("no panic under it"), 1);
}
