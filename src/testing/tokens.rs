//! The access tokens of a fake's token endpoint.

use std::time::Duration;

use serde_json::{Value, json};

use super::message::Request;

pub(super) struct Tokens {
    prefix: &'static str,
    pub(super) lifetime: Duration,
    pub(super) given: u64,
    /// How many of those given are no longer accepted.
    pub(super) revoked: u64,
}

impl Tokens {
    pub(super) fn new(prefix: &'static str, seconds: u64) -> Self {
        Self { prefix, lifetime: Duration::from_secs(seconds), given: 0, revoked: 0 }
    }

    /// Returns the response with a new token, to be completed with what the vendor adds.
    pub(super) fn give(&mut self) -> Value {
        self.given += 1;
        json!({
            "access_token": format!("{}{}", self.prefix, self.given),
            "token_type": "Bearer",
            "expires_in": self.lifetime.as_secs(),
        })
    }

    pub(super) fn accepts(&self, request: &Request) -> bool {
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let number = token.and_then(|token| token.strip_prefix(self.prefix)?.parse().ok());
        number.is_some_and(|number: u64| self.revoked < number && number <= self.given)
    }
}

/// The methods of a fake whose state has `tokens`.
macro_rules! token_methods {
    ($lifetime:literal) => {
        #[doc = concat!("Sets how long the next tokens last, in whole seconds; ", $lifetime, " by default.")]
        pub fn token_lifetime(&self, lifetime: std::time::Duration) {
            self.state().tokens.lifetime = lifetime;
        }

        /// Refuses the tokens issued so far with 401 from now on.
        pub fn revoke_tokens(&self) {
            let mut state = self.state();
            state.tokens.revoked = state.tokens.given;
        }

        /// Returns the number of tokens that the token endpoint has issued.
        #[must_use]
        pub fn tokens_given(&self) -> u64 {
            self.state().tokens.given
        }
    };
}

pub(super) use token_methods;
