//! Gives a user a role in a Twilio organization.
//!
//! `cargo run --example twilio_iam_create_role_assignment -- OR… IX… AC… US…`

mod support;

use std::process::ExitCode;

use rolecall::twilio::iam::{NewRoleAssignment, RoleAssignment};
use rolecall::{Error, TwilioIam};

const USAGE: &str = "twilio_iam_create_role_assignment ORG ROLE SCOPE IDENTITY \
    (environment: TWILIO_CLIENT_ID, TWILIO_CLIENT_SECRET; \
    optional: TWILIO_IAM_BASE_URL, TWILIO_TOKEN_URL)";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = support::arguments();
    let [org, role, scope, identity] = &arguments[..] else {
        return support::usage(USAGE);
    };
    support::finish(create(org, role, scope, identity).await)
}

async fn create(
    org: &str,
    role: &str,
    scope: &str,
    identity: &str,
) -> Result<RoleAssignment, Error> {
    // A SID of the wrong form is refused here, before anything is sent.
    let new = NewRoleAssignment::new(role, scope, identity)?;
    let organization = TwilioIam::from_env()?.organization(org);
    // The client gets an access token automatically, and would keep it for further calls.
    organization.role_assignments().create(&new).await
}
