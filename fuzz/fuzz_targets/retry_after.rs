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
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let asked = text.parse().unwrap_or(u64::MAX);
            assert!(
                wait.as_secs() == asked || wait.as_secs() >= u32::MAX.into(),
                "{text}: {wait:?}"
            );
        } else {
            assert!(text.bytes().any(|byte| byte.is_ascii_alphabetic()), "{text} is no date");
            // The wait leads to that very date, or the date is over.
            let date = httpdate::parse_http_date(text).expect("it was read");
            assert!(now + wait == date || (wait.is_zero() && date <= now), "{text}: {wait:?}");
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
