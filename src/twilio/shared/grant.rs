//! `ensure_role` and `revoke_role` for users, members and participants, who have exactly one role
//! each.

use std::sync::OnceLock;

use serde::Serialize;

use super::{Grants, Holder, Reader, Resources, RoleSid};
use crate::error::{Effect, Error, ErrorKind};
use crate::model::{Arg, arg, text};
use crate::transport::{Call, Desired, Ensured, EnsuredRole, Finding, Found, Mismatch, Session};

/// The result of a `revoke_role`, which replaces a role by the service's default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum RevokedRole {
    /// The holder had the role, and this call replaced it by the default.
    Revoked {
        /// The service's default role, which the holder has now.
        default: RoleSid,
    },
    /// The holder did not have the role before this call: nothing was changed.
    NotHeld,
    /// After an unknown outcome the holder was found without the role: this call or another one
    /// replaced it.
    Indeterminate {
        /// The service's default role, which this call may have set.
        default: RoleSid,
    },
}

impl<P: Grants<T>, T: Holder> Resources<P, T> {
    /// Ensures that the user, member or participant has this role: reads the holder, sets the role
    /// if it differs, and reads again after an unknown outcome.
    ///
    /// A holder has exactly one role, so this **replaces** it; the result names the replaced role.
    /// The client sends only `RoleSid` ([`set_role`](Self::set_role)). The change is idempotent
    /// (inferred), so it may be repeated. The API has no conditional write: a role that another
    /// caller gives after the read is replaced too, unless a later read shows it; then the call
    /// ends in a conflict.
    ///
    /// # Errors
    /// Those of [`get`](Self::get) and [`set_role`](Self::set_role). A holder that does not exist
    /// is one of them: this call creates none. [`ErrorKind::Conflict`] with a [`Mismatch<RoleSid,
    /// T>`](crate::Mismatch) if the response to the change, or a read after an unknown outcome,
    /// shows another role.
    pub fn ensure_role(
        &self,
        id: impl TryInto<T::Key, Error: Into<Error>>,
        role: impl TryInto<RoleSid, Error: Into<Error>>,
    ) -> Call<EnsuredRole<RoleSid>> {
        match Change::new(self.clone(), id, role) {
            Ok(change) => self.transport.ensure_with(EnsureRole(change), |ensured, before| {
                let replaced = before.and_then(|holder: T| holder.role_sid().cloned());
                EnsuredRole::new(&ensured, replaced)
            }),
            Err(error) => self.transport.refused(P::ENSURE_ROLE, error),
        }
    }

    /// Ensures that the user, member or participant does not have this role: if the holder has it,
    /// sets the service's default role in its place. The result names the default.
    ///
    /// A holder always has a role, so revoking a role means setting another one (inferred). The
    /// call reads the holder and, only if it has the role, the service's defaults; it then sends
    /// `RoleSid` alone, and reads again after an unknown outcome. It repeats the change only if the
    /// holder still has the role then. The API has no conditional write: a role that another caller
    /// gives between the read and the write is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] before anything is changed if the service has no applicable default
    /// role, or if the default is the role to be revoked: change the defaults, give another role by
    /// [`ensure_role`](Self::ensure_role), or [`delete`](Self::delete) the holder. A conflict with a
    /// [`Mismatch<RoleSid, T>`](crate::Mismatch) if the response to the change shows another role
    /// than the default. [`ErrorKind::Decode`] if the holder is read without a role, which is
    /// documented as nullable: whether it has the role is not known then. Otherwise those of
    /// [`get`](Self::get), of reading the defaults, and of [`update`](Self::update).
    pub fn revoke_role(
        &self,
        id: impl TryInto<T::Key, Error: Into<Error>>,
        role: impl TryInto<RoleSid, Error: Into<Error>>,
    ) -> Call<RevokedRole> {
        match Change::new(self.clone(), id, role) {
            Ok(change) => {
                let revoke = RevokeRole { change, default: OnceLock::new() };
                self.transport.ensure_with(revoke, |ensured, _| revoked(&ensured))
            }
            Err(error) => self.transport.refused(P::REVOKE_ROLE, error),
        }
    }
}

/// A change of one role.
struct Change<P, T> {
    holders: Resources<P, T>,
    id: Arg<String>,
    role: RoleSid,
    /// The id for writes: the holder's SID if the service returned it, since not every write takes
    /// another key.
    write_id: OnceLock<Arg<String>>,
}

impl<P: Grants<T>, T: Holder> Change<P, T> {
    /// # Errors
    /// That of an invalid id.
    fn new(
        holders: Resources<P, T>,
        id: impl TryInto<T::Key, Error: Into<Error>>,
        role: impl TryInto<RoleSid, Error: Into<Error>>,
    ) -> Result<Self, Error> {
        let id = text(&arg::<T::Key>(id))?.to_owned();
        Ok(Self { holders, id: Ok(id), role: arg(role)?, write_id: OnceLock::new() })
    }

    /// Reads the holder, and whether it has the role.
    async fn read(&self, session: &Session) -> Result<(T, bool), Error> {
        let holder = session.send(self.holders.get_by(&self.id)).await?;
        self.write_id.get_or_init(|| match holder.sid() {
            Some(sid) => Ok(sid.to_owned()),
            None => arg::<T::WriteKey>(text(&self.id)?).map(|key| key.as_ref().to_owned()),
        });
        let has_role = self.is_role(holder.role_sid());
        Ok((holder, has_role))
    }

    fn is_role(&self, role: Option<&RoleSid>) -> bool {
        same(role, Some(&self.role))
    }

    fn write_id(&self) -> &Arg<String> {
        self.write_id.get().unwrap_or(&self.id)
    }
}

/// The digits of a SID have no case.
fn same(one: Option<&RoleSid>, other: Option<&RoleSid>) -> bool {
    let digits = |sid: &RoleSid| sid.as_str().to_ascii_lowercase();
    one.map(digits) == other.map(digits)
}

/// The error of a response that shows another role than the one that was set.
fn contradicted<T: Holder>(set: &RoleSid, holder: T) -> Error {
    Mismatch::error(set.clone(), holder, Effect::Unknown)
}

/// The role that [`Resources::ensure_role`] gives.
struct EnsureRole<P, T>(Change<P, T>);

impl<P: Grants<T>, T: Holder> Desired for EnsureRole<P, T> {
    type Item = T;
    type Created = T;
    type Request = RoleSid;
    const NAME: &'static str = P::ENSURE_ROLE;
    const REPEATABLE: bool = true;
    const REPLACES: bool = true;

    fn request(&self) -> &RoleSid {
        &self.0.role
    }

    fn create(&self) -> Call<T> {
        self.0.holders.set_role_of(self.0.write_id(), &Ok(self.0.role.clone()))
    }

    fn is_same(first: &T, later: &T) -> bool {
        same(first.role_sid(), later.role_sid())
    }

    fn created(&self, holder: T) -> Result<T, Error> {
        // A response without a role proves nothing.
        match holder.role_sid() {
            Some(role) if !self.0.is_role(Some(role)) => Err(contradicted(&self.0.role, holder)),
            _ => Ok(holder),
        }
    }

    fn find<'a>(&'a self, session: &'a Session) -> Finding<'a, T> {
        Box::pin(async move {
            let (holder, has_role) = self.0.read(session).await?;
            Ok(if has_role { Found::Matching(holder) } else { Found::Different(holder) })
        })
    }
}

/// The absence of a role, for [`Resources::revoke_role`].
struct RevokeRole<P, T> {
    change: Change<P, T>,
    /// The service's default, where it was read.
    default: OnceLock<RoleSid>,
}

impl<P: Grants<T>, T: Holder> RevokeRole<P, T> {
    /// Reads the service's default.
    ///
    /// # Errors
    /// That of the read, or a conflict that says what to do instead.
    async fn read_default(&self, session: &Session) -> Result<RoleSid, Error> {
        let Resources { transport, place, .. } = &self.change.holders;
        let default = P::default_role(Reader { transport, session }, place, T::ROLE).await?;
        let what = match default {
            Some(default) if !self.change.is_role(Some(&default)) => return Ok(default),
            Some(_) => "the role to be revoked is the service's default",
            None => "the service has no default role to set in its place",
        };
        let instead = "change the service's defaults, give another role, or delete who holds it";
        Err(Error::new(ErrorKind::Conflict)
            .with_effect(Effect::NotApplied)
            .with_detail(format!("{what}: {instead}")))
    }
}

impl<P: Grants<T>, T: Holder> Desired for RevokeRole<P, T> {
    /// The holder, with or without the role; and the default if it was read.
    type Item = (T, Option<RoleSid>);
    type Created = T;
    type Request = RoleSid;
    const NAME: &'static str = P::REVOKE_ROLE;
    const REPEATABLE: bool = true;
    const REPLACES: bool = true;

    fn request(&self) -> &RoleSid {
        &self.change.role
    }

    /// A request without retries, so that a role that another caller gives meanwhile stays.
    fn create(&self) -> Call<T> {
        // `find_first` has read it.
        let default = self.default.get().unwrap_or(&self.change.role);
        self.change.holders.replace_role_of(self.change.write_id(), default)
    }

    /// Both have the role that is to be revoked.
    fn is_same(_: &Self::Item, _: &Self::Item) -> bool {
        true
    }

    fn created(&self, holder: T) -> Result<Self::Item, Error> {
        let Some(default) = self.default.get() else { return Ok((holder, None)) };
        // A response without a role proves nothing.
        match holder.role_sid() {
            role @ Some(_) if !same(role, Some(default)) => Err(contradicted(default, holder)),
            _ => Ok((holder, Some(default.clone()))),
        }
    }

    fn find<'a>(&'a self, session: &'a Session) -> Finding<'a, Self::Item> {
        Box::pin(async move {
            let (holder, has_role) = self.change.read(session).await?;
            if holder.role_sid().is_none() {
                return Err(Error::new(ErrorKind::Decode)
                    .with_detail("role_sid: null, so it is not known whether the role is held"));
            }
            let item = (holder, self.default.get().cloned());
            Ok(if has_role { Found::Different(item) } else { Found::Matching(item) })
        })
    }

    fn find_first<'a>(&'a self, session: &'a Session) -> Finding<'a, Self::Item> {
        Box::pin(async move {
            let found = self.find(session).await?;
            if matches!(found, Found::Different(_)) {
                let default = self.read_default(session).await?;
                self.default.get_or_init(|| default);
            }
            Ok(found)
        })
    }
}

fn revoked<T>(ensured: &Ensured<(T, Option<RoleSid>)>) -> RevokedRole {
    let default = ensured.get().1.clone();
    match (ensured, default) {
        (Ensured::Created(_), Some(default)) => RevokedRole::Revoked { default },
        (Ensured::Indeterminate(_), Some(default)) => RevokedRole::Indeterminate { default },
        // Without a default, nothing was to be changed.
        (Ensured::AlreadyExisted(_), _) | (_, None) => RevokedRole::NotHeld,
    }
}
