//! What is done with each name, and whether what was said of it was true.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fastrand::Rng;
use rolecall::testing::{Fault, Received};
use rolecall::{Effect, Ensured, EnsuredAbsent, Error};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Soak;
use super::faults::{self, Thrown};
use super::relay::Relay;
use super::vendors::{self, Vendor};

/// All that a call can come to.
pub(crate) const OUTCOMES: &[&str] = &[
    "done",
    "not applied",
    "unknown",
    "applied",
    "gone away",
    "Created",
    "Existed",
    "Present",
    "Removed",
    "WasAbsent",
    "Absent",
    "seen",
    "not seen",
];

/// Stories of a lane at once, and with them the calls that wait for one of all lanes' permits.
const TELLERS: usize = 24;

/// No story begins after so many requests of a round: a fake remembers 1,024, and those that are being
/// told go on.
const REQUESTS: u64 = 600;

/// Far longer than any call may take by its own limits.
const TOO_LONG: Duration = Duration::from_secs(60);

/// What a call said.
#[derive(Clone, Debug)]
enum Said {
    Done(String),
    Ensured(Ensured<String>),
    EnsuredAbsent(EnsuredAbsent),
    Seen(bool),
    Failed(Error),
    /// Nothing: its caller did not wait.
    GoneAway,
}

impl Said {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Ensured(Ensured::Created(_)) => "Created",
            Self::Ensured(Ensured::Existed(_)) => "Existed",
            Self::Ensured(Ensured::Present(_)) => "Present",
            Self::EnsuredAbsent(EnsuredAbsent::Removed) => "Removed",
            Self::EnsuredAbsent(EnsuredAbsent::WasAbsent) => "WasAbsent",
            Self::EnsuredAbsent(EnsuredAbsent::Absent) => "Absent",
            Self::Seen(true) => "seen",
            Self::Seen(false) => "not seen",
            Self::Failed(error) => match error.effect() {
                Effect::NotApplied => "not applied",
                Effect::Unknown => "unknown",
                Effect::Applied => "applied",
            },
            Self::GoneAway => "gone away",
        }
    }

    /// The id of what a call made or found.
    fn id(&self) -> Option<&str> {
        match self {
            Self::Done(id) => Some(id),
            Self::Ensured(ensured) => Some(ensured.get()),
            _ => None,
        }
    }
}

/// All that was said of a name, and what follows from it.
struct Tale {
    number: u32,
    said: Vec<(&'static str, Said)>,
    /// How many things of this name may be there in the end.
    least: usize,
    most: usize,
    /// How often the service may have been asked to make it.
    creates: u32,
    /// What is untrue.
    untrue: Vec<&'static str>,
    /// What is untrue unless an answer said more than the service did.
    doubtful: Vec<&'static str>,
}

impl Tale {
    fn new(number: u32) -> Self {
        Self {
            number,
            said: Vec::new(),
            least: 0,
            most: 0,
            creates: 0,
            untrue: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    fn is_there(&self) -> bool {
        self.least > 0
    }

    /// A create, or an `ensure`, of what is there, is not, or may be.
    fn made(&mut self, by: &'static str, creates: u32, said: Said) {
        self.creates += creates;
        let (there, never) = (self.is_there(), self.most == 0);
        match &said {
            Said::Ensured(Ensured::Existed(_)) if never => {
                self.untrue.push("Existed, but nobody had made it");
            }
            Said::Ensured(Ensured::Created(_)) if there => {
                self.doubtful.push("Created, but it was there");
            }
            _ => {}
        }
        let applied = matches!(&said, Said::Failed(error) if error.effect() == Effect::Applied);
        if applied || said.id().is_some() {
            (self.least, self.most) = (1, 1);
        } else if said.outcome() != "not applied" {
            self.most = 1;
        }
        self.said.push((by, said));
    }

    /// A removal of what is there, or never was.
    fn removed(&mut self, by: &'static str, said: Said) {
        match &said {
            Said::EnsuredAbsent(EnsuredAbsent::WasAbsent) if self.is_there() => {
                self.untrue.push("WasAbsent, but it was there");
            }
            Said::EnsuredAbsent(EnsuredAbsent::Removed) if self.most == 0 => {
                self.doubtful.push("Removed, but nobody had made it");
            }
            _ => {}
        }
        match said.outcome() {
            "not applied" => {}
            "unknown" | "gone away" => self.least = 0,
            _ => (self.least, self.most) = (0, 0),
        }
        self.said.push((by, said));
    }

    fn seen(&mut self, said: Said) {
        match &said {
            Said::Seen(true) if self.most == 0 => self.untrue.push("seen, but nobody had made it"),
            Said::Seen(false) if self.is_there() => self.untrue.push("there, but not seen"),
            Said::Failed(error) if error.effect() != Effect::NotApplied => {
                self.untrue.push("reading left a doubt");
            }
            _ => {}
        }
        self.said.push(("look", said));
    }
}

/// One round of a lane: a fake, and all that happens on it.
struct Round<V: Vendor> {
    soak: Arc<Soak>,
    client: Arc<V>,
    fake: V::Fake,
    lane: u32,
    next: Arc<AtomicU32>,
}

/// Tells stories, round after round, until enough calls were made.
pub(crate) async fn lane<V: Vendor>(soak: Arc<Soak>, lane: u32) {
    let mut random = Rng::with_seed(soak.seed ^ (u64::from(lane) << 32));
    let relay = Relay::start().await.expect("a free port");
    let client = Arc::new(V::new(&relay.origin()).expect("it is set up well"));
    let next = Arc::new(AtomicU32::new(0));
    while !soak.is_done() {
        let fake = V::fake(&mut random).await.expect("a free port");
        let address = fake.uri().trim_start_matches("http://").parse().expect("an address");
        relay.lead_to(address).await;
        let (soak, client, next) = (Arc::clone(&soak), Arc::clone(&client), Arc::clone(&next));
        let round = Arc::new(Round { soak, client, fake, lane, next });
        round.greet().await;
        // Whatever greeted it is not part of the comparison.
        let greeted = round.fake.received_count();
        let schedule = round.throw(&mut random);
        let mut tellers = JoinSet::new();
        for _ in 0..TELLERS {
            tellers.spawn(Arc::clone(&round).tell());
        }
        let mut tales = Vec::new();
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

impl<V: Vendor> Round<V> {
    /// The client finds its connections closed and its token unknown, and has to come to terms.
    async fn greet(&self) {
        for _ in 0..3 {
            let looks = (0..8).map(|_| {
                let client = Arc::clone(&self.client);
                async move { client.look(u32::MAX, &V::never(u32::MAX)).await }
            });
            let answers = looks.collect::<JoinSet<_>>().join_all().await;
            if answers.iter().all(Result::is_ok) {
                break;
            }
        }
        if V::tokens(&self.fake).is_some_and(|tokens| tokens != 1) {
            self.soak.wrong(|| "one fetch of a token is not for all who wait".to_owned());
        }
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
            let number = (self.lane << 24) | self.next.fetch_add(1, Ordering::Relaxed);
            tales.push(self.story(number).await);
        }
        tales
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
        let said = self.call(async { self.client.create(tale.number).await.map(Said::Done) }).await;
        tale.made("create", 1, said);
    }

    /// Goes away after a moment, often in the middle.
    async fn begin_to_create(&self, tale: &mut Tale, wait: Duration) {
        let call = self.client.create(tale.number);
        let said = self.call(async {
            match timeout(wait, call).await {
                Ok(done) => done.map(Said::Done),
                Err(_) => Ok(Said::GoneAway),
            }
        });
        let said = said.await;
        tale.made("begin to create", 1, said);
    }

    async fn ensure(&self, tale: &mut Tale) {
        let call = async { self.client.ensure(tale.number).await.map(Said::Ensured) };
        let said = self.call(call).await;
        tale.made("ensure", V::CREATES, said);
    }

    /// Where the service refuses a second one, one at most of two callers at once created.
    async fn ensure_at_once(&self, tale: &mut Tale) {
        let call = || async { self.client.ensure(tale.number).await.map(Said::Ensured) };
        let (one, other) = tokio::join!(self.call(call()), self.call(call()));
        let both = |word| one.outcome() == word && other.outcome() == word;
        let (both_created, both_existed) = (both("Created"), both("Existed"));
        // To each, the other's may have been there before.
        let first = if one.outcome() == "Existed" { [other, one] } else { [one, other] };
        for said in first {
            if tale.most == 0 && said.outcome() == "Existed" {
                tale.most = 1;
            }
            tale.made("ensure at once", V::CREATES, said);
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
        let id = tale.id().unwrap_or_else(|| V::never(tale.number));
        let said =
            self.call(async { self.client.look(tale.number, &id).await.map(Said::Seen) }).await;
        tale.seen(said);
    }

    async fn delete(&self, tale: &mut Tale) {
        let id = tale.id().unwrap_or_default();
        let call = async {
            self.client.delete(tale.number, &id).await.map(|()| Said::Done(String::new()))
        };
        let said = self.call(call).await;
        tale.removed("delete", said);
    }

    async fn ensure_absent(&self, tale: &mut Tale) {
        let id = tale.id().unwrap_or_else(|| V::never(tale.number));
        let call =
            async { self.client.ensure_absent(tale.number, &id).await.map(Said::EnsuredAbsent) };
        let said = self.call(call).await;
        tale.removed("ensure_absent", said);
    }

    async fn story(&self, number: u32) -> Tale {
        let mut random = Rng::with_seed(self.soak.seed ^ u64::from(number).rotate_left(40));
        let mut tale = Tale::new(number);
        let removable = V::is_removable(number);
        match random.u32(0..100) {
            0..50 => self.create(&mut tale).await,
            50..70 => self.ensure(&mut tale).await,
            70..76 => {
                let wait = Duration::from_micros(random.u64(0..8000));
                self.begin_to_create(&mut tale, wait).await;
            }
            76..82 if V::CREATES > 1 => self.ensure_at_once(&mut tale).await,
            82..90 if removable => {
                self.ensure_absent(&mut tale).await;
                return tale;
            }
            _ => {
                self.look(&mut tale).await;
                return tale;
            }
        }
        if !tale.is_there() {
            // To ask and to try again is what `ensure` is for, where that cannot make two.
            if tale.most == 1 && V::CREATES > 1 {
                self.ensure(&mut tale).await;
            }
            return tale;
        }
        // Without an id there is nothing to look for, but `ensure` finds it.
        if tale.id().is_some() && random.u32(0..3) == 0 {
            self.look(&mut tale).await;
        }
        if tale.id().is_none() || random.u32(0..5) == 0 {
            self.ensure(&mut tale).await;
        }
        if removable && tale.id().is_some() {
            match random.u32(0..10) {
                0..4 => self.delete(&mut tale).await,
                4..8 => self.ensure_absent(&mut tale).await,
                _ => {}
            }
        }
        if tale.most == 0 && random.u32(0..5) == 0 {
            self.look(&mut tale).await;
        }
        tale
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
        let mut by_number: HashMap<u32, Vec<(&Received, Thrown)>> = HashMap::new();
        if known {
            for (at, request) in received.iter().enumerate() {
                let named = vendors::number(request.target());
                if let Some(number) = named.or_else(|| vendors::number(&request.body_text())) {
                    by_number.entry(number).or_default().push((request, met(at)));
                }
            }
        }
        let mut held: HashMap<u32, usize> = HashMap::new();
        for number in V::held(&self.fake) {
            *held.entry(number).or_default() += 1;
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
            let creates =
                |(request, met): &&(&Received, Thrown)| request.method() == "POST" && met.passes;
            if requests.iter().filter(creates).count() > tale.creates as usize {
                tale.untrue.push("sent again, though it may have arrived");
            }
            if held > 1 {
                tale.untrue.push("doubled");
            } else if held > tale.most {
                tale.untrue.push("there, but should not be");
            } else if held < tale.least {
                tale.untrue.push("lost");
            }
            if known && !requests.iter().any(|(_, met)| met.flatters) {
                tale.untrue.append(&mut tale.doubtful);
            }
            if !tale.untrue.is_empty() {
                self.soak.wrong(|| tale.explain(std::any::type_name::<V>(), held, &requests));
            }
        }
        if let Some(number) = held.keys().next() {
            self.soak.wrong(|| format!("{number:08x} is there, and nobody made it"));
        }
    }
}

impl Tale {
    /// What the service calls it, where a call said so.
    fn id(&self) -> Option<String> {
        let said = self.said.iter().find_map(|(_, said)| said.id());
        said.map(str::to_owned).filter(|id| !id.is_empty())
    }

    fn explain(&self, vendor: &str, held: usize, requests: &[(&Received, Thrown)]) -> String {
        let mut text =
            format!("{vendor} {:08x}: {}; held {held}", self.number, self.untrue.join(", "));
        for (by, said) in &self.said {
            let _ = match said {
                Said::Failed(error) => write!(text, "\n  {by} said: {error}"),
                said => write!(text, "\n  {by} said: {said:?}"),
            };
        }
        for (request, met) in requests {
            let _ = write!(text, "\n  {} {} met {met:?}", request.method(), request.target());
        }
        text
    }
}
