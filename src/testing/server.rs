//! The listener of a fake: HTTP/1.1 on a loopback socket, with faults below HTTP.

use bytes::{Buf, Bytes, BytesMut};
use std::collections::{HashMap, VecDeque};
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

use super::fake::{Service, methods};
use super::fault::{Fault, Kind};
use super::message::{Header, Request, Response, bodiless, closes, values};
use super::received::Received;

const HEAD_LIMIT: usize = 256 << 10;
const BODY_LIMIT: usize = 16 << 20;
const CHUNK_LINE_LIMIT: usize = 4 << 10;
const REMEMBERED: usize = 1024;

/// Processes a request and returns the response.
type Handler = dyn Fn(&Request) -> Response + Send + Sync;

/// The methods of every fake. Each vendor's fake has these methods too, and returns its `Fake` by
/// `fake.fake()`, for code that works with any of them. A fake serves until it is dropped.
pub struct Fake {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    _listening: Listening,
}

/// The listener, until this is dropped.
struct Listening(Arc<Mutex<Option<TcpListener>>>, JoinHandle<()>);

/// The shared state of the connections.
struct Shared {
    state: Mutex<State>,
    handler: Box<Handler>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) faults: VecDeque<Queued>,
    /// Responses to endpoints that the service does not have, by method and path.
    pub(super) responses: HashMap<(String, String), Response>,
    pub(super) received: VecDeque<Received>,
    pub(super) count: u64,
}

pub(super) struct Queued {
    path_prefix: String,
    pub(super) calls: usize,
    fault: Fault,
}

impl Fake {
    /// Serves from a state.
    pub(super) async fn start<S: Service>(state: &Arc<Mutex<S>>) -> io::Result<Self> {
        let state = Arc::clone(state);
        let handler = move |request: &Request| {
            let segments = request.segments();
            let path: Vec<&str> = segments.iter().map(String::as_str).collect();
            let outcome = lock(&state).respond(&request.method, &path, request);
            outcome.unwrap_or_else(|refusal| refusal)
        };
        Self::serve(Box::new(handler)).await
    }

    /// Listens on a free port, and has each request processed by a handler, unless a fault is queued
    /// for it.
    async fn serve(handler: Box<Handler>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let listener = Arc::new(Mutex::new(Some(listener)));
        let shared = Arc::new(Shared { state: Mutex::default(), handler });
        let accepting = tokio::spawn(accept(Arc::clone(&listener), Arc::clone(&shared)));
        Ok(Self { address, shared, _listening: Listening(listener, accepting) })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }

    pub(super) fn queue(&self, path: &str, calls: usize, fault: Fault) {
        if calls > 0 {
            let path_prefix = path.to_owned();
            self.state().faults.push_back(Queued { path_prefix, calls, fault });
        }
    }

    methods! { self, self }
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fake({})", self.uri())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // An aborted task drops what it owns only when the runtime polls it. The port has to be
        // closed by then, or a client could still connect right after this.
        lock(&self.0).take();
        self.1.abort();
    }
}

/// A poisoned lock is one of a test that failed already; its value is still whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: Arc<Mutex<Option<TcpListener>>>, shared: Arc<Shared>) {
    // Owns the connection tasks, so that they end when this one is aborted.
    let mut connections = JoinSet::new();
    loop {
        let accepted = poll_fn(|cx| match &*lock(&listener) {
            Some(listener) => listener.poll_accept(cx).map(Some),
            None => Poll::Ready(None),
        });
        match accepted.await {
            Some(Ok((stream, _))) => {
                connections.spawn(serve(Connection::new(stream), Arc::clone(&shared)));
            }
            // Most likely out of file descriptors, which takes time to pass.
            Some(Err(_)) => sleep(Duration::from_millis(10)).await,
            None => return,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// The state of a connection after a response.
enum Next {
    Another,
    Close,
    Reset,
}

async fn serve(mut connection: Connection, shared: Arc<Shared>) {
    loop {
        let served = match connection.request().await {
            Ok(request) => respond(&mut connection, &request, &shared).await,
            Err(error) => Err(error),
        };
        let (status, error) = match served {
            Ok(Next::Another) => continue,
            Ok(Next::Close) => return,
            // Without this the socket would close in good order; if it cannot be set, the socket is
            // closed already.
            Ok(Next::Reset) => return connection.stream.set_zero_linger().unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::InvalidData => (400, error),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => (413, error),
            Err(_) => return,
        };
        return connection.refuse(status, &error).await;
    }
}

impl Shared {
    /// Remembers a request and finds its fault in one step, so that both are in the same order.
    fn admit(&self, request: &Request) -> Fault {
        let mut state = lock(&self.state);
        state.count += 1;
        if state.received.len() == REMEMBERED {
            state.received.pop_front();
        }
        state.received.push_back(Received::new(request));
        let applies = |queued: &&mut Queued| request.path().starts_with(&queued.path_prefix);
        let Some(queued) = state.faults.iter_mut().find(applies) else { return Fault::none() };
        queued.calls -= 1;
        let fault = queued.fault.clone();
        state.faults.retain(|queued| queued.calls > 0);
        fault
    }

    fn process(&self, request: &Request) -> Response {
        let response = (self.handler)(request);
        if response.is_routed {
            return response;
        }
        let at = (request.method.clone(), request.path().to_owned());
        lock(&self.state).responses.get(&at).cloned().unwrap_or(response)
    }
}

async fn respond(
    connection: &mut Connection,
    request: &Request,
    shared: &Shared,
) -> io::Result<Next> {
    let fault = shared.admit(request);
    let mut response = match fault.kind.takes_place() && !fault.processed {
        true => Response::new(200),
        false => shared.process(request),
    };
    connection.pause(fault.delay).await?;
    match fault.kind {
        Kind::Hang => {
            connection.closed().await;
            return Ok(Next::Close);
        }
        Kind::Reset => return Ok(Next::Reset),
        Kind::Status(status) => {
            response = Response { body: fault.body.clone(), ..Response::new(status) };
        }
        Kind::Endless(status) => response = Response::new(status),
        _ => {}
    }
    let endless = matches!(fault.kind, Kind::Endless(status) if !bodiless(&request.method, status));
    let mut response = response.frame(&request.method, endless);
    response.replace_headers(&fault.headers);
    if closes(&request.headers) && !closes(&response.headers) {
        response = response.header("connection", "close");
    }
    let mut bytes = response.head();
    if endless {
        return connection.pour(&bytes).await;
    }
    // Half of the body, or of the head where there is no body to halve.
    let half = match response.body.len() {
        0 => bytes.len() / 2,
        body => bytes.len() + body / 2,
    };
    bytes.extend_from_slice(&response.body);
    if matches!(fault.kind, Kind::ResetInResponse | Kind::Truncated) {
        bytes.truncate(half);
    }
    if let Kind::Drip(interval) = fault.kind {
        for byte in bytes {
            connection.stream.write_all(&[byte]).await?;
            connection.pause(interval).await?;
        }
    } else {
        connection.stream.write_all(&bytes).await?;
    }
    match fault.kind {
        Kind::ResetInResponse => {
            // A reset discards what the kernel has not sent by then.
            connection.pause(Duration::from_millis(20)).await?;
            Ok(Next::Reset)
        }
        Kind::Truncated | Kind::ClosedIdle => Ok(Next::Close),
        Kind::Stale => {
            if connection.buffer.is_empty() {
                connection.more().await?;
            }
            Ok(Next::Reset)
        }
        _ if closes(&response.headers) => Ok(Next::Close),
        _ => Ok(Next::Another),
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

fn too_large() -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, "the body is larger than 16 MiB")
}

/// A connection, and what was read from it ahead of time.
struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        // Only a matter of speed, and of bytes that are sent one by one.
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

    /// Returns when the client has closed the connection, or sends too much to keep.
    async fn closed(&mut self) {
        while self.buffer.len() < HEAD_LIMIT && self.more().await.is_ok() {}
    }

    /// Waits, but not for longer than the client does.
    async fn pause(&mut self, time: Duration) -> io::Result<()> {
        if time.is_zero() {
            return Ok(());
        }
        tokio::select! {
            () = sleep(time) => Ok(()),
            () = self.closed() => Err(ErrorKind::UnexpectedEof.into()),
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
        let start = String::from_utf8(start.to_vec()).map_err(|_| malformed("not UTF-8"))?;
        let headers = lines.map(|line| parse_header(&head, line)).collect::<Option<_>>();
        Ok((start, headers.ok_or_else(|| malformed("an invalid header"))?))
    }

    /// Reads the body that these headers announce.
    async fn body(&mut self, headers: &[Header]) -> io::Result<Bytes> {
        let codings: Vec<_> = values(headers, "transfer-encoding").collect();
        let mut lengths: Vec<_> = values(headers, "content-length").collect();
        lengths.dedup();
        match (&codings[..], &lengths[..]) {
            ([], []) => Ok(Bytes::new()),
            ([coding], []) if coding.eq_ignore_ascii_case(b"chunked") => self.chunked_body().await,
            ([], [length]) => {
                let length = number(length, 10).ok_or_else(|| malformed("content-length"))?;
                if length > BODY_LIMIT {
                    return Err(too_large());
                }
                self.take(length).await
            }
            _ => Err(malformed("neither one content-length nor chunked alone")),
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
        // Trailers do not matter here.
        while !self.until(b"\r\n", CHUNK_LINE_LIMIT).await?.is_empty() {}
        Ok(body.freeze())
    }

    async fn request(&mut self) -> io::Result<Request> {
        let (start, headers) = self.head().await?;
        let (method, target) = match start.split(' ').collect::<Vec<_>>()[..] {
            [method, target, "HTTP/1.1"] if is_token(method.as_bytes()) && !target.is_empty() => {
                (method.to_owned(), target.to_owned())
            }
            _ => return Err(malformed("not an HTTP/1.1 request")),
        };
        let body = self.body(&headers).await?;
        Ok(Request { method, target, headers, body })
    }

    /// Sends a body until the client closes the connection. Paced, so that a client that reads all
    /// of it fills its memory in minutes rather than in seconds.
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

    /// Sends the client an error about its request, and closes the connection.
    async fn refuse(&mut self, status: u16, why: &io::Error) {
        let mut response = Response::new(status).header("content-type", "text/plain");
        response.body = format!("{why}\n").into();
        let response = response.header("connection", "close").frame("", false);
        let bytes = [response.head().as_slice(), &response.body].concat();
        if self.stream.write_all(&bytes).await.is_ok() && self.stream.shutdown().await.is_ok() {
            // To close with something unread would be a reset, which may overtake the response.
            let rest = async {
                while self.more().await.is_ok() {
                    self.buffer.clear()
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
#[path = "server_tests.rs"]
mod tests;
