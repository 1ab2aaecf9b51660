//! Identifiers: checked when a caller creates one, kept unchanged when a service sends one.

use crate::error::Error;

/// The longest id that is put into a path, in bytes. A rule of this crate: no service documents an
/// id that is nearly as long.
const LONGEST: usize = 1024;

/// The rule for ids whose form only the service knows: a text that can be one path segment.
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
    // Most ids are ASCII, and each call checks some.
    let is_control = |byte: u8| byte.is_ascii_control();
    if id.bytes().any(is_control) || !id.is_ascii() && id.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must not contain control characters"));
    }
    Ok(())
}

/// The rule for UUIDs: the form with hyphens, of the several that the parser reads.
///
/// # Errors
/// An invalid-request error that names `field` and the rule.
#[cfg(feature = "deepset")]
pub(crate) fn check_uuid(field: &str, id: &str) -> Result<(), Error> {
    let rule = "must be a UUID, e.g. 7f0c1f5e-0000-4000-8000-000000000000";
    let is_uuid = id.len() == uuid::fmt::Hyphenated::LENGTH && uuid::Uuid::try_parse(id).is_ok();
    if is_uuid { Ok(()) } else { Err(Error::invalid(field, rule)) }
}

/// Twilio's rule: a prefix of two capitals and 32 hexadecimal digits, 34 characters together.
///
/// # Errors
/// An invalid-request error that names `field` and the rule.
#[cfg(feature = "twilio")]
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
    // The text does not quote the value: it may be a misplaced token.
    let rule = format!("{}; got {} characters", shape(&start), sid.chars().count());
    Err(Error::invalid(field, rule))
}

/// An id as an argument: its error is reported by the call that uses it.
pub(crate) type Arg<T> = Result<T, Error>;

/// Takes an id argument.
///
/// # Errors
/// The error of the conversion, to be kept until a call uses the id.
pub(crate) fn arg<T>(from: impl TryInto<T, Error: Into<Error>>) -> Arg<T> {
    from.try_into().map_err(Into::into)
}

/// The text of an id argument.
///
/// # Errors
/// The error of its conversion.
pub(crate) fn text<T: AsRef<str>>(arg: &Arg<T>) -> Result<&str, Error> {
    arg.as_ref().map(AsRef::as_ref).map_err(Clone::clone)
}

/// Implements the common traits of text types: `AsRef<str>`, `Display` that honours width,
/// comparison with text.
macro_rules! text_type {
    ($name:ident) => {
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }
    };
}

/// Declares a text id whose constructor applies a check, and which is read from responses
/// unchanged.
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

            /// Returns the id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        $crate::model::text_type! { $name }

        impl std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(id: &str) -> Result<Self, Self::Err> {
                Self::new(id)
            }
        }

        $crate::model::checked_id! { @from $name: &str, String, &String }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }
    };
    (@from $name:ident: $($text:ty),+) => { $(
        impl TryFrom<$text> for $name {
            type Error = $crate::Error;
            fn try_from(id: $text) -> Result<Self, Self::Error> {
                Self::new(id)
            }
        }
    )+ };
}

/// Declares a Twilio SID type with its two-letter prefix.
#[cfg(feature = "twilio")]
macro_rules! sid {
    ($(#[$meta:meta])* $name:ident, $field:literal, $prefix:expr) => {
        $crate::model::checked_id! {
            $(#[$meta])* $name, $field,
            |field, id| $crate::model::check_sid(field, $prefix, id)
        }
    };
}

/// Declares an id whose form only the service knows.
#[cfg(any(feature = "harness", feature = "redox"))]
macro_rules! opaque_id {
    ($(#[$meta:meta])* $name:ident, $field:literal) => {
        $crate::model::checked_id! { $(#[$meta])* $name, $field, $crate::model::check_opaque }
    };
}

pub(crate) use {checked_id, text_type};

#[cfg(any(feature = "harness", feature = "redox"))]
pub(crate) use opaque_id;
#[cfg(feature = "twilio")]
pub(crate) use sid;

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub, reason = "the macro declares public types")]

    use super::*;

    checked_id! {
        /// An id for tests.
        TestId, "test_id", check_opaque
    }

    #[test]
    fn id_is_checked_where_a_caller_makes_it_and_kept_where_a_service_sends_it() {
        let id = TestId::new("a/b").expect("it can be encoded");
        for same in [TestId::try_from("a/b"), "a/b".to_owned().try_into(), "a/b".parse()] {
            assert_eq!(same.expect("it can be encoded"), id);
        }
        assert!(id == "a/b" && id.as_ref() == "a/b");
        assert_eq!(format!("{id:>5}|{:<4}", TestId::new_unchecked("x")), "  a/b|x   ");
        for made in [arg::<TestId>(""), arg(String::new()), arg("..")] {
            assert!(text(&made).expect_err("it is refused").to_string().contains("test_id: must"));
        }
        assert_eq!(text(&arg::<TestId>(&id)).expect("it was checked"), "a/b");
        let sent: TestId = serde_json::from_str("\"\"").expect("any text is read");
        assert_eq!(serde_json::to_string(&sent).expect("it is JSON"), "\"\"");
    }

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

    #[cfg(feature = "twilio")]
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
