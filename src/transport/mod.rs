//! What happens between an operation and the wire: one loop for all services.
//!
//! `deadline → (authorize → attempt → decide → wait)*`. Time comes from tokio's clock, which tests
//! pause and advance; the wall clock (for `Retry-After` dates), randomness and the wire are
//! injected.

mod authorize;
mod call;
mod ensure;
#[cfg(fuzzing)]
pub mod fuzzing;
mod http_client;
mod mask;
mod options;
mod pages;
pub(crate) mod retry;
mod wire;

#[cfg(test)]
mod ensure_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod loop_tests;
#[cfg(test)]
pub(crate) mod memory;
#[cfg(test)]
mod pages_tests;

pub use call::{Call, Response, WithResponse};
pub use ensure::{Difference, Ensured, EnsuredAbsent};
pub use options::{ClientOptions, HttpConfig};
pub use pages::{Items, Page, Pages, Position};
pub use retry::RetryPolicy;
pub use wire::BoxFuture;

pub(crate) use authorize::{Authorization, Authorize, Authorizing};
pub(crate) use call::CallOptions;
pub(crate) use ensure::{Found, conflict, ensure, ensure_absent, ensure_by_setting, unread};
pub(crate) use options::Address;
pub(crate) use pages::{List, Listed};

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::Instant;
use tracing::{Instrument, Span, field};
use url::Url;

use crate::error::{Effect, Error, ErrorKind};
use crate::model::Secret;
use crate::operation::{Failure, Operation, Repeat, Request, Service, build};
use authorize::Authorizing::{Pending, Ready};
use mask::Mask;
use retry::{Budget, Decision, Reach, Situation};
use wire::{BodyFault, BodyFaultCause, SentMark, Wire, WireAnswer, WireFault, WireRequest};

/// A client's way to one origin: the wire, the credentials bound to it, and the rules of repetition.
#[derive(Clone)]
pub(crate) struct Transport(Arc<Inner>);

struct Inner {
    base: Url,
    headers: HeaderMap,
    wire: Box<dyn Wire>,
    authorize: Box<dyn Authorize>,
    options: ClientOptions,
    budget: Budget,
    environment: Environment,
    proxy_secrets: Arc<[Secret]>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transport({})", self.address())
    }
}

/// What the loop would otherwise take from the world around it.
pub(crate) struct Environment {
    pub(crate) wall: fn() -> SystemTime,
    pub(crate) jitter: Box<dyn Fn() -> f64 + Send + Sync>,
}

impl Default for Environment {
    fn default() -> Self {
        Self { wall: SystemTime::now, jitter: Box::new(fastrand::f64) }
    }
}

/// A request with all that the loop needs to know of its operation.
pub(crate) struct Prepared {
    request: Request,
    name: &'static str,
    success: &'static [u16],
    repeat: Repeat,
    status_confirms: bool,
    sensitive: bool,
    read_failure: fn(StatusCode, &HeaderMap, &[u8]) -> Failure,
    request_id: fn(&HeaderMap) -> Option<String>,
    request_id_label: &'static str,
}

/// A successful answer, complete but not decoded.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    mask: Mask,
}

/// How a call's attempts went.
#[derive(Clone, Copy, Default)]
struct Course {
    attempts: u32,
    /// An attempt before the last one may have been carried out.
    maybe_arrived: bool,
}

/// One attempt without success.
struct Miss {
    reach: Reach,
    retry_after: Option<Duration>,
    error: Error,
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
    ) -> Result<Self, Error> {
        #[cfg(fuzzing)]
        if let Some(wire) = fuzzing::wire() {
            let environment = Environment::default();
            return Self::with_wire(base, wire, authorize, headers, options, environment);
        }
        let wire = http_client::HttpClient::new(&base, options)?;
        let environment = Environment::default();
        Self::with_wire(base, Box::new(wire), authorize, headers, options, environment)
    }

    /// A transport over any wire.
    ///
    /// # Errors
    /// A configuration error if the user agent cannot be a header.
    pub(crate) fn with_wire(
        base: Url,
        wire: Box<dyn Wire>,
        authorize: impl Authorize + 'static,
        mut headers: HeaderMap,
        options: &ClientOptions,
        environment: Environment,
    ) -> Result<Self, Error> {
        headers.insert(header::USER_AGENT, options.user_agent()?);
        Ok(Self(Arc::new(Inner {
            base,
            headers,
            wire,
            authorize: Box::new(authorize),
            budget: Budget::new(options.retry.budget),
            proxy_secrets: mask::proxy_secrets(options.http.proxy.as_ref()),
            options: options.clone(),
            environment,
        })))
    }

    /// Makes a call of an operation; nothing is sent before it is awaited.
    pub(crate) fn call<O: Operation>(&self, operation: &O) -> Call<O::Answer> {
        Call::new(self.clone(), operation)
    }

    /// The origin that the credentials are bound to.
    pub(crate) fn address(&self) -> String {
        self.0.base.origin().ascii_serialization()
    }

    /// A header that every request has, as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.get(name)?.to_str().ok()
    }

    fn prepare<O: Operation>(&self, operation: &O) -> Result<Prepared, Error> {
        let mut request =
            build(operation, &self.0.base).map_err(|error| error.with_operation(O::NAME))?;
        for (name, value) in &self.0.headers {
            request.headers.insert(name, value.clone());
        }
        Ok(Prepared {
            request,
            name: O::NAME,
            success: O::SUCCESS,
            repeat: O::REPEAT,
            status_confirms: O::STATUS_CONFIRMS,
            sensitive: O::SENSITIVE,
            read_failure: O::Service::read_failure,
            request_id: O::Service::request_id,
            request_id_label: O::Service::REQUEST_ID_LABEL,
        })
    }

    /// Runs a call to its end: attempts, waits and renewals, all before one deadline.
    async fn run(
        &self,
        prepared: &Prepared,
        options: &CallOptions,
        course: &mut Course,
    ) -> Result<Answer, Error> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::configuration("a call must be awaited within a Tokio runtime"));
        }
        let inner = &*self.0;
        let policy = options.retry.as_ref().unwrap_or(&inner.options.retry);
        let deadline =
            Instant::now() + bounded(options.timeout.unwrap_or(inner.options.call_timeout));
        let mut renewed = false;
        loop {
            let authorization = self
                .authorization(deadline)
                .await
                .map_err(|error| conclude(error, Effect::NotApplied, prepared, course))?;
            course.attempts += 1;
            let span = self.attempt_span(prepared, course.attempts);
            let attempt = self.attempt(prepared, &authorization, deadline, &span);
            let miss = match attempt.instrument(span.clone()).await {
                Ok(answer) => {
                    inner.budget.earn();
                    return Ok(answer);
                }
                Err(miss) => miss,
            };
            span.record("error.type", miss.error.kind().as_str());
            let effect = retry::effect(prepared.repeat, miss.reach);
            let decision = retry::decide(
                policy,
                &Situation {
                    repeat: prepared.repeat,
                    reach: miss.reach,
                    retry_after: miss.retry_after,
                    attempts: course.attempts,
                    left: deadline.saturating_duration_since(Instant::now()),
                    renewable: !renewed && inner.authorize.is_renewable(),
                    jitter: (inner.environment.jitter)(),
                },
            );
            let stop = match decision {
                Decision::Renew => {
                    inner.authorize.refused(&authorization);
                    renewed = true;
                    continue;
                }
                Decision::Again(wait) if inner.budget.spend() => {
                    // The error itself could quote the service.
                    tracing::debug!(
                        ?wait,
                        kind = miss.error.kind().as_str(),
                        "the call is tried again"
                    );
                    course.maybe_arrived |= effect == Effect::Unknown;
                    tokio::time::sleep(wait).await;
                    continue;
                }
                Decision::Again(_) => Some("not repeated: the client's retry budget is spent"),
                Decision::Stop(reason) => reason,
            };
            let error = match miss.error.kind() {
                ErrorKind::Connect => miss.error.or_detail(|| self.address().into()),
                _ => miss.error,
            };
            let error = match stop {
                Some(reason) => error.with_remark(reason),
                None => error,
            };
            return Err(conclude(error, effect, prepared, course));
        }
    }

    /// The credentials of the next attempt, within the call's deadline.
    async fn authorization(&self, deadline: Instant) -> Result<Authorization, Error> {
        let pending = match self.0.authorize.authorize() {
            Ready(authorization) => return Ok(authorization),
            Pending(pending) => pending,
        };
        tokio::time::timeout_at(deadline, pending).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout).with_detail("no access token came in time"))
        })
    }

    async fn attempt(
        &self,
        prepared: &Prepared,
        authorization: &Authorization,
        deadline: Instant,
        span: &Span,
    ) -> Result<Answer, Miss> {
        let inner = &*self.0;
        let until = deadline.min(Instant::now() + bounded(inner.options.attempt_timeout));
        let sent = SentMark::default();
        let sending = inner.wire.send(inner.wire_request(prepared, authorization, &sent));
        let (status, headers, body) = match tokio::time::timeout_at(until, sending).await {
            Ok(Ok(WireAnswer { status, headers, body })) => (status, headers, body),
            Ok(Err(fault)) => return Err(no_answer(fault, &sent)),
            Err(_) if sent.settle() => {
                let error = Error::new(ErrorKind::Timeout).with_detail("no answer in time");
                return Err(Miss { reach: Reach::NoAnswer, retry_after: None, error });
            }
            Err(_) => {
                let error = Error::new(ErrorKind::Timeout).with_detail("no connection in time");
                let reach = Reach::NotSent { passing: true };
                return Err(Miss { reach, retry_after: None, error });
            }
        };
        span.record("http.response.status_code", status.as_u16());
        let body = match tokio::time::timeout_at(until, body).await {
            Ok(read) => read.map_err(Some),
            Err(_) => Err(None),
        };
        let mask = Mask::new(&authorization.secrets, &inner.proxy_secrets);
        let success = prepared.success.contains(&status.as_u16());
        match (success, body) {
            (true, Ok(body)) => Ok(Answer { status, headers, body, mask }),
            (true, Err(fault)) => Err(unreadable(prepared, status, headers, fault, &mask)),
            (false, body) => {
                // What was read of a broken body may still hold the service's words.
                let body =
                    body.unwrap_or_else(|fault| fault.map(|f| f.partial).unwrap_or_default());
                Err(self.refused(prepared, status, mask.headers(headers), &mask.bytes(body)))
            }
        }
    }

    /// An answer that is not a success of the operation.
    fn refused(
        &self,
        prepared: &Prepared,
        status: StatusCode,
        headers: HeaderMap,
        body: &[u8],
    ) -> Miss {
        let retry_after = retry::retry_after(&headers, (self.0.environment.wall)());
        let (kind, error) = failure(prepared, status, headers, body);
        let error = match retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        };
        Miss { reach: Reach::Answered { status: status.as_u16(), kind }, retry_after, error }
    }

    fn attempt_span(&self, prepared: &Prepared, attempt: u32) -> Span {
        let base = &self.0.base;
        tracing::info_span!(
            "rolecall.attempt",
            otel.kind = "client",
            http.request.method = prepared.request.method.as_str(),
            url.template = prepared.request.template,
            server.address = base.host_str().unwrap_or_default(),
            server.port = base.port_or_known_default(),
            http.request.resend_count = (attempt > 1).then_some(attempt - 1),
            http.response.status_code = field::Empty,
            "error.type" = field::Empty,
        )
    }

    fn call_span(&self, prepared: &Prepared) -> Span {
        let base = &self.0.base;
        tracing::info_span!(
            "rolecall.call",
            rolecall.operation = prepared.name,
            http.request.method = prepared.request.method.as_str(),
            url.template = prepared.request.template,
            server.address = base.host_str().unwrap_or_default(),
            server.port = base.port_or_known_default(),
            http.request.resend_count = field::Empty,
            http.response.status_code = field::Empty,
            "error.type" = field::Empty,
        )
    }
}

impl Inner {
    /// What one attempt sends.
    fn wire_request(
        &self,
        prepared: &Prepared,
        authorization: &Authorization,
        sent: &SentMark,
    ) -> WireRequest {
        let request = &prepared.request;
        // Not a clone, which would have to grow: for what authenticates it, and for what HTTP adds.
        let mut headers = HeaderMap::with_capacity(request.headers.len() + 3);
        headers.extend(request.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        if let Some((name, value)) = &authorization.header {
            headers.insert(name, value.clone());
        }
        WireRequest {
            method: request.method.clone(),
            url: request.url.clone(),
            headers,
            body: request.body.clone(),
            limit: self.options.max_answer_bytes,
            sent: sent.clone(),
        }
    }
}

/// The longest body that is read for a service's typed error.
pub(crate) const LONGEST_ERROR: usize = 64 * 1024;

/// The error of an answer that the operation's service reads as a failure.
fn failure(
    prepared: &Prepared,
    status: StatusCode,
    headers: HeaderMap,
    body: &[u8],
) -> (ErrorKind, Error) {
    // What comes with a token must not be kept in any form, whatever the status.
    let told = status.is_client_error() || status.is_server_error();
    let holds_token = || body.windows(12).any(|part| part == b"access_token");
    let body = if prepared.sensitive && (!told || holds_token()) { &[] } else { body };
    // No service tells an error at such length; as a tree it would be many times as large.
    let readable = if body.len() <= LONGEST_ERROR { body } else { &[] };
    let mut failure = (prepared.read_failure)(status, &headers, readable);
    if prepared.success.contains(&status.as_u16()) && failure.kind == ErrorKind::UnexpectedStatus {
        // The status was expected; it is the body that says that the call did not succeed.
        failure.kind = ErrorKind::Rejected;
    }
    let request_id = (prepared.request_id)(&headers).or(failure.request_id);
    let mut error = Error::new(failure.kind)
        .with_status(status)
        .with_headers(headers)
        .with_body(body)
        .with_shared_service(failure.service, prepared.request_id_label);
    if let Some(id) = request_id {
        error = error.with_request_id(id);
    }
    if let Some(code) = failure.code {
        error = error.with_code(code);
    }
    if let Some(message) = failure.message.or_else(|| plain_text(body)) {
        error = error.with_message(message);
    }
    (failure.kind, error)
}

/// A short body that is neither JSON nor a page: what a service or a proxy says in plain words.
fn plain_text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let plain = text.len() <= 300 && !text.starts_with(['<', '{', '[', '"']);
    let words = text.contains(' ') && !text.chars().any(|c| c.is_control() && !c.is_whitespace());
    (plain && words).then(|| text.to_owned())
}

/// A documented success whose body could not be read to its end (`None`: in time).
fn unreadable(
    prepared: &Prepared,
    status: StatusCode,
    headers: HeaderMap,
    fault: Option<BodyFault>,
    mask: &Mask,
) -> Miss {
    let (error, partial) = match fault {
        None => {
            let error =
                Error::new(ErrorKind::Timeout).with_detail("the answer did not end in time");
            (error, Bytes::new())
        }
        Some(BodyFault { cause, partial }) => {
            let error = match cause {
                BodyFaultCause::TooLarge { limit } => Error::new(ErrorKind::Decode)
                    .with_detail(format!("the answer is larger than {limit} bytes")),
                BodyFaultCause::Encoded { encoding } => {
                    Error::new(ErrorKind::Decode).with_detail(format!(
                        "the answer is encoded ({}), which was not asked for",
                        mask.text(encoding)
                    ))
                }
                BodyFaultCause::Broken(source) => Error::new(ErrorKind::Interrupted)
                    .with_detail("the answer broke off")
                    .with_source(source),
            };
            (error, partial)
        }
    };
    let error = identify(error, prepared, status, mask.headers(headers));
    let error = if prepared.sensitive { error } else { error.with_body(&mask.bytes(partial)) };
    let reach = Reach::Unreadable { confirmed: prepared.status_confirms };
    Miss { reach, retry_after: None, error }
}

/// Adds what the head of an answer says.
fn identify(error: Error, prepared: &Prepared, status: StatusCode, headers: HeaderMap) -> Error {
    let id = (prepared.request_id)(&headers);
    let error = error
        .with_status(status)
        .with_headers(headers)
        .with_shared_service(None, prepared.request_id_label);
    match id {
        Some(id) => error.with_request_id(id),
        None => error,
    }
}

fn no_answer(fault: WireFault, sent: &SentMark) -> Miss {
    let (reach, error) = match fault {
        WireFault::Unusable(source) => (
            Reach::NotSent { passing: false },
            Error::new(ErrorKind::Configuration)
                .with_detail("the request could not be sent")
                .with_source(source),
        ),
        WireFault::Connect(source) => {
            (Reach::NotSent { passing: true }, Error::new(ErrorKind::Connect).with_source(source))
        }
        WireFault::Broken(source) if sent.settle() => {
            (Reach::NoAnswer, Error::new(ErrorKind::Interrupted).with_source(source))
        }
        WireFault::Broken(source) => (
            Reach::NotSent { passing: true },
            Error::new(ErrorKind::Connect)
                .with_detail("the connection closed before the request was sent")
                .with_source(source),
        ),
    };
    Miss { reach, retry_after: None, error }
}

/// Completes a final error with what only the whole call knows.
fn conclude(error: Error, last: Effect, prepared: &Prepared, course: &Course) -> Error {
    error
        .with_effect(retry::fold(course.maybe_arrived, last))
        .with_operation(prepared.name)
        .with_attempts(course.attempts)
}

/// Far enough to mean "no limit", near enough to add to any instant.
fn bounded(duration: Duration) -> Duration {
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
