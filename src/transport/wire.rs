//! The last step as a small trait, so that tests can run the loop in memory.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;

/// A boxed future, as the traits of this crate return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Sends one request, once.
pub(crate) trait Wire: Send + Sync {
    /// Sends a request, and reads at most `limit` bytes of the response's body.
    fn send(
        &self,
        request: http::Request<Bytes>,
        limit: usize,
        gate: &SendGate,
    ) -> BoxFuture<'static, Result<http::Response<BodyFuture>, WireError>>;

    /// The proxy, without its credentials.
    fn proxy(&self) -> Option<&str> {
        None
    }
}

/// A response's body, to be read.
pub(crate) type BodyFuture = BoxFuture<'static, Result<Bytes, BodyError>>;

/// Decides whether a request may still be sent.
///
/// The connection runs in its own task, so two sides share the gate: the body calls
/// [`leave`](Self::leave) when the connection takes it, and an attempt that ends without a response
/// calls [`close`](Self::close). The first call decides: a request that was not sent before `close`
/// is never sent.
#[derive(Clone, Default)]
pub(crate) struct SendGate(Arc<AtomicU8>);

const OPEN: u8 = 0;
const SENT: u8 = 1;
const CLOSED: u8 = 2;

impl SendGate {
    /// Reports that the request is about to be sent; returns false if it must not be.
    #[must_use]
    pub(crate) fn leave(&self) -> bool {
        self.decide(SENT) == SENT
    }

    /// Closes the gate and returns whether the request may have arrived. If not, it is never sent.
    #[must_use]
    pub(crate) fn close(&self) -> bool {
        self.decide(CLOSED) == SENT
    }

    /// Sets the state unless it is set, and returns it.
    fn decide(&self, state: u8) -> u8 {
        let decided = self.0.compare_exchange(OPEN, state, Ordering::AcqRel, Ordering::Acquire);
        decided.map_or_else(|earlier| earlier, |_| state)
    }
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// The client caused it.
    #[error("the request could not be sent")]
    Unusable(#[source] Cause),
    #[error("no connection was made")]
    Connect(#[source] Cause),
    /// [`SendGate`] knows whether the request may have arrived.
    #[error("the connection was lost")]
    Broken(#[source] Cause),
}

/// Why a body could not be read to its end, with the part that was read.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub(crate) struct BodyError {
    pub(crate) cause: BodyErrorCause,
    pub(crate) partial: Bytes,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyErrorCause {
    #[error("the response is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the response is encoded ({encoding}), which the request did not ask for")]
    Encoded { encoding: String },
    #[error("connection closed before the response was complete")]
    Broken(#[source] Cause),
}
