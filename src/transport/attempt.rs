//! One attempt of a call, and the errors of those that fail.

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use tokio::time::Instant;
use tracing::Span;

use super::cause;
use super::mask::Mask;
use super::retry::{self, AttemptOutcome};
use super::wire::{BodyError, BodyErrorCause, SendGate, WireError};
use super::{Endpoint, Transport};
use crate::error::{Error, ErrorKind};
use crate::operation::DecodeError;

/// An attempt that did not succeed.
pub(super) struct Failed {
    pub(super) outcome: AttemptOutcome,
    pub(super) error: Error,
}

/// The longest body that is read for a service's typed error. No service sends a longer one, and a
/// parsed one takes many times its size in memory.
pub(super) const LONGEST_ERROR: usize = 64 * 1024;

impl Transport {
    /// Sends a request once. (An `async fn` would store its arguments twice, including the
    /// request.)
    pub(super) fn attempt<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        request: http::Request<Bytes>,
        limit: SizeLimit,
        mask: &'a Mask,
        until: Instant,
        span: &'a Span,
    ) -> impl Future<Output = Result<http::Response<Bytes>, Failed>> + Send + 'a {
        let gate = SendGate::default();
        let sending = self.0.wire.send(request, limit.bytes, &gate);
        async move {
            let (parts, body) = match tokio::time::timeout_at(until, sending).await {
                Ok(Ok(response)) => response.into_parts(),
                Ok(Err(error)) => return Err(self.no_response(error, &gate)),
                Err(_) if gate.close() => {
                    let error = Error::new(ErrorKind::Timeout).with_detail("no response in time");
                    return Err(Failed { outcome: AttemptOutcome::NoResponse, error });
                }
                Err(_) => {
                    let detail = format!("no connection to {} in time", self.peer());
                    let error = Error::new(ErrorKind::Timeout).with_detail(detail);
                    return Err(Failed {
                        outcome: AttemptOutcome::NotSent { transient: true },
                        error,
                    });
                }
            };
            span.record("http.response.status_code", parts.status.as_u16());
            let body = match tokio::time::timeout_at(until, body).await {
                Ok(read) => read.map_err(Some),
                Err(_) => Err(None),
            };
            let success = endpoint.spec.accepts(parts.status);
            match (success, body) {
                (true, Ok(body)) => {
                    let response = http::Response::from_parts(parts, body);
                    match endpoint.foreign(&response) {
                        None => Ok(response),
                        Some(fault) => {
                            let now = (self.0.environment.wall)();
                            Err(undecodable(endpoint, response, fault, mask, now))
                        }
                    }
                }
                (true, Err(cause)) => Err(unreadable(endpoint, parts, cause, limit.setting, mask)),
                (false, body) => {
                    // The part of the body that was read may still hold the service's message.
                    let partial =
                        |cause: Option<BodyError>| cause.map(|c| c.partial).unwrap_or_default();
                    let body = mask.bytes(body.unwrap_or_else(partial));
                    let (status, headers) = (parts.status, mask.headers(parts.headers));
                    let now = (self.0.environment.wall)();
                    let target = self.redirect(status, &headers);
                    let (kind, mut error) = failure(endpoint, status, headers, &body, now);
                    if let Some(target) = target {
                        error = error.with_detail(format!("it redirects to {target}"));
                    }
                    let outcome = AttemptOutcome::Refused { status: status.as_u16(), kind };
                    Err(Failed { outcome, error })
                }
            }
        }
    }
}

/// The limit of a response's size, and the setting that it comes from.
#[derive(Clone, Copy)]
pub(super) struct SizeLimit {
    pub(super) bytes: usize,
    pub(super) setting: &'static str,
}

/// Whether a body may have a token in it; the name of its field may be escaped.
fn holds_token(body: &[u8]) -> bool {
    let has = |body: &[u8], name: &[u8]| body.windows(name.len()).any(|part| part == name);
    let name = b"access_token";
    has(body, name)
        || match serde_json::from_slice::<serde_json::Value>(body) {
            Ok(json) => has(json.to_string().as_bytes(), name),
            Err(_) => has(body, b"\\u"),
        }
}

/// The error of a response that the operation's service reads as a failure.
fn failure(
    endpoint: &Endpoint,
    status: StatusCode,
    headers: HeaderMap,
    body: &[u8],
    now: SystemTime,
) -> (ErrorKind, Error) {
    // A token must not be kept in any form, whatever the status.
    let refused = status.is_client_error() || status.is_server_error();
    let is_error = || refused || endpoint.is_failure(body);
    let body =
        if endpoint.spec.sensitive && (holds_token(body) || !is_error()) { &[] } else { body };
    let mut failure = (endpoint.read_failure)(status, &headers, body);
    if endpoint.spec.accepts(status) && failure.kind == ErrorKind::UnexpectedStatus {
        // The status was expected; the body reports the failure.
        failure.kind = ErrorKind::Rejected;
    }
    if status == StatusCode::CONFLICT && !failure.by_code && endpoint.spec.creates() {
        failure.kind = ErrorKind::AlreadyExists;
    }
    let kind = failure.kind;
    let request_id = (endpoint.request_id)(&headers).or(failure.request_id);
    let sent = retry::sent_at(&headers, now);
    let until = |at: SystemTime| at.duration_since(sent).unwrap_or_default();
    let wait = retry::retry_after(&headers, sent).or(failure.retry_at.map(until));
    let mut error = Error::new(kind)
        .with_status(status)
        .with_headers(headers)
        .with_body(body)
        .with_shared_service(failure.service, endpoint.request_id_label)
        .with_words(request_id, failure.code, failure.message.or_else(|| plain_text(body)));
    if let Some(wait) = wait {
        error = error.with_retry_after(wait);
    }
    if let (ErrorKind::PermissionDenied, Some(permission)) = (kind, endpoint.spec.permission) {
        error = error.with_detail(format!("the call needs the permission {permission}"));
    }
    (kind, error)
}

/// Returns a short body that is neither JSON nor HTML: a plain-text message.
pub(super) fn plain_text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let plain = text.len() <= 300 && !text.starts_with(['<', '{', '[', '"']);
    let words = text.contains(' ') && !text.chars().any(|c| c.is_control() && !c.is_whitespace());
    (plain && words).then(|| text.to_owned())
}

/// The error of a success whose body could not be read to its end (`None`: in time).
fn unreadable(
    endpoint: &Endpoint,
    parts: http::response::Parts,
    cause: Option<BodyError>,
    setting: &str,
    mask: &Mask,
) -> Failed {
    let is_cut = match &cause {
        None => true,
        Some(error) => matches!(error.cause, BodyErrorCause::Broken(_)),
    };
    let (partial, kind, detail, source): (_, _, Cow<'static, str>, _) = match cause {
        None => {
            let detail = "the response was not complete in time".into();
            (Bytes::new(), ErrorKind::Timeout, detail, None)
        }
        Some(BodyError { cause, partial }) => match cause {
            BodyErrorCause::TooLarge { .. } => {
                let detail = format!("{cause}; raise ClientOptions::{setting} to read it").into();
                (partial, ErrorKind::Decode, detail, None)
            }
            BodyErrorCause::Encoded { .. } => {
                (partial, ErrorKind::Decode, mask.text(cause.to_string()).into(), None)
            }
            BodyErrorCause::Broken(source) => {
                let cause = cause::innermost(&*source);
                let detail =
                    format!("connection closed before the response was complete: {cause}").into();
                (partial, ErrorKind::Interrupted, detail, Some(source))
            }
        },
    };
    let mut error = Error::new(kind).with_detail(detail);
    if let Some(source) = source {
        error = error.with_source(source);
    }
    error = identify(error, endpoint, parts.status, mask.headers(parts.headers));
    if !endpoint.spec.sensitive {
        error = error.with_body(&mask.bytes(partial));
    }
    let outcome = match is_cut {
        true => AttemptOutcome::Unrecognized,
        // The service may not have sent this response, but a retry would get the same.
        false => AttemptOutcome::Unreadable { confirmed: false },
    };
    Failed { outcome, error }
}

/// The error of a success whose body could not be decoded.
pub(super) fn undecodable(
    endpoint: &Endpoint,
    response: http::Response<Bytes>,
    fault: DecodeError,
    mask: &Mask,
    now: SystemTime,
) -> Failed {
    let outcome = match &fault {
        DecodeError::Unsuccessful => AttemptOutcome::Unsuccessful,
        DecodeError::Unrecognized(_) => AttemptOutcome::Unrecognized,
        DecodeError::Shape(_) => {
            AttemptOutcome::Unreadable { confirmed: endpoint.confirms(&response, &fault) }
        }
    };
    let (parts, body) = response.into_parts();
    let (status, headers) = (parts.status, mask.headers(parts.headers));
    let error = match fault {
        DecodeError::Unsuccessful => failure(endpoint, status, headers, &mask.bytes(body), now).1,
        DecodeError::Shape(text) | DecodeError::Unrecognized(text) if endpoint.spec.sensitive => {
            // The text after the path may quote a token.
            let place = text.split(':').next().unwrap_or_default().to_owned();
            let error = Error::new(ErrorKind::Decode).with_detail(place);
            identify(error, endpoint, status, headers)
        }
        DecodeError::Shape(text) | DecodeError::Unrecognized(text) => {
            // The decoder quotes the text that it could not read.
            let error = Error::new(ErrorKind::Decode)
                .with_detail(mask.text(text.into_owned()))
                .with_body(&mask.bytes(body));
            identify(error, endpoint, status, headers)
        }
    };
    Failed { outcome, error }
}

/// Adds the head of a response.
fn identify(error: Error, endpoint: &Endpoint, status: StatusCode, headers: HeaderMap) -> Error {
    let id = (endpoint.request_id)(&headers);
    error
        .with_status(status)
        .with_headers(headers)
        .with_shared_service(None, endpoint.request_id_label)
        .with_words(id, None, None)
}

impl Transport {
    /// The target of a redirect, without the parts that may be secret: user, password, query and
    /// fragment.
    fn redirect(&self, status: StatusCode, headers: &HeaderMap) -> Option<String> {
        let location = headers.get(header::LOCATION).filter(|_| status.is_redirection())?;
        let target = location.to_str().ok().and_then(|target| self.0.base.join(target).ok());
        let Some(mut target) = target else {
            return Some("an address that cannot be read".to_owned());
        };
        // Both fail if the address cannot have such a part.
        let _ = (target.set_username(""), target.set_password(None));
        let query = target.query().map(|_| "***");
        target.set_query(query);
        target.set_fragment(None);
        Some(target.into())
    }

    /// The peers of connections: the service, and the proxy if there is one.
    fn peer(&self) -> String {
        match self.0.wire.proxy() {
            Some(proxy) => format!("{} through the proxy {proxy}", self.origin()),
            None => self.origin(),
        }
    }

    fn no_response(&self, error: WireError, gate: &SendGate) -> Failed {
        let connect = |detail: String| {
            Error::new(ErrorKind::Connect).with_peer(self.peer()).with_detail(detail)
        };
        let (outcome, error, source) = match error {
            WireError::Unusable(source) => {
                let detail =
                    format!("the request could not be sent: {}", cause::innermost(&*source));
                let error = Error::new(ErrorKind::Configuration).with_detail(detail);
                (AttemptOutcome::NotSent { transient: false }, error, source)
            }
            WireError::Connect(source) => {
                let permanent = cause::permanent(&*source);
                let outcome = AttemptOutcome::NotSent { transient: permanent.is_none() };
                let error = match permanent {
                    Some(why) => connect(why).permanent(),
                    None => connect(cause::innermost(&*source)),
                };
                (outcome, error, source)
            }
            WireError::Broken(source) if gate.close() => {
                let detail = cause::innermost(&*source);
                let error = Error::new(ErrorKind::Interrupted).with_detail(detail);
                (AttemptOutcome::NoResponse, error, source)
            }
            WireError::Broken(source) => {
                let cause = cause::innermost(&*source);
                let detail = format!("closed before the request was sent: {cause}");
                (AttemptOutcome::NotSent { transient: true }, connect(detail), source)
            }
        };
        Failed { outcome, error: error.with_source(source) }
    }
}
