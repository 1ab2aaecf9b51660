//! What is done with each name, and whether what was said of it was true.

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
use super::faults::{self, Thrown};
use super::relay::Relay;
use super::tale::{Said, Tale};
use super::vendors::{self, ATTEMPT, Change, Changes, FakeOf, Kind, START, Service};

/// Stories of a lane at once, and with them the calls that wait for one of all lanes' permits.
const TELLERS: usize = 24;

/// No story begins after so many requests of a round: a fake remembers 1,024, and those that are being
/// told go on.
const REQUESTS: u64 = 600;

/// The first things of a round stay to its end, so that there is more than one page of them.
const STAYING: u32 = 32;

/// Far longer than any call may take by its own limits.
const TOO_LONG: Duration = Duration::from_secs(60);

/// A service's client, and the way to one fake after the other.
pub(crate) struct Lane<S> {
    soak: Arc<Soak>,
    service: Arc<S>,
    relay: Relay,
    random: Rng,
    /// The numbers of this lane, of which the next is not used yet.
    next: Arc<AtomicU32>,
}

/// One round of a lane: a fake, a kind of things, and all that happens to them.
struct Round<K: Kind> {
    soak: Arc<Soak>,
    service: Arc<K::Service>,
    kind: Arc<K>,
    fake: FakeOf<K>,
    next: Arc<AtomicU32>,
    /// The numbers of the things that stay.
    staying: Vec<u32>,
}

/// Tells stories, round after round, until enough calls were made.
pub(crate) async fn lane<S: Service>(soak: Arc<Soak>, number: u32, second: bool) {
    let random = Rng::with_seed(soak.seed ^ (u64::from(number) << 32));
    let relay = Relay::start().await.expect("a free port");
    let service = S::new(&relay.origin(), second).expect("it is set up well");
    let next = Arc::new(AtomicU32::new(number << 24));
    let mut lane = Lane { soak, service: Arc::new(service), relay, random, next };
    for turn in u32::from(second).. {
        if lane.soak.is_done() {
            return;
        }
        S::round(&mut lane, turn).await;
    }
}

impl<S: Service> Lane<S> {
    /// A round of this kind of things.
    pub(crate) async fn tell<K: Kind<Service = S>>(&mut self) {
        let fake = S::fake(&mut self.random).await.expect("a free port");
        let address = fake.uri().trim_start_matches("http://").parse().expect("an address");
        self.relay.lead_to(address).await;
        let mut round = Round {
            soak: Arc::clone(&self.soak),
            service: Arc::clone(&self.service),
            kind: Arc::new(K::of(&self.service)),
            fake,
            next: Arc::clone(&self.next),
            staying: Vec::new(),
        };
        round.greet().await;
        let mut tales = round.settle().await;
        // What there was before the first fault is not part of the comparison.
        let greeted = round.fake.received_count();
        let schedule = round.throw(&mut self.random);
        let round = Arc::new(round);
        let mut tellers = JoinSet::new();
        for _ in 0..TELLERS {
            tellers.spawn(Arc::clone(&round).tell());
        }
        while let Some(told) = tellers.join_next().await {
            match told {
                Ok(told) => tales.extend(told),
                Err(panic) => round.soak.wrong(|| format!("a story ended early: {panic}")),
            }
        }
        round.calm().await;
        round.compare(tales, &schedule, greeted);
    }
}

impl<K: Kind> Round<K> {
    /// The client finds its connections closed and its token unknown, and has to come to terms.
    async fn greet(&self) {
        let begun = Instant::now();
        for _ in 0..3 {
            let looks = (0..8).map(|_| {
                let kind = Arc::clone(&self.kind);
                async move { kind.look(u32::MAX, &K::never(u32::MAX)).await }
            });
            let answers = looks.collect::<JoinSet<_>>().join_all().await;
            if answers.iter().all(Result::is_ok) {
                break;
            }
        }
        // A busy machine may be too slow for the first attempt.
        let in_time = begun.elapsed() < ATTEMPT;
        if in_time && self.service.tokens(&self.fake).is_some_and(|tokens| tokens != 1) {
            self.soak.wrong(|| "one fetch of a token is not for all who wait".to_owned());
        }
    }

    /// Makes what stays.
    async fn settle(&mut self) -> Vec<Tale> {
        let mut tales = Vec::new();
        for _ in 0..STAYING {
            let mut tale = self.begin();
            self.create(&mut tale).await;
            // A busy machine alone can be too slow for one.
            if tale.is_there() {
                self.staying.push(tale.number);
            }
            tales.push(tale);
        }
        if self.staying.len() < STAYING as usize / 2 {
            self.soak.wrong(|| format!("{} were made before the first fault", self.staying.len()));
        }
        tales
    }

    /// Queues the faults of the whole round.
    fn throw(&self, random: &mut Rng) -> Vec<Thrown> {
        let mut schedule = Vec::new();
        let mut passing = 0;
        while schedule.len() < 1024 {
            let Some((thrown, fault)) = faults::draw(random) else {
                schedule.push(Thrown::NONE);
                passing += 1;
                continue;
            };
            self.fake.next(passing, Fault::none());
            self.fake.next(1, fault);
            schedule.push(thrown);
            passing = 0;
        }
        schedule
    }

    async fn tell(self: Arc<Self>) -> Vec<Tale> {
        let mut tales = Vec::new();
        while self.fake.received_count() < REQUESTS && !self.soak.is_done() {
            tales.push(self.story().await);
        }
        tales
    }

    /// A tale of a name that nobody has used.
    fn begin(&self) -> Tale {
        Tale::new(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// One call of those that are in flight.
    async fn call(&self, call: impl Future<Output = Result<Said, Error>>) -> Said {
        let _permit = self.soak.permits.acquire().await;
        self.soak.started.fetch_add(1, Ordering::Relaxed);
        let said = match timeout(TOO_LONG, call).await {
            Ok(Ok(said)) => said,
            Ok(Err(error)) => Said::Failed(error),
            Err(_) => {
                self.soak.wrong(|| "a call did not end within a minute".to_owned());
                Said::GoneAway
            }
        };
        *self.soak.tally().outcomes.entry(said.outcome()).or_default() += 1;
        said
    }

    async fn create(&self, tale: &mut Tale) {
        let said = self.call(async { self.kind.create(tale.number).await.map(Said::Done) }).await;
        tale.made("create", 1, said);
    }

    async fn begin_to_create(&self, tale: &mut Tale, wait: Duration) {
        let call = async { self.kind.create(tale.number).await.map(Said::Done) };
        let said = self.call(go_away(wait, call)).await;
        tale.made("begin to create", 1, said);
    }

    async fn ensure(&self, tale: &mut Tale) {
        let call = async { self.kind.ensure(tale.number).await.map(Said::Ensured) };
        let said = self.call(call).await;
        tale.made("ensure", K::CREATES, said);
    }

    /// Where the service refuses a second one, one at most of two callers at once created.
    async fn ensure_at_once(&self, tale: &mut Tale) {
        let call = || async { self.kind.ensure(tale.number).await.map(Said::Ensured) };
        let (one, other) = tokio::join!(self.call(call()), self.call(call()));
        let both = |word| one.outcome() == word && other.outcome() == word;
        let (both_created, both_existed) = (both("Created"), both("Existed"));
        // To each, the other's may have been there before.
        let first = if one.outcome() == "Existed" { [other, one] } else { [one, other] };
        for said in first {
            if tale.most == 0 && said.outcome() == "Existed" {
                tale.most = 1;
            }
            tale.made("ensure at once", K::CREATES, said);
        }
        tale.doubtful.clear();
        if both_created {
            tale.doubtful.push("Created by two at once");
        }
        if both_existed {
            tale.untrue.push("Existed for both, but nobody had made it");
        }
    }

    async fn look(&self, tale: &mut Tale) {
        let id = tale.id().unwrap_or_else(|| K::never(tale.number));
        let call = async { self.kind.look(tale.number, &id).await.map(Said::Seen) };
        let said = self.call(call).await;
        tale.seen("look", &self.staying, K::MOVES, said);
    }

    /// Looks at it, at all there are, or at something that nobody changes.
    async fn read(&self, tale: &mut Tale, random: &mut Rng) {
        let way = random.u32(..);
        match random.u32(0..8) {
            0 => {
                let call = async { self.kind.list(way).await.map(Said::Listed) };
                let said = self.call(call).await;
                tale.seen("list", &self.staying, K::MOVES, said);
            }
            1 => {
                let call = async { self.service.read(way).await.map(Said::Read) };
                let said = self.call(call).await;
                tale.seen("read", &self.staying, K::MOVES, said);
            }
            _ => self.look(tale).await,
        }
    }

    async fn change(&self, tale: &mut Tale, random: &mut Rng) {
        let id = tale.id().unwrap_or_default();
        let change = Change::draw(random);
        let call = async { self.kind.change(tale.number, &id, change).await.map(Said::Changed) };
        let held = tale.contents.clone();
        if random.u32(0..8) == 0 {
            let wait = Duration::from_micros(random.u64(0..8000));
            let said = self.call(go_away(wait, call)).await;
            tale.changed("begin to change", change, &held, said);
        } else {
            let said = self.call(call).await;
            tale.changed("change", change, &held, said);
        }
    }

    /// Where things have versions, what one of two callers at once added is not lost by the other.
    async fn change_at_once(&self, tale: &mut Tale) {
        let id = tale.id().unwrap_or_default();
        let [one, other] = [Change::Add(START << 1), Change::Add(START << 2)];
        let call = |change| {
            let change = self.kind.change(tale.number, &id, change);
            self.call(async { change.await.map(Said::Changed) })
        };
        let (first, second) = tokio::join!(call(one), call(other));
        let mut held = tale.contents.clone();
        held.extend(tale.contents.iter().flat_map(|held| [one.of(*held), other.of(*held)]));
        tale.changed("change at once", one, &held, first);
        tale.changed("change at once", other, &held, second);
    }

    async fn delete(&self, tale: &mut Tale) {
        let id = tale.id().unwrap_or_default();
        let call =
            async { self.kind.delete(tale.number, &id).await.map(|()| Said::Done(String::new())) };
        let said = self.call(call).await;
        tale.removed("delete", said);
    }

    async fn ensure_absent(&self, tale: &mut Tale) {
        let id = tale.id().unwrap_or_else(|| K::never(tale.number));
        let call =
            async { self.kind.ensure_absent(tale.number, &id).await.map(Said::EnsuredAbsent) };
        let said = self.call(call).await;
        tale.removed("ensure_absent", said);
    }

    async fn story(&self) -> Tale {
        let mut tale = self.begin();
        let seed = self.soak.seed ^ u64::from(tale.number).rotate_left(40);
        let mut random = Rng::with_seed(seed);
        let removable = K::is_removable(tale.number);
        match random.u32(0..100) {
            0..50 => self.create(&mut tale).await,
            50..70 if K::CREATES > 0 => self.ensure(&mut tale).await,
            70..76 => {
                let wait = Duration::from_micros(random.u64(0..8000));
                self.begin_to_create(&mut tale, wait).await;
            }
            76..82 if K::CREATES > 1 => self.ensure_at_once(&mut tale).await,
            82..90 if removable => {
                self.ensure_absent(&mut tale).await;
                return tale;
            }
            _ => {
                self.read(&mut tale, &mut random).await;
                return tale;
            }
        }
        if !tale.is_there() {
            // To ask and to try again is what `ensure` is for, where that cannot make two.
            if tale.most == 1 && K::CREATES > 1 {
                self.ensure(&mut tale).await;
            }
            return tale;
        }
        // Without an id there is nothing to look for, but `ensure` finds it.
        if tale.id().is_some() && random.u32(0..3) == 0 {
            self.read(&mut tale, &mut random).await;
        }
        if K::CREATES > 0 && (tale.id().is_none() || random.u32(0..5) == 0) {
            self.ensure(&mut tale).await;
        }
        if tale.id().is_none() {
            return tale;
        }
        if K::CHANGES != Changes::No {
            self.change_now_and_then(&mut tale, &mut random).await;
            // It would find what came after it.
            if tale.changing {
                self.look(&mut tale).await;
                return tale;
            }
        }
        if removable {
            match random.u32(0..10) {
                0..4 => self.delete(&mut tale).await,
                4..8 => self.ensure_absent(&mut tale).await,
                _ => {}
            }
        }
        if tale.most == 0 && random.u32(0..5) == 0 {
            self.read(&mut tale, &mut random).await;
        }
        tale
    }

    /// Until one of them is in doubt.
    async fn change_now_and_then(&self, tale: &mut Tale, random: &mut Rng) {
        for _ in 0..random.u32(0..3) {
            if K::CHANGES == Changes::Versioned && random.u32(0..4) == 0 {
                self.change_at_once(tale).await;
            } else {
                self.change(tale, random).await;
            }
            if tale.changing {
                return;
            }
        }
    }

    /// Until what callers no longer waited for has arrived too.
    async fn calm(&self) {
        loop {
            let received = self.fake.received_count();
            tokio::time::sleep(Duration::from_millis(100)).await;
            if self.fake.received_count() == received {
                return;
            }
        }
    }

    /// Compares what was said with what is held, and with what was received.
    fn compare(&self, tales: Vec<Tale>, schedule: &[Thrown], greeted: u64) {
        let mut received = VecDeque::from(self.fake.received());
        let count = self.fake.received_count();
        let known = count == received.len() as u64;
        received.drain(..received.len().min(greeted as usize));
        let met = |at: usize| schedule.get(at).copied().unwrap_or(Thrown::NONE);
        let ids = tales.iter().filter_map(|tale| Some((tale.id()?, tale.number)));
        let ids: HashMap<String, u32> = ids.collect();
        let mut by_number: HashMap<u32, Vec<(&Received, Thrown)>> = HashMap::new();
        if known {
            for (at, request) in received.iter().enumerate() {
                let last = request.path().rsplit('/').next().unwrap_or_default();
                let number = vendors::number(request.target())
                    .or_else(|| ids.get(last).copied())
                    .or_else(|| vendors::number(&request.body_text()));
                if let Some(number) = number {
                    by_number.entry(number).or_default().push((request, met(at)));
                }
            }
        }
        let mut held: HashMap<u32, Vec<u32>> = HashMap::new();
        for (number, content) in self.kind.held(&self.fake) {
            held.entry(number).or_default().push(content);
        }
        {
            let mut tally = self.soak.tally();
            tally.rounds += 1;
            tally.forgotten += u64::from(!known);
            tally.requests += count;
            for thrown in schedule.iter().take((count - greeted) as usize) {
                *tally.faults.entry(thrown.name).or_default() += 1;
            }
        }
        for mut tale in tales {
            let held = held.remove(&tale.number).unwrap_or_default();
            let requests = by_number.remove(&tale.number).unwrap_or_default();
            let sent = |is_one: fn(&Received) -> bool| {
                let arrived =
                    requests.iter().filter(|(request, met)| met.passes && is_one(request));
                arrived.count()
            };
            if sent(K::is_create) > tale.creates as usize
                || sent(K::is_change) > tale.changes as usize
            {
                tale.untrue.push("sent again, though it may have arrived");
            }
            if held.len() > 1 {
                tale.untrue.push("doubled");
            } else if held.len() > tale.most {
                tale.untrue.push("there, but should not be");
            } else if held.len() < tale.least {
                tale.untrue.push("lost");
            }
            if !held.iter().all(|content| tale.contents.contains(content)) {
                tale.doubtful.push("holds what nobody said");
            }
            if known && !requests.iter().any(|(_, met)| met.flatters) {
                tale.untrue.append(&mut tale.doubtful);
            }
            if !tale.untrue.is_empty() {
                self.soak.wrong(|| tale.explain(std::any::type_name::<K>(), &held, &requests));
            }
        }
        if let Some(number) = held.keys().next() {
            self.soak.wrong(|| format!("{number:08x} is there, and nobody made it"));
        }
    }
}

/// A caller that goes away after a moment, often in the middle.
async fn go_away(
    wait: Duration,
    call: impl Future<Output = Result<Said, Error>>,
) -> Result<Said, Error> {
    timeout(wait, call).await.unwrap_or(Ok(Said::GoneAway))
}
