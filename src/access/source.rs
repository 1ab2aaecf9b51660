//! The sources of a snapshot, and their coverage.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::model::first;
use super::{Assignment, Principal, PrincipalKind, Scope, Vendor};
use crate::error::{Error, ErrorKind};
use crate::model::{Timestamp, open_enum};
use crate::transport::{Items, Transport};
use futures_core::Stream;

record! {
    /// Which assignments a source reads.
    #[must_use]
    pub struct Covers {
        /// The vendor.
        pub vendor: Vendor,
        /// The scope in which the roles apply.
        pub scope: Scope,
        /// Whether the scopes within it are included.
        pub children: bool,
        /// The only kind of principals that is included; `None` for all kinds.
        pub principals: Option<PrincipalKind>,
    }
}

impl Covers {
    /// All assignments in this scope, but not in the scopes within it.
    pub fn new(vendor: impl Into<Vendor>, scope: Scope) -> Self {
        Self { vendor: vendor.into(), scope, children: false, principals: None }
    }

    /// Adds the scopes within it.
    pub fn with_children(mut self) -> Self {
        self.children = true;
        self
    }

    /// Limits it to principals of this kind.
    pub fn only(mut self, principals: impl Into<PrincipalKind>) -> Self {
        self.principals = Some(principals.into());
        self
    }
}

/// `harness organization platform, user`.
impl fmt::Display for Covers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.vendor, self.scope)?;
        if self.children {
            f.write_str(" and what lies in it")?;
        }
        match &self.principals {
            Some(kind) => write!(f, ", {kind}"),
            None => Ok(()),
        }
    }
}

/// One list of assignments, or one list of further sources (the projects of an organization, say).
/// Reading starts when a snapshot is collected.
///
/// The handles of each vendor return their sources, e.g. `harness.org("platform").sources()`. A
/// source of your own:
///
/// ```
/// use rolecall::access::{Assignment, Covers, Scope, Source};
///
/// let scope = Scope::new("account", "a-1");
/// let mut held = Assignment::new("own");
/// held.scope = scope.clone();
/// let source = Source::new(Covers::new("own", scope), [Ok(held)].into_iter().collect());
/// assert_eq!(source.name(), "own account a-1");
/// ```
#[derive(Debug)]
#[must_use]
pub struct Source {
    pub(super) name: String,
    pub(super) vendor: Vendor,
    pub(super) covers: Option<Covers>,
    pub(super) credential: Option<String>,
    pub(super) omissions: Vec<String>,
    pub(super) list: List,
}

#[derive(Debug)]
pub(super) enum List {
    Assignments(Items<Assignment>),
    Sources(Items<Source>),
}

/// An item of a source's list.
pub(super) enum Found {
    Assignment(Box<Assignment>),
    Source(Box<Source>),
}

impl List {
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Found, Error>>> {
        match self {
            Self::Assignments(items) => {
                Pin::new(items).poll_next(context).map_ok(|it| Found::Assignment(Box::new(it)))
            }
            Self::Sources(items) => {
                Pin::new(items).poll_next(context).map_ok(|it| Found::Source(Box::new(it)))
            }
        }
    }

    pub(super) fn total(&self) -> Option<u64> {
        match self {
            Self::Assignments(items) => items.total(),
            Self::Sources(items) => items.total(),
        }
    }
}

impl Source {
    /// Returns the source of these assignments, named after what it covers.
    pub fn new(covers: Covers, assignments: Items<Assignment>) -> Self {
        let (name, vendor) = (covers.to_string(), covers.vendor.clone());
        let list = List::Assignments(assignments);
        Self { name, vendor, covers: Some(covers), credential: None, omissions: Vec::new(), list }
    }

    /// Returns a source that enumerates further sources. `name` says which, e.g. `harness projects
    /// of organization platform`.
    pub fn enumeration(
        vendor: impl Into<Vendor>,
        name: impl Into<String>,
        sources: Items<Source>,
    ) -> Self {
        let (name, vendor, list) = (name.into(), vendor.into(), List::Sources(sources));
        Self { name, vendor, covers: None, credential: None, omissions: Vec::new(), list }
    }

    /// Sets the credential that reads the source: the id of an account or the public id of a key,
    /// never the secret or a hash of it.
    pub fn credential(mut self, id: impl Into<String>) -> Self {
        self.credential = Some(id.into());
        self
    }

    /// Sets the client's own credential as the one that reads the source.
    pub(crate) fn read_by(mut self, transport: &Transport) -> Self {
        self.credential = transport.credential_id().map(str::to_owned);
        self
    }

    /// Declares what the service may omit without a sign: the source is then partial at best.
    pub fn omits(mut self, what: impl Into<String>) -> Self {
        self.omissions.push(what.into());
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

open_enum! {
    /// How much of a source was read.
    Status {
        /// All of it was read.
        Complete = "complete",
        /// A part of it was read, or the service may have omitted items without a sign.
        Partial = "partial",
        /// Nothing was read.
        Failed = "failed",
    }
}

open_enum! {
    /// Why a source is incomplete.
    Reason {
        /// The credentials may not read it.
        PermissionDenied = "permission_denied",
        /// The credentials were refused.
        Unauthenticated = "unauthenticated",
        /// There were too many requests, and retries were exhausted.
        RateLimited = "rate_limited",
        /// It does not exist.
        NotFound = "not_found",
        /// No complete response arrived within the time limits.
        Timeout = "timeout",
        /// The list ended in an error or before its total, or a response could not be read.
        CutList = "cut_list",
        /// The service omits what the caller may not view, without a sign, or assignments do not
        /// name who holds them or over what.
        Omission = "omission",
        /// The service failed.
        Server = "server",
        /// No connection could be made.
        Connect = "connect",
        /// The request was refused for another reason, or could not be sent.
        Refused = "refused",
    }
}

impl From<ErrorKind> for Reason {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::PermissionDenied => Self::PermissionDenied,
            ErrorKind::Unauthenticated => Self::Unauthenticated,
            ErrorKind::RateLimited => Self::RateLimited,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Timeout => Self::Timeout,
            ErrorKind::Decode | ErrorKind::Interrupted => Self::CutList,
            ErrorKind::Server => Self::Server,
            ErrorKind::Connect => Self::Connect,
            _ => Self::Refused,
        }
    }
}

record! {
    /// What is missing from a source.
    pub struct Gap {
        /// The reason, for programs.
        pub reason: Reason,
        /// The reason, for people: the error on one line, or what the service omits.
        pub text: String,
    }

    /// How much of one source was read, and what is missing.
    pub struct Coverage {
        /// The name of the source.
        pub source: String,
        /// The assignments that it covers; `None` for an enumeration.
        pub covers: Option<Covers>,
        /// The account or the public id of the key that read it, where one is known.
        pub credential: Option<String>,
        /// How much was read.
        pub status: Status,
        /// What is missing; empty if the source is complete.
        pub gaps: Vec<Gap>,
        /// How many assignments, or sources of an enumeration, were read.
        pub read: u64,
        /// The total number of items, if the service reports it.
        pub total: Option<u64>,
        /// When reading began.
        pub started: Timestamp,
        /// When it ended.
        pub finished: Timestamp,
    }
}

impl Coverage {
    /// Returns whether all of the source was read.
    pub fn is_complete(&self) -> bool {
        self.status == Status::Complete
    }
}

/// `harness organization platform: failed, 0 read; harness role-assignments.list: permission
/// denied, …`
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, {} read", self.source, self.status, self.read)?;
        self.gaps.iter().try_for_each(|gap| write!(f, "; {}", gap.text))
    }
}

/// A source that is being read.
pub(super) struct Reading {
    pub(super) vendor: Vendor,
    pub(super) list: List,
    coverage: Coverage,
    /// How many assignments do not say who holds them, or over what.
    unnamed: u64,
}

impl Reading {
    pub(super) fn start(source: Source) -> Self {
        let Source { name, vendor, covers, credential, omissions, list } = source;
        let omission = |text| Gap { reason: Reason::Omission, text };
        let now = Timestamp::now();
        let coverage = Coverage {
            source: name,
            covers,
            credential,
            status: Status::Complete,
            gaps: omissions.into_iter().map(omission).collect(),
            read: 0,
            total: None,
            started: now.clone(),
            finished: now,
        };
        Self { vendor, list, coverage, unnamed: 0 }
    }

    pub(super) fn count(&mut self, found: &Found) {
        self.coverage.read += 1;
        if let Found::Assignment(it) = found {
            let Principal { id, email, name, .. } = &it.principal;
            let named = first([id, email, name]).and(first([&it.scope.id, &it.scope.name]));
            self.unnamed += u64::from(named.is_none());
        }
    }

    /// Ends it, with an error or because the list ended.
    pub(super) fn end(self, error: Option<&Error>) -> Coverage {
        let Self { list, mut coverage, unnamed, .. } = self;
        coverage.total = list.total();
        coverage.finished = Timestamp::now();
        let failed = error.is_some() && coverage.read == 0;
        if let Some(error) = error {
            let text = match std::error::Error::source(error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            };
            coverage.gaps.push(Gap { reason: error.kind().into(), text });
        }
        if unnamed > 0 {
            let text = format!("{unnamed} assignments without a principal or a scope");
            coverage.gaps.push(Gap { reason: Reason::Omission, text });
        }
        coverage.status = match (failed, coverage.gaps.is_empty()) {
            (true, _) => Status::Failed,
            (false, false) => Status::Partial,
            (false, true) => Status::Complete,
        };
        coverage
    }
}
