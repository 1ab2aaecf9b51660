//! No credential is ever shown: not by `Debug` or `Display` of any public type, not in spans and
//! events, not in panics, and not if a service reflects what it was sent.

use std::error::Error as _;
use std::fmt::{Debug, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::support::log::{Log, Span};
use crate::support::raw::{Raw, Reply};
use crate::support::subjects::{BODY_VALUE, QUERY_VALUE, Subject, for_each_call};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rolecall::auth::{AccessToken, Credential, TokenProvider};
use rolecall::operation::Body;
use rolecall::testing::Fault;
use rolecall::{
    BoxFuture, ClientOptions, Effect, Error, ErrorKind, HttpConfig, RetryPolicy, Secret,
};
use serde_json::{Value, json};

for_each_call!(
    clients_and_calls_hide_credentials,
    refusal_that_repeats_the_request_is_masked,
    success_that_repeats_the_request_is_masked,
    headers_that_repeat_the_credential_are_masked,
    proxy_password_is_masked,
    failing_provider_reveals_nothing,
    received_requests_are_masked,
    spans_record_what_happened,
    spans_and_events_hide_private_values,
);

/// As it could be in a dump of a token store: with characters that some encoders escape.
const CREDENTIAL: &str = "obviously-fake/credential+4f1d==";
const MASK: &str = "***";
const TRACING: &str = include_str!("../../docs/tracing.md");
/// An address without a listener, which is never connected to.
const NOWHERE: &str = "http://127.0.0.1:9";

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
fn assert_debug_hides(values: &[&dyn Debug], hidden: &[String]) {
    for value in values {
        assert_hidden(&format!("{value:?} {value:#?}"), hidden, "Debug");
    }
}

/// All that an error says, in every way it can be asked.
fn everything<S: Subject>(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{:?}\n", error.headers());
    let mut cause = error.source();
    while let Some(one) = cause {
        let _ = writeln!(text, "{one}\n{one:?}");
        cause = one.source();
    }
    let own = [error.code(), error.message(), error.request_id()];
    let _ = writeln!(text, "{own:?}\n{}", String::from_utf8_lossy(error.body()));
    let _ = writeln!(text, "{:?}", S::service_error(error));
    text + &serde_json::to_string(error).expect("it can be logged")
}

/// A service that sends back what it was sent.
async fn reflect(make: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Raw {
    Raw::start(move |request| make(&String::from_utf8_lossy(request))).await
}

/// The error of a call of such a service, in which the credential is nowhere seen.
async fn masked<S: Subject>(
    credential: &str,
    make: impl Fn(&str) -> Reply + Send + Sync + 'static,
) -> Error {
    let raw = reflect(make).await;
    let client = S::client_with(&raw.origin(), credential, once().max_response_bytes(32 << 10));
    let error = S::call(&client, 1).await.expect_err("that is no success");
    assert_hidden(&everything::<S>(&error), &hidden::<S>(credential), "an error");
    error
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

fn body(status: u16, body: &str) -> Reply {
    Reply::http(status, &[], body.as_bytes())
}

/// What a request says of who sent it.
fn authorization(request: &str) -> &str {
    let names = ["authorization: ", "x-api-key: ", "proxy-authorization: "];
    let mut lines = request.lines();
    let found = lines.find_map(|line| names.iter().find_map(|name| line.strip_prefix(name)));
    found.expect("it is authenticated")
}

async fn clients_and_calls_hide_credentials<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    let hidden = [hidden::<S>(CREDENTIAL), vec!["obviously-fake-".to_owned()]].concat();
    for client in [&client, &S::client_with(NOWHERE, CREDENTIAL, once())] {
        let call = S::call(client, 1);
        let request = call.request().expect("it can be built");
        assert_debug_hides(&[client, &client.clone(), &call, &request], &hidden);
        let call = call.timeout(Duration::from_secs(1)).retry(RetryPolicy::none());
        assert_debug_hides(&[&call, &S::call(client, 1).with_response()], &hidden);
        // Bodies carry credentials where a token is asked for.
        let private = vec![BODY_VALUE.to_owned(), QUERY_VALUE.to_owned()];
        assert_debug_hides(&[&S::probe(client)], &private);
    }
    let response = S::call(&client, 1).with_response().await.expect("nothing is wrong");
    // The client once more, now that a token has come in.
    assert_debug_hides(&[&response, response.body(), &client, subject.fake()], &hidden);
}

async fn refusal_that_repeats_the_request_is_masked<S: Subject>() {
    for status in [202, 302, 400, 401, 403, 404, 408, 409, 418, 422, 429, 500, 502, 503, 599] {
        let reply = move |request: &str| body(status, &telling(request).to_string());
        let error = masked::<S>(CREDENTIAL, reply).await;
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status));
        let service = format!("{:?}", S::service_error(&error).expect("it was read"));
        let message = error.message().expect("there is one");
        let kept = String::from_utf8_lossy(error.body());
        for text in [message, &error.to_string(), &service, &kept] {
            assert!(text.contains(MASK), "{text}");
        }
        for page in [false, true] {
            let error = masked::<S>(CREDENTIAL, move |request| {
                let page = if page { &format!("<html><pre>{request}</pre>") } else { request };
                Reply::http(status, &[("content-type", "text/html")], page.as_bytes())
            })
            .await;
            let kept = String::from_utf8_lossy(error.body());
            assert!(kept.contains(MASK), "{kept}");
        }
    }
    // Some encoders of JSON escape the slash, and any character may be written as its number.
    for (plain, escaped) in [("/", "\\/"), ("/", "\\u002f"), ("=", "\\u003d"), ("-", "\\u002D")] {
        for status in [202, 403, 500, S::success()[0]] {
            for all in [false, true] {
                masked::<S>(CREDENTIAL, move |request| {
                    let text = if all { telling(request) } else { json!(request) };
                    body(status, &text.to_string().replace(plain, escaped))
                })
                .await;
            }
        }
    }
    let quoted = r#"obviously-fake"quoted\credential"#;
    for status in [201, 403, 500] {
        masked::<S>(quoted, move |request| body(status, &telling(request).to_string())).await;
        masked::<S>(quoted, move |request| body(status, &json!(request).to_string())).await;
    }
}

async fn success_that_repeats_the_request_is_masked<S: Subject>() {
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
        for status in S::success() {
            let error =
                masked::<S>(CREDENTIAL, move |request| body(*status, &shape(request))).await;
            assert_ne!(error.effect(), Effect::NotApplied);
            let kept = String::from_utf8_lossy(error.body());
            assert!(kept.contains(MASK), "{kept}");
        }
    }
    let too_large = |request: &str| body(201, &format!("{request}{}", " ".repeat(64 << 10)));
    let error = masked::<S>(CREDENTIAL, too_large).await;
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Unknown));
    let error = masked::<S>(CREDENTIAL, |request| {
        Reply::close(format!("HTTP/1.1 201 Created\r\ncontent-length: 100000\r\n\r\n{request}"))
    })
    .await;
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Interrupted, Effect::Unknown));
}

async fn headers_that_repeat_the_credential_are_masked<S: Subject>() {
    let names = ["x-reflected", "set-cookie", "www-authenticate", "location", "retry-after"];
    for name in ["twilio-request-id", "content-encoding"].into_iter().chain(names) {
        for status in [201, 302, 401, 403, 429] {
            masked::<S>(CREDENTIAL, move |request| {
                Reply::http(status, &[(name, authorization(request))], b"")
            })
            .await;
        }
    }
    // Of a success, `Debug` leaves out the values of headers.
    let raw = reflect(|request| {
        let echoed = authorization(request);
        Reply::http(201, &[("x-reflected", echoed), ("set-cookie", echoed)], S::RESPONSE.as_bytes())
    })
    .await;
    let client = S::client_with(&raw.origin(), CREDENTIAL, once());
    let response = S::call(&client, 1).with_response().await.expect("nothing is wrong");
    assert_debug_hides(&[&response], &hidden::<S>(CREDENTIAL));
}

const PROXY_PASSWORD: &str = "obviously-fake-proxy-password";

fn proxy_hidden() -> Vec<String> {
    vec![PROXY_PASSWORD.to_owned(), STANDARD.encode(format!("user:{PROXY_PASSWORD}"))]
}

fn through(address: &str) -> ClientOptions {
    let proxy = format!("http://user:{PROXY_PASSWORD}@{address}");
    once().http(|http| http.proxy(proxy))
}

async fn proxy_password_is_masked<S: Subject>() {
    let hidden = [proxy_hidden(), hidden::<S>(CREDENTIAL)].concat();
    let raw = reflect(|request| body(407, &telling(request).to_string())).await;
    let client = S::client_with(NOWHERE, CREDENTIAL, through(&raw.origin().replace("http://", "")));
    let error = S::call(&client, 1).await.expect_err("the proxy refuses");
    assert_eq!(error.status().map(|it| it.as_u16()), Some(407));
    assert_eq!(raw.requests(), 1, "it went through the proxy");
    assert_hidden(&everything::<S>(&error), &hidden, "an error");

    // Bound and not listening, so that no other process takes the port.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).expect("a port is free");
    let address = socket.local_addr().expect("it is bound").to_string();
    let client = S::client_with(NOWHERE, CREDENTIAL, through(&address));
    let error = S::call(&client, 1).await.expect_err("there is no listener");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::NotApplied));
    assert_hidden(&everything::<S>(&error), &hidden, "an error");
}

/// What a provider of tokens does.
#[derive(Clone, Copy, PartialEq)]
enum Provider {
    Gives(&'static str),
    Panics,
    Fails,
}

impl TokenProvider for Provider {
    fn fetch(
        &self,
    ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
        Box::pin(async {
            match *self {
                Self::Gives(token) => Ok(AccessToken::new(token)),
                Self::Panics => panic!("with {CREDENTIAL}"),
                Self::Fails => Err(format!("without {CREDENTIAL}").into()),
            }
        })
    }
}

async fn failing_provider_reveals_nothing<S: Subject>() {
    let hidden = hidden::<S>(CREDENTIAL);
    let broken = Provider::Gives("obviously-fake/credential+4f1d==\r\nx: y");
    for provider in [Provider::Panics, Provider::Fails, broken, Provider::Gives("")] {
        let client = S::client_with(NOWHERE, Credential::provider(provider), once());
        assert_debug_hides(&[&client], &hidden);
        let error = S::call(&client, 1).await.expect_err("there is no token, or no service");
        assert_eq!(error.effect(), Effect::NotApplied);
        // What the user's own error says is the user's own business, but only below ours.
        match provider {
            Provider::Fails => assert_hidden(&error.to_string(), &hidden, "an error"),
            _ => assert_hidden(&everything::<S>(&error), &hidden, "an error"),
        }
    }
}

async fn received_requests_are_masked<S: Subject>() {
    let subject = S::start().await;
    S::call(&subject.client(once()), 1).await.expect("nothing is wrong");
    let stranger = S::client_with(&subject.fake().uri(), CREDENTIAL, once());
    S::call(&stranger, 1).await.expect_err("it is a stranger");
    let hidden = [hidden::<S>(CREDENTIAL), vec!["obviously-fake".to_owned()]].concat();
    let received = subject.fake().received();
    assert!(received.len() >= 2);
    for request in received {
        let text = format!(
            "{request:?} {request:#?} {} {} {:?}",
            request.body_text(),
            request.target(),
            request.headers()
        );
        assert_hidden(&text, &hidden, "a request");
        let mut headers = request.headers().iter();
        assert!(request.path() == "/v2/token" || headers.any(|(_, value)| value.contains(MASK)));
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
        let attempts = inside.filter(|span| span.name == "rolecall.attempt");
        (call.clone(), attempts.cloned().collect())
    })
    .collect()
}

/// How a call or an attempt ends: the status and the type of error.
type End<'a> = (Option<&'a str>, Option<&'a str>);

fn end(span: &Span) -> End<'_> {
    (span.field("http.response.status_code"), span.field("error.type"))
}

async fn spans_record_what_happened<S: Subject>() {
    // The first is what the fakes respond with.
    let success = S::success()[0].to_string();
    let fine: End<'_> = (Some(&success), None);
    let limited: End<'_> = (Some("429"), Some("rate_limited"));
    let denied: End<'_> = (Some("403"), Some("permission_denied"));
    let broken: End<'_> = (None, Some("interrupted"));
    let cut: End<'_> = (Some(&success), Some("interrupted"));
    let garbled: End<'_> = (Some(&success), Some("decode"));
    let reset = if S::is_idempotent() { vec![broken, fine] } else { vec![broken] };
    let cases: [(Vec<Fault>, End<'_>, Vec<End<'_>>); 6] = [
        (vec![], fine, vec![fine]),
        (vec![Fault::status(429), Fault::status(429)], fine, vec![limited, limited, fine]),
        (vec![Fault::status(429), Fault::status(403)], denied, vec![limited, denied]),
        // The attempt did what an attempt is for; the call could not use it.
        (vec![Fault::html(S::success()[0])], garbled, vec![fine]),
        (vec![Fault::truncated()], cut, vec![cut]),
        (vec![Fault::reset()], reset[reset.len() - 1], reset),
    ];
    let policy = RetryPolicy::default().base_wait(Duration::ZERO);
    for (nth, (faults, call_end, attempt_ends)) in cases.into_iter().enumerate() {
        let subject = S::start().await;
        let client = subject.client(ClientOptions::default().retry(policy.clone()));
        for fault in faults {
            subject.fault(1, fault);
        }
        let (log, guard) = Log::listen();
        let result = S::call(&client, nth).await;
        drop(guard);
        assert_eq!(result.is_err(), call_end.1.is_some(), "{result:?}");

        let calls = calls(&log, S::name());
        let [(call, attempts)] = &calls[..] else { panic!("one span for one call: {calls:?}") };
        assert_eq!((call.parent, call.level), (None, "INFO"));
        assert_eq!(call.field("otel.name"), Some(S::name()));
        let effect = result.as_ref().err().map(|error| error.effect().as_str());
        assert_eq!(call.field("rolecall.effect"), effect);
        let address = subject.fake().uri();
        for span in [call].into_iter().chain(attempts) {
            assert_eq!(span.field("http.request.method"), Some(S::spec().method().as_str()));
            assert_eq!(span.field("url.template"), Some(S::TEMPLATE));
            assert_eq!(span.field("server.address"), Some("127.0.0.1"));
            assert_eq!(span.field("server.port"), address.rsplit(':').next());
            let failed = span.field("error.type").is_some();
            assert_eq!(span.field("otel.status_code"), failed.then_some("ERROR"));
            assert_eq!(span.field("rolecall.effect").is_some(), failed);
            for name in span.fields() {
                assert!(TRACING.contains(&format!("\n| `{name}` | ")), "{name} is not documented");
            }
        }
        for attempt in attempts {
            let name = format!("{} {}", S::spec().method(), S::TEMPLATE);
            assert_eq!((attempt.level, attempt.field("otel.name")), ("DEBUG", Some(&*name)));
            assert_eq!(attempt.field("otel.kind"), Some("client"));
        }
        assert_eq!(end(call), call_end, "{call:?}");
        assert_eq!(attempts.iter().map(end).collect::<Vec<_>>(), attempt_ends);
        let resent = |span: &Span| span.field("http.request.resend_count").map(str::to_owned);
        let count = |sent: usize| (sent > 0).then(|| sent.to_string());
        for (resends, attempt) in attempts.iter().enumerate() {
            assert_eq!(resent(attempt), count(resends));
        }
        assert_eq!(resent(call), count(attempts.len() - 1));
        let tokens = self::calls(&log, "twilio.iam token.create").len();
        assert_eq!(tokens, usize::from(S::RENEWS), "fetching a token is a call of its own");
    }
}

async fn spans_and_events_hide_private_values<S: Subject>() {
    const PRIVATE: &str = "obviously-private-response";
    let subject = S::start().await;
    let policy = RetryPolicy::default().base_wait(Duration::ZERO);
    let options = ClientOptions::default().retry(policy);
    let client = subject.client(options.clone());
    let (log, guard) = Log::listen();

    // What works, and what does not in all the ways that faults have.
    S::call(&client, 1).await.expect("nothing is wrong");
    let mut padded = S::response();
    padded["padding"] = PRIVATE.into();
    let words = json!({"message": PRIVATE, "detail": PRIVATE});
    let texts = [padded.to_string(), words.to_string(), format!("<html>{PRIVATE}"), PRIVATE.into()];
    for text in texts {
        for status in [201, 429, 403] {
            subject.fault(1, Fault::status(status).body(text.clone()));
            let _ = S::call(&client, 2).await;
        }
    }
    let elsewhere = Fault::status(302).header("location", &format!("/?q={PRIVATE}"));
    for fault in [elsewhere, Fault::truncated(), Fault::reset()] {
        subject.fault(1, fault);
        let _ = S::call(&client, 2).await;
    }
    // A query and a body of the user's own.
    let probe = format!("{}/probe/", S::BASE);
    for fault in [Fault::status(200).body("{}"), Fault::status(503), Fault::reset()] {
        subject.fake().next_on(&probe, 1, fault);
        let _ = S::probe(&client).await;
    }
    // A service that reflects the request.
    for status in [201, 429, 401, 403, 500] {
        let raw = reflect(move |request| body(status, &telling(request).to_string())).await;
        let client = S::client_with(&raw.origin(), CREDENTIAL, options.clone());
        S::call(&client, 3).await.expect_err("that is no success");
    }
    drop(guard);

    let text = log.text();
    assert!(text.contains("retrying the call"), "events are heard:\n{text}");
    assert_eq!(calls(&log, "own probe.send").len(), 3);
    let hidden = [hidden::<S>(CREDENTIAL), vec!["obviously-fake".to_owned()]].concat();
    assert_hidden(&text, &hidden, "a span or an event");
    let request = S::call(&client, 2).request().expect("it can be built");
    let sent = String::from_utf8_lossy(request.body());
    for private in [&sent, PRIVATE, QUERY_VALUE, BODY_VALUE] {
        assert!(!text.contains(private), "{private} is shown:\n{text}");
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
    let options = ClientOptions::default().http(configure).header("x-gateway-key", secret);
    let token = AccessToken::new(secret);
    let values: [&dyn Debug; 12] = [
        &Secret::new(secret),
        &Some(Secret::from(secret.to_owned())),
        &Credential::from(secret),
        &Credential::from(secret.to_owned()),
        &Credential::from(Secret::new(secret)),
        &Credential::provider(Provider::Gives(secret)),
        &token,
        &token.clone().expires_in(Duration::from_secs(9)),
        &configure(HttpConfig::default()),
        &options,
        &Body::form(&[("client_secret", secret)]),
        &Body::json(&json!({"client_secret": secret})),
    ];
    assert_debug_hides(&values, &hidden);
    assert!(format!("{options:?}").contains(MASK), "that there is a proxy is shown");
}

/// Runs what panics on any error, and returns what the panic said.
fn panic_of<T: Debug>(run: impl FnOnce() -> Result<T, Error>) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| run().expect("it cannot work")));
    let payload = panic.expect_err("it cannot work");
    payload.downcast_ref::<String>().expect("panics have a text").clone()
}

/// What cannot be built says why, and not with which credential.
macro_rules! unbuildable {
    ($name:ident, $new:expr) => {
        #[test]
        fn $name() {
            let hidden = [vec!["obviously-fake".to_owned()], proxy_hidden()].concat();
            let new = |secret: &str| $new(secret).base_url(NOWHERE);
            let good = || new("obviously-fake-credential");
            let with = |http: fn(HttpConfig) -> HttpConfig| ClientOptions::default().http(http);
            let proxy = with(|http| http.proxy(format!("http://user:{PROXY_PASSWORD}@[nonsense")));
            let certificate = with(|http| {
                let key = "-----BEGIN PRIVATE KEY-----\nobviously-fake\n";
                http.client_certificate_pem("obviously-fake", key)
            });
            let agent = ClientOptions::default().user_agent_suffix("obviously-fake\n");
            let mut builders = vec![new("")];
            for options in [proxy, certificate, agent] {
                builders.push(good().options(options));
            }
            for url in [
                "https://user:obviously-fake@h.example",
                "obviously-fake",
                "http://[obviously-fake",
                "https://h.example?key=obviously-fake",
            ] {
                builders.push(good().base_url(url));
            }
            let bad = ["obviously-fake\n", "obviously-fake\r\nx: y", "obviously-fake\0"];
            builders.extend(bad.map(new));
            for builder in builders {
                let text = panic_of(|| builder.build());
                assert!(text.contains("Configuration"), "{text}");
                assert_hidden(&text, &hidden, "a panic");
            }
        }
    };
}

/// A credential in the wrong place is still one.
#[cfg(any(feature = "twilio", feature = "harness", feature = "deepset"))]
#[track_caller]
fn assert_not_quoted<const N: usize>(refused: [Result<(), Error>; N]) {
    for result in refused {
        let text = panic_of(|| result);
        assert_hidden(&text, &[CREDENTIAL.to_owned()], "a panic");
    }
}

#[cfg(feature = "twilio")]
mod twilio_types {
    use super::*;
    use crate::support::subjects::TwilioIam;
    use rolecall::testing::{TwilioChatFake, TwilioIamFake};
    use rolecall::twilio::chat::{self, NewRole, ServiceSid, TwilioChat, TwilioChatBuilder};
    use rolecall::twilio::iam::{self, NewRoleAssignment};
    use rolecall::twilio::{AccountSid, ServiceError, Sid};

    fn iam(secret: &str) -> iam::TwilioIamBuilder {
        let credentials = iam::Credentials::client(TwilioIamFake::CLIENT_ID, secret);
        iam::TwilioIam::builder(credentials).token_url(NOWHERE)
    }

    fn chat(password: &str) -> TwilioChatBuilder {
        TwilioChat::builder(chat::Credentials::auth_token(TwilioChatFake::ACCOUNT_SID, password))
    }

    unbuildable!(iam_builder_hides_what_is_wrong, iam);
    unbuildable!(chat_builder_hides_what_is_wrong, chat);

    #[test]
    fn builders_and_handles_hide_credentials() {
        let key = TwilioChatFake::API_KEY;
        let pairs = [
            CREDENTIAL.to_owned(),
            STANDARD.encode(format!("{}:{CREDENTIAL}", TwilioChatFake::ACCOUNT_SID)),
            STANDARD.encode(format!("{key}:{CREDENTIAL}")),
        ];
        let hidden = [pairs.to_vec(), proxy_hidden()].concat();
        for credentials in [
            iam::Credentials::client(TwilioIamFake::CLIENT_ID, CREDENTIAL),
            iam::Credentials::token(CREDENTIAL),
            iam::Credentials::token(Credential::provider(Provider::Gives(CREDENTIAL))),
        ] {
            let builder = iam::TwilioIam::builder(credentials.clone()).base_url(NOWHERE);
            let builder = builder.token_url(NOWHERE).options(through("127.0.0.1:9"));
            let client = builder.clone().build().expect("it is set up well");
            let organization = client.organization(TwilioIamFake::ORGANIZATION);
            let assignments = organization.role_assignments();
            let all: [&dyn Debug; 5] =
                [&credentials, &builder, &client, &organization, &assignments];
            assert_debug_hides(&all, &hidden);
        }
        for credentials in [
            chat::Credentials::auth_token(TwilioChatFake::ACCOUNT_SID, CREDENTIAL),
            chat::Credentials::api_key(key, CREDENTIAL),
        ] {
            let builder = TwilioChat::builder(credentials.clone()).base_url(NOWHERE);
            let builder = builder.options(through("127.0.0.1:9"));
            let client = builder.clone().build().expect("it is set up well");
            let service = client.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
            let roles = service.roles();
            assert_debug_hides(&[&credentials, &builder, &client, &service, &roles], &hidden);
        }
    }

    #[test]
    fn refused_ids_are_not_quoted() {
        let built = |credentials| TwilioChat::builder(credentials).build().map(drop);
        assert_not_quoted([
            AccountSid::new(CREDENTIAL).map(drop),
            Sid::new(CREDENTIAL).map(drop),
            ServiceSid::new(CREDENTIAL).map(drop),
            built(chat::Credentials::auth_token(CREDENTIAL, "x")),
            built(chat::Credentials::api_key(CREDENTIAL, "x")),
            NewRoleAssignment::new(CREDENTIAL, CREDENTIAL, CREDENTIAL).map(drop),
            NewRole::new(CREDENTIAL.repeat(9), "channel", ["p"]).map(drop),
        ]);
    }

    /// The error of a call that needs a token from an endpoint of this kind; it shows none of
    /// these.
    async fn without_a_token(
        hidden: &[&str],
        make: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ) -> Error {
        let raw = reflect(make).await;
        let builder = iam(CREDENTIAL).base_url(NOWHERE).options(once());
        let builder = builder.token_url(format!("{}/v2/token", raw.origin()));
        let client = builder.build().expect("it is set up well");
        let error = TwilioIam::call(&client, 1).await.expect_err("there is no token");
        assert_eq!(error.effect(), Effect::NotApplied);
        let hidden: Vec<_> = hidden.iter().map(|one| (*one).to_owned()).collect();
        assert_debug_hides(&[&client], &hidden);
        assert_hidden(&everything::<TwilioIam>(&error), &hidden, "an error");
        error
    }

    /// The form has the secret percent-encoded, which does not hide it.
    #[tokio::test]
    async fn token_endpoint_that_repeats_the_client_secret_is_masked() {
        let encoded: String = url::form_urlencoded::byte_serialize(CREDENTIAL.as_bytes()).collect();
        for status in [200, 202, 302, 400, 401, 403, 429, 500, 503] {
            for decoded in [false, true] {
                without_a_token(&[CREDENTIAL, &encoded], move |request| {
                    let decode = |form: &str| {
                        let mut pairs = url::form_urlencoded::parse(form.as_bytes());
                        let (_, secret) = pairs.find(|(name, _)| name == "client_secret")?;
                        Some(secret.into_owned())
                    };
                    let (_, form) = request.split_once("\r\n\r\n").expect("it has a body");
                    let secret = decode(form).expect("it has a secret");
                    let text = if decoded { &secret } else { request };
                    body(status, &telling(text).to_string())
                })
                .await;
            }
        }
    }

    /// A token under a status that is no success here is a token all the same.
    #[tokio::test]
    async fn response_with_a_token_that_is_not_used_is_not_kept() {
        const TOKEN: &str = "obviously-fake-token-9a1b";
        for (status, token) in [
            (200, json!({"access_token": [TOKEN], "token_type": "Bearer"})),
            (200, json!({"access_token": {"value": TOKEN}})),
            (200, json!({"access_token": TOKEN, "token_type": "mac"})),
            (201, json!({"access_token": TOKEN, "token_type": TOKEN})),
            (200, json!({"access_token": format!("{TOKEN}\n")})),
            (200, json!(TOKEN)),
            (200, json!([TOKEN])),
            (202, json!({"access_token": TOKEN, "token_type": "Bearer"})),
            (203, json!({"access_token": TOKEN, "message": "fine", "detail": "fine"})),
            (206, json!(TOKEN)),
        ] {
            let reply = move |_: &str| body(status, &token.to_string());
            let error = without_a_token(&[TOKEN], reply).await;
            assert_eq!(error.body(), b"");
            let service = error.service::<ServiceError>().map(|it| it.raw.to_string());
            assert!(service.is_none_or(|raw| !raw.contains(TOKEN)));
        }
        // Cut off in the middle, or too long to be one.
        let half = format!("{{\"access_token\":\"{TOKEN}\"");
        let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{half}");
        let long = format!("{half}}}{}", " ".repeat(3 << 20));
        for reply in [Reply::close(cut), body(200, &long)] {
            without_a_token(&[TOKEN], move |_| reply.clone()).await;
        }
    }
}

#[cfg(feature = "harness")]
mod harness_types {
    use super::*;
    use rolecall::harness::{Harness, Identifier, NewRoleAssignment, Principal};

    unbuildable!(builder_hides_what_is_wrong, Harness::builder);

    #[test]
    fn builders_and_handles_hide_credentials() {
        let key = "pat.fakeAccount.fakeTokenId.obviously-fake-secret";
        let hidden = [vec!["obviously-fake-secret".to_owned()], proxy_hidden()].concat();
        let builder = Harness::builder(key).account_id("other").base_url(NOWHERE);
        let builder = builder.options(through("127.0.0.1:9"));
        let client = builder.clone().build().expect("it is set up well");
        let org = client.org("platform");
        assert_debug_hides(&[&builder, &client], &hidden);
        for scope in [client.account(), org.project("web"), org] {
            assert_debug_hides(&[&scope, &scope.role_assignments()], &hidden);
        }
    }

    #[test]
    fn refused_ids_are_not_quoted() {
        let client = Harness::builder("fake").base_url(NOWHERE).build().expect("it is set up well");
        let get = |org: String| client.org(org).roles().get("r").request().map(drop);
        assert_not_quoted([
            Identifier::new(CREDENTIAL).map(drop),
            NewRoleAssignment::new(CREDENTIAL, "r", "g", Principal::user("u")).map(drop),
            get(format!("{CREDENTIAL}\n")),
            get(CREDENTIAL.repeat(100)),
        ]);
    }
}

#[cfg(feature = "redox")]
mod redox_types {
    use super::*;
    use rolecall::Redox;

    unbuildable!(builder_hides_what_is_wrong, Redox::builder);

    #[test]
    fn builders_and_handles_hide_credentials() {
        let hidden = [vec![CREDENTIAL.to_owned()], proxy_hidden()].concat();
        let provider = Credential::provider(Provider::Gives(CREDENTIAL));
        for token in [Credential::from(CREDENTIAL), provider] {
            let builder = Redox::builder(token).base_url(NOWHERE).options(through("127.0.0.1:9"));
            let client = builder.clone().build().expect("it is set up well");
            let organization = client.organization("1");
            let assignments = organization.role_assignments();
            assert_debug_hides(&[&builder, &client, &organization, &assignments], &hidden);
        }
    }
}

#[cfg(feature = "deepset")]
mod deepset_types {
    use super::*;
    use rolecall::Deepset;
    use rolecall::deepset::OrganizationId;

    unbuildable!(builder_hides_what_is_wrong, Deepset::builder);

    #[test]
    fn builders_and_handles_hide_credentials() {
        let hidden = [vec![CREDENTIAL.to_owned()], proxy_hidden()].concat();
        let provider = Credential::provider(Provider::Gives(CREDENTIAL));
        for key in [Credential::from(CREDENTIAL), provider] {
            let builder = Deepset::builder(key).base_url(NOWHERE).options(through("127.0.0.1:9"));
            let client = builder.clone().build().expect("it is set up well");
            let organization = client.organization(CREDENTIAL);
            let roles = organization.roles();
            assert_debug_hides(&[&builder, &client, &organization, &roles], &hidden);
        }
        assert_not_quoted([OrganizationId::new(CREDENTIAL).map(drop)]);
    }
}
