//! What Redox says when it refuses.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::Redox;
use crate::model::loose::text;
use crate::operation::{Failure, Service};
use crate::transport::LONGEST_ERROR;

/// A Redox error body. The Platform's own form is not documented: this holds what is found in the
/// forms of its neighbours (`{error, error_description}`, `{message}`, `payload.errors`, and the
/// Data Model API's `Meta.Errors`), and the raw value.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ServiceError {
    /// `error`, or the type of the first of `Meta.Errors`.
    pub code: Option<String>,
    /// All messages that were found, in order.
    pub messages: Vec<String>,
    /// `error_uri`, where the token endpoint says more.
    pub link: Option<String>,
    /// The body as it came.
    pub raw: Value,
}

impl ServiceError {
    fn read(body: &[u8]) -> Option<Self> {
        let raw: Value = serde_json::from_slice(body).ok()?;
        raw.is_object().then(|| {
            let payload = raw.get("payload").unwrap_or(&Value::Null);
            let error = raw.get("error").unwrap_or(&Value::Null);
            let data_model = raw.get("Meta").and_then(|meta| meta.get("Errors"));
            let mut messages = Vec::new();
            let mut add = |message: Option<String>| {
                messages.extend(message.filter(|message| !messages.contains(message)));
            };
            for field in ["error_description", "errorDetail", "message"] {
                add(text(&raw, &[field]));
            }
            add(text(payload, &["message"]));
            add(text(error, &["message"]));
            for found in [raw.get("errors"), payload.get("errors"), data_model] {
                let items = match found {
                    Some(Value::Array(items)) => items.as_slice(),
                    Some(one) => std::slice::from_ref(one),
                    None => &[],
                };
                for item in items {
                    let own = item.as_str().map(str::to_owned);
                    add(own.or_else(|| text(item, &["message", "Text", "text", "detail"])));
                }
            }
            let first = data_model.and_then(|errors| errors.get(0)).unwrap_or(&Value::Null);
            let code = text(&raw, &["error", "code"])
                .or_else(|| text(error, &["code"]))
                .or_else(|| text(first, &["Type"]));
            let link = text(&raw, &["error_uri"]);
            Self { code, messages, link, raw }
        })
    }

    /// Whether a body tells of an error. One of a length at which none is told is not looked at.
    pub(super) fn is_told_in(body: &[u8]) -> bool {
        let read = if body.len() <= LONGEST_ERROR { Self::read(body) } else { None };
        read.is_some_and(|error| error.code.is_some() || !error.messages.is_empty())
    }
}

impl Service for Redox {
    fn read_failure(status: StatusCode, _: &HeaderMap, body: &[u8]) -> Failure {
        let Some(error) = ServiceError::read(body) else {
            return Failure::from_status(status);
        };
        let message = Some(error.messages.join("; ")).filter(|message| !message.is_empty());
        Failure::from_status(status)
            .with_code(error.code.clone())
            .with_message(message)
            .with_service(error)
    }
}
