//! Connections: name resolution, proxies, the user agent.

use std::time::Duration;

use crate::support::capture::Capture;
use rolecall::deepset::{NewRole, Role};
use rolecall::testing::DeepsetFake;
use rolecall::{ClientOptions, Deepset, Effect, Error, ErrorKind, RetryPolicy};

async fn create(base: &str, options: ClientOptions) -> Result<Role, Error> {
    let client = Deepset::builder(DeepsetFake::API_KEY).base_url(base).options(options).build()?;
    client
        .organization(DeepsetFake::ORGANIZATION)
        .roles()
        .create(&NewRole::new("auditor", "", []))
        .await
}

fn eager() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::default().max_attempts(2).base_wait(Duration::ZERO))
}

#[tokio::test]
async fn name_that_does_not_resolve_sends_nothing() {
    let options = eager().allow_plain_http(true);
    let error = create("http://does-not-exist.invalid", options).await.expect_err("no such name");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::NotApplied), "{error}");
    assert!(std::error::Error::source(&error).is_some(), "the cause is kept");
}

#[tokio::test]
async fn name_can_be_resolved_by_hand() {
    let fake = DeepsetFake::start().await.expect("a free port");
    let base = fake.uri().replace("127.0.0.1", "deepset.example");
    let loopback = std::net::Ipv4Addr::LOCALHOST.into();
    let options = eager()
        .allow_plain_http(true)
        .http(|http| http.no_proxy().resolve("deepset.example", loopback));
    create(&base, options).await.expect("it reaches the fake");
    assert_eq!(fake.roles().len(), 1);
}

#[tokio::test]
async fn configured_proxy_is_used_for_loopback_too() {
    let response = r#"{"role_id":"7f0c1f5e-0000-4000-8000-000000001000"}"#;
    let proxy = Capture::start([(201, response)]).await;
    let url = format!(" {}\n", proxy.uri().replace("http:", "HTTP:"));
    let options = eager().http(|http| http.proxy(url));
    create("http://127.0.0.1:1", options).await.expect("the proxy responds");
    let start = "POST http://127.0.0.1:1/api/v1/organization/";
    assert!(proxy.requests()[0].starts_with(start), "{:?}", proxy.requests());
}

#[tokio::test]
async fn user_agent_names_the_crate_and_the_program() {
    let fake = DeepsetFake::start().await.expect("a free port");
    let options = eager().user_agent_suffix("offboarding/2.1");
    create(&fake.uri(), options).await.expect("it succeeds");
    let expected = concat!("rolecall/", env!("CARGO_PKG_VERSION"), " offboarding/2.1");
    assert_eq!(fake.received()[0].header("user-agent"), Some(expected));
}

#[tokio::test]
async fn clients_are_shared_between_threads_and_cheap_to_clone() {
    fn check<T: Clone + Send + Sync + 'static>(_: &T) -> usize {
        size_of::<T>()
    }
    let fake = DeepsetFake::start().await.expect("a free port");
    assert_eq!(check(&fake.client().expect("it is set up well")), size_of::<usize>());
}
