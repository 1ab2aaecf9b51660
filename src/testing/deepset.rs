//! A fake of the deepset platform.

use std::io;

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::service::{Fake, Shared, State, answer, derefs_to_fake, header, json_object, segments};
use crate::Error;
use crate::deepset::{Action, Asset, Deepset, DeepsetBuilder, Role};

/// The organization roles and users of the deepset platform.
///
/// It wants the key [`API_KEY`](Self::API_KEY), knows the one organization
/// [`ORGANIZATION`](Self::ORGANIZATION), and refuses a second role of a name with 409. Lists come
/// in pages of 10 or [`page_size`](Self::page_size): by number in the order of creation, by
/// `before` and `after` the newest first.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::deepset::{NewRole, Permission, ServiceError};
/// use rolecall::testing::DeepsetFake;
///
/// let fake = DeepsetFake::start().await?;
/// let roles = fake.client()?.organization(DeepsetFake::ORGANIZATION)?.roles();
/// let wrong = NewRole::new("auditor", "", [Permission::new("moon", "read")]);
/// let error = roles.create(&wrong).await.unwrap_err();
/// let detail = &error.service::<ServiceError>().unwrap().detail[0];
/// assert_eq!(detail.kind, "enum");
/// # Ok(())
/// # }
/// ```
pub struct DeepsetFake {
    fake: Fake,
    state: Shared<Held>,
}

derefs_to_fake!(DeepsetFake);

struct Held {
    error_bodies: bool,
    page_size: usize,
    roles: Vec<Value>,
    users: Vec<FakeUser>,
}

struct FakeUser {
    user: Value,
    external: bool,
}

impl DeepsetFake {
    /// The key that the fake accepts; obviously fake.
    pub const API_KEY: &str = "api_obviously-fake-deepset-key";
    /// The one organization there is.
    pub const ORGANIZATION: &str = "7f0c1f5e-0000-4000-8000-000000000001";

    /// Starts on a free port.
    ///
    /// # Errors
    /// The error of the operating system if no port can be had.
    pub async fn start() -> io::Result<Self> {
        let mut held =
            Held { error_bodies: true, page_size: 10, roles: Vec::new(), users: Vec::new() };
        held.add_user("owner@example.com", false, false);
        let state = Shared::new(held);
        Ok(Self { fake: Fake::start(&state).await?, state })
    }

    /// A client that points here.
    ///
    /// # Errors
    /// None in practice; that of [`DeepsetBuilder::build`].
    pub fn client(&self) -> Result<Deepset, Error> {
        self.builder().build()
    }

    /// A builder of a client that points here, to change further.
    pub fn builder(&self) -> DeepsetBuilder {
        Deepset::builder(Self::API_KEY).base_url(self.uri())
    }

    /// Whether 404 and 409 have a body `{"detail": …}`. None is documented, so both can be met;
    /// the default is `true`.
    pub fn error_bodies(&self, present: bool) {
        self.state.lock().error_bodies = present;
    }

    /// How many items a page has where the request does not say. The default is 10.
    pub fn page_size(&self, items: usize) {
        self.state.lock().page_size = items.max(1);
    }

    /// Adds a user to the one whom the key belongs to, and returns the id.
    pub fn add_user(&self, email: &str) -> String {
        self.state.lock().add_user(email, false, false)
    }

    /// Adds a user who is listed only where deleted ones are asked for, and returns the id.
    pub fn add_deleted_user(&self, email: &str) -> String {
        self.state.lock().add_user(email, true, false)
    }

    /// Adds a user who is listed only where external ones are asked for, and returns the id.
    pub fn add_external_user(&self, email: &str) -> String {
        self.state.lock().add_user(email, false, true)
    }

    /// The roles that were created, in order.
    #[must_use]
    pub fn roles(&self) -> Vec<Role> {
        let state = self.state.lock();
        state.roles.iter().filter_map(|role| serde_json::from_value(role.clone()).ok()).collect()
    }
}

impl State for Held {
    fn respond(&mut self, request: &Request) -> ResponseTemplate {
        if header(request, "authorization") != Some(&format!("Bearer {}", DeepsetFake::API_KEY)) {
            return answer(401, "application/json", &json!({"detail": "Unauthorized"}));
        }
        let segments = segments(request);
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), &parts[..]) {
            ("GET", ["api", "v1", "me"]) => {
                let owner = self.users.first().map(|held| &held.user);
                answer(200, "application/json", &json!(owner))
            }
            ("GET", ["api", "v1", "users"]) => self.list_users(request),
            ("GET", ["api", "v1", "organization", organization, "roles"]) => {
                if *organization != DeepsetFake::ORGANIZATION {
                    return self.refuse(404, "Organization not found");
                }
                let roles: Vec<_> = self.roles.iter().collect();
                page(&roles, "role_id", self.page_size, request)
            }
            ("POST", ["api", "v1", "organization", organization, "roles"]) => {
                self.create(organization, request)
            }
            (_, ["api", "v1", "me" | "users"] | ["api", "v1", "organization", _, "roles"]) => {
                answer(405, "application/json", &json!({"detail": "Method Not Allowed"}))
            }
            _ => answer(404, "application/json", &json!({"detail": "Not Found"})),
        }
    }
}

impl Held {
    fn create(&mut self, organization: &str, request: &Request) -> ResponseTemplate {
        let Some(wanted) = json_object(request) else {
            let wrong = wrong(&[], "model_attributes_type", "Input should be a valid dictionary");
            return answer(422, "application/json", &json!({"detail": [wrong]}));
        };
        let detail = validate(&wanted);
        if !detail.is_empty() {
            return answer(422, "application/json", &json!({ "detail": detail }));
        }
        if organization != DeepsetFake::ORGANIZATION {
            return self.refuse(404, "Organization not found");
        }
        if self.roles.iter().any(|role| role["role_name"] == wanted["role_name"]) {
            return self.refuse(409, "Role already exists");
        }
        let made = json!({
            "role_name": wanted["role_name"],
            "description": wanted["description"],
            "role_id": format!("7f0c1f5e-0000-4000-8000-{:012x}", self.roles.len() + 0x1000),
            "is_custom": true,
            "permissions": wanted["permissions"],
        });
        self.roles.push(made.clone());
        answer(201, "application/json", &made)
    }

    fn add_user(&mut self, email: &str, deleted: bool, external: bool) -> String {
        let id = format!("7f0c1f5e-0000-4000-9000-{:012x}", self.users.len() + 1);
        let user = json!({
            "user_id": id,
            "email": email,
            "given_name": "Given",
            "family_name": "Family",
            "deleted": deleted,
            "oauth_provider": "auth0",
            "organization": {
                "organization_id": DeepsetFake::ORGANIZATION,
                "name": "fake",
                "role": "Member",
                "workspaces": [],
            },
        });
        self.users.push(FakeUser { user, external });
        id
    }

    fn list_users(&self, request: &Request) -> ResponseTemplate {
        let is_on = |name| query(request, name).as_deref() == Some("true");
        let (deleted, external) = (is_on("include_deleted"), is_on("include_external"));
        let listed = |held: &&FakeUser| {
            (deleted || held.user["deleted"] == false) && (external || !held.external)
        };
        let mut users: Vec<_> = self.users.iter().filter(listed).map(|held| &held.user).collect();
        users.reverse();
        page(&users, "user_id", self.page_size, request)
    }

    fn refuse(&self, status: u16, detail: &str) -> ResponseTemplate {
        if self.error_bodies {
            answer(status, "application/json", &json!({ "detail": detail }))
        } else {
            ResponseTemplate::new(status)
        }
    }
}

/// What is wrong with a request, as the service lists it.
fn validate(wanted: &Value) -> Vec<Value> {
    let mut detail = Vec::new();
    for field in ["role_name", "description"] {
        match &wanted[field] {
            Value::String(_) => {}
            Value::Null if wanted.get(field).is_none() => {
                detail.push(wrong(&[json!(field)], "missing", "Field required"));
            }
            _ => {
                detail.push(wrong(&[json!(field)], "string_type", "Input should be a valid string"))
            }
        }
    }
    let Some(permissions) = wanted["permissions"].as_array() else {
        detail.push(wrong(&[json!("permissions")], "list_type", "Input should be a valid list"));
        return detail;
    };
    for (index, permission) in permissions.iter().enumerate() {
        let text = |field: &str| permission[field].as_str().unwrap_or_default();
        let fields = [
            ("asset", matches!(Asset::from(text("asset")), Asset::Other(_))),
            ("action", matches!(Action::from(text("action")), Action::Other(_))),
        ];
        for (field, _) in fields.into_iter().filter(|(_, unlisted)| *unlisted) {
            let place = [json!("permissions"), json!(index), json!(field)];
            let mut wrong = wrong(&place, "enum", "Input should be one of the listed values");
            wrong["input"] = permission[field].clone();
            wrong["ctx"] = json!({"expected": "one of the listed values"});
            detail.push(wrong);
        }
    }
    detail
}

fn query(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The part of a list that a request asks for. A cursor asks for the newest first.
fn page(all: &[&Value], id: &str, default: usize, request: &Request) -> ResponseTemplate {
    let refuse = |field: &str, kind: &str, message: &str| {
        let wrong = json!({"loc": ["query", field], "msg": message, "type": kind});
        answer(422, "application/json", &json!({"detail": [wrong]}))
    };
    let number = |name: &str| query(request, name).map(|text| text.parse::<usize>().ok());
    let limit = match number("limit") {
        None => default,
        Some(Some(limit @ 1..=100)) => limit,
        Some(Some(0)) => {
            return refuse("limit", "greater_than_equal", "Input should be at least 1");
        }
        Some(_) => return refuse("limit", "less_than_equal", "Input should be at most 100"),
    };
    let (before, after) = (query(request, "before"), query(request, "after"));
    let start = match number("page_number") {
        Some(_) if before.is_some() || after.is_some() => {
            return refuse("page_number", "value_error", "Cursors exclude page_number");
        }
        None => 0,
        Some(Some(number @ 1..)) => limit.saturating_mul(number - 1),
        Some(_) => {
            let message = "Input should be greater than or equal to 1";
            return refuse("page_number", "greater_than_equal", message);
        }
    };
    // Ids count, so that the later one is the greater.
    let mut matching: Vec<&Value> = all.to_vec();
    if before.is_some() || after.is_some() {
        matching.sort_by(|one, other| other[id].as_str().cmp(&one[id].as_str()));
        matching.retain(|item| {
            let own = item[id].as_str().unwrap_or_default();
            before.as_deref().is_none_or(|before| own < before)
                && after.as_deref().is_none_or(|after| own > after)
        });
    }
    let data: Vec<_> = matching.iter().skip(start).take(limit).collect();
    let has_more = start.saturating_add(limit) < matching.len();
    answer(
        200,
        "application/json",
        &json!({"data": data, "has_more": has_more, "total": all.len()}),
    )
}

fn wrong(place: &[Value], kind: &str, message: &str) -> Value {
    let loc: Vec<Value> = std::iter::once(json!("body")).chain(place.iter().cloned()).collect();
    json!({"loc": loc, "msg": message, "type": kind})
}
