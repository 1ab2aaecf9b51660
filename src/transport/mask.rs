//! Masking of credentials that a service sends back.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use url::Url;

use super::attempt::LONGEST_ERROR;
use crate::error::KEPT_BODY;
use crate::model::Secret;

/// Shorter secrets are not searched for: they would be found in innocent text.
const SHORTEST: usize = 8;

const MASK: &[u8] = b"***";

/// What was sent with a request and must not be shown.
pub(super) struct Mask {
    credentials: Arc<[Secret]>,
    /// Of the client: its proxy's password, and headers of the program's own.
    client: Arc<[Secret]>,
    /// Added by interceptors.
    added: Vec<Secret>,
}

impl Mask {
    pub(super) fn new(
        credentials: &Arc<[Secret]>,
        client: &Arc<[Secret]>,
        added: Option<&HeaderMap>,
    ) -> Self {
        Self {
            credentials: Arc::clone(credentials),
            client: Arc::clone(client),
            added: added.into_iter().flat_map(values).collect(),
        }
    }

    /// Returns what an error keeps of a body: all of it where it may be the service's own error, else
    /// its beginning.
    pub(super) fn bytes(&self, bytes: Bytes) -> Bytes {
        let kept = if bytes.len() <= LONGEST_ERROR { bytes.len() } else { KEPT_BODY };
        let secrets = self.credentials.iter().chain(self.client.iter()).chain(&self.added);
        let secrets = secrets.map(Secret::expose).filter(|secret| secret.len() >= SHORTEST);
        masked(bytes, kept, &secrets.collect::<Vec<_>>())
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

/// The values of headers.
pub(super) fn values(headers: &HeaderMap) -> impl Iterator<Item = Secret> {
    // Not `to_str`, which reads ASCII only.
    headers.values().filter_map(|value| str::from_utf8(value.as_bytes()).ok()).map(Secret::new)
}

/// The password inside a proxy's URL, or a user without one, and the form in which both are sent.
pub(super) fn proxy_secrets(proxy: Option<&Secret>) -> Vec<Secret> {
    let Some(url) = proxy.and_then(|proxy| Url::parse(proxy.expose()).ok()) else {
        return Vec::new();
    };
    let decode =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = Secret::new(decode(url.username()));
    let password = url.password().map(|password| Secret::new(decode(password)));
    let sent = password.as_ref().map_or("", Secret::expose);
    let pair = Secret::new(format!("{}:{sent}", user.expose()));
    let encoded = Secret::new(STANDARD.encode(pair.expose()));
    vec![password.unwrap_or(user), encoded]
}

/// How many characters are compared for each byte. A text that takes more was made to take long.
const STEPS: usize = 16;

/// The first `kept` bytes of a text without the secrets in them. Where secrets overlap, all of both is
/// masked, and so is the rest of a text that was made to take long.
fn masked(text: Bytes, kept: usize, secrets: &[&str]) -> Bytes {
    let mut steps = STEPS * (kept + 256);
    let (mut masked, mut end) = (Vec::new(), 0);
    for at in 0..kept {
        // What is behind `kept` is read too: a secret may begin before it.
        let found = secrets.iter().filter_map(|secret| length_of(&text[at..], secret, &mut steps));
        let found = found.max();
        let Some(length) = (if steps == 0 { Some(text.len()) } else { found }) else {
            continue;
        };
        if at >= end {
            masked.extend_from_slice(&text[end..at]);
            masked.extend_from_slice(MASK);
        }
        end = end.max(at + length);
        if steps == 0 {
            break;
        }
    }
    if end == 0 {
        return text.slice(..kept);
    }
    masked.extend_from_slice(text.get(end..kept).unwrap_or_default());
    masked.into()
}

/// How many bytes the secret takes at the start of `text`, where it stands there: plain, or with
/// any of its characters escaped as JSON and forms do. Each character that is compared is a step.
fn length_of(text: &[u8], secret: &str, steps: &mut usize) -> Option<usize> {
    // Most texts end here.
    let (first, byte) = (secret.as_bytes().first()?, text.first()?);
    if byte != first && !matches!(byte, b'\\' | b'%') && (*first, *byte) != (b' ', b'+') {
        return None;
    }
    // Which escapes apply is unknown: `\\` may be one backslash or two, and `%25` a percent sign or
    // itself. So all possible ends of the characters so far are kept.
    let mut characters = secret.chars();
    let mut ends: Vec<usize> = lengths(text, characters.next()?).into_iter().flatten().collect();
    for character in characters {
        *steps = steps.saturating_sub(ends.len());
        if ends.is_empty() || *steps == 0 {
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

    fn mask(secrets: &[&str]) -> Mask {
        let secrets = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        Mask::new(&secrets, &Arc::from([]), None)
    }

    #[test]
    fn sent_back_credentials_are_masked() {
        let mask = mask(&["fake-secret", "x"]);
        let masked = |text: &str| mask.text(text.to_owned());
        assert_eq!(masked("a fake-secret, fake-secretfake-secret x"), "a ***, ****** x");
        assert_eq!(masked("fake-secre"), "fake-secre");
        assert_eq!(masked("fake\\u002dsecret fake%2Dsecret"), "*** ***");
        assert_eq!(masked(""), "");
    }

    #[test]
    fn overlapping_credentials_are_masked_whole() {
        let mask = mask(&["fake-secret-one", "one-fake-secret", "fake-secret"]);
        for (text, masked) in [
            ("<fake-secret-one-fake-secret>", "<***>"),
            ("<fake-secret-onefake-secret>", "<******>"),
            ("fake-secret-on", "***-on"),
        ] {
            assert_eq!(mask.text(text.to_owned()), masked);
        }
    }

    #[test]
    fn credential_across_the_cut_is_masked() {
        let mask = mask(&["fake-secret"]);
        let rest = "y".repeat(LONGEST_ERROR);
        for (before, kept) in [(0, "***"), (KEPT_BODY - 4, "***"), (KEPT_BODY, "")] {
            for secret in ["fake-secret", r"fake\u002dsecret"] {
                let start = "x".repeat(before);
                let masked = mask.text(format!("{start}{secret}{rest}"));
                let (x, end) = masked.split_at(before);
                assert!(x == start && end.starts_with(kept) && !end.contains("fake"), "{before}");
                assert!(masked.len() <= KEPT_BODY, "{before}");
            }
        }
        let whole = format!("{}fake-secret", "x".repeat(LONGEST_ERROR - 11));
        assert!(mask.text(whole).ends_with("x***"), "up to the longest error nothing is cut");
    }

    #[test]
    fn text_made_to_take_long_is_masked_from_there_on() {
        let mask = mask(&[&*format!("{}b", "a".repeat(4096))]);
        let masked = mask.text("a".repeat(LONGEST_ERROR));
        assert!(masked.ends_with("a***") && masked.len() < 512, "{}", masked.len());
    }

    #[test]
    fn rest_of_a_text_made_to_take_long_is_masked_behind_another_credential() {
        let long = format!("{}b", "a".repeat(4096));
        for secrets in [["aaaaaaaa", &long, "fake-secret"], [&long, "aaaaaaaa", "fake-secret"]] {
            let text = format!("x{} fake-secret y", "a".repeat(LONGEST_ERROR / 2));
            assert_eq!(mask(&secrets).text(text), "x***");
        }
    }

    #[test]
    fn escaped_credentials_are_masked() {
        let mask = mask(&["a/b\"c\\d e+f"]);
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
    fn credentials_that_look_escaped_are_masked() {
        for secret in [r"fake\\\\secret", "fake%25secret", r"fake-secret\", "fake+%2B secret"] {
            let mask = mask(&[secret]);
            let json = serde_json::to_string(secret).expect("text is JSON");
            assert_eq!(mask.text(format!("<{secret}> {json}")), "<***> \"***\"", "{secret}");
        }
    }

    #[test]
    fn text_that_only_resembles_a_credential_is_left() {
        let mask = mask(&["fake-secret", "fake🔑secret"]);
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
    fn every_escaped_character_is_recognized() {
        let secret = "fäke 🔑\u{8}\u{c}\n\r\t\0 secret";
        let whole = mask(&[secret]);
        let escaped = |character: char| -> String {
            let mut units = [0; 2];
            let units = character.encode_utf16(&mut units);
            units.iter().map(|unit| format!("\\u{unit:04x}")).collect()
        };
        let form = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::to_string(secret).expect("text is JSON");
        for text in [secret.to_owned(), secret.chars().map(escaped).collect(), form] {
            assert_eq!(whole.text(format!("<{text}>")), "<***>", "{text}");
        }
        assert_eq!(whole.text(json), "\"***\"");
        // Each single byte, too.
        let mask = mask(&["fäke-secret"]);
        for part in [&b"<f%C3\xa4ke-secret>"[..], b"<f\xc3%A4ke-secret>"] {
            assert_eq!(mask.bytes(Bytes::copy_from_slice(part)), "<***>");
        }
    }

    #[test]
    fn proxy_password_is_masked() {
        let proxy = Secret::new("http://user:fake%2Fpassword@proxy.example");
        let secrets = proxy_secrets(Some(&proxy)).into();
        let mask = Mask::new(&Arc::from([]), &secrets, None);
        let encoded = STANDARD.encode("user:fake/password");
        assert_eq!(mask.text(format!("fake/password {encoded}")), "*** ***");
        // Some proxies take a token in place of the user.
        for proxy in ["http://fake%2Ftoken@proxy.example", "http://fake%2Ftoken:@proxy.example"] {
            let secrets = proxy_secrets(Some(&Secret::new(proxy)));
            let secrets: Vec<_> = secrets.iter().map(Secret::expose).collect();
            assert_eq!(secrets, ["fake/token", &STANDARD.encode("fake/token:")]);
        }
        let none = proxy_secrets(Some(&Secret::new("http://proxy.example")));
        assert!(none.iter().all(|secret| secret.expose().len() < SHORTEST));
    }

    #[test]
    fn headers_are_masked() {
        let mask = mask(&["fake-secret"]);
        let mut headers = HeaderMap::new();
        headers.insert("x-reflected", HeaderValue::from_static("Bearer fake-secret"));
        headers.insert("x-other", HeaderValue::from_static("same"));
        let headers = mask.headers(headers);
        assert_eq!(
            (&headers["x-reflected"], &headers["x-other"]),
            (&"Bearer ***".parse().expect("ok"), &"same".parse().expect("ok"))
        );
    }
}
