//! A fake of the Redox Platform.

use std::collections::HashSet;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::fake::{Service, fake};
use super::message::{Request, Response, filled};
use super::tokens::{Tokens, token_methods};
use crate::redox::{Redox, RedoxBuilder};

fake! {
/// Redox's role assignments in organizations and environments, below `/platform` as the service
/// has them.
///
/// It wants the token [`TOKEN`](Self::TOKEN) or one of its [token endpoint](Self::token_url), which
/// checks a token request and the claims of its assertion, but not the signature, and takes an
/// assertion once. It accepts any organization, user and role, and knows the
/// environments that were added. A user has one role in a place; a PUT replaces it, and gives one
/// to a user without. What the service's documents leave open is a choice here: error bodies are
/// `{"message": …}`, an unknown environment is 404, and see [`RedoxDuplicates`] and [`RedoxAbsent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
/// use rolecall::testing::{Fault, RedoxFake};
///
/// let fake = RedoxFake::start().await?;
/// let assignments = fake.client()?.organization("7").role_assignments();
/// let wanted = NewRoleAssignment::new(RoleRef::id("r-1")?, UserRef::id("u-1")?);
///
/// // A PUT is idempotent: a connection that broke is no reason to give up.
/// fake.next(1, Fault::reset().after_processing());
/// assignments.assign(&wanted).await?;
/// assert_eq!(fake.memberships().len(), 1);
/// # Ok(())
/// # }
/// ```
RedoxFake, Redox
}

/// Who has which role in an organization or environment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedoxMembership {
    /// The id of the organization or environment.
    pub place: String,
    /// The user's id, or the name where no id was sent.
    pub user: String,
    /// The role's id, or the name where no id was sent.
    pub role: String,
}

/// What becomes of a POST for a user who has a role in the environment: not documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedoxDuplicates {
    /// It is refused with 409.
    #[default]
    Refused,
    /// It replaces the role, as a PUT does.
    Replaced,
}

/// What becomes of a DELETE for a user without a role in the environment: not documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedoxAbsent {
    /// It is refused with 404.
    #[default]
    NotFound,
    /// It succeeds.
    Success,
    /// The response is `success: false` under 200.
    Unsuccessful,
}

/// A user or role as it was first sent.
struct Named {
    id: Option<String>,
    name: Option<String>,
}

impl Named {
    fn read(object: &Value) -> Option<Self> {
        let text = |field| filled(object, field).map(str::to_owned);
        let (id, name) = (text("id"), text("name"));
        (id.is_some() || name.is_some()).then_some(Self { id, name })
    }

    /// By id where both have one.
    fn matches(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(own), Some(other)) => own == other,
            _ => self.name.is_some() && self.name == other.name,
        }
    }

    /// Returns the id, or the name where no id was sent.
    fn shown(&self) -> String {
        self.id.clone().or_else(|| self.name.clone()).unwrap_or_default()
    }

    /// Returns the id, or one made up from the name: the service lists nothing without an id.
    fn listed(&self) -> String {
        self.id.clone().unwrap_or_else(|| format!("id-of-{}", self.shown()))
    }
}

#[derive(PartialEq, Eq)]
struct Place {
    /// `organization` or `environment`.
    kind: &'static str,
    id: String,
}

struct Record {
    place: Place,
    user: Named,
    role: Named,
}

struct Environment {
    organization: String,
    id: String,
    name: String,
    flag: String,
}

struct State {
    tokens: Tokens,
    assertions: HashSet<String>,
    duplicates: RedoxDuplicates,
    absent: RedoxAbsent,
    environments: Vec<Environment>,
    records: Vec<Record>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            tokens: Tokens::new("obviously-fake-redox-access-token-", 300),
            assertions: HashSet::new(),
            duplicates: RedoxDuplicates::default(),
            absent: RedoxAbsent::default(),
            environments: Vec::new(),
            records: Vec::new(),
        }
    }
}

impl RedoxFake {
    /// The token that the fake accepts; obviously fake.
    pub const TOKEN: &str = "obviously-fake-redox-token";
    /// The client id that the token endpoint knows.
    pub const CLIENT_ID: &str = "obviously-fake-client-id";
    /// The id of the key that the token endpoint knows.
    pub const KEY_ID: &str = "obviously-fake-key";

    /// Returns a builder of a client that points here, to change further.
    pub fn builder(&self) -> RedoxBuilder {
        Redox::builder(Self::TOKEN).base_url(format!("{}/platform", self.uri()))
    }

    /// Returns the address of the token endpoint.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/v2/auth/token", self.uri())
    }

    token_methods! { "five minutes" }

    /// Adds an environment to an organization; `flag` is `Production`, `Staging`, `Development`, or
    /// what the service may call it one day.
    pub fn add_environment(&self, organization: &str, id: &str, name: &str, flag: &str) {
        self.state().environments.push(Environment {
            organization: organization.to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
            flag: flag.to_owned(),
        });
    }

    /// Sets what becomes of a POST for a user who has a role.
    pub fn duplicates(&self, duplicates: RedoxDuplicates) {
        self.state().duplicates = duplicates;
    }

    /// Sets what becomes of a DELETE for a user without a role.
    pub fn absent(&self, absent: RedoxAbsent) {
        self.state().absent = absent;
    }

    /// Returns who has which role in an organization, in the order of first assignment.
    #[must_use]
    pub fn memberships(&self) -> Vec<RedoxMembership> {
        self.state().memberships("organization")
    }

    /// Returns who has which role in an environment, in the order of first assignment.
    #[must_use]
    pub fn environment_memberships(&self) -> Vec<RedoxMembership> {
        self.state().memberships("environment")
    }
}

impl Service for State {
    fn respond(&mut self, method: &str, path: &[&str], request: &Request) -> Response {
        if method == "POST" && path == ["v2", "auth", "token"] {
            return self.token(request);
        }
        let is_fixed =
            request.header("authorization") == Some(&format!("Bearer {}", RedoxFake::TOKEN));
        if !is_fixed && !self.tokens.accepts(request) {
            return refuse(401, "Unauthorized");
        }
        let place = match (method, path) {
            ("GET", ["platform", "v1", "organizations", id, "environments"]) => {
                return self.list_environments(id);
            }
            ("GET" | "PUT", ["platform", "v1", "organizations", id, "role-assignment"]) => {
                Place { kind: "organization", id: (*id).to_owned() }
            }
            (_, ["platform", "v1", "environments", id, "role-assignment"]) => {
                if !self.environments.iter().any(|known| known.id == **id) {
                    return refuse(404, "Not found");
                }
                Place { kind: "environment", id: (*id).to_owned() }
            }
            _ => return refuse(404, "Not found").unrouted(),
        };
        match method {
            "GET" => self.list(&place),
            "POST" | "PUT" => self.assign(place, request),
            "DELETE" => self.remove(&place, request),
            _ => refuse(404, "Not found").unrouted(),
        }
    }
}

impl State {
    fn memberships(&self, kind: &str) -> Vec<RedoxMembership> {
        let here = self.records.iter().filter(|record| record.place.kind == kind);
        let shown = |Record { place, user, role }: &Record| RedoxMembership {
            place: place.id.clone(),
            user: user.shown(),
            role: role.shown(),
        };
        here.map(shown).collect()
    }

    fn token(&mut self, request: &Request) -> Response {
        match self.check(request) {
            Ok(jti) => {
                self.assertions.insert(jti);
                let mut body = self.tokens.give();
                body["scope"] = "".into();
                Response::json(200, &body)
            }
            Err((error, description)) => {
                let status = if error == "invalid_client" { 401 } else { 400 };
                let body = json!({"error": error, "error_description": description});
                Response::json(status, &body)
            }
        }
    }

    /// Checks a token request, but for the signature, and returns the assertion's id.
    fn check(&self, request: &Request) -> Result<String, (&'static str, &'static str)> {
        let invalid = |description| ("invalid_request", description);
        let form = request.form();
        let field =
            |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match field("grant_type") {
            None => return Err(invalid("Missing grant_type parameter")),
            Some("client_credentials") => {}
            Some(_) => return Err(("unsupported_grant_type", "Unsupported grant_type")),
        }
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        if field("client_assertion_type") != Some(kind) {
            return Err(invalid("Invalid client_assertion_type parameter"));
        }
        let assertion = field("client_assertion").unwrap_or_default();
        let parts: Vec<&str> = assertion.split('.').collect();
        let (&[header, claims, signature], Some(host)) = (&parts[..], request.header("host"))
        else {
            return Err(invalid("client_assertion is not a JWT"));
        };
        let (Some(header), Some(claims)) = (jwt_part(header), jwt_part(claims)) else {
            return Err(invalid("client_assertion is not a JWT"));
        };
        let Some(kid) = filled(&header, "kid") else {
            return Err(invalid("JWT header kid property is required"));
        };
        if !matches!(header["alg"].as_str(), Some("RS384" | "ES384")) || header["typ"] != "JWT" {
            return Err(invalid("JWT header alg must be RS384 or ES384, and typ JWT"));
        }
        let (issuer, subject) = (filled(&claims, "iss"), filled(&claims, "sub"));
        if (issuer, kid) != (Some(RedoxFake::CLIENT_ID), RedoxFake::KEY_ID)
            || issuer != subject
            || signature.is_empty()
        {
            let text = "Public key not found, check client_id, kid and Redox dashboard settings";
            return Err(("invalid_client", text));
        }
        if claims["aud"] != format!("http://{host}/v2/auth/token") {
            return Err(("invalid_client", "JWT aud must be the token URL"));
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map(|now| now.as_secs()).unwrap_or_default();
        let (issued, expires) = (claims["iat"].as_u64(), claims["exp"].as_u64());
        if issued.is_none_or(|issued| issued > now) || expires.is_none_or(|expires| expires <= now)
        {
            return Err(("invalid_client", "JWT is expired, or not valid yet"));
        }
        match filled(&claims, "jti") {
            Some(jti) if !self.assertions.contains(jti) => Ok(jti.to_owned()),
            _ => Err(("invalid_client", "JWT jti is missing, or was used before")),
        }
    }

    fn list(&self, place: &Place) -> Response {
        let known = self.environments.iter().find(|known| known.id == place.id);
        let name = known.map_or_else(|| format!("Organization {}", place.id), |e| e.name.clone());
        let shown = |Record { user, role, .. }: &Record| {
            let mut membership = json!({
                "role": {"id": role.listed(), "name": role.name},
                "user": {
                    "id": user.listed(),
                    "fullname": user.name,
                    "lowercaseEmail": format!("{}@example.com", user.listed().to_lowercase()),
                },
            });
            membership[place.kind] = json!({"id": place.id, "name": name});
            if place.kind == "organization" {
                membership["user"]["lastLogin"] = "2026-04-01T08:00:00.000Z".into();
                membership["user"]["verified2fa"] = true.into();
            }
            membership
        };
        let here = self.records.iter().filter(|record| record.place == *place);
        succeed(json!({ "memberships": here.map(shown).collect::<Vec<_>>() }))
    }

    fn list_environments(&self, organization: &str) -> Response {
        // Here the service writes the organization's id as a number.
        let number = organization.parse::<u64>().map(Value::from);
        let id = number.unwrap_or_else(|_| organization.into());
        let own = self.environments.iter().filter(|known| known.organization == organization);
        let shown = |known: &Environment| {
            json!({
                "id": known.id,
                "name": known.name,
                "environmentFlag": known.flag,
                "organization": {"id": id},
            })
        };
        succeed(json!({ "environments": own.map(shown).collect::<Vec<_>>() }))
    }

    fn assign(&mut self, place: Place, request: &Request) -> Response {
        let Some(wanted) = request.json_object() else {
            return refuse(400, "The body must be a JSON object");
        };
        let (Some(role), Some(user)) = (Named::read(&wanted["role"]), Named::read(&wanted["user"]))
        else {
            return refuse(400, "role and user must be given");
        };
        let is_it = |record: &&mut Record| record.place == place && record.user.matches(&user);
        match self.records.iter_mut().find(is_it) {
            Some(_) if request.method == "POST" && self.duplicates == RedoxDuplicates::Refused => {
                return refuse(409, "The user has a role in this environment already");
            }
            Some(record) => record.role = role,
            None => self.records.push(Record { place, user, role }),
        }
        succeed(json!({"success": true}))
    }

    fn remove(&mut self, place: &Place, request: &Request) -> Response {
        let wanted = request.json_object().unwrap_or_default();
        let Some(user) = Named::read(&wanted["user"]) else {
            return refuse(400, "user must be given");
        };
        let before = self.records.len();
        self.records.retain(|record| record.place != *place || !record.user.matches(&user));
        match self.absent {
            RedoxAbsent::NotFound if self.records.len() == before => {
                refuse(404, "The user has no role in this environment")
            }
            RedoxAbsent::Unsuccessful if self.records.len() == before => {
                succeed(json!({"success": false}))
            }
            _ => succeed(json!({"success": true})),
        }
    }
}

/// The object that a part of a JWT holds.
fn jwt_part(text: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

/// Wraps a payload in the service's envelope.
fn succeed(payload: Value) -> Response {
    Response::json(200, &json!({"meta": {"version": "1.0.0"}, "payload": payload}))
}

fn refuse(status: u16, message: &str) -> Response {
    Response::json(status, &json!({ "message": message }))
}
