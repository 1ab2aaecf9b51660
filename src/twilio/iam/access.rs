//! Twilio Organizations in the shared vocabulary of [`crate::access`].

use super::place::Place;
use super::{Account, ListRoleAssignments, Organization, Role, RoleAssignment, Roles};
use crate::access::{
    Assignment, Covers, Principal, PrincipalKind, ReadAssignments, ReadRoles, RoleDefinition,
    Scope, ScopeKind, Source, Vendor,
};
use crate::model::Arg;
use crate::transport::{Items, List, Position};
use crate::twilio::canonical;

impl Organization {
    /// Returns the sources of a snapshot: the assignments over the organization, and over each of
    /// its accounts. Whether the former include the latter is unknown, so both are read.
    ///
    /// At [`ApiVersion::V2`](super::ApiVersion::V2), which has no known path for accounts, they report a
    /// configuration error. Users are known by their SID alone: to join them with those of other
    /// vendors, name them in [`Identities`](crate::access::Identities).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::access::Snapshot;
    /// use rolecall::testing::TwilioIamFake;
    ///
    /// let fake = TwilioIamFake::start().await?;
    /// fake.add_account(&"ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse()?, "web shop");
    /// let sources = fake.client()?.organization(TwilioIamFake::ORGANIZATION).sources();
    /// let snapshot = Snapshot::collect(sources).in_memory().await;
    /// assert!(snapshot.is_complete());
    /// assert_eq!(snapshot.summary.coverage.len(), 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn sources(&self) -> Vec<Source> {
        let kind = Some(ScopeKind::Organization);
        let scope = organization(&self.place);
        let scope = scope.unwrap_or_else(|| Scope { kind, ..Scope::default() });
        let name = format!("{} accounts of {scope}", Vendor::Twilio);
        let this = self.clone();
        let accounts = self.accounts().list().page_size(100).items();
        let accounts = accounts.map(move |account: Account| {
            let mut scope =
                shared_scope(account.account_sid.as_str(), organization(&this.place).as_ref());
            scope.name = account.friendly_name;
            this.source(scope)
        });
        let accounts = Source::enumeration(Vendor::Twilio, name, accounts);
        match self.place {
            Ok(Place::V2) => vec![accounts.read_by(&self.transport)],
            _ => vec![self.source(scope), accounts.read_by(&self.transport)],
        }
    }

    /// What is held over one scope.
    fn source(&self, scope: Scope) -> Source {
        let list = self.role_assignments().list().page_size(100);
        let list = list.scope(scope.id.as_deref().unwrap_or_default());
        let covers = Covers::new(Vendor::Twilio, scope);
        Source::new(covers, list.read_assignments()).read_by(&self.transport)
    }
}

/// The native value is a [`Role`]. The list shows permissions only where policies are
/// [expanded](List::<super::ListRoles>::expand).
impl ReadRoles for Roles {
    fn read_roles_from(&self, position: Option<&Position>) -> Items<RoleDefinition> {
        self.list().from(position).items().map(|role: Role| {
            let mut shared = RoleDefinition::new(Vendor::Twilio).with_native(role.clone());
            shared.role.id = Some(canonical(role.sid.as_str()));
            shared.role.name = role.friendly_name;
            shared.permissions = role.policy.and_then(|policy| policy.allow);
            shared
        })
    }
}

/// Implemented for the list and not for all assignments: the preview service requires a filter.
///
/// The native value is a [`RoleAssignment`]. SIDs are written with small digits, since their case does
/// not tell them apart.
impl ReadAssignments for List<ListRoleAssignments> {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        let organization = organization(&self.operation.place);
        let items = self.clone().from(position).items();
        items.map(move |held| shared(held, organization.as_ref()))
    }
}

fn shared(held: RoleAssignment, organization: Option<&Scope>) -> Assignment {
    let mut shared = Assignment::new(Vendor::Twilio).with_native(held.clone());
    shared.id = Some(canonical(held.sid.as_str()));
    shared.role.id = held.role_sid.map(|sid| canonical(sid.as_str()));
    // The first two letters of a SID tell what it is of.
    if let Some(sid) = held.identity {
        let kind = match sid.as_str().get(..2) {
            Some("US") => PrincipalKind::User,
            other => PrincipalKind::from(other.unwrap_or_default()),
        };
        shared.principal = Principal::new(kind, canonical(sid.as_str()));
    }
    if let Some(sid) = held.scope {
        shared.scope = shared_scope(sid.as_str(), organization);
    }
    shared.restriction.resource_type = held.resource_type;
    shared.restriction.resource_id = held.resource_id;
    shared
}

/// The organization at the root, where the client's paths name it.
fn organization(place: &Arg<Place>) -> Option<Scope> {
    match place {
        Ok(Place::Preview(sid)) => {
            Some(Scope::new(ScopeKind::Organization, canonical(sid.as_str())))
        }
        _ => None,
    }
}

fn shared_scope(sid: &str, organization: Option<&Scope>) -> Scope {
    let kind = match sid.get(..2) {
        Some("OR") => return Scope::new(ScopeKind::Organization, canonical(sid)),
        Some("AC") => ScopeKind::Account,
        other => ScopeKind::from(other.unwrap_or_default()),
    };
    let scope = Scope::new(kind, canonical(sid));
    match organization {
        Some(organization) => scope.within(organization.clone()),
        None => scope,
    }
}
