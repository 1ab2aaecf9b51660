use rolecall::redox::{
    Environment, NewRoleAssignment, Organization, Redox, RedoxBuilder, RoleRef, UserRef,
};

use super::*;

fn build(builder: RedoxBuilder, origin: &str, options: ClientOptions) -> Redox {
    let builder = builder.base_url(format!("{origin}/platform")).options(options);
    builder.build().expect("the client is set up well")
}

fn client(origin: &str, options: ClientOptions) -> Redox {
    build(Redox::builder(secret("obviously-fake-redox-token")), origin, options)
}

fn organization(origin: &str, options: ClientOptions) -> Organization {
    client(origin, options).organization("org/7")
}

fn environment(origin: &str, options: ClientOptions) -> Environment {
    client(origin, options).environment("env/9")
}

fn user() -> UserRef {
    UserRef::new("user-id", "A. User").expect("it is not empty")
}

fn member(role: &str) -> NewRoleAssignment {
    NewRoleAssignment::new(RoleRef::new("role-uuid", role).expect("it is not empty"), user())
}

pub(super) fn all() -> Vec<Endpoint> {
    let assigned = fixture!("redox/assigned.full.json");
    let mut all = vec![
        endpoint(organization, assigned, |it| it.role_assignments().assign(&member("member")))
            .with(
                "",
                "redox/assign.request.http",
                "Redox::organization(…).role_assignments().assign(…)",
            ),
        endpoint(environment, assigned, |it| it.role_assignments().create(&member("engineer")))
            .with(
                "",
                "redox/environment_create.request.http",
                "Redox::environment(…).role_assignments().create(…)",
            )
            .mark("page documented, method and path inferred"),
        endpoint(environment, assigned, |it| it.role_assignments().assign(&member("engineer")))
            .with(
                "",
                "redox/environment_assign.request.http",
                "Redox::environment(…).role_assignments().assign(…)",
            ),
        endpoint(environment, assigned, |it| it.role_assignments().delete(&user())).with(
            "",
            "redox/environment_delete.request.http",
            "Redox::environment(…).role_assignments().delete(…)",
        ),
        endpoint(organization, assigned, |it| it.role_assignments().remove_member(&user()))
            .with(
                "",
                "redox/remove_member.request.http",
                "Redox::organization(…).role_assignments().remove_member(…)",
            )
            .mark("operation documented, method and path inferred"),
    ];
    let page = fixture!("redox/memberships.full.json");
    let [first, items] = list(organization, page, |it| it.role_assignments().list());
    let method = "Redox::organization(…).role_assignments().list()";
    all.extend([first.with("", "redox/list.request.http", method), items]);
    let page = fixture!("redox/environments.full.json");
    let [first, items] = list(organization, page, |it| it.environments().list());
    let method = "Redox::organization(…).environments().list()";
    all.extend([first.with("", "redox/list_environments.request.http", method), items]);
    let page = fixture!("redox/environment_memberships.full.json");
    let [first, items] = list(environment, page, |it| it.role_assignments().list());
    let method = "Redox::environment(…).role_assignments().list()";
    all.extend([first.with("", "redox/environment_list.request.http", method), items]);
    let page = last(fixture!("redox/audit_events.full.json"), "/meta/page/links/next", Value::Null);
    let [first, items] = list(organization, page, |it| {
        let list = it.audit_events().list().user_id(56).status("success");
        list.start_date_time("2026-04-01T00:00:00Z").page_size(1)
    });
    let method = "Redox::organization(…).audit_events().list()";
    all.extend([first.with("", "redox/audit_events.request.http", method), items]);
    #[cfg(feature = "redox-jwt")]
    all.push(token(
        with_key,
        (const { &TOKEN }, "/v2/auth/token"),
        fixture!("redox/token.json"),
        |it| it.role_assignments().assign(&member("member")),
    ));
    all
}

#[cfg(feature = "redox-jwt")]
const TOKEN: Spec =
    Spec::post("redox token.create", &[""]).success(&[200, 201]).idempotency(Idempotency::Safe);

#[cfg(feature = "redox-jwt")]
fn with_key(origin: &str, options: ClientOptions) -> Organization {
    let key = fixture!("redox/keys/p384.pem");
    let key = rolecall::redox::ApiKey::from_pem("fake-client", "fake-key", key);
    let builder = Redox::builder(key.expect("it is a key"));
    build(builder.token_url(format!("{origin}/v2/auth/token")), origin, options)
        .organization("org/7")
}
