//! The role calls of Twilio Chat: requests byte for byte, answers, paging, changes and the fake.
#![cfg(feature = "twilio")]

mod capture;

use std::time::Duration;

use capture::Capture;
use rolecall::operation::{AnswerError, Operation, Path, RawAnswer, Repeat};
use rolecall::testing::{Fault, TwilioChatFake, TwilioDuplicates};
use rolecall::twilio::chat::{NewRole, Role, RoleSid, RoleType, Roles, TwilioChat};
use rolecall::{
    ClientOptions, Difference, Effect, Ensured, EnsuredAbsent, ErrorKind, Position, RetryPolicy,
};

/// The text of a fixture.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/twilio_chat/", $name))
    };
}

const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn sid() -> RoleSid {
    RoleSid::new("RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").expect("it is a SID")
}

fn once() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none())
}

fn roles_at(uri: String, options: ClientOptions) -> Roles {
    let builder =
        TwilioChat::with_auth_token(TwilioChatFake::ACCOUNT_SID, TwilioChatFake::AUTH_TOKEN);
    let builder = builder.expect("it is a SID").base_url(uri).options(options);
    let client = builder.build().expect("the client is set up well");
    client.service(SERVICE).expect("it is a SID").roles()
}

fn at(capture: &Capture) -> Roles {
    roles_at(capture.uri(), once())
}

fn of(fake: &TwilioChatFake) -> Roles {
    roles_at(fake.uri(), ClientOptions::default())
}

fn new(name: &str, permissions: &[&str]) -> NewRole {
    NewRole::new(name, RoleType::Channel, permissions.iter().copied())
        .expect("it follows the rules")
}

async fn made(roles: &Roles, name: &str, permissions: &[&str]) -> RoleSid {
    let role = roles.create(&new(name, permissions)).await.expect("it is created");
    role.sid.expect("the fake gives one")
}

fn names(roles: &[Role]) -> Vec<&str> {
    roles.iter().filter_map(|role| role.friendly_name.as_deref()).collect()
}

/// A page of roles with these names, which are also their SIDs.
fn page(names: &[&str], next: &str) -> String {
    let roles: Vec<_> = names
        .iter()
        .map(|name| serde_json::json!({"sid": name, "friendly_name": name, "type": "channel"}))
        .collect();
    serde_json::json!({"roles": roles, "meta": {"next_page_url": next}}).to_string()
}

#[tokio::test]
async fn the_requests_are_exact() {
    let role = fixture!("role.full.json");
    let (first, last) = (fixture!("roles.full.json"), fixture!("roles.minimal.json"));
    let answers = [(200, last), (200, first), (200, last), (200, role), (200, role), (204, "")];
    let capture = Capture::start(answers).await;
    let roles = at(&capture);
    roles.list().items().expect("in range").collect().await.expect("it is read");
    roles.list().page_size(2).items().expect("in range").collect().await.expect("it is read");
    roles.fetch(&sid()).await.expect("it succeeds");
    roles.replace_permissions(&sid(), ["sendMessage", "new/1 &"]).await.expect("it succeeds");
    roles.delete(&sid()).await.expect("it succeeds");
    let requests = capture.requests();
    assert_eq!(requests[0], fixture!("list.request.http"));
    assert_eq!(requests[1], requests[0].replace("Roles HTTP", "Roles?PageSize=2 HTTP"));
    assert_eq!(
        requests[2..],
        [
            fixture!("list_next.request.http"),
            fixture!("fetch.request.http"),
            fixture!("replace_permissions.request.http"),
            fixture!("delete.request.http"),
        ]
    );
}

/// Some gateways put the header on every answer.
#[tokio::test]
async fn an_empty_answer_has_no_encoding() {
    let capture = Capture::start([(204, "")]).await.with_headers("Content-Encoding: gzip\r\n");
    at(&capture).delete(&sid()).await.expect("it is deleted");
}

#[tokio::test]
async fn pages_are_read() {
    let read = async |text: &str| {
        let capture = Capture::start([(200, text)]).await;
        let mut pages = at(&capture).list().pages().expect("in range");
        pages.next().await.expect("there is a page").expect("it is read")
    };
    let full = read(fixture!("roles.full.json")).await;
    let parsed: serde_json::Value =
        serde_json::from_str(fixture!("roles.full.json")).expect("it is JSON");
    assert_eq!(serde_json::to_value(&full.items).expect("it is JSON"), parsed["roles"]);
    assert_eq!(full.next.expect("another follows").to_string(), "0:PT2&é");
    for text in [fixture!("roles.minimal.json"), fixture!("roles.nulls.json")] {
        let page = read(text).await;
        assert_eq!((page.items.len(), page.next, page.total), (1, None, None));
        assert_eq!(page.items[0].kind, RoleType::Deployment);
    }
    let unknown = read(fixture!("roles.unknown.json")).await;
    assert!(matches!(&unknown.items[0].kind, RoleType::Other(kind) if kind.as_str() == "galaxy"));
    assert_eq!(unknown.next, None);
}

#[tokio::test]
async fn a_list_that_may_lack_roles_is_an_error() {
    for (text, named) in [
        ("{}", "missing field `roles`"),
        (r#"{"roles":null,"meta":{}}"#, "roles: invalid type: null"),
        (r#"{"roles":[]}"#, "missing field `meta`"),
        (r#"{"roles":[{}],"meta":{}}"#, "roles[0]: missing field `type`"),
        (
            r#"{"roles":[],"meta":{"next_page_url":"https://chat.twilio.com/?Page=1"}}"#,
            "meta.next_page_url: has no PageToken",
        ),
    ] {
        let capture = Capture::start([(200, text)]).await;
        let items = at(&capture).list().items().expect("in range");
        let error = items.collect().await.expect_err(named);
        assert!(error.to_string().contains(named), "{error}");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
    }
}

#[tokio::test]
async fn an_empty_page_is_not_the_end_and_a_foreign_host_is_not_asked() {
    let (one, none) =
        (page(&["a"], "https://evil.example/?PageToken=1"), page(&[], "?PageToken=2"));
    let last = page(&["b"], "");
    let capture = Capture::start([(200, &*one), (200, &none), (200, &last)]).await;
    let all = at(&capture).list().items().expect("in range").collect().await.expect("it is read");
    assert_eq!(names(&all), ["a", "b"]);
    assert_eq!(capture.requests().len(), 3);
}

#[tokio::test]
async fn a_list_that_goes_round_is_an_error() {
    let (one, two) = (page(&["a"], "?PageToken=1"), page(&["b"], "?PageToken=2"));
    let (three, four) = (page(&["c"], "?PageToken=1"), page(&["d"], "?PageToken=2"));
    let capture = Capture::start([(200, &*one), (200, &two), (200, &three), (200, &four)]).await;
    let items = at(&capture).list().items().expect("in range");
    let error = items.collect().await.expect_err("it goes round");
    assert!(error.to_string().contains("a cursor came twice"), "{error}");
    let again = page(&["a"], "?PageToken=other");
    let capture = Capture::start([(200, &*one), (200, &again)]).await;
    let items = at(&capture).list().items().expect("in range");
    let error = items.collect().await.expect_err("it does not advance");
    assert!(error.to_string().contains("the same page came twice"), "{error}");
    // Without SIDs, which are documented as nullable, roles are told apart all the same.
    let nameless = |name: &str, next: &str| page(&[name], next).replace("\"sid\"", "\"no\"");
    let (one, last) = (nameless("a", "?PageToken=1"), nameless("b", ""));
    let capture = Capture::start([(200, &*one), (200, &last)]).await;
    let all = at(&capture).list().items().expect("in range").collect().await.expect("it is read");
    assert_eq!(names(&all), ["a", "b"]);
}

#[tokio::test]
async fn wrong_input_is_refused_before_it_is_sent() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    let roles = of(&fake);
    for size in [0, 101, u32::MAX] {
        let error = roles.list().page_size(size).items().expect_err("it is out of range");
        assert!(error.to_string().contains("PageSize: must be 1 to 100, got"), "{error}");
        assert_eq!(error.operation(), Some("twilio.chat roles.list"));
        assert!(roles.list().page_size(size).pages().is_err());
    }
    let position: Position = "0:a\nb".parse().expect("its form is that of a position");
    let items = roles.list().items_from(&position).expect("the page size is in range");
    let error = items.collect().await.expect_err("it is no token");
    assert!(error.to_string().contains("PageToken: must be"), "{error}");
    let none: [&str; 0] = [];
    for permissions in [&none[..], &["a", ""]] {
        let call = roles.replace_permissions(&sid(), permissions.iter().copied());
        let error = call.await.expect_err("there is none, or an empty one");
        assert!(error.to_string().contains("Permission: must be given at least once"), "{error}");
    }
    let error = roles.add_permissions(&sid(), [""]).await.expect_err("it is empty");
    assert!(error.is_invalid_request(), "{error}");
    let error = roles.remove_permissions(&sid(), ["a", ""]).await.expect_err("one is empty");
    assert!(error.is_invalid_request(), "{error}");
    assert_eq!(fake.received_count(), 0);
}

#[tokio::test]
async fn what_is_removed_behind_a_list_hides_nothing() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    let roles = roles_at(fake.uri(), once());
    for name in ["a", "b", "c", "d"] {
        made(&roles, name, &["p"]).await;
    }
    let mut items = roles.list().page_size(2).items().expect("in range");
    let first = items.next().await.expect("there is one").expect("it is read");
    roles.delete(&first.sid.expect("it has a SID")).await.expect("it is removed");
    assert_eq!(names(&items.collect().await.expect("it is read")), ["b", "c", "d"]);
}

#[tokio::test]
async fn a_list_resumes_after_an_error_without_loss_or_repetition() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    let roles = roles_at(fake.uri(), once());
    for name in ["a", "b", "c", "d", "e"] {
        made(&roles, name, &["p"]).await;
    }
    let list = roles.list().page_size(2);
    let mut items = list.items().expect("in range");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let role = items.next().await.expect("there is one").expect("it is read");
        seen.push(role.friendly_name.expect("it has a name"));
    }
    // In the middle of the second page; also by way of text.
    let text = items.position().to_string();
    assert_eq!(text, "1:PT2");
    fake.next(1, Fault::status(503));
    items.next().await.expect("there is one").expect("it was fetched before");
    let error = items.next().await.expect("there is one").expect_err("the service fails");
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(items.next().await.is_none());
    let after = items.position().clone();
    let rest = list.items_from(&after).expect("in range").collect().await.expect("it is read");
    assert_eq!(names(&rest), ["e"]);
    let position: Position = text.parse().expect("it is one");
    let rest = list.items_from(&position).expect("in range").collect().await.expect("it is read");
    seen.extend(names(&rest).into_iter().map(str::to_owned));
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    let mut pages = list.pages_from(&position).expect("in range");
    let page = pages.next().await.expect("there is one").expect("it is read");
    assert_eq!(names(&page.items), ["d"]);
}

#[tokio::test]
async fn single_permissions_are_added_and_removed() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    let roles = of(&fake);
    let sid = made(&roles, "reader", &["a", "b"]).await;
    let changed = roles.add_permissions(&sid, ["c", "a", "c"]).await.expect("it is changed");
    assert_eq!(changed.role.permissions.as_deref().expect("it has some"), ["a", "b", "c"]);
    assert_eq!((changed.added, changed.removed), (vec!["c".to_owned()], vec![]));
    let changed = roles.remove_permissions(&sid, ["a", "x", "b"]).await.expect("it is changed");
    assert_eq!(changed.removed, ["a", "b"]);
    assert_eq!(fake.roles()[0].permissions.as_deref().expect("it has some"), ["c"]);
    let sent = fake.received_count();
    let none: [&str; 0] = [];
    assert!(roles.add_permissions(&sid, ["c"]).await.expect("nothing to do").is_unchanged());
    assert!(roles.remove_permissions(&sid, ["a"]).await.expect("nothing to do").is_unchanged());
    assert!(roles.add_permissions(&sid, none).await.expect("nothing to do").is_unchanged());
    let error = roles.remove_permissions(&sid, ["c"]).await.expect_err("none would be left");
    assert!(error.to_string().contains("Permission: must not all be removed"), "{error}");
    assert_eq!(error.effect(), Effect::NotApplied);
    // Four were read, and nothing was written.
    assert_eq!(fake.received_count(), sent + 4);
    assert!(fake.received().iter().rev().take(4).all(|request| request.method() == "GET"));
}

#[tokio::test]
async fn what_was_changed_is_what_the_service_answered() {
    let role = |permissions: serde_json::Value| {
        serde_json::json!({"type": "channel", "permissions": permissions}).to_string()
    };
    let held = role(serde_json::json!(["a", "z"]));
    for (answered, added, removed) in [
        (serde_json::json!(["a", "z"]), &[][..], &[][..]),
        (serde_json::json!(["a", "c"]), &["c"], &["z"]),
        (serde_json::Value::Null, &["b"], &[]),
    ] {
        let capture = Capture::start([(200, &*held), (200, &role(answered))]).await;
        let changed = at(&capture).add_permissions(&sid(), ["b"]).await.expect("it is answered");
        assert_eq!(changed.is_unchanged(), added.is_empty() && removed.is_empty());
        assert_eq!(
            (&changed.added[..], &changed.removed[..]),
            (&owned(added)[..], &owned(removed)[..])
        );
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// What is made of several calls can be spawned as a single call can.
#[tokio::test]
async fn futures_can_be_spawned() {
    fn spawnable<T: Send + 'static>(_: T) {}
    let fake = TwilioChatFake::start().await.expect("it starts");
    let roles = of(&fake);
    spawnable(async move {
        let wanted = new("reader", &["a"]);
        let _ = roles.ensure(&wanted).await;
        let _ = roles.ensure_absent(&sid()).await;
        let _ = roles.add_permissions(&sid(), ["a"]).await;
        let _ = roles.remove_permissions(&sid(), vec!["a".to_owned()]).await;
    });
}

#[tokio::test]
async fn unknown_permissions_are_not_overwritten() {
    let capture = Capture::start([(200, fixture!("role.nulls.json"))]).await;
    let error = at(&capture).add_permissions(&sid(), ["a"]).await.expect_err("they are null");
    assert!(error.to_string().contains("permissions: null"), "{error}");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
    assert_eq!(capture.requests().len(), 1);
}

#[tokio::test]
async fn a_deletion_outlives_faults_and_a_change_is_sent_once() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    let roles = of(&fake);
    let sid = made(&roles, "reader", &["a"]).await;
    for fault in [Fault::status(500), Fault::reset().after_processing()] {
        fake.next(1, fault);
        let error = roles.replace_permissions(&sid, ["b"]).await.expect_err("it is not repeated");
        assert!(error.is_outcome_unknown(), "{error}");
        assert_eq!((error.attempts(), fake.faults_left()), (1, 0));
    }
    // Neither the Chat service nor a page of somebody else's is the role that was not found.
    for elsewhere in [Fault::json(404, r#"{"code":50050}"#), Fault::html(404)] {
        fake.next(1, Fault::status(502));
        fake.next(1, elsewhere.clone());
        roles.delete(&sid).await.expect_err("it is no echo");
        fake.next(1, elsewhere);
        roles.ensure_absent(&sid).await.expect_err("it is not said to be absent");
    }
    // The repetition is answered "not found" by its own first try.
    fake.next(1, Fault::reset().after_processing());
    roles.delete(&sid).await.expect("it is gone");
    let error = roles.delete(&sid).await.expect_err("it is gone already");
    assert!(error.is_not_found(), "{error}");
    assert_eq!(error.code(), Some("50100"));
}

#[tokio::test]
async fn the_fake_can_refuse_duplicates() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    let roles = of(&fake);
    made(&roles, "reader", &["a"]).await;
    made(&roles, "reader", &["a"]).await;
    fake.duplicates(TwilioDuplicates::Refused);
    let again = NewRole::new("reader", "channel", ["a"]).expect("it follows the rules");
    let error = roles.create(&again).await.expect_err("it is there");
    assert!(error.is_conflict(), "{error}");
    made(&roles, "writer", &["a"]).await;
    assert_eq!(fake.roles().len(), 3);
}

#[tokio::test]
async fn ensure_creates_once() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    fake.page_size(1);
    let roles = of(&fake);
    made(&roles, "other", &["a"]).await;
    let wanted = new("reader", &["a", "b"]);
    assert!(matches!(roles.ensure(&wanted).await, Ok(Ensured::Created(_))));
    let shuffled = new("reader", &["b", "a", "b"]);
    assert!(matches!(roles.ensure(&shuffled).await, Ok(Ensured::Existed(_))));
    assert_eq!(fake.roles().len(), 2);
    let deployment = NewRole::new("reader", RoleType::Deployment, ["a", "b"]).expect("it is good");
    for different in [new("reader", &["a"]), deployment] {
        let error = roles.ensure(&different).await.expect_err("it differs");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
        let difference = error.service::<Difference<NewRole, Role>>().expect("it tells");
        assert_eq!(difference.wanted, different);
        assert_eq!(difference.found.friendly_name.as_deref(), Some("reader"));
    }
    // Two of a name: the one that is the same counts, wherever it stands.
    made(&roles, "reader", &["z"]).await;
    let wanted = new("reader", &["z"]);
    assert!(matches!(roles.ensure(&wanted).await, Ok(Ensured::Existed(_))));
    assert_eq!(fake.roles().len(), 3);
}

/// Several callers at once: what each is told agrees with what was made, however they interleave.
#[tokio::test]
async fn callers_that_race_are_told_the_truth() {
    for duplicates in [TwilioDuplicates::Refused, TwilioDuplicates::Accepted] {
        let fake = TwilioChatFake::start().await.expect("it starts");
        fake.duplicates(duplicates);
        let roles = of(&fake);
        let one = async || roles.ensure(&new("reader", &["a"])).await;
        let ensured = tokio::join!(one(), one(), one(), one());
        let ensured = [ensured.0, ensured.1, ensured.2, ensured.3].map(|one| one.expect("settled"));
        let created = ensured.iter().filter(|one| matches!(one, Ensured::Created(_))).count();
        let existed = ensured.iter().filter(|one| matches!(one, Ensured::Existed(_))).count();
        assert_eq!((created, created + existed), (fake.roles().len(), 4), "{ensured:?}");
        let most = if duplicates == TwilioDuplicates::Refused { 1 } else { 4 };
        assert!((1..=most).contains(&created), "{ensured:?}");
    }
}

#[tokio::test]
async fn a_refused_duplicate_is_settled_by_reading() {
    let (none, held) = (page(&[], ""), page(&["reader"], ""));
    let held = held.replace(r#""type""#, r#""permissions":["a"],"type""#);
    let refused = r#"{"message":"A role of this name exists already","status":409}"#;
    for (permissions, same) in [(["a"], true), (["b"], false)] {
        let capture = Capture::start([(200, &*none), (409, refused), (200, &held)]).await;
        let ensured = at(&capture).ensure(&new("reader", &permissions)).await;
        match ensured {
            Ok(ensured) => assert!(same && matches!(ensured, Ensured::Existed(_)), "{ensured:?}"),
            Err(error) => {
                let difference = error.service::<Difference<NewRole, Role>>();
                assert!(!same && difference.is_some(), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn ensure_settles_by_reading() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    let roles = roles_at(fake.uri(), once());
    // The list goes through, the create breaks after it took effect.
    fake.next(1, Fault::delay(Duration::ZERO));
    fake.next(1, Fault::reset().after_processing());
    let ensured = roles.ensure(&new("reader", &["a"])).await.expect("it is found");
    assert!(matches!(ensured, Ensured::Present(_)), "{ensured:?}");
    // An answer that cannot be read, of a create that was made.
    fake.next(1, Fault::delay(Duration::ZERO));
    fake.next(1, Fault::truncated());
    let ensured = roles.ensure(&new("writer", &["a"])).await.expect("it is found");
    assert!(matches!(ensured, Ensured::Created(_)), "{ensured:?}");
    assert_eq!(fake.roles().len(), 2);
    // A first try that was lost is not repeated: it could still land.
    fake.next(1, Fault::delay(Duration::ZERO));
    fake.next(1, Fault::status(500));
    let error = roles.ensure(&new("owner", &["a"])).await.expect_err("it is not there");
    assert!(error.is_outcome_unknown(), "{error}");
    assert_eq!(error.operation(), Some("twilio.chat roles.create"));
    assert_eq!(fake.roles().len(), 2);
    // Without the first reading nothing is created.
    fake.next(1, Fault::status(500));
    let error = roles.ensure(&new("owner", &["a"])).await.expect_err("the list fails");
    assert_eq!(error.effect(), Effect::NotApplied);
    assert_eq!(fake.roles().len(), 2);
}

#[tokio::test]
async fn ensure_absent_settles_by_reading() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    let roles = roles_at(fake.uri(), once());
    let sid = made(&roles, "reader", &["a"]).await;
    assert_eq!(roles.ensure_absent(&sid).await.expect("it is gone"), EnsuredAbsent::Removed);
    assert_eq!(roles.ensure_absent(&sid).await.expect("it is gone"), EnsuredAbsent::WasAbsent);
    let sid = made(&roles, "reader", &["a"]).await;
    fake.next(1, Fault::reset().after_processing());
    assert_eq!(roles.ensure_absent(&sid).await.expect("it is gone"), EnsuredAbsent::Absent);
    let sid = made(&roles, "reader", &["a"]).await;
    fake.next(1, Fault::status(403));
    let error = roles.ensure_absent(&sid).await.expect_err("it is refused");
    assert!(error.is_permission_denied(), "{error}");
    assert_eq!(fake.roles().len(), 1);
}

#[tokio::test]
async fn a_not_found_of_something_else_is_no_absence() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    let roles = roles_at(fake.uri(), once());
    let sid = made(&roles, "reader", &["a"]).await;
    for (status, code) in [(404, 50050), (404, 25100), (404, 99999), (503, 50100)] {
        let body = format!(r#"{{"code":{code},"status":404}}"#);
        fake.next(9, Fault::json(status, body));
        roles.ensure_absent(&sid).await.expect_err("nothing is known of the role");
        fake.clear_faults();
    }
    let unfound = || Fault::json(404, r#"{"code":20404}"#);
    // The common code says nothing while the role is fetched, or listed.
    for faults in [1, 2] {
        fake.next(faults, unfound());
        let error = roles.ensure_absent(&sid).await.expect_err("it is there");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
    }
    // Nor where the list is not found either: a base URL with a path too much.
    let wrong = roles_at(format!("{}/v9", fake.uri()), once());
    let error = wrong.ensure_absent(&sid).await.expect_err("a wrong address");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
    assert!(error.to_string().contains("what is there could not be read"), "{error}");
    assert_eq!(fake.roles().len(), 1);
    // A list without the role says that it was absent.
    let absent = RoleSid::new("RLffffffffffffffffffffffffffffffff").expect("it is a SID");
    fake.next(2, unfound());
    let ensured = roles.ensure_absent(&absent).await.expect("it is not there");
    assert_eq!(ensured, EnsuredAbsent::WasAbsent);
    fake.next(1, Fault::reset().after_processing());
    fake.next(1, unfound());
    assert_eq!(roles.ensure_absent(&sid).await.expect("it is gone"), EnsuredAbsent::Absent);
    // A role without a SID could be the one.
    let unfound = r#"{"code":20404}"#;
    let capture =
        Capture::start([(404, unfound), (404, unfound), (200, fixture!("roles.nulls.json"))]).await;
    let error = at(&capture).ensure_absent(&sid).await.expect_err("it cannot be known");
    let cause = std::error::Error::source(&error).expect("the list's own error").to_string();
    assert!(cause.contains("a role in the list has no SID"), "{cause}");
    // Repeated after a fault, it is no echo.
    let capture = Capture::start([(500, ""), (404, unfound)]).await;
    let retry = RetryPolicy::default().base_wait(Duration::ZERO);
    let eager = roles_at(capture.uri(), ClientOptions::default().retry(retry));
    let error = eager.delete(&sid).await.expect_err("it cannot be known");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Unknown));
}

#[tokio::test]
async fn the_fake_pages_and_refuses_as_the_service_does() {
    let fake = TwilioChatFake::start().await.expect("it starts");
    fake.page_size(2);
    let roles = of(&fake);
    let mut sids = Vec::new();
    for name in ["a", "b", "c"] {
        sids.push(made(&roles, name, &["p"]).await);
    }
    let client = fake.client().expect("it is set up well");
    let elsewhere = client.service("ISbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb").expect("it is a SID");
    let there = elsewhere.roles().list().items().expect("in range").collect().await;
    assert_eq!(there.expect("it is read").len(), 0);
    assert!(elsewhere.roles().fetch(&sids[0]).await.expect_err("not there").is_not_found());
    let mut pages = roles.list().pages().expect("in range");
    let first = pages.next().await.expect("there is one").expect("it is read");
    assert_eq!(names(&first.items), ["a", "b"]);
    roles.delete(&sids[1]).await.expect("it is deleted");
    // A SID is not given a second time.
    assert!(!sids.contains(&made(&roles, "d", &["p"]).await));
    assert_eq!(roles.fetch(&sids[0]).await.expect("it is there").sid, Some(sids[0].clone()));
    let position: Position = "0:nonsense".parse().expect("it has the form");
    let items = roles.list().items_from(&position).expect("in range");
    let error = items.collect().await.expect_err("it is no token");
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("20001")));
    let error = client.call(&SecondPage).await.expect_err("it has no token");
    assert_eq!(error.code(), Some("70002"));
}

/// What the crate itself never sends: a page number that was computed.
struct SecondPage;

impl Operation for SecondPage {
    type Service = TwilioChat;
    type Answer = ();
    const NAME: &'static str = "twilio.chat roles.list";
    const METHOD: http::Method = http::Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::new("/v2/Services/{ServiceSid}/Roles", [SERVICE])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("Page", "1".to_owned())]
    }

    fn decode(_: &RawAnswer<'_>) -> Result<(), AnswerError> {
        Ok(())
    }
}
