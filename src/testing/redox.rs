//! A fake of the Redox Platform.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::service::{
    Fake, Shared, State, answer, derefs_to_fake, filled, header, is_type, json_object, segments,
};
use crate::Error;
use crate::redox::{Redox, RedoxBuilder};

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
/// let assignments = fake.client()?.organization("7")?.role_assignments();
/// let wanted = NewRoleAssignment::new(RoleRef::id("r-1")?, UserRef::id("u-1")?);
///
/// // A PUT is idempotent: a connection that broke is no reason to give up.
/// fake.next(1, Fault::reset().after_processing());
/// assignments.assign(&wanted).await?;
/// assert_eq!(fake.memberships().len(), 1);
/// # Ok(())
/// # }
/// ```
pub struct RedoxFake {
    fake: Fake,
    state: Shared<Held>,
}

derefs_to_fake!(RedoxFake);

/// Who has which role in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership {
    /// The organization's id.
    pub organization: String,
    /// The user's id, or the name where no id was sent.
    pub user: String,
    /// The role's id, or the name where no id was sent.
    pub role: String,
}

/// Who has which role in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedoxEnvironmentMembership {
    /// The environment's id.
    pub environment: String,
    /// The user's id, or the name where no id was sent.
    pub user: String,
    /// The role's id, or the name where no id was sent.
    pub role: String,
}

/// What the tokens of the token endpoint begin with.
const TOKEN_PREFIX: &str = "obviously-fake-redox-access-token-";

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
    /// It is answered `success: false` under 200.
    Unsuccessful,
}

/// A user or role as it was first sent.
#[derive(Clone)]
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
    fn is(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(own), Some(other)) => own == other,
            _ => self.name.is_some() && self.name == other.name,
        }
    }

    /// The id, or the name where no id was sent.
    fn shown(&self) -> String {
        self.id.clone().or_else(|| self.name.clone()).unwrap_or_default()
    }

    /// The id, or one made up from the name: the service lists nothing without an id.
    fn listed(&self) -> String {
        self.id.clone().unwrap_or_else(|| format!("id-of-{}", self.shown()))
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Place {
    Organization(String),
    Environment(String),
}

struct Given {
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

struct Held {
    token_lifetime: Duration,
    tokens_given: u64,
    first_valid: u64,
    assertions: HashSet<String>,
    duplicates: RedoxDuplicates,
    absent: RedoxAbsent,
    environments: Vec<Environment>,
    given: Vec<Given>,
}

impl RedoxFake {
    /// The token that the fake accepts; obviously fake.
    pub const TOKEN: &str = "obviously-fake-redox-token";
    /// The client id that the token endpoint knows.
    pub const CLIENT_ID: &str = "obviously-fake-client-id";
    /// The id of the key that the token endpoint knows.
    pub const KEY_ID: &str = "obviously-fake-key";

    /// Starts on a free port.
    ///
    /// # Errors
    /// The error of the operating system if no port can be had.
    pub async fn start() -> io::Result<Self> {
        let state = Shared::new(Held {
            token_lifetime: Duration::from_secs(300),
            tokens_given: 0,
            first_valid: 1,
            assertions: HashSet::new(),
            duplicates: RedoxDuplicates::default(),
            absent: RedoxAbsent::default(),
            environments: Vec::new(),
            given: Vec::new(),
        });
        Ok(Self { fake: Fake::start(&state).await?, state })
    }

    /// A client that points here.
    ///
    /// # Errors
    /// None in practice; that of [`RedoxBuilder::build`].
    pub fn client(&self) -> Result<Redox, Error> {
        self.builder().build()
    }

    /// A builder of a client that points here, to change further.
    pub fn builder(&self) -> RedoxBuilder {
        Redox::builder(Self::TOKEN).base_url(format!("{}/platform", self.uri()))
    }

    /// The address of the token endpoint.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/v2/auth/token", self.uri())
    }

    /// How long the next tokens last, in whole seconds; five minutes by default.
    pub fn token_lifetime(&self, lifetime: Duration) {
        self.state.lock().token_lifetime = lifetime;
    }

    /// From now on the tokens given so far are refused with 401; [`TOKEN`](Self::TOKEN) is not.
    pub fn revoke_tokens(&self) {
        let mut state = self.state.lock();
        state.first_valid = state.tokens_given + 1;
    }

    /// How many tokens the token endpoint gave.
    #[must_use]
    pub fn tokens_given(&self) -> u64 {
        self.state.lock().tokens_given
    }

    /// Adds an environment to an organization; `flag` is `Production`, `Staging`, `Development`, or
    /// what the service may call it one day.
    pub fn add_environment(&self, organization: &str, id: &str, name: &str, flag: &str) {
        self.state.lock().environments.push(Environment {
            organization: organization.to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
            flag: flag.to_owned(),
        });
    }

    /// Sets what becomes of a POST for a user who has a role.
    pub fn duplicates(&self, duplicates: RedoxDuplicates) {
        self.state.lock().duplicates = duplicates;
    }

    /// Sets what becomes of a DELETE for a user without a role.
    pub fn absent(&self, absent: RedoxAbsent) {
        self.state.lock().absent = absent;
    }

    /// Who has which role in an organization, in the order of first assignment.
    #[must_use]
    pub fn memberships(&self) -> Vec<Membership> {
        let state = self.state.lock();
        let shown = |given: &Given| match &given.place {
            Place::Organization(organization) => Some(Membership {
                organization: organization.clone(),
                user: given.user.shown(),
                role: given.role.shown(),
            }),
            Place::Environment(_) => None,
        };
        state.given.iter().filter_map(shown).collect()
    }

    /// Who has which role in an environment, in the order of first assignment.
    #[must_use]
    pub fn environment_memberships(&self) -> Vec<RedoxEnvironmentMembership> {
        let state = self.state.lock();
        let shown = |given: &Given| match &given.place {
            Place::Environment(environment) => Some(RedoxEnvironmentMembership {
                environment: environment.clone(),
                user: given.user.shown(),
                role: given.role.shown(),
            }),
            Place::Organization(_) => None,
        };
        state.given.iter().filter_map(shown).collect()
    }
}

impl State for Held {
    fn respond(&mut self, request: &Request) -> ResponseTemplate {
        let segments = segments(request);
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        if request.method == "POST" && parts[..] == ["v2", "auth", "token"] {
            return self.token(request);
        }
        if !self.is_authenticated(request) {
            return refuse(401, "Unauthorized");
        }
        let place = match parts[..] {
            ["platform", "v1", "organizations", organization, "environments"]
                if request.method == "GET" =>
            {
                return self.list_environments(organization);
            }
            ["platform", "v1", "organizations", organization, "role-assignment"]
                if matches!(request.method.as_str(), "GET" | "PUT") =>
            {
                Place::Organization(organization.to_owned())
            }
            ["platform", "v1", "environments", environment, "role-assignment"]
                if self.environments.iter().any(|known| known.id == environment) =>
            {
                Place::Environment(environment.to_owned())
            }
            _ => return refuse(404, "Not found"),
        };
        match request.method.as_str() {
            "GET" => self.list(&place),
            "POST" | "PUT" => self.give(place, request),
            "DELETE" => self.remove(&place, request),
            _ => refuse(404, "Not found"),
        }
    }
}

impl Held {
    fn token(&mut self, request: &Request) -> ResponseTemplate {
        match self.check(request) {
            Ok(jti) => self.assertions.insert(jti),
            Err((error, description)) => {
                let body = json!({"error": error, "error_description": description});
                let status = if error == "invalid_client" { 401 } else { 400 };
                return answer(status, "application/json", &body);
            }
        };
        self.tokens_given += 1;
        let body = json!({
            "access_token": format!("{TOKEN_PREFIX}{}", self.tokens_given),
            "token_type": "Bearer",
            "expires_in": self.token_lifetime.as_secs(),
            "scope": "",
        });
        answer(200, "application/json", &body)
    }

    /// Checks a token request, but for the signature, and returns the assertion's id.
    fn check(&self, request: &Request) -> Result<String, (&'static str, &'static str)> {
        let invalid = |description| ("invalid_request", description);
        let form: Vec<(String, String)> = if is_type(request, "application/x-www-form-urlencoded") {
            serde_urlencoded::from_bytes(&request.body).unwrap_or_default()
        } else {
            Vec::new()
        };
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
        let (&[header, claims, signature], Some(host)) =
            (&parts[..], self::header(request, "host"))
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

    fn is_authenticated(&self, request: &Request) -> bool {
        let token = header(request, "authorization").and_then(|it| it.strip_prefix("Bearer "));
        token.is_some_and(|token| {
            token == RedoxFake::TOKEN
                || token
                    .strip_prefix(TOKEN_PREFIX)
                    .and_then(|number| number.parse().ok())
                    .is_some_and(|number: u64| {
                        (self.first_valid..=self.tokens_given).contains(&number)
                    })
        })
    }

    fn list(&self, place: &Place) -> ResponseTemplate {
        let memberships: Vec<Value> = self
            .given
            .iter()
            .filter(|given| given.place == *place)
            .map(|Given { user, role, .. }| {
                let id = user.listed();
                let mut user = json!({
                    "id": id,
                    "fullname": user.name,
                    "lowercaseEmail": format!("{}@example.com", id.to_lowercase()),
                });
                let (kind, place) = match place {
                    Place::Organization(id) => {
                        user["lastLogin"] = "2026-04-01T08:00:00.000Z".into();
                        user["verified2fa"] = true.into();
                        ("organization", json!({"id": id, "name": format!("Organization {id}")}))
                    }
                    Place::Environment(id) => {
                        let known = self.environments.iter().find(|known| known.id == *id);
                        let name = known.map(|known| known.name.as_str());
                        ("environment", json!({"id": id, "name": name}))
                    }
                };
                let role = json!({"id": role.listed(), "name": role.name});
                json!({kind: place, "role": role, "user": user})
            })
            .collect();
        succeed(json!({ "memberships": memberships }))
    }

    fn list_environments(&self, organization: &str) -> ResponseTemplate {
        // Here the service writes the organization's id as a number.
        let number = organization.parse::<u64>().map(Value::from);
        let id = number.unwrap_or_else(|_| organization.into());
        let own = self.environments.iter().filter(|known| known.organization == organization);
        let environments: Vec<Value> = own
            .map(|known| {
                json!({
                    "id": known.id,
                    "name": known.name,
                    "environmentFlag": known.flag,
                    "organization": {"id": id},
                })
            })
            .collect();
        succeed(json!({ "environments": environments }))
    }

    fn give(&mut self, place: Place, request: &Request) -> ResponseTemplate {
        let Some(wanted) = json_object(request) else {
            return refuse(400, "The body must be a JSON object");
        };
        let (Some(role), Some(user)) = (Named::read(&wanted["role"]), Named::read(&wanted["user"]))
        else {
            return refuse(400, "role and user must be given");
        };
        match self.given.iter_mut().find(|given| given.place == place && given.user.is(&user)) {
            Some(_) if request.method == "POST" && self.duplicates == RedoxDuplicates::Refused => {
                return refuse(409, "The user has a role in this environment already");
            }
            Some(given) => given.role = role,
            None => self.given.push(Given { place, user, role }),
        }
        succeed(json!({"success": true}))
    }

    fn remove(&mut self, place: &Place, request: &Request) -> ResponseTemplate {
        let wanted = json_object(request).unwrap_or_default();
        let Some(user) = Named::read(&wanted["user"]) else {
            return refuse(400, "user must be given");
        };
        let before = self.given.len();
        self.given.retain(|given| given.place != *place || !given.user.is(&user));
        match self.absent {
            RedoxAbsent::NotFound if self.given.len() == before => {
                refuse(404, "The user has no role in this environment")
            }
            RedoxAbsent::Unsuccessful if self.given.len() == before => {
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

/// The service's envelope around an answer.
fn succeed(payload: Value) -> ResponseTemplate {
    let body = json!({"meta": {"version": "1.0.0"}, "payload": payload});
    answer(200, "application/json", &body)
}

fn refuse(status: u16, message: &str) -> ResponseTemplate {
    answer(status, "application/json", &json!({ "message": message }))
}
