//! Reading what may have any shape: error bodies, and what must not turn a success into an error.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

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
    items.into_iter().flatten().filter_map(|item| T::deserialize(item).ok()).collect()
}

/// Reads a part that may be null for one that may be absent.
///
/// # Errors
/// The deserializer's error.
#[cfg(any(feature = "twilio", feature = "redox", feature = "harness"))]
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads text that nothing depends on: a number becomes text, anything else nothing.
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

/// Reads what identifies the thing that an answer is about: it must be there and not be empty.
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
    if id.as_ref().is_empty() {
        return Err(serde::de::Error::custom("an empty id"));
    }
    Ok(id)
}
