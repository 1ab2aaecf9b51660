//! Every cell of the retry table, its effect included, and what surrounds it.

use std::time::Duration;

use http::Method;
use tokio::time::Instant;

use super::memory::{
    Act, BodyAct, IDEMPOTENT, ONCE, Probe, READ, TestCredentials, TestService, script, transport,
};
use super::{ClientOptions, RetryPolicy, Transport, bounded, plain_text};
use crate::error::Effect::{self, Applied, NotApplied, Unknown};
use crate::error::Error;
use crate::error::ErrorKind::{self, *};
use crate::operation::{AnswerError, Operation, Path, RawAnswer, Repeat};

const ATTEMPTS: u32 = 4;

fn options() -> ClientOptions {
    ClientOptions::default().attempt_timeout(Duration::from_secs(5))
}

fn ready() -> TestCredentials {
    TestCredentials { takes: Some(Duration::ZERO), ..TestCredentials::default() }
}

fn renewable() -> TestCredentials {
    TestCredentials { renewable: true, ..ready() }
}

/// Sends one probe over a script, with the longest waits.
async fn send<const R: u8>(
    acts: Vec<Act>,
    credentials: TestCredentials,
    options: &ClientOptions,
) -> (Result<String, Error>, usize) {
    let (wire, count) = script(acts);
    let transport = transport(wire, credentials, options, || 1.0);
    let result = transport.call(&Probe::<R>).await;
    let count = *count.lock().expect("no test panics under it");
    (result, count)
}

async fn fails<const R: u8>(
    name: &str,
    act: Act,
    credentials: TestCredentials,
    expected: (u32, ErrorKind, Effect),
) {
    let (result, sent) = send::<R>(vec![act], credentials, &options()).await;
    let error = result.expect_err(name);
    let seen = (error.attempts(), error.kind(), error.effect());
    assert_eq!(seen, expected, "{name}, repeatability {R}: {error}");
    assert_eq!(sent as u32, error.attempts(), "{name}: attempts are counted truly");
    assert_eq!(error.operation(), Some("test probes.send"));
}

/// One row of the table: what happens to reads, to other repeatable calls, to creates.
async fn row(
    name: &str,
    act: Act,
    credentials: TestCredentials,
    kind: ErrorKind,
    [read, idempotent, once]: [(u32, Effect); 3],
) {
    let all = |(attempts, effect)| (attempts, kind, effect);
    fails::<READ>(name, act.clone(), credentials.clone(), all(read)).await;
    fails::<IDEMPOTENT>(name, act.clone(), credentials.clone(), all(idempotent)).await;
    fails::<ONCE>(name, act, credentials, all(once)).await;
}

const ALWAYS_AGAIN: [(u32, Effect); 3] = [(ATTEMPTS, NotApplied); 3];
const NEVER_AGAIN: [(u32, Effect); 3] = [(1, NotApplied); 3];
const AGAIN_UNLESS_ONCE: [(u32, Effect); 3] =
    [(ATTEMPTS, NotApplied), (ATTEMPTS, Unknown), (1, Unknown)];
const UNKNOWN_AT_ONCE: [(u32, Effect); 3] = [(1, NotApplied), (1, Unknown), (1, Unknown)];
const APPLIED_AT_ONCE: [(u32, Effect); 3] = [(1, NotApplied), (1, Applied), (1, Applied)];

#[tokio::test(start_paused = true)]
async fn nothing_was_sent() {
    row("connect", Act::ConnectFault, ready(), Connect, ALWAYS_AGAIN).await;
    row("closed first", Act::Broken { sent: false }, ready(), Connect, ALWAYS_AGAIN).await;
    row("slow connect", Act::Hang { sent: false }, ready(), Timeout, ALWAYS_AGAIN).await;
    row("bad request", Act::Unusable, ready(), Configuration, NEVER_AGAIN).await;
    let (result, _) = send::<ONCE>(vec![Act::ConnectFault], ready(), &options()).await;
    let text = result.expect_err("no connection").to_string();
    assert!(text.contains("no connection: https://service.example, "), "{text}");
}

#[tokio::test(start_paused = true)]
async fn rate_limited() {
    row("429", Act::answer(429, ""), ready(), RateLimited, ALWAYS_AGAIN).await;
    let by_code = |status| Act::answer(status, r#"{"code":"LIMIT"}"#);
    row("400 by code", by_code(400), ready(), RateLimited, ALWAYS_AGAIN).await;
    row("403 by code", by_code(403), ready(), RateLimited, ALWAYS_AGAIN).await;
    // 429 says it whatever the code.
    let odd = Act::answer(429, r#"{"code":"DENIED"}"#);
    row("429 with another code", odd, ready(), RateLimited, ALWAYS_AGAIN).await;
    // Only a refusal says that nothing was processed.
    row("408 by code", by_code(408), ready(), Timeout, AGAIN_UNLESS_ONCE).await;
    row("500 by code", by_code(500), ready(), Server, AGAIN_UNLESS_ONCE).await;
}

#[tokio::test(start_paused = true)]
async fn unauthenticated() {
    let refused = Act::answer(401, "");
    row("401 fixed", refused.clone(), ready(), Unauthenticated, NEVER_AGAIN).await;
    let once_more = [(2, NotApplied); 3];
    row("401 renewable", refused, renewable(), Unauthenticated, once_more).await;
    let denied = Act::answer(401, r#"{"code":"DENIED"}"#);
    row("401 permission", denied, renewable(), PermissionDenied, NEVER_AGAIN).await;
}

#[tokio::test(start_paused = true)]
async fn sent_without_an_answer() {
    row("reset", Act::Broken { sent: true }, ready(), Interrupted, AGAIN_UNLESS_ONCE).await;
    row("silence", Act::Hang { sent: true }, ready(), Timeout, AGAIN_UNLESS_ONCE).await;
}

#[tokio::test(start_paused = true)]
async fn server_errors() {
    for status in [500, 502, 503, 504] {
        let act = Act::answer(status, "<html>");
        row(&status.to_string(), act, ready(), Server, AGAIN_UNLESS_ONCE).await;
    }
    row("408", Act::answer(408, ""), ready(), Timeout, AGAIN_UNLESS_ONCE).await;
    for status in [501, 505, 507, 520, 599] {
        let act = Act::answer(status, "");
        row(&status.to_string(), act, ready(), Server, UNKNOWN_AT_ONCE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn refusals() {
    for (status, kind) in [
        (400, InvalidRequest),
        (402, Rejected),
        (403, PermissionDenied),
        (404, NotFound),
        (405, Rejected),
        (409, Conflict),
        (410, NotFound),
        (412, Conflict),
        (413, Rejected),
        (422, InvalidRequest),
        (499, Rejected),
        (300, UnexpectedStatus),
        (301, UnexpectedStatus),
        (302, UnexpectedStatus),
        (307, UnexpectedStatus),
        (308, UnexpectedStatus),
    ] {
        let act = Act::answer(status, "").header("location", "https://elsewhere.example/");
        row(&status.to_string(), act, renewable(), kind, NEVER_AGAIN).await;
    }
}

#[tokio::test(start_paused = true)]
async fn successes_that_cannot_be_used() {
    let answer = |body| Act::Answer { status: 201, headers: Vec::new(), body };
    row("too large", answer(BodyAct::TooLarge), ready(), Decode, APPLIED_AT_ONCE).await;
    row("encoded", answer(BodyAct::Encoded), ready(), Decode, APPLIED_AT_ONCE).await;
    row("cut off", answer(BodyAct::Broken), ready(), Interrupted, APPLIED_AT_ONCE).await;
    row("endless", answer(BodyAct::Hang), ready(), Timeout, APPLIED_AT_ONCE).await;
    for body in ["", "<html>", "{}", "[]", "null", r#"{"id":[]}"#] {
        row(body, Act::answer(201, body), ready(), Decode, APPLIED_AT_ONCE).await;
    }
    let unsuccessful = Act::answer(201, r#"{"success":false}"#);
    row("unsuccessful", unsuccessful, ready(), Rejected, UNKNOWN_AT_ONCE).await;
    for status in [200, 202, 204, 206, 299] {
        let act = Act::answer(status, r#"{"id":"1"}"#);
        row(&status.to_string(), act, ready(), UnexpectedStatus, UNKNOWN_AT_ONCE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_that_succeeds_is_a_success() {
    let made = || Act::answer(201, r#"{"id":"7"}"#);
    for (acts, attempts) in [
        (vec![made()], 1),
        (vec![Act::ConnectFault, made()], 2),
        (vec![Act::answer(429, ""), Act::answer(429, ""), made()], 3),
        (vec![Act::answer(401, ""), made()], 2),
        (vec![Act::answer(429, ""), Act::answer(401, ""), Act::ConnectFault, made()], 4),
    ] {
        let (wire, _) = script(acts);
        let transport = transport(wire, renewable(), &options(), || 0.5);
        let response = transport.call(&Probe::<ONCE>).with_response().await.expect("it succeeds");
        assert_eq!((response.attempts(), response.body().as_str()), (attempts, "7"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_earlier_unknown_outcome_is_not_forgotten() {
    // The second answer says that nothing was done, but the first attempt may have done it.
    for last in [403, 429, 302] {
        let acts = vec![Act::answer(503, ""), Act::answer(last, "")];
        let (result, _) = send::<IDEMPOTENT>(acts.clone(), ready(), &options()).await;
        assert_eq!(result.expect_err("refused").effect(), Unknown);
        let (result, _) = send::<READ>(acts, ready(), &options()).await;
        assert_eq!(result.expect_err("refused").effect(), NotApplied);
    }
    let acts = vec![Act::Hang { sent: true }, Act::ConnectFault];
    let (result, sent) = send::<IDEMPOTENT>(acts, ready(), &options()).await;
    assert_eq!((result.expect_err("no connection").effect(), sent), (Unknown, 4));
    let acts = vec![Act::Hang { sent: true }, Act::answer(201, "{}")];
    let (result, _) = send::<IDEMPOTENT>(acts, ready(), &options()).await;
    assert_eq!(result.expect_err("unreadable").effect(), Applied);
}

#[tokio::test(start_paused = true)]
async fn the_echo_of_an_own_first_try_is_a_success() {
    let gone = || Act::answer(404, "");
    let (result, _) =
        send::<IDEMPOTENT>(vec![Act::Broken { sent: true }, gone()], ready(), &options()).await;
    assert_eq!(result.expect("it was done by the first try"), "echo");
    // A refusal to give a token is no echo of anything.
    let credentials = TestCredentials { fails_from: Some(1), ..renewable() };
    let acts = vec![Act::answer(503, ""), Act::answer(401, "")];
    let (result, sent) = send::<IDEMPOTENT>(acts, credentials, &options()).await;
    assert_eq!((result.expect_err("no token").effect(), sent), (Unknown, 2));
    // Without an earlier try that may have arrived it is what it says.
    for first in [Act::ConnectFault, Act::answer(429, "")] {
        let (result, sent) = send::<IDEMPOTENT>(vec![first, gone()], ready(), &options()).await;
        assert_eq!((result.expect_err("not there").kind(), sent), (NotFound, 2));
    }
}

async fn timed(acts: Vec<Act>, options: &ClientOptions) -> (Result<String, Error>, Duration) {
    let start = Instant::now();
    let (result, _) = send::<ONCE>(acts, ready(), options).await;
    (result, start.elapsed())
}

/// The paused clock has a granularity of a millisecond.
fn about(seen: Duration, expected: Duration) -> bool {
    seen >= expected && seen < expected + Duration::from_millis(20)
}

#[tokio::test(start_paused = true)]
async fn waits_double_up_to_a_limit() {
    let policy = RetryPolicy::default()
        .max_attempts(6)
        .base_wait(Duration::from_secs(1))
        .max_wait(Duration::from_secs(5));
    let (result, waited) = timed(vec![Act::ConnectFault], &options().retry(policy)).await;
    assert_eq!(result.expect_err("no connection").attempts(), 6);
    assert!(about(waited, Duration::from_secs(1 + 2 + 4 + 5 + 5)), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn jitter_covers_the_whole_wait() {
    for (jitter, expected) in [(0.0, 0), (0.5, 500), (1.0, 1000)] {
        let policy = RetryPolicy::default().max_attempts(2).base_wait(Duration::from_secs(1));
        let (wire, _) = script(vec![Act::ConnectFault]);
        let start = Instant::now();
        let transport = transport(wire, ready(), &options().retry(policy), move || jitter);
        transport.call(&Probe::<ONCE>).await.expect_err("no connection");
        assert!(about(start.elapsed(), Duration::from_millis(expected)));
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_never_undercut() {
    let made = || Act::answer(201, r#"{"id":"7"}"#);
    for (value, expected) in [
        ("7", 7),
        ("0", 0),
        ("Thu, 03 Mar 2016 19:47:25 GMT", 10),
        ("Thu, 03 Mar 2016 19:47:05 GMT", 0),
        ("soon", 0),
        ("-3", 0),
        ("", 0),
    ] {
        for status in [429, 503] {
            let act = Act::answer(status, "").header("retry-after", value);
            let (wire, _) = script(vec![act, made()]);
            let start = Instant::now();
            let transport = transport(wire, ready(), &options(), || 0.0);
            transport.call(&Probe::<IDEMPOTENT>).await.expect("the second attempt succeeds");
            assert!(about(start.elapsed(), Duration::from_secs(expected)), "{value}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_retry_after_the_longest_counts() {
    let options = options().retry(RetryPolicy::default().base_wait(Duration::ZERO));
    for values in [["0", "5"], ["5", "0"], ["soon", "5"]] {
        let act = Act::answer(429, "").header("retry-after", values[0]);
        let act = act.header("retry-after", values[1]);
        let (result, waited) = timed(vec![act, Act::answer(201, r#"{"id":"7"}"#)], &options).await;
        result.expect("the second attempt succeeds");
        assert!(about(waited, Duration::from_secs(5)), "{values:?}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_ends_the_call_at_once() {
    for (value, expected) in [("61", 61), ("99999999999999999999999", u64::from(u32::MAX))] {
        let act = Act::answer(429, "").header("retry-after", value);
        let (result, waited) = timed(vec![act], &options()).await;
        let error = result.expect_err("it would take too long");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(expected)));
        assert_eq!((error.attempts(), error.effect()), (1, NotApplied));
        assert!(error.to_string().contains("Retry-After is over the limit"), "{error}");
        assert!(about(waited, Duration::ZERO));
    }
    // Within the limit, but not within the call's time.
    let act = Act::answer(429, "").header("retry-after", "30");
    let short = options().call_timeout(Duration::from_secs(30));
    let (result, waited) = timed(vec![act], &short).await;
    let error = result.expect_err("it does not fit");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert!(error.to_string().contains("no time left"), "{error}");
    assert!(about(waited, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_out_up_to_the_limit_with_jitter_on_top() {
    let acts = |asked: u64| {
        let limited = Act::answer(429, "").header("retry-after", asked);
        vec![limited, Act::answer(201, r#"{"id":"7"}"#)]
    };
    for limit in [20, 60] {
        let policy = RetryPolicy::default()
            .base_wait(Duration::from_secs(2))
            .max_retry_after(Duration::from_secs(limit));
        let options = options().retry(policy);
        let (result, waited) = timed(acts(limit), &options).await;
        result.expect("it is within the limit");
        assert!(about(waited, Duration::from_secs(limit + 2)), "{waited:?}");
        let (result, waited) = timed(acts(limit + 1), &options).await;
        assert!(result.expect_err("it is over the limit").is_rate_limited());
        assert!(about(waited, Duration::ZERO), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn jitter_gives_way_to_the_deadline() {
    let acts = || {
        let limit = Act::answer(429, "").header("retry-after", "9");
        vec![limit, Act::answer(201, r#"{"id":"7"}"#)]
    };
    let policy = RetryPolicy::default().base_wait(Duration::from_secs(2));
    let tight = options().call_timeout(Duration::from_secs(10)).retry(policy);
    let (result, waited) = timed(acts(), &tight).await;
    result.expect("the wait that was asked for fits");
    assert!(about(waited, Duration::from_secs(9)), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_covers_everything() {
    // Two attempts of 5 s and a wait of at most 0.25 s; the third attempt is cut short.
    let limited = options().call_timeout(Duration::from_secs(12));
    let start = Instant::now();
    let (result, sent) =
        send::<IDEMPOTENT>(vec![Act::Hang { sent: true }], ready(), &limited).await;
    let error = result.expect_err("nothing answers");
    assert_eq!((error.kind(), error.effect(), sent), (Timeout, Unknown, 3));
    assert!(about(start.elapsed(), Duration::from_secs(12)), "{:?}", start.elapsed());

    // Getting a token counts, too.
    let never = TestCredentials { takes: None, ..renewable() };
    let start = Instant::now();
    let (result, sent) = send::<ONCE>(vec![Act::ConnectFault], never, &limited).await;
    let error = result.expect_err("no token comes");
    assert_eq!((error.kind(), error.effect(), error.attempts(), sent), (Timeout, NotApplied, 0, 0));
    assert!(about(start.elapsed(), Duration::from_secs(12)));
}

#[tokio::test(start_paused = true)]
async fn a_call_has_options_of_its_own() {
    let (wire, _) = script(vec![Act::Hang { sent: true }]);
    let transport = transport(wire, ready(), &options(), || 1.0);
    let start = Instant::now();
    let call = transport.call(&Probe::<READ>).timeout(Duration::from_secs(1));
    assert!(call.await.expect_err("nothing answers").is_timeout());
    assert!(about(start.elapsed(), Duration::from_secs(1)));
    let call = transport.call(&Probe::<READ>).retry(RetryPolicy::none());
    assert_eq!(call.await.expect_err("nothing answers").attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_endless_timeout_is_no_overflow() {
    let options = ClientOptions::default()
        .attempt_timeout(Duration::MAX)
        .call_timeout(Duration::MAX)
        .retry(RetryPolicy::default().base_wait(Duration::MAX).max_wait(Duration::MAX));
    let (result, sent) = send::<ONCE>(vec![Act::ConnectFault], ready(), &options).await;
    assert_eq!((result.expect_err("no connection").attempts(), sent), (1, 1));
    let options = options.retry(RetryPolicy::default().max_retry_after(Duration::MAX));
    let far = Act::answer(429, "").header("retry-after", u64::MAX);
    let (result, sent) = send::<ONCE>(vec![far], ready(), &options).await;
    assert_eq!((result.expect_err("too far").attempts(), sent), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_shared_budget_stops_a_storm() {
    let policy = RetryPolicy::default().budget(5);
    let (wire, count) = script(vec![Act::ConnectFault]);
    let transport = transport(wire, ready(), &options().retry(policy), || 0.0);
    let mut errors = Vec::new();
    for _ in 0..10 {
        errors.push(transport.call(&Probe::<ONCE>).await.expect_err("no connection"));
    }
    assert_eq!(*count.lock().expect("no panic"), 10 + 5, "ten calls and five retries");
    assert_eq!(errors[1].attempts(), 3);
    assert!(errors[9].to_string().contains("retry budget is spent"), "{}", errors[9]);
}

#[tokio::test(start_paused = true)]
async fn successful_calls_earn_retries() {
    let mut acts = vec![Act::ConnectFault, Act::answer(201, r#"{"id":"1"}"#)];
    acts.extend(vec![Act::answer(201, r#"{"id":"1"}"#); 9]);
    acts.push(Act::ConnectFault);
    let (wire, count) = script(acts);
    let policy = RetryPolicy::default().budget(1);
    let transport = transport(wire, ready(), &options().retry(policy), || 0.0);
    for _ in 0..10 {
        transport.call(&Probe::<ONCE>).await.expect("it succeeds");
    }
    let error = transport.call(&Probe::<ONCE>).await.expect_err("no connection");
    assert_eq!((error.attempts(), *count.lock().expect("no panic")), (2, 13));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_fails_ends_the_call_unsent() {
    let failing = TestCredentials { fails_from: Some(0), ..renewable() };
    let (result, sent) = send::<ONCE>(vec![Act::ConnectFault], failing, &options()).await;
    let error = result.expect_err("there is no token");
    assert_eq!((error.kind(), error.effect(), sent), (Unauthenticated, NotApplied, 0));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_cancels_it() {
    let (wire, count) = script(vec![Act::Hang { sent: true }]);
    let transport = transport(wire, ready(), &options(), || 0.0);
    let call = transport.call(&Probe::<IDEMPOTENT>).into_future();
    tokio::time::timeout(Duration::from_secs(1), call).await.expect_err("it was dropped");
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(*count.lock().expect("no panic"), 1, "nothing went on behind it");
}

#[test]
fn without_a_runtime_it_is_an_error_not_a_panic() {
    let (wire, _) = script(vec![Act::ConnectFault]);
    let call = transport(wire, ready(), &options(), || 0.0).call(&Probe::<ONCE>).into_future();
    let mut call = std::pin::pin!(call);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match call.as_mut().poll(&mut context) {
        std::task::Poll::Ready(Err(error)) => assert_eq!(error.kind(), Configuration),
        other => panic!("{other:?}"),
    }
}

#[test]
fn futures_are_small_and_can_be_sent() {
    fn check<T: Send + 'static>(future: T) -> usize {
        size_of_val(&future)
    }
    let (wire, _) = script(vec![Act::ConnectFault]);
    let transport = transport(wire, ready(), &options(), || 0.0);
    let pending = transport.call(&Probe::<ONCE>).into_future();
    let behind = size_of_val(&*pending);
    assert!(behind <= 1024, "{behind} bytes");
    assert_eq!(check(pending), 2 * size_of::<usize>());
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    shared::<Transport>(&transport);
}

/// A call whose answer may contain a token, if `S`.
struct Sensitive<const S: bool>;

impl<const S: bool> Operation for Sensitive<S> {
    type Service = TestService;
    type Answer = u64;
    const NAME: &'static str = "test tokens.create";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Once;
    const SENSITIVE: bool = S;

    fn path(&self) -> Path<'_> {
        Path::fixed("/tokens")
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<u64, AnswerError> {
        answer.json()
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_hold_a_token_is_not_kept() {
    let denial = r#"{"code":"DENIED"}"#;
    let token = r#"{"code":"DENIED","access_token":"obviously-fake"}"#;
    for (status, body, kept) in [
        (400, denial, true),
        (500, denial, true),
        (400, token, false),
        (500, token, false),
        (200, denial, false),
        (202, denial, false),
        (302, denial, false),
    ] {
        let (wire, _) = script(vec![Act::answer(status, body)]);
        let error = transport(wire, ready(), &options(), || 0.0).call(&Sensitive::<true>).await;
        let error = error.expect_err("it is no success");
        assert_eq!(error.body(), if kept { body.as_bytes() } else { b"" }, "{status}, {body}");
        assert_eq!(error.code(), kept.then_some("DENIED"), "{status}, {body}");
        assert!(!format!("{error:?}").contains("fake"), "{error:?}");
        // Other calls keep what they were told.
        let (wire, _) = script(vec![Act::answer(status, body)]);
        let error = transport(wire, ready(), &options(), || 0.0).call(&Sensitive::<false>).await;
        assert_eq!(error.expect_err("it is no success").body(), body.as_bytes());
    }
    let answer = |body| Act::Answer { status: 200, headers: Vec::new(), body };
    for (act, kept, quoted) in [
        (answer(BodyAct::Broken), "part", false),
        (Act::answer(200, "\"obviously-fake\""), "\"obviously-fake\"", true),
    ] {
        let (wire, _) = script(vec![act.clone()]);
        let error = transport(wire, ready(), &options(), || 0.0).call(&Sensitive::<true>).await;
        let error = error.expect_err("it cannot be read");
        assert!(error.body().is_empty() && !format!("{error:?}").contains("fake"), "{error:?}");
        let (wire, _) = script(vec![act]);
        let error = transport(wire, ready(), &options(), || 0.0).call(&Sensitive::<false>).await;
        let error = error.expect_err("it cannot be read");
        assert_eq!(error.body(), kept.as_bytes());
        assert_eq!(error.to_string().contains("obviously-fake"), quoted, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_length_is_kept_but_only_a_short_one_is_read() {
    for (length, code) in [(64 * 1024, Some("DENIED")), (64 * 1024 + 1, None)] {
        let body = format!(r#"{{"code":"DENIED"{}}}"#, " ".repeat(length - 17));
        assert_eq!(body.len(), length);
        let act = Act::answer(400, &body);
        let (result, _) = send::<ONCE>(vec![act], ready(), &options()).await;
        let error = result.expect_err("it was refused");
        assert_eq!(error.code(), code);
        assert!(body.as_bytes().starts_with(error.body()) && !error.body().is_empty());
    }
}

#[test]
fn plain_words_are_a_message() {
    let long = |length: usize| format!("a {}", "b".repeat(length - 2));
    for text in ["try later", "two\twords,\r\nand two more", &long(300)] {
        assert_eq!(plain_text(format!(" {text}\n").as_bytes()).as_deref(), Some(text));
    }
    for text in ["", "word", "<b>no way</b>", "{ no", "[ no", "\" no", "rings\u{7} a bell"] {
        assert_eq!(plain_text(text.as_bytes()), None, "{text}");
    }
    assert_eq!(plain_text(long(301).as_bytes()), None);
    assert_eq!(plain_text(b"no \xff text"), None);
}

#[test]
fn no_limit_is_a_month() {
    assert_eq!(bounded(Duration::from_secs(5)), Duration::from_secs(5));
    assert_eq!(bounded(Duration::MAX), Duration::from_secs(2_592_000));
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_with_what_was_around_it() {
    let named = |status: u16, body| Act::answer(status, body).header("x-request-id", "fake-id");
    let unnamed = Act::answer(201, r#"{"id":"7"}"#).header("x-other", "kept");
    let acts = vec![unnamed, named(201, r#"{"id":"7"}"#), named(201, "{}"), named(403, "")];
    let (wire, _) = script(acts);
    let transport = transport(wire, ready(), &options(), || 0.0);
    assert_eq!(transport.address(), "https://service.example");
    let agent = concat!("rolecall/", env!("CARGO_PKG_VERSION"));
    assert_eq!((transport.header("user-agent"), transport.header("x-none")), (Some(agent), None));
    let call = transport.call(&Probe::<ONCE>);
    assert_eq!(call.operation(), "test probes.send");
    let request = call.request().expect("it is valid");
    assert_eq!(request.url(), "https://service.example/base/probes/1");
    let response = call.with_response().await.expect("it succeeds");
    assert_eq!((response.status().as_u16(), response.attempts()), (201, 1));
    assert_eq!(
        (&response.headers()["x-other"], response.request_id()),
        (&"kept".parse().expect("ok"), None)
    );
    assert_eq!((response.body().as_str(), response.clone().into_body().as_str()), ("7", "7"));
    let response = transport.call(&Probe::<ONCE>).with_response().await.expect("it succeeds");
    assert_eq!(response.request_id(), Some("fake-id"));
    for _ in ["unreadable", "refused"] {
        let error = transport.call(&Probe::<ONCE>).await.expect_err("it fails");
        assert_eq!(error.request_id(), Some("fake-id"), "{error}");
    }
}
