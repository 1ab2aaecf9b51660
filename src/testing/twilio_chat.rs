//! A fake of Twilio Chat v2.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::service::{
    Fake, Shared, State, answer, counted_sid, derefs_to_fake, header, is_type, segments,
};
use super::twilio_iam::{TwilioDuplicates, documented_headers, twilio_error};
use crate::Error;
use crate::twilio::chat::{Role, ServiceSid, TwilioChat, TwilioChatBuilder};

/// The roles of Twilio Chat services.
///
/// It wants [`ACCOUNT_SID`](Self::ACCOUNT_SID) with [`AUTH_TOKEN`](Self::AUTH_TOKEN), or
/// [`API_KEY`](Self::API_KEY) with [`API_SECRET`](Self::API_SECRET), and accepts any service. Two
/// roles may have the same name, unless [`duplicates`](Self::duplicates) says otherwise. Lists come in pages
/// of 50 or [`page_size`](Self::page_size), with links to the vendor's own host.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::TwilioChatFake;
/// use rolecall::twilio::chat::NewRole;
///
/// let fake = TwilioChatFake::start().await?;
/// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?.roles();
/// roles.create(&NewRole::new("reader", "channel", ["leaveChannel", "sendMessage"])?).await?;
/// assert_eq!(fake.roles()[0].permissions.as_deref().unwrap(), ["leaveChannel", "sendMessage"]);
/// # Ok(())
/// # }
/// ```
pub struct TwilioChatFake {
    fake: Fake,
    state: Shared<Held>,
}

derefs_to_fake!(TwilioChatFake);

struct Held {
    roles: Vec<Value>,
    /// How many roles were made, which gives the next its SID.
    made: usize,
    page_size: usize,
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

    /// Starts on a free port.
    ///
    /// # Errors
    /// The error of the operating system if no port can be had.
    pub async fn start() -> io::Result<Self> {
        let state = Shared::new(Held {
            roles: Vec::new(),
            made: 0,
            page_size: 50,
            requests: 0,
            duplicates: TwilioDuplicates::default(),
        });
        Ok(Self { fake: Fake::start(&state).await?, state })
    }

    /// A client that points here, with account SID and auth token.
    ///
    /// # Errors
    /// None in practice; that of [`TwilioChatBuilder::build`].
    pub fn client(&self) -> Result<TwilioChat, Error> {
        self.builder()?.build()
    }

    /// A builder of a client that points here, to change further.
    ///
    /// # Errors
    /// None in practice; that of [`TwilioChat::with_auth_token`].
    pub fn builder(&self) -> Result<TwilioChatBuilder, Error> {
        let builder = TwilioChat::with_auth_token(Self::ACCOUNT_SID, Self::AUTH_TOKEN)?;
        Ok(builder.base_url(self.uri()))
    }

    /// Sets what becomes of a second role of the same name in a service. What the service does is not
    /// known; the default is that it is made.
    pub fn duplicates(&self, duplicates: TwilioDuplicates) {
        self.state.lock().duplicates = duplicates;
    }

    /// How many roles a page has where the request does not say. The default is 50.
    pub fn page_size(&self, roles: usize) {
        self.state.lock().page_size = roles.max(1);
    }

    /// The roles that there are, in the order of their creation.
    #[must_use]
    pub fn roles(&self) -> Vec<Role> {
        let state = self.state.lock();
        state.roles.iter().filter_map(|role| serde_json::from_value(role.clone()).ok()).collect()
    }
}

impl State for Held {
    fn respond(&mut self, request: &Request) -> ResponseTemplate {
        self.requests += 1;
        documented_headers(self.route(request), self.requests)
    }
}

impl Held {
    fn route(&mut self, request: &Request) -> ResponseTemplate {
        if !is_authenticated(request) {
            return refuse(401, 20003, "Authenticate");
        }
        let segments = segments(request);
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (service, role) = match parts[..] {
            ["v2", "Services", service, "Roles"] => (service, None),
            ["v2", "Services", service, "Roles", role] => (service, Some(role)),
            _ => return refuse(404, 20404, "The requested resource was not found"),
        };
        if ServiceSid::new(service).is_err() {
            return refuse(404, 50050, "Service not found");
        }
        let form: Vec<(String, String)> = if is_type(request, "application/x-www-form-urlencoded") {
            serde_urlencoded::from_bytes(&request.body).unwrap_or_default()
        } else {
            Vec::new()
        };
        let Some(role) = role else {
            return match request.method.as_str() {
                "GET" => self.list(service, request),
                "POST" => self.create(service, &form),
                _ => refuse(405, 20004, "Method not allowed"),
            };
        };
        let is_it = |held: &Value| held["service_sid"] == service && held["sid"] == role;
        let Some(index) = self.roles.iter().position(is_it) else {
            return refuse(404, 50100, "Role not found");
        };
        match request.method.as_str() {
            "GET" => answer(200, "application/json", &self.roles[index]),
            "POST" => update(&mut self.roles[index], &form),
            "DELETE" => {
                self.roles.remove(index);
                ResponseTemplate::new(204)
            }
            _ => refuse(405, 20004, "Method not allowed"),
        }
    }

    fn list(&self, service: &str, request: &Request) -> ResponseTemplate {
        let query = |name: &str| {
            request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value)
        };
        let number = |name: &str| query(name).map(|text| text.parse::<usize>().ok());
        let size = match number("PageSize") {
            None => self.page_size,
            Some(Some(size @ 1..=100)) => size,
            Some(_) => return refuse(400, 20001, "PageSize must be 1 to 100"),
        };
        let page = match number("Page") {
            None => 0,
            Some(Some(page)) => page,
            Some(None) => return refuse(400, 20001, "Page must be a number"),
        };
        // A token is the number of the last role before the page, so that what is removed in between
        // hides nothing.
        let after = match query("PageToken") {
            None if page > 0 => return refuse(400, 70002, "Page needs a PageToken"),
            None => 0,
            Some(token) => match token.strip_prefix("PT").and_then(|number| number.parse().ok()) {
                Some(number) => number,
                None => return refuse(400, 20001, "Invalid PageToken"),
            },
        };
        let own = |role: &&Value| role["service_sid"] == service && number_of(role) > after;
        let left: Vec<&Value> = self.roles.iter().filter(own).take(size + 1).collect();
        let here = &left[..left.len().min(size)];
        let path = format!("https://chat.twilio.com/v2/Services/{service}/Roles");
        let link = |last: &&Value| {
            let (next, after) = (page.saturating_add(1), number_of(last));
            format!("{path}?PageSize={size}&Page={next}&PageToken=PT{after}")
        };
        let next = here.last().filter(|_| left.len() > size).map(link);
        let meta = json!({
            "page": page,
            "page_size": size,
            "first_page_url": format!("{path}?PageSize={size}&Page=0"),
            "previous_page_url": null,
            "url": format!("{path}?PageSize={size}&Page={page}"),
            "next_page_url": next,
            "key": "roles",
        });
        answer(200, "application/json", &json!({"meta": meta, "roles": here}))
    }

    fn create(&mut self, service: &str, form: &[(String, String)]) -> ResponseTemplate {
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
        let same = |held: &Value| held["service_sid"] == service && held["friendly_name"] == name;
        if self.duplicates == TwilioDuplicates::Refused && self.roles.iter().any(same) {
            // No code is known for it.
            let body = json!({"message": "A role of this name exists already", "status": 409});
            return answer(409, "application/json", &body);
        }
        self.made += 1;
        let sid = counted_sid("RL", self.made);
        let url = format!("https://chat.twilio.com/v2/Services/{service}/Roles/{sid}");
        let made = json!({
            "sid": sid,
            "account_sid": TwilioChatFake::ACCOUNT_SID,
            "service_sid": service,
            "friendly_name": name,
            "type": kind,
            "permissions": permissions,
            "date_created": "2016-03-03T19:47:15Z",
            "date_updated": "2016-03-03T19:47:15Z",
            "url": url,
        });
        self.roles.push(made.clone());
        answer(201, "application/json", &made)
    }
}

/// The number that is a role's SID.
fn number_of(role: &Value) -> usize {
    let digits = role["sid"].as_str().and_then(|sid| sid.strip_prefix("RL"));
    digits.and_then(|digits| usize::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

fn update(role: &mut Value, form: &[(String, String)]) -> ResponseTemplate {
    let permissions = form.iter().filter(|(key, _)| key == "Permission");
    let permissions: Vec<_> = permissions.map(|(_, value)| value.as_str()).collect();
    if permissions.is_empty() || permissions.contains(&"") {
        return refuse(400, 20001, "Permission is required");
    }
    role["permissions"] = json!(permissions);
    role["date_updated"] = "2016-03-03T20:00:00Z".into();
    answer(200, "application/json", role)
}

fn is_authenticated(request: &Request) -> bool {
    let given = header(request, "authorization").and_then(|value| value.strip_prefix("Basic "));
    let given = given.and_then(|encoded| STANDARD.decode(encoded).ok());
    let pairs = [
        (TwilioChatFake::ACCOUNT_SID, TwilioChatFake::AUTH_TOKEN),
        (TwilioChatFake::API_KEY, TwilioChatFake::API_SECRET),
    ];
    given.is_some_and(|given| {
        pairs.iter().any(|(user, password)| given == format!("{user}:{password}").into_bytes())
    })
}

fn refuse(status: u16, code: i64, message: &str) -> ResponseTemplate {
    answer(status, "application/json", &twilio_error("more_info", status, code, message))
}
