//! `/v1/environments/{environmentId}/role-assignment`.

use std::marker::PhantomData;

use http::Method;
use serde::Serialize;

use super::answer::{self, AssignRoleResponse, Envelope, EnvironmentMembership, Memberships};
use super::settle::{self, Silent};
use super::{EnvironmentId, NewRoleAssignment, Redox, UserRef};
use crate::error::{Effect, Error};
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{
    BoxFuture, Call, Ensured, EnsuredAbsent, Found, Transport, conflict, ensure, ensure_absent,
    unread,
};

const TEMPLATE: &str = "/v1/environments/{environmentId}/role-assignment";
const CREATE: &str = "redox environment-role-assignment.create";

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

    /// Sees to it that a user has this role in the environment: reads [`list`](Self::list), and
    /// calls [`create`](Self::create) for a user without a role. Who has another role keeps it, and
    /// that is a conflict: a user has at most one (*documented*), so to give this one would take the
    /// other away. To replace it, call [`assign`](Self::assign).
    ///
    /// The role is the same if its id is, or its name where no id was given. The user must be given by
    /// id: a name does not tell who is meant. Ids are the same letter for letter.
    ///
    /// `Existed` and `Present` hold the membership as it was read. `Created(None)` means that the
    /// service said that it was given (its answer shows no membership), and that the user was not
    /// seen to have a role before. Where an outcome stays unknown, the list is read again,
    /// and the POST is not sent again: after an error with an unknown outcome the role may still come
    /// to be.
    ///
    /// Of two callers at once who want the same, one is told `Created`, and the other `Created`,
    /// `Existed` or `Present`. If they want different roles, one of the two stays, and the other
    /// may be told a conflict, or `Created` as well: what the service does with a second POST is not
    /// documented.
    ///
    /// # Undocumented
    /// [`create`](Self::create) is, and it is part of this.
    ///
    /// # Errors
    /// Those of [`list`](Self::list) and [`create`](Self::create); a
    /// [`Difference`](crate::Difference) under [`ErrorKind::Conflict`](crate::ErrorKind::Conflict)
    /// if the user has another role; and an invalid-request error for a user without an id.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::Ensured;
    /// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// fake.add_environment("org-1", "env-1", "Clinic", "Development");
    /// let assignments = fake.client()?.environment("env-1")?.role_assignments();
    /// let wanted = NewRoleAssignment::new(RoleRef::id("r-1")?, UserRef::id("u-1")?);
    /// assert_eq!(assignments.ensure(&wanted).await?, Ensured::Created(None));
    /// assert!(matches!(assignments.ensure(&wanted).await?, Ensured::Existed(Some(_))));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure(
        &self,
        wanted: &NewRoleAssignment,
    ) -> Result<Ensured<Option<EnvironmentMembership>>, Error> {
        settle::check_user(wanted.user())?;
        let create = || {
            let create = CreateAssignment { environment: &self.environment, new: wanted };
            self.transport.call(&Silent(create, PhantomData))
        };
        let refused = match ensure(wanted, false, create, || self.find(wanted)).await {
            Err(error) if error.operation() == Some(CREATE) && settle::is_open(&error) => error,
            settled => return settled,
        };
        // Perhaps the refusal of a second one.
        match self.find(wanted).await {
            Ok(Found::Same(held)) => Ok(Ensured::Existed(held)),
            Ok(Found::Different(found)) => Err(conflict(wanted, found, CREATE, Effect::NotApplied)),
            Ok(Found::Absent) => Err(refused),
            Err(cause) => Err(unread(refused, cause)),
        }
    }

    fn find(
        &self,
        wanted: &NewRoleAssignment,
    ) -> BoxFuture<'static, Result<Found<Option<EnvironmentMembership>>, Error>> {
        let (call, wanted) = (self.list(), wanted.clone());
        Box::pin(async move { Ok(settle::look(&call.await?.payload.memberships, &wanted)) })
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
    /// no more of the field than that it is the status of the request. An answer whose `success`
    /// cannot be read has an unknown outcome too, and is no reason to repeat the call.
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

    /// Sees to it that a user has no role in the environment: reads [`list`](Self::list), and calls
    /// [`delete`](Self::delete) if the user has one. What the answer leaves open is settled by
    /// reading again. The user is looked for as [`ensure`](Self::ensure) does.
    ///
    /// `Removed` means that the service said that it was done, and that the user was seen to have a
    /// role before. Another caller may give the user a role right after. Of two callers at once who
    /// remove, each is told one of the three; what the service answers to the later one is not
    /// documented.
    ///
    /// # Errors
    /// Those of [`list`](Self::list), so that an unknown environment is an error and not an
    /// absence, and of [`delete`](Self::delete); the user may still have the role then. An
    /// invalid-request error for a user without an id.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::EnsuredAbsent;
    /// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// fake.add_environment("org-1", "env-1", "Clinic", "Development");
    /// let assignments = fake.client()?.environment("env-1")?.role_assignments();
    /// let user = UserRef::id("u-1")?;
    /// assignments.assign(&NewRoleAssignment::new(RoleRef::id("r-1")?, user.clone())).await?;
    /// assert_eq!(assignments.ensure_absent(&user).await?, EnsuredAbsent::Removed);
    /// assert_eq!(assignments.ensure_absent(&user).await?, EnsuredAbsent::WasAbsent);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure_absent(&self, user: &UserRef) -> Result<EnsuredAbsent, Error> {
        let find = || -> BoxFuture<'static, _> {
            let (call, user) = (self.list(), user.clone());
            Box::pin(
                async move { Ok(settle::of_user(&call.await?.payload.memberships, &user).pop()) },
            )
        };
        settle::check_user(user)?;
        if find().await?.is_none() {
            return Ok(EnsuredAbsent::WasAbsent);
        }
        // "Not found" is not documented, and may mean something else than the user: the list settles it.
        let gone = ensure_absent(|| self.delete(user), |_| false, settle::is_open, find).await?;
        Ok(match gone {
            // It was there a moment ago.
            EnsuredAbsent::WasAbsent => EnsuredAbsent::Absent,
            gone => gone,
        })
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
    const NAME: &'static str = CREATE;
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = answer::SUCCESS;
    const REPEAT: Repeat = Repeat::Once;
    const STATUS_CONFIRMS: bool = answer::STATUS_CONFIRMS;

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
    const STATUS_CONFIRMS: bool = answer::STATUS_CONFIRMS;

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
    const STATUS_CONFIRMS: bool = answer::STATUS_CONFIRMS;

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
