//! Lists who has which role at every vendor, and what changed since the last snapshot.
//!
//! ```sh
//! cargo run --example access_review -- --demo collect
//! cargo install --path . --example access_review
//! ```
//!
//! It only reads. Credentials come from the environment, under the names that each client's `from_env`
//! documents. `docs/access-review.md` walks through it.

#[path = "access_review/arguments.rs"]
mod arguments;
#[path = "access_review/demo.rs"]
mod demo;
#[path = "access_review/sources.rs"]
mod sources;

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write, stdout};
use std::path::Path;
use std::process::ExitCode;

use arguments::{Arguments, Command, DiffOutput, Output};
use indicatif::{ProgressBar, ProgressStyle};
use rolecall::access::{Csv, Difference, JsonLines, Progress, Snapshot, Source, Summary};

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { demo, command } = Arguments::read();
    let ended = match command {
        Command::Collect { sources, output, concurrency, .. } => {
            collect(demo, sources.as_deref(), output, concurrency).await
        }
        Command::Diff { old, new, output } => diff(&old, &new, output),
    };
    ended.unwrap_or_else(|error| {
        let causes = std::iter::successors(Some(&*error), |&error| error.source());
        let line: Vec<_> = causes.map(ToString::to_string).collect();
        eprintln!("{}", line.join(": "));
        ExitCode::FAILURE
    })
}

type Ended = Result<ExitCode, Box<dyn Error>>;

async fn collect(
    demo: Option<demo::State>,
    file: Option<&Path>,
    output: Output,
    concurrency: usize,
) -> Ended {
    // The fakes serve until they are dropped.
    let (_fakes, sources): (_, Vec<Source>) = match (demo, file) {
        (Some(state), _) => {
            let (fakes, sources) = demo::start(state).await?;
            (Some(fakes), sources)
        }
        (None, Some(file)) => (None, sources::from_file(file)?),
        (None, None) => (None, sources::everything()?),
    };
    // It draws on standard error, and only on a terminal.
    let bar = ProgressBar::new(0)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} sources, {msg}")?);
    let report = |Progress { finished, sources, assignments, .. }: Progress| {
        bar.set_length(sources as u64);
        bar.set_position(finished as u64);
        bar.set_message(format!("{assignments} assignments"));
    };
    let collect = Snapshot::collect(sources).concurrency(concurrency).progress(report);
    let mut out = BufWriter::new(stdout());
    let summary = match output {
        Output::Jsonl => collect.write_to(&mut JsonLines::new(&mut out)).await?,
        Output::Csv => collect.write_to(&mut Csv::new(&mut out)).await?,
        Output::Table => {
            let snapshot = collect.in_memory().await;
            write!(out, "{}", snapshot.table())?;
            snapshot.summary
        }
    };
    out.flush()?;
    bar.finish_and_clear();
    Ok(report_incomplete(&summary))
}

fn report_incomplete(summary: &Summary) -> ExitCode {
    for coverage in summary.incomplete() {
        eprintln!("incomplete: {coverage}");
    }
    ExitCode::from(if summary.is_complete() { 0 } else { 4 })
}

fn diff(old: &Path, new: &Path, output: DiffOutput) -> Ended {
    let read = |path: &Path| -> Result<Snapshot, Box<dyn Error>> {
        let named = |error: &dyn Error| match error.source() {
            Some(cause) => format!("{}: {error}: {cause}", path.display()),
            None => format!("{}: {error}", path.display()),
        };
        let file = File::open(path).map_err(|error| named(&error))?;
        Ok(Snapshot::read(BufReader::new(file)).map_err(|error| named(&error))?)
    };
    let difference = Difference::between(&read(old)?, &read(new)?);
    let mut out = BufWriter::new(stdout());
    match output {
        DiffOutput::Text => write!(out, "{difference}")?,
        DiffOutput::Json => writeln!(out, "{}", serde_json::to_string(&difference)?)?,
    }
    out.flush()?;
    Ok(ExitCode::from(match (difference.is_complete(), difference.is_empty()) {
        (false, _) => 4,
        (true, false) => 3,
        (true, true) => 0,
    }))
}
