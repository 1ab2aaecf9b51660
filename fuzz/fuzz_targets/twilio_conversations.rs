//! Every call of Twilio Conversations, against a service that responds as the input says.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| rolecall_fuzz::fuzz("twilio.conversations", input));
