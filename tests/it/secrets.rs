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
#[cfg(feature = "harness")]
use rolecall::Harness;
use rolecall::auth::{AccessToken, Credential, TokenProvider};
use rolecall::operation::Body;
use rolecall::testing::Fault;
#[cfg(feature = "twilio")]
use rolecall::testing::{TwilioChatFake, TwilioIamFake};
#[cfg(feature = "twilio")]
use rolecall::twilio::{chat, iam};
use rolecall::{
    BoxFuture, ClientOptions, Effect, Error, ErrorKind, HttpConfig, RetryPolicy, Secret,
};
use serde_json::{Value, json};

for_each_call!(
    clients_and_calls_hide_credentials,
    response_that_repeats_the_request_is_masked,
    headers_that_repeat_the_credential_are_masked,
    proxy_password_is_masked,
    failing_provider_reveals_nothing,
    received_requests_are_masked,
    spans_and_events_hide_private_values,
);

/// As it could be in a dump of a token store: with characters that some encoders escape.
const CREDENTIAL: &str = "obviously-fake/credential+4f1d==";
const MASK: &str = "***";
/// An address without a listener, which is never connected to.
const NOWHERE: &str = "http://127.0.0.1:9";

fn once() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none())
}

/// All that must not be seen, also in the form in which `Debug` would write it.
fn hidden<S: Subject>() -> Vec<String> {
    let mut all = S::on_the_wire(CREDENTIAL);
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
async fn masked<S: Subject>(make: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Error {
    let raw = reflect(make).await;
    let client = S::client_with(&raw.origin(), CREDENTIAL, once().max_response_bytes(32 << 10));
    let error = S::call(&client, 1).await.expect_err("that is no success");
    assert_hidden(&everything::<S>(&error), &hidden::<S>(), "an error");
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
    let hidden = [hidden::<S>(), vec!["obviously-fake-".to_owned()]].concat();
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

async fn response_that_repeats_the_request_is_masked<S: Subject>() {
    // The decoder quotes what it cannot read, and names of variants and fields.
    const SHAPES: [fn(&str) -> Value; 7] = [
        |it| json!(it),
        |it| json!([it]),
        |it| json!({"role-assignment": it, "payload": it}),
        |it| json!({"sid": [it], "type": [it], "role_id": [it]}),
        |it| json!({"payload": {"success": it}}),
        |it| json!({"role-assignment": {"identifier": [it]}}),
        |it| json!({"type": {it: it}, "sid": {it: 1}, "permissions": it}),
    ];
    let all = |it: &str| {
        let error = telling(it).to_string();
        // Any character may be written as its number.
        let escaped = error.replace('/', "\\u002f");
        let texts = [error, escaped, it.to_owned(), format!("<html><pre>{it}</pre>")];
        texts.into_iter().chain(SHAPES.map(|shape| shape(it).to_string())).collect::<Vec<_>>()
    };
    const REFUSALS: [u16; 15] =
        [202, 302, 400, 401, 403, 404, 408, 409, 418, 422, 429, 500, 502, 503, 599];
    for status in REFUSALS.iter().chain(S::success()) {
        let is_success = S::success().contains(status);
        for nth in 0..all("").len() {
            let error = masked::<S>(move |request| body(*status, &all(request)[nth])).await;
            assert_eq!(error.status().map(|it| it.as_u16()), Some(*status));
            assert!(!is_success || error.effect() != Effect::NotApplied, "{error}");
            let kept = String::from_utf8_lossy(error.body());
            assert!(kept.contains(MASK), "{kept}");
            if nth == 0 && !is_success {
                let service = format!("{:?}", S::service_error(&error).expect("it was read"));
                for text in [error.message().expect("there is one"), &error.to_string(), &service] {
                    assert!(text.contains(MASK), "{text}");
                }
            }
        }
    }
    let too_large = |request: &str| body(201, &format!("{request}{}", " ".repeat(64 << 10)));
    let error = masked::<S>(too_large).await;
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Unknown));
    let error = masked::<S>(|request| {
        Reply::close(format!("HTTP/1.1 201 Created\r\ncontent-length: 100000\r\n\r\n{request}"))
    })
    .await;
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Interrupted, Effect::Unknown));
}

async fn headers_that_repeat_the_credential_are_masked<S: Subject>() {
    let names = ["x-reflected", "set-cookie", "www-authenticate", "location", "retry-after"];
    for name in ["twilio-request-id", "content-encoding"].into_iter().chain(names) {
        for status in [201, 302, 401, 403, 429] {
            masked::<S>(move |request| Reply::http(status, &[(name, authorization(request))], b""))
                .await;
        }
    }
    // Of a success, `Debug` leaves out the values of headers.
    let raw = reflect(|request| {
        Reply::http(201, &[("x-reflected", authorization(request))], S::RESPONSE.as_bytes())
    })
    .await;
    let client = S::client_with(&raw.origin(), CREDENTIAL, once());
    let response = S::call(&client, 1).with_response().await.expect("nothing is wrong");
    assert_debug_hides(&[&response], &hidden::<S>());
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
    let hidden = [proxy_hidden(), hidden::<S>()].concat();
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
    let hidden = hidden::<S>();
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
    let hidden = [hidden::<S>(), vec!["obviously-fake".to_owned()]].concat();
    let received = subject.fake().received();
    assert!(received.len() >= 2);
    for request in received {
        assert_debug_hides(&[&request, &request.headers(), &request.target()], &hidden);
        assert_hidden(&request.body_text(), &hidden, "a request");
        let mut headers = request.headers().iter();
        assert!(request.path() == "/v2/token" || headers.any(|(_, value)| value.contains(MASK)));
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
    let is_probe = |span: &&Span| span.field("rolecall.operation") == Some("own probe.send");
    assert_eq!(log.spans().iter().filter(is_probe).count(), 3);
    let hidden = [hidden::<S>(), vec!["obviously-fake".to_owned()]].concat();
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
    let from = (Credential::from(secret), Credential::from(secret.to_owned()));
    let values: [&dyn Debug; 8] = [
        &(Secret::new(secret), Some(Secret::from(secret.to_owned()))),
        &(from, Credential::from(Secret::new(secret))),
        &Credential::provider(Provider::Gives(secret)),
        &(token.clone(), token.expires_in(Duration::from_secs(9))),
        &configure(HttpConfig::default()),
        &options,
        &Body::form(&[("client_secret", secret)]),
        &Body::json(&json!({"client_secret": secret})),
    ];
    assert_debug_hides(&values, &hidden);
    assert!(format!("{options:?}").contains(MASK), "that there is a proxy is shown");
}

type Built = Result<Box<dyn Debug>, Error>;

#[cfg(feature = "twilio")]
fn iam(credentials: iam::Credentials, url: &str, options: ClientOptions) -> Built {
    let builder = iam::TwilioIam::builder(credentials.clone()).base_url(url).token_url(NOWHERE);
    let builder = builder.options(options);
    let client = builder.clone().build()?;
    let organization = client.organization(TwilioIamFake::ORGANIZATION);
    let assignments = organization.role_assignments();
    Ok(Box::new((credentials, builder, client, organization, assignments)))
}

#[cfg(feature = "twilio")]
fn chat(credentials: chat::Credentials, url: &str, options: ClientOptions) -> Built {
    let builder = chat::TwilioChat::builder(credentials.clone()).base_url(url).options(options);
    let client = builder.clone().build()?;
    let service = client.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let roles = service.roles();
    Ok(Box::new((credentials, builder, client, service, roles)))
}

#[cfg(feature = "harness")]
fn harness(key: Credential, url: &str, options: ClientOptions) -> Built {
    let builder = Harness::builder(key).account_id("other").base_url(url).options(options);
    let client = builder.clone().build()?;
    let org = client.org("platform");
    let scopes = [client.account(), org.project("web"), org];
    let assignments = scopes.each_ref().map(|scope| scope.role_assignments());
    Ok(Box::new((builder, client, scopes, assignments)))
}

#[cfg(feature = "redox")]
fn redox(token: Credential, url: &str, options: ClientOptions) -> Built {
    let builder = rolecall::Redox::builder(token).base_url(url).options(options);
    let client = builder.clone().build()?;
    let organization = client.organization("1");
    let assignments = organization.role_assignments();
    Ok(Box::new((builder, client, organization, assignments)))
}

#[cfg(feature = "deepset")]
fn deepset(key: Credential, url: &str, options: ClientOptions) -> Built {
    let builder = rolecall::Deepset::builder(key).base_url(url).options(options);
    let client = builder.clone().build()?;
    let organization = client.organization(CREDENTIAL);
    let roles = organization.roles();
    Ok(Box::new((builder, client, organization, roles)))
}

/// The builders, clients and handles of all vendors.
fn built(
    secret: &'static str,
    given: fn(&'static str) -> Credential,
    url: &str,
    options: &ClientOptions,
) -> Vec<Built> {
    let options = || options.clone();
    #[cfg(feature = "twilio")]
    let (account, key) = (TwilioChatFake::ACCOUNT_SID, TwilioChatFake::API_KEY);
    vec![
        #[cfg(feature = "twilio")]
        iam(iam::Credentials::client(TwilioIamFake::CLIENT_ID, secret), url, options()),
        #[cfg(feature = "twilio")]
        iam(iam::Credentials::token(given(secret)), url, options()),
        #[cfg(feature = "twilio")]
        chat(chat::Credentials::auth_token(account, given(secret)), url, options()),
        #[cfg(feature = "twilio")]
        chat(chat::Credentials::api_key(key, given(secret)), url, options()),
        #[cfg(feature = "harness")]
        harness(given(secret), url, options()),
        #[cfg(feature = "redox")]
        redox(given(secret), url, options()),
        #[cfg(feature = "deepset")]
        deepset(given(secret), url, options()),
    ]
}

#[test]
fn builders_and_handles_hide_credentials() {
    const HARNESS_KEY: &str = "pat.fakeAccount.fakeTokenId.obviously-fake-secret";
    #[cfg(feature = "twilio")]
    let pairs = [TwilioChatFake::ACCOUNT_SID, TwilioChatFake::API_KEY]
        .map(|user| STANDARD.encode(format!("{user}:{CREDENTIAL}")));
    #[cfg(not(feature = "twilio"))]
    let pairs = [];
    let own = ["obviously-fake-secret", CREDENTIAL].map(str::to_owned);
    let hidden = [proxy_hidden(), own.into(), pairs.into()].concat();
    for secret in [CREDENTIAL, HARNESS_KEY] {
        for given in [Credential::from, |secret| Credential::provider(Provider::Gives(secret))] {
            for value in built(secret, given, NOWHERE, &through("127.0.0.1:9")) {
                assert_debug_hides(&[&value.expect("it is set up well")], &hidden);
            }
        }
    }
}

/// Runs what panics on any error, and returns what the panic said.
fn panic_of<T: Debug>(result: Result<T, Error>) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| result.expect("it cannot work")));
    let payload = panic.expect_err("it cannot work");
    payload.downcast_ref::<String>().expect("panics have a text").clone()
}

/// What cannot be built says why, and not with which credential.
#[test]
fn builders_hide_what_is_wrong() {
    let hidden = [vec!["obviously-fake".to_owned()], proxy_hidden()].concat();
    let (good, options) = ("obviously-fake-credential", ClientOptions::default);
    let proxy = format!("http://user:{PROXY_PASSWORD}@[nonsense");
    let key = "-----BEGIN PRIVATE KEY-----\nobviously-fake\n";
    let certificate = |http: HttpConfig| http.client_certificate_pem("obviously-fake", key);
    for (secret, url, options) in [
        ("", NOWHERE, options()),
        ("obviously-fake\n", NOWHERE, options()),
        ("obviously-fake\r\nx: y", NOWHERE, options()),
        ("obviously-fake\0", NOWHERE, options()),
        (good, "https://user:obviously-fake@h.example", options()),
        (good, "obviously-fake", options()),
        (good, "http://[obviously-fake", options()),
        (good, "https://h.example?key=obviously-fake", options()),
        (good, NOWHERE, options().http(|http| http.proxy(proxy))),
        (good, NOWHERE, options().http(certificate)),
        (good, NOWHERE, options().user_agent_suffix("obviously-fake\n")),
    ] {
        for result in built(secret, Credential::from, url, &options) {
            let text = panic_of(result);
            assert!(text.contains("Configuration"), "{text}");
            assert_hidden(&text, &hidden, "a panic");
        }
    }
}

/// A credential in the wrong place is still one.
#[test]
fn refused_ids_are_not_quoted() {
    let mut refused: Vec<Result<(), Error>> = Vec::new();
    #[cfg(feature = "twilio")]
    {
        use rolecall::twilio::{AccountSid, Sid};
        let new = iam::NewRoleAssignment::new(CREDENTIAL, CREDENTIAL, CREDENTIAL);
        refused.extend([
            AccountSid::new(CREDENTIAL).map(drop),
            Sid::new(CREDENTIAL).map(drop),
            chat::ServiceSid::new(CREDENTIAL).map(drop),
            chat(chat::Credentials::auth_token(CREDENTIAL, "x"), NOWHERE, once()).map(drop),
            chat(chat::Credentials::api_key(CREDENTIAL, "x"), NOWHERE, once()).map(drop),
            new.map(drop),
            chat::NewRole::new(CREDENTIAL.repeat(9), "channel", ["p"]).map(drop),
        ]);
    }
    #[cfg(feature = "harness")]
    {
        use rolecall::harness::{Identifier, NewRoleAssignment, Principal};
        let client = Harness::builder("fake").base_url(NOWHERE).build().expect("it is set up well");
        let get = |org: String| client.org(org).roles().get("r").request().map(drop);
        refused.extend([
            Identifier::new(CREDENTIAL).map(drop),
            NewRoleAssignment::new(CREDENTIAL, "r", "g", Principal::user("u")).map(drop),
            get(format!("{CREDENTIAL}\n")),
            get(CREDENTIAL.repeat(100)),
        ]);
    }
    #[cfg(feature = "redox")]
    refused.push(rolecall::redox::OrganizationId::new(format!("{CREDENTIAL}\n")).map(drop));
    #[cfg(feature = "deepset")]
    refused.push(rolecall::deepset::OrganizationId::new(CREDENTIAL).map(drop));
    for result in refused {
        assert_hidden(&panic_of(result), &[CREDENTIAL.to_owned()], "a panic");
    }
}

#[cfg(feature = "twilio")]
mod token_responses {
    use super::*;
    use crate::support::subjects::TwilioIam;

    const TOKEN: &str = "obviously-fake-token-9a1b";

    /// The error of a call that needs a token from an endpoint of this kind.
    async fn without_a_token(make: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Error {
        let raw = reflect(make).await;
        let credentials = iam::Credentials::client(TwilioIamFake::CLIENT_ID, CREDENTIAL);
        let builder = iam::TwilioIam::builder(credentials).base_url(NOWHERE).options(once());
        let builder = builder.token_url(format!("{}/v2/token", raw.origin()));
        let client = builder.build().expect("it is set up well");
        let error = TwilioIam::call(&client, 1).await.expect_err("there is no token");
        assert_eq!(error.effect(), Effect::NotApplied);
        // The form has the secret percent-encoded, which does not hide it.
        let encoded: String = url::form_urlencoded::byte_serialize(CREDENTIAL.as_bytes()).collect();
        let hidden = [TOKEN.to_owned(), CREDENTIAL.to_owned(), encoded];
        assert_debug_hides(&[&client], &hidden);
        assert_hidden(&everything::<TwilioIam>(&error), &hidden, "an error");
        error
    }

    #[tokio::test]
    async fn token_endpoint_that_repeats_the_client_secret_is_masked() {
        for status in [200, 202, 302, 400, 401, 403, 429, 500, 503] {
            without_a_token(move |it| body(status, &telling(it).to_string())).await;
            without_a_token(move |_| body(status, &telling(CREDENTIAL).to_string())).await;
        }
    }

    /// A token under a status that is no success here is a token all the same.
    #[tokio::test]
    async fn response_with_a_token_that_is_not_used_is_not_kept() {
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
            let error = without_a_token(move |_| body(status, &token.to_string())).await;
            let service = error.service::<rolecall::twilio::ServiceError>();
            assert!(service.is_none_or(|it| !it.raw.to_string().contains(TOKEN)));
            assert_eq!(error.body(), b"");
        }
        // Cut off in the middle, or too long to be one.
        let half = format!("{{\"access_token\":\"{TOKEN}\"");
        let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{half}");
        let long = format!("{half}}}{}", " ".repeat(3 << 20));
        for reply in [Reply::close(cut), body(200, &long)] {
            without_a_token(move |_| reply.clone()).await;
        }
    }
}
