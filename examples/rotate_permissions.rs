//! Changes some permissions of a role at Twilio Chat and at Harness, and keeps the others.
//!
//! `cargo run --example rotate_permissions` needs no account: it starts fakes of both services on
//! this machine. It makes the same change twice; the second time there is nothing to do.

use std::collections::BTreeSet;

use rolecall::testing::{HarnessFake, TwilioChatFake};
use rolecall::twilio::chat::{self, RoleSid, RoleType, permission};
use rolecall::{Error, harness};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let chat_fake = TwilioChatFake::start().await?;
    let chat_roles = chat_fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles();
    let had = [permission::SEND_MESSAGE, permission::EDIT_ANY_MESSAGE];
    let moderator = chat::NewRole::new("moderator", RoleType::Channel, had)?;
    let moderator = chat_roles.create(&moderator).await?.sid.ok_or("a role without a SID")?;
    let guest = chat::NewRole::new("guest", RoleType::Channel, had)?;
    let guest = chat_roles.create(&guest).await?.sid.ok_or("a role without a SID")?;

    let harness_fake = HarnessFake::start().await?;
    let harness_roles = harness_fake.client()?.org("platform").roles();
    let had = ["core_pipeline_view", "core_pipeline_execute"];
    let runner = harness::NewRole::new("runner", "Runner", had)?.tag("team", "sre");
    harness_roles.create(&runner).await?;

    for run in ["First run", "Second run"] {
        println!("{run}");
        let before = (chat_fake.received_count(), harness_fake.received_count());
        change_moderator(&chat_roles, &moderator).await?;
        replace_guest(&chat_roles, &guest).await?;
        change_runner(&harness_roles).await?;
        let chat = chat_fake.received_count() - before.0;
        let harness = harness_fake.received_count() - before.1;
        println!("  requests: {chat} to Twilio Chat, {harness} to Harness\n");
    }
    Ok(())
}

/// A few permissions more or less, whatever else the role has.
async fn change_moderator(roles: &chat::Roles, sid: &RoleSid) -> Result<(), Error> {
    // The service can only replace all permissions at once. Each of these two calls reads them, and
    // writes the changed list if there is a difference. A change that another program makes in
    // between is lost, so one program at a time should do this.
    let wanted = [permission::DELETE_ANY_MESSAGE, permission::SEND_MESSAGE];
    // Adding comes first, so that no member lacks a permission in between.
    let more = roles.add_permissions(sid, wanted).await?;
    let less = roles.remove_permissions(sid, [permission::EDIT_ANY_MESSAGE]).await?;
    println!("  chat moderator: added {:?}, removed {:?}", more.added, less.removed);
    print("chat moderator", &less.role.permissions);
    Ok(())
}

/// Exactly these permissions, whatever the role had.
async fn replace_guest(roles: &chat::Roles, sid: &RoleSid) -> Result<(), Error> {
    let wanted = [permission::SEND_MESSAGE, permission::LEAVE_CHANNEL];
    let mut role = roles.get(sid).await?;
    let held: BTreeSet<&str> = role.permissions.iter().flatten().map(String::as_str).collect();
    // Writing the same again would do no harm, which is why the client may retry an update.
    // Comparing first keeps the service's record of changes readable. Order does not count.
    if held != BTreeSet::from(wanted) {
        role = roles.update(sid, wanted).await?;
    }
    print("chat guest", &role.permissions);
    Ok(())
}

/// Harness has no call for single permissions: read the role, change it, write all of it.
async fn change_runner(roles: &harness::Roles) -> Result<(), Error> {
    let mut role = roles.get("runner").await?;
    // The service adds some permissions to every role. So the change is made to what is there; a
    // list written down here would always differ.
    let held = role.permissions.clone().unwrap_or_default();
    let mut wanted = held.clone();
    wanted.retain(|permission| permission != "core_pipeline_execute");
    if !wanted.iter().any(|permission| permission == "core_service_view") {
        wanted.push("core_service_view".to_owned());
    }
    if wanted != held {
        // A PUT drops what it does not mention. `to_new` keeps name, description and tags as they
        // were read. Here too a change that another program makes in between is lost.
        role.permissions = Some(wanted);
        role = roles.update(&role.to_new()?).await?;
    }
    print("harness runner", &role.permissions);
    println!("  harness runner: tags {:?}", role.tags.unwrap_or_default());
    Ok(())
}

fn print(role: &str, permissions: &Option<Vec<String>>) {
    println!("  {role}: {}", permissions.as_deref().unwrap_or_default().join(", "));
}
