//! What is the same at every endpoint, token requests included: a table a rule.

use std::time::Duration;

use crate::registry::{Endpoint, each_operation};
use crate::support::raw::{Raw, Reply};
use crate::support::truth::check_form;
use rolecall::{ClientOptions, Effect, Error, ErrorKind, RetryPolicy};

/// Several attempts, without a wait between.
fn eager() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::default().base_wait(Duration::ZERO))
}

/// One call of a new client, which fails.
async fn fails_at(endpoint: &Endpoint, origin: &str, options: ClientOptions) -> Error {
    let error = (endpoint.caller(origin, options))().await.expect_err("it fails");
    check_form(&error).unwrap_or_else(|wrong| panic!("{endpoint}: {wrong}"));
    error
}

/// One call of a client that meets such responses alone: its error, and how many requests arrived.
async fn fails(endpoint: &Endpoint, options: &ClientOptions, reply: Reply) -> (Error, usize) {
    let raw = Raw::start(move |_| reply.clone()).await;
    let error = fails_at(endpoint, &raw.origin(), options.clone()).await;
    (error, raw.requests())
}

/// No connection to this place, for this reason, and never one.
#[cfg(feature = "rustls")]
#[track_caller]
fn check_permanent(endpoint: &Endpoint, error: &Error, place: &str, why: &str) {
    let text = error.to_string();
    let fits = text.contains(&format!("no connection{place}")) && text.contains(why);
    assert!(fits && !text.contains("obviously-fake"), "{endpoint}: {text}");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::NotApplied), "{text}");
    assert!(!error.is_safe_to_repeat(), "{endpoint}: {text}");
    let attempts = u32::from(endpoint.before.is_none());
    assert_eq!(error.attempts(), attempts, "{endpoint}: {text}");
}

/// A client that waits for nothing reports how long it was asked to wait.
#[tokio::test]
async fn wait_that_is_asked_for_is_reported_in_whole_seconds() {
    const THROTTLED: &str = r#"{"code":20429,"throttled_until":"2016-03-03T19:47:20.2Z"}"#;
    let date = ("date", "Thu, 03 Mar 2016 19:47:15 GMT");
    let later = ("retry-after", "Thu, 03 Mar 2016 19:47:25 GMT");
    let policy = RetryPolicy::default().base_wait(Duration::ZERO).max_retry_after(Duration::ZERO);
    let options = eager().retry(policy);
    for endpoint in each_operation() {
        // The field is Twilio's.
        let throttled = if endpoint.name().starts_with("twilio") { 6 } else { 0 };
        for (headers, body, seconds) in [
            (&[("retry-after", "1.5")][..], "", 2),
            (&[("retry-after", "299.997")], "", 300),
            (&[("retry-after", "3"), ("retry-after", "5")], "", 5),
            (&[date, later], "", 10),
            (&[date, ("retry-after", "7")], THROTTLED, 7),
            (&[date, ("retry-after", "soon")], THROTTLED, throttled),
            (&[date], THROTTLED, throttled),
        ] {
            let reply = Reply::http(429, headers, body.as_bytes());
            let (error, requests) = fails(&endpoint, &options, reply).await;
            let wait = error.retry_after().unwrap_or_default();
            let case = format!("{endpoint}: {headers:?} {body}: {error}");
            assert_eq!(wait.as_secs_f64().ceil(), f64::from(seconds), "{case}");
            assert!(requests == 1 || seconds == 0, "{case}");
        }
    }
}

/// What is wrong with a certificate or a proxy stays wrong: it is tried once, and the error says what
/// it is.
#[cfg(feature = "rustls")]
#[tokio::test]
async fn connection_that_can_never_be_made_is_not_tried_again() {
    use crate::support::tls::{self, Hello, Tls};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    for endpoint in each_operation() {
        for (certificate, why) in [
            (tls::EXPIRED, "certificate has expired"),
            (tls::NOT_YET, "certificate is not valid yet"),
            (tls::SELF_SIGNED, "certificate has an unknown issuer"),
            (tls::OTHER_HOST, "certificate not valid for name \"127.0.0.1\""),
        ] {
            let raw = Raw::start(|_| Reply::close("")).await;
            let connections = Arc::<AtomicUsize>::default();
            let counting = Arc::clone(&connections);
            let misbehaves = move || counting.fetch_add(1, Ordering::SeqCst) < 9;
            let hello = Hello::Certificate(certificate);
            let front = Tls::start(raw.address(), hello, misbehaves).await;
            let error = fails_at(&endpoint, &front.origin(), tls::trusting(eager())).await;
            check_permanent(&endpoint, &error, &format!(" to {}: ", front.origin()), why);
            assert_eq!(connections.load(Ordering::SeqCst), 1, "{endpoint}: {error}");
        }
        let proxy = Raw::start(|_| Reply::http(407, &[], b"")).await;
        let with_proxy = tls::trusting(eager()).http(|http| {
            let url = proxy.origin().replace("http://", "http://user:obviously-fake-password@");
            http.proxy(url)
        });
        let error = fails_at(&endpoint, "https://service.example", with_proxy).await;
        let place = format!(" to https://service.example through the proxy {}: ", proxy.origin());
        check_permanent(&endpoint, &error, &place, "the proxy refused: 407");
        assert_eq!(proxy.requests(), 1, "{endpoint}: {error}");
    }
}
