//! What went wrong ([`ErrorKind`]) and what it did ([`Effect`]).

#[cfg(test)]
mod error_tests;
mod kind;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::ser::{Serialize, SerializeStruct, Serializer};

pub use kind::{Effect, ErrorKind};

/// The error of every call in this crate: pointer-sized, `Clone`, `Send + Sync`.
///
/// `Display` is one line: operation, kind, the address that could not be reached, the service's code and
/// message, an explanation (see [`with_detail`](Self::with_detail); for errors that the client itself
/// raises it includes the innermost cause), status, request id, attempts and, unless nothing was changed,
/// the effect. Credentials that the service repeats are masked; `SECURITY.md` lists the exceptions.
/// [`source`](std::error::Error::source) starts the chain of underlying causes.
///
/// ```
/// use rolecall::{Effect, Error, ErrorKind};
///
/// // Construct an error to test how your code handles it.
/// let error = Error::new(ErrorKind::Interrupted).with_effect(Effect::Unknown).with_attempts(1);
/// assert!(error.is_outcome_unknown());
/// assert_eq!(error.to_string(), "connection interrupted, 1 attempt, outcome unknown");
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    operation: Option<&'static str>,
    kind: ErrorKind,
    effect: Effect,
    attempts: u32,
    status: Option<StatusCode>,
    headers: HeaderMap,
    request_id: Option<String>,
    request_id_label: &'static str,
    code: Option<String>,
    message: Option<String>,
    detail: Option<Cow<'static, str>>,
    /// The peer that the client could not connect to.
    peer: Option<String>,
    /// Whether the same call would fail again.
    permanent: bool,
    retry_after: Option<Duration>,
    body: Bytes,
    service: Option<Arc<dyn Any + Send + Sync>>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// How much of a service's text one line of `Display` shows.
const SHOWN: usize = 400;

/// The number of bytes of a response body that an error keeps.
pub(crate) const KEPT_BODY: usize = 16 * 1024;

impl Error {
    /// Creates an error of this kind with [`Effect::NotApplied`] and no other details.
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            operation: None,
            kind,
            effect: Effect::NotApplied,
            attempts: 0,
            status: None,
            headers: HeaderMap::new(),
            request_id: None,
            request_id_label: "request id",
            code: None,
            message: None,
            detail: None,
            peer: None,
            permanent: false,
            retry_after: None,
            body: Bytes::new(),
            service: None,
            source: None,
        }))
    }

    /// Creates an [`ErrorKind::InvalidRequest`] error, for input that is refused before anything is
    /// sent. Its text names the field and the rule.
    ///
    /// ```
    /// let error = rolecall::Error::invalid("page_size", "must be 1 to 100, got 1000");
    /// assert_eq!(error.to_string(), "invalid request: page_size: must be 1 to 100, got 1000");
    /// ```
    pub fn invalid(field: &str, rule: impl fmt::Display) -> Self {
        Self::new(ErrorKind::InvalidRequest).with_detail(format!("{field}: {rule}"))
    }

    /// Creates the error of a client whose settings are invalid.
    pub(crate) fn configuration(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Configuration).with_detail(detail)
    }

    /// Sets what the call did.
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// Names the operation, e.g. `harness role-assignments.create`.
    pub fn with_operation(mut self, name: &'static str) -> Self {
        self.0.operation = Some(name);
        self
    }

    /// Sets the HTTP status of the response.
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets the headers of the response.
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.0.headers = headers;
        self
    }

    /// Sets the service's own error code.
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Sets the service's own message.
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Some(message.into());
        self
    }

    /// Sets the request id under which the service knows the call.
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Sets the delay that the service requested.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Sets the number of attempts.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Sets an explanation for people.
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Sets the body of the response; the first 16 KiB are kept.
    pub fn with_body(mut self, body: &[u8]) -> Self {
        // A copy, so that a short excerpt does not keep a large buffer alive.
        self.0.body = Bytes::copy_from_slice(&body[..body.len().min(KEPT_BODY)]);
        self
    }

    /// Sets the service's own typed error, see [`service`](Self::service).
    pub fn with_service<E: Any + Send + Sync>(mut self, error: E) -> Self {
        self.0.service = Some(Arc::new(error));
        self
    }

    /// Sets the underlying cause.
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn with_shared_service(
        mut self,
        error: Option<Arc<dyn Any + Send + Sync>>,
        request_id_label: &'static str,
    ) -> Self {
        self.0.service = error;
        self.0.request_id_label = request_id_label;
        self
    }

    /// Sets those of these values that are known.
    pub(crate) fn with_words(
        mut self,
        request_id: Option<String>,
        code: Option<String>,
        message: Option<String>,
    ) -> Self {
        let inner = &mut *self.0;
        inner.request_id = request_id.or(inner.request_id.take());
        inner.code = code.or(inner.code.take());
        inner.message = message.or(inner.message.take());
        self
    }

    /// Turns the error of another call, which this one depended on, into an error of this call. The
    /// response to the other call says nothing about this call's resource: its "not found" must not
    /// pass for this call's. So the kinds that are about a resource become `otherwise`, and the
    /// status and attempts are dropped.
    pub(crate) fn of_other_call(self, otherwise: ErrorKind, what: &'static str) -> Self {
        let kind = match self.kind() {
            kind @ (ErrorKind::RateLimited
            | ErrorKind::Server
            | ErrorKind::Timeout
            | ErrorKind::Connect
            | ErrorKind::Interrupted
            | ErrorKind::Decode
            | ErrorKind::UnexpectedStatus
            | ErrorKind::Configuration) => kind,
            _ => otherwise,
        };
        let other = &*self.0;
        let words = (other.request_id.clone(), other.code.clone(), other.message.clone());
        let mut own = Self::new(kind)
            .with_detail(other.detail.as_ref().map_or(what.into(), |why| format!("{what}: {why}")))
            .with_words(words.0, words.1, words.2)
            .with_shared_service(other.service.clone(), other.request_id_label);
        own.0.retry_after = other.retry_after;
        own.0.peer = other.peer.clone();
        own.0.permanent = other.permanent;
        own.with_source(self)
    }

    #[cfg(any(feature = "twilio", feature = "redox-jwt"))]
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Adds to the explanation.
    pub(crate) fn with_remark(mut self, remark: &'static str) -> Self {
        self.0.detail = Some(match self.0.detail.take() {
            Some(detail) => format!("{detail}; {remark}").into(),
            None => remark.into(),
        });
        self
    }

    /// Names the operation unless it is known.
    pub(crate) fn or_operation(mut self, name: &'static str) -> Self {
        self.0.operation.get_or_insert(name);
        self
    }

    /// Names the peer that the client could not connect to.
    pub(crate) fn with_peer(mut self, peer: String) -> Self {
        self.0.peer = Some(peer);
        self
    }

    /// Marks the error as permanent: the same call would fail in the same way.
    pub(crate) fn permanent(mut self) -> Self {
        self.0.permanent = true;
        self
    }

    /// Returns the text of an invalid-request error after the name of the field.
    #[cfg(any(test, feature = "twilio"))]
    pub(crate) fn rule(&self) -> &str {
        let detail = self.0.detail.as_deref().unwrap_or_default();
        detail.split_once(": ").map_or(detail, |(_, rule)| rule)
    }

    /// Returns the operation that failed, e.g. `harness role-assignments.create`; `None` if none
    /// had begun.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the kind of error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns what the call did at the service.
    pub fn effect(&self) -> Effect {
        self.0.effect
    }

    /// Returns the HTTP status of the response, if one arrived; that of the token endpoint's
    /// response if no access token was obtained.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// Returns the headers of the response; empty if none arrived, or if no access token was obtained.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Returns the service's own error code as text, e.g. `NG_ACCESS_DENIED` or `20003`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns the service's own message.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Returns the id under which the service knows the call, to quote to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns the delay that the service requested, if any.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns how many times the client tried to send the request that failed, including attempts
    /// that could not connect. For an `ensure`, only the step that failed is counted. If no access
    /// token was obtained, the count is the attempts of the token request plus those that this call
    /// had made before.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the first 16 KiB of the response body, with `***` in place of each credential that
    /// the client recognizes. Empty if there was none, and for responses that may contain a token.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// Returns the service's own error as `E`, if it is of that type.
    ///
    /// ```
    /// # #[cfg(feature = "harness")] {
    /// use rolecall::{Error, harness};
    ///
    /// fn denied(error: &Error) -> Vec<String> {
    ///     let Some(service) = error.service::<harness::ServiceError>() else { return Vec::new() };
    ///     let checks = &service.failed_permission_checks;
    ///     checks.iter().filter_map(|check| check.permission.clone()).collect()
    /// }
    /// # }
    /// ```
    pub fn service<E: Any>(&self) -> Option<&E> {
        self.0.service.as_deref()?.downcast_ref()
    }

    /// Returns true if the outcome is unknown: the change may or may not have been made. Read the
    /// resource before you repeat the call.
    pub fn is_outcome_unknown(&self) -> bool {
        self.effect() == Effect::Unknown
    }

    /// Returns whether nothing was changed and the same call may succeed later.
    ///
    /// True for rate limits, connections that could not be made, and other transient failures, if no
    /// attempt can have changed anything. False for failures that would happen again, such as an
    /// invalid certificate or a proxy that refuses the client.
    pub fn is_safe_to_repeat(&self) -> bool {
        self.effect() == Effect::NotApplied
            && !self.0.permanent
            && matches!(
                self.kind(),
                ErrorKind::RateLimited
                    | ErrorKind::Connect
                    | ErrorKind::Timeout
                    | ErrorKind::Interrupted
                    | ErrorKind::Server
            )
    }
}

/// A predicate for each kind.
macro_rules! predicates {
    ($($(#[$meta:meta])* $name:ident = $kind:ident;)+) => {
        impl Error {
            $(
                $(#[$meta])*
                pub fn $name(&self) -> bool {
                    self.kind() == ErrorKind::$kind
                }
            )+
        }
    };
}

predicates! {
    /// The input or the request breaks a rule: the same request would fail again.
    is_invalid_request = InvalidRequest;
    /// The service does not accept the credentials: check the key and its expiry.
    is_unauthenticated = Unauthenticated;
    /// The caller lacks a permission.
    is_permission_denied = PermissionDenied;
    /// The named resource does not exist, or is hidden from this caller.
    is_not_found = NotFound;
    /// A resource with this name or identifier already exists: read it and compare.
    is_already_exists = AlreadyExists;
    /// The request conflicts with the current state, or `ensure` found something that differs: read
    /// it before trying again.
    is_conflict = Conflict;
    /// Too many requests, and the client did not or could not retry further: try later, see
    /// [`retry_after`](Self::retry_after).
    is_rate_limited = RateLimited;
    /// The service refused for a reason that no other kind names (see [`message`](Self::message)), or
    /// an interceptor ended the call.
    is_rejected = Rejected;
    /// The service failed; [`effect`](Self::effect) says whether something may have been changed.
    is_server = Server;
    /// The status is not documented for this call: check the base URL.
    is_unexpected_status = UnexpectedStatus;
    /// A time limit was exceeded; [`effect`](Self::effect) says whether something may have been
    /// changed.
    is_timeout = Timeout;
    /// The last attempt found no connection; [`effect`](Self::effect) says whether an earlier one may
    /// have changed something.
    is_connect = Connect;
    /// The connection was lost; [`effect`](Self::effect) says whether something may have been changed.
    is_interrupted = Interrupted;
    /// The response body cannot be read; [`effect`](Self::effect) says whether the change was made.
    is_decode = Decode;
    /// The client or the program around it is set up wrongly; [`effect`](Self::effect) says whether an
    /// earlier attempt may have changed something.
    is_configuration = Configuration;
}

/// Writes a service's text on one line of bounded length.
struct OneLine<'a>(&'a str);

/// Returns whether the character could forge a line of a log or of a table: control characters, the
/// separators that some viewers break lines at, and marks that turn the direction of text.
pub(crate) fn acts_on_display(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        let mut chars = self.0.trim().chars();
        for c in chars.by_ref().take(SHOWN) {
            f.write_char(if acts_on_display(c) { ' ' } else { c })?;
        }
        if chars.next().is_some() { f.write_char('…') } else { Ok(()) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{operation}: ")?;
        }
        write!(f, "{}", inner.kind)?;
        if let Some(peer) = &inner.peer {
            write!(f, " to {}", OneLine(peer))?;
        }
        match (&inner.code, &inner.message) {
            (Some(code), Some(message)) => {
                write!(f, " ({}: {})", OneLine(code), OneLine(message))?;
            }
            (Some(only), None) | (None, Some(only)) => write!(f, " ({})", OneLine(only))?,
            (None, None) => {}
        }
        if let Some(detail) = &inner.detail {
            write!(f, ": {}", OneLine(detail))?;
        }
        if let Some(status) = inner.status {
            write!(f, ", HTTP {}", status.as_u16())?;
        }
        if let Some(id) = &inner.request_id {
            write!(f, ", {} {}", inner.request_id_label, OneLine(id))?;
        }
        match inner.attempts {
            0 => {}
            1 => f.write_str(", 1 attempt")?,
            n => write!(f, ", {n} attempts")?,
        }
        match inner.effect {
            Effect::NotApplied => Ok(()),
            effect => write!(f, ", {effect}"),
        }
    }
}

impl fmt::Debug for Error {
    // Neither the body nor the header values: a service may reflect what it was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("operation", &inner.operation)
            .field("kind", &inner.kind)
            .field("effect", &inner.effect)
            .field("status", &inner.status)
            .field("code", &inner.code)
            .field("message", &inner.message)
            .field("detail", &inner.detail)
            .field("request_id", &inner.request_id)
            .field("retry_after", &inner.retry_after)
            .field("attempts", &inner.attempts)
            .field("body_bytes", &inner.body.len())
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

/// For logs: the fields that [`Display`](fmt::Display) shows (the address only within `text`), plus
/// `retry_after_seconds` (the delay that the service requested) and `text` (the `Display` line).
/// Headers and body are not included.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = &*self.0;
        let mut out = serializer.serialize_struct("Error", 11)?;
        out.serialize_field("operation", &inner.operation)?;
        out.serialize_field("kind", &inner.kind)?;
        out.serialize_field("effect", &inner.effect)?;
        out.serialize_field("attempts", &inner.attempts)?;
        out.serialize_field("status", &inner.status.map(|status| status.as_u16()))?;
        out.serialize_field("request_id", &inner.request_id)?;
        out.serialize_field("code", &inner.code)?;
        out.serialize_field("message", &inner.message)?;
        out.serialize_field("detail", &inner.detail)?;
        out.serialize_field(
            "retry_after_seconds",
            &inner.retry_after.map(|wait| wait.as_secs_f64()),
        )?;
        out.serialize_field("text", &self.to_string())?;
        out.end()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
