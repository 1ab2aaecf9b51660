//! Single permissions of a role, which the service can only replace as a whole.

use super::roles::{FetchRole, ReplacePermissions};
use super::{Role, RoleSid, Roles};
use crate::error::{Effect, Error, ErrorKind};
use crate::operation::Operation;

/// What became of a role whose permissions were to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PermissionsChanged {
    /// The role as it is now: as the service answered the change, or as it was read where there
    /// was nothing to change.
    pub role: Role,
    /// The permissions that [`role`](Self::role) has and that it did not have when it was read:
    /// what the service answered, not what was asked for. Where the answer has none (they are
    /// documented as nullable), those that were sent.
    pub added: Vec<String>,
    /// The permissions that the role had when it was read, and that [`role`](Self::role) does not
    /// have. Where the answer has none, those that were not sent any more.
    pub removed: Vec<String>,
}

impl PermissionsChanged {
    /// Whether the role has the permissions that it had when it was read: there was nothing to
    /// change, so that nothing was written, or the service answered without the change.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl Roles {
    /// Adds permissions to a role and leaves the others as they are:
    /// [`fetch`](Self::fetch), then [`replace_permissions`](Self::replace_permissions), unless the
    /// role has them all (both *documented*).
    ///
    /// The service knows no versions of a role: **a change that another caller makes between the
    /// two requests is lost**, and so may this one be, without an error at either side.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] before anything is sent if a permission is empty;
    /// [`ErrorKind::Decode`] if the role came without permissions, which are documented as
    /// nullable, so that writing could remove some; else those of the two calls.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioChatFake;
    /// use rolecall::twilio::chat::{NewRole, RoleType, permission};
    ///
    /// let fake = TwilioChatFake::start().await?;
    /// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?.roles();
    /// let wanted = NewRole::new("reader", RoleType::Channel, [permission::LEAVE_CHANNEL])?;
    /// let sid = roles.create(&wanted).await?.sid.ok_or("no SID")?;
    /// let changed = roles.add_permissions(&sid, ["leaveChannel", "sendMessage"]).await?;
    /// assert_eq!(changed.added, ["sendMessage"]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn add_permissions<P: Into<String>>(
        &self,
        sid: &RoleSid,
        permissions: impl IntoIterator<Item = P>,
    ) -> Result<PermissionsChanged, Error> {
        self.change(sid, permissions.into_iter().map(Into::into).collect(), Vec::new()).await
    }

    /// Removes permissions from a role and leaves the others as they are:
    /// [`fetch`](Self::fetch), then [`replace_permissions`](Self::replace_permissions), unless the
    /// role has none of them (both *documented*).
    ///
    /// The service knows no versions of a role: **a change that another caller makes between the
    /// two requests is lost**, and so may this one be, without an error at either side.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] before anything is sent if a permission is empty, and before
    /// anything is written if none would be left, which the service refuses;
    /// [`ErrorKind::Decode`] if the role came without permissions; else those of the two calls.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioChatFake;
    /// use rolecall::twilio::chat::{NewRole, RoleType};
    ///
    /// let fake = TwilioChatFake::start().await?;
    /// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?.roles();
    /// let wanted = NewRole::new("writer", RoleType::Channel, ["leaveChannel", "sendMessage"])?;
    /// let sid = roles.create(&wanted).await?.sid.ok_or("no SID")?;
    /// let changed = roles.remove_permissions(&sid, ["sendMessage"]).await?;
    /// assert_eq!(changed.removed, ["sendMessage"]);
    /// assert!(roles.remove_permissions(&sid, ["sendMessage"]).await?.is_unchanged());
    /// assert!(roles.remove_permissions(&sid, ["leaveChannel"]).await.is_err());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn remove_permissions<P: Into<String>>(
        &self,
        sid: &RoleSid,
        permissions: impl IntoIterator<Item = P>,
    ) -> Result<PermissionsChanged, Error> {
        self.change(sid, Vec::new(), permissions.into_iter().map(Into::into).collect()).await
    }

    /// Reads, merges and writes.
    async fn change(
        &self,
        sid: &RoleSid,
        add: Vec<String>,
        remove: Vec<String>,
    ) -> Result<PermissionsChanged, Error> {
        let refuse = |rule: &str| {
            Err(Error::invalid("Permission", rule).with_operation(ReplacePermissions::NAME))
        };
        if add.iter().chain(&remove).any(String::is_empty) {
            return refuse("must never be empty");
        }
        let role = self.fetch(sid).await?;
        let Some(held) = &role.permissions else {
            return Err(Error::new(ErrorKind::Decode)
                .with_effect(Effect::NotApplied)
                .with_operation(FetchRole::NAME)
                .with_detail("permissions: null, so they cannot be changed one by one"));
        };
        let (mut removed, mut kept): (Vec<_>, Vec<_>) =
            held.iter().cloned().partition(|one| remove.contains(one));
        let mut added: Vec<String> = Vec::new();
        for one in add {
            if !held.contains(&one) && !added.contains(&one) {
                added.push(one);
            }
        }
        kept.extend(added.iter().cloned());
        if added.is_empty() && removed.is_empty() {
            return Ok(PermissionsChanged { role, added, removed });
        }
        if kept.is_empty() {
            return refuse("must not all be removed: the service refuses a role without any");
        }
        let changed = self.replace_permissions(sid, kept).await?;
        if let Some(now) = &changed.permissions {
            added = now.iter().filter(|one| !held.contains(one)).cloned().collect();
            removed = held.iter().filter(|one| !now.contains(one)).cloned().collect();
        }
        Ok(PermissionsChanged { role: changed, added, removed })
    }
}
