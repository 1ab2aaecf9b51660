//! Path segments: encoded one by one, never formatted.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::Path;
use crate::error::Error;
use crate::model::check_opaque;

/// Everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Appends a template to a base URL, each `{name}` replaced by the next value as one segment.
///
/// The values are checked even though the id types check too: a `..` that got through would turn
/// a request about one thing into a request about the collection.
///
/// # Errors
/// An invalid-request error that names the placeholder and the rule.
pub(super) fn append(base: &Url, path: &Path<'_>) -> Result<Url, Error> {
    let Path { template, values } = path;
    let mut path = base.path().trim_end_matches('/').to_owned();
    let mut values = values.iter();
    for segment in template.split('/').skip(1) {
        path.push('/');
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            None => path.push_str(segment),
            Some(name) => {
                let value = values.next().ok_or_else(|| miscounted(template))?;
                check_opaque(name, value)?;
                path.extend(utf8_percent_encode(value, ENCODED));
            }
        }
    }
    if values.next().is_some() {
        return Err(miscounted(template));
    }
    let mut url = base.clone();
    // An operation without a path of its own is sent to the base URL as it stands.
    if !template.is_empty() {
        url.set_path(&path);
        if url.path() != path {
            return Err(Error::invalid("path", "must not change when the URL is normalized"));
        }
    }
    Ok(url)
}

fn miscounted(template: &str) -> Error {
    Error::configuration(format!("{template} needs exactly one value for each placeholder"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(base: &str, template: &'static str, values: &[&str]) -> Result<String, Error> {
        let path = Path::new(template, values.iter().copied());
        append(&Url::parse(base).expect("a URL"), &path).map(Into::into)
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
        at("https://h", "/{a}/{b}", &["1"]).expect_err("one is missing");
        at("https://h", "/{a}", &["1", "2"]).expect_err("one is too many");
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
