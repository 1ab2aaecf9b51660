//! The properties of the token cache, in paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::cache::{AccessToken, TokenCache, TokenProvider};
use crate::error::{Effect, Error, ErrorKind};
use crate::transport::{Authorization, Authorize, Authorizing, BoxFuture};

type Fetched = Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>;

/// What one fetch does.
#[derive(Clone, Copy)]
enum Fetch {
    Token { after: u64, lasts: u64 },
    Fail { after: u64 },
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
                    tokio::time::sleep(Duration::from_secs(after)).await;
                    let token = AccessToken::new(format!("fake-token-{number}"));
                    Ok(token.expires_in(Duration::from_secs(lasts)))
                }
                Fetch::Fail { after } => {
                    tokio::time::sleep(Duration::from_secs(after)).await;
                    Err("no luck".into())
                }
                Fetch::Never => std::future::pending().await,
                Fetch::Panic => panic!("the provider panics"),
            }
        })
    }
}

fn cache(fetches: &[Fetch]) -> (Arc<TokenCache>, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let script = Script { fetches: fetches.to_vec(), count: Arc::clone(&count) };
    (Arc::new(TokenCache::new(Arc::new(script))), count)
}

async fn authorize(cache: &TokenCache) -> Result<Authorization, Error> {
    match cache.authorize() {
        Authorizing::Ready(authorization) => Ok(authorization),
        Authorizing::Pending(pending) => pending.await,
    }
}

fn at_once(cache: &TokenCache) -> bool {
    matches!(cache.authorize(), Authorizing::Ready(_))
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

#[tokio::test(start_paused = true)]
async fn many_callers_cause_one_fetch() {
    let (cache, count) = cache(&[Fetch::Token { after: 3, lasts: 3600 }]);
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move { token(&cache).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.expect("no panic"), "fake-token-0");
    }
    assert_eq!(fetched(&count), 1);
}

#[tokio::test(start_paused = true)]
async fn many_callers_share_one_failure() {
    let (cache, count) = cache(&[Fetch::Fail { after: 1 }]);
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move { authorize(&cache).await.map(drop) })
        })
        .collect();
    for task in tasks {
        let error = task.await.expect("no panic").expect_err("the fetch fails");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(std::error::Error::source(&error).is_some(), "the cause is kept");
    }
    assert_eq!(fetched(&count), 1);
    // A failure is not cached: the next caller asks again.
    authorize(&cache).await.map(drop).expect_err("it fails again");
    assert_eq!(fetched(&count), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_near_its_end_is_renewed_without_a_wait() {
    let (cache, count) = cache(&[Fetch::Token { after: 20, lasts: 3600 }]);
    assert_eq!(token(&cache).await, "fake-token-0");
    pass(3299).await;
    assert!(at_once(&cache));
    assert_eq!(fetched(&count), 1, "too early");
    pass(2).await;
    // The renewal takes 20 s, and nobody waits for it.
    for _ in 0..10 {
        assert!(at_once(&cache));
        pass(1).await;
    }
    assert_eq!(fetched(&count), 2, "one renewal");
    assert_eq!(token(&cache).await, "fake-token-0");
    pass(15).await;
    assert!(at_once(&cache));
    assert_eq!(token(&cache).await, "fake-token-1");
}

#[tokio::test(start_paused = true)]
async fn a_failing_renewal_disturbs_nobody() {
    let good = Fetch::Token { after: 0, lasts: 3600 };
    let (cache, count) = cache(&[good, Fetch::Fail { after: 1 }, Fetch::Fail { after: 1 }, good]);
    token(&cache).await;
    pass(3400).await;
    for _ in 0..5 {
        assert_eq!(token(&cache).await, "fake-token-0");
        pass(1).await;
    }
    assert_eq!(fetched(&count), 2, "no storm of renewals after a failure");
    pass(10).await;
    token(&cache).await;
    pass(10).await;
    token(&cache).await;
    pass(1).await;
    assert_eq!(token(&cache).await, "fake-token-3");
}

#[tokio::test(start_paused = true)]
async fn a_token_at_its_end_is_not_used() {
    let (cache, _) = cache(&[Fetch::Token { after: 1, lasts: 300 }]);
    assert_eq!(token(&cache).await, "fake-token-0");
    pass(291).await;
    assert!(!at_once(&cache), "it could expire on the way");
    assert_eq!(token(&cache).await, "fake-token-1");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lasts_no_time_serves_those_who_waited_for_it() {
    let (cache, count) = cache(&[Fetch::Token { after: 1, lasts: 0 }]);
    assert_eq!(token(&cache).await, "fake-token-0");
    assert_eq!(token(&cache).await, "fake-token-1");
    assert_eq!(fetched(&count), 2);
}

#[tokio::test(start_paused = true)]
async fn an_absurd_lifetime_is_capped_and_an_unknown_one_short() {
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
    let unknown = TokenCache::new(Arc::new(Unknown));
    token(&unknown).await;
    pass(200).await;
    assert!(at_once(&unknown));
    pass(100).await;
    assert!(!at_once(&unknown));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_takes_away_that_very_token_only() {
    let (cache, count) = cache(&[Fetch::Token { after: 1, lasts: 3600 }]);
    assert!(cache.is_renewable());
    let first = authorize(&cache).await.expect("there is a token");
    // 64 calls are refused with the same token: one renewal.
    for _ in 0..64 {
        cache.refused(&first);
    }
    let second = authorize(&cache).await.expect("there is a token");
    assert_ne!(first.generation, second.generation);
    cache.refused(&first);
    assert!(at_once(&cache), "the new token was not refused");
    assert_eq!(fetched(&count), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_leaves_nobody_stuck() {
    let (cache, count) = cache(&[Fetch::Token { after: 10, lasts: 3600 }]);
    let leader = tokio::time::timeout(Duration::from_secs(1), authorize(&cache));
    let follower = async {
        pass(0).await;
        token(&cache).await
    };
    let (leader, follower) = tokio::join!(leader, follower);
    assert!(leader.is_err(), "the leader was cancelled");
    assert_eq!(follower, "fake-token-0");
    assert_eq!(fetched(&count), 1, "its fetch went on");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_never_ends_is_ended() {
    let (cache, count) = cache(&[Fetch::Never, Fetch::Token { after: 0, lasts: 60 }]);
    let error = authorize(&cache).await.map(drop).expect_err("it never ends");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::NotApplied));
    assert_eq!(token(&cache).await, "fake-token-1");
    assert_eq!(fetched(&count), 2);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_panics_is_an_error_for_those_who_wait() {
    let (cache, count) = cache(&[Fetch::Panic]);
    let error = authorize(&cache).await.map(drop).expect_err("there is no token");
    assert!(error.to_string().contains("given up without a result"), "{error}");
    assert_eq!(fetched(&count), 3);
    let (cache, _) = self::cache(&[Fetch::Panic, Fetch::Token { after: 0, lasts: 60 }]);
    assert_eq!(token(&cache).await, "fake-token-1", "the next fetch is good");
}

#[tokio::test(start_paused = true)]
async fn an_own_error_keeps_its_kind() {
    struct Limited;
    impl TokenProvider for Limited {
        fn fetch(&self) -> BoxFuture<'_, Fetched> {
            let error = Error::new(ErrorKind::RateLimited)
                .with_effect(Effect::Unknown)
                .with_retry_after(Duration::from_secs(9));
            Box::pin(async { Err(error.into()) })
        }
    }
    let limited = TokenCache::new(Arc::new(Limited));
    let error = authorize(&limited).await.map(drop).expect_err("there is no token");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.effect(), Effect::NotApplied, "the service itself got nothing");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
    assert!(error.to_string().contains("no access token could be had"), "{error}");
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("a runtime")
}

#[test]
fn a_runtime_that_was_dropped_leaves_nobody_stuck() {
    let (cache, count) = cache(&[Fetch::Never, Fetch::Token { after: 0, lasts: 60 }]);
    let first = runtime();
    first.block_on(async {
        let waiting = tokio::time::timeout(Duration::from_secs(1), authorize(&cache));
        assert!(waiting.await.is_err());
    });
    drop(first);
    let started = std::time::Instant::now();
    assert_eq!(runtime().block_on(token(&cache)), "fake-token-1");
    assert!(started.elapsed() < Duration::from_secs(20), "it did not wait in real time");
    assert_eq!(fetched(&count), 2);
}

#[test]
fn a_runtime_that_is_dropped_under_waiting_callers_leaves_them_free() {
    let (cache, _) = cache(&[Fetch::Never, Fetch::Token { after: 0, lasts: 60 }]);
    let first = runtime();
    let waiter = Arc::clone(&cache);
    // The fetch lives on the first runtime; the one who waits for it lives on another.
    first.block_on(async {
        let waiting = tokio::time::timeout(Duration::from_secs(1), authorize(&cache));
        assert!(waiting.await.is_err());
    });
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
fn a_runtime_that_stands_still_is_not_waited_for() {
    let (cache, count) = cache(&[Fetch::Never, Fetch::Token { after: 0, lasts: 60 }]);
    let still = runtime();
    still.block_on(async {
        let waiting = tokio::time::timeout(Duration::from_secs(1), authorize(&cache));
        assert!(waiting.await.is_err());
    });
    // `still` lives on, but nothing drives its tasks.
    let waited = runtime().block_on(async {
        let start = tokio::time::Instant::now();
        assert_eq!(token(&cache).await, "fake-token-1");
        start.elapsed()
    });
    assert!(waited <= Duration::from_secs(31), "{waited:?}");
    assert_eq!(fetched(&count), 2);
    drop(still);
}

#[test]
fn a_late_landing_does_not_replace_a_newer_token() {
    let slow = Fetch::Token { after: 29, lasts: 600 };
    let (cache, count) = cache(&[slow, Fetch::Token { after: 0, lasts: 600 }]);
    let still = runtime();
    still.block_on(async {
        let waiting = tokio::time::timeout(Duration::from_secs(1), authorize(&cache));
        assert!(waiting.await.is_err());
    });
    let other = runtime();
    assert_eq!(other.block_on(token(&cache)), "fake-token-1");
    // The first runtime is driven again, and the fetch that was given up comes to its end.
    still.block_on(pass(40));
    assert_eq!(fetched(&count), 2);
    assert_eq!(other.block_on(token(&cache)), "fake-token-1");
}
