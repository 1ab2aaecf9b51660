//! `ensure` over random faults, late-landing first tries included.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::ensure::{Ensured, EnsuredAbsent, Found, ensure, ensure_absent};
use super::memory::{
    Act, BodyAct, IDEMPOTENT, MemoryWire, ONCE, Probe, TestCredentials, transport,
};
use super::wire::WireRequest;
use super::{ClientOptions, RetryPolicy, Transport};
use crate::error::{Effect, Error, ErrorKind};

const SCHEDULES: u64 = 20_000;

/// A service that keeps things under one name, unique or not, and lets some land late.
#[derive(Default)]
struct Service {
    unique: bool,
    /// When each thing is there, and whether the call under test made it.
    things: Vec<(Instant, bool)>,
    gets_lost: u32,
}

impl Service {
    fn count(&self) -> usize {
        let now = Instant::now();
        self.things.iter().filter(|(at, _)| *at <= now).count()
    }

    /// A create that arrives now and lands at `at`. False if it is refused as a duplicate.
    fn create(&mut self, at: Instant) -> bool {
        // What is on its way lands first; only one of them can.
        if self.unique && !self.things.is_empty() {
            return false;
        }
        self.things.push((at, true));
        true
    }
}

fn create(random: &mut fastrand::Rng, service: &Mutex<Service>) -> Act {
    let mut service = service.lock().expect("no panic under it");
    let now = Instant::now();
    let made = || Act::answer(201, r#"{"id":"7"}"#);
    let duplicate = || Act::answer(409, r#"{"code":"DUPLICATE"}"#);
    match random.u32(0..12) {
        0..=2 => {
            if service.create(now) {
                made()
            } else {
                duplicate()
            }
        }
        3 => Act::ConnectFault,
        4 => Act::answer(403, ""),
        5 => Act::answer(429, ""),
        // Lost on the way there.
        6 => {
            service.gets_lost += 1;
            Act::Broken { sent: true }
        }
        // Lost on the way back.
        7 => {
            service.create(now);
            Act::Broken { sent: true }
        }
        8 => {
            service.create(now);
            Act::answer(500, "")
        }
        // Lands after the caller has given up on it.
        9 => {
            let late = now + Duration::from_millis(random.u64(0..20_000));
            service.create(late);
            Act::Hang { sent: true }
        }
        10 => {
            if service.create(now) {
                Act::answer(201, "<html>")
            } else {
                duplicate()
            }
        }
        _ => {
            if service.create(now) {
                Act::Answer { status: 201, headers: Vec::new(), body: BodyAct::Broken }
            } else {
                duplicate()
            }
        }
    }
}

fn calls(seed: u64, service: &Arc<Mutex<Service>>) -> Transport {
    let (random, service) = (Mutex::new(fastrand::Rng::with_seed(seed)), Arc::clone(service));
    let wire = MemoryWire(move |_: &WireRequest| {
        create(&mut random.lock().expect("no panic under it"), &service)
    });
    let ready = TestCredentials { takes: Some(Duration::ZERO), ..TestCredentials::default() };
    let policy = RetryPolicy::default().max_attempts(3);
    let options = ClientOptions::default().retry(policy).attempt_timeout(Duration::from_secs(2));
    transport(wire, ready, &options, || 0.5)
}

/// 409 of the test service is "already exists" here.
async fn ensured(
    seed: u64,
    service: &Arc<Mutex<Service>>,
    unique: bool,
    found: fn(String) -> Found<String>,
) -> Result<Ensured<String>, Error> {
    let transport = calls(seed, service);
    let find = || {
        let there = service.lock().expect("no panic under it").count() > 0;
        let result = if there { found("7".to_owned()) } else { Found::Absent };
        Box::pin(async move { Ok(result) }) as _
    };
    ensure(&"wanted", unique, || transport.call(&Probe::<ONCE>), find).await
}

async fn run(unique: bool, before: bool) {
    let mut seen = [0_u32; 4];
    for seed in 0..SCHEDULES {
        let mut service = Service { unique, ..Service::default() };
        if before {
            service.things.push((Instant::now(), false));
        }
        let service = Arc::new(Mutex::new(service));
        let result = ensured(seed, &service, unique, Found::Same).await;
        let service = service.lock().expect("no panic under it");
        let own = service.things.iter().filter(|(_, own)| *own).count();
        let context = || format!("seed {seed}, unique {unique}, before {before}: {result:?}");
        assert!(own <= 1, "this call itself never makes two: {}", context());
        match &result {
            Ok(ensured) => {
                assert!(service.count() >= 1, "it is there: {}", context());
                assert!(!unique || service.things.len() == 1, "exactly one: {}", context());
                match ensured {
                    Ensured::Created(_) => assert_eq!(own, 1, "{}", context()),
                    Ensured::Existed(_) => assert!(before && own == 0, "{}", context()),
                    Ensured::Present(_) => {}
                }
                seen[match ensured {
                    Ensured::Created(_) => 0,
                    Ensured::Existed(_) => 1,
                    Ensured::Present(_) => 2,
                }] += 1;
            }
            Err(error) => {
                seen[3] += 1;
                match error.effect() {
                    Effect::NotApplied => assert_eq!(own, 0, "{}", context()),
                    Effect::Applied => assert_eq!(own, 1, "{}", context()),
                    Effect::Unknown => {}
                }
            }
        }
    }
    let [created, existed, present, failed] = seen;
    // Where it is not unique, the first look settles what was there before.
    assert_eq!(existed > 1000, before, "{seen:?}");
    assert_eq!(created > 1000, !before, "{seen:?}");
    assert_eq!(present > 1000, unique || !before, "{seen:?}");
    assert_eq!(failed > 1000, unique || !before, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn where_the_service_keeps_it_unique() {
    run(true, false).await;
    run(true, true).await;
}

#[tokio::test(start_paused = true)]
async fn where_the_service_may_make_two() {
    run(false, false).await;
    run(false, true).await;
}

#[tokio::test(start_paused = true)]
async fn racing_callers_share_one_thing_where_it_is_unique() {
    for seed in 0..2_000 {
        let service = Arc::new(Mutex::new(Service { unique: true, ..Service::default() }));
        let (one, other) = tokio::join!(
            ensured(2 * seed, &service, true, Found::Same),
            ensured(2 * seed + 1, &service, true, Found::Same)
        );
        let service = service.lock().expect("no panic under it");
        assert!(service.things.len() <= 1, "seed {seed}");
        if one.is_ok() || other.is_ok() {
            assert_eq!(service.things.len(), 1, "seed {seed}: {one:?}, {other:?}");
        }
        let both = matches!((&one, &other), (Ok(Ensured::Created(_)), Ok(Ensured::Created(_))));
        assert!(!both, "seed {seed}: only one of them made it");
    }
}

#[tokio::test(start_paused = true)]
async fn what_differs_is_a_conflict_that_shows_both() {
    let service = Service { unique: true, things: vec![(Instant::now(), false)], gets_lost: 0 };
    let service = Arc::new(Mutex::new(service));
    let mut conflicts = 0;
    for seed in 0..200 {
        let Err(error) = ensured(seed, &service, true, Found::Different).await else {
            panic!("seed {seed}: it differs")
        };
        if let Some(both) = error.service::<super::Difference<&str, String>>() {
            conflicts += 1;
            assert_eq!((both.wanted, both.found.as_str()), ("wanted", "7"));
            assert_eq!(error.kind(), ErrorKind::Conflict);
            assert_eq!(error.operation(), Some("test probes.send"));
        }
    }
    assert!(conflicts > 50, "{conflicts}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_told_with_the_create() {
    let service = Arc::new(Mutex::new(Service::default()));
    let mut unread = 0;
    for seed in 0..200 {
        let transport = calls(seed, &service);
        let find = || {
            let error = Error::new(ErrorKind::PermissionDenied).with_operation("test read");
            Box::pin(async move { Err::<Found<String>, _>(error) }) as _
        };
        let result = ensure(&(), true, || transport.call(&Probe::<ONCE>), find).await;
        if let Err(error) = result
            && error.to_string().contains("what is there could not be read")
        {
            unread += 1;
            assert_eq!(error.operation(), Some("test probes.send"));
            let exists = error.kind() == ErrorKind::AlreadyExists;
            assert!(exists || error.effect() != Effect::NotApplied, "{error}");
        }
        // Where it looks first, nothing is created that could not be looked for.
        let result = ensure(
            &(),
            false,
            || transport.call(&Probe::<ONCE>),
            || {
                let error = Error::new(ErrorKind::PermissionDenied).with_operation("test read");
                Box::pin(async move { Err::<Found<String>, _>(error) }) as _
            },
        );
        assert_eq!(result.await.expect_err("unread").operation(), Some("test read"));
    }
    assert!(unread > 50, "{unread}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_told_with_the_removal() {
    for (act, kind, effect) in [
        (Act::answer(500, ""), ErrorKind::Server, Effect::Unknown),
        (Act::Broken { sent: true }, ErrorKind::Interrupted, Effect::Unknown),
        (Act::answer(201, "<html>"), ErrorKind::Decode, Effect::Applied),
        // This refusal is one that may mean that it is gone.
        (Act::answer(400, ""), ErrorKind::InvalidRequest, Effect::NotApplied),
    ] {
        let wire = MemoryWire(move |_: &WireRequest| act.clone());
        let ready = TestCredentials { takes: Some(Duration::ZERO), ..TestCredentials::default() };
        let options = ClientOptions::default().retry(RetryPolicy::none());
        let transport = transport(wire, ready, &options, || 0.0);
        let find = || {
            let error = Error::new(ErrorKind::PermissionDenied).with_operation("test read");
            Box::pin(async move { Err::<Option<()>, _>(error) }) as _
        };
        let ambiguous = |error: &Error| error.is_invalid_request();
        let remove = || transport.call(&Probe::<ONCE>);
        let error = ensure_absent(remove, Error::is_not_found, ambiguous, find).await;
        let error = error.expect_err("it could not be read");
        assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
        assert_eq!(error.operation(), Some("test probes.send"));
        assert!(error.to_string().contains("what is there could not be read"), "{error}");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert!(source.is_some_and(|source| source.starts_with("test read")), "{error:?}");
    }
}

/// Removes through one scripted answer, with reading that says whether the thing is there.
async fn removed(act: Act, there: bool) -> Result<EnsuredAbsent, Error> {
    let wire = MemoryWire(move |_: &WireRequest| act.clone());
    let ready = TestCredentials { takes: Some(Duration::ZERO), ..TestCredentials::default() };
    let options = ClientOptions::default().retry(RetryPolicy::none());
    let transport = transport(wire, ready, &options, || 0.0);
    let find = || Box::pin(async move { Ok(there.then_some(())) }) as _;
    let ambiguous = |error: &Error| error.is_invalid_request();
    let absent = |error: &Error| error.is_not_found();
    ensure_absent(|| transport.call(&Probe::<IDEMPOTENT>), absent, ambiguous, find).await
}

#[tokio::test(start_paused = true)]
async fn absence_is_settled_by_reading_where_the_answer_leaves_it_open() {
    use EnsuredAbsent::{Absent, Removed, WasAbsent};
    let answer = |status| Act::answer(status, r#"{"id":"7"}"#);
    for (act, there, expected) in [
        (answer(201), false, Removed),
        (Act::answer(201, "<html>"), false, Removed),
        (answer(404), false, WasAbsent),
        (answer(400), false, WasAbsent),
        (answer(500), false, Absent),
        (Act::Broken { sent: true }, false, Absent),
    ] {
        assert_eq!(removed(act.clone(), there).await.expect("it is gone"), expected, "{act:?}");
    }
    for (act, there, effect) in [
        (answer(400), true, Effect::NotApplied),
        (answer(403), false, Effect::NotApplied),
        (answer(500), true, Effect::Unknown),
        (answer(409), false, Effect::NotApplied),
        // It was said to be done, but it is there.
        (Act::answer(201, "<html>"), true, Effect::Unknown),
        (Act::ConnectFault, true, Effect::NotApplied),
    ] {
        assert_eq!(removed(act.clone(), there).await.expect_err("it is there").effect(), effect);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_create_was_answered_decides_what_is_told_of_what_is_found() {
    let duplicate = || Act::answer(409, r#"{"code":"DUPLICATE"}"#);
    let conflict = || Act::answer(409, "");
    for (unique, act, expected) in [
        (true, Act::answer(201, "<html>"), Ok(Ensured::Created("7".to_owned()))),
        (true, duplicate(), Ok(Ensured::Existed("7".to_owned()))),
        (true, Act::answer(500, ""), Ok(Ensured::Present("7".to_owned()))),
        (true, conflict(), Err(ErrorKind::Conflict)),
        (true, Act::answer(403, ""), Err(ErrorKind::PermissionDenied)),
        (false, Act::answer(201, "<html>"), Ok(Ensured::Created("7".to_owned()))),
        (false, duplicate(), Ok(Ensured::Existed("7".to_owned()))),
        (false, Act::answer(500, ""), Ok(Ensured::Present("7".to_owned()))),
        // Where nobody knows its word for a second one, this may be it.
        (false, conflict(), Ok(Ensured::Existed("7".to_owned()))),
        (false, Act::answer(403, ""), Err(ErrorKind::PermissionDenied)),
    ] {
        let context = format!("unique {unique}: {act:?}");
        let created = Arc::new(Mutex::new(false));
        let asked = Arc::clone(&created);
        let wire = MemoryWire(move |_: &WireRequest| {
            *asked.lock().expect("no panic under it") = true;
            act.clone()
        });
        let ready = TestCredentials { takes: Some(Duration::ZERO), ..TestCredentials::default() };
        let options = ClientOptions::default().retry(RetryPolicy::none());
        let transport = transport(wire, ready, &options, || 0.0);
        // It is there from the create on.
        let find = || {
            let there = *created.lock().expect("no panic under it");
            let found = if there { Found::Same("7".to_owned()) } else { Found::Absent };
            Box::pin(async move { Ok(found) }) as _
        };
        let told = ensure(&(), unique, || transport.call(&Probe::<ONCE>), find).await;
        assert_eq!(told.map_err(|error| error.kind()), expected, "{context}");
    }
}

#[tokio::test(start_paused = true)]
async fn reading_waits_twice_as_long_each_time_and_not_after_the_last() {
    const TIMES: [u128; 4] = [0, 250, 750, 1750];
    let start = Instant::now();
    // The paused clock has a granularity of a millisecond.
    let now = || start.elapsed().as_millis() / 50 * 50;
    let wire = MemoryWire(|_: &WireRequest| Act::answer(500, ""));
    let ready = TestCredentials { takes: Some(Duration::ZERO), ..TestCredentials::default() };
    let options = ClientOptions::default().retry(RetryPolicy::none());
    let transport = transport(wire, ready, &options, || 0.0);
    let reads = Mutex::new(Vec::new());
    let told = |begun: u128| {
        let reads = std::mem::take(&mut *reads.lock().expect("no panic under it"));
        reads.into_iter().map(|at: u128| at - begun).collect::<Vec<_>>()
    };

    let absent = || {
        reads.lock().expect("no panic under it").push(now());
        Box::pin(async { Ok(Found::Absent) }) as _
    };
    for (unique, expected) in [
        // Created twice, and looked for after each.
        (true, [&TIMES[..], &TIMES.map(|at| 1750 + at)].concat()),
        // Looked for before.
        (false, [&[0], &TIMES[..]].concat()),
    ] {
        let begun = now();
        let create = || transport.call(&Probe::<ONCE>);
        let error = ensure(&(), unique, create, absent).await.expect_err("it is not there");
        assert_eq!((error.effect(), told(begun)), (Effect::Unknown, expected.clone()));
        assert_eq!(Some(&(now() - begun)), expected.last());
    }

    let begun = now();
    let there = || {
        reads.lock().expect("no panic under it").push(now());
        Box::pin(async { Ok(Some(())) }) as _
    };
    let remove = || transport.call(&Probe::<IDEMPOTENT>);
    let error = ensure_absent(remove, |_| false, |_| false, there).await.expect_err("it stays");
    assert_eq!((error.effect(), told(begun)), (Effect::Unknown, TIMES.to_vec()));
    assert_eq!(now() - begun, 1750);
}

/// A service with one thing in it, which calls under test remove, and others too, who may also put
/// it back.
struct Shelf {
    random: fastrand::Rng,
    there: bool,
    /// Removals on their way: when they land, and whose they are.
    late: Vec<(Instant, usize)>,
    rivals: bool,
    /// It was not there at some moment.
    was_absent: bool,
    /// What each call removed, and whether an answer left open what it did.
    removed: [u32; 2],
    unclear: [bool; 2],
}

impl Shelf {
    fn new(seed: u64, there: bool, rivals: bool) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            there,
            late: Vec::new(),
            rivals,
            was_absent: !there,
            removed: [0; 2],
            unclear: [false; 2],
        }
    }

    /// What happened until now without anybody being asked.
    fn catch_up(&mut self) {
        let now = Instant::now();
        for (at, whose) in std::mem::take(&mut self.late) {
            match at <= now {
                true => drop(self.remove(whose)),
                false => self.late.push((at, whose)),
            }
        }
        if self.rivals && self.random.u32(0..6) == 0 {
            self.there = self.random.bool();
            self.was_absent |= !self.there;
        }
    }

    fn remove(&mut self, whose: usize) -> bool {
        let removed = self.there;
        self.removed[whose] += u32::from(removed);
        self.there = false;
        self.was_absent = true;
        removed
    }

    fn answer(&mut self, whose: usize) -> Act {
        self.catch_up();
        let gone = || Act::answer(404, "");
        let mut is_unclear = true;
        let act = match self.random.u32(0..14) {
            0..=2 => {
                is_unclear = false;
                if self.remove(whose) { Act::answer(201, r#"{"id":"7"}"#) } else { gone() }
            }
            3 => {
                is_unclear = false;
                Act::ConnectFault
            }
            4 => {
                is_unclear = false;
                Act::answer(403, "")
            }
            5 => {
                is_unclear = false;
                Act::answer(429, "")
            }
            // It may mean that it is gone, and may not.
            6 => {
                is_unclear = false;
                Act::answer(400, "")
            }
            // Lost on the way there.
            7 => Act::Broken { sent: true },
            // Lost on the way back.
            8 => {
                self.remove(whose);
                Act::Broken { sent: true }
            }
            9 => {
                if self.random.bool() {
                    self.remove(whose);
                }
                Act::answer(500, "")
            }
            // Lands after the caller has given up on it.
            10 => {
                let late = Instant::now() + Duration::from_millis(self.random.u64(0..20_000));
                self.late.push((late, whose));
                Act::Hang { sent: true }
            }
            11 => {
                if self.random.bool() {
                    self.remove(whose);
                }
                Act::answer(200, "")
            }
            12 => {
                is_unclear = false;
                if self.remove(whose) { Act::answer(201, "<html>") } else { gone() }
            }
            _ => {
                is_unclear = false;
                if self.remove(whose) {
                    Act::Answer { status: 201, headers: Vec::new(), body: BodyAct::Broken }
                } else {
                    gone()
                }
            }
        };
        self.unclear[whose] |= is_unclear;
        act
    }

    /// What a reading finds, if it is not refused.
    fn read(&mut self) -> Result<Option<()>, Error> {
        self.catch_up();
        match self.random.u32(0..12) {
            0 => Err(Error::new(ErrorKind::PermissionDenied).with_operation("test read")),
            _ => Ok(self.there.then_some(())),
        }
    }
}

/// Removes for one of two callers.
async fn made_absent(shelf: &Arc<Mutex<Shelf>>, whose: usize) -> Result<EnsuredAbsent, Error> {
    let asked = Arc::clone(shelf);
    let wire =
        MemoryWire(move |_: &WireRequest| asked.lock().expect("no panic under it").answer(whose));
    let ready = TestCredentials { takes: Some(Duration::ZERO), ..TestCredentials::default() };
    let policy = RetryPolicy::default().max_attempts(3);
    let options = ClientOptions::default().retry(policy).attempt_timeout(Duration::from_secs(2));
    let transport = transport(wire, ready, &options, || 0.5);
    let find = || {
        let shelf = Arc::clone(shelf);
        Box::pin(async move {
            let wait = shelf.lock().expect("no panic under it").random.u64(0..50);
            tokio::time::sleep(Duration::from_millis(wait)).await;
            shelf.lock().expect("no panic under it").read()
        }) as _
    };
    let remove = || transport.call(&Probe::<IDEMPOTENT>);
    ensure_absent(remove, Error::is_not_found, Error::is_invalid_request, find).await
}

/// Whether what one caller was told is true of what happened.
fn check_absence(shelf: &Shelf, whose: usize, told: &Result<EnsuredAbsent, Error>, context: &str) {
    let (removed, unclear) = (shelf.removed[whose], shelf.unclear[whose]);
    let on_its_way = shelf.late.iter().any(|(_, late)| *late == whose);
    match told {
        Ok(gone) => {
            assert!(shelf.was_absent, "it was gone at some moment: {context}");
            match gone {
                EnsuredAbsent::Removed => assert!(removed > 0, "{context}"),
                EnsuredAbsent::WasAbsent => {
                    assert!(removed == 0 && !unclear && !on_its_way, "{context}");
                }
                EnsuredAbsent::Absent => assert!(unclear, "{context}"),
            }
        }
        Err(error) => {
            assert_eq!(error.operation(), Some("test probes.send"), "{context}");
            match error.effect() {
                Effect::NotApplied => assert!(removed == 0 && !unclear && !on_its_way, "{context}"),
                Effect::Applied => assert!(removed > 0, "{context}"),
                // Or it was done, and somebody put it back.
                Effect::Unknown => assert!(unclear || removed > 0, "{context}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_absence_is_told_truly_over_random_faults() {
    for (there, rivals) in [(true, false), (false, false), (true, true)] {
        let mut seen = [0_u32; 6];
        for seed in 0..SCHEDULES {
            let shelf = Arc::new(Mutex::new(Shelf::new(seed, there, rivals)));
            let told = made_absent(&shelf, 0).await;
            let mut shelf = shelf.lock().expect("no panic under it");
            // What has landed by now is done, whoever asked.
            shelf.rivals = false;
            shelf.catch_up();
            let context = format!("seed {seed}, there {there}, rivals {rivals}: {told:?}");
            check_absence(&shelf, 0, &told, &context);
            seen[match told.map_err(|error| error.effect()) {
                Ok(EnsuredAbsent::Removed) => 0,
                Ok(EnsuredAbsent::WasAbsent) => 1,
                Ok(EnsuredAbsent::Absent) => 2,
                Err(Effect::NotApplied) => 3,
                Err(Effect::Unknown) => 4,
                Err(Effect::Applied) => 5,
            }] += 1;
        }
        let [removed, was_absent, absent, not_applied, unknown, applied] = seen;
        assert_eq!(removed > 1000, there, "{seen:?}");
        assert_eq!(was_absent > 100, rivals || !there, "{seen:?}");
        assert!(absent > 1000 && not_applied > 1000 && unknown > 100, "{seen:?}");
        assert_eq!(applied > 100, there, "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_racing_callers_one_removed_it() {
    let mut removals = 0;
    for seed in 0..SCHEDULES / 4 {
        let shelf = Arc::new(Mutex::new(Shelf::new(seed, true, false)));
        let (one, other) = tokio::join!(made_absent(&shelf, 0), made_absent(&shelf, 1));
        let mut shelf = shelf.lock().expect("no panic under it");
        shelf.catch_up();
        let context = format!("seed {seed}: {one:?}, {other:?}");
        check_absence(&shelf, 0, &one, &context);
        check_absence(&shelf, 1, &other, &context);
        let removed = |told: &Result<EnsuredAbsent, Error>| {
            usize::from(matches!(told, Ok(EnsuredAbsent::Removed)))
        };
        assert!(removed(&one) + removed(&other) <= 1, "{context}");
        removals += removed(&one) + removed(&other);
    }
    assert!(removals > 1000, "{removals}");
}
