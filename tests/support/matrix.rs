//! What the fault matrices share.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rolecall::{ClientOptions, RetryPolicy};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub(crate) const ATTEMPTS: u32 = 2;
/// Longer than anybody waits.
pub(crate) const LONG: Duration = Duration::from_secs(3600);
pub(crate) const LIMIT: usize = 64 << 10;

/// Tries twice, without a wait between.
pub(crate) fn eager() -> ClientOptions {
    let policy = RetryPolicy::default().max_attempts(ATTEMPTS).base_wait(Duration::ZERO);
    ClientOptions::default().retry(policy).max_answer_bytes(LIMIT)
}

/// The same, and soon tired of waiting for an answer.
pub(crate) fn impatient() -> ClientOptions {
    eager().attempt_timeout(Duration::from_millis(400))
}

pub(crate) fn check(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// All cells, many at a time.
pub(crate) async fn run<F>(all: impl IntoIterator<Item = (String, F)>)
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let started = Instant::now();
    let at_once = Arc::new(Semaphore::new(48));
    let mut cells = JoinSet::new();
    let mut names = HashMap::new();
    for (name, cell) in all {
        let at_once = Arc::clone(&at_once);
        let spawned = cells.spawn(async move {
            let _turn = at_once.acquire().await;
            let guarded = tokio::time::timeout(Duration::from_secs(120), cell).await;
            guarded.unwrap_or_else(|_| Err("it hangs".to_owned()))
        });
        names.insert(spawned.id(), name);
    }
    let all = cells.len();
    assert!(all > 0, "there are cells");
    let mut wrong = Vec::new();
    while let Some(ended) = cells.join_next_with_id().await {
        let (id, ended) = match ended {
            Ok((id, ended)) => (id, ended),
            Err(panic) => (panic.id(), Err(format!("a panic: {panic}"))),
        };
        if let Err(what) = ended {
            wrong.push(format!("{}: {what}", names[&id]));
        }
    }
    wrong.sort();
    println!("{all} cells in {:?}", started.elapsed());
    let some = wrong.iter().take(30).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {all} cells are wrong:\n{some}", wrong.len());
}

pub(crate) const GZIP_HEAD: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";

/// The bytes as one stored block of deflate. The checksum that should follow is not there, but a
/// decoder has handed the bytes out by then.
pub(crate) fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("it fits a block");
    [&[1], &length.to_le_bytes()[..], &(!length).to_le_bytes(), bytes].concat()
}

/// All files of the crate, with their texts.
pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("it can be read");
            found.push((path, text));
        }
    }
    found
}
