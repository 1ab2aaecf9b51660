//! Lists, positions, and streams of pages and items.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::HeaderMap;
use serde::Deserialize;
use tokio::time::Instant;

use super::list::List;
use super::memory::{Act, BodyAct, TestCredentials, TestService, script, serve, transport, wire};
use super::pages::{Items, Page, Pages};
use super::position::Position;
use super::wire::Wire;
use super::{ClientOptions, RetryPolicy};
use crate::error::{Effect, Error, ErrorKind};
use crate::operation::{ListOperation, ListPage, Operation, Spec};

/// `GET /numbers`, responds with `{"items": […], "next": …, "total": …}`.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers<const OTHER: bool = false> {
    filter: Option<String>,
    size: Option<u32>,
    from: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Output {
    items: Vec<u64>,
    next: Option<String>,
    total: Option<u64>,
    offset: Option<u64>,
    #[serde(default)]
    blocked: bool,
}

impl<const OTHER: bool> Operation for Numbers<OTHER> {
    type Service = TestService;
    type Output = Output;
    const SPEC: Spec =
        Spec::get(if OTHER { "test others.list" } else { "test numbers.list" }, &["/numbers"]);

    fn query(&self) -> Vec<(&'static str, String)> {
        let size = self.size.map(|size| size.to_string());
        let all = [("filter", self.filter.clone()), ("size", size), ("from", self.from.clone())];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl<const OTHER: bool> ListOperation for Numbers<OTHER> {
    type Item = u64;

    fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        if cursor.contains('!') {
            return Err(Error::invalid("cursor", "must not contain an exclamation mark"));
        }
        self.from = Some(cursor.to_owned());
        Ok(())
    }

    fn set_page_size(&mut self, items: u32) {
        self.size = Some(items);
    }

    fn page(&self, output: Output, _: &HeaderMap) -> ListPage<u64> {
        let page = ListPage::new(output.items).total(output.total);
        let page =
            if output.blocked { page.blocked("no known way on") } else { page.next(output.next) };
        match output.offset {
            Some(items) => page.offset(items),
            None => page,
        }
    }

    fn key(item: &u64) -> String {
        item.to_string()
    }
}

fn options() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none()).call_timeout(Duration::from_secs(5))
}

fn list_over(wire: impl Wire + 'static) -> List<Numbers> {
    transport(wire, TestCredentials::ready(), &options(), || 0.0).list(Numbers::default())
}

pub(super) fn page(items: &str, next: Option<&str>) -> Act {
    page_of(items, next, None)
}

fn page_of(items: &str, next: Option<&str>, total: Option<usize>) -> Act {
    let (next, total) = (serde_json::json!(next), serde_json::json!(total));
    Act::respond(200, &format!(r#"{{"items":[{items}],"next":{next},"total":{total}}}"#))
}

/// The cursor of a request.
fn cursor(request: &http::Request<bytes::Bytes>) -> Option<String> {
    let query = request.uri().query()?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "from").map(|(_, cursor)| cursor.into_owned())
}

fn number(request: &http::Request<bytes::Bytes>) -> u64 {
    cursor(request).map_or(0, |cursor| cursor.parse().expect("a number"))
}

/// A position after it was stored as text.
fn stored(position: &Position) -> Position {
    position.to_string().parse().expect("it was a position")
}

/// All numbers until the end or an error, and where the stream stands then.
async fn drain(mut items: Items<u64>) -> (Vec<u64>, Option<Error>, Position) {
    let (mut seen, mut failed) = (Vec::new(), None);
    while let Some(item) = items.next().await {
        assert!(seen.len() < 100_000, "the list ends");
        match item {
            Ok(number) => seen.push(number),
            Err(error) => {
                assert!(failed.is_none(), "an error comes once");
                failed = Some(error);
            }
        }
    }
    assert!(items.next().await.is_none(), "the end is the end");
    (seen, failed, items.position().clone())
}

/// The items and the error's text of a list that fails.
async fn failing(wire: impl Wire + 'static) -> (Vec<u64>, String) {
    let (seen, failed, _) = drain(list_over(wire).items()).await;
    let error = failed.expect("it fails");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied), "{error}");
    assert_eq!((error.status().map(|s| s.as_u16()), error.attempts()), (Some(200), 1), "{error}");
    assert_eq!(error.operation(), Some("test numbers.list"));
    (seen, error.to_string())
}

#[tokio::test(start_paused = true)]
async fn page_is_fetched_when_it_is_asked_for() {
    let (wire, sent) = script(vec![page("1,2", Some("b")), page("", Some("c")), page("3", None)]);
    let mut pages = list_over(wire).pages();
    assert_eq!(sent.count(), 0);
    for (items, more) in [(vec![1, 2], true), (vec![], true), (vec![3], false)] {
        let page = pages.next().await.expect("there is a page").expect("it is read");
        assert_eq!((page.items, page.next.is_some()), (items, more));
    }
    assert!(pages.next().await.is_none());
    assert_eq!(sent.count(), 3, "nothing is asked for after the end");
}

/// Pages of numbers from 0 with a cursor each, some empty, with totals and offsets or without.
#[derive(Debug)]
struct RandomList {
    pages: Vec<(String, Vec<u64>)>,
    count: u64,
    total: Option<u64>,
    offsets: bool,
    /// The page that cannot be fetched.
    broken: Option<usize>,
}

impl RandomList {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut count = 0;
        let page = |page| {
            let first = count;
            count += random.u64(0..4);
            let style = ["p", "1.2.", "a:b c&d=é.", "%2e/?#"][random.usize(0..4)];
            (format!("{style}{page}"), (first..count).collect())
        };
        let pages = (0..1 + seed as usize % 6).map(page).collect();
        let total = random.bool().then_some(count);
        Self { pages, count, total, offsets: random.bool(), broken: None }
    }

    fn wire(&self) -> impl Wire + use<> {
        let respond = |(at, (_, items)): (usize, &(String, Vec<u64>))| {
            if Some(at) == self.broken {
                return Act::respond(503, "");
            }
            let next = self.pages.get(at + 1).map(|(cursor, _)| cursor);
            let before: usize = self.pages[..at].iter().map(|(_, items)| items.len()).sum();
            let offset = self.offsets.then_some(before);
            let body = serde_json::json!({
                "items": items, "next": next, "total": self.total, "offset": offset,
            });
            Act::respond(200, &body.to_string())
        };
        let cursors: Vec<_> = self.pages.iter().map(|(cursor, _)| cursor.clone()).collect();
        let acts: Vec<_> = self.pages.iter().enumerate().map(respond).collect();
        wire(move |request| {
            let at = cursor(request).map(|from| cursors.iter().position(|cursor| *cursor == from));
            acts[at.unwrap_or(Some(0)).expect("a cursor of this list")].clone()
        })
    }

    async fn check_rest(&self, position: &Position, taken: u64) {
        let (rest, failed, _) = drain(list_over(self.wire()).from(&stored(position)).items()).await;
        assert!(failed.is_none(), "{failed:?}, {self:?}");
        assert_eq!(rest, (taken..self.count).collect::<Vec<_>>(), "{position} of {self:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn resumed_list_yields_exactly_the_rest() {
    for seed in 0..300 {
        let list = RandomList::new(seed);
        let mut items = list_over(list.wire()).items();
        let mut mapped = list_over(list.wire()).items().map(|item| item + 100);
        list.check_rest(items.position(), 0).await;
        for taken in 0..list.count {
            assert_eq!(items.next().await.expect("there are more").expect("it is read"), taken);
            let other = mapped.next().await.expect("there are more").expect("it is read");
            assert_eq!((other, mapped.position()), (taken + 100, items.position()));
            list.check_rest(items.position(), taken + 1).await;
        }
        assert!(items.next().await.is_none());
        list.check_rest(items.position(), list.count).await;

        let (mut pages, mut taken) = (list_over(list.wire()).pages(), 0);
        for (at, (_, items)) in list.pages.iter().enumerate() {
            let page = pages.next().await.expect("there are more").expect("it is read");
            taken += items.len() as u64;
            assert_eq!((&page.items, page.total), (items, list.total));
            list.check_rest(pages.position(), taken).await;
            match (page.next, list.pages.get(at + 1)) {
                (Some(next), Some((cursor, _))) => {
                    assert_eq!(&next, pages.position());
                    // Nothing but the service's own cursor.
                    let end = format!(".{taken}.0.{cursor}");
                    assert_eq!(next.to_string().split_off(18), end);
                }
                (None, None) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn list_resumes_where_an_error_ended_it() {
    for seed in 0..300 {
        let mut list = RandomList::new(seed);
        list.broken = Some(seed as usize % list.pages.len());
        let (seen, failed, position) = drain(list_over(list.wire()).items()).await;
        assert!(failed.is_some_and(|error| error.is_server()));
        list.broken = None;
        assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<_>>());
        list.check_rest(&position, seen.len() as u64).await;
    }
}

#[tokio::test(start_paused = true)]
async fn position_is_refused_under_other_settings() {
    let set = |filter: Option<&str>, size| Numbers::<false> {
        filter: filter.map(str::to_owned),
        size,
        from: None,
    };
    let settings = [
        set(None, None),
        set(None, Some(2)),
        set(None, Some(3)),
        set(Some("a"), None),
        set(Some("b"), Some(3)),
        set(Some("b&size=3"), None),
    ];
    let acts = || vec![page("1,2", Some("b")), page("3", None)];
    for taken in 0..=3 {
        for one in &settings {
            let (first, _) = script(acts());
            let first = transport(first, TestCredentials::ready(), &options(), || 0.0);
            let mut items = first.list(one.clone()).items();
            for _ in 0..taken {
                items.next().await.expect("there are more").expect("it is read");
            }
            let position = stored(items.position());
            let (second, sent) = script(acts());
            let second = transport(second, TestCredentials::ready(), &options(), || 0.0);
            let mut refused = vec![second.list(Numbers::<true>::default()).from(&position).items()];
            for other in &settings {
                let list = second.list(other.clone()).from(&position);
                if format!("{one:?}") != format!("{other:?}") {
                    refused.push(list.items());
                }
            }
            for items in refused {
                let (seen, failed, _) = drain(items).await;
                let error = failed.expect("it is another list");
                assert!(error.is_invalid_request() && seen.is_empty(), "{error}");
                assert!(error.to_string().contains("same filters and page size"), "{error}");
            }
            assert_eq!(sent.count(), 0, "refused before anything is sent");
            let (_, failed, _) = drain(second.list(one.clone()).from(&position).items()).await;
            assert!(failed.is_none(), "{failed:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn position_has_a_stable_text_form() {
    let (wire, sent) = script(vec![page("1,2", Some("a.b:c")), page("3", None)]);
    let mut items = list_over(wire).page_size(2).items();
    let mut texts = vec![items.position().to_string()];
    while let Some(item) = items.next().await {
        item.expect("it is read");
        texts.push(items.position().to_string());
    }
    // Stored positions outlive this version of the crate.
    let hash = "1.8e0c724980acf3b2";
    let ends = [".0.0.", ".0.1.", ".2.0.a.b:c", ".2.1.a.b:c"];
    assert_eq!(texts, ends.map(|end| format!("{hash}{end}")));
    assert_eq!(sent.count(), 2);
    for text in &texts {
        let position: Position = text.parse().expect("it is one");
        let json = serde_json::to_string(&position).expect("it is text");
        assert_eq!(json, format!("{text:?}"));
        assert_eq!(serde_json::from_str::<Position>(&json).expect("it was written"), position);
    }
    for text in [
        "",
        "x",
        "1.5:a",
        "2.8e0c724980acf3b2.0.0.",
        "1.8e0c724980acf3b.0.0.",
        "1.8e0c724980acf3bg.0.0.",
        "1.8e0c724980acf3b2.-1.0.",
        "1.8e0c724980acf3b2.0.x.",
        "1.8e0c724980acf3b2.0.0",
        "1.8e0c724980acf3b2.99999999999999999999999.0.a",
    ] {
        let error = text.parse::<Position>().expect_err(text);
        assert!(error.to_string().contains("position: must be"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn forged_cursor_is_refused_before_anything_is_sent() {
    let (wire, sent) = script(vec![page("1", None)]);
    let list = list_over(wire);
    let start = list.clone().items().position().to_string();
    let forged: Position = format!("{start}hey!").parse().expect("it has the form of one");
    let (seen, failed, _) = drain(list.from(&forged).items()).await;
    assert!(failed.expect("it is no cursor of this list").is_invalid_request());
    assert_eq!((seen.len(), sent.count()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn missing_items_are_an_error_after_the_last_item() {
    for (acts, seen, text) in [
        (vec![page_of("", None, Some(3))], vec![], "ended after 0 of 3 items"),
        (vec![page_of("1,2", None, Some(3))], vec![1, 2], "ended after 2 of 3 items"),
        (
            vec![page_of("1,2", Some("b"), None), page_of("3", None, Some(5))],
            vec![1, 2, 3],
            "ended after 3 of 5 items",
        ),
    ] {
        let failed = failing(script(acts).0).await;
        assert_eq!(failed.0, seen);
        assert!(failed.1.contains(text), "{}", failed.1);
    }
    // Also after a resume.
    let (first, _) = script(vec![page("1,2", Some("b")), Act::respond(403, "")]);
    let (_, _, position) = drain(list_over(first).items()).await;
    for (total, missing) in [(3, false), (4, true)] {
        let (rest, _) = script(vec![page_of("3", None, Some(total))]);
        let (seen, failed, _) = drain(list_over(rest).from(&position).items()).await;
        assert_eq!((seen, failed.is_some()), (vec![3], missing));
    }
}

#[tokio::test(start_paused = true)]
async fn blocked_list_ends_in_its_error() {
    let blocked = || Act::respond(200, r#"{"items":[3],"total":9,"blocked":true}"#);
    let (seen, text) = failing(script(vec![page("1,2", Some("b")), blocked()]).0).await;
    assert_eq!(seen, [1, 2, 3]);
    assert!(text.contains("no known way on") && !text.contains("of 9"), "{text}");

    // An empty cursor would lead back to the first page.
    let (seen, text) = failing(script(vec![page("1", Some("b")), page("2", Some(""))]).0).await;
    assert!(seen == [1, 2] && text.contains("cursor of the next page is empty"), "{text}");
    // There is one error, although the page is a repeated one too.
    let repeated = Act::respond(200, r#"{"items":[1,2],"blocked":true}"#);
    let (seen, text) = failing(script(vec![page("1,2", Some("b")), repeated]).0).await;
    assert!(seen == [1, 2] && text.contains("a page was repeated"), "{text}");

    let mut pages = list_over(script(vec![blocked()]).0).pages();
    let last = pages.next().await.expect("there is a page").expect("its items are good");
    assert_eq!((last.items, last.next), (vec![3], None));
    let position = stored(pages.position());
    pages.next().await.expect("the error follows").expect_err("it is blocked");
    assert!(pages.next().await.is_none());
    let (seen, failed, _) =
        drain(list_over(script(vec![blocked()]).0).from(&position).items()).await;
    assert!(seen.is_empty() && failed.is_some(), "a resume does not pass for a complete list");
}

#[tokio::test(start_paused = true)]
async fn repeated_cursor_is_an_error() {
    // Cycles of any length, behind a beginning of any length.
    let short = (0..5_u64).flat_map(|tail| (1..9_u64).map(move |cycle| (tail, cycle)));
    for (tail, cycle) in short.chain([(0, 200), (60, 100), (100, 60)]) {
        let wire = wire(move |request| {
            let at = number(request);
            let next = if at + 1 < tail + cycle { at + 1 } else { tail };
            page(&at.to_string(), Some(&next.to_string()))
        });
        let (seen, _) = failing(wire).await;
        let most = 3 * (tail + cycle);
        assert!(seen.len() as u64 <= most, "it is detected soon: {} of {most}", seen.len());
    }
}

/// Pages under cursors that are never the same.
fn under_new_cursors(acts: impl Fn(usize) -> (String, usize) + Send + Sync) -> impl Wire {
    let count = AtomicUsize::new(0);
    wire(move |_| {
        let at = count.fetch_add(1, Ordering::Relaxed);
        assert!(at < 10_000, "the list ends");
        let (items, total) = acts(at);
        page_of(&items, Some(&at.to_string()), Some(total))
    })
}

#[tokio::test(start_paused = true)]
async fn repeated_page_is_an_error() {
    let (seen, text) = failing(under_new_cursors(|_| ("1,2".to_owned(), 100))).await;
    assert_eq!(seen, [1, 2]);
    assert!(text.contains("a page was repeated"), "{text}");
    for cycle in 1..9 {
        for empty in [1, 2, 3] {
            let wire = under_new_cursors(move |at| match at % empty {
                0 => ((at / empty % cycle).to_string(), 100),
                _ => (String::new(), 100),
            });
            let (seen, text) = failing(wire).await;
            assert!(text.contains("a page was repeated"), "{text}");
            assert!(seen.len() <= 4 * cycle, "{} of {cycle}", seen.len());
        }
    }
    // One that repeats since as many rows were added before it does not count.
    let rows = |at: usize| (["1", "1", "2", "3"][at.min(3)].to_owned(), 3 + at.min(1));
    let (seen, text) = failing(under_new_cursors(rows)).await;
    assert_eq!(seen, [1, 1, 2, 3]);
    assert!(text.contains("a page was repeated"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn more_than_a_hundred_empty_pages_in_a_row_are_an_error() {
    let (seen, text) = failing(under_new_cursors(|_| (String::new(), 0))).await;
    assert!(seen.is_empty() && text.contains("too many empty pages"), "{text}");
    let wire = wire(|request| match number(request) {
        // Those after the item are counted anew.
        100 => page("1", Some("101")),
        200 => page("", None),
        at => page("", Some(&(at + 1).to_string())),
    });
    assert_eq!(list_over(wire).items().try_collect().await.expect("it has an end"), [1]);
}

#[tokio::test(start_paused = true)]
async fn items_and_pages_are_collected_with_the_total() {
    let wire = |last| script(vec![page_of("1,2", Some("b"), Some(3)), last]).0;
    let mut items = list_over(wire(page("3", None))).items();
    assert_eq!(items.total(), None, "no page was read");
    items.next().await.expect("there is one").expect("it is read");
    assert_eq!(items.total(), Some(3));
    assert_eq!(items.try_collect().await.expect("all are read"), [2, 3]);
    let pages = list_over(wire(page("3", None))).pages().map(|item| item * 2);
    let pages = pages.try_collect().await.expect("all are read");
    assert_eq!(pages.into_iter().map(|page| page.items).collect::<Vec<_>>(), [vec![2, 4], vec![6]]);
    let items = list_over(wire(Act::respond(403, ""))).items();
    assert!(items.try_collect().await.expect_err("the second page").is_permission_denied());
    let pages = list_over(wire(Act::respond(403, ""))).pages();
    assert!(pages.try_collect().await.expect_err("the second page").is_permission_denied());
}

#[tokio::test]
async fn mock_streams_end_with_their_first_error() {
    let error = || Error::new(ErrorKind::Server);
    let items = || Items::from_iter([Ok(1), Ok(2), Err(error()), Ok(3)]);
    let one_page = |item| Ok(Page::new(vec![item]));
    let pages = || Pages::from_iter([one_page(1), one_page(2), Err(error()), one_page(3)]);
    for items in [items(), Items::from_stream(items()), Items::new(pages())] {
        let (seen, failed, position) = drain(items).await;
        assert_eq!((seen, failed.is_some_and(|error| error.is_server())), (vec![1, 2], true));
        assert_eq!((position.before + position.taken as u64, position.cursor.as_str()), (2, ""));
    }
    // Positions from outside may be anything.
    let far = format!("1.{:016x}.{}.{}.", 0, u64::MAX, usize::MAX);
    let page = Page { next: far.parse().ok(), ..Page::new(vec![1]) };
    let far = || Pages::from_iter([Ok(page.clone()), Ok(page.clone())]);
    assert_eq!(far().try_collect().await.expect("all are given").len(), 2);
    assert_eq!(Items::new(far()).try_collect().await.expect("all are given"), [1, 1]);
    items().try_collect().await.expect_err("it fails");
    Pages::from_stream(pages()).try_collect().await.expect_err("it fails");
    let doubled = Items::from_iter([Ok(1), Ok(2)]).map(|item| item * 2);
    assert_eq!(doubled.try_collect().await.expect("all are given"), [2, 4]);
    let mut thrice = Items::from_iter([Ok(1), Ok(2)]).flat_map(|item| [item; 3]);
    for place in [0, 0, 1, 1, 1, 2] {
        let _ = thrice.next().await.expect("there are six").expect("all are given");
        assert_eq!(thrice.position().before + thrice.position().taken as u64, place);
    }
}

#[tokio::test(start_paused = true)]
async fn page_has_limits_of_its_own() {
    let (wire, sent) = script(vec![Act::Hang { sent: true }]);
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let policy = RetryPolicy::default().max_attempts(2);
    let transport = transport(wire, TestCredentials::ready(), &options(), || 0.0);
    let list = transport.list(Numbers::<false>::default()).timeout(second).retry(policy.clone());
    let (_, failed, _) = drain(list.items()).await;
    assert!(failed.is_some_and(|error| error.is_timeout()));
    assert_eq!((start.elapsed().as_secs(), sent.count()), (1, 1));
    let (wire, sent) = script(vec![Act::respond(503, "")]);
    drain(list_over(wire).retry(policy).items()).await;
    assert_eq!(sent.count(), 2);
    let (_, text) = failing(script(vec![Act::respond_with(200, BodyAct::TooLarge)]).0).await;
    assert!(text.contains("raise ClientOptions::max_list_bytes"), "{text}");
}

/// How many numbers are in memory.
static ALIVE: AtomicUsize = AtomicUsize::new(0);
static MOST_ALIVE: AtomicUsize = AtomicUsize::new(0);

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

#[tokio::test(start_paused = true)]
async fn million_items_take_the_memory_of_two_pages() {
    const PAGE: u64 = 1000;
    let (wire, sent) = serve(|request| {
        let at = number(request);
        let items: Vec<_> = (at..at + PAGE).map(|item| item.to_string()).collect();
        let next = at + PAGE;
        page(&items.join(","), (next < 1_000_000).then(|| next.to_string()).as_deref())
    });
    let mut items = list_over(wire).items().map(Number::new);
    let mut sum = 0;
    while let Some(item) = items.next().await {
        sum += item.expect("it is read").0;
    }
    assert_eq!((sum, sent.count()), (999_999 * 1_000_000 / 2, 1000));
    let most = MOST_ALIVE.load(Ordering::SeqCst) as u64;
    assert!(most <= 2 * PAGE, "{most} at once");
}

#[tokio::test(start_paused = true)]
async fn dropped_future_loses_nothing_and_dropped_stream_is_cancelled() {
    let second = Duration::from_secs(1);
    let slow = TestCredentials { takes: Some(2 * second), ..TestCredentials::default() };
    let (wire, sent) = script(vec![page("1", None)]);
    let mut items =
        transport(wire, slow, &options(), || 0.0).list(Numbers::<false>::default()).items();
    tokio::time::timeout(second, items.next()).await.expect_err("it waits for a token");
    assert_eq!(items.next().await.expect("there is one").expect("it is read"), 1);
    assert_eq!(sent.count(), 1);
    let (wire, sent) = script(vec![Act::Hang { sent: true }]);
    let mut items = list_over(wire).retry(RetryPolicy::default()).items();
    tokio::time::timeout(second, items.next()).await.expect_err("there is no response");
    drop(items);
    tokio::time::sleep(600 * second).await;
    assert_eq!(sent.count(), 1);
}
