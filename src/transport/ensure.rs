//! `ensure` and `ensure_absent`: reach a desired state although single requests may fail.

use std::fmt;

use http::StatusCode;
use serde::Serialize;
use tokio::time::Instant;

use super::retry::backoff;
use super::session::Session;
use super::wire::BoxFuture;
use super::{Call, CallOptions, Transport};
use crate::error::{Effect, Error, ErrorKind};

/// The result of an `ensure`: the item that exists now, and who created it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Ensured<T> {
    /// This call created it.
    Created(T),
    /// It existed before this call.
    AlreadyExisted(T),
    /// It was found after an unknown outcome: this call or another one created it.
    Indeterminate(T),
}

impl<T> Ensured<T> {
    /// Returns the item.
    pub fn into_inner(self) -> T {
        match self {
            Self::Created(thing) | Self::AlreadyExisted(thing) | Self::Indeterminate(thing) => {
                thing
            }
        }
    }

    /// Returns the item by reference.
    pub fn get(&self) -> &T {
        match self {
            Self::Created(thing) | Self::AlreadyExisted(thing) | Self::Indeterminate(thing) => {
                thing
            }
        }
    }
}

/// The result of an `ensure_absent`: the item does not exist now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum EnsuredAbsent {
    /// This call deleted it.
    Deleted,
    /// It did not exist before this call.
    AlreadyAbsent,
    /// It was found to be absent after an unknown outcome: this call or another one deleted it.
    Indeterminate,
}

/// The result of an `ensure_role`, for a holder who has one role at a time: the holder has the role
/// now. It names the role that this call replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum EnsuredRole<R> {
    /// This call gave the role.
    Given {
        /// The other role that the holder had when it was read.
        replaced: Option<R>,
    },
    /// The holder had it before this call.
    AlreadyHeld,
    /// The holder was found to have it after an unknown outcome: this call or another one gave it.
    Indeterminate {
        /// The other role that the holder had when it was read.
        replaced: Option<R>,
    },
}

#[cfg(any(feature = "redox", feature = "twilio"))]
impl<R> EnsuredRole<R> {
    pub(crate) fn new<T>(ensured: &Ensured<T>, replaced: Option<R>) -> Self {
        match ensured {
            Ensured::Created(_) => Self::Given { replaced },
            Ensured::AlreadyExisted(_) => Self::AlreadyHeld,
            Ensured::Indeterminate(_) => Self::Indeterminate { replaced },
        }
    }
}

/// An existing item differs from the desired one. This is the [`service`](Error::service) part of
/// an error of kind [`ErrorKind::Conflict`], whose text shows both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("desired {}, actual {}", Short(.desired), Short(.actual))]
#[non_exhaustive]
pub struct Mismatch<D: fmt::Debug, A: fmt::Debug> {
    /// The desired item.
    pub desired: D,
    /// The existing item.
    pub actual: A,
}

/// The `Debug` form of a value, shortened so that both sides fit in an error's text.
struct Short<'a, T>(&'a T);

impl<T: fmt::Debug> fmt::Display for Short<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:?}", self.0);
        match text.char_indices().nth(180) {
            Some((end, _)) => write!(f, "{}…", &text[..end]),
            None => f.write_str(&text),
        }
    }
}

impl<D, A> Mismatch<D, A>
where
    D: fmt::Debug + Send + Sync + 'static,
    A: fmt::Debug + Send + Sync + 'static,
{
    /// The error that shows both sides.
    pub(crate) fn error(desired: D, actual: A, effect: Effect) -> Error {
        let mismatch = Self { desired, actual };
        Error::new(ErrorKind::Conflict)
            .with_effect(effect)
            .with_detail(mismatch.to_string())
            .with_service(mismatch)
    }
}

/// The result of a read.
#[derive(Debug)]
pub(crate) enum Found<T> {
    /// An item that matches the desired one.
    Matching(T),
    /// Another item with the same name or identifier.
    Different(T),
    Absent,
}

/// A read of what there is.
pub(crate) type Finding<'a, T> = BoxFuture<'a, Result<Found<T>, Error>>;

/// The desired state of an `ensure`.
pub(crate) trait Desired: Send + Sync + 'static {
    /// The item that exists afterwards.
    type Item: fmt::Debug + Send + Sync + 'static;
    /// The response to the create.
    type Created: Send + 'static;
    type Request: Clone + fmt::Debug + Send + Sync + 'static;

    /// The name of the whole call, e.g. `harness roles.ensure`.
    const NAME: &'static str;
    /// Whether a create may be sent again after an unknown outcome: the service refuses a
    /// duplicate, or the create is idempotent.
    const REPEATABLE: bool;
    /// Whether it replaces a different item that is found first. If not, that item stays, and the
    /// call ends in a mismatch.
    const REPLACES: bool = false;

    /// The desired item, as a mismatch shows it.
    fn request(&self) -> &Self::Request;

    fn create(&self) -> Call<Self::Created>;

    /// Replaces a different item. This is idempotent.
    fn replace(&self) -> Call<Self::Created> {
        self.create()
    }

    /// Whether two reads show the same item, so that no other caller replaced it.
    fn is_same(first: &Self::Item, later: &Self::Item) -> bool {
        let _ = (first, later);
        false
    }

    /// Makes the item of the response to the create.
    ///
    /// # Errors
    /// An error if the service created something else.
    fn created(&self, created: Self::Created) -> Result<Self::Item, Error>;

    /// Searches for it by every key that the service keeps unique.
    fn find<'a>(&'a self, session: &'a Session) -> Finding<'a, Self::Item>;

    /// Searches for it before the first create.
    fn find_first<'a>(&'a self, session: &'a Session) -> Finding<'a, Self::Item> {
        self.find(session)
    }

    /// Whether a create may have been refused because the item exists.
    fn may_exist(&self, refused: &Error) -> bool {
        refused.is_already_exists() || (!Self::REPEATABLE && refused.is_conflict())
    }
}

/// The desired absence of an `ensure_absent`.
#[cfg(any(feature = "twilio", feature = "harness", feature = "redox", test))]
pub(crate) trait Unwanted: Send + Sync + 'static {
    /// The response to the delete.
    type Deleted: Send + 'static;

    /// The name of the whole call.
    const NAME: &'static str;

    fn delete(&self) -> Call<Self::Deleted>;

    /// Returns whether it exists.
    fn find<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, Error>>;

    /// Whether the client reads before the first delete.
    const LOOKS_FIRST: bool = false;

    /// Whether the client also reads after a delete that the service reported as successful,
    /// because the meaning of that report is not documented.
    const CONFIRMS: bool = false;

    /// Whether the refusal of the delete says that this item does not exist.
    fn is_absent(&self, refused: &Error) -> bool {
        let _ = refused;
        false
    }

    /// Whether the refusal of the delete may mean that it does not exist. Any other "not found" is
    /// an error: it may be about the parent, or come from a gateway.
    fn may_be_absent(&self, refused: &Error) -> bool;

    /// Returns whether it exists after a refusal that may mean that it does not.
    fn confirm<'a>(
        &'a self,
        refused: &'a Error,
        session: &'a Session,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let _ = refused;
        self.find(session)
    }
}

impl Transport {
    /// Returns a call that ensures that an item exists.
    pub(crate) fn ensure<D: Desired>(&self, desired: D) -> Call<Ensured<D::Item>> {
        self.ensure_with(desired, |ensured, _| ensured)
    }

    /// Returns a call that ensures that an item exists. Its result is made from the outcome and the
    /// replaced item.
    pub(crate) fn ensure_with<D: Desired, T: Send + 'static>(
        &self,
        desired: D,
        result: fn(Ensured<D::Item>, Option<D::Item>) -> T,
    ) -> Call<T> {
        let transport = self.clone();
        Call::steps(self.clone(), D::NAME, move |session| {
            let reconciler = Reconciler::new(transport, session);
            Box::pin(async move {
                let ensured = reconciler.ensure(&desired).await;
                let (ensured, replaced) = ensured.map_err(|error| error.or_operation(D::NAME))?;
                Ok(result(ensured, replaced))
            })
        })
    }

    /// Returns a call that ensures that an item does not exist.
    #[cfg(any(feature = "twilio", feature = "harness", feature = "redox", test))]
    pub(crate) fn ensure_absent<U: Unwanted>(&self, unwanted: U) -> Call<EnsuredAbsent> {
        let transport = self.clone();
        Call::steps(self.clone(), U::NAME, move |session| {
            let reconciler = Reconciler::new(transport, session);
            Box::pin(async move { reconciler.ensure_absent(&unwanted).await })
        })
    }

    /// Returns a call that ends in this error before anything is sent.
    #[cfg(feature = "twilio")]
    pub(crate) fn refused<T: Send + 'static>(&self, name: &'static str, error: Error) -> Call<T> {
        self.steps(name, move |_| std::future::ready(Err(error.with_operation(name))))
    }

    /// Returns a call that makes several others.
    #[cfg(any(test, feature = "twilio"))]
    pub(crate) fn steps<T, F>(
        &self,
        name: &'static str,
        run: impl FnOnce(Session) -> F + Send + Sync + 'static,
    ) -> Call<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        Call::steps(self.clone(), name, |session| Box::pin(run(session)))
    }
}

/// The result of reads after a change.
enum Reading<T> {
    /// There was no time to read at all.
    None,
    /// The same as before the change.
    Unchanged,
    Changed(Found<T>),
}

/// The state that the steps of an `ensure` share.
struct Reconciler {
    transport: Transport,
    session: Session,
    /// The earliest time that the service requested for the next call.
    not_before: Option<Instant>,
}

impl Reconciler {
    fn new(transport: Transport, session: Session) -> Self {
        Self { transport, session, not_before: None }
    }

    /// Returns the outcome, and the item that was replaced.
    async fn ensure<D: Desired>(
        mut self,
        desired: &D,
    ) -> Result<(Ensured<D::Item>, Option<D::Item>), Error> {
        // Wrong input sends nothing, not even a read.
        if let Some(error) = desired.create().refusal() {
            return Err(error.clone());
        }
        let mismatch =
            |actual, effect| Err(Mismatch::error(desired.request().clone(), actual, effect));
        let before = match desired.find_first(&self.session).await? {
            Found::Matching(found) => return Ok((Ensured::AlreadyExisted(found), None)),
            Found::Different(found) if D::REPLACES => Some(found),
            Found::Different(found) => return mismatch(found, Effect::NotApplied),
            Found::Absent => None,
        };
        // The error of an earlier create whose outcome is unknown.
        let mut open: Option<Error> = None;
        loop {
            let change = if before.is_some() { desired.replace() } else { desired.create() };
            let spec = change.spec();
            let error = match self.change(change).await {
                Ok((status, created)) if spec.is_none_or(|spec| spec.documents(status)) => {
                    return Ok((Ensured::Created(desired.created(created)?), before));
                }
                // The item may have existed already: a read shows whether it matches.
                Ok((status, _)) => Error::new(ErrorKind::UnexpectedStatus)
                    .with_status(status)
                    .with_effect(Effect::Unknown)
                    .with_attempts(1),
                Err(error) => error,
            };
            if !desired.may_exist(&error) && error.effect() == Effect::NotApplied {
                // A refusal says nothing about an earlier attempt whose outcome is unknown.
                return Err(open.unwrap_or(error));
            }
            let effect = if open.is_some() { Effect::Unknown } else { error.effect() };
            match self.reconcile(desired, before.as_ref(), &error).await {
                Ok(Reading::Changed(Found::Matching(found))) => {
                    let ensured = match (error.effect(), &open) {
                        (Effect::Applied, _) => Ensured::Created(found),
                        (Effect::NotApplied, None) => Ensured::AlreadyExisted(found),
                        _ => Ensured::Indeterminate(found),
                    };
                    return Ok((ensured, before));
                }
                Ok(Reading::Changed(Found::Different(found))) => return mismatch(found, effect),
                Ok(Reading::Unchanged)
                    if (D::REPEATABLE || before.is_some())
                        && open.is_none()
                        && effect == Effect::Unknown
                        && self.may_repeat() =>
                {
                    open = Some(error);
                }
                Ok(_) => return Err(open.unwrap_or(error)),
                Err(cause) => return Err(unread(open.unwrap_or(error), cause)),
            }
        }
    }

    #[cfg(any(feature = "twilio", feature = "harness", feature = "redox", test))]
    async fn ensure_absent<U: Unwanted>(mut self, unwanted: &U) -> Result<EnsuredAbsent, Error> {
        let seen = U::LOOKS_FIRST;
        if seen && !unwanted.find(&self.session).await? {
            return Ok(EnsuredAbsent::AlreadyAbsent);
        }
        // Another caller deleted it after the read.
        let absent = if seen { EnsuredAbsent::Indeterminate } else { EnsuredAbsent::AlreadyAbsent };
        let mut is_reported = false;
        let error = match self.change(unwanted.delete()).await {
            Ok((status, _)) if status.is_success() && U::CONFIRMS => {
                is_reported = true;
                Error::new(ErrorKind::Conflict)
                    .with_operation(U::NAME)
                    .with_effect(Effect::Unknown)
                    .with_detail("the service reported success, which reading does not confirm")
            }
            Ok((status, _)) if status.is_success() => return Ok(EnsuredAbsent::Deleted),
            // A repeated delete found nothing: its first attempt or another caller deleted it.
            Ok(_) => return Ok(EnsuredAbsent::Indeterminate),
            Err(error) => error,
        };
        if error.effect() == Effect::NotApplied {
            if unwanted.is_absent(&error) {
                return Ok(absent);
            }
            if !unwanted.may_be_absent(&error) {
                return Err(error);
            }
            return match unwanted.confirm(&error, &self.session).await {
                Ok(false) => Ok(absent),
                Ok(true) => Err(error),
                Err(cause) => Err(unread(error, cause)),
            };
        }
        // Also after a reported success: an unreadable response may have come from a gateway.
        for read in 1.. {
            if !self.pause(&error, read).await {
                break;
            }
            match unwanted.find(&self.session).await {
                Ok(false) if is_reported || error.effect() == Effect::Applied => {
                    return Ok(EnsuredAbsent::Deleted);
                }
                Ok(false) => return Ok(EnsuredAbsent::Indeterminate),
                Ok(true) => {}
                Err(cause) => return Err(unread(error, cause)),
            }
        }
        Err(error.with_effect(Effect::Unknown))
    }

    /// Sends a request that changes something. It gets half of the remaining time, so that time is
    /// left to read.
    async fn change<T: Send + 'static>(&mut self, call: Call<T>) -> Result<(StatusCode, T), Error> {
        let timeout = Some(self.session.remaining() / 2);
        let options = CallOptions { timeout, ..self.session.options() };
        let response = call.with_options(&options).send_for_response().await?;
        Ok((response.status(), response.into_body()))
    }

    /// Reads until the result differs from the one before the change, as often as the policy
    /// allows.
    async fn reconcile<D: Desired>(
        &mut self,
        desired: &D,
        before: Option<&D::Item>,
        error: &Error,
    ) -> Result<Reading<D::Item>, Error> {
        let mut last = Reading::None;
        for read in 1.. {
            if !self.pause(error, read).await {
                break;
            }
            let found = desired.find(&self.session).await?;
            let unchanged = match (&found, before) {
                (Found::Absent, None) => true,
                (Found::Different(found), Some(before)) => D::is_same(before, found),
                _ => false,
            };
            if !unchanged {
                return Ok(Reading::Changed(found));
            }
            last = Reading::Unchanged;
        }
        Ok(last)
    }

    /// Waits before a read: as long as the service requested, and longer each time. Returns false
    /// if no time, attempt or budget is left.
    async fn pause(&mut self, error: &Error, read: u32) -> bool {
        let now = Instant::now();
        let policy = self.transport.policy(self.session.retry());
        if read > policy.max_attempts || error.retry_after() > Some(policy.max_retry_after) {
            return false;
        }
        if read == 1 {
            self.not_before = error.retry_after().map(|wait| now + super::bounded(wait));
        }
        let mut until = self.not_before.unwrap_or(now);
        if read > 1 {
            // At least half of it: a created item may become visible with a delay.
            let jitter = 0.5 + (self.transport.0.environment.jitter)() / 2.0;
            until = until.max(now + backoff(policy, read - 1, jitter));
        }
        // No time would be left for the read itself.
        if until >= self.session.deadline() || (read > 1 && !self.transport.0.budget.spend()) {
            return false;
        }
        tokio::time::sleep_until(until).await;
        true
    }

    /// Whether a create may be sent once more.
    fn may_repeat(&self) -> bool {
        let policy = self.transport.policy(self.session.retry());
        policy.max_attempts > 1
            && !self.session.remaining().is_zero()
            && self.transport.0.budget.spend()
    }
}

/// The error of a change that reads could not reconcile. A failed read says nothing about the
/// effect of the change.
pub(crate) fn unread(error: Error, cause: Error) -> Error {
    error.with_remark("reading the present state failed").with_source(cause)
}
