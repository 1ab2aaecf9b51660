//! The operations of every collection.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Grants, Holder, Keeps, Kept, Lists, Place, Thing};
use crate::error::{Effect, Error};
use crate::model::{Arg, text};
use crate::operation::{Body, DecodeError, ListOperation, ListPage, Operation, Spec, decode_json};
use crate::twilio::error::is_not_found_by;
use crate::twilio::paging::{PageMeta, Paging};

/// The parts of a request that is not a list's.
pub(in crate::twilio) struct Request<'a, P, T> {
    pub(in crate::twilio) path: Result<Vec<&'a str>, Error>,
    pub(in crate::twilio) body: Result<Body, Error>,
    pub(in crate::twilio) webhooks: bool,
    pub(super) kind: PhantomData<fn() -> (P, T)>,
}

impl<'a, P, T> Request<'a, P, T> {
    /// A request about a collection, or about one item of it.
    pub(in crate::twilio) fn to(place: &'a Place, id: Option<&'a Arg<impl AsRef<str>>>) -> Self {
        let path = id.map(text).transpose().and_then(|id| place.values(id));
        Self { path, body: Ok(Body::none()), webhooks: false, kind: PhantomData }
    }
}

/// Decodes an item, which must have an identifying field.
///
/// # Errors
/// [`DecodeError`] if the body has another shape.
pub(in crate::twilio) fn decode_thing<T: Thing>(body: &[u8]) -> Result<T, DecodeError> {
    let thing: T = decode_json(body)?;
    match thing.id() {
        Some(_) => Ok(thing),
        None => Err(DecodeError::shape(format!("body: has none of {}", T::KNOWN_BY))),
    }
}

/// Declares operations: by which trait a product has it, and the spec's name there.
macro_rules! operations {
    ($(
        $(#[$meta:meta])*
        $name:ident = $product:ident<$thing:ident>::$spec:ident $(, effect of refusal: $effect:expr)?;
    )+) => { $(
        $(#[$meta])*
        pub(in crate::twilio) struct $name<'a, P, T>(pub(in crate::twilio) Request<'a, P, T>);

        impl<P: $product<T>, T: $thing> Operation for $name<'_, P, T> {
            type Service = P;
            type Output = T;
            const SPEC: Spec = P::$spec;

            fn path(&self) -> Result<Vec<&str>, Error> {
                self.0.path.clone()
            }

            fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
                webhook_header::<P, T>(&self.0, &Self::SPEC)
            }

            fn body(&self) -> Result<Body, Error> {
                self.0.body.clone()
            }

            fn decode(response: &http::Response<Bytes>) -> Result<T, DecodeError> {
                decode_thing(response.body())
            }

            $(fn effect_of_refusal(refused: &Error) -> Option<Effect> {
                let effect: fn(&Error) -> Option<Effect> = $effect;
                effect(refused)
            })?
        }
    )+ };
}

operations! {
    Fetch = Keeps<Kept>::GET;
    Create = Keeps<Kept>::CREATE, effect of refusal: |refused| {
        let not_found = refused.status() == Some(StatusCode::NOT_FOUND);
        (P::MAY_CREATE_UNDER_404 && not_found).then_some(Effect::Unknown)
    };
    Update = Grants<Holder>::UPDATE;
    /// Sets only the role, which is idempotent.
    SetRole = Grants<Holder>::SET_ROLE;
}

pub(in crate::twilio) struct Delete<'a, P, T>(pub(in crate::twilio) Request<'a, P, T>);

impl<P: Keeps<T>, T: Kept> Operation for Delete<'_, P, T> {
    type Service = P;
    type Output = ();
    const SPEC: Spec = P::DELETE;

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.0.path.clone()
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        webhook_header::<P, T>(&self.0, &Self::SPEC)
    }

    fn refused_by_own_effect(refused: &Error) -> Option<()> {
        T::NOT_FOUND.iter().any(|code| is_not_found_by(refused, *code)).then_some(())
    }
}

/// Declares the operations on a service itself and on its configuration: the request's body, where it has
/// one, what is returned, the spec, and the function that gives the path's values.
macro_rules! service_operations {
    ($(
        $product:ident $name:ident $(($body:ty))? -> $output:ident: $spec:expr,
        at $values:ident($($id:expr)?);
    )+) => { $(
        pub(super) struct $name<'a>(pub(super) &'a Place, $(&'a $body)?);

        impl $crate::operation::Operation for $name<'_> {
            type Service = $product;
            type Output = $output;
            const SPEC: Spec = $spec;

            fn path(&self) -> Result<Vec<&str>, Error> {
                self.0.$values($($id)?)
            }

            $(fn body(&self) -> Result<$crate::operation::Body, Error> {
                <$body as $crate::twilio::shared::Form>::body(self.1)
            })?

            fn decode(
                response: &http::Response<bytes::Bytes>,
            ) -> Result<$output, $crate::operation::DecodeError> {
                $crate::twilio::shared::decode_thing(response.body())
            }
        }
    )+ };
}

pub(in crate::twilio) use service_operations;

/// The header that makes a change fire webhooks, if the vendor documents it and the caller enabled
/// it.
fn webhook_header<P: Keeps<T>, T: Kept>(
    request: &Request<'_, P, T>,
    spec: &Spec,
) -> Vec<(HeaderName, HeaderValue)> {
    if !request.webhooks || !P::WEBHOOKS.contains(spec.method()) {
        return Vec::new();
    }
    let name = HeaderName::from_static("x-twilio-webhook-enabled");
    vec![(name, HeaderValue::from_static("true"))]
}

/// A page of a list; see [`Resources::list`](super::Resources::list).
#[derive(Clone, Debug)]
pub struct ListOf<P, T> {
    place: Place,
    paging: Paging,
    filters: Vec<(&'static str, Arg<String>)>,
    kind: PhantomData<fn() -> (P, T)>,
}

impl<P: Lists<T>, T: Thing> ListOf<P, T> {
    pub(super) fn new(place: Place) -> Self {
        let own = P::FILTERS.iter().map(|(name, value)| (*name, Ok((*value).to_owned())));
        Self { place, paging: Paging::default(), filters: own.collect(), kind: PhantomData }
    }

    /// Adds a filter; a name may be repeated.
    pub(in crate::twilio) fn filter<V: ToString>(&mut self, name: &'static str, value: Arg<V>) {
        self.filters.push((name, value.map(|value| value.to_string())));
    }
}

impl<P: Lists<T>, T: Thing> Operation for ListOf<P, T> {
    type Service = P;
    type Output = PageOf<T>;
    const SPEC: Spec = P::LIST;

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.place.values(None)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        // An invalid filter was refused before.
        let filters = self
            .filters
            .iter()
            .filter_map(|(name, value)| Some((*name, value.as_ref().ok()?.clone())));
        self.paging.query().into_iter().chain(filters).collect()
    }

    fn validate(&self) -> Result<(), Error> {
        self.paging.check(P::MOST)?;
        self.filters.iter().try_for_each(|(_, value)| text(value).map(drop))
    }
}

impl<P: Lists<T>, T: Thing> ListOperation for ListOf<P, T> {
    type Item = T;

    fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        self.paging.seek(cursor)
    }

    fn set_page_size(&mut self, items: u32) {
        self.paging.size = Some(items);
    }

    fn page(&self, PageOf { items, meta }: PageOf<T>, _: &HeaderMap) -> ListPage<T> {
        meta.page(items)
    }

    fn key(item: &T) -> String {
        item.key()
    }
}

/// The response that holds a page of a list. A response without items or `meta` is an error, since
/// it would pass for an empty list or the last page.
#[derive(Clone, Debug)]
pub struct PageOf<T> {
    items: Vec<T>,
    meta: PageMeta,
}

impl<'de, T: Thing> Deserialize<'de> for PageOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);

        impl<'de, T: Thing> Visitor<'de> for Reader<T> {
            type Value = PageOf<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a page of a list")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PageOf<T>, A::Error> {
                let (mut items, mut meta) = (None::<Vec<T>>, None);
                while let Some(field) = map.next_key::<Cow<'de, str>>()? {
                    match &*field {
                        "meta" => meta = Some(map.next_value()?),
                        name if name == T::LIST_KEY => items = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let items = items.ok_or_else(|| A::Error::missing_field(T::LIST_KEY))?;
                let meta = meta.ok_or_else(|| A::Error::missing_field("meta"))?;
                match items.iter().position(|item| item.id().is_none()) {
                    None => Ok(PageOf { items, meta }),
                    Some(at) => {
                        let (key, known_by) = (T::LIST_KEY, T::KNOWN_BY);
                        Err(A::Error::custom(format!("{key}[{at}]: has none of {known_by}")))
                    }
                }
            }
        }

        let fields = const { &[T::LIST_KEY, "meta"] };
        deserializer.deserialize_struct("PageOf", fields, Reader(PhantomData))
    }
}
