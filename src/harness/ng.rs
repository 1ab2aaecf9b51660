//! The NG API, for what v1 lacks: its scope in the query, its envelope, its pages, its spelling.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::list::PageNumber;
use super::{Harness, Principal, RoleReference, Scope};
use crate::error::Error;
use crate::model::json::part;
use crate::operation::{Body, DecodeError, ListOperation, ListPage, Operation, Spec, decode_json};
use crate::transport::{Call, List};

/// The vendor's document names no success status; 200 was seen (*observed*).
pub(super) const SUCCESS: &[u16] = &[200, 201];

impl Scope {
    /// Account, organization and project as this API names them, in queries and bodies.
    pub(super) fn identifiers(&self) -> Vec<(&'static str, String)> {
        // An invalid scope was refused by `check`.
        let place = self.place.path(None).unwrap_or_default();
        let account = self.account_id.as_deref();
        let names = ["accountIdentifier", "orgIdentifier", "projectIdentifier"];
        let values = account.into_iter().chain(place).map(str::to_owned);
        names.into_iter().zip(values).collect()
    }

    /// The same as a JSON object.
    pub(super) fn to_json(&self) -> Map<String, Value> {
        let pairs = self.identifiers().into_iter();
        pairs.map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    fn check(&self) -> Result<(), Error> {
        self.place.path(None)?;
        if self.account_id.is_none() {
            let rule = "must be known: the API key does not contain it, so set it on the builder";
            return Err(Error::invalid("account_id", rule));
        }
        Ok(())
    }

    pub(super) fn call<C: NgCall>(&self, call: C) -> Call<C::Output> {
        self.transport.call(&InScope { scope: self, call })
    }

    pub(super) fn list<F: NgFilter>(&self, filter: F) -> List<NgList<F>> {
        self.transport.list(NgList { scope: self.clone(), page: PageNumber::of(50), filter })
    }
}

/// A call of this API in a scope.
pub(super) trait NgCall: Send + Sync {
    type Output: DeserializeOwned + Send + 'static;
    const SPEC: Spec;

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(Vec::new())
    }

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    fn body(&self) -> Result<Body, Error> {
        Ok(Body::none())
    }

    /// Checks what a response says that could be read.
    fn checked(output: Self::Output) -> Result<Self::Output, DecodeError> {
        Ok(output)
    }
}

struct InScope<'a, C> {
    scope: &'a Scope,
    call: C,
}

impl<C: NgCall> Operation for InScope<'_, C> {
    type Service = Harness;
    type Output = C::Output;
    const SPEC: Spec = C::SPEC;

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.call.path()
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        self.scope.identifiers()
    }

    fn validate(&self) -> Result<(), Error> {
        self.scope.check()?;
        self.call.check()
    }

    fn body(&self) -> Result<Body, Error> {
        self.call.body()
    }

    fn decode(response: &http::Response<Bytes>) -> Result<C::Output, DecodeError> {
        data(response.body()).and_then(C::checked)
    }
}

/// Reads what the envelope `{status, data, metaData, correlationId}` holds.
///
/// # Errors
/// [`DecodeError::Unsuccessful`] where `status` says that the call failed.
fn data<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    #[derive(Deserialize)]
    struct Envelope<T> {
        #[serde(default, deserialize_with = "part")]
        status: Option<String>,
        data: T,
    }
    let Envelope { status, data } = decode_json(body)?;
    match status.as_deref() {
        Some("FAILURE" | "ERROR") => Err(DecodeError::Unsuccessful),
        _ => Ok(data),
    }
}

/// What a list of this API is narrowed by.
pub trait NgFilter: Clone + fmt::Debug + Send + Sync + 'static {
    type Item: DeserializeOwned + Send + 'static;
    /// An item as this API spells it.
    type Row: DeserializeOwned + Into<Self::Item>;
    const SPEC: Spec;
    /// Whether it comes in pages, or as a bare array.
    const PAGED: bool = true;
    /// Whether the query names the scope, or the body does.
    const SCOPE_IN_QUERY: bool = true;

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(Vec::new())
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    fn body(&self, _scope: &Scope) -> Result<Body, Error> {
        Ok(Body::none())
    }

    fn key(item: &Self::Item) -> String;
}

/// A page of a list of the NG API: what the list is narrowed by, in a scope.
#[derive(Clone, Debug)]
pub struct NgList<F> {
    pub(super) scope: Scope,
    page: PageNumber,
    pub(super) filter: F,
}

/// A page as the NG API sends it. A list that comes in one response has the items alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PageResponse<T> {
    /// The items.
    pub content: Vec<T>,
    /// How many pages there are.
    #[serde(default, deserialize_with = "part")]
    pub total_pages: Option<u64>,
    /// How many items there are.
    #[serde(default, deserialize_with = "part")]
    pub total_items: Option<u64>,
}

impl<F: NgFilter> Operation for NgList<F> {
    type Service = Harness;
    type Output = PageResponse<F::Item>;
    const SPEC: Spec = F::SPEC;

    fn path(&self) -> Result<Vec<&str>, Error> {
        self.filter.path()
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = if F::SCOPE_IN_QUERY { self.scope.identifiers() } else { Vec::new() };
        if F::PAGED {
            query.extend(self.page.query("pageIndex", "pageSize"));
        }
        query.extend(self.filter.query());
        query
    }

    fn validate(&self) -> Result<(), Error> {
        self.scope.check()?;
        self.filter.check()?;
        if F::PAGED { self.page.check() } else { Ok(()) }
    }

    fn body(&self) -> Result<Body, Error> {
        self.filter.body(&self.scope)
    }

    fn decode(response: &http::Response<Bytes>) -> Result<Self::Output, DecodeError> {
        let (rows, total_pages, total_items) = match F::PAGED {
            true => {
                let page: PageResponse<F::Row> = data(response.body())?;
                (page.content, page.total_pages, page.total_items)
            }
            false => (data::<Vec<F::Row>>(response.body())?, None, None),
        };
        let content = rows.into_iter().map(Into::into).collect();
        Ok(PageResponse { content, total_pages, total_items })
    }
}

impl<F: NgFilter> ListOperation for NgList<F> {
    type Item = F::Item;

    fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        self.page.seek(cursor)
    }

    fn set_page_size(&mut self, items: u32) {
        self.page.size = items;
    }

    fn page(&self, output: PageResponse<F::Item>, _: &HeaderMap) -> ListPage<F::Item> {
        match F::PAGED {
            true => self.page.page(output.content, output.total_items),
            false => ListPage::new(output.content),
        }
    }

    fn key(item: &F::Item) -> String {
        F::key(item)
    }
}

/// A principal or a reference to a role in the spelling of this API: camelCase, where v1 has
/// snake_case.
pub(super) trait NgSpelling {
    fn spelled(&self) -> Value;
}

impl NgSpelling for Principal {
    fn spelled(&self) -> Value {
        let mut spelled = json!({"identifier": self.identifier, "type": self.kind});
        if let Some(level) = &self.scope_level {
            spelled["scopeLevel"] = level.as_str().into();
        }
        spelled
    }
}

impl NgSpelling for RoleReference {
    fn spelled(&self) -> Value {
        json!({"identifier": self.identifier, "scopeLevel": self.scope_level})
    }
}

impl<T: NgSpelling> NgSpelling for Vec<T> {
    fn spelled(&self) -> Value {
        self.iter().map(NgSpelling::spelled).collect()
    }
}

impl<T: NgSpelling> NgSpelling for Option<T> {
    fn spelled(&self) -> Value {
        self.as_ref().map_or(Value::Null, NgSpelling::spelled)
    }
}

/// Writes a part in the spelling of this API.
///
/// # Errors
/// The serializer's error.
pub(super) fn spelled<S: Serializer>(
    part: &impl NgSpelling,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    part.spelled().serialize(serializer)
}
