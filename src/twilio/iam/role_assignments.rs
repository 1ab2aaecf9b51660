//! `/Organizations/{OrganizationSid}/RoleAssignments`.

use http::Method;
use serde::{Deserialize, Serialize};

use super::TwilioIam;
use crate::error::Error;
use crate::model::loose::identifying;
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Transport};
use crate::twilio::{OrganizationSid, RoleAssignmentSid, RoleSid, Sid};

/// The role assignments of an organization.
#[derive(Clone, Debug)]
pub struct RoleAssignments {
    transport: Transport,
    organization: OrganizationSid,
}

impl RoleAssignments {
    pub(super) fn new(transport: Transport, organization: OrganizationSid) -> Self {
        Self { transport, organization }
    }

    /// Creates a role assignment: `POST /Organizations/{OrganizationSid}/RoleAssignments`, 201
    /// (*documented*).
    ///
    /// Never repeated when its outcome is unknown: whether the service refuses a second identical
    /// assignment or makes two is not known.
    ///
    /// Source: <https://www.twilio.com/docs/iam/access-control/role-assignment-resource>.
    ///
    /// # Errors
    /// 400 and 403 are documented, with [`ServiceError`](crate::twilio::ServiceError) as the typed
    /// error. A 401 whose message says that a required permission is missing (*observed*) is
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) too.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::NewRoleAssignment;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let wanted = NewRoleAssignment::new(
    ///     "IX00000000000000000000000000000104",
    ///     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ///     "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    /// )?;
    /// let organization = fake.client()?.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
    /// let made = organization.role_assignments().create(&wanted).await?;
    /// assert!(made.sid.as_str().starts_with("IY"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, new: &NewRoleAssignment) -> Call<RoleAssignment> {
        self.transport.call(&CreateRoleAssignment { organization: &self.organization, new })
    }
}

struct CreateRoleAssignment<'a> {
    organization: &'a OrganizationSid,
    new: &'a NewRoleAssignment,
}

impl Operation for CreateRoleAssignment<'_> {
    type Service = TwilioIam;
    type Answer = RoleAssignment;
    const NAME: &'static str = "twilio.iam role-assignments.create";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[201];
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        let template = "/Organizations/{OrganizationSid}/RoleAssignments";
        Path::new(template, [self.organization.as_str()])
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.new)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

/// A role assignment to be created.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct NewRoleAssignment {
    role_sid: RoleSid,
    scope: Sid,
    identity: Sid,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
}

impl NewRoleAssignment {
    /// The role `role_sid` (`IX…`) over `scope` (an organization `OR…` or account `AC…`, say) for
    /// `identity` (a user `US…`, say). Each may be text or a typed SID.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule.
    pub fn new<R, S, I>(role_sid: R, scope: S, identity: I) -> Result<Self, Error>
    where
        R: TryInto<RoleSid>,
        Error: From<R::Error>,
        S: TryInto<Sid>,
        Error: From<S::Error>,
        I: TryInto<Sid>,
        Error: From<I::Error>,
    {
        Ok(Self {
            role_sid: role_sid.try_into()?,
            scope: scope.try_into().map_err(|error| named("scope", &error.into()))?,
            identity: identity.try_into().map_err(|error| named("identity", &error.into()))?,
            resource_type: None,
            resource_id: None,
        })
    }

    /// Narrows the assignment to one resource (*documented* since May 2026). Unset, neither field
    /// is sent.
    #[must_use]
    pub fn resource(mut self, kind: impl Into<String>, id: impl Into<String>) -> Self {
        self.resource_type = Some(kind.into());
        self.resource_id = Some(id.into());
        self
    }

    /// Sends `resource_type` alone (*documented* since May 2026).
    #[must_use]
    pub fn resource_type(mut self, kind: impl Into<String>) -> Self {
        self.resource_type = Some(kind.into());
        self
    }

    /// Sends `resource_id` alone (*documented* since May 2026).
    #[must_use]
    pub fn resource_id(mut self, id: impl Into<String>) -> Self {
        self.resource_id = Some(id.into());
        self
    }
}

/// The same rule, for the field it was broken in.
fn named(field: &str, error: &Error) -> Error {
    Error::invalid(field, error.rule())
}

/// A role assignment.
///
/// The vendor marks no field as required; only the SID is insisted on. (Its page swaps the
/// descriptions of `scope` and `identity`; the names are right.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoleAssignment {
    /// What identifies the assignment, `IY…`.
    #[serde(deserialize_with = "identifying")]
    pub sid: RoleAssignmentSid,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_sid: Option<RoleSid>,
    /// What the role is held over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Sid>,
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Sid>,
    /// The type of the resource it is narrowed to (*documented* since May 2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The resource it is narrowed to (*documented* since May 2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twilio::{AccountSid, UserSid};

    const ROLE: &str = "IX00000000000000000000000000000104";
    const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn wrong_sids_are_refused_by_name() {
        for (role, scope, identity, named) in [
            (USER, ACCOUNT, USER, "role_sid: must be \"IX\""),
            (ROLE, "AC", USER, "scope: must be two capital letters"),
            (ROLE, ACCOUNT, "", "identity: must be two capital letters"),
        ] {
            let error = NewRoleAssignment::new(role, scope, identity).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
            assert!(error.is_invalid_request());
        }
    }

    #[test]
    fn typed_sids_are_taken_as_they_are() {
        let account = AccountSid::new(ACCOUNT).expect("it is one");
        let user = UserSid::new(USER).expect("it is one");
        let typed = NewRoleAssignment::new(ROLE, account, user).expect("they are SIDs");
        assert_eq!(typed, NewRoleAssignment::new(ROLE, ACCOUNT, USER).expect("they are SIDs"));
    }
}
