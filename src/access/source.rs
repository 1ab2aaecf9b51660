//! What a snapshot reads, and what became of it.

use std::fmt;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde::{Deserialize, Serialize};

use super::{Assignment, PrincipalKind, Scope, Vendor};
use crate::error::{Error, ErrorKind};
use crate::model::{Timestamp, open_enum};
use crate::transport::{Items, Transport};

/// Which assignments a source reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Covers {
    /// Whose service it is.
    pub vendor: Vendor,
    /// What the roles are held over.
    pub scope: Scope,
    /// Whether what lies in the scope belongs to it.
    pub children: bool,
    /// The one kind of principals; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principals: Option<PrincipalKind>,
}

impl Covers {
    /// All assignments over this scope itself.
    pub fn new(vendor: impl Into<Vendor>, scope: Scope) -> Self {
        Self { vendor: vendor.into(), scope, children: false, principals: None }
    }

    /// Adds what lies in the scope.
    #[must_use]
    pub fn with_children(mut self) -> Self {
        self.children = true;
        self
    }

    /// Leaves only principals of this kind.
    #[must_use]
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
/// Nothing is read before a snapshot is collected.
///
/// Each vendor makes the sources of its handles: `harness.org("platform").sources()`. One of your own:
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

/// What a list gave.
pub(super) enum Found {
    Assignment(Box<Assignment>),
    Source(Box<Source>),
}

impl List {
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Found, Error>>> {
        match self {
            Self::Assignments(items) => std::pin::Pin::new(items)
                .poll_next(context)
                .map(|item| item.map(|item| item.map(|it| Found::Assignment(Box::new(it))))),
            Self::Sources(items) => std::pin::Pin::new(items)
                .poll_next(context)
                .map(|item| item.map(|item| item.map(|it| Found::Source(Box::new(it))))),
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
        Self {
            name: covers.to_string(),
            vendor: covers.vendor.clone(),
            covers: Some(covers),
            credential: None,
            omissions: Vec::new(),
            list: List::Assignments(assignments),
        }
    }

    /// Returns a source of sources: what can be enumerated. `name` says what, e.g. `harness projects of
    /// organization platform`.
    pub fn enumeration(
        vendor: impl Into<Vendor>,
        name: impl Into<String>,
        sources: Items<Source>,
    ) -> Self {
        Self {
            name: name.into(),
            vendor: vendor.into(),
            covers: None,
            credential: None,
            omissions: Vec::new(),
            list: List::Sources(sources),
        }
    }

    /// Sets which credential reads it: the id of an account or the public id of a key. Never the secret,
    /// nor a hash of it.
    pub fn credential(mut self, id: impl Into<String>) -> Self {
        self.credential = Some(id.into());
        self
    }

    /// The same, by what the client knows of its credential.
    pub(crate) fn read_by(mut self, transport: &Transport) -> Self {
        self.credential = transport.credential_id().map(str::to_owned);
        self
    }

    /// Declares what the service may leave out without a sign: the source is then partial at best.
    pub fn omits(mut self, what: impl Into<String>) -> Self {
        self.omissions.push(what.into());
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

open_enum! {
    /// How much of a source was seen.
    Status {
        /// All of it.
        Complete = "complete",
        /// Some of it, or all of it without proof.
        Partial = "partial",
        /// Nothing.
        Failed = "failed",
    }
}

open_enum! {
    /// Why a source is not complete.
    Reason {
        /// The credentials may not read it.
        PermissionDenied = "permission_denied",
        /// The credentials were refused.
        Unauthenticated = "unauthenticated",
        /// There were too many requests, after all waits.
        RateLimited = "rate_limited",
        /// It was not there.
        NotFound = "not_found",
        /// No complete response came in time.
        Timeout = "timeout",
        /// The list or a page of it was cut or could not be read.
        CutList = "cut_list",
        /// The service leaves out what the caller may not see, without a sign.
        Omission = "omission",
        /// The service failed.
        Server = "server",
        /// There was no connection.
        Connect = "connect",
        /// The request was refused otherwise, or could not be made.
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

/// What is missing from a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gap {
    /// The reason, for programs.
    pub reason: Reason,
    /// The reason, for people: the error on one line, or what is left out.
    pub text: String,
}

/// What became of one source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Coverage {
    /// The name of the source.
    pub source: String,
    /// Which assignments it reads; `None` for an enumeration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
    /// The account or the public id of the key that read it, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// How much was seen.
    pub status: Status,
    /// What is missing; empty if the source is complete.
    pub gaps: Vec<Gap>,
    /// How many assignments, or sources of an enumeration, were read.
    pub read: u64,
    /// How many items the service says there are, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// When reading began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
}

impl Coverage {
    /// Returns whether all of the source was seen.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.status == Status::Complete
    }
}

/// `harness organization platform: failed after 0: harness role-assignments.list: permission denied…`
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
        Self { vendor, list, coverage }
    }

    pub(super) fn count(&mut self) {
        self.coverage.read += 1;
    }

    /// Ends it, by an error or because everything was read.
    pub(super) fn end(self, error: Option<&Error>) -> Coverage {
        let Self { list, mut coverage, .. } = self;
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
        coverage.status = match (failed, coverage.gaps.is_empty()) {
            (true, _) => Status::Failed,
            (false, false) => Status::Partial,
            (false, true) => Status::Complete,
        };
        coverage
    }
}
