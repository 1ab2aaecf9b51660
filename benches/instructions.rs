//! The instructions of a call, counted by valgrind's callgrind: exact, and the same on all machines
//! of a kind.
//!
//! `cargo bench --bench instructions [-- --short]`; it fails where the goal is missed.

mod support;

use std::process::{Command, ExitCode};

use support::cases::{self, Way};
use support::{Server, runtime, verdict};

/// Against the same call by hand.
const GOAL: f64 = 1.02;

/// A short run makes few calls, so the scheduler's share of a count varies by as much.
const SHORT_MARGIN: f64 = 0.01;

fn main() -> ExitCode {
    let arguments = support::arguments();
    if let [drive, origin, case, way, calls, in_flight, ..] = &arguments[..]
        && drive == "--drive"
    {
        let number = |text: &str| -> usize { text.parse().expect("a number") };
        let case = &cases::all(origin)[number(case)];
        runtime().block_on(case.drive(Way::ALL[number(way)], number(calls), number(in_flight)));
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED: valgrind is not installed");
        return ExitCode::SUCCESS;
    }
    let short = arguments.iter().any(|argument| argument == "--short");
    let (few, many, goal) = if short { (64, 128, GOAL + SHORT_MARGIN) } else { (128, 1152, GOAL) };
    let server = Server::canned();
    let mut kept = true;
    println!("instructions of a call: those of {many} calls less those of {few}, for each\n");
    println!("| call | in flight | rolecall | reqwest by hand | hyper | ratio | goal |");
    println!("|---|---|---|---|---|---|---|");
    for (nth, case) in cases::all(&server.origin).iter().enumerate() {
        // In short one of the two will do: they hardly differ.
        for in_flight in if short { &[64][..] } else { &[1, 64] } {
            let in_flight = *in_flight;
            let each = Way::ALL.map(|way| {
                let of = |calls| count(&server.origin, nth, way, calls, in_flight);
                (of(many) - of(few)) / (many - few) as f64
            });
            let [rolecall, reqwest, hyper] = each;
            let ratio = rolecall / reqwest;
            kept &= ratio <= goal;
            println!(
                "| {} | {in_flight} | {rolecall:.0} | {reqwest:.0} | {hyper:.0} | {ratio:.3} | {} |",
                case.name,
                verdict(ratio, goal)
            );
        }
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The instructions of a process that makes so many calls.
fn count(origin: &str, case: usize, way: Way, calls: usize, in_flight: usize) -> f64 {
    let own = std::env::current_exe().expect("a benchmark is a file");
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .args(["--drive", origin])
        .args([case, way as usize, calls, in_flight].map(|number| number.to_string()))
        .output()
        .expect("valgrind runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "a call failed:\n{said}");
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let number = collected.and_then(|(_, number)| number.trim().parse().ok());
    number.unwrap_or_else(|| panic!("valgrind does not tell a count:\n{said}"))
}
