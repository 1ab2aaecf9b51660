//! Every fault at every request of what makes several, over real sockets: what it says that it did
//! is what the service holds, nothing is made twice, and the same client works on.
#![cfg(any(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]

mod support {
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod matrix;
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod raw;
    #[allow(dead_code, unused_imports, reason = "not every vendor needs all of it")]
    pub(crate) mod steps;
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod truth;
}

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rolecall::{Effect, Error, ErrorKind};
use support::matrix::{GZIP_HEAD, LIMIT, check, eager, impatient, run, stored};
use support::raw::{Door, Raw, Reply, complete};
use support::steps::{Caller, Goal, Service, Told, Way, every_way};
use support::truth::check_form;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The service's own answer to a request.
#[derive(Default)]
struct Answer {
    bytes: Vec<u8>,
    /// Where its body begins.
    body: usize,
}

impl Answer {
    fn status(&self) -> &str {
        std::str::from_utf8(&self.bytes[9..12]).expect("a status")
    }

    fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }

    /// Half of its body, or of its head where it has none.
    fn half(&self) -> &[u8] {
        match self.body().len() {
            0 => &self.bytes[..self.body / 2],
            length => &self.bytes[..self.body + length / 2],
        }
    }

    /// The same status with another body.
    fn with(&self, lines: &str, body: &[u8]) -> Vec<u8> {
        let (status, length) = (self.status(), body.len());
        let head = format!("HTTP/1.1 {status} Other\r\n{lines}content-length: {length}\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    /// The same answer on a connection that is not to be used again.
    fn last(&self) -> Reply {
        let line = self.bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
        let (start, rest) = self.bytes.split_at(line);
        Reply::close([start, b"connection: close\r\n", rest].concat())
    }
}

/// Has the service carry out a request.
async fn pass_on(service: &str, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(service).await.expect("the fake listens");
    stream.write_all(request).await.expect("it listens on");
    let mut bytes = Vec::new();
    while complete(&bytes).is_none() {
        assert!(stream.read_buf(&mut bytes).await.expect("it answers") > 0, "it answers whole");
    }
    let body = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("it has a head") + 4;
    Answer { bytes, body }
}

/// What is promised of the request that a fault meets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// It is tried again, unless it could make the change twice.
    Again,
    /// It is not tried again, and what it did is found out.
    FoundOut,
    /// Nothing but the truth.
    Nothing,
}

/// One fault.
#[derive(Clone)]
struct Case {
    name: String,
    then: Then,
    /// Whether the service carries out the request.
    carried: bool,
    /// Whether the client only notices by waiting.
    silent: bool,
    /// Whether it also stands for others: where it lasts, and on ways that wait.
    chief: bool,
    /// Made of the service's answer; none where nobody listens any more.
    reply: Option<MakeReply>,
}

type MakeReply = Arc<dyn Fn(&Answer) -> Reply + Send + Sync>;

impl Case {
    /// A fault in the service's own answer.
    fn of(
        name: impl Into<String>,
        then: Then,
        reply: impl Fn(&Answer) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let reply: MakeReply = Arc::new(reply);
        Self {
            name: name.into(),
            then,
            carried: true,
            silent: false,
            chief: false,
            reply: Some(reply),
        }
    }

    /// A fault in its place, where the service does not see the request.
    fn instead(name: impl Into<String>, then: Then, reply: Reply) -> Self {
        Self { carried: false, ..Self::of(name, then, move |_| reply.clone()) }
    }

    /// A fault that does not tell whether the service carried out the request: where it did not, and
    /// where it did.
    fn either(name: impl Into<String>, then: Then, reply: Reply) -> [Self; 2] {
        let name = name.into();
        let before = Self::instead(format!("{name}, not carried out"), then, reply);
        let carried =
            Self { name: format!("{name}, carried out"), carried: true, ..before.clone() };
        [before, carried]
    }

    fn silent(self) -> Self {
        Self { silent: true, ..self }
    }

    fn chief(self) -> Self {
        Self { chief: true, ..self }
    }
}

/// The faults that a request of this way meets with. That many more are met alike is told by the
/// matrix of single requests.
fn cases(way: &Way) -> Vec<Case> {
    use Then::{Again, FoundOut, Nothing};

    let status = |status, lines: &[(&str, &str)]| Reply::http(status, lines, b"");
    let mut all = Vec::new();
    all.extend(Case::either("closed", Again, Reply::close("")).map(Case::chief));
    all.extend(Case::either("500", Again, status(500, &[])).map(Case::chief));
    all.extend(Case::either("reset", Again, Reply::reset("")));
    all.extend(Case::either("408", Again, status(408, &[])));
    all.extend(Case::either("202", FoundOut, Reply::http(202, &[], b"{}")));
    let [silence, carried] = Case::either("silence", Again, Reply::stall(""));
    all.extend([silence.silent().chief(), carried.silent()]);
    all.push(Case::instead("no HTTP", Again, Reply::close("SSH-2.0-OpenSSH_9.9\r\n")));
    all.push(Case::instead("closed in the head", Again, Reply::close("HTTP/1.1 200 OK\r\nco")));
    let page = Reply::http(502, &[("content-type", "text/html")], b"<html></html>");
    all.push(Case::instead("502", Again, page));
    all.push(Case::instead("503, wait 0", Again, status(503, &[("retry-after", "0")])));
    all.push(Case::instead("504", Again, status(504, &[])));
    all.push(Case::instead("429, wait 0", Again, status(429, &[("retry-after", "0")])));
    all.push(Case::instead("429, wait long", Nothing, status(429, &[("retry-after", "3600")])));
    all.extend(
        [403, 404].map(|code| Case::instead(code.to_string(), Nothing, status(code, &[])).chief()),
    );
    all.extend([301, 400, 401, 409, 412].map(|code| {
        let reply = status(code, &[("location", "/elsewhere")]);
        Case::instead(code.to_string(), Nothing, reply)
    }));
    all.extend(way.facts.elsewhere.iter().map(|(code, body)| {
        let reply = Reply::http(*code, &[("content-type", "application/json")], body.as_bytes());
        Case::instead(format!("{code} {body}"), Nothing, reply)
    }));
    all.push(Case::of("{}", FoundOut, |own| Reply::keep(own.with("", b"{}"))).chief());
    for (name, body) in [
        ("nothing", b"".to_vec()),
        ("invalid UTF-8", b"{\"\xff\":\"\xff\"}".to_vec()),
        ("100,000 levels", "[".repeat(100_000).into_bytes()),
    ] {
        all.push(Case::of(name, FoundOut, move |own| Reply::keep(own.with("", &body))));
    }
    all.extend([
        Case::of("too large", FoundOut, |own| {
            Reply::keep(own.with("", &[own.body(), &[b' '; LIMIT]].concat()))
        }),
        Case::of("gzip", FoundOut, |own| {
            let body = [GZIP_HEAD, &stored(own.body())].concat();
            Reply::keep(own.with("content-encoding: gzip\r\n", &body))
        }),
        Case::of("half of it", FoundOut, |own| Reply::close(own.half())).chief(),
        Case::of("half of it, reset", FoundOut, |own| Reply::reset(own.half())),
        Case::of("half of it, and silence", FoundOut, |own| Reply::stall(own.half())).silent(),
        // In order, but the next request may meet with it.
        Case::of("its answer and another", Nothing, |own| {
            Reply::keep([&own.bytes[..], b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n"].concat())
        }),
        Case::of("its answer and the end", Nothing, |own| Reply::close(own.bytes.clone())),
    ]);
    #[cfg(unix)]
    all.push(
        Case { reply: None, ..Case::instead("nobody listens", Nothing, Reply::close("")) }.chief(),
    );
    all
}

/// Which requests meet with a fault.
#[derive(Clone)]
struct Fault {
    case: Case,
    /// The number of the first.
    at: usize,
    /// Whether all that follow do too.
    lasting: bool,
}

impl Fault {
    fn meets(&self, nth: usize) -> bool {
        nth == self.at || self.lasting && nth > self.at
    }
}

/// A request that arrived.
#[derive(Clone, Debug)]
struct Arrival {
    method: String,
    /// Whether it could make the change.
    changes: bool,
    /// Whether its answer was a success of the service, by whatever fault it met.
    succeeded: bool,
    /// Whether the client is told that nothing was done.
    refused: bool,
}

/// Stands between a client and a service.
struct Relay {
    service: String,
    door: Door,
    steps: Vec<&'static str>,
    fault: Option<Fault>,
    misbehaves: AtomicBool,
    arrivals: Mutex<Vec<Arrival>>,
}

impl Relay {
    fn is_silent(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.case.silent)
    }

    /// What becomes of the n-th request, where that is not what the service makes of it.
    fn fault(&self, nth: usize) -> Option<Case> {
        if !self.misbehaves.load(Ordering::SeqCst) {
            return None;
        }
        let lost = || Case::instead("lost", Then::Again, Reply::close(""));
        match &self.fault {
            Some(fault) if fault.meets(nth) => Some(fault.case.clone()),
            _ => match self.steps.get(nth)?.chars().last()? {
                '?' => Some(lost()),
                '!' => Some(Case { carried: true, ..lost() }),
                _ => None,
            },
        }
    }

    /// Whether nobody listens for the n-th request.
    fn shut_before(&self, nth: usize) -> bool {
        let is_shut = self.fault(nth).is_some_and(|fault| fault.reply.is_none());
        if is_shut {
            self.door.shut();
        }
        is_shut
    }

    async fn answer(&self, request: &[u8]) -> Reply {
        let line = String::from_utf8_lossy(request);
        let mut line = line.split(' ');
        let method = line.next().unwrap_or_default().to_owned();
        let changes = method != "GET" && line.next() != Some("/v2/token");
        let nth = {
            let mut arrivals = self.arrivals.lock().expect("no panic");
            arrivals.push(Arrival { method, changes, succeeded: false, refused: false });
            arrivals.len() - 1
        };
        let fault = self.fault(nth);
        let own = match fault.as_ref().is_none_or(|fault| fault.carried) {
            true => pass_on(&self.service, request).await,
            false => Answer::default(),
        };
        // By the time that this answer arrives.
        let is_last = self.shut_before(nth + 1);
        let reply = match fault.and_then(|fault| fault.reply) {
            Some(reply) => reply(&own),
            None if is_last || self.is_silent() => own.last(),
            None => Reply::keep(own.bytes.clone()),
        };
        if let Some(arrival) = self.arrivals.lock().expect("no panic").get_mut(nth) {
            arrival.succeeded = own.bytes.get(9) == Some(&b'2');
            arrival.refused = matches!(reply.status(), Some(300..=407 | 409..=499));
        }
        reply
    }
}

/// A service behind a relay, and one client of it.
struct Stage {
    way: Way,
    service: Box<dyn Service>,
    relay: Arc<Relay>,
    raw: Raw,
    caller: Caller,
}

/// What came of a call.
struct Outcome {
    before: Vec<String>,
    after: Vec<String>,
    arrivals: Vec<Arrival>,
    result: Result<Told, Error>,
}

impl Stage {
    async fn new(way: Way, fault: Option<Fault>) -> Self {
        let service = way.start().await;
        let relay = Arc::new(Relay {
            service: service.uri().replace("http://", ""),
            door: Door::open(),
            steps: way.steps.split(' ').collect(),
            fault,
            misbehaves: AtomicBool::new(true),
            arrivals: Mutex::default(),
        });
        relay.shut_before(0);
        let answers = Arc::clone(&relay);
        let raw = Raw::behind(
            relay.door.clone(),
            |_| None,
            move |request| {
                let relay = Arc::clone(&answers);
                async move { relay.answer(&request).await }
            },
        );
        let options = if relay.is_silent() { impatient() } else { eager() };
        let caller = service.caller(&raw.origin(), options);
        Self { way, service, relay, raw, caller }
    }

    async fn call(&self) -> Outcome {
        self.relay.arrivals.lock().expect("no panic").clear();
        let before = self.service.held();
        let result = (self.caller)().await;
        if self.relay.is_silent() {
            self.settled().await;
        }
        let arrivals = self.relay.arrivals.lock().expect("no panic").clone();
        Outcome { before, after: self.service.held(), arrivals, result }
    }

    /// Until nothing is on its way any more that the client has given up.
    async fn settled(&self) {
        // Behind all that connected before it.
        let mut last = TcpStream::connect(self.raw.address()).await.expect("it listens");
        last.shutdown().await.expect("it is open");
        // A reset is an end, too.
        let _ = last.read(&mut [0]).await;
        while self.raw.open() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The same client makes the same call without faults.
    async fn works_on(&self) -> Result<(), String> {
        self.relay.misbehaves.store(false, Ordering::SeqCst);
        self.relay.door.reopen();
        for _ in 0..20 {
            let outcome = self.call().await;
            truthful(&self.way, &outcome).map_err(|what| format!("then {what}"))?;
            if is_usual(&self.way, &outcome) {
                return Ok(());
            }
            // A connection that the fault left dead may cost a try, and so may a slow machine.
            let passing = match &outcome.result {
                Ok(told) => self.relay.is_silent() || matches!(told, Told::Present | Told::Absent),
                Err(error) => matches!(
                    error.kind(),
                    ErrorKind::Interrupted | ErrorKind::Timeout | ErrorKind::Connect
                ),
            };
            check(passing, || format!("then {:?}", outcome.result))?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err("it does not work on".to_owned())
    }
}

/// How many of what the method sees to are there, and what else is.
fn count<'a>(way: &Way, held: &'a [String]) -> (usize, Vec<&'a String>) {
    let others: Vec<_> = held.iter().filter(|one| *one != way.facts.wanted).collect();
    (held.len() - others.len(), others)
}

/// What must be true whatever happened.
fn truthful(way: &Way, outcome: &Outcome) -> Result<(), String> {
    let Outcome { before, after, arrivals, result } = outcome;
    let ((was, others), (is, others_now)) = (count(way, before), count(way, after));
    let context = || format!("{result:?}, of {before:?}, {after:?} and {arrivals:?}");
    check(others == others_now, || format!("something else was changed: {}", context()))?;
    check(is <= was.max(1), || format!("it was made twice: {}", context()))?;
    let tries = arrivals.iter().filter(|one| one.changes && !one.refused).count();
    check(tries <= way.facts.most, || format!("{tries} tries: {}", context()))?;
    let changed = was != is;
    // What broke on a dead connection may have been on its way, and was tried again.
    let may_have_tried = arrivals.iter().any(|one| one.changes);
    let holds = match result {
        Ok(Told::Created) => was == 0 && is == 1,
        Ok(Told::Existed) => was > 0 && !changed,
        Ok(Told::Present) => is > 0 && may_have_tried,
        Ok(Told::Removed) => was > 0 && is == 0,
        Ok(Told::WasAbsent) => was == 0 && !changed,
        Ok(Told::Absent) => is == 0 && may_have_tried,
        Ok(Told::Read(items)) => *items == before.len(),
        Err(error) => {
            check_form(error)?;
            check(error.operation().is_some(), || format!("of what? {error:?}"))?;
            match error.effect() {
                Effect::NotApplied => !changed,
                Effect::Applied => changed,
                // Or it never arrived, which the client cannot know.
                Effect::Unknown => {
                    let kinds = [ErrorKind::Interrupted, ErrorKind::Timeout];
                    tries > 0 || kinds.contains(&error.kind())
                }
            }
        }
    };
    check(holds, || format!("that is not true: {}", context()))
}

/// Whether it is what comes of the call where nothing goes wrong.
fn is_usual(way: &Way, outcome: &Outcome) -> bool {
    let was = count(way, &outcome.before).0;
    match (&outcome.result, way.facts.goal) {
        (Err(error), _) => way.mark().is_none() && way.told == Err(error.kind()),
        (Ok(told), Goal::There) if was == 0 => *told == Told::Created,
        (Ok(told), Goal::There) => matches!(told, Told::Existed | Told::Present),
        (Ok(told), Goal::Gone) if was == 0 => *told == Told::WasAbsent,
        (Ok(told), Goal::Gone) => *told == Told::Removed,
        (Ok(told), Goal::Read) => *told == Told::Read(outcome.before.len()),
    }
}

/// Whether it is what must come of this fault.
fn expected(way: &Way, fault: &Fault, outcome: &Outcome) -> Result<(), String> {
    let Outcome { arrivals, result, .. } = outcome;
    let told = result.as_ref().map(|told| *told).map_err(Error::kind);
    let case = &fault.case;
    if case.silent {
        // A slow machine may not even come to it.
        return Ok(());
    }
    if case.reply.is_none() {
        let tried = arrivals.iter().any(|one| one.changes);
        let fits = tried || told == Err(ErrorKind::Connect);
        return check(fits && arrivals.len() == fault.at, || format!("it connected: {result:?}"));
    }
    let met = arrivals.get(fault.at).ok_or_else(|| format!("it met with none: {result:?}"))?;
    if fault.lasting {
        return Ok(());
    }
    if !met.changes {
        let fits = case.then != Then::Again || told == way.told;
        return check(fits, || format!("it was not tried again: {result:?}"));
    }
    let repeats = way.facts.goal == Goal::Gone || way.facts.most > 1;
    let settles = way.facts.settles && way.mark().is_none();
    let done = match case.then {
        Then::Again if met.refused => true,
        Then::Again => settles && (case.carried || repeats),
        Then::FoundOut if case.carried => settles && met.succeeded,
        Then::FoundOut => settles && way.facts.goal == Goal::There && way.facts.most > 1,
        Then::Nothing => false,
    };
    let fits = told.is_ok() || told == way.told;
    check(!done || fits, || format!("it was not settled: {result:?}"))
}

/// One cell of the matrix.
async fn cell(way: Way, fault: Option<Fault>) -> Result<(), String> {
    let stage = Stage::new(way.clone(), fault.clone()).await;
    let outcome = stage.call().await;
    truthful(&way, &outcome)?;
    match fault {
        Some(fault) => expected(&way, &fault, &outcome)?,
        None => {
            let steps: Vec<_> = outcome.arrivals.iter().map(|one| one.method.as_str()).collect();
            let told = outcome.result.as_ref().map(|told| *told).map_err(Error::kind);
            let fits = steps.join(" ") == way.steps.replace(['?', '!'], "") && told == way.told;
            check(fits, || format!("another way: {steps:?}, {:?}", outcome.result))?;
        }
    }
    stage.works_on().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_at_every_step() {
    let mut cells = Vec::new();
    for way in every_way() {
        let steps = way.steps.split(' ').count();
        // What comes before a mark is the same on another way.
        let first = way.mark().map_or(0, |mark| mark + 1);
        let is_plain = way.mark().is_none() && !way.is_costly;
        for case in cases(&way) {
            for at in first..steps {
                let once = case.chief || is_plain;
                // Where the service is out for good.
                let for_good = case.chief && is_plain && !case.carried;
                let both = [once.then_some(false), for_good.then_some(true)];
                for lasting in both.into_iter().flatten() {
                    let from = if lasting { "from" } else { "at" };
                    let name = format!("{way}: {} {from} request {}", case.name, at + 1);
                    let fault = Fault { case: case.clone(), at, lasting };
                    cells.push((name, cell(way.clone(), Some(fault))));
                }
            }
        }
        cells.push((way.to_string(), cell(way, None)));
    }
    run(cells).await;
}

/// Whoever makes several requests has a public `async` method, or reads a list in the shared
/// vocabulary; a single request is a `Call`.
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn the_matrix_has_every_method_and_no_other() {
    use std::collections::BTreeSet;

    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut declared = BTreeSet::new();
    for (path, text) in support::matrix::sources() {
        let file = path.strip_prefix(&root).expect("it is of the crate").with_extension("");
        let vendors = ["twilio", "harness", "redox", "deepset"];
        if !vendors.iter().any(|vendor| file.starts_with(vendor)) {
            continue;
        }
        for line in text.lines().map(str::trim) {
            let name = line
                .strip_prefix("pub async fn ")
                .or_else(|| line.strip_prefix("fn ").filter(|name| name.starts_with("read_")))
                .filter(|_| line.starts_with("pub") || file.ends_with("access"));
            if let Some(name) = name.and_then(|name| name.split(['(', '<']).next()) {
                declared.insert(format!("{}::{name}", file.display()));
            }
        }
    }
    // One answer holds all.
    assert!(declared.remove("redox/access::read_assignments"), "{declared:?}");
    let known: BTreeSet<_> = every_way().iter().map(|way| way.facts.name.to_owned()).collect();
    assert_eq!(known, declared);
}
