//! The common parts of the examples of one call: their arguments, and how they end.

use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;

use serde::Serialize;

/// Returns the arguments; none at all if one of them is not text, which ends in the usage line.
pub(crate) fn arguments() -> Vec<String> {
    let arguments = std::env::args_os().skip(1);
    let texts: Result<_, _> = arguments.map(|argument| argument.into_string()).collect();
    texts.unwrap_or_default()
}

/// Prints the usage and ends with exit code 2.
pub(crate) fn usage(text: &str) -> ExitCode {
    eprintln!("usage: {text}");
    ExitCode::from(2)
}

/// Prints the response in the vendor's own field names as one line of JSON, or an error as one line
/// and exit code 1.
pub(crate) fn finish<T: Serialize>(result: Result<T, rolecall::Error>) -> ExitCode {
    let Err(error) = result.map_err(Into::into).and_then(print) else {
        return ExitCode::SUCCESS;
    };
    eprintln!("{error}");
    ExitCode::FAILURE
}

fn print<T: Serialize>(response: T) -> Result<(), Box<dyn Error>> {
    // Not `println!`, which panics if the reader is gone. The call has succeeded by now, and an error
    // that did not say so would invite a second try.
    writeln!(stdout(), "{}", serde_json::to_string(&response)?).map_err(|error| {
        format!("the call succeeded, but its response cannot be shown: {error}").into()
    })
}
