//! Error bodies of Redox.

use std::collections::HashSet;

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::Redox;
use crate::model::json;
use crate::model::loose::text;
use crate::operation::{Failure, Service};

/// A Redox error body. The Platform's own form is not documented: this holds what is found in the
/// forms of its neighbours (`{error, error_description}`, `{message}`, `payload.errors`, and the
/// Data Model API's `Meta.Errors`), and the raw value.
#[derive(Clone, Debug, Default, PartialEq, thiserror::Error)]
#[error("{}: {}", .code.as_deref().unwrap_or("no code"), .messages.join("; "))]
#[non_exhaustive]
pub struct ServiceError {
    /// `error`, or the type of the first of `Meta.Errors`.
    pub code: Option<String>,
    /// All messages that were found, in order.
    pub messages: Vec<String>,
    /// `error_uri`, where the token endpoint says more.
    pub link: Option<String>,
    /// The body, unchanged.
    pub raw: Value,
}

impl ServiceError {
    fn read(body: &[u8]) -> Option<Self> {
        let raw = json::value(body)?;
        raw.as_object()?;
        let at = |path| raw.pointer(path).unwrap_or(&Value::Null);
        let own = ["error_description", "errorDetail", "message"].map(|field| text(&raw, &[field]));
        let parts = [at("/payload"), at("/error")].map(|part| text(part, &["message"]));
        let mut found: Vec<_> = own.into_iter().chain(parts).collect();
        for errors in [at("/errors"), at("/payload/errors"), at("/Meta/Errors")] {
            let items = errors.as_array().map_or(std::slice::from_ref(errors), Vec::as_slice);
            found.extend(items.iter().map(|item| {
                let whole = item.as_str().map(str::to_owned);
                whole.or_else(|| text(item, &["message", "Text", "text", "detail"]))
            }));
        }
        let mut messages: Vec<String> = found.into_iter().flatten().collect();
        let mut known = HashSet::new();
        messages.retain(|message| known.insert(message.clone()));
        let code = text(&raw, &["error", "code"])
            .or_else(|| text(at("/error"), &["code"]))
            .or_else(|| text(at("/Meta/Errors/0"), &["Type"]));
        Some(Self { code, messages, link: text(&raw, &["error_uri"]), raw })
    }
}

impl Service for Redox {
    fn read_failure(status: StatusCode, _: &HeaderMap, body: &[u8]) -> Failure {
        let failure = Failure::from_status(status);
        let Some(error) = ServiceError::read(body) else { return failure };
        let message = Some(error.messages.join("; ")).filter(|message| !message.is_empty());
        failure.with_code(error.code.clone()).with_message(message).with_service(error)
    }

    fn reports_failure(body: &[u8]) -> bool {
        let error = ServiceError::read(body);
        error.is_some_and(|error| error.code.is_some() || !error.messages.is_empty())
    }
}
