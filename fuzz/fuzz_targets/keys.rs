//! Private keys and API keys that a caller hands over: used or refused, and quoted by no error.
#![no_main]

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Response;
use libfuzzer_sys::fuzz_target;
use rolecall::fuzzing::Act;
use rolecall::redox::{ApiKey, Redox};
use rolecall::{Deepset, Error, ErrorKind};
use rolecall_fuzz::{BASE, Run};
use serde_json::Value;

/// The words of all that may be said of a key: nothing of the key itself.
const WORDS: &str = "is are has be a an the another other not in on for as of or to than \
    that was given must which first needed missing contradict each its cannot read parts kid id \
    private public encrypted damaged certificate algorithm form length key keys bits decrypted \
    PEM JWK RSA EC OpenSSH's PKCS#8 RS384 ES384 P-256 P-384 P-521 secp256k1 Ed25519 2048 8192";

const ID: &str = "obviously-fake-key";

/// A key as text: as it is, or as DER that gets its PEM here, so that its bytes can be varied.
fn text(input: &[u8]) -> String {
    let (label, der) = match input {
        [1, der @ ..] => ("PRIVATE KEY", der),
        [2, der @ ..] => ("RSA PRIVATE KEY", der),
        _ => return String::from_utf8_lossy(input).into_owned(),
    };
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// Signs one assertion, which the service sends back in an error.
fn sign(key: ApiKey) {
    let shown = format!("{key:?}");
    let algorithm = ["RS384", "ES384"].into_iter().find(|name| shown.contains(name));
    let algorithm = algorithm.expect("it has one of the two");
    assert_eq!(shown, format!("ApiKey({algorithm} key {ID:?})"));

    let run = Run::serving(|request| {
        let response = Response::builder().status(400).body(request.body().clone());
        Act::Respond(response.expect("it is complete"))
    });
    let builder = Redox::builder(key).base_url(BASE).token_url(format!("{BASE}/token"));
    let client = builder.build().expect("the key was found to sign");
    let environments = client.organization("123").environments();
    let error = run.wait(environments.list().first_page().send()).expect_err("there is no token");

    let seen = run.seen();
    let body = seen.first().expect("a token was asked for").request.body();
    let sent = url::form_urlencoded::parse(body).find(|(name, _)| name == "client_assertion");
    let (_, assertion) = sent.expect("it proves who asks");
    let parts: Vec<_> = assertion.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{assertion} is no JWT") };
    let read = |part: &str| -> Value {
        let json = URL_SAFE_NO_PAD.decode(part).expect("it is base64");
        serde_json::from_slice(&json).expect("it is JSON")
    };
    assert_eq!((&read(header)["alg"], &read(header)["kid"]), (&algorithm.into(), &ID.into()));
    assert_eq!(read(claims)["iss"], "a-client");
    let shown = format!("{error} {error:?} {}", String::from_utf8_lossy(error.body()));
    assert!(!shown.contains(signature), "the assertion is shown: {shown}");
}

fn used_or_refused(key: Result<ApiKey, Error>) {
    let error = match key {
        Ok(key) => return sign(key),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let text = error.to_string();
    let rule = text.rsplit("Redox private key: ").next().unwrap_or_default();
    let mut words = rule.split(' ').map(|word| word.trim_end_matches([',', ':']));
    assert!(words.all(|word| WORDS.split(' ').any(|known| known == word)), "{text}");
    assert!(error.source().is_none(), "{error:?}");
}

fuzz_target!(|input: &[u8]| {
    let key = text(input);
    used_or_refused(ApiKey::from_pem("a-client", ID, key.as_str()));
    used_or_refused(ApiKey::from_jwk("a-client", ID, key.as_str()));
    // Claims, put into an API key; and the text as that key itself.
    let with_claims = format!("api_e30.{}.x", URL_SAFE_NO_PAD.encode(input));
    let expires = |key: &str| {
        let expires = Deepset::builder(key).key_expires_at();
        expires.map(|at| at.duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970"))
    };
    for key in [format!("api_{key}"), key] {
        expires(&key);
    }
    let at = expires(&with_claims);
    let claims: Value = serde_json::from_slice(input).unwrap_or_default();
    if let Some(seconds) = claims["exp"].as_u64().filter(|seconds| *seconds < 1 << 40) {
        assert_eq!(at, Some(Duration::from_secs(seconds)), "{claims}");
    }
});
