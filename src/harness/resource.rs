//! The common parts of role assignments, roles, resource groups, organizations and projects: calls
//! in a scope.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserializer, Serialize};
use serde_json::Value;

use super::scope::Place;
use super::{AnyIdentifier, Harness};
use crate::error::Error;
use crate::model::json::part;
use crate::model::{Arg, text};
use crate::operation::{Body, Operation, Spec};

/// An item of a [`Resources`](super::Resources) handle: a role assignment, a role or a resource
/// group. It has no use outside this crate.
pub trait Resource: DeserializeOwned + Clone + fmt::Debug + Send + Sync + 'static {
    /// The request that creates it.
    type New: Serialize + Clone + fmt::Debug + Send + Sync + 'static;
}

/// How a resource is listed and read.
pub trait Readable: DeserializeOwned + Clone + fmt::Debug + Send + Sync + 'static {
    const LIST: Spec;
    const GET: Spec;

    fn identifier(&self) -> &str;
}

/// How a resource is created and deleted, too, in all three scopes.
pub trait Endpoints: Readable + Resource {
    const CREATE: Spec;
    const DELETE: Spec;
    const ENSURE: &'static str;
    const ENSURE_ABSENT: &'static str;

    /// The identifier of a new item; empty if the service chooses it.
    fn identifier_of(new: &Self::New) -> &str;

    /// # Errors
    /// An invalid-request error that names the field and the rule.
    fn check(new: &Self::New) -> Result<(), Error>;

    /// Whether this matches `desired` in this scope, whatever its identifier.
    fn matches(&self, desired: &Self::New, place: &Place) -> bool;

    /// Whether the service refuses `desired` because of this item, even under another identifier.
    fn excludes(&self, _desired: &Self::New, _place: &Place) -> bool {
        false
    }

    /// Whether one of the service's own paths shadows the item's.
    fn is_shadowed(_identifier: &str, _place: &Place) -> bool {
        false
    }

    /// Whether a refusal says that this item does not exist.
    fn is_absent(_refused: &Error) -> bool {
        false
    }

    /// Whether a refusal may mean that the item does not exist. By default `INVALID_REQUEST` may,
    /// which also has other meanings (*observed* for roles and resource groups).
    fn may_be_absent(refused: &Error) -> bool {
        refused.status().is_some() && (refused.is_invalid_request() || refused.is_not_found())
    }
}

/// Items that can be searched for by a text.
pub trait Searchable: Readable {}

impl<T: Updatable> Searchable for T {}

/// An organization or a project, of which several can be listed by their identifiers.
pub trait Container: Searchable {
    /// The query parameter for one identifier.
    const IDENTIFIER: &'static str;
}

/// Items that can be replaced, too.
pub trait Updatable: Endpoints {
    const UPDATE: Spec;
}

/// Gets or deletes an item. The response to a delete is the deleted item, which a "not found" does
/// not have: hence no `refused_by_own_effect`.
pub(super) struct One<'a, T, const DELETE: bool> {
    place: &'a Place,
    identifier: &'a Arg<AnyIdentifier>,
    output: PhantomData<fn() -> T>,
}

pub(super) type Get<'a, T> = One<'a, T, false>;
pub(super) type Delete<'a, T> = One<'a, T, true>;

impl<'a, T, const DELETE: bool> One<'a, T, DELETE> {
    pub(super) fn new(place: &'a Place, identifier: &'a Arg<AnyIdentifier>) -> Self {
        Self { place, identifier, output: PhantomData }
    }
}

impl<T: Readable> Operation for Get<'_, T> {
    type Service = Harness;
    type Output = T;
    const SPEC: Spec = T::GET;

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.place.path(text(self.identifier)?)
    }
}

impl<T: Endpoints> Operation for Delete<'_, T> {
    type Service = Harness;
    type Output = T;
    const SPEC: Spec = T::DELETE;

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.place.path(text(self.identifier)?)
    }
}

pub(super) struct Create<'a, T: Resource> {
    pub(super) place: &'a Place,
    pub(super) new: &'a T::New,
}

impl<T: Endpoints> Operation for Create<'_, T> {
    type Service = Harness;
    type Output = T;
    const SPEC: Spec = T::CREATE;

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.place.path(None)
    }

    fn validate(&self) -> Result<(), Error> {
        T::check(self.new)
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.new)
    }
}

/// The path's identifier is the body's: the service requires both to be equal.
pub(super) struct Update<'a, T: Resource> {
    pub(super) place: &'a Place,
    pub(super) new: &'a T::New,
}

impl<T: Updatable> Operation for Update<'_, T> {
    type Service = Harness;
    type Output = T;
    const SPEC: Spec = T::UPDATE;

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.place.path(T::identifier_of(self.new))
    }

    fn validate(&self) -> Result<(), Error> {
        T::check(self.new)
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.new)
    }
}

/// Whether a part matches: one that was not set is not compared, and a missing one equals an empty
/// one.
pub(super) fn part_matches<T: PartialEq + Default + Clone>(
    desired: &Option<T>,
    actual: &Option<T>,
) -> bool {
    let matches = |desired: &T| *desired == actual.clone().unwrap_or_default();
    desired.as_ref().is_none_or(matches)
}

/// Checks the documented limits of description and tags.
///
/// # Errors
/// An invalid-request error that names the field and the rule.
pub(super) fn check_labels(
    description: &Option<String>,
    tags: &Option<BTreeMap<String, String>>,
) -> Result<(), Error> {
    let length = description.as_ref().map_or(0, |text| text.chars().count());
    if length > 1024 {
        let rule = format!("must be at most 1024 characters long, got {length}");
        return Err(Error::invalid("description", rule));
    }
    let count = tags.as_ref().map_or(0, BTreeMap::len);
    if count > 128 {
        return Err(Error::invalid("tags", format!("must be at most 128, got {count}")));
    }
    Ok(())
}

/// Reads tags, whose values may be null or a number.
///
/// # Errors
/// The deserializer's error.
pub(super) fn tags<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let tags: Option<BTreeMap<String, Value>> = part(deserializer)?;
    let text = |value| match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(tags.map(|tags| tags.into_iter().map(|(key, value)| (key, text(value))).collect()))
}

/// A number of the service as a time. See
/// [`RoleAssignmentResponse::created_at`](super::RoleAssignmentResponse::created_at) for its unit.
pub(super) fn time(number: i64) -> Option<SystemTime> {
    let number = u64::try_from(number).ok()?;
    let since = match number {
        100_000_000_000.. => Duration::from_millis(number),
        _ => Duration::from_secs(number),
    };
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_units() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(time(1_234_567_890), at(1_234_567_890));
        assert_eq!(time(1_700_000_000_000), at(1_700_000_000));
        assert_eq!(time(-1), None);
        assert!(time(i64::MAX).is_some(), "far, but a time");
    }
}
