//! The access tokens of a fake's token endpoint.

use std::time::Duration;

use serde_json::{Value, json};

use super::message::Request;

const PREFIX: &str = "obviously-fake-access-token-";

#[derive(Default)]
pub(super) struct Tokens {
    pub(super) lifetime: Option<Duration>,
    pub(super) given: u64,
    /// How many of those given are no longer accepted.
    pub(super) revoked: u64,
}

impl Tokens {
    /// Returns the response with a new token, which lasts so many seconds unless the test set a
    /// lifetime; to be completed with what the vendor adds.
    pub(super) fn give(&mut self, seconds: u64) -> Value {
        self.given += 1;
        json!({
            "access_token": format!("{PREFIX}{}", self.given),
            "token_type": "Bearer",
            "expires_in": self.lifetime.map_or(seconds, |lifetime| lifetime.as_secs()),
        })
    }

    pub(super) fn accepts(&self, request: &Request) -> bool {
        let token = request.bearer().and_then(|token| token.strip_prefix(PREFIX)?.parse().ok());
        token.is_some_and(|number: u64| self.revoked < number && number <= self.given)
    }
}

/// The methods of a fake whose state has `tokens`.
macro_rules! token_methods {
    ($lifetime:literal) => {
        #[doc = concat!("Sets how long the next tokens last, in whole seconds; ", $lifetime, " by default.")]
        pub fn token_lifetime(&self, lifetime: std::time::Duration) {
            self.state().tokens.lifetime = Some(lifetime);
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
