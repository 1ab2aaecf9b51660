//! The properties of the token cache, on its own and below calls, in paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::Scheme;
use super::cache::{AccessToken, TokenCache, TokenProvider};
use crate::error::{Effect, Error, ErrorKind};
use crate::operation::{Idempotency, Operation, Spec};
use crate::transport::memory::{
    Act, IDEMPOTENT, NON_IDEMPOTENT, Probe, Sent, TestService, script, serve, token_transport,
    transport,
};
use crate::transport::{
    Authorization, Authorize, Authorizing, BoxFuture, Call, ClientOptions, Patience, RetryPolicy,
    Transport,
};

type Fetched = Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>;

/// What becomes of one fetch.
#[derive(Clone, Copy)]
enum Fetch {
    Token { after: u64, lasts: u64 },
    Fail { after: u64 },
    RetryAfter(u64),
    Refuse { retry_after: u64 },
    Never,
    Panic,
}

/// Plays a script once, then its last entry for ever.
struct Script {
    fetches: Vec<Fetch>,
    count: Arc<AtomicU32>,
}

impl TokenProvider for Script {
    fn fetch(&self) -> BoxFuture<'_, Fetched> {
        let number = self.count.fetch_add(1, Ordering::SeqCst) as usize;
        let fetch = self.fetches[number.min(self.fetches.len() - 1)];
        Box::pin(async move {
            match fetch {
                Fetch::Token { after, lasts } => {
                    pass(after).await;
                    let token = AccessToken::new(format!("fake-token-{number}"));
                    Ok(token.expires_in(Duration::from_secs(lasts)))
                }
                Fetch::Fail { after } => {
                    pass(after).await;
                    Err("out of order".into())
                }
                Fetch::RetryAfter(seconds) => {
                    let error = Error::new(ErrorKind::RateLimited).with_effect(Effect::Unknown);
                    Err(error.with_retry_after(Duration::from_secs(seconds)).into())
                }
                Fetch::Refuse { retry_after } => {
                    let error = Error::new(ErrorKind::Unauthenticated);
                    Err(error.with_retry_after(Duration::from_secs(retry_after)).into())
                }
                Fetch::Never => std::future::pending().await,
                Fetch::Panic => panic!("the provider panics"),
            }
        })
    }
}

fn cache_of(provider: impl TokenProvider) -> TokenCache {
    TokenCache::new(Arc::new(provider), Scheme::Bearer, Duration::from_secs(30))
}

fn cache(fetches: &[Fetch]) -> (Arc<TokenCache>, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let script = Script { fetches: fetches.to_vec(), count: Arc::clone(&count) };
    (Arc::new(cache_of(script)), count)
}

fn patience(seconds: u64) -> Patience {
    let max_retry_after = Duration::from_secs(60);
    Patience {
        deadline: Instant::now() + Duration::from_secs(seconds),
        max_retry_after,
        attempts: 3,
    }
}

async fn authorize_within(cache: &TokenCache, seconds: u64) -> Result<Authorization, Error> {
    match cache.authorize(patience(seconds)) {
        Authorizing::Ready(authorization) => Ok(authorization),
        Authorizing::Pending(pending) => pending.await,
    }
}

async fn authorize(cache: &TokenCache) -> Result<Authorization, Error> {
    authorize_within(cache, 900).await
}

fn at_once(cache: &TokenCache) -> bool {
    matches!(cache.authorize(patience(900)), Authorizing::Ready(_))
}

async fn token(cache: &TokenCache) -> String {
    let authorization = authorize(cache).await.expect("there is a token");
    authorization.secrets[0].expose().to_owned()
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn fetched(count: &AtomicU32) -> u32 {
    count.load(Ordering::SeqCst)
}

/// The results of many calls at once.
async fn together<F>(count: usize, call: impl Fn() -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(call())).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("no panic"));
    }
    results
}

#[tokio::test(start_paused = true)]
async fn concurrent_callers_share_one_fetch() {
    let (good, count) = cache(&[Fetch::Token { after: 3, lasts: 3600 }]);
    let call = || {
        let cache = Arc::clone(&good);
        async move { token(&cache).await }
    };
    assert!(together(200, call).await.iter().all(|token| token == "fake-token-0"));
    assert_eq!(fetched(&count), 1);

    let (failing, count) = cache(&[Fetch::Fail { after: 1 }]);
    let call = || {
        let cache = Arc::clone(&failing);
        async move { authorize(&cache).await.map(drop) }
    };
    for result in together(200, call).await {
        let error = result.expect_err("the fetch fails");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(std::error::Error::source(&error).is_some(), "the cause is kept");
    }
    assert_eq!(fetched(&count), 1);
    // A failure is not cached: the next caller fetches again.
    authorize(&failing).await.map(drop).expect_err("it fails again");
    assert_eq!(fetched(&count), 2);
}

#[tokio::test(start_paused = true)]
async fn token_is_refreshed_early_while_it_is_used() {
    let (cache, count) = cache(&[Fetch::Token { after: 20, lasts: 3600 }]);
    assert_eq!(token(&cache).await, "fake-token-0");
    pass(3299).await;
    assert!(at_once(&cache));
    assert_eq!(fetched(&count), 1, "too early");
    pass(2).await;
    // The refresh takes 20 s, and no caller waits for it.
    for _ in 0..10 {
        assert!(at_once(&cache));
        pass(1).await;
    }
    assert_eq!(fetched(&count), 2, "one refresh");
    assert_eq!(token(&cache).await, "fake-token-0");
    pass(15).await;
    assert!(at_once(&cache));
    assert_eq!(token(&cache).await, "fake-token-1");
}

#[tokio::test(start_paused = true)]
async fn failed_early_refresh_pauses_and_leaves_the_token_in_use() {
    let good = Fetch::Token { after: 0, lasts: 3600 };
    let (failing, count) = cache(&[good, Fetch::Fail { after: 1 }, Fetch::Fail { after: 1 }, good]);
    token(&failing).await;
    pass(3400).await;
    for _ in 0..5 {
        assert_eq!(token(&failing).await, "fake-token-0");
        pass(1).await;
    }
    assert_eq!(fetched(&count), 2);
    for _ in 0..2 {
        pass(10).await;
        token(&failing).await;
    }
    pass(1).await;
    assert_eq!(token(&failing).await, "fake-token-3");

    // The next one waits as long as the provider asks.
    let (limited, count) = cache(&[good, Fetch::RetryAfter(40), good]);
    token(&limited).await;
    pass(3400).await;
    for seconds in [1, 35, 9] {
        assert_eq!(token(&limited).await, "fake-token-0");
        pass(seconds).await;
        assert_eq!(fetched(&count), 2);
    }
    token(&limited).await;
    pass(1).await;
    assert_eq!((token(&limited).await.as_str(), fetched(&count)), ("fake-token-2", 3));
}

#[tokio::test(start_paused = true)]
async fn token_near_its_expiry_is_not_used() {
    let (short, _) = cache(&[Fetch::Token { after: 1, lasts: 300 }]);
    assert_eq!(token(&short).await, "fake-token-0");
    pass(291).await;
    assert!(!at_once(&short), "it could expire on the way");
    assert_eq!(token(&short).await, "fake-token-1");
    let (shorter, count) = cache(&[Fetch::Token { after: 0, lasts: 20 }]);
    token(&shorter).await;
    pass(15).await;
    assert!(at_once(&shorter) && fetched(&count) == 1);
    pass(4).await;
    assert!(!at_once(&shorter), "it could expire on the way");
    // One that expires at once serves those who waited for it.
    let (none, count) = cache(&[Fetch::Token { after: 1, lasts: 0 }]);
    assert_eq!(
        (token(&none).await, token(&none).await),
        ("fake-token-0".into(), "fake-token-1".into())
    );
    assert_eq!(fetched(&count), 2);
}

#[tokio::test(start_paused = true)]
async fn lifetime_is_at_most_a_day_and_five_minutes_if_unknown() {
    let (absurd, _) = cache(&[Fetch::Token { after: 0, lasts: 1_438_315_200_000 }]);
    token(&absurd).await;
    pass(24 * 3600).await;
    assert!(!at_once(&absurd));

    struct Unknown;
    impl TokenProvider for Unknown {
        fn fetch(&self) -> BoxFuture<'_, Fetched> {
            Box::pin(async { Ok(AccessToken::new("fake")) })
        }
    }
    let unknown = cache_of(Unknown);
    token(&unknown).await;
    pass(200).await;
    assert!(at_once(&unknown));
    pass(100).await;
    assert!(!at_once(&unknown));
}

#[tokio::test(start_paused = true)]
async fn refusal_evicts_exactly_the_refused_token() {
    let (cache, count) = cache(&[Fetch::Token { after: 1, lasts: 3600 }]);
    assert!(cache.is_renewable());
    let first = authorize(&cache).await.expect("there is a token");
    for _ in 0..64 {
        cache.refused(&first);
    }
    let second = authorize(&cache).await.expect("there is a token");
    assert_ne!(first.generation, second.generation);
    cache.refused(&first);
    assert!(at_once(&cache), "the new token was not refused");
    assert_eq!(fetched(&count), 2);
}

/// How long it takes to replace a token that is refused now, in milliseconds.
async fn replaced(cache: &TokenCache) -> u128 {
    let start = Instant::now();
    cache.refused(&authorize(cache).await.expect("there is a token"));
    authorize(cache).await.expect("there is another");
    start.elapsed().as_millis() / 10 * 10
}

#[tokio::test(start_paused = true)]
async fn tokens_refused_in_a_row_pause_fetches_longer_each_time() {
    let (cache, count) = cache(&[Fetch::Token { after: 0, lasts: 600 }]);
    for pause in [0, 250, 500, 1000, 2000, 4000, 8000, 8000] {
        assert_eq!(replaced(&cache).await, pause);
    }
    assert_eq!(fetched(&count), 9);
    // Those who cannot wait get an error at once.
    cache.refused(&authorize(&cache).await.expect("there is a token"));
    let error = authorize_within(&cache, 5).await.map(drop).expect_err("8 s are too long");
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::Unauthenticated, Some(Duration::from_secs(8)))
    );
    assert!(error.to_string().contains("the service refused the last access tokens"), "{error}");
    // A token that was good for a minute begins a new row, and so does one that was never refused.
    authorize(&cache).await.expect("it waits");
    pass(60).await;
    assert_eq!((replaced(&cache).await, replaced(&cache).await), (0, 250));
    pass(600).await;
    assert_eq!((replaced(&cache).await, replaced(&cache).await), (0, 250));
}

#[tokio::test(start_paused = true)]
async fn cancelled_caller_does_not_stop_the_fetch() {
    let (cache, count) = cache(&[Fetch::Token { after: 10, lasts: 3600 }]);
    let leader = tokio::time::timeout(Duration::from_secs(1), authorize(&cache));
    let follower = async {
        pass(0).await;
        token(&cache).await
    };
    let (leader, follower) = tokio::join!(leader, follower);
    assert!(leader.is_err(), "it was cancelled");
    assert_eq!((follower.as_str(), fetched(&count)), ("fake-token-0", 1));
}

#[tokio::test(start_paused = true)]
async fn endless_fetch_ends_at_the_token_timeout() {
    for seconds in [7, 30] {
        let count = Arc::new(AtomicU32::new(0));
        let fetches = vec![Fetch::Never, Fetch::Token { after: 0, lasts: 60 }];
        let script = Arc::new(Script { fetches, count: Arc::clone(&count) });
        let cache = TokenCache::new(script, Scheme::Bearer, Duration::from_secs(seconds));
        let start = Instant::now();
        let error = authorize(&cache).await.map(drop).expect_err("it never ends");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::NotApplied));
        assert_eq!(start.elapsed().as_secs(), seconds);
        assert_eq!((token(&cache).await.as_str(), fetched(&count)), ("fake-token-1", 2));
    }
    let script =
        Script { fetches: vec![Fetch::Token { after: 0, lasts: 60 }], count: Arc::default() };
    let endless = TokenCache::new(Arc::new(script), Scheme::Bearer, Duration::MAX);
    assert_eq!(token(&endless).await, "fake-token-0", "an endless limit does not overflow");
}

#[tokio::test(start_paused = true)]
async fn panicking_provider_is_an_error_for_the_callers() {
    let (panicking, count) = cache(&[Fetch::Panic]);
    let error = authorize(&panicking).await.map(drop).expect_err("there is no token");
    assert!(error.to_string().contains("no refresh gave a result"), "{error}");
    assert_eq!(fetched(&count), 3);
    let (cache, _) = cache(&[Fetch::Panic, Fetch::Token { after: 0, lasts: 60 }]);
    assert_eq!(token(&cache).await, "fake-token-1", "the next fetch is good");
}

#[tokio::test(start_paused = true)]
async fn provider_error_keeps_its_kind_and_blocks_fetches_until_its_retry_after() {
    let (limited, count) =
        cache(&[Fetch::RetryAfter(9), Fetch::RetryAfter(9), Fetch::Token { after: 0, lasts: 60 }]);
    let error = authorize_within(&limited, 9).await.map(drop).expect_err("there is no time");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.effect(), Effect::NotApplied, "the service itself got nothing");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
    assert!(error.to_string().contains("failed to obtain an access token"), "{error}");
    pass(5).await;
    let start = Instant::now();
    let error = authorize_within(&limited, 3).await.map(drop).expect_err("there is no time");
    assert_eq!(
        error.retry_after().map(|wait| wait.as_secs_f64().round()),
        Some(4.0),
        "what is left"
    );
    assert_eq!((fetched(&count), start.elapsed()), (1, Duration::ZERO));
    // One who can wait gets the third.
    assert_eq!(token(&limited).await, "fake-token-2");
    assert_eq!((start.elapsed().as_secs(), fetched(&count)), (13, 3));

    // Tokens that are refused meanwhile do not shorten it.
    let good = Fetch::Token { after: 0, lasts: 60 };
    let (refusing, count) = cache(&[good, good, Fetch::RetryAfter(40), good]);
    assert_eq!(replaced(&refusing).await, 0);
    pass(49).await;
    token(&refusing).await;
    pass(1).await;
    assert_eq!(fetched(&count), 3, "the early refresh failed");
    assert_eq!(replaced(&refusing).await / 1000, 39);

    // One that no clock can reach is waited for all the same.
    let (endless, count) = cache(&[Fetch::RetryAfter(u64::MAX)]);
    for _ in 0..3 {
        authorize(&endless).await.map(drop).expect_err("it cannot wait");
        assert_eq!(fetched(&count), 1);
    }
    let (never, count) = cache(&[Fetch::RetryAfter(9)]);
    authorize(&never).await.map(drop).expect_err("no fetch succeeds");
    assert_eq!(fetched(&count), 3, "as many failed fetches as attempts");

    let (refused, count) = cache(&[Fetch::Refuse { retry_after: 9 }]);
    authorize(&refused).await.map(drop).expect_err("it would be refused again");
    assert_eq!(fetched(&count), 1, "it is not asked again by the same call");
}

/// Gets tokens at an endpoint.
struct Endpoint(Transport);

struct Grant;

impl Operation for Grant {
    type Service = TestService;
    type Output = serde_json::Value;
    const SPEC: Spec = Spec::post("test tokens.create", &[""])
        .success(&[200])
        .idempotency(Idempotency::Safe)
        .sensitive();
}

impl TokenProvider for Endpoint {
    fn fetch(&self) -> BoxFuture<'_, Fetched> {
        Box::pin(async {
            let granted = self.0.call(&Grant).await?;
            Ok(AccessToken::new(granted["access_token"].as_str().expect("it is text")))
        })
    }
}

/// A client whose tokens come from an endpoint; with what was sent to both.
fn client(
    tokens: Vec<Act>,
    respond: impl Fn(&str) -> Act + Send + Sync + 'static,
    options: &ClientOptions,
) -> (Transport, [Sent; 2]) {
    let (tokens, token_requests) = script(tokens);
    let cache = cache_of(Endpoint(token_transport(tokens, options)));
    let (wire, requests) = serve(move |request| {
        let header = request.headers()["authorization"].to_str().expect("it is text");
        respond(header.trim_start_matches("Bearer "))
    });
    (transport(wire, cache, options, || 0.5), [requests, token_requests])
}

fn grant(number: u32) -> Act {
    Act::respond(200, &format!(r#"{{"access_token":"fake-token-{number}"}}"#))
}

#[tokio::test(start_paused = true)]
async fn persistent_refusal_costs_at_most_one_fetch_and_one_request_a_call() {
    let options = ClientOptions::default().retry(RetryPolicy::none().budget(0));
    let tokens = || (0..50).map(grant).collect();
    let (transport, [requests, fetches]) = client(tokens(), |_| Act::respond(401, ""), &options);
    let start = Instant::now();
    for _ in 0..50 {
        let error = transport.call(&Probe::<NON_IDEMPOTENT>).await.expect_err("it is refused");
        assert!(error.is_unauthenticated() && error.attempts() <= 1, "{error}");
    }
    assert_eq!((requests.count(), fetches.count()), (50, 50));
    let times = fetches.times(start);
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps[..7], [0, 250, 500, 1000, 2000, 4000, 8000]);
    assert!(gaps[7..].iter().all(|gap| (7975..=8025).contains(gap)), "{gaps:?}");
    // All at once: they share their tokens.
    let (transport, [requests, fetches]) = client(tokens(), |_| Act::respond(401, ""), &options);
    let call = || transport.call(&Probe::<NON_IDEMPOTENT>).send();
    assert!(together(50, call).await.into_iter().all(|result| result.is_err()));
    assert_eq!((requests.count(), fetches.count()), (50, 1));
}

#[tokio::test(start_paused = true)]
async fn refused_token_is_renewed_once_for_all_its_callers() {
    let options = ClientOptions::default();
    let respond = |token: &str| match token {
        "fake-token-2" => Act::created(),
        _ => Act::respond(401, ""),
    };
    let (transport, [requests, fetches]) = client((1..9).map(grant).collect(), respond, &options);
    let call = || transport.call(&Probe::<NON_IDEMPOTENT>).with_response().send();
    for result in together(50, call).await {
        assert_eq!(result.expect("the second token is good").attempts(), 2);
    }
    assert_eq!((requests.count(), fetches.count()), (100, 2));
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_a_token_request_is_waited_out_by_those_who_can() {
    // The second is shorter than the time that a token may take.
    for wait in [45, 10] {
        let limited = Act::respond(429, "").header("retry-after", wait);
        let options = ClientOptions::default();
        let (transport, [requests, fetches]) =
            client(vec![limited, grant(0)], |_| Act::created(), &options);
        let start = Instant::now();
        let seconds = Duration::from_secs;
        let call = || transport.call(&Probe::<IDEMPOTENT>);
        let timed = async |call: Call<String>| (call.await, start.elapsed());
        let impatient = RetryPolicy::default().max_retry_after(seconds(wait - 1));
        let (short, impatient, long) = tokio::join!(
            timed(call().timeout(seconds(6))),
            timed(call().retry(impatient)),
            timed(call().timeout(seconds(90))),
        );
        for (result, elapsed) in [short, impatient] {
            let error = result.expect_err("it cannot wait");
            assert_eq!(
                (error.kind(), error.effect()),
                (ErrorKind::RateLimited, Effect::NotApplied)
            );
            assert!(elapsed < seconds(1), "{elapsed:?}");
            assert_eq!(error.retry_after(), Some(seconds(wait)), "{error}");
            let status = error.status().map(|status| status.as_u16());
            assert_eq!((error.attempts(), status), (1, Some(429)));
        }
        assert_eq!(long.0.expect("it waits"), "7");
        assert_eq!((long.1.as_secs(), requests.count()), (wait, 1));
        assert_eq!(fetches.times(start), [0, u128::from(wait) * 1000]);
    }
}

#[tokio::test(start_paused = true)]
async fn hanging_token_request_ends_each_call_at_its_own_deadline() {
    // Each attempt to get a token may take 10 s of the 30 s that a token may take.
    let mut tokens = vec![Act::Hang { sent: true }; 3];
    tokens.push(grant(0));
    let (transport, [requests, fetches]) =
        client(tokens, |_| Act::created(), &ClientOptions::default());
    let start = Instant::now();
    let call = async |seconds| {
        let call = transport.call(&Probe::<IDEMPOTENT>).timeout(Duration::from_secs(seconds));
        (call.await, start.elapsed().as_secs())
    };
    let (one, five, most, more) = tokio::join!(call(1), call(5), call(29), call(90));
    for ((result, elapsed), seconds) in [(one, 1), (five, 5), (most, 29), (more, 30)] {
        let error = result.expect_err("there is no token");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::NotApplied));
        assert_eq!(elapsed, seconds, "{error}");
        assert!(error.to_string().contains("failed to obtain an access token"), "{error}");
    }
    assert_eq!((requests.count(), fetches.count()), (0, 3), "they share one fetch");
    assert_eq!(call(1).await.0.expect("the next fetch begins anew"), "7");
    assert_eq!((start.elapsed().as_secs(), fetches.count()), (30, 4));
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("a runtime")
}

/// Starts a fetch on a runtime, and gives it up after a second.
fn started_on(runtime: &tokio::runtime::Runtime, cache: &TokenCache) {
    runtime.block_on(async {
        let waiting = tokio::time::timeout(Duration::from_secs(1), authorize(cache));
        assert!(waiting.await.is_err());
    });
}

#[test]
fn fetch_of_a_dropped_runtime_is_not_waited_for() {
    let (cache, count) = cache(&[Fetch::Never, Fetch::Token { after: 0, lasts: 60 }]);
    let first = runtime();
    started_on(&first, &cache);
    drop(first);
    let waited = runtime().block_on(async {
        let start = Instant::now();
        assert_eq!(token(&cache).await, "fake-token-1");
        start.elapsed()
    });
    assert_eq!((waited, fetched(&count)), (Duration::ZERO, 2));
}

#[test]
fn caller_is_freed_when_the_runtime_of_its_fetch_is_dropped() {
    let (cache, _) = cache(&[Fetch::Never, Fetch::Token { after: 0, lasts: 60 }]);
    // The fetch lives on the first runtime; the caller who waits for it lives on another.
    let first = runtime();
    started_on(&first, &cache);
    let waiter = Arc::clone(&cache);
    let (about_to_wait, go) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let real = tokio::runtime::Builder::new_current_thread().enable_time().build();
        real.expect("a runtime").block_on(async {
            let waiting = authorize(&waiter);
            about_to_wait.send(()).expect("the test goes on");
            waiting.await.map(|authorization| authorization.generation)
        })
    });
    go.recv().expect("the thread runs");
    drop(first);
    let generation = thread.join().expect("no panic").expect("there is a token");
    assert_eq!(generation, 2);
}

#[test]
fn fetch_of_an_idle_runtime_is_waited_for_no_longer_than_its_timeout() {
    let (cache, count) = cache(&[Fetch::Never, Fetch::Token { after: 0, lasts: 60 }]);
    // It lives on, but nothing drives its tasks.
    let idle = runtime();
    started_on(&idle, &cache);
    let waited = runtime().block_on(async {
        let start = Instant::now();
        assert_eq!(token(&cache).await, "fake-token-1");
        start.elapsed()
    });
    assert!(waited <= Duration::from_secs(31), "{waited:?}");
    assert_eq!(fetched(&count), 2);
    drop(idle);
}

#[test]
fn late_refresh_does_not_replace_a_newer_token() {
    let slow = Fetch::Token { after: 29, lasts: 600 };
    let (cache, count) = cache(&[slow, Fetch::Token { after: 0, lasts: 600 }]);
    let idle = runtime();
    started_on(&idle, &cache);
    let other = runtime();
    assert_eq!(other.block_on(token(&cache)), "fake-token-1");
    // The first runtime is driven again, and its fetch comes to its end.
    idle.block_on(pass(40));
    assert_eq!(fetched(&count), 2);
    assert_eq!(other.block_on(token(&cache)), "fake-token-1");
}
