//! Making sure that something is there, or gone, whatever becomes of a single call.

use std::time::Duration;

use super::Call;
use super::wire::BoxFuture;
use crate::error::{Effect, Error, ErrorKind};

/// How it came about that a thing is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ensured<T> {
    /// This call made it, and knows so. (Redox says no more than that a call succeeded. There it
    /// means that this call did, and that the user was not seen to have a role before.)
    Created(T),
    /// It was there before this call.
    Existed(T),
    /// It was found after an outcome that could not be known: made by this call or by another.
    Present(T),
}

impl<T> Ensured<T> {
    /// The thing itself.
    #[must_use]
    pub fn into_inner(self) -> T {
        match self {
            Self::Created(thing) | Self::Existed(thing) | Self::Present(thing) => thing,
        }
    }

    /// The thing itself, by reference.
    #[must_use]
    pub fn get(&self) -> &T {
        match self {
            Self::Created(thing) | Self::Existed(thing) | Self::Present(thing) => thing,
        }
    }
}

/// How it came about that a thing is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnsuredAbsent {
    /// This call removed it, and knows so. (At Redox: it succeeded, and the user was seen to have a
    /// role before.)
    Removed,
    /// It was not there before this call.
    WasAbsent,
    /// It was found to be gone after an outcome that could not be known.
    Absent,
}

/// What is there under the same name or identifier differs from what was wanted. It is the
/// [`service`](Error::service) part of an error of kind [`ErrorKind::Conflict`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference<W, T> {
    /// What was wanted.
    pub wanted: W,
    /// What is there.
    pub found: T,
}

/// What reading finds.
#[derive(Debug)]
pub(crate) enum Found<T> {
    /// What was wanted, by meaning.
    Same(T),
    /// Something else under the same name or identifier.
    Different(T),
    Absent,
}

/// How often reading is tried, with doubling waits in between: what was made may take a moment to
/// be seen.
const READS: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Creates, and settles by reading what the answer leaves open.
///
/// `refuses_second`: the service itself keeps a second one from being made, so that creating before
/// looking, and again after an unknown outcome, is safe. Elsewhere it looks first, and creates once:
/// after an unknown outcome a late first try could still land.
///
/// # Errors
/// That of the create or of the first look, or a [`Difference`].
pub(crate) async fn ensure<W, T>(
    wanted: &W,
    refuses_second: bool,
    create: impl Fn() -> Call<T> + Send + Sync,
    find: impl Fn() -> BoxFuture<'static, Result<Found<T>, Error>> + Send + Sync,
) -> Result<Ensured<T>, Error>
where
    W: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    settled(wanted, !refuses_second, refuses_second, create, find).await
}

/// The same where creating sets what is there: it looks before each try, lest something else is
/// overwritten, and creates again after an unknown outcome, since twice has the effect of once.
///
/// # Errors
/// As [`ensure`].
pub(crate) async fn ensure_by_setting<W, T>(
    wanted: &W,
    set: impl Fn() -> Call<T> + Send + Sync,
    find: impl Fn() -> BoxFuture<'static, Result<Found<T>, Error>> + Send + Sync,
) -> Result<Ensured<T>, Error>
where
    W: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    settled(wanted, true, true, set, find).await
}

async fn settled<W, T>(
    wanted: &W,
    looks_first: bool,
    creates_again: bool,
    create: impl Fn() -> Call<T> + Send + Sync,
    find: impl Fn() -> BoxFuture<'static, Result<Found<T>, Error>> + Send + Sync,
) -> Result<Ensured<T>, Error>
where
    W: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    let conflict = |found, effect| conflict(wanted, found, create().operation(), effect);
    if looks_first {
        match find().await? {
            Found::Same(found) => return Ok(Ensured::Existed(found)),
            Found::Different(found) => return Err(conflict(found, Effect::NotApplied)),
            Found::Absent => {}
        }
    }
    let mut doubt: Option<Error> = None;
    loop {
        let error = match create().await {
            Ok(made) => return Ok(Ensured::Created(made)),
            Err(error) => error,
        };
        // Where nobody knows whether a second one is refused, nobody knows the word for it either.
        let exists = error.kind() == ErrorKind::AlreadyExists
            || (!creates_again && error.kind() == ErrorKind::Conflict);
        if !exists && error.effect() == Effect::NotApplied {
            // A refusal says nothing about an earlier try whose outcome is unknown.
            return Err(doubt.unwrap_or(error));
        }
        let effect = if doubt.is_some() { Effect::Unknown } else { error.effect() };
        match settle(&find).await {
            Ok(Found::Same(found)) => {
                return Ok(match (error.effect(), &doubt) {
                    (Effect::Applied, _) => Ensured::Created(found),
                    (Effect::NotApplied, None) => Ensured::Existed(found),
                    _ => Ensured::Present(found),
                });
            }
            Ok(Found::Different(found)) => return Err(conflict(found, effect)),
            Ok(Found::Absent) if creates_again && doubt.is_none() && effect == Effect::Unknown => {
                doubt = Some(error);
            }
            Ok(Found::Absent) => return Err(doubt.unwrap_or(error)),
            Err(cause) => return Err(unread(doubt.unwrap_or(error), cause)),
        }
    }
}

/// The error that shows what is there and what was wanted.
pub(crate) fn conflict<W, T>(wanted: &W, found: T, operation: &'static str, effect: Effect) -> Error
where
    W: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    Error::new(ErrorKind::Conflict)
        .with_effect(effect)
        .with_operation(operation)
        .with_detail("what is there differs from what was wanted")
        .with_service(Difference { wanted: wanted.clone(), found })
}

/// The error of a change that could not be settled by reading. Reading changes nothing, and so says
/// nothing about what the change did.
pub(crate) fn unread(error: Error, cause: Error) -> Error {
    error.with_remark("what is there could not be read").with_source(cause)
}

/// Removes, and settles by reading what the answer leaves open.
///
/// `says_absent` knows the refusals by which the service itself says that this very thing is not
/// there, and `is_ambiguous` those that may mean it. Any other "not found" is an error: it may be
/// about what the thing is in, or come from something before the service.
///
/// # Errors
/// That of the removal; the thing may still be there then.
pub(crate) async fn ensure_absent<T, D>(
    remove: impl Fn() -> Call<D> + Send + Sync,
    says_absent: impl Fn(&Error) -> bool + Send + Sync,
    is_ambiguous: impl Fn(&Error) -> bool + Send + Sync,
    find: impl Fn() -> BoxFuture<'static, Result<Option<T>, Error>> + Send + Sync,
) -> Result<EnsuredAbsent, Error>
where
    T: Send + 'static,
    D: Send + 'static,
{
    let error = match remove().with_response().await {
        Ok(answer) if answer.status().is_success() => return Ok(EnsuredAbsent::Removed),
        // The echo of an earlier try whose outcome nobody knows.
        Ok(_) => return Ok(EnsuredAbsent::Absent),
        Err(error) => error,
    };
    let known = error.effect() == Effect::NotApplied;
    if known && says_absent(&error) {
        return Ok(EnsuredAbsent::WasAbsent);
    }
    if known && !is_ambiguous(&error) {
        return Err(error);
    }
    // Also where it is said to be done: what could not be read may have been another's page.
    let mut wait = FIRST_WAIT;
    for read in 1..=READS {
        match find().await {
            Ok(None) => {
                return Ok(match error.effect() {
                    Effect::NotApplied => EnsuredAbsent::WasAbsent,
                    Effect::Applied => EnsuredAbsent::Removed,
                    Effect::Unknown => EnsuredAbsent::Absent,
                });
            }
            Ok(Some(_)) if known => return Err(error),
            Ok(Some(_)) if read < READS => tokio::time::sleep(wait).await,
            Ok(Some(_)) => {}
            Err(cause) => return Err(unread(error, cause)),
        }
        wait *= 2;
    }
    Err(error.with_effect(Effect::Unknown))
}

/// Reads until something is found, a bounded number of times.
async fn settle<T>(
    find: &(impl Fn() -> BoxFuture<'static, Result<Found<T>, Error>> + Send + Sync),
) -> Result<Found<T>, Error> {
    let mut wait = FIRST_WAIT;
    for _ in 1..READS {
        match find().await? {
            Found::Absent => tokio::time::sleep(wait).await,
            found => return Ok(found),
        }
        wait *= 2;
    }
    find().await
}
