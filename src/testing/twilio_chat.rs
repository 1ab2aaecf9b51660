//! A fake of Twilio Chat v2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fake::{Service, fake};
use super::message::{Request, Response, read};
use super::twilio::{TwilioDuplicates, counted_sid, error, page, with_headers};
use crate::twilio::chat::{Credentials, Role, ServiceSid, TwilioChat, TwilioChatBuilder};

fake! {
/// The roles of Twilio Chat services.
///
/// It wants [`ACCOUNT_SID`](Self::ACCOUNT_SID) with [`AUTH_TOKEN`](Self::AUTH_TOKEN), or
/// [`API_KEY`](Self::API_KEY) with [`API_SECRET`](Self::API_SECRET), and accepts any service. Two
/// roles may have the same name, unless [`duplicates`](Self::duplicates) says otherwise. Lists come
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
    roles: Vec<Value>,
    /// How many roles were created, which gives the next its SID.
    created: usize,
    page_size: Option<usize>,
    requests: usize,
    duplicates: TwilioDuplicates,
}

impl TwilioChatFake {
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

    /// Sets what becomes of a second role of the same name in a service. By default it is created.
    pub fn duplicates(&self, duplicates: TwilioDuplicates) {
        self.state().duplicates = duplicates;
    }

    /// Sets how many roles a page has where the request does not say. The default is 50.
    pub fn page_size(&self, roles: usize) {
        self.state().page_size = Some(roles.max(1));
    }

    /// Returns the roles that there are, in the order of their creation.
    #[must_use]
    pub fn roles(&self) -> Vec<Role> {
        read(self.state().roles.iter())
    }
}

impl Service for State {
    fn respond(&mut self, method: &str, path: &[&str], request: &Request) -> Response {
        self.requests += 1;
        with_headers(self.route(method, path, request), self.requests)
    }
}

impl State {
    fn route(&mut self, method: &str, path: &[&str], request: &Request) -> Response {
        if !is_authenticated(request) {
            return refuse(401, 20003, "Authenticate");
        }
        let (service, role) = match *path {
            ["v2", "Services", service, "Roles"] => (service, None),
            ["v2", "Services", service, "Roles", role] => (service, Some(role)),
            _ => return refuse(404, 20404, "The requested resource was not found").unrouted(),
        };
        if ServiceSid::new(service).is_err() {
            return refuse(404, 50050, "Service not found");
        }
        let Some(role) = role else {
            return match method {
                "GET" => self.list(service, request),
                "POST" => self.create(service, request),
                _ => refuse(405, 20004, "Method not allowed").unrouted(),
            };
        };
        let is_it = |record: &Value| record["service_sid"] == service && record["sid"] == role;
        let Some(index) = self.roles.iter().position(is_it) else {
            return refuse(404, 50100, "Role not found");
        };
        match method {
            "GET" => Response::json(200, &self.roles[index]),
            "POST" => update(&mut self.roles[index], &request.form()),
            "DELETE" => {
                self.roles.remove(index);
                Response::new(204)
            }
            _ => refuse(405, 20004, "Method not allowed").unrouted(),
        }
    }

    fn list(&self, service: &str, request: &Request) -> Response {
        let own = self.roles.iter().filter(|role| role["service_sid"] == service);
        let numbered = own.map(|role| (number_of(role), role));
        let found = page(numbered, request, "roles", self.page_size.unwrap_or(50), 100);
        found.unwrap_or_else(|wrong| {
            let code = if wrong == "Page: it needs a PageToken" { 70002 } else { 20001 };
            refuse(400, code, &format!("Invalid {wrong}"))
        })
    }

    fn create(&mut self, service: &str, request: &Request) -> Response {
        let form = request.form();
        let all = |field: &str| -> Vec<&str> {
            form.iter().filter(|(key, _)| key == field).map(|(_, value)| value.as_str()).collect()
        };
        let (names, kinds, permissions) = (all("FriendlyName"), all("Type"), all("Permission"));
        let [name] = names[..] else {
            return refuse(400, 50000, "FriendlyName is required");
        };
        if name.is_empty() {
            return refuse(400, 50000, "FriendlyName is required");
        }
        if name.chars().count() > 64 {
            return refuse(400, 50003, "FriendlyName is too long");
        }
        let [kind @ ("channel" | "deployment")] = kinds[..] else {
            return refuse(400, 50105, "Invalid role type");
        };
        if permissions.is_empty() || permissions.contains(&"") {
            return refuse(400, 20001, "Permission is required");
        }
        let same = |role: &Value| role["service_sid"] == service && role["friendly_name"] == name;
        if self.duplicates == TwilioDuplicates::Refused && self.roles.iter().any(same) {
            // No code is known for it.
            let body = json!({"message": "A role of this name exists already", "status": 409});
            return Response::json(409, &body);
        }
        self.created += 1;
        let sid = counted_sid("RL", self.created);
        let created = json!({
            "sid": sid,
            "account_sid": TwilioChatFake::ACCOUNT_SID,
            "service_sid": service,
            "friendly_name": name,
            "type": kind,
            "permissions": permissions,
            "date_created": "2016-03-03T19:47:15Z",
            "date_updated": "2016-03-03T19:47:15Z",
            "url": request.link(&format!("/v2/Services/{service}/Roles/{sid}")),
        });
        self.roles.push(created.clone());
        Response::json(201, &created)
    }
}

/// Returns the number in a role's SID.
fn number_of(role: &Value) -> usize {
    let digits = role["sid"].as_str().and_then(|sid| sid.strip_prefix("RL"));
    digits.and_then(|digits| usize::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

fn update(role: &mut Value, form: &[(String, String)]) -> Response {
    let permissions = form.iter().filter(|(key, _)| key == "Permission");
    let permissions: Vec<_> = permissions.map(|(_, value)| value.as_str()).collect();
    if permissions.is_empty() || permissions.contains(&"") {
        return refuse(400, 20001, "Permission is required");
    }
    role["permissions"] = json!(permissions);
    role["date_updated"] = "2016-03-03T20:00:00Z".into();
    Response::json(200, role)
}

fn is_authenticated(request: &Request) -> bool {
    let given = request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    let given = given.and_then(|encoded| STANDARD.decode(encoded).ok());
    let pairs = [
        (TwilioChatFake::ACCOUNT_SID, TwilioChatFake::AUTH_TOKEN),
        (TwilioChatFake::API_KEY, TwilioChatFake::API_SECRET),
    ];
    given.is_some_and(|given| {
        pairs.iter().any(|(user, password)| given == format!("{user}:{password}").into_bytes())
    })
}

fn refuse(status: u16, code: i64, message: &str) -> Response {
    Response::json(status, &error("more_info", status, code, message))
}
