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

/// What both versions have.
fn iam_at(
    make: Make<Organization>,
    form: &'static str,
    fixtures: &'static str,
    sized: fn(List<ListRoleAssignments>) -> List<ListRoleAssignments>,
) -> Entries<Organization> {
    let a_user = fixture!("twilio_iam/user.full.json");
    let users = fixture!("twilio_iam/users.full.json");
    let assignments = last_page(fixture!("twilio_iam/assignments.full.json"));
    Entries::new(make, "Organization::", fixtures)
        .form(form)
        .call(
            "role_assignments().create(…)",
            "create",
            fixture!("twilio_iam/assignment.full.json"),
            |it| it.role_assignments().create(&assignment()),
        )
        .call("role_assignments().delete(…)", "delete_assignment", "", |it| {
            it.role_assignments().delete(ASSIGNMENT)
        })
        .list("role_assignments().list()", "list_assignments_of_identity", assignments, move |it| {
            sized(it.role_assignments().list().identity(USER))
        })
        .call("users().get(…)", "get_user", a_user, |it| it.users().get(USER))
        .call("users().create(…)", "create_user", a_user, |it| {
            it.users().create(&user().active(true).locale("fr-FR").timezone("UTC"))
        })
        .call("users().update(…)", "update_user", a_user, |it| {
            let held: User = serde_json::from_str(fixture!("twilio_iam/user.full.json"))
                .expect("the fixture is a user");
            let new = NewUser::of(&held).expect("it has a name").display_name("Alex B.");
            it.users().update(USER, "W/1", &new)
        })
        .call("users().patch(…)", "patch_user", a_user, |it| {
            let patch = UserPatch::new()
                .replace("active", false)
                .add("emails", serde_json::json!([{"value": "a@home.example"}]))
                .remove("externalId");
            it.users().patch(USER, "W/1", &patch)
        })
        .call("users().deactivate(…)", "deactivate_user", "", |it| it.users().deactivate(USER))
        .list("users().list()", "list_users", users, |it| it.users().list())
        .list("users().list()", "list_users_by_name", users, |it| {
            it.users().list().filter(UserFilter::user_name("a\"b\\&é@example.com"))
        })
        .variant("filtered")
}

pub(super) fn iam() -> Vec<Endpoint> {
    let assignment_response = fixture!("twilio_iam/assignment.full.json");
    let both = iam_at(preview, "preview", "twilio_iam/*", |list| list.page_size(2));
    let preview = Entries::new(preview, "Organization::", "twilio_iam/*")
        .call("role_assignments().create(…)", "create_for_resource", assignment_response, |it| {
            it.role_assignments().create(&assignment().resource("service", "some/thing"))
        })
        .variant("for a resource")
        .call("accounts().get(…)", "get_account", fixture!("twilio_iam/account.full.json"), |it| {
            it.accounts().get(ACCOUNT)
        })
        .list(
            "accounts().list()",
            "list_accounts",
            fixture!("twilio_iam/accounts.full.json"),
            |it| it.accounts().list().page_size(100),
        );
    let both_in_v2 = iam_at(v2, "v2", "twilio_iam/v2_*", |list| list);
    let permissions = fixture!("twilio_iam/permissions.full.json");
    let v2 = Entries::new(v2, "Organization::", "twilio_iam/*")
        .list("roles().list()", "list_roles", fixture!("twilio_iam/roles.full.json"), |it| {
            it.roles().list()
        })
        .list("roles().permissions(…)", "list_role_permissions", permissions, |it| {
            it.roles().permissions(ROLE).page_size(100)
        });
    let mut all = [both.all, preview.all, both_in_v2.all, v2.all].concat();
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

fn chat_channel(origin: &str, options: ClientOptions) -> Channel {
    chat_service(origin, options).channel("general & é")
}

fn channel_by_sid(origin: &str, options: ClientOptions) -> Channel {
    chat_service(origin, options).channel(CHANNEL)
}

/// Three roles, as default roles.
fn three_roles() -> [RoleSid; 3] {
    ["a", "b", "c"]
        .map(|digit| RoleSid::new(format!("RL{}", digit.repeat(32))).expect("it is a SID"))
}

fn new_user() -> chat::NewUser {
    let new = chat::NewUser::new(NAMED).expect("it is an identity").role_sid(role_sid());
    new.attributes(ATTRIBUTES).friendly_name("Alice B.")
}

fn user_update() -> UserUpdate {
    let update = UserUpdate::default().role_sid(role_sid());
    update.attributes(ATTRIBUTES).friendly_name("Alice B.")
}

pub(super) fn chat() -> Vec<Endpoint> {
    let services = Entries::new(chat_client, "TwilioChat::", "twilio_chat/*").list(
        "services().list()",
        "services_list",
        last_page(fixture!("twilio_chat/services.full.json")),
        |it| it.services().list(),
    );
    [chat_roles(), chat_users(), chat_members(), chat_invites(), services.all].concat()
}

fn chat_roles() -> Vec<Endpoint> {
    let role = fixture!("twilio_chat/role.full.json");
    Entries::new(chat_service, "TwilioChat::service(…).roles()", "twilio_chat/*")
        .call(".create(…)", "create", role, |it| {
            let permissions = ["sendMessage", "leaveChannel", "addMember", "new/1"];
            let new = NewRole::new("channel user & é", "channel", permissions);
            it.roles().create(&new.expect("it is complete"))
        })
        .call(".get(…)", "get", role, |it| it.roles().get(CHAT_ROLE))
        .call(".update(…)", "update", role, |it| {
            it.roles().update(CHAT_ROLE, ["sendMessage", "new/1 &"])
        })
        .call(".delete(…)", "delete", "", |it| it.roles().delete(CHAT_ROLE))
        .list(".list()", "list", last_page(fixture!("twilio_chat/roles.full.json")), |it| {
            it.roles().list()
        })
        .all
}

/// Users, channels, and the service itself.
fn chat_users() -> Vec<Endpoint> {
    let user = fixture!("twilio_chat/user.full.json");
    let users = last_page(fixture!("twilio_chat/users.full.json"));
    let user_channels = last_page(fixture!("twilio_chat/user_channels.full.json"));
    let channels = last_page(fixture!("twilio_chat/channels.full.json"));
    let service = fixture!("twilio_chat/service.full.json");
    Entries::new(chat_service, "TwilioChat::service(…).", "twilio_chat/*")
        .call("users().create(…)", "users_create", user, |it| {
            it.users().webhook_enabled(true).create(&new_user())
        })
        .call("users().get(…)", "users_get", user, |it| it.users().get(NAMED))
        .call("users().update(…)", "users_update", user, |it| {
            it.users().webhook_enabled(true).update(USER, &user_update())
        })
        .call("users().set_role(…)", "users_set_role", user, |it| {
            it.users().set_role(USER, CHAT_ROLE)
        })
        .call("users().delete(…)", "users_delete", "", |it| {
            it.users().webhook_enabled(true).delete(USER)
        })
        .list("users().list()", "users_list", users, |it| it.users().list())
        .list("users().channels(…)", "users_channels", user_channels, |it| {
            it.users().channels(USER)
        })
        .list("channels().list()", "channels_list", channels, |it| it.channels().list())
        .call("get()", "service_get", service, Service::get)
        .call("update_default_roles(…)", "service_update_default_roles", service, |it| {
            let [service, channel, creator] = three_roles();
            let defaults = chat::DefaultRoles::default().service(service).channel(channel);
            it.update_default_roles(&defaults.channel_creator(creator))
        })
        .all
}

fn chat_members() -> Vec<Endpoint> {
    let member = fixture!("twilio_chat/member.full.json");
    let page = last_page(fixture!("twilio_chat/members.full.json"));
    Entries::new(chat_channel, "….channel(…).members()", "twilio_chat/members_*")
        .call(".create(…)", "create", member, |it| {
            let new = NewMember::new(NAMED).expect("it is an identity").role_sid(role_sid());
            it.members().create(&new.attributes(ATTRIBUTES))
        })
        .call(".get(…)", "get", member, |it| it.members().get(NAMED))
        .call(".update(…)", "update", member, |it| {
            let update = MemberUpdate::default().role_sid(role_sid()).attributes(ATTRIBUTES);
            it.members().update(MEMBER, &update)
        })
        .call(".set_role(…)", "set_role", member, |it| {
            it.members().webhook_enabled(true).set_role(MEMBER, CHAT_ROLE)
        })
        .call(".delete(…)", "delete", "", |it| it.members().webhook_enabled(true).delete(MEMBER))
        .list(".list()", "list", page.clone(), |it| it.members().list())
        .list(".list()", "list_of_identities", page, |it| {
            it.members().list().identity("alice").identity("bo & é")
        })
        .variant("of identities")
        .all
}

fn chat_invites() -> Vec<Endpoint> {
    let invite = fixture!("twilio_chat/invite.full.json");
    let page = last_page(fixture!("twilio_chat/invites.full.json"));
    Entries::new(channel_by_sid, "….channel(…).invites()", "twilio_chat/invites_*")
        .call(".create(…)", "create", invite, |it| {
            let new = NewInvite::new("alice").expect("it is an identity");
            it.invites().create(&new.role_sid(role_sid()))
        })
        .call(".get(…)", "get", invite, |it| it.invites().get(INVITE))
        .call(".delete(…)", "delete", "", |it| it.invites().delete(INVITE))
        .list(".list()", "list", page, |it| it.invites().list().identity("alice"))
        .all
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

/// What the default service and a named one have.
fn conversations_at(
    make: Make<conversations::Service>,
    form: &'static str,
    fixtures: &'static str,
) -> Vec<Endpoint> {
    let role = fixture!("twilio_conversations/role.full.json");
    let user = fixture!("twilio_conversations/user.full.json");
    let participant = fixture!("twilio_conversations/participant.full.json");
    let roles = last_page(fixture!("twilio_conversations/roles.full.json"));
    let users = last_page(fixture!("twilio_conversations/users.full.json"));
    let participants = last_page(fixture!("twilio_conversations/participants.full.json"));
    let conversations = last_page(fixture!("twilio_conversations/conversations.full.json"));
    let own = last_page(fixture!("twilio_conversations/user_conversations.full.json"));
    let of = |it: &conversations::Service| it.conversation(CHANNEL).participants();
    Entries::new(make, "….", fixtures)
        .form(form)
        .call("roles().create(…)", "roles_create", role, |it| {
            let new = NewRole::new("role & é", "conversation", ["sendMessage", "new/1"]);
            it.roles().create(&new.expect("it is complete"))
        })
        .call("roles().get(…)", "roles_get", role, |it| it.roles().get(CHAT_ROLE))
        .call("roles().update(…)", "roles_update", role, |it| {
            it.roles().update(CHAT_ROLE, ["sendMessage", "new/1 &"])
        })
        .call("roles().delete(…)", "roles_delete", "", |it| it.roles().delete(CHAT_ROLE))
        .list("roles().list()", "roles_list", roles, |it| it.roles().list())
        .call("users().create(…)", "users_create", user, |it| {
            it.users().webhook_enabled(true).create(&new_user())
        })
        .call("users().get(…)", "users_get", user, |it| it.users().get(NAMED))
        .call("users().update(…)", "users_update", user, |it| {
            it.users().update(USER, &user_update())
        })
        .call("users().set_role(…)", "users_set_role", user, |it| {
            it.users().set_role(USER, CHAT_ROLE)
        })
        .call("users().delete(…)", "users_delete", "", |it| {
            it.users().webhook_enabled(true).delete(USER)
        })
        .list("users().list()", "users_list", users, |it| it.users().list())
        .list("users().conversations(…)", "users_conversations", own, |it| {
            it.users().conversations(USER)
        })
        .call("participants().create(…)", "participants_create", participant, move |it| {
            let new = NewParticipant::chat(NAMED).expect("it is an identity");
            let new = new.role_sid(role_sid()).attributes(ATTRIBUTES);
            of(it).webhook_enabled(true).create(&new)
        })
        .call("participants().create(…)", "participants_create_by_phone", participant, move |it| {
            let new = NewParticipant::phone("+15005550006", "+15005550001");
            let new = new.expect("they are not empty").projected_address("+15005550002");
            of(it).create(&new)
        })
        .variant("by phone")
        .call("participants().get(…)", "participants_get", participant, move |it| {
            of(it).get(NAMED)
        })
        .call("participants().update(…)", "participants_update", participant, move |it| {
            let alice = Identity::new("alice").expect("it is an identity");
            let update = ParticipantUpdate::default().role_sid(role_sid()).identity(alice);
            of(it).update(MEMBER, &update.attributes(ATTRIBUTES))
        })
        .call("participants().set_role(…)", "participants_set_role", participant, move |it| {
            of(it).set_role(MEMBER, CHAT_ROLE)
        })
        .call("participants().delete(…)", "participants_delete", "", move |it| {
            of(it).webhook_enabled(true).delete(MEMBER)
        })
        .list("participants().list()", "participants_list", participants, move |it| of(it).list())
        .list("conversations().list()", "conversations_list", conversations, |it| {
            it.conversations().list()
        })
        .all
}

pub(super) fn all_conversations() -> Vec<Endpoint> {
    let global = fixture!("twilio_conversations/global_configuration.full.json");
    let services = last_page(fixture!("twilio_conversations/services.full.json"));
    let whole = Entries::new(conversations, "TwilioConversations::", "twilio_conversations/*")
        .list("services().list()", "services_list", services, |it| it.services().list())
        .call("configuration()", "configuration_get", global, TwilioConversations::configuration);
    let service = fixture!("twilio_conversations/service.full.json");
    let configuration = fixture!("twilio_conversations/configuration.full.json");
    let handle = "TwilioConversations::service(…).";
    let named = Entries::new(named_service, handle, "twilio_conversations/service_*")
        .call("get()", "get", service, conversations::Service::get)
        .call("configuration()", "configuration", configuration, |it| it.configuration())
        .call("update_default_roles(…)", "update_default_roles", configuration, |it| {
            let [service, conversation, creator] = three_roles();
            let defaults = conversations::DefaultRoles::default().service(service);
            let defaults = defaults.conversation(conversation).conversation_creator(creator);
            it.update_default_roles(&defaults)
        });
    [
        conversations_at(default_service, "default service", "twilio_conversations/default_*"),
        conversations_at(named_service, "named service", "twilio_conversations/*"),
        whole.all,
        named.all,
    ]
    .concat()
}
