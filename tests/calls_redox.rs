//! Redox beyond the first call: each request byte for byte, each kind of answer, wrong input,
//! settling by reading, and the fake.
#![cfg(feature = "redox")]
#![allow(clippy::expect_used, reason = "a test fails by panicking, also in its helpers")]

mod capture;

use capture::Capture;
use rolecall::redox::{
    EnvironmentFlag, EnvironmentRoleAssignments, NewRoleAssignment, OrganizationRoleAssignments,
    RoleRef, UserRef,
};
use rolecall::testing::{Fault, RedoxAbsent, RedoxDuplicates, RedoxFake};
use rolecall::{ClientOptions, Effect, Error, ErrorKind, Redox, RetryPolicy};
use serde_json::Value;

macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/redox/", $path))
    };
}

fn written<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("answers can be written")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

fn client(capture: &Capture) -> Redox {
    Redox::builder("obviously-fake-redox-token")
        .base_url(format!("{}/platform/", capture.uri()))
        .options(ClientOptions::default().retry(RetryPolicy::none()))
        .build()
        .expect("the client is set up well")
}

fn organization(client: &Redox) -> OrganizationRoleAssignments {
    client.organization("org/7").expect("it fits a path").role_assignments()
}

fn environment(client: &Redox) -> EnvironmentRoleAssignments {
    client.environment("env/9").expect("it fits a path").role_assignments()
}

fn user() -> UserRef {
    UserRef::new("user-id", "A. User").expect("it is filled")
}

fn wanted(role: &str) -> NewRoleAssignment {
    NewRoleAssignment::new(RoleRef::new("role-uuid", role).expect("it is filled"), user())
}

#[tokio::test]
async fn the_requests_are_exact() {
    let done = fixture!("assigned.full.json");
    let capture = Capture::start([
        (200, fixture!("memberships.full.json")),
        (200, fixture!("environments.full.json")),
        (200, fixture!("environment_memberships.full.json")),
        (200, done),
        (200, done),
        (200, done),
    ])
    .await;
    let client = client(&capture);
    organization(&client).list().await.expect("it succeeds");
    let parent = client.organization("org/7").expect("it fits a path");
    parent.environments().list().await.expect("it succeeds");
    let assignments = environment(&client);
    assignments.list().await.expect("it succeeds");
    assignments.create(&wanted("engineer")).await.expect("it succeeds");
    assignments.assign(&wanted("engineer")).await.expect("it succeeds");
    assignments.delete(&user()).await.expect("it succeeds");
    assert_eq!(
        capture.requests(),
        [
            fixture!("list.request.http"),
            fixture!("list_environments.request.http"),
            fixture!("environment_list.request.http"),
            fixture!("environment_create.request.http"),
            fixture!("environment_assign.request.http"),
            fixture!("environment_delete.request.http"),
        ]
    );
}

#[tokio::test]
async fn memberships_of_organizations_are_read() {
    let read = async |status, text| {
        let capture = Capture::start([(status, text)]).await;
        organization(&client(&capture)).list().await.expect("it is read")
    };
    let text = fixture!("memberships.full.json");
    for status in [200, 201] {
        let full = read(status, text).await;
        assert_eq!(full.meta.version.as_deref(), Some("1.0.0"));
        let login = full.payload.memberships[0].user.last_login.as_ref().expect("it has one");
        assert_eq!(login.unix_seconds(), Some(1_775_030_400));
        assert_eq!(written(&full), parsed(text));
    }
    let minimal = read(200, fixture!("memberships.minimal.json")).await;
    assert_eq!(minimal.payload.memberships[0].user.id, "u-1");
    assert_eq!(read(200, fixture!("memberships.nulls.json")).await, minimal);

    let unknown = read(200, fixture!("memberships.unknown.json")).await;
    assert_eq!(unknown.meta.version.as_deref(), Some("1.9.0"));
    let membership = &unknown.payload.memberships[0];
    let organization = membership.organization.as_ref().expect("it has one");
    assert_eq!(organization.id.as_deref(), Some("1234"), "a number is read as text");
    assert_eq!(membership.user.id, "77");
    assert_eq!(membership.user.verified2fa, Some(true));
    let login = membership.user.last_login.as_ref().expect("it has one");
    assert_eq!((login.as_str(), login.unix_seconds()), ("1775030400000", None));
    let role = membership.role.as_ref().and_then(|role| role.name.as_deref());
    assert_eq!(role, Some("wizard"));
}

#[tokio::test]
async fn memberships_of_environments_are_read() {
    let read = async |text| {
        let capture = Capture::start([(200, text)]).await;
        environment(&client(&capture)).list().await.expect("it is read")
    };
    let text = fixture!("environment_memberships.full.json");
    assert_eq!(written(&read(text).await), parsed(text));
    let minimal = fixture!("environment_memberships.minimal.json");
    assert_eq!(read(minimal).await.payload.memberships[0].user.id, "u-1");
    let nulls = read(fixture!("environment_memberships.nulls.json")).await;
    assert_eq!(nulls.payload.memberships[0].environment, None);
    let unknown = read(fixture!("environment_memberships.unknown.json")).await;
    let membership = &unknown.payload.memberships[0];
    let role = membership.role.as_ref().expect("it has one");
    assert_eq!((role.id.as_deref(), role.name.as_deref()), (None, Some("wizard")));
    assert_eq!(membership.user.verified2fa, None);
}

#[tokio::test]
async fn environments_are_read() {
    let read = async |text| {
        let capture = Capture::start([(200, text)]).await;
        let parent = client(&capture).organization("7").expect("it fits a path");
        parent.environments().list().await.expect("it is read").payload.environments
    };
    let full = read(fixture!("environments.full.json")).await;
    assert_eq!(full[0].environment_flag, Some(EnvironmentFlag::Production));
    let organization = full[1].organization.as_ref().expect("it has one");
    assert_eq!(organization.id.as_deref(), Some("1234"));
    let minimal = read(fixture!("environments.minimal.json")).await;
    assert_eq!(minimal[0].id.as_str(), "e-1");
    assert_eq!(read(fixture!("environments.nulls.json")).await, minimal);
    let unknown = read(fixture!("environments.unknown.json")).await;
    assert_eq!(unknown[0].id.as_str(), "8");
    let flag = unknown[0].environment_flag.as_ref().expect("it has one");
    assert!(matches!(flag, EnvironmentFlag::Other(other) if other.as_str() == "Galaxy"));
    assert_eq!(written(&unknown[0])["environmentFlag"], "Galaxy");
}

#[tokio::test]
async fn a_list_that_is_not_there_is_not_nobody() {
    for (answer, named) in [
        ("{}", "missing field `payload`"),
        (r#"{"payload":{}}"#, "missing field `memberships`"),
        (r#"{"payload":{"success":true}}"#, "missing field `memberships`"),
        (r#"{"payload":{"memberships":[{}]}}"#, "memberships[0]: missing field `user`"),
        (r#"{"payload":{"memberships":[{"user":{}}]}}"#, "missing field `id`"),
        (r#"{"payload":{"memberships":[{"user":{"id":""}}]}}"#, "an empty id"),
        (r#"{"payload":{"memberships":[{"user":{"id":[]}}]}}"#, "neither text nor a number"),
    ] {
        let capture = Capture::start([(200, answer), (200, answer)]).await;
        let client = client(&capture);
        for error in [
            organization(&client).list().await.expect_err(named),
            environment(&client).list().await.expect_err(named),
        ] {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
            assert!(error.to_string().contains(named), "{error}");
        }
    }
    let null = r#"{"payload":{"memberships":null}}"#;
    let capture = Capture::start([(200, null)]).await;
    let read = organization(&client(&capture)).list().await.expect("null is an empty list");
    assert!(read.payload.memberships.is_empty());
    let capture = Capture::start([(200, r#"{"payload":{}}"#)]).await;
    let parent = client(&capture).organization("7").expect("it fits a path");
    let error = parent.environments().list().await.expect_err("no list");
    assert!(error.to_string().contains("missing field `environments`"), "{error}");
}

#[tokio::test]
async fn success_false_is_an_error_everywhere() {
    let text = r#"{"meta":{"version":"1.0.0"},"payload":{"success":false,"memberships":[],"environments":[],"message":"only for owners"}}"#;
    let capture = Capture::start([(200, text); 6]).await;
    let client = client(&capture);
    let refused = |error: Error, effect| {
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, effect), "{error}");
        assert!(error.to_string().contains("only for owners"), "{error}");
    };
    let assignments = environment(&client);
    let parent = client.organization("org/7").expect("it fits a path");
    refused(organization(&client).list().await.expect_err("no success"), Effect::NotApplied);
    refused(assignments.list().await.expect_err("no success"), Effect::NotApplied);
    refused(parent.environments().list().await.expect_err("no success"), Effect::NotApplied);
    refused(assignments.create(&wanted("a")).await.expect_err("no success"), Effect::Unknown);
    refused(assignments.assign(&wanted("a")).await.expect_err("no success"), Effect::Unknown);
    refused(assignments.delete(&user()).await.expect_err("no success"), Effect::Unknown);
}

#[tokio::test]
async fn a_change_without_an_answer_is_a_change() {
    for answer in ["{}", r#"{"payload":{}}"#, r#"{"payload":{"success":null}}"#, ""] {
        let capture = Capture::start([(200, answer); 3]).await;
        let assignments = environment(&client(&capture));
        for error in [
            assignments.create(&wanted("a")).await.expect_err("no success"),
            assignments.assign(&wanted("a")).await.expect_err("no success"),
            assignments.delete(&user()).await.expect_err("no success"),
        ] {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Applied));
        }
    }
}

#[tokio::test]
async fn wrong_ids_are_refused_before_sending() {
    let capture = Capture::start([]).await;
    let client = client(&capture);
    for bad in ["", ".", "..", "a\nb"] {
        let error = client.environment(bad).expect_err("it is no segment");
        assert_eq!((error.kind(), error.status()), (ErrorKind::InvalidRequest, None));
        assert!(error.to_string().contains("environmentId: must not"), "{error}");
    }
    assert!(capture.requests().is_empty());
}

#[tokio::test]
async fn names_of_operations_tell_the_place() {
    let capture = Capture::start([]).await;
    let client = client(&capture);
    let assignments = environment(&client);
    let parent = client.organization("7").expect("it fits a path");
    for (name, call) in [
        ("redox role-assignment.list", organization(&client).list().operation()),
        ("redox environments.list", parent.environments().list().operation()),
        ("redox environment-role-assignment.list", assignments.list().operation()),
        ("redox environment-role-assignment.create", assignments.create(&wanted("a")).operation()),
        ("redox environment-role-assignment.assign", assignments.assign(&wanted("a")).operation()),
        ("redox environment-role-assignment.delete", assignments.delete(&user()).operation()),
    ] {
        assert_eq!(name, call);
    }
}

/// A fake with the environment `env-1`.
async fn started() -> RedoxFake {
    let fake = RedoxFake::start().await.expect("a free port");
    fake.add_environment("7", "env-1", "Clinic", "Staging");
    fake
}

/// A client that does not repeat, for what a single fault does.
fn once(fake: &RedoxFake) -> Redox {
    let options = ClientOptions::default().retry(RetryPolicy::none());
    fake.builder().options(options).build().expect("the client is set up well")
}

fn in_environment(client: &Redox) -> EnvironmentRoleAssignments {
    client.environment("env-1").expect("it fits a path").role_assignments()
}

fn given(role: &str, user: &str) -> NewRoleAssignment {
    NewRoleAssignment::new(
        RoleRef::id(role).expect("it is filled"),
        UserRef::id(user).expect("it is filled"),
    )
}

mod the_fake {
    use super::*;

    #[tokio::test]
    async fn remembers_what_it_was_told() {
        let fake = started().await;
        let client = fake.client().expect("the client is set up well");
        let assignments = in_environment(&client);
        assignments.create(&given("r-1", "u-1")).await.expect("it is new");
        assignments.assign(&given("r-2", "u-2")).await.expect("a PUT gives one");
        assignments.assign(&given("r-3", "u-1")).await.expect("a PUT replaces");
        let listed = assignments.list().await.expect("it is listed").payload.memberships;
        let shown: Vec<_> = listed
            .iter()
            .map(|held| (held.user.id.as_str(), held.role.as_ref().and_then(|r| r.id.as_deref())))
            .collect();
        assert_eq!(shown, [("u-1", Some("r-3")), ("u-2", Some("r-2"))]);
        let place = listed[0].environment.as_ref().and_then(|place| place.name.as_deref());
        assert_eq!(place, Some("Clinic"));
        assignments.delete(&UserRef::id("u-1").expect("it is filled")).await.expect("it was there");
        let left = fake.environment_memberships();
        assert_eq!((left.len(), left[0].user.as_str(), left[0].role.as_str()), (1, "u-2", "r-2"));
        assert!(fake.memberships().is_empty(), "environments are apart from organizations");

        let parent = client.organization("7").expect("it fits a path");
        let environments = parent.environments().list().await.expect("it is listed");
        assert_eq!(environments.payload.environments.len(), 1);
        let other = client.organization("8").expect("it fits a path");
        let none = other.environments().list().await.expect("it is listed");
        assert!(none.payload.environments.is_empty());
    }

    #[tokio::test]
    async fn has_its_own_answers_to_what_is_open() {
        let fake = started().await;
        let client = once(&fake);
        let assignments = in_environment(&client);
        let user = UserRef::id("u-1").expect("it is filled");
        let error = assignments.delete(&user).await.expect_err("there is nobody");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        fake.absent(RedoxAbsent::Success);
        assignments.delete(&user).await.expect("it was told to");
        fake.absent(RedoxAbsent::Unsuccessful);
        let error = assignments.delete(&user).await.expect_err("it was told to");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::Unknown));

        assignments.create(&given("r-1", "u-1")).await.expect("it is new");
        let error = assignments.create(&given("r-2", "u-1")).await.expect_err("there is one");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
        fake.duplicates(RedoxDuplicates::Replaced);
        assignments.create(&given("r-2", "u-1")).await.expect("it was told to");
        assert_eq!(fake.environment_memberships()[0].role, "r-2");

        let unknown = client.environment("env-2").expect("it fits a path").role_assignments();
        assert_eq!(unknown.list().await.expect_err("not there").kind(), ErrorKind::NotFound);
    }
}

mod repetition {
    use super::*;

    #[tokio::test]
    async fn a_create_is_not_repeated_and_the_rest_is() {
        let fake = started().await;
        let client = fake.client().expect("the client is set up well");
        let assignments = in_environment(&client);
        fake.next(1, Fault::reset().after_processing());
        let error = assignments.create(&given("r-1", "u-1")).await.expect_err("no answer came");
        assert_eq!((error.effect(), error.attempts()), (Effect::Unknown, 1));
        fake.next(1, Fault::reset().after_processing());
        assignments.assign(&given("r-2", "u-1")).await.expect("a PUT is repeated");
        fake.next(1, Fault::reset());
        assignments.list().await.expect("a GET is repeated");
        fake.next(1, Fault::reset());
        let user = UserRef::id("u-1").expect("it is filled");
        assignments.delete(&user).await.expect("a DELETE is repeated");
    }

    #[tokio::test]
    async fn the_answer_to_a_second_delete_is_left_open() {
        let fake = started().await;
        let client = fake.client().expect("the client is set up well");
        let assignments = in_environment(&client);
        assignments.create(&given("r-1", "u-1")).await.expect("it is new");
        fake.next(1, Fault::reset().after_processing());
        let user = UserRef::id("u-1").expect("it is filled");
        let error = assignments.delete(&user).await.expect_err("the echo is not understood");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 2));
        assert!(error.is_outcome_unknown());
    }
}
