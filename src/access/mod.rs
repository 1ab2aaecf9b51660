//! Access reviews over all services: one vocabulary for roles and assignments, snapshots that
//! report what is missing, people, and the difference of two snapshots. This module only reads.
//!
//! * [`Assignment`] has every field that decides what is granted; [`Assignment::grant_key`] compares
//!   these fields. The vendor's other fields are in [`Assignment::native`].
//! * [`Snapshot::collect`] reads many [`Source`]s concurrently; the `sources()` of each vendor's
//!   handles returns them. The result includes the [`Coverage`] of each source.
//! * [`JsonLines`], [`Csv`] and [`Snapshot::table`] write a snapshot, [`Snapshot::read`] reads it back.
//! * [`Difference`] compares two snapshots, [`People`] joins principals of several vendors.
//! * [`ReadAssignments`] and [`ReadRoles`] read one list; each service implements what it supports.
//!
//! `docs/access-review.md` walks through it.
//!
//! This vocabulary has no create: the services require inputs that differ too much.
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

/// Declares types of this vocabulary: an absent field is not written.
macro_rules! record {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($fields:tt)* })+) => { $(
        $crate::model::json::response! {
            @fields [default, skip_serializing_if = "Option::is_none"]
            [$(#[$meta])* #[derive(PartialOrd, Ord, Hash)] $vis struct $name] [] $($fields)*
        }
    )+ };
}

mod columns;
mod diff;
mod jsonl;
mod model;
mod people;
mod snapshot;
mod source;
mod table;

use crate::transport::{Items, Position};

pub use diff::{Change, Difference, FieldChange, NotComparable, Seen};
pub use jsonl::{FormatError, JsonLines};
pub use model::{
    Assignment, GrantKey, Principal, PrincipalKind, Restriction, RoleDefinition, RoleName, Scope,
    ScopeKind, Vendor,
};
pub use people::{Identities, People, Unjoined};
pub use snapshot::{Collect, Header, Progress, Provenance, Sink, Snapshot, Summary};
pub use source::{Coverage, Covers, Gap, Reason, Source, Status};
pub use table::{Csv, Table};

/// Lists roles. Implement it to mock a service: [`Items::from_iter`](Items) makes items of values.
pub trait ReadRoles: Send + Sync {
    /// Returns the roles in this list, starting at a position of it (`None`: the start).
    fn read_roles_from(&self, position: Option<&Position>) -> Items<RoleDefinition>;

    /// Returns the roles in this list.
    fn read_roles(&self) -> Items<RoleDefinition> {
        self.read_roles_from(None)
    }
}

/// Lists assignments. Implement it to mock a service.
pub trait ReadAssignments: Send + Sync {
    /// Returns the assignments that the caller may view, starting at a position of this list
    /// (`None`: the start).
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment>;

    /// Returns the assignments that the caller may view.
    fn read_assignments(&self) -> Items<Assignment> {
        self.read_assignments_from(None)
    }
}
