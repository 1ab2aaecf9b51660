//! A fake of Twilio Organizations, with its token endpoint.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::service::{
    Fake, Shared, State, answer, counted_sid, derefs_to_fake, filled, header, is_type, json_object,
    segments,
};
use super::twilio_iam_users::ScimUsers;
use crate::Error;
use crate::twilio::iam::{RoleAssignment, TwilioIam, TwilioIamBuilder, User};
use crate::twilio::{AccountSid, OrganizationSid, RoleSid, Sid};

/// Twilio's role assignments, accounts, SCIM users, the built-in roles, and the token endpoint at `/v2/token`, on one address and for both
/// [surfaces](crate::twilio::iam::Surface).
///
/// It gives tokens for [`CLIENT_ID`](Self::CLIENT_ID) and [`CLIENT_SECRET`](Self::CLIENT_SECRET),
/// counts them, accepts any organization, and checks the SIDs of an assignment. The tokens belong
/// to [`ORGANIZATION`](Self::ORGANIZATION), which counts at the newer surface.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::TwilioIamFake;
/// use rolecall::twilio::iam::NewRoleAssignment;
///
/// let fake = TwilioIamFake::start().await?;
/// let organization = fake.client()?.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
/// let wanted = NewRoleAssignment::new(
///     "IX00000000000000000000000000000104",
///     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
///     "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
/// )?;
/// organization.role_assignments().create(&wanted).await?;
///
/// // A token that is not accepted any more is renewed once.
/// fake.revoke_tokens();
/// organization.role_assignments().create(&wanted).await?;
/// assert_eq!(fake.tokens_given(), 2);
/// # Ok(())
/// # }
/// ```
pub struct TwilioIamFake {
    fake: Fake,
    state: Shared<Held>,
}

derefs_to_fake!(TwilioIamFake);

/// What becomes of a second identical role assignment. What the service does is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TwilioDuplicates {
    /// A second assignment is made: the worse case for whoever repeats blindly. The default.
    #[default]
    Accepted,
    /// It is refused with 409.
    Refused,
}

struct Held {
    duplicates: TwilioDuplicates,
    token_lifetime: Duration,
    token_status: u16,
    tokens_given: u64,
    first_valid: u64,
    accounts: Vec<Record>,
    assignments: Vec<Record>,
    roles: Vec<Value>,
    users: ScimUsers,
    /// How many things were made, of any kind: what numbers them.
    made: usize,
    page_size: usize,
    requests: usize,
}

/// A thing that an organization has.
struct Record {
    number: usize,
    organization: String,
    value: Value,
}

impl TwilioIamFake {
    /// The client id that the fake accepts.
    pub const CLIENT_ID: &str = "OQaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// The organization that the tokens belong to.
    pub const ORGANIZATION: &str = "ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// Its secret; obviously fake.
    pub const CLIENT_SECRET: &str = "obviously-fake-client-secret";

    /// Starts on a free port.
    ///
    /// # Errors
    /// The error of the operating system if no port can be had.
    pub async fn start() -> io::Result<Self> {
        let state = Shared::new(Held {
            duplicates: TwilioDuplicates::default(),
            token_lifetime: Duration::from_secs(3600),
            token_status: 200,
            tokens_given: 0,
            first_valid: 1,
            accounts: Vec::new(),
            assignments: Vec::new(),
            roles: built_in_roles(),
            users: ScimUsers::default(),
            made: 0,
            page_size: 50,
            requests: 0,
        });
        Ok(Self { fake: Fake::start(&state).await?, state })
    }

    /// A client that points here, for its tokens too.
    ///
    /// # Errors
    /// None in practice; that of [`TwilioIamBuilder::build`].
    pub fn client(&self) -> Result<TwilioIam, Error> {
        self.builder().build()
    }

    /// A builder of a client that points here, to change further.
    pub fn builder(&self) -> TwilioIamBuilder {
        TwilioIam::builder(Self::CLIENT_ID, Self::CLIENT_SECRET)
            .base_url(self.uri())
            .token_url(self.token_url())
    }

    /// The address of the token endpoint.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/v2/token", self.uri())
    }

    /// Sets what becomes of duplicates.
    pub fn duplicates(&self, duplicates: TwilioDuplicates) {
        self.state.lock().duplicates = duplicates;
    }

    /// How many items a page has where the request does not say; 50 by default, at least 1.
    pub fn page_size(&self, size: usize) {
        self.state.lock().page_size = size.max(1);
    }

    /// How long the next tokens last, in whole seconds; an hour by default.
    pub fn token_lifetime(&self, lifetime: Duration) {
        self.state.lock().token_lifetime = lifetime;
    }

    /// The status of the token endpoint's answers: 200 by default, 201 on the vendor's older hosts.
    pub fn token_status(&self, status: u16) {
        self.state.lock().token_status = status;
    }

    /// From now on the tokens given so far are refused with 401.
    pub fn revoke_tokens(&self) {
        let mut state = self.state.lock();
        state.first_valid = state.tokens_given + 1;
    }

    /// How many tokens were given.
    #[must_use]
    pub fn tokens_given(&self) -> u64 {
        self.state.lock().tokens_given
    }

    /// The users that were created, deactivated ones included, in order.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        let state = self.state.lock();
        let held = state.users.values();
        held.filter_map(|value| serde_json::from_value(value.clone()).ok()).collect()
    }

    /// Puts an active account into [`ORGANIZATION`](Self::ORGANIZATION).
    pub fn add_account(&self, sid: &AccountSid, name: &str) {
        let mut state = self.state.lock();
        let number = state.number();
        let value = json!({
            "account_sid": sid,
            "friendly_name": name,
            "status": "active",
            "owner_sid": Self::ORGANIZATION,
            "date_created": "2026-01-01T00:00:00Z",
        });
        let organization = Self::ORGANIZATION.to_owned();
        state.accounts.push(Record { number, organization, value });
    }

    /// The role assignments that are there, in the order of their creation.
    #[must_use]
    pub fn role_assignments(&self) -> Vec<RoleAssignment> {
        let state = self.state.lock();
        let held = state.assignments.iter();
        held.filter_map(|held| serde_json::from_value(held.value.clone()).ok()).collect()
    }
}

impl State for Held {
    fn respond(&mut self, request: &Request) -> ResponseTemplate {
        self.requests += 1;
        let segments = segments(request);
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let answer = match (request.method.as_str(), &parts[..]) {
            ("POST", ["v2", "token"]) => return self.token(request),
            _ if !self.is_authenticated(request) => {
                refuse("application/json", "more_info", 401, 20003, "Authenticate")
            }
            (method, ["Organizations", organization, rest @ ..]) => {
                self.preview(method, organization, rest, request)
            }
            (method, ["scim", "v2", "Users", rest @ ..]) => {
                self.users.respond(method, TwilioIamFake::ORGANIZATION, rest, request)
            }
            (method, ["v2", "Organizations", rest @ ..]) => self.v2(method, rest, request),
            ("GET", ["v1", "Roles", role, "Permissions"]) => self.permissions(role, request),
            _ => nothing_here(),
        };
        documented_headers(answer, self.requests)
    }
}

/// No such path, or nothing at it.
fn nothing_here() -> ResponseTemplate {
    let message = "The requested resource was not found";
    refuse("application/json", "more_info", 404, 20404, message)
}

impl Held {
    /// The number of the next thing.
    fn number(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    fn preview(
        &mut self,
        method: &str,
        organization: &str,
        path: &[&str],
        request: &Request,
    ) -> ResponseTemplate {
        match (method, path) {
            ("GET", ["RoleAssignments"]) if !is_filtered(request) => {
                let message = "Identity or Scope must be given";
                refuse("application/json", "more_info", 400, 25203, message)
            }
            (_, ["RoleAssignments", path @ ..]) => {
                self.assigning(method, organization, path, request)
            }
            (_, ["scim", "Users", path @ ..]) => {
                self.users.respond(method, organization, path, request)
            }
            ("GET", ["Accounts"]) => {
                let all = self.accounts.iter().filter(|held| held.organization == organization);
                let all = all.map(|held| (held.number, &held.value));
                page(all, request, "content", self.page_size, 100)
            }
            ("GET", ["Accounts", sid]) => {
                let is_it = |held: &&Record| {
                    held.organization == organization && held.value["account_sid"] == **sid
                };
                match self.accounts.iter().find(is_it) {
                    Some(held) => answer(200, "application/json", &held.value),
                    None => {
                        let message = "The account was not found";
                        refuse("application/json", "more_info", 404, 25101, message)
                    }
                }
            }
            _ => nothing_here(),
        }
    }

    fn v2(&mut self, method: &str, path: &[&str], request: &Request) -> ResponseTemplate {
        match (method, path) {
            (_, ["RoleAssignments", path @ ..]) => {
                self.assigning(method, TwilioIamFake::ORGANIZATION, path, request)
            }
            ("GET", ["Roles"]) => self.list_roles(request),
            _ => nothing_here(),
        }
    }

    /// Role assignments: all, or one.
    fn assigning(
        &mut self,
        method: &str,
        organization: &str,
        path: &[&str],
        request: &Request,
    ) -> ResponseTemplate {
        match (method, path) {
            ("POST", []) => self.create(organization, request),
            ("GET", []) => self.list(organization, request),
            ("DELETE", [sid]) => {
                let is_it =
                    |held: &Record| held.organization == organization && held.value["sid"] == **sid;
                let before = self.assignments.len();
                self.assignments.retain(|held| !is_it(held));
                if self.assignments.len() < before {
                    return ResponseTemplate::new(204);
                }
                let message = "The role assignment was not found";
                refuse("application/scim+json", "moreInfo", 404, 20404, message)
            }
            _ => nothing_here(),
        }
    }

    fn list(&self, organization: &str, request: &Request) -> ResponseTemplate {
        for (filter, code) in [("Identity", 25201), ("Scope", 25200)] {
            if parameter(request, filter).is_some_and(|sid| Sid::new(sid).is_err()) {
                let message = format!("Invalid {filter}");
                return refuse("application/json", "more_info", 400, code, &message);
            }
        }
        let filters = [
            ("Identity", "identity"),
            ("Scope", "scope"),
            ("ResourceType", "resource_type"),
            ("ResourceId", "resource_id"),
        ];
        let wanted = |held: &&Record| {
            held.organization == organization
                && filters.iter().all(|(filter, field)| match parameter(request, filter) {
                    Some(wanted) => held.value[*field] == wanted,
                    None => true,
                })
        };
        let all = self.assignments.iter().filter(wanted);
        page(all.map(|held| (held.number, &held.value)), request, "content", self.page_size, 100)
    }

    fn list_roles(&self, request: &Request) -> ResponseTemplate {
        let search = parameter(request, "Search").map(|text| text.to_lowercase());
        let group = parameter(request, "RoleProductGroup");
        let kinds = parameter(request, "ResourceTypes");
        let wanted = |role: &Value| {
            let text = |field: &str| filled(role, field).unwrap_or_default().to_lowercase();
            let found =
                |search: &String| text("friendly_name").contains(search) || text("sid") == *search;
            let narrows = |kinds: &String| {
                let own = role["resource_types"].as_array().into_iter().flatten();
                own.filter_map(Value::as_str).any(|own| kinds.split(',').any(|kind| kind == own))
            };
            search.as_ref().is_none_or(found)
                && group.as_ref().is_none_or(|group| role["product_group"] == *group)
                && kinds.as_ref().is_none_or(narrows)
        };
        let all = self.roles.iter().enumerate().filter(|(_, role)| wanted(role));
        page(all.map(|(at, role)| (at + 1, role)), request, "roles", self.page_size, 1000)
    }

    /// What a role's policy allows, piece by piece.
    fn permissions(&self, role: &str, request: &Request) -> ResponseTemplate {
        let Some(role) = self.roles.iter().find(|held| held["sid"] == role) else {
            return nothing_here();
        };
        let allowed = role["policy"]["allow"].as_array().into_iter().flatten();
        let permissions: Vec<Value> = allowed
            .filter_map(Value::as_str)
            .enumerate()
            .map(|(at, text)| {
                let mut parts = text.split('/').skip(1);
                json!({
                    "sid": counted_sid("IZ", at + 1),
                    "namespace": parts.next(),
                    "product": parts.next(),
                    "resource": parts.next(),
                    "action": parts.next(),
                    "externalDescription": format!("Allows {text}"),
                })
            })
            .collect();
        let all = permissions.iter().enumerate().map(|(at, permission)| (at + 1, permission));
        page(all, request, "permissions", self.page_size, 100)
    }

    fn token(&mut self, request: &Request) -> ResponseTemplate {
        let form: Vec<(String, String)> = if is_type(request, "application/x-www-form-urlencoded") {
            serde_urlencoded::from_bytes(&request.body).unwrap_or_default()
        } else {
            Vec::new()
        };
        let is = |field: &str, wanted: &str| {
            form.iter().any(|(key, value)| key == field && value == wanted)
        };
        if !is("grant_type", "client_credentials") {
            let message = "grant_type must be client_credentials";
            return refuse("application/json", "more_info", 400, 20001, message);
        }
        if !is("client_id", TwilioIamFake::CLIENT_ID)
            || !is("client_secret", TwilioIamFake::CLIENT_SECRET)
        {
            return refuse("application/json", "more_info", 401, 20003, "Authenticate");
        }
        self.tokens_given += 1;
        let body = json!({
            "access_token": format!("obviously-fake-token-{}", self.tokens_given),
            "token_type": "Bearer",
            "expires_in": self.token_lifetime.as_secs(),
            "refresh_token": null,
            "id_token": null,
        });
        answer(self.token_status, "application/json", &body)
    }

    fn is_authenticated(&self, request: &Request) -> bool {
        let prefix = "Bearer obviously-fake-token-";
        header(request, "authorization")
            .and_then(|value| value.strip_prefix(prefix)?.parse().ok())
            .is_some_and(|number: u64| (self.first_valid..=self.tokens_given).contains(&number))
    }

    fn create(&mut self, organization: &str, request: &Request) -> ResponseTemplate {
        let refuse = |status, code, message| {
            refuse("application/scim+json", "moreInfo", status, code, message)
        };
        if OrganizationSid::new(organization).is_err() {
            return refuse(400, 25106, "Invalid organization");
        }
        let Some(wanted) = json_object(request) else {
            return refuse(400, 25106, "The body must be a JSON object");
        };
        let field = |name: &str| filled(&wanted, name).unwrap_or_default();
        if RoleSid::new(field("role_sid")).is_err() {
            return refuse(400, 25202, "Invalid role");
        }
        if Sid::new(field("scope")).is_err() {
            return refuse(400, 25200, "Invalid scope");
        }
        if Sid::new(field("identity")).is_err() {
            return refuse(400, 25201, "Invalid identity");
        }
        let mut made = wanted.clone();
        let same = |held: &Record| {
            let mut value = held.value.clone();
            if let Some(value) = value.as_object_mut() {
                value.remove("sid");
            }
            held.organization == organization && value == wanted
        };
        if self.duplicates == TwilioDuplicates::Refused && self.assignments.iter().any(same) {
            // No code is known for it.
            let body = json!({"message": "The role assignment exists already", "status": 409});
            return answer(409, "application/scim+json", &body);
        }
        let number = self.number();
        made["sid"] = counted_sid("IY", number).into();
        let organization = organization.to_owned();
        self.assignments.push(Record { number, organization, value: made.clone() });
        answer(201, "application/json", &made)
    }
}

/// The four roles that every organization has (*observed*), with permissions made up.
fn built_in_roles() -> Vec<Value> {
    let role = |(number, name, group, resource): (u32, &str, &str, &str)| {
        let actions = ["create", "list", "delete"];
        let allow = actions.map(|action| format!("/twilio/{group}/{resource}/{action}"));
        json!({
            "sid": format!("IX{number:032}"),
            "friendly_name": name,
            "external_description": format!("{name} of the organization"),
            "product_group": group,
            "lowest_level": "ACCOUNT",
            "role_product_group": {"product_group": group, "friendly_name": group},
            "policy": {"allow": allow, "deny": null, "format": 1},
            "resource_types": null,
            "date_created": "2026-01-01T00:00:00Z",
            "date_updated": "2026-01-01T00:00:00Z",
        })
    };
    let roles = [
        (102, "Admin", "iam", "role-assignments"),
        (103, "Developer", "messaging", "services"),
        (104, "Billing", "billing", "receipts"),
        (105, "Support", "support", "tickets"),
    ];
    roles.map(role).into()
}

fn is_filtered(request: &Request) -> bool {
    ["Identity", "Scope"].iter().any(|filter| parameter(request, filter).is_some())
}

fn parameter(request: &Request, name: &str) -> Option<String> {
    let mut pairs = request.url.query_pairs();
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// One page of things in the order of their numbers. A page's token is the number of the last thing
/// before it, so that deletions in between neither skip nor repeat anything.
fn page<'a>(
    all: impl Iterator<Item = (usize, &'a Value)>,
    request: &Request,
    key: &str,
    default: usize,
    most: usize,
) -> ResponseTemplate {
    let refuse = |code, message| refuse("application/json", "more_info", 400, code, message);
    let size = match parameter(request, "PageSize").map(|size| size.parse()) {
        None => default,
        Some(Ok(size)) if (1..=most).contains(&size) => size,
        Some(_) => return refuse(25106, "Invalid PageSize"),
    };
    let after = match parameter(request, "PageToken") {
        None => 0,
        Some(token) => match token.strip_prefix("PT").and_then(|number| number.parse().ok()) {
            Some(number) => number,
            None => return refuse(25023, "Invalid PageToken"),
        },
    };
    let left: Vec<_> = all.filter(|(number, _)| *number > after).take(size + 1).collect();
    let shown = &left[..left.len().min(size)];
    // The host is the vendor's, not the one that was asked: only the token is of use.
    let url = |token: Option<usize>| {
        let token = token.map(|number| format!("&PageToken=PT{number}")).unwrap_or_default();
        format!("https://preview-iam.twilio.com{}?PageSize={size}{token}", request.url.path())
    };
    let next = shown.last().filter(|_| left.len() > size).map(|(number, _)| url(Some(*number)));
    let mut body = json!({"meta": {
        "key": key,
        "page": 0,
        "page_size": size,
        "first_page_url": url(None),
        "previous_page_url": null,
        "next_page_url": next,
        "url": url((after > 0).then_some(after)),
    }});
    body[key] = shown.iter().map(|(_, value)| (*value).clone()).collect();
    answer(200, "application/json", &body)
}

fn refuse(
    content_type: &str,
    more_info: &str,
    status: u16,
    code: i64,
    message: &str,
) -> ResponseTemplate {
    answer(status, content_type, &twilio_error(more_info, status, code, message))
}

/// A Twilio error body; the name of its link varies.
pub(super) fn twilio_error(more_info: &str, status: u16, code: i64, message: &str) -> Value {
    let mut body = json!({"code": code, "message": message, "status": status});
    body[more_info] = format!("https://www.twilio.com/docs/api/errors/{code}").into();
    body
}

/// The five headers that Twilio documents on every answer, and the id of the request.
pub(super) fn documented_headers(answer: ResponseTemplate, request: usize) -> ResponseTemplate {
    answer
        .insert_header("Access-Control-Allow-Origin", "*")
        .insert_header("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
        .insert_header("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type")
        .insert_header("Access-Control-Allow-Credentials", "true")
        .insert_header("Access-Control-Expose-Headers", "ETag, Twilio-Request-Id")
        .insert_header("Twilio-Request-Id", counted_sid("RQ", request))
}
