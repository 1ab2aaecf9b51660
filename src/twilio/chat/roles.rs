//! `/v2/Services/{ServiceSid}/Roles`.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{AccountSid, ServiceSid, TwilioChat};
use crate::error::Error;
use crate::model::{Timestamp, open_enum, sid};
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Transport};

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
        if permissions.is_empty() || permissions.iter().any(String::is_empty) {
            let rule = "must be given at least once, and never empty";
            return Err(Error::invalid("Permission", rule));
        }
        Ok(Self { friendly_name, kind, permissions })
    }
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
