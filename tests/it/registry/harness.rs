use rolecall::harness::{
    Harness, IncludedScope, ManagedFilter, NewResourceGroup, NewRole, NewRoleAssignment, Order,
    ParentFilter, Principal, PrincipalType, ResourceFilter, ResourceGroupFilter,
    RoleAssignmentFilter, RoleAssignmentSearch, RoleReference, Scope, ScopeLevel, SortBy,
    UserFilter, UserGroupFilter, UserGroupFilterType,
};

use super::*;

fn client(origin: &str, options: ClientOptions) -> Harness {
    let builder = Harness::builder(secret("pat.fakeAccount.fakeTokenId.obviously-fake-secret"));
    // The secret of the fuzz targets does not contain it.
    let builder = builder.account_id("fakeAccount").base_url(origin).options(options);
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

fn shop(origin: &str, options: ClientOptions) -> Scope {
    client(origin, options).org("platform").project("shop")
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
    let search = "role_assignments().search(…)";
    let in_org = Entries::new(org, "Scope::", "harness/*")
        .list(search, "search", &aggregates, |it| {
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
        })
        .call(
            "role_assignments().delete_many(…)",
            "delete_many",
            ng(fixture!("harness/deleted_many.full.json")),
            |it| it.role_assignments().delete_many(["sre_view", "sre/admin", "sre_view"]),
        );
    let in_account = Entries::new(account, "Scope::", "harness/*")
        .list(search, "search_account", &aggregates, |it| {
            it.role_assignments().search(&RoleAssignmentSearch::new())
        })
        .variant("account");
    let filtered = ng_page(fixture!("harness/filtered.json"));
    let in_project = Entries::new(project, "Scope::", "harness/*").list(
        "role_assignments().filter(…)",
        "filter",
        filtered,
        |it| {
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
        },
    );
    [in_org.all, in_account.all, in_project.all].concat()
}

/// The calls of the NG API about principals and permissions.
fn principals() -> Vec<Endpoint> {
    let a_user = fixture!("harness/user.full.json");
    let a_group = fixture!("harness/user_group.full.json");
    let an_account = fixture!("harness/service_account.full.json");
    let permission = fixture!("harness/permission.full.json");
    let groups = Entries::new(org, "Scope::user_groups().", "harness/user_groups_*")
        .list("list()", "list", ng_page(a_group), |it| {
            let list = it.user_groups().list().search_term("a & b");
            list.filter_type(UserGroupFilterType::IncludeChildScopeGroups)
        })
        .list("filter(…)", "filter", ng_page(a_group), |it| {
            let filter = UserGroupFilter::new().identifiers(["sre"]).users(["fakeUser1"]);
            let kind = UserGroupFilterType::IncludeParentScopeGroups;
            it.user_groups().filter(&filter.search_term("a & b").filter_type(kind))
        })
        .call("add_member(…)", "add_member", ng(a_group), |it| {
            it.user_groups().add_member("sre", "fake/User")
        })
        .call("remove_member(…)", "remove_member", ng(a_group), |it| {
            it.user_groups().remove_member("sre", "fake/User")
        });
    let in_org = Entries::new(org, "Scope::", "harness/*")
        .list("users().search(…)", "users_search", ng_page(a_user), |it| {
            let filter = UserFilter::new().search_term("a & b").identifiers(["fakeUser1"]);
            let filter = filter.emails(["user@example.com"]);
            let filter = filter.parent_filter(ParentFilter::IncludeParentScopes);
            it.users().search(&filter).page_size(100)
        })
        .list(
            "service_accounts().list()",
            "service_accounts_list",
            ng(format_args!("[{an_account}]")),
            |it| it.service_accounts().list().identifiers(["ci", "cd"]),
        );
    let in_project = Entries::new(project, "Scope::", "harness/*")
        .call("users().remove(…)", "users_remove", ng(true), |it| it.users().remove("fake/User"))
        .list("user_groups().members(…)", "user_groups_members", ng_page(a_user), |it| {
            let filter = UserFilter::new().emails(["user@example.com"]);
            it.user_groups().members("sre").filter(filter)
        });
    let permissions = ng(format_args!(r#"[{{"permission":{permission}}}]"#));
    let in_account = Entries::new(account, "Scope::", "harness/*")
        .call("user_groups().get(…)", "user_groups_get", ng(a_group), |it| {
            it.user_groups().get("sre")
        })
        .list("permissions().list()", "permissions_list", permissions, |it| {
            it.permissions().list()
        });
    [groups.all, in_org.all, in_project.all, in_account.all].concat()
}

/// The calls that each scope has.
fn at(make: Make<Scope>, form: &'static str, fixtures: &'static str) -> Vec<Endpoint> {
    let an_assignment = fixture!("harness/assignment.full.json");
    let a_role = fixture!("harness/role.full.json");
    let a_group = fixture!("harness/group.full.json");
    let page = |item: &str| format!("[{item}]");
    Entries::new(make, "Scope::", fixtures)
        .form(form)
        .call("role_assignments().get(…)", "get", an_assignment, |it| {
            it.role_assignments().get("sre/view")
        })
        .call("role_assignments().delete(…)", "delete", an_assignment, |it| {
            it.role_assignments().delete("sre_view")
        })
        .list("role_assignments().list()", "list", page(an_assignment), |it| {
            it.role_assignments().list()
        })
        .call("roles().create(…)", "roles_create", a_role, |it| it.roles().create(&role()))
        .call("roles().get(…)", "roles_get", a_role, |it| it.roles().get("runner"))
        .call("roles().update(…)", "roles_update", a_role, |it| it.roles().update(&role()))
        .call("roles().delete(…)", "roles_delete", a_role, |it| it.roles().delete("runner"))
        .list("roles().list()", "roles_list", page(a_role), |it| {
            it.roles().list().search_term("a & b")
        })
        .call("resource_groups().create(…)", "groups_create", a_group, |it| {
            it.resource_groups().create(&group())
        })
        .call("resource_groups().get(…)", "groups_get", a_group, |it| {
            it.resource_groups().get("cloud_cost")
        })
        .call("resource_groups().update(…)", "groups_update", a_group, |it| {
            it.resource_groups().update(&group())
        })
        .call("resource_groups().delete(…)", "groups_delete", a_group, |it| {
            it.resource_groups().delete("cloud_cost")
        })
        .list("resource_groups().list()", "groups_list", page(a_group), |it| {
            it.resource_groups().list().search_term("a & b")
        })
        .all
}

/// The creation of a role assignment, which differs with the scope.
fn creates() -> Vec<Endpoint> {
    let an_assignment = fixture!("harness/assignment.full.json");
    let create = |make, form, request, new: fn() -> NewRoleAssignment| {
        Entries::new(make, "Scope::", "harness/*")
            .form(form)
            .call("role_assignments().create(…)", request, an_assignment, move |it: &Scope| {
                it.role_assignments().create(&new())
            })
            .all
    };
    let in_account = || {
        let (role, group) = ("_account_viewer", "_all_account_level_resources");
        let new = NewRoleAssignment::unnamed(role, group, Principal::user("a/b@c"));
        new.expect("it is complete")
    };
    let in_project = || referring().disabled(true).managed(false);
    let mut all = create(org, "organization", "create", assignment);
    all.extend(create(account, "account", "create_in_account", in_account));
    all.extend(create(project, "project", "create_in_project", in_project));
    all
}

fn referring() -> NewRoleAssignment {
    let principal = Principal::service_account("ci").scope_level(ScopeLevel::Organization);
    let group = "_all_project_level_resources";
    NewRoleAssignment::new("sre_view", "_account_viewer", group, principal)
        .expect("it is complete")
        .role_reference(RoleReference::new(ScopeLevel::Account, "_account_viewer"))
}

pub(super) fn all() -> Vec<Endpoint> {
    let an_organization = fixture!("harness/organization.full.json");
    let a_project = fixture!("harness/project.full.json");
    let page = |item: &str| format!("[{item}]");
    let whole = Entries::new(client, "Harness::", "harness/*")
        .list("organizations().list()", "organizations_list", page(an_organization), |it| {
            it.organizations().list().search_term("a & b").identifiers(["platform", "data"])
        })
        .call("organizations().get(…)", "organizations_get", an_organization, |it| {
            it.organizations().get("platform")
        })
        .list(
            "filter_resource_groups(…)",
            "groups_filter",
            page(fixture!("harness/group.full.json")),
            |it| {
                let filter = ResourceGroupFilter::new()
                    .account("fakeAccount")
                    .org("platform")
                    .project("web shop")
                    .search_term("cost")
                    .identifiers(["cloud_cost", "all"])
                    .managed(ManagedFilter::OnlyCustom);
                let list = it.filter_resource_groups(&filter);
                list.page_size(100).sort(SortBy::Updated, Order::Descending)
            },
        )
        .mark("documented, its body observed");
    let in_org = Entries::new(org, "Scope::", "harness/*")
        .list("projects().list()", "projects_list", page(a_project), |it| {
            it.projects().list().search_term("a & b").identifiers(["web shop"])
        })
        .call("projects().get(…)", "projects_get", a_project, |it| it.projects().get("web shop"));
    let validation = fixture!("harness/validation.full.json");
    let in_shop = Entries::new(shop, "Scope::", "harness/*")
        .call("role_assignments().validate(…)", "validate", validation, |it| {
            it.role_assignments().validate(&referring())
        })
        .mark("documented, its body observed");
    [
        creates(),
        in_shop.all,
        at(org, "organization", "harness/*_in_org"),
        at(account, "account", "harness/*_in_account"),
        at(project, "project", "harness/*_in_project"),
        whole.all,
        in_org.all,
        searches(),
        principals(),
    ]
    .concat()
}
