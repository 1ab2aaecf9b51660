//! The conditions of a success, and the meaning of a refusal: one table for each rule, over every
//! endpoint.

use std::collections::BTreeSet;

use rolecall::operation::Idempotency;
use rolecall::{ClientOptions, Effect, Error, ErrorKind, RetryPolicy};
use serde_json::Value;

use crate::fault_matrix::Stage;
use crate::registry::{Checked, Endpoint, each_operation};
use crate::support::raw::Reply;
use crate::support::truth::{CREATES_UNDER_404, check_form, kind_of_status, may_succeed};

fn options() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none())
}

fn stage(endpoint: Endpoint) -> Stage {
    Stage::new(endpoint, Reply::close(""), options())
}

impl Stage {
    /// The result of the call where the service says this.
    async fn call(&self, status: u16, body: impl AsRef<[u8]>) -> Result<(), Error> {
        self.says(Reply::http(status, &[], body.as_ref()));
        (self.caller)().await
    }

    /// Calls, and checks kind and effect; `None` where the request is made for another one, which was
    /// not sent.
    async fn fails(
        &self,
        status: u16,
        body: &str,
        kind: ErrorKind,
        effect: Effect,
    ) -> Option<Error> {
        let context = format!("{}: {status} {body}", self.endpoint);
        let error = self.call(status, body).await.expect_err(&context);
        check_form(&error).expect(&context);
        if self.endpoint.before.is_some() {
            assert_eq!(error.effect(), Effect::NotApplied, "{context}");
            return None;
        }
        let safe = self.endpoint.idempotency() == Idempotency::Safe;
        let effect = if safe { Effect::NotApplied } else { effect };
        assert_eq!((error.kind(), error.effect()), (kind, effect), "{context}: {error}");
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{context}");
        assert_eq!(error.body(), body.as_bytes(), "{context}");
        Some(error)
    }

    /// Whether the error of a response that says "success" and has this body tells what the call did.
    fn is_truthful(&self, error: &Error, body: &[u8]) -> bool {
        let json = std::str::from_utf8(body).ok().filter(|json| json.starts_with('{'));
        let is_object =
            json.is_some_and(|json| serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok());
        let is_safe = self.endpoint.idempotency() == Idempotency::Safe;
        let effect = match error.kind() {
            _ if is_safe || self.endpoint.before.is_some() => Effect::NotApplied,
            // A service may say in its success that it was none.
            ErrorKind::Rejected => Effect::Unknown,
            _ if is_object && self.endpoint.spec.is_confirmed_by_status() => Effect::Applied,
            _ => Effect::Unknown,
        };
        let kinds = [ErrorKind::Decode, ErrorKind::Rejected];
        let fits = self.endpoint.before.is_some() || kinds.contains(&error.kind());
        check_form(error).is_ok() && fits && error.effect() == effect
    }

    fn successes(&self) -> impl Iterator<Item = u16> + use<> {
        let spec = self.endpoint.spec;
        [200, 201].into_iter().filter(|status| may_succeed(spec, *status))
    }
}

/// A login page, or anything else that is not the service's, changes nothing for certain.
#[tokio::test]
async fn success_without_a_response_of_the_service_is_unknown() {
    for endpoint in each_operation() {
        let stage = stage(endpoint);
        let response = stage.endpoint.response.clone();
        let half = &response[..response.len() / 2];
        let other_kind = if response.starts_with('[') { "{}" } else { r#"[["1.0"],[true]]"# };
        for status in stage.successes() {
            for body in ["<html>login</html>", "OK", "{", "\u{feff}<html>"] {
                stage.fails(status, body, ErrorKind::Decode, Effect::Unknown).await;
            }
            if stage.endpoint.has_body() && !stage.endpoint.may_be_blank {
                for body in ["", " ", "null", "true", r#""text""#, half, other_kind] {
                    stage.fails(status, body, ErrorKind::Decode, Effect::Unknown).await;
                }
            }
        }
    }
}

/// The forms in which a service reports an error: body, code, message.
fn errors(operation: &str) -> &'static [(&'static str, Option<&'static str>, &'static str)] {
    match operation.split(['.', ' ']).next() {
        Some("twilio") => &[
            (r#"{"code":20403,"message":"No","more_info":"x","status":403}"#, Some("20403"), "No"),
            (r#"{"code":20403,"message":"No"}"#, Some("20403"), "No"),
            (r#"{"httpStatusCode":403,"message":"No","userError":true}"#, None, "No"),
            (
                r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"No","status":"403"}"#,
                None,
                "No",
            ),
            (
                r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"No"}"#,
                None,
                "No",
            ),
            (r#"{"title":"Forbidden","detail":"No","status":403}"#, None, "No"),
            (r#"{"error":"invalid","error_description":"No"}"#, Some("invalid"), "No"),
        ],
        Some("harness") => &[
            (
                r#"{"status":"ERROR","code":"INVALID_REQUEST","message":"No","correlationId":"c"}"#,
                Some("INVALID_REQUEST"),
                "No",
            ),
            (r#"{"status":"FAILURE","code":"X","message":"No","errors":[]}"#, Some("X"), "No"),
            (r#"{"code":"X","message":"No","error_metadata":{}}"#, Some("X"), "No"),
            (
                r#"{"responseMessages":[{"code":"X","level":"ERROR","message":"No"}]}"#,
                Some("X"),
                "No",
            ),
        ],
        Some("redox") => &[
            (r#"{"error":"invalid","error_description":"No"}"#, Some("invalid"), "No"),
            (r#"{"payload":{"success":"false","errors":["No"]}}"#, None, "No"),
            (r#"{"payload":{"errors":[{"message":"No"}]}}"#, None, "No"),
            (r#"{"Meta":{"Errors":[{"Type":"x","Text":"No"}]}}"#, Some("x"), "No"),
            (r#"{"message":"No"}"#, None, "No"),
        ],
        _ => &[
            (r#"{"detail":"No"}"#, None, "No"),
            (r#"{"errors":["No"]}"#, None, "No"),
            (r#"{"detail":[{"loc":["body"],"msg":"No","type":"x"}]}"#, None, "body: No"),
        ],
    }
}

#[tokio::test]
async fn error_under_a_success_is_rejected_with_its_words() {
    for endpoint in each_operation() {
        let stage = stage(endpoint);
        for (body, code, message) in errors(stage.endpoint.name()) {
            for status in stage.successes() {
                let (kind, effect) = (ErrorKind::Rejected, Effect::Unknown);
                let Some(error) = stage.fails(status, body, kind, effect).await else { continue };
                assert_eq!((error.code(), error.message()), (*code, Some(*message)), "{body}");
                let correlation = body.contains("correlationId").then_some("c");
                assert_eq!(error.request_id(), correlation, "{body}");
            }
        }
    }
}

#[tokio::test]
async fn status_of_a_success_may_be_another_one() {
    for endpoint in each_operation() {
        let stage = stage(endpoint);
        let Checked::Call(..) = stage.endpoint.checked(&stage.raw.origin(), options(), None) else {
            continue;
        };
        let response = stage.endpoint.response.clone();
        let bodies = match stage.endpoint.has_body() {
            true => vec![response.as_str()],
            false => vec!["", "{}", "null", "[]", r#"{"sid":"RL1","status":"active"}"#],
        };
        for status in stage.successes() {
            for body in &bodies {
                stage.says(Reply::http(status, &[], body.as_bytes()));
                let origin = stage.raw.origin();
                let Checked::Call(_, call) = stage.endpoint.checked(&origin, options(), None)
                else {
                    unreachable!("it is a call");
                };
                let expected = if stage.endpoint.before.is_some() { 201 } else { status };
                let seen = call.await.unwrap_or_else(|error| panic!("{status} {body}: {error}"));
                assert_eq!(seen, (expected, 1), "{}: {body}", stage.endpoint);
            }
        }
        let unexpected = (ErrorKind::UnexpectedStatus, Effect::Unknown);
        for status in [202, 203, 206] {
            stage.fails(status, &response, unexpected.0, unexpected.1).await;
        }
        if stage.endpoint.has_body() {
            stage.fails(204, "", unexpected.0, unexpected.1).await;
        }
    }
}

/// Codes that say no more than the status does, but under 400; and codes of what is not found.
fn codes(operation: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match operation.split(['.', ' ']).next() {
        Some("twilio") => (&["20001", "20404", "20500"], &["25008", "25100", "50050", "50100"]),
        Some("harness") => (
            &[r#""INVALID_REQUEST""#, r#""INVALID_ARGUMENT""#, r#""UNKNOWN_ERROR""#],
            &[
                r#""RESOURCE_NOT_FOUND_EXCEPTION""#,
                r#""RESOURCE_NOT_FOUND""#,
                r#""ENTITY_NOT_FOUND""#,
            ],
        ),
        _ => (&["null"], &["null"]),
    }
}

#[tokio::test]
async fn kind_is_that_of_the_status_where_no_code_says_more() {
    for endpoint in each_operation() {
        let stage = stage(endpoint);
        let (generic, not_found) = codes(stage.endpoint.name());
        let spec = stage.endpoint.spec;
        for status in [400, 401, 403, 404, 408, 409, 412, 429, 500, 502, 503, 504] {
            for code in generic.iter().chain(not_found) {
                let specific = !generic.contains(code);
                let kind = match status {
                    400 if specific || *code == "20404" => ErrorKind::NotFound,
                    // Of a code that names what is not found, a status of the client's is no more.
                    401..=499 if specific && !matches!(status, 408 | 429) => ErrorKind::NotFound,
                    _ => kind_of_status(spec, status),
                };
                let open =
                    status == 408 || (status == 404 && stage.endpoint.name() == CREATES_UNDER_404);
                let known = (400..500).contains(&status) && !open;
                let effect = if known { Effect::NotApplied } else { Effect::Unknown };
                let body = format!(r#"{{"code":{code},"message":"No"}}"#);
                // Tokens that are refused one after another would pause the client.
                let stage =
                    if status == 401 { &self::stage(stage.endpoint.clone()) } else { &stage };
                stage.fails(status, &body, kind, effect).await;
            }
        }
    }
}

/// Fields that identify a thing or a token, report its success, or lead to the next page; where they are
/// at the root, in a list, or in one of these objects.
const ESSENTIAL: [&str; 20] = [
    "sid",
    "account_sid",
    "id",
    "identifier",
    "role_id",
    "user_id",
    "success",
    "next_page_url",
    "next",
    "access_token",
    "token_type",
    "data",
    "successfullyDeleted",
    "roleAssignmentErrorResponseDTOList",
    "roleAssignmentId",
    "channel_sid",
    "conversation_sid",
    "chat_service_sid",
    "default_chat_service_sid",
    "uuid",
];
const WRAPPERS: [&str; 10] = [
    "permission",
    "role-assignment",
    "roleAssignment",
    "org",
    "project",
    "user",
    "payload",
    "data",
    "meta",
    "links",
];

/// Whether a response cannot be read without this place, or what is inside.
fn is_essential(place: &str, all: &[String]) -> bool {
    all.iter().filter(|inner| inner.starts_with(place)).any(|inner| {
        let (parent, name) = inner.rsplit_once('/').expect("it is no root");
        let parent = parent.rsplit('/').next().unwrap_or_default();
        let is_open =
            parent.is_empty() || parent.parse::<u64>().is_ok() || WRAPPERS.contains(&parent);
        is_open && ESSENTIAL.contains(&name)
    })
}

/// The places of all values in a JSON value.
fn places(value: &Value) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let mut all = vec![String::new()];
    for (name, value) in inside {
        all.extend(places(value).into_iter().map(|place| format!("/{name}{place}")));
    }
    all
}

/// The response with this in each of its places, by place.
fn with_each(response: &str, odd: impl Fn(&Value) -> Option<Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    let parsed: Value = serde_json::from_str(response).expect("responses are JSON");
    let places = places(&parsed).into_iter().filter(|place| !place.is_empty());
    let changed = places.filter_map(|place| {
        let mut changed = parsed.clone();
        let value = changed.pointer_mut(&place).expect("it is there");
        let odd = odd(value)?;
        *value = "@@".into();
        let text = changed.to_string();
        let (before, after) = text.split_once("\"@@\"").expect("it is there");
        Some((place, [before.as_bytes(), &odd, after.as_bytes()].concat()))
    });
    changed.collect()
}

/// Values for any place, each of which may make a response unreadable.
const STRANGE: [&[u8]; 12] = [
    b"-0",
    b"-1",
    b"1e999",
    b"9999999999999999999999999999999999999999",
    b"\"\"",
    b"\"9999999999999999999999\"",
    b"\"\\u0000\\r\\n\"",
    b"\"\\ud800\"",
    b"\"\xff\"",
    b"[[[]],{}]",
    b"{\"a\":{\"a\":null}}",
    b"\"\xe2\x80\xae\xf0\x9f\x98\x80\"",
];

/// Fields that no response has, or that are none.
fn strange_fields() -> [Vec<u8>; 8] {
    [
        format!("\"zz\":{}{},", "[".repeat(20_000), "]".repeat(20_000)).into(),
        format!("\"zz\":{}1{},", "{\"a\":".repeat(5_000), "}".repeat(5_000)).into(),
        b"\"z\":1,".repeat(5_000),
        b"\"\xff\":1,".to_vec(),
        b"\"\\ud800\":1,".to_vec(),
        b"\"\":1,".to_vec(),
        b"1:1,".to_vec(),
        b"/* */".to_vec(),
    ]
}

/// Whatever a field holds that identifies nothing, the response is read. Where it is not read, the error
/// says what the call did.
#[tokio::test]
async fn only_what_identifies_a_thing_can_make_a_response_unreadable() {
    let mut known = BTreeSet::new();
    let mut wrong = Vec::new();
    for endpoint in each_operation() {
        if !endpoint.has_body() || !known.insert(endpoint.response.clone()) {
            continue;
        }
        let stage = stage(endpoint);
        let response = &stage.endpoint.response;
        let all = places(&serde_json::from_str(response).expect("responses are JSON"));
        let all: Vec<_> = all.into_iter().filter(|place| !place.is_empty()).collect();
        let fixed = [
            "5",
            "1234567890.5",
            "99999999999999999999",
            "true",
            r#""odd""#,
            r#""\ud83d""#,
            "[]",
            "[5]",
            "{}",
            "null",
        ];
        let fixed = fixed.map(|odd| with_each(response, |_| Some(odd.into())));
        // An array of an object's values, which serde's derives accept for the object.
        let arrays = with_each(response, |value| {
            let fields = value.as_object()?;
            Some(Value::from_iter(fields.values().cloned()).to_string().into())
        });
        let strange = STRANGE.map(|odd| with_each(response, |_| Some(odd.to_vec())));
        let (before, after) = response.split_once('{').expect("it has an object");
        let fields = strange_fields()
            .map(|field| [before.as_bytes(), b"{", &field, after.as_bytes()].concat());
        let strange = strange.into_iter().flatten().map(|(_, body)| body).chain(fields);
        let fixed = fixed.into_iter().flatten().chain(arrays);
        let fixed = fixed.map(|(place, body)| (!is_essential(&place, &all), body));
        for (must_be_read, body) in fixed.chain(strange.map(|body| (false, body))) {
            let called = stage.call(stage.endpoint.success()[0], &body).await;
            let Err(error) = called else { continue };
            let shows_code = error.to_string().contains("struct ");
            if must_be_read || shows_code || !stage.is_truthful(&error, &body) {
                let body = body[..body.len().min(300)].escape_ascii();
                wrong.push(format!("{}: {body}: {error:?}", stage.endpoint));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A mark before a response, and a field that comes twice, of which the last counts.
#[tokio::test]
async fn response_is_read_whatever_is_odd_about_its_text() {
    for endpoint in each_operation() {
        let stage = stage(endpoint);
        let response = stage.endpoint.response.clone();
        let Some((before, after)) = response.split_once('{') else { continue };
        let object: Value = serde_json::from_str(&response).expect("responses are JSON");
        let object = if object.is_array() { &object[0] } else { &object };
        let names = object.as_object().expect("it has fields").keys();
        let twice = names.map(|name| format!(r#"{before}{{"{name}":[5],{after}"#));
        let halves = format!(r#"{before}{{"new \ud83d":"\ude00","\ud83d":1,{after}"#);
        for body in twice.chain([format!("\u{feff}{response}"), halves]) {
            let called = stage.call(stage.endpoint.success()[0], &body).await;
            called.unwrap_or_else(|error| panic!("{body}: {error}"));
        }
    }
}

#[tokio::test]
async fn error_is_read_whatever_is_odd_about_its_text() {
    for endpoint in each_operation() {
        let stage = stage(endpoint);
        let Some((body, code, message)) =
            errors(stage.endpoint.name()).iter().find(|(body, ..)| body.contains("No\""))
        else {
            continue;
        };
        let odd = body.replacen("No\"", "No \\ud83d\"", 1).replacen(
            '{',
            r#"{"detail":5,"message":[],"error":{},"#,
            1,
        );
        let words = format!("{}{}", message.trim_end_matches("No"), "No \u{fffd}");
        let error = stage.call(403, &format!("\u{feff}{odd}")).await.expect_err("it is refused");
        if stage.endpoint.before.is_none() {
            assert_eq!((error.code(), error.message()), (*code, Some(&*words)), "{odd}");
        }
    }
}
