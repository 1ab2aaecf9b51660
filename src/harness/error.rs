//! Harness's error bodies.

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::Harness;
use crate::error::ErrorKind;
use crate::model::json::{self, response};
use crate::model::loose::{list, text};
use crate::model::open_enum;
use crate::operation::{Failure, Service};

open_enum! {
    /// Harness's error code. About 400 exist (*observed*); those that concern access have variants.
    ErrorCode {
        /// The request is invalid; for roles and groups, also an item that does not exist or is
        /// managed.
        InvalidRequest = "INVALID_REQUEST",
        /// An argument is wrong.
        InvalidArgument = "INVALID_ARGUMENT",
        /// A duplicate. The server's source has another error for it since December 2023 (*observed*).
        DuplicateField = "DUPLICATE_FIELD",
        /// Not found, under status 400.
        ResourceNotFoundException = "RESOURCE_NOT_FOUND_EXCEPTION",
        /// Not found.
        ResourceNotFound = "RESOURCE_NOT_FOUND",
        /// Not found.
        EntityNotFound = "ENTITY_NOT_FOUND",
        /// It exists already.
        ResourceAlreadyExists = "RESOURCE_ALREADY_EXISTS",
        /// Not allowed, under status 400.
        UserNotAuthorized = "USER_NOT_AUTHORIZED",
        /// Not allowed, under status 403, with the failed permission checks.
        NgAccessDenied = "NG_ACCESS_DENIED",
        /// Not allowed.
        AccessDenied = "ACCESS_DENIED",
        /// The token is not valid.
        InvalidToken = "INVALID_TOKEN",
        /// The token has expired.
        ExpiredToken = "EXPIRED_TOKEN",
        /// The token was revoked.
        RevokedToken = "REVOKED_TOKEN",
        /// A rate limit, under status 400 by the server's table.
        TooManyRequests = "TOO_MANY_REQUESTS",
        /// Any failure; by later server source also a duplicate.
        UnknownError = "UNKNOWN_ERROR",
    }
}

impl ErrorCode {
    /// The kind, if the code is more specific than the status. The generic codes come under many
    /// statuses.
    fn kind(&self) -> Option<ErrorKind> {
        Some(match self {
            Self::DuplicateField | Self::ResourceAlreadyExists => ErrorKind::AlreadyExists,
            Self::ResourceNotFoundException | Self::ResourceNotFound | Self::EntityNotFound => {
                ErrorKind::NotFound
            }
            Self::UserNotAuthorized | Self::NgAccessDenied | Self::AccessDenied => {
                ErrorKind::PermissionDenied
            }
            Self::InvalidToken | Self::ExpiredToken | Self::RevokedToken => {
                ErrorKind::Unauthenticated
            }
            Self::TooManyRequests => ErrorKind::RateLimited,
            _ => return None,
        })
    }
}

/// A Harness error body, in any of the forms that the service emits (*observed*, but for the
/// documented `{message, code, errors, error_metadata}`). `Display` shows code and message.
#[derive(Clone, Debug, Default, PartialEq, thiserror::Error)]
#[error("{}", self.summary())]
#[non_exhaustive]
pub struct ServiceError {
    /// The code; from the first response message where the body itself has none.
    pub code: Option<ErrorCode>,
    /// The message, likewise.
    pub message: Option<String>,
    /// `ERROR` or `FAILURE`.
    pub status: Option<String>,
    /// The id to quote to Harness's support.
    pub correlation_id: Option<String>,
    /// A longer message.
    pub detailed_message: Option<String>,
    /// What is wrong with which field.
    pub field_errors: Vec<FieldError>,
    /// Messages with a code and a level each.
    pub response_messages: Vec<ResponseMessage>,
    /// The permissions that were missing (403).
    pub failed_permission_checks: Vec<FailedPermissionCheck>,
    /// `metadata`, `error_metadata` or `metaData`, unchanged.
    pub metadata: Option<Value>,
    /// The body, unchanged.
    pub raw: Value,
}

/// What is wrong with one field: `{field_name, message}` (*documented*) or `{fieldId, error}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "LooseFieldError")]
#[non_exhaustive]
pub struct FieldError {
    /// The field.
    pub field: Option<String>,
    /// What is wrong with it.
    pub message: Option<String>,
}

response! {
    /// Both spellings may occur together, so they are separate fields and not aliases.
    struct LooseFieldError {
        field_name: Option<String>,
        #[serde(rename = "fieldId")]
        field_id: Option<String>,
        message: Option<String>,
        error: Option<String>,
    }
}

impl From<LooseFieldError> for FieldError {
    fn from(loose: LooseFieldError) -> Self {
        Self { field: loose.field_name.or(loose.field_id), message: loose.message.or(loose.error) }
    }
}

response! {
    /// One of `responseMessages`.
    pub struct ResponseMessage {
        /// The code.
        pub code: Option<ErrorCode>,
        /// `ERROR`, `WARN`, `INFO`.
        pub level: Option<String>,
        /// The message.
        pub message: Option<String>,
        /// The exception, unchanged.
        pub exception: Option<Value>,
        /// Kinds of failure, as the service names them.
        #[serde(rename = "failureTypes")]
        pub failure_types: Option<Vec<String>>,
    }

    /// A permission that the caller lacks.
    #[serde(rename_all = "camelCase")]
    pub struct FailedPermissionCheck {
        /// The scope in which it was checked, unchanged.
        pub resource_scope: Option<Value>,
        /// The type of the resource.
        pub resource_type: Option<String>,
        /// Its attributes, unchanged.
        pub resource_attributes: Option<Value>,
        /// The resource.
        pub resource_identifier: Option<String>,
        /// The permission that is missing.
        pub permission: Option<String>,
    }
}

impl ServiceError {
    fn read(body: &[u8]) -> Option<Self> {
        let value = json::value(body)?;
        value.is_object().then(|| {
            let response_messages: Vec<ResponseMessage> = list(&value, "responseMessages");
            // The first one with a code is the most specific.
            let coded = response_messages.iter().find(|message| message.code.is_some());
            let first = coded.or_else(|| response_messages.first());
            let code = text(&value, &["code"]).map(ErrorCode::from);
            Self {
                code: code.or_else(|| first?.code.clone()),
                message: text(&value, &["message"]).or_else(|| first?.message.clone()),
                status: text(&value, &["status"]),
                correlation_id: text(&value, &["correlationId"]),
                detailed_message: text(&value, &["detailedMessage"]),
                field_errors: list(&value, "errors"),
                failed_permission_checks: list(&value, "failedPermissionChecks"),
                metadata: ["metadata", "error_metadata", "metaData"]
                    .iter()
                    .find_map(|field| value.get(*field).filter(|value| !value.is_null()).cloned()),
                response_messages,
                raw: value,
            }
        })
    }

    fn summary(&self) -> String {
        let code = self.code.as_ref().map(ErrorCode::as_str);
        let parts: Vec<_> = code.into_iter().chain(self.message.as_deref()).collect();
        if parts.is_empty() { "no code and no message".to_owned() } else { parts.join(": ") }
    }
}

impl Service for Harness {
    const REQUEST_ID_LABEL: &'static str = "correlation";

    fn read_failure(status: StatusCode, _: &HeaderMap, body: &[u8]) -> Failure {
        let Some(error) = ServiceError::read(body) else { return Failure::from_status(status) };
        Failure::new(status, error.code.as_ref().and_then(ErrorCode::kind))
            .with_code(error.code.as_ref().map(ToString::to_string))
            .with_message(error.message.clone())
            .with_request_id(error.correlation_id.clone())
            .with_service(error)
    }

    fn reports_failure(body: &[u8]) -> bool {
        ServiceError::read(body).is_some_and(|error| {
            let failed = matches!(error.status.as_deref(), Some("ERROR" | "FAILURE"));
            failed || (error.code.is_some() && error.message.is_some())
        })
    }
}
