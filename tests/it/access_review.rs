//! The access review program, run as by a user, and the page that walks through it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rolecall::testing::{HarnessFake, TwilioChatFake, TwilioIamFake};

use crate::examples::{Finished, Services, program, run_in};
use crate::support::matrix::start;

const PAGE: &str = include_str!("../../docs/access-review.md");

/// A folder of a test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("it can be made");
    folder
}

fn run(folder: &Path, env: &[(&str, String)], arguments: &[&str]) -> Finished {
    run_in(folder, "access_review", env, arguments)
}

/// The blocks of the page in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    let blocks = PAGE.split(&*start).skip(1);
    blocks.map(|rest| rest.split_once("```").expect("a block ends").0).collect()
}

/// Every command of the page does what the page shows.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_the_program_does() {
    let folder = folder("walkthrough");
    let services = Services::start().await;
    services.chat.add_channel("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "support", "private");
    services.harness.add_project("platform", "web");
    let mut env = services.env();
    env.retain(|(name, _)| !["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"].contains(name));
    let more = [
        ("TWILIO_ORGANIZATION_SID", TwilioIamFake::ORGANIZATION),
        ("TWILIO_API_KEY", TwilioChatFake::API_KEY),
        ("TWILIO_API_SECRET", TwilioChatFake::API_SECRET),
        ("REDOX_ORGANIZATION_ID", "7"),
    ];
    env.extend(more.map(|(name, value)| (name, value.to_owned())));
    let [sources] = blocks("toml")[..] else { panic!("one file of sources") };
    fs::write(folder.join("sources.toml"), sources).expect("it is written");
    let blocks = blocks("console");
    let commands = blocks.iter().flat_map(|block| {
        let commands = block.strip_prefix("$ ").expect("a command comes first");
        commands.split("\n$ ").map(|one| one.split_once('\n').unwrap_or((one, "")))
    });
    let commands: Vec<_> = commands.collect();
    assert_eq!(commands.len(), 10);
    for (command, expected) in commands {
        let (line, to) = match command.split_once(" > ") {
            Some((line, to)) => (line, Some(to)),
            None => (command, None),
        };
        let stdout = match line.split(' ').collect::<Vec<_>>()[..] {
            ["access_review", ref arguments @ ..] => {
                let Finished { code, stdout, stderr } = run(&folder, &env, arguments);
                let mut seen = if to.is_none() { stdout.clone() + &stderr } else { stderr };
                if let Some(code @ 1..) = code {
                    seen += &format!("(exit code {code})\n");
                }
                assert_eq!(seen.trim_end(), expected.trim_end(), "{command}");
                stdout
            }
            // Not every machine has it.
            ["sed", rule, file] => {
                let [_, from, into, ""] = rule.split('/').collect::<Vec<_>>()[..] else {
                    panic!("{rule}")
                };
                let text = fs::read_to_string(folder.join(file)).expect("it is there");
                text.replacen(from, into, 1)
            }
            _ => panic!("not known here: {command}"),
        };
        if let Some(to) = to {
            fs::write(folder.join(to), stdout).expect("it is written");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_and_refusals() {
    let folder = folder("exit_codes");
    let demo = |state: &str, file: &str| {
        let finished = run(&folder, &[], &[state, "collect", "--output", "jsonl"]);
        fs::write(folder.join(file), &finished.stdout).expect("it is written");
        finished
    };
    assert_eq!(demo("--demo", "before").code, Some(0));
    assert_eq!(demo("--demo=after", "after").code, Some(0));
    let outage = demo("--demo=outage", "outage");
    assert_eq!(outage.code, Some(4));
    assert!(outage.stderr.contains("incomplete: redox organization 7 > environment env-1: failed"));

    let text = fs::read_to_string(folder.join("before")).expect("it is there");
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let write =
        |file: &str, text: String| fs::write(folder.join(file), text).expect("it is written");
    write("cut", lines[..lines.len() - 1].concat());
    write("half", text[..text.len() / 2].to_owned());
    write("edited", text.replacen("owner", "member", 1));
    write("version", text.replacen("\"version\":1", "\"version\":9", 1));
    write(
        "unknown.toml",
        "[[source]]\nservice = \"redox\"\norganization = \"7\"\nother = 1\n".to_owned(),
    );
    write("project.toml", "[[source]]\nservice = \"harness\"\nproject = \"web\"\n".to_owned());
    let key = [("HARNESS_API_KEY", HarnessFake::API_KEY.to_owned())];
    for (env, arguments, code, stdout, stderr) in [
        (&[][..], &["diff", "before", "before"][..], 0, "0 granted, 0 revoked, 0 changed", ""),
        (&[], &["diff", "before", "after"], 3, "- redox organization 7", ""),
        (&[], &["diff", "before", "after", "--output", "json"], 3, "{\"granted\":[{", ""),
        (&[], &["diff", "before", "outage"], 4, "? redox organization 7 > environment env-1", ""),
        (&[], &["diff", "before", "cut"], 1, "", "cut: ends before its trailer: the file was cut"),
        (&[], &["diff", "half", "before"], 1, "", "half: ends before its trailer"),
        (&[], &["diff", "before", "edited"], 1, "", "edited: is not what its trailer says"),
        (&[], &["diff", "version", "before"], 1, "", "version: format version 9: only version 1"),
        (&[], &["diff", "before", "none"], 1, "", "none: "),
        (&[], &["diff", "unknown.toml", "before"], 1, "", "is not the header of a snapshot"),
        (&[], &["diff", "before"], 2, "", "Usage: access_review diff"),
        (&[], &["collect"], 2, "", "one of --sources, --everything and --demo is needed"),
        (&[], &["collect", "--everything", "--sources", "x"], 2, "", "cannot be used with"),
        (&[], &["--demo=other", "collect"], 2, "", "invalid value 'other'"),
        (&[], &[], 2, "", "Usage: access_review"),
        (&[], &["--help"], 0, "4  incomplete: something was not seen", ""),
        (&[], &["collect", "--everything"], 1, "", "no credentials of any service"),
        (&[], &["collect", "--sources", "none"], 1, "", "none: "),
        (&[], &["collect", "--sources", "unknown.toml"], 1, "", "unknown field `other`"),
        (&key, &["collect", "--sources", "project.toml"], 1, "", "a project needs its org"),
    ] {
        let finished = run(&folder, env, arguments);
        let Finished { code: actual, stdout: out, stderr: err } = finished;
        assert_eq!(actual, Some(code), "{arguments:?}: {out}{err}");
        assert!(out.contains(stdout) && err.contains(stderr), "{arguments:?}: {out}{err}");
        assert!(!stdout.is_empty() || out.is_empty(), "{arguments:?}: {out}");
        assert!(!stderr.is_empty() || err.is_empty(), "{arguments:?}: {err}");
    }
}

/// The reader of the output may close it.
#[test]
fn a_closed_pipe_is_an_error_and_no_panic() {
    let mut command = Command::new(program("access_review"));
    command.args(["--demo", "collect"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = start(&mut command);
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}
