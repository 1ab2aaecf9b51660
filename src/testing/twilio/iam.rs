//! A fake of Twilio Organizations, with its token endpoint.

use serde_json::{Value, json};

use super::scim::{self, ScimUsers};
use super::{TwilioDuplicates, counted_sid, error, page, with_headers};
use crate::testing::fake::{Service, fake};
use crate::testing::message::{Outcome, Request, Response, broken, filled, items, read};
use crate::testing::tokens::{Tokens, token_methods};
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

#[derive(Default)]
struct State {
    duplicates: TwilioDuplicates,
    tokens: Tokens,
    token_status: Option<u16>,
    accounts: Vec<Record>,
    assignments: Vec<Record>,
    users: ScimUsers,
    /// How many accounts and assignments were created: what numbers them.
    created: usize,
    page_size: Option<usize>,
    requests: usize,
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
        self.state().page_size = Some(size.max(1));
    }

    token_methods! { "an hour" }

    /// Sets the success status of the token endpoint: 200 by default, 201 on the vendor's older hosts.
    pub fn token_status(&self, status: u16) {
        self.state().token_status = Some(status);
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
    fn respond(&mut self, method: &str, path: &[&str], request: &Request) -> Outcome {
        self.requests += 1;
        if let ("POST", ["v2", "token"]) = (method, path) {
            return self.token(request);
        }
        let response = self.route(method, path, request).unwrap_or_else(|refusal| refusal);
        Ok(with_headers(response, self.requests))
    }
}

/// What an organization has of these, with numbers.
fn of(all: &[Record], organization: &str) -> impl Iterator<Item = (usize, Value)> {
    let own = all.iter().filter(move |record| record.organization == organization);
    own.map(|record| (record.number, record.value.clone()))
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
    fn route(&mut self, method: &str, path: &[&str], request: &Request) -> Outcome {
        if !self.tokens.accepts(request) {
            let is_scim = matches!(path, ["Organizations", _, "scim", ..] | ["scim", ..]);
            return Err(match is_scim {
                true => scim::error(401, Some(20003), None, "Authenticate"),
                false => Response::json(401, &error("more_info", 401, 20003, "Authenticate")),
            });
        }
        let (organization, path) = match path {
            ["Organizations", organization, path @ ..] => (*organization, path),
            ["v2", "Organizations", path @ ..] => (TwilioIamFake::ORGANIZATION, path),
            ["scim", "v2", "Users", path @ ..] => {
                return self.users.respond(TwilioIamFake::ORGANIZATION, path, request);
            }
            ["v1", "Roles", role, "Permissions"] if method == "GET" => {
                return self.permissions(role, request);
            }
            _ => return Err(not_found(request).unrouted()),
        };
        let is_preview = is_preview(request);
        match (method, path) {
            ("GET", ["RoleAssignments"]) => self.list(organization, request),
            ("POST", ["RoleAssignments"]) => self.assign(organization, request),
            ("DELETE", ["RoleAssignments", sid]) => {
                let mut all = self.assignments.iter();
                let at = all.position(|record| record.is(organization, "sid", sid));
                let refusal = || refuse(request, 404, 20404, "The role assignment was not found");
                self.assignments.remove(at.ok_or_else(refusal)?);
                Ok(Response::new(204))
            }
            ("GET", ["Roles"]) if !is_preview => self.list_roles(request),
            (_, ["scim", "Users", path @ ..]) if is_preview => {
                self.users.respond(organization, path, request)
            }
            ("GET", ["Accounts"]) if is_preview => {
                self.page(of(&self.accounts, organization), request, "content", 100)
            }
            ("GET", ["Accounts", sid]) if is_preview => {
                let mut all = self.accounts.iter();
                let found = all.find(|record| record.is(organization, "account_sid", sid));
                let refusal = || refuse(request, 404, 25101, "The account was not found");
                Ok(Response::json(200, &found.ok_or_else(refusal)?.value))
            }
            _ => Err(not_found(request).unrouted()),
        }
    }

    fn page(
        &self,
        all: impl Iterator<Item = (usize, Value)>,
        request: &Request,
        key: &str,
        most: usize,
    ) -> Outcome {
        page(all, request, key, self.page_size.unwrap_or(50), most).map_err(|wrong| {
            let code = if wrong == "PageToken" { 25023 } else { 25106 };
            refuse(request, 400, code, &format!("Invalid {wrong}"))
        })
    }

    fn list(&self, organization: &str, request: &Request) -> Outcome {
        let needed = [("Identity", 25201), ("Scope", 25200)];
        if is_preview(request) && needed.iter().all(|(name, _)| request.query(name).is_none()) {
            return Err(refuse(request, 400, 25203, "Identity or Scope must be given"));
        }
        for (filter, code) in needed {
            if request.query(filter).is_some_and(|sid| Sid::new(sid).is_err()) {
                return Err(refuse(request, 400, code, &format!("Invalid {filter}")));
            }
        }
        let filters = [
            ("Identity", "identity"),
            ("Scope", "scope"),
            ("ResourceType", "resource_type"),
            ("ResourceId", "resource_id"),
        ];
        let wanted = |(_, value): &(usize, Value)| {
            filters.iter().all(|(filter, field)| {
                request.query(filter).is_none_or(|wanted| value[*field] == wanted)
            })
        };
        let all = of(&self.assignments, organization).filter(wanted);
        self.page(all, request, "content", 100)
    }

    fn list_roles(&self, request: &Request) -> Outcome {
        let search = request.query("Search").map(|text| text.to_lowercase());
        let group = request.query("RoleProductGroup");
        let kinds = request.query("ResourceTypes");
        let wanted = |role: &Value| {
            let text = |field: &str| filled(role, field).unwrap_or_default().to_lowercase();
            let found =
                |search: &String| text("friendly_name").contains(search) || text("sid") == *search;
            let narrows = |kinds: &String| {
                let own = items(role, "resource_types");
                kinds.split(',').any(|kind| own.iter().any(|own| own == kind))
            };
            search.as_ref().is_none_or(found)
                && group.as_ref().is_none_or(|group| role["product_group"] == *group)
                && kinds.as_ref().is_none_or(narrows)
        };
        let roles = (1..).zip(built_in_roles()).filter(|(_, role)| wanted(role));
        self.page(roles, request, "roles", 1000)
    }

    /// Lists what a role's policy allows, piece by piece.
    fn permissions(&self, role: &str, request: &Request) -> Outcome {
        let roles = built_in_roles();
        let role = roles.iter().find(|known| known["sid"] == role);
        let role = role.ok_or_else(|| not_found(request))?;
        let allowed = items(&role["policy"], "allow").iter().filter_map(Value::as_str);
        let permissions = (1..).zip(allowed).map(|(number, text)| {
            let mut parts = text.split('/').skip(1);
            let permission = json!({
                "sid": counted_sid("IZ", number),
                "namespace": parts.next(),
                "product": parts.next(),
                "resource": parts.next(),
                "action": parts.next(),
                "externalDescription": format!("Allows {text}"),
            });
            (number, permission)
        });
        self.page(permissions, request, "permissions", 100)
    }

    fn token(&mut self, request: &Request) -> Outcome {
        let is = |field: &str, wanted: &str| request.fields(field) == [wanted];
        if !is("grant_type", "client_credentials") {
            return Err(refuse(request, 400, 20001, "grant_type must be client_credentials"));
        }
        let is_client = is("client_id", TwilioIamFake::CLIENT_ID);
        if !is_client || !is("client_secret", TwilioIamFake::CLIENT_SECRET) {
            return Err(refuse(request, 401, 20003, "Authenticate"));
        }
        let mut body = self.tokens.give(3600);
        body["refresh_token"] = Value::Null;
        body["id_token"] = Value::Null;
        Ok(Response::json(self.token_status.unwrap_or(200), &body))
    }

    fn assign(&mut self, organization: &str, request: &Request) -> Outcome {
        let mut value = request.json_object().unwrap_or_default();
        let field = |name: &str| filled(&value, name).unwrap_or_default();
        let rules = [
            (OrganizationSid::new(organization).is_ok(), (25106, "Invalid organization")),
            (value.is_object(), (25106, "The body must be a JSON object")),
            (RoleSid::new(field("role_sid")).is_ok(), (25202, "Invalid role")),
            (Sid::new(field("scope")).is_ok(), (25200, "Invalid scope")),
            (Sid::new(field("identity")).is_ok(), (25201, "Invalid identity")),
        ];
        if let Some((code, message)) = broken(rules) {
            return Err(refuse(request, 400, code, message));
        }
        let same = |(_, other): (usize, Value)| {
            value["sid"] = other["sid"].clone();
            value == other
        };
        let is_known = of(&self.assignments, organization).any(same);
        if self.duplicates == TwilioDuplicates::Refused && is_known {
            // No code is known for it.
            let body = json!({"message": "The role assignment exists already", "status": 409});
            return Err(Response::typed(409, content_type(request), &body));
        }
        let number = self.number();
        value["sid"] = counted_sid("IY", number).into();
        let response = Response::json(201, &value);
        let organization = organization.to_owned();
        self.assignments.push(Record { number, organization, value });
        Ok(response)
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
