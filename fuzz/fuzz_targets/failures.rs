//! The error parsers of all services: any status, headers and body are a failure of a kind that the
//! status allows.
#![no_main]

use http::{HeaderMap, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;
use rolecall::operation::{Failure, Service};
use rolecall::{
    Deepset, ErrorKind, Harness, Redox, TwilioChat, TwilioIam, deepset, harness, redox, twilio,
};

fn read<S: Service>(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let _ = S::request_id(headers);
    S::read_failure(status, headers, body)
}

fuzz_target!(|input: &[u8]| {
    let [service, high, low, body @ ..] = input else { return };
    let number = 100 + (u16::from(*high) << 8 | u16::from(*low)) % 900;
    let status = StatusCode::from_u16(number).expect("it has three digits");
    let mut headers = HeaderMap::new();
    for name in ["twilio-request-id", "x-twilio-request-id", "content-type"] {
        if let Ok(value) = HeaderValue::from_bytes(&body[..body.len().min(20)]) {
            headers.insert(name, value);
        }
    }
    let failure = match service % 5 {
        0 => read::<TwilioIam>(status, &headers, body),
        1 => read::<TwilioChat>(status, &headers, body),
        2 => read::<Harness>(status, &headers, body),
        3 => read::<Redox>(status, &headers, body),
        _ => read::<Deepset>(status, &headers, body),
    };
    let kind = failure.kind;
    match number {
        // Whatever the code: these say by themselves what may be done next.
        429 => assert_eq!(kind, ErrorKind::RateLimited),
        408 => assert_eq!(kind, ErrorKind::Timeout),
        400..=499 => assert_ne!(kind, ErrorKind::UnexpectedStatus),
        // A server's failure does not say that nothing was processed.
        500..=599 => assert_ne!(kind, ErrorKind::RateLimited),
        _ => assert_eq!(kind, ErrorKind::UnexpectedStatus),
    }
    // Of this crate's own, which no service can report.
    let own =
        [ErrorKind::Connect, ErrorKind::Interrupted, ErrorKind::Decode, ErrorKind::Configuration];
    assert!(!own.contains(&kind));
    let _ = format!("{failure:?}");
    // What was read is what came. What is no JSON by the book may be read all the same.
    if let Some(typed) = failure.service
        && let Ok(raw) = serde_json::from_slice::<serde_json::Value>(body)
    {
        let kept = typed
            .downcast_ref::<twilio::ServiceError>()
            .map(|error| &error.raw)
            .or_else(|| typed.downcast_ref::<harness::ServiceError>().map(|error| &error.raw))
            .or_else(|| typed.downcast_ref::<redox::ServiceError>().map(|error| &error.raw))
            .or_else(|| typed.downcast_ref::<deepset::ServiceError>().map(|error| &error.raw));
        assert_eq!(kept, Some(&raw));
    }
});
