//! Holders of roles in Twilio Chat: wrong input, `ensure_role` and `revoke_role`, and refusals of
//! the fake.

use std::time::Duration;

use rolecall::testing::{Fault, TwilioChatFake};
use rolecall::twilio::chat::{
    Credentials, DefaultRoles, MemberUpdate, NewInvite, NewMember, NewRole, NewUser, RevokedRole,
    RoleSid, RoleType, Service, TwilioChat, User, UserUpdate,
};
use rolecall::{Call, ClientOptions, Effect, EnsuredRole, Error, ErrorKind, Mismatch, RetryPolicy};

use crate::support::capture::Capture;

const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ROLE: &str = "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

async fn started() -> (TwilioChatFake, Service) {
    let fake = TwilioChatFake::start().await.expect("a free port");
    let service = fake.client().expect("it is set up well").service(SERVICE);
    (fake, service)
}

/// The service by a client that repeats without waiting.
fn service_at(capture: &Capture) -> Service {
    let credentials = Credentials::auth_token(TwilioChatFake::ACCOUNT_SID, "obviously-fake");
    let retry = RetryPolicy::default().base_wait(Duration::ZERO);
    let options = ClientOptions::default().retry(retry);
    let builder = TwilioChat::builder(credentials).base_url(capture.uri()).options(options);
    builder.build().expect("it is set up well").service(SERVICE)
}

async fn role(service: &Service, name: &str, kind: RoleType) -> RoleSid {
    let new = NewRole::new(name, kind, ["editOwnMessage"]).expect("it is complete");
    service.roles().create(&new).await.expect("it is created").sid.expect("the fake gives one")
}

fn new_user(identity: &str) -> NewUser {
    NewUser::new(identity).expect("it is an identity")
}

#[tokio::test]
async fn wrong_input_is_refused_before_it_is_sent() {
    fn check<T: Send + 'static>(call: &Call<T>, named: &str) {
        let error = call.request().err().unwrap_or_else(|| panic!("{named}: it was not refused"));
        assert!(error.to_string().contains(named) && error.is_invalid_request(), "{error}");
    }

    async fn refused<T: std::fmt::Debug + Send + 'static>(call: Call<T>, named: &str) {
        let name = call.operation();
        let error = call.await.expect_err(named);
        assert!(error.to_string().contains(named) && error.is_invalid_request(), "{error}");
        assert_eq!((error.operation(), error.effect()), (Some(name), Effect::NotApplied));
    }

    let (fake, service) = started().await;
    let (users, members) = (service.users(), service.channel("support").members());
    let long = "é".repeat(257);
    let too_long = "User: must be at most 256 characters long, got 257";
    check(&users.get(&long), too_long);
    check(&users.delete(&long), too_long);
    check(&users.set_role(&long, ROLE), too_long);
    check(&users.get(".."), "User: must not be");
    check(&users.set_role("alice", "RL1"), "RoleSid: must be \"RL\"");
    check(&users.update("alice", &UserUpdate::default()), "update: must set at least one field");
    check(
        &users.update("alice", &UserUpdate::default().attributes("{")),
        "Attributes: must be JSON",
    );
    check(&users.create(&new_user("a").attributes("")), "Attributes: must be JSON");
    check(&members.update("alice", &MemberUpdate::default()), "update: must set at least one");
    check(&service.channel("").members().get("alice"), "Channel: must not be empty");
    check(&service.channel("c").invites().get("alice"), "InviteSid: must be \"IN\"");
    check(&service.update_default_roles(&DefaultRoles::default()), "must set at least one field");
    refused(users.ensure_role("", ROLE), "User: must not be empty").await;
    refused(users.ensure_role("alice", "guest"), "RoleSid: must be \"RL\"").await;
    refused(users.revoke_role("alice", "guest"), "RoleSid: must be \"RL\"").await;
    refused(members.revoke_role(&long, ROLE), "Member: must be at most 256 characters").await;
    for (first, named) in [
        (users.list().page_size(101).first_page().request(), "must be 1 to 100, got 101"),
        (users.channels("a").page_size(51).first_page().request(), "must be 1 to 50, got 51"),
        (service.channels().list().page_size(0).first_page().request(), "must be 1 to 100, got 0"),
        (members.list().identity(&long).first_page().request(), "Identity: must be at most 256"),
    ] {
        let error = first.expect_err(named);
        assert!(error.to_string().contains(named) && error.is_invalid_request(), "{error}");
    }
    let identity = "US0123456789abcdef0123456789abcdef";
    for error in [NewUser::new(identity).err(), NewMember::new(identity).err()] {
        let error = error.expect("it looks like a SID").to_string();
        assert!(error.contains("Identity: must not look like the SID of a user"), "{error}");
    }
    assert_eq!(fake.received_count(), 0);
}

#[tokio::test]
async fn ensure_role_names_what_it_replaced_and_sends_nothing_else() {
    let (fake, service) = started().await;
    let guest = role(&service, "guest", RoleType::Deployment).await;
    let admin = role(&service, "admin", RoleType::Deployment).await;
    let users = service.users();
    let new = new_user("alice").role_sid(&guest).friendly_name("Alice").attributes("[1]");
    users.create(&new).await.expect("it is created");
    let ensured = users.ensure_role("alice", &admin).await.expect("it is set");
    assert_eq!(ensured, EnsuredRole::Given { replaced: Some(guest) });
    let last = fake.received().pop().expect("it was sent");
    assert_eq!((last.method(), last.header("x-twilio-webhook-enabled")), ("POST", None));
    let alice = &fake.users()[0];
    assert_eq!(alice.role_sid.as_ref(), Some(&admin));
    assert_eq!(alice.friendly_name.as_deref(), Some("Alice"));
    assert_eq!(alice.attributes.as_deref(), Some("[1]"));
    // Again, by the SID: there is nothing to do, and nothing to name.
    let sid = alice.sid.as_ref().expect("the fake gives one");
    let sent = fake.received_count();
    let ensured = users.ensure_role(sid, &admin).await.expect("it is held");
    assert_eq!(ensured, EnsuredRole::AlreadyHeld);
    assert_eq!(fake.received_count(), sent + 1);
    let error = users.ensure_role("unknown", &admin).await.expect_err("there is no such user");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
    // A user cannot have a channel role.
    let reader = role(&service, "reader", RoleType::Channel).await;
    let error = users.ensure_role("alice", &reader).await.expect_err("it is of the other type");
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("50105")));
    assert_eq!(error.effect(), Effect::NotApplied);
}

#[tokio::test]
async fn response_that_shows_another_role_is_no_success() {
    let user =
        |role: &str| format!(r#"{{"sid":"USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","role_sid":{role}}}"#);
    let (mine, other) = (format!(r#""{ROLE}""#), r#""RLbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#);
    let capture = Capture::start([(200, &*user(other)), (200, &user(other))]).await;
    let error = service_at(&capture).users().ensure_role("alice", ROLE).await;
    let error = error.expect_err("it was not set");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::Unknown));
    assert!(error.service::<Mismatch<RoleSid, User>>().is_some(), "{error}");
    // Roles are documented as nullable: then the status counts.
    let capture = Capture::start([(200, &*user("null")), (200, &user("null"))]).await;
    let ensured = service_at(&capture).users().ensure_role("alice", ROLE).await;
    assert_eq!(ensured.expect("it is set"), EnsuredRole::Given { replaced: None });
    // The digits of a SID have no case.
    let capture = Capture::start([(200, &*user(&mine.to_ascii_uppercase()))]).await;
    let ensured = service_at(&capture).users().ensure_role("alice", ROLE).await;
    assert_eq!(ensured.expect("it is held"), EnsuredRole::AlreadyHeld);
    let (before, lost, after) = (user(other), (503, ""), user(&other.to_ascii_uppercase()));
    let [first, later, set] = [(200, &*before), (200, &*after), (200, &*user(&mine))];
    let responses = [first, lost, lost, lost, lost, later, later, later, later, set];
    let capture = Capture::start(responses).await;
    let ensured = service_at(&capture).users().ensure_role("alice", ROLE).await;
    assert!(matches!(ensured, Ok(EnsuredRole::Given { replaced: Some(_) })), "{ensured:?}");
}

/// A role is documented as nullable, and everybody has one: null does not say that it is not held.
#[tokio::test]
async fn role_that_is_not_shown_is_not_called_revoked() {
    let hidden = r#"{"sid":"USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","role_sid":null}"#;
    let held = hidden.replace("null", &format!("{ROLE:?}"));
    let service =
        r#"{"sid":"IS1","default_service_role_sid":"RLbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}"#;
    let (hidden, lost) = ((200, hidden), (503, ""));
    for (before, effect) in [(hidden, Effect::NotApplied), ((200, &*held), Effect::Unknown)] {
        let capture = Capture::start([before, (200, service), lost, hidden]).await;
        let error = service_at(&capture).users().revoke_role("alice", ROLE).await;
        assert_eq!(error.expect_err("it may be held").effect(), effect);
    }
}

#[tokio::test]
async fn revoke_role_sets_the_default_or_says_what_can_be_done() {
    let (fake, service) = started().await;
    fake.add_channel(SERVICE, "support", "private");
    let reader = role(&service, "reader", RoleType::Channel).await;
    let moderator = role(&service, "moderator", RoleType::Channel).await;
    let members = service.channel("support").members();
    let new = NewMember::new("alice").expect("it is an identity").role_sid(&moderator);
    members.create(&new).await.expect("it is created");
    let error = members.revoke_role("alice", &moderator).await.expect_err("there is no default");
    let text = error.to_string();
    assert!(
        text.contains("members.revoke_role: conflict: the service has no default role"),
        "{text}"
    );
    assert!(text.contains("give another role, or delete who holds it"), "{text}");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
    let defaults = DefaultRoles::default().channel(&moderator);
    service.update_default_roles(&defaults).await.expect("it is set");
    let error = members.revoke_role("alice", &moderator).await.expect_err("it is the default");
    assert!(error.to_string().contains("to be revoked is the service's default"), "{error}");
    let updated = service.update_default_roles(&DefaultRoles::default().channel(&reader)).await;
    assert_eq!(updated.expect("it is set").default_channel_role_sid, Some(reader.clone()));
    let revoked = members.revoke_role("alice", &moderator).await.expect("it is revoked");
    assert_eq!(revoked, RevokedRole::Revoked { default: reader.clone() });
    assert_eq!(fake.members()[0].role_sid, Some(reader));
    let revoked = members.revoke_role("alice", &moderator).await.expect("it is not held");
    assert_eq!(revoked, RevokedRole::NotHeld);
}

/// What another caller gave in the meantime stays.
#[tokio::test]
async fn revoke_role_is_not_repeated_over_another_role() {
    let user = |role: &str| {
        format!(r#"{{"sid":"USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","role_sid":"{role}"}}"#)
    };
    let (held, given) = (user(ROLE), user("RLcccccccccccccccccccccccccccccccc"));
    let service =
        r#"{"sid":"IS1","default_service_role_sid":"RLbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}"#;
    let responses = [(200, &*held), (200, service), (503, ""), (200, &given)];
    let capture = Capture::start(responses).await;
    let revoked = service_at(&capture).users().revoke_role("alice", ROLE).await;
    assert!(matches!(revoked, Ok(RevokedRole::Indeterminate { .. })), "{revoked:?}");
    assert_eq!(capture.requests().len(), 4);
}

#[tokio::test]
async fn fake_refuses_as_the_service_does() {
    fn check<T>(result: Result<T, Error>, status: u16, code: &str, kind: ErrorKind) {
        let error = result.err().unwrap_or_else(|| panic!("{code}: it was not refused"));
        assert_eq!((error.code(), error.kind()), (Some(code), kind), "{error}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status), "{error}");
    }

    use ErrorKind::{AlreadyExists, InvalidRequest, NotFound};
    let (fake, service) = started().await;
    let channel = fake.add_channel(SERVICE, "support", "private");
    let (users, support) = (service.users(), service.channel("support"));
    users.create(&new_user("alice")).await.expect("it is created");
    check(users.create(&new_user("alice")).await, 409, "50201", AlreadyExists);
    // Names have a case.
    users.create(&new_user("Alice")).await.expect("it is another user");
    check(users.get("bo").await, 404, "20404", NotFound);
    check(
        users.create(&new_user("bo").role_sid(RoleSid::new(ROLE).expect("a SID"))).await,
        404,
        "50100",
        NotFound,
    );
    let members = support.members();
    let new = |identity| NewMember::new(identity).expect("it is an identity");
    members.create(&new("bo")).await.expect("it is created");
    check(members.create(&new("bo")).await, 409, "50404", AlreadyExists);
    // The member is a user from now on.
    assert_eq!(fake.users().len(), 3);
    let invite = |identity| NewInvite::new(identity).expect("it is an identity");
    let invited = support.invites().create(&invite("carol")).await.expect("it is created");
    check(support.invites().create(&invite("carol")).await, 409, "50212", AlreadyExists);
    check(support.invites().create(&invite("bo")).await, 409, "50404", AlreadyExists);
    support.invites().delete(invited.sid.as_ref().expect("a SID")).await.expect("it is deleted");
    assert!(fake.invites().is_empty());
    let deployment = role(&service, "admin", RoleType::Deployment).await;
    check(members.set_role("bo", &deployment).await, 400, "50105", InvalidRequest);
    let wrong = DefaultRoles::default().channel(&deployment);
    check(service.update_default_roles(&wrong).await, 400, "50105", InvalidRequest);
    check(service.channel("none").members().get("bo").await, 404, "20404", NotFound);
    members.delete("bo").await.expect("it is deleted");
    check(members.delete("bo").await, 404, "20404", NotFound);
    // By either name of the channel; of a user, the channels with a member.
    let members = service.channel(&*channel).members();
    members.create(&new("alice")).await.expect("it is created");
    let channels = users.channels("alice").items().try_collect().await.expect("they are listed");
    assert_eq!(channels.len(), 1);
    assert!(channels[0].channel_sid.as_ref().is_some_and(|sid| *sid == *channel));
    let member = channels[0].member_sid.as_ref().expect("the fake gives one");
    assert_eq!(
        members.get(member).await.expect("it is there").identity.expect("it has one"),
        "alice"
    );
    fake.add_channel(SERVICE, "news", "public");
    let both = service.channels().list().page_size(1).items().try_collect().await;
    assert_eq!(both.expect("they are listed").len(), 2);
}

/// The second request finds nothing because of the first: only a code that names the thing says so.
#[tokio::test]
async fn repeated_delete_of_a_user_may_be_its_own_effect() {
    let (fake, service) = started().await;
    for (code, is_done) in [("50200", true), ("50402", false), ("20404", false)] {
        service.users().create(&new_user("alice")).await.expect("it is created");
        fake.next(1, Fault::reset().after_processing());
        fake.next(1, Fault::json(404, format!(r#"{{"code":{code}}}"#)));
        let deleted = service.users().delete("alice").await;
        assert_eq!(deleted.is_ok(), is_done, "{deleted:?}");
        let effect = deleted.err().map(|error| error.effect());
        assert!(effect.is_none_or(|effect| effect == Effect::Unknown));
    }
}
