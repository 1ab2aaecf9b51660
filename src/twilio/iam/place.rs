//! Where the service's resources are: the preview service, or the newer surface.

use crate::operation::Path;
use crate::twilio::OrganizationSid;

/// Which of the vendor's two addresses of the same resources is spoken to.
///
/// ```
/// use rolecall::twilio::iam::Surface;
/// assert_eq!(Surface::default(), Surface::Preview);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Surface {
    /// `https://preview-iam.twilio.com/Organizations/{OrganizationSid}/…` (*documented* in the
    /// vendor's OpenAPI files). The default.
    #[default]
    Preview,
    /// `https://iam.twilio.com/v2/Organizations/…` (*documented* on the vendor's newer pages): the
    /// organization is the one that the access token belongs to.
    V2,
}

/// An organization's place on one of the surfaces.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Preview(OrganizationSid),
    V2,
}

impl Place {
    /// The path of a resource: `preview` begins with the organization, and both end with `id`,
    /// where there is one.
    pub(super) fn path<'a>(
        &'a self,
        preview: &'static str,
        v2: &'static str,
        id: Option<&'a str>,
    ) -> Path<'a> {
        match self {
            Self::Preview(organization) => {
                Path::new(preview, [organization.as_str()].into_iter().chain(id))
            }
            Self::V2 => Path::new(v2, id),
        }
    }
}
