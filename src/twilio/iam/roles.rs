//! `/v2/Organizations/Roles` and `/v1/Roles/{RoleSid}/Permissions`: the roles that can be assigned.

use http::Method;
use serde::{Deserialize, Serialize};

use super::TwilioIam;
use super::paging::{Meta, PageOf, Paging, paged};
use crate::error::Error;
use crate::model::loose::identifying;
use crate::model::{Timestamp, open_enum, sid};
use crate::operation::{AnswerError, Operation, Path, RawAnswer, Repeat};
use crate::transport::{Items, List, Listed, Pages, Position, Response, Transport};
use crate::twilio::RoleSid;

/// The roles that an organization can assign.
#[derive(Clone, Debug)]
pub struct Roles {
    transport: Transport,
}

impl Roles {
    pub(super) fn new(transport: Transport) -> Self {
        Self { transport }
    }

    /// Lists roles: `GET /v2/Organizations/Roles`, 200 (*documented*).
    ///
    /// Source: <https://www.twilio.com/docs/iam/access-control/role-resource>.
    pub fn list(&self) -> ListRoles {
        ListRoles { transport: self.transport.clone(), page: RolesPage::default() }
    }

    /// Lists what a role permits: `GET /v1/Roles/{RoleSid}/Permissions`, 200 (*documented*).
    ///
    /// Source: the vendor's OpenAPI files, <https://github.com/twilio/twilio-oai>.
    pub fn permissions(&self, role: &RoleSid) -> ListRolePermissions {
        let page = RolePermissionsPage { role: role.clone(), paging: Paging::default() };
        ListRolePermissions { transport: self.transport.clone(), page }
    }
}

/// A list of roles, to be narrowed and then read.
#[derive(Clone, Debug)]
#[must_use = "nothing is listed before items or pages are asked for"]
pub struct ListRoles {
    transport: Transport,
    page: RolesPage,
}

impl ListRoles {
    /// Only those whose name or SID this finds.
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.page.search = Some(text.into());
        self
    }

    /// Only those of this product group, e.g. `billing`.
    pub fn product_group(mut self, group: impl Into<String>) -> Self {
        self.page.product_group = Some(group.into());
        self
    }

    /// Whether policies and permissions are expanded.
    pub fn expand(mut self, expand: bool) -> Self {
        self.page.expand = Some(expand);
        self
    }

    /// Only those that can be narrowed to one of these types of resource.
    pub fn resource_types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.page.resource_types = Some(types.into_iter().map(Into::into).collect());
        self
    }
}

paged! {
    /// The roles, page after page as they are needed.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule. Of the calls themselves 400 and
    /// 403 are documented; each error comes as the stream's last item.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::Surface;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let twilio = fake.builder().surface(Surface::V2).build()?;
    /// let roles = twilio.own_organization()?.roles()?;
    /// let billing = roles.list().product_group("billing").items()?.collect().await?;
    /// assert_eq!(billing[0].friendly_name.as_deref(), Some("Billing"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    ListRoles, RolesPage, Role by sid, 1000
}

#[derive(Clone, Debug, Default)]
struct RolesPage {
    paging: Paging,
    search: Option<String>,
    product_group: Option<String>,
    expand: Option<bool>,
    resource_types: Option<Vec<String>>,
}

impl RolesPage {
    fn check(&self) -> Result<(), Error> {
        let texts = [("Search", &self.search), ("RoleProductGroup", &self.product_group)];
        for (field, text) in texts {
            if text.as_deref() == Some("") {
                return Err(Error::invalid(field, "must not be empty"));
            }
        }
        match &self.resource_types {
            Some(types)
                if types.is_empty()
                    || types.iter().any(|kind| kind.is_empty() || kind.contains(',')) =>
            {
                let rule = "must be one or more types, none of them empty or with a comma";
                Err(Error::invalid("ResourceTypes", rule))
            }
            _ => Ok(()),
        }
    }
}

impl Operation for RolesPage {
    type Service = TwilioIam;
    type Answer = PageOf<Role>;
    const NAME: &'static str = "twilio.iam roles.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::fixed("/v2/Organizations/Roles")
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = self.paging.query();
        let filters = [
            ("Search", self.search.clone()),
            ("RoleProductGroup", self.product_group.clone()),
            ("Expand", self.expand.map(|expand| expand.to_string())),
            ("ResourceTypes", self.resource_types.as_ref().map(|types| types.join(","))),
        ];
        query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?))));
        query
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        #[derive(Deserialize)]
        struct Answer {
            roles: Vec<Role>,
            meta: Meta,
        }
        let Answer { roles, meta } = answer.json()?;
        PageOf::new(roles, meta)
    }
}

/// A list of a role's permissions, to be read.
#[derive(Clone, Debug)]
#[must_use = "nothing is listed before items or pages are asked for"]
pub struct ListRolePermissions {
    transport: Transport,
    page: RolePermissionsPage,
}

paged! {
    /// The permissions, page after page as they are needed.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule. Each error of the calls
    /// themselves comes as the stream's last item.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use rolecall::testing::TwilioIamFake;
    /// # use rolecall::twilio::iam::Surface;
    /// let fake = TwilioIamFake::start().await?;
    /// let twilio = fake.builder().surface(Surface::V2).build()?;
    /// let role = "IX00000000000000000000000000000104".parse()?;
    /// let permissions = twilio.own_organization()?.roles()?.permissions(&role);
    /// for permission in permissions.items()?.collect().await? {
    ///     assert_eq!(permission.product.as_deref(), Some("billing"));
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    ListRolePermissions, RolePermissionsPage, RolePermission by sid, 100
}

#[derive(Clone, Debug)]
struct RolePermissionsPage {
    role: RoleSid,
    paging: Paging,
}

impl RolePermissionsPage {
    #[expect(clippy::unused_self, reason = "each list has one; this one has no filters")]
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Operation for RolePermissionsPage {
    type Service = TwilioIam;
    type Answer = PageOf<RolePermission>;
    const NAME: &'static str = "twilio.iam role-permissions.list";
    const METHOD: Method = Method::GET;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::new("/v1/Roles/{RoleSid}/Permissions", [self.role.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        self.paging.query()
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        #[derive(Deserialize)]
        struct Answer {
            permissions: Vec<RolePermission>,
            meta: Meta,
        }
        let Answer { permissions, meta } = answer.json()?;
        PageOf::new(permissions, meta)
    }
}

open_enum! {
    /// The lowest level at which a role can be assigned (*documented*).
    RoleLevel {
        /// An organization.
        Organization = "ORGANIZATION",
        /// An account.
        Account = "ACCOUNT",
        /// A subaccount.
        SubAccount = "SUB_ACCOUNT",
    }
}

/// A role that can be assigned. Only the SID is insisted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Role {
    /// What identifies the role, `IX…`.
    #[serde(deserialize_with = "identifying")]
    pub sid: RoleSid,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<String>,
    /// What it gives access to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_description: Option<String>,
    /// The product group that it belongs to, e.g. `billing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_group: Option<String>,
    /// The lowest level at which it can be assigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowest_level: Option<RoleLevel>,
    /// The product group in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_product_group: Option<RoleProductGroup>,
    /// What it allows and denies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<RolePolicy>,
    /// The types of resource it can be narrowed to; `None` if it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_types: Option<Vec<String>>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_created: Option<Timestamp>,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_updated: Option<Timestamp>,
}

/// The product group of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoleProductGroup {
    /// As the service calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_group: Option<String>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<String>,
}

/// What a role allows and denies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RolePolicy {
    /// The permissions that it gives, e.g. `/twilio/billing/receipts/list`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    /// The permissions that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny: Option<Vec<String>>,
    /// The version of the policy's form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<i64>,
}

sid! {
    /// A permission of a role: `IZ` and 32 hexadecimal digits. In answers it is kept as it came.
    RolePermissionSid, "sid", Some("IZ")
}

/// A permission of a role. Only the SID is insisted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RolePermission {
    /// What identifies the permission, `IZ…`.
    #[serde(deserialize_with = "identifying")]
    pub sid: RolePermissionSid,
    /// The namespace, e.g. `twilio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The product, e.g. `billing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// What may be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The permission in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_description: Option<String>,
}
