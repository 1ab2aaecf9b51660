//! Offline fakes of the services, for your own test suite (feature `testing`).
//!
//! Each listens on a real loopback socket, checks authentication, content type and required fields
//! as the service does, responds with the service's own bodies, and records created items and
//! received requests. It speaks HTTP/1.1 to any client, and links in its responses point to the
//! fake itself, so programs in other languages can use the same fake. It can inject faults into the
//! next calls ([`Fault`]), and respond to paths that it does not implement
//! ([`respond_to`](Fake::respond_to)).
//!
//! ```
//! # #[cfg(feature = "deepset")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use rolecall::deepset::NewRole;
//! use rolecall::testing::{DeepsetFake, Fault};
//! use std::time::Duration;
//!
//! let fake = DeepsetFake::start().await?;
//! let roles = fake.client()?.organization(DeepsetFake::ORGANIZATION).roles();
//!
//! // The client waits out a rate limit ...
//! fake.next(1, Fault::status(429).retry_after(Duration::ZERO));
//! roles.create(&NewRole::new("auditor", "", [])).await?;
//!
//! // ... and reports a connection that breaks after the service processed the request.
//! fake.next(1, Fault::reset().after_processing());
//! let error = roles.create(&NewRole::new("editor", "", [])).await.unwrap_err();
//! assert!(error.is_outcome_unknown());
//! assert_eq!(fake.roles().len(), 2);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "deepset"))]
//! # fn main() {}
//! ```
//!
//! # Time
//! The fakes need tokio's clock to run. Under a paused one (`#[tokio::test(start_paused = true)]`)
//! tokio advances the time whenever its tasks wait, even for a socket: a time limit may be reached
//! before a response arrives, and a create can end with an unknown outcome.
//!
//! # Without a fake
//! To test code that only takes responses, [`sample`] returns one of each type.

#[cfg(feature = "deepset")]
mod deepset;
mod fake;
mod fault;
#[cfg(feature = "harness")]
mod harness;
#[cfg_attr(
    not(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset")),
    allow(dead_code, reason = "each vendor's fake uses a part of it")
)]
mod message;
mod received;
#[cfg(feature = "redox")]
mod redox;
mod sample;
mod server;
#[cfg(any(feature = "redox", feature = "twilio"))]
mod tokens;
#[cfg(feature = "twilio")]
mod twilio;

pub use fault::Fault;
pub use received::Received;
pub use sample::{Sample, sample};
pub use server::Fake;

#[cfg(feature = "deepset")]
pub use deepset::DeepsetFake;
#[cfg(feature = "harness")]
pub use harness::{HarnessDuplicates, HarnessFake};
#[cfg(feature = "redox")]
pub use redox::{RedoxAbsent, RedoxDuplicates, RedoxFake, RedoxMembership};
#[cfg(feature = "twilio")]
pub use twilio::{TwilioChatFake, TwilioDuplicates, TwilioIamFake};
