//! The reports of calls about one item, and what follows from them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rolecall::testing::Received;
use rolecall::{Effect, Ensured, EnsuredAbsent, Error};

use super::faults;
use super::vendors::{Change, Changed, START};

/// A call about one thing; a number chooses the list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Create,
    Ensure,
    Look,
    List(u32),
    Change(Change),
    Delete,
    EnsureAbsent,
}

/// All that a call can end in.
pub(crate) const OUTCOMES: &[&str] = &[
    "done",
    "changed",
    "not applied",
    "unknown",
    "applied",
    "cancelled",
    "Created",
    "AlreadyExisted",
    "Indeterminate",
    "Deleted",
    "AlreadyAbsent",
    "Indeterminate absence",
    "seen",
    "not seen",
    "listed",
];

/// What a call reported.
#[derive(Clone, Debug)]
pub(crate) enum Report {
    Done(String),
    Changed(Changed),
    Ensured(Ensured<String>),
    EnsuredAbsent(EnsuredAbsent),
    /// What it holds, if it is there.
    Seen(Option<u32>),
    Listed(Vec<u32>),
    Failed(Error),
    /// Nothing: its caller did not wait.
    Cancelled,
}

impl Report {
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Changed(_) => "changed",
            Self::Ensured(Ensured::Created(_)) => "Created",
            Self::Ensured(Ensured::AlreadyExisted(_)) => "AlreadyExisted",
            Self::Ensured(Ensured::Indeterminate(_)) => "Indeterminate",
            Self::EnsuredAbsent(EnsuredAbsent::Deleted) => "Deleted",
            Self::EnsuredAbsent(EnsuredAbsent::AlreadyAbsent) => "AlreadyAbsent",
            Self::EnsuredAbsent(EnsuredAbsent::Indeterminate) => "Indeterminate absence",
            Self::Seen(Some(_)) => "seen",
            Self::Seen(None) => "not seen",
            Self::Listed(_) => "listed",
            Self::Failed(error) => match error.effect() {
                Effect::NotApplied => "not applied",
                Effect::Unknown => "unknown",
                Effect::Applied => "applied",
            },
            Self::Cancelled => "cancelled",
        }
    }

    /// The id of what a call created or found.
    fn id(&self) -> Option<&str> {
        match self {
            Self::Done(id) => Some(id),
            Self::Ensured(ensured) => Some(ensured.get()),
            _ => None,
        }
    }
}

/// All that calls reported about one thing, and what follows from it.
pub(crate) struct History {
    pub(crate) number: u32,
    pub(crate) reports: Vec<(Action, Report)>,
    /// How many things of this number may be there in the end.
    pub(crate) least: usize,
    pub(crate) most: usize,
    /// What such a thing may hold, and whether a change may still be on its way.
    pub(crate) contents: BTreeSet<u32>,
    pub(crate) changing: bool,
    /// How often the service may have been asked to create it, and to change it.
    pub(crate) creates: usize,
    pub(crate) changes: usize,
    /// What is wrong.
    pub(crate) wrong: Vec<&'static str>,
    /// What is wrong unless a response claimed more than the service did.
    pub(crate) doubtful: Vec<&'static str>,
}

impl History {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            number,
            reports: Vec::new(),
            least: 0,
            most: 0,
            contents: BTreeSet::from([START]),
            changing: false,
            creates: 0,
            changes: 0,
            wrong: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    pub(crate) fn is_there(&self) -> bool {
        self.least > 0
    }

    /// The service's id of it, where a call returned one.
    pub(crate) fn id(&self) -> Option<String> {
        let id = self.reports.iter().find_map(|(_, report)| report.id());
        id.filter(|id| !id.is_empty()).map(str::to_owned)
    }

    /// A create, or an `ensure`, of what is there, is not, or may be.
    pub(crate) fn created(&mut self, creates: usize, report: &Report) {
        self.creates += creates;
        match report.outcome() {
            "AlreadyExisted" if self.most == 0 => {
                self.wrong.push("AlreadyExisted, but no call created it");
            }
            "Created" if self.is_there() => self.doubtful.push("Created, but it was there"),
            _ => {}
        }
        if report.outcome() == "applied" || report.id().is_some() {
            (self.least, self.most) = (1, 1);
        } else if report.outcome() != "not applied" {
            self.most = 1;
        }
    }

    /// A change of what is there, and held one of these before.
    pub(crate) fn changed(&mut self, change: Change, held: &BTreeSet<u32>, report: &Report) {
        self.changes += 1;
        if let Report::Changed(Changed { before, now }) = *report {
            let fits =
                |held: &u32| change.of(*held) == now && before.is_none_or(|before| before == *held);
            if !held.iter().any(fits) {
                self.doubtful.push("changed, but not from what it held to what was asked for");
            }
        }
        let changed: Vec<u32> = self.contents.iter().map(|held| change.of(*held)).collect();
        match report.outcome() {
            "not applied" => {}
            "unknown" | "cancelled" => {
                self.contents.extend(changed);
                self.changing = true;
            }
            _ => self.contents = BTreeSet::from_iter(changed),
        }
    }

    /// A removal of what is there, or never was.
    pub(crate) fn removed(&mut self, report: &Report) {
        match report.outcome() {
            "AlreadyAbsent" if self.is_there() => {
                self.wrong.push("AlreadyAbsent, but it was there");
            }
            "Deleted" if self.most == 0 => self.doubtful.push("Deleted, but no call created it"),
            _ => {}
        }
        match report.outcome() {
            "not applied" => {}
            "unknown" | "cancelled" => self.least = 0,
            _ => (self.least, self.most) = (0, 0),
        }
    }

    /// A read, which has no effect. The permanent things are listed once, and all others at most
    /// once unless their rows move.
    pub(crate) fn seen(&mut self, permanent: &[u32], moves: bool, report: &Report) {
        match report {
            Report::Seen(Some(_)) if self.most == 0 => {
                self.wrong.push("seen, but no call created it");
            }
            Report::Seen(Some(content)) if !self.contents.contains(content) => {
                self.doubtful.push("seen to hold what no call wrote");
            }
            Report::Seen(None) if self.is_there() => self.wrong.push("there, but not seen"),
            Report::Listed(all) => self.listed(all, permanent, moves),
            Report::Failed(error) if error.effect() != Effect::NotApplied => {
                self.wrong.push("a read with an effect");
            }
            _ => {}
        }
    }

    fn listed(&mut self, all: &[u32], permanent: &[u32], moves: bool) {
        let times = |number: &u32| all.iter().filter(|one| *one == number).count();
        if permanent.iter().any(|one| times(one) != 1) {
            self.wrong.push("a permanent one is missing in the list, or is repeated");
        }
        if !moves && BTreeSet::from_iter(all).len() < all.len() {
            self.wrong.push("listed twice");
        }
        match times(&self.number) {
            0 if self.is_there() && !moves => self.wrong.push("there, but not listed"),
            1.. if self.most == 0 => self.wrong.push("listed, but no call created it"),
            _ => {}
        }
    }

    pub(crate) fn explain(
        &self,
        kind: &str,
        held: &[u32],
        requests: &[(&Received, &faults::Kind)],
    ) -> String {
        let mut text =
            format!("{kind} {:08x}: {}; held {held:?}", self.number, self.wrong.join(", "));
        for (action, report) in &self.reports {
            let _ = match report {
                Report::Failed(error) => write!(text, "\n  {action:?}: {error}"),
                report => write!(text, "\n  {action:?}: {report:?}"),
            };
        }
        for (request, met) in requests {
            let _ = write!(text, "\n  {} {} met {}", request.method(), request.target(), met.name);
        }
        text
    }
}
