//! A service below HTTP: it answers with any bytes, made from the bytes it received.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// What is sent for one request, and what becomes of the connection.
pub(crate) struct Reply {
    bytes: Vec<u8>,
    then: Then,
}

enum Then {
    Keep,
    Close,
    Stall,
    Repeat(Vec<u8>),
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

    /// These bytes and then silence.
    pub(crate) fn stall(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Stall)
    }

    /// These bytes, and then others again and again.
    pub(crate) fn forever(bytes: impl Into<Vec<u8>>, again: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Then::Repeat(again.into()))
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
}

/// Listens until it is dropped.
pub(crate) struct Raw {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Raw {
    pub(crate) async fn start(answer: impl Fn(&[u8]) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let answer = Arc::new(answer);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&answer), Arc::clone(&counter)));
            }
        });
        Self { address, requests, accepting }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests arrived whole.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve<A>(
    mut stream: TcpStream,
    answer: Arc<A>,
    counter: Arc<AtomicUsize>,
) -> io::Result<()>
where
    A: Fn(&[u8]) -> Reply,
{
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
        counter.fetch_add(1, Ordering::SeqCst);
        let Reply { bytes, then } = answer(&received);
        received = rest;
        stream.write_all(&bytes).await?;
        match then {
            Then::Keep => {}
            Then::Close => return Ok(()),
            Then::Stall => {
                // Until the client goes away.
                while stream.read(&mut [0; 64]).await? > 0 {}
                return Ok(());
            }
            Then::Repeat(again) => loop {
                stream.write_all(&again).await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            },
        }
    }
}

/// The length of the first request, if all of it is there.
fn complete(received: &[u8]) -> Option<usize> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let whole = end + length.unwrap_or(0_usize);
    (received.len() >= whole).then_some(whole)
}
