//! Every fault at every request of methods that make several, over real sockets: the reported
//! outcome agrees with the state of the service, nothing is created twice, and the client remains
//! usable.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::matrix::{Cell, GZIP_HEAD, LIMIT, check, options, passes, run, stored};
use crate::support::raw::{Connection, Door, Raw, Reply, complete};
use crate::support::steps::{Caller, Goal, Reported, Service, Way, every_way};
use crate::support::truth::check_form;
use rolecall::{Effect, Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The service's own response to a request.
#[derive(Default)]
struct Response {
    bytes: Vec<u8>,
    /// Where its body begins.
    body: usize,
}

impl Response {
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
        let status = std::str::from_utf8(&self.bytes[9..12]).expect("a status");
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Other\r\n{lines}content-length: {length}\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    /// The same response on a connection that is not to be used again.
    fn last(&self) -> Reply {
        let line = self.bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
        let (start, rest) = self.bytes.split_at(line);
        Reply::close([start, b"connection: close\r\n", rest].concat())
    }
}

/// Has the service process a request.
async fn pass_on(service: &str, request: &[u8]) -> Response {
    let stream = TcpStream::connect(service).await.expect("the fake listens");
    let Connection(stream) = &mut Connection(stream);
    stream.write_all(request).await.expect("it listens on");
    let mut bytes = Vec::new();
    while complete(&bytes).is_none() {
        assert!(stream.read_buf(&mut bytes).await.expect("it responds") > 0, "it responds whole");
    }
    let body = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("it has a head") + 4;
    Response { bytes, body }
}

/// What is promised of the request that a fault meets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// It is retried, unless it could make the change twice.
    Again,
    /// It is not retried, and what it did is found out.
    FoundOut,
    /// Nothing but the truth.
    Nothing,
}

/// One fault.
#[derive(Clone)]
struct Case {
    name: String,
    then: Then,
    /// Whether the service processes the request.
    processed: bool,
    /// Whether it also stands for others: where it lasts, and on ways that begin with another fault.
    is_chief: bool,
    /// Made of the service's response; none where there is no listener any more.
    reply: Option<MakeReply>,
}

type MakeReply = Arc<dyn Fn(&Response) -> Reply + Send + Sync>;

/// The same reply whatever the response is.
fn always(reply: Reply) -> MakeReply {
    Arc::new(move |_| reply.clone())
}

/// The faults that a request of this way meets. That many more are met alike, the matrix of single
/// requests tells.
fn cases(way: &Way) -> Vec<Case> {
    use Then::{Again, FoundOut, Nothing};

    let status = |status, lines: &[(&str, &str)]| Reply::http(status, lines, b"");
    let mut all = Vec::new();
    let mut add = |name: String, then, processed, is_chief, reply| {
        all.push(Case { name, then, processed, is_chief, reply });
    };
    // Those that do not tell whether the service processed the request.
    for (name, then, is_chief, reply) in [
        ("closed", Again, true, Reply::close("")),
        ("500", Again, true, status(500, &[])),
        ("silence", Again, true, Reply::silence("")),
        ("reset", Again, false, Reply::reset("")),
        ("408", Again, false, status(408, &[])),
        ("202", FoundOut, false, Reply::http(202, &[], b"{}")),
        ("a page under 200", FoundOut, true, Reply::http(200, &[], b"<html>login</html>")),
    ] {
        add(format!("{name}, not processed"), then, false, is_chief, Some(always(reply.clone())));
        add(format!("{name}, processed"), then, true, is_chief, Some(always(reply)));
    }
    let page = Reply::http(502, &[("content-type", "text/html")], b"<html></html>");
    for (name, then, reply) in [
        ("no HTTP", Again, Reply::close("SSH-2.0-OpenSSH_9.9\r\n")),
        ("closed in the head", Again, Reply::close("HTTP/1.1 200 OK\r\nco")),
        ("502", Again, page),
        ("503, wait 0", Again, status(503, &[("retry-after", "0")])),
        ("504", Again, status(504, &[])),
        ("429, wait 0", Again, status(429, &[("retry-after", "0")])),
        ("429, wait long", Nothing, status(429, &[("retry-after", "3600")])),
    ] {
        add(name.to_owned(), then, false, false, Some(always(reply)));
    }
    for code in [301, 400, 401, 403, 404, 409, 412] {
        let reply = status(code, &[("location", "/elsewhere")]);
        let is_chief = matches!(code, 403 | 404);
        add(code.to_string(), Nothing, false, is_chief, Some(always(reply)));
    }
    for (code, body) in way.facts.elsewhere {
        let reply = Reply::http(*code, &[("content-type", "application/json")], body.as_bytes());
        let name = format!("not found elsewhere: {code} {body}");
        add(name, Nothing, false, false, Some(always(reply)));
    }
    for (name, body) in [
        ("{}", b"{}".to_vec()),
        ("nothing", b"".to_vec()),
        ("invalid UTF-8", b"{\"\xff\":\"\xff\"}".to_vec()),
        ("60,000 levels", "[".repeat(60_000).into_bytes()),
    ] {
        let reply = move |own: &Response| Reply::keep(own.with("", &body));
        add(name.to_owned(), FoundOut, true, name == "{}", Some(Arc::new(reply)));
    }
    type OfItsOwn = fn(&Response) -> Reply;
    let own: [(_, _, _, OfItsOwn); 7] = [
        ("half of it", FoundOut, true, |own| Reply::close(own.half())),
        ("half of it, reset", FoundOut, false, |own| Reply::reset(own.half())),
        ("half of it, and silence", FoundOut, false, |own| Reply::silence(own.half())),
        ("too large", FoundOut, false, |own| {
            Reply::keep(own.with("", &[own.body(), &[b' '; LIMIT]].concat()))
        }),
        ("gzip", FoundOut, false, |own| {
            let body = [GZIP_HEAD, &stored(own.body())].concat();
            Reply::keep(own.with("content-encoding: gzip\r\n", &body))
        }),
        // In order, but the next request may meet with it.
        ("its response and another", Nothing, false, |own| {
            Reply::keep([&own.bytes[..], b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n"].concat())
        }),
        ("its response and the end", Nothing, false, |own| Reply::close(&*own.bytes)),
    ];
    for (name, then, is_chief, reply) in own {
        add(name.to_owned(), then, true, is_chief, Some(Arc::new(reply)));
    }
    if cfg!(unix) {
        add("no listener".to_owned(), Nothing, false, true, None);
    }
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

/// A request that arrived.
#[derive(Clone, Debug)]
struct Arrival {
    method: String,
    /// Whether it could make the change.
    changes: bool,
    /// Whether the service's response was a success, whatever fault it met.
    succeeded: bool,
    /// Whether the response says that nothing was done.
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
    /// What becomes of the n-th request, where that is not what the service makes of it.
    fn fault(&self, nth: usize) -> Option<Case> {
        if !self.misbehaves.load(Ordering::SeqCst) {
            return None;
        }
        let lost = |processed| Case {
            name: "lost".to_owned(),
            then: Then::Again,
            processed,
            is_chief: false,
            reply: Some(always(Reply::close(""))),
        };
        match &self.fault {
            Some(fault) if nth == fault.at || fault.lasting && nth > fault.at => {
                Some(fault.case.clone())
            }
            _ => match self.steps.get(nth)?.chars().last()? {
                '?' => Some(lost(false)),
                '!' => Some(lost(true)),
                _ => None,
            },
        }
    }

    /// Whether the port is closed before the n-th request.
    fn shut_before(&self, nth: usize) -> bool {
        let is_shut = self.fault(nth).is_some_and(|fault| fault.reply.is_none());
        if is_shut {
            self.door.shut();
        }
        is_shut
    }

    async fn respond(&self, request: &[u8]) -> Reply {
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
        let own = match fault.as_ref().is_none_or(|fault| fault.processed) {
            true => pass_on(&self.service, request).await,
            false => Response::default(),
        };
        // By the time that this response arrives.
        let is_last = self.shut_before(nth + 1);
        let reply = match fault.and_then(|fault| fault.reply) {
            Some(reply) => reply(&own),
            None if is_last => own.last(),
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
    service: Service,
    relay: Arc<Relay>,
    caller: Caller,
    _raw: Raw,
}

/// What came of a call.
struct Outcome {
    before: Vec<String>,
    after: Vec<String>,
    arrivals: Vec<Arrival>,
    result: Result<Reported, Error>,
}

impl Stage {
    async fn new(way: Way, fault: Option<Fault>) -> Self {
        let service = (way.start)().await;
        let relay = Arc::new(Relay {
            service: service.uri.replace("http://", ""),
            door: Door::open(),
            steps: way.steps.split(' ').collect(),
            fault,
            misbehaves: AtomicBool::new(false),
            arrivals: Mutex::default(),
        });
        let responds = Arc::clone(&relay);
        let respond = move |request: Vec<u8>| {
            let relay = Arc::clone(&responds);
            async move { relay.respond(&request).await }
        };
        let raw = Raw::behind(relay.door.clone(), || None, respond);
        let caller = (service.caller)(raw.origin(), options()).await;
        relay.misbehaves.store(true, Ordering::SeqCst);
        relay.shut_before(0);
        Self { way, service, relay, caller, _raw: raw }
    }

    async fn call(&self) -> Outcome {
        self.relay.arrivals.lock().expect("no panic").clear();
        let before = (self.service.held)();
        let result = (self.caller)().await;
        let arrivals = self.relay.arrivals.lock().expect("no panic").clone();
        Outcome { before, after: (self.service.held)(), arrivals, result }
    }

    /// The same client makes the same call without faults.
    async fn works_on(&self) -> Result<(), String> {
        self.relay.misbehaves.store(false, Ordering::SeqCst);
        self.relay.door.reopen();
        for _ in 0..5 {
            let outcome = self.call().await;
            truthful(&self.way, &outcome).map_err(|what| format!("then {what}"))?;
            if is_usual(&self.way, &outcome) {
                return Ok(());
            }
            let passes = match &outcome.result {
                Ok(reported) => *reported == Reported::Indeterminate,
                Err(error) => passes(error),
            };
            check(passes, || format!("then {:?}", outcome.result))?;
        }
        Err("it does not work on".to_owned())
    }
}

/// How many of what the method is about are there, and what else is.
fn count<'a>(way: &Way, held: &'a [String]) -> (usize, Vec<&'a String>) {
    let others: Vec<_> = held.iter().filter(|one| *one != way.facts.desired).collect();
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
    // What broke on a dead connection may have been on its way, and was retried.
    let may_have_tried = arrivals.iter().any(|one| one.changes);
    let holds = match result {
        Ok(Reported::Created) => was == 0 && is == 1,
        Ok(Reported::AlreadyExisted) => was > 0 && !changed,
        Ok(Reported::Deleted) => was > 0 && is == 0,
        Ok(Reported::AlreadyAbsent) => was == 0 && !changed,
        Ok(Reported::Indeterminate) => {
            may_have_tried && (is > 0) == (way.facts.goal == Goal::There)
        }
        Ok(Reported::Read(items)) => *items == before.len(),
        Err(error) => {
            check_form(error)?;
            check(error.operation().is_some(), || format!("of what? {error:?}"))?;
            match error.effect() {
                Effect::NotApplied => !changed,
                Effect::Applied => changed,
                // Or it never arrived, which the client cannot know.
                Effect::Unknown => tries > 0 || error.kind() == ErrorKind::Interrupted,
            }
        }
    };
    check(holds, || format!("that is not true: {}", context()))
}

/// Whether it is what comes of the call where nothing goes wrong.
fn is_usual(way: &Way, outcome: &Outcome) -> bool {
    let was = count(way, &outcome.before).0;
    match (&outcome.result, way.facts.goal) {
        (Err(error), _) => way.mark().is_none() && way.outcome == Err(error.kind()),
        (Ok(reported), Goal::There) if was == 0 => *reported == Reported::Created,
        (Ok(reported), Goal::There) => {
            matches!(reported, Reported::AlreadyExisted | Reported::Indeterminate)
        }
        (Ok(reported), Goal::Gone) if was == 0 => *reported == Reported::AlreadyAbsent,
        (Ok(reported), Goal::Gone) => *reported == Reported::Deleted,
        (Ok(reported), Goal::Read) => *reported == Reported::Read(outcome.before.len()),
    }
}

/// Whether it is what must come of this fault.
fn expected(way: &Way, fault: &Fault, outcome: &Outcome) -> Result<(), String> {
    let Outcome { arrivals, result, .. } = outcome;
    let reported = result.as_ref().map(|reported| *reported).map_err(Error::kind);
    let case = &fault.case;
    if case.reply.is_none() {
        let tried = arrivals.iter().any(|one| one.changes);
        let fits = tried || reported == Err(ErrorKind::Connect);
        return check(fits && arrivals.len() == fault.at, || format!("it connected: {result:?}"));
    }
    let met = arrivals.get(fault.at).ok_or_else(|| format!("it met with none: {result:?}"))?;
    if fault.lasting {
        return Ok(());
    }
    if !met.changes {
        let fits = case.then != Then::Again || reported == way.outcome;
        return check(fits, || format!("it was not retried: {result:?}"));
    }
    let repeats = way.facts.goal == Goal::Gone || way.facts.most > 1;
    let reconciles = way.facts.reconciles && way.mark().is_none();
    let done = match case.then {
        Then::Again if met.refused => true,
        Then::Again => reconciles && (case.processed || repeats),
        Then::FoundOut if case.processed => reconciles && met.succeeded,
        Then::FoundOut => reconciles && way.facts.goal == Goal::There && way.facts.most > 1,
        Then::Nothing => false,
    };
    let fits = reported.is_ok() || reported == way.outcome;
    check(!done || fits, || format!("it was not reconciled: {result:?}"))
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
            let reported = outcome.result.as_ref().map(|reported| *reported).map_err(Error::kind);
            let fits =
                steps.join(" ") == way.steps.replace(['?', '!'], "") && reported == way.outcome;
            check(fits, || format!("another way: {steps:?}, {:?}", outcome.result))?;
        }
    }
    stage.works_on().await
}

#[test]
fn every_fault_at_every_step() {
    let mut cells = Vec::new();
    for way in every_way() {
        let steps = way.steps.split(' ').count();
        // What comes before a mark is the same on another way.
        let first = way.mark().map_or(0, |mark| mark + 1);
        let is_plain = way.mark().is_none();
        for case in cases(&way) {
            for at in first..steps {
                let once = case.is_chief || is_plain;
                // Where the service is out for good.
                let for_good = case.is_chief && is_plain && !case.processed;
                let both = [once.then_some(false), for_good.then_some(true)];
                for lasting in both.into_iter().flatten() {
                    let from = if lasting { "from" } else { "at" };
                    let name = format!("{}: {from} request {}", case.name, at + 1);
                    let fault = Some(Fault { case: case.clone(), at, lasting });
                    cells.push(Cell::new(way.clone(), name, |way| cell(way, fault)));
                }
            }
        }
        cells.push(Cell::new(way, "none", |way| cell(way, None)));
    }
    run(cells, 400);
}

/// Of every request that a client makes, and every method that makes several, the name is in the
/// sources and in a matrix.
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn every_name_in_the_sources_is_in_a_matrix() {
    use std::collections::BTreeSet;

    let vendors =
        ["twilio.iam", "twilio.chat", "twilio.conversations", "harness", "redox", "deepset"];
    let is_name = |text: &&str| {
        let parts = text.split_once(' ').filter(|(vendor, _)| vendors.contains(vendor));
        let plain = |c: char| c.is_ascii_lowercase() || "-_.".contains(c);
        parts.is_some_and(|(_, rest)| rest.contains('.') && rest.chars().all(plain))
    };
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = ["twilio", "harness", "redox", "deepset"].map(|name| src.join(name)).to_vec();
    let mut declared = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let text = std::fs::read_to_string(&path).expect("it can be read");
                    declared.extend(text.split('"').filter(is_name).map(str::to_owned));
                }
            }
        }
    }
    let endpoints = crate::registry::endpoints();
    let mut known: BTreeSet<_> = endpoints.iter().map(|one| one.name().to_owned()).collect();
    known.extend(every_way().iter().map(|way| way.facts.name.to_owned()));
    if cfg!(not(feature = "redox-jwt")) {
        assert!(declared.remove("redox token.create"), "{declared:?}");
    }
    assert_eq!(known, declared);
}
