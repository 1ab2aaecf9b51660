//! `/v1/organizations/{organizationId}/environments`.

use http::Method;

use super::answer::{self, Envelope, EnvironmentList};
use super::{OrganizationId, Redox};
use crate::operation::{AnswerError, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Call, Transport};

/// The environments of an organization.
#[derive(Clone, Debug)]
pub struct Environments {
    transport: Transport,
    organization: OrganizationId,
}

impl Environments {
    pub(super) fn new(transport: Transport, organization: OrganizationId) -> Self {
        Self { transport, organization }
    }

    /// Lists the organization's environments, with the ids that
    /// [`Redox::environment`] wants: `GET /v1/organizations/{organizationId}/environments`
    /// (*documented*; success under 200 or 201 is inferred). One answer holds all: no parameters
    /// and no paging are documented.
    ///
    /// Source: <https://docs.redoxengine.com>, among the Platform API's endpoints.
    ///
    /// # Errors
    /// Kinds by status: the service's error body is not documented, [`ServiceError`](super::ServiceError)
    /// holds what there is. Nothing can have been changed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::redox::EnvironmentFlag;
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// fake.add_environment("7", "env-1", "Clinic", "Staging");
    /// let listed = fake.client()?.organization("7")?.environments().list().await?;
    /// let environment = &listed.payload.environments[0];
    /// assert_eq!(environment.id.as_str(), "env-1");
    /// assert_eq!(environment.environment_flag, Some(EnvironmentFlag::Staging));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> Call<Envelope<EnvironmentList>> {
        self.transport.call(&ListEnvironments { organization: &self.organization })
    }
}

struct ListEnvironments<'a> {
    organization: &'a OrganizationId,
}

impl Operation for ListEnvironments<'_> {
    type Service = Redox;
    type Answer = Envelope<EnvironmentList>;
    const NAME: &'static str = "redox environments.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = answer::SUCCESS;
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::new("/v1/organizations/{organizationId}/environments", [self.organization.as_str()])
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        answer::read(answer)
    }
}
