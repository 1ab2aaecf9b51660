//! Credentials that a service sends back, made unreadable before anybody sees them.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use url::Url;

use crate::model::Secret;

/// Shorter secrets are not searched for: they would be found in innocent text.
const SHORTEST: usize = 8;

const MASK: &[u8] = b"***";

/// What was sent with a request and must not be shown.
#[derive(Clone)]
pub(super) struct Mask {
    credentials: Arc<[Secret]>,
    proxy: Arc<[Secret]>,
}

impl Mask {
    pub(super) fn new(credentials: &Arc<[Secret]>, proxy: &Arc<[Secret]>) -> Self {
        Self { credentials: Arc::clone(credentials), proxy: Arc::clone(proxy) }
    }

    pub(super) fn bytes(&self, bytes: Bytes) -> Bytes {
        let secrets = self.credentials.iter().chain(self.proxy.iter());
        secrets
            .filter(|secret| secret.expose().len() >= SHORTEST)
            .fold(bytes, |bytes, secret| replace(bytes, secret.expose().as_bytes()))
    }

    pub(super) fn text(&self, text: String) -> String {
        match String::from_utf8(self.bytes(text.into()).into()) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }

    pub(super) fn headers(&self, mut headers: HeaderMap) -> HeaderMap {
        for value in headers.values_mut() {
            let masked = self.bytes(Bytes::copy_from_slice(value.as_bytes()));
            if masked != value.as_bytes() {
                *value =
                    HeaderValue::from_bytes(&masked).unwrap_or(HeaderValue::from_static("***"));
            }
        }
        headers
    }
}

/// The password inside a proxy's URL, and the form in which it is sent.
pub(super) fn proxy_secrets(proxy: Option<&Secret>) -> Arc<[Secret]> {
    let url = proxy.and_then(|proxy| Url::parse(proxy.expose()).ok());
    let decode =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    match url.as_ref().and_then(|url| Some((url.username(), url.password()?))) {
        Some((user, password)) => {
            let password = Secret::new(decode(password));
            let pair = Secret::new(format!("{}:{}", decode(user), password.expose()));
            let encoded = Secret::new(STANDARD.encode(pair.expose()));
            Arc::from([password, encoded])
        }
        None => Arc::from([]),
    }
}

fn replace(body: Bytes, secret: &[u8]) -> Bytes {
    let find = |from: usize| {
        (from..body.len()).find_map(|at| Some((at, at + length_of(&body[at..], secret)?)))
    };
    let Some((mut start, mut end)) = find(0) else { return body };
    let mut masked = Vec::with_capacity(body.len());
    let mut done = 0;
    loop {
        masked.extend_from_slice(&body[done..start]);
        masked.extend_from_slice(MASK);
        done = end;
        match find(done) {
            Some(next) => (start, end) = next,
            None => break,
        }
    }
    masked.extend_from_slice(&body[done..]);
    masked.into()
}

/// How many bytes the secret takes at the start of `text`, where it stands there: plain, or with
/// any of its characters escaped as JSON and forms do.
fn length_of(text: &[u8], secret: &[u8]) -> Option<usize> {
    let mut rest = text;
    for &byte in secret {
        rest = rest.get(escaped_length(rest, byte)?..)?;
    }
    Some(text.len() - rest.len())
}

fn escaped_length(text: &[u8], byte: u8) -> Option<usize> {
    let hex = |digits: &[u8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    match text {
        [b'\\', b'u', digits @ ..] if hex(digits.get(..4)?) == Some(byte.into()) => Some(6),
        [b'\\', escaped, ..] if *escaped == byte && matches!(byte, b'"' | b'\\' | b'/') => Some(2),
        [b'%', digits @ ..] if digits.get(..2).and_then(hex) == Some(byte.into()) => Some(3),
        [b'+', ..] if byte == b' ' => Some(1),
        [plain, ..] if *plain == byte => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn echoed_credentials_are_masked() {
        let credentials = Arc::from([Secret::new("fake-secret"), Secret::new("x")]);
        let mask = Mask::new(&credentials, &Arc::from([]));
        let masked = |text: &str| mask.text(text.to_owned());
        assert_eq!(masked("a fake-secret, fake-secretfake-secret x"), "a ***, ****** x");
        assert_eq!(masked("fake-secre"), "fake-secre");
        assert_eq!(masked("fake\\u002dsecret fake%2Dsecret"), "*** ***");
        assert_eq!(masked(""), "");
    }

    #[test]
    fn escapes_are_seen_through() {
        let credentials = Arc::from([Secret::new("a/b\"c\\d e+f")]);
        let mask = Mask::new(&credentials, &Arc::from([]));
        for text in [
            "a/b\"c\\d e+f",
            r#"a\/b\"c\\d e+f"#,
            r#"a\u002fb\u0022c\u005cd\u0020e\u002Bf"#,
            "a%2Fb%22c%5Cd+e%2Bf",
            "a%2fb%22c%5cd%20e%2bf",
        ] {
            assert_eq!(mask.text(format!("<{text}>")), "<***>", "{text}");
        }
    }

    #[test]
    fn a_proxys_password_is_a_secret_too() {
        let proxy = Secret::new("http://user:fake%2Fpassword@proxy.example");
        let secrets = proxy_secrets(Some(&proxy));
        let mask = Mask::new(&Arc::from([]), &secrets);
        let encoded = STANDARD.encode("user:fake/password");
        assert_eq!(mask.text(format!("fake/password {encoded}")), "*** ***");
        assert!(proxy_secrets(Some(&Secret::new("http://proxy.example"))).is_empty());
    }

    #[test]
    fn headers_are_masked() {
        let mask = Mask::new(&Arc::from([Secret::new("fake-secret")]), &Arc::from([]));
        let mut headers = HeaderMap::new();
        headers.insert("x-echo", HeaderValue::from_static("Bearer fake-secret"));
        headers.insert("x-other", HeaderValue::from_static("same"));
        let headers = mask.headers(headers);
        assert_eq!(
            (&headers["x-echo"], &headers["x-other"]),
            (&"Bearer ***".parse().expect("ok"), &"same".parse().expect("ok"))
        );
    }
}
