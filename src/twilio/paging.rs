//! What the lists of this vendor have in common: `PageSize`, `PageToken` and `meta.next_page_url`.

use serde::Deserialize;

use crate::error::Error;
use crate::operation::{ListPage, link_value};

/// Which page of a list, and how large. The default is the first page in the service's own size.
#[derive(Clone, Debug, Default)]
pub(super) struct Paging {
    pub(super) size: Option<u32>,
    token: Option<String>,
}

impl Paging {
    /// # Errors
    /// An invalid-request error if the size is out of the documented range.
    pub(super) fn check(&self, most: u32) -> Result<(), Error> {
        match self.size {
            Some(size) if !(1..=most).contains(&size) => {
                Err(Error::invalid("page_size", format!("must be 1 to {most}, got {size}")))
            }
            _ => Ok(()),
        }
    }

    /// Moves to the page with this token.
    ///
    /// # Errors
    /// An invalid-request error if it cannot be a page token (1 to 4096 characters, *documented*).
    pub(super) fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        let length = cursor.chars().count();
        if !(1..=4096).contains(&length) {
            let rule = format!("its page token must have 1 to 4096 characters, got {length}");
            return Err(Error::invalid("position", rule));
        }
        if cursor.chars().any(char::is_control) {
            let rule = "its page token must not contain control characters";
            return Err(Error::invalid("position", rule));
        }
        self.token = Some(cursor.to_owned());
        Ok(())
    }

    /// The query parameters of the page; filters may follow.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        let size = self.size.map(|size| ("PageSize", size.to_string()));
        let token = self.token.clone().map(|token| ("PageToken", token));
        size.into_iter().chain(token).collect()
    }
}

/// # Errors
/// An invalid-request error that names the field if it is set to an empty text, which may count as
/// unset: a filter that matches everything, a resource that narrows nothing.
pub(super) fn check_not_empty(field: &str, text: Option<&str>) -> Result<(), Error> {
    match text {
        Some("") => Err(Error::invalid(field, "must not be empty")),
        _ => Ok(()),
    }
}

/// What a page says about the list.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PageMeta {
    next_page_url: Option<String>,
}

impl PageMeta {
    /// Returns the page of these items. A link without a token is an error: an incomplete list would
    /// pass for a complete one.
    pub(super) fn page<T>(self, items: Vec<T>) -> ListPage<T> {
        let page = ListPage::new(items);
        match self.next_page_url.filter(|url| !url.is_empty()) {
            None => page,
            Some(url) => match link_value(&url, "PageToken") {
                None => page.blocked("meta.next_page_url: has no PageToken to go on with"),
                token => page.next(token),
            },
        }
    }
}

/// Declares the response that holds a page of a list with a `paging`, and the way from page to page.
macro_rules! paged {
    ($list:ident: $page:ident { $items:ident: $item:ident by $key:ident }) => {
        #[doc = concat!("The response that holds a page of [`", stringify!($list), "`].")]
        #[derive(Clone, Debug, serde::Deserialize)]
        pub struct $page {
            $items: Vec<$item>,
            meta: $crate::twilio::paging::PageMeta,
        }

        impl $crate::operation::ListOperation for $list {
            type Item = $item;

            fn seek(&mut self, cursor: &str) -> Result<(), $crate::Error> {
                self.paging.seek(cursor)
            }

            fn set_page_size(&mut self, items: u32) {
                self.paging.size = Some(items);
            }

            fn page(
                &self,
                output: $page,
                _: &http::HeaderMap,
            ) -> $crate::operation::ListPage<$item> {
                output.meta.page(output.$items)
            }

            fn key(item: &$item) -> String {
                item.$key.to_string()
            }
        }
    };
}

pub(super) use paged;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Next;

    #[test]
    fn link_without_a_token_does_not_end_the_list() {
        let blocked = Next::Blocked("meta.next_page_url: has no PageToken to go on with");
        for (url, next) in [
            ("https://other.example/x?PageToken=t", Next::Cursor("t".to_owned())),
            ("https://other.example/x?Page=1", blocked),
        ] {
            let meta = PageMeta { next_page_url: Some(url.to_owned()) };
            assert_eq!(meta.page(vec![1]).next, next, "{url}");
        }
    }

    #[test]
    fn list_ends_without_a_url() {
        for meta in ["{}", r#"{"next_page_url":null}"#, r#"{"next_page_url":""}"#] {
            let meta: PageMeta = serde_json::from_str(meta).expect("it is a meta");
            assert_eq!(meta.page(vec![1]).next, Next::End);
        }
    }

    #[test]
    fn sizes_and_tokens_have_limits() {
        for (size, fine) in [(0, false), (1, true), (100, true), (101, false)] {
            let paging = Paging { size: Some(size), token: None };
            assert_eq!(paging.check(100).is_ok(), fine, "{size}");
        }
        let error = Paging { size: Some(1000), token: None }.check(100).expect_err("too large");
        assert!(error.to_string().contains("page_size: must be 1 to 100, got 1000"), "{error}");
        for (length, fine) in [(0, false), (1, true), (4096, true), (4097, false)] {
            let sought = Paging::default().seek(&"é".repeat(length));
            assert_eq!(sought.is_ok(), fine, "{length}");
        }
        let error = Paging::default().seek("a\nb").expect_err("it has a control character");
        assert!(error.to_string().contains("position: "), "{error}");
    }
}
