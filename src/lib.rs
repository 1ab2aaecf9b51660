// The README's examples are doctests of all vendors together.
#![cfg_attr(
    all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"),
    doc = include_str!("../README.md")
)]
#![cfg_attr(
    not(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset")),
    doc = "A typed async client for role-management APIs; this build has some of its vendors."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// A library neither panics nor prints; its tests, and programs that use it, may.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

#[cfg(not(any(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset")))]
compile_error!("rolecall needs at least one vendor: twilio, harness, redox or deepset");

pub mod access;
pub mod auth;
mod client;
mod declare;
mod error;
// Their programs need all vendors, as the README's.
#[cfg(all(
    any(doc, doctest),
    feature = "twilio",
    feature = "harness",
    feature = "redox",
    feature = "deepset"
))]
pub mod guide;
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
pub use http;
pub use model::{Secret, Timestamp, UnknownValue};
#[cfg(fuzzing)]
#[doc(hidden)]
pub use transport::fuzzing;
pub use transport::{
    Attempt, AttemptReport, BoxFuture, Call, ClientOptions, Ensured, EnsuredAbsent, EnsuredRole,
    HttpConfig, Interceptor, Items, List, Mismatch, Page, Pages, Position, Response, RetryPolicy,
    WithResponse,
};

#[cfg(feature = "deepset")]
pub use deepset::Deepset;
#[cfg(feature = "harness")]
pub use harness::Harness;
#[cfg(feature = "redox")]
pub use redox::Redox;
#[cfg(feature = "twilio")]
pub use twilio::{chat::TwilioChat, conversations::TwilioConversations, iam::TwilioIam};
