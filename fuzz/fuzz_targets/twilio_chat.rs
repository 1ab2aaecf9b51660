//! Every call of Twilio Chat, against a service that answers as the input says.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use rolecall::operation::Repeat::{Idempotent, Once, Read};
use rolecall::twilio::chat::{NewRole, Role, RoleSid, RoleType, TwilioChat};
use rolecall::{Position, access::ReadRoles};
use rolecall_fuzz::{BASE, Run, SECRET, Script, options, same};

fn check(role: &Role) {
    same(role);
}

fuzz_target!(|input: &[u8]| {
    let (call, script) = Script::read(input);
    let run = Run::of(script);
    let builder = TwilioChat::with_auth_token("ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", SECRET);
    let builder = builder.expect("a SID").base_url(BASE).options(options());
    let client = builder.build().expect("it is complete");
    let service = client.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").expect("a SID");
    let roles = service.roles();
    let sid = RoleSid::new("RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").expect("a SID");
    let wanted = NewRole::new("channel user", RoleType::Channel, ["sendMessage", "leaveChannel"]);
    let wanted = wanted.expect("it is complete");
    let is_read = |method: &Method, _: &str| method == Method::GET;
    let goes_on = |body: &serde_json::Value| {
        Some(!body.get("meta")?.get("next_page_url")?.as_str()?.is_empty())
    };
    match call % 12 {
        0 => run.call(Once, &[201], roles.create(&wanted)).iter().for_each(check),
        1 => run.call(Read, &[200], roles.fetch(&sid)).iter().for_each(check),
        2 => {
            let call = roles.replace_permissions(&sid, ["sendMessage"]);
            run.call(Once, &[200], call).iter().for_each(check);
        }
        3 => drop(run.call(Idempotent, &[204], roles.delete(&sid))),
        4 => {
            run.pages(roles.list().page_size(2).pages(), &["PageSize", "PageToken"], check, goes_on)
        }
        5 => {
            // From where an earlier stream, of a program that was stopped, had come.
            let Some(position) = run.items(roles.list().items()) else { return };
            run.items(roles.list().items_from(&position));
        }
        6 => drop(run.settled(run.wait(roles.ensure(&wanted)), is_read)),
        7 => drop(run.settled(run.wait(roles.ensure_absent(&sid)), is_read)),
        8 => drop(run.settled(run.wait(roles.add_permissions(&sid, ["addMember"])), is_read)),
        9 => drop(run.settled(run.wait(roles.remove_permissions(&sid, ["sendMessage"])), is_read)),
        10 => drop(run.items(roles.read_roles())),
        _ => {
            // A position from outside: here the answers' own text.
            let text = String::from_utf8_lossy(&input[1.min(input.len())..]).into_owned();
            let Ok(position) = text.parse::<Position>() else { return };
            let pages = roles.list().pages_from(&position);
            run.pages(pages, &["PageSize", "PageToken"], check, goes_on);
        }
    }
});
