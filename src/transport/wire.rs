//! The last step as a small trait, so that the loop above it can be tested in memory.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

/// A boxed future, as the traits of this crate return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one request, once.
pub(crate) trait Wire: Send + Sync {
    fn send(&self, request: WireRequest) -> BoxFuture<'static, Result<WireAnswer, WireFault>>;
}

pub(crate) struct WireRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The most that may be read of the answer's body.
    pub(crate) limit: usize,
    pub(crate) sent: SentMark,
}

/// Whether the service could have received the whole request.
///
/// Two sides decide it together, since the connection is driven by a task of its own: the body asks
/// to [`leave`](Self::leave) when the connection takes it, and an attempt that ends without an
/// answer [`settle`](Self::settle)s the matter. Whoever comes first has its way: a settled
/// request that had not left cannot leave any more.
#[derive(Clone, Default)]
pub(crate) struct SentMark(Arc<AtomicU8>);

const UNSENT: u8 = 0;
const SENT: u8 = 1;
const REVOKED: u8 = 2;

impl SentMark {
    /// The request is about to leave; false if it must not any more.
    #[must_use]
    pub(crate) fn leave(&self) -> bool {
        self.decide(SENT) == SENT
    }

    /// Whether the request may have arrived. If not, it never will.
    #[must_use]
    pub(crate) fn settle(&self) -> bool {
        self.decide(REVOKED) == SENT
    }

    /// Sets the state unless it was set, and tells what it is.
    fn decide(&self, state: u8) -> u8 {
        let decided = self.0.compare_exchange(UNSENT, state, Ordering::AcqRel, Ordering::Acquire);
        decided.map_or_else(|earlier| earlier, |_| state)
    }
}

/// The head of an answer, and its body to be read.
pub(crate) struct WireAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: BoxFuture<'static, Result<Bytes, BodyFault>>,
}

/// No answer.
#[derive(Debug)]
pub(crate) enum WireFault {
    /// It could not be tried: the client is at fault.
    Unusable(Box<dyn std::error::Error + Send + Sync>),
    /// No connection was made.
    Connect(Box<dyn std::error::Error + Send + Sync>),
    /// The connection broke. [`SentMark`] says whether the request may have arrived.
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

/// A body that could not be read to its end, and what there was of it.
#[derive(Debug)]
pub(crate) struct BodyFault {
    pub(crate) cause: BodyFaultCause,
    pub(crate) partial: Bytes,
}

#[derive(Debug)]
pub(crate) enum BodyFaultCause {
    TooLarge { limit: usize },
    Encoded { encoding: String },
    Broken(Box<dyn std::error::Error + Send + Sync>),
}
