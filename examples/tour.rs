//! A tour of the crate that needs no account anywhere: `cargo run --example tour`.
//!
//! Five fakes of the services start on this machine, and each gets one call. Then one call is
//! refused and another one loses its connection; the errors say what that means.

use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

use rolecall::deepset::{self, Action, Asset, Permission};
use rolecall::harness::{self, Principal};
use rolecall::redox::{self, RoleRef, UserRef};
use rolecall::testing::{
    DeepsetFake, Fault, HarnessFake, RedoxFake, TwilioChatFake, TwilioIamFake,
};
use rolecall::twilio::chat::{self, RoleType, permission};
use rolecall::twilio::iam;
use rolecall::{Ensured, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    println!("One call to each service. deepset first asks the client to wait a second (429).\n");

    let fake = TwilioIamFake::start().await?;
    let organization = fake.client()?.organization(TwilioIamFake::ORGANIZATION);
    let new = iam::NewRoleAssignment::new(
        "IX00000000000000000000000000000104", // this role
        "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", // in this account
        "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", // for this user
    )?;
    // The client gets an access token first, and keeps it for further calls.
    let response = organization.role_assignments().create(&new).with_response().await?;
    show("twilio iam", &response, &response.body().sid);

    let fake = TwilioChatFake::start().await?;
    let service = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let new = chat::NewRole::new("moderator", RoleType::Channel, [permission::SEND_MESSAGE])?;
    let response = service.roles().create(&new).with_response().await?;
    // Twilio documents even the id as nullable.
    let sid = response.body().sid.as_ref().ok_or("a role without a SID")?;
    show("twilio chat", &response, sid);

    let harness_fake = HarnessFake::start().await?;
    let assignments = harness_fake.client()?.org("platform").role_assignments();
    let (role, resources) = ("_organization_viewer", "_all_organization_level_resources");
    let viewer =
        harness::NewRoleAssignment::new("sre_view", role, resources, Principal::user_group("sre"))?;
    let response = assignments.create(&viewer).with_response().await?;
    show("harness", &response, &response.body().role_assignment.identifier);

    let fake = RedoxFake::start().await?;
    let organization = fake.client()?.organization("1234");
    let member = redox::NewRoleAssignment::new(RoleRef::name("member")?, UserRef::id("user-1")?);
    let response = organization.role_assignments().assign(&member).with_response().await?;
    // Redox reports success and no id.
    show("redox", &response, &"-");

    let deepset_fake = DeepsetFake::start().await?;
    deepset_fake.next(1, Fault::status(429).retry_after(Duration::from_secs(1)));
    let roles = deepset_fake.client()?.organization(DeepsetFake::ORGANIZATION).roles();
    let read_files = [Permission::new(Asset::Files, Action::Read)];
    let auditor = deepset::NewRole::new("auditor", "May read files", read_files);
    let response = roles.create(&auditor).with_response().await?;
    show("deepset", &response, &response.body().role_id);

    println!("\nA refusal: this Harness key may not manage user groups.\n");
    let body = r#"{
        "code": "NG_ACCESS_DENIED", "message": "Missing permission", "correlationId": "tour-1",
        "failedPermissionChecks": [
            {"permission": "core_usergroup_manage", "resourceType": "USERGROUP"}
        ]
    }"#;
    harness_fake.next(1, Fault::json(403, body));
    let error = assignments.create(&viewer).await.err().ok_or("the fake refuses")?;
    explain(&error);
    // Kind and effect mean the same for all services. What only Harness says has its own type.
    if let Some(refusal) = error.service::<harness::ServiceError>() {
        let checks = refusal.failed_permission_checks.iter();
        let lacking: Vec<_> = checks.filter_map(|check| check.permission.as_deref()).collect();
        println!("  lacking: {}", lacking.join(", "));
    }

    println!(
        "\nThe connection breaks after the service has acted. A retry could make two roles.\n"
    );
    let editor =
        deepset::NewRole::new("editor", "", [Permission::new(Asset::Files, Action::Write)]);
    let before = deepset_fake.received_count();
    deepset_fake.next(1, Fault::reset().after_processing());
    let error = roles.create(&editor).await.err().ok_or("the fake breaks the connection")?;
    explain(&error);
    println!("  requests received: {}", deepset_fake.received_count() - before);

    println!("\n`ensure` reads before and after, so it can be called again and again.\n");
    match roles.ensure(&editor).await? {
        Ensured::Created(role) => println!("  created: {}", role.role_id),
        Ensured::AlreadyExisted(role) => println!("  it already existed: {}", role.role_id),
        Ensured::Indeterminate(role) => println!("  it exists: {}", role.role_id),
    }
    Ok(())
}

fn show<T>(service: &str, response: &Response<T>, id: &dyn Display) {
    let (status, attempts) = (response.status().as_u16(), response.attempts());
    println!("  {service:<12} HTTP {status}  attempts: {attempts}  {id}");
}

fn explain(error: &rolecall::Error) {
    println!("  error:  {error}");
    println!("  kind:   {}", error.kind());
    println!("  effect: {}", error.effect());
}
