//! Twilio Organizations: filters and pages, wrong input, `ensure`, and the fake.

use std::time::Duration;

use rolecall::operation::ListOperation;
use rolecall::testing::{Fault, TwilioDuplicates, TwilioIamFake};
use rolecall::twilio::iam::{
    ApiVersion, Credentials, NewRoleAssignment, Organization, RoleAssignment, TwilioIam,
};
use rolecall::{
    ClientOptions, Effect, Ensured, EnsuredAbsent, Error, ErrorKind, List, Position, RetryPolicy,
};

use crate::registry::fixture;
use crate::support::capture::Capture;

const ORGANIZATION: &str = TwilioIamFake::ORGANIZATION;
const ROLE: &str = "IX00000000000000000000000000000104";
const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const PERHAPS_ANYTHING: &str = r#"{"code":20404,"status":404}"#;
const NO_ASSIGNMENTS: &str = fixture!("twilio_iam/assignments.minimal.json");

fn of(client: &TwilioIam, version: ApiVersion) -> Organization {
    match version {
        ApiVersion::V2 => client.own_organization(),
        _ => client.organization(ORGANIZATION),
    }
}

/// An organization of a service that responds with these in turn.
async fn captured<const N: usize>(
    version: ApiVersion,
    responses: [(u16, &str); N],
) -> (Capture, Organization) {
    let capture = Capture::start(responses).await;
    let builder = TwilioIam::builder(Credentials::token("obviously-fake-access-token"));
    let options = ClientOptions::default().retry(RetryPolicy::none());
    let builder = builder.base_url(capture.uri()).api_version(version).options(options);
    let client = builder.build().expect("the client is set up well");
    (capture, of(&client, version))
}

fn at(fake: &TwilioIamFake, version: ApiVersion) -> Organization {
    let options = ClientOptions::default().retry(RetryPolicy::default().base_wait(Duration::ZERO));
    let client = fake.builder().api_version(version).options(options).build();
    of(&client.expect("the client is set up well"), version)
}

/// A fake, and its organization at [`ApiVersion::Preview`] by a client that repeats without waiting.
async fn started() -> (TwilioIamFake, Organization) {
    let fake = TwilioIamFake::start().await.expect("a free port");
    let organization = at(&fake, ApiVersion::Preview);
    (fake, organization)
}

/// An organization at a path that the service does not have: all is refused with 20404, lists too.
fn at_wrong_path(fake: &TwilioIamFake) -> Organization {
    let client = fake.builder().base_url(format!("{}/v9", fake.uri())).build();
    client.expect("it is a URL").organization(ORGANIZATION)
}

async fn all<O: ListOperation>(list: List<O>) -> Result<Vec<O::Item>, Error> {
    list.items().try_collect().await
}

#[track_caller]
fn assert_unsent<T>(result: Result<T, Error>, kind: ErrorKind, named: &str) {
    let Err(error) = result else { panic!("{named}: it was not refused") };
    assert_eq!((error.kind(), error.effect()), (kind, Effect::NotApplied), "{error}");
    assert_eq!((error.status(), error.attempts()), (None, 0), "{error}");
    assert!(error.to_string().contains(named), "{error}");
}

#[track_caller]
fn assert_refused<T>(result: Result<T, Error>, named: &str) {
    assert_unsent(result, ErrorKind::InvalidRequest, named);
}

#[tokio::test]
async fn calls_that_a_version_does_not_have_are_refused() {
    let (fake, preview) = started().await;
    let configured = |version| fake.builder().api_version(version).build().expect("it is set up");
    let (v1, v2) = (configured(ApiVersion::Preview), configured(ApiVersion::V2));
    let refused = ErrorKind::Configuration;
    assert_unsent(all(v2.own_organization().accounts().list()).await, refused, "accounts: no path");
    assert_unsent(all(preview.roles().permissions(ROLE)).await, refused, "roles: no path");
    let user = v2.organization(ORGANIZATION).users().get(USER).await;
    assert_unsent(user, refused, "use own_organization()");
    let list = all(v1.own_organization().role_assignments().list()).await;
    assert_unsent(list, refused, "use organization(");
    assert_eq!(fake.received_count(), 0);
}

mod role_assignments {
    use super::*;

    /// The n-th of many.
    fn new(nth: usize) -> NewRoleAssignment {
        NewRoleAssignment::new(ROLE, format!("AC{nth:032x}"), USER).expect("they are SIDs")
    }

    async fn created(organization: &Organization, count: usize) -> Vec<RoleAssignment> {
        let mut all = Vec::new();
        for nth in 1..=count {
            let call = organization.role_assignments().create(&new(nth));
            all.push(call.await.expect("it succeeds"));
        }
        all
    }

    #[tokio::test]
    async fn filters_and_page_tokens_are_sent() {
        let full = fixture!("twilio_iam/assignments.full.json");
        let responses =
            [(200, NO_ASSIGNMENTS), (200, NO_ASSIGNMENTS), (200, full), (200, NO_ASSIGNMENTS)];
        let (capture, organization) = captured(ApiVersion::Preview, responses).await;
        let list = organization.role_assignments().list();
        assert!(all(list.clone()).await.expect("it is read").is_empty());
        let list = list.identity(USER).page_size(2);
        let narrow =
            list.clone().scope(ACCOUNT).resource_type("a service").resource_id("some/thing");
        narrow.first_page().await.expect("it is read");
        let mut pages = list.clone().pages();
        pages.next().await.expect("a page").expect("it is read");
        // The link to the next page names another host.
        let stored = pages.position().to_string();
        let position: Position = stored.parse().expect("it is a position");
        assert!(all(list.from(&position)).await.expect("it is read").is_empty());
        let mut requests = capture.requests();
        requests.remove(2);
        assert_eq!(
            requests,
            [
                fixture!("twilio_iam/list_assignments.request.http"),
                fixture!("twilio_iam/list_assignments_filtered.request.http"),
                fixture!("twilio_iam/list_assignments_next.request.http"),
            ]
        );
    }

    #[tokio::test]
    async fn wrong_input_is_refused_before_anything_is_sent() {
        let (fake, organization) = started().await;
        let list = organization.role_assignments().list();
        let size = "role-assignments.list: invalid request: page_size: must be 1 to 100";
        for (list, named) in [
            (list.clone().identity("US"), "Identity: must be two capital letters"),
            (list.clone().scope(""), "Scope: must be two capital letters"),
            (list.clone().page_size(0), size),
            (list.clone().page_size(101), size),
            (list.clone().resource_type(""), "ResourceType: must not be empty"),
            (list.resource_id(""), "ResourceId: must not be empty"),
        ] {
            assert_refused(all(list).await, named);
        }
        for (new, named) in [
            (new(1).resource("", "one"), "resource_type: must not be empty"),
            (new(1).resource_id(""), "resource_id: must not be empty"),
        ] {
            assert_refused(organization.role_assignments().create(&new).await, named);
            assert_refused(organization.role_assignments().ensure(&new).await, named);
        }
        assert_eq!(fake.received_count(), 0);
    }

    #[tokio::test]
    async fn fake_lists_in_pages_by_filter() {
        let (fake, organization) = started().await;
        let expected = created(&organization, 7).await;
        fake.page_size(3);
        let list = organization.role_assignments().list();
        let of_user = list.clone().identity(USER);
        let pages = of_user.clone().pages().try_collect().await.expect("it is read");
        assert_eq!(pages.iter().map(|page| page.items.len()).collect::<Vec<_>>(), [3, 3, 1]);
        assert_eq!(all(of_user.page_size(2)).await.expect("it is read"), expected);
        assert_eq!(all(list.clone().scope(ACCOUNT)).await.expect("it is read"), []);
        let error = all(list).await.expect_err("the preview needs a filter");
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("25203")));
        let own = at(&fake, ApiVersion::V2).role_assignments();
        assert_eq!(all(own.list()).await.expect("V2 needs none"), expected);
    }

    #[tokio::test]
    async fn repeated_delete_that_finds_nothing_has_an_unknown_outcome() {
        let (fake, organization) = started().await;
        let held = created(&organization, 3).await;
        let assignments = organization.role_assignments();
        fake.next(1, Fault::status(500));
        assignments.delete(&held[0].sid).await.expect("the second attempt deletes it");
        // It could have been a router that does not know the path: no code tells.
        fake.next(1, Fault::reset().after_processing());
        let error = assignments.delete(&held[1].sid).await.expect_err("the second finds nothing");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Unknown));
        let error = assignments.delete(&held[0].sid).await.expect_err("it is not there");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
        assert_eq!(fake.role_assignments(), held[2..]);
        let more = assignments.create(&new(9)).await.expect("it succeeds");
        assert!(held.iter().all(|one| one.sid != more.sid), "a SID is not given twice");
    }

    #[tokio::test]
    async fn ensure_compares_the_resource_too() {
        let (fake, organization) = started().await;
        let assignments = organization.role_assignments();
        created(&organization, 3).await;
        let narrow = |nth| new(nth).resource("service", "one");
        let first = assignments.ensure(&narrow(4)).await.expect("it is created");
        assert!(matches!(first, Ensured::Created(_)), "{first:?}");
        let second = assignments.ensure(&narrow(4)).await.expect("it is there");
        assert_eq!(second, Ensured::AlreadyExisted(first.into_inner()));
        let others = [narrow(4).resource("service", "two"), narrow(4).resource("number", "one")];
        for other in others.into_iter().chain([new(4)]) {
            assert!(matches!(assignments.ensure(&other).await, Ok(Ensured::Created(_))));
        }
        assert_eq!(fake.role_assignments().len(), 7);
        // Where the whole is held, another assignment beside it would narrow nothing.
        let error = assignments.ensure(&narrow(1)).await.expect_err("the whole is held");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
        assert_eq!(fake.role_assignments().len(), 7);
        // A service that does not know the fields of the resource grants the whole.
        let whole = fixture!("twilio_iam/assignment.full.json").replace("resource_", "unknown_");
        let responses = [(200, NO_ASSIGNMENTS), (201, &*whole)];
        let (_capture, organization) = captured(ApiVersion::Preview, responses).await;
        let error = organization.role_assignments().ensure(&narrow(1)).await;
        let error = error.expect_err("more was granted");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::Applied));
    }

    #[tokio::test]
    async fn racing_callers_are_told_what_was_created() {
        for (duplicates, most) in [(TwilioDuplicates::Refused, 1), (TwilioDuplicates::Accepted, 4)]
        {
            let (fake, organization) = started().await;
            fake.duplicates(duplicates);
            let assignments = organization.role_assignments();
            let one = async || assignments.ensure(&new(1)).await.expect("it is there");
            let ensured = <[_; 4]>::from(tokio::join!(one(), one(), one(), one()));
            let count = |is: fn(&Ensured<_>) -> bool| ensured.iter().filter(|one| is(one)).count();
            let created = count(|one| matches!(one, Ensured::Created(_)));
            let existed = count(|one| matches!(one, Ensured::AlreadyExisted(_)));
            assert_eq!((created, created + existed), (fake.role_assignments().len(), 4));
            assert!((1..=most).contains(&created), "{ensured:?}");
        }
    }

    /// No code is known for it, so the list decides.
    #[tokio::test]
    async fn refused_duplicate_is_looked_for() {
        let refused = (409, r#"{"message":"The role assignment exists already","status":409}"#);
        // The case of digits does not count, and an empty text is none.
        let held = r#"{"content":[{"sid":"IY1","role_sid":"IX00000000000000000000000000000104",
            "scope":"AC00000000000000000000000000000001","resource_type":"","resource_id":null,
            "identity":"USAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}],"meta":{}}"#;
        for (list, is_there) in [(held, true), (NO_ASSIGNMENTS, false)] {
            let responses = [(200, NO_ASSIGNMENTS), refused, (200, list)];
            let (_capture, organization) = captured(ApiVersion::Preview, responses).await;
            match organization.role_assignments().ensure(&new(1)).await {
                Ok(Ensured::AlreadyExisted(_)) => assert!(is_there),
                Ok(other) => panic!("{other:?}"),
                Err(error) => {
                    let outcome = (error.kind(), error.effect());
                    assert_eq!(outcome, (ErrorKind::AlreadyExists, Effect::NotApplied), "{error}");
                    assert_eq!(error.status().map(|status| status.as_u16()), Some(409));
                    assert!(!is_there);
                }
            }
        }
    }

    /// A created assignment without the resource that was asked for, as null or as an empty text, grants
    /// more.
    #[tokio::test]
    async fn grant_over_more_than_the_resource_is_an_error() {
        let created = |resource: &str| {
            format!(
                r#"{{"sid":"IY1","role_sid":"IX00000000000000000000000000000104",
                "scope":"AC00000000000000000000000000000001","resource_type":"","resource_id":{resource},
                "identity":"USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}"#
            )
        };
        for (asked, resource, exceeds) in
            [("number", "\"number\"", false), ("number", "null", true), ("number", "\"\"", true)]
        {
            let created = created(resource);
            let responses = [(200, NO_ASSIGNMENTS), (201, &*created)];
            let (_capture, organization) = captured(ApiVersion::Preview, responses).await;
            let result = organization.role_assignments().ensure(&new(1).resource_id(asked)).await;
            match result {
                Ok(ensured) => assert!(matches!(ensured, Ensured::Created(_)) && !exceeds),
                Err(error) => {
                    let outcome = (error.kind(), error.effect());
                    assert_eq!(outcome, (ErrorKind::Conflict, Effect::Applied), "{error}");
                    assert!(exceeds && error.to_string().contains("granted more"), "{error}");
                }
            }
        }
    }

    #[tokio::test]
    async fn ensure_absent_reports_who_deleted_it() {
        let (fake, organization) = started().await;
        let held = created(&organization, 4).await;
        let assignments = organization.role_assignments();
        let ensure_absent = async |nth: usize| assignments.ensure_absent(&held[nth].sid).await;
        assert_eq!(ensure_absent(0).await.expect("it is absent"), EnsuredAbsent::Deleted);
        assert_eq!(ensure_absent(0).await.expect("it is absent"), EnsuredAbsent::AlreadyAbsent);
        fake.next(1, Fault::reset().after_processing());
        assert_eq!(ensure_absent(1).await.expect("it is absent"), EnsuredAbsent::Indeterminate);
        fake.next(4, Fault::status(500).retry_after(Duration::ZERO));
        assert_eq!(ensure_absent(2).await.expect("it is absent"), EnsuredAbsent::Indeterminate);
        for (fault, kind) in [
            (Fault::html(404), ErrorKind::NotFound),
            (Fault::json(404, r#"{"code":25100}"#), ErrorKind::NotFound),
            (Fault::json(403, r#"{"code":20003}"#), ErrorKind::PermissionDenied),
        ] {
            fake.next(1, fault);
            let error = ensure_absent(3).await.expect_err("it is still there");
            assert_eq!((error.kind(), error.effect()), (kind, Effect::NotApplied), "{error}");
        }
        assert_eq!(fake.role_assignments(), held[3..]);
    }

    #[tokio::test]
    async fn denied_calls_name_the_permission_that_they_need() {
        let (fake, organization) = started().await;
        let assignments = organization.role_assignments();
        let sid = &created(&organization, 1).await[0].sid;
        let denied = || fake.next(1, Fault::json(403, r#"{"code":20003,"message":"Forbidden"}"#));
        let expect = |error: Error, verb: &str| {
            let permission =
                format!("the call needs the permission twilio/iam/role-assignments/{verb}");
            assert!(error.to_string().contains(&permission), "{error}");
        };
        denied();
        expect(assignments.create(&new(9)).await.expect_err("it is denied"), "create");
        denied();
        expect(assignments.delete(sid).await.expect_err("it is denied"), "delete");
        denied();
        let listed = assignments.list().identity(USER).items().try_collect().await;
        expect(listed.expect_err("it is denied"), "list");
    }

    #[tokio::test]
    async fn not_found_about_something_else_is_no_absence() {
        let (fake, organization) = started().await;
        let sid = &created(&organization, 1).await[0].sid;
        let assignments = organization.role_assignments();
        for code in [25100, 25101, 25008, 99999] {
            for status in [404, 503] {
                // In response to the only attempt, and to one after an attempt that was lost.
                for lost in [0, 1] {
                    fake.next(lost, Fault::status(502));
                    fake.next(8, Fault::json(status, format!(r#"{{"code":{code},"status":404}}"#)));
                    let absent = assignments.ensure_absent(sid).await;
                    absent.expect_err("nothing is known of the assignment");
                    fake.clear_faults();
                }
            }
        }
        let is_not_found = |error: &Error| {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
            assert_eq!(error.operation(), Some("twilio.iam role-assignments.delete"));
        };
        let wrong = at_wrong_path(&fake).role_assignments();
        let error = wrong.ensure_absent(sid).await.expect_err("a wrong address");
        is_not_found(&error);
        assert!(error.to_string().contains("reading the present state failed"), "{error}");
        // Held over the organization, it is listed all the same; V2 needs no filter for that.
        let everywhere = NewRoleAssignment::new(ROLE, ORGANIZATION, USER).expect("they are SIDs");
        let over = assignments.create(&everywhere).await.expect("it succeeds").sid;
        let own = at(&fake, ApiVersion::V2).role_assignments();
        for (path, assignments, sid) in
            [("/Organizations", &assignments, &over), ("/v2/Organizations", &own, sid)]
        {
            fake.next_on(path, 1, Fault::json(404, PERHAPS_ANYTHING));
            is_not_found(&assignments.ensure_absent(sid).await.expect_err("it is there"));
        }
        assert_eq!(fake.role_assignments().len(), 2);
        for absent in [EnsuredAbsent::Deleted, EnsuredAbsent::AlreadyAbsent] {
            assert_eq!(own.ensure_absent(sid).await.expect("it is absent"), absent);
        }
    }

    #[tokio::test]
    async fn any_sid_of_a_response_can_be_deleted() {
        let unknown = fixture!("twilio_iam/assignments.unknown.json");
        let responses = [(200, unknown), (204, "")];
        let (capture, organization) = captured(ApiVersion::Preview, responses).await;
        let assignments = organization.role_assignments();
        let held = all(assignments.list()).await.expect("it is read");
        assignments.delete(&held[0].sid).await.expect("it succeeds");
        let deleted = &capture.requests()[1];
        assert!(deleted.contains("/RoleAssignments/a%20strange%20sid HTTP/1.1"), "{deleted}");
    }
}

mod accounts_and_roles {
    use super::*;
    use rolecall::twilio::AccountSid;

    #[tokio::test]
    async fn filters_of_roles_are_sent() {
        let page = fixture!("twilio_iam/roles.full.json");
        let (capture, own) = captured(ApiVersion::V2, [(200, page)]).await;
        let list = own.roles().list().page_size(1000).search("view & edit");
        let list = list.product_group("billing").expand(true).resource_types(["service", "number"]);
        all(list).await.expect("it is read");
        assert_eq!(capture.requests(), [fixture!("twilio_iam/list_roles_filtered.request.http")]);
    }

    #[tokio::test]
    async fn wrong_input_is_refused_before_anything_is_sent() {
        let (fake, preview) = started().await;
        let roles = at(&fake, ApiVersion::V2).roles();
        let list = roles.list();
        let types = "roles.list: invalid request: ResourceTypes: must be one or more";
        for (list, named) in [
            (list.clone().page_size(1001), "page_size: must be 1 to 1000"),
            (list.clone().search(""), "Search: must not be empty"),
            (list.clone().product_group(""), "RoleProductGroup: must not be empty"),
            (list.clone().resource_types([""; 0]), types),
            (list.clone().resource_types([""]), types),
            (list.resource_types(["a", "b,c"]), types),
        ] {
            assert_refused(all(list).await, named);
        }
        let size = "invalid request: page_size: must be 1 to 100, got 101";
        assert_refused(all(roles.permissions(ROLE).page_size(101)).await, size);
        assert_refused(all(preview.accounts().list().page_size(101)).await, size);
        assert_eq!(fake.received_count(), 0);
    }

    #[tokio::test]
    async fn fake_has_accounts_and_the_built_in_roles() {
        let (fake, organization) = started().await;
        fake.page_size(2);
        let sids: Vec<AccountSid> =
            (0..5).map(|nth| format!("AC{nth:032x}").parse().expect("it is a SID")).collect();
        for (nth, sid) in sids.iter().enumerate() {
            fake.add_account(sid, &format!("shop {nth}"));
        }
        let accounts = organization.accounts();
        let listed = all(accounts.list()).await.expect("it is read");
        assert!(listed.iter().map(|account| &account.account_sid).eq(&sids));
        assert_eq!(accounts.get(&sids[3]).await.expect("it is there"), listed[3]);
        assert_eq!(listed[3].friendly_name.as_deref(), Some("shop 3"));
        let error = accounts.get(ACCOUNT).await.expect_err("it is not there");
        assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("25101")));

        let roles = at(&fake, ApiVersion::V2).roles();
        let listed = all(roles.list()).await.expect("it is read");
        let names: Vec<_> =
            listed.iter().filter_map(|role| role.friendly_name.as_deref()).collect();
        assert_eq!(names, ["Admin", "Developer", "Billing", "Support"]);
        assert_eq!(all(roles.list().search("bill")).await.expect("it is read"), listed[2..3]);
        assert_eq!(all(roles.list().resource_types(["service"])).await.expect("it is read"), []);
        let permissions = all(roles.permissions(&listed[2].sid)).await.expect("it is read");
        assert_eq!(permissions.len(), 3);
        let error = all(roles.permissions("IXffffffffffffffffffffffffffffffff")).await;
        assert!(error.expect_err("no such role").is_not_found());
    }
}

mod users {
    use super::*;
    use rolecall::twilio::iam::{Email, NewUser, UserFilter, UserPatch, UserVersion};
    use rolecall::twilio::{ErrorCode, ServiceError};

    const NAME: &str = "alex.a@example.com";
    /// As SCIM documents it.
    const NO_CODE: &str =
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}"#;

    fn new(name: &str) -> NewUser {
        NewUser::new(name).expect("it is a name").email(Email::primary(name))
    }

    #[tokio::test]
    async fn filter_is_quoted_and_unset_parts_are_left_out() {
        let (none, user) =
            (fixture!("twilio_iam/users.minimal.json"), fixture!("twilio_iam/user.full.json"));
        let (capture, organization) =
            captured(ApiVersion::Preview, [(200, none), (201, user)]).await;
        let users = organization.users();
        let filter = UserFilter::external_id("o'hara + 1");
        assert_eq!(all(users.list().filter(filter)).await.expect("it is read"), []);
        users.create(&NewUser::new(NAME).expect("it is a name")).await.expect("it succeeds");
        assert_eq!(
            capture.requests(),
            [
                fixture!("twilio_iam/list_users_by_external_id.request.http"),
                fixture!("twilio_iam/create_user_minimal.request.http"),
            ]
        );
    }

    #[tokio::test]
    async fn list_is_complete_where_it_has_as_many_as_it_counts() {
        let one = |total| format!(r#"{{"Resources":[{{"id":"{USER}"}}],"totalResults":{total}}}"#);
        for (text, count) in [
            (fixture!("twilio_iam/users.nulls.json"), Ok(0)),
            (fixture!("twilio_iam/users.unknown.json"), Ok(0)),
            (&one(0), Ok(1)),
            (&one(1), Ok(1)),
            (&one(500), Err("the list ended after 1 of 500 items")),
        ] {
            let (_capture, organization) = captured(ApiVersion::Preview, [(200, text)]).await;
            match (all(organization.users().list()).await, count) {
                (Ok(users), Ok(count)) => assert_eq!(users.len(), count, "{text}"),
                (Err(error), Err(named)) => assert!(error.to_string().contains(named), "{error}"),
                (result, _) => panic!("{text}: {result:?}"),
            }
        }
    }

    #[tokio::test]
    async fn wrong_input_is_refused_before_anything_is_sent() {
        let (fake, organization) = started().await;
        let users = organization.users();
        assert_refused(NewUser::new("a"), "userName: must have 2 to 255 characters, got 1");
        assert_refused(NewUser::new("é".repeat(256)), "userName: must have 2 to 255 characters");
        let _ = NewUser::new("é".repeat(255)).expect("it has 255 characters");
        let long = new(NAME).external_id("x".repeat(256));
        let named = "users.create: invalid request: externalId: must have 2 to 255 characters";
        assert_refused(users.create(&long).await, named);
        for (filter, named) in [
            (UserFilter::user_name(""), "users.list: invalid request: userName: must not be empty"),
            (UserFilter::external_id(""), "externalId: must not be empty"),
        ] {
            assert_refused(all(users.list().filter(filter)).await, named);
        }
        assert_refused(UserVersion::new(""), "version: must not be empty");
        for bad in ["W/1\r\nx: y", "W/ 1", "é"] {
            assert_refused(UserVersion::new(bad), "version: must be printable ASCII");
        }
        let nothing = users.patch(USER, "W/1", &UserPatch::new()).await;
        assert_refused(nothing, "users.patch: invalid request: Operations: must not be empty");
        // A version of a response is kept as it came, but not everything can be sent back.
        let unknown = fixture!("twilio_iam/user.unknown.json");
        let (_capture, other) = captured(ApiVersion::Preview, [(200, unknown)]).await;
        let strange = other.users().get(USER).await.expect("it is read");
        let version = strange.version().expect("it has one");
        assert_eq!((strange.id.as_str(), version.as_str()), ("a strange id", "7 é"));
        let refused = users.update(USER, version, &new(NAME)).await;
        assert_refused(refused, "users.update: invalid request: version: must be printable");
        assert_eq!(fake.received_count(), 0);
    }

    #[tokio::test]
    async fn fake_keeps_users_and_their_versions() {
        for version in [ApiVersion::Preview, ApiVersion::V2] {
            let fake = TwilioIamFake::start().await.expect("a free port");
            let users = at(&fake, version).users();
            let sam = new("Sam@example.com").external_id("e 1");
            let sam = users.create(&sam).await.expect("it is created");
            users.create(&new("kim@example.com")).await.expect("it is created");
            assert_eq!(all(users.list()).await.expect("it is read").len(), 2);
            for (filter, found) in [
                (UserFilter::user_name("Sam@example.com"), 1),
                (UserFilter::external_id("e 1"), 1),
                (UserFilter::external_id("e"), 0),
                (UserFilter::user_name("\" or \"\"=\""), 0),
                (UserFilter::user_name(" eq \"\""), 0),
            ] {
                let list = all(users.list().filter(filter.clone())).await.expect("it is read");
                assert_eq!(list.len(), found, "{filter:?}");
            }
            let first = sam.version().expect("it has a version");
            let patch = UserPatch::new().replace("name.givenName", "Sam").remove("externalId");
            let patched = users.patch(&sam.id, first, &patch).await.expect("it succeeds");
            let given_name = patched.name.as_ref().and_then(|name| name.given_name.as_deref());
            assert_eq!((given_name, &patched.external_id), (Some("Sam"), &None));
            let again = NewUser::of(&patched).expect("it has a name").timezone("UTC");
            let second = patched.version().expect("it has a version");
            let updated = users.update(&sam.id, second, &again).await.expect("it succeeds");
            assert_eq!(updated, users.get(&sam.id).await.expect("it is there"));
            for stale in [
                users.patch(&sam.id, first, &patch).await,
                users.update(&sam.id, second, &again).await,
            ] {
                let error = stale.expect_err("there is a newer version");
                assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("25020")));
            }
            fake.next(1, Fault::reset().after_processing());
            users.deactivate(&sam.id).await.expect("it is repeated");
            assert_eq!(fake.users()[0].active, Some(false));
        }
    }

    /// A repeated update or patch would conflict with the version that the first one made.
    #[tokio::test]
    async fn change_that_may_have_arrived_is_not_sent_again() {
        let (fake, organization) = started().await;
        let users = organization.users();
        let user = users.create(&new(NAME)).await.expect("it is created");
        let version = user.version().expect("it has a version");
        let patch = UserPatch::new().replace("active", false);
        for fault in [Fault::reset().after_processing(), Fault::status(503).after_processing()] {
            for call in [
                users.create(&new("b@example.com")),
                users.update(&user.id, version, &new(NAME)),
                users.patch(&user.id, version, &patch),
            ] {
                let count = fake.received_count();
                fake.next(1, fault.clone());
                let error = call.await.expect_err("the response is lost");
                assert!(error.is_outcome_unknown(), "{error}");
                assert_eq!((error.attempts(), fake.received_count()), (1, count + 1), "{error}");
            }
        }
    }

    #[tokio::test]
    async fn fakes_refusals_are_typed() {
        let (_fake, organization) = started().await;
        let users = organization.users();
        users.create(&new(NAME)).await.expect("it is created");
        let taken = users.create(&new(NAME)).await.expect_err("the name is taken");
        assert_eq!((taken.kind(), taken.effect()), (ErrorKind::AlreadyExists, Effect::NotApplied));
        let service = taken.service::<ServiceError>().expect("it is typed");
        assert_eq!(service.code, Some(ErrorCode::IAM_DUPLICATE_USER));
        assert_eq!(service.scim_type.as_deref(), Some("uniqueness"));
        assert_eq!((service.status, taken.message()), (Some(409), Some("userName already exists")));
        let other = NewUser::new("b@example.com").expect("a name").email(Email::primary(NAME));
        let error = users.create(&other).await.expect_err("it is another address");
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("25014")));
        let without = NewUser::new("b@example.com").expect("it is a name");
        let error = users.create(&without).await.expect_err("it has no address");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        let error = users.get(USER).await.expect_err("no such user");
        assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("25008")));
    }

    /// A code says that it is the user who was not found, so the first attempt deactivated the user.
    #[tokio::test]
    async fn repeated_deactivation_of_an_absent_user_is_a_success() {
        let (fake, organization) = started().await;
        let users = organization.users();
        // The request for the token is not to be the one that fails.
        fake.next_on("/Organizations", 1, Fault::status(503));
        users.deactivate(USER).await.expect("the user is absent");
        let error = users.deactivate(USER).await.expect_err("there is no such user");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
        // Without that code it may be the address that was not found.
        for body in [NO_CODE, PERHAPS_ANYTHING] {
            fake.next(1, Fault::status(503));
            fake.next(1, Fault::json(404, body));
            let error = users.deactivate(USER).await.expect_err("it cannot be known");
            assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Unknown));
        }
    }

    #[tokio::test]
    async fn ensure_deactivated_reports_who_did_it() {
        let (fake, organization) = started().await;
        let users = organization.users();
        let mut sids = Vec::new();
        for name in ["a@example.com", "b@example.com"] {
            sids.push(users.create(&new(name)).await.expect("it is created").id);
        }
        let ensured = users.ensure_deactivated(&sids[0]).await.expect("inactive");
        assert_eq!(ensured, EnsuredAbsent::Deleted);
        let count = fake.received_count();
        let ensured = users.ensure_deactivated(&sids[0]).await.expect("inactive");
        assert_eq!((ensured, fake.received_count()), (EnsuredAbsent::AlreadyAbsent, count + 1));
        let ensured = users.ensure_deactivated(USER).await.expect("the user is absent");
        assert_eq!(ensured, EnsuredAbsent::AlreadyAbsent);
        // None of four attempts gets a response, and the last took effect.
        fake.next(1, Fault::none());
        fake.next(3, Fault::status(503));
        fake.next(1, Fault::reset().after_processing());
        let ensured = users.ensure_deactivated(&sids[1]).await.expect("inactive");
        assert_eq!(ensured, EnsuredAbsent::Indeterminate);
    }

    #[tokio::test]
    async fn list_decides_where_not_found_may_be_about_anything() {
        let (fake, organization) = started().await;
        let users = organization.users();
        let sid = &users.create(&new(NAME)).await.expect("it is created").id;
        let ensure = async |named: &str| {
            let error = users.ensure_deactivated(sid).await.expect_err("the user is still active");
            assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
            assert!(error.to_string().contains(named), "{error}");
        };
        for body in [NO_CODE, PERHAPS_ANYTHING] {
            fake.next(1, Fault::json(404, body));
            let ensured = users.ensure_deactivated(USER).await.expect("the user is absent");
            assert_eq!(ensured, EnsuredAbsent::AlreadyAbsent);
            fake.next(1, Fault::none());
            fake.next(2, Fault::json(404, body));
            ensure("users.deactivate").await;
            fake.next(1, Fault::json(404, body));
            fake.next(1, Fault::json(200, r#"{"Resources":[]}"#));
            ensure("the list of users tells no total").await;
        }
        for body in [r#"{"code":25100}"#, r#"{"code":99999}"#, "<html>"] {
            for gets in [0, 1] {
                fake.next(gets, Fault::none());
                fake.next(1, Fault::json(404, body));
                ensure("").await;
            }
        }
        let wrong = at_wrong_path(&fake).users();
        let error = wrong.ensure_deactivated(sid).await.expect_err("a wrong address");
        assert!(error.to_string().contains("reading the present state failed"), "{error}");
        assert_eq!(fake.users()[0].active, Some(true));
    }
}
