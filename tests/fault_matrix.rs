//! Every fault at every call, over real sockets: no panic, an error that is true by the documented
//! table, no request too many, in bounded time; and the same client works on.
#![cfg(any(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]

mod support {
    #[allow(dead_code, unused_imports, reason = "not every vendor needs all of it")]
    pub(crate) mod every_call;
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod matrix;
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod raw;
    #[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod readme;
    #[cfg(feature = "rustls")]
    pub(crate) mod tls;
    pub(crate) mod truth;
}

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rolecall::operation::Repeat;
use rolecall::testing::{self, Fake, Fault};
use rolecall::{ClientOptions, Effect, Error, ErrorKind};
use serde_json::Value;
use support::every_call::{Caller, EveryCall, ITEMS, every_call};
use support::matrix::{ATTEMPTS, GZIP_HEAD, LONG, check, eager, impatient, run, stored};
use support::raw::{Raw, Reply};
#[cfg(feature = "rustls")]
use support::tls;
use support::truth::{check_form, effect_of_status, kind_of_status};
use tokio::net::TcpSocket;

/// What a cell of the matrix must come to.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// The answer is read.
    Fine,
    /// No connection came about: tried again, and nothing was changed.
    NotSent(ErrorKind),
    /// The request arrived, and no answer came of it.
    NoAnswer(ErrorKind),
    /// The answer said that it succeeded, and could not be used.
    Unusable(ErrorKind),
    /// Another status than a success.
    Told(u16),
    /// A rate limit that lasts longer than anybody waits.
    Limited,
    /// What the service's own answer makes of the call.
    AsUsual,
    /// The same, of the half that came.
    HalfAsUsual,
    /// Either the answer is read, or it could not be used.
    ReadOrUnusable,
    /// The connection broke before or behind the head of the answer; which of it is up to the
    /// operating system.
    Broken,
    /// Nobody can say when the other side saw what. Whatever comes of it must be true.
    Anything,
}

/// One fault, and what must come of it.
#[derive(Clone)]
struct Case {
    name: String,
    /// Done to every connection before anything is read.
    opening: Option<Reply>,
    /// What is done where a client expects a handshake.
    #[cfg(feature = "rustls")]
    hello: Option<tls::Hello>,
    reply: Reply,
    outcome: Outcome,
    options: ClientOptions,
}

impl Case {
    fn new(name: impl Into<String>, reply: Reply, outcome: Outcome) -> Self {
        let name = name.into();
        Self {
            name,
            opening: None,
            #[cfg(feature = "rustls")]
            hello: None,
            reply,
            outcome,
            options: eager(),
        }
    }

    fn opening(name: impl Into<String>, opening: Reply, outcome: Outcome) -> Self {
        Self { opening: Some(opening), ..Self::new(name, Reply::close(""), outcome) }
    }

    fn options(mut self, options: ClientOptions) -> Self {
        self.options = options;
        self
    }
}

/// The head of a success, but for the empty line.
fn head(call: &EveryCall) -> String {
    format!("HTTP/1.1 {} Whatever\r\n", call.success[0])
}

/// A proper answer, with these header lines beside its own.
fn proper(call: &EveryCall, lines: &str) -> Vec<u8> {
    let length = match call.has_body() {
        true => format!("content-length: {}\r\n", call.answer.len()),
        false => String::new(),
    };
    format!("{}{lines}{length}\r\n{}", head(call), call.answer).into_bytes()
}

/// Another body under the status of a success.
fn with_body(call: &EveryCall, body: &[u8]) -> Vec<u8> {
    let head = format!("{}content-length: {}\r\n\r\n", head(call), body.len());
    [head.as_bytes(), body].concat()
}

/// A service that misbehaves until it is told not to, and one client of it.
struct Stage {
    raw: Raw,
    #[cfg(feature = "rustls")]
    _front: Option<tls::Tls>,
    caller: Caller,
    /// What is said while it misbehaves.
    reply: Arc<Mutex<Reply>>,
    misbehaves: Arc<AtomicBool>,
    /// How often the call itself arrived.
    arrivals: Arc<AtomicUsize>,
    /// How often the call arrived that it is made for.
    others: Arc<AtomicUsize>,
}

impl Stage {
    async fn new(call: &EveryCall, case: &Case) -> Self {
        let misbehaves = Arc::new(AtomicBool::new(true));
        let (arrivals, others) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (opening, reply) = (case.opening.clone(), Arc::new(Mutex::new(case.reply.clone())));
        let odd = Arc::clone(&reply);
        let fine = Reply::keep(proper(call, ""));
        let before = call.before.map(|path| format!("POST {path} "));
        let (connects, answers) = (Arc::clone(&misbehaves), Arc::clone(&misbehaves));
        let (own, other) = (Arc::clone(&arrivals), Arc::clone(&others));
        let raw = Raw::start_with(
            move |_| opening.clone().filter(|_| connects.load(Ordering::SeqCst)),
            move |request| {
                if before.as_ref().is_some_and(|start| !request.starts_with(start.as_bytes())) {
                    other.fetch_add(1, Ordering::SeqCst);
                    return Reply::http(201, &[], AFTER.as_bytes());
                }
                own.fetch_add(1, Ordering::SeqCst);
                let misbehaves = answers.load(Ordering::SeqCst);
                if misbehaves { odd.lock().expect("no panic").clone() } else { fine.clone() }
            },
        );
        let raw = raw.await;
        let origin = raw.origin();
        #[cfg(feature = "rustls")]
        let (origin, front) = match case.hello.clone() {
            None => (origin, None),
            Some(hello) => {
                let front = tls::Tls::start(raw.address(), hello, Arc::clone(&misbehaves)).await;
                (front.origin(), Some(front))
            }
        };
        let caller = call.caller(&origin, case.options.clone());
        Self {
            raw,
            #[cfg(feature = "rustls")]
            _front: front,
            caller,
            reply,
            misbehaves,
            arrivals,
            others,
        }
    }

    /// From now on it misbehaves so.
    fn says(&self, reply: Reply) {
        *self.reply.lock().expect("no panic") = reply;
    }

    fn arrivals(&self) -> usize {
        self.arrivals.load(Ordering::SeqCst)
    }

    fn others(&self) -> usize {
        self.others.load(Ordering::SeqCst)
    }

    /// The same client makes an ordinary call.
    async fn works_on(&self, call: &EveryCall) -> Result<(), String> {
        self.works_on_after(&Ok(()), call).await
    }

    /// The same after a call that ended so.
    async fn works_on_after(
        &self,
        earlier: &Result<(), Error>,
        call: &EveryCall,
    ) -> Result<(), String> {
        // A request that was given up may be read by the service only when the next one is under way.
        let owes = |error: &Error, arrived| error.effect() == Effect::Unknown && arrived == 0;
        let mut owed = earlier.as_ref().is_err_and(|error| owes(error, self.others()));
        self.misbehaves.store(false, Ordering::SeqCst);
        let mut tries = 0;
        loop {
            tries += 1;
            let (arrivals, others) = (self.arrivals(), self.others());
            let result = (self.caller)().await;
            let (new, after) = (self.arrivals() - arrivals, self.others() - others);
            let error = match result {
                // A token that was fetched after all is not fetched again.
                Ok(()) if call.before.is_some() => {
                    let fits = new <= 1 && (after == 1 || owed && after == 2);
                    return check(fits, || format!("{new}, {after} arrived"));
                }
                // A dead connection may cost the first try.
                Ok(()) => return check((1..=2).contains(&new), || format!("{new} arrived")),
                Err(error) => error,
            };
            // The end of a connection is sometimes found out by the next request only, and a slow
            // machine may be late. None of that lasts.
            let stale = error.kind() == ErrorKind::Interrupted && new == 0;
            let late = matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Connect);
            if tries == 20 || !(stale || late) {
                return Err(format!("it does not work on: {error:?}"));
            }
            owed |= owes(&error, after);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Until the client has left every connection that somebody misbehaved on.
    async fn closed(&self) {
        // That of the other call is fine.
        while self.raw.open() > self.others() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// What answers the calls that others are made for, whichever it is.
const AFTER: &str = r#"{"sid":"IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","payload":{"success":true}}"#;

/// What a success that cannot be used says of the change.
fn when_unusable(call: &EveryCall) -> Effect {
    if call.confirms { Effect::Applied } else { Effect::Unknown }
}

/// Whether an outcome is what it must be.
fn judge(
    call: &EveryCall,
    outcome: Outcome,
    result: &Result<(), Error>,
    arrivals: usize,
) -> Result<(), String> {
    let read = call.repeat == Repeat::Read;
    let again = if call.repeat == Repeat::Once { 1 } else { ATTEMPTS };
    let unless_read = |effect| if read { Effect::NotApplied } else { effect };
    let (kind, effect, attempts) = match outcome {
        Outcome::Fine => {
            let fine = matches!(result, Ok(())) && arrivals == 1;
            return check(fine, || format!("arrived {arrivals} times, then {result:?}"));
        }
        Outcome::NotSent(kind) => (kind, Effect::NotApplied, ATTEMPTS),
        Outcome::NoAnswer(kind) => (kind, unless_read(Effect::Unknown), again),
        Outcome::Unusable(kind) => (kind, unless_read(when_unusable(call)), 1),
        Outcome::Told(status) => {
            let attempts = match status {
                401 if call.renews => 2,
                408 | 500 | 502 | 503 | 504 => again,
                429 => ATTEMPTS,
                _ => 1,
            };
            (kind_of_status(call.name, status), effect_of_status(call.repeat, status), attempts)
        }
        Outcome::Limited => {
            let waits = result.as_ref().err().and_then(Error::retry_after);
            check(waits == Some(LONG), || format!("it would wait {waits:?}"))?;
            (ErrorKind::RateLimited, Effect::NotApplied, 1)
        }
        Outcome::ReadOrUnusable => {
            let outcome = match result {
                Ok(()) => Outcome::Fine,
                Err(_) => Outcome::Unusable(ErrorKind::Decode),
            };
            return judge(call, outcome, result, arrivals);
        }
        Outcome::Broken => {
            let told = result.as_ref().is_err_and(|error| error.status().is_some());
            let kind = ErrorKind::Interrupted;
            let outcome = if told { Outcome::Unusable(kind) } else { Outcome::NoAnswer(kind) };
            return judge(call, outcome, result, arrivals);
        }
        Outcome::Anything | Outcome::AsUsual | Outcome::HalfAsUsual => {
            return truthful(call, result, arrivals);
        }
    };
    let error = result.as_ref().err().ok_or_else(|| format!("a success, of {outcome:?}"))?;
    let status = error.status().map(|status| status.as_u16());
    let fits = match outcome {
        Outcome::NotSent(_) => status.is_none() && error.is_connect() && error.is_safe_to_repeat(),
        Outcome::NoAnswer(_) => status.is_none(),
        Outcome::Unusable(_) => status.is_some_and(|status| call.success.contains(&status)),
        Outcome::Told(told) => status == Some(told),
        _ => true,
    };
    check(fits, || format!("not of {outcome:?}: {error:?}"))?;
    let found = (error.kind(), error.effect(), error.attempts());
    check(found == (kind, effect, attempts), || {
        format!("{found:?} instead of {:?}: {error:?}", (kind, effect, attempts))
    })?;
    truthful(call, result, arrivals)?;
    let expected = if matches!(outcome, Outcome::NotSent(_)) { 0 } else { attempts as usize };
    check(arrivals == expected, || format!("arrived {arrivals} times: {error:?}"))
}

/// What must be true whatever happened: what is not repeatable did not arrive twice, and what
/// arrived is not said to have changed nothing, unless it could not.
fn truthful(call: &EveryCall, result: &Result<(), Error>, arrivals: usize) -> Result<(), String> {
    if let Err(error) = result {
        check_form(error)?;
        check(error.operation() == Some(call.name), || format!("another name: {error:?}"))?;
        let read = call.repeat == Repeat::Read;
        let refused = error.status().is_some_and(|status| {
            effect_of_status(call.repeat, status.as_u16()) == Effect::NotApplied
        });
        let may_deny = read || arrivals == 0 || refused;
        check(may_deny || error.effect() != Effect::NotApplied, || {
            format!("arrived {arrivals} times, and is denied: {error:?}")
        })?;
        check(!read || error.effect() == Effect::NotApplied, || format!("it reads: {error:?}"))?;
    }
    let most = if call.repeat == Repeat::Once { 1 } else { ATTEMPTS as usize };
    let limited = result.as_ref().is_err_and(Error::is_rate_limited);
    check(call.renews || limited || arrivals <= most, || {
        format!("arrived {arrivals} times: {result:?}")
    })
}

/// The same for a call that the client makes before another one, for which it was made.
fn judge_before(outcome: Outcome, result: &Result<(), Error>, stage: &Stage) -> Result<(), String> {
    match result {
        Ok(()) => {
            let fits = !matches!(outcome, Outcome::NotSent(_) | Outcome::NoAnswer(_))
                && stage.others() == 1;
            check(fits, || format!("a success, of {outcome:?}"))
        }
        // The other call may have met with the same.
        Err(error) if matches!(outcome, Outcome::Anything) => {
            check_form(error)?;
            let fits = stage.others() == 0 || error.effect() != Effect::NotApplied;
            check(fits, || format!("it arrived, and is denied: {error:?}"))
        }
        Err(error) => {
            check_form(error)?;
            let fits = error.effect() == Effect::NotApplied
                && error.attempts() == 0
                && stage.others() == 0
                && !matches!(outcome, Outcome::Fine);
            check(fits, || format!("{} others arrived: {error:?}", stage.others()))
        }
    }
}

/// One cell of the matrix.
async fn cell(call: EveryCall, case: Case) -> Result<(), String> {
    for _ in 0..10 {
        let stage = Stage::new(&call, &case).await;
        let result = (stage.caller)().await;
        let slow = |error: &Error| error.to_string().contains("no connection in time");
        let timeout = ErrorKind::Timeout;
        let in_body = matches!(case.outcome, Outcome::Unusable(kind) if kind == timeout);
        let silent = in_body || matches!(case.outcome, Outcome::NoAnswer(kind) if kind == timeout);
        let too_early = result.as_ref().is_err_and(|error| {
            slow(error) || (in_body && call.before.is_none() && error.status().is_none())
        });
        if silent && too_early {
            // On a slow machine it did not even come to the fault.
            continue;
        }
        match call.before {
            Some(_) => judge_before(case.outcome, &result, &stage)?,
            None if silent => {
                let error = result.as_ref().err().ok_or("a success out of silence")?;
                check(error.kind() == ErrorKind::Timeout, || format!("{error:?}"))?;
                let read = call.repeat == Repeat::Read;
                let effect = match read {
                    true => Effect::NotApplied,
                    false if in_body => when_unusable(&call),
                    false => Effect::Unknown,
                };
                check(error.effect() == effect, || format!("{error:?}"))?;
                truthful(&call, &result, stage.arrivals())?;
            }
            None => judge(&call, case.outcome, &result, stage.arrivals())?,
        }
        if case.name.contains("at a time") {
            // Not once in many calls is one answered by what belongs to another.
            for _ in 0..10 {
                let (arrivals, others) = (stage.arrivals(), stage.others());
                let result = (stage.caller)().await;
                let new = (stage.arrivals() - arrivals) + (stage.others() - others);
                check(result.is_ok() && new == 1, || format!("{new} arrived: {result:?}"))?;
            }
        }
        if case.name.contains("unasked") {
            // Its sender gets to see that nobody wants it.
            stage.closed().await;
        }
        return stage.works_on_after(&result, &call).await;
    }
    Err("the machine is too slow to tell".to_owned())
}

/// Every call at one of its scopes and surfaces, which differ in nothing but the path.
fn every_operation() -> Vec<EveryCall> {
    let mut known = BTreeSet::new();
    let mut calls = every_call();
    calls.retain(|call| known.insert((call.name, call.form == ITEMS)));
    calls
}

/// These cases at every call.
async fn matrix(cases: impl Fn(&EveryCall) -> Vec<Case>) {
    let cells = |call: EveryCall| cases(&call).into_iter().map(move |case| (call.clone(), case));
    run(every_operation()
        .into_iter()
        .flat_map(cells)
        .map(|(call, case)| (format!("{call}: {}", case.name), cell(call, case))))
    .await;
}

/// What is in the matrix.
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
mod completeness {
    use super::*;
    use support::matrix::sources;
    use support::readme::{Row, fits, rows};

    /// What is said of the first request line that arrived.
    #[derive(Debug)]
    struct Seen {
        method: String,
        path: String,
    }

    /// What each call puts on the wire first.
    async fn seen(call: &EveryCall) -> Seen {
        let first = Arc::new(Mutex::new(None));
        let keep = Arc::clone(&first);
        let raw = Raw::start(move |request| {
            let line = String::from_utf8_lossy(request);
            let line = line.lines().next().unwrap_or_default().to_owned();
            keep.lock().expect("no panic").get_or_insert(line);
            Reply::http(403, &[], b"")
        });
        let raw = raw.await;
        let error = (call.caller(&raw.origin(), eager()))().await.expect_err("it is refused");
        if call.before.is_none() {
            assert_eq!(error.operation(), Some(call.name));
        }
        let line = first.lock().expect("no panic").take().expect("it was sent");
        let mut parts = line.split(' ');
        let method = parts.next().unwrap_or_default().to_owned();
        let path = parts.next().unwrap_or_default().split('?').next().unwrap_or_default();
        // The base URL's own path.
        let path = path.strip_prefix("/platform").unwrap_or(path).to_owned();
        Seen { method, path }
    }

    /// The table of the README, the operations in the sources and the calls of this matrix are the same.
    #[tokio::test]
    async fn the_matrix_has_every_call_and_no_other() {
        let mut all = Vec::new();
        for call in every_call() {
            all.push((call.to_string(), seen(&call).await));
        }
        let rows = rows();
        let is_of = |seen: &Seen, row: &Row| {
            row.method.as_ref().is_none_or(|method| *method == seen.method)
                && fits(&row.path, &seen.path)
        };
        for (name, seen) in &all {
            assert!(
                rows.iter().any(|row| is_of(seen, row)),
                "{name} is not in the table: {seen:?}"
            );
        }
        for row in &rows {
            if cfg!(not(feature = "redox-jwt")) && row.path == "/v2/auth/token" {
                continue;
            }
            assert!(all.iter().any(|(_, seen)| is_of(seen, row)), "the matrix lacks {row:?}");
            // One at each scope.
            let scoped = row.path.starts_with("{scope}");
            let count = all.iter().filter(|(_, seen)| is_of(seen, row)).count();
            assert!(!scoped || count >= 3, "the matrix lacks a scope of {row:?}");
        }

        let called: BTreeSet<_> = every_call().iter().map(|call| call.name).collect();
        let declared = operations();
        let lacking: Vec<_> = declared
            .iter()
            .filter(|name| !called.contains(name.as_str()))
            .filter(|name| cfg!(feature = "redox-jwt") || *name != "redox token.create")
            .collect();
        assert!(lacking.is_empty(), "the matrix lacks {lacking:?}");
        let strange: Vec<_> = called.iter().filter(|name| !declared.contains(**name)).collect();
        assert!(strange.is_empty(), "the sources lack {strange:?}");
    }

    /// The names of all operations, as the sources declare them.
    fn operations() -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (_, text) in sources() {
            // Those in docs and tests are no calls of the crate.
            let names = text
                .lines()
                .map(str::trim)
                .filter_map(|line| line.strip_prefix("const ")?.split_once("str = \""))
                .filter_map(|(_, rest)| rest.strip_suffix("\";"));
            let vendors = ["twilio.", "harness ", "redox ", "deepset "];
            found.extend(
                names
                    .filter(|name| vendors.iter().any(|vendor| name.starts_with(vendor)))
                    .map(str::to_owned),
            );
        }
        assert!(found.len() > 30, "the operations were found: {found:?}");
        found
    }
}

/// An answer of which not even the head can be read says nothing about what was done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_cannot_be_read() {
    matrix(|call| {
        let start = head(call);
        let lines = |lines: &str| format!("{start}{lines}\r\n{}", call.answer);
        let broken = Outcome::NoAnswer(ErrorKind::Interrupted);
        // Where there is no body, nobody asks how long it is.
        let framing = if call.has_body() { broken } else { Outcome::Fine };
        let mut cases = Vec::new();
        for (name, text) in [
            ("nothing at all", String::new()),
            ("another protocol", "SSH-2.0-OpenSSH_9.9\r\n".to_owned()),
            ("HTTP/0.9", "<html></html>".to_owned()),
            ("HTTP/2", "\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64".to_owned()),
            ("a version to come", start.replace("1.1", "2.0") + "\r\n"),
            ("a version between", start.replace("1.1", "1.2") + "\r\n"),
            ("another name of the protocol", start.replace("HTTP/1.1", "ICY") + "\r\n"),
            ("no status", "HTTP/1.1 \r\n\r\n".to_owned()),
            ("a status of words", "HTTP/1.1 OK OK\r\n\r\n".to_owned()),
            ("status 99", "HTTP/1.1 099 Low\r\n\r\n".to_owned()),
            ("a status of two digits", "HTTP/1.1 20 Short\r\n\r\n".to_owned()),
            ("a status of four digits", "HTTP/1.1 2000 Long\r\n\r\n".to_owned()),
            ("a negative status", "HTTP/1.1 -20 Negative\r\n\r\n".to_owned()),
            ("half a head", start[..14].to_owned()),
            ("a header without a name", lines(": x\r\n")),
            ("a header without a colon", lines("x y\r\n")),
            ("a name with a space", lines("x y: z\r\n")),
            ("a name beyond ASCII", lines("é: z\r\n")),
            ("a value with a zero byte", lines("x: \0\r\n")),
            ("a value with a control character", lines("x: \x07\r\n")),
            ("a folded value", lines("x: y\r\n z\r\n")),
            ("10,000 headers", lines(&"x: y\r\n".repeat(10_000))),
            ("a header of a mebibyte", lines(&format!("x: {}\r\n", "y".repeat(1 << 20)))),
        ] {
            cases.push(Case::new(name, Reply::close(text), broken));
        }
        let endless = Reply::forever(format!("{start}x: "), "y".repeat(64 << 10));
        cases.push(Case::new("an endless header", endless, broken));
        let endless = Reply::forever(start.clone(), "x: y\r\n".repeat(10_000));
        cases.push(Case::new("endless headers", endless, broken));
        for (name, length) in [
            ("a length of words", "content-length: x\r\n"),
            ("no length", "content-length: \r\n"),
            ("a negative length", "content-length: -1\r\n"),
            ("a length of 2^64", "content-length: 18446744073709551616\r\n"),
            (
                "a length of 40 digits",
                "content-length: 9999999999999999999999999999999999999999\r\n",
            ),
            ("two lengths", "content-length: 2\r\ncontent-length: 3\r\n"),
            ("a list of lengths", "content-length: 2, 3\r\n"),
        ] {
            cases.push(Case::new(name, Reply::close(lines(length)), framing));
        }
        cases
    })
    .await;
}

/// Unusual, and in order all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_fine() {
    matrix(|call| {
        let answer = &call.answer;
        let whole = proper(call, "");
        let plain = String::from_utf8(whole.clone()).expect("answers are text");
        let before = |interim: &str| [interim.as_bytes(), &whole].concat();
        let after = |more: &str| [&whole, more.as_bytes()].concat();
        let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        let old = |lines: &str| {
            let text = plain.replace("HTTP/1.1", "HTTP/1.0");
            text.replacen("Whatever\r\n", &format!("Whatever\r\n{lines}"), 1)
        };
        let mut cases = Vec::new();
        for (name, reply) in [
            ("HTTP/1.0", Reply::close(old(""))),
            ("HTTP/1.0 without an end", Reply::stall(old(""))),
            ("HTTP/1.0 kept alive", Reply::keep(old("connection: keep-alive\r\n"))),
            ("two Retry-After", Reply::keep(proper(call, "retry-after: 1\r\nretry-after: 9\r\n"))),
            (
                "two request ids",
                Reply::keep(proper(call, "twilio-request-id: a\r\ntwilio-request-id: b\r\n")),
            ),
            (
                "two types",
                Reply::keep(proper(call, "content-type: text/html\r\ncontent-type: x\r\n")),
            ),
            ("a value beyond ASCII", Reply::keep(proper(call, "twilio-request-id: é\r\n"))),
            ("90 headers", Reply::keep(proper(call, &"x: y\r\n".repeat(90)))),
            (
                "a header of 64 KiB",
                Reply::keep(proper(call, &format!("x: {}\r\n", "y".repeat(64 << 10)))),
            ),
            ("the end of the connection", Reply::close(proper(call, "connection: close\r\n"))),
            ("a connection closed when idle", Reply::close(whole.clone())),
            ("no encoding", Reply::keep(proper(call, "content-encoding: identity\r\n"))),
            ("no reason", Reply::keep(plain.replacen(" Whatever", "", 1))),
            ("an empty reason", Reply::keep(plain.replacen("Whatever", "", 1))),
            ("a reason beyond ASCII", Reply::keep(plain.replacen("Whatever", "naïve", 1))),
            ("100 Continue", Reply::keep(before("HTTP/1.1 100 Continue\r\n\r\n"))),
            (
                "103 Early Hints",
                Reply::keep(before("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")),
            ),
            (
                "10,000 interim answers",
                Reply::keep(before(&"HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000))),
            ),
            ("more than an answer at a time", Reply::keep(after("more"))),
            ("two answers at a time", Reply::keep(after(refusal))),
            ("an answer later, unasked", Reply::later(whole.clone(), refusal)),
            ("bytes later, unasked", Reply::later(whole.clone(), "\0")),
        ] {
            cases.push(Case::new(name, reply, Outcome::Fine));
        }
        if call.has_body() {
            let start = head(call);
            let chunks: String = answer
                .chars()
                .map(|c| format!("{:x};q=\"\\\"\"\r\n{c}\r\n", c.len_utf8()))
                .collect();
            let chunked = "transfer-encoding: chunked\r\n";
            for (name, reply) in [
                ("no length", Reply::close(format!("{start}\r\n{answer}"))),
                (
                    "HTTP/1.0 without a length",
                    Reply::close(format!("{}\r\n{answer}", start.replace("1.1", "1.0"))),
                ),
                (
                    "the same length twice",
                    Reply::keep(proper(call, &format!("content-length: {}\r\n", answer.len()))),
                ),
                (
                    "chunks and trailers",
                    Reply::keep(format!(
                        "{start}{chunked}trailer: x\r\n\r\n{chunks}0\r\nx: y\r\n\r\n"
                    )),
                ),
                (
                    "a length beside chunks",
                    Reply::close(format!(
                        "{start}content-length: 1\r\n{chunked}\r\n{chunks}0\r\n\r\n"
                    )),
                ),
            ] {
                cases.push(Case::new(name, reply, Outcome::Fine));
            }
            let exact = eager().max_answer_bytes(answer.len());
            let case = Case::new("exactly the limit", Reply::keep(whole.clone()), Outcome::Fine);
            cases.push(case.options(exact));
        }
        cases
    })
    .await;
}

/// The head says that it succeeded, so whatever is wrong with the body, the change was made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_cannot_be_used() {
    matrix(|call| {
        let answer = call.answer.as_bytes();
        let start = head(call);
        // Without a body nothing can be wrong with it.
        let of_body = |outcome| if call.has_body() { outcome } else { Outcome::Fine };
        let interrupted = of_body(Outcome::Unusable(ErrorKind::Interrupted));
        let decode = of_body(Outcome::Unusable(ErrorKind::Decode));
        let length =
            |length: u64| format!("{start}content-length: {length}\r\n\r\n{}", call.answer);
        let chunked = format!("{start}transfer-encoding: chunked\r\n\r\n");
        let size = answer.len() as u64;
        let mut cases = Vec::new();
        for (name, reply) in [
            ("too long a length", length(size + 1)),
            ("a length of 2^62", length(1 << 62)),
            ("a chunk size that is none", format!("{chunked}zz\r\n{{}}\r\n0\r\n\r\n")),
            ("a negative chunk size", format!("{chunked}-1\r\n{{}}\r\n0\r\n\r\n")),
            ("an absurd chunk size", format!("{chunked}fffffffffffffffff\r\n{}", call.answer)),
            ("a chunk that never ends", format!("{chunked}ffffffffffff\r\n{}", call.answer)),
            ("no last chunk", format!("{chunked}{size:x}\r\n{}\r\n", call.answer)),
            ("a chunk longer than its size", format!("{chunked}1\r\n{}\r\n0\r\n\r\n", call.answer)),
        ] {
            cases.push(Case::new(name, Reply::close(reply), interrupted));
        }
        let bom = ["\u{feff}".as_bytes(), answer].concat();
        let gzip = [GZIP_HEAD, &stored(answer)].concat();
        for (name, reply) in [
            ("too short a length", Reply::keep(length(size.saturating_sub(1)))),
            ("nothing", Reply::keep(with_body(call, b""))),
            ("white space", Reply::keep(with_body(call, b" \r\n\t "))),
            ("an HTML page", Reply::keep(with_body(call, b"<html></html>"))),
            ("a huge number", Reply::keep(with_body(call, b"1e999"))),
            ("a text", Reply::keep(with_body(call, b"\"text\""))),
            ("a byte order mark", Reply::keep(with_body(call, &bom))),
            ("UTF-16", Reply::keep(with_body(call, b"\xff\xfe{\0}\0"))),
            ("half of an answer", Reply::keep(with_body(call, &answer[..answer.len() / 2]))),
            ("an answer and more", Reply::keep(with_body(call, &[answer, b" x"].concat()))),
            ("two answers in one", Reply::keep(with_body(call, &[answer, answer].concat()))),
            ("50,000 levels", Reply::keep(with_body(call, "[".repeat(50_000).as_bytes()))),
            ("a kind of gzip", Reply::keep(encoded(call, "gzip", &gzip))),
            ("two encodings", Reply::keep(encoded(call, "identity, gzip", &gzip))),
            ("gzip that is none", Reply::keep(encoded(call, "gzip", answer))),
            ("a bomb", Reply::keep(encoded(call, "gzip", &bomb()))),
            ("an unknown encoding", Reply::keep(encoded(call, "x-odd", answer))),
            ("an endless body", Reply::forever(chunked.clone(), chunk(&vec![b' '; 16 << 10]))),
        ] {
            cases.push(Case::new(name, reply, decode));
        }
        if call.has_body() {
            let over = Reply::keep(with_body(call, &[answer, b" "].concat()));
            let exact = eager().max_answer_bytes(answer.len());
            cases.push(Case::new("one byte over the limit", over, decode).options(exact));
        }
        cases
    })
    .await;
}

/// Mebibytes of one byte in few: a literal, then copies of 258 bytes each, in fixed Huffman codes.
fn bomb() -> Vec<u8> {
    let mut bits: Vec<u8> = vec![1, 1, 0];
    // The code of a zero byte, and that of a copy (length 258, distance 1).
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..20_000 {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    }
    let bytes = bits.chunks(8).map(|eight| eight.iter().rev().fold(0, |byte, bit| byte << 1 | bit));
    GZIP_HEAD.iter().copied().chain(bytes).collect()
}

fn encoded(call: &EveryCall, encoding: &str, body: &[u8]) -> Vec<u8> {
    let lines = format!("content-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head(call).as_bytes(), lines.as_bytes(), body].concat()
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// The connection ends behind each byte of a short answer, in good order or by a reset, and behind
/// some bytes of every answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_end_in_the_answer() {
    fn cut(call: &EveryCall, at: usize) -> [Case; 2] {
        let whole = proper(call, "");
        let head = whole.len() - call.answer.len();
        let kind = ErrorKind::Interrupted;
        let (closed, reset) = match at {
            _ if at < head => (Outcome::NoAnswer(kind), Outcome::NoAnswer(kind)),
            _ if at < whole.len() => (Outcome::Unusable(kind), Outcome::Broken),
            // A reset may overtake the answer.
            _ => (Outcome::Fine, Outcome::Anything),
        };
        let (start, all) = (&whole[..at], whole.len());
        [
            Case::new(format!("closed behind {at} of {all}"), Reply::close(start), closed),
            Case::new(format!("reset behind {at} of {all}"), Reply::reset(start), reset),
        ]
    }

    matrix(|call| {
        let (start, whole) = (head(call).len(), proper(call, "").len());
        let head = whole - call.answer.len();
        let mut places = vec![0, 5, 11, start, start + 5, head - 2, head - 1, head];
        if call.has_body() {
            places.extend([head + call.answer.len() / 2, whole - 1, whole]);
        }
        places.retain(|place| *place <= whole);
        places.iter().collect::<BTreeSet<_>>().into_iter().flat_map(|at| cut(call, *at)).collect()
    })
    .await;

    let short = [
        ("twilio.iam role-assignments.create", r#"{"sid":"IY"}"#),
        ("twilio.chat roles.create", r#"{"type":"x"}"#),
        ("twilio.chat roles.delete", ""),
        ("harness role-assignments.create", r#"{"role-assignment":{"identifier":"a"}}"#),
        ("redox role-assignment.assign", r#"{"payload":{"success":true}}"#),
        ("deepset roles.create", r#"{"role_id":"a"}"#),
        ("deepset me.get", r#"{"user_id":"a"}"#),
    ];
    let mut cells = Vec::new();
    for (name, answer) in short {
        if let Some(call) = every_call().into_iter().find(|call| call.name == name) {
            let call = call.answered(answer);
            let cuts = (0..=proper(&call, "").len()).flat_map(|at| cut(&call, at));
            let cuts: Vec<_> = cuts.collect();
            cells.extend(cuts.into_iter().map(|case| (call.clone(), case)));
        }
    }
    run(cells.into_iter().map(|(call, case)| (format!("{call}: {}", case.name), cell(call, case))))
        .await;
}

/// Nothing comes, or too little of it in time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence() {
    matrix(|call| {
        let (start, whole) = (head(call), proper(call, ""));
        let silence = Outcome::NoAnswer(ErrorKind::Timeout);
        let mut cases = vec![
            Case::opening("nothing is read", Reply::forever("", ""), silence),
            Case::new("nothing is answered", Reply::stall(""), silence),
            Case::new("half a head", Reply::stall(&start.as_bytes()[..start.len() / 2]), silence),
            Case::new("no end of the head", Reply::stall(start.as_str()), silence),
            Case::new("a head that drips", Reply::drip(whole, Duration::from_millis(40)), silence),
            Case::new(
                "interim answers for ever",
                Reply::forever("", "HTTP/1.1 100 Continue\r\n\r\n"),
                silence,
            ),
        ];
        if call.has_body() {
            let silence = Outcome::Unusable(ErrorKind::Timeout);
            let head = format!("{start}content-length: 60000\r\n\r\n");
            let chunked = format!("{start}transfer-encoding: chunked\r\n\r\n");
            cases.push(Case::new("no body", Reply::stall(head.as_str()), silence));
            cases.push(Case::new("a body that drips", Reply::forever(head, " "), silence));
            cases.push(Case::new("no chunk", Reply::stall(chunked.as_str()), silence));
            // hyper takes any number of them.
            let zeros = Reply::forever(chunked.as_str(), "0");
            cases.push(Case::new("zeros for a chunk's size", zeros, silence));
            cases.push(Case::new("no last chunk", Reply::stall(chunked + "1\r\n \r\n"), silence));
        }
        cases.into_iter().map(|case| case.options(impatient())).collect()
    })
    .await;
}

/// Connections that are odd before anything was asked, and an answer to a question not yet asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_odd_from_the_start() {
    matrix(|call| {
        let whole = proper(call, "");
        let mut cases = vec![Case::new(
            "a slow answer",
            Reply::drip(whole.clone(), Duration::ZERO),
            Outcome::Fine,
        )];
        for (name, opening) in [
            ("closed at once", Reply::close("")),
            ("reset at once", Reply::reset("")),
            ("garbage", Reply::close("\0\x01\x02")),
            ("the answer before the question, and silence", Reply::stall(whole.clone())),
            ("the answer before the question, and the end", Reply::close(whole.clone())),
            ("the answer before the question, and another", Reply::keep(whole.clone())),
        ] {
            let case = Case::opening(name, opening, Outcome::Anything);
            cases.push(case.options(impatient()));
        }
        let refused = |values: [&str; 2]| {
            let [one, other] = values.map(|value| ("retry-after", value));
            Reply::http(429, &[one, other], b"")
        };
        let limits = [["3600", "3600"], ["0", "3600"], ["3600", "0"], ["soon", "3600"]];
        for limit in limits {
            let name = format!("Retry-After {} and {}", limit[0], limit[1]);
            cases.push(Case::new(name, refused(limit), Outcome::Limited));
        }
        for status in [101, 600, 700, 999] {
            let reply = Reply::close(format!("HTTP/1.1 {status} Odd\r\ncontent-length: 0\r\n\r\n"));
            cases.push(Case::new(format!("status {status}"), reply, Outcome::Told(status)));
        }
        cases
    })
    .await;
}

/// Success and failure, documented or not, and all that are neither.
const STATUSES: [u16; 37] = [
    200, 201, 202, 203, 204, 205, 206, 226, 300, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404,
    408, 409, 410, 412, 413, 418, 422, 429, 451, 499, 500, 501, 502, 503, 504, 505, 511, 599,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_status() {
    async fn statuses(call: EveryCall) -> Result<(), String> {
        let case = Case::new("", Reply::close(""), Outcome::Anything);
        let stage = Stage::new(&call, &case).await;
        for status in STATUSES.into_iter().filter(|status| !call.success.contains(status)) {
            for body in ["", "<html>\r\n<body>Out of order</body></html>", "{\"a\":[null]}"] {
                let told = format!("{status} with {body:?}");
                let bodiless = matches!(status, 204 | 304);
                let body = if bodiless { "" } else { body };
                stage.says(Reply::http(status, &[("location", "/elsewhere")], body.as_bytes()));
                let (arrivals, others) = (stage.arrivals(), stage.others());
                let result = (stage.caller)().await;
                let outcome = Outcome::Told(status);
                let judged = match call.before {
                    Some(_) => judge_before(outcome, &result, &stage)
                        .and_then(|()| check(stage.others() == others, || "it went on".to_owned())),
                    None => judge(&call, outcome, &result, stage.arrivals() - arrivals),
                };
                judged.map_err(|what| format!("{told}: {what}"))?;
                let error = result.expect_err("it was judged so");
                let kept = call.before.is_some() || error.body() == body.as_bytes();
                check(kept, || format!("{told}: another body is kept"))?;
            }
        }
        stage.works_on(&call).await
    }
    run(every_call().into_iter().map(|call| (call.to_string(), statuses(call)))).await;
}

/// What may stand where something else is expected.
const ODDITIES: [&[u8]; 18] = [
    b"null",
    b"true",
    b"-0",
    b"-1",
    b"1.5",
    b"1e999",
    b"18446744073709551616",
    b"9999999999999999999999999999999999999999",
    b"\"\"",
    b"\"9999999999999999999999\"",
    b"\"\\u0000\\r\\n\"",
    b"\"\\ud800\"",
    b"\"\xff\"",
    b"[]",
    b"[[[]],{}]",
    b"{}",
    b"{\"a\":{\"a\":null}}",
    b"\"\xe2\x80\xae\xf0\x9f\x98\x80\"",
];

/// The places of all values in a JSON value.
fn places(value: &Value) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let mut all = vec![String::new()];
    for (name, value) in inside {
        all.extend(places(value).into_iter().map(|place| format!("/{name}{place}")));
    }
    all
}

/// Each value of a proper answer replaced by each oddity, and odd fields beside those that are known.
fn odd_answers(answer: &str) -> Vec<(String, Vec<u8>)> {
    let parsed: Value = serde_json::from_str(answer).expect("answers are JSON");
    let mut all = Vec::new();
    for place in places(&parsed) {
        let mut changed = parsed.clone();
        *changed.pointer_mut(&place).expect("it is there") = "@@".into();
        let text = changed.to_string();
        let (before, after) = text.split_once("\"@@\"").expect("it is there");
        for odd in ODDITIES {
            let body = [before.as_bytes(), odd, after.as_bytes()].concat();
            all.push((format!("{} at {place:?}", odd.escape_ascii()), body));
        }
    }
    let (before, after) = answer.split_at(answer.find('{').expect("an object") + 1);
    let key = after.split('"').nth(1).expect("it has a field");
    let deep = ["[".repeat(20_000), "]".repeat(20_000)].concat();
    let objects = ["{\"a\":".repeat(5_000), "1".to_owned(), "}".repeat(5_000)].concat();
    for (name, field) in [
        ("an unknown field of 20,000 lists", format!("\"zz\":{deep},").into_bytes()),
        ("an unknown field of 5,000 objects", format!("\"zz\":{objects},").into_bytes()),
        ("20,000 unknown fields", b"\"z\":1,".repeat(5_000)),
        ("a field twice", format!("\"{key}\":null,").into_bytes()),
        ("a name that is no text", b"\"\xff\":1,".to_vec()),
        ("a name that is half a character", b"\"\\ud800\":1,".to_vec()),
        ("an empty name", b"\"\":1,".to_vec()),
        ("no name", b"1:1,".to_vec()),
        ("a comment", b"/* */".to_vec()),
    ] {
        all.push((name.to_owned(), [before.as_bytes(), &field, after.as_bytes()].concat()));
    }
    for odd in ODDITIES {
        let field = [b"\"zz\":", odd, b","].concat();
        let name = format!("an unknown field {}", odd.escape_ascii());
        all.push((name, [before.as_bytes(), &field, after.as_bytes()].concat()));
    }
    all
}

/// Whatever a field holds: a value, or an error that says that the change was made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_with_every_oddity() {
    async fn oddities(call: EveryCall) -> Result<(), String> {
        let case = Case::new("", Reply::close(""), Outcome::Anything);
        let stage = Stage::new(&call, &case).await;
        for (name, body) in odd_answers(&call.answer) {
            stage.says(Reply::keep(with_body(&call, &body)));
            let arrivals = stage.arrivals();
            let result = (stage.caller)().await;
            let new = stage.arrivals() - arrivals;
            let judged = match &result {
                // A service may say in its success that it was none.
                Err(error) if error.kind() == ErrorKind::Rejected => {
                    let effect = match call.repeat {
                        Repeat::Read => Effect::NotApplied,
                        _ => Effect::Unknown,
                    };
                    check(error.effect() == effect && new == 1, || format!("{error:?}"))
                }
                _ => judge(&call, Outcome::ReadOrUnusable, &result, new),
            };
            judged.map_err(|what| format!("{name}: {what}"))?;
        }
        stage.works_on(&call).await
    }
    // Where two calls are answered alike, what is read is the same.
    let mut answers = BTreeSet::new();
    let mut calls = every_operation();
    calls.retain(|call| {
        call.has_body() && call.before.is_none() && answers.insert(call.answer.clone())
    });
    run(calls.into_iter().map(|call| (call.to_string(), oddities(call)))).await;
}

/// Nobody listens, and nothing was sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_listens() {
    async fn refused(call: EveryCall) -> Result<(), String> {
        // Bound and not listening: nobody else can take the port meanwhile.
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port is free");
        let origin = format!("http://{}", socket.local_addr().expect("it is bound"));
        let result = (call.caller(&origin, eager()))().await;
        if call.before.is_some() {
            let error = result.expect_err("nobody listens");
            let found = (error.kind(), error.effect(), error.attempts());
            let expected = (ErrorKind::Connect, Effect::NotApplied, 0);
            return check(found == expected, || format!("{error:?}"));
        }
        judge(&call, Outcome::NotSent(ErrorKind::Connect), &result, 0)
    }
    run(every_call().into_iter().map(|call| (call.to_string(), refused(call)))).await;
}

/// The faults of the fakes, also of those that a call does not have. What the service makes of a
/// call that came through is told by the tests of each service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_the_fakes() {
    async fn cell(
        call: EveryCall,
        fault: Fault,
        outcome: Outcome,
        options: ClientOptions,
    ) -> Result<(), String> {
        let fake = fake_of(&call).await;
        let own = call.before.unwrap_or_default();
        let caller = call.caller(&fake.uri(), options);
        fake.next_on(own, 100, fault);
        let result = caller().await;
        let received = fake.received();
        let arrivals = received.iter().filter(|one| one.path().starts_with(own)).count();
        let others = received.len() - arrivals;
        match (call.before, &result) {
            (None, _) if matches!(outcome, Outcome::NoAnswer(ErrorKind::Timeout)) => {
                check(result.is_err(), || "a success out of silence".to_owned())?;
                truthful(&call, &result, arrivals)?;
            }
            (None, _) if matches!(outcome, Outcome::AsUsual | Outcome::HalfAsUsual) => {
                let usual = fake_of(&call).await;
                let usual = (call.caller(&usual.uri(), eager()))().await;
                truthful(&call, &result, arrivals)?;
                let known = |result: &Result<(), Error>| {
                    let error = result.as_ref().err()?;
                    // A code cannot be read of a half.
                    let kind = matches!(outcome, Outcome::AsUsual).then(|| error.kind());
                    Some((error.status(), kind, error.effect()))
                };
                match (outcome, &usual) {
                    (Outcome::HalfAsUsual, Ok(())) => {
                        judge(&call, Outcome::Unusable(ErrorKind::Interrupted), &result, arrivals)?;
                    }
                    _ => check(known(&usual) == known(&result), || {
                        format!("{result:?}, where the service's answer makes {usual:?}")
                    })?,
                }
            }
            (None, _) => judge(&call, outcome, &result, arrivals)?,
            (Some(_), Ok(())) => Err("a success without a token".to_owned())?,
            (Some(_), Err(error)) => {
                check_form(error)?;
                let fits = error.effect() == Effect::NotApplied && others == 0;
                check(fits, || format!("{others} others arrived: {error:?}"))?;
            }
        }
        let mut result = Ok(());
        for _ in 0..20 {
            fake.clear_faults();
            fake.next_on(own, 100, Fault::json(call.success[0], call.answer.clone()));
            fake.next(100, Fault::json(201, AFTER));
            result = caller().await;
            let Err(error) = &result else { break };
            // A connection that the fault left dead may cost a try, and so may a slow machine.
            let passing = matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::Timeout);
            check(passing, || format!("it does not work on: {error:?}"))?;
        }
        result.map_err(|error| format!("it does not work on: {error:?}"))
    }

    let mut cells = Vec::new();
    for call in every_operation() {
        let success = call.success[0];
        let decode = match call.has_body() && call.before.is_none() {
            true => Outcome::Unusable(ErrorKind::Decode),
            false => Outcome::Fine,
        };
        let interrupted = Outcome::NoAnswer(ErrorKind::Interrupted);
        let timeout = Outcome::NoAnswer(ErrorKind::Timeout);
        let mut faults = vec![
            ("a reset", Fault::reset(), interrupted),
            ("a late reset", Fault::reset().delayed(Duration::from_millis(5)), interrupted),
            ("silence", Fault::hang(), timeout),
            ("an empty 500", Fault::status(500), Outcome::Told(500)),
            ("no status", Fault::status(1000), interrupted),
            ("a page of 502", Fault::html(502), Outcome::Told(502)),
            ("a page of 403", Fault::html(403), Outcome::Told(403)),
            ("a conflict", Fault::json(409, "{}"), Outcome::Told(409)),
            ("a refusal without end", Fault::endless(403), Outcome::Told(403)),
            ("an error without end", Fault::endless(503), Outcome::Told(503)),
            ("a long wait", Fault::status(429).retry_after(LONG), Outcome::Limited),
            // These are done to the fake's own answer, which may be a refusal.
            ("its answer in single bytes", Fault::drip(Duration::ZERO), Outcome::AsUsual),
            ("its answer, late", Fault::delay(Duration::from_millis(5)), Outcome::AsUsual),
            ("half of its answer", Fault::truncated(), Outcome::HalfAsUsual),
            ("half of its answer, reset", Fault::reset_in_answer(), Outcome::Anything),
            ("a stale connection", Fault::stale(), Outcome::Anything),
            ("a connection closed when idle", Fault::closed_idle(), Outcome::Anything),
        ];
        if call.before.is_none() {
            faults.push(("a page of success", Fault::html(success), decode));
            faults.push(("a success without end", Fault::endless(success), decode));
        }
        for (name, fault, outcome) in faults {
            let silent = matches!(outcome, Outcome::NoAnswer(ErrorKind::Timeout));
            let options = if silent { impatient() } else { eager() };
            cells.push((format!("{call}: {name}"), cell(call.clone(), fault, outcome, options)));
        }
    }
    run(cells).await;
}

/// The fake of a call's service.
async fn fake_of(call: &EveryCall) -> Box<dyn Deref<Target = Fake> + Send + Sync> {
    const FREE: &str = "a port is free";
    match call.name.split([' ', '.']).next() {
        #[cfg(feature = "twilio")]
        Some("twilio") => Box::new(testing::TwilioIamFake::start().await.expect(FREE)),
        #[cfg(feature = "harness")]
        Some("harness") => Box::new(testing::HarnessFake::start().await.expect(FREE)),
        #[cfg(feature = "redox")]
        Some("redox") => Box::new(testing::RedoxFake::start().await.expect(FREE)),
        #[cfg(feature = "deepset")]
        Some("deepset") => Box::new(testing::DeepsetFake::start().await.expect(FREE)),
        other => unreachable!("{other:?} is no service"),
    }
}

/// Where no handshake comes about, nothing was sent, and it is tried again.
#[cfg(feature = "rustls")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_that_fail() {
    use tls::Hello;

    matrix(|_| {
        let connect = Outcome::NotSent(ErrorKind::Connect);
        let alert = b"\x15\x03\x03\0\x02\x02\x28";
        let mut cases = Vec::new();
        for (name, hello) in [
            ("plain HTTP", Hello::Other(Reply::close("HTTP/1.1 400 Bad Request\r\n\r\n"))),
            (
                "plain HTTP, and silence",
                Hello::Other(Reply::stall("HTTP/1.1 400 Bad Request\r\n\r\n")),
            ),
            ("an alert", Hello::Other(Reply::stall(alert))),
            ("an alert and the end", Hello::Other(Reply::close(alert))),
            ("the end of the connection", Hello::Other(Reply::close(""))),
            ("a reset", Hello::Other(Reply::reset(""))),
            ("half a record", Hello::Other(Reply::close("\x16\x03\x03\x40\0\x02"))),
            ("no record", Hello::Other(Reply::forever("", "\0"))),
            ("another host's certificate", Hello::Certificate(tls::OTHER_HOST)),
            ("an expired certificate", Hello::Certificate(tls::EXPIRED)),
            ("a certificate of the future", Hello::Certificate(tls::NOT_YET)),
            ("a certificate of its own", Hello::Certificate(tls::SELF_SIGNED)),
        ] {
            let case = Case::new(name, Reply::close(""), connect).options(tls::trusting(eager()));
            cases.push(Case { hello: Some(hello), ..case });
        }
        let soon = eager().connect_timeout(Duration::from_millis(400));
        let silence = Case::new("silence", Reply::close(""), connect).options(tls::trusting(soon));
        cases.push(Case { hello: Some(Hello::Other(Reply::stall(""))), ..silence });
        cases
    })
    .await;
}
