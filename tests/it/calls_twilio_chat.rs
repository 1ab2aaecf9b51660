//! Roles of Twilio Chat: pages, wrong input, single permissions, `ensure`, and the fake.

use std::time::Duration;

use rolecall::operation::{Operation, Spec};
use rolecall::testing::{Fault, TwilioChatFake, TwilioDuplicates};
use rolecall::twilio::chat::{Credentials, NewRole, Role, RoleSid, RoleType, Roles, TwilioChat};
use rolecall::{
    ClientOptions, Effect, Ensured, EnsuredAbsent, Error, ErrorKind, Mismatch, Position,
    RetryPolicy,
};
use serde_json::{Value, json};

use crate::registry::fixture;
use crate::support::capture::Capture;

const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ROLE: &str = "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn client_at(uri: String, attempts: u32) -> TwilioChat {
    let retry = RetryPolicy::default().max_attempts(attempts).base_wait(Duration::ZERO);
    let account = TwilioChatFake::ACCOUNT_SID;
    let builder = TwilioChat::builder(Credentials::auth_token(account, TwilioChatFake::AUTH_TOKEN));
    let builder = builder.base_url(uri).options(ClientOptions::default().retry(retry));
    builder.build().expect("the client is set up well")
}

/// Roles by a client that repeats nothing.
fn roles_at(uri: String) -> Roles {
    client_at(uri, 1).service(SERVICE).roles()
}

/// A fake, and its roles by a client that repeats without waiting.
async fn started() -> (TwilioChatFake, Roles) {
    let fake = TwilioChatFake::start().await.expect("a free port");
    let roles = client_at(fake.uri(), 4).service(SERVICE).roles();
    (fake, roles)
}

fn new(name: &str, permissions: &[&str]) -> NewRole {
    NewRole::new(name, RoleType::Channel, permissions.iter().copied())
        .expect("it follows the rules")
}

async fn created(roles: &Roles, name: &str, permissions: &[&str]) -> RoleSid {
    let role = roles.create(&new(name, permissions)).await.expect("it is created");
    role.sid.expect("the fake gives one")
}

fn names(roles: &[Role]) -> Vec<&str> {
    roles.iter().filter_map(|role| role.friendly_name.as_deref()).collect()
}

async fn all(roles: &Roles) -> Vec<Role> {
    roles.list().items().try_collect().await.expect("it is read")
}

/// A page of a role with this name and permission, but without a SID.
fn page(name: &str, permission: &str, next: &str) -> String {
    let role = json!({"friendly_name": name, "type": "channel", "permissions": [permission]});
    json!({"roles": [role], "meta": {"next_page_url": next}}).to_string()
}

#[tokio::test]
async fn pages_follow_the_token_and_tell_roles_without_a_sid_apart() {
    let (first, last) =
        (fixture!("twilio_chat/roles.full.json"), fixture!("twilio_chat/roles.minimal.json"));
    let capture = Capture::start([(200, first), (200, last)]).await;
    // The link to the next page names another host.
    roles_at(capture.uri()).list().page_size(2).items().try_collect().await.expect("it is read");
    let requests = capture.requests();
    let list = fixture!("twilio_chat/list.request.http");
    assert_eq!(requests[0], list.replace("Roles HTTP", "Roles?PageSize=2 HTTP"));
    assert_eq!(requests[1..], [fixture!("twilio_chat/list_next.request.http")]);

    let (one, two) = (page("a", "p", "?PageToken=1"), page("b", "p", ""));
    let capture = Capture::start([(200, &*one), (200, &two)]).await;
    assert_eq!(names(&all(&roles_at(capture.uri())).await), ["a", "b"]);
}

/// Some gateways put the header on every response.
#[tokio::test]
async fn empty_response_has_no_encoding() {
    let capture = Capture::start([(204, "")]).await.with_headers("Content-Encoding: gzip\r\n");
    roles_at(capture.uri()).delete(ROLE).await.expect("it is deleted");
}

#[tokio::test]
async fn wrong_input_is_refused_before_it_is_sent() {
    fn check<T>(result: Result<T, Error>, named: &str) {
        let error = result.err().unwrap_or_else(|| panic!("{named}: it was not refused"));
        assert!(error.to_string().contains(named) && error.is_invalid_request(), "{error}");
    }

    let (fake, roles) = started().await;
    for size in [0, 101, u32::MAX] {
        let named = "twilio.chat roles.list: invalid request: page_size: must be 1 to 100, got";
        check(roles.list().page_size(size).items().try_collect().await, named);
    }
    let forged = format!("{}a\nb", roles.list().items().position());
    let forged: Position = forged.parse().expect("its form is that of a position");
    let rest = roles.list().from(&forged).items().try_collect().await;
    check(rest, "position: its page token must not contain control characters");
    for permissions in [&[][..], &["a", ""]] {
        let updated = roles.update(ROLE, permissions.iter().copied()).await;
        check(updated, "Permission: must be given at least once");
    }
    check(roles.add_permissions(ROLE, [""]).await, "Permission: must never be empty");
    check(roles.remove_permissions(ROLE, ["a", ""]).await, "Permission: must never be empty");
    assert_eq!(fake.received_count(), 0);
}

#[tokio::test]
async fn single_permissions_are_added_and_removed() {
    let (fake, roles) = started().await;
    let sid = created(&roles, "reader", &["a", "b"]).await;
    let changed = roles.add_permissions(&sid, ["c", "a", "c"]).await.expect("it is changed");
    assert_eq!(changed.role.permissions.as_deref().expect("it has some"), ["a", "b", "c"]);
    assert_eq!((changed.added, changed.removed), (vec!["c".to_owned()], vec![]));
    let changed = roles.remove_permissions(&sid, ["a", "x", "b"]).await.expect("it is changed");
    assert_eq!(changed.removed, ["a", "b"]);
    assert_eq!(fake.roles()[0].permissions.as_deref().expect("it has some"), ["c"]);
    let sent = fake.received_count();
    for nothing in [
        roles.add_permissions(&sid, ["c"]),
        roles.add_permissions(&sid, [""; 0]),
        roles.remove_permissions(&sid, ["a"]),
    ] {
        assert!(nothing.await.expect("there is nothing to do").is_unchanged());
    }
    let error = roles.remove_permissions(&sid, ["c"]).await.expect_err("none would be left");
    assert!(error.to_string().contains("Permission: must not all be removed"), "{error}");
    assert_eq!(error.effect(), Effect::NotApplied);
    assert_eq!(fake.received_count(), sent + 4);
    assert!(fake.received().iter().rev().take(4).all(|request| request.method() == "GET"));
}

#[tokio::test]
async fn change_of_permissions_is_what_the_service_responded() {
    let role =
        |permissions: Value| json!({"type": "channel", "permissions": permissions}).to_string();
    let held = role(json!(["a", "z"]));
    for (now, added, removed) in [
        (json!(["a", "z"]), &[][..], &[][..]),
        (json!(["a", "c"]), &["c"], &["z"]),
        (Value::Null, &["b"], &[]),
    ] {
        let capture = Capture::start([(200, &*held), (200, &role(now))]).await;
        let changed = roles_at(capture.uri()).add_permissions(ROLE, ["b"]).await;
        let changed = changed.expect("it is changed");
        assert_eq!(
            (&changed.added[..], &changed.removed[..]),
            (&owned(added)[..], &owned(removed)[..])
        );
        assert_eq!(changed.is_unchanged(), added.is_empty());
    }
    // Permissions that are not known are not overwritten.
    let capture = Capture::start([(200, fixture!("twilio_chat/role.nulls.json"))]).await;
    let error = roles_at(capture.uri()).add_permissions(ROLE, ["a"]).await.expect_err("null");
    assert!(error.to_string().contains("permissions: null"), "{error}");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
    assert_eq!(capture.requests().len(), 1);
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[tokio::test]
async fn delete_is_repeated_and_update_is_not() {
    let (fake, roles) = started().await;
    let sid = created(&roles, "reader", &["a"]).await;
    for fault in [Fault::status(500), Fault::reset().after_processing()] {
        fake.next(1, fault);
        let error = roles.update(&sid, ["b"]).await.expect_err("it is not repeated");
        assert!(error.is_outcome_unknown(), "{error}");
        assert_eq!((error.attempts(), fake.faults_left()), (1, 0));
    }
    // Neither a page of another host, nor the Chat service, nor an address is the role.
    let not_found = |code| Fault::json(404, format!(r#"{{"code":{code}}}"#));
    for other in [Fault::html(404), not_found(50050), not_found(20404)] {
        fake.next(1, Fault::status(502));
        fake.next(1, other);
        let error = roles.delete(&sid).await.expect_err("it is still there");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Unknown));
    }
    // The repeated one finds nothing, since the first attempt deleted it.
    fake.next(1, Fault::reset().after_processing());
    roles.delete(&sid).await.expect("it is deleted");
    let error = roles.delete(&sid).await.expect_err("it is not there");
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("50100")));
}

#[tokio::test]
async fn ensure_compares_name_type_and_permissions() {
    let (fake, roles) = started().await;
    fake.page_size(1);
    created(&roles, "other", &["a"]).await;
    let ensured = roles.ensure(&new("reader", &["a", "b"])).await;
    assert!(matches!(ensured, Ok(Ensured::Created(_))), "{ensured:?}");
    let ensured = roles.ensure(&new("reader", &["b", "a", "b"])).await;
    assert!(matches!(ensured, Ok(Ensured::AlreadyExisted(_))), "{ensured:?}");
    let deployment = NewRole::new("reader", RoleType::Deployment, ["a", "b"]).expect("it is good");
    for different in [new("reader", &["a"]), deployment] {
        let error = roles.ensure(&different).await.expect_err("it differs");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
        let mismatch = error.service::<Mismatch<NewRole, Role>>().expect("it shows both");
        assert_eq!(mismatch.desired, different);
        assert_eq!(mismatch.actual.friendly_name.as_deref(), Some("reader"));
    }
    assert_eq!(fake.roles().len(), 2);
    // Two of a name: the one that matches counts, wherever it stands.
    created(&roles, "reader", &["z"]).await;
    for held in [["a", "b"].as_slice(), &["z"]] {
        let ensured = roles.ensure(&new("reader", held)).await;
        assert!(matches!(ensured, Ok(Ensured::AlreadyExisted(_))), "{ensured:?}");
    }
    assert_eq!(fake.roles().len(), 3);
}

/// No code is known for it, so the list decides.
#[tokio::test]
async fn refused_duplicate_is_looked_for() {
    let none = r#"{"roles":[],"meta":{}}"#;
    let refused = (409, r#"{"message":"A role of this name exists already","status":409}"#);
    let capture = Capture::start([(200, none), refused, (200, &*page("reader", "a", ""))]).await;
    let ensured = roles_at(capture.uri()).ensure(&new("reader", &["a"])).await;
    assert!(matches!(ensured, Ok(Ensured::AlreadyExisted(_))), "{ensured:?}");
    let capture = Capture::start([(200, none), refused, (200, &*page("reader", "b", ""))]).await;
    let error = roles_at(capture.uri()).ensure(&new("reader", &["a"])).await;
    let error = error.expect_err("it has another permission");
    assert!(error.service::<Mismatch<NewRole, Role>>().is_some(), "{error}");

    let (fake, roles) = started().await;
    fake.duplicates(TwilioDuplicates::Refused);
    created(&roles, "reader", &["a"]).await;
    let error = roles.create(&new("reader", &["a"])).await.expect_err("it is there");
    assert!(error.is_already_exists(), "{error}");
    created(&roles, "writer", &["a"]).await;
}

#[tokio::test]
async fn not_found_about_something_else_is_no_absence() {
    let (fake, _) = started().await;
    let roles = roles_at(fake.uri());
    let sid = created(&roles, "reader", &["a"]).await;
    // Nor is it where reading would say that the role is absent.
    let absent = "RLffffffffffffffffffffffffffffffff";
    for code in [50050, 25100, 99999] {
        fake.next(1, Fault::json(404, format!(r#"{{"code":{code},"status":404}}"#)));
        roles.ensure_absent(absent).await.expect_err("nothing is known of the role");
    }
    fake.next(9, Fault::json(503, r#"{"code":50100,"status":404}"#));
    roles.ensure_absent(&sid).await.expect_err("nothing is known of the role");
    fake.clear_faults();
    let not_found = r#"{"code":20404}"#;
    let is_not_found = |error: Error| {
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
        error.to_string()
    };
    // The common code says nothing while the role can be read, or is listed.
    for faults in [1, 2] {
        fake.next(faults, Fault::json(404, not_found));
        is_not_found(roles.ensure_absent(&sid).await.expect_err("it is there"));
    }
    // Nor where the list is not found either: a base URL with a path too much.
    let wrong = roles_at(format!("{}/v9", fake.uri()));
    let text = is_not_found(wrong.ensure_absent(&sid).await.expect_err("a wrong address"));
    assert!(text.contains("reading the present state failed"), "{text}");
    assert_eq!(fake.roles().len(), 1);
    for code in [50100, 50101, 50109] {
        fake.next(1, Fault::json(404, format!(r#"{{"code":{code}}}"#)));
        let ensured = roles.ensure_absent(absent).await;
        assert_eq!(ensured.expect("it is not there"), EnsuredAbsent::AlreadyAbsent);
    }
    // A list without the role says that it was absent.
    fake.next(2, Fault::json(404, not_found));
    let ensured = roles.ensure_absent(absent).await;
    assert_eq!(ensured.expect("it is not there"), EnsuredAbsent::AlreadyAbsent);
    fake.next(1, Fault::reset().after_processing());
    fake.next(1, Fault::json(404, not_found));
    let ensured = roles.ensure_absent(&sid).await.expect("it is deleted");
    assert_eq!(ensured, EnsuredAbsent::Indeterminate);
    // A role without a SID could be the one.
    let listed = fixture!("twilio_chat/roles.nulls.json");
    let capture = Capture::start([(404, not_found), (404, not_found), (200, listed)]).await;
    let error = roles_at(capture.uri()).ensure_absent(&sid).await.expect_err("it is not known");
    let cause = std::error::Error::source(&error).expect("the error of reading").to_string();
    assert!(cause.contains("a role in the list has no SID"), "{cause}");
}

#[tokio::test]
async fn fake_pages_and_refuses_as_the_service_does() {
    let (fake, roles) = started().await;
    fake.page_size(2);
    let mut sids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        sids.push(created(&roles, name, &["p"]).await);
    }
    let client = fake.client().expect("it is set up well");
    let elsewhere = client.service("ISbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb").roles();
    assert_eq!(all(&elsewhere).await, []);
    assert!(elsewhere.get(&sids[0]).await.expect_err("it is not there").is_not_found());
    // What is deleted behind a list hides nothing.
    let mut items = roles.list().items();
    items.next().await.expect("there is one").expect("it is read");
    roles.delete(&sids[0]).await.expect("it is deleted");
    assert_eq!(names(&items.try_collect().await.expect("it is read")), ["b", "c", "d"]);
    roles.delete(&sids[3]).await.expect("it is deleted");
    assert!(!sids.contains(&created(&roles, "e", &["p"]).await), "a SID is not given twice");
    assert_eq!(roles.get(&sids[1]).await.expect("it is there").sid.as_ref(), Some(&sids[1]));
    let position = format!("{}nonsense", roles.list().items().position());
    let position: Position = position.parse().expect("it has the form");
    let error = roles.list().from(&position).items().try_collect().await;
    assert_eq!(error.expect_err("it is no token").code(), Some("20001"));
    let error = client.call(&SecondPage).await.expect_err("it has no token");
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("70002")));
}

/// What the crate itself never sends: a page number that was computed.
struct SecondPage;

impl Operation for SecondPage {
    type Service = TwilioChat;
    type Output = Value;
    const SPEC: Spec = Spec::get("own second-page.get", &["/v2/Services/{ServiceSid}/Roles"]);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![SERVICE])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("Page", "1".to_owned())]
    }
}
