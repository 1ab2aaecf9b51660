//! `/api/v1/organization/{organization_id}/invitation` and
//! `/api/v1/workspaces/{workspace_name}/invitation`.

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{Deepset, Organization, OrganizationId};
use crate::declare::getters;
use crate::error::Error;
use crate::model::json::part;
use crate::model::{Arg, arg, check_opaque, check_uuid, checked_id, text};
use crate::operation::{Body, DecodeError, Operation, Spec, decode_json};
use crate::transport::{Call, Transport};

impl Organization {
    /// Invites a person to the organization with a role, by e-mail:
    /// `POST /api/v1/organization/{organization_id}/invitation`, 201 (*documented*).
    ///
    /// **Never retried when its outcome is unknown**: what a second invitation does is not
    /// documented, and the person may get a second e-mail. The [list of users](super::Users::list)
    /// may show the outcome; whether it shows people who have not accepted yet is not documented.
    ///
    /// The body of the response is not documented: under 201 any JSON that is not an error body, or an
    /// empty body, is a success. [`Deepset::me`] returns the organization's id.
    ///
    /// Source: <https://docs.cloud.deepset.ai/docs/api/main/invite-user-to-organization-api-v-1-organization-organization-id-invitation-post>.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with a list of what is wrong
    /// (422): [`ServiceError`](super::ServiceError). Other statuses are not documented. An empty
    /// name or role, and an invalid e-mail address, are refused before anything is sent.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::deepset::NewInvitation;
    /// use rolecall::testing::DeepsetFake;
    ///
    /// let fake = DeepsetFake::start().await?;
    /// let organization = fake.client()?.organization(DeepsetFake::ORGANIZATION);
    /// let invitation = NewInvitation::new("ada@example.com", "Member", "Given", "Family");
    /// match organization.invite(&invitation).await {
    ///     Ok(_) => println!("invited"),
    ///     Err(error) if error.is_outcome_unknown() => println!("check before you repeat it: {error}"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn invite(&self, invitation: &NewInvitation) -> Call<()> {
        self.transport.call(&Invite { to: &self.id, invitation })
    }
}

impl Deepset {
    /// Returns the handle of a workspace of the API key's organization, by its name. An invalid
    /// name is reported by the calls made from the handle.
    pub fn workspace(&self, name: impl TryInto<WorkspaceName, Error: Into<Error>>) -> Workspace {
        Workspace { transport: self.transport.clone(), name: arg(name) }
    }
}

checked_id! {
    /// The name of a workspace.
    WorkspaceName, "workspace_name", check_opaque
}

checked_id! {
    /// The id of a workspace: a UUID (*documented*).
    WorkspaceId, "workspace_id", check_uuid
}

impl From<uuid::Uuid> for WorkspaceId {
    fn from(id: uuid::Uuid) -> Self {
        Self::new_unchecked(&id.to_string())
    }
}

/// A workspace of the API key's organization.
#[derive(Clone, Debug)]
pub struct Workspace {
    transport: Transport,
    name: Arg<WorkspaceName>,
}

impl Workspace {
    /// Invites a person to the workspace with a role: `POST
    /// /api/v1/workspaces/{workspace_name}/invitation`, 201 (request line and statuses *documented*,
    /// body inferred).
    ///
    /// # Undocumented
    /// The vendor's page as available does not show the request's body. It is inferred from
    /// [`Organization::invite`], without the ids of workspaces: an invitation that has some is
    /// refused before anything is sent.
    ///
    /// # What it does
    /// The service creates the user if there is none, adds them to the organization, and gives them
    /// the role in this workspace (*documented*). The caller needs the permission to write
    /// `workspace_members` there (*documented*). An invitation of a person who is already in the organization is
    /// refused (409, *documented*): it cannot give a member a role.
    ///
    /// Never retried when its outcome is unknown: a second invitation adds no one, but its refusal
    /// hides whether the first one succeeded. The [list of users](super::Users::list) shows the
    /// outcome.
    ///
    /// The body of the response is not documented; see [`Organization::invite`].
    ///
    /// Source: <https://docs.cloud.deepset.ai/docs/api/main/invite-user-to-workspace-api-v-1-workspaces-workspace-name-invitation-post>.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) for a person who is already in
    /// the organization (409), [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) on a free plan
    /// (402), [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with a list of what
    /// is wrong (422): [`ServiceError`](super::ServiceError); 503 has an unknown outcome. Other
    /// statuses are not documented. Input that [`Organization::invite`] refuses is refused here
    /// too.
    pub fn invite(&self, invitation: &NewInvitation) -> Call<()> {
        self.transport.call(&Invite { to: &self.name, invitation })
    }
}

/// An invitation of a person with a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use]
pub struct NewInvitation {
    given_name: String,
    family_name: String,
    email: String,
    role: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    workspace_ids: Vec<WorkspaceId>,
}

impl NewInvitation {
    /// Creates an invitation by e-mail with a role; both names are required (*documented*).
    ///
    /// The role is a preset or a custom one (*documented*), and is sent as it is given. Whether the
    /// service wants its name or its id is not documented; the name is likelier. The user guide
    /// calls the presets Admin and Member in the organization, Editor and Search user in a
    /// workspace, and the page of the workspace's invitation writes `ADMIN` and `EDITOR`. Custom
    /// roles apply in workspaces only (*documented*).
    ///
    /// Invalid values are reported by the call that sends it.
    pub fn new(
        email: impl Into<String>,
        role: impl Into<String>,
        given_name: impl Into<String>,
        family_name: impl Into<String>,
    ) -> Self {
        Self {
            given_name: given_name.into(),
            family_name: family_name.into(),
            email: email.into(),
            role: role.into(),
            workspace_ids: Vec::new(),
        }
    }

    /// Sets the workspaces that an invitation to the organization is for; none by default
    /// (*documented*).
    pub fn workspace_ids(mut self, ids: impl IntoIterator<Item = WorkspaceId>) -> Self {
        self.workspace_ids = ids.into_iter().collect();
        self
    }

    getters! {
        /// Returns the e-mail address.
        borrow email: str;

        /// Returns the role.
        borrow role: str;

        /// Returns the given name.
        borrow given_name: str;

        /// Returns the family name.
        borrow family_name: str;

        /// Returns the workspaces.
        borrow get_workspace_ids = workspace_ids: [WorkspaceId];
    }

    fn check(&self) -> Result<(), Error> {
        for (field, value) in [
            ("given_name", &self.given_name),
            ("family_name", &self.family_name),
            ("role", &self.role),
        ] {
            if value.is_empty() {
                return Err(Error::invalid(field, "must not be empty"));
            }
        }
        match self.email.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => Ok(()),
            _ => Err(Error::invalid("email", "must have something before and after an \"@\"")),
        }
    }
}

/// Where one can be invited to, by an id of this type.
trait Inviting: AsRef<str> + Send + Sync {
    const INVITE: Spec;

    /// # Errors
    /// An invalid-request error that names the field and the rule.
    fn check(_: &NewInvitation) -> Result<(), Error> {
        Ok(())
    }
}

impl Inviting for OrganizationId {
    const INVITE: Spec = Spec::post(
        "deepset invitations.create",
        &["/api/v1/organization/{organization_id}/invitation"],
    )
    .confirmed_by_body();
}

impl Inviting for WorkspaceName {
    const INVITE: Spec = Spec::post(
        "deepset workspace-invitations.create",
        &["/api/v1/workspaces/{workspace_name}/invitation"],
    )
    .confirmed_by_body();

    fn check(invitation: &NewInvitation) -> Result<(), Error> {
        if invitation.workspace_ids.is_empty() {
            return Ok(());
        }
        Err(Error::invalid("workspace_ids", "must be empty in an invitation to one workspace"))
    }
}

struct Invite<'a, P> {
    to: &'a Arg<P>,
    invitation: &'a NewInvitation,
}

impl<P: Inviting> Operation for Invite<'_, P> {
    type Service = Deepset;
    type Output = ();
    const SPEC: Spec = P::INVITE;

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(self.to)?])
    }

    fn validate(&self) -> Result<(), Error> {
        P::check(self.invitation)?;
        self.invitation.check()
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json(self.invitation)
    }

    fn decode(response: &http::Response<Bytes>) -> Result<(), DecodeError> {
        decode_any(response)
    }
}

/// Reads a body of which no form is documented: any JSON, or nothing.
///
/// # Errors
/// [`DecodeError`] for what is no JSON, such as a page of a proxy, and for an error of the service.
fn decode_any(response: &http::Response<Bytes>) -> Result<(), DecodeError> {
    let body = response.body().trim_ascii();
    if body.is_empty() {
        return Ok(());
    }
    decode_json::<IgnoredAny>(body)?;
    // An array would be read as an object, too.
    let error: Option<ErrorForm> = body.starts_with(b"{").then(|| decode_json(body)).transpose()?;
    match error {
        Some(ErrorForm { detail: None, errors: None }) | None => Ok(()),
        Some(_) => Err(DecodeError::Unsuccessful),
    }
}

#[derive(Deserialize)]
struct ErrorForm {
    #[serde(default, deserialize_with = "part")]
    detail: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "part")]
    errors: Option<IgnoredAny>,
}
