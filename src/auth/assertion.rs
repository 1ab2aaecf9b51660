//! Assertions in place of a client secret (RFC 7523): JWTs, each signed for one request.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA384};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use secrecy::zeroize::{Zeroize, Zeroizing};
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::model::{Secret, one_word, unescaped};
use crate::transport::{Authorization, Authorize, Authorizing, Patience};

/// The length of a coordinate on P-384.
const COORDINATE: usize = 48;

/// What can sign.
const KINDS: &str = "must be an RSA key of 2048 to 8192 bits or an EC key on P-384";

/// The object identifiers in the encoding of each kind of key (RFC 5480 and 8017).
const IDENTIFIERS: [(&[u8], &str); 6] = [
    (&[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], "an EC key on P-256"),
    (&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22], "a damaged EC key on P-384"),
    (&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23], "an EC key on P-521"),
    (&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a], "an EC key on secp256k1"),
    (&[0x06, 0x03, 0x2b, 0x65, 0x70], "an Ed25519 key"),
    (
        &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01],
        "an RSA key of another length or form",
    ),
];

/// How far an assertion is backdated, for services whose clocks are behind.
const BACKDATED: u64 = 30;

/// A private key that signs assertions, and the id under which its public half is known.
#[derive(Clone)]
pub(crate) struct AssertionKey {
    id: String,
    signer: Arc<Signer>,
}

/// A key with the algorithm that belongs to it.
enum Signer {
    Rsa(RsaKeyPair),
    P384(EcdsaKeyPair),
}

impl Signer {
    /// The algorithm's name in a JWT (RFC 7518, section 3.1).
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS384",
            Self::P384(_) => "ES384",
        }
    }

    /// `None` if the key cannot be used.
    fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA384, &random, text, &mut signature).ok()?;
                Some(signature)
            }
            Self::P384(pair) => Some(pair.sign(&random, text).ok()?.as_ref().to_vec()),
        }
    }
}

impl AssertionKey {
    /// A key as PEM: RSA (RS384; PKCS#8 or PKCS#1), or P-384 (ES384; PKCS#8 or SEC 1).
    ///
    /// # Errors
    /// A configuration error that names `field` and the rule, and quotes nothing of the key.
    pub(crate) fn from_pem(field: &str, id: String, pem: &Secret) -> Result<Self, Error> {
        let rule = |rule: &str| Error::configuration(format!("{field}: {rule}"));
        let pem = unescaped(pem.expose());
        let key = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes());
        let mut key = key.map_err(|_| rule(no_private_key(pem.expose())))?;
        let ec = |der| {
            EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_FIXED_SIGNING, der)
                .map(Signer::P384)
        };
        let signer = match &key {
            PrivateKeyDer::Pkcs1(der) => {
                RsaKeyPair::from_der(der.secret_pkcs1_der()).map(Signer::Rsa)
            }
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                RsaKeyPair::from_pkcs8(der).map(Signer::Rsa).or_else(|_| ec(der))
            }
            other => ec(other.secret_der()),
        };
        let signer = signer.map_err(|_| rule(&unsupported(&key)));
        key.zeroize();
        Self { id, signer: Arc::new(signer?) }.checked(field)
    }

    /// A key as JWK (RFC 7517), of the same kinds.
    ///
    /// # Errors
    /// A configuration error that names `field` and the rule, and quotes nothing of the key.
    pub(crate) fn from_jwk(field: &str, id: String, jwk: &Secret) -> Result<Self, Error> {
        let rule = |rule: &str| Error::configuration(format!("{field}: {rule}"));
        let jwk: Jwk =
            serde_json::from_str(jwk.expose()).map_err(|_| rule("is not a private key as JWK"))?;
        if jwk.kid.as_ref().is_some_and(|own| *own != id) {
            return Err(rule("has another kid than the key id that was given"));
        }
        let signer = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => jwk.rsa().map(Signer::Rsa),
            ("EC", Some("P-384")) => jwk.p384().map(Signer::P384),
            (_, Some(curve @ ("P-256" | "P-521" | "secp256k1" | "Ed25519"))) => {
                return Err(rule(&format!("is a key on {curve}, {KINDS}")));
            }
            _ => return Err(rule(KINDS)),
        };
        if jwk.d.is_none() {
            return Err(rule(PUBLIC));
        }
        let inconsistent = || rule("parts of the private key are missing or contradict each other");
        let signer = signer.ok_or_else(inconsistent)?;
        let algorithm = signer.algorithm();
        if jwk.alg.as_ref().is_some_and(|own| own != algorithm) {
            return Err(rule(&format!("is for another algorithm than {algorithm}")));
        }
        Self { id, signer: Arc::new(signer) }.checked(field)
    }

    /// Signs once, so that an unusable key is reported at construction.
    fn checked(self, field: &str) -> Result<Self, Error> {
        one_word("Redox key id", &self.id)?;
        match self.signer.sign(b"probe") {
            Some(_) => Ok(self),
            None => Err(Error::configuration(format!("{field}: {KINDS}"))),
        }
    }

    /// Signs an assertion of the identity `client` for `audience`; it is backdated, and its
    /// lifetime counts from that date.
    ///
    /// # Errors
    /// A configuration error if the clock, the source of randomness or the key cannot be used.
    pub(crate) fn sign(
        &self,
        client: &str,
        audience: &str,
        lifetime: Duration,
    ) -> Result<Secret, Error> {
        #[derive(Serialize)]
        struct Header<'a> {
            typ: &'a str,
            alg: &'a str,
            kid: &'a str,
        }
        #[derive(Serialize)]
        struct Claims<'a> {
            iss: &'a str,
            sub: &'a str,
            aud: &'a str,
            iat: u64,
            exp: u64,
            jti: &'a str,
        }
        let unusable = |what: &'static str| Error::new(ErrorKind::Configuration).with_detail(what);
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|_| unusable("the system's clock is before 1970"))?
            .as_secs();
        let issued = now.saturating_sub(BACKDATED);
        let mut random = [0; 16];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| unusable("no randomness can be had"))?;
        let header = Header { typ: "JWT", alg: self.signer.algorithm(), kid: &self.id };
        let claims = Claims {
            iss: client,
            sub: client,
            aud: audience,
            iat: issued,
            exp: issued.saturating_add(lifetime.as_secs()),
            jti: &URL_SAFE_NO_PAD.encode(random),
        };
        let unsigned = || unusable("the assertion could not be signed");
        let header = serde_json::to_vec(&header).map_err(|_| unsigned())?;
        let claims = serde_json::to_vec(&claims).map_err(|_| unsigned())?;
        let mut text =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.signer.sign(text.as_bytes()).ok_or_else(unsigned)?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        Ok(Secret::new(text))
    }
}

const PUBLIC: &str = "is a public key, the private key is needed";

/// Describes a text that has no private key in PEM.
fn no_private_key(text: &str) -> &'static str {
    let has = |part: &str| text.contains(part);
    if text.trim_start().starts_with('{') {
        "is a JWK, not PEM"
    } else if has("ENCRYPTED") {
        "is an encrypted key, which has to be decrypted first"
    } else if has("BEGIN OPENSSH PRIVATE KEY") {
        "is a key in OpenSSH's form, PKCS#8 is needed"
    } else if has("PRIVATE KEY-----") {
        "is a damaged private key: its PEM cannot be read"
    } else if has("PUBLIC KEY-----") {
        PUBLIC
    } else if has("BEGIN CERTIFICATE") {
        "is a certificate, the private key is needed"
    } else {
        "is not a private key in PEM"
    }
}

/// Describes a key that cannot sign here.
fn unsupported(key: &PrivateKeyDer<'_>) -> String {
    let der = key.secret_der();
    let is = |identifier: &[u8]| der.windows(identifier.len()).any(|part| part == identifier);
    let found = IDENTIFIERS.iter().find(|(identifier, _)| is(identifier));
    found.map_or_else(|| KINDS.to_owned(), |(_, kind)| format!("is {kind}, {KINDS}"))
}

impl fmt::Debug for AssertionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} key {:?}", self.signer.algorithm(), self.id)
    }
}

/// The members of a JWK that are read (RFC 7518, section 6).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Drop for Jwk {
    fn drop(&mut self) {
        for part in
            [&mut self.d, &mut self.p, &mut self.q, &mut self.dp, &mut self.dq, &mut self.qi]
        {
            part.zeroize();
        }
    }
}

impl Jwk {
    fn rsa(&self) -> Option<RsaKeyPair> {
        let number = |part: &Option<String>| part.as_deref().and_then(bytes);
        let pair = RsaKeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents { n: number(&self.n)?, e: number(&self.e)? },
            d: number(&self.d)?,
            p: number(&self.p)?,
            q: number(&self.q)?,
            dP: number(&self.dp)?,
            dQ: number(&self.dq)?,
            qInv: number(&self.qi)?,
        });
        pair.ok()
    }

    fn p384(&self) -> Option<EcdsaKeyPair> {
        let fixed = |part: &Option<String>| {
            let number = bytes(part.as_deref()?)?;
            let missing = COORDINATE.checked_sub(number.len())?;
            Some(Zeroizing::new([&[0; COORDINATE][..missing], &number].concat()))
        };
        let public = [&[4][..], &fixed(&self.x)?, &fixed(&self.y)?].concat();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P384_SHA384_FIXED_SIGNING,
            &fixed(&self.d)?,
            &public,
        );
        pair.ok()
    }
}

/// A number of a JWK, without leading zeros.
fn bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    Some(bytes)
}

/// The most recent assertions, which are masked if the service sends them back. They authenticate
/// in the request's form, without a header.
#[derive(Clone, Default)]
pub(crate) struct SentAssertions(Arc<Mutex<VecDeque<Secret>>>);

impl SentAssertions {
    /// As many as there can be concurrent fetches, including abandoned ones.
    const KEPT: usize = 4;

    pub(crate) fn add(&self, assertion: &Secret) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(assertion.clone());
        if kept.len() > Self::KEPT {
            kept.pop_front();
        }
    }
}

impl Authorize for SentAssertions {
    fn authorize(&self, _: Patience) -> Authorizing<'_> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The signed text is not secret; with the signature alone the assertion could be rebuilt.
        let signatures = kept.iter().filter_map(|assertion| assertion.expose().rsplit('.').next());
        let secrets = kept.iter().cloned().chain(signatures.map(Secret::new)).collect();
        Authorizing::Ready(Authorization { header: None, secrets, generation: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_assertions_and_their_signatures_are_masked() {
        let sent = SentAssertions::default();
        let patience = Patience {
            deadline: tokio::time::Instant::now(),
            max_retry_after: Duration::ZERO,
            attempts: 1,
        };
        for number in 0..6 {
            sent.add(&Secret::new(format!("head.claims-{number}.signature-{number}")));
        }
        let Authorizing::Ready(authorization) = sent.authorize(patience) else {
            panic!("they are ready")
        };
        assert!(authorization.header.is_none());
        let mut secrets: Vec<_> = authorization.secrets.iter().map(Secret::expose).collect();
        secrets.sort_unstable();
        let numbers = 2..6;
        let whole =
            numbers.clone().map(|number| format!("head.claims-{number}.signature-{number}"));
        let signatures = numbers.map(|number| format!("signature-{number}"));
        assert_eq!(secrets, whole.chain(signatures).collect::<Vec<_>>());
    }
}
