//! The error of a call without an access token, at every token endpoint.

use std::time::Duration;

use rolecall::{BoxFuture, ClientOptions, Effect, Error, ErrorKind, RetryPolicy};

use crate::support::capture::Capture;

/// Makes a call that first gets a token at this URL, and returns its error.
type Call = fn(String) -> BoxFuture<'static, Error>;

const NOWHERE: &str = "http://127.0.0.1:1";

fn options() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::default().base_wait(Duration::ZERO))
}

const CALLS: &[(&str, Call)] = &[
    #[cfg(feature = "twilio")]
    ("twilio.iam role-assignments.delete", |token_url| {
        use rolecall::twilio::iam::{Credentials, TwilioIam};

        let credentials = Credentials::client("OQfake", "obviously-fake");
        let client = TwilioIam::builder(credentials).base_url(NOWHERE).token_url(token_url);
        let client = client.options(options()).build().expect("it is set up well");
        let organization = client.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        let call = organization.role_assignments().delete("IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        Box::pin(async { call.await.expect_err("there is no token") })
    }),
    #[cfg(feature = "redox-jwt")]
    ("redox role-assignment.list", |token_url| {
        use rolecall::redox::{ApiKey, Redox};

        let pem =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/redox/keys/p384.pem"));
        let key = ApiKey::from_pem("client", "key", pem).expect("it is a key");
        let client = Redox::builder(key).base_url(NOWHERE).token_url(token_url);
        let client = client.options(options()).build().expect("it is set up well");
        let assignments = client.organization("7").role_assignments();
        let items = assignments.list().items();
        Box::pin(async { items.try_collect().await.expect_err("there is no token") })
    }),
];

#[tokio::test]
async fn token_error_keeps_its_cause_status_and_attempts() {
    const REFUSED: &str = r#"{"error":"invalid_client","error_description":"Bad client"}"#;
    const PAGE: &str = "<html>login</html>";
    let (refused, what) = (ErrorKind::Unauthenticated, "failed to obtain an access token");
    let denied = "(invalid_client: Bad client): failed to obtain an access token, HTTP ";
    let nothing = "is not a token endpoint, check the token URL, HTTP ";
    for (operation, call) in CALLS {
        for (status, body, kind, code, attempts, part) in [
            (401, REFUSED, refused, Some("invalid_client"), 1, denied),
            (400, REFUSED, refused, Some("invalid_client"), 1, denied),
            (403, REFUSED, refused, Some("invalid_client"), 1, denied),
            (401, "", refused, None, 1, what),
            (403, "", refused, None, 1, what),
            (404, "", ErrorKind::Configuration, None, 1, nothing),
            (404, PAGE, ErrorKind::Configuration, None, 1, nothing),
            (404, REFUSED, ErrorKind::Configuration, Some("invalid_client"), 1, nothing),
            (405, "", ErrorKind::Configuration, None, 1, nothing),
            (403, PAGE, ErrorKind::Configuration, None, 1, nothing),
            (401, PAGE, ErrorKind::Configuration, None, 1, nothing),
            (302, PAGE, ErrorKind::UnexpectedStatus, None, 1, what),
            (429, REFUSED, ErrorKind::RateLimited, Some("invalid_client"), 4, what),
            (503, PAGE, ErrorKind::Server, None, 4, what),
        ] {
            let service = Capture::start([(status, body); 4]).await;
            let token_url = format!("{}/v2/token", service.uri());
            let error = call(token_url.clone()).await;
            let case = format!("{status} {body}: {error}");
            assert_eq!(error.operation(), Some(*operation), "{case}");
            assert_eq!((error.kind(), error.effect()), (kind, Effect::NotApplied), "{case}");
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status), "{case}");
            assert_eq!((error.code(), error.attempts()), (code, attempts), "{case}");
            assert_eq!(service.requests().len(), attempts as usize, "{case}");
            assert!(error.to_string().contains(part), "{case}");
            if kind == ErrorKind::Configuration {
                assert!(error.to_string().contains(&token_url), "{case}");
            }
        }
        // A page where a token should be, and no listener.
        let service = Capture::start([(200, PAGE); 4]).await;
        let error = call(format!("{}/v2/token", service.uri())).await;
        assert!(error.is_decode() && error.status().is_some_and(|s| s == 200), "{error}");
        let error = call(NOWHERE.to_owned()).await;
        let seen = (error.kind(), error.status(), error.attempts());
        assert_eq!(seen, (ErrorKind::Connect, None, 4), "{error}");
    }
}
