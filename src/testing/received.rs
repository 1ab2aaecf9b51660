//! The requests that a fake has received.

use bytes::Bytes;
use std::fmt;

use super::message::Request;

/// Replaces a credential.
const MASK: &str = "***";

/// Headers that carry a credential.
const SECRET_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "x-api-key", "cookie"];

/// The schemes that are kept. A list, since the first word of a malformed header may be the secret
/// itself.
const SCHEMES: [&str; 6] = ["Basic", "Bearer", "Digest", "DPoP", "SSWS", "Token"];

/// Form and query parameters that carry a credential.
const SECRET_PARAMETERS: [&str; 5] =
    ["access_token", "client_assertion", "client_secret", "password", "refresh_token"];

/// One request as it arrived, without the credentials in it.
///
/// The values of `authorization`, `proxy-authorization`, `x-api-key` and `cookie` are replaced by
/// `***`, after the scheme where there is a well-known one (`Bearer ***`). So are those of
/// `client_secret`, `client_assertion`, `password`, `access_token` and `refresh_token` in the
/// query and in form bodies. Other bodies are kept as they are, so `Debug` shows only their length.
#[derive(Clone)]
pub struct Received {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Received {
    /// Copies a request without its credentials.
    pub(super) fn new(request: &Request) -> Self {
        let headers = request.headers.iter().map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let value = mask_header(&name, &String::from_utf8_lossy(value));
            (name, value)
        });
        let target = match request.target.split_once('?') {
            Some((path, query)) => {
                let query = mask_parameters(query.as_bytes());
                format!("{path}?{}", String::from_utf8_lossy(&query))
            }
            None => request.target.clone(),
        };
        let body = match request.is_type("application/x-www-form-urlencoded") {
            true => mask_parameters(&request.body).into(),
            false => request.body.clone(),
        };
        Self { method: request.method.clone(), target, headers: headers.collect(), body }
    }

    /// Returns the method, such as `GET`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns the path and the query as they were sent, except for masked values.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }

    /// Returns all headers in the order they were sent, their names in lower case.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Returns the body, without any transfer coding.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body as text, with U+FFFD for what is not UTF-8.
    #[must_use]
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("method", &self.method)
            .field("target", &self.target)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// `name` is in lower case.
fn mask_header(name: &str, value: &str) -> String {
    if !SECRET_HEADERS.contains(&name) {
        return value.to_owned();
    }
    let first = value.trim_start().split_once(' ').map(|(first, _)| first);
    let first = first.filter(|_| name.ends_with("authorization"));
    match first.filter(|first| SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(first))) {
        Some(scheme) => format!("{scheme} {MASK}"),
        None => MASK.to_owned(),
    }
}

/// Everything but the secret values stays byte for byte as it was.
fn mask_parameters(form: &[u8]) -> Vec<u8> {
    let masked = form.split(|byte| *byte == b'&').map(|pair| {
        match pair.iter().position(|byte| *byte == b'=') {
            Some(end) if is_secret(&pair[..end]) => [&pair[..=end], MASK.as_bytes()].concat(),
            _ => pair.to_vec(),
        }
    });
    masked.collect::<Vec<_>>().join(&b'&')
}

/// Decodes the name first, so that `client%5Fsecret` is one too.
fn is_secret(name: &[u8]) -> bool {
    let name: Vec<u8> = percent_encoding::percent_decode(name).collect();
    SECRET_PARAMETERS.iter().any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(target: &str, headers: &[(&str, &'static str)], body: &'static str) -> Received {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let (method, target, headers) = ("POST".to_owned(), target.to_owned(), headers.collect());
        Received::new(&Request { method, target, headers, body: body.into() })
    }

    #[test]
    fn credentials_are_masked_and_the_rest_is_not() {
        let headers = [
            ("Authorization", "Bearer hush1"),
            ("AUTHORIZATION", "bAsIc hush2"),
            ("authorization", "hush3 hush4"),
            ("Proxy-Authorization", "hush5"),
            ("X-Api-Key", "Token hush6"),
            ("Cookie", "a=hush7; b=hush8"),
            ("Content-Type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"),
            ("X-Other", "Bearer of news"),
        ];
        let body = "grant_type=x&client_secret=hush9&client%5fassertion=hush&pass%77ord=hush\
                    &access_token=hush=hush&Refresh_Token=hush&scope=a+b%20c&password&%zz=%";
        let it = received("/a?x=1&access_token=hush&y", &headers, body);
        let values: Vec<_> = it.headers().iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values[..6], ["Bearer ***", "bAsIc ***", "***", "***", "***", "***"]);
        assert_eq!(it.header("x-OTHER"), Some("Bearer of news"));
        assert_eq!(it.headers()[7].0, "x-other");
        assert_eq!((it.path(), it.target()), ("/a", "/a?x=1&access_token=***&y"));
        assert_eq!(
            it.body_text(),
            "grant_type=x&client_secret=***&client%5fassertion=***&pass%77ord=***\
             &access_token=***&Refresh_Token=***&scope=a+b%20c&password&%zz=%"
        );
        assert!(!format!("{it:?}").contains("hush"));
    }

    #[test]
    fn other_bodies_are_kept_but_not_in_debug() {
        let it = received("/a", &[("content-type", "application/json")], "password=hush");
        assert_eq!(it.body(), b"password=hush");
        assert!(format!("{it:?}").contains("13 bytes"));
        assert!(!format!("{it:?}").contains("hush"));
    }
}
