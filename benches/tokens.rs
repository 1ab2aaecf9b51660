//! The cost of the token cache: calls with a cached token compared with calls with a fixed one, for
//! 1, 64 and 1,000 concurrent callers, on a new client and on one that has its token.
//!
//! `cargo bench --bench tokens [-- --short]`; it fails if a new client fetches more than one token.

mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rolecall::auth::{AccessToken, Credential, TokenProvider};
use rolecall::redox::{NewRoleAssignment, OrganizationRoleAssignments, RoleRef, UserRef};
use rolecall::{BoxFuture, ClientOptions, Redox};
use support::{Server, cpu, median, runtime};
use tokio::task::JoinSet;

const TOKEN: &str = "obviously-fake-access-token";

/// Gives a token at once, and counts.
struct Counting(Arc<AtomicUsize>);

impl TokenProvider for Counting {
    fn fetch(
        &self,
    ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(AccessToken::new(TOKEN).expires_in(Duration::from_secs(3600))) })
    }
}

fn assignments(origin: &str, token: impl Into<Credential>) -> OrganizationRoleAssignments {
    let options = ClientOptions::default().http(|http| http.no_proxy());
    let base = format!("{origin}/platform");
    let client = Redox::builder(token.into()).base_url(base).options(options).build();
    client.expect("it is set up well").organization("org/7").role_assignments()
}

/// Milliseconds of the clock, and of the CPU, until all of these callers have made so many calls.
async fn run(on: &OrganizationRoleAssignments, callers: usize, calls: usize) -> [f64; 2] {
    let role = RoleRef::new("role-uuid", "member").expect("it is valid");
    let wanted = NewRoleAssignment::new(role, UserRef::id("user-id").expect("it is valid"));
    let (wall, busy) = (Instant::now(), cpu());
    let mut running = JoinSet::new();
    for _ in 0..callers {
        let (on, wanted) = (on.clone(), wanted.clone());
        running.spawn(async move {
            for _ in 0..calls {
                on.assign(&wanted).await.expect("it succeeds");
            }
        });
    }
    running.join_all().await;
    [wall.elapsed(), cpu() - busy].map(|time| time.as_secs_f64() * 1e3)
}

fn main() -> ExitCode {
    let short = support::arguments().iter().any(|argument| argument == "--short");
    let (rounds, all) = if short { (3, 1000) } else { (15, 8000) };
    let server = Server::canned();
    let runtime = runtime();
    let mut single = true;
    println!(
        "{rounds} rounds, each way in turn; medians, in milliseconds; the ratio is of the CPU\n"
    );
    println!(
        "| callers | client | calls | fixed, wall | CPU | cached, wall | CPU | ratio | fetches |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for callers in [1, 64, 1000] {
        let calls = all / callers;
        let fetches = Arc::new(AtomicUsize::new(0));
        let counted: Vec<[[[f64; 2]; 2]; 2]> = (0..rounds)
            .map(|round| {
                let fixed = assignments(&server.origin, TOKEN);
                let cached = Counting(Arc::clone(&fetches));
                let cached = assignments(&server.origin, Credential::provider(cached));
                [1, calls].map(|calls| {
                    let one = |client| runtime.block_on(run(client, callers, calls));
                    // What runs first is not always the same.
                    match round % 2 {
                        0 => [one(&fixed), one(&cached)],
                        _ => {
                            let cached = one(&cached);
                            [one(&fixed), cached]
                        }
                    }
                })
            })
            .collect();
        let fetches = fetches.load(Ordering::Relaxed);
        single &= fetches == rounds;
        for (phase, name, calls) in [(0, "new", 1), (1, "with its token", calls)] {
            let of = |way: usize, part: usize| {
                median(counted.iter().map(|round| round[phase][way][part]).collect())
            };
            let ratios = counted.iter().map(|round| round[phase][1][1] / round[phase][0][1]);
            println!(
                "| {callers} | {name} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.3} | {} |",
                calls * callers,
                of(0, 0),
                of(0, 1),
                of(1, 0),
                of(1, 1),
                median(ratios.collect()),
                if phase == 0 { fetches / rounds } else { 0 },
            );
        }
    }
    if single {
        return ExitCode::SUCCESS;
    }
    println!("\na new client fetched more than one token: MISSED");
    ExitCode::FAILURE
}
