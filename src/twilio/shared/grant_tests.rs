//! `ensure_role` and `revoke_role` under random faults: what they claim is true of what happened.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::{Place, Resources, RevokedRole, RoleSid, ServiceSid, User};
use crate::error::Effect::{Applied, NotApplied, Unknown};
use crate::error::Error;
use crate::transport::memory::{Act, BodyAct, TestCredentials, serve, transport};
use crate::transport::{ClientOptions, EnsuredRole, Mismatch, RetryPolicy};
use crate::twilio::chat::TwilioChat;

/// A debug build takes a fifth of them.
const SCHEDULES: u32 = if cfg!(debug_assertions) { 2_000 } else { 10_000 };
/// How often an outcome has to occur that can.
const FEW: u32 = SCHEDULES / 200;

const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// The service's default, and two more.
const GUEST: &str = "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ADMIN: &str = "RLbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const OTHER: &str = "RLcccccccccccccccccccccccccccccccc";

/// A service with one user, and what it did for each of two callers.
struct Fake {
    random: fastrand::Rng,
    /// The roles that the user had, the present one last.
    roles: Vec<&'static str>,
    /// What is on its way, and is carried out at its time.
    late: Vec<(Instant, usize, &'static str)>,
    /// Whether others change the role.
    rivals: bool,
    /// How often each caller's changes were carried out, and whether a response left that open.
    applied: [u32; 2],
    unclear: [bool; 2],
}

impl Fake {
    fn new(seed: u64, role: &'static str, rivals: bool) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            random: fastrand::Rng::with_seed(seed),
            roles: vec![role],
            late: Vec::new(),
            rivals,
            applied: [0; 2],
            unclear: [false; 2],
        }))
    }

    fn role(&self) -> &'static str {
        self.roles.last().copied().expect("it had one from the start")
    }

    /// What happened until now without a request.
    fn catch_up(&mut self) {
        let now = Instant::now();
        for (at, whose, role) in std::mem::take(&mut self.late) {
            match at <= now {
                true => self.set(whose, role),
                false => self.late.push((at, whose, role)),
            }
        }
        if self.rivals && self.random.u32(0..6) == 0 {
            self.roles.push([GUEST, ADMIN, OTHER][self.random.usize(0..3)]);
        }
    }

    fn set(&mut self, whose: usize, role: &'static str) {
        self.applied[whose] += 1;
        self.roles.push(role);
    }

    fn user(&self, status: u16) -> Act {
        let role = self.role();
        Act::respond(
            status,
            &format!(r#"{{"sid":"USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","role_sid":"{role}"}}"#),
        )
    }

    fn respond(&mut self, whose: usize, request: &http::Request<bytes::Bytes>) -> Act {
        self.catch_up();
        if request.method() == "GET" {
            return match (self.random.u32(0..14), request.uri().path().contains("/Users/")) {
                (0, _) => Act::respond(403, ""),
                (_, true) => self.user(200),
                (_, false) => {
                    let body =
                        format!(r#"{{"sid":"{SERVICE}","default_service_role_sid":"{GUEST}"}}"#);
                    Act::respond(200, &body)
                }
            };
        }
        let form = std::str::from_utf8(request.body()).expect("a form is text");
        let role = [GUEST, ADMIN, OTHER].into_iter().find(|role| form.ends_with(role));
        let role = role.expect("it sets a role and nothing else");
        assert_eq!(form, format!("RoleSid={role}"));
        let outcome = self.random.u32(0..14);
        self.unclear[whose] |= matches!(outcome, 7..=11 | 13);
        if outcome == 8 || (matches!(outcome, 9 | 11) && self.random.bool()) {
            self.set(whose, role);
        }
        match outcome {
            3 => return Act::ConnectFault,
            4 => return Act::respond(403, ""),
            5 => return Act::respond(429, ""),
            6 => return Act::respond(400, r#"{"code":50105}"#),
            7 | 8 => return Act::Broken { sent: true },
            9 => return Act::respond(500, ""),
            // Carried out after the caller has given it up.
            10 => {
                let late = Instant::now() + Duration::from_millis(self.random.u64(0..20_000));
                self.late.push((late, whose, role));
                return Act::Hang { sent: true };
            }
            11 => return Act::respond(202, ""),
            _ => {}
        }
        self.set(whose, role);
        let own = self.user(200);
        match outcome {
            12 => Act::respond(200, "{}"),
            13 => Act::respond_with(200, BodyAct::Broken),
            _ => own,
        }
    }

    /// Whether nothing that a caller sent may have changed anything, or may yet.
    fn is_untouched(&self, whose: usize) -> bool {
        let is_late = self.late.iter().any(|(_, own, _)| *own == whose);
        self.applied[whose] == 0 && !self.unclear[whose] && !is_late
    }

    /// Whether the effect that an error claims is true.
    fn is_true(&self, whose: usize, error: &Error) -> bool {
        match error.effect() {
            NotApplied => self.is_untouched(whose),
            Applied => self.applied[whose] > 0,
            Unknown => self.unclear[whose] || self.applied[whose] > 0,
        }
    }
}

/// The users by way of one of two callers.
fn users(fake: &Arc<Mutex<Fake>>, whose: usize) -> Resources<TwilioChat, User> {
    let fake = Arc::clone(fake);
    let (wire, _) =
        serve(move |request| fake.lock().expect("no panic under it").respond(whose, request));
    let policy = RetryPolicy::default().base_wait(Duration::from_secs(1));
    let options = ClientOptions::default()
        .attempt_timeout(Duration::from_secs(3))
        .call_timeout(Duration::from_secs(60))
        .retry(policy);
    let transport = transport(wire, TestCredentials::ready(), &options, || 0.5);
    Resources::new(&transport, Place::new(Some(ServiceSid::new(SERVICE))))
}

type Held = Result<EnsuredRole<RoleSid>, Error>;

/// Whether the result of `ensure_role` is true of what happened.
fn check_held(fake: &Fake, whose: usize, role: &str, result: &Held, context: &str) {
    let was_replaced = |replaced: &Option<RoleSid>| {
        let replaced = replaced.as_ref().expect("the service names a role");
        assert!(*replaced != *role && fake.roles.contains(&replaced.as_str()), "{context}");
    };
    assert!(result.is_err() || fake.roles.contains(&role), "it was never held: {context}");
    let is_true = match result {
        Ok(EnsuredRole::Given { replaced }) => {
            was_replaced(replaced);
            fake.applied[whose] > 0
        }
        Ok(EnsuredRole::AlreadyHeld) => fake.is_untouched(whose),
        Ok(EnsuredRole::Indeterminate { replaced }) => {
            was_replaced(replaced);
            fake.unclear[whose]
        }
        Err(error) => fake.is_true(whose, error),
    };
    assert!(is_true, "{:?} {:?} {context}", fake.applied, fake.unclear);
}

#[tokio::test(start_paused = true)]
async fn role_is_held_as_it_is_claimed() {
    for (first, rivals) in [(GUEST, false), (ADMIN, false), (GUEST, true)] {
        let mut seen = [0_u32; 6];
        for seed in 0..SCHEDULES.into() {
            let fake = Fake::new(seed, first, rivals);
            let result = users(&fake, 0).ensure_role("alice", ADMIN).await;
            let mut fake = fake.lock().expect("no panic under it");
            let context = format!("seed {seed}, {first}, {rivals}: {result:?}");
            if !rivals && result.is_ok() {
                assert_eq!(fake.role(), ADMIN, "{context}");
            }
            fake.rivals = false;
            fake.catch_up();
            check_held(&fake, 0, ADMIN, &result, &context);
            seen[match result.map_err(|error| error.effect()) {
                Ok(EnsuredRole::Given { .. }) => 0,
                Ok(EnsuredRole::AlreadyHeld) => 1,
                Ok(EnsuredRole::Indeterminate { .. }) => 2,
                Err(NotApplied) => 3,
                Err(Unknown) => 4,
                Err(Applied) => 5,
            }] += 1;
        }
        let [created, already, indeterminate, not_applied, unknown, _] = seen;
        assert_eq!(created > FEW, first == GUEST, "{seen:?}");
        assert_eq!(already > FEW, first == ADMIN || rivals, "{seen:?}");
        assert_eq!(indeterminate > FEW && unknown > FEW, first == GUEST, "{seen:?}");
        assert!(not_applied > FEW, "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_racing_callers_each_role_was_held_and_the_last_one_is() {
    let mut both = 0;
    for seed in 0..SCHEDULES.into() {
        let fake = Fake::new(seed, GUEST, false);
        let (one, other) = (users(&fake, 0), users(&fake, 1));
        let results: [Held; 2] =
            tokio::join!(one.ensure_role("alice", ADMIN), other.ensure_role("alice", OTHER)).into();
        let mut fake = fake.lock().expect("no panic under it");
        fake.catch_up();
        let context = format!("seed {seed}: {results:?}");
        for (whose, (role, result)) in [ADMIN, OTHER].into_iter().zip(&results).enumerate() {
            check_held(&fake, whose, role, result, &context);
        }
        if results.iter().all(Result::is_ok) {
            assert_ne!(fake.role(), GUEST, "{context}");
            both += 1;
        }
    }
    assert!(both > FEW, "{both}");
}

type Revoked = Result<RevokedRole, Error>;

/// Whether the result of `revoke_role` is true of what happened.
fn check_revoked(fake: &Fake, result: &Revoked, context: &str) {
    let was_free = fake.roles.iter().any(|role| *role != ADMIN);
    let is_true = match result {
        Ok(RevokedRole::Revoked { default }) => fake.applied[0] > 0 && *default == GUEST,
        Ok(RevokedRole::NotHeld) => fake.is_untouched(0),
        Ok(RevokedRole::Indeterminate { default }) => fake.unclear[0] && *default == GUEST,
        Err(error) => fake.is_true(0, error),
    };
    assert!(was_free || result.is_err(), "it was always held: {context}");
    assert!(is_true, "{:?} {:?} {context}", fake.applied, fake.unclear);
}

#[tokio::test(start_paused = true)]
async fn role_is_revoked_as_it_is_claimed() {
    for (first, rivals) in [(ADMIN, false), (OTHER, false), (ADMIN, true)] {
        let mut seen = [0_u32; 6];
        for seed in 0..SCHEDULES.into() {
            let fake = Fake::new(seed, first, rivals);
            let result = users(&fake, 0).revoke_role("alice", ADMIN).await;
            let mut fake = fake.lock().expect("no panic under it");
            let context = format!("seed {seed}, {first}, {rivals}: {result:?}");
            if !rivals && result.is_ok() {
                let left = if first == ADMIN { GUEST } else { first };
                assert_eq!(fake.role(), left, "{context}");
            }
            fake.rivals = false;
            fake.catch_up();
            check_revoked(&fake, &result, &context);
            seen[match result.map_err(|error| error.effect()) {
                Ok(RevokedRole::Revoked { .. }) => 0,
                Ok(RevokedRole::NotHeld) => 1,
                Ok(RevokedRole::Indeterminate { .. }) => 2,
                Err(NotApplied) => 3,
                Err(Unknown) => 4,
                Err(Applied) => 5,
            }] += 1;
        }
        let [revoked, not_held, indeterminate, not_applied, unknown, _] = seen;
        assert_eq!(revoked > FEW, first == ADMIN, "{seen:?}");
        assert_eq!(not_held > FEW, first == OTHER || rivals, "{seen:?}");
        assert_eq!(indeterminate > FEW && unknown > FEW, first == ADMIN, "{seen:?}");
        assert!(not_applied > FEW, "{seen:?}");
    }
}

/// A service that says that it set another role than it was sent.
#[tokio::test(start_paused = true)]
async fn role_that_was_not_set_is_no_success() {
    for (shown, is_ok) in [(GUEST, true), (OTHER, false), (ADMIN, false)] {
        let (wire, sent) = serve(move |request| {
            let is_read = request.method() == "GET";
            let role = if is_read { ADMIN } else { shown };
            match is_read && !request.uri().path().contains("/Users/") {
                true => Act::respond(
                    200,
                    &format!(r#"{{"sid":"{SERVICE}","default_service_role_sid":"{GUEST}"}}"#),
                ),
                false => Act::respond(
                    200,
                    &format!(
                        r#"{{"sid":"USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","role_sid":"{role}"}}"#
                    ),
                ),
            }
        });
        let options = ClientOptions::default();
        let transport = transport(wire, TestCredentials::ready(), &options, || 0.5);
        let place = Place::new(Some(ServiceSid::new(SERVICE)));
        let users = Resources::<TwilioChat, User>::new(&transport, place);
        match users.revoke_role("alice", ADMIN).await {
            Ok(revoked) => {
                assert!(is_ok && matches!(revoked, RevokedRole::Revoked { .. }), "{shown}");
            }
            Err(error) => {
                let text = error.to_string();
                assert!(!is_ok && error.is_conflict() && error.effect() == Unknown, "{text}");
                let both: &Mismatch<RoleSid, User> = error.service().expect("it has both");
                assert_eq!((both.desired.as_str(), sent.count()), (GUEST, 3));
            }
        }
    }
}
