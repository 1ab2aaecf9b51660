//! Every fault that a fake can throw, at five calls that change something, over real sockets: what
//! the service holds afterwards. A create is never applied twice, and the client works on.
//! `fault_matrix.rs` has what a client says of these faults and of others, at every call.
#![cfg(any(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends so")]

mod support {
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod subjects;
}

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant, SystemTime};

use rolecall::testing::Fault;
use rolecall::{ClientOptions, Effect, Error, ErrorKind, RetryPolicy};
use support::subjects::{Subject, for_all_calls_at_once, for_each_call};

for_each_call!(
    reset_before_processing,
    reset_after_processing,
    resets_without_end,
    an_answer_that_is_reset,
    an_answer_that_is_cut_off,
    an_answer_in_single_bytes,
    an_answer_without_end,
    a_refusal_without_end,
    a_stale_connection,
    a_page_of_the_balancer,
    a_rate_limit,
    server_errors,
    a_fault_after_processing_under_every_status,
    a_timeout_of_the_service_is_no_rate_limit,
    a_redirect_is_not_followed,
    retry_after_that_is_over,
    retry_after_beyond_the_limits,
    an_empty_budget,
);

// Those that have to wait for a clock.
for_all_calls_at_once!(
    an_answer_that_drips_for_too_long,
    no_answer,
    no_answer_within_the_call,
    no_answer_to_one_who_went_away,
    a_connection_closed_when_idle,
    an_answer_that_is_late,
    an_answer_that_is_too_late,
    one_after_another,
    retry_after_is_waited_out,
    a_retry_after_date_is_waited_out,
);

const MINUTE: Duration = Duration::from_secs(60);

/// Tries four times, without a wait between.
fn eager() -> ClientOptions {
    ClientOptions::default()
        .retry(RetryPolicy::default().base_wait(Duration::ZERO))
        .max_answer_bytes(64 << 10)
}

/// The same, and soon tired of waiting for an answer.
fn impatient() -> ClientOptions {
    eager().attempt_timeout(Duration::from_millis(400))
}

/// One fake, one client, and a count of what was asked of them.
struct Stage<S: Subject> {
    subject: S,
    client: S::Client,
}

impl<S: Subject> Stage<S> {
    /// A client that has had an answer, so that its token and its connection are there.
    async fn warm(options: ClientOptions) -> Self {
        let subject = S::start().await;
        let client = subject.client(options);
        S::call(&client, 0).await.expect("nothing is wrong yet");
        Self { subject, client }
    }

    fn fault(&self, calls: usize, fault: Fault) {
        self.subject.fake().next_on(S::PATH, calls, fault);
    }

    /// The n-th call, with what it left behind: how often it arrived, and what it made.
    async fn call(&self, nth: usize) -> Seen {
        let (arrivals, held) = (self.subject.arrivals(), self.subject.held());
        let result = S::call(&self.client, nth).with_response().await;
        if let Err(error) = &result {
            assert_eq!(error.operation(), Some(S::OPERATION));
            assert!(!error.to_string().contains('\n'), "{error}");
        }
        Seen {
            result: result.map(|answer| answer.attempts()),
            arrivals: self.subject.arrivals() - arrivals,
            made: self.subject.held() - held,
        }
    }

    /// The same, where the service may still be at work when its caller has given up.
    async fn call_making(&self, nth: usize, made: usize) -> Seen {
        let held = self.subject.held();
        let mut seen = self.call(nth).await;
        self.until(|| self.subject.held() - held >= made).await;
        seen.made = self.subject.held() - held;
        seen
    }

    /// Waits for something that the service does in its own time.
    async fn until(&self, reached: impl Fn() -> bool) {
        let asked = Instant::now();
        while !reached() && asked.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whatever happened, the next call is an ordinary one.
    async fn works_on(&self) {
        self.subject.fake().clear_faults();
        let seen = self.call(99).await;
        assert_eq!((seen.made, seen.arrivals), (1, 1), "{seen:?}");
        assert_eq!(seen.result.expect("nothing is wrong any more"), 1);
    }
}

#[derive(Debug)]
struct Seen {
    /// The attempts of a success.
    result: Result<u32, Error>,
    arrivals: usize,
    made: usize,
}

impl Seen {
    /// It failed so, after one attempt that arrived, and made this many things.
    #[track_caller]
    fn failed_once(&self, kind: ErrorKind, effect: Effect, made: usize) -> &Error {
        self.failed(1, kind, effect, made)
    }

    #[track_caller]
    fn failed(&self, attempts: usize, kind: ErrorKind, effect: Effect, made: usize) -> &Error {
        let error = self.result.as_ref().expect_err("it cannot have succeeded");
        assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
        assert_eq!(error.attempts() as usize, attempts, "{error}");
        assert_eq!((self.arrivals, self.made), (attempts, made), "{error}");
        error
    }

    /// It succeeded at this attempt and made one thing.
    #[track_caller]
    fn succeeded(&self, attempts: usize) {
        let made_at = self.result.as_ref().expect("it succeeds");
        assert_eq!(*made_at as usize, attempts);
        assert_eq!((self.arrivals, self.made), (attempts, 1));
    }
}

async fn reset_before_processing<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::reset().before_processing());
    let seen = stage.call(1).await;
    if S::REPEATABLE {
        seen.succeeded(2);
    } else {
        seen.failed_once(ErrorKind::Interrupted, Effect::Unknown, 0);
    }
    stage.works_on().await;
}

async fn reset_after_processing<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::reset().after_processing());
    let seen = stage.call(1).await;
    if S::REPEATABLE {
        seen.succeeded(2);
    } else {
        seen.failed_once(ErrorKind::Interrupted, Effect::Unknown, 1);
    }
    stage.works_on().await;
}

async fn resets_without_end<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(100, Fault::reset());
    let seen = stage.call(1).await;
    let attempts = if S::REPEATABLE { 4 } else { 1 };
    let error = seen.failed(attempts, ErrorKind::Interrupted, Effect::Unknown, 0);
    assert!(error.is_outcome_unknown() && !error.is_safe_to_repeat());
    assert_eq!(error.status(), None);
    assert!(std::error::Error::source(error).is_some(), "the cause is kept");
    stage.works_on().await;
}

/// The head said that it succeeded, so that not even a PUT is repeated.
async fn an_answer_that_is_reset<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::reset_in_answer());
    let seen = stage.call(1).await;
    let error = seen.failed_once(ErrorKind::Interrupted, S::UNREADABLE, 1);
    assert!(error.status().is_some_and(|status| status.is_success()));
    stage.works_on().await;
}

async fn an_answer_that_is_cut_off<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::truncated());
    let seen = stage.call(1).await;
    let error = seen.failed_once(ErrorKind::Interrupted, S::UNREADABLE, 1);
    assert!(!error.body().is_empty(), "what there was of it is kept");
    stage.works_on().await;
}

async fn an_answer_in_single_bytes<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::drip(Duration::ZERO));
    stage.call(1).await.succeeded(1);
    stage.works_on().await;
}

async fn an_answer_that_drips_for_too_long<S: Subject>() {
    let stage = Stage::<S>::warm(impatient()).await;
    stage.fault(1, Fault::drip(Duration::from_millis(20)));
    let seen = stage.call_making(1, 1).await;
    if S::REPEATABLE {
        seen.succeeded(2);
    } else {
        seen.failed_once(ErrorKind::Timeout, Effect::Unknown, 1);
    }
    stage.works_on().await;
}

async fn no_answer<S: Subject>() {
    let stage = Stage::<S>::warm(impatient()).await;
    for (fault, made) in [(Fault::hang(), 0), (Fault::hang().after_processing(), 1)] {
        stage.fault(1, fault);
        let seen = stage.call_making(1 + made, if S::REPEATABLE { 1 } else { made }).await;
        if S::REPEATABLE {
            seen.succeeded(2);
        } else {
            seen.failed_once(ErrorKind::Timeout, Effect::Unknown, made);
        }
    }
    stage.works_on().await;
}

async fn no_answer_within_the_call<S: Subject>() {
    // One attempt may take longer than the whole call.
    let stage = Stage::<S>::warm(eager().call_timeout(Duration::from_millis(400))).await;
    stage.fault(100, Fault::hang());
    let seen = stage.call(1).await;
    seen.failed_once(ErrorKind::Timeout, Effect::Unknown, 0);

    let short = S::call(&stage.client, 2).timeout(Duration::from_millis(150));
    let error = short.await.expect_err("there is no answer");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::Unknown));
    stage.works_on().await;
}

async fn no_answer_to_one_who_went_away<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::hang().after_processing());
    tokio::select! {
        result = S::call(&stage.client, 1).into_future() => panic!("{result:?}"),
        () = stage.until(|| stage.subject.held() == 2) => {}
    }
    assert_eq!(stage.subject.held(), 2);
    stage.works_on().await;
    assert_eq!(stage.subject.arrivals(), 3, "nothing was sent behind the caller's back");
}

async fn an_answer_without_end<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    for status in S::SUCCESS {
        stage.fault(1, Fault::endless(*status).after_processing());
        let seen = stage.call(usize::from(*status)).await;
        let error = seen.failed_once(ErrorKind::Decode, S::UNREADABLE, 1);
        assert_eq!(error.body().len(), 16 << 10);
    }
    stage.works_on().await;
}

async fn a_refusal_without_end<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::endless(403));
    let seen = stage.call(1).await;
    let error = seen.failed_once(ErrorKind::PermissionDenied, Effect::NotApplied, 0);
    assert_eq!(error.body().len(), 16 << 10);

    stage.fault(1, Fault::endless(503));
    let seen = stage.call(2).await;
    if S::REPEATABLE {
        seen.succeeded(2);
    } else {
        seen.failed_once(ErrorKind::Server, Effect::Unknown, 0);
    }
    stage.works_on().await;
}

/// The request was written to a connection that nobody listened to any more: it did not arrive,
/// but the client cannot know.
async fn a_stale_connection<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::stale());
    stage.call(1).await.succeeded(1);
    let seen = stage.call(2).await;
    if S::REPEATABLE {
        assert_eq!(*seen.result.as_ref().expect("it is repeated"), 2);
        assert_eq!((seen.arrivals, seen.made), (1, 1));
    } else {
        let error = seen.result.as_ref().expect_err("the connection is dead");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Interrupted, Effect::Unknown));
        assert_eq!((error.attempts(), seen.arrivals, seen.made), (1, 0, 0));
    }
    stage.works_on().await;
}

async fn a_connection_closed_when_idle<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::closed_idle());
    stage.call(1).await.succeeded(1);
    // The end of the connection has to get here first.
    tokio::time::sleep(Duration::from_millis(50)).await;
    stage.call(2).await.succeeded(1);
    stage.works_on().await;
}

async fn an_answer_that_is_late<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::delay(Duration::from_millis(60)));
    stage.call(1).await.succeeded(1);
    stage.works_on().await;
}

async fn an_answer_that_is_too_late<S: Subject>() {
    let stage = Stage::<S>::warm(impatient()).await;
    stage.fault(1, Fault::delay(MINUTE));
    let seen = stage.call_making(1, 1).await;
    if S::REPEATABLE {
        seen.succeeded(2);
    } else {
        seen.failed_once(ErrorKind::Timeout, Effect::Unknown, 1);
    }
    stage.works_on().await;
}

async fn a_page_of_the_balancer<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    for status in [502, 503, 504] {
        stage.fault(1, Fault::html(status));
        let seen = stage.call(usize::from(status)).await;
        if S::REPEATABLE {
            seen.succeeded(2);
        } else {
            let error = seen.failed_once(ErrorKind::Server, Effect::Unknown, 0);
            assert!(error.body().starts_with(b"<html>"));
        }
    }
    stage.fault(1, Fault::html(403));
    let seen = stage.call(1).await;
    seen.failed_once(ErrorKind::PermissionDenied, Effect::NotApplied, 0);

    stage.fault(1, Fault::html(S::SUCCESS[0]));
    let seen = stage.call(1).await;
    seen.failed_once(ErrorKind::Decode, S::UNREADABLE, 0);
    stage.works_on().await;
}

/// It says that nothing was processed, so that even a create is sent again.
async fn a_rate_limit<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(2, Fault::status(429));
    stage.call(1).await.succeeded(3);
    stage.fault(1, Fault::html(429));
    stage.call(2).await.succeeded(2);

    stage.fault(100, Fault::status(429));
    let seen = stage.call(3).await;
    let error = seen.failed(4, ErrorKind::RateLimited, Effect::NotApplied, 0);
    assert!(error.is_safe_to_repeat());

    // What came before a refusal is not undone by it.
    stage.subject.fake().clear_faults();
    stage.fault(1, Fault::status(429));
    stage.fault(1, Fault::reset().after_processing());
    let seen = stage.call(4).await;
    if S::REPEATABLE {
        seen.succeeded(3);
    } else {
        seen.failed(2, ErrorKind::Interrupted, Effect::Unknown, 1);
    }
    stage.works_on().await;
}

async fn server_errors<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    for status in [408, 500, 502, 503, 504] {
        let kind = if status == 408 { ErrorKind::Timeout } else { ErrorKind::Server };
        stage.fault(1, Fault::status(status).retry_after(Duration::ZERO));
        let seen = stage.call(usize::from(status)).await;
        if S::REPEATABLE {
            seen.succeeded(2);
            // Once an attempt may have arrived, a later refusal says nothing about it.
            stage.fault(1, Fault::status(status).after_processing());
            stage.fault(1, Fault::status(403));
            let seen = stage.call(1000 + usize::from(status)).await;
            seen.failed(2, ErrorKind::PermissionDenied, Effect::Unknown, 1);
        } else {
            let error = seen.failed_once(kind, Effect::Unknown, 0);
            assert_eq!(error.retry_after(), Some(Duration::ZERO));
        }
    }
    // Not of the sort that passes.
    stage.fault(1, Fault::status(501));
    let seen = stage.call(1).await;
    seen.failed_once(ErrorKind::Server, Effect::Unknown, 0);
    stage.works_on().await;
}

/// The service acts, and something on the way back says anything at all. Nothing that it can say,
/// in whatever words, makes a client apply a create twice, but for the one documented as never
/// processed.
async fn a_fault_after_processing_under_every_status<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    let limited = r#"{"code":20429,"status":"ERROR","message":"Too many requests"}"#;
    let harness = r#"{"code":"TOO_MANY_REQUESTS","message":"Too many requests"}"#;
    let mut nth = 1;
    for status in [200, 201, 202, 204, 302, 400, 401, 403, 404, 408, 409, 500, 502, 503, 504, 599] {
        for body in ["", limited, harness] {
            let is_refusal = (400..500).contains(&status);
            if is_refusal && (!body.is_empty() || status == 401) {
                // A refusal that says so is believed: rate limits by code, and a token to renew.
                continue;
            }
            nth += 1;
            stage.fault(1, Fault::status(status).body(body).after_processing());
            let seen = stage.call(nth).await;
            assert_eq!(seen.made, 1, "{status} {body}: {seen:?}");
            if !S::REPEATABLE {
                assert_eq!(seen.arrivals, 1, "{status} {body}: {seen:?}");
                seen.result.expect_err("that is no success");
            }
            stage.subject.fake().clear_faults();
        }
    }
    stage.works_on().await;
}

/// Of a 408 nobody knows what became of the request, so that no code under it makes a create safe
/// to repeat.
async fn a_timeout_of_the_service_is_no_rate_limit<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    let limited = r#"{"code":20429,"message":"Too many requests"}"#;
    let harness = r#"{"code":"TOO_MANY_REQUESTS","message":"Too many requests"}"#;
    for (nth, body) in [limited, harness].into_iter().enumerate() {
        stage.fault(1, Fault::status(408).body(body).after_processing());
        let seen = stage.call(nth + 1).await;
        assert_eq!(seen.made, 1, "{seen:?}");
        if !S::REPEATABLE {
            assert_eq!(seen.arrivals, 1, "{seen:?}");
            let error = seen.result.expect_err("that is no success");
            assert_eq!(error.effect(), Effect::Unknown, "{error}");
        }
    }
    stage.works_on().await;
}

async fn a_redirect_is_not_followed<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    other.set_nonblocking(true).expect("it can be asked for");
    let address = other.local_addr().expect("it is bound");
    for status in [300, 301, 302, 303, 305, 307, 308] {
        for to in [
            format!("http://{address}/v1/elsewhere"),
            format!("//{address}/"),
            format!("{}/v1/elsewhere", stage.subject.fake().uri()),
            "/v1/elsewhere".to_owned(),
        ] {
            stage.fault(1, Fault::status(status).header("location", &to));
            let seen = stage.call(1).await;
            let error = seen.failed_once(ErrorKind::UnexpectedStatus, Effect::NotApplied, 0);
            assert_eq!(error.status().map(|it| it.as_u16()), Some(status));
            assert!(error.headers().contains_key("location"));
        }
    }
    let received = stage.subject.fake().received();
    assert!(!received.iter().any(|one| one.path().contains("elsewhere")));
    // A connection would stand in the queue, accepted or not.
    let nobody = other.accept().expect_err("nobody came");
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
    stage.works_on().await;
}

async fn retry_after_that_is_over<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    let past = httpdate::fmt_http_date(SystemTime::now() - MINUTE);
    // What cannot be read counts as absent.
    for (nth, value) in ["0", " 0 ", &past, "soon", "-5", "1.5", ""].iter().enumerate() {
        stage.fault(1, Fault::status(429).header("retry-after", value));
        stage.call(nth + 1).await.succeeded(2);
    }
    stage.works_on().await;
}

async fn retry_after_beyond_the_limits<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    let hour = httpdate::fmt_http_date(SystemTime::now() + 60 * MINUTE);
    for (value, at_least) in [
        ("61", Duration::from_secs(61)),
        ("3600", 60 * MINUTE),
        ("99999999999999999999999", Duration::from_secs(u32::MAX.into())),
        (hour.as_str(), 59 * MINUTE),
    ] {
        for status in [429, 503] {
            stage.fault(1, Fault::status(status).header("retry-after", value));
            let seen = stage.call(1).await;
            let (kind, effect) = match status {
                429 => (ErrorKind::RateLimited, Effect::NotApplied),
                _ => (ErrorKind::Server, Effect::Unknown),
            };
            let error = seen.failed_once(kind, effect, 0);
            let asked = error.retry_after().expect("it was asked for");
            assert!(asked >= at_least, "{value}: {asked:?}");
        }
        stage.fault(1, Fault::status(429).header("retry-after", value));
        let error = S::call(&stage.client, 1).await.expect_err("it takes too long");
        assert!(error.to_string().contains("Retry-After is over the limit"), "{error}");
    }

    // Below the limit, but beyond the deadline.
    stage.fault(1, Fault::status(429).header("retry-after", "30"));
    let call = S::call(&stage.client, 1).timeout(Duration::from_secs(20));
    let error = call.await.expect_err("it takes too long");
    assert_eq!((error.attempts(), error.retry_after()), (1, Some(MINUTE / 2)));
    assert!(error.to_string().contains("no time left"), "{error}");

    // The limit is the caller's.
    stage.fault(1, Fault::status(429).header("retry-after", "3"));
    let policy = RetryPolicy::default().max_retry_after(Duration::from_secs(2));
    let error = S::call(&stage.client, 1).retry(policy).await;
    let error = error.expect_err("it takes too long");
    assert_eq!((error.attempts(), error.retry_after()), (1, Some(MINUTE / 20)));
    stage.works_on().await;
}

async fn retry_after_is_waited_out<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.fault(1, Fault::status(429).retry_after(Duration::from_secs(1)));
    let asked = Instant::now();
    stage.call(1).await.succeeded(2);
    assert!(asked.elapsed() >= Duration::from_secs(1));
    stage.works_on().await;
}

async fn a_retry_after_date_is_waited_out<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    // The format has whole seconds, rounded down here.
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    let until = httpdate::parse_http_date(&date).expect("it was just made");
    stage.fault(1, Fault::status(429).header("retry-after", &date));
    stage.call(1).await.succeeded(2);
    assert!(SystemTime::now() >= until);
    stage.works_on().await;
}

async fn an_empty_budget<S: Subject>() {
    let policy = RetryPolicy::default().base_wait(Duration::ZERO).budget(2);
    let stage = Stage::<S>::warm(ClientOptions::default().retry(policy)).await;
    stage.fault(100, Fault::status(429));
    let seen = stage.call(1).await;
    let error = seen.failed(3, ErrorKind::RateLimited, Effect::NotApplied, 0);
    assert!(error.to_string().contains("retry budget is spent"), "{error}");
    // Clones share it.
    let error = S::call(&stage.client.clone(), 2).await.expect_err("it is limited");
    assert_eq!(error.attempts(), 1);
    stage.works_on().await;
}

/// The same client through all of it.
async fn one_after_another<S: Subject>() {
    let stage = Stage::<S>::warm(impatient()).await;
    let faults = [
        Fault::reset(),
        Fault::truncated(),
        Fault::status(429),
        Fault::reset_in_answer(),
        Fault::hang(),
        Fault::html(502),
        Fault::endless(201),
        Fault::stale(),
        Fault::reset().after_processing(),
        Fault::status(200),
        Fault::status(1000),
    ];
    for (nth, fault) in faults.into_iter().enumerate() {
        stage.fault(1, fault);
        let seen = stage.call(nth + 1).await;
        assert!(seen.made <= 1, "{seen:?}");
        if seen.result.is_ok() {
            assert_eq!(seen.made, 1, "{seen:?}");
        }
        if let Err(error) = &seen.result {
            assert!(seen.made == 0 || error.effect() != Effect::NotApplied, "{seen:?}");
        }
    }
    stage.works_on().await;
}

/// What the fetching of a token adds.
#[cfg(feature = "twilio")]
mod tokens {
    use super::support::subjects::TwilioIam;
    use super::*;

    const TOKEN: &str = "/v2/token";

    async fn cold(options: ClientOptions) -> Stage<TwilioIam> {
        let subject = TwilioIam::start().await;
        let client = subject.client(options);
        Stage { subject, client }
    }

    #[tokio::test]
    async fn passing_faults_of_the_token_endpoint_are_passed_over() {
        for fault in [
            Fault::reset(),
            Fault::reset().after_processing(),
            Fault::html(503),
            Fault::status(500),
            Fault::status(429),
            Fault::hang(),
        ] {
            let stage = cold(impatient()).await;
            stage.subject.fake().next_on(TOKEN, 1, fault);
            stage.call(1).await.succeeded(1);
        }
    }

    #[tokio::test]
    async fn without_a_token_nothing_is_sent() {
        for (fault, kind) in [
            (Fault::reset(), ErrorKind::Interrupted),
            (Fault::html(503), ErrorKind::Server),
            (Fault::html(200), ErrorKind::Decode),
            (Fault::endless(200), ErrorKind::Decode),
            (Fault::truncated(), ErrorKind::Interrupted),
            (Fault::status(401), ErrorKind::Unauthenticated),
            (Fault::status(403), ErrorKind::Unauthenticated),
            (Fault::status(302), ErrorKind::UnexpectedStatus),
            (Fault::hang(), ErrorKind::Timeout),
        ] {
            let stage = cold(impatient()).await;
            stage.subject.fake().next_on(TOKEN, 100, fault);
            let seen = stage.call(1).await;
            let error = seen.failed(0, kind, Effect::NotApplied, 0);
            assert!(error.to_string().contains("no access token could be had"), "{error}");
            stage.works_on().await;
        }
    }

    #[tokio::test]
    async fn a_token_that_does_not_come_in_time() {
        let stage = cold(eager().call_timeout(Duration::from_millis(100))).await;
        stage.subject.fake().next_on(TOKEN, 1, Fault::hang());
        let seen = stage.call(1).await;
        seen.failed(0, ErrorKind::Timeout, Effect::NotApplied, 0);
    }

    #[tokio::test]
    async fn the_client_secret_follows_no_redirect() {
        let stage = cold(eager()).await;
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        other.set_nonblocking(true).expect("it can be asked for");
        let to = format!("http://{}/v2/token", other.local_addr().expect("it is bound"));
        for status in [302, 307, 308] {
            let fault = Fault::status(status).header("location", &to);
            stage.subject.fake().next_on(TOKEN, 1, fault);
            let seen = stage.call(1).await;
            seen.failed(0, ErrorKind::UnexpectedStatus, Effect::NotApplied, 0);
        }
        let nobody = other.accept().expect_err("nobody came");
        assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
        stage.works_on().await;
    }

    #[tokio::test]
    async fn a_refused_token_is_renewed_once() {
        let stage = Stage::<TwilioIam>::warm(eager()).await;
        stage.subject.0.revoke_tokens();
        stage.call(1).await.succeeded(2);
        assert_eq!(stage.subject.0.tokens_given(), 2);

        stage.fault(100, Fault::status(401));
        let seen = stage.call(2).await;
        seen.failed(2, ErrorKind::Unauthenticated, Effect::NotApplied, 0);
        assert_eq!(stage.subject.0.tokens_given(), 3);
        stage.works_on().await;
    }
}
