//! The listener in front of a fake, which relays to it and can misbehave below HTTP.

use super::fault::{Fault, Kind, Made, Manner, reason};
use super::received::Received;
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

const HEAD_LIMIT: usize = 256 << 10;
const BODY_LIMIT: usize = 16 << 20;
const CHUNK_LINE_LIMIT: usize = 4 << 10;
const REMEMBERED: usize = 1024;

/// A listener on the loopback interface that relays each request to `upstream`, unless a fault is
/// queued for it.
pub(crate) struct Front {
    address: SocketAddr,
    listener: Arc<Mutex<Option<TcpListener>>>,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    faults: VecDeque<Queued>,
    received: VecDeque<Received>,
    count: u64,
}

struct Queued {
    path_prefix: String,
    calls: usize,
    fault: Fault,
}

impl Front {
    /// Listens on a free port, and serves for as long as the value lives.
    pub(crate) async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let listener = Arc::new(Mutex::new(Some(listener)));
        let state = Arc::default();
        let accepting = tokio::spawn(accept(listener.clone(), Arc::clone(&state), upstream));
        Ok(Self { address, listener, state, accepting })
    }

    /// Where clients connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next `calls` requests that no earlier entry of the queue applies to misbehave.
    pub(crate) fn next(&self, calls: usize, fault: Fault) {
        self.next_on("", calls, fault);
    }

    /// The same, for requests whose path starts with `path_prefix` only.
    pub(crate) fn next_on(&self, path_prefix: &str, calls: usize, fault: Fault) {
        if calls > 0 {
            let path_prefix = path_prefix.to_owned();
            lock(&self.state).faults.push_back(Queued { path_prefix, calls, fault });
        }
    }

    /// How many calls are still to misbehave.
    pub(crate) fn pending(&self) -> usize {
        let calls = |sum: usize, queued: &Queued| sum.saturating_add(queued.calls);
        lock(&self.state).faults.iter().fold(0, calls)
    }

    /// Empties the queue. Faults that are under way go on.
    pub(crate) fn clear(&self) {
        lock(&self.state).faults.clear();
    }

    /// The requests received last, oldest first, those that misbehaved included.
    pub(crate) fn received(&self) -> Vec<Received> {
        lock(&self.state).received.iter().cloned().collect()
    }

    /// How many requests were received in all, also those no longer remembered.
    pub(crate) fn received_count(&self) -> u64 {
        lock(&self.state).count
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // An aborted task lets go of what it owns only when the runtime gets to it. The port has
        // to be closed by then, or a client could still connect right after this.
        lock(&self.listener).take();
        self.accepting.abort();
    }
}

/// A poisoned lock is one of a test that failed already; what is in it is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(
    listener: Arc<Mutex<Option<TcpListener>>>,
    state: Arc<Mutex<State>>,
    upstream: SocketAddr,
) {
    // Owns the connection tasks, so that they end when this one is aborted.
    let mut connections = JoinSet::new();
    loop {
        let accepted = poll_fn(|cx| match &*lock(&listener) {
            Some(listener) => listener.poll_accept(cx).map(Some),
            None => Poll::Ready(None),
        });
        match accepted.await {
            Some(Ok((stream, _))) => {
                connections.spawn(serve(Wire::new(stream), Arc::clone(&state), upstream));
            }
            // Most likely out of file descriptors, which needs time rather than another try.
            Some(Err(_)) => sleep(Duration::from_millis(10)).await,
            None => return,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// What becomes of a connection after an answer.
enum Next {
    Another,
    Close,
    Reset,
}

async fn serve(mut wire: Wire, state: Arc<Mutex<State>>, upstream: SocketAddr) {
    loop {
        let served = match wire.request().await {
            Ok(request) => {
                let fault = admit(&state, &request).unwrap_or_else(Fault::none);
                respond(&mut wire, &request, fault, upstream).await
            }
            Err(error) => Err(error),
        };
        match served {
            Ok(Next::Another) => {}
            Ok(Next::Close) => return,
            Ok(Next::Reset) => {
                // Without this the socket would close in good order; if it cannot be set, the
                // socket is gone already.
                let _ = wire.stream.set_zero_linger();
                return;
            }
            Err(error) => {
                let code = match error.kind() {
                    ErrorKind::InvalidData => 400,
                    ErrorKind::FileTooLarge => 413,
                    ErrorKind::HostUnreachable => 502,
                    _ => return,
                };
                return wire.refuse(code, &error).await;
            }
        }
    }
}

/// Remembers a request and finds its fault in one step, so that both are in the same order.
fn admit(state: &Mutex<State>, request: &Request) -> Option<Fault> {
    let received = Received::new(&request.method, &request.target, &request.headers, &request.body);
    let mut state = lock(state);
    state.count += 1;
    if state.received.len() == REMEMBERED {
        state.received.pop_front();
    }
    let applies = |queued: &Queued| received.path().starts_with(&queued.path_prefix);
    let found = state.faults.iter().position(applies);
    state.received.push_back(received);
    let index = found?;
    let queued = state.faults.get_mut(index)?;
    queued.calls -= 1;
    if queued.calls > 0 {
        return Some(queued.fault.clone());
    }
    state.faults.remove(index).map(|queued| queued.fault)
}

async fn respond(
    wire: &mut Wire,
    request: &Request,
    fault: Fault,
    upstream: SocketAddr,
) -> io::Result<Next> {
    let (mut answer, manner) = match fault.kind {
        Kind::Real(manner) => {
            let answer = relay(upstream, request).await?;
            wire.pause(fault.delay).await?;
            (answer, manner)
        }
        Kind::Made(made) => {
            if fault.processed {
                relay(upstream, request).await?;
            }
            wire.pause(fault.delay).await?;
            let answer = match made {
                Made::Hang => {
                    wire.gone().await;
                    return Ok(Next::Close);
                }
                Made::Reset => return Ok(Next::Reset),
                Made::Endless(code) if !bodiless(&request.method, code) => {
                    let mut answer = Answer::new(code);
                    answer.headers.push(header("transfer-encoding", "chunked"));
                    answer.dress(&fault, request);
                    return wire.pour(&answer.head()).await;
                }
                Made::Endless(code) => Answer::new(code),
                Made::Status(code) => Answer::new(code).with_body(fault.body.clone(), request),
            };
            (answer, Manner::Whole)
        }
    };
    answer.dress(&fault, request);
    let mut bytes = answer.head();
    // Half of the body, or of the head where there is no body to halve.
    let half = match answer.body.len() {
        0 => bytes.len() / 2,
        body => bytes.len() + body / 2,
    };
    bytes.extend_from_slice(&answer.body);
    if matches!(manner, Manner::ResetInAnswer | Manner::Truncated) {
        bytes.truncate(half);
    }
    if let Manner::Drip(interval) = manner {
        for byte in bytes {
            wire.stream.write_all(&[byte]).await?;
            wire.pause(interval).await?;
        }
    } else {
        wire.stream.write_all(&bytes).await?;
    }
    match manner {
        Manner::ResetInAnswer => {
            // A reset throws away what the kernel has not sent by then.
            wire.pause(Duration::from_millis(20)).await?;
            Ok(Next::Reset)
        }
        Manner::Truncated | Manner::ClosedIdle => Ok(Next::Close),
        Manner::Stale => {
            if wire.buffer.is_empty() {
                wire.more().await?;
            }
            Ok(Next::Reset)
        }
        Manner::Whole | Manner::Drip(_) if closes(&answer.headers) => Ok(Next::Close),
        Manner::Whole | Manner::Drip(_) => Ok(Next::Another),
    }
}

/// Has the service process a request. Each on a connection of its own, as nothing is to be
/// gained by keeping them, and no fault can then be one of reuse that was not asked for.
async fn relay(upstream: SocketAddr, request: &Request) -> io::Result<Answer> {
    let exchange = async {
        let mut wire = Wire::new(TcpStream::connect(upstream).await?);
        wire.stream.write_all(&request.encode()).await?;
        wire.answer(&request.method).await
    };
    // One kind for all of these, so that they are not taken for trouble with the client.
    exchange.await.map_err(|error| {
        let what = format!("the service behind this address does not answer: {error}");
        io::Error::new(ErrorKind::HostUnreachable, what)
    })
}

type Header = (String, Bytes);

fn header(name: &str, value: impl Into<String>) -> Header {
    (name.to_owned(), value.into().into())
}

fn values<'a>(headers: &'a [Header], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let named = move |(own, _): &&Header| own.eq_ignore_ascii_case(name);
    headers.iter().filter(named).map(|(_, value)| value.as_ref())
}

/// For headers that are about one connection, or about how one message is framed on it.
fn remove(headers: &mut Vec<Header>, names: &[&str]) {
    headers.retain(|(own, _)| !names.iter().any(|name| own.eq_ignore_ascii_case(name)));
}

fn closes(headers: &[Header]) -> bool {
    values(headers, "connection")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

fn bodiless(method: &str, code: u16) -> bool {
    method == "HEAD" || lengthless(code)
}

/// Statuses that have neither a body nor the length of one.
fn lengthless(code: u16) -> bool {
    matches!(code, 100..200 | 204 | 304)
}

fn encode_head(start: &str, headers: &[Header]) -> Vec<u8> {
    let mut bytes = format!("{start}\r\n").into_bytes();
    for (name, value) in headers {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

fn too_large() -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, "a body of more than 16 MiB")
}

struct Request {
    method: String,
    target: String,
    headers: Vec<Header>,
    body: Bytes,
}

impl Request {
    /// As the service is to see it: the client's own headers, but for those on framing.
    fn encode(&self) -> Vec<u8> {
        let framed = ["content-length", "transfer-encoding"]
            .iter()
            .any(|name| values(&self.headers, name).next().is_some());
        let mut headers = self.headers.clone();
        let own = ["connection", "content-length", "transfer-encoding", "trailer", "expect"];
        remove(&mut headers, &own);
        if framed {
            headers.push(header("content-length", self.body.len().to_string()));
        }
        headers.push(header("connection", "close"));
        let mut bytes = encode_head(&format!("{} {} HTTP/1.1", self.method, self.target), &headers);
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

struct Answer {
    code: u16,
    reason: String,
    headers: Vec<Header>,
    body: Bytes,
}

impl Answer {
    fn new(code: u16) -> Self {
        Self { code, reason: reason(code).to_owned(), headers: Vec::new(), body: Bytes::new() }
    }

    /// Adds the body and its length, as far as an answer to `request` can have them.
    fn with_body(mut self, body: Bytes, request: &Request) -> Self {
        if !lengthless(self.code) {
            self.headers.push(header("content-length", body.len().to_string()));
        }
        if !bodiless(&request.method, self.code) {
            self.body = body;
        }
        self
    }

    /// Adds the headers of the fault, and says so if the connection is not to be kept.
    fn dress(&mut self, fault: &Fault, request: &Request) {
        for (name, _) in &fault.headers {
            remove(&mut self.headers, &[name]);
        }
        for (name, value) in &fault.headers {
            self.headers.push(header(name, value));
        }
        if closes(&request.headers) && !closes(&self.headers) {
            self.headers.push(header("connection", "close"));
        }
    }

    fn head(&self) -> Vec<u8> {
        encode_head(&format!("HTTP/1.1 {:03} {}", self.code, self.reason), &self.headers)
    }
}

/// A connection, and what was read from it ahead of time.
struct Wire {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Wire {
    fn new(stream: TcpStream) -> Self {
        // Only a matter of speed, and of bytes that drip one by one.
        let _ = stream.set_nodelay(true);
        Self { stream, buffer: BytesMut::new() }
    }

    /// Reads some more; the end of the stream is an error.
    async fn more(&mut self) -> io::Result<()> {
        self.buffer.reserve(8 << 10);
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Returns when the client is gone, or sends so much that it might as well be.
    async fn gone(&mut self) {
        while self.buffer.len() < HEAD_LIMIT && self.more().await.is_ok() {}
    }

    /// Waits, but not for longer than the client does.
    async fn pause(&mut self, time: Duration) -> io::Result<()> {
        if time.is_zero() {
            return Ok(());
        }
        tokio::select! {
            () = sleep(time) => Ok(()),
            () = self.gone() => Err(ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Takes everything up to `end`, and drops `end`.
    async fn until(&mut self, end: &[u8], limit: usize) -> io::Result<Bytes> {
        let mut searched = 0;
        loop {
            let fresh = self.buffer.get(searched..).unwrap_or_default();
            if let Some(at) = fresh.windows(end.len()).position(|window| window == end) {
                let found = self.buffer.split_to(searched + at).freeze();
                self.buffer.advance(end.len());
                return Ok(found);
            }
            if self.buffer.len() > limit {
                return Err(ErrorKind::QuotaExceeded.into());
            }
            searched = (self.buffer.len() + 1).saturating_sub(end.len());
            self.more().await?;
        }
    }

    async fn take(&mut self, length: usize) -> io::Result<Bytes> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(self.buffer.split_to(length).freeze())
    }

    async fn head(&mut self) -> io::Result<(String, Vec<Header>)> {
        let head = self.until(b"\r\n\r\n", HEAD_LIMIT).await?;
        let mut lines = head.split(|byte| *byte == b'\n');
        let start = lines.next().unwrap_or_default().trim_ascii_end();
        let start = String::from_utf8(start.to_vec()).map_err(|_| malformed("not text"))?;
        let headers = lines.map(|line| parse_header(&head, line)).collect::<Option<_>>();
        Ok((start, headers.ok_or_else(|| malformed("a header that is none"))?))
    }

    /// The body these headers announce. Without any, there is one only if it ends with the stream.
    async fn body(&mut self, headers: &[Header], to_the_end: bool) -> io::Result<Bytes> {
        let mut codings = values(headers, "transfer-encoding");
        let mut lengths = values(headers, "content-length");
        match (codings.next(), lengths.next()) {
            (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => {
                if codings.next().is_some() {
                    return Err(malformed("more than one transfer coding"));
                }
                self.chunked_body().await
            }
            (None, Some(length)) => {
                if lengths.any(|other| other != length) {
                    return Err(malformed("lengths that contradict each other"));
                }
                let length = number(length, 10).ok_or_else(|| malformed("no such length"))?;
                if length > BODY_LIMIT {
                    return Err(too_large());
                }
                self.take(length).await
            }
            (None, None) if to_the_end => {
                loop {
                    match self.more().await {
                        Ok(()) => {}
                        Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                        Err(error) => return Err(error),
                    }
                }
                Ok(self.buffer.split().freeze())
            }
            (None, None) => Ok(Bytes::new()),
            _ => Err(malformed("a transfer coding other than chunked alone")),
        }
    }

    async fn chunked_body(&mut self) -> io::Result<Bytes> {
        let mut body = BytesMut::new();
        loop {
            let line = self.until(b"\r\n", CHUNK_LINE_LIMIT).await?;
            let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
            let size = number(size.trim_ascii(), 16).ok_or_else(|| malformed("no chunk size"))?;
            if size == 0 {
                break;
            }
            if size > BODY_LIMIT - body.len() {
                return Err(too_large());
            }
            body.extend_from_slice(&self.take(size).await?);
            if self.take(2).await? != "\r\n" {
                return Err(malformed("a chunk longer than its size"));
            }
        }
        // Trailers say nothing that matters here.
        while !self.until(b"\r\n", CHUNK_LINE_LIMIT).await?.is_empty() {}
        Ok(body.freeze())
    }

    async fn request(&mut self) -> io::Result<Request> {
        let (start, headers) = self.head().await?;
        let parts: Vec<_> = start.split(' ').collect();
        let [method, target, "HTTP/1.1"] = parts[..] else {
            return Err(malformed("not an HTTP/1.1 request"));
        };
        if !is_token(method.as_bytes()) || target.is_empty() {
            return Err(malformed("no method or no target"));
        }
        let (method, target) = (method.to_owned(), target.to_owned());
        let body = self.body(&headers, false).await?;
        Ok(Request { method, target, headers, body })
    }

    /// The answer to a request of this method, with headers that fit any connection.
    async fn answer(&mut self, method: &str) -> io::Result<Answer> {
        loop {
            let (start, mut headers) = self.head().await?;
            let mut parts = start.splitn(3, ' ');
            let version = parts.next().unwrap_or_default();
            let code = parts.next().and_then(|code| number(code.as_bytes(), 10));
            let code = code.and_then(|code| u16::try_from(code).ok());
            let Some(code) = code.filter(|_| version.starts_with("HTTP/1.")) else {
                return Err(malformed("not an HTTP/1.1 answer"));
            };
            if (100..200).contains(&code) {
                continue;
            }
            let mut body = Bytes::new();
            if !bodiless(method, code) {
                body = self.body(&headers, true).await?;
                remove(&mut headers, &["content-length"]);
                headers.push(header("content-length", body.len().to_string()));
            }
            remove(&mut headers, &["connection", "keep-alive", "transfer-encoding", "trailer"]);
            let reason = parts.next().unwrap_or_default().to_owned();
            return Ok(Answer { code, reason, headers, body });
        }
    }

    /// Sends a body until the client goes away. Paced, so that a client that reads all of it
    /// fills its memory in minutes rather than in seconds.
    async fn pour(&mut self, head: &[u8]) -> io::Result<Next> {
        let item = b"{\"id\":\"0000\",\"name\":\"and another one\"},";
        let items = item.repeat((64 << 10) / item.len());
        let chunk = [format!("{:x}\r\n", items.len()).as_bytes(), &items, b"\r\n"].concat();
        self.stream.write_all(head).await?;
        self.stream.write_all(b"a\r\n{\"items\":[\r\n").await?;
        loop {
            self.stream.write_all(&chunk).await?;
            self.pause(Duration::from_millis(1)).await?;
        }
    }

    /// Tells the client why it gets no other answer, and closes.
    async fn refuse(&mut self, code: u16, why: &io::Error) {
        let why = format!("{why}\n");
        let mut answer = Answer::new(code);
        answer.headers.push(header("content-type", "text/plain"));
        answer.headers.push(header("content-length", why.len().to_string()));
        answer.headers.push(header("connection", "close"));
        let bytes = [answer.head(), why.into_bytes()].concat();
        if self.stream.write_all(&bytes).await.is_ok() && self.stream.shutdown().await.is_ok() {
            // To close with something unread would be a reset, which may overtake the answer.
            let rest = async {
                while self.more().await.is_ok() {
                    self.buffer.clear();
                }
            };
            let _ = timeout(Duration::from_millis(250), rest).await;
        }
    }
}

/// Digits only: the parsers of the standard library also take a sign.
fn number(digits: &[u8], radix: u32) -> Option<usize> {
    let text = str::from_utf8(digits).ok()?;
    let digits = text.chars().all(|digit| digit.is_digit(radix));
    digits.then(|| usize::from_str_radix(text, radix).ok())?
}

fn parse_header(head: &Bytes, line: &[u8]) -> Option<Header> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = is_token(name).then(|| String::from_utf8(name.to_vec()).ok())??;
    let value = value.get(1..)?.trim_ascii();
    (!value.contains(&b'\r')).then(|| (name, head.slice_ref(value)))
}

fn is_token(name: &[u8]) -> bool {
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(token)
}

#[cfg(test)]
#[path = "front_tests.rs"]
mod tests;
