//! What Redox says when it refuses.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::Redox;
use crate::model::loose::text;
use crate::operation::{Failure, Service};

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
            let data_model = raw.get("Meta").and_then(|meta| meta.get("Errors"));
            let mut messages: Vec<String> = ["error_description", "errorDetail", "message"]
                .iter()
                .filter_map(|field| text(&raw, &[field]))
                .chain(text(payload, &["message"]))
                .collect();
            let lists = [raw.get("errors"), payload.get("errors"), data_model];
            for item in lists.into_iter().flatten().filter_map(Value::as_array).flatten() {
                let own = item.as_str().map(str::to_owned);
                messages.extend(own.or_else(|| text(item, &["message", "Text", "text", "detail"])));
            }
            let first = data_model.and_then(|errors| errors.get(0)).unwrap_or(&Value::Null);
            let code = text(&raw, &["error", "code"]).or_else(|| text(first, &["Type"]));
            let link = text(&raw, &["error_uri"]);
            Self { code, messages, link, raw }
        })
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
