//! The time of a call: the same create through rolecall, hand-written on reqwest, and on hyper.
//!
//! `cargo bench --bench calls [-- --short]`

mod support;

use std::time::{Duration, Instant};

use support::cases::{self, Case, Way};
use support::{Server, cpu, median, runtime, verdict};
use tokio::task::JoinSet;

/// Microseconds: of the clock and of the CPU for each call, and what calls took from start to end.
#[derive(Clone, Copy)]
struct Round {
    wall: f64,
    cpu: f64,
    p50: f64,
    p99: f64,
}

async fn round(case: &Case, way: Way, calls: usize, in_flight: usize) -> Round {
    let mut running = JoinSet::new();
    let (wall, busy) = (Instant::now(), cpu());
    for _ in 0..in_flight {
        let send = case.send(way);
        running.spawn(async move {
            let mut took = Vec::with_capacity(calls / in_flight);
            for _ in 0..calls / in_flight {
                let start = Instant::now();
                send().await.expect("it succeeds");
                took.push(start.elapsed().as_secs_f64() * 1e6);
            }
            took
        });
    }
    let mut took = running.join_all().await.concat();
    let each = |time: Duration| time.as_secs_f64() * 1e6 / took.len() as f64;
    let (wall, cpu) = (each(wall.elapsed()), each(cpu() - busy));
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    Round { wall, cpu, p50: at(0.5), p99: at(0.99) }
}

fn main() {
    let short = support::arguments().iter().any(|argument| argument == "--short");
    let (calls, rounds) = if short { (256, 5) } else { (6400, 25) };
    let server = Server::canned();
    let runtime = runtime();
    println!("{calls} calls a round, {rounds} rounds of each in turn; medians, in microseconds");
    println!("the ratio is the median of the rounds' own, against reqwest by hand\n");
    println!(
        "| call | in flight | way | wall | CPU | p50 | p99 | CPU ratio | p99 ratio | CPU goal |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for case in cases::all(&server.origin) {
        for in_flight in [1, 64] {
            // One round each that is not counted: connections, caches.
            for way in Way::ALL {
                runtime.block_on(round(&case, way, calls / 2, in_flight));
            }
            let counted: Vec<[Round; 3]> = (0..rounds)
                .map(|_| Way::ALL.map(|way| runtime.block_on(round(&case, way, calls, in_flight))))
                .collect();
            for way in Way::ALL {
                let of = |part: fn(&Round) -> f64| {
                    median(counted.iter().map(|ways| part(&ways[way as usize])).collect())
                };
                let ratio = |part: fn(&Round) -> f64| {
                    let by_hand = |ways: &[Round; 3]| part(&ways[Way::Reqwest as usize]);
                    let own = |ways: &[Round; 3]| part(&ways[way as usize]) / by_hand(ways);
                    median(counted.iter().map(own).collect())
                };
                let cpu = ratio(|round| round.cpu);
                println!(
                    "| {} | {in_flight} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {cpu:.3} | {:.3} | {} |",
                    case.name,
                    way.name(),
                    of(|round| round.wall),
                    of(|round| round.cpu),
                    of(|round| round.p50),
                    of(|round| round.p99),
                    ratio(|round| round.p99),
                    if way == Way::Rolecall { verdict(cpu, 1.05) } else { "" },
                );
            }
        }
    }
}
