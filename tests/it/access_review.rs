//! The access review program, run as by a user, and the page that walks through it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
use rolecall::testing::{
    DeepsetFake, Fault, HarnessFake, RedoxFake, TwilioChatFake, TwilioIamFake,
};

use crate::examples::{Finished, program, run_in};
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

/// Fakes of all services, and the environment that leads to them.
async fn services() -> (impl Sized, Vec<(&'static str, String)>) {
    let twilio = TwilioIamFake::start().await.expect("a free port");
    let chat = TwilioChatFake::start().await.expect("a free port");
    chat.add_channel("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "support", "private");
    let harness = HarnessFake::start().await.expect("a free port");
    let redox = RedoxFake::start().await.expect("a free port");
    let deepset = DeepsetFake::start().await.expect("a free port");
    harness.add_project("platform", "web");
    let env = vec![
        ("TWILIO_CLIENT_ID", TwilioIamFake::CLIENT_ID.to_owned()),
        ("TWILIO_CLIENT_SECRET", TwilioIamFake::CLIENT_SECRET.to_owned()),
        ("TWILIO_IAM_BASE_URL", twilio.uri()),
        ("TWILIO_TOKEN_URL", twilio.token_url()),
        ("TWILIO_ORGANIZATION_SID", TwilioIamFake::ORGANIZATION.to_owned()),
        ("TWILIO_API_KEY", TwilioChatFake::API_KEY.to_owned()),
        ("TWILIO_API_SECRET", TwilioChatFake::API_SECRET.to_owned()),
        ("TWILIO_CHAT_BASE_URL", chat.uri()),
        ("TWILIO_CONVERSATIONS_BASE_URL", chat.uri()),
        ("HARNESS_API_KEY", HarnessFake::API_KEY.to_owned()),
        ("HARNESS_BASE_URL", harness.uri()),
        ("REDOX_API_TOKEN", RedoxFake::TOKEN.to_owned()),
        ("REDOX_BASE_URL", format!("{}/platform", redox.uri())),
        ("REDOX_ORGANIZATION_ID", "7".to_owned()),
        ("DEEPSET_API_KEY", DeepsetFake::API_KEY.to_owned()),
        ("DEEPSET_BASE_URL", deepset.uri()),
    ];
    ((twilio, chat, harness, redox, deepset), env)
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
    let (_services, env) = services().await;
    let [sources] = blocks("toml")[..] else { panic!("one file of sources") };
    fs::write(folder.join("sources.toml"), sources).expect("it is written");
    let mut commands = 0;
    for block in blocks("console") {
        let mut shown = block.lines().peekable();
        while let Some(line) = shown.next() {
            let command = line.strip_prefix("$ ").expect("a command comes first");
            let mut expected = String::new();
            while let Some(line) = shown.next_if(|line| !line.starts_with("$ ")) {
                expected += line;
                expected += "\n";
            }
            let (command, to) = match command.split_once(" > ") {
                Some((command, to)) => (command, Some(to)),
                None => (command, None),
            };
            let mut words = command.split(' ');
            let stdout = match words.next() {
                Some("access_review") => {
                    let arguments: Vec<_> = words.collect();
                    let finished = run(&folder, &env, &arguments);
                    let mut seen = finished.stderr;
                    if to.is_none() {
                        seen = format!("{}{seen}", finished.stdout);
                    }
                    if let Some(code @ 1..) = finished.code {
                        seen += &format!("(exit code {code})\n");
                    }
                    assert_eq!(seen, expected, "{command}");
                    finished.stdout
                }
                // Not every machine has it.
                Some("sed") => {
                    let [rule, file] = words.collect::<Vec<_>>()[..] else { panic!("{command}") };
                    let [_, from, into, ""] = rule.split('/').collect::<Vec<_>>()[..] else {
                        panic!("{rule}")
                    };
                    let text = fs::read_to_string(folder.join(file)).expect("it is there");
                    text.replacen(from, into, 1)
                }
                other => panic!("{other:?} is not known here"),
            };
            if let Some(to) = to {
                fs::write(folder.join(to), stdout).expect("it is written");
            }
            commands += 1;
        }
    }
    assert_eq!(commands, 10);
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

/// Whatever keeps a service from being read: it is named, and nothing there is revoked.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_is_exit_code_4_and_no_revocation() {
    let folder = folder("not_read");
    let redox = RedoxFake::start().await.expect("a free port");
    let client = redox.client().expect("it is set up well");
    let role = RoleRef::id("owner").expect("it is an id");
    let new = NewRoleAssignment::new(role, UserRef::id("ada").expect("it is an id"));
    client.organization("7").role_assignments().assign(&new).await.expect("it succeeds");
    let env = [
        ("REDOX_API_TOKEN", RedoxFake::TOKEN.to_owned()),
        ("REDOX_BASE_URL", format!("{}/platform", redox.uri())),
    ];
    let sources = "[[source]]\nservice = \"redox\"\norganization = \"7\"\n";
    fs::write(folder.join("sources.toml"), sources).expect("it is written");
    let collect = |file: &str| {
        let arguments = ["collect", "--sources", "sources.toml", "--output", "jsonl"];
        let finished = run(&folder, &env, &arguments);
        fs::write(folder.join(file), &finished.stdout).expect("it is written");
        finished
    };
    assert_eq!(collect("old").code, Some(0));
    for (fault, reason) in [
        (Fault::status(403), "permission denied"),
        (Fault::status(429).retry_after(Duration::from_secs(600)), "rate limited"),
        (Fault::status(404), "not found"),
        (Fault::truncated(), "connection"),
    ] {
        redox.next_on("/platform/v1/organizations/7/role-assignment", 9, fault);
        let Finished { code, stderr, .. } = collect("new");
        redox.clear_faults();
        assert_eq!(code, Some(4), "{stderr}");
        assert!(stderr.starts_with("incomplete: redox organization 7: failed, 0 read"));
        assert!(stderr.contains(reason), "{stderr}");
        let Finished { code, stdout, .. } = run(&folder, &env, &["diff", "old", "new"]);
        assert_eq!(code, Some(4), "{stdout}");
        assert!(stdout.starts_with("? redox organization 7: old complete, new failed"), "{stdout}");
        assert!(stdout.ends_with("0 granted, 0 revoked, 0 changed, 1 not comparable\n"));
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
