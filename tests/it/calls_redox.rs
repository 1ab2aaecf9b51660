//! Redox: responses, `ensure`, the fake, and access tokens from an API key.

use std::time::Duration;

use rolecall::redox::{
    EnvironmentMembership, EnvironmentRoleAssignments, NewRoleAssignment, OrganizationMembership,
    OrganizationRoleAssignments, RoleRef, UserRef,
};
use rolecall::testing::{Fault, RedoxAbsent, RedoxDuplicates, RedoxFake};
use rolecall::{
    ClientOptions, Effect, Ensured, EnsuredAbsent, EnsuredRole, Error, ErrorKind, Mismatch, Redox,
    RetryPolicy,
};

use crate::support::capture::Capture;

/// The text of a fixture.
macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/redox/", $path))
    };
}

/// Retries without waiting.
fn eager() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::default().base_wait(Duration::ZERO))
}

/// A client of a service at this address.
fn client_at(uri: &str, options: ClientOptions) -> Redox {
    let builder = Redox::builder(RedoxFake::TOKEN).base_url(format!("{uri}/platform/"));
    builder.options(options).build().expect("the client is set up well")
}

/// A client that sends each request once.
fn client(capture: &Capture) -> Redox {
    client_at(&capture.uri(), ClientOptions::default().retry(RetryPolicy::none()))
}

fn organization(client: &Redox) -> OrganizationRoleAssignments {
    client.organization("org/7").role_assignments()
}

fn environment(client: &Redox) -> EnvironmentRoleAssignments {
    client.environment("env-1").role_assignments()
}

/// A fake with the environment `env-1`, and a client of it.
async fn started() -> (RedoxFake, Redox) {
    let fake = RedoxFake::start().await.expect("a free port");
    fake.add_environment("7", "env-1", "Clinic", "Staging");
    let client = client_at(&fake.uri(), eager());
    (fake, client)
}

fn user(id: &str) -> UserRef {
    UserRef::id(id).expect("it is not empty")
}

fn given(role: &str, id: &str) -> NewRoleAssignment {
    NewRoleAssignment::new(RoleRef::id(role).expect("it is not empty"), user(id))
}

/// The methods of the requests that the fake received.
fn methods(fake: &RedoxFake) -> String {
    let received = fake.received();
    received.iter().map(|request| request.method()).collect::<Vec<_>>().join(" ")
}

/// No user has a role.
const NONE: &str = r#"{"payload":{"memberships":[]}}"#;
/// `u-1` has the role `r-1`.
const HELD: &str = r#"{"payload":{"memberships":[{"role":{"id":"r-1"},"user":{"id":"u-1"}}]}}"#;

#[tokio::test]
async fn response_without_the_list_is_not_an_empty_list() {
    let refusal = r#"{"payload":{"success":false,"memberships":[],"environments":[],"message":"only for owners"}}"#;
    for (response, why) in [
        ("{}", "missing field `payload`"),
        (r#"{"payload":{}}"#, "missing field `memberships`"),
        (r#"{"payload":{"success":true}}"#, "missing field `memberships`"),
        (r#"{"payload":{"memberships":null}}"#, "payload.memberships: invalid type: null"),
        (r#"{"payload":{"memberships":[{}]}}"#, "memberships[0]: missing field `user`"),
        (r#"{"payload":{"memberships":[{"user":{}}]}}"#, "missing field `id`"),
        (r#"{"payload":{"memberships":[{"user":{"id":""}}]}}"#, "an empty id"),
        (r#"{"payload":{"memberships":[{"user":{"id":[]}}]}}"#, "neither text nor a number"),
        (refusal, "only for owners"),
    ] {
        let kind = if response == refusal { ErrorKind::Rejected } else { ErrorKind::Decode };
        let capture = Capture::start([(200, response); 2]).await;
        let client = client(&capture);
        for error in [
            organization(&client).list().items().try_collect().await.expect_err(why),
            environment(&client).list().items().try_collect().await.expect_err(why),
        ] {
            assert_eq!((error.kind(), error.effect()), (kind, Effect::NotApplied));
            assert!(error.to_string().contains(why), "{error}");
        }
    }
    for (response, why) in
        [(r#"{"payload":{}}"#, "missing field `environments`"), (refusal, "only for owners")]
    {
        let capture = Capture::start([(200, response)]).await;
        let list = client(&capture).organization("7").environments().list();
        let error = list.items().try_collect().await.expect_err(why);
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn change_without_readable_success_has_an_unknown_outcome() {
    for (response, kind) in [
        ("{}", ErrorKind::Decode),
        (r#"{"payload":{}}"#, ErrorKind::Decode),
        (r#"{"payload":{"success":null}}"#, ErrorKind::Decode),
        (r#"{"payload":{"success":0}}"#, ErrorKind::Rejected),
        (r#"{"payload":{"success":"true"}}"#, ErrorKind::Decode),
        ("", ErrorKind::Decode),
        ("<html>", ErrorKind::Decode),
        (r#"{"payload":{"success":false}}"#, ErrorKind::Rejected),
        (r#"{"payload":{"success":"false"}}"#, ErrorKind::Rejected),
        (r#"{"payload":{"success":"False"}}"#, ErrorKind::Rejected),
    ] {
        for status in [200, 201] {
            let capture = Capture::start([(status, response); 5]).await;
            // Under this policy a PUT would be repeated after a transient failure.
            let client = client_at(&capture.uri(), eager());
            let (assignments, new) = (environment(&client), given("r-1", "u-1"));
            for error in [
                organization(&client).assign(&new).await.expect_err(response),
                assignments.create(&new).await.expect_err(response),
                assignments.assign(&new).await.expect_err(response),
                assignments.delete(&user("u-1")).await.expect_err(response),
                organization(&client).remove_member(&user("u-1")).await.expect_err(response),
            ] {
                assert_eq!((error.kind(), error.effect()), (kind, Effect::Unknown), "{error}");
                assert_eq!(error.attempts(), 1);
            }
        }
    }
}

#[tokio::test]
async fn invalid_id_is_reported_by_the_call() {
    let capture = Capture::start([]).await;
    let client = client(&capture);
    for bad in ["", ".", "..", "a\nb"] {
        let error = client.environment(bad).role_assignments().create(&given("r", "u")).await;
        let error = error.expect_err("it is no segment");
        assert!(error.is_invalid_request() && error.status().is_none(), "{error}");
        assert!(error.to_string().contains("environmentId: must not"), "{error}");
        let list = client.organization(bad).environments().list();
        let error = list.items().try_collect().await.expect_err("it is no segment");
        assert!(error.to_string().contains("organizationId: must not"), "{error}");
    }
    assert!(capture.requests().is_empty());
}

#[tokio::test]
async fn create_is_not_repeated_and_the_rest_is() {
    let (fake, client) = started().await;
    let assignments = environment(&client);
    let lost = || fake.next(1, Fault::reset().after_processing());
    lost();
    let error = assignments.create(&given("r-1", "u-1")).await.expect_err("no response came");
    assert_eq!((error.effect(), error.attempts()), (Effect::Unknown, 1));
    lost();
    assignments.assign(&given("r-2", "u-1")).await.expect("a PUT is repeated");
    lost();
    assignments.list().items().try_collect().await.expect("a GET is repeated");
    fake.next(1, Fault::reset());
    assignments.delete(&user("u-1")).await.expect("a DELETE is repeated");
    // What the response to a second one says is not known.
    assignments.create(&given("r-1", "u-1")).await.expect("there is none");
    lost();
    let error = assignments.delete(&user("u-1")).await.expect_err("it finds nothing");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 2));
    assert!(error.is_outcome_unknown());
}

mod audit_events {
    use super::*;
    use rolecall::List;
    use rolecall::redox::{AuditEvent, ListAuditEvents};

    fn list(client: &Redox) -> List<ListAuditEvents> {
        client.organization("org/7").audit_events().list()
    }

    async fn read(list: List<ListAuditEvents>) -> Vec<AuditEvent> {
        list.items().try_collect().await.expect("it is read")
    }

    #[tokio::test]
    async fn next_page_is_asked_for_with_the_same_filters() {
        let last = fixture!("audit_events.unknown.json");
        let responses = [(200, fixture!("audit_events.full.json")), (200, last)];
        let capture = Capture::start(responses).await;
        let filtered = list(&client(&capture)).status("failure").user_id(56).page_size(1);
        let events = read(filtered.start_date_time("2026-04-01T00:00:00Z").status("success")).await;
        // Ids are numbers on one page, and text on the other.
        let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
        assert_eq!((&ids[..], capture.requests().len()), (&["81", "e-1"][..], 2));
        assert_eq!(
            capture.requests(),
            [fixture!("audit_events.request.http"), fixture!("audit_events_next.request.http")]
        );
    }

    #[tokio::test]
    async fn page_that_does_not_advance_ends_the_list_in_an_error() {
        let page = |current: &str, next: &str| {
            let links = format!(r#"{{"next":"/audit?_page={next}"}}"#);
            let page = format!(r#"{{"currentPage":{current},"links":{links}}}"#);
            format!(r#"{{"meta":{{"page":{page}}},"payload":{{"results":[{{"id":{current}}}]}}}}"#)
        };
        for (pages, read, why) in [
            (vec![page("1", "1")], 1, "does not lead to a later page"),
            (vec![page("1", "2"), page("2", "2")], 2, "does not lead to a later page"),
            // The service ignores `_page`.
            (vec![page("1", "2"), page("1", "2")], 1, "a page was repeated"),
            (vec![page("9", "10"), page("10", "9")], 2, "does not lead to a later page"),
        ] {
            let response = |at: usize| (200, pages.get(at).map_or("", String::as_str));
            let capture = Capture::start([response(0), response(1), response(2)]).await;
            let mut items = list(&client(&capture)).items();
            let (mut count, mut failed) = (0, None);
            while let Some(item) = items.next().await {
                match item {
                    Ok(_) => count += 1,
                    Err(error) => failed = Some(error),
                }
            }
            let error = failed.expect("it does not advance");
            assert!(error.to_string().contains(why), "{pages:?}: {error}");
            assert!(count <= read && capture.requests().len() == pages.len(), "{count}: {pages:?}");
        }
    }

    #[tokio::test]
    async fn invalid_filter_is_refused_before_it_is_sent() {
        let capture = Capture::start([]).await;
        let client = client(&capture);
        let list = || list(&client);
        for (list, rule) in [
            (list().page_size(0), "page_size: must be 1 to 50, got 0"),
            (list().page_size(51), "page_size: must be 1 to 50, got 51"),
            (list().user_id(""), "userId: must not be empty"),
            (list().status(""), "status: must not be empty"),
            (list().start_date_time("yesterday"), "startDateTime: must be an ISO 8601 date"),
            (list().stop_date_time("2026-13-01"), "got \"2026-13-01\""),
            (list().stop_date_time("2026-04-01 08:00:00"), "must be an ISO 8601 date"),
            (list().stop_date_time("2026-04-01T08:00:00+02:00[Europe/Berlin]"), "ISO 8601 date"),
        ] {
            let error = list.items().try_collect().await.expect_err(rule);
            assert!(error.is_invalid_request() && error.status().is_none(), "{error}");
            assert!(error.to_string().contains(rule), "{error}");
        }
        assert!(capture.requests().is_empty());
        for fine in ["2026-04-01", "2026-04-01T08:00:00", "2026-04-01T08:00:00.5+02:00"] {
            list().start_date_time(fine).first_page().request().expect(fine);
        }
    }

    #[tokio::test]
    async fn fake_records_changes_and_filters_them() {
        let (fake, client) = started().await;
        let members = client.organization("7").role_assignments();
        members.assign(&given("member", "u-1")).await.expect("it succeeds");
        environment(&client).assign(&given("engineer", "u-1")).await.expect("it succeeds");
        members.remove_member(&user("u-1")).await.expect("it is there");
        fake.add_audit_event("7", "56", "user-invited");
        let list = || client.organization("7").audit_events().list();
        let kinds = async |list| {
            let events = read(list).await.into_iter();
            events.filter_map(|event| event.kind).collect::<Vec<_>>().join(" ")
        };
        let all = "role-assigned role-assigned role-removed user-invited";
        assert_eq!(kinds(list()).await, all);
        assert_eq!(kinds(list().user_id(56)).await, "user-invited");
        assert_eq!(kinds(list().status("failure")).await, "");
        for past in ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00", "2020-01-01"] {
            assert_eq!(kinds(list().stop_date_time(past)).await, "", "{past}");
        }
        fake.page_size(3);
        assert_eq!(kinds(list().start_date_time("2020-01-01T00:00:00Z")).await, all);
        assert_eq!(read(client.organization("8").audit_events().list()).await, []);
    }
}

mod the_fake {
    use super::*;

    #[tokio::test]
    async fn keeps_the_last_owner() {
        let (fake, client) = started().await;
        let assignments = organization(&client);
        let refused = |error: Error| {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
            assert_eq!(error.message(), Some("An organization must have at least one owner"));
        };
        assignments.assign(&given("owner", "u-1")).await.expect("it succeeds");
        refused(assignments.assign(&given("member", "u-1")).await.expect_err("one is left"));
        refused(assignments.ensure_role(&given("member", "u-1")).await.expect_err("one is left"));
        refused(assignments.remove_member(&user("u-1")).await.expect_err("one is left"));
        refused(assignments.ensure_member_absent(&user("u-1")).await.expect_err("one is left"));
        assignments.assign(&given("owner", "u-2")).await.expect("it succeeds");
        assignments.remove_member(&user("u-1")).await.expect("another is left");
        assert_eq!(fake.memberships().len(), 1);
        // In an environment there is no such rule.
        let assignments = environment(&client);
        assignments.assign(&given("owner", "u-1")).await.expect("it succeeds");
        assignments.delete(&user("u-1")).await.expect("it succeeds");
    }

    #[tokio::test]
    async fn keeps_one_role_for_each_user_and_place() {
        let (fake, client) = started().await;
        let assignments = environment(&client);
        assignments.create(&given("r-1", "u-1")).await.expect("there is none");
        assignments.assign(&given("r-2", "u-2")).await.expect("a PUT gives one");
        assignments.assign(&given("r-3", "u-1")).await.expect("a PUT replaces");
        let listed = assignments.list().items().try_collect().await.expect("it is read");
        let held = listed.iter().map(|held| (held.user.id.as_str(), held.role.as_ref()));
        let held: Vec<_> =
            held.map(|(user, role)| (user, role.and_then(|it| it.id.as_deref()))).collect();
        assert_eq!(held, [("u-1", Some("r-3")), ("u-2", Some("r-2"))]);
        let place = listed[0].environment.as_ref().and_then(|place| place.name.as_deref());
        assert_eq!(place, Some("Clinic"));
        assignments.delete(&user("u-1")).await.expect("it was there");
        let left = fake.environment_memberships();
        assert_eq!((left.len(), left[0].user.as_str(), left[0].role.as_str()), (1, "u-2", "r-2"));
        assert!(fake.memberships().is_empty(), "environments are apart from organizations");

        for (organization, count) in [("7", 1), ("8", 0)] {
            let list = client.organization(organization).environments().list();
            assert_eq!(list.items().try_collect().await.expect("it is read").len(), count);
        }
        let unknown = client.environment("env-2").role_assignments();
        let error = unknown.list().items().try_collect().await.expect_err("it is unknown");
        assert!(error.is_not_found(), "{error}");
    }

    #[tokio::test]
    async fn undocumented_behaviour_can_be_chosen() {
        let (fake, client) = started().await;
        let assignments = environment(&client);
        let error = assignments.delete(&user("u-1")).await.expect_err("there is none");
        assert!(error.is_not_found(), "{error}");
        fake.absent(RedoxAbsent::Success);
        assignments.delete(&user("u-1")).await.expect("it is chosen");
        fake.absent(RedoxAbsent::Unsuccessful);
        let error = assignments.delete(&user("u-1")).await.expect_err("it is chosen");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::Unknown));

        assignments.create(&given("r-1", "u-1")).await.expect("there is none");
        let error = assignments.create(&given("r-2", "u-1")).await.expect_err("there is one");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::AlreadyExists, Effect::NotApplied));
        fake.duplicates(RedoxDuplicates::Replaced);
        assignments.create(&given("r-2", "u-1")).await.expect("it is chosen");
        assert_eq!(fake.environment_memberships()[0].role, "r-2");
    }
}

mod ensuring {
    use super::*;

    fn role_in(held: &Option<EnvironmentMembership>) -> Option<&str> {
        held.as_ref()?.role.as_ref()?.id.as_deref()
    }

    /// Both sides of a mismatch.
    fn mismatch<M>(error: &Error) -> (&NewRoleAssignment, &M)
    where
        M: std::fmt::Debug + Send + Sync + 'static,
    {
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        let both: &Mismatch<NewRoleAssignment, Option<M>> = error.service().expect("it has both");
        (&both.desired, both.actual.as_ref().expect("it was read"))
    }

    /// The next request passes, and the one after it meets the fault.
    fn second(fake: &RedoxFake, fault: Fault) {
        fake.next(1, Fault::none());
        fake.next(1, fault);
    }

    #[tokio::test]
    async fn role_is_given_once() {
        let (fake, client) = started().await;
        let desired = given("r-1", "u-1");
        let assignments = organization(&client);
        let done = assignments.ensure(&desired).await.expect("it is given");
        assert_eq!(done, Ensured::Created(None));
        let done = assignments.ensure(&desired).await.expect("it is there");
        assert!(matches!(done, Ensured::AlreadyExisted(Some(held)) if held.user.id == "u-1"));
        assert_eq!(methods(&fake), "GET PUT GET");
        let assignments = environment(&client);
        let done = assignments.ensure(&desired).await.expect("it is given");
        assert_eq!(done, Ensured::Created(None));
        let done = assignments.ensure(&desired).await.expect("it is there");
        assert!(matches!(done, Ensured::AlreadyExisted(Some(held)) if held.user.id == "u-1"));
        assert_eq!(methods(&fake), "GET PUT GET GET POST GET");
    }

    #[tokio::test]
    async fn another_role_is_a_mismatch_and_stays() {
        let (fake, client) = started().await;
        let (in_environment, in_organization) = (environment(&client), organization(&client));
        in_environment.assign(&given("owner", "u-1")).await.expect("it succeeds");
        in_organization.assign(&given("owner", "u-1")).await.expect("it succeeds");

        let desired = given("r-1", "u-1");
        let error = in_environment.ensure(&desired).await.expect_err("it differs");
        let (shown, actual) = mismatch::<EnvironmentMembership>(&error);
        let role = actual.role.as_ref().and_then(|role| role.id.as_deref());
        assert_eq!((shown, role, error.effect()), (&desired, Some("owner"), Effect::NotApplied));
        let error = in_organization.ensure(&desired).await.expect_err("it differs");
        let (shown, actual) = mismatch::<OrganizationMembership>(&error);
        let role = actual.role.as_ref().and_then(|role| role.id.as_deref());
        assert_eq!((shown, role, error.effect()), (&desired, Some("owner"), Effect::NotApplied));

        assert_eq!(methods(&fake), "PUT PUT GET GET", "nothing was changed");
        assert_eq!(fake.environment_memberships()[0].role, "owner");
        assert_eq!(fake.memberships()[0].role, "owner");
    }

    /// Another admin decides otherwise after a PUT that was lost: that decision stays.
    #[tokio::test]
    async fn role_given_meanwhile_is_not_overwritten() {
        let other = HELD.replace("r-1", "other");
        let responses = [(200, NONE), (500, "{}"), (200, NONE), (200, &*other)];
        let capture = Capture::start(responses).await;
        // Under this policy a PUT would be repeated without reading.
        let client = client_at(&capture.uri(), eager());
        let error = organization(&client).ensure(&given("r-1", "u-1")).await.expect_err("other");
        mismatch::<OrganizationMembership>(&error);
        assert_eq!(error.effect(), Effect::Unknown);
        let requests = capture.requests();
        let puts = requests.iter().filter(|request| request.starts_with("PUT ")).count();
        assert_eq!((requests.len(), puts), (4, 1));
    }

    #[tokio::test]
    async fn ensure_role_replaces_what_was_read_and_names_it() {
        let (fake, client) = started().await;
        let assignments = environment(&client);
        let ensure = async |role| assignments.ensure_role(&given(role, "u-1")).await;
        assert_eq!(
            ensure("r-1").await.expect("it is given"),
            EnsuredRole::Given { replaced: None }
        );
        assert_eq!(ensure("r-1").await.expect("it is there"), EnsuredRole::AlreadyHeld);
        let done = ensure("r-2").await.expect("it is given");
        let EnsuredRole::Given { replaced } = &done else { panic!("{done:?}") };
        assert_eq!(role_in(replaced), Some("r-1"));
        second(&fake, Fault::reset().after_processing());
        let done = ensure("r-3").await.expect("it is read");
        let EnsuredRole::Indeterminate { replaced } = &done else { panic!("{done:?}") };
        assert_eq!(role_in(replaced), Some("r-2"));
        assert_eq!(methods(&fake), "GET POST GET GET PUT GET PUT GET");

        // Another caller decides otherwise after a PUT that was lost: that decision stays.
        let other = HELD.replace("r-1", "other");
        let capture = Capture::start([(200, HELD), (500, "{}"), (200, &*other)]).await;
        let client = client_at(&capture.uri(), eager());
        let error = environment(&client).ensure_role(&given("r-2", "u-1")).await;
        let error = error.expect_err("it is another");
        mismatch::<EnvironmentMembership>(&error);
        assert_eq!((error.effect(), capture.requests().len()), (Effect::Unknown, 3));
        // Or takes the role away: what a PUT does then is not documented.
        let capture = Capture::start([(200, HELD), (500, "{}"), (200, NONE)]).await;
        let client = client_at(&capture.uri(), eager());
        let error = environment(&client).ensure_role(&given("r-2", "u-1")).await;
        let error = error.expect_err("there is none");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Server, Effect::Unknown));
        assert_eq!(capture.requests().len(), 3);
    }

    /// What the service's success is worth is not documented.
    #[tokio::test]
    async fn removed_member_is_looked_for_again() {
        let done = fixture!("assigned.full.json");
        for (after, expected) in [
            ((200, NONE), Ok(EnsuredAbsent::Deleted)),
            ((200, HELD), Err("the service reported success, which reading does not confirm")),
            ((403, "{}"), Err("reading the present state failed")),
        ] {
            let capture = Capture::start([(200, HELD), (200, done), after]).await;
            let removed = organization(&client(&capture)).ensure_member_absent(&user("u-1")).await;
            match (removed, expected) {
                (Ok(removed), Ok(expected)) => assert_eq!(removed, expected),
                (Err(error), Err(why)) => {
                    assert_eq!(error.kind(), ErrorKind::Conflict);
                    assert_eq!(error.effect(), Effect::Unknown);
                    assert!(error.to_string().contains(why), "{error}");
                }
                (removed, _) => panic!("{after:?}: {removed:?}"),
            }
            assert_eq!(capture.requests().len(), 3);
        }
    }

    #[tokio::test]
    async fn unknown_outcome_is_read() {
        let (fake, client) = started().await;
        second(&fake, Fault::reset().after_processing());
        let done = organization(&client).ensure(&given("r-1", "u-1")).await.expect("it is read");
        assert!(matches!(&done, Ensured::Indeterminate(Some(held)) if held.user.id == "u-1"));
        let assignments = environment(&client);
        for (role, user, fault) in
            [("r-1", "u-1", Fault::reset()), ("r-2", "u-2", Fault::html(502))]
        {
            second(&fake, fault.after_processing());
            let done = assignments.ensure(&given(role, user)).await.expect("it is read");
            assert!(matches!(&done, Ensured::Indeterminate(held) if role_in(held) == Some(role)));
        }
        assert_eq!(fake.environment_memberships().len(), 2);
        // A PUT that did not arrive is sent again.
        second(&fake, Fault::reset());
        let done = organization(&client).ensure(&given("r-2", "u-2")).await;
        assert_eq!(done.expect("it is given"), Ensured::Created(None));
    }

    /// The service is not known to refuse a second one, and the first could still arrive.
    #[tokio::test]
    async fn post_is_sent_once() {
        let unsuccessful = r#"{"payload":{"success":false}}"#;
        for (fault, kind) in [
            (Fault::reset(), ErrorKind::Interrupted),
            (Fault::html(500), ErrorKind::Server),
            (Fault::json(200, unsuccessful), ErrorKind::Rejected),
            (Fault::json(200, "{}"), ErrorKind::Decode),
        ] {
            let (fake, client) = started().await;
            second(&fake, fault);
            let error = environment(&client).ensure(&given("r-1", "u-1")).await;
            let error = error.expect_err("it is not there");
            assert_eq!((error.kind(), error.effect()), (kind, Effect::Unknown), "{error}");
            assert_eq!(methods(&fake), "GET POST GET GET GET GET");
        }
    }

    #[tokio::test]
    async fn refused_post_is_explained_by_reading() {
        let ensure = async |capture: &Capture, role| {
            environment(&client(capture)).ensure(&given(role, "u-1")).await
        };
        // Another caller gave the same role between the read and the POST.
        for status in [400, 404, 409, 413] {
            let capture = Capture::start([(200, NONE), (status, "{}"), (200, HELD)]).await;
            let done = ensure(&capture, "r-1").await.expect("it is there");
            assert!(matches!(&done, Ensured::AlreadyExisted(held) if role_in(held) == Some("r-1")));
            let capture = Capture::start([(200, NONE), (status, "{}"), (200, NONE)]).await;
            let error = ensure(&capture, "r-1").await.expect_err("it is not there");
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        }
        // Another role, after an unknown outcome.
        let capture = Capture::start([(200, NONE), (500, "{}"), (200, HELD)]).await;
        let error = ensure(&capture, "r-2").await.expect_err("it differs");
        let (desired, actual) = mismatch::<EnvironmentMembership>(&error);
        assert_eq!(desired, &given("r-2", "u-1"));
        assert_eq!(actual.role.as_ref().and_then(|role| role.id.as_deref()), Some("r-1"));
        assert_eq!(error.effect(), Effect::Unknown);
        // A refusal that says something else needs no reading.
        for status in [401, 403] {
            let capture = Capture::start([(200, NONE), (status, "{}")]).await;
            let error = ensure(&capture, "r-1").await.expect_err("it is refused");
            assert_eq!((error.effect(), capture.requests().len()), (Effect::NotApplied, 2));
        }
        // Reading fails: the error is that of the POST.
        let capture = Capture::start([(200, NONE), (400, "{}"), (403, "{}")]).await;
        let error = ensure(&capture, "r-1").await.expect_err("it is not known");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRequest, Effect::NotApplied));
        assert_eq!(error.operation(), Some("redox environment-role-assignment.create"));
        assert!(error.to_string().contains("reading the present state failed"), "{error}");
        // A refused list before it is no refusal of the POST.
        let capture = Capture::start([(404, "{}")]).await;
        let error = ensure(&capture, "r-1").await.expect_err("there is no such place");
        assert_eq!(error.operation(), Some("redox environment-role-assignment.list"));
        assert_eq!(capture.requests().len(), 1);
    }

    /// A change that was reported in a way that cannot be read may be another caller's.
    #[tokio::test]
    async fn unconfirmed_change_is_not_claimed() {
        for response in ["{}", "", r#"{"payload":{"success":"false"}}"#] {
            let capture = Capture::start([(200, HELD), (200, response), (200, NONE)]).await;
            let absent = environment(&client(&capture)).ensure_absent(&user("u-1")).await;
            assert_eq!(absent.expect("there is none"), EnsuredAbsent::Indeterminate);
            let capture = Capture::start([(200, NONE), (200, response), (200, HELD)]).await;
            let done = environment(&client(&capture)).ensure(&given("r-1", "u-1")).await;
            assert!(matches!(done.expect("it is there"), Ensured::Indeterminate(_)));
        }
    }

    #[tokio::test]
    async fn of_many_callers_at_once_one_creates() {
        let (fake, client) = started().await;
        let tasks: Vec<_> = (0..20)
            .map(|_| tokio::spawn(environment(&client).ensure(&given("r-1", "u-1")).send()))
            .collect();
        let mut created = 0;
        for task in tasks {
            let done = task.await.expect("no panic").expect("it is there");
            created += usize::from(matches!(done, Ensured::Created(_)));
        }
        assert_eq!((created, fake.environment_memberships().len()), (1, 1));
    }

    #[tokio::test]
    async fn users_are_identified_by_id_alone_and_roles_by_id_before_name() {
        let listed = r#"{"payload":{"memberships":[
            {"role":{"id":"r-1","name":"engineer"},"user":{"id":"u-A","fullname":"A. User"}}]}}"#;
        let capture = Capture::start([(200, listed)]).await;
        let desired = NewRoleAssignment::new(
            RoleRef::name("engineer").expect("it is not empty"),
            UserRef::new("u-A", "Another Name").expect("it is not empty"),
        );
        let done = environment(&client(&capture)).ensure(&desired).await.expect("it is there");
        assert!(matches!(done, Ensured::AlreadyExisted(Some(held)) if held.user.id == "u-A"));
        let capture = Capture::start([(200, listed)]).await;
        let role = RoleRef::new("r-2", "engineer").expect("it is not empty");
        let desired = NewRoleAssignment::new(role, user("u-A"));
        let error = environment(&client(&capture)).ensure(&desired).await.expect_err("it differs");
        assert_eq!(error.kind(), ErrorKind::Conflict);
        // Ids are not documented to be the same in another case.
        let capture = Capture::start([(200, listed), (200, fixture!("assigned.full.json"))]).await;
        let done = environment(&client(&capture)).ensure(&given("r-1", "u-a")).await;
        assert_eq!(done.expect("it is given"), Ensured::Created(None));
        let capture = Capture::start([(200, listed)]).await;
        let absent = environment(&client(&capture)).ensure_absent(&user("u-a")).await;
        assert_eq!(absent.expect("there is no such user"), EnsuredAbsent::AlreadyAbsent);

        let capture = Capture::start([]).await;
        let client = client(&capture);
        let named = UserRef::name("A. User").expect("it is not empty");
        let desired =
            NewRoleAssignment::new(RoleRef::id("r").expect("it is not empty"), named.clone());
        for error in [
            environment(&client).ensure(&desired).await.expect_err("no id"),
            environment(&client).ensure_absent(&named).await.expect_err("no id"),
            organization(&client).ensure(&desired).await.expect_err("no id"),
        ] {
            assert!(error.is_invalid_request(), "{error}");
            assert!(error.to_string().contains("user.id: must be given"), "{error}");
        }
        assert!(capture.requests().is_empty());
    }

    #[tokio::test]
    async fn absence_is_read_before_and_after_the_delete() {
        let (fake, client) = started().await;
        let assignments = environment(&client);
        let absent = async || assignments.ensure_absent(&user("u-1")).await.expect("it is absent");
        let give = async || assignments.assign(&given("r-1", "u-1")).await.expect("it succeeds");
        assert_eq!(absent().await, EnsuredAbsent::AlreadyAbsent);
        assert_eq!(methods(&fake), "GET", "there is nothing to delete");
        give().await;
        assert_eq!(absent().await, EnsuredAbsent::Deleted);
        for unknown in [RedoxAbsent::NotFound, RedoxAbsent::Unsuccessful] {
            fake.absent(unknown);
            give().await;
            second(&fake, Fault::reset().after_processing());
            assert_eq!(absent().await, EnsuredAbsent::Indeterminate);
        }
        // An unknown environment is no absence.
        let unknown = client.environment("env-2").role_assignments();
        let error = unknown.ensure_absent(&user("u-1")).await.expect_err("there is no such place");
        assert!(error.is_not_found(), "{error}");

        let refused = async |status, after| {
            let capture = Capture::start([(200, HELD), (status, "{}"), (200, after)]).await;
            environment(&super::client(&capture)).ensure_absent(&user("u-1")).await
        };
        for status in [400, 404, 409] {
            let absent = refused(status, NONE).await.expect("the list agrees");
            assert_eq!(absent, EnsuredAbsent::Indeterminate, "it was there a moment ago");
            let error = refused(status, HELD).await.expect_err("it is there");
            assert_eq!(error.effect(), Effect::NotApplied);
        }
        let error = refused(403, NONE).await.expect_err("it is refused");
        assert!(error.is_permission_denied(), "{error}");
    }
}

#[cfg(feature = "redox-jwt")]
mod api_key {
    use std::collections::HashSet;
    use std::time::SystemTime;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature;
    use rolecall::operation::{Body, Idempotency, Operation, Spec};
    use rolecall::redox::{ApiKey, ServiceError};
    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const RSA: &str = fixture!("keys/rsa.pem");
    const RSA_PKCS1: &str = fixture!("keys/rsa-pkcs1.pem");
    const P384: &str = fixture!("keys/p384.pem");
    const RSA_JWK: &str = fixture!("keys/rsa.jwk.json");
    const P384_JWK: &str = fixture!("keys/p384.jwk.json");
    const TOKEN: &str = fixture!("token.json");
    const MEMBERSHIPS: &str = fixture!("memberships.full.json");

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).expect("it is JSON")
    }

    fn of_pem(pem: &str) -> ApiKey {
        ApiKey::from_pem(RedoxFake::CLIENT_ID, RedoxFake::KEY_ID, pem).expect("it is a key")
    }

    fn of_jwk(jwk: &str) -> ApiKey {
        ApiKey::from_jwk(RedoxFake::CLIENT_ID, RedoxFake::KEY_ID, jwk).expect("it is a key")
    }

    /// The role assignments of an organization, read with this key from a service at this address.
    fn at(uri: &str, key: ApiKey) -> OrganizationRoleAssignments {
        let builder = Redox::builder(key).base_url(format!("{uri}/platform"));
        let builder = builder.token_url(format!("{uri}/v2/auth/token")).options(eager());
        organization(&builder.build().expect("the client is set up well"))
    }

    async fn list(assignments: &OrganizationRoleAssignments) -> Result<(), Error> {
        assignments.list().items().try_collect().await.map(drop)
    }

    fn decoded(part: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(part).expect("it is base64url without padding")
    }

    fn now() -> u64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.expect("it is after 1970").as_secs()
    }

    /// A JWK or JWT with a field changed.
    fn with(base: &Value, field: &str, value: impl Into<Value>) -> Value {
        let mut changed = base.clone();
        changed[field] = value.into();
        changed
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
            Some("RS384") => {
                let (n, e) = (number(RSA_JWK, "n"), number(RSA_JWK, "e"));
                let rule = &signature::RSA_PKCS1_2048_8192_SHA384;
                let public = signature::RsaPublicKeyComponents { n, e };
                public.verify(rule, signed.as_bytes(), &signature)
            }
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
    async fn assertion_is_signed_and_has_the_claims_of_rfc_7523() {
        for (key, algorithm) in [
            (of_pem(RSA), "RS384"),
            (of_pem(RSA_PKCS1), "RS384"),
            (of_pem(&RSA.replace('\n', "\\r\\n")), "RS384"),
            (of_jwk(RSA_JWK), "RS384"),
            (of_pem(P384), "ES384"),
            (of_pem(fixture!("keys/p384-sec1.pem")), "ES384"),
            (of_pem(&fixture!("keys/p384-sec1.pem").replace('\n', "\\n")), "ES384"),
            (of_jwk(P384_JWK), "ES384"),
        ] {
            let capture = Capture::start([(200, TOKEN), (200, MEMBERSHIPS)]).await;
            let before = now();
            list(&at(&capture.uri(), key)).await.expect("it succeeds");
            let requests = capture.requests();
            let (header, mut claims) = verified(&assertion(&requests[0]));
            let expected = json!({"typ": "JWT", "alg": algorithm, "kid": RedoxFake::KEY_ID});
            assert_eq!(header, expected);
            let id = claims["jti"].take();
            assert_eq!(decoded(id.as_str().expect("it is text")).len(), 16);
            let issued = claims["iat"].as_u64().expect("it is a number");
            // It is dated back, for clocks that differ.
            assert!((before..=now()).contains(&(issued + 30)));
            let expected = json!({
                "iss": RedoxFake::CLIENT_ID, "sub": RedoxFake::CLIENT_ID,
                "aud": format!("{}/v2/auth/token", capture.uri()),
                "iat": issued, "exp": issued + 300, "jti": null,
            });
            assert_eq!(claims, expected);
            assert_eq!(requests[1], fixture!("list.request.http"), "the token alone is sent");
        }
    }

    #[tokio::test]
    async fn every_request_has_an_assertion_of_its_own() {
        let responses =
            [(500, "{}"), (502, "<html>"), (503, "{}"), (200, TOKEN), (200, MEMBERSHIPS)];
        let capture = Capture::start(responses).await;
        let key = of_pem(P384).assertion_lifetime(Duration::from_secs(60));
        list(&at(&capture.uri(), key)).await.expect("the fourth attempt succeeds");
        let ids: HashSet<String> = capture.requests()[..4]
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
    async fn token_request_that_fails_for_good_is_sent_once() {
        for (status, kind) in [
            (501, ErrorKind::Server),
            (505, ErrorKind::Server),
            (302, ErrorKind::UnexpectedStatus),
            (404, ErrorKind::Configuration),
        ] {
            let fake = RedoxFake::start().await.expect("a free port");
            fake.next(9, Fault::status(status));
            let error = list(&at(&fake.uri(), of_pem(P384))).await.expect_err("there is no token");
            assert_eq!((error.kind(), error.effect()), (kind, Effect::NotApplied), "{error}");
            assert_eq!((error.attempts(), fake.received_count()), (1, 1), "{status}");
        }
    }

    #[tokio::test]
    async fn token_is_fetched_once_kept_and_renewed() {
        let fake = RedoxFake::start().await.expect("a free port");
        let assignments = at(&fake.uri(), of_pem(RSA));
        let assign = |nth| assignments.assign(&given("r-1", &format!("u-{nth}"))).send();
        let tasks: Vec<_> = (0..50).map(|nth| tokio::spawn(assign(nth))).collect();
        for task in tasks {
            task.await.expect("no panic").expect("it succeeds");
        }
        assert_eq!((fake.tokens_given(), fake.memberships().len()), (1, 50));
        fake.revoke_tokens();
        list(&assignments).await.expect("a new token is fetched");
        assert_eq!(fake.tokens_given(), 2);
        // Tokens that expire at once are fetched for each call. The fake takes no assertion twice.
        fake.token_lifetime(Duration::ZERO);
        fake.revoke_tokens();
        for _ in 0..3 {
            list(&assignments).await.expect("a new token is fetched");
        }
        assert_eq!(fake.tokens_given(), 5);
    }

    #[tokio::test]
    async fn an_assertion_goes_to_the_token_url_alone_and_is_masked() {
        let fake = RedoxFake::start().await.expect("a free port");
        list(&at(&fake.uri(), of_pem(RSA))).await.expect("it succeeds");
        let received = fake.received();
        assert_eq!(received[0].path(), "/v2/auth/token");
        assert_eq!(received[0].header("authorization"), None);
        assert!(received[0].body_text().ends_with("&client_assertion=***"));
        assert_eq!(received[1].header("authorization"), Some("Bearer ***"));
        assert!(received[1].body().is_empty());
    }

    /// Responds to token requests with what is made of their assertions; these, and the error.
    async fn reflect(status: u16, body: fn(&str) -> String) -> (HashSet<String>, Error) {
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
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                let response = format!("{head}Connection: close\r\n\r\n{body}");
                stream.write_all(response.as_bytes()).await.expect("the client is there");
            }
        });
        let error = list(&at(&uri, of_pem(P384))).await.expect_err("there is no token");
        let sent = std::iter::from_fn(|| reported.try_recv().ok()).collect();
        (sent, error)
    }

    #[tokio::test]
    async fn an_echoed_assertion_is_in_no_error() {
        let bodies: [fn(&str) -> String; 4] = [
            |assertion| {
                json!({"error": "invalid_client", "error_description": assertion}).to_string()
            },
            |assertion| format!("<html>{assertion}{assertion}</html>"),
            |assertion| format!("{:?}", assertion.split('.').collect::<Vec<_>>()),
            |assertion| json!({"access_token": [assertion]}).to_string(),
        ];
        for (status, body) in
            [400, 401, 500, 200].into_iter().flat_map(|status| bodies.map(|body| (status, body)))
        {
            let (sent, error) = reflect(status, body).await;
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
    async fn error_says_what_the_token_endpoint_says() {
        let fake = RedoxFake::start().await.expect("a free port");
        let key = ApiKey::from_pem(RedoxFake::CLIENT_ID, "another-key", RSA).expect("it is a key");
        let error = list(&at(&fake.uri(), key)).await.expect_err("it is unknown");
        assert!(error.is_unauthenticated(), "{error}");
        let text = error.to_string();
        for part in [
            "redox role-assignment.list: unauthenticated (invalid_client: Public key not found",
            "failed to obtain an access token",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let body = r#"{"error":"invalid_client","error_description":"no","error_uri":"https://h.example/e"}"#;
        fake.next(1, Fault::json(400, body));
        let error = list(&at(&fake.uri(), of_pem(RSA))).await.expect_err("it is refused");
        let service = error.service::<ServiceError>().expect("it was read");
        assert_eq!(service.code.as_deref(), Some("invalid_client"));
        assert_eq!(service.messages, ["no"]);
        assert_eq!(service.link.as_deref(), Some("https://h.example/e"));
        assert_eq!(fake.tokens_given(), 0);
    }

    /// A token request with any form.
    struct Form(Vec<(&'static str, String)>);

    impl Operation for Form {
        type Service = Redox;
        type Output = Value;
        const SPEC: Spec = Spec::post("redox test", &["/v2/auth/token"])
            .success(&[200])
            .idempotency(Idempotency::NonIdempotent);

        fn body(&self) -> Result<Body, Error> {
            let pairs = self.0.iter().map(|(name, value)| (*name, value.as_str()));
            Body::form(&pairs.collect::<Vec<_>>())
        }
    }

    #[tokio::test]
    async fn fake_refuses_wrong_token_requests() {
        let fake = RedoxFake::start().await.expect("a free port");
        let client = fake.builder().base_url(fake.uri()).build().expect("it is set up well");
        let good = json!({
            "iss": RedoxFake::CLIENT_ID, "sub": RedoxFake::CLIENT_ID, "aud": fake.token_url(),
            "iat": now(), "exp": now() + 300, "jti": "1",
        });
        let header = json!({"alg": "RS384", "typ": "JWT", "kid": RedoxFake::KEY_ID});
        let token = |header: &Value, claims: &Value| {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.AAAA", part(header), part(claims))
        };
        let granting = |grant: &str| vec![("grant_type", grant.to_owned())];
        let form = |assertion: String| {
            let mut pairs = granting("client_credentials");
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            pairs.push(("client_assertion_type", kind.to_owned()));
            pairs.push(("client_assertion", assertion));
            Form(pairs)
        };
        let mut cases = vec![
            (Form(Vec::new()), "Missing grant_type parameter"),
            (Form(granting("password")), "Unsupported grant_type"),
            (Form(granting("client_credentials")), "client_assertion_type"),
            (form("x.y".to_owned()), "not a JWT"),
            (form("x.y.z".to_owned()), "not a JWT"),
        ];
        for (field, value, why) in [
            ("kid", Value::Null, "JWT header kid property is required"),
            ("kid", "x".into(), "Public key not found"),
            ("alg", "HS256".into(), "alg must be RS384 or ES384"),
            ("typ", Value::Null, "alg must be RS384 or ES384"),
        ] {
            cases.push((form(token(&with(&header, field, value), &good)), why));
        }
        for (field, value, why) in [
            ("iss", "x".into(), "Public key not found"),
            ("sub", "x".into(), "Public key not found"),
            ("aud", "https://h.example".into(), "aud must be the token URL"),
            ("exp", (now() - 1).into(), "expired"),
            ("iat", (now() + 60).into(), "not valid yet"),
            ("jti", Value::Null, "jti is missing"),
        ] {
            cases.push((form(token(&header, &with(&good, field, value))), why));
        }
        for (wrong, why) in cases {
            let error = client.call(&wrong).await.expect_err(why);
            assert!(error.to_string().contains(why), "{why}: {error}");
        }
        client.call(&form(token(&header, &good))).await.expect("it is good");
        let error = client.call(&form(token(&header, &good))).await.expect_err("it was used");
        assert!(error.to_string().contains("used before"), "{error}");
        assert_eq!(fake.tokens_given(), 1);
    }

    #[test]
    fn unusable_key_is_refused_by_a_rule_that_quotes_nothing() {
        let pem = |text: &str| ApiKey::from_pem("client", RedoxFake::KEY_ID, text);
        let jwk = |json: Value| ApiKey::from_jwk("client", RedoxFake::KEY_ID, json.to_string());
        let secret =
            |label: &str| format!("-----BEGIN {label}-----\nhush\n-----END {label}-----\n");
        let encrypted = RSA_PKCS1.replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,00\n\n", 1);
        let (rsa, p384) = (parsed(RSA_JWK), parsed(P384_JWK));
        let not_here = "must be an RSA key of 2048 to 8192 bits or an EC key on P-384";
        let public = "is a public key, the private key is needed";
        let damaged = "is a damaged private key";
        let incomplete = "are missing or contradict each other";
        for (result, rule) in [
            (pem(""), "Redox private key: is not a private key in PEM"),
            (pem("hush"), "is not a private key in PEM"),
            (pem(RSA_JWK), "is a JWK, not PEM"),
            (pem(fixture!("keys/rsa.pub.pem")), public),
            (pem(&secret("CERTIFICATE")), "is a certificate, the private key is needed"),
            (pem(&secret("ENCRYPTED PRIVATE KEY")), "is an encrypted key"),
            (pem(&encrypted), "is an encrypted key"),
            (pem(&secret("OPENSSH PRIVATE KEY")), "is a key in OpenSSH's form"),
            (pem(fixture!("keys/p256.pem")), "is an EC key on P-256, must be an RSA key"),
            (pem(fixture!("keys/p256-sec1.pem")), "is an EC key on P-256, must be an RSA key"),
            (pem(fixture!("keys/ed25519.pem")), "is an Ed25519 key, must be an RSA key"),
            (pem(fixture!("keys/rsa-1024.pem")), "is an RSA key of another length"),
            (pem(&secret("RSA PRIVATE KEY")), not_here),
            (pem(&secret("PRIVATE KEY")), not_here),
            (pem(&RSA.replacen('M', "!", 1)), damaged),
            (jwk("hush".into()), "is not a private key as JWK"),
            (jwk(json!({})), "is not a private key as JWK"),
            (jwk(with(&rsa, "kty", "oct")), not_here),
            (jwk(with(&p384, "crv", "P-256")), "is a key on P-256, must be an RSA key"),
            (jwk(with(&rsa, "d", Value::Null)), public),
            (jwk(with(&p384, "d", Value::Null)), public),
            (jwk(with(&rsa, "kid", "x")), "has another kid"),
            (jwk(with(&rsa, "alg", "RS256")), "another algorithm than RS384"),
            (jwk(with(&rsa, "qi", "AQAB")), incomplete),
            (jwk(with(&rsa, "p", "+")), incomplete),
            (jwk(with(&p384, "d", "AQ")), incomplete),
            (jwk(with(&p384, "x", "")), incomplete),
            (ApiKey::from_pem("", "k", RSA), "client id: must not be empty"),
            (ApiKey::from_pem("c", "", RSA), "Redox key id: must not be empty"),
        ] {
            let error = result.expect_err(rule);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(rule), "{rule}: {error}");
            assert!(!format!("{error} {error:?}").contains("hush"));
        }
        let _ = jwk(with(&with(&p384, "kid", Value::Null), "alg", Value::Null))
            .expect("they are optional");
        let built = |key: ApiKey, url: &str| {
            Redox::builder(key).base_url("http://127.0.0.1:1").token_url(url).build()
        };
        let brief = of_pem(P384).assertion_lifetime(Duration::from_secs(59));
        let error = built(brief, "http://127.0.0.1:1").expect_err("it is too short");
        assert!(error.to_string().contains("must be at least a minute"), "{error}");
        let error = built(of_pem(P384), "http://h.example/t").expect_err("it is not loopback");
        assert!(error.to_string().contains("Redox token URL: http://h.example"), "{error}");
    }

    #[test]
    fn debug_shows_no_key() {
        for key in [of_pem(RSA), of_jwk(P384_JWK)] {
            let shown = format!("{key:?} {:?}", Redox::builder(key.clone()));
            assert!(shown.len() < 900, "{shown}");
            let secret = parsed(P384_JWK)["d"].as_str().expect("it has one").to_owned();
            assert!(!shown.contains("PRIVATE") && !shown.contains(&secret), "{shown}");
        }
    }
}
