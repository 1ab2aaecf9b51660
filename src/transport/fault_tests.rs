//! Random fault schedules against a service that remembers what it did.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::memory::{
    Act, BodyAct, IDEMPOTENT, NON_IDEMPOTENT, Probe, SAFE, TestCredentials, UNCONFIRMED, transport,
    wire,
};
use super::{ClientOptions, RetryPolicy};
use crate::error::{Effect, Error};

/// A debug build takes a tenth of them.
const SCHEDULES: u32 = if cfg!(debug_assertions) { 10_000 } else { 100_000 };

/// How often each outcome has to occur: a test that sees one kind only proves nothing.
const MANY: u32 = SCHEDULES / 10;
const FEW: u32 = SCHEDULES / 40;

/// What really happened during one call.
#[derive(Debug, Default)]
struct Truth {
    applied: u32,
    /// After some attempt only the service could know what it did.
    unclear: bool,
    acts: Vec<String>,
}

/// Picks what becomes of one attempt, and whether the service carries it out. Unless it is
/// `confirmed` by the status, an unusable response of the service leaves that open.
fn attempt(confirmed: bool, random: &mut fastrand::Rng, truth: &Mutex<Truth>) -> Act {
    let whole = |status, text: &str| Act::respond(status, text);
    let coin = random.bool();
    let (act, applied, unclear) = match random.u32(0..23) {
        0..=2 => (Act::created(), true, false),
        3 => (whole(200, r#"{"id":"7"}"#), true, false),
        4 => (Act::ConnectFault, false, false),
        5 => (Act::Broken { sent: false }, false, false),
        6 => (Act::Hang { sent: false }, false, false),
        7 => (whole(429, ""), false, false),
        8 => (whole(429, "").header("retry-after", random.u32(0..100)), false, false),
        9 => (whole(400, r#"{"code":"LIMIT"}"#), false, false),
        10 => (whole(401, ""), false, false),
        11 => (whole(401, r#"{"code":"DENIED"}"#), false, false),
        12 => (whole(*choose(random, &[302, 400, 403, 404, 409, 418, 422]), "{}"), false, false),
        13 => (Act::Broken { sent: true }, coin, true),
        14 => (Act::Hang { sent: true }, coin, true),
        15 => (whole(*choose(random, &[408, 500, 502, 503, 504]), "<html>"), coin, true),
        16 => {
            let act = whole(503, "").header("retry-after", random.u32(0..100));
            (act, coin, true)
        }
        17 => (whole(*choose(random, &[501, 505, 599]), ""), coin, true),
        18 => (whole(*choose(random, &[202, 203, 204]), r#"{"id":"7"}"#), coin, true),
        19 => (whole(201, r#"{"success":false}"#), coin, true),
        20 => {
            let text = choose(random, &["{}", r#"{"id":null}"#]);
            (whole(201, text), confirmed || coin, !confirmed)
        }
        21 => {
            let text = choose(random, &["", "<html>", "[1", "null"]);
            (whole(201, text), coin, true)
        }
        _ => {
            let faults = [BodyAct::TooLarge, BodyAct::Encoded, BodyAct::Broken, BodyAct::Hang];
            let act = Act::respond_with(201, choose(random, &faults).clone());
            (act, coin, true)
        }
    };
    let mut truth = truth.lock().expect("no panic under it");
    truth.applied += u32::from(applied);
    truth.unclear |= unclear;
    truth.acts.push(format!("{act:?}, applied: {applied}"));
    act
}

fn choose<'a, T>(random: &mut fastrand::Rng, of: &'a [T]) -> &'a T {
    &of[random.usize(0..of.len())]
}

async fn run<const R: u8>(seed: u64) -> (Result<String, Error>, Truth) {
    let mut random = fastrand::Rng::with_seed(seed);
    let policy = RetryPolicy::default()
        .max_attempts(random.u32(1..6))
        .budget(random.u32(0..8))
        .max_retry_after(Duration::from_secs(random.u64(0..80)));
    let options = ClientOptions::default()
        .attempt_timeout(Duration::from_secs(random.u64(1..40)))
        .call_timeout(Duration::from_secs(random.u64(1..120)))
        .retry(policy);
    let credentials = TestCredentials {
        renewable: random.bool(),
        fails_from: (random.u32(0..50) == 0).then_some(0),
        takes: match random.u32(0..10) {
            0 => None,
            1..=3 => Some(Duration::from_secs(random.u64(1..30))),
            _ => Some(Duration::ZERO),
        },
        ..TestCredentials::default()
    };
    let truth = Arc::new(Mutex::new(Truth::default()));
    let jitter = random.f64();
    let (random, seen) = (Mutex::new(random), Arc::clone(&truth));
    let wire = wire(move |_| {
        attempt(R != UNCONFIRMED, &mut random.lock().expect("no panic under it"), &seen)
    });
    let result = transport(wire, credentials, &options, move || jitter).call(&Probe::<R>).await;
    let truth = std::mem::take(&mut *truth.lock().expect("no panic under it"));
    (result, truth)
}

/// Counts of the outcomes.
#[derive(Debug, Default)]
struct Seen {
    ok: u32,
    ok_after_retries: u32,
    not_applied: u32,
    unknown: u32,
    applied: u32,
}

async fn all<const R: u8>(check: impl Fn(u64, &Result<String, Error>, &Truth)) -> Seen {
    let mut seen = Seen::default();
    for seed in 0..SCHEDULES.into() {
        let (result, truth) = run::<R>(seed).await;
        match &result {
            Ok(_) => {
                seen.ok += 1;
                seen.ok_after_retries += u32::from(truth.acts.len() > 1);
            }
            Err(error) => {
                *match error.effect() {
                    Effect::NotApplied => &mut seen.not_applied,
                    Effect::Unknown => &mut seen.unknown,
                    Effect::Applied => &mut seen.applied,
                } += 1;
                assert_eq!(error.attempts() as usize, truth.acts.len(), "seed {seed}");
            }
        }
        check(seed, &result, &truth);
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn non_idempotent_call_is_applied_at_most_once_and_reports_its_effect() {
    let seen = all::<NON_IDEMPOTENT>(|seed, result, truth| {
        let context = || format!("seed {seed}: {result:?}, {truth:?}");
        assert!(truth.applied <= 1, "applied twice: {}", context());
        match result.as_ref().map_err(Error::effect) {
            Ok(_) | Err(Effect::Applied) => assert_eq!(truth.applied, 1, "{}", context()),
            Err(Effect::NotApplied) => assert_eq!(truth.applied, 0, "{}", context()),
            Err(Effect::Unknown) => assert!(truth.unclear, "it is known: {}", context()),
        }
    })
    .await;
    assert!(seen.ok > MANY && seen.ok_after_retries > FEW, "{seen:?}");
    assert!(seen.not_applied > MANY && seen.unknown > MANY && seen.applied > FEW, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn idempotent_call_reports_the_effect_of_all_its_attempts() {
    let seen = all::<IDEMPOTENT>(|seed, result, truth| {
        let context = || format!("seed {seed}: {result:?}, {truth:?}");
        match result.as_ref().map_err(Error::effect) {
            // Not found after an attempt that may have arrived.
            Ok(id) if id == "gone" => assert!(truth.unclear, "{}", context()),
            Ok(_) | Err(Effect::Applied) => assert!(truth.applied >= 1, "{}", context()),
            Err(Effect::NotApplied) => assert_eq!(truth.applied, 0, "{}", context()),
            Err(Effect::Unknown) => assert!(truth.unclear, "{}", context()),
        }
    })
    .await;
    assert!(seen.ok_after_retries > FEW && seen.unknown > MANY, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn unconfirmed_status_is_never_reported_as_applied() {
    let seen = all::<UNCONFIRMED>(|seed, result, truth| {
        let context = || format!("seed {seed}: {result:?}, {truth:?}");
        match result.as_ref().map_err(Error::effect) {
            Ok(_) => assert!(truth.applied >= 1, "{}", context()),
            Err(Effect::Applied) => panic!("no evidence: {}", context()),
            Err(Effect::NotApplied) => assert_eq!(truth.applied, 0, "{}", context()),
            Err(Effect::Unknown) => assert!(truth.unclear, "{}", context()),
        }
    })
    .await;
    assert!(seen.ok_after_retries > FEW && seen.unknown > MANY, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn failed_safe_call_has_changed_nothing() {
    let seen = all::<SAFE>(|seed, result, _| {
        if let Err(error) = result {
            assert_eq!(error.effect(), Effect::NotApplied, "seed {seed}: {error}");
        }
    })
    .await;
    assert!(seen.ok > MANY && seen.not_applied > MANY, "{seen:?}");
}
