//! Texts, getters and predicates of errors.

use super::*;

#[test]
fn error_is_one_word_wide_send_and_sync() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn text_is_one_line_with_all_that_is_known() {
    let error = Error::new(ErrorKind::PermissionDenied)
        .with_operation("harness role-assignments.create")
        .with_code("NG_ACCESS_DENIED")
        .with_message("Missing permission\ncore_role_edit\u{2028}here")
        .with_status(StatusCode::FORBIDDEN)
        .with_request_id("7f0c")
        .with_shared_service(None, "correlation")
        .with_attempts(2);
    assert_eq!(
        error.to_string(),
        "harness role-assignments.create: permission denied (NG_ACCESS_DENIED: Missing \
         permission core_role_edit here), HTTP 403, correlation 7f0c, 2 attempts"
    );
    // The source is left to those who walk the chain.
    let error = Error::new(ErrorKind::Connect).with_source("root cause");
    assert_eq!(error.to_string(), "no connection");
    let source = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("root cause"));
}

#[test]
fn long_text_and_body_are_cut() {
    let error = Error::new(ErrorKind::Server)
        .with_message("x".repeat(10_000))
        .with_body(&vec![b'y'; 1 << 20]);
    assert!(error.to_string().len() < 1000);
    assert!(error.to_string().contains('…'));
    assert_eq!(error.body().len(), 16_384);
}

#[test]
fn getters_return_what_was_set() {
    let empty = Error::new(ErrorKind::Server);
    let texts = [empty.operation(), empty.code(), empty.message(), empty.request_id()];
    assert_eq!((texts, empty.rule()), ([None; 4], ""));
    assert_eq!((empty.status(), empty.retry_after(), empty.attempts()), (None, None, 0));
    assert!(empty.headers().is_empty() && empty.body().is_empty());
    assert!(empty.service::<u8>().is_none() && std::error::Error::source(&empty).is_none());

    let headers: HeaderMap =
        [(http::header::ETAG, http::HeaderValue::from_static("e"))].into_iter().collect();
    let error = Error::new(ErrorKind::Conflict)
        .with_effect(Effect::Applied)
        .with_operation("test things.create")
        .with_status(StatusCode::CONFLICT)
        .with_headers(headers.clone())
        .with_code("code")
        .with_message("message")
        .with_request_id("id")
        .with_retry_after(Duration::from_secs(7))
        .with_attempts(3)
        .with_detail("field: a rule: of two parts")
        .with_body(b"body")
        .with_service(7_u8);
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::Applied));
    let texts = [error.operation(), error.code(), error.message(), error.request_id()];
    assert_eq!(texts, ["test things.create", "code", "message", "id"].map(Some));
    assert_eq!(error.status(), Some(StatusCode::CONFLICT));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!((error.headers(), error.attempts(), error.body()), (&headers, 3, &b"body"[..]));
    assert_eq!((error.service::<u8>(), error.service::<i8>()), (Some(&7), None));
    assert_eq!(error.rule(), "a rule: of two parts");
    assert_eq!(empty.with_detail("no field").rule(), "no field");

    let written = serde_json::to_value(&error).expect("it is JSON");
    assert_eq!(
        written,
        serde_json::json!({
            "operation": "test things.create", "kind": "conflict", "effect": "applied",
            "attempts": 3, "status": 409, "request_id": "id", "code": "code",
            "message": "message", "detail": "field: a rule: of two parts",
            "retry_after_seconds": 7.0, "text": error.to_string(),
        })
    );
}

#[test]
fn each_kind_has_its_names_and_its_predicate() {
    use ErrorKind::*;
    type Predicate = fn(&Error) -> bool;
    let kinds: [(ErrorKind, &str, &str, Predicate); 15] = [
        (InvalidRequest, "invalid_request", "invalid request", Error::is_invalid_request),
        (Unauthenticated, "unauthenticated", "unauthenticated", Error::is_unauthenticated),
        (PermissionDenied, "permission_denied", "permission denied", Error::is_permission_denied),
        (NotFound, "not_found", "not found", Error::is_not_found),
        (AlreadyExists, "already_exists", "already exists", Error::is_already_exists),
        (Conflict, "conflict", "conflict", Error::is_conflict),
        (RateLimited, "rate_limited", "rate limited", Error::is_rate_limited),
        (Rejected, "rejected", "rejected", Error::is_rejected),
        (Server, "server", "server error", Error::is_server),
        (UnexpectedStatus, "unexpected_status", "unexpected status", Error::is_unexpected_status),
        (Timeout, "timeout", "timeout", Error::is_timeout),
        (Connect, "connect", "no connection", Error::is_connect),
        (Interrupted, "interrupted", "connection interrupted", Error::is_interrupted),
        (Decode, "decode", "invalid response body", Error::is_decode),
        (Configuration, "configuration", "configuration", Error::is_configuration),
    ];
    for (kind, name, words, _) in kinds {
        assert_eq!((kind.as_str(), kind.to_string().as_str()), (name, words));
        assert_eq!(serde_json::to_value(kind).expect("it is JSON"), name);
        for (about, _, _, is) in kinds {
            assert_eq!(is(&Error::new(kind)), kind == about, "{kind:?}, {about:?}");
        }
    }
}

#[test]
fn transient_error_without_effect_is_safe_to_repeat() {
    use ErrorKind::*;
    for (effect, name, words, unknown) in [
        (Effect::NotApplied, "not_applied", "nothing was changed", false),
        (Effect::Unknown, "unknown", "outcome unknown", true),
        (Effect::Applied, "applied", "the change was made", false),
    ] {
        assert_eq!((effect.as_str(), effect.to_string().as_str()), (name, words));
        assert_eq!(serde_json::to_value(effect).expect("it is JSON"), name);
        for (kind, transient) in [
            (RateLimited, true),
            (Connect, true),
            (Timeout, true),
            (Interrupted, true),
            (Server, true),
            (NotFound, false),
            (Configuration, false),
        ] {
            let error = Error::new(kind).with_effect(effect);
            assert_eq!(error.is_outcome_unknown(), unknown);
            let safe = transient && effect == Effect::NotApplied;
            assert_eq!(error.is_safe_to_repeat(), safe, "{kind:?}, {effect:?}");
        }
    }
}
