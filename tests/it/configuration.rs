//! A wrong setting is an error that names it and the rule, before anything is sent.

#[cfg(any(feature = "rustls", feature = "native-tls"))]
use rolecall::HttpConfig;
use rolecall::{ClientOptions, Error, ErrorKind, Harness};

fn build(base: &str, options: ClientOptions) -> Result<Harness, Error> {
    Harness::builder("obviously-fake").base_url(base).options(options).build()
}

fn refused(base: &str, options: ClientOptions, named: &str) {
    let error = build(base, options).expect_err(named);
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains(named), "{error}");
}

const LOOPBACK: &str = "http://127.0.0.1:1";

#[test]
fn base_url_is_checked() {
    for good in ["http://127.0.0.1:1", "http://127.9.9.9", "http://localhost:1/x", "http://[::1]:1"]
    {
        build(good, ClientOptions::default()).expect(good);
    }
    build("http://h.example", ClientOptions::default().allow_plain_http(true)).expect("allowed");
    for (bad, named) in [
        ("", "Harness base URL: is not a URL"),
        ("app.harness.io", "Harness base URL: is not a URL"),
        ("ftp://h.example", "must start with https://"),
        ("file:///etc", "must start with https://"),
        ("https://user:pass@h.example", "must not contain credentials"),
        ("https://h.example?x=1", "must not contain a query"),
        ("https://h.example#x", "must not contain a query"),
        ("http://h.example", "only for loopback"),
        ("http://127.0.0.1.h.example", "only for loopback"),
        ("http://localhost.h.example", "only for loopback"),
        ("http://[::ffff:10.0.0.1]", "only for loopback"),
    ] {
        refused(bad, ClientOptions::default(), named);
    }
}

#[test]
fn settings_are_checked() {
    let options = ClientOptions::default;
    refused(LOOPBACK, options().user_agent_suffix("a\r\nb"), "user agent suffix: must not");
    refused(LOOPBACK, options().http(|http| http.proxy("http://:")), "proxy: is not a proxy URL");
    let error = Harness::builder("").base_url(LOOPBACK).build().expect_err("the key is empty");
    assert!(error.to_string().contains("Harness API key: must not be empty"), "{error}");
    let error = Harness::builder("k").account_id("a\nb").base_url(LOOPBACK).build();
    assert!(error.expect_err("a line break").to_string().contains("Harness account id: must not"));
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn certificates_are_checked() {
    let options = ClientOptions::default;
    for pem in ["", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let wrong = options().http(|http| http.root_certificates_pem(pem));
        build("https://h.example", wrong).expect_err(pem);
    }
    let wrong = options().http(|http| http.client_certificate_pem("nothing", "obviously-fake"));
    refused("https://h.example", wrong, "client certificate: certificate or key are not readable");
    build("https://h.example", options()).expect("this build has TLS");
    // As they are, and as a variable holds them.
    let [root, chain, key] = [
        include_str!("../../fixtures/tls/root.pem"),
        include_str!("../../fixtures/tls/good.pem"),
        include_str!("../../fixtures/tls/key.pem"),
    ];
    for line_break in ["\n", "\r\n", "\\n", "\\r\\n"] {
        let of = |pem: &str| pem.replace('\n', line_break);
        let http = |http: HttpConfig| {
            let trusting = http.root_certificates_pem(of(root)).only_these_root_certificates();
            trusting.client_certificate_pem(of(chain), of(key))
        };
        build("https://h.example", options().http(http)).expect("it is PEM");
    }
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
#[test]
fn without_tls_https_is_a_configuration_error() {
    refused("https://h.example", ClientOptions::default(), "https:// needs TLS");
    let error = Harness::builder("obviously-fake").build().expect_err("the default is https");
    assert!(error.to_string().contains("enable the feature `rustls` or `native-tls`"), "{error}");
    let roots = ClientOptions::default().http(|http| http.only_these_root_certificates());
    refused(LOOPBACK, roots, "certificates are set, but this build has no TLS");
}
