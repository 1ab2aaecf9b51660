//! Creates a role in a Twilio Chat service.
//!
//! `cargo run --example twilio_chat_create_role -- IS… moderator channel sendMessage leaveChannel`

mod support;

use std::process::ExitCode;

use rolecall::twilio::chat::{NewRole, Role};
use rolecall::{Error, TwilioChat};

const USAGE: &str = "twilio_chat_create_role SERVICE NAME TYPE PERMISSION... \
    (environment: TWILIO_API_KEY with TWILIO_API_SECRET, \
    or TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN; optional: TWILIO_CHAT_BASE_URL)";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match &support::arguments()[..] {
        [service, name, kind, permissions @ ..] if !permissions.is_empty() => {
            support::finish(create(service, name, kind, permissions).await)
        }
        _ => support::usage(USAGE),
    }
}

async fn create(
    service: &str,
    name: &str,
    kind: &str,
    permissions: &[String],
) -> Result<Role, Error> {
    // Types and permissions may be any text: one that the service adds later works with this.
    let new = NewRole::new(name, kind, permissions)?;
    let service = TwilioChat::from_env()?.service(service);
    service.roles().create(&new).await
}
