//! Tokens that expire: one fetch for all who wait, and no wait while a token still works.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::fixed::bearer_authorization;
use crate::error::{Error, ErrorKind};
use crate::model::Secret;
use crate::transport::{Authorization, Authorize, Authorizing, BoxFuture};

/// A bearer token and how long it lasts.
///
/// ```
/// use rolecall::auth::AccessToken;
/// use std::time::Duration;
///
/// let token = AccessToken::new("obviously-fake").expires_in(Duration::from_secs(300));
/// assert!(!format!("{token:?}").contains("obviously-fake"));
/// ```
#[derive(Clone, Debug)]
pub struct AccessToken {
    secret: Secret,
    expires_in: Option<Duration>,
}

impl AccessToken {
    /// A token whose end is not known; it is fetched anew after five minutes.
    pub fn new(secret: impl Into<Secret>) -> Self {
        Self { secret: secret.into(), expires_in: None }
    }

    /// How long the token lasts from now on. More than a day is taken as a day.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = Some(lifetime);
        self
    }
}

impl AccessToken {
    #[cfg(test)]
    pub(super) fn lifetime(&self) -> Option<Duration> {
        self.expires_in
    }
}

/// Fetches access tokens; the client caches and renews them.
///
/// A fetch should not cache by itself: it is called only when a new token is wanted.
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
/// use rolecall::auth::Bearer;
/// let redox = rolecall::Redox::builder(Bearer::provider(Vault)).build()?;
/// # Ok(())
/// # }
/// # #[cfg(all(feature = "redox", feature = "rustls"))]
/// # example().unwrap();
/// ```
pub trait TokenProvider: Send + Sync + 'static {
    /// Gets a new token.
    ///
    /// A [`rolecall::Error`](crate::Error) inside the box keeps its kind where that says why no
    /// token came (a rate limit, a timeout …); any other error ends the call as
    /// [`ErrorKind::Unauthenticated`]. Nothing was sent to the service then.
    fn fetch(&self)
    -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>>;
}

/// What is assumed of a token that comes without a lifetime.
const UNKNOWN_LIFETIME: Duration = Duration::from_secs(300);
/// Longer lifetimes are not believed: a documented example prints milliseconds since 1970.
pub(super) const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// A fetch that takes longer has failed.
const FETCH_TIMEOUT: Duration = Duration::from_secs(30);
/// After a failed early renewal the next one waits this long.
const EARLY_PAUSE: Duration = Duration::from_secs(5);
/// A caller that meets this many fetches that vanish without a result gives up.
const VANISHED: u32 = 3;

/// A cache over a [`TokenProvider`].
///
/// A fetch runs in a task of its own and reports over a channel whose sender it owns. So a caller
/// that goes away takes nothing with it, and a task that goes away (its runtime was dropped, the
/// provider panicked) closes the channel, at which those who wait start another.
pub(super) struct TokenCache(Arc<Shared>);

struct Shared {
    provider: Arc<dyn TokenProvider>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    live: Option<Live>,
    flight: Option<Flight>,
    fetched: u64,
    no_early_before: Option<Instant>,
}

/// A token in use.
struct Live {
    authorization: Authorization,
    renew_from: Instant,
    usable_until: Instant,
}

type Landing = Option<Result<Authorization, Error>>;

/// A fetch under way.
#[derive(Clone)]
struct Flight {
    landing: watch::Receiver<Landing>,
    overdue: Instant,
}

impl Flight {
    /// Whether a result can still be expected. A task whose runtime is no longer driven neither
    /// reports nor goes away, hence the clock.
    fn is_under_way(&self, now: Instant) -> bool {
        self.landing.has_changed().is_ok() && self.landing.borrow().is_none() && now < self.overdue
    }
}

impl TokenCache {
    pub(super) fn new(provider: Arc<dyn TokenProvider>) -> Self {
        Self(Arc::new(Shared { provider, state: Mutex::default() }))
    }
}

impl Authorize for TokenCache {
    fn authorize(&self) -> Authorizing<'_> {
        match self.0.next_step() {
            Ok(authorization) => Authorizing::Ready(authorization),
            Err(flight) => Authorizing::Pending(Box::pin(self.0.wait(flight))),
        }
    }

    fn is_renewable(&self) -> bool {
        true
    }

    fn refused(&self, used: &Authorization) {
        let mut state = self.0.lock();
        // Only that very token: another caller may have renewed it already.
        if state.live.as_ref().is_some_and(|l| l.authorization.generation == used.generation) {
            state.live = None;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token that works, or the fetch to wait for.
    fn next_step(self: &Arc<Self>) -> Result<Authorization, Flight> {
        let now = Instant::now();
        let mut state = self.lock();
        let flying = state.flight.as_ref().filter(|flight| flight.is_under_way(now)).cloned();
        let Some(live) = state.live.as_ref().filter(|live| now < live.usable_until) else {
            return Err(flying.unwrap_or_else(|| self.take_off(&mut state, now)));
        };
        let authorization = live.authorization.clone();
        let early = now >= live.renew_from && state.no_early_before.is_none_or(|at| now >= at);
        if early && flying.is_none() {
            // Nobody waits for this one.
            self.take_off(&mut state, now);
        }
        Ok(authorization)
    }

    async fn wait(self: &Arc<Self>, mut flight: Flight) -> Result<Authorization, Error> {
        for _ in 0..VANISHED {
            let mut landing = flight.landing.clone();
            let landed = landing.wait_for(Option::is_some);
            if let Ok(Ok(landed)) = tokio::time::timeout_at(flight.overdue, landed).await {
                // Good for this call even if it expires at once.
                if let Some(result) = landed.clone() {
                    return result;
                }
            }
            match self.next_step() {
                Ok(authorization) => return Ok(authorization),
                Err(next) => flight = next,
            }
        }
        Err(Error::new(ErrorKind::Unauthenticated)
            .with_detail("fetching an access token was given up without a result"))
    }

    /// Starts a fetch. The runtime is there: calls check it before they begin.
    fn take_off(self: &Arc<Self>, state: &mut State, now: Instant) -> Flight {
        let (report, landing) = watch::channel(None);
        state.fetched += 1;
        let generation = state.fetched;
        let flight = Flight { landing, overdue: now + FETCH_TIMEOUT + Duration::from_secs(1) };
        state.flight = Some(flight.clone());
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let fetched = tokio::time::timeout(FETCH_TIMEOUT, shared.provider.fetch()).await;
            let result = shared.land(generation, fetched);
            report.send_replace(Some(result));
        });
        flight
    }

    fn land(
        &self,
        generation: u64,
        fetched: Result<
            Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>,
            tokio::time::error::Elapsed,
        >,
    ) -> Result<Authorization, Error> {
        let now = Instant::now();
        let live = match fetched {
            Err(_) => {
                Err(Error::new(ErrorKind::Timeout).with_detail("no access token came in time"))
            }
            Ok(Err(error)) => Err(provider_error(error)),
            Ok(Ok(token)) => bearer_authorization("access token", &token.secret, generation)
                .map(|authorization| Live::new(authorization, token.expires_in, now)),
        };
        let mut state = self.lock();
        match live {
            Ok(live) => {
                let authorization = live.authorization.clone();
                // A fetch that was given up may land after its successor.
                if state.live.as_ref().is_none_or(|l| l.authorization.generation < generation) {
                    state.live = Some(live);
                    state.no_early_before = None;
                }
                Ok(authorization)
            }
            Err(error) => {
                state.no_early_before = Some(now + EARLY_PAUSE);
                Err(error)
            }
        }
    }
}

impl Live {
    fn new(authorization: Authorization, lifetime: Option<Duration>, now: Instant) -> Self {
        let lifetime = lifetime.unwrap_or(UNKNOWN_LIFETIME).min(LONGEST_LIFETIME);
        // Renewed early enough that a slow fetch is over in time; not used in its last moments,
        // lest it expire on the way.
        let early = (lifetime / 5).min(Duration::from_secs(300));
        let margin = (lifetime / 10).min(Duration::from_secs(10));
        Self {
            authorization,
            renew_from: now + lifetime - early,
            usable_until: now + lifetime - margin,
        }
    }
}

/// The error of a call for which no token could be had.
///
/// What the token request was answered is not what the call was answered: a "not found" there must
/// not be taken for the thing's. So the kinds that are about the thing do not pass, nor does the
/// status; the whole error is the source.
fn provider_error(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(error) => error,
        Err(other) => {
            return Error::new(ErrorKind::Unauthenticated)
                .with_detail("the token provider failed")
                .with_source(other);
        }
    };
    let kind = match error.kind() {
        kind @ (ErrorKind::RateLimited
        | ErrorKind::Server
        | ErrorKind::Timeout
        | ErrorKind::Connect
        | ErrorKind::Interrupted
        | ErrorKind::Decode
        | ErrorKind::UnexpectedStatus
        | ErrorKind::Configuration) => kind,
        _ => ErrorKind::Unauthenticated,
    };
    let mut told = Error::new(kind).with_detail("no access token could be had");
    if let Some(code) = error.code() {
        told = told.with_code(code);
    }
    if let Some(message) = error.message() {
        told = told.with_message(message);
    }
    if let Some(id) = error.request_id() {
        told = told.with_request_id(id);
    }
    if let Some(wait) = error.retry_after() {
        told = told.with_retry_after(wait);
    }
    told.with_service_of(&error).with_source(*error)
}
