// The README's examples are doctests of all vendors together.
#![cfg_attr(
    all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"),
    doc = include_str!("../README.md")
)]
#![cfg_attr(
    not(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset")),
    doc = "Typed, safe hands on the role APIs of several vendors; this build has some of them."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The rooms that all vendors share hold parts that only some of them use. The build with all
// vendors, which CI makes too, finds what nobody uses.
#![cfg_attr(
    not(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset")),
    allow(dead_code, unused_imports, unused_macros)
)]
// A library neither panics nor prints; its tests, and programs that use it, may.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod access;
pub mod auth;
mod error;
mod model;
pub mod operation;
mod transport;

#[cfg(feature = "deepset")]
pub mod deepset;
#[cfg(feature = "harness")]
pub mod harness;
#[cfg(feature = "redox")]
pub mod redox;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "twilio")]
pub mod twilio;

pub use error::{Effect, Error, ErrorKind};
pub use model::{Secret, Timestamp, Unlisted};
#[cfg(fuzzing)]
#[doc(hidden)]
pub use transport::fuzzing;
pub use transport::{
    BoxFuture, Call, ClientOptions, Difference, Ensured, EnsuredAbsent, HttpConfig, Items, Page,
    Pages, Position, Response, RetryPolicy, WithResponse,
};

#[cfg(feature = "deepset")]
pub use deepset::Deepset;
#[cfg(feature = "harness")]
pub use harness::Harness;
#[cfg(feature = "redox")]
pub use redox::Redox;
#[cfg(feature = "twilio")]
pub use twilio::{chat::TwilioChat, iam::TwilioIam};
