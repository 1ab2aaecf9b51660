//! Path segments: encoded one by one, never formatted.

use bytes::Bytes;
use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Operation;
use crate::error::Error;
use crate::model::check_opaque;

/// Everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Most ids have no others, and need no encoder.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Returns the address of an operation below a base address, and the template that it is made of.
///
/// # Errors
/// An invalid-request error that names the placeholder and the rule; a configuration error if no
/// template has as many placeholders as there are values.
pub(super) fn uri<O: Operation>(
    base: &Uri,
    values: &[&str],
    query: &[(&str, String)],
) -> Result<(Uri, &'static str), Error> {
    let opens = |template: &str| template.bytes().filter(|byte| *byte == b'{').count();
    let placeholders = |template: &&&str| opens(template) == values.len();
    let paths = O::SPEC.paths;
    let template = *paths.iter().find(placeholders).ok_or_else(|| {
        let templates = paths.join(", ");
        Error::configuration(format!("{templates} needs exactly one value for each placeholder"))
    })?;
    let mut text = append(base.path(), template, values)?;
    if !query.is_empty() {
        text.push('?');
        let end = text.len();
        text = url::form_urlencoded::Serializer::for_suffix(text, end).extend_pairs(query).finish();
    }
    let unusable = |error: http::Error| Error::invalid("path", error);
    let path = PathAndQuery::from_maybe_shared(Bytes::from(text))
        .map_err(|error| unusable(error.into()))?;
    // Scheme and authority are shared with the base.
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(path);
    Ok((Uri::from_parts(parts).map_err(|error| unusable(error.into()))?, template))
}

/// Appends a template to a base path, each `{name}` replaced by the next value as one segment.
///
/// The values are checked although the id types check them too: a `..` would turn a request about
/// one item into a request about the collection.
///
/// # Errors
/// An invalid-request error that names the placeholder and the rule.
fn append(base: &str, template: &str, values: &[&str]) -> Result<String, Error> {
    if template.is_empty() {
        return Ok(base.to_owned());
    }
    let mut path = String::with_capacity(base.len() + template.len() + 48);
    path.push_str(base.trim_end_matches('/'));
    let mut values = values.iter();
    for segment in template.split('/').skip(1) {
        path.push('/');
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            None => path.push_str(segment),
            Some(name) => {
                let value = values.next().copied().unwrap_or_default();
                check_opaque(name, value)?;
                match value.bytes().all(is_unreserved) {
                    true => path.push_str(value),
                    false => path.extend(utf8_percent_encode(value, ENCODED)),
                }
            }
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use url::Url;

    fn at(base: &str, template: &str, values: &[&str]) -> Result<String, Error> {
        let base = Url::parse(base).expect("a URL");
        let path = append(base.path(), template, values)?;
        let url = format!("{}{path}", &base[..url::Position::BeforePath]);
        assert_eq!(Url::parse(&url).expect("it is a URL").path(), path, "it is normalized");
        Ok(url)
    }

    struct Probe(Vec<&'static str>);

    impl Operation for Probe {
        type Service = Nothing;
        type Output = ();
        const SPEC: crate::operation::Spec = crate::operation::Spec::get("test", &["/{a}/{b}"]);
    }

    struct Nothing;

    impl crate::operation::Service for Nothing {
        fn read_failure(
            status: http::StatusCode,
            _: &http::HeaderMap,
            _: &[u8],
        ) -> crate::operation::Failure {
            crate::operation::Failure::from_status(status)
        }
    }

    #[test]
    fn a_base_path_is_kept() {
        for base in ["https://h/gw/x", "https://h/gw/x/"] {
            assert_eq!(at(base, "/v1/{org}", &["o"]).expect("valid"), "https://h/gw/x/v1/o");
        }
        assert_eq!(at("https://h", "/v1", &[]).expect("valid"), "https://h/v1");
        assert_eq!(at("https://h/v2/token", "", &[]).expect("valid"), "https://h/v2/token");
    }

    #[test]
    fn strange_ids_are_one_segment() {
        for (id, encoded) in [
            ("a/b", "a%2Fb"),
            ("%2e%2e", "%252e%252e"),
            ("é", "%C3%A9"),
            ("a b?c#d", "a%20b%3Fc%23d"),
            ("...", "..."),
            ("_a$", "_a%24"),
            ("\\", "%5C"),
        ] {
            let url = at("https://h/b", "/o/{id}/r", &[id]).expect("it can be encoded");
            assert_eq!(url, format!("https://h/b/o/{encoded}/r"));
        }
    }

    #[test]
    fn dangerous_ids_are_refused_by_name() {
        for id in ["", ".", "..", "a\r\nx: y", "\t", &"x".repeat(1 << 20)] {
            let error = at("https://h", "/o/{id}", &[id]).expect_err("it is dangerous");
            assert!(error.to_string().contains("id: must"), "{error}");
        }
    }

    #[test]
    fn placeholders_and_values_are_counted() {
        let base = Uri::from_static("https://h");
        for (values, fits) in [(&["1"][..], false), (&["1", "2"], true), (&["1", "2", "3"], false)]
        {
            let probe = Probe(values.to_vec());
            assert_eq!(uri::<Probe>(&base, &probe.0, &[]).is_ok(), fits, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_error_or_exactly_one_segment(id in ".*", tail in "\\PC*") {
            for id in [&id, &format!("..{tail}"), &format!("%2e{tail}"), &format!("/{tail}/..")] {
                let Ok(url) = at("https://h:1/base", "/o/{id}/r", &[id]) else { continue };
                let url = Url::parse(&url).expect("it was a URL");
                let segments: Vec<_> = url.path_segments().expect("it has a path").collect();
                prop_assert_eq!(segments.len(), 4);
                prop_assert_eq!((segments[0], segments[1], segments[3]), ("base", "o", "r"));
                let decoded = percent_encoding::percent_decode_str(segments[2]).decode_utf8();
                prop_assert_eq!(decoded.expect("it was text"), id.as_str());
                prop_assert_eq!((url.host_str(), url.port()), (Some("h"), Some(1)));
                prop_assert!(url.query().is_none() && url.fragment().is_none());
            }
        }
    }
}
