//! Settings from environment variables.

use std::ffi::OsString;

use crate::error::Error;

/// Where variables are looked up; the process's environment but in tests.
pub(crate) struct Vars<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl<'a> Vars<'a> {
    #[cfg(test)]
    pub(crate) fn new(look_up: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self(look_up)
    }

    pub(crate) fn of_process() -> Vars<'static> {
        Vars(&|name| std::env::var_os(name))
    }

    /// A variable that may be unset, but not empty.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = (self.0)(name) else {
            return Ok(None);
        };
        let value = value
            .into_string()
            .map_err(|_| Error::configuration(format!("{name}: is not UTF-8")))?;
        if value.trim().is_empty() {
            return Err(Error::configuration(format!("{name}: is set, but empty")));
        }
        Ok(Some(value))
    }

    /// A variable that must be set.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    #[cfg(any(test, feature = "twilio", feature = "harness", feature = "deepset"))]
    pub(crate) fn required(&self, name: &str) -> Result<String, Error> {
        self.optional(name)?.ok_or_else(|| Error::configuration(format!("{name}: is not set")))
    }

    /// Two variables that belong together.
    ///
    /// # Errors
    /// A configuration error that names both, if only one is set.
    #[cfg(feature = "twilio")]
    pub(crate) fn pair(&self, one: &str, other: &str) -> Result<Option<(String, String)>, Error> {
        let half = |set: &str, missing: &str| {
            Err(Error::configuration(format!("{missing}: is not set, but {set} is")))
        };
        match (self.optional(one)?, self.optional(other)?) {
            (Some(first), Some(second)) => Ok(Some((first, second))),
            (None, None) => Ok(None),
            (Some(_), None) => half(one, other),
            (None, Some(_)) => half(other, one),
        }
    }
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
        assert!(error.is_configuration() && error.to_string().contains("UNSET: is not set"));
        #[cfg(unix)]
        assert!(vars.optional("BYTES").expect_err("no text").to_string().contains("BYTES: "));
    }
}
