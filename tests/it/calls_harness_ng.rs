//! Harness's NG API: searches, filters, people, groups, batch deletes, and refusals.

use rolecall::harness::{
    Harness, NewRoleAssignment, ParentFilter, Principal, PrincipalType, RoleAssignmentAggregate,
    RoleAssignmentFilter, RoleAssignmentSearch, RoleReference, Scope, ScopeLevel, UserFilter,
    UserGroupFilter, UserGroupFilterType,
};
use rolecall::operation::ListOperation;
use rolecall::testing::{Fault, HarnessFake};
use rolecall::{Call, ClientOptions, Effect, ErrorKind, List, RetryPolicy};
use serde_json::json;

use crate::support::capture::Capture;
use crate::support::truth::refusal;

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
    for (level, count) in [(ScopeLevel::Organization, 3), (ScopeLevel::Project, 0)] {
        let reference = RoleReference::new(level, "_organization_viewer");
        let filter = RoleAssignmentSearch::new().role_references([reference]);
        assert_eq!(all(search(client.account(), filter)).await.len(), count);
    }
    for (level, count) in [(ScopeLevel::Organization, 1), (ScopeLevel::Project, 0)] {
        let principal = Principal::service_account("ci").scope_level(level);
        let filter = RoleAssignmentSearch::new().principal(principal);
        assert_eq!(all(search(client.account(), filter)).await.len(), count);
    }
    let of_account = RoleReference::new(ScopeLevel::Account, "_account_viewer");
    let robot = Principal::service_account("ci");
    let new = NewRoleAssignment::new("referring", "_account_viewer", "all", robot);
    let new = new.expect("it is complete").role_reference(of_account.clone());
    client.org("platform").role_assignments().create(&new).await.expect("it is created");
    let referring = RoleAssignmentSearch::new().role_references([of_account]);
    let found = all(search(client.org("platform"), referring)).await;
    assert_eq!(identifiers(&found), ["referring"]);
    assert_eq!(found[0].role_name(), Some("_account_viewer"));
    let scope = found[0].role.as_ref().and_then(|role| role.scope.as_ref()).expect("it has one");
    assert_eq!(scope.org_identifier, None, "the role is the account's");
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
async fn users_are_found_by_address_or_id_and_in_which_scope() {
    let (fake, client) = started().await;
    let user = fake.add_user("account", "user@example.com", "A user");
    assert_eq!(fake.add_user("orgs/platform", "user@example.com", "A user"), user);
    fake.add_user("account", "another@example.com", "Another");
    let (account, platform) = (client.account().users(), client.org("platform").users());
    let count =
        async |users: &rolecall::harness::Users, filter| all(users.search(&filter)).await.len();
    let above = |filter| UserFilter::new().parent_filter(filter);
    for (users, filter, found) in [
        (&account, UserFilter::new(), 2),
        (&account, UserFilter::new().emails(["user@example.com", "no@example.com"]), 1),
        (&account, UserFilter::new().identifiers([&user]), 1),
        (&account, UserFilter::new().search_term("nother"), 1),
        (&platform, above(ParentFilter::NoParentScopes), 1),
        (&platform, above(ParentFilter::IncludeParentScopes), 2),
        (&platform, above(ParentFilter::StrictlyParentScopes), 2),
        (&platform, UserFilter::new().emails(["another@example.com"]), 0),
    ] {
        assert_eq!(count(users, filter.clone()).await, found, "{filter:?}");
    }
}

#[tokio::test]
async fn removed_user_leaves_the_scope_and_those_below() {
    let (fake, client, user) = held().await;
    fake.add_user("orgs/platform", "user@example.com", "A user");
    let platform = client.org("platform");
    assert!(platform.users().remove(&*user).await.expect("it is removed"));
    assert!(!platform.users().remove(&*user).await.expect("it was none"), "no member any more");
    assert_eq!(fake.user_groups("orgs/platform")[0].users, Some(Vec::new()));
    assert_eq!(fake.users("account").len(), 1);
    let of_user = RoleAssignmentSearch::new().principal(Principal::user(&*user));
    let left = all(client.account().role_assignments().search(&of_user)).await;
    assert_eq!(identifiers(&left), ["direct", "from_above"]);
}

#[tokio::test]
async fn members_of_a_group_are_changed_one_by_one() {
    let (fake, client) = started().await;
    let user = fake.add_user("account", "user@example.com", "A user");
    fake.add_user_group("account", "sre", ["another"]);
    let groups = client.account().user_groups();
    let added = groups.add_member("sre", &*user).await.expect("it is added");
    assert_eq!(added.users, Some(vec!["another".to_owned(), user.clone()]));
    assert_eq!(all(groups.members("sre")).await[0].uuid, *user);
    let again = groups.add_member("sre", &*user).await.expect_err("it is a member");
    assert_eq!((again.code(), again.effect()), (Some("INVALID_REQUEST"), Effect::NotApplied));

    // A repeated request may be refused because of its own first attempt.
    groups.remove_member("sre", &*user).await.expect("it is removed");
    fake.next(1, Fault::reset().after_processing());
    let open = groups.add_member("sre", &*user).await.expect_err("the first was lost");
    assert_eq!((open.attempts(), open.effect()), (2, Effect::Unknown), "{open}");
    assert_eq!(all(groups.members("sre")).await.len(), 1);
    // Removing twice is removing once.
    fake.next(1, Fault::reset().after_processing());
    let left = groups.remove_member("sre", &*user).await.expect("it is removed");
    assert_eq!(left.users, Some(vec!["another".to_owned()]));
    assert_eq!(all(groups.members("no_such_group")).await.len(), 0);
    assert!(groups.get("no_such_group").await.expect_err("there is none").is_not_found());
}

#[tokio::test]
async fn groups_are_found_by_user_and_around_a_scope() {
    let (_fake, client, user) = held().await;
    let names = async |scope: &Scope, filter: UserGroupFilter| {
        let groups = all(scope.user_groups().filter(&filter)).await;
        groups.into_iter().map(|group| group.identifier.to_string()).collect::<Vec<_>>()
    };
    let (account, platform) = (client.account(), client.org("platform"));
    let of_user = || UserGroupFilter::new().users([&user]);
    assert_eq!(names(&account, of_user()).await, ["everyone"]);
    let below = of_user().filter_type(UserGroupFilterType::IncludeChildScopeGroups);
    assert_eq!(names(&account, below).await, ["everyone", "sre"]);
    let above = of_user().filter_type(UserGroupFilterType::IncludeParentScopeGroups);
    assert_eq!(names(&platform, above).await, ["everyone", "sre"]);
    assert_eq!(names(&platform, UserGroupFilter::new().search_term("sr")).await, ["sre"]);
    assert_eq!(all(platform.user_groups().list()).await.len(), 1);
    let below = UserGroupFilterType::IncludeChildScopeGroups;
    assert_eq!(all(account.user_groups().list().filter_type(below)).await.len(), 3);
}

#[tokio::test]
async fn managed_groups_and_the_last_admin_stay() {
    let (fake, client) = started().await;
    let user = fake.add_user("account", "user@example.com", "A user");
    let groups = client.account().user_groups();
    for field in ["harnessManaged", "externallyManaged", "ssoLinked"] {
        fake.add_user_group("account", field, [&*user]);
        fake.set_user_group("account", field, field, json!(true));
        for call in [groups.remove_member(field, &*user), groups.add_member(field, "another")] {
            let refused = call.await.expect_err("something else manages it");
            assert!(refused.is_invalid_request(), "{refused}");
        }
    }
    fake.add_user_group("account", "admins", [&*user, "another"]);
    let admins = Principal::user_group("admins");
    assign(&client.account(), "admins", "_account_admin", admins).await;
    groups.remove_member("admins", "another").await.expect("one is left");
    for refused in [
        groups.remove_member("admins", &*user).await.map(drop).expect_err("it is the last"),
        client.account().users().remove(&*user).await.map(drop).expect_err("it is the last"),
    ] {
        assert!(refused.is_invalid_request() && refused.to_string().contains("admin"), "{refused}");
    }
    assert_eq!(fake.user_groups("account")[3].users, Some(vec![user]));
}

#[tokio::test]
async fn what_was_not_deleted_is_listed() {
    let (fake, client, _) = held().await;
    let (account, platform) = (client.account(), client.org("platform"));
    for name in ["a", "b", "c"] {
        assign(&platform, name, "_organization_viewer", Principal::user(name)).await;
    }
    fake.manage("orgs/platform", "c");
    let assignments = platform.role_assignments();
    let deleted = assignments.delete_many(["a", "b", "c", "none", "a"]).await.expect("it is done");
    let failed: Vec<_> = deleted.failures.iter().map(|one| &*one.role_assignment_id).collect();
    assert_eq!((deleted.successfully_deleted, failed), (2, vec!["c", "none"]));
    assert_eq!(fake.role_assignments("orgs/platform").len(), 2, "and another that was not named");

    // Repeated, it lists what its first attempt deleted.
    fake.next(1, Fault::reset().after_processing());
    let again = account.role_assignments().delete_many(["direct"]).await.expect("it is done");
    assert_eq!((again.successfully_deleted, again.failures.len()), (0, 1));
    assert_eq!(fake.role_assignments("account").len(), 0);
}

#[tokio::test]
async fn failures_that_are_counted_but_not_listed_leave_the_outcome_unknown() {
    let one = r#"[{"roleAssignmentId":"a"}]"#;
    for (deleted, failed, list, is_known) in [
        (1, "1", one, true),
        (1, "null", one, true),
        (1, "0", "[]", true),
        (1, "2", one, true),
        (1, "2", "[]", false),
        (1, "1", "null", false),
        // Nothing at all is accounted for.
        (0, "null", "null", false),
        (0, "0", "[]", false),
        (0, "null", one, true),
    ] {
        let body = format!(
            r#"{{"status":"SUCCESS","data":{{"successfullyDeleted":{deleted},"failedToDelete":{failed},
            "roleAssignmentErrorResponseDTOList":{list}}}}}"#
        );
        let capture = Capture::start([(200, &*body)]).await;
        let assignments = client(&capture, HarnessFake::API_KEY).account().role_assignments();
        match assignments.delete_many(["a", "b"]).await {
            Ok(_) => assert!(is_known, "{body}"),
            Err(error) => {
                let outcome = (error.kind(), error.effect());
                assert_eq!(outcome, (ErrorKind::Decode, Effect::Unknown), "{error}");
                assert!(!is_known && error.to_string().contains("names "), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn service_accounts_and_permissions_come_in_one_response() {
    let (fake, client) = started().await;
    for name in ["ci", "cd"] {
        fake.add_service_account("orgs/platform", name, "robot@example.com");
    }
    let accounts = client.org("platform").service_accounts();
    assert_eq!(all(accounts.list()).await.len(), 2);
    let named = all(accounts.list().identifiers(["cd", "none"])).await;
    assert_eq!(named[0].email.as_deref(), Some("robot@example.com"));
    assert_eq!(all(client.account().service_accounts().list()).await.len(), 0);
    let permissions = all(client.account().permissions().list()).await;
    assert!(permissions.iter().any(|one| one.identifier == "core_pipeline_execute"));
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

async fn refused<T: Send + 'static>(call: Call<T>) -> String {
    let error = call.await.map(drop).expect_err("it is refused");
    assert!(error.is_invalid_request(), "{error}");
    error.to_string()
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
    let groups = account.user_groups();
    let many = |count: u32| (0..count).map(|at| format!("a{at}")).collect::<Vec<_>>();
    let delete = |all: Vec<String>| account.role_assignments().delete_many(all);
    // A key of the old form does not contain the account.
    let unknown = client(&capture, "pat.fakeTokenId.fakeSecret").account().role_assignments();
    for (text, rule) in [
        (refusal(unknown.search(&everything())).await, "account_id: must be known"),
        (refusal(known.org("..").role_assignments().search(&everything())).await, "org: must not"),
        (refusal(search(everything()).page_size(0)).await, "page_size: must be 1 to 100, got 0"),
        (refusal(filter(anything()).page_size(101)).await, "page_size: must be 1 to 100, got 101"),
        (refusal(search(everything().roles([""; 0]))).await, "roles: must not be empty"),
        (refusal(search(everything().roles([""]))).await, "roles: must not be empty"),
        (refusal(filter(anything().resource_groups(["g", ""]))).await, "groups: must not be empty"),
        (
            refusal(search(everything().principal_types([PrincipalType::from("")]))).await,
            "principal_types: must not be empty",
        ),
        (
            refusal(search(everything().role_references([RoleReference::new("".into(), "r")])))
                .await,
            "roleReference.scope_level: must not be empty",
        ),
        (
            refusal(account.users().search(&UserFilter::new().emails([""]))).await,
            "emails: must not be empty",
        ),
        (
            refusal(groups.filter(&UserGroupFilter::new().users([""]))).await,
            "users: must not be empty",
        ),
        (
            refusal(account.service_accounts().list().identifiers([""])).await,
            "identifiers: must not be empty",
        ),
        (
            refusal(search(everything().resource_groups([""; 0]))).await,
            "resource_groups: must not be empty",
        ),
        (
            refusal(search(everything().role_references(Vec::<RoleReference>::new()))).await,
            "role_references: must not be empty",
        ),
        (
            refusal(search(everything().role_references([RoleReference::new("".into(), "r")])))
                .await,
            "roleReference.scope_level: must not be empty",
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
        (
            refusal(account.users().search(&UserFilter::new().emails([""; 0]))).await,
            "emails: must not be empty",
        ),
        (
            refusal(account.users().search(&UserFilter::new().identifiers([""; 0]))).await,
            "identifiers: must not be empty",
        ),
        (
            refusal(account.users().search(&UserFilter::new()).page_size(101)).await,
            "page_size: must be 1 to 100, got 101",
        ),
        (refused(account.users().remove("")).await, "user: must not be empty"),
        (refusal(groups.list().page_size(101)).await, "page_size: must be 1 to 100, got 101"),
        (
            refusal(groups.filter(&UserGroupFilter::new().users([""; 0]))).await,
            "users: must not be empty",
        ),
        (
            refusal(groups.filter(&UserGroupFilter::new().identifiers([""; 0]))).await,
            "identifiers: must not be empty",
        ),
        (
            refusal(groups.members("a").filter(UserFilter::new().emails([""; 0]))).await,
            "emails: must not be empty",
        ),
        (refusal(groups.members("..")).await, "identifier: must not"),
        (refused(groups.get("")).await, "identifier: must not be empty"),
        (refused(groups.add_member("sre", "")).await, "user: must not be empty"),
        (refused(groups.remove_member("", "u")).await, "identifier: must not be empty"),
        (
            refusal(account.service_accounts().list().identifiers([""; 0])).await,
            "identifiers: must not be empty",
        ),
        (refusal(known.org("").permissions().list()).await, "org: must not be empty"),
        (refused(delete(vec![])).await, "identifiers: must be 1 to 100, got 0"),
        (refused(delete(many(101))).await, "identifiers: must be 1 to 100, got 101"),
        (
            refused(delete(vec!["a".to_owned(), String::new()])).await,
            "identifier: must not be empty",
        ),
        (refused(unknown.delete_many(["a"])).await, "account_id: must be known"),
    ] {
        assert!(text.contains(rule), "{text}");
    }
    delete(many(100)).request().expect("they are not too many");
    assert_eq!(capture.requests(), [""; 0]);
}
