//! Rules for every endpoint, token requests included: one table for each rule.

use std::time::Duration;

use crate::registry::{Endpoint, ITEMS, each_operation};
use crate::support::raw::{Raw, Reply};
use crate::support::truth::check_form;
use rolecall::{ClientOptions, Error, RetryPolicy};

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

/// A proxy that refuses stays one: it is tried once, and the error says what it is.
#[cfg(feature = "rustls")]
#[tokio::test]
async fn proxy_that_refuses_is_not_tried_again() {
    use crate::support::tls;
    use rolecall::{Effect, ErrorKind};

    for endpoint in each_operation() {
        let proxy = Raw::start(|_| Reply::http(407, &[], b"")).await;
        let with_proxy = tls::trusting(eager()).http(|http| {
            let url = proxy.origin().replace("http://", "http://user:obviously-fake-password@");
            http.proxy(url)
        });
        let error = fails_at(&endpoint, "https://service.example", with_proxy).await;
        let text = error.to_string();
        let place = format!("to https://service.example through the proxy {}", proxy.origin());
        let expected = format!("no connection {place}: ");
        let fits = text.contains(&expected) && text.contains("the proxy refused: 407");
        assert!(fits && !text.contains("obviously-fake"), "{endpoint}: {text}");
        let outcome = (error.kind(), error.effect(), error.is_safe_to_repeat());
        assert_eq!(outcome, (ErrorKind::Connect, Effect::NotApplied, false), "{endpoint}: {text}");
        assert_eq!((error.attempts(), proxy.requests()), (1, 1), "{endpoint}: {text}");
    }
}

/// A response over the limit names the setting to raise; a list has a larger limit than other calls.
#[tokio::test]
async fn response_over_the_limit_names_the_setting() {
    let tight = eager().max_response_bytes(8).max_list_bytes(8);
    for endpoint in each_operation().into_iter().filter(Endpoint::has_body) {
        let padded = |bytes: usize| [endpoint.response.as_bytes(), &vec![b' '; bytes]].concat();
        let reply = |bytes| Reply::http(endpoint.success()[0], &[], &padded(bytes));
        let (error, requests) = fails(&endpoint, &tight, reply(0)).await;
        let is_list =
            error.to_string().contains("larger than 8 bytes; raise ClientOptions::max_list_bytes");
        let setting = if is_list { "max_list_bytes" } else { "max_response_bytes" };
        let text = format!("larger than 8 bytes; raise ClientOptions::{setting}");
        assert!(error.to_string().contains(&text) && requests == 1, "{endpoint}: {error}");
        assert!(is_list || endpoint.form != ITEMS, "{endpoint}: {error}");

        let large = reply(3 << 20);
        let raw = Raw::start(move |_| large.clone()).await;
        let result = (endpoint.caller(&raw.origin(), eager()))().await;
        assert_eq!(result.is_ok(), is_list, "{endpoint}: {result:?}");
    }
}

/// A redirect is not followed: the error says where it points, without what may be secret.
#[tokio::test]
async fn redirect_names_its_target() {
    for endpoint in each_operation() {
        for (location, target) in [
            (
                "https://user:obviously-fake@other.example/login?next=obviously-fake#x",
                "https://other.example/login?***",
            ),
            ("//other.example/", "http://other.example/"),
            ("/elsewhere", "/elsewhere"),
            ("http://[", "an address that cannot be read"),
        ] {
            let reply = Reply::http(302, &[("location", location)], b"<html>moved</html>");
            let (error, requests) = fails(&endpoint, &eager(), reply).await;
            let text = error.to_string();
            let fits = text.contains("it redirects to ") && text.contains(target);
            assert!(fits && !text.contains("fake"), "{endpoint}: {text}");
            assert_eq!(requests, 1, "{endpoint}: {text}");
        }
    }
}
