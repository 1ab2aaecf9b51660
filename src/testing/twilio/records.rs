//! What the fake of Chat and Conversations holds, and how each of the two shows it.

use serde_json::{Map, Value, json};

use super::chat::{TwilioChatFake, refuse};
use crate::testing::message::{Request, Response};

const CREATED: &str = "2016-03-03T19:47:15Z";
const UPDATED: &str = "2016-03-03T20:00:00Z";

/// What a service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Role,
    User,
    /// A channel, a conversation.
    Channel,
    /// A member, a participant.
    Member,
    Invite,
}

impl Kind {
    pub(super) fn prefix(self) -> &'static str {
        ["RL", "US", "CH", "MB", "IN"][self as usize]
    }

    /// The field that names a thing beside its SID.
    pub(super) fn other_name(self) -> Option<&'static str> {
        [None, Some("identity"), Some("unique_name"), Some("identity"), None][self as usize]
    }
}

/// One of the two names of the service.
pub(super) struct Surface {
    version: &'static str,
    /// Of each kind in paths.
    names: &'static [&'static str],
    service_field: &'static str,
    channel_field: &'static str,
    /// The types of roles, by those of Chat.
    role_types: [(&'static str, &'static str); 2],
    /// The fields of the default roles.
    defaults: [&'static str; 3],
    /// The largest page of roles or users.
    most: usize,
    /// The refusal of a second member.
    exists: (i64, &'static str),
}

pub(super) static CHAT: Surface = Surface {
    version: "v2",
    names: &["Roles", "Users", "Channels", "Members", "Invites"],
    service_field: "service_sid",
    channel_field: "channel_sid",
    role_types: [("deployment", "deployment"), ("channel", "channel")],
    defaults: [
        "default_service_role_sid",
        "default_channel_role_sid",
        "default_channel_creator_role_sid",
    ],
    most: 100,
    exists: (50404, "Member already exists"),
};

pub(super) static CONVERSATIONS: Surface = Surface {
    version: "v1",
    names: &["Roles", "Users", "Conversations", "Participants"],
    service_field: "chat_service_sid",
    channel_field: "conversation_sid",
    role_types: [("deployment", "service"), ("channel", "conversation")],
    defaults: [
        "default_chat_service_role_sid",
        "default_conversation_role_sid",
        "default_conversation_creator_role_sid",
    ],
    most: 50,
    exists: (50433, "Participant already exists"),
};

impl Surface {
    pub(super) fn is_chat(&self) -> bool {
        self.version == "v2"
    }

    /// The name of a kind in paths.
    pub(super) fn name(&self, kind: Kind) -> &'static str {
        self.names[kind as usize]
    }

    /// The kind of this name in a service, or in a channel.
    pub(super) fn kind(&self, name: &str, in_channel: bool) -> Option<Kind> {
        let in_service = [Kind::Role, Kind::User, Kind::Channel];
        let kinds = if in_channel { &[Kind::Member, Kind::Invite][..] } else { &in_service };
        kinds.iter().copied().find(|kind| self.names.get(*kind as usize) == Some(&name))
    }

    /// The largest page.
    pub(super) fn most(&self, kind: Kind) -> usize {
        if matches!(kind, Kind::Role | Kind::User) { self.most } else { 100 }
    }

    /// The type of a role as Chat names it, for the type that this one names.
    pub(super) fn role_type(&self, kind: &str) -> Option<&'static str> {
        self.role_types.iter().find(|(_, own)| *own == kind).map(|(of_chat, _)| *of_chat)
    }

    /// The fields and form names of the default roles, with the type of role that each wants.
    pub(super) fn defaults(&self) -> impl Iterator<Item = (&'static str, String, &'static str)> {
        let types = ["deployment", "channel", "channel"];
        self.defaults.into_iter().zip(types).map(|(field, kind)| {
            let words = field.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
            (field, words.collect(), kind)
        })
    }

    /// The refusal of a duplicate.
    pub(super) fn exists(&self, kind: Kind) -> Response {
        let (code, message) = match kind {
            Kind::User => (50201, "User already exists"),
            Kind::Invite => (50212, "Identity is already invited"),
            _ => self.exists,
        };
        refuse(409, code, message)
    }

    /// The path of a service.
    pub(super) fn path(&self, service: &str) -> String {
        format!("/{}/Services/{service}", self.version)
    }
}

/// Where a service has things of a kind: in itself, or in the channel of this SID.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Place<'a> {
    pub(super) service: &'a str,
    pub(super) kind: Kind,
    pub(super) channel: Option<&'a str>,
}

/// One thing, with the fields that do not differ.
pub(super) struct Record {
    pub(super) kind: Kind,
    /// The number in its SID.
    pub(super) number: usize,
    pub(super) sid: String,
    pub(super) service: String,
    /// The SID of the channel that it is in.
    pub(super) channel: Option<String>,
    pub(super) is_updated: bool,
    pub(super) value: Value,
}

impl Record {
    pub(super) fn place(&self) -> Place<'_> {
        Place { service: &self.service, kind: self.kind, channel: self.channel.as_deref() }
    }

    /// Sets fields.
    pub(super) fn merge(&mut self, fields: Map<String, Value>) {
        self.is_updated = true;
        for (name, value) in fields {
            self.value[name] = value;
        }
    }

    /// The thing as one of the two shows it, to a request or without links.
    pub(super) fn shown(&self, surface: &Surface, request: Option<&Request>) -> Value {
        let mut shown = self.value.clone();
        shown["sid"] = self.sid.as_str().into();
        shown["account_sid"] = TwilioChatFake::ACCOUNT_SID.into();
        shown[surface.service_field] = self.service.as_str().into();
        shown["date_created"] = CREATED.into();
        shown["date_updated"] = if self.is_updated { UPDATED } else { CREATED }.into();
        let mut path = surface.path(&self.service);
        if let Some(channel) = &self.channel {
            shown[surface.channel_field] = channel.as_str().into();
            path = format!("{path}/{}/{channel}", surface.name(Kind::Channel));
        }
        match (self.kind, shown.as_object_mut()) {
            _ if surface.is_chat() => {}
            (Kind::Role, Some(fields)) => {
                let mut types = surface.role_types.iter();
                let own = types.find(|(of_chat, _)| fields["type"] == *of_chat);
                fields["type"] = own.map(|(_, own)| *own).into();
            }
            (Kind::Channel, Some(fields)) => {
                fields.retain(|name, _| name != "type" && name != "created_by");
                fields.insert("state".to_owned(), "active".into());
            }
            (Kind::User, Some(fields)) => drop(fields.remove("joined_channels_count")),
            _ => {}
        }
        let path = format!("{path}/{}/{}", surface.name(self.kind), self.sid);
        if let Some(request) = request {
            shown["url"] = request.link(&path).into();
        }
        shown
    }

    /// What the channel of this member is to its user; `channel` is its record.
    pub(super) fn shown_to_user(&self, surface: &Surface, user: &Self, channel: &Self) -> Value {
        let mut shown = json!({
            "account_sid": TwilioChatFake::ACCOUNT_SID,
            "user_sid": user.sid,
            "unread_messages_count": 0,
            "notification_level": "default",
        });
        shown[surface.service_field] = self.service.as_str().into();
        shown[surface.channel_field] = channel.sid.as_str().into();
        if surface.is_chat() {
            shown["member_sid"] = self.sid.as_str().into();
            shown["status"] = "joined".into();
        } else {
            shown["participant_sid"] = self.sid.as_str().into();
            shown["conversation_state"] = "active".into();
            shown["unique_name"] = channel.value["unique_name"].clone();
            shown["friendly_name"] = channel.value["friendly_name"].clone();
        }
        shown
    }
}
