//! No credential is ever seen: not in `Debug` or `Display` of any public type, not in what
//! `tracing` is told, not in panics, and not where a service sends back what it was sent.
#![cfg(any(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends so")]

mod support {
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod log;
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod raw;
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod subjects;
}

use std::error::Error as _;
use std::fmt::{Debug, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rolecall::auth::{AccessToken, Bearer, TokenProvider};
use rolecall::operation::Body;
use rolecall::testing::Fault;
use rolecall::{
    BoxFuture, ClientOptions, Effect, Error, ErrorKind, HttpConfig, RetryPolicy, Secret,
};
use serde_json::{Value, json};
use support::log::{Log, Span};
use support::raw::{Raw, Reply};
use support::subjects::{BODY_VALUE, QUERY_VALUE, Subject, for_each_call};

for_each_call!(
    clients_and_calls_hide_what_authenticates_them,
    an_echo_in_an_error_is_masked,
    an_echo_with_escaped_characters_is_masked,
    an_echo_of_a_credential_with_quotes_is_masked,
    an_echo_in_an_unreadable_success_is_masked,
    an_echo_in_a_success_that_is_too_large_is_masked,
    an_echo_in_a_success_that_breaks_off_is_masked,
    an_echo_in_the_request_id_is_masked,
    an_echo_in_other_headers_is_not_shown,
    an_echo_as_the_encoding_is_masked,
    an_echo_in_the_headers_of_an_answer_is_not_shown,
    an_echo_of_the_proxys_password_is_masked,
    a_proxy_that_is_not_there_is_not_told_in_full,
    providers_that_fail_tell_nothing,
    the_body_of_a_request_is_not_shown,
    a_raw_answer_is_not_shown,
    what_fakes_remember_is_masked,
    spans_tell_what_happened,
    spans_and_events_hide_what_was_said,
);

/// As it could be in a dump of a token store: with characters that some encoders escape.
const CREDENTIAL: &str = "obviously-fake/credential+4f1d==";
const MASK: &str = "***";

fn once() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none())
}

/// All that must not be seen, also in the form in which `Debug` would write it.
fn hidden<S: Subject>(credential: &str) -> Vec<String> {
    let mut all = S::on_the_wire(credential);
    let escaped: Vec<_> = all.iter().map(|one| one.escape_debug().to_string()).collect();
    all.extend(escaped);
    all
}

#[track_caller]
fn assert_hidden(text: &str, hidden: &[String], what: &str) {
    for one in hidden {
        assert!(!text.contains(one.as_str()), "{what} shows a credential:\n{text}");
    }
}

/// Both forms of `Debug`.
#[track_caller]
fn assert_debug_hides(value: &dyn Debug, hidden: &[String], what: &str) {
    assert_hidden(&format!("{value:?}"), hidden, what);
    assert_hidden(&format!("{value:#?}"), hidden, what);
}

/// All that an error says, in every way it can be asked.
fn everything<S: Subject>(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n");
    let mut cause = error.source();
    while let Some(one) = cause {
        let _ = writeln!(text, "{one}\n{one:?}");
        cause = one.source();
    }
    let own = [error.code(), error.message(), error.request_id()];
    let _ = writeln!(text, "{own:?}\n{}", String::from_utf8_lossy(error.body()));
    text.push_str(&S::service_error(error).unwrap_or_default());
    text
}

/// A service that sends back what it was sent.
async fn echo(make: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Raw {
    Raw::start(move |request| make(&String::from_utf8_lossy(request))).await
}

/// An error body, of any of the services, in which everything is the request.
fn telling(request: &str) -> Value {
    json!({
        "code": request, "message": request, "detail": request, "title": request,
        "moreInfo": request, "correlationId": request, "detailedMessage": request,
        "status": request, "scimType": request, "throttled_until": request,
        "error": request, "error_description": request, "errorDetail": request,
        "errors": [request, {"field_name": request, "message": request, "fieldId": request}],
        "responseMessages": [{"code": request, "message": request, "level": request}],
        "failedPermissionChecks": [{"permission": request, "resourceScope": request}],
        "metadata": {"a": request}, "payload": {"success": false, "message": request},
        "Meta": {"Errors": [{"Text": request, "Type": request}]}, request: request,
    })
}

/// One call of a service that answers so, and what came of it.
async fn answered<S: Subject>(
    credential: &str,
    make: impl Fn(&str) -> Reply + Send + Sync + 'static,
) -> Error {
    let raw = echo(make).await;
    let client = S::client_with(&raw.origin(), credential, once());
    S::call(&client, 1).await.expect_err("that is no answer")
}

const FAILURES: [u16; 15] =
    [202, 302, 400, 401, 403, 404, 408, 409, 418, 422, 429, 500, 502, 503, 599];

async fn clients_and_calls_hide_what_authenticates_them<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    let hidden = [hidden::<S>(CREDENTIAL), vec!["obviously-fake-".to_owned()]].concat();
    let other = S::client_with("http://127.0.0.1:9", CREDENTIAL, once());
    for client in [&client, &other] {
        assert_debug_hides(client, &hidden, "the client");
        assert_debug_hides(&client.clone(), &hidden, "its clone");
        let call = S::call(client, 1);
        assert_debug_hides(&call, &hidden, "a call");
        let request = call.request().expect("it can be built");
        assert_debug_hides(request, &hidden, "a request");
        for (name, value) in request.headers() {
            let text = String::from_utf8_lossy(value.as_bytes());
            assert_hidden(&text, &hidden, name.as_str());
        }
        assert_debug_hides(&call.with_response(), &hidden, "a call");
        let call = S::call(client, 1).timeout(Duration::from_secs(1));
        assert_debug_hides(&call.retry(RetryPolicy::none()), &hidden, "a call");
    }
    let answer = S::call(&client, 1).with_response().await.expect("it is fine");
    assert_debug_hides(&answer, &hidden, "an answer");
    assert_debug_hides(answer.body(), &hidden, "its body");
    // Once more, now that a token has come in.
    assert_debug_hides(&client, &hidden, "the client");
    assert_debug_hides(subject.fake(), &hidden, "the fake");
}

async fn an_echo_in_an_error_is_masked<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    for status in FAILURES {
        let error = answered::<S>(CREDENTIAL, move |request| {
            Reply::http(status, &[], telling(request).to_string().as_bytes())
        })
        .await;
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status));
        assert_hidden(&everything::<S>(&error), &hidden, "an error");
        let message = error.message().expect("there is one");
        assert!(message.contains(MASK), "{message}");
        assert!(error.to_string().contains(MASK), "{error}");
        let service = S::service_error(&error).expect("it was read");
        assert!(service.contains(MASK), "{service}");
        let body = String::from_utf8_lossy(error.body());
        assert!(body.contains(MASK), "{body}");

        for page in [false, true] {
            let error = answered::<S>(CREDENTIAL, move |request| {
                let body = format!("<html><pre>{request}</pre></html>");
                let body = if page { &body } else { request };
                Reply::http(status, &[("content-type", "text/html")], body.as_bytes())
            })
            .await;
            assert_hidden(&everything::<S>(&error), &hidden, "an error");
            let body = String::from_utf8_lossy(error.body());
            assert!(body.contains(MASK), "{body}");
        }
    }
}

/// Some encoders of JSON escape the slash, and any character may be written as its number.
async fn an_echo_with_escaped_characters_is_masked<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    for (plain, escaped) in [("/", "\\/"), ("/", "\\u002f"), ("=", "\\u003d"), ("-", "\\u002D")] {
        for status in [202, 403, 500] {
            let error = answered::<S>(CREDENTIAL, move |request| {
                let body = telling(request).to_string().replace(plain, escaped);
                Reply::http(status, &[], body.as_bytes())
            })
            .await;
            assert_hidden(&everything::<S>(&error), &hidden, "an error");
        }
        for status in S::SUCCESS {
            let error = answered::<S>(CREDENTIAL, move |request| {
                let body = json!(request).to_string().replace(plain, escaped);
                Reply::http(*status, &[], body.as_bytes())
            })
            .await;
            assert_hidden(&everything::<S>(&error), &hidden, "an error");
        }
    }
}

async fn an_echo_of_a_credential_with_quotes_is_masked<S: Subject>() {
    let credential = r#"obviously-fake"quoted\credential"#;
    let hidden = hidden::<S>(credential);
    for status in [201, 403, 500] {
        let error = answered::<S>(credential, move |request| {
            Reply::http(status, &[], telling(request).to_string().as_bytes())
        })
        .await;
        assert_hidden(&everything::<S>(&error), &hidden, "an error");
        let error = answered::<S>(credential, move |request| {
            Reply::http(status, &[], json!(request).to_string().as_bytes())
        })
        .await;
        assert_hidden(&everything::<S>(&error), &hidden, "an error");
    }
}

async fn an_echo_in_an_unreadable_success_is_masked<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    let shapes: [fn(&str) -> String; 8] = [
        |request| request.to_owned(),
        |request| json!(request).to_string(),
        |request| json!([request]).to_string(),
        // The decoder quotes what it cannot read, and names of variants and fields.
        |request| json!({"role-assignment": request, "payload": request}).to_string(),
        |request| json!({"sid": [request], "type": [request], "role_id": [request]}).to_string(),
        |request| {
            json!({"payload": {"success": request}, "role-assignment": {"identifier": [request]}})
                .to_string()
        },
        |request| {
            json!({"type": {request: request}, "sid": {request: 1}, "permissions": request})
                .to_string()
        },
        |request| telling(request).to_string(),
    ];
    for shape in shapes {
        for status in S::SUCCESS {
            let error = answered::<S>(CREDENTIAL, move |request| {
                Reply::http(*status, &[], shape(request).as_bytes())
            })
            .await;
            assert_ne!(error.effect(), Effect::NotApplied);
            assert_hidden(&everything::<S>(&error), &hidden, "an error");
            let body = String::from_utf8_lossy(error.body());
            assert!(body.contains(MASK), "{body}");
        }
    }
}

async fn an_echo_in_a_success_that_is_too_large_is_masked<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    let raw = echo(|request| {
        let body = format!("{request}{}", " ".repeat(64 << 10));
        Reply::http(201, &[], body.as_bytes())
    });
    let raw = raw.await;
    let client = S::client_with(&raw.origin(), CREDENTIAL, once().max_answer_bytes(32 << 10));
    let error = S::call(&client, 1).await.expect_err("it is too large");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, S::UNREADABLE));
    assert_hidden(&everything::<S>(&error), &hidden, "an error");
}

async fn an_echo_in_a_success_that_breaks_off_is_masked<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    let error = answered::<S>(CREDENTIAL, |request| {
        let head = "HTTP/1.1 201 Created\r\ncontent-length: 100000\r\n\r\n";
        Reply::close(format!("{head}{request}"))
    })
    .await;
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Interrupted, S::UNREADABLE));
    assert_hidden(&everything::<S>(&error), &hidden, "an error");
}

/// What the request says of who sent it.
fn authorization(request: &str) -> &str {
    let mut lines = request.lines();
    let found = lines.find_map(|line| {
        line.strip_prefix("authorization: ")
            .or(line.strip_prefix("x-api-key: "))
            .or(line.strip_prefix("proxy-authorization: "))
    });
    found.expect("it is authenticated")
}

async fn an_echo_in_the_request_id_is_masked<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    for status in [201, 403] {
        let error = answered::<S>(CREDENTIAL, move |request| {
            let id = authorization(request);
            Reply::http(status, &[("twilio-request-id", id)], b"")
        })
        .await;
        assert_hidden(&everything::<S>(&error), &hidden, "an error");
    }
}

async fn an_echo_in_other_headers_is_not_shown<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    for name in ["x-echo", "set-cookie", "www-authenticate", "location", "retry-after"] {
        for status in [201, 302, 401, 403, 429] {
            let error = answered::<S>(CREDENTIAL, move |request| {
                Reply::http(status, &[(name, authorization(request))], b"")
            })
            .await;
            assert_hidden(&everything::<S>(&error), &hidden, name);
        }
    }
}

async fn an_echo_as_the_encoding_is_masked<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    let error = answered::<S>(CREDENTIAL, |request| {
        Reply::http(201, &[("content-encoding", authorization(request))], b"{}")
    })
    .await;
    assert_hidden(&everything::<S>(&error), &hidden, "content-encoding");
}

/// An error's `Debug` leaves out the values of headers, as a service may echo what it was sent;
/// so may an answer.
async fn an_echo_in_the_headers_of_an_answer_is_not_shown<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    let raw = echo(|request| {
        let echoed = authorization(request);
        let body = S::answer().to_string();
        Reply::http(201, &[("x-echo", echoed), ("set-cookie", echoed)], body.as_bytes())
    })
    .await;
    let client = S::client_with(&raw.origin(), CREDENTIAL, once());
    let answer = S::call(&client, 1).with_response().await.expect("it is fine");
    assert_debug_hides(&answer, &hidden, "an answer");
}

const PROXY_PASSWORD: &str = "obviously-fake-proxy-password";

fn proxy_hidden() -> Vec<String> {
    let pair = format!("user:{PROXY_PASSWORD}");
    vec![PROXY_PASSWORD.to_owned(), STANDARD.encode(pair)]
}

fn through(address: &str) -> ClientOptions {
    let proxy = format!("http://user:{PROXY_PASSWORD}@{address}");
    once().http(|http| http.proxy(proxy))
}

async fn an_echo_of_the_proxys_password_is_masked<S: Subject>() {
    let raw = echo(|request| Reply::http(407, &[], telling(request).to_string().as_bytes())).await;
    let address = raw.origin().replace("http://", "");
    let client = S::client_with("http://127.0.0.1:9", CREDENTIAL, through(&address));
    let error = S::call(&client, 1).await.expect_err("the proxy refuses");
    assert_eq!(error.status().map(|it| it.as_u16()), Some(407));
    assert_eq!(raw.requests(), 1, "it went through the proxy");
    assert_hidden(&everything::<S>(&error), &proxy_hidden(), "an error");
}

async fn a_proxy_that_is_not_there_is_not_told_in_full<S: Subject>() {
    // Bound and not listening: nobody else can take the port meanwhile.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    let free = (std::net::Ipv4Addr::LOCALHOST, 0).into();
    socket.bind(free).expect("a port is free");
    let address = socket.local_addr().expect("it is bound").to_string();
    let client = S::client_with("http://127.0.0.1:9", CREDENTIAL, through(&address));
    let error = S::call(&client, 1).await.expect_err("nobody listens");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::NotApplied));
    let hidden = [proxy_hidden(), hidden::<S>(CREDENTIAL)].concat();
    assert_hidden(&everything::<S>(&error), &hidden, "an error");
}

/// A provider of tokens in all its bad moods.
enum Mood {
    Panics,
    Fails,
    Breaks,
    IsEmpty,
}

impl TokenProvider for Mood {
    fn fetch(
        &self,
    ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
        Box::pin(async move {
            match self {
                Self::Panics => panic!("with {CREDENTIAL}"),
                Self::Fails => Err(format!("without {CREDENTIAL}").into()),
                Self::Breaks => Ok(AccessToken::new(format!("{CREDENTIAL}\r\nx: y"))),
                Self::IsEmpty => Ok(AccessToken::new("")),
            }
        })
    }
}

async fn providers_that_fail_tell_nothing<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    for mood in [Mood::Panics, Mood::Fails, Mood::Breaks, Mood::IsEmpty] {
        // What the user's own error says is the user's own business, but only below ours.
        let own = matches!(mood, Mood::Fails);
        let Some(client) = S::with_provider("http://127.0.0.1:9", mood) else {
            return;
        };
        assert_debug_hides(&client, &hidden, "the client");
        let error = S::call(&client, 1).await.expect_err("there is no token");
        assert_eq!((error.effect(), error.attempts()), (Effect::NotApplied, 0));
        if own {
            assert_hidden(&error.to_string(), &hidden, "an error");
        } else {
            assert_hidden(&everything::<S>(&error), &hidden, "an error");
        }
    }
}

async fn what_fakes_remember_is_masked<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    S::call(&client, 1).await.expect("it is fine");
    let stranger = S::client_with(&subject.fake().uri(), CREDENTIAL, once());
    S::call(&stranger, 1).await.expect_err("it is a stranger");
    let hidden = [hidden::<S>(CREDENTIAL), vec!["obviously-fake".to_owned()]].concat();
    let received = subject.fake().received();
    assert!(received.len() >= 2);
    for request in received {
        assert_debug_hides(&request, &hidden, "a request");
        assert_hidden(&request.body_text(), &hidden, "its body");
        assert_hidden(request.target(), &hidden, "its target");
        for (name, value) in request.headers() {
            assert_hidden(value, &hidden, name);
        }
        assert!(
            request.path() == "/v2/token"
                || request.headers().iter().any(|(_, value)| value.contains(MASK))
        );
    }
}

/// The spans of the calls of this operation, each with those of its attempts.
fn calls(log: &Log, operation: &str) -> Vec<(Span, Vec<Span>)> {
    let spans = log.spans();
    let own = spans.iter().enumerate().filter(|(_, span)| {
        span.name == "rolecall.call" && span.field("rolecall.operation") == Some(operation)
    });
    own.map(|(place, call)| {
        let inside = spans.iter().filter(|span| span.parent == Some(place));
        let attempts: Vec<_> = inside.cloned().collect();
        assert!(attempts.iter().all(|span| span.name == "rolecall.attempt"));
        (call.clone(), attempts)
    })
    .collect()
}

/// How a call or an attempt ends: the status and the type of error.
type End<'a> = (Option<&'a str>, Option<&'a str>);

fn end(span: &Span) -> End<'_> {
    (span.field("http.response.status_code"), span.field("error.type"))
}

async fn spans_tell_what_happened<S: Subject>() {
    // The first is what the fakes answer with.
    let success = S::SUCCESS[0].to_string();
    let good = success.as_str();
    let limited: End<'_> = (Some("429"), Some("rate_limited"));
    let denied: End<'_> = (Some("403"), Some("permission_denied"));
    let broken: End<'_> = (None, Some("interrupted"));
    let fine: End<'_> = (Some(good), None);
    let garbled: End<'_> = (Some(good), Some("decode"));
    let cut: End<'_> = (Some(good), Some("interrupted"));
    let cases: Vec<(Vec<Fault>, End<'_>, Vec<End<'_>>)> = vec![
        (vec![], fine, vec![fine]),
        (vec![Fault::status(429), Fault::status(429)], fine, vec![limited, limited, fine]),
        (vec![Fault::status(429), Fault::status(403)], denied, vec![limited, denied]),
        // The attempt did what an attempt is for; the call could not use it.
        (vec![Fault::html(S::SUCCESS[0])], garbled, vec![fine]),
        (vec![Fault::truncated()], cut, vec![cut]),
        if S::REPEATABLE {
            (vec![Fault::reset()], fine, vec![broken, fine])
        } else {
            (vec![Fault::reset()], broken, vec![broken])
        },
    ];
    let policy = RetryPolicy::default().base_wait(Duration::ZERO);
    for (nth, (faults, call_end, attempt_ends)) in cases.into_iter().enumerate() {
        let subject = S::start().await;
        let client = subject.client(ClientOptions::default().retry(policy.clone()));
        for fault in faults {
            subject.fake().next_on(S::PATH, 1, fault);
        }
        let (log, guard) = Log::listen();
        let result = S::call(&client, nth).await;
        drop(guard);
        assert_eq!(result.is_err(), call_end.1.is_some(), "{result:?}");

        let calls = calls(&log, S::OPERATION);
        let [(call, attempts)] = &calls[..] else {
            panic!("one span for one call: {calls:?}");
        };
        assert_eq!(call.parent, None);
        let mut all = vec![call];
        all.extend(attempts);
        let address = subject.fake().uri();
        let port = address.rsplit(':').next().expect("it has a port");
        for span in all {
            assert_eq!(span.field("http.request.method"), Some(S::METHOD));
            assert_eq!(span.field("url.template"), Some(S::TEMPLATE));
            assert_eq!(span.field("server.address"), Some("127.0.0.1"));
            assert_eq!(span.field("server.port"), Some(port));
        }
        assert_eq!(end(call), call_end, "{call:?}");
        let ends: Vec<_> = attempts.iter().map(end).collect();
        assert_eq!(ends, attempt_ends);
        for (resends, attempt) in attempts.iter().enumerate() {
            let resends = (resends > 0).then(|| resends.to_string());
            assert_eq!(attempt.field("http.request.resend_count"), resends.as_deref());
        }
        let resends = (attempts.len() > 1).then(|| (attempts.len() - 1).to_string());
        assert_eq!(call.field("http.request.resend_count"), resends.as_deref());
        if S::RENEWS {
            let tokens = self::calls(&log, "twilio.iam token.create");
            assert_eq!(tokens.len(), 1, "fetching a token is a call of its own");
        }
    }
}

async fn spans_and_events_hide_what_was_said<S: Subject>() {
    const ANSWER_VALUE: &str = "obviously-private-answer";
    let subject = S::start().await;
    let policy = RetryPolicy::default().base_wait(Duration::ZERO);
    let options = ClientOptions::default().retry(policy);
    let client = subject.client(options.clone());
    let (log, guard) = Log::listen();

    // What works, and what does not in all the ways that faults have.
    S::call(&client, 1).await.expect("it is fine");
    let mut answer = S::answer();
    answer["padding"] = ANSWER_VALUE.into();
    for fault in [
        Fault::status(201).body(answer.to_string()),
        Fault::status(429).body(answer.to_string()),
        Fault::status(429)
            .body(json!({"message": ANSWER_VALUE, "detail": ANSWER_VALUE}).to_string()),
        Fault::status(403)
            .body(json!({"message": ANSWER_VALUE, "detail": ANSWER_VALUE}).to_string()),
        Fault::status(429).body(format!("<html>{ANSWER_VALUE}")),
        Fault::status(403).body(format!("<html>{ANSWER_VALUE}")),
        Fault::status(201).body(format!("<html>{ANSWER_VALUE}")),
        Fault::status(201).body(json!(ANSWER_VALUE).to_string()),
        Fault::status(302).header("location", &format!("/?q={ANSWER_VALUE}")),
        Fault::truncated(),
        Fault::reset(),
    ] {
        subject.fake().next_on(S::PATH, 1, fault);
        let _ = S::call(&client, 2).await;
    }
    // A query and a body of the user's own.
    for fault in [Fault::status(200).body("{}"), Fault::status(503), Fault::reset()] {
        subject.fake().next_on(S::PROBE, 1, fault);
        let _ = S::probe(&client).await;
    }
    // A service that echoes.
    for status in [201, 429, 401, 403, 500] {
        let raw =
            echo(move |request| Reply::http(status, &[], telling(request).to_string().as_bytes()))
                .await;
        let client = S::client_with(&raw.origin(), CREDENTIAL, options.clone());
        S::call(&client, 3).await.expect_err("that is no answer");
    }
    drop(guard);

    let text = log.text();
    assert!(text.contains("the call is tried again"), "events are heard:\n{text}");
    assert_eq!(calls(&log, "own probe.send").len(), 3);
    let hidden = [hidden::<S>(CREDENTIAL), vec!["obviously-fake".to_owned()]].concat();
    assert_hidden(&text, &hidden, "a span or an event");
    let call = S::call(&client, 2);
    let body = call.request().expect("it can be built").body();
    let body = String::from_utf8_lossy(body);
    for private in [&body, ANSWER_VALUE, QUERY_VALUE, BODY_VALUE] {
        assert!(!text.contains(private), "{private} is told:\n{text}");
    }
}

#[test]
fn shared_types_hide_what_they_hold() {
    let secret = "obviously-fake-5ecre7";
    let hidden = [vec![secret.to_owned()], proxy_hidden()].concat();
    let key = format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n");
    let configure = |http: HttpConfig| {
        http.proxy(format!("http://user:{PROXY_PASSWORD}@127.0.0.1:3128"))
            .client_certificate_pem("certificate", key.clone())
    };
    let options = ClientOptions::default().http(configure);
    let token = AccessToken::new(secret);
    for (value, what) in [
        (&Secret::new(secret) as &dyn Debug, "Secret"),
        (&Some(Secret::from(secret.to_owned())), "Secret"),
        (&Bearer::from(secret), "Bearer"),
        (&Bearer::from(secret.to_owned()), "Bearer"),
        (&Bearer::from(Secret::new(secret)), "Bearer"),
        (&Bearer::provider(Holder(secret)), "Bearer"),
        (&token, "AccessToken"),
        (&token.clone().expires_in(Duration::from_secs(9)), "AccessToken"),
        (&configure(HttpConfig::default()), "HttpConfig"),
        (&options, "ClientOptions"),
        (&options.clone(), "ClientOptions"),
    ] {
        assert_debug_hides(value, &hidden, what);
    }
    assert!(format!("{options:?}").contains(MASK), "that there is a proxy is shown");
}

struct Holder(&'static str);

impl TokenProvider for Holder {
    fn fetch(
        &self,
    ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
        Box::pin(async { Ok(AccessToken::new(self.0)) })
    }
}

/// Bodies carry credentials where a token is asked for, and answers where it is given.
#[test]
fn a_body_is_not_shown() {
    let hidden = vec![CREDENTIAL.to_owned(), "obviously-fake".to_owned()];
    let form = Body::form(&[("client_secret", CREDENTIAL)]).expect("it can be encoded");
    assert_debug_hides(&form, &hidden, "a form");
    let json = Body::json(&json!({"client_secret": CREDENTIAL})).expect("it can be encoded");
    assert_debug_hides(&json, &hidden, "a JSON body");
}

/// The same within a request of a user's own operation.
async fn the_body_of_a_request_is_not_shown<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    let hidden = vec![BODY_VALUE.to_owned()];
    let call = S::probe(&client);
    assert_debug_hides(&call, &hidden, "a call");
    let request = call.request().expect("it can be built");
    assert_debug_hides(request, &hidden, "a request");
}

/// The same within what the reader of an answer is given.
async fn a_raw_answer_is_not_shown<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    let body = json!({"access_token": CREDENTIAL}).to_string();
    let fault = Fault::status(200).header("set-cookie", CREDENTIAL).body(body);
    subject.fake().next_on(S::PROBE, 1, fault);
    let shown = S::probe(&client).await.expect("any answer will do");
    assert_hidden(&shown, &[CREDENTIAL.to_owned()], "a raw answer");
}

/// Runs what panics on any error, and returns what the panic said.
fn panic_of<T: Debug>(run: impl FnOnce() -> Result<T, Error>) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| run().expect("it cannot work")));
    let payload = panic.expect_err("it cannot work");
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .expect("panics have a text")
}

/// What cannot be built says why, and not with which credential.
macro_rules! unbuildable {
    ($name:ident, $new:expr) => {
        #[test]
        fn $name() {
            let hidden = vec![
                "obviously-fake".to_owned(),
                STANDARD.encode("obviously-fake"),
                PROXY_PASSWORD.to_owned(),
            ];
            let new = $new;
            let good = "obviously-fake-credential";
            let with = |http: fn(HttpConfig) -> HttpConfig| ClientOptions::default().http(http);
            let texts = [
                panic_of(|| new("").build()),
                panic_of(|| new(good).base_url("https://user:obviously-fake@h.example").build()),
                panic_of(|| new(good).base_url("obviously-fake").build()),
                panic_of(|| new(good).base_url("http://[obviously-fake").build()),
                panic_of(|| new(good).base_url("https://h.example?key=obviously-fake").build()),
                panic_of(|| {
                    let options =
                        with(|http| http.proxy(format!("http://user:{PROXY_PASSWORD}@[nonsense")));
                    new(good).base_url("http://127.0.0.1:9").options(options).build()
                }),
                panic_of(|| {
                    let options = with(|http| {
                        let key = "-----BEGIN PRIVATE KEY-----\nobviously-fake\n";
                        http.client_certificate_pem("obviously-fake", key)
                    });
                    new(good).base_url("http://127.0.0.1:9").options(options).build()
                }),
                panic_of(|| {
                    let options = ClientOptions::default().user_agent_suffix("obviously-fake\n");
                    new(good).base_url("http://127.0.0.1:9").options(options).build()
                }),
            ];
            for text in texts {
                assert!(text.contains("Configuration"), "{text}");
                assert_hidden(&text, &hidden, "a panic");
            }
        }
    };
}

/// A line break in a credential that becomes a header by itself.
#[allow(unused_macros, reason = "a password need not be fit for a header")]
macro_rules! unsendable {
    ($name:ident, $new:expr) => {
        #[test]
        fn $name() {
            let hidden = vec!["obviously-fake".to_owned()];
            for bad in ["obviously-fake\n", "obviously-fake\r\nx: y", "obviously-fake\0"] {
                let new = $new;
                let text = panic_of(|| new(bad).base_url("http://127.0.0.1:9").build());
                assert!(text.contains("Configuration"), "{text}");
                assert_hidden(&text, &hidden, "a panic");
            }
        }
    };
}

#[cfg(feature = "twilio")]
mod twilio_types {
    use super::support::subjects::TwilioIam;
    use super::*;
    use rolecall::testing::{TwilioChatFake, TwilioIamFake};
    use rolecall::twilio::chat::{NewRole, ServiceSid, TwilioChat};
    use rolecall::twilio::iam::{NewRoleAssignment, TwilioIam as Client};
    use rolecall::twilio::{AccountSid, ServiceError, Sid};

    const ID: &str = TwilioIamFake::CLIENT_ID;

    fn chat(password: &str) -> rolecall::twilio::chat::TwilioChatBuilder {
        TwilioChat::with_auth_token(TwilioChatFake::ACCOUNT_SID, password).expect("a SID")
    }

    unbuildable!(iam_panics, |secret: &str| Client::builder(ID, secret));
    unbuildable!(chat_panics, chat);

    #[test]
    fn builders_and_handles() {
        let key = TwilioChatFake::API_KEY;
        let pairs = [
            STANDARD.encode(format!("{}:{CREDENTIAL}", TwilioChatFake::ACCOUNT_SID)),
            STANDARD.encode(format!("{key}:{CREDENTIAL}")),
        ];
        let hidden = [vec![CREDENTIAL.to_owned()], pairs.to_vec(), proxy_hidden()].concat();
        let iam = Client::builder(ID, CREDENTIAL)
            .base_url("http://127.0.0.1:9")
            .token_url("http://127.0.0.1:9/t")
            .options(through("127.0.0.1:9"));
        let provided = Client::with_token(Bearer::provider(Holder(CREDENTIAL)));
        let with_token = chat(CREDENTIAL).base_url("http://127.0.0.1:9");
        let with_key = TwilioChat::with_api_key(key, CREDENTIAL).expect("a SID");
        let with_key = with_key.base_url("http://127.0.0.1:9").options(through("127.0.0.1:9"));
        for builder in [&iam as &dyn Debug, &iam.clone(), &provided, &with_token, &with_key] {
            assert_debug_hides(builder, &hidden, "a builder");
        }
        let client = iam.build().expect("the addresses are some");
        let organization = client.organization(format!("OR{:032x}", 1)).expect("a SID");
        assert_debug_hides(&organization, &hidden, "an organization");
        assert_debug_hides(&organization.role_assignments(), &hidden, "its assignments");
        for builder in [with_token, with_key] {
            let client = builder.build().expect("the address is one");
            assert_debug_hides(&client, &hidden, "a client");
            let service = client.service(format!("IS{:032x}", 1)).expect("a SID");
            assert_debug_hides(&service, &hidden, "a service");
            assert_debug_hides(&service.roles(), &hidden, "its roles");
        }
    }

    /// A credential in the wrong place is still one.
    #[test]
    fn refused_ids_are_not_quoted() {
        let hidden = vec![CREDENTIAL.to_owned()];
        let texts = [
            panic_of(|| AccountSid::new(CREDENTIAL)),
            panic_of(|| Sid::new(CREDENTIAL)),
            panic_of(|| ServiceSid::new(CREDENTIAL)),
            panic_of(|| TwilioChat::with_auth_token(CREDENTIAL, "x")),
            panic_of(|| TwilioChat::with_api_key(CREDENTIAL, "x")),
            panic_of(|| NewRoleAssignment::new(CREDENTIAL, CREDENTIAL, CREDENTIAL)),
            panic_of(|| NewRole::new(CREDENTIAL.repeat(9), "channel", ["p"])),
        ];
        for text in texts {
            assert_hidden(&text, &hidden, "a panic");
        }
    }

    /// A token endpoint of this kind, and a call that needs a token from it.
    async fn without_a_token(make: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Error {
        let raw = echo(make).await;
        let client = Client::builder(ID, CREDENTIAL)
            .base_url("http://127.0.0.1:9")
            .token_url(format!("{}/v2/token", raw.origin()))
            .options(once());
        let client = client.build().expect("the addresses are some");
        let error = TwilioIam::call(&client, 1).await.expect_err("there is no token");
        assert_eq!((error.effect(), error.attempts()), (Effect::NotApplied, 0));
        assert_debug_hides(&client, &[CREDENTIAL.to_owned()], "the client");
        error
    }

    /// The client secret as the form has it, decoded.
    fn sent_secret(request: &str) -> String {
        let (_, form) = request.split_once("\r\n\r\n").expect("it has a body");
        let pairs = url::form_urlencoded::parse(form.as_bytes());
        let mut secrets = pairs.filter(|(name, _)| name == "client_secret");
        let (_, secret) = secrets.next().expect("it has a secret");
        secret.into_owned()
    }

    #[tokio::test]
    async fn a_token_endpoint_that_echoes_the_client_secret() {
        let hidden = hidden::<TwilioIam>(CREDENTIAL);
        for status in [200, 202, 302, 400, 401, 403, 429, 500, 503] {
            let error = without_a_token(move |request| {
                let body = telling(&sent_secret(request)).to_string();
                Reply::http(status, &[], body.as_bytes())
            })
            .await;
            assert_hidden(&everything::<TwilioIam>(&error), &hidden, "an error");
        }
    }

    /// The form has the secret percent-encoded, which hides it from nobody.
    #[tokio::test]
    async fn a_token_endpoint_that_echoes_the_form() {
        let encoded: String = url::form_urlencoded::byte_serialize(CREDENTIAL.as_bytes()).collect();
        for status in [400, 401, 500] {
            let error = without_a_token(move |request| {
                Reply::http(status, &[], telling(request).to_string().as_bytes())
            })
            .await;
            let hidden = vec![CREDENTIAL.to_owned(), encoded.clone()];
            assert_hidden(&everything::<TwilioIam>(&error), &hidden, "an error");
        }
    }

    /// A token under a status that is no success here is a token all the same.
    #[tokio::test]
    async fn a_token_in_an_answer_that_is_not_used() {
        let token = "obviously-fake-token-9a1b";
        let hidden = vec![token.to_owned()];
        for (status, body) in [
            (200, json!({"access_token": [token], "token_type": "Bearer"})),
            (200, json!({"access_token": {"value": token}})),
            (200, json!({"access_token": token, "token_type": "mac"})),
            (201, json!({"access_token": token, "token_type": token})),
            (200, json!({"access_token": format!("{token}\n")})),
            (200, json!(token)),
            (200, json!([token])),
            (202, json!({"access_token": token, "token_type": "Bearer"})),
            (203, json!({"access_token": token, "message": "fine", "detail": "fine"})),
            (206, json!(token)),
        ] {
            let error =
                without_a_token(move |_| Reply::http(status, &[], body.to_string().as_bytes()))
                    .await;
            assert_hidden(&everything::<TwilioIam>(&error), &hidden, "an error");
            assert_eq!(error.body(), b"", "an answer with a token in it is not kept");
            if let Some(service) = error.service::<ServiceError>() {
                assert_hidden(&service.raw.to_string(), &hidden, "the service's error");
            }
        }
        // Cut off in the middle, or too long to be one.
        for reply in [
            || {
                Reply::close(
                    "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"access_token\":\"obviously-fake-token-9a1b\"",
                )
            },
            || {
                let padding = " ".repeat(3 << 20);
                let body = format!("{{\"access_token\":\"obviously-fake-token-9a1b\"}}{padding}");
                Reply::http(200, &[], body.as_bytes())
            },
        ] {
            let error = without_a_token(move |_| reply()).await;
            assert_hidden(&everything::<TwilioIam>(&error), &hidden, "an error");
        }
    }
}

#[cfg(feature = "harness")]
mod harness_types {
    use super::*;
    use rolecall::harness::{Harness, Identifier, NewRoleAssignment, Principal};

    unbuildable!(panics, |key: &str| Harness::builder(key));
    unsendable!(line_breaks, |key: &str| Harness::builder(key));

    #[test]
    fn builders_and_handles() {
        let key = "pat.fakeAccount.fakeTokenId.obviously-fake-secret";
        let hidden = [vec![key.to_owned(), "obviously-fake-secret".to_owned()], proxy_hidden()];
        let hidden = hidden.concat();
        let builder = Harness::builder(key)
            .account("other")
            .base_url("http://127.0.0.1:9")
            .options(through("127.0.0.1:9"));
        assert_debug_hides(&builder, &hidden, "a builder");
        let client = builder.build().expect("the address is one");
        assert_debug_hides(&client, &hidden, "a client");
        assert_debug_hides(&client.account(), &hidden, "an account");
        assert_debug_hides(&client.account().role_assignments(), &hidden, "assignments");
        let org = client.org("platform").expect("it fits a path");
        assert_debug_hides(&org, &hidden, "an organization");
        assert_debug_hides(&org.role_assignments(), &hidden, "assignments");
        let project = org.project("web").expect("it fits a path");
        assert_debug_hides(&project, &hidden, "a project");
        assert_debug_hides(&project.role_assignments(), &hidden, "assignments");
    }

    #[test]
    fn refused_ids_are_not_quoted() {
        let hidden = vec![CREDENTIAL.to_owned()];
        let client = Harness::builder("fake").base_url("http://127.0.0.1:9");
        let client = client.build().expect("the address is one");
        let broken = format!("{CREDENTIAL}\n");
        let texts = [
            panic_of(|| Identifier::new(CREDENTIAL)),
            panic_of(|| NewRoleAssignment::new(CREDENTIAL, "r", "g", Principal::user("u"))),
            panic_of(|| client.org(broken.as_str())),
            panic_of(|| client.org(CREDENTIAL.repeat(100))),
        ];
        for text in texts {
            assert_hidden(&text, &hidden, "a panic");
        }
    }
}

#[cfg(feature = "redox")]
mod redox_types {
    use super::*;
    use rolecall::Redox;

    unbuildable!(panics, |token: &str| Redox::builder(token));
    unsendable!(line_breaks, |token: &str| Redox::builder(token));

    #[test]
    fn builders_and_handles() {
        let hidden = [vec![CREDENTIAL.to_owned()], proxy_hidden()].concat();
        for bearer in [Bearer::from(CREDENTIAL), Bearer::provider(Holder(CREDENTIAL))] {
            let builder = Redox::builder(bearer)
                .base_url("http://127.0.0.1:9")
                .options(through("127.0.0.1:9"));
            assert_debug_hides(&builder, &hidden, "a builder");
            let client = builder.build().expect("the address is one");
            assert_debug_hides(&client, &hidden, "a client");
            let organization = client.organization("1").expect("it fits a path");
            assert_debug_hides(&organization, &hidden, "an organization");
            assert_debug_hides(&organization.role_assignments(), &hidden, "assignments");
        }
    }
}

#[cfg(feature = "deepset")]
mod deepset_types {
    use super::*;
    use rolecall::Deepset;
    use rolecall::deepset::OrganizationId;

    unbuildable!(panics, |key: &str| Deepset::builder(key));
    unsendable!(line_breaks, |key: &str| Deepset::builder(key));

    #[test]
    fn builders_and_handles() {
        let hidden = [vec![CREDENTIAL.to_owned()], proxy_hidden()].concat();
        for bearer in [Bearer::from(CREDENTIAL), Bearer::provider(Holder(CREDENTIAL))] {
            let builder = Deepset::builder(bearer)
                .base_url("http://127.0.0.1:9")
                .options(through("127.0.0.1:9"));
            assert_debug_hides(&builder, &hidden, "a builder");
            let client = builder.build().expect("the address is one");
            assert_debug_hides(&client, &hidden, "a client");
            let id = "7f0c1f5e-0000-4000-8000-000000000001";
            let organization = client.organization(id).expect("a UUID");
            assert_debug_hides(&organization, &hidden, "an organization");
            assert_debug_hides(&organization.roles(), &hidden, "its roles");
        }
        let text = panic_of(|| OrganizationId::new(CREDENTIAL));
        assert_hidden(&text, &hidden, "a panic");
    }
}
