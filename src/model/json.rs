//! JSON as services send it. A struct is read only from an object, and an invalid optional field
//! does not make a response unreadable.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::Value;
use serde_json::value::RawValue;

type Error = serde_json::Error;

/// Reads a body. Of duplicate fields the last one counts, an unpaired surrogate becomes U+FFFD, and
/// a byte-order mark is skipped.
///
/// # Errors
/// The error, with the path to its place.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, (String, Error)> {
    let body = without_mark(body);
    // A regular body needs none of this.
    let mut reader = serde_json::Deserializer::from_slice(body);
    if let Ok(value) = T::deserialize(Objects::<_, false>(&mut reader))
        && reader.end().is_ok()
    {
        return Ok(value);
    }
    let body = with_whole_characters(body);
    let mut reader = serde_json::Deserializer::from_slice(&body);
    let value = serde_path_to_error::deserialize(Objects::<_, true>(&mut reader))
        .map_err(|error| (error.path().to_string(), error.into_inner()))?;
    reader.end().map_err(|error| (".".to_owned(), error))?;
    Ok(value)
}

/// Reads a body of any shape, like [`read`].
pub(crate) fn value(body: &[u8]) -> Option<Value> {
    let body = without_mark(body);
    let whole = |_| serde_json::from_slice(&with_whole_characters(body));
    serde_json::from_slice(body).or_else(whole).ok()
}

/// The same body without a byte-order mark.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

/// Replaces each escaped half of a surrogate pair by U+FFFD.
fn with_whole_characters(body: &[u8]) -> Cow<'_, [u8]> {
    let unit = |at: usize| {
        let digits = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut whole = Cow::Borrowed(body);
    let mut at = 0;
    while let Some(escape) = body.get(at..).and_then(|rest| rest.iter().position(|c| *c == b'\\')) {
        at += escape;
        at += match unit(at) {
            None => 2,
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                whole.to_mut()[at + 2..at + 6].copy_from_slice(b"FFFD");
                6
            }
            Some(_) => 6,
        };
    }
    whole
}

/// Reads an optional part; an invalid one is `None`. A scalar may have another form: `"True"` and
/// `1` are true, `"17"` and `17.0` are 17, and 17 is text if text is expected.
///
/// Only [`read`] is so lenient; other deserializers require the part's own shape.
///
/// # Errors
/// The deserializer's, for what is not JSON.
pub(crate) fn part<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    deserializer.deserialize_newtype_struct(PART, Part(PhantomData))
}

/// Reads a [part] whose default value means `None`.
///
/// # Errors
/// The deserializer's, for what is not JSON.
#[cfg(any(feature = "twilio", feature = "redox"))]
pub(crate) fn part_or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    part(deserializer).map(Option::unwrap_or_default)
}

/// [`Objects`] recognizes a request of [`part`] by this name.
const PART: &str = "$rolecall::part";

struct Part<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Part<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of a response")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
        Option::deserialize(from)
    }

    /// Takes its JSON from [`Objects`].
    fn visit_borrowed_str<E>(self, json: &'de str) -> Result<Option<T>, E> {
        let read = |json: &str| {
            let mut reader = serde_json::Deserializer::from_str(json);
            Option::<T>::deserialize(Objects::<_, true>(&mut reader)).ok()
        };
        let other_way = || other_ways(json).iter().find_map(|json| read(json));
        Ok(read(json).or_else(other_way).flatten())
    }
}

/// Other forms of a scalar.
fn other_ways(json: &str) -> Vec<String> {
    let whole = |number: f64| {
        let fits = number.abs() < 9_223_372_036_854_775_808.0;
        #[expect(clippy::cast_possible_truncation, reason = "what is behind the point is cut off")]
        fits.then(|| (number as i64).to_string())
    };
    if json.starts_with(['[', '{']) {
        return Vec::new();
    }
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => {
            let text = text.trim().to_ascii_lowercase();
            match text.parse::<f64>() {
                Ok(number) => [Some(text), whole(number)].into_iter().flatten().collect(),
                Err(_) if matches!(&*text, "true" | "false") => vec![text],
                Err(_) => Vec::new(),
            }
        }
        Ok(Value::Number(number)) => {
            let whole = number.as_f64().and_then(whole);
            let truth = match whole.as_deref() {
                Some("1") => Some("true".to_owned()),
                Some("0") => Some("false".to_owned()),
                _ => None,
            };
            [whole, Some(format!("\"{json}\"")), truth].into_iter().flatten().collect()
        }
        _ => Vec::new(),
    }
}

/// A deserializer that reads a struct from an object alone, at every depth: serde's derives accept an
/// array as well. With `LAST`, it takes the last of fields with one name, and its [parts](part) are
/// read on their own; it must be one of JSON text then.
struct Objects<D, const LAST: bool>(D);

impl<'de, D, const LAST: bool> Deserializer<'de> for Objects<D, LAST>
where
    D: Deserializer<'de>,
{
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Inside::<V, LAST>(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Inside::<V, LAST>(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if LAST && name == PART {
            return visitor.visit_borrowed_str(<&RawValue>::deserialize(self.0)?.get());
        }
        self.0.deserialize_newtype_struct(name, Inside::<V, LAST>(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Object::<V, LAST> { fields, visitor })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_ignored_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

/// A visitor of a struct, which refuses everything but an object.
struct Object<V, const LAST: bool> {
    fields: &'static [&'static str],
    visitor: V,
}

impl<'de, V: Visitor<'de>, const LAST: bool> Visitor<'de> for Object<V, LAST> {
    type Value = V::Value;

    /// It does not show the struct's name, which means nothing to a caller.
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<V::Value, A::Error> {
        if !LAST {
            return self.visitor.visit_map(Parts::<A, LAST>(map));
        }
        let mut values = vec![None; self.fields.len()];
        while let Some(name) = map.next_key::<String>()? {
            let value: &RawValue = map.next_value()?;
            if let Some(at) = self.fields.iter().position(|field| *field == name) {
                values[at] = Some(value);
            }
        }
        let fields = self.fields.iter().copied().zip(values);
        let fields = fields.filter_map(|(field, value)| Some((field, value?)));
        self.visitor.visit_map(Fields { fields, value: None, error: PhantomData })
    }
}

/// The fields of an object that a struct knows, each once, as their JSON text.
struct Fields<'de, I, E> {
    fields: I,
    value: Option<&'de RawValue>,
    error: PhantomData<E>,
}

impl<'de, I, E> MapAccess<'de> for Fields<'de, I, E>
where
    I: Iterator<Item = (&'static str, &'de RawValue)>,
    E: serde::de::Error,
{
    type Error = E;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, E> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, E> {
        let json = self.value.take().map_or("null", RawValue::get);
        let mut reader = serde_json::Deserializer::from_str(json);
        seed.deserialize(Objects::<_, true>(&mut reader)).map_err(E::custom)
    }
}

/// A visitor whose nested values are read by [`Objects`].
struct Inside<V, const LAST: bool>(V);

/// Declares the visits of scalars.
macro_rules! visits {
    ($($visit:ident($type:ty))+) => { $(
        fn $visit<E: serde::de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$visit(value)
        }
    )+ };
}

impl<'de, V: Visitor<'de>, const LAST: bool> Visitor<'de> for Inside<V, LAST> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    visits! {
        visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64)
        visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Objects::<D, LAST>(from))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Objects::<D, LAST>(from))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Parts::<A, LAST>(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Parts::<A, LAST>(fields))
    }
}

/// The items of an array or the fields of an object.
struct Parts<A, const LAST: bool>(A);

impl<'de, A: SeqAccess<'de>, const LAST: bool> SeqAccess<'de> for Parts<A, LAST> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Seed::<S, LAST>(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>, const LAST: bool> MapAccess<'de> for Parts<A, LAST> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Seed::<S, LAST>(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

struct Seed<S, const LAST: bool>(S);

impl<'de, S: DeserializeSeed<'de>, const LAST: bool> DeserializeSeed<'de> for Seed<S, LAST> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Objects::<D, LAST>(from))
    }
}

/// Declares responses. An optional field that has no attribute, or only its name in JSON, is absent where
/// it is missing, `null` or invalid ([`part`]), and is not written then.
macro_rules! response {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($fields:tt)* })+) => { $(
        $crate::model::json::response! {
            @fields
            [default, deserialize_with = "crate::model::json::part", skip_serializing_if = "Option::is_none"]
            [$(#[$meta])* $vis struct $name] [] $($fields)*
        }
    )+ };
    (
        @fields [$($serde:tt)*] $head:tt [$($before:tt)*]
        $(#[doc = $doc:literal])* $(#[serde(rename = $wire:literal)])?
        $vis:vis $field:ident: Option<$type:ty>, $($behind:tt)*
    ) => {
        $crate::model::json::response! {
            @fields [$($serde)*] $head [
                $($before)*
                $(#[doc = $doc])*
                #[serde($(rename = $wire,)? $($serde)*)]
                $vis $field: Option<$type>,
            ]
            $($behind)*
        }
    };
    (
        @fields $serde:tt $head:tt [$($before:tt)*]
        $(#[$meta:meta])* $vis:vis $field:ident: $type:ty, $($behind:tt)*
    ) => {
        $crate::model::json::response! {
            @fields $serde $head [$($before)* $(#[$meta])* $vis $field: $type,] $($behind)*
        }
    };
    (@fields $serde:tt [$($head:tt)*] [$($fields:tt)*]) => {
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        $($head)* { $($fields)* }
    };
}

pub(crate) use response;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Thing {
        id: String,
        #[serde(default, deserialize_with = "part")]
        name: Option<String>,
        #[serde(default, deserialize_with = "part")]
        count: Option<i64>,
        #[serde(default, deserialize_with = "part")]
        good: Option<bool>,
        #[serde(default, deserialize_with = "part")]
        inner: Option<Box<Thing>>,
        #[serde(default, deserialize_with = "part")]
        list: Option<Vec<Thing>>,
        #[serde(default, deserialize_with = "part")]
        any: Option<Value>,
    }

    fn thing(json: &str) -> Thing {
        read(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error:?}"))
    }

    #[test]
    fn a_part_of_another_shape_is_none_or_what_it_means() {
        let some = |id: &str| Thing { id: id.to_owned(), ..Thing::default() };
        for (json, count, good, name) in [
            ("17", Some(17), None, Some("17")),
            ("17.0", Some(17), None, Some("17.0")),
            ("-17.9", Some(-17), None, Some("-17.9")),
            ("1", Some(1), Some(true), Some("1")),
            ("0.0", Some(0), Some(false), Some("0.0")),
            ("true", None, Some(true), None),
            (r#""True""#, None, Some(true), Some("True")),
            (r#"" 17 ""#, Some(17), None, Some(" 17 ")),
            (r#""17.0""#, Some(17), None, Some("17.0")),
            (r#""NaN""#, None, None, Some("NaN")),
            (r#""[17]""#, None, None, Some("[17]")),
            ("18446744073709551616", None, None, Some("18446744073709551616")),
            ("9223372036854775808", None, None, Some("9223372036854775808")),
            ("1e999", None, None, None),
            ("[]", None, None, None),
            ("{}", None, None, None),
            ("null", None, None, None),
            (r#""\ud83d!""#, None, None, Some("\u{fffd}!")),
        ] {
            let whole = format!(r#"{{"id":"a","count":{json},"good":{json},"name":{json}}}"#);
            let name = name.map(str::to_owned);
            assert_eq!(thing(&whole), Thing { count, good, name, ..some("a") }, "{json}");
        }
        for (json, expected) in [
            (r#""inner":{"id":5}"#, some("a")),
            (
                r#""inner":{"id":"b","count":[]}"#,
                Thing { inner: Some(some("b").into()), ..some("a") },
            ),
            (r#""inner":["b"]"#, some("a")),
            (r#""list":[{"id":"b"},5]"#, some("a")),
            (
                r#""list":[{"id":"b","x":1,"name":{}}]"#,
                Thing { list: Some(vec![some("b")]), ..some("a") },
            ),
            (
                r#""any":{"a":[1]},"count":{}"#,
                Thing { any: Some(serde_json::json!({"a": [1]})), ..some("a") },
            ),
            (r#""any":null,"count":{}"#, some("a")),
        ] {
            assert_eq!(thing(&format!(r#"{{{json},"id":"a"}}"#)), expected, "{json}");
        }
    }

    #[test]
    fn of_fields_with_one_name_the_last_counts() {
        let inner = |count| Some(Box::new(Thing { id: "c".into(), count, ..Thing::default() }));
        for (json, count) in [
            (
                r#"{"id":"b","id":"a","inner":5,"inner":{"count":1,"id":5,"id":"c","count":2}}"#,
                Some(2),
            ),
            (r#"{"id":5,"inner":{"id":"c","count":1,"count":"x"},"id":"a"}"#, None),
        ] {
            let expected = Thing { id: "a".into(), inner: inner(count), ..Thing::default() };
            assert_eq!(thing(json), expected);
        }
        assert_eq!(value(br#"{"a":1,"a":2}"#), Some(serde_json::json!({"a": 2})));
    }

    #[test]
    fn a_struct_is_read_from_an_object_alone() {
        for (json, place, text) in [
            (r#"["a"]"#, ".", "invalid type: sequence, expected an object"),
            (r#"5"#, ".", "invalid type: integer `5`, expected an object"),
            (r#"{"id":["a"]}"#, "id", "invalid type: sequence, expected a string"),
            ("{}", ".", "missing field `id`"),
        ] {
            let (path, error) = read::<Thing>(json.as_bytes()).expect_err(json);
            assert!(path == place && error.to_string().starts_with(text), "{path}: {error}");
        }
        let (path, error) = read::<Vec<Thing>>(br#"[{"id":"a"},["b"]]"#).expect_err("a list");
        assert!(
            path == "[1]" && error.to_string().contains("expected an object"),
            "{path} {error}"
        );
    }

    #[test]
    fn half_a_character_is_replaced_and_a_mark_skipped() {
        for (json, text) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\uD83Dx\uDE00""#, "\u{fffd}x\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\\ud83d\ud83d\\""#, "\\ud83d\u{fffd}\\"),
            (r#""\ud83d\u0041\"\u00e9""#, "\u{fffd}A\"é"),
        ] {
            for body in [json.to_owned(), format!("\u{feff}{json}")] {
                assert_eq!(read::<String>(body.as_bytes()).expect(json), text);
                assert_eq!(value(body.as_bytes()), Some(text.into()));
            }
        }
        for body in
            [&br#""\ud83"#[..], b"\"\\", b"\"\\u", b"\"\xff\"", b"\xef\xbb\xbf", b"\xef\xbb"]
        {
            read::<String>(body).expect_err("it is no JSON");
            assert_eq!(value(body), None);
        }
    }
}
