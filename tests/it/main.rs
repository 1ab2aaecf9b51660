//! Integration tests, in one program: linking costs once.
#![cfg(any(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]

mod support {
    pub(crate) mod capture;
    pub(crate) mod log;
    pub(crate) mod matrix;
    pub(crate) mod raw;
    pub(crate) mod steps;
    pub(crate) mod subjects;
    #[cfg(feature = "rustls")]
    pub(crate) mod tls;
    pub(crate) mod truth;
}

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
mod access;
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
mod access_grants;
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
mod access_review;
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
mod access_snapshots;
#[cfg(feature = "deepset")]
mod calls_deepset;
#[cfg(feature = "harness")]
mod calls_harness;
#[cfg(feature = "harness")]
mod calls_harness_ng;
#[cfg(feature = "redox")]
mod calls_redox;
#[cfg(feature = "twilio")]
mod calls_twilio_chat;
#[cfg(feature = "twilio")]
mod calls_twilio_conversations;
#[cfg(feature = "twilio")]
mod calls_twilio_iam;
#[cfg(feature = "twilio")]
mod calls_twilio_people;
#[cfg(feature = "harness")]
mod configuration;
#[cfg(feature = "deepset")]
mod connecting;
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
mod docs;
mod every_endpoint;
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
mod examples;
mod fault_matrix;
mod fault_matrix_steps;
mod faults_on_sockets;
mod hostile_responses;
#[cfg(feature = "deepset")]
mod late_timeouts;
mod layers;
mod memory;
#[cfg(feature = "deepset")]
mod programs;
#[cfg_attr(
    not(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset")),
    allow(dead_code, reason = "one vendor alone needs less of it")
)]
mod registry;
mod requests;
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
mod responses;
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
mod round_trips;
mod secrets;
mod spans;
mod success;
#[cfg(any(feature = "twilio", feature = "redox-jwt"))]
mod token_errors;
#[cfg(feature = "twilio")]
mod tokens;
