//! Snapshots: the assignments of many sources, and what is missing from them.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::task::{Context, Poll};

use serde::{Deserialize, Serialize};

use super::source::{Found, Reading};
use super::{Assignment, Coverage, Source, Vendor};
use crate::model::Timestamp;

/// The version of the format of snapshots. Every change that an older reader could misunderstand
/// increments it.
pub(super) const VERSION: u32 = 1;

/// The provenance of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// The version of the format.
    pub version: u32,
    /// The program that collected it: `rolecall/0.2.0`.
    pub tool: String,
    /// When collecting began.
    pub started: Timestamp,
    /// The sources that were requested. An [enumeration](super::Source::enumeration) discovers
    /// further ones while it is read; the coverage includes those too.
    pub sources: Vec<Provenance>,
}

/// A source, and the credential that reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Provenance {
    /// The name of the source.
    pub source: String,
    /// The account or the public id of the key, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// What a snapshot read, and what is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// When collecting ended.
    pub finished: Timestamp,
    /// How many assignments were read.
    pub assignments: u64,
    /// The coverage of each source, sorted by name.
    pub coverage: Vec<Coverage>,
}

impl Summary {
    /// Returns whether every source is complete.
    pub fn is_complete(&self) -> bool {
        self.coverage.iter().all(Coverage::is_complete)
    }

    /// Returns the coverage of the incomplete sources.
    pub fn incomplete(&self) -> impl Iterator<Item = &Coverage> {
        self.coverage.iter().filter(|coverage| !coverage.is_complete())
    }
}

/// The assignments of many sources, read over some time and not at one instant, and how complete
/// they are.
///
/// ```
/// # #[cfg(all(feature = "testing", feature = "redox", feature = "harness"))]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::access::{Reason, Snapshot};
/// use rolecall::testing::{Fault, HarnessFake, RedoxFake};
///
/// let (harness, redox) = (HarnessFake::start().await?, RedoxFake::start().await?);
/// redox.next(1, Fault::status(403));
/// let mut sources = harness.client()?.org("platform").sources();
/// sources.extend(redox.client()?.organization("7").sources());
///
/// let snapshot = Snapshot::collect(sources).concurrency(4).in_memory().await;
/// assert!(!snapshot.is_complete());
/// let refused = snapshot.summary.incomplete().find(|it| it.source.starts_with("redox"));
/// assert_eq!(refused.ok_or("none")?.gaps[0].reason, Reason::PermissionDenied);
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "testing", feature = "redox", feature = "harness")))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The provenance.
    pub header: Header,
    /// The assignments: sorted if they were collected [in memory](Collect::in_memory), otherwise in the
    /// order in which they were written.
    pub assignments: Vec<Assignment>,
    /// What was read, and what is missing.
    pub summary: Summary,
}

impl Snapshot {
    /// Prepares to collect all assignments of these sources. Nothing is read before
    /// [`in_memory`](Collect::in_memory) or [`write_to`](Collect::write_to) is awaited.
    pub fn collect<'a>(sources: impl IntoIterator<Item = Source>) -> Collect<'a> {
        let sources = sources.into_iter().collect();
        Collect { sources, concurrency: 8, progress: None }
    }

    /// Returns whether every source is complete.
    pub fn is_complete(&self) -> bool {
        self.summary.is_complete()
    }

    /// Writes it to a sink, the assignments in their order.
    ///
    /// # Errors
    /// The sink's.
    pub fn write_to<S: Sink>(&self, sink: &mut S) -> io::Result<()> {
        sink.begin(&self.header)?;
        self.assignments.iter().try_for_each(|assignment| sink.assignment(assignment))?;
        sink.end(&self.summary)
    }
}

/// Receives a snapshot while it is collected: [`JsonLines`](super::JsonLines), [`Csv`](super::Csv),
/// or one of your own.
pub trait Sink {
    /// Takes the provenance; called once, first.
    ///
    /// # Errors
    /// Those of the sink, which end the collecting.
    fn begin(&mut self, header: &Header) -> io::Result<()>;

    /// Takes an assignment.
    ///
    /// # Errors
    /// Those of the sink, which end the collecting.
    fn assignment(&mut self, assignment: &Assignment) -> io::Result<()>;

    /// Takes the summary; called once, last.
    ///
    /// # Errors
    /// Those of the sink.
    fn end(&mut self, summary: &Summary) -> io::Result<()>;
}

/// The progress of collecting.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// How many sources are finished.
    pub finished: usize,
    /// How many sources are known so far; it grows while enumerations are read.
    pub sources: usize,
    /// How many assignments were read.
    pub assignments: u64,
}

/// Collects a snapshot: set it up, then await [`in_memory`](Self::in_memory) or
/// [`write_to`](Self::write_to).
///
/// Collecting changes nothing: apart from token requests, it sends only reads. At most
/// [`concurrency`](Self::concurrency) sources of a vendor are read at a time; the sources of
/// different vendors do not wait for each other. A source that fails does not stop the others. Each
/// client's own time limits and retries apply. When the future is dropped, all reading stops.
#[must_use = "nothing is read before `in_memory` or `write_to` is awaited"]
pub struct Collect<'a> {
    sources: Vec<Source>,
    concurrency: usize,
    progress: Option<Box<dyn FnMut(Progress) + Send + 'a>>,
}

impl fmt::Debug for Collect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collect")
            .field("sources", &self.sources)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

impl<'a> Collect<'a> {
    /// Sets how many sources of one vendor are read concurrently. Default 8; 0 counts as 1.
    pub fn concurrency(mut self, sources: usize) -> Self {
        self.concurrency = sources.max(1);
        self
    }

    /// Sets a callback for the progress, called now and then while sources are read, and at the end of
    /// each.
    pub fn progress(mut self, report: impl FnMut(Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(report));
        self
    }

    /// Collects into memory.
    pub async fn in_memory(self) -> Snapshot {
        let header = self.header();
        let mut assignments = Vec::new();
        let each = |assignment| {
            assignments.push(assignment);
            Ok::<(), Infallible>(())
        };
        let Ok(summary) = self.run(each).await;
        assignments.sort();
        Snapshot { header, assignments, summary }
    }

    /// Collects into a sink, with one page in memory for each source that is being read. The
    /// assignments are written in the order in which they arrive.
    ///
    /// # Errors
    /// Those of the sink. The errors of sources are in the summary.
    pub async fn write_to<S: Sink + Send>(self, sink: &mut S) -> io::Result<Summary> {
        sink.begin(&self.header())?;
        let summary = self.run(|assignment| sink.assignment(&assignment)).await?;
        sink.end(&summary)?;
        Ok(summary)
    }

    fn header(&self) -> Header {
        let provenance = |source: &Source| Provenance {
            source: source.name.clone(),
            credential: source.credential.clone(),
        };
        Header {
            version: VERSION,
            tool: concat!("rolecall/", env!("CARGO_PKG_VERSION")).to_owned(),
            started: Timestamp::now(),
            sources: self.sources.iter().map(provenance).collect(),
        }
    }

    async fn run<E>(
        self,
        mut each: impl FnMut(Assignment) -> Result<(), E> + Send,
    ) -> Result<Summary, E> {
        let mut work = Work {
            waiting: BTreeMap::new(),
            reading: Vec::new(),
            coverage: Vec::new(),
            concurrency: self.concurrency,
            progress: self.progress,
            assignments: 0,
        };
        self.sources.into_iter().for_each(|source| work.add(source));
        std::future::poll_fn(|context| work.poll(context, &mut each)).await?;
        let Work { mut coverage, assignments, .. } = work;
        coverage.sort();
        Ok(Summary { finished: Timestamp::now(), assignments, coverage })
    }
}

/// The sources that wait, those that are being read, and the coverage of the others.
struct Work<'a> {
    waiting: BTreeMap<Vendor, VecDeque<Source>>,
    reading: Vec<Reading>,
    coverage: Vec<Coverage>,
    concurrency: usize,
    progress: Option<Box<dyn FnMut(Progress) + Send + 'a>>,
    assignments: u64,
}

/// How many items of one source are taken before the others get their turn.
const TURN: usize = 256;

/// The state of a source after its turn.
enum Turn {
    Waits,
    HasMore,
    Ended(Option<crate::error::Error>),
}

impl Work<'_> {
    fn add(&mut self, source: Source) {
        self.waiting.entry(source.vendor.clone()).or_default().push_back(source);
    }

    /// Starts to read waiting sources, up to the limit of each vendor.
    fn fill(&mut self) {
        for (vendor, waiting) in &mut self.waiting {
            let busy = self.reading.iter().filter(|reading| reading.vendor == *vendor).count();
            let room = self.concurrency.saturating_sub(busy).min(waiting.len());
            self.reading.extend(waiting.drain(..room).map(Reading::start));
        }
    }

    fn poll<E>(
        &mut self,
        context: &mut Context<'_>,
        each: &mut impl FnMut(Assignment) -> Result<(), E>,
    ) -> Poll<Result<(), E>> {
        loop {
            self.fill();
            if self.reading.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let (mut index, mut ended) = (0, false);
            while index < self.reading.len() {
                match self.turn(index, context, each)? {
                    Turn::Waits => index += 1,
                    Turn::HasMore => {
                        context.waker().wake_by_ref();
                        index += 1;
                    }
                    Turn::Ended(error) => {
                        let reading = self.reading.swap_remove(index);
                        self.coverage.push(reading.end(error.as_ref()));
                        self.report();
                        ended = true;
                    }
                }
            }
            if !ended {
                return Poll::Pending;
            }
        }
    }

    /// Takes what one source has ready.
    fn turn<E>(
        &mut self,
        index: usize,
        context: &mut Context<'_>,
        each: &mut impl FnMut(Assignment) -> Result<(), E>,
    ) -> Result<Turn, E> {
        for taken in 0..TURN {
            match self.reading[index].list.poll(context) {
                Poll::Pending => {
                    if taken > 0 {
                        self.report();
                    }
                    return Ok(Turn::Waits);
                }
                Poll::Ready(None) => return Ok(Turn::Ended(None)),
                Poll::Ready(Some(Err(error))) => return Ok(Turn::Ended(Some(error))),
                Poll::Ready(Some(Ok(found))) => {
                    self.reading[index].count(&found);
                    match found {
                        Found::Source(source) => self.add(*source),
                        Found::Assignment(assignment) => {
                            self.assignments += 1;
                            each(*assignment)?;
                        }
                    }
                }
            }
        }
        self.report();
        Ok(Turn::HasMore)
    }

    fn report(&mut self) {
        let waiting: usize = self.waiting.values().map(VecDeque::len).sum();
        let finished = self.coverage.len();
        let sources = finished + self.reading.len() + waiting;
        if let Some(report) = &mut self.progress {
            report(Progress { finished, sources, assignments: self.assignments });
        }
    }
}
