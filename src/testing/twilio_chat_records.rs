//! What the fake of Chat and Conversations holds, and how each of the two shows it.

use serde_json::{Map, Value, json};

use super::message::{Request, Response};
use super::twilio_chat::{TwilioChatFake, refuse};

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
        match self {
            Self::Role => "RL",
            Self::User => "US",
            Self::Channel => "CH",
            Self::Member => "MB",
            Self::Invite => "IN",
        }
    }

    /// The field that names a thing beside its SID.
    pub(super) fn other_name(self) -> Option<&'static str> {
        match self {
            Self::Role | Self::Invite => None,
            Self::User | Self::Member => Some("identity"),
            Self::Channel => Some("unique_name"),
        }
    }
}

/// One of the two names of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    Chat,
    Conversations,
}

impl Surface {
    /// The service of a path, and what follows it; no service is the default one.
    pub(super) fn of<'a>(path: &'a [&'a str]) -> Option<(Self, Option<&'a str>, &'a [&'a str])> {
        match path {
            ["v2", "Services", service, rest @ ..] => Some((Self::Chat, Some(service), rest)),
            ["v2", "Services"] => Some((Self::Chat, None, &path[1..])),
            ["v1", "Services", service, rest @ ..] => {
                Some((Self::Conversations, Some(service), rest))
            }
            ["v1", rest @ ..] => Some((Self::Conversations, None, rest)),
            _ => None,
        }
    }

    /// The name of a kind in paths.
    pub(super) fn name(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (_, Kind::Role) => "Roles",
            (_, Kind::User) => "Users",
            (Self::Chat, Kind::Channel) => "Channels",
            (Self::Conversations, Kind::Channel) => "Conversations",
            (Self::Chat, Kind::Member) => "Members",
            (Self::Conversations, Kind::Member) => "Participants",
            (_, Kind::Invite) => "Invites",
        }
    }

    /// The kind of this name in a service, or in a channel.
    pub(super) fn kind(self, name: &str, in_channel: bool) -> Option<Kind> {
        let kinds: &[Kind] = match (in_channel, self) {
            (false, _) => &[Kind::Role, Kind::User, Kind::Channel],
            (true, Self::Chat) => &[Kind::Member, Kind::Invite],
            (true, Self::Conversations) => &[Kind::Member],
        };
        kinds.iter().copied().find(|kind| self.name(*kind) == name)
    }

    /// The largest page.
    pub(super) fn most(self, kind: Kind) -> usize {
        match (self, kind) {
            (Self::Conversations, Kind::Role | Kind::User) => 50,
            _ => 100,
        }
    }

    /// The type of a role as Chat names it, for the type that this one names.
    pub(super) fn role_type(self, kind: &str) -> Option<&'static str> {
        match (self, kind) {
            (Self::Chat, "channel") | (Self::Conversations, "conversation") => Some("channel"),
            (Self::Chat, "deployment") | (Self::Conversations, "service") => Some("deployment"),
            _ => None,
        }
    }

    /// The fields and form names of the default roles, with the type of role that each wants.
    pub(super) fn defaults(self) -> [(&'static str, &'static str, &'static str); 3] {
        match self {
            Self::Chat => [
                ("default_service_role_sid", "DefaultServiceRoleSid", "deployment"),
                ("default_channel_role_sid", "DefaultChannelRoleSid", "channel"),
                ("default_channel_creator_role_sid", "DefaultChannelCreatorRoleSid", "channel"),
            ],
            Self::Conversations => [
                ("default_chat_service_role_sid", "DefaultChatServiceRoleSid", "deployment"),
                ("default_conversation_role_sid", "DefaultConversationRoleSid", "channel"),
                (
                    "default_conversation_creator_role_sid",
                    "DefaultConversationCreatorRoleSid",
                    "channel",
                ),
            ],
        }
    }

    /// The refusal of a duplicate.
    pub(super) fn exists(self, kind: Kind) -> Response {
        let (code, message) = match (self, kind) {
            (_, Kind::User) => (50201, "User already exists"),
            (_, Kind::Invite) => (50212, "Identity is already invited"),
            (Self::Chat, _) => (50404, "Member already exists"),
            (Self::Conversations, _) => (50433, "Participant already exists"),
        };
        refuse(409, code, message)
    }

    fn version(self) -> &'static str {
        match self {
            Self::Chat => "v2",
            Self::Conversations => "v1",
        }
    }

    /// The path of a service.
    pub(super) fn path(self, service: &str) -> String {
        format!("/{}/Services/{service}", self.version())
    }

    fn service_field(self) -> &'static str {
        match self {
            Self::Chat => "service_sid",
            Self::Conversations => "chat_service_sid",
        }
    }

    fn channel_field(self) -> &'static str {
        match self {
            Self::Chat => "channel_sid",
            Self::Conversations => "conversation_sid",
        }
    }
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
    pub(super) fn is_in(&self, service: &str, kind: Kind, channel: Option<&str>) -> bool {
        (self.kind, self.service.as_str(), self.channel.as_deref()) == (kind, service, channel)
    }

    /// Sets fields.
    pub(super) fn merge(&mut self, fields: Map<String, Value>) {
        self.is_updated = true;
        for (name, value) in fields {
            self.value[name] = value;
        }
    }

    /// The thing as one of the two shows it, to a request or without links.
    pub(super) fn shown(&self, surface: Surface, request: Option<&Request>) -> Value {
        let mut shown = self.value.clone();
        shown["sid"] = self.sid.as_str().into();
        shown["account_sid"] = TwilioChatFake::ACCOUNT_SID.into();
        shown[surface.service_field()] = self.service.as_str().into();
        shown["date_created"] = CREATED.into();
        shown["date_updated"] = if self.is_updated { UPDATED } else { CREATED }.into();
        let mut path = surface.path(&self.service);
        if let Some(channel) = &self.channel {
            shown[surface.channel_field()] = channel.as_str().into();
            path = format!("{path}/{}/{channel}", surface.name(Kind::Channel));
        }
        if surface == Surface::Conversations {
            self.rename(&mut shown);
        }
        let path = format!("{path}/{}/{}", surface.name(self.kind), self.sid);
        if let Some(request) = request {
            shown["url"] = request.link(&path).into();
        }
        shown
    }

    /// Names things as Conversations does.
    fn rename(&self, shown: &mut Value) {
        let Some(fields) = shown.as_object_mut() else { return };
        match self.kind {
            Kind::Role => {
                let is_channels = fields["type"] == "channel";
                fields["type"] = if is_channels { "conversation" } else { "service" }.into();
            }
            Kind::Channel => {
                fields.remove("type");
                fields.remove("created_by");
                fields.insert("state".to_owned(), "active".into());
            }
            Kind::User => drop(fields.remove("joined_channels_count")),
            Kind::Member | Kind::Invite => {}
        }
    }

    /// What the channel of this member is to its user; `channel` is its record.
    pub(super) fn shown_to_user(&self, surface: Surface, user: &Self, channel: &Self) -> Value {
        let mut shown = json!({
            "account_sid": TwilioChatFake::ACCOUNT_SID,
            "user_sid": user.sid,
            "unread_messages_count": 0,
            "notification_level": "default",
        });
        shown[surface.service_field()] = self.service.as_str().into();
        shown[surface.channel_field()] = channel.sid.as_str().into();
        match surface {
            Surface::Chat => {
                shown["member_sid"] = self.sid.as_str().into();
                shown["status"] = "joined".into();
            }
            Surface::Conversations => {
                shown["participant_sid"] = self.sid.as_str().into();
                shown["conversation_state"] = "active".into();
                shown["unique_name"] = channel.value["unique_name"].clone();
                shown["friendly_name"] = channel.value["friendly_name"].clone();
            }
        }
        shown
    }
}
