//! Who has which role, in one vocabulary: what a program reads that looks at several services.
//!
//! Every value carries the vendor's own ([`Role::native`], [`Assignment::native`]), so that nothing
//! is lost. There is no creating in this vocabulary: what each service needs to create differs too
//! much to hide.
//!
//! ```
//! # #[cfg(all(feature = "testing", feature = "redox", feature = "harness"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use rolecall::access::ReadAssignments;
//! use rolecall::testing::{HarnessFake, RedoxFake};
//!
//! async fn print_all(services: &[&dyn ReadAssignments]) -> Result<(), rolecall::Error> {
//!     for service in services {
//!         let mut assignments = service.read_assignments();
//!         while let Some(assignment) = assignments.next().await.transpose()? {
//!             println!("{:?} has {:?}", assignment.principal.id, assignment.role.id);
//!         }
//!     }
//!     Ok(())
//! }
//!
//! let (harness, redox) = (HarnessFake::start().await?, RedoxFake::start().await?);
//! let platform = harness.client()?.org("platform").role_assignments();
//! let clinic = redox.client()?.organization("7").role_assignments();
//! print_all(&[&platform, &clinic]).await?;
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "testing", feature = "redox", feature = "harness")))]
//! # fn main() {}
//! ```

use std::any::Any;
use std::sync::Arc;

use serde::Serialize;

use crate::model::open_enum;
use crate::transport::{Items, Position};

/// Lists roles. Implement it to mock a service: [`Items::from_iter`](Items) makes items of values.
pub trait ReadRoles: Send + Sync {
    /// Returns all roles here, from a position of this list on (`None`: from the start).
    fn read_roles_from(&self, position: Option<&Position>) -> Items<Role>;

    /// Returns all roles here.
    fn read_roles(&self) -> Items<Role> {
        self.read_roles_from(None)
    }
}

/// Lists who has which role. Implement it to mock a service.
pub trait ReadAssignments: Send + Sync {
    /// Returns all assignments here that the caller may see, from a position of this list on (`None`:
    /// from the start).
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment>;

    /// Returns all assignments here that the caller may see.
    fn read_assignments(&self) -> Items<Assignment> {
        self.read_assignments_from(None)
    }
}

open_enum! {
    /// What somebody is who can have a role.
    PrincipalKind {
        /// A person.
        User = "user",
        /// A group of persons.
        Group = "group",
        /// An account for programs.
        ServiceAccount = "service_account",
    }
}

open_enum! {
    /// What a role is held over.
    ScopeKind {
        /// An organization.
        Organization = "organization",
        /// An account.
        Account = "account",
        /// A project.
        Project = "project",
        /// An environment.
        Environment = "environment",
    }
}

/// Who has a role. What the service does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct Principal {
    /// What it is.
    pub kind: Option<PrincipalKind>,
    /// The vendor's id.
    pub id: Option<String>,
    /// A name or an address for people to read.
    pub display: Option<String>,
}

/// What a role is held over. What the service does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct Scope {
    /// What it is.
    pub kind: Option<ScopeKind>,
    /// The vendor's id, which may be unique only in what it lies [`within`](Self::within).
    pub id: Option<String>,
    /// A name for people to read.
    pub display: Option<String>,
    /// What it lies in, where its id says nothing without it: the organization of a Harness project.
    pub within: Option<Box<Scope>>,
}

/// A role as an assignment names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct RoleName {
    /// The vendor's id.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
}

/// A role.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Role {
    /// The vendor's id. (Twilio Chat documents it as nullable.)
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// What it allows, as the vendor writes permissions (deepset's as `asset:action`).
    pub permissions: Option<Vec<String>>,
    #[serde(skip)]
    native: Native,
}

/// That somebody has a role.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Assignment {
    /// The vendor's id; not every service has one.
    pub id: Option<String>,
    /// Who has the role.
    pub principal: Principal,
    /// Which role.
    pub role: RoleName,
    /// Over what.
    pub scope: Scope,
    #[serde(skip)]
    native: Native,
}

type Native = Arc<dyn Any + Send + Sync>;

impl Role {
    /// Returns a role of which nothing is known but the vendor's own value (`()`, where there is none).
    pub fn new<N: Any + Send + Sync>(native: N) -> Self {
        Self { id: None, name: None, permissions: None, native: Arc::new(native) }
    }

    /// The vendor's own value, by its type: `role.native::<harness::Role>()`.
    #[must_use]
    pub fn native<N: Any>(&self) -> Option<&N> {
        self.native.downcast_ref()
    }
}

impl Assignment {
    /// Returns an assignment of which nothing is known but the vendor's own value (`()`, where there is
    /// none).
    pub fn new<N: Any + Send + Sync>(native: N) -> Self {
        Self {
            id: None,
            principal: Principal::default(),
            role: RoleName::default(),
            scope: Scope::default(),
            native: Arc::new(native),
        }
    }

    /// The vendor's own value, by its type:
    /// `assignment.native::<harness::RoleAssignmentResponse>()`.
    #[must_use]
    pub fn native<N: Any>(&self) -> Option<&N> {
        self.native.downcast_ref()
    }
}
