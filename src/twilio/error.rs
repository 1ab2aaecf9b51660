//! Twilio's error codes and error bodies.

use std::num::ParseIntError;
use std::str::FromStr;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::model::Timestamp;
use crate::model::json;
use crate::model::loose::text;
use crate::operation::Failure;

/// Twilio's numeric error code; see `https://www.twilio.com/docs/api/errors/{code}`.
///
/// Any number is kept; those with a meaning for roles have names (*observed* in the vendor's error
/// dictionary; 20001, 20003, 20429, 25020 and 25022 are also *documented* for single calls).
///
/// ```
/// use rolecall::twilio::ErrorCode;
/// assert_eq!("20429".parse(), Ok(ErrorCode::TOO_MANY_REQUESTS));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorCode(pub i64);

/// Declares the named codes and what each means.
macro_rules! codes {
    ($( $(#[$meta:meta])* $name:ident = $code:literal => $kind:expr, )+) => {
        impl ErrorCode {
            $( $(#[$meta])* pub const $name: Self = Self($code); )+

            fn kind(self) -> Option<ErrorKind> {
                match self {
                    $( Self::$name => $kind, )+
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// The request is invalid.
    INVALID = 20001 => Some(ErrorKind::InvalidRequest),
    /// Authentication or permission; the status distinguishes them (401, 403).
    AUTHENTICATION = 20003 => None,
    /// Not found.
    NOT_FOUND = 20404 => Some(ErrorKind::NotFound),
    /// Too many requests: never processed, always safe to repeat (*documented*).
    TOO_MANY_REQUESTS = 20429 => Some(ErrorKind::RateLimited),
    /// A server error.
    SERVER = 20500 => None,
    /// IAM: the filter is wrong.
    IAM_FILTER = 25001 => Some(ErrorKind::InvalidRequest),
    /// IAM: the user name is wrong.
    IAM_USERNAME = 25005 => Some(ErrorKind::InvalidRequest),
    /// IAM: the user was not found.
    IAM_USER_NOT_FOUND = 25008 => Some(ErrorKind::NotFound),
    /// IAM: e-mail address and user name differ.
    IAM_EMAIL = 25014 => Some(ErrorKind::InvalidRequest),
    /// IAM: not authorized.
    IAM_NOT_AUTHORIZED = 25018 => Some(ErrorKind::PermissionDenied),
    /// IAM: the version has changed.
    IAM_VERSION_CONFLICT = 25020 => Some(ErrorKind::Conflict),
    /// IAM: rate limited.
    IAM_RATE_LIMITED = 25021 => Some(ErrorKind::RateLimited),
    /// IAM: the user already exists.
    IAM_DUPLICATE_USER = 25022 => Some(ErrorKind::AlreadyExists),
    /// IAM: the page token is wrong.
    IAM_PAGE_TOKEN = 25023 => Some(ErrorKind::InvalidRequest),
    /// IAM: the organization was not found.
    IAM_ORGANIZATION_NOT_FOUND = 25100 => Some(ErrorKind::NotFound),
    /// IAM: the account was not found.
    IAM_ACCOUNT_NOT_FOUND = 25101 => Some(ErrorKind::NotFound),
    /// IAM: not authorized.
    IAM_FORBIDDEN = 25105 => Some(ErrorKind::PermissionDenied),
    /// IAM: a bad request.
    IAM_BAD_REQUEST = 25106 => Some(ErrorKind::InvalidRequest),
    /// IAM: the credentials belong to something else.
    IAM_UNRELATED_CREDENTIALS = 25107 => Some(ErrorKind::PermissionDenied),
    /// IAM: rate limited.
    IAM_THROTTLED = 25109 => Some(ErrorKind::RateLimited),
    /// IAM: the scope of a role assignment is wrong.
    IAM_SCOPE = 25200 => Some(ErrorKind::InvalidRequest),
    /// IAM: the identity of a role assignment is wrong.
    IAM_IDENTITY = 25201 => Some(ErrorKind::InvalidRequest),
    /// IAM: the role of a role assignment is wrong.
    IAM_ROLE = 25202 => Some(ErrorKind::InvalidRequest),
    /// IAM: a list needs a filter.
    IAM_FILTER_NEEDED = 25203 => Some(ErrorKind::InvalidRequest),
    /// Chat: the role needs a name.
    CHAT_NO_NAME = 50000 => Some(ErrorKind::InvalidRequest),
    /// Chat: the name is too long.
    CHAT_NAME_TOO_LONG = 50003 => Some(ErrorKind::InvalidRequest),
    /// Chat: the service was not found.
    CHAT_SERVICE_NOT_FOUND = 50050 => Some(ErrorKind::NotFound),
    /// Chat: rate limited.
    CHAT_RATE_LIMITED = 50063 => Some(ErrorKind::RateLimited),
    /// Chat: rate limited.
    CHAT_THROTTLED = 50074 => Some(ErrorKind::RateLimited),
    /// Chat and Conversations: the role was not found.
    CHAT_ROLE_NOT_FOUND = 50100 => Some(ErrorKind::NotFound),
    /// Chat: the channel role was not found.
    CHAT_CHANNEL_ROLE_NOT_FOUND = 50101 => Some(ErrorKind::NotFound),
    /// Chat: the role SID is missing.
    CHAT_NO_ROLE_SID = 50103 => Some(ErrorKind::InvalidRequest),
    /// Chat: the permission was not found.
    CHAT_PERMISSION_NOT_FOUND = 50104 => Some(ErrorKind::InvalidRequest),
    /// Chat and Conversations: the role type is wrong.
    CHAT_ROLE_TYPE = 50105 => Some(ErrorKind::InvalidRequest),
    /// Chat and Conversations: not authorized.
    CHAT_NOT_AUTHORIZED = 50107 => Some(ErrorKind::PermissionDenied),
    /// Conversations: the role was not found.
    CONVERSATIONS_ROLE_NOT_FOUND = 50109 => Some(ErrorKind::NotFound),
    /// Chat and Conversations: the user was not found.
    CHAT_USER_NOT_FOUND = 50200 => Some(ErrorKind::NotFound),
    /// Chat and Conversations: the user already exists.
    CHAT_USER_EXISTS = 50201 => Some(ErrorKind::AlreadyExists),
    /// Chat and Conversations: that role may not be set.
    CHAT_ROLE_NOT_ALLOWED = 50205 => Some(ErrorKind::PermissionDenied),
    /// Chat and Conversations: an identity that looks like the SID of a user.
    CHAT_IDENTITY = 50206 => Some(ErrorKind::InvalidRequest),
    /// Chat: the identity is already invited.
    CHAT_INVITED = 50212 => Some(ErrorKind::AlreadyExists),
    /// Chat: the member was not found.
    CHAT_MEMBER_NOT_FOUND = 50402 => Some(ErrorKind::NotFound),
    /// Chat: the member already exists.
    CHAT_MEMBER_EXISTS = 50404 => Some(ErrorKind::AlreadyExists),
    /// Conversations: the address is already a participant.
    CONVERSATIONS_BINDING_EXISTS = 50416 => Some(ErrorKind::AlreadyExists),
    /// Conversations: the participant already exists.
    CONVERSATIONS_PARTICIPANT_EXISTS = 50433 => Some(ErrorKind::AlreadyExists),
    /// Conversations: the participant of a group already exists.
    CONVERSATIONS_GROUP_PARTICIPANT_EXISTS = 50437 => Some(ErrorKind::AlreadyExists),
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ErrorCode {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

/// A Twilio error body, in any of its forms: `{code, message, moreInfo, status}` (documented for
/// role assignments), `more_info`, SCIM (`detail`, `scimType`), RFC 9457 (`title`, `detail`),
/// `{code, message, httpStatusCode, params, userError}`, and OAuth (`error`, `error_description`) at
/// the token endpoint.
#[derive(Clone, Debug, Default, PartialEq, thiserror::Error)]
#[error("{}", self.summary())]
#[non_exhaustive]
pub struct ServiceError {
    /// The code.
    pub code: Option<ErrorCode>,
    /// The message: `message`, else `detail`, `title` or `error_description`.
    pub message: Option<String>,
    /// `moreInfo` or `more_info`: where the code is explained.
    pub more_info: Option<String>,
    /// `status` or `httpStatusCode` as the body has it. Behind a gateway it may differ from the
    /// HTTP status (inferred), which alone decides.
    pub status: Option<u16>,
    /// SCIM's detail of the error, e.g. `uniqueness`.
    pub scim_type: Option<String>,
    /// Until when requests are throttled (*documented* for the token endpoint, its form not). Where it
    /// is an ISO 8601 timestamp (inferred) and there is no `Retry-After`, the client waits until then.
    pub throttled_until: Option<String>,
    /// The body, unchanged.
    pub raw: Value,
}

/// The schema of SCIM's errors.
const SCIM_ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

impl ServiceError {
    fn read(body: &[u8]) -> Option<Self> {
        let raw = json::value(body)?;
        raw.is_object().then(|| Self {
            code: text(&raw, &["code"]).and_then(|code| code.parse().ok()),
            message: text(&raw, &["message", "detail", "title", "error_description"]),
            more_info: text(&raw, &["moreInfo", "more_info"]),
            status: text(&raw, &["status", "httpStatusCode"]).and_then(|code| code.parse().ok()),
            scim_type: text(&raw, &["scimType"]),
            throttled_until: text(&raw, &["throttled_until"]),
            raw,
        })
    }

    /// The code as text: Twilio's number, else OAuth's word.
    fn code_text(&self) -> Option<String> {
        self.code.map(|code| code.to_string()).or_else(|| text(&self.raw, &["error"]))
    }

    /// Code and message on one line.
    fn summary(&self) -> String {
        let parts = [self.code_text(), self.message.clone()];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        if text.is_empty() {
            "no code or message".into()
        } else {
            text.replace(char::is_control, " ")
        }
    }

    fn kind(&self, status: StatusCode) -> Option<ErrorKind> {
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        // Seen where the document has 403: a fresh token would not help.
        if status == StatusCode::UNAUTHORIZED && message.contains("required permission") {
            return Some(ErrorKind::PermissionDenied);
        }
        let by_scim =
            (self.scim_type.as_deref() == Some("uniqueness")).then_some(ErrorKind::AlreadyExists);
        // A code that all products share says no more than the status does, except under 400.
        let generic = matches!(self.code, Some(ErrorCode::INVALID | ErrorCode::NOT_FOUND));
        let code = self.code.filter(|_| !generic || status == StatusCode::BAD_REQUEST);
        code.and_then(ErrorCode::kind).or(by_scim)
    }
}

/// Whether the service refused with this code, which says what was not found. Another code may be
/// about what the thing is in.
pub(super) fn is_not_found_by(error: &Error, code: ErrorCode) -> bool {
    let actual = error.service::<ServiceError>().and_then(|error| error.code);
    let refused = error.status().is_some_and(|status| status.is_client_error());
    error.is_not_found() && refused && actual == Some(code)
}

/// Whether a body is an error in any of its forms.
pub(super) fn reports_failure(body: &[u8]) -> bool {
    ServiceError::read(body).is_some_and(|error| {
        let schemas = error.raw.get("schemas").and_then(Value::as_array);
        error.status.is_some_and(|status| status >= 400)
            || (error.code.is_some() && error.message.is_some())
            || text(&error.raw, &["error"]).is_some()
            || schemas.is_some_and(|schemas| schemas.iter().any(|schema| schema == SCIM_ERROR))
    })
}

/// Reads any failure of a Twilio service.
pub(super) fn read_failure(status: StatusCode, body: &[u8]) -> Failure {
    let Some(error) = ServiceError::read(body) else {
        return Failure::from_status(status);
    };
    Failure::new(status, error.kind(status))
        .with_retry_at(error.throttled_until.as_deref().and_then(Timestamp::read))
        .with_code(error.code_text())
        .with_message(error.message.clone())
        .with_service(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_numbers_as_text_and_json() {
        let code = ErrorCode::NOT_FOUND;
        assert_eq!(format!("{code:>7}|{code:<7}|"), "  20404|20404  |");
        assert_eq!(serde_json::to_string(&code).expect("it is a number"), "20404");
        assert_eq!(serde_json::from_str::<ErrorCode>("20404").expect("it is a number"), code);
        "x".parse::<ErrorCode>().expect_err("it is no number");
    }

    #[test]
    fn generic_codes_refine_no_status_but_400() {
        use ErrorKind::*;
        for (status, body, kind) in [
            (400, r#"{"code":20404}"#, NotFound),
            (403, r#"{"code":20404}"#, PermissionDenied),
            (409, r#"{"code":20001}"#, Conflict),
            (404, r#"{"code":20001}"#, NotFound),
            (503, r#"{"code":20404}"#, Server),
            (400, r#"{"code":25022}"#, AlreadyExists),
            (404, r#"{"code":25022}"#, AlreadyExists),
            (409, r#"{"scimType":"uniqueness"}"#, AlreadyExists),
            (401, r#"{"code":20003}"#, Unauthenticated),
            (401, r#"{"code":20003,"message":"Missing required permission"}"#, PermissionDenied),
        ] {
            let status = StatusCode::from_u16(status).expect("it is a status");
            assert_eq!(read_failure(status, body.as_bytes()).kind, kind, "{status} {body}");
        }
    }

    #[test]
    fn text_is_code_and_message_on_one_line() {
        for (body, text) in [
            (r#"{"code":20404,"message":"a\nb"}"#, "20404: a b"),
            (r#"{"detail":"no user"}"#, "no user"),
            (r#"{"error":"invalid_client","error_description":"bad"}"#, "invalid_client: bad"),
            ("{}", "no code or message"),
        ] {
            let error = ServiceError::read(body.as_bytes()).expect("it is an object");
            assert_eq!(error.to_string(), text);
        }
    }
}
