//! Lists that come in pages.

use super::Operation;
use crate::declare::setters;
use crate::error::Error;

/// A list call: an operation that fetches one page and locates the next one.
///
/// The client's `list` method reads any such operation with the same engine as the crate's own lists:
/// positions to resume from, totals, and detection of pagination cycles.
///
/// ```
/// # #[cfg(feature = "deepset")] {
/// use rolecall::operation::{ListOperation, ListPage, Operation, Spec};
/// use rolecall::{Deepset, Error};
/// use serde::Deserialize;
///
/// #[derive(Clone, Default)]
/// struct ListWorkspaces {
///     page: u64,
/// }
///
/// #[derive(Deserialize)]
/// struct Workspace {
///     name: String,
/// }
///
/// impl Operation for ListWorkspaces {
///     type Service = Deepset;
///     type Output = Vec<Workspace>;
///     const SPEC: Spec = Spec::get("deepset workspaces.list", &["/api/v1/workspaces"]);
///
///     fn query(&self) -> Vec<(&'static str, String)> {
///         vec![("page", self.page.to_string())]
///     }
/// }
///
/// impl ListOperation for ListWorkspaces {
///     type Item = Workspace;
///
///     fn seek(&mut self, cursor: &str) -> Result<(), Error> {
///         self.page = cursor.parse().map_err(|_| Error::invalid("cursor", "must be a number"))?;
///         Ok(())
///     }
///
///     fn page(&self, output: Vec<Workspace>, _: &http::HeaderMap) -> ListPage<Workspace> {
///         let next = (output.len() == 30).then(|| (self.page + 1).to_string());
///         ListPage::new(output).next(next)
///     }
///
///     fn key(workspace: &Workspace) -> String {
///         workspace.name.clone()
///     }
/// }
///
/// async fn show(client: &Deepset) -> Result<(), Error> {
///     let mut workspaces = client.list(ListWorkspaces::default()).items();
///     while let Some(workspace) = workspaces.next().await.transpose()? {
///         println!("{}", workspace.name);
///     }
///     Ok(())
/// }
/// # }
/// ```
pub trait ListOperation: Operation + Clone + 'static {
    /// An item of the list.
    type Item: Send + 'static;

    /// Moves to the page at this cursor of the same list. A cursor may come from outside the
    /// program, so check it.
    ///
    /// # Errors
    /// An invalid-request error if it is not a cursor of this list.
    fn seek(&mut self, cursor: &str) -> Result<(), Error>;

    /// Sets how many items a page has. The default does nothing: the list comes in one response.
    fn set_page_size(&mut self, items: u32) {
        let _ = items;
    }

    /// Returns the items of a page, and where the next page is.
    fn page(&self, output: Self::Output, headers: &http::HeaderMap) -> ListPage<Self::Item>;

    /// Returns a text that identifies the item, to detect repeated pages.
    fn key(item: &Self::Item) -> String;
}

/// One page as the service sends it.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct ListPage<T> {
    /// The items, in the service's order.
    pub items: Vec<T>,
    /// Where the next page is.
    pub next: Next,
    /// The total number of items in the list, if the service reports it.
    pub total: Option<u64>,
    /// The number of items before this page, for a list that does not begin at its first page. By
    /// default the items received so far are counted.
    pub offset: Option<u64>,
}

/// Where the next page is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// There is no next page.
    End,
    /// The next page is at this cursor. An empty page may have a next page.
    Cursor(String),
    /// The service announces more items but the client cannot locate them: the list ends in an
    /// error with this text.
    Blocked(&'static str),
}

impl<T> ListPage<T> {
    /// Creates a last page.
    pub fn new(items: Vec<T>) -> Self {
        Self { items, next: Next::End, total: None, offset: None }
    }

    /// Sets the cursor of the next page, if there is one.
    pub fn next(mut self, cursor: Option<String>) -> Self {
        self.next = cursor.map_or(Next::End, Next::Cursor);
        self
    }

    /// Declares that more items exist but cannot be located.
    pub fn blocked(mut self, why: &'static str) -> Self {
        self.next = Next::Blocked(why);
        self
    }

    setters! {
        /// Sets the total number of items in the list.
        total(Option<u64>);

        /// Sets the number of items before this page.
        offset(some u64);
    }
}

/// Returns the value of a query parameter in a link, the only part that is used: a link may name
/// any host and path. An empty value counts as absent.
#[cfg(any(feature = "twilio", feature = "redox"))]
pub(crate) fn link_value(link: &str, name: &str) -> Option<String> {
    let (_, query) = link.split('#').next()?.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let pair = pairs.find(|(known, value)| known == name && !value.is_empty());
    pair.map(|(_, value)| value.into_owned())
}

#[cfg(all(test, any(feature = "twilio", feature = "redox")))]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_taken_from_a_link() {
        for (link, value) in [
            ("https://other.example/x?PageSize=2&page=a%2Bb%3D&Page=1", Some("a+b=")),
            ("https://elsewhere.example/?page=a%26b+c#x", Some("a&b c")),
            ("/x?page=t#page=u", Some("t")),
            ("?page=é", Some("é")),
            ("?page=", None),
            ("https://h/page=t", None),
            ("https://h/?Page=t", None),
            ("https://h/x#?page=t", None),
            ("page=t", None),
        ] {
            assert_eq!(link_value(link, "page").as_deref(), value, "{link}");
        }
    }
}
