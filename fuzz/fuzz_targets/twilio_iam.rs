//! Every call of Twilio Organizations, and the token request, against a service that answers as the
//! input says.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use rolecall::access::{ReadAssignments, ReadRoles};
use rolecall::operation::Repeat::{Idempotent, Once, Read};
use rolecall::twilio::iam::{
    NewRoleAssignment, NewUser, RoleAssignment, Surface, TwilioIam, User, UserFilter, UserPatch,
    UserVersion,
};
use rolecall::twilio::{AccountSid, RoleAssignmentSid, RoleSid, UserSid};
use rolecall::{Effect, Position};
use rolecall_fuzz::{BASE, Run, SECRET, Script, holds, options, same};

const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const PARAMETERS: [&str; 10] = [
    "PageSize",
    "PageToken",
    "Identity",
    "Scope",
    "ResourceType",
    "ResourceId",
    "Search",
    "RoleProductGroup",
    "Expand",
    "ResourceTypes",
];

fn check(assignment: &RoleAssignment) {
    assert!(!assignment.sid.as_str().is_empty());
    same(assignment);
}

fn check_user(user: &User) {
    assert!(!user.id.as_str().is_empty());
    same(user);
    if let Ok(new) = NewUser::of(user) {
        serde_json::to_string(&new).expect("it can be sent back");
    }
}

fuzz_target!(|input: &[u8]| {
    let (call, script) = Script::read(input);
    let run = Run::of(script);
    let v2 = call & 0x80 != 0;
    let surface = if v2 { Surface::V2 } else { Surface::Preview };
    let builder = TwilioIam::with_token(SECRET).surface(surface).base_url(BASE).options(options());
    let client = builder.build().expect("it is complete");
    let organization = match surface {
        Surface::V2 => client.own_organization(),
        _ => client.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    };
    let organization = organization.expect("it is there");
    let assignments = organization.role_assignments();
    let users = organization.users();
    let wanted = NewRoleAssignment::new(
        "IX00000000000000000000000000000104",
        "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        USER,
    );
    let mut wanted = wanted.expect("they are SIDs");
    if call & 0x40 != 0 {
        wanted = wanted.resource("twilio:service", "1");
    }
    let sid = RoleAssignmentSid::new("IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").expect("a SID");
    let user = UserSid::new(USER).expect("a SID");
    let new_user = NewUser::new("ada@example.com").expect("a name").external_id("ada");
    let version = UserVersion::new("W/1").expect("a version");
    let is_read = |method: &Method, _: &str| method == Method::GET;
    let goes_on = |body: &serde_json::Value| {
        Some(!body.get("meta")?.get("next_page_url")?.as_str()?.is_empty())
    };
    match call % 21 {
        0 => run.call(Once, &[201], assignments.create(&wanted)).iter().for_each(check),
        1 => drop(run.call(Idempotent, &[204], assignments.delete(&sid))),
        2 => {
            let list = assignments.list().page_size(2).identity(USER).expect("a SID");
            run.pages(list.pages(), &PARAMETERS, check, goes_on);
        }
        3 => {
            let Some(position) = run.items(assignments.list().items()) else { return };
            run.items(assignments.list().items_from(&position));
        }
        4 => {
            run.settled(run.wait(assignments.ensure(&wanted)), is_read);
            // Nobody knows whether the service would refuse a second one.
            let seen = run.seen();
            let written = seen.iter().filter(|seen| !is_read(seen.request.method(), ""));
            assert!(written.filter(|seen| seen.may_have_been_done()).count() <= 1, "created twice");
        }
        5 => drop(run.settled(run.wait(assignments.ensure_absent(&sid)), is_read)),
        6 => drop(run.items(assignments.list().read_assignments())),
        7 => {
            if let Some(list) = run.call(Read, &[200], users.list(None)) {
                list.resources.iter().for_each(check_user);
            }
        }
        8 => {
            let filter = UserFilter::user_name("ada \" or \\");
            run.call(Read, &[200], users.list(filter));
        }
        9 => run.call(Read, &[200], users.get(&user)).iter().for_each(check_user),
        10 => run.call(Once, &[201], users.create(&new_user)).iter().for_each(check_user),
        11 => {
            let call = users.replace(&user, &version, &new_user);
            run.call(Once, &[200], call).iter().for_each(check_user);
        }
        12 => {
            let patch = UserPatch::new().replace("displayName", "Ada").remove("externalId");
            let call = users.patch(&user, &version, &patch);
            run.call(Once, &[200], call).iter().for_each(check_user);
        }
        13 => drop(run.call(Idempotent, &[204], users.deactivate(&user))),
        14 => {
            let Ok(accounts) = organization.accounts() else { return assert!(v2) };
            run.pages(accounts.list().page_size(2).pages(), &PARAMETERS, same, goes_on);
        }
        15 => {
            let Ok(accounts) = organization.accounts() else { return assert!(v2) };
            let sid = AccountSid::new("ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").expect("a SID");
            run.call(Read, &[200], accounts.fetch(&sid)).iter().for_each(same);
        }
        16 => {
            let Ok(roles) = organization.roles() else { return assert!(!v2) };
            let list = roles.list().search("x").resource_types(["a", "b"]).expand(true);
            run.pages(list.pages(), &PARAMETERS, same, goes_on);
        }
        17 => {
            let Ok(roles) = organization.roles() else { return assert!(!v2) };
            let role = RoleSid::new("IX00000000000000000000000000000104").expect("a SID");
            run.pages(roles.permissions(&role).pages(), &PARAMETERS, same, goes_on);
        }
        18 => {
            let Ok(roles) = organization.roles() else { return assert!(!v2) };
            run.items(roles.read_roles());
        }
        19 => {
            let text = String::from_utf8_lossy(&input[1.min(input.len())..]).into_owned();
            let Ok(position) = text.parse::<Position>() else { return };
            run.pages(assignments.list().pages_from(&position), &PARAMETERS, check, goes_on);
        }
        _ => {
            // The token request goes through the script too, and the call behind it.
            let builder = TwilioIam::builder("OQfake", SECRET).base_url(BASE).options(options());
            let client = builder.token_url(format!("{BASE}/token")).build().expect("complete");
            let organization = client.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
            let organization = organization.expect("a SID");
            let call = organization.role_assignments().create(&wanted);
            if let Err(error) = run.wait(async { call.await }) {
                let written =
                    run.seen().iter().any(|seen| !seen.request.uri().path().ends_with("/token"));
                assert!(written || error.effect() == Effect::NotApplied, "{error:?}");
                assert!(!holds(format!("{error:?} {error}").as_bytes()) && !holds(error.body()));
                // No part of what came with a token is kept: not where it was not even asked for.
                if !written {
                    let error = std::error::Error::source(&error)
                        .and_then(|error| error.downcast_ref::<rolecall::Error>());
                    let token = b"access_token";
                    assert!(error.is_none_or(|error| {
                        !error.body().windows(token.len()).any(|part| part == token)
                    }));
                }
            }
        }
    }
});
