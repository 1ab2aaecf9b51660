//! Positions in lists.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

/// The version of the text form.
const VERSION: &str = "1";

/// A position in a list, from which to resume later, even in another process. Its text form is
/// [`to_string`](ToString::to_string), read by [`parse`](str::parse); serde uses it too.
///
/// It holds the page's cursor, the number of items taken, and a hash of the list's operation, path,
/// filters and page size. A list refuses a position of another list, or of the same list with other
/// settings. Each list's docs say how changes at the service affect a position.
///
/// ```
/// use rolecall::Position;
/// let stored: Position = "1.00000000000000ff.30.2.page-2".parse()?;
/// assert_eq!(stored.to_string(), "1.00000000000000ff.30.2.page-2");
/// assert!("page-2".parse::<Position>().is_err());
/// # Ok::<(), rolecall::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The hash of the list and its settings.
    pub(super) list: u64,
    /// Items on the pages before.
    pub(super) before: u64,
    /// Items of this page that were taken already.
    pub(super) taken: usize,
    /// The page; empty for the first.
    pub(super) cursor: String,
}

impl Position {
    /// The start of a list.
    pub(super) fn start(list: u64) -> Self {
        Self { list, before: 0, taken: 0, cursor: String::new() }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { list, before, taken, cursor } = self;
        f.pad(&format!("{VERSION}.{list:016x}.{before}.{taken}.{cursor}"))
    }
}

impl FromStr for Position {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parts: Vec<&str> = text.splitn(5, '.').collect();
        let read = || {
            let [VERSION, list, before, taken, cursor] = parts[..] else { return None };
            let list = (list.len() == 16).then(|| u64::from_str_radix(list, 16).ok())??;
            let cursor = cursor.to_owned();
            Some(Self { list, before: before.parse().ok()?, taken: taken.parse().ok()?, cursor })
        };
        read().ok_or_else(|| Error::invalid("position", "must be the text of an earlier position"))
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Hashes a list's name and the request of its first page (64-bit FNV-1a, the same in every version
/// and on every machine).
pub(super) fn list_hash(name: &str, request: &http::Request<Bytes>) -> u64 {
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let parts = [name.as_bytes(), target.as_bytes(), request.body()];
    let bytes = parts.iter().flat_map(|part| part.iter().chain(&[0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
