//! The common parts of the fault matrices: cells, the threads that run them, virtual time.
//!
//! A cell is one fault (a column) at one endpoint or method (a row). `cargo test` runs a sample of each
//! matrix, in which every row and every column occurs; it prints its seed.
//!
//! * `ROLECALL_SEED=…` runs the same sample again.
//! * `ROLECALL_EXHAUSTIVE=1` runs all cells.
//!
//! No time limit is short, and waiting takes no real time: [`Attempt::expire`] advances the clock.
//! So each cell has its own current-thread runtime, on one of several threads.

use std::cell::Cell as Counter;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::{Child, Command};
use std::sync::{LazyLock, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use rolecall::{ClientOptions, Error, ErrorKind, RetryPolicy};
use tracing::span;

pub(crate) const ATTEMPTS: u32 = 2;
/// Longer than any client waits.
pub(crate) const LONG: Duration = Duration::from_secs(3600);
pub(crate) const LIMIT: usize = 64 << 10;
/// A little longer than a client waits for a connection.
#[cfg(feature = "rustls")]
pub(crate) const NO_CONNECTION: Duration = Duration::from_secs(11);
/// A little longer than an attempt may take.
pub(crate) const NO_RESPONSE: Duration = Duration::from_secs(31);

/// Two attempts without a wait between, and no time limit that anything but silence exceeds.
pub(crate) fn options() -> ClientOptions {
    let policy = RetryPolicy::default().max_attempts(ATTEMPTS).base_wait(Duration::ZERO);
    let options = ClientOptions::default().retry(policy).call_timeout(LONG).token_timeout(LONG);
    options.max_response_bytes(LIMIT).max_list_bytes(LIMIT)
}

pub(crate) fn check(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Whether an error after a fault may be the last that it caused: a dead connection costs a try, since
/// the next request finds it out; and a wait that the service asked for is waited out.
pub(crate) fn passes(error: &Error) -> bool {
    if let Some(wait) = error.retry_after() {
        advance(wait);
        return true;
    }
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::Connect)
}

type Running = Pin<Box<dyn Future<Output = Result<(), String>>>>;

pub(crate) struct Cell {
    row: String,
    column: String,
    run: Box<dyn FnOnce() -> Running + Send>,
}

impl Cell {
    /// What follows a colon in the name of the fault is a detail: not a column of its own.
    pub(crate) fn new<T, F>(
        row: T,
        fault: impl Into<String>,
        run: impl FnOnce(T) -> F + Send + 'static,
    ) -> Self
    where
        T: ToString + Send + 'static,
        F: Future<Output = Result<(), String>> + 'static,
    {
        let (name, run) = (row.to_string(), move || -> Running { Box::pin(run(row)) });
        Self { row: name, column: fault.into(), run: Box::new(run) }
    }

    fn run(self) -> Result<(), String> {
        let hangs = async {
            let started = Instant::now();
            while started.elapsed() < Duration::from_secs(300) {
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
            Err("it hangs".to_owned())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let either = async {
            tokio::select! { done = (self.run)() => done, hung = hangs => hung }
        };
        let _no_program_starts = STARTING.read().unwrap_or_else(PoisonError::into_inner);
        let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(either)));
        ended
            .unwrap_or_else(|_| Err("a panic".to_owned()))
            .map_err(|what| format!("{}: {}: {what}", self.row, self.column))
    }
}

/// Held to write while a program starts, and to read while a cell runs. Until a new process runs its
/// own program it has a copy of every socket, so that one which is closed meanwhile stays open: a
/// listener that is gone takes connections.
static STARTING: RwLock<()> = RwLock::new(());

/// Starts a program while no cell runs.
#[cfg_attr(
    not(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset")),
    allow(dead_code, reason = "the examples run with all vendors")
)]
pub(crate) fn start(command: &mut Command) -> Child {
    let _alone = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    command.spawn().expect("the program can be started")
}

static SEED: LazyLock<u64> = LazyLock::new(|| match std::env::var("ROLECALL_SEED") {
    Ok(seed) => seed.parse().expect("ROLECALL_SEED is a number"),
    Err(_) => fastrand::u64(..),
});

fn is_exhaustive() -> bool {
    std::env::var("ROLECALL_EXHAUSTIVE").is_ok_and(|set| set == "1")
}

/// So many at random, or all.
pub(crate) fn some<T>(mut all: Vec<T>, size: usize) -> Vec<T> {
    if !is_exhaustive() {
        println!("ROLECALL_SEED={}", *SEED);
        fastrand::Rng::with_seed(*SEED).shuffle(&mut all);
        all.truncate(size);
    }
    all
}

/// In a random order, first those whose row or column is new; no more than so many, unless these are.
fn sample(mut cells: Vec<Cell>, size: usize) -> Vec<Cell> {
    fastrand::Rng::with_seed(*SEED).shuffle(&mut cells);
    let (mut rows, mut columns) = (BTreeSet::new(), BTreeSet::new());
    let (mut new, others): (Vec<_>, Vec<_>) = cells.into_iter().partition(|cell| {
        let column = cell.column.split(':').next().unwrap_or_default();
        rows.insert(cell.row.clone()) | columns.insert(column.to_owned())
    });
    new.extend(others.into_iter().take(size.saturating_sub(new.len())));
    new
}

/// Runs a sample of about this size, or all.
pub(crate) fn run(cells: Vec<Cell>, size: usize) {
    let (all, started) = (cells.len(), Instant::now());
    let cells = if is_exhaustive() { cells } else { sample(cells, size) };
    let count = cells.len();
    let (queue, wrong) = (Mutex::new(cells.into_iter()), Mutex::new(Vec::new()));
    let next = || queue.lock().expect("no panic").next();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let _watch = tracing::subscriber::set_default(Watch);
                while let Some(cell) = next() {
                    if let Err(what) = cell.run() {
                        wrong.lock().expect("no panic").push(what);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    let what =
        format!("{count} of {all} cells in {:?}, ROLECALL_SEED={}", started.elapsed(), *SEED);
    println!("{what}");
    let some = wrong.iter().take(30).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} are wrong, {what}:\n{some}", wrong.len());
}

thread_local! {
    /// Of this thread's clients: the attempts that began, and what became known of them (the status
    /// of a response, or an error).
    static SEEN: Counter<(usize, usize)> = const { Counter::new((0, 0)) };
}

/// Counts what clients do, by their spans.
struct Watch;

impl tracing::Subscriber for Watch {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name() == "rolecall.attempt"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        SEEN.with(|seen| seen.set((seen.get().0 + 1, seen.get().1)));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {
        SEEN.with(|seen| seen.set((seen.get().0, seen.get().1 + 1)));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The attempt that a client of this thread makes at some moment.
#[derive(Clone, Copy)]
pub(crate) struct Attempt((usize, usize));

impl Attempt {
    pub(crate) fn current() -> Self {
        Self(SEEN.get())
    }

    /// Waits until the client has read the head of the response, or has given up.
    pub(crate) async fn has_head(self) {
        while SEEN.get() == self.0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Advances the clock after all tasks have run as far as they can, unless a later attempt has
    /// begun.
    pub(crate) async fn expire(self, by: Duration) {
        let_tasks_run().await;
        if SEEN.get().0 == self.0.0 {
            advance(by);
        }
    }
}

/// Lets all tasks on this thread run as far as they can.
pub(crate) async fn let_tasks_run() {
    tokio::time::sleep(Duration::from_millis(2)).await;
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

/// Advances the clock at once, without other tasks seeing it paused.
pub(crate) fn advance(by: Duration) {
    tokio::time::pause();
    let _ = tokio::time::advance(by).now_or_never();
    tokio::time::resume();
}

pub(crate) const GZIP_HEAD: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";

/// The bytes as one stored block of deflate. The checksum that should follow is not there, but a
/// decoder has handed the bytes out by then.
pub(crate) fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("it fits a block");
    [&[1], &length.to_le_bytes()[..], &(!length).to_le_bytes(), bytes].concat()
}
