//! The lists of the deepset platform: requests byte for byte, answers, paging, `ensure`, the fake.
#![cfg(feature = "deepset")]

mod capture;

use capture::Capture;
use rolecall::deepset::{
    Action, Asset, Deepset, ListRoles, NewRole, Permission, Role, RoleId, Roles, ServiceError,
    User, UserId,
};
use rolecall::testing::{DeepsetFake, Fault};
use rolecall::{
    ClientOptions, Difference, Effect, Ensured, Error, ErrorKind, Position, RetryPolicy,
};
use serde_json::{Value, json};

/// The text of a fixture.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/deepset/", $name))
    };
}

fn client(uri: String) -> Deepset {
    let options = ClientOptions::default().retry(RetryPolicy::none());
    let builder = Deepset::builder(DeepsetFake::API_KEY).base_url(uri).options(options);
    builder.build().expect("the client is set up well")
}

fn roles_at(uri: String) -> Roles {
    client(uri).organization(DeepsetFake::ORGANIZATION).expect("it is a UUID").roles()
}

async fn all(list: &ListRoles) -> Result<Vec<Role>, Error> {
    list.items().expect("it follows the rules").collect().await
}

fn names(roles: &[Role]) -> Vec<&str> {
    roles.iter().filter_map(|role| role.role_name.as_deref()).collect()
}

fn written<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("answers can be written")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("the fixture is JSON")
}

fn id(text: &str) -> RoleId {
    RoleId::new(text).expect("it is an id")
}

/// A page of roles with these names, which are also their ids.
fn page(names: &[&str], has_more: bool, total: u64) -> String {
    let data: Vec<_> =
        names.iter().map(|name| json!({"role_id": name, "role_name": name})).collect();
    json!({"data": data, "has_more": has_more, "total": total}).to_string()
}

async fn filled(fake: &DeepsetFake, names: &[&str]) -> Roles {
    let roles = roles_at(fake.uri());
    for name in names {
        roles.create(&NewRole::new(*name, "", [])).await.expect("it is created");
    }
    roles
}

#[tokio::test]
async fn the_requests_are_exact() {
    let (full, last) = (fixture!("roles.full.json"), fixture!("roles.minimal.json"));
    let (user, users) = (fixture!("user.full.json"), fixture!("users.full.json"));
    let none = fixture!("users.minimal.json");
    let answers = [
        (200, last),
        (200, full),
        (200, last),
        (200, full),
        (200, none),
        (200, last),
        (200, user),
        (200, none),
        (200, users),
        (200, none),
    ];
    let capture = Capture::start(answers).await;
    let (deepset, roles) = (client(capture.uri()), roles_at(capture.uri()));
    let role = id("7f0c1f5e-0000-4000-8000-000000001000");
    all(&roles.list()).await.expect("it is read");
    // The last page has one role, as many as were asked for, and does not say whether it is the
    // last: so another is asked for.
    let mut pages = roles.list().page_size(1).pages().expect("in range");
    pages.next().await.expect("there is one").expect("it is read");
    pages.next().await.expect("there is one").expect("it is read");
    all(&roles.list().page_size(1).before(&id("x/y&"))).await.expect("it is read");
    all(&roles.list().after(&role)).await.expect("it is read");
    deepset.me().await.expect("it succeeds");
    deepset.users().list().items().expect("in range").collect().await.expect("it is read");
    let users = deepset.users().list().include_deleted(true).include_external(false).page_size(1);
    users.items().expect("in range").collect().await.expect("it is read");
    let requests = capture.requests();
    assert_eq!(requests[0], fixture!("list.request.http"));
    assert_eq!(requests[1], requests[2].replace("page_number=2", "page_number=1"));
    assert_eq!(requests[2], fixture!("list_next.request.http"));
    assert!(requests[3].contains("/roles?limit=1&before=x%2Fy%26 HTTP"), "{}", requests[3]);
    assert_eq!(requests[4], fixture!("list_before.request.http"));
    assert_eq!(requests[5], fixture!("list_after.request.http"));
    assert_eq!(requests[6], fixture!("me.request.http"));
    assert_eq!(requests[7], fixture!("users.request.http"));
    assert_eq!(requests[9], fixture!("users_next.request.http"));
    let first = requests[9].split_once("&before").expect("it has a cursor").0;
    assert!(requests[8].starts_with(&format!("{first} HTTP")), "{}", requests[8]);
}

#[tokio::test]
async fn pages_are_read() {
    let read = async |text: &str| {
        let capture = Capture::start([(200, text)]).await;
        let mut pages = roles_at(capture.uri()).list().pages().expect("in range");
        pages.next().await.expect("there is a page").expect("it is read")
    };
    let full = read(fixture!("roles.full.json")).await;
    assert_eq!(written(&full.items), parsed(fixture!("roles.full.json"))["data"]);
    assert_eq!(
        (full.total, full.next.map(|next| next.to_string())),
        (Some(2), Some("0:2.10".into()))
    );
    let nulls = read(fixture!("roles.nulls.json")).await;
    assert_eq!(written(&nulls.items), parsed(fixture!("roles.nulls.json"))["data"]);
    let minimal = read(fixture!("roles.minimal.json")).await;
    assert_eq!(minimal, nulls);
    assert_eq!((minimal.total, minimal.next), (None, None));
    let unknown = read(fixture!("roles.unknown.json")).await;
    assert_eq!(unknown.items[0].role_id.as_uuid(), None);
    assert_eq!((unknown.total, unknown.next), (None, None));
}

#[tokio::test]
async fn users_are_read() {
    let read = async |text: &str| {
        let capture = Capture::start([(200, text)]).await;
        client(capture.uri()).me().await
    };
    let full: User = read(fixture!("user.full.json")).await.expect("it is read");
    assert_eq!(written(&full), parsed(fixture!("user.full.json")));
    let nulls = read(fixture!("user.nulls.json")).await.expect("it is read");
    assert_eq!(written(&nulls), parsed(fixture!("user.nulls.json")));
    assert_eq!(read(fixture!("user.minimal.json")).await.expect("it is read"), nulls);
    let unknown = read(fixture!("user.unknown.json")).await.expect("it is read");
    assert_eq!(unknown.organization.expect("it has one").role, Some(json!(4)));
    let error = read("{}").await.expect_err("it has no id");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
    assert!(error.to_string().contains("missing field `user_id`"), "{error}");
}

#[tokio::test]
async fn a_list_that_may_lack_roles_is_an_error() {
    for (text, named) in [
        ("{}", "missing field `data`"),
        ("[]", "body: invalid length 0"),
        (r#"{"data":null}"#, "data: invalid type: null"),
        (r#"{"data":[{"role_name":"r"}]}"#, "data[0]: missing field `role_id`"),
    ] {
        let capture = Capture::start([(200, text)]).await;
        let error = all(&roles_at(capture.uri()).list()).await.expect_err(named);
        assert!(error.to_string().contains(named), "{error}");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
    }
}

#[tokio::test]
async fn an_empty_page_is_not_the_end() {
    let (one, none, last) = (page(&["a"], true, 21), page(&[], true, 21), page(&["b"], false, 21));
    let capture = Capture::start([(200, &*one), (200, &none), (200, &last)]).await;
    let roles = all(&roles_at(capture.uri()).list()).await.expect("it is read");
    assert_eq!(names(&roles), ["a", "b"]);
    // "More" without end is no whole list.
    let fake = DeepsetFake::start().await.expect("it starts");
    fake.next(200, rolecall::testing::Fault::json(200, r#"{"data":[],"has_more":true}"#));
    let roles = fake.client().expect("it is set up").organization(DeepsetFake::ORGANIZATION);
    let error = all(&roles.expect("it is a UUID").roles().list()).await.expect_err("it never ends");
    assert!(error.to_string().contains("nothing but empty pages"), "{error}");
}

#[tokio::test]
async fn a_list_that_ends_before_its_own_total_is_an_error() {
    let (one, last) = (page(&["a"], true, 12), page(&["b"], false, 12));
    let silent = |total: u64| json!({"data": [{"role_id": "a"}], "total": total}).to_string();
    for (answers, roles) in [
        ([page(&["a"], false, 50), String::new()], 1),
        ([page(&["a"], false, 2), String::new()], 1),
        ([page(&[], false, 1), String::new()], 0),
        ([silent(2), String::new()], 1),
        ([one, last], 2),
    ] {
        let capture = Capture::start([(200, &*answers[0]), (200, &answers[1])]).await;
        let mut items = roles_at(capture.uri()).list().items().expect("in range");
        for _ in 0..roles {
            items.next().await.expect("there is one").expect("it is read");
        }
        let error = items.next().await.expect("there is more").expect_err("but it does not come");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
        assert_eq!(error.operation(), Some("deepset roles.list"));
        assert!(error.to_string().contains("total: is more than came"), "{error}");
        assert!(items.next().await.is_none());
    }
    let users = r#"{"data":[{"user_id":"a"}],"has_more":false,"total":2}"#;
    let capture = Capture::start([(200, users), (200, users)]).await;
    let deepset = client(capture.uri());
    let all = deepset.users().list().items().expect("in range").collect().await;
    assert!(all.expect_err("one is missing").to_string().contains("total: is more than came"));
    // Behind a cursor it is not known what the total counts.
    let before = deepset.users().list().before(&UserId::new("z").expect("it is an id"));
    let all = before.items().expect("in range").collect().await.expect("it is the last page");
    assert_eq!(all.len(), 1);
    // A total below what came is none.
    let capture = Capture::start([(200, &*page(&["a", "b"], false, 1))]).await;
    assert_eq!(all_of(&capture).await, 2);
}

async fn all_of(capture: &Capture) -> usize {
    all(&roles_at(capture.uri()).list()).await.expect("it is read").len()
}

#[tokio::test]
async fn a_page_that_repeats_is_an_error() {
    let one = page(&["a", "b"], true, 9);
    let capture = Capture::start([(200, &*one), (200, &one)]).await;
    let error = all(&roles_at(capture.uri()).list()).await.expect_err("it repeats");
    assert!(error.to_string().contains("the same page came twice"), "{error}");
    let (two, three) = (page(&["c"], true, 9), page(&["b"], true, 9));
    // Other rows, but the last of them is the same.
    let again = page(&["x", "c"], true, 9);
    let capture = Capture::start([(200, &*one), (200, &two), (200, &three), (200, &again)]).await;
    let list = roles_at(capture.uri()).list().before(&id("z"));
    let error = all(&list).await.expect_err("it goes round");
    assert!(error.to_string().contains("a cursor came twice"), "{error}");
}

#[tokio::test]
async fn wrong_input_is_refused_before_it_is_sent() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let (deepset, roles) = (client(fake.uri()), roles_at(fake.uri()));
    let (role, user) = (id("r"), UserId::new("u").expect("it is an id"));
    let list = || roles.list();
    for (list, named) in [
        (list().page_size(0), "limit: must be 1 to 100, got 0"),
        (list().page_size(101), "limit: must be 1 to 100, got 101"),
        (list().page_number(0), "page_number: must be 1 or more"),
        (list().page_number(1).before(&role), "page_number: must not be given together with"),
        (list().page_number(1).after(&role), "page_number: must not be given together with"),
        (list().before(&role).after(&role), "before: must not be given together with after"),
    ] {
        let error = list.items().expect_err(named);
        assert!(error.to_string().contains(named), "{error}");
        assert!(error.is_invalid_request() && list.pages().is_err());
        assert_eq!(error.operation(), Some("deepset roles.list"));
    }
    let users = deepset.users();
    for (list, named) in [
        (users.list().page_size(0), "limit: must be 1 or more"),
        (users.list().before(&user).after(&user), "before: must not be given together with after"),
    ] {
        let error = list.items().expect_err(named);
        assert!(error.to_string().contains(named), "{error}");
    }
    // Positions of another list, or of none.
    for (list, position) in [
        (list(), "0:before=x"),
        (list(), "0:0.10"),
        (list(), "0:-1.10"),
        (list(), "0:2"),
        (list(), "0:02.10"),
        (list(), "0:2.10.1"),
        // Pages of another size have other roles.
        (list(), "0:3.2"),
        (list().page_size(5), "0:3.2"),
        (list().page_size(5), "0:3.10"),
        (list().before(&role), "0:2.10"),
        (list().before(&role), "0:before="),
        (list().after(&role), "0:2.10"),
    ] {
        let position: Position = position.parse().expect("it has the form of one");
        let items = list.items_from(&position).expect("the list follows the rules");
        let error = items.collect().await.expect_err("it is of another list");
        assert!(error.to_string().contains("position: must be one of the same list"), "{error}");
    }
    assert_eq!(fake.received_count(), 0);
}

#[tokio::test]
async fn a_list_resumes_after_an_error_without_loss_or_repetition() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let roles = filled(&fake, &["a", "b", "c", "d", "e"]).await;
    let newest = id("7f0c1f5e-0000-4000-8000-ffffffffffff");
    for (list, expected, text) in [
        (roles.list().page_size(2), ["a", "b", "c", "d", "e"], "1:2.2"),
        (
            roles.list().page_size(2).before(&newest),
            ["e", "d", "c", "b", "a"],
            "1:before=7f0c1f5e-0000-4000-8000-000000001003",
        ),
    ] {
        let mut items = list.items().expect("in range");
        let mut seen = Vec::new();
        for _ in 0..3 {
            let role = items.next().await.expect("there is one").expect("it is read");
            seen.push(role.role_name.expect("it has a name"));
        }
        assert_eq!((items.position().to_string(), items.total()), (text.to_owned(), Some(5)));
        items.next().await.expect("there is one").expect("it was fetched before");
        fake.next(1, Fault::html(502));
        let error = items.next().await.expect("there is one").expect_err("the service fails");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Server, Effect::NotApplied));
        assert!(items.next().await.is_none());
        let rest = list.items_from(items.position()).expect("in range").collect().await;
        assert_eq!(names(&rest.expect("it is read")), expected[4..]);
        let position: Position = text.parse().expect("it is one");
        let rest = list.items_from(&position).expect("in range").collect().await;
        seen.extend(names(&rest.expect("it is read")).into_iter().map(str::to_owned));
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn a_position_is_of_one_page_size() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let roles = filled(&fake, &names).await;
    let mut items = roles.list().items().expect("in range");
    for _ in 0..11 {
        items.next().await.expect("there is one").expect("it is read");
    }
    let position = items.position();
    // The service's own size, which is documented, and the same one asked for.
    let rest = roles.list().page_size(10).items_from(position).expect("in range").collect().await;
    assert_eq!(self::names(&rest.expect("it is read")), ["l"]);
    let rest = roles.list().page_size(5).items_from(position).expect("in range").collect().await;
    assert!(rest.expect_err("roles would be missing").is_invalid_request());
}

#[tokio::test]
async fn after_has_one_page_and_then_an_error() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let roles = filled(&fake, &["a", "b", "c"]).await;
    let list = roles.list().after(&fake.roles()[0].role_id);
    assert_eq!(names(&all(&list).await.expect("it is one page")), ["c", "b"]);
    let mut items = list.page_size(1).items().expect("in range");
    items.next().await.expect("there is one").expect("it is read");
    let error = items.next().await.expect("there is more").expect_err("but no way to it");
    assert!(error.to_string().contains("after: must leave no more than one page"), "{error}");
}

#[tokio::test]
async fn users_are_listed() {
    let fake = DeepsetFake::start().await.expect("it starts");
    fake.page_size(2);
    let first = fake.add_user("a@example.com");
    fake.add_deleted_user("b@example.com");
    fake.add_external_user("c@example.com");
    let last = fake.add_user("d@example.com");
    let deepset = client(fake.uri());
    let emails = async |list: rolecall::deepset::ListUsers| -> Vec<String> {
        let users = list.items().expect("in range").collect().await.expect("they are read");
        users.into_iter().filter_map(|user| user.email).collect()
    };
    let list = || deepset.users().list();
    let own = "owner@example.com";
    assert_eq!(emails(list()).await, ["d@example.com", "a@example.com", own]);
    let every = emails(list().include_deleted(true).include_external(true)).await;
    assert_eq!(every.len(), 5);
    let (first, last) = (UserId::new(first), UserId::new(last));
    let last = last.expect("it is an id");
    assert_eq!(emails(list().before(&last)).await, ["a@example.com", own]);
    assert_eq!(emails(list().after(&first.expect("it is an id"))).await, ["d@example.com"]);
    let mut pages = list().pages().expect("in range");
    let page = pages.next().await.expect("there is one").expect("it is read");
    let position: Position = pages.position().to_string().parse().expect("it is one");
    let rest = list().items_from(&position).expect("in range").collect().await;
    let rest = rest.expect("they are read");
    assert_eq!((page.items.len(), page.total, rest.len()), (2, Some(3), 1));
}

#[tokio::test]
async fn ensure_creates_once() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let roles = filled(&fake, &["other"]).await;
    let read = Permission::new(Asset::Files, Action::Read);
    let write = Permission::new(Asset::Jobs, Action::Write);
    let wanted = NewRole::new("auditor", "Reads", [read.clone(), write.clone()]);
    assert!(matches!(roles.ensure(&wanted).await, Ok(Ensured::Created(_))));
    let shuffled = NewRole::new("auditor", "Reads", [write.clone(), read.clone(), write.clone()]);
    for error_bodies in [true, false] {
        fake.error_bodies(error_bodies);
        assert!(matches!(roles.ensure(&shuffled).await, Ok(Ensured::Existed(_))));
    }
    for different in [
        NewRole::new("auditor", "Writes", [read.clone(), write]),
        NewRole::new("auditor", "Reads", [read]),
    ] {
        let error = roles.ensure(&different).await.expect_err("it differs");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
        let difference = error.service::<Difference<NewRole, Role>>().expect("it tells");
        assert_eq!(difference.wanted, different);
        assert_eq!(difference.found.description.as_deref(), Some("Reads"));
    }
    assert_eq!(fake.roles().len(), 2);
    let error = roles.ensure(&NewRole::new("", "", [])).await.expect_err("it has no name");
    assert!(error.is_invalid_request(), "{error}");
}

/// What is made of several calls can be spawned as a single call can.
#[tokio::test]
async fn futures_can_be_spawned() {
    fn spawnable<T: Send + 'static>(_: T) {}
    let roles = roles_at("http://127.0.0.1:1".to_owned());
    spawnable(async move { roles.ensure(&NewRole::new("a", "", [])).await.map(drop) });
}

#[tokio::test]
async fn ensure_settles_by_reading() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let roles = roles_at(fake.uri());
    let wanted = |name: &str| NewRole::new(name, "", []);
    fake.next(1, Fault::reset().after_processing());
    let ensured = roles.ensure(&wanted("a")).await.expect("it is found");
    assert!(matches!(ensured, Ensured::Present(_)), "{ensured:?}");
    fake.next(1, Fault::truncated());
    let ensured = roles.ensure(&wanted("b")).await.expect("it is found");
    assert!(matches!(ensured, Ensured::Created(_)), "{ensured:?}");
    // A first try that was lost is made once more: the service refuses a second role.
    fake.next(1, Fault::status(500));
    let ensured = roles.ensure(&wanted("c")).await.expect("it is made");
    assert_eq!(ensured.get().role_name.as_deref(), Some("c"));
    assert_eq!(fake.roles().len(), 3);
    let elsewhere = client(fake.uri()).organization("7f0c1f5e-0000-4000-8000-00000000ffff");
    let refused = elsewhere.expect("it is a UUID").roles().ensure(&wanted("a")).await;
    assert!(refused.expect_err("there is no such organization").is_not_found());
    // A null description is the same as an empty one; null permissions are not known to be.
    for (permissions, same) in [(json!([]), true), (Value::Null, false)] {
        let data = json!([{"role_id": "1", "role_name": "a", "permissions": permissions}]);
        let list = json!({"data": data, "has_more": false, "total": 1}).to_string();
        let capture = Capture::start([(409, ""), (200, &*list)]).await;
        let ensured = roles_at(capture.uri()).ensure(&wanted("a")).await;
        assert_eq!(ensured.is_ok(), same);
    }
}

#[tokio::test]
async fn the_fake_refuses_as_the_service_does() {
    let fake = DeepsetFake::start().await.expect("it starts");
    let uri = fake.uri();
    let elsewhere = client(uri.clone()).organization("7f0c1f5e-0000-4000-8000-00000000ffff");
    let list = elsewhere.expect("it is a UUID").roles().list();
    assert!(all(&list).await.expect_err("there is no such organization").is_not_found());
    // The platform's maximum is not documented for users, so that it is the service that says it.
    let items = client(uri).users().list().page_size(1000).items().expect("in range");
    let error = items.collect().await.expect_err("it is too many");
    let service = error.service::<ServiceError>().expect("it tells");
    assert_eq!(service.detail[0].to_string(), "query.limit: Input should be at most 100");
    fake.page_size(2);
    let roles = filled(&fake, &["a", "b", "c"]).await;
    let mut pages = roles.list().page_number(2).pages().expect("in range");
    let page = pages.next().await.expect("there is one").expect("it is read");
    assert_eq!((names(&page.items), page.total, page.next), (vec!["c"], Some(3), None));
}
