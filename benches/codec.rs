//! Encoding and decoding alone, without a wire: a request as the crate builds it (checked path, headers
//! and body) and an answer as its types read it, each beside the least that could be done by hand.
//!
//! `cargo bench --bench codec`

use divan::{Bencher, black_box};
use rolecall::Harness;
use rolecall::harness::{NewRoleAssignment, Principal, RoleAssignmentResponse, RoleAssignments};
use serde::de::DeserializeOwned;

fn main() {
    divan::main();
}

mod encode {
    use super::*;

    fn assignments() -> RoleAssignments {
        let harness = Harness::builder("obviously-fake-key").base_url("http://127.0.0.1:9").build();
        let org = harness.and_then(|harness| harness.org("platform"));
        org.expect("it is set up well").role_assignments()
    }

    fn wanted() -> NewRoleAssignment {
        let group = "_all_organization_level_resources";
        NewRoleAssignment::new(
            "sre_view",
            "_organization_viewer",
            group,
            Principal::user_group("sre"),
        )
        .expect("it is valid")
    }

    #[divan::bench]
    fn rolecall(bencher: Bencher<'_, '_>) {
        let (assignments, wanted) = (assignments(), wanted());
        bencher.bench(|| assignments.create(black_box(&wanted)));
    }

    #[divan::bench]
    fn by_hand(bencher: Bencher<'_, '_>) {
        let wanted = wanted();
        bencher.bench(|| {
            let base = "http://127.0.0.1:9";
            let url = format!("{base}/v1/orgs/{}/role-assignments", black_box("platform"));
            http::Request::post(url)
                .header("accept", "application/json")
                .header("content-type", "application/json")
                .header("x-api-key", "obviously-fake-key")
                .body(serde_json::to_vec(black_box(&wanted)).expect("it can be written"))
        });
    }
}

/// An answer into its type, and into a tree that knows nothing of it.
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
    harness: RoleAssignmentResponse = "harness/assignment.full.json",
    redox: rolecall::redox::AssignRoleResponse = "redox/assigned.full.json",
    deepset: rolecall::deepset::Role = "deepset/role.full.json",
}
