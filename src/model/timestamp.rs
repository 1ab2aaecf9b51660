//! Points in time as the services write them.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// An ISO 8601 point in time from a response, kept unchanged.
///
/// A malformed one is not an error: [`as_str`](Self::as_str) still returns it, and the conversions
/// return `None`.
///
/// ```
/// use rolecall::Timestamp;
/// let created: Timestamp = serde_json::from_str(r#""2016-03-03T19:47:15Z""#)?;
/// assert_eq!(created.unix_seconds(), Some(1_457_034_435));
/// assert_eq!(created.to_string(), "2016-03-03T19:47:15Z");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// Returns the text as the service wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded towards it; `None` if the text is not a
    /// timestamp.
    pub fn unix_seconds(&self) -> Option<i64> {
        self.0.parse().ok().map(jiff::Timestamp::as_second)
    }

    /// Converts it to the standard library's type; `None` if the text is not a timestamp.
    pub fn to_system_time(&self) -> Option<SystemTime> {
        Self::read(&self.0)
    }

    /// Parses a timestamp; `None` if the text is not one.
    pub(crate) fn read(text: &str) -> Option<SystemTime> {
        text.parse().ok().map(|time: jiff::Timestamp| time.into())
    }

    /// Returns the current time, to the millisecond.
    pub(crate) fn now() -> Self {
        Self(format!("{:.3}", jiff::Timestamp::now()))
    }

    /// Returns a time as text; `None` if it is too far away to be written.
    #[cfg(feature = "harness")]
    pub(crate) fn of(time: SystemTime) -> Option<Self> {
        Some(Self(jiff::Timestamp::try_from(time).ok()?.to_string()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_one_is_kept() {
        let odd: Timestamp = serde_json::from_str(r#""yesterday""#).expect("any text is read");
        assert_eq!(odd.unix_seconds(), None);
        assert_eq!(odd.to_system_time(), None);
        assert_eq!(serde_json::to_string(&odd).expect("text is JSON"), r#""yesterday""#);
    }

    #[test]
    fn offsets_and_fractions_are_read() {
        let early: Timestamp =
            serde_json::from_str(r#""2016-03-03T20:47:15.5+01:00""#).expect("any text is read");
        assert_eq!(early.unix_seconds(), Some(1_457_034_435));
        let expected = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_457_034_435_500);
        assert_eq!(early.to_system_time(), Some(expected));
    }
}
