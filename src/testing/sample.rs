//! Responses without a fake.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Returns a response of any type with every field that the service documents, for tests of code
/// that takes responses. Its public fields can be changed.
///
/// ```
/// # #[cfg(feature = "deepset")] {
/// use rolecall::deepset::Role;
/// use rolecall::testing::sample;
///
/// let mut role: Role = sample();
/// role.role_name = Some("owner".to_owned());
/// # }
/// ```
///
/// # Panics
/// Never in practice: the crate's tests read each sample.
#[must_use]
#[expect(clippy::expect_used, reason = "a sample that does not parse fails the test below")]
pub fn sample<T: Sample>() -> T {
    let fixture: Value = serde_json::from_str(T::JSON).expect("a fixture is JSON");
    let part = fixture.pointer(T::AT).expect("a fixture has the part");
    T::deserialize(part).expect("a fixture has the type's form")
}

/// A response type that has a [`sample`]: each that a method of this crate returns.
///
/// It cannot be implemented outside this crate.
pub trait Sample: DeserializeOwned + private::Fixture {}

mod private {
    pub trait Fixture {
        const JSON: &str;
        /// The JSON pointer to the value inside the fixture.
        const AT: &str;
    }
}

/// Lists the types of each vendor with their fixtures: `Type = "file"`, or `Type = "file" at
/// "/pointer"` for a part of one.
macro_rules! samples {
    ($($feature:literal, $folder:ident = $($module:ident)::+ {
        $($kind:ty = $file:literal $(at $at:literal)?,)+
    })+) => {
        $(#[cfg(feature = $feature)]
        mod $folder {
            use crate::$($module)::+::*;

            $(
                impl super::private::Fixture for $kind {
                    const JSON: &str = include_str!(concat!(
                        "../../fixtures/",
                        stringify!($folder),
                        "/",
                        $file,
                        ".full.json"
                    ));
                    const AT: &str = concat!("", $($at)?);
                }

                impl super::Sample for $kind {}
            )+

            #[cfg(test)]
            #[test]
            fn each_sample_parses() {
                $(drop(super::sample::<$kind>());)+
            }
        })+
    };
}

samples! {
    "deepset", deepset = deepset {
        Role = "role",
        Permission = "role" at "/permissions/0",
        Listing<Role> = "roles",
        User = "user",
        UserOrganization = "user" at "/organization",
        UserWorkspace = "user" at "/organization/workspaces/0",
        Listing<User> = "users",
    }
    "harness", harness = harness {
        RoleAssignmentResponse = "assignment",
        RoleAssignment = "assignment" at "/role-assignment",
        Principal = "assignment" at "/role-assignment/principal",
        RoleReference = "assignment" at "/role-assignment/roleReference",
        Role = "role",
        RoleScope = "role" at "/scope",
        ResourceGroup = "group",
        IncludedScope = "group" at "/included_scope/0",
        ResourceFilter = "group" at "/resource_filter/0",
        OrganizationResponse = "organization",
        Organization = "organization" at "/org",
        ProjectResponse = "project",
        Project = "project" at "/project",
        RoleAssignmentAggregate = "aggregate",
        AggregatePrincipal = "aggregate" at "/principal",
        AggregateRole = "aggregate" at "/role",
        RoleSummary = "aggregate" at "/role/role",
        AggregateResourceGroup = "aggregate" at "/resourceGroup",
        AggregateScope = "aggregate" at "/scope",
        User = "user",
        UserGroup = "user_group",
        ServiceAccount = "service_account",
        Permission = "permission",
        DeletedMany = "deleted_many",
        DeleteFailure = "deleted_many" at "/roleAssignmentErrorResponseDTOList/0",
        Validation = "validation" at "/data",
        ValidationResult = "validation" at "/data/principalValidationResult",
    }
    "redox", redox = redox {
        AssignRoleResponse = "assigned",
        Outcome = "assigned" at "/payload",
        Meta = "assigned" at "/meta",
        Envelope<Memberships<OrganizationMembership>> = "memberships",
        Memberships<OrganizationMembership> = "memberships" at "/payload",
        OrganizationMembership = "memberships" at "/payload/memberships/0",
        Member = "memberships" at "/payload/memberships/0/user",
        Reference = "memberships" at "/payload/memberships/0/role",
        Envelope<Memberships<EnvironmentMembership>> = "environment_memberships",
        Memberships<EnvironmentMembership> = "environment_memberships" at "/payload",
        EnvironmentMembership = "environment_memberships" at "/payload/memberships/0",
        Envelope<EnvironmentList> = "environments",
        EnvironmentList = "environments" at "/payload",
        ListedEnvironment = "environments" at "/payload/environments/0",
        AuditEventPage = "audit_events",
        AuditEvent = "audit_events" at "/payload/results/0",
    }
    "twilio", twilio_chat = twilio::chat {
        Role = "role",
        PageOf<Role> = "roles",
        User = "user",
        PageOf<User> = "users",
        Member = "member",
        PageOf<Member> = "members",
        Invite = "invite",
        PageOf<Invite> = "invites",
        ListedChannel = "channel",
        PageOf<ListedChannel> = "channels",
        UserChannel = "user_channel",
        PageOf<UserChannel> = "user_channels",
        ServiceDetails = "service",
        PageOf<ServiceDetails> = "services",
    }
    "twilio", twilio_conversations = twilio::conversations {
        Participant = "participant",
        PageOf<Participant> = "participants",
        ListedConversation = "conversation",
        PageOf<ListedConversation> = "conversations",
        UserConversation = "user_conversation",
        PageOf<UserConversation> = "user_conversations",
        ServiceDetails = "service",
        PageOf<ServiceDetails> = "services",
        Configuration = "configuration",
        GlobalConfiguration = "global_configuration",
    }
    "twilio", twilio_iam = twilio::iam {
        RoleAssignment = "assignment",
        RoleAssignmentPage = "assignments",
        Account = "account",
        AccountPage = "accounts",
        Role = "roles" at "/roles/0",
        RoleProductGroup = "roles" at "/roles/0/role_product_group",
        RolePolicy = "roles" at "/roles/0/policy",
        RolePage = "roles",
        RolePermission = "permissions" at "/permissions/0",
        RolePermissionPage = "permissions",
        User = "user",
        Name = "user" at "/name",
        Email = "user" at "/emails/0",
        UserMeta = "user" at "/meta",
        UserListing = "users",
    }
}
