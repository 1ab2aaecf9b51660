//! The deepset platform in the shared vocabulary of [`crate::access`].

use super::{Deepset, Organization, Role, Roles, User, Users};
use crate::access::{
    Assignment, Covers, Principal, PrincipalKind, ReadAssignments, ReadRoles, RoleDefinition,
    Scope, ScopeKind, Source, Vendor,
};
use crate::transport::{Items, Position};

impl Deepset {
    /// Returns the source of a snapshot of the API key's own organization: [`me`](Self::me) says which
    /// it is.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::access::Snapshot;
    /// use rolecall::testing::DeepsetFake;
    ///
    /// let fake = DeepsetFake::start().await?;
    /// let snapshot = Snapshot::collect(fake.client()?.sources()).in_memory().await;
    /// assert!(snapshot.is_complete());
    /// assert_eq!(snapshot.summary.coverage.len(), 2);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn sources(&self) -> Vec<Source> {
        let name = format!("{} organization of the API key", Vendor::Deepset);
        let this = self.clone();
        let organizations = Items::from_call(self.me()).flat_map(move |me: User| {
            let id = me.organization.and_then(|own| own.organization_id).unwrap_or_default();
            this.organization(&*id).sources()
        });
        vec![Source::enumeration(Vendor::Deepset, name, organizations).read_by(&self.transport)]
    }
}

impl Organization {
    /// Returns the source of a snapshot: the users of the organization with their roles in it and
    /// in its workspaces. The API key must belong to this organization: the list of users does not
    /// name the organization.
    pub fn sources(&self) -> Vec<Source> {
        let id = self.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let covers = Covers::new(Vendor::Deepset, Scope::new(ScopeKind::Organization, id.clone()))
            .with_children();
        let users = Users { transport: self.transport.clone() }.list();
        let users = users.include_external(true).page_size(100).items();
        let assignments = match &self.id {
            Ok(_) => users.flat_map(move |user| of_user(user, Some(&id))),
            Err(error) => [Err(error.clone())].into_iter().collect(),
        };
        vec![Source::new(covers, assignments).read_by(&self.transport)]
    }
}

/// Rests on a list whose response is inferred, see [`Roles::list`]. The native value is a [`Role`].
impl ReadRoles for Roles {
    fn read_roles_from(&self, position: Option<&Position>) -> Items<RoleDefinition> {
        self.list().from(position).items().map(|role: Role| {
            let mut shared = RoleDefinition::new(Vendor::Deepset).with_native(role.clone());
            shared.role.id = Some(role.role_id.to_string());
            shared.role.name = role.role_name;
            shared.role.custom = role.is_custom;
            shared.permissions = role.permissions.map(|permissions| {
                let text = |one: &super::Permission| format!("{}:{}", one.asset, one.action);
                permissions.iter().map(text).collect()
            });
            shared
        })
    }
}

/// Each user's role in the organization and in every workspace, external users included. The shape
/// is *observed* in a client of 2023, see [`Users::list`]; a value of another shape becomes the
/// role's name, unchanged, and no user is left out. The native value is a [`User`].
impl ReadAssignments for Users {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        self.list()
            .include_external(true)
            .from(position)
            .items()
            .flat_map(|user| of_user(user, None))
    }
}

/// In the organization first, then in its workspaces.
fn of_user(user: User, organization: Option<&str>) -> Vec<Assignment> {
    let mut shared = Assignment::new(Vendor::Deepset).with_native(user.clone());
    shared.principal = Principal::new(PrincipalKind::User, user.user_id.to_string());
    let names = [user.given_name, user.family_name];
    let names: Vec<_> = names.into_iter().flatten().filter(|name| !name.is_empty()).collect();
    shared.principal.name = (!names.is_empty()).then(|| names.join(" "));
    shared.principal.email = user.email;
    shared.disabled = user.deleted.unwrap_or(false);
    let own = user.organization;
    let id = own.as_ref().and_then(|own| own.organization_id.clone());
    let id = id.or(organization.map(str::to_owned));
    let name = own.as_ref().and_then(|own| own.name.clone());
    let kind = Some(ScopeKind::Organization);
    let organization = Scope { kind, id, name, ..Scope::default() };
    let (role, workspaces) = own.map(|own| (own.role, own.workspaces)).unwrap_or_default();
    let in_workspaces = workspaces.into_iter().map(|workspace| {
        let mut shared = shared.clone();
        let kind = Some(ScopeKind::Workspace);
        let name = workspace.name;
        shared.scope = Scope { kind, name, ..Scope::default() }.within(organization.clone());
        shared.role.name = workspace.role;
        shared
    });
    let in_workspaces: Vec<_> = in_workspaces.collect();
    shared.scope = organization;
    shared.role.name = role;
    std::iter::once(shared).chain(in_workspaces).collect()
}
