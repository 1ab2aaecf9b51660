//! What the lists of this service have in common: `PageSize`, `PageToken` and `meta`.

use serde::Deserialize;

use crate::error::Error;
use crate::operation::AnswerError;

/// Which page, and how large.
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
                Err(Error::invalid("PageSize", format!("must be 1 to {most}, got {size}")))
            }
            _ => Ok(()),
        }
    }

    /// # Errors
    /// An invalid-request error if it cannot be a page token (1 to 4096 characters, *documented*).
    pub(super) fn at(&self, token: &str) -> Result<Self, Error> {
        let length = token.chars().count();
        if !(1..=4096).contains(&length) {
            let rule = format!("must have 1 to 4096 characters, got {length}");
            return Err(Error::invalid("PageToken", rule));
        }
        Ok(Self { size: self.size, token: Some(token.to_owned()) })
    }

    /// The query parameters of the page; others may follow.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        let size = self.size.map(|size| ("PageSize", size.to_string()));
        let token = self.token.clone().map(|token| ("PageToken", token));
        size.into_iter().chain(token).collect()
    }
}

/// One page, its items found under whatever name the list has for them.
#[derive(Debug)]
pub(super) struct PageOf<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}

impl<T> PageOf<T> {
    /// # Errors
    /// A shape error if more is announced than can be asked for: a list that seems whole and is
    /// not would be worse.
    pub(super) fn new(items: Vec<T>, meta: Meta) -> Result<Self, AnswerError> {
        let url = meta.next_page_url.filter(|url| !url.is_empty());
        let next = match url {
            None => None,
            Some(url) => Some(page_token(&url).ok_or_else(|| {
                AnswerError::shape("meta.next_page_url: has no PageToken to go on with")
            })?),
        };
        Ok(Self { items, next })
    }
}

#[derive(Deserialize)]
pub(super) struct Meta {
    next_page_url: Option<String>,
}

/// All that is taken from a URL of the service: it may name any host.
fn page_token(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next()?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let token = pairs.find(|(name, value)| name == "PageToken" && !value.is_empty());
    token.map(|(_, value)| value.into_owned())
}

/// Implements what all lists offer, for a struct with a `transport` and a `page`, the operation.
macro_rules! paged {
    ($(#[$items:meta])* $name:ident, $page:ty, $item:ident by $key:ident, $most:literal) => {
        impl $name {
            #[doc = concat!("How many items a page holds at most, 1 to ", $most, ".")]
            ///
            /// Without it the service decides.
            pub fn page_size(mut self, size: u32) -> Self {
                self.page.paging.size = Some(size);
                self
            }

            $(#[$items])*
            pub fn items(&self) -> Result<Items<$item>, Error> {
                self.items_from(&Position::default())
            }

            /// The items from a position on.
            ///
            /// It holds the service's page token and how many items of that page were taken: go on
            /// with the same filters and page size. How long a token is good for, and what it
            /// yields after changes, is not documented. Of the service's link to the next page only
            /// that token is used: the request goes to the client's own address, whatever host the
            /// link names, and a link without a token is an error and not the end.
            ///
            /// # Errors
            /// An invalid-request error that names the field and the rule.
            pub fn items_from(&self, position: &Position) -> Result<Items<$item>, Error> {
                Ok(Items::new(self.pages_from(position)?))
            }

            /// The same, page by page.
            ///
            /// # Errors
            /// An invalid-request error that names the field and the rule.
            pub fn pages(&self) -> Result<Pages<$item>, Error> {
                self.pages_from(&Position::default())
            }

            /// The pages from a position on; see [`items_from`](Self::items_from).
            ///
            /// # Errors
            /// An invalid-request error that names the field and the rule.
            pub fn pages_from(&self, position: &Position) -> Result<Pages<$item>, Error> {
                let checked = self.page.paging.check($most).and_then(|()| self.page.check());
                checked.map_err(|error| error.with_operation(<$page>::NAME))?;
                let transport = self.transport.clone();
                let call = move |page: &$page| transport.call(page);
                Ok(Pages::new(self.page.clone(), position.clone(), call))
            }
        }

        impl List for $page {
            type Item = $item;

            fn at(&self, cursor: &str) -> Result<Self, Error> {
                let paging = self.paging.at(cursor).map_err(|error| error.with_operation(Self::NAME))?;
                Ok(Self { paging, ..self.clone() })
            }

            fn page(&self, answer: Response<PageOf<$item>>) -> Listed<$item> {
                let PageOf { items, next } = answer.into_body();
                Listed { items, next, total: None }
            }

            fn key(item: &$item) -> String {
                item.$key.as_str().to_owned()
            }
        }
    };
}

pub(super) use paged;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_is_taken_from_a_url() {
        for (url, token) in [
            ("https://other.example/x?PageSize=2&PageToken=a%2Bb%3D&Page=1", Some("a+b=")),
            ("/Organizations/OR1/RoleAssignments?PageToken=t#PageToken=u", Some("t")),
            ("?PageToken=", None),
            ("https://h/PageToken=t", None),
            ("https://h/?pagetoken=t", None),
        ] {
            assert_eq!(page_token(url).as_deref(), token, "{url}");
        }
    }

    #[test]
    fn sizes_and_tokens_have_limits() {
        for (size, fine) in [(0, false), (1, true), (100, true), (101, false)] {
            let paging = Paging { size: Some(size), token: None };
            assert_eq!(paging.check(100).is_ok(), fine, "{size}");
        }
        for (length, fine) in [(0, false), (1, true), (4096, true), (4097, false)] {
            assert_eq!(Paging::default().at(&"é".repeat(length)).is_ok(), fine, "{length}");
        }
    }
}
