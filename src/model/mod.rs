//! The shared vocabulary: ids, open enums, timestamps and secrets.

pub(crate) mod env;
mod id;
pub(crate) mod loose;
mod open_enum;
mod secret;
mod timestamp;

pub use open_enum::Unlisted;
pub use secret::Secret;
pub use timestamp::Timestamp;

pub(crate) use id::{check_opaque, check_sid, checked_id, opaque_id, sid};
pub(crate) use open_enum::open_enum;
