//! `Retry-After`: seconds, a date in any of HTTP's three forms, or nothing.
#![no_main]

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use rolecall::fuzzing::retry_after;

/// The first second that HTTP's dates cannot name.
const YEAR_10_000: u64 = 253_402_300_800;

fn read(text: &[u8], now: SystemTime) -> Option<Duration> {
    let value = HeaderValue::from_bytes(text).ok()?;
    retry_after(&HeaderMap::from_iter([(header::RETRY_AFTER, value)]), now)
}

fuzz_target!(|input: &[u8]| {
    let [a, b, c, d, e, text @ ..] = input else { return };
    let seconds = u64::from_be_bytes([0, 0, 0, *a, *b, *c, *d, *e]) % YEAR_10_000;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    if let Some(wait) = read(text, now) {
        let text = std::str::from_utf8(text).expect("it is ASCII").trim();
        if let Ok(date) = httpdate::parse_http_date(text) {
            // The wait leads to that very date, or the date is over.
            assert!(now + wait == date || (wait.is_zero() && date <= now), "{text}: {wait:?}");
        } else {
            // It is no shorter than any number says.
            for one in text.split(',').map(str::trim).filter(|one| !one.starts_with('.')) {
                let digits = one.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                let asked = one.parse().ok().filter(|_| digits).unwrap_or(0.0_f64);
                assert!(wait.as_secs_f64() >= asked.min(u32::MAX.into()), "{text}: {wait:?}");
            }
        }
    } else {
        let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        assert!(!digits, "seconds were not read");
    }
    // What is written is read.
    let hours = Duration::from_secs(u64::from(*e) * 3600);
    if seconds + hours.as_secs() < YEAR_10_000 {
        let date = httpdate::fmt_http_date(now + hours);
        assert_eq!(read(date.as_bytes(), now), Some(hours), "{date}");
    }
});
