//! A fake of Twilio Chat v2 and Conversations v1: two names of one state.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::records::{CHAT, CONVERSATIONS, Kind, Place, Record, Surface};
use super::{TwilioDuplicates, counted_sid, error, page, with_headers};
use crate::error::Error;
use crate::testing::fake::{Service, fake};
use crate::testing::message::{Outcome, Request, Response, read};
use crate::twilio::UserSid;
use crate::twilio::chat::{
    Credentials, Invite, Member, Role, ServiceSid, TwilioChat, TwilioChatBuilder, User,
};
use crate::twilio::conversations::{TwilioConversations, TwilioConversationsBuilder};

fake! {
/// The services of Twilio Chat and Conversations, with their roles and the holders of roles. Both
/// products share one state.
///
/// It requires [`ACCOUNT_SID`](Self::ACCOUNT_SID) with [`AUTH_TOKEN`](Self::AUTH_TOKEN), or
/// [`API_KEY`](Self::API_KEY) with [`API_SECRET`](Self::API_SECRET), and accepts any service. Two
/// roles may have the same name, unless [`duplicates`](Self::duplicates) says otherwise. A service
/// has no default roles until they are set: a user or member created before has no role. Lists come
/// in pages of 50 or [`page_size`](Self::page_size).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::TwilioChatFake;
/// use rolecall::twilio::chat::NewRole;
///
/// let fake = TwilioChatFake::start().await?;
/// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles();
/// roles.create(&NewRole::new("reader", "channel", ["leaveChannel", "sendMessage"])?).await?;
/// assert_eq!(fake.roles()[0].permissions.as_deref().unwrap(), ["leaveChannel", "sendMessage"]);
/// # Ok(())
/// # }
/// ```
TwilioChatFake, TwilioChat
}

#[derive(Default)]
struct State {
    records: Vec<Record>,
    /// The three default roles of each service that has some.
    defaults: BTreeMap<String, [Option<String>; 3]>,
    /// How many things of each kind were created, which gives the next its SID.
    created: [usize; 5],
    page_size: Option<usize>,
    requests: usize,
    duplicates: TwilioDuplicates,
}

impl TwilioChatFake {
    /// The account's default service, at Conversations.
    pub const DEFAULT_SERVICE: &str = "ISdddddddddddddddddddddddddddddddd";
    /// The account that the fake accepts.
    pub const ACCOUNT_SID: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// Its auth token; obviously fake.
    pub const AUTH_TOKEN: &str = "obviously-fake-auth-token";
    /// The API key that the fake accepts.
    pub const API_KEY: &str = "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// Its secret; obviously fake.
    pub const API_SECRET: &str = "obviously-fake-api-secret";

    /// Returns a builder of a client that points here, with account SID and auth token.
    pub fn builder(&self) -> TwilioChatBuilder {
        let credentials = Credentials::auth_token(Self::ACCOUNT_SID, Self::AUTH_TOKEN);
        TwilioChat::builder(credentials).base_url(self.uri())
    }

    /// Returns a builder of a client of Conversations that points here, with account SID and auth token.
    pub fn conversations_builder(&self) -> TwilioConversationsBuilder {
        let credentials = Credentials::auth_token(Self::ACCOUNT_SID, Self::AUTH_TOKEN);
        TwilioConversations::builder(credentials).base_url(self.uri())
    }

    /// Returns a client of Conversations that points here.
    ///
    /// # Errors
    /// None in practice; that of the builder.
    pub fn conversations_client(&self) -> Result<TwilioConversations, Error> {
        self.conversations_builder().build()
    }

    /// Sets the response to a second role with the same name in a service. By default it is
    /// created.
    pub fn duplicates(&self, duplicates: TwilioDuplicates) {
        self.state().duplicates = duplicates;
    }

    /// Sets the page size of requests without one. The default is 50.
    pub fn page_size(&self, things: usize) {
        self.state().page_size = Some(things.max(1));
    }

    /// Adds a channel (a conversation, at Conversations) of a type (`public` or `private`) to a service,
    /// since the crate creates none. Returns its SID.
    pub fn add_channel(&self, service: &str, unique_name: &str, kind: &str) -> String {
        let value = json!({
            "unique_name": unique_name,
            "friendly_name": unique_name,
            "attributes": "{}",
            "type": kind,
            "created_by": "system",
        });
        self.state().add(Place { service, kind: Kind::Channel, channel: None }, value).sid.clone()
    }

    /// Returns the roles, in the order of creation.
    #[must_use]
    pub fn roles(&self) -> Vec<Role> {
        self.state().read(Kind::Role)
    }

    /// Returns the users, in the order of creation.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        self.state().read(Kind::User)
    }

    /// Returns the members of all channels, in the order of creation.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        self.state().read(Kind::Member)
    }

    /// Returns the invites to all channels, in the order of creation.
    #[must_use]
    pub fn invites(&self) -> Vec<Invite> {
        self.state().read(Kind::Invite)
    }
}

impl Service for State {
    fn respond(&mut self, method: &str, path: &[&str], request: &Request) -> Outcome {
        self.requests += 1;
        let response = self.route(method, path, request).unwrap_or_else(|refusal| refusal);
        Ok(with_headers(response, self.requests))
    }
}

/// What a request is about.
struct Call<'a> {
    surface: &'static Surface,
    service: &'a str,
    request: &'a Request,
}

impl<'a> Call<'a> {
    /// Where the service has things of a kind that are not in a channel.
    fn place(&self, kind: Kind) -> Place<'a> {
        Place { service: self.service, kind, channel: None }
    }

    fn shown(&self, status: u16, record: &Record) -> Outcome {
        Ok(Response::json(status, &record.shown(self.surface, Some(self.request))))
    }
}

impl State {
    fn route(&mut self, method: &str, path: &[&str], request: &Request) -> Outcome {
        if !is_authenticated(request) {
            return Err(refuse(401, 20003, "Authenticate"));
        }
        let (surface, service, rest) = match path {
            ["v2", "Services", service, rest @ ..] => (&CHAT, Some(*service), rest),
            ["v2", rest @ ..] if rest == ["Services"] => (&CHAT, None, rest),
            ["v1", "Services", service, rest @ ..] => (&CONVERSATIONS, Some(*service), rest),
            ["v1", rest @ ..] => (&CONVERSATIONS, None, rest),
            _ => return Err(not_found().unrouted()),
        };
        let is_named = service.is_some();
        let service = service.unwrap_or(TwilioChatFake::DEFAULT_SERVICE);
        if ServiceSid::new(service).is_err() {
            return Err(refuse(404, 50050, "Service not found"));
        }
        let call = Call { surface, service, request };
        let is_settings = rest == if surface.is_chat() { &[][..] } else { &["Configuration"] };
        match (method, is_named, rest) {
            ("GET", true, _) if is_settings => {
                return Ok(Response::json(200, &self.settings(&call)));
            }
            ("POST", true, _) if is_settings => return self.set_defaults(&call),
            ("GET", true, []) => return Ok(Response::json(200, &service_of(&call, service))),
            ("GET", false, ["Services"]) => return self.services(&call),
            ("GET", false, ["Configuration"]) => {
                let configuration = json!({
                    "account_sid": TwilioChatFake::ACCOUNT_SID,
                    "default_chat_service_sid": service,
                    "url": request.link("/v1/Configuration"),
                });
                return Ok(Response::json(200, &configuration));
            }
            ("GET", _, ["Users", user, list])
                if surface.kind(list, false) == Some(Kind::Channel) =>
            {
                return self.channels_of(&call, user);
            }
            _ => {}
        }
        let (kind, channel, id) = match *rest {
            [name] => (surface.kind(name, false), None, None),
            [name, id] => (surface.kind(name, false), None, Some(id)),
            [first, channel, name, ref id @ ..]
                if surface.kind(first, false) == Some(Kind::Channel) && id.len() < 2 =>
            {
                (surface.kind(name, true), Some(channel), id.first().copied())
            }
            _ => (None, None, None),
        };
        let kind = kind.ok_or_else(|| not_found().unrouted())?;
        let channel = match channel {
            None => None,
            Some(name) => Some(self.found(call.place(Kind::Channel), name)?.sid.clone()),
        };
        let place = Place { service, kind, channel: channel.as_deref() };
        let refused = || Err(refuse(405, 20004, "Method not allowed").unrouted());
        let Some(id) = id else {
            return match (method, kind) {
                ("GET", _) => self.list(&call, place),
                ("POST", Kind::Role) => self.create_role(&call),
                ("POST", Kind::User | Kind::Member | Kind::Invite) => self.create(&call, place),
                _ => refused(),
            };
        };
        let found = self.found(place, id)?;
        // By an identity, a participant can only be read.
        let by_sid_alone = !surface.is_chat() && kind == Kind::Member && method != "GET";
        if by_sid_alone && found.sid != id {
            return Err(not_found());
        }
        let at = self.records.iter().position(|record| record.sid == found.sid);
        let at = at.ok_or_else(not_found)?;
        match (method, kind) {
            ("GET", _) => {}
            ("POST", Kind::Role) => self.records[at].merge(permissions(&call)?),
            ("POST", Kind::User | Kind::Member) => {
                let fields = self.fields(&call, kind)?;
                self.records[at].merge(fields);
            }
            ("DELETE", _) if kind != Kind::Channel => {
                self.records.remove(at);
                return Ok(Response::new(204));
            }
            _ => return refused(),
        }
        call.shown(200, &self.records[at])
    }

    fn add(&mut self, place: Place<'_>, value: Value) -> &Record {
        let Place { kind, service, channel } = place;
        let number = self.created[kind as usize] + 1;
        self.created[kind as usize] = number;
        let sid = counted_sid(kind.prefix(), number);
        let (service, channel) = (service.to_owned(), channel.map(str::to_owned));
        let record = Record { kind, number, sid, service, channel, is_updated: false, value };
        self.records.push_mut(record)
    }

    /// All things of a kind, as Chat shows them.
    fn read<T: DeserializeOwned>(&self, kind: Kind) -> Vec<T> {
        let records = self.records.iter().filter(|record| record.kind == kind);
        let shown: Vec<_> = records.map(|record| record.shown(&CHAT, None)).collect();
        read(shown.iter())
    }

    fn of(&self, place: Place<'_>) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.place() == place)
    }

    /// Finds a thing by its SID, or by the other name that its kind has.
    fn found(&self, place: Place<'_>, key: &str) -> Result<&Record, Response> {
        let is_it = |record: &&Record| {
            let name = place.kind.other_name().and_then(|name| record.value[name].as_str());
            record.sid == key || name == Some(key)
        };
        self.of(place).find(is_it).ok_or_else(|| match place.kind {
            Kind::Role => refuse(404, 50100, "Role not found"),
            _ => not_found(),
        })
    }

    fn list(&self, call: &Call<'_>, place: Place<'_>) -> Outcome {
        let identities = call.request.values("Identity");
        let mut types = call.request.values("Type");
        if types.is_empty() {
            types.push("public".into());
        }
        let has_types = place.kind == Kind::Channel && call.surface.is_chat();
        let all = self.of(place).filter(|record| {
            (!has_types || types.contains(&record.value["type"]))
                && (identities.is_empty() || identities.contains(&record.value["identity"]))
        });
        let shown = all.map(|one| (one.number, one.shown(call.surface, Some(call.request))));
        self.page(call, call.surface.name(place.kind), shown, call.surface.most(place.kind))
    }

    /// The channels of a user, in the order in which the user became a member.
    fn channels_of(&self, call: &Call<'_>, user: &str) -> Outcome {
        let user = self.found(call.place(Kind::User), user)?;
        let members = self.records.iter().filter(|record| {
            (record.kind, record.service.as_str()) == (Kind::Member, call.service)
                && record.value["identity"] == user.value["identity"]
        });
        let shown = members.filter_map(|member| {
            let channel = self.found(call.place(Kind::Channel), member.channel.as_deref()?).ok()?;
            Some((member.number, member.shown_to_user(call.surface, user, channel)))
        });
        self.page(call, call.surface.name(Kind::Channel), shown, 50)
    }

    fn page(
        &self,
        call: &Call<'_>,
        name: &str,
        all: impl Iterator<Item = (usize, Value)>,
        most: usize,
    ) -> Outcome {
        let default = self.page_size.unwrap_or(50);
        page(all, call.request, &name.to_ascii_lowercase(), default, most).map_err(|wrong| {
            let code = if wrong == "Page: it needs a PageToken" { 70002 } else { 20001 };
            refuse(400, code, &format!("Invalid {wrong}"))
        })
    }

    fn create_role(&mut self, call: &Call<'_>) -> Outcome {
        let name = match &call.request.fields("FriendlyName")[..] {
            [name] if name.chars().count() > 64 => {
                return Err(refuse(400, 50003, "FriendlyName is too long"));
            }
            [name] if !name.is_empty() => Value::from(&**name),
            _ => return Err(refuse(400, 50000, "FriendlyName is required")),
        };
        let kind = match &call.request.fields("Type")[..] {
            [kind] => call.surface.role_type(kind),
            _ => None,
        };
        let kind = kind.ok_or_else(|| refuse(400, 50105, "Invalid role type"))?;
        let mut value = permissions(call)?;
        let roles = call.place(Kind::Role);
        let is_taken = self.of(roles).any(|role| role.value["friendly_name"] == name);
        if self.duplicates == TwilioDuplicates::Refused && is_taken {
            // No code is known for it.
            let body = json!({"message": "A role of this name exists already", "status": 409});
            return Err(Response::json(409, &body));
        }
        value.insert("friendly_name".to_owned(), name);
        value.insert("type".to_owned(), kind.into());
        call.shown(201, self.add(roles, value.into()))
    }

    /// Creates a user, a member or an invite.
    fn create(&mut self, call: &Call<'_>, place: Place<'_>) -> Outcome {
        let kind = place.kind;
        let mut value = self.fields(call, kind)?;
        let identity = value.get("identity").cloned().unwrap_or_else(|| "".into());
        let is_phone = kind == Kind::Member && value.contains_key("messaging_binding");
        if identity == "" && !is_phone {
            return Err(refuse(400, 20001, "Identity is required"));
        }
        if UserSid::new(identity.as_str().unwrap_or_default()).is_ok() {
            return Err(refuse(400, 50206, "Identity must not look like a SID"));
        }
        let is_taken = |place| self.of(place).any(|record| record.value["identity"] == identity);
        if !is_phone && is_taken(place) {
            return Err(call.surface.exists(kind));
        }
        if kind == Kind::Invite && is_taken(Place { kind: Kind::Member, ..place }) {
            return Err(call.surface.exists(Kind::Member));
        }
        let users = call.place(Kind::User);
        if kind == Kind::Member && !is_phone && !is_taken(users) {
            let role = self.default_role(call.service, Kind::User);
            let user = json!({"identity": identity, "role_sid": role, "attributes": "{}"});
            self.add(users, user);
        }
        let role = self.default_role(call.service, kind);
        value.entry("role_sid").or_insert(role);
        value.entry("attributes").or_insert("{}".into());
        call.shown(201, self.add(place, value.into()))
    }

    /// The fields that a form sets, checked.
    fn fields(&self, call: &Call<'_>, kind: Kind) -> Result<Map<String, Value>, Response> {
        let mut fields = Map::new();
        for (name, value) in call.request.form() {
            let field = match &*name {
                "Identity" => "identity",
                "FriendlyName" => "friendly_name",
                "Attributes" => "attributes",
                "RoleSid" => {
                    let wanted = if kind == Kind::User { "deployment" } else { "channel" };
                    self.check_role(call, &value, wanted)?;
                    "role_sid"
                }
                other => {
                    let part = match other.strip_prefix("MessagingBinding.") {
                        None => continue,
                        Some("Address") => "address",
                        Some("ProxyAddress") => "proxy_address",
                        Some(_) => "projected_address",
                    };
                    let binding = fields.entry("messaging_binding");
                    binding.or_insert_with(|| json!({"type": "sms"}))[part] = value.into();
                    continue;
                }
            };
            fields.insert(field.to_owned(), value.into());
        }
        Ok(fields)
    }

    /// # Errors
    /// The refusal of a role that is not there, or of another type.
    fn check_role(&self, call: &Call<'_>, sid: &str, wanted: &str) -> Result<(), Response> {
        let is_wanted = self.found(call.place(Kind::Role), sid)?.value["type"] == wanted;
        is_wanted.then_some(()).ok_or_else(|| refuse(400, 50105, "Invalid role type"))
    }

    fn default_role(&self, service: &str, kind: Kind) -> Value {
        let which = usize::from(kind != Kind::User);
        self.defaults.get(service).and_then(|roles| roles[which].clone()).into()
    }

    /// A service with its default roles: at Conversations, its configuration.
    fn settings(&self, call: &Call<'_>) -> Value {
        let mut shown = match call.surface.is_chat() {
            true => service_of(call, call.service),
            false => json!({
                "chat_service_sid": call.service,
                "reachability_enabled": false,
                "url": call.request.link(call.request.path()),
            }),
        };
        let roles = self.defaults.get(call.service).cloned().unwrap_or_default();
        for ((field, ..), role) in call.surface.defaults().zip(roles) {
            shown[field] = role.into();
        }
        shown
    }

    fn set_defaults(&mut self, call: &Call<'_>) -> Outcome {
        let mut roles = self.defaults.get(call.service).cloned().unwrap_or_default();
        for (role, (_, name, wanted)) in roles.iter_mut().zip(call.surface.defaults()) {
            if let Some(sid) = call.request.fields(&name).pop() {
                self.check_role(call, &sid, wanted)?;
                *role = Some(sid);
            }
        }
        self.defaults.insert(call.service.to_owned(), roles);
        Ok(Response::json(200, &self.settings(call)))
    }

    /// The services that have anything, and the default one.
    fn services(&self, call: &Call<'_>) -> Outcome {
        let mut sids: Vec<_> = self.records.iter().map(|record| record.service.as_str()).collect();
        sids.push(TwilioChatFake::DEFAULT_SERVICE);
        sids.sort_unstable();
        sids.dedup();
        let all = sids.into_iter().map(|service| match call.surface.is_chat() {
            true => self.settings(&Call { service, ..*call }),
            false => service_of(call, service),
        });
        self.page(call, "services", (1..).zip(all), 100)
    }
}

fn service_of(call: &Call<'_>, sid: &str) -> Value {
    json!({
        "sid": sid,
        "account_sid": TwilioChatFake::ACCOUNT_SID,
        "friendly_name": "service",
        "date_created": "2016-03-03T19:47:15Z",
        "date_updated": "2016-03-03T19:47:15Z",
        "url": call.request.link(&call.surface.path(sid)),
    })
}

/// The permissions that a form sets.
fn permissions(call: &Call<'_>) -> Result<Map<String, Value>, Response> {
    let permissions = call.request.fields("Permission");
    if permissions.is_empty() || permissions.iter().any(String::is_empty) {
        return Err(refuse(400, 20001, "Permission is required"));
    }
    Ok([("permissions".to_owned(), permissions.into())].into_iter().collect())
}

fn is_authenticated(request: &Request) -> bool {
    let pairs = [
        (TwilioChatFake::ACCOUNT_SID, TwilioChatFake::AUTH_TOKEN),
        (TwilioChatFake::API_KEY, TwilioChatFake::API_SECRET),
    ];
    let given = request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    given.is_some_and(|given| {
        pairs.iter().any(|(user, password)| given == STANDARD.encode(format!("{user}:{password}")))
    })
}

fn not_found() -> Response {
    refuse(404, 20404, "The requested resource was not found")
}

pub(super) fn refuse(status: u16, code: i64, message: &str) -> Response {
    Response::json(status, &error("more_info", status, code, message))
}
