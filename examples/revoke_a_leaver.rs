//! Offboarding: Ada leaves, and all her access at Twilio, Harness and Redox has to go.
//!
//! `cargo run --example revoke_a_leaver` needs no account anywhere: fakes of the services start on
//! this machine, with access to take away. It runs twice, as after an error.

use rolecall::harness::{self, Principal, PrincipalType};
use rolecall::redox::{self, RoleRef, UserRef};
use rolecall::testing::{Fault, HarnessFake, RedoxFake, TwilioIamFake};
use rolecall::twilio::iam::{NewRoleAssignment, NewUser, UserFilter};
use rolecall::{Error, Harness, Redox, TwilioIam};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (twilio_fake, harness_fake) = (TwilioIamFake::start().await?, HarnessFake::start().await?);
    let redox_fake = RedoxFake::start().await?;
    redox_fake.add_environment("7", "env-1", "Clinic", "Production");
    let (twilio, harness) = (twilio_fake.client()?, harness_fake.client()?);
    let redox = redox_fake.client()?;
    give_access(&twilio, &harness, &redox).await?;

    // Harness will delete the first thing that it is asked to, and the response will be lost.
    let assignments = "/v1/orgs/platform/role-assignments/";
    harness_fake.next_on(assignments, 1, Fault::reset().after_processing());

    for run in ["First run", "Second run"] {
        println!("{run}");
        // All are tried before an error ends the program: access at the others should not remain
        // because one vendor is down.
        let at_twilio = revoke_at_twilio(&twilio).await;
        let at_harness = revoke_at_harness(&harness).await;
        let at_redox = revoke_at_redox(&redox).await;
        at_twilio.and(at_harness).and(at_redox)?;
    }
    let left = harness_fake.role_assignments("orgs/platform");
    let left = left.iter().map(|held| held.role_assignment.identifier.as_str());
    println!("Left at Harness: {}", left.collect::<Vec<_>>().join(", "));
    Ok(())
}

async fn revoke_at_twilio(twilio: &TwilioIam) -> Result<(), Error> {
    let organization = twilio.organization(TwilioIamFake::ORGANIZATION);
    let assignments = organization.role_assignments();
    let filter = UserFilter::user_name("ada@example.com");
    for user in organization.users().list().filter(filter).items().try_collect().await? {
        // All are read before the first is deleted: a list that shrinks while it is read may skip
        // some.
        for held in assignments.list().identity(&user.id).items().try_collect().await? {
            let result = assignments.ensure_absent(&held.sid).await?;
            println!("  twilio assignment {}: {result:?}", held.sid);
        }
        let result = organization.users().ensure_deactivated(&user.id).await?;
        println!("  twilio user ada@example.com: {result:?}");
    }
    Ok(())
}

async fn revoke_at_harness(harness: &Harness) -> Result<(), Error> {
    let org = harness.org("platform");
    // A scope lists its own assignments and not those of the scopes below it. Access by a user
    // group ends where the group's members are kept.
    for scope in [harness.account(), org.project("web"), org] {
        let assignments = scope.role_assignments();
        for held in assignments.list().items().try_collect().await? {
            let held = held.role_assignment;
            let Some(Principal { kind, identifier, .. }) = held.principal else { continue };
            if kind == Some(PrincipalType::User) && identifier.as_deref() == Some("ada") {
                let result = assignments.ensure_absent(&held.identifier).await?;
                println!("  harness {}: {result:?}", held.identifier);
            }
        }
    }
    Ok(())
}

async fn revoke_at_redox(redox: &Redox) -> Result<(), Error> {
    let organization = redox.organization("7");
    let user = UserRef::id("ada")?;
    for environment in organization.environments().list().items().try_collect().await? {
        let assignments = redox.environment(environment.id).role_assignments();
        let result = assignments.ensure_absent(&user).await?;
        println!("  redox {}: {result:?}", environment.name.unwrap_or_default());
    }
    // No documented call takes a user out of an organization: a role that may do little must do.
    let assignments = organization.role_assignments();
    for held in assignments.list().items().try_collect().await? {
        let role = held.role.and_then(|role| role.name);
        if held.user.id == "ada" && role.as_deref() != Some("member") {
            // Not `ensure`, to which the other role is a conflict: here it is to be replaced.
            let member = redox::NewRoleAssignment::new(RoleRef::name("member")?, user.clone());
            assignments.assign(&member).await?;
            println!("  redox organization: made a member");
        }
    }
    Ok(())
}

async fn give_access(twilio: &TwilioIam, harness: &Harness, redox: &Redox) -> Result<(), Error> {
    let organization = twilio.organization(TwilioIamFake::ORGANIZATION);
    let ada = organization.users().create(&NewUser::new("ada@example.com")?).await?.id;
    let role = "IX00000000000000000000000000000103";
    let new = NewRoleAssignment::new(role, "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ada)?;
    organization.role_assignments().create(&new).await?;

    let org = harness.org("platform");
    let (ada, sre) = (Principal::user("ada"), Principal::user_group("sre"));
    let all = "_all_resources_including_child_scopes";
    for (scope, identifier, principal) in [
        (&org, "ada_admin", ada.clone()),
        (&org, "sre_admin", sre),
        (&org.project("web"), "ada_web", ada),
    ] {
        let new = harness::NewRoleAssignment::new(identifier, "admin", all, principal)?;
        scope.role_assignments().create(&new).await?;
    }

    let admin = redox::NewRoleAssignment::new(RoleRef::name("admin")?, UserRef::id("ada")?);
    redox.organization("7").role_assignments().assign(&admin).await?;
    redox.environment("env-1").role_assignments().assign(&admin).await?;
    Ok(())
}
