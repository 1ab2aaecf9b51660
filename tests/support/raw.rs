//! A service below HTTP: it answers with any bytes, made from the bytes it received.

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
use tokio::task::{JoinHandle, JoinSet};

/// What is sent for one request, and what becomes of the connection.
#[derive(Clone)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    then: Then,
}

#[derive(Clone)]
enum Then {
    Keep,
    Close,
    Reset,
    Stall,
    Repeat(Vec<u8>),
    Later(Vec<u8>),
    Drip(Duration),
}

impl Reply {
    fn new(bytes: impl Into<Vec<u8>>, then: Then) -> Self {
        let bytes = bytes.into();
        Self { bytes, then }
    }

    /// These bytes; the connection stays open for another request.
    pub(crate) fn keep(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Keep)
    }

    /// These bytes and the end of the connection.
    pub(crate) fn close(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Close)
    }

    /// These bytes and a reset of the connection.
    pub(crate) fn reset(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Reset)
    }

    /// These bytes and then silence.
    pub(crate) fn stall(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Stall)
    }

    /// These bytes, and then others again and again, every few milliseconds.
    pub(crate) fn forever(bytes: impl Into<Vec<u8>>, again: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Repeat(again.into()))
    }

    /// These bytes and, when the client has had time to read them, others that nobody asked for.
    pub(crate) fn later(bytes: impl Into<Vec<u8>>, more: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Later(more.into()))
    }

    /// These bytes one at a time, with this interval after each.
    pub(crate) fn drip(bytes: impl Into<Vec<u8>>, interval: Duration) -> Self {
        Self::new(bytes, Then::Drip(interval))
    }

    /// A complete answer.
    pub(crate) fn http(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self::keep([head.as_bytes(), body].concat())
    }

    /// What its status line says, if it has a whole head.
    pub(crate) fn status(&self) -> Option<u16> {
        let head = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        std::str::from_utf8(&self.bytes[..head]).ok()?.get(9..12)?.parse().ok()
    }
}

/// What is done to a connection before anything is read from it.
pub(crate) type Opening = Option<Reply>;

/// A port at which nobody may listen for a while.
#[derive(Clone)]
pub(crate) struct Door {
    address: SocketAddr,
    held: Arc<Mutex<Held>>,
    opened: Arc<Notify>,
}

#[derive(Default)]
struct Held {
    listener: Option<TcpListener>,
    /// Keeps the port from others while nobody listens.
    spare: Option<TcpSocket>,
}

impl Door {
    pub(crate) fn open() -> Self {
        let listener = Self::bind(0).listen(1024).expect("it listens");
        let address = listener.local_addr().expect("it is bound");
        let held = Held { listener: Some(listener), ..Held::default() };
        Self { address, held: Arc::new(Mutex::new(held)), opened: Arc::default() }
    }

    fn bind(port: u16) -> TcpSocket {
        let socket = TcpSocket::new_v4().expect("a socket");
        #[cfg(unix)]
        socket.set_reuseport(true).expect("the port can be shared");
        socket.bind((Ipv4Addr::LOCALHOST, port).into()).expect("a port is free");
        socket
    }

    /// From now on connections are refused; those that there are stay. (Only where two sockets can
    /// share a port.)
    pub(crate) fn shut(&self) {
        let mut held = self.held.lock().expect("no panic");
        held.spare = Some(Self::bind(self.address.port()));
        held.listener = None;
    }

    pub(crate) fn reopen(&self) {
        let mut held = self.held.lock().expect("no panic");
        if let Some(spare) = held.spare.take() {
            held.listener = Some(spare.listen(1024).expect("it listens"));
            self.opened.notify_one();
        }
    }

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        loop {
            let accepted = poll_fn(|context| match &self.held.lock().expect("no panic").listener {
                Some(listener) => listener.poll_accept(context),
                None => Poll::Pending,
            });
            tokio::select! {
                accepted = accepted => return accepted,
                () = self.opened.notified() => {}
            }
        }
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
    connections: AtomicUsize,
    open: AtomicUsize,
    requests: AtomicUsize,
}

impl Raw {
    /// Answers each request so.
    pub(crate) async fn start(answer: impl Fn(&[u8]) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(|_| None, answer).await
    }

    /// Does something to the n-th connection first, from 0; where that is a `keep`, its requests
    /// are answered afterwards.
    pub(crate) async fn start_with(
        opening: impl Fn(usize) -> Opening + Send + Sync + 'static,
        answer: impl Fn(&[u8]) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::behind(Door::open(), opening, move |request| ready(answer(&request)))
    }

    /// The same behind this door, with answers that take their time.
    pub(crate) fn behind<F>(
        door: Door,
        opening: impl Fn(usize) -> Opening + Send + Sync + 'static,
        answer: impl Fn(Vec<u8>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        let address = door.address;
        let counts = Arc::new(Counts::default());
        let counting = Arc::clone(&counts);
        let answer = Arc::new(answer);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = door.accept().await {
                let nth = counting.connections.fetch_add(1, Ordering::SeqCst);
                counting.open.fetch_add(1, Ordering::SeqCst);
                let (opening, answer) = (opening(nth), Arc::clone(&answer));
                let counts = Arc::clone(&counting);
                connections.spawn(async move {
                    // A client that goes away is no fault of the service.
                    let _ = serve(&mut stream, opening, &*answer, &counts).await;
                    drop(stream);
                    counts.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, counts, accepting }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests arrived whole.
    pub(crate) fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
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

/// Does what a reply says; whether the connection can be used for more.
pub(crate) async fn act(stream: &mut TcpStream, reply: Reply) -> io::Result<bool> {
    let Reply { bytes, then } = reply;
    if let Then::Drip(interval) = then {
        for byte in bytes {
            stream.write_all(&[byte]).await?;
            tokio::time::sleep(interval).await;
        }
        return Ok(true);
    }
    stream.write_all(&bytes).await?;
    match then {
        Then::Keep | Then::Drip(_) => return Ok(true),
        Then::Close => {}
        Then::Reset => {
            // A reset throws away what the kernel has not sent by then.
            tokio::time::sleep(Duration::from_millis(10)).await;
            stream.set_zero_linger()?;
        }
        Then::Stall => gone(stream).await?,
        Then::Repeat(again) => loop {
            stream.write_all(&again).await?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        },
        Then::Later(more) => {
            tokio::time::sleep(Duration::from_millis(10)).await;
            stream.write_all(&more).await?;
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
    opening: Opening,
    answer: &impl Fn(Vec<u8>) -> F,
    counts: &Counts,
) -> io::Result<()> {
    // Small pieces are to leave at once.
    stream.set_nodelay(true)?;
    if let Some(reply) = opening
        && !act(stream, reply).await?
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
        let reply = answer(std::mem::replace(&mut received, rest)).await;
        if !act(stream, reply).await? {
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
