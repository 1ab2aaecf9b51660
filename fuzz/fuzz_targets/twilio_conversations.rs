//! Every call of Twilio Conversations, against a service that responds as the input says.
#![no_main]

use rolecall_fuzz::{calls, steps};

libfuzzer_sys::fuzz_target!(|input: &[u8]| calls::fuzz(
    "twilio.conversations ",
    steps::twilio_conversations,
    input
));
