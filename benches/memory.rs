//! The memory of a call: its allocations compared with the same hand-written call, the peak memory
//! of a list of a million items and of an endless response, and the size of a call's future.
//!
//! `cargo bench --bench memory [-- --short]`; it fails where a goal is missed.

mod support;

use std::process::ExitCode;

use allocation_counter::{AllocationInfo, measure};
use rolecall::testing::TwilioIamFake;
use rolecall::twilio::iam::{Account, Credentials, ListAccounts};
use rolecall::{ClientOptions, Deepset, Error, List, RetryPolicy, TwilioIam};
use support::cases::{self, Case, Way};
use support::{Server, runtime, verdict};

/// Against the same call by hand.
const ALLOCATIONS: f64 = 1.15;

/// What a thread allocates while it makes so many calls.
fn allocations(case: &Case, way: Way, calls: usize, in_flight: usize) -> AllocationInfo {
    let runtime = runtime();
    let run = |calls: usize| runtime.block_on(case.drive(way, calls, in_flight));
    run(in_flight * 4);
    measure(|| run(calls))
}

fn calls(short: bool) -> bool {
    let calls = if short { 640 } else { 6400 };
    let server = Server::canned();
    println!(
        "allocations of a call, and bytes, on connections that are open; {calls} calls each\n"
    );
    println!("| call | in flight | rolecall | reqwest by hand | hyper | ratio | goal |");
    println!("|---|---|---|---|---|---|---|");
    let mut kept = true;
    for case in cases::all(&server.origin) {
        for in_flight in [1, 64] {
            let each = Way::ALL.map(|way| {
                let info = allocations(&case, way, calls, in_flight);
                let each = |all: u64| all as f64 / calls as f64;
                (each(info.count_total), each(info.bytes_total))
            });
            let ratio = each[0].0 / each[1].0;
            let [own, reqwest, hyper] =
                each.map(|(count, bytes)| format!("{count:.1} ({bytes:.0} B)"));
            println!(
                "| {} | {in_flight} | {own} | {reqwest} | {hyper} | {ratio:.3} | {} |",
                case.name,
                verdict(ratio, ALLOCATIONS)
            );
            kept &= ratio <= ALLOCATIONS;
        }
    }
    kept
}

/// A page of the fake's accounts has at most so many.
const PAGE: usize = 100;

fn list(origin: &str) -> Result<List<ListAccounts>, Error> {
    let credentials = Credentials::client(TwilioIamFake::CLIENT_ID, TwilioIamFake::CLIENT_SECRET);
    let client = TwilioIam::builder(credentials)
        .base_url(origin)
        .token_url(format!("{origin}/v2/token"))
        .build()?;
    Ok(client.organization(TwilioIamFake::ORGANIZATION).accounts().list().page_size(PAGE as u32))
}

/// The most bytes that are held while so many items are read, and how many came.
fn stream(list: &List<ListAccounts>, items: usize) -> (u64, usize) {
    let runtime = runtime();
    let mut seen = 0;
    let info = measure(|| {
        runtime.block_on(async {
            let mut all = list.clone().items();
            while let Some(account) = all.next().await {
                let _: Account = account.expect("it is read");
                seen += 1;
                if seen == items {
                    break;
                }
            }
        });
    });
    (info.bytes_max, seen)
}

fn lists(short: bool) -> bool {
    let items = if short { 20_000 } else { 1_000_000 };
    let server = Server::fake(items);
    let list = list(&server.origin).expect("it is set up well");
    // A connection and a token, which the lists below then share.
    stream(&list, 1);
    let (two_pages, _) = stream(&list, 2 * PAGE + 1);
    let (whole, seen) = stream(&list, items + 1);
    assert_eq!(seen, items, "all came");
    let ratio = whole as f64 / two_pages as f64;
    println!("\n| list | most bytes held | of that for two pages | goal |\n|---|---|---|---|");
    println!("| the first {} items | {two_pages} | 1 | |", 2 * PAGE + 1);
    println!(
        "| {items} items in pages of {PAGE} | {whole} | {ratio:.3} | {} |",
        verdict(ratio, 1.1)
    );
    ratio <= 1.1
}

/// The most memory that this process ever had in use, and what it has now, in bytes.
fn resident() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    Some((kib("VmHWM:")? * 1024, kib("VmRSS:")? * 1024))
}

fn endless() -> bool {
    let server = Server::canned();
    let runtime = runtime();
    let mut kept = true;
    println!(
        "\n| an endless response, limit in bytes | allocated at most | resident at most | goal |"
    );
    println!("|---|---|---|---|");
    for limit in [1, 8, 32, 128].map(|mib| mib * 1024 * 1024) {
        let options = ClientOptions::default()
            .retry(RetryPolicy::none())
            .max_list_bytes(limit)
            .http(|http| http.no_proxy());
        let client = Deepset::builder("obviously-fake-key")
            .base_url(format!("{}/endless", server.origin))
            .options(options)
            .build();
        let client = client.expect("it is set up well");
        let organization = client.organization("7f0c1f5e-0000-4000-8000-000000000001");
        let roles = organization.roles();
        let before = resident();
        let info = measure(|| {
            let ended = runtime.block_on(roles.list().items().try_collect());
            assert!(ended.expect_err("it has no end").to_string().contains("larger"));
        });
        // Each limit is larger than those before, so the peak is this one's.
        let grown = before.zip(resident()).map(|((_, now), (peak, _))| peak.saturating_sub(now));
        // A connection's own buffers come on top.
        let goal = limit as f64 * 1.5 + 1024.0 * 1024.0;
        let shown = grown.map_or("unknown here".to_owned(), |grown| grown.to_string());
        let verdict = verdict(info.bytes_max as f64, goal);
        println!("| {limit} | {} | {shown} | {verdict} |", info.bytes_max);
        kept &= info.bytes_max as f64 <= goal;
    }
    kept
}

fn main() -> ExitCode {
    let short = support::arguments().iter().any(|argument| argument == "--short");
    // All of them, so that the figures are there whatever is missed.
    let kept = [calls(short), lists(short), endless()];
    if kept.iter().all(|kept| *kept) {
        println!("\nall goals are kept");
        return ExitCode::SUCCESS;
    }
    println!("\na goal is MISSED");
    ExitCode::FAILURE
}
