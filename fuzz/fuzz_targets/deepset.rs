//! Every call of the deepset platform, against a service that responds as the input says.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| rolecall_fuzz::fuzz("deepset", input));
