//! `/Organizations/{OrganizationSid}/Accounts`.

use http::Method;
use serde::{Deserialize, Serialize};

use super::TwilioIam;
use super::paging::{Meta, PageOf, Paging, paged};
use crate::error::Error;
use crate::model::loose::identifying;
use crate::model::{Timestamp, open_enum};
use crate::operation::{AnswerError, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Items, List, Listed, Pages, Position, Response, Transport};
use crate::twilio::{AccountSid, OrganizationSid, Sid};

/// The accounts of an organization.
#[derive(Clone, Debug)]
pub struct Accounts {
    transport: Transport,
    organization: OrganizationSid,
}

impl Accounts {
    pub(super) fn new(transport: Transport, organization: OrganizationSid) -> Self {
        Self { transport, organization }
    }

    /// Lists accounts: `GET /Organizations/{OrganizationSid}/Accounts`, 200 (*documented*).
    ///
    /// Source: the vendor's OpenAPI files, <https://github.com/twilio/twilio-oai>.
    pub fn list(&self) -> ListAccounts {
        let organization = self.organization.clone();
        let page = AccountsPage { organization, paging: Paging::default() };
        ListAccounts { transport: self.transport.clone(), page }
    }

    /// Fetches an account: `GET /Organizations/{OrganizationSid}/Accounts/{AccountSid}`, 200
    /// (*documented*).
    ///
    /// Source: the vendor's OpenAPI files, <https://github.com/twilio/twilio-oai>.
    ///
    /// # Errors
    /// 403 and 404 are documented, with [`ServiceError`](crate::twilio::ServiceError) as the typed
    /// error.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::AccountStatus;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let sid = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse()?;
    /// fake.add_account(&sid, "web shop");
    /// let accounts = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.accounts()?;
    /// let account = accounts.fetch(&sid).await?;
    /// assert_eq!(account.status, Some(AccountStatus::Active));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn fetch(&self, sid: &AccountSid) -> Call<Account> {
        self.transport.call(&FetchAccount { organization: &self.organization, sid })
    }
}

/// A list of accounts, to be read.
#[derive(Clone, Debug)]
#[must_use = "nothing is listed before items or pages are asked for"]
pub struct ListAccounts {
    transport: Transport,
    page: AccountsPage,
}

paged! {
    /// The accounts, page after page as they are needed.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule. Of the calls themselves 403 and
    /// 404 are documented; each error comes as the stream's last item.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::testing::TwilioIamFake;
    /// let fake = TwilioIamFake::start().await?;
    /// let sid = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse()?;
    /// fake.add_account(&sid, "web shop");
    /// let accounts = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.accounts()?;
    /// let all = accounts.list().items()?.collect().await?;
    /// assert_eq!(all[0].account_sid, sid);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    ListAccounts, AccountsPage, Account by account_sid, 100
}

#[derive(Clone, Debug)]
struct AccountsPage {
    organization: OrganizationSid,
    paging: Paging,
}

impl AccountsPage {
    #[expect(clippy::unused_self, reason = "each list has one; this one has no filters")]
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Operation for AccountsPage {
    type Service = TwilioIam;
    type Answer = PageOf<Account>;
    const NAME: &'static str = "twilio.iam accounts.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::new("/Organizations/{OrganizationSid}/Accounts", [self.organization.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        self.paging.query()
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        #[derive(Deserialize)]
        struct Answer {
            content: Vec<Account>,
            meta: Meta,
        }
        let Answer { content, meta } = answer.json()?;
        PageOf::new(content, meta)
    }
}

struct FetchAccount<'a> {
    organization: &'a OrganizationSid,
    sid: &'a AccountSid,
}

impl Operation for FetchAccount<'_> {
    type Service = TwilioIam;
    type Answer = Account;
    const NAME: &'static str = "twilio.iam accounts.fetch";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        let template = "/Organizations/{OrganizationSid}/Accounts/{AccountSid}";
        Path::new(template, [self.organization.as_str(), self.sid.as_str()])
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

open_enum! {
    /// Whether an account is in use (*documented*).
    AccountStatus {
        /// It is in use.
        Active = "active",
        /// It is suspended.
        Suspended = "suspended",
        /// It is about to be closed.
        PendingClosure = "pending_closure",
        /// It is closed.
        Closed = "closed",
    }
}

/// An account of an organization. Only the SID is insisted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// What identifies the account, `AC…`.
    #[serde(deserialize_with = "identifying")]
    pub account_sid: AccountSid,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<String>,
    /// Whether it is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<AccountStatus>,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_sid: Option<Sid>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_created: Option<Timestamp>,
}
