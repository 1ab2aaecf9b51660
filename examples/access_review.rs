//! Lists who has which role at every vendor, and what changed since the last snapshot.
//!
//! ```sh
//! cargo run --example access_review -- --demo collect
//! cargo install --path . --example access_review
//! ```
//!
//! It only reads. Credentials come from the environment, under the names that each client's `from_env`
//! documents. `docs/access-review.md` walks through it.

#[path = "access_review/demo.rs"]
mod demo;
#[path = "access_review/sources.rs"]
mod sources;

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use rolecall::access::{Csv, Difference, JsonLines, Progress, Snapshot, Source, Summary};

const EXIT_CODES: &str = "Exit codes:
  0  complete, and no difference
  1  error
  2  wrong usage
  3  differences
  4  incomplete: something was not seen (counts for more than 3)";

/// Reviews who has which role at Twilio, Harness, Redox and deepset. It only reads.
#[derive(Parser)]
#[command(name = "access_review", after_help = EXIT_CODES)]
struct Arguments {
    /// Reads fakes of all services, started on this machine, instead of the services.
    #[arg(long, global = true, value_name = "STATE", num_args = 0..=1, require_equals = true,
          default_missing_value = "before")]
    demo: Option<demo::State>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Collects who has which role, and writes it to standard output.
    Collect {
        /// Reads what this TOML file lists.
        #[arg(long, value_name = "FILE", conflicts_with = "everything")]
        sources: Option<PathBuf>,
        /// Reads everything that can be enumerated with the credentials in the environment.
        #[arg(long)]
        everything: bool,
        /// In which form.
        #[arg(long, value_enum, default_value_t = Output::Table)]
        output: Output,
        /// How many sources of one vendor are read at once.
        #[arg(long, default_value_t = 8)]
        concurrency: usize,
    },
    /// Writes the difference of two snapshots, which `collect --output jsonl` wrote.
    Diff {
        /// The older snapshot.
        old: PathBuf,
        /// The newer snapshot.
        new: PathBuf,
        /// In which form.
        #[arg(long, value_enum, default_value_t = DiffOutput::Text)]
        output: DiffOutput,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// To keep and to compare.
    Jsonl,
}

#[derive(Clone, Copy, ValueEnum)]
enum DiffOutput {
    /// A line for each difference.
    Text,
    /// One document.
    Json,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { demo, command } = Arguments::parse();
    let ended = match command {
        Command::Collect { sources, everything, output, concurrency } => {
            if demo.is_none() && sources.is_none() && !everything {
                let text = "one of --sources, --everything and --demo is needed";
                Arguments::command().error(ErrorKind::MissingRequiredArgument, text).exit();
            }
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
