//! The memory that a hostile response takes: a small multiple of the limit, however large the
//! response is.
//!
//! The service runs on another thread, whose allocations do not count.

use std::collections::BTreeSet;

use crate::registry::{Endpoint, endpoints};
use crate::support::matrix::some;
use crate::support::raw::{Raw, Reply};
use rolecall::{ClientOptions, RetryPolicy};

const LIMIT: usize = 256 << 10;
/// What HTTP reads into, whatever the limit is.
const BUFFERS: u64 = 512 << 10;
/// The body as it grows and is copied, and the buffers below it.
const MOST: u64 = 4 * LIMIT as u64 + BUFFERS;

/// What is read as a response, or refused.
fn bodies(endpoint: &Endpoint) -> Vec<(&'static str, Reply)> {
    let start = format!("HTTP/1.1 {} Whatever\r\n", endpoint.success()[0]);
    let chunked = "transfer-encoding: chunked\r\n\r\n";
    let chunk = |byte: u8| [b"10000\r\n", &[byte; 0x10000][..], b"\r\n"].concat();
    let whole = |body: &str| format!("{start}content-length: {}\r\n\r\n{body}", body.len());
    let fits = LIMIT - 100;
    let numbers = whole(&format!("[{}0]", "0,".repeat(fits / 2)));
    let fields = whole(&format!("{{{}\"z\":0}}", "\"z\":0,".repeat(fits / 6)));
    vec![
        ("an endless body", Reply::flood(format!("{start}{chunked}"), chunk(b' '))),
        ("an endless refusal", Reply::flood(format!("HTTP/1.1 403 No\r\n{chunked}"), chunk(b'['))),
        ("as many levels as fit", Reply::close(whole(&"[".repeat(fits)))),
        ("as many refused numbers as fit", Reply::close(numbers.replacen("20", "40", 1))),
        ("as many numbers as fit", Reply::close(numbers)),
        ("as many unknown fields as fit", Reply::close(fields)),
    ]
}

/// What is read before the body, and so alike at every endpoint.
fn heads() -> Vec<(&'static str, Reply)> {
    let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}");
    let chunked = head("transfer-encoding: chunked\r\n\r\n");
    let encoded = format!("content-encoding: gzip\r\ncontent-length: {}\r\n\r\n", 1_u64 << 62);
    let huge = head(&format!("content-length: {}\r\n\r\n", 1_u64 << 62));
    let lines = b"x: y\r\n".repeat(10_000);
    vec![
        ("an endless encoded body", Reply::flood(head(&encoded), [0; 0x10000])),
        ("an endless chunk extension", Reply::flood(format!("{chunked}1;"), [b'x'; 0x10000])),
        // hyper takes any number of them.
        ("zeros for a chunk's size", Reply::close(chunked.clone() + &"0".repeat(8 * LIMIT))),
        ("endless trailers", Reply::flood(chunked + "0\r\n", &*lines)),
        ("a length of 2^62", Reply::close(huge)),
        ("an endless header", Reply::flood(head("x: "), [b'y'; 0x10000])),
        ("endless headers", Reply::flood(head(""), lines)),
        ("interim responses", Reply::close("HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000))),
    ]
}

#[test]
fn no_response_costs_more_than_a_multiple_of_the_limit() {
    let service =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let service = service.expect("a runtime");
    // Where two endpoints have one response, what is read is the same.
    let mut known = BTreeSet::new();
    let mut endpoints = endpoints();
    endpoints.retain(|one| known.insert(one.response.clone()));
    let mut largest = (0, String::new());
    for (nth, endpoint) in some(endpoints, 6).into_iter().enumerate() {
        let heads = if nth == 0 { heads() } else { Vec::new() };
        for (name, reply) in heads.into_iter().chain(bodies(&endpoint)) {
            let raw = service.block_on(Raw::start(move |_| reply.clone()));
            let client = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let client = client.expect("a runtime");
            let options = ClientOptions::default().retry(RetryPolicy::none());
            let options = options.max_response_bytes(LIMIT).max_list_bytes(LIMIT);
            let caller = endpoint.caller(&raw.origin(), options);
            let counted = allocation_counter::measure(|| {
                // Whether that is an error, other tests tell.
                let _ = client.block_on(caller());
            });
            assert!(counted.bytes_max <= MOST, "{endpoint}: {name}: {} bytes", counted.bytes_max);
            if counted.bytes_max > largest.0 {
                largest = (counted.bytes_max, format!("{endpoint}: {name}"));
            }
        }
    }
    assert!(largest.0 > LIMIT as u64, "the bodies were read: {largest:?}");
}
