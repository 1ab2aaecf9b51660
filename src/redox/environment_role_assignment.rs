//! `/v1/environments/{environmentId}/role-assignment`.

use http::Method;
use serde::Serialize;

use super::answer::{self, AssignRoleResponse, Envelope, EnvironmentMembership, Memberships};
use super::{EnvironmentId, NewRoleAssignment, Redox, UserRef};
use crate::error::Error;
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Transport};

const TEMPLATE: &str = "/v1/environments/{environmentId}/role-assignment";

/// The role assignments of an environment. A user has at most one role in an environment
/// (*documented*).
#[derive(Clone, Debug)]
pub struct EnvironmentRoleAssignments {
    transport: Transport,
    environment: EnvironmentId,
}

impl EnvironmentRoleAssignments {
    pub(super) fn new(transport: Transport, environment: EnvironmentId) -> Self {
        Self { transport, environment }
    }

    /// Lists who has which role in the environment:
    /// `GET /v1/environments/{environmentId}/role-assignment` (*documented*; success under 200 or
    /// 201 is inferred). One answer holds all: the page knows no parameters and no paging. The
    /// caller must be an owner or admin.
    ///
    /// Source: <https://docs.redoxengine.com/permalink/e53121b4-3946-5579-944a-c704030fb8c1-get-env-roles>.
    ///
    /// # Errors
    /// As [`assign`](Self::assign), but that nothing can have been changed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// fake.add_environment("org-1", "env-1", "Clinic", "Development");
    /// let assignments = fake.client()?.environment("env-1")?.role_assignments();
    /// for membership in assignments.list().await?.payload.memberships {
    ///     println!("{}: {:?}", membership.user.id, membership.role);
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> Call<Envelope<Memberships<EnvironmentMembership>>> {
        self.transport.call(&ListMemberships { environment: &self.environment })
    }

    /// Gives a user without a role in the environment one:
    /// `POST /v1/environments/{environmentId}/role-assignment`. The caller must be an owner or
    /// admin.
    ///
    /// It is never repeated once the service may have processed it. What the service answers for a
    /// user who has a role already is not known.
    ///
    /// # Undocumented
    /// The page is there, but its text does not print the request line: that this is a POST, and
    /// to this path, is inferred from its title and its neighbours, as is success under 200 or 201.
    /// [`assign`](Self::assign) is documented whole.
    ///
    /// Source: <https://docs.redoxengine.com/permalink/3772a5ac-b389-5e6e-89c4-a3ab30569b43-post-env-role>.
    ///
    /// # Errors
    /// As [`assign`](Self::assign). An outcome that stays unknown is settled by reading
    /// [`list`](Self::list).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// fake.add_environment("org-1", "env-1", "Clinic", "Development");
    /// let assignments = fake.client()?.environment("env-1")?.role_assignments();
    /// let wanted = NewRoleAssignment::new(RoleRef::name("engineer")?, UserRef::id("u-1")?);
    /// let answer = assignments.create(&wanted).await?;
    /// assert!(answer.payload.success);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, new: &NewRoleAssignment) -> Call<AssignRoleResponse> {
        self.transport.call(&CreateAssignment { environment: &self.environment, new })
    }

    /// Sets the role of a user in the environment:
    /// `PUT /v1/environments/{environmentId}/role-assignment` (*documented*; success under 200 or
    /// 201 is inferred). The caller must be an owner or admin. Whether it also gives a role to a
    /// user who has none yet is not documented.
    ///
    /// A PUT is idempotent, so it is repeated after passing faults.
    ///
    /// Source: <https://docs.redoxengine.com/permalink/25cc4571-9dd5-5cdc-b8b6-8ec342ec5324-put-env-role>.
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
    /// fake.add_environment("org-1", "env-1", "Clinic", "Development");
    /// let assignments = fake.client()?.environment("env-1")?.role_assignments();
    /// let wanted = NewRoleAssignment::new(RoleRef::name("support")?, UserRef::id("u-1")?);
    /// let answer = assignments.assign(&wanted).await?;
    /// assert!(answer.payload.success);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn assign(&self, new: &NewRoleAssignment) -> Call<AssignRoleResponse> {
        self.transport.call(&AssignRole { environment: &self.environment, new })
    }

    /// Takes away a user's role in the environment:
    /// `DELETE /v1/environments/{environmentId}/role-assignment`, with the user in the body
    /// (*documented*; success under 200 or 201 is inferred). The caller must be an owner or admin.
    ///
    /// Removing twice has the effect of once, so it is repeated after passing faults. What the
    /// service answers for a user without a role is not known, and so neither is the answer to a
    /// repetition whose first try did arrive: an error after more than one attempt has an unknown
    /// outcome, which reading [`list`](Self::list) settles.
    ///
    /// Source: <https://docs.redoxengine.com/permalink/9a482386-b85b-5cf3-925b-3ff6b9cbc178-delete-env-role>.
    ///
    /// # Errors
    /// As [`assign`](Self::assign).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// fake.add_environment("org-1", "env-1", "Clinic", "Development");
    /// let assignments = fake.client()?.environment("env-1")?.role_assignments();
    /// let user = UserRef::id("u-1")?;
    /// assignments.assign(&NewRoleAssignment::new(RoleRef::name("support")?, user.clone())).await?;
    /// assignments.delete(&user).await?;
    /// assert!(assignments.list().await?.payload.memberships.is_empty());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn delete(&self, user: &UserRef) -> Call<AssignRoleResponse> {
        self.transport.call(&RemoveUser { environment: &self.environment, user })
    }
}

struct ListMemberships<'a> {
    environment: &'a EnvironmentId,
}

impl Operation for ListMemberships<'_> {
    type Service = Redox;
    type Answer = Envelope<Memberships<EnvironmentMembership>>;
    const NAME: &'static str = "redox environment-role-assignment.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = answer::SUCCESS;
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::new(TEMPLATE, [self.environment.as_str()])
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer::read(answer)
    }
}

struct CreateAssignment<'a> {
    environment: &'a EnvironmentId,
    new: &'a NewRoleAssignment,
}

impl Operation for CreateAssignment<'_> {
    type Service = Redox;
    type Answer = AssignRoleResponse;
    const NAME: &'static str = "redox environment-role-assignment.create";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = answer::SUCCESS;
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        Path::new(TEMPLATE, [self.environment.as_str()])
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.new)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer::read(answer)
    }
}

struct AssignRole<'a> {
    environment: &'a EnvironmentId,
    new: &'a NewRoleAssignment,
}

impl Operation for AssignRole<'_> {
    type Service = Redox;
    type Answer = AssignRoleResponse;
    const NAME: &'static str = "redox environment-role-assignment.assign";
    const METHOD: Method = Method::PUT;
    const SUCCESS: &'static [u16] = answer::SUCCESS;
    const REPEAT: Repeat = Repeat::Idempotent;

    fn path(&self) -> Path<'_> {
        Path::new(TEMPLATE, [self.environment.as_str()])
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.new)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer::read(answer)
    }
}

struct RemoveUser<'a> {
    environment: &'a EnvironmentId,
    user: &'a UserRef,
}

impl Operation for RemoveUser<'_> {
    type Service = Redox;
    type Answer = AssignRoleResponse;
    const NAME: &'static str = "redox environment-role-assignment.delete";
    const METHOD: Method = Method::DELETE;
    const SUCCESS: &'static [u16] = answer::SUCCESS;
    // What a second answer says is unknown, so there is no `echo`.
    const REPEAT: Repeat = Repeat::Idempotent;

    fn path(&self) -> Path<'_> {
        Path::new(TEMPLATE, [self.environment.as_str()])
    }

    fn body(&self) -> Result<Body, Error> {
        #[derive(Serialize)]
        struct User<'a> {
            user: &'a UserRef,
        }
        Body::json(&User { user: self.user })
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer::read(answer)
    }
}
