//! SCIM users: `/Organizations/{OrganizationSid}/scim/Users`, `/scim/v2/Users`.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Deserialize;

use super::declare::{Request, operations};
use super::place::{Place, values};
use super::{NewUser, TwilioIam, User, UserFilter, UserPatch, UserVersion};
use crate::error::Error;
use crate::model::json::part;
use crate::model::{Arg, arg, text};
use crate::operation::{
    Body, DecodeError, Idempotency, ListOperation, ListPage, Operation, Spec, decode_json,
};
use crate::transport::{
    BoxFuture, Call, EnsuredAbsent, List, Session, Transport, Unwanted, unread,
};
use crate::twilio::error::is_not_found_by;
use crate::twilio::{ErrorCode, ServiceError, UserSid};

const ALL: &[&str] = &["/Organizations/{OrganizationSid}/scim/Users", "/scim/v2/Users"];
const ONE: &[&str] =
    &["/Organizations/{OrganizationSid}/scim/Users/{UserSid}", "/scim/v2/Users/{UserSid}"];

/// Responses are documented as `application/scim+json`, errors also as `application/json`, which
/// every request accepts anyway.
fn accept_scim() -> Vec<(HeaderName, HeaderValue)> {
    let types = HeaderValue::from_static("application/json, application/scim+json");
    vec![(header::ACCEPT, types)]
}

/// The users of an organization (SCIM 2.0).
///
/// Errors are SCIM's: [`ServiceError`] has `detail` as its message and `scim_type`. 400, 401, 403 and
/// 429 are documented for all calls, 404 for all but the list.
#[derive(Clone, Debug)]
pub struct Users {
    pub(super) transport: Transport,
    pub(super) place: Arg<Place>,
}

impl Users {
    /// Lists users: `GET …/scim/Users`, 200 (*documented*), all of them or those that match a
    /// [filter](List::filter).
    ///
    /// No paging is documented: the response counts as the whole list, and the page size is
    /// ignored. If the service reports more users than it sent, the list ends in an error, since
    /// how to request the rest is not known.
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// A filter that the service cannot read is refused with 400, `scimType` `invalidFilter`.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::EnsuredAbsent;
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::{Email, NewUser, UserFilter, UserPatch};
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let users = fake.client()?.organization(TwilioIamFake::ORGANIZATION).users();
    /// let new = NewUser::new("alex@example.com")?.email(Email::primary("alex@example.com"));
    /// let user = users.create(&new).await?;
    /// let found = users.list().filter(UserFilter::user_name("alex@example.com")).items();
    /// assert_eq!(found.try_collect().await?[0], user);
    ///
    /// let version = user.version().ok_or("it has a version")?;
    /// let new = NewUser::of(&user)?.display_name("Alex");
    /// let user = users.update(&user.id, version, &new).await?;
    /// assert!(users.update(&user.id, version, &new).await.unwrap_err().is_conflict());
    ///
    /// let version = user.version().ok_or("it has a version")?;
    /// users.patch(&user.id, version, &UserPatch::new().remove("displayName")).await?;
    /// assert_eq!(users.ensure_deactivated(&user.id).await?, EnsuredAbsent::Deleted);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> List<ListUsers> {
        self.transport.list(ListUsers { place: self.place.clone(), filter: None })
    }

    /// Gets a user: `GET …/scim/Users/{UserSid}`, 200 (*documented*).
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// 404 (*documented*), code 25008 (*observed*), if there is no such user.
    pub fn get(&self, sid: impl TryInto<UserSid, Error: Into<Error>>) -> Call<User> {
        self.transport.call(&GetUser(self.one(&arg(sid))))
    }

    /// Creates a user: `POST …/scim/Users`, 201 (*documented*). The service requires
    /// [e-mail addresses](NewUser::email), and sends the user an e-mail (both *documented*).
    ///
    /// Not retried when its outcome is unknown: to reconcile it, [list](Self::list) by user name.
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// An external id that is taken is 409, code 25022 (*documented*), and so is a user name
    /// (inferred): [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists). The primary e-mail
    /// address must equal the user name, else 400, code 25014 (*observed*).
    pub fn create(&self, new: &NewUser) -> Call<User> {
        let (headers, body) = (accept_scim(), new.body());
        self.transport.call(&CreateUser(Request { headers, body, ..Request::all(&self.place) }))
    }

    /// Updates a user that still has this version: `PUT …/scim/Users/{UserSid}` with `If-Match`,
    /// 200 (*documented*). It replaces all attributes of the user (inferred, by the rules of SCIM).
    ///
    /// The service does not require `If-Match`; this crate does, so that it does not overwrite a
    /// change of another caller. Not retried once it may have arrived: it would conflict with its
    /// own first attempt.
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// Another version is 409, code 25020: [`ErrorKind::Conflict`](crate::ErrorKind::Conflict).
    /// After an unknown outcome [get](Self::get) the user and compare.
    pub fn update(
        &self,
        sid: impl TryInto<UserSid, Error: Into<Error>>,
        version: impl TryInto<UserVersion, Error: Into<Error>>,
        new: &NewUser,
    ) -> Call<User> {
        let sid = arg(sid);
        self.transport.call(&UpdateUser(self.one_of_version(&sid, arg(version), new.body())))
    }

    /// Changes parts of a user that still has this version: `PATCH …/scim/Users/{UserSid}` with
    /// `If-Match`, 200 (*documented*). The notes on [`update`](Self::update) apply here too.
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// As for [`update`](Self::update); an invalid-request error if there is nothing to change.
    pub fn patch(
        &self,
        sid: impl TryInto<UserSid, Error: Into<Error>>,
        version: impl TryInto<UserVersion, Error: Into<Error>>,
        patch: &UserPatch,
    ) -> Call<User> {
        let sid = arg(sid);
        self.transport.call(&PatchUser(self.one_of_version(&sid, arg(version), patch.body())))
    }

    /// Deactivates a user: `DELETE …/scim/Users/{UserSid}`, 204 (*documented*).
    ///
    /// What becomes of the user's role assignments is not documented: delete them first, as listed
    /// by [identity](List::<super::ListRoleAssignments>::identity).
    ///
    /// Retried after transient failures. If a retry is refused with code 25008 (*observed*: there
    /// is no such user) after an earlier attempt may have arrived, the call succeeds. Any other
    /// "not found" response to a retry is an error with an unknown outcome: SCIM's documented 404
    /// may lack a code. [`ensure_deactivated`](Self::ensure_deactivated) reconciles it.
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// 404 (*documented*), code 25008 (*observed*), if there is no such user.
    pub fn deactivate(&self, sid: impl TryInto<UserSid, Error: Into<Error>>) -> Call<()> {
        self.transport.call(&DeactivateUser(self.one(&arg(sid))))
    }

    /// Ensures that a user is inactive: [gets](Self::get) the user, [deactivates](Self::deactivate)
    /// one who is not inactive, and gets the user again if the outcome is unknown.
    ///
    /// [`Deleted`](EnsuredAbsent::Deleted) means that this call deactivated the user.
    /// [`AlreadyAbsent`](EnsuredAbsent::AlreadyAbsent) means that the user was inactive before, or
    /// does not exist (code 25008, *observed*). A "not found" with the common 20404, or without a
    /// code, does not say what was not found: it counts as absent if the [list](Self::list) of all
    /// users, with its total, does not have the user. A user who was read as active and is then not
    /// found is [`Indeterminate`](EnsuredAbsent::Indeterminate). Two concurrent calls may both
    /// return `Deleted`. What a later [update](Self::update) or [patch](Self::patch) makes of the
    /// user is another matter.
    ///
    /// # Errors
    /// Those of [`get`](Self::get), [`deactivate`](Self::deactivate) and [`list`](Self::list),
    /// except that there is no such user; the user may still be active.
    pub fn ensure_deactivated(
        &self,
        sid: impl TryInto<UserSid, Error: Into<Error>>,
    ) -> Call<EnsuredAbsent> {
        self.transport.ensure_absent(EnsureDeactivated { users: self.clone(), sid: arg(sid) })
    }

    /// A request about one user.
    fn one<'a>(&'a self, sid: &'a Arg<UserSid>) -> Request<'a> {
        Request { headers: accept_scim(), ..Request::one(&self.place, sid) }
    }

    /// A request that changes a user of this version.
    fn one_of_version<'a>(
        &'a self,
        sid: &'a Arg<UserSid>,
        version: Arg<UserVersion>,
        body: Result<Body, Error>,
    ) -> Request<'a> {
        let version = version.and_then(|version| version.header());
        let body = version.as_ref().map_err(Clone::clone).and(body);
        let if_match = version.ok().map(|version| (header::IF_MATCH, version));
        let headers = accept_scim().into_iter().chain(if_match).collect();
        Request { headers, body, ..Request::one(&self.place, sid) }
    }
}

/// The list of users; see [`Users::list`].
#[derive(Clone, Debug)]
pub struct ListUsers {
    place: Arg<Place>,
    filter: Option<UserFilter>,
}

impl List<ListUsers> {
    /// Lists only the users that match a filter.
    pub fn filter(mut self, filter: UserFilter) -> Self {
        self.operation.filter = Some(filter);
        self
    }
}

/// The response that holds the users.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserListing {
    #[serde(rename = "Resources")]
    resources: Option<Vec<User>>,
    #[serde(default, deserialize_with = "part")]
    total_results: Option<u64>,
}

impl Operation for ListUsers {
    type Service = TwilioIam;
    type Output = UserListing;
    const SPEC: Spec = Spec::get("twilio.iam users.list", ALL);

    fn path(&self) -> Result<Vec<&str>, Error> {
        values(&self.place, None)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let filter = self.filter.iter();
        filter.map(|filter| ("filter", filter.as_str().to_owned())).collect()
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        accept_scim()
    }

    fn validate(&self) -> Result<(), Error> {
        self.filter.as_ref().map_or(Ok(()), UserFilter::check)
    }

    fn decode(response: &http::Response<Bytes>) -> Result<UserListing, DecodeError> {
        let listing: UserListing = decode_json(response.body())?;
        // SCIM allows an empty list without items.
        if listing.resources.is_none() && listing.total_results != Some(0) {
            return Err(DecodeError::shape("body: missing field `Resources`"));
        }
        Ok(listing)
    }
}

impl ListOperation for ListUsers {
    type Item = User;

    fn seek(&mut self, _: &str) -> Result<(), Error> {
        Err(Error::invalid("position", "must be of the only page of this list"))
    }

    fn page(&self, output: UserListing, _: &HeaderMap) -> ListPage<User> {
        ListPage::new(output.resources.unwrap_or_default()).total(output.total_results)
    }

    fn key(user: &User) -> String {
        user.id.to_string()
    }
}

operations! {
    GetUser -> User: Spec::get("twilio.iam users.get", ONE);
    CreateUser -> User: Spec::post("twilio.iam users.create", ALL);
    // A repeated one would conflict with the version that the first one gave the user.
    UpdateUser -> User:
        Spec::put("twilio.iam users.update", ONE).idempotency(Idempotency::NonIdempotent);
    PatchUser -> User: Spec::new("twilio.iam users.patch", Method::PATCH, ONE);
    DeactivateUser -> (): Spec::delete("twilio.iam users.deactivate", ONE),
        refused by own effect: is_no_user;
}

/// A user whom [`Users::ensure_deactivated`] deactivates.
struct EnsureDeactivated {
    users: Users,
    sid: Arg<UserSid>,
}

impl Unwanted for EnsureDeactivated {
    type Deleted = ();
    const NAME: &'static str = "twilio.iam users.ensure_deactivated";
    // The response to a second deactivation is not known: only a read distinguishes it from the
    // first.
    const LOOKS_FIRST: bool = true;

    fn delete(&self) -> Call<()> {
        self.users.transport.call(&DeactivateUser(self.users.one(&self.sid)))
    }

    /// Returns whether the user is active.
    fn find<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let get = self.users.transport.call(&GetUser(self.users.one(&self.sid)));
            let user = match session.send(get).await {
                Ok(user) => Some(user),
                Err(error) if self.is_absent(&error) => None,
                Err(error) if self.may_be_absent(&error) => {
                    self.find_listed(error, session).await?
                }
                Err(error) => return Err(error),
            };
            Ok(user.is_some_and(|user| user.active != Some(false)))
        })
    }

    fn is_absent(&self, refused: &Error) -> bool {
        is_no_user(refused)
    }

    /// Whether something was not found, and the service does not say what.
    fn may_be_absent(&self, refused: &Error) -> bool {
        let service = refused.service::<ServiceError>();
        let no_code = service.is_some_and(|service| service.code.is_none());
        is_not_found_by(refused, ErrorCode::NOT_FOUND) || (refused.is_not_found() && no_code)
    }
}

impl EnsureDeactivated {
    /// Searches for the user in the list of all users.
    ///
    /// # Errors
    /// The refusal, if the list cannot be read to its end or does not tell its total.
    async fn find_listed(&self, refused: Error, session: &Session) -> Result<Option<User>, Error> {
        let sid = text(&self.sid)?;
        let pages = match self.users.list().within(session).pages().try_collect().await {
            Ok(pages) => pages,
            Err(cause) => return Err(unread(refused, cause)),
        };
        if pages.iter().any(|page| page.total.is_none()) {
            return Err(refused.with_remark("the list of users tells no total"));
        }
        let mut users = pages.into_iter().flat_map(|page| page.items);
        Ok(users.find(|user| user.id.as_str().eq_ignore_ascii_case(sid)))
    }
}

/// Whether the service says that it is the user who was not found.
fn is_no_user(refused: &Error) -> bool {
    is_not_found_by(refused, ErrorCode::IAM_USER_NOT_FOUND)
}
