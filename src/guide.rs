//! Guide pages, a subject each, with programs that run against the fakes.

#[doc = include_str!("../docs/access-review.md")]
pub mod access_review {}

#[doc = include_str!("../docs/custom-calls.md")]
pub mod custom_calls {}

#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

#[doc = include_str!("../docs/lists.md")]
pub mod lists {}

#[doc = include_str!("../docs/retries.md")]
pub mod retries {}

#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/tracing.md")]
pub mod tracing {}
