//! Declarations of requests and responses.

use http::{HeaderName, HeaderValue};

use super::place::{Place, values};
use crate::error::Error;
use crate::model::{Arg, text};
use crate::operation::Body;

/// The parts of a request that is not a list's.
pub(super) struct Request<'a> {
    pub(super) path: Result<Vec<&'a str>, Error>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Result<Body, Error>,
}

impl<'a> Request<'a> {
    /// A request about all things of a kind.
    pub(super) fn all(place: &'a Arg<Place>) -> Self {
        Self { path: values(place, None), headers: Vec::new(), body: Ok(Body::none()) }
    }

    /// A request about one thing.
    pub(super) fn one(place: &'a Arg<Place>, id: &'a Arg<impl AsRef<str>>) -> Self {
        Self { path: text(id).and_then(|id| values(place, id)), ..Self::all(place) }
    }
}

/// Declares operations: what each returns, its spec, and which refusal of a repeated request is the
/// effect of its own first attempt.
macro_rules! operations {
    ($($name:ident -> $output:ty: $spec:expr $(, refused by own effect: $own_effect:path)?;)+) => { $(
        struct $name<'a>(Request<'a>);

        impl $crate::operation::Operation for $name<'_> {
            type Service = $crate::TwilioIam;
            type Output = $output;
            const SPEC: $crate::operation::Spec = $spec;

            fn path(&self) -> Result<Vec<&str>, $crate::Error> {
                self.0.path.clone()
            }

            fn headers(&self) -> Vec<(http::HeaderName, http::HeaderValue)> {
                self.0.headers.clone()
            }

            fn body(&self) -> Result<$crate::operation::Body, $crate::Error> {
                self.0.body.clone()
            }

            $(fn refused_by_own_effect(refused: &$crate::Error) -> Option<$output> {
                $own_effect(refused).then_some(())
            })?
        }
    )+ };
}

/// Declares a part of a response: in brackets what identifies it and is required, then what may be
/// missing or null, and is not written then; last, where there are any, fields as they are.
macro_rules! response {
    (
        $(#[$meta:meta])*
        $name:ident $([$(#[$id_meta:meta])* $id:ident: $id_type:ty])? {
            $($(#[$part_meta:meta])* $part:ident: $type:ty,)*
        }
        $({ $($fields:tt)* })?
    ) => {
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $(#[$meta])*
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$id_meta])*
                #[serde(deserialize_with = "crate::model::loose::identifying")]
                pub $id: $id_type,
            )?
            $(
                $(#[$part_meta])*
                #[serde(
                    default,
                    deserialize_with = "crate::model::json::part",
                    skip_serializing_if = "Option::is_none"
                )]
                pub $part: Option<$type>,
            )*
            $($($fields)*)?
        }
    };
}

/// Declares setters and getters of the parts of a request that are text and may be unset.
macro_rules! text_parts {
    ($($(#[$set:meta])* $part:ident, $(#[$get:meta])* $getter:ident;)+) => { $(
        $(#[$set])*
        pub fn $part(mut self, $part: impl Into<String>) -> Self {
            self.$part = Some($part.into());
            self
        }

        $(#[$get])*
        pub fn $getter(&self) -> Option<&str> {
            self.$part.as_deref()
        }
    )+ };
}

pub(super) use {operations, response, text_parts};
