//! Credentials as the loop uses them.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use tokio::time::Instant;

use super::wire::BoxFuture;
use crate::error::Error;
use crate::model::Secret;

/// A source of authorizations.
pub(crate) trait Authorize: Send + Sync {
    /// Returns the authorization of the next attempt.
    fn authorize(&self, patience: Patience) -> Authorizing<'_>;

    /// Whether a new authorization may differ from a refused one.
    fn is_renewable(&self) -> bool {
        false
    }

    /// Reports that the service refused this authorization.
    fn refused(&self, used: &Authorization) {
        let _ = used;
    }
}

/// How long a caller can wait for an authorization.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Of the call.
    pub(crate) deadline: Instant,
    /// The longest `Retry-After` that the caller waits for.
    pub(crate) max_retry_after: Duration,
    /// How often a failed fetch is waited for.
    pub(crate) attempts: u32,
}

/// An authorization that is available, or one that is being fetched.
pub(crate) enum Authorizing<'a> {
    Ready(Authorization),
    Pending(BoxFuture<'a, Result<Authorization, Error>>),
}

#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
    /// Secrets that must not be shown if the service sends them back.
    pub(crate) secrets: Arc<[Secret]>,
    /// Distinguishes one token from the next.
    pub(crate) generation: u64,
}
