//! The command line of `access_review`.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::demo::State;

const EXIT_CODES: &str = "Exit codes:
  0  complete, and no difference
  1  error
  2  wrong usage
  3  differences
  4  incomplete: something was not seen (counts for more than 3)";

/// Reviews who has which role at Twilio, Harness, Redox and deepset. It only reads.
#[derive(Parser)]
#[command(name = "access_review", after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Reads fakes of all services, started on this machine, instead of the services.
    #[arg(long, global = true, value_name = "STATE", num_args = 0..=1, require_equals = true,
          default_missing_value = "before")]
    pub(crate) demo: Option<State>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
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
pub(crate) enum Output {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// To keep and to compare.
    Jsonl,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum DiffOutput {
    /// A line for each difference.
    Text,
    /// One document.
    Json,
}

impl Arguments {
    /// Reads the command line; ends the program where it is wrong.
    pub(crate) fn read() -> Self {
        let read = Self::parse();
        if let Command::Collect { sources: None, everything: false, .. } = read.command
            && read.demo.is_none()
        {
            let text = "one of --sources, --everything and --demo is needed";
            Self::command().error(ErrorKind::MissingRequiredArgument, text).exit();
        }
        read
    }
}
