//! `/v2/Services/{ServiceSid}/Roles`.

use std::collections::HashSet;

use http::Method;
use serde::{Deserialize, Serialize};

use super::{AccountSid, ListRoles, ServiceSid, TwilioChat};
use crate::error::Error;
use crate::model::{Timestamp, open_enum, sid};
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Ensured, EnsuredAbsent, Found, Transport};
use crate::transport::{ensure, ensure_absent};
use crate::twilio::ErrorCode;
use crate::twilio::error::is_not_found_by;

/// The roles of a Chat service.
#[derive(Clone, Debug)]
pub struct Roles {
    transport: Transport,
    service: ServiceSid,
}

impl Roles {
    pub(super) fn new(transport: Transport, service: ServiceSid) -> Self {
        Self { transport, service }
    }

    /// Creates a role: `POST /v2/Services/{ServiceSid}/Roles`, 201 (*documented*).
    ///
    /// Never repeated when its outcome is unknown ("POST requests are not idempotent", the vendor
    /// says).
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
    ///
    /// # Errors
    /// The document declares no error; [`ServiceError`](crate::twilio::ServiceError) holds what
    /// comes, and its code decides the kind.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioChatFake;
    /// use rolecall::twilio::chat::{NewRole, RoleType, permission};
    ///
    /// let fake = TwilioChatFake::start().await?;
    /// let wanted = NewRole::new("reader", RoleType::Channel, [permission::LEAVE_CHANNEL])?;
    /// let service = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
    /// let made = service.roles().create(&wanted).await?;
    /// assert_eq!(made.kind, RoleType::Channel);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, new: &NewRole) -> Call<Role> {
        self.transport.call(&CreateRole { service: &self.service, new })
    }

    /// Makes sure that there is a role of this name, type and set of permissions (their order does
    /// not count): lists the roles, and creates one where none has the name.
    ///
    /// Whether the service refuses a second role of a name is not known. So nothing is created
    /// where reading finds the name, and never twice where the outcome of the create is unknown: it
    /// is settled by listing again, and if the role is not found then, that error is returned. Two
    /// callers at once can both find nothing. Then there may be two roles, or, if the service
    /// refuses the second with 409, one, which the other caller finds. More than 100 roles come in
    /// pages, and what these leave out while others remove roles is not documented: a role that is
    /// left out is taken for none, so that a second one may be made.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the name is taken by a role of another type or with other
    /// permissions, with a [`Difference<NewRole, Role>`](crate::Difference); else those of
    /// [`list`](Self::list) and [`create`](Self::create).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::Ensured;
    /// use rolecall::testing::TwilioChatFake;
    /// use rolecall::twilio::chat::{NewRole, RoleType};
    ///
    /// let fake = TwilioChatFake::start().await?;
    /// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?.roles();
    /// let wanted = NewRole::new("reader", RoleType::Channel, ["leaveChannel"])?;
    /// assert!(matches!(roles.ensure(&wanted).await?, Ensured::Created(_)));
    /// assert!(matches!(roles.ensure(&wanted).await?, Ensured::Existed(_)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure(&self, new: &NewRole) -> Result<Ensured<Role>, Error> {
        let find = || {
            let (roles, new) = (self.clone(), new.clone());
            Box::pin(async move { roles.find(&new).await }) as _
        };
        ensure(new, false, || self.create(new), find).await
    }

    /// Reads all roles for one of this name, with a preference for one that is the same.
    async fn find(&self, new: &NewRole) -> Result<Found<Role>, Error> {
        let mut roles = self.list().page_size(100).items()?;
        let mut other = None;
        while let Some(role) = roles.next().await {
            let role = role?;
            if role.friendly_name.as_deref() != Some(&new.friendly_name) {
                continue;
            }
            if new.is_same(&role) {
                return Ok(Found::Same(role));
            }
            other.get_or_insert(role);
        }
        Ok(other.map_or(Found::Absent, Found::Different))
    }

    /// Lists the roles: `GET /v2/Services/{ServiceSid}/Roles`, 200 (*documented*).
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/role-resource>. [`ListRoles`] has an example.
    pub fn list(&self) -> ListRoles {
        ListRoles::new(self.transport.clone(), self.service.clone())
    }

    /// Fetches a role: `GET /v2/Services/{ServiceSid}/Roles/{Sid}`, 200 (*documented*).
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for an unknown role (50100, *observed*); the document declares no
    /// error.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioChatFake;
    /// use rolecall::twilio::chat::RoleSid;
    ///
    /// let fake = TwilioChatFake::start().await?;
    /// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?.roles();
    /// let unknown = RoleSid::new("RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
    /// assert!(roles.fetch(&unknown).await.unwrap_err().is_not_found());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn fetch(&self, sid: &RoleSid) -> Call<Role> {
        self.transport.call(&FetchRole { service: &self.service, sid })
    }

    /// Gives a role these permissions **in place of all it has**:
    /// `POST /v2/Services/{ServiceSid}/Roles/{Sid}`, 200 (*documented*). Name and type of a role
    /// cannot be changed.
    ///
    /// Never repeated when its outcome is unknown: a late second try would undo what somebody else
    /// changed meanwhile.
    ///
    /// To change single permissions there are [`add_permissions`](Self::add_permissions) and
    /// [`remove_permissions`](Self::remove_permissions).
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent if there is no permission, or an empty
    /// one; those of [`fetch`](Self::fetch).
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
    /// let role = roles.replace_permissions(&sid, [permission::SEND_MESSAGE]).await?;
    /// assert_eq!(role.permissions.as_deref().unwrap(), ["sendMessage"]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn replace_permissions<P: Into<String>>(
        &self,
        sid: &RoleSid,
        permissions: impl IntoIterator<Item = P>,
    ) -> Call<Role> {
        let permissions = permissions.into_iter().map(Into::into).collect();
        self.transport.call(&ReplacePermissions { service: &self.service, sid, permissions })
    }

    /// Deletes a role: `DELETE /v2/Services/{ServiceSid}/Roles/{Sid}`, 204 (*documented*).
    ///
    /// Repeated after passing faults. That there is no such role (50100, *observed*) is the echo of
    /// the first try where it answers such a repetition, and a success; any other "not found" is an
    /// error then, whose outcome is unknown, and which [`ensure_absent`](Self::ensure_absent)
    /// settles.
    ///
    /// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
    ///
    /// # Errors
    /// Those of [`fetch`](Self::fetch).
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
    /// let wanted = NewRole::new("reader", RoleType::Channel, ["leaveChannel"])?;
    /// let sid = roles.create(&wanted).await?.sid.ok_or("no SID")?;
    /// roles.delete(&sid).await?;
    /// assert!(roles.delete(&sid).await.unwrap_err().is_not_found());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn delete(&self, sid: &RoleSid) -> Call<()> {
        self.transport.call(&DeleteRole { service: &self.service, sid })
    }

    /// Makes sure that a role is gone: deletes it, and reads where the outcome is unknown.
    ///
    /// That there is no such role (50100, *observed*) counts as gone. The common 20404 does not say
    /// what was not found: it counts where the [list](Self::list) of the roles can be read and does
    /// not have the role. Where two callers do this at once, each may be told that it removed the
    /// role or that it was absent.
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete), [`fetch`](Self::fetch) and [`list`](Self::list); the role
    /// may still be there. An unknown Chat service (50050, *observed*) is one of them, and so is
    /// every other "not found".
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::EnsuredAbsent;
    /// use rolecall::testing::TwilioChatFake;
    /// use rolecall::twilio::chat::RoleSid;
    ///
    /// let fake = TwilioChatFake::start().await?;
    /// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?.roles();
    /// let sid = RoleSid::new("RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
    /// assert_eq!(roles.ensure_absent(&sid).await?, EnsuredAbsent::WasAbsent);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure_absent(&self, sid: &RoleSid) -> Result<EnsuredAbsent, Error> {
        let find = || {
            let (roles, sid) = (self.clone(), sid.clone());
            Box::pin(async move {
                match roles.fetch(&sid).await {
                    Ok(role) => Ok(Some(role)),
                    Err(error) if is_gone(&error) => Ok(None),
                    Err(error) if is_unfound(&error) => roles.find_in_list(error, &sid).await,
                    Err(error) => Err(error),
                }
            }) as _
        };
        ensure_absent(|| self.delete(sid), is_gone, is_unfound, find).await
    }

    /// What the list says where a "not found" does not say what was not found.
    async fn find_in_list(&self, unfound: Error, sid: &RoleSid) -> Result<Option<Role>, Error> {
        let mut roles = self.list().page_size(100).items()?;
        while let Some(role) = roles.next().await {
            match role {
                Ok(role) => match &role.sid {
                    Some(held) if held.as_str().eq_ignore_ascii_case(sid.as_str()) => {
                        return Ok(Some(role));
                    }
                    Some(_) => {}
                    // SIDs are documented as nullable, and this could be the one.
                    None => return Err(unfound.with_remark("a role in the list has no SID")),
                },
                Err(unread) => {
                    return Err(unfound
                        .with_remark("what is there could not be read")
                        .with_source(unread));
                }
            }
        }
        Ok(None)
    }
}

/// Whether the service says that it is the role that was not found.
fn is_gone(error: &Error) -> bool {
    is_not_found_by(error, ErrorCode::CHAT_ROLE_NOT_FOUND)
}

/// Whether the service says that something was not found: a path that it does not know, perhaps.
fn is_unfound(error: &Error) -> bool {
    is_not_found_by(error, ErrorCode::NOT_FOUND)
}

const ROLE: &str = "/v2/Services/{ServiceSid}/Roles/{Sid}";

pub(super) struct FetchRole<'a> {
    service: &'a ServiceSid,
    sid: &'a RoleSid,
}

impl Operation for FetchRole<'_> {
    type Service = TwilioChat;
    type Answer = Role;
    const NAME: &'static str = "twilio.chat roles.fetch";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::new(ROLE, [self.service.as_str(), self.sid.as_str()])
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

pub(super) struct ReplacePermissions<'a> {
    service: &'a ServiceSid,
    sid: &'a RoleSid,
    permissions: Vec<String>,
}

impl Operation for ReplacePermissions<'_> {
    type Service = TwilioChat;
    type Answer = Role;
    const NAME: &'static str = "twilio.chat roles.replace_permissions";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        Path::new(ROLE, [self.service.as_str(), self.sid.as_str()])
    }

    fn body(&self) -> Result<Body, Error> {
        check_permissions(&self.permissions)?;
        let pairs: Vec<_> = self.permissions.iter().map(|one| ("Permission", &**one)).collect();
        Body::form(&pairs)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

struct DeleteRole<'a> {
    service: &'a ServiceSid,
    sid: &'a RoleSid,
}

impl Operation for DeleteRole<'_> {
    type Service = TwilioChat;
    type Answer = ();
    const NAME: &'static str = "twilio.chat roles.delete";
    const METHOD: Method = Method::DELETE;
    const SUCCESS: &'static [u16] = &[204];
    const REPEAT: Repeat = Repeat::Idempotent;

    fn path(&self) -> Path<'_> {
        Path::new(ROLE, [self.service.as_str(), self.sid.as_str()])
    }

    fn decode(_: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        Ok(())
    }

    fn echo(refused: &Error) -> Option<Self::Answer> {
        is_gone(refused).then_some(())
    }
}

struct CreateRole<'a> {
    service: &'a ServiceSid,
    new: &'a NewRole,
}

impl Operation for CreateRole<'_> {
    type Service = TwilioChat;
    type Answer = Role;
    const NAME: &'static str = "twilio.chat roles.create";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[201];
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        Path::new("/v2/Services/{ServiceSid}/Roles", [self.service.as_str()])
    }

    fn body(&self) -> Result<Body, Error> {
        let fixed =
            [("FriendlyName", self.new.friendly_name.as_str()), ("Type", self.new.kind.as_str())];
        let permissions = self.new.permissions.iter().map(|one| ("Permission", one.as_str()));
        let pairs: Vec<_> = fixed.into_iter().chain(permissions).collect();
        Body::form(&pairs)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

sid! {
    /// A role of a Chat service: `RL` and 32 hexadecimal digits. In answers it is kept as it came.
    RoleSid, "sid", Some("RL")
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
    macro_rules! permissions {
        ($( $(#[$meta:meta])* $name:ident = $text:literal; )+) => {
            $( $(#[$meta])* pub const $name: &str = $text; )+
        };
    }
    permissions! {
        /// Deployment roles.
        CREATE_CHANNEL = "createChannel";
        /// Deployment roles.
        JOIN_CHANNEL = "joinChannel";
        /// Channel roles.
        SEND_MESSAGE = "sendMessage";
        /// Channel roles.
        SEND_MEDIA_MESSAGE = "sendMediaMessage";
        /// Channel roles.
        LEAVE_CHANNEL = "leaveChannel";
        /// Channel roles.
        DELETE_OWN_MESSAGE = "deleteOwnMessage";
        /// Roles of both types.
        ADD_MEMBER = "addMember";
        /// Roles of both types.
        INVITE_MEMBER = "inviteMember";
        /// Roles of both types.
        REMOVE_MEMBER = "removeMember";
        /// Roles of both types.
        DESTROY_CHANNEL = "destroyChannel";
        /// Roles of both types.
        EDIT_CHANNEL_NAME = "editChannelName";
        /// Roles of both types.
        EDIT_CHANNEL_ATTRIBUTES = "editChannelAttributes";
        /// Roles of both types.
        EDIT_OWN_MESSAGE = "editOwnMessage";
        /// Roles of both types.
        EDIT_ANY_MESSAGE = "editAnyMessage";
        /// Roles of both types.
        EDIT_OWN_MESSAGE_ATTRIBUTES = "editOwnMessageAttributes";
        /// Roles of both types.
        EDIT_ANY_MESSAGE_ATTRIBUTES = "editAnyMessageAttributes";
        /// Roles of both types.
        DELETE_ANY_MESSAGE = "deleteAnyMessage";
        /// Roles of both types.
        EDIT_OWN_USER_INFO = "editOwnUserInfo";
        /// Roles of both types.
        EDIT_ANY_USER_INFO = "editAnyUserInfo";
        /// Seen, with no word on the type.
        EDIT_NOTIFICATION_LEVEL = "editNotificationLevel";
        /// Seen, with no word on the type.
        EDIT_OWN_MEMBER_ATTRIBUTES = "editOwnMemberAttributes";
        /// Seen, with no word on the type.
        EDIT_ANY_MEMBER_ATTRIBUTES = "editAnyMemberAttributes";
    }
}

/// The longest documented name, in characters.
const LONGEST_NAME: usize = 64;

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
    pub fn new<P: Into<String>>(
        friendly_name: impl Into<String>,
        kind: impl Into<RoleType>,
        permissions: impl IntoIterator<Item = P>,
    ) -> Result<Self, Error> {
        let friendly_name = friendly_name.into();
        let length = friendly_name.chars().count();
        if length == 0 || length > LONGEST_NAME {
            let rule = format!("must have 1 to {LONGEST_NAME} characters, got {length}");
            return Err(Error::invalid("FriendlyName", rule));
        }
        let kind = kind.into();
        if kind.as_str().is_empty() {
            return Err(Error::invalid("Type", "must not be empty"));
        }
        let permissions: Vec<String> = permissions.into_iter().map(Into::into).collect();
        check_permissions(&permissions)?;
        Ok(Self { friendly_name, kind, permissions })
    }

    /// Whether a role of this name is what is wanted.
    fn is_same(&self, role: &Role) -> bool {
        let set =
            |permissions: &[String]| -> HashSet<String> { permissions.iter().cloned().collect() };
        let permissions = role.permissions.as_deref();
        role.kind == self.kind && permissions.map(set) == Some(set(&self.permissions))
    }
}

/// A list without a permission is one that the service would refuse.
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
