use rolecall::Deepset;
use rolecall::deepset::{
    Action, Asset, NewInvitation, NewRole, Organization, Permission, Roles, Workspace, WorkspaceId,
};

use super::*;

fn client(origin: &str, options: ClientOptions) -> Deepset {
    let builder = Deepset::builder(secret("api_obviously-fake-deepset-key"))
        .base_url(origin)
        .options(options);
    builder.build().expect("the client is set up well")
}

fn organization(origin: &str, options: ClientOptions) -> Organization {
    client(origin, options).organization("7f0c1f5e-0000-4000-8000-000000000001")
}

fn roles(origin: &str, options: ClientOptions) -> Roles {
    organization(origin, options).roles()
}

fn workspace(origin: &str, options: ClientOptions) -> Workspace {
    client(origin, options).workspace("a b/c")
}

fn invitation(role: &str) -> NewInvitation {
    NewInvitation::new("a.user@example.com", role, "A.", "User")
}

/// What stands for any response to an invitation: no form is documented.
const ANY: &str = r#"{"any":"body"}"#;

pub(super) fn all() -> Vec<Endpoint> {
    // Of two, as the fixtures say, one is not all.
    let alone = |page: &str| last(&last(page, "/has_more", false.into()), "/total", 1.into());
    let roles = Entries::new(roles, "Deepset::organization(…).roles()", "deepset/*")
        .call(".create(…)", "create", fixture!("deepset/role.full.json"), |it| {
            let permissions = [
                Permission::new(Asset::Files, Action::Read),
                Permission::new(Asset::All, Action::Write),
                Permission::new("brand_new", "execute"),
            ];
            it.create(&NewRole::new("auditor", "Reads \"all\"", permissions))
        })
        .list(".list()", "list", alone(fixture!("deepset/roles.full.json")), |it| it.list())
        .mark("request documented, response inferred");
    let client = Entries::new(client, "Deepset::", "deepset/*")
        .call("me()", "me", fixture!("deepset/user.full.json"), |it| it.me())
        .mark("call documented, response observed")
        .call("users().get(…)", "user", fixture!("deepset/user.full.json"), |it| {
            it.users().get("7f0c1f5e-0000-4000-9000-000000000001")
        })
        .mark("observed")
        .list("users().list()", "users", alone(fixture!("deepset/users.full.json")), |it| {
            it.users().list()
        })
        .mark("request documented, response observed");
    let organization = Entries::new(organization, "Deepset::organization(…).", "deepset/*")
        .call("invite(…)", "invite", ANY, |it| {
            let id = WorkspaceId::new("7f0c1f5e-0000-4000-a000-000000000001");
            it.invite(&invitation("Member").workspace_ids([id.expect("it is a UUID")]))
        })
        .last(|invite| invite.may_be_blank = true);
    let workspace = Entries::new(workspace, "Deepset::workspace(…).", "deepset/*")
        .call("invite(…)", "invite_to_workspace", ANY, |it| it.invite(&invitation("EDITOR")))
        .mark("request line documented, body inferred")
        .last(|invite| invite.may_be_blank = true);
    [roles.all, client.all, organization.all, workspace.all].concat()
}
