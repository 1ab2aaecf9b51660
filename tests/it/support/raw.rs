//! A service below HTTP: it sends arbitrary bytes, made from the received bytes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{poll_fn, ready};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet, yield_now};

use super::matrix::{Attempt, NO_RESPONSE, let_tasks_run};

/// What is sent for one request, and what becomes of the connection.
#[derive(Clone)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    pub(crate) then: Then,
    /// Whether it comes before anything is read from the connection.
    pub(crate) is_early: bool,
    /// Whether it repeats the request, credentials and all.
    repeats: bool,
}

#[derive(Clone)]
pub(crate) enum Then {
    /// The connection stays open for another request.
    Keep,
    Close,
    Reset,
    /// Nothing more comes until the client's time is up.
    Silence,
    /// The connection stays open, and is reset when another request is written to it.
    Stale,
    /// The bytes come one at a time, which takes no time that counts; the connection stays open.
    Slow,
    /// The bytes come one at a time, which takes longer than the client waits.
    Drip,
    /// Others come again and again until the client's time is up.
    Trickle(&'static str),
    /// Others come again and again until the client has enough.
    Flood(Vec<u8>),
    /// Unrequested bytes follow when the client has read the others.
    Unasked(&'static str),
}

/// What passes between the bytes of what drips: too little for a limit of one wait, and in all more
/// than an attempt may take.
const DRIP: Duration = Duration::from_secs(2);

impl Reply {
    /// These bytes, and then what follows.
    pub(crate) fn new(bytes: impl Into<Vec<u8>>, then: Then) -> Self {
        Self { bytes: bytes.into(), then, is_early: false, repeats: false }
    }

    pub(crate) fn keep(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Keep)
    }

    pub(crate) fn close(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Close)
    }

    pub(crate) fn reset(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Reset)
    }

    pub(crate) fn silence(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Silence)
    }

    pub(crate) fn flood(bytes: impl Into<Vec<u8>>, again: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Flood(again.into()))
    }

    pub(crate) fn early(self) -> Self {
        Self { is_early: true, ..self }
    }

    /// A refusal that repeats the request in a header and in the body.
    pub(crate) fn repeating(status: u16) -> Self {
        Self { repeats: true, ..Self::http(status, &[], b"") }
    }

    /// The response to this request, if it repeats it.
    pub(crate) fn to(self, request: &[u8]) -> Self {
        let (true, Some(status)) = (self.repeats, self.status()) else { return self };
        let text = String::from_utf8_lossy(request);
        let body = serde_json::json!({"code": "REFUSED", "message": text, "detail": text});
        let credentials = text.lines().find_map(|line| {
            line.strip_prefix("authorization: ").or_else(|| line.strip_prefix("x-api-key: "))
        });
        let headers = [("x-credentials", credentials.unwrap_or_default())];
        Self::http(status, &headers, body.to_string().as_bytes())
    }

    /// A complete response.
    pub(crate) fn http(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self::keep([head.as_bytes(), body].concat())
    }

    /// The final status, if the whole head is there.
    pub(crate) fn status(&self) -> Option<u16> {
        let head = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let status = std::str::from_utf8(&self.bytes[..head]).ok()?.get(9..12)?.parse().ok()?;
        (status >= 200).then_some(status)
    }
}

/// A port that may have no listener for a while. (Only where two sockets can share a port.)
#[derive(Clone)]
pub(crate) struct Door(Arc<Port>);

struct Port {
    address: SocketAddr,
    /// Keeps the port from others while there is no listener.
    spare: Option<TcpSocket>,
    listener: Mutex<Option<TcpListener>>,
    opened: Notify,
}

thread_local! {
    /// The ports that this thread has used, to be used again: after a connection that the service
    /// closes, a port stays taken for a minute, and all cells of a matrix need more than there are.
    static USED: RefCell<VecDeque<TcpSocket>> = const { RefCell::new(VecDeque::new()) };
}

impl Drop for Port {
    fn drop(&mut self) {
        // First the listener, then the port to the next.
        let _ = self.listener.get_mut().map(Option::take);
        let spare = self.spare.take();
        // The thread may be ending.
        let _ = USED.try_with(|used| used.borrow_mut().extend(spare));
    }
}

impl Door {
    pub(crate) fn open() -> Self {
        // The oldest of many, so that no port is used twice in a short time.
        let used =
            USED.with_borrow_mut(|used| (used.len() > 64).then(|| used.pop_front()).flatten());
        let spare = used.unwrap_or_else(|| Self::bind(0));
        let address = spare.local_addr().expect("it is bound");
        let listener = Mutex::default();
        let port = Port { address, spare: Some(spare), listener, opened: Notify::new() };
        let door = Self(Arc::new(port));
        door.reopen();
        door
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address
    }

    fn bind(port: u16) -> TcpSocket {
        let socket = TcpSocket::new_v4().expect("a socket");
        #[cfg(unix)]
        socket.set_reuseport(true).expect("the port can be shared");
        socket.bind((Ipv4Addr::LOCALHOST, port).into()).expect("a port is free");
        socket
    }

    /// From now on connections are refused; those that there are stay.
    pub(crate) fn shut(&self) {
        self.0.listener.lock().expect("no panic").take();
    }

    pub(crate) fn reopen(&self) {
        let listen = || Self::bind(self.0.address.port()).listen(1024).expect("it listens");
        self.0.listener.lock().expect("no panic").get_or_insert_with(listen);
        self.0.opened.notify_one();
    }

    pub(crate) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        loop {
            let accepted = poll_fn(|context| match &*self.0.listener.lock().expect("no panic") {
                Some(listener) => listener.poll_accept(context),
                None => Poll::Pending,
            });
            tokio::select! {
                accepted = accepted => return accepted,
                () = self.0.opened.notified() => {}
            }
        }
    }
}

/// A connection whose port is free again as soon as it is dropped: otherwise it stays taken for a
/// minute, and all cells of a matrix need more ports than there are.
pub(crate) struct Connection(pub(crate) TcpStream);

impl Drop for Connection {
    fn drop(&mut self) {
        // One that is gone has no port.
        let _ = self.0.set_zero_linger();
    }
}

/// Listens until it is dropped.
pub(crate) struct Raw {
    address: SocketAddr,
    counts: Arc<Counts>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    open: AtomicUsize,
    requests: AtomicUsize,
}

impl Raw {
    /// Responds so to each request.
    pub(crate) async fn start(respond: impl Fn(&[u8]) -> Reply + Send + Sync + 'static) -> Self {
        Self::behind(Door::open(), || None, move |request| ready(respond(&request)))
    }

    /// Does something to each connection before anything is read; where that is a `keep`, requests are
    /// responded to afterwards.
    pub(crate) fn behind<F>(
        door: Door,
        opening: impl Fn() -> Option<Reply> + Send + Sync + 'static,
        respond: impl Fn(Vec<u8>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        let address = door.address();
        let counts = Arc::new(Counts::default());
        let (counting, respond) = (Arc::clone(&counts), Arc::new(respond));
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = door.accept().await {
                counting.open.fetch_add(1, Ordering::SeqCst);
                let (opening, respond) = (opening(), Arc::clone(&respond));
                let counts = Arc::clone(&counting);
                connections.spawn(async move {
                    let mut connection = Connection(stream);
                    // A client that goes away is no fault of the service.
                    let _ = serve(&mut connection.0, opening, &*respond, &counts).await;
                    drop(connection);
                    counts.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, counts, accepting }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    #[cfg(feature = "rustls")]
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests arrived whole.
    pub(crate) fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }

    /// How many connections neither side has left.
    pub(crate) fn open(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Does what a reply to this attempt says, `limit` being the time that it has; whether the connection
/// can be used for more.
pub(crate) async fn act(
    stream: &mut TcpStream,
    reply: Reply,
    attempt: Attempt,
    limit: Duration,
) -> io::Result<bool> {
    if matches!(reply.then, Then::Slow | Then::Drip) {
        for byte in reply.bytes {
            stream.write_all(&[byte]).await?;
            match reply.then {
                Then::Drip => attempt.expire(DRIP).await,
                _ => yield_now().await,
            }
        }
        return Ok(true);
    }
    stream.write_all(&reply.bytes).await?;
    // Otherwise the client might not come to read it.
    let waits = matches!(reply.then, Then::Reset | Then::Silence | Then::Trickle(_));
    if waits && reply.status().is_some() {
        attempt.has_head().await;
    }
    match reply.then {
        Then::Keep | Then::Slow | Then::Drip => return Ok(true),
        Then::Close => {
            stream.shutdown().await?;
            gone(stream).await?;
        }
        Then::Reset | Then::Stale => {
            match reply.then {
                Then::Stale => stream.readable().await?,
                _ => let_tasks_run().await,
            }
            stream.set_zero_linger()?;
        }
        Then::Silence => {
            if reply.is_early {
                stream.readable().await?;
            }
            attempt.expire(limit).await;
            gone(stream).await?;
        }
        Then::Trickle(again) => loop {
            stream.write_all(again.as_bytes()).await?;
            attempt.expire(DRIP).await;
        },
        Then::Flood(again) => loop {
            stream.write_all(&again).await?;
            yield_now().await;
        },
        Then::Unasked(more) => {
            let_tasks_run().await;
            stream.write_all(more.as_bytes()).await?;
            gone(stream).await?;
        }
    }
    Ok(false)
}

/// Waits until the client goes away.
async fn gone(stream: &mut TcpStream) -> io::Result<()> {
    while stream.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

async fn serve<F: Future<Output = Reply>>(
    stream: &mut TcpStream,
    opening: Option<Reply>,
    respond: &impl Fn(Vec<u8>) -> F,
    counts: &Counts,
) -> io::Result<()> {
    // Small pieces are to leave at once.
    stream.set_nodelay(true)?;
    if let Some(reply) = opening
        && !act(stream, reply, Attempt::current(), NO_RESPONSE).await?
    {
        return Ok(());
    }
    let mut received = Vec::new();
    loop {
        let length = loop {
            if let Some(length) = complete(&received) {
                break length;
            }
            if stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        };
        let rest = received.split_off(length);
        counts.requests.fetch_add(1, Ordering::SeqCst);
        let attempt = Attempt::current();
        let reply = respond(std::mem::replace(&mut received, rest)).await;
        if !act(stream, reply, attempt, NO_RESPONSE).await? {
            return Ok(());
        }
    }
}

/// The length of the first message, if all of it is there.
pub(crate) fn complete(received: &[u8]) -> Option<usize> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let whole = end + length.unwrap_or(0_usize);
    (received.len() >= whole).then_some(whole)
}
