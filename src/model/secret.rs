//! Text that must not be shown.

use std::fmt;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;

/// A credential: shown as `***` by `Debug`, without `Display` or `Serialize`, wiped from memory
/// when it is dropped.
///
/// ```
/// use rolecall::Secret;
/// let secret = Secret::new("obviously-fake");
/// assert_eq!(format!("{secret:?}"), "***");
/// assert_eq!(secret.expose(), "obviously-fake");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a credential.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The credential itself. Keep it out of logs.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// A PEM whose line breaks may be written as two characters, as variables and JSON hold them.
pub(crate) fn unescaped(pem: &str) -> Secret {
    let text = Zeroizing::new(pem.replace("\\r", ""));
    Secret::new(text.replace("\\n", "\n"))
}

/// Checks that a credential or an id is one word. Surrounding white space is usually the line break
/// at the end of a file; a service would refuse the credential with "unauthenticated".
///
/// # Errors
/// A configuration error that names `field`, and quotes nothing.
pub(crate) fn one_word(field: &str, text: &str) -> Result<(), Error> {
    let rule = if text.is_empty() {
        "must not be empty"
    } else if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        "must not contain white space, line breaks or control characters"
    } else {
        return Ok(());
    };
    Err(Error::configuration(format!("{field}: {rule}")))
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
