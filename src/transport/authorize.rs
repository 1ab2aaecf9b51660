//! What the loop needs of a credential.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::wire::BoxFuture;
use crate::error::Error;
use crate::model::Secret;

/// Credentials, as the loop sees them.
pub(crate) trait Authorize: Send + Sync {
    /// What authenticates the next attempt.
    fn authorize(&self) -> Authorizing<'_>;

    /// Whether a new authorization may differ from a refused one.
    fn is_renewable(&self) -> bool {
        false
    }

    /// The service refused exactly this authorization.
    fn refused(&self, used: &Authorization) {
        let _ = used;
    }
}

/// An authorization at hand, or on its way.
pub(crate) enum Authorizing<'a> {
    Ready(Authorization),
    Pending(BoxFuture<'a, Result<Authorization, Error>>),
}

#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
    /// What must not be shown, should the service send it back.
    pub(crate) secrets: Arc<[Secret]>,
    /// Tells one token from the next.
    pub(crate) generation: u64,
}

/// Shorter secrets are not searched for: they would be found in innocent text.
const SHORTEST: usize = 8;

const MASK: &[u8] = b"***";

impl Authorization {
    /// Masks credentials that a service sent back in a body.
    pub(crate) fn mask(&self, body: Bytes) -> Bytes {
        let mut body = body;
        for secret in self.secrets.iter().filter(|secret| secret.expose().len() >= SHORTEST) {
            body = replace(body, secret.expose().as_bytes());
        }
        body
    }
}

fn replace(body: Bytes, secret: &[u8]) -> Bytes {
    let find = |from: usize| body[from..].windows(secret.len()).position(|part| part == secret);
    let Some(mut at) = find(0) else { return body };
    let mut masked = Vec::with_capacity(body.len());
    let mut done = 0;
    loop {
        masked.extend_from_slice(&body[done..done + at]);
        masked.extend_from_slice(MASK);
        done += at + secret.len();
        match find(done) {
            Some(next) => at = next,
            None => break,
        }
    }
    masked.extend_from_slice(&body[done..]);
    masked.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn echoed_credentials_are_masked() {
        let authorization = Authorization {
            header: None,
            secrets: Arc::from([Secret::new("fake-secret"), Secret::new("x")]),
            generation: 0,
        };
        let mask = |text: &'static str| authorization.mask(Bytes::from(text));
        assert_eq!(mask("a fake-secret, fake-secretfake-secret x"), "a ***, ****** x");
        assert_eq!(mask("fake-secre"), "fake-secre");
        assert_eq!(mask(""), "");
    }
}
