//! Twilio Conversations: the state it shares with Chat, its own names and limits, and an
//! inconclusive 404.

use std::collections::BTreeSet;

use rolecall::access::{Assignment, ReadAssignments};
use rolecall::operation::{Operation, Spec};
use rolecall::testing::{Fault, TwilioChatFake};
use rolecall::twilio::chat::{self, NewMember};
use rolecall::twilio::conversations::{
    DefaultRoles, NewParticipant, NewRole, NewUser, RevokedRole, RoleSid, RoleType, Service,
    TwilioConversations,
};
use rolecall::{Effect, EnsuredRole, Error, ErrorKind};
use serde_json::json;

const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

async fn started() -> (TwilioChatFake, TwilioConversations) {
    let fake = TwilioChatFake::start().await.expect("a free port");
    let client = fake.conversations_client().expect("it is set up well");
    (fake, client)
}

async fn role(service: &Service, name: &str, kind: RoleType) -> RoleSid {
    let new = NewRole::new(name, kind, ["editOwnMessage"]).expect("it is complete");
    service.roles().create(&new).await.expect("it is created").sid.expect("the fake gives one")
}

#[tokio::test]
async fn chat_and_conversations_see_one_state_under_their_own_names() {
    let (fake, client) = started().await;
    let conversation = fake.add_channel(SERVICE, "support", "private");
    let (chat, own) =
        (fake.client().expect("it is set up well").service(SERVICE), client.service(SERVICE));
    let guest = role(&own, "guest", RoleType::Service).await;
    let reader = role(&own, "reader", RoleType::Conversation).await;
    let kinds =
        |roles: Vec<chat::Role>| roles.into_iter().map(|role| role.kind).collect::<Vec<_>>();
    let in_chat = chat.roles().list().items().try_collect().await.expect("they are listed");
    assert_eq!(kinds(in_chat), [Some(RoleType::Deployment), Some(RoleType::Channel)]);
    let here = own.roles().list().items().try_collect().await.expect("they are listed");
    assert_eq!(here[0].chat_service_sid.as_ref().map(AsRef::as_ref), Some(SERVICE));
    assert_eq!(kinds(here), [Some(RoleType::Service), Some(RoleType::Conversation)]);

    let defaults = DefaultRoles::default().service(&guest).conversation(&reader);
    own.update_default_roles(&defaults).await.expect("they are set");
    let details = chat.get().await.expect("it is there");
    assert_eq!(details.default_service_role_sid.as_ref(), Some(&guest));
    let services = fake.client().expect("it is set up well").services();
    let services = services.list().items().try_collect().await.expect("they are listed");
    assert!(services.contains(&details), "{services:?}");
    let configuration = own.configuration().await.expect("it is there");
    assert_eq!(configuration.default_conversation_role_sid.as_ref(), Some(&reader));

    let members = chat.channel("support").members();
    members.create(&NewMember::new("alice").expect("it is an identity")).await.expect("created");
    let participants = own.conversation(&*conversation).participants();
    let alice = participants.get("alice").await.expect("she is there");
    assert_eq!(alice.role_sid.as_ref(), Some(&reader));
    assert_eq!(own.users().get("alice").await.expect("she is a user").role_sid, Some(guest));
    let again = participants.create(&NewParticipant::chat("alice").expect("an identity")).await;
    let again = again.expect_err("she is there");
    assert_eq!((again.kind(), again.code()), (ErrorKind::AlreadyExists, Some("50433")));
    let own = own.users().conversations("alice").items().try_collect().await.expect("listed");
    assert_eq!(own[0].participant_sid, alice.sid);
    // The default service is another one.
    let default = client.default_service().users().list().items().try_collect().await;
    assert!(default.expect("they are listed").is_empty());
    let services = client.services().list().items().try_collect().await.expect("they are listed");
    assert_eq!(services.len(), 2);
    let account = client.configuration().await.expect("it is there");
    let default = account.default_chat_service_sid.expect("it is named");
    assert_eq!(default, TwilioChatFake::DEFAULT_SERVICE);
}

#[tokio::test]
async fn roles_are_given_and_revoked_at_the_default_service() {
    let (fake, client) = started().await;
    let named = client.service(TwilioChatFake::DEFAULT_SERVICE);
    let guest = role(&named, "guest", RoleType::Service).await;
    let admin = role(&named, "admin", RoleType::Service).await;
    let users = client.default_service().users();
    let new = NewUser::new("alice").expect("it is an identity").role_sid(&guest);
    users.create(&new).await.expect("it is created");
    let ensured = users.ensure_role("alice", &admin).await.expect("it is given");
    assert_eq!(ensured, EnsuredRole::Given { replaced: Some(guest.clone()) });
    let error = users.revoke_role("alice", &admin).await.expect_err("there is no default");
    assert!(error.to_string().contains("the service has no default role"), "{error}");
    let defaults = DefaultRoles::default().service(&guest);
    named.update_default_roles(&defaults).await.expect("it is set");
    let revoked = users.revoke_role("alice", &admin).await.expect("it is revoked");
    assert_eq!(revoked, RevokedRole::Revoked { default: guest });
    assert!(fake.received().iter().all(|one| one.header("x-twilio-webhook-enabled").is_none()));
}

/// An identity may be any text, also that of an address or of a SID.
#[tokio::test]
async fn participants_with_and_without_an_identity_are_told_apart() {
    const SID: &str = "MBaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const PHONE: &str = "+15550100";
    let (fake, client) = started().await;
    let page = json!({"participants": [
        {"sid": SID, "identity": PHONE},
        {"sid": SID, "messaging_binding": {"type": "sms", "address": PHONE}},
        {"sid": SID, "identity": SID},
        {"sid": SID},
        // The digits of a SID have no case.
        {"sid": "MBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    ], "meta": {}});
    fake.next(1, Fault::json(200, page.to_string()));
    let participants =
        client.service(SERVICE).conversation("CHaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").participants();
    let read = participants.read_assignments().try_collect().await.expect("they are read");
    let keys: BTreeSet<_> = read.iter().map(Assignment::grant_key).collect();
    assert_eq!(keys.len(), 4);
    let kinds: Vec<_> = read.iter().filter_map(|it| it.principal.kind.as_ref()).collect();
    assert_eq!(
        kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        ["user", "address", "user", "sid", "sid"]
    );
}

/// What the crate itself never sends: writing a participant by identity is not documented.
struct DeleteByIdentity(String);

impl Operation for DeleteByIdentity {
    type Service = TwilioConversations;
    type Output = ();
    const SPEC: Spec = Spec::delete(
        "own participants.delete",
        &["/v1/Services/{ChatServiceSid}/Conversations/{ConversationSid}/Participants/alice"],
    );

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![SERVICE, &self.0])
    }
}

#[tokio::test]
async fn participant_without_a_sid_is_not_written() {
    let (fake, client) = started().await;
    let conversation = fake.add_channel(SERVICE, "support", "private");
    let participants = client.service(SERVICE).conversation(&*conversation).participants();
    let alice = NewParticipant::chat("alice").expect("it is an identity");
    participants.create(&alice).await.expect("it is created");
    let error = client.call(&DeleteByIdentity(conversation)).await.expect_err("it needs the SID");
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("20404")));
    let sent = fake.received_count();
    fake.next(1, Fault::json(200, r#"{"identity":"alice","role_sid":"RL1"}"#));
    let error = participants.ensure_role("alice", "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").await;
    let error = error.expect_err("it cannot be written");
    assert!(error.to_string().contains("ParticipantSid: must be \"MB\""), "{error}");
    assert_eq!((error.effect(), fake.received_count()), (Effect::NotApplied, sent + 1));
}

/// By the vendor's word: the participant may have been created.
#[tokio::test]
async fn not_found_for_a_new_participant_leaves_open_whether_it_was_created() {
    let (fake, client) = started().await;
    let conversation = fake.add_channel(SERVICE, "support", "private");
    let participants = client.service(SERVICE).conversation(&*conversation).participants();
    let alice = NewParticipant::chat("alice").expect("it is an identity");
    fake.next(1, Fault::json(404, r#"{"code":20404,"status":404}"#).after_processing());
    let error = participants.create(&alice).await.expect_err("it is refused");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Unknown));
    assert_eq!(error.attempts(), 1);
    participants.get("alice").await.expect("it was created nevertheless");
    // A user is another matter, and so is any other refusal.
    fake.next(1, Fault::json(404, r#"{"code":20404,"status":404}"#));
    let bo = NewUser::new("bo").expect("it is an identity");
    let error = client.service(SERVICE).users().create(&bo).await.expect_err("it is refused");
    assert_eq!(error.effect(), Effect::NotApplied);
    fake.next(1, Fault::json(403, r#"{"code":50107,"status":403}"#));
    let error = participants.create(&alice).await.expect_err("it is refused");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::PermissionDenied, Effect::NotApplied));
}

#[tokio::test]
async fn wrong_input_is_refused_before_it_is_sent() {
    fn check<T: Send + 'static>(call: &rolecall::Call<T>, named: &str) {
        let error = call.request().err().unwrap_or_else(|| panic!("{named}: it was not refused"));
        assert!(error.to_string().contains(named), "{error}");
    }

    let (fake, client) = started().await;
    let (service, default) = (client.service(SERVICE), client.default_service());
    let participants = service.conversation("CHaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").participants();
    check(&service.roles().list().page_size(51).first_page(), "must be 1 to 50, got 51");
    check(&service.users().list().page_size(51).first_page(), "must be 1 to 50, got 51");
    check(&service.users().conversations("a").page_size(51).first_page(), "1 to 50, got 51");
    check(&participants.list().page_size(101).first_page(), "must be 1 to 100, got 101");
    check(&service.conversations().list().page_size(101).first_page(), "1 to 100, got 101");
    check(&client.services().list().page_size(101).first_page(), "1 to 100, got 101");
    check(&client.service("IS1").users().get("a"), "ServiceSid: must be \"IS\"");
    check(&service.conversation("support").participants().get("a"), "ConversationSid: must be");
    // Participants are written by SID alone.
    check(&participants.delete("alice"), "ParticipantSid: must be \"MB\"");
    check(&participants.create(&NewParticipant::default()), "must set at least one field");
    check(&participants.get("é".repeat(257)), "Participant: must be at most 256 characters");
    // What only a named service has.
    for call in [default.configuration(), default.update_default_roles(&DefaultRoles::default())] {
        check(&call, "");
    }
    check(&default.get(), "the default service");
    // The other product's names of the types.
    let role = |kind| NewRole::new("a", kind, ["p"]).expect("it is complete");
    check(
        &service.roles().create(&role(RoleType::Channel)),
        "Type: must be conversation or service",
    );
    let chat = fake.client().expect("it is set up well").service(SERVICE);
    let named = "Type: must be channel or deployment";
    check(&chat.roles().create(&role(RoleType::Service)), named);
    let ensured = chat.roles().ensure(&role(RoleType::Service)).await;
    assert!(ensured.expect_err("the other product's").to_string().contains(named));
    service.roles().create(&role(RoleType::from("new"))).request().expect("the set is open");
    for error in [NewParticipant::phone("", "+1"), NewParticipant::phone("+1", "")] {
        let error: Error = error.expect_err("it is empty");
        assert!(error.to_string().contains("must not be empty"), "{error}");
    }
    assert_eq!(fake.received_count(), 0);
}
