//! An access review: the roles of all users at every vendor, as one list.
//!
//! `cargo run --example list_everyones_roles` needs no account: it starts fakes of the services on
//! this machine and adds some roles to them.

use std::error::Error;
use std::time::Duration;

use rolecall::access::{ReadAssignments, ReadRoles};
use rolecall::deepset::{self, Action, Asset, Permission};
use rolecall::harness::{self, Principal};
use rolecall::redox::{self, RoleRef, UserRef};
use rolecall::testing::{
    DeepsetFake, Fault, HarnessFake, RedoxFake, TwilioChatFake, TwilioIamFake,
};
use rolecall::twilio::iam::{self, ApiVersion};
use rolecall::twilio::{chat, chat::permission};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Of Twilio Chat and deepset this program shows the roles; `access_review` shows who has them.
    let chat_fake = TwilioChatFake::start().await?;
    let chat = chat_fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles();
    chat.create(&chat::NewRole::new("moderator", "channel", [permission::DELETE_ANY_MESSAGE])?)
        .await?;
    let deepset_fake = DeepsetFake::start().await?;
    let deepset = deepset_fake.client()?.organization(DeepsetFake::ORGANIZATION).roles();
    let read_files = [Permission::new(Asset::Files, Action::Read)];
    deepset.create(&deepset::NewRole::new("auditor", "Reads files", read_files)).await?;

    let twilio_fake = TwilioIamFake::start().await?;
    let twilio = twilio_fake.builder().api_version(ApiVersion::V2).build()?.own_organization();
    let (role, account) =
        ("IX00000000000000000000000000000104", "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    for name in ["ada@example.com", "grace@example.com"] {
        let new = iam::NewUser::new(name)?.email(iam::Email::primary(name));
        let user = twilio.users().create(&new).await?.id;
        let new = iam::NewRoleAssignment::new(role, account, user)?;
        twilio.role_assignments().create(&new).await?;
    }

    let harness_fake = HarnessFake::start().await?;
    let harness = harness_fake.client()?.org("platform").role_assignments();
    for (identifier, role, principal) in [
        ("sre_view", "_organization_viewer", Principal::user_group("sre")),
        ("ada_admin", "_organization_admin", Principal::user("ada")),
        ("ci_view", "_organization_viewer", Principal::service_account("ci")),
    ] {
        let all = "_all_organization_level_resources";
        harness.create(&harness::NewRoleAssignment::new(identifier, role, all, principal)?).await?;
    }

    let redox_fake = RedoxFake::start().await?;
    redox_fake.add_environment("7", "env-1", "Clinic", "Production");
    let redox = redox_fake.client()?;
    let (organization, clinic) = (redox.organization("7"), redox.environment("env-1"));
    let role = |name| Ok::<_, rolecall::Error>((RoleRef::name(name)?, UserRef::id("ada")?));
    let (owner, user) = role("owner")?;
    organization.role_assignments().assign(&redox::NewRoleAssignment::new(owner, user)).await?;
    let (engineer, user) = role("engineer")?;
    clinic.role_assignments().assign(&redox::NewRoleAssignment::new(engineer, user)).await?;

    // The first page of Twilio is fine. Instead of the second, the service asks the client to come
    // back in ten minutes, which is longer than a call waits.
    twilio_fake.page_size(1);
    twilio_fake.next(1, Fault::none());
    twilio_fake.next(1, Fault::status(429).retry_after(Duration::from_secs(600)));

    review_roles("twilio chat", &chat).await?;
    review_roles("deepset", &deepset).await?;
    review("twilio iam", &twilio.role_assignments().list()).await?;
    review("harness", &harness).await?;
    review("redox", &organization.role_assignments()).await?;
    // What a user may do in an environment does not follow from the role in the organization.
    let mut environments = organization.environments().list().items();
    while let Some(environment) = environments.next().await.transpose()? {
        review("redox", &redox.environment(environment.id).role_assignments()).await?;
    }
    // Twilio's assignments have ids only; the names are in other lists.
    let mut users = twilio.users().list().items();
    while let Some(user) = users.next().await.transpose()? {
        println!("{} is {}", user.id, user.user_name.unwrap_or_default());
    }
    Ok(())
}

async fn review_roles(vendor: &str, service: &dyn ReadRoles) -> Result<(), rolecall::Error> {
    // A page is read when the one before it is used up, so a list of any size fits into memory.
    let mut roles = service.read_roles();
    while let Some(role) = roles.next().await.transpose()? {
        let permissions = role.permissions.unwrap_or_default().join(", ");
        println!("{vendor:11}  role {}: {permissions}", role.role.name.unwrap_or_default());
    }
    Ok(())
}

async fn review(vendor: &str, service: &dyn ReadAssignments) -> Result<(), rolecall::Error> {
    let mut position = None;
    loop {
        let mut assignments = service.read_assignments_from(position.as_ref());
        let error = loop {
            match assignments.next().await {
                Some(Ok(held)) => {
                    let [who, scope] =
                        [held.principal.id, held.scope.id].map(Option::unwrap_or_default);
                    let role = held.role.name.or(held.role.id).unwrap_or_default();
                    println!("{vendor:11}  {who} has {role} in {scope}");
                }
                Some(Err(error)) => break error,
                None => return Ok(()),
            }
        };
        let Some(wait) = error.retry_after() else { return Err(error) };
        // What was read is not lost: the position says where to go on. As text it can wait in a
        // file for the next run. Here it is used at once; a real program waits first.
        position = Some(assignments.position().clone());
        println!("{vendor:11}  ({}, for {wait:?}: going on after that)", error.kind());
    }
}
