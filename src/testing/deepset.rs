//! A fake of the deepset platform.

use std::io;

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::service::{Fake, Shared, State, answer, derefs_to_fake, header, json_object, segments};
use crate::Error;
use crate::deepset::{Action, Asset, Deepset, DeepsetBuilder, Role};

/// The organization roles of the deepset platform.
///
/// It wants the key [`API_KEY`](Self::API_KEY), knows the one organization
/// [`ORGANIZATION`](Self::ORGANIZATION), and refuses a second role of a name with 409.
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
    roles: Vec<Value>,
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
        let state = Shared::new(Held { error_bodies: true, roles: Vec::new() });
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
        let ["api", "v1", "organization", organization, "roles"] = parts[..] else {
            return answer(404, "application/json", &json!({"detail": "Not Found"}));
        };
        if request.method != "POST" {
            return answer(405, "application/json", &json!({"detail": "Method Not Allowed"}));
        }
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
}

impl Held {
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

fn wrong(place: &[Value], kind: &str, message: &str) -> Value {
    let loc: Vec<Value> = std::iter::once(json!("body")).chain(place.iter().cloned()).collect();
    json!({"loc": loc, "msg": message, "type": kind})
}
