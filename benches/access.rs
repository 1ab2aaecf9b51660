//! The cost of a snapshot: its time compared with the slowest chain of necessary requests, and its
//! peak memory while a million assignments are written to JSON Lines.
//!
//! `cargo bench --bench access [-- --short]`; it fails where a goal is missed.

mod support;

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use rolecall::Harness;
use rolecall::access::{JsonLines, Snapshot, Source, Summary};
use support::{SEARCHED, Server, runtime, verdict};

const LATENCY: Duration = Duration::from_millis(50);
const SCOPES: usize = 200;

/// Searches of one scope: users, groups, service accounts.
const SEARCHES: usize = 3;

fn client(origin: &str, wait: Duration) -> Harness {
    let key = "pat.fakeAccount.fakeTokenId.obviously-fake-secret";
    let base = format!("{origin}/{}", wait.as_millis());
    Harness::builder(key).base_url(base).build().expect("it is set up well")
}

fn sources(client: &Harness, scopes: usize) -> Vec<Source> {
    let org = client.org("platform");
    (0..scopes).flat_map(|number| org.project(format!("p{number}")).sources()).collect()
}

fn collect(sources: Vec<Source>, concurrency: usize) -> Summary {
    let collect = Snapshot::collect(sources).concurrency(concurrency);
    let summary = runtime().block_on(collect.write_to(&mut JsonLines::new(io::sink())));
    let summary = summary.expect("nothing can fail");
    assert!(summary.is_complete(), "{:?}", summary.incomplete().next());
    summary
}

/// The time of the requests that have to follow one another: each slot makes its share of all, and one
/// source's pages come one after the other.
fn bound(held: usize, concurrency: usize) -> Duration {
    let pages = held.div_ceil(SEARCHED).max(1);
    let requests = SCOPES * (pages + SEARCHES - 1);
    LATENCY * requests.div_ceil(concurrency).max(pages) as u32
}

/// Each kind: assignments in a scope, sources at once.
fn times(kinds: &[(usize, usize)]) -> bool {
    println!("| {SCOPES} scopes, assignments each | at once | time | bound | ratio | goal |");
    println!("|---|---|---|---|---|---|");
    let mut kept = true;
    for &(held, concurrency) in kinds {
        let server = Server::searches(held);
        let client = client(&server.origin, LATENCY);
        let start = Instant::now();
        let summary = collect(sources(&client, SCOPES), concurrency);
        let time = start.elapsed();
        assert_eq!(summary.assignments, (held * SCOPES) as u64);
        let bound = bound(held, concurrency);
        let ratio = time.as_secs_f64() / bound.as_secs_f64();
        println!(
            "| {held} | {concurrency} | {time:.2?} | {bound:.2?} | {ratio:.3} | {} |",
            verdict(ratio, 1.3)
        );
        kept &= ratio <= 1.3;
    }
    kept
}

/// The most bytes held while so many assignments are collected.
fn held(assignments: usize) -> u64 {
    let server = Server::searches(assignments);
    let client = client(&server.origin, Duration::ZERO);
    let mut sources = sources(&client, 1);
    sources.truncate(1);
    let info = measure(|| {
        let summary = collect(sources, 1);
        assert_eq!(summary.assignments, assignments as u64);
    });
    info.bytes_max
}

fn memory(assignments: usize) -> bool {
    let two_pages = held(2 * SEARCHED);
    let all = held(assignments);
    // A line has a few hundred bytes.
    let goal = two_pages as f64 * 1.1 + 1024.0;
    println!("\n| assignments to JSON Lines | most bytes held | goal |\n|---|---|---|");
    println!("| {} (two pages) | {two_pages} | |", 2 * SEARCHED);
    println!("| {assignments} | {all} | {} |", verdict(all as f64, goal));
    all as f64 <= goal
}

fn main() -> ExitCode {
    let short = support::arguments().iter().any(|argument| argument == "--short");
    // Of all of them 10,000, or each of them.
    let kept = match short {
        // What does not depend on the clock.
        true => memory(20_000),
        false => times(&[(50, 8), (50, 64), (10_000, 16)]) & memory(1_000_000),
    };
    if kept {
        println!("\nall goals are kept");
        return ExitCode::SUCCESS;
    }
    println!("\na goal is MISSED");
    ExitCode::FAILURE
}
