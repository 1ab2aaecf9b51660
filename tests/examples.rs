//! Runs the examples as a user would: the built programs, with arguments and an environment,
//! against the fakes.
#![cfg(any(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#![allow(clippy::expect_used, reason = "a test fails by panicking, also in its helpers")]

use std::process::Command;

use serde_json::{Value, json};

/// What a program left behind.
struct Finished {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs an example with nothing but this environment, and checks that it keeps its credentials.
fn run<S: AsRef<std::ffi::OsStr>>(name: &str, env: &[(&str, String)], arguments: &[S]) -> Finished {
    let own = std::env::current_exe().expect("a test knows its program");
    let target = own.parent().and_then(std::path::Path::parent);
    let examples = target.expect("tests are in target/<profile>/deps").join("examples");
    let program = examples.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is missing: `cargo test` builds it, `cargo test --test …` does not. Run \
         `cargo build --examples` first, with the same features and profile",
        program.display()
    );
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        // Without it there are no sockets on Windows.
        .envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)))
        .envs(env.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("the program can be started");
    let text = |bytes| String::from_utf8(bytes).expect("the output is text");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    for (name, value) in env {
        let endings = ["_KEY", "_SECRET", "_TOKEN"];
        let secret = endings.iter().any(|ending| name.ends_with(ending));
        let shown = stdout.contains(value.as_str()) || stderr.contains(value.as_str());
        assert!(!(secret && shown), "{name} is shown: {stdout}{stderr}");
    }
    Finished { code: output.status.code(), stdout, stderr }
}

impl Finished {
    /// The one line of JSON of a program that succeeded.
    fn answer(&self) -> Value {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        serde_json::from_str(one_line(&self.stdout)).expect("it is JSON")
    }

    /// The one line of a program that failed.
    fn error(&self) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (Some(1), ""), "{}", self.stderr);
        one_line(&self.stderr)
    }
}

fn one_line(text: &str) -> &str {
    let line = text.strip_suffix('\n').expect("a line has an end");
    assert!(!line.is_empty() && !line.contains(['\n', '\r']), "not one line: {text:?}");
    line
}

#[track_caller]
fn assert_all_in(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}

type Env = Vec<(&'static str, String)>;

/// What all of them have in common: one of the `good` arguments less is answered by the usage, and
/// so is one more where their number is `fixed`; every variable of `env` but addresses is needed.
fn check_usage_and_environment(name: &str, env: &Env, good: &[&str], fixed: bool) {
    let mut wrong = vec![Vec::new(), good[..good.len() - 1].to_vec()];
    if fixed {
        wrong.push([good, &["more"]].concat());
    }
    let variables: Vec<_> = env.iter().map(|(variable, _)| *variable).collect();
    for arguments in wrong {
        let finished = run(name, env, &arguments);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""));
        let line = one_line(&finished.stderr);
        assert!(line.starts_with(&format!("usage: {name} ")), "{line}");
        assert_all_in(line, &variables);
    }
    for needed in variables {
        if needed.ends_with("_URL") {
            continue;
        }
        let mut env = env.clone();
        env.retain(|(variable, _)| *variable != needed);
        let finished = run(name, &env, good);
        assert_all_in(finished.error(), &["configuration", needed, "is not set"]);
    }
}

#[cfg(feature = "twilio")]
mod twilio {
    use rolecall::testing::{Fault, TwilioChatFake, TwilioIamFake};

    use super::*;

    const ORGANIZATION: &str = "ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const ROLE: &str = "IX00000000000000000000000000000104";
    const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn iam_env(fake: &TwilioIamFake) -> Env {
        vec![
            ("TWILIO_CLIENT_ID", TwilioIamFake::CLIENT_ID.to_owned()),
            ("TWILIO_CLIENT_SECRET", TwilioIamFake::CLIENT_SECRET.to_owned()),
            ("TWILIO_IAM_BASE_URL", fake.uri()),
            ("TWILIO_TOKEN_URL", fake.token_url()),
        ]
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn iam_create_role_assignment() {
        const NAME: &str = "twilio_iam_create_role_assignment";
        let fake = TwilioIamFake::start().await.expect("a port is free");
        let env = iam_env(&fake);
        let good = [ORGANIZATION, ROLE, ACCOUNT, USER];

        check_usage_and_environment(NAME, &env, &good, true);
        for (arguments, named) in [
            (["OR1", ROLE, ACCOUNT, USER], "OrganizationSid: must be \"OR\" followed by 32"),
            ([ORGANIZATION, USER, ACCOUNT, USER], "role_sid: must be \"IX\" followed by 32"),
            ([ORGANIZATION, ROLE, "here", USER], "scope: must be two capital letters"),
            ([ORGANIZATION, ROLE, ACCOUNT, ""], "identity: must be two capital letters"),
        ] {
            assert_all_in(run(NAME, &env, &arguments).error(), &["invalid request", named]);
        }
        assert_eq!(fake.received_count(), 0);

        let answer = run(NAME, &env, &good).answer();
        let made = json!({
            "sid": fake.role_assignments()[0].sid,
            "role_sid": ROLE,
            "scope": ACCOUNT,
            "identity": USER,
        });
        assert_eq!(answer, made);

        let body = r#"{"code": 25105, "message": "Not an owner", "status": 403}"#;
        let denied = Fault::status(403).content_type("application/scim+json").body(body);
        fake.next_on("/Organizations", 1, denied);
        let said = ["role-assignments.create: permission denied (25105: Not an owner), HTTP 403"];
        assert_all_in(run(NAME, &env, &good).error(), &said);
        assert_eq!(fake.role_assignments().len(), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn iam_wrong_secret() {
        let fake = TwilioIamFake::start().await.expect("a port is free");
        let mut env = iam_env(&fake);
        env[1].1 = "obviously-wrong".to_owned();
        let good = [ORGANIZATION, ROLE, ACCOUNT, USER];
        let finished = run("twilio_iam_create_role_assignment", &env, &good);
        assert_all_in(finished.error(), &["unauthenticated", "20003: Authenticate", "HTTP 401"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn chat_create_role() {
        const NAME: &str = "twilio_chat_create_role";
        let fake = TwilioChatFake::start().await.expect("a port is free");
        let env = vec![
            ("TWILIO_ACCOUNT_SID", TwilioChatFake::ACCOUNT_SID.to_owned()),
            ("TWILIO_AUTH_TOKEN", TwilioChatFake::AUTH_TOKEN.to_owned()),
            ("TWILIO_CHAT_BASE_URL", fake.uri()),
        ];
        let good = [SERVICE, "moderator", "channel", "sendMessage"];

        check_usage_and_environment(NAME, &env, &good, false);
        let long = "é".repeat(65);
        for (arguments, named) in [
            (["IS1", "n", "channel", "p"], "ServiceSid: must be \"IS\" followed by 32"),
            ([SERVICE, &long, "channel", "p"], "FriendlyName: must have 1 to 64 characters"),
        ] {
            assert_all_in(run(NAME, &env, &arguments).error(), &["invalid request", named]);
        }
        assert_eq!(fake.received_count(), 0);

        let more = [&good[..], &["leaveChannel", "addMember"]].concat();
        let answer = run(NAME, &env, &more).answer();
        assert_eq!(answer["friendly_name"], "moderator");
        assert_eq!(answer["type"], "channel");
        assert_eq!(answer["permissions"], json!(["sendMessage", "leaveChannel", "addMember"]));
        let sid = fake.roles()[0].sid.clone();
        assert_eq!(answer["sid"], json!(sid));

        let finished = run(NAME, &env, &[SERVICE, "moderator", "room", "sendMessage"]);
        let said = ["roles.create: invalid request (50105: Invalid role type), HTTP 400"];
        assert_all_in(finished.error(), &said);

        // The other pair of credentials.
        let key = vec![
            ("TWILIO_API_KEY", TwilioChatFake::API_KEY.to_owned()),
            ("TWILIO_API_SECRET", TwilioChatFake::API_SECRET.to_owned()),
            ("TWILIO_CHAT_BASE_URL", fake.uri()),
        ];
        run(NAME, &key, &good).answer();
        assert_eq!(fake.roles().len(), 2);
    }
}

#[cfg(feature = "harness")]
mod harness {
    use rolecall::testing::{Fault, HarnessDuplicates, HarnessFake};

    use super::*;

    const NAME: &str = "harness_create_role_assignment";
    const GOOD: [&str; 6] = ["platform", "sre_view", "viewer", "all", "USER_GROUP", "sre"];

    fn env(uri: String) -> Env {
        let key = ("HARNESS_API_KEY", HarnessFake::API_KEY.to_owned());
        vec![key, ("HARNESS_BASE_URL", uri)]
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn create_role_assignment() {
        let fake = HarnessFake::start().await.expect("a port is free");
        let env = env(fake.uri());

        check_usage_and_environment(NAME, &env, &GOOD, true);
        for (index, wrong, named) in [
            (0, "..", "org: must not be \".\" or \"..\""),
            (1, "1st", "identifier: must be a letter"),
            (2, "", "role: must not be empty"),
            (3, "", "resource_group: must not be empty"),
            (5, "", "principal.identifier: must not be empty"),
        ] {
            let mut arguments = GOOD;
            arguments[index] = wrong;
            assert_all_in(run(NAME, &env, &arguments).error(), &["invalid request", named]);
        }
        assert_eq!(fake.received_count(), 0);

        let answer = run(NAME, &env, &GOOD).answer();
        assert_eq!(
            answer["role-assignment"],
            json!({
                "identifier": "sre_view",
                "role": "viewer",
                "resource_group": "all",
                "principal":
                    {"type": "USER_GROUP", "identifier": "sre", "scope_level": "organization"},
                "disabled": false,
                "managed": false,
            })
        );
        assert!(answer["created"].is_i64() && answer["updated"].is_i64(), "{answer}");
        assert_eq!(answer["harness_managed"], false);
        assert_eq!(fake.role_assignments("orgs/platform").len(), 1);

        fake.duplicates(HarnessDuplicates::DuplicateField);
        let finished = run(NAME, &env, &GOOD);
        let said = ["already exists (DUPLICATE_FIELD: Role assignment already exists), HTTP 400"];
        assert_all_in(finished.error(), &said);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_broken_connection_is_told_and_nothing_made_twice() {
        let fake = HarnessFake::start().await.expect("a port is free");
        fake.next(1, Fault::reset().after_processing());
        let finished = run(NAME, &env(fake.uri()), &GOOD);
        let said = ["connection interrupted, 1 attempt, outcome unknown: "];
        assert_all_in(finished.error(), &said);
        assert_eq!(fake.received_count(), 1);
        assert_eq!(fake.role_assignments("orgs/platform").len(), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_service_that_is_not_there_is_told_with_the_cause() {
        let fake = HarnessFake::start().await.expect("a port is free");
        let uri = fake.uri();
        drop(fake);
        let where_to = format!("no connection: {uri}, 4 attempts: ");
        let finished = run(NAME, &env(uri), &GOOD);
        assert_all_in(finished.error(), &[&where_to, "refused"]);
    }

    #[cfg(unix)]
    #[tokio::test(flavor = "multi_thread")]
    async fn arguments_that_are_not_text_are_wrong_usage() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        let fake = HarnessFake::start().await.expect("a port is free");
        let mut arguments = GOOD.map(OsStr::new);
        arguments[5] = OsStr::from_bytes(b"\xff");
        assert_eq!(run(NAME, &env(fake.uri()), &arguments).code, Some(2));
        assert_eq!(fake.received_count(), 0);
    }
}

#[cfg(feature = "redox")]
mod redox {
    use rolecall::testing::{Fault, RedoxFake};

    use super::*;

    const NAME: &str = "redox_assign_organization_role";

    #[tokio::test(flavor = "multi_thread")]
    async fn assign_organization_role() {
        let fake = RedoxFake::start().await.expect("a port is free");
        let mut env = vec![
            ("REDOX_API_TOKEN", RedoxFake::TOKEN.to_owned()),
            ("REDOX_BASE_URL", format!("{}/platform", fake.uri())),
        ];

        let good = ["7", "role-id", "member", "user-id", "Ada"];
        check_usage_and_environment(NAME, &env, &good, true);
        for (arguments, named) in [
            (["..", "r", "", "u", ""], "organizationId: must not be \".\" or \"..\""),
            (["7", "", "", "u", ""], "role: id and name must not both be empty"),
            (["7", "r", "", "", ""], "user: id and name must not both be empty"),
        ] {
            assert_all_in(run(NAME, &env, &arguments).error(), &["invalid request", named]);
        }
        assert_eq!(fake.received_count(), 0);

        let answer = run(NAME, &env, &good).answer();
        let done = json!({"meta": {"version": "1.0.0"}, "payload": {"success": true}});
        assert_eq!(answer, done);
        run(NAME, &env, &["7", "role-id", "", "user-id", ""]).answer();
        run(NAME, &env, &["7", "", "member", "", "Ada"]).answer();
        let sent: Vec<Value> = fake
            .received()
            .iter()
            .map(|request| serde_json::from_slice(request.body()).expect("it is JSON"))
            .collect();
        let both = |id, name| json!({"id": id, "name": name});
        assert_eq!(
            sent,
            [
                json!({"role": both("role-id", "member"), "user": both("user-id", "Ada")}),
                json!({"role": {"id": "role-id"}, "user": {"id": "user-id"}}),
                json!({"role": {"name": "member"}, "user": {"name": "Ada"}}),
            ]
        );

        let body = r#"{"error": "not_owner", "message": "Only owners may do this"}"#;
        fake.next(1, Fault::status(403).content_type("application/json").body(body));
        let said = ["permission denied (not_owner: Only owners may do this), HTTP 403"];
        assert_all_in(run(NAME, &env, &good).error(), &said);

        env[0].1 = "obviously-wrong".to_owned();
        let said = ["unauthenticated (Unauthorized), HTTP 401"];
        assert_all_in(run(NAME, &env, &good).error(), &said);
    }
}

#[cfg(feature = "deepset")]
mod deepset {
    use rolecall::testing::DeepsetFake;

    use super::*;

    const NAME: &str = "deepset_add_role";

    #[tokio::test(flavor = "multi_thread")]
    async fn add_role() {
        let fake = DeepsetFake::start().await.expect("a port is free");
        let env = vec![
            ("DEEPSET_API_KEY", DeepsetFake::API_KEY.to_owned()),
            ("DEEPSET_BASE_URL", fake.uri()),
        ];
        let organization = DeepsetFake::ORGANIZATION;
        let good = [organization, "auditor", "May read", "files:read"];

        check_usage_and_environment(NAME, &env, &good, false);
        let no_colon = run(NAME, &env, &[organization, "auditor", "", "files:read", "jobs"]);
        assert_eq!(no_colon.code, Some(2));
        for (arguments, named) in [
            (["7f0c", "auditor", "", "files:read"], "organization_id: must be a UUID"),
            ([organization, "", "", "files:read"], "role_name: must not be empty"),
        ] {
            assert_all_in(run(NAME, &env, &arguments).error(), &["invalid request", named]);
        }
        assert_eq!(fake.received_count(), 0);

        let answer = run(NAME, &env, &[&good[..], &["*:write"]].concat()).answer();
        let made = json!({
            "role_name": "auditor",
            "description": "May read",
            "role_id": fake.roles()[0].role_id,
            "is_custom": true,
            "permissions": [
                {"asset": "files", "action": "read"},
                {"asset": "*", "action": "write"},
            ],
        });
        assert_eq!(answer, made);

        let said = ["already exists (Role already exists), HTTP 409"];
        assert_all_in(run(NAME, &env, &good).error(), &said);
        let finished = run(NAME, &env, &[organization, "lunar", "", "files:read", "moon:read"]);
        let said = ["invalid request (body.permissions.1.asset: ", "HTTP 422"];
        assert_all_in(finished.error(), &said);
        assert_eq!(fake.roles().len(), 1);
    }
}

/// What a program that needs nothing shows, which must fit into a terminal.
#[cfg(all(feature = "twilio", feature = "harness"))]
fn shown_by(name: &str) -> String {
    let Finished { code, stdout, stderr } = run(name, &[], &[] as &[&str]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    let widest = stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "too wide for a terminal: {widest:?}");
    stdout
}

/// The lines as lists of words, without regard to how they are aligned.
#[cfg(all(feature = "twilio", feature = "harness"))]
#[track_caller]
fn assert_lines_in(text: &str, lines: &[&str]) {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let all: Vec<String> = text.lines().map(words).collect();
    for line in lines {
        assert!(all.iter().any(|own| own == line), "no line {line:?} in {text}");
    }
}

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn the_tour_shows_every_service() {
    let stdout = shown_by("tour");
    for (vendor, status, attempts) in [
        ("twilio iam", "201", "1"),
        ("twilio chat", "201", "1"),
        ("harness", "201", "1"),
        ("redox", "200", "1"),
        ("deepset", "201", "2"),
    ] {
        let row = stdout.lines().find_map(|line| line.trim_start().strip_prefix(vendor));
        let cells: Vec<_> = row.expect(vendor).split_whitespace().collect();
        assert_eq!((cells.len(), cells[1], cells[3]), (5, status, attempts), "{vendor}: {cells:?}");
    }
    for part in ["NG_ACCESS_DENIED", "core_usergroup_manage", "outcome unknown", "created: 1"] {
        assert!(stdout.contains(part), "no {part:?} in {stdout}");
    }
}

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn the_review_lists_everybody_once() {
    let stdout = shown_by("list_everyones_roles");
    assert_lines_in(
        &stdout,
        &[
            "vendor scope principal role",
            "twilio iam ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa grace@example.com Billing",
            "harness org platform USER ada _organization_admin",
            "harness org platform USER_GROUP sre _organization_viewer",
            "redox organization 7 ada@example.com owner",
            "redox environment Clinic grace@example.com engineer",
            "twilio chat ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa - moderator (channel)",
            "deepset 7f0c1f5e-0000-4000-8000-000000000001 - auditor",
        ],
    );
    // The list that was interrupted misses nobody, and names nobody twice.
    let lines: Vec<&str> = stdout.lines().collect();
    let harness = lines.iter().filter(|line| line.starts_with("harness "));
    assert_eq!(harness.count(), 3, "{stdout}");
    let interrupted = lines.iter().position(|line| line.starts_with("  (rate limited, for 600s: "));
    let before = interrupted.and_then(|at| lines.get(at - 1));
    assert!(before.is_some_and(|line| line.starts_with("harness ")), "{stdout}");
}

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox"))]
#[test]
fn a_leaver_loses_everything_and_a_second_run_finds_nothing() {
    let stdout = shown_by("revoke_a_leaver");
    let (first, second) = stdout.split_once("Second run\n").expect("it runs twice");
    assert_lines_in(
        first,
        &[
            "twilio role assignment IY00000000000000000000000000000002 Removed",
            "twilio user ada@example.com deactivated",
            "harness org ada_admin Absent",
            "harness project ada_web Removed",
            "redox environment Clinic Removed",
            "redox environment Sandbox WasAbsent",
            "redox organization 7 made a member",
            "changes: 7",
        ],
    );
    let nothing = ["redox organization 7 a member already", "changes: 0"];
    assert_lines_in(second, &nothing);
    assert!(!second.contains("Removed"), "{second}");
    assert_lines_in(second, &["Left at Harness: sre_admin"]);
}

#[cfg(all(feature = "twilio", feature = "harness"))]
#[test]
fn permissions_are_rotated_once() {
    let stdout = shown_by("rotate_permissions");
    let (first, second) = stdout.split_once("Second run\n").expect("it runs twice");
    assert_lines_in(
        first,
        &[
            "chat moderator before sendMessage, editAnyMessage",
            "added [\"deleteAnyMessage\"], removed [\"editAnyMessage\"]",
            "after sendMessage, deleteAnyMessage",
            "after sendMessage, leaveChannel",
            "after core_pipeline_view, core_fakecompulsory_view, core_service_view",
            "tags {\"team\": \"sre\"}",
            "requests: 7 to Twilio Chat, 2 to Harness",
        ],
    );
    assert_eq!(second.matches("nothing to do").count(), 3, "{second}");
    assert_lines_in(second, &["requests: 4 to Twilio Chat, 1 to Harness"]);
}
