//! Token responses of OAuth 2.0.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::cache::{AccessToken, LONGEST_LIFETIME};
use crate::error::ErrorKind;
use crate::transport::{Call, Transport};

/// A token response (RFC 6749, section 5.1) with a bearer token in it.
#[derive(Deserialize)]
#[serde(try_from = "LooseTokenResponse")]
pub(crate) struct TokenResponse(pub(crate) AccessToken);

/// Every field may be absent or null.
#[derive(Deserialize)]
struct LooseTokenResponse {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<Value>,
}

impl TryFrom<LooseTokenResponse> for TokenResponse {
    type Error = &'static str;

    fn try_from(response: LooseTokenResponse) -> Result<Self, &'static str> {
        let secret = response.access_token.filter(|token| !token.is_empty());
        let secret = secret.ok_or("no access_token")?;
        if response.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err("token_type is not bearer");
        }
        let token = AccessToken::new(secret);
        // It is optional, so an unexpected value counts as absent.
        let seconds = match response.expires_in {
            Some(Value::Number(seconds)) => seconds.as_f64(),
            Some(Value::String(text)) => text.trim().parse().ok().filter(|s: &f64| s.is_finite()),
            _ => None,
        };
        Ok(Self(match seconds {
            Some(seconds) => {
                let seconds = seconds.clamp(0.0, LONGEST_LIFETIME.as_secs_f64());
                token.expires_in(Duration::from_secs_f64(seconds))
            }
            None => token,
        }))
    }
}

/// Sends a token call, as a [`TokenProvider`](super::TokenProvider) does.
///
/// # Errors
/// Those of the call; a configuration error if the URL is not that of a token endpoint.
pub(crate) async fn token(
    transport: &Transport,
    call: Call<TokenResponse>,
) -> Result<AccessToken, Box<dyn std::error::Error + Send + Sync>> {
    let error = match call.await {
        Ok(response) => return Ok(response.0),
        Err(error) => error,
    };
    let is_page = error.body().trim_ascii_start().starts_with(b"<");
    let refused = error.status().filter(|status| status.is_client_error() && *status != 429);
    Err(match refused.map(|status| status.as_u16()) {
        Some(status) if is_page || matches!(status, 404 | 405 | 410) => {
            let text = format!("{} is not a token endpoint, check the token URL", transport.base());
            error.with_kind(ErrorKind::Configuration).with_detail(text).into()
        }
        _ => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> serde_json::Result<AccessToken> {
        serde_json::from_str(body).map(|TokenResponse(token)| token)
    }

    #[test]
    fn lifetime_is_read_in_many_forms_up_to_a_day() {
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
                token.expires_in.map(|lifetime| lifetime.as_secs()),
                expected,
                "{expires_in}"
            );
        }
    }

    #[test]
    fn anything_but_a_bearer_token_is_refused() {
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
