//! `/Organizations/{OrganizationSid}/RoleAssignments`, `/v2/Organizations/RoleAssignments`.

use http::Method;
use serde::{Deserialize, Serialize};

use super::TwilioIam;
use super::paging::{Meta, PageOf, Paging, paged};
use super::place::Place;
use crate::error::{Effect, Error, ErrorKind};
use crate::model::loose::identifying;
use crate::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
use crate::transport::{
    BoxFuture, Call, Difference, Ensured, EnsuredAbsent, Found, Items, List, Listed, Pages,
    Position, Response, Transport, ensure, ensure_absent,
};
use crate::twilio::error::is_not_found_by;
use crate::twilio::{ErrorCode, RoleAssignmentSid, RoleSid, Sid};

const PREVIEW: &str = "/Organizations/{OrganizationSid}/RoleAssignments";
const PREVIEW_ONE: &str = "/Organizations/{OrganizationSid}/RoleAssignments/{RoleAssignmentSid}";
const V2: &str = "/v2/Organizations/RoleAssignments";
const V2_ONE: &str = "/v2/Organizations/RoleAssignments/{RoleAssignmentSid}";

/// The role assignments of an organization.
#[derive(Clone, Debug)]
pub struct RoleAssignments {
    transport: Transport,
    place: Place,
}

impl RoleAssignments {
    pub(super) fn new(transport: Transport, place: Place) -> Self {
        Self { transport, place }
    }

    /// Creates a role assignment: `POST /Organizations/{OrganizationSid}/RoleAssignments`, 201
    /// (*documented*).
    ///
    /// Never repeated when its outcome is unknown: whether the service refuses a second identical
    /// assignment or makes two is not known.
    ///
    /// Source: <https://www.twilio.com/docs/iam/access-control/role-assignment-resource>.
    ///
    /// # Errors
    /// 400 and 403 are documented, with [`ServiceError`](crate::twilio::ServiceError) as the typed
    /// error. A 401 whose message says that a required permission is missing (*observed*) is
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) too.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::NewRoleAssignment;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let wanted = NewRoleAssignment::new(
    ///     "IX00000000000000000000000000000104",
    ///     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ///     "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    /// )?;
    /// let organization = fake.client()?.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
    /// let made = organization.role_assignments().create(&wanted).await?;
    /// assert!(made.sid.as_str().starts_with("IY"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn create(&self, new: &NewRoleAssignment) -> Call<RoleAssignment> {
        self.transport.call(&CreateRoleAssignment { place: &self.place, new })
    }

    /// Makes sure that a role assignment is there: looks for it, creates it, and looks again where
    /// the answer leaves open what was made.
    ///
    /// It is the same assignment if role, scope, identity, resource type and resource id are equal
    /// (SIDs without regard to the case of their digits; an empty text is none). It is found by
    /// [listing](Self::list) the assignments of the identity, which needs the permission to list.
    ///
    /// It looks first and never creates twice, since whether the service refuses a second identical
    /// assignment is not known. Two callers at once may therefore both create: two assignments that
    /// grant the same, or, if the service refuses the second with 409, one, which the other caller
    /// finds.
    ///
    /// Where one resource is wanted and the identity has the role over the whole scope, that is a
    /// conflict with a [`Difference`](crate::Difference): a service that does not know the newer
    /// resource fields would grant the whole, time and again. If it does so to the create itself, the
    /// conflict says that the change was made.
    ///
    /// # Errors
    /// Those of [`create`](Self::create) and of the list. If the outcome is unknown and the
    /// assignment does not show up within some two seconds, it stays unknown: the error of the
    /// create says so.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::Ensured;
    /// use rolecall::testing::{Fault, TwilioIamFake};
    /// use rolecall::twilio::iam::NewRoleAssignment;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let assignments = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.role_assignments();
    /// let wanted = NewRoleAssignment::new(
    ///     "IX00000000000000000000000000000104",
    ///     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ///     "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    /// )?;
    /// assert!(matches!(assignments.ensure(&wanted).await?, Ensured::Created(_)));
    /// assert!(matches!(assignments.ensure(&wanted).await?, Ensured::Existed(_)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure(&self, new: &NewRoleAssignment) -> Result<Ensured<RoleAssignment>, Error> {
        let find = || -> BoxFuture<'static, Result<Found<RoleAssignment>, Error>> {
            let (list, new) = (self.list().of(new.identity.clone()), new.clone());
            Box::pin(async move {
                let mut items = list.items()?;
                let mut wider = None;
                while let Some(found) = items.next().await {
                    let found = found?;
                    if new.is_met_by(&found) {
                        return Ok(Found::Same(found));
                    }
                    if new.clone().whole().is_met_by(&found) {
                        wider = Some(found);
                    }
                }
                // To make another beside it would narrow nothing.
                Ok(wider.map_or(Found::Absent, Found::Different))
            })
        };
        let ensured = ensure(new, false, || self.create(new), find).await?;
        match &ensured {
            Ensured::Created(made) if new.is_wider_in(made) => {
                let difference = Difference { wanted: new.clone(), found: made.clone() };
                Err(Error::new(ErrorKind::Conflict)
                    .with_effect(Effect::Applied)
                    .with_operation(CreateRoleAssignment::NAME)
                    .with_detail("the service granted more than the resource that was wanted")
                    .with_service(difference))
            }
            _ => Ok(ensured),
        }
    }

    /// Lists role assignments: `GET /Organizations/{OrganizationSid}/RoleAssignments`, 200
    /// (*documented*).
    ///
    /// The preview service refuses a list by neither [identity](ListRoleAssignments::identity) nor
    /// [scope](ListRoleAssignments::scope) with code 25203 (*observed*), while the vendor's newer
    /// pages mark both as optional. So it is sent as asked, and the service decides.
    ///
    /// Source: <https://www.twilio.com/docs/iam/access-control/role-assignment-resource>.
    pub fn list(&self) -> ListRoleAssignments {
        ListRoleAssignments {
            transport: self.transport.clone(),
            page: RoleAssignmentsPage {
                place: self.place.clone(),
                paging: Paging::default(),
                identity: None,
                scope: None,
                resource_type: None,
                resource_id: None,
            },
        }
    }

    /// Deletes a role assignment:
    /// `DELETE /Organizations/{OrganizationSid}/RoleAssignments/{sid}`, 204 (*documented*).
    ///
    /// Repeated after passing faults. A repeated delete that finds nothing, after an earlier try
    /// may have arrived, is an error whose outcome is unknown: which code a missing assignment has
    /// is not known, and the common 20404 is also that of a wrong address.
    /// [`ensure_absent`](Self::ensure_absent) settles it.
    ///
    /// Source: <https://www.twilio.com/docs/iam/access-control/role-assignment-resource>.
    ///
    /// # Errors
    /// As for [`create`](Self::create), and [`ErrorKind::NotFound`](crate::ErrorKind::NotFound)
    /// (inferred) if there is no such assignment.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::testing::TwilioIamFake;
    /// # use rolecall::twilio::iam::NewRoleAssignment;
    /// let fake = TwilioIamFake::start().await?;
    /// let assignments = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.role_assignments();
    /// let wanted = NewRoleAssignment::new(
    ///     "IX00000000000000000000000000000104",
    ///     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ///     "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    /// )?;
    /// let made = assignments.create(&wanted).await?;
    /// assignments.delete(&made.sid).await?;
    /// assert!(assignments.delete(&made.sid).await.unwrap_err().is_not_found());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn delete(&self, sid: &RoleAssignmentSid) -> Call<()> {
        self.transport.call(&DeleteRoleAssignment { place: &self.place, sid })
    }

    /// Makes sure that a role assignment is gone.
    ///
    /// An assignment cannot be fetched, and not be listed by its SID: where the outcome of the
    /// delete is unknown, it is settled by deleting once more. That grants nothing, and what was
    /// created meanwhile has another SID.
    ///
    /// No code is known by which the service says that it is the assignment that was not found. So
    /// the common 20404 counts only where the [list](Self::list) at the same address can be read
    /// and does not have it: at [`Surface::Preview`](super::Surface::Preview), which wants a filter,
    /// the list of what is held over the organization.
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete), but that there is no such assignment. Any other code for
    /// "not found" remains an error (25100, the organization, say), and so does a 20404 where the
    /// list cannot be read: the assignment may still be there.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::testing::TwilioIamFake;
    /// use rolecall::EnsuredAbsent;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let assignments = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?.role_assignments();
    /// let sid = "IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse()?;
    /// assert_eq!(assignments.ensure_absent(&sid).await?, EnsuredAbsent::WasAbsent);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub async fn ensure_absent(&self, sid: &RoleAssignmentSid) -> Result<EnsuredAbsent, Error> {
        let is_unfound = |error: &Error| is_not_found_by(error, ErrorCode::NOT_FOUND);
        let find = || -> BoxFuture<'static, Result<Option<()>, Error>> {
            let (assignments, sid) = (self.clone(), sid.clone());
            Box::pin(async move {
                match assignments.delete(&sid).await {
                    Err(error) if is_unfound(&error) => {
                        assignments.confirm(error, &sid).await.map(|()| None)
                    }
                    again => again.map(|()| None),
                }
            })
        };
        match ensure_absent(|| self.delete(sid), |_| false, |_| false, find).await {
            // Known to have changed nothing, so it need not be deleted once more.
            Err(error) if error.effect() == Effect::NotApplied && is_unfound(&error) => {
                self.confirm(error, sid).await.map(|()| EnsuredAbsent::WasAbsent)
            }
            settled => settled,
        }
    }

    /// That a "not found" which does not say of what is about this assignment.
    ///
    /// # Errors
    /// That "not found" itself, if the list has the assignment or cannot be read.
    async fn confirm(&self, unfound: Error, sid: &RoleAssignmentSid) -> Result<(), Error> {
        let mut list = self.list().page_size(100);
        if let Place::Preview(organization) = &self.place {
            list.page.scope = Some(organization.clone().into());
        }
        let mut items = list.items()?;
        loop {
            match items.next().await {
                None => return Ok(()),
                Some(Ok(held)) if held.sid.as_str().eq_ignore_ascii_case(sid.as_str()) => {
                    return Err(unfound);
                }
                Some(Ok(_)) => {}
                Some(Err(unread)) => {
                    return Err(unfound
                        .with_remark("what is there could not be read")
                        .with_source(unread));
                }
            }
        }
    }
}

/// A list of role assignments, to be narrowed and then read.
#[derive(Clone, Debug)]
#[must_use = "nothing is listed before items or pages are asked for"]
pub struct ListRoleAssignments {
    transport: Transport,
    page: RoleAssignmentsPage,
}

impl ListRoleAssignments {
    /// Only those that this identity holds (a user `US…`, say).
    ///
    /// # Errors
    /// An invalid-request error that names the rule.
    pub fn identity<I>(mut self, identity: I) -> Result<Self, Error>
    where
        I: TryInto<Sid>,
        Error: From<I::Error>,
    {
        let sid = identity.try_into().map_err(|error| named("Identity", &error.into()))?;
        self.page.identity = Some(sid);
        Ok(self)
    }

    fn of(mut self, identity: Sid) -> Self {
        self.page.identity = Some(identity);
        self
    }

    /// Only those held over this scope (an organization `OR…` or account `AC…`, say).
    ///
    /// # Errors
    /// An invalid-request error that names the rule.
    pub fn scope<S>(mut self, scope: S) -> Result<Self, Error>
    where
        S: TryInto<Sid>,
        Error: From<S::Error>,
    {
        self.page.scope = Some(scope.try_into().map_err(|error| named("Scope", &error.into()))?);
        Ok(self)
    }

    /// Only those narrowed to this type of resource (*documented* since May 2026).
    pub fn resource_type(mut self, kind: impl Into<String>) -> Self {
        self.page.resource_type = Some(kind.into());
        self
    }

    /// Only those narrowed to this resource (*documented* since May 2026).
    pub fn resource_id(mut self, id: impl Into<String>) -> Self {
        self.page.resource_id = Some(id.into());
        self
    }
}

paged! {
    /// The role assignments, page after page as they are needed.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule. Of the calls themselves 400 and
    /// 403 are documented; each error comes as the stream's last item.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::testing::TwilioIamFake;
    /// let fake = TwilioIamFake::start().await?;
    /// let organization = fake.client()?.organization(TwilioIamFake::ORGANIZATION)?;
    /// let held = organization.role_assignments().list();
    /// let mut items = held.identity("USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?.page_size(100).items()?;
    /// while let Some(assignment) = items.next().await {
    ///     println!("{}", assignment?.sid);
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    ListRoleAssignments, RoleAssignmentsPage, RoleAssignment by sid, 100
}

#[derive(Clone, Debug)]
struct RoleAssignmentsPage {
    place: Place,
    paging: Paging,
    identity: Option<Sid>,
    scope: Option<Sid>,
    resource_type: Option<String>,
    resource_id: Option<String>,
}

impl RoleAssignmentsPage {
    fn check(&self) -> Result<(), Error> {
        let filters = [("ResourceType", &self.resource_type), ("ResourceId", &self.resource_id)];
        for (field, filter) in filters {
            if filter.as_deref() == Some("") {
                return Err(Error::invalid(field, "must not be empty"));
            }
        }
        Ok(())
    }
}

impl Operation for RoleAssignmentsPage {
    type Service = TwilioIam;
    type Answer = PageOf<RoleAssignment>;
    const NAME: &'static str = "twilio.iam role-assignments.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        self.place.path(PREVIEW, V2, None)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = self.paging.query();
        let sid = |sid: &Option<Sid>| sid.as_ref().map(|sid| sid.as_str().to_owned());
        let filters = [
            ("Identity", sid(&self.identity)),
            ("Scope", sid(&self.scope)),
            ("ResourceType", self.resource_type.clone()),
            ("ResourceId", self.resource_id.clone()),
        ];
        query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?))));
        query
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        #[derive(Deserialize)]
        struct Answer {
            content: Vec<RoleAssignment>,
            meta: Meta,
        }
        let Answer { content, meta } = answer.json()?;
        PageOf::new(content, meta)
    }
}

struct DeleteRoleAssignment<'a> {
    place: &'a Place,
    sid: &'a RoleAssignmentSid,
}

impl Operation for DeleteRoleAssignment<'_> {
    type Service = TwilioIam;
    type Answer = ();
    const NAME: &'static str = "twilio.iam role-assignments.delete";
    const METHOD: Method = Method::DELETE;
    const SUCCESS: &'static [u16] = &[204];
    const REPEAT: Repeat = Repeat::Idempotent;

    fn path(&self) -> Path<'_> {
        self.place.path(PREVIEW_ONE, V2_ONE, Some(self.sid.as_str()))
    }

    fn decode(_: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        Ok(())
    }
}

struct CreateRoleAssignment<'a> {
    place: &'a Place,
    new: &'a NewRoleAssignment,
}

impl Operation for CreateRoleAssignment<'_> {
    type Service = TwilioIam;
    type Answer = RoleAssignment;
    const NAME: &'static str = "twilio.iam role-assignments.create";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[201];
    const REPEAT: Repeat = Repeat::Once;

    fn path(&self) -> Path<'_> {
        self.place.path(PREVIEW, V2, None)
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.new)
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer.json()
    }
}

/// A role assignment to be created.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
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
    pub fn new<R, S, I>(role_sid: R, scope: S, identity: I) -> Result<Self, Error>
    where
        R: TryInto<RoleSid>,
        Error: From<R::Error>,
        S: TryInto<Sid>,
        Error: From<S::Error>,
        I: TryInto<Sid>,
        Error: From<I::Error>,
    {
        Ok(Self {
            role_sid: role_sid.try_into()?,
            scope: scope.try_into().map_err(|error| named("scope", &error.into()))?,
            identity: identity.try_into().map_err(|error| named("identity", &error.into()))?,
            resource_type: None,
            resource_id: None,
        })
    }

    /// Narrows the assignment to one resource (*documented* since May 2026). Unset, neither field
    /// is sent.
    #[must_use]
    pub fn resource(mut self, kind: impl Into<String>, id: impl Into<String>) -> Self {
        self.resource_type = Some(kind.into());
        self.resource_id = Some(id.into());
        self
    }

    /// Sends `resource_type` alone (*documented* since May 2026).
    #[must_use]
    pub fn resource_type(mut self, kind: impl Into<String>) -> Self {
        self.resource_type = Some(kind.into());
        self
    }

    /// Sends `resource_id` alone (*documented* since May 2026).
    #[must_use]
    pub fn resource_id(mut self, id: impl Into<String>) -> Self {
        self.resource_id = Some(id.into());
        self
    }

    /// Whether an answer that tells what it granted lacks the resource that was wanted.
    fn is_wider_in(&self, made: &RoleAssignment) -> bool {
        let narrow = self.resource_type.is_some() || self.resource_id.is_some();
        let told = made.role_sid.is_some() && made.scope.is_some();
        narrow && told && made.resource_type.is_none() && made.resource_id.is_none()
    }

    /// The same without a resource.
    fn whole(self) -> Self {
        Self { resource_type: None, resource_id: None, ..self }
    }

    /// Whether that assignment grants exactly what is wanted.
    fn is_met_by(&self, held: &RoleAssignment) -> bool {
        let sid = |wanted: &str, held: Option<&str>| {
            held.is_some_and(|held| held.eq_ignore_ascii_case(wanted))
        };
        let text = |wanted: &Option<String>, held: &Option<String>| {
            wanted.as_deref().unwrap_or_default() == held.as_deref().unwrap_or_default()
        };
        sid(self.role_sid.as_str(), held.role_sid.as_ref().map(RoleSid::as_str))
            && sid(self.scope.as_str(), held.scope.as_ref().map(Sid::as_str))
            && sid(self.identity.as_str(), held.identity.as_ref().map(Sid::as_str))
            && text(&self.resource_type, &held.resource_type)
            && text(&self.resource_id, &held.resource_id)
    }
}

/// The same rule, for the field it was broken in.
fn named(field: &str, error: &Error) -> Error {
    Error::invalid(field, error.rule())
}

/// A role assignment.
///
/// The vendor marks no field as required; only the SID is insisted on. (Its page swaps the
/// descriptions of `scope` and `identity`; the names are right.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoleAssignment {
    /// What identifies the assignment, `IY…`.
    #[serde(deserialize_with = "identifying")]
    pub sid: RoleAssignmentSid,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_sid: Option<RoleSid>,
    /// What the role is held over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Sid>,
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Sid>,
    /// The type of the resource it is narrowed to (*documented* since May 2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The resource it is narrowed to (*documented* since May 2026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
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
        let typed = NewRoleAssignment::new(ROLE, account, user).expect("they are SIDs");
        assert_eq!(typed, NewRoleAssignment::new(ROLE, ACCOUNT, USER).expect("they are SIDs"));
    }
}
