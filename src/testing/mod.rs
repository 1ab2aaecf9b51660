//! Offline fakes of the services, for your own test suite (feature `testing`).
//!
//! Each listens on a real loopback socket, checks authentication, content type and required fields
//! as the service does, answers with that service's own bodies, and remembers what was created and
//! what it received. It can be told to misbehave for the next calls: [`Fault`].
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
//! let roles = fake.client()?.organization(DeepsetFake::ORGANIZATION)?.roles();
//!
//! // A rate limit is waited out ...
//! fake.next(1, Fault::status(429).retry_after(Duration::ZERO));
//! roles.create(&NewRole::new("auditor", "", [])).await?;
//!
//! // ... and a connection that breaks after the service acted is reported as what it is.
//! fake.next(1, Fault::reset().after_processing());
//! let error = roles.create(&NewRole::new("editor", "", [])).await.unwrap_err();
//! assert!(error.is_outcome_unknown());
//! assert_eq!(fake.roles().len(), 2);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "deepset"))]
//! # fn main() {}
//! ```

#[cfg(feature = "deepset")]
mod deepset;
mod fault;
mod front;
#[cfg(feature = "harness")]
mod harness;
mod received;
#[cfg(feature = "redox")]
mod redox;
mod service;
#[cfg(feature = "twilio")]
mod twilio_chat;
#[cfg(feature = "twilio")]
mod twilio_iam;
#[cfg(feature = "twilio")]
mod twilio_iam_users;

pub use fault::Fault;
pub use received::Received;
pub use service::Fake;

#[cfg(feature = "deepset")]
pub use deepset::DeepsetFake;
#[cfg(feature = "harness")]
pub use harness::{HarnessDuplicates, HarnessFake};
#[cfg(feature = "redox")]
pub use redox::{Membership, RedoxAbsent, RedoxDuplicates, RedoxEnvironmentMembership, RedoxFake};
#[cfg(feature = "twilio")]
pub use twilio_chat::TwilioChatFake;
#[cfg(feature = "twilio")]
pub use twilio_iam::{TwilioDuplicates, TwilioIamFake};
