//! A fake of Harness.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::service::{
    Fake, Shared, State, answer, derefs_to_fake, filled, header, json_object, segments,
};
use crate::Error;
use crate::harness::{
    Harness, HarnessBuilder, PrincipalType, ResourceGroup, Role, RoleAssignmentResponse,
};

/// Harness's role assignments, roles and resource groups at account, organization and project scope.
///
/// It wants the key [`API_KEY`](Self::API_KEY), accepts any organization and project, and keeps
/// (identifier, scope) and (scope, resource group, role, principal) unique. Like the service, it
/// fills in the `scope_level` of groups and service accounts, and nulls that of users; says "not
/// found" with 400 `RESOURCE_NOT_FOUND_EXCEPTION` (or [otherwise](Self::missing)); refuses to delete what is managed, and the last
/// account admin's assignment; and lists what was changed last first unless it is told to sort,
/// where any `order` but `ASC` means descending.
///
/// Each scope has the managed roles and resource groups of its level, which cannot be changed. A
/// role or group that is not found is 400 `INVALID_REQUEST`, like any other refusal. Every role gets
/// [`COMPULSORY_PERMISSION`](Self::COMPULSORY_PERMISSION), and takes the assignments of its own scope
/// with it when it is deleted. Assignments may name roles and groups that do not exist.
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

struct Held {
    duplicates: HarnessDuplicates,
    missing: (u16, String),
    /// Scope, as in `account`, `orgs/a`, `orgs/a/projects/b`, and what is there, in the order of
    /// the last change.
    assignments: Vec<(String, Value)>,
    roles: Vec<(String, Value)>,
    groups: Vec<(String, Value)>,
    hidden: Vec<PrincipalType>,
    totals: bool,
    page_size: usize,
    chosen: u32,
    requests: u32,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            duplicates: HarnessDuplicates::default(),
            missing: (400, "RESOURCE_NOT_FOUND_EXCEPTION".to_owned()),
            assignments: Vec::new(),
            roles: Vec::new(),
            groups: Vec::new(),
            hidden: Vec::new(),
            totals: true,
            page_size: 30,
            chosen: 0,
            requests: 0,
        }
    }
}

/// Where a request looks, as in `account` or `orgs/a`, and the name of its level.
#[derive(Clone)]
struct Place {
    scope: String,
    level: &'static str,
}

impl Place {
    fn of(org: Option<&str>, project: Option<&str>) -> Self {
        match (org, project) {
            (Some(org), Some(project)) => {
                Self { scope: format!("orgs/{org}/projects/{project}"), level: "project" }
            }
            (Some(org), None) => Self { scope: format!("orgs/{org}"), level: "organization" },
            (None, _) => Self { scope: "account".to_owned(), level: "account" },
        }
    }

    /// `{account, org, project}`, as roles and groups have it.
    fn value(&self) -> Value {
        let mut parts = self.scope.split('/').skip(1).step_by(2);
        json!({"account": "fakeAccount", "org": parts.next(), "project": parts.next()})
    }
}

/// What roles and resource groups have in common.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Role,
    Group,
}

impl Kind {
    /// Harness's own of this level.
    fn managed(self, place: &Place) -> Vec<Value> {
        let identifiers: &[&str] = match (self, place.level) {
            (Self::Role, "account") => &["_account_admin", "_account_viewer", "_billing_admin"],
            (Self::Role, "organization") => &["_organization_admin", "_organization_viewer"],
            (Self::Role, _) => &["_project_admin", "_project_viewer", "_pipeline_executor"],
            (Self::Group, "account") => {
                &["_all_account_level_resources", "_all_resources_including_child_scopes"]
            }
            (Self::Group, "organization") => {
                &["_all_organization_level_resources", "_all_resources_including_child_scopes"]
            }
            (Self::Group, _) => &["_all_project_level_resources"],
        };
        let managed = |identifier: &&str| {
            let mut value = json!({"identifier": identifier, "name": identifier});
            self.complete(&mut value, place);
            value["harness_managed"] = true.into();
            if self == Self::Group {
                value["include_all_resources"] = true.into();
            }
            value
        };
        identifiers.iter().map(managed).collect()
    }

    /// Adds what the service adds.
    fn complete(self, value: &mut Value, place: &Place) {
        let now = now();
        value["allowed_scope_levels"] = json!([place.level]);
        value["created"] = now.into();
        value["updated"] = now.into();
        value["harness_managed"] = false.into();
        match self {
            Self::Role => {
                value["scope"] = place.value();
                let compulsory = Value::from(HarnessFake::COMPULSORY_PERMISSION);
                match value["permissions"].as_array_mut() {
                    Some(permissions) if permissions.contains(&compulsory) => {}
                    Some(permissions) => permissions.push(compulsory),
                    None => value["permissions"] = json!([compulsory]),
                }
            }
            Self::Group => {
                if !value["include_all_resources"].is_boolean() {
                    value["include_all_resources"] = false.into();
                }
            }
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::Group => "Resource group",
        }
    }

    /// What is wrong with a body, if anything is.
    fn refuses(self, wanted: &Value) -> Option<&'static str> {
        let identifier = filled(wanted, "identifier").map(crate::harness::Identifier::new);
        if !matches!(identifier, Some(Ok(_))) {
            return Some("identifier: is not valid");
        }
        if filled(wanted, "name").is_none() {
            return Some("name: must not be empty");
        }
        let each = |field: &str| wanted[field].as_array().into_iter().flatten();
        if each("resource_filter").any(|filter| filled(filter, "resource_type").is_none()) {
            return Some("resource_type: must not be null");
        }
        let reach = ["EXCLUDING_CHILD_SCOPES", "INCLUDING_CHILD_SCOPES"];
        each("included_scope")
            .any(|scope| !reach.iter().any(|known| scope["filter"] == **known))
            .then_some("Filter in Included Scope must be either of the two")
    }
}

impl HarnessFake {
    /// The key that the fake accepts: of the form that contains an account id, and obviously fake.
    pub const API_KEY: &str = "pat.fakeAccount.fakeTokenId.obviously-fake-secret";

    /// The permission that the fake adds to every role, as the service does with some of its own.
    pub const COMPULSORY_PERMISSION: &str = "core_fakecompulsory_view";

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

    /// Sets status and code by which an assignment is said not to be there. The default is 400
    /// `RESOURCE_NOT_FOUND_EXCEPTION`, *observed* in the service's source; 404 is *documented*, and
    /// comes with the documented body `{message, code, errors, error_metadata}`.
    pub fn missing(&self, status: u16, code: impl Into<String>) {
        self.state.lock().missing = (status, code.into());
    }

    /// Leaves principals of this type out of all lists, as the service does where the caller may
    /// not view them. They can still be read by identifier.
    pub fn hide(&self, kind: PrincipalType) {
        self.state.lock().hidden.push(kind);
    }

    /// Whether lists name their total, `X-Total-Elements`. Default `true`.
    pub fn totals(&self, named: bool) {
        self.state.lock().totals = named;
    }

    /// How many rows a page has where the request names no limit. Default 30.
    pub fn page_size(&self, rows: usize) {
        self.state.lock().page_size = rows;
    }

    /// Takes an assignment of this scope under Harness's own management: it cannot be deleted then.
    pub fn manage(&self, scope: &str, identifier: &str) {
        for (own, value) in &mut self.state.lock().assignments {
            if own == scope && value["role-assignment"]["identifier"] == identifier {
                value["harness_managed"] = true.into();
                value["role-assignment"]["managed"] = true.into();
            }
        }
    }

    /// What is assigned in a scope: `account`, `orgs/{org}` or `orgs/{org}/projects/{project}`.
    #[must_use]
    pub fn role_assignments(&self, scope: &str) -> Vec<RoleAssignmentResponse> {
        let state = self.state.lock();
        read(&state.assignments, scope)
    }

    /// The roles that were created in a scope, named as for
    /// [`role_assignments`](Self::role_assignments).
    #[must_use]
    pub fn roles(&self, scope: &str) -> Vec<Role> {
        read(&self.state.lock().roles, scope)
    }

    /// The resource groups that were created in a scope, named as for
    /// [`role_assignments`](Self::role_assignments).
    #[must_use]
    pub fn resource_groups(&self, scope: &str) -> Vec<ResourceGroup> {
        read(&self.state.lock().groups, scope)
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
        let (place, rest) = match &parts[..] {
            ["v1", "orgs", org, "projects", project, rest @ ..] => {
                (Place::of(Some(org), Some(project)), rest)
            }
            ["v1", "orgs", org, rest @ ..] => (Place::of(Some(org), None), rest),
            ["v1", rest @ ..] => (Place::of(None, None), rest),
            ["authz", "api", "roleassignments", "validate"] if request.method == "POST" => {
                return self.validate(request);
            }
            _ => return self.refuse(404, "RESOURCE_NOT_FOUND", "HTTP 404 Not Found"),
        };
        match (request.method.as_str(), rest) {
            ("POST", ["role-assignments"]) => match json_object(request) {
                Some(wanted) => self.create(place, wanted),
                None => self.refuse(400, "INVALID_REQUEST", "Unable to process JSON"),
            },
            ("GET", ["role-assignments"]) => self.list_assignments(&place, request),
            // The service's own path, which shadows an assignment of this name.
            ("GET", ["role-assignments", "count"]) if place.level == "account" => {
                answer(200, "application/json", &json!({"count": self.assignments.len()}))
            }
            ("GET", ["role-assignments", id]) => match self.assignment(&place, id) {
                Some(at) => answer(200, "application/json", &self.assignments[at].1),
                None => self.no_assignment(id),
            },
            ("DELETE", ["role-assignments", id]) => self.delete_assignment(&place, id),
            (_, ["role-assignments"] | ["role-assignments", _]) => self.wrong_method(),
            ("POST", ["resource-groups", "filter"]) if place.level == "account" => {
                self.filter_groups(request)
            }
            (_, ["roles", rest @ ..]) => self.respond_on(Kind::Role, &place, rest, request),
            (_, ["resource-groups", rest @ ..]) => {
                self.respond_on(Kind::Group, &place, rest, request)
            }
            _ => self.refuse(404, "RESOURCE_NOT_FOUND", "HTTP 404 Not Found"),
        }
    }
}

impl Held {
    fn wrong_method(&self) -> ResponseTemplate {
        self.refuse(405, "INVALID_REQUEST", "HTTP 405 Method Not Allowed")
    }

    fn held(&mut self, kind: Kind) -> &mut Vec<(String, Value)> {
        match kind {
            Kind::Role => &mut self.roles,
            Kind::Group => &mut self.groups,
        }
    }

    /// All of a scope, Harness's own first.
    fn all(&mut self, kind: Kind, place: &Place) -> Vec<Value> {
        let mut all = kind.managed(place);
        let here = self.held(kind).iter().filter(|(own, _)| *own == place.scope);
        all.extend(here.map(|(_, value)| value.clone()));
        all
    }

    /// The dry run: managed names (`_…`) are known, and the roles and groups that were created.
    fn validate(&mut self, request: &Request) -> ResponseTemplate {
        let query = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
        };
        let Some(proposal) = json_object(request) else {
            return self.refuse(400, "INVALID_REQUEST", "Unable to process JSON");
        };
        if query("accountIdentifier").is_none_or(|account| account.is_empty()) {
            return self.refuse(400, "INVALID_REQUEST", "accountIdentifier: must not be empty");
        }
        let (org, project) = (query("orgIdentifier"), query("projectIdentifier"));
        let place = Place::of(org.as_deref(), project.as_deref());
        let proposed = &proposal["roleAssignment"];
        let result = |found: bool, what: &str| match found {
            true => json!({"valid": true, "errorMessage": null}),
            false => json!({"valid": false, "errorMessage": format!("{what} not found")}),
        };
        let mut known = |kind: Kind, field: &str| {
            filled(proposed, field).is_some_and(|name| {
                name.starts_with('_')
                    || self.all(kind, &place).iter().any(|one| one["identifier"] == name)
            })
        };
        let role = known(Kind::Role, "roleIdentifier");
        let group = known(Kind::Group, "resourceGroupIdentifier");
        let principal = filled(&proposed["principal"], "identifier").is_some();
        let body = json!({
            "status": "SUCCESS",
            "data": {
                "principalValidationResult": result(principal, "principal"),
                "roleValidationResult": result(role, "role"),
                "resourceGroupValidationResult":
                    result(group, "resource group"),
            },
            "metaData": null,
            "correlationId": format!("fake-correlation-{}", self.requests),
        });
        answer(200, "application/json", &body)
    }

    fn respond_on(
        &mut self,
        kind: Kind,
        place: &Place,
        rest: &[&str],
        request: &Request,
    ) -> ResponseTemplate {
        let body = json_object(request);
        match (request.method.as_str(), rest, body) {
            ("GET", [], _) => {
                let mut pairs = request.url.query_pairs();
                let term = pairs.find(|(name, _)| name == "search_term").map(|(_, term)| term);
                let mut rows = self.all(kind, place);
                rows.retain(|row| term.as_deref().is_none_or(|term| matches(row, term)));
                self.page(rows, request, |row| row)
            }
            ("GET", [id], _) => {
                match self.all(kind, place).iter().find(|one| one["identifier"] == *id) {
                    Some(found) => answer(200, "application/json", found),
                    None => self.refuse(400, "INVALID_REQUEST", &not_found(kind, id)),
                }
            }
            ("DELETE", [id], _) => match self.own(kind, place, id) {
                Ok(at) => {
                    let (_, deleted) = self.held(kind).remove(at);
                    if kind == Kind::Role {
                        self.assignments.retain(|(own, held)| {
                            *own != place.scope || held["role-assignment"]["role"] != *id
                        });
                    }
                    answer(200, "application/json", &deleted)
                }
                Err(message) => self.refuse(400, "INVALID_REQUEST", &message),
            },
            ("POST", [], Some(wanted)) => self.write(kind, place, None, wanted),
            ("PUT", [id], Some(wanted)) => match self.own(kind, place, id) {
                _ if wanted["identifier"] != *id => {
                    let message = "Identifier in the request body and the path must be equal";
                    self.refuse(400, "INVALID_REQUEST", message)
                }
                Ok(at) => self.write(kind, place, Some(at), wanted),
                Err(message) => self.refuse(400, "INVALID_REQUEST", &message),
            },
            ("POST", [], None) | ("PUT", [_], None) => {
                self.refuse(400, "INVALID_REQUEST", "Unable to process JSON")
            }
            (_, [] | [_], _) => self.wrong_method(),
            _ => self.refuse(404, "RESOURCE_NOT_FOUND", "HTTP 404 Not Found"),
        }
    }

    /// Where one is that may be changed, or why it may not.
    fn own(&mut self, kind: Kind, place: &Place, id: &str) -> Result<usize, String> {
        if kind.managed(place).iter().any(|one| one["identifier"] == id) {
            return Err(format!("{} {id} is managed by Harness", kind.word()));
        }
        let mut held = self.held(kind).iter();
        let at = held.position(|(own, one)| *own == place.scope && one["identifier"] == id);
        at.ok_or_else(|| not_found(kind, id))
    }

    /// Creates, or replaces the one at this place.
    fn write(
        &mut self,
        kind: Kind,
        place: &Place,
        at: Option<usize>,
        mut wanted: Value,
    ) -> ResponseTemplate {
        if let Some(message) = kind.refuses(&wanted) {
            return self.refuse(400, "INVALID_REQUEST", message);
        }
        let taken = |one: &Value| one["identifier"] == wanted["identifier"];
        if at.is_none() && self.all(kind, place).iter().any(taken) {
            return self.refuse_duplicate(&format!("{} already exists", kind.word()));
        }
        kind.complete(&mut wanted, place);
        if let Some(at) = at {
            let (_, before) = self.held(kind).remove(at);
            wanted["created"] = before["created"].clone();
        }
        self.held(kind).push((place.scope.clone(), wanted.clone()));
        answer(if at.is_some() { 200 } else { 201 }, "application/json", &wanted)
    }

    fn filter_groups(&mut self, request: &Request) -> ResponseTemplate {
        let Some(filter) = json_object(request) else {
            return self.refuse(400, "INVALID_REQUEST", "Unable to process JSON");
        };
        let place = Place::of(filled(&filter, "org"), filled(&filter, "project"));
        let mut rows = self.all(Kind::Group, &place);
        let term = filled(&filter, "search_term");
        let any = filter["identifier_filter"].as_array().filter(|any| !any.is_empty());
        rows.retain(|row| {
            term.is_none_or(|term| matches(row, term))
                && any.is_none_or(|any| any.contains(&row["identifier"]))
                && match filled(&filter, "managed_filter") {
                    Some("ONLY_MANAGED") => row["harness_managed"] == true,
                    Some("ONLY_CUSTOM") => row["harness_managed"] == false,
                    _ => true,
                }
        });
        self.page(rows, request, |row| row)
    }

    fn assignment(&self, place: &Place, id: &str) -> Option<usize> {
        self.assignments.iter().position(|(own, held)| {
            *own == place.scope && held["role-assignment"]["identifier"] == id
        })
    }

    fn no_assignment(&self, id: &str) -> ResponseTemplate {
        let message = format!("Role assignment with identifier {id} is not found");
        let (status, code) = &self.missing;
        if *status != 404 {
            return self.refuse(*status, code, &message);
        }
        let body = json!({"message": message, "code": code, "errors": [], "error_metadata": {}});
        answer(404, "application/json", &body)
    }

    fn delete_assignment(&mut self, place: &Place, id: &str) -> ResponseTemplate {
        let Some(at) = self.assignment(place, id) else {
            return self.no_assignment(id);
        };
        let held = &self.assignments[at].1;
        if held["harness_managed"] == true {
            return self.refuse(400, "INVALID_REQUEST", "Cannot delete a managed role assignment");
        }
        let admin = |(own, held): &(String, Value)| {
            own == "account" && held["role-assignment"]["role"] == "_account_admin"
        };
        let admins = self.assignments.iter().filter(|one| admin(one)).count();
        if admins == 1 && admin(&self.assignments[at]) {
            return self.refuse(400, "INVALID_REQUEST", "At least one account admin is needed");
        }
        answer(200, "application/json", &self.assignments.remove(at).1)
    }

    fn list_assignments(&self, place: &Place, request: &Request) -> ResponseTemplate {
        let here = self.assignments.iter().filter(|(own, held)| {
            let kind = held["role-assignment"]["principal"]["type"].as_str().unwrap_or_default();
            *own == place.scope && !self.hidden.contains(&PrincipalType::from(kind))
        });
        let rows = here.map(|(_, held)| held.clone()).collect();
        self.page(rows, request, |row| &row["role-assignment"])
    }

    /// A page of these rows, which come in the order of their last change.
    fn page(
        &self,
        mut rows: Vec<Value>,
        request: &Request,
        inner: impl Fn(&Value) -> &Value,
    ) -> ResponseTemplate {
        let query = |wanted: &str| {
            let mut pairs = request.url.query_pairs();
            pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let number = |name: &str, default: usize| match query(name) {
            Some(text) => text.parse().ok(),
            None => Some(default),
        };
        let (page, limit) = (number("page", 0), number("limit", self.page_size));
        let (Some(page), Some(limit @ 1..=100)) = (page, limit) else {
            return self.refuse(400, "INVALID_REQUEST", "limit: must be from 1 to 100");
        };
        let text = |row: &Value, field: &str| inner(row)[field].as_str().map(str::to_owned);
        let sort = query("sort").unwrap_or_default();
        let sorted = match sort.as_str() {
            "identifier" | "name" if rows.iter().all(|row| text(row, &sort).is_some()) => {
                rows.sort_by_key(|row| text(row, &sort));
                true
            }
            "created" | "updated" => {
                rows.sort_by_key(|row| row[&sort].as_u64());
                true
            }
            // What cannot be sorted by is ignored.
            _ => false,
        };
        if !sorted || query("order").as_deref() != Some("ASC") {
            rows.reverse();
        }
        let total = rows.len();
        let here: Vec<Value> =
            rows.into_iter().skip(page.saturating_mul(limit)).take(limit).collect();
        let mut response = answer(200, "application/json", &here.into())
            .insert_header("X-Page-Number", page.to_string().as_str())
            .insert_header("X-Page-Size", limit.to_string().as_str());
        if self.totals {
            response = response.insert_header("X-Total-Elements", total.to_string().as_str());
        }
        response
    }

    fn create(&mut self, Place { scope, level }: Place, mut wanted: Value) -> ResponseTemplate {
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
            self.chosen += 1;
            wanted["identifier"] = format!("role_assignment_{}", self.chosen).into();
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
            return self.refuse_duplicate("Role assignment already exists");
        }
        wanted["managed"] = false.into();
        let now = now();
        let made = json!({
            "role-assignment": wanted, "created": now, "updated": now, "harness_managed": false,
        });
        self.assignments.push((scope, made.clone()));
        answer(201, "application/json", &made)
    }

    fn refuse_duplicate(&self, message: &str) -> ResponseTemplate {
        match self.duplicates {
            HarnessDuplicates::UnknownError => {
                self.refuse(500, "UNKNOWN_ERROR", "Oops, something went wrong on our end.")
            }
            HarnessDuplicates::DuplicateField => self.refuse(400, "DUPLICATE_FIELD", message),
            HarnessDuplicates::Conflict => self.refuse(409, "RESOURCE_ALREADY_EXISTS", message),
        }
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

/// Milliseconds since 1970, as the service's source counts.
fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.unwrap_or(Duration::ZERO).as_millis()).unwrap_or_default()
}

/// What was made in a scope, as the client reads it.
fn read<T: serde::de::DeserializeOwned>(held: &[(String, Value)], scope: &str) -> Vec<T> {
    let here = held.iter().filter(|(own, _)| own == scope);
    here.filter_map(|(_, value)| serde_json::from_value(value.clone()).ok()).collect()
}

/// Whether identifier or name contain the text.
fn matches(row: &Value, term: &str) -> bool {
    let term = term.to_lowercase();
    let in_field =
        |field: &&str| row[*field].as_str().is_some_and(|text| text.to_lowercase().contains(&term));
    ["identifier", "name"].iter().any(in_field)
}

fn not_found(kind: Kind, id: &str) -> String {
    format!("{} with identifier {id} is not found", kind.word())
}
