//! Identifiers: checked where a caller makes one, kept as they came where a service sends one.

use crate::error::Error;

/// The longest id that is put into a path, in bytes. A rule of this crate: no service documents
/// an id anywhere near it.
const LONGEST: usize = 1024;

/// The rule for ids whose form only the service knows: something that can be one path segment.
///
/// # Errors
/// An invalid-request error that names `field` and the rule.
pub(crate) fn check_opaque(field: &str, id: &str) -> Result<(), Error> {
    if id.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if id.len() > LONGEST {
        let rule = format!("must be at most {LONGEST} bytes long, got {}", id.len());
        return Err(Error::invalid(field, rule));
    }
    if id == "." || id == ".." {
        return Err(Error::invalid(field, "must not be \".\" or \"..\", which change the path"));
    }
    if id.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must not contain control characters"));
    }
    Ok(())
}

/// Twilio's rule: a prefix of two capitals and 32 hexadecimal digits, 34 characters together.
///
/// # Errors
/// An invalid-request error that names `field` and the rule.
pub(crate) fn check_sid(field: &str, prefix: Option<&str>, sid: &str) -> Result<(), Error> {
    let shape = |start: &str| {
        format!("must be {start} followed by 32 hexadecimal digits, 34 characters together")
    };
    let (head, digits) = (sid.get(..2), sid.get(2..));
    let starts = match prefix {
        Some(prefix) => head == Some(prefix),
        None => head.is_some_and(|head| head.bytes().all(|byte| byte.is_ascii_uppercase())),
    };
    let hexadecimal = digits.is_some_and(|digits| {
        digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    if starts && hexadecimal {
        return Ok(());
    }
    let start = prefix.map_or("two capital letters".to_owned(), |prefix| format!("\"{prefix}\""));
    // The value stays out of the text: a token pasted into the wrong place is still a token.
    let rule = format!("{}; got {} characters", shape(&start), sid.chars().count());
    Err(Error::invalid(field, rule))
}

/// Declares a text id whose constructor applies a check, and which is read from answers as it came.
macro_rules! checked_id {
    ($(#[$meta:meta])* $name:ident, $field:literal, $check:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps an id.
            ///
            /// # Errors
            /// An invalid-request error that names the field and the rule that the text breaks.
            pub fn new(id: impl Into<String>) -> Result<Self, $crate::Error> {
                let id = id.into();
                let check: fn(&str, &str) -> Result<(), $crate::Error> = $check;
                check($field, &id)?;
                Ok(Self(id))
            }

            /// An id that another type has checked already.
            #[allow(dead_code, reason = "few id types are made from others")]
            fn new_unchecked(id: &str) -> Self {
                Self(id.to_owned())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(id: &str) -> Result<Self, Self::Err> {
                Self::new(id)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::Error;
            fn try_from(id: &str) -> Result<Self, Self::Error> {
                Self::new(id)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::Error;
            fn try_from(id: String) -> Result<Self, Self::Error> {
                Self::new(id)
            }
        }

        impl TryFrom<&String> for $name {
            type Error = $crate::Error;
            fn try_from(id: &String) -> Result<Self, Self::Error> {
                Self::new(id.as_str())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }
    };
}

/// Declares a Twilio SID type with its two-letter prefix.
macro_rules! sid {
    ($(#[$meta:meta])* $name:ident, $field:literal, $prefix:expr) => {
        $crate::model::checked_id! {
            $(#[$meta])* $name, $field,
            |field, id| $crate::model::check_sid(field, $prefix, id)
        }
    };
}

/// Declares an id of which only the service knows the form.
macro_rules! opaque_id {
    ($(#[$meta:meta])* $name:ident, $field:literal) => {
        $crate::model::checked_id! { $(#[$meta])* $name, $field, $crate::model::check_opaque }
    };
}

pub(crate) use {checked_id, opaque_id, sid};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opaque_ids_are_one_segment_or_refused() {
        for bad in ["", ".", "..", "a\r\nb", "a\0b", &"x".repeat(1 << 20)] {
            let error = check_opaque("org", bad).expect_err("it breaks a rule");
            assert!(error.to_string().starts_with("invalid request: org: must"), "{error}");
        }
        for good in ["a/b", "%2e%2e", "é", "...", "_x", &"x".repeat(LONGEST)] {
            check_opaque("org", good).expect("it can be encoded");
        }
    }

    #[test]
    fn sids_have_a_prefix_and_32_digits() {
        let digits = "0123456789abcdefABCDEF0123456789";
        check_sid("sid", Some("OR"), &format!("OR{digits}")).expect("both cases are accepted");
        check_sid("sid", None, &format!("ZZ{digits}")).expect("any prefix is accepted");
        for bad in ["", "OR", "ORx", &format!("AC{digits}"), &format!("OR{digits}0"), "é"] {
            let error = check_sid("organization", Some("OR"), bad).expect_err("it breaks the rule");
            assert!(error.to_string().contains("organization: must be \"OR\" followed by 32"));
        }
        assert!(check_sid("scope", None, &format!("or{digits}")).is_err());
        assert!(check_sid("scope", None, &format!("é{}", &digits[..31])).is_err());
    }
}
