//! Gives a user a role in a Redox organization.
//!
//! The role and the user are given by id, by name, or by both: an empty argument is left out.
//!
//! `cargo run --example redox_assign_organization_role -- 1234 ROLE-UUID member 5678 ""`

mod support;

use std::process::ExitCode;

use rolecall::redox::{AssignRoleResponse, NewRoleAssignment, RoleRef, UserRef};
use rolecall::{Error, Redox};

const USAGE: &str = "redox_assign_organization_role ORG ROLE_ID ROLE_NAME USER_ID USER_NAME \
    (an empty id or name is left out; environment: REDOX_API_TOKEN; optional: REDOX_BASE_URL)";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = support::arguments();
    let [org, role_id, role, user_id, user] = &arguments[..] else {
        return support::usage(USAGE);
    };
    support::finish(assign(org, [role_id, role], [user_id, user]).await)
}

async fn assign(org: &str, role: [&str; 2], user: [&str; 2]) -> Result<AssignRoleResponse, Error> {
    let role = RoleRef::new(role[0], role[1])?;
    let user = UserRef::new(user[0], user[1])?;
    let organization = Redox::from_env()?.organization(org);
    // Assigning twice has the effect of once, so the client may retry this where it may not retry a
    // create.
    let new = NewRoleAssignment::new(role, user);
    organization.role_assignments().assign(&new).await
}
