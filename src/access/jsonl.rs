//! Snapshots as JSON Lines: a header, the assignments, a trailer.

use std::fmt;
use std::io::{self, BufRead, Write};

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use super::snapshot::VERSION;
use super::{Assignment, Header, Sink, Snapshot, Summary};

/// Names the format in the header.
const FORMAT: &str = "rolecall.access";

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Written<'a> {
    Header {
        format: &'static str,
        #[serde(flatten)]
        header: &'a Header,
    },
    Assignment(&'a Assignment),
    Trailer(&'a Summary),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Read {
    Header(Header),
    Assignment(Box<Assignment>),
    Trailer(Summary),
}

/// The fields of every header, whatever its version.
#[derive(Deserialize)]
struct Kind {
    format: String,
    version: u32,
}

/// Between the trailer and its hash.
const HASH: &str = ",\"sha256\":\"";

/// Writes a snapshot as JSON Lines: a header with version and provenance, a line for each
/// assignment, and a trailer with the coverage, the counts and a SHA-256 of everything before it.
/// `docs/` has the schema.
///
/// The hash detects accidents, not tampering: anyone who edits the file can recompute it.
///
/// ```
/// use rolecall::access::{JsonLines, Snapshot};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut file = Vec::new();
/// let summary = Snapshot::collect([]).write_to(&mut JsonLines::new(&mut file)).await?;
/// let read = Snapshot::read(&file[..])?;
/// assert_eq!(read.summary, summary);
/// let cut = &file[..file.len() / 2];
/// assert!(Snapshot::read(cut).is_err());
/// # Ok(())
/// # }
/// ```
pub struct JsonLines<W> {
    to: W,
    hash: Hash,
    line: Vec<u8>,
}

impl<W> fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").finish_non_exhaustive()
    }
}

impl<W: Write> JsonLines<W> {
    /// Writes to `to`, a line at a time; it should be buffered.
    pub fn new(to: W) -> Self {
        Self { to, hash: Hash::new(), line: Vec::new() }
    }

    fn serialize(&mut self, line: &Written<'_>) -> io::Result<()> {
        self.line.clear();
        Ok(serde_json::to_writer(&mut self.line, line)?)
    }

    fn write(&mut self, line: &Written<'_>) -> io::Result<()> {
        self.serialize(line)?;
        self.line.push(b'\n');
        self.hash.update(&self.line);
        self.to.write_all(&self.line)
    }
}

impl<W: Write> Sink for JsonLines<W> {
    fn begin(&mut self, header: &Header) -> io::Result<()> {
        self.write(&Written::Header { format: FORMAT, header })
    }

    fn assignment(&mut self, assignment: &Assignment) -> io::Result<()> {
        self.write(&Written::Assignment(assignment))
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        self.serialize(&Written::Trailer(summary))?;
        // Without the closing brace, which comes after the hash.
        self.line.pop();
        self.hash.update(&self.line);
        let hash = std::mem::take(&mut self.hash).finalize();
        write!(self.line, "{HASH}{}\"}}", hex(&hash))?;
        self.line.push(b'\n');
        self.to.write_all(&self.line)?;
        self.to.flush()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a file cannot be read as a snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Reading failed.
    #[error("cannot be read")]
    Io(#[from] io::Error),
    /// It is not a snapshot.
    #[error("line 1: is not the header of a snapshot")]
    NotASnapshot,
    /// The format has another version.
    #[error("format version {found}: only version {VERSION} can be read")]
    Version {
        /// The file's version.
        found: u32,
    },
    /// A line cannot be read.
    #[error("line {line}: is not a line of a snapshot: {text}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong.
        text: String,
    },
    /// There is no trailer.
    #[error("ends before its trailer: the file was cut")]
    Cut,
    /// The hash or the count in the trailer is not that of what was read.
    #[error("is not what its trailer says: the file was edited")]
    Edited,
}

impl Snapshot {
    /// Reads a snapshot that [`JsonLines`] wrote, and checks that it is complete.
    ///
    /// # Errors
    /// A [`FormatError`] for a file that is not a snapshot, has another version, was cut, or was
    /// changed without updating its hash.
    pub fn read(mut from: impl BufRead) -> Result<Self, FormatError> {
        let (mut hash, mut line, mut number) = (Hash::new(), String::new(), 0);
        let (mut header, mut assignments) = (None, Vec::new());
        loop {
            line.clear();
            number += 1;
            if from.read_line(&mut line)? == 0 {
                return Err(if number == 1 { FormatError::NotASnapshot } else { FormatError::Cut });
            }
            if header.is_none() {
                header = Some(read_header(&line)?);
                hash.update(&line);
                continue;
            }
            if !line.ends_with('\n') {
                return Err(FormatError::Cut);
            }
            let read = serde_json::from_str(&line);
            match read
                .map_err(|error| FormatError::Line { line: number, text: error.to_string() })?
            {
                Read::Assignment(assignment) => assignments.push(*assignment),
                Read::Header(_) => {
                    let text = "a second header".to_owned();
                    return Err(FormatError::Line { line: number, text });
                }
                Read::Trailer(summary) => {
                    let (before, end) = line.rsplit_once(HASH).ok_or(FormatError::Edited)?;
                    hash.update(before);
                    let same = end == format!("{}\"}}\n", hex(&hash.finalize()));
                    let counted = summary.assignments == assignments.len() as u64;
                    let last = from.fill_buf()?.is_empty();
                    let header = header.filter(|_| same && counted && last);
                    let header = header.ok_or(FormatError::Edited)?;
                    return Ok(Self { header, assignments, summary });
                }
            }
            hash.update(&line);
        }
    }
}

fn read_header(line: &str) -> Result<Header, FormatError> {
    let kind: Kind = serde_json::from_str(line).map_err(|_| FormatError::NotASnapshot)?;
    match kind.version {
        _ if kind.format != FORMAT => Err(FormatError::NotASnapshot),
        VERSION => match serde_json::from_str(line) {
            Ok(Read::Header(header)) => Ok(header),
            _ => Err(FormatError::NotASnapshot),
        },
        found => Err(FormatError::Version { found }),
    }
}
