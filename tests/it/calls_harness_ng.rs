//! Harness's NG API: searches, filters, and what is refused.

use rolecall::harness::{
    Harness, NewRoleAssignment, Principal, PrincipalType, RoleAssignmentAggregate,
    RoleAssignmentFilter, RoleAssignmentSearch, RoleReference, Scope, ScopeLevel,
};
use rolecall::operation::ListOperation;
use rolecall::testing::HarnessFake;
use rolecall::{ClientOptions, Effect, Error, ErrorKind, List, RetryPolicy};

use crate::support::capture::Capture;

async fn started() -> (HarnessFake, Harness) {
    let fake = HarnessFake::start().await.expect("a free port");
    let client = fake.client().expect("the client is set up well");
    (fake, client)
}

/// A client that sends each request once.
fn client(capture: &Capture, key: &str) -> Harness {
    let builder = Harness::builder(key).base_url(capture.uri());
    let options = ClientOptions::default().retry(RetryPolicy::none());
    builder.options(options).build().expect("the client is set up well")
}

async fn assign(scope: &Scope, identifier: &str, role: &str, principal: Principal) {
    let new = NewRoleAssignment::new(identifier, role, "all", principal).expect("it is complete");
    scope.role_assignments().create(&new).await.expect("it is created");
}

async fn all<O: ListOperation>(list: List<O>) -> Vec<O::Item> {
    list.page_size(2).items().try_collect().await.expect("it is read")
}

fn identifiers(found: &[RoleAssignmentAggregate]) -> Vec<&str> {
    found.iter().map(|one| one.identifier.as_str()).collect()
}

/// Assignments of a user, of two groups with that user, and of others, in four scopes.
async fn held() -> (HarnessFake, Harness, String) {
    let (fake, client) = started().await;
    let user = fake.add_user("account", "user@example.com", "A user");
    fake.add_user_group("account", "everyone", [&*user, "another"]);
    fake.add_user_group("orgs/platform", "sre", [&user]);
    // Of the same identifier, and without the user.
    fake.add_user_group("orgs/sales", "sre", ["another"]);
    let (platform, sales) = (client.org("platform"), client.org("sales"));
    let everyone = Principal::user_group("everyone").scope_level(ScopeLevel::Account);
    assign(&client.account(), "direct", "_account_viewer", Principal::user(&*user)).await;
    assign(&platform, "by_group", "_organization_viewer", Principal::user_group("sre")).await;
    assign(&platform.project("web"), "from_above", "_project_viewer", everyone).await;
    assign(&sales, "other_group", "_organization_viewer", Principal::user_group("sre")).await;
    assign(&sales, "robot", "_organization_viewer", Principal::service_account("ci")).await;
    (fake, client, user)
}

#[tokio::test]
async fn search_finds_what_a_user_holds_in_all_scopes_and_through_groups() {
    let (_fake, client, user) = held().await;
    let search = |scope: Scope, filter| scope.role_assignments().search(&filter);
    let of_user = RoleAssignmentSearch::new().principal(Principal::user(&*user));
    let found = all(search(client.account(), of_user.clone())).await;
    assert_eq!(identifiers(&found), ["direct", "by_group", "from_above"]);
    let principals: Vec<_> = found
        .iter()
        .map(|one| {
            let principal = one.principal.as_ref().expect("it has one");
            (principal.name.as_deref(), principal.email.as_deref())
        })
        .collect();
    let person = (Some("A user"), Some("user@example.com"));
    assert_eq!(principals, [person, (Some("sre"), None), (Some("everyone"), None)]);
    let scope = found[2].scope.as_ref().expect("it has one");
    assert_eq!(scope.project_identifier.as_deref(), Some("web"));
    assert_eq!(found[1].role_identifier(), Some("_organization_viewer"));
    assert_eq!(found[1].role_name(), Some("_organization_viewer"));

    let platform = search(client.org("platform"), of_user.clone());
    assert_eq!(identifiers(&all(platform).await), ["by_group", "from_above"]);
    let alone = of_user.excludes_child_scopes(true);
    assert_eq!(identifiers(&all(search(client.account(), alone)).await), ["direct"]);
    let robots = RoleAssignmentSearch::new().principal_types([PrincipalType::ServiceAccount]);
    assert_eq!(identifiers(&all(search(client.account(), robots)).await), ["robot"]);
    let everything = all(search(client.account(), RoleAssignmentSearch::new())).await;
    assert_eq!(everything.len(), 5);
}

#[tokio::test]
async fn search_leaves_out_what_the_caller_may_not_view() {
    let (fake, client, user) = held().await;
    let assignments = client.account().role_assignments();
    fake.hide(PrincipalType::UserGroup);
    let of_user = RoleAssignmentSearch::new().principal(Principal::user(&*user));
    assert_eq!(identifiers(&all(assignments.search(&of_user)).await), ["direct"]);
    let groups = RoleAssignmentSearch::new().principal_types([PrincipalType::UserGroup]);
    let refused =
        assignments.search(&groups).items().try_collect().await.expect_err("none is left");
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied, "{refused}");
}

#[tokio::test]
async fn filter_reads_the_same_as_the_list() {
    let (_fake, client, user) = held().await;
    let account = client.account().role_assignments();
    let reference = RoleReference::new(ScopeLevel::Account, "_account_viewer");
    let new = NewRoleAssignment::unnamed("_account_viewer", "all", Principal::user("another"))
        .expect("it is complete")
        .role_reference(reference)
        .disabled(true);
    account.create(&new).await.expect("it is created");
    let filter = |filter| account.filter(&filter);
    let listed = all(account.list()).await;
    let mut filtered = all(filter(RoleAssignmentFilter::new())).await;
    filtered.sort_by_key(|one| one.role_assignment.identifier.clone());
    assert_eq!(filtered, listed, "exactly the scope, and each part");

    for (narrowed, count) in [
        (RoleAssignmentFilter::new().disabled(true), 1),
        (RoleAssignmentFilter::new().harness_managed(true), 0),
        (RoleAssignmentFilter::new().roles(["_account_viewer"]), 2),
        (RoleAssignmentFilter::new().resource_groups(["none"]), 0),
        (RoleAssignmentFilter::new().principals([Principal::user(&*user)]), 1),
        (RoleAssignmentFilter::new().principal_types([PrincipalType::UserGroup]), 0),
    ] {
        assert_eq!(all(filter(narrowed.clone())).await.len(), count, "{narrowed:?}");
    }
}

#[tokio::test]
async fn error_form_under_a_success_status_is_no_page() {
    let body =
        r#"{"status":"ERROR","code":"UNKNOWN_ERROR","message":"Oops","correlationId":"7f0c"}"#;
    let page = r#"{"status":"FAILURE","data":{"content":[]}}"#;
    let capture = Capture::start([(200, body), (201, page), (200, r#"{"data":null}"#)]).await;
    let assignments = client(&capture, HarnessFake::API_KEY).account().role_assignments();
    for (text, kind) in [
        ("rejected (UNKNOWN_ERROR: Oops), HTTP 200, correlation 7f0c", ErrorKind::Rejected),
        ("rejected", ErrorKind::Rejected),
        ("data: invalid type: null", ErrorKind::Decode),
    ] {
        let list = assignments.search(&RoleAssignmentSearch::new());
        let error = list.items().try_collect().await.expect_err("it is no page");
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!((error.kind(), error.effect()), (kind, Effect::NotApplied));
    }
}

/// The rule that a list breaks before it sends anything.
async fn refusal<O: ListOperation>(list: List<O>) -> Error {
    let first = list.items().next().await.expect("there is an error");
    first.map(drop).expect_err("it is refused")
}

#[tokio::test]
async fn bad_input_is_refused_before_it_is_sent() {
    let capture = Capture::start([]).await;
    let known = client(&capture, HarnessFake::API_KEY);
    let account = known.account();
    let search = |filter: RoleAssignmentSearch| account.role_assignments().search(&filter);
    let filter = |filter: RoleAssignmentFilter| account.role_assignments().filter(&filter);
    let everything = RoleAssignmentSearch::new;
    let anything = RoleAssignmentFilter::new;
    // A key of the old form does not contain the account.
    let unknown = client(&capture, "pat.fakeTokenId.fakeSecret").account().role_assignments();
    for (error, rule) in [
        (refusal(unknown.search(&everything())).await, "account_id: must be known"),
        (refusal(known.org("..").role_assignments().search(&everything())).await, "org: must not"),
        (refusal(search(everything()).page_size(0)).await, "page_size: must be 1 to 100, got 0"),
        (refusal(filter(anything()).page_size(101)).await, "page_size: must be 1 to 100, got 101"),
        (refusal(search(everything().roles([""; 0]))).await, "roles: must not be empty"),
        (
            refusal(search(everything().resource_groups([""; 0]))).await,
            "resource_groups: must not be empty",
        ),
        (
            refusal(search(everything().role_references(Vec::<RoleReference>::new()))).await,
            "role_references: must not be empty",
        ),
        (
            refusal(search(everything().principal(Principal::user("")))).await,
            "principal.identifier: must not be empty",
        ),
        (
            refusal(search(everything().principal_types(Vec::<PrincipalType>::new()))).await,
            "principal_types: must not be empty",
        ),
        (refusal(filter(anything().roles([""; 0]))).await, "roles: must not be empty"),
        (
            refusal(filter(anything().principals(Vec::<Principal>::new()))).await,
            "principals: must not be empty",
        ),
        (
            refusal(filter(anything().principals([Principal::user("")]))).await,
            "principal.identifier: must not be empty",
        ),
    ] {
        assert!(error.is_invalid_request() && error.to_string().contains(rule), "{error}");
    }
    assert_eq!(capture.requests(), [""; 0]);
}
