//! What is the same at every endpoint, token requests included: a table a rule.

use std::time::Duration;

use crate::registry::{Endpoint, each_operation};
use crate::support::raw::{Raw, Reply};
use rolecall::{ClientOptions, Error, RetryPolicy};

/// One call of a client that meets such responses alone: its error, and how many requests arrived.
async fn fails(endpoint: &Endpoint, options: &ClientOptions, reply: Reply) -> (Error, usize) {
    let raw = Raw::start(move |_| reply.clone()).await;
    let result = (endpoint.caller(&raw.origin(), options.clone()))().await;
    (result.expect_err("it is refused"), raw.requests())
}

/// A client that waits for nothing reports how long it was asked to wait.
#[tokio::test]
async fn wait_that_is_asked_for_is_reported_in_whole_seconds() {
    const THROTTLED: &str = r#"{"code":20429,"throttled_until":"2016-03-03T19:47:20.2Z"}"#;
    let date = ("date", "Thu, 03 Mar 2016 19:47:15 GMT");
    let later = ("retry-after", "Thu, 03 Mar 2016 19:47:25 GMT");
    let policy = RetryPolicy::default().base_wait(Duration::ZERO).max_retry_after(Duration::ZERO);
    let options = ClientOptions::default().retry(policy);
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
