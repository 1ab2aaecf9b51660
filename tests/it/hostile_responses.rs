//! No response of a service breaks a call: it becomes a typed value or a typed error, whose kind
//! and effect follow the documented table and whose text is one line. These tests cover the
//! contents of responses at the five calls of `subjects.rs`; `fault_matrix.rs` covers their
//! transfer at every call.

use crate::support::subjects::{Subject, for_each_call};
use crate::support::truth::{KEPT, effect_of_status, kind_of_status, may_succeed};
use bytes::Bytes;
use rolecall::testing::Fault;
use rolecall::{ClientOptions, Effect, Error, ErrorKind, RetryPolicy};
use serde_json::json;

for_each_call!(
    every_body_under_every_status_is_the_documented_error,
    valid_response_is_read_whatever_surrounds_it,
    size_limits_are_exact,
    encoded_response_is_not_read,
    long_words_stay_on_one_short_line,
);

/// The largest response that these clients read: every body below fits, or is far larger.
const LIMIT: usize = 128 << 10;
const MEBIBYTE: usize = 1 << 20;

/// One attempt, and a size limit at which ten mebibytes are refused quickly.
fn once() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none()).max_response_bytes(LIMIT)
}

/// A proper response with much more in it than is read.
fn padded<S: Subject>(bytes: usize) -> String {
    let mut response = S::response();
    response["padding"] = "x".repeat(bytes).into();
    response.to_string()
}

/// Bodies that are no response to the call: name, content type, bytes.
fn bodies<S: Subject>() -> Vec<(&'static str, &'static str, Bytes)> {
    let response = S::response().to_string();
    let half = response[..response.len() / 2].to_owned();
    let page =
        "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\u{85}\r\n</body></html>";
    let no_text = b"\xff\xfe\0\x1f\x8b\x08\xc3\x28\n\r{}\x7f";
    let other_types = json!({
        "sid": {}, "type": [], "role_id": {}, "role-assignment": {"identifier": {}},
        "payload": {"success": "yes", "errors": {}}, "meta": 5,
        "code": [], "message": {}, "status": {}, "detail": 5, "errors": "x",
        "responseMessages": [5, null, {"code": 5}], "failedPermissionChecks": {},
        "Meta": [], "error": null, "throttled_until": [],
    });
    let others = [
        ("an HTML page", "text/html", page.into()),
        ("bytes that are no text", "application/octet-stream", no_text[..].into()),
        ("10 MiB of x", "text/plain", vec![b'x'; 10 * MEBIBYTE].into()),
    ];
    let json: [(&str, Bytes); 15] = [
        ("nothing", "".into()),
        ("white space", " \r\n\t ".into()),
        ("text that is no UTF-8", b"{\"sid\":\"\xc3\x28\"}"[..].into()),
        ("10 MiB of JSON", padded::<S>(10 * MEBIBYTE).into()),
        ("a list", "[]".into()),
        ("null", "null".into()),
        ("a text", r#""text""#.into()),
        ("a number", "42".into()),
        ("a huge number", "1e999".into()),
        ("an empty object", "{}".into()),
        ("fields of other types", other_types.to_string().into()),
        ("100,000 levels", "[".repeat(100_000).into()),
        ("half of a response", half.into()),
        ("a response and more", format!("{response} x").into()),
        ("two responses", format!("{response}{response}").into()),
    ];
    others
        .into_iter()
        .chain(json.into_iter().map(|(name, body)| (name, "application/json", body)))
        .collect()
}

/// Success and failure, documented or not, and all that are neither.
const STATUSES: [u16; 37] = [
    200, 201, 202, 203, 204, 205, 206, 226, 300, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404,
    408, 409, 410, 412, 413, 418, 422, 429, 451, 499, 500, 501, 502, 503, 504, 505, 511, 599,
];
/// One of each sort, for bodies that take their time.
const SOME_STATUSES: [u16; 5] = [200, 201, 302, 403, 500];

/// What the documented table says of a response in which no code of the service can be read.
fn expected<S: Subject>(status: u16) -> (ErrorKind, Effect) {
    if may_succeed(S::spec(), status) {
        return (ErrorKind::Decode, Effect::Unknown);
    }
    let idempotency = S::spec().declared_idempotency();
    (kind_of_status(S::spec(), status), effect_of_status(idempotency, status))
}

#[track_caller]
fn check_form(error: &Error, case: &str) {
    if let Err(wrong) = crate::support::truth::check_form(error) {
        panic!("{case}: {wrong}");
    }
}

/// The error of a call that is responded to like this, again and again.
async fn refused<S: Subject>(subject: &S, client: &S::Client, fault: Fault) -> Error {
    subject.fault(9, fault);
    let error = S::call(client, 1).await.expect_err("that is no success");
    subject.fake().clear_faults();
    check_form(&error, S::name());
    error
}

/// The same of one call of a new client.
async fn refused_once<S: Subject>(fault: Fault) -> Error {
    let subject = S::start().await;
    refused(&subject, &subject.client(once()), fault).await
}

async fn every_body_under_every_status_is_the_documented_error<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    for (name, content_type, body) in bodies::<S>() {
        let statuses = if body.len() > 64 << 10 { &SOME_STATUSES[..] } else { &STATUSES };
        for status in statuses.iter().copied() {
            let case = format!("{}: {name} under {status}", S::name());
            let fault = Fault::status(status).content_type(content_type).body(body.clone());
            // A refused token is renewed once, policy or not.
            let attempts = if status == 401 && S::RENEWS { 2 } else { 1 };
            subject.fault(attempts, fault);
            // Tokens that are refused one after another would pause the client.
            let fresh = if status == 401 { &subject.client(once()) } else { &client };
            let error = S::call(fresh, 1).await.expect_err(&case);
            let succeeds = may_succeed(S::spec(), status);
            let outcome = match name {
                // Among these are the fields by which some services say what went wrong.
                "fields of other types" if succeeds && S::REPORTS => {
                    (ErrorKind::Rejected, Effect::Unknown)
                }
                "an empty object" | "fields of other types" if succeeds => {
                    (ErrorKind::Decode, S::MISSHAPEN)
                }
                _ => expected::<S>(status),
            };
            assert_eq!((error.kind(), error.effect()), outcome, "{case}: {error}");
            assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{case}");
            assert_eq!(error.attempts() as usize, attempts, "{case}");
            assert_eq!(error.operation(), Some(S::name()), "{case}");
            assert_eq!(subject.fake().faults_left(), 0, "{case}");
            check_form(&error, &case);
            let kept = &body[..body.len().min(KEPT)];
            assert!(matches!(status, 204 | 304) || error.body() == kept, "{case}: another body");
        }
    }
    S::call(&client, 2).await.expect("the client works on");
    assert_eq!(subject.held(), 1, "no refused call got through");
}

async fn valid_response_is_read_whatever_surrounds_it<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    let mut more = S::response();
    more["added_in_2031"] = json!({"a": [1, null, {"b": {}}]});
    for (content_type, body) in [
        ("application/json", S::response().to_string()),
        ("application/scim+json; charset=utf-8", more.to_string()),
        ("text/html", format!("\r\n {} \n", S::response())),
        ("", S::RESPONSE.to_owned()),
    ] {
        for status in [200, 201] {
            subject.fault(1, Fault::status(status).content_type(content_type).body(body.clone()));
            let response = S::call(&client, 1).with_response().await.expect(&body);
            assert_eq!((response.status().as_u16(), response.attempts()), (status, 1));
        }
    }
}

async fn size_limits_are_exact<S: Subject>() {
    let subject = S::start().await;
    let limited = |bytes: usize| {
        let options = once().max_response_bytes(bytes);
        // Without token requests, to which the limit would apply.
        S::client_with(&subject.fake().uri(), "obviously-fake-credential", options)
    };
    let body = S::response().to_string();
    let good = || Fault::status(201).body(body.clone());
    subject.fault(1, good());
    S::call(&limited(body.len()), 1).await.expect("it just fits");
    let large = Fault::status(201).body(padded::<S>(2 * MEBIBYTE - 4096));
    subject.fault(1, large);
    let by_default = subject.client(ClientOptions::default());
    S::call(&by_default, 1).await.expect("it is within the limit");
    let mut cases =
        vec![(body.len() - 1, limited(body.len() - 1), good()), (0, limited(0), good())];
    // Once: without optimization it takes seconds to look for credentials in so much.
    if S::name().starts_with("deepset") {
        cases.push((2 * MEBIBYTE, by_default, Fault::endless(201)));
    }
    for (limit, client, fault) in cases {
        let error = refused(&subject, &client, fault).await;
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Unknown), "{error}");
        assert!(error.to_string().contains(&format!("larger than {limit} bytes")), "{error}");
        assert!(error.body().len() <= limit, "{limit}");
    }
    // What a refusal says is read as far as the limit goes, and kept within bounds.
    let forbidden = |body: Vec<u8>| Fault::status(403).body(body);
    for (client, fault, kept) in [
        (limited(8), forbidden(b"Forbidden by the proxy".to_vec()), 8),
        (limited(LIMIT), Fault::endless(403), KEPT),
        (limited(LIMIT), forbidden(vec![b'x'; 10 * MEBIBYTE]), KEPT),
        (limited(LIMIT), forbidden(vec![b'x'; KEPT + 1]), KEPT),
    ] {
        let error = refused(&subject, &client, fault).await;
        let outcome = (error.kind(), error.effect());
        assert_eq!(outcome, (ErrorKind::PermissionDenied, Effect::NotApplied));
        assert_eq!(error.body().len(), kept);
    }
    let error = refused(&subject, &subject.client(once()), Fault::truncated()).await;
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(!error.body().is_empty(), "what there was of it is kept");
}

async fn encoded_response_is_not_read<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    let response = S::response().to_string().into_bytes();
    // Whether the bytes are what the header says does not matter.
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".to_vec();
    for encoding in ["gzip", "br", "deflate", "zstd", "GZIP", "x-odd, gzip"] {
        for bytes in [&gzip, &response] {
            for (status, kind, effect) in [
                (201, ErrorKind::Decode, Effect::Unknown),
                (403, ErrorKind::PermissionDenied, Effect::NotApplied),
                (503, ErrorKind::Server, Effect::Unknown),
                (202, ErrorKind::UnexpectedStatus, Effect::Unknown),
            ] {
                let fault = Fault::status(status).header("content-encoding", encoding);
                let error = refused(&subject, &client, fault.body(bytes.clone())).await;
                assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
                assert!(status != 201 || error.to_string().contains(encoding), "{error}");
            }
        }
    }
    for encoding in ["identity", "Identity"] {
        let fault = Fault::status(201).header("content-encoding", encoding);
        subject.fault(1, fault.body(response.clone()));
        S::call(&client, 1).await.expect(encoding);
    }
}

async fn long_words_stay_on_one_short_line<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    for word in ["x", "é", "\u{1f600}", "\n", "\r\n[forged] ", "\u{2028}", "\u{202e}", "\0\x1b[31m"]
    {
        let long = word.repeat(450);
        let many = vec![word.repeat(10); 60];
        let body = json!({
            "code": long, "message": long, "detail": long, "title": long, "correlationId": long,
            "moreInfo": long, "error": long, "error_description": long, "errorDetail": long,
            "errors": many, "payload": {"errors": many, "message": long},
        });
        for status in [200, 400, 409, 500] {
            let fault = Fault::status(status).header("twilio-request-id", &"r".repeat(5000));
            refused(&subject, &client, fault.body(body.to_string())).await;
        }
        // The decoder quotes what it cannot read.
        let fault = Fault::status(201).body(json!(long).to_string());
        let error = refused(&subject, &client, fault).await;
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Unknown));
    }
}

#[cfg(feature = "twilio")]
mod twilio_errors {
    use super::*;
    use crate::support::subjects::{TwilioChat, TwilioIam};
    use rolecall::testing::TwilioDuplicates;
    use rolecall::twilio::{AccessControl, ErrorCode, ServiceError};
    use serde_json::Value;

    for_each_call!(@ iam, TwilioIam, every_form_of_error_is_read, text_has_what_support_asks_for,
        access_control_headers_are_on_responses_and_errors);
    for_each_call!(@ chat, TwilioChat, every_form_of_error_is_read, text_has_what_support_asks_for,
        access_control_headers_are_on_responses_and_errors);

    const LINK: &str = "https://www.twilio.com/docs/api/errors/20003";

    fn plain(status: u16, code: i64, message: &str) -> Value {
        json!({"code": code, "message": message, "status": status})
    }

    /// What must be read of an error body, as JSON that names the fields.
    fn error(read: &Value) -> ServiceError {
        let text = |name: &str| read[name].as_str().map(str::to_owned);
        let mut error = ServiceError::default();
        error.code = read["code"].as_i64().map(ErrorCode);
        error.message = text("message");
        error.more_info = text("more_info");
        error.status = read["status"].as_u64().and_then(|status| status.try_into().ok());
        error.scim_type = text("scim_type");
        error.throttled_until = text("throttled_until");
        error
    }

    /// The status, the kind, the body, and what is read of it.
    fn cases() -> Vec<(u16, ErrorKind, Value, Value)> {
        use ErrorKind::*;

        let scim = "urn:ietf:params:scim:api:messages:2.0:Error";
        let forbidden = json!({"code": 20003, "message": "No", "more_info": LINK, "status": 403});
        let mut all = vec![
            // As documented for role assignments, and for their list.
            (
                403,
                PermissionDenied,
                json!({"code": 20003, "message": "No", "moreInfo": LINK, "status": 403}),
                forbidden.clone(),
            ),
            (403, PermissionDenied, forbidden.clone(), forbidden),
            (
                409,
                AlreadyExists,
                json!({"schemas": [scim], "detail": "User exists", "scimType": "uniqueness", "status": "409"}),
                json!({"message": "User exists", "scim_type": "uniqueness", "status": 409}),
            ),
            (
                404,
                NotFound,
                json!({"schemas": [scim], "detail": "No user", "status": "404", "code": 25008, "moreInfo": LINK}),
                json!({"message": "No user", "status": 404, "code": 25008, "more_info": LINK}),
            ),
            (
                400,
                InvalidRequest,
                json!({"schemas": [scim], "detail": "Bad", "scimType": "invalidFilter", "status": "400"}),
                json!({"message": "Bad", "scim_type": "invalidFilter", "status": 400}),
            ),
            (
                429,
                RateLimited,
                json!({"code": 20429, "status": 429, "throttled_until": "2026-04-01T00:00:00Z"}),
                json!({"code": 20429, "status": 429, "throttled_until": "2026-04-01T00:00:00Z"}),
            ),
            (
                400,
                InvalidRequest,
                json!({"type": LINK, "title": "Invalid parameter", "status": 400, "code": 20001,
                    "detail": "Type is wrong", "instance": "/x", "errors": [{"detail": "Type"}]}),
                json!({"code": 20001, "message": "Type is wrong", "status": 400}),
            ),
            (
                400,
                InvalidRequest,
                json!({"type": "about:blank", "title": "Bad Request", "status": 400}),
                json!({"message": "Bad Request", "status": 400}),
            ),
            (
                403,
                PermissionDenied,
                json!({"code": 50107, "message": "No", "httpStatusCode": 403, "params": {}, "userError": true}),
                json!({"code": 50107, "message": "No", "status": 403}),
            ),
            (400, InvalidRequest, json!({"code": "20001", "status": "x"}), json!({"code": 20001})),
            (404, NotFound, json!({"details": {"a": 1}}), json!({})),
        ];
        for (status, in_body, code, message, kind) in [
            // Behind a gateway the body's status may be another one; HTTP's decides.
            (403, 200, 20003, "Forbidden", PermissionDenied),
            (418, 418, -7, "An unknown code", Rejected),
            // Seen where 403 is documented.
            (401, 401, 20003, "Required permission twilio/iam/x is missing", PermissionDenied),
            (401, 401, 20003, "Authenticate", Unauthenticated),
            // That nothing was processed is believed of a refusal alone.
            (500, 500, 20429, "Too Many Requests", Server),
            (503, 503, 20404, "Not found", Server),
        ] {
            let body = plain(in_body, code, message);
            all.push((status, kind, body.clone(), body));
        }
        let codes: [(u16, ErrorKind, &[i64]); 8] = [
            (500, Server, &[20500]),
            (404, NotFound, &[20404, 25008, 25100, 25101, 50050, 50100]),
            (400, InvalidRequest, &[25001, 25005, 25014, 25023, 25106, 25200, 25201, 25202, 25203]),
            (400, InvalidRequest, &[50000, 50003, 50103, 50104, 50105]),
            (403, PermissionDenied, &[25018, 25105, 25107]),
            (409, Conflict, &[25020]),
            (409, AlreadyExists, &[25022]),
            (429, RateLimited, &[20429, 25021, 50063, 50074]),
        ];
        let mut codes: Vec<_> = codes
            .into_iter()
            .flat_map(|(status, kind, codes)| codes.iter().map(move |code| (status, kind, *code)))
            .collect();
        codes.push((400, RateLimited, 25109));
        for (status, kind, code) in codes {
            let body = plain(status, code, "As it is");
            all.push((status, kind, body.clone(), body));
        }
        all
    }

    async fn every_form_of_error_is_read<S: Subject>() {
        let subject = S::start().await;
        let client = subject.client(once());
        for (status, kind, body, read) in cases() {
            let fault = Fault::status(status)
                .content_type("application/scim+json")
                .header("Twilio-Request-Id", "RQ0123")
                .body(body.to_string());
            let refused = refused(&subject, &client, fault).await;
            let effect = if status >= 500 { Effect::Unknown } else { Effect::NotApplied };
            assert_eq!((refused.kind(), refused.effect()), (kind, effect), "{refused}");
            let service = refused.service::<ServiceError>().expect("the body was read");
            let mut expected = error(&read);
            expected.raw = body;
            assert_eq!(*service, expected);
            let code = service.code.map(|code| code.to_string());
            let words = (code.as_deref(), service.message.as_deref());
            assert_eq!((refused.code(), refused.message()), words);
            assert_eq!(refused.request_id(), Some("RQ0123"));
            // A fresh token is tried where it could help, and only there.
            let renewed = S::RENEWS && kind == ErrorKind::Unauthenticated;
            assert_eq!(refused.attempts(), if renewed { 2 } else { 1 }, "{refused}");
        }
    }

    async fn text_has_what_support_asks_for<S: Subject>() {
        for name in ["Twilio-Request-Id", "X-Twilio-Request-Id"] {
            let body = plain(400, 20001, "Not\nvalid").to_string();
            let error = refused_once::<S>(Fault::json(400, body).header(name, "RQ77")).await;
            let rest = "invalid request (20001: Not valid), HTTP 400, request id RQ77, 1 attempt";
            assert_eq!(error.to_string(), format!("{}: {rest}", S::name()));
        }
    }

    async fn access_control_headers_are_on_responses_and_errors<S: Subject>() {
        let subject = S::start().await;
        let client = subject.client(once());
        let response = S::call(&client, 1).with_response().await.expect("nothing is wrong");
        let sent = AccessControl::of(response.headers());
        assert_eq!((sent.allow_origin.as_deref(), sent.allow_credentials), (Some("*"), Some(true)));
        assert!(sent.allow_methods.is_some() && sent.allow_headers.is_some());
        assert!(sent.expose_headers.is_some());
        assert!(response.request_id().is_some_and(|id| id.starts_with("RQ")));

        let mut documented = AccessControl::default();
        documented.allow_origin = Some("https://console.example".into());
        documented.allow_methods = Some("GET, POST".into());
        documented.allow_headers = Some("Accept".into());
        documented.allow_credentials = Some(true);
        documented.expose_headers = Some("ETag".into());
        for (status, body) in [
            (201, S::RESPONSE.to_owned()),
            (201, "{}".to_owned()),
            (400, plain(400, 20001, "x").to_string()),
            (403, plain(403, 20003, "x").to_string()),
            (502, "<html>".to_owned()),
        ] {
            let fault = Fault::status(status)
                .header("Access-Control-Allow-Origin", "https://console.example")
                .header("Access-Control-Allow-Methods", "GET, POST")
                .header("Access-Control-Allow-Headers", "Accept")
                .header("Access-Control-Allow-Credentials", "true")
                .header("Access-Control-Expose-Headers", "ETag")
                .body(body);
            subject.fault(1, fault);
            let headers = match S::call(&client, 2).with_response().await {
                Ok(response) => response.headers().clone(),
                Err(error) => error.headers().clone(),
            };
            assert_eq!(AccessControl::of(&headers), documented, "{status}");
        }
        for (value, expected) in [("false", Some(false)), ("TRUE", Some(true)), ("maybe", None)] {
            let fault = Fault::status(403).header("Access-Control-Allow-Credentials", value);
            let error = refused(&subject, &client, fault).await;
            let read = AccessControl::of(error.headers());
            assert_eq!((read.allow_credentials, read.allow_origin), (expected, None), "{value}");
        }
    }

    #[tokio::test]
    async fn missing_permission_costs_no_new_token() {
        let subject = TwilioIam::start().await;
        let client = subject.client(once());
        let body = plain(401, 20003, "required permission x is missing").to_string();
        let error = refused(&subject, &client, Fault::json(401, body)).await;
        assert!(error.is_permission_denied(), "{error}");
        assert_eq!((error.attempts(), subject.0.tokens_given()), (1, 1));
    }

    #[tokio::test]
    async fn refusals_of_the_fakes_are_read() {
        let iam = TwilioIam::start().await;
        iam.0.duplicates(TwilioDuplicates::Refused);
        let client = iam.client(once());
        TwilioIam::call(&client, 1).await.expect("it is the first");
        let error = TwilioIam::call(&client, 1).await.expect_err("it is the second");
        assert!(error.is_already_exists(), "{error}");
        let read = error.service::<ServiceError>().expect("the body was read");
        assert_eq!((read.status, read.code), (Some(409), None));
        assert_eq!(AccessControl::of(error.headers()).allow_credentials, Some(true));
        assert_eq!(iam.held(), 1);

        let chat = TwilioChat::start().await;
        let stranger = TwilioChat::client_with(&chat.fake().uri(), "obviously-wrong", once());
        let error = TwilioChat::call(&stranger, 1).await.expect_err("it is a stranger");
        assert!(error.is_unauthenticated(), "{error}");
        assert_eq!(error.code(), Some("20003"));
        assert_eq!(AccessControl::of(error.headers()).allow_origin.as_deref(), Some("*"));
        assert_eq!(error.attempts(), 1, "a password cannot be renewed");
    }
}

#[cfg(feature = "harness")]
mod harness_errors {
    use super::*;
    use crate::support::subjects::Harness;
    use rolecall::harness::{ErrorCode, ServiceError};
    use rolecall::testing::HarnessDuplicates;
    use serde_json::Value;

    /// The error of such a body, what its text says of it, and the typed error.
    async fn read(status: u16, body: Value) -> (Error, String, ServiceError) {
        let error = refused_once::<Harness>(Fault::json(status, body.to_string())).await;
        let service = error.service::<ServiceError>().expect("it was read").clone();
        assert_eq!(service.raw, body);
        assert_eq!((error.effect(), error.attempts()), (Effect::NotApplied, 1));
        let text = error.to_string();
        let text = text.strip_prefix("harness role-assignments.create: ").expect("it is named");
        let text = text.strip_suffix(", 1 attempt").expect("it ends so").to_owned();
        (error, text, service)
    }

    #[tokio::test]
    async fn documented_form_is_read() {
        let body = json!({
            "message": "Invalid input", "code": "INVALID_ARGUMENT",
            "errors": [{"field_name": "role", "message": "is unknown"}],
            "error_metadata": {"trace": 7},
        });
        let (_, text, service) = read(400, body).await;
        assert_eq!(text, "invalid request (INVALID_ARGUMENT: Invalid input), HTTP 400");
        assert_eq!(service.code, Some(ErrorCode::InvalidArgument));
        assert_eq!(service.metadata, Some(json!({"trace": 7})));
    }

    #[tokio::test]
    async fn error_with_messages_is_read() {
        let body = json!({
            "status": "ERROR", "code": "RESOURCE_NOT_FOUND_EXCEPTION", "message": "No such org",
            "correlationId": "7f0c-1", "detailedMessage": "In detail",
            "responseMessages": [{
                "code": "RESOURCE_NOT_FOUND_EXCEPTION", "level": "ERROR", "message": "No such org",
                "exception": [{}], "failureTypes": ["APPLICATION_ERROR"], "more": 1,
            }],
            "metadata": null,
        });
        let (error, text, service) = read(400, body).await;
        // It is a 400 here.
        let words = "not found (RESOURCE_NOT_FOUND_EXCEPTION: No such org), HTTP 400";
        assert_eq!(text, format!("{words}, correlation 7f0c-1"));
        assert_eq!(error.code(), Some("RESOURCE_NOT_FOUND_EXCEPTION"));
        assert_eq!(error.request_id(), Some("7f0c-1"));
        let texts = [service.status, service.detailed_message, service.correlation_id];
        assert_eq!(texts, ["ERROR", "In detail", "7f0c-1"].map(|text| Some(text.to_owned())));
        let message = &service.response_messages[0];
        assert_eq!(message.code, Some(ErrorCode::ResourceNotFoundException));
        let texts = (message.level.as_deref(), message.message.as_deref());
        assert_eq!(texts, (Some("ERROR"), Some("No such org")));
        assert_eq!(message.exception, Some(json!([{}])));
        assert_eq!(message.failure_types, Some(vec!["APPLICATION_ERROR".to_owned()]));
    }

    #[tokio::test]
    async fn failure_with_fields_is_read() {
        let body = json!({
            "status": "FAILURE", "code": "INVALID_REQUEST", "message": "Invalid request",
            "correlationId": "7f0c-2",
            "errors": [
                {"fieldId": "identifier", "error": "cannot be empty"}, null, 5,
                {"field_name": "role", "message": "is unknown", "more": {}},
                {"fieldId": "b", "field_name": "a", "error": "d", "message": "c"},
            ],
        });
        let (_, text, service) = read(400, body).await;
        let words = "invalid request (INVALID_REQUEST: Invalid request), HTTP 400";
        assert_eq!(text, format!("{words}, correlation 7f0c-2"));
        assert_eq!(service.status.as_deref(), Some("FAILURE"));
        let fields = service.field_errors.iter();
        let fields: Vec<_> =
            fields.map(|one| (one.field.as_deref(), one.message.as_deref())).collect();
        assert_eq!(
            fields,
            [
                (Some("identifier"), Some("cannot be empty")),
                (Some("role"), Some("is unknown")),
                // Both spellings together: the documented one counts.
                (Some("a"), Some("c")),
            ]
        );
    }

    #[tokio::test]
    async fn denial_with_failed_checks_is_read() {
        let scope = json!({"accountIdentifier": "a", "orgIdentifier": "o"});
        let body = json!({
            "status": "ERROR", "code": "NG_ACCESS_DENIED", "message": "Missing permission x",
            "correlationId": "7f0c-3",
            "failedPermissionChecks": [{
                "resourceScope": scope, "resourceType": "ROLE", "resourceAttributes": {"a": "b"},
                "resourceIdentifier": "r", "permission": "core_role_edit", "more": 1,
            }],
        });
        let (_, text, service) = read(403, body).await;
        let words = "permission denied (NG_ACCESS_DENIED: Missing permission x), HTTP 403";
        assert_eq!(text, format!("{words}, correlation 7f0c-3"));
        let check = &service.failed_permission_checks[0];
        let texts = [&check.permission, &check.resource_type, &check.resource_identifier];
        assert_eq!(texts.map(Option::as_deref), [Some("core_role_edit"), Some("ROLE"), Some("r")]);
        assert_eq!(check.resource_scope, Some(scope));
        assert_eq!(check.resource_attributes, Some(json!({"a": "b"})));
    }

    #[tokio::test]
    async fn messages_alone_are_read() {
        let body = json!({
            "metaData": {}, "resource": null,
            "responseMessages": [
                {"code": "USER_NOT_AUTHORIZED", "level": "ERROR", "message": "Not you", "failureTypes": []},
                {"code": "UNKNOWN_ERROR", "level": "INFO", "message": "more"},
            ],
        });
        let (_, text, service) = read(400, body).await;
        assert_eq!(text, "permission denied (USER_NOT_AUTHORIZED: Not you), HTTP 400");
        assert_eq!(service.code, Some(ErrorCode::UserNotAuthorized));
        assert_eq!(service.response_messages.len(), 2);
    }

    #[tokio::test]
    async fn load_balancer_is_read_by_status() {
        let denied = Fault::status(403).content_type("text/plain").body("denied\nby policy");
        for (fault, words) in
            [(Fault::html(403), ""), (denied, " (denied by policy)"), (Fault::status(403), "")]
        {
            let error = refused_once::<Harness>(fault).await;
            assert!(error.service::<ServiceError>().is_none());
            let rest = format!("permission denied{words}, HTTP 403, 1 attempt");
            assert_eq!(error.to_string(), format!("{}: {rest}", Harness::name()));
        }
    }

    #[tokio::test]
    async fn code_decides_before_status() {
        let subject = Harness::start().await;
        let client = subject.client(once());
        for (status, code, kind) in [
            (400, "INVALID_REQUEST", ErrorKind::InvalidRequest),
            (400, "INVALID_ARGUMENT", ErrorKind::InvalidRequest),
            (400, "DUPLICATE_FIELD", ErrorKind::AlreadyExists),
            (400, "RESOURCE_ALREADY_EXISTS", ErrorKind::AlreadyExists),
            (409, "RESOURCE_ALREADY_EXISTS", ErrorKind::AlreadyExists),
            (409, "UNKNOWN_ERROR", ErrorKind::AlreadyExists),
            (409, "INVALID_REQUEST", ErrorKind::AlreadyExists),
            (400, "RESOURCE_NOT_FOUND_EXCEPTION", ErrorKind::NotFound),
            (404, "RESOURCE_NOT_FOUND", ErrorKind::NotFound),
            (400, "ENTITY_NOT_FOUND", ErrorKind::NotFound),
            (400, "USER_NOT_AUTHORIZED", ErrorKind::PermissionDenied),
            (403, "NG_ACCESS_DENIED", ErrorKind::PermissionDenied),
            (403, "ACCESS_DENIED", ErrorKind::PermissionDenied),
            (401, "INVALID_TOKEN", ErrorKind::Unauthenticated),
            (400, "INVALID_TOKEN", ErrorKind::Unauthenticated),
            (401, "EXPIRED_TOKEN", ErrorKind::Unauthenticated),
            (401, "REVOKED_TOKEN", ErrorKind::Unauthenticated),
            (400, "TOO_MANY_REQUESTS", ErrorKind::RateLimited),
            (429, "TOO_MANY_REQUESTS", ErrorKind::RateLimited),
            // A server error may have come after the change, whatever it is called.
            (500, "TOO_MANY_REQUESTS", ErrorKind::Server),
            (500, "UNKNOWN_ERROR", ErrorKind::Server),
            (500, "DUPLICATE_FIELD", ErrorKind::AlreadyExists),
            (400, "ADDED_IN_2031", ErrorKind::InvalidRequest),
            (302, "DUPLICATE_FIELD", ErrorKind::UnexpectedStatus),
            (200, "DUPLICATE_FIELD", ErrorKind::Rejected),
            (202, "DUPLICATE_FIELD", ErrorKind::UnexpectedStatus),
        ] {
            let body = json!({"status": "ERROR", "code": code, "message": "As it is"});
            let error = refused(&subject, &client, Fault::json(status, body.to_string())).await;
            let known = (300..500).contains(&status);
            let effect = if known { Effect::NotApplied } else { Effect::Unknown };
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
            assert_eq!((error.code(), error.message()), (Some(code), Some("As it is")));
            let service = error.service::<ServiceError>().expect("it was read");
            assert_eq!(service.code.as_ref().map(ErrorCode::as_str), Some(code));
        }
    }

    #[tokio::test]
    async fn duplicates_of_the_fake_are_read() {
        let subject = Harness::start().await;
        let client = subject.client(once());
        Harness::call(&client, 1).await.expect("it is the first");
        for (form, kind, effect) in [
            (HarnessDuplicates::UnknownError, ErrorKind::Server, Effect::Unknown),
            (HarnessDuplicates::DuplicateField, ErrorKind::AlreadyExists, Effect::NotApplied),
            (HarnessDuplicates::Conflict, ErrorKind::AlreadyExists, Effect::NotApplied),
        ] {
            subject.0.duplicates(form);
            let error = Harness::call(&client, 1).await.expect_err("it is the second");
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
            assert!(error.request_id().is_some_and(|id| id.starts_with("fake-correlation-")));
            assert_eq!(error.attempts(), 1);
        }
        assert_eq!(subject.held(), 1);
    }
}

#[cfg(feature = "redox")]
mod redox_errors {
    use super::*;
    use crate::support::subjects::Redox;
    use rolecall::redox::ServiceError;

    #[tokio::test]
    async fn every_form_of_error_is_read() {
        let subject = Redox::start().await;
        let client = subject.client(once());
        let errors = json!([{"ID": 1, "Text": "No role", "Type": "validation", "Module": "x"}]);
        let oauth = json!({
            "error": "invalid_client", "error_description": "No public key", "error_uri": "https://x",
        });
        for (body, code, message) in [
            (json!({"payload": {"errors": ["one", "two"]}}), None, "one; two"),
            (
                json!({"payload": {"errors": [{"message": "one"}, {"detail": "two"}]}}),
                None,
                "one; two",
            ),
            (json!({"payload": {"message": "one"}}), None, "one"),
            (json!({"errors": ["one", 5, null, {"message": "two"}]}), None, "one; two"),
            (json!({"message": "one"}), None, "one"),
            (oauth, Some("invalid_client"), "No public key"),
            (json!({"errorDetail": "one"}), None, "one"),
            (json!({"Meta": {"Errors": errors}}), Some("validation"), "No role"),
            (json!({"code": 17, "message": "one"}), Some("17"), "one"),
        ] {
            for status in [400, 401, 403, 404, 413, 429, 500, 502, 504] {
                let error = refused(&subject, &client, Fault::json(status, body.to_string())).await;
                let outcome = (error.kind(), error.effect());
                assert_eq!(outcome, expected::<Redox>(status), "{error}");
                assert_eq!((error.code(), error.message()), (code, Some(message)), "{body}");
                let service = error.service::<ServiceError>().expect("it was read");
                assert_eq!(service.messages.join("; "), message);
                assert_eq!((service.code.as_deref(), &service.raw), (code, &body));
                assert_eq!(service.link.as_deref(), body["error_uri"].as_str());
            }
        }
    }

    #[tokio::test]
    async fn plain_text_is_kept_as_it_is() {
        let text = "No such\norganization";
        let fault = Fault::status(404).content_type("text/plain").body(text);
        let error = refused_once::<Redox>(fault).await;
        assert_eq!(error.body(), text.as_bytes());
        assert!(error.service::<ServiceError>().is_none());
        assert_eq!(
            error.to_string(),
            "redox role-assignment.assign: not found (No such organization), HTTP 404, 1 attempt"
        );
    }

    #[tokio::test]
    async fn success_false_is_never_a_success() {
        let subject = Redox::start().await;
        // With the usual policy: a refusal is no reason to ask again.
        let client = subject.client(ClientOptions::default());
        let body = json!({
            "meta": {"version": "1.1.0", "new": true},
            "payload": {"success": false, "errors": [{"message": "only for owners"}]},
        });
        for status in [200, 201] {
            let error = refused(&subject, &client, Fault::json(status, body.to_string())).await;
            let service = error.service::<ServiceError>().expect("it was read");
            assert_eq!(service.raw, body);
            assert_eq!(error.body(), body.to_string().as_bytes());
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::Unknown));
            let rest = format!("HTTP {status}, 1 attempt, outcome unknown");
            let text = format!("{}: rejected (only for owners), {rest}", Redox::name());
            assert_eq!(error.to_string(), text);
        }
        assert_eq!(subject.held(), 0);
    }
}

#[cfg(feature = "deepset")]
mod deepset_errors {
    use super::*;
    use crate::support::subjects::Deepset;
    use rolecall::deepset::{LocationPart, ServiceError};

    #[tokio::test]
    async fn every_form_of_error_is_read() {
        let subject = Deepset::start().await;
        let client = subject.client(once());
        for (body, message) in [
            (json!({"detail": "one"}), Some("one")),
            (json!({"message": "one"}), Some("one")),
            (json!({"errors": ["one", "two"]}), Some("one; two")),
            (json!({"errors": [{"message": "one"}, {"detail": "two"}, 7]}), Some("one; two")),
            (json!({"detail": []}), None),
            (json!({"detail": null, "errors": {}}), None),
        ] {
            for status in [401, 403, 404, 409, 422, 429, 500] {
                let error = refused(&subject, &client, Fault::json(status, body.to_string())).await;
                assert_eq!((error.kind(), error.effect()), expected::<Deepset>(status));
                assert_eq!((error.code(), error.message()), (None, message), "{body}");
                let service = error.service::<ServiceError>().expect("it was read");
                assert_eq!(service.errors.as_ref(), body.get("errors"));
            }
        }
    }

    #[tokio::test]
    async fn refusal_without_a_typed_body_is_read_by_status() {
        let subject = Deepset::start().await;
        let client = subject.client(once());
        for status in [401, 403, 404, 409, 502, 503, 504] {
            for fault in [Fault::status(status), Fault::html(status)] {
                let error = refused(&subject, &client, fault).await;
                assert_eq!((error.kind(), error.effect()), expected::<Deepset>(status));
                assert!(error.service::<ServiceError>().is_none());
                assert_eq!(error.message(), None);
                assert!(!error.to_string().contains("html"), "{error}");
            }
        }
    }

    #[tokio::test]
    async fn duplicates_of_the_fake_are_read() {
        let subject = Deepset::start().await;
        let client = subject.client(once());
        Deepset::call(&client, 1).await.expect("it is the first");
        for bodies in [true, false] {
            subject.0.error_bodies(bodies);
            let error = Deepset::call(&client, 1).await.expect_err("it is the second");
            assert!(error.is_already_exists(), "{error}");
            assert_eq!(error.message().is_some(), bodies);
        }
        assert_eq!(subject.held(), 1);
    }

    #[tokio::test]
    async fn validation_errors_name_the_place() {
        let body = json!({"detail": [
            {
                "loc": ["body", "permissions", 0, "asset"], "msg": "Input should be one of them",
                "type": "enum", "input": {"any": ["thing"]}, "ctx": {"expected": "'a' or 'b'"},
            },
            {"loc": [], "msg": "Field required", "type": "missing", "input": null},
            {"loc": "not a list", "msg": 5},
            null,
        ]});
        let error = refused_once::<Deepset>(Fault::json(422, body.to_string())).await;
        assert_eq!(
            error.to_string(),
            "deepset roles.create: invalid request (body.permissions.0.asset: Input should be one \
             of them; : Field required), HTTP 422, 1 attempt"
        );
        let service = error.service::<ServiceError>().expect("it was read");
        assert_eq!(service.message, None);
        let [first, second] = &service.detail[..] else { panic!("others have another shape") };
        let field = |name: &str| LocationPart::Field(name.to_owned());
        let place = [field("body"), field("permissions"), LocationPart::Index(0), field("asset")];
        assert_eq!(first.loc, place);
        let words = (first.msg.as_str(), first.kind.as_str());
        assert_eq!(words, ("Input should be one of them", "enum"));
        assert_eq!(first.input, Some(json!({"any": ["thing"]})));
        let expected = first.ctx.as_ref().and_then(|ctx| ctx.get("expected"));
        assert_eq!(expected, Some(&json!("'a' or 'b'")));
        assert!(second.ctx.is_none());
    }
}
