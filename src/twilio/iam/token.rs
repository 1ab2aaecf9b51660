//! The token endpoint.

use http::Method;

use super::TwilioIam;
use crate::auth::{AccessToken, TokenProvider, read_token};
use crate::error::Error;
use crate::model::Secret;
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{BoxFuture, Transport};

/// OAuth 2.0 client credentials, sent to the token URL alone.
pub(super) struct ClientCredentials {
    transport: Transport,
    id: String,
    secret: Secret,
}

impl ClientCredentials {
    pub(super) fn new(transport: Transport, id: String, secret: Secret) -> Self {
        Self { transport, id, secret }
    }
}

impl TokenProvider for ClientCredentials {
    fn fetch(
        &self,
    ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
        let call = self.transport.call(&CreateToken { id: &self.id, secret: &self.secret });
        Box::pin(async move { Ok(call.await?) })
    }
}

/// `POST` to the token URL itself; 200, and 201 from older hosts (*documented* both). A token more
/// or less changes nothing for anybody, so it is asked for again after passing faults.
///
/// Source: <https://www.twilio.com/docs/iam/oauth-apps/oauth-access-token>.
struct CreateToken<'a> {
    id: &'a str,
    secret: &'a Secret,
}

impl Operation for CreateToken<'_> {
    type Service = TwilioIam;
    type Answer = AccessToken;
    const NAME: &'static str = "twilio.iam token.create";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[200, 201];
    const REPEAT: Repeat = Repeat::Read;
    const SENSITIVE: bool = true;

    fn path(&self) -> Path<'_> {
        Path::fixed("")
    }

    fn body(&self) -> Result<Body, Error> {
        Body::form(&[
            ("grant_type", "client_credentials"),
            ("client_id", self.id),
            ("client_secret", self.secret.expose()),
        ])
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        read_token(answer)
    }
}
