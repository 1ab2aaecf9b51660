//! An assignment and a role, with everything that decides what is granted.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt::{self, Write};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::model::{Timestamp, open_enum};

open_enum! {
    /// Whose service it is.
    Vendor {
        /// Twilio: Organizations, Chat and Conversations.
        Twilio = "twilio",
        /// Harness.
        Harness = "harness",
        /// Redox.
        Redox = "redox",
        /// The deepset platform.
        Deepset = "deepset",
    }
}

open_enum! {
    /// The kind of a principal.
    PrincipalKind {
        /// A person.
        User = "user",
        /// A group of people.
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
        /// A workspace.
        Workspace = "workspace",
        /// A service of Twilio Chat or Conversations.
        ChatService = "chat_service",
        /// A channel of Twilio Chat, which is a conversation of Twilio Conversations.
        Channel = "channel",
    }
}

record! {
    /// Who has a role. What the service does not say is `None`.
    #[derive(Default)]
    pub struct Principal {
        /// What it is.
        pub kind: Option<PrincipalKind>,
        /// The vendor's id.
        pub id: Option<String>,
        /// A name for people to read.
        pub name: Option<String>,
        /// The e-mail address.
        pub email: Option<String>,
        /// The level at which it is defined, where ids are unique at one level only: a Harness group of an
        /// account and one of an organization may have the same id.
        pub level: Option<String>,
    }

    /// What a role is held over. What the service does not say is `None`.
    #[derive(Default)]
    #[must_use]
    pub struct Scope {
        /// What it is.
        pub kind: Option<ScopeKind>,
        /// The vendor's id, which may be unique only in what it lies [`within`](Self::within).
        pub id: Option<String>,
        /// A name for people to read.
        pub name: Option<String>,
        /// What it lies in, and so on up to the root.
        pub within: Option<Box<Scope>>,
    }

    /// A role as an assignment names it.
    #[derive(Default)]
    pub struct RoleName {
        /// The vendor's id.
        pub id: Option<String>,
        /// The name.
        pub name: Option<String>,
        /// The level at which the role is defined, where ids are unique at one level only (Harness).
        pub level: Option<String>,
        /// Whether the customer defined it (`true`) or the vendor (`false`).
        pub custom: Option<bool>,
    }

    /// To what of its scope an assignment is limited. What does not limit it is `None`.
    #[derive(Default)]
    pub struct Restriction {
        /// The resource group (Harness).
        pub resource_group: Option<String>,
        /// The type of resource (Twilio Organizations).
        pub resource_type: Option<String>,
        /// The resource (Twilio Organizations).
        pub resource_id: Option<String>,
    }

    /// An assignment: a principal has a role in a scope.
    ///
    /// Its order, equality and hash are those of all its fields but the [`native`](Self::native) value.
    /// [`grant_key`](Self::grant_key) compares what is granted.
    #[must_use]
    pub struct Assignment {
        /// Whose service it is.
        pub vendor: Vendor,
        /// Over what.
        pub scope: Scope,
        /// Who has the role.
        pub principal: Principal,
        /// Which role.
        pub role: RoleName,
        /// To what of the scope it is limited.
        pub restriction: Restriction,
        /// The group through which the principal has the role; `None` if it is assigned directly.
        pub via: Option<Principal>,
        /// Whether the assignment is without effect for now.
        pub disabled: bool,
        /// Whether the vendor itself manages the assignment.
        pub managed: Option<bool>,
        /// The vendor's id of the assignment; not every service has one.
        pub id: Option<String>,
        /// When it was created.
        pub created: Option<Timestamp>,
        /// When it was last changed.
        pub updated: Option<Timestamp>,
        #[serde(skip)]
        native: Native,
    }

    /// A role and what it permits.
    #[must_use]
    pub struct RoleDefinition {
        /// Whose service it is.
        pub vendor: Vendor,
        /// Where it is defined.
        pub scope: Scope,
        /// The role.
        pub role: RoleName,
        /// What it permits, as the vendor writes permissions (deepset's as `asset:action`); `None` where
        /// the list of roles does not say.
        pub permissions: Option<Vec<String>>,
        #[serde(skip)]
        native: Native,
    }
}

impl Assignment {
    /// Returns an assignment at this vendor of which nothing else is known.
    pub fn new(vendor: impl Into<Vendor>) -> Self {
        Self {
            vendor: vendor.into(),
            scope: Scope::default(),
            principal: Principal::default(),
            role: RoleName::default(),
            restriction: Restriction::default(),
            via: None,
            disabled: false,
            managed: None,
            id: None,
            created: None,
            updated: None,
            native: Native(None),
        }
    }

    /// Adds the vendor's own value.
    pub fn with_native<N: Any + Send + Sync>(mut self, native: N) -> Self {
        self.native = Native(Some(Arc::new(native)));
        self
    }

    /// Returns the vendor's own value, by the type that the reader's docs name:
    /// `assignment.native::<harness::RoleAssignmentResponse>()`. An assignment that was read from a
    /// file has none.
    pub fn native<N: Any>(&self) -> Option<&N> {
        self.native.0.as_deref()?.downcast_ref()
    }

    /// Returns a key for comparing grants: two assignments have equal keys if and only if all the
    /// parts below agree.
    ///
    /// The key consists of the vendor, the scope with its path, the principal, the role, the
    /// restriction, the group through which it comes, and `disabled`. A principal without an id
    /// counts by its e-mail address, or else its name; a role or scope without an id, by its name.
    /// The assignment's id, its dates and who manages it are left out. An empty string counts as
    /// absent.
    ///
    /// ```
    /// use rolecall::access::Assignment;
    ///
    /// let mut one = Assignment::new("harness");
    /// one.principal.id = Some("u-1".to_owned());
    /// let mut other = one.clone();
    /// other.principal.name = Some("Ada".to_owned());
    /// assert_eq!(one.grant_key(), other.grant_key());
    /// other.restriction.resource_group = Some("sandbox".to_owned());
    /// assert_ne!(one.grant_key(), other.grant_key());
    /// ```
    pub fn grant_key(&self) -> GrantKey {
        let mut key = GrantKey::default();
        key.text(Some(self.vendor.as_str()));
        key.principal(Some(&self.principal));
        key.named([&self.role.id, &self.role.name]);
        key.text(self.role.level.as_deref());
        let Restriction { resource_group, resource_type, resource_id } = &self.restriction;
        for part in [resource_group, resource_type, resource_id] {
            key.text(part.as_deref());
        }
        key.principal(self.via.as_ref());
        key.text(self.disabled.then_some("disabled"));
        // Last, because its length varies.
        key.scope(&self.scope);
        key
    }

    /// Returns who holds it, at which vendor.
    pub(super) fn holder(&self) -> GrantKey {
        let mut key = GrantKey::default();
        key.text(Some(self.vendor.as_str()));
        key.principal(Some(&self.principal));
        key
    }

    /// Returns the identity of the assignment, to recognize it after a change: its own id if the
    /// service has one, its holder and its scope.
    pub(super) fn slot(&self) -> GrantKey {
        let mut key = self.holder();
        key.text(self.id.as_deref());
        key.scope(&self.scope);
        key
    }
}

impl RoleDefinition {
    /// Returns a role at this vendor of which nothing else is known.
    pub fn new(vendor: impl Into<Vendor>) -> Self {
        let (scope, role) = (Scope::default(), RoleName::default());
        Self { vendor: vendor.into(), scope, role, permissions: None, native: Native(None) }
    }

    /// Adds the vendor's own value.
    pub fn with_native<N: Any + Send + Sync>(mut self, native: N) -> Self {
        self.native = Native(Some(Arc::new(native)));
        self
    }

    /// Returns the vendor's own value, by its type: `role.native::<harness::Role>()`.
    pub fn native<N: Any>(&self) -> Option<&N> {
        self.native.0.as_deref()?.downcast_ref()
    }
}

impl Principal {
    /// Returns a principal of this kind with the vendor's id.
    pub fn new(kind: impl Into<PrincipalKind>, id: impl Into<String>) -> Self {
        Self { kind: Some(kind.into()), id: Some(id.into()), ..Self::default() }
    }
}

impl Scope {
    /// Returns a key that two scopes share exactly if they are the same; names are ignored if there
    /// are ids.
    pub(super) fn key(&self) -> GrantKey {
        let mut key = GrantKey::default();
        key.scope(self);
        key
    }

    /// Returns a scope of this kind with the vendor's id, at the root.
    pub fn new(kind: impl Into<ScopeKind>, id: impl Into<String>) -> Self {
        Self { kind: Some(kind.into()), id: Some(id.into()), ..Self::default() }
    }

    /// Sets what it lies in.
    pub fn within(mut self, outer: Scope) -> Self {
        self.within = Some(Box::new(outer));
        self
    }

    /// Returns this scope and what it lies in, up to the root.
    pub fn path(&self) -> impl Iterator<Item = &Scope> {
        std::iter::successors(Some(self), |scope| scope.within.as_deref())
    }
}

/// `organization platform > project web`, root first. A name stands in quotes where there is no id.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&super::columns::path(self))
    }
}

/// What an assignment grants, to compare; see [`Assignment::grant_key`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantKey(String);

impl GrantKey {
    /// Adds a part, by its length first, so that no text runs into the next.
    fn text(&mut self, text: Option<&str>) {
        let _ = match text.filter(|text| !text.is_empty()) {
            Some(text) => write!(self.0, "{}:{text}", text.len()),
            None => self.0.write_char('-'),
        };
    }

    /// Adds an id, or else what there is in its place.
    fn named<const N: usize>(&mut self, texts: [&Option<String>; N]) {
        let found = first(texts);
        self.text(found.map(|(_, text)| text));
        let _ = write!(self.0, "{}", found.map_or(N, |(index, _)| index));
    }

    fn principal(&mut self, principal: Option<&Principal>) {
        let Some(Principal { kind, id, name, email, level }) = principal else {
            return self.principal(Some(&Principal::default()));
        };
        self.text(kind.as_ref().map(PrincipalKind::as_str));
        self.named([id, email, name]);
        self.text(level.as_deref());
    }

    fn scope(&mut self, scope: &Scope) {
        for Scope { kind, id, name, .. } in scope.path() {
            self.text(kind.as_ref().map(ScopeKind::as_str));
            self.named([id, name]);
        }
    }
}

/// Returns the first text that is present and not empty, with its index.
pub(super) fn first<const N: usize>(texts: [&Option<String>; N]) -> Option<(usize, &str)> {
    let texts = texts.into_iter().enumerate();
    texts
        .filter_map(|(index, text)| Some((index, text.as_deref()?)))
        .find(|(_, text)| !text.is_empty())
}

/// A vendor's own value. Comparisons ignore it: the other fields decide.
#[derive(Clone, Default)]
struct Native(Option<Arc<dyn Any + Send + Sync>>);

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Native" } else { "None" })
    }
}

impl PartialEq for Native {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Native {}

impl PartialOrd for Native {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Native {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Hash for Native {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
