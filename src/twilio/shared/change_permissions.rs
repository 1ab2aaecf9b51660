//! Single permissions of a role, which the service can only replace as a whole.

use serde::Serialize;

use super::{KeepsRoles, Resources, Role, RoleSid};
use crate::error::{Error, ErrorKind};
use crate::model::{Arg, arg};
use crate::transport::{Call, Session};

/// A role after a change of single permissions, and what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PermissionsChanged {
    /// The role as it is now: as the service returned it after the update, or as it was read where
    /// there was nothing to change.
    pub role: Role,
    /// The permissions that [`role`](Self::role) has and that it did not have when it was read: as
    /// the service returned it, not as requested. Where the response has no permissions (they are
    /// documented as nullable), those that were sent count.
    pub added: Vec<String>,
    /// The permissions that the role had when it was read, and that [`role`](Self::role) does not
    /// have. Where the response has no permissions, those that were sent count.
    pub removed: Vec<String>,
}

impl PermissionsChanged {
    /// Returns whether the role has the permissions that it had when it was read: there was nothing
    /// to change, so that nothing was sent, or the service returned the role without the change.
    pub fn is_unchanged(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl<P: KeepsRoles> Resources<P, Role> {
    /// Adds permissions to a role and leaves the others as they are: [`get`](Self::get), then
    /// [`update`](Self::update), unless the role has them all (both *documented*).
    ///
    /// The API has no conditional write: **a change that another caller makes between the two
    /// requests is lost**, or this one is, without an error for either caller.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] before anything is sent if a permission is empty;
    /// [`ErrorKind::Decode`] if the role came without permissions, which are documented as
    /// nullable, so that an update could remove some; else those of the two calls.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioChatFake;
    /// use rolecall::twilio::chat::{NewRole, RoleType, permission};
    ///
    /// let fake = TwilioChatFake::start().await?;
    /// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles();
    /// let new = NewRole::new("reader", RoleType::Channel, [permission::LEAVE_CHANNEL])?;
    /// let sid = roles.create(&new).await?.sid.ok_or("no SID")?;
    /// let changed = roles.add_permissions(&sid, ["leaveChannel", "sendMessage"]).await?;
    /// assert_eq!(changed.added, ["sendMessage"]);
    /// let changed = roles.remove_permissions(&sid, ["sendMessage"]).await?;
    /// assert_eq!(changed.removed, ["sendMessage"]);
    /// assert!(roles.remove_permissions(&sid, ["sendMessage"]).await?.is_unchanged());
    /// assert!(roles.remove_permissions(&sid, ["leaveChannel"]).await.is_err());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn add_permissions(
        &self,
        sid: impl TryInto<RoleSid, Error: Into<Error>>,
        permissions: impl IntoIterator<Item: Into<String>>,
    ) -> Call<PermissionsChanged> {
        let add = permissions.into_iter().map(Into::into).collect();
        let change = Change { sid: arg(sid), add, remove: Vec::new() };
        self.change(P::ADD_PERMISSIONS, change)
    }

    /// Removes permissions from a role and leaves the others as they are: [`get`](Self::get), then
    /// [`update`](Self::update), unless the role has none of them (both *documented*).
    ///
    /// The API has no conditional write: **a change that another caller makes between the two
    /// requests is lost**, or this one is, without an error for either caller.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] before anything is sent if a permission is empty, and before
    /// the update is sent if none would be left, which the service refuses; [`ErrorKind::Decode`]
    /// if the role came without permissions; else those of the two calls.
    pub fn remove_permissions(
        &self,
        sid: impl TryInto<RoleSid, Error: Into<Error>>,
        permissions: impl IntoIterator<Item: Into<String>>,
    ) -> Call<PermissionsChanged> {
        let remove = permissions.into_iter().map(Into::into).collect();
        let change = Change { sid: arg(sid), add: Vec::new(), remove };
        self.change(P::REMOVE_PERMISSIONS, change)
    }

    fn change(&self, name: &'static str, change: Change) -> Call<PermissionsChanged> {
        let roles = self.clone();
        self.transport.steps(name, move |session| async move {
            change.make(&roles, &session).await.map_err(|error| error.or_operation(name))
        })
    }
}

struct Change {
    sid: Arg<RoleSid>,
    add: Vec<String>,
    remove: Vec<String>,
}

impl Change {
    /// Reads the role, and updates it if something is to be changed.
    async fn make<P: KeepsRoles>(
        self,
        roles: &Resources<P, Role>,
        session: &Session,
    ) -> Result<PermissionsChanged, Error> {
        let sid = self.sid?;
        if self.add.iter().chain(&self.remove).any(String::is_empty) {
            return Err(Error::invalid("Permission", "must never be empty"));
        }
        let role = session.send(roles.get(&sid)).await?;
        let Some(held) = &role.permissions else {
            return Err(Error::new(ErrorKind::Decode)
                .with_detail("permissions: null, so they cannot be changed one by one"));
        };
        let mut desired = missing(held, &self.remove);
        for one in self.add {
            if !desired.contains(&one) {
                desired.push(one);
            }
        }
        if desired == *held {
            return Ok(PermissionsChanged { role, added: Vec::new(), removed: Vec::new() });
        }
        if desired.is_empty() {
            let rule = "must not all be removed: the service refuses a role without any";
            return Err(Error::invalid("Permission", rule));
        }
        let updated = session.send(roles.update(&sid, &desired)).await?;
        let now = updated.permissions.as_ref().unwrap_or(&desired);
        let (added, removed) = (missing(now, held), missing(held, now));
        Ok(PermissionsChanged { role: updated, added, removed })
    }
}

/// Returns those of `all` that `others` lacks.
fn missing(all: &[String], others: &[String]) -> Vec<String> {
    all.iter().filter(|one| !others.contains(one)).cloned().collect()
}
