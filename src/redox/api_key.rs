//! Access tokens from a user-level API key.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, Method};
use url::Url;

use super::Redox;
use crate::auth::{AccessToken, AssertionKey, InFlight, TokenProvider, read_token};
use crate::error::Error;
use crate::model::Secret;
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{BoxFuture, ClientOptions, RetryPolicy, Transport};

/// A user-level API key of Redox: a client id, and a private key whose public half is registered
/// with Redox (feature `redox-jwt`).
///
/// It proves itself to the token endpoint by a signed assertion (RFC 7523), made anew for each
/// request: the claims `iss` and `sub` are the client id, `aud` is the token URL, `exp` is `iat` plus
/// the [lifetime](Self::assertion_lifetime), and `jti` is random (*observed* in working clients); the
/// header names the key's id, which is *documented* as required. The private key stays here, and
/// an assertion is in no log, error or `Debug`.
///
/// ```
/// use rolecall::redox::{ApiKey, Redox};
///
/// // This key protects nothing; yours comes from a file or a vault.
/// let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/redox/keys/rsa.pem"));
/// let key = ApiKey::from_pem("some-client-id", "some-key-id", pem)?;
/// assert_eq!(format!("{key:?}"), r#"ApiKey(RS384 key "some-key-id")"#);
/// # #[cfg(feature = "rustls")]
/// let redox = Redox::with_api_key(key).build()?;
/// # Ok::<(), rolecall::Error>(())
/// ```
#[derive(Clone)]
pub struct ApiKey {
    client_id: String,
    key: AssertionKey,
    lifetime: Duration,
}

impl ApiKey {
    /// A private key in PEM, not encrypted: RSA of at least 2048 bits (PKCS#8 or PKCS#1), which signs
    /// with RS384, or an EC key on P-384 (PKCS#8), which signs with ES384 (both *documented*).
    ///
    /// # Errors
    /// A configuration error that names the rule; it quotes nothing of the key.
    pub fn from_pem(
        client_id: impl Into<String>,
        key_id: impl Into<String>,
        pem: impl Into<Secret>,
    ) -> Result<Self, Error> {
        let field = "Redox private key";
        Self::new(client_id.into(), AssertionKey::from_pem(field, key_id.into(), &pem.into())?)
    }

    /// A private key as JSON Web Key, of the same kinds; of an RSA key all parts must be there. A
    /// `kid` or `alg` in it must agree.
    ///
    /// # Errors
    /// A configuration error that names the rule; it quotes nothing of the key.
    pub fn from_jwk(
        client_id: impl Into<String>,
        key_id: impl Into<String>,
        jwk: impl Into<Secret>,
    ) -> Result<Self, Error> {
        let field = "Redox private key";
        Self::new(client_id.into(), AssertionKey::from_jwk(field, key_id.into(), &jwk.into())?)
    }

    /// A key file in either form; an error names the variable.
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
        let key = if text.expose().trim_start().starts_with('{') {
            AssertionKey::from_jwk(variable, key_id, &text)
        } else {
            AssertionKey::from_pem(variable, key_id, &text)
        };
        Self::new(client_id, key?)
    }

    fn new(client_id: String, key: AssertionKey) -> Result<Self, Error> {
        if client_id.is_empty() {
            return Err(Error::configuration("Redox client id: must not be empty"));
        }
        Ok(Self { client_id, key, lifetime: Duration::from_secs(300) })
    }

    /// How long an assertion holds, in whole seconds; five minutes by default, as in working
    /// clients. It covers the clocks' difference and the way to the token endpoint, not the token.
    #[must_use]
    pub fn assertion_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// What fetches tokens with this key.
    ///
    /// # Errors
    /// A configuration error if the lifetime is under a second, or the options cannot be used.
    pub(super) fn provider(self, url: Url, options: &ClientOptions) -> Result<ApiKeyTokens, Error> {
        if self.lifetime < Duration::from_secs(1) {
            return Err(Error::configuration(
                "lifetime of Redox assertions: must be at least a second",
            ));
        }
        let in_flight = InFlight::default();
        let audience = url.as_str().to_owned();
        let retry = options.retry.clone();
        // Each try is signed anew, so that the tries are made here and not below.
        let options = options.clone().retry(RetryPolicy::none());
        let transport = Transport::new(url, in_flight.clone(), HeaderMap::new(), &options)?;
        Ok(ApiKeyTokens { key: self, audience, transport, in_flight, retry })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({:?})", self.key)
    }
}

/// The token endpoint as a source of tokens.
pub(super) struct ApiKeyTokens {
    key: ApiKey,
    audience: String,
    transport: Transport,
    in_flight: InFlight,
    retry: RetryPolicy,
}

impl ApiKeyTokens {
    /// One request with an assertion of its own.
    async fn token(&self) -> Result<AccessToken, Error> {
        let ApiKey { client_id, key, lifetime } = &self.key;
        let assertion = key.sign(client_id, &self.audience, *lifetime)?;
        self.in_flight.add(&assertion);
        self.transport.call(&CreateToken { assertion: &assertion }).await
    }

    /// How long to wait before the next try, if there is to be one.
    fn wait(&self, error: &Error, tries: u32) -> Option<Duration> {
        let passing = error.is_outcome_unknown() || error.is_safe_to_repeat();
        if !passing || tries >= self.retry.max_attempts {
            return None;
        }
        let asked = error.retry_after().unwrap_or_default();
        let limit = self.retry.base.saturating_mul(1 << (tries - 1).min(31));
        let limit = limit.min(self.retry.max_wait).min(Duration::from_secs(60));
        (asked <= self.retry.max_retry_after).then(|| asked.max(limit.mul_f64(fastrand::f64())))
    }
}

impl TokenProvider for ApiKeyTokens {
    fn fetch(
        &self,
    ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
        Box::pin(async move {
            let mut tries = 1;
            loop {
                match self.token().await {
                    Ok(token) => return Ok(token),
                    Err(error) => match self.wait(&error, tries) {
                        Some(wait) => tokio::time::sleep(wait).await,
                        None => return Err(error.into()),
                    },
                }
                tries += 1;
            }
        })
    }
}

/// `POST` to the token URL itself (*documented*; success under 200 or 201 is inferred). An assertion
/// may count only once, so a request that may have arrived is not repeated as it was: the next one
/// is signed anew.
struct CreateToken<'a> {
    assertion: &'a Secret,
}

impl Operation for CreateToken<'_> {
    type Service = Redox;
    type Answer = AccessToken;
    const NAME: &'static str = "redox token.create";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[200, 201];
    const REPEAT: Repeat = Repeat::Once;
    const SENSITIVE: bool = true;

    fn path(&self) -> Path<'_> {
        Path::fixed("")
    }

    fn body(&self) -> Result<Body, Error> {
        Body::form(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", self.assertion.expose()),
        ])
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        read_token(answer)
    }
}
