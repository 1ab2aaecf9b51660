//! Access tokens from a user-level API key.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Redox;
use super::response::SUCCESS;
use crate::auth::{AccessToken, AssertionKey, SentAssertions, TokenProvider, TokenResponse, token};
use crate::declare::setters;
use crate::error::Error;
use crate::model::{Secret, one_word};
use crate::operation::{Body, Idempotency, Operation, Spec};
use crate::transport::{BoxFuture, Budget, ClientOptions, Transport};

/// A user-level API key of Redox: a client id, and a private key whose public half is registered
/// with Redox (feature `redox-jwt`).
///
/// It authenticates to the token endpoint by a signed assertion (RFC 7523), made anew for each
/// attempt: the claims `iss` and `sub` are the client id, `aud` is the token URL, `iat` is 30 s ago
/// (for clocks that differ), `exp` is `iat` plus the [lifetime](Self::assertion_lifetime), and `jti`
/// is random (*observed* in working clients, but for the 30 s); the header names the key's id, which
/// is *documented* as required. The private key stays here, and an assertion is in no log, error or
/// `Debug`.
///
/// ```
/// use rolecall::redox::{ApiKey, Redox};
///
/// // This key protects nothing; yours comes from a file or a vault.
/// let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/redox/keys/rsa.pem"));
/// let key = ApiKey::from_pem("some-client-id", "some-key-id", pem)?;
/// assert_eq!(format!("{key:?}"), r#"ApiKey(RS384 key "some-key-id")"#);
/// # #[cfg(feature = "rustls")]
/// let redox = Redox::builder(key).build()?;
/// # Ok::<(), rolecall::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ApiKey {
    client_id: String,
    key: AssertionKey,
    lifetime: Duration,
}

const FIELD: &str = "Redox private key";

impl ApiKey {
    /// Takes a private key in PEM, not encrypted: RSA of at least 2048 bits (PKCS#8 or PKCS#1),
    /// which signs with RS384, or an EC key on P-384 (PKCS#8 or SEC 1), which signs with ES384 (both
    /// *documented*). Line breaks may be written as the two characters `\n`.
    ///
    /// # Errors
    /// A configuration error that names the rule; it quotes nothing of the key.
    pub fn from_pem(
        client_id: impl Into<String>,
        key_id: impl Into<String>,
        pem: impl Into<Secret>,
    ) -> Result<Self, Error> {
        Self::new(client_id.into(), AssertionKey::from_pem(FIELD, key_id.into(), &pem.into())?)
    }

    /// Takes a private key as JSON Web Key, of the same kinds; of an RSA key all parts must be
    /// there. A `kid` or `alg` in it must agree.
    ///
    /// # Errors
    /// A configuration error that names the rule; it quotes nothing of the key.
    pub fn from_jwk(
        client_id: impl Into<String>,
        key_id: impl Into<String>,
        jwk: impl Into<Secret>,
    ) -> Result<Self, Error> {
        Self::new(client_id.into(), AssertionKey::from_jwk(FIELD, key_id.into(), &jwk.into())?)
    }

    /// Reads a key file in either form; an error names the variable.
    ///
    /// # Errors
    /// A configuration error.
    pub(super) fn from_file(
        client_id: String,
        key_id: String,
        variable: &str,
        path: &str,
    ) -> Result<Self, Error> {
        // The path stays out of the text: it may be the key itself, put in the wrong place.
        let text = std::fs::read_to_string(path).map(Secret::new).map_err(|error| {
            let text = format!("{variable}: the file cannot be read: {}", error.kind());
            Error::configuration(text)
        })?;
        let is_jwk = text.expose().trim_start().starts_with('{');
        let read = if is_jwk { AssertionKey::from_jwk } else { AssertionKey::from_pem };
        Self::new(client_id, read(variable, key_id, &text)?)
    }

    fn new(client_id: String, key: AssertionKey) -> Result<Self, Error> {
        one_word("Redox client id", &client_id)?;
        Ok(Self { client_id, key, lifetime: Duration::from_secs(300) })
    }

    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    setters! {
        /// Sets how long an assertion is valid from its `iat` on, in whole seconds: at least a minute,
        /// five minutes by default, as in working clients. It covers the clocks' difference and the way
        /// to the token endpoint, not the token.
        assertion_lifetime = lifetime(Duration);
    }

    /// Returns what fetches tokens with this key.
    ///
    /// # Errors
    /// A configuration error if the lifetime is under a minute, or the options cannot be used.
    pub(super) fn tokens(
        self,
        url: Url,
        options: &ClientOptions,
        budget: &Arc<Budget>,
    ) -> Result<ApiKeyTokens, Error> {
        if self.lifetime < Duration::from_secs(60) {
            let rule = "lifetime of Redox assertions: must be at least a minute";
            return Err(Error::configuration(rule));
        }
        let (audience, sent) = (url.as_str().to_owned(), SentAssertions::default());
        let transport = Transport::for_tokens(url, sent.clone(), options, budget)?;
        Ok(ApiKeyTokens { transport, request: CreateToken { key: self, audience, sent } })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({:?})", self.key)
    }
}

/// The token endpoint as a source of tokens.
pub(super) struct ApiKeyTokens {
    transport: Transport,
    request: CreateToken,
}

impl TokenProvider for ApiKeyTokens {
    fn fetch(
        &self,
    ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
        let call = self.transport.call_built_anew(self.request.clone());
        Box::pin(token(&self.transport, call))
    }
}

/// `POST` to the token URL itself (*documented*; success under 200 or 201 is inferred).
///
/// An assertion may count only once, so each attempt signs a new one, and that makes it safe to
/// retry.
#[derive(Clone)]
struct CreateToken {
    key: ApiKey,
    audience: String,
    sent: SentAssertions,
}

impl Operation for CreateToken {
    type Service = Redox;
    type Output = TokenResponse;
    const SPEC: Spec = Spec::post("redox token.create", &[""])
        .success(SUCCESS)
        .idempotency(Idempotency::Safe)
        .sensitive();

    fn body(&self) -> Result<Body, Error> {
        let ApiKey { client_id, key, lifetime } = &self.key;
        let assertion = key.sign(client_id, &self.audience, *lifetime)?;
        self.sent.add(&assertion);
        Body::form(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.expose()),
        ])
    }
}
