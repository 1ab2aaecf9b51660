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

/// The others are compared in tests of their own: further pages, filters, tokens.
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn every_request_fixture_is_compared() {
    let files = |folder: &str| {
        let entries = fs::read_dir(root().join(folder)).expect("it can be read");
        entries.map(|entry| entry.expect("it can be read").path()).collect::<Vec<_>>()
    };
    let sources = files("tests/it").into_iter().filter(|path| path.is_file());
    let sources: Vec<_> = sources.map(|path| fs::read_to_string(path).expect("a text")).collect();
    let examples = examples();
    for folder in
        ["deepset", "harness", "redox", "twilio_chat", "twilio_conversations", "twilio_iam"]
    {
        for path in files(&format!("fixtures/{folder}")) {
            let name = path.file_name().and_then(|name| name.to_str()).expect("it is text");
            let of_an_endpoint =
                || examples.iter().any(|one| one.request == format!("{folder}/{name}"));
            let is_used = of_an_endpoint() || sources.iter().any(|source| source.contains(name));
            assert!(!name.ends_with(".request.http") || is_used, "unused: {folder}/{name}");
        }
    }
}
