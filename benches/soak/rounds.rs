//! The calls for each item, and whether their reports were true.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use rolecall::Error;
use rolecall::testing::{Fault, Received};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Soak;
use super::faults;
use super::history::{Action, History, Report};
use super::relay::Relay;
use super::vendors::{self, ATTEMPT, AnyFake as _, Change, Changes, FakeOf, Kind, START, Service};

/// Things of a client in work at once, and with them the calls that wait for one of all permits.
const TASKS: usize = 24;

/// No thing is begun after so many requests of a round: a fake remembers 1,024, and those in work go
/// on.
const REQUESTS: u64 = 600;

/// The first things of a round stay to its end, so that there is more than one page of them.
const PERMANENT: u32 = 32;

/// Far longer than any call may take by its own limits.
const TOO_LONG: Duration = Duration::from_secs(60);

/// A service's client, and the way to one fake after the other.
pub(crate) struct Client<S> {
    soak: Arc<Soak>,
    service: Arc<S>,
    relay: Relay,
    random: Rng,
    /// The numbers of this client's things, of which the next is not used yet.
    next: Arc<AtomicU32>,
}

/// One round of a client: a fake, a kind of things, and all that happens to them.
struct Round<K: Kind> {
    soak: Arc<Soak>,
    service: Arc<K::Service>,
    kind: Arc<K>,
    fake: FakeOf<K>,
    next: Arc<AtomicU32>,
    /// The numbers of the things that stay.
    permanent: Vec<u32>,
}

/// Runs round after round, until enough calls were made.
pub(crate) async fn run<S: Service>(soak: Arc<Soak>, number: u32, second: bool) {
    let random = Rng::with_seed(soak.seed ^ (u64::from(number) << 32));
    let relay = Relay::start().await.expect("a free port");
    let service = Arc::new(S::new(&relay.origin(), second).expect("it is set up well"));
    let next = Arc::new(AtomicU32::new(number << 24));
    let mut client = Client { soak, service, relay, random, next };
    for turn in u32::from(second).. {
        if client.soak.is_done() {
            return;
        }
        S::round(&mut client, turn).await;
    }
}

impl<S: Service> Client<S> {
    /// A round of this kind of things.
    pub(crate) async fn round<K: Kind<Service = S>>(&mut self) {
        let fake = S::start(&mut self.random).await.expect("a free port");
        let address = fake.any().uri().trim_start_matches("http://").parse();
        self.relay.lead_to(address.expect("an address")).await;
        let mut round = Round {
            soak: Arc::clone(&self.soak),
            service: Arc::clone(&self.service),
            kind: Arc::new(K::of(&self.service)),
            fake,
            next: Arc::clone(&self.next),
            permanent: Vec::new(),
        };
        round.reconnect().await;
        let mut histories = round.create_permanent().await;
        // What there was before the first fault is not part of the comparison.
        let before = round.received_count();
        let schedule = round.queue_faults(&mut self.random);
        let round = Arc::new(round);
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            tasks.spawn(Arc::clone(&round).work());
        }
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok(ended) => histories.extend(ended),
                Err(panic) => round.soak.wrong(|| format!("a task ended early: {panic}")),
            }
        }
        round.wait_until_idle().await;
        round.compare(histories, &schedule, before);
    }
}

impl<K: Kind> Round<K> {
    fn received_count(&self) -> u64 {
        self.fake.any().received_count()
    }

    /// The client finds its connections closed and its token unknown, and has to recover.
    async fn reconnect(&self) {
        let begun = Instant::now();
        for _ in 0..3 {
            let looks = (0..8).map(|_| {
                let kind = Arc::clone(&self.kind);
                async move { kind.look(u32::MAX, &K::never(u32::MAX)).await }
            });
            let results = looks.collect::<JoinSet<_>>().join_all().await;
            let Some(error) = results.into_iter().find_map(Result::err) else { break };
            wait_for_token(&error).await;
        }
        // A busy machine may be too slow for the first attempt.
        let in_time = begun.elapsed() < ATTEMPT;
        if in_time && self.service.tokens(&self.fake).is_some_and(|tokens| tokens > 1) {
            self.soak.wrong(|| "one fetch of a token is not for all who wait".to_owned());
        }
    }

    async fn create_permanent(&mut self) -> Vec<History> {
        let mut histories = Vec::new();
        for _ in 0..PERMANENT {
            let mut thing = self.begin();
            self.act(&mut thing, Action::Create).await;
            // A busy machine alone can be too slow for one.
            if thing.is_there() {
                self.permanent.push(thing.number);
            }
            histories.push(thing);
        }
        let created = self.permanent.len();
        if created < PERMANENT as usize / 2 {
            self.soak.wrong(|| format!("{created} were created before the first fault"));
        }
        histories
    }

    /// Queues the faults of the whole round, and returns what each request meets.
    fn queue_faults(&self, random: &mut Rng) -> Vec<&'static faults::Kind> {
        let fake = self.fake.any();
        let mut schedule = Vec::new();
        let mut without = 0;
        while schedule.len() < 1024 {
            if let Some((kind, fault)) = faults::draw(random) {
                fake.next(without, Fault::none());
                fake.next(1, fault);
                schedule.push(kind);
                without = 0;
            } else {
                schedule.push(&faults::NONE);
                without += 1;
            }
        }
        schedule
    }

    async fn work(self: Arc<Self>) -> Vec<History> {
        let mut histories = Vec::new();
        while self.received_count() < REQUESTS && !self.soak.is_done() {
            histories.push(self.one_thing().await);
        }
        histories
    }

    /// The history of a new thing.
    fn begin(&self) -> History {
        History::new(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes one call of those that are in flight. Its caller may go away, often in the middle.
    async fn call(&self, thing: &History, action: Action, leave: Option<Duration>) -> Report {
        let permit = self.soak.permits.acquire().await;
        self.soak.started.fetch_add(1, Ordering::Relaxed);
        let (number, kind) = (thing.number, &*self.kind);
        let id = thing.id().unwrap_or_else(|| K::never(number));
        let call = async {
            Ok::<_, Error>(match action {
                Action::Create => Report::Done(kind.create(number).await?),
                Action::Ensure => Report::Ensured(kind.ensure(number).await?),
                Action::Look => Report::Seen(kind.look(number, &id).await?),
                Action::List(way) => Report::Listed(kind.list(way).await?),
                Action::Change(change) => Report::Changed(kind.change(number, &id, change).await?),
                Action::Delete => {
                    kind.delete(number, &id).await?;
                    Report::Done(String::new())
                }
                Action::EnsureAbsent => {
                    Report::EnsuredAbsent(kind.ensure_absent(number, &id).await?)
                }
            })
        };
        let report = match timeout(leave.unwrap_or(TOO_LONG), call).await {
            Ok(Ok(report)) => report,
            Ok(Err(error)) => Report::Failed(error),
            Err(_) if leave.is_some() => Report::Cancelled,
            Err(_) => {
                self.soak.wrong(|| "a call did not end within a minute".to_owned());
                Report::Cancelled
            }
        };
        drop(permit);
        *self.soak.tally().outcomes.entry(report.outcome()).or_default() += 1;
        if let Report::Failed(error) = &report {
            wait_for_token(error).await;
        }
        report
    }

    fn record(&self, thing: &mut History, action: Action, report: Report) {
        match action {
            Action::Create => thing.created(1, &report),
            Action::Ensure => thing.created(K::CREATES, &report),
            Action::Change(change) => thing.changed(change, &thing.contents.clone(), &report),
            Action::Delete | Action::EnsureAbsent => thing.removed(&report),
            Action::Look | Action::List(_) => {
                thing.seen(&self.permanent, K::MOVES, &report);
            }
        }
        thing.reports.push((action, report));
    }

    async fn act(&self, thing: &mut History, action: Action) {
        let report = self.call(thing, action, None).await;
        self.record(thing, action, report);
    }

    async fn act_and_leave(&self, thing: &mut History, action: Action, random: &mut Rng) {
        let leave = Duration::from_micros(random.u64(0..8000));
        let report = self.call(thing, action, Some(leave)).await;
        self.record(thing, action, report);
    }

    /// Where the service refuses a second one, one at most of two callers at once created.
    async fn ensure_at_once(&self, thing: &mut History) {
        let ensure = || self.call(thing, Action::Ensure, None);
        let (one, other) = tokio::join!(ensure(), ensure());
        let both = |outcome| one.outcome() == outcome && other.outcome() == outcome;
        let (both_created, both_existed) = (both("Created"), both("AlreadyExisted"));
        // To each, the other's may have been there before.
        let existed = one.outcome() == "AlreadyExisted";
        for report in if existed { [other, one] } else { [one, other] } {
            if thing.most == 0 && report.outcome() == "AlreadyExisted" {
                thing.most = 1;
            }
            self.record(thing, Action::Ensure, report);
        }
        thing.doubtful.clear();
        if both_created {
            thing.doubtful.push("Created by two at once");
        }
        if both_existed {
            thing.wrong.push("AlreadyExisted for both, but no call created it");
        }
    }

    /// Where things have versions, what one of two callers at once added is not lost by the other.
    async fn change_at_once(&self, thing: &mut History) {
        let changes = [Change::Add(START << 1), Change::Add(START << 2)];
        let [one, other] = changes.map(|change| self.call(thing, Action::Change(change), None));
        let (one, other) = tokio::join!(one, other);
        let mut held = thing.contents.clone();
        for change in changes {
            held.extend(thing.contents.iter().map(|held| change.of(*held)));
        }
        for (change, report) in changes.into_iter().zip([one, other]) {
            thing.changed(change, &held, &report);
            thing.reports.push((Action::Change(change), report));
        }
    }

    /// Reads the thing, or lists all.
    async fn read(&self, thing: &mut History, random: &mut Rng) {
        let way = random.u32(..);
        let action = if way.is_multiple_of(8) { Action::List(way / 8) } else { Action::Look };
        self.act(thing, action).await;
    }

    /// Creates a thing, reads it, changes it and removes it, or a part of that.
    async fn one_thing(&self) -> History {
        let mut thing = self.begin();
        let seed = self.soak.seed ^ u64::from(thing.number).rotate_left(40);
        let mut random = Rng::with_seed(seed);
        let removable = K::is_removable(thing.number);
        match random.u32(0..100) {
            0..50 => self.act(&mut thing, Action::Create).await,
            50..70 if K::CREATES > 0 => self.act(&mut thing, Action::Ensure).await,
            70..76 => self.act_and_leave(&mut thing, Action::Create, &mut random).await,
            76..82 if K::CREATES > 1 => self.ensure_at_once(&mut thing).await,
            82..90 if removable => {
                self.act(&mut thing, Action::EnsureAbsent).await;
                return thing;
            }
            _ => {
                self.read(&mut thing, &mut random).await;
                return thing;
            }
        }
        if !thing.is_there() {
            // To ask and to try again is what `ensure` is for, where that cannot create two.
            if thing.most == 1 && K::CREATES > 1 {
                self.act(&mut thing, Action::Ensure).await;
            }
            return thing;
        }
        // Without an id there is nothing to look for, but `ensure` finds it.
        if thing.id().is_some() && random.u32(0..3) == 0 {
            self.read(&mut thing, &mut random).await;
        }
        if K::CREATES > 0 && (thing.id().is_none() || random.u32(0..5) == 0) {
            self.act(&mut thing, Action::Ensure).await;
        }
        if thing.id().is_none() {
            return thing;
        }
        let changes = if K::CHANGES == Changes::No { 0 } else { random.u32(0..3) };
        for _ in 0..changes {
            if K::CHANGES == Changes::Versioned && random.u32(0..4) == 0 {
                self.change_at_once(&mut thing).await;
            } else {
                let change = Action::Change(Change::draw(&mut random));
                match random.u32(0..8) {
                    0 => self.act_and_leave(&mut thing, change, &mut random).await,
                    _ => self.act(&mut thing, change).await,
                }
            }
            // What came now would meet a change that is still on its way.
            if thing.changing {
                self.act(&mut thing, Action::Look).await;
                return thing;
            }
        }
        match random.u32(0..10) {
            0..4 if removable => self.act(&mut thing, Action::Delete).await,
            4..8 if removable => self.act(&mut thing, Action::EnsureAbsent).await,
            _ => {}
        }
        if thing.most == 0 && random.u32(0..5) == 0 {
            self.read(&mut thing, &mut random).await;
        }
        thing
    }

    /// Until what callers no longer waited for has arrived too.
    async fn wait_until_idle(&self) {
        loop {
            let received = self.received_count();
            tokio::time::sleep(Duration::from_millis(100)).await;
            if self.received_count() == received {
                return;
            }
        }
    }

    /// Compares what was reported with what is held, and with what was received.
    fn compare(&self, histories: Vec<History>, schedule: &[&'static faults::Kind], before: u64) {
        let count = self.received_count();
        let mut received = VecDeque::from(self.fake.any().received());
        let known = count == received.len() as u64;
        received.drain(..received.len().min(before as usize));
        let ids: HashMap<String, u32> =
            histories.iter().filter_map(|thing| Some((thing.id()?, thing.number))).collect();
        let mut requests: HashMap<u32, Vec<(&Received, &faults::Kind)>> = HashMap::new();
        for (at, request) in received.iter().enumerate().filter(|_| known) {
            let last = request.path().rsplit('/').next().unwrap_or_default();
            let number = vendors::number(request.target())
                .or_else(|| ids.get(last).copied())
                .or_else(|| vendors::number(&request.body_text()));
            if let Some(number) = number {
                let met = schedule.get(at).copied().unwrap_or(&faults::NONE);
                requests.entry(number).or_default().push((request, met));
            }
        }
        let mut held: HashMap<u32, Vec<u32>> = HashMap::new();
        for (number, content) in self.kind.held(&self.fake) {
            held.entry(number).or_default().push(content);
        }
        self.soak.tally().add_round(known, count, &schedule[..(count - before).min(1024) as usize]);
        for mut thing in histories {
            let held = held.remove(&thing.number).unwrap_or_default();
            let requests = requests.remove(&thing.number).unwrap_or_default();
            let sent = |is_one: fn(&Received) -> bool| {
                requests.iter().filter(|(one, met)| met.processed && is_one(one)).count()
            };
            if sent(K::is_create) > thing.creates || sent(K::is_change) > thing.changes {
                thing.wrong.push("repeated, though it may have arrived");
            }
            if held.len() > 1 {
                thing.wrong.push("created twice");
            } else if held.len() > thing.most {
                thing.wrong.push("there, but should not be");
            } else if held.len() < thing.least {
                thing.wrong.push("lost");
            }
            if !held.iter().all(|content| thing.contents.contains(content)) {
                thing.doubtful.push("holds what no call wrote");
            }
            if known && !requests.iter().any(|(_, met)| met.claims_success) {
                thing.wrong.append(&mut thing.doubtful);
            }
            if !thing.wrong.is_empty() {
                self.soak.wrong(|| thing.explain(std::any::type_name::<K>(), &held, &requests));
            }
        }
        if let Some(number) = held.keys().next() {
            self.soak.wrong(|| format!("{number:08x} is there, and no call created it"));
        }
    }
}

/// No token is fetched for a while after several were refused, as each fake refuses those of the last.
async fn wait_for_token(error: &Error) {
    if let (0, Some(wait)) = (error.attempts(), error.retry_after()) {
        tokio::time::sleep(wait).await;
    }
}
