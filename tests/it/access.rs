//! The shared vocabulary over all services.

use rolecall::access::{ReadAssignments, ReadRoles};
use rolecall::testing::{DeepsetFake, Fault, HarnessFake, TwilioChatFake};
use rolecall::{deepset, harness, twilio};

type Outcome = Result<(), Box<dyn std::error::Error>>;

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
async fn harness_projects_of_one_identifier_are_distinct() -> Outcome {
    let fake = HarnessFake::start().await?;
    let client = fake.client()?;
    let wanted = harness::NewRoleAssignment::unnamed("r", "g", harness::Principal::user("u"))?;
    let (one, other) = (client.org("one"), client.org("other"));
    for (scope, expected) in [
        (client.account(), ""),
        (one.clone(), " > organization one"),
        (one.project("shop"), " > organization one > project shop"),
        (other.project("shop"), " > organization other > project shop"),
    ] {
        let assignments = scope.role_assignments();
        assignments.create(&wanted).await?;
        let read = assignments.read_assignments().try_collect().await?;
        let scopes: Vec<_> = read.iter().map(|it| it.scope.to_string()).collect();
        assert_eq!(scopes, [format!("account fakeAccount{expected}")]);
    }
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
        fake.next_on("/api/v1/users", 1, Fault::json(200, page));
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
