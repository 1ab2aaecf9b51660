//! `ensure`, `ensure_role`, `ensure_absent` and `ensure_member_absent`.

use super::response::AssignRoleResponse;
use super::role_assignments::{AssignRole, DeleteAssignment, Membership};
use super::{NewRoleAssignment, RoleAssignments, UserRef};
use crate::error::{Effect, Error, ErrorKind};
use crate::transport::{BoxFuture, Call, Desired, Finding, Found, Session, Unwanted};

/// A role of a user; `REPLACES` says whether it replaces another one.
pub(super) struct EnsureRole<M: Membership, const REPLACES: bool> {
    pub(super) assignments: RoleAssignments<M>,
    pub(super) new: NewRoleAssignment,
}

impl<M: Membership, const REPLACES: bool> Desired for EnsureRole<M, REPLACES> {
    type Item = Option<M>;
    type Created = AssignRoleResponse;
    type Request = NewRoleAssignment;
    const NAME: &'static str = if REPLACES { M::ENSURE_ROLE } else { M::ENSURE };
    const REPEATABLE: bool = M::REPEATABLE;
    const REPLACES: bool = REPLACES;

    fn request(&self) -> &NewRoleAssignment {
        &self.new
    }

    fn create(&self) -> Call<AssignRoleResponse> {
        let RoleAssignments { transport, place } = &self.assignments;
        transport.call(&AssignRole::<M, true, true> { place, new: &self.new })
    }

    fn replace(&self) -> Call<AssignRoleResponse> {
        let RoleAssignments { transport, place } = &self.assignments;
        transport.call(&AssignRole::<M, false, true> { place, new: &self.new })
    }

    /// Compares the roles alone: a login in between changes a membership.
    fn is_same(first: &Option<M>, later: &Option<M>) -> bool {
        let role = |held: &Option<M>| held.as_ref().and_then(|held| held.parts().1.cloned());
        role(first) == role(later)
    }

    /// The response shows no membership.
    fn created(&self, _: AssignRoleResponse) -> Result<Option<M>, Error> {
        Ok(None)
    }

    fn find<'a>(&'a self, session: &'a Session) -> Finding<'a, Option<M>> {
        Box::pin(async move {
            let mut own = self.assignments.of_user(self.new.user(), session).await?;
            let role = self.new.role();
            let matching =
                own.iter().position(|held| held.parts().1.is_some_and(|it| role.matches(it)));
            Ok(match matching {
                Some(matching) => Found::Matching(Some(own.swap_remove(matching))),
                None => own.pop().map_or(Found::Absent, |other| Found::Different(Some(other))),
            })
        })
    }

    fn may_exist(&self, refused: &Error) -> bool {
        !M::REPEATABLE && is_ambiguous(refused)
    }
}

/// That a user has no role.
pub(super) struct EnsureNoRole<M: Membership> {
    pub(super) assignments: RoleAssignments<M>,
    pub(super) user: UserRef,
}

impl<M: Membership> Unwanted for EnsureNoRole<M> {
    type Deleted = AssignRoleResponse;
    const NAME: &'static str = M::ENSURE_ABSENT;
    const LOOKS_FIRST: bool = true;
    const CONFIRMS: bool = M::CONFIRMS_DELETE;

    fn delete(&self) -> Call<AssignRoleResponse> {
        let RoleAssignments { transport, place } = &self.assignments;
        transport.call(&DeleteAssignment::<M> { place, user: &self.user })
    }

    fn find<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, Error>> {
        let own = self.assignments.of_user(&self.user, session);
        Box::pin(async move { Ok(!own.await?.is_empty()) })
    }

    /// "Not found" is not documented, and may be about something else than the user.
    fn may_be_absent(&self, refused: &Error) -> bool {
        is_ambiguous(refused)
    }
}

/// Whether a refusal may mean that the user has a role already, or none any more: what the service
/// says then is not documented.
fn is_ambiguous(refused: &Error) -> bool {
    use ErrorKind::{PermissionDenied, RateLimited, Unauthenticated};
    refused.effect() == Effect::NotApplied
        && refused.status().is_some_and(|status| status.is_client_error())
        && !matches!(refused.kind(), PermissionDenied | RateLimited | Unauthenticated)
}
