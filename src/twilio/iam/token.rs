//! Credentials, and the token endpoint.

use super::TwilioIam;
use crate::auth::{AccessToken, Credential, TokenProvider, TokenResponse, token};
use crate::error::Error;
use crate::model::Secret;
use crate::operation::{Body, Idempotency, Operation, Spec};
use crate::transport::{BoxFuture, Transport};

/// The credentials of a client of Twilio Organizations. (API keys and auth tokens are refused by
/// this service, *documented*.)
///
/// ```
/// use rolecall::twilio::iam::Credentials;
/// let credentials = Credentials::client("OQaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "obviously-fake");
/// assert!(!format!("{credentials:?}").contains("fake"));
/// ```
#[derive(Clone, Debug)]
pub struct Credentials(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Client { id: String, secret: Secret },
    Token(Credential),
}

impl Credentials {
    /// OAuth 2.0 client credentials. The client obtains access tokens with them, caches and refreshes
    /// these.
    pub fn client(id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self(Kind::Client { id: id.into(), secret: secret.into() })
    }

    /// An access token, or a [provider](Credential::provider) of access tokens.
    pub fn token(token: impl Into<Credential>) -> Self {
        Self(Kind::Token(token.into()))
    }
}

impl From<Credential> for Credentials {
    fn from(token: Credential) -> Self {
        Self::token(token)
    }
}

/// OAuth 2.0 client credentials, sent to the token URL alone.
pub(super) struct ClientCredentials {
    pub(super) transport: Transport,
    pub(super) id: String,
    pub(super) secret: Secret,
}

impl TokenProvider for ClientCredentials {
    fn fetch(
        &self,
    ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
        let call = self.transport.call(&CreateToken { id: &self.id, secret: &self.secret });
        Box::pin(token(&self.transport, call))
    }
}

/// `POST` to the token URL itself; 200, and 201 from older hosts (*documented* both). Another token
/// changes nothing, so the request is retried after any transient failure.
///
/// Source: <https://www.twilio.com/docs/iam/oauth-apps/oauth-access-token>.
struct CreateToken<'a> {
    id: &'a str,
    secret: &'a Secret,
}

impl Operation for CreateToken<'_> {
    type Service = TwilioIam;
    type Output = TokenResponse;
    const SPEC: Spec = Spec::post("twilio.iam token.create", &[""])
        .success(&[200, 201])
        .idempotency(Idempotency::Safe)
        .sensitive();

    fn body(&self) -> Result<Body, Error> {
        Body::form(&[
            ("grant_type", "client_credentials"),
            ("client_id", self.id),
            ("client_secret", self.secret.expose()),
        ])
    }
}
