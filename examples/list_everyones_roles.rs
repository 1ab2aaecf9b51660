//! An access review: who may do what, at every vendor, as one table.
//!
//! `cargo run --example list_everyones_roles` needs no account anywhere: fakes of the services
//! start on this machine and are given some roles to find. The five functions below `main` take a
//! client, so they do the same against the services themselves.

use std::collections::HashMap;
use std::time::Duration;

use rolecall::deepset::{self, Action, Asset, Permission};
use rolecall::harness::{self, Principal};
use rolecall::redox::{self, RoleRef, UserRef};
use rolecall::testing::{
    DeepsetFake, Fault, HarnessFake, RedoxFake, TwilioChatFake, TwilioIamFake,
};
use rolecall::twilio::chat::{self, RoleType, permission};
use rolecall::twilio::iam::{self, Surface};
use rolecall::{Deepset, Error, Harness, Redox, TwilioChat, TwilioIam};

const CHAT_SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let iam_fake = TwilioIamFake::start().await?;
    let chat_fake = TwilioChatFake::start().await?;
    let harness_fake = HarnessFake::start().await?;
    let redox_fake = RedoxFake::start().await?;
    let deepset_fake = DeepsetFake::start().await?;
    // The newer surface, since only there do roles have names.
    let iam = iam_fake.builder().surface(Surface::V2).build()?;
    let (chat, harness) = (chat_fake.client()?, harness_fake.client()?);
    let (redox, deepset) = (redox_fake.client()?, deepset_fake.client()?);
    redox_fake.add_environment("7", "env-1", "Clinic", "Production");
    seed_twilio(&iam, &chat).await?;
    seed_harness(&harness).await?;
    seed_redox(&redox).await?;
    seed_deepset(&deepset).await?;

    // The first page of Harness comes as it should, and instead of the second a request to come
    // back in ten minutes, which is longer than a call waits on its own.
    harness_fake.next(1, Fault::delay(Duration::ZERO));
    harness_fake.next(1, Fault::status(429).retry_after(Duration::from_secs(600)));

    print_row("vendor", "scope", "principal", "role");
    twilio_organizations(&iam).await?;
    harness_organization(&harness, "platform").await?;
    redox_organization(&redox, "7").await?;
    twilio_chat(&chat, CHAT_SERVICE).await?;
    deepset_organization(&deepset, DeepsetFake::ORGANIZATION).await?;
    Ok(())
}

async fn twilio_organizations(twilio: &TwilioIam) -> Result<(), Error> {
    let organization = twilio.own_organization()?;
    // An assignment has nothing but SIDs, and SIDs are not for people who review.
    let mut names = HashMap::new();
    let mut roles = organization.roles()?.list().items()?;
    while let Some(role) = roles.next().await {
        let role = role?;
        names.insert(role.sid.to_string(), role.friendly_name);
    }
    for user in organization.users().list(None).await?.resources {
        names.insert(user.id.to_string(), user.user_name);
    }
    let name = |sid: Option<String>| {
        let sid = sid.unwrap_or_default();
        names.get(&sid).cloned().flatten().unwrap_or(sid)
    };

    // All of them at once. The default surface wants `.scope(…)` or `.identity(…)` to be named.
    let mut held = organization.role_assignments().list().items()?;
    // Each turn has one assignment, and a page is asked for when the one before it is used up: an
    // organization of any size fits into memory, and the first lines come at once.
    while let Some(assignment) = held.next().await {
        let assignment = assignment?;
        let text = |sid: Option<rolecall::twilio::Sid>| sid.map(|sid| sid.to_string());
        let role = name(assignment.role_sid.map(|sid| sid.to_string()));
        let scope = text(assignment.scope).unwrap_or_default();
        print_row("twilio iam", &scope, &name(text(assignment.identity)), &role);
    }
    Ok(())
}

async fn harness_organization(harness: &Harness, org: &str) -> Result<(), Error> {
    let list = harness.org(org)?.role_assignments().list().page_size(2);
    let mut held = list.items()?;
    let mut resumed = false;
    while let Some(item) = held.next().await {
        match item {
            Ok(item) => {
                let (assignment, nobody) = (item.role_assignment, Principal::user(""));
                let principal = assignment.principal.unwrap_or(nobody);
                let kind = principal.kind.as_ref().map_or("-", |kind| kind.as_str());
                let who = format!("{kind} {}", shown(&principal.identifier));
                print_row("harness", &format!("org {org}"), &who, shown(&assignment.role));
            }
            // An error ends a list, but what was read is not lost: the position says where to go
            // on, and as text it can wait in a file for the next run of the program. Here it is
            // used at once; a real program waits for `error.retry_after()` first.
            Err(error) if error.is_rate_limited() && !resumed => {
                let bookmark = held.position().to_string();
                let wait = error.retry_after().unwrap_or_default();
                println!("  ({}, for {wait:?}: going on from {bookmark:?})", error.kind());
                held = list.items_from(&bookmark.parse()?)?;
                resumed = true;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn redox_organization(redox: &Redox, id: &str) -> Result<(), Error> {
    let organization = redox.organization(id)?;
    // Redox answers with whole lists, so there is nothing to stream.
    for held in organization.role_assignments().list().await?.payload.memberships {
        let role = held.role.unwrap_or_default().name;
        print_row("redox", &format!("organization {id}"), who(&held.user), shown(&role));
    }
    // What somebody may do in an environment does not follow from the role in the organization.
    for environment in organization.environments().list().await?.payload.environments {
        let scope = format!("environment {}", shown(&environment.name));
        let assignments = redox.environment(environment.id)?.role_assignments();
        for held in assignments.list().await?.payload.memberships {
            let role = held.role.unwrap_or_default().name;
            print_row("redox", &scope, who(&held.user), shown(&role));
        }
    }
    Ok(())
}

/// At Twilio Chat and deepset the roles themselves can be read, not who has them.
async fn twilio_chat(chat: &TwilioChat, service: &str) -> Result<(), Error> {
    let mut roles = chat.service(service)?.roles().list().items()?;
    while let Some(role) = roles.next().await {
        let role = role?;
        let name = format!("{} ({})", shown(&role.friendly_name), role.kind.as_str());
        print_row("twilio chat", service, "-", &name);
    }
    Ok(())
}

async fn deepset_organization(deepset: &Deepset, id: &str) -> Result<(), Error> {
    let mut roles = deepset.organization(id)?.roles().list().items()?;
    while let Some(role) = roles.next().await {
        let role = role?;
        // The platform's own roles are the same everywhere, and may be in the list or not.
        if role.is_custom != Some(false) {
            print_row("deepset", id, "-", shown(&role.role_name));
        }
    }
    Ok(())
}

/// The widths are fixed, so that a line can be printed before the next one is known.
fn print_row(vendor: &str, scope: &str, principal: &str, role: &str) {
    println!("{vendor:11}  {scope:36}  {principal:20}  {role}");
}

/// Vendors leave out what they like; what is not there is no reason to stop a review.
fn shown(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

fn who(user: &redox::Member) -> &str {
    user.lowercase_email.as_deref().unwrap_or(&user.id)
}

async fn seed_twilio(iam: &TwilioIam, chat: &TwilioChat) -> Result<(), Error> {
    let organization = iam.own_organization()?;
    for (name, role) in [("ada@example.com", 102), ("grace@example.com", 104)] {
        let user = organization.users().create(&iam::NewUser::new(name)?).await?;
        let account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let wanted = iam::NewRoleAssignment::new(format!("IX{role:032}"), account, user.id)?;
        organization.role_assignments().create(&wanted).await?;
    }
    let roles = chat.service(CHAT_SERVICE)?.roles();
    for (name, kind, permission) in [
        ("moderator", RoleType::Channel, permission::DELETE_ANY_MESSAGE),
        ("host", RoleType::Deployment, permission::CREATE_CHANNEL),
    ] {
        roles.create(&chat::NewRole::new(name, kind, [permission])?).await?;
    }
    Ok(())
}

async fn seed_harness(harness: &Harness) -> Result<(), Error> {
    let assignments = harness.org("platform")?.role_assignments();
    for (identifier, role, principal) in [
        ("sre_view", "_organization_viewer", Principal::user_group("sre")),
        ("ada_admin", "_organization_admin", Principal::user("ada")),
        ("ci_view", "_organization_viewer", Principal::service_account("ci")),
    ] {
        let all = "_all_organization_level_resources";
        let wanted = harness::NewRoleAssignment::new(identifier, role, all, principal)?;
        assignments.create(&wanted).await?;
    }
    Ok(())
}

async fn seed_redox(redox: &Redox) -> Result<(), Error> {
    let wanted = |user, role| {
        Ok::<_, Error>(redox::NewRoleAssignment::new(RoleRef::name(role)?, UserRef::id(user)?))
    };
    let organization = redox.organization("7")?.role_assignments();
    organization.assign(&wanted("ada", "owner")?).await?;
    organization.assign(&wanted("grace", "member")?).await?;
    let environment = redox.environment("env-1")?.role_assignments();
    environment.assign(&wanted("grace", "engineer")?).await?;
    Ok(())
}

async fn seed_deepset(deepset: &Deepset) -> Result<(), Error> {
    let files = Permission::new(Asset::Files, Action::Read);
    let auditor = deepset::NewRole::new("auditor", "Reads files", [files]);
    deepset.organization(DeepsetFake::ORGANIZATION)?.roles().create(&auditor).await?;
    Ok(())
}
