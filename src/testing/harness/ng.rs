//! The NG API of the fake of Harness.

use serde_json::json;

use super::roles::Kind;
use super::{Outcome, Scope, State};
use crate::testing::message::{Request, Response, filled};

impl State {
    /// The dry run: managed names (`_…`) are known, and the roles and groups that were created.
    pub(super) fn validate(&mut self, request: &Request) -> Outcome {
        let proposed = &self.body(request)?["roleAssignment"];
        if request.query("accountIdentifier").is_none_or(|account| account.is_empty()) {
            return Err(self.invalid("accountIdentifier: must not be empty"));
        }
        let (org, project) = (request.query("orgIdentifier"), request.query("projectIdentifier"));
        let scope = Scope::new(org.as_deref(), project.as_deref());
        let result = |found: bool, what: &str| match found {
            true => json!({"valid": true, "errorMessage": null}),
            false => json!({"valid": false, "errorMessage": format!("{what} not found")}),
        };
        let mut known = |kind: Kind, field: &str| {
            filled(proposed, field).is_some_and(|name| {
                name.starts_with('_')
                    || self.all(kind, &scope).iter().any(|one| one["identifier"] == name)
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
                "resourceGroupValidationResult": result(group, "resource group"),
            },
            "metaData": null,
            "correlationId": format!("fake-correlation-{}", self.requests),
        });
        Ok(Response::json(200, &body))
    }
}
