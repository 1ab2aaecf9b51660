//! `/v1/organizations/{organizationId}/role-assignment`.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{OrganizationId, Redox, ServiceError};
use crate::error::Error;
use crate::model::loose::{loose_text, nullable};
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Transport};

/// The role assignments of an organization.
#[derive(Clone, Debug)]
pub struct OrganizationRoleAssignments {
    transport: Transport,
    organization: OrganizationId,
}

impl OrganizationRoleAssignments {
    pub(super) fn new(transport: Transport, organization: OrganizationId) -> Self {
        Self { transport, organization }
    }

    /// Assigns a user to an organization role:
    /// `PUT /v1/organizations/{organizationId}/role-assignment` (*documented*; success under 200 or
    /// 201 is inferred). The caller must be an owner of the organization.
    ///
    /// A PUT is idempotent, so it is repeated after passing faults.
    ///
    /// Source: <https://docs.redoxengine.com/permalink/fcdbdc8e-5c38-56e2-940c-bfa962978494-put-org-role>.
    ///
    /// # Errors
    /// Kinds by status: the service's error body is not documented, [`ServiceError`](super::ServiceError)
    /// holds what there is. An answer with `success: false`, even under 200, is
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) with an unknown outcome: the vendor says
    /// no more of the field than that it is the status of the request.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// let wanted = NewRoleAssignment::new(RoleRef::new("r-1", "member")?, UserRef::id("u-1")?);
    /// let answer = fake.client()?.organization("org-1")?.role_assignments().assign(&wanted).await?;
    /// assert!(answer.payload.success);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn assign(&self, new: &NewRoleAssignment) -> Call<AssignRoleResponse> {
        self.transport.call(&AssignRole { organization: &self.organization, new })
    }
}

struct AssignRole<'a> {
    organization: &'a OrganizationId,
    new: &'a NewRoleAssignment,
}

impl Operation for AssignRole<'_> {
    type Service = Redox;
    type Answer = AssignRoleResponse;
    const NAME: &'static str = "redox role-assignment.assign";
    const METHOD: Method = Method::PUT;
    const SUCCESS: &'static [u16] = &[200, 201];
    const REPEAT: Repeat = Repeat::Idempotent;

    fn path(&self) -> Path<'_> {
        let template = "/v1/organizations/{organizationId}/role-assignment";
        Path::new(template, [self.organization.as_str()])
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.new)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        match answer.json() {
            Ok(AssignRoleResponse { payload: Outcome { success: false }, .. }) => {
                Err(AnswerError::Unsuccessful)
            }
            Ok(answer) => Ok(answer),
            // Instead of saying whether it succeeded, it may say what went wrong.
            Err(_) if ServiceError::is_told_in(answer.body()) => Err(AnswerError::Unsuccessful),
            Err(error) => Err(error),
        }
    }
}

/// A user and the role that the user is to have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct NewRoleAssignment {
    role: RoleRef,
    user: UserRef,
}

impl NewRoleAssignment {
    /// The user is to have the role.
    #[must_use]
    pub fn new(role: RoleRef, user: UserRef) -> Self {
        Self { role, user }
    }
}

/// Declares a reference by id, by name, or by both.
macro_rules! reference {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        ///
        /// The vendor marks neither field as required and does not say whether one alone is
        /// enough; a reference without either is refused here.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
        pub struct $name {
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            name: Option<String>,
        }

        impl $name {
            /// By id and human-readable name; an empty one of them is left out.
            ///
            /// # Errors
            /// An invalid-request error if both are empty.
            pub fn new(id: impl Into<String>, name: impl Into<String>) -> Result<Self, Error> {
                let filled = |text: String| Some(text).filter(|text| !text.is_empty());
                let (id, name) = (filled(id.into()), filled(name.into()));
                if id.is_none() && name.is_none() {
                    return Err(Error::invalid($what, "id and name must not both be empty"));
                }
                Ok(Self { id, name })
            }

            /// By id alone.
            ///
            /// # Errors
            /// An invalid-request error if the id is empty.
            pub fn id(id: impl Into<String>) -> Result<Self, Error> {
                Self::new(id, "").map_err(|_| Error::invalid(concat!($what, ".id"), "must not be empty"))
            }

            /// By name alone.
            ///
            /// # Errors
            /// An invalid-request error if the name is empty.
            pub fn name(name: impl Into<String>) -> Result<Self, Error> {
                Self::new("", name).map_err(|_| Error::invalid(concat!($what, ".name"), "must not be empty"))
            }
        }
    };
}

reference! {
    /// A role, by its id (the vendor calls it a uuid, and types it as text) or its name.
    RoleRef, "role"
}

reference! {
    /// A user, by id or name.
    UserRef, "user"
}

/// The answer to an assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AssignRoleResponse {
    /// About the answer's format.
    #[serde(default, deserialize_with = "nullable")]
    pub meta: Meta,
    /// The answer itself.
    pub payload: Outcome,
}

/// About the format of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Meta {
    /// The version of the payload's format, e.g. `1.0.0`. A new minor version may add fields.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Whether the service did what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// "The status of the request"; always `true` in an answer that is not an error.
    pub success: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_references_are_refused_by_name() {
        for (result, named) in [
            (RoleRef::id("").map(drop), "role.id: must not be empty"),
            (RoleRef::name("").map(drop), "role.name: must not be empty"),
            (UserRef::id("").map(drop), "user.id: must not be empty"),
            (UserRef::name("").map(drop), "user.name: must not be empty"),
            (UserRef::new("", "").map(drop), "user: id and name must not both be empty"),
        ] {
            assert!(result.expect_err(named).to_string().contains(named));
        }
        let role = RoleRef::new("r", "").expect("it has an id");
        assert_eq!(serde_json::to_string(&role).expect("it is JSON"), r#"{"id":"r"}"#);
    }
}
