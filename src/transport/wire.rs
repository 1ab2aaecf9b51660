//! The last step as a small trait, so that the loop above it can be tested in memory.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
/// It outlives the request, so that an attempt that ran out of time knows how far it got.
#[derive(Clone, Default)]
pub(crate) struct SentMark(Arc<AtomicBool>);

impl SentMark {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
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
