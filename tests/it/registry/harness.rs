use rolecall::harness::{
    Harness, IncludedScope, ManagedFilter, NewResourceGroup, NewRole, NewRoleAssignment, Order,
    ParentFilter, Principal, PrincipalType, ResourceFilter, ResourceGroupFilter,
    RoleAssignmentFilter, RoleAssignmentSearch, RoleReference, Scope, ScopeLevel, SortBy,
    UserFilter, UserGroupFilter, UserGroupFilterType,
};

use super::*;

fn client(origin: &str, options: ClientOptions) -> Harness {
    let builder = Harness::builder(secret("pat.fakeAccount.fakeTokenId.obviously-fake-secret"));
    let builder = builder.base_url(origin).options(options);
    builder.build().expect("the client is set up well")
}

fn account(origin: &str, options: ClientOptions) -> Scope {
    client(origin, options).account()
}

fn org(origin: &str, options: ClientOptions) -> Scope {
    client(origin, options).org("platform")
}

fn project(origin: &str, options: ClientOptions) -> Scope {
    client(origin, options).org("platform").project("web shop")
}

fn assignment() -> NewRoleAssignment {
    let principal = Principal::user_group("sre");
    let group = "_all_organization_level_resources";
    NewRoleAssignment::new("sre_view", "_organization_viewer", group, principal)
        .expect("it is complete")
}

fn role() -> NewRole {
    let permissions = ["core_pipeline_execute", "core_pipeline_view"];
    NewRole::new("runner", "Pipeline runner", permissions)
        .expect("it is complete")
        .description("Runs things")
        .tag("team", "sre")
        .tag("stage", "prod")
}

fn group() -> NewResourceGroup {
    let included = IncludedScope::excluding_child_scopes().account("fakeAccount");
    NewResourceGroup::new("cloud_cost", "Cloud cost")
        .expect("it is complete")
        .color("#0063F7")
        .tag("team", "sre")
        .description("What costs")
        .include(included.org("platform").project("web shop"))
        .filter(ResourceFilter::new("CONNECTOR").attribute("category", ["CLOUD_COST"]))
        .filter(ResourceFilter::new("PIPELINE").identifiers(["build", "deploy"]))
}

/// What the NG API responds with.
fn ng(data: impl std::fmt::Display) -> String {
    format!(r#"{{"status":"SUCCESS","data":{data},"metaData":null,"correlationId":"7f0c"}}"#)
}

/// The last page of a list of the NG API, with this item.
fn ng_page(item: &str) -> String {
    ng(format_args!(
        r#"{{"totalPages":1,"totalItems":1,"pageItemCount":1,"pageSize":50,"content":[{item}],"pageIndex":0,"empty":false,"pageToken":null}}"#
    ))
}

/// The calls of the NG API about role assignments.
fn searches() -> Vec<Endpoint> {
    let aggregates = ng_page(fixture!("harness/aggregate.full.json"));
    let [search, found] = list(org, &aggregates, |it: &Scope| {
        let filter = RoleAssignmentSearch::new()
            .excludes_child_scopes(true)
            .principal(Principal::user_group("sre").scope_level(ScopeLevel::Account))
            .principal_types([PrincipalType::User, PrincipalType::UserGroup])
            .roles(["_organization_viewer"])
            .role_references([RoleReference::new(ScopeLevel::Account, "_account_viewer")])
            .resource_groups(["all", "none"])
            .harness_managed(false)
            .disabled(true);
        it.role_assignments().search(&filter).page_size(100)
    });
    let [whole, _] = list(account, aggregates, |it: &Scope| {
        it.role_assignments().search(&RoleAssignmentSearch::new())
    });
    let filtered = ng_page(fixture!("harness/filtered.json"));
    let [filter, filtered] = list(project, filtered, |it: &Scope| {
        let sre = Principal::user_group("sre").scope_level(ScopeLevel::Account);
        let filter = RoleAssignmentFilter::new()
            .resource_groups(["all"])
            .roles(["_project_viewer"])
            .principal_types([PrincipalType::User])
            .principal_scope_levels([ScopeLevel::Account])
            .principals([Principal::user("u/1"), sre])
            .harness_managed(true)
            .disabled(false);
        it.role_assignments().filter(&filter)
    });
    let search_method = "Scope::role_assignments().search(…)";
    vec![
        search.with("", "harness/search.request.http", search_method),
        found,
        whole.with("account", "harness/search_account.request.http", search_method),
        endpoint(org, ng(fixture!("harness/deleted_many.full.json")), |it| {
            it.role_assignments().delete_many(["sre_view", "sre/admin", "sre_view"])
        })
        .with(
            "",
            "harness/delete_many.request.http",
            "Scope::role_assignments().delete_many(…)",
        ),
        filter.with("", "harness/filter.request.http", "Scope::role_assignments().filter(…)"),
        filtered,
    ]
}

/// The calls of the NG API about principals and permissions.
fn principals() -> Vec<Endpoint> {
    let a_user = fixture!("harness/user.full.json");
    let a_group = fixture!("harness/user_group.full.json");
    let [users, all_users] = list(org, ng_page(a_user), |it: &Scope| {
        let filter = UserFilter::new().search_term("a & b").identifiers(["fakeUser1"]);
        let filter = filter.emails(["user@example.com"]);
        let filter = filter.parent_filter(ParentFilter::IncludeParentScopes);
        it.users().search(&filter).page_size(100)
    });
    let [groups, all_groups] = list(org, ng_page(a_group), |it: &Scope| {
        let list = it.user_groups().list().search_term("a & b");
        list.filter_type(UserGroupFilterType::IncludeChildScopeGroups)
    });
    let [filter, filtered] = list(org, ng_page(a_group), |it: &Scope| {
        let filter = UserGroupFilter::new().identifiers(["sre"]).users(["fakeUser1"]);
        let filter = filter.search_term("a & b");
        let kind = UserGroupFilterType::IncludeParentScopeGroups;
        it.user_groups().filter(&filter.filter_type(kind))
    });
    let [members, all_members] = list(project, ng_page(a_user), |it: &Scope| {
        let filter = UserFilter::new().emails(["user@example.com"]);
        it.user_groups().members("sre").filter(filter)
    });
    let accounts = ng(format_args!("[{}]", fixture!("harness/service_account.full.json")));
    let [accounts, all_accounts] =
        list(org, accounts, |it: &Scope| it.service_accounts().list().identifiers(["ci", "cd"]));
    let permission = fixture!("harness/permission.full.json");
    let permissions = ng(format_args!(r#"[{{"permission":{permission}}}]"#));
    let [permissions, all_permissions] =
        list(account, permissions, |it: &Scope| it.permissions().list());
    vec![
        users.with("", "harness/users_search.request.http", "Scope::users().search(…)"),
        all_users,
        endpoint(project, ng(true), |it| it.users().remove("fake/User")).with(
            "",
            "harness/users_remove.request.http",
            "Scope::users().remove(…)",
        ),
        groups.with("", "harness/user_groups_list.request.http", "Scope::user_groups().list()"),
        all_groups,
        filter.with(
            "",
            "harness/user_groups_filter.request.http",
            "Scope::user_groups().filter(…)",
        ),
        filtered,
        endpoint(account, ng(a_group), |it| it.user_groups().get("sre")).with(
            "",
            "harness/user_groups_get.request.http",
            "Scope::user_groups().get(…)",
        ),
        members.with(
            "",
            "harness/user_groups_members.request.http",
            "Scope::user_groups().members(…)",
        ),
        all_members,
        endpoint(org, ng(a_group), |it| it.user_groups().add_member("sre", "fake/User")).with(
            "",
            "harness/user_groups_add_member.request.http",
            "Scope::user_groups().add_member(…)",
        ),
        endpoint(org, ng(a_group), |it| it.user_groups().remove_member("sre", "fake/User")).with(
            "",
            "harness/user_groups_remove_member.request.http",
            "Scope::user_groups().remove_member(…)",
        ),
        accounts.with(
            "",
            "harness/service_accounts_list.request.http",
            "Scope::service_accounts().list()",
        ),
        all_accounts,
        permissions.with(
            "",
            "harness/permissions_list.request.http",
            "Scope::permissions().list()",
        ),
        all_permissions,
    ]
}

/// The calls at one scope; `at` names it in the fixtures.
macro_rules! at {
    ($make:expr, $form:literal, $at:literal) => {{
        let an_assignment = fixture!("harness/assignment.full.json");
        let (a_role, a_group) =
            (fixture!("harness/role.full.json"), fixture!("harness/group.full.json"));
        let [assignments, all_assignments] =
            list($make, format!("[{an_assignment}]"), |it: &Scope| it.role_assignments().list());
        let [roles, all_roles] =
            list($make, format!("[{a_role}]"), |it: &Scope| it.roles().list().search_term("a & b"));
        let [groups, all_groups] = list($make, format!("[{a_group}]"), |it: &Scope| {
            it.resource_groups().list().search_term("a & b")
        });
        [
            endpoint($make, an_assignment, |it| it.role_assignments().get("sre/view")).with(
                $form,
                concat!("harness/get_in_", $at, ".request.http"),
                "Scope::role_assignments().get(…)",
            ),
            endpoint($make, an_assignment, |it| it.role_assignments().delete("sre_view")).with(
                $form,
                concat!("harness/delete_in_", $at, ".request.http"),
                "Scope::role_assignments().delete(…)",
            ),
            endpoint($make, a_role, |it| it.roles().create(&role())).with(
                $form,
                concat!("harness/roles_create_in_", $at, ".request.http"),
                "Scope::roles().create(…)",
            ),
            endpoint($make, a_role, |it| it.roles().get("runner")).with(
                $form,
                concat!("harness/roles_get_in_", $at, ".request.http"),
                "Scope::roles().get(…)",
            ),
            endpoint($make, a_role, |it| it.roles().update(&role())).with(
                $form,
                concat!("harness/roles_update_in_", $at, ".request.http"),
                "Scope::roles().update(…)",
            ),
            endpoint($make, a_role, |it| it.roles().delete("runner")).with(
                $form,
                concat!("harness/roles_delete_in_", $at, ".request.http"),
                "Scope::roles().delete(…)",
            ),
            endpoint($make, a_group, |it| it.resource_groups().create(&group())).with(
                $form,
                concat!("harness/groups_create_in_", $at, ".request.http"),
                "Scope::resource_groups().create(…)",
            ),
            endpoint($make, a_group, |it| it.resource_groups().get("cloud_cost")).with(
                $form,
                concat!("harness/groups_get_in_", $at, ".request.http"),
                "Scope::resource_groups().get(…)",
            ),
            endpoint($make, a_group, |it| it.resource_groups().update(&group())).with(
                $form,
                concat!("harness/groups_update_in_", $at, ".request.http"),
                "Scope::resource_groups().update(…)",
            ),
            endpoint($make, a_group, |it| it.resource_groups().delete("cloud_cost")).with(
                $form,
                concat!("harness/groups_delete_in_", $at, ".request.http"),
                "Scope::resource_groups().delete(…)",
            ),
            assignments.with(
                $form,
                concat!("harness/list_in_", $at, ".request.http"),
                "Scope::role_assignments().list()",
            ),
            all_assignments,
            roles.with(
                $form,
                concat!("harness/roles_list_in_", $at, ".request.http"),
                "Scope::roles().list()",
            ),
            all_roles,
            groups.with(
                $form,
                concat!("harness/groups_list_in_", $at, ".request.http"),
                "Scope::resource_groups().list()",
            ),
            all_groups,
        ]
    }};
}

pub(super) fn all() -> Vec<Endpoint> {
    let an_assignment = fixture!("harness/assignment.full.json");
    let create = "Scope::role_assignments().create(…)";
    let referring = |group: &str| {
        let principal = Principal::service_account("ci").scope_level(ScopeLevel::Organization);
        NewRoleAssignment::new("sre_view", "_account_viewer", group, principal)
            .expect("it is complete")
            .role_reference(RoleReference::new(ScopeLevel::Account, "_account_viewer"))
    };
    let mut all = vec![
        endpoint(org, an_assignment, |it| it.role_assignments().create(&assignment())).with(
            "organization",
            "harness/create.request.http",
            create,
        ),
        endpoint(account, an_assignment, |it| {
            let (role, group) = ("_account_viewer", "_all_account_level_resources");
            let new = NewRoleAssignment::unnamed(role, group, Principal::user("a/b@c"));
            it.role_assignments().create(&new.expect("it is complete"))
        })
        .with("account", "harness/create_in_account.request.http", create),
        endpoint(project, an_assignment, move |it| {
            let new = referring("_all_project_level_resources").disabled(true).managed(false);
            it.role_assignments().create(&new)
        })
        .with("project", "harness/create_in_project.request.http", create),
        endpoint(client, fixture!("harness/validation.full.json"), move |it| {
            let project = it.org("platform").project("shop");
            project.role_assignments().validate(&referring("_all_project_level_resources"))
        })
        .with("", "harness/validate.request.http", "Scope::role_assignments().validate(…)")
        .mark("documented, its body observed"),
    ];
    all.extend(at!(org, "organization", "org"));
    all.extend(at!(account, "account", "account"));
    all.extend(at!(project, "project", "project"));
    let (an_organization, a_project) =
        (fixture!("harness/organization.full.json"), fixture!("harness/project.full.json"));
    let [organizations, all_organizations] = list(client, format!("[{an_organization}]"), |it| {
        it.organizations().list().search_term("a & b").identifiers(["platform", "data"])
    });
    let [projects, all_projects] = list(org, format!("[{a_project}]"), |it| {
        it.projects().list().search_term("a & b").identifiers(["web shop"])
    });
    all.extend([
        organizations.with(
            "",
            "harness/organizations_list.request.http",
            "Harness::organizations().list()",
        ),
        all_organizations,
        endpoint(client, an_organization, |it| it.organizations().get("platform")).with(
            "",
            "harness/organizations_get.request.http",
            "Harness::organizations().get(…)",
        ),
        projects.with("", "harness/projects_list.request.http", "Scope::projects().list()"),
        all_projects,
        endpoint(org, a_project, |it| it.projects().get("web shop")).with(
            "",
            "harness/projects_get.request.http",
            "Scope::projects().get(…)",
        ),
    ]);
    let page = format!("[{}]", fixture!("harness/group.full.json"));
    let [first, items] = list(client, page, |it| {
        let filter = ResourceGroupFilter::new()
            .account("fakeAccount")
            .org("platform")
            .project("web shop")
            .search_term("cost")
            .identifiers(["cloud_cost", "all"])
            .managed(ManagedFilter::OnlyCustom);
        let list = it.filter_resource_groups(&filter);
        list.page_size(100).sort(SortBy::Updated, Order::Descending)
    });
    let request = "harness/groups_filter.request.http";
    let mark = "documented, its body observed";
    all.push(first.with("", request, "Harness::filter_resource_groups(…)").mark(mark));
    all.push(items);
    all.extend(searches());
    all.extend(principals());
    all
}
