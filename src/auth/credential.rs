//! Credentials of a client: a fixed secret, or one from a provider.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, header};

use super::cache::{TokenCache, TokenProvider};
use crate::error::Error;
use crate::model::{Secret, one_word};
use crate::transport::{
    Authorization, Authorize, Authorizing, ClientOptions, Patience, secret_header,
};

/// The credential of a client: a fixed token, key or password, or those of a [`TokenProvider`],
/// which the client caches and refreshes.
///
/// ```
/// use rolecall::auth::Credential;
/// let fixed = Credential::from("obviously-fake");
/// assert_eq!(format!("{fixed:?}"), "Credential::Fixed(***)");
/// ```
#[derive(Clone)]
pub struct Credential(Kind);

#[derive(Clone)]
enum Kind {
    Fixed(Secret),
    Provider(Arc<dyn TokenProvider>),
}

impl Credential {
    /// Takes secrets from a source of your own: a vault, a sidecar, another service.
    pub fn provider(provider: impl TokenProvider) -> Self {
        Self(Kind::Provider(Arc::new(provider)))
    }

    /// Returns the secret, if it is fixed.
    #[cfg(any(test, feature = "harness", feature = "deepset"))]
    pub(crate) fn fixed(&self) -> Option<&Secret> {
        match &self.0 {
            Kind::Fixed(secret) => Some(secret),
            Kind::Provider(_) => None,
        }
    }

    /// Returns the authorization of requests by this scheme.
    ///
    /// # Errors
    /// A configuration error that names `field` if a fixed secret is not one word.
    pub(crate) fn authorizer(
        self,
        field: &'static str,
        scheme: Scheme,
        options: &ClientOptions,
    ) -> Result<Box<dyn Authorize>, Error> {
        Ok(match self.0 {
            Kind::Fixed(secret) => {
                Box::new(StaticCredentials(scheme.authorization(field, &secret, 0)?))
            }
            Kind::Provider(provider) => {
                Box::new(TokenCache::new(provider, scheme, options.token_timeout))
            }
        })
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Kind::Fixed(secret) => write!(f, "Credential::Fixed({secret:?})"),
            Kind::Provider(_) => f.write_str("Credential::Provider(..)"),
        }
    }
}

impl From<Secret> for Credential {
    fn from(secret: Secret) -> Self {
        Self(Kind::Fixed(secret))
    }
}

impl From<&str> for Credential {
    fn from(secret: &str) -> Self {
        Secret::new(secret).into()
    }
}

impl From<String> for Credential {
    fn from(secret: String) -> Self {
        Secret::new(secret).into()
    }
}

impl Authorize for Box<dyn Authorize> {
    fn authorize(&self, patience: Patience) -> Authorizing<'_> {
        (**self).authorize(patience)
    }

    fn is_renewable(&self) -> bool {
        (**self).is_renewable()
    }

    fn refused(&self, used: &Authorization) {
        (**self).refused(used);
    }
}

/// How a secret becomes a header.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "each vendor has one of them")]
pub(crate) enum Scheme {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `Authorization: Basic …`, with this user name.
    Basic(String),
    /// A header of the service's own.
    Header(HeaderName),
}

impl Scheme {
    /// # Errors
    /// A configuration error that names `field` if the secret is not one word.
    pub(super) fn authorization(
        &self,
        field: &str,
        secret: &Secret,
        generation: u64,
    ) -> Result<Authorization, Error> {
        one_word(field, secret.expose())?;
        let (name, text, encoded) = match self {
            Self::Header(name) => (name.clone(), secret.clone(), None),
            Self::Bearer => {
                let text = Secret::new(format!("Bearer {}", secret.expose()));
                (header::AUTHORIZATION, text, None)
            }
            Self::Basic(user) => {
                let pair = Secret::new(format!("{user}:{}", secret.expose()));
                let encoded = Secret::new(STANDARD.encode(pair.expose()));
                let text = Secret::new(format!("Basic {}", encoded.expose()));
                (header::AUTHORIZATION, text, Some(encoded))
            }
        };
        let value = secret_header(field, text.expose())?;
        let secrets = std::iter::once(secret.clone()).chain(encoded).collect();
        Ok(Authorization { header: Some((name, value)), secrets, generation })
    }
}

/// One authorization for all attempts.
pub(crate) struct StaticCredentials(Authorization);

#[cfg(any(test, feature = "twilio"))]
impl StaticCredentials {
    /// No header: the request's form authenticates it.
    pub(crate) fn in_form(secret: &Secret) -> Self {
        let encoded = url::form_urlencoded::byte_serialize(secret.expose().as_bytes());
        let encoded = Secret::new(encoded.collect::<String>());
        let secrets = Arc::from([secret.clone(), encoded]);
        Self(Authorization { header: None, secrets, generation: 0 })
    }
}

impl Authorize for StaticCredentials {
    fn authorize(&self, _: Patience) -> Authorizing<'_> {
        Authorizing::Ready(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;
    use crate::auth::AccessToken;
    use crate::transport::BoxFuture;

    /// A new token at each fetch.
    #[derive(Default)]
    struct Counting(AtomicU32);

    impl TokenProvider for Counting {
        fn fetch(
            &self,
        ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { Ok(AccessToken::new(format!("fake-token-{number}"))) })
        }
    }

    fn authorizer(credential: impl Into<Credential>) -> Result<Box<dyn Authorize>, Error> {
        credential.into().authorizer("token", Scheme::Bearer, &ClientOptions::default())
    }

    async fn sent(authorizer: &impl Authorize) -> (Authorization, String) {
        let minute = Duration::from_secs(60);
        let deadline = Instant::now() + minute;
        let patience = Patience { deadline, max_retry_after: minute, attempts: 1 };
        let authorization = match authorizer.authorize(patience) {
            Authorizing::Ready(authorization) => authorization,
            Authorizing::Pending(pending) => pending.await.expect("there is a token"),
        };
        let (name, value) = authorization.header.clone().expect("it is a header");
        assert!(name == http::header::AUTHORIZATION && value.is_sensitive());
        (authorization, value.to_str().expect("it is text").to_owned())
    }

    #[tokio::test]
    async fn fixed_token_is_sent_and_kept_after_a_refusal() {
        for credential in [
            Credential::from("obviously-fake"),
            Credential::from("obviously-fake".to_owned()),
            Credential::from(Secret::new("obviously-fake")),
        ] {
            assert_eq!(credential.fixed().map(Secret::expose), Some("obviously-fake"));
            assert_eq!(format!("{credential:?}"), "Credential::Fixed(***)");
            let authorizer = authorizer(credential).expect("it can be a header");
            let (used, header) = sent(&authorizer).await;
            assert_eq!(header, "Bearer obviously-fake");
            assert_eq!(used.secrets[0].expose(), "obviously-fake");
            assert!(!authorizer.is_renewable());
            authorizer.refused(&used);
            assert_eq!(sent(&authorizer).await.1, header);
        }
    }

    #[tokio::test]
    async fn provider_is_called_again_after_a_refusal() {
        let credential = Credential::provider(Counting::default());
        assert!(credential.fixed().is_none());
        assert_eq!(format!("{credential:?}"), "Credential::Provider(..)");
        let authorizer = authorizer(credential).expect("it is made without a token");
        assert!(authorizer.is_renewable());
        let (used, header) = sent(&authorizer).await;
        assert_eq!(header, "Bearer fake-token-0");
        assert_eq!(sent(&authorizer).await.1, header, "it is kept");
        authorizer.refused(&used);
        assert_eq!(sent(&authorizer).await.1, "Bearer fake-token-1");
    }

    #[test]
    fn every_form_of_a_secret_is_known_to_the_mask() {
        let secret = Secret::new("obviously+fake");
        let pair = "dXNlcjpvYnZpb3VzbHkrZmFrZQ==";
        let name = HeaderName::from_static("x-api-key");
        for (scheme, header, secrets) in [
            (
                Scheme::Basic("user".to_owned()),
                format!("Basic {pair}"),
                vec!["obviously+fake", pair],
            ),
            (Scheme::Header(name), "obviously+fake".to_owned(), vec!["obviously+fake"]),
            (Scheme::Bearer, "Bearer obviously+fake".to_owned(), vec!["obviously+fake"]),
        ] {
            let made = scheme.authorization("key", &secret, 0).expect("it can be a header");
            let (_, value) = made.header.expect("there is one");
            assert!(value.is_sensitive());
            assert_eq!(value, header);
            assert_eq!(made.secrets.iter().map(Secret::expose).collect::<Vec<_>>(), secrets);
        }
        let in_form = StaticCredentials::in_form(&secret).0;
        let secrets: Vec<_> = in_form.secrets.iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["obviously+fake", "obviously%2Bfake"]);
    }

    #[test]
    fn unsendable_secret_is_refused_by_name() {
        let header = Scheme::Header(HeaderName::from_static("x-api-key"));
        for (scheme, secret, rule) in [
            (Scheme::Basic("user".to_owned()), "", "must not be empty"),
            (header.clone(), "", "must not be empty"),
            (header, "obviously\nfake", "must not contain white space"),
            (Scheme::Bearer, "", "must not be empty"),
            (Scheme::Bearer, "obviously\nfake", "must not contain white space"),
        ] {
            let made = scheme.authorization("setting", &Secret::new(secret), 0);
            let error = made.map(drop).expect_err(rule);
            assert!(error.to_string().contains(&format!("setting: {rule}")), "{error}");
        }
    }
}
