//! What the loop needs of a credential.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::wire::BoxFuture;
use crate::error::Error;
use crate::model::Secret;

/// Credentials, as the loop sees them.
pub(crate) trait Authorize: Send + Sync {
    /// What authenticates the next attempt.
    fn authorize(&self) -> Authorizing<'_>;

    /// Whether a new authorization may differ from a refused one.
    fn is_renewable(&self) -> bool {
        false
    }

    /// The service refused exactly this authorization.
    fn refused(&self, used: &Authorization) {
        let _ = used;
    }
}

/// An authorization at hand, or on its way.
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
