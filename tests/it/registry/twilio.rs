use rolecall::BoxFuture;
use rolecall::auth::{AccessToken, Credential, TokenProvider};
use rolecall::twilio::chat::{
    self, Channel, MemberUpdate, NewInvite, NewMember, NewRole, RoleSid, Service, TwilioChat,
    UserUpdate,
};
use rolecall::twilio::conversations::{
    self, Identity, NewParticipant, ParticipantUpdate, TwilioConversations,
};
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

fn chat_client(origin: &str, options: ClientOptions) -> TwilioChat {
    let credentials = chat::Credentials::auth_token(ACCOUNT, secret("obviously-fake-auth-token"));
    let client = TwilioChat::builder(credentials).base_url(origin).options(options).build();
    client.expect("the client is set up well")
}

fn chat_service(origin: &str, options: ClientOptions) -> Service {
    chat_client(origin, options).service(SERVICE)
}

const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const CHANNEL: &str = "CHaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const CHAT_ROLE: &str = "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const MEMBER: &str = "MBaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const INVITE: &str = "INaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// A name that is encoded in paths and forms.
const NAMED: &str = "alice/b é@x.example";
const ATTRIBUTES: &str = r#"{"team":"a & é"}"#;

fn role_sid() -> RoleSid {
    RoleSid::new(CHAT_ROLE).expect("it is a SID")
}

/// A page of Chat or Conversations, as the last one.
fn last_page(page: &str) -> String {
    last(page, "/meta/next_page_url", Value::Null)
}

pub(super) fn chat() -> Vec<Endpoint> {
    [chat_roles(), chat_users(), chat_members(), chat_invites(), chat_others()].concat()
}

fn chat_roles() -> Vec<Endpoint> {
    let role = fixture!("twilio_chat/role.full.json");
    let page = last_page(fixture!("twilio_chat/roles.full.json"));
    let [first, items] = list(chat_service, page, |it| it.roles().list());
    let create = endpoint(chat_service, role, |it| {
        let permissions = ["sendMessage", "leaveChannel", "addMember", "new/1"];
        let new = NewRole::new("channel user & é", "channel", permissions);
        it.roles().create(&new.expect("it is complete"))
    });
    let get = endpoint(chat_service, role, |it| it.roles().get(CHAT_ROLE));
    let update =
        endpoint(chat_service, role, |it| it.roles().update(CHAT_ROLE, ["sendMessage", "new/1 &"]));
    let delete = endpoint(chat_service, "", |it| it.roles().delete(CHAT_ROLE));
    vec![
        create.with(
            "",
            "twilio_chat/create.request.http",
            "TwilioChat::service(…).roles().create(…)",
        ),
        get.with("", "twilio_chat/get.request.http", "TwilioChat::service(…).roles().get(…)"),
        update.with(
            "",
            "twilio_chat/update.request.http",
            "TwilioChat::service(…).roles().update(…)",
        ),
        delete.with(
            "",
            "twilio_chat/delete.request.http",
            "TwilioChat::service(…).roles().delete(…)",
        ),
        first.with("", "twilio_chat/list.request.http", "TwilioChat::service(…).roles().list()"),
        items,
    ]
}

fn chat_users() -> Vec<Endpoint> {
    let user = fixture!("twilio_chat/user.full.json");
    let page = last_page(fixture!("twilio_chat/users.full.json"));
    let [first, items] = list(chat_service, page, |it| it.users().list());
    let page = last_page(fixture!("twilio_chat/user_channels.full.json"));
    let [channels, all_channels] = list(chat_service, page, |it| it.users().channels(USER));
    let create = endpoint(chat_service, user, |it| {
        let new = chat::NewUser::new(NAMED).expect("it is an identity").role_sid(role_sid());
        let new = new.attributes(ATTRIBUTES).friendly_name("Alice B.");
        it.users().webhook_enabled(true).create(&new)
    });
    let get = endpoint(chat_service, user, |it| it.users().get(NAMED));
    let update = endpoint(chat_service, user, |it| {
        let update = UserUpdate::default().role_sid(role_sid());
        let update = update.attributes(ATTRIBUTES).friendly_name("Alice B.");
        it.users().webhook_enabled(true).update(USER, &update)
    });
    let set_role = endpoint(chat_service, user, |it| it.users().set_role(USER, CHAT_ROLE));
    let delete = endpoint(chat_service, "", |it| it.users().webhook_enabled(true).delete(USER));
    vec![
        create.with(
            "",
            "twilio_chat/users_create.request.http",
            "TwilioChat::service(…).users().create(…)",
        ),
        get.with("", "twilio_chat/users_get.request.http", "TwilioChat::service(…).users().get(…)"),
        update.with(
            "",
            "twilio_chat/users_update.request.http",
            "TwilioChat::service(…).users().update(…)",
        ),
        set_role.with(
            "",
            "twilio_chat/users_set_role.request.http",
            "TwilioChat::service(…).users().set_role(…)",
        ),
        delete.with(
            "",
            "twilio_chat/users_delete.request.http",
            "TwilioChat::service(…).users().delete(…)",
        ),
        first.with(
            "",
            "twilio_chat/users_list.request.http",
            "TwilioChat::service(…).users().list()",
        ),
        items,
        channels.with(
            "",
            "twilio_chat/users_channels.request.http",
            "TwilioChat::service(…).users().channels(…)",
        ),
        all_channels,
    ]
}

fn chat_channel(origin: &str, options: ClientOptions) -> Channel {
    chat_service(origin, options).channel("general & é")
}

fn chat_members() -> Vec<Endpoint> {
    let member = fixture!("twilio_chat/member.full.json");
    let page = last_page(fixture!("twilio_chat/members.full.json"));
    let [filtered, _] = list(chat_channel, page.clone(), |it| {
        it.members().list().identity("alice").identity("bo & é")
    });
    let [first, items] = list(chat_channel, page, |it| it.members().list());
    let create = endpoint(chat_channel, member, |it| {
        let new = NewMember::new(NAMED).expect("it is an identity").role_sid(role_sid());
        it.members().create(&new.attributes(ATTRIBUTES))
    });
    let get = endpoint(chat_channel, member, |it| it.members().get(NAMED));
    let update = endpoint(chat_channel, member, |it| {
        let update = MemberUpdate::default().role_sid(role_sid()).attributes(ATTRIBUTES);
        it.members().update(MEMBER, &update)
    });
    let set_role = endpoint(chat_channel, member, |it| {
        it.members().webhook_enabled(true).set_role(MEMBER, CHAT_ROLE)
    });
    let delete = endpoint(chat_channel, "", |it| it.members().webhook_enabled(true).delete(MEMBER));
    vec![
        create.with(
            "",
            "twilio_chat/members_create.request.http",
            "….channel(…).members().create(…)",
        ),
        get.with("", "twilio_chat/members_get.request.http", "….channel(…).members().get(…)"),
        update.with(
            "",
            "twilio_chat/members_update.request.http",
            "….channel(…).members().update(…)",
        ),
        set_role.with(
            "",
            "twilio_chat/members_set_role.request.http",
            "….channel(…).members().set_role(…)",
        ),
        delete.with(
            "",
            "twilio_chat/members_delete.request.http",
            "….channel(…).members().delete(…)",
        ),
        first.with("", "twilio_chat/members_list.request.http", "….channel(…).members().list()"),
        items,
        filtered.with(
            "of identities",
            "twilio_chat/members_list_of_identities.request.http",
            "….channel(…).members().list()",
        ),
    ]
}

fn chat_invites() -> Vec<Endpoint> {
    fn channel(origin: &str, options: ClientOptions) -> Channel {
        chat_service(origin, options).channel(CHANNEL)
    }
    let invite = fixture!("twilio_chat/invite.full.json");
    let page = last_page(fixture!("twilio_chat/invites.full.json"));
    let [first, items] = list(channel, page, |it| it.invites().list().identity("alice"));
    let create = endpoint(channel, invite, |it| {
        let new = NewInvite::new("alice").expect("it is an identity");
        it.invites().create(&new.role_sid(role_sid()))
    });
    let get = endpoint(channel, invite, |it| it.invites().get(INVITE));
    let delete = endpoint(channel, "", |it| it.invites().delete(INVITE));
    vec![
        create.with(
            "",
            "twilio_chat/invites_create.request.http",
            "….channel(…).invites().create(…)",
        ),
        get.with("", "twilio_chat/invites_get.request.http", "….channel(…).invites().get(…)"),
        delete.with(
            "",
            "twilio_chat/invites_delete.request.http",
            "….channel(…).invites().delete(…)",
        ),
        first.with("", "twilio_chat/invites_list.request.http", "….channel(…).invites().list()"),
        items,
    ]
}

fn chat_others() -> Vec<Endpoint> {
    let page = last_page(fixture!("twilio_chat/channels.full.json"));
    let [channels, all_channels] = list(chat_service, page, |it| it.channels().list());
    let page = last_page(fixture!("twilio_chat/services.full.json"));
    let [services, all_services] = list(chat_client, page, |it| it.services().list());
    let service = fixture!("twilio_chat/service.full.json");
    let get = endpoint(chat_service, service, Service::get);
    let update = endpoint(chat_service, service, |it| {
        let sid = |digit: &str| RoleSid::new(format!("RL{}", digit.repeat(32)));
        let sid = |digit| sid(digit).expect("it is a SID");
        let defaults = chat::DefaultRoles::default().service(sid("a")).channel(sid("b"));
        it.update_default_roles(&defaults.channel_creator(sid("c")))
    });
    vec![
        channels.with(
            "",
            "twilio_chat/channels_list.request.http",
            "TwilioChat::service(…).channels().list()",
        ),
        all_channels,
        services.with(
            "",
            "twilio_chat/services_list.request.http",
            "TwilioChat::services().list()",
        ),
        all_services,
        get.with("", "twilio_chat/service_get.request.http", "TwilioChat::service(…).get()"),
        update.with(
            "",
            "twilio_chat/service_update_default_roles.request.http",
            "TwilioChat::service(…).update_default_roles(…)",
        ),
    ]
}

fn conversations(origin: &str, options: ClientOptions) -> TwilioConversations {
    let credentials = chat::Credentials::auth_token(ACCOUNT, secret("obviously-fake-auth-token"));
    let builder = TwilioConversations::builder(credentials).base_url(origin).options(options);
    builder.build().expect("the client is set up well")
}

fn default_service(origin: &str, options: ClientOptions) -> conversations::Service {
    conversations(origin, options).default_service()
}

fn named_service(origin: &str, options: ClientOptions) -> conversations::Service {
    conversations(origin, options).service(SERVICE)
}

/// What the default service and a named one have; `$prefix` begins the names of the fixtures.
macro_rules! conversations_at {
    ($make:expr, $form:literal, $prefix:literal) => {{
        /// The fixture of a request.
        macro_rules! request {
            ($name:literal) => {
                concat!("twilio_conversations/", $prefix, $name, ".request.http")
            };
        }
        let role = fixture!("twilio_conversations/role.full.json");
        let user = fixture!("twilio_conversations/user.full.json");
        let participant = fixture!("twilio_conversations/participant.full.json");
        let page = last_page(fixture!("twilio_conversations/roles.full.json"));
        let [roles, all_roles] = list($make, page, |it| it.roles().list());
        let page = last_page(fixture!("twilio_conversations/users.full.json"));
        let [users, all_users] = list($make, page, |it| it.users().list());
        let page = last_page(fixture!("twilio_conversations/participants.full.json"));
        let [participants, all_participants] =
            list($make, page, |it| it.conversation(CHANNEL).participants().list());
        let page = last_page(fixture!("twilio_conversations/conversations.full.json"));
        let [all, every] = list($make, page, |it| it.conversations().list());
        let page = last_page(fixture!("twilio_conversations/user_conversations.full.json"));
        let [own, every_own] = list($make, page, |it| it.users().conversations(USER));
        let participants_of = |it: &conversations::Service| it.conversation(CHANNEL).participants();
        vec![
            endpoint($make, role, |it| {
                let new = NewRole::new("role & é", "conversation", ["sendMessage", "new/1"]);
                it.roles().create(&new.expect("it is complete"))
            })
            .with($form, request!("roles_create"), "….roles().create(…)"),
            endpoint($make, role, |it| it.roles().get(CHAT_ROLE)).with(
                $form,
                request!("roles_get"),
                "….roles().get(…)",
            ),
            endpoint($make, role, |it| it.roles().update(CHAT_ROLE, ["sendMessage", "new/1 &"]))
                .with($form, request!("roles_update"), "….roles().update(…)"),
            endpoint($make, "", |it| it.roles().delete(CHAT_ROLE)).with(
                $form,
                request!("roles_delete"),
                "….roles().delete(…)",
            ),
            roles.with($form, request!("roles_list"), "….roles().list()"),
            all_roles,
            endpoint($make, user, |it| {
                let new = chat::NewUser::new(NAMED).expect("it is an identity");
                let new = new.role_sid(role_sid()).attributes(ATTRIBUTES);
                it.users().webhook_enabled(true).create(&new.friendly_name("Alice B."))
            })
            .with($form, request!("users_create"), "….users().create(…)"),
            endpoint($make, user, |it| it.users().get(NAMED)).with(
                $form,
                request!("users_get"),
                "….users().get(…)",
            ),
            endpoint($make, user, |it| {
                let update = UserUpdate::default().role_sid(role_sid()).attributes(ATTRIBUTES);
                it.users().update(USER, &update.friendly_name("Alice B."))
            })
            .with($form, request!("users_update"), "….users().update(…)"),
            endpoint($make, user, |it| it.users().set_role(USER, CHAT_ROLE)).with(
                $form,
                request!("users_set_role"),
                "….users().set_role(…)",
            ),
            endpoint($make, "", |it| it.users().webhook_enabled(true).delete(USER)).with(
                $form,
                request!("users_delete"),
                "….users().delete(…)",
            ),
            users.with($form, request!("users_list"), "….users().list()"),
            all_users,
            own.with($form, request!("users_conversations"), "….users().conversations(…)"),
            every_own,
            endpoint($make, participant, move |it| {
                let new = NewParticipant::chat(NAMED).expect("it is an identity");
                let new = new.role_sid(role_sid()).attributes(ATTRIBUTES);
                participants_of(it).webhook_enabled(true).create(&new)
            })
            .with(
                $form,
                request!("participants_create"),
                "….participants().create(…)",
            ),
            endpoint($make, participant, move |it| {
                let new = NewParticipant::phone("+15005550006", "+15005550001");
                let new = new.expect("they are not empty").projected_address("+15005550002");
                participants_of(it).create(&new)
            })
            .with(
                concat!($form, " by phone"),
                request!("participants_create_by_phone"),
                "….participants().create(…)",
            ),
            endpoint($make, participant, move |it| participants_of(it).get(NAMED)).with(
                $form,
                request!("participants_get"),
                "….participants().get(…)",
            ),
            endpoint($make, participant, move |it| {
                let alice = Identity::new("alice").expect("it is an identity");
                let update = ParticipantUpdate::default().role_sid(role_sid()).identity(alice);
                participants_of(it).update(MEMBER, &update.attributes(ATTRIBUTES))
            })
            .with(
                $form,
                request!("participants_update"),
                "….participants().update(…)",
            ),
            endpoint($make, participant, move |it| participants_of(it).set_role(MEMBER, CHAT_ROLE))
                .with($form, request!("participants_set_role"), "….participants().set_role(…)"),
            endpoint($make, "", move |it| participants_of(it).webhook_enabled(true).delete(MEMBER))
                .with($form, request!("participants_delete"), "….participants().delete(…)"),
            participants.with($form, request!("participants_list"), "….participants().list()"),
            all_participants,
            all.with($form, request!("conversations_list"), "….conversations().list()"),
            every,
        ]
    }};
}

pub(super) fn all_conversations() -> Vec<Endpoint> {
    let mut all = conversations_at!(default_service, "default service", "default_");
    all.extend(conversations_at!(named_service, "named service", ""));
    let page = last_page(fixture!("twilio_conversations/services.full.json"));
    let [services, every] = list(conversations, page, |it| it.services().list());
    let global = fixture!("twilio_conversations/global_configuration.full.json");
    let service = fixture!("twilio_conversations/service.full.json");
    let configuration = fixture!("twilio_conversations/configuration.full.json");
    let update = endpoint(named_service, configuration, |it| {
        let sid = |digit: &str| RoleSid::new(format!("RL{}", digit.repeat(32)));
        let sid = |digit| sid(digit).expect("it is a SID");
        let defaults = conversations::DefaultRoles::default().service(sid("a"));
        let defaults = defaults.conversation(sid("b")).conversation_creator(sid("c"));
        it.update_default_roles(&defaults)
    });
    all.extend([
        services.with(
            "",
            "twilio_conversations/services_list.request.http",
            "TwilioConversations::services().list()",
        ),
        every,
        endpoint(conversations, global, TwilioConversations::configuration).with(
            "",
            "twilio_conversations/configuration_get.request.http",
            "TwilioConversations::configuration()",
        ),
        endpoint(named_service, service, conversations::Service::get).with(
            "",
            "twilio_conversations/service_get.request.http",
            "TwilioConversations::service(…).get()",
        ),
        endpoint(named_service, configuration, conversations::Service::configuration).with(
            "",
            "twilio_conversations/service_configuration.request.http",
            "TwilioConversations::service(…).configuration()",
        ),
        update.with(
            "",
            "twilio_conversations/service_update_default_roles.request.http",
            "TwilioConversations::service(…).update_default_roles(…)",
        ),
    ]);
    all
}
