//! Why a call failed, and what it did at the service.

use std::fmt;

use http::StatusCode;
use serde::{Serialize, Serializer};

/// Declares an enum whose values have a stable name, for logs and metrics, and words, for people.
macro_rules! named {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$value_meta:meta])* $value:ident = $text:literal, $words:literal;)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$value_meta])* $value,)+
        }

        impl $name {
            /// Returns a stable lower-case name, for logs and metrics.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $(Self::$value => $words,)+
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

named! {
/// The kind of an [`Error`](crate::Error), the same for every service.
///
/// A service's own code decides first and the HTTP status second: Harness says "not found" under
/// status 400, for example. `as_str` is `error.type` in spans.
///
/// ```
/// assert_eq!(rolecall::ErrorKind::RateLimited.as_str(), "rate_limited");
/// ```
#[non_exhaustive]
ErrorKind {
    /// The request breaks a rule of the service (400, 422), or a rule of this crate before anything
    /// was sent (then [`Error::status`](crate::Error::status) is `None` and the text names the
    /// field and the rule).
    InvalidRequest = "invalid_request", "invalid request";
    /// The credentials are missing, wrong or expired (401).
    Unauthenticated = "unauthenticated", "unauthenticated";
    /// The credentials are valid, but lack a permission (403).
    PermissionDenied = "permission_denied", "permission denied";
    /// The resource or its parent does not exist (404, 410).
    NotFound = "not_found", "not found";
    /// A resource with this name or identifier already exists.
    AlreadyExists = "already_exists", "already exists";
    /// The request conflicts with the current state of the resource (409, 412), or `ensure` found
    /// something that differs from what is desired.
    Conflict = "conflict", "conflict";
    /// Too many requests (429, or the service's code for it under another 4xx). The call was not
    /// processed: Twilio documents this for 429; otherwise it is inferred.
    RateLimited = "rate_limited", "rate limited";
    /// The service refused for a reason that no other kind names, or an interceptor ended the call.
    Rejected = "rejected", "rejected";
    /// The service failed (5xx).
    Server = "server", "server error";
    /// A redirect, a 2xx that is not documented for this call, or a status that HTTP does not define.
    UnexpectedStatus = "unexpected_status", "unexpected status";
    /// No complete response arrived within the time limits, or the service returned 408.
    Timeout = "timeout", "timeout";
    /// The last attempt found no connection: name resolution, proxy, TCP or TLS failed. An earlier
    /// attempt may have been sent; the effect says so.
    Connect = "connect", "no connection";
    /// The connection was lost after the client had begun to send the request or in mid-response,
    /// or the response was not HTTP.
    Interrupted = "interrupted", "connection interrupted";
    /// A response arrived but could not be read: not JSON, an unexpected shape, too large,
    /// compressed.
    Decode = "decode", "invalid response body";
    /// The client's settings are invalid (a bad URL, a missing variable, no TLS backend, a token
    /// URL that is not a token endpoint), or the program uses it wrongly (outside of a Tokio runtime).
    Configuration = "configuration", "configuration";
}
}

named! {
/// What a failed call did at the service. `docs/retries.md` says when each is reported.
Effect {
    /// Nothing was changed by this call.
    NotApplied = "not_applied", "nothing was changed";
    /// It is unknown whether the change was made: read the resource before you repeat the call.
    Unknown = "unknown", "outcome unknown";
    /// The service said that the change was made, but its response could not be used.
    Applied = "applied", "the change was made";
}
}

impl ErrorKind {
    /// The kind that an HTTP status alone suggests, where a service's code says nothing better.
    ///
    /// ```
    /// use rolecall::ErrorKind;
    /// assert_eq!(ErrorKind::from_status(http::StatusCode::FORBIDDEN), ErrorKind::PermissionDenied);
    /// ```
    pub fn from_status(status: StatusCode) -> Self {
        match status.as_u16() {
            400 | 422 => Self::InvalidRequest,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 | 410 => Self::NotFound,
            408 => Self::Timeout,
            409 | 412 => Self::Conflict,
            429 => Self::RateLimited,
            402..=499 => Self::Rejected,
            500..=599 => Self::Server,
            _ => Self::UnexpectedStatus,
        }
    }
}
