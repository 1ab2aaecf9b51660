//! A client of each vendor, whose credential is the secret that must not be shown.

use rolecall::twilio::{chat, iam};
use rolecall::{ClientOptions, RetryPolicy};
use rolecall::{Deepset, Harness, Redox, TwilioChat, TwilioConversations, TwilioIam};

use crate::SECRET;

/// Where all clients are at home. The path stays in front of every call's own.
pub const BASE: &str = "http://127.0.0.1:1/base";
pub const ORIGIN: &str = "http://127.0.0.1:1";
pub const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Options under which no call of one run changes what another may do.
pub fn options() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::default().budget(u32::MAX))
}

pub fn twilio_iam(version: iam::ApiVersion) -> TwilioIam {
    let builder = TwilioIam::builder(iam::Credentials::token(SECRET)).base_url(BASE);
    builder.api_version(version).options(options()).build().expect("it is complete")
}

pub fn twilio_chat() -> chat::Service {
    let builder = TwilioChat::builder(chat::Credentials::auth_token(ACCOUNT, SECRET));
    let client = builder.base_url(BASE).options(options()).build().expect("it is complete");
    client.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
}

pub fn twilio_conversations() -> TwilioConversations {
    let builder = TwilioConversations::builder(chat::Credentials::auth_token(ACCOUNT, SECRET));
    builder.base_url(BASE).options(options()).build().expect("it is complete")
}

pub fn harness() -> Harness {
    let builder = Harness::builder(SECRET).account_id("fake").base_url(BASE);
    builder.options(options()).build().expect("it is complete")
}

pub fn redox() -> Redox {
    let builder = Redox::builder(SECRET).base_url(BASE).options(options());
    builder.build().expect("it is complete")
}

pub fn deepset() -> Deepset {
    let builder = Deepset::builder(SECRET).base_url(BASE).options(options());
    builder.build().expect("it is complete")
}
