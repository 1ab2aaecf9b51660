//! `/v1/organizations/{organizationId}/audit-events`.

use std::collections::BTreeMap;
use std::fmt::Display;

use bytes::Bytes;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::response::{SUCCESS, decode, identifying, moment};
use super::{OrganizationId, Redox};
use crate::error::Error;
use crate::model::loose::loose_text;
use crate::model::{Arg, Timestamp, text};
use crate::operation::{DecodeError, ListOperation, ListPage, Operation, Spec, link_value};
use crate::transport::{List, Transport};

/// The audit events of an organization.
#[derive(Clone, Debug)]
pub struct AuditEvents {
    pub(super) transport: Transport,
    pub(super) organization: Arg<OrganizationId>,
}

impl AuditEvents {
    /// Lists who did what in the organization, and when:
    /// `GET /v1/organizations/{organizationId}/audit-events` (*documented*; success under 200 or 201 is
    /// inferred). The caller must be an owner or admin of the organization (*documented*).
    ///
    /// Which [kinds](AuditEvent::kind) of events are changes of a role is not documented, nor is
    /// the order of the events. The vendor's filter `actionType` is left out: it is documented as
    /// an array, but how to write an array in the query is not. If the service ignored the filter,
    /// the list would pass events of all kinds for events of one.
    ///
    /// # Pages
    /// A page has at most 50 events (*documented*; the default is not). The client uses only
    /// `_page` of the link to the next page. A link that does not lead to a later page is an error.
    /// How new events affect later pages is not documented; set
    /// [`stop_date_time`](List::stop_date_time) to a time in the past to exclude them.
    ///
    /// Source: <https://docs.redoxengine.com/permalink/6ef881e7-9e37-5e4a-9688-4411444891a5-get-audit-events>.
    ///
    /// # Errors
    /// Kinds by status: the service's error body is not documented,
    /// [`ServiceError`](super::ServiceError) holds what the service sent. Nothing was changed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// let organization = fake.client()?.organization("7");
    /// let new = NewRoleAssignment::new(RoleRef::id("r-1")?, UserRef::id("u-1")?);
    /// organization.role_assignments().assign(&new).await?;
    ///
    /// let list = organization.audit_events().list().start_date_time("2026-01-01T00:00:00Z");
    /// let mut events = list.page_size(50).items();
    /// while let Some(event) = events.next().await.transpose()? {
    ///     println!("{:?}: {:?} by {:?}", event.created_at, event.kind, event.user_id);
    /// #   assert_eq!(event.route.as_deref(), Some("/v1/organizations/7/role-assignment"));
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> List<ListAuditEvents> {
        self.transport.list(ListAuditEvents {
            organization: self.organization.clone(),
            filters: BTreeMap::new(),
            page: None,
            count: None,
        })
    }
}

/// A page of audit events; see [`AuditEvents::list`].
#[derive(Clone, Debug)]
pub struct ListAuditEvents {
    organization: Arg<OrganizationId>,
    /// By the vendor's names.
    filters: BTreeMap<&'static str, String>,
    page: Option<String>,
    count: Option<u32>,
}

impl List<ListAuditEvents> {
    /// Lists the events of one user. The vendor documents the id as a number here and as text
    /// elsewhere; it is sent as it is given.
    pub fn user_id(self, id: impl Display) -> Self {
        self.filter(USER_ID, &id)
    }

    /// Lists the events from this time on: an ISO 8601 date, or date and time (*documented*), such as a
    /// [`Timestamp`]. Whether the event at this very time is listed is not documented.
    pub fn start_date_time(self, time: impl Display) -> Self {
        self.filter(START, &time)
    }

    /// Lists the events up to this time, given as for [`start_date_time`](Self::start_date_time).
    pub fn stop_date_time(self, time: impl Display) -> Self {
        self.filter(STOP, &time)
    }

    /// Lists the events with this [status](AuditEvent::status). Its values are not documented.
    pub fn status(self, status: impl Display) -> Self {
        self.filter(STATUS, &status)
    }

    /// Sets a filter, in place of an earlier one of this name.
    fn filter(mut self, name: &'static str, value: &dyn Display) -> Self {
        self.operation.filters.insert(name, value.to_string());
        self
    }
}

const USER_ID: &str = "userId";
const START: &str = "startDateTime";
const STOP: &str = "stopDateTime";
const STATUS: &str = "status";

/// The longest page (documented).
const LONGEST: u32 = 50;

const PATH: &[&str] = &["/v1/organizations/{organizationId}/audit-events"];

impl Operation for ListAuditEvents {
    type Service = Redox;
    type Output = AuditEventPage;
    const SPEC: Spec = Spec::get("redox audit-events.list", PATH).success(SUCCESS);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(&self.organization)?])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let page = self.page.clone().map(|page| ("_page", page));
        let count = self.count.map(|count| ("_count", count.to_string()));
        let filters = self.filters.iter().map(|(name, value)| (*name, value.clone()));
        filters.chain(page).chain(count).collect()
    }

    fn validate(&self) -> Result<(), Error> {
        if let Some(count) = self.count.filter(|count| !(1..=LONGEST).contains(count)) {
            return Err(Error::invalid(
                "page_size",
                format!("must be 1 to {LONGEST}, got {count}"),
            ));
        }
        for (name, value) in &self.filters {
            if value.is_empty() {
                return Err(Error::invalid(name, "must not be empty"));
            }
            if matches!(*name, START | STOP) && !is_iso_8601(value) {
                let rule = format!("must be an ISO 8601 date, or date and time, got {value:?}");
                return Err(Error::invalid(name, rule));
            }
        }
        Ok(())
    }

    fn decode(response: &http::Response<Bytes>) -> Result<AuditEventPage, DecodeError> {
        decode(response)
    }
}

/// Whether it is a date, with or without a time, with or without an offset. The parser also reads a
/// space for the `T`, and the name of a time zone in brackets.
fn is_iso_8601(text: &str) -> bool {
    !text.contains([' ', '['])
        && (text.parse::<jiff::Timestamp>().is_ok()
            || text.parse::<jiff::civil::DateTime>().is_ok())
}

impl ListOperation for ListAuditEvents {
    type Item = AuditEvent;

    fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        self.page = Some(cursor.to_owned());
        Ok(())
    }

    fn set_page_size(&mut self, items: u32) {
        self.count = Some(items);
    }

    fn page(&self, output: AuditEventPage, _: &HeaderMap) -> ListPage<AuditEvent> {
        let PageInfo { current_page, links } = output.meta.page;
        let page = ListPage::new(output.payload.results);
        let Some(link) = links.unwrap_or_default().next.filter(|link| !link.is_empty()) else {
            return page;
        };
        let current = self.page.as_ref().or(current_page.as_ref());
        // The link names another route than the one that was called.
        match link_value(&link, "_page") {
            None => page.blocked("meta.page.links.next: has no _page to go on with"),
            Some(next) if current.is_some_and(|current| !is_later(&next, current)) => {
                page.blocked("meta.page.links.next: does not lead to a later page")
            }
            next => page.next(next),
        }
    }

    fn key(event: &AuditEvent) -> String {
        event.id.clone()
    }
}

/// Whether a page comes after another, as numbers where they are such.
fn is_later(page: &str, than: &str) -> bool {
    match (page.parse::<u64>(), than.parse::<u64>()) {
        (Ok(page), Ok(than)) => page > than,
        _ => page != than,
    }
}

/// The response that holds a page of [`ListAuditEvents`]. Without `meta.page` it is an error: the page
/// would pass for the last one.
#[derive(Clone, Debug, Deserialize)]
pub struct AuditEventPage {
    meta: PageMeta,
    payload: Results,
}

#[derive(Clone, Debug, Deserialize)]
struct PageMeta {
    page: PageInfo,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    #[serde(default, deserialize_with = "loose_text")]
    current_page: Option<String>,
    links: Option<Links>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Results {
    results: Vec<AuditEvent>,
}

/// An action of a user in an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuditEvent {
    /// The event's id. The service writes ids here as numbers; they are kept as text.
    #[serde(deserialize_with = "identifying")]
    pub id: String,
    /// The organization.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The user who did it.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The address that the request came from.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub request_ip: Option<String>,
    /// The route of the request.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// When it happened.
    #[serde(default, deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// What happened (`type`), e.g. `user-invited`. There is no documented list of the values.
    #[serde(
        rename = "type",
        default,
        deserialize_with = "loose_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// How it ended. Its values are not documented.
    #[serde(default, deserialize_with = "loose_text", skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// More about it, in a form that depends on the kind and is not documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}
