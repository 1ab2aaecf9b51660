//! Lenient reading: for error bodies, and for fields that must not turn a success into an error.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[cfg(any(feature = "harness", feature = "deepset"))]
use super::json;

/// The first of these fields that is text (or a number, as text) and not empty.
pub(crate) fn text(object: &Value, fields: &[&str]) -> Option<String> {
    fields.iter().find_map(|field| match object.get(field)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// The items of a list that have the wanted shape.
#[cfg(any(feature = "harness", feature = "deepset"))]
pub(crate) fn list<T: serde::de::DeserializeOwned>(object: &Value, field: &str) -> Vec<T> {
    let items = object.get(field).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|item| json::read(item.to_string().as_bytes()).ok())
        .collect()
}

/// Reads optional text leniently: a number becomes text, any other value `None`.
///
/// # Errors
/// The deserializer's error, for what is not JSON.
#[cfg(any(feature = "harness", feature = "redox"))]
pub(crate) fn loose_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Reads the id of the object in a response: it must be present and not empty.
///
/// # Errors
/// The deserializer's error, or one that names the rule.
#[cfg(any(feature = "twilio", feature = "harness", feature = "deepset"))]
pub(crate) fn identifying<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + AsRef<str>,
{
    let id = T::deserialize(deserializer)?;
    check_id(id.as_ref())?;
    Ok(id)
}

/// Checks the id in a response.
///
/// # Errors
/// An error if it is empty, or has a [replaced](super::json::read) surrogate.
pub(crate) fn check_id<E: serde::de::Error>(id: &str) -> Result<(), E> {
    match id {
        "" => Err(E::custom("an empty id")),
        id if is_id(id) => Ok(()),
        _ => Err(E::custom("an id with half of a character")),
    }
}

/// Whether a text in a response can be an id.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && !text.contains('\u{fffd}')
}

/// Reads a list that may be null for an empty one.
///
/// # Errors
/// The deserializer's error.
#[cfg(feature = "harness")]
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
