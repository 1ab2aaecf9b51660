//! A fake of Twilio Organizations, with its token endpoint.

use serde_json::{Value, json};

use super::fake::{Service, fake};
use super::message::{Request, Response, filled, read};
use super::tokens::{Tokens, token_methods};
use super::twilio::{TwilioDuplicates, counted_sid, error, page, with_headers};
use super::twilio_iam_users::{self as scim, ScimUsers};
use crate::twilio::iam::{Credentials, RoleAssignment, TwilioIam, TwilioIamBuilder, User};
use crate::twilio::{AccountSid, OrganizationSid, RoleSid, Sid};

fake! {
/// Twilio's role assignments, accounts, SCIM users, the built-in roles, and the token endpoint at
/// `/v2/token`, on one address and for both [versions](crate::twilio::iam::ApiVersion).
///
/// It issues tokens for [`CLIENT_ID`](Self::CLIENT_ID) and [`CLIENT_SECRET`](Self::CLIENT_SECRET),
/// counts them, accepts any organization, and checks the SIDs of an assignment. The tokens belong
/// to [`ORGANIZATION`](Self::ORGANIZATION), which the newer version uses.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::TwilioIamFake;
/// use rolecall::twilio::iam::NewRoleAssignment;
///
/// let fake = TwilioIamFake::start().await?;
/// let organization = fake.client()?.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
/// let wanted = NewRoleAssignment::new(
///     "IX00000000000000000000000000000104",
///     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
///     "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
/// )?;
/// organization.role_assignments().create(&wanted).await?;
///
/// // The client renews a token that is refused.
/// fake.revoke_tokens();
/// organization.role_assignments().create(&wanted).await?;
/// assert_eq!(fake.tokens_given(), 2);
/// # Ok(())
/// # }
/// ```
TwilioIamFake, TwilioIam
}

struct State {
    duplicates: TwilioDuplicates,
    tokens: Tokens,
    token_status: u16,
    accounts: Vec<Record>,
    assignments: Vec<Record>,
    roles: Vec<Value>,
    users: ScimUsers,
    /// How many accounts and assignments were created: what numbers them.
    created: usize,
    page_size: usize,
    requests: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            duplicates: TwilioDuplicates::default(),
            tokens: Tokens::new("obviously-fake-token-", 3600),
            token_status: 200,
            accounts: Vec::new(),
            assignments: Vec::new(),
            roles: built_in_roles(),
            users: ScimUsers::default(),
            created: 0,
            page_size: 50,
            requests: 0,
        }
    }
}

/// A thing that an organization has.
struct Record {
    number: usize,
    organization: String,
    value: Value,
}

impl Record {
    fn is(&self, organization: &str, field: &str, sid: &str) -> bool {
        self.organization == organization && self.value[field] == sid
    }
}

impl TwilioIamFake {
    /// The client id that the fake accepts.
    pub const CLIENT_ID: &str = "OQaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// The organization that the tokens belong to.
    pub const ORGANIZATION: &str = "ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// Its secret; obviously fake.
    pub const CLIENT_SECRET: &str = "obviously-fake-client-secret";

    /// Returns a builder of a client that points here, for its tokens too.
    pub fn builder(&self) -> TwilioIamBuilder {
        TwilioIam::builder(Credentials::client(Self::CLIENT_ID, Self::CLIENT_SECRET))
            .base_url(self.uri())
            .token_url(self.token_url())
    }

    /// Returns the address of the token endpoint.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/v2/token", self.uri())
    }

    /// Sets the response to duplicates.
    pub fn duplicates(&self, duplicates: TwilioDuplicates) {
        self.state().duplicates = duplicates;
    }

    /// Sets the page size of requests without one; 50 by default, at least 1.
    pub fn page_size(&self, size: usize) {
        self.state().page_size = size.max(1);
    }

    token_methods! { "an hour" }

    /// Sets the success status of the token endpoint: 200 by default, 201 on the vendor's older hosts.
    pub fn token_status(&self, status: u16) {
        self.state().token_status = status;
    }

    /// Returns the users that were created, deactivated ones included, in order.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        read(self.state().users.values())
    }

    /// Adds an active account to [`ORGANIZATION`](Self::ORGANIZATION).
    pub fn add_account(&self, sid: &AccountSid, name: &str) {
        let mut state = self.state();
        let number = state.number();
        let value = json!({
            "account_sid": sid,
            "friendly_name": name,
            "status": "active",
            "owner_sid": counted_sid("US", 0),
            "date_created": "2026-01-01T00:00:00Z",
        });
        let organization = Self::ORGANIZATION.to_owned();
        state.accounts.push(Record { number, organization, value });
    }

    /// Returns the role assignments, in the order of creation.
    #[must_use]
    pub fn role_assignments(&self) -> Vec<RoleAssignment> {
        read(self.state().assignments.iter().map(|record| &record.value))
    }
}

impl Service for State {
    fn respond(&mut self, method: &str, path: &[&str], request: &Request) -> Response {
        self.requests += 1;
        if let ("POST", ["v2", "token"]) = (method, path) {
            return self.token(request);
        }
        let response = match path {
            ["Organizations", _, "scim", ..] | ["scim", ..] if !self.tokens.accepts(request) => {
                scim::error(401, Some(20003), None, "Authenticate")
            }
            _ if !self.tokens.accepts(request) => {
                Response::json(401, &error("more_info", 401, 20003, "Authenticate"))
            }
            ["Organizations", organization, rest @ ..] => self.route(organization, rest, request),
            ["v2", "Organizations", rest @ ..] => {
                self.route(TwilioIamFake::ORGANIZATION, rest, request)
            }
            ["scim", "v2", "Users", rest @ ..] => {
                self.users.respond(TwilioIamFake::ORGANIZATION, rest, request)
            }
            ["v1", "Roles", role, "Permissions"] if method == "GET" => {
                self.permissions(role, request)
            }
            _ => not_found(request).unrouted(),
        };
        with_headers(response, self.requests)
    }
}

/// What an organization has of these, with numbers.
fn of<'a>(all: &'a [Record], organization: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    let own = all.iter().filter(move |record| record.organization == organization);
    own.map(|record| (record.number, &record.value))
}

fn not_found(request: &Request) -> Response {
    refuse(request, 404, 20404, "The requested resource was not found")
}

fn is_preview(request: &Request) -> bool {
    request.path().starts_with("/Organizations/")
}

/// Refuses a request in the form of its path. At the newer version any 400 has the code 20001
/// (*documented*).
fn refuse(request: &Request, status: u16, code: i64, message: &str) -> Response {
    let code = if status == 400 && !is_preview(request) { 20001 } else { code };
    let content_type = content_type(request);
    let link = if content_type == scim::SCIM { "moreInfo" } else { "more_info" };
    Response::typed(status, content_type, &error(link, status, code, message))
}

/// Returns the type of error bodies: that of SCIM, and with `moreInfo`, where role assignments of the
/// preview are changed (*documented*).
fn content_type(request: &Request) -> &'static str {
    let of_assignments = request.path().contains("/RoleAssignments");
    match is_preview(request) && of_assignments && request.method != "GET" {
        true => scim::SCIM,
        false => "application/json",
    }
}

impl State {
    /// Returns the number of the next thing.
    fn number(&mut self) -> usize {
        self.created += 1;
        self.created
    }

    /// Responds on what an organization has, at either version.
    fn route(&mut self, organization: &str, path: &[&str], request: &Request) -> Response {
        match (request.method.as_str(), path) {
            ("GET", ["RoleAssignments"]) => self.list(organization, request),
            ("POST", ["RoleAssignments"]) => self.assign(organization, request),
            ("DELETE", ["RoleAssignments", sid]) => {
                let before = self.assignments.len();
                self.assignments.retain(|record| !record.is(organization, "sid", sid));
                if self.assignments.len() < before {
                    return Response::new(204);
                }
                refuse(request, 404, 20404, "The role assignment was not found")
            }
            ("GET", ["Roles"]) if !is_preview(request) => self.list_roles(request),
            (_, ["scim", "Users", path @ ..]) if is_preview(request) => {
                self.users.respond(organization, path, request)
            }
            ("GET", ["Accounts"]) if is_preview(request) => {
                self.page(of(&self.accounts, organization), request, "content", 100)
            }
            ("GET", ["Accounts", sid]) if is_preview(request) => {
                let mut all = self.accounts.iter();
                match all.find(|record| record.is(organization, "account_sid", sid)) {
                    Some(record) => Response::json(200, &record.value),
                    None => refuse(request, 404, 25101, "The account was not found"),
                }
            }
            _ => not_found(request).unrouted(),
        }
    }

    fn page<'a>(
        &self,
        all: impl Iterator<Item = (usize, &'a Value)>,
        request: &Request,
        key: &str,
        most: usize,
    ) -> Response {
        page(all, request, key, self.page_size, most).unwrap_or_else(|wrong| {
            let code = if wrong == "PageToken" { 25023 } else { 25106 };
            refuse(request, 400, code, &format!("Invalid {wrong}"))
        })
    }

    fn list(&self, organization: &str, request: &Request) -> Response {
        let needed = [("Identity", 25201), ("Scope", 25200)];
        if is_preview(request) && needed.iter().all(|(name, _)| request.query(name).is_none()) {
            return refuse(request, 400, 25203, "Identity or Scope must be given");
        }
        for (filter, code) in needed {
            if request.query(filter).is_some_and(|sid| Sid::new(sid).is_err()) {
                return refuse(request, 400, code, &format!("Invalid {filter}"));
            }
        }
        let filters = [
            ("Identity", "identity"),
            ("Scope", "scope"),
            ("ResourceType", "resource_type"),
            ("ResourceId", "resource_id"),
        ];
        let wanted = |(_, value): &(usize, &Value)| {
            filters.iter().all(|(filter, field)| {
                request.query(filter).is_none_or(|wanted| value[*field] == wanted)
            })
        };
        let all = of(&self.assignments, organization).filter(wanted);
        self.page(all, request, "content", 100)
    }

    fn list_roles(&self, request: &Request) -> Response {
        let search = request.query("Search").map(|text| text.to_lowercase());
        let group = request.query("RoleProductGroup");
        let kinds = request.query("ResourceTypes");
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
        self.page(all.map(|(at, role)| (at + 1, role)), request, "roles", 1000)
    }

    /// Lists what a role's policy allows, piece by piece.
    fn permissions(&self, role: &str, request: &Request) -> Response {
        let Some(role) = self.roles.iter().find(|known| known["sid"] == role) else {
            return not_found(request);
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
        self.page(all, request, "permissions", 100)
    }

    fn token(&mut self, request: &Request) -> Response {
        let form = request.form();
        let is = |field: &str, wanted: &str| {
            form.iter().any(|(key, value)| key == field && value == wanted)
        };
        if !is("grant_type", "client_credentials") {
            return refuse(request, 400, 20001, "grant_type must be client_credentials");
        }
        if !is("client_id", TwilioIamFake::CLIENT_ID)
            || !is("client_secret", TwilioIamFake::CLIENT_SECRET)
        {
            return refuse(request, 401, 20003, "Authenticate");
        }
        let mut body = self.tokens.give();
        body["refresh_token"] = Value::Null;
        body["id_token"] = Value::Null;
        Response::json(self.token_status, &body)
    }

    fn assign(&mut self, organization: &str, request: &Request) -> Response {
        let refuse = |code, message| refuse(request, 400, code, message);
        if OrganizationSid::new(organization).is_err() {
            return refuse(25106, "Invalid organization");
        }
        let Some(new) = request.json_object() else {
            return refuse(25106, "The body must be a JSON object");
        };
        let field = |name: &str| filled(&new, name).unwrap_or_default();
        if RoleSid::new(field("role_sid")).is_err() {
            return refuse(25202, "Invalid role");
        }
        if Sid::new(field("scope")).is_err() {
            return refuse(25200, "Invalid scope");
        }
        if Sid::new(field("identity")).is_err() {
            return refuse(25201, "Invalid identity");
        }
        let mut value = new.clone();
        let same = |record: &Record| {
            value["sid"] = record.value["sid"].clone();
            record.organization == organization && record.value == value
        };
        if self.duplicates == TwilioDuplicates::Refused && self.assignments.iter().any(same) {
            // No code is known for it.
            let body = json!({"message": "The role assignment exists already", "status": 409});
            return Response::typed(409, content_type(request), &body);
        }
        let number = self.number();
        value["sid"] = counted_sid("IY", number).into();
        let response = Response::json(201, &value);
        let organization = organization.to_owned();
        self.assignments.push(Record { number, organization, value });
        response
    }
}

/// Returns the four roles that every organization has (*observed*), with permissions made up.
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
