//! SCIM's users as they are sent and received.

use http::HeaderValue;
use serde::Serialize;
use serde_json::Value;

use crate::declare::{getters, setters};
use crate::error::Error;
use crate::model::json::{part_or_default, response};
use crate::model::loose::identifying;
use crate::model::{Timestamp, checked_id};
use crate::operation::Body;
use crate::twilio::UserSid;

const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Which users are listed: one of the two filters that the service knows (*documented*).
///
/// ```
/// use rolecall::twilio::iam::UserFilter;
/// assert_eq!(UserFilter::external_id(r#"a"b"#).as_str(), r#"externalId eq "a\"b""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct UserFilter(String);

impl UserFilter {
    /// The user with this name. An empty one is refused by the list.
    pub fn user_name(name: &str) -> Self {
        Self::equals("userName", name)
    }

    /// The user with this external id. An empty one is refused by the list.
    pub fn external_id(id: &str) -> Self {
        Self::equals("externalId", id)
    }

    /// SCIM's values are JSON's, quotes and escapes included.
    fn equals(attribute: &str, value: &str) -> Self {
        Self(format!("{attribute} eq {}", Value::from(value)))
    }

    /// # Errors
    /// An invalid-request error for an empty text, which could match every user.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.0.split_once(" eq ") {
            Some((attribute, "\"\"")) => Err(Error::invalid(attribute, "must not be empty")),
            _ => Ok(()),
        }
    }

    /// Returns the filter as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

checked_id! {
    /// The version of a user, e.g. `W/1`: what a change must match. In responses it is kept as it
    /// came.
    UserVersion, "version", check_version
}

impl UserVersion {
    /// # Errors
    /// An invalid-request error if the version of a response cannot be sent back.
    pub(super) fn header(&self) -> Result<HeaderValue, Error> {
        check_version("version", self.as_str())?;
        HeaderValue::from_str(self.as_str()).map_err(|error| Error::invalid("version", error))
    }
}

/// # Errors
/// An invalid-request error if it cannot be a header.
fn check_version(field: &str, version: &str) -> Result<(), Error> {
    if version.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if !version.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid(field, "must be printable ASCII without spaces"));
    }
    Ok(())
}

/// A user to be created, or what a user is to be [updated](super::Users::update) to.
///
/// Unset parts are left out. What an update leaves out, the user loses, by the rules of SCIM; the
/// vendor does not say.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct NewUser {
    schemas: [&'static str; 1],
    user_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Name>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    emails: Vec<Email>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
}

impl NewUser {
    /// A user with this name, 2 to 255 characters; an e-mail address, equal to the primary one
    /// among [emails](Self::email), without which the service creates no user (*documented*).
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule.
    pub fn new(user_name: impl Into<String>) -> Result<Self, Error> {
        let user_name = user_name.into();
        check_length("userName", &user_name)?;
        Ok(Self {
            schemas: [USER_SCHEMA],
            user_name,
            external_id: None,
            display_name: None,
            name: None,
            emails: Vec::new(),
            active: None,
            locale: None,
            timezone: None,
        })
    }

    /// All that this crate knows of a user, to be changed and sent as an
    /// [update](super::Users::update). Attributes that it does not know are not among it.
    ///
    /// # Errors
    /// An invalid-request error if the user has no name.
    pub fn of(user: &User) -> Result<Self, Error> {
        Ok(Self {
            external_id: user.external_id.clone(),
            display_name: user.display_name.clone(),
            name: user.name.clone(),
            emails: user.emails.clone(),
            active: user.active,
            locale: user.locale.clone(),
            timezone: user.timezone.clone(),
            ..Self::new(user.user_name.as_deref().unwrap_or_default())?
        })
    }

    setters! {
        /// Sets the id that the user has elsewhere, 2 to 255 characters.
        external_id(some into String);
        /// Sets the name to show.
        display_name(some into String);
        /// Sets the locale, e.g. `fr-FR`.
        locale(some into String);
        /// Sets the time zone, e.g. `UTC`.
        timezone(some into String);
    }

    getters! {
        /// Returns the id that the user has elsewhere.
        part get_external_id = external_id: str;
        /// Returns the name to show.
        part get_display_name = display_name: str;
        /// Returns the locale.
        part get_locale = locale: str;
        /// Returns the time zone.
        part get_timezone = timezone: str;
    }

    /// Sets given and family name.
    pub fn name(mut self, given: impl Into<String>, family: impl Into<String>) -> Self {
        self.name = Some(Name { given_name: Some(given.into()), family_name: Some(family.into()) });
        self
    }

    /// Adds an e-mail address.
    pub fn email(mut self, email: Email) -> Self {
        self.emails.push(email);
        self
    }

    setters! {
        /// Sets whether the user is active.
        active(some bool);
    }

    getters! {
        /// Returns the user name.
        borrow user_name: str;
    }

    /// Returns given and family name.
    pub fn get_name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    getters! {
        /// Returns the e-mail addresses.
        borrow emails: [Email];

        /// Returns whether the user is active.
        copy get_active = active: Option<bool>;
    }

    /// # Errors
    /// An invalid-request error if the external id is shorter or longer than documented.
    pub(super) fn body(&self) -> Result<Body, Error> {
        self.external_id.as_deref().map_or(Ok(()), |id| check_length("externalId", id))?;
        Body::json(self)
    }
}

/// # Errors
/// An invalid-request error if the text is shorter or longer than documented.
fn check_length(field: &str, text: &str) -> Result<(), Error> {
    let length = text.chars().count();
    if (2..=255).contains(&length) {
        return Ok(());
    }
    Err(Error::invalid(field, format!("must have 2 to 255 characters, got {length}")))
}

/// Changes of a user, in order.
///
/// ```
/// use rolecall::twilio::iam::UserPatch;
/// let patch = UserPatch::new().replace("displayName", "Alex").remove("externalId");
/// # let _ = patch;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
pub struct UserPatch {
    schemas: [&'static str; 1],
    #[serde(rename = "Operations")]
    operations: Vec<PatchOperation>,
}

/// One change of a [`UserPatch`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PatchOperation {
    /// `add`, `replace` or `remove`.
    pub op: &'static str,
    /// What is changed.
    pub path: String,
    /// The value, but where it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

impl UserPatch {
    /// No change; sent like this it is refused.
    #[expect(clippy::new_without_default, reason = "an empty one is refused")]
    pub fn new() -> Self {
        Self { schemas: [PATCH_SCHEMA], operations: Vec::new() }
    }

    /// Adds a value at a path, e.g. `emails`.
    pub fn add(self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.then("add", path.into(), Some(value.into()))
    }

    /// Replaces the value at a path, e.g. `name.givenName`.
    pub fn replace(self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.then("replace", path.into(), Some(value.into()))
    }

    /// Removes what is at a path.
    pub fn remove(self, path: impl Into<String>) -> Self {
        self.then("remove", path.into(), None)
    }

    getters! {
        /// Returns the changes.
        borrow operations: [PatchOperation];
    }

    /// # Errors
    /// An invalid-request error if there is nothing to change.
    pub(super) fn body(&self) -> Result<Body, Error> {
        if self.operations.is_empty() {
            return Err(Error::invalid("Operations", "must not be empty"));
        }
        Body::json(self)
    }

    fn then(mut self, op: &'static str, path: String, value: Option<Value>) -> Self {
        self.operations.push(PatchOperation { op, path, value });
        self
    }
}

response! {
    /// A user. Only the id is required.
    #[serde(rename_all = "camelCase")]
    pub struct User {
        /// The SID, `US…`.
        #[serde(deserialize_with = "identifying")]
        pub id: UserSid,
        /// The name, an e-mail address.
        pub user_name: Option<String>,
        /// The id that the user has elsewhere.
        pub external_id: Option<String>,
        /// The name to show.
        pub display_name: Option<String>,
        /// Given and family name.
        pub name: Option<Name>,
        /// Whether the user is active.
        pub active: Option<bool>,
        /// The user's locale.
        pub locale: Option<String>,
        /// The user's time zone.
        pub timezone: Option<String>,
        /// About the entry itself.
        pub meta: Option<UserMeta>,
        /// E-mail addresses.
        #[serde(default, deserialize_with = "part_or_default", skip_serializing_if = "Vec::is_empty")]
        pub emails: Vec<Email>,
        /// The schemas that the user follows.
        #[serde(default, deserialize_with = "part_or_default", skip_serializing_if = "Vec::is_empty")]
        pub schemas: Vec<String>,
    }
}

impl User {
    /// Returns the version that a change must match.
    pub fn version(&self) -> Option<&UserVersion> {
        self.meta.as_ref()?.version.as_ref()
    }
}

response! {
    /// A user's given and family name.
    #[derive(Default, Hash)]
    #[serde(rename_all = "camelCase")]
    pub struct Name {
        /// The given name.
        pub given_name: Option<String>,
        /// The family name.
        pub family_name: Option<String>,
    }

    /// An e-mail address of a user.
    #[derive(Default, Hash)]
    pub struct Email {
        /// Whether it is the primary one.
        pub primary: Option<bool>,
        /// The address.
        pub value: Option<String>,
        /// What it is for, e.g. `work`.
        #[serde(rename = "type")]
        pub kind: Option<String>,
    }
}

impl Email {
    /// The primary address.
    pub fn primary(address: impl Into<String>) -> Self {
        Self { primary: Some(true), value: Some(address.into()), kind: None }
    }

    /// Any other address.
    pub fn other(address: impl Into<String>) -> Self {
        Self { primary: Some(false), value: Some(address.into()), kind: None }
    }

    setters! {
        /// Sets what it is for, e.g. `work`.
        kind(some into String);
    }
}

response! {
    /// About a user's entry.
    #[derive(Default)]
    #[serde(rename_all = "camelCase")]
    pub struct UserMeta {
        /// The type of the resource.
        pub resource_type: Option<String>,
        /// When it was created.
        pub created: Option<Timestamp>,
        /// When it was last changed.
        pub last_modified: Option<Timestamp>,
        /// Its version.
        pub version: Option<UserVersion>,
    }
}
