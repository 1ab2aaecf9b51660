//! The Redox Platform in the shared vocabulary of [`crate::access`].

use super::role_assignments::{Membership, RoleAssignments};
use super::{Environment, ListedEnvironment, Organization};
use crate::access::{
    Assignment, Covers, Principal, PrincipalKind, ReadAssignments, Scope, ScopeKind, Source, Vendor,
};
use crate::model::Arg;
use crate::transport::{Items, Position};

impl Organization {
    /// Returns the sources of a snapshot: the organization's role assignments, and those of each of its
    /// environments. One response holds all of a list (*documented* by silence), so both are complete
    /// where they can be read.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::access::Snapshot;
    /// use rolecall::testing::RedoxFake;
    ///
    /// let fake = RedoxFake::start().await?;
    /// fake.add_environment("7", "env-1", "Clinic", "Staging");
    /// let sources = fake.client()?.organization("7").sources();
    /// let snapshot = Snapshot::collect(sources).in_memory().await;
    /// assert!(snapshot.is_complete());
    /// assert_eq!(snapshot.summary.coverage.len(), 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn sources(&self) -> Vec<Source> {
        let scope = Scope::new(ScopeKind::Organization, place(&self.id));
        let assignments = self.role_assignments().read_assignments();
        let own = Source::new(Covers::new(Vendor::Redox, scope.clone()), assignments);
        let name = format!("{} environments of {scope}", Vendor::Redox);
        let transport = self.transport.clone();
        let environments = self.environments().list().items();
        let environments = environments.map(move |listed: ListedEnvironment| {
            let environment = Environment { transport: transport.clone(), id: Ok(listed.id) };
            environment.source(&scope, listed.name)
        });
        let environments = Source::enumeration(Vendor::Redox, name, environments);
        vec![own.read_by(&self.transport), environments.read_by(&self.transport)]
    }
}

impl Environment {
    fn source(&self, organization: &Scope, name: Option<String>) -> Source {
        let mut scope = Scope::new(ScopeKind::Environment, place(&self.id));
        scope.name = name;
        let scope = scope.within(organization.clone());
        let organization = organization.clone();
        let assignments = self.role_assignments().read_assignments();
        let assignments = assignments.map(move |mut assignment| {
            // The response does not say what the environment lies in.
            assignment.scope = assignment.scope.within(organization.clone());
            assignment
        });
        Source::new(Covers::new(Vendor::Redox, scope), assignments).read_by(&self.transport)
    }
}

/// The id in a handle. An invalid one has no items.
fn place<T: AsRef<str>>(id: &Arg<T>) -> &str {
    id.as_ref().map(AsRef::as_ref).unwrap_or_default()
}

/// The native value is an [`OrganizationMembership`](super::OrganizationMembership) or an
/// [`EnvironmentMembership`](super::EnvironmentMembership).
impl<M: Membership> ReadAssignments for RoleAssignments<M> {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        let place = place(&self.place).to_owned();
        self.list().from(position).items().map(move |membership| shared(membership, &place))
    }
}

fn shared<M: Membership>(membership: M, id: &str) -> Assignment {
    let mut shared = Assignment::new(Vendor::Redox).with_native(membership.clone());
    let (user, role, named) = membership.parts();
    shared.principal = Principal::new(PrincipalKind::User, user.id.clone());
    shared.principal.name = user.fullname.clone();
    shared.principal.email = user.lowercase_email.clone();
    let role = role.cloned().unwrap_or_default();
    (shared.role.id, shared.role.name) = (role.id, role.name);
    let named = named.cloned().unwrap_or_default();
    shared.scope = Scope::new(M::SCOPE, named.id.unwrap_or_else(|| id.to_owned()));
    shared.scope.name = named.name;
    shared
}
