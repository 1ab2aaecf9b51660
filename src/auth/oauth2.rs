//! Token answers of OAuth 2.0.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::cache::{AccessToken, LONGEST_LIFETIME};
use crate::operation::{AnswerError, RawAnswer};

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<Value>,
}

/// Reads a token answer (RFC 6749, section 5.1) in which every field may be absent or null.
///
/// # Errors
/// [`AnswerError`] if there is no bearer token in it.
pub(crate) fn read_token(answer: &RawAnswer<'_>) -> Result<AccessToken, AnswerError> {
    let answer: TokenAnswer = answer.json()?;
    let secret = answer
        .access_token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| AnswerError::shape("no access_token"))?;
    if answer.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(AnswerError::shape("token_type is not bearer"));
    }
    let token = AccessToken::new(secret);
    // It is optional, so a strange one is as good as none.
    let seconds = match answer.expires_in {
        Some(Value::Number(seconds)) => seconds.as_f64(),
        Some(Value::String(seconds)) => seconds.trim().parse().ok().filter(|s: &f64| s.is_finite()),
        _ => None,
    };
    Ok(match seconds {
        Some(seconds) => {
            let seconds = seconds.clamp(0.0, LONGEST_LIFETIME.as_secs_f64());
            token.expires_in(Duration::from_secs_f64(seconds))
        }
        None => token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, StatusCode};

    fn read(body: &str) -> Result<AccessToken, AnswerError> {
        let headers = HeaderMap::new();
        read_token(&RawAnswer { status: StatusCode::OK, headers: &headers, body: body.as_bytes() })
    }

    #[test]
    fn lifetimes_are_believed_within_reason() {
        for (expires_in, expected) in [
            ("3600", Some(3600)),
            ("1438315200000", Some(24 * 3600)),
            ("-5", Some(0)),
            ("0.5", Some(0)),
            ("1e300", Some(24 * 3600)),
            (r#""3600""#, Some(3600)),
            (r#""soon""#, None),
            (r#""NaN""#, None),
            ("{}", None),
            ("null", None),
        ] {
            let body = format!(
                r#"{{"access_token":"fake","token_type":"BEARER","expires_in":{expires_in}}}"#
            );
            let token = read(&body).expect("it is a token");
            assert_eq!(
                token.lifetime().map(|lifetime| lifetime.as_secs()),
                expected,
                "{expires_in}"
            );
        }
    }

    #[test]
    fn what_is_no_bearer_token_is_refused() {
        for body in [
            "{}",
            r#"{"access_token":null}"#,
            r#"{"access_token":""}"#,
            "[]",
            "<html>",
            r#"{"access_token":"fake","token_type":"mac"}"#,
        ] {
            read(body).expect_err(body);
        }
    }
}
