//! Every cell of the retry table, its effect included, and what surrounds it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::attempt::plain_text;
use super::ensure::Ensured;
use super::ensure_tests::Goal;
use super::memory::{
    Act, BodyAct, IDEMPOTENT, NON_IDEMPOTENT, Probe, SAFE, TestCredentials, TestService,
    UNCONFIRMED, script, transport,
};
use super::{
    Authorization, Authorize, Authorizing, ClientOptions, Patience, RetryPolicy, Transport, bounded,
};
use crate::error::Effect::{self, Applied, NotApplied, Unknown};
use crate::error::Error;
use crate::error::ErrorKind::{self, *};
use crate::model::Secret;
use crate::operation::{Body, Idempotency, Operation, Spec};

const ATTEMPTS: u32 = 4;

fn options() -> ClientOptions {
    ClientOptions::default().attempt_timeout(Duration::from_secs(5))
}

fn ready() -> TestCredentials {
    TestCredentials::ready()
}

fn renewable() -> TestCredentials {
    TestCredentials::renewable()
}

/// Sends one probe over a script, with the longest waits.
async fn send<const R: u8>(
    acts: Vec<Act>,
    credentials: TestCredentials,
    options: &ClientOptions,
) -> (Result<String, Error>, usize) {
    let (wire, sent) = script(acts);
    let result = transport(wire, credentials, options, || 1.0).call(&Probe::<R>).await;
    (result, sent.count())
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
    assert_eq!(seen, expected, "{name}, idempotency {R}: {error}");
    assert_eq!(sent as u32, error.attempts(), "{name}");
    assert_eq!(error.operation(), Some("test probes.send"));
}

/// One row of the table: attempts and effect of a safe, an idempotent and a non-idempotent call.
async fn row(
    name: &str,
    act: Act,
    credentials: TestCredentials,
    kind: ErrorKind,
    [safe, idempotent, non_idempotent]: [(u32, Effect); 3],
) {
    let all = |(attempts, effect)| (attempts, kind, effect);
    fails::<SAFE>(name, act.clone(), credentials.clone(), all(safe)).await;
    fails::<IDEMPOTENT>(name, act.clone(), credentials.clone(), all(idempotent)).await;
    fails::<NON_IDEMPOTENT>(name, act, credentials, all(non_idempotent)).await;
}

const ALWAYS_RETRIED: [(u32, Effect); 3] = [(ATTEMPTS, NotApplied); 3];
const NEVER_RETRIED: [(u32, Effect); 3] = [(1, NotApplied); 3];
const RETRIED_IF_IDEMPOTENT: [(u32, Effect); 3] =
    [(ATTEMPTS, NotApplied), (ATTEMPTS, Unknown), (1, Unknown)];
const RETRIED_IF_SAFE: [(u32, Effect); 3] = [(ATTEMPTS, NotApplied), (1, Unknown), (1, Unknown)];
const UNKNOWN_AT_ONCE: [(u32, Effect); 3] = [(1, NotApplied), (1, Unknown), (1, Unknown)];
const APPLIED_AT_ONCE: [(u32, Effect); 3] = [(1, NotApplied), (1, Applied), (1, Applied)];

#[tokio::test(start_paused = true)]
async fn unsent_request_is_retried_whatever_its_idempotency() {
    row("connect", Act::ConnectFault, ready(), Connect, ALWAYS_RETRIED).await;
    row("closed first", Act::Broken { sent: false }, ready(), Connect, ALWAYS_RETRIED).await;
    row("slow connect", Act::Hang { sent: false }, ready(), Timeout, ALWAYS_RETRIED).await;
    row("bad request", Act::Unusable, ready(), Configuration, NEVER_RETRIED).await;
    let (result, _) = send::<NON_IDEMPOTENT>(vec![Act::ConnectFault], ready(), &options()).await;
    let text = result.expect_err("no connection").to_string();
    assert!(text.contains(": no connection to https://service.example: refused, "), "{text}");
}

#[tokio::test(start_paused = true)]
async fn rate_limited_call_is_retried_whatever_its_idempotency() {
    row("429", Act::respond(429, ""), ready(), RateLimited, ALWAYS_RETRIED).await;
    let by_code = |status| Act::respond(status, r#"{"code":"LIMIT"}"#);
    row("400 by code", by_code(400), ready(), RateLimited, ALWAYS_RETRIED).await;
    row("403 by code", by_code(403), ready(), RateLimited, ALWAYS_RETRIED).await;
    let odd = Act::respond(429, r#"{"code":"DENIED"}"#);
    row("429 with another code", odd, ready(), RateLimited, ALWAYS_RETRIED).await;
    // Only a refusal says that nothing was processed.
    row("408 by code", by_code(408), ready(), Timeout, RETRIED_IF_IDEMPOTENT).await;
    row("500 by code", by_code(500), ready(), Server, RETRIED_IF_IDEMPOTENT).await;
}

#[tokio::test(start_paused = true)]
async fn refused_token_is_renewed_once_a_call() {
    let refused = Act::respond(401, "");
    row("401 fixed", refused.clone(), ready(), Unauthenticated, NEVER_RETRIED).await;
    row("401 renewable", refused, renewable(), Unauthenticated, [(2, NotApplied); 3]).await;
    let denied = Act::respond(401, r#"{"code":"DENIED"}"#);
    row("401 permission", denied, renewable(), PermissionDenied, NEVER_RETRIED).await;
}

#[tokio::test(start_paused = true)]
async fn renewal_spends_budget_but_eviction_does_not() {
    let credentials = renewable();
    let options = options().retry(RetryPolicy::none().budget(1));
    let (wire, sent) = script(vec![Act::respond(401, "")]);
    let transport = transport(wire, credentials.clone(), &options, || 0.0);
    for (attempts, generation) in [(2, 2), (1, 3), (1, 4)] {
        let error = transport.call(&Probe::<SAFE>).await.expect_err("it is refused");
        assert_eq!(error.attempts(), attempts);
        assert_eq!(credentials.generation.load(Ordering::Relaxed), generation, "evicted each time");
        let spent = error.to_string().contains("retry budget is spent");
        assert_eq!(spent, attempts == 1, "{error}");
    }
    assert_eq!(sent.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn lost_response_leaves_the_outcome_unknown() {
    let reset = Act::Broken { sent: true };
    row("reset", reset, ready(), Interrupted, RETRIED_IF_IDEMPOTENT).await;
    row("silence", Act::Hang { sent: true }, ready(), Timeout, RETRIED_IF_IDEMPOTENT).await;
}

#[tokio::test(start_paused = true)]
async fn server_error_leaves_the_outcome_unknown() {
    for status in [500, 502, 503, 504] {
        let act = Act::respond(status, "<html>");
        row(&status.to_string(), act, ready(), Server, RETRIED_IF_IDEMPOTENT).await;
    }
    row("408", Act::respond(408, ""), ready(), Timeout, RETRIED_IF_IDEMPOTENT).await;
    // A gateway's own codes are transient where nothing is changed.
    for status in [520, 521, 522, 523, 524, 529] {
        let act = Act::respond(status, "<html>");
        row(&status.to_string(), act, ready(), Server, RETRIED_IF_SAFE).await;
    }
    for status in [501, 505, 507, 519, 525, 528, 530, 599] {
        let act = Act::respond(status, "");
        row(&status.to_string(), act, ready(), Server, UNKNOWN_AT_ONCE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn refusal_is_not_retried_and_changes_nothing() {
    for (status, kind) in [
        (400, InvalidRequest),
        (402, Rejected),
        (403, PermissionDenied),
        (404, NotFound),
        (405, Rejected),
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
        let act = Act::respond(status, "").header("location", "https://elsewhere.example/");
        row(&status.to_string(), act, renewable(), kind, NEVER_RETRIED).await;
    }
    // Only a create can find that a thing is there already.
    let conflict = || Act::respond(409, "");
    fails::<SAFE>("409", conflict(), ready(), (1, Conflict, NotApplied)).await;
    fails::<IDEMPOTENT>("409", conflict(), ready(), (1, Conflict, NotApplied)).await;
    fails::<NON_IDEMPOTENT>("409", conflict(), ready(), (1, AlreadyExists, NotApplied)).await;
}

#[tokio::test(start_paused = true)]
async fn unusable_success_is_retried_where_nothing_is_changed() {
    for (name, body, kind, rows) in [
        ("too large", BodyAct::TooLarge, Decode, UNKNOWN_AT_ONCE),
        ("encoded", BodyAct::Encoded, Decode, UNKNOWN_AT_ONCE),
        ("cut off", BodyAct::Broken, Interrupted, RETRIED_IF_SAFE),
        ("endless", BodyAct::Hang, Timeout, RETRIED_IF_SAFE),
    ] {
        row(name, Act::respond_with(201, body), ready(), kind, rows).await;
    }
    // No JSON object, so that it need not be the service that responded.
    for body in ["", " ", "<html>", "{", "OK", r#"{"id":"7","more":{}"#] {
        row(body, Act::respond(201, body), ready(), Decode, RETRIED_IF_SAFE).await;
    }
    row("null", Act::respond(201, "null"), ready(), Decode, UNKNOWN_AT_ONCE).await;
    for body in ["{}", r#"{"id":[]}"#] {
        row(body, Act::respond(201, body), ready(), Decode, APPLIED_AT_ONCE).await;
    }
    let unsuccessful = Act::respond(201, r#"{"success":false}"#);
    row("unsuccessful", unsuccessful, ready(), Rejected, UNKNOWN_AT_ONCE).await;
    for status in [202, 204, 206, 299] {
        let act = Act::respond(status, r#"{"id":"1"}"#);
        row(&status.to_string(), act, ready(), UnexpectedStatus, UNKNOWN_AT_ONCE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn successful_retry_is_a_success_that_counts_attempts() {
    let limited = || Act::respond(429, "");
    let refused = || Act::respond(401, "");
    for (acts, attempts) in [
        (vec![Act::created()], 1),
        (vec![Act::respond(200, r#"{"id":"7"}"#)], 1),
        (vec![Act::ConnectFault, Act::created()], 2),
        (vec![limited(), limited(), Act::created()], 3),
        (vec![refused(), Act::created()], 2),
        (vec![limited(), refused(), Act::ConnectFault, Act::created()], 4),
    ] {
        let (wire, _) = script(acts);
        let transport = transport(wire, renewable(), &options(), || 0.5);
        let response = transport.call(&Probe::<NON_IDEMPOTENT>).with_response().await;
        let response = response.expect("it succeeds");
        assert_eq!((response.attempts(), response.body().as_str()), (attempts, "7"));
    }
}

#[tokio::test(start_paused = true)]
async fn earlier_unknown_outcome_stays_unknown() {
    // The second response says that nothing was done, but the first attempt may have done it.
    for last in [403, 429, 302] {
        let acts = vec![Act::respond(503, ""), Act::respond(last, "")];
        let (result, _) = send::<IDEMPOTENT>(acts.clone(), ready(), &options()).await;
        assert_eq!(result.expect_err("refused").effect(), Unknown);
        let (result, _) = send::<SAFE>(acts, ready(), &options()).await;
        assert_eq!(result.expect_err("refused").effect(), NotApplied);
    }
    let acts = vec![Act::Hang { sent: true }, Act::ConnectFault];
    let (result, sent) = send::<IDEMPOTENT>(acts, ready(), &options()).await;
    assert_eq!((result.expect_err("no connection").effect(), sent), (Unknown, 4));
    let acts = vec![Act::Hang { sent: true }, Act::respond(201, "{}")];
    let (result, _) = send::<IDEMPOTENT>(acts, ready(), &options()).await;
    assert_eq!(result.expect_err("unreadable").effect(), Applied);
}

#[tokio::test(start_paused = true)]
async fn refusal_by_the_own_earlier_attempt_is_a_success() {
    let gone = || Act::respond(404, "");
    let acts = vec![Act::Broken { sent: true }, gone()];
    let (result, _) = send::<IDEMPOTENT>(acts, ready(), &options()).await;
    assert_eq!(result.expect("the first attempt did it"), "gone");
    // The refusal of a token is not one of the request.
    let credentials = TestCredentials { fails_from: Some(1), ..renewable() };
    let acts = vec![Act::respond(503, ""), Act::respond(401, "")];
    let (result, sent) = send::<IDEMPOTENT>(acts, credentials, &options()).await;
    assert_eq!((result.expect_err("no token").effect(), sent), (Unknown, 2));
    // Nor does an earlier attempt count that did not arrive.
    for first in [Act::ConnectFault, Act::respond(429, "")] {
        let (result, sent) = send::<IDEMPOTENT>(vec![first, gone()], ready(), &options()).await;
        assert_eq!((result.expect_err("not there").kind(), sent), (NotFound, 2));
    }
}

/// Sends with fixed jitter, and measures the time.
async fn timed<const R: u8>(
    acts: Vec<Act>,
    options: &ClientOptions,
    jitter: f64,
) -> (Result<String, Error>, Duration) {
    let start = Instant::now();
    let (wire, _) = script(acts);
    let result = transport(wire, ready(), options, move || jitter).call(&Probe::<R>).await;
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
    let options = options().retry(policy);
    let (result, waited) = timed::<NON_IDEMPOTENT>(vec![Act::ConnectFault], &options, 1.0).await;
    assert_eq!(result.expect_err("no connection").attempts(), 6);
    assert!(about(waited, Duration::from_secs(1 + 2 + 4 + 5 + 5)), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn jitter_covers_the_whole_wait() {
    let policy = RetryPolicy::default().max_attempts(2).base_wait(Duration::from_secs(1));
    let options = options().retry(policy);
    for (jitter, expected) in [(0.0, 0), (0.5, 500), (1.0, 1000)] {
        let (result, waited) = timed::<SAFE>(vec![Act::ConnectFault], &options, jitter).await;
        result.expect_err("no connection");
        assert!(about(waited, Duration::from_millis(expected)));
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_never_undercut() {
    // By the client's clock it is 19:47:15.
    let behind = Some("Thu, 03 Mar 2016 19:37:15 GMT");
    let ahead = Some("Thu, 03 Mar 2016 19:57:15 GMT");
    for (values, date, expected) in [
        (&["7"][..], None, 7),
        (&["1.5"], None, 2),
        (&["59.0001"], None, 60),
        (&["2."], None, 2),
        (&["3.000"], None, 3),
        (&["0.001"], None, 1),
        (&["0"], None, 0),
        // Of several the longest counts.
        (&["0", "5"], None, 5),
        (&["5", "0"], None, 5),
        (&["soon", "5"], None, 5),
        (&["2, 5"], None, 5),
        (&["Thu, 03 Mar 2016 19:47:25 GMT"], None, 10),
        (&["Thursday, 03-Mar-16 19:47:25 GMT"], None, 10),
        (&["Thu Mar  3 19:47:25 2016"], None, 10),
        (&["0, Thu, 03 Mar 2016 19:47:25 GMT"], None, 10),
        (&["Thu, 03 Mar 2016 19:47:25 GMT,12"], None, 12),
        (&["Thu, 03 Mar 2016 19:47:17 GMT, Thu, 03 Mar 2016 19:47:25 GMT"], None, 10),
        (&["Thu, 03 Mar 2016 19:47:25 GMT"], Some("yesterday"), 10),
        (&["Thu, 03 Mar 2016 19:37:25 GMT"], behind, 10),
        (&["Thu, 03 Mar 2016 19:57:25 GMT"], ahead, 10),
        (&["Thu, 03 Mar 2016 19:57:25 GMT", "12"], ahead, 12),
        (&["Thu, 03 Mar 2016 19:47:05 GMT"], None, 0),
        (&["Thu, 03 Mar 2016 19:57:05 GMT"], ahead, 0),
        (&["soon"], None, 0),
        (&["-3"], None, 0),
        (&[".5"], None, 0),
        (&["1.5.2"], None, 0),
        (&["1e1"], None, 0),
        (&[""], None, 0),
    ] {
        for act in [Act::respond(429, ""), Act::respond(503, ""), Act::respond(401, "")] {
            let act = values.iter().fold(act, |act, value| act.header("retry-after", value));
            let act = date.iter().fold(act, |act, date| act.header("date", date));
            let (wire, _) = script(vec![act, Act::created()]);
            let start = Instant::now();
            let transport = transport(wire, renewable(), &options(), || 0.0);
            transport.call(&Probe::<IDEMPOTENT>).await.expect("the second attempt succeeds");
            let waited = start.elapsed();
            assert!(
                about(waited, Duration::from_secs(expected)),
                "{values:?} {date:?}: {waited:?}"
            );
        }
    }
}

fn limited(wait: impl ToString) -> Vec<Act> {
    vec![Act::respond(429, "").header("retry-after", wait), Act::created()]
}

#[tokio::test(start_paused = true)]
async fn long_retry_after_ends_the_call_at_once() {
    let short = options().call_timeout(Duration::from_secs(30));
    for (value, options, expected, reason) in [
        ("61", options(), 61, "Retry-After is over the limit"),
        ("99999999999999999999999", options(), u32::MAX.into(), "Retry-After is over the limit"),
        ("30", short, 30, "no time left"),
    ] {
        let (result, waited) = timed::<NON_IDEMPOTENT>(limited(value), &options, 1.0).await;
        let error = result.expect_err("it would take too long");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(expected)));
        assert_eq!((error.attempts(), error.effect()), (1, NotApplied));
        assert!(error.to_string().contains(reason), "{error}");
        assert!(about(waited, Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_out_up_to_the_limit_with_jitter_on_top() {
    for limit in [20, 60] {
        let policy = RetryPolicy::default()
            .base_wait(Duration::from_secs(2))
            .max_retry_after(Duration::from_secs(limit));
        let options = options().retry(policy);
        let (result, waited) = timed::<NON_IDEMPOTENT>(limited(limit), &options, 1.0).await;
        result.expect("it is within the limit");
        assert!(about(waited, Duration::from_secs(limit + 2)), "{waited:?}");
        let (result, waited) = timed::<NON_IDEMPOTENT>(limited(limit + 1), &options, 1.0).await;
        assert!(result.expect_err("it is over the limit").is_rate_limited());
        assert!(about(waited, Duration::ZERO), "{waited:?}");
    }
    // The jitter gives way to the deadline.
    let policy = RetryPolicy::default().base_wait(Duration::from_secs(2));
    let tight = options().call_timeout(Duration::from_secs(10)).retry(policy);
    let (result, waited) = timed::<NON_IDEMPOTENT>(limited(9), &tight, 1.0).await;
    result.expect("the wait that was asked for fits");
    assert!(about(waited, Duration::from_secs(9)), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn deadline_covers_attempts_waits_and_tokens() {
    // Two attempts of 5 s and a wait of at most 0.25 s; the third attempt is cut short.
    let twelve = Duration::from_secs(12);
    let limited = options().call_timeout(twelve);
    let hang = || vec![Act::Hang { sent: true }];
    let (result, waited) = timed::<IDEMPOTENT>(hang(), &limited, 1.0).await;
    let error = result.expect_err("there is no response");
    assert_eq!((error.kind(), error.effect(), error.attempts()), (Timeout, Unknown, 3));
    assert!(about(waited, twelve), "{waited:?}");

    let never = TestCredentials { takes: None, ..renewable() };
    let start = Instant::now();
    let (result, sent) = send::<NON_IDEMPOTENT>(hang(), never, &limited).await;
    let error = result.expect_err("no token comes");
    assert_eq!((error.kind(), error.effect(), error.attempts(), sent), (Timeout, NotApplied, 0, 0));
    assert!(about(start.elapsed(), twelve));
}

#[tokio::test(start_paused = true)]
async fn call_has_its_own_timeout_and_policy() {
    let (wire, _) = script(vec![Act::Hang { sent: true }]);
    let transport = transport(wire, ready(), &options(), || 1.0);
    let start = Instant::now();
    let call = transport.call(&Probe::<SAFE>).timeout(Duration::from_secs(1));
    assert!(call.await.expect_err("there is no response").is_timeout());
    assert!(about(start.elapsed(), Duration::from_secs(1)));
    let call = transport.call(&Probe::<SAFE>).retry(RetryPolicy::none());
    assert_eq!(call.await.expect_err("there is no response").attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn endless_limits_do_not_overflow() {
    let options = ClientOptions::default()
        .attempt_timeout(Duration::MAX)
        .call_timeout(Duration::MAX)
        .retry(RetryPolicy::default().base_wait(Duration::MAX).max_wait(Duration::MAX));
    let (result, sent) = send::<NON_IDEMPOTENT>(vec![Act::ConnectFault], ready(), &options).await;
    assert_eq!((result.expect_err("no connection").attempts(), sent), (1, 1));
    let options = options.retry(RetryPolicy::default().max_retry_after(Duration::MAX));
    let (result, sent) = send::<NON_IDEMPOTENT>(limited(u64::MAX), ready(), &options).await;
    assert_eq!((result.expect_err("too far").attempts(), sent), (1, 1));
    assert_eq!(bounded(Duration::from_secs(5)), Duration::from_secs(5));
    assert_eq!(bounded(Duration::MAX), Duration::from_secs(2_592_000));
}

#[tokio::test(start_paused = true)]
async fn calls_share_one_retry_budget() {
    let policy = RetryPolicy::default().budget(5);
    let (wire, sent) = script(vec![Act::ConnectFault]);
    let transport = transport(wire, ready(), &options().retry(policy), || 0.0);
    let mut errors = Vec::new();
    for _ in 0..10 {
        errors.push(transport.call(&Probe::<NON_IDEMPOTENT>).await.expect_err("no connection"));
    }
    assert_eq!(sent.count(), 10 + 5, "ten calls and five retries");
    assert_eq!(errors[1].attempts(), 3);
    assert!(errors[9].to_string().contains("retry budget is spent"), "{}", errors[9]);
}

#[tokio::test(start_paused = true)]
async fn ten_successful_calls_earn_a_retry() {
    // A success status is no success if the body is none.
    let failed = Act::respond(201, r#"{"success":false}"#);
    for (act, succeeds) in
        [(Act::created(), true), (failed, false), (Act::respond(201, "{}"), false)]
    {
        let mut acts = vec![Act::ConnectFault, Act::created()];
        acts.extend(vec![act; 10]);
        acts.push(Act::ConnectFault);
        let (wire, sent) = script(acts);
        let policy = RetryPolicy::default().budget(1);
        let transport = transport(wire, ready(), &options().retry(policy), || 0.0);
        transport.call(&Probe::<NON_IDEMPOTENT>).await.expect("the second attempt succeeds");
        for _ in 0..10 {
            let result = transport.call(&Probe::<NON_IDEMPOTENT>).await;
            assert_eq!(result.is_ok(), succeeds);
        }
        let error = transport.call(&Probe::<NON_IDEMPOTENT>).await.expect_err("no connection");
        assert_eq!(
            (error.attempts(), sent.count()),
            (1 + u32::from(succeeds), 13 + usize::from(succeeds))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn call_without_a_token_is_not_sent() {
    let failing = TestCredentials { fails_from: Some(0), ..renewable() };
    let (result, sent) = send::<NON_IDEMPOTENT>(vec![Act::created()], failing, &options()).await;
    let error = result.expect_err("there is no token");
    assert_eq!((error.kind(), error.effect(), sent), (Unauthenticated, NotApplied, 0));
}

#[tokio::test(start_paused = true)]
async fn dropped_call_is_cancelled() {
    let (wire, sent) = script(vec![Act::Hang { sent: true }]);
    let transport = transport(wire, ready(), &options(), || 0.0);
    let call = transport.call(&Probe::<IDEMPOTENT>).send();
    tokio::time::timeout(Duration::from_secs(1), call).await.expect_err("it is dropped");
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(sent.count(), 1);
}

#[test]
fn call_without_a_runtime_is_an_error() {
    let (wire, sent) = script(vec![Act::ConnectFault]);
    let transport = transport(wire, ready(), &options(), || 0.0);
    let call = transport.call(&Probe::<NON_IDEMPOTENT>).into_future();
    let ensure = transport.ensure(Goal::<true>(transport.clone()));
    let ensure = Box::pin(async { ensure.await.map(Ensured::into_inner) });
    for mut future in [call, ensure] {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(Err(error)) => assert_eq!(error.kind(), Configuration),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sent.count(), 0);
}

#[test]
fn futures_are_small_and_send() {
    fn check<T: Send + 'static>(future: T) -> usize {
        size_of_val(&future)
    }
    let (wire, _) = script(vec![Act::ConnectFault]);
    let transport = transport(wire, ready(), &options(), || 0.0);
    let pending = transport.call(&Probe::<NON_IDEMPOTENT>).into_future();
    let behind = size_of_val(&*pending);
    assert!(behind <= 1024, "{behind} bytes");
    assert_eq!(check(pending), 2 * size_of::<usize>());
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    shared::<Transport>(&transport);
}

/// A call whose response may contain a token, if `S`.
struct Sensitive<const S: bool>;

impl<const S: bool> Operation for Sensitive<S> {
    type Service = TestService;
    type Output = u64;
    const SPEC: Spec = {
        let spec = Spec::post("test tokens.create", &["/tokens"]).success(&[200]);
        if S { spec.sensitive() } else { spec }
    };
}

async fn sensitive<const S: bool>(act: &Act) -> Error {
    let (wire, _) = script(vec![act.clone()]);
    let call = transport(wire, ready(), &options(), || 0.0).call(&Sensitive::<S>);
    call.await.expect_err("it is no success")
}

#[tokio::test(start_paused = true)]
async fn response_that_may_hold_a_token_is_not_kept() {
    let denial = r#"{"code":"DENIED"}"#;
    let token = r#"{"code":"DENIED","access_token":"obviously-fake"}"#;
    let escaped = r#"{"code":"DENIED","at":[{"access\u005ftoken":"obviously-fake"}]}"#;
    let cut = r#"{"code":"DENIED","access\u005ftoken":"obviously-fake"#;
    for (status, body, kept) in [
        (400, denial, true),
        (500, denial, true),
        (400, token, false),
        (500, token, false),
        (401, escaped, false),
        (401, cut, false),
        (200, denial, false),
        (202, denial, false),
        (302, denial, false),
    ] {
        let act = Act::respond(status, body);
        let error = sensitive::<true>(&act).await;
        assert_eq!(error.body(), if kept { body.as_bytes() } else { b"" }, "{status}, {body}");
        assert_eq!(error.code(), kept.then_some("DENIED"), "{status}, {body}");
        assert!(!format!("{error:?}").contains("fake"), "{error:?}");
        assert_eq!(sensitive::<false>(&act).await.body(), body.as_bytes());
    }
    for (act, kept, quoted) in [
        (Act::respond_with(200, BodyAct::Broken), "part", false),
        (Act::respond(200, "\"obviously-fake\""), "\"obviously-fake\"", true),
    ] {
        let error = sensitive::<true>(&act).await;
        assert!(error.body().is_empty() && !format!("{error:?}").contains("fake"), "{error:?}");
        let error = sensitive::<false>(&act).await;
        assert_eq!(error.body(), kept.as_bytes());
        assert_eq!(error.to_string().contains("obviously-fake"), quoted, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn long_error_is_kept_but_not_decoded() {
    for (length, code) in [(64 * 1024, Some("DENIED")), (64 * 1024 + 1, None)] {
        let body = format!(r#"{{"code":"DENIED"{}}}"#, " ".repeat(length - 17));
        assert_eq!(body.len(), length);
        let act = Act::respond(400, &body);
        let (result, _) = send::<NON_IDEMPOTENT>(vec![act], ready(), &options()).await;
        let error = result.expect_err("it was refused");
        assert_eq!(error.code(), code);
        assert!(body.as_bytes().starts_with(error.body()) && !error.body().is_empty());
    }
}

#[test]
fn short_plain_text_is_a_message() {
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

#[tokio::test(start_paused = true)]
async fn response_has_status_headers_and_request_id() {
    let named = |status: u16, body| Act::respond(status, body).header("x-request-id", "fake-id");
    let acts = vec![
        Act::created().header("x-other", "kept"),
        named(201, r#"{"id":"7"}"#),
        named(201, "{}"),
        named(403, ""),
    ];
    let (wire, sent) = script(acts);
    let transport = transport(wire, ready(), &options().user_agent_suffix("test/1"), || 0.0);
    let call = transport.call(&Probe::<NON_IDEMPOTENT>);
    assert_eq!(call.operation(), "test probes.send");
    let request = call.request().expect("it is valid");
    assert_eq!(request.uri(), "https://service.example/base/probes/1");
    let response = call.with_response().await.expect("it succeeds");
    assert_eq!((response.status().as_u16(), response.attempts()), (201, 1));
    assert_eq!(
        (response.headers()["x-other"].as_bytes(), response.request_id()),
        (&b"kept"[..], None)
    );
    assert_eq!((response.body().as_str(), response.clone().into_body().as_str()), ("7", "7"));
    let agent = concat!("rolecall/", env!("CARGO_PKG_VERSION"), " test/1");
    assert_eq!(sent.header("user-agent"), [Some(agent.to_owned())]);
    let response = transport.call(&Probe::<NON_IDEMPOTENT>).with_response().await;
    assert_eq!(response.expect("it succeeds").request_id(), Some("fake-id"));
    for _ in ["unreadable", "refused"] {
        let error = transport.call(&Probe::<NON_IDEMPOTENT>).await.expect_err("it fails");
        assert_eq!(error.request_id(), Some("fake-id"), "{error}");
    }
}

/// A call each of whose refusals may have had an effect, if it is no read.
struct Misleading<const SAFE: bool>;

impl<const SAFE: bool> Operation for Misleading<SAFE> {
    type Service = TestService;
    type Output = serde_json::Value;
    const SPEC: Spec = {
        let spec = Spec::post("test things.send", &["/things"]);
        if SAFE { spec.idempotency(Idempotency::Safe) } else { spec }
    };

    fn effect_of_refusal(_: &Error) -> Option<Effect> {
        Some(Unknown)
    }
}

#[tokio::test(start_paused = true)]
async fn refusal_that_may_have_had_an_effect_is_not_retried() {
    for status in [429, 401, 404] {
        let (wire, sent) = script(vec![Act::respond(status, "")]);
        let transport = transport(wire, renewable(), &options(), || 0.0);
        let error = transport.call(&Misleading::<false>).await.expect_err("it is refused");
        assert_eq!((error.effect(), sent.count()), (Unknown, 1), "{error}");
        let error = transport.call(&Misleading::<true>).await.expect_err("it is refused");
        assert_eq!(error.effect(), NotApplied, "{error}");
    }
}

/// An idempotent call whose body is another secret each time, and which can be built only so often.
struct Numbered {
    built: Arc<AtomicU32>,
    most: u32,
}

impl Operation for Numbered {
    type Service = TestService;
    type Output = serde_json::Value;
    const SPEC: Spec =
        Spec::post("test numbers.send", &["/numbers"]).idempotency(Idempotency::Idempotent);

    fn body(&self) -> Result<Body, Error> {
        match self.built.fetch_add(1, Ordering::Relaxed) {
            number if number < self.most => Body::json(&format!("obviously-fake-{number}")),
            _ => Err(Error::configuration("no key")),
        }
    }
}

/// Knows the secrets that were built so far.
struct Known(Arc<AtomicU32>);

impl Authorize for Known {
    fn authorize(&self, _: Patience) -> Authorizing<'_> {
        let built = 0..self.0.load(Ordering::Relaxed);
        let secrets = built.map(|number| Secret::new(format!("obviously-fake-{number}"))).collect();
        Authorizing::Ready(Authorization { header: None, secrets, generation: 0 })
    }
}

#[tokio::test(start_paused = true)]
async fn request_is_built_anew_for_each_attempt() {
    let built = Arc::new(AtomicU32::new(0));
    let numbered = Numbered { built: Arc::clone(&built), most: 9 };
    let sent_back = Act::respond(403, "no obviously-fake-2");
    let (wire, sent) = script(vec![Act::ConnectFault, Act::respond(503, ""), sent_back]);
    let call = transport(wire, Known(built), &options(), || 0.0).call_built_anew(numbered);
    let error = call.await.expect_err("it is refused");
    assert_eq!((error.attempts(), error.body()), (3, &b"no ***"[..]), "known before it is sent");
    let bodies: Vec<_> = sent.requests().into_iter().map(http::Request::into_body).collect();
    assert_eq!(bodies, [0, 1, 2].map(|number| format!("\"obviously-fake-{number}\"")));
}

#[tokio::test(start_paused = true)]
async fn failed_rebuild_keeps_an_earlier_unknown_outcome() {
    for (act, effect) in [
        (Act::Broken { sent: true }, Unknown),
        (Act::respond(503, ""), Unknown),
        (Act::ConnectFault, NotApplied),
        (Act::respond(429, ""), NotApplied),
        (Act::respond(401, ""), NotApplied),
    ] {
        let (wire, sent) = script(vec![act.clone()]);
        let transport = transport(wire, renewable(), &options(), || 0.0);
        let numbered = Numbered { built: Arc::default(), most: 1 };
        let error = transport.call_built_anew(numbered).await.expect_err("it cannot be built");
        let seen = (error.kind(), error.effect(), error.attempts(), sent.count());
        assert_eq!(seen, (Configuration, effect, 1, 1), "{act:?}: {error}");
        assert_eq!(error.operation(), Some("test numbers.send"));
    }
}

/// What a row of the table in `docs/retries.md` is about.
fn acts_of(row: &str) -> Vec<Act> {
    let all = |statuses: &[u16]| statuses.iter().map(|one| Act::respond(*one, "")).collect();
    let broken = |sent| vec![Act::Broken { sent }, Act::Hang { sent }];
    match row.split([':', ',']).next().unwrap_or_default() {
        "nothing was sent" => [broken(false), vec![Act::ConnectFault]].concat(),
        "bad input" | "the same" => vec![Act::Unusable],
        "rate limited" => vec![Act::respond(429, ""), Act::respond(403, r#"{"code":"LIMIT"}"#)],
        "401" => all(&[401]),
        "sent" => broken(true),
        "408" => all(&[408, 500, 502, 503, 504]),
        "520 to 524" => all(&[520, 521, 522, 523, 524, 529]),
        "any other 4xx" => all(&[301, 307, 400, 403, 404, 412, 418]),
        "any other 5xx" => all(&[501, 505, 599]),
        "any other 2xx" => all(&[202, 204, 206]),
        "success ²" if row.contains("lacks") => vec![Act::respond(201, "{}")],
        "success ²" if row.contains("error") => vec![Act::respond(201, r#"{"success":false}"#)],
        "success ²" if row.contains("HTML") => {
            let faults = [BodyAct::Broken, BodyAct::Hang].map(|it| Act::respond_with(201, it));
            let bodies = ["<html>", "OK", "", "{"].map(|body| Act::respond(201, body));
            bodies.into_iter().chain(faults).collect()
        }
        "success ²" => {
            let faults = [BodyAct::TooLarge, BodyAct::Encoded];
            let null = Act::respond(201, "null");
            faults.map(|fault| Act::respond_with(201, fault)).into_iter().chain([null]).collect()
        }
        other => panic!("nothing is known of {other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn documented_table_is_what_happens() {
    async fn seen<const R: u8>(act: &Act) -> (&'static str, Effect) {
        let (result, sent) = send::<R>(vec![act.clone()], renewable(), &options()).await;
        let error = result.expect_err("it is no success");
        let is_401 = error.status().is_some_and(|status| status == 401);
        let retries = match sent {
            1 => "no",
            2 if is_401 => "once, with a new token",
            _ => "retried",
        };
        (retries, error.effect())
    }
    let table = include_str!("../../docs/retries.md").replace(['*', '`'], "");
    let rows = table.lines().skip_while(|line| !line.starts_with("| what happened")).skip(2);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [what, repeatable, create, effect] = cells[..] else { panic!("not four: {row}") };
        let (safe, repeatable) = match repeatable {
            "only if safe" => ("retried", "no"),
            both => (both, both),
        };
        let (effect, by_body) = effect.split_once("; ³ ").unwrap_or((effect, effect));
        for act in acts_of(what) {
            let words = |(retries, effect)| (retries, format!("{effect:?}"));
            let expected = |retries, effect: &str| (retries, effect.to_owned());
            let (idempotent, made) =
                (seen::<IDEMPOTENT>(&act).await, seen::<NON_IDEMPOTENT>(&act).await);
            assert_eq!(words(made), expected(create, effect), "{row}: {act:?}");
            assert_eq!(seen::<SAFE>(&act).await, (safe, NotApplied), "{row}: {act:?}");
            assert_eq!(words(idempotent), expected(repeatable, effect), "{row}: {act:?}");
            assert_eq!(
                words(seen::<UNCONFIRMED>(&act).await),
                expected(repeatable, by_body),
                "{row}: {act:?}"
            );
        }
    }
}
