//! The list of `/v2/Services/{ServiceSid}/Roles`.

use http::Method;
use serde::Deserialize;

use super::{Role, ServiceSid, TwilioChat};
use crate::error::Error;
use crate::operation::{AnswerError, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Items, List, Listed, Pages, Position, Response, Transport};

/// Lists the roles of a Chat service: `GET /v2/Services/{ServiceSid}/Roles`, 200 (*documented*).
///
/// The pages follow each other by the `PageToken` in the vendor's link to the next page, and by
/// nothing else: the request goes to the client's own address, whatever host the link names, and a
/// page number is never computed (the service refuses one without a token, *observed*). A link
/// without a token is an error and not the end.
///
/// A [`Position`] holds such a token. How long one is good for, and what it yields after changes, is
/// not documented; go on with the same [`page_size`](Self::page_size).
///
/// Source: <https://www.twilio.com/docs/chat/rest/role-resource>.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::TwilioChatFake;
/// use rolecall::twilio::chat::NewRole;
///
/// let fake = TwilioChatFake::start().await?;
/// let roles = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?.roles();
/// for name in ["reader", "writer", "owner"] {
///     roles.create(&NewRole::new(name, "channel", ["leaveChannel"])?).await?;
/// }
/// let mut items = roles.list().page_size(2).items()?;
/// while let Some(role) = items.next().await {
///     println!("{:?}", role?.friendly_name);
/// }
/// assert_eq!(fake.received_count(), 5); // three creates, two pages
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before a page or an item is asked for"]
pub struct ListRoles {
    transport: Transport,
    list: RolesPage,
}

impl ListRoles {
    pub(super) fn new(transport: Transport, service: ServiceSid) -> Self {
        Self { transport, list: RolesPage { service, page_size: None, token: None } }
    }

    /// How many roles a page has: 1 to 100, at this service 50 if it is not set.
    pub fn page_size(mut self, roles: u32) -> Self {
        self.list.page_size = Some(roles);
        self
    }

    /// The roles, page by page behind the scenes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if the page size is out of
    /// range. What the service answers comes with the items: the document declares no error.
    pub fn items(&self) -> Result<Items<Role>, Error> {
        self.items_from(&Position::default())
    }

    /// The roles from a position on.
    ///
    /// # Errors
    /// Those of [`items`](Self::items).
    pub fn items_from(&self, position: &Position) -> Result<Items<Role>, Error> {
        self.pages_from(position).map(Items::new)
    }

    /// The roles as pages.
    ///
    /// # Errors
    /// Those of [`items`](Self::items).
    pub fn pages(&self) -> Result<Pages<Role>, Error> {
        self.pages_from(&Position::default())
    }

    /// The pages from a position on.
    ///
    /// # Errors
    /// Those of [`items`](Self::items).
    pub fn pages_from(&self, position: &Position) -> Result<Pages<Role>, Error> {
        if let Some(size) = self.list.page_size.filter(|size| !(1..=100).contains(size)) {
            let error = Error::invalid("PageSize", format!("must be 1 to 100, got {size}"));
            return Err(error.with_operation(RolesPage::NAME));
        }
        let transport = self.transport.clone();
        Ok(Pages::new(self.list.clone(), position.clone(), move |page| transport.call(page)))
    }
}

#[derive(Clone, Debug)]
struct RolesPage {
    service: ServiceSid,
    page_size: Option<u32>,
    token: Option<String>,
}

impl Operation for RolesPage {
    type Service = TwilioChat;
    type Answer = Roles;
    const NAME: &'static str = "twilio.chat roles.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::new("/v2/Services/{ServiceSid}/Roles", [self.service.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let size = self.page_size.map(|size| ("PageSize", size.to_string()));
        let token = self.token.clone().map(|token| ("PageToken", token));
        size.into_iter().chain(token).collect()
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        let Answer { roles, meta } = answer.json()?;
        let next = match meta.next_page_url.filter(|url| !url.is_empty()) {
            None => None,
            // Taking it for the end would hide roles.
            Some(url) => Some(page_token(&url).ok_or_else(|| {
                AnswerError::shape("meta.next_page_url: has no PageToken, so there is no way on")
            })?),
        };
        Ok(Roles { roles, next })
    }
}

impl List for RolesPage {
    type Item = Role;

    fn at(&self, cursor: &str) -> Result<Self, Error> {
        if cursor.is_empty() || cursor.chars().any(char::is_control) {
            let rule = "must be the token of an earlier page";
            return Err(Error::invalid("PageToken", rule).with_operation(Self::NAME));
        }
        Ok(Self { token: Some(cursor.to_owned()), ..self.clone() })
    }

    fn page(&self, answer: Response<Roles>) -> Listed<Role> {
        let Roles { roles, next } = answer.into_body();
        Listed { items: roles, next, total: None }
    }

    fn key(role: &Role) -> String {
        // The SID is documented as nullable.
        role.sid.as_ref().map_or_else(|| format!("{role:?}"), ToString::to_string)
    }
}

/// The list and its end are insisted on: without either, roles would be missing unnoticed.
#[derive(Deserialize)]
struct Answer {
    roles: Vec<Role>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    next_page_url: Option<String>,
}

struct Roles {
    roles: Vec<Role>,
    next: Option<String>,
}

/// The `PageToken` of a link, which may be relative.
fn page_token(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, token) = pairs.find(|(name, token)| name == "PageToken" && !token.is_empty())?;
    Some(token.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_of_a_link_counts() {
        for (url, token) in [
            ("https://chat.twilio.com/v2/x?PageSize=2&Page=1&PageToken=PT1", Some("PT1")),
            ("https://elsewhere.example/?PageToken=a%26b+c#x", Some("a&b c")),
            ("/v2/x?PageToken=PT1", Some("PT1")),
            ("?PageToken=é", Some("é")),
            ("https://chat.twilio.com/v2/x?Page=1", None),
            ("https://chat.twilio.com/v2/x?PageToken=&Page=1", None),
            ("https://chat.twilio.com/v2/x#?PageToken", None),
            ("PageToken=PT1", None),
            ("", None),
        ] {
            assert_eq!(page_token(url).as_deref(), token, "{url}");
        }
    }
}
