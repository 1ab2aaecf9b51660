//! `Retry-After`: seconds, a date in any of HTTP's three forms, or nothing.
#![no_main]

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use rolecall::fuzzing::retry_after;

fn read(text: &[u8], now: SystemTime) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_bytes(text).ok()?);
    retry_after(&headers, now)
}

fuzz_target!(|input: &[u8]| {
    // Any year that HTTP's dates can name.
    let [a, b, c, d, e, text @ ..] = input else { return };
    let seconds = u64::from_be_bytes([0, 0, 0, *a, *b, *c, *d, *e]) % 253_402_300_800;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    if let Some(wait) = read(text, now) {
        let text = std::str::from_utf8(text).expect("it is ASCII").trim();
        match httpdate::parse_http_date(text) {
            // The wait leads to that very date, or the date is over.
            Ok(date) => {
                assert!(now + wait == date || (wait.is_zero() && date <= now), "{text}: {wait:?}");
            }
            // It is no shorter than any number says.
            Err(_) => {
                for one in text.split(',').map(str::trim) {
                    let digits = one.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                    let asked = one.parse().ok().filter(|_| digits && !one.starts_with('.'));
                    let asked = asked.unwrap_or(0.0_f64).min(u32::MAX.into());
                    assert!(wait.as_secs_f64() >= asked, "{text}: {wait:?}");
                }
            }
        }
    } else {
        let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        assert!(!digits, "seconds were not read");
    }
    // What is written is read.
    let later = now + Duration::from_secs(u64::from(*e) * 3600);
    if seconds + u64::from(*e) * 3600 < 253_402_300_800 {
        let date = httpdate::fmt_http_date(later);
        assert_eq!(read(date.as_bytes(), now), later.duration_since(now).ok(), "{date}");
    }
});
