//! The NG API of the fake of Harness: searches, people, user groups, service accounts, permissions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::roles::Kind;
use super::{HarnessFake, Record, Scope, State};
use crate::harness::PrincipalType;
use crate::testing::message::{Outcome, Request, Response, filled, items};

/// A person, and where that is a member.
pub(super) struct Person {
    pub(super) value: Value,
    pub(super) scopes: Vec<Scope>,
}

impl Scope {
    /// As the NG API names it.
    pub(super) fn of(object: &Value) -> Self {
        Self::new(filled(object, "orgIdentifier"), filled(object, "projectIdentifier"))
    }

    /// Adds it to an object.
    pub(super) fn with(&self, mut object: Value) -> Value {
        object["accountIdentifier"] = HarnessFake::ACCOUNT.into();
        object["orgIdentifier"] = self.org.clone().into();
        object["projectIdentifier"] = self.project.clone().into();
        object
    }

    /// Whether `other` is this one or lies in it.
    pub(super) fn includes(&self, other: &Self) -> bool {
        self.org.is_none()
            || (self.org == other.org && (self.project.is_none() || self.project == other.project))
    }
}

impl Record {
    /// Adds to the NG API's form of an assignment where it is, and since when.
    fn dated(&self, mut shown: Value) -> Value {
        shown["scope"] = self.scope.with(json!({}));
        shown["createdAt"] = self.value["created"].clone();
        shown["lastModifiedAt"] = self.value["updated"].clone();
        shown["harnessManaged"] = self.value["harness_managed"].clone();
        shown
    }
}

impl State {
    pub(super) fn ng(&mut self, path: &[&str], request: &Request) -> Outcome {
        let account = request.query("accountIdentifier").unwrap_or_default();
        if account.is_empty() && !path.ends_with(&["user-groups", "filter"]) {
            return Err(self.invalid("accountIdentifier: must not be empty"));
        }
        let (org, project) = (request.query("orgIdentifier"), request.query("projectIdentifier"));
        let scope = &Scope::new(org.as_deref(), project.as_deref());
        match (request.method.as_str(), path) {
            ("POST", ["authz", "api", "roleassignments", "validate"]) => {
                self.validate(scope, request)
            }
            ("POST", ["authz", "api", "roleassignments", "v2", "filter"]) => self.search(request),
            ("POST", ["authz", "api", "roleassignments", "filter"]) => self.filter(scope, request),
            ("POST", ["authz", "api", "roleassignments", "delete", "batch"]) => {
                self.delete_many(scope, request)
            }
            ("GET", ["authz", "api", "permissions"]) => Ok(self.success(permissions())),
            (_, ["ng", "api", rest @ ..]) => self.people(scope, rest, request),
            _ => Err(self.not_routed()),
        }
    }

    pub(super) fn success(&self, data: Value) -> Response {
        let body = json!({
            "status": "SUCCESS",
            "data": data,
            "metaData": null,
            "correlationId": format!("fake-correlation-{}", self.requests),
        });
        Response::json(200, &body)
    }

    /// Responds with a page of these rows.
    pub(super) fn ng_page(&self, rows: Vec<Value>, request: &Request) -> Outcome {
        let (index, size) = (request.number("pageIndex", 0), request.number("pageSize", 50));
        let (Some(index), Some(size @ 1..=100)) = (index, size) else {
            return Err(self.invalid("pageSize: must be from 1 to 100"));
        };
        let total = rows.len();
        let here: Vec<_> = rows.into_iter().skip(index.saturating_mul(size)).take(size).collect();
        Ok(self.success(json!({
            "pageIndex": index, "pageSize": size, "pageItemCount": here.len(), "empty": here.is_empty(),
            "totalPages": total.div_ceil(size), "totalItems": total, "content": here,
        })))
    }

    /// The dry run: managed names (`_…`) are known, and the roles and groups that were created.
    fn validate(&self, scope: &Scope, request: &Request) -> Outcome {
        let proposed = &self.body(request)?["roleAssignment"];
        let result = |what: &str, found: bool| {
            let message = (!found).then(|| format!("{what} not found"));
            json!({"valid": found, "errorMessage": message})
        };
        let known = |kind: Kind, field: &str| {
            filled(proposed, field).is_some_and(|name| {
                name.starts_with('_')
                    || self.all(kind, scope).iter().any(|one| one["identifier"] == name)
            })
        };
        let is_principal = filled(&proposed["principal"], "identifier").is_some();
        let is_group = known(Kind::Group, "resourceGroupIdentifier");
        let data = json!({
            "principalValidationResult": result("principal", is_principal),
            "roleValidationResult": result("role", known(Kind::Role, "roleIdentifier")),
            "resourceGroupValidationResult": result("resource group", is_group),
        });
        Ok(self.success(data))
    }

    /// Deletes one after another; what cannot be deleted is an entry.
    fn delete_many(&mut self, scope: &Scope, request: &Request) -> Outcome {
        let body = serde_json::from_slice::<BTreeSet<String>>(&request.body);
        let Some(ids) = body.ok().filter(|ids| matches!(ids.len(), 1..=100)) else {
            return Err(self.invalid("from 1 to 100 identifiers are needed"));
        };
        let (count, mut failed) = (ids.len(), Vec::new());
        for id in ids {
            if let Err(refusal) = self.delete_assignment(scope, &id) {
                let body: Value = serde_json::from_slice(&refusal.body).unwrap_or_default();
                failed.push(json!({"roleAssignmentId": id, "errorMessage": body["message"]}));
            }
        }
        Ok(self.success(json!({
            "successfullyDeleted": count - failed.len(),
            "failedToDelete": failed.len(),
            "roleAssignmentErrorResponseDTOList": failed,
        })))
    }

    /// Role assignments of the filter's scopes, with names; those of a user through groups too.
    fn search(&mut self, request: &Request) -> Outcome {
        let filter = self.body(request)?;
        let wanted = &filter["principalFilter"];
        let kinds = items(&filter, "principalTypeFilter");
        if (wanted.is_object() && self.hides(&wanted["type"]))
            || (!kinds.is_empty() && kinds.iter().all(|kind| self.hides(kind)))
        {
            let message = "Current principal is not authorized to the view the role assignments";
            return Err(self.refuse(400, "USER_NOT_AUTHORIZED", message));
        }
        let in_scope = |record: &Record| {
            items(&filter, "scopeFilters").iter().any(|one| {
                let scope = Scope::of(one);
                let includes_children = one["filter"] == "INCLUDING_CHILD_SCOPES";
                scope == record.scope || (includes_children && scope.includes(&record.scope))
            })
        };
        let held = |record: &Record| {
            let members = if wanted["type"] == "USER" { self.members(record) } else { &[] };
            wanted.is_null()
                || is_wanted(wanted, record.principal())
                || members.contains(&wanted["identifier"])
        };
        let references = items(&filter, "roleReferenceFilter");
        let refers = |record: &Record| {
            let own = record.inner();
            let level = role_level(record);
            let is_it =
                |one: &Value| one["identifier"] == own["role"] && one["scopeLevel"] == level;
            references.is_empty() || references.iter().any(is_it)
        };
        let found = self.assignments.iter();
        let found =
            found.filter(|it| in_scope(it) && held(it) && refers(it) && self.fits(&filter, it));
        self.ng_page(found.map(|record| self.aggregate(record)).collect(), request)
    }

    /// The role assignments of one scope in the spelling of the NG API.
    fn filter(&self, scope: &Scope, request: &Request) -> Outcome {
        let filter = self.body(request)?;
        let any = items(&filter, "principalFilter");
        let found = self.assignments.iter().filter(|record| {
            let principal = record.principal();
            record.scope == *scope
                && listed(items(&filter, "principalScopeLevelFilter"), &principal["scope_level"])
                && (any.is_empty() || any.iter().any(|one| is_wanted(one, principal)))
                && self.fits(&filter, record)
        });
        let rows = found.map(|record| {
            let own = record.inner();
            let spelled = |part: &Value| {
                let (level, id) = (&part["scope_level"], &part["identifier"]);
                let spelled = json!({"scopeLevel": level, "identifier": id, "type": part["type"]});
                if part.is_null() { Value::Null } else { spelled }
            };
            record.dated(json!({
                "roleAssignment": {
                    "identifier": own["identifier"],
                    "resourceGroupIdentifier": own["resource_group"],
                    "roleIdentifier": own["role"],
                    "roleReference": spelled(&own["roleReference"]),
                    "principal": spelled(&own["principal"]),
                    "disabled": own["disabled"],
                    "managed": own["managed"],
                },
            }))
        });
        self.ng_page(rows.collect(), request)
    }

    /// Whether the caller may not view principals of this type.
    pub(super) fn hides(&self, kind: &Value) -> bool {
        self.hidden.contains(&PrincipalType::from(kind.as_str().unwrap_or_default()))
    }

    /// Whether the caller may view an assignment that is as both kinds of filters want it.
    fn fits(&self, filter: &Value, record: &Record) -> bool {
        let (own, kind) = (record.inner(), &record.principal()["type"]);
        let flag = |name: &str, value: &Value| match &filter[name] {
            Value::Array(any) => listed(any, value),
            Value::Bool(flag) => value == flag,
            _ => true,
        };
        !self.hides(kind)
            && listed(items(filter, "principalTypeFilter"), kind)
            && listed(items(filter, "roleFilter"), &own["role"])
            && listed(items(filter, "resourceGroupFilter"), &own["resource_group"])
            && flag("harnessManagedFilter", &record.value["harness_managed"])
            && flag("disabledFilter", &own["disabled"])
    }

    fn aggregate(&self, record: &Record) -> Value {
        let (own, principal) = (record.inner(), record.principal());
        let id = &principal["identifier"];
        let person = self.people.iter().map(|person| &person.value);
        let person = person.filter(|_| principal["type"] == "USER").find(|one| one["uuid"] == *id);
        let group = self.user_group_of(record).map(|group| &group.value);
        let named = |kind: Kind, scope: &Scope, identifier: &Value| {
            let mut all = self.all(kind, scope).into_iter();
            all.find(|one| one["identifier"] == *identifier).unwrap_or_default()
        };
        let of_role = record.scope.at(role_level(record));
        let role = named(Kind::Role, &of_role, &own["role"]);
        let resources = named(Kind::Group, &record.scope, &own["resource_group"]);
        record.dated(json!({
            "identifier": own["identifier"],
            "principal": {
                "scopeLevel": principal["scope_level"],
                "identifier": id,
                "type": principal["type"],
                "name": person.or(group).map(|one| &one["name"]),
                "email": person.map(|person| &person["email"]),
            },
            "disabled": own["disabled"],
            "role": {
                "role": {
                    "identifier": own["role"],
                    "name": role["name"],
                    "permissions": role["permissions"],
                    "allowedScopeLevels": role["allowed_scope_levels"],
                },
                "scope": of_role.with(json!({})),
                "harnessManaged": role["harness_managed"],
            },
            "resourceGroup": {"identifier": own["resource_group"], "name": resources["name"]},
        }))
    }

    /// The user group that has this assignment.
    fn user_group_of(&self, record: &Record) -> Option<&Record> {
        let principal = record.principal();
        let id = filled(principal, "identifier").filter(|_| principal["type"] == "USER_GROUP")?;
        let scope = record.scope.at(filled(principal, "scope_level")?);
        self.user_groups.iter().find(|group| group.is(&scope, id))
    }

    /// The members of that group.
    pub(super) fn members(&self, record: &Record) -> &[Value] {
        self.user_group_of(record).map_or(&[], |group| items(&group.value, "users"))
    }
}

/// A part of the catalogue.
fn permissions() -> Value {
    let permission = |(resource_type, action): (&str, &str)| {
        json!({"permission": {
            "identifier": format!("core_{}_{action}", resource_type.to_lowercase()),
            "name": format!("{action} {resource_type}"),
            "status": "ACTIVE",
            "resourceType": resource_type,
            "action": action,
            "allowedScopeLevels": ["account", "organization", "project"],
            "includeInAllRoles": false,
        }})
    };
    [("PIPELINE", "view"), ("PIPELINE", "execute"), ("USERGROUP", "manage")].map(permission).into()
}

/// The level of the role that an assignment gives.
fn role_level(record: &Record) -> &str {
    let reference = &record.inner()["roleReference"];
    filled(reference, "scope_level").unwrap_or(record.scope.level())
}

/// Whether a filter wants this principal. Users have no level.
fn is_wanted(wanted: &Value, own: &Value) -> bool {
    let (level, its) = (&wanted["scopeLevel"], &own["scope_level"]);
    ["type", "identifier"].iter().all(|field| wanted[*field] == own[*field])
        && (level.is_null() || its.is_null() || level == its)
}

/// Whether a filter wants this value; an empty one wants all.
pub(super) fn listed(any: &[Value], value: &Value) -> bool {
    any.is_empty() || any.contains(value)
}
