//! `/authz/api/roleassignments/validate`: a dry run, which the v1 paths lack.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::role_assignments::check_reference;
use super::{Harness, NewRoleAssignment, Scope};
use crate::error::Error;
use crate::model::loose::loose_text;
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};

/// `POST` of a proposal. It assigns nothing, so it is repeated like a read.
pub(super) struct Validate<'a> {
    pub(super) account: Option<&'a str>,
    pub(super) scope: &'a Scope,
    pub(super) new: &'a NewRoleAssignment,
}

impl Operation for Validate<'_> {
    type Service = Harness;
    type Answer = Validation;
    const NAME: &'static str = "harness role-assignments.validate";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::fixed("/authz/api/roleassignments/validate")
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let account = self.account.map(|account| ("accountIdentifier", account.to_owned()));
        let mut query: Vec<_> = account.into_iter().collect();
        if let Scope::Org(org) | Scope::Project(org, _) = self.scope {
            query.push(("orgIdentifier", org.to_string()));
        }
        if let Scope::Project(_, project) = self.scope {
            query.push(("projectIdentifier", project.to_string()));
        }
        query
    }

    fn body(&self) -> Result<Body, Error> {
        if self.account.is_none() {
            let rule = "must be known: the API key does not contain it, so set it on the builder";
            return Err(Error::invalid("accountIdentifier", rule));
        }
        check_reference(self.new)?;
        Body::json(&Proposal {
            role_assignment: Proposed::of(self.new),
            validate_principal: true,
            validate_role: true,
            validate_resource_group: true,
        })
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Validation, AnswerError> {
        #[derive(Deserialize)]
        struct Envelope {
            status: Option<String>,
            data: Option<Validation>,
        }
        let Envelope { status, data } = answer.json()?;
        match (status.as_deref(), data) {
            (Some("FAILURE" | "ERROR"), _) => Err(AnswerError::Unsuccessful),
            (_, Some(validation)) => Ok(validation),
            (_, None) => Err(AnswerError::shape("data: is missing")),
        }
    }
}

/// The request, in the spelling of this API: camelCase, where v1 has snake_case.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Proposal {
    role_assignment: Proposed,
    validate_principal: bool,
    validate_role: bool,
    validate_resource_group: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Proposed {
    identifier: String,
    resource_group_identifier: String,
    role_identifier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_reference: Option<Value>,
    principal: Value,
    disabled: bool,
}

impl Proposed {
    fn of(new: &NewRoleAssignment) -> Self {
        let (identifier, resource_group, role) = new.names();
        let (reference, principal, disabled) = new.parts();
        let mut who = json!({"identifier": principal.identifier, "type": principal.kind});
        if let Some(level) = &principal.scope_level {
            who["scopeLevel"] = level.as_str().into();
        }
        Self {
            identifier: identifier.to_owned(),
            resource_group_identifier: resource_group.to_owned(),
            role_identifier: role.to_owned(),
            role_reference: reference.map(|reference| {
                json!({"identifier": reference.identifier, "scopeLevel": reference.scope_level})
            }),
            principal: who,
            disabled,
        }
    }
}

/// What the service says of a proposed role assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Validation {
    /// Of the principal.
    pub principal_validation_result: Option<ValidationResult>,
    /// Of the role.
    pub role_validation_result: Option<ValidationResult>,
    /// Of the resource group.
    pub resource_group_validation_result: Option<ValidationResult>,
}

impl Validation {
    /// Whether all three were looked at and found good. An answer that leaves one out says nothing
    /// good about it.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let results = [
            &self.principal_validation_result,
            &self.role_validation_result,
            &self.resource_group_validation_result,
        ];
        results
            .into_iter()
            .all(|result| result.as_ref().is_some_and(|result| result.valid == Some(true)))
    }
}

/// What the service says of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "LooseResult", rename_all = "camelCase")]
#[non_exhaustive]
pub struct ValidationResult {
    /// Whether it is good.
    pub valid: Option<bool>,
    /// What is wrong with it.
    pub error_message: Option<String>,
}

/// Clients generated from the vendor's document know `valid` and `isValid`; both may come together.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LooseResult {
    valid: Option<bool>,
    is_valid: Option<bool>,
    #[serde(default, deserialize_with = "loose_text")]
    error_message: Option<String>,
}

impl From<LooseResult> for ValidationResult {
    fn from(loose: LooseResult) -> Self {
        // Where they contradict each other, the worse word counts.
        let valid = match (loose.valid, loose.is_valid) {
            (Some(one), Some(other)) => Some(one && other),
            (one, other) => one.or(other),
        };
        Self { valid, error_message: loose.error_message }
    }
}
