//! Snapshots as CSV for spreadsheets, and as a plain table for people.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use super::columns::{COLUMNS, principal, printable, role};
use super::{Assignment, Header, Sink, Snapshot, Summary};

/// Writes a snapshot as CSV (RFC 4180): a header, a record for each assignment, and at the end a
/// record for each incomplete source, so that an incomplete file does not pass for a complete one.
/// The first column says which kind of record it is.
///
/// A cell that begins with `=`, `+`, `-`, `@` (also in full width), a tab, CR, LF or `'` gets a `'` in
/// front, so that no spreadsheet evaluates it as a formula. So does what follows a `;`, tab, CR or LF in
/// a cell: a spreadsheet that takes one of these as the separator begins a cell there. Quotes before it
/// count as nothing.
///
/// ```
/// use rolecall::access::{Assignment, Covers, Csv, Scope, Snapshot, Source};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut held = Assignment::new("own");
/// held.principal.name = Some("=1+1".to_owned());
/// let covers = Covers::new("own", Scope::new("account", "a-1"));
/// let source = Source::new(covers, [Ok(held)].into_iter().collect());
/// let mut csv = Vec::new();
/// Snapshot::collect([source]).write_to(&mut Csv::new(&mut csv)).await?;
/// assert!(String::from_utf8(csv)?.contains(",'=1+1,"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Csv<W> {
    to: W,
    line: String,
}

impl<W: Write> Csv<W> {
    /// Writes to `to`, a record at a time; it should be buffered.
    pub fn new(to: W) -> Self {
        Self { to, line: String::new() }
    }

    fn record<'a>(&mut self, cells: impl IntoIterator<Item = Option<&'a str>>) -> io::Result<()> {
        self.line.clear();
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.line.push(',');
            }
            push_cell(&mut self.line, cell.unwrap_or_default());
        }
        self.line.push_str("\r\n");
        self.to.write_all(self.line.as_bytes())
    }
}

fn push_cell(to: &mut String, cell: &str) {
    let quoted = cell.contains([',', ';', '"', '\t', '\r', '\n']);
    to.extend(quoted.then_some('"'));
    // A program that reads other separators begins a cell behind each of these.
    let (mut begins, separators) = (true, [';', '\t', '\r', '\n']);
    for one in cell.chars() {
        let formula = separators[1..].contains(&one) || "=+-@'＝＋－＠".contains(one);
        to.extend((begins && formula).then_some('\''));
        to.extend((one == '"').then_some('"'));
        to.push(one);
        // A program that begins a cell there takes quotes for those around it.
        begins = separators.contains(&one) || (begins && one == '"');
    }
    to.extend(quoted.then_some('"'));
}

impl<W: Write> Sink for Csv<W> {
    fn begin(&mut self, _: &Header) -> io::Result<()> {
        let names = COLUMNS.iter().map(|column| Some(column.name));
        self.record([Some("record")].into_iter().chain(names).chain([Some("note")]))
    }

    fn assignment(&mut self, assignment: &Assignment) -> io::Result<()> {
        let cells: Vec<_> = COLUMNS.iter().map(|column| (column.text)(assignment)).collect();
        let cells = cells.iter().map(Option::as_deref);
        self.record([Some("assignment")].into_iter().chain(cells).chain([None]))
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        for coverage in summary.incomplete() {
            let note = coverage.to_string();
            let cells = COLUMNS.iter().map(|_| None);
            self.record([Some("incomplete")].into_iter().chain(cells).chain([Some(&*note)]))?;
        }
        self.to.flush()
    }
}

/// A snapshot as a plain table; see [`Snapshot::table`].
#[derive(Clone, Copy, Debug)]
pub struct Table<'a>(&'a Snapshot);

impl Snapshot {
    /// Returns a plain table for people: who has which role, scope by scope, and the incomplete
    /// sources. Control characters are escaped.
    pub fn table(&self) -> Table<'_> {
        Table(self)
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut scopes: BTreeMap<String, Vec<[String; 2]>> = BTreeMap::new();
        for it in &self.0.assignments {
            let scope = printable(&format!("{} {}", it.vendor, it.scope));
            let row = [principal(&it.principal), role(it)].map(|text| printable(&text));
            scopes.entry(scope).or_default().push(row);
        }
        let widths = scopes.values().flatten().map(|[who, _]| who.chars().count());
        let width = widths.max().unwrap_or_default();
        for (scope, rows) in &scopes {
            writeln!(f, "{scope}")?;
            rows.iter().try_for_each(|[who, role]| writeln!(f, "  {who:width$}  {role}"))?;
        }
        let Summary { assignments, coverage, .. } = &self.0.summary;
        write!(f, "\n{assignments} assignments from {} sources", coverage.len())?;
        if self.0.is_complete() {
            return writeln!(f, ", complete");
        }
        writeln!(f, "; incomplete:")?;
        let mut incomplete = self.0.summary.incomplete();
        incomplete.try_for_each(|coverage| writeln!(f, "  {}", printable(&coverage.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::push_cell;

    #[test]
    fn quotes_do_not_hide_a_formula_behind_another_separator() {
        for (cell, written) in [
            ("a;\"=1", "\"a;\"\"'=1\""),
            ("a\t\"\"+1;\"b;-1", "\"a\t\"\"\"\"'+1;\"\"b;'-1\""),
            ("\"=1", "\"\"\"'=1\""),
        ] {
            let mut line = String::new();
            push_cell(&mut line, cell);
            assert_eq!(line, written, "{cell}");
        }
    }
}
