use rolecall::Deepset;
use rolecall::deepset::{Action, Asset, NewRole, Permission, Roles};

use super::*;

fn client(origin: &str, options: ClientOptions) -> Deepset {
    let builder = Deepset::builder(secret("api_obviously-fake-deepset-key"))
        .base_url(origin)
        .options(options);
    builder.build().expect("the client is set up well")
}

fn roles(origin: &str, options: ClientOptions) -> Roles {
    client(origin, options).organization("7f0c1f5e-0000-4000-8000-000000000001").roles()
}

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
