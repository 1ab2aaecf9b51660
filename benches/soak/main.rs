//! A soak test: calls of every service with random faults, 64 at a time, for any length of time.
//!
//! `cargo bench [--features redox-jwt] --bench soak [-- --calls N] [--seed N]`; the default is a million
//! calls. The last line is the verdict, and the exit code says the same.
//!
//! It checks that no creation is repeated or lost, that every call ends, that everything a call reports
//! is true, that every file descriptor is closed at the end, and, from 100,000 calls on, that memory and
//! descriptors stay flat. Every kind of thing that a service can
//! create is created, ensured, read, listed, changed and removed, as far as there are calls for it; the
//! fault matrix of the tests covers the other endpoints.
//!
//! * Ten clients live for the whole run, two of each service that differ in API version, credentials or
//!   scope. A relay leads a client's one address to a fake, which is replaced after some hundred requests.
//! * Each thing has a number, and a history of what the calls about it reported. Faults are queued in
//!   order and a fake remembers its requests in that order, so it is known which request met which fault
//!   and was processed. A round ends with a comparison of all histories with the state of the fake and
//!   the requests that it received.
//! * What a thing holds is a set of five bits: permissions, or a text. A change whose outcome is unknown
//!   leaves both states possible. Of two concurrent changes none is lost where things have versions.
//! * The first things of a round are created before any fault, and stay. Every list contains each of them
//!   once, also where it is resumed after an error.
//!
//! The seed decides calls and faults; the scheduler decides which request meets which fault. A run
//! needs some 700 file descriptors: the fakes live in the same process.

mod faults;
mod history;
mod relay;
mod rounds;
mod vendors;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const IN_FLIGHT: usize = 64;

/// From this number of calls on, every kind of fault and of outcome must have been seen, and memory and
/// descriptors must be flat: in fewer the second quarter is not warm yet.
const WARM: u64 = 100_000;

/// How much the last quarter may be above the second: a share, and an absolute margin.
const RSS_MARGIN: (f64, f64) = (0.10, 8.0 * 1024.0);
const DESCRIPTORS_MARGIN: (f64, f64) = (0.10, 16.0);

/// How many descriptors may stay open at the end, when clients, fakes and the runtime are gone.
const DESCRIPTORS_LEFT: f64 = 4.0;

/// A number by name, in the order of the names.
type Counts = BTreeMap<&'static str, u64>;

/// What all clients share.
struct Soak {
    calls: u64,
    seed: u64,
    started: AtomicU64,
    permits: Semaphore,
    tally: Mutex<Tally>,
}

#[derive(Default)]
struct Tally {
    requests: u64,
    faults: Counts,
    outcomes: Counts,
    /// Rounds that were compared, and those of which a fake did not remember all.
    rounds: u64,
    forgotten: u64,
    wrong: u64,
}

impl Tally {
    fn add_round(&mut self, known: bool, requests: u64, met: &[&'static faults::Kind]) {
        self.rounds += 1;
        self.forgotten += u64::from(!known);
        self.requests += requests;
        for kind in met {
            *self.faults.entry(kind.name).or_default() += 1;
        }
    }
}

impl Soak {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_done(&self) -> bool {
        self.started.load(Ordering::Relaxed) >= self.calls
    }

    /// Shows what is wrong, up to a point, and counts it.
    fn wrong(&self, what: impl FnOnce() -> String) {
        let mut tally = self.tally();
        tally.wrong += 1;
        if tally.wrong <= 20 {
            println!("WRONG (seed {}): {}", self.seed, what());
        }
    }
}

/// What this process holds at a moment.
#[derive(Clone, Copy)]
struct Sample {
    rss_kib: f64,
    descriptors: f64,
}

impl Sample {
    /// Nothing where there is no `/proc`.
    fn now() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let rss_kib = rss.trim().strip_suffix("kB")?.trim().parse().ok()?;
        // One of them is what reads the folder.
        let descriptors = std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
        Some(Self { rss_kib, descriptors: descriptors as f64 })
    }
}

/// Takes samples for as long as calls are begun, and shows progress now and then.
async fn watch(soak: Arc<Soak>) -> Vec<Sample> {
    let begun = Instant::now();
    let mut samples = Vec::new();
    let mut shown = begun;
    while !soak.is_done() {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let sample = Sample::now();
        samples.extend(sample);
        if shown.elapsed() >= Duration::from_secs(5) {
            shown = Instant::now();
            show(&soak, begun, sample);
        }
    }
    samples
}

fn show(soak: &Soak, begun: Instant, sample: Option<Sample>) {
    let calls = soak.started.load(Ordering::Relaxed);
    let seconds = begun.elapsed().as_secs_f64();
    let held = sample.map_or("no /proc".to_owned(), |Sample { rss_kib, descriptors }| {
        format!("RSS {:.1} MiB, {descriptors} descriptors", rss_kib / 1024.0)
    });
    let listed = |counts: &Counts| {
        counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    };
    let tally = soak.tally();
    println!(
        "{seconds:.0} s: {calls} calls, {:.0}/s, {} requests; {held}\n  outcomes: {}\n  faults: {}",
        calls as f64 / seconds,
        tally.requests,
        listed(&tally.outcomes),
        listed(&tally.faults),
    );
}

/// Whether the last quarter is no higher than the second, within the margin; the first is the warm-up.
fn flat(
    name: &str,
    samples: &[Sample],
    part: fn(&Sample) -> f64,
    (share, more): (f64, f64),
) -> Result<String, String> {
    let quarter = samples.len() / 4;
    if quarter == 0 {
        return Ok(format!("{name} SKIPPED, too few samples"));
    }
    let median = |samples: &[Sample]| {
        let mut values: Vec<f64> = samples.iter().map(part).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let early = median(&samples[quarter..2 * quarter]);
    let late = median(&samples[samples.len() - quarter..]);
    let text = format!("{name} {early:.0} to {late:.0}");
    if late <= early * (1.0 + share) + more { Ok(text) } else { Err(format!("{text} is not flat")) }
}

/// Whether the descriptors that the run opened are closed again.
fn closed(before: Sample, after: Sample) -> Result<String, String> {
    let text = format!("{} descriptors before, {} after", before.descriptors, after.descriptors);
    let leaked = after.descriptors > before.descriptors + DESCRIPTORS_LEFT;
    if leaked { Err(format!("{text}: not closed")) } else { Ok(text) }
}

/// What is good and what is not.
fn judge(soak: &Soak, samples: &[Sample], ends: [Option<Sample>; 2]) -> (Vec<String>, Vec<String>) {
    let tally = soak.tally();
    let mut all = vec![match tally.wrong {
        0 => Ok("no creation repeated or lost, no false report".to_owned()),
        wrong => Err(format!("{wrong} wrong, see above")),
    }];
    // Without the requests only what is held could be compared.
    if tally.rounds == 0 || tally.forgotten * 20 > tally.rounds {
        all.push(Err(format!("{} of {} rounds not known in full", tally.forgotten, tally.rounds)));
    }
    all.push(match ends {
        [Some(before), Some(after)] => closed(before, after),
        _ => Ok("memory and descriptors SKIPPED, no /proc".to_owned()),
    });
    if soak.calls < WARM {
        all.push(Ok(format!("flatness and kinds never seen SKIPPED, fewer than {WARM} calls")));
    } else {
        let faults = faults::ALL.iter().map(|kind| kind.name);
        let mut unseen: Vec<&str> =
            faults.filter(|name| !tally.faults.contains_key(name)).collect();
        let outcomes = history::OUTCOMES.iter().copied();
        unseen.extend(outcomes.filter(|name| !tally.outcomes.contains_key(name)));
        if !unseen.is_empty() {
            all.push(Err(format!("never seen: {}", unseen.join(", "))));
        }
        all.push(flat("RSS in KiB", samples, |sample| sample.rss_kib, RSS_MARGIN));
        all.push(flat("descriptors", samples, |sample| sample.descriptors, DESCRIPTORS_MARGIN));
    }
    let (good, bad): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    (good.into_iter().flatten().collect(), bad.into_iter().filter_map(Result::err).collect())
}

/// The calls and the seed that are asked for.
fn arguments() -> Result<(u64, u64), String> {
    let (mut calls, mut seed) = (1_000_000, fastrand::u64(..));
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let number = match argument.as_str() {
            "--calls" => &mut calls,
            "--seed" => &mut seed,
            // That it is run as a benchmark.
            "--bench" => continue,
            other => return Err(format!("{other} is not known: --calls N, --seed N")),
        };
        let given = arguments.next().and_then(|text| text.replace('_', "").parse().ok());
        *number = given.ok_or_else(|| format!("{argument} needs a number"))?;
    }
    Ok((calls, seed))
}

async fn run(soak: &Arc<Soak>) -> Vec<Sample> {
    let watching = tokio::spawn(watch(Arc::clone(soak)));
    let mut clients = JoinSet::new();
    for second in [false, true] {
        let first = 5 * u32::from(second);
        clients.spawn(rounds::run::<vendors::Iam>(Arc::clone(soak), first, second));
        clients.spawn(rounds::run::<vendors::Chat>(Arc::clone(soak), first + 1, second));
        clients.spawn(rounds::run::<vendors::Harness>(Arc::clone(soak), first + 2, second));
        clients.spawn(rounds::run::<vendors::Redox>(Arc::clone(soak), first + 3, second));
        clients.spawn(rounds::run::<vendors::Deepset>(Arc::clone(soak), first + 4, second));
    }
    while let Some(ended) = clients.join_next().await {
        if let Err(panic) = ended {
            soak.wrong(|| format!("a client ended early: {panic}"));
        }
    }
    watching.await.unwrap_or_default()
}

fn main() -> ExitCode {
    let (calls, seed) = match arguments() {
        Ok(given) => given,
        Err(why) => {
            println!("verdict: FAIL {why}");
            return ExitCode::FAILURE;
        }
    };
    println!("{calls} calls, {IN_FLIGHT} in flight; --seed {seed}");
    let before = Sample::now();
    let (permits, started) = (Semaphore::new(IN_FLIGHT), AtomicU64::new(0));
    let soak = Arc::new(Soak { calls, seed, started, permits, tally: Mutex::default() });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let begun = Instant::now();
    // The runtime is gone at the end of the statement, and every socket with it.
    let samples = runtime.expect("a runtime").block_on(run(&soak));
    let after = Sample::now();
    show(&soak, begun, after);
    let (good, bad) = judge(&soak, &samples, [before, after]);
    let seconds = begun.elapsed().as_secs_f64();
    let calls = soak.started.load(Ordering::Relaxed);
    let what = format!("{calls} calls in {seconds:.0} s, seed {seed}");
    if bad.is_empty() {
        println!("verdict: PASS {what}: {}", good.join("; "));
        ExitCode::SUCCESS
    } else {
        println!("verdict: FAIL {what}: {} ({})", bad.join("; "), good.join("; "));
        ExitCode::FAILURE
    }
}
