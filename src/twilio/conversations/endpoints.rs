//! The endpoints of Conversations, at the account's default service and at a named one.

use http::Method;

use super::{
    ListedConversation, Participant, ServiceDetails, TwilioConversations, UserConversation,
};
use crate::error::Error;
use crate::operation::{Idempotency, Spec};
use crate::twilio::shared::{Grants, Keeps, KeepsRoles, Lists, NewRole, Role, RoleType, User};

/// The paths at the default service and at a named one.
macro_rules! at_services {
    ($path:literal) => {
        &[concat!("/v1/", $path), concat!("/v1/Services/{ChatServiceSid}/", $path)]
    };
}

const ROLES: &[&str] = at_services!("Roles");
const ROLE: &[&str] = at_services!("Roles/{Sid}");

impl Lists<Role> for TwilioConversations {
    const LIST: Spec = Spec::get("twilio.conversations roles.list", ROLES);
    const MOST: u32 = 50;
}

impl Keeps<Role> for TwilioConversations {
    const GET: Spec = Spec::get("twilio.conversations roles.get", ROLE);
    const CREATE: Spec = Spec::post("twilio.conversations roles.create", ROLES);
    const DELETE: Spec = Spec::delete("twilio.conversations roles.delete", ROLE);

    fn check(new: &NewRole) -> Result<(), Error> {
        new.check_type([RoleType::Conversation, RoleType::Service])
    }
}

impl KeepsRoles for TwilioConversations {
    const UPDATE: Spec = Spec::post("twilio.conversations roles.update", ROLE).success(&[200]);
    const ENSURE: &'static str = "twilio.conversations roles.ensure";
    const ENSURE_ABSENT: &'static str = "twilio.conversations roles.ensure_absent";
    const ADD_PERMISSIONS: &'static str = "twilio.conversations roles.add_permissions";
    const REMOVE_PERMISSIONS: &'static str = "twilio.conversations roles.remove_permissions";
}

const USERS: &[&str] = at_services!("Users");
const USER: &[&str] = at_services!("Users/{User}");

impl Lists<User> for TwilioConversations {
    const LIST: Spec = Spec::get("twilio.conversations users.list", USERS);
    const MOST: u32 = 50;
}

impl Keeps<User> for TwilioConversations {
    const GET: Spec = Spec::get("twilio.conversations users.get", USER);
    const CREATE: Spec = Spec::post("twilio.conversations users.create", USERS);
    const DELETE: Spec = Spec::delete("twilio.conversations users.delete", USER);
    const WEBHOOKS: &'static [Method] = &[Method::POST, Method::DELETE];
}

impl Grants<User> for TwilioConversations {
    const UPDATE: Spec = Spec::post("twilio.conversations users.update", USER).success(&[200]);
    const SET_ROLE: Spec = Spec::post("twilio.conversations users.set_role", USER)
        .success(&[200])
        .idempotency(Idempotency::Idempotent);
    const ENSURE_ROLE: &'static str = "twilio.conversations users.ensure_role";
    const REVOKE_ROLE: &'static str = "twilio.conversations users.revoke_role";
}

impl Lists<UserConversation> for TwilioConversations {
    const LIST: Spec = Spec::get(
        "twilio.conversations users.conversations",
        at_services!("Users/{User}/Conversations"),
    );
    const MOST: u32 = 50;
}

const PARTICIPANTS: &[&str] = at_services!("Conversations/{ConversationSid}/Participants");
const PARTICIPANT: &[&str] =
    at_services!("Conversations/{ConversationSid}/Participants/{Participant}");

impl Lists<Participant> for TwilioConversations {
    const LIST: Spec = Spec::get("twilio.conversations participants.list", PARTICIPANTS);
    const MOST: u32 = 100;
}

impl Keeps<Participant> for TwilioConversations {
    const GET: Spec = Spec::get("twilio.conversations participants.get", PARTICIPANT);
    const CREATE: Spec = Spec::post("twilio.conversations participants.create", PARTICIPANTS);
    const DELETE: Spec = Spec::delete("twilio.conversations participants.delete", PARTICIPANT);
    const WEBHOOKS: &'static [Method] = &[Method::POST, Method::DELETE];
    const MAY_CREATE_UNDER_404: bool = true;
}

impl Grants<Participant> for TwilioConversations {
    const UPDATE: Spec =
        Spec::post("twilio.conversations participants.update", PARTICIPANT).success(&[200]);
    const SET_ROLE: Spec = Spec::post("twilio.conversations participants.set_role", PARTICIPANT)
        .success(&[200])
        .idempotency(Idempotency::Idempotent);
    const ENSURE_ROLE: &'static str = "twilio.conversations participants.ensure_role";
    const REVOKE_ROLE: &'static str = "twilio.conversations participants.revoke_role";
}

impl Lists<ListedConversation> for TwilioConversations {
    const LIST: Spec =
        Spec::get("twilio.conversations conversations.list", at_services!("Conversations"));
    const MOST: u32 = 100;
}

impl Lists<ServiceDetails> for TwilioConversations {
    const LIST: Spec = Spec::get("twilio.conversations services.list", &["/v1/Services"]);
    const MOST: u32 = 100;
}
