//! What the benchmarks share: a server in a process of its own, so that its work is not counted, and
//! ways to measure and to compare.
#![allow(dead_code, reason = "each benchmark uses its own part")]

pub(crate) mod cases;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rolecall::testing::TwilioIamFake;
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The path of the server's answers, by what the request's target begins with.
const ANSWERS: [(&str, &str, &str); 6] = [
    ("/v2/token", "200 OK", include_str!("../../fixtures/twilio_iam/token.json")),
    (
        "/Organizations/",
        "201 Created",
        include_str!("../../fixtures/twilio_iam/assignment.full.json"),
    ),
    ("/v2/Services/", "201 Created", include_str!("../../fixtures/twilio_chat/role.full.json")),
    ("/v1/orgs/", "201 Created", include_str!("../../fixtures/harness/assignment.full.json")),
    ("/platform/", "200 OK", include_str!("../../fixtures/redox/assigned.full.json")),
    ("/api/v1/", "201 Created", include_str!("../../fixtures/deepset/role.full.json")),
];

/// Another process that answers on loopback, until this one ends or drops it.
pub(crate) struct Server {
    child: Child,
    pub(crate) origin: String,
}

impl Server {
    /// Answers each call's path with a complete, proper answer, and any path below `/endless` without
    /// end.
    pub(crate) fn canned() -> Self {
        Self::start("--serve-canned", 0)
    }

    /// The crate's fake of Twilio Organizations, with this many accounts.
    pub(crate) fn fake(held: usize) -> Self {
        Self::start("--serve-fake", held)
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
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
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
        _ => {}
    }
    arguments
}

fn tell(origin: &str) {
    println!("{origin}");
    std::io::stdout().flush().expect("somebody reads it");
}

fn serve(serving: impl Future<Output = ()>) {
    std::thread::spawn(|| {
        // Whoever started this holds the other end.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    runtime().block_on(serving);
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(4096);
    loop {
        while let Some(length) = complete(&received) {
            let target = received.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
            let known = ANSWERS.iter().find(|(path, ..)| target.starts_with(path.as_bytes()));
            let (_, status, body) = known.unwrap_or(&("", "404 Not Found", "{}"));
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 x-request-id: obviously-fake\r\n\r\n",
                body.len()
            );
            let endless = target.starts_with(b"/endless");
            received.drain(..length);
            if endless {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                loop {
                    stream.write_all(&[b' '; 64 * 1024]).await?;
                }
            }
            stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await?;
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
