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
