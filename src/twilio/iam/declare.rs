//! Declarations of requests.

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

pub(super) use operations;
