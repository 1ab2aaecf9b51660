//! Lists all access of one person at Harness, including access through user groups, by e-mail
//! address.
//!
//! `cargo run --example harness_access_of_a_person` needs no account: it starts a fake with a
//! person in it on this machine. With an e-mail address as argument and the variable
//! `HARNESS_API_KEY` it reads the access of that person. It changes nothing.

use rolecall::harness::{
    AggregateScope, Harness, NewRoleAssignment, Principal, PrincipalType, RoleAssignmentAggregate,
    RoleAssignmentSearch, ScopeLevel, UserFilter, UserGroupFilter, UserGroupFilterType,
};
use rolecall::testing::HarnessFake;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    if let Some(email) = std::env::args().nth(1) {
        return report(&Harness::from_env()?, &email).await;
    }
    let fake = HarnessFake::start().await?;
    let harness = fake.client()?;
    give_access(&fake, &harness).await?;
    report(&harness, "dev@example.com").await?;
    report(&harness, "unknown@example.com").await
}

async fn report(harness: &Harness, email: &str) -> Outcome {
    let account = harness.account();
    let filter = UserFilter::new().emails([email]);
    let mut users = account.users().search(&filter).items();
    let Some(user) = users.next().await.transpose()? else {
        println!("{email}: no such user, or none that this API key may view");
        return Ok(());
    };
    println!("{email} is {} ({})", user.name.as_deref().unwrap_or("nameless"), user.uuid);

    let groups = UserGroupFilter::new()
        .users([user.uuid.as_str()])
        .filter_type(UserGroupFilterType::IncludeChildScopeGroups);
    let mut groups = account.user_groups().filter(&groups).items();
    while let Some(group) = groups.next().await.transpose()? {
        println!("  member of {}", group.name.as_deref().unwrap_or(group.identifier.as_str()));
    }

    // One search of the whole account: the service follows the groups.
    let filter = RoleAssignmentSearch::new().principal(Principal::user(user.uuid.as_str()));
    let mut held = account.role_assignments().search(&filter).page_size(100).items();
    while let Some(held) = held.next().await.transpose()? {
        println!("  {}", line(&held));
    }
    // A list leaves out what the caller may not view, without any sign.
    println!("  (as far as this API key may view it)");
    Ok(())
}

fn line(held: &RoleAssignmentAggregate) -> String {
    let role = held.role_name().or(held.role_identifier()).unwrap_or("an unknown role");
    let resources = held.resource_group.as_ref();
    let resources =
        resources.and_then(|group| group.name.as_deref().or(group.identifier.as_deref()));
    let through = match &held.principal {
        Some(who) if who.kind == Some(PrincipalType::UserGroup) => {
            let group = who.name.as_deref().or(who.identifier.as_deref());
            format!(", through the group {}", group.unwrap_or_default())
        }
        _ => String::new(),
    };
    let disabled = if held.disabled == Some(true) { ", disabled" } else { "" };
    let (scope, over) = (place(held.scope.as_ref()), resources.unwrap_or_default());
    format!("{role} in {scope} over {over}{through}{disabled}")
}

fn place(scope: Option<&AggregateScope>) -> String {
    let parts = scope.map(|scope| [&scope.org_identifier, &scope.project_identifier]);
    let parts: Vec<&str> = parts.into_iter().flatten().filter_map(Option::as_deref).collect();
    if parts.is_empty() { "the account".to_owned() } else { parts.join("/") }
}

/// What there is to find in the fake.
async fn give_access(fake: &HarnessFake, harness: &Harness) -> Outcome {
    let user = fake.add_user("account", "dev@example.com", "A developer");
    fake.add_user_group("account", "auditors", [&user]);
    fake.add_user_group("orgs/platform", "sre", [&user]);
    fake.add_user_group("orgs/sales", "sellers", ["another"]);
    let (account, platform) = (harness.account(), harness.org("platform"));
    let auditors = Principal::user_group("auditors").scope_level(ScopeLevel::Account);
    let of_account = "_all_account_level_resources";
    let of_org = "_all_organization_level_resources";
    let of_project = "_all_project_level_resources";
    for (scope, role, over, principal) in [
        (&account, "_account_viewer", of_account, Principal::user(&user)),
        (&platform, "_organization_admin", of_org, Principal::user_group("sre")),
        (&platform.project("web"), "_project_viewer", of_project, auditors),
        (&harness.org("sales"), "_organization_viewer", of_org, Principal::user_group("sellers")),
    ] {
        let new = NewRoleAssignment::unnamed(role, over, principal)?;
        scope.role_assignments().create(&new).await?;
    }
    Ok(())
}
