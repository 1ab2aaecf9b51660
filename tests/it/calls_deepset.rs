//! deepset: paging and decoding of lists, `ensure`, and refusals of the fake.

use std::fmt::Debug;
use std::time::Duration;

use rolecall::deepset::{
    Action, Asset, Deepset, ListRoles, ListUsers, NewInvitation, NewRole, Permission, Role, RoleId,
    Roles, ServiceError, User, UserId, WorkspaceId,
};
use rolecall::operation::{ListOperation, Operation, Spec};
use rolecall::testing::{DeepsetFake, Fault};
use rolecall::{
    ClientOptions, Effect, Ensured, Error, ErrorKind, List, Mismatch, Position, RetryPolicy,
};
use serde_json::{Value, json};

use crate::support::capture::Capture;
use crate::support::truth::refusal;

/// The text of a fixture.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/deepset/", $name))
    };
}

/// A client that retries without waiting.
fn client(uri: String) -> Deepset {
    let retry = RetryPolicy::default().base_wait(Duration::ZERO);
    let builder = Deepset::builder(DeepsetFake::API_KEY).base_url(uri);
    let builder = builder.options(ClientOptions::default().retry(retry));
    builder.build().expect("the client is set up well")
}

fn roles_at(uri: String) -> Roles {
    client(uri).organization(DeepsetFake::ORGANIZATION).roles()
}

fn role_id(text: &str) -> RoleId {
    RoleId::new(text).expect("it is an id")
}

fn user_id(text: impl Into<String>) -> UserId {
    UserId::new(text).expect("it is an id")
}

/// A page of roles or users with these names, which are also their ids.
fn page(names: &[&str], has_more: impl Into<Option<bool>>, total: u64) -> String {
    let row = |name: &&str| json!({"role_id": name, "role_name": name, "user_id": name});
    let data: Vec<_> = names.iter().map(row).collect();
    json!({"data": data, "has_more": has_more.into(), "total": total}).to_string()
}

async fn filled(fake: &DeepsetFake, names: &[&str]) -> Roles {
    let roles = roles_at(fake.uri());
    for name in names {
        roles.create(&NewRole::new(*name, "", [])).await.expect("it is created");
    }
    roles
}

async fn names(list: List<ListRoles>) -> Vec<String> {
    let roles = list.items().try_collect().await.expect("it is read");
    roles.into_iter().filter_map(|role| role.role_name).collect()
}

async fn emails(list: List<ListUsers>) -> Vec<String> {
    let users = list.items().try_collect().await.expect("they are read");
    users.into_iter().filter_map(|user| user.email).collect()
}

#[tokio::test]
async fn requests_of_further_pages_are_exact() {
    let (one, none) = (fixture!("roles.full.json"), fixture!("users.minimal.json"));
    let responses = [one, none, none, none, fixture!("users.full.json"), none];
    let capture = Capture::start(responses.map(|text| (200, text))).await;
    let (users, roles) = (client(capture.uri()).users(), roles_at(capture.uri()));
    let role = role_id("7f0c1f5e-0000-4000-8000-000000001000");
    let mut pages = roles.list().page_size(1).pages();
    pages.next().await.expect("there is one").expect("it is read");
    pages.next().await.expect("there is one").expect("it is read");
    names(roles.list().page_size(1).before(&role)).await;
    names(roles.list().after(&role)).await;
    let list = users.list().include_deleted(true).include_external(false).page_size(1);
    let mut pages = list.pages();
    pages.next().await.expect("there is one").expect("it is read");
    pages.next().await.expect("there is one").expect("it is read");
    let requests = capture.requests();
    assert_eq!(requests[0], requests[1].replace("page_number=2", "page_number=1"));
    assert_eq!(
        requests[1..4],
        [
            fixture!("list_next.request.http"),
            fixture!("list_before.request.http"),
            fixture!("list_after.request.http"),
        ]
    );
    let next = fixture!("users_next.request.http");
    let first = next.replace("&before=7f0c1f5e-0000-4000-9000-000000000001", "");
    assert_eq!(requests[4..], [&first, next]);
}

/// Reads a list to its end: the keys of its items, and the error that it ends in. No page but those
/// that others follow says where to go on.
async fn read_to_the_end<O: ListOperation>(list: List<O>) -> (Vec<String>, Option<Error>) {
    let (mut keys, mut failed, mut more) = (Vec::new(), None, false);
    let mut pages = list.pages();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => {
                keys.extend(page.items.iter().map(O::key));
                more = page.next.is_some();
            }
            Err(error) => failed = Some(error),
        }
    }
    assert!(!more, "the last page of {keys:?} has no next");
    (keys, failed)
}

#[tokio::test]
async fn incomplete_list_ends_in_an_error_that_says_why() {
    let by_number: fn(&Roles) -> List<ListRoles> = |roles| roles.list();
    let before: fn(&Roles) -> List<ListRoles> = |roles| roles.list().before(&role_id("z"));
    let after: fn(&Roles) -> List<ListRoles> = |roles| roles.list().after(&role_id("z"));
    let second = "7f0c1f5e-0000-4000-8000-000000001001";
    for (list, responses, keys, why) in [
        // A page may be empty before the end, and a total below what came is none.
        (
            by_number,
            vec![page(&["a"], true, 2), page(&[], true, 2), page(&["b"], false, 2)],
            &["a", "b"][..],
            None,
        ),
        (
            by_number,
            vec![page(&["a"], true, 21), page(&[], true, 21), page(&["b"], false, 21)],
            &["a", "b"],
            Some("ended after 2 of 21 items"),
        ),
        (by_number, vec![page(&["a", "b"], false, 1)], &["a", "b"], None),
        (by_number, vec![fixture!("roles.nulls.json").to_owned()], &[second], None),
        (by_number, vec![fixture!("roles.unknown.json").to_owned()], &["no uuid"], None),
        (by_number, vec![page(&["a"], false, 50)], &["a"], Some("ended after 1 of 50 items")),
        (by_number, vec![page(&[], false, 1)], &[], Some("ended after 0 of 1 items")),
        (by_number, vec![page(&["a"], None, 2)], &["a"], Some("ended after 1 of 2 items")),
        (
            by_number,
            vec![page(&["a"], None, 12), page(&["b"], false, 12)],
            &["a", "b"],
            Some("ended after 2 of 12 items"),
        ),
        // The total counts what is not before, or not after, the role too.
        (before, vec![page(&["a"], false, 2)], &["a"], None),
        (after, vec![page(&["a"], false, 2)], &["a"], None),
        (before, vec![page(&[], true, 2)], &[], Some("has_more: is true of a page without items")),
        (after, vec![page(&["a", "b"], true, 3)], &["a", "b"], Some("after: the list goes on")),
        // Without any shape of a list.
        (by_number, vec!["{}".to_owned()], &[], Some("missing field `data`")),
        (
            by_number,
            vec!["[]".to_owned()],
            &[],
            Some("body: invalid type: sequence, expected an object"),
        ),
        (by_number, vec![r#"{"data":null}"#.to_owned()], &[], Some("data: invalid type: null")),
        (
            by_number,
            vec![r#"{"data":[{"role_name":"r"}]}"#.to_owned()],
            &[],
            Some("data[0]: missing field `role_id`"),
        ),
    ] {
        let response = |at: usize| (200, responses.get(at).map_or("", String::as_str));
        let capture = Capture::start([response(0), response(1), response(2)]).await;
        let (read, failed) = read_to_the_end(list(&roles_at(capture.uri()))).await;
        assert_eq!(read, keys, "{responses:?}");
        assert_eq!(capture.requests().len(), responses.len());
        let text = failed.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(text.contains(why.unwrap_or_default()), "{text}");
        assert_eq!(failed.is_some(), why.is_some(), "{text}");
        if let Some(error) = failed {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
            assert_eq!(error.operation(), Some("deepset roles.list"));
        }
    }
    let capture = Capture::start([(200, "{}")]).await;
    let error = client(capture.uri()).me().await.expect_err("it has no id");
    assert!(error.to_string().contains("missing field `user_id`"), "{error}");
    let short = page(&["a"], false, 2);
    let capture = Capture::start([(200, &*short), (200, &*short)]).await;
    let users = client(capture.uri()).users();
    let (_, failed) = read_to_the_end(users.list()).await;
    let error = failed.expect("one is missing");
    assert!(error.to_string().contains("ended after 1 of 2 items"), "{error}");
    let (_, failed) = read_to_the_end(users.list().before(&user_id("z"))).await;
    assert!(failed.is_none(), "{failed:?}");
    // Pages that do not say whether more follow.
    let pages = [["a", "b"].as_slice(), &["c", "d"], &[]].map(|ids| page(ids, None, 4));
    let capture = Capture::start(pages.each_ref().map(|page| (200, page.as_str()))).await;
    let users = client(capture.uri()).users();
    let (read, failed) = read_to_the_end(users.list().page_size(2)).await;
    assert!(failed.is_none(), "{failed:?}");
    assert_eq!(read, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn invalid_list_is_refused_before_it_is_sent() {
    let capture = Capture::start([]).await;
    let (users, roles) = (client(capture.uri()).users(), roles_at(capture.uri()));
    let (role, user) = (role_id("r"), user_id("u"));
    let list = || roles.list();
    for (list, rule) in [
        (list().page_size(0), "must be 1 to 100, got 0"),
        (list().page_size(101), "must be 1 to 100, got 101"),
        (list().page_number(0), "page_number: must be 1 or more, got 0"),
        (list().before(&role).page_number(1), "page_number: must not be given together with"),
        (list().after(&role).page_number(1), "page_number: must not be given together with"),
        (list().before(&role).after(&role), "before: must not be given together with after"),
    ] {
        let text = refusal(list).await;
        assert!(text.contains(rule) && text.starts_with("deepset roles.list: "), "{text}");
    }
    for size in [0, 101] {
        let text = refusal(users.list().page_size(size)).await;
        assert!(text.contains(&format!("page_size: must be 1 to 100, got {size}")), "{text}");
    }
    let text = refusal(users.list().before(&user).after(&user)).await;
    assert!(text.contains("before: must not be given together with after"), "{text}");
    // Positions that no list of this kind gives.
    for (list, cursor) in [
        (list(), "0"),
        (list(), "-1"),
        (list(), "2.10"),
        (list(), "before=x"),
        (list().after(&role), "x"),
    ] {
        let start = list.clone().items().position().to_string();
        let position: Position = format!("{start}{cursor}").parse().expect("it has the form");
        let text = refusal(list.from(&position)).await;
        assert!(text.contains("position: is not of this list"), "{cursor}: {text}");
    }
    assert_eq!(capture.requests(), [""; 0]);
}

#[tokio::test]
async fn list_resumes_from_each_of_its_items() {
    async fn check<O>(list: List<O>)
    where
        O: ListOperation + Clone,
        O::Item: Debug + PartialEq,
    {
        let all = list.clone().items().try_collect().await.expect("it is read");
        assert!(all.len() > 3, "it has several pages");
        for taken in 0..=all.len() {
            let mut items = list.clone().items();
            for _ in 0..taken {
                items.next().await.expect("there is one").expect("it is read");
            }
            let position: Position = items.position().to_string().parse().expect("it is one");
            let rest = list.clone().from(&position).items().try_collect().await;
            assert_eq!(rest.expect("it is read"), all[taken..], "after {taken}");
        }
    }
    let fake = DeepsetFake::start().await.expect("it starts");
    let roles = filled(&fake, &["a", "b", "c", "d", "e", "f"]).await;
    for user in ["a", "b", "c"] {
        fake.add_user(user);
    }
    let newest = role_id("7f0c1f5e-0000-4000-8000-ffffffffffff");
    check(roles.list().page_size(2)).await;
    check(roles.list().page_size(2).page_number(2)).await;
    check(roles.list().page_size(2).before(&newest)).await;
    check(client(fake.uri()).users().list().page_size(2)).await;
}

#[tokio::test]
async fn lists_go_from_and_to_a_role_or_user() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let roles = filled(&fake, &["a", "b", "c"]).await;
    let middle = &fake.roles()[1].role_id;
    assert_eq!(names(roles.list().before(middle)).await, ["a"]);
    assert_eq!(names(roles.list().after(middle)).await, ["c"]);
    assert_eq!(names(roles.list().page_size(2).page_number(2)).await, ["c"]);

    let own = "owner@example.com";
    let first = user_id(fake.add_user("a@example.com"));
    fake.add_deleted_user("b@example.com");
    fake.add_external_user("c@example.com");
    let last = user_id(fake.add_user("d@example.com"));
    fake.page_size(2);
    let users = client(fake.uri()).users();
    assert_eq!(emails(users.list()).await, ["d@example.com", "a@example.com", own]);
    let every = users.list().include_deleted(true).include_external(true);
    assert_eq!(emails(every).await.len(), 5);
    assert_eq!(emails(users.list().before(&last)).await, ["a@example.com", own]);
    assert_eq!(emails(users.list().after(&first)).await, ["d@example.com"]);
    let one = users.get(&first).await.expect("there is one");
    assert_eq!((one.email.as_deref(), one.organization), (Some("a@example.com"), None));
}

#[tokio::test]
async fn ensure_creates_once_and_compares_description_and_permissions() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let roles = filled(&fake, &["other"]).await;
    let read = Permission::new(Asset::Files, Action::Read);
    let write = Permission::new(Asset::Jobs, Action::Write);
    let desired = NewRole::new("auditor", "Reads", [read.clone(), write.clone()]);
    assert!(matches!(roles.ensure(&desired).await, Ok(Ensured::Created(_))));
    let shuffled = NewRole::new("auditor", "Reads", [write.clone(), read.clone(), write.clone()]);
    for error_bodies in [true, false] {
        fake.error_bodies(error_bodies);
        assert!(matches!(roles.ensure(&shuffled).await, Ok(Ensured::AlreadyExisted(_))));
    }
    for different in [
        NewRole::new("auditor", "Writes", [read.clone(), write]),
        NewRole::new("auditor", "Reads", [read]),
    ] {
        let error = roles.ensure(&different).await.expect_err("it differs");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
        let mismatch = error.service::<Mismatch<NewRole, Role>>().expect("it shows both");
        assert_eq!(mismatch.desired, different);
        assert_eq!(mismatch.actual.description.as_deref(), Some("Reads"));
    }
    assert_eq!(fake.roles().len(), 2);
    let error = roles.ensure(&NewRole::new("", "", [])).await.expect_err("it has no name");
    assert!(error.to_string().contains("role_name: must not be empty"), "{error}");
    // A null description is like an empty one; null permissions are not known to be none.
    for (permissions, same) in [(json!([]), true), (Value::Null, false)] {
        let data = json!([{"role_id": "1", "role_name": "a", "permissions": permissions}]);
        let list = json!({"data": data, "has_more": false, "total": 1}).to_string();
        let capture = Capture::start([(409, ""), (200, &*list)]).await;
        let ensured = roles_at(capture.uri()).ensure(&NewRole::new("a", "", [])).await;
        assert_eq!(ensured.is_ok(), same, "{ensured:?}");
    }
}

#[tokio::test]
async fn ensure_reconciles_what_a_create_leaves_open() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let roles = roles_at(fake.uri());
    let desired = |name: &str| NewRole::new(name, "", []);
    fake.next(1, Fault::reset().after_processing());
    let ensured = roles.ensure(&desired("a")).await.expect("it is found");
    assert!(matches!(ensured, Ensured::Indeterminate(_)), "{ensured:?}");
    fake.next(1, Fault::truncated());
    let ensured = roles.ensure(&desired("b")).await.expect("it is found");
    assert!(matches!(ensured, Ensured::Indeterminate(_)), "{ensured:?}");
    // A lost create is sent again, as the service refuses a second role of a name.
    fake.next(1, Fault::status(500));
    let ensured = roles.ensure(&desired("c")).await.expect("it is created");
    assert!(matches!(ensured, Ensured::Created(_)), "{ensured:?}");
    assert_eq!(fake.roles().len(), 3);
}

#[tokio::test]
async fn fake_refuses_as_the_service_does() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let deepset = client(fake.uri());
    let roles = deepset.organization("7f0c1f5e-0000-4000-8000-00000000ffff").roles();
    let error = roles.list().items().try_collect().await.expect_err("it is unknown");
    assert!(error.is_not_found(), "{error}");
    let error = roles.ensure(&NewRole::new("a", "", [])).await.expect_err("it is unknown");
    assert!(error.is_not_found(), "{error}");
    let error = deepset.users().get("u-0").await.expect_err("it is unknown");
    assert!(error.is_not_found(), "{error}");
    // What the crate itself refuses.
    struct TooMany;
    impl Operation for TooMany {
        type Service = Deepset;
        type Output = Value;
        const SPEC: Spec = Spec::get("deepset users.list_many", &["/api/v1/users"]);

        fn query(&self) -> Vec<(&'static str, String)> {
            vec![("limit", "1000".to_owned())]
        }
    }
    let error = deepset.call(&TooMany).await.expect_err("it is too many");
    let service = error.service::<ServiceError>().expect("it is read");
    assert_eq!(service.detail[0].to_string(), "query.limit: Input should be at most 100");
}

/// The roles of a user, in the organization and in each workspace.
fn roles_of(user: &User) -> String {
    let organization = user.organization.as_ref().expect("it has one");
    let in_workspaces = organization.workspaces.iter().map(|workspace| {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        format!(", {} in {}", text(&workspace.role), text(&workspace.name))
    });
    let role = organization.role.clone().unwrap_or_default();
    role + &in_workspaces.collect::<String>()
}

#[test]
fn roles_of_users_are_text_and_none_is_lost() {
    for (role, workspaces, expected) in [
        (json!("Admin"), json!([{"name": "w", "role": "Editor"}]), "Admin, Editor in w"),
        (json!("0"), json!([{"name": "w", "role": "4"}]), "0, 4 in w"),
        (json!(0), json!([{"name": "w", "role": 4}, {"name": "v"}]), "0, 4 in w,  in v"),
        (Value::Null, Value::Null, ""),
        (json!(["Admin"]), json!(["Editor"]), r#"["Admin"], Editor in "#),
        (Value::Null, json!({"w": ["Editor"]}), r#", {"w":["Editor"]} in "#),
    ] {
        let organization = json!({"role": role, "workspaces": workspaces});
        let user = json!({"user_id": "u", "organization": organization});
        let user = serde_json::from_value(user).expect("it has an id");
        assert_eq!(roles_of(&user), expected);
    }
}

mod invitations {
    use super::*;

    fn invitation(email: &str, role: &str) -> NewInvitation {
        NewInvitation::new(email, role, "Given", "Family")
    }

    #[tokio::test]
    async fn invited_person_is_a_user_with_the_roles() {
        let fake = DeepsetFake::start().await.expect("it starts");
        let deepset = client(fake.uri());
        let organization = deepset.organization(DeepsetFake::ORGANIZATION);
        let id = WorkspaceId::new(fake.add_workspace("lab")).expect("it is a UUID");
        let invited = invitation("a@example.com", "Editor").workspace_ids([id]);
        organization.invite(&invited).await.expect("it succeeds");
        let default = deepset.workspace("default");
        default.invite(&invitation("b@example.com", "auditor")).await.expect("it succeeds");

        let users = deepset.users().list().items().try_collect().await.expect("they are read");
        let shown = users.iter().map(|user| (user.email.as_deref(), roles_of(user)));
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                (Some("b@example.com"), "Member, auditor in default".to_owned()),
                (Some("a@example.com"), "Editor, Editor in lab".to_owned()),
                (Some("owner@example.com"), "Admin".to_owned()),
            ]
        );
        // Who is there already is refused by a workspace alone.
        organization.invite(&invitation("b@example.com", "Admin")).await.expect("it succeeds");
        let again = default.invite(&invitation("b@example.com", "Editor")).await;
        let error = again.expect_err("it is a user");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::AlreadyExists, Effect::NotApplied));
        assert_eq!(fake.users().len(), 3);
    }

    /// What a second invitation does is not documented.
    #[tokio::test]
    async fn lost_invitation_is_not_repeated_and_nothing_is_claimed() {
        for fault in [Fault::reset(), Fault::reset().after_processing(), Fault::html(503)] {
            let fake = DeepsetFake::start().await.expect("it starts");
            let deepset = client(fake.uri());
            let invited = invitation("a@example.com", "Member");
            fake.next(2, fault);
            for error in [
                deepset.organization(DeepsetFake::ORGANIZATION).invite(&invited).await,
                deepset.workspace("default").invite(&invited).await,
            ] {
                let error = error.expect_err("no response came");
                assert_eq!((error.effect(), error.attempts()), (Effect::Unknown, 1), "{error}");
            }
            assert_eq!(fake.received_count(), 2);
        }
    }

    #[tokio::test]
    async fn any_json_or_nothing_under_201_is_a_success() {
        let invited = invitation("a@example.com", "Member");
        for (body, kind) in [
            ("", None),
            ("null", None),
            (r#"{"message":"sent"}"#, None),
            ("[1,2]", None),
            (r#""sent""#, None),
            ("<html>", Some(ErrorKind::Decode)),
            (r#"{"detail""#, Some(ErrorKind::Decode)),
            (r#"{"detail":"Not allowed"}"#, Some(ErrorKind::Rejected)),
            (r#"{"errors":["Not allowed"]}"#, Some(ErrorKind::Rejected)),
        ] {
            let capture = Capture::start([(201, body); 2]).await;
            let deepset = client(capture.uri());
            for result in [
                deepset.organization(DeepsetFake::ORGANIZATION).invite(&invited).await,
                deepset.workspace("w").invite(&invited).await,
            ] {
                let error = result.err();
                assert_eq!(error.as_ref().map(Error::kind), kind, "{body}");
                assert!(error.is_none_or(|error| error.is_outcome_unknown()), "{body}");
            }
        }
    }

    #[tokio::test]
    async fn invalid_invitation_is_refused_before_it_is_sent() {
        let capture = Capture::start([]).await;
        let deepset = client(capture.uri());
        let id = WorkspaceId::from(uuid::Uuid::nil());
        let (organization, workspace) =
            (deepset.organization(DeepsetFake::ORGANIZATION), deepset.workspace("default"));
        let fine = || invitation("a@example.com", "Member");
        let mut errors = Vec::new();
        for (invited, rule) in [
            (NewInvitation::new("a@b", "r", "", "f"), "given_name: must not be empty"),
            (NewInvitation::new("a@b", "r", "g", ""), "family_name: must not be empty"),
            (NewInvitation::new("a@b", "", "g", "f"), "role: must not be empty"),
            (invitation("", "r"), "email: must have something before and after"),
            (invitation("example.com", "r"), "email: must have"),
            (invitation("@example.com", "r"), "email: must have"),
            (invitation("a@", "r"), "email: must have"),
        ] {
            errors.push((organization.invite(&invited).await, rule));
            errors.push((workspace.invite(&invited).await, rule));
        }
        let several = fine().workspace_ids([id]);
        errors.push((workspace.invite(&several).await, "workspace_ids: must be empty"));
        let nowhere = deepset.organization("x").invite(&fine()).await;
        errors.push((nowhere, "organization_id: must be a UUID"));
        let nowhere = deepset.workspace("..").invite(&fine()).await;
        errors.push((nowhere, "workspace_name: must not be"));
        for (result, rule) in errors {
            let error = result.expect_err(rule);
            assert!(error.is_invalid_request() && error.status().is_none(), "{error}");
            assert!(error.to_string().contains(rule), "{error}");
        }
        WorkspaceId::new("default").expect_err("it is no UUID");
        assert_eq!(capture.requests(), [""; 0]);
    }

    #[tokio::test]
    async fn fake_refuses_as_the_pages_say() {
        let fake = DeepsetFake::start().await.expect("it starts");
        let deepset = client(fake.uri());
        let invited = invitation("a@example.com", "Member");
        let unknown = deepset.workspace("nowhere").invite(&invited).await;
        assert!(unknown.expect_err("it is unknown").is_not_found());
        let id = WorkspaceId::from(uuid::Uuid::nil());
        let organization = deepset.organization(DeepsetFake::ORGANIZATION);
        let unknown = organization.invite(&invited.clone().workspace_ids([id])).await;
        assert!(unknown.expect_err("it is unknown").is_not_found());
        fake.free_plan(true);
        let error = deepset.workspace("default").invite(&invited).await.expect_err("it costs");
        assert_eq!(error.kind(), ErrorKind::Rejected);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(402));
        assert_eq!(fake.users().len(), 1);
    }
}
