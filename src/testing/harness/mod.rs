//! A fake of Harness.

mod ng;
mod people;
mod roles;

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::fake::{Service, fake};
use super::message::{Outcome, Request, Response, broken, filled, read};
use crate::harness::{
    Harness, HarnessBuilder, PrincipalType, ResourceGroup, Role, RoleAssignmentResponse, User,
    UserGroup,
};

use ng::{Person, listed};
use roles::{Kind, matches};

fake! {
/// Harness's role assignments, roles and resource groups at account, organization and project scope,
/// its organizations and projects, people, user groups and service accounts.
///
/// It requires the key [`API_KEY`](Self::API_KEY), accepts any organization and project (those that
/// were added are listed), and keeps (identifier, scope) and (scope, resource group, role,
/// principal) unique. Like the service, it fills in the `scope_level` of groups and service
/// accounts, and nulls that of users; responds 400 `RESOURCE_NOT_FOUND_EXCEPTION` (or
/// [otherwise](Self::missing)) where an assignment is not found; refuses to delete managed items
/// and the last account admin's assignment; and lists the last changed items first unless the
/// request sorts, where any `order` but `ASC` means descending.
///
/// Each scope has the managed roles and resource groups of its level, which cannot be changed. A
/// role or group that is not found is 400 `INVALID_REQUEST`, like any other refusal. Every role gets
/// [`COMPULSORY_PERMISSION`](Self::COMPULSORY_PERMISSION), and takes the assignments of its own scope
/// with it when it is deleted. Assignments may name roles and groups that do not exist.
///
/// A search for a user's assignments includes those of the user's groups. A user who is removed
/// from a scope loses its groups and assignments at once (the service removes them later); the last
/// account admin cannot be removed. A group refuses a user who is already a member, and any change
/// if another system manages it.
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
HarnessFake, Harness
}

/// How the fake responds to a duplicate. The first two were *observed* in the service's source, at
/// different times; which one a live account meets is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HarnessDuplicates {
    /// 500 `UNKNOWN_ERROR`, by the later server source. The default.
    #[default]
    UnknownError,
    /// 400 `DUPLICATE_FIELD`, until December 2023.
    DuplicateField,
    /// 409, which was never observed.
    Conflict,
}

#[derive(Default)]
struct State {
    duplicates: HarnessDuplicates,
    missing: Option<(u16, String)>,
    /// In the order of the last change, like the others.
    assignments: Vec<Record>,
    /// The roles and the resource groups.
    created: [Vec<Record>; 2],
    organizations: Vec<Record>,
    /// Each in the scope of its organization.
    projects: Vec<Record>,
    people: Vec<Person>,
    user_groups: Vec<Record>,
    service_accounts: Vec<Record>,
    hidden: Vec<PrincipalType>,
    omits_totals: bool,
    page_size: Option<usize>,
    generated: u32,
    requests: u32,
}

struct Record {
    scope: Scope,
    value: Value,
}

impl Record {
    fn is(&self, scope: &Scope, identifier: &str) -> bool {
        self.scope == *scope && self.inner()["identifier"] == identifier
    }

    fn inner(&self) -> &Value {
        inner(&self.value)
    }

    /// As a role assignment.
    fn principal(&self) -> &Value {
        &self.inner()["principal"]
    }

    /// Whether it is the assignment of an account admin.
    fn is_account_admin(&self) -> bool {
        self.scope.org.is_none() && self.inner()["role"] == "_account_admin"
    }
}

/// What a response wraps, if anything.
fn inner(value: &Value) -> &Value {
    ["role-assignment", "org", "project"].iter().find_map(|name| value.get(name)).unwrap_or(value)
}

#[derive(Clone, Default, PartialEq)]
struct Scope {
    org: Option<String>,
    project: Option<String>,
}

impl Scope {
    fn new(org: Option<&str>, project: Option<&str>) -> Self {
        let project = org.and(project);
        Self { org: org.map(str::to_owned), project: project.map(str::to_owned) }
    }

    /// The scope of a path, and what follows it.
    fn split<'a>(path: &'a [&'a str]) -> (Self, &'a [&'a str]) {
        match path {
            ["orgs", org, "projects", project, rest @ ..] => {
                (Self::new(Some(org), Some(project)), rest)
            }
            ["orgs", org, rest @ ..] => (Self::new(Some(org), None), rest),
            _ => (Self::default(), path),
        }
    }

    /// The one that a test names so.
    fn named(name: &str) -> Self {
        Self::split(&name.split('/').collect::<Vec<_>>()).0
    }

    fn level(&self) -> &'static str {
        match (&self.org, &self.project) {
            (_, Some(_)) => "project",
            (Some(_), None) => "organization",
            (None, None) => "account",
        }
    }

    /// The scope of this level that this one is or lies in.
    fn at(&self, level: &str) -> Self {
        let org = self.org.as_deref().filter(|_| level != "account");
        Self::new(org, self.project.as_deref().filter(|_| level == "project"))
    }
}

impl HarnessFake {
    /// The account that the key belongs to. A `Harness-Account` header must be absent or name it.
    pub const ACCOUNT: &str = "fakeAccount";

    /// The key that the fake accepts: of the form that contains an account id, and obviously fake.
    pub const API_KEY: &str = "pat.fakeAccount.fakeTokenId.obviously-fake-secret";

    /// The permission that the fake adds to every role, as the service does with some of its own.
    pub const COMPULSORY_PERMISSION: &str = "core_fakecompulsory_view";

    /// Returns a builder of a client that points here, to change further.
    pub fn builder(&self) -> HarnessBuilder {
        Harness::builder(Self::API_KEY).base_url(self.uri())
    }

    /// Sets the response to duplicates.
    pub fn duplicates(&self, duplicates: HarnessDuplicates) {
        self.state().duplicates = duplicates;
    }

    /// Sets status and code of the response where an assignment is not found. The default is 400
    /// `RESOURCE_NOT_FOUND_EXCEPTION`, *observed* in the service's source; 404 is *documented*, and
    /// comes with the documented body `{message, code, errors, error_metadata}`.
    pub fn missing(&self, status: u16, code: impl Into<String>) {
        self.state().missing = Some((status, code.into()));
    }

    /// Omits principals of this type from all lists, as the service does if the caller may not view
    /// them. They can still be read by identifier.
    pub fn hide(&self, kind: PrincipalType) {
        self.state().hidden.push(kind);
    }

    /// Sets whether lists report their total in `X-Total-Elements`. Default `true`.
    pub fn totals(&self, named: bool) {
        self.state().omits_totals = !named;
    }

    /// Sets the page size of requests without a limit. Default 30.
    pub fn page_size(&self, rows: usize) {
        self.state().page_size = Some(rows);
    }

    /// Marks an assignment of this scope as managed by Harness: it cannot be deleted then.
    pub fn manage(&self, scope: &str, identifier: &str) {
        let mut state = self.state();
        if let Ok(at) = state.assignment(&Scope::named(scope), identifier) {
            let value = &mut state.assignments[at].value;
            value["harness_managed"] = true.into();
            value["role-assignment"]["managed"] = true.into();
        }
    }

    /// Adds an organization to those that are listed.
    pub fn add_organization(&self, identifier: &str) {
        let value = json!({
            "org": {"identifier": identifier, "name": identifier, "tags": {}},
            "created": now(), "updated": now(), "harness_managed": false,
        });
        self.state().organizations.push(Record { scope: Scope::default(), value });
    }

    /// Adds a project to those that are listed, and its organization where it is not there yet.
    pub fn add_project(&self, org: &str, identifier: &str) {
        if !self.state().organizations.iter().any(|one| one.inner()["identifier"] == org) {
            self.add_organization(org);
        }
        let value = json!({
            "project": {"identifier": identifier, "name": identifier, "org": org, "modules": []},
            "created": now(), "updated": now(), "is_favorite": false,
        });
        self.state().projects.push(Record { scope: Scope::new(Some(org), None), value });
    }

    /// Adds a person to a scope, named as for [`role_assignments`](Self::role_assignments), and returns
    /// the user's id, which is the same in all scopes.
    pub fn add_user(&self, scope: &str, email: &str, name: &str) -> String {
        let (mut state, scope) = (self.state(), Scope::named(scope));
        let count = state.people.len();
        let known = state.people.iter().position(|person| person.value["email"] == email);
        let id = format!("fakeUser{}", known.unwrap_or(count) + 1);
        match known {
            Some(at) => state.people[at].scopes.push(scope),
            None => {
                let value = json!({
                    "uuid": id, "name": name, "email": email, "locked": false, "disabled": false,
                    "externallyManaged": false, "twoFactorAuthenticationEnabled": false,
                });
                state.people.push(Person { value, scopes: vec![scope] });
            }
        }
        id
    }

    /// Adds a user group with these members, by their ids, to a scope.
    pub fn add_user_group(
        &self,
        scope: &str,
        identifier: &str,
        users: impl IntoIterator<Item: AsRef<str>>,
    ) {
        let scope = Scope::named(scope);
        let users: Value = users.into_iter().map(|user| user.as_ref().to_owned()).collect();
        let value = scope.with(json!({
            "identifier": identifier, "name": identifier, "users": users,
            "externallyManaged": false, "harnessManaged": false, "ssoLinked": false,
        }));
        self.state().user_groups.push(Record { scope, value });
    }

    /// Sets a field of a user group of this scope: a group that is `harnessManaged`,
    /// `externallyManaged` or `ssoLinked` refuses changes of its members.
    pub fn set_user_group(&self, scope: &str, identifier: &str, field: &str, value: Value) {
        let mut state = self.state();
        if let Ok(at) = state.user_group(&Scope::named(scope), identifier) {
            state.user_groups[at].value[field] = value;
        }
    }

    /// Adds a service account to a scope.
    pub fn add_service_account(&self, scope: &str, identifier: &str, email: &str) {
        let scope = Scope::named(scope);
        let value =
            scope.with(json!({"identifier": identifier, "name": identifier, "email": email}));
        self.state().service_accounts.push(Record { scope, value });
    }

    /// Returns the users of a scope, named as for [`role_assignments`](Self::role_assignments).
    #[must_use]
    pub fn users(&self, scope: &str) -> Vec<User> {
        let (state, scope) = (self.state(), Scope::named(scope));
        let here = state.people.iter().filter(|person| person.scopes.contains(&scope));
        read(here.map(|person| &person.value))
    }

    /// Returns the user groups of a scope, named as for [`role_assignments`](Self::role_assignments).
    #[must_use]
    pub fn user_groups(&self, scope: &str) -> Vec<UserGroup> {
        read(here(&self.state().user_groups, &Scope::named(scope)))
    }

    /// Returns the assignments of a scope: `account`, `orgs/{org}` or
    /// `orgs/{org}/projects/{project}`.
    #[must_use]
    pub fn role_assignments(&self, scope: &str) -> Vec<RoleAssignmentResponse> {
        read(here(&self.state().assignments, &Scope::named(scope)))
    }

    /// Returns the roles that were created in a scope, named as for
    /// [`role_assignments`](Self::role_assignments).
    #[must_use]
    pub fn roles(&self, scope: &str) -> Vec<Role> {
        read(here(&self.state().created[Kind::Role as usize], &Scope::named(scope)))
    }

    /// Returns the resource groups that were created in a scope, named as for
    /// [`role_assignments`](Self::role_assignments).
    #[must_use]
    pub fn resource_groups(&self, scope: &str) -> Vec<ResourceGroup> {
        read(here(&self.state().created[Kind::Group as usize], &Scope::named(scope)))
    }
}

impl Service for State {
    fn respond(&mut self, method: &str, path: &[&str], request: &Request) -> Outcome {
        self.requests += 1;
        if request.header("x-api-key") != Some(HarnessFake::API_KEY) {
            return Err(self.refuse(401, "INVALID_TOKEN", "Token is not valid."));
        }
        if request.header("harness-account").is_some_and(|own| own != HarnessFake::ACCOUNT) {
            // Text and code are those of the service's source (2023).
            let message = "Invalid account token access fakeTokenId";
            return Err(self.refuse(401, "INVALID_TOKEN", message));
        }
        let path = match path {
            ["v1", path @ ..] => path,
            ["authz" | "ng", "api", ..] => return self.ng(path, request),
            _ => return Err(self.not_routed()),
        };
        let (scope, rest) = Scope::split(path);
        let above = scope.at(if scope.project.is_some() { "organization" } else { "account" });
        match (method, scope.level(), rest) {
            (_, "account", ["orgs"]) => self.places("org", &scope, None, request),
            (_, "organization", []) => self.places("org", &above, scope.org.as_deref(), request),
            (_, "organization", ["projects"]) => self.places("project", &scope, None, request),
            (_, "project", []) => self.places("project", &above, scope.project.as_deref(), request),
            ("POST", _, ["role-assignments"]) => self.assign(scope, self.body(request)?),
            ("GET", _, ["role-assignments"]) => {
                let listed = |record: &&Record| !self.hides(&record.principal()["type"]);
                let here = self.assignments.iter().filter(|record| record.scope == scope);
                self.page(here.filter(listed).map(|record| record.value.clone()).collect(), request)
            }
            // The service's own path, which shadows an assignment of this name.
            ("GET", "account", ["role-assignments", "count"]) => {
                Ok(Response::json(200, &json!({"count": self.assignments.len()})))
            }
            ("GET", _, ["role-assignments", id]) => {
                let at = self.assignment(&scope, id)?;
                Ok(Response::json(200, &self.assignments[at].value))
            }
            ("DELETE", _, ["role-assignments", id]) => self.delete_assignment(&scope, id),
            ("POST", "account", ["resource-groups", "filter"]) => self.filter_groups(request),
            (_, _, ["roles", rest @ ..]) => self.one_kind(Kind::Role, &scope, rest, request),
            (_, _, ["resource-groups", rest @ ..]) => {
                self.one_kind(Kind::Group, &scope, rest, request)
            }
            (_, _, ["role-assignments"] | ["role-assignments", _]) => Err(self.wrong_method()),
            _ => Err(self.not_routed()),
        }
    }
}

impl State {
    fn not_routed(&self) -> Response {
        self.refuse(404, "RESOURCE_NOT_FOUND", "HTTP 404 Not Found").unrouted()
    }

    fn wrong_method(&self) -> Response {
        self.refuse(405, "INVALID_REQUEST", "HTTP 405 Method Not Allowed").unrouted()
    }

    fn invalid(&self, message: &str) -> Response {
        self.refuse(400, "INVALID_REQUEST", message)
    }

    fn unfound(&self, what: &str) -> Response {
        self.refuse(404, "RESOURCE_NOT_FOUND", &format!("{what} is not found"))
    }

    fn body(&self, request: &Request) -> Result<Value, Response> {
        request.json_object().ok_or_else(|| self.invalid("Unable to process JSON"))
    }

    /// The organizations or projects of a scope, or one of them; they can be read only.
    fn places(&self, kind: &str, of: &Scope, id: Option<&str>, request: &Request) -> Outcome {
        let records = if kind == "org" { &self.organizations } else { &self.projects };
        if request.method != "GET" {
            return Err(self.wrong_method());
        }
        if let Some(id) = id {
            let found = records.iter().find(|record| record.is(of, id));
            let found = found.ok_or_else(|| self.unfound(&format!("{kind} {id}")))?;
            return Ok(Response::json(200, &found.value));
        }
        let (term, any) = (request.query("search_term"), request.values(kind));
        let term = term.as_deref();
        let is_wanted = |row: &Value| matches(row, term) && listed(&any, &row["identifier"]);
        let rows = here(records, of).filter(|row| is_wanted(inner(row)));
        self.page(rows.cloned().collect(), request)
    }

    fn assignment(&self, scope: &Scope, id: &str) -> Result<usize, Response> {
        let at = self.assignments.iter().position(|record| record.is(scope, id));
        at.ok_or_else(|| {
            let message = format!("Role assignment with identifier {id} is not found");
            match &self.missing {
                None => self.refuse(400, "RESOURCE_NOT_FOUND_EXCEPTION", &message),
                Some((404, code)) => Response::json(
                    404,
                    &json!({"message": message, "code": code, "errors": [], "error_metadata": {}}),
                ),
                Some((status, code)) => self.refuse(*status, code, &message),
            }
        })
    }

    fn delete_assignment(&mut self, scope: &Scope, id: &str) -> Outcome {
        let at = self.assignment(scope, id)?;
        if self.assignments[at].value["harness_managed"] == true {
            return Err(self.invalid("Cannot delete a managed role assignment"));
        }
        let admins = self.assignments.iter().filter(|one| one.is_account_admin()).count();
        if admins == 1 && self.assignments[at].is_account_admin() {
            return Err(self.invalid("At least one account admin is needed"));
        }
        Ok(Response::json(200, &self.assignments.remove(at).value))
    }

    /// Responds with a page of these rows, which come in the order of their last change.
    fn page(&self, mut rows: Vec<Value>, request: &Request) -> Outcome {
        let limit = request.number("limit", self.page_size.unwrap_or(30));
        let (Some(page), Some(limit @ 1..=100)) = (request.number("page", 0), limit) else {
            return Err(self.invalid("limit: must be from 1 to 100"));
        };
        let text = |row: &Value, field: &str| inner(row)[field].as_str().map(str::to_owned);
        let sort = request.query("sort").unwrap_or_default();
        // What cannot be sorted by is ignored.
        let is_sorted = match sort.as_str() {
            "identifier" | "name" => rows.iter().all(|row| text(row, &sort).is_some()),
            field => matches!(field, "created" | "updated"),
        };
        if is_sorted {
            rows.sort_by_key(|row| (text(row, &sort), row[&sort].as_u64()));
        }
        if !is_sorted || request.query("order").as_deref() != Some("ASC") {
            rows.reverse();
        }
        let total = rows.len().to_string();
        let here: Vec<_> = rows.into_iter().skip(page.saturating_mul(limit)).take(limit).collect();
        let response = Response::json(200, &here.into())
            .header("X-Page-Number", page.to_string())
            .header("X-Page-Size", limit.to_string());
        Ok(if self.omits_totals { response } else { response.header("X-Total-Elements", total) })
    }

    fn assign(&mut self, scope: Scope, mut new: Value) -> Outcome {
        let kind = filled(&new["principal"], "type").unwrap_or_default().to_owned();
        let is_principal = filled(&new["principal"], "identifier").is_some()
            && matches!(kind.as_str(), "USER" | "USER_GROUP" | "SERVICE_ACCOUNT");
        let rules = [
            (filled(&new, "resource_group").is_some(), "resource_group: must not be empty"),
            (filled(&new, "role").is_some(), "role: must not be empty"),
            (is_principal, "principal: is not valid"),
            (new["identifier"].is_string(), "identifier: must not be null"),
            (new["disabled"].is_boolean(), ""),
            (new["resource_group"] != "_all_resources", "Resource group is not valid"),
        ];
        match broken(rules) {
            None => {}
            Some("") => return Err(self.internal()),
            Some(message) => return Err(self.invalid(message)),
        }
        if new["identifier"] == "" {
            self.generated += 1;
            new["identifier"] = format!("role_assignment_{}", self.generated).into();
        }
        let level = &mut new["principal"]["scope_level"];
        if kind == "USER" {
            *level = Value::Null;
        } else if level.is_null() {
            *level = scope.level().into();
        }
        let tuple = |value: &Value| {
            ["resource_group", "role", "principal"].map(|field| value[field].clone())
        };
        let taken = self.assignments.iter().any(|record| {
            let own = record.inner();
            record.scope == scope
                && (own["identifier"] == new["identifier"] || tuple(own) == tuple(&new))
        });
        if taken {
            return Err(self.refuse_duplicate("Role assignment already exists"));
        }
        new["managed"] = false.into();
        let now = now();
        let value = json!({
            "role-assignment": new, "created": now, "updated": now, "harness_managed": false,
        });
        self.assignments.push(Record { scope, value: value.clone() });
        Ok(Response::json(201, &value))
    }

    fn internal(&self) -> Response {
        self.refuse(500, "UNKNOWN_ERROR", "Oops, something went wrong on our end.")
    }

    fn refuse_duplicate(&self, message: &str) -> Response {
        match self.duplicates {
            HarnessDuplicates::UnknownError => self.internal(),
            HarnessDuplicates::DuplicateField => self.refuse(400, "DUPLICATE_FIELD", message),
            HarnessDuplicates::Conflict => self.refuse(409, "RESOURCE_ALREADY_EXISTS", message),
        }
    }

    fn refuse(&self, status: u16, code: &str, message: &str) -> Response {
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
        Response::json(status, &body)
    }
}

/// Returns milliseconds since 1970, as the service's source counts.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(now.unwrap_or(Duration::ZERO).as_millis()).unwrap_or_default()
}

/// Returns the values of a scope.
fn here<'a>(records: &'a [Record], scope: &Scope) -> impl Iterator<Item = &'a Value> {
    records.iter().filter(move |record| record.scope == *scope).map(|record| &record.value)
}
