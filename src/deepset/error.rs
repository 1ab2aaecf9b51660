//! The error body of the deepset platform.

use std::fmt;

use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Deepset;
use crate::model::json;
use crate::model::loose::{list, text};
use crate::operation::{Failure, Service};

/// A deepset error body. The list under 422 is documented; the other forms are *observed*.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ServiceError {
    /// `detail` (or `message`) as text.
    pub message: Option<String>,
    /// `detail` as a list (422): what is wrong, and where.
    pub detail: Vec<ValidationError>,
    /// `errors`, unchanged.
    pub errors: Option<Value>,
    /// The body, unchanged.
    pub raw: Value,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ValidationError {
    /// The path of the field, e.g. `body`, `permissions`, `0`, `asset`.
    #[serde(default)]
    pub loc: Vec<LocationPart>,
    /// What is wrong.
    pub msg: String,
    /// The kind of error, e.g. `enum`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// What was sent there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// More about the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Map<String, Value>>,
}

/// A step of the path of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LocationPart {
    /// The position in a list.
    Index(i64),
    /// A field of an object.
    Field(String),
}

impl fmt::Display for LocationPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(f),
            Self::Field(field) => field.fmt(f),
        }
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.loc.iter().enumerate() {
            write!(f, "{}{part}", if position == 0 { "" } else { "." })?;
        }
        write!(f, ": {}", self.msg)
    }
}

impl ServiceError {
    fn read(body: &[u8]) -> Option<Self> {
        let value = json::value(body)?;
        value.is_object().then(|| Self {
            message: text(&value, &["detail", "message"]),
            detail: list(&value, "detail"),
            errors: value.get("errors").cloned(),
            raw: value,
        })
    }

    /// The whole error as one text.
    fn summary(&self) -> Option<String> {
        let texts = |errors: &Value| {
            let texts = errors.as_array()?.iter();
            let texts: Vec<_> = texts
                .filter_map(|item| {
                    item.as_str()
                        .map(str::to_owned)
                        .or_else(|| text(item, &["message", "msg", "detail"]))
                })
                .collect();
            Some(texts.join("; "))
        };
        let detail: Vec<_> = self.detail.iter().map(ToString::to_string).collect();
        self.message
            .clone()
            .or_else(|| Some(detail.join("; ")).filter(|detail| !detail.is_empty()))
            .or_else(|| self.raw.get("detail").and_then(texts).filter(|text| !text.is_empty()))
            .or_else(|| self.errors.as_ref().and_then(texts).filter(|text| !text.is_empty()))
    }
}

impl Service for Deepset {
    fn read_failure(status: StatusCode, _: &HeaderMap, body: &[u8]) -> Failure {
        let failure = Failure::from_status(status);
        match ServiceError::read(body) {
            Some(error) => failure.with_message(error.summary()).with_service(error),
            None => failure,
        }
    }

    fn reports_failure(body: &[u8]) -> bool {
        let error = ServiceError::read(body).filter(|error| error.summary().is_some());
        error.is_some_and(|error| {
            ["detail", "errors"].iter().any(|part| error.raw.get(part).is_some())
        })
    }
}
