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
        let done = assignments.ensure(&given("r-2", "u-1")).await.expect("it is replaced");
        assert_eq!(done, Ensured::Created(None));
        assert_eq!(methods(&fake), ["GET", "PUT", "GET", "GET", "PUT"]);
        assert_eq!((fake.memberships().len(), fake.memberships()[0].role.as_str()), (1, "r-2"));
    }

    #[tokio::test]
    async fn an_unknown_outcome_is_read() {
        let fake = started().await;
        let client = once(&fake);
        // At the organization the user is there with another role.
        organization(&client).assign(&given("r-0", "u-1")).await.expect("it succeeds");
        second(&fake, Fault::reset().after_processing());
        let done = organization(&client).ensure(&given("r-1", "u-1")).await.expect("it is read");
        assert!(matches!(&done, Ensured::Present(Some(held)) if held.user.id == "u-1"), "{done:?}");

        let assignments = in_environment(&client);
        second(&fake, Fault::reset().after_processing());
        let done = assignments.ensure(&given("r-1", "u-1")).await.expect("it is read");
        assert!(matches!(&done, Ensured::Present(held) if role_in(held) == Some("r-1")));
        second(&fake, Fault::html(502).after_processing());
        let done = assignments.ensure(&given("r-2", "u-1")).await.expect("it is read");
        assert!(matches!(&done, Ensured::Present(held) if role_in(held) == Some("r-2")));
        assert_eq!(fake.environment_memberships().len(), 1);
    }

    /// The next request passes, and the one after it meets the fault.
    fn second(fake: &RedoxFake, fault: Fault) {
        fake.next(1, Fault::delay(std::time::Duration::ZERO));
        fake.next(1, fault);
    }

    async fn is_sent_again(before: Option<&str>) {
        let fake = started().await;
        let assignments = in_environment(&once(&fake));
        if let Some(role) = before {
            assignments.create(&given(role, "u-1")).await.expect("it is new");
        }
        second(&fake, Fault::reset());
        let done = assignments.ensure(&given("r-1", "u-1")).await.expect("it is made");
        assert_eq!(done, Ensured::Created(None));
        let held = fake.environment_memberships();
        assert_eq!((held.len(), held[0].role.as_str()), (1, "r-1"));
    }

    #[tokio::test]
    async fn a_create_that_did_not_arrive_is_sent_again() {
        is_sent_again(None).await;
    }

    #[tokio::test]
    async fn a_replacement_that_did_not_arrive_is_sent_again() {
        is_sent_again(Some("r-0")).await;
    }

    #[tokio::test]
    async fn a_service_that_goes_on_failing_leaves_the_first_error() {
        let fake = started().await;
        let assignments = in_environment(&once(&fake));
        second(&fake, Fault::html(500));
        // The readings in between pass.
        fake.next(3, Fault::delay(std::time::Duration::ZERO));
        second(&fake, Fault::html(502));
        let error = assignments.ensure(&given("r-1", "u-1")).await.expect_err("it fails twice");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Server, Effect::Unknown));
        assert_eq!(error.status().map(|status| status.as_u16()), Some(500));
        assert!(fake.environment_memberships().is_empty());
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
            let capture = Capture::start([(200, none), (status, "{}"), (200, none)]).await;
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
    async fn names_are_compared_where_there_is_no_id() {
        let listed = r#"{"payload":{"memberships":[
            {"role":{"id":"r-1","name":"engineer"},"user":{"id":"u-1","fullname":"A. User","lowercaseEmail":"a@example.com"}},
            {"role":{"id":"r-1","name":"engineer"},"user":{"id":"u-2","fullname":"Twin"}},
            {"role":{"id":"r-1","name":"engineer"},"user":{"id":"u-3","fullname":"Twin"}}]}}"#;
        let reference = |role: &str, user: &str| {
            NewRoleAssignment::new(
                RoleRef::name(role).expect("it is filled"),
                UserRef::name(user).expect("it is filled"),
            )
        };
        for user in ["A. User", "A@Example.com"] {
            let capture = Capture::start([(200, listed)]).await;
            let assignments = environment(&client(&capture));
            let done = assignments.ensure(&reference("engineer", user)).await.expect("it is there");
            assert!(matches!(done, Ensured::Existed(Some(held)) if held.user.id == "u-1"));
        }
        // With an id a name does not count.
        let done = fixture!("assigned.full.json");
        let capture = Capture::start([(200, listed), (200, done)]).await;
        let wanted = NewRoleAssignment::new(
            RoleRef::new("r-2", "engineer").expect("it is filled"),
            UserRef::id("u-1").expect("it is filled"),
        );
        let done = environment(&client(&capture)).ensure(&wanted).await.expect("it is replaced");
        assert_eq!(done, Ensured::Created(None));
        assert!(capture.requests()[1].starts_with("PUT "));

        let capture = Capture::start([(200, listed), (200, listed), (200, listed)]).await;
        let client = client(&capture);
        let twin = UserRef::name("Twin").expect("it is filled");
        for error in [
            environment(&client).ensure(&reference("support", "Twin")).await.expect_err("two"),
            environment(&client).ensure_absent(&twin).await.expect_err("two"),
            organization(&client).ensure(&reference("member", "Twin")).await.expect_err("two"),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.to_string().contains("user.name: several users"), "{error}");
        }
        assert_eq!(capture.requests().len(), 3, "nothing was changed");
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
            assert_eq!(gone, EnsuredAbsent::WasAbsent);
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
