//! What was said of a name, and what follows from it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rolecall::testing::Received;
use rolecall::{Effect, Ensured, EnsuredAbsent, Error};

use super::faults::Thrown;
use super::vendors::{Change, Changed, START};

/// All that a call can come to.
pub(crate) const OUTCOMES: &[&str] = &[
    "done",
    "changed",
    "not applied",
    "unknown",
    "applied",
    "gone away",
    "Created",
    "Existed",
    "Present",
    "Removed",
    "WasAbsent",
    "Absent",
    "seen",
    "not seen",
    "listed",
    "read",
];

/// What a call said.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Done(String),
    Changed(Changed),
    Ensured(Ensured<String>),
    EnsuredAbsent(EnsuredAbsent),
    /// What it holds, if it is there.
    Seen(Option<u32>),
    Listed(Vec<u32>),
    /// Whether what nobody changes is as it is.
    Read(bool),
    Failed(Error),
    /// Nothing: its caller did not wait.
    GoneAway,
}

impl Said {
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Changed(_) => "changed",
            Self::Ensured(Ensured::Created(_)) => "Created",
            Self::Ensured(Ensured::Existed(_)) => "Existed",
            Self::Ensured(Ensured::Present(_)) => "Present",
            Self::EnsuredAbsent(EnsuredAbsent::Removed) => "Removed",
            Self::EnsuredAbsent(EnsuredAbsent::WasAbsent) => "WasAbsent",
            Self::EnsuredAbsent(EnsuredAbsent::Absent) => "Absent",
            Self::Seen(Some(_)) => "seen",
            Self::Seen(None) => "not seen",
            Self::Listed(_) => "listed",
            Self::Read(_) => "read",
            Self::Failed(error) => match error.effect() {
                Effect::NotApplied => "not applied",
                Effect::Unknown => "unknown",
                Effect::Applied => "applied",
            },
            Self::GoneAway => "gone away",
        }
    }

    /// The id of what a call made or found.
    fn id(&self) -> Option<&str> {
        match self {
            Self::Done(id) => Some(id),
            Self::Ensured(ensured) => Some(ensured.get()),
            _ => None,
        }
    }
}

/// All that was said of a name, and what follows from it.
pub(crate) struct Tale {
    pub(crate) number: u32,
    said: Vec<(&'static str, Said)>,
    /// How many things of this name may be there in the end.
    pub(crate) least: usize,
    pub(crate) most: usize,
    /// What such a thing may hold, and whether a change may still be on its way.
    pub(crate) contents: BTreeSet<u32>,
    pub(crate) changing: bool,
    /// How often the service may have been asked to make it, and to change it.
    pub(crate) creates: u32,
    pub(crate) changes: u32,
    /// What is untrue.
    pub(crate) untrue: Vec<&'static str>,
    /// What is untrue unless an answer said more than the service did.
    pub(crate) doubtful: Vec<&'static str>,
}

impl Tale {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            number,
            said: Vec::new(),
            least: 0,
            most: 0,
            contents: BTreeSet::from([START]),
            changing: false,
            creates: 0,
            changes: 0,
            untrue: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    pub(crate) fn is_there(&self) -> bool {
        self.least > 0
    }

    /// What the service calls it, where a call said so.
    pub(crate) fn id(&self) -> Option<String> {
        let said = self.said.iter().find_map(|(_, said)| said.id());
        said.map(str::to_owned).filter(|id| !id.is_empty())
    }

    /// A create, or an `ensure`, of what is there, is not, or may be.
    pub(crate) fn made(&mut self, by: &'static str, creates: u32, said: Said) {
        self.creates += creates;
        let (there, never) = (self.is_there(), self.most == 0);
        match &said {
            Said::Ensured(Ensured::Existed(_)) if never => {
                self.untrue.push("Existed, but nobody had made it");
            }
            Said::Ensured(Ensured::Created(_)) if there => {
                self.doubtful.push("Created, but it was there");
            }
            _ => {}
        }
        let applied = matches!(&said, Said::Failed(error) if error.effect() == Effect::Applied);
        if applied || said.id().is_some() {
            (self.least, self.most) = (1, 1);
        } else if said.outcome() != "not applied" {
            self.most = 1;
        }
        self.said.push((by, said));
    }

    /// A change of what is there, and held one of these before.
    pub(crate) fn changed(
        &mut self,
        by: &'static str,
        change: Change,
        held: &BTreeSet<u32>,
        said: Said,
    ) {
        self.changes += 1;
        if let Said::Changed(Changed { before, now }) = said {
            let is_it =
                |held: &u32| change.of(*held) == now && before.is_none_or(|before| before == *held);
            if !held.iter().any(is_it) {
                self.doubtful.push("changed, but not from what it held to what was asked for");
            }
        }
        let changed: Vec<u32> = self.contents.iter().map(|held| change.of(*held)).collect();
        match said.outcome() {
            "not applied" => {}
            "unknown" | "gone away" => {
                self.contents.extend(changed);
                self.changing = true;
            }
            _ => self.contents = BTreeSet::from_iter(changed),
        }
        self.said.push((by, said));
    }

    /// A removal of what is there, or never was.
    pub(crate) fn removed(&mut self, by: &'static str, said: Said) {
        match &said {
            Said::EnsuredAbsent(EnsuredAbsent::WasAbsent) if self.is_there() => {
                self.untrue.push("WasAbsent, but it was there");
            }
            Said::EnsuredAbsent(EnsuredAbsent::Removed) if self.most == 0 => {
                self.doubtful.push("Removed, but nobody had made it");
            }
            _ => {}
        }
        match said.outcome() {
            "not applied" => {}
            "unknown" | "gone away" => self.least = 0,
            _ => (self.least, self.most) = (0, 0),
        }
        self.said.push((by, said));
    }

    /// A reading, which leaves no doubt. Those that stay are listed once, and all others at most once
    /// unless their rows move.
    pub(crate) fn seen(&mut self, by: &'static str, stay: &[u32], moves: bool, said: Said) {
        match &said {
            Said::Seen(Some(_)) if self.most == 0 => {
                self.untrue.push("seen, but nobody had made it");
            }
            Said::Seen(Some(content)) if !self.contents.contains(content) => {
                self.doubtful.push("seen to hold what nobody said");
            }
            Said::Seen(None) if self.is_there() => self.untrue.push("there, but not seen"),
            Said::Listed(all) => self.listed(all, stay, moves),
            Said::Read(false) => self.untrue.push("what nobody changes was read as something else"),
            Said::Failed(error) if error.effect() != Effect::NotApplied => {
                self.untrue.push("reading left a doubt");
            }
            _ => {}
        }
        self.said.push((by, said));
    }

    fn listed(&mut self, all: &[u32], stay: &[u32], moves: bool) {
        let times = |number: &u32| all.iter().filter(|one| *one == number).count();
        if stay.iter().any(|one| times(one) != 1) {
            self.untrue.push("one that stays is missing in the list, or comes twice");
        }
        if !moves && BTreeSet::from_iter(all).len() < all.len() {
            self.untrue.push("listed twice");
        }
        match times(&self.number) {
            0 if self.is_there() && !moves => self.untrue.push("there, but not listed"),
            1.. if self.most == 0 => self.untrue.push("listed, but nobody had made it"),
            _ => {}
        }
    }

    pub(crate) fn explain(
        &self,
        kind: &str,
        held: &[u32],
        requests: &[(&Received, Thrown)],
    ) -> String {
        let mut text =
            format!("{kind} {:08x}: {}; held {held:?}", self.number, self.untrue.join(", "));
        for (by, said) in &self.said {
            let _ = match said {
                Said::Failed(error) => write!(text, "\n  {by} said: {error}"),
                said => write!(text, "\n  {by} said: {said:?}"),
            };
        }
        for (request, met) in requests {
            let _ = write!(text, "\n  {} {} met {met:?}", request.method(), request.target());
        }
        text
    }
}
