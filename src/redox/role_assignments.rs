//! `/v1/organizations/{organizationId}/role-assignment` and
//! `/v1/environments/{environmentId}/role-assignment`.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;

use super::ensure::{EnsureNoRole, EnsureRole};
use super::response::{
    AssignRoleResponse, Envelope, EnvironmentMembership, Member, Memberships,
    OrganizationMembership, Reference, SUCCESS, decode, only_page,
};
use super::{EnvironmentId, NewRoleAssignment, OrganizationId, Redox, UserRef};
use crate::access::ScopeKind;
use crate::error::Error;
use crate::model::{Arg, text};
use crate::operation::{Body, DecodeError, Idempotency, ListOperation, ListPage, Operation, Spec};
use crate::transport::{Call, Ensured, EnsuredAbsent, EnsuredRole, List, Session, Transport};

/// The role assignments of an organization. Each member has exactly one (*documented*), so their
/// list is the list of members. The API cannot add members to an organization (*documented*).
pub type OrganizationRoleAssignments = RoleAssignments<OrganizationMembership>;

/// The role assignments of an environment. A user has at most one role in an environment
/// (*documented*).
pub type EnvironmentRoleAssignments = RoleAssignments<EnvironmentMembership>;

/// The role assignments of an organization or of an environment; the type of the memberships says
/// which.
#[derive(Clone, Debug)]
pub struct RoleAssignments<M: Membership> {
    pub(super) transport: Transport,
    pub(super) place: Arg<M::Place>,
}

impl<M: Membership> RoleAssignments<M> {
    /// Lists the memberships with their roles: `GET
    /// /v1/organizations/{organizationId}/role-assignment` or `GET
    /// /v1/environments/{environmentId}/role-assignment` (both *documented*; success under 200 or
    /// 201 is inferred).
    ///
    /// One response holds all memberships: no parameters and no paging are documented. The caller
    /// must be an owner or admin (for an organization's list, of that organization; *documented*). The
    /// API has no catalogue of roles; the list shows their ids.
    ///
    /// Source: <https://docs.redoxengine.com/permalink/57a33551-3e02-5518-9074-462fcf258408-get-org-roles>,
    /// <https://docs.redoxengine.com/permalink/e53121b4-3946-5579-944a-c704030fb8c1-get-env-roles>.
    ///
    /// # Errors
    /// Those of [`assign`](Self::assign); nothing was changed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// let assignments = fake.client()?.organization("org-1").role_assignments();
    /// let new = NewRoleAssignment::new(RoleRef::new("r-1", "member")?, UserRef::id("u-1")?);
    /// assert!(assignments.assign(&new).await?.payload.success);
    ///
    /// let mut memberships = assignments.list().items();
    /// while let Some(membership) = memberships.next().await.transpose()? {
    ///     let role = membership.role.and_then(|role| role.name);
    ///     println!("{}: {role:?}", membership.user.id);
    /// #   assert_eq!((membership.user.id.as_str(), role.as_deref()), ("u-1", Some("member")));
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> List<ListMemberships<M>> {
        self.transport.list(ListMemberships { place: self.place.clone() })
    }

    /// Assigns a user to a role: `PUT /v1/organizations/{organizationId}/role-assignment` or
    /// `PUT /v1/environments/{environmentId}/role-assignment` (both *documented*; success under 200
    /// or 201 is inferred).
    ///
    /// The caller must be an owner of the organization; for an environment, an owner or admin (both
    /// *documented*). Whether the call also gives a role to a user who has none in the environment yet
    /// is not documented.
    ///
    /// A PUT is idempotent, so it is retried after transient failures.
    ///
    /// Source: <https://docs.redoxengine.com/permalink/fcdbdc8e-5c38-56e2-940c-bfa962978494-put-org-role>,
    /// <https://docs.redoxengine.com/permalink/25cc4571-9dd5-5cdc-b8b6-8ec342ec5324-put-env-role>.
    ///
    /// # Errors
    /// Kinds by status (400, 401, 403, 404, 413, 429, 500, 502 and 504 are documented): the service's
    /// error body is not documented; [`ServiceError`](super::ServiceError) holds what the service sent.
    /// A response with `success: false`, even under 200, is
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) with an unknown outcome: the vendor
    /// says of the field only that it is the status of the request. A response whose `success` cannot
    /// be read has an unknown outcome too, and is not retried.
    pub fn assign(&self, new: &NewRoleAssignment) -> Call<AssignRoleResponse> {
        self.transport.call(&AssignRole::<M, false, false> { place: &self.place, new })
    }

    /// Ensures that a user has this role: reads [`list`](Self::list), and gives the role to a user
    /// who has none, by [`assign`](Self::assign) in an organization and by [`create`](Self::create)
    /// in an environment.
    ///
    /// A user who has another role keeps it, and the call ends in a conflict: a user has exactly
    /// one role in an organization and at most one in an environment (*documented*), so giving this
    /// role would replace the other. [`ensure_role`](Self::ensure_role) replaces it.
    ///
    /// A role matches by its id, or by its name if no id was given. The user must be given by id: a
    /// name does not identify a user. Ids are compared case-sensitively. The API cannot add members
    /// to an organization (*documented*); what the service does with a PUT for a user who is not in
    /// the organization's list is not documented.
    ///
    /// `AlreadyExisted` and `Indeterminate` hold the membership as it was read. `Created(None)`
    /// means that the service reported success (its response shows no membership), and that the
    /// list showed no role of the user before. After an unknown outcome the client reads the list
    /// again. In an organization it then repeats the PUT, which is idempotent, if the user still
    /// has no role. In an environment it does not repeat the POST: after an error with an unknown
    /// outcome the role may still appear.
    ///
    /// The API has no conditional write. The client does not see a role that another caller gives
    /// between the read and the change (which may wait for a rate limit):
    ///
    /// * In an organization, concurrent calls for the same role may both return `Created`; for
    ///   different roles the last write wins.
    /// * In an environment, of two concurrent calls for the same role one returns `Created`, the
    ///   other `Created`, `AlreadyExisted` or `Indeterminate`. For different roles one of the two
    ///   stays, and the other call ends in a conflict or returns `Created` too: what the service
    ///   does with a second POST is not documented. Therefore the client reads the list after a
    ///   refused POST, unless the refusal is about credentials, permissions or rate limits.
    ///
    /// # Undocumented
    /// In an environment this uses [`create`](Self::create), whose request line is inferred.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the user has another role, with a
    /// [`Mismatch<NewRoleAssignment, Option<OrganizationMembership>>`](crate::Mismatch), or with
    /// `EnvironmentMembership` for an environment; an invalid-request error for a user without an
    /// id; otherwise those of [`list`](Self::list) and of the call that gives the role.
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
    /// let assignments = fake.client()?.organization("org-1").role_assignments();
    /// let desired = NewRoleAssignment::new(RoleRef::id("r-1")?, UserRef::id("u-1")?);
    /// assert_eq!(assignments.ensure(&desired).await?, Ensured::Created(None));
    /// assert!(matches!(assignments.ensure(&desired).await?, Ensured::AlreadyExisted(Some(_))));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn ensure(&self, new: &NewRoleAssignment) -> Call<Ensured<Option<M>>> {
        let (assignments, new) = (self.clone(), new.clone());
        self.transport.ensure(EnsureRole::<M, false> { assignments, new })
    }

    /// Ensures that a user has this role in place of any other: reads [`list`](Self::list), gives
    /// the role as [`ensure`](Self::ensure) does to a user who has none, and replaces another role
    /// by [`assign`](Self::assign). The result names the replaced role.
    ///
    /// In an environment, the list decides between POST (no role yet) and PUT (has a role), because
    /// the response to the other case is not documented. Users and roles are compared as in
    /// [`ensure`](Self::ensure).
    ///
    /// After an unknown outcome the client reads the list again. It repeats a PUT that replaces a
    /// role if the user still has the role that was read first; it does not repeat a POST. If the
    /// list then shows a role that another caller gave meanwhile, the call ends in a conflict and
    /// does not replace it. If the list does not show that role yet, the last write wins: the API
    /// has no conditional write.
    ///
    /// An organization must keep at least one owner (*documented*): expect a refusal for the last
    /// one.
    ///
    /// # Undocumented
    /// In an environment this uses [`create`](RoleAssignments::create), whose request line is
    /// inferred.
    ///
    /// # Errors
    /// Those of [`ensure`](Self::ensure); a conflict means that another caller gave a role
    /// meanwhile.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::EnsuredRole;
    /// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// let assignments = fake.client()?.organization("org-1").role_assignments();
    /// let role = |id| Ok::<_, rolecall::Error>(NewRoleAssignment::new(RoleRef::id(id)?, UserRef::id("u-1")?));
    /// assignments.ensure_role(&role("r-1")?).await?;
    /// let EnsuredRole::Given { replaced: Some(before) } = assignments.ensure_role(&role("r-2")?).await? else {
    ///     panic!("it had another role");
    /// };
    /// assert_eq!(before.role.and_then(|role| role.id).as_deref(), Some("r-1"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn ensure_role(&self, new: &NewRoleAssignment) -> Call<EnsuredRole<M>> {
        let (assignments, new) = (self.clone(), new.clone());
        let desired = EnsureRole::<M, true> { assignments, new };
        self.transport.ensure_with(desired, |ensured, replaced| {
            EnsuredRole::new(&ensured, replaced.flatten())
        })
    }

    /// Returns the memberships of this user. (The service allows one role per user, but a list may
    /// hold more.)
    pub(super) async fn of_user(&self, user: &UserRef, session: &Session) -> Result<Vec<M>, Error> {
        let rule = "must be given: a name does not identify a user";
        let id = user.get_id().ok_or_else(|| Error::invalid("user.id", rule))?;
        let mut memberships = self.list().within(session).items().try_collect().await?;
        // No document says that ids are case-insensitive.
        memberships.retain(|membership| membership.parts().0.id == id);
        Ok(memberships)
    }
}

impl RoleAssignments<OrganizationMembership> {
    /// Removes a user from the organization, which takes away more than the role: `DELETE
    /// /v1/organizations/{organizationId}/role-assignment`, with the user in the body (method, path
    /// and body inferred).
    ///
    /// # Undocumented
    /// The vendor's table of tools names the operation, a delete, and says that it removes the user
    /// from the organization. That it is a DELETE at this path with this body is inferred from
    /// [`delete`](RoleAssignments::delete) in an environment, and so is success under 200 or 201.
    /// Only owners change roles in an organization (*documented*), so presumably only they may
    /// remove a member. An organization must keep at least one owner (*documented*): expect a
    /// refusal for the last one. The API cannot add members to an organization (*documented*): a
    /// removed user returns only by an invitation in the dashboard.
    ///
    /// Retried after transient failures, like a delete in an environment. How the service responds
    /// if the user is not a member is not known:
    /// [`ensure_member_absent`](Self::ensure_member_absent) reads before and after the request.
    ///
    /// # Errors
    /// Those of [`assign`](Self::assign).
    pub fn remove_member(&self, user: &UserRef) -> Call<AssignRoleResponse> {
        let place = &self.place;
        self.transport.call(&DeleteAssignment::<OrganizationMembership> { place, user })
    }

    /// Ensures that a user is not a member of the organization: reads [`list`](Self::list), calls
    /// [`remove_member`](Self::remove_member) for a member, and reads the list again, also after a
    /// success. The user is identified as in [`ensure`](Self::ensure).
    ///
    /// `Deleted` means that the service reported success and that the list no longer shows the
    /// user. Roles in environments are separate (*documented* of roles): whether a removed user
    /// keeps them is not documented, so delete them first
    /// ([`ensure_absent`](RoleAssignments::ensure_absent)).
    ///
    /// # Undocumented
    /// This uses [`remove_member`](Self::remove_member), whose request is inferred.
    ///
    /// # Errors
    /// Those of [`list`](Self::list) and of [`remove_member`](Self::remove_member);
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) with an unknown outcome if the service
    /// reported success and the user is still listed. An invalid-request error for a user without an id.
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
    /// let assignments = fake.client()?.organization("org-1").role_assignments();
    /// let user = UserRef::id("u-1")?;
    /// assignments.assign(&NewRoleAssignment::new(RoleRef::name("member")?, user.clone())).await?;
    /// assert_eq!(assignments.ensure_member_absent(&user).await?, EnsuredAbsent::Deleted);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn ensure_member_absent(&self, user: &UserRef) -> Call<EnsuredAbsent> {
        self.transport.ensure_absent(EnsureNoRole { assignments: self.clone(), user: user.clone() })
    }
}

impl RoleAssignments<EnvironmentMembership> {
    /// Gives a role to a user who has none in the environment:
    /// `POST /v1/environments/{environmentId}/role-assignment`. The caller must be an owner or
    /// admin (*documented*).
    ///
    /// Not retried once the service may have processed it. How the service responds if the user
    /// already has a role is not known.
    ///
    /// # Undocumented
    /// The vendor's page does not show the request line: that this is a POST to this path is
    /// inferred from the page's title and its neighbours, as is success under 200 or 201.
    /// [`assign`](Self::assign) is fully documented.
    ///
    /// Source: <https://docs.redoxengine.com/permalink/3772a5ac-b389-5e6e-89c4-a3ab30569b43-post-env-role>.
    ///
    /// # Errors
    /// Those of [`assign`](Self::assign). To reconcile an unknown outcome, read
    /// [`list`](Self::list).
    pub fn create(&self, new: &NewRoleAssignment) -> Call<AssignRoleResponse> {
        let place = &self.place;
        self.transport.call(&AssignRole::<EnvironmentMembership, true, true> { place, new })
    }

    /// Deletes the role of a user in the environment:
    /// `DELETE /v1/environments/{environmentId}/role-assignment`, with the user in the body
    /// (*documented*; success under 200 or 201 is inferred). The caller must be an owner or admin
    /// (*documented*).
    ///
    /// Deletion is idempotent, so it is retried after transient failures. How the service responds
    /// if the user has no role is not known, and neither is its response to a retry after a first
    /// attempt that arrived: an error after more than one attempt has an unknown outcome. To
    /// reconcile it, read [`list`](Self::list).
    ///
    /// Source: <https://docs.redoxengine.com/permalink/9a482386-b85b-5cf3-925b-3ff6b9cbc178-delete-env-role>.
    ///
    /// # Errors
    /// Those of [`assign`](Self::assign).
    pub fn delete(&self, user: &UserRef) -> Call<AssignRoleResponse> {
        let place = &self.place;
        self.transport.call(&DeleteAssignment::<EnvironmentMembership> { place, user })
    }

    /// Ensures that a user has no role in the environment: reads [`list`](Self::list), and calls
    /// [`delete`](Self::delete) if the user has one. If the outcome is unknown, the client reads
    /// the list again. The user is identified as in [`ensure`](Self::ensure).
    ///
    /// `Deleted` means that the service reported success, and that the list showed a role of the
    /// user before. Another caller may give the user a role right afterwards. Concurrent deletes
    /// each return one of the three results; how the service responds to the later one is not
    /// documented.
    ///
    /// # Errors
    /// Those of [`list`](Self::list), so that an unknown environment is an error and not an
    /// absence, and those of [`delete`](Self::delete), after which the user may still have the
    /// role. An invalid-request error for a user without an id.
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
    /// let assignments = fake.client()?.environment("env-1").role_assignments();
    /// let user = UserRef::id("u-1")?;
    /// assignments.create(&NewRoleAssignment::new(RoleRef::id("r-1")?, user.clone())).await?;
    /// assert_eq!(assignments.ensure_absent(&user).await?, EnsuredAbsent::Deleted);
    /// assert_eq!(assignments.ensure_absent(&user).await?, EnsuredAbsent::AlreadyAbsent);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn ensure_absent(&self, user: &UserRef) -> Call<EnsuredAbsent> {
        self.transport.ensure_absent(EnsureNoRole { assignments: self.clone(), user: user.clone() })
    }
}

/// What memberships of organizations and of environments have in common.
pub trait Membership: Clone + fmt::Debug + DeserializeOwned + Send + Sync + 'static {
    /// The id of the organization or environment.
    type Place: AsRef<str> + Clone + fmt::Debug + Send + Sync + 'static;

    const SCOPE: ScopeKind;
    const LIST: Spec;
    /// Gives a user a role, in place of any other.
    const ASSIGN: Spec;
    /// Gives a role to a user who has none.
    const ADD: Spec;
    /// Whether [`ADD`](Self::ADD) is idempotent.
    const REPEATABLE: bool;
    /// Takes a user's role away; in an organization, the membership.
    const DELETE: Spec;
    /// Whether a delete that was reported as done is confirmed by reading.
    const CONFIRMS_DELETE: bool;
    /// The names of [`RoleAssignments::ensure`], [`RoleAssignments::ensure_role`], and of what ensures
    /// the absence.
    const ENSURE: &'static str;
    const ENSURE_ROLE: &'static str;
    const ENSURE_ABSENT: &'static str;

    /// Returns the user, the role and the place.
    fn parts(&self) -> (&Member, Option<&Reference>, Option<&Reference>);
}

const ORGANIZATION: &[&str] = &["/v1/organizations/{organizationId}/role-assignment"];
const ENVIRONMENT: &[&str] = &["/v1/environments/{environmentId}/role-assignment"];

impl Membership for OrganizationMembership {
    type Place = OrganizationId;

    const SCOPE: ScopeKind = ScopeKind::Organization;
    const LIST: Spec = Spec::get("redox role-assignment.list", ORGANIZATION);
    const ASSIGN: Spec = Spec::put("redox role-assignment.assign", ORGANIZATION);
    const ADD: Spec = Self::ASSIGN;
    const REPEATABLE: bool = true;
    const DELETE: Spec = Spec::delete("redox role-assignment.remove_member", ORGANIZATION);
    // The call is inferred.
    const CONFIRMS_DELETE: bool = true;
    const ENSURE: &'static str = "redox role-assignment.ensure";
    const ENSURE_ROLE: &'static str = "redox role-assignment.ensure_role";
    const ENSURE_ABSENT: &'static str = "redox role-assignment.ensure_member_absent";

    fn parts(&self) -> (&Member, Option<&Reference>, Option<&Reference>) {
        (&self.user, self.role.as_ref(), self.organization.as_ref())
    }
}

impl Membership for EnvironmentMembership {
    type Place = EnvironmentId;

    const SCOPE: ScopeKind = ScopeKind::Environment;
    const LIST: Spec = Spec::get("redox environment-role-assignment.list", ENVIRONMENT);
    const ASSIGN: Spec = Spec::put("redox environment-role-assignment.assign", ENVIRONMENT);
    const ADD: Spec = Spec::post("redox environment-role-assignment.create", ENVIRONMENT);
    // What a second POST does is not documented.
    const REPEATABLE: bool = false;
    const DELETE: Spec = Spec::delete("redox environment-role-assignment.delete", ENVIRONMENT);
    const CONFIRMS_DELETE: bool = false;
    const ENSURE: &'static str = "redox environment-role-assignment.ensure";
    const ENSURE_ROLE: &'static str = "redox environment-role-assignment.ensure_role";
    const ENSURE_ABSENT: &'static str = "redox environment-role-assignment.ensure_absent";

    fn parts(&self) -> (&Member, Option<&Reference>, Option<&Reference>) {
        (&self.user, self.role.as_ref(), self.environment.as_ref())
    }
}

/// The list of memberships; see [`RoleAssignments::list`].
#[derive(Clone, Debug)]
pub struct ListMemberships<M: Membership> {
    place: Arg<M::Place>,
}

impl<M: Membership> Operation for ListMemberships<M> {
    type Service = Redox;
    type Output = Envelope<Memberships<M>>;
    const SPEC: Spec = M::LIST.success(SUCCESS);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(&self.place)?])
    }

    fn decode(response: &http::Response<Bytes>) -> Result<Self::Output, DecodeError> {
        decode(response)
    }
}

impl<M: Membership> ListOperation for ListMemberships<M> {
    type Item = M;

    fn seek(&mut self, _: &str) -> Result<(), Error> {
        Err(Error::invalid("position", "is not of this list"))
    }

    fn page(&self, output: Self::Output, _: &HeaderMap) -> ListPage<M> {
        only_page(output.payload.memberships)
    }

    fn key(membership: &M) -> String {
        membership.parts().0.id.clone()
    }
}

/// `ADD` says whether the user must have no role yet; `ONCE`, whether it is not retried where the
/// outcome is unknown: another caller may have given the user another role meanwhile.
pub(super) struct AssignRole<'a, M: Membership, const ADD: bool, const ONCE: bool> {
    pub(super) place: &'a Arg<M::Place>,
    pub(super) new: &'a NewRoleAssignment,
}

impl<M: Membership, const ADD: bool, const ONCE: bool> Operation for AssignRole<'_, M, ADD, ONCE> {
    type Service = Redox;
    type Output = AssignRoleResponse;
    const SPEC: Spec = {
        let spec = if ADD { M::ADD } else { M::ASSIGN }.success(SUCCESS).confirmed_by_body();
        if ONCE { spec.idempotency(Idempotency::NonIdempotent) } else { spec }
    };

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(self.place)?])
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.new)
    }

    fn decode(response: &http::Response<Bytes>) -> Result<Self::Output, DecodeError> {
        decode(response)
    }
}

pub(super) struct DeleteAssignment<'a, M: Membership> {
    pub(super) place: &'a Arg<M::Place>,
    pub(super) user: &'a UserRef,
}

impl<M: Membership> Operation for DeleteAssignment<'_, M> {
    type Service = Redox;
    type Output = AssignRoleResponse;
    // What a second response says is unknown, so no refusal counts as this call's own effect.
    const SPEC: Spec = M::DELETE.success(SUCCESS).confirmed_by_body();

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(self.place)?])
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(&BTreeMap::from([("user", self.user)]))
    }

    fn decode(response: &http::Response<Bytes>) -> Result<Self::Output, DecodeError> {
        decode(response)
    }
}
