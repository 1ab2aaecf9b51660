use rolecall::BoxFuture;
use rolecall::auth::{AccessToken, Credential, TokenProvider};
use rolecall::twilio::chat::{self, NewRole, Roles, TwilioChat};
use rolecall::twilio::iam::{
    ApiVersion, Credentials, Email, ListRoleAssignments, NewRoleAssignment, NewUser, Organization,
    TwilioIam, User, UserFilter, UserPatch,
};

use super::*;

const ORGANIZATION: &str = "ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ROLE: &str = "IX00000000000000000000000000000104";
const ASSIGNMENT: &str = "IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Gives out one token again and again.
struct One;

impl TokenProvider for One {
    fn fetch(
        &self,
    ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
        Box::pin(async { Ok(AccessToken::new(secret("obviously-fake-access-token"))) })
    }
}

fn preview(origin: &str, options: ClientOptions) -> Organization {
    let token = Credentials::token(Credential::provider(One));
    let client = TwilioIam::builder(token).base_url(origin).options(options).build();
    client.expect("the client is set up well").organization(ORGANIZATION)
}

fn v2(origin: &str, options: ClientOptions) -> Organization {
    let token = Credentials::token(Credential::provider(One));
    let builder = TwilioIam::builder(token).base_url(origin).api_version(ApiVersion::V2);
    let client = builder.options(options).build();
    client.expect("the client is set up well").own_organization()
}

fn with_secret(origin: &str, options: ClientOptions) -> Organization {
    let client =
        Credentials::client("OQaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", secret("obviously-fake-secret"));
    let builder = TwilioIam::builder(client).base_url(origin);
    let client = builder.token_url(format!("{origin}/v2/token")).options(options).build();
    client.expect("the client is set up well").organization(ORGANIZATION)
}

const TOKEN: Spec = Spec::post("twilio.iam token.create", &[""])
    .success(&[200, 201])
    .idempotency(Idempotency::Safe);

fn assignment() -> NewRoleAssignment {
    NewRoleAssignment::new(ROLE, ACCOUNT, USER).expect("they are SIDs")
}

fn user() -> NewUser {
    NewUser::new("alex.a@example.com")
        .expect("it is a name")
        .external_id("36d02f84-1c1a-4409")
        .display_name("Alex A.")
        .name("Alex", "A.")
        .email(Email::primary("alex.a@example.com").kind("work"))
        .email(Email::other("a@home.example"))
}

/// What both versions have; `$v2` begins the names of the newer one's fixtures.
macro_rules! at {
    ($make:expr, $form:literal, $v2:literal, $list:literal, $page_size:expr) => {{
        let next = "/meta/next_page_url";
        let page = last(fixture!("twilio_iam/assignments.full.json"), next, Value::Null);
        let [assignments, all_assignments] =
            list($make, page, |it: &Organization| {
                $page_size(it.role_assignments().list().identity(USER))
            });
        let page = fixture!("twilio_iam/users.full.json");
        let [users, all_users] = list($make, page, |it: &Organization| it.users().list());
        let [by_name, _] = list($make, page, |it: &Organization| {
            it.users().list().filter(UserFilter::user_name("a\"b\\&é@example.com"))
        });
        let a_user = fixture!("twilio_iam/user.full.json");
        [
            endpoint($make, fixture!("twilio_iam/assignment.full.json"), |it| {
                it.role_assignments().create(&assignment())
            })
            .with(
                $form,
                concat!("twilio_iam/", $v2, "create.request.http"),
                "Organization::role_assignments().create(…)",
            ),
            endpoint($make, "", |it| it.role_assignments().delete(ASSIGNMENT)).with(
                $form,
                concat!("twilio_iam/", $v2, "delete_assignment.request.http"),
                "Organization::role_assignments().delete(…)",
            ),
            endpoint($make, a_user, |it| it.users().get(USER)).with(
                $form,
                concat!("twilio_iam/", $v2, "get_user.request.http"),
                "Organization::users().get(…)",
            ),
            endpoint($make, a_user, |it| {
                it.users().create(&user().active(true).locale("fr-FR").timezone("UTC"))
            })
            .with(
                $form,
                concat!("twilio_iam/", $v2, "create_user.request.http"),
                "Organization::users().create(…)",
            ),
            endpoint($make, a_user, |it| {
                let held: User = serde_json::from_str(fixture!("twilio_iam/user.full.json"))
                    .expect("the fixture is a user");
                let new = NewUser::of(&held).expect("it has a name").display_name("Alex B.");
                it.users().update(USER, "W/1", &new)
            })
            .with(
                $form,
                concat!("twilio_iam/", $v2, "update_user.request.http"),
                "Organization::users().update(…)",
            ),
            endpoint($make, a_user, |it| {
                let patch = UserPatch::new()
                    .replace("active", false)
                    .add("emails", serde_json::json!([{"value": "a@home.example"}]))
                    .remove("externalId");
                it.users().patch(USER, "W/1", &patch)
            })
            .with(
                $form,
                concat!("twilio_iam/", $v2, "patch_user.request.http"),
                "Organization::users().patch(…)",
            ),
            endpoint($make, "", |it| it.users().deactivate(USER)).with(
                $form,
                concat!("twilio_iam/", $v2, "deactivate_user.request.http"),
                "Organization::users().deactivate(…)",
            ),
            assignments.with(
                $form,
                concat!("twilio_iam/", $list, ".request.http"),
                "Organization::role_assignments().list()",
            ),
            all_assignments,
            users.with(
                $form,
                concat!("twilio_iam/", $v2, "list_users.request.http"),
                "Organization::users().list()",
            ),
            all_users,
            by_name.with(
                concat!($form, " filtered"),
                concat!("twilio_iam/", $v2, "list_users_by_name.request.http"),
                "Organization::users().list()",
            ),
        ]
    }};
}

pub(super) fn iam() -> Vec<Endpoint> {
    let mut all: Vec<Endpoint> =
        at!(preview, "preview", "", "list_assignments_of_identity", |list: List<
            ListRoleAssignments,
        >| list.page_size(2))
        .into();
    all.push(
        endpoint(preview, fixture!("twilio_iam/assignment.full.json"), |it| {
            it.role_assignments().create(&assignment().resource("service", "some/thing"))
        })
        .with(
            "for a resource",
            "twilio_iam/create_for_resource.request.http",
            "Organization::role_assignments().create(…)",
        ),
    );
    all.push(
        endpoint(preview, fixture!("twilio_iam/account.full.json"), |it| {
            it.accounts().get(ACCOUNT)
        })
        .with(
            "",
            "twilio_iam/get_account.request.http",
            "Organization::accounts().get(…)",
        ),
    );
    let page = fixture!("twilio_iam/accounts.full.json");
    let [first, items] = list(preview, page, |it| it.accounts().list().page_size(100));
    let method = "Organization::accounts().list()";
    all.extend([first.with("", "twilio_iam/list_accounts.request.http", method), items]);
    all.extend(at!(v2, "v2", "v2_", "v2_list_assignments", std::convert::identity));
    let page = fixture!("twilio_iam/roles.full.json");
    let [first, items] = list(v2, page, |it| it.roles().list());
    let method = "Organization::roles().list()";
    all.extend([first.with("", "twilio_iam/list_roles.request.http", method), items]);
    let page = fixture!("twilio_iam/permissions.full.json");
    let [first, items] = list(v2, page, |it| it.roles().permissions(ROLE).page_size(100));
    let request = "twilio_iam/list_role_permissions.request.http";
    all.extend([first.with("", request, "Organization::roles().permissions(…)"), items]);
    for endpoint in &mut all {
        endpoint.renews = true;
    }
    all.push(token(
        with_secret,
        (const { &TOKEN }, "/v2/token"),
        fixture!("twilio_iam/token.json"),
        |it| it.role_assignments().create(&assignment()),
    ));
    all
}

fn roles(origin: &str, options: ClientOptions) -> Roles {
    let credentials = chat::Credentials::auth_token(ACCOUNT, secret("obviously-fake-auth-token"));
    let client = TwilioChat::builder(credentials).base_url(origin).options(options).build();
    client.expect("the client is set up well").service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles()
}

pub(super) fn chat() -> Vec<Endpoint> {
    const ROLE: &str = "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let role = fixture!("twilio_chat/role.full.json");
    let next = "/meta/next_page_url";
    let page = last(fixture!("twilio_chat/roles.full.json"), next, Value::Null);
    let [first, items] = list(roles, page, |it| it.list());
    vec![
        endpoint(roles, role, |it| {
            let permissions = ["sendMessage", "leaveChannel", "addMember", "new/1"];
            let new = NewRole::new("channel user & é", "channel", permissions);
            it.create(&new.expect("it is complete"))
        })
        .with(
            "",
            "twilio_chat/create.request.http",
            "TwilioChat::service(…).roles().create(…)",
        ),
        endpoint(roles, role, |it| it.get(ROLE)).with(
            "",
            "twilio_chat/get.request.http",
            "TwilioChat::service(…).roles().get(…)",
        ),
        endpoint(roles, role, |it| it.update(ROLE, ["sendMessage", "new/1 &"])).with(
            "",
            "twilio_chat/update.request.http",
            "TwilioChat::service(…).roles().update(…)",
        ),
        endpoint(roles, "", |it| it.delete(ROLE)).with(
            "",
            "twilio_chat/delete.request.http",
            "TwilioChat::service(…).roles().delete(…)",
        ),
        first.with("", "twilio_chat/list.request.http", "TwilioChat::service(…).roles().list()"),
        items,
    ]
}
