//! What an API key says without a request.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::model::Secret;

/// When a key of the form `api_<JWT>` expires; `None` for any other key, and for one without an
/// expiry.
pub(super) fn expires_at(key: &Secret) -> Option<SystemTime> {
    let claims = key.expose().trim().strip_prefix("api_")?.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let expires = claims.get("exp")?;
    // A number of seconds, in a JWT perhaps with a fraction.
    let since = match expires.as_u64() {
        Some(seconds) => Duration::from_secs(seconds),
        None => Duration::try_from_secs_f64(expires.as_f64()?).ok()?,
    };
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(claims: &str) -> Option<u64> {
        let key = format!("api_e30.{}.fake-signature", URL_SAFE_NO_PAD.encode(claims));
        let expires = expires_at(&Secret::new(key))?;
        Some(expires.duration_since(SystemTime::UNIX_EPOCH).expect("it is later").as_secs())
    }

    #[test]
    fn the_end_of_a_key_is_read() {
        assert_eq!(seconds(r#"{"sub":"x","exp":1700000000}"#), Some(1_700_000_000));
        assert_eq!(seconds(r#"{"exp":1700000000.5}"#), Some(1_700_000_000));
        for claims in ["{}", r#"{"exp":"soon"}"#, r#"{"exp":-1}"#, r#"{"exp":1e300}"#, "[]", "no"] {
            assert_eq!(seconds(claims), None, "{claims}");
        }
        let odd = format!(r#"{{"exp":{}}}"#, u64::MAX);
        assert_eq!(seconds(&odd), None);
        for key in ["", "api_", "api_obviously-fake-deepset-key", "a.b.c", "api_a.é.c", "api_a.!"]
        {
            assert_eq!(expires_at(&Secret::new(key)), None, "{key}");
        }
    }
}
