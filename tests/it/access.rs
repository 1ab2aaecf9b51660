//! The shared vocabulary over all services.

use rolecall::access::{PrincipalKind, ReadAssignments, ReadRoles, Scope, ScopeKind};
use rolecall::testing::{DeepsetFake, HarnessFake, RedoxFake, TwilioChatFake, TwilioIamFake};
use rolecall::{deepset, harness, redox, twilio};

const ORGANIZATION: &str = "ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ROLE: &str = "IX00000000000000000000000000000104";

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn one_loop_reads_who_has_which_role_everywhere() -> Outcome {
    let iam = TwilioIamFake::start().await?;
    let twilio = iam.client()?.organization(ORGANIZATION).role_assignments();
    twilio.create(&twilio::iam::NewRoleAssignment::new(ROLE, ACCOUNT, USER)?).await?;

    let fake = HarnessFake::start().await?;
    let harness = fake.client()?.org("platform").role_assignments();
    let wanted = harness::NewRoleAssignment::new(
        "sre_view",
        "_organization_viewer",
        "_all_organization_level_resources",
        harness::Principal::user_group("sre"),
    )?;
    harness.create(&wanted).await?;

    let clinic = RedoxFake::start().await?;
    let redox = clinic.client()?.organization("7").role_assignments();
    let role = redox::RoleRef::new("r-1", "member")?;
    redox.assign(&redox::NewRoleAssignment::new(role, redox::UserRef::id("u-1")?)).await?;

    let of_user = twilio.list().identity(USER);
    let services: [&dyn ReadAssignments; 3] = [&of_user, &harness, &redox];
    let mut seen = Vec::new();
    for service in services {
        let mut assignments = service.read_assignments();
        while let Some(assignment) = assignments.next().await {
            seen.push(assignment?);
        }
    }
    let texts: Vec<_> = seen
        .iter()
        .map(|one| {
            let (who, what, over) = (&one.principal, &one.role, &one.scope);
            (who.kind.clone(), who.id.as_deref(), what.id.as_deref(), over.kind.clone())
        })
        .collect();
    let (user, group) = (Some(PrincipalKind::User), Some(PrincipalKind::Group));
    let organization = Some(ScopeKind::Organization);
    assert_eq!(
        texts,
        [
            (user.clone(), Some(USER), Some(ROLE), Some(ScopeKind::Account)),
            (group, Some("sre"), Some("_organization_viewer"), organization.clone()),
            (user, Some("u-1"), Some("r-1"), organization),
        ]
    );
    // Nothing is lost: each carries the vendor's own value.
    assert!(seen[0].native::<twilio::iam::RoleAssignment>().is_some());
    let own = seen[1].native::<harness::RoleAssignmentResponse>().expect("it is Harness's");
    assert_eq!(own.role_assignment.identifier, "sre_view");
    assert!(seen[2].native::<redox::OrganizationMembership>().is_some());
    assert!(seen[2].native::<harness::RoleAssignmentResponse>().is_none());
    Ok(())
}

#[tokio::test]
async fn harness_projects_of_one_identifier_are_told_apart() -> Outcome {
    let fake = HarnessFake::start().await?;
    let client = fake.client()?;
    let wanted = harness::NewRoleAssignment::unnamed("r", "g", harness::Principal::user("u"))?;
    let (one, other) = (client.org("one"), client.org("other"));
    let places = [
        client.account().role_assignments(),
        one.role_assignments(),
        one.project("shop").role_assignments(),
        other.project("shop").role_assignments(),
    ];
    let mut scopes: Vec<Scope> = Vec::new();
    for assignments in places {
        assignments.create(&wanted).await?;
        let all = assignments.read_assignments().try_collect().await?;
        scopes.extend(all.into_iter().map(|assignment| assignment.scope));
    }
    let texts: Vec<_> = scopes.iter().map(|one| (one.kind.clone(), one.id.as_deref())).collect();
    let project = (Some(ScopeKind::Project), Some("shop"));
    assert_eq!(
        texts,
        [
            (Some(ScopeKind::Account), None),
            (Some(ScopeKind::Organization), Some("one")),
            project.clone(),
            project,
        ]
    );
    assert_ne!(scopes[2], scopes[3], "each lies in an organization of its own");
    assert_eq!(scopes[2].within.as_deref(), Some(&scopes[1]));
    let other = scopes[3].within.as_deref().ok_or("it lies in one")?;
    assert_eq!((&other.kind, other.id.as_deref()), (&scopes[1].kind, Some("other")));
    Ok(())
}

#[tokio::test]
async fn one_loop_reads_the_roles_everywhere() -> Outcome {
    let chat = TwilioChatFake::start().await?;
    let chat_roles = chat.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles();
    chat_roles.create(&twilio::chat::NewRole::new("reader", "channel", ["leaveChannel"])?).await?;
    let fake = DeepsetFake::start().await?;
    let deepset_roles = fake.client()?.organization(DeepsetFake::ORGANIZATION).roles();
    let permissions = [deepset::Permission::new("files", "read")];
    deepset_roles.create(&deepset::NewRole::new("auditor", "", permissions)).await?;

    let services: [&dyn ReadRoles; 2] = [&chat_roles, &deepset_roles];
    let mut seen = Vec::new();
    for service in services {
        seen.extend(service.read_roles().try_collect().await?);
    }
    let texts: Vec<_> = seen
        .iter()
        .map(|role| (role.name.as_deref(), role.permissions.clone().unwrap_or_default()))
        .collect();
    assert_eq!(
        texts,
        [
            (Some("reader"), vec!["leaveChannel".to_owned()]),
            (Some("auditor"), vec!["files:read".to_owned()]),
        ]
    );
    assert!(seen[0].native::<twilio::chat::Role>().is_some());
    assert!(seen[1].native::<deepset::Role>().is_some());
    Ok(())
}
