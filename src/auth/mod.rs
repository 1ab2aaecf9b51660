//! Credentials: fixed ones, and tokens that the client fetches, caches and refreshes.

#[cfg(feature = "redox-jwt")]
mod assertion;
mod cache;
mod credential;
#[cfg(any(feature = "twilio", feature = "redox-jwt"))]
mod oauth2;

#[cfg(test)]
mod cache_tests;

pub use cache::{AccessToken, TokenProvider};
pub use credential::Credential;

#[cfg(feature = "redox-jwt")]
pub(crate) use assertion::{AssertionKey, SentAssertions};
pub(crate) use credential::Scheme;
#[cfg(feature = "twilio")]
pub(crate) use credential::StaticCredentials;
#[cfg(any(feature = "twilio", feature = "redox-jwt"))]
pub(crate) use oauth2::{TokenResponse, token};
