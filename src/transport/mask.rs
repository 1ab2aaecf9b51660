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
            .fold(bytes, |bytes, secret| replace(bytes, secret.expose()))
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

fn replace(body: Bytes, secret: &str) -> Bytes {
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
fn length_of(text: &[u8], secret: &str) -> Option<usize> {
    // Nobody says which escapes hold: `\\` may be one backslash or two, and `%25` a percent sign or
    // itself. So all places are kept that the characters so far may end at.
    let mut characters = secret.chars();
    let mut ends: Vec<usize> = lengths(text, characters.next()?).into_iter().flatten().collect();
    for character in characters {
        if ends.is_empty() {
            return None;
        }
        let further = |end: usize| {
            let rest = text.get(end..).unwrap_or_default();
            lengths(rest, character).into_iter().flatten().map(move |length| end + length)
        };
        ends = ends.into_iter().flat_map(further).collect();
        ends.sort_unstable();
        ends.dedup();
    }
    ends.pop()
}

/// How many bytes a character may take at the start of `text`: escaped as in JSON, and otherwise.
fn lengths(text: &[u8], character: char) -> [Option<usize>; 3] {
    [in_json(text, character), encoded(text, character), plain(text, character)]
}

fn in_json(text: &[u8], character: char) -> Option<usize> {
    let short = match character {
        '"' | '/' | '\\' => character,
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        _ => 'u',
    };
    match text {
        [b'\\', b'u', ..] => {
            let mut units = [0; 2];
            let units = character.encode_utf16(&mut units);
            let escapes = text.get(..6 * units.len())?.chunks(6);
            let same = |(escape, unit): (&[u8], &u16)| {
                escape.starts_with(b"\\u") && hex(&escape[2..]) == Some((*unit).into())
            };
            escapes.zip(&*units).all(same).then_some(6 * units.len())
        }
        [b'\\', escaped, ..] if char::from(*escaped) == short => Some(2),
        _ => None,
    }
}

/// As forms do it, and URLs; not every byte has to be encoded.
fn encoded(text: &[u8], character: char) -> Option<usize> {
    if character == ' ' && text.first() == Some(&b'+') {
        return Some(1);
    }
    let mut length = 0;
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        length += match text.get(length..)? {
            [b'%', digits @ ..] if digits.get(..2).and_then(hex) == Some(byte.into()) => 3,
            [plain, ..] if *plain == byte => 1,
            _ => return None,
        };
    }
    Some(length)
}

fn plain(text: &[u8], character: char) -> Option<usize> {
    text.starts_with(character.encode_utf8(&mut [0; 4]).as_bytes()).then(|| character.len_utf8())
}

fn hex(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
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
    fn escapes_that_are_none_are_seen_through() {
        for secret in [r"fake\\\\secret", "fake%25secret", r"fake-secret\", "fake+%2B secret"] {
            let mask = Mask::new(&Arc::from([Secret::new(secret)]), &Arc::from([]));
            let json = serde_json::to_string(secret).expect("text is JSON");
            assert_eq!(mask.text(format!("<{secret}> {json}")), "<***> \"***\"", "{secret}");
        }
    }

    #[test]
    fn what_escapes_something_else_is_left() {
        let credentials = Arc::from([Secret::new("fake-secret"), Secret::new("fake🔑secret")]);
        let mask = Mask::new(&credentials, &Arc::from([]));
        for text in [
            r"fake\u002esecret",
            r"fake\u002",
            r"fake\nsecret",
            "fake%2Esecret",
            "fake%2",
            "fake+secret",
            r"fake\ud83d\udd12secret",
            r"fake\ud83d+udd11secret",
            r"fake\ud83d",
        ] {
            assert_eq!(mask.text(text.to_owned()), text);
        }
    }

    #[test]
    fn any_character_may_be_escaped() {
        let secret = "fäke 🔑\u{8}\u{c}\n\r\t\0 secret";
        let mask = Mask::new(&Arc::from([Secret::new(secret)]), &Arc::from([]));
        let escaped = |character: char| -> String {
            let mut units = [0; 2];
            let units = character.encode_utf16(&mut units);
            units.iter().map(|unit| format!("\\u{unit:04x}")).collect()
        };
        let form = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::to_string(secret).expect("text is JSON");
        for text in [secret.to_owned(), secret.chars().map(escaped).collect(), form] {
            assert_eq!(mask.text(format!("<{text}>")), "<***>", "{text}");
        }
        assert_eq!(mask.text(json), "\"***\"");
        // Each byte by itself, too.
        let mask = Mask::new(&Arc::from([Secret::new("fäke-secret")]), &Arc::from([]));
        for part in [&b"<f%C3\xa4ke-secret>"[..], b"<f\xc3%A4ke-secret>"] {
            assert_eq!(mask.bytes(Bytes::copy_from_slice(part)), "<***>");
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
