//! `ensure` and `ensure_absent`: each outcome, time limits, and random faults.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::ensure::{Desired, Ensured, EnsuredAbsent, Found, Mismatch, Unwanted};
use super::list_tests::{Numbers, page};
use super::memory::{
    Act, BodyAct, IDEMPOTENT, NON_IDEMPOTENT, Probe, Sent, TestCredentials, TestService, script,
    serve, transport,
};
use super::wire::BoxFuture;
use super::{Call, ClientOptions, RetryPolicy, Session, Transport};
use crate::error::Effect::{self, Applied, NotApplied, Unknown};
use crate::error::{Error, ErrorKind};
use crate::operation::{Operation, Spec};

/// A debug build takes a fifth of them.
const SCHEDULES: u32 = if cfg!(debug_assertions) { 4_000 } else { 20_000 };

/// How often an outcome has to occur that can: a test that sees one kind only proves nothing.
const MANY: u32 = SCHEDULES / 20;
const FEW: u32 = SCHEDULES / 200;

/// `GET /things`: the ids of what is there.
struct Find;

impl Operation for Find {
    type Service = TestService;
    type Output = Vec<String>;
    const SPEC: Spec = Spec::get("test things.find", &["/things"]);
}

/// Ensures that thing 7 is there. Where a create is not repeatable, it is looked for first.
pub(super) struct Goal<const REPEATABLE: bool>(pub(super) Transport);

impl<const REPEATABLE: bool> Desired for Goal<REPEATABLE> {
    type Item = String;
    type Created = String;
    type Request = &'static str;
    const NAME: &'static str = "test things.ensure";
    const REPEATABLE: bool = REPEATABLE;

    fn request(&self) -> &&'static str {
        &"thing 7"
    }

    fn create(&self) -> Call<String> {
        self.0.call(&Probe::<NON_IDEMPOTENT>)
    }

    fn created(&self, created: String) -> Result<String, Error> {
        Ok(created)
    }

    fn find<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<Found<String>, Error>> {
        Box::pin(async {
            Ok(match session.send(self.0.call(&Find)).await?.pop() {
                None => Found::Absent,
                Some(id) if id == "7" => Found::Matching(id),
                Some(other) => Found::Different(other),
            })
        })
    }

    fn find_first<'a>(
        &'a self,
        session: &'a Session,
    ) -> BoxFuture<'a, Result<Found<String>, Error>> {
        if REPEATABLE { Box::pin(async { Ok(Found::Absent) }) } else { self.find(session) }
    }
}

/// Ensures that item 7 does not exist. 404 means that; 400 may mean it.
pub(super) struct Gone<const LOOKS_FIRST: bool>(pub(super) Transport);

impl<const LOOKS_FIRST: bool> Unwanted for Gone<LOOKS_FIRST> {
    type Deleted = String;
    const NAME: &'static str = "test things.ensure_absent";
    const LOOKS_FIRST: bool = LOOKS_FIRST;

    fn delete(&self) -> Call<String> {
        self.0.call(&Probe::<IDEMPOTENT>)
    }

    fn find<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async { Ok(!session.send(self.0.call(&Find)).await?.is_empty()) })
    }

    fn is_absent(&self, refused: &Error) -> bool {
        refused.is_not_found()
    }

    fn may_be_absent(&self, refused: &Error) -> bool {
        refused.is_invalid_request()
    }
}

fn found(id: &str) -> Act {
    Act::respond(200, &format!("[\"{id}\"]"))
}

fn nothing() -> Act {
    Act::respond(200, "[]")
}

fn once() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none())
}

/// A transport over a script of changes and one of reads; with all that was sent.
pub(super) fn over(
    changes: Vec<Act>,
    reads: Vec<Act>,
    options: &ClientOptions,
    jitter: f64,
) -> (Transport, Sent) {
    let next = Mutex::new([0; 2]);
    let (wire, sent) = serve(move |request| {
        let is_read = request.method() == "GET";
        let acts = if is_read { &reads } else { &changes };
        let next = &mut next.lock().expect("no panic under it")[usize::from(is_read)];
        *next += 1;
        acts[(*next - 1).min(acts.len() - 1)].clone()
    });
    (transport(wire, TestCredentials::ready(), options, move || jitter), sent)
}

async fn ensured<const REPEATABLE: bool>(
    change: Act,
    reads: Vec<Act>,
) -> Result<Ensured<String>, Error> {
    let (transport, _) = over(vec![change], reads, &once(), 0.0);
    transport.ensure(Goal::<REPEATABLE>(transport.clone())).await
}

async fn absent<const LOOKS_FIRST: bool>(
    change: Act,
    reads: Vec<Act>,
) -> Result<EnsuredAbsent, Error> {
    let (transport, _) = over(vec![change], reads, &once(), 0.0);
    transport.ensure_absent(Gone::<LOOKS_FIRST>(transport.clone())).await
}

#[tokio::test(start_paused = true)]
async fn create_and_reading_decide_the_outcome() {
    let seven = || "7".to_owned();
    let duplicate = || Act::respond(409, r#"{"code":"DUPLICATE"}"#);
    for (change, expected) in [
        (Act::created(), Ok(Ensured::Created(seven()))),
        (Act::respond(201, "{}"), Ok(Ensured::Created(seven()))),
        (Act::respond(201, "<html>"), Ok(Ensured::Indeterminate(seven()))),
        // Another success status: it may have been there.
        (Act::respond(200, r#"{"id":"7"}"#), Ok(Ensured::Indeterminate(seven()))),
        (duplicate(), Ok(Ensured::AlreadyExisted(seven()))),
        (Act::respond(500, ""), Ok(Ensured::Indeterminate(seven()))),
        (Act::respond(403, ""), Err(ErrorKind::PermissionDenied)),
    ] {
        let context = format!("{change:?}");
        let outcome = ensured::<true>(change.clone(), vec![found("7")]).await;
        assert_eq!(outcome.map_err(|error| error.kind()), expected, "{context}");
        let outcome = ensured::<false>(change, vec![nothing(), found("7")]).await;
        assert_eq!(outcome.map_err(|error| error.kind()), expected, "{context}");
    }
    // Where the service has no word for a second one, a conflict may be about it.
    let conflict = |code| Act::respond(409, code);
    for code in ["", r#"{"code":"DUPLICATE"}"#] {
        let outcome = ensured::<true>(conflict(code), vec![found("7")]).await;
        assert_eq!(outcome.expect("it is there"), Ensured::AlreadyExisted(seven()));
    }
    let other = r#"{"code":"CONFLICT"}"#;
    let outcome = ensured::<true>(conflict(other), vec![found("7")]).await;
    assert_eq!(outcome.expect_err("it is no duplicate").kind(), ErrorKind::Conflict);
    let outcome = ensured::<false>(conflict(other), vec![nothing(), found("7")]).await;
    assert_eq!(outcome.expect("it is there"), Ensured::AlreadyExisted(seven()));
    // What is there already is not created.
    let (transport, sent) = over(vec![Act::created()], vec![found("7")], &once(), 0.0);
    let outcome = transport.ensure(Goal::<false>(transport.clone())).await;
    assert_eq!(
        (outcome.expect("it is there"), sent.count()),
        (Ensured::AlreadyExisted(seven()), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn mismatch_shows_both_sides() {
    let duplicate = || Act::respond(409, r#"{"code":"DUPLICATE"}"#);
    for (error, effect) in [
        (ensured::<true>(duplicate(), vec![found("8")]).await, NotApplied),
        (ensured::<true>(Act::respond(500, ""), vec![found("8")]).await, Unknown),
        (ensured::<true>(Act::respond(200, r#"{"id":"8"}"#), vec![found("8")]).await, Unknown),
        (ensured::<false>(Act::created(), vec![found("8")]).await, NotApplied),
    ] {
        let error = error.expect_err("it differs");
        let both = error.service::<Mismatch<&str, String>>().expect("it has both sides");
        assert_eq!((both.desired, both.actual.as_str()), ("thing 7", "8"));
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, effect));
        assert_eq!(error.operation(), Some("test things.ensure"));
        assert!(error.to_string().contains("desired \"thing 7\", actual \"8\""), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn delete_and_reading_decide_the_outcome() {
    use EnsuredAbsent::{AlreadyAbsent, Deleted, Indeterminate};
    let respond = |status| Act::respond(status, "");
    let unreadable = || Act::respond(201, "{}");
    for (change, read, expected) in [
        (Act::created(), nothing(), Ok(Deleted)),
        (Act::respond(200, r#"{"id":"7"}"#), nothing(), Ok(Deleted)),
        (unreadable(), nothing(), Ok(Deleted)),
        (Act::respond(201, "<html>"), nothing(), Ok(Indeterminate)),
        (respond(404), nothing(), Ok(AlreadyAbsent)),
        (respond(400), nothing(), Ok(AlreadyAbsent)),
        (respond(500), nothing(), Ok(Indeterminate)),
        (Act::Broken { sent: true }, nothing(), Ok(Indeterminate)),
        (respond(400), found("7"), Err(NotApplied)),
        (respond(403), nothing(), Err(NotApplied)),
        (respond(409), nothing(), Err(NotApplied)),
        (respond(500), found("7"), Err(Unknown)),
        // The status says that it was deleted, but it is there.
        (unreadable(), found("7"), Err(Unknown)),
        (Act::ConnectFault, found("7"), Err(NotApplied)),
    ] {
        let context = format!("{change:?}");
        let outcome = absent::<false>(change, vec![read]).await;
        assert_eq!(outcome.map_err(|error| error.effect()), expected, "{context}");
    }
    for (change, reads, expected) in [
        (Act::ConnectFault, vec![nothing()], AlreadyAbsent),
        (Act::created(), vec![found("7")], Deleted),
        // It was there a moment ago.
        (respond(404), vec![found("7")], Indeterminate),
        (respond(400), vec![found("7"), nothing()], Indeterminate),
    ] {
        assert_eq!(absent::<true>(change, reads).await.expect("it is gone"), expected);
    }
    // The first attempt may have deleted it.
    let acts = vec![Act::Broken { sent: true }, respond(404)];
    let (transport, _) = over(acts, vec![nothing()], &ClientOptions::default(), 0.0);
    let outcome = transport.ensure_absent(Gone::<false>(transport.clone())).await;
    assert_eq!(outcome.expect("it is gone"), Indeterminate);
}

#[tokio::test(start_paused = true)]
async fn failed_reading_leaves_the_error_of_the_change() {
    let unread = || vec![Act::respond(403, "")];
    for (change, kind, effect) in [
        (Act::respond(500, ""), ErrorKind::Server, Unknown),
        (Act::Broken { sent: true }, ErrorKind::Interrupted, Unknown),
        (Act::respond(201, "{}"), ErrorKind::Decode, Applied),
        (Act::respond(201, "<html>"), ErrorKind::Decode, Unknown),
        (Act::respond(409, r#"{"code":"DUPLICATE"}"#), ErrorKind::AlreadyExists, NotApplied),
        (Act::respond(400, ""), ErrorKind::InvalidRequest, NotApplied),
    ] {
        let mut errors = Vec::new();
        if kind != ErrorKind::InvalidRequest {
            errors.push(ensured::<true>(change.clone(), unread()).await.map(drop));
        }
        if kind != ErrorKind::AlreadyExists {
            errors.push(absent::<false>(change, unread()).await.map(drop));
        }
        for error in errors {
            let error = error.expect_err("it could not be read");
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
            assert_eq!(error.operation(), Some("test probes.send"));
            assert!(error.to_string().contains("reading the present state failed"), "{error}");
            let source = std::error::Error::source(&error).map(ToString::to_string);
            assert!(source.is_some_and(|source| source.starts_with("test things.find")));
        }
    }
    // Where it is looked for first, nothing is changed unseen.
    let error = ensured::<false>(Act::created(), unread()).await.expect_err("unread");
    assert_eq!((error.operation(), error.effect()), (Some("test things.find"), NotApplied));
    let error = absent::<true>(Act::created(), unread()).await.expect_err("unread");
    assert_eq!((error.operation(), error.effect()), (Some("test things.find"), NotApplied));
}

/// When each request was sent, and the error and the end of an `ensure` (or of an `ensure_absent`,
/// which deletes once only) that never succeeds.
async fn timed(
    [change, read]: [Act; 2],
    options: &ClientOptions,
    jitter: f64,
    deletes: bool,
) -> (Vec<u128>, Error, u128) {
    let start = Instant::now();
    let (transport, sent) = over(vec![change], vec![read], options, jitter);
    let outcome = match deletes {
        true => transport.ensure_absent(Gone::<false>(transport.clone())).await.map(drop),
        false => transport.ensure(Goal::<true>(transport.clone())).await.map(drop),
    };
    let error = outcome.expect_err("it never succeeds");
    (sent.times(start), error, start.elapsed().as_millis() / 25 * 25)
}

#[tokio::test(start_paused = true)]
async fn reads_wait_half_to_whole_of_the_backoff() {
    for (jitter, reads) in
        [(0.0, [0, 125, 375, 875]), (0.6, [0, 200, 600, 1400]), (1.0, [0, 250, 750, 1750])]
    {
        let acts = || [Act::respond(500, ""), nothing()];
        let (sent, error, end) = timed(acts(), &ClientOptions::default(), jitter, false).await;
        // Created twice, and looked for after each.
        let last = reads[3];
        let both = [vec![0], reads.to_vec(), vec![last], reads.map(|at| last + at).to_vec()];
        assert_eq!((sent, error.effect(), end), (both.concat(), Unknown, 2 * last));
        let acts = [Act::respond(501, ""), found("7")];
        let (sent, error, end) = timed(acts, &ClientOptions::default(), jitter, true).await;
        assert_eq!(
            (sent, error.effect(), end),
            ([vec![0], reads.to_vec()].concat(), Unknown, last)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn policy_and_budget_limit_reads_and_repeated_creates() {
    let requests = async |policy: RetryPolicy, deletes| {
        let acts = [Act::respond(501, ""), if deletes { found("7") } else { nothing() }];
        let options = ClientOptions::default().retry(policy);
        let (sent, error, _) = timed(acts, &options, 0.0, deletes).await;
        assert_eq!(error.effect(), Unknown);
        sent.len()
    };
    let two = || RetryPolicy::default().max_attempts(2);
    // The first read is free.
    assert_eq!(requests(RetryPolicy::none(), false).await, 1 + 1);
    assert_eq!(requests(RetryPolicy::none(), true).await, 1 + 1);
    assert_eq!(requests(RetryPolicy::default().budget(0), false).await, 1 + 1);
    assert_eq!(requests(RetryPolicy::default().budget(2), true).await, 1 + 3);
    assert_eq!(requests(two(), false).await, 2 * (1 + 2));
    assert_eq!(requests(two().budget(1), false).await, 1 + 2);
    assert_eq!(requests(two().budget(2), false).await, 2 + 3);
}

#[tokio::test(start_paused = true)]
async fn silent_service_is_given_up_within_the_limit_of_the_call() {
    let hang = || [Act::Hang { sent: true }, Act::Hang { sent: true }];
    let short = ClientOptions::default().call_timeout(Duration::from_secs(1));
    for deletes in [false, true] {
        let (sent, error, end) = timed(hang(), &short, 1.0, deletes).await;
        // The change gets half of the time, reading the rest.
        assert_eq!((sent, end), (vec![0, 500], 1000));
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Unknown));
    }
    // Without a response to the first look nothing was sent that could change something.
    let (transport, sent) = over(vec![Act::created()], hang()[..1].to_vec(), &once(), 0.0);
    let start = Instant::now();
    let call = transport.ensure(Goal::<false>(transport.clone())).timeout(Duration::from_secs(2));
    let error = call.retry(RetryPolicy::default()).await.expect_err("there is no response");
    assert_eq!((error.effect(), sent.count(), start.elapsed().as_secs()), (NotApplied, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_retry_after() {
    let busy = |seconds| Act::respond(503, "").header("retry-after", seconds);
    let limit = |seconds| once().call_timeout(Duration::from_secs(seconds));
    for deletes in [false, true] {
        let acts = |seconds| [busy(seconds), if deletes { found("7") } else { nothing() }];
        let (sent, error, _) = timed(acts(5), &limit(90), 0.0, deletes).await;
        assert_eq!((sent, error.effect()), (vec![0, 5000], Unknown));
        // Neither half of the time nor the policy's own repeats undercut it.
        let patient = limit(8).retry(RetryPolicy::default());
        let (sent, _, end) = timed(acts(5), &patient, 0.0, deletes).await;
        assert!(sent[..2] == [0, 5000] && end <= 8000, "{sent:?}");
        // Longer than what is left, or than the policy allows: the outcome is reported as it is.
        for (seconds, limit) in [(5, limit(5)), (30, limit(10)), (61, limit(90))] {
            let (sent, error, end) = timed(acts(seconds), &limit, 0.0, deletes).await;
            assert_eq!((sent, end), (vec![0], 0));
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Server, Unknown));
            assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
        }
    }
    // A read that is put off, too.
    let (transport, sent) =
        over(vec![Act::respond(501, "")], vec![busy(7), found("7")], &once(), 0.0);
    let start = Instant::now();
    let ensure = transport.ensure(Goal::<true>(transport.clone())).retry(RetryPolicy::default());
    assert_eq!(ensure.await.expect("it is there"), Ensured::Indeterminate("7".to_owned()));
    assert_eq!(sent.times(start), [0, 0, 7000]);
}

#[tokio::test(start_paused = true)]
async fn steps_share_one_deadline_and_count_all_attempts() {
    let acts = vec![Act::ConnectFault, page("1", Some("b")), page("2", None), Act::created()];
    let (wire, sent) = script(acts);
    let options = ClientOptions::default();
    let transport = transport(wire, TestCredentials::ready(), &options, || 0.0);
    let steps = |transport: &Transport| {
        let inner = transport.clone();
        transport.steps("test things.count", |session| async move {
            let numbers = inner.list(Numbers::<false>::default()).within(&session).items();
            let numbers = numbers.try_collect().await?;
            session.send(inner.call(&Probe::<NON_IDEMPOTENT>)).await?;
            Ok(numbers.len())
        })
    };
    let call = steps(&transport);
    assert_eq!((call.operation(), call.request().is_err()), ("test things.count", true));
    let response = call.with_response().await.expect("all steps succeed");
    assert_eq!((response.attempts(), response.status().as_u16(), *response.body()), (4, 201, 2));
    assert_eq!(sent.count(), 4);

    let acts = vec![page("1", Some("b")), Act::Hang { sent: true }];
    let (transport, sent) = over(vec![Act::created()], acts, &options, 0.0);
    let start = Instant::now();
    let error = steps(&transport).timeout(Duration::from_secs(3)).await.expect_err("it hangs");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Timeout, Some("test numbers.list")));
    assert_eq!((start.elapsed().as_secs(), sent.count()), (3, 2));
}

/// A service that keeps things under one name, unique or not, and carries some requests out late.
#[derive(Default)]
struct Service {
    unique: bool,
    /// When each thing is there, and whether the call under test created it.
    things: Vec<(Instant, bool)>,
}

impl Service {
    fn count(&self) -> usize {
        let now = Instant::now();
        self.things.iter().filter(|(at, _)| *at <= now).count()
    }

    fn read(&self) -> Act {
        if self.count() > 0 { found("7") } else { nothing() }
    }

    /// A create that arrives now and is carried out at `at`. False if it is refused as a duplicate.
    fn create(&mut self, at: Instant) -> bool {
        // What is on its way is carried out first; only one of them can.
        if self.unique && !self.things.is_empty() {
            return false;
        }
        self.things.push((at, true));
        true
    }

    fn respond(&mut self, random: &mut fastrand::Rng) -> Act {
        let now = Instant::now();
        let lost = Act::Broken { sent: true };
        let (created, response) = match random.u32(0..12) {
            0..=2 => (self.create(now), Act::created()),
            3 => return Act::ConnectFault,
            4 => return Act::respond(403, ""),
            5 => return Act::respond(429, ""),
            // Lost on the way there.
            6 => return lost,
            // Lost on the way back.
            7 => {
                self.create(now);
                return lost;
            }
            8 => {
                self.create(now);
                return Act::respond(500, "");
            }
            // Carried out after the caller has given it up.
            9 => {
                self.create(now + Duration::from_millis(random.u64(0..20_000)));
                return Act::Hang { sent: true };
            }
            10 => (self.create(now), Act::respond(201, "{}")),
            _ => (self.create(now), Act::respond_with(201, BodyAct::Broken)),
        };
        if created { response } else { Act::respond(409, r#"{"code":"DUPLICATE"}"#) }
    }
}

fn patient() -> ClientOptions {
    let policy = RetryPolicy::default().max_attempts(3);
    ClientOptions::default().retry(policy).attempt_timeout(Duration::from_secs(2))
}

async fn ensured_at<const REPEATABLE: bool>(
    seed: u64,
    service: &Arc<Mutex<Service>>,
) -> Result<Ensured<String>, Error> {
    let (random, service) = (Mutex::new(fastrand::Rng::with_seed(seed)), Arc::clone(service));
    let (wire, _) = serve(move |request| {
        let mut service = service.lock().expect("no panic under it");
        match request.method().as_str() {
            "GET" => service.read(),
            _ => service.respond(&mut random.lock().expect("no panic under it")),
        }
    });
    let transport = transport(wire, TestCredentials::ready(), &patient(), || 0.5);
    transport.ensure(Goal::<REPEATABLE>(transport.clone())).await
}

/// Where the service keeps it unique, a create may be repeated.
async fn ensured_under_faults<const UNIQUE: bool>(before: bool) {
    let mut seen = [0_u32; 4];
    for seed in 0..SCHEDULES.into() {
        let things = if before { vec![(Instant::now(), false)] } else { Vec::new() };
        let service = Arc::new(Mutex::new(Service { unique: UNIQUE, things }));
        let result = ensured_at::<UNIQUE>(seed, &service).await;
        let service = service.lock().expect("no panic under it");
        let own = service.things.iter().filter(|(_, own)| *own).count();
        let context = || format!("seed {seed}, unique {UNIQUE}, before {before}: {result:?}");
        assert!(own <= 1, "one call never creates two: {}", context());
        if result.is_ok() {
            assert!(service.count() >= 1, "it is there: {}", context());
            assert!(!UNIQUE || service.things.len() == 1, "exactly one: {}", context());
        }
        let outcome = match result.as_ref().map_err(Error::effect) {
            Ok(Ensured::Created(_)) => {
                assert_eq!(own, 1, "{}", context());
                0
            }
            Ok(Ensured::AlreadyExisted(_)) => {
                assert!(before && own == 0, "{}", context());
                1
            }
            Ok(Ensured::Indeterminate(_)) => 2,
            Err(effect) => {
                assert!(effect != NotApplied || own == 0, "{}", context());
                assert!(effect != Applied || own == 1, "{}", context());
                3
            }
        };
        seen[outcome] += 1;
    }
    let [created, existed, indeterminate, failed] = seen;
    // Where it is not unique, the first look finds what was there before.
    assert_eq!(existed > MANY, before, "{seen:?}");
    assert_eq!(created > MANY, !before, "{seen:?}");
    assert_eq!(indeterminate > MANY, UNIQUE || !before, "{seen:?}");
    assert_eq!(failed > MANY, UNIQUE || !before, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn unique_thing_is_created_once_under_random_faults() {
    ensured_under_faults::<true>(false).await;
    ensured_under_faults::<true>(true).await;
}

#[tokio::test(start_paused = true)]
async fn thing_that_is_not_unique_is_created_once_under_random_faults() {
    ensured_under_faults::<false>(false).await;
    ensured_under_faults::<false>(true).await;
}

#[tokio::test(start_paused = true)]
async fn racing_callers_share_one_unique_thing() {
    for seed in 0..u64::from(SCHEDULES) / 10 {
        let service = Arc::new(Mutex::new(Service { unique: true, ..Service::default() }));
        let (one, other) = tokio::join!(
            ensured_at::<true>(2 * seed, &service),
            ensured_at::<true>(2 * seed + 1, &service)
        );
        let service = service.lock().expect("no panic under it");
        assert!(service.things.len() <= 1, "seed {seed}");
        if one.is_ok() || other.is_ok() {
            assert_eq!(service.things.len(), 1, "seed {seed}: {one:?}, {other:?}");
        }
        let both = matches!((&one, &other), (Ok(Ensured::Created(_)), Ok(Ensured::Created(_))));
        assert!(!both, "seed {seed}: only one of them created it");
    }
}

/// A service with one thing in it, which the callers under test delete, and others too, who may also
/// put it back.
struct Shelf {
    random: fastrand::Rng,
    there: bool,
    /// Deletes on their way: when they are carried out, and whose they are.
    late: Vec<(Instant, usize)>,
    rivals: bool,
    /// It was not there at some moment.
    was_absent: bool,
    /// What each caller deleted, and whether a response left open what it did.
    deleted: [u32; 2],
    unclear: [bool; 2],
}

impl Shelf {
    fn new(seed: u64, there: bool, rivals: bool) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            random: fastrand::Rng::with_seed(seed),
            there,
            late: Vec::new(),
            rivals,
            was_absent: !there,
            deleted: [0; 2],
            unclear: [false; 2],
        }))
    }

    /// What happened until now without a request.
    fn catch_up(&mut self) {
        let now = Instant::now();
        for (at, whose) in std::mem::take(&mut self.late) {
            match at <= now {
                true => drop(self.delete(whose)),
                false => self.late.push((at, whose)),
            }
        }
        if self.rivals && self.random.u32(0..6) == 0 {
            self.there = self.random.bool();
            self.was_absent |= !self.there;
        }
    }

    fn delete(&mut self, whose: usize) -> bool {
        let deleted = self.there;
        self.deleted[whose] += u32::from(deleted);
        self.there = false;
        self.was_absent = true;
        deleted
    }

    fn read(&mut self) -> Act {
        self.catch_up();
        match self.random.u32(0..12) {
            0 => Act::respond(403, ""),
            _ if self.there => found("7"),
            _ => nothing(),
        }
    }

    fn respond(&mut self, whose: usize) -> Act {
        self.catch_up();
        let outcome = self.random.u32(0..14);
        // An outcome that the response leaves open is carried out always, never or by chance.
        self.unclear[whose] |= matches!(outcome, 7..=11);
        if outcome == 8 || (matches!(outcome, 9 | 11) && self.random.bool()) {
            self.delete(whose);
        }
        let success = match outcome {
            0..=2 => Act::created(),
            3 => return Act::ConnectFault,
            4 => return Act::respond(403, ""),
            5 => return Act::respond(429, ""),
            6 => return Act::respond(400, ""),
            7 | 8 => return Act::Broken { sent: true },
            9 => return Act::respond(500, ""),
            // Carried out after the caller has given it up.
            10 => {
                let late = Instant::now() + Duration::from_millis(self.random.u64(0..20_000));
                self.late.push((late, whose));
                return Act::Hang { sent: true };
            }
            11 => return Act::respond(200, ""),
            12 => Act::respond(201, "{}"),
            _ => Act::respond_with(201, BodyAct::Broken),
        };
        let deleted = self.delete(whose);
        self.unclear[whose] |= deleted && outcome == 13;
        if deleted { success } else { Act::respond(404, "") }
    }

    /// Whether the result of a caller is true of what happened.
    fn check(&self, whose: usize, result: &Result<EnsuredAbsent, Error>, context: &str) {
        let (deleted, unclear) = (self.deleted[whose], self.unclear[whose]);
        let untouched =
            deleted == 0 && !unclear && self.late.iter().all(|(_, late)| *late != whose);
        assert!(result.is_err() || self.was_absent, "it was absent at some moment: {context}");
        let is_true = match result.as_ref().map_err(Error::effect) {
            Ok(EnsuredAbsent::Deleted) | Err(Applied) => deleted > 0,
            Ok(EnsuredAbsent::AlreadyAbsent) | Err(NotApplied) => untouched,
            Ok(EnsuredAbsent::Indeterminate) => unclear,
            // Or it was deleted, and another caller created it again.
            Err(Unknown) => unclear || deleted > 0,
        };
        assert!(is_true, "deleted {deleted}, unclear {unclear}, {context}");
    }
}

/// Deletes for one of two callers.
async fn absent_at(shelf: &Arc<Mutex<Shelf>>, whose: usize) -> Result<EnsuredAbsent, Error> {
    let shelf = Arc::clone(shelf);
    let (wire, _) = serve(move |request| {
        let mut shelf = shelf.lock().expect("no panic under it");
        if request.method() == "GET" { shelf.read() } else { shelf.respond(whose) }
    });
    let transport = transport(wire, TestCredentials::ready(), &patient(), || 0.5);
    transport.ensure_absent(Gone::<false>(transport.clone())).await
}

#[tokio::test(start_paused = true)]
async fn absence_is_reported_truly_under_random_faults() {
    for (there, rivals) in [(true, false), (false, false), (true, true)] {
        let mut seen = [0_u32; 6];
        for seed in 0..SCHEDULES.into() {
            let shelf = Shelf::new(seed, there, rivals);
            let result = absent_at(&shelf, 0).await;
            let mut shelf = shelf.lock().expect("no panic under it");
            // What was on its way is done by now; others do nothing more.
            shelf.rivals = false;
            shelf.catch_up();
            shelf.check(0, &result, &format!("seed {seed}, {there}, {rivals}: {result:?}"));
            seen[match result.map_err(|error| error.effect()) {
                Ok(EnsuredAbsent::Deleted) => 0,
                Ok(EnsuredAbsent::AlreadyAbsent) => 1,
                Ok(EnsuredAbsent::Indeterminate) => 2,
                Err(Effect::NotApplied) => 3,
                Err(Effect::Unknown) => 4,
                Err(Effect::Applied) => 5,
            }] += 1;
        }
        let [deleted, already_absent, indeterminate, not_applied, unknown, applied] = seen;
        assert_eq!(deleted > MANY, there, "{seen:?}");
        assert_eq!(already_absent > FEW, rivals || !there, "{seen:?}");
        assert!(indeterminate > MANY && not_applied > MANY && unknown > FEW, "{seen:?}");
        assert_eq!(applied > FEW, there, "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_racing_callers_at_most_one_deleted_it() {
    let mut deletions = 0_u32;
    for seed in 0..u64::from(SCHEDULES) / 4 {
        let shelf = Shelf::new(seed, true, false);
        let results: [_; 2] = tokio::join!(absent_at(&shelf, 0), absent_at(&shelf, 1)).into();
        let mut shelf = shelf.lock().expect("no panic under it");
        shelf.catch_up();
        let context = format!("seed {seed}: {results:?}");
        results.iter().enumerate().for_each(|(whose, one)| shelf.check(whose, one, &context));
        let deleted =
            |one: &&Result<EnsuredAbsent, Error>| matches!(one, Ok(EnsuredAbsent::Deleted));
        let own = results.iter().filter(deleted).count();
        assert!(own <= 1, "{context}");
        deletions += own as u32;
    }
    assert!(deletions > MANY, "{deletions}");
}
