//! Settings from environment variables.

use std::ffi::OsString;

use super::one_word;
use crate::error::Error;

/// The source of variables: the process's environment, except in tests.
pub(crate) struct Vars<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl<'a> Vars<'a> {
    #[cfg(test)]
    pub(crate) fn new(look_up: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self(look_up)
    }

    pub(crate) fn of_process() -> Vars<'static> {
        Vars(&|name| std::env::var_os(name))
    }

    /// Returns a variable that may be unset; an empty one counts as unset.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = (self.0)(name) else { return Ok(None) };
        let value = value
            .into_string()
            .map_err(|_| Error::configuration(format!("{name}: is not UTF-8")))?;
        Ok(Some(value).filter(|value| !value.trim().is_empty()))
    }

    /// A credential or an id: one word, which may be unset.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub(crate) fn word(&self, name: &str) -> Result<Option<String>, Error> {
        let value = self.optional(name)?;
        value.as_deref().map_or(Ok(()), |value| one_word(name, value))?;
        Ok(value)
    }

    /// A credential or an id that must be set.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    #[cfg(any(test, feature = "twilio", feature = "harness", feature = "deepset"))]
    pub(crate) fn required(&self, name: &str) -> Result<String, Error> {
        let unset = || Error::configuration(format!("{name}: is not set, or empty"));
        self.word(name)?.ok_or_else(unset)
    }

    /// A credential with its id.
    ///
    /// # Errors
    /// A configuration error that names both, if only one is set.
    #[cfg(feature = "twilio")]
    pub(crate) fn pair(&self, one: &str, other: &str) -> Result<Option<(String, String)>, Error> {
        match (self.word(one)?, self.word(other)?) {
            (Some(first), Some(second)) => Ok(Some((first, second))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(half(one, other)),
            (None, Some(_)) => Err(half(other, one)),
        }
    }
}

/// The error of a variable that another one needs.
#[cfg(any(feature = "twilio", feature = "redox-jwt"))]
pub(crate) fn half(set: &str, missing: &str) -> Error {
    Error::configuration(format!("{missing}: is not set, or empty, but {set} is set"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_that_cannot_be_used_is_refused_by_name() {
        let look_up = |name: &str| match name {
            "SET" => Some("obviously-fake".into()),
            #[cfg(unix)]
            "BYTES" => Some(std::os::unix::ffi::OsStringExt::from_vec(vec![0xff])),
            _ => None,
        };
        let vars = Vars::new(&look_up);
        assert_eq!(vars.required("SET").expect("it is set"), "obviously-fake");
        assert_eq!(vars.optional("UNSET").expect("it may be unset"), None);
        let error = vars.required("UNSET").expect_err("it must be set");
        assert!(
            error.is_configuration() && error.to_string().contains("UNSET: is not set, or empty")
        );
        #[cfg(unix)]
        assert!(vars.optional("BYTES").expect_err("no text").to_string().contains("BYTES: "));
    }
}
