//! Every fault at every endpoint, over real sockets: no panic, an error that agrees with the
//! received requests and the sent responses, no extra request, no hang; and the client remains
//! usable.

use std::future::ready;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::registry::{Caller, Endpoint, each_operation, endpoints};
use crate::support::matrix::{
    ATTEMPTS, Cell, GZIP_HEAD, LIMIT, LONG, check, let_tasks_run, options, passes, run, stored,
};
use crate::support::raw::{Door, Raw, Reply, Then};
use crate::support::truth::{CREATES_UNDER_404, check_form, effect_of_status, may_succeed};
use rolecall::operation::Idempotency;
use rolecall::{ClientOptions, Effect, Error, ErrorKind};
use tokio::net::TcpSocket;

use ErrorKind::{Connect, Decode, Interrupted, Timeout};

/// What a fault must come to.
#[derive(Clone, Copy, Debug)]
enum Ends {
    /// The response is read.
    Fine,
    /// No connection came about, and nothing was sent.
    NotSent,
    /// The same, and none ever will, for this reason.
    #[cfg(feature = "rustls")]
    NeverSent(&'static str),
    /// The request arrived, and no head of a response came back.
    NoResponse(ErrorKind),
    /// The head says that it succeeded, and the body is no response of the service.
    Unusable(ErrorKind),
    /// The same, and the service need not have sent it.
    Foreign,
    /// Another status than a success.
    Refused(u16),
    /// A rate limit that lasts longer than any client waits.
    Limited,
    /// The result depends on timing. It must be true in any case.
    Any,
}

/// The head of a success, but for the empty line.
fn head(endpoint: &Endpoint) -> String {
    format!("HTTP/1.1 {} Whatever\r\n", endpoint.success()[0])
}

/// A proper response, with these header lines beside its own.
fn proper(endpoint: &Endpoint, lines: &str) -> Vec<u8> {
    let length = match endpoint.has_body() {
        true => format!("content-length: {}\r\n", endpoint.response.len()),
        false => String::new(),
    };
    format!("{}{lines}{length}\r\n{}", head(endpoint), endpoint.response).into_bytes()
}

/// Another body under the status of a success.
fn with_body(endpoint: &Endpoint, lines: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{}{lines}content-length: {}\r\n\r\n", head(endpoint), body.len());
    [head.as_bytes(), body].concat()
}

fn chunk() -> String {
    format!("4000\r\n{}\r\n", " ".repeat(0x4000))
}

/// A service that misbehaves until it is set right.
struct Service {
    /// What it sends back while it misbehaves.
    odd: Mutex<Option<Reply>>,
    fine: Reply,
    /// How the request begins that is made before another.
    before: Option<String>,
    /// How often the request itself arrived, and how often the one that it is made for.
    own: AtomicUsize,
    others: AtomicUsize,
}

impl Service {
    fn odd(&self) -> Option<Reply> {
        self.odd.lock().expect("no panic").clone()
    }

    fn says(&self, odd: Option<Reply>) {
        *self.odd.lock().expect("no panic") = odd;
    }

    fn respond(&self, request: &[u8]) -> Reply {
        if self.before.as_ref().is_some_and(|start| !request.starts_with(start.as_bytes())) {
            self.others.fetch_add(1, Ordering::SeqCst);
            return Reply::http(201, &[], AFTER.as_bytes());
        }
        self.own.fetch_add(1, Ordering::SeqCst);
        match self.odd() {
            Some(odd) if odd.is_early => Reply::close(""),
            Some(odd) => odd.to(request),
            None => self.fine.clone(),
        }
    }
}

/// What the requests get that others are made for, whichever it is.
const AFTER: &str = r#"{"sid":"IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","payload":{"success":true}}"#;

/// A service, and one client of it.
pub(crate) struct Stage {
    pub(crate) endpoint: Endpoint,
    service: Arc<Service>,
    pub(crate) raw: Raw,
    pub(crate) caller: Caller,
}

impl Stage {
    pub(crate) fn new(endpoint: Endpoint, odd: Reply, options: ClientOptions) -> Self {
        let service = Arc::new(Service {
            odd: Mutex::new(Some(odd)),
            fine: Reply::keep(proper(&endpoint, "")),
            before: endpoint.before.map(|path| format!("POST {path} ")),
            own: AtomicUsize::new(0),
            others: AtomicUsize::new(0),
        });
        let (opens, responds) = (Arc::clone(&service), Arc::clone(&service));
        let opening = move || opens.odd().filter(|odd| odd.is_early);
        let respond = move |request: Vec<u8>| ready(responds.respond(&request));
        let raw = Raw::behind(Door::open(), opening, respond);
        Self { caller: endpoint.caller(&raw.origin(), options), endpoint, service, raw }
    }

    /// Sends this back from now on.
    pub(crate) fn says(&self, odd: Reply) {
        self.service.says(Some(odd));
    }

    /// How often the request itself arrived, and how often the one that it is made for.
    fn arrivals(&self) -> (usize, usize) {
        (self.service.own.load(Ordering::SeqCst), self.service.others.load(Ordering::SeqCst))
    }

    /// Makes the call and judges its result.
    async fn judged_call(&self, ends: Ends) -> Result<Result<(), Error>, String> {
        let (own, others) = self.arrivals();
        let result = (self.caller)().await;
        let (own, others) = (self.arrivals().0 - own, self.arrivals().1 - others);
        judge(&self.endpoint, ends, &result, own, others)?;
        Ok(result)
    }

    /// The same client makes an ordinary call.
    async fn works_on(&self) -> Result<(), String> {
        let_tasks_run().await;
        // What got a response before it was read may still be on its way.
        let is_late = self.service.odd().is_some_and(|odd| odd.is_early);
        self.service.says(None);
        for _ in 0..5 {
            let before = self.arrivals();
            let result = (self.caller)().await;
            let (new, after) = (self.arrivals().0 - before.0, self.arrivals().1 - before.1);
            let fits = match &result {
                Err(error) => new == 0 && passes(error),
                // A token that was obtained after all is not obtained again.
                Ok(()) if self.endpoint.before.is_some() => new <= 1 && after == 1,
                Ok(()) => new == 1,
            };
            check(fits || is_late, || format!("then {new}, {after} arrived: {result:?}"))?;
            if result.is_ok() {
                return Ok(());
            }
        }
        Err("it does not work on".to_owned())
    }
}

/// Whether an outcome is what it must be. When what is retried is tested on a wire in memory; here it
/// must be bounded, and have no effect that the error does not tell of.
fn judge(
    endpoint: &Endpoint,
    ends: Ends,
    result: &Result<(), Error>,
    arrivals: usize,
    others: usize,
) -> Result<(), String> {
    if endpoint.before.is_some() {
        return judge_before(ends, result, others);
    }
    let (idempotency, spec) = (endpoint.idempotency(), endpoint.spec);
    let context = || format!("of {ends:?}, {arrivals} arrived: {result:?}");
    let error = match (ends, result) {
        (Ends::Fine, Ok(())) => return check(arrivals == 1, context),
        (Ends::Any, Ok(())) => {
            return check(arrivals <= 1 || idempotency != Idempotency::NonIdempotent, context);
        }
        (Ends::Fine, Err(_)) | (_, Ok(())) => return Err(context()),
        (_, Err(error)) => error,
    };
    check_form(error)?;
    check(error.operation() == Some(endpoint.name()), || format!("of what? {}", context()))?;
    let most = ATTEMPTS + u32::from(endpoint.renews);
    let attempts = error.attempts();
    check(arrivals <= attempts as usize && attempts <= most, || {
        format!("attempts: {}", context())
    })?;

    let status = error.status().map(|status| status.as_u16());
    let is_success = status.is_some_and(|status| may_succeed(spec, status));
    // As the service sees it, which knows what it sent back.
    let effect = match status {
        _ if arrivals == 0 || idempotency == Idempotency::Safe => Effect::NotApplied,
        None => Effect::Unknown,
        Some(_) if is_success => Effect::Unknown,
        Some(404) if endpoint.name() == CREATES_UNDER_404 => Effect::Unknown,
        Some(status) => effect_of_status(idempotency, status),
    };
    let is_refused = status.is_some() && effect == Effect::NotApplied;
    let once = arrivals <= 1 || is_refused || idempotency != Idempotency::NonIdempotent;
    check(once, || format!("it was made twice: {}", context()))?;
    // Where it is up to timing, it may also have been on its way.
    let is_open = matches!(ends, Ends::Any) && error.effect() == Effect::Unknown;
    check(error.effect() == effect || is_open, || format!("not {effect:?}: {}", context()))?;
    let fits = match ends {
        Ends::Fine | Ends::Any => true,
        Ends::NotSent => {
            let retried = attempts == ATTEMPTS && error.is_safe_to_repeat();
            arrivals == 0 && status.is_none() && error.kind() == Connect && retried
        }
        #[cfg(feature = "rustls")]
        Ends::NeverSent(why) => {
            let retried = attempts > 1 || error.is_safe_to_repeat();
            let text = error.to_string();
            let says = text.contains("no connection to https://127.0.0.1:") && text.contains(why);
            arrivals == 0 && error.kind() == Connect && !retried && says
        }
        Ends::NoResponse(kind) => status.is_none() && error.kind() == kind && arrivals > 0,
        // A change that succeeded is not asked for again, but a response to a read that is cut is.
        Ends::Unusable(kind) => {
            let is_read = idempotency == Idempotency::Safe;
            let fits = match arrivals as u32 {
                1 => !is_read || kind == Decode,
                ATTEMPTS => is_read,
                _ => false,
            };
            is_success && error.kind() == kind && fits
        }
        Ends::Foreign => {
            let expected = if idempotency == Idempotency::Safe { ATTEMPTS } else { 1 };
            is_success && error.kind() == Decode && arrivals == expected as usize
        }
        Ends::Refused(refused) => status == Some(refused),
        Ends::Limited => {
            error.is_rate_limited() && error.retry_after() == Some(LONG) && arrivals == 1
        }
    };
    check(fits, context)
}

/// The same for a request that the client makes before another one.
fn judge_before(ends: Ends, result: &Result<(), Error>, others: usize) -> Result<(), String> {
    let context = || format!("of {ends:?}, {others} others arrived: {result:?}");
    let Err(error) = result else {
        let fits = match ends {
            Ends::Fine => others == 1,
            Ends::Any => others > 0,
            _ => false,
        };
        return check(fits, context);
    };
    check_form(error)?;
    let fits = match ends {
        Ends::Fine => false,
        // The other request may have met with the same.
        Ends::Any => others == 0 || error.effect() != Effect::NotApplied,
        _ => {
            let status = error.status().map(|status| status.as_u16());
            let fits = match ends {
                Ends::Refused(refused) => status == Some(refused),
                Ends::NotSent | Ends::NoResponse(_) => status.is_none(),
                #[cfg(feature = "rustls")]
                Ends::NeverSent(_) => status.is_none(),
                _ => status.is_some(),
            };
            let attempts = (1..=ATTEMPTS).contains(&error.attempts());
            error.effect() == Effect::NotApplied && others == 0 && fits && attempts
        }
    };
    check(fits, context)
}

/// These faults at each operation, and what must come of them.
fn matrix<N: Into<String>>(size: usize, cases: impl Fn(&Endpoint) -> Vec<(N, Reply, Ends)>) {
    async fn cell(endpoint: Endpoint, reply: Reply, ends: Ends) -> Result<(), String> {
        let stage = Stage::new(endpoint, reply.clone(), options());
        let keeps = matches!(reply.then, Then::Keep) && stage.endpoint.before.is_none();
        // Not once is a request responded to by what belongs to another.
        let times = if matches!(ends, Ends::Fine) && keeps { 4 } else { 1 };
        for _ in 0..times {
            stage.judged_call(ends).await.map(drop)?;
        }
        // The sender of unrequested bytes sees its connection close. The other connection stays open.
        while matches!(reply.then, Then::Unasked(_)) && stage.raw.open() > stage.arrivals().1 {
            let_tasks_run().await;
        }
        stage.works_on().await
    }

    let cells = |endpoint: Endpoint| {
        cases(&endpoint).into_iter().map(move |(name, reply, ends)| {
            Cell::new(endpoint.clone(), name, move |endpoint| cell(endpoint, reply, ends))
        })
    };
    run(each_operation().into_iter().flat_map(cells).collect(), size);
}

/// A response of which not even the head can be read says nothing about what was done.
#[test]
fn heads_that_cannot_be_read() {
    matrix(300, |endpoint| {
        let start = head(endpoint);
        let lines = |lines: &str| format!("{start}{lines}\r\n{}", endpoint.response);
        let broken = Ends::NoResponse(Interrupted);
        // Without a body, its length does not matter.
        let framing = if endpoint.has_body() { broken } else { Ends::Fine };
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
            cases.push((name, Reply::close(text), broken));
        }
        let endless = Reply::flood(format!("{start}x: "), "y".repeat(64 << 10));
        cases.push(("an endless header", endless, broken));
        let endless = Reply::flood(start.clone(), "x: y\r\n".repeat(10_000));
        cases.push(("endless headers", endless, broken));
        for (name, length) in [
            ("a length of words", "x"),
            ("no length", ""),
            ("a negative length", "-1"),
            ("a length of 2^64", "18446744073709551616"),
            ("a length of 40 digits", "9999999999999999999999999999999999999999"),
            ("two lengths", "2\r\ncontent-length: 3"),
            ("a list of lengths", "2, 3"),
        ] {
            let text = lines(&format!("content-length: {length}\r\n"));
            cases.push((name, Reply::close(text), framing));
        }
        cases
    });
}

/// Unusual, and in order all the same.
#[test]
fn responses_that_are_fine() {
    matrix(300, |endpoint| {
        let response = &endpoint.response;
        let whole = proper(endpoint, "");
        let plain = String::from_utf8(whole.clone()).expect("responses are text");
        let with = |lines: &str| Reply::keep(proper(endpoint, lines));
        let before = |interim: &str| Reply::keep([interim.as_bytes(), &whole].concat());
        let after = |more: &str| Reply::keep([&whole, more.as_bytes()].concat());
        let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        let interim = "HTTP/1.1 100 Continue\r\n\r\n";
        let old = |lines: &str| {
            let text = plain.replace("HTTP/1.1", "HTTP/1.0");
            text.replacen("Whatever\r\n", &format!("Whatever\r\n{lines}"), 1)
        };
        let mut replies = vec![
            ("HTTP/1.0", Reply::close(old(""))),
            ("HTTP/1.0 without an end", Reply::silence(old(""))),
            ("HTTP/1.0 kept alive", Reply::keep(old("connection: keep-alive\r\n"))),
            ("two Retry-After", with("retry-after: 1\r\nretry-after: 9\r\n")),
            ("two request ids", with("twilio-request-id: a\r\ntwilio-request-id: b\r\n")),
            ("two types", with("content-type: text/html\r\ncontent-type: x\r\n")),
            ("a value beyond ASCII", with("twilio-request-id: é\r\n")),
            ("1,000 headers", with(&"x: y\r\n".repeat(1_000))),
            ("a header of 64 KiB", with(&format!("x: {}\r\n", "y".repeat(64 << 10)))),
            ("the end of the connection", Reply::close(proper(endpoint, "connection: close\r\n"))),
            ("a connection closed when idle", Reply::close(&*whole)),
            ("a connection reset by the next request", Reply::new(&*whole, Then::Stale)),
            ("single bytes", Reply::new(&*whole, Then::Slow)),
            ("no encoding", with("content-encoding: identity\r\n")),
            ("no reason", Reply::keep(plain.replacen(" Whatever", "", 1))),
            ("an empty reason", Reply::keep(plain.replacen("Whatever", "", 1))),
            ("a reason beyond ASCII", Reply::keep(plain.replacen("Whatever", "naïve", 1))),
            ("100 Continue", before(interim)),
            ("103 Early Hints", before("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")),
            ("1,000 interim responses", before(&interim.repeat(1_000))),
            ("more than a response at a time", after("more")),
            ("two responses at a time", after(refusal)),
            ("a response later, unasked", Reply::new(&*whole, Then::Unasked(refusal))),
            ("bytes later, unasked", Reply::new(&*whole, Then::Unasked("\0"))),
        ];
        if endpoint.has_body() {
            let start = head(endpoint);
            let chunk = |c: char| format!("{:x};q=\"\\\"\"\r\n{c}\r\n", c.len_utf8());
            let chunks: String = response.chars().map(chunk).collect();
            let chunked = "transfer-encoding: chunked\r\n";
            let trailers = format!("{start}{chunked}trailer: x\r\n\r\n{chunks}0\r\nx: y\r\n\r\n");
            let both = format!("{start}content-length: 1\r\n{chunked}\r\n{chunks}0\r\n\r\n");
            let no_length = format!("{start}\r\n{response}");
            let marked = format!("\u{feff}{response}");
            let padded = format!("{response}{}", " ".repeat(LIMIT - response.len()));
            replies.extend([
                ("HTTP/1.0 without a length", Reply::close(no_length.replace("/1.1", "/1.0"))),
                ("no length", Reply::close(no_length)),
                ("the same length twice", with(&format!("content-length: {}\r\n", response.len()))),
                ("chunks and trailers", Reply::keep(trailers)),
                ("a length beside chunks", Reply::close(both)),
                ("a byte order mark", Reply::keep(with_body(endpoint, "", marked.as_bytes()))),
                ("exactly the limit", Reply::keep(with_body(endpoint, "", padded.as_bytes()))),
            ]);
        }
        replies.into_iter().map(|(name, reply)| (name, reply, Ends::Fine)).collect()
    });
}

/// The head says that it succeeded, but the body is not that of the service.
#[test]
fn bodies_that_cannot_be_used() {
    matrix(300, |endpoint| {
        let (text, body) = (&*endpoint.response, endpoint.response.as_bytes());
        let start = head(endpoint);
        // Without a body nothing can be wrong with it.
        let of_body = |ends| if endpoint.has_body() { ends } else { Ends::Fine };
        let length = |length: u64| format!("{start}content-length: {length}\r\n\r\n{text}");
        let chunked = format!("{start}transfer-encoding: chunked\r\n\r\n");
        let size = body.len() as u64;
        let mut cases = Vec::new();
        for (name, reply) in [
            ("too long a length", length(size + 1)),
            ("a length of 2^62", length(1 << 62)),
            ("a chunk size that is none", format!("{chunked}zz\r\n{{}}\r\n0\r\n\r\n")),
            ("a negative chunk size", format!("{chunked}-1\r\n{{}}\r\n0\r\n\r\n")),
            ("an absurd chunk size", format!("{chunked}fffffffffffffffff\r\n{text}")),
            ("a chunk that never ends", format!("{chunked}ffffffffffff\r\n{text}")),
            ("no last chunk", format!("{chunked}{size:x}\r\n{text}\r\n")),
            ("a chunk longer than its size", format!("{chunked}1\r\n{text}\r\n0\r\n\r\n")),
        ] {
            cases.push((name, Reply::close(reply), of_body(Ends::Unusable(Interrupted))));
        }
        let decode = of_body(Ends::Unusable(Decode));
        let gzip = [GZIP_HEAD, &stored(body)].concat();
        for (name, body) in [("nothing", &b""[..]), ("white space", b" \r\n\t ")] {
            let ends = if endpoint.may_be_blank { Ends::Fine } else { of_body(Ends::Foreign) };
            cases.push((name, Reply::keep(with_body(endpoint, "", body)), ends));
        }
        // A text, a page of something in between, and a response that lost its end in a name.
        let name = text.find('"').map_or(0, |start| start + 2);
        for (name, body) in [
            ("a text", &b"OK"[..]),
            ("an HTML page", b"<html></html>"),
            ("the start of a response", &body[..name]),
        ] {
            let reply = Reply::keep(with_body(endpoint, "", body));
            cases.push((name, reply, of_body(Ends::Foreign)));
        }
        for (name, encoding, body) in [
            ("UTF-16", "identity", &b"\xff\xfe{\0}\0"[..]),
            ("half of a response", "identity", &body[..body.len() / 2]),
            ("a response and more", "identity", &[body, b" x"].concat()),
            ("two responses in one", "identity", &[body, body].concat()),
            ("50,000 levels", "identity", "[".repeat(50_000).as_bytes()),
            (
                "one byte over the limit",
                "identity",
                &[body, &[b' '; LIMIT + 1][body.len()..]].concat(),
            ),
            ("a kind of gzip", "gzip", &gzip),
            ("two encodings", "identity, gzip", &gzip),
            ("gzip that is none", "gzip", body),
            ("an unknown encoding", "x-odd", body),
        ] {
            let encoding = format!("content-encoding: {encoding}\r\n");
            cases.push((name, Reply::keep(with_body(endpoint, &encoding, body)), decode));
        }
        let short = Reply::keep(length(size.saturating_sub(1)));
        cases.push(("too short a length", short, decode));
        cases.push(("an endless body", Reply::flood(chunked, chunk()), decode));
        cases
    });
}

/// The connection ends in the response, in good order or by a reset.
#[test]
fn connections_that_end_in_the_response() {
    matrix(300, |endpoint| {
        let (start, whole) = (head(endpoint).len(), proper(endpoint, ""));
        let (size, body) = (whole.len(), endpoint.response.len());
        let broken = Ends::NoResponse(Interrupted);
        let mut places = vec![
            (["closed at once", "reset at once"], 0, broken),
            (["closed in the protocol", "reset in the protocol"], 5, broken),
            (["closed in the status", "reset in the status"], 11, broken),
            (["closed behind the first line", "reset behind the first line"], start, broken),
            (
                ["closed before the end of the head", "reset before the end"],
                size - body - 1,
                broken,
            ),
        ];
        if endpoint.has_body() {
            let broken = Ends::Unusable(Interrupted);
            places.extend([
                (["closed before the body", "reset before the body"], size - body, broken),
                (["closed in the body", "reset in the body"], size - body / 2, broken),
                (["closed before the last byte", "reset before the last byte"], size - 1, broken),
            ]);
        }
        let cut = |([closed, reset], at, ends): ([_; 2], usize, _)| {
            [(closed, Reply::close(&whole[..at]), ends), (reset, Reply::reset(&whole[..at]), ends)]
        };
        // A reset may overtake the response.
        let late = ("reset at the end", Reply::reset(&*whole), Ends::Any);
        places.into_iter().flat_map(cut).chain([late]).collect()
    });
}

/// Nothing comes, or too little of it in time.
#[test]
fn silence() {
    matrix(200, |endpoint| {
        let (start, whole) = (head(endpoint), proper(endpoint, ""));
        let head = format!("{start}content-length: 60000\r\n\r\n");
        let chunked = format!("{start}transfer-encoding: chunked\r\n\r\n");
        let interim = Then::Trickle("HTTP/1.1 100 Continue\r\n\r\n");
        let half = start[..start.len() / 2].to_owned();
        let silence = Ends::NoResponse(Timeout);
        let mut cases = vec![
            ("nothing is read", Reply::silence("").early(), Ends::Any),
            ("no response", Reply::silence(""), silence),
            ("half a head", Reply::silence(half), silence),
            ("no end of the head", Reply::silence(start), silence),
            ("a head that drips", Reply::new(whole, Then::Drip), silence),
            ("interim responses for ever", Reply::new("", interim), silence),
        ];
        if endpoint.has_body() {
            let silence = Ends::Unusable(Timeout);
            cases.extend([
                ("no body", Reply::silence(&*head), silence),
                ("a body that drips", Reply::new(head, Then::Trickle(" ")), silence),
                ("no chunk", Reply::silence(&*chunked), silence),
                // hyper takes any number of them.
                ("zeros for a chunk's size", Reply::new(&*chunked, Then::Trickle("0")), silence),
                ("no last chunk", Reply::silence(chunked + "1\r\n \r\n"), silence),
            ]);
        }
        cases
    });
}

/// Connections that are odd before anything was asked, and a response to a request that was not sent yet.
#[test]
fn connections_that_are_odd_from_the_start() {
    matrix(200, |endpoint| {
        let whole = proper(endpoint, "");
        let openings = [
            ("closed at once", Reply::close("")),
            ("reset at once", Reply::reset("")),
            ("garbage", Reply::close("\0\x01\x02")),
            ("the response before the request, and silence", Reply::silence(&*whole)),
            ("the response before the request, and the end", Reply::close(&*whole)),
            ("the response before the request, and another", Reply::keep(whole)),
        ];
        openings.map(|(name, opening)| (name, opening.early(), Ends::Any)).into()
    });
}

/// Success and failure, documented or not, and all that are neither.
const STATUSES: [u16; 40] = [
    200, 201, 202, 203, 204, 205, 206, 226, 300, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404,
    408, 409, 410, 412, 413, 418, 422, 429, 451, 499, 500, 501, 502, 503, 504, 505, 511, 599, 600,
    700, 999,
];

#[test]
fn every_status() {
    matrix(300, |endpoint| {
        let bodies = ["", "<html>\r\n<body>Out of order</body></html>", "{\"a\":[null]}"];
        let others = STATUSES.into_iter().filter(|status| !may_succeed(endpoint.spec, *status));
        let mut cases = Vec::new();
        for (status, body) in others.zip(bodies.into_iter().cycle()) {
            let body = if matches!(status, 204 | 304) { "" } else { body };
            let reply = Reply::http(status, &[("location", "/elsewhere")], body.as_bytes());
            cases.push((status.to_string(), reply, Ends::Refused(status)));
        }
        let switched = Reply::close("HTTP/1.1 101 Odd\r\ncontent-length: 0\r\n\r\n");
        cases.push(("101".to_owned(), switched, Ends::Refused(101)));
        let wait = Reply::http(429, &[("retry-after", "3600")], b"");
        cases.push(("429 and a long wait".to_owned(), wait, Ends::Limited));
        for status in [403, 500] {
            let reply = Reply::repeating(status);
            cases.push((format!("{status} with the request"), reply, Ends::Refused(status)));
        }
        for status in [403, 503] {
            let head = format!("HTTP/1.1 {status} No\r\ntransfer-encoding: chunked\r\n\r\n");
            let reply = Reply::flood(head, chunk());
            cases.push((format!("{status} without end"), reply, Ends::Refused(status)));
        }
        cases
    });
}

/// There is no listener, and nothing was sent.
#[test]
fn no_listener() {
    async fn cell(endpoint: Endpoint) -> Result<(), String> {
        // Bound and not listening, so that no other process takes the port.
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port is free");
        let origin = format!("http://{}", socket.local_addr().expect("it is bound"));
        let result = (endpoint.caller(&origin, options()))().await;
        judge(&endpoint, Ends::NotSent, &result, 0, 0)
    }
    run(endpoints().into_iter().map(|endpoint| Cell::new(endpoint, "", cell)).collect(), 0);
}

/// Where no handshake comes about, nothing was sent. It is retried, unless a certificate is not valid.
#[cfg(feature = "rustls")]
#[test]
fn handshakes_that_fail() {
    use crate::support::tls::{self, Hello, Tls};

    async fn cell(endpoint: Endpoint, hello: Hello, ends: Ends) -> Result<(), String> {
        let fine = Reply::keep(proper(&endpoint, ""));
        let mut stage = Stage::new(endpoint, fine, options());
        let service = Arc::clone(&stage.service);
        let misbehaves = move || service.odd().is_some();
        let front = Tls::start(stage.raw.address(), hello, misbehaves);
        stage.caller = stage.endpoint.caller(&front.origin(), tls::trusting(options()));
        stage.judged_call(ends).await.map(drop)?;
        stage.works_on().await
    }

    let alert = b"\x15\x03\x03\0\x02\x02\x28";
    let plain = "HTTP/1.1 400 Bad Request\r\n\r\n";
    let others = [
        ("plain HTTP", Reply::close(plain)),
        ("plain HTTP, and silence", Reply::silence(plain).early()),
        ("an alert", Reply::silence(alert).early()),
        ("an alert and the end", Reply::close(alert)),
        ("the end of the connection", Reply::close("")),
        ("a reset", Reply::reset("")),
        ("silence", Reply::silence("").early()),
        ("half a record", Reply::close("\x16\x03\x03\x40\0\x02")),
        ("no record", Reply::flood("", "\0")),
    ];
    let certificates = [
        (tls::OTHER_HOST, "certificate not valid for name \"127.0.0.1\""),
        (tls::EXPIRED, "certificate has expired"),
        (tls::NOT_YET, "certificate is not valid yet"),
        (tls::SELF_SIGNED, "certificate has an unknown issuer"),
    ];
    let others = others.map(|(name, reply)| (name, Hello::Other(reply), Ends::NotSent));
    let certificates =
        certificates.map(|(it, why)| (why, Hello::Certificate(it), Ends::NeverSent(why)));
    let cells = |endpoint: Endpoint| {
        let hellos = others.clone().into_iter().chain(certificates.clone());
        hellos.map(move |(name, hello, ends)| {
            Cell::new(endpoint.clone(), name, move |endpoint| cell(endpoint, hello, ends))
        })
    };
    run(each_operation().into_iter().flat_map(cells).collect(), 200);
}
