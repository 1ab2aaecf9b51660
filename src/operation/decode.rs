//! Response bodies as JSON.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

/// Why a response with a success status is not a success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The body has another shape; the text says where. The change was made nevertheless, unless the
    /// operation is [confirmed by its body](super::Spec::confirmed_by_body).
    #[error("{0}")]
    Shape(Cow<'static, str>),
    /// The body says that the call failed, under a status that says it succeeded. The outcome is
    /// unknown.
    #[error("the body reports a failure under a success status")]
    Unsuccessful,
}

impl DecodeError {
    /// A body of another shape.
    #[must_use]
    pub fn shape(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Shape(text.into())
    }
}

/// Reads a body as JSON; an error names the field at which the body has another shape.
///
/// # Errors
/// [`DecodeError::Shape`] if the body is not JSON of this shape.
pub fn decode_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(DecodeError::shape("the body is empty"));
    }
    // Tracking the path costs an allocation a field, so only a failed body is read again with it.
    serde_json::from_slice(body).or_else(|_| decode_json_with_path(body))
}

fn decode_json_with_path<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.into_inner());
        let place = if path == "." || path == "?" { "body" } else { &path };
        match cause.classify() {
            serde_json::error::Category::Data => DecodeError::shape(format!("{place}: {cause}")),
            _ => DecodeError::shape(format!("not JSON at {place}: {cause}")),
        }
    })?;
    reader.end().map_err(|cause| DecodeError::shape(format!("not JSON: {cause}")))?;
    Ok(value)
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
