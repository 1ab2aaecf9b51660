//! Rules for every endpoint, token requests included: one table for each rule.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::registry::{Endpoint, ITEMS, each_operation};
use crate::support::raw::{Raw, Reply};
use crate::support::truth::check_form;
use rolecall::operation::Idempotency;
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

/// No connection to this place, for this reason, and never one.
#[cfg(feature = "rustls")]
#[track_caller]
fn check_permanent(endpoint: &Endpoint, error: &Error, place: &str, why: &str) {
    use rolecall::{Effect, ErrorKind};

    let text = error.to_string();
    let fits = text.contains(&format!("no connection{place}")) && text.contains(why);
    assert!(fits && !text.contains("obviously-fake"), "{endpoint}: {text}");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::NotApplied), "{text}");
    assert!(!error.is_safe_to_repeat(), "{endpoint}: {text}");
    assert_eq!(error.attempts(), 1, "{endpoint}: {text}");
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
            let front = Tls::start(raw.address(), hello, misbehaves);
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

/// A response that is cut, or that something else than the service sent: a read is retried, a change is
/// not.
#[tokio::test]
async fn unusable_response_is_asked_for_again_where_nothing_is_changed() {
    for endpoint in each_operation() {
        if !endpoint.has_body() {
            continue;
        }
        let (status, body) = (endpoint.success()[0], endpoint.response.as_bytes());
        let head = format!("HTTP/1.1 {status} X\r\n");
        let start = endpoint.response.find('"').expect("it has a field") + 2;
        let long = format!("{head}content-length: {}\r\n\r\n{}", body.len() + 1, endpoint.response);
        let whole = |body: &[u8]| Reply::http(status, &[], body);
        for (name, reply, is_transient) in [
            ("cut", Reply::close(long.as_bytes()), true),
            ("cut chunks", Reply::close(format!("{head}transfer-encoding: chunked\r\n\r\n")), true),
            ("a login page", whole(b"<html>login</html>"), true),
            ("a text", whole(b"OK"), true),
            ("nothing", whole(b""), true),
            ("the beginning of the response", whole(&body[..start]), true),
            // The service would send these again.
            ("an object of another shape", whole(br#"{"zz":{}}"#), false),
            ("an encoded body", Reply::http(status, &[("content-encoding", "gzip")], body), false),
        ] {
            let (served, first) = (Arc::<AtomicUsize>::default(), reply.clone());
            let counting = Arc::clone(&served);
            let proper = whole(body);
            let raw = Raw::start(move |_| match counting.fetch_add(1, Ordering::SeqCst) {
                0 => first.clone(),
                _ => proper.clone(),
            })
            .await;
            let result = (endpoint.caller(&raw.origin(), eager()))().await;
            let case = format!("{endpoint}: {name}: {result:?}");
            let retried = is_transient && endpoint.idempotency() == Idempotency::Safe;
            if endpoint.before.is_none() {
                assert_eq!(served.load(Ordering::SeqCst), if retried { 2 } else { 1 }, "{case}");
                assert!(result.is_ok() || !retried, "{case}");
            } else if retried {
                // With the token, the request itself is sent.
                assert!(served.load(Ordering::SeqCst) > 2, "{case}");
            } else {
                assert_eq!(served.load(Ordering::SeqCst), 1, "{case}");
            }
        }
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

/// The number of a response's headers does not matter, within the limit of their length.
#[tokio::test]
async fn many_headers_are_read() {
    for endpoint in each_operation().into_iter().filter(|endpoint| endpoint.before.is_none()) {
        let body = endpoint.response.as_bytes();
        let headers = vec![("x-many", "y"); 1000];
        let reply = Reply::http(endpoint.success()[0], &headers, body);
        let raw = Raw::start(move |_| reply.clone()).await;
        let called = (endpoint.caller(&raw.origin(), eager()))().await;
        called.unwrap_or_else(|error| panic!("{endpoint}: {error}"));
    }
}
