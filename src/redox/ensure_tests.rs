//! `ensure`, `ensure_role`, `ensure_absent` and `ensure_member_absent` over random faults, in memory,
//! with another caller who gives the same user other roles between the steps.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::json;
use tokio::time::Instant;

use super::role_assignments::Membership;
use super::{NewRoleAssignment, Redox, RoleAssignments, RoleRef, UserRef};
use crate::error::{Effect, Error};
use crate::transport::memory::{Act, BodyAct, TestCredentials, transport, wire};
use crate::transport::{
    Call, ClientOptions, Ensured, EnsuredAbsent, EnsuredRole, Mismatch, RetryPolicy, Transport,
};

const SCHEDULES: u64 = 4_000;

const DESIRED: &str = "r-1";
const ROLES: [&str; 3] = [DESIRED, "r-2", "r-3"];

/// An organization or environment with one user, and all that happens to that user's role during
/// one call.
struct Place {
    random: fastrand::Rng,
    seed: u64,
    role: Option<&'static str>,
    /// It is not documented what becomes of a POST for a user who has a role, nor what the response
    /// to a DELETE is for one who has none.
    refuses_second: bool,
    absent: Absent,
    /// Changes of the call under test that have not arrived yet.
    late: Vec<(Instant, Method)>,
    /// All roles that the user had at some time.
    held: Vec<Option<&'static str>>,
    /// Whether the call under test replaces another role, and what the first read showed.
    replaces: bool,
    first: Option<Option<&'static str>>,
    /// What the last read showed, if there was one since the last write with an unknown outcome.
    shown: Option<Option<&'static str>>,
    other_was_shown: bool,
    some_was_shown: bool,
    added: u32,
    deleted: u32,
    writes: u32,
    confirmed: bool,
    unknown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Absent {
    NotFound,
    Success,
    Unsuccessful,
}

const SUCCESS: &str = r#"{"meta":{"version":"1.0.0"},"payload":{"success":true}}"#;
const NO_SUCCESS: &str = r#"{"meta":{"version":"1.0.0"},"payload":{"success":false}}"#;

impl Place {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        // Mostly none, so that there is something to do.
        let role = match random.u32(0..5) {
            0 => Some(DESIRED),
            1 => Some("r-2"),
            _ => None,
        };
        let absent = [Absent::NotFound, Absent::Success, Absent::Unsuccessful];
        Self {
            seed,
            role,
            refuses_second: random.bool(),
            absent: absent[random.usize(0..3)],
            late: Vec::new(),
            held: vec![role],
            replaces: false,
            first: None,
            shown: None,
            other_was_shown: false,
            some_was_shown: false,
            added: 0,
            deleted: 0,
            writes: 0,
            confirmed: false,
            unknown: false,
            random,
        }
    }

    fn set(&mut self, role: Option<&'static str>) {
        self.role = role;
        self.held.push(role);
    }

    fn other_caller(&mut self) {
        if self.random.u32(0..6) == 0 {
            let role = ROLES.get(self.random.usize(0..4)).copied();
            self.set(role);
        }
    }

    /// Makes the changes that have arrived by now.
    fn apply_late(&mut self) {
        let now = Instant::now();
        for (at, method) in std::mem::take(&mut self.late) {
            match at <= now {
                true => drop(self.process(&method)),
                false => self.late.push((at, method)),
            }
        }
    }

    /// Makes a change of the call under test, and responds to it.
    fn process(&mut self, method: &Method) -> Act {
        if *method == Method::DELETE {
            if self.role.is_some() {
                self.deleted += 1;
                self.set(None);
                return Act::respond(200, SUCCESS);
            }
            return match self.absent {
                Absent::NotFound => Act::respond(404, "{}"),
                Absent::Success => Act::respond(200, SUCCESS),
                Absent::Unsuccessful => Act::respond(200, NO_SUCCESS),
            };
        }
        if *method == Method::POST && self.role.is_some() && self.refuses_second {
            return Act::respond(409, r#"{"message":"The user has a role already"}"#);
        }
        self.added += 1;
        self.set(Some(DESIRED));
        Act::respond(200, SUCCESS)
    }

    fn respond(&mut self, request: &http::Request<Bytes>) -> Act {
        self.apply_late();
        self.other_caller();
        let act = match *request.method() {
            Method::GET => self.list(),
            _ => self.write(request),
        };
        self.other_caller();
        act
    }

    fn list(&mut self) -> Act {
        match self.random.u32(0..24) {
            0 => Act::ConnectFault,
            1 => Act::respond(503, ""),
            2 => Act::respond(403, "{}"),
            3 => Act::respond(404, "{}"),
            4 => Act::respond(200, "<html>"),
            5 => Act::Hang { sent: true },
            _ => {
                self.shown = Some(self.role);
                let first = *self.first.get_or_insert(self.role);
                self.other_was_shown |= self.role.is_some_and(|role| role != DESIRED)
                    && !(self.replaces && self.role == first);
                self.some_was_shown |= self.role.is_some();
                let one = |role| json!({"role": {"id": role}, "user": {"id": "u-1"}});
                let mut memberships: Vec<_> = self.role.map(one).into_iter().collect();
                memberships.push(json!({"role": {"id": "r-2"}, "user": {"id": "U-1"}}));
                let body = json!({"payload": {"memberships": memberships}});
                Act::respond(200, &body.to_string())
            }
        }
    }

    fn write(&mut self, request: &http::Request<Bytes>) -> Act {
        let method = request.method();
        let is_environment = request.uri().path().contains("/environments/");
        let seed = self.seed;
        if *method == Method::DELETE {
            assert!(self.some_was_shown, "seed {seed}: the user was not seen to have a role");
        } else {
            // Also after a write with an unknown outcome: neither unread, nor over another role.
            let before = if self.replaces { self.first } else { Some(None) };
            assert!(before.is_some(), "seed {seed}: a {method} without a read");
            assert_eq!(self.shown, before, "seed {seed}: a {method} over another role");
            let is_post = *method == Method::POST;
            let is_added = is_environment && before == Some(None);
            assert_eq!(is_post, is_added, "seed {seed}: a {method} over {before:?}");
            let again = *method == Method::POST && self.unknown;
            assert!(!again, "seed {seed}: a second POST after an unknown outcome");
        }
        self.writes += 1;
        let coin = self.random.bool();
        let act = match self.random.u32(0..20) {
            0..=5 => {
                let act = self.process(method);
                let Act::Respond { status, body: BodyAct::Whole(text), .. } = &act else {
                    panic!("it responds")
                };
                self.confirmed |= text == SUCCESS;
                match (*status, text == NO_SUCCESS) {
                    (200, true) => act,
                    _ => return act,
                }
            }
            6 => return Act::ConnectFault,
            7 => return Act::Broken { sent: false },
            8 => return Act::Hang { sent: false },
            9 => return Act::respond(429, "").header("retry-after", self.random.u32(0..5)),
            10 => return Act::respond(403, "{}"),
            11 => return Act::respond([400, 404, 409][self.random.usize(0..3)], "{}"),
            12 => {
                let late = Instant::now() + Duration::from_millis(self.random.u64(0..20_000));
                self.late.push((late, method.clone()));
                Act::Hang { sent: true }
            }
            kind => {
                if coin {
                    self.process(method);
                }
                match kind {
                    13 => Act::Broken { sent: true },
                    14 => Act::respond([408, 500, 502, 503][self.random.usize(0..4)], ""),
                    15 => Act::respond(202, SUCCESS),
                    16 => Act::respond(200, NO_SUCCESS),
                    17 => Act::respond(201, r#"{"payload":{"success":"false"}}"#),
                    18 => Act::respond(200, ["", "{}", "<html>"][self.random.usize(0..3)]),
                    _ => {
                        let faults = [BodyAct::Broken, BodyAct::TooLarge, BodyAct::Hang];
                        Act::respond_with(200, faults[self.random.usize(0..3)].clone())
                    }
                }
            }
        };
        self.unknown = true;
        self.shown = None;
        act
    }

    /// Checks that the effect of an error is true of what happened.
    fn check_effect(&self, error: &Error, context: &str) {
        match error.effect() {
            Effect::NotApplied => {
                let nothing = self.added == 0 && self.deleted == 0 && self.late.is_empty();
                assert!(nothing && !self.unknown, "{context}");
            }
            Effect::Unknown => {
                assert!(self.unknown || self.confirmed, "{context}");
                // A read that failed does not take the place of an unknown outcome.
                assert!(
                    error.operation().is_some_and(|name| !name.ends_with(".list")),
                    "{context}"
                );
            }
            Effect::Applied => panic!("no status confirms a change: {context}"),
        }
    }

    /// Checks that the result of `ensure` is true of what happened; returns which of six it is.
    fn check<M: Membership>(&self, result: &Result<Ensured<Option<M>>, Error>) -> usize {
        let context = format!("seed {}: {result:?}", self.seed);
        let mismatch = result.as_ref().err().and_then(|error| {
            let both = error.service::<Mismatch<NewRoleAssignment, Option<M>>>()?;
            both.actual.as_ref()
        });
        // Another role that was seen is always reported as a mismatch.
        assert_eq!(mismatch.is_some(), self.other_was_shown, "{context}");
        let ensured = match result {
            Ok(ensured) => ensured,
            Err(error) => {
                self.check_effect(error, &context);
                if let Some(actual) = mismatch {
                    let actual = role_of(actual);
                    assert!(actual != DESIRED, "{context}");
                    assert!(self.held.contains(&Some(actual)), "{context}");
                    return 3;
                }
                return match error.effect() {
                    Effect::NotApplied => 4,
                    _ => 5,
                };
            }
        };
        assert!(self.held.contains(&Some(DESIRED)), "the user had it: {context}");
        let shown = ensured.get().as_ref();
        assert!(shown.is_none_or(|held| role_of(held) == DESIRED), "{context}");
        match ensured {
            Ensured::Created(None) => {
                assert!(self.confirmed && self.added > 0, "{context}");
                0
            }
            Ensured::AlreadyExisted(Some(_)) => {
                assert!(self.added == 0 && !self.unknown && self.late.is_empty(), "{context}");
                1
            }
            Ensured::Indeterminate(Some(_)) => {
                assert!(self.unknown, "{context}");
                2
            }
            _ => panic!("it holds what was read: {context}"),
        }
    }
}

fn service(seed: u64) -> (Transport, Arc<Mutex<Place>>) {
    let place = Arc::new(Mutex::new(Place::new(seed)));
    let asked = Arc::clone(&place);
    let wire = wire(move |request: &http::Request<Bytes>| {
        asked.lock().expect("no panic under it").respond(request)
    });
    let policy = RetryPolicy::default().max_attempts(3);
    let options = ClientOptions::default().retry(policy).attempt_timeout(Duration::from_secs(2));
    (transport(wire, TestCredentials::ready(), &options, || 0.5), place)
}

fn user() -> UserRef {
    UserRef::id("u-1").expect("it is filled")
}

fn desired() -> NewRoleAssignment {
    NewRoleAssignment::new(RoleRef::id(DESIRED).expect("it is filled"), user())
}

/// What happened up to the end of the call.
fn ended(place: &Mutex<Place>) -> std::sync::MutexGuard<'_, Place> {
    let mut place = place.lock().expect("no panic under it");
    place.apply_late();
    place
}

fn role_of<M: Membership>(held: &M) -> &str {
    held.parts().1.and_then(|role| role.id.as_deref()).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn ensure_in_an_organization_reports_what_happened() {
    let (mut seen, mut again) = ([0_u32; 6], 0);
    for seed in 0..SCHEDULES {
        let (transport, place) = service(seed);
        let organization = Redox { transport }.organization("7");
        let result = organization.role_assignments().ensure(&desired()).await;
        let place = ended(&place);
        seen[place.check(&result)] += 1;
        again += u32::from(place.unknown && place.confirmed);
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
    assert!(again > 10, "a PUT is sent again after a read: {again}");
}

#[tokio::test(start_paused = true)]
async fn ensure_in_an_environment_reports_what_happened() {
    let mut seen = [0_u32; 6];
    for seed in 0..SCHEDULES {
        let (transport, place) = service(seed);
        let environment = Redox { transport }.environment("e-1");
        let result = environment.role_assignments().ensure(&desired()).await;
        let place = ended(&place);
        seen[place.check(&result)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

/// Runs `ensure_role` in an organization or environment; returns how often it came to which of six
/// results, how often a role was replaced, and how often a PUT was sent again after a read.
async fn ensure_role<M: Membership>(
    assignments: fn(Redox) -> RoleAssignments<M>,
) -> ([u32; 6], u32, u32) {
    let (mut seen, mut replacements, mut again) = ([0; 6], 0, 0);
    for seed in 0..SCHEDULES {
        let (transport, place) = service(seed);
        place.lock().expect("no panic under it").replaces = true;
        let result = assignments(Redox { transport }).ensure_role(&desired()).await;
        let place = ended(&place);
        // The result names what the first read showed.
        let replaced = match &result {
            Ok(EnsuredRole::Given { replaced } | EnsuredRole::Indeterminate { replaced }) => {
                let role = replaced.as_ref().map(role_of);
                assert_eq!(Some(role), place.first, "seed {seed}");
                role.is_some()
            }
            _ => false,
        };
        let held = || {
            let held = json!({"role": {"id": DESIRED}, "user": {"id": "u-1"}});
            Some(serde_json::from_value::<M>(held).expect("it is a membership"))
        };
        let result = result.map(|ensured| match ensured {
            EnsuredRole::Given { .. } => Ensured::Created(None),
            EnsuredRole::AlreadyHeld => Ensured::AlreadyExisted(held()),
            EnsuredRole::Indeterminate { .. } => Ensured::Indeterminate(held()),
        });
        seen[place.check(&result)] += 1;
        replacements += u32::from(replaced);
        again += u32::from(place.unknown && place.confirmed);
    }
    (seen, replacements, again)
}

#[tokio::test(start_paused = true)]
async fn ensure_role_reports_what_happened_and_what_it_replaced() {
    for (seen, replacements, again) in [
        ensure_role(|redox| redox.organization("7").role_assignments()).await,
        ensure_role(|redox| redox.environment("e-1").role_assignments()).await,
    ] {
        assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
        assert!(replacements > 100 && again > 10, "{replacements} replaced, {again} sent again");
    }
}

#[tokio::test(start_paused = true)]
async fn ensure_absent_in_an_environment_reports_what_happened() {
    absent(|redox| redox.environment("e-1").role_assignments().ensure_absent(&user())).await;
}

#[tokio::test(start_paused = true)]
async fn ensure_member_absent_reports_what_happened_and_confirms_it() {
    absent(|redox| redox.organization("7").role_assignments().ensure_member_absent(&user())).await;
}

async fn absent(call: fn(Redox) -> Call<EnsuredAbsent>) {
    let mut seen = [0_u32; 5];
    for seed in 0..SCHEDULES {
        let (transport, place) = service(seed);
        place.lock().expect("no panic under it").role = Some("r-2");
        place.lock().expect("no panic under it").held = vec![Some("r-2")];
        let result = call(Redox { transport }).await;
        let place = ended(&place);
        let context = format!("seed {seed}, {:?}: {result:?}", place.absent);
        if result.is_ok() {
            assert!(place.held.contains(&None), "the user had none: {context}");
        }
        seen[match result {
            Ok(EnsuredAbsent::Deleted) => {
                assert!(place.confirmed, "{context}");
                // Where the service reports success in any case, no more than that is known.
                assert!(place.deleted > 0 || place.absent == Absent::Success, "{context}");
                0
            }
            Ok(EnsuredAbsent::AlreadyAbsent) => {
                assert_eq!(place.writes, 0, "{context}");
                1
            }
            Ok(EnsuredAbsent::Indeterminate) => {
                assert!(place.writes > 0, "{context}");
                2
            }
            Err(error) => {
                place.check_effect(&error, &context);
                if error.effect() == Effect::NotApplied { 3 } else { 4 }
            }
        }] += 1;
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}
