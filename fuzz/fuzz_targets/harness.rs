//! Every call of Harness, at all three levels, against a service that answers as the input says.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use rolecall::Position;
use rolecall::access::{ReadAssignments, ReadRoles};
use rolecall::harness::{
    Harness, NewResourceGroup, NewRole, NewRoleAssignment, Order, Principal, ResourceFilter,
    ResourceGroup, ResourceGroupFilter, Role, RoleAssignmentResponse, SortBy,
};
use rolecall::operation::Repeat::{Idempotent, Once, Read};
use rolecall_fuzz::{BASE, Run, SECRET, Script, options, same};

const PARAMETERS: [&str; 5] = ["page", "limit", "sort", "order", "search_term"];

fn check(response: &RoleAssignmentResponse) {
    assert!(!response.role_assignment.identifier.as_str().is_empty());
    let _ = (response.created_at(), response.updated_at());
    same(response);
}

fn check_role(role: &Role) {
    assert!(!role.identifier.as_str().is_empty());
    let _ = (role.created_at(), role.updated_at(), role.to_new());
    same(role);
}

fn check_group(group: &ResourceGroup) {
    assert!(!group.identifier.as_str().is_empty());
    let _ = (group.created_at(), group.updated_at(), group.to_new());
    same(group);
}

fuzz_target!(|input: &[u8]| {
    let (call, script) = Script::read(input);
    let run = Run::of(script);
    let builder = Harness::builder(SECRET).account("fake").base_url(BASE).options(options());
    let client = builder.build().expect("it is complete");
    let (account, org) = (client.account(), client.org("o/1").expect("an id"));
    let project = org.project("p 1").expect("an id");
    let (assignments, roles, groups) = match call >> 6 {
        0 => (account.role_assignments(), account.roles(), account.resource_groups()),
        1 => (org.role_assignments(), org.roles(), org.resource_groups()),
        _ => (project.role_assignments(), project.roles(), project.resource_groups()),
    };
    let principal = Principal::user_group("sre");
    let wanted = NewRoleAssignment::new("sre_view", "_viewer", "_all", principal);
    let wanted = wanted.expect("it is complete");
    let role = NewRole::new("runner", "Runner", ["core_pipeline_execute"]).expect("complete");
    let role = role.tag("team", "sre");
    let group = NewResourceGroup::new("pipelines", "Pipelines").expect("it is complete");
    let group = group.filter(ResourceFilter::new("PIPELINE").identifiers(["build"]));
    let is_read = |method: &Method, path: &str| {
        method == Method::GET || path.ends_with("/filter") || path.ends_with("/validate")
    };
    // The end of these lists is told by a header or by a page that is not full.
    let open = |_: &serde_json::Value| None;
    match (call & 0x3f) % 28 {
        0 => run.call(Once, &[201], assignments.create(&wanted)).iter().for_each(check),
        1 => run.call(Read, &[200], assignments.get("sre_view")).iter().for_each(check),
        2 => run.call(Idempotent, &[200], assignments.delete("sre_view")).iter().for_each(check),
        3 => run.call(Read, &[200], assignments.validate(&wanted)).iter().for_each(same),
        4 => run.pages(assignments.list().page_size(2).pages(), &PARAMETERS, check, open),
        5 => {
            let Some(position) = run.items(assignments.list().items()) else { return };
            run.items(assignments.list().items_from(&position));
        }
        6 => drop(run.settled(run.wait(assignments.ensure(&wanted)), is_read)),
        7 => drop(run.settled(run.wait(assignments.ensure_absent("sre_view")), is_read)),
        8 => drop(run.items(assignments.read_assignments())),
        9 => run.call(Once, &[201], roles.create(&role)).iter().for_each(check_role),
        10 => run.call(Read, &[200], roles.get("runner")).iter().for_each(check_role),
        11 => run.call(Idempotent, &[200], roles.update(&role)).iter().for_each(check_role),
        12 => run.call(Idempotent, &[200], roles.delete("runner")).iter().for_each(check_role),
        13 => {
            let list = roles.list().search_term("x&limit=1").page_size(2);
            run.pages(list.pages(), &PARAMETERS, check_role, open);
        }
        14 => drop(run.settled(run.wait(roles.ensure(&role)), is_read)),
        15 => drop(run.settled(run.wait(roles.ensure_absent("runner")), is_read)),
        16 => drop(run.items(roles.read_roles())),
        17 => run.call(Once, &[201], groups.create(&group)).iter().for_each(check_group),
        18 => run.call(Read, &[200], groups.get("pipelines")).iter().for_each(check_group),
        19 => run.call(Idempotent, &[200], groups.update(&group)).iter().for_each(check_group),
        20 => run.call(Idempotent, &[200], groups.delete("pipelines")).iter().for_each(check_group),
        21 => {
            let list = groups.list().sort(SortBy::Name, Order::Descending).page_size(1);
            run.pages(list.pages(), &PARAMETERS, check_group, open);
        }
        22 => drop(run.settled(run.wait(groups.ensure(&group)), is_read)),
        23 => drop(run.settled(run.wait(groups.ensure_absent("pipelines")), is_read)),
        24 => {
            let filter = ResourceGroupFilter::new().account("fake").identifiers(["a"]);
            let list = account.filter_resource_groups(&filter).page_size(2);
            run.pages(list.pages(), &PARAMETERS, check_group, open);
        }
        25 => {
            let text = String::from_utf8_lossy(&input[1.min(input.len())..]).into_owned();
            let Ok(position) = text.parse::<Position>() else { return };
            run.pages(assignments.list().pages_from(&position), &PARAMETERS, check, open);
        }
        26 => {
            // Identifiers of things that exist may be any text that can be a segment.
            let text = String::from_utf8_lossy(&input[1.min(input.len())..]).into_owned();
            run.call(Read, &[200], roles.get(&text));
        }
        _ => drop(run.items(groups.list().items())),
    }
});
