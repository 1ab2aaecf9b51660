//! The versions of the API, and how their paths name an organization.

use crate::error::Error;
use crate::model::Arg;
use crate::twilio::OrganizationSid;

/// The version of the vendor's API: two addresses of the same resources.
///
/// ```
/// use rolecall::twilio::iam::ApiVersion;
/// assert_eq!(ApiVersion::default(), ApiVersion::Preview);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiVersion {
    /// `https://preview-iam.twilio.com/Organizations/{OrganizationSid}/…` (*documented* in the
    /// vendor's OpenAPI files). The default.
    #[default]
    Preview,
    /// `https://iam.twilio.com/v2/Organizations/…` (*documented* on the vendor's newer pages): the
    /// organization is the one that the access token belongs to.
    V2,
}

/// An organization in the paths of a version.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Preview(OrganizationSid),
    /// The access token decides.
    V2,
}

/// Returns the values of a path: the organization where the version names it, and an id where there
/// is one. A spec has a template for each version: that of the preview has one placeholder more.
///
/// # Errors
/// The error of the place.
pub(super) fn values<'a>(
    place: &'a Arg<Place>,
    id: impl Into<Option<&'a str>>,
) -> Result<Vec<&'a str>, Error> {
    let organization = match place.as_ref().map_err(Clone::clone)? {
        Place::Preview(organization) => Some(organization.as_str()),
        Place::V2 => None,
    };
    Ok(organization.into_iter().chain(id.into()).collect())
}
