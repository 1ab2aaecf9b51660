//! SCIM users: `/Organizations/{OrganizationSid}/scim/Users`, `/scim/v2/Users`.

use http::{HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TwilioIam;
use super::place::Place;
use crate::error::Error;
use crate::model::loose::{identifying, nullable};
use crate::model::{Timestamp, checked_id};
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, EnsuredAbsent, Transport, ensure_absent};
use crate::twilio::error::is_not_found_by;
use crate::twilio::{ErrorCode, ServiceError, UserSid};

const PREVIEW: &str = "/Organizations/{OrganizationSid}/scim/Users";
const PREVIEW_ONE: &str = "/Organizations/{OrganizationSid}/scim/Users/{UserSid}";
const V2: &str = "/scim/v2/Users";
const V2_ONE: &str = "/scim/v2/Users/{UserSid}";

const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Answers are documented as `application/scim+json`, errors also as `application/json`, which
/// every request accepts anyway.
fn accept_scim() -> (HeaderName, HeaderValue) {
    (header::ACCEPT, HeaderValue::from_static("application/json, application/scim+json"))
}

/// The users of an organization (SCIM 2.0).
///
/// Errors are SCIM's: [`ServiceError`](crate::twilio::ServiceError) has `detail` as its message
/// and `scim_type`. 400, 401, 403, 404 and 429 are documented for all calls.
#[derive(Clone, Debug)]
pub struct Users {
    transport: Transport,
    place: Place,
}

impl Users {
    pub(super) fn new(transport: Transport, place: Place) -> Self {
        Self { transport, place }
    }

    /// Lists users: `GET …/scim/Users`, 200 (*documented*), all of them or those that a
    /// [`UserFilter`] lets through.
    ///
    /// No paging is documented: the answer is taken for the whole list, unless
    /// [`total_results`](UserList::total_results) is greater than what came. That is an error, since
    /// how to ask for the rest is not known.
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// An invalid-request error before anything is sent if the filter is for an empty text.
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for a list that is not whole. A filter that the service cannot read is answered with 400, `scimType` `invalidFilter`.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::UserFilter;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let users = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.users();
    /// let found = users.list(UserFilter::user_name("a@example.com")).await?;
    /// assert_eq!(found.resources.len(), 0);
    /// assert_eq!(users.list(None).await?.total_results, Some(0));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self, filter: impl Into<Option<UserFilter>>) -> Call<UserList> {
        self.transport.call(&ListUsers { place: &self.place, filter: filter.into() })
    }

    /// Gets a user: `GET …/scim/Users/{UserSid}`, 200 (*documented*).
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// 404 (*documented*), code 25008 (*observed*), if there is no such user.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::testing::TwilioIamFake;
    /// let fake = TwilioIamFake::start().await?;
    /// let users = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.users();
    /// let sid = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse()?;
    /// assert!(users.get(&sid).await.unwrap_err().is_not_found());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn get(&self, sid: &UserSid) -> Call<User> {
        self.transport.call(&GetUser { place: &self.place, sid })
    }

    /// Creates a user: `POST …/scim/Users`, 201 (*documented*). The user gets an e-mail.
    ///
    /// Never repeated when its outcome is unknown: [list](Self::list) by user name then.
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// A user name or external id that is taken is 409, code 25022 (*observed*):
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists). The primary e-mail address
    /// must equal the user name, else 400, code 25014 (*observed*).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::{Email, NewUser};
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let users = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.users();
    /// let new = NewUser::new("alex@example.com")?.email(Email::primary("alex@example.com"));
    /// let user = users.create(&new).await?;
    /// assert!(users.create(&new).await.unwrap_err().is_already_exists());
    /// assert_eq!(user.user_name.as_deref(), Some("alex@example.com"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, new: &NewUser) -> Call<User> {
        self.transport.call(&CreateUser { place: &self.place, new })
    }

    /// Replaces a user that still has this version: `PUT …/scim/Users/{UserSid}` with `If-Match`,
    /// 200 (*documented*).
    ///
    /// The service does not require `If-Match`; this crate does, so that nobody's change is
    /// overwritten unseen. Not repeated once it may have arrived: it would conflict with its own
    /// first try.
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// Another version is 409, code 25020: [`ErrorKind::Conflict`](crate::ErrorKind::Conflict).
    /// After an unknown outcome [get](Self::get) the user and compare.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::testing::TwilioIamFake;
    /// # use rolecall::twilio::iam::NewUser;
    /// let fake = TwilioIamFake::start().await?;
    /// let users = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.users();
    /// let user = users.create(&NewUser::new("alex@example.com")?).await?;
    /// let version = user.version().ok_or("it has a version")?;
    /// let new = NewUser::of(&user)?.display_name("Alex");
    /// users.replace(&user.id, version, &new).await?;
    /// assert!(users.replace(&user.id, version, &new).await.unwrap_err().is_conflict());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn replace(&self, sid: &UserSid, version: &UserVersion, new: &NewUser) -> Call<User> {
        self.transport.call(&ReplaceUser { place: &self.place, sid, version, new })
    }

    /// Changes parts of a user that still has this version: `PATCH …/scim/Users/{UserSid}` with
    /// `If-Match`, 200 (*documented*). What is said of [`replace`](Self::replace) holds here too.
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// As for [`replace`](Self::replace); an invalid-request error if there is nothing to change.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::{NewUser, UserPatch};
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let users = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.users();
    /// let user = users.create(&NewUser::new("alex@example.com")?).await?;
    /// let version = user.version().ok_or("it has a version")?;
    /// let patch = UserPatch::new().replace("active", false);
    /// assert_eq!(users.patch(&user.id, version, &patch).await?.active, Some(false));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn patch(&self, sid: &UserSid, version: &UserVersion, patch: &UserPatch) -> Call<User> {
        self.transport.call(&PatchUser { place: &self.place, sid, version, patch })
    }

    /// Deactivates a user: `DELETE …/scim/Users/{UserSid}`, 204 (*documented*).
    ///
    /// Repeated after passing faults. A repeated try that is told by code 25008 (*observed*) that
    /// there is no such user, after an earlier one may have arrived, is a success. Any other "not
    /// found" is an error then, whose outcome is unknown: SCIM's documented 404 may lack a code.
    /// [`ensure_deactivated`](Self::ensure_deactivated) settles it.
    ///
    /// Source: <https://www.twilio.com/docs/iam/scim/api-reference>.
    ///
    /// # Errors
    /// 404 (*documented*), code 25008 (*observed*), if there is no such user.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::testing::TwilioIamFake;
    /// # use rolecall::twilio::iam::NewUser;
    /// let fake = TwilioIamFake::start().await?;
    /// let users = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.users();
    /// let user = users.create(&NewUser::new("alex@example.com")?).await?;
    /// users.deactivate(&user.id).await?;
    /// assert_eq!(fake.users()[0].active, Some(false));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn deactivate(&self, sid: &UserSid) -> Call<()> {
        self.transport.call(&DeactivateUser { place: &self.place, sid })
    }

    /// Makes sure that a user is inactive: [gets](Self::get) the user,
    /// [deactivates](Self::deactivate) one who is not inactive, and gets the user again where the
    /// outcome is unknown.
    ///
    /// [`WasAbsent`](EnsuredAbsent::WasAbsent) is a user who was inactive before, or is none: code
    /// 25008 (*observed*) says so. A "not found" with the common 20404, or without a code, does not
    /// say what was not found: it counts where the [list](Self::list) of all users, which tells its
    /// total, does not have the user. Of two callers at once each may be told that it deactivated
    /// the user. What a later [replacement](Self::replace) or [patch](Self::patch) makes of the user
    /// is another matter.
    ///
    /// # Errors
    /// Those of [`get`](Self::get), [`deactivate`](Self::deactivate) and [`list`](Self::list), but
    /// that there is no such user; the user may still be active.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::testing::TwilioIamFake;
    /// # use rolecall::twilio::iam::NewUser;
    /// use rolecall::EnsuredAbsent;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let users = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.users();
    /// let user = users.create(&NewUser::new("alex@example.com")?).await?;
    /// assert_eq!(users.ensure_deactivated(&user.id).await?, EnsuredAbsent::Removed);
    /// assert_eq!(users.ensure_deactivated(&user.id).await?, EnsuredAbsent::WasAbsent);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure_deactivated(&self, sid: &UserSid) -> Result<EnsuredAbsent, Error> {
        // What a second deactivation is answered is not known: only reading tells it from the first.
        if self.find_active(sid).await?.is_none() {
            return Ok(EnsuredAbsent::WasAbsent);
        }
        let find = || {
            let (users, sid) = (self.clone(), sid.clone());
            Box::pin(async move { users.find_active(&sid).await }) as _
        };
        ensure_absent(|| self.deactivate(sid), is_gone, is_unfound, find).await
    }

    /// The user, unless inactive or not there.
    async fn find_active(&self, sid: &UserSid) -> Result<Option<User>, Error> {
        let found = match self.get(sid).await {
            Ok(user) => Some(user),
            Err(error) if is_gone(&error) => None,
            Err(error) if is_unfound(&error) => match self.list(None).await {
                Ok(UserList { resources, total_results: Some(_) }) => resources
                    .into_iter()
                    .find(|user| user.id.as_str().eq_ignore_ascii_case(sid.as_str())),
                Ok(_) => return Err(error.with_remark("the list of users tells no total")),
                Err(unread) => {
                    return Err(error
                        .with_remark("what is there could not be read")
                        .with_source(unread));
                }
            },
            Err(error) => return Err(error),
        };
        Ok(found.filter(|user| user.active != Some(false)))
    }
}

/// Whether the service says that it is the user who was not found.
fn is_gone(error: &Error) -> bool {
    is_not_found_by(error, ErrorCode::IAM_USER_NOT_FOUND)
}

/// Whether something was not found, and the service does not say what.
fn is_unfound(error: &Error) -> bool {
    let codeless = error.service::<ServiceError>().is_some_and(|error| error.code.is_none());
    is_not_found_by(error, ErrorCode::NOT_FOUND) || (error.is_not_found() && codeless)
}

struct ListUsers<'a> {
    place: &'a Place,
    filter: Option<UserFilter>,
}

impl Operation for ListUsers<'_> {
    type Service = TwilioIam;
    type Answer = UserList;
    const NAME: &'static str = "twilio.iam users.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        self.place.path(PREVIEW, V2, None)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let filter = self.filter.iter();
        filter.map(|filter| ("filter", filter.as_str().to_owned())).collect()
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        vec![accept_scim()]
    }

    fn body(&self) -> Result<Body, Error> {
        self.filter.as_ref().map_or(Ok(()), UserFilter::check)?;
        Ok(Body::none())
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        let list: Listed = answer.json()?;
        let resources = match (list.resources, list.total_results) {
            (Some(resources), _) => resources,
            // SCIM lets an empty list go without its items.
            (None, Some(0)) => Vec::new(),
            (None, _) => return Err(AnswerError::shape("body: missing field `Resources`")),
        };
        if let Some(total) = list.total_results.filter(|total| *total > resources.len() as u64) {
            let came = resources.len();
            let detail =
                format!("totalResults: is {total}, but {came} came, and no paging is known");
            return Err(AnswerError::shape(detail));
        }
        Ok(UserList { resources, total_results: list.total_results })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(rename = "Resources")]
    resources: Option<Vec<User>>,
    total_results: Option<u64>,
}

struct GetUser<'a> {
    place: &'a Place,
    sid: &'a UserSid,
}

impl Operation for GetUser<'_> {
    type Service = TwilioIam;
    type Answer = User;
    const NAME: &'static str = "twilio.iam users.get";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        self.place.path(PREVIEW_ONE, V2_ONE, Some(self.sid.as_str()))
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        vec![accept_scim()]
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

struct CreateUser<'a> {
    place: &'a Place,
    new: &'a NewUser,
}

impl Operation for CreateUser<'_> {
    type Service = TwilioIam;
    type Answer = User;
    const NAME: &'static str = "twilio.iam users.create";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[201];
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        self.place.path(PREVIEW, V2, None)
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        vec![accept_scim()]
    }

    fn body(&self) -> Result<Body, Error> {
        self.new.check()?;
        Body::json(self.new)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

struct ReplaceUser<'a> {
    place: &'a Place,
    sid: &'a UserSid,
    version: &'a UserVersion,
    new: &'a NewUser,
}

impl Operation for ReplaceUser<'_> {
    type Service = TwilioIam;
    type Answer = User;
    const NAME: &'static str = "twilio.iam users.replace";
    const METHOD: Method = Method::PUT;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        self.place.path(PREVIEW_ONE, V2_ONE, Some(self.sid.as_str()))
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        [accept_scim()].into_iter().chain(self.version.if_match()).collect()
    }

    fn body(&self) -> Result<Body, Error> {
        self.version.check()?;
        self.new.check()?;
        Body::json(self.new)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

struct PatchUser<'a> {
    place: &'a Place,
    sid: &'a UserSid,
    version: &'a UserVersion,
    patch: &'a UserPatch,
}

impl Operation for PatchUser<'_> {
    type Service = TwilioIam;
    type Answer = User;
    const NAME: &'static str = "twilio.iam users.patch";
    const METHOD: Method = Method::PATCH;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        self.place.path(PREVIEW_ONE, V2_ONE, Some(self.sid.as_str()))
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        [accept_scim()].into_iter().chain(self.version.if_match()).collect()
    }

    fn body(&self) -> Result<Body, Error> {
        self.version.check()?;
        if self.patch.operations.is_empty() {
            return Err(Error::invalid("Operations", "must not be empty"));
        }
        Body::json(self.patch)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

struct DeactivateUser<'a> {
    place: &'a Place,
    sid: &'a UserSid,
}

impl Operation for DeactivateUser<'_> {
    type Service = TwilioIam;
    type Answer = ();
    const NAME: &'static str = "twilio.iam users.deactivate";
    const METHOD: Method = Method::DELETE;
    const SUCCESS: &'static [u16] = &[204];
    const REPEAT: Repeat = Repeat::Idempotent;

    fn path(&self) -> Path<'_> {
        self.place.path(PREVIEW_ONE, V2_ONE, Some(self.sid.as_str()))
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        vec![accept_scim()]
    }

    fn decode(_: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        Ok(())
    }

    fn echo(refused: &Error) -> Option<Self::Answer> {
        is_gone(refused).then_some(())
    }
}

/// Which users are listed: the two filters that the service knows (*documented*).
///
/// ```
/// use rolecall::twilio::iam::UserFilter;
/// assert_eq!(UserFilter::external_id(r#"a"b"#).as_str(), r#"externalId eq "a\"b""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserFilter(String);

impl UserFilter {
    /// The user with this name. An empty one is refused when the list is asked for.
    #[must_use]
    pub fn user_name(name: &str) -> Self {
        Self::equals("userName", name)
    }

    /// The user with this external id. An empty one is refused when the list is asked for.
    #[must_use]
    pub fn external_id(id: &str) -> Self {
        Self::equals("externalId", id)
    }

    /// SCIM's values are JSON's, quotes and escapes included.
    fn equals(attribute: &str, value: &str) -> Self {
        Self(format!("{attribute} eq {}", Value::from(value)))
    }

    /// # Errors
    /// An invalid-request error if it is for an empty text, which could mean anybody.
    fn check(&self) -> Result<(), Error> {
        match self.0.split_once(" eq ") {
            Some((attribute, "\"\"")) => Err(Error::invalid(attribute, "must not be empty")),
            _ => Ok(()),
        }
    }

    /// The filter as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

checked_id! {
    /// The version of a user, e.g. `W/1`: what a change must match. In answers it is kept as it
    /// came.
    UserVersion, "version", check_version
}

/// # Errors
/// An invalid-request error if it cannot be a header.
fn check_version(field: &str, version: &str) -> Result<(), Error> {
    if version.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if !version.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid(field, "must be printable ASCII without spaces"));
    }
    Ok(())
}

impl UserVersion {
    /// # Errors
    /// An invalid-request error if an answer's version cannot be sent back.
    fn check(&self) -> Result<(), Error> {
        check_version("version", self.as_str())
    }

    fn if_match(&self) -> Option<(HeaderName, HeaderValue)> {
        HeaderValue::from_str(self.as_str()).ok().map(|value| (header::IF_MATCH, value))
    }
}

/// A user to be created, or what one is to be replaced by.
///
/// Unset parts are left out. What a [replacement](Users::replace) leaves out, the user loses, by
/// the rules of SCIM; the vendor does not say.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUser {
    schemas: [&'static str; 1],
    user_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Name>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    emails: Vec<Email>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
}

impl NewUser {
    /// A user with this name, 2 to 255 characters; an e-mail address, equal to the primary one
    /// among [emails](Self::email).
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule.
    pub fn new(user_name: impl Into<String>) -> Result<Self, Error> {
        let user_name = user_name.into();
        check_length("userName", &user_name)?;
        Ok(Self {
            schemas: [USER_SCHEMA],
            user_name,
            external_id: None,
            display_name: None,
            name: None,
            emails: Vec::new(),
            active: None,
            locale: None,
            timezone: None,
        })
    }

    /// All that this crate knows of a user, to be changed and sent as a
    /// [replacement](Users::replace). Attributes that it does not know are not among it.
    ///
    /// # Errors
    /// An invalid-request error if the user has no name.
    pub fn of(user: &User) -> Result<Self, Error> {
        Ok(Self {
            external_id: user.external_id.clone(),
            display_name: user.display_name.clone(),
            name: user.name.clone(),
            emails: user.emails.clone(),
            active: user.active,
            locale: user.locale.clone(),
            timezone: user.timezone.clone(),
            ..Self::new(user.user_name.as_deref().unwrap_or_default())?
        })
    }

    /// The id that the user has elsewhere, 2 to 255 characters.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// The name to show.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Given and family name.
    #[must_use]
    pub fn name(mut self, given: impl Into<String>, family: impl Into<String>) -> Self {
        self.name = Some(Name { given_name: Some(given.into()), family_name: Some(family.into()) });
        self
    }

    /// One more e-mail address.
    #[must_use]
    pub fn email(mut self, email: Email) -> Self {
        self.emails.push(email);
        self
    }

    /// Whether the user is active.
    #[must_use]
    pub fn active(mut self, active: bool) -> Self {
        self.active = Some(active);
        self
    }

    /// The user's locale, e.g. `fr-FR`.
    #[must_use]
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// The user's time zone, e.g. `UTC`.
    #[must_use]
    pub fn timezone(mut self, timezone: impl Into<String>) -> Self {
        self.timezone = Some(timezone.into());
        self
    }

    fn check(&self) -> Result<(), Error> {
        self.external_id.as_deref().map_or(Ok(()), |id| check_length("externalId", id))
    }
}

/// # Errors
/// An invalid-request error if the text is shorter or longer than documented.
fn check_length(field: &str, text: &str) -> Result<(), Error> {
    let length = text.chars().count();
    if (2..=255).contains(&length) {
        return Ok(());
    }
    Err(Error::invalid(field, format!("must have 2 to 255 characters, got {length}")))
}

/// What is to be changed of a user, in order.
///
/// ```
/// use rolecall::twilio::iam::UserPatch;
/// let patch = UserPatch::new().replace("displayName", "Alex").remove("externalId");
/// # let _ = patch;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserPatch {
    schemas: [&'static str; 1],
    #[serde(rename = "Operations")]
    operations: Vec<PatchOperation>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct PatchOperation {
    op: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

impl UserPatch {
    /// Nothing yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "an empty one is refused")]
    pub fn new() -> Self {
        Self { schemas: [PATCH_SCHEMA], operations: Vec::new() }
    }

    /// Adds a value at a path, e.g. `emails`.
    #[must_use]
    pub fn add(self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.then("add", path.into(), Some(value.into()))
    }

    /// Replaces the value at a path, e.g. `name.givenName`.
    #[must_use]
    pub fn replace(self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.then("replace", path.into(), Some(value.into()))
    }

    /// Removes what is at a path.
    #[must_use]
    pub fn remove(self, path: impl Into<String>) -> Self {
        self.then("remove", path.into(), None)
    }

    fn then(mut self, op: &'static str, path: String, value: Option<Value>) -> Self {
        self.operations.push(PatchOperation { op, path, value });
        self
    }
}

/// Users as they are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserList {
    /// The users.
    pub resources: Vec<User>,
    /// How many there are in all, by the service's count.
    pub total_results: Option<u64>,
}

/// A user. Only the id is insisted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// What identifies the user, `US…`.
    #[serde(deserialize_with = "identifying")]
    pub id: UserSid,
    /// The name, an e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The id that the user has elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Given and family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// E-mail addresses.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Email>,
    /// Whether the user is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// The user's locale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The user's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The schemas that the user follows.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub schemas: Vec<String>,
    /// About the entry itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<UserMeta>,
}

impl User {
    /// The version that a change must match.
    #[must_use]
    pub fn version(&self) -> Option<&UserVersion> {
        self.meta.as_ref()?.version.as_ref()
    }
}

/// A user's given and family name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Name {
    /// The given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// The family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
}

/// An e-mail address of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Email {
    /// Whether it is the primary one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<bool>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What it is for, e.g. `work`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl Email {
    /// The primary address.
    #[must_use]
    pub fn primary(address: impl Into<String>) -> Self {
        Self { primary: Some(true), value: Some(address.into()), kind: None }
    }

    /// Any other address.
    #[must_use]
    pub fn other(address: impl Into<String>) -> Self {
        Self { primary: Some(false), value: Some(address.into()), kind: None }
    }

    /// What it is for, e.g. `work`.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }
}

/// About a user's entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserMeta {
    /// The type of the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Timestamp>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<UserVersion>,
}
