//! The difference of two snapshots.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::Serialize;

use super::columns::{COLUMNS, principal, printable, role};
use super::{Assignment, Coverage, Covers, Gap, GrantKey, PrincipalKind, Snapshot, Status, Vendor};

/// What changed from one snapshot to another, in a fixed order.
///
/// Assignments are compared by [`Assignment::grant_key`]. What is incomplete in either snapshot is
/// [not comparable](Self::not_comparable), and is never reported as granted, revoked or changed: an
/// incomplete read does not show an absence.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use rolecall::access::{Assignment, Covers, Difference, Scope, Snapshot, Source};
///
/// async fn snapshot(role: &str) -> Snapshot {
///     let mut held = Assignment::new("own");
///     held.scope = Scope::new("account", "a-1");
///     held.principal.id = Some("u-1".to_owned());
///     held.role.id = Some(role.to_owned());
///     let covers = Covers::new("own", held.scope.clone());
///     let source = Source::new(covers, [Ok(held)].into_iter().collect());
///     Snapshot::collect([source]).in_memory().await
/// }
///
/// let difference = Difference::between(&snapshot("viewer").await, &snapshot("admin").await);
/// assert_eq!(difference.changed[0].fields[0].to_string(), "role_id: viewer -> admin");
/// assert!(difference.is_complete());
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// Assignments in the newer snapshot only.
    pub granted: Vec<Assignment>,
    /// Assignments in the older snapshot only.
    pub revoked: Vec<Assignment>,
    /// Assignments that grant something else than before: the same principal in the same scope,
    /// under the same id if the service has ids.
    pub changed: Vec<Change>,
    /// What cannot be compared, because it is incomplete in one of the two.
    pub not_comparable: Vec<NotComparable>,
}

/// An assignment that grants something else than before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// As it was.
    pub old: Assignment,
    /// As it is.
    pub new: Assignment,
    /// The fields that differ, by the names of the columns of [`Csv`](super::Csv).
    pub fields: Vec<FieldChange>,
}

/// A field of an assignment that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct FieldChange {
    /// Its name.
    pub field: &'static str,
    /// As it was.
    pub old: Option<String>,
    /// As it is.
    pub new: Option<String>,
}

/// `disabled: false -> true`.
impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        write!(f, "{}: {} -> {}", self.field, text(&self.old), text(&self.new))
    }
}

/// A source that is incomplete in one of the two snapshots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct NotComparable {
    /// The name of the source.
    pub source: String,
    /// How much the older snapshot read.
    pub old: Seen,
    /// How much the newer snapshot read.
    pub new: Seen,
}

/// How much of a source a snapshot read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Seen {
    /// `None` if the snapshot does not include the source.
    pub status: Option<Status>,
    /// What is missing.
    pub gaps: Vec<Gap>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.status.as_ref().map_or("not asked", Status::as_str))?;
        self.gaps.iter().try_for_each(|gap| write!(f, " ({})", gap.text))
    }
}

impl Difference {
    /// Compares an older snapshot with a newer one.
    pub fn between(old: &Snapshot, new: &Snapshot) -> Self {
        let seen = [Index::of(old), Index::of(new)];
        let mut blind = Blind::default();
        for coverage in old.summary.coverage.iter().chain(&new.summary.coverage) {
            if seen.iter().any(|index| !index.has(coverage)) {
                blind.add(coverage.source.clone(), coverage.covers.clone());
            }
        }
        let [was, is] = [old, new].map(by_key);
        let mut only = |these: &Grants<'_>, those: &Grants<'_>| -> Vec<Assignment> {
            let alone = these.iter().filter(|(key, _)| !those.contains_key(key));
            let mut found = Vec::new();
            for (_, &assignment) in alone {
                if seen.iter().all(|index| index.sees(assignment)) {
                    found.push(assignment.clone());
                } else if !blind.index.sees(assignment) {
                    // No source of the snapshots covers it.
                    let scope = assignment.scope.clone();
                    let mut covers = Covers::new(assignment.vendor.clone(), scope);
                    covers.principals = assignment.principal.kind.clone();
                    blind.add(covers.to_string(), Some(covers));
                }
            }
            found.sort();
            found
        };
        let (mut revoked, mut granted) = (only(&was, &is), only(&is, &was));
        let changed = pair(&mut revoked, &mut granted);
        let side = |snapshot: &Snapshot, index: &Index, source: &Unit| {
            index.seen(&snapshot.summary.coverage, source)
        };
        let not_comparable = blind.units.into_values().map(|unit| NotComparable {
            old: side(old, &seen[0], &unit),
            new: side(new, &seen[1], &unit),
            source: unit.source,
        });
        Self { granted, revoked, changed, not_comparable: not_comparable.collect() }
    }

    /// Returns whether no difference was found in the comparable part.
    pub fn is_empty(&self) -> bool {
        self.granted.is_empty() && self.revoked.is_empty() && self.changed.is_empty()
    }

    /// Returns whether both snapshots are complete for all sources of either.
    pub fn is_complete(&self) -> bool {
        self.not_comparable.is_empty()
    }
}

/// A line for each difference, and one with their numbers. Control characters are escaped.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |it: &Assignment| {
            let who = principal(&it.principal);
            printable(&format!("{} {}: {who} has {}", it.vendor, it.scope, role(it)))
        };
        self.granted.iter().try_for_each(|it| writeln!(f, "+ {}", line(it)))?;
        self.revoked.iter().try_for_each(|it| writeln!(f, "- {}", line(it)))?;
        for Change { new, fields, .. } in &self.changed {
            let fields: Vec<_> = fields.iter().map(ToString::to_string).collect();
            writeln!(f, "~ {} ({})", line(new), printable(&fields.join("; ")))?;
        }
        for NotComparable { source, old, new } in &self.not_comparable {
            let text = format!("? {source}: old {old}, new {new}");
            writeln!(f, "{}", printable(&text))?;
        }
        writeln!(
            f,
            "{} granted, {} revoked, {} changed, {} not comparable",
            self.granted.len(),
            self.revoked.len(),
            self.changed.len(),
            self.not_comparable.len()
        )
    }
}

type Grants<'a> = BTreeMap<GrantKey, &'a Assignment>;

/// The assignments by what they grant. Of two that grant the same, one is kept.
fn by_key(snapshot: &Snapshot) -> Grants<'_> {
    snapshot.assignments.iter().map(|it| (it.grant_key(), it)).collect()
}

/// Removes the changed assignments from both.
fn pair(revoked: &mut Vec<Assignment>, granted: &mut Vec<Assignment>) -> Vec<Change> {
    let mut slots: HashMap<GrantKey, Vec<Assignment>> = HashMap::new();
    // The last one of a slot is taken first.
    for old in revoked.drain(..).rev() {
        slots.entry(old.slot()).or_default().push(old);
    }
    let mut changed = Vec::new();
    granted.retain(|new| {
        let old = slots.get_mut(&new.slot()).and_then(Vec::pop);
        let came = old.is_none();
        changed.extend(old.map(|old| Change { fields: fields(&old, new), old, new: new.clone() }));
        came
    });
    revoked.extend(slots.into_values().flatten());
    revoked.sort();
    changed
}

fn fields(old: &Assignment, new: &Assignment) -> Vec<FieldChange> {
    let fields = COLUMNS.iter().filter(|column| column.grants).map(|column| {
        let text = |of| (column.text)(of).map(|text| text.into_owned());
        FieldChange { field: column.name, old: text(old), new: text(new) }
    });
    fields.filter(|field| field.old != field.new).collect()
}

/// A vendor's scope, for all principals or for one kind.
type UnitKey = (Vendor, Option<PrincipalKind>, GrantKey);

fn unit_key(covers: &Covers) -> UnitKey {
    (covers.vendor.clone(), covers.principals.clone(), covers.scope.key())
}

/// A set of scopes and enumerations, e.g. those that a snapshot read completely.
#[derive(Default)]
struct Index {
    /// Whether the scopes within it are included.
    scopes: HashMap<UnitKey, bool>,
    /// The enumerations, by name.
    enumerations: Vec<String>,
}

impl Index {
    fn of(snapshot: &Snapshot) -> Self {
        let mut index = Self::default();
        for coverage in snapshot.summary.coverage.iter().filter(|it| it.is_complete()) {
            match &coverage.covers {
                Some(covers) => index.add(covers),
                None => index.enumerations.push(coverage.source.clone()),
            }
        }
        index.enumerations.sort();
        index
    }

    fn add(&mut self, covers: &Covers) {
        *self.scopes.entry(unit_key(covers)).or_default() |= covers.children;
    }

    /// Whether the set includes a scope, alone or with its children, for these principals.
    fn contains(
        &self,
        vendor: &Vendor,
        scope: &super::Scope,
        children: bool,
        principals: Option<&PrincipalKind>,
    ) -> bool {
        let mut wanted = children;
        scope.path().any(|scope| {
            let of = |kind: Option<&PrincipalKind>| {
                let key = (vendor.clone(), kind.cloned(), scope.key());
                self.scopes.get(&key).is_some_and(|children| *children || !wanted)
            };
            let found = of(None) || (principals.is_some() && of(principals));
            // The outer scopes must include their children.
            wanted = true;
            found
        })
    }

    fn sees(&self, it: &Assignment) -> bool {
        self.contains(&it.vendor, &it.scope, false, it.principal.kind.as_ref())
    }

    fn has(&self, coverage: &Coverage) -> bool {
        self.has_unit(&coverage.source, coverage.covers.as_ref())
    }

    fn has_unit(&self, source: &str, covers: Option<&Covers>) -> bool {
        match covers {
            Some(Covers { vendor, scope, children, principals }) => {
                self.contains(vendor, scope, *children, principals.as_ref())
            }
            None => self.enumerations.binary_search_by(|name| name.as_str().cmp(source)).is_ok(),
        }
    }

    /// How much of a unit a snapshot read.
    fn seen(&self, coverage: &[Coverage], unit: &Unit) -> Seen {
        if self.has_unit(&unit.source, unit.covers.as_ref()) {
            return Seen { status: Some(Status::Complete), gaps: Vec::new() };
        }
        let own = coverage.iter().filter(|it| match (&it.covers, &unit.covers) {
            (Some(it), Some(own)) => unit_key(it) == unit_key(own),
            (None, None) => it.source == unit.source,
            _ => false,
        });
        match own.max_by_key(|it| it.read) {
            Some(it) => Seen { status: Some(it.status.clone()), gaps: it.gaps.clone() },
            None => Seen { status: None, gaps: Vec::new() },
        }
    }
}

/// What cannot be compared.
#[derive(Default)]
struct Blind {
    /// By name, which is the order of the result.
    units: BTreeMap<String, Unit>,
    index: Index,
}

struct Unit {
    source: String,
    covers: Option<Covers>,
}

impl Blind {
    fn add(&mut self, source: String, covers: Option<Covers>) {
        covers.iter().for_each(|covers| self.index.add(covers));
        self.units.entry(source.clone()).or_insert(Unit { source, covers });
    }
}
