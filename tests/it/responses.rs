//! Responses: those of the fixtures are decoded, and one with a missing part is an error.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rolecall::operation::{DecodeError, Idempotency, decode_json};
use rolecall::twilio::chat::PageOf;
use rolecall::twilio::{chat, conversations, iam};
use rolecall::{ClientOptions, Effect, ErrorKind, RetryPolicy, deepset, harness, redox};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, to_value};

use crate::registry::{each_operation, fixture};
use crate::support::capture::Capture;

/// Reads a part of a response, and returns what is written for it.
type Read = fn(Value) -> Result<Value, DecodeError>;

fn value<T: DeserializeOwned + Serialize>(part: Value) -> Result<Value, DecodeError> {
    let read: T = decode_json(part.to_string().as_bytes())?;
    Ok(to_value(read).expect("it can be written"))
}

/// A page, which is not written.
fn page<T: DeserializeOwned>(part: Value) -> Result<Value, DecodeError> {
    decode_json::<T>(part.to_string().as_bytes()).map(|_| part)
}

/// The types of responses, and where they are in which fixtures.
const RESPONSES: &[(&str, &str, Read)] = &[
    ("twilio_iam/assignment", "", value::<iam::RoleAssignment>),
    ("twilio_iam/assignments", "", page::<iam::RoleAssignmentPage>),
    ("twilio_iam/assignments", "/content/0", value::<iam::RoleAssignment>),
    ("twilio_iam/account", "", value::<iam::Account>),
    ("twilio_iam/accounts", "", page::<iam::AccountPage>),
    ("twilio_iam/accounts", "/content/0", value::<iam::Account>),
    ("twilio_iam/user", "", value::<iam::User>),
    ("twilio_iam/users", "", page::<iam::UserListing>),
    ("twilio_iam/users", "/Resources/0", value::<iam::User>),
    ("twilio_iam/roles", "", page::<iam::RolePage>),
    ("twilio_iam/roles", "/roles/0", value::<iam::Role>),
    ("twilio_iam/permissions", "", page::<iam::RolePermissionPage>),
    ("twilio_iam/permissions", "/permissions/0", value::<iam::RolePermission>),
    ("twilio_chat/role", "", value::<chat::Role>),
    ("twilio_chat/roles", "", page::<PageOf<chat::Role>>),
    ("twilio_chat/roles", "/roles/0", value::<chat::Role>),
    ("twilio_chat/user", "", value::<chat::User>),
    ("twilio_chat/users", "", page::<PageOf<chat::User>>),
    ("twilio_chat/member", "", value::<chat::Member>),
    ("twilio_chat/members", "", page::<PageOf<chat::Member>>),
    ("twilio_chat/invite", "", value::<chat::Invite>),
    ("twilio_chat/invites", "", page::<PageOf<chat::Invite>>),
    ("twilio_chat/channel", "", value::<chat::ListedChannel>),
    ("twilio_chat/channels", "", page::<PageOf<chat::ListedChannel>>),
    ("twilio_chat/user_channel", "", value::<chat::UserChannel>),
    ("twilio_chat/user_channels", "", page::<PageOf<chat::UserChannel>>),
    ("twilio_chat/service", "", value::<chat::ServiceDetails>),
    ("twilio_chat/services", "", page::<PageOf<chat::ServiceDetails>>),
    ("twilio_conversations/role", "", value::<chat::Role>),
    ("twilio_conversations/roles", "", page::<PageOf<chat::Role>>),
    ("twilio_conversations/user", "", value::<chat::User>),
    ("twilio_conversations/users", "", page::<PageOf<chat::User>>),
    ("twilio_conversations/participant", "", value::<conversations::Participant>),
    ("twilio_conversations/participants", "", page::<PageOf<conversations::Participant>>),
    ("twilio_conversations/conversation", "", value::<conversations::ListedConversation>),
    ("twilio_conversations/conversations", "", page::<PageOf<conversations::ListedConversation>>),
    ("twilio_conversations/user_conversation", "", value::<conversations::UserConversation>),
    (
        "twilio_conversations/user_conversations",
        "",
        page::<PageOf<conversations::UserConversation>>,
    ),
    ("twilio_conversations/service", "", value::<conversations::ServiceDetails>),
    ("twilio_conversations/services", "", page::<PageOf<conversations::ServiceDetails>>),
    ("twilio_conversations/configuration", "", value::<conversations::Configuration>),
    ("twilio_conversations/global_configuration", "", value::<conversations::GlobalConfiguration>),
    ("harness/assignment", "", value::<harness::RoleAssignmentResponse>),
    ("harness/role", "", value::<harness::Role>),
    ("harness/group", "", value::<harness::ResourceGroup>),
    ("harness/organization", "", value::<harness::OrganizationResponse>),
    ("harness/project", "", value::<harness::ProjectResponse>),
    ("harness/aggregate", "", value::<harness::RoleAssignmentAggregate>),
    ("harness/user", "", value::<harness::User>),
    ("harness/user_group", "", value::<harness::UserGroup>),
    ("harness/service_account", "", value::<harness::ServiceAccount>),
    ("harness/permission", "", value::<harness::Permission>),
    ("harness/deleted_many", "", value::<harness::DeletedMany>),
    ("harness/validation", "/data/principalValidationResult", value::<harness::ValidationResult>),
    ("redox/assigned", "", value::<redox::AssignRoleResponse>),
    (
        "redox/environment_memberships",
        "/payload",
        value::<redox::Memberships<redox::EnvironmentMembership>>,
    ),
    ("redox/environments", "/payload", value::<redox::EnvironmentList>),
    ("redox/audit_events", "", page::<redox::AuditEventPage>),
    ("redox/audit_events", "/payload/results/0", value::<redox::AuditEvent>),
    ("redox/memberships", "/payload", value::<redox::Memberships<redox::OrganizationMembership>>),
    ("deepset/role", "", value::<deepset::Role>),
    ("deepset/roles", "", page::<deepset::Listing<deepset::Role>>),
    ("deepset/roles", "/data/0", value::<deepset::Role>),
    ("deepset/user", "", value::<deepset::User>),
    ("deepset/users", "", page::<deepset::Listing<deepset::User>>),
    ("deepset/users", "/data/0", value::<deepset::User>),
];

/// Whether what was written is what was read, but for parts that the type does not know.
fn is_same(read: &Value, written: &Value, knows_all: bool) -> bool {
    match (read, written) {
        (Value::Object(read), Value::Object(written)) => {
            let none = &Value::Null;
            let fields = |all: &serde_json::Map<String, Value>| all.keys().cloned().collect();
            let mut names: BTreeSet<String> = fields(written);
            if knows_all {
                names.append(&mut fields(read));
            }
            let part = |of: &serde_json::Map<_, _>, name| of.get(name).unwrap_or(none).clone();
            names.iter().all(|name| is_same(&part(read, name), &part(written, name), knows_all))
        }
        (Value::Array(read), Value::Array(written)) => {
            let mut pairs = read.iter().zip(written);
            read.len() == written.len() && pairs.all(|(one, other)| is_same(one, other, knows_all))
        }
        // A tag of Harness may lack its value.
        (Value::Null, Value::String(text)) => text.is_empty(),
        (Value::Null, Value::Array(none)) => none.is_empty(),
        (Value::Null, Value::Object(parts)) => parts.values().all(Value::is_null),
        // An id that came as a number is kept as text; Redox also sends "true" as text.
        (Value::Number(number), Value::String(text)) => number.to_string() == *text,
        (Value::String(text), Value::Bool(truth)) => *text == truth.to_string(),
        (read, written) => read == written,
    }
}

#[test]
fn every_response_of_the_fixtures_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut seen = BTreeSet::from(["harness/assignment.misspelled.json".to_owned()]);
    for (name, place, read) in RESPONSES {
        for form in ["full", "minimal", "nulls", "unknown"] {
            let file = format!("{name}.{form}.json");
            let Ok(text) = fs::read_to_string(folder.join(&file)) else { continue };
            let fixture: Value = serde_json::from_str(&text).expect("fixtures are JSON");
            let part = fixture.pointer(place);
            assert!(part.is_some() || form != "full", "{file} has no {place}");
            if let Some(part) = part {
                let written = read(part.clone()).unwrap_or_else(|error| panic!("{file}: {error}"));
                let knows_all = form != "unknown";
                assert!(is_same(part, &written, knows_all), "{file}: {part} became {written}");
            }
            seen.insert(file);
        }
    }
    for vendor in fs::read_dir(&folder).expect("there are fixtures") {
        let vendor = vendor.expect("it can be read").path();
        for file in fs::read_dir(&vendor).into_iter().flatten() {
            let path = file.expect("it can be read").path();
            let name = path.strip_prefix(&folder).expect("it is below").display().to_string();
            let is_response = name.ends_with(".json") && name.matches('.').count() == 2;
            assert!(!is_response || seen.contains(&name), "no type reads {name}");
        }
    }
}

#[test]
fn published_misspellings_are_read() {
    let read: harness::RoleAssignmentResponse =
        serde_json::from_str(fixture!("harness/assignment.misspelled.json")).expect("it is read");
    assert_eq!(read.harness_managed, Some(true));
    let reference = read.role_assignment.role_reference.expect("it has one");
    assert_eq!(reference.scope_level, Some(harness::ScopeLevel::Account));
    // Both spellings came: the documented one counts.
    let principal = read.role_assignment.principal.expect("it has one");
    assert_eq!(principal.scope_level, Some(harness::ScopeLevel::Project));
}

#[test]
fn values_that_deepset_documents_are_known() {
    use deepset::{Action, Asset};

    let assets = "feedback feedback_management files indexes jobs secrets shared_prototypes pipelines \
                  prompts search_history workspace_statistics workspace_members groundedness api_keys \
                  models tool_registry component_templates mcp_server *";
    assert_eq!(assets.split(' ').count(), 19);
    for asset in assets.split(' ') {
        assert!(!matches!(Asset::from(asset), Asset::Unknown(_)), "{asset}");
    }
    for action in ["read", "write"] {
        assert!(!matches!(Action::from(action), Action::Unknown(_)), "{action}");
    }
    let unknown: deepset::Role =
        serde_json::from_str(fixture!("deepset/role.unknown.json")).expect("it is read");
    assert!(matches!(unknown.permissions.expect("it has one")[0].asset, Asset::Unknown(_)));
    assert_eq!((unknown.role_id.as_uuid(), unknown.role_id.as_str()), (None, "no uuid"));
}

/// Responses that lack what identifies the thing, or say that the list goes on without saying how.
const INCOMPLETE: &[(&str, &[(&str, &str)])] = &[
    (
        "twilio.iam role-assignments.create",
        &[
            ("{}", "missing field `sid`"),
            (r#"{"sid":""}"#, "sid: an empty id"),
            (r#"{"sid":null}"#, "sid: invalid type"),
        ],
    ),
    (
        "twilio.iam role-assignments.list",
        &[
            ("{}", "missing field `content`"),
            (r#"{"content":[]}"#, "missing field `meta`"),
            (r#"{"content":[{}]}"#, "content[0]: missing field `sid`"),
            (
                r#"{"content":[],"meta":{"next_page_url":"https://preview-iam.twilio.com/x?Page=1"}}"#,
                "meta.next_page_url: has no PageToken",
            ),
        ],
    ),
    ("twilio.iam accounts.get", &[("{}", "missing field `account_sid`")]),
    ("twilio.iam users.get", &[("{}", "missing field `id`")]),
    (
        "twilio.iam users.list",
        &[
            ("{}", "missing field `Resources`"),
            (r#"{"totalResults":3}"#, "missing field `Resources`"),
            (r#"{"Resources":null}"#, "missing field `Resources`"),
            (
                r#"{"Resources":[{"id":"US1"}],"totalResults":2}"#,
                "the list ended after 1 of 2 items",
            ),
        ],
    ),
    ("twilio.iam roles.list", &[(r#"{"content":[]}"#, "missing field `roles`")]),
    ("twilio.chat roles.create", &[("{}", "body: has none of sid, type")]),
    (
        "twilio.chat roles.list",
        &[
            ("{}", "missing field `roles`"),
            (r#"{"roles":null,"meta":{}}"#, "roles: invalid type: null"),
            (r#"{"roles":[]}"#, "missing field `meta`"),
            (r#"{"roles":[{}],"meta":{}}"#, "roles[0]: has none of sid, type"),
        ],
    ),
    (
        "twilio.chat users.create",
        &[
            ("{}", "body: has none of sid, identity"),
            (r#"{"sid":"","identity":""}"#, "has none of sid, identity"),
        ],
    ),
    (
        "twilio.chat members.list",
        &[
            ("{}", "missing field `members`"),
            ("[]", "body: invalid type: sequence, expected an object"),
            (r#"{"members":null,"meta":{}}"#, "members: invalid type: null"),
            (r#"{"members":[]}"#, "missing field `meta`"),
            (
                r#"{"members":[{"sid":"MB1"},{}],"meta":{}}"#,
                "members[1]: has none of sid, identity",
            ),
        ],
    ),
    ("twilio.chat services.get", &[("{}", "body: has none of sid, friendly_name")]),
    (
        "harness role-assignments.create",
        &[
            ("{}", "missing field `role-assignment`"),
            (r#"{"role-assignment":{}}"#, "missing field `identifier`"),
            (r#"{"role-assignment":{"identifier":""}}"#, "an empty id"),
        ],
    ),
    (
        "redox audit-events.list",
        &[
            (r#"{"payload":{"results":[]}}"#, "missing field `meta`"),
            (
                r#"{"meta":{"version":"1.0.0"},"payload":{"results":[]}}"#,
                "meta: missing field `page`",
            ),
            (r#"{"meta":{"page":{}},"payload":{}}"#, "payload: missing field `results`"),
            (
                r#"{"meta":{"page":{}},"payload":{"results":[{}]}}"#,
                "results[0]: missing field `id`",
            ),
            (
                r#"{"meta":{"page":{"links":{"next":{}}}},"payload":{"results":[]}}"#,
                "links.next: invalid type",
            ),
            (
                r#"{"meta":{"page":{"links":{"next":"/audit"}}},"payload":{"results":[]}}"#,
                "meta.page.links.next: has no _page to go on with",
            ),
            (
                r#"{"meta":{"page":{"currentPage":1,"links":{"next":"?_page=1"}}},"payload":{"results":[]}}"#,
                "meta.page.links.next: does not lead to a later page",
            ),
        ],
    ),
    ("harness users.search", &[(r#"{"status":"SUCCESS"}"#, "missing field `data`")]),
    (
        "harness user-groups.get",
        &[
            (r#"{"data":{}}"#, "data: missing field `identifier`"),
            (r#"{"data":null}"#, "data: invalid type: null"),
        ],
    ),
    (
        "harness user-groups.members",
        &[
            (r#"{"data":{}}"#, "data: missing field `content`"),
            (r#"{"data":{"content":[{}]}}"#, "data.content[0]: missing field `uuid`"),
            (
                r#"{"data":{"content":[{"uuid":"u"}],"totalItems":2}}"#,
                "the list ended after 1 of 2 items",
            ),
        ],
    ),
    (
        "harness role-assignments.delete_many",
        &[(r#"{"data":{}}"#, "data: missing field `successfullyDeleted`")],
    ),
    (
        "deepset roles.create",
        &[("{}", "missing field `role_id`"), (r#"{"role_id":""}"#, "role_id: an empty id")],
    ),
];

#[tokio::test]
async fn incomplete_response_is_an_error_that_names_what_is_missing() {
    for (name, responses) in INCOMPLETE {
        // Of a list, the form that reads it to its end.
        let endpoint = each_operation().into_iter().rfind(|endpoint| endpoint.name() == *name);
        let endpoint = endpoint.unwrap_or_else(|| panic!("no endpoint is {name}"));
        for (body, named) in *responses {
            let capture = Capture::start([(endpoint.success()[0], *body)]).await;
            let options = ClientOptions::default().retry(RetryPolicy::none());
            let error = endpoint.caller(&capture.uri(), options)().await.expect_err(body);
            let (effect, end) = match endpoint.idempotency() {
                Idempotency::Safe => (Effect::NotApplied, ""),
                _ if !endpoint.spec.is_confirmed_by_status() => {
                    (Effect::Unknown, "outcome unknown")
                }
                _ => (Effect::Applied, "the change was made"),
            };
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, effect), "{error}");
            let text = error.to_string();
            assert!(
                text.starts_with(name) && text.contains(named) && text.ends_with(end),
                "{text}"
            );
        }
    }
}
