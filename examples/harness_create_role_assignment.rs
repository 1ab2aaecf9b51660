//! Gives a user, a user group or a service account a role in a Harness organization.
//!
//! `cargo run --example harness_create_role_assignment -- platform sre_view _organization_viewer \
//! _all_organization_level_resources USER_GROUP sre`

mod support;

use std::process::ExitCode;

use rolecall::harness::{NewRoleAssignment, Principal, RoleAssignmentResponse};
use rolecall::{Error, Harness};

const USAGE: &str = "harness_create_role_assignment \
    ORG IDENTIFIER ROLE RESOURCE_GROUP PRINCIPAL_TYPE PRINCIPAL \
    (environment: HARNESS_API_KEY; optional: HARNESS_ACCOUNT_ID, HARNESS_BASE_URL)";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = support::arguments();
    let [org, identifier, role, group, kind, principal] = &arguments[..] else {
        return support::usage(USAGE);
    };
    // USER, USER_GROUP or SERVICE_ACCOUNT; anything else is left for the service to judge.
    let principal = Principal::new(kind.as_str(), principal);
    support::finish(create(org, [identifier, role, group], principal).await)
}

async fn create(
    org: &str,
    [identifier, role, group]: [&str; 3],
    principal: Principal,
) -> Result<RoleAssignmentResponse, Error> {
    let new = NewRoleAssignment::new(identifier, role, group, principal)?;
    let org = Harness::from_env()?.org(org);
    org.role_assignments().create(&new).await
}
