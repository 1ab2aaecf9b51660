//! Makes a user a moderator of a channel in Twilio Chat, and revokes the role.
//!
//! `cargo run --example grant_chat_moderator` needs no account: it starts a fake of the service on
//! this machine. It takes each step twice; the second time there is nothing to do. To use your own
//! service, create the client by `TwilioChat::from_env()`; the functions below stay the same.

use rolecall::testing::TwilioChatFake;
use rolecall::twilio::chat::{
    DefaultRoles, Members, NewMember, NewRole, RevokedRole, RoleSid, RoleType, Service, permission,
};
use rolecall::{EnsuredRole, Error};

const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = TwilioChatFake::start().await?;
    fake.add_channel(SERVICE, "support", "private");
    let service = fake.client()?.service(SERVICE);

    // Roles first: what members of a channel may do, and what its moderators may do.
    let (member, moderator) = roles(&service).await?;
    let members = service.channel("support").members();
    for identity in ["alice@example.com", "bo@example.com"] {
        members.create(&NewMember::new(identity)?.role_sid(&member)).await?;
    }

    for run in ["First run", "Second run"] {
        println!("{run}");
        grant(&members, "alice@example.com", &moderator).await?;
    }
    who(&members).await?;
    for run in ["First run", "Second run"] {
        println!("{run}");
        revoke(&members, "alice@example.com", &moderator).await?;
    }
    who(&members).await?;
    Ok(())
}

/// Returns the roles of members and of moderators, which are there afterwards, and makes the first one
/// the default.
async fn roles(service: &Service) -> Result<(RoleSid, RoleSid), Box<dyn std::error::Error>> {
    let member = [permission::SEND_MESSAGE, permission::LEAVE_CHANNEL];
    let member = NewRole::new("member", RoleType::Channel, member)?;
    let moderator = [
        permission::SEND_MESSAGE,
        permission::LEAVE_CHANNEL,
        permission::DELETE_ANY_MESSAGE,
        permission::REMOVE_MEMBER,
    ];
    let moderator = NewRole::new("moderator", RoleType::Channel, moderator)?;
    let roles = service.roles();
    let member = roles.ensure(&member).await?.into_inner().sid.ok_or("a role without a SID")?;
    let moderator =
        roles.ensure(&moderator).await?.into_inner().sid.ok_or("a role without a SID")?;
    service.update_default_roles(&DefaultRoles::default().channel(&member)).await?;
    Ok((member, moderator))
}

/// Every member has exactly one role in a channel, so the new one replaces it.
async fn grant(members: &Members, who: &str, role: &RoleSid) -> Result<(), Error> {
    match members.ensure_role(who, role).await {
        Ok(EnsuredRole::Given { replaced: Some(before) }) => {
            println!("  {who} is a moderator now, and had the role {before}");
        }
        Ok(EnsuredRole::Given { replaced: None }) => println!("  {who} is a moderator now"),
        Ok(EnsuredRole::AlreadyHeld) => println!("  {who} was a moderator before"),
        Ok(EnsuredRole::Indeterminate { .. }) => {
            println!("  {who} is a moderator; a response was lost, so another may have done it");
        }
        // E.g. the identity is not a member of this channel, or the role is not a channel role.
        Err(error) => return Err(error),
    }
    Ok(())
}

/// A member always has a role: the service's default replaces the revoked one.
async fn revoke(members: &Members, who: &str, role: &RoleSid) -> Result<(), Error> {
    match members.revoke_role(who, role).await? {
        RevokedRole::Revoked { default } => {
            println!("  {who} is no moderator any more, and has the default role {default}");
        }
        RevokedRole::NotHeld => println!("  {who} was no moderator: nothing was changed"),
        RevokedRole::Indeterminate { .. } => {
            println!("  {who} is no moderator; a response was lost, so another may have done it");
        }
    }
    Ok(())
}

async fn who(members: &Members) -> Result<(), Error> {
    let mut items = members.list().page_size(100).items();
    while let Some(member) = items.next().await.transpose()? {
        let identity = member.identity.as_ref().map_or("?", |identity| identity.as_str());
        let role = member.role_sid.as_ref().map_or("none", RoleSid::as_str);
        println!("{identity} has {role}");
    }
    Ok(())
}
