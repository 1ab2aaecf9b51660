//! Credentials: fixed ones, and tokens that are fetched, cached and renewed.

#[cfg(feature = "redox-jwt")]
mod assertion;
mod bearer;
mod cache;
mod fixed;
mod oauth2;

#[cfg(test)]
mod cache_tests;

pub use bearer::Bearer;
pub use cache::{AccessToken, TokenProvider};

#[cfg(feature = "redox-jwt")]
pub(crate) use assertion::{AssertionKey, InFlight};
pub(crate) use fixed::Fixed;
pub(crate) use oauth2::read_token;
