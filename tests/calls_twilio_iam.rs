//! The other calls of Twilio Organizations: requests byte for byte, answers, pages, settling, fake.

#![cfg(feature = "twilio")]

mod capture;

use capture::Capture;
use rolecall::auth::Bearer;
use rolecall::testing::{Fault, TwilioDuplicates, TwilioIamFake};
use rolecall::twilio::iam::{NewRoleAssignment, Organization, RoleAssignment, Surface};
use rolecall::twilio::{RoleAssignmentSid, Sid};
use rolecall::{
    ClientOptions, Effect, Ensured, EnsuredAbsent, Error, ErrorKind, RetryPolicy, TwilioIam,
};
use serde_json::Value;
use std::time::Duration;

/// The text of a fixture.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/twilio_iam/", $name))
    };
}

const ORGANIZATION: &str = TwilioIamFake::ORGANIZATION;
const ROLE: &str = "IX00000000000000000000000000000104";
const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// What is written for a value, as JSON.
fn written<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("answers can be written")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("the fixture is JSON")
}

/// A JSON object without these fields.
fn without(mut value: Value, fields: &[&str]) -> Value {
    for field in fields {
        value.as_object_mut().expect("it is an object").remove(*field);
    }
    value
}

fn once() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none())
}

/// An organization of a service that answers with these in turn.
async fn captured<const N: usize>(answers: [(u16, &str); N]) -> (Capture, Organization) {
    let capture = Capture::start(answers).await;
    let client =
        TwilioIam::with_token(Bearer::provider(Token)).base_url(capture.uri()).options(once());
    let client = client.build().expect("the client is set up well");
    (capture, client.organization(ORGANIZATION).expect("it is a SID"))
}

struct Token;

impl rolecall::auth::TokenProvider for Token {
    fn fetch(
        &self,
    ) -> rolecall::BoxFuture<
        '_,
        Result<rolecall::auth::AccessToken, Box<dyn std::error::Error + Send + Sync>>,
    > {
        Box::pin(async { Ok(rolecall::auth::AccessToken::new("obviously-fake-access-token")) })
    }
}

/// An organization at a fake whose client repeats without waiting.
async fn eager() -> (TwilioIamFake, Organization) {
    let fake = TwilioIamFake::start().await.expect("a free port");
    let options = ClientOptions::default().retry(RetryPolicy::default().base_wait(Duration::ZERO));
    let client = fake.builder().options(options).build().expect("the client is set up well");
    let organization = client.organization(ORGANIZATION).expect("it is a SID");
    (fake, organization)
}

async fn fake() -> (TwilioIamFake, Organization) {
    let fake = TwilioIamFake::start().await.expect("a free port");
    let client = fake.client().expect("the client is set up well");
    let organization = client.organization(ORGANIZATION).expect("it is a SID");
    (fake, organization)
}

/// The n-th of many role assignments.
fn wanted(nth: usize) -> NewRoleAssignment {
    NewRoleAssignment::new(ROLE, format!("AC{nth:032x}"), USER).expect("they are SIDs")
}

async fn made(organization: &Organization, count: usize) -> Vec<RoleAssignment> {
    let mut all = Vec::new();
    for nth in 1..=count {
        let call = organization.role_assignments().create(&wanted(nth));
        all.push(call.await.expect("it succeeds"));
    }
    all
}

/// What is made of several calls can be spawned as a single call can.
#[tokio::test]
async fn futures_can_be_spawned() {
    fn spawnable<T: Send + 'static>(_: T) {}
    let (_fake, organization) = fake().await;
    spawnable(async move {
        let (assignment, user) = ("IY".parse(), "US".parse());
        let (Ok(assignment), Ok(user)) = (assignment, user) else { return };
        let _ = organization.role_assignments().ensure(&wanted(1)).await;
        let _ = organization.role_assignments().ensure_absent(&assignment).await;
        let _ = organization.users().ensure_deactivated(&user).await;
    });
}

#[track_caller]
fn assert_refused<T>(result: Result<T, Error>, named: &str) {
    let Err(error) = result else { panic!("{named}: it was not refused") };
    assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRequest, Effect::NotApplied));
    assert_eq!((error.status(), error.attempts()), (None, 0), "{error}");
    assert!(error.to_string().contains(named), "{error}");
}

mod role_assignments {
    use super::*;

    #[tokio::test]
    async fn the_requests_are_exact() {
        let minimal = fixture!("assignments.minimal.json");
        let full = fixture!("assignments.full.json");
        let (capture, organization) =
            captured([(200, minimal), (200, minimal), (200, full), (200, minimal), (204, "")])
                .await;
        let assignments = organization.role_assignments();
        let all = assignments.list().items().expect("it follows the rules");
        assert!(all.collect().await.expect("it is read").is_empty());

        let list = assignments.list().identity(USER).expect("a SID").page_size(2);
        let narrow = list.clone().scope(ACCOUNT).expect("a SID");
        let narrow = narrow.resource_type("a service").resource_id("some/thing");
        narrow.pages().expect("valid").next().await.expect("a page").expect("it is read");

        let mut pages = list.pages().expect("it follows the rules");
        pages.next().await.expect("a page").expect("it is read");
        let position = pages.position().to_string().parse().expect("it is a position");
        drop(pages);
        let mut rest = list.pages_from(&position).expect("it follows the rules");
        rest.next().await.expect("a page").expect("it is read");

        let sid = "IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse().expect("it is a SID");
        assignments.delete(&sid).await.expect("it succeeds");
        assert_eq!(
            capture.requests(),
            [
                fixture!("list_assignments.request.http"),
                fixture!("list_assignments_filtered.request.http"),
                fixture!("list_assignments_of_identity.request.http"),
                fixture!("list_assignments_next.request.http"),
                fixture!("delete_assignment.request.http"),
            ]
        );
    }

    #[tokio::test]
    async fn answers_are_read() {
        for (text, items, more) in [
            (fixture!("assignments.full.json"), 1, true),
            (fixture!("assignments.minimal.json"), 0, false),
            (fixture!("assignments.nulls.json"), 0, false),
            (fixture!("assignments.unknown.json"), 1, false),
        ] {
            let (_capture, organization) = captured([(200, text)]).await;
            let mut pages = organization.role_assignments().list().pages().expect("valid");
            let page = pages.next().await.expect("a page").expect("it is read");
            assert_eq!((page.items.len(), page.next.is_some()), (items, more), "{text}");
            let expected = parsed(text);
            for (item, expected) in page.items.iter().zip(expected["content"].as_array().iter()) {
                assert_eq!(item.sid.as_str(), expected[0]["sid"]);
            }
        }
    }

    #[tokio::test]
    async fn a_list_that_only_seems_whole_is_an_error() {
        for (text, named) in [
            ("{}", "missing field `content`"),
            (r#"{"content":[{}]}"#, "content[0]: missing field `sid`"),
            (
                r#"{"content":[],"meta":{"next_page_url":"https://preview-iam.twilio.com/x?Page=1"}}"#,
                "meta.next_page_url: has no PageToken",
            ),
        ] {
            let (_capture, organization) = captured([(200, text)]).await;
            let all = organization.role_assignments().list().items().expect("valid");
            let error = all.collect().await.expect_err(named);
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[tokio::test]
    async fn wrong_input_is_refused_before_anything_is_sent() {
        let (fake, organization) = fake().await;
        let list = organization.role_assignments().list();
        assert_refused(list.clone().identity("US"), "Identity: must be two capital letters");
        assert_refused(list.clone().scope(""), "Scope: must be two capital letters");
        for size in [0, 101] {
            let refused = list.clone().page_size(size).items();
            assert_refused(
                refused,
                "role-assignments.list: invalid request: PageSize: must be 1 to 100",
            );
        }
        assert_refused(list.clone().resource_type("").pages(), "ResourceType: must not be empty");
        assert_refused(list.clone().resource_id("").pages(), "ResourceId: must not be empty");
        let far = format!("0:{}", "x".repeat(4097)).parse().expect("it reads as a position");
        let mut items = list.items_from(&far).expect("a position is looked at when it is used");
        assert_refused(items.next().await.expect("an item"), "PageToken: must have 1 to 4096");
        assert_eq!(fake.received_count(), 0);
    }

    #[tokio::test]
    async fn pages_follow_the_token_and_not_the_host() {
        let (fake, organization) = fake().await;
        let expected = made(&organization, 7).await;
        fake.page_size(3);
        let list = organization.role_assignments().list().identity(USER).expect("a SID");
        let mut pages = list.pages().expect("valid");
        let mut sizes = Vec::new();
        while let Some(page) = pages.next().await {
            sizes.push(page.expect("it is read").items.len());
        }
        assert_eq!(sizes, [3, 3, 1]);
        let all = list.page_size(2).items().expect("valid").collect().await.expect("it is read");
        assert_eq!(all, expected);
        let other = organization.role_assignments().list().scope(ACCOUNT).expect("a SID");
        assert!(other.items().expect("valid").collect().await.expect("it is read").is_empty());
    }

    #[tokio::test]
    async fn an_empty_page_is_not_the_end() {
        let next = |token: &str| {
            format!(r#"{{"content":[],"meta":{{"next_page_url":"/x?PageToken={token}"}}}}"#)
        };
        let (_capture, organization) = captured([
            (200, &next("1")),
            (200, &next("2")),
            (200, fixture!("assignments.unknown.json")),
        ])
        .await;
        let all = organization.role_assignments().list().items().expect("valid");
        assert_eq!(all.collect().await.expect("it is read").len(), 1);
    }

    #[tokio::test]
    async fn a_repeated_token_is_an_error_and_no_loop() {
        let page = r#"{"content":[],"meta":{"next_page_url":"/x?PageToken=1"}}"#;
        let (_capture, organization) = captured([(200, page); 5]).await;
        let all = organization.role_assignments().list().items().expect("valid");
        let error = all.collect().await.expect_err("it goes round");
        assert!(error.to_string().contains("goes round in a circle"), "{error}");
    }

    #[tokio::test]
    async fn after_an_error_nothing_is_lost_or_repeated() {
        let (fake, organization) = fake().await;
        let expected = made(&organization, 7).await;
        let list = organization.role_assignments().list().identity(USER).expect("a SID");
        let list = list.page_size(3);
        let mut items = list.items().expect("valid");
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(items.next().await.expect("an item").expect("it is read"));
        }
        fake.next(1, Fault::json(403, r#"{"code":20003}"#));
        loop {
            match items.next().await.expect("an item") {
                Ok(item) => seen.push(item),
                Err(error) => break assert!(error.is_permission_denied(), "{error}"),
            }
        }
        assert!(items.next().await.is_none(), "an error ends it");
        let mut rest = list.items_from(items.position()).expect("valid");
        while let Some(item) = rest.next().await {
            seen.push(item.expect("it is read"));
        }
        assert_eq!(seen, expected);
    }

    #[tokio::test]
    async fn the_service_decides_on_filters_and_tokens() {
        let (fake, organization) = fake().await;
        let list = organization.role_assignments().list();
        let error = list.items().expect("valid").collect().await.expect_err("it needs a filter");
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("25203")));
        let list = list.identity(USER).expect("a SID");
        let position = "0:never-given".parse().expect("it reads as a position");
        let error = list.items_from(&position).expect("valid").collect().await;
        assert_eq!(error.expect_err("no such token").code(), Some("25023"));
        let client = fake.builder().surface(Surface::V2).build().expect("it is set up well");
        let own = client.own_organization().expect("it is the newer surface");
        own.role_assignments().list().items().expect("valid").collect().await.expect("no filter");
    }

    #[tokio::test]
    async fn deletes_are_repeated_and_take_no_not_found_for_an_echo() {
        let (fake, organization) = fake().await;
        let held = made(&organization, 2).await;
        let assignments = organization.role_assignments();
        fake.next(1, Fault::status(500));
        assignments.delete(&held[0].sid).await.expect("the second try is answered");
        let more = assignments.create(&wanted(8)).await.expect("it succeeds");
        // It could have been a router that does not know the path: no code tells.
        fake.next(1, Fault::reset().after_processing());
        let error = assignments.delete(&more.sid).await.expect_err("the second finds nothing");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Unknown));
        let error = assignments.delete(&held[0].sid).await.expect_err("it is gone");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
        assert_eq!(fake.role_assignments(), held[1..]);
        // A number is not given twice.
        let more = assignments.create(&wanted(9)).await.expect("it succeeds");
        assert!(!held.contains(&more) && more.sid != held[1].sid);
    }

    #[tokio::test]
    async fn ensure_creates_once() {
        let (fake, organization) = fake().await;
        let assignments = organization.role_assignments();
        made(&organization, 3).await;
        let wanted = wanted(7);
        let first = assignments.ensure(&wanted).await.expect("it is created");
        assert!(matches!(first, Ensured::Created(_)), "{first:?}");
        let second = assignments.ensure(&wanted).await.expect("it is there");
        assert_eq!(second, Ensured::Existed(first.into_inner()));
        assert_eq!(fake.role_assignments().len(), 4);
        // Narrower is not the same.
        let narrow = self::wanted(8).resource("service", "one");
        assert!(matches!(assignments.ensure(&narrow).await, Ok(Ensured::Created(_))));
        assert!(matches!(assignments.ensure(&narrow).await, Ok(Ensured::Existed(_))));
        assert!(matches!(assignments.ensure(&self::wanted(8)).await, Ok(Ensured::Created(_))));
        assert_eq!(fake.role_assignments().len(), 6);
    }

    /// Several callers at once: what each is told agrees with what was made, however they
    /// interleave.
    #[tokio::test]
    async fn callers_that_race_are_told_the_truth() {
        for duplicates in [TwilioDuplicates::Refused, TwilioDuplicates::Accepted] {
            let (fake, organization) = fake().await;
            fake.duplicates(duplicates);
            let assignments = organization.role_assignments();
            let one = async || assignments.ensure(&wanted(1)).await;
            let ensured = tokio::join!(one(), one(), one(), one());
            let ensured = [ensured.0, ensured.1, ensured.2, ensured.3];
            let ensured = ensured.map(|one| one.expect("settled"));
            let created = ensured.iter().filter(|one| matches!(one, Ensured::Created(_))).count();
            let existed = ensured.iter().filter(|one| matches!(one, Ensured::Existed(_))).count();
            assert_eq!((created, created + existed), (fake.role_assignments().len(), 4));
            let most = if duplicates == TwilioDuplicates::Refused { 1 } else { 4 };
            assert!((1..=most).contains(&created), "{ensured:?}");
        }
    }

    #[tokio::test]
    async fn a_refused_duplicate_is_settled_by_reading() {
        let none = fixture!("assignments.minimal.json");
        let refused = r#"{"message":"The role assignment exists already","status":409}"#;
        let held = r#"{"content":[{"sid":"IY1","role_sid":"IX00000000000000000000000000000104",
            "scope":"AC00000000000000000000000000000001",
            "identity":"USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}],"meta":{}}"#;
        let (_capture, organization) = captured([(200, none), (409, refused), (200, held)]).await;
        let ensured = organization.role_assignments().ensure(&wanted(1)).await.expect("settled");
        assert!(matches!(ensured, Ensured::Existed(_)), "{ensured:?}");
        // What is refused so and is not found is a conflict with something else.
        let (_capture, organization) = captured([
            (200, none),
            (409, refused),
            (200, none),
            (200, none),
            (200, none),
            (200, none),
        ])
        .await;
        let error = organization.role_assignments().ensure(&wanted(1)).await;
        let error = error.expect_err("nothing is found");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
        assert_eq!(error.status().map(|status| status.as_u16()), Some(409));
    }

    #[tokio::test]
    async fn ensure_settles_an_unknown_outcome_by_reading() {
        let assigning = "/Organizations/";
        for fault in [
            Fault::reset().after_processing(),
            Fault::status(503).after_processing(),
            Fault::truncated(),
            Fault::json(201, "{}").after_processing(),
        ] {
            let (fake, organization) = fake().await;
            // The list before the create is answered well.
            fake.next_on(assigning, 1, Fault::delay(Duration::ZERO));
            fake.next_on(assigning, 1, fault);
            let settled = organization.role_assignments().ensure(&wanted(1)).await;
            let settled = settled.expect("it is found");
            assert!(matches!(settled, Ensured::Present(_) | Ensured::Created(_)), "{settled:?}");
            assert_eq!(fake.role_assignments().len(), 1, "created once");
        }
    }

    #[tokio::test]
    async fn ensure_never_creates_again() {
        let (fake, organization) = fake().await;
        let assigning = "/Organizations/";
        fake.next_on(assigning, 1, Fault::delay(Duration::ZERO));
        fake.next_on(assigning, 1, Fault::reset());
        let error = organization.role_assignments().ensure(&wanted(1)).await;
        let error = error.expect_err("it cannot be known");
        assert!(error.is_outcome_unknown(), "{error}");
        assert!(error.to_string().contains("role-assignments.create"), "{error}");
        let received = fake.received();
        let created = received.iter().filter(|one| one.method() == "POST");
        assert_eq!(created.filter(|one| one.path().starts_with(assigning)).count(), 1);
        assert!(fake.role_assignments().is_empty());
    }

    #[tokio::test]
    async fn ensure_takes_a_refusal_for_what_it_is() {
        let (fake, organization) = fake().await;
        fake.duplicates(TwilioDuplicates::Refused);
        let assignments = organization.role_assignments();
        made(&organization, 1).await;
        let existed = assignments.ensure(&wanted(1)).await.expect("it is there");
        assert!(matches!(existed, Ensured::Existed(_)));
        fake.next_on("/Organizations/", 1, Fault::json(403, r#"{"code":20003}"#));
        let error = assignments.ensure(&wanted(2)).await.expect_err("it may not list");
        assert_eq!(
            (error.kind(), error.effect()),
            (ErrorKind::PermissionDenied, Effect::NotApplied)
        );
        assert_eq!(fake.role_assignments().len(), 1);
    }

    #[tokio::test]
    async fn a_grant_that_came_out_wider_is_told() {
        let made = fixture!("assignment.full.json").replace("resource_", "unknown_");
        let (_, organization) =
            captured([(200, r#"{"content":[],"meta":{}}"#), (201, &*made)]).await;
        let narrow = wanted(1).resource("bucket", "b-1");
        let error = organization.role_assignments().ensure(&narrow).await.expect_err("it is wider");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::Applied));
    }

    #[tokio::test]
    async fn a_wider_grant_is_no_narrow_one() {
        let (fake, organization) = fake().await;
        let held = made(&organization, 1).await;
        let [role, scope, identity] = [
            held[0].role_sid.clone().expect("it has one").to_string(),
            held[0].scope.clone().expect("it has one").to_string(),
            held[0].identity.clone().expect("it has one").to_string(),
        ];
        let narrow = NewRoleAssignment::new(&*role, &*scope, &*identity).expect("they are SIDs");
        let narrow = narrow.resource("bucket", "b-1");
        let error = organization.role_assignments().ensure(&narrow).await.expect_err("it is wider");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
        assert_eq!(fake.role_assignments(), held);
    }

    #[tokio::test]
    async fn ensure_absent_says_who_removed_it() {
        let (fake, organization) = fake().await;
        let held = made(&organization, 4).await;
        let assignments = organization.role_assignments();
        let sid = |nth: usize| held[nth].sid.clone();
        let removed = assignments.ensure_absent(&sid(0)).await.expect("it is gone");
        assert_eq!(removed, EnsuredAbsent::Removed);
        let absent = assignments.ensure_absent(&sid(0)).await.expect("it is gone");
        assert_eq!(absent, EnsuredAbsent::WasAbsent);
        // The echo of a first try does not tell who it was.
        fake.next(1, Fault::reset().after_processing());
        let absent = assignments.ensure_absent(&sid(1)).await.expect("it is gone");
        assert_eq!(absent, EnsuredAbsent::Absent);
        fake.next(4, Fault::status(500).retry_after(Duration::ZERO));
        let absent = assignments.ensure_absent(&sid(2)).await.expect("it is gone");
        assert_eq!(absent, EnsuredAbsent::Absent);
        fake.next(1, Fault::html(404));
        assignments.ensure_absent(&sid(3)).await.expect_err("that was not the service");
        fake.next(1, Fault::status(502));
        fake.next(1, Fault::json(404, r#"{"code":25100}"#));
        assignments.delete(&sid(3)).await.expect_err("it is no echo");
        fake.next(1, Fault::json(404, r#"{"code":25100}"#));
        let error = assignments.ensure_absent(&sid(3)).await.expect_err("another organization");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
        fake.next(1, Fault::json(403, r#"{"code":20003}"#));
        let error = assignments.ensure_absent(&sid(3)).await.expect_err("it is not allowed");
        assert!(error.is_permission_denied(), "{error}");
        assert_eq!(fake.role_assignments(), held[3..]);
    }

    #[tokio::test]
    async fn a_not_found_of_something_else_is_no_absence() {
        let (fake, organization) = eager().await;
        let held = made(&organization, 1).await;
        let sid = &held[0].sid;
        let assignments = organization.role_assignments();
        for code in [25100, 25101, 25008, 99999] {
            for status in [404, 503] {
                // First as the answer to the only try, then to one after a try that was lost.
                for lost in [0, 1] {
                    let body = format!(r#"{{"code":{code},"status":404}}"#);
                    fake.next(lost, Fault::status(502));
                    fake.next(8, Fault::json(status, body));
                    let absent = assignments.ensure_absent(sid).await;
                    absent.expect_err("nothing is known of the assignment");
                    fake.clear_faults();
                }
            }
        }
        // A base URL with a path too much: everything is answered 20404 there, the list too.
        let wrong = fake.builder().base_url(format!("{}/v9", fake.uri())).build();
        let wrong = wrong.expect("it is a URL").organization(ORGANIZATION).expect("it is a SID");
        let error = wrong.role_assignments().ensure_absent(sid).await.expect_err("a wrong address");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
        assert_eq!(error.operation(), Some("twilio.iam role-assignments.delete"));
        assert!(error.to_string().contains("what is there could not be read"), "{error}");
        assert_eq!(fake.role_assignments(), held);
        // The assignment is listed all the same: held over the organization.
        let everywhere = NewRoleAssignment::new(ROLE, ORGANIZATION, USER).expect("they are SIDs");
        let over = assignments.create(&everywhere).await.expect("it succeeds");
        fake.next(1, Fault::json(404, r#"{"code":20404}"#));
        let error = assignments.ensure_absent(&over.sid).await.expect_err("it is there");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
        assert_eq!(fake.role_assignments().len(), 2);
        // The newer surface needs no filter.
        let client = fake.builder().surface(Surface::V2).build().expect("it is set up well");
        let own = client.own_organization().expect("it is the newer surface").role_assignments();
        fake.next_on("/v2/Organizations", 1, Fault::json(404, r#"{"code":20404}"#));
        own.ensure_absent(sid).await.expect_err("it is there");
        let removed = own.ensure_absent(sid).await.expect("it is gone");
        assert_eq!(removed, EnsuredAbsent::Removed);
        let absent = own.ensure_absent(sid).await.expect("it is gone");
        assert_eq!(absent, EnsuredAbsent::WasAbsent);
    }

    #[tokio::test]
    async fn an_answers_own_sid_can_be_deleted_whatever_it_is() {
        let (capture, organization) =
            captured([(200, fixture!("assignments.unknown.json")), (204, "")]).await;
        let assignments = organization.role_assignments();
        let held = assignments.list().items().expect("valid").collect().await.expect("it is read");
        assignments.delete(&held[0].sid).await.expect("it succeeds");
        let deleted = &capture.requests()[1];
        assert!(deleted.contains("/RoleAssignments/a%20strange%20sid HTTP/1.1"), "{deleted}");
        let _: (&RoleAssignmentSid, Option<&Sid>) = (&held[0].sid, held[0].scope.as_ref());
    }
}

mod accounts {
    use super::*;
    use rolecall::twilio::AccountSid;
    use rolecall::twilio::iam::{Account, AccountStatus};

    fn sid() -> AccountSid {
        ACCOUNT.parse().expect("it is a SID")
    }

    async fn fetched(answer: &str) -> Result<Account, Error> {
        let (_capture, organization) = captured([(200, answer)]).await;
        organization.accounts()?.fetch(&sid()).await
    }

    #[tokio::test]
    async fn the_requests_are_exact() {
        let (capture, organization) =
            captured([(200, fixture!("accounts.full.json")), (200, fixture!("account.full.json"))])
                .await;
        let accounts = organization.accounts().expect("it is the preview service");
        let all = accounts.list().page_size(100).items().expect("valid").collect().await;
        assert_eq!(all.expect("it is read")[0].status, Some(AccountStatus::Active));
        accounts.fetch(&sid()).await.expect("it is read");
        assert_eq!(
            capture.requests(),
            [fixture!("list_accounts.request.http"), fixture!("fetch_account.request.http")]
        );
    }

    #[tokio::test]
    async fn answers_are_read() {
        let text = fixture!("account.full.json");
        assert_eq!(written(&fetched(text).await.expect("it is read")), parsed(text));
        let minimal = fixture!("account.minimal.json");
        for text in [minimal, fixture!("account.nulls.json")] {
            assert_eq!(written(&fetched(text).await.expect("it is read")), parsed(minimal));
        }
        let text = fixture!("account.unknown.json");
        let unknown = fetched(text).await.expect("it is read");
        assert!(matches!(unknown.status, Some(AccountStatus::Other(_))));
        assert_eq!(written(&unknown), without(parsed(text), &["links"]));
        let error = fetched("{}").await.expect_err("no SID");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
    }

    #[tokio::test]
    async fn the_fake_pages_and_finds() {
        let (fake, organization) = fake().await;
        let sids: Vec<AccountSid> =
            (0..5).map(|nth| format!("AC{nth:032x}").parse().expect("it is a SID")).collect();
        for (nth, sid) in sids.iter().enumerate() {
            fake.add_account(sid, &format!("shop {nth}"));
        }
        fake.page_size(2);
        let accounts = organization.accounts().expect("it is the preview service");
        let all = accounts.list().items().expect("valid").collect().await.expect("it is read");
        assert!(all.iter().map(|account| &account.account_sid).eq(&sids));
        let one = accounts.fetch(&sids[3]).await.expect("it is there");
        assert_eq!(one.friendly_name.as_deref(), Some("shop 3"));
        let error = accounts.fetch(&sid()).await.expect_err("it is not there");
        assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("25101")));
        let refused = accounts.list().page_size(101).items();
        assert_refused(refused, "accounts.list: invalid request: PageSize: must be 1 to 100");
    }

    #[tokio::test]
    async fn the_newer_surface_has_none() {
        let (fake, _) = fake().await;
        let client = fake.builder().surface(Surface::V2).build().expect("it is set up well");
        let own = client.own_organization().expect("it is the newer surface");
        let error = own.accounts().expect_err("no path is known");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Configuration, Effect::NotApplied));
        assert!(error.to_string().contains("accounts: no path"), "{error}");
        assert_eq!(fake.received_count(), 0);
    }
}

mod users {
    use super::*;
    use rolecall::twilio::iam::{Email, NewUser, User, UserFilter, UserPatch, UserVersion};
    use rolecall::twilio::{ErrorCode, ServiceError, UserSid};

    const NAME: &str = "alex.a@example.com";

    fn sid() -> UserSid {
        USER.parse().expect("it is a SID")
    }

    fn new(name: &str) -> NewUser {
        NewUser::new(name).expect("it is a name").email(Email::primary(name))
    }

    async fn got(answer: &str) -> Result<User, Error> {
        let (_capture, organization) = captured([(200, answer)]).await;
        organization.users().get(&sid()).await
    }

    #[tokio::test]
    async fn the_requests_are_exact() {
        let (list, user) = (fixture!("users.full.json"), fixture!("user.full.json"));
        let (capture, organization) = captured([
            (200, list),
            (200, list),
            (200, list),
            (200, user),
            (201, user),
            (201, user),
            (200, user),
            (200, user),
            (204, ""),
        ])
        .await;
        let users = organization.users();
        users.list(None).await.expect("it is read");
        let odd = UserFilter::user_name("a\"b\\&é@example.com");
        users.list(odd).await.expect("it is read");
        users.list(UserFilter::external_id("o'hara + 1")).await.expect("it is read");
        let held = users.get(&sid()).await.expect("it is read");
        let full = NewUser::new(NAME)
            .expect("it is a name")
            .external_id("36d02f84-1c1a-4409")
            .display_name("Alex A.")
            .name("Alex", "A.")
            .email(Email::primary(NAME).kind("work"))
            .email(Email::other("a@home.example"))
            .active(true)
            .locale("fr-FR")
            .timezone("UTC");
        users.create(&full).await.expect("it succeeds");
        users.create(&NewUser::new(NAME).expect("it is a name")).await.expect("it succeeds");
        let version = held.version().expect("it has a version");
        let changed = NewUser::of(&held).expect("it has a name").display_name("Alex B.");
        users.replace(&sid(), version, &changed).await.expect("it succeeds");
        let patch = UserPatch::new()
            .replace("active", false)
            .add("emails", serde_json::json!([{"value": "a@home.example"}]))
            .remove("externalId");
        users.patch(&sid(), version, &patch).await.expect("it succeeds");
        users.deactivate(&sid()).await.expect("it succeeds");
        assert_eq!(
            capture.requests(),
            [
                fixture!("list_users.request.http"),
                fixture!("list_users_by_name.request.http"),
                fixture!("list_users_by_external_id.request.http"),
                fixture!("get_user.request.http"),
                fixture!("create_user.request.http"),
                fixture!("create_user_minimal.request.http"),
                fixture!("replace_user.request.http"),
                fixture!("patch_user.request.http"),
                fixture!("deactivate_user.request.http"),
            ]
        );
    }

    #[tokio::test]
    async fn answers_are_read() {
        let text = fixture!("user.full.json");
        let full = got(text).await.expect("it is read");
        assert_eq!(written(&full), parsed(text));
        let created = full.meta.as_ref().and_then(|meta| meta.created.as_ref());
        assert_eq!(created.and_then(|created| created.unix_seconds()), Some(1_701_353_937));
        let minimal = fixture!("user.minimal.json");
        for text in [minimal, fixture!("user.nulls.json")] {
            assert_eq!(written(&got(text).await.expect("it is read")), parsed(minimal));
        }
        let unknown = got(fixture!("user.unknown.json")).await.expect("it is read");
        assert_eq!(unknown.id.as_str(), "a strange id");
        assert_eq!(unknown.version().map(UserVersion::as_str), Some("7 é"));
        assert_eq!(got("{}").await.expect_err("no id").effect(), Effect::NotApplied);
    }

    #[tokio::test]
    async fn lists_are_read() {
        for (text, users, total) in [
            (fixture!("users.full.json"), 1, Some(1)),
            (fixture!("users.minimal.json"), 0, Some(0)),
            (fixture!("users.nulls.json"), 0, Some(0)),
            (fixture!("users.unknown.json"), 0, None),
        ] {
            let (_capture, organization) = captured([(200, text)]).await;
            let list = organization.users().list(None).await.expect("it is read");
            assert_eq!((list.resources.len(), list.total_results), (users, total), "{text}");
        }
        for text in ["{}", r#"{"totalResults":3}"#, r#"{"Resources":null}"#] {
            let (_capture, organization) = captured([(200, text)]).await;
            let error = organization.users().list(None).await.expect_err("it only seems empty");
            assert!(error.to_string().contains("missing field `Resources`"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_list_that_is_not_whole_is_an_error() {
        for (total, whole) in [("0", true), ("1", true), ("2", false), ("500", false)] {
            let text = format!(r#"{{"Resources":[{{"id":"{USER}"}}],"totalResults":{total}}}"#);
            let (_capture, organization) = captured([(200, &*text)]).await;
            let list = organization.users().list(UserFilter::user_name(NAME)).await;
            assert_eq!(list.is_ok(), whole, "{text}");
            if let Err(error) = list {
                assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
                let named = format!("totalResults: is {total}, but 1 came");
                assert!(error.to_string().contains(&named), "{error}");
            }
        }
    }

    #[tokio::test]
    async fn wrong_input_is_refused_before_anything_is_sent() {
        let (fake, organization) = fake().await;
        let users = organization.users();
        assert_refused(NewUser::new("a"), "userName: must have 2 to 255 characters, got 1");
        assert_refused(NewUser::new("é".repeat(256)), "userName: must have 2 to 255 characters");
        NewUser::new("é".repeat(255)).expect("it has 255 characters");
        let long = new(NAME).external_id("x".repeat(256));
        let named = "users.create: invalid request: externalId: must have 2 to 255 characters";
        assert_refused(users.create(&long).await, named);
        for (filter, named) in [
            (UserFilter::user_name(""), "users.list: invalid request: userName: must not be empty"),
            (UserFilter::external_id(""), "externalId: must not be empty"),
        ] {
            assert_refused(users.list(filter).await, named);
        }
        assert_refused(UserVersion::new(""), "version: must not be empty");
        for bad in ["W/1\r\nx: y", "W/ 1", "é"] {
            assert_refused(UserVersion::new(bad), "version: must be printable ASCII");
        }
        let version = UserVersion::new("W/1").expect("it is one");
        let nothing = users.patch(&sid(), &version, &UserPatch::new()).await;
        assert_refused(nothing, "users.patch: invalid request: Operations: must not be empty");
        // A version that came in an answer is kept, but not everything can be sent back.
        let strange = got(fixture!("user.unknown.json")).await.expect("it is read");
        let version = strange.version().expect("it has one");
        let refused = users.replace(&sid(), version, &new(NAME)).await;
        assert_refused(refused, "users.replace: invalid request: version: must be printable");
        assert_eq!(fake.received_count(), 0);
    }

    #[tokio::test]
    async fn a_users_life_on_the_fake() {
        let (fake, organization) = fake().await;
        let users = organization.users();
        let made = users.create(&new("Sam@example.com").external_id("e 1")).await.expect("made");
        users.create(&new("kim@example.com")).await.expect("made");
        for (filter, found) in [
            (UserFilter::user_name("Sam@example.com"), 1),
            (UserFilter::external_id("e 1"), 1),
            (UserFilter::external_id("e"), 0),
            (UserFilter::user_name("\" or \"\"=\""), 0),
            (UserFilter::user_name(" eq \"\""), 0),
        ] {
            let list = users.list(filter.clone()).await.expect("it is read");
            assert_eq!(list.resources.len(), found, "{filter:?}");
        }
        assert_eq!(users.list(None).await.expect("it is read").total_results, Some(2));
        let first = made.version().expect("it has a version").clone();
        let patch = UserPatch::new().replace("name.givenName", "Sam").remove("externalId");
        let patched = users.patch(&made.id, &first, &patch).await.expect("it succeeds");
        assert_eq!(patched.name.as_ref().and_then(|name| name.given_name.as_deref()), Some("Sam"));
        assert_eq!(patched.external_id, None);
        let stale = users.patch(&made.id, &first, &patch).await.expect_err("a newer version");
        assert_eq!((stale.kind(), stale.code()), (ErrorKind::Conflict, Some("25020")));
        let again = NewUser::of(&patched).expect("it has a name").timezone("UTC");
        let version = patched.version().expect("it has a version");
        let replaced = users.replace(&made.id, version, &again).await.expect("it succeeds");
        assert_eq!(replaced, users.get(&made.id).await.expect("it is there"));
        let stale = users.replace(&made.id, &first, &again).await.expect_err("a newer version");
        assert!(stale.is_conflict(), "{stale}");
        fake.next(1, Fault::reset().after_processing());
        users.deactivate(&made.id).await.expect("it is repeated");
        assert_eq!(fake.users()[0].active, Some(false));
    }

    #[tokio::test]
    async fn a_user_is_made_sure_to_be_inactive() {
        let (fake, organization) = eager().await;
        let users = organization.users();
        let mut sids = Vec::new();
        for name in ["a@example.com", "b@example.com", "c@example.com", "d@example.com"] {
            sids.push(users.create(&new(name)).await.expect("made").id);
        }
        let ensured = users.ensure_deactivated(&sids[0]).await.expect("inactive");
        assert_eq!(ensured, EnsuredAbsent::Removed);
        let count = fake.received_count();
        let ensured = users.ensure_deactivated(&sids[0]).await.expect("inactive");
        assert_eq!((ensured, fake.received_count()), (EnsuredAbsent::WasAbsent, count + 1));
        let ensured = users.ensure_deactivated(&sid()).await.expect("nobody");
        assert_eq!(ensured, EnsuredAbsent::WasAbsent);
        // Not one of four tries is answered, and the last took effect.
        fake.next(1, Fault::none());
        fake.next(3, Fault::status(503));
        fake.next(1, Fault::reset().after_processing());
        let ensured = users.ensure_deactivated(&sids[1]).await.expect("inactive");
        assert_eq!(ensured, EnsuredAbsent::Absent);
        // "Not found" without a code, as documented, or with the common one: the list decides.
        let scim = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}"#;
        for body in [scim, r#"{"code":20404}"#] {
            fake.next(1, Fault::json(404, body));
            let ensured = users.ensure_deactivated(&sid()).await.expect("nobody");
            assert_eq!(ensured, EnsuredAbsent::WasAbsent);
            fake.next(1, Fault::none());
            fake.next(2, Fault::json(404, body));
            let error = users.ensure_deactivated(&sids[2]).await.expect_err("it is listed");
            assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
            fake.next(1, Fault::json(404, body));
            fake.next(1, Fault::json(200, r#"{"Resources":[]}"#));
            let error = users.ensure_deactivated(&sids[2]).await.expect_err("perhaps not whole");
            assert!(error.to_string().contains("the list of users tells no total"), "{error}");
            // As an answer to a repeated try it is no echo.
            fake.next(1, Fault::status(503));
            fake.next(1, Fault::json(404, body));
            let error = users.deactivate(&sids[2]).await.expect_err("it cannot be known");
            assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Unknown));
        }
        // Whatever else is not found.
        for body in [r#"{"code":25100}"#, r#"{"code":99999}"#, "<html>"] {
            for passing in [0, 1] {
                fake.next(passing, Fault::none());
                fake.next(1, Fault::json(404, body));
                let error = users.ensure_deactivated(&sids[2]).await.expect_err("still active");
                assert!(error.is_not_found(), "{error}");
            }
        }
        let wrong = fake.builder().base_url(format!("{}/v9", fake.uri())).build();
        let wrong = wrong.expect("it is a URL").organization(ORGANIZATION).expect("it is a SID");
        let error = wrong.users().ensure_deactivated(&sids[2]).await.expect_err("a wrong address");
        assert!(error.to_string().contains("what is there could not be read"), "{error}");
        let active: Vec<_> = fake.users().iter().map(|user| user.active == Some(true)).collect();
        assert_eq!(active, [false, false, true, true]);
    }

    /// A code says that it is the user who was not found, so it was the echo of the first try.
    #[tokio::test]
    async fn a_deactivation_knows_its_own_echo() {
        let (fake, organization) = eager().await;
        // The token's request is not to be the one that breaks.
        fake.next_on("/Organizations", 1, Fault::status(503));
        organization.users().deactivate(&sid()).await.expect("nobody is active");
        let error = organization.users().deactivate(&sid()).await.expect_err("nobody is there");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
    }

    #[tokio::test]
    async fn refusals_are_typed() {
        let (_fake, organization) = fake().await;
        let users = organization.users();
        users.create(&new(NAME)).await.expect("made");
        let taken = users.create(&new(NAME)).await.expect_err("the name is taken");
        assert_eq!((taken.kind(), taken.effect()), (ErrorKind::AlreadyExists, Effect::NotApplied));
        let service = taken.service::<ServiceError>().expect("it is typed");
        assert_eq!(service.code, Some(ErrorCode::IAM_DUPLICATE_USER));
        assert_eq!(service.scim_type.as_deref(), Some("uniqueness"));
        assert_eq!((service.status, taken.message()), (Some(409), Some("userName already exists")));
        let other = NewUser::new("b@example.com").expect("a name").email(Email::primary(NAME));
        let error = users.create(&other).await.expect_err("it is another address");
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("25014")));
        for error in [
            users.get(&sid()).await.expect_err("nobody"),
            users.deactivate(&sid()).await.expect_err("nobody"),
        ] {
            assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("25008")));
        }
    }

    #[tokio::test]
    async fn what_may_have_arrived_is_not_sent_again() {
        let (fake, organization) = fake().await;
        let users = organization.users();
        let made = users.create(&new(NAME)).await.expect("made");
        let version = made.version().expect("it has a version").clone();
        let patch = UserPatch::new().replace("active", false);
        let again = new(NAME);
        let count = fake.received_count();
        for fault in [Fault::reset().after_processing(), Fault::status(503).after_processing()] {
            fake.next(3, fault);
            let error = users.create(&new("b@example.com")).await.expect_err("it broke");
            assert!(error.is_outcome_unknown(), "{error}");
            let error = users.replace(&made.id, &version, &again).await.expect_err("it broke");
            assert!(error.is_outcome_unknown(), "{error}");
            let error = users.patch(&made.id, &version, &patch).await.expect_err("it broke");
            assert!(error.is_outcome_unknown(), "{error}");
        }
        assert_eq!(fake.received_count() - count, 6, "each was sent once");
        // A rate limit was not processed.
        let fresh = users.get(&made.id).await.expect("it is there");
        let version = fresh.version().expect("it has a version");
        fake.next(1, Fault::status(429).retry_after(Duration::ZERO));
        users.replace(&made.id, version, &again).await.expect("the second try is the first");
    }

    #[tokio::test]
    async fn the_requests_of_the_newer_surface_are_exact() {
        let (list, user) = (fixture!("users.full.json"), fixture!("user.full.json"));
        let (read, made, done) = ((200, user), (201, user), (204, ""));
        let capture =
            Capture::start([(200, list), (200, list), read, made, read, read, done]).await;
        let client = TwilioIam::with_token(Bearer::provider(Token)).base_url(capture.uri());
        let client = client.options(once()).surface(Surface::V2).build().expect("it is set up");
        let users = client.own_organization().expect("it is the newer surface").users();
        users.list(None).await.expect("it is read");
        users.list(UserFilter::user_name("a\"b\\&é@example.com")).await.expect("it is read");
        let held = users.get(&sid()).await.expect("it is read");
        let full = NewUser::new(NAME).expect("it is a name").external_id("36d02f84-1c1a-4409");
        let full = full.display_name("Alex A.").name("Alex", "A.");
        let full = full.email(Email::primary(NAME).kind("work"));
        let full = full.email(Email::other("a@home.example"));
        let full = full.active(true).locale("fr-FR").timezone("UTC");
        users.create(&full).await.expect("it succeeds");
        let version = held.version().expect("it has a version");
        let changed = NewUser::of(&held).expect("it has a name").display_name("Alex B.");
        users.replace(&sid(), version, &changed).await.expect("it succeeds");
        let patch = UserPatch::new()
            .replace("active", false)
            .add("emails", serde_json::json!([{"value": "a@home.example"}]))
            .remove("externalId");
        users.patch(&sid(), version, &patch).await.expect("it succeeds");
        users.deactivate(&sid()).await.expect("it succeeds");
        assert_eq!(
            capture.requests(),
            [
                fixture!("v2_list_users.request.http"),
                fixture!("v2_list_users_by_name.request.http"),
                fixture!("v2_get_user.request.http"),
                fixture!("v2_create_user.request.http"),
                fixture!("v2_replace_user.request.http"),
                fixture!("v2_patch_user.request.http"),
                fixture!("v2_deactivate_user.request.http"),
            ]
        );
    }

    #[tokio::test]
    async fn the_newer_surface_has_its_own_paths() {
        let (fake, _) = fake().await;
        let client = fake.builder().surface(Surface::V2).build().expect("it is set up well");
        let users = client.own_organization().expect("it is the newer surface").users();
        let made = users.create(&new(NAME)).await.expect("made");
        users.list(None).await.expect("it is read");
        users.get(&made.id).await.expect("it is there");
        let version = made.version().expect("it has a version");
        let patch = UserPatch::new().replace("displayName", "Alex");
        let patched = users.patch(&made.id, version, &patch).await.expect("it is there");
        let again = NewUser::of(&patched).expect("it has a name").timezone("UTC");
        let version = patched.version().expect("it has a version");
        let replaced = users.replace(&made.id, version, &again).await.expect("it is there");
        assert_eq!(replaced.display_name.as_deref(), Some("Alex"));
        assert!(users.replace(&made.id, version, &again).await.expect_err("stale").is_conflict());
        users.deactivate(&made.id).await.expect("it is there");
        let received = fake.received();
        let lines = received.iter().map(|one| format!("{} {}", one.method(), one.target()));
        let one = format!("/scim/v2/Users/{}", made.id);
        assert_eq!(
            lines.skip(1).collect::<Vec<_>>(),
            [
                "POST /scim/v2/Users".to_owned(),
                "GET /scim/v2/Users".to_owned(),
                format!("GET {one}"),
                format!("PATCH {one}"),
                format!("PUT {one}"),
                format!("PUT {one}"),
                format!("DELETE {one}"),
            ]
        );
    }
}

mod newer_surface {
    use super::*;
    use rolecall::twilio::iam::RoleLevel;

    async fn captured<const N: usize>(answers: [(u16, &str); N]) -> (Capture, Organization) {
        let capture = Capture::start(answers).await;
        let client = TwilioIam::with_token(Bearer::provider(Token)).base_url(capture.uri());
        let client =
            client.options(once()).surface(Surface::V2).build().expect("it is set up well");
        (capture, client.own_organization().expect("it is the newer surface"))
    }

    #[tokio::test]
    async fn the_requests_are_exact() {
        let roles = fixture!("roles.full.json");
        let (capture, own) = captured([
            (201, fixture!("assignment.full.json")),
            (200, fixture!("assignments.minimal.json")),
            (204, ""),
            (200, roles),
            (200, roles),
            (200, fixture!("permissions.full.json")),
        ])
        .await;
        let assignments = own.role_assignments();
        let wanted = NewRoleAssignment::new(ROLE, ACCOUNT, USER).expect("they are SIDs");
        assignments.create(&wanted).await.expect("it succeeds");
        let list = assignments.list().identity(USER).expect("a SID");
        list.items().expect("valid").collect().await.expect("it is read");
        let sid = "IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse().expect("it is a SID");
        assignments.delete(&sid).await.expect("it succeeds");
        let roles = own.roles().expect("it is the newer surface");
        roles.list().items().expect("valid").collect().await.expect("it is read");
        let some = roles.list().page_size(1000).search("view & edit").product_group("billing");
        let some = some.expand(true).resource_types(["service", "number"]);
        some.items().expect("valid").collect().await.expect("it is read");
        let permissions = roles.permissions(&ROLE.parse().expect("it is a SID")).page_size(100);
        permissions.items().expect("valid").collect().await.expect("it is read");
        assert_eq!(
            capture.requests(),
            [
                fixture!("v2_create.request.http"),
                fixture!("v2_list_assignments.request.http"),
                fixture!("v2_delete_assignment.request.http"),
                fixture!("list_roles.request.http"),
                fixture!("list_roles_filtered.request.http"),
                fixture!("list_role_permissions.request.http"),
            ]
        );
    }

    #[tokio::test]
    async fn roles_are_read() {
        let minimal = parsed(fixture!("roles.minimal.json"));
        for (text, expected) in [
            (fixture!("roles.full.json"), parsed(fixture!("roles.full.json"))),
            (fixture!("roles.minimal.json"), minimal.clone()),
            (fixture!("roles.nulls.json"), minimal),
        ] {
            let (_capture, own) = captured([(200, text)]).await;
            let all = own.roles().expect("valid").list().items().expect("valid").collect().await;
            assert_eq!(written(&all.expect("it is read")), expected["roles"], "{text}");
        }
        let (_capture, own) = captured([(200, fixture!("roles.unknown.json"))]).await;
        let all = own.roles().expect("valid").list().items().expect("valid").collect().await;
        let unknown = &all.expect("it is read")[0];
        assert!(matches!(unknown.lowest_level, Some(RoleLevel::Other(_))), "{unknown:?}");
        let (_capture, own) = captured([(200, r#"{"content":[]}"#)]).await;
        let all = own.roles().expect("valid").list().items().expect("valid").collect().await;
        assert!(all.expect_err("another list").to_string().contains("missing field `roles`"));
    }

    #[tokio::test]
    async fn permissions_are_read() {
        let minimal = parsed(fixture!("permissions.minimal.json"));
        let unknown = parsed(fixture!("permissions.unknown.json"))["permissions"][0].clone();
        let unknown = serde_json::json!({"permissions": [without(unknown, &["weight"])]});
        for (text, expected) in [
            (fixture!("permissions.full.json"), parsed(fixture!("permissions.full.json"))),
            (fixture!("permissions.minimal.json"), minimal.clone()),
            (fixture!("permissions.nulls.json"), minimal),
            (fixture!("permissions.unknown.json"), unknown),
        ] {
            let (_capture, own) = captured([(200, text)]).await;
            let list = own.roles().expect("valid").permissions(&ROLE.parse().expect("a SID"));
            let all = list.items().expect("valid").collect().await.expect("it is read");
            assert_eq!(written(&all), expected["permissions"], "{text}");
        }
    }

    #[tokio::test]
    async fn wrong_input_is_refused_before_anything_is_sent() {
        let (fake, organization) = fake().await;
        let error = organization.roles().expect_err("the preview service has none");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Configuration, Effect::NotApplied));
        let client = fake.builder().surface(Surface::V2).build().expect("it is set up well");
        let error = client.organization(ORGANIZATION).expect_err("the token decides");
        assert!(error.to_string().contains("use own_organization()"), "{error}");
        let preview = fake.client().expect("it is set up well");
        let error = preview.own_organization().expect_err("the path needs a SID");
        assert!(error.to_string().contains("use organization("), "{error}");
        let own = client.own_organization().expect("it is the newer surface");
        let roles = own.roles().expect("it is the newer surface");
        assert_refused(roles.list().page_size(1001).items(), "PageSize: must be 1 to 1000");
        assert_refused(roles.list().search("").items(), "Search: must not be empty");
        assert_refused(roles.list().product_group("").items(), "RoleProductGroup: must not be");
        for types in [vec![], vec![""], vec!["a", "b,c"]] {
            let refused = roles.list().resource_types(types).pages();
            assert_refused(refused, "roles.list: invalid request: ResourceTypes: must be one or");
        }
        let permissions = roles.permissions(&ROLE.parse().expect("a SID"));
        assert_refused(permissions.page_size(101).items(), "PageSize: must be 1 to 100");
        assert_eq!(fake.received_count(), 0);
    }

    #[tokio::test]
    async fn the_fake_has_the_built_in_roles() {
        let (fake, _) = fake().await;
        let client = fake.builder().surface(Surface::V2).build().expect("it is set up well");
        let own = client.own_organization().expect("it is the newer surface");
        let roles = own.roles().expect("it is the newer surface");
        fake.page_size(2);
        let all = roles.list().items().expect("valid").collect().await.expect("it is read");
        let names: Vec<_> = all.iter().filter_map(|role| role.friendly_name.as_deref()).collect();
        assert_eq!(names, ["Admin", "Developer", "Billing", "Support"]);
        let found = roles.list().search("bill").items().expect("valid").collect().await;
        assert_eq!(found.expect("it is read"), all[2..3]);
        let none = roles.list().resource_types(["service"]).items().expect("valid");
        assert!(none.collect().await.expect("it is read").is_empty());
        let permissions = roles.permissions(&all[2].sid).items().expect("valid").collect().await;
        assert_eq!(permissions.expect("it is read").len(), 3);
        let nobody = "IXffffffffffffffffffffffffffffffff".parse().expect("a SID");
        let error = roles.permissions(&nobody).items().expect("valid").collect().await;
        assert!(error.expect_err("no such role").is_not_found());
        // What is made at one surface is seen at the other.
        let wanted = NewRoleAssignment::new(ROLE, ACCOUNT, USER).expect("they are SIDs");
        let made = own.role_assignments().ensure(&wanted).await.expect("made").into_inner();
        let preview = fake.client().expect("valid").organization(ORGANIZATION).expect("a SID");
        let held = preview.role_assignments().list().scope(ACCOUNT).expect("a SID");
        assert_eq!(held.items().expect("valid").collect().await.expect("it is read"), [made]);
    }
}
