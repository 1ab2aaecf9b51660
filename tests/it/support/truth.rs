//! The documented table of calls and responses, and the rules for every error.

#[cfg(any(feature = "harness", feature = "deepset"))]
use rolecall::List;
#[cfg(any(feature = "harness", feature = "deepset"))]
use rolecall::operation::ListOperation;
use rolecall::operation::{Idempotency, Spec};
use rolecall::{Effect, Error, ErrorKind};

/// The most of a body that an error keeps.
pub(crate) const KEPT: usize = 16 << 10;

/// The text of the error in which a list ends before it sends anything.
#[cfg(any(feature = "harness", feature = "deepset"))]
pub(crate) async fn refusal<O: ListOperation>(list: List<O>) -> String {
    let first = list.items().next().await.expect("there is an error");
    let error = first.map(drop).expect_err("it is refused");
    assert!(error.is_invalid_request(), "{error}");
    error.to_string()
}

/// Whether a response with this status may be a success: of 200 and 201 either stands for the other,
/// and 200 for 204.
pub(crate) fn may_succeed(spec: &Spec, status: u16) -> bool {
    let documented = |status| spec.success_statuses().contains(&status);
    match status {
        200 => [200, 201, 204].into_iter().any(documented),
        201 => documented(200) || documented(201),
        _ => documented(status),
    }
}

/// The kind of a response with this status, none of the call's successes, in which no code of the
/// service can be read.
pub(crate) fn kind_of_status(spec: &Spec, status: u16) -> ErrorKind {
    let creates = spec.method() == "POST"
        && spec.declared_idempotency() == Idempotency::NonIdempotent
        && spec.success_statuses().contains(&201);
    match status {
        400 | 422 => ErrorKind::InvalidRequest,
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::PermissionDenied,
        404 | 410 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout,
        409 if creates => ErrorKind::AlreadyExists,
        409 | 412 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        400..=499 => ErrorKind::Rejected,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::UnexpectedStatus,
    }
}

/// The call that a service may carry out and yet refuse with 404, as its vendor says.
#[cfg_attr(not(feature = "twilio"), allow(dead_code, reason = "it is one of Twilio's"))]
pub(crate) const CREATES_UNDER_404: &str = "twilio.conversations participants.create";

/// What such a response says about the change.
pub(crate) fn effect_of_status(idempotency: Idempotency, status: u16) -> Effect {
    match status {
        _ if idempotency == Idempotency::Safe => Effect::NotApplied,
        408 => Effect::Unknown,
        300..=499 => Effect::NotApplied,
        _ => Effect::Unknown,
    }
}

/// What is true of every error.
pub(crate) fn check_form(error: &Error) -> Result<(), String> {
    let check = |holds: bool, what: &str| match holds {
        true => Ok(()),
        false => Err(format!("{what}: {error:?}")),
    };
    let line = error.to_string();
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    check(!line.contains(breaks), "its text is one line")?;
    check(line.chars().count() < 1500, "its text is short")?;
    check(error.body().len() <= KEPT, "its body is bounded")?;
    check(!format!("{error:?}").contains("obviously-fake"), "it shows no credential")?;
    let repeatable = error.effect() == Effect::NotApplied
        && matches!(
            error.kind(),
            ErrorKind::RateLimited
                | ErrorKind::Connect
                | ErrorKind::Timeout
                | ErrorKind::Interrupted
                | ErrorKind::Server
        );
    // A connection that can never be made is not.
    let may_differ = error.kind() == ErrorKind::Connect && !error.is_safe_to_repeat();
    check(error.is_safe_to_repeat() == repeatable || may_differ, "it is safe to repeat")?;
    check(error.is_outcome_unknown() == (error.effect() == Effect::Unknown), "it is unknown")
}
