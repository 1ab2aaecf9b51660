//! Whether somebody has a role already, by what the service lists.

use std::marker::PhantomData;

use http::Method;

use super::answer::{AssignRoleResponse, EnvironmentMembership, Member, OrganizationMembership};
use super::{NewRoleAssignment, Redox, Reference, RoleRef, UserRef};
use crate::error::{Effect, Error, ErrorKind};
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::Found;

/// What memberships of organizations and of environments have in common.
pub(super) trait Membership: Clone + Send + Sync + 'static {
    fn user(&self) -> &Member;
    fn role(&self) -> Option<&Reference>;
}

impl Membership for OrganizationMembership {
    fn user(&self) -> &Member {
        &self.user
    }

    fn role(&self) -> Option<&Reference> {
        self.role.as_ref()
    }
}

impl Membership for EnvironmentMembership {
    fn user(&self) -> &Member {
        &self.user
    }

    fn role(&self) -> Option<&Reference> {
        self.role.as_ref()
    }
}

/// The memberships of this user, who is given by id. That ids are the same without case is said
/// nowhere. (The service allows one role for each user, but a
/// list may not keep to that.)
pub(super) fn of_user<M: Membership>(memberships: &[M], user: &UserRef) -> Vec<M> {
    let is_it = |held: &&M| user.get_id().is_some_and(|id| held.user().id == id);
    memberships.iter().filter(is_it).cloned().collect()
}

/// Whether the user has the wanted role, another, or none.
pub(super) fn look<M: Membership>(
    memberships: &[M],
    wanted: &NewRoleAssignment,
) -> Found<Option<M>> {
    let mut own = of_user(memberships, wanted.user());
    if let Some(same) = own.iter().find(|held| is_role(held.role(), wanted.role())) {
        return Found::Same(Some(same.clone()));
    }
    match own.pop() {
        Some(other) => Found::Different(Some(other)),
        None => Found::Absent,
    }
}

/// A name is enough to ask the service, which resolves it by rules of its own, but not to say who is
/// meant in a list, nor that nobody is.
///
/// # Errors
/// An invalid-request error if the user is not given by id.
pub(super) fn check_user(user: &UserRef) -> Result<(), Error> {
    match user.get_id() {
        Some(_) => Ok(()),
        None => Err(Error::invalid("user.id", "must be given: a name does not tell who is meant")),
    }
}

/// By id, or by name where no id was given.
fn is_role(held: Option<&Reference>, wanted: &RoleRef) -> bool {
    match (wanted.get_id(), wanted.get_name()) {
        (Some(id), _) => held.and_then(|role| role.id.as_deref()) == Some(id),
        (None, Some(name)) => held.and_then(|role| role.name.as_deref()) == Some(name),
        (None, None) => false,
    }
}

/// A refusal of which the service does not document the meaning: the user may have a role already,
/// or none any more.
pub(super) fn is_open(error: &Error) -> bool {
    error.effect() == Effect::NotApplied
        && error.status().is_some()
        && matches!(
            error.kind(),
            ErrorKind::InvalidRequest
                | ErrorKind::NotFound
                | ErrorKind::AlreadyExists
                | ErrorKind::Conflict
                | ErrorKind::Rejected
        )
}

/// The same call, as `ensure` makes it. Its answer says that the call succeeded, and shows no
/// membership. Not even a PUT is repeated by itself: somebody else may have given the user another
/// role meanwhile, so the list is read before each try.
pub(super) struct Silent<O, M>(pub(super) O, pub(super) PhantomData<M>);

impl<O, M> Operation for Silent<O, M>
where
    O: Operation<Service = Redox, Answer = AssignRoleResponse>,
    M: Membership,
{
    type Service = Redox;
    type Answer = Option<M>;
    const NAME: &'static str = O::NAME;
    const METHOD: Method = O::METHOD;
    const SUCCESS: &'static [u16] = O::SUCCESS;
    const REPEAT: Repeat = Repeat::Once;
    const STATUS_CONFIRMS: bool = O::STATUS_CONFIRMS;

    fn path(&self) -> Path<'_> {
        self.0.path()
    }

    fn body(&self) -> Result<Body, Error> {
        self.0.body()
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        O::decode(answer).map(|_| None)
    }
}
