//! Tokens that expire: all waiting callers share one refresh, and no call waits while a token still
//! works.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::credential::Scheme;
use crate::declare::setters;
use crate::error::{Error, ErrorKind};
use crate::model::Secret;
use crate::transport::{Authorization, Authorize, Authorizing, BoxFuture, Patience, bounded};

/// A token, or another credential that changes, with its lifetime.
///
/// ```
/// use rolecall::auth::AccessToken;
/// use std::time::Duration;
///
/// let token = AccessToken::new("obviously-fake").expires_in(Duration::from_secs(300));
/// assert!(!format!("{token:?}").contains("obviously-fake"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AccessToken {
    secret: Secret,
    pub(super) expires_in: Option<Duration>,
}

impl AccessToken {
    /// Wraps a token of unknown lifetime; it is refreshed after five minutes.
    pub fn new(secret: impl Into<Secret>) -> Self {
        Self { secret: secret.into(), expires_in: None }
    }

    setters! {
        /// Sets how long the token lasts from now on. More than a day counts as a day.
        expires_in(some Duration);
    }
}

/// Fetches access tokens; the client caches and refreshes them.
///
/// A provider should not cache: it is called only when a new token is needed.
///
/// ```
/// use rolecall::BoxFuture;
/// use rolecall::auth::{AccessToken, TokenProvider};
/// use std::time::Duration;
///
/// struct Vault;
///
/// impl TokenProvider for Vault {
///     fn fetch(&self) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
///         Box::pin(async {
///             let token = "obviously-fake"; // ask the vault here
///             Ok(AccessToken::new(token).expires_in(Duration::from_secs(300)))
///         })
///     }
/// }
/// # #[cfg(feature = "redox")]
/// # fn example() -> Result<(), rolecall::Error> {
/// use rolecall::auth::Credential;
/// let redox = rolecall::Redox::builder(Credential::provider(Vault)).build()?;
/// # Ok(())
/// # }
/// # #[cfg(all(feature = "redox", feature = "rustls"))]
/// # example().unwrap();
/// ```
pub trait TokenProvider: Send + Sync + 'static {
    /// Gets a new token. [`ClientOptions::token_timeout`](crate::ClientOptions::token_timeout) limits it.
    ///
    /// A [`rolecall::Error`](crate::Error) inside the box keeps its kind if that says why no token
    /// was obtained (a rate limit, a timeout …), and the client does not call the provider again
    /// before its `retry_after`. Any other error ends the call as [`ErrorKind::Unauthenticated`].
    /// Nothing was sent to the service in either case; the error's status, code and attempts are
    /// those of the token request.
    fn fetch(&self)
    -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>>;
}

/// The assumed lifetime of a token that comes without one.
const UNKNOWN_LIFETIME: Duration = Duration::from_secs(300);
/// Longer lifetimes are not trusted: a documented example shows milliseconds since 1970.
pub(super) const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// After a failed early refresh the next one waits this long.
const EARLY_PAUSE: Duration = Duration::from_secs(5);
/// A token that is refused sooner than this after its fetch counts as refused in a row.
const REFUSED_SOON: Duration = Duration::from_secs(60);
/// The first and the longest pause after tokens that were refused in a row.
const REFUSED_PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(8)];
/// A caller gives up after this many refreshes that end without a result.
const VANISHED: u32 = 3;

/// A cache over a [`TokenProvider`].
///
/// A refresh runs in its own task and reports over a channel whose sender it owns. A caller that is
/// dropped does not cancel it. If the task ends without a result (its runtime was dropped, the
/// provider panicked), the channel closes and a waiting caller starts another refresh.
pub(super) struct TokenCache(Arc<Shared>);

struct Shared {
    provider: Arc<dyn TokenProvider>,
    scheme: Scheme,
    timeout: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    live: Option<Live>,
    refresh: Option<Refresh>,
    fetched: u64,
    no_early_before: Option<Instant>,
    /// No token is fetched before this time, for this reason.
    blocked: Option<(Instant, Error)>,
    /// Tokens that were refused in a row.
    refused: u32,
}

impl State {
    /// Blocks fetches until this time, or until an earlier block ends if that is later.
    fn block(&mut self, until: Instant, error: Error) {
        if self.blocked.as_ref().is_none_or(|(earlier, _)| *earlier < until) {
            self.blocked = Some((until, error));
        }
    }
}

/// A token in use.
struct Live {
    authorization: Authorization,
    fetched: Instant,
    refresh_from: Instant,
    usable_until: Instant,
}

type RefreshResult = Option<Result<Authorization, Error>>;

/// A refresh under way.
#[derive(Clone)]
struct Refresh {
    result: watch::Receiver<RefreshResult>,
    overdue: Instant,
}

impl Refresh {
    /// Whether a result can still be expected. A task whose runtime is no longer driven neither
    /// reports nor ends, so the clock decides.
    fn is_under_way(&self, now: Instant) -> bool {
        self.result.has_changed().is_ok() && self.result.borrow().is_none() && now < self.overdue
    }
}

/// The next step of a caller.
enum Step {
    Use(Authorization),
    Await(Refresh),
    /// Wait until then, or give up with this error.
    Wait(Instant, Error),
}

impl TokenCache {
    pub(super) fn new(provider: Arc<dyn TokenProvider>, scheme: Scheme, timeout: Duration) -> Self {
        let timeout = bounded(timeout);
        Self(Arc::new(Shared { provider, scheme, timeout, state: Mutex::default() }))
    }
}

impl Authorize for TokenCache {
    fn authorize(&self, patience: Patience) -> Authorizing<'_> {
        match self.0.step() {
            Step::Use(authorization) => Authorizing::Ready(authorization),
            step => Authorizing::Pending(Box::pin(self.0.wait(step, patience))),
        }
    }

    fn is_renewable(&self) -> bool {
        true
    }

    fn refused(&self, used: &Authorization) {
        let now = Instant::now();
        let mut state = self.0.lock();
        // Only this token: another caller may have refreshed it already.
        let used = |live: &mut Live| live.authorization.generation == used.generation;
        let Some(live) = state.live.take_if(used) else { return };
        let soon = now.saturating_duration_since(live.fetched) < REFUSED_SOON;
        state.refused = if soon { state.refused.saturating_add(1) } else { 1 };
        // The first refused token is replaced at once; each later fetch waits longer.
        if let Some(doublings) = state.refused.checked_sub(2) {
            let [first, longest] = REFUSED_PAUSES;
            let pause = first.saturating_mul(1 << doublings.min(16)).min(longest);
            let detail = "the service refused the last access tokens";
            let error = Error::new(ErrorKind::Unauthenticated).with_detail(detail);
            state.block(now + pause, error);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a working token, a refresh to wait for, or the time of the next possible fetch.
    fn step(self: &Arc<Self>) -> Step {
        let now = Instant::now();
        let mut state = self.lock();
        let under_way = state.refresh.as_ref().filter(|refresh| refresh.is_under_way(now)).cloned();
        let blocked = state.blocked.clone().filter(|(until, _)| now < *until);
        if let Some(live) = state.live.as_ref().filter(|live| now < live.usable_until) {
            let authorization = live.authorization.clone();
            let early =
                now >= live.refresh_from && state.no_early_before.is_none_or(|at| now >= at);
            if early && under_way.is_none() && blocked.is_none() {
                // No caller waits for this refresh, so it belongs to no call.
                self.start(&mut state, now, Span::none());
            }
            return Step::Use(authorization);
        }
        match (under_way, blocked) {
            (Some(refresh), _) => Step::Await(refresh),
            (None, Some((until, error))) => Step::Wait(until, error),
            (None, None) => Step::Await(self.start(&mut state, now, Span::current())),
        }
    }

    async fn wait(
        self: &Arc<Self>,
        mut step: Step,
        patience: Patience,
    ) -> Result<Authorization, Error> {
        let (mut vanished, mut failed) = (0, 0);
        loop {
            match step {
                Step::Use(authorization) => return Ok(authorization),
                Step::Wait(until, error) => {
                    let wait = until.saturating_duration_since(Instant::now());
                    if wait > patience.max_retry_after || until >= patience.deadline {
                        return Err(error.with_retry_after(wait));
                    }
                    tokio::time::sleep_until(until).await;
                }
                Step::Await(mut refresh) => {
                    let result = refresh.result.wait_for(Option::is_some);
                    let result = match tokio::time::timeout_at(refresh.overdue, result).await {
                        Ok(Ok(result)) => result.clone(),
                        _ => None,
                    };
                    match result {
                        // Valid for this call even if it expires at once.
                        Some(Ok(authorization)) => return Ok(authorization),
                        Some(Err(error)) => {
                            failed += 1;
                            let waits = error.is_safe_to_repeat() && error.retry_after().is_some();
                            if !waits || failed >= patience.attempts {
                                return Err(error);
                            }
                        }
                        None => {
                            vanished += 1;
                            if vanished == VANISHED {
                                let detail =
                                    "failed to obtain an access token: no refresh gave a result";
                                return Err(
                                    Error::new(ErrorKind::Unauthenticated).with_detail(detail)
                                );
                            }
                        }
                    }
                }
            }
            step = self.step();
        }
    }

    /// Starts a refresh. A runtime exists: calls check for it before they begin.
    fn start(self: &Arc<Self>, state: &mut State, now: Instant, parent: Span) -> Refresh {
        let (report, result) = watch::channel(None);
        state.fetched += 1;
        let generation = state.fetched;
        let refresh = Refresh { result, overdue: now + self.timeout + Duration::from_secs(1) };
        state.refresh = Some(refresh.clone());
        let shared = Arc::clone(self);
        let fetching = async move {
            let fetched = tokio::time::timeout(shared.timeout, shared.provider.fetch()).await;
            let result = match fetched {
                Err(_) => Err(Error::new(ErrorKind::Timeout)
                    .with_detail("failed to obtain an access token: none came in time")),
                Ok(Err(error)) => Err(provider_error(error)),
                Ok(Ok(token)) => shared.live(&token, generation),
            };
            let result = shared.store(generation, result);
            report.send_replace(Some(result));
        };
        tokio::spawn(fetching.instrument(parent));
        refresh
    }

    fn live(&self, token: &AccessToken, generation: u64) -> Result<Live, Error> {
        let now = Instant::now();
        let authorization = self.scheme.authorization("access token", &token.secret, generation)?;
        let lifetime = token.expires_in.unwrap_or(UNKNOWN_LIFETIME).min(LONGEST_LIFETIME);
        // It is refreshed early enough for a slow refresh to end in time, and is not used in its
        // last seconds, when it could expire in transit.
        let early = (lifetime / 5).min(Duration::from_secs(300));
        let margin = (lifetime / 10).min(Duration::from_secs(10));
        Ok(Live {
            authorization,
            fetched: now,
            refresh_from: now + lifetime - early,
            usable_until: now + lifetime - margin,
        })
    }

    fn store(&self, generation: u64, result: Result<Live, Error>) -> Result<Authorization, Error> {
        let now = Instant::now();
        let mut state = self.lock();
        match result {
            Ok(live) => {
                let authorization = live.authorization.clone();
                // An abandoned refresh may end after its successor.
                if state.live.as_ref().is_none_or(|l| l.authorization.generation < generation) {
                    if state.live.replace(live).is_some() {
                        // The previous token was not refused.
                        state.refused = 0;
                    }
                    state.no_early_before = None;
                }
                Ok(authorization)
            }
            Err(error) => {
                state.no_early_before = Some(now + EARLY_PAUSE);
                let asked = error.retry_after().filter(|wait| !wait.is_zero());
                if let Some(wait) = asked {
                    state.block(now + bounded(wait), error.clone());
                }
                Err(error)
            }
        }
    }
}

/// The error of a call for which no token was obtained.
fn provider_error(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => {
            let (status, attempts) = (error.status(), error.attempts());
            let what = "failed to obtain an access token";
            let own = error.of_other_call(ErrorKind::Unauthenticated, what).with_attempts(attempts);
            match status {
                // The kind is not about a resource, so the status does not pass for the service's.
                Some(status) => own.with_status(status),
                None => own,
            }
        }
        Err(other) => Error::new(ErrorKind::Unauthenticated)
            .with_detail("the token provider failed")
            .with_source(other),
    }
}
