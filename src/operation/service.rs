//! Failures that services report, in the shared vocabulary.

use std::any::Any;
use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, StatusCode};

use crate::declare::setters;
use crate::error::ErrorKind;

/// A service that this crate calls, and how it reports failures. Each vendor's client implements it.
pub trait Service: Send + Sync + 'static {
    /// The service's term for the id of a request, as shown in errors.
    const REQUEST_ID_LABEL: &'static str = "request id";

    /// Reads a response that is not a success of the operation. A body that cannot be read becomes a
    /// failure by status alone.
    fn read_failure(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure;

    /// Returns whether the body of a response with a success status is the service's own error
    /// body. It is called only if the body is not a response to the call.
    fn reports_failure(body: &[u8]) -> bool {
        let _ = body;
        false
    }

    /// Returns the id under which the service knows the request, from the headers of any response.
    fn request_id(headers: &HeaderMap) -> Option<String> {
        let _ = headers;
        None
    }
}

/// A failure that a service reported.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct Failure {
    /// The kind, by the service's code first and the status second.
    pub kind: ErrorKind,
    /// The service's code as text.
    pub code: Option<String>,
    /// The service's message.
    pub message: Option<String>,
    /// The id of the request, if the body has it.
    pub request_id: Option<String>,
    /// When the service accepts requests again, if the body says so. A `Retry-After` header takes
    /// precedence.
    pub retry_at: Option<SystemTime>,
    /// The service's own typed error.
    pub service: Option<Arc<dyn Any + Send + Sync>>,
    /// Whether the service's code decided the kind.
    pub(crate) by_code: bool,
}

impl Failure {
    /// A failure with this status; `by_code` is the meaning of the service's own code, if it has one.
    ///
    /// The code decides for 4xx and 5xx. However, 429 is a rate limit whatever the code, and only a
    /// refusal (a 4xx other than 408) counts as a rate limit or as "not found" by its code alone: a
    /// 5xx does not mean that nothing was processed.
    ///
    /// Without a code, 409 means [`ErrorKind::AlreadyExists`] if the operation creates an item: a
    /// POST whose success is 201.
    pub fn new(status: StatusCode, by_code: Option<ErrorKind>) -> Self {
        let by_status = ErrorKind::from_status(status);
        let kind = match (status.as_u16(), by_code) {
            (408 | 429, _) | (_, None) => by_status,
            (500..=599, Some(ErrorKind::RateLimited | ErrorKind::NotFound)) => by_status,
            (400..=599, Some(kind)) => kind,
            (_, Some(_)) => by_status,
        };
        let by_code = by_code == Some(kind);
        let (code, message, request_id) = (None, None, None);
        Self { kind, code, message, request_id, retry_at: None, service: None, by_code }
    }

    /// A failure of which only the status is known.
    pub fn from_status(status: StatusCode) -> Self {
        Self::new(status, None)
    }

    setters! {
        /// Sets the service's code.
        with_code = code(Option<String>);

        /// Sets the service's message.
        with_message = message(Option<String>);

        /// Sets the request id that the body has.
        with_request_id = request_id(Option<String>);

        /// Sets when the service accepts requests again.
        with_retry_at = retry_at(Option<SystemTime>);
    }

    /// Sets the service's own typed error.
    pub fn with_service<E: Any + Send + Sync>(mut self, error: E) -> Self {
        self.service = Some(Arc::new(error));
        self
    }
}
