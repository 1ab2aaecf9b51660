//! Private keys and API keys that a caller hands over: used or refused, and quoted by no error.
#![no_main]

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Response;
use libfuzzer_sys::fuzz_target;
use rolecall::fuzzing::{self, Act};
use rolecall::redox::{ApiKey, Redox};
use rolecall::{Deepset, Error, ErrorKind};
use serde_json::Value;

/// All that may be said of a key: nothing of the key itself.
const RULES: [&str; 13] = [
    "is not a private key in PEM",
    "is a JWK, not PEM",
    "is an encrypted key, which has to be decrypted first",
    "is a key in OpenSSH's form, PKCS#8 is needed",
    "is a damaged private key: its PEM cannot be read",
    "is a public key, the private key is needed",
    "is a certificate, the private key is needed",
    "is not a private key as JWK",
    "has another kid than the key id that was given",
    "is for another algorithm than RS384",
    "is for another algorithm than ES384",
    "parts of the private key are missing or contradict each other",
    KINDS,
];

/// What a key must be, which may follow what it is.
const KINDS: &str = "must be an RSA key of 2048 to 8192 bits or an EC key on P-384";

const KNOWN: [&str; 6] = [
    "an EC key on P-256",
    "a damaged EC key on P-384",
    "an EC key on P-521",
    "an EC key on secp256k1",
    "an Ed25519 key",
    "an RSA key of another length or form",
];

fn is_rule(text: &str) -> bool {
    let kind = text.strip_prefix("is ").and_then(|text| text.strip_suffix(KINDS));
    let known = |kind: &str| {
        KNOWN.iter().any(|known| kind == format!("{known}, "))
            || ["P-256", "P-521", "secp256k1", "Ed25519"]
                .iter()
                .any(|curve| kind == format!("a key on {curve}, "))
    };
    RULES.contains(&text) || kind.is_some_and(known)
}

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

    let (sender, bodies) = std::sync::mpsc::channel();
    fuzzing::serve(move |request| {
        let body = request.into_body();
        let _ = sender.send(body.clone());
        let mut response = Response::new(body);
        *response.status_mut() = http::StatusCode::BAD_REQUEST;
        Act::Respond(response)
    });
    let client = Redox::builder(key)
        .base_url("http://127.0.0.1:1/base")
        .token_url("http://127.0.0.1:1/base/token")
        .build()
        .expect("the key was found to sign");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let environments = client.organization("123").environments();
    let error = runtime
        .expect("a runtime without I/O can be built")
        .block_on(environments.list().first_page().send())
        .expect_err("there is no token");

    let body = bodies.try_recv().expect("a token was asked for");
    let sent = url::form_urlencoded::parse(&body).find(|(name, _)| name == "client_assertion");
    let (_, assertion) = sent.expect("it proves who asks");
    let parts: Vec<_> = assertion.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{assertion} is no JWT") };
    let read = |part: &str| -> Value {
        let json = URL_SAFE_NO_PAD.decode(part).expect("it is base64");
        serde_json::from_slice(&json).expect("it is JSON")
    };
    assert_eq!(read(header)["alg"], algorithm);
    assert_eq!(read(header)["kid"], ID);
    assert_eq!(read(claims)["iss"], "a-client");
    let shown = format!("{error} {error:?} {}", String::from_utf8_lossy(error.body()));
    assert!(!shown.contains(signature), "the assertion is shown: {shown}");
}

fn used_or_refused(key: Result<ApiKey, Error>) {
    match key {
        Ok(key) => sign(key),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Configuration);
            let text = error.to_string();
            let rule = text.rsplit("Redox private key: ").next();
            assert!(rule.is_some_and(is_rule), "{text}");
            assert!(std::error::Error::source(&error).is_none(), "{error:?}");
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let key = text(input);
    used_or_refused(ApiKey::from_pem("a-client", ID, key.as_str()));
    used_or_refused(ApiKey::from_jwk("a-client", ID, key.as_str()));
    // Claims, put into an API key; and the text as that key itself.
    let with_claims = format!("api_e30.{}.x", URL_SAFE_NO_PAD.encode(input));
    for key in [with_claims, format!("api_{key}"), key] {
        let expires = Deepset::builder(key.as_str()).key_expires_at();
        let since = expires.map(|at| at.duration_since(SystemTime::UNIX_EPOCH));
        assert!(since.is_none_or(|since| since.is_ok()), "{key:?}");
        if let Ok(claims) = serde_json::from_slice::<Value>(input)
            && key.starts_with("api_e30.")
            && let Some(seconds) = claims["exp"].as_u64().filter(|seconds| *seconds < 1 << 40)
        {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(expires, Some(at), "{claims}");
        }
    }
});
