//! `/v2/Services/{ServiceSid}/Roles`.

use std::collections::HashSet;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::{AccountSid, RoleSid, ServiceSid, TwilioChat};
use crate::declare::getters;
use crate::error::Error;
use crate::model::{Arg, Timestamp, arg, open_enum, text};
use crate::operation::{Body, ListOperation, ListPage, Operation, Spec};
use crate::transport::{BoxFuture, Call, Desired, Ensured, EnsuredAbsent, Found, List};
use crate::transport::{Session, Transport, Unwanted};
use crate::twilio::error::{ErrorCode, is_not_found_by};
use crate::twilio::paging::{PageMeta, Paging};
use crate::twilio::shared::Place;

/// The roles of a Chat service.
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
/// for name in ["reader", "writer", "owner"] {
///     roles.create(&NewRole::new(name, RoleType::Channel, [permission::LEAVE_CHANNEL])?).await?;
/// }
/// let mut items = roles.list().page_size(2).items();
/// while let Some(role) = items.next().await.transpose()? {
///     println!("{:?} {:?}", role.sid, role.friendly_name);
/// }
/// assert_eq!(fake.received_count(), 5); // three creates, two pages
///
/// let sid = fake.roles()[0].sid.clone().ok_or("no SID")?;
/// let role = roles.update(&sid, [permission::SEND_MESSAGE]).await?;
/// assert_eq!(role.permissions.as_deref().unwrap(), ["sendMessage"]);
/// roles.delete(&sid).await?;
/// assert!(roles.get(&sid).await.unwrap_err().is_not_found());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Roles {
    pub(super) transport: Transport,
    pub(super) place: Place,
}

impl Roles {
    /// Creates a role: `POST /v2/Services/{ServiceSid}/Roles`, 201 (*documented*).
    ///
    /// Not retried when its outcome is unknown ("POST requests are not idempotent", the vendor
    /// says).
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
    ///
    /// # Errors
    /// The document declares no error; [`ServiceError`](crate::twilio::ServiceError) holds what the
    /// service sends, and its code decides the kind.
    pub fn create(&self, new: &NewRole) -> Call<Role> {
        self.transport.call(&CreateRole(self, new))
    }

    /// Lists the roles: `GET /v2/Services/{ServiceSid}/Roles`, 200 (*documented*).
    ///
    /// A page has 1 to 100 roles, at this service 50 if [`page_size`](List::page_size) is not set.
    ///
    /// The next page is found by the `PageToken` in the vendor's link to it, and by nothing else:
    /// the request goes to the client's own address, whatever host the link names, and a page
    /// number is never computed (the service refuses one without a token, *observed*). A link
    /// without a token is an error and not the end.
    ///
    /// A [`Position`](crate::Position) holds such a token. How long one is good for, and what it
    /// yields after changes, is not documented.
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
    pub fn list(&self) -> List<ListRoles> {
        self.transport.list(ListRoles { place: self.place.clone(), paging: Paging::default() })
    }

    /// Returns a role: `GET /v2/Services/{ServiceSid}/Roles/{Sid}`, 200 (*documented*).
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for an unknown role (50100, *observed*);
    /// the document declares no error.
    pub fn get(&self, sid: impl TryInto<RoleSid, Error: Into<Error>>) -> Call<Role> {
        self.transport.call(&GetRole(self, &arg(sid)))
    }

    /// Updates a role: gives it these permissions **in place of all it has**.
    /// `POST /v2/Services/{ServiceSid}/Roles/{Sid}`, 200 (*documented*). Name and type of a role
    /// cannot be changed.
    ///
    /// Not retried when its outcome is unknown: a late second attempt would undo what somebody else
    /// changed meanwhile.
    ///
    /// To change single permissions there are [`add_permissions`](Self::add_permissions) and
    /// [`remove_permissions`](Self::remove_permissions).
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
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
        self.transport.call(&UpdateRole(self, &arg(sid), &permissions))
    }

    /// Deletes a role: `DELETE /v2/Services/{ServiceSid}/Roles/{Sid}`, 204 (*documented*).
    ///
    /// Retried after transient failures. That there is no such role (50100, *observed*) is a
    /// success where it answers a repeated request: the first attempt deleted the role. Any other
    /// "not found" is an error then, whose outcome is unknown, and which
    /// [`ensure_absent`](Self::ensure_absent) reconciles.
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
    ///
    /// # Errors
    /// Those of [`get`](Self::get).
    pub fn delete(&self, sid: impl TryInto<RoleSid, Error: Into<Error>>) -> Call<()> {
        self.transport.call(&DeleteRole(self, &arg(sid)))
    }

    /// Ensures that there is a role of this name, type and set of permissions (their order does not
    /// count): lists the roles, and creates one where none has the name.
    ///
    /// Whether the service refuses a second role of a name is unknown. So nothing is created where
    /// the list has the name, and a create whose outcome is unknown is not repeated: the roles are
    /// listed again, and if the role is not among them, the create's error is returned. Two callers
    /// at once can both find nothing. Then there may be two roles, or, if the service refuses the
    /// second with 409, one, which the other caller finds. More than 100 roles come in pages, and
    /// what these leave out while others delete roles is not documented: a role that is left out
    /// counts as absent, so that a second one may be created.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the name is taken by a role of
    /// another type or with other permissions, with a [`Mismatch<NewRole, Role>`](crate::Mismatch);
    /// else those of [`list`](Self::list) and [`create`](Self::create).
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

    /// Ensures that there is no role of this SID: deletes it, and reads where the outcome is
    /// unknown.
    ///
    /// That there is no such role (50100, *observed*) counts as absent. The common 20404 does not
    /// say what was not found: it counts as absent where the [list](Self::list) of the roles can be
    /// read and does not have the role. Where two callers do this at once, each may get `Deleted`
    /// or `AlreadyAbsent`.
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete), [`get`](Self::get) and [`list`](Self::list); the role may
    /// still be there. An unknown Chat service (50050, *observed*) is one of them, and so is every
    /// other "not found".
    pub fn ensure_absent(
        &self,
        sid: impl TryInto<RoleSid, Error: Into<Error>>,
    ) -> Call<EnsuredAbsent> {
        self.transport.ensure_absent(EnsureNoRole { roles: self.clone(), sid: arg(sid) })
    }
}

const ROLES: &[&str] = &["/v2/Services/{ServiceSid}/Roles"];
const ROLE: &[&str] = &["/v2/Services/{ServiceSid}/Roles/{Sid}"];

struct CreateRole<'a>(&'a Roles, &'a NewRole);

impl Operation for CreateRole<'_> {
    type Service = TwilioChat;
    type Output = Role;
    const SPEC: Spec = Spec::post("twilio.chat roles.create", ROLES);

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.0.place.values(None)
    }

    fn body(&self) -> Result<Body, Error> {
        let NewRole { friendly_name, kind, permissions } = self.1;
        let mut pairs = vec![("FriendlyName", friendly_name.as_str()), ("Type", kind.as_str())];
        pairs.extend(permissions.iter().map(|one| ("Permission", one.as_str())));
        Body::form(&pairs)
    }
}

/// A page of roles; see [`Roles::list`].
#[derive(Clone, Debug)]
pub struct ListRoles {
    place: Place,
    paging: Paging,
}

/// The response to [`ListRoles`]. Without `roles` or `meta` it is an error: it would pass for an
/// empty list, or for the last page.
#[derive(Clone, Debug, Deserialize)]
pub struct RolePage {
    roles: Vec<Role>,
    meta: PageMeta,
}

impl Operation for ListRoles {
    type Service = TwilioChat;
    type Output = RolePage;
    const SPEC: Spec = Spec::get("twilio.chat roles.list", ROLES);

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.place.values(None)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        self.paging.query()
    }

    fn validate(&self) -> Result<(), Error> {
        self.paging.check(100)
    }
}

impl ListOperation for ListRoles {
    type Item = Role;

    fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        self.paging.seek(cursor)
    }

    fn set_page_size(&mut self, items: u32) {
        self.paging.size = Some(items);
    }

    fn page(&self, RolePage { roles, meta }: RolePage, _: &HeaderMap) -> ListPage<Role> {
        meta.page(roles)
    }

    fn key(role: &Role) -> String {
        // The SID is documented as nullable.
        role.sid.as_ref().map_or_else(|| format!("{role:?}"), ToString::to_string)
    }
}

struct GetRole<'a>(&'a Roles, &'a Arg<RoleSid>);

impl Operation for GetRole<'_> {
    type Service = TwilioChat;
    type Output = Role;
    const SPEC: Spec = Spec::get("twilio.chat roles.get", ROLE);

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.0.place.values(Some(text(self.1)?))
    }
}

struct UpdateRole<'a>(&'a Roles, &'a Arg<RoleSid>, &'a [String]);

impl Operation for UpdateRole<'_> {
    type Service = TwilioChat;
    type Output = Role;
    const SPEC: Spec = Spec::post("twilio.chat roles.update", ROLE).success(&[200]);

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.0.place.values(Some(text(self.1)?))
    }

    fn validate(&self) -> Result<(), Error> {
        check_permissions(self.2)
    }

    fn body(&self) -> Result<Body, Error> {
        let pairs: Vec<_> = self.2.iter().map(|one| ("Permission", one.as_str())).collect();
        Body::form(&pairs)
    }
}

struct DeleteRole<'a>(&'a Roles, &'a Arg<RoleSid>);

impl Operation for DeleteRole<'_> {
    type Service = TwilioChat;
    type Output = ();
    const SPEC: Spec = Spec::delete("twilio.chat roles.delete", ROLE);

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.0.place.values(Some(text(self.1)?))
    }

    fn refused_by_own_effect(refused: &Error) -> Option<()> {
        is_not_found_by(refused, ErrorCode::CHAT_ROLE_NOT_FOUND).then_some(())
    }
}

/// A role of a name, as [`Roles::ensure`] brings it about.
struct EnsureRole {
    roles: Roles,
    new: NewRole,
}

impl Desired for EnsureRole {
    type Item = Role;
    type Created = Role;
    type Request = NewRole;
    const NAME: &'static str = "twilio.chat roles.ensure";
    // Whether the service refuses a second role of a name is unknown.
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
    fn find<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<Found<Role>, Error>> {
        Box::pin(async move {
            let mut roles = self.roles.list().page_size(100).within(session).items();
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

    fn find_first<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<Found<Role>, Error>> {
        self.find(session)
    }
}

/// The absence of a role, as [`Roles::ensure_absent`] brings it about.
struct EnsureNoRole {
    roles: Roles,
    sid: Arg<RoleSid>,
}

impl Unwanted for EnsureNoRole {
    type Deleted = ();
    const NAME: &'static str = "twilio.chat roles.ensure_absent";

    fn delete(&self) -> Call<()> {
        self.roles.transport.call(&DeleteRole(&self.roles, &self.sid))
    }

    fn find<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let get = self.roles.transport.call(&GetRole(&self.roles, &self.sid));
            match session.send(get).await {
                Ok(_) => Ok(true),
                Err(error) if self.is_absent(&error) => Ok(false),
                Err(error) if self.may_be_absent(&error) => self.is_listed(error, session).await,
                Err(error) => Err(error),
            }
        })
    }

    fn is_absent(&self, refused: &Error) -> bool {
        DeleteRole::refused_by_own_effect(refused).is_some()
    }

    /// It may be the path that the service does not know.
    fn may_be_absent(&self, refused: &Error) -> bool {
        is_not_found_by(refused, ErrorCode::NOT_FOUND)
    }
}

impl EnsureNoRole {
    /// Looks in the list, where a "not found" does not say what was not found.
    async fn is_listed(&self, not_found: Error, session: &Session) -> Result<bool, Error> {
        let sid = text(&self.sid)?;
        let mut roles = self.roles.list().page_size(100).within(session).items();
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
        /// Members of a channel.
        Channel = "channel",
        /// Users of the whole service.
        Deployment = "deployment",
    }
}

/// Names of permissions (*observed*: put together from public sources; the vendor's document has
/// no list). Any text is accepted where these are.
pub mod permission {
    /// Deployment roles.
    pub const CREATE_CHANNEL: &str = "createChannel";
    /// Deployment roles.
    pub const JOIN_CHANNEL: &str = "joinChannel";
    /// Channel roles.
    pub const SEND_MESSAGE: &str = "sendMessage";
    /// Channel roles.
    pub const SEND_MEDIA_MESSAGE: &str = "sendMediaMessage";
    /// Channel roles.
    pub const LEAVE_CHANNEL: &str = "leaveChannel";
    /// Channel roles.
    pub const DELETE_OWN_MESSAGE: &str = "deleteOwnMessage";
    /// Roles of both types.
    pub const ADD_MEMBER: &str = "addMember";
    /// Roles of both types.
    pub const INVITE_MEMBER: &str = "inviteMember";
    /// Roles of both types.
    pub const REMOVE_MEMBER: &str = "removeMember";
    /// Roles of both types.
    pub const DESTROY_CHANNEL: &str = "destroyChannel";
    /// Roles of both types.
    pub const EDIT_CHANNEL_NAME: &str = "editChannelName";
    /// Roles of both types.
    pub const EDIT_CHANNEL_ATTRIBUTES: &str = "editChannelAttributes";
    /// Roles of both types.
    pub const EDIT_OWN_MESSAGE: &str = "editOwnMessage";
    /// Roles of both types.
    pub const EDIT_ANY_MESSAGE: &str = "editAnyMessage";
    /// Roles of both types.
    pub const EDIT_OWN_MESSAGE_ATTRIBUTES: &str = "editOwnMessageAttributes";
    /// Roles of both types.
    pub const EDIT_ANY_MESSAGE_ATTRIBUTES: &str = "editAnyMessageAttributes";
    /// Roles of both types.
    pub const DELETE_ANY_MESSAGE: &str = "deleteAnyMessage";
    /// Roles of both types.
    pub const EDIT_OWN_USER_INFO: &str = "editOwnUserInfo";
    /// Roles of both types.
    pub const EDIT_ANY_USER_INFO: &str = "editAnyUserInfo";
    /// Seen, with no word on the type.
    pub const EDIT_NOTIFICATION_LEVEL: &str = "editNotificationLevel";
    /// Seen, with no word on the type.
    pub const EDIT_OWN_MEMBER_ATTRIBUTES: &str = "editOwnMemberAttributes";
    /// Seen, with no word on the type.
    pub const EDIT_ANY_MEMBER_ATTRIBUTES: &str = "editAnyMemberAttributes";
}

/// A role to be created.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

    /// Whether a role is as desired.
    fn matches(&self, role: &Role) -> bool {
        let set = |permissions: &[String]| permissions.iter().cloned().collect::<HashSet<_>>();
        role.friendly_name.as_ref() == Some(&self.friendly_name)
            && role.kind == self.kind
            && role.permissions.as_deref().map(set) == Some(set(&self.permissions))
    }
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

/// A role. The vendor documents every field but the type as nullable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Role {
    /// What identifies the role, `RL…`.
    pub sid: Option<RoleSid>,
    /// The account that the role belongs to.
    pub account_sid: Option<AccountSid>,
    /// The Chat service that the role belongs to.
    pub service_sid: Option<ServiceSid>,
    /// The name.
    pub friendly_name: Option<String>,
    /// What the role is for.
    #[serde(rename = "type")]
    pub kind: RoleType,
    /// The permissions.
    pub permissions: Option<Vec<String>>,
    /// When it was created, in GMT.
    pub date_created: Option<Timestamp>,
    /// When it was last changed, in GMT.
    pub date_updated: Option<Timestamp>,
    /// The role's own address, as text: a malformed one breaks nothing.
    pub url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_permissions_are_checked() {
        let long = "é".repeat(64);
        NewRole::new(long, RoleType::Channel, ["p"]).expect("64 characters are allowed");
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
