//! Runs the examples as a user would: the built programs, with arguments and an environment,
//! against the fakes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::matrix::start;

/// What a program left behind.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

type Env = Vec<(&'static str, String)>;

/// Where an example was built.
pub(crate) fn program(name: &str) -> PathBuf {
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
    program
}

fn run<S: AsRef<OsStr>>(name: &str, env: &[(&str, String)], arguments: &[S]) -> Finished {
    run_in(Path::new("."), name, env, arguments)
}

/// Runs an example in a folder with nothing but this environment, and checks that it keeps its
/// credentials.
pub(crate) fn run_in<S: AsRef<OsStr>>(
    folder: &Path,
    name: &str,
    env: &[(&str, String)],
    arguments: &[S],
) -> Finished {
    let mut command = Command::new(program(name));
    command.args(arguments).current_dir(folder).env_clear();
    // Without it there are no sockets on Windows.
    command.envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
    command.envs(env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = start(&mut command).wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("the output is text");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    for (name, value) in env {
        let endings = ["_KEY", "_SECRET", "_TOKEN"];
        // Twilio's has a public id, beside a secret.
        let secret = endings.iter().any(|end| name.ends_with(end)) && *name != "TWILIO_API_KEY";
        let shown = stdout.contains(value.as_str()) || stderr.contains(value.as_str());
        assert!(!(secret && shown), "{name} is shown: {stdout}{stderr}");
    }
    Finished { code: output.status.code(), stdout, stderr }
}

impl Finished {
    /// The one line of JSON of a program that succeeded.
    fn response(&self) -> Value {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        serde_json::from_str(one_line(&self.stdout)).expect("it is JSON")
    }

    /// Checks that the one line of a program that failed has these parts.
    #[track_caller]
    fn assert_error(&self, parts: &[&str]) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(1), ""), "{}", self.stderr);
        assert_all_in(one_line(&self.stderr), parts);
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

/// What all examples of one call have in common. One of the `good` arguments less is answered by the
/// usage, and so is one more where their number is `fixed`; every variable of `env` but addresses is
/// needed; and each of these arguments is refused with this text. None of it sends anything.
fn check_what_is_wrong(
    name: &str,
    env: &Env,
    (good, fixed): (&[&str], bool),
    refused: &[(usize, &str, &str)],
) {
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
    for needed in variables.into_iter().filter(|variable| !variable.ends_with("_URL")) {
        let mut env = env.clone();
        env.retain(|(variable, _)| *variable != needed);
        run(name, &env, good).assert_error(&["configuration", needed, "is not set"]);
    }
    for (index, argument, named) in refused {
        let mut arguments = good.to_vec();
        arguments[*index] = argument;
        run(name, env, &arguments).assert_error(&["invalid request", named]);
    }
}

#[cfg(any(feature = "twilio", feature = "redox-jwt"))]
const NO_TOKEN_ENDPOINT: &str = "is not a token endpoint, check the token URL, ";

#[cfg(feature = "twilio")]
mod twilio {
    use rolecall::testing::{Fault, TwilioChatFake, TwilioIamFake};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn iam_create_role_assignment() {
        const NAME: &str = "twilio_iam_create_role_assignment";
        const ROLE: &str = "IX00000000000000000000000000000104";
        const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let fake = TwilioIamFake::start().await.expect("a port is free");
        let mut env = vec![
            ("TWILIO_CLIENT_ID", TwilioIamFake::CLIENT_ID.to_owned()),
            ("TWILIO_CLIENT_SECRET", TwilioIamFake::CLIENT_SECRET.to_owned()),
            ("TWILIO_IAM_BASE_URL", fake.uri()),
            ("TWILIO_TOKEN_URL", fake.token_url()),
        ];
        let good = [TwilioIamFake::ORGANIZATION, ROLE, ACCOUNT, USER];

        let refused = [
            (0, "OR1", "OrganizationSid: must be \"OR\" followed by 32"),
            (1, USER, "role_sid: must be \"IX\" followed by 32"),
            (2, "here", "scope: must be two capital letters"),
            (3, "", "identity: must be two capital letters"),
        ];
        check_what_is_wrong(NAME, &env, (&good, true), &refused);
        assert_eq!(fake.received_count(), 0);

        let response = run(NAME, &env, &good).response();
        let sid = &fake.role_assignments()[0].sid;
        let created = json!({"sid": sid, "role_sid": ROLE, "scope": ACCOUNT, "identity": USER});
        assert_eq!(response, created);

        let body = r#"{"code": 25105, "message": "Not an owner", "status": 403}"#;
        fake.next_on("/Organizations", 1, Fault::json(403, body));
        let text =
            "role-assignments.create: permission denied (25105: Not an owner): the call needs";
        run(NAME, &env, &good).assert_error(&[text, "role-assignments/create, HTTP 403"]);
        assert_eq!(fake.role_assignments().len(), 1);

        env[1].1 = "obviously-wrong".to_owned();
        let parts = ["unauthenticated", "20003: Authenticate", "HTTP 401, 1 attempt"];
        run(NAME, &env, &good).assert_error(&parts);
        env[3].1 = format!("{}/v1/tokens", fake.uri());
        fake.next_on("/v1/tokens", 1, Fault::html(404));
        run(NAME, &env, &good).assert_error(&[NO_TOKEN_ENDPOINT, &env[3].1, "HTTP 404, 1 attempt"]);
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
        let service = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let good = [service, "moderator", "channel", "sendMessage"];

        let refused = [
            (0, "IS1", "ServiceSid: must be \"IS\" followed by 32"),
            (1, &*"é".repeat(65), "FriendlyName: must have 1 to 64 characters"),
        ];
        check_what_is_wrong(NAME, &env, (&good, false), &refused);
        assert_eq!(fake.received_count(), 0);

        let more = [&good[..], &["leaveChannel", "addMember"]].concat();
        let response = run(NAME, &env, &more).response();
        assert_eq!(response["friendly_name"], "moderator");
        assert_eq!(response["type"], "channel");
        assert_eq!(response["permissions"], json!(["sendMessage", "leaveChannel", "addMember"]));
        assert_eq!(response["sid"], json!(fake.roles()[0].sid));

        let text = "roles.create: invalid request (50105: Invalid role type), HTTP 400";
        run(NAME, &env, &[service, "moderator", "room", "sendMessage"]).assert_error(&[text]);

        // The credentials that the vendor recommends.
        let key = [
            ("TWILIO_ACCOUNT_SID", TwilioChatFake::ACCOUNT_SID.to_owned()),
            ("TWILIO_API_KEY", TwilioChatFake::API_KEY.to_owned()),
            ("TWILIO_API_SECRET", TwilioChatFake::API_SECRET.to_owned()),
            ("TWILIO_CHAT_BASE_URL", fake.uri()),
        ];
        run(NAME, &key, &good).response();
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
        vec![("HARNESS_API_KEY", HarnessFake::API_KEY.to_owned()), ("HARNESS_BASE_URL", uri)]
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn create_role_assignment() {
        let fake = HarnessFake::start().await.expect("a port is free");
        let env = env(fake.uri());

        let refused = [
            (0, "..", "org: must not be \".\" or \"..\""),
            (1, "1st", "identifier: must be a letter"),
            (2, "", "role: must not be empty"),
            (3, "", "resource_group: must not be empty"),
            (5, "", "principal.identifier: must not be empty"),
        ];
        check_what_is_wrong(NAME, &env, (&GOOD, true), &refused);
        assert_eq!(fake.received_count(), 0);

        let response = run(NAME, &env, &GOOD).response();
        let principal =
            json!({"type": "USER_GROUP", "identifier": "sre", "scope_level": "organization"});
        let created = json!({
            "identifier": "sre_view", "role": "viewer", "resource_group": "all",
            "principal": principal, "disabled": false, "managed": false,
        });
        assert_eq!(response["role-assignment"], created);
        assert!(response["created"].is_i64() && response["updated"].is_i64(), "{response}");
        assert_eq!(response["harness_managed"], false);
        assert_eq!(fake.role_assignments("orgs/platform").len(), 1);

        fake.duplicates(HarnessDuplicates::DuplicateField);
        let text = "already exists (DUPLICATE_FIELD: Role assignment already exists), HTTP 400";
        run(NAME, &env, &GOOD).assert_error(&[text]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn interrupted_connection_has_its_cause() {
        let fake = HarnessFake::start().await.expect("a port is free");
        let env = env(fake.uri());
        fake.next(1, Fault::reset().after_processing());
        let parts = ["connection interrupted: ", "reset", ", 1 attempt, outcome unknown"];
        run(NAME, &env, &GOOD).assert_error(&parts);
        assert_eq!((fake.received_count(), fake.role_assignments("orgs/platform").len()), (1, 1));
    }

    #[cfg(feature = "rustls")]
    #[test]
    fn proxy_of_the_environment_is_used_in_any_form() {
        use std::io::{BufRead, BufReader, Write};

        let proxy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = proxy.local_addr().expect("it is bound");
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = proxy.accept().expect("the program connects");
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).expect("it sends a line");
            stream.write_all(b"HTTP/1.1 407 X\r\n\r\n").expect("it is there");
            line
        });
        let mut env = env("https://h.example".to_owned());
        env.push(("https_proxy", format!(" HTTP://{address}\n")));
        run(NAME, &env, &GOOD).assert_error(&["no connection"]);
        let line = asked.join().expect("no panic");
        assert_eq!(line, "CONNECT h.example:443 HTTP/1.1\r\n");
        env[2].1 = "socks5://127.0.0.1:1".to_owned();
        let rule = "configuration: https_proxy: must start with http:// or https://";
        run(NAME, &env, &GOOD).assert_error(&[rule]);
    }

    #[cfg(unix)]
    #[test]
    fn arguments_that_are_not_text_are_wrong_usage() {
        use std::os::unix::ffi::OsStrExt;

        let mut arguments = GOOD.map(OsStr::new);
        arguments[5] = OsStr::from_bytes(b"\xff");
        assert_eq!(run(NAME, &env("http://127.0.0.1:1".into()), &arguments).code, Some(2));
    }
}

#[cfg(feature = "redox")]
mod redox {
    use rolecall::testing::{Fault, RedoxFake};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn assign_organization_role() {
        const NAME: &str = "redox_assign_organization_role";
        let fake = RedoxFake::start().await.expect("a port is free");
        let mut env = vec![
            ("REDOX_API_TOKEN", RedoxFake::TOKEN.to_owned()),
            ("REDOX_BASE_URL", format!("{}/platform", fake.uri())),
        ];
        let good = ["7", "role-id", "member", "user-id", "Ada"];

        let refused = [(0, "..", "organizationId: must not be \".\" or \"..\"")];
        check_what_is_wrong(NAME, &env, (&good, true), &refused);
        for (arguments, named) in [
            (["7", "", "", "u", ""], "role: id and name must not both be empty"),
            (["7", "r", "", "", ""], "user: id and name must not both be empty"),
        ] {
            run(NAME, &env, &arguments).assert_error(&["invalid request", named]);
        }
        assert_eq!(fake.received_count(), 0);

        let done = json!({"meta": {"version": "1.0.0"}, "payload": {"success": true}});
        assert_eq!(run(NAME, &env, &good).response(), done);
        run(NAME, &env, &["7", "role-id", "", "user-id", ""]).response();
        run(NAME, &env, &["7", "", "member", "", "Ada"]).response();
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
        fake.next(1, Fault::json(403, body));
        let text = "permission denied (not_owner: Only owners may do this), HTTP 403";
        run(NAME, &env, &good).assert_error(&[text]);
        env[0].1 = "obviously-wrong".to_owned();
        run(NAME, &env, &good).assert_error(&["unauthenticated (Unauthorized), HTTP 401"]);
    }

    #[cfg(feature = "redox-jwt")]
    #[tokio::test(flavor = "multi_thread")]
    async fn token_errors_say_what_is_wrong() {
        let fake = RedoxFake::start().await.expect("a port is free");
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/redox/keys/p384.pem");
        let mut env = vec![
            ("REDOX_CLIENT_ID", RedoxFake::CLIENT_ID.to_owned()),
            ("REDOX_KEY_ID", "another".to_owned()),
            ("REDOX_PRIVATE_KEY_FILE", file.to_owned()),
            ("REDOX_BASE_URL", format!("{}/platform", fake.uri())),
            ("REDOX_TOKEN_URL", fake.token_url()),
        ];
        let run = |env: &Env| {
            run("redox_assign_organization_role", env, &["7", "role-id", "", "user-id", ""])
        };
        let parts =
            ["unauthenticated (invalid_client: Public key not found", "HTTP 401, 1 attempt"];
        run(&env).assert_error(&parts);
        env[4].1 = format!("{}/v1/tokens", fake.uri());
        fake.next(1, Fault::html(404));
        run(&env).assert_error(&[NO_TOKEN_ENDPOINT, &env[4].1, "HTTP 404, 1 attempt"]);
    }
}

#[cfg(feature = "deepset")]
mod deepset {
    use rolecall::testing::DeepsetFake;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn add_role() {
        const NAME: &str = "deepset_add_role";
        let fake = DeepsetFake::start().await.expect("a port is free");
        let env = vec![
            ("DEEPSET_API_KEY", DeepsetFake::API_KEY.to_owned()),
            ("DEEPSET_BASE_URL", fake.uri()),
        ];
        let organization = DeepsetFake::ORGANIZATION;
        let good = [organization, "auditor", "May read", "files:read"];

        let refused = [
            (0, "7f0c", "organization_id: must be a UUID"),
            (1, "", "role_name: must not be empty"),
        ];
        check_what_is_wrong(NAME, &env, (&good, false), &refused);
        let no_colon = run(NAME, &env, &[organization, "auditor", "", "files:read", "jobs"]);
        assert_eq!(no_colon.code, Some(2));
        assert_eq!(fake.received_count(), 0);

        let response = run(NAME, &env, &[&good[..], &["*:write"]].concat()).response();
        let [files, all] =
            [("files", "read"), ("*", "write")].map(|(on, to)| json!({"asset": on, "action": to}));
        let created = json!({
            "role_name": "auditor", "description": "May read", "role_id": fake.roles()[0].role_id,
            "is_custom": true, "permissions": [files, all],
        });
        assert_eq!(response, created);

        run(NAME, &env, &good).assert_error(&["already exists (Role already exists), HTTP 409"]);
        let unknown = [organization, "lunar", "", "files:read", "moon:read"];
        let parts = ["invalid request (body.permissions.1.asset: ", "HTTP 422"];
        run(NAME, &env, &unknown).assert_error(&parts);
        assert_eq!(fake.roles().len(), 1);
    }
}

/// Every program says why there is no connection: to a closed port, behind a certificate, by a proxy of
/// the environment.
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[cfg(feature = "rustls")]
#[tokio::test(flavor = "multi_thread")]
async fn missing_connection_has_its_cause() {
    use crate::support::raw::{Raw, Reply};
    use crate::support::tls::{EXPIRED, Hello, Tls};

    const CLOSED: &str = "http://127.0.0.1:1";
    const SID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let [account, service, user, role, organization] =
        ["AC", "IS", "US", "IX", "OR"].map(|start| format!("{start}{SID}"));
    let fake = || "obviously-fake".to_owned();
    let proxy = Raw::start(|_| Reply::http(407, &[], b"")).await;
    let tls = Tls::start(proxy.address(), Hello::Certificate(EXPIRED), || true);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls/root.pem");
    for (name, address, credentials, arguments) in [
        (
            "twilio_iam_create_role_assignment",
            "TWILIO_TOKEN_URL",
            vec![("TWILIO_CLIENT_ID", fake()), ("TWILIO_CLIENT_SECRET", fake())],
            vec![&*organization, &*role, &*account, &*user],
        ),
        (
            "twilio_chat_create_role",
            "TWILIO_CHAT_BASE_URL",
            vec![("TWILIO_ACCOUNT_SID", account.clone()), ("TWILIO_AUTH_TOKEN", fake())],
            vec![&*service, "moderator", "channel", "sendMessage"],
        ),
        (
            "harness_create_role_assignment",
            "HARNESS_BASE_URL",
            vec![("HARNESS_API_KEY", fake())],
            vec!["platform", "sre_view", "viewer", "all", "USER_GROUP", "sre"],
        ),
        (
            "redox_assign_organization_role",
            "REDOX_BASE_URL",
            vec![("REDOX_API_TOKEN", fake())],
            vec!["7", "role-id", "member", "user-id", "Ada"],
        ),
        (
            "deepset_add_role",
            "DEEPSET_BASE_URL",
            vec![("DEEPSET_API_KEY", fake())],
            vec!["7f0c1f5e-0000-4000-8000-000000000000", "auditor", "", "files:read"],
        ),
    ] {
        let fails = |url: &str, (variable, value): (&'static str, &str), place: &str, why: &str| {
            let mut env = credentials.clone();
            env.extend([(address, url.to_owned()), (variable, value.to_owned())]);
            let text = run(name, &env, &arguments);
            text.assert_error(&[&format!("no connection to {url}{place}: "), why]);
        };
        fails(CLOSED, ("NO_PROXY", ""), "", "refused (os error ");
        fails(&tls.origin(), ("SSL_CERT_FILE", root), "", "certificate has expired");
        let far = "https://service.example";
        let through = |proxy: &str| format!(" through the proxy {proxy}");
        let url = proxy.origin();
        let with_password = url.replace("//", "//user:obviously-fake-password@");
        fails(far, ("HTTPS_PROXY", &with_password), &through(&url), "the proxy refused: 407");
        fails(far, ("HTTPS_PROXY", CLOSED), &through(CLOSED), "refused (os error ");
    }
}

/// What a program that needs nothing shows.
#[cfg(any(feature = "twilio", feature = "harness"))]
fn shown_by(name: &str) -> String {
    let Finished { code, stdout, stderr } = run(name, &[], &[] as &[&str]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    stdout
}

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn tour_calls_every_service() {
    let stdout = shown_by("tour");
    let parts = [
        "  twilio iam   HTTP 201  attempts: 1  IY",
        "  twilio chat  HTTP 201  attempts: 1  RL",
        "  harness      HTTP 201  attempts: 1  sre_view\n",
        "  redox        HTTP 200  attempts: 1  -\n",
        "  deepset      HTTP 201  attempts: 2  ",
        "NG_ACCESS_DENIED",
        "  lacking: core_usergroup_manage\n",
        "  effect: outcome unknown\n",
        "  requests received: 1\n",
        "  it already existed: ",
    ];
    assert_all_in(&stdout, &parts);
}

#[cfg(feature = "harness")]
#[test]
fn access_of_a_person_is_found_through_groups() {
    let stdout = shown_by("harness_access_of_a_person");
    let lines = [
        "dev@example.com is A developer (fakeUser1)",
        "  member of auditors",
        "  member of sre",
        "  _account_viewer in the account over _all_account_level_resources",
        "  _organization_admin in platform over _all_organization_level_resources, through the group sre",
        "  _project_viewer in platform/web over _all_project_level_resources, through the group auditors",
        "  (as far as this API key may view it)",
        "unknown@example.com: no such user, or none that this API key may view",
    ];
    assert_eq!(stdout.lines().collect::<Vec<_>>(), lines);
}

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn review_lists_each_assignment_once() {
    let stdout = shown_by("list_everyones_roles");
    let user = |nth: u32| {
        let (role, account) =
            ("IX00000000000000000000000000000104", "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        format!("twilio iam   US{nth:032} has {role} in {account}")
    };
    let [ada, grace] = [user(1), user(2)];
    let lines = [
        "twilio chat  role moderator: deleteAnyMessage",
        "deepset      role auditor: files:read",
        // The interrupted list misses no user, and names none twice.
        &ada,
        "twilio iam   (rate limited, for 600s: going on after that)",
        &grace,
        "harness      ada has _organization_admin in platform",
        "harness      ci has _organization_viewer in platform",
        "harness      sre has _organization_viewer in platform",
        "redox        ada has owner in 7",
        "redox        ada has engineer in env-1",
        "US00000000000000000000000000000001 is ada@example.com",
        "US00000000000000000000000000000002 is grace@example.com",
    ];
    assert_eq!(stdout.lines().collect::<Vec<_>>(), lines);
}

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[tokio::test(flavor = "multi_thread")]
async fn everything_that_a_person_holds_is_listed_by_the_e_mail_address() {
    use rolecall::testing::{DeepsetFake, HarnessFake, RedoxFake, TwilioIamFake};
    use rolecall::{deepset, harness, redox, twilio::iam};

    const EMAIL: &str = "ada@example.com";
    let twilio_fake = TwilioIamFake::start().await.expect("a port is free");
    let harness_fake = HarnessFake::start().await.expect("a port is free");
    let redox_fake = RedoxFake::start().await.expect("a port is free");
    let deepset_fake = DeepsetFake::start().await.expect("a port is free");

    let organization = twilio_fake.client().expect("it is set up");
    let organization = organization.organization(TwilioIamFake::ORGANIZATION);
    let account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for name in [EMAIL, "grace@example.com"] {
        let new = iam::NewUser::new(name).expect("it is a name").email(iam::Email::primary(name));
        let user = organization.users().create(&new).await.expect("it is created").id;
        let new = iam::NewRoleAssignment::new("IX00000000000000000000000000000104", account, user);
        let new = new.expect("they are SIDs");
        organization.role_assignments().create(&new).await.expect("it is created");
    }
    let ada = harness_fake.add_user("account", EMAIL, "Ada");
    harness_fake.add_user_group("orgs/platform", "sre", [&ada]);
    let sre = harness::Principal::user_group("sre");
    let new = harness::NewRoleAssignment::unnamed("_organization_viewer", "_all", sre);
    let harness = harness_fake.client().expect("it is set up").org("platform");
    harness.role_assignments().create(&new.expect("it is complete")).await.expect("it is created");
    redox_fake.add_environment("7", "env-1", "Clinic", "Production");
    let redox = redox_fake.client().expect("it is set up");
    for user in ["ada", "grace"] {
        let role = redox::RoleRef::name("member").expect("it is not empty");
        let user = redox::UserRef::id(user).expect("it is not empty");
        let new = redox::NewRoleAssignment::new(role, user);
        let (members, engineers) = (redox.organization("7"), redox.environment("env-1"));
        members.role_assignments().assign(&new).await.expect("it succeeds");
        engineers.role_assignments().create(&new).await.expect("it succeeds");
    }
    let workspace = deepset_fake.client().expect("it is set up").workspace("default");
    let new = deepset::NewInvitation::new("Ada@Example.com", "Editor", "Given", "Family");
    workspace.invite(&new).await.expect("it succeeds");

    let env = [
        ("TWILIO_CLIENT_ID", TwilioIamFake::CLIENT_ID.to_owned()),
        ("TWILIO_CLIENT_SECRET", TwilioIamFake::CLIENT_SECRET.to_owned()),
        ("TWILIO_IAM_BASE_URL", twilio_fake.uri()),
        ("TWILIO_TOKEN_URL", format!("{}/v2/token", twilio_fake.uri())),
        ("HARNESS_API_KEY", HarnessFake::API_KEY.to_owned()),
        ("HARNESS_ACCOUNT_ID", HarnessFake::ACCOUNT.to_owned()),
        ("HARNESS_BASE_URL", harness_fake.uri()),
        ("REDOX_API_TOKEN", RedoxFake::TOKEN.to_owned()),
        ("REDOX_BASE_URL", format!("{}/platform", redox_fake.uri())),
        ("DEEPSET_API_KEY", DeepsetFake::API_KEY.to_owned()),
        ("DEEPSET_BASE_URL", deepset_fake.uri()),
    ];
    let finished = run("held_by", &env, &[EMAIL, TwilioIamFake::ORGANIZATION, "7"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    let lines = finished.stdout.lines().map(|line| {
        let held: Value = serde_json::from_str(line).expect("it is JSON");
        let text =
            |place| held.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
        let role = text("/role/name");
        let role = if role.is_empty() { text("/role/id") } else { role };
        [text("/vendor"), role, text("/scope/kind"), text("/via/id")].join(" ")
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "twilio IX00000000000000000000000000000104 account ",
            "harness _organization_viewer organization sre",
            "redox member organization ",
            "redox member environment ",
            "deepset Member organization ",
            "deepset Editor workspace ",
        ]
    );
}

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn offboarding_says_what_was_done_what_was_not_and_what_is_unknown() {
    let stdout = shown_by("offboard_everywhere");
    let owner = "  not done  redox: membership: redox role-assignment.remove_member: conflict (An \
                 organization must have at least one owner), HTTP 409, 1 attempt";
    let deepset = "  not done  deepset: user; no documented call revokes, the web page does";
    let chat = "  not done  twilio chat: it knows identities, not e-mail addresses";
    let lines = [
        "First run",
        "  done      twilio: role assignment IY00000000000000000000000000000001",
        "  done      twilio: active user",
        "  unknown   harness: user: harness users.remove: server error, HTTP 503, 4 attempts, outcome \
         unknown",
        "  done      redox: role in environment env-1",
        owner,
        deepset,
        chat,
        "Second run",
        // Harness does not know the user any more.
        owner,
        deepset,
        chat,
    ];
    assert_eq!(stdout.lines().collect::<Vec<_>>(), lines);
}

#[cfg(feature = "twilio")]
#[test]
fn grant_chat_moderator() {
    let stdout = shown_by("grant_chat_moderator");
    let alice = "alice@example.com";
    let (reader, moderator) =
        ("RL00000000000000000000000000000001", "RL00000000000000000000000000000002");
    let expected = format!(
        "First run\n  {alice} is a moderator now, and had the role {reader}\n\
         Second run\n  {alice} was a moderator before\n\
         {alice} has {moderator}\nbo@example.com has {reader}\n\
         First run\n  {alice} is no moderator any more, and has the default role {reader}\n\
         Second run\n  {alice} was no moderator: nothing was changed\n\
         {alice} has {reader}\nbo@example.com has {reader}\n"
    );
    assert_eq!(stdout, expected);
}

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn permissions_are_rotated_once() {
    let stdout = shown_by("rotate_permissions");
    let (first, second) = stdout.split_once("Second run\n").expect("it runs twice");
    let after = [
        "  chat moderator: sendMessage, deleteAnyMessage\n",
        "  chat guest: sendMessage, leaveChannel\n",
        "  harness runner: core_pipeline_view, core_fakecompulsory_view, core_service_view\n",
        "  harness runner: tags {\"team\": \"sre\"}\n",
    ];
    assert_all_in(first, &after);
    assert_all_in(second, &after);
    let changed = "  chat moderator: added [\"deleteAnyMessage\"], removed [\"editAnyMessage\"]\n";
    assert_all_in(first, &[changed, "  requests: 6 to Twilio Chat, 2 to Harness\n"]);
    let nothing = "  chat moderator: added [], removed []\n";
    assert_all_in(second, &[nothing, "  requests: 3 to Twilio Chat, 1 to Harness\n"]);
}
