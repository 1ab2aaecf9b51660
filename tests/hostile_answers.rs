//! Nothing that a service sends breaks a call: every answer becomes a typed value or a typed
//! error, whose kind and effect follow the documented table and whose text stays on one line. Here
//! is what answers say, at the five calls of `subjects.rs`; `fault_matrix.rs` has how they come, at
//! every call.
#![cfg(any(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends so")]

mod support {
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod subjects;
    pub(crate) mod truth;
}

use bytes::Bytes;
use rolecall::operation::Repeat;
use rolecall::testing::Fault;
use rolecall::{ClientOptions, Effect, Error, ErrorKind, RetryPolicy};
use serde_json::{Value, json};
use support::subjects::{Subject, for_each_call};
use support::truth::{KEPT, effect_of_status, kind_of_status};

for_each_call!(
    every_body_under_every_status,
    valid_answers_are_read_whatever_surrounds_them,
    nulls_beside_the_identity_are_no_error,
    an_answer_without_identity_says_what_its_status_says,
    the_size_limit_is_exact,
    the_default_size_limit_holds,
    an_error_keeps_a_bounded_body,
    encoded_answers_are_not_read,
    long_words_stay_on_one_short_line,
);

/// The largest answer that these clients read: every body below fits, or is far larger.
const LIMIT: usize = 128 << 10;
const MEBIBYTE: usize = 1 << 20;

/// One attempt, and a size limit at which ten mebibytes are refused quickly.
fn once() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none()).max_answer_bytes(LIMIT)
}

/// A body that is no answer to the call.
struct Body {
    name: &'static str,
    content_type: &'static str,
    bytes: Bytes,
}

impl Body {
    fn new(name: &'static str, content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { name, content_type, bytes: bytes.into() }
    }

    fn object(name: &'static str, value: &Value) -> Self {
        Self::new(name, "application/json", value.to_string())
    }
}

/// A proper answer with much more in it than is read.
fn padded<S: Subject>(bytes: usize) -> String {
    let mut answer = S::answer();
    answer["padding"] = "x".repeat(bytes).into();
    answer.to_string()
}

fn bodies<S: Subject>() -> Vec<Body> {
    let answer = S::answer().to_string();
    let page =
        "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\u{85}\r\n</body></html>";
    vec![
        Body::new("an HTML page", "text/html", page),
        Body::new("nothing", "application/json", ""),
        Body::new("white space", "application/json", " \r\n\t "),
        Body::new(
            "bytes that are no text",
            "application/octet-stream",
            &b"\xff\xfe\0\x1f\x8b\x08\xc3\x28\n\r{}\x7f"[..],
        ),
        Body::new("text that is no UTF-8", "application/json", &b"{\"sid\":\"\xc3\x28\"}"[..]),
        Body::new("10 MiB of x", "text/plain", vec![b'x'; 10 * MEBIBYTE]),
        Body::new("10 MiB of JSON", "application/json", padded::<S>(10 * MEBIBYTE)),
        Body::new("a list", "application/json", "[]"),
        Body::new("null", "application/json", "null"),
        Body::new("a text", "application/json", r#""text""#),
        Body::new("a number", "application/json", "42"),
        Body::new("a huge number", "application/json", "1e999"),
        Body::object("an empty object", &json!({})),
        Body::object(
            "fields of other types",
            &json!({
                "sid": 5, "type": 5, "role_id": 5, "role-assignment": {"identifier": 5},
                "payload": {"success": "yes", "errors": {}}, "meta": 5,
                "code": [], "message": {}, "status": {}, "detail": 5, "errors": "x",
                "responseMessages": [5, null, {"code": 5}], "failedPermissionChecks": {},
                "Meta": [], "error": null, "throttled_until": [],
            }),
        ),
        Body::new("100,000 levels", "application/json", "[".repeat(100_000)),
        Body::new("half of an answer", "application/json", answer[..answer.len() / 2].to_owned()),
        Body::new("an answer and more", "application/json", format!("{answer} x")),
        Body::new("two answers", "application/json", format!("{answer}{answer}")),
    ]
}

/// Success and failure, documented or not, and all that are neither.
const STATUSES: [u16; 37] = [
    200, 201, 202, 203, 204, 205, 206, 226, 300, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404,
    408, 409, 410, 412, 413, 418, 422, 429, 451, 499, 500, 501, 502, 503, 504, 505, 511, 599,
];
/// One of each sort, for bodies that take their time.
const SOME_STATUSES: [u16; 9] = [200, 201, 202, 302, 401, 403, 408, 409, 500];

/// What the documented table says about an answer in which no code of the service can be read.
fn expected<S: Subject>(status: u16) -> (ErrorKind, Effect) {
    if S::SUCCESS.contains(&status) {
        return (ErrorKind::Decode, S::UNREADABLE);
    }
    let repeat = if S::REPEATABLE { Repeat::Idempotent } else { Repeat::Once };
    (kind_of_status(S::OPERATION, status), effect_of_status(repeat, status))
}

#[track_caller]
fn check_form(error: &Error, case: &str) {
    if let Err(wrong) = support::truth::check_form(error) {
        panic!("{case}: {wrong}");
    }
}

async fn every_body_under_every_status<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    for body in bodies::<S>() {
        let bulky = body.bytes.len() > 64 << 10;
        let statuses = if bulky { &SOME_STATUSES[..] } else { &STATUSES };
        for status in statuses.iter().copied() {
            let case = format!("{}: {} under {status}", S::OPERATION, body.name);
            let fault =
                Fault::status(status).content_type(body.content_type).body(body.bytes.clone());
            // A refused token is renewed once, policy or not.
            let attempts = if status == 401 && S::RENEWS { 2 } else { 1 };
            subject.fake().next_on(S::PATH, attempts, fault);
            let error = S::call(&client, 1).await.expect_err(&case);
            let bodiless = matches!(status, 204 | 304);
            let (mut kind, mut effect) = expected::<S>(status);
            // Redox may say under a success what went wrong.
            let told = body.name == "fields of other types" && S::OPERATION.starts_with("redox");
            if told && S::SUCCESS.contains(&status) {
                (kind, effect) = (ErrorKind::Rejected, Effect::Unknown);
            }
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{case}: {error}");
            assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{case}");
            assert_eq!(error.attempts() as usize, attempts, "{case}");
            assert_eq!(error.operation(), Some(S::OPERATION), "{case}");
            assert_eq!(subject.fake().faults_left(), 0, "{case}");
            check_form(&error, &case);
            if !bodiless {
                let kept = &body.bytes[..body.bytes.len().min(KEPT)];
                assert!(error.body() == kept, "{case}: another body is kept");
            }
        }
    }
    S::call(&client, 2).await.expect("the client works on");
    assert_eq!(subject.held(), 1, "no refused call got through");
}

async fn valid_answers_are_read_whatever_surrounds_them<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    let mut more = S::answer();
    more["added_in_2031"] = json!({"a": [1, null, {"b": {}}]});
    for (content_type, body) in [
        ("application/json", S::answer().to_string()),
        ("application/scim+json; charset=utf-8", more.to_string()),
        ("text/html", format!("\r\n {} \n", S::answer())),
        ("", serde_json::to_string_pretty(&S::answer()).expect("JSON")),
    ] {
        for status in S::SUCCESS {
            let fault = Fault::status(*status).content_type(content_type).body(body.clone());
            subject.fake().next_on(S::PATH, 1, fault);
            let answer = S::call(&client, 1).with_response().await.expect(&body);
            assert_eq!(answer.status().as_u16(), *status);
            assert_eq!(answer.attempts(), 1);
        }
    }
}

/// Only what identifies the thing is insisted on; of a chat role every field but the type is
/// documented as nullable.
async fn nulls_beside_the_identity_are_no_error<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    let mut nulls = S::answer();
    for (name, value) in nulls.as_object_mut().expect("answers are objects") {
        match (S::OPERATION, name.as_str()) {
            ("twilio.chat roles.create", "type") | (_, "role_id" | "payload") => {}
            ("twilio.iam role-assignments.create", "sid") => {}
            (_, "role-assignment") => {
                for (name, value) in value.as_object_mut().expect("it is an object") {
                    if name != "identifier" {
                        *value = Value::Null;
                    }
                }
            }
            _ => *value = Value::Null,
        }
    }
    let nulls = nulls.to_string();
    subject.fake().next_on(S::PATH, 1, Fault::status(201).body(nulls.clone()));
    S::call(&client, 1).await.expect(&nulls);
}

async fn an_answer_without_identity_says_what_its_status_says<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    let identity = match S::OPERATION {
        "twilio.iam role-assignments.create" => "/sid",
        "twilio.chat roles.create" => "/type",
        "harness role-assignments.create" => "/role-assignment/identifier",
        "redox role-assignment.assign" => "/payload/success",
        _ => "/role_id",
    };
    let (parent, field) = identity.rsplit_once('/').expect("it is a pointer");
    for lost in [None, Some(Value::Null), Some(json!({"of": "another type"}))] {
        let mut answer = S::answer();
        let object = answer.pointer_mut(parent).and_then(Value::as_object_mut);
        let object = object.expect("it is an object");
        match lost {
            None => object.remove(field),
            Some(value) => object.insert(field.to_owned(), value),
        };
        let fault = Fault::status(201).body(answer.to_string());
        subject.fake().next_on(S::PATH, 1, fault);
        let error = S::call(&client, 1).await.expect_err(&answer.to_string());
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert_eq!(error.effect(), S::UNREADABLE, "{error}");
        assert!(error.to_string().contains(field), "it names the place: {error}");
        let told = match S::UNREADABLE {
            Effect::Applied => "the change was made",
            _ => "outcome unknown",
        };
        assert!(error.to_string().ends_with(told), "{error}");
    }
}

/// A client whose limits do not reach to token requests.
fn client_of<S: Subject>(subject: &S, options: ClientOptions) -> S::Client {
    S::client_with(&subject.fake().uri(), "obviously-fake-credential", options)
}

async fn the_size_limit_is_exact<S: Subject>() {
    let subject = S::start().await;
    let body = S::answer().to_string();
    for (limit, fits) in [(body.len(), true), (body.len() - 1, false), (0, false)] {
        let client = client_of(&subject, once().max_answer_bytes(limit));
        let fault = Fault::status(201).body(body.clone());
        subject.fake().next_on(S::PATH, 1, fault);
        match S::call(&client, 1).await {
            Ok(_) => assert!(fits, "{limit}"),
            Err(error) => {
                assert!(!fits, "{limit}: {error}");
                assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
                assert_eq!(error.effect(), S::UNREADABLE, "{error}");
                let larger = format!("larger than {limit} bytes");
                assert!(error.to_string().contains(&larger), "{error}");
                assert!(error.body().len() <= limit, "{limit}");
            }
        }
    }
    // What an error status says is read as far as the limit goes.
    let client = client_of(&subject, once().max_answer_bytes(8));
    let fault = Fault::status(403).body("Forbidden by the proxy");
    subject.fake().next_on(S::PATH, 1, fault);
    let error = S::call(&client, 1).await.expect_err("it is forbidden");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.body(), b"Forbidde");
}

async fn the_default_size_limit_holds<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(ClientOptions::default().retry(RetryPolicy::none()));
    let large = Fault::status(201).body(padded::<S>(2 * MEBIBYTE - 4096));
    subject.fake().next_on(S::PATH, 1, large);
    S::call(&client, 1).await.expect("it is within the limit");
    subject.fake().next_on(S::PATH, 1, Fault::endless(201));
    let error = S::call(&client, 1).await.expect_err("it never ends");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, S::UNREADABLE));
    assert!(error.to_string().contains("larger than 2097152 bytes"), "{error}");
}

async fn an_error_keeps_a_bounded_body<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    for fault in [
        Fault::endless(403),
        Fault::status(403).body(vec![b'x'; 10 * MEBIBYTE]),
        Fault::status(403).body(vec![b'x'; KEPT + 1]),
    ] {
        subject.fake().next_on(S::PATH, 1, fault);
        let error = S::call(&client, 1).await.expect_err("it is forbidden");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.effect(), Effect::NotApplied);
        assert_eq!(error.body().len(), KEPT);
    }
}

async fn encoded_answers_are_not_read<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    // Whether the bytes are what the header says is nobody's business.
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".to_vec();
    for encoding in ["gzip", "br", "deflate", "zstd", "GZIP", "x-odd, gzip"] {
        for bytes in [gzip.clone(), S::answer().to_string().into_bytes()] {
            let answer = |status| {
                Fault::status(status).header("content-encoding", encoding).body(bytes.clone())
            };
            subject.fake().next_on(S::PATH, 1, answer(201));
            let error = S::call(&client, 1).await.expect_err(encoding);
            assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
            assert_eq!(error.effect(), S::UNREADABLE, "{error}");
            assert!(error.to_string().contains(encoding), "{error}");
            check_form(&error, encoding);

            for (status, kind, effect) in [
                (403, ErrorKind::PermissionDenied, Effect::NotApplied),
                (503, ErrorKind::Server, Effect::Unknown),
                (202, ErrorKind::UnexpectedStatus, Effect::Unknown),
            ] {
                subject.fake().next_on(S::PATH, 1, answer(status));
                let error = S::call(&client, 1).await.expect_err(encoding);
                assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
            }
        }
    }
    for encoding in ["identity", "Identity"] {
        let fault =
            Fault::status(201).header("content-encoding", encoding).body(S::answer().to_string());
        subject.fake().next_on(S::PATH, 1, fault);
        S::call(&client, 1).await.expect(encoding);
    }
    let asked = subject.fake().received();
    let asked = asked.iter().filter(|one| one.path().starts_with(S::PATH));
    for request in asked {
        assert_eq!(request.header("accept-encoding"), Some("identity"));
    }
}

async fn long_words_stay_on_one_short_line<S: Subject>() {
    let subject = S::start().await;
    let client = subject.client(once());
    for word in ["x", "é", "\u{1f600}", "\n", "\r\n[forged] ", "\u{2028}", "\u{202e}", "\0\x1b[31m"]
    {
        let long = word.repeat(600);
        let many = vec![long[..word.len() * 10].to_owned(); 60];
        let body = json!({
            "code": long, "message": long, "detail": long, "title": long, "correlationId": long,
            "moreInfo": long, "error": long, "error_description": long, "errorDetail": long,
            "errors": many, "payload": {"errors": many, "message": long}, "padding": long,
        });
        for status in [200, 400, 409, 500] {
            let fault = Fault::status(status)
                .header("twilio-request-id", &"r".repeat(5000))
                .body(body.to_string());
            subject.fake().next_on(S::PATH, 1, fault);
            let error = S::call(&client, 1).await.expect_err("it is no answer");
            check_form(&error, word);
        }
        // The decoder quotes what it cannot read.
        let body = json!(long).to_string();
        subject.fake().next_on(S::PATH, 1, Fault::status(201).body(body));
        let error = S::call(&client, 1).await.expect_err("it is no answer");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, S::UNREADABLE));
        check_form(&error, word);
    }
}

/// The error of a call whose own answer is replaced by this one, with nothing repeated.
#[allow(dead_code, reason = "not every vendor needs it")]
async fn refused<S: Subject>(subject: &S, client: &S::Client, fault: Fault) -> Error {
    subject.fake().next_on(S::PATH, 2, fault);
    let error = S::call(client, 1).await.expect_err("it is refused");
    subject.fake().clear_faults();
    check_form(&error, S::OPERATION);
    error
}

#[cfg(feature = "twilio")]
mod twilio_errors {
    use super::support::subjects::{TwilioChat, TwilioIam};
    use super::*;
    use rolecall::testing::TwilioDuplicates;
    use rolecall::twilio::{AccessControl, ErrorCode, ServiceError};

    struct Case {
        status: u16,
        body: Value,
        kind: ErrorKind,
        /// The typed error, but for the raw body.
        service: ServiceError,
    }

    fn case(
        status: u16,
        kind: ErrorKind,
        body: Value,
        fill: impl FnOnce(&mut ServiceError),
    ) -> Case {
        let mut service = ServiceError::default();
        fill(&mut service);
        service.raw = body.clone();
        Case { status, body, kind, service }
    }

    fn plain(status: u16, code: i64, message: &str) -> Value {
        json!({"code": code, "message": message, "status": status})
    }

    fn link(code: i64) -> String {
        format!("https://www.twilio.com/docs/api/errors/{code}")
    }

    fn cases() -> Vec<Case> {
        let basic = |error: &mut ServiceError, code: i64, message: &str, status: u16| {
            error.code = Some(ErrorCode(code));
            error.message = Some(message.into());
            error.status = Some(status);
        };
        let scim = "urn:ietf:params:scim:api:messages:2.0:Error";
        let mut all = vec![
            // As documented for role assignments ...
            case(
                400,
                ErrorKind::InvalidRequest,
                json!({"code": 25202, "message": "Invalid role", "moreInfo": link(25202), "status": 400}),
                |error| {
                    basic(error, 25202, "Invalid role", 400);
                    error.more_info = Some(link(25202));
                },
            ),
            case(
                403,
                ErrorKind::PermissionDenied,
                json!({"code": 20003, "message": "Forbidden", "moreInfo": link(20003), "status": 403}),
                |error| {
                    basic(error, 20003, "Forbidden", 403);
                    error.more_info = Some(link(20003));
                },
            ),
            // ... and for their list.
            case(
                403,
                ErrorKind::PermissionDenied,
                json!({"code": 20003, "message": "Forbidden", "more_info": link(20003), "status": 403}),
                |error| {
                    basic(error, 20003, "Forbidden", 403);
                    error.more_info = Some(link(20003));
                },
            ),
            case(
                409,
                ErrorKind::AlreadyExists,
                json!({"schemas": [scim], "detail": "User exists", "scimType": "uniqueness", "status": "409"}),
                |error| {
                    error.message = Some("User exists".into());
                    error.scim_type = Some("uniqueness".into());
                    error.status = Some(409);
                },
            ),
            case(
                404,
                ErrorKind::NotFound,
                json!({"schemas": [scim], "detail": "No such user", "status": "404", "code": 25008, "moreInfo": link(25008)}),
                |error| {
                    basic(error, 25008, "No such user", 404);
                    error.more_info = Some(link(25008));
                },
            ),
            case(
                400,
                ErrorKind::InvalidRequest,
                json!({"schemas": [scim], "detail": "Bad filter", "scimType": "invalidFilter", "status": "400"}),
                |error| {
                    error.message = Some("Bad filter".into());
                    error.scim_type = Some("invalidFilter".into());
                    error.status = Some(400);
                },
            ),
            case(
                429,
                ErrorKind::RateLimited,
                json!({"code": 20429, "message": "Too Many Requests", "more_info": link(20429), "status": 429,
                    "throttled_until": "2026-04-01T00:00:00Z"}),
                |error| {
                    basic(error, 20429, "Too Many Requests", 429);
                    error.more_info = Some(link(20429));
                    error.throttled_until = Some("2026-04-01T00:00:00Z".into());
                },
            ),
            case(
                400,
                ErrorKind::InvalidRequest,
                json!({"type": link(20001), "title": "Invalid parameter", "status": 400, "code": 20001,
                    "detail": "Type is wrong", "instance": "/x", "errors": [{"detail": "Type"}]}),
                |error| basic(error, 20001, "Type is wrong", 400),
            ),
            case(
                400,
                ErrorKind::InvalidRequest,
                json!({"type": "about:blank", "title": "Bad Request", "status": 400}),
                |error| {
                    error.message = Some("Bad Request".into());
                    error.status = Some(400);
                },
            ),
            case(
                403,
                ErrorKind::PermissionDenied,
                json!({"code": 50107, "message": "Not authorized", "httpStatusCode": 403, "params": {}, "userError": true}),
                |error| basic(error, 50107, "Not authorized", 403),
            ),
            // Behind a gateway the body's status may be another one; HTTP's decides.
            case(403, ErrorKind::PermissionDenied, plain(200, 20003, "Forbidden"), |error| {
                basic(error, 20003, "Forbidden", 200);
            }),
            case(
                400,
                ErrorKind::InvalidRequest,
                json!({"code": "20001", "status": "x"}),
                |error| {
                    error.code = Some(ErrorCode::INVALID);
                },
            ),
            case(418, ErrorKind::Rejected, plain(418, -7, "An unknown code"), |error| {
                basic(error, -7, "An unknown code", 418);
            }),
            case(404, ErrorKind::NotFound, json!({"details": {"a": 1}}), |_| {}),
            // Seen where 403 is documented.
            case(
                401,
                ErrorKind::PermissionDenied,
                plain(
                    401,
                    20003,
                    "Required permission twilio/iam/role-assignments/create is missing",
                ),
                |error| {
                    let message =
                        "Required permission twilio/iam/role-assignments/create is missing";
                    basic(error, 20003, message, 401);
                },
            ),
            case(401, ErrorKind::Unauthenticated, plain(401, 20003, "Authenticate"), |error| {
                basic(error, 20003, "Authenticate", 401);
            }),
            // That nothing was processed is believed of a refusal alone.
            case(500, ErrorKind::Server, plain(500, 20429, "Too Many Requests"), |error| {
                basic(error, 20429, "Too Many Requests", 500);
            }),
            case(503, ErrorKind::NotFound, plain(503, 20404, "Not found"), |error| {
                basic(error, 20404, "Not found", 503);
            }),
        ];
        for (status, code, kind) in [
            (500, 20500, ErrorKind::Server),
            (404, 20404, ErrorKind::NotFound),
            (404, 25008, ErrorKind::NotFound),
            (404, 25100, ErrorKind::NotFound),
            (404, 25101, ErrorKind::NotFound),
            (404, 50050, ErrorKind::NotFound),
            (404, 50100, ErrorKind::NotFound),
            (400, 25001, ErrorKind::InvalidRequest),
            (400, 25005, ErrorKind::InvalidRequest),
            (400, 25014, ErrorKind::InvalidRequest),
            (400, 25023, ErrorKind::InvalidRequest),
            (400, 25106, ErrorKind::InvalidRequest),
            (400, 25200, ErrorKind::InvalidRequest),
            (400, 25201, ErrorKind::InvalidRequest),
            (400, 25203, ErrorKind::InvalidRequest),
            (400, 50000, ErrorKind::InvalidRequest),
            (400, 50003, ErrorKind::InvalidRequest),
            (400, 50103, ErrorKind::InvalidRequest),
            (400, 50104, ErrorKind::InvalidRequest),
            (400, 50105, ErrorKind::InvalidRequest),
            (403, 25018, ErrorKind::PermissionDenied),
            (403, 25105, ErrorKind::PermissionDenied),
            (403, 25107, ErrorKind::PermissionDenied),
            (409, 25020, ErrorKind::Conflict),
            (409, 25022, ErrorKind::AlreadyExists),
            (429, 20429, ErrorKind::RateLimited),
            (429, 25021, ErrorKind::RateLimited),
            (400, 25109, ErrorKind::RateLimited),
            (429, 50063, ErrorKind::RateLimited),
            (429, 50074, ErrorKind::RateLimited),
        ] {
            all.push(case(status, kind, plain(status, code, "As it is"), |error| {
                basic(error, code, "As it is", status);
            }));
        }
        all
    }

    async fn every_form_is_read<S: Subject>() {
        let subject = S::start().await;
        let client = subject.client(once());
        for Case { status, body, kind, service } in cases() {
            let fault = Fault::status(status)
                .content_type("application/scim+json")
                .header("Twilio-Request-Id", "RQ0123")
                .body(body.to_string());
            let error = refused(&subject, &client, fault).await;
            assert_eq!(error.kind(), kind, "{error}");
            let effect = if status >= 500 { Effect::Unknown } else { Effect::NotApplied };
            assert_eq!(error.effect(), effect, "{error}");
            let read = error.service::<ServiceError>().expect("the body was read");
            assert_eq!(*read, service);
            let code = service.code.map(|code| code.to_string());
            assert_eq!(
                (error.code(), error.message()),
                (code.as_deref(), service.message.as_deref())
            );
            assert_eq!(error.request_id(), Some("RQ0123"));
            assert_eq!(error.body(), body.to_string().as_bytes());
            // A fresh token is tried where it could help, and only there.
            let renewed = S::RENEWS && kind == ErrorKind::Unauthenticated;
            assert_eq!(error.attempts(), if renewed { 2 } else { 1 }, "{error}");
        }
    }

    async fn the_line_has_what_support_asks_for<S: Subject>() {
        let subject = S::start().await;
        let client = subject.client(once());
        for name in ["Twilio-Request-Id", "X-Twilio-Request-Id"] {
            let body = plain(403, 20003, "Not\nallowed");
            let fault = Fault::status(403).header(name, "RQ77").body(body.to_string());
            let error = refused(&subject, &client, fault).await;
            let rest =
                "permission denied (20003: Not allowed), HTTP 403, request id RQ77, 1 attempt";
            assert_eq!(error.to_string(), format!("{}: {rest}", S::OPERATION));
        }
    }

    fn documented() -> AccessControl {
        let mut all = AccessControl::default();
        all.allow_origin = Some("https://console.example".into());
        all.allow_methods = Some("GET, POST".into());
        all.allow_headers = Some("Accept".into());
        all.allow_credentials = Some(true);
        all.expose_headers = Some("ETag".into());
        all
    }

    async fn access_control_headers_are_on_answers_and_errors<S: Subject>() {
        let subject = S::start().await;
        let client = subject.client(once());
        let answer = S::call(&client, 1).with_response().await.expect("it is fine");
        let sent = AccessControl::of(answer.headers());
        assert_eq!(sent.allow_origin.as_deref(), Some("*"));
        assert_eq!(sent.allow_credentials, Some(true));
        assert!(sent.allow_methods.is_some() && sent.allow_headers.is_some());
        assert!(sent.expose_headers.is_some());
        assert!(answer.request_id().is_some_and(|id| id.starts_with("RQ")));

        for (status, body) in [
            (201, S::answer().to_string()),
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
            subject.fake().next_on(S::PATH, 1, fault);
            let headers = match S::call(&client, 2).with_response().await {
                Ok(answer) => answer.headers().clone(),
                Err(error) => error.headers().clone(),
            };
            assert_eq!(AccessControl::of(&headers), documented(), "{status}");
        }

        for (value, expected) in [("false", Some(false)), ("TRUE", Some(true)), ("maybe", None)] {
            let fault = Fault::status(403).header("Access-Control-Allow-Credentials", value);
            let error = refused(&subject, &client, fault).await;
            let read = AccessControl::of(error.headers());
            assert_eq!(read.allow_credentials, expected, "{value}");
            assert_eq!(read.allow_origin, None);
        }
    }

    macro_rules! for_both {
        ($($test:ident),+ $(,)?) => { $(
            mod $test {
                #[tokio::test]
                async fn in_iam() {
                    super::$test::<super::TwilioIam>().await;
                }

                #[tokio::test]
                async fn in_chat() {
                    super::$test::<super::TwilioChat>().await;
                }
            }
        )+ };
    }

    for_both!(
        every_form_is_read,
        the_line_has_what_support_asks_for,
        access_control_headers_are_on_answers_and_errors,
    );

    #[tokio::test]
    async fn a_missing_permission_costs_no_new_token() {
        let subject = TwilioIam::start().await;
        let client = subject.client(once());
        let body = plain(401, 20003, "required permission x is missing");
        let fault = Fault::status(401).body(body.to_string());
        let error = refused(&subject, &client, fault).await;
        assert!(error.is_permission_denied(), "{error}");
        assert_eq!((error.attempts(), subject.0.tokens_given()), (1, 1));
    }

    #[tokio::test]
    async fn the_fakes_own_refusals_are_read_too() {
        let iam = TwilioIam::start().await;
        iam.0.duplicates(TwilioDuplicates::Refused);
        let client = iam.client(once());
        TwilioIam::call(&client, 1).await.expect("it is the first");
        let error = TwilioIam::call(&client, 1).await.expect_err("it is the second");
        assert!(error.is_conflict(), "{error}");
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
    use super::support::subjects::Harness;
    use super::*;
    use rolecall::harness::{ErrorCode, ServiceError};
    use rolecall::testing::HarnessDuplicates;

    async fn read(status: u16, body: &Value) -> (Error, ServiceError) {
        let subject = Harness::start().await;
        let client = subject.client(once());
        let fault = Fault::status(status).body(body.to_string());
        let error = refused(&subject, &client, fault).await;
        let service = error.service::<ServiceError>().expect("it was read").clone();
        (error, service)
    }

    #[tokio::test]
    async fn the_documented_form() {
        let (error, service) = read(
            400,
            &json!({
                "message": "Invalid input", "code": "INVALID_ARGUMENT",
                "errors": [{"field_name": "role", "message": "is unknown"}],
                "error_metadata": {"trace": 7},
            }),
        )
        .await;
        assert!(error.is_invalid_request());
        assert_eq!(service.code, Some(ErrorCode::InvalidArgument));
        assert_eq!(service.field_errors.len(), 1);
        assert_eq!(service.field_errors[0].field.as_deref(), Some("role"));
        assert_eq!(service.field_errors[0].message.as_deref(), Some("is unknown"));
        assert_eq!(service.metadata, Some(json!({"trace": 7})));
        assert_eq!(
            error.to_string(),
            "harness role-assignments.create: invalid request \
             (INVALID_ARGUMENT: Invalid input), HTTP 400, 1 attempt"
        );
    }

    #[tokio::test]
    async fn form_a_an_error_with_its_messages() {
        let (error, service) = read(
            400,
            &json!({
                "status": "ERROR", "code": "RESOURCE_NOT_FOUND_EXCEPTION", "message": "No such org",
                "correlationId": "7f0c-1", "detailedMessage": "In detail",
                "responseMessages": [{
                    "code": "RESOURCE_NOT_FOUND_EXCEPTION", "level": "ERROR", "message": "No such org",
                    "exception": null, "failureTypes": ["APPLICATION_ERROR"],
                }],
                "metadata": null,
            }),
        )
        .await;
        assert!(error.is_not_found(), "not found is a 400 here: {error}");
        assert_eq!(error.effect(), Effect::NotApplied);
        assert_eq!(error.code(), Some("RESOURCE_NOT_FOUND_EXCEPTION"));
        assert_eq!(error.request_id(), Some("7f0c-1"));
        assert!(error.to_string().contains("HTTP 400, correlation 7f0c-1, 1 attempt"), "{error}");
        assert_eq!(service.status.as_deref(), Some("ERROR"));
        assert_eq!(service.detailed_message.as_deref(), Some("In detail"));
        assert_eq!(service.correlation_id.as_deref(), Some("7f0c-1"));
        let message = &service.response_messages[0];
        assert_eq!(message.level.as_deref(), Some("ERROR"));
        assert_eq!(message.failure_types.as_deref(), Some(&["APPLICATION_ERROR".to_owned()][..]));
    }

    #[tokio::test]
    async fn form_b_a_failure_with_its_fields() {
        let (error, service) = read(
            400,
            &json!({
                "status": "FAILURE", "code": "INVALID_REQUEST", "message": "Invalid request",
                "correlationId": "7f0c-2",
                "errors": [
                    {"fieldId": "identifier", "error": "cannot be empty"}, null, 5,
                    {"fieldId": "b", "field_name": "a", "error": "d", "message": "c"},
                ],
            }),
        )
        .await;
        assert!(error.is_invalid_request());
        assert_eq!(error.request_id(), Some("7f0c-2"));
        assert_eq!(service.status.as_deref(), Some("FAILURE"));
        let fields: Vec<_> = service
            .field_errors
            .iter()
            .map(|one| (one.field.as_deref(), one.message.as_deref()))
            .collect();
        assert_eq!(
            fields,
            [
                (Some("identifier"), Some("cannot be empty")),
                // Both spellings together: the documented one counts.
                (Some("a"), Some("c")),
            ]
        );
    }

    #[tokio::test]
    async fn form_c_a_denial_with_the_failed_checks() {
        let (error, service) = read(
            403,
            &json!({
                "status": "ERROR", "code": "NG_ACCESS_DENIED",
                "message": "Missing permission core_role_edit", "correlationId": "7f0c-3",
                "failedPermissionChecks": [{
                    "resourceScope": {"accountIdentifier": "a", "orgIdentifier": "o"},
                    "resourceType": "ROLE", "resourceAttributes": null,
                    "resourceIdentifier": "r", "permission": "core_role_edit",
                }],
            }),
        )
        .await;
        assert!(error.is_permission_denied());
        let check = &service.failed_permission_checks[0];
        assert_eq!(check.permission.as_deref(), Some("core_role_edit"));
        assert_eq!(check.resource_type.as_deref(), Some("ROLE"));
        assert_eq!(check.resource_identifier.as_deref(), Some("r"));
        assert_eq!(
            check.resource_scope,
            Some(json!({"accountIdentifier": "a", "orgIdentifier": "o"}))
        );
        assert_eq!(
            error.to_string(),
            "harness role-assignments.create: permission denied (NG_ACCESS_DENIED: Missing \
             permission core_role_edit), HTTP 403, correlation 7f0c-3, 1 attempt"
        );
    }

    #[tokio::test]
    async fn form_d_messages_alone() {
        let (error, service) = read(
            400,
            &json!({
                "metaData": {}, "resource": null,
                "responseMessages": [
                    {"code": "USER_NOT_AUTHORIZED", "level": "ERROR", "message": "Not you", "failureTypes": []},
                    {"code": "UNKNOWN_ERROR", "level": "INFO", "message": "more"},
                ],
            }),
        )
        .await;
        assert!(error.is_permission_denied(), "not authorized is a 400 here: {error}");
        assert_eq!((error.code(), error.message()), (Some("USER_NOT_AUTHORIZED"), Some("Not you")));
        assert_eq!(service.code, Some(ErrorCode::UserNotAuthorized));
        assert_eq!(service.response_messages.len(), 2);
    }

    #[tokio::test]
    async fn form_e_what_a_load_balancer_says() {
        let subject = Harness::start().await;
        let client = subject.client(once());
        for fault in [
            (Fault::html(403), ""),
            (
                Fault::status(403).content_type("text/plain").body("denied\nby policy"),
                " (denied by policy)",
            ),
            (Fault::status(403), ""),
        ] {
            let (fault, words) = fault;
            let error = refused(&subject, &client, fault).await;
            assert!(error.is_permission_denied());
            assert!(error.service::<ServiceError>().is_none());
            assert_eq!(
                error.to_string(),
                format!(
                    "harness role-assignments.create: permission denied{words}, HTTP 403, 1 attempt"
                )
            );
        }
    }

    #[tokio::test]
    async fn codes_decide_before_statuses() {
        let subject = Harness::start().await;
        let client = subject.client(once());
        for (status, code, kind) in [
            (400, "INVALID_REQUEST", ErrorKind::InvalidRequest),
            (400, "INVALID_ARGUMENT", ErrorKind::InvalidRequest),
            (400, "DUPLICATE_FIELD", ErrorKind::AlreadyExists),
            (400, "RESOURCE_ALREADY_EXISTS", ErrorKind::AlreadyExists),
            (409, "RESOURCE_ALREADY_EXISTS", ErrorKind::AlreadyExists),
            (409, "UNKNOWN_ERROR", ErrorKind::AlreadyExists),
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
            (200, "DUPLICATE_FIELD", ErrorKind::UnexpectedStatus),
        ] {
            let body = json!({"status": "ERROR", "code": code, "message": "As it is"});
            let fault = Fault::status(status).body(body.to_string());
            let error = refused(&subject, &client, fault).await;
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!((error.code(), error.message()), (Some(code), Some("As it is")));
            let effect = match status {
                300..500 => Effect::NotApplied,
                _ => Effect::Unknown,
            };
            assert_eq!(error.effect(), effect, "{error}");
            let service = error.service::<ServiceError>().expect("it was read");
            let read = service.code.as_ref().expect("it has a code");
            assert_eq!(read.as_str(), code);
        }
    }

    #[tokio::test]
    async fn duplicates_in_all_their_forms() {
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
    use super::support::subjects::Redox;
    use super::*;
    use rolecall::redox::ServiceError;

    #[tokio::test]
    async fn every_form_is_read() {
        let subject = Redox::start().await;
        let client = subject.client(once());
        let errors = json!([{"ID": 1, "Text": "No role", "Type": "validation", "Module": "x"}]);
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
            (
                json!({"error": "invalid_client", "error_description": "Public key not found", "error_uri": "https://x"}),
                Some("invalid_client"),
                "Public key not found",
            ),
            (json!({"errorDetail": "one"}), None, "one"),
            (json!({"Meta": {"Errors": errors}}), Some("validation"), "No role"),
            (json!({"code": 17, "message": "one"}), Some("17"), "one"),
        ] {
            for status in [400, 401, 403, 404, 413, 429, 500, 502, 504] {
                let fault = Fault::status(status).body(body.to_string());
                let error = refused(&subject, &client, fault).await;
                let (kind, effect) = expected::<Redox>(status);
                assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
                assert_eq!((error.code(), error.message()), (code, Some(message)), "{body}");
                let service = error.service::<ServiceError>().expect("it was read");
                assert_eq!(service.messages.join("; "), message);
                assert_eq!(service.code.as_deref(), code);
                assert_eq!(service.raw, body);
                assert_eq!(error.attempts(), 1, "the policy says so");
            }
        }
    }

    #[tokio::test]
    async fn plain_text_is_kept_as_it_is() {
        let subject = Redox::start().await;
        let client = subject.client(once());
        let fault = Fault::status(404).content_type("text/plain").body("No such\norganization");
        let error = refused(&subject, &client, fault).await;
        assert!(error.is_not_found());
        assert_eq!(error.body(), b"No such\norganization");
        assert!(error.service::<ServiceError>().is_none());
        assert_eq!(
            error.to_string(),
            "redox role-assignment.assign: not found (No such organization), HTTP 404, 1 attempt"
        );
    }

    #[tokio::test]
    async fn success_false_is_never_ok() {
        let subject = Redox::start().await;
        // With the usual policy: a refusal is no reason to ask again.
        let client = subject.client(ClientOptions::default());
        for status in [200, 201] {
            let body = json!({
                "meta": {"version": "1.1.0", "new": true},
                "payload": {"success": false, "errors": [{"message": "only for owners"}]},
            });
            let fault = Fault::status(status).body(body.to_string());
            let error = refused(&subject, &client, fault).await;
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::Unknown));
            assert_eq!(error.attempts(), 1);
            assert_eq!(error.message(), Some("only for owners"));
            let service = error.service::<ServiceError>().expect("it was read");
            assert_eq!(service.raw, body);
            assert_eq!(error.body(), body.to_string().as_bytes());
            assert_eq!(
                error.to_string(),
                format!(
                    "redox role-assignment.assign: rejected (only for owners), HTTP {status}, \
                     1 attempt, outcome unknown"
                )
            );
        }
        assert_eq!(subject.held(), 0);
    }
}

#[cfg(feature = "deepset")]
mod deepset_errors {
    use super::support::subjects::Deepset;
    use super::*;
    use rolecall::deepset::{LocationPart, ServiceError};

    #[tokio::test]
    async fn documented_refusals_with_a_body_and_without() {
        let subject = Deepset::start().await;
        let client = subject.client(once());
        for (status, kind) in [(404, ErrorKind::NotFound), (409, ErrorKind::AlreadyExists)] {
            let fault = Fault::status(status).body(r#"{"detail":"As it is"}"#);
            let error = refused(&subject, &client, fault).await;
            assert_eq!((error.kind(), error.effect()), (kind, Effect::NotApplied));
            assert_eq!((error.code(), error.message()), (None, Some("As it is")));
            let service = error.service::<ServiceError>().expect("it was read");
            assert_eq!(service.message.as_deref(), Some("As it is"));

            let error = refused(&subject, &client, Fault::status(status)).await;
            assert_eq!((error.kind(), error.effect()), (kind, Effect::NotApplied));
            assert!(error.service::<ServiceError>().is_none());
            assert_eq!(error.message(), None);
        }
    }

    #[tokio::test]
    async fn the_fakes_duplicates_and_strange_organizations_are_refused_so() {
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
    async fn validation_errors_say_what_and_where() {
        let subject = Deepset::start().await;
        let client = subject.client(once());
        let body = json!({"detail": [
            {
                "loc": ["body", "permissions", 0, "asset"], "msg": "Input should be one of them",
                "type": "enum", "input": {"any": ["thing"]}, "ctx": {"expected": "'a' or 'b'"},
            },
            {"loc": [], "msg": "Field required", "type": "missing", "input": null},
            {"loc": "not a list", "msg": 5},
            null,
        ]});
        let fault = Fault::status(422).body(body.to_string());
        let error = refused(&subject, &client, fault).await;
        assert!(error.is_invalid_request());
        assert_eq!(
            error.to_string(),
            "deepset roles.create: invalid request (body.permissions.0.asset: Input should be one \
             of them; : Field required), HTTP 422, 1 attempt"
        );
        let service = error.service::<ServiceError>().expect("it was read");
        assert_eq!(service.detail.len(), 2, "what has another shape is left out");
        let first = &service.detail[0];
        let field = |name: &str| LocationPart::Field(name.to_owned());
        assert_eq!(
            first.loc,
            [field("body"), field("permissions"), LocationPart::Index(0), field("asset")]
        );
        assert_eq!(
            (first.msg.as_str(), first.kind.as_str()),
            ("Input should be one of them", "enum")
        );
        assert_eq!(first.input, Some(json!({"any": ["thing"]})));
        let expected = first.ctx.as_ref().and_then(|ctx| ctx.get("expected"));
        assert_eq!(expected, Some(&json!("'a' or 'b'")));
        assert!(service.detail[1].ctx.is_none());
        assert_eq!(service.message, None);
    }

    #[tokio::test]
    async fn observed_forms_are_read() {
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
            for status in [401, 403, 422, 429, 500] {
                let fault = Fault::status(status).body(body.to_string());
                let error = refused(&subject, &client, fault).await;
                assert_eq!((error.kind(), error.effect()), expected::<Deepset>(status));
                assert_eq!(error.message(), message, "{body}");
                let service = error.service::<ServiceError>().expect("it was read");
                assert_eq!(service.errors.as_ref(), body.get("errors"));
            }
        }
    }

    #[tokio::test]
    async fn pages_of_the_proxy_are_told_by_status() {
        let subject = Deepset::start().await;
        let client = subject.client(once());
        for status in [401, 403, 502, 503, 504] {
            let error = refused(&subject, &client, Fault::html(status)).await;
            assert_eq!((error.kind(), error.effect()), expected::<Deepset>(status));
            assert!(error.body().starts_with(b"<html>"));
            assert!(!error.to_string().contains("html"), "{error}");
        }
    }
}
