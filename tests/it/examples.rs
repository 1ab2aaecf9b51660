//! Runs the examples as a user would: the built programs, with arguments and an environment,
//! against the fakes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rolecall::testing::{
    DeepsetFake, Fault, HarnessDuplicates, HarnessFake, RedoxFake, TwilioChatFake, TwilioIamFake,
};
use rolecall::{deepset, harness, redox, twilio::iam};
use serde_json::{Value, json};

use crate::support::matrix::start;

/// What a program left behind.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

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

type Env = Vec<(&'static str, String)>;

pub(crate) const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ROLE: &str = "IX00000000000000000000000000000104";
const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const EMAIL: &str = "ada@example.com";
const CLOSED: &str = "http://127.0.0.1:1";

/// Fakes of all services.
pub(crate) struct Services {
    pub(crate) iam: TwilioIamFake,
    pub(crate) chat: TwilioChatFake,
    pub(crate) harness: HarnessFake,
    pub(crate) redox: RedoxFake,
    pub(crate) deepset: DeepsetFake,
}

impl Services {
    pub(crate) async fn start() -> Self {
        Self {
            iam: TwilioIamFake::start().await.expect("a port is free"),
            chat: TwilioChatFake::start().await.expect("a port is free"),
            harness: HarnessFake::start().await.expect("a port is free"),
            redox: RedoxFake::start().await.expect("a port is free"),
            deepset: DeepsetFake::start().await.expect("a port is free"),
        }
    }

    /// Gives Ada a role in every scope that they have, and others some.
    pub(crate) async fn give_roles(&self) -> Result<(), Box<dyn std::error::Error>> {
        self.iam.add_account(&ACCOUNT.parse()?, "web shop");
        let organization = self.iam.client()?.organization(TwilioIamFake::ORGANIZATION);
        for name in [EMAIL, "grace@example.com"] {
            let user = organization
                .users()
                .create(&iam::NewUser::new(name)?.email(iam::Email::primary(name)))
                .await?
                .id;
            for scope in [TwilioIamFake::ORGANIZATION, ACCOUNT] {
                let new = iam::NewRoleAssignment::new(ROLE, scope, user.as_str())?;
                organization.role_assignments().create(&new).await?;
            }
        }
        let ada = self.harness.add_user("account", EMAIL, "Ada");
        self.harness.add_user_group("orgs/platform", "sre", [&ada]);
        self.harness.add_project("platform", "web");
        let account = self.harness.client()?.account();
        let org = self.harness.client()?.org("platform");
        for (scope, principal) in [
            (account, harness::Principal::user("other")),
            (org.project("web"), harness::Principal::user("other")),
            (org, harness::Principal::user_group("sre")),
        ] {
            let new = harness::NewRoleAssignment::unnamed("_viewer", "_all", principal)?;
            scope.role_assignments().create(&new).await?;
        }
        self.redox.add_environment("7", "env-1", "Clinic", "Production");
        let client = self.redox.client()?;
        for user in ["ada", "grace"] {
            let (role, user) = (redox::RoleRef::name("member")?, redox::UserRef::id(user)?);
            let new = redox::NewRoleAssignment::new(role, user);
            client.organization("7").role_assignments().assign(&new).await?;
            client.environment("env-1").role_assignments().create(&new).await?;
        }
        let new = deepset::NewInvitation::new("Ada@Example.com", "Editor", "Given", "Family");
        self.deepset.client()?.workspace("default").invite(&new).await?;
        Ok(())
    }

    /// The variables that lead to them.
    pub(crate) fn env(&self) -> Env {
        let all = [
            ("TWILIO_CLIENT_ID", TwilioIamFake::CLIENT_ID),
            ("TWILIO_CLIENT_SECRET", TwilioIamFake::CLIENT_SECRET),
            ("TWILIO_IAM_BASE_URL", &self.iam.uri()),
            ("TWILIO_TOKEN_URL", &self.iam.token_url()),
            ("TWILIO_ACCOUNT_SID", TwilioChatFake::ACCOUNT_SID),
            ("TWILIO_AUTH_TOKEN", TwilioChatFake::AUTH_TOKEN),
            ("TWILIO_CHAT_BASE_URL", &self.chat.uri()),
            ("TWILIO_CONVERSATIONS_BASE_URL", &self.chat.uri()),
            ("HARNESS_API_KEY", HarnessFake::API_KEY),
            ("HARNESS_BASE_URL", &self.harness.uri()),
            ("REDOX_API_TOKEN", RedoxFake::TOKEN),
            ("REDOX_BASE_URL", &format!("{}/platform", self.redox.uri())),
            ("DEEPSET_API_KEY", DeepsetFake::API_KEY),
            ("DEEPSET_BASE_URL", &self.deepset.uri()),
        ];
        all.map(|(name, value)| (name, value.to_owned())).into()
    }
}

/// The environment with another value of a variable.
fn with(env: &Env, name: &'static str, value: &str) -> Env {
    let mut env = env.clone();
    env.retain(|(own, _)| *own != name);
    env.push((name, value.to_owned()));
    env
}

/// An example of one call.
struct OneCall {
    name: &'static str,
    /// The variables that it needs.
    needs: &'static [&'static str],
    /// That of the address that it connects to first.
    address: &'static str,
    /// Arguments that are right. One less is wrong, and so is one more, where their number is fixed.
    good: &'static [&'static str],
    is_fixed: bool,
    /// A first argument that is refused, and what the error says.
    refused: (&'static str, &'static str),
}

const ONE_CALL: [OneCall; 5] = [
    OneCall {
        name: "twilio_iam_create_role_assignment",
        needs: &["TWILIO_CLIENT_ID", "TWILIO_CLIENT_SECRET"],
        address: "TWILIO_TOKEN_URL",
        good: &[TwilioIamFake::ORGANIZATION, ROLE, ACCOUNT, USER],
        is_fixed: true,
        refused: ("OR1", "OrganizationSid: must be \"OR\" followed by 32"),
    },
    OneCall {
        name: "twilio_chat_create_role",
        needs: &["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"],
        address: "TWILIO_CHAT_BASE_URL",
        good: &[SERVICE, "moderator", "channel", "sendMessage"],
        is_fixed: false,
        refused: ("IS1", "ServiceSid: must be \"IS\" followed by 32"),
    },
    OneCall {
        name: "harness_create_role_assignment",
        needs: &["HARNESS_API_KEY"],
        address: "HARNESS_BASE_URL",
        good: &["platform", "sre_view", "viewer", "all", "USER_GROUP", "sre"],
        is_fixed: true,
        refused: ("..", "org: must not be \".\" or \"..\""),
    },
    OneCall {
        name: "redox_assign_organization_role",
        needs: &["REDOX_API_TOKEN"],
        address: "REDOX_BASE_URL",
        good: &["7", "role-id", "", "", "Ada"],
        is_fixed: true,
        refused: ("..", "organizationId: must not be \".\" or \"..\""),
    },
    OneCall {
        name: "deepset_add_role",
        needs: &["DEEPSET_API_KEY"],
        address: "DEEPSET_BASE_URL",
        good: &[DeepsetFake::ORGANIZATION, "auditor", "May read", "files:read"],
        is_fixed: false,
        refused: ("7f0c", "organization_id: must be a UUID"),
    },
];

impl OneCall {
    /// Credentials that are fake, and this address.
    fn env(&self, url: &str) -> Env {
        let value = |name| if name == "TWILIO_ACCOUNT_SID" { ACCOUNT } else { "obviously-fake" };
        let needs = self.needs.iter().map(|name| (*name, value(*name).to_owned()));
        needs.chain([(self.address, url.to_owned())]).collect()
    }
}

/// An address without a listener shows that nothing is sent: it would be another error.
#[test]
fn wrong_usage_names_what_is_wrong() {
    for example in &ONE_CALL {
        let OneCall { name, needs, good, .. } = example;
        let env = example.env(CLOSED);
        let more = if example.is_fixed { Some([good, &["more"][..]].concat()) } else { None };
        for arguments in [vec![], good[..good.len() - 1].to_vec()].into_iter().chain(more) {
            let finished = run(name, &env, &arguments);
            assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{name}");
            let line = one_line(&finished.stderr);
            assert!(line.starts_with(&format!("usage: {name} ")), "{line}");
            assert_all_in(line, &[needs, &[example.address][..]].concat());
        }
        for needed in *needs {
            let mut env = env.clone();
            env.retain(|(variable, _)| variable != needed);
            run(name, &env, good).assert_error(&["configuration", needed, "is not set"]);
        }
        let (argument, rule) = example.refused;
        let arguments = [&[argument], &good[1..]].concat();
        run(name, &env, &arguments).assert_error(&["invalid request", rule]);
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let [.., harness, _, _] = &ONE_CALL;
        let mut arguments: Vec<_> = harness.good.iter().map(OsStr::new).collect();
        arguments[5] = OsStr::from_bytes(b"\xff");
        assert_eq!(run(harness.name, &harness.env(CLOSED), &arguments).code, Some(2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_are_shown_as_the_service_sent_them() {
    let services = Services::start().await;
    let env = services.env();
    let [iam, chat, harness, redox, deepset] = ONE_CALL.map(|example| {
        let env = env.clone();
        move |arguments: &[&str]| run(example.name, &env, arguments).response()
    });
    let [good_iam, _, good_harness, good_redox, good_deepset] = ONE_CALL.map(|it| it.good);

    let response = iam(good_iam);
    let sid = &services.iam.role_assignments()[0].sid;
    let created = json!({"sid": sid, "role_sid": ROLE, "scope": ACCOUNT, "identity": USER});
    assert_eq!(response, created);

    let permissions = ["sendMessage", "leaveChannel", "addMember"];
    let response = chat(&[&[SERVICE, "moderator", "channel"][..], &permissions].concat());
    assert_eq!(response["friendly_name"], "moderator");
    assert_eq!(response["type"], "channel");
    assert_eq!(response["permissions"], json!(permissions));
    assert_eq!(response["sid"], json!(services.chat.roles()[0].sid));

    let response = harness(good_harness);
    let principal =
        json!({"type": "USER_GROUP", "identifier": "sre", "scope_level": "organization"});
    let created = json!({
        "identifier": "sre_view", "role": "viewer", "resource_group": "all",
        "principal": principal, "disabled": false, "managed": false,
    });
    assert_eq!(response["role-assignment"], created);
    assert!(response["created"].is_i64() && response["updated"].is_i64(), "{response}");
    assert_eq!(response["harness_managed"], false);
    assert_eq!(services.harness.role_assignments("orgs/platform").len(), 1);

    let done = json!({"meta": {"version": "1.0.0"}, "payload": {"success": true}});
    assert_eq!(redox(good_redox), done);
    redox(&["7", "role-id", "member", "user-id", "Ada"]);
    redox(&["7", "", "member", "user-id", ""]);
    let received = services.redox.fake().received();
    let sent = received.iter().map(|it| serde_json::from_slice(it.body()).expect("it is JSON"));
    let both = |id, name| json!({"id": id, "name": name});
    assert_eq!(
        sent.collect::<Vec<Value>>(),
        [
            json!({"role": {"id": "role-id"}, "user": {"name": "Ada"}}),
            json!({"role": both("role-id", "member"), "user": both("user-id", "Ada")}),
            json!({"role": {"name": "member"}, "user": {"id": "user-id"}}),
        ]
    );

    let response = deepset(&[good_deepset, &["*:write"]].concat());
    let [files, all] =
        [("files", "read"), ("*", "write")].map(|(on, to)| json!({"asset": on, "action": to}));
    let created = json!({
        "role_name": "auditor", "description": "May read", "is_custom": true,
        "role_id": services.deepset.roles()[0].role_id, "permissions": [files, all],
    });
    assert_eq!(response, created);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_one_line_in_the_words_of_the_service() {
    let services = Services::start().await;
    let [iam, chat, harness, redox, deepset] = ONE_CALL;
    let denied = r#"{"code": 25105, "message": "Not an owner", "status": 403}"#;
    services.iam.next_on("/Organizations", 1, Fault::json(403, denied));
    services.harness.next(1, Fault::reset().after_processing());
    services.harness.duplicates(HarnessDuplicates::DuplicateField);
    let denied = r#"{"error": "not_owner", "message": "Only owners may do this"}"#;
    services.redox.next(1, Fault::json(403, denied));
    let env = services.env();
    run(deepset.name, &env, deepset.good).response();

    let fails = |example: &OneCall, arguments: &[&str], parts: &[&str]| {
        run(example.name, &env, arguments).assert_error(parts);
    };
    let denied = "permission denied (25105: Not an owner): the call needs";
    fails(&iam, iam.good, &[denied, "role-assignments/create, HTTP 403"]);
    let room = [SERVICE, "moderator", "room", "sendMessage"];
    fails(&chat, &room, &["invalid request (50105: Invalid role type), HTTP 400"]);
    let (long, rule) = ("é".repeat(65), "FriendlyName: must have 1 to 64 characters");
    fails(&chat, &[SERVICE, &long, "channel", "sendMessage"], &["invalid request", rule]);
    fails(&harness, harness.good, &["connection interrupted: ", "reset", ", outcome unknown"]);
    let duplicate = "already exists (DUPLICATE_FIELD: Role assignment already exists), HTTP 400";
    fails(&harness, harness.good, &[duplicate]);
    let denied = "permission denied (not_owner: Only owners may do this), HTTP 403";
    fails(&redox, redox.good, &[denied]);
    fails(&deepset, deepset.good, &["already exists (Role already exists), HTTP 409"]);
    let unknown = [DeepsetFake::ORGANIZATION, "lunar", "", "files:read", "moon:read"];
    fails(&deepset, &unknown, &["invalid request (body.permissions.1.asset: ", "HTTP 422"]);
    for (example, credential, text) in [
        (iam, "TWILIO_CLIENT_SECRET", "20003: Authenticate"),
        (chat, "TWILIO_AUTH_TOKEN", "HTTP 401"),
        (harness, "HARNESS_API_KEY", "HTTP 401"),
        (redox, "REDOX_API_TOKEN", "(Unauthorized), HTTP 401"),
        (deepset, "DEEPSET_API_KEY", "HTTP 401"),
    ] {
        let env = with(&env, credential, "obviously-wrong");
        run(example.name, &env, example.good).assert_error(&["unauthenticated", text]);
    }
    let no_colon = [DeepsetFake::ORGANIZATION, "auditor", "", "files:read", "jobs"];
    assert_eq!(run("deepset_add_role", &env, &no_colon).code, Some(2));
    let made = [
        services.iam.role_assignments().len(),
        services.chat.roles().len(),
        services.harness.role_assignments("orgs/platform").len(),
        services.deepset.roles().len(),
    ];
    assert_eq!(made, [0, 0, 1, 1]);
}

/// To a closed port, behind a certificate, by a proxy of the environment in any form.
#[cfg(feature = "rustls")]
#[tokio::test(flavor = "multi_thread")]
async fn missing_connection_has_its_cause() {
    use crate::support::raw::{Raw, Reply};
    use crate::support::tls::{EXPIRED, Hello, Tls};

    let proxy = Raw::start(|_| Reply::http(407, &[], b"")).await;
    let tls = Tls::start(proxy.address(), Hello::Certificate(EXPIRED), || true);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls/root.pem");
    for example in &ONE_CALL {
        let fails = |url: &str, variable, value: &str, through: &str, why: &str| {
            let env = with(&example.env(url), variable, value);
            let text = format!("no connection to {url}{through}: ");
            run(example.name, &env, example.good).assert_error(&[&text, why]);
        };
        fails(CLOSED, "NO_PROXY", "", "", "refused (os error ");
        fails(&tls.origin(), "SSL_CERT_FILE", root, "", "certificate has expired");
        let far = "https://service.example";
        let through = |proxy: &str| format!(" through the proxy {proxy}");
        let url = proxy.origin();
        for form in [
            url.replace("//", "//user:obviously-fake-password@"),
            format!(" {}\n", url.replace("http", "HTTP")),
        ] {
            fails(far, "HTTPS_PROXY", &form, &through(&url), "the proxy refused: 407");
            fails(far, "https_proxy", &form, &through(&url), "the proxy refused: 407");
        }
        fails(far, "HTTPS_PROXY", CLOSED, &through(CLOSED), "refused (os error ");
        let socks = with(&example.env(far), "https_proxy", "socks5://127.0.0.1:1");
        let rule = "configuration: https_proxy: must start with http:// or https://";
        run(example.name, &socks, example.good).assert_error(&[rule]);
    }
}

/// What a program that needs nothing shows.
fn shown_by(name: &str) -> String {
    let Finished { code, stdout, stderr } = run(name, &[], &[] as &[&str]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{name}: {stdout}");
    stdout
}

#[test]
fn tour_calls_every_service() {
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
    assert_all_in(&shown_by("tour"), &parts);
}

#[test]
fn access_of_a_person_is_found_through_groups() {
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
    assert_eq!(shown_by("harness_access_of_a_person").lines().collect::<Vec<_>>(), lines);
}

/// The interrupted list misses no user, and names none twice.
#[test]
fn review_lists_each_assignment_once() {
    let user = |nth: u32| format!("twilio iam   US{nth:032} has {ROLE} in {ACCOUNT}");
    let [ada, grace] = [user(1), user(2)];
    let lines = [
        "twilio chat  role moderator: deleteAnyMessage",
        "deepset      role auditor: files:read",
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
    assert_eq!(shown_by("list_everyones_roles").lines().collect::<Vec<_>>(), lines);
}

/// In the second run Harness does not know the user any more.
#[test]
fn offboarding_says_what_was_done_what_was_not_and_what_is_unknown() {
    let left = [
        "  not done  redox: membership: redox role-assignment.remove_member: conflict (An organization \
         must have at least one owner), HTTP 409, 1 attempt",
        "  not done  deepset: user; no documented call revokes, the web page does",
        "  not done  twilio chat: it knows identities, not e-mail addresses",
    ];
    let first = [
        "First run",
        "  done      twilio: role assignment IY00000000000000000000000000000001",
        "  done      twilio: active user",
        "  unknown   harness: user: harness users.remove: server error, HTTP 503, 4 attempts, outcome \
         unknown",
        "  done      redox: role in environment env-1",
    ];
    let lines = [&first[..], &left, &["Second run"], &left].concat();
    assert_eq!(shown_by("offboard_everywhere").lines().collect::<Vec<_>>(), lines);
}

#[test]
fn grant_chat_moderator() {
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
    assert_eq!(shown_by("grant_chat_moderator"), expected);
}

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
    let changed = "  chat moderator: added [\"deleteAnyMessage\"], removed [\"editAnyMessage\"]\n";
    let nothing = "  chat moderator: added [], removed []\n";
    for (run, changes, requests) in [
        (first, changed, "  requests: 6 to Twilio Chat, 2 to Harness\n"),
        (second, nothing, "  requests: 3 to Twilio Chat, 1 to Harness\n"),
    ] {
        assert_all_in(run, &[&after[..], &[changes, requests]].concat());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_a_person_holds_is_listed_by_the_e_mail_address() {
    let services = Services::start().await;
    services.give_roles().await.expect("each is given");
    let finished = run("held_by", &services.env(), &[EMAIL, TwilioIamFake::ORGANIZATION, "7"]);
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
            "twilio IX00000000000000000000000000000104 organization ",
            "twilio IX00000000000000000000000000000104 account ",
            "harness _viewer organization sre",
            "redox member organization ",
            "redox member environment ",
            "deepset Member organization ",
            "deepset Editor workspace ",
        ]
    );
}
