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
async fn chat_users_and_members_have_roles_over_what_they_are_in() -> Outcome {
    const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let fake = TwilioChatFake::start().await?;
    let channel = fake.add_channel(SERVICE, "support", "public");
    let service = fake.client()?.service(SERVICE);
    let new = |name, kind: &str| twilio::chat::NewRole::new(name, kind, ["editOwnMessage"]);
    let admin = service.roles().create(&new("admin", "deployment")?).await?.sid.ok_or("no SID")?;
    let reader = service.roles().create(&new("reader", "channel")?).await?.sid.ok_or("no SID")?;
    service.users().create(&twilio::chat::NewUser::new("alice")?.role_sid(&admin)).await?;
    let members = service.channel("support").members();
    members.create(&twilio::chat::NewMember::new("alice")?.role_sid(&reader)).await?;

    let users = service.users();
    let places: [&dyn ReadAssignments; 2] = [&users, &members];
    let mut seen = Vec::new();
    for place in places {
        seen.extend(place.read_assignments().try_collect().await?);
    }
    let expected =
        [(ScopeKind::ChatService, SERVICE, &admin), (ScopeKind::Channel, &channel, &reader)];
    for (one, (kind, id, role)) in seen.iter().zip(expected) {
        assert_eq!(one.principal.kind, Some(PrincipalKind::User));
        assert_eq!(one.principal.id.as_deref(), Some("alice"));
        assert_eq!(one.role.id.as_deref(), Some(role.as_str()));
        assert_eq!((one.scope.kind.as_ref(), one.scope.id.as_deref()), (Some(&kind), Some(id)));
    }
    assert_eq!(seen[1].scope.within.as_deref(), Some(&seen[0].scope));
    let account = seen[0].scope.within.as_ref().and_then(|account| account.id.as_deref());
    assert_eq!(account, Some(TwilioChatFake::ACCOUNT_SID));
    assert!(seen[1].native::<twilio::chat::Member>().is_some());
    Ok(())
}

/// What a user holds through a group names the group; without a user it is the group's own.
#[tokio::test]
async fn harness_search_says_through_which_group_a_role_comes() -> Outcome {
    let fake = HarnessFake::start().await?;
    let user = fake.add_user("account", "user@example.com", "A user");
    fake.add_user_group("orgs/platform", "sre", [&user]);
    let client = fake.client()?;
    for principal in [harness::Principal::user_group("sre"), harness::Principal::user(&user)] {
        let new = harness::NewRoleAssignment::unnamed("viewer", "all", principal)?;
        client.org("platform").role_assignments().create(&new).await?;
    }
    let assignments = client.account().role_assignments();
    let search = |filter| assignments.search(&filter).read_assignments().try_collect();
    let filter = harness::RoleAssignmentSearch::new();
    let of_user = search(filter.clone().principal(harness::Principal::user(&user))).await?;
    let mut via: Vec<_> = of_user
        .iter()
        .map(|it| {
            let group = it.via.as_ref().and_then(|group| group.id.as_deref());
            (it.principal.id.as_deref(), group)
        })
        .collect();
    via.sort_unstable();
    assert_eq!(via, [(Some(&*user), None), (Some(&*user), Some("sre"))]);
    assert_ne!(of_user[0].grant_key(), of_user[1].grant_key());
    let all = search(filter).await?;
    assert!(all.iter().all(|it| it.via.is_none()) && all.len() == 2);
    assert!(all[0].native::<harness::RoleAssignmentAggregate>().is_some());
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
    let texts: Vec<_> = scopes.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "account fakeAccount",
            "account fakeAccount > organization one",
            "account fakeAccount > organization one > project shop",
            "account fakeAccount > organization other > project shop",
        ]
    );
    assert_eq!(scopes[2].within.as_deref(), Some(&scopes[1]));
    Ok(())
}

/// A user of deepset has several roles, so that positions and assignments are not one to one.
#[tokio::test]
async fn deepset_users_are_read_with_their_roles_and_from_a_position() -> Outcome {
    let fake = DeepsetFake::start().await?;
    let users = fake.client()?.users();
    let page = r#"{"data": [
        {"user_id": "u-2", "email": "bob@example.com", "organization": {
            "organization_id": "o-1", "name": "Clinic", "role": 4,
            "workspaces": [{"name": "search", "role": "EDITOR"}, {"name": "chat", "role": "3"}]}},
        {"user_id": "u-1", "given_name": "Ada", "family_name": "", "organization": null},
        {"user_id": "u-3", "organization": ["ADMIN"]},
        {"user_id": "u-4", "organization": {"organization_id": 5, "role": {"name": "ADMIN"}}}
    ], "has_more": false, "total": 4}"#;
    for _ in 0..2 {
        fake.next_on("/api/v1/users", 1, rolecall::testing::Fault::json(200, page));
    }
    let mut items = users.read_assignments();
    let mut seen = vec![items.next().await.ok_or("none")??, items.next().await.ok_or("none")??];
    let inside = items.position().clone();
    while let Some(assignment) = items.next().await {
        seen.push(assignment?);
    }
    let texts: Vec<_> = seen
        .iter()
        .map(|one| (one.principal.id.as_deref(), one.role.name.as_deref(), one.scope.to_string()))
        .collect();
    assert_eq!(
        texts,
        [
            (Some("u-2"), Some("4"), "organization o-1".to_owned()),
            (Some("u-2"), Some("EDITOR"), "organization o-1 > workspace \"search\"".to_owned()),
            (Some("u-2"), Some("3"), "organization o-1 > workspace \"chat\"".to_owned()),
            (Some("u-1"), None, "organization".to_owned()),
            (Some("u-3"), Some("[\"ADMIN\"]"), "organization".to_owned()),
            (Some("u-4"), Some("{\"name\":\"ADMIN\"}"), "organization 5".to_owned()),
        ]
    );
    assert_eq!(seen[3].principal.name.as_deref(), Some("Ada"));
    // Inside one user it is the user's: nothing is lost.
    let resumed = users.read_assignments_from(Some(&inside)).try_collect().await?;
    assert_eq!(resumed, seen);
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
        .map(|role| (role.role.name.as_deref(), role.permissions.clone().unwrap_or_default()))
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
