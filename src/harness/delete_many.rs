//! `/authz/api/roleassignments/delete/batch`: many role assignments at once.

use serde::{Deserialize, Serialize};

use super::ng::{NgCall, SUCCESS};
use super::{AnyIdentifier, RoleAssignments};
use crate::error::Error;
use crate::model::json::response;
use crate::model::loose::{loose_text, nullable};
use crate::model::{Arg, arg, text};
use crate::operation::{Body, DecodeError, Idempotency, Spec};
use crate::transport::Call;

impl RoleAssignments {
    /// Deletes up to 100 role assignments of this scope in one request: `POST
    /// /authz/api/roleassignments/delete/batch` (*documented*). A repeated identifier is sent once.
    ///
    /// Rely on [`failures`](DeletedMany::failures) and not on the counts: if the service fails
    /// midway, it counts as deleted some assignments that it also lists as failed (*observed*). A
    /// listed assignment may be deleted nevertheless, and one that did not exist is listed too:
    /// pass each to [`ensure_absent`](Self::ensure_absent), which reads.
    ///
    /// It is retried after transient failures, since repeating it is harmless (*observed*); a
    /// retried request lists the assignments that its first attempt deleted.
    ///
    /// # Errors
    /// Before anything is sent, an invalid-request error for an empty list, for more than 100
    /// identifiers, and if the account id is not known (see
    /// [`HarnessBuilder::account_id`](super::HarnessBuilder::account_id)). A managed assignment,
    /// and that of the last account admin, is not an error of the call but one of the
    /// [`failures`](DeletedMany::failures) (*observed*). If the response names no failure, but
    /// counts some or counts none as deleted, the outcome is unknown.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::EnsuredAbsent;
    /// use rolecall::testing::HarnessFake;
    ///
    /// let fake = HarnessFake::start().await?;
    /// let assignments = fake.client()?.org("platform").role_assignments();
    /// for failure in assignments.delete_many(["sre_view", "sre_admin"]).await?.failures {
    ///     let outcome = assignments.ensure_absent(failure.role_assignment_id).await?;
    ///     assert_eq!(outcome, EnsuredAbsent::AlreadyAbsent);
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn delete_many(
        &self,
        identifiers: impl IntoIterator<Item: TryInto<AnyIdentifier, Error: Into<Error>>>,
    ) -> Call<DeletedMany> {
        self.scope.call(DeleteMany(identifiers.into_iter().map(arg).collect()))
    }
}

struct DeleteMany(Vec<Arg<AnyIdentifier>>);

impl DeleteMany {
    fn identifiers(&self) -> Result<Vec<&str>, Error> {
        let mut unique = Vec::new();
        for identifier in &self.0 {
            let identifier = text(identifier)?;
            if !unique.contains(&identifier) {
                unique.push(identifier);
            }
        }
        Ok(unique)
    }
}

impl NgCall for DeleteMany {
    type Output = DeletedMany;
    const SPEC: Spec = Spec::post(
        "harness role-assignments.delete_many",
        &["/authz/api/roleassignments/delete/batch"],
    )
    .success(SUCCESS)
    .confirmed_by_body()
    .idempotency(Idempotency::Idempotent);

    fn check(&self) -> Result<(), Error> {
        match self.identifiers()?.len() {
            1..=100 => Ok(()),
            count => Err(Error::invalid("identifiers", format!("must be 1 to 100, got {count}"))),
        }
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(&self.identifiers()?)
    }

    fn checked(output: DeletedMany) -> Result<DeletedMany, DecodeError> {
        // At least one was to be deleted: if none was, there is a failure.
        let failed = output
            .failed_to_delete
            .unwrap_or(0)
            .max(1_i64.saturating_sub(output.successfully_deleted));
        if failed > 0 && output.failures.is_empty() {
            let text = format!("roleAssignmentErrorResponseDTOList: names none of {failed}");
            return Err(DecodeError::shape(text));
        }
        Ok(output)
    }
}

response! {
    /// The result of [`RoleAssignments::delete_many`].
    #[serde(rename_all = "camelCase")]
    pub struct DeletedMany {
        /// How many the service counts as deleted. Some of them may be among the failures.
        pub successfully_deleted: i64,
        /// How many it counts as not deleted.
        pub failed_to_delete: Option<i64>,
        /// The assignments that the service reports as not deleted. All others were deleted, unless
        /// [`failed_to_delete`](Self::failed_to_delete) counts more than are listed here.
        #[serde(default, rename = "roleAssignmentErrorResponseDTOList", deserialize_with = "nullable")]
        pub failures: Vec<DeleteFailure>,
    }
}

/// A role assignment that was not deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeleteFailure {
    /// Its identifier.
    pub role_assignment_id: String,
    /// Why.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}
