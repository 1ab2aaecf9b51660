//! `/v2/Organizations/Roles` and `/v1/Roles/{RoleSid}/Permissions`: the roles that can be assigned.

use super::TwilioIam;
use super::place::{Place, values};
use super::role_assignments::LIST;
use crate::error::Error;
use crate::model::json::response;
use crate::model::loose::identifying;
use crate::model::{Arg, Timestamp, arg, open_enum, sid, text};
use crate::operation::{Operation, Spec};
use crate::transport::{List, Transport};
use crate::twilio::RoleSid;
use crate::twilio::paging::{Paging, check_not_empty, paged};

/// The roles that an organization can assign.
#[derive(Clone, Debug)]
pub struct Roles {
    pub(super) transport: Transport,
    pub(super) place: Arg<Place>,
}

impl Roles {
    /// Lists roles: `GET /v2/Organizations/Roles`, 200 (*documented*).
    ///
    /// A page has 1 to 1000 roles; without [`page_size`](List::page_size) the service decides. Pages
    /// and positions work as in the [list of role assignments](super::RoleAssignments::list).
    ///
    /// Source: <https://www.twilio.com/docs/iam/access-control/role-resource>.
    ///
    /// # Errors
    /// 400 and 403 are documented.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::testing::TwilioIamFake;
    /// use rolecall::twilio::iam::ApiVersion;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// let twilio = fake.builder().api_version(ApiVersion::V2).build()?;
    /// let roles = twilio.own_organization().roles();
    /// let billing = roles.list().product_group("billing").items().try_collect().await?;
    /// assert_eq!(billing[0].friendly_name.as_deref(), Some("Billing"));
    /// for permission in roles.permissions(&billing[0].sid).items().try_collect().await? {
    ///     assert_eq!(permission.product.as_deref(), Some("billing"));
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn list(&self) -> List<ListRoles> {
        self.transport.list(ListRoles {
            place: self.place.clone(),
            paging: Paging::default(),
            search: None,
            product_group: None,
            expand: None,
            resource_types: None,
        })
    }

    /// Lists what a role permits: `GET /v1/Roles/{RoleSid}/Permissions`, 200 (*documented*).
    ///
    /// A page has 1 to 100 permissions; otherwise as [`list`](Self::list).
    ///
    /// Source: the vendor's OpenAPI files, <https://github.com/twilio/twilio-oai>.
    pub fn permissions(
        &self,
        role: impl TryInto<RoleSid, Error: Into<Error>>,
    ) -> List<ListRolePermissions> {
        let (place, role) = (self.place.clone(), arg(role));
        self.transport.list(ListRolePermissions { place, role, paging: Paging::default() })
    }
}

/// A page of roles; see [`Roles::list`].
#[derive(Clone, Debug)]
pub struct ListRoles {
    place: Arg<Place>,
    paging: Paging,
    search: Option<String>,
    product_group: Option<String>,
    expand: Option<bool>,
    resource_types: Option<Vec<String>>,
}

impl List<ListRoles> {
    /// Lists only roles whose name or SID this text finds.
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.operation.search = Some(text.into());
        self
    }

    /// Lists only roles of this product group, e.g. `billing`.
    pub fn product_group(mut self, group: impl Into<String>) -> Self {
        self.operation.product_group = Some(group.into());
        self
    }

    /// Sets whether policies and permissions are expanded.
    pub fn expand(mut self, expand: bool) -> Self {
        self.operation.expand = Some(expand);
        self
    }

    /// Lists only roles that can be narrowed to one of these types of resource.
    pub fn resource_types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.operation.resource_types = Some(types.into_iter().map(Into::into).collect());
        self
    }
}

impl Operation for ListRoles {
    type Service = TwilioIam;
    type Output = RolePage;
    const SPEC: Spec =
        Spec::get("twilio.iam roles.list", &["/v2/Organizations/Roles"]).permission(LIST);

    fn path(&self) -> Result<Vec<&str>, Error> {
        values(&self.place, None)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let filters = [
            ("Search", self.search.clone()),
            ("RoleProductGroup", self.product_group.clone()),
            ("Expand", self.expand.map(|expand| expand.to_string())),
            ("ResourceTypes", self.resource_types.as_ref().map(|types| types.join(","))),
        ];
        let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        self.paging.query().into_iter().chain(filters).collect()
    }

    fn validate(&self) -> Result<(), Error> {
        self.paging.check(1000)?;
        check_not_empty("Search", self.search.as_deref())?;
        check_not_empty("RoleProductGroup", self.product_group.as_deref())?;
        let unusable = |kind: &String| kind.is_empty() || kind.contains(',');
        match &self.resource_types {
            Some(types) if types.is_empty() || types.iter().any(unusable) => {
                let rule = "must be one or more types, none of them empty or with a comma";
                Err(Error::invalid("ResourceTypes", rule))
            }
            _ => Ok(()),
        }
    }
}

paged! { ListRoles: RolePage { roles: Role by sid } }

/// A page of a role's permissions; see [`Roles::permissions`].
#[derive(Clone, Debug)]
pub struct ListRolePermissions {
    place: Arg<Place>,
    role: Arg<RoleSid>,
    paging: Paging,
}

impl Operation for ListRolePermissions {
    type Service = TwilioIam;
    type Output = RolePermissionPage;
    const SPEC: Spec =
        Spec::get("twilio.iam role-permissions.list", &["/v1/Roles/{RoleSid}/Permissions"]);

    fn path(&self) -> Result<Vec<&str>, Error> {
        values(&self.place, text(&self.role)?)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        self.paging.query()
    }

    fn validate(&self) -> Result<(), Error> {
        self.paging.check(100)
    }
}

paged! { ListRolePermissions: RolePermissionPage { permissions: RolePermission by sid } }

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

response! {
    /// A role that can be assigned. Only the SID is required.
    pub struct Role {
        /// The SID, `IX…`.
        #[serde(deserialize_with = "identifying")]
        pub sid: RoleSid,
        /// The name.
        pub friendly_name: Option<String>,
        /// What it gives access to.
        pub external_description: Option<String>,
        /// The product group that it belongs to, e.g. `billing`.
        pub product_group: Option<String>,
        /// The lowest level at which it can be assigned.
        pub lowest_level: Option<RoleLevel>,
        /// The product group in words.
        pub role_product_group: Option<RoleProductGroup>,
        /// What it allows and denies.
        pub policy: Option<RolePolicy>,
        /// The types of resource that it can be narrowed to; `None` if it cannot.
        pub resource_types: Option<Vec<String>>,
        /// When it was created.
        pub date_created: Option<Timestamp>,
        /// When it was last changed.
        pub date_updated: Option<Timestamp>,
    }

    /// The product group of a role.
    #[derive(Default)]
    pub struct RoleProductGroup {
        /// The service's name of it, e.g. `billing`.
        pub product_group: Option<String>,
        /// The name in words.
        pub friendly_name: Option<String>,
    }

    /// What a role allows and denies.
    #[derive(Default)]
    pub struct RolePolicy {
        /// The permissions that it gives, e.g. `/twilio/billing/receipts/list`.
        pub allow: Option<Vec<String>>,
        /// The permissions that it denies.
        pub deny: Option<Vec<String>>,
        /// The version of the policy format.
        pub format: Option<i64>,
    }
}

sid! {
    /// A permission of a role: `IZ` and 32 hexadecimal digits. In responses it is kept unchanged.
    RolePermissionSid, "sid", Some("IZ")
}

response! {
    /// A permission of a role. Only the SID is required.
    #[serde(rename_all = "camelCase")]
    pub struct RolePermission {
        /// The SID, `IZ…`.
        #[serde(deserialize_with = "identifying")]
        pub sid: RolePermissionSid,
        /// The namespace, e.g. `twilio`.
        pub namespace: Option<String>,
        /// The product, e.g. `billing`.
        pub product: Option<String>,
        /// What it is about.
        pub resource: Option<String>,
        /// What may be done.
        pub action: Option<String>,
        /// The permission in words.
        pub external_description: Option<String>,
    }
}
