//! Roles: named lists of permissions.

use std::collections::HashSet;

use bytes::Bytes;

use super::operations::{Delete, Fetch};
use super::{Form, Keeps, Kept, Request, Resources, RoleSid, ServiceSid, decode_thing, thing};
use crate::access::{ReadRoles, RoleDefinition, Vendor};
use crate::declare::getters;
use crate::error::Error;
use crate::model::{Arg, Timestamp, arg, open_enum, text};
use crate::operation::{Body, DecodeError, Operation, Spec};
use crate::transport::{
    BoxFuture, Call, Desired, Ensured, EnsuredAbsent, Finding, Found, Items, Position, Session,
    Unwanted,
};
use crate::twilio::error::{ErrorCode, is_not_found_by};
use crate::twilio::{AccountSid, canonical};

/// How a product changes and ensures roles. It has no use outside this crate.
pub trait KeepsRoles: Keeps<Role> {
    const UPDATE: Spec;
    const ENSURE: &'static str;
    const ENSURE_ABSENT: &'static str;
    const ADD_PERMISSIONS: &'static str;
    const REMOVE_PERMISSIONS: &'static str;
}

struct UpdateRole<'a, P>(Request<'a, P, Role>);

impl<P: KeepsRoles> Operation for UpdateRole<'_, P> {
    type Service = P;
    type Output = Role;
    const SPEC: Spec = P::UPDATE;

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.0.path.clone()
    }

    fn body(&self) -> Result<Body, Error> {
        self.0.body.clone()
    }

    fn decode(response: &http::Response<Bytes>) -> Result<Role, DecodeError> {
        decode_thing(response.body())
    }
}

impl<P: KeepsRoles> Resources<P, Role> {
    /// Updates a role: **replaces all its permissions** by these. `POST {roles}/{Sid}`, 200
    /// (*documented*). Name and type of a role cannot be changed.
    ///
    /// Not retried when its outcome is unknown: a late second attempt would undo what another
    /// caller changed meanwhile.
    ///
    /// To change single permissions, use [`add_permissions`](Self::add_permissions) and
    /// [`remove_permissions`](Self::remove_permissions).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent if
    /// there is no permission, or an empty one; those of [`get`](Self::get).
    pub fn update(
        &self,
        sid: impl TryInto<RoleSid, Error: Into<Error>>,
        permissions: impl IntoIterator<Item: Into<String>>,
    ) -> Call<Role> {
        let permissions: Vec<String> = permissions.into_iter().map(Into::into).collect();
        let sid = arg::<RoleSid>(sid);
        let request = Request { body: permissions_body(&permissions), ..self.one(&sid) };
        self.transport.call(&UpdateRole(request))
    }

    /// Ensures that a role with this name, type and set of permissions (in any order) exists: lists
    /// the roles, and creates one if none has the name.
    ///
    /// Whether the service refuses a second role with the same name is unknown. Therefore nothing
    /// is created if the list has the name, and a create whose outcome is unknown is not repeated:
    /// the client lists the roles again and, if the role is not among them, returns the create's
    /// error. Two concurrent calls can both find no role. Then there may be two roles or, if the
    /// service refuses the second with 409, one, which the other call finds. More than 100 roles
    /// (50 at Conversations) come in pages, and which roles the pages omit while others are deleted
    /// is not documented: an omitted role counts as absent, so that a second one may be created.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the name is taken by a role of
    /// another type or with other permissions, with a [`Mismatch<NewRole, Role>`](crate::Mismatch);
    /// otherwise those of [`list`](Self::list) and [`create`](Self::create).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioChatFake;
    /// use rolecall::twilio::chat::{NewRole, RoleType};
    /// use rolecall::{Ensured, EnsuredAbsent};
    ///
    /// let fake = TwilioChatFake::start().await?;
    /// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles();
    /// let desired = NewRole::new("reader", RoleType::Channel, ["leaveChannel"])?;
    /// assert!(matches!(roles.ensure(&desired).await?, Ensured::Created(_)));
    /// let ensured = roles.ensure(&desired).await?;
    /// assert!(matches!(ensured, Ensured::AlreadyExisted(_)));
    /// let sid = ensured.into_inner().sid.ok_or("no SID")?;
    /// assert_eq!(roles.ensure_absent(&sid).await?, EnsuredAbsent::Deleted);
    /// assert_eq!(roles.ensure_absent(&sid).await?, EnsuredAbsent::AlreadyAbsent);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn ensure(&self, new: &NewRole) -> Call<Ensured<Role>> {
        self.transport.ensure(EnsureRole { roles: self.clone(), new: new.clone() })
    }

    /// Ensures that no role has this SID: deletes it, and reads if the outcome is unknown.
    ///
    /// The codes 50100, 50101 and 50109 (*observed*: there is no such role, channel role or
    /// conversation role) count as absent. The common 20404 does not say what was not found: it
    /// counts as absent if the [list](Self::list) of the roles can be read and does not have the
    /// role. Two concurrent calls may each return `Deleted` or `AlreadyAbsent`.
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete), [`get`](Self::get) and [`list`](Self::list); the role may
    /// still exist. An unknown Chat service (50050, *observed*) is one of them, and so is every
    /// other "not found".
    pub fn ensure_absent(
        &self,
        sid: impl TryInto<RoleSid, Error: Into<Error>>,
    ) -> Call<EnsuredAbsent> {
        self.transport.ensure_absent(EnsureNoRole { roles: self.clone(), sid: arg(sid) })
    }
}

/// A role with a name, for [`Resources::ensure`].
struct EnsureRole<P> {
    roles: Resources<P, Role>,
    new: NewRole,
}

impl<P: KeepsRoles> Desired for EnsureRole<P> {
    type Item = Role;
    type Created = Role;
    type Request = NewRole;
    const NAME: &'static str = P::ENSURE;
    // Whether the service refuses a second role with the same name is unknown.
    const REPEATABLE: bool = false;

    fn request(&self) -> &NewRole {
        &self.new
    }

    fn create(&self) -> Call<Role> {
        self.roles.create(&self.new)
    }

    fn created(&self, created: Role) -> Result<Role, Error> {
        Ok(created)
    }

    /// Reads all roles for one of this name, and prefers one that matches.
    fn find<'a>(&'a self, session: &'a Session) -> Finding<'a, Role> {
        Box::pin(async move {
            let mut roles = self.roles.list().page_size(P::MOST).within(session).items();
            let mut found = Found::Absent;
            while let Some(role) = roles.next().await.transpose()? {
                if self.new.matches(&role) {
                    return Ok(Found::Matching(role));
                }
                if role.friendly_name.as_ref() == Some(&self.new.friendly_name) {
                    found = Found::Different(role);
                }
            }
            Ok(found)
        })
    }
}

/// The absence of a role, for [`Resources::ensure_absent`].
struct EnsureNoRole<P> {
    roles: Resources<P, Role>,
    sid: Arg<RoleSid>,
}

impl<P: KeepsRoles> Unwanted for EnsureNoRole<P> {
    type Deleted = ();
    const NAME: &'static str = P::ENSURE_ABSENT;

    fn delete(&self) -> Call<()> {
        self.roles.transport.call(&Delete::<P, Role>(self.roles.one(&self.sid)))
    }

    fn find<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let get = self.roles.transport.call(&Fetch::<P, Role>(self.roles.one(&self.sid)));
            match session.send(get).await {
                Ok(_) => Ok(true),
                Err(error) if self.is_absent(&error) => Ok(false),
                Err(error) if self.may_be_absent(&error) => self.is_listed(error, session).await,
                Err(error) => Err(error),
            }
        })
    }

    fn is_absent(&self, refused: &Error) -> bool {
        Role::NOT_FOUND.iter().any(|code| is_not_found_by(refused, *code))
    }

    /// The unknown part may be the path.
    fn may_be_absent(&self, refused: &Error) -> bool {
        is_not_found_by(refused, ErrorCode::NOT_FOUND)
    }
}

impl<P: KeepsRoles> EnsureNoRole<P> {
    /// Looks in the list, where a "not found" does not say what was not found.
    async fn is_listed(&self, not_found: Error, session: &Session) -> Result<bool, Error> {
        let sid = text(&self.sid)?;
        let mut roles = self.roles.list().page_size(P::MOST).within(session).items();
        while let Some(role) = roles.next().await.transpose()? {
            match role.sid {
                Some(listed) if listed.as_str().eq_ignore_ascii_case(sid) => return Ok(true),
                Some(_) => {}
                // SIDs are documented as nullable, and this could be the role.
                None => return Err(not_found.with_remark("a role in the list has no SID")),
            }
        }
        Ok(false)
    }
}

open_enum! {
    /// What a role is for.
    RoleType {
        /// Members of a channel, as Chat calls it.
        Channel = "channel",
        /// Users of the whole service, as Chat calls it.
        Deployment = "deployment",
        /// Participants of a conversation: what Conversations calls a channel.
        Conversation = "conversation",
        /// Users of the whole service, as Conversations calls it.
        Service = "service",
    }
}

/// A role to be created.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct NewRole {
    friendly_name: String,
    kind: RoleType,
    permissions: Vec<String>,
}

impl NewRole {
    /// A role with a name of 1 to 64 characters, a type, and at least one permission. The
    /// permissions are sent in the given order.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule.
    pub fn new(
        friendly_name: impl Into<String>,
        kind: impl Into<RoleType>,
        permissions: impl IntoIterator<Item: Into<String>>,
    ) -> Result<Self, Error> {
        let (friendly_name, kind) = (friendly_name.into(), kind.into());
        let length = friendly_name.chars().count();
        if !(1..=64).contains(&length) {
            let rule = format!("must have 1 to 64 characters, got {length}");
            return Err(Error::invalid("FriendlyName", rule));
        }
        if kind.as_str().is_empty() {
            return Err(Error::invalid("Type", "must not be empty"));
        }
        let permissions: Vec<String> = permissions.into_iter().map(Into::into).collect();
        check_permissions(&permissions)?;
        Ok(Self { friendly_name, kind, permissions })
    }

    getters! {
        /// Returns the name.
        borrow friendly_name: str;

        /// Returns what the role is for.
        borrow kind: RoleType;

        /// Returns the permissions, in the order in which they are sent.
        borrow permissions: [String];
    }

    /// # Errors
    /// An invalid-request error if the type is one of the other product's.
    pub(in crate::twilio) fn check_type(&self, own: [RoleType; 2]) -> Result<(), Error> {
        if own.contains(&self.kind) || matches!(self.kind, RoleType::Unknown(_)) {
            return Ok(());
        }
        let [one, other] = own;
        Err(Error::invalid("Type", format!("must be {one} or {other} here, got {}", self.kind)))
    }

    /// Whether a role is as desired.
    fn matches(&self, role: &Role) -> bool {
        let set = |permissions: &[String]| permissions.iter().cloned().collect::<HashSet<_>>();
        role.friendly_name.as_ref() == Some(&self.friendly_name)
            && role.kind.as_ref() == Some(&self.kind)
            && role.permissions.as_deref().map(set) == Some(set(&self.permissions))
    }
}

impl Form for NewRole {
    fn pairs(&self) -> Vec<(&'static str, &str)> {
        let Self { friendly_name, kind, permissions } = self;
        let mut pairs = vec![("FriendlyName", friendly_name.as_str()), ("Type", kind.as_str())];
        pairs.extend(permissions.iter().map(|one| ("Permission", one.as_str())));
        pairs
    }
}

/// The body that replaces all permissions of a role.
///
/// # Errors
/// An invalid-request error if there is none, or an empty one.
fn permissions_body(permissions: &[String]) -> Result<Body, Error> {
    check_permissions(permissions)?;
    Body::form(&permissions.iter().map(|one| ("Permission", one.as_str())).collect::<Vec<_>>())
}

/// Checks for what the service refuses: no permission at all.
///
/// # Errors
/// An invalid-request error that names the rule.
fn check_permissions(permissions: &[String]) -> Result<(), Error> {
    if permissions.is_empty() || permissions.iter().any(String::is_empty) {
        return Err(Error::invalid("Permission", "must be given at least once, and never empty"));
    }
    Ok(())
}

thing! {
    /// A role. The vendor documents every field but the type as nullable; `sid` or `type` must be there.
    Role in "roles" known by "sid, type" = sid or kind {
        /// What identifies the role, `RL…`.
        sid: RoleSid,
        /// The account that the role belongs to.
        account_sid: AccountSid,
        /// The service, as Chat names it.
        service_sid: ServiceSid,
        /// The service, as Conversations names it.
        chat_service_sid: ServiceSid,
        /// The name.
        friendly_name: String,
        /// What the role is for.
        #[serde(rename = "type")]
        kind: RoleType,
        /// The permissions.
        permissions: Vec<String>,
        /// When it was created, in GMT.
        date_created: Timestamp,
        /// When it was last changed, in GMT.
        date_updated: Timestamp,
        /// The role's own address, as text: a malformed one breaks nothing.
        url: String,
    }
}

impl Kept for Role {
    type New = NewRole;
    type Key = RoleSid;
    type WriteKey = RoleSid;
    const NOT_FOUND: &'static [ErrorCode] = &[
        ErrorCode::CHAT_ROLE_NOT_FOUND,
        ErrorCode::CHAT_CHANNEL_ROLE_NOT_FOUND,
        ErrorCode::CONVERSATIONS_ROLE_NOT_FOUND,
    ];
}

/// The native value is a [`Role`].
impl<P: KeepsRoles> ReadRoles for Resources<P, Role> {
    fn read_roles_from(&self, position: Option<&Position>) -> Items<RoleDefinition> {
        self.list().from(position).items().map(|role: Role| {
            let mut shared = RoleDefinition::new(Vendor::Twilio).with_native(role.clone());
            shared.role.id = role.sid.map(|sid| canonical(sid.as_str()));
            shared.role.name = role.friendly_name;
            shared.permissions = role.permissions;
            shared
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_permissions_are_checked() {
        let long = "é".repeat(64);
        let _ = NewRole::new(long, RoleType::Channel, ["p"]).expect("64 characters are allowed");
        let none: [&str; 0] = [];
        for (name, kind, permissions, named) in [
            ("", "channel", &["p"][..], "FriendlyName: must have 1 to 64 characters, got 0"),
            (&"é".repeat(65), "channel", &["p"], "got 65"),
            ("n", "", &["p"], "Type: must not be empty"),
            ("n", "channel", &none, "Permission: must be given at least once"),
            ("n", "channel", &["p", ""], "Permission: must"),
        ] {
            let error = NewRole::new(name, kind, permissions.iter().copied()).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
