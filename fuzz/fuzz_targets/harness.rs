//! Every call of Harness, against a service that responds as the input says.
#![no_main]

use rolecall_fuzz::{calls, steps};

libfuzzer_sys::fuzz_target!(|input: &[u8]| calls::fuzz("harness ", steps::harness, input));
