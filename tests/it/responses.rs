//! Responses that lack a part, and values that vendors publish.

use rolecall::harness::{RoleAssignmentResponse, ScopeLevel};
use rolecall::operation::Idempotency;
use rolecall::{ClientOptions, Effect, ErrorKind, RetryPolicy, deepset};

use crate::registry::{each_operation, fixture};
use crate::support::capture::Capture;

#[test]
fn published_misspellings_are_read() {
    let read: RoleAssignmentResponse =
        serde_json::from_str(fixture!("harness/assignment.misspelled.json")).expect("it is read");
    assert_eq!(read.harness_managed, Some(true));
    let reference = read.role_assignment.role_reference.expect("it has one");
    assert_eq!(reference.scope_level, Some(ScopeLevel::Account));
    // Both spellings came: the documented one counts.
    let principal = read.role_assignment.principal.expect("it has one");
    assert_eq!(principal.scope_level, Some(ScopeLevel::Project));
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

const AUDIT: &str = "redox audit-events.list";
const CREATE: &str = "harness role-assignments.create";
const LIST: &str = "twilio.iam role-assignments.list";
const MEMBERS: &str = "harness user-groups.members";

/// Responses that lack what identifies the thing, or say that the list goes on without saying how;
/// and what the error says of them.
const INCOMPLETE: &[(&str, &str, &str)] = &[
    ("twilio.iam role-assignments.create", "{}", "missing field `sid`"),
    ("twilio.iam role-assignments.create", r#"{"sid":""}"#, "sid: an empty id"),
    ("twilio.iam role-assignments.create", r#"{"sid":null}"#, "sid: invalid type"),
    (LIST, "{}", "missing field `content`"),
    (LIST, r#"{"content":[]}"#, "missing field `meta`"),
    (LIST, r#"{"content":[{}]}"#, "content[0]: missing field `sid`"),
    (
        LIST,
        r#"{"content":[],"meta":{"next_page_url":"/?Page=1"}}"#,
        "next_page_url: has no PageToken",
    ),
    ("twilio.iam accounts.get", "{}", "missing field `account_sid`"),
    ("twilio.iam users.get", "{}", "missing field `id`"),
    ("twilio.iam users.list", "{}", "missing field `Resources`"),
    ("twilio.iam users.list", r#"{"totalResults":3}"#, "missing field `Resources`"),
    ("twilio.iam users.list", r#"{"Resources":null}"#, "missing field `Resources`"),
    (
        "twilio.iam users.list",
        r#"{"Resources":[{"id":"US1"}],"totalResults":2}"#,
        "the list ended after 1 of 2 items",
    ),
    ("twilio.iam roles.list", r#"{"content":[]}"#, "missing field `roles`"),
    ("twilio.chat roles.create", "{}", "body: has none of sid, type"),
    ("twilio.chat roles.list", "{}", "missing field `roles`"),
    ("twilio.chat roles.list", r#"{"roles":null,"meta":{}}"#, "roles: invalid type: null"),
    ("twilio.chat roles.list", r#"{"roles":[]}"#, "missing field `meta`"),
    ("twilio.chat roles.list", r#"{"roles":[{}],"meta":{}}"#, "roles[0]: has none of sid, type"),
    ("twilio.chat users.create", "{}", "body: has none of sid, identity"),
    ("twilio.chat users.create", r#"{"sid":"","identity":""}"#, "has none of sid, identity"),
    ("twilio.chat members.list", "{}", "missing field `members`"),
    ("twilio.chat members.list", "[]", "body: invalid type: sequence, expected an object"),
    (
        "twilio.chat members.list",
        r#"{"members":[{"sid":"MB1"},{}],"meta":{}}"#,
        "members[1]: has none of sid, identity",
    ),
    ("twilio.chat services.get", "{}", "body: has none of sid, friendly_name"),
    (CREATE, "{}", "missing field `role-assignment`"),
    (CREATE, r#"{"role-assignment":{}}"#, "missing field `identifier`"),
    (CREATE, r#"{"role-assignment":{"identifier":""}}"#, "an empty id"),
    (AUDIT, r#"{"payload":{"results":[]}}"#, "missing field `meta`"),
    (AUDIT, r#"{"meta":{},"payload":{"results":[]}}"#, "meta: missing field `page`"),
    (AUDIT, r#"{"meta":{"page":{}},"payload":{}}"#, "payload: missing field `results`"),
    (AUDIT, r#"{"meta":{"page":{}},"payload":{"results":[{}]}}"#, "results[0]: missing field `id`"),
    (
        AUDIT,
        r#"{"meta":{"page":{"links":{"next":{}}}},"payload":{"results":[]}}"#,
        "links.next: invalid type",
    ),
    (
        AUDIT,
        r#"{"meta":{"page":{"links":{"next":"/audit"}}},"payload":{"results":[]}}"#,
        "links.next: has no _page to go on with",
    ),
    (
        AUDIT,
        r#"{"meta":{"page":{"currentPage":1,"links":{"next":"?_page=1"}}},"payload":{"results":[]}}"#,
        "links.next: does not lead to a later page",
    ),
    ("harness users.search", r#"{"status":"SUCCESS"}"#, "missing field `data`"),
    ("harness user-groups.get", r#"{"data":{}}"#, "data: missing field `identifier`"),
    ("harness user-groups.get", r#"{"data":null}"#, "data: invalid type: null"),
    (MEMBERS, r#"{"data":{}}"#, "data: missing field `content`"),
    (MEMBERS, r#"{"data":{"content":[{}]}}"#, "data.content[0]: missing field `uuid`"),
    (
        MEMBERS,
        r#"{"data":{"content":[{"uuid":"u"}],"totalItems":2}}"#,
        "the list ended after 1 of 2 items",
    ),
    (
        "harness role-assignments.delete_many",
        r#"{"data":{}}"#,
        "data: missing field `successfullyDeleted`",
    ),
    ("deepset roles.create", "{}", "missing field `role_id`"),
    ("deepset roles.create", r#"{"role_id":""}"#, "role_id: an empty id"),
];

#[tokio::test]
async fn incomplete_response_is_an_error_that_names_what_is_missing() {
    for (name, body, named) in INCOMPLETE {
        // Of a list, the form that reads it to its end.
        let endpoint = each_operation().into_iter().rfind(|endpoint| endpoint.name() == *name);
        let endpoint = endpoint.unwrap_or_else(|| panic!("no endpoint is {name}"));
        let capture = Capture::start([(endpoint.success()[0], *body)]).await;
        let options = ClientOptions::default().retry(RetryPolicy::none());
        let error = endpoint.caller(&capture.uri(), options)().await.expect_err(body);
        let (effect, end) = match endpoint.idempotency() {
            Idempotency::Safe => (Effect::NotApplied, ""),
            _ if !endpoint.spec.is_confirmed_by_status() => (Effect::Unknown, "outcome unknown"),
            _ => (Effect::Applied, "the change was made"),
        };
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, effect), "{error}");
        let text = error.to_string();
        assert!(text.starts_with(name) && text.contains(named) && text.ends_with(end), "{text}");
    }
}
