//! What Redox puts around every answer, and what it lists.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{EnvironmentId, ServiceError};
use crate::model::loose::{loose_text, nullable};
use crate::model::{Timestamp, open_enum};
use crate::operation::{AnswerError, RawAnswer};

/// The success statuses. The vendor prints none (inferred).
pub(super) const SUCCESS: &[u16] = &[200, 201];

/// Whether such a status says that a change was made: it does not, since the body may say
/// `success: false` under it.
pub(super) const STATUS_CONFIRMS: bool = false;

/// An answer: `{"meta": …, "payload": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Envelope<P> {
    /// About the answer's format.
    #[serde(default, deserialize_with = "nullable")]
    pub meta: Meta,
    /// The answer itself.
    pub payload: P,
}

/// The answer to a call that changes something.
pub type AssignRoleResponse = Envelope<Outcome>;

/// About the format of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Meta {
    /// The version of the payload's format, e.g. `1.0.0`. A new minor version may add fields.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Whether the service did what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// "The status of the request"; always `true` in an answer that is not an error.
    pub success: bool,
}

/// Who has which role, in the service's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "M: Deserialize<'de>"))]
#[non_exhaustive]
pub struct Memberships<M> {
    /// One for each user. An answer without the list, or with `null` for it, is an error, lest it be
    /// taken for "nobody".
    pub memberships: Vec<M>,
}

/// The role of a user in an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrganizationMembership {
    /// The organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Reference>,
    /// The role: owner, admin or member. Every user has exactly one (*documented*).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Reference>,
    /// The user.
    pub user: Member,
}

/// The role of a user in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EnvironmentMembership {
    /// The environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Reference>,
    /// The role. A user has at most one in an environment (*documented*).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Reference>,
    /// The user.
    pub user: Member,
}

/// A thing that an answer names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reference {
    /// Its id. The service writes an organization's as text or as a number; both are read.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its human-readable name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A user who has a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Member {
    /// The user's id.
    #[serde(deserialize_with = "identity")]
    pub id: String,
    /// First and last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fullname: Option<String>,
    /// The email address in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowercase_email: Option<String>,
    /// When the user last logged in; listed for organizations only. Its form is not documented: a
    /// number is kept as text, anything else that is no text is left out.
    #[serde(default, deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
    pub last_login: Option<Timestamp>,
    /// Whether the user has proved a second factor; listed for organizations only. Also read where
    /// it comes as text; left out where it is neither yes nor no.
    #[serde(default, deserialize_with = "yes_or_no", skip_serializing_if = "Option::is_none")]
    pub verified2fa: Option<bool>,
}

/// The environments of an organization, in the service's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EnvironmentList {
    /// An answer without the list, or with `null` for it, is an error.
    pub environments: Vec<ListedEnvironment>,
}

/// An environment as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListedEnvironment {
    /// Its id.
    #[serde(deserialize_with = "environment_id")]
    pub id: EnvironmentId,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_flag: Option<EnvironmentFlag>,
    /// The organization that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Reference>,
}

open_enum! {
    /// What an environment is for.
    EnvironmentFlag {
        /// It serves patients.
        Production = "Production",
        /// The last stop before production.
        Staging = "Staging",
        /// For building and trying.
        Development = "Development",
    }
}

/// Reads an answer whose payload has this shape.
///
/// # Errors
/// [`AnswerError::Unsuccessful`] where the payload says `success: false`, as text too, whatever else
/// it holds.
pub(super) fn read<P: DeserializeOwned>(
    answer: &RawAnswer<'_>,
) -> Result<Envelope<P>, AnswerError> {
    let body = answer.body();
    let is_false = match success::<bool>(body) {
        Some(success) => !success,
        None => success::<String>(body).is_some_and(|text| text.eq_ignore_ascii_case("false")),
    };
    if is_false {
        return Err(AnswerError::Unsuccessful);
    }
    // Instead of what was asked for, it may say what went wrong.
    answer.json().map_err(|error| match ServiceError::is_told_in(body) {
        true => AnswerError::Unsuccessful,
        false => error,
    })
}

/// The payload's `success`, where it is of this type; nothing else is kept of the body.
fn success<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    #[derive(Deserialize)]
    struct Said<T> {
        payload: Success<T>,
    }
    #[derive(Deserialize)]
    struct Success<T> {
        success: T,
    }
    serde_json::from_slice::<Said<T>>(body).ok().map(|said| said.payload.success)
}

/// Text, or a number as text.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => None,
        _ => return Err(serde::de::Error::custom("an id that is neither text nor a number")),
    })
}

fn identity<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let id = text(from)?.filter(|id| !id.is_empty());
    id.ok_or_else(|| serde::de::Error::custom("an empty id"))
}

fn environment_id<'de, D: Deserializer<'de>>(from: D) -> Result<EnvironmentId, D::Error> {
    identity(from).map(|id| EnvironmentId::new_unchecked(&id))
}

fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = match Value::deserialize(from)? {
        Value::Number(number) => Value::String(number.to_string()),
        other => other,
    };
    Ok(Timestamp::deserialize(text).ok())
}

fn yes_or_no<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Bool(answer) => Some(answer),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}
