//! Twilio: role assignments of Organizations ([`iam`]), and roles and who has them in Chat ([`chat`]) and
//! Conversations ([`conversations`]).

pub mod chat;
pub mod conversations;
mod error;
mod host;
pub mod iam;
mod paging;
mod shared;

use http::{HeaderMap, HeaderName, StatusCode};

use crate::model::sid;
use crate::operation::{Failure, Service};

pub use error::{ErrorCode, ServiceError};

sid! {
    /// An account: `AC` and 32 hexadecimal digits.
    AccountSid, "account SID", Some("AC")
}

sid! {
    /// An organization: `OR` and 32 hexadecimal digits.
    OrganizationSid, "OrganizationSid", Some("OR")
}

sid! {
    /// A role of Twilio IAM: `IX` and 32 hexadecimal digits.
    RoleSid, "role_sid", Some("IX")
}

sid! {
    /// A role assignment: `IY` and 32 hexadecimal digits. In responses it is kept unchanged.
    RoleAssignmentSid, "sid", Some("IY")
}

sid! {
    /// A user: `US` and 32 hexadecimal digits.
    UserSid, "user SID", Some("US")
}

sid! {
    /// Any SID: two capital letters and 32 hexadecimal digits.
    Sid, "SID", None
}

macro_rules! into_sid {
    ($($name:ident)+) => { $(
        impl From<$name> for Sid {
            fn from(sid: $name) -> Self {
                Self::new_unchecked(sid.as_str())
            }
        }

        impl From<&$name> for Sid {
            fn from(sid: &$name) -> Self {
                Self::new_unchecked(sid.as_str())
            }
        }
    )+ };
}

into_sid! { AccountSid OrganizationSid UserSid RoleSid RoleAssignmentSid }

/// A SID with small digits, since their case does not tell SIDs apart.
fn canonical(sid: &str) -> String {
    match sid.split_at_checked(2) {
        Some((prefix, digits)) => format!("{prefix}{}", digits.to_ascii_lowercase()),
        None => sid.to_owned(),
    }
}

/// The five `Access-Control-…` headers that Twilio documents: for Organizations on every response,
/// errors included, and for Chat and Conversations on every 200 and 201.
///
/// ```
/// use rolecall::twilio::AccessControl;
/// let mut headers = http::HeaderMap::new();
/// headers.insert("access-control-allow-credentials", "true".parse()?);
/// assert_eq!(AccessControl::of(&headers).allow_credentials, Some(true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessControl {
    /// `Access-Control-Allow-Origin`: the origins that may access the resource.
    pub allow_origin: Option<String>,
    /// `Access-Control-Allow-Methods`: the HTTP methods that may be used.
    pub allow_methods: Option<String>,
    /// `Access-Control-Allow-Headers`: the HTTP headers that may be sent.
    pub allow_headers: Option<String>,
    /// `Access-Control-Allow-Credentials`: whether a browser should send credentials. `None` also
    /// if it is neither `true` nor `false`.
    pub allow_credentials: Option<bool>,
    /// `Access-Control-Expose-Headers`: the headers that a browser's script may read.
    pub expose_headers: Option<String>,
}

impl AccessControl {
    /// Reads them from the headers of a [`Response`](crate::Response::headers) or an
    /// [`Error`](crate::Error::headers).
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let credentials = text(http::header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        Self {
            allow_origin: text(http::header::ACCESS_CONTROL_ALLOW_ORIGIN),
            allow_methods: text(http::header::ACCESS_CONTROL_ALLOW_METHODS),
            allow_headers: text(http::header::ACCESS_CONTROL_ALLOW_HEADERS),
            allow_credentials: credentials
                .and_then(|text| text.trim().to_ascii_lowercase().parse().ok()),
            expose_headers: text(http::header::ACCESS_CONTROL_EXPOSE_HEADERS),
        }
    }
}

/// Returns Twilio's id of a request (*observed*).
fn request_id(headers: &HeaderMap) -> Option<String> {
    static NAMES: [HeaderName; 2] = [
        HeaderName::from_static("twilio-request-id"),
        HeaderName::from_static("x-twilio-request-id"),
    ];
    NAMES.iter().find_map(|name| headers.get(name)?.to_str().ok().map(str::to_owned))
}

/// All products have the same errors and request ids.
macro_rules! services {
    ($($client:ty),+) => { $(
        impl Service for $client {
            fn read_failure(status: StatusCode, _: &HeaderMap, body: &[u8]) -> Failure {
                error::read_failure(status, body)
            }

            fn reports_failure(body: &[u8]) -> bool {
                error::reports_failure(body)
            }

            fn request_id(headers: &HeaderMap) -> Option<String> {
                request_id(headers)
            }
        }
    )+ };
}

services! { chat::TwilioChat, conversations::TwilioConversations, iam::TwilioIam }
