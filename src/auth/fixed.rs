//! Credentials that stay the same.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, header};

use crate::error::Error;
use crate::model::Secret;
use crate::transport::{Authorization, Authorize, Authorizing, secret_header};

/// One header, or none, that authenticates every attempt alike.
pub(crate) struct Fixed(Authorization);

impl Fixed {
    fn new(header: Option<(HeaderName, HeaderValue)>, secrets: Vec<Secret>) -> Self {
        Self(Authorization { header, secrets: secrets.into(), generation: 0 })
    }

    /// `Authorization: Bearer …`.
    ///
    /// # Errors
    /// A configuration error that names `field` if the token cannot be a header.
    pub(crate) fn bearer(field: &str, token: &Secret) -> Result<Self, Error> {
        Ok(Self(bearer_authorization(field, token, 0)?))
    }

    /// `Authorization: Basic …`.
    ///
    /// # Errors
    /// A configuration error that names `field` if the password is empty.
    pub(crate) fn basic(field: &str, user: &str, password: &Secret) -> Result<Self, Error> {
        not_empty(field, password)?;
        let pair = Secret::new(format!("{user}:{}", password.expose()));
        let encoded = Secret::new(STANDARD.encode(pair.expose()));
        let value = secret_header(field, &format!("Basic {}", encoded.expose()))?;
        let secrets = vec![password.clone(), encoded];
        Ok(Self::new(Some((header::AUTHORIZATION, value)), secrets))
    }

    /// A header of the service's own.
    ///
    /// # Errors
    /// A configuration error that names `field` if the key is empty or cannot be a header.
    pub(crate) fn header(field: &str, name: HeaderName, key: &Secret) -> Result<Self, Error> {
        not_empty(field, key)?;
        let value = secret_header(field, key.expose())?;
        Ok(Self::new(Some((name, value)), vec![key.clone()]))
    }

    /// No header: the request's form authenticates it.
    pub(crate) fn in_form(secret: &Secret) -> Self {
        let encoded = url::form_urlencoded::byte_serialize(secret.expose().as_bytes());
        Self::new(None, vec![secret.clone(), Secret::new(encoded.collect::<String>())])
    }
}

impl Authorize for Fixed {
    fn authorize(&self) -> Authorizing<'_> {
        Authorizing::Ready(self.0.clone())
    }
}

/// # Errors
/// A configuration error that names `field`.
fn not_empty(field: &str, secret: &Secret) -> Result<(), Error> {
    if secret.expose().is_empty() {
        return Err(Error::configuration(format!("{field}: must not be empty")));
    }
    Ok(())
}

/// What authenticates with one token.
///
/// # Errors
/// A configuration error that names `field` if the token is empty or cannot be a header.
pub(super) fn bearer_authorization(
    field: &str,
    token: &Secret,
    generation: u64,
) -> Result<Authorization, Error> {
    not_empty(field, token)?;
    let value = secret_header(field, &format!("Bearer {}", token.expose()))?;
    Ok(Authorization {
        header: Some((header::AUTHORIZATION, value)),
        secrets: Arc::from([token.clone()]),
        generation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header that is sent, and what must not be shown of it.
    fn sent(fixed: &Fixed) -> (Option<(&str, &str)>, Vec<&str>) {
        let Authorization { header, secrets, .. } = &fixed.0;
        let header = header.as_ref().map(|(name, value)| {
            assert!(value.is_sensitive());
            (name.as_str(), value.to_str().expect("it is text"))
        });
        (header, secrets.iter().map(Secret::expose).collect())
    }

    #[test]
    fn every_form_of_a_secret_is_known_to_the_mask() {
        let secret = Secret::new("obviously+fake");
        let basic = Fixed::basic("password", "user", &secret).expect("it can be a header");
        let pair = "dXNlcjpvYnZpb3VzbHkrZmFrZQ==";
        let header = ("authorization", &*format!("Basic {pair}"));
        assert_eq!(sent(&basic), (Some(header), vec!["obviously+fake", pair]));
        let name = HeaderName::from_static("x-api-key");
        let own = Fixed::header("key", name, &secret).expect("it can be a header");
        let header = ("x-api-key", "obviously+fake");
        assert_eq!(sent(&own), (Some(header), vec!["obviously+fake"]));
        let in_form = Fixed::in_form(&secret);
        assert_eq!(sent(&in_form), (None, vec!["obviously+fake", "obviously%2Bfake"]));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_by_name() {
        let name = || HeaderName::from_static("x-api-key");
        let empty = Secret::new("");
        let broken = Secret::new("obviously\nfake");
        for (made, rule) in [
            (Fixed::basic("setting", "user", &empty), "must not be empty"),
            (Fixed::header("setting", name(), &empty), "must not be empty"),
            (Fixed::header("setting", name(), &broken), "must not contain line breaks"),
            (Fixed::bearer("setting", &empty), "must not be empty"),
            (Fixed::bearer("setting", &broken), "must not contain line breaks"),
        ] {
            let error = made.map(drop).expect_err(rule);
            assert!(error.to_string().contains(&format!("setting: {rule}")), "{error}");
        }
    }
}
