//! `/v1/organizations/{organizationId}/role-assignment`.

use std::marker::PhantomData;

use http::Method;

use super::answer::{self, AssignRoleResponse, Envelope, Memberships, OrganizationMembership};
use super::settle::{self, Silent};
use super::{NewRoleAssignment, OrganizationId, Redox};
use crate::error::Error;
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{BoxFuture, Call, Ensured, Found, Transport, ensure_by_setting};

const TEMPLATE: &str = "/v1/organizations/{organizationId}/role-assignment";

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

    /// Lists who has which role in the organization:
    /// `GET /v1/organizations/{organizationId}/role-assignment` (*documented*; success under 200 or
    /// 201 is inferred). One answer holds all: the page knows no parameters and no paging. The
    /// caller must be an owner or admin of the organization. There is no catalogue of roles; their
    /// ids are found here.
    ///
    /// Source: <https://docs.redoxengine.com/permalink/57a33551-3e02-5518-9074-462fcf258408-get-org-roles>.
    ///
    /// # Errors
    /// As [`assign`](Self::assign), but that nothing can have been changed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// let assignments = fake.client()?.organization("org-1")?.role_assignments();
    /// let wanted = NewRoleAssignment::new(RoleRef::new("r-1", "member")?, UserRef::id("u-1")?);
    /// assignments.assign(&wanted).await?;
    ///
    /// for membership in assignments.list().await?.payload.memberships {
    ///     let role = membership.role.and_then(|role| role.name);
    ///     println!("{}: {role:?}", membership.user.id);
    /// #   assert_eq!((membership.user.id.as_str(), role.as_deref()), ("u-1", Some("member")));
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> Call<Envelope<Memberships<OrganizationMembership>>> {
        self.transport.call(&ListMemberships { organization: &self.organization })
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

    /// Sees to it that a user has this organization role: reads [`list`](Self::list), and calls
    /// [`assign`](Self::assign) for a user who is not in it. Who has another role keeps it, and that
    /// is a conflict: every user has exactly one (*documented*), so to give this one would take the
    /// other away. To replace it, call [`assign`](Self::assign).
    ///
    /// The role is the same if its id is, or its name where no id was given. The user must be given by
    /// id: a name does not tell who is meant. Ids are the same letter for letter. Users cannot be
    /// added by the API (*documented*); what the service does with a PUT for one who is not in the
    /// list is not.
    ///
    /// `Existed` and `Present` hold the membership as it was read. `Created(None)` means that the
    /// service said that it was assigned (its answer shows no membership), and that the user was not
    /// seen to have a role before. Where an outcome stays unknown, the list is read again, and the
    /// PUT, being idempotent, is sent once more if the user still has no role.
    ///
    /// The service cannot be told to assign only if there is no role. Who gives the user one between
    /// the reading and the PUT (it may wait for a rate limit) is not seen: of two callers at once who
    /// want the same, both may be told `Created`, and of two who want different roles the later
    /// one's stays.
    ///
    /// # Errors
    /// Those of [`list`](Self::list) and [`assign`](Self::assign); a
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
    /// let assignments = fake.client()?.organization("org-1")?.role_assignments();
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
    ) -> Result<Ensured<Option<OrganizationMembership>>, Error> {
        settle::check_user(wanted.user())?;
        let assign = || {
            let assign = AssignRole { organization: &self.organization, new: wanted };
            self.transport.call(&Silent(assign, PhantomData))
        };
        ensure_by_setting(wanted, assign, || self.find(wanted)).await
    }

    fn find(
        &self,
        wanted: &NewRoleAssignment,
    ) -> BoxFuture<'static, Result<Found<Option<OrganizationMembership>>, Error>> {
        let (call, wanted) = (self.list(), wanted.clone());
        Box::pin(async move { Ok(settle::look(&call.await?.payload.memberships, &wanted)) })
    }
}

struct ListMemberships<'a> {
    organization: &'a OrganizationId,
}

impl Operation for ListMemberships<'_> {
    type Service = Redox;
    type Answer = Envelope<Memberships<OrganizationMembership>>;
    const NAME: &'static str = "redox role-assignment.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = answer::SUCCESS;
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::new(TEMPLATE, [self.organization.as_str()])
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer::read(answer)
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
    const SUCCESS: &'static [u16] = answer::SUCCESS;
    const REPEAT: Repeat = Repeat::Idempotent;
    const STATUS_CONFIRMS: bool = answer::STATUS_CONFIRMS;

    fn path(&self) -> Path<'_> {
        Path::new(TEMPLATE, [self.organization.as_str()])
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.new)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer::read(answer)
    }
}
