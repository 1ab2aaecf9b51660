//! Bearer tokens: one at hand, or somebody who fetches them.

use std::sync::Arc;

use super::cache::{TokenCache, TokenProvider};
use super::fixed::Fixed;
use crate::error::Error;
use crate::model::Secret;
use crate::transport::{Authorization, Authorize, Authorizing};

/// What a client with bearer authentication sends: a token at hand, or tokens from a
/// [`TokenProvider`], cached and renewed.
///
/// ```
/// use rolecall::auth::Bearer;
/// let fixed = Bearer::from("obviously-fake");
/// assert_eq!(format!("{fixed:?}"), "Bearer::Fixed(***)");
/// ```
#[derive(Clone)]
pub struct Bearer(Kind);

#[derive(Clone)]
enum Kind {
    Fixed(Secret),
    Provider(Arc<dyn TokenProvider>),
}

impl Bearer {
    /// Tokens from a source of your own: a vault, a sidecar, another service.
    pub fn provider(provider: impl TokenProvider) -> Self {
        Self(Kind::Provider(Arc::new(provider)))
    }

    /// The token, where it is one at hand.
    pub(crate) fn at_hand(&self) -> Option<&Secret> {
        match &self.0 {
            Kind::Fixed(token) => Some(token),
            Kind::Provider(_) => None,
        }
    }

    /// # Errors
    /// A configuration error that names `field` if the token is empty or cannot be a header.
    pub(crate) fn authorizer(self, field: &'static str) -> Result<Box<dyn Authorize>, Error> {
        Ok(match self.0 {
            Kind::Fixed(token) => Box::new(Fixed::bearer(field, &token)?),
            Kind::Provider(provider) => Box::new(TokenCache::new(provider)),
        })
    }
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Kind::Fixed(token) => write!(f, "Bearer::Fixed({token:?})"),
            Kind::Provider(_) => f.write_str("Bearer::Provider(..)"),
        }
    }
}

impl From<Secret> for Bearer {
    fn from(token: Secret) -> Self {
        Self(Kind::Fixed(token))
    }
}

impl From<&str> for Bearer {
    fn from(token: &str) -> Self {
        Secret::new(token).into()
    }
}

impl From<String> for Bearer {
    fn from(token: String) -> Self {
        Secret::new(token).into()
    }
}

impl Authorize for Box<dyn Authorize> {
    fn authorize(&self) -> Authorizing<'_> {
        (**self).authorize()
    }

    fn is_renewable(&self) -> bool {
        (**self).is_renewable()
    }

    fn refused(&self, used: &Authorization) {
        (**self).refused(used);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

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

    async fn sent(authorizer: &impl Authorize) -> (Authorization, String) {
        let authorization = match authorizer.authorize() {
            Authorizing::Ready(authorization) => authorization,
            Authorizing::Pending(pending) => pending.await.expect("there is a token"),
        };
        let (name, value) = authorization.header.clone().expect("it is a header");
        assert!(name == http::header::AUTHORIZATION && value.is_sensitive());
        (authorization, value.to_str().expect("it is text").to_owned())
    }

    #[tokio::test]
    async fn a_token_at_hand_is_sent_and_stays() {
        for bearer in [
            Bearer::from("obviously-fake"),
            Bearer::from("obviously-fake".to_owned()),
            Bearer::from(Secret::new("obviously-fake")),
        ] {
            assert_eq!(bearer.at_hand().map(Secret::expose), Some("obviously-fake"));
            assert_eq!(format!("{bearer:?}"), "Bearer::Fixed(***)");
            let authorizer = bearer.authorizer("token").expect("it can be a header");
            let (used, header) = sent(&authorizer).await;
            assert_eq!(header, "Bearer obviously-fake");
            assert_eq!(used.secrets[0].expose(), "obviously-fake");
            assert!(!authorizer.is_renewable());
            authorizer.refused(&used);
            assert_eq!(sent(&authorizer).await.1, header);
        }
        for (token, rule) in [("", "must not be empty"), ("a\nb", "must not contain line breaks")] {
            let error = Bearer::from(token).authorizer("token").map(drop).expect_err(rule);
            assert_eq!(error.kind(), crate::ErrorKind::Configuration);
            assert!(error.to_string().contains(&format!("token: {rule}")), "{error}");
        }
    }

    #[tokio::test]
    async fn a_provider_is_asked_again_after_a_refusal() {
        let bearer = Bearer::provider(Counting::default());
        assert!(bearer.at_hand().is_none());
        assert_eq!(format!("{bearer:?}"), "Bearer::Provider(..)");
        let authorizer = bearer.authorizer("token").expect("it is made without a token");
        assert!(authorizer.is_renewable());
        let (used, header) = sent(&authorizer).await;
        assert_eq!(header, "Bearer fake-token-0");
        assert_eq!(sent(&authorizer).await.1, header, "it is kept");
        authorizer.refused(&used);
        assert_eq!(sent(&authorizer).await.1, "Bearer fake-token-1");
    }
}
