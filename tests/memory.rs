//! What a hostile answer costs in memory: some multiple of the limit, however much of it comes.
//!
//! The service runs in another thread, whose allocations do not count.
#![cfg(any(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]

mod support {
    #[allow(dead_code, unused_imports, reason = "each test file uses a part of it")]
    pub(crate) mod every_call;
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod raw;
}

use std::collections::BTreeSet;
use std::time::Duration;

use rolecall::{ClientOptions, RetryPolicy};
use support::every_call::{EveryCall, every_call};
use support::raw::{Raw, Reply};

const LIMIT: usize = 256 << 10;
/// What HTTP reads into, whatever the limit is.
const BUFFERS: u64 = 512 << 10;
/// The body as it grows and is copied, and the buffers below it.
const MOST: u64 = 4 * LIMIT as u64 + BUFFERS;

fn answers(call: &EveryCall) -> Vec<(&'static str, Reply)> {
    let start = format!("HTTP/1.1 {} Whatever\r\n", call.success[0]);
    let chunked = "transfer-encoding: chunked\r\n\r\n";
    let chunk = |byte: u8| [b"10000\r\n", &[byte; 0x10000][..], b"\r\n"].concat();
    let refused = "HTTP/1.1 403 Forbidden\r\n";
    let whole = |body: &str| format!("{start}content-length: {}\r\n\r\n{body}", body.len());
    let fits = LIMIT - 100;
    vec![
        ("an endless body", Reply::forever(format!("{start}{chunked}"), chunk(b' '))),
        ("an endless refusal", Reply::forever(format!("{refused}{chunked}"), chunk(b'['))),
        (
            "an endless encoded body",
            Reply::forever(format!("{start}content-encoding: gzip\r\n{chunked}"), chunk(0)),
        ),
        (
            "an endless chunk extension",
            Reply::forever(format!("{start}{chunked}1;"), vec![b'x'; 0x10000]),
        ),
        (
            "endless trailers",
            Reply::forever(format!("{start}{chunked}0\r\n"), "x: y\r\n".repeat(10_000)),
        ),
        (
            "a length of 2^62",
            Reply::close(format!("{start}content-length: {}\r\n\r\n", 1_u64 << 62)),
        ),
        ("an endless header", Reply::forever(format!("{start}x: "), vec![b'y'; 0x10000])),
        ("endless headers", Reply::forever(start.clone(), "x: y\r\n".repeat(10_000))),
        ("as many levels as fit", Reply::close(whole(&"[".repeat(fits)))),
        ("as many numbers as fit", Reply::close(whole(&format!("[{}0]", "0,".repeat(fits / 2))))),
        (
            "as many refused numbers as fit",
            Reply::close(whole(&format!("[{}0]", "0,".repeat(fits / 2))).replacen("20", "40", 1)),
        ),
        (
            "as many unknown fields as fit",
            Reply::close(whole(&format!("{{{}\"z\":0}}", "\"z\":0,".repeat(fits / 6)))),
        ),
        ("interim answers", Reply::close("HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000))),
    ]
}

/// What is read before any of the body, and so alike at every call.
fn zeros(call: &EveryCall) -> (&'static str, Reply) {
    let start = format!("HTTP/1.1 {} Whatever\r\n", call.success[0]);
    let chunked = "transfer-encoding: chunked\r\n\r\n";
    ("zeros for a chunk's size", Reply::forever(format!("{start}{chunked}"), [b'0'; 0x8000]))
}

#[test]
fn no_answer_costs_more_than_a_multiple_of_the_limit() {
    let service =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let service = service.expect("a runtime");
    // Where two calls are answered alike, what is read is the same.
    let mut known = BTreeSet::new();
    let mut largest = (0, String::new());
    for call in every_call().into_iter().filter(|call| known.insert(call.answer.clone())) {
        let zeros = largest.1.is_empty().then(|| zeros(&call));
        for (name, reply) in zeros.into_iter().chain(answers(&call)) {
            let raw = service.block_on(Raw::start(move |_| reply.clone()));
            let client = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let client = client.expect("a runtime");
            let options = ClientOptions::default()
                .retry(RetryPolicy::none())
                .attempt_timeout(Duration::from_millis(500));
            let caller = call.caller(&raw.origin(), options.max_answer_bytes(LIMIT));
            let counted = allocation_counter::measure(|| {
                // Whether that is an error is told by other tests.
                let _ = client.block_on(caller());
            });
            assert!(counted.bytes_max <= MOST, "{call}: {name}: {} bytes", counted.bytes_max);
            if counted.bytes_max > largest.0 {
                largest = (counted.bytes_max, format!("{call}: {name}"));
            }
        }
    }
    assert!(largest.0 > LIMIT as u64, "the bodies were read: {largest:?}");
}
