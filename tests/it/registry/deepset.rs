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

/// Of a response to an invitation no form is documented.
fn any_body(invitation: Endpoint) -> Endpoint {
    Endpoint { may_be_blank: true, ..invitation }
}

/// What stands for any response to an invitation.
const ANY: &str = r#"{"any":"body"}"#;

pub(super) fn all() -> Vec<Endpoint> {
    // Of two, as the fixtures say, one is not all.
    let alone = |page: &str| last(&last(page, "/has_more", false.into()), "/total", 1.into());
    let new = || {
        let permissions = [
            Permission::new(Asset::Files, Action::Read),
            Permission::new(Asset::All, Action::Write),
            Permission::new("brand_new", "execute"),
        ];
        NewRole::new("auditor", "Reads \"all\"", permissions)
    };
    let mut all = vec![
        endpoint(roles, fixture!("deepset/role.full.json"), move |it| it.create(&new())).with(
            "",
            "deepset/create.request.http",
            "Deepset::organization(…).roles().create(…)",
        ),
        endpoint(client, fixture!("deepset/user.full.json"), |it| it.me())
            .with("", "deepset/me.request.http", "Deepset::me()")
            .mark("observed"),
        any_body(endpoint(organization, ANY, |it| {
            let id = WorkspaceId::new("7f0c1f5e-0000-4000-a000-000000000001");
            it.invite(&invitation("Member").workspace_ids([id.expect("it is a UUID")]))
        }))
        .with("", "deepset/invite.request.http", "Deepset::organization(…).invite(…)"),
        any_body(endpoint(workspace, ANY, |it| it.invite(&invitation("EDITOR"))))
            .with("", "deepset/invite_to_workspace.request.http", "Deepset::workspace(…).invite(…)")
            .mark("request line documented, body inferred"),
    ];
    let page = alone(fixture!("deepset/roles.full.json"));
    let [first, items] = list(roles, page, |it| it.list());
    let method = "Deepset::organization(…).roles().list()";
    let mark = "request documented, response inferred";
    all.push(first.with("", "deepset/list.request.http", method).mark(mark));
    all.push(items);
    let page = alone(fixture!("deepset/users.full.json"));
    let [first, items] = list(client, page, |it| it.users().list());
    let mark = "request documented, response observed";
    all.push(first.with("", "deepset/users.request.http", "Deepset::users().list()").mark(mark));
    all.push(items);
    all
}
