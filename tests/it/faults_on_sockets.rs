//! Every fault of a fake at five calls that change something, over real sockets. The tests check
//! the state of the service afterwards: a create is never applied twice, and the client remains
//! usable. `fault_matrix.rs` checks what the client reports for these and other faults at every
//! call.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, SystemTime};

use crate::support::matrix::{NO_RESPONSE, advance};
use crate::support::subjects::{Subject, for_each_call};
use rolecall::testing::Fault;
use rolecall::{ClientOptions, Effect, Error, ErrorKind, RetryPolicy};

for_each_call!(
    one_fault_after_another,
    silent_service_times_out,
    silent_service_ends_the_whole_call,
    dropped_call_is_not_sent_again,
    endless_faults_end_the_call,
    stale_connection_leaves_the_outcome_unknown,
    earlier_unknown_outcome_survives_a_refusal,
    create_is_applied_once_whatever_the_response,
    redirect_is_not_followed,
    retry_after_that_is_over_or_invalid_costs_no_wait,
    retry_after_beyond_the_limits_ends_the_call,
    empty_budget_ends_the_call,
);

const MINUTE: Duration = Duration::from_secs(60);
/// A little longer than a call may take by default.
const CALL: Duration = Duration::from_secs(91);

/// Four attempts, without a wait between.
fn eager() -> ClientOptions {
    ClientOptions::default()
        .retry(RetryPolicy::default().base_wait(Duration::ZERO))
        .max_response_bytes(64 << 10)
}

/// Waits for something that the service does in its own time.
async fn until(reached: impl Fn() -> bool) {
    while !reached() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What must come of a call that meets a fault.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// It succeeds at this attempt.
    Succeeds(usize),
    /// It fails so after one attempt, and made this many things.
    Fails(ErrorKind, Effect, usize),
    /// An idempotent call succeeds at its second attempt; a create fails so, with an unknown
    /// outcome, and made this many things.
    Transient(ErrorKind, usize),
}

use Outcome::{Fails, Succeeds, Transient};

/// One fake, and one client of it.
struct Stage<S: Subject> {
    subject: S,
    client: S::Client,
}

impl<S: Subject> Stage<S> {
    async fn cold(options: ClientOptions) -> Self {
        let subject = S::start().await;
        let client = subject.client(options);
        Self { subject, client }
    }

    /// A client that has had a response, so that its token and its connection are there.
    async fn warm(options: ClientOptions) -> Self {
        let stage = Self::cold(options).await;
        S::call(&stage.client, 0).await.expect("nothing is wrong yet");
        stage
    }

    /// The n-th call, with what it left behind.
    async fn call(&self, nth: usize) -> Seen {
        self.call_while(nth, async {}).await
    }

    /// The same while something else happens.
    async fn call_while(&self, nth: usize, other: impl Future<Output = ()>) -> Seen {
        let (arrivals, held) = (self.subject.arrivals(), self.subject.held());
        let call = S::call(&self.client, nth).with_response().send();
        let (result, ()) = tokio::join!(call, other);
        if let Err(error) = &result {
            assert_eq!(error.operation(), Some(S::name()));
            assert!(!error.to_string().contains('\n'), "{error}");
        }
        Seen {
            result: result.map(|response| response.attempts()),
            arrivals: self.subject.arrivals() - arrivals,
            made: self.subject.held() - held,
        }
    }

    /// Until this many more requests of the call have arrived and things been made.
    async fn until(&self, arrivals: usize, made: usize) {
        let all = (self.subject.arrivals() + arrivals, self.subject.held() + made);
        until(|| self.subject.arrivals() >= all.0 && self.subject.held() >= all.1).await;
    }

    /// Whatever happened, the next call is an ordinary one.
    async fn works_on(&self) {
        self.subject.fake().clear_faults();
        self.call(self.subject.held() + 1_000).await.came_to::<S>(Succeeds(1));
    }
}

/// What a call left behind: how often it arrived, and what it made.
#[derive(Debug)]
struct Seen {
    /// The attempts of a success.
    result: Result<u32, Error>,
    arrivals: usize,
    made: usize,
}

impl Seen {
    #[track_caller]
    fn came_to<S: Subject>(&self, outcome: Outcome) {
        match outcome {
            Succeeds(attempts) => {
                let needed = self.result.as_ref().expect("it succeeds");
                assert_eq!(*needed as usize, attempts, "{self:?}");
                assert_eq!((self.arrivals, self.made), (attempts, 1), "{self:?}");
            }
            Fails(kind, effect, made) => drop(self.failed(1, kind, effect, made)),
            Transient(..) if S::is_idempotent() => self.came_to::<S>(Succeeds(2)),
            Transient(kind, made) => self.came_to::<S>(Fails(kind, Effect::Unknown, made)),
        }
    }

    #[track_caller]
    fn failed(&self, attempts: usize, kind: ErrorKind, effect: Effect, made: usize) -> &Error {
        let error = self.result.as_ref().expect_err("it cannot have succeeded");
        assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
        assert_eq!(error.attempts() as usize, attempts, "{error}");
        assert_eq!((self.arrivals, self.made), (attempts, made), "{error}");
        error
    }
}

/// All by the same client, which makes an ordinary call after each.
async fn one_fault_after_another<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    let good = S::success()[0];
    let denied = Fails(ErrorKind::PermissionDenied, Effect::NotApplied, 0);
    // The head said that it succeeded, so that not even a PUT is repeated.
    let broken = Fails(ErrorKind::Interrupted, Effect::Unknown, 1);
    let unreadable = |made| Fails(ErrorKind::Decode, Effect::Unknown, made);
    let undocumented = Fails(ErrorKind::UnexpectedStatus, Effect::Unknown, 0);
    let mut cases = vec![
        (1, Fault::reset().before_processing(), Transient(ErrorKind::Interrupted, 0)),
        (1, Fault::reset().after_processing(), Transient(ErrorKind::Interrupted, 1)),
        (1, Fault::reset_in_response(), broken),
        (1, Fault::truncated(), broken),
        (1, Fault::drip(Duration::ZERO), Succeeds(1)),
        (1, Fault::delay(Duration::from_millis(60)), Succeeds(1)),
        (1, Fault::closed_idle(), Succeeds(1)),
        (1, Fault::status(1000), Transient(ErrorKind::Interrupted, 0)),
        (1, Fault::html(403), denied),
        (1, Fault::html(good), unreadable(0)),
        (1, Fault::status(202), undocumented),
        (1, Fault::endless(403), denied),
        (1, Fault::endless(503), Transient(ErrorKind::Server, 0)),
        // Not of the sort that passes.
        (1, Fault::status(501), Fails(ErrorKind::Server, Effect::Unknown, 0)),
        // It says that nothing was processed, so that even a create is sent again.
        (2, Fault::status(429), Succeeds(3)),
        (1, Fault::html(429), Succeeds(2)),
        (1, Fault::status(408), Transient(ErrorKind::Timeout, 0)),
    ];
    for status in [500, 502, 503, 504] {
        cases.push((1, Fault::html(status), Transient(ErrorKind::Server, 0)));
    }
    for status in S::success() {
        cases.push((1, Fault::endless(*status).after_processing(), unreadable(1)));
    }
    for (nth, (requests, fault, outcome)) in cases.into_iter().enumerate() {
        println!("{fault:?}");
        stage.subject.fault(requests, fault);
        stage.call(nth + 1).await.came_to::<S>(outcome);
        stage.works_on().await;
    }
}

async fn silent_service_times_out<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    for (nth, (fault, made)) in [
        (Fault::hang(), 0),
        (Fault::hang().after_processing(), 1),
        (Fault::delay(60 * MINUTE), 1),
        (Fault::drip(MINUTE / 4), 1),
    ]
    .into_iter()
    .enumerate()
    {
        println!("{fault:?}");
        stage.subject.fault(1, fault);
        let silence = async {
            stage.until(1, made).await;
            advance(NO_RESPONSE);
        };
        let seen = stage.call_while(nth + 1, silence).await;
        seen.came_to::<S>(Transient(ErrorKind::Timeout, made));
        stage.works_on().await;
    }
}

async fn silent_service_ends_the_whole_call<S: Subject>() {
    // One attempt may take longer than the whole call.
    let stage = Stage::<S>::warm(eager().attempt_timeout(10 * MINUTE)).await;
    stage.subject.fault(100, Fault::hang());
    let silence = |time| {
        let stage = &stage;
        async move {
            stage.until(1, 0).await;
            advance(time);
        }
    };
    let seen = stage.call_while(1, silence(CALL)).await;
    seen.failed(1, ErrorKind::Timeout, Effect::Unknown, 0);

    let short = S::call(&stage.client, 2).timeout(MINUTE / 3).send();
    let (result, ()) = tokio::join!(short, silence(MINUTE / 2));
    let error = result.expect_err("there is no response");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::Unknown));
    stage.works_on().await;
}

async fn dropped_call_is_not_sent_again<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.subject.fault(1, Fault::hang().after_processing());
    tokio::select! {
        result = S::call(&stage.client, 1).send() => panic!("{result:?}"),
        () = stage.until(1, 1) => {}
    }
    stage.works_on().await;
    assert_eq!(stage.subject.arrivals(), 3, "nothing was sent behind the caller's back");
}

async fn endless_faults_end_the_call<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.subject.fault(100, Fault::reset());
    let attempts = if S::is_idempotent() { 4 } else { 1 };
    let seen = stage.call(1).await;
    let error = seen.failed(attempts, ErrorKind::Interrupted, Effect::Unknown, 0);
    assert!(error.is_outcome_unknown() && !error.is_safe_to_repeat());
    assert_eq!(error.status(), None);
    assert!(std::error::Error::source(error).is_some(), "the cause is kept");

    stage.subject.fake().clear_faults();
    stage.subject.fault(100, Fault::status(429));
    let seen = stage.call(2).await;
    let error = seen.failed(4, ErrorKind::RateLimited, Effect::NotApplied, 0);
    assert!(error.is_safe_to_repeat());
    stage.works_on().await;
}

/// The request was written to a connection that the service had closed: it did not arrive, but the
/// client cannot know.
async fn stale_connection_leaves_the_outcome_unknown<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.subject.fault(1, Fault::stale());
    stage.call(1).await.came_to::<S>(Succeeds(1));
    let seen = stage.call(2).await;
    if S::is_idempotent() {
        assert_eq!(*seen.result.as_ref().expect("it is repeated"), 2);
        assert_eq!((seen.arrivals, seen.made), (1, 1));
    } else {
        let error = seen.result.as_ref().expect_err("the connection is dead");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Interrupted, Effect::Unknown));
        assert_eq!((error.attempts(), seen.arrivals, seen.made), (1, 0, 0));
    }
    stage.works_on().await;
}

/// Once an attempt may have arrived, a later refusal says nothing about it.
async fn earlier_unknown_outcome_survives_a_refusal<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    stage.subject.fault(1, Fault::status(429));
    stage.subject.fault(1, Fault::reset().after_processing());
    let seen = stage.call(1).await;
    if !S::is_idempotent() {
        seen.failed(2, ErrorKind::Interrupted, Effect::Unknown, 1);
        return;
    }
    seen.came_to::<S>(Succeeds(3));
    for status in [408, 500, 502, 503, 504] {
        stage.subject.fault(1, Fault::status(status).after_processing());
        stage.subject.fault(1, Fault::status(403));
        let seen = stage.call(usize::from(status)).await;
        seen.failed(2, ErrorKind::PermissionDenied, Effect::Unknown, 1);
    }
}

/// The service acts, and something on the way back says anything at all. Nothing that it can say
/// makes a client apply a create twice, but for what is documented as never processed: a refusal
/// that names a rate limit. A 408 is no such refusal, whatever code is under it.
async fn create_is_applied_once_whatever_the_response<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    let limited = r#"{"code":20429,"status":"ERROR","message":"Too many requests"}"#;
    let harness = r#"{"code":"TOO_MANY_REQUESTS","message":"Too many requests"}"#;
    let mut nth = 1;
    for status in [200, 201, 202, 204, 302, 400, 401, 403, 404, 408, 409, 500, 502, 503, 504, 599] {
        for body in ["", limited, harness] {
            let is_refusal = (400..500).contains(&status) && status != 408;
            if is_refusal && (!body.is_empty() || status == 401) {
                continue;
            }
            nth += 1;
            stage.subject.fault(1, Fault::status(status).body(body).after_processing());
            let seen = stage.call(nth).await;
            assert_eq!(seen.made, 1, "{status} {body}: {seen:?}");
            if !S::is_idempotent() {
                assert_eq!(seen.arrivals, 1, "{status} {body}: {seen:?}");
                let error = seen.result.expect_err("that is no success");
                let unknown = error.effect() == Effect::Unknown;
                assert!(status != 408 || unknown, "{error}");
            }
            stage.subject.fake().clear_faults();
        }
    }
    stage.works_on().await;
}

/// A port that must not be connected to.
struct Elsewhere(TcpListener);

impl Elsewhere {
    fn listen() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        listener.set_nonblocking(true).expect("it can be asked for");
        Self(listener)
    }

    fn authority(&self) -> String {
        self.0.local_addr().expect("it is bound").to_string()
    }

    /// A connection would be in the queue, accepted or not.
    #[track_caller]
    fn assert_not_called(&self) {
        let error = self.0.accept().expect_err("there was no connection");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

async fn redirect_is_not_followed<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    let elsewhere = Elsewhere::listen();
    let address = elsewhere.authority();
    for status in [300, 301, 302, 303, 305, 307, 308] {
        for to in [
            format!("http://{address}/v1/elsewhere"),
            format!("//{address}/"),
            format!("{}/v1/elsewhere", stage.subject.fake().uri()),
            "/v1/elsewhere".to_owned(),
        ] {
            stage.subject.fault(1, Fault::status(status).header("location", &to));
            let seen = stage.call(1).await;
            let error = seen.failed(1, ErrorKind::UnexpectedStatus, Effect::NotApplied, 0);
            assert_eq!(error.status().map(|it| it.as_u16()), Some(status));
            assert!(error.headers().contains_key("location"));
        }
    }
    let received = stage.subject.fake().received();
    assert!(!received.iter().any(|one| one.path().contains("elsewhere")));
    elsewhere.assert_not_called();
    stage.works_on().await;
}

async fn retry_after_that_is_over_or_invalid_costs_no_wait<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    let past = httpdate::fmt_http_date(SystemTime::now() - MINUTE);
    for (nth, value) in ["0", " 0 ", &past, "soon", "-5", ""].iter().enumerate() {
        stage.subject.fault(1, Fault::status(429).header("retry-after", value));
        stage.call(nth + 1).await.came_to::<S>(Succeeds(2));
    }
}

async fn retry_after_beyond_the_limits_ends_the_call<S: Subject>() {
    let stage = Stage::<S>::warm(eager()).await;
    let hour = httpdate::fmt_http_date(SystemTime::now() + 60 * MINUTE);
    let limited = |value: &str| {
        stage.subject.fault(1, Fault::status(429).header("retry-after", value));
        S::call(&stage.client, 1)
    };
    for (value, at_least) in [
        ("61", Duration::from_secs(61)),
        ("3600", 60 * MINUTE),
        ("99999999999999999999999", Duration::from_secs(u32::MAX.into())),
        (hour.as_str(), MINUTE),
    ] {
        stage.subject.fault(1, Fault::status(503).header("retry-after", value));
        let seen = stage.call(1).await;
        seen.failed(1, ErrorKind::Server, Effect::Unknown, 0);
        let error = limited(value).await.expect_err("it takes too long");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimited, 1));
        assert_eq!(error.effect(), Effect::NotApplied);
        assert!(error.to_string().contains("Retry-After is over the limit"), "{error}");
        let asked = error.retry_after().expect("it was asked for");
        assert!(asked >= at_least, "{value}: {asked:?}");
    }

    // Below the limit, but beyond the deadline.
    let error = limited("30").timeout(MINUTE / 3).await.expect_err("it takes too long");
    assert_eq!((error.attempts(), error.retry_after()), (1, Some(MINUTE / 2)));
    assert!(error.to_string().contains("no time left"), "{error}");

    // The limit is the caller's.
    let policy = RetryPolicy::default().max_retry_after(MINUTE / 30);
    let error = limited("3").retry(policy).await.expect_err("it takes too long");
    assert_eq!((error.attempts(), error.retry_after()), (1, Some(MINUTE / 20)));
    stage.works_on().await;
}

async fn empty_budget_ends_the_call<S: Subject>() {
    let policy = RetryPolicy::default().base_wait(Duration::ZERO).budget(2);
    let stage = Stage::<S>::warm(ClientOptions::default().retry(policy)).await;
    stage.subject.fault(100, Fault::status(429));
    let seen = stage.call(1).await;
    let error = seen.failed(3, ErrorKind::RateLimited, Effect::NotApplied, 0);
    assert!(error.to_string().contains("retry budget is spent"), "{error}");
    // Clones share it.
    let error = S::call(&stage.client.clone(), 2).await.expect_err("it is limited");
    assert_eq!(error.attempts(), 1);
    stage.works_on().await;
}

/// What the fetching of a token adds.
#[cfg(feature = "twilio")]
mod tokens {
    use super::*;
    use crate::support::subjects::TwilioIam;

    const TOKEN: &str = "/v2/token";
    /// A little longer than a token may take by default, and an attempt to get one.
    const TOKEN_LIMITS: [Duration; 2] = [Duration::from_millis(30_500), Duration::from_secs(11)];

    /// A call whose token requests meet this fault, and for which time passes once one has arrived.
    async fn call_with(requests: usize, fault: Fault, time: Duration) -> (Stage<TwilioIam>, Seen) {
        let stage = Stage::<TwilioIam>::cold(eager()).await;
        stage.subject.fake().next_on(TOKEN, requests, fault);
        let silence = async {
            until(|| stage.subject.fake().received_count() > 0).await;
            advance(time);
        };
        let seen = stage.call_while(1, silence).await;
        (stage, seen)
    }

    /// The error of a call that got no token: it counts the requests for one, unless its time was up.
    #[track_caller]
    fn without_token<'a>(stage: &Stage<TwilioIam>, seen: &'a Seen, kind: ErrorKind) -> &'a Error {
        let error = seen.result.as_ref().expect_err("there is no token");
        assert_eq!((error.kind(), error.effect()), (kind, Effect::NotApplied), "{error}");
        assert_eq!((seen.arrivals, seen.made), (0, 0), "{error}");
        let requests = stage.subject.fake().received_count();
        assert!(error.is_timeout() || u64::from(error.attempts()) == requests, "{error}");
        error
    }

    #[tokio::test]
    async fn transient_faults_of_the_token_endpoint_are_retried() {
        for (fault, time) in [
            (Fault::reset(), Duration::ZERO),
            (Fault::reset().after_processing(), Duration::ZERO),
            (Fault::html(503), Duration::ZERO),
            (Fault::status(500), Duration::ZERO),
            (Fault::status(429), Duration::ZERO),
            (Fault::hang(), TOKEN_LIMITS[1]),
        ] {
            let (_, seen) = call_with(1, fault, time).await;
            seen.came_to::<TwilioIam>(Succeeds(1));
        }
    }

    #[tokio::test]
    async fn without_a_token_nothing_is_sent() {
        for (fault, time, kind) in [
            (Fault::reset(), Duration::ZERO, ErrorKind::Interrupted),
            (Fault::html(503), Duration::ZERO, ErrorKind::Server),
            (Fault::html(200), Duration::ZERO, ErrorKind::Decode),
            (Fault::endless(200), Duration::ZERO, ErrorKind::Decode),
            (Fault::truncated(), Duration::ZERO, ErrorKind::Interrupted),
            (Fault::status(401), Duration::ZERO, ErrorKind::Unauthenticated),
            (Fault::status(403), Duration::ZERO, ErrorKind::Unauthenticated),
            (Fault::hang(), TOKEN_LIMITS[0], ErrorKind::Timeout),
        ] {
            let (stage, seen) = call_with(100, fault, time).await;
            let error = without_token(&stage, &seen, kind);
            assert!(error.to_string().contains("failed to obtain an access token"), "{error}");
            stage.works_on().await;
        }
    }

    #[tokio::test]
    async fn client_secret_follows_no_redirect() {
        let elsewhere = Elsewhere::listen();
        let to = format!("http://{}/v2/token", elsewhere.authority());
        for status in [302, 307, 308] {
            let fault = Fault::status(status).header("location", &to);
            let (stage, seen) = call_with(1, fault, Duration::ZERO).await;
            without_token(&stage, &seen, ErrorKind::UnexpectedStatus);
            stage.works_on().await;
        }
        elsewhere.assert_not_called();
    }

    #[tokio::test]
    async fn refused_token_is_renewed_once() {
        let stage = Stage::<TwilioIam>::warm(eager()).await;
        stage.subject.0.revoke_tokens();
        stage.call(1).await.came_to::<TwilioIam>(Succeeds(2));
        assert_eq!(stage.subject.0.tokens_given(), 2);

        stage.subject.fault(100, Fault::status(401));
        let seen = stage.call(2).await;
        seen.failed(2, ErrorKind::Unauthenticated, Effect::NotApplied, 0);
        assert_eq!(stage.subject.0.tokens_given(), 3);
        stage.works_on().await;
    }
}
