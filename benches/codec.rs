//! Encoding and decoding without a wire: a request as the crate builds it (checked path, headers
//! and body) and a response as its types decode it, each compared with a minimal hand-written
//! version.
//!
//! `cargo bench --bench codec`

mod support;

use divan::{Bencher, black_box};
use serde::de::DeserializeOwned;
use support::cases::{self, Case};

fn main() {
    divan::main();
}

mod encode {
    use super::*;

    const CALLS: [&str; 5] = ["Twilio Organizations", "Twilio Chat", "Harness", "Redox", "deepset"];

    fn case(name: &str) -> Case {
        let mut all = cases::all("http://127.0.0.1:9").into_iter();
        all.find(|case| case.name == name).expect("it is one of them")
    }

    #[divan::bench(args = CALLS)]
    fn rolecall(bencher: Bencher<'_, '_>, name: &str) {
        let [build, _] = case(name).build;
        bencher.bench(|| build());
    }

    #[divan::bench(args = CALLS)]
    fn by_hand(bencher: Bencher<'_, '_>, name: &str) {
        let [_, build] = case(name).build;
        bencher.bench(|| build());
    }
}

/// A response into its type, and into a tree that knows nothing of it.
macro_rules! decode {
    ($($name:ident: $type:ty = $file:literal,)*) => {
        mod decode {
            use super::*;

            fn read<T: DeserializeOwned>(bencher: Bencher<'_, '_>, text: &str) {
                bencher.bench(|| serde_json::from_str::<T>(black_box(text)).expect("it is read"));
            }

            $(mod $name {
                use super::*;

                const TEXT: &str = include_str!(concat!("../fixtures/", $file));

                #[divan::bench]
                fn typed(bencher: Bencher<'_, '_>) {
                    read::<$type>(bencher, TEXT);
                }

                #[divan::bench]
                fn untyped(bencher: Bencher<'_, '_>) {
                    read::<serde_json::Value>(bencher, TEXT);
                }
            })*
        }
    };
}

decode! {
    twilio_iam: rolecall::twilio::iam::RoleAssignment = "twilio_iam/assignment.full.json",
    twilio_chat: rolecall::twilio::chat::Role = "twilio_chat/role.full.json",
    harness: rolecall::harness::RoleAssignmentResponse = "harness/assignment.full.json",
    redox: rolecall::redox::AssignRoleResponse = "redox/assigned.full.json",
    deepset: rolecall::deepset::Role = "deepset/role.full.json",
}
