//! Sends operations: one loop for all services, token requests included.
//!
//! `deadline → (authorize → attempt → decide → wait)*`. Time comes from tokio's clock, which tests
//! pause and advance; the wall clock (for `Retry-After` dates), randomness and the wire are
//! injected.

mod attempt;
mod authorize;
mod call;
mod cause;
mod cycles;
mod endpoint;
mod ensure;
#[cfg(fuzzing)]
pub mod fuzzing;
mod http_client;
mod http_config;
mod interceptor;
mod list;
mod mask;
mod options;
mod pages;
mod position;
pub(crate) mod retry;
mod session;
mod spans;
mod wire;

#[cfg(test)]
mod ensure_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod list_tests;
#[cfg(test)]
mod loop_tests;
#[cfg(test)]
pub(crate) mod memory;

pub use call::{Call, Response, WithResponse};
pub use ensure::{Ensured, EnsuredAbsent, EnsuredRole, Mismatch};
pub use http_config::HttpConfig;
pub use interceptor::{Attempt, AttemptReport, Interceptor};
pub use list::List;
pub use options::ClientOptions;
pub use pages::{Items, Page, Pages};
pub use position::Position;
pub use retry::RetryPolicy;
pub use wire::BoxFuture;

pub(crate) use authorize::{Authorization, Authorize, Authorizing, Patience};
pub(crate) use call::CallOptions;
#[cfg(any(feature = "twilio", feature = "harness", feature = "redox"))]
pub(crate) use ensure::Unwanted;
#[cfg(feature = "twilio")]
pub(crate) use ensure::unread;
pub(crate) use ensure::{Desired, Finding, Found};
pub(crate) use options::Address;
pub(crate) use retry::Budget;
pub(crate) use session::Session;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use tokio::time::Instant;
use tracing::Instrument;
use url::Url;

use crate::error::{Effect, Error, ErrorKind};
use crate::model::Secret;
use crate::model::env::Vars;
use crate::operation::{Idempotency, ListOperation, Operation, Prepared, Spec, build, complete};
use attempt::Failed;
use authorize::Authorizing::{Pending, Ready};
use endpoint::Endpoint;
use mask::Mask;
use retry::{Decision, FailedAttempt};
use spans::record_failure;
use wire::Wire;

/// A client's connection to one origin: the wire, the credentials bound to it, and the retry
/// policy.
#[derive(Clone)]
pub(crate) struct Transport(Arc<Inner>);

struct Inner {
    base: Url,
    /// The same address as a `Uri`, from which the addresses of requests are made.
    address: Uri,
    headers: HeaderMap,
    wire: Box<dyn Wire>,
    authorize: Box<dyn Authorize>,
    options: ClientOptions,
    budget: Arc<Budget>,
    environment: Environment,
    /// Secrets that must not be shown, beside the credentials.
    secrets: Arc<[Secret]>,
    /// The public id of the account or key.
    credential_id: Option<String>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transport({})", self.origin())
    }
}

/// The wall clock and the jitter, injected so that tests control them.
pub(crate) struct Environment {
    pub(crate) wall: fn() -> SystemTime,
    pub(crate) jitter: Box<dyn Fn() -> f64 + Send + Sync>,
}

impl Default for Environment {
    fn default() -> Self {
        Self { wall: SystemTime::now, jitter: Box::new(fastrand::f64) }
    }
}

/// Where the requests of a call come from.
enum Source {
    /// The request is built once, and completed for each attempt.
    Once(Arc<Prepared>),
    /// The request is built anew for each attempt: it holds a value for one use.
    Anew(Box<dyn Fn() -> Result<Prepared, Error> + Send + Sync>),
}

impl Source {
    fn prepared(&self) -> Result<Arc<Prepared>, Error> {
        match self {
            Self::Once(prepared) => Ok(Arc::clone(prepared)),
            Self::Anew(build) => build().map(Arc::new),
        }
    }

    /// The path template. (An operation that is built anew has one.)
    fn template(&self, spec: &Spec) -> &'static str {
        match self {
            Self::Once(prepared) => prepared.template,
            Self::Anew(_) => spec.paths[0],
        }
    }
}

/// A successful response, complete but not decoded.
struct Reply {
    response: http::Response<Bytes>,
    mask: Mask,
}

/// How a call's attempts went.
#[derive(Clone, Copy, Default)]
struct Progress {
    attempts: u32,
    /// An attempt before the last one may have taken effect.
    maybe_arrived: bool,
    /// Of the response to the last attempt.
    status: Option<StatusCode>,
}

impl Transport {
    /// A transport over HTTP.
    ///
    /// # Errors
    /// A configuration error if the options cannot be used.
    pub(crate) fn new(
        base: Url,
        authorize: impl Authorize + 'static,
        headers: HeaderMap,
        options: &ClientOptions,
        budget: &Arc<Budget>,
    ) -> Result<Self, Error> {
        #[cfg(fuzzing)]
        if let Some(wire) = fuzzing::wire() {
            let environment = Environment::default();
            return Self::with_wire(base, wire, authorize, headers, options, budget, environment);
        }
        let mut options = options.clone();
        options.http = options.http.with_proxy_to(&base, &Vars::of_process())?;
        let wire = Box::new(http_client::HttpClient::new(&base, &options)?);
        let environment = Environment::default();
        Self::with_wire(base, wire, authorize, headers, &options, budget, environment)
    }

    /// A transport to a token endpoint. The program's own headers are not sent there, and the time
    /// limit of an attempt leaves time for another one.
    ///
    /// # Errors
    /// A configuration error if the options cannot be used.
    #[cfg(any(feature = "twilio", feature = "redox-jwt"))]
    pub(crate) fn for_tokens(
        url: Url,
        authorize: impl Authorize + 'static,
        options: &ClientOptions,
        budget: &Arc<Budget>,
    ) -> Result<Self, Error> {
        let options = options.clone().for_tokens();
        Self::new(url, authorize, HeaderMap::new(), &options, budget)
    }

    /// A transport over any wire.
    ///
    /// # Errors
    /// A configuration error if a header of the options cannot be sent.
    pub(crate) fn with_wire(
        base: Url,
        wire: Box<dyn Wire>,
        authorize: impl Authorize + 'static,
        mut headers: HeaderMap,
        options: &ClientOptions,
        budget: &Arc<Budget>,
        environment: Environment,
    ) -> Result<Self, Error> {
        let own = options.own_headers()?;
        let secrets = mask::proxy_secrets(options.http.proxy.as_ref()).into_iter();
        let secrets = secrets.chain(mask::values(&own)).collect();
        headers.extend(own);
        headers.insert(header::USER_AGENT, options.user_agent()?);
        let address = base.as_str().parse().map_err(|error| {
            Error::configuration("the base URL is no address of HTTP").with_source(error)
        })?;
        Ok(Self(Arc::new(Inner {
            base,
            address,
            headers,
            wire,
            authorize: Box::new(authorize),
            budget: Arc::clone(budget),
            secrets,
            options: options.clone(),
            environment,
            credential_id: None,
        })))
    }

    /// Sets the public id of the account or key, for the provenance of a snapshot.
    #[cfg(any(feature = "harness", feature = "redox", feature = "twilio"))]
    pub(crate) fn with_credential_id(mut self, id: Option<String>) -> Self {
        // It is not shared yet.
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.credential_id = id;
        }
        self
    }

    pub(crate) fn credential_id(&self) -> Option<&str> {
        self.0.credential_id.as_deref()
    }

    /// Returns a call of an operation. Awaiting it sends the request.
    pub(crate) fn call<O: Operation>(&self, operation: &O) -> Call<O::Output> {
        Call::new(self.clone(), operation)
    }

    /// Returns a call of an operation whose request is built anew for each attempt.
    pub(crate) fn call_built_anew<O: Operation + 'static>(&self, operation: O) -> Call<O::Output> {
        Call::built_anew(self.clone(), operation)
    }

    /// Returns a list call. Requesting an item or a page sends the first request.
    pub(crate) fn list<O: ListOperation>(&self, operation: O) -> List<O> {
        List::new(self.clone(), operation)
    }

    #[cfg(any(feature = "twilio", feature = "redox-jwt"))]
    pub(crate) fn base(&self) -> &Url {
        &self.0.base
    }

    /// Returns the origin that the credentials are bound to.
    pub(crate) fn origin(&self) -> String {
        self.0.base.origin().ascii_serialization()
    }

    /// # Errors
    /// An error if the operation's input breaks a rule.
    fn prepare<O: Operation>(&self, operation: &O) -> Result<Prepared, Error> {
        build(operation, &self.0.address).map_err(|error| error.with_operation(O::SPEC.name))
    }

    /// Returns the deadline of a call that begins now.
    fn deadline(&self, options: &CallOptions) -> Instant {
        let timeout = options.timeout.unwrap_or(self.0.options.call_timeout);
        let own = Instant::now() + bounded(timeout);
        options.session.as_ref().map_or(own, |session| own.min(session.deadline()))
    }

    fn policy<'a>(&'a self, retry: Option<&'a RetryPolicy>) -> &'a RetryPolicy {
        retry.unwrap_or(&self.0.options.retry)
    }

    /// Runs a call: attempts, waits and token renewals, all before one deadline.
    ///
    /// The future is kept small: an `async fn` would store its arguments twice, and a value
    /// borrowed across an `await` is stored until its scope ends.
    #[expect(clippy::manual_async_fn, reason = "the block holds its captures once")]
    fn run<'a>(
        &'a self,
        endpoint: &'static Endpoint,
        source: &'a Source,
        options: &'a CallOptions,
        progress: &'a mut Progress,
    ) -> impl Future<Output = Result<Reply, Error>> + Send + 'a {
        async move {
            if tokio::runtime::Handle::try_current().is_err() {
                return Err(Error::configuration("a call must be awaited within a Tokio runtime"));
            }
            let inner = &*self.0;
            let policy = self.policy(options.retry.as_deref());
            let RetryPolicy { max_retry_after, max_attempts: attempts, .. } = *policy;
            let deadline = self.deadline(options);
            let patience = Patience { deadline, max_retry_after, attempts };
            let mut renewed = false;
            loop {
                let unsent = |error| conclude(error, Effect::NotApplied, endpoint, progress);
                // Before the authorization, which names what a request that is built anew holds and must
                // not be shown.
                let prepared = source.prepared().map_err(unsent)?;
                let template = prepared.template;
                let authorization = self.authorization(patience).await.map_err(unsent)?;
                let number = progress.attempts + 1;
                let attempt = match inner.options.interceptors.is_empty() {
                    true => None,
                    false => {
                        let attempt = self.intercept(endpoint, template, number, deadline);
                        Some(Box::pin(attempt).await.map_err(unsent)?)
                    }
                };
                let added = attempt.as_ref().map(|attempt| &attempt.headers);
                let mask = Mask::new(&authorization.secrets, &inner.secrets, added);
                let request = authorized(&prepared, &inner.headers, &authorization, added);
                progress.attempts = number;
                let span = self.attempt_span(endpoint, template, number);
                let begun = Instant::now();
                let until = deadline.min(begun + bounded(inner.options.attempt_timeout));
                let limit = inner.options.limit(options.list);
                let sending = self.attempt(endpoint, request, limit, &mask, until, &span);
                let result = sending.instrument(span.clone()).await;
                let result = match &attempt {
                    None => result,
                    Some(attempt) => {
                        Box::pin(self.report(attempt, endpoint, result, begun, deadline)).await
                    }
                };
                let failed = match result.map(|response| Reply { response, mask }) {
                    Ok(reply) => {
                        progress.status = Some(reply.response.status());
                        return Ok(reply);
                    }
                    Err(failed) => failed,
                };
                let Failed { outcome, error } = failed;
                progress.status = error.status();
                let effect = endpoint.effect(outcome, &error);
                record_failure(&span, error.kind(), effect);
                if error.kind() == ErrorKind::Unauthenticated && error.status().is_some() {
                    inner.authorize.refused(&authorization);
                }
                let decision = retry::decide(
                    policy,
                    &FailedAttempt {
                        idempotency: endpoint.spec.idempotency,
                        outcome,
                        effect,
                        retry_after: error.retry_after(),
                        attempts: progress.attempts,
                        left: deadline.saturating_duration_since(Instant::now()),
                        renewable: !renewed && inner.authorize.is_renewable(),
                        jitter: (inner.environment.jitter)(),
                    },
                );
                let stop = match decision {
                    Decision::Again(wait) if inner.budget.spend() => {
                        // The error itself could quote the service.
                        tracing::debug!(?wait, kind = error.kind().as_str(), "retrying the call");
                        progress.maybe_arrived |= effect == Effect::Unknown;
                        renewed |= outcome.refuses_credentials();
                        tokio::time::sleep(wait).await;
                        continue;
                    }
                    Decision::Again(_) => Some("not retried: the client's retry budget is spent"),
                    Decision::Stop(reason) => reason,
                };
                let error = match stop {
                    Some(reason) => error.with_remark(reason),
                    None => error,
                };
                return Err(conclude(error, effect, endpoint, progress));
            }
        }
    }

    /// Gets the credentials of the next attempt, within the call's deadline.
    async fn authorization(&self, patience: Patience) -> Result<Authorization, Error> {
        let pending = match self.0.authorize.authorize(patience) {
            Ready(authorization) => return Ok(authorization),
            Pending(pending) => pending,
        };
        tokio::time::timeout_at(patience.deadline, pending).await.unwrap_or_else(|_| {
            let detail = "failed to obtain an access token: none came in time";
            Err(Error::new(ErrorKind::Timeout).with_detail(detail))
        })
    }

    /// Runs the interceptors before an attempt.
    async fn intercept(
        &self,
        endpoint: &Endpoint,
        template: &'static str,
        number: u32,
        deadline: Instant,
    ) -> Result<Box<Attempt>, Error> {
        let mut attempt = Box::new(Attempt {
            operation: endpoint.spec.name,
            method: endpoint.spec.method.clone(),
            template,
            origin: self.origin(),
            number,
            headers: HeaderMap::new(),
        });
        let mut ran = 0;
        let running = async {
            for interceptor in &self.0.options.interceptors {
                interceptor.before_attempt(&mut attempt).await.map_err(interceptor_error)?;
                ran += 1;
            }
            Ok(())
        };
        let ended = tokio::time::timeout_at(deadline, running).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout).with_detail("an interceptor did not end in time"))
        });
        let Err(error) = ended else { return Ok(attempt) };
        let (effect, duration) = (Effect::NotApplied, Duration::ZERO);
        let report = AttemptReport { status: None, error: Some(error.kind()), effect, duration };
        self.tell(ran, &attempt, &report, deadline).await;
        Err(error)
    }

    /// Reports the end of an attempt to the first `ran` interceptors.
    async fn tell(&self, ran: usize, attempt: &Attempt, report: &AttemptReport, until: Instant) {
        let running = async {
            for interceptor in &self.0.options.interceptors[..ran] {
                interceptor.after_attempt(attempt, report).await;
            }
        };
        // The attempt has ended; interceptors cannot change its outcome.
        let _ = tokio::time::timeout_at(until, running).await;
    }

    /// Runs the interceptors after an attempt.
    async fn report(
        &self,
        attempt: &Attempt,
        endpoint: &Endpoint,
        result: Result<http::Response<Bytes>, Failed>,
        begun: Instant,
        deadline: Instant,
    ) -> Result<http::Response<Bytes>, Failed> {
        let report = report(endpoint, &result, begun.elapsed());
        self.tell(self.0.options.interceptors.len(), attempt, &report, deadline).await;
        result
    }
}

fn report(
    endpoint: &Endpoint,
    result: &Result<http::Response<Bytes>, Failed>,
    duration: Duration,
) -> AttemptReport {
    let idempotency = endpoint.spec.idempotency;
    let (status, error, effect) = match result {
        Ok(response) if idempotency == Idempotency::Safe => {
            (Some(response.status()), None, Effect::NotApplied)
        }
        Ok(response) if endpoint.is_evidence(response) => {
            (Some(response.status()), None, Effect::Applied)
        }
        Ok(response) => (Some(response.status()), None, Effect::Unknown),
        Err(Failed { outcome, error }) => {
            (error.status(), Some(error.kind()), endpoint.effect(*outcome, error))
        }
    };
    AttemptReport { status, error, effect, duration }
}

/// The error of a call that an interceptor ended. It may be the error of another call, whose
/// response says nothing about this one.
fn interceptor_error(error: Error) -> Error {
    error.of_other_call(ErrorKind::Rejected, "an interceptor failed")
}

/// Completes a request with the client's headers, its authentication, and the headers of
/// interceptors.
fn authorized(
    prepared: &Prepared,
    client: &HeaderMap,
    authorization: &Authorization,
    added: Option<&HeaderMap>,
) -> http::Request<Bytes> {
    let mut request = complete(prepared, client);
    request.headers_mut().extend(added.cloned().into_iter().flatten());
    if let Some((name, value)) = &authorization.header {
        request.headers_mut().insert(name, value.clone());
    }
    request
}

/// Completes the final error with the values of the whole call.
fn conclude(error: Error, last: Effect, endpoint: &Endpoint, progress: &Progress) -> Error {
    // The error of getting a token counts attempts of its own.
    let attempts = progress.attempts.saturating_add(error.attempts());
    error
        .with_effect(retry::fold(progress.maybe_arrived, last))
        .with_operation(endpoint.spec.name)
        .with_attempts(attempts)
}

/// So long that it means "no limit", short enough to add to any instant.
pub(crate) fn bounded(duration: Duration) -> Duration {
    duration.min(Duration::from_secs(30 * 24 * 3600))
}

/// A header value that `Debug` does not show.
///
/// # Errors
/// A configuration error that names the field.
pub(crate) fn secret_header(field: &str, text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::configuration(format!("{field}: must not contain line breaks or control characters"))
    })?;
    value.set_sensitive(true);
    Ok(value)
}
