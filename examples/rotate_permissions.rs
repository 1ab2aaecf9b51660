//! Changing what a role may do, at Twilio Chat and at Harness, without losing what it had.
//!
//! `cargo run --example rotate_permissions` needs no account anywhere: fakes of both services start
//! on this machine. The same change is made twice, and the second time there is nothing to do.

use std::collections::BTreeSet;

use rolecall::testing::{HarnessFake, TwilioChatFake};
use rolecall::twilio::chat::{self, RoleSid, RoleType, permission};
use rolecall::{Error, harness};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let chat_fake = TwilioChatFake::start().await?;
    let service = chat_fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
    let chat_roles = service.roles();
    let had = [permission::SEND_MESSAGE, permission::EDIT_ANY_MESSAGE];
    let moderator = chat::NewRole::new("moderator", RoleType::Channel, had)?;
    let moderator = chat_roles.create(&moderator).await?.sid.ok_or("a role without a SID")?;
    let guest = chat::NewRole::new("guest", RoleType::Channel, had)?;
    let guest = chat_roles.create(&guest).await?.sid.ok_or("a role without a SID")?;

    let harness_fake = HarnessFake::start().await?;
    let harness_roles = harness_fake.client()?.org("platform")?.roles();
    let had = ["core_pipeline_view", "core_pipeline_execute"];
    let runner = harness::NewRole::new("runner", "Runner", had)?.tag("team", "sre");
    harness_roles.create(&runner).await?;

    for run in ["First run", "Second run"] {
        println!("{run}");
        let from = (chat_fake.received_count(), harness_fake.received_count());
        change_moderator(&chat_roles, &moderator).await?;
        replace_guest(&chat_roles, &guest).await?;
        change_runner(&harness_roles).await?;
        // A change needs more than reading, and the fakes know what they were sent.
        let chat = chat_fake.received_count() - from.0;
        let harness = harness_fake.received_count() - from.1;
        println!("  requests: {chat} to Twilio Chat, {harness} to Harness\n");
    }
    Ok(())
}

/// A few permissions more or less, whatever else the role has.
async fn change_moderator(roles: &chat::Roles, sid: &RoleSid) -> Result<(), Error> {
    print("chat moderator", "before", &roles.fetch(sid).await?.permissions);
    // The service can only replace all permissions at once. Each of these two reads them, changes
    // the list, and writes it if there is a difference. In between it may be somebody else's turn,
    // whose change is then lost: let one program at a time do this.
    let wanted = [permission::DELETE_ANY_MESSAGE, permission::SEND_MESSAGE];
    // More comes first: it is the order in which nobody is without what they need.
    let more = roles.add_permissions(sid, wanted).await?;
    let less = roles.remove_permissions(sid, [permission::EDIT_ANY_MESSAGE]).await?;
    if more.is_unchanged() && less.is_unchanged() {
        println!("  {:14}  nothing to do", "");
    } else {
        println!("  {:14}  added {:?}, removed {:?}", "", more.added, less.removed);
        print("", "after", &less.role.permissions);
    }
    Ok(())
}

/// Exactly these permissions, whatever the role had.
async fn replace_guest(roles: &chat::Roles, sid: &RoleSid) -> Result<(), Error> {
    let wanted = [permission::SEND_MESSAGE, permission::LEAVE_CHANNEL];
    let role = roles.fetch(sid).await?;
    print("chat guest", "before", &role.permissions);
    // To write the same again would do no harm, which is why this call is repeated when a
    // connection breaks. To compare first keeps the service's record of changes readable. Order
    // does not count.
    let held: BTreeSet<&str> = role.permissions.iter().flatten().map(String::as_str).collect();
    if held == BTreeSet::from(wanted) {
        println!("  {:14}  nothing to do", "");
    } else {
        print("", "after", &roles.replace_permissions(sid, wanted).await?.permissions);
    }
    Ok(())
}

/// Harness has no call for single permissions: read the role, change it, write all of it.
async fn change_runner(roles: &harness::Roles) -> Result<(), Error> {
    let mut role = roles.get("runner").await?;
    print("harness runner", "before", &role.permissions);
    let before = role.permissions.clone().unwrap_or_default();
    // One of them was never asked for: the service adds some to every role. So the change is made
    // to what is there; a list written down here would always differ.
    let mut permissions = before.clone();
    permissions.retain(|held| held != "core_pipeline_execute");
    if !permissions.iter().any(|held| held == "core_service_view") {
        permissions.push("core_service_view".to_owned());
    }
    if permissions == before {
        println!("  {:14}  nothing to do", "");
        return Ok(());
    }
    role.permissions = Some(permissions);
    // A PUT drops what it does not mention. `to_new` keeps name, description and tags as they were
    // read; here too, what somebody else writes in between is lost.
    let changed = roles.update(&role.to_new()?).await?;
    print("", "after", &changed.permissions);
    println!("  {:14}  tags    {:?}", "", changed.tags.unwrap_or_default());
    Ok(())
}

fn print(role: &str, when: &str, permissions: &Option<Vec<String>>) {
    let permissions = permissions.as_deref().unwrap_or_default().join(", ");
    println!("  {role:14}  {when:6}  {permissions}");
}
