//! A call that is ready to be awaited.

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tracing::Instrument;

use super::retry::{self, Reach};
use super::wire::BoxFuture;
use super::{Answer, Course, Prepared, RetryPolicy, Transport, conclude, failure, identify};
use crate::error::{Error, ErrorKind};
use crate::operation::{AnswerError, Operation, RawAnswer, Request};

/// One call of a service, built but not sent. Await it to send it.
///
/// ```no_run
/// # #[cfg(feature = "harness")]
/// # async fn example() -> Result<(), rolecall::Error> {
/// use rolecall::{Harness, harness::{NewRoleAssignment, Principal}};
/// use std::time::Duration;
///
/// let harness = Harness::from_env()?;
/// let wanted = NewRoleAssignment::new(
///     "sre_view", "_organization_viewer", "_all_organization_level_resources", Principal::user_group("sre"),
/// )?;
/// let answer = harness
///     .org("platform")?
///     .role_assignments()
///     .create(&wanted)
///     .timeout(Duration::from_secs(5))
///     .with_response()
///     .await?;
/// println!("{} {:?} {}", answer.status(), answer.request_id(), answer.body().role_assignment.identifier);
/// # Ok(())
/// # }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<T> {
    transport: Transport,
    prepared: Result<Box<Prepared>, Error>,
    decode: fn(&RawAnswer<'_>) -> Result<T, AnswerError>,
    echo: fn(&Error) -> Option<T>,
    options: CallOptions,
    name: &'static str,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
}

impl<T: Send + 'static> Call<T> {
    pub(super) fn new<O: Operation<Answer = T>>(transport: Transport, operation: &O) -> Self {
        let prepared = transport.prepare(operation).map(Box::new);
        Self {
            transport,
            prepared,
            decode: O::decode,
            echo: O::echo,
            options: CallOptions::default(),
            name: O::NAME,
        }
    }

    /// The time for the whole call: getting a token, all attempts and all waits.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// How often and how long this call is tried again. The budget stays the client's.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = Some(policy);
        self
    }

    /// The request as it would be sent, without what authenticates it: for logs, reviews and tests.
    ///
    /// # Errors
    /// The error that awaiting the call would end in, where its input breaks a rule.
    ///
    /// ```
    /// # #[cfg(feature = "deepset")]
    /// # fn example() -> Result<(), rolecall::Error> {
    /// use rolecall::{Deepset, deepset::NewRole};
    ///
    /// let deepset = Deepset::builder("obviously-fake").build()?;
    /// let call = deepset
    ///     .organization("7f0c1f5e-0000-4000-8000-000000000000")?
    ///     .roles()
    ///     .create(&NewRole::new("auditor", "reads all", []));
    /// assert_eq!(call.request()?.method(), "POST");
    /// # Ok(())
    /// # }
    /// # #[cfg(all(feature = "deepset", feature = "rustls"))]
    /// # example().unwrap();
    /// ```
    pub fn request(&self) -> Result<&Request, Error> {
        self.prepared.as_ref().map(|prepared| &prepared.request).map_err(Clone::clone)
    }

    /// The name of the operation, e.g. `harness role-assignments.create`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.name
    }

    /// Asks for status, headers and request id beside the typed answer.
    pub fn with_response(self) -> WithResponse<T> {
        WithResponse(self)
    }

    /// The future that an awaited call is. Each call in flight has one, so it is kept small: an
    /// `async fn`, or moving a part out of `self`, would hold the same twice.
    #[expect(clippy::manual_async_fn, reason = "the block holds its captures once")]
    fn send<R>(self, part: fn(Response<T>) -> R) -> impl Future<Output = Result<R, Error>> + Send {
        async move {
            let prepared = self.prepared.as_ref().map_err(Clone::clone)?;
            let span = self.transport.call_span(prepared);
            let mut course = Course::default();
            let result = async {
                match self.transport.run(prepared, &self.options, &mut course).await {
                    Ok(answer) => read(answer, self.decode, prepared, &course),
                    Err(error) => echoed(error, self.echo, &course),
                }
            };
            let result = result.instrument(span.clone()).await;
            let status = match &result {
                Ok(response) => Some(response.status),
                Err(error) => {
                    span.record("error.type", error.kind().as_str());
                    error.status()
                }
            };
            if let Some(status) = status {
                span.record("http.response.status_code", status.as_u16());
            }
            if course.attempts > 1 {
                span.record("http.request.resend_count", course.attempts - 1);
            }
            result.map(part)
        }
    }
}

/// Decodes a successful answer.
fn read<T>(
    answer: Answer,
    decode: fn(&RawAnswer<'_>) -> Result<T, AnswerError>,
    prepared: &Prepared,
    course: &Course,
) -> Result<Response<T>, Error> {
    let Answer { status, headers, body, mask } = answer;
    let raw = RawAnswer { status, headers: &headers, body: &body };
    let cause = match decode(&raw) {
        Ok(value) => {
            let request_id = (prepared.request_id)(&headers).map(|id| mask.text(id));
            let attempts = course.attempts;
            return Ok(Response { status, headers, request_id, attempts, body: value });
        }
        Err(cause) => cause,
    };
    let headers = mask.headers(headers);
    let unreadable = Reach::Unreadable { confirmed: prepared.status_confirms };
    let (reach, error) = match cause {
        AnswerError::Unsuccessful => {
            let (_, error) = failure(prepared, status, headers, &mask.bytes(body));
            (Reach::Unsuccessful, error)
        }
        AnswerError::Shape(text) if prepared.sensitive => {
            // What follows the place may quote a token.
            let place = text.split(':').next().unwrap_or_default().to_owned();
            let error = Error::new(ErrorKind::Decode).with_detail(place);
            (unreadable, identify(error, prepared, status, headers))
        }
        AnswerError::Shape(text) => {
            // The decoder quotes what it could not read.
            let error = Error::new(ErrorKind::Decode)
                .with_detail(mask.text(text.into_owned()))
                .with_body(&mask.bytes(body));
            (unreadable, identify(error, prepared, status, headers))
        }
    };
    Err(conclude(error, retry::effect(prepared.repeat, reach), prepared, course))
}

/// A repeated request may be answered by the echo of its own first try.
fn echoed<T>(
    error: Error,
    echo: fn(&Error) -> Option<T>,
    course: &Course,
) -> Result<Response<T>, Error> {
    let (true, Some(status)) = (course.maybe_arrived, error.status()) else {
        return Err(error);
    };
    let Some(body) = echo(&error) else {
        return Err(error);
    };
    Ok(Response {
        status,
        headers: error.headers().clone(),
        request_id: error.request_id().map(str::to_owned),
        attempts: course.attempts,
        body,
    })
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send(Response::into_body))
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Call");
        out.field("operation", &self.name);
        match &self.prepared {
            Ok(prepared) => out.field("request", &prepared.request),
            Err(error) => out.field("error", error),
        };
        out.field("options", &self.options).finish_non_exhaustive()
    }
}

/// A [`Call`] that yields the whole [`Response`].
#[must_use = "a call does nothing until it is awaited"]
#[derive(Debug)]
pub struct WithResponse<T>(Call<T>);

impl<T: Send + 'static> IntoFuture for WithResponse<T> {
    type Output = Result<Response<T>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.0.send(|response| response))
    }
}

/// A typed answer with what came around it. `Debug` shows no header: a service may echo what it
/// was sent.
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
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the answer.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The id under which the service knows the request, where it sends one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How many times the request was tried; 1 if the first attempt succeeded.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The typed answer.
    #[must_use]
    pub fn body(&self) -> &T {
        &self.body
    }

    /// The typed answer, by value.
    #[must_use]
    pub fn into_body(self) -> T {
        self.body
    }
}
