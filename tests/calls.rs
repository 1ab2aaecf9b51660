//! Each call's request byte for byte, and each kind of answer, against the fixtures.
#![cfg(any(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]

mod capture;

use capture::Capture;
use rolecall::{ClientOptions, Effect, Error, ErrorKind, RetryPolicy};
use serde_json::Value;

/// The text of a fixture.
macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/", $path))
    };
}

/// What is written for a value, as JSON.
fn written<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("answers can be written")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("the fixture is JSON")
}

/// A JSON object without these fields.
#[cfg(feature = "twilio")]
fn without(mut value: Value, fields: &[&str]) -> Value {
    for field in fields {
        value.as_object_mut().expect("it is an object").remove(*field);
    }
    value
}

fn options() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::none())
}

/// Without what identifies the thing, the change was made all the same.
#[cfg(any(feature = "twilio", feature = "harness", feature = "deepset"))]
fn assert_applied(error: &Error, named: &str) {
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Applied), "{error}");
    assert!(error.to_string().contains(named), "{error}");
    assert!(error.to_string().ends_with("the change was made"), "{error}");
}

#[cfg(feature = "twilio")]
mod twilio_iam {
    use super::*;
    use rolecall::TwilioIam;
    use rolecall::twilio::AccessControl;
    use rolecall::twilio::iam::{NewRoleAssignment, RoleAssignment};

    const TOKEN: &str = fixture!("twilio_iam/token.json");

    fn wanted() -> NewRoleAssignment {
        NewRoleAssignment::new(
            "IX00000000000000000000000000000104",
            "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        )
        .expect("they are SIDs")
    }

    fn client(capture: &Capture) -> TwilioIam {
        TwilioIam::builder("OQaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "obviously fake+secret&")
            .base_url(capture.uri())
            .token_url(format!("{}/v2/token", capture.uri()))
            .options(options())
            .build()
            .expect("the client is set up well")
    }

    async fn create(answer: &str) -> Result<RoleAssignment, Error> {
        let capture = Capture::start([(201, TOKEN), (201, answer)]).await;
        let organization = client(&capture).organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
        organization.role_assignments().create(&wanted()).await
    }

    #[tokio::test]
    async fn the_requests_are_exact() {
        let full = fixture!("twilio_iam/assignment.full.json");
        let capture = Capture::start([(200, TOKEN), (201, full), (201, full)]).await;
        let organization = client(&capture).organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        let assignments = organization.expect("it is a SID").role_assignments();
        assignments.create(&wanted()).await.expect("it succeeds");
        let narrow = wanted().resource("service", "some/thing");
        assignments.create(&narrow).await.expect("it succeeds");
        assert_eq!(
            capture.requests(),
            [
                fixture!("twilio_iam/token.request.http"),
                fixture!("twilio_iam/create.request.http"),
                fixture!("twilio_iam/create_for_resource.request.http"),
            ]
        );
    }

    #[tokio::test]
    async fn answers_are_read() {
        let text = fixture!("twilio_iam/assignment.full.json");
        let full = create(text).await.expect("it is read");
        assert_eq!(
            full.identity.as_ref().map(AsRef::as_ref),
            Some("USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
        );
        assert_eq!(written(&full), parsed(text));
        let minimal = fixture!("twilio_iam/assignment.minimal.json");
        for text in [minimal, fixture!("twilio_iam/assignment.nulls.json")] {
            let read = create(text).await.expect("it is read");
            assert_eq!(read.role_sid, None);
            assert_eq!(written(&read), parsed(minimal));
        }
        let text = fixture!("twilio_iam/assignment.unknown.json");
        let unknown = create(text).await.expect("it is read");
        assert_eq!(written(&unknown), without(parsed(text), &["links", "flags"]));
    }

    #[tokio::test]
    async fn an_answer_without_a_sid_is_an_error_after_the_fact() {
        assert_applied(&create("{}").await.expect_err("no SID"), "missing field `sid`");
        assert_applied(&create(r#"{"sid":""}"#).await.expect_err("no SID"), "sid: an empty id");
        assert_applied(&create(r#"{"sid":null}"#).await.expect_err("no SID"), "sid: invalid type");
    }

    #[tokio::test]
    async fn the_documented_headers_are_typed() {
        let full = fixture!("twilio_iam/assignment.full.json");
        let capture = Capture::start([(200, TOKEN), (201, full), (403, "{}")]).await.with_headers(
            "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: GET, POST\r\n\
             Access-Control-Allow-Headers: Accept\r\nAccess-Control-Allow-Credentials: true\r\n\
             Access-Control-Expose-Headers: ETag\r\nTwilio-Request-Id: RQfake\r\n",
        );
        let organization = client(&capture).organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        let assignments = organization.expect("it is a SID").role_assignments();
        let answer = assignments.create(&wanted()).with_response().await.expect("it succeeds");
        let error = assignments.create(&wanted()).await.expect_err("it is refused");
        assert_eq!(answer.request_id(), Some("RQfake"));
        assert_eq!(error.request_id(), Some("RQfake"));
        for headers in [answer.headers(), error.headers()] {
            let access = AccessControl::of(headers);
            assert_eq!(access.allow_origin.as_deref(), Some("*"));
            assert_eq!(access.allow_methods.as_deref(), Some("GET, POST"));
            assert_eq!(access.allow_headers.as_deref(), Some("Accept"));
            assert_eq!(access.allow_credentials, Some(true));
            assert_eq!(access.expose_headers.as_deref(), Some("ETag"));
        }
    }
}

#[cfg(feature = "twilio")]
mod twilio_chat {
    use super::*;
    use rolecall::TwilioChat;
    use rolecall::twilio::chat::{NewRole, Role, RoleType, permission};

    fn client(capture: &Capture) -> TwilioChat {
        TwilioChat::with_auth_token(
            "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "obviously-fake-auth-token",
        )
        .expect("it is a SID")
        .base_url(capture.uri())
        .options(options())
        .build()
        .expect("the client is set up well")
    }

    async fn send(capture: &Capture) -> Result<Role, Error> {
        let permissions =
            [permission::SEND_MESSAGE, permission::LEAVE_CHANNEL, permission::ADD_MEMBER, "new/1"];
        let wanted = NewRole::new("channel user & é", RoleType::Channel, permissions)?;
        let service = client(capture).service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
        service.roles().create(&wanted).await
    }

    async fn create(answer: &str) -> Result<Role, Error> {
        send(&Capture::start([(201, answer)]).await).await
    }

    #[tokio::test]
    async fn the_request_is_exact() {
        let capture = Capture::start([(201, fixture!("twilio_chat/role.full.json"))]).await;
        send(&capture).await.expect("it succeeds");
        assert_eq!(capture.requests(), [fixture!("twilio_chat/create.request.http")]);
    }

    #[tokio::test]
    async fn answers_are_read() {
        let text = fixture!("twilio_chat/role.full.json");
        let full = create(text).await.expect("it is read");
        let created = full.date_created.as_ref().expect("it has a date");
        assert_eq!(created.unix_seconds(), Some(1_457_034_435));
        assert_eq!(written(&full), parsed(text));
        let nulls = fixture!("twilio_chat/role.nulls.json");
        for text in [nulls, fixture!("twilio_chat/role.minimal.json")] {
            let read = create(text).await.expect("it is read");
            assert_eq!(read.kind, RoleType::Deployment);
            assert_eq!(written(&read), parsed(nulls));
        }
        let text = fixture!("twilio_chat/role.unknown.json");
        let unknown = create(text).await.expect("it is read");
        assert!(matches!(&unknown.kind, RoleType::Other(kind) if kind.as_str() == "galaxy"));
        assert_eq!(unknown.date_created.as_ref().and_then(|date| date.unix_seconds()), None);
        assert_eq!(written(&unknown), without(parsed(text), &["etag"]));
    }

    #[tokio::test]
    async fn an_answer_without_a_type_is_an_error_after_the_fact() {
        assert_applied(&create("{}").await.expect_err("no type"), "missing field `type`");
    }
}

#[cfg(feature = "harness")]
mod harness {
    use super::*;
    use rolecall::Harness;
    use rolecall::harness::{
        NewRoleAssignment, Principal, PrincipalType, RoleAssignmentResponse, RoleReference,
        ScopeLevel,
    };
    use std::time::{Duration, SystemTime};

    fn client(capture: &Capture) -> Harness {
        Harness::builder("pat.fakeAccount.fakeTokenId.obviously-fake-secret")
            .base_url(capture.uri())
            .options(options())
            .build()
            .expect("the client is set up well")
    }

    fn wanted() -> NewRoleAssignment {
        NewRoleAssignment::new(
            "sre_view",
            "_organization_viewer",
            "_all_organization_level_resources",
            Principal::user_group("sre"),
        )
        .expect("it follows the rules")
    }

    async fn create(answer: &str) -> Result<RoleAssignmentResponse, Error> {
        let capture = Capture::start([(201, answer)]).await;
        client(&capture).org("platform")?.role_assignments().create(&wanted()).await
    }

    #[tokio::test]
    async fn the_requests_are_exact() {
        let full = fixture!("harness/assignment.full.json");
        let capture = Capture::start([(201, full), (201, full), (201, full)]).await;
        let client = client(&capture);
        let org = client.org("platform").expect("it is an id");
        org.role_assignments().create(&wanted()).await.expect("it succeeds");

        let principal = Principal::service_account("ci").scope_level(ScopeLevel::Organization);
        let group = "_all_project_level_resources";
        let in_project = NewRoleAssignment::new("sre_view", "_account_viewer", group, principal)
            .expect("it follows the rules")
            .role_reference(RoleReference::new(ScopeLevel::Account, "_account_viewer"))
            .disabled(true)
            .managed(false);
        let project = org.project("web shop").expect("it is an id");
        project.role_assignments().create(&in_project).await.expect("it succeeds");

        let group = "_all_account_level_resources";
        let unnamed =
            NewRoleAssignment::unnamed("_account_viewer", group, Principal::user("a/b@c"))
                .expect("it follows the rules");
        client.account().role_assignments().create(&unnamed).await.expect("it succeeds");
        assert_eq!(
            capture.requests(),
            [
                fixture!("harness/create.request.http"),
                fixture!("harness/create_in_project.request.http"),
                fixture!("harness/create_in_account.request.http"),
            ]
        );
    }

    #[tokio::test]
    async fn the_account_header_is_sent_when_it_is_known() {
        let full = fixture!("harness/assignment.full.json");
        for (key, account, expected) in [
            ("pat.fakeId.obviously-fake", None, None),
            ("pat.fakeId.obviously-fake", Some("given"), Some("harness-account: given")),
            ("sat.own.fakeId.obviously-fake", Some("given"), Some("harness-account: given")),
            ("sat.own.fakeId.obviously-fake", None, Some("harness-account: own")),
        ] {
            let capture = Capture::start([(201, full)]).await;
            let mut builder = Harness::builder(key).base_url(capture.uri());
            if let Some(account) = account {
                builder = builder.account(account);
            }
            let assignments = builder.build().expect("it is set up well").account();
            assignments.role_assignments().create(&wanted()).await.expect("it succeeds");
            let request = &capture.requests()[0];
            let header = request.lines().find(|line| line.starts_with("harness-account"));
            assert_eq!(header, expected, "{key}");
        }
    }

    #[tokio::test]
    async fn answers_are_read() {
        let text = fixture!("harness/assignment.full.json");
        let full = create(text).await.expect("it is read");
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!((full.created_at(), full.updated_at()), (at(1_234_567_890), at(1_700_000_000)));
        assert_eq!(written(&full), parsed(text));
        let text = fixture!("harness/assignment.minimal.json");
        let minimal = create(text).await.expect("it is read");
        assert_eq!(minimal.role_assignment.identifier, "sre_view");
        assert_eq!(written(&minimal), parsed(text));
        let nulls = create(fixture!("harness/assignment.nulls.json")).await.expect("it is read");
        assert_eq!(nulls.role_assignment.disabled, None);
    }

    #[tokio::test]
    async fn unknown_values_are_written_back_unchanged() {
        let unknown =
            create(fixture!("harness/assignment.unknown.json")).await.expect("it is read");
        let principal = unknown.role_assignment.principal.as_ref().expect("it has one");
        assert!(matches!(principal.kind, Some(PrincipalType::Other(_))));
        let written = written(&unknown);
        let assignment = &written["role-assignment"];
        assert_eq!(assignment["principal"]["type"], "ROBOT");
        assert_eq!(assignment["principal"]["scope_level"], "galaxy");
        assert_eq!(assignment["identifier"], "1 strange identifier");
        assert_eq!((written["created"].as_i64(), unknown.created_at()), (Some(-1), None));
    }

    #[tokio::test]
    async fn the_published_misspellings_are_read() {
        let read =
            create(fixture!("harness/assignment.misspelled.json")).await.expect("it is read");
        assert_eq!(read.harness_managed, Some(true));
        let assignment = read.role_assignment;
        let reference = assignment.role_reference.expect("it has one");
        assert_eq!(reference.scope_level, Some(ScopeLevel::Account));
        // Both spellings came: the documented one counts.
        let principal = assignment.principal.expect("it has one");
        assert_eq!(principal.scope_level, Some(ScopeLevel::Project));
    }

    #[tokio::test]
    async fn an_answer_without_an_identifier_is_an_error_after_the_fact() {
        for (answer, named) in [
            ("{}", "missing field `role-assignment`"),
            (r#"{"role-assignment":{}}"#, "missing field `identifier`"),
            (r#"{"role-assignment":{"identifier":""}}"#, "an empty id"),
        ] {
            assert_applied(&create(answer).await.expect_err("no identifier"), named);
        }
    }
}

#[cfg(feature = "redox")]
mod redox {
    use super::*;
    use rolecall::Redox;
    use rolecall::redox::{AssignRoleResponse, NewRoleAssignment, RoleRef, UserRef};

    async fn send(capture: &Capture) -> Result<AssignRoleResponse, Error> {
        let client = Redox::builder("obviously-fake-redox-token")
            .base_url(format!("{}/platform/", capture.uri()))
            .options(options())
            .build()?;
        let role = RoleRef::new("role-uuid", "member")?;
        let wanted = NewRoleAssignment::new(role, UserRef::new("user-id", "A. User")?);
        client.organization("org/7")?.role_assignments().assign(&wanted).await
    }

    async fn assign(status: u16, answer: &str) -> Result<AssignRoleResponse, Error> {
        send(&Capture::start([(status, answer)]).await).await
    }

    #[tokio::test]
    async fn the_request_is_exact() {
        let capture = Capture::start([(200, fixture!("redox/assigned.full.json"))]).await;
        send(&capture).await.expect("it succeeds");
        assert_eq!(capture.requests(), [fixture!("redox/assign.request.http")]);
    }

    #[tokio::test]
    async fn answers_are_read() {
        let text = fixture!("redox/assigned.full.json");
        for status in [200, 201] {
            let full = assign(status, text).await.expect("it is read");
            assert_eq!(full.meta.version.as_deref(), Some("1.0.0"));
            assert_eq!(written(&full), parsed(text));
        }
        for text in [fixture!("redox/assigned.minimal.json"), fixture!("redox/assigned.nulls.json")]
        {
            let read = assign(200, text).await.expect("it is read");
            assert_eq!(read.meta.version, None);
        }
        let unknown = assign(200, fixture!("redox/assigned.unknown.json")).await;
        assert_eq!(unknown.expect("it is read").meta.version.as_deref(), Some("1.7.0"));
    }

    #[tokio::test]
    async fn an_answer_without_success_is_none() {
        for answer in ["{}", r#"{"payload":{}}"#, r#"{"payload":{"success":null}}"#] {
            let error = assign(200, answer).await.expect_err("no success");
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Unknown));
        }
        let answer = r#"{"meta":{"version":"1.0.0"},"payload":{"success":false}}"#;
        let error = assign(200, answer).await.expect_err("it says so");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::Unknown));
    }
}

#[cfg(feature = "deepset")]
mod deepset {
    use super::*;
    use rolecall::Deepset;
    use rolecall::deepset::{Action, Asset, NewRole, Permission, Role};

    async fn send(capture: &Capture) -> Result<Role, Error> {
        let client = Deepset::builder("api_obviously-fake-deepset-key")
            .base_url(capture.uri())
            .options(options())
            .build()?;
        let permissions = [
            Permission::new(Asset::Files, Action::Read),
            Permission::new(Asset::All, Action::Write),
            Permission::new("brand_new", "execute"),
        ];
        let wanted = NewRole::new("auditor", "Reads \"all\"", permissions);
        client.organization("7F0C1F5E-0000-4000-8000-000000000001")?.roles().create(&wanted).await
    }

    async fn create(answer: &str) -> Result<Role, Error> {
        send(&Capture::start([(201, answer)]).await).await
    }

    #[tokio::test]
    async fn the_request_is_exact() {
        let capture = Capture::start([(201, fixture!("deepset/role.full.json"))]).await;
        send(&capture).await.expect("it succeeds");
        assert_eq!(capture.requests(), [fixture!("deepset/create.request.http")]);
    }

    #[tokio::test]
    async fn answers_are_read() {
        let text = fixture!("deepset/role.full.json");
        let full = create(text).await.expect("it is read");
        assert!(full.role_id.as_uuid().is_some());
        assert_eq!(written(&full), parsed(text));
        let nulls = fixture!("deepset/role.nulls.json");
        for text in [nulls, fixture!("deepset/role.minimal.json")] {
            let read = create(text).await.expect("it is read");
            assert_eq!(written(&read), parsed(nulls));
        }
        let unknown = create(fixture!("deepset/role.unknown.json")).await.expect("it is read");
        assert_eq!((unknown.role_id.as_uuid(), unknown.role_id.as_str()), (None, "no uuid"));
        let permission = &unknown.permissions.as_ref().expect("it has some")[0];
        assert!(matches!(permission.asset, Asset::Other(_)));
        assert_eq!(
            written(permission),
            serde_json::json!({"asset": "brand_new", "action": "execute"})
        );
    }

    #[tokio::test]
    async fn every_listed_value_is_read_and_written() {
        let assets = [
            "feedback",
            "feedback_management",
            "files",
            "indexes",
            "jobs",
            "secrets",
            "shared_prototypes",
            "pipelines",
            "prompts",
            "search_history",
            "workspace_statistics",
            "workspace_members",
            "groundedness",
            "api_keys",
            "models",
            "tool_registry",
            "component_templates",
            "mcp_server",
            "*",
        ];
        assert_eq!(assets.len(), 19);
        for asset in assets {
            assert!(!matches!(Asset::from(asset), Asset::Other(_)), "{asset} is listed");
            assert_eq!(written(&Asset::from(asset)), asset);
        }
        for action in ["read", "write"] {
            assert!(!matches!(Action::from(action), Action::Other(_)), "{action} is listed");
        }
    }

    #[tokio::test]
    async fn an_answer_without_an_id_is_an_error_after_the_fact() {
        assert_applied(&create("{}").await.expect_err("no id"), "missing field `role_id`");
        assert_applied(
            &create(r#"{"role_id":""}"#).await.expect_err("no id"),
            "role_id: an empty id",
        );
    }
}
