//! Credentials: fixed ones, and tokens that are fetched, cached and renewed.

mod bearer;
mod cache;
mod fixed;
mod oauth2;

#[cfg(test)]
mod cache_tests;

pub use bearer::Bearer;
pub use cache::{AccessToken, TokenProvider};

pub(crate) use fixed::Fixed;
pub(crate) use oauth2::read_token;
