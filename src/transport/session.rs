//! The state that the requests of one method share: a deadline, a policy, and a record of the
//! requests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::{CallOptions, RetryPolicy};

/// The requests that a method such as `ensure` makes together.
#[derive(Clone)]
pub(crate) struct Session(Arc<Shared>);

struct Shared {
    deadline: Instant,
    retry: Option<Arc<RetryPolicy>>,
    record: Mutex<Record>,
}

/// The requests that were sent, and the head of the last response.
#[derive(Clone, Default)]
pub(super) struct Record {
    pub(super) attempts: u32,
    pub(super) head: Option<Head>,
}

#[derive(Clone)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) request_id: Option<String>,
}

impl Session {
    pub(super) fn new(deadline: Instant, retry: Option<Arc<RetryPolicy>>) -> Self {
        Self(Arc::new(Shared { deadline, retry, record: Mutex::default() }))
    }

    pub(super) fn deadline(&self) -> Instant {
        self.0.deadline
    }

    /// The time that is left for all further requests.
    pub(super) fn remaining(&self) -> Duration {
        self.0.deadline.saturating_duration_since(Instant::now())
    }

    pub(super) fn retry(&self) -> Option<&RetryPolicy> {
        self.0.retry.as_deref()
    }

    pub(super) fn options(&self) -> CallOptions {
        CallOptions {
            retry: self.0.retry.clone(),
            session: Some(self.clone()),
            ..CallOptions::default()
        }
    }

    /// Makes a call within the deadline.
    ///
    /// # Errors
    /// That of the call.
    #[cfg(any(feature = "twilio", feature = "harness", test))]
    pub(crate) async fn send<T: Send + 'static>(
        &self,
        call: super::Call<T>,
    ) -> Result<T, crate::Error> {
        call.with_options(&self.options()).await
    }

    pub(super) fn record(&self, attempts: u32, head: Option<Head>) {
        let mut record = self.0.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.attempts += attempts;
        record.head = head.or(record.head.take());
    }

    pub(super) fn recorded(&self) -> Record {
        self.0.record.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
