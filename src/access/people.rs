//! People who are principals of several vendors.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Assignment, Principal, PrincipalKind, Vendor};

/// Rules for which principals are one person: by e-mail address, by a table of the caller's, or
/// both.
///
/// Addresses are compared without case and surrounding white space. Only users are joined by
/// address.
///
/// ```
/// use rolecall::access::Identities;
///
/// let identities = Identities::by_email()
///     .email("Ada", "ada@example.org")
///     .principal("Ada", "twilio", "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
/// # let _ = identities;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Identities {
    any_email: bool,
    emails: HashMap<String, String>,
    principals: HashMap<(Vendor, String), String>,
}

impl Identities {
    /// Makes every e-mail address a person, named by the address unless [`email`](Self::email)
    /// names them.
    pub fn by_email() -> Self {
        Self { any_email: true, ..Self::default() }
    }

    /// Joins only the principals and addresses that are added.
    pub fn by_table() -> Self {
        Self::default()
    }

    /// Adds an e-mail address of a person.
    pub fn email(mut self, person: impl Into<String>, email: &str) -> Self {
        self.emails.insert(normal(email), person.into());
        self
    }

    /// Adds a principal of a person, of any kind, by the vendor's id.
    pub fn principal(
        mut self,
        person: impl Into<String>,
        vendor: impl Into<Vendor>,
        id: impl Into<String>,
    ) -> Self {
        self.principals.insert((vendor.into(), id.into()), person.into());
        self
    }

    /// Returns the people who the principal may be according to this assignment.
    fn persons(&self, vendor: &Vendor, principal: &Principal) -> Option<String> {
        let named = principal.id.clone().and_then(|id| self.principals.get(&(vendor.clone(), id)));
        if named.is_some() {
            return named.cloned();
        }
        let user = principal.kind.as_ref().is_none_or(|kind| *kind == PrincipalKind::User);
        let email = principal.email.as_deref().filter(|_| user).map(normal)?;
        let email = Some(email).filter(|email| !email.is_empty())?;
        match self.emails.get(&email) {
            Some(person) => Some(person.clone()),
            None => self.any_email.then_some(email),
        }
    }
}

fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The people in a snapshot, and the principals who could not be joined to a person.
///
/// ```
/// use rolecall::access::{Assignment, Identities, People};
///
/// let held = |vendor: &str, id: &str, email: Option<&str>| {
///     let mut held = Assignment::new(vendor);
///     held.principal.id = Some(id.to_owned());
///     held.principal.email = email.map(str::to_owned);
///     held
/// };
/// let all = [
///     held("redox", "7", Some("ada@example.com")),
///     held("deepset", "u-1", Some("Ada@example.com")),
///     held("harness", "u-9", None),
/// ];
/// let people = People::join(&all, &Identities::by_email());
/// assert_eq!(people.held_by("ada@example.com").len(), 2);
/// assert_eq!(people.unjoined()[0].principal.id.as_deref(), Some("u-9"));
/// ```
#[derive(Clone, Debug)]
pub struct People<'a> {
    persons: BTreeMap<String, Vec<&'a Assignment>>,
    unjoined: Vec<Unjoined<'a>>,
}

/// A principal for whom no person was found: a group, a service account, a user without an address,
/// or one with the addresses of two persons.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unjoined<'a> {
    /// The vendor.
    pub vendor: &'a Vendor,
    /// The principal, as one of the assignments has it.
    pub principal: &'a Principal,
    /// The principal's assignments.
    pub assignments: Vec<&'a Assignment>,
}

impl<'a> People<'a> {
    /// Joins the principals of these assignments. What one assignment says of a principal, such as
    /// the e-mail address, applies to all assignments of that principal.
    pub fn join(
        assignments: impl IntoIterator<Item = &'a Assignment>,
        identities: &Identities,
    ) -> Self {
        let mut principals: BTreeMap<_, (BTreeSet<String>, Vec<&Assignment>)> = BTreeMap::new();
        for assignment in assignments {
            let found = principals.entry(assignment.holder()).or_default();
            found.0.extend(identities.persons(&assignment.vendor, &assignment.principal));
            found.1.push(assignment);
        }
        let mut people = Self { persons: BTreeMap::new(), unjoined: Vec::new() };
        for (persons, assignments) in principals.into_values() {
            let mut persons = persons.into_iter();
            match (persons.next(), persons.next()) {
                (Some(person), None) => {
                    people.persons.entry(person).or_default().extend(assignments);
                }
                _ => people.unjoined.extend(assignments.first().copied().map(|first| Unjoined {
                    vendor: &first.vendor,
                    principal: &first.principal,
                    assignments,
                })),
            }
        }
        people
    }

    /// Returns the names of the people, sorted.
    pub fn persons(&self) -> impl Iterator<Item = &str> {
        self.persons.keys().map(String::as_str)
    }

    /// Returns a person's assignments at all vendors; none for an unknown name.
    pub fn held_by(&self, person: &str) -> &[&'a Assignment] {
        self.persons.get(person).map_or(&[], Vec::as_slice)
    }

    /// Returns the principals who could not be joined, with their assignments.
    pub fn unjoined(&self) -> &[Unjoined<'a>] {
        &self.unjoined
    }
}
