//! `ensure` and `ensure_absent` over random faults, in memory, with a rival who gives the same user
//! other roles between the steps.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde_json::json;
use tokio::time::Instant;

use super::answer::{EnvironmentMembership, OrganizationMembership};
use super::{NewRoleAssignment, Redox, RoleRef, UserRef};
use crate::error::{Effect, Error};
use crate::transport::memory::{Act, BodyAct, MemoryWire, TestCredentials, WireRequest, transport};
use crate::transport::{ClientOptions, Difference, Ensured, EnsuredAbsent, RetryPolicy, Transport};

const SCHEDULES: u64 = 10_000;

const WANTED: &str = "r-1";
const ROLES: [&str; 3] = [WANTED, "r-2", "r-3"];

/// A place with one user, and all that happens to that user's role during one call.
struct Place {
    random: fastrand::Rng,
    seed: u64,
    role: Option<&'static str>,
    /// Nobody documents what becomes of a POST for a user who has a role, nor what is answered to a
    /// DELETE for one who has none.
    refuses_second: bool,
    absent: Absent,
    /// Changes of the call under test that are on their way.
    late: Vec<(Instant, Method)>,
    /// Which roles the user had at some moment.
    held: Vec<Option<&'static str>>,
    /// What the last reading showed, if there was one since the last write with an open outcome.
    shown: Option<Option<&'static str>>,
    other_was_shown: bool,
    some_was_shown: bool,
    gave: u32,
    removed: u32,
    writes: u32,
    confirmed: bool,
    unclear: bool,
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
        // Mostly nobody, so that there is something to do.
        let role = match random.u32(0..5) {
            0 => Some(WANTED),
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
            shown: None,
            other_was_shown: false,
            some_was_shown: false,
            gave: 0,
            removed: 0,
            writes: 0,
            confirmed: false,
            unclear: false,
            random,
        }
    }

    fn set(&mut self, role: Option<&'static str>) {
        self.role = role;
        self.held.push(role);
    }

    fn rival(&mut self) {
        if self.random.u32(0..6) == 0 {
            let role = ROLES.get(self.random.usize(0..4)).copied();
            self.set(role);
        }
    }

    /// What was on its way and has arrived by now.
    fn catch_up(&mut self) {
        let now = Instant::now();
        for (at, method) in std::mem::take(&mut self.late) {
            match at <= now {
                true => drop(self.process(&method)),
                false => self.late.push((at, method)),
            }
        }
    }

    /// Carries out a change of the call under test, and answers it.
    fn process(&mut self, method: &Method) -> Act {
        if *method == Method::DELETE {
            if self.role.is_some() {
                self.removed += 1;
                self.set(None);
                return Act::answer(200, SUCCESS);
            }
            return match self.absent {
                Absent::NotFound => Act::answer(404, "{}"),
                Absent::Success => Act::answer(200, SUCCESS),
                Absent::Unsuccessful => Act::answer(200, NO_SUCCESS),
            };
        }
        if *method == Method::POST && self.role.is_some() && self.refuses_second {
            return Act::answer(409, r#"{"message":"The user has a role already"}"#);
        }
        self.gave += 1;
        self.set(Some(WANTED));
        Act::answer(200, SUCCESS)
    }

    fn answer(&mut self, request: &WireRequest) -> Act {
        self.catch_up();
        self.rival();
        let act = match request.method {
            Method::GET => self.list(),
            _ => self.write(request),
        };
        self.rival();
        act
    }

    fn list(&mut self) -> Act {
        match self.random.u32(0..24) {
            0 => Act::ConnectFault,
            1 => Act::answer(503, ""),
            2 => Act::answer(403, "{}"),
            3 => Act::answer(404, "{}"),
            4 => Act::answer(200, "<html>"),
            5 => Act::Hang { sent: true },
            _ => {
                self.shown = Some(self.role);
                self.other_was_shown |= self.role.is_some_and(|role| role != WANTED);
                self.some_was_shown |= self.role.is_some();
                let one = |role| json!({"role": {"id": role}, "user": {"id": "u-1"}});
                let mut memberships: Vec<_> = self.role.map(one).into_iter().collect();
                memberships.push(json!({"role": {"id": "r-2"}, "user": {"id": "U-1"}}));
                let body = json!({"payload": {"memberships": memberships}});
                Act::answer(200, &body.to_string())
            }
        }
    }

    fn write(&mut self, request: &WireRequest) -> Act {
        let method = &request.method;
        let seed = self.seed;
        if *method == Method::DELETE {
            assert!(self.some_was_shown, "seed {seed}: nobody was seen to have a role");
        } else {
            // Also after a write with an open outcome: neither blindly, nor over another's role.
            assert_eq!(self.shown, Some(None), "seed {seed}: a {method} without a look");
            let again = *method == Method::POST && self.unclear;
            assert!(!again, "seed {seed}: a second POST after an unknown outcome");
        }
        self.writes += 1;
        let coin = self.random.bool();
        let act = match self.random.u32(0..20) {
            0..=5 => {
                let act = self.process(method);
                let Act::Answer { status, body: BodyAct::Whole(text), .. } = &act else {
                    panic!("it answers")
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
            9 => return Act::answer(429, "").header("retry-after", self.random.u32(0..5)),
            10 => return Act::answer(403, "{}"),
            11 => return Act::answer([400, 404, 409][self.random.usize(0..3)], "{}"),
            12 => {
                let late = Instant::now() + Duration::from_millis(self.random.u64(0..20_000));
                self.late.push((late, method.clone()));
                Act::Hang { sent: true }
            }
            sort => {
                if coin {
                    self.process(method);
                }
                match sort {
                    13 => Act::Broken { sent: true },
                    14 => Act::answer([408, 500, 502, 503][self.random.usize(0..4)], ""),
                    15 => Act::answer(202, SUCCESS),
                    16 => Act::answer(200, NO_SUCCESS),
                    17 => Act::answer(201, r#"{"payload":{"success":"false"}}"#),
                    18 => Act::answer(200, ["", "{}", "<html>"][self.random.usize(0..3)]),
                    _ => {
                        let faults = [BodyAct::Broken, BodyAct::TooLarge, BodyAct::Hang];
                        let body = faults[self.random.usize(0..3)].clone();
                        Act::Answer { status: 200, headers: Vec::new(), body }
                    }
                }
            }
        };
        self.unclear = true;
        self.shown = None;
        act
    }

    /// Whether the effect of an error is true of what happened.
    fn check_effect(&self, error: &Error, context: &str) {
        match error.effect() {
            Effect::NotApplied => {
                let nothing = self.gave == 0 && self.removed == 0 && self.late.is_empty();
                assert!(nothing && !self.unclear, "{context}");
            }
            Effect::Unknown => {
                assert!(self.unclear, "{context}");
                // A reading that failed does not take the place of what is open.
                assert!(
                    error.operation().is_some_and(|name| !name.ends_with(".list")),
                    "{context}"
                );
            }
            Effect::Applied => panic!("nobody said so: {context}"),
        }
    }

    /// Whether what `ensure` says is true of what happened; and which of six answers it is.
    fn check<M>(&self, told: &Result<Ensured<Option<M>>, Error>, role: fn(&M) -> &str) -> usize
    where
        M: Clone + std::fmt::Debug + Send + Sync + 'static,
    {
        let context = format!("seed {}: {told:?}", self.seed);
        let difference = told.as_ref().err().and_then(|error| {
            let both = error.service::<Difference<NewRoleAssignment, Option<M>>>()?;
            both.found.as_ref()
        });
        // Another's role that was seen is told, and told only so.
        assert_eq!(difference.is_some(), self.other_was_shown, "{context}");
        let ensured = match told {
            Ok(ensured) => ensured,
            Err(error) => {
                self.check_effect(error, &context);
                if let Some(found) = difference {
                    let found = role(found);
                    assert!(found != WANTED, "{context}");
                    assert!(self.held.contains(&Some(found)), "{context}");
                    return 3;
                }
                return match error.effect() {
                    Effect::NotApplied => 4,
                    _ => 5,
                };
            }
        };
        assert!(self.held.contains(&Some(WANTED)), "the user had it: {context}");
        let shown = ensured.get().as_ref();
        assert!(shown.is_none_or(|held| role(held) == WANTED), "{context}");
        match ensured {
            Ensured::Created(None) => {
                assert!(self.confirmed && self.gave > 0, "{context}");
                0
            }
            Ensured::Existed(Some(_)) => {
                assert!(self.gave == 0 && !self.unclear && self.late.is_empty(), "{context}");
                1
            }
            Ensured::Present(Some(_)) => {
                assert!(self.unclear, "{context}");
                2
            }
            _ => panic!("it holds what was read: {context}"),
        }
    }
}

fn service(seed: u64) -> (Transport, Arc<Mutex<Place>>) {
    let place = Arc::new(Mutex::new(Place::new(seed)));
    let asked = Arc::clone(&place);
    let wire = MemoryWire(move |request: &WireRequest| {
        asked.lock().expect("no panic under it").answer(request)
    });
    let ready = TestCredentials { takes: Some(Duration::ZERO), ..TestCredentials::default() };
    let policy = RetryPolicy::default().max_attempts(3);
    let options = ClientOptions::default().retry(policy).attempt_timeout(Duration::from_secs(2));
    (transport(wire, ready, &options, || 0.5), place)
}

fn user() -> UserRef {
    UserRef::id("u-1").expect("it is filled")
}

fn wanted() -> NewRoleAssignment {
    NewRoleAssignment::new(RoleRef::id(WANTED).expect("it is filled"), user())
}

/// What happened up to the end of the call.
fn ended(place: &Mutex<Place>) -> std::sync::MutexGuard<'_, Place> {
    let mut place = place.lock().expect("no panic under it");
    place.catch_up();
    place
}

fn id_of(role: Option<&super::Reference>) -> &str {
    role.and_then(|role| role.id.as_deref()).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn an_organization_role_is_ensured_truly() {
    let (mut seen, mut again) = ([0_u32; 6], 0);
    for seed in 0..SCHEDULES {
        let (transport, place) = service(seed);
        let organization = Redox { transport }.organization("7").expect("it fits a path");
        let told = organization.role_assignments().ensure(&wanted()).await;
        let place = ended(&place);
        seen[place.check(&told, |held: &OrganizationMembership| id_of(held.role.as_ref()))] += 1;
        again += u32::from(place.unclear && place.confirmed);
    }
    assert!(seen.iter().all(|count| *count > 200), "{seen:?}");
    assert!(again > 30, "a PUT is sent again after a look: {again}");
}

#[tokio::test(start_paused = true)]
async fn an_environment_role_is_ensured_truly() {
    let mut seen = [0_u32; 6];
    for seed in 0..SCHEDULES {
        let (transport, place) = service(seed);
        let environment = Redox { transport }.environment("e-1").expect("it fits a path");
        let told = environment.role_assignments().ensure(&wanted()).await;
        let place = ended(&place);
        seen[place.check(&told, |held: &EnvironmentMembership| id_of(held.role.as_ref()))] += 1;
    }
    assert!(seen.iter().all(|count| *count > 200), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn the_absence_of_an_environment_role_is_ensured_truly() {
    let mut seen = [0_u32; 5];
    for seed in 0..SCHEDULES {
        let (transport, place) = service(seed);
        place.lock().expect("no panic under it").role = Some("r-2");
        place.lock().expect("no panic under it").held = vec![Some("r-2")];
        let environment = Redox { transport }.environment("e-1").expect("it fits a path");
        let told = environment.role_assignments().ensure_absent(&user()).await;
        let place = ended(&place);
        let context = format!("seed {seed}, {:?}: {told:?}", place.absent);
        if told.is_ok() {
            assert!(place.held.contains(&None), "the user had none: {context}");
        }
        seen[match told {
            Ok(EnsuredAbsent::Removed) => {
                assert!(place.confirmed, "{context}");
                // Where the service says success whatever there is, no more than that is known.
                assert!(place.removed > 0 || place.absent == Absent::Success, "{context}");
                0
            }
            Ok(EnsuredAbsent::WasAbsent) => {
                assert_eq!(place.writes, 0, "{context}");
                1
            }
            Ok(EnsuredAbsent::Absent) => {
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
