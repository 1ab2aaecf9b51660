//! Enums that keep what they do not know.

use std::fmt;

/// A value that this version of the crate does not know, kept unchanged.
///
/// It has no public constructor, so that it never holds a known value: convert text to an open
/// enum, which selects the variant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownValue(Box<str>);

impl UnknownValue {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the value as the service writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Declares an open enum over strings: known values as variants, any other in `Unknown`. What was
/// read is written back unchanged.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
            /// A value that this version does not know; see [`as_str`](Self::as_str).
            Unknown($crate::model::UnknownValue),
        }

        impl $name {
            /// Returns the value as the service writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Unknown(value) => value.as_str(),
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )+
                    unknown => Self::Unknown($crate::model::UnknownValue::new(unknown)),
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        /// In the order of the text.
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        $crate::model::text_type! { $name }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Ok(Self::from(text.as_ref()))
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub, reason = "the macro declares a public type")]

    open_enum! {
        /// An enum for tests.
        Color {
            /// Red.
            Red = "RED",
            /// Blue.
            Blue = "BLUE",
        }
    }

    #[test]
    fn unknown_value_is_kept_and_written_back() {
        let read: Vec<Color> =
            serde_json::from_str(r#"["RED","green","BLUE",""]"#).expect("any text is read");
        assert!(matches!(
            read[..],
            [Color::Red, Color::Unknown(_), Color::Blue, Color::Unknown(_)]
        ));
        let written = serde_json::to_string(&read).expect("it is JSON");
        assert_eq!(written, r#"["RED","green","BLUE",""]"#);
        assert!(read[1] == "green" && "green".parse() == Ok(read[1].clone()));
        assert_eq!(
            (Color::from("RED"), format!("{:>4}|{:?}", Color::Red, read[1])),
            (Color::Red, " RED|Unknown(\"green\")".to_owned())
        );
        let mut sorted = read;
        sorted.sort();
        assert_eq!(
            sorted.iter().map(Color::as_str).collect::<Vec<_>>(),
            ["", "BLUE", "RED", "green"]
        );
    }
}
