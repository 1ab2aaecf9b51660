//! 100,000 random fault schedules against a service that remembers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::memory::{
    Act, BodyAct, IDEMPOTENT, MemoryWire, ONCE, Probe, READ, TestCredentials, UNCONFIRMED,
    transport,
};
use super::wire::WireRequest;
use super::{ClientOptions, RetryPolicy};
use crate::error::{Effect, Error};

const SCHEDULES: u64 = 100_000;

/// What really happened during one call.
#[derive(Debug, Default)]
struct Truth {
    applied: u32,
    /// After this attempt nobody but the service could know what it did.
    unclear: bool,
    acts: Vec<String>,
}

/// Picks what becomes of one attempt, and whether the service carries it out. Unless it is
/// `confirmed` by the status, an answer that cannot be used does not say.
fn attempt(confirmed: bool, random: &mut fastrand::Rng, truth: &Mutex<Truth>) -> Act {
    let made = || r#"{"id":"7"}"#.to_owned();
    let body = |status, body| Act::Answer { status, headers: Vec::new(), body };
    let whole = |status, text: &str| Act::answer(status, text);
    let coin = random.bool();
    let (act, applied, unclear) = match random.u32(0..22) {
        0..=3 => (body(201, BodyAct::Whole(made())), true, false),
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
            let answer = whole(503, "").header("retry-after", random.u32(0..100));
            (answer, coin, true)
        }
        17 => (whole(*choose(random, &[501, 505, 599]), ""), coin, true),
        18 => (whole(*choose(random, &[200, 202, 204]), r#"{"id":"7"}"#), coin, true),
        19 => (whole(201, r#"{"success":false}"#), coin, true),
        20 => {
            let text = choose(random, &["", "<html>", "{}", "[1", "null"]);
            (whole(201, text), confirmed || coin, !confirmed)
        }
        _ => {
            let faults = [BodyAct::TooLarge, BodyAct::Encoded, BodyAct::Broken, BodyAct::Hang];
            (body(201, choose(random, &faults).clone()), confirmed || coin, !confirmed)
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
    let wire = MemoryWire(move |_: &WireRequest| {
        attempt(R != UNCONFIRMED, &mut random.lock().expect("no panic under it"), &seen)
    });
    let result = transport(wire, credentials, &options, move || jitter).call(&Probe::<R>).await;
    let truth = std::mem::take(&mut *truth.lock().expect("no panic under it"));
    (result, truth)
}

/// Counts of what came out, so that a test that only ever sees one thing is found out.
#[derive(Debug, Default)]
struct Seen {
    ok: u32,
    ok_after_repeats: u32,
    not_applied: u32,
    unknown: u32,
    applied: u32,
}

async fn all<const R: u8>(check: impl Fn(u64, &Result<String, Error>, &Truth)) -> Seen {
    let mut seen = Seen::default();
    for seed in 0..SCHEDULES {
        let (result, truth) = run::<R>(seed).await;
        match &result {
            Ok(_) => {
                seen.ok += 1;
                seen.ok_after_repeats += u32::from(truth.acts.len() > 1);
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
async fn a_create_is_never_applied_twice_and_its_effect_is_true() {
    let seen = all::<ONCE>(|seed, result, truth| {
        let told = result.as_ref().map_err(Error::effect);
        let context = || format!("seed {seed}: {result:?}, {truth:?}");
        assert!(truth.applied <= 1, "applied twice: {}", context());
        match told {
            Ok(_) | Err(Effect::Applied) => assert_eq!(truth.applied, 1, "{}", context()),
            Err(Effect::NotApplied) => assert_eq!(truth.applied, 0, "{}", context()),
            Err(Effect::Unknown) => assert!(truth.unclear, "it is known: {}", context()),
        }
    })
    .await;
    assert!(seen.ok > 10_000 && seen.ok_after_repeats > 3_000, "{seen:?}");
    assert!(seen.not_applied > 10_000 && seen.unknown > 10_000 && seen.applied > 3_000, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_call_tells_the_truth_about_all_its_attempts() {
    let seen = all::<IDEMPOTENT>(|seed, result, truth| {
        let context = || format!("seed {seed}: {result:?}, {truth:?}");
        match result.as_ref().map_err(Error::effect) {
            // "echo": not found after a try that may have arrived.
            Ok(id) if id == "echo" => assert!(truth.unclear, "{}", context()),
            Ok(_) | Err(Effect::Applied) => assert!(truth.applied >= 1, "{}", context()),
            Err(Effect::NotApplied) => assert_eq!(truth.applied, 0, "{}", context()),
            Err(Effect::Unknown) => assert!(truth.unclear, "{}", context()),
        }
    })
    .await;
    assert!(seen.ok_after_repeats > 5_000 && seen.unknown > 5_000, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn where_the_status_confirms_nothing_only_a_success_is_known_to_be_applied() {
    let seen = all::<UNCONFIRMED>(|seed, result, truth| {
        let context = || format!("seed {seed}: {result:?}, {truth:?}");
        match result.as_ref().map_err(Error::effect) {
            Ok(_) => assert!(truth.applied >= 1, "{}", context()),
            Err(Effect::Applied) => panic!("nobody said so: {}", context()),
            Err(Effect::NotApplied) => assert_eq!(truth.applied, 0, "{}", context()),
            Err(Effect::Unknown) => assert!(truth.unclear, "{}", context()),
        }
    })
    .await;
    assert!(seen.ok_after_repeats > 5_000 && seen.unknown > 10_000, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_read_never_leaves_a_doubt() {
    let seen = all::<READ>(|seed, result, _| {
        if let Err(error) = result {
            assert_eq!(error.effect(), Effect::NotApplied, "seed {seed}: {error}");
        }
    })
    .await;
    assert!(seen.ok > 10_000 && seen.not_applied > 10_000, "{seen:?}");
}
