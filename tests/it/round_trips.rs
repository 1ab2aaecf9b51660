//! Responses: those of the fixtures are read, and values that are read, written and read again stay
//! the same, with arbitrary fields and for every response type. One test finds types without this.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};
use std::fs;
use std::mem::discriminant;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rolecall::operation::{Body, Idempotency, Operation, Spec, decode_json};
use rolecall::testing::{Sample, TwilioChatFake, TwilioIamFake, sample};
use rolecall::twilio::chat::TwilioChat;
use rolecall::{Error, Position, Timestamp, access, deepset, harness, twilio};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::layers::{below_root, files};

pub(crate) fn config() -> ProptestConfig {
    // Nothing is kept between runs: a failing case is printed, and belongs into a test of its own.
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_nothing),
        _ => false,
    }
}

/// Whether what was written says what was read, no more and, if the type knows all of it, no less.
fn says(read: &Value, written: &Value, knows_all: bool) -> bool {
    fn part<'a>(of: &'a Map<String, Value>, name: &str) -> &'a Value {
        of.get(name).unwrap_or(&Value::Null)
    }
    let same = |(read, written): (&_, &_)| says(read, written, knows_all);
    match (read, written) {
        (Value::Object(read), Value::Object(written)) => {
            // What is absent is not written as null.
            let mut named = written.iter().filter(|(_, value)| value.is_null());
            let mut names = written.keys().chain(read.keys().filter(|_| knows_all));
            named.all(|(name, _)| read.contains_key(name))
                && names.all(|name| same((part(read, name), part(written, name))))
        }
        (Value::Array(read), Value::Array(written)) => {
            read.len() == written.len() && read.iter().zip(written).all(same)
        }
        // Where text is expected, a service's number is kept as text, and its "true" as truth.
        (Value::Number(read), Value::String(written)) => read.to_string() == *written,
        (Value::String(read), Value::Bool(written)) => read == &written.to_string(),
        // A tag of Harness may lack its value.
        (Value::Null, Value::String(written)) => written.is_empty(),
        (read, written) => read == written || (is_nothing(read) && is_nothing(written)),
    }
}

/// What is written for a value, which is read back as it was; nothing if it cannot be read.
fn rewrite<T>(json: &Value) -> Option<Value>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let read: T = serde_json::from_value(json.clone()).ok()?;
    let text = serde_json::to_string(&read).expect("it can be written");
    let back: T = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(back, read);
    Some(serde_json::to_value(&read).expect("it can be written"))
}

/// Reads, writes, and reads again.
fn round_trip<T>(json: &Value)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let written = rewrite::<T>(json).unwrap_or_else(|| panic!("cannot be read: {json}"));
    assert!(says(json, &written, true), "{json} became {written}");
}

/// All places inside a value, as JSON pointers.
pub(crate) fn places_of(value: &Value, at: &str, found: &mut Vec<String>) {
    let inside: Vec<_> = match value {
        Value::Object(fields) => fields.iter().map(|(name, it)| (name.clone(), it)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, it)| (n.to_string(), it)).collect()
        }
        _ => vec![],
    };
    for (name, value) in inside {
        let place = format!("{at}/{name}");
        places_of(value, &place, found);
        found.push(place);
    }
}

/// Round trips of this and of what differs from it in one place. Another value of the same kind is
/// kept. One of another kind is kept, is read as nothing or makes the whole unreadable. Whichever it
/// is, the other places stay as they are.
fn check<T>(whole: &Value)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let whole = &rewrite::<T>(whole).expect("it is one");
    let mut places = vec![String::new()];
    places_of(whole, "", &mut places);
    for place in places {
        let part = whole.pointer(&place).expect("it has the place");
        let texts = ["x", "7", "true", " ", "\u{0}\"\\\n", "\u{1f511}\u{2028}"];
        let mut values = Vec::from(texts.map(Value::from));
        values.extend([true, false].map(Value::from));
        values.extend([0, 1, -1, i64::MAX, i64::MIN].map(Value::from));
        let scalars = values.len();
        let others = json!([null, "", "\u{fffd}", [], [[]], {}, {"any": [1]}]);
        values.extend(others.as_array().into_iter().flatten().cloned());
        for (nth, value) in values.iter().enumerate() {
            let mut changed = whole.clone();
            *changed.pointer_mut(&place).expect("it has the place") = value.clone();
            let case = format!("{} with {value} at {place}", type_name::<T>());
            let must_be_kept = nth < scalars && discriminant(part) == discriminant(value);
            let Some(mut written) = rewrite::<T>(&changed) else {
                assert!(!must_be_kept, "{case} is not read");
                continue;
            };
            let kept = written.pointer(&place).unwrap_or(&Value::Null);
            // A text may take what is none, and a truth the numbers 0 and 1. What is in a list or an
            // object has places of its own.
            let text = Value::from(value.to_string());
            let is_converted = *kept == text || (value.is_i64() && kept.is_boolean());
            let has_places = part.is_object() || part.is_array();
            let fits = has_places || is_converted || says(value, kept, true);
            assert!(fits || (is_nothing(kept) && !must_be_kept), "{case} became {kept}");
            if let Some(there) = written.pointer_mut(&place) {
                *there = part.clone();
                assert!(says(whole, &written, true), "{case} became {written}");
            }
        }
        if let Some(fields) = part.as_object() {
            for name in fields.keys() {
                let mut changed = whole.clone();
                let object = changed.pointer_mut(&place).and_then(Value::as_object_mut);
                object.expect("it is one").remove(name);
                if let Some(written) = rewrite::<T>(&changed) {
                    let case = format!("{} without {place}/{name}", type_name::<T>());
                    assert!(says(&changed, &written, true), "{case} became {written}");
                }
            }
            let mut changed = whole.clone();
            changed.pointer_mut(&place).expect("it has the place")["unknown"] = json!("any");
            let written = rewrite::<T>(&changed).expect("unknown fields are no error");
            assert!(says(whole, &written, true) || says(&changed, &written, true), "{written}");
        }
    }
}

/// Round trips of what is any text.
fn check_text<T>()
where
    T: Serialize + DeserializeOwned + PartialEq + Debug + Display + AsRef<str>,
{
    let run = TestRunner::new(config()).run(&"(?s).{1,40}", |text| {
        let read: T = serde_json::from_value(json!(text)).expect("any text is read");
        prop_assert_eq!(read.as_ref(), text.as_str());
        prop_assert_eq!(read.to_string(), text.as_str());
        round_trip::<T>(&json!(text));
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{}: {error}", type_name::<T>()));
}

/// In which fixture each type with a sample is, and where in it.
fn places() -> BTreeMap<String, (String, String)> {
    let source = fs::read_to_string(below_root("src/testing/sample.rs")).expect("it is there");
    let (_, list) = source.split_once("\nsamples! {").expect("the list of samples");
    let (mut module, mut places) = ("", BTreeMap::new());
    for line in list.lines() {
        match line.split('"').collect::<Vec<_>>()[..] {
            [_, _, rest] if rest.ends_with('{') => {
                module = rest.trim_end_matches(" {").split(" = ").last().unwrap_or_default();
            }
            [kind, file, _, ref rest @ ..] => {
                let name = format!("{module}::{}", kind.trim().trim_end_matches(" ="));
                let place = rest.first().copied().unwrap_or_default();
                places.insert(name, (file.to_owned(), place.to_owned()));
            }
            _ => {}
        }
    }
    places
}

/// Reads what the fixtures have of a type, each in the forms that there are.
fn read_fixtures(folder: &str, name: &str, read: impl Fn(&Value) -> Result<Value, String>) {
    // Two APIs of Twilio share some types.
    let (places, shared) = (places(), name.replace("conversations", "chat"));
    let place = places.get(name).or_else(|| places.get(&shared));
    let (file, place) = place.unwrap_or_else(|| panic!("{name} has no sample"));
    for form in ["full", "minimal", "nulls", "unknown"] {
        let file = format!("{folder}/{file}.{form}.json");
        let Ok(text) = fs::read_to_string(below_root("fixtures").join(&file)) else { continue };
        let fixture: Value = serde_json::from_str(&text).expect("fixtures are JSON");
        let part = fixture.pointer(place);
        assert!(part.is_some() || form != "full", "{file} has no {place}");
        let Some(part) = part.filter(|part| !part.is_null()) else { continue };
        let written = read(part).unwrap_or_else(|error| panic!("{file}: {name}: {error}"));
        assert!(says(part, &written, form != "unknown"), "{file}: {part} became {written}");
    }
}

fn check_response<T: Sample + Serialize + PartialEq + Debug>(folder: &str, name: &str) {
    read_fixtures(folder, name, |part| {
        let read: T = decode_json(part.to_string().as_bytes()).map_err(|it| it.to_string())?;
        Ok(json!(read))
    });
    check::<T>(&json!(sample::<T>()));
}

/// A page is not written; what is known by several names is written by one.
fn check_page<T: Sample>(folder: &str, name: &str) {
    read_fixtures(folder, name, |part| {
        let read = decode_json::<T>(part.to_string().as_bytes());
        read.map(|_| part.clone()).map_err(|it| it.to_string())
    });
}

/// The types of a module, whose fixtures are in a folder: a test of all, and their names.
macro_rules! types {
    ($($folder:ident = $($module:ident)::+ {
        responses: $($response:ty),*; pages: $($page:ty),*; texts: $($text:ty),*;
    })+) => {
        mod types {
            $(pub(super) mod $folder {
                use crate::round_trips::*;
                use rolecall::$($module)::+::*;

                pub(crate) const MODULE: &str = stringify!($($module)::+);

                #[test]
                fn each_keeps_what_is_read() {
                    $(check_response::<$response>(stringify!($folder), &name(MODULE, stringify!($response)));)*
                    $(check_page::<$page>(stringify!($folder), &name(MODULE, stringify!($page)));)*
                    $(check_text::<$text>();)*
                }
            })+
        }

        fn checked_types() -> Vec<String> {
            let of = |module, types: &[&str]| types.iter().map(|it| name(module, it)).collect();
            let all: [Vec<_>; _] = [$(of(
                types::$folder::MODULE,
                &[$(stringify!($response),)* $(stringify!($text)),*],
            )),+];
            all.concat()
        }
    };
}

fn name(module: &str, of: &str) -> String {
    format!("{module}::{of}").replace(' ', "")
}

types! {
    access = access {
        responses: ;
        pages: ;
        texts: PrincipalKind, Reason, ScopeKind, Status, Vendor;
    }
    twilio = twilio {
        responses: ;
        pages: ;
        texts: AccountSid, OrganizationSid, RoleSid, RoleAssignmentSid, UserSid, Sid;
    }
    twilio_iam = twilio::iam {
        responses: RoleAssignment, Account, Role, RoleProductGroup, RolePolicy, RolePermission, User,
            Name, Email, UserMeta;
        pages: RoleAssignmentPage, AccountPage, UserListing, RolePage, RolePermissionPage;
        texts: AccountStatus, RoleLevel, RolePermissionSid, UserVersion;
    }
    twilio_chat = twilio::chat {
        responses: Role, User, Member, Invite, ListedChannel, UserChannel, ServiceDetails;
        pages: PageOf<Role>, PageOf<User>, PageOf<Member>, PageOf<Invite>, PageOf<ListedChannel>,
            PageOf<UserChannel>, PageOf<ServiceDetails>;
        texts: ServiceSid, ApiKeySid, RoleSid, RoleType, MemberSid, Identity, UserKey, ChannelSid,
            ChannelKey, ChannelType, ChannelStatus, NotificationLevel, InviteSid, MemberKey;
    }
    twilio_conversations = twilio::conversations {
        responses: Role, User, Participant, ListedConversation, UserConversation, ServiceDetails,
            Configuration, GlobalConfiguration;
        pages: PageOf<Role>, PageOf<User>, PageOf<Participant>, PageOf<ListedConversation>,
            PageOf<UserConversation>, PageOf<ServiceDetails>;
        texts: ParticipantSid, ParticipantKey, ConversationSid, ConversationState;
    }
    harness = harness {
        responses: Principal, RoleReference, RoleAssignment, RoleAssignmentResponse,
            ValidationResult, RoleScope, Role, IncludedScope, ResourceFilter,
            ResourceGroup, Organization, OrganizationResponse, Project, ProjectResponse,
            RoleAssignmentAggregate, AggregatePrincipal, AggregateRole, RoleSummary,
            AggregateResourceGroup, AggregateScope, User, UserGroup, ServiceAccount, Permission,
            DeletedMany, DeleteFailure;
        pages: Validation;
        texts: Identifier, AnyIdentifier, OrgIdentifier, ProjectIdentifier, ErrorCode, ManagedFilter,
            ScopeFilter, PrincipalType, ScopeLevel, SortBy, UserId, ParentFilter,
            UserGroupFilterType, PermissionIdentifier, PermissionStatus;
    }
    redox = redox {
        responses: Meta, Outcome, AssignRoleResponse, Reference, Member, OrganizationMembership,
            EnvironmentMembership, Memberships<OrganizationMembership>,
            Memberships<EnvironmentMembership>, Envelope<Memberships<EnvironmentMembership>>,
            ListedEnvironment, EnvironmentList, AuditEvent;
        pages: AuditEventPage;
        texts: OrganizationId, EnvironmentId, EnvironmentFlag;
    }
    deepset = deepset {
        responses: Permission, Role, UserOrganization, UserWorkspace, User;
        pages: Listing<Role>, Listing<User>;
        texts: Asset, Action, RoleId, UserId, OrganizationId, WorkspaceId, WorkspaceName;
    }
}

pub(crate) fn full_assignment() -> Value {
    let time = "2026-01-01T00:00:00Z";
    let user = json!({"kind": "user", "id": "u", "name": "n", "email": "e", "level": "l"});
    json!({
        "vendor": "harness", "principal": user, "via": user,
        "scope": {"kind": "project", "id": "p", "name": "n", "within": {"kind": "org", "id": "o"}},
        "role": {"id": "r", "name": "n", "level": "l", "custom": true},
        "restriction": {"resource_group": "g", "resource_type": "t", "resource_id": "i"},
        "disabled": true, "managed": true, "id": "a", "created": time, "updated": time})
}

/// What has no fixture, or is written in another form than that of the fixture.
#[test]
fn other_types_keep_what_is_read() {
    let assignment = full_assignment();
    let (scope, role, time) = (&assignment["scope"], &assignment["role"], &assignment["created"]);
    check::<access::Assignment>(&assignment);
    check::<access::RoleDefinition>(
        &json!({"vendor": "harness", "scope": scope, "role": role, "permissions": ["p"]}),
    );
    // Their counts are not just any numbers.
    let summary = json!({"finished": time, "assignments": 1, "coverage": [{
        "source": "s", "credential": "k", "status": "partial", "read": 1, "total": 2,
        "covers": {"vendor": "harness", "scope": scope, "children": true, "principals": "user"},
        "gaps": [{"reason": "omission", "text": "t"}], "started": time, "finished": time}]});
    round_trip::<access::Summary>(&summary);
    let header = json!({"version": 1, "tool": "t", "started": time,
        "sources": [{"source": "s", "credential": "k"}]});
    round_trip::<access::Header>(&header);
    check::<harness::Validation>(&json!(sample::<harness::Validation>()));
    check::<harness::ResponseMessage>(&json!({"code": "C", "level": "ERROR", "message": "m",
        "exception": {"any": 1}, "failureTypes": ["f"]}));
    check::<harness::FailedPermissionCheck>(
        &json!({"resourceScope": {"any": 1}, "resourceType": "t",
        "resourceAttributes": {"any": 1}, "resourceIdentifier": "i", "permission": "p"}),
    );
    check::<deepset::ValidationError>(&json!({"loc": ["body", 0], "msg": "m", "type": "t",
        "input": {"any": 1}, "ctx": {"any": 1}}));
    check::<deepset::LocationPart>(&json!("body"));
}

/// The types of the test above with their parts, and those of the properties below.
const OTHERS: [(&str, &str); 5] = [
    ("access", "Assignment Coverage Covers Gap Header Principal Provenance Restriction"),
    ("access", "RoleDefinition RoleName Scope Summary"),
    ("deepset", "LocationPart ValidationError"),
    ("harness", "FailedPermissionCheck ResponseMessage Validation"),
    ("twilio", "ErrorCode"),
];

/// A call with any query and form.
struct Probe(Vec<String>);

impl Operation for Probe {
    type Service = TwilioChat;
    type Output = ();
    const SPEC: Spec = Spec::post("own probe.send", &["/probe"]).idempotency(Idempotency::Safe);

    fn query(&self) -> Vec<(&'static str, String)> {
        self.0.iter().map(|text| ("one", text.clone())).collect()
    }

    fn body(&self) -> Result<Body, Error> {
        Body::form(&self.0.iter().map(|text| ("one", text.as_str())).collect::<Vec<_>>())
    }
}

fn chat() -> TwilioChat {
    let account = TwilioChatFake::ACCOUNT_SID;
    let credentials = twilio::chat::Credentials::auth_token(account, "obviously-fake");
    let builder = TwilioChat::builder(credentials).base_url("http://127.0.0.1:1");
    builder.build().expect("it is set up well")
}

fn pairs(form: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form).into_owned().collect()
}

const IDENTIFIER: &str = "x_[A-Za-z0-9_$]{0,30}";

proptest! {
    #![proptest_config(config())]

    #[test]
    fn timestamps_keep_every_text(text: String) {
        round_trip::<Timestamp>(&json!(text));
    }

    #[test]
    fn timestamps_keep_their_meaning(seconds in -60_000_000_000_i64..250_000_000_000) {
        let text = jiff::Timestamp::from_second(seconds).expect("it is in range").to_string();
        let time: Timestamp = serde_json::from_value(json!(text)).expect("any text is read");
        prop_assert_eq!(time.unix_seconds(), Some(seconds));
        prop_assert_eq!(time.as_str(), text);
    }

    #[test]
    fn positions_keep_every_cursor(list: u64, before: u64, taken: usize, cursor: String) {
        let text = format!("1.{list:016x}.{before}.{taken}.{cursor}");
        let position: Position = text.parse().expect("it is a position");
        prop_assert_eq!(position.to_string(), text.as_str());
        round_trip::<Position>(&json!(text));
    }

    #[test]
    fn twilio_error_codes_are_numbers(code: i64) {
        round_trip::<twilio::ErrorCode>(&json!(code));
    }

    #[test]
    fn organization_ids_are_uuids(bytes: [u8; 16]) {
        let id = deepset::OrganizationId::from(uuid::Uuid::from_bytes(bytes));
        prop_assert_eq!(id.to_string().parse::<deepset::OrganizationId>().expect("a UUID"), id);
    }

    #[test]
    fn queries_and_forms_keep_every_text_and_their_order(texts in vec(any::<String>(), 0..5)) {
        let request = chat().call(&Probe(texts.clone())).request();
        let request = request.expect("any text can be sent");
        let expected: Vec<_> = texts.into_iter().map(|text| ("one".to_owned(), text)).collect();
        let query = request.uri().query().unwrap_or_default();
        prop_assert_eq!(pairs(query.as_bytes()), expected.clone());
        prop_assert_eq!(pairs(request.body()), expected);
    }

    #[test]
    fn new_users_are_what_was_read(name in "(?s).{2,60}", other: String, active: bool) {
        use twilio::iam::{Email, NewUser, User};
        let new = NewUser::new(name.as_str()).expect("it is long enough");
        let new = new.external_id(name.as_str()).display_name(other.as_str()).active(active);
        let new = new.name(other.as_str(), name.as_str()).locale(other.as_str());
        let new = new.email(Email::primary(name.as_str())).timezone("UTC");
        let new = new.email(Email::other(other.as_str()).kind("work"));
        let mut written = serde_json::to_value(&new).expect("it can be written");
        prop_assert_eq!(&written["userName"], &json!(name));
        written["id"] = json!(TwilioIamFake::CLIENT_ID);
        let user: User = serde_json::from_value(written).expect("it is a user");
        prop_assert_eq!(NewUser::of(&user).expect("it has a name"), new);
    }

    #[test]
    fn new_harness_roles_are_what_was_read(
        identifier in IDENTIFIER,
        name in "(?s).{1,20}",
        permissions in vec(any::<String>(), 0..4),
        other: String,
    ) {
        let new = harness::NewRole::new(identifier, name, permissions);
        let new = new.expect("it follows the rules").description(other.as_str());
        let new = new.tag(other.as_str(), "v");
        let written = json!(new);
        let role: harness::Role = serde_json::from_value(written.clone()).expect("it is one");
        prop_assert_eq!(&role.to_new().expect("it is whole"), &new);
        prop_assert_eq!(json!(new.tolerate(["p"])), written);
    }

    #[test]
    fn new_resource_groups_are_what_was_read(
        identifier in IDENTIFIER,
        name in "(?s).{1,20}",
        other: String,
        all: bool,
        values in vec(any::<String>(), 0..4),
    ) {
        use harness::{IncludedScope, NewResourceGroup, ResourceFilter, ResourceGroup};
        let new = NewResourceGroup::new(identifier, name).expect("it follows the rules");
        let new = new.color(other.as_str()).description(other.as_str()).tag("k", other.as_str());
        let filter = ResourceFilter::new("T").attribute(other.as_str(), values.clone());
        let new = new.include(IncludedScope::including_child_scopes().org(other.as_str()));
        let new = new.filter(filter).filter(ResourceFilter::new("U").identifiers(values));
        let written = json!(new.include_all_resources(all));
        let group: ResourceGroup = serde_json::from_value(written.clone()).expect("it is one");
        prop_assert_eq!(json!(group.to_new().expect("it is whole")), written);
    }
}

/// The names of the public types in a source file that are read and written: by their derives, or
/// by the macros that declare such types.
fn declared(text: &str) -> Vec<&str> {
    fn name(line: &str) -> Option<&str> {
        let line = line.trim_start().trim_start_matches("pub ");
        let line = line.trim_start_matches("struct ").trim_start_matches("enum ");
        line.split(|c: char| !c.is_alphanumeric() && !"_$".contains(c)).next()
    }
    let is_type = |line: &&str| ["pub struct ", "pub enum "].iter().any(|it| line.starts_with(it));
    let is_private = |line: &&str| line.starts_with("pub(") || line.starts_with("struct ");
    let blocks = |of: &str| text.split(&format!("\n{of}! {{\n")).skip(1).collect::<Vec<_>>();
    let one_each = ["open_enum", "sid", "key", "opaque_id", "checked_id", "thing"];
    let mut names: Vec<_> = one_each
        .into_iter()
        .flat_map(blocks)
        .filter_map(|block| block.lines().find(|line| !line.trim_start().starts_with(['/', '#'])))
        .collect();
    for block in ["response", "record"].into_iter().flat_map(blocks) {
        let block = block.split("\n}\n").next().unwrap_or_default();
        names.extend(block.lines().map(str::trim_start).filter(is_type));
    }
    for derived in text.split("#[derive(").skip(1) {
        let (traits, rest) = derived.split_once(')').unwrap_or_default();
        let mut lines = rest.lines().map(str::trim_start);
        let line = lines.find(|line| is_type(line) || is_private(line));
        let is_read_and_written = traits.contains("Serialize") && traits.contains("Deserialize");
        names.extend(line.filter(|line| is_read_and_written && is_type(line)));
    }
    names.into_iter().filter_map(name).filter(|name| !name.starts_with('$')).collect()
}

/// A type without a round trip is noticed here: give it one above.
#[test]
fn every_type_of_a_response_has_a_round_trip() {
    let (root, mut found) = (below_root("src"), BTreeSet::new());
    for path in files(&root) {
        let inside = path.strip_prefix(&root).expect("it is below").with_extension("");
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        let module = parts[..(parts.len() - 1).max(1)].join("::");
        // What the two APIs share is public in both.
        let module = module.replace("twilio::shared", "twilio::chat");
        let text = fs::read_to_string(&path).expect("the file can be read");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        found.extend(declared(code).into_iter().map(|name| format!("{module}::{name}")));
    }
    // Those of the fakes are no part of a client.
    found.retain(|name| !name.starts_with("testing::"));
    let mut tested = BTreeSet::from(["model::Timestamp".to_owned()]);
    for (module, types) in OTHERS {
        tested.extend(types.split(' ').map(|of| name(module, of)));
    }
    let generic = |name: String| name.split('<').next().unwrap_or_default().to_owned();
    tested.extend(checked_types().into_iter().map(generic));
    let lacking: Vec<_> = found.difference(&tested).collect();
    assert!(lacking.is_empty(), "without a round trip: {lacking:?}");
    // An alias, and what the two APIs share.
    tested.remove("redox::AssignRoleResponse");
    let is_shared = |name: &str| found.contains(&name.replace("conversations", "chat"));
    let gone: Vec<_> = tested.difference(&found).filter(|name| !is_shared(name)).collect();
    assert!(gone.is_empty(), "no such type: {gone:?}");
}

#[test]
fn every_response_of_the_fixtures_is_read() {
    let (root, places) = (below_root("fixtures"), places());
    for path in files(&root) {
        let inside = path.strip_prefix(&root).expect("it is below").display().to_string();
        let [file, "full" | "minimal" | "nulls" | "unknown", "json"] =
            inside.split('.').collect::<Vec<_>>()[..]
        else {
            continue;
        };
        let (folder, file) = file.rsplit_once('/').expect("it is a vendor's");
        let module = folder.replace('_', "::");
        let of = |module: &str| {
            let start = format!("{module}::");
            places.iter().any(|(name, at)| name.starts_with(&start) && at.0 == file)
        };
        assert!(of(&module) || of(&module.replace("conversations", "chat")), "{inside}");
    }
}
