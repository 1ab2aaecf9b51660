//! A fake of the Redox Platform.

use std::collections::HashSet;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::fake::{Service, fake};
use super::message::{Outcome, Request, Response, broken, filled};
use super::tokens::{Tokens, token_methods};
use crate::redox::{Redox, RedoxBuilder};

fake! {
/// Redox's role assignments in organizations and environments, below `/platform` as the service
/// has them.
///
/// It requires the token [`TOKEN`](Self::TOKEN) or one of its [token endpoint](Self::token_url),
/// which checks a token request and the claims of its assertion, but not the signature, and accepts
/// an assertion once. It accepts any organization, user and role, and knows the environments that
/// were added. A user has one role in a place; a PUT replaces it, or gives one to a user who has
/// none. The last owner of an organization (a user with the role `owner`, by name or id) keeps that
/// role. Each change is an audit event. Where the service's behaviour is not documented, the fake
/// chooses: error bodies are `{"message": …}`, an unknown environment is 404, taking the role of
/// the last owner is 409, pages of audit events are numbered from 1, their kinds are made up, times in
/// their filters are in UTC where they name no zone, and see [`RedoxDuplicates`] and [`RedoxAbsent`].
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
/// // A PUT is idempotent: the client retries it after a lost connection.
/// fake.next(1, Fault::reset().after_processing());
/// assignments.assign(&wanted).await?;
/// assert_eq!(fake.memberships().len(), 1);
/// # Ok(())
/// # }
/// ```
RedoxFake, Redox
}

/// A user's role in an organization or environment.
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

/// The response to a POST for a user who has a role in the environment, which is not documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedoxDuplicates {
    /// It is refused with 409.
    #[default]
    Refused,
    /// It replaces the role, as a PUT does.
    Replaced,
}

/// The response to a DELETE for a user without a role in the environment, or one who is not a
/// member of the organization, which is not documented.
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

    /// As a role.
    fn is_owner(&self) -> bool {
        [&self.id, &self.name].into_iter().any(|part| part.as_deref() == Some("owner"))
    }

    /// Returns the id, or the name where no id was sent.
    fn shown(&self) -> String {
        self.id.clone().or_else(|| self.name.clone()).unwrap_or_default()
    }

    /// Returns the id, or one derived from the name: the service lists nothing without an id.
    fn listed(&self) -> String {
        self.id.clone().unwrap_or_else(|| format!("id-of-{}", self.shown()))
    }
}

#[derive(Clone, PartialEq, Eq)]
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

#[derive(Default)]
struct State {
    tokens: Tokens,
    assertions: HashSet<String>,
    duplicates: RedoxDuplicates,
    absent: RedoxAbsent,
    /// Each with its organization, and so are the events.
    environments: Vec<(String, Value)>,
    records: Vec<Record>,
    events: Vec<(String, Value)>,
    page_size: Option<usize>,
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
        // Here the service writes the organization's id as a number.
        let own = json!({
            "id": id, "name": name, "environmentFlag": flag,
            "organization": {"id": number(organization)},
        });
        self.state().environments.push((organization.to_owned(), own));
    }

    /// Adds an audit event to those of the changes that were made.
    pub fn add_audit_event(&self, organization: &str, user: &str, kind: &str) {
        self.state().add_event(organization, user, kind, "/v1/organizations");
    }

    /// Sets how many audit events a page has where the request does not say. The default is 25.
    pub fn page_size(&self, events: usize) {
        self.state().page_size = Some(events.max(1));
    }

    /// Sets the response to a POST for a user who has a role.
    pub fn duplicates(&self, duplicates: RedoxDuplicates) {
        self.state().duplicates = duplicates;
    }

    /// Sets the response to a DELETE for a user without a role.
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
    fn respond(&mut self, method: &str, path: &[&str], request: &Request) -> Outcome {
        if let ("POST", ["v2", "auth", "token"]) = (method, path) {
            return self.token(request);
        }
        if request.bearer() != Some(RedoxFake::TOKEN) && !self.tokens.accepts(request) {
            return Err(refuse(401, "Unauthorized"));
        }
        let (kind, id, resource) = match path {
            ["platform", "v1", "organizations", id, resource] => ("organization", id, *resource),
            ["platform", "v1", "environments", id, "role-assignment"] => {
                self.environment(id).ok_or_else(|| refuse(404, "Not found"))?;
                ("environment", id, "role-assignment")
            }
            _ => return Err(refuse(404, "Not found").unrouted()),
        };
        let place = Place { kind, id: (*id).to_owned() };
        match (method, kind, resource) {
            ("GET", _, "environments") => Ok(self.list_environments(id)),
            ("GET", _, "audit-events") => self.list_events(id, request),
            ("GET", _, "role-assignment") => Ok(self.list(&place)),
            ("PUT", _, "role-assignment") | ("POST", "environment", _) => {
                self.assign(place, request)
            }
            ("DELETE", _, "role-assignment") => self.remove(&place, request),
            _ => Err(refuse(404, "Not found").unrouted()),
        }
    }
}

impl State {
    /// Returns the environment of this id, with its organization.
    fn environment(&self, id: &str) -> Option<&(String, Value)> {
        self.environments.iter().find(|(_, known)| known["id"] == id)
    }

    fn memberships(&self, kind: &str) -> Vec<RedoxMembership> {
        let here = self.records.iter().filter(|record| record.place.kind == kind);
        let shown = |Record { place, user, role }: &Record| RedoxMembership {
            place: place.id.clone(),
            user: user.shown(),
            role: role.shown(),
        };
        here.map(shown).collect()
    }

    fn token(&mut self, request: &Request) -> Outcome {
        let jti = self.check(request).map_err(|(error, description)| {
            let status = if error == "invalid_client" { 401 } else { 400 };
            let body = json!({"error": error, "error_description": description});
            Response::json(status, &body)
        })?;
        self.assertions.insert(jti);
        let mut body = self.tokens.give(300);
        body["scope"] = "".into();
        Ok(Response::json(200, &body))
    }

    /// Checks a token request, but for the signature, and returns the assertion's id.
    fn check(&self, request: &Request) -> Result<String, (&'static str, &'static str)> {
        const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let invalid = |description| ("invalid_request", description);
        let refused = |description| ("invalid_client", description);
        let field = |name: &str| request.fields(name).into_iter().next();
        match field("grant_type").as_deref() {
            None => return Err(invalid("Missing grant_type parameter")),
            Some("client_credentials") => {}
            Some(_) => return Err(("unsupported_grant_type", "Unsupported grant_type")),
        }
        if field("client_assertion_type").as_deref() != Some(KIND) {
            return Err(invalid("Invalid client_assertion_type parameter"));
        }
        let assertion = field("client_assertion").unwrap_or_default();
        let parts: Vec<Option<Value>> = assertion.split('.').map(jwt_part).collect();
        let [Some(header), Some(claims), _] = &parts[..] else {
            return Err(invalid("client_assertion is not a JWT"));
        };
        let kid = filled(header, "kid");
        let is_form = matches!(header["alg"].as_str(), Some("RS384" | "ES384"));
        let ids = (filled(claims, "iss"), filled(claims, "sub"), kid);
        let own = (Some(RedoxFake::CLIENT_ID), Some(RedoxFake::CLIENT_ID), Some(RedoxFake::KEY_ID));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map(|now| now.as_secs()).unwrap_or_default();
        let is_timely = claims["iat"].as_u64().is_some_and(|issued| issued <= now)
            && claims["exp"].as_u64().is_some_and(|expires| expires > now);
        let jti = filled(claims, "jti").filter(|jti| !self.assertions.contains(*jti));
        let rules = [
            (kid.is_some(), invalid("JWT header kid property is required")),
            (
                is_form && header["typ"] == "JWT",
                invalid("JWT header alg must be RS384 or ES384, and typ JWT"),
            ),
            (
                ids == own && !assertion.ends_with('.'),
                refused("Public key not found, check client_id, kid and Redox dashboard settings"),
            ),
            (
                claims["aud"] == request.link("/v2/auth/token"),
                refused("JWT aud must be the token URL"),
            ),
            (is_timely, refused("JWT is expired, or not valid yet")),
            (jti.is_some(), refused("JWT jti is missing, or was used before")),
        ];
        broken(rules).map_or_else(|| Ok(jti.unwrap_or_default().to_owned()), Err)
    }

    fn list(&self, place: &Place) -> Response {
        let name = match self.environment(&place.id) {
            Some((_, environment)) => environment["name"].clone(),
            None => format!("Organization {}", place.id).into(),
        };
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
        let own: Vec<_> = of(&self.environments, organization).collect();
        succeed(json!({ "environments": own }))
    }

    fn assign(&mut self, place: Place, request: &Request) -> Outcome {
        let wanted = request.json_object();
        let wanted = wanted.ok_or_else(|| refuse(400, "The body must be a JSON object"))?;
        let named = Named::read(&wanted["role"]).zip(Named::read(&wanted["user"]));
        let (role, user) = named.ok_or_else(|| refuse(400, "role and user must be given"))?;
        if !role.is_owner() {
            self.check_owner(&place, &user)?;
        }
        let is_it = |record: &&mut Record| record.place == place && record.user.matches(&user);
        match self.records.iter_mut().find(is_it) {
            Some(_) if request.method == "POST" && self.duplicates == RedoxDuplicates::Refused => {
                return Err(refuse(409, "The user has a role in this environment already"));
            }
            Some(record) => record.role = role,
            None => self.records.push(Record { place: place.clone(), user, role }),
        }
        self.add_change(&place, "role-assigned", request);
        Ok(succeed(json!({"success": true})))
    }

    fn remove(&mut self, place: &Place, request: &Request) -> Outcome {
        let wanted = request.json_object().unwrap_or_default();
        let user = Named::read(&wanted["user"]);
        let user = user.ok_or_else(|| refuse(400, "user must be given"))?;
        self.check_owner(place, &user)?;
        let before = self.records.len();
        self.records.retain(|record| record.place != *place || !record.user.matches(&user));
        let is_removed = self.records.len() < before;
        if is_removed {
            self.add_change(place, "role-removed", request);
        }
        match self.absent {
            RedoxAbsent::NotFound if !is_removed => Err(refuse(404, "The user has no role here")),
            absent => {
                let success = is_removed || absent != RedoxAbsent::Unsuccessful;
                Ok(succeed(json!({ "success": success })))
            }
        }
    }

    /// Refuses to take the role of the last owner of an organization.
    fn check_owner(&self, place: &Place, user: &Named) -> Result<(), Response> {
        let is_owner = |record: &&Record| record.place == *place && record.role.is_owner();
        let owners: Vec<_> = self.records.iter().filter(is_owner).collect();
        match owners[..] {
            [owner] if place.kind == "organization" && owner.user.matches(user) => {
                Err(refuse(409, "An organization must have at least one owner"))
            }
            _ => Ok(()),
        }
    }

    fn add_change(&mut self, place: &Place, kind: &str, request: &Request) {
        let of = self.environment(&place.id).filter(|_| place.kind == "environment");
        let organization = of.map_or_else(|| place.id.clone(), |(own, _)| own.clone());
        let route = request.path().trim_start_matches("/platform").to_owned();
        self.add_event(&organization, "1", kind, &route);
    }

    fn add_event(&mut self, organization: &str, user: &str, kind: &str, route: &str) {
        let event = json!({
            "id": self.events.len() + 1,
            "organizationId": number(organization),
            "userId": number(user),
            "requestIp": "127.0.0.1",
            "route": route,
            "createdAt": jiff::Timestamp::now().to_string(),
            "type": kind,
            "status": "success",
            "details": {},
        });
        self.events.push((organization.to_owned(), event));
    }

    fn list_events(&self, organization: &str, request: &Request) -> Outcome {
        let Some(count @ 1..=50) = request.number("_count", self.page_size.unwrap_or(25)) else {
            return Err(refuse(400, "_count must be between 1 and 50"));
        };
        let Some(page @ 1..) = request.number("_page", 1) else {
            return Err(refuse(400, "_page must be a number from 1"));
        };
        let time = |name| request.query(name).map(|text| moment(&text)).transpose();
        let (Ok(start), Ok(stop)) = (time("startDateTime"), time("stopDateTime")) else {
            return Err(refuse(400, "startDateTime and stopDateTime must be in ISO 8601"));
        };
        let is_listed = |event: &&Value| {
            let at = event["createdAt"].as_str().and_then(|text| text.parse().ok());
            request.query("userId").is_none_or(|user| event["userId"] == number(&user))
                && request.query("status").is_none_or(|status| event["status"] == status)
                && start.is_none_or(|start| at >= Some(start))
                && stop.is_none_or(|stop| at <= Some(stop))
        };
        let all: Vec<_> = of(&self.events, organization).filter(is_listed).collect();
        let before = count.saturating_mul(page - 1);
        let results: Vec<_> = all.iter().skip(before).take(count).collect();
        // As in the vendor's example: relative, and by another route than the one that was called.
        let link = |page: usize| format!("/audit-events?_page={page}&_count={count}");
        let mut links = json!({"self": link(page), "first": link(1)});
        if before + results.len() < all.len() {
            links["next"] = link(page + 1).into();
        }
        let paging =
            json!({"currentPage": page, "pageType": "offset", "pageSize": count, "links": links});
        let meta = json!({"version": "1.0.0", "page": paging});
        Ok(Response::json(200, &json!({"meta": meta, "payload": {"results": results}})))
    }
}

/// Those of an organization.
fn of<'a>(all: &'a [(String, Value)], organization: &str) -> impl Iterator<Item = &'a Value> {
    all.iter().filter(move |(of, _)| of == organization).map(|(_, value)| value)
}

/// Reads a time, or a date at its beginning; in UTC where it names no zone.
fn moment(text: &str) -> Result<jiff::Timestamp, jiff::Error> {
    let in_utc = |time: jiff::civil::DateTime| time.to_zoned(jiff::tz::TimeZone::UTC);
    text.parse().or_else(|_| Ok(in_utc(text.parse()?)?.timestamp()))
}

/// An id as the service writes it where it writes numbers.
fn number(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| id.into(), Value::from)
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
