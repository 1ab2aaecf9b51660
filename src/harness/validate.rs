//! `/authz/api/roleassignments/validate`: a dry run, which the v1 paths lack.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ng::{NgCall, NgSpelling, SUCCESS};
use super::resource::Endpoints;
use super::{NewRoleAssignment, RoleAssignmentResponse, RoleAssignments};
use crate::error::Error;
use crate::model::json::response;
use crate::operation::{Body, Idempotency, Spec};
use crate::transport::Call;

impl RoleAssignments {
    /// Checks whether a role assignment could be created, without creating it: `POST
    /// /authz/api/roleassignments/validate` (the call is *documented*; its body and response are
    /// *observed* in clients generated from the vendor's API document).
    ///
    /// It checks the principal, the role and the resource group, but not duplicates. Those clients
    /// call it below `/gateway`; if your address requires this, use a client whose base URL has
    /// that path. The account id must be known: from a fixed API key, or from
    /// [`HarnessBuilder::account_id`](super::HarnessBuilder::account_id).
    ///
    /// Source: <https://apidocs.harness.io>.
    ///
    /// # Errors
    /// An invalid-request error before sending if the account id is not known; else as for
    /// [`create`](Self::create). An invalid proposal is no error: see [`Validation`].
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::harness::{NewRoleAssignment, Principal};
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let new = NewRoleAssignment::unnamed("no_such_role", "_all_account_level_resources", Principal::user("u"))?;
    /// let validation = fake.client()?.account().role_assignments().validate(&new).await?;
    /// assert!(!validation.is_valid());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn validate(&self, new: &NewRoleAssignment) -> Call<Validation> {
        self.scope.call(Validate(new))
    }
}

/// It assigns nothing, so it is safe to repeat.
struct Validate<'a>(&'a NewRoleAssignment);

impl NgCall for Validate<'_> {
    type Output = Validation;
    const SPEC: Spec =
        Spec::post("harness role-assignments.validate", &["/authz/api/roleassignments/validate"])
            .success(SUCCESS)
            .idempotency(Idempotency::Safe);

    fn check(&self) -> Result<(), Error> {
        RoleAssignmentResponse::check(self.0)
    }

    fn body(&self) -> Result<Body, Error> {
        let new = self.0;
        Body::json(&Proposal {
            role_assignment: Proposed {
                identifier: new.identifier(),
                resource_group_identifier: new.resource_group(),
                role_identifier: new.role(),
                role_reference: new.get_role_reference().map(NgSpelling::spelled),
                principal: new.principal().spelled(),
                disabled: new.get_disabled(),
            },
            validate_principal: true,
            validate_role: true,
            validate_resource_group: true,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Proposal<'a> {
    role_assignment: Proposed<'a>,
    validate_principal: bool,
    validate_role: bool,
    validate_resource_group: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Proposed<'a> {
    identifier: &'a str,
    resource_group_identifier: &'a str,
    role_identifier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_reference: Option<Value>,
    principal: Value,
    disabled: bool,
}

response! {
    /// What the service says of a proposed role assignment.
    #[derive(Default)]
    #[serde(rename_all = "camelCase")]
    pub struct Validation {
        /// Of the principal.
        pub principal_validation_result: Option<ValidationResult>,
        /// Of the role.
        pub role_validation_result: Option<ValidationResult>,
        /// Of the resource group.
        pub resource_group_validation_result: Option<ValidationResult>,
    }
}

impl Validation {
    /// Returns whether all three were checked and are valid. A part that the response omits does
    /// not count as valid.
    pub fn is_valid(&self) -> bool {
        let results = [
            &self.principal_validation_result,
            &self.role_validation_result,
            &self.resource_group_validation_result,
        ];
        let valid = |result: &Option<ValidationResult>| result.as_ref()?.valid;
        results.into_iter().all(|result| valid(result) == Some(true))
    }
}

/// What the service says of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "LooseResult", rename_all = "camelCase")]
#[non_exhaustive]
pub struct ValidationResult {
    /// Whether it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

response! {
    /// Clients generated from the vendor's document know `valid` and `isValid`; both may come together.
    #[serde(rename_all = "camelCase")]
    struct LooseResult {
        valid: Option<bool>,
        is_valid: Option<bool>,
        error_message: Option<String>,
    }
}

impl From<LooseResult> for ValidationResult {
    fn from(loose: LooseResult) -> Self {
        // Where they contradict each other, it is not valid.
        let valid = match (loose.valid, loose.is_valid) {
            (Some(one), Some(other)) => Some(one && other),
            (one, other) => one.or(other),
        };
        Self { valid, error_message: loose.error_message }
    }
}
