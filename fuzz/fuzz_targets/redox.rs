//! Every call of Redox, against a service that answers as the input says.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use rolecall::access::ReadAssignments;
use rolecall::operation::Repeat::{Idempotent, Once, Read};
use rolecall::redox::{AssignRoleResponse, NewRoleAssignment, Redox, RoleRef, UserRef};
use rolecall_fuzz::{BASE, Run, SECRET, Script, options, same};

const BOTH: &[u16] = &[200, 201];

fn check(answer: &AssignRoleResponse) {
    assert!(answer.payload.success, "what did not succeed is no success");
    same(answer);
}

fuzz_target!(|input: &[u8]| {
    let (call, script) = Script::read(input);
    let run = Run::of(script);
    let builder = Redox::builder(SECRET).base_url(BASE).options(options());
    let client = builder.build().expect("it is complete");
    let organization = client.organization("7").expect("an id");
    let environment = client.environment("e/1").expect("an id").role_assignments();
    let assignments = organization.role_assignments();
    let user = UserRef::id("u-1").expect("an id");
    let role = RoleRef::new("r-1", "member").expect("a reference");
    let wanted = NewRoleAssignment::new(role, user.clone());
    let is_read = |method: &Method, _: &str| method == Method::GET;
    match call % 12 {
        0 => run.call(Idempotent, BOTH, assignments.assign(&wanted)).iter().for_each(check),
        1 => run.call(Read, BOTH, assignments.list()).iter().for_each(same),
        2 => drop(run.settled(run.wait(assignments.ensure(&wanted)), is_read)),
        3 => drop(run.items(assignments.read_assignments())),
        4 => run.call(Read, BOTH, organization.environments().list()).iter().for_each(same),
        5 => run.call(Once, BOTH, environment.create(&wanted)).iter().for_each(check),
        6 => run.call(Idempotent, BOTH, environment.assign(&wanted)).iter().for_each(check),
        7 => run.call(Idempotent, BOTH, environment.delete(&user)).iter().for_each(check),
        8 => run.call(Read, BOTH, environment.list()).iter().for_each(same),
        9 => drop(run.settled(run.wait(environment.ensure(&wanted)), is_read)),
        10 => drop(run.settled(run.wait(environment.ensure_absent(&user)), is_read)),
        _ => drop(run.items(environment.read_assignments())),
    }
});
