//! Addresses that a caller sets: credentials go nowhere but to https, or to this machine, and
//! Twilio's edges and regions lead to no other host.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rolecall::twilio::iam::Credentials;
use rolecall::{ErrorKind, Redox, TwilioIam};
use rolecall_fuzz::{Run, Script};

/// The origin that a client shows.
fn origin(shown: &str) -> url::Url {
    let inner = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    url::Url::parse(inner.expect("it shows its address")).expect("an origin is a URL")
}

fuzz_target!(|input: &str| {
    let _run = Run::of(Script::read(b"").1);
    let (a, b) = input.split_once('\u{1e}').unwrap_or((input, ""));
    match Redox::builder("obviously-fake").base_url(a).build() {
        Ok(client) => {
            let origin = origin(&format!("{client:?}"));
            let host = origin.host_str().expect("it has a host").to_owned();
            let loopback = host == "localhost" || host.starts_with("127.") || host.contains(':');
            assert!(origin.scheme() == "https" || (origin.scheme() == "http" && loopback), "{a:?}");
            // The text was the URL of that very place, as anybody else reads it.
            let read = url::Url::parse(a).expect("it was accepted");
            assert_eq!(read.origin(), origin.origin());
            assert!(read.username().is_empty() && read.password().is_none());
            assert!(read.query().is_none() && read.fragment().is_none());
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Configuration);
            let password =
                url::Url::parse(a).ok().and_then(|url| url.password().map(str::to_owned));
            if let Some(password) = password.filter(|text| text.len() > 8) {
                assert!(!format!("{error} {error:?}").contains(&password), "{error}");
            }
        }
    }
    let builder = TwilioIam::builder(Credentials::token("obviously-fake")).edge(a);
    let builder = if input.contains('\u{1e}') { builder.region(b) } else { builder };
    if let Ok(client) = builder.build() {
        let origin = origin(&format!("{client:?}"));
        let host = origin.host_str().expect("it has a host");
        let labels: Vec<_> = host.split('.').collect();
        assert_eq!(origin.scheme(), "https");
        assert!(labels.len() == 5 && host.ends_with(".twilio.com"), "{host}");
        assert!(labels[0] == "preview-iam" && labels[1] == a);
        assert_eq!(labels[2], if input.contains('\u{1e}') { b } else { "us1" });
        assert_eq!(origin.port(), None);
    }
});
