//! Names of permissions (*documented*, but for those marked *observed*). The vendor's page calls its
//! lists complete, and the service disagrees at times (*observed*). Any text is accepted in their
//! place.

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
/// *Observed*, with no word on the type.
pub const EDIT_NOTIFICATION_LEVEL: &str = "editNotificationLevel";
/// *Observed*, with no word on the type.
pub const EDIT_OWN_MEMBER_ATTRIBUTES: &str = "editOwnMemberAttributes";
/// *Observed*, with no word on the type.
pub const EDIT_ANY_MEMBER_ATTRIBUTES: &str = "editAnyMemberAttributes";
