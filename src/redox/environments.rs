//! `/v1/organizations/{organizationId}/environments`.

use bytes::Bytes;
use http::HeaderMap;

use super::response::{Envelope, EnvironmentList, ListedEnvironment, SUCCESS, decode, only_page};
use super::{OrganizationId, Redox};
use crate::error::Error;
use crate::model::{Arg, text};
use crate::operation::{DecodeError, ListOperation, ListPage, Operation, Spec};
use crate::transport::{List, Transport};

/// The environments of an organization.
#[derive(Clone, Debug)]
pub struct Environments {
    pub(super) transport: Transport,
    pub(super) organization: Arg<OrganizationId>,
}

impl Environments {
    /// Lists the organization's environments, with the ids that
    /// [`Redox::environment`] takes: `GET /v1/organizations/{organizationId}/environments`
    /// (*documented*; success under 200 or 201 is inferred). One response holds all: no parameters
    /// and no paging are documented.
    ///
    /// Source: <https://docs.redoxengine.com>, among the Platform API's endpoints.
    ///
    /// # Errors
    /// Kinds by status: the service's error body is not documented,
    /// [`ServiceError`](super::ServiceError) holds what the service sent. Nothing was changed.
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
    /// let environments = fake.client()?.organization("7").environments();
    /// let listed = environments.list().items().try_collect().await?;
    /// assert_eq!(listed[0].id, "env-1");
    /// assert_eq!(listed[0].environment_flag, Some(EnvironmentFlag::Staging));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> List<ListEnvironments> {
        self.transport.list(ListEnvironments { organization: self.organization.clone() })
    }
}

/// The list of environments; see [`Environments::list`].
#[derive(Clone, Debug)]
pub struct ListEnvironments {
    organization: Arg<OrganizationId>,
}

const PATH: &[&str] = &["/v1/organizations/{organizationId}/environments"];

impl Operation for ListEnvironments {
    type Service = Redox;
    type Output = Envelope<EnvironmentList>;
    const SPEC: Spec = Spec::get("redox environments.list", PATH).success(SUCCESS);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec![text(&self.organization)?])
    }

    fn decode(response: &http::Response<Bytes>) -> Result<Self::Output, DecodeError> {
        decode(response)
    }
}

impl ListOperation for ListEnvironments {
    type Item = ListedEnvironment;

    fn seek(&mut self, _: &str) -> Result<(), Error> {
        Err(Error::invalid("position", "is not of this list"))
    }

    fn page(&self, output: Self::Output, _: &HeaderMap) -> ListPage<ListedEnvironment> {
        only_page(output.payload.environments)
    }

    fn key(environment: &ListedEnvironment) -> String {
        environment.id.to_string()
    }
}
