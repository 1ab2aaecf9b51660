//! The endpoints of roles, users, members, invites and channels.

use http::Method;

use super::{Invite, ListedChannel, Member, ServiceDetails, TwilioChat, UserChannel};
use crate::error::Error;
use crate::operation::{Idempotency, Spec};
use crate::twilio::shared::{Grants, Keeps, KeepsRoles, Lists, NewRole, Role, RoleType, User};

const ROLES: &[&str] = &["/v2/Services/{ServiceSid}/Roles"];
const ROLE: &[&str] = &["/v2/Services/{ServiceSid}/Roles/{Sid}"];

impl Lists<Role> for TwilioChat {
    const LIST: Spec = Spec::get("twilio.chat roles.list", ROLES);
    const MOST: u32 = 100;
}

impl Keeps<Role> for TwilioChat {
    const GET: Spec = Spec::get("twilio.chat roles.get", ROLE);
    const CREATE: Spec = Spec::post("twilio.chat roles.create", ROLES);
    const DELETE: Spec = Spec::delete("twilio.chat roles.delete", ROLE);

    fn check(new: &NewRole) -> Result<(), Error> {
        new.check_type([RoleType::Channel, RoleType::Deployment])
    }
}

impl KeepsRoles for TwilioChat {
    const UPDATE: Spec = Spec::post("twilio.chat roles.update", ROLE).success(&[200]);
    const ENSURE: &'static str = "twilio.chat roles.ensure";
    const ENSURE_ABSENT: &'static str = "twilio.chat roles.ensure_absent";
    const ADD_PERMISSIONS: &'static str = "twilio.chat roles.add_permissions";
    const REMOVE_PERMISSIONS: &'static str = "twilio.chat roles.remove_permissions";
}

const USERS: &[&str] = &["/v2/Services/{ServiceSid}/Users"];
const USER: &[&str] = &["/v2/Services/{ServiceSid}/Users/{User}"];

impl Lists<User> for TwilioChat {
    const LIST: Spec = Spec::get("twilio.chat users.list", USERS);
    const MOST: u32 = 100;
}

impl Keeps<User> for TwilioChat {
    const GET: Spec = Spec::get("twilio.chat users.get", USER);
    const CREATE: Spec = Spec::post("twilio.chat users.create", USERS);
    const DELETE: Spec = Spec::delete("twilio.chat users.delete", USER);
    const WEBHOOKS: &'static [Method] = &[Method::POST];
}

impl Grants<User> for TwilioChat {
    const UPDATE: Spec = Spec::post("twilio.chat users.update", USER).success(&[200]);
    const SET_ROLE: Spec = Spec::post("twilio.chat users.set_role", USER)
        .success(&[200])
        .idempotency(Idempotency::Idempotent);
    const ENSURE_ROLE: &'static str = "twilio.chat users.ensure_role";
    const REVOKE_ROLE: &'static str = "twilio.chat users.revoke_role";
}

impl Lists<UserChannel> for TwilioChat {
    const LIST: Spec = Spec::get(
        "twilio.chat users.channels",
        &["/v2/Services/{ServiceSid}/Users/{User}/Channels"],
    );
    const MOST: u32 = 50;
}

const MEMBERS: &[&str] = &["/v2/Services/{ServiceSid}/Channels/{Channel}/Members"];
const MEMBER: &[&str] = &["/v2/Services/{ServiceSid}/Channels/{Channel}/Members/{Member}"];

impl Lists<Member> for TwilioChat {
    const LIST: Spec = Spec::get("twilio.chat members.list", MEMBERS);
    const MOST: u32 = 100;
}

impl Keeps<Member> for TwilioChat {
    const GET: Spec = Spec::get("twilio.chat members.get", MEMBER);
    const CREATE: Spec = Spec::post("twilio.chat members.create", MEMBERS);
    const DELETE: Spec = Spec::delete("twilio.chat members.delete", MEMBER);
    const WEBHOOKS: &'static [Method] = &[Method::POST, Method::DELETE];
}

impl Grants<Member> for TwilioChat {
    const UPDATE: Spec = Spec::post("twilio.chat members.update", MEMBER).success(&[200]);
    const SET_ROLE: Spec = Spec::post("twilio.chat members.set_role", MEMBER)
        .success(&[200])
        .idempotency(Idempotency::Idempotent);
    const ENSURE_ROLE: &'static str = "twilio.chat members.ensure_role";
    const REVOKE_ROLE: &'static str = "twilio.chat members.revoke_role";
}

const INVITES: &[&str] = &["/v2/Services/{ServiceSid}/Channels/{Channel}/Invites"];
const INVITE: &[&str] = &["/v2/Services/{ServiceSid}/Channels/{Channel}/Invites/{Sid}"];

impl Lists<Invite> for TwilioChat {
    const LIST: Spec = Spec::get("twilio.chat invites.list", INVITES);
    const MOST: u32 = 100;
}

impl Keeps<Invite> for TwilioChat {
    const GET: Spec = Spec::get("twilio.chat invites.get", INVITE);
    const CREATE: Spec = Spec::post("twilio.chat invites.create", INVITES);
    const DELETE: Spec = Spec::delete("twilio.chat invites.delete", INVITE);
}

impl Lists<ListedChannel> for TwilioChat {
    const LIST: Spec =
        Spec::get("twilio.chat channels.list", &["/v2/Services/{ServiceSid}/Channels"]);
    const MOST: u32 = 100;
    // Unset, the service lists public channels alone.
    const FILTERS: &'static [(&'static str, &'static str)] =
        &[("Type", "public"), ("Type", "private")];
}

impl Lists<ServiceDetails> for TwilioChat {
    const LIST: Spec = Spec::get("twilio.chat services.list", &["/v2/Services"]);
    const MOST: u32 = 100;
}
