//! `/Organizations/{OrganizationSid}/RoleAssignments`, `/v2/Organizations/RoleAssignments`.

use serde::Serialize;

use super::TwilioIam;
use super::declare::{Request, operations};
use super::place::{Place, values};
use crate::declare::{getters, setters};
use crate::error::{Effect, Error};
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::model::{Arg, arg, text};
use crate::operation::{Body, Operation, Spec};
use crate::transport::{
    BoxFuture, Call, Desired, Ensured, EnsuredAbsent, Finding, Found, List, Mismatch, Session,
    Transport, Unwanted,
};
use crate::twilio::error::is_not_found_by;
use crate::twilio::paging::{Paging, check_not_empty, paged};
use crate::twilio::{ErrorCode, RoleAssignmentSid, RoleSid, Sid};

/// The permission of an OAuth app (documented) that lists assignments, and roles too.
pub(super) const LIST: &str = "twilio/iam/role-assignments/list";

const ALL: &[&str] =
    &["/Organizations/{OrganizationSid}/RoleAssignments", "/v2/Organizations/RoleAssignments"];
const ONE: &[&str] = &[
    "/Organizations/{OrganizationSid}/RoleAssignments/{RoleAssignmentSid}",
    "/v2/Organizations/RoleAssignments/{RoleAssignmentSid}",
];

/// The role assignments of an organization.
#[derive(Clone, Debug)]
pub struct RoleAssignments {
    pub(super) transport: Transport,
    pub(super) place: Arg<Place>,
}

impl RoleAssignments {
    /// Creates a role assignment: `POST /Organizations/{OrganizationSid}/RoleAssignments`, 201
    /// (*documented*).
    ///
    /// Not retried when its outcome is unknown: whether the service refuses a second identical
    /// assignment or creates two is not known.
    ///
    /// Source: <https://www.twilio.com/docs/iam/access-control/role-assignment-resource>.
    ///
    /// # Errors
    /// 400 and 403 are documented, with [`ServiceError`](crate::twilio::ServiceError) as the typed
    /// error. A 401 whose message says that a required permission is missing (*observed*) is
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) too.
    ///
    /// The scope must be the organization or an account that it manages (25200), and the identity a
    /// user that it manages (25201; both *observed*). A user has at most 50 built-in roles over all
    /// scopes (*documented*; the code of that refusal is not).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::NewRoleAssignment;
    /// use rolecall::{Ensured, EnsuredAbsent};
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let user = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// let new = NewRoleAssignment::new(
    ///     "IX00000000000000000000000000000104",
    ///     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ///     user,
    /// )?;
    /// let assignments = fake.client()?.organization(TwilioIamFake::ORGANIZATION).role_assignments();
    /// let created = assignments.create(&new).await?;
    /// assert_eq!(assignments.ensure(&new).await?, Ensured::AlreadyExisted(created));
    ///
    /// let mut items = assignments.list().identity(user).page_size(100).items();
    /// while let Some(assignment) = items.next().await.transpose()? {
    ///     assert_eq!(assignments.ensure_absent(&assignment.sid).await?, EnsuredAbsent::Deleted);
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, new: &NewRoleAssignment) -> Call<RoleAssignment> {
        let request = Request { body: new.body(), ..Request::all(&self.place) };
        self.transport.call(&CreateRoleAssignment(request))
    }

    /// Ensures that a role assignment exists: searches for it, creates it if there is none, and
    /// searches again if the outcome is unknown.
    ///
    /// An assignment matches if role, scope, identity, resource type and resource id are equal (the
    /// case of a SID's digits is ignored; an empty text in a response counts as absent). The client
    /// finds it by [listing](Self::list) the assignments of the identity, which needs the
    /// permission to list.
    ///
    /// The client searches first and never creates twice, since whether the service refuses a
    /// second identical assignment is not known. Two concurrent calls may therefore both create:
    /// there are then two assignments that grant the same or, if the service refuses the second
    /// with 409, one, which the other call finds.
    ///
    /// # Errors
    /// Those of [`create`](Self::create) and of the list. If the outcome is unknown and the
    /// assignment does not appear within the call's retries, the outcome remains unknown, and the
    /// error of the create is returned.
    ///
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) with a [`Mismatch<NewRoleAssignment,
    /// RoleAssignment>`](crate::Mismatch) if one resource is requested and the identity has the
    /// role over the whole scope: a service that does not know the newer resource fields would
    /// grant the whole scope at each call. If it does so in response to the create itself, the
    /// error's effect is [`Applied`](crate::Effect::Applied).
    pub fn ensure(&self, new: &NewRoleAssignment) -> Call<Ensured<RoleAssignment>> {
        self.transport.ensure(EnsureAssignment { assignments: self.clone(), new: new.clone() })
    }

    /// Lists role assignments: `GET /Organizations/{OrganizationSid}/RoleAssignments`, 200
    /// (*documented*).
    ///
    /// The preview service refuses a list by neither [identity](List::identity) nor
    /// [scope](List::scope) with code 25203 (*observed*), while the vendor's newer pages mark both
    /// as optional. The client sends the request in either case, and the service decides.
    ///
    /// Source: <https://www.twilio.com/docs/iam/access-control/role-assignment-resource>.
    ///
    /// # Pages
    /// A page has 1 to 100 assignments; without [`page_size`](List::page_size) the service decides.
    ///
    /// A [`Position`](crate::Position) holds the service's page token and how many items of that
    /// page were taken. How long a token is valid, and what it yields after changes, is not
    /// documented. The client uses only that token of the service's link to the next page: the
    /// request goes to the client's own address, whatever host the link names. A link without a
    /// token is an error and not the end of the list.
    ///
    /// # Errors
    /// 400 and 403 are documented.
    pub fn list(&self) -> List<ListRoleAssignments> {
        self.transport.list(ListRoleAssignments {
            place: self.place.clone(),
            paging: Paging::default(),
            identity: None,
            scope: None,
            resource_type: None,
            resource_id: None,
        })
    }

    /// Deletes a role assignment:
    /// `DELETE /Organizations/{OrganizationSid}/RoleAssignments/{sid}`, 204 (*documented*).
    ///
    /// Retried after transient failures. If a retried delete finds nothing after an earlier attempt
    /// may have arrived, the call ends in an error with an unknown outcome: the code of a missing
    /// assignment is not known, and the common 20404 may also mean a wrong address.
    /// [`ensure_absent`](Self::ensure_absent) reconciles it.
    ///
    /// Source: <https://www.twilio.com/docs/iam/access-control/role-assignment-resource>.
    ///
    /// # Errors
    /// As for [`create`](Self::create), and [`ErrorKind::NotFound`](crate::ErrorKind::NotFound)
    /// (inferred) if there is no such assignment.
    pub fn delete(&self, sid: impl TryInto<RoleAssignmentSid, Error: Into<Error>>) -> Call<()> {
        self.transport.call(&DeleteRoleAssignment(Request::one(&self.place, &arg(sid))))
    }

    /// Ensures that a role assignment does not exist.
    ///
    /// An assignment can neither be read nor listed by its SID. If the outcome of the delete is
    /// unknown, the client repeats the delete: an assignment that was created meanwhile has another
    /// SID.
    ///
    /// The service's code for a missing assignment is not known. Therefore the common 20404 counts
    /// as absent only if the [list](Self::list) at the same address can be read and does not have
    /// the assignment. At [`ApiVersion::Preview`](super::ApiVersion::Preview), which requires a
    /// filter, this is the list of assignments over the organization.
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete), except that the assignment does not exist. Any other code
    /// for "not found" remains an error (e.g. 25100, the organization), and so does a 20404 if the
    /// list cannot be read: the assignment may still exist.
    pub fn ensure_absent(
        &self,
        sid: impl TryInto<RoleAssignmentSid, Error: Into<Error>>,
    ) -> Call<EnsuredAbsent> {
        let assignments = self.clone();
        self.transport.ensure_absent(EnsureAssignmentAbsent { assignments, sid: arg(sid) })
    }
}

operations! {
    CreateRoleAssignment -> RoleAssignment: Spec::post("twilio.iam role-assignments.create", ALL)
        .permission("twilio/iam/role-assignments/create");
    DeleteRoleAssignment -> (): Spec::delete("twilio.iam role-assignments.delete", ONE)
        .permission("twilio/iam/role-assignments/delete");
}

/// A page of role assignments; see [`RoleAssignments::list`].
#[derive(Clone, Debug)]
pub struct ListRoleAssignments {
    pub(super) place: Arg<Place>,
    paging: Paging,
    identity: Option<Arg<Sid>>,
    scope: Option<Arg<Sid>>,
    resource_type: Option<String>,
    resource_id: Option<String>,
}

impl List<ListRoleAssignments> {
    /// Lists only assignments that this identity holds (a user `US…`, say).
    pub fn identity(mut self, identity: impl TryInto<Sid, Error: Into<Error>>) -> Self {
        self.operation.identity = Some(arg(identity).map_err(|error| named("Identity", &error)));
        self
    }

    /// Lists only assignments held over this scope (an organization `OR…` or account `AC…`, say).
    pub fn scope(mut self, scope: impl TryInto<Sid, Error: Into<Error>>) -> Self {
        self.operation.scope = Some(arg(scope).map_err(|error| named("Scope", &error)));
        self
    }

    /// Lists only assignments narrowed to this type of resource (*documented* since May 2026).
    pub fn resource_type(mut self, kind: impl Into<String>) -> Self {
        self.operation.resource_type = Some(kind.into());
        self
    }

    /// Lists only assignments narrowed to this resource (*documented* since May 2026).
    pub fn resource_id(mut self, id: impl Into<String>) -> Self {
        self.operation.resource_id = Some(id.into());
        self
    }
}

impl Operation for ListRoleAssignments {
    type Service = TwilioIam;
    type Output = RoleAssignmentPage;
    const SPEC: Spec = Spec::get("twilio.iam role-assignments.list", ALL).permission(LIST);

    fn path(&self) -> Result<Vec<&str>, Error> {
        values(&self.place, None)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        // An invalid SID was refused before.
        let sid = |sid: &Option<Arg<Sid>>| Some(sid.as_ref()?.as_ref().ok()?.to_string());
        let filters = [
            ("Identity", sid(&self.identity)),
            ("Scope", sid(&self.scope)),
            ("ResourceType", self.resource_type.clone()),
            ("ResourceId", self.resource_id.clone()),
        ];
        let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        self.paging.query().into_iter().chain(filters).collect()
    }

    fn validate(&self) -> Result<(), Error> {
        self.paging.check(100)?;
        for sid in [&self.identity, &self.scope].into_iter().flatten() {
            text(sid)?;
        }
        check_not_empty("ResourceType", self.resource_type.as_deref())?;
        check_not_empty("ResourceId", self.resource_id.as_deref())
    }
}

paged! { ListRoleAssignments: RoleAssignmentPage { content: RoleAssignment by sid } }

/// A desired role assignment, for [`RoleAssignments::ensure`].
struct EnsureAssignment {
    assignments: RoleAssignments,
    new: NewRoleAssignment,
}

impl Desired for EnsureAssignment {
    type Item = RoleAssignment;
    type Created = RoleAssignment;
    type Request = NewRoleAssignment;
    const NAME: &'static str = "twilio.iam role-assignments.ensure";
    const REPEATABLE: bool = false;

    fn request(&self) -> &NewRoleAssignment {
        &self.new
    }

    fn create(&self) -> Call<RoleAssignment> {
        self.assignments.create(&self.new)
    }

    fn created(&self, created: RoleAssignment) -> Result<RoleAssignment, Error> {
        if !self.new.is_exceeded_by(&created) {
            return Ok(created);
        }
        Err(Mismatch::error(self.new.clone(), created, Effect::Applied)
            .with_detail("the service granted more than the resource that was asked for"))
    }

    fn find<'a>(&'a self, session: &'a Session) -> Finding<'a, RoleAssignment> {
        Box::pin(async move {
            let mut whole = self.new.clone();
            (whole.resource_type, whole.resource_id) = (None, None);
            let list = self.assignments.list().identity(self.new.identity.clone());
            let mut items = list.within(session).items();
            let mut wider = None;
            while let Some(found) = items.next().await.transpose()? {
                if self.new.matches(&found) {
                    return Ok(Found::Matching(found));
                }
                if whole.matches(&found) {
                    wider = Some(found);
                }
            }
            // Another assignment beside it would narrow nothing.
            Ok(wider.map_or(Found::Absent, Found::Different))
        })
    }
}

/// A role assignment that [`RoleAssignments::ensure_absent`] deletes.
struct EnsureAssignmentAbsent {
    assignments: RoleAssignments,
    sid: Arg<RoleAssignmentSid>,
}

impl Unwanted for EnsureAssignmentAbsent {
    type Deleted = ();
    const NAME: &'static str = "twilio.iam role-assignments.ensure_absent";

    fn delete(&self) -> Call<()> {
        let RoleAssignments { transport, place } = &self.assignments;
        transport.call(&DeleteRoleAssignment(Request::one(place, &self.sid)))
    }

    /// Deletes it once more, since it cannot be read.
    fn find<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            match session.send(self.delete()).await {
                Err(error) if self.may_be_absent(&error) => self.confirm(&error, session).await,
                again => again.map(|()| false),
            }
        })
    }

    fn may_be_absent(&self, refused: &Error) -> bool {
        is_not_found_by(refused, ErrorCode::NOT_FOUND)
    }

    /// Searches for it in the list.
    fn confirm<'a>(
        &'a self,
        _: &'a Error,
        session: &'a Session,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let sid = text(&self.sid)?;
            let mut list = self.assignments.list().page_size(100).within(session);
            if let Ok(Place::Preview(organization)) = &self.assignments.place {
                list = list.scope(organization);
            }
            let mut items = list.items();
            while let Some(held) = items.next().await.transpose()? {
                if held.sid.as_str().eq_ignore_ascii_case(sid) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }
}

/// A role assignment to be created.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[must_use]
pub struct NewRoleAssignment {
    role_sid: RoleSid,
    scope: Sid,
    identity: Sid,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
}

impl NewRoleAssignment {
    /// The role `role_sid` (`IX…`) over `scope` (an organization `OR…` or account `AC…`, say) for
    /// `identity` (a user `US…`, say). Each may be text or a typed SID.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule.
    pub fn new(
        role_sid: impl TryInto<RoleSid, Error: Into<Error>>,
        scope: impl TryInto<Sid, Error: Into<Error>>,
        identity: impl TryInto<Sid, Error: Into<Error>>,
    ) -> Result<Self, Error> {
        Ok(Self {
            role_sid: arg(role_sid)?,
            scope: arg(scope).map_err(|error| named("scope", &error))?,
            identity: arg(identity).map_err(|error| named("identity", &error))?,
            resource_type: None,
            resource_id: None,
        })
    }

    /// Narrows the assignment to one resource (*documented* since May 2026 for
    /// [`ApiVersion::V2`](super::ApiVersion::V2); for the preview, *observed* in the vendor's
    /// client for Node). Unset, neither field is sent. An empty text is refused by the call: the
    /// service might take it for unset, and grant the whole scope.
    pub fn resource(self, kind: impl Into<String>, id: impl Into<String>) -> Self {
        self.resource_type(kind).resource_id(id)
    }

    setters! {
        /// Sends `resource_type` alone (*documented* since May 2026).
        resource_type(some into String);
        /// Sends `resource_id` alone (*documented* since May 2026).
        resource_id(some into String);
    }

    getters! {
        /// Returns the type of the resource that the assignment is narrowed to.
        part get_resource_type = resource_type: str;
        /// Returns the resource that the assignment is narrowed to.
        part get_resource_id = resource_id: str;

        /// Returns the role.
        borrow role_sid: RoleSid;

        /// Returns what the role is held over.
        borrow scope: Sid;

        /// Returns who holds the role.
        borrow identity: Sid;
    }

    /// # Errors
    /// An invalid-request error if a part of the resource is empty.
    fn body(&self) -> Result<Body, Error> {
        check_not_empty("resource_type", self.resource_type.as_deref())?;
        check_not_empty("resource_id", self.resource_id.as_deref())?;
        Body::json(self)
    }

    /// Whether a response that shows the grant lacks the requested resource.
    fn is_exceeded_by(&self, created: &RoleAssignment) -> bool {
        // An empty text is no resource.
        let names = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        let narrow = self.resource_type.is_some() || self.resource_id.is_some();
        let says_what = created.role_sid.is_some() && created.scope.is_some();
        let whole = !names(&created.resource_type) && !names(&created.resource_id);
        narrow && says_what && whole
    }

    /// Whether an assignment grants exactly what is requested.
    fn matches(&self, held: &RoleAssignment) -> bool {
        fn same(desired: &str, actual: Option<&impl AsRef<str>>) -> bool {
            actual.is_some_and(|actual| actual.as_ref().eq_ignore_ascii_case(desired))
        }
        let text = |desired: &Option<String>, actual: &Option<String>| {
            desired.as_deref().unwrap_or_default() == actual.as_deref().unwrap_or_default()
        };
        same(self.role_sid.as_str(), held.role_sid.as_ref())
            && same(self.scope.as_str(), held.scope.as_ref())
            && same(self.identity.as_str(), held.identity.as_ref())
            && text(&self.resource_type, &held.resource_type)
            && text(&self.resource_id, &held.resource_id)
    }
}

/// Returns the same rule for the field that breaks it.
fn named(field: &str, error: &Error) -> Error {
    Error::invalid(field, error.rule())
}

response! {
    /// A role assignment.
    ///
    /// The vendor marks no field as required; only the SID is required here. (The vendor's page swaps the
    /// descriptions of `scope` and `identity`; the names are right.)
    pub struct RoleAssignment {
        /// The SID, `IY…`.
        #[serde(deserialize_with = "identifying")]
        pub sid: RoleAssignmentSid,
        /// The role.
        pub role_sid: Option<RoleSid>,
        /// What the role is held over.
        pub scope: Option<Sid>,
        /// Who holds it.
        pub identity: Option<Sid>,
        /// The type of the resource it is narrowed to (*documented* since May 2026).
        pub resource_type: Option<String>,
        /// The resource it is narrowed to (*documented* since May 2026).
        pub resource_id: Option<String>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twilio::{AccountSid, UserSid};

    const ROLE: &str = "IX00000000000000000000000000000104";
    const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn wrong_sids_are_refused_by_name() {
        for (role, scope, identity, named) in [
            (USER, ACCOUNT, USER, "role_sid: must be \"IX\""),
            (ROLE, "AC", USER, "scope: must be two capital letters"),
            (ROLE, ACCOUNT, "", "identity: must be two capital letters"),
        ] {
            let error = NewRoleAssignment::new(role, scope, identity).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
            assert!(error.is_invalid_request());
        }
    }

    #[test]
    fn typed_sids_are_taken_as_they_are() {
        let account = AccountSid::new(ACCOUNT).expect("it is one");
        let user = UserSid::new(USER).expect("it is one");
        let typed = NewRoleAssignment::new(ROLE, &account, user).expect("they are SIDs");
        assert_eq!(typed, NewRoleAssignment::new(ROLE, ACCOUNT, USER).expect("they are SIDs"));
        assert_eq!((typed.role_sid().as_str(), typed.scope().as_str()), (ROLE, ACCOUNT));
    }
}
