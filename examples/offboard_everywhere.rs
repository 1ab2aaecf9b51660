//! Offboarding: removes all access of the person with an e-mail address. Each line says what was
//! done, what was not, and what is unknown, so that a person can do the rest.
//!
//! `cargo run --example offboard_everywhere` needs no account: it starts fakes of the services with
//! access to remove on this machine. It runs twice, as after an error.

use rolecall::deepset::NewInvitation;
use rolecall::harness::UserFilter;
use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
use rolecall::testing::{DeepsetFake, Fault, HarnessFake, RedoxFake, TwilioIamFake};
use rolecall::{Deepset, EnsuredAbsent, Error, Harness, Redox, TwilioIam, twilio::iam};

const EMAIL: &str = "ada@example.com";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (twilio_fake, harness_fake) = (TwilioIamFake::start().await?, HarnessFake::start().await?);
    let (redox_fake, deepset_fake) = (RedoxFake::start().await?, DeepsetFake::start().await?);
    let (twilio, harness) = (twilio_fake.client()?, harness_fake.client()?);
    let (redox, deepset) = (redox_fake.client()?, deepset_fake.client()?);

    // The person is a user everywhere, and the last owner of an organization at Redox.
    let organization = twilio.organization(TwilioIamFake::ORGANIZATION);
    let new = iam::NewUser::new(EMAIL)?.email(iam::Email::primary(EMAIL));
    let user = organization.users().create(&new).await?.id;
    let role = "IX00000000000000000000000000000103";
    let new = iam::NewRoleAssignment::new(role, "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", user)?;
    organization.role_assignments().create(&new).await?;
    let user = harness_fake.add_user("account", EMAIL, "Ada");
    redox_fake.add_environment("7", "env-1", "Clinic", "Production");
    let ada = UserRef::id("ada")?;
    let engineer = NewRoleAssignment::new(RoleRef::name("engineer")?, ada.clone());
    redox.environment("env-1").role_assignments().create(&engineer).await?;
    let owner = NewRoleAssignment::new(RoleRef::name("owner")?, ada);
    redox.organization("7").role_assignments().assign(&owner).await?;
    let invitation = NewInvitation::new(EMAIL, "Editor", "Given", "Family");
    deepset.workspace("default").invite(&invitation).await?;

    // Harness will process the removal, and report an error four times.
    harness_fake.next_on(&format!("/ng/api/user/{user}"), 4, Fault::status(503).after_processing());
    for run in ["First run", "Second run"] {
        println!("{run}");
        // A service that cannot be read does not keep the others from being tried.
        for (service, result) in [
            ("twilio", from_twilio(&twilio).await),
            ("harness", from_harness(&harness).await),
            ("redox", from_redox(&redox).await),
            ("deepset", from_deepset(&deepset).await),
        ] {
            if let Err(error) = result {
                println!("  unknown   {service}: {error}");
            }
        }
        println!("  not done  twilio chat: it knows identities, not e-mail addresses");
    }
    Ok(())
}

/// Prints what became of it. What was not there needs no line.
fn report(what: &str, result: Result<EnsuredAbsent, Error>) {
    match result {
        Ok(EnsuredAbsent::AlreadyAbsent) => {}
        Ok(EnsuredAbsent::Deleted | EnsuredAbsent::Indeterminate) => println!("  done      {what}"),
        // It may have been done: the next run tells.
        Err(error) if error.is_outcome_unknown() => println!("  unknown   {what}: {error}"),
        Err(error) => println!("  not done  {what}: {error}"),
    }
}

async fn from_twilio(twilio: &TwilioIam) -> Result<(), Error> {
    let organization = twilio.organization(TwilioIamFake::ORGANIZATION);
    let (users, assignments) = (organization.users(), organization.role_assignments());
    let filter = iam::UserFilter::user_name(EMAIL);
    for user in users.list().filter(filter).items().try_collect().await? {
        // All are read before the first is deleted: a list that shrinks while it is read may skip some.
        for held in assignments.list().identity(&user.id).items().try_collect().await? {
            let result = assignments.ensure_absent(&held.sid).await;
            report(&format!("twilio: role assignment {}", held.sid), result);
        }
        report("twilio: active user", users.ensure_deactivated(&user.id).await);
    }
    Ok(())
}

async fn from_harness(harness: &Harness) -> Result<(), Error> {
    let users = harness.account().users();
    let filter = UserFilter::new().emails([EMAIL]);
    for user in users.search(&filter).items().try_collect().await? {
        // Role assignments and memberships of groups go with the user, in all scopes.
        let removed = users.remove(&user.uuid).await;
        report("harness: user", removed.map(|_| EnsuredAbsent::Deleted));
    }
    Ok(())
}

async fn from_redox(redox: &Redox) -> Result<(), Error> {
    let organization = redox.organization("7");
    let members = organization.role_assignments();
    for member in members.list().items().try_collect().await? {
        if member.user.lowercase_email.as_deref() != Some(EMAIL) {
            continue;
        }
        let user = UserRef::id(member.user.id)?;
        for environment in organization.environments().list().items().try_collect().await? {
            let assignments = redox.environment(&environment.id).role_assignments();
            let what = format!("redox: role in environment {}", environment.id);
            report(&what, assignments.ensure_absent(&user).await);
        }
        report("redox: membership", members.ensure_member_absent(&user).await);
    }
    Ok(())
}

async fn from_deepset(deepset: &Deepset) -> Result<(), Error> {
    for user in deepset.users().list().items().try_collect().await? {
        if user.email.as_deref() == Some(EMAIL) {
            println!("  not done  deepset: user; no documented call revokes, the web page does");
        }
    }
    Ok(())
}
