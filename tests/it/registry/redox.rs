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
    let events =
        last(fixture!("redox/audit_events.full.json"), "/meta/page/links/next", Value::Null);
    let organization = Entries::new(organization, "Redox::organization(…).", "redox/*")
        .call("role_assignments().assign(…)", "assign", assigned, |it| {
            it.role_assignments().assign(&member("member"))
        })
        .call("role_assignments().remove_member(…)", "remove_member", assigned, |it| {
            it.role_assignments().remove_member(&user())
        })
        .mark("operation documented, method and path inferred")
        .list("role_assignments().list()", "list", fixture!("redox/memberships.full.json"), |it| {
            it.role_assignments().list()
        })
        .list(
            "environments().list()",
            "list_environments",
            fixture!("redox/environments.full.json"),
            |it| it.environments().list(),
        )
        .list("audit_events().list()", "audit_events", events, |it| {
            let list = it.audit_events().list().user_id(56).status("success");
            list.start_date_time("2026-04-01T00:00:00Z").page_size(1)
        });
    let handle = "Redox::environment(…).role_assignments()";
    let environment = Entries::new(environment, handle, "redox/environment_*")
        .call(".create(…)", "create", assigned, |it| {
            it.role_assignments().create(&member("engineer"))
        })
        .mark("page documented, method and path inferred")
        .call(".assign(…)", "assign", assigned, |it| {
            it.role_assignments().assign(&member("engineer"))
        })
        .call(".delete(…)", "delete", assigned, |it| it.role_assignments().delete(&user()))
        .list(".list()", "list", fixture!("redox/environment_memberships.full.json"), |it| {
            it.role_assignments().list()
        });
    let token: &[Endpoint] = &[
        #[cfg(feature = "redox-jwt")]
        token(with_key, (const { &TOKEN }, "/v2/auth/token"), fixture!("redox/token.json"), |it| {
            it.role_assignments().assign(&member("member"))
        }),
    ];
    [&organization.all[..], &environment.all, token].concat()
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
