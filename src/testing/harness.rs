//! A fake of Harness.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::service::{
    Fake, Shared, State, answer, derefs_to_fake, filled, header, json_object, segments,
};
use crate::Error;
use crate::harness::{Harness, HarnessBuilder, RoleAssignmentResponse};

/// Harness's role assignments at account, organization and project scope.
///
/// It wants the key [`API_KEY`](Self::API_KEY), accepts any organization and project, and keeps
/// (identifier, scope) and (scope, resource group, role, principal) unique. Like the service, it
/// fills in the `scope_level` of groups and service accounts, and nulls that of users.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::harness::{NewRoleAssignment, Principal};
/// use rolecall::testing::{HarnessDuplicates, HarnessFake};
///
/// let fake = HarnessFake::start().await?;
/// fake.duplicates(HarnessDuplicates::DuplicateField);
/// let assignments = fake.client()?.account().role_assignments();
/// let wanted = NewRoleAssignment::new("a", "_account_viewer", "_all_account_level_resources", Principal::user("u"))?;
/// assignments.create(&wanted).await?;
/// assert!(assignments.create(&wanted).await.unwrap_err().is_already_exists());
/// assert_eq!(fake.role_assignments("account").len(), 1);
/// # Ok(())
/// # }
/// ```
pub struct HarnessFake {
    fake: Fake,
    state: Shared<Held>,
}

derefs_to_fake!(HarnessFake);

/// How the fake answers a duplicate. The first two were *observed* in the service's source, at
/// different times; which one a live account meets is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HarnessDuplicates {
    /// 500 `UNKNOWN_ERROR`, by the later server source. The default.
    #[default]
    UnknownError,
    /// 400 `DUPLICATE_FIELD`, until December 2023.
    DuplicateField,
    /// 409, never seen.
    Conflict,
}

#[derive(Default)]
struct Held {
    duplicates: HarnessDuplicates,
    /// Scope, as in `account`, `orgs/a`, `orgs/a/projects/b`, and what is assigned there.
    assignments: Vec<(String, Value)>,
    requests: u32,
}

impl HarnessFake {
    /// The key that the fake accepts: of the form that contains an account id, and obviously fake.
    pub const API_KEY: &str = "pat.fakeAccount.fakeTokenId.obviously-fake-secret";

    /// Starts on a free port.
    ///
    /// # Errors
    /// The error of the operating system if no port can be had.
    pub async fn start() -> io::Result<Self> {
        let state = Shared::new(Held::default());
        Ok(Self { fake: Fake::start(&state).await?, state })
    }

    /// A client that points here.
    ///
    /// # Errors
    /// None in practice; that of [`HarnessBuilder::build`].
    pub fn client(&self) -> Result<Harness, Error> {
        self.builder().build()
    }

    /// A builder of a client that points here, to change further.
    pub fn builder(&self) -> HarnessBuilder {
        Harness::builder(Self::API_KEY).base_url(self.uri())
    }

    /// Sets how duplicates are answered.
    pub fn duplicates(&self, duplicates: HarnessDuplicates) {
        self.state.lock().duplicates = duplicates;
    }

    /// What is assigned in a scope: `account`, `orgs/{org}` or `orgs/{org}/projects/{project}`.
    #[must_use]
    pub fn role_assignments(&self, scope: &str) -> Vec<RoleAssignmentResponse> {
        let state = self.state.lock();
        let here = state.assignments.iter().filter(|(own, _)| own == scope);
        here.filter_map(|(_, value)| serde_json::from_value(value.clone()).ok()).collect()
    }
}

impl State for Held {
    fn respond(&mut self, request: &Request) -> ResponseTemplate {
        self.requests += 1;
        if header(request, "x-api-key") != Some(HarnessFake::API_KEY) {
            return self.refuse(401, "INVALID_TOKEN", "Token is not valid.");
        }
        let segments = segments(request);
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (scope, level) = match parts[..] {
            ["v1", "role-assignments"] => ("account".to_owned(), "account"),
            ["v1", "orgs", org, "role-assignments"] => (format!("orgs/{org}"), "organization"),
            ["v1", "orgs", org, "projects", project, "role-assignments"] => {
                (format!("orgs/{org}/projects/{project}"), "project")
            }
            _ => return self.refuse(404, "RESOURCE_NOT_FOUND", "HTTP 404 Not Found"),
        };
        if request.method != "POST" {
            return self.refuse(405, "INVALID_REQUEST", "HTTP 405 Method Not Allowed");
        }
        let Some(wanted) = json_object(request) else {
            return self.refuse(400, "INVALID_REQUEST", "Unable to process JSON");
        };
        self.create(scope, level, wanted)
    }
}

impl Held {
    fn create(&mut self, scope: String, level: &str, mut wanted: Value) -> ResponseTemplate {
        for field in ["resource_group", "role"] {
            if filled(&wanted, field).is_none() {
                return self.refuse(400, "INVALID_REQUEST", &format!("{field}: must not be empty"));
            }
        }
        let principal = &wanted["principal"];
        let kind = filled(principal, "type").unwrap_or_default().to_owned();
        if filled(principal, "identifier").is_none()
            || !matches!(kind.as_str(), "USER" | "USER_GROUP" | "SERVICE_ACCOUNT")
        {
            return self.refuse(400, "INVALID_REQUEST", "principal: is not valid");
        }
        if !wanted["identifier"].is_string() {
            return self.refuse(400, "INVALID_REQUEST", "identifier: must not be null");
        }
        if !wanted["disabled"].is_boolean() {
            return self.refuse(500, "UNKNOWN_ERROR", "Oops, something went wrong on our end.");
        }
        if wanted["resource_group"] == "_all_resources" {
            return self.refuse(400, "INVALID_REQUEST", "Resource group is not valid");
        }
        if wanted["identifier"] == "" {
            let chosen = format!("role_assignment_{}", self.assignments.len() + 1);
            wanted["identifier"] = chosen.into();
        }
        let given = wanted["principal"]["scope_level"].clone();
        wanted["principal"]["scope_level"] = match (kind.as_str(), given) {
            ("USER", _) => Value::Null,
            (_, Value::Null) => level.into(),
            (_, given) => given,
        };
        let tuple = |value: &Value| {
            ["resource_group", "role", "principal"].map(|field| value[field].clone())
        };
        let taken = self.assignments.iter().any(|(own, held)| {
            let held = &held["role-assignment"];
            *own == scope
                && (held["identifier"] == wanted["identifier"] || tuple(held) == tuple(&wanted))
        });
        if taken {
            return match self.duplicates {
                HarnessDuplicates::UnknownError => {
                    self.refuse(500, "UNKNOWN_ERROR", "Oops, something went wrong on our end.")
                }
                HarnessDuplicates::DuplicateField => {
                    self.refuse(400, "DUPLICATE_FIELD", "Role assignment already exists")
                }
                HarnessDuplicates::Conflict => {
                    self.refuse(409, "RESOURCE_ALREADY_EXISTS", "Role assignment already exists")
                }
            };
        }
        wanted["managed"] = false.into();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = u64::try_from(now.unwrap_or(Duration::ZERO).as_millis()).unwrap_or_default();
        let made = json!({
            "role-assignment": wanted, "created": now, "updated": now, "harness_managed": false,
        });
        self.assignments.push((scope, made.clone()));
        answer(201, "application/json", &made)
    }

    fn refuse(&self, status: u16, code: &str, message: &str) -> ResponseTemplate {
        let body = json!({
            "status": "ERROR",
            "code": code,
            "message": message,
            "correlationId": format!("fake-correlation-{}", self.requests),
            "detailedMessage": null,
            "responseMessages": [
                {"code": code, "level": "ERROR", "message": message, "exception": null, "failureTypes": []}
            ],
            "metadata": null,
        });
        answer(status, "application/json", &body)
    }
}
