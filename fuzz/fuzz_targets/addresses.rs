//! Addresses that a caller sets: credentials go nowhere but to https, or to this machine, and
//! Twilio's edges and regions lead to no other host.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rolecall::twilio::iam::Credentials;
use rolecall::{ErrorKind, Redox, TwilioIam};
use rolecall_fuzz::Run;
use url::Url;

/// The origin that a client shows, and its host.
fn origin(client: &impl std::fmt::Debug) -> (Url, String) {
    let shown = format!("{client:?}");
    let inner = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let origin = Url::parse(inner.expect("it shows its address")).expect("an origin is a URL");
    let host = origin.host_str().expect("it has a host").to_owned();
    (origin, host)
}

fuzz_target!(|input: &str| {
    let _run = Run::of(Vec::new());
    let (a, region) = match input.split_once('\u{1e}') {
        Some((a, b)) => (a, Some(b)),
        None => (input, None),
    };
    let read = Url::parse(a);
    match Redox::builder("obviously-fake").base_url(a).build() {
        Ok(client) => {
            let (origin, host) = origin(&client);
            let loopback = host == "localhost" || host.starts_with("127.") || host.contains(':');
            assert!(origin.scheme() == "https" || (origin.scheme() == "http" && loopback), "{a:?}");
            // The text was the URL of that very place, as anybody else reads it.
            let read = read.expect("it was accepted");
            assert_eq!(read.origin(), origin.origin());
            assert!(read.username().is_empty() && read.password().is_none());
            assert!(read.query().is_none() && read.fragment().is_none());
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Configuration);
            let password = read.as_ref().ok().and_then(Url::password).filter(|it| it.len() > 8);
            let shown = format!("{error} {error:?}");
            assert!(password.is_none_or(|password| !shown.contains(password)), "{error}");
        }
    }
    let builder = TwilioIam::builder(Credentials::token("obviously-fake")).edge(a);
    let builder = region.into_iter().fold(builder, |builder, region| builder.region(region));
    if let Ok(client) = builder.build() {
        let (origin, host) = origin(&client);
        let labels: Vec<_> = host.split('.').collect();
        assert_eq!(labels, ["preview-iam", a, region.unwrap_or("us1"), "twilio", "com"]);
        assert_eq!((origin.scheme(), origin.port()), ("https", None));
    }
});
