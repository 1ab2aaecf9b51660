//! The common parts of the benchmarks: a server in its own process, so that its work is not
//! counted, and tools to measure and compare.
#![allow(dead_code, reason = "each benchmark uses its own part")]

pub(crate) mod cases;
#[path = "../../tests/it/registry/mod.rs"]
pub(crate) mod registry;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rolecall::testing::TwilioIamFake;
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The text of an endpoint's request fixture.
pub(crate) fn request_fixture(endpoint: &registry::Endpoint) -> String {
    let path = format!("{}/fixtures/{}", env!("CARGO_MANIFEST_DIR"), endpoint.request);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The canned responses: method and target of each request of the registry, and the whole response.
fn canned_responses() -> HashMap<String, String> {
    let mut all = registry::endpoints();
    all.retain(|endpoint| !endpoint.request.is_empty());
    let response = |endpoint: registry::Endpoint| {
        let request = request_fixture(&endpoint);
        let (target, _) = request.split_once(" HTTP/1.1").expect("it has a request line");
        let body = if endpoint.has_body() { endpoint.response.as_str() } else { "" };
        let status = http::StatusCode::from_u16(endpoint.success()[0]).expect("it is a status");
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             x-request-id: obviously-fake\r\n\r\n",
            body.len()
        );
        (target.to_owned(), head + body)
    };
    all.into_iter().map(response).collect()
}

/// Another process that responds on loopback, until this one ends or drops it.
pub(crate) struct Server {
    child: Child,
    pub(crate) origin: String,
}

impl Server {
    /// Responds properly to each example of the registry, and without end to any path below `/endless`.
    pub(crate) fn canned() -> Self {
        Self::start("--serve-canned", 0)
    }

    /// The crate's fake of Twilio Organizations, with this many accounts.
    pub(crate) fn fake(held: usize) -> Self {
        Self::start("--serve-fake", held)
    }

    /// Harness's search of role assignments, with this many of users in every scope. The first segment of
    /// the path is how many milliseconds a response takes.
    pub(crate) fn searches(held: usize) -> Self {
        Self::start("--serve-searches", held)
    }

    fn start(what: &str, held: usize) -> Self {
        let own = std::env::current_exe().expect("a benchmark is a file");
        let mut child = Command::new(own)
            .args([what, &held.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut origin = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut origin).expect("the server tells its address");
        Self { child, origin: origin.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its input closes, which is its sign to end.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The process's arguments, after having been the server for all its life if they say so.
pub(crate) fn arguments() -> Vec<String> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let held = || -> usize { arguments[1].parse().expect("a number") };
    match arguments.first().map(String::as_str) {
        Some("--serve-canned") => serve(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
            tell(&format!("http://{}", listener.local_addr().expect("it is bound")));
            let responses = Arc::new(canned_responses());
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(respond(stream, Arc::clone(&responses)));
            }
        }),
        Some("--serve-fake") => serve(async {
            let fake = TwilioIamFake::start().await.expect("a free port");
            for number in 0..held() {
                let sid = format!("AC{number:032x}").parse().expect("a SID");
                fake.add_account(&sid, "an account");
            }
            tell(&fake.uri());
            std::future::pending().await
        }),
        Some("--serve-searches") => serve(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
            tell(&format!("http://{}", listener.local_addr().expect("it is bound")));
            let held = held();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(search(stream, held));
            }
        }),
        _ => {}
    }
    arguments
}

/// A page of a search has so many.
pub(crate) const SEARCHED: usize = 100;

async fn search(mut stream: TcpStream, held: usize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(4096);
    loop {
        while let Some(length) = complete(&received) {
            let request = String::from_utf8_lossy(&received[..length]).into_owned();
            received.drain(..length);
            let target = request.split(' ').nth(1).unwrap_or_default();
            let wait = target.split('/').nth(1).and_then(|wait| wait.parse().ok());
            let index = target.split("pageIndex=").nth(1).unwrap_or_default();
            let page: usize = index.split('&').next().and_then(|it| it.parse().ok()).unwrap_or(0);
            let held = if request.contains("\"USER\"") { held } else { 0 };
            let rows = (page * SEARCHED..held.min((page + 1) * SEARCHED)).map(|row| {
                format!(
                    r#"{{"identifier":"a{row}","principal":{{"identifier":"u{row}","type":"USER",
                    "name":"A user","email":"u{row}@example.com"}},"disabled":false,"role":{{"role":
                    {{"identifier":"_viewer","name":"Viewer"}},"harnessManaged":true}},"resourceGroup":
                    {{"identifier":"_all"}},"createdAt":1700000000000,"harnessManaged":false}}"#
                )
            });
            let rows: Vec<_> = rows.collect();
            let body = format!(
                r#"{{"status":"SUCCESS","data":{{"totalItems":{held},"pageIndex":{page},"pageSize":{SEARCHED},"totalPages":{},"content":[{}]}}}}"#,
                held.div_ceil(SEARCHED),
                rows.join(",")
            );
            tokio::time::sleep(Duration::from_millis(wait.unwrap_or(0))).await;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes()).await?;
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(());
        }
    }
}

fn tell(origin: &str) {
    println!("{origin}");
    std::io::stdout().flush().expect("there is a reader");
}

fn serve(serving: impl Future<Output = ()>) {
    std::thread::spawn(|| {
        // Whoever started this holds the other end.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    runtime().block_on(serving);
}

async fn respond(
    mut stream: TcpStream,
    responses: Arc<HashMap<String, String>>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(4096);
    loop {
        while let Some(length) = complete(&received) {
            let line = received.split(|byte| *byte == b'\r').next().unwrap_or_default();
            let line = String::from_utf8_lossy(line);
            let target = line.trim_end_matches(" HTTP/1.1");
            let response = responses.get(target).map_or("HTTP/1.1 404 Not Found\r\n\r\n", |it| it);
            let endless = target.contains(" /endless");
            received.drain(..length);
            if endless {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                loop {
                    stream.write_all(&[b' '; 64 * 1024]).await?;
                }
            }
            stream.write_all(response.as_bytes()).await?;
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(());
        }
    }
}

/// The length of the first request, if all of it is there.
fn complete(received: &[u8]) -> Option<usize> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&received[..end]).ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let whole = end + length.map_or(0, |length| length.parse().expect("a length"));
    (received.len() >= whole).then_some(whole)
}

/// One thread, so that all the work of a call is on it.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// The CPU time of this process.
pub(crate) fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Whether a goal is kept, as a word.
pub(crate) fn verdict(value: f64, goal: f64) -> &'static str {
    if value <= goal { "kept" } else { "MISSED" }
}
