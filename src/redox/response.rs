//! The bodies of successful responses.

use bytes::Bytes;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::EnvironmentId;
use crate::model::json::{self, part_or_default, response};
use crate::model::loose::{check_id, loose_text};
use crate::model::{Timestamp, open_enum};
use crate::operation::{DecodeError, ListPage, decode_json};

/// The success statuses. The vendor prints none (inferred).
pub(super) const SUCCESS: &[u16] = &[200, 201];

/// A response: `{"meta": …, "payload": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Envelope<P> {
    /// About the format of the response.
    #[serde(default, deserialize_with = "part_or_default")]
    pub meta: Meta,
    /// The output itself.
    pub payload: P,
}

/// The response to a call that changes something.
pub type AssignRoleResponse = Envelope<Outcome>;

/// About the format of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Meta {
    /// The version of the payload's format, e.g. `1.0.0`. A new minor version may add fields.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Whether the service made the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// "The status of the request"; always `true` in a response that is not an error.
    pub success: bool,
}

/// Who has which role, in the service's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Memberships<M> {
    /// One for each user. A response without the list, or with `null` for it, is an error: it would
    /// pass for an empty list.
    pub memberships: Vec<M>,
}

response! {
    /// The role of a user in an organization.
    pub struct OrganizationMembership {
        /// The organization.
        pub organization: Option<Reference>,
        /// The role: owner, admin or member. Every user has exactly one (*documented*).
        pub role: Option<Reference>,
        /// The user.
        pub user: Member,
    }

    /// The role of a user in an environment.
    pub struct EnvironmentMembership {
        /// The environment.
        pub environment: Option<Reference>,
        /// The role. A user has at most one in an environment (*documented*).
        pub role: Option<Reference>,
        /// The user.
        pub user: Member,
    }
}

/// A thing that a response names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reference {
    /// The id. The service writes an organization's as text or as a number; both are read.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The human-readable name.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A user who has a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Member {
    /// The user's id.
    #[serde(deserialize_with = "identifying")]
    pub id: String,
    /// First and last name.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub fullname: Option<String>,
    /// The email address in lower case.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
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
    /// A response without the list, or with `null` for it, is an error.
    pub environments: Vec<ListedEnvironment>,
}

response! {
    /// An environment as it is listed.
    #[serde(rename_all = "camelCase")]
    pub struct ListedEnvironment {
        /// The id.
        #[serde(deserialize_with = "environment_id")]
        pub id: EnvironmentId,
        /// The name.
        #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// What it is for.
        pub environment_flag: Option<EnvironmentFlag>,
        /// The organization that it belongs to.
        pub organization: Option<Reference>,
    }
}

open_enum! {
    /// What an environment is for. The values are documented, their meaning is not.
    EnvironmentFlag {
        /// Production.
        Production = "Production",
        /// Staging.
        Staging = "Staging",
        /// Development.
        Development = "Development",
    }
}

/// Decodes a response of this shape.
///
/// # Errors
/// [`DecodeError::Unsuccessful`] where the payload says `success: false`, as text too, whatever
/// else it holds.
pub(super) fn decode<T: DeserializeOwned>(
    response: &http::Response<Bytes>,
) -> Result<T, DecodeError> {
    #[derive(Deserialize)]
    struct Report {
        payload: ReportedSuccess,
    }
    #[derive(Deserialize)]
    struct ReportedSuccess {
        #[serde(default, deserialize_with = "yes_or_no")]
        success: Option<bool>,
    }
    let body = response.body();
    let report = json::read::<Report>(body);
    if report.is_ok_and(|report| report.payload.success == Some(false)) {
        return Err(DecodeError::Unsuccessful);
    }
    decode_json(body)
}

/// Returns the only page of a list.
pub(super) fn only_page<T>(items: Vec<T>) -> ListPage<T> {
    let total = items.len() as u64;
    ListPage::new(items).total(Some(total))
}

/// Reads an id: text, or a number as text.
pub(super) fn identifying<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    match Value::deserialize(from)? {
        Value::String(id) => check_id(&id).map(|()| id),
        Value::Number(id) => Ok(id.to_string()),
        _ => Err(D::Error::custom("an id that is neither text nor a number")),
    }
}

fn environment_id<'de, D: Deserializer<'de>>(from: D) -> Result<EnvironmentId, D::Error> {
    identifying(from).map(|id| EnvironmentId::new_unchecked(&id))
}

pub(super) fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = loose_text(from)?;
    Ok(text.and_then(|text| Timestamp::deserialize(Value::String(text)).ok()))
}

fn yes_or_no<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Bool(flag) => Some(flag),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        Value::Number(number) if number == 1.into() => Some(true),
        Value::Number(number) if number == 0.into() => Some(false),
        _ => None,
    })
}
