//! A fake of the deepset platform.

use serde_json::{Value, json};

use super::fake::{Service, fake};
use super::message::{Outcome, Request, Response, items, read};
use crate::deepset::{Action, Asset, Deepset, DeepsetBuilder, Role, User};

fake! {
/// The organization roles and users of the deepset platform.
///
/// It requires the key [`API_KEY`](Self::API_KEY), has one organization,
/// [`ORGANIZATION`](Self::ORGANIZATION), and refuses a second role with the same name with 409.
/// Lists come in pages of 10 or [`page_size`](Self::page_size): by number in the order of creation,
/// by `before` and `after` the newest first.
///
/// An invited person is a user at once, with any role. Where the service's behaviour is not
/// documented, the fake chooses: the response to an invitation is `null`; an invitation to the
/// organization also gives its role in the workspaces that it names, and changes nothing for an
/// existing user; one to a workspace makes the person a Member of the organization.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::deepset::{NewRole, Permission, ServiceError};
/// use rolecall::testing::DeepsetFake;
///
/// let fake = DeepsetFake::start().await?;
/// let roles = fake.client()?.organization(DeepsetFake::ORGANIZATION).roles();
/// let wrong = NewRole::new("auditor", "", [Permission::new("moon", "read")]);
/// let error = roles.create(&wrong).await.unwrap_err();
/// let detail = &error.service::<ServiceError>().unwrap().detail[0];
/// assert_eq!(detail.kind, "enum");
/// # Ok(())
/// # }
/// ```
DeepsetFake, Deepset
}

struct State {
    error_bodies: bool,
    page_size: usize,
    free_plan: bool,
    roles: Vec<Value>,
    /// Each with its id.
    workspaces: Vec<(String, String)>,
    users: Vec<Record>,
}

struct Record {
    user: Value,
    external: bool,
}

impl Default for State {
    fn default() -> Self {
        let mut state = Self {
            error_bodies: true,
            page_size: 10,
            free_plan: false,
            roles: Vec::new(),
            workspaces: Vec::new(),
            users: Vec::new(),
        };
        state.add_workspace("default");
        state.add_user(&owner());
        state
    }
}

impl DeepsetFake {
    /// The key that the fake accepts; obviously fake.
    pub const API_KEY: &str = "api_obviously-fake-deepset-key";
    /// The one organization there is.
    pub const ORGANIZATION: &str = "7f0c1f5e-0000-4000-8000-000000000001";

    /// Returns a builder of a client that points here, to change further.
    pub fn builder(&self) -> DeepsetBuilder {
        Deepset::builder(Self::API_KEY).base_url(self.uri())
    }

    /// Sets whether 404 and 409 have a body `{"detail": …}`. The vendor documents no body, so both
    /// forms are possible; the default is `true`.
    pub fn error_bodies(&self, present: bool) {
        self.state().error_bodies = present;
    }

    /// Sets the page size of requests without one. The default is 10.
    pub fn page_size(&self, items: usize) {
        self.state().page_size = items.max(1);
    }

    /// Adds a user beside the key's own, and returns the id.
    pub fn add_user(&self, email: &str) -> String {
        self.state().add_user(&person(email))
    }

    /// Adds a workspace beside `default`, and returns its id.
    pub fn add_workspace(&self, name: &str) -> String {
        self.state().add_workspace(name)
    }

    /// Sets whether the organization is on a free plan, which refuses invitations to a workspace.
    /// The default is `false`.
    pub fn free_plan(&self, free: bool) {
        self.state().free_plan = free;
    }

    /// Adds a deleted user, who is listed only if deleted users are requested, and returns the id.
    pub fn add_deleted_user(&self, email: &str) -> String {
        self.add(email, |added| added.user["deleted"] = true.into())
    }

    /// Adds an external user, who is listed only if external users are requested, and returns the
    /// id.
    pub fn add_external_user(&self, email: &str) -> String {
        self.add(email, |added| added.external = true)
    }

    fn add(&self, email: &str, change: impl FnOnce(&mut Record)) -> String {
        let mut state = self.state();
        let id = state.add_user(&person(email));
        state.users.last_mut().map(change);
        id
    }

    /// Returns the roles that were created, in order.
    #[must_use]
    pub fn roles(&self) -> Vec<Role> {
        read(self.state().roles.iter())
    }

    /// Returns the users, including invited ones, in order.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        read(self.state().users.iter().map(|record| &record.user))
    }
}

impl Service for State {
    fn respond(&mut self, method: &str, path: &[&str], request: &Request) -> Outcome {
        if request.bearer() != Some(DeepsetFake::API_KEY) {
            return Err(Response::json(401, &json!({"detail": "Unauthorized"})));
        }
        let ["api", "v1", path @ ..] = path else { return Err(unrouted(404, "Not Found")) };
        match (method, path) {
            ("GET", ["me"]) => Ok(Response::json(200, &self.users[0].user)),
            ("GET", ["users"]) => self.list_users(request),
            ("GET", ["users", id]) => {
                let found = self.users.iter().find(|record| record.user["user_id"] == *id);
                let found = found.ok_or_else(|| self.refuse(404, "User not found"))?;
                // No more was observed: whether the response holds the user's roles is unknown.
                let parts = ["user_id", "given_name", "family_name", "email"];
                let parts = parts.map(|name| (name.to_owned(), found.user[name].clone()));
                Ok(Response::json(200, &Value::Object(parts.into_iter().collect())))
            }
            ("GET", ["organization", organization, "roles"]) => {
                self.check_organization(organization)?;
                page(self.roles.iter().collect(), "role_id", self.page_size, request)
            }
            ("POST", ["organization", organization, "roles"]) => self.create(organization, request),
            ("POST", ["organization", organization, "invitation"]) => {
                self.invite_to_organization(organization, request)
            }
            ("POST", ["workspaces", workspace, "invitation"]) => {
                self.invite_to_workspace(workspace, request)
            }
            (_, ["me" | "users"] | ["users", _])
            | (_, ["organization", _, "roles" | "invitation"] | ["workspaces", _, "invitation"]) => {
                Err(unrouted(405, "Method Not Allowed"))
            }
            _ => Err(unrouted(404, "Not Found")),
        }
    }
}

impl State {
    fn create(&mut self, organization: &str, request: &Request) -> Outcome {
        let wanted = read_body(request, validate_role)?;
        self.check_organization(organization)?;
        if self.roles.iter().any(|role| role["role_name"] == wanted["role_name"]) {
            return Err(self.refuse(409, "Role already exists"));
        }
        let created = json!({
            "role_name": wanted["role_name"],
            "description": wanted["description"],
            "role_id": format!("7f0c1f5e-0000-4000-8000-{:012x}", self.roles.len() + 0x1000),
            "is_custom": true,
            "permissions": wanted["permissions"],
        });
        self.roles.push(created.clone());
        Ok(Response::json(201, &created))
    }

    fn check_organization(&self, organization: &str) -> Result<(), Response> {
        let is_own = organization == DeepsetFake::ORGANIZATION;
        is_own.then_some(()).ok_or_else(|| self.refuse(404, "Organization not found"))
    }

    fn invite_to_organization(&mut self, organization: &str, request: &Request) -> Outcome {
        let mut invited = read_body(request, validate_person)?;
        self.check_organization(organization)?;
        let workspaces = items(&invited, "workspace_ids").iter().map(|id| {
            let (name, _) = self.workspaces.iter().find(|(_, own)| *id == **own)?;
            Some(json!({"name": name, "role": invited["role"]}))
        });
        let workspaces: Option<Value> = workspaces.collect();
        let unknown = || self.refuse(404, "Workspace not found");
        invited["workspaces"] = workspaces.ok_or_else(unknown)?;
        if !self.is_user(&invited) {
            self.add_user(&invited);
        }
        Ok(Response::json(201, &Value::Null))
    }

    fn invite_to_workspace(&mut self, workspace: &str, request: &Request) -> Outcome {
        let mut invited = read_body(request, validate_person)?;
        if self.free_plan {
            return Err(self.refuse(402, "Upgrade your plan to invite users"));
        }
        if !self.workspaces.iter().any(|(name, _)| name == workspace) {
            return Err(self.refuse(404, "Workspace not found"));
        }
        if self.is_user(&invited) {
            return Err(self.refuse(409, "User is already in the organization"));
        }
        invited["workspaces"] = json!([{"name": workspace, "role": invited["role"]}]);
        invited["role"] = "Member".into();
        self.add_user(&invited);
        Ok(Response::json(201, &Value::Null))
    }

    fn is_user(&self, invited: &Value) -> bool {
        self.users.iter().any(|record| record.user["email"] == invited["email"])
    }

    fn add_workspace(&mut self, name: &str) -> String {
        let id = format!("7f0c1f5e-0000-4000-a000-{:012x}", self.workspaces.len() + 1);
        self.workspaces.push((name.to_owned(), id.clone()));
        id
    }

    /// Adds a user of these names, e-mail address and roles, and returns the id.
    fn add_user(&mut self, person: &Value) -> String {
        let id = format!("7f0c1f5e-0000-4000-9000-{:012x}", self.users.len() + 1);
        let user = json!({
            "user_id": id,
            "email": person["email"],
            "given_name": person["given_name"],
            "family_name": person["family_name"],
            "deleted": false,
            "oauth_provider": "auth0",
            "organization": {
                "organization_id": DeepsetFake::ORGANIZATION,
                "name": "fake",
                "role": person["role"],
                "workspaces": person["workspaces"],
            },
        });
        self.users.push(Record { user, external: false });
        id
    }

    fn list_users(&self, request: &Request) -> Outcome {
        let is_on = |name| request.query(name).as_deref() == Some("true");
        let (deleted, external) = (is_on("include_deleted"), is_on("include_external"));
        let listed = |record: &&Record| {
            (deleted || record.user["deleted"] == false) && (external || !record.external)
        };
        let users = self.users.iter().rev().filter(listed).map(|record| &record.user);
        page(users.collect(), "user_id", self.page_size, request)
    }

    fn refuse(&self, status: u16, detail: &str) -> Response {
        match self.error_bodies {
            true => Response::json(status, &json!({ "detail": detail })),
            false => Response::new(status),
        }
    }
}

fn unrouted(status: u16, detail: &str) -> Response {
    Response::json(status, &json!({ "detail": detail })).unrouted()
}

/// A member without roles in workspaces.
fn person(email: &str) -> Value {
    json!({
        "email": email,
        "role": "Member",
        "given_name": "Given",
        "family_name": "Family",
        "workspaces": [],
    })
}

/// Whom the key belongs to.
fn owner() -> Value {
    let mut owner = person("owner@example.com");
    owner["role"] = "Admin".into();
    owner
}

/// Reads the object in a body.
///
/// # Errors
/// The response to a body that is not an object or is invalid.
fn read_body(request: &Request, validate: fn(&Value) -> Vec<Value>) -> Result<Value, Response> {
    let (body, detail) = match request.json_object() {
        None => {
            let message = "Input should be a valid dictionary";
            (Value::Null, vec![wrong(json!(["body"]), "model_attributes_type", message)])
        }
        Some(body) => {
            let detail = validate(&body);
            (body, detail)
        }
    };
    let is_valid = detail.is_empty();
    is_valid.then_some(body).ok_or_else(|| Response::json(422, &json!({ "detail": detail })))
}

/// Returns what is wrong with texts that are required, as the service lists it.
fn validate_texts(wanted: &Value, fields: &[&str]) -> Vec<Value> {
    let problem = |field: &&str| {
        let (kind, message) = match wanted.get(field) {
            Some(Value::String(_)) => return None,
            Some(_) => ("string_type", "Input should be a valid string"),
            None => ("missing", "Field required"),
        };
        Some(wrong(json!(["body", field]), kind, message))
    };
    fields.iter().filter_map(problem).collect()
}

fn validate_person(wanted: &Value) -> Vec<Value> {
    validate_texts(wanted, &["given_name", "family_name", "email", "role"])
}

fn validate_role(wanted: &Value) -> Vec<Value> {
    let mut detail = validate_texts(wanted, &["role_name", "description"]);
    if !wanted["permissions"].is_array() {
        let place = json!(["body", "permissions"]);
        detail.push(wrong(place, "list_type", "Input should be a valid list"));
    }
    for (index, permission) in items(wanted, "permissions").iter().enumerate() {
        let text = |field: &str| permission[field].as_str().unwrap_or_default();
        let fields = [
            ("asset", matches!(Asset::from(text("asset")), Asset::Unknown(_))),
            ("action", matches!(Action::from(text("action")), Action::Unknown(_))),
        ];
        for (field, _) in fields.into_iter().filter(|(_, unknown)| *unknown) {
            let place = json!(["body", "permissions", index, field]);
            let mut wrong = wrong(place, "enum", "Input should be one of the listed values");
            wrong["input"] = permission[field].clone();
            wrong["ctx"] = json!({"expected": "one of the listed values"});
            detail.push(wrong);
        }
    }
    detail
}

/// Returns the part of a list that a request asks for. A cursor asks for the newest first.
fn page(mut all: Vec<&Value>, id: &str, default: usize, request: &Request) -> Outcome {
    let refuse = |field: &str, kind: &str, message: &str| {
        let wrong = wrong(json!(["query", field]), kind, message);
        Err(Response::json(422, &json!({"detail": [wrong]})))
    };
    let (least, most) = ("Input should be at least 1", "Input should be at most 100");
    let limit = match request.number("limit", default) {
        Some(0) => return refuse("limit", "greater_than_equal", least),
        Some(limit) if limit <= 100 || request.query("limit").is_none() => limit,
        _ => return refuse("limit", "less_than_equal", most),
    };
    let (before, after) = (request.query("before"), request.query("after"));
    let has_cursor = before.is_some() || after.is_some();
    if has_cursor && request.query("page_number").is_some() {
        return refuse("page_number", "value_error", "Cursors exclude page_number");
    }
    let Some(number @ 1..) = request.number("page_number", 1) else {
        return refuse("page_number", "greater_than_equal", least);
    };
    let start = limit.saturating_mul(number - 1);
    // Ids count, so that the later one is the greater.
    let total = all.len();
    if has_cursor {
        all.sort_by(|one, other| other[id].as_str().cmp(&one[id].as_str()));
        all.retain(|item| {
            let own = item[id].as_str();
            (before.is_none() || own < before.as_deref()) && own > after.as_deref()
        });
    }
    let data: Vec<_> = all.iter().skip(start).take(limit).collect();
    let has_more = start.saturating_add(limit) < all.len();
    Ok(Response::json(200, &json!({"data": data, "has_more": has_more, "total": total})))
}

fn wrong(place: Value, kind: &str, message: &str) -> Value {
    json!({"loc": place, "msg": message, "type": kind})
}
