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
    let capture = Capture::start([(200, r#"{"payload":{"memberships":null}}"#)]).await;
    let error = organization(&client(&capture)).list().await.expect_err("null is no list");
    assert!(error.to_string().contains("payload.memberships: invalid type: null"), "{error}");
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
async fn a_change_without_success_has_an_unknown_outcome() {
    for (answer, kind) in [
        ("{}", ErrorKind::Decode),
        (r#"{"payload":{}}"#, ErrorKind::Decode),
        (r#"{"payload":{"success":null}}"#, ErrorKind::Decode),
        (r#"{"payload":{"success":0}}"#, ErrorKind::Decode),
        (r#"{"payload":{"success":"true"}}"#, ErrorKind::Decode),
        ("", ErrorKind::Decode),
        ("<html>", ErrorKind::Decode),
        (r#"{"payload":{"success":"false"}}"#, ErrorKind::Rejected),
        (r#"{"payload":{"success":"False"}}"#, ErrorKind::Rejected),
    ] {
        for status in [200, 201] {
            let capture = Capture::start([(status, answer); 4]).await;
            // The usual policy: not even a PUT is repeated.
            let client = Redox::builder("obviously-fake-redox-token").base_url(capture.uri());
            let client = client.build().expect("the client is set up well");
            let assignments = environment(&client);
            for error in [
                organization(&client).assign(&wanted("a")).await.expect_err(answer),
                assignments.create(&wanted("a")).await.expect_err(answer),
                assignments.assign(&wanted("a")).await.expect_err(answer),
                assignments.delete(&user()).await.expect_err(answer),
            ] {
                assert_eq!((error.kind(), error.effect()), (kind, Effect::Unknown), "{answer}");
                assert_eq!(error.attempts(), 1);
            }
        }
    }
}

#[tokio::test]
async fn a_broken_answer_to_a_change_has_an_unknown_outcome() {
    let fake = started().await;
    fake.absent(RedoxAbsent::Unsuccessful);
    let options = ClientOptions::default().max_answer_bytes(64 << 10);
    let client = fake.builder().options(options).build().expect("the client is set up well");
    let assignments = in_environment(&client);
    for (fault, kind) in [
        // It would have said `success: false`.
        (Fault::truncated(), ErrorKind::Interrupted),
        (Fault::reset_in_answer(), ErrorKind::Interrupted),
        (Fault::endless(200), ErrorKind::Decode),
    ] {
        fake.next(1, fault.clone());
        let error = assignments.delete(&user()).await.expect_err("it cannot be read");
        assert_eq!((error.kind(), error.effect()), (kind, Effect::Unknown), "{error}");
        assert_eq!(error.attempts(), 1);
        fake.next(1, fault);
        let error = organization(&client).assign(&wanted("a")).await.expect_err("likewise");
        assert_eq!((error.kind(), error.effect()), (kind, Effect::Unknown), "{error}");
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

mod ensuring {
    use super::*;
    use rolecall::redox::{EnvironmentMembership, OrganizationMembership};
    use rolecall::{Difference, Ensured, EnsuredAbsent};

    fn role_in(held: &Option<EnvironmentMembership>) -> Option<&str> {
        held.as_ref()?.role.as_ref()?.id.as_deref()
    }

    /// The methods of the requests that the fake received.
    fn methods(fake: &RedoxFake) -> Vec<String> {
        fake.received().iter().map(|request| request.method().to_owned()).collect()
    }

    #[tokio::test]
    async fn an_organization_role_is_assigned_once() {
        let fake = started().await;
        let client = fake.client().expect("the client is set up well");
        let assignments = organization(&client);
        let done = assignments.ensure(&given("r-1", "u-1")).await.expect("it is settled");
        assert_eq!(done, Ensured::Created(None));
        let done = assignments.ensure(&given("r-1", "u-1")).await.expect("it is settled");
        let Ensured::Existed(Some(OrganizationMembership { user, .. })) = done else {
            panic!("{done:?}");
        };
        assert_eq!(user.id, "u-1");
        assert_eq!(methods(&fake), ["GET", "PUT", "GET"]);
    }

    #[tokio::test]
    async fn another_role_is_a_conflict_and_stays() {
        let fake = started().await;
        let client = fake.client().expect("the client is set up well");
        let (assignments, in_organization) = (in_environment(&client), organization(&client));
        assignments.assign(&given("owner", "u-1")).await.expect("it succeeds");
        in_organization.assign(&given("owner", "u-1")).await.expect("it succeeds");

        let error = assignments.ensure(&given("r-1", "u-1")).await.expect_err("it differs");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
        let both = error.service::<Difference<NewRoleAssignment, Option<EnvironmentMembership>>>();
        let both = both.expect("it shows both");
        assert_eq!((role_in(&both.found), &both.wanted), (Some("owner"), &given("r-1", "u-1")));

        let error = in_organization.ensure(&given("r-1", "u-1")).await.expect_err("it differs");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
        let both = error.service::<Difference<NewRoleAssignment, Option<OrganizationMembership>>>();
        let found = both.and_then(|both| both.found.clone()).expect("it shows both");
        assert_eq!(found.role.and_then(|role| role.id).as_deref(), Some("owner"));

        assert_eq!(methods(&fake), ["PUT", "PUT", "GET", "GET"], "nothing was sent");
        assert_eq!(fake.environment_memberships()[0].role, "owner");
        assert_eq!(fake.memberships()[0].role, "owner");
    }

    /// Another admin decides otherwise after a PUT that was lost: that decision stays.
    #[tokio::test]
    async fn a_role_given_meanwhile_is_not_overwritten() {
        let listed = r#"{"payload":{"memberships":[{"role":{"id":"third"},"user":{"id":"u-1"}}]}}"#;
        let none = r#"{"payload":{"memberships":[]}}"#;
        let answers = [(200, none), (500, "{}"), (200, none), (200, listed)];
        let capture = Capture::start(answers).await;
        // The usual policy, under which a PUT would be repeated without reading.
        let client = Redox::builder("obviously-fake-redox-token").base_url(capture.uri());
        let client = client.build().expect("the client is set up well");
        let error = organization(&client).ensure(&given("r-1", "u-1")).await.expect_err("third");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::Unknown));
        let both = error.service::<Difference<NewRoleAssignment, Option<OrganizationMembership>>>();
        assert!(both.is_some(), "{error}");
        let requests = capture.requests();
        let puts = requests.iter().filter(|request| request.starts_with("PUT ")).count();
        assert_eq!((requests.len(), puts), (4, 1));
    }

    #[tokio::test]
    async fn an_unknown_outcome_is_read() {
        let fake = started().await;
        let client = once(&fake);
        second(&fake, Fault::reset().after_processing());
        let done = organization(&client).ensure(&given("r-1", "u-1")).await.expect("it is read");
        assert!(matches!(&done, Ensured::Present(Some(held)) if held.user.id == "u-1"), "{done:?}");

        let assignments = in_environment(&client);
        second(&fake, Fault::reset().after_processing());
        let done = assignments.ensure(&given("r-1", "u-1")).await.expect("it is read");
        assert!(matches!(&done, Ensured::Present(held) if role_in(held) == Some("r-1")));
        second(&fake, Fault::html(502).after_processing());
        let done = assignments.ensure(&given("r-2", "u-2")).await.expect("it is read");
        assert!(matches!(&done, Ensured::Present(held) if role_in(held) == Some("r-2")));
        assert_eq!(fake.environment_memberships().len(), 2);
    }

    /// The next request passes, and the one after it meets the fault.
    fn second(fake: &RedoxFake, fault: Fault) {
        fake.next(1, Fault::delay(std::time::Duration::ZERO));
        fake.next(1, fault);
    }

    #[tokio::test]
    async fn a_put_that_did_not_arrive_is_sent_again() {
        let fake = started().await;
        second(&fake, Fault::reset());
        let done = organization(&once(&fake)).ensure(&given("r-1", "u-1")).await;
        assert_eq!(done.expect("it is made"), Ensured::Created(None));
        assert_eq!((fake.memberships().len(), fake.memberships()[0].role.as_str()), (1, "r-1"));
    }

    /// Nobody says that the service refuses a second one, and the first could still arrive.
    #[tokio::test]
    async fn a_post_is_sent_once() {
        let unsuccessful = r#"{"payload":{"success":false}}"#;
        for (fault, kind) in [
            (Fault::reset(), ErrorKind::Interrupted),
            (Fault::html(500), ErrorKind::Server),
            (Fault::json(200, unsuccessful), ErrorKind::Rejected),
            (Fault::json(200, "{}"), ErrorKind::Decode),
        ] {
            let fake = started().await;
            let client = fake.client().expect("the client is set up well");
            second(&fake, fault);
            let error = in_environment(&client).ensure(&given("r-1", "u-1")).await;
            let error = error.expect_err("it is not there");
            assert_eq!((error.kind(), error.effect()), (kind, Effect::Unknown), "{error}");
            assert_eq!(methods(&fake), ["GET", "POST", "GET", "GET", "GET", "GET"]);
        }
    }

    #[tokio::test]
    async fn a_refused_post_that_cannot_be_looked_behind_is_told() {
        let none = r#"{"payload":{"memberships":[]}}"#;
        let capture = Capture::start([(200, none), (400, "{}"), (403, "{}")]).await;
        let error = environment(&client(&capture)).ensure(&given("r-1", "u-1")).await;
        let error = error.expect_err("it is not known");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.effect(), Effect::NotApplied);
        assert_eq!(error.operation(), Some("redox environment-role-assignment.create"));
        assert!(error.to_string().contains("what is there could not be read"), "{error}");
        // A list that is refused at first is no refusal of the POST.
        let capture = Capture::start([(404, "{}")]).await;
        let error = environment(&client(&capture)).ensure(&given("r-1", "u-1")).await;
        let error = error.expect_err("there is no such place");
        assert_eq!(error.operation(), Some("redox environment-role-assignment.list"));
        assert_eq!(capture.requests().len(), 1);
    }

    /// A removal that was said to be done in a way that cannot be read may be another's.
    #[tokio::test]
    async fn what_was_not_confirmed_is_not_claimed() {
        let listed = r#"{"payload":{"memberships":[{"role":{"id":"r-1"},"user":{"id":"u-1"}}]}}"#;
        let none = r#"{"payload":{"memberships":[]}}"#;
        let user = UserRef::id("u-1").expect("it is filled");
        for answer in ["{}", "", r#"{"payload":{"success":"false"}}"#] {
            let capture = Capture::start([(200, listed), (200, answer), (200, none)]).await;
            let gone = environment(&client(&capture)).ensure_absent(&user).await;
            assert_eq!(gone.expect("it is gone"), EnsuredAbsent::Absent);
            let capture = Capture::start([(200, none), (200, answer), (200, listed)]).await;
            let done = environment(&client(&capture)).ensure(&given("r-1", "u-1")).await;
            assert!(matches!(done.expect("it is there"), Ensured::Present(_)));
        }
    }

    #[tokio::test]
    async fn a_service_that_goes_on_failing_leaves_the_first_error() {
        let fake = started().await;
        let assignments = organization(&once(&fake));
        second(&fake, Fault::html(500));
        // The readings in between pass.
        fake.next(3, Fault::delay(std::time::Duration::ZERO));
        second(&fake, Fault::html(502));
        let error = assignments.ensure(&given("r-1", "u-1")).await.expect_err("it fails twice");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Server, Effect::Unknown));
        assert_eq!(error.status().map(|status| status.as_u16()), Some(500));
        assert!(fake.memberships().is_empty());
    }

    #[tokio::test]
    async fn a_rival_is_told_what_there_is() {
        let listed = r#"{"payload":{"memberships":[{"role":{"id":"r-1"},"user":{"id":"u-1"}}]}}"#;
        let none = r#"{"payload":{"memberships":[]}}"#;
        // Refused, as somebody else gave the same role between the reading and the POST.
        for status in [400, 404, 409, 413] {
            let capture = Capture::start([(200, none), (status, "{}"), (200, listed)]).await;
            let assignments = environment(&client(&capture));
            let done = assignments.ensure(&given("r-1", "u-1")).await.expect("it is there");
            assert!(matches!(&done, Ensured::Existed(held) if role_in(held) == Some("r-1")));
            // As often as it cares to look.
            let mut answers = [(200, none); 7];
            answers[1] = (status, "{}");
            let capture = Capture::start(answers).await;
            let assignments = environment(&client(&capture));
            let error = assignments.ensure(&given("r-1", "u-1")).await.expect_err("it is not");
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        }
        // Another role, after an outcome that is unknown.
        let capture = Capture::start([(200, none), (500, "{}"), (200, listed)]).await;
        let assignments = environment(&client(&capture));
        let error = assignments.ensure(&given("r-2", "u-1")).await.expect_err("it differs");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::Unknown));
        let difference =
            error.service::<Difference<NewRoleAssignment, Option<EnvironmentMembership>>>();
        let difference = difference.expect("it shows what is there");
        assert_eq!(role_in(&difference.found), Some("r-1"));
        assert_eq!(difference.wanted, given("r-2", "u-1"));
        // A refusal that says something else is not looked behind.
        for status in [401, 403] {
            let capture = Capture::start([(200, none), (status, "{}")]).await;
            let assignments = environment(&client(&capture));
            let error = assignments.ensure(&given("r-1", "u-1")).await.expect_err("it is refused");
            assert_eq!(error.effect(), Effect::NotApplied);
            assert_eq!(capture.requests().len(), 2);
        }
    }

    #[tokio::test]
    async fn many_at_once_are_one() {
        let fake = started().await;
        let client = fake.client().expect("the client is set up well");
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let assignments = in_environment(&client);
                tokio::spawn(async move { assignments.ensure(&given("r-1", "u-1")).await })
            })
            .collect();
        let mut created = 0;
        for task in tasks {
            let done = task.await.expect("no panic").expect("it is settled");
            created += usize::from(matches!(done, Ensured::Created(_)));
        }
        assert_eq!((created, fake.environment_memberships().len()), (1, 1));
    }

    #[tokio::test]
    async fn users_are_told_by_id_alone() {
        let listed = r#"{"payload":{"memberships":[
            {"role":{"id":"r-1","name":"engineer"},"user":{"id":"u-A","fullname":"A. User"}}]}}"#;
        let capture = Capture::start([(200, listed)]).await;
        let wanted = NewRoleAssignment::new(
            RoleRef::name("engineer").expect("it is filled"),
            UserRef::new("u-A", "Another Name").expect("it is filled"),
        );
        let done = environment(&client(&capture)).ensure(&wanted).await.expect("it is there");
        assert!(matches!(done, Ensured::Existed(Some(held)) if held.user.id == "u-A"));
        // With an id a name does not count.
        let capture = Capture::start([(200, listed)]).await;
        let wanted = NewRoleAssignment::new(
            RoleRef::new("r-2", "engineer").expect("it is filled"),
            UserRef::id("u-A").expect("it is filled"),
        );
        let error = environment(&client(&capture)).ensure(&wanted).await.expect_err("it differs");
        assert_eq!(error.kind(), ErrorKind::Conflict);
        // Nobody says that ids are the same without case.
        let done = fixture!("assigned.full.json");
        let capture = Capture::start([(200, listed), (200, done)]).await;
        let done = environment(&client(&capture)).ensure(&given("r-1", "u-a")).await;
        assert_eq!(done.expect("it is made"), Ensured::Created(None));
        let capture = Capture::start([(200, listed)]).await;
        let other = UserRef::id("u-a").expect("it is filled");
        let gone = environment(&client(&capture)).ensure_absent(&other).await;
        assert_eq!(gone.expect("there is no such user"), EnsuredAbsent::WasAbsent);

        // A name does not tell who is meant.
        let capture = Capture::start([]).await;
        let client = client(&capture);
        let named = UserRef::name("A. User").expect("it is filled");
        let support = RoleRef::name("support").expect("it is filled");
        let wanted = NewRoleAssignment::new(support, named.clone());
        for error in [
            environment(&client).ensure(&wanted).await.expect_err("no id"),
            environment(&client).ensure_absent(&named).await.expect_err("no id"),
            organization(&client).ensure(&wanted).await.expect_err("no id"),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.to_string().contains("user.id: must be given"), "{error}");
        }
        assert_eq!(capture.requests().len(), 0, "nothing was asked");
    }

    #[tokio::test]
    async fn absence_is_read_first_and_settled_by_reading() {
        let fake = started().await;
        let client = fake.client().expect("the client is set up well");
        let assignments = in_environment(&client);
        let user = UserRef::id("u-1").expect("it is filled");
        let absent = async || assignments.ensure_absent(&user).await.expect("it is settled");
        let give = async || assignments.assign(&given("r-1", "u-1")).await.expect("it succeeds");
        assert_eq!(absent().await, EnsuredAbsent::WasAbsent);
        assert_eq!(methods(&fake), ["GET"], "nothing to remove");
        give().await;
        assert_eq!(absent().await, EnsuredAbsent::Removed);
        // The answer to the repetition is not understood, and read behind.
        for unknown in [RedoxAbsent::NotFound, RedoxAbsent::Unsuccessful] {
            fake.absent(unknown);
            give().await;
            second(&fake, Fault::reset().after_processing());
            assert_eq!(absent().await, EnsuredAbsent::Absent);
        }
        // An unknown environment is no absence.
        let unknown = client.environment("env-2").expect("it fits a path").role_assignments();
        let error = unknown.ensure_absent(&user).await.expect_err("there is no such place");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_refused_removal_is_believed_only_if_the_list_agrees() {
        let listed = r#"{"payload":{"memberships":[{"role":{"id":"r-1"},"user":{"id":"u-1"}}]}}"#;
        let none = r#"{"payload":{"memberships":[]}}"#;
        let user = UserRef::id("u-1").expect("it is filled");
        for status in [400, 404, 409] {
            let answers = [(200, listed), (status, "{}"), (200, none), (200, none)];
            let assignments = environment(&client(&Capture::start(answers).await));
            let gone = assignments.ensure_absent(&user).await.expect("it is gone");
            assert_eq!(gone, EnsuredAbsent::Absent, "it was there a moment ago");
            let answers = [(200, listed), (status, "{}"), (200, listed)];
            let assignments = environment(&client(&Capture::start(answers).await));
            let error = assignments.ensure_absent(&user).await.expect_err("it is there");
            assert_eq!(error.effect(), Effect::NotApplied);
        }
        let answers = [(200, listed), (403, "{}")];
        let assignments = environment(&client(&Capture::start(answers).await));
        let error = assignments.ensure_absent(&user).await.expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }
}

#[cfg(feature = "redox-jwt")]
mod api_key {
    use std::collections::HashSet;
    use std::time::{Duration, SystemTime};

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature;
    use rolecall::redox::{ApiKey, ServiceError};

    use super::*;

    const RSA: &str = fixture!("keys/rsa.pem");
    const P384: &str = fixture!("keys/p384.pem");
    const RSA_JWK: &str = fixture!("keys/rsa.jwk.json");
    const P384_JWK: &str = fixture!("keys/p384.jwk.json");
    const MEMBERSHIPS: &str = fixture!("memberships.full.json");

    fn of_pem(pem: &str) -> ApiKey {
        ApiKey::from_pem(RedoxFake::CLIENT_ID, RedoxFake::KEY_ID, pem).expect("it is a key")
    }

    fn of_jwk(jwk: &str) -> ApiKey {
        ApiKey::from_jwk(RedoxFake::CLIENT_ID, RedoxFake::KEY_ID, jwk).expect("it is a key")
    }

    /// A client with this key, of a service at this address.
    fn at(uri: &str, key: ApiKey) -> Redox {
        Redox::with_api_key(key)
            .base_url(format!("{uri}/platform"))
            .token_url(format!("{uri}/v2/auth/token"))
            .build()
            .expect("the client is set up well")
    }

    fn decoded(part: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(part).expect("it is base64url without padding")
    }

    fn now() -> u64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.expect("it is after 1970").as_secs()
    }

    /// Header and claims of an assertion, after another library than the signer's has checked it
    /// against the public half of the key.
    fn verified(assertion: &str) -> (Value, Value) {
        let [header, claims, signature] = assertion.split('.').collect::<Vec<_>>()[..] else {
            panic!("it has three parts");
        };
        let signed = format!("{header}.{claims}");
        let signature = decoded(signature);
        let parse = |part| serde_json::from_slice::<Value>(&decoded(part)).expect("it is JSON");
        let (header, claims) = (parse(header), parse(claims));
        let number = |jwk: &str, name: &str| {
            decoded(parsed(jwk)[name].as_str().expect("the fixture has it"))
        };
        match header["alg"].as_str() {
            Some("RS384") => signature::RsaPublicKeyComponents {
                n: number(RSA_JWK, "n"),
                e: number(RSA_JWK, "e"),
            }
            .verify(
                &signature::RSA_PKCS1_2048_8192_SHA384,
                signed.as_bytes(),
                &signature,
            ),
            Some("ES384") => {
                let public = [vec![4], number(P384_JWK, "x"), number(P384_JWK, "y")].concat();
                signature::UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, public)
                    .verify(signed.as_bytes(), &signature)
            }
            other => panic!("{other:?}"),
        }
        .expect("the signature is good");
        (header, claims)
    }

    /// The assertion of a token request that is otherwise that of the fixture.
    fn assertion(request: &str) -> String {
        let (_, found) = request.trim_end().rsplit_once('=').expect("it has a form");
        let (_, body) = request.trim_end().split_once("\n\n").expect("it has a body");
        let expected = fixture!("token.request.http")
            .replace("{assertion}", found)
            .replace("{length}", &body.len().to_string());
        assert_eq!(request, expected);
        found.to_owned()
    }

    #[tokio::test]
    async fn assertions_check_out() {
        for (key, algorithm) in [
            (of_pem(RSA), "RS384"),
            (of_pem(fixture!("keys/rsa-pkcs1.pem")), "RS384"),
            (of_jwk(RSA_JWK), "RS384"),
            (of_pem(P384), "ES384"),
            (of_jwk(P384_JWK), "ES384"),
        ] {
            let capture = Capture::start([(200, fixture!("token.json")), (200, MEMBERSHIPS)]).await;
            let before = now();
            let client = at(&capture.uri(), key);
            organization(&client).list().await.expect("it succeeds");
            let requests = capture.requests();
            let (header, claims) = verified(&assertion(&requests[0]));
            let expected =
                serde_json::json!({"typ": "JWT", "alg": algorithm, "kid": RedoxFake::KEY_ID});
            assert_eq!(header, expected);
            assert_eq!(claims["iss"], RedoxFake::CLIENT_ID);
            assert_eq!(claims["sub"], RedoxFake::CLIENT_ID);
            assert_eq!(claims["aud"], format!("{}/v2/auth/token", capture.uri()));
            let issued = claims["iat"].as_u64().expect("it is a number");
            assert!((before..=now()).contains(&issued));
            assert_eq!(claims["exp"], issued + 300);
            assert_eq!(decoded(claims["jti"].as_str().expect("it is text")).len(), 16);
            assert_eq!(claims.as_object().map(serde_json::Map::len), Some(6));
            assert_eq!(
                requests[1],
                fixture!("list.request.http"),
                "the token is sent, and only it"
            );
        }
    }

    #[tokio::test]
    async fn every_request_has_an_assertion_of_its_own() {
        // Four tries of one fetch: a lost outcome is asked again with another assertion.
        let answers = [
            (500, "{}"),
            (502, "<html>"),
            (503, "{}"),
            (200, fixture!("token.json")),
            (200, MEMBERSHIPS),
        ];
        let capture = Capture::start(answers).await;
        let key = of_pem(P384).assertion_lifetime(Duration::from_secs(60));
        organization(&at(&capture.uri(), key)).list().await.expect("the fourth try succeeds");
        let requests = capture.requests();
        let ids: HashSet<String> = requests[..4]
            .iter()
            .map(|request| {
                let (_, claims) = verified(&assertion(request));
                let lifetime = claims["exp"].as_u64().zip(claims["iat"].as_u64());
                assert_eq!(lifetime.map(|(end, start)| end - start), Some(60), "as it was set");
                claims["jti"].to_string()
            })
            .collect();
        assert_eq!(ids.len(), 4);
    }

    #[tokio::test]
    async fn tokens_are_fetched_once_kept_and_renewed() {
        let fake = RedoxFake::start().await.expect("a free port");
        let client = at(&fake.uri(), of_pem(RSA));
        let tasks: Vec<_> = (0..50)
            .map(|nth| {
                let assignments = organization(&client);
                tokio::spawn(
                    async move { assignments.assign(&given("r-1", &format!("u-{nth}"))).await },
                )
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic").expect("it succeeds");
        }
        assert_eq!((fake.tokens_given(), fake.memberships().len()), (1, 50));
        fake.revoke_tokens();
        organization(&client).list().await.expect("a new token is fetched");
        assert_eq!(fake.tokens_given(), 2);
        // Tokens that end at once are fetched for each call, each with an assertion of its own: the
        // fake takes none twice.
        fake.token_lifetime(Duration::ZERO);
        fake.revoke_tokens();
        for _ in 0..3 {
            organization(&client).list().await.expect("a new token is fetched");
        }
        assert_eq!(fake.tokens_given(), 5);
    }

    #[tokio::test]
    async fn an_assertion_goes_to_the_token_url_alone_and_is_masked() {
        let fake = RedoxFake::start().await.expect("a free port");
        let client = at(&fake.uri(), of_pem(RSA));
        organization(&client).list().await.expect("it succeeds");
        let received = fake.received();
        assert_eq!(received[0].path(), "/v2/auth/token");
        assert_eq!(received[0].header("authorization"), None);
        assert!(received[0].body_text().ends_with("&client_assertion=***"));
        assert_eq!(received[1].header("authorization"), Some("Bearer ***"));
        assert!(received[1].body().is_empty());
    }

    /// Answers every request with what was sent, and sends that here too.
    async fn echo(status: u16, body: fn(&str) -> String) -> (String, HashSet<String>, Error) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let uri = format!("http://{}", listener.local_addr().expect("an address"));
        let (report, mut reported) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut text = String::new();
                while !text.contains("client_assertion=") || text.matches('.').count() < 2 {
                    let mut part = [0; 8192];
                    let read = stream.read(&mut part).await.expect("it sends");
                    text.push_str(&String::from_utf8_lossy(&part[..read]));
                }
                let (_, assertion) = text.rsplit_once("client_assertion=").expect("it is there");
                report.send(assertion.to_owned()).expect("the test listens");
                let body = body(assertion);
                let length = body.len();
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n");
                let answer = format!("{head}Connection: close\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.expect("the client is there");
            }
        });
        let client = at(&uri, of_pem(P384));
        let error = organization(&client).list().await.expect_err("there is no token");
        let mut sent = HashSet::new();
        while let Ok(assertion) = reported.try_recv() {
            sent.insert(assertion);
        }
        (uri, sent, error)
    }

    #[tokio::test]
    async fn an_echoed_assertion_is_in_no_error() {
        let bodies: [fn(&str) -> String; 4] = [
            |assertion| {
                serde_json::json!({"error": "invalid_client", "error_description": assertion})
                    .to_string()
            },
            |assertion| format!("<html>{assertion}{assertion}</html>"),
            |assertion| format!("{:?}", assertion.split('.').collect::<Vec<_>>()),
            |assertion| serde_json::json!({"access_token": [assertion]}).to_string(),
        ];
        for (status, body) in
            [400, 401, 500, 200].into_iter().flat_map(|status| bodies.map(|body| (status, body)))
        {
            let (_, sent, error) = echo(status, body).await;
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let shown = format!(
                "{error} {error:?} {} {source:?} {:?}",
                String::from_utf8_lossy(error.body()),
                error.service::<ServiceError>()
            );
            assert!(!sent.is_empty());
            for assertion in sent {
                let signature = assertion.rsplit('.').next().expect("it has parts");
                assert!(!shown.contains(&assertion) && !shown.contains(signature), "{shown}");
            }
            assert_eq!(error.effect(), Effect::NotApplied, "the service itself got nothing");
        }
    }

    #[tokio::test]
    async fn the_token_endpoints_words_are_told() {
        let fake = RedoxFake::start().await.expect("a free port");
        let key = ApiKey::from_pem(RedoxFake::CLIENT_ID, "another-key", RSA).expect("it is a key");
        let error = organization(&at(&fake.uri(), key)).list().await.expect_err("it is unknown");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        let text = error.to_string();
        for said in [
            "redox role-assignment.list: unauthenticated (invalid_client: Public key not found",
            "no access token could be had",
        ] {
            assert!(text.contains(said), "{text}");
        }
        let body = r#"{"error":"invalid_client","error_description":"no","error_uri":"https://h.example/e"}"#;
        fake.next(1, Fault::status(400).content_type("application/json").body(body));
        let client = at(&fake.uri(), of_pem(RSA));
        let error = organization(&client).list().await.expect_err("it is refused");
        let service = error.service::<ServiceError>().expect("it was read");
        assert_eq!(service.code.as_deref(), Some("invalid_client"));
        assert_eq!(service.messages, ["no"]);
        assert_eq!(service.link.as_deref(), Some("https://h.example/e"));
        assert_eq!(fake.tokens_given(), 0);
    }

    #[tokio::test]
    async fn the_fake_refuses_wrong_token_requests() {
        use rolecall::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
        struct Form(Vec<(&'static str, String)>);
        impl Operation for Form {
            type Service = Redox;
            type Answer = ();
            const NAME: &'static str = "redox test";
            const METHOD: http::Method = http::Method::POST;
            const SUCCESS: &'static [u16] = &[200];
            const REPEAT: Repeat = Repeat::Once;
            fn path(&self) -> Path<'_> {
                Path::fixed("/v2/auth/token")
            }
            fn body(&self) -> Result<Body, Error> {
                let pairs = self.0.iter().map(|(name, value)| (*name, value.as_str()));
                Body::form(&pairs.collect::<Vec<_>>())
            }
            fn decode(_: &RawAnswer<'_>) -> Result<(), AnswerError> {
                Ok(())
            }
        }
        let fake = RedoxFake::start().await.expect("a free port");
        let client = fake.builder().base_url(fake.uri()).build().expect("it is set up well");
        let good = serde_json::json!({
            "iss": RedoxFake::CLIENT_ID, "sub": RedoxFake::CLIENT_ID, "aud": fake.token_url(),
            "iat": now(), "exp": now() + 300, "jti": "1",
        });
        let header = serde_json::json!({"alg": "RS384", "typ": "JWT", "kid": RedoxFake::KEY_ID});
        let token = |header: &Value, claims: &Value| {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.AAAA", part(header), part(claims))
        };
        let form = |assertion: String| {
            Form(vec![
                ("grant_type", "client_credentials".to_owned()),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
                ),
                ("client_assertion", assertion),
            ])
        };
        let with = |base: &Value, field: &str, value: Value| {
            let mut changed = base.clone();
            changed[field] = value;
            changed
        };
        let mut cases = vec![
            (Form(Vec::new()), "Missing grant_type parameter"),
            (Form(vec![("grant_type", "password".to_owned())]), "Unsupported grant_type"),
            (Form(vec![("grant_type", "client_credentials".to_owned())]), "client_assertion_type"),
            (form("x.y".to_owned()), "not a JWT"),
            (form("x.y.z".to_owned()), "not a JWT"),
        ];
        for (field, value, said) in [
            ("kid", Value::Null, "JWT header kid property is required"),
            ("kid", "x".into(), "Public key not found"),
            ("alg", "HS256".into(), "alg must be RS384 or ES384"),
            ("typ", Value::Null, "alg must be RS384 or ES384"),
        ] {
            cases.push((form(token(&with(&header, field, value), &good)), said));
        }
        for (field, value, said) in [
            ("iss", "x".into(), "Public key not found"),
            ("sub", "x".into(), "Public key not found"),
            ("aud", "https://h.example".into(), "aud must be the token URL"),
            ("exp", (now() - 1).into(), "expired"),
            ("iat", (now() + 60).into(), "not valid yet"),
            ("jti", Value::Null, "jti is missing"),
        ] {
            cases.push((form(token(&header, &with(&good, field, value))), said));
        }
        for (wrong, said) in cases {
            let error = client.call(&wrong).await.expect_err(said);
            assert!(error.to_string().contains(said), "{said}: {error}");
        }
        client.call(&form(token(&header, &good))).await.expect("it is good");
        let error = client.call(&form(token(&header, &good))).await.expect_err("it was used");
        assert!(error.to_string().contains("used before"), "{error}");
        assert_eq!(fake.tokens_given(), 1);
    }

    #[test]
    fn wrong_keys_are_told_by_their_rule() {
        let jwk = |base: &str, field: &str, value: Value| {
            let mut changed = parsed(base);
            changed[field] = value;
            changed.to_string()
        };
        let pem = |text: &str| ApiKey::from_pem("client", RedoxFake::KEY_ID, text);
        let hushed =
            |label: &str| format!("-----BEGIN {label}-----\nhush\n-----END {label}-----\n");
        let json = |text: String| ApiKey::from_jwk("client", RedoxFake::KEY_ID, text);
        for (result, said) in [
            (pem(""), "Redox private key: is not an unencrypted private key in PEM"),
            (pem("hush"), "is not an unencrypted private key in PEM"),
            (pem(fixture!("keys/p384-sec1.pem")), "is not an unencrypted private key in PEM"),
            (pem(fixture!("keys/rsa.pub.pem")), "is not an unencrypted private key in PEM"),
            (pem(fixture!("keys/p256.pem")), "an EC key on P-384"),
            (pem(&hushed("RSA PRIVATE KEY")), "must be an RSA key of 2048 to 8192 bits"),
            (pem(&hushed("PRIVATE KEY")), "must be an RSA key of 2048 to 8192 bits"),
            (pem(&hushed("ENCRYPTED PRIVATE KEY")), "is not an unencrypted private key in PEM"),
            (json("hush".to_owned()), "is not a private key as JWK"),
            (json("{}".to_owned()), "is not a private key as JWK"),
            (json(jwk(RSA_JWK, "kty", "oct".into())), "must be an RSA key or an EC key on P-384"),
            (json(jwk(P384_JWK, "crv", "P-256".into())), "must be an RSA key or an EC key"),
            (json(jwk(RSA_JWK, "kid", "x".into())), "has another kid"),
            (json(jwk(RSA_JWK, "alg", "RS256".into())), "another algorithm than RS384"),
            (json(jwk(RSA_JWK, "d", Value::Null)), "are missing or contradict each other"),
            (json(jwk(RSA_JWK, "qi", "AQAB".into())), "are missing or contradict each other"),
            (json(jwk(RSA_JWK, "p", "+".into())), "are missing or contradict each other"),
            (json(jwk(P384_JWK, "d", "AQ".into())), "are missing or contradict each other"),
            (json(jwk(P384_JWK, "x", "".into())), "are missing or contradict each other"),
            (ApiKey::from_pem("", "k", RSA), "client id: must not be empty"),
            (ApiKey::from_pem("c", "", RSA), "key id: must not be empty"),
        ] {
            let error = result.expect_err(said);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(said), "{said}: {error}");
            assert!(!format!("{error} {error:?}").contains("hush"));
        }
        // Without the members that need not be there.
        let mut bare = parsed(P384_JWK);
        for field in ["kid", "alg"] {
            bare.as_object_mut().expect("it is an object").remove(field);
        }
        json(bare.to_string()).expect("they are optional");
        let brief = of_pem(P384).assertion_lifetime(Duration::from_millis(999));
        let error = Redox::with_api_key(brief).base_url("http://127.0.0.1:1");
        let error = error.token_url("http://127.0.0.1:1").build().expect_err("it is too short");
        assert!(error.to_string().contains("must be at least a second"), "{error}");
        let error = Redox::with_api_key(of_pem(P384)).base_url("http://127.0.0.1:1");
        let error = error.token_url("http://h.example/t").build().expect_err("it is not loopback");
        assert!(error.to_string().contains("Redox token URL: http://h.example"), "{error}");
    }

    #[test]
    fn debug_shows_no_key() {
        for key in [of_pem(RSA), of_jwk(P384_JWK)] {
            let shown = format!("{key:?} {:?}", Redox::with_api_key(key.clone()));
            assert!(shown.len() < 900, "{shown}");
            let secret = parsed(P384_JWK)["d"].as_str().expect("it has one").to_owned();
            assert!(!shown.contains("PRIVATE") && !shown.contains(&secret), "{shown}");
        }
    }
}
