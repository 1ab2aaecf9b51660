//! The fakes of all services, with assignments in them.

use std::error::Error;

use clap::ValueEnum;
use rolecall::access::Source;
use rolecall::testing::{
    DeepsetFake, Fault, HarnessFake, RedoxFake, TwilioChatFake, TwilioIamFake,
};
use rolecall::twilio::chat::{NewMember, NewRole, NewUser, RoleType};
use rolecall::{RetryPolicy, harness, redox, twilio};

/// How the services are found.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(super) enum State {
    /// As they were.
    Before,
    /// After some changes.
    After,
    /// After these changes, with a service that refuses.
    Outage,
}

/// The fakes; they serve until they are dropped.
pub(super) struct Fakes {
    _twilio: (TwilioIamFake, TwilioChatFake),
    _harness: HarnessFake,
    _redox: RedoxFake,
    _deepset: DeepsetFake,
}

pub(super) async fn start(state: State) -> Result<(Fakes, Vec<Source>), Box<dyn Error>> {
    let changed = state != State::Before;

    let twilio = TwilioIamFake::start().await?;
    let account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    twilio.add_account(&account.parse()?, "web shop");
    let organization = twilio.client()?.organization(TwilioIamFake::ORGANIZATION);
    let (admin, support) =
        ("IX00000000000000000000000000000102", "IX00000000000000000000000000000105");
    let (ada, bob) = ("USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2");
    for (role, scope, user) in [(admin, TwilioIamFake::ORGANIZATION, ada), (support, account, bob)]
    {
        let new = twilio::iam::NewRoleAssignment::new(role, scope, user)?;
        organization.role_assignments().create(&new).await?;
    }
    let mut sources = organization.sources();

    let chat = TwilioChatFake::start().await?;
    let service = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    chat.add_channel(service, "support", "private");
    let client = chat.client()?.service(service);
    for (name, kind) in [("agent", RoleType::Deployment), ("moderator", RoleType::Channel)] {
        let new = NewRole::new(name, kind.clone(), ["editChannelName"])?;
        let role = client.roles().create(&new).await?.sid.ok_or("a role without a SID")?;
        if kind == RoleType::Deployment {
            client.users().create(&NewUser::new("ada")?.role_sid(role)).await?;
        } else {
            let members = client.channel("support").members();
            members.create(&NewMember::new("ada")?.role_sid(role)).await?;
        }
    }
    sources.extend(client.sources());

    let harness = HarnessFake::start().await?;
    harness.add_project("platform", "web");
    let client = harness.client()?;
    let (org, project) = (client.org("platform"), client.org("platform").project("web"));
    let all = "_all_organization_level_resources";
    for (identifier, role, principal) in [
        ("ada_admin", "_organization_admin", harness::Principal::user("ada")),
        ("sre_view", "_organization_viewer", harness::Principal::user_group("sre")),
    ] {
        let new = harness::NewRoleAssignment::new(identifier, role, all, principal)?;
        let disabled = changed && identifier == "sre_view";
        org.role_assignments().create(&new.disabled(disabled)).await?;
    }
    if changed {
        let ci = harness::Principal::service_account("ci");
        let group = "_all_project_level_resources";
        let new = harness::NewRoleAssignment::new("ci_run", "_pipeline_executor", group, ci)?;
        project.role_assignments().create(&new).await?;
    }
    sources.extend(client.sources());

    let redox = RedoxFake::start().await?;
    redox.add_environment("7", "env-1", "Clinic", "Production");
    let client =
        redox.builder().options(rolecall::ClientOptions::default().retry(RetryPolicy::none()));
    let client = client.build()?;
    let organization = client.organization("7");
    let clinic = client.environment("env-1").role_assignments();
    let new = |role, user| -> Result<_, rolecall::Error> {
        let role = redox::RoleRef::new(format!("role-{role}"), role)?;
        Ok(redox::NewRoleAssignment::new(role, redox::UserRef::id(user)?))
    };
    let bobs = if changed { "admin" } else { "member" };
    organization.role_assignments().assign(&new("owner", "ada")?).await?;
    organization.role_assignments().assign(&new(bobs, "bob")?).await?;
    if !changed {
        clinic.create(&new("engineer", "bob")?).await?;
    }
    sources.extend(organization.sources());
    if state == State::Outage {
        redox.next_on("/platform/v1/environments", 1, Fault::status(403));
    }

    let deepset = DeepsetFake::start().await?;
    deepset.add_user("ada@example.com");
    sources.extend(deepset.client()?.sources());
    let fakes =
        Fakes { _twilio: (twilio, chat), _harness: harness, _redox: redox, _deepset: deepset };
    Ok((fakes, sources))
}
