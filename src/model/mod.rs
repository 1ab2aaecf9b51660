//! The shared vocabulary: ids, open enums, timestamps and secrets.

pub(crate) mod env;
mod id;
pub(crate) mod json;
pub(crate) mod loose;
mod open_enum;
mod secret;
mod timestamp;

pub use open_enum::UnknownValue;
pub use secret::Secret;
pub(crate) use secret::{one_word, unescaped};
pub use timestamp::Timestamp;

#[cfg(feature = "deepset")]
pub(crate) use id::check_uuid;
#[cfg(any(feature = "harness", feature = "redox"))]
pub(crate) use id::opaque_id;
pub(crate) use id::{Arg, arg, check_opaque, checked_id, text, text_type};
#[cfg(feature = "twilio")]
pub(crate) use id::{check_sid, sid};
pub(crate) use open_enum::open_enum;
