//! Each request on the wire, byte for byte except for `host` and `user-agent`.

use std::fs;
use std::path::{Path, PathBuf};

use rolecall::{ClientOptions, RetryPolicy};

use crate::registry::{Endpoint, endpoints};
use crate::support::capture::Capture;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The endpoints that have a request fixture.
pub(crate) fn examples() -> Vec<Endpoint> {
    endpoints().into_iter().filter(|endpoint| !endpoint.request.is_empty()).collect()
}

#[tokio::test]
async fn every_request_is_exact() {
    for endpoint in examples() {
        let path = root().join("fixtures").join(&endpoint.request);
        let expected = fs::read_to_string(&path);
        let expected = expected.unwrap_or_else(|error| panic!("{endpoint}: {path:?}: {error}"));
        let capture = Capture::start([(endpoint.success()[0], &*endpoint.response)]).await;
        let options = ClientOptions::default().retry(RetryPolicy::none());
        let call = endpoint.caller(&capture.uri(), options);
        call().await.unwrap_or_else(|error| panic!("{endpoint}: {error}"));
        assert_eq!(capture.requests(), [expected], "{endpoint}");
    }
}

/// Fixtures of requests that are compared in tests of their own: further pages, filters, tokens.
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
const ELSEWHERE: &[&str] = &[
    "deepset/list_after.request.http",
    "deepset/list_before.request.http",
    "deepset/list_next.request.http",
    "deepset/users_next.request.http",
    "harness/groups_filter_nothing.request.http",
    "redox/audit_events_next.request.http",
    "redox/token.request.http",
    "twilio_chat/list_next.request.http",
    "twilio_iam/create_user_minimal.request.http",
    "twilio_iam/list_assignments.request.http",
    "twilio_iam/list_assignments_filtered.request.http",
    "twilio_iam/list_assignments_next.request.http",
    "twilio_iam/list_roles_filtered.request.http",
    "twilio_iam/list_users_by_external_id.request.http",
    "twilio_iam/token.request.http",
];

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn every_request_fixture_belongs_to_an_endpoint() {
    let mut used: Vec<String> = examples().into_iter().map(|one| one.request).collect();
    used.extend(ELSEWHERE.iter().map(|name| (*name).to_owned()));
    for folder in fs::read_dir(root().join("fixtures")).expect("there are fixtures") {
        let folder = folder.expect("it can be read").path();
        let Ok(files) = fs::read_dir(&folder) else { continue };
        for file in files {
            let path = file.expect("it can be read").path();
            let name = path.strip_prefix(root().join("fixtures")).expect("it is below");
            let name = name.to_str().expect("it is text").to_owned();
            assert!(!name.ends_with(".request.http") || used.contains(&name), "unused: {name}");
        }
    }
}
