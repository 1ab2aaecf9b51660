//! Response bodies as JSON.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use crate::model::json;

/// Why a response with a success status is not a success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The body is JSON of another shape; the text says where. The change was made nevertheless,
    /// unless the operation is [confirmed by its body](super::Spec::confirmed_by_body).
    #[error("{0}")]
    Shape(Cow<'static, str>),
    /// The body does not come from the service: it is empty, not JSON, incomplete, or a list where
    /// an object belongs. It may be a login page, so the outcome is unknown.
    #[error("{0}")]
    Unrecognized(Cow<'static, str>),
    /// The body says that the call failed although the status is a success. The outcome is unknown.
    #[error("the body reports a failure under a success status")]
    Unsuccessful,
}

impl DecodeError {
    /// A body of another shape.
    pub fn shape(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Shape(text.into())
    }
}

/// Reads a body as JSON; an error names the field at which the body has another shape.
///
/// # Errors
/// [`DecodeError::Shape`] if the body has another shape, [`DecodeError::Unrecognized`] if it is not
/// JSON, or not this kind of JSON.
pub fn decode_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    if is_blank(body) {
        return Err(DecodeError::Unrecognized("the body is empty".into()));
    }
    json::read(body).map_err(|(path, cause)| {
        let whole = path == "." || path == "?";
        let place = if whole { "body" } else { &path };
        let cause_text = cause.to_string();
        if cause.classify() != serde_json::error::Category::Data {
            return DecodeError::Unrecognized(format!("not JSON at {place}: {cause_text}").into());
        }
        // The path names the place; a line would be one of a part.
        let cause = cause_text.split(" at line ").next().unwrap_or_default();
        let text = format!("{place}: {cause}").into();
        // Of the whole body, a type is a kind: list, object, text.
        let other_kind = whole && cause.starts_with("invalid type");
        if other_kind { DecodeError::Unrecognized(text) } else { DecodeError::Shape(text) }
    })
}

/// Reads a body where none is expected: it may be empty or any JSON, and counts as `null`.
///
/// # Errors
/// [`DecodeError::Unrecognized`] for any other body.
pub(super) fn decode_none<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    if !is_blank(body) {
        decode_json::<serde::de::IgnoredAny>(body)?;
    }
    decode_json(b"null")
}

/// Whether a body is a complete JSON object or array.
pub(crate) fn is_json(body: &[u8]) -> bool {
    let starts = json::without_mark(body).trim_ascii_start().first();
    let whole = || json::read::<serde::de::IgnoredAny>(body).is_ok();
    matches!(starts, Some(b'{' | b'[')) && std::str::from_utf8(body).is_ok() && whole()
}

fn is_blank(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    struct Outer {
        #[expect(dead_code, reason = "only its reading is tested")]
        inner: Vec<u8>,
    }

    fn shape(body: &[u8]) -> String {
        decode_json::<Outer>(body).expect_err("it has another shape").to_string()
    }

    #[test]
    fn an_error_names_the_place() {
        assert_eq!(shape(b" \n"), "the body is empty");
        assert!(shape(br#"{"inner":[1,"x"]}"#).starts_with("inner[1]: invalid type"));
        assert!(shape(b"<html>").starts_with("not JSON at body"));
        assert!(shape(br#"{"inner":[]} x"#).starts_with("not JSON"));
        assert!(shape(b"{}").starts_with("body: missing field `inner`"));
        assert!(shape(b"\xff\xfe\0").starts_with("not JSON"));
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        let deep = "[".repeat(100_000);
        decode_json::<serde_json::Value>(deep.as_bytes()).expect_err("it nests too deep");
    }
}
