//! `/Organizations/{OrganizationSid}/Accounts`.

use super::TwilioIam;
use super::declare::{Request, operations};
use super::place::{Place, values};
use crate::error::Error;
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::model::{Arg, Timestamp, arg, open_enum};
use crate::operation::{Operation, Spec};
use crate::transport::{Call, List, Transport};
use crate::twilio::paging::{Paging, paged};
use crate::twilio::{AccountSid, Sid};

/// The accounts of an organization.
#[derive(Clone, Debug)]
pub struct Accounts {
    pub(super) transport: Transport,
    pub(super) place: Arg<Place>,
}

impl Accounts {
    /// Lists accounts: `GET /Organizations/{OrganizationSid}/Accounts`, 200 (*documented*).
    ///
    /// A page has 1 to 100 accounts; without [`page_size`](List::page_size) the service decides. Pages
    /// and positions work as in the [list of role assignments](super::RoleAssignments::list).
    ///
    /// Source: the vendor's OpenAPI files, <https://github.com/twilio/twilio-oai>.
    ///
    /// # Errors
    /// 403 and 404 are documented.
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
    /// let accounts = fake.client()?.organization(TwilioIamFake::ORGANIZATION).accounts();
    /// let all = accounts.list().items().try_collect().await?;
    /// assert_eq!(all[0].account_sid, sid);
    /// assert_eq!(accounts.get(&sid).await?.status, Some(AccountStatus::Active));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> List<ListAccounts> {
        self.transport.list(ListAccounts { place: self.place.clone(), paging: Paging::default() })
    }

    /// Gets an account: `GET /Organizations/{OrganizationSid}/Accounts/{AccountSid}`, 200
    /// (*documented*).
    ///
    /// Source: the vendor's OpenAPI files, <https://github.com/twilio/twilio-oai>.
    ///
    /// # Errors
    /// 403 and 404 are documented, with [`ServiceError`](crate::twilio::ServiceError) as the typed
    /// error.
    pub fn get(&self, sid: impl TryInto<AccountSid, Error: Into<Error>>) -> Call<Account> {
        self.transport.call(&GetAccount(Request::one(&self.place, &arg(sid))))
    }
}

/// A page of accounts; see [`Accounts::list`].
#[derive(Clone, Debug)]
pub struct ListAccounts {
    place: Arg<Place>,
    paging: Paging,
}

impl Operation for ListAccounts {
    type Service = TwilioIam;
    type Output = AccountPage;
    const SPEC: Spec =
        Spec::get("twilio.iam accounts.list", &["/Organizations/{OrganizationSid}/Accounts"]);

    fn path(&self) -> Result<Vec<&str>, Error> {
        values(&self.place, None)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        self.paging.query()
    }

    fn validate(&self) -> Result<(), Error> {
        self.paging.check(100)
    }
}

paged! { ListAccounts: AccountPage { content: Account by account_sid } }

operations! {
    GetAccount -> Account: Spec::get(
        "twilio.iam accounts.get",
        &["/Organizations/{OrganizationSid}/Accounts/{AccountSid}"],
    );
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

response! {
    /// An account of an organization. Only the SID is required.
    pub struct Account {
        /// The SID, `AC…`.
        #[serde(deserialize_with = "identifying")]
        pub account_sid: AccountSid,
        /// The name.
        pub friendly_name: Option<String>,
        /// Whether it is in use.
        pub status: Option<AccountStatus>,
        /// The user who owns it, `US…`.
        pub owner_sid: Option<Sid>,
        /// When it was created.
        pub date_created: Option<Timestamp>,
    }
}
