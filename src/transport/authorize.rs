//! What the loop needs of a credential.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use tokio::time::Instant;

use super::wire::BoxFuture;
use crate::error::Error;
use crate::model::Secret;

/// Credentials, as the loop sees them.
pub(crate) trait Authorize: Send + Sync {
    /// Returns what authenticates the next attempt.
    fn authorize(&self, patience: Patience) -> Authorizing<'_>;

    /// Whether a new authorization may differ from a refused one.
    fn is_renewable(&self) -> bool {
        false
    }

    /// The service refused exactly this authorization.
    fn refused(&self, used: &Authorization) {
        let _ = used;
    }
}

/// How long a caller can wait for an authorization.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Of the call.
    pub(crate) deadline: Instant,
    /// The longest `Retry-After` that is waited out.
    pub(crate) max_retry_after: Duration,
    /// How often a failed fetch is waited for.
    pub(crate) attempts: u32,
}

/// An authorization at hand, or one that is being fetched.
pub(crate) enum Authorizing<'a> {
    Ready(Authorization),
    Pending(BoxFuture<'a, Result<Authorization, Error>>),
}

#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
    /// What must not be shown, should the service send it back.
    pub(crate) secrets: Arc<[Secret]>,
    /// Tells one token from the next.
    pub(crate) generation: u64,
}
