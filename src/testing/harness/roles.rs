//! The roles and resource groups of the fake of Harness.

use serde_json::{Value, json};

use super::ng::listed;
use super::{HarnessFake, Record, Scope, State, here, now};
use crate::harness::Identifier;
use crate::testing::message::{Outcome, Request, Response, broken, filled, items};

/// What roles and resource groups have in common.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Role,
    Group,
}

impl Kind {
    /// Returns Harness's own of this level.
    fn managed(self, scope: &Scope) -> Vec<Value> {
        let all = "_all_resources_including_child_scopes";
        let identifiers: &[&str] = match (self, scope.level()) {
            (Self::Role, "account") => &["_account_admin", "_account_viewer", "_billing_admin"],
            (Self::Role, "organization") => &["_organization_admin", "_organization_viewer"],
            (Self::Role, _) => &["_project_admin", "_project_viewer", "_pipeline_executor"],
            (Self::Group, "account") => &["_all_account_level_resources", all],
            (Self::Group, "organization") => &["_all_organization_level_resources", all],
            (Self::Group, _) => &["_all_project_level_resources"],
        };
        let managed = |identifier: &&str| {
            let mut value = json!({"identifier": identifier, "name": identifier});
            self.complete(&mut value, scope);
            value["harness_managed"] = true.into();
            if self == Self::Group {
                value["include_all_resources"] = true.into();
            }
            value
        };
        identifiers.iter().map(managed).collect()
    }

    /// Adds what the service adds.
    fn complete(self, value: &mut Value, scope: &Scope) {
        value["allowed_scope_levels"] = json!([scope.level()]);
        value["created"] = now().into();
        value["updated"] = value["created"].clone();
        value["harness_managed"] = false.into();
        if self == Self::Group {
            value["include_all_resources"] = (value["include_all_resources"] == true).into();
            return;
        }
        let account = HarnessFake::ACCOUNT;
        value["scope"] = json!({"account": account, "org": scope.org, "project": scope.project});
        let mut permissions = items(value, "permissions").to_vec();
        if !permissions.contains(&HarnessFake::COMPULSORY_PERMISSION.into()) {
            permissions.push(HarnessFake::COMPULSORY_PERMISSION.into());
        }
        value["permissions"] = permissions.into();
    }

    fn word(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::Group => "Resource group",
        }
    }
}

/// Returns what is wrong with the body of a role or resource group, if anything is.
fn problem(wanted: &Value) -> Option<&'static str> {
    let is_id = filled(wanted, "identifier").is_some_and(|id| Identifier::new(id).is_ok());
    let is_filter = |filter: &Value| filled(filter, "resource_type").is_some();
    let reach = [json!("EXCLUDING_CHILD_SCOPES"), json!("INCLUDING_CHILD_SCOPES")];
    let is_scope = |scope: &Value| reach.contains(&scope["filter"]);
    broken([
        (is_id, "identifier: is not valid"),
        (filled(wanted, "name").is_some(), "name: must not be empty"),
        (items(wanted, "resource_filter").iter().all(is_filter), "resource_type: must not be null"),
        (
            items(wanted, "included_scope").iter().all(is_scope),
            "Filter in Included Scope must be either of the two",
        ),
    ])
}

impl State {
    /// Returns all of a scope, Harness's own first.
    pub(super) fn all(&self, kind: Kind, scope: &Scope) -> Vec<Value> {
        let mut all = kind.managed(scope);
        all.extend(here(&self.created[kind as usize], scope).cloned());
        all
    }

    pub(super) fn one_kind(
        &mut self,
        kind: Kind,
        scope: &Scope,
        path: &[&str],
        request: &Request,
    ) -> Outcome {
        match (request.method.as_str(), path) {
            ("GET", []) => {
                let term = request.query("search_term");
                let mut rows = self.all(kind, scope);
                rows.retain(|row| matches(row, term.as_deref()));
                self.page(rows, request)
            }
            ("GET", [id]) => {
                let all = self.all(kind, scope);
                let found = all.iter().find(|one| one["identifier"] == *id);
                Ok(Response::json(200, found.ok_or_else(|| self.not_found(kind, id))?))
            }
            ("DELETE", [id]) => {
                let at = self.changeable(kind, scope, id)?;
                let deleted = self.created[kind as usize].remove(at).value;
                if kind == Kind::Role {
                    self.assignments
                        .retain(|record| record.scope != *scope || record.inner()["role"] != *id);
                }
                Ok(Response::json(200, &deleted))
            }
            ("POST", []) => self.write(kind, scope, None, self.body(request)?),
            ("PUT", [id]) => {
                let wanted = self.body(request)?;
                if wanted["identifier"] != *id {
                    let message = "Identifier in the request body and the path must be equal";
                    return Err(self.invalid(message));
                }
                let at = self.changeable(kind, scope, id)?;
                self.write(kind, scope, Some(at), wanted)
            }
            (_, [] | [_]) => Err(self.wrong_method()),
            _ => Err(self.not_routed()),
        }
    }

    /// Returns where one is that may be changed.
    fn changeable(&self, kind: Kind, scope: &Scope, id: &str) -> Result<usize, Response> {
        if kind.managed(scope).iter().any(|one| one["identifier"] == id) {
            return Err(self.invalid(&format!("{} {id} is managed by Harness", kind.word())));
        }
        let at = self.created[kind as usize].iter().position(|record| record.is(scope, id));
        at.ok_or_else(|| self.not_found(kind, id))
    }

    fn not_found(&self, kind: Kind, id: &str) -> Response {
        self.invalid(&format!("{} with identifier {id} is not found", kind.word()))
    }

    /// Creates a role or group, or replaces the one at this position.
    fn write(&mut self, kind: Kind, scope: &Scope, at: Option<usize>, mut new: Value) -> Outcome {
        if let Some(message) = problem(&new) {
            return Err(self.invalid(message));
        }
        let taken = |one: &Value| one["identifier"] == new["identifier"];
        if at.is_none() && self.all(kind, scope).iter().any(taken) {
            return Err(self.refuse_duplicate(&format!("{} already exists", kind.word())));
        }
        kind.complete(&mut new, scope);
        if let Some(at) = at {
            new["created"] = self.created[kind as usize].remove(at).value["created"].take();
        }
        self.created[kind as usize].push(Record { scope: scope.clone(), value: new.clone() });
        Ok(Response::json(if at.is_some() { 200 } else { 201 }, &new))
    }

    pub(super) fn filter_groups(&mut self, request: &Request) -> Outcome {
        let filter = self.body(request)?;
        let scope = Scope::new(filled(&filter, "org"), filled(&filter, "project"));
        let mut rows = self.all(Kind::Group, &scope);
        rows.retain(|row| {
            filled(&filter, "account").is_none_or(|account| account == HarnessFake::ACCOUNT)
                && matches(row, filled(&filter, "search_term"))
                && listed(items(&filter, "identifier_filter"), &row["identifier"])
                && match filled(&filter, "managed_filter") {
                    Some("ONLY_MANAGED") => row["harness_managed"] == true,
                    Some("ONLY_CUSTOM") => row["harness_managed"] == false,
                    _ => true,
                }
        });
        self.page(rows, request)
    }
}

/// Whether identifier or name contain the text, if there is one.
pub(super) fn matches(row: &Value, term: Option<&str>) -> bool {
    let Some(term) = term.map(str::to_lowercase) else { return true };
    let contains =
        |field: &&str| row[*field].as_str().is_some_and(|text| text.to_lowercase().contains(&term));
    ["identifier", "name"].iter().any(contains)
}
