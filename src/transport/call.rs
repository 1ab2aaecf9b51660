//! A call that is ready to be awaited.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tracing::Instrument;

use super::attempt::{Failed, undecodable};
use super::retry;
use super::session::{Head, Session};
use super::spans::{record_failure, steps_span};
use super::wire::BoxFuture;
use super::{Endpoint, Progress, Reply, RetryPolicy, Source, Transport, conclude};
use crate::declare::getters;
use crate::error::Error;
use crate::operation::{DecodeError, Operation, Spec, complete};

/// A call to a service, built but not yet sent. Await it to send it.
///
/// Most calls are one request; those that read, compare and write (`ensure`, `ensure_absent`) make
/// several, within one time limit.
///
/// ```no_run
/// # #[cfg(feature = "harness")]
/// # async fn example() -> Result<(), rolecall::Error> {
/// use rolecall::{Harness, harness::{NewRoleAssignment, Principal}};
/// use std::time::Duration;
///
/// let harness = Harness::from_env()?;
/// let new = NewRoleAssignment::new(
///     "sre_view", "_organization_viewer", "_all_organization_level_resources", Principal::user_group("sre"),
/// )?;
/// let assignments = harness.org("platform").role_assignments();
/// let response = assignments.create(&new).timeout(Duration::from_secs(5)).with_response().await?;
/// println!("{} {:?} {:?}", response.status(), response.request_id(), response.body().created_at());
/// # Ok(())
/// # }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<T> {
    transport: Transport,
    work: Work<T>,
    options: CallOptions,
    name: &'static str,
}

/// The work of a call.
enum Work<T> {
    /// It sends one request.
    Request {
        source: Result<Source, Error>,
        endpoint: &'static Endpoint,
        decode: fn(&http::Response<Bytes>) -> Result<T, DecodeError>,
        refused_by_own_effect: fn(&Error) -> Option<T>,
    },
    /// It makes several calls.
    Steps(Steps<T>),
}

type Steps<T> = Box<dyn FnOnce(Session) -> BoxFuture<'static, Result<T, Error>> + Send + Sync>;

#[derive(Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<Arc<RetryPolicy>>,
    /// The response is a page of a list.
    pub(crate) list: bool,
    /// The method call that this request is part of.
    pub(super) session: Option<Session>,
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Call<T> {
    /// A request that is built once.
    pub(super) fn new<O: Operation<Output = T>>(transport: Transport, operation: &O) -> Self {
        let prepared = transport.prepare(operation);
        Self::from_source::<O>(transport, prepared.map(|prepared| Source::Once(Arc::new(prepared))))
    }

    /// A request that is built anew for each attempt.
    pub(super) fn built_anew<O>(transport: Transport, operation: O) -> Self
    where
        O: Operation<Output = T> + 'static,
    {
        let own = transport.clone();
        let build = move || own.prepare(&operation);
        Self::from_source::<O>(transport, Ok(Source::Anew(Box::new(build))))
    }

    fn from_source<O: Operation<Output = T>>(
        transport: Transport,
        source: Result<Source, Error>,
    ) -> Self {
        let work = Work::Request {
            source,
            endpoint: Endpoint::of::<O>(),
            decode: O::decode,
            refused_by_own_effect: O::refused_by_own_effect,
        };
        Self { transport, work, options: CallOptions::default(), name: O::SPEC.name }
    }

    /// A call that makes several others.
    pub(super) fn steps(
        transport: Transport,
        name: &'static str,
        run: impl FnOnce(Session) -> BoxFuture<'static, Result<T, Error>> + Send + Sync + 'static,
    ) -> Self {
        let work = Work::Steps(Box::new(run));
        Self { transport, work, options: CallOptions::default(), name }
    }

    /// Sets the time limit of the whole call: getting a token, all attempts, all waits, and all
    /// requests if it makes several.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Sets the retry policy of this call. The policy's [retry budget](RetryPolicy::budget) is ignored
    /// here: all calls of a client share one budget.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = Some(Arc::new(policy));
        self
    }

    pub(super) fn with_options(mut self, options: &CallOptions) -> Self {
        let timeout = self.options.timeout.or(options.timeout);
        self.options = CallOptions { timeout, ..options.clone() };
        self
    }

    /// Returns the error of input that breaks a rule, known before anything is sent.
    pub(super) fn refusal(&self) -> Option<&Error> {
        match &self.work {
            Work::Request { source, .. } => source.as_ref().err(),
            Work::Steps(_) => None,
        }
    }

    /// Returns the request as it would be sent, with the headers of
    /// [`ClientOptions::header`](crate::ClientOptions::header), but without authentication and without
    /// the changes of an [`Interceptor`](crate::Interceptor): for logs, reviews and tests.
    ///
    /// # Errors
    /// The error that awaiting the call would return if its input breaks a rule; a configuration
    /// error for a call that makes several requests.
    ///
    /// ```
    /// # #[cfg(feature = "deepset")]
    /// # fn example() -> Result<(), rolecall::Error> {
    /// use rolecall::{Deepset, deepset::NewRole};
    ///
    /// let deepset = Deepset::builder("obviously-fake").build()?;
    /// let roles = deepset.organization("7f0c1f5e-0000-4000-8000-000000000000").roles();
    /// let request = roles.create(&NewRole::new("auditor", "reads all", [])).request()?;
    /// assert_eq!(request.method(), "POST");
    /// # Ok(())
    /// # }
    /// # #[cfg(all(feature = "deepset", feature = "rustls"))]
    /// # example().unwrap();
    /// ```
    pub fn request(&self) -> Result<http::Request<Bytes>, Error> {
        match &self.work {
            Work::Request { source, .. } => {
                let prepared = source.as_ref().map_err(Clone::clone)?.prepared()?;
                Ok(complete(&prepared, &self.transport.0.headers))
            }
            Work::Steps(_) => {
                Err(Error::configuration("the call makes several requests")
                    .with_operation(self.name))
            }
        }
    }

    getters! {
        /// Returns the name of the operation, e.g. `harness role-assignments.create`.
        copy operation = name: &'static str;
    }

    /// Returns the endpoint's [`Spec`]; `None` for a call that makes several requests.
    pub fn spec(&self) -> Option<&'static Spec> {
        match &self.work {
            Work::Request { endpoint, .. } => Some(&endpoint.spec),
            Work::Steps(_) => None,
        }
    }

    /// Returns a call whose output includes status, headers and request id.
    pub fn with_response(self) -> WithResponse<T> {
        WithResponse(self)
    }

    /// Converts the call into the future that `.await` would poll, for use with `spawn`, `join!`,
    /// `select!` and `buffer_unordered`. It is `Send` and `'static`.
    pub fn send(self) -> impl Future<Output = Result<T, Error>> + Send + 'static {
        self.run(Response::into_body)
    }

    pub(super) fn send_for_response(
        self,
    ) -> impl Future<Output = Result<Response<T>, Error>> + Send + 'static {
        self.run(|response| response)
    }

    /// Each running call holds one of these futures, so it is kept small: an `async fn`, or moving
    /// a part out of `self` inside the block, would store it twice.
    fn run<R>(
        self,
        part: fn(Response<T>) -> R,
    ) -> impl Future<Output = Result<R, Error>> + Send + 'static
    where
        R: 'static,
    {
        let Self { transport, work, options, name } = self;
        async move {
            match work {
                Work::Request { source, endpoint, decode, refused_by_own_effect } => {
                    let source = source?;
                    let span = transport.call_span(endpoint, &source);
                    let mut progress = Progress::default();
                    let sending = transport.run(endpoint, &source, &options, &mut progress);
                    let sent = sending.instrument(span.clone()).await;
                    let result = match sent {
                        Ok(reply) => {
                            let now = (transport.0.environment.wall)();
                            read(reply, decode, endpoint, &progress, now)
                        }
                        Err(error) => own_effect(error, refused_by_own_effect, &progress),
                    };
                    if result.is_ok() {
                        transport.0.budget.earn();
                    }
                    finish(&result, &span, &progress, &options);
                    result.map(part)
                }
                Work::Steps(run) => {
                    let session = Session::new(transport.deadline(&options), options.retry);
                    let span = steps_span(name);
                    let output = run(session.clone()).instrument(span.clone()).await;
                    let output = output.inspect_err(|error| {
                        record_failure(&span, error.kind(), error.effect());
                    })?;
                    let record = session.recorded();
                    let head = record.head.unwrap_or(Head {
                        status: StatusCode::OK,
                        headers: HeaderMap::new(),
                        request_id: None,
                    });
                    let Head { status, headers, request_id } = head;
                    let attempts = record.attempts;
                    Ok(part(Response { status, headers, request_id, attempts, body: output }))
                }
            }
        }
    }
}

/// Records the end of a call in the span and the session.
fn finish<T>(
    result: &Result<Response<T>, Error>,
    span: &tracing::Span,
    progress: &Progress,
    options: &CallOptions,
) {
    if let Err(error) = result {
        record_failure(span, error.kind(), error.effect());
    }
    // That of an error may be the token endpoint's.
    if let Some(status) = progress.status {
        span.record("http.response.status_code", status.as_u16());
    }
    if progress.attempts > 1 {
        span.record("http.request.resend_count", progress.attempts - 1);
    }
    if let Some(session) = &options.session {
        let head = result.as_ref().ok().map(|response| Head {
            status: response.status,
            headers: response.headers.clone(),
            request_id: response.request_id.clone(),
        });
        session.record(progress.attempts, head);
    }
}

/// Decodes a successful response.
fn read<T>(
    reply: Reply,
    decode: fn(&http::Response<Bytes>) -> Result<T, DecodeError>,
    endpoint: &Endpoint,
    progress: &Progress,
    now: SystemTime,
) -> Result<Response<T>, Error> {
    let Reply { response, mask } = reply;
    match endpoint.checked(&response, decode(&response)) {
        Ok(output) => {
            let (parts, _) = response.into_parts();
            let (status, headers) = (parts.status, parts.headers);
            let request_id = (endpoint.request_id)(&headers).map(|id| mask.text(id));
            let attempts = progress.attempts;
            Ok(Response { status, headers, request_id, attempts, body: output })
        }
        Err(fault) => {
            let Failed { outcome, error } = undecodable(endpoint, response, fault, &mask, now);
            let effect = retry::effect(endpoint.spec.idempotency, outcome);
            Err(conclude(error, effect, endpoint, progress))
        }
    }
}

/// A repeated request may be refused because of its own first attempt.
fn own_effect<T>(
    error: Error,
    refused_by_own_effect: fn(&Error) -> Option<T>,
    progress: &Progress,
) -> Result<Response<T>, Error> {
    let (true, Some(status)) = (progress.maybe_arrived, error.status()) else {
        return Err(error);
    };
    let Some(body) = refused_by_own_effect(&error) else {
        return Err(error);
    };
    Ok(Response {
        status,
        headers: error.headers().clone(),
        request_id: error.request_id().map(str::to_owned),
        attempts: progress.attempts,
        body,
    })
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Call");
        out.field("operation", &self.name);
        match &self.work {
            Work::Request { source: Ok(Source::Once(prepared)), .. } => {
                // Neither query, headers nor body.
                out.field(
                    "request",
                    &format!("{} {}", prepared.request.method(), prepared.request.uri().path()),
                )
            }
            Work::Request { source: Err(error), .. } => out.field("error", error),
            Work::Request { .. } | Work::Steps(_) => &mut out,
        };
        out.field("options", &self.options).finish_non_exhaustive()
    }
}

/// A [`Call`] that returns the whole [`Response`].
#[must_use = "a call does nothing until it is awaited"]
#[derive(Debug)]
pub struct WithResponse<T>(Call<T>);

impl<T: Send + 'static> WithResponse<T> {
    /// Converts the value into the future that `.await` would poll; see [`Call::send`].
    pub fn send(self) -> impl Future<Output = Result<Response<T>, Error>> + Send + 'static {
        self.0.send_for_response()
    }
}

impl<T: Send + 'static> IntoFuture for WithResponse<T> {
    type Output = Result<Response<T>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// An output with the response that it was read from. `Debug` shows no headers: a service may reflect
/// what it was sent.
///
/// For a call that makes several requests, status, headers and request id are those of the last
/// response that reported a success (status 200 and no headers if there was none).
#[derive(Clone)]
pub struct Response<T> {
    status: StatusCode,
    headers: HeaderMap,
    request_id: Option<String>,
    attempts: u32,
    body: T,
}

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("attempts", &self.attempts)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

impl<T> Response<T> {
    getters! {
        /// Returns the HTTP status.
        copy status: StatusCode;

        /// Returns the headers.
        borrow headers: HeaderMap;

        /// Returns the service's id of the request, if it sent one.
        part request_id: str;

        /// Returns the number of attempts: 1 if the first succeeded. For a call that makes several
        /// requests, it is the sum over all of them.
        copy attempts: u32;

        /// Returns the output.
        borrow body: T;
    }

    /// Returns the output by value.
    pub fn into_body(self) -> T {
        self.body
    }

    pub(super) fn split(self) -> (HeaderMap, T) {
        (self.headers, self.body)
    }
}
