//! The people, user groups, service accounts and permissions of the fake of Harness.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ng::listed;
use super::roles::matches;
use super::{Record, Scope, State, here};
use crate::testing::message::{Outcome, Request, Response, filled, items};

impl State {
    pub(super) fn people(&mut self, scope: &Scope, path: &[&str], request: &Request) -> Outcome {
        match (request.method.as_str(), path) {
            ("POST", ["user", "batch"]) => {
                let filter = self.body(request)?;
                let is_here = |other: &Scope| match filled(&filter, "parentFilter") {
                    None | Some("NO_PARENT_SCOPES") => other == scope,
                    Some("STRICTLY_PARENT_SCOPES") => other != scope && other.includes(scope),
                    Some(_) => other.includes(scope),
                };
                let people = self.people.iter().filter(|person| person.scopes.iter().any(is_here));
                let rows = people.map(|person| &person.value).filter(|user| wants(&filter, user));
                self.ng_page(rows.cloned().collect(), request)
            }
            ("DELETE", ["user", user]) => self.remove_user(scope, user),
            ("GET", ["user-groups"]) => {
                let kind = request.query("filterType");
                let mut rows = self.groups_around(scope, kind.as_deref());
                rows.retain(|row| matches(row, request.query("searchTerm").as_deref()));
                self.ng_page(rows, request)
            }
            ("POST", ["user-groups", "filter"]) => {
                let filter = self.body(request)?;
                let mut rows =
                    self.groups_around(&Scope::of(&filter), filled(&filter, "filterType"));
                let users = items(&filter, "userIdentifierFilter");
                rows.retain(|row| {
                    let members = items(row, "users");
                    listed(items(&filter, "identifierFilter"), &row["identifier"])
                        && (users.is_empty() || users.iter().any(|user| members.contains(user)))
                        && matches(row, filled(&filter, "searchTerm"))
                });
                self.ng_page(rows, request)
            }
            ("GET", ["user-groups", id]) => {
                let at = self.user_group(scope, id)?;
                Ok(self.success(self.user_groups[at].value.clone()))
            }
            ("POST", ["user-groups", id, "users"]) => {
                let filter = self.body(request)?;
                let group = self.user_groups.iter().find(|group| group.is(scope, id));
                let members = group.map_or(&[][..], |group| items(&group.value, "users"));
                let people = self.people.iter().map(|person| &person.value);
                let rows = people.filter(|user| members.contains(&user["uuid"]));
                self.ng_page(rows.filter(|user| wants(&filter, user)).cloned().collect(), request)
            }
            ("PUT" | "DELETE", ["user-groups", id, "member", user]) => {
                self.change_member(scope, id, user, request.method == "PUT")
            }
            ("GET", ["serviceaccount"]) => {
                let any = request.values("identifiers");
                let rows = here(&self.service_accounts, scope);
                let rows = rows.filter(|row| listed(&any, &row["identifier"])).cloned();
                Ok(self.success(rows.collect()))
            }
            _ => Err(self.not_routed()),
        }
    }

    /// Removes a user from a scope and those below, with what is held there. The service takes the
    /// latter away later.
    fn remove_user(&mut self, scope: &Scope, user: &str) -> Outcome {
        if scope.org.is_none() && self.is_last_admin(user) {
            return Err(self.invalid("At least one account admin is needed"));
        }
        let mut is_member = false;
        for person in self.people.iter_mut().filter(|person| person.value["uuid"] == *user) {
            let before = person.scopes.len();
            person.scopes.retain(|own| !scope.includes(own));
            is_member = person.scopes.len() < before;
        }
        if is_member {
            self.assignments.retain(|record| {
                let principal = record.principal();
                let own = principal["type"] == "USER" && principal["identifier"] == *user;
                !(own && scope.includes(&record.scope))
            });
            for group in self.user_groups.iter_mut().filter(|group| scope.includes(&group.scope)) {
                if let Some(users) = group.value["users"].as_array_mut() {
                    users.retain(|own| own != user);
                }
            }
        }
        Ok(self.success(is_member.into()))
    }

    fn change_member(&mut self, scope: &Scope, id: &str, user: &str, adds: bool) -> Outcome {
        let at = self.user_group(scope, id)?;
        let group = &self.user_groups[at].value;
        for (field, message) in [
            ("harnessManaged", "A user group that Harness manages cannot be changed"),
            ("externallyManaged", "The user group is externally managed"),
            ("ssoLinked", "The user group is linked to SSO"),
        ] {
            if group[field] == true {
                return Err(self.invalid(message));
            }
        }
        let mut users = group["users"].as_array().cloned().unwrap_or_default();
        let is_member = users.iter().any(|own| own == user);
        if adds && is_member {
            let message = format!("User {user} is already part of the user group {id}");
            return Err(self.invalid(&message));
        }
        let before = users.clone();
        users.retain(|own| own != user);
        if adds {
            users.push(user.into());
        }
        let was_last = self.is_last_admin(user);
        self.user_groups[at].value["users"] = users.into();
        if was_last && self.admins().is_empty() {
            self.user_groups[at].value["users"] = before.into();
            return Err(self.invalid("At least one account admin is needed"));
        }
        Ok(self.success(self.user_groups[at].value.clone()))
    }

    /// Who is account admin, by itself or through a group.
    fn admins(&self) -> BTreeSet<&str> {
        let held = self.assignments.iter().filter(|record| record.is_account_admin());
        let holders = held.flat_map(|record| {
            let principal = record.principal();
            let own = (principal["type"] == "USER").then_some(&principal["identifier"]);
            own.into_iter().chain(self.members(record))
        });
        holders.filter_map(Value::as_str).collect()
    }

    fn is_last_admin(&self, user: &str) -> bool {
        let admins = self.admins();
        admins.len() == 1 && admins.contains(user)
    }

    pub(super) fn user_group(&self, scope: &Scope, id: &str) -> Result<usize, Response> {
        let at = self.user_groups.iter().position(|group| group.is(scope, id));
        at.ok_or_else(|| self.unfound(&format!("User group {id}")))
    }

    /// The groups of a scope, and of those around it that the filter's type names.
    fn groups_around(&self, scope: &Scope, kind: Option<&str>) -> Vec<Value> {
        let is_here = |other: &Scope| match kind {
            Some("INCLUDE_CHILD_SCOPE_GROUPS") => scope.includes(other),
            Some("INCLUDE_PARENT_SCOPE_GROUPS") => other.includes(scope),
            _ => other == scope,
        };
        let here = self.user_groups.iter().filter(|Record { scope, .. }| is_here(scope));
        here.map(|group| group.value.clone()).collect()
    }
}

/// Whether a filter of users wants this one.
fn wants(filter: &Value, user: &Value) -> bool {
    let contains = |term: &str| {
        ["name", "email"]
            .iter()
            .any(|field| user[*field].as_str().is_some_and(|own| own.contains(term)))
    };
    listed(items(filter, "identifiers"), &user["uuid"])
        && listed(items(filter, "emails"), &user["email"])
        && filled(filter, "searchTerm").is_none_or(contains)
}
