//! Retry decisions: one pure function, and its settings.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

use crate::declare::setters;
use crate::error::{Effect, ErrorKind};
use crate::operation::Idempotency;

/// How often and how long a client retries. Whether a call may be retried is not a setting: the
/// operation's idempotency and the service's response decide it.
///
/// ```
/// use rolecall::RetryPolicy;
/// use std::time::Duration;
///
/// let patient = RetryPolicy::default().max_attempts(6).max_wait(Duration::from_secs(20));
/// let never = RetryPolicy::none();
/// # let _ = (patient, never);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct RetryPolicy {
    pub(crate) max_attempts: u32,
    pub(crate) base: Duration,
    pub(crate) max_wait: Duration,
    pub(crate) max_retry_after: Duration,
    pub(crate) budget: u32,
}

impl Default for RetryPolicy {
    /// 4 attempts; waits of up to 0.25 s, 0.5 s, 1 s … at most 8 s; a `Retry-After` of up to 60 s;
    /// a budget of 100 retries.
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base: Duration::from_millis(250),
            max_wait: Duration::from_secs(8),
            max_retry_after: Duration::from_secs(60),
            budget: 100,
        }
    }
}

impl RetryPolicy {
    /// A single attempt. (A token that the service refuses is still renewed once, from the budget.)
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets the maximum number of attempts of one call, including the first; at least 1.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    setters! {
        /// Sets the limit of the first wait; it doubles with each further wait. The wait is drawn
        /// uniformly between zero and the limit ("full jitter").
        base_wait = base(Duration);
    }

    setters! {
        /// Sets the longest wait without a `Retry-After`.
        max_wait(Duration);

        /// Sets the longest `Retry-After` that the client waits for. A longer one ends the call at
        /// once with an error that carries it.
        max_retry_after(Duration);

        /// Sets how many retries all clones of a client may spend together, token requests and token
        /// renewals included. Ten successful calls earn one back. It is read when the client is built.
        budget(u32);
    }
}

/// The outcome of an attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    /// Nothing was sent; `transient` if another attempt may succeed.
    NotSent { transient: bool },
    /// The request may have arrived, and no response came.
    NoResponse,
    /// The service responded with another status than a success.
    Refused { status: u16, kind: ErrorKind },
    /// A success whose body could not be used; `confirmed` if it still comes from the service and
    /// its status confirms the change.
    Unreadable { confirmed: bool },
    /// A success status with a body that is cut, or that does not come from the service.
    Unrecognized,
    /// A success whose body reports a failure.
    Unsuccessful,
}

impl AttemptOutcome {
    pub(crate) fn refuses_credentials(self) -> bool {
        self == Self::Refused { status: 401, kind: ErrorKind::Unauthenticated }
    }
}

/// The effect of one attempt with this outcome.
pub(crate) fn effect(idempotency: Idempotency, outcome: AttemptOutcome) -> Effect {
    if idempotency == Idempotency::Safe {
        return Effect::NotApplied;
    }
    match outcome {
        AttemptOutcome::NotSent { .. } => Effect::NotApplied,
        AttemptOutcome::NoResponse
        | AttemptOutcome::Unrecognized
        | AttemptOutcome::Unsuccessful => Effect::Unknown,
        AttemptOutcome::Unreadable { confirmed: true } => Effect::Applied,
        AttemptOutcome::Unreadable { confirmed: false } => Effect::Unknown,
        AttemptOutcome::Refused { status: 408, .. } => Effect::Unknown,
        AttemptOutcome::Refused { status: 300..=499, .. } => Effect::NotApplied,
        AttemptOutcome::Refused { .. } => Effect::Unknown,
    }
}

/// The effect of a whole call: an attempt that changed nothing does not undo an earlier one that
/// may have changed something.
pub(crate) fn fold(earlier_unknown: bool, last: Effect) -> Effect {
    if earlier_unknown && last == Effect::NotApplied { Effect::Unknown } else { last }
}

/// An attempt that did not succeed, with all inputs of the decision about the next one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedAttempt {
    pub(crate) idempotency: Idempotency,
    pub(crate) outcome: AttemptOutcome,
    /// What it did, which the operation may know better than its outcome says.
    pub(crate) effect: Effect,
    pub(crate) retry_after: Option<Duration>,
    /// Attempts made so far, at least 1.
    pub(crate) attempts: u32,
    /// Time until the call's deadline.
    pub(crate) left: Duration,
    /// The credentials can be renewed, and were not in this call.
    pub(crate) renewable: bool,
    /// In `0.0..1.0`.
    pub(crate) jitter: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Decision {
    /// Try again after this wait, if the shared budget has a retry left; with renewed credentials
    /// where these were refused.
    Again(Duration),
    /// The error is final. The text says why, if the error itself does not.
    Stop(Option<&'static str>),
}

/// The one decision about retries.
pub(crate) fn decide(policy: &RetryPolicy, failed: &FailedAttempt) -> Decision {
    let renews = failed.renewable && failed.outcome.refuses_credentials();
    let repeatable = match failed.outcome {
        AttemptOutcome::NotSent { transient } => transient,
        AttemptOutcome::NoResponse
        | AttemptOutcome::Refused { status: 408 | 500 | 502 | 503 | 504, .. } => {
            failed.idempotency != Idempotency::NonIdempotent
        }
        // Statuses of a gateway, which say nothing about a change.
        AttemptOutcome::Unrecognized | AttemptOutcome::Refused { status: 520..=524 | 529, .. } => {
            failed.idempotency == Idempotency::Safe
        }
        // The kind may come from the service's code, under another 4xx than 429.
        AttemptOutcome::Refused { status: 400..=499, kind: ErrorKind::RateLimited } => true,
        AttemptOutcome::Refused { .. }
        | AttemptOutcome::Unreadable { .. }
        | AttemptOutcome::Unsuccessful => renews,
    };
    let once = failed.idempotency == Idempotency::NonIdempotent;
    if !repeatable || (once && failed.effect != Effect::NotApplied) {
        return Decision::Stop(None);
    }
    if failed.retry_after.is_some_and(|wait| wait > policy.max_retry_after) {
        return Decision::Stop(Some("not retried: Retry-After is over the limit"));
    }
    if failed.attempts >= policy.max_attempts && !renews {
        return Decision::Stop(None);
    }
    // After refused credentials the service needs no time to recover.
    let jitter = if renews { 0.0 } else { failed.jitter };
    let chosen = backoff(policy, failed.attempts, jitter);
    let wait = match failed.retry_after {
        // Never less than requested. The jitter on top keeps many clients from returning at once;
        // it is dropped if only it would exceed the limit.
        Some(asked) if asked.saturating_add(chosen) >= failed.left => asked,
        Some(asked) => asked + chosen,
        None => chosen,
    };
    if wait >= failed.left {
        return Decision::Stop(Some("not retried: no time left for another attempt"));
    }
    Decision::Again(wait)
}

/// The wait after this many attempts without a `Retry-After`: exponential, with full jitter.
pub(crate) fn backoff(policy: &RetryPolicy, attempts: u32, jitter: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(31);
    let limit = policy.base.saturating_mul(1 << doublings).min(policy.max_wait);
    super::bounded(limit).mul_f64(jitter.clamp(0.0, 1.0))
}

/// Reads `Retry-After` in both its forms; `sent` is when the response was sent. Unreadable values
/// count as absent; of several the longest counts.
pub(crate) fn retry_after(headers: &HeaderMap, sent: SystemTime) -> Option<Duration> {
    let values = headers.get_all(header::RETRY_AFTER);
    values.iter().filter_map(|value| wait_asked_for(value.to_str().ok()?.trim(), sent)).max()
}

fn wait_asked_for(text: &str, sent: SystemTime) -> Option<Duration> {
    let until = |text: &str| {
        let date = httpdate::parse_http_date(text.trim()).ok()?;
        Some(date.duration_since(sent).unwrap_or_default())
    };
    // A gateway may have joined several headers, and most dates have a comma of their own.
    let parts: Vec<_> = text.split(',').collect();
    let dates = parts.windows(2).filter_map(|date| until(&date.join(",")));
    parts.iter().filter_map(|one| seconds(one.trim()).or_else(|| until(one))).chain(dates).max()
}

/// Reads a number of seconds, rounded up.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut digits = whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || !digits.all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // Too many digits mean a very long wait, which the caller's limit refuses.
    let whole = whole.parse().map_or(u32::MAX.into(), |whole: u64| whole.min(u32::MAX.into()));
    let up = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(Duration::from_secs(whole + up))
}

/// When a response was sent by the service's own clock; now, if it has no `Date`.
pub(crate) fn sent_at(headers: &HeaderMap, now: SystemTime) -> SystemTime {
    let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
    date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now)
}

/// Retries that a client and its clones may still spend.
///
/// Counted in tenths, so that ten successful calls earn one retry.
#[derive(Debug)]
pub(crate) struct Budget {
    tenths: AtomicU32,
    full: u32,
}

const RETRY: u32 = 10;

impl Budget {
    pub(crate) fn new(retries: u32) -> Self {
        let full = retries.saturating_mul(RETRY);
        Self { tenths: AtomicU32::new(full), full }
    }

    /// Takes one retry; returns false if none is left.
    pub(crate) fn spend(&self) -> bool {
        let take = |tenths: u32| tenths.checked_sub(RETRY);
        self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    pub(crate) fn earn(&self) {
        let add = |tenths: u32| (tenths < self.full).then(|| tenths + 1);
        // Nothing is added to a full budget.
        let _ = self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_budget_does_not_overflow() {
        let budget = Budget::new(u32::MAX);
        budget.earn();
        assert!(budget.spend() && budget.spend());
    }
}
