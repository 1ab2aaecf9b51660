//! Values that are read from a service, written and read again stay the same: for every response
//! type, with arbitrary extra fields. The last test finds types without a round trip.

// What a build with a part of the vendors leaves unused; the one with all of them finds the rest.
#![cfg_attr(
    not(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset")),
    allow(dead_code, unused_imports)
)]

use std::any::type_name;
use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::fs;
use std::path::Path;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::TestRunner;
use rolecall::testing::{Sample, sample};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Fields of this prefix are known to no type.
const UNKNOWN: &str = "unknown_";

fn config() -> ProptestConfig {
    // Nothing is kept between runs: a failing case is printed, and belongs into a test of its own.
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

type Json = BoxedStrategy<Value>;

/// Anything at all. No fractions: serde_json may read those as their neighbours.
fn anything() -> Json {
    let (flag, number) = (any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from));
    let leaf = prop_oneof![Just(Value::Null), flag, number, any::<String>().prop_map(Value::from)];
    let tree = leaf.prop_recursive(3, 16, 4, |inner| {
        let fields = btree_map("[a-z]{1,8}", inner.clone(), 0..4);
        prop_oneof![vec(inner, 0..4).prop_map(Value::Array), fields.prop_map(|it| json!(it))]
    });
    tree.boxed()
}

/// A whole response, and what a type makes of it: read, and written again.
struct Like {
    whole: Value,
    rewrite: fn(Value) -> Option<Value>,
}

impl Like {
    /// What is written of the whole with another value at this place (a JSON pointer); of none if
    /// it cannot be read.
    fn with(&self, place: &str, value: Value) -> Option<Value> {
        let mut whole = self.whole.clone();
        *whole.pointer_mut(place)? = value;
        (self.rewrite)(whole)
    }

    fn reads(&self, place: &str, value: impl Into<Value>) -> bool {
        self.with(place, value.into()).is_some()
    }

    /// Whether the type reads and keeps this. (What it need not understand may have any shape; a
    /// shape that it does not know is read as nothing.)
    fn keeps(&self, place: &str, value: impl Into<Value>) -> bool {
        let value = value.into();
        let written = self.with(place, value.clone());
        written.is_some_and(|it| it.pointer(place).is_some_and(|written| says(&value, written)))
    }

    /// Values for this place, of every kind that the type keeps there.
    fn values(&self, place: &str) -> Json {
        let value = self.whole.pointer(place).expect("it is a place");
        match value {
            Value::Object(fields) => self.objects(place, fields),
            Value::Array(_) => {
                vec(self.values(&format!("{place}/0")), 0..4).prop_map(Value::Array).boxed()
            }
            _ if self.keeps(place, json!({"any": [1]})) => anything(),
            Value::Bool(_) => {
                let mut kinds = vec![any::<bool>().prop_map(Value::from).boxed()];
                if self.keeps(place, "true") {
                    kinds.push(any::<bool>().prop_map(|it| it.to_string().into()).boxed());
                }
                Union::new(kinds).boxed()
            }
            Value::Number(_) => any::<i64>().prop_map(Value::from).boxed(),
            _ => {
                let texts = match self.reads(place, "") && self.reads(place, "\u{fffd}") {
                    true => "(?s).{0,40}",
                    false => "(?s)[^\u{fffd}]{1,40}",
                };
                let mut kinds =
                    vec![Just(value.clone()).boxed(), texts.prop_map(Value::from).boxed()];
                if self.keeps(place, 7) {
                    kinds.push(any::<i64>().prop_map(Value::from).boxed());
                }
                Union::new(kinds).boxed()
            }
        }
    }

    /// Objects with all required fields, some of the others, and some unknown fields.
    fn objects(&self, place: &str, fields: &Map<String, Value>) -> Json {
        let unknown = format!("{UNKNOWN}field");
        let mut more = fields.clone();
        more.insert(unknown.clone(), "x".into());
        let written = self.with(place, more.into()).expect("unknown fields are no error");
        if written.pointer(&format!("{place}/{unknown}")).is_some() {
            // Its fields are not of the type's choosing.
            let (name, _) = fields.iter().next().expect("the sample has one");
            let values = self.values(&format!("{place}/{name}"));
            return btree_map("[a-z]{1,8}", values, 0..4).prop_map(|it| json!(it)).boxed();
        }
        // One of two may be required: what others may lack counts.
        let mut least = fields.clone();
        let known: Vec<_> = fields
            .keys()
            .map(|name| {
                let inside = format!("{place}/{name}");
                let mut kinds = vec![(3, self.values(&inside).prop_map(Some).boxed())];
                let (mut null, mut absent) = (least.clone(), least.clone());
                null.insert(name.clone(), Value::Null);
                if self.reads(place, null) {
                    kinds.push((1, Just(Some(Value::Null)).boxed()));
                }
                absent.remove(name);
                if self.reads(place, absent.clone()) {
                    kinds.push((1, Just(None).boxed()));
                    least = absent;
                }
                let name = name.clone();
                Union::new_weighted(kinds).prop_map(move |value| Some((name.clone(), value?)))
            })
            .collect();
        let unknown = vec(("unknown_[a-z]{0,8}", anything()), 0..3);
        let object = (known, unknown).prop_map(|(known, unknown)| {
            Value::Object(known.into_iter().flatten().chain(unknown).collect())
        });
        object.boxed()
    }
}

/// The same without unknown fields.
fn known(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !name.starts_with(UNKNOWN))
            .map(|(name, value)| (name.clone(), known(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(known).collect(),
        other => other.clone(),
    }
}

/// Whether what was written says what was read, no less and no more.
fn says(read: &Value, written: &Value) -> bool {
    fn is_nothing(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.values().all(is_nothing),
            _ => false,
        }
    }
    match (read, written) {
        (Value::Object(read), Value::Object(written)) => {
            let part = |of: &Map<String, Value>, name| of.get(name).cloned().unwrap_or_default();
            let mut names = read.keys().chain(written.keys());
            names.all(|name| says(&part(read, name), &part(written, name)))
        }
        (Value::Array(read), Value::Array(written)) => {
            read.len() == written.len() && read.iter().zip(written).all(|(r, w)| says(r, w))
        }
        // Where text is expected, a service's number is kept as text, and its "true" as truth.
        (Value::Number(read), Value::String(written)) => read.to_string() == *written,
        (Value::String(read), Value::Bool(written)) => read == &written.to_string(),
        // A tag of Harness may lack its value.
        (Value::Null, Value::String(written)) => written.is_empty(),
        (read, written) => read == written || (is_nothing(read) && is_nothing(written)),
    }
}

/// Reads, writes, and reads again.
fn round_trip<T>(json: &Value) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let read: T = serde_json::from_value(json.clone())
        .map_err(|error| TestCaseError::fail(format!("{error}: {json}")))?;
    let known = known(json);
    let same = serde_json::from_value::<T>(known.clone()).expect("it has no more than before");
    prop_assert_eq!(&same, &read, "an unknown field changed something");
    let written = serde_json::to_value(&read).expect("it can be written");
    prop_assert!(says(&known, &written), "{} became {}", known, written);
    let text = serde_json::to_string(&read).expect("it can be written");
    let back: T = serde_json::from_str(&text).expect("what was written can be read");
    prop_assert_eq!(back, read);
    Ok(())
}

/// Round trips of values like this one.
fn check<T>(whole: &T)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let like = Like {
        whole: serde_json::to_value(whole).expect("it can be written"),
        rewrite: |value| serde_json::to_value(serde_json::from_value::<T>(value).ok()?).ok(),
    };
    let run = TestRunner::new(config()).run(&like.values(""), |json| round_trip::<T>(&json));
    run.unwrap_or_else(|error| panic!("{}: {error}", type_name::<T>()));
}

fn check_sample<T: Sample + Serialize + PartialEq + Debug>() {
    check(&sample::<T>());
}

/// The same for what is any text.
fn check_text<T>()
where
    T: Serialize + DeserializeOwned + PartialEq + Debug + Display + AsRef<str>,
{
    let run = TestRunner::new(config()).run(&"(?s).{1,40}", |text| {
        let read: T = serde_json::from_value(json!(text)).expect("any text is read");
        prop_assert_eq!(read.as_ref(), text.as_str());
        prop_assert_eq!(read.to_string(), text.as_str());
        round_trip::<T>(&json!(text))
    });
    run.unwrap_or_else(|error| panic!("{}: {error}", type_name::<T>()));
}

/// Round trips of each type, and the list of these types.
macro_rules! round_trips {
    (samples: $($sample:ty),*; texts: $($text:ty),*;) => {
        #[test]
        fn every_sample_keeps_what_is_read() {
            $(check_sample::<$sample>();)*
        }

        #[test]
        fn every_text_is_kept() {
            $(check_text::<$text>();)*
        }

        pub(crate) const NAMED: &[&str] = &[$(stringify!($sample),)* $(stringify!($text)),*];
    };
}

mod shared {
    use super::*;
    use rolecall::{Position, Timestamp, access};

    round_trips! {
        samples: ;
        texts: access::PrincipalKind, access::Reason, access::ScopeKind, access::Status, access::Vendor;
    }

    /// Checks an assignment and a role with all their parts, which holds for the parts too.
    #[test]
    fn access_in_one_vocabulary_keeps_what_is_read() {
        let user = json!({"kind": "user", "id": "u", "name": "n", "email": "e", "level": "l"});
        let role = json!({"id": "r", "name": "n", "level": "l", "custom": true});
        let scope = json!({"kind": "project", "id": "p", "name": "n", "within": {
            "kind": "organization", "id": "o"}});
        let restriction = json!({"resource_group": "g", "resource_type": "t", "resource_id": "i"});
        let assignment = json!({
            "vendor": "harness", "scope": scope, "principal": user, "role": role,
            "restriction": restriction, "via": user, "disabled": true, "managed": true, "id": "a",
            "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z"});
        let definition =
            json!({"vendor": "harness", "scope": scope, "role": role, "permissions": ["p"]});
        check::<access::Assignment>(&serde_json::from_value(assignment).expect("it is one"));
        let covers =
            json!({"vendor": "harness", "scope": scope, "children": true, "principals": "user"});
        let coverage = json!({
            "source": "s", "covers": covers, "credential": "k", "status": "partial",
            "gaps": [{"reason": "omission", "text": "t"}], "read": 1, "total": 2,
            "started": "2026-01-01T00:00:00Z", "finished": "2026-01-01T00:00:00Z"});
        let summary = json!({
            "finished": "2026-01-01T00:00:00Z", "assignments": 1, "coverage": [coverage]});
        let header = json!({
            "version": 1, "tool": "t", "started": "2026-01-01T00:00:00Z",
            "sources": [{"source": "s", "credential": "k"}]});
        // Their counts are not just any numbers.
        round_trip::<access::Summary>(&summary).expect("it is kept");
        round_trip::<access::Header>(&header).expect("it is kept");
        check::<access::RoleDefinition>(&serde_json::from_value(definition).expect("it is one"));
    }

    pub(crate) const ACCESS: &[&str] = &[
        "access::Assignment",
        "access::Coverage",
        "access::Covers",
        "access::Gap",
        "access::Header",
        "access::Principal",
        "access::Provenance",
        "access::Restriction",
        "access::RoleDefinition",
        "access::RoleName",
        "access::Scope",
        "access::Summary",
    ];

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn timestamps_keep_every_text(text: String) {
            round_trip::<Timestamp>(&json!(text))?;
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
            round_trip::<Position>(&json!(text))?;
        }
    }
}

#[cfg(feature = "twilio")]
mod twilio_types {
    use super::*;
    use rolecall::operation::{Body, Idempotency, Operation, Spec};
    use rolecall::testing::{TwilioChatFake, TwilioIamFake};
    use rolecall::twilio::chat::{Credentials, NewRole, TwilioChat};
    use rolecall::twilio::iam::{Email, NewUser};
    use rolecall::{Error, twilio};

    round_trips! {
        samples:
            twilio::chat::Role, twilio::chat::User, twilio::chat::Member, twilio::chat::Invite,
            twilio::chat::ListedChannel, twilio::chat::UserChannel, twilio::chat::ServiceDetails,
            twilio::conversations::Participant, twilio::conversations::ListedConversation,
            twilio::conversations::UserConversation, twilio::conversations::ServiceDetails,
            twilio::conversations::Configuration, twilio::conversations::GlobalConfiguration,
            twilio::iam::RoleAssignment, twilio::iam::Account,
            twilio::iam::Role, twilio::iam::RoleProductGroup, twilio::iam::RolePolicy,
            twilio::iam::RolePermission, twilio::iam::User, twilio::iam::Name,
            twilio::iam::Email, twilio::iam::UserMeta;
        texts:
            twilio::AccountSid, twilio::OrganizationSid, twilio::RoleSid,
            twilio::RoleAssignmentSid, twilio::UserSid, twilio::Sid, twilio::chat::ServiceSid,
            twilio::chat::ApiKeySid, twilio::chat::RoleSid, twilio::chat::RoleType,
            twilio::chat::MemberSid, twilio::chat::Identity, twilio::chat::UserKey,
            twilio::chat::ChannelSid, twilio::chat::ChannelKey, twilio::chat::ChannelType,
            twilio::chat::ChannelStatus, twilio::chat::NotificationLevel, twilio::chat::InviteSid,
            twilio::chat::MemberKey, twilio::conversations::ParticipantSid,
            twilio::conversations::ParticipantKey, twilio::conversations::ConversationSid,
            twilio::conversations::ConversationState,
            twilio::iam::AccountStatus, twilio::iam::RoleLevel,
            twilio::iam::RolePermissionSid, twilio::iam::UserVersion;
    }

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
        let credentials = Credentials::auth_token(TwilioChatFake::ACCOUNT_SID, "obviously-fake");
        let builder = TwilioChat::builder(credentials).base_url("http://127.0.0.1:1");
        builder.build().expect("it is set up well")
    }

    fn pairs(form: &[u8]) -> Vec<(String, String)> {
        url::form_urlencoded::parse(form).into_owned().collect()
    }

    #[test]
    fn queries_and_forms_keep_every_text_and_their_order() {
        let client = chat();
        proptest!(config(), |(texts in vec(any::<String>(), 0..5))| {
            let request = client.call(&Probe(texts.clone())).request();
            let request = request.expect("any text can be sent");
            let expected: Vec<_> = texts.into_iter().map(|text| ("one".to_owned(), text)).collect();
            let query = request.uri().query().unwrap_or_default();
            prop_assert_eq!(pairs(query.as_bytes()), expected.clone());
            prop_assert_eq!(pairs(request.body()), expected);
        });
    }

    #[test]
    fn new_chat_roles_keep_every_text() {
        let roles = chat().service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles();
        proptest!(config(), |(
            name in "(?s).{1,64}",
            kind in "(?s).{1,10}",
            permissions in vec("(?s).{1,20}", 1..4),
        )| {
            let new = NewRole::new(name.as_str(), kind.as_str(), permissions.clone());
            let request = roles.create(&new.expect("it follows the rules")).request();
            let mut expected = vec![("FriendlyName".to_owned(), name), ("Type".to_owned(), kind)];
            expected.extend(permissions.into_iter().map(|one| ("Permission".to_owned(), one)));
            prop_assert_eq!(pairs(request.expect("it can be sent").body()), expected);
        });
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn new_users_are_what_was_read(name in "(?s).{2,60}", other: String, active: bool) {
            let new = NewUser::new(name.as_str()).expect("it is long enough");
            let new = new.external_id(name.as_str()).display_name(other.as_str()).active(active);
            let new = new.name(other.as_str(), name.as_str()).locale(other.as_str());
            let new = new.email(Email::primary(name.as_str())).timezone("UTC");
            let new = new.email(Email::other(other.as_str()).kind("work"));
            let mut written = serde_json::to_value(&new).expect("it can be written");
            prop_assert_eq!(&written["userName"], &json!(name));
            written["id"] = json!(TwilioIamFake::CLIENT_ID);
            let user: twilio::iam::User = serde_json::from_value(written).expect("it is a user");
            prop_assert_eq!(NewUser::of(&user).expect("it has a name"), new);
        }

        #[test]
        fn error_codes_are_numbers(code: i64) {
            round_trip::<twilio::ErrorCode>(&json!(code))?;
        }
    }
}

#[cfg(feature = "harness")]
mod harness_types {
    use super::*;
    use rolecall::harness::{self, IncludedScope, NewResourceGroup, NewRole, ResourceFilter};

    round_trips! {
        samples:
            harness::Principal, harness::RoleReference, harness::RoleAssignment,
            harness::RoleAssignmentResponse, harness::ValidationResult, harness::Validation,
            harness::RoleScope, harness::Role, harness::IncludedScope, harness::ResourceFilter,
            harness::ResourceGroup, harness::Organization, harness::OrganizationResponse,
            harness::Project, harness::ProjectResponse, harness::RoleAssignmentAggregate,
            harness::AggregatePrincipal, harness::AggregateRole, harness::RoleSummary,
            harness::AggregateResourceGroup, harness::AggregateScope, harness::User,
            harness::UserGroup, harness::ServiceAccount, harness::Permission, harness::DeletedMany,
            harness::DeleteFailure;
        texts:
            harness::Identifier, harness::AnyIdentifier, harness::OrgIdentifier,
            harness::ProjectIdentifier, harness::ErrorCode, harness::ManagedFilter,
            harness::ScopeFilter, harness::PrincipalType, harness::ScopeLevel, harness::SortBy,
            harness::UserId, harness::ParentFilter, harness::UserGroupFilterType,
            harness::PermissionIdentifier, harness::PermissionStatus;
    }

    /// Of errors there are no samples.
    pub(crate) const PARTS_OF_ERRORS: &[&str] =
        &["harness::ResponseMessage", "harness::FailedPermissionCheck"];

    #[test]
    fn parts_of_errors_keep_what_is_read() {
        let json = json!({
            "code": "C", "level": "ERROR", "message": "m", "exception": {"any": 1},
            "failureTypes": ["f"],
        });
        check(&serde_json::from_value::<harness::ResponseMessage>(json).expect("it is one"));
        let json = json!({
            "resourceScope": {"any": 1}, "resourceType": "t", "resourceAttributes": {"any": 1},
            "resourceIdentifier": "i", "permission": "p",
        });
        check(&serde_json::from_value::<harness::FailedPermissionCheck>(json).expect("it is one"));
    }

    const IDENTIFIER: &str = "x_[A-Za-z0-9_$]{0,30}";

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn new_roles_are_what_was_read(
            identifier in IDENTIFIER,
            name in "(?s).{1,20}",
            permissions in vec(any::<String>(), 0..4),
            other: String,
        ) {
            let new = NewRole::new(identifier, name, permissions).expect("it follows the rules");
            let new = new.description(other.as_str()).tag(other.as_str(), "v");
            let written = serde_json::to_value(&new).expect("it can be written");
            let role: harness::Role = serde_json::from_value(written.clone()).expect("it is one");
            prop_assert_eq!(&role.to_new().expect("it is whole"), &new);
            let tolerant = serde_json::to_value(new.tolerate(["p"])).expect("it can be written");
            prop_assert_eq!(tolerant, written);
        }

        #[test]
        fn new_resource_groups_are_what_was_read(
            identifier in IDENTIFIER,
            name in "(?s).{1,20}",
            other: String,
            all: bool,
            values in vec(any::<String>(), 0..4),
        ) {
            let new = NewResourceGroup::new(identifier, name).expect("it follows the rules");
            let new = new.color(other.as_str()).description(other.as_str()).tag("k", other.as_str());
            let filter = ResourceFilter::new("T").attribute(other.as_str(), values.clone());
            let new = new.include(IncludedScope::including_child_scopes().org(other.as_str()));
            let new = new.filter(filter).filter(ResourceFilter::new("U").identifiers(values));
            let written = serde_json::to_value(new.include_all_resources(all));
            let written = written.expect("it can be written");
            let group: harness::ResourceGroup =
                serde_json::from_value(written.clone()).expect("it is one");
            let again = serde_json::to_value(group.to_new().expect("it is whole"));
            prop_assert_eq!(again.expect("it can be written"), written);
        }
    }
}

#[cfg(feature = "redox")]
mod redox_types {
    use super::*;
    use rolecall::redox;

    round_trips! {
        samples:
            redox::Meta, redox::Outcome, redox::Envelope<redox::Outcome>, redox::Reference,
            redox::Member, redox::OrganizationMembership, redox::EnvironmentMembership,
            redox::Memberships<redox::OrganizationMembership>,
            redox::Envelope<redox::Memberships<redox::EnvironmentMembership>>,
            redox::ListedEnvironment, redox::EnvironmentList, redox::AuditEvent;
        texts: redox::OrganizationId, redox::EnvironmentId, redox::EnvironmentFlag;
    }
}

#[cfg(feature = "deepset")]
mod deepset_types {
    use super::*;
    use rolecall::deepset::{self, OrganizationId};

    round_trips! {
        samples:
            deepset::Permission, deepset::Role, deepset::UserOrganization, deepset::UserWorkspace,
            deepset::User;
        texts:
            deepset::Asset, deepset::Action, deepset::RoleId, deepset::UserId,
            deepset::OrganizationId, deepset::WorkspaceId, deepset::WorkspaceName;
    }

    /// Of errors there are no samples.
    pub(crate) const PARTS_OF_ERRORS: &[&str] =
        &["deepset::ValidationError", "deepset::LocationPart", "twilio::ErrorCode"];

    #[test]
    fn validation_errors_keep_what_is_read() {
        let json = json!({
            "loc": ["body", 0], "msg": "m", "type": "t", "input": {"any": 1}, "ctx": {"any": 1},
        });
        check(&serde_json::from_value::<deepset::ValidationError>(json).expect("it is one"));
        check(&deepset::LocationPart::Field("body".into()));
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn organization_ids_are_uuids(bytes: [u8; 16]) {
            let id = OrganizationId::from(uuid::Uuid::from_bytes(bytes));
            prop_assert_eq!(id.to_string().parse::<OrganizationId>().expect("a UUID"), id);
        }
    }
}

/// The names of the public types in a source file that are read and written: by their derives, or
/// by the macros that declare such types.
fn declared(text: &str) -> Vec<&str> {
    const MACROS: [&str; 7] = [
        "open_enum! {",
        "sid! {",
        "key! {",
        "opaque_id! {",
        "checked_id! {",
        "response! {",
        "thing! {",
    ];
    let mut names = Vec::new();
    let mut waiting = false;
    // It may declare several.
    let mut in_response = false;
    for line in text.lines() {
        in_response = (in_response || ["response! {", "record! {"].contains(&line)) && line != "}";
        let line = line.trim();
        waiting |= in_response && line.starts_with("pub struct");
        let derives = line.starts_with("#[derive(");
        if MACROS.contains(&line) {
            waiting = true;
        } else if derives && !waiting {
            waiting = line.contains("Serialize") && line.contains("Deserialize");
        } else if waiting && !line.starts_with('#') && !line.starts_with("//") {
            waiting = false;
            let words = line.split(|c: char| !c.is_alphanumeric() && !"_$".contains(c));
            let mut words = words.filter(|word| !["pub", "struct", "enum", ""].contains(word));
            let own = !line.contains("pub(") && !line.starts_with("struct");
            names.extend(words.next().filter(|name| own && !name.starts_with('$')));
        }
    }
    names
}

/// A type without a round trip is noticed here: give it one above.
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn every_type_of_a_response_has_a_round_trip() {
    fn walk(folder: &Path, module: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
            if path.is_dir() {
                walk(&path, &format!("{module}{name}::"), found);
                continue;
            }
            let module = if module.is_empty() { format!("{name}::") } else { module.to_owned() };
            let text = fs::read_to_string(&path).expect("the file can be read");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            // What the two share is public in both.
            let module = module.replace("twilio::shared::", "twilio::chat::");
            found.extend(declared(code).into_iter().map(|name| format!("{module}{name}")));
        }
    }
    let mut found = BTreeSet::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut found);
    // Those of the fakes are no part of a client.
    found.retain(|name| !name.starts_with("testing::"));
    let tested: BTreeSet<String> = [
        &["model::Timestamp"],
        shared::NAMED,
        shared::ACCESS,
        twilio_types::NAMED,
        harness_types::NAMED,
        harness_types::PARTS_OF_ERRORS,
        redox_types::NAMED,
        deepset_types::NAMED,
        deepset_types::PARTS_OF_ERRORS,
    ]
    .concat()
    .into_iter()
    .map(|name| name.split('<').next().unwrap_or(name).replace(' ', ""))
    .collect();
    let lacking: Vec<_> = found.difference(&tested).collect();
    assert!(lacking.is_empty(), "without a round trip: {lacking:?}");
    let gone: Vec<_> = tested.difference(&found).collect();
    assert!(gone.is_empty(), "no such type: {gone:?}");
}

#[test]
fn scan_finds_what_it_looks_for() {
    let text = "#[derive(Clone, Serialize, Deserialize)]\n#[serde(x)]\npub struct A<'a> {\n  b: C,\n}\n\
                open_enum! {\n  /// D\n  #[derive(Default)]\n  E {\n    F = \"f\",\n}}\n\
                #[derive(Debug)]\npub struct G;\n#[derive(Deserialize)]\npub struct H;\n\
                #[derive(Serialize, Deserialize)]\nstruct I;\nsid! {\n  /// J\n  K, \"k\"\n\
                #[derive(Serialize, Deserialize)]\npub struct $name {";
    assert_eq!(declared(text), ["A", "E", "K"]);
}

#[test]
fn values_vary_in_all_that_the_type_leaves_open() {
    #[derive(Debug, Serialize, serde::Deserialize)]
    struct Thing {
        id: String,
        name: Option<String>,
        tags: std::collections::BTreeMap<String, String>,
    }

    let like = Like {
        whole: json!({"id": "a", "name": "b", "tags": {"c": "d"}}),
        rewrite: |value| serde_json::to_value(serde_json::from_value::<Thing>(value).ok()?).ok(),
    };
    let (mut runner, values) = (TestRunner::deterministic(), like.values(""));
    let all: Vec<Value> =
        (0..200).map(|_| values.new_tree(&mut runner).expect("it has values").current()).collect();
    let some = |holds: fn(&Value) -> bool| assert!(all.iter().any(holds));
    some(|it| it["id"] == "a");
    some(|it| it.get("name").is_none());
    some(|it| it.get("name") == Some(&Value::Null));
    some(|it| it["tags"].as_object().is_some_and(|tags| tags.len() > 1));
    some(|it| it["tags"].as_object().is_some_and(Map::is_empty));
    assert!(all.iter().all(|it| it["id"].is_string()));
    assert!(all.iter().any(|it| it.as_object().is_some_and(|it| it.len() > 3)), "unknown fields");
}
