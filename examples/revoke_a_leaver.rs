//! Offboarding: somebody leaves, and all access at Twilio, Harness and Redox has to go.
//!
//! `cargo run --example revoke_a_leaver` needs no account anywhere: fakes of the services start on
//! this machine, with access to take away. It runs twice, because whoever starts such a program
//! again after an error must be able to do so without a thought.

use rolecall::harness::{self, Principal, PrincipalType};
use rolecall::redox::{self, RoleRef, UserRef};
use rolecall::testing::{Fault, HarnessFake, RedoxFake, TwilioIamFake};
use rolecall::twilio::iam::{self, NewUser, UserFilter};
use rolecall::{EnsuredAbsent, Error, Harness, Redox, TwilioIam};

// One person, and a different name for her at each vendor.
const TWILIO_USER_NAME: &str = "ada@example.com";
const HARNESS_USER: &str = "ada_in_harness";
const REDOX_USER: &str = "ada-in-redox";

const REDOX_ORGANIZATION: &str = "7";
/// The role of an organization that may do least.
const LITTLE: &str = "member";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let iam = TwilioIamFake::start().await?;
    let harness = HarnessFake::start().await?;
    let redox = RedoxFake::start().await?;
    seed(&iam.client()?, &harness.client()?, &redox).await?;

    // Harness will remove the first thing that it is told to, and the answer will be lost.
    let one_assignment = "/v1/orgs/platform/role-assignments/";
    harness.next_on(one_assignment, 1, Fault::reset().after_processing());

    for run in ["First run", "Second run"] {
        println!("{run}");
        // All are tried before an error ends the program: that one vendor is down is no reason to
        // leave the doors of the others open.
        let results = [
            revoke_at_twilio(&iam.client()?).await,
            revoke_at_harness(&harness.client()?).await,
            revoke_at_redox(&redox.client()?).await,
        ];
        let changes = results.into_iter().sum::<Result<usize, Error>>()?;
        println!("  changes: {changes}\n");
    }

    // A fake remembers. Nobody else has lost anything.
    let left = harness.role_assignments("orgs/platform");
    let left = left.iter().map(|held| held.role_assignment.identifier.as_str());
    println!("Left at Harness: {}", left.collect::<Vec<_>>().join(", "));
    Ok(())
}

async fn revoke_at_twilio(twilio: &TwilioIam) -> Result<usize, Error> {
    let organization = twilio.organization(TwilioIamFake::ORGANIZATION)?;
    let mut changes = 0;
    let filter = UserFilter::user_name(TWILIO_USER_NAME);
    for user in organization.users().list(filter).await?.resources {
        let assignments = organization.role_assignments();
        let held = assignments.list().identity(user.id.clone())?;
        // All are read before the first is removed: a list that shrinks while it is read may skip
        // what it had not come to.
        for assignment in held.items()?.collect().await? {
            let gone = assignments.ensure_absent(&assignment.sid).await?;
            changes += absent("twilio", "role assignment", assignment.sid.as_str(), gone);
        }
        // Who is deactivated may go on being listed, and is left alone by the second run.
        if user.active == Some(false) {
            said("twilio", "user", TWILIO_USER_NAME, "inactive already");
        } else {
            organization.users().deactivate(&user.id).await?;
            said("twilio", "user", TWILIO_USER_NAME, "deactivated");
            changes += 1;
        }
    }
    Ok(changes)
}

async fn revoke_at_harness(harness: &Harness) -> Result<usize, Error> {
    let org = harness.org("platform")?;
    let project = org.project("web")?;
    let mut changes = 0;
    // A scope lists its own assignments and not those of the scopes below it. Access that comes by
    // a user group is not here either: it ends where the group's members are kept.
    for (scope, assignments) in [
        ("account", harness.account().role_assignments()),
        ("org", org.role_assignments()),
        ("project", project.role_assignments()),
    ] {
        let mut hers = Vec::new();
        let mut held = assignments.list().page_size(100).items()?;
        while let Some(item) = held.next().await {
            let assignment = item?.role_assignment;
            if assignment.principal.as_ref().is_some_and(is_hers) {
                hers.push(assignment.identifier);
            }
        }
        for identifier in hers {
            // Repeated after the broken connection, the delete finds nothing. `ensure_absent` reads
            // to make sure, and says `Absent`: gone, whoever it was that removed it.
            let gone = assignments.ensure_absent(&identifier).await?;
            changes += absent("harness", scope, identifier.as_str(), gone);
        }
    }
    Ok(changes)
}

/// A group or a service account may have the same identifier as a user.
fn is_hers(principal: &Principal) -> bool {
    principal.kind == Some(PrincipalType::User)
        && principal.identifier.as_deref() == Some(HARNESS_USER)
}

async fn revoke_at_redox(redox: &Redox) -> Result<usize, Error> {
    let organization = redox.organization(REDOX_ORGANIZATION)?;
    let user = UserRef::id(REDOX_USER)?;
    let mut changes = 0;
    for environment in organization.environments().list().await?.payload.environments {
        let name = environment.name.unwrap_or_default();
        let assignments = redox.environment(environment.id)?.role_assignments();
        // It reads before it removes, so there is no need to look who has a role where.
        let gone = assignments.ensure_absent(&user).await?;
        changes += absent("redox", "environment", &name, gone);
    }

    // No call takes somebody out of an organization. What can be done is to leave her a role that
    // may do little, and the rest by hand. But only if she is in: to assign a role may let her in.
    let assignments = organization.role_assignments();
    let members = assignments.list().await?.payload.memberships;
    if let Some(held) = members.into_iter().find(|member| member.user.id == REDOX_USER) {
        // Not `ensure`, to which another role is a conflict: here it is to be replaced.
        let outcome = match held.role.and_then(|role| role.name).as_deref() {
            Some(LITTLE) => "a member already",
            _ => {
                let little = redox::NewRoleAssignment::new(RoleRef::name(LITTLE)?, user);
                assignments.assign(&little).await?;
                changes += 1;
                "made a member"
            }
        };
        said("redox", "organization", REDOX_ORGANIZATION, outcome);
    }
    Ok(changes)
}

/// Prints what became of one thing, and counts it.
fn absent(vendor: &str, kind: &str, what: &str, gone: EnsuredAbsent) -> usize {
    said(vendor, kind, what, &format!("{gone:?}"));
    usize::from(gone != EnsuredAbsent::WasAbsent)
}

fn said(vendor: &str, kind: &str, what: &str, outcome: &str) {
    println!("  {vendor:7}  {kind:15}  {what:34}  {outcome}");
}

async fn seed(iam: &TwilioIam, harness: &Harness, redox: &RedoxFake) -> Result<(), Error> {
    let organization = iam.organization(TwilioIamFake::ORGANIZATION)?;
    let user = organization.users().create(&NewUser::new(TWILIO_USER_NAME)?).await?;
    for scope in [TwilioIamFake::ORGANIZATION, "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let role = "IX00000000000000000000000000000103";
        let wanted = iam::NewRoleAssignment::new(role, scope, user.id.clone())?;
        organization.role_assignments().create(&wanted).await?;
    }

    let org = harness.org("platform")?;
    let admin = |identifier: &str, role: &str, principal| {
        let all = "_all_resources_including_child_scopes";
        harness::NewRoleAssignment::new(identifier, role, all, principal)
    };
    let (ada, sre) = (Principal::user(HARNESS_USER), Principal::user_group("sre"));
    let assignments = org.role_assignments();
    assignments.create(&admin("ada_admin", "_organization_admin", ada.clone())?).await?;
    assignments.create(&admin("sre_admin", "_organization_admin", sre)?).await?;
    let assignments = org.project("web")?.role_assignments();
    assignments.create(&admin("ada_web", "_project_admin", ada)?).await?;

    let wanted = |role| {
        Ok::<_, Error>(redox::NewRoleAssignment::new(
            RoleRef::name(role)?,
            UserRef::id(REDOX_USER)?,
        ))
    };
    redox.add_environment(REDOX_ORGANIZATION, "env-1", "Clinic", "Production");
    redox.add_environment(REDOX_ORGANIZATION, "env-2", "Sandbox", "Development");
    let redox = redox.client()?;
    let organization = redox.organization(REDOX_ORGANIZATION)?;
    organization.role_assignments().assign(&wanted("admin")?).await?;
    redox.environment("env-1")?.role_assignments().assign(&wanted("engineer")?).await?;
    Ok(())
}
