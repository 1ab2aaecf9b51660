//! Every call of the deepset platform, against a service that answers as the input says.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use rolecall::Position;
use rolecall::access::ReadRoles;
use rolecall::deepset::{Action, Asset, Deepset, NewRole, Permission, Role, RoleId, User, UserId};
use rolecall::operation::Repeat::{Once, Read};
use rolecall_fuzz::{BASE, Run, SECRET, Script, options, same};

const OF_ROLES: [&str; 4] = ["limit", "page_number", "before", "after"];
const OF_USERS: [&str; 5] = ["limit", "include_deleted", "include_external", "before", "after"];

fn check(role: &Role) {
    assert!(!role.role_id.as_str().is_empty());
    same(role);
}

fn check_user(user: &User) {
    assert!(!user.user_id.as_str().is_empty());
    same(user);
}

fn goes_on(body: &serde_json::Value) -> Option<bool> {
    body.get("has_more")?.as_bool()
}

fuzz_target!(|input: &[u8]| {
    let (call, script) = Script::read(input);
    let run = Run::of(script);
    let builder = Deepset::builder(SECRET).base_url(BASE).options(options());
    let client = builder.build().expect("it is complete");
    let organization = client.organization("7f0c1f5e-0000-4000-8000-000000000000");
    let roles = organization.expect("a UUID").roles();
    let users = client.users();
    let wanted = NewRole::new("auditor", "reads", [Permission::new(Asset::All, Action::Read)]);
    let is_read = |method: &Method, _: &str| method == Method::GET;
    let text = || String::from_utf8_lossy(&input[1.min(input.len())..]).into_owned();
    match call % 13 {
        0 => run.call(Once, &[201], roles.create(&wanted)).iter().for_each(check),
        1 => run.call(Read, &[200], client.me()).iter().for_each(check_user),
        2 => run.pages(roles.list().page_size(2).pages(), &OF_ROLES, check, goes_on),
        3 => {
            let id = RoleId::new("r&limit=1").expect("an id");
            run.pages(roles.list().before(&id).page_size(2).pages(), &OF_ROLES, check, goes_on);
        }
        4 => {
            let id = RoleId::new("r").expect("an id");
            run.pages(roles.list().after(&id).pages(), &OF_ROLES, check, goes_on);
        }
        5 => {
            let Some(position) = run.items(roles.list().page_size(2).items()) else { return };
            run.items(roles.list().page_size(2).items_from(&position));
        }
        6 => drop(run.settled(run.wait(roles.ensure(&wanted)), is_read)),
        7 => drop(run.items(roles.read_roles())),
        8 => {
            let list = users.list().page_size(1).include_deleted(true).include_external(false);
            run.pages(list.pages(), &OF_USERS, check_user, goes_on);
        }
        9 => {
            let Some(position) = run.items(users.list().items()) else { return };
            run.items(users.list().items_from(&position));
        }
        10 => {
            let id = UserId::new("u").expect("an id");
            run.pages(users.list().after(&id).pages(), &OF_USERS, check_user, goes_on);
        }
        11 => {
            let Ok(position) = text().parse::<Position>() else { return };
            run.pages(roles.list().pages_from(&position), &OF_ROLES, check, goes_on);
        }
        _ => {
            let Ok(position) = text().parse::<Position>() else { return };
            run.pages(users.list().pages_from(&position), &OF_USERS, check_user, goes_on);
        }
    }
});
