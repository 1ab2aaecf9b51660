//! What is read from a service and written again is the same: for every wire type, with whatever
//! a service may put in. The last test finds the types that have no round trip here.

// What a build with a part of the vendors leaves unused; the one with all of them finds the rest.
#![cfg_attr(
    not(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset")),
    allow(dead_code, unused_imports)
)]

use std::fmt::Debug;
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
use std::{collections::BTreeSet, fs, path::Path};

use proptest::collection::vec;
use proptest::prelude::*;
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

fn text() -> Json {
    any::<String>().prop_map(Value::String).boxed()
}

/// What identifies a thing.
fn id() -> Json {
    "(?s).{1,40}".prop_map(Value::String).boxed()
}

fn flag() -> Json {
    any::<bool>().prop_map(Value::Bool).boxed()
}

fn number() -> Json {
    any::<i64>().prop_map(Value::from).boxed()
}

/// One of these, or any other text.
fn one_of(listed: &'static [&'static str]) -> Json {
    prop_oneof![prop::sample::select(listed).prop_map(Value::from), text()].boxed()
}

fn list(of: Json) -> Json {
    vec(of, 0..4).prop_map(Value::Array).boxed()
}

fn texts() -> Json {
    list(text())
}

/// Anything at all. No fractions: serde_json may read those as their neighbours.
fn anything() -> Json {
    let leaf = prop_oneof![Just(Value::Null), flag(), number(), text()];
    let tree = leaf.prop_recursive(3, 16, 4, |inner| {
        let fields = prop::collection::btree_map("[a-z]{1,8}", inner.clone(), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::Array),
            fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    tree.boxed()
}

/// An object with all of the first, some of the second (or null), and some that nobody knows.
fn object(always: Vec<(&'static str, Json)>, perhaps: Vec<(&'static str, Json)>) -> Json {
    let always = always
        .into_iter()
        .map(|(name, value)| value.prop_map(move |value| Some((name.to_owned(), value))).boxed());
    let perhaps = perhaps.into_iter().map(|(name, value)| {
        let value = prop_oneof![
            1 => Just(None),
            1 => Just(Some(Value::Null)),
            3 => value.prop_map(Some),
        ];
        value.prop_map(move |value| Some((name.to_owned(), value?))).boxed()
    });
    let known: Vec<_> = always.chain(perhaps).collect();
    let unknown = vec(("unknown_[a-z]{0,8}", anything()), 0..3);
    (known, unknown)
        .prop_map(|(known, unknown)| {
            Value::Object(known.into_iter().flatten().chain(unknown).collect::<Map<_, _>>())
        })
        .boxed()
}

/// The same without what nobody knows.
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
            let none = &Value::Null;
            let names = read.keys().chain(written.keys());
            names
                .into_iter()
                .all(|name| says(read.get(name).unwrap_or(none), written.get(name).unwrap_or(none)))
        }
        (Value::Array(read), Value::Array(written)) => {
            read.len() == written.len() && read.iter().zip(written).all(|(r, w)| says(r, w))
        }
        // Where text is expected, a service's number is kept as text, and its "true" as truth.
        (Value::Number(read), Value::String(written)) => read.to_string() == *written,
        (Value::String(read), Value::Bool(written)) => read == &written.to_string(),
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
    prop_assert_eq!(&same, &read, "what nobody knows changed something");
    let written = serde_json::to_value(&read).expect("it can be written");
    prop_assert!(says(&known, &written), "{} became {}", known, written);
    let text = serde_json::to_string(&read).expect("it can be written");
    let back: T = serde_json::from_str(&text).expect("what was written can be read");
    prop_assert_eq!(back, read);
    Ok(())
}

/// A round trip as a test of its own for each type, and the list of these types.
macro_rules! round_trips {
    ($( $test:ident: $type:ty = $json:expr; )+) => {
        proptest! {
            #![proptest_config(config())]
            $(
                #[test]
                fn $test(json in $json) {
                    round_trip::<$type>(&json)?;
                }
            )+
        }
        pub(crate) const NAMED: &[&str] = &[$( stringify!($type) ),+];
    };
}

mod shared {
    use super::*;
    use rolecall::{Position, Secret, Timestamp, access};

    round_trips! {
        timestamp: Timestamp = text();
        principal_kind: access::PrincipalKind = one_of(&["user", "group", "service account"]);
        scope_kind: access::ScopeKind = one_of(&["organization", "account", "project"]);
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn timestamps_that_are_some_keep_their_meaning(seconds in -60_000_000_000_i64..250_000_000_000) {
            let text = jiff::Timestamp::from_second(seconds).expect("it is in range").to_string();
            let time: Timestamp = serde_json::from_value(json!(text)).expect("any text is read");
            prop_assert_eq!(time.unix_seconds(), Some(seconds));
            prop_assert_eq!(time.as_str(), text);
        }

        #[test]
        fn positions(taken: usize, cursor in proptest::option::of("(?s).{1,30}")) {
            let text = match cursor {
                Some(cursor) => format!("{taken}:{cursor}"),
                None => taken.to_string(),
            };
            let position: Position = text.parse().expect("it is a position");
            prop_assert_eq!(position.to_string(), text);
        }

        #[test]
        fn secrets_are_not_shown(rest in "[a-z0-9]{8,30}") {
            let secret = format!("obviously-fake-{rest}");
            let kept = Secret::new(secret.as_str());
            prop_assert_eq!(kept.expose(), secret.as_str());
            let bearer = rolecall::auth::Bearer::from(secret.as_str());
            let token = rolecall::auth::AccessToken::new(secret.as_str());
            let shown = format!("{kept:?} {:#?} {bearer:?} {token:?}", Some(Secret::from(secret)));
            prop_assert!(!shown.contains(&rest), "{}", shown);
        }
    }
}

#[cfg(feature = "twilio")]
mod twilio_types {
    use super::*;
    use rolecall::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
    use rolecall::twilio::chat::{NewRole, TwilioChat};
    use rolecall::twilio::iam::{Email, NewRoleAssignment, NewUser, Surface, TwilioIam, UserPatch};
    use rolecall::{Error, twilio};

    fn policy() -> Json {
        object(vec![], vec![("allow", texts()), ("deny", texts()), ("format", number())])
    }

    fn product_group() -> Json {
        object(vec![], vec![("product_group", text()), ("friendly_name", text())])
    }

    fn name() -> Json {
        object(vec![], vec![("givenName", text()), ("familyName", text())])
    }

    fn email() -> Json {
        object(vec![], vec![("primary", flag()), ("value", text()), ("type", text())])
    }

    fn meta() -> Json {
        let fields = [("resourceType"), ("created"), ("lastModified"), ("version")];
        object(vec![], fields.into_iter().map(|name| (name, text())).collect())
    }

    const LEVELS: &[&str] = &["ORGANIZATION", "ACCOUNT", "SUB_ACCOUNT"];
    const STATUSES: &[&str] = &["active", "suspended", "pending_closure", "closed"];

    round_trips! {
        account_sid: twilio::AccountSid = text();
        organization_sid: twilio::OrganizationSid = text();
        role_sid: twilio::RoleSid = text();
        role_assignment_sid: twilio::RoleAssignmentSid = text();
        user_sid: twilio::UserSid = text();
        sid: twilio::Sid = text();
        service_sid: twilio::chat::ServiceSid = text();
        api_key_sid: twilio::chat::ApiKeySid = text();
        chat_role_sid: twilio::chat::RoleSid = text();
        chat_role_type: twilio::chat::RoleType = one_of(&["channel", "deployment"]);
        chat_role: twilio::chat::Role = object(
            vec![("type", one_of(&["channel", "deployment"]))],
            vec![
                ("sid", text()),
                ("account_sid", text()),
                ("service_sid", text()),
                ("friendly_name", text()),
                ("permissions", texts()),
                ("date_created", text()),
                ("date_updated", text()),
                ("url", text()),
            ],
        );
        role_assignment: twilio::iam::RoleAssignment = object(
            vec![("sid", id())],
            vec![
                ("role_sid", text()),
                ("scope", text()),
                ("identity", text()),
                ("resource_type", text()),
                ("resource_id", text()),
            ],
        );
        account_status: twilio::iam::AccountStatus = one_of(STATUSES);
        account: twilio::iam::Account = object(
            vec![("account_sid", id())],
            vec![
                ("friendly_name", text()),
                ("status", one_of(STATUSES)),
                ("owner_sid", text()),
                ("date_created", text()),
            ],
        );
        role_level: twilio::iam::RoleLevel = one_of(LEVELS);
        role_product_group: twilio::iam::RoleProductGroup = product_group();
        role_policy: twilio::iam::RolePolicy = policy();
        role: twilio::iam::Role = object(
            vec![("sid", id())],
            vec![
                ("friendly_name", text()),
                ("external_description", text()),
                ("product_group", text()),
                ("lowest_level", one_of(LEVELS)),
                ("role_product_group", product_group()),
                ("policy", policy()),
                ("resource_types", texts()),
                ("date_created", text()),
                ("date_updated", text()),
            ],
        );
        role_permission_sid: twilio::iam::RolePermissionSid = text();
        role_permission: twilio::iam::RolePermission = object(
            vec![("sid", id())],
            vec![
                ("namespace", text()),
                ("product", text()),
                ("resource", text()),
                ("action", text()),
                ("externalDescription", text()),
            ],
        );
        user_version: twilio::iam::UserVersion = text();
        user_name: twilio::iam::Name = name();
        user_email: twilio::iam::Email = email();
        user_meta: twilio::iam::UserMeta = meta();
        user: twilio::iam::User = object(
            vec![("id", id())],
            vec![
                ("userName", text()),
                ("externalId", text()),
                ("displayName", text()),
                ("name", name()),
                ("emails", list(email())),
                ("active", flag()),
                ("locale", text()),
                ("timezone", text()),
                ("schemas", texts()),
                ("meta", meta()),
            ],
        );
    }

    /// What is written and never read; each has a test below.
    pub(crate) const WRITTEN: &[&str] =
        &["twilio::iam::NewRoleAssignment", "twilio::iam::NewUser", "twilio::iam::UserPatch"];

    const SID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn iam() -> TwilioIam {
        let builder = TwilioIam::with_token("obviously-fake").surface(Surface::V2);
        builder.base_url("http://127.0.0.1:1").build().expect("it is complete")
    }

    fn chat() -> TwilioChat {
        let builder = TwilioChat::with_auth_token(format!("AC{SID}"), "obviously-fake");
        let builder = builder.expect("a SID").base_url("http://127.0.0.1:1");
        builder.build().expect("it is complete")
    }

    /// A call with any query and form.
    struct Probe(Vec<String>);

    impl Operation for Probe {
        type Service = TwilioIam;
        type Answer = ();
        const NAME: &'static str = "own probe.send";
        const METHOD: http::Method = http::Method::POST;
        const SUCCESS: &'static [u16] = &[200];
        const REPEAT: Repeat = Repeat::Once;

        fn path(&self) -> Path<'_> {
            Path::fixed("/probe")
        }

        fn query(&self) -> Vec<(&'static str, String)> {
            self.0.iter().map(|text| ("one", text.clone())).collect()
        }

        fn body(&self) -> Result<Body, Error> {
            Body::form(&self.0.iter().map(|text| ("one", text.as_str())).collect::<Vec<_>>())
        }

        fn decode(_: &RawAnswer<'_>) -> Result<(), AnswerError> {
            Ok(())
        }
    }

    #[test]
    fn queries_and_forms_keep_every_text_and_their_order() {
        let client = iam();
        proptest!(config(), |(texts in vec(any::<String>(), 0..5))| {
            let call = client.call(&Probe(texts.clone()));
            let request = call.request().expect("any text can be sent");
            let expected: Vec<_> = texts.iter().map(|text| ("one".to_owned(), text.clone())).collect();
            let url = url::Url::parse(request.url()).expect("it is a URL");
            prop_assert_eq!(url.query_pairs().into_owned().collect::<Vec<_>>(), expected.clone());
            let form: Vec<(String, String)> =
                serde_urlencoded::from_bytes(request.body()).expect("it is a form");
            prop_assert_eq!(form, expected);
        });
    }

    #[test]
    fn new_chat_roles_as_forms() {
        let service = chat().service(format!("IS{SID}")).expect("a SID");
        proptest!(config(), |(
            name in "(?s).{1,64}",
            kind in "(?s).{1,10}",
            permissions in vec("(?s).{1,20}", 1..4),
        )| {
            let new = NewRole::new(name.as_str(), kind.as_str(), permissions.clone());
            let call = service.roles().create(&new.expect("it follows the rules"));
            let form: Vec<(String, String)> =
                serde_urlencoded::from_bytes(call.request().expect("it can be sent").body())
                    .expect("it is a form");
            let mut expected = vec![("FriendlyName".to_owned(), name), ("Type".to_owned(), kind)];
            expected.extend(permissions.into_iter().map(|one| ("Permission".to_owned(), one)));
            prop_assert_eq!(form, expected);
        });
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn new_role_assignments(digits in "[0-9a-fA-F]{32}", kind: String, id: String) {
            let sid = |prefix: &str| format!("{prefix}{digits}");
            let new = NewRoleAssignment::new(sid("IX"), sid("AC"), sid("US")).expect("SIDs");
            let mut expected =
                json!({"role_sid": sid("IX"), "scope": sid("AC"), "identity": sid("US")});
            prop_assert_eq!(&serde_json::to_value(&new).expect("it can be written"), &expected);
            let new = new.resource(kind.as_str(), id.as_str());
            expected["resource_type"] = kind.into();
            expected["resource_id"] = id.into();
            prop_assert_eq!(serde_json::to_value(&new).expect("it can be written"), expected);
        }

        #[test]
        fn new_users_are_what_was_read(name in "(?s).{2,60}", external in "(?s).{2,60}", other: String, active: bool) {
            let new = NewUser::new(name.as_str()).expect("it is long enough");
            let new = new.external_id(external.as_str()).display_name(other.as_str()).active(active);
            let new = new.name(other.as_str(), name.as_str()).locale(other.as_str());
            let new = new.email(Email::primary(name.as_str())).timezone("UTC");
            let new = new.email(Email::other(other.as_str()).kind("work"));
            let mut written = serde_json::to_value(&new).expect("it can be written");
            prop_assert_eq!(&written["userName"], &json!(name));
            written["id"] = json!(format!("US{SID}"));
            let user: twilio::iam::User = serde_json::from_value(written).expect("it is a user");
            prop_assert_eq!(NewUser::of(&user).expect("it has a name"), new);
        }

        #[test]
        fn user_patches(path: String, value in anything()) {
            let patch = UserPatch::new().add(path.as_str(), value.clone());
            let patch = patch.replace(path.as_str(), value.clone()).remove(path.as_str());
            let expected = json!([
                {"op": "add", "path": path, "value": value},
                {"op": "replace", "path": path, "value": value},
                {"op": "remove", "path": path},
            ]);
            let written = serde_json::to_value(&patch).expect("it can be written");
            prop_assert_eq!(&written["Operations"], &expected);
        }

        #[test]
        fn credentials_are_not_shown(rest in "[a-z0-9]{8,30}") {
            let secret = format!("obviously-fake-{rest}");
            let builders = format!(
                "{:?} {:?} {:?}",
                TwilioIam::builder("OQfake", secret.as_str()),
                TwilioIam::with_token(secret.as_str()),
                TwilioChat::with_auth_token(format!("AC{SID}"), secret.as_str()),
            );
            prop_assert!(!builders.contains(&rest), "{}", builders);
        }
    }
}

#[cfg(feature = "harness")]
mod harness_types {
    use super::*;
    use rolecall::harness::{
        self, Harness, IncludedScope, NewResourceGroup, NewRole, NewRoleAssignment, Principal,
        ResourceFilter, ResourceGroupFilter, RoleReference, ScopeFilter,
    };

    const LEVELS: &[&str] = &["account", "organization", "project"];
    const KINDS: &[&str] = &["USER", "USER_GROUP", "SERVICE_ACCOUNT"];
    const REACHES: &[&str] = &["EXCLUDING_CHILD_SCOPES", "INCLUDING_CHILD_SCOPES"];

    fn principal() -> Json {
        let fields =
            vec![("scope_level", one_of(LEVELS)), ("identifier", text()), ("type", one_of(KINDS))];
        object(vec![], fields)
    }

    fn reference() -> Json {
        object(vec![], vec![("scope_level", one_of(LEVELS)), ("identifier", text())])
    }

    fn assignment() -> Json {
        object(
            vec![("identifier", id())],
            vec![
                ("resource_group", text()),
                ("role", text()),
                ("roleReference", reference()),
                ("principal", principal()),
                ("disabled", flag()),
                ("managed", flag()),
            ],
        )
    }

    fn scope() -> Json {
        object(vec![], vec![("account", text()), ("org", text()), ("project", text())])
    }

    fn included_scope() -> Json {
        let fields = vec![
            ("filter", one_of(REACHES)),
            ("account", text()),
            ("org", text()),
            ("project", text()),
        ];
        object(vec![], fields)
    }

    fn resource_filter() -> Json {
        let fields = vec![
            ("resource_type", text()),
            ("identifiers", texts()),
            ("attribute_name", text()),
            ("attribute_values", texts()),
        ];
        object(vec![], fields)
    }

    fn tags() -> Json {
        let tags = prop::collection::btree_map("[a-z]{1,8}", any::<String>(), 0..4);
        tags.prop_map(|tags| json!(tags)).boxed()
    }

    fn result() -> Json {
        object(vec![], vec![("valid", flag()), ("errorMessage", text())])
    }

    round_trips! {
        identifier: harness::Identifier = text();
        org_identifier: harness::OrgIdentifier = text();
        project_identifier: harness::ProjectIdentifier = text();
        error_code: harness::ErrorCode = one_of(&["NG_ACCESS_DENIED", "DUPLICATE_FIELD"]);
        managed_filter: harness::ManagedFilter = one_of(&["NO_FILTER", "ONLY_CUSTOM"]);
        scope_filter: harness::ScopeFilter = one_of(REACHES);
        principal_type: harness::PrincipalType = one_of(KINDS);
        scope_level: harness::ScopeLevel = one_of(LEVELS);
        a_principal: harness::Principal = principal();
        role_reference: harness::RoleReference = reference();
        role_assignment: harness::RoleAssignment = assignment();
        role_assignment_response: harness::RoleAssignmentResponse = object(
            vec![("role-assignment", assignment())],
            vec![("created", number()), ("updated", number()), ("harness_managed", flag())],
        );
        validation_result: harness::ValidationResult = result();
        validation: harness::Validation = object(
            vec![],
            vec![
                ("principalValidationResult", result()),
                ("roleValidationResult", result()),
                ("resourceGroupValidationResult", result()),
            ],
        );
        role_scope: harness::RoleScope = scope();
        role: harness::Role = object(
            vec![("identifier", id())],
            vec![
                ("name", text()),
                ("permissions", texts()),
                ("allowed_scope_levels", list(one_of(LEVELS))),
                ("description", text()),
                ("tags", tags()),
                ("scope", scope()),
                ("created", number()),
                ("updated", number()),
                ("harness_managed", flag()),
            ],
        );
        an_included_scope: harness::IncludedScope = included_scope();
        a_resource_filter: harness::ResourceFilter = resource_filter();
        resource_group: harness::ResourceGroup = object(
            vec![("identifier", id())],
            vec![
                ("name", text()),
                ("color", text()),
                ("tags", tags()),
                ("description", text()),
                ("allowed_scope_levels", list(one_of(LEVELS))),
                ("included_scope", list(included_scope())),
                ("resource_filter", list(resource_filter())),
                ("include_all_resources", flag()),
                ("created", number()),
                ("updated", number()),
                ("harness_managed", flag()),
            ],
        );
    }

    /// What is written and never read; each has a test below.
    pub(crate) const WRITTEN: &[&str] = &[
        "harness::NewRoleAssignment",
        "harness::NewRole",
        "harness::NewResourceGroup",
        "harness::ResourceGroupFilter",
        "harness::Proposal",
        "harness::Proposed",
    ];

    /// What is read and never written; see `parts_of_errors`.
    pub(crate) const READ: &[&str] =
        &["harness::FieldError", "harness::ResponseMessage", "harness::FailedPermissionCheck"];

    const IDENTIFIER: &str = "x_[A-Za-z0-9_$]{0,30}";

    #[test]
    fn new_role_assignments() {
        let builder = Harness::builder("obviously-fake").account("fake");
        let client = builder.base_url("http://127.0.0.1:1").build().expect("it is complete");
        let assignments = client.account().role_assignments();
        proptest!(config(), |(
            identifier in IDENTIFIER,
            role in "(?s).{1,20}",
            group in "(?s).{1,20}",
            who in "(?s).{1,20}",
            kind in prop::sample::select(KINDS),
            level in prop::sample::select(LEVELS),
            disabled: bool,
        )| {
            let principal = Principal::new(kind, who.as_str()).scope_level(level.into());
            let new = NewRoleAssignment::new(identifier.as_str(), role.as_str(), group.as_str(), principal);
            let new = new.expect("it follows the rules").disabled(disabled).managed(true);
            let new = new.role_reference(RoleReference::new(level.into(), role.as_str()));
            let written = serde_json::to_value(&new).expect("it can be written");
            let principal = json!({"scope_level": level, "identifier": who, "type": kind});
            let expected = json!({
                "identifier": identifier,
                "resource_group": group,
                "role": role,
                "roleReference": {"scope_level": level, "identifier": role},
                "principal": principal,
                "disabled": disabled,
                "managed": true,
            });
            prop_assert_eq!(&written, &expected);
            // The service answers with no more, and the crate reads that.
            round_trip::<harness::RoleAssignment>(&written)?;
            // The dry run says the same in another spelling.
            let call = assignments.validate(&new);
            let body = call.request().expect("it can be sent").body();
            let proposal: Value = serde_json::from_slice(body).expect("it is JSON");
            let expected = json!({
                "roleAssignment": {
                    "identifier": identifier,
                    "resourceGroupIdentifier": group,
                    "roleIdentifier": role,
                    "roleReference": {"scopeLevel": level, "identifier": role},
                    "principal": {"scopeLevel": level, "identifier": who, "type": kind},
                    "disabled": disabled,
                },
                "validatePrincipal": true,
                "validateRole": true,
                "validateResourceGroup": true,
            });
            prop_assert_eq!(proposal, expected);
        });
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn new_roles_are_what_was_read(
            identifier in IDENTIFIER,
            name in "(?s).{1,20}",
            permissions in vec(any::<String>(), 0..4),
            description: String,
            tag: String,
        ) {
            let new = NewRole::new(identifier, name, permissions).expect("it follows the rules");
            let new = new.description(description).tag(tag.as_str(), "v");
            let written = serde_json::to_value(&new).expect("it can be written");
            let role: harness::Role = serde_json::from_value(written).expect("it is a role");
            prop_assert_eq!(role.to_new().expect("it is whole"), new.clone());
            let tolerant = serde_json::to_value(new.clone().tolerate(["p"])).expect("it can be written");
            prop_assert_eq!(tolerant, serde_json::to_value(new).expect("it can be written"));
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
            let new = new.include_all_resources(all);
            let written = serde_json::to_value(&new).expect("it can be written");
            let group: harness::ResourceGroup =
                serde_json::from_value(written.clone()).expect("it is one");
            let again = group.to_new().expect("it is whole");
            prop_assert_eq!(serde_json::to_value(again).expect("it can be written"), written);
        }

        #[test]
        fn resource_group_filters(one: String, other: String, ids in vec(any::<String>(), 1..4)) {
            let filter = ResourceGroupFilter::new().account(one.as_str()).org(other.as_str());
            let filter = filter.project(one.as_str()).search_term(other.as_str());
            let filter = filter.identifiers(ids.clone()).managed(one.as_str().into());
            let expected = json!({
                "account": one,
                "org": other,
                "project": one,
                "search_term": other,
                "identifier_filter": ids,
                "managed_filter": one,
            });
            prop_assert_eq!(serde_json::to_value(filter).expect("it can be written"), expected);
            let scope = IncludedScope::excluding_child_scopes().account(one.as_str());
            prop_assert_eq!(scope.filter, Some(ScopeFilter::ExcludingChildScopes));
        }

        #[test]
        fn parts_of_errors(one: String, other: String, value in anything(), texts in vec(any::<String>(), 0..4)) {
            for names in [["field_name", "message"], ["fieldId", "error"]] {
                let json = json!({names[0]: one, names[1]: other, "unknown": value});
                let read: harness::FieldError = serde_json::from_value(json).expect("it is one");
                prop_assert_eq!(read.field.as_ref(), Some(&one));
                prop_assert_eq!(read.message.as_ref(), Some(&other));
            }
            let message = json!({
                "code": one, "level": other, "message": one, "exception": value, "failureTypes": texts,
                "unknown": value,
            });
            let read: harness::ResponseMessage = serde_json::from_value(message).expect("it is one");
            prop_assert_eq!(read.code.as_ref().map(harness::ErrorCode::as_str), Some(one.as_str()));
            prop_assert_eq!((read.level, read.message), (Some(other.clone()), Some(one.clone())));
            prop_assert_eq!(read.exception, Some(value.clone()).filter(|value| !value.is_null()));
            prop_assert_eq!(read.failure_types, Some(texts));
            let check = json!({
                "resourceScope": value, "resourceType": one, "resourceAttributes": value,
                "resourceIdentifier": other, "permission": one, "unknown": value,
            });
            let read: harness::FailedPermissionCheck = serde_json::from_value(check).expect("it is one");
            let value = Some(value).filter(|value| !value.is_null());
            prop_assert_eq!((read.resource_scope, read.resource_attributes), (value.clone(), value));
            prop_assert_eq!((read.resource_type.as_ref(), read.permission.as_ref()), (Some(&one), Some(&one)));
            prop_assert_eq!(read.resource_identifier, Some(other));
        }

        #[test]
        fn credentials_are_not_shown(rest in "[a-z0-9]{8,30}") {
            let shown = format!("{:?}", Harness::builder(format!("obviously-fake-{rest}")));
            prop_assert!(!shown.contains(&rest), "{}", shown);
        }
    }
}

#[cfg(feature = "redox")]
mod redox_types {
    use super::*;
    use rolecall::redox::{self, NewRoleAssignment, Redox, RoleRef, UserRef};

    fn envelope(payload: Json) -> Json {
        let version = prop_oneof![text(), number()].boxed();
        object(
            vec![("payload", payload)],
            vec![("meta", object(vec![], vec![("version", version)]))],
        )
    }

    fn outcome() -> Json {
        object(vec![("success", flag())], vec![])
    }

    /// An id is text, or a number.
    fn reference() -> Json {
        let id = prop_oneof![text(), number()].boxed();
        object(vec![], vec![("id", id), ("name", text())])
    }

    fn member() -> Json {
        let moment = prop_oneof![text(), number()].boxed();
        let yes_or_no =
            prop_oneof![flag(), prop::sample::select(&["true", "false"][..]).prop_map(Value::from)];
        object(
            vec![("id", prop_oneof![id(), number()].boxed())],
            vec![
                ("fullname", text()),
                ("lowercaseEmail", text()),
                ("lastLogin", moment),
                ("verified2fa", yes_or_no.boxed()),
            ],
        )
    }

    fn membership(of: &'static str) -> Json {
        object(vec![("user", member())], vec![(of, reference()), ("role", reference())])
    }

    fn memberships(of: &'static str) -> Json {
        object(vec![("memberships", list(membership(of)))], vec![])
    }

    const FLAGS: &[&str] = &["Production", "Staging", "Development"];

    fn environment() -> Json {
        object(
            vec![("id", prop_oneof![id(), number()].boxed())],
            vec![
                ("name", text()),
                ("environmentFlag", one_of(FLAGS)),
                ("organization", reference()),
            ],
        )
    }

    round_trips! {
        organization_id: redox::OrganizationId = text();
        environment_id: redox::EnvironmentId = text();
        environment_flag: redox::EnvironmentFlag = one_of(FLAGS);
        meta: redox::Meta = object(vec![], vec![("version", prop_oneof![text(), number()].boxed())]);
        an_outcome: redox::Outcome = outcome();
        answer: redox::Envelope<redox::Outcome> = envelope(outcome());
        a_reference: redox::Reference = reference();
        a_member: redox::Member = member();
        organization_membership: redox::OrganizationMembership = membership("organization");
        environment_membership: redox::EnvironmentMembership = membership("environment");
        in_organization: redox::Memberships<redox::OrganizationMembership> = memberships("organization");
        in_environment: redox::Envelope<redox::Memberships<redox::EnvironmentMembership>> =
            envelope(memberships("environment"));
        listed_environment: redox::ListedEnvironment = environment();
        environment_list: redox::EnvironmentList =
            object(vec![("environments", list(environment()))], vec![]);
    }

    /// What is written and never read; see `new_role_assignments`.
    pub(crate) const WRITTEN: &[&str] =
        &["redox::NewRoleAssignment", "redox::RoleRef", "redox::UserRef", "redox::User"];

    #[test]
    fn new_role_assignments() {
        let builder = Redox::builder("obviously-fake").base_url("http://127.0.0.1:1");
        let client = builder.build().expect("it is complete");
        let environment = client.environment("e").expect("an id").role_assignments();
        let reference = || (any::<String>(), "(?s).{1,20}");
        proptest!(config(), |(role in reference(), user in reference())| {
            let part = |(id, name): &(String, String)| {
                let mut part = json!({"name": name});
                if !id.is_empty() {
                    part["id"] = json!(id);
                }
                part
            };
            let new = NewRoleAssignment::new(
                RoleRef::new(role.0.as_str(), role.1.as_str()).expect("it has a name"),
                UserRef::new(user.0.as_str(), user.1.as_str()).expect("it has a name"),
            );
            let written = serde_json::to_value(&new).expect("it can be written");
            prop_assert_eq!(&written, &json!({"role": part(&role), "user": part(&user)}));
            round_trip::<redox::Reference>(&written["role"])?;
            let user_ref = UserRef::new(user.0.as_str(), user.1.as_str()).expect("it has a name");
            let removal = environment.delete(&user_ref);
            let body = removal.request().expect("it can be sent").body().to_vec();
            let body: Value = serde_json::from_slice(&body).expect("it is JSON");
            prop_assert_eq!(body, json!({"user": part(&user)}));
        });
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn credentials_are_not_shown(rest in "[a-z0-9]{8,30}") {
            let shown = format!("{:?}", Redox::builder(format!("obviously-fake-{rest}")));
            prop_assert!(!shown.contains(&rest), "{}", shown);
        }
    }
}

#[cfg(feature = "deepset")]
mod deepset_types {
    use super::*;
    use rolecall::deepset::{self, Deepset, NewRole, Permission};

    fn permission() -> Json {
        object(vec![("asset", one_of(&["all"])), ("action", one_of(&["read"]))], vec![])
    }

    fn part() -> Json {
        prop_oneof![text(), number()].boxed()
    }

    fn context() -> Json {
        let fields = prop::collection::btree_map("[a-z]{1,8}", anything(), 0..3);
        fields.prop_map(|fields| json!(fields)).boxed()
    }

    fn organization() -> Json {
        object(
            vec![],
            vec![
                ("organization_id", text()),
                ("name", text()),
                ("role", anything()),
                ("workspaces", anything()),
            ],
        )
    }

    round_trips! {
        asset: deepset::Asset = one_of(&["feedback", "all"]);
        action: deepset::Action = one_of(&["read"]);
        role_id: deepset::RoleId = text();
        user_id: deepset::UserId = text();
        a_permission: deepset::Permission = permission();
        role: deepset::Role = object(
            vec![("role_id", id())],
            vec![
                ("role_name", text()),
                ("description", text()),
                ("is_custom", flag()),
                ("permissions", list(permission())),
            ],
        );
        user_organization: deepset::UserOrganization = organization();
        user: deepset::User = object(
            vec![("user_id", id())],
            vec![
                ("email", text()),
                ("given_name", text()),
                ("family_name", text()),
                ("deleted", flag()),
                ("organization", organization()),
            ],
        );
        location_part: deepset::LocationPart = part();
        validation_error: deepset::ValidationError = object(
            vec![("msg", text()), ("loc", list(part())), ("type", text())],
            vec![("input", anything()), ("ctx", context())],
        );
    }

    /// What is written and never read; see `new_roles`.
    pub(crate) const WRITTEN: &[&str] = &["deepset::NewRole"];

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn new_roles(name: String, description: String, asset: String, action: String) {
            let permission = Permission::new(asset.as_str(), action.as_str());
            let new = NewRole::new(name.as_str(), description.as_str(), [permission]);
            let mut written = serde_json::to_value(&new).expect("it can be written");
            let expected = json!({
                "role_name": name,
                "description": description,
                "permissions": [{"asset": asset, "action": action}],
            });
            prop_assert_eq!(&written, &expected);
            written["role_id"] = json!("r");
            round_trip::<deepset::Role>(&written)?;
        }

        #[test]
        fn organization_ids(bytes: [u8; 16]) {
            let id = deepset::OrganizationId::from(uuid::Uuid::from_bytes(bytes));
            prop_assert_eq!(id.to_string().parse::<deepset::OrganizationId>().expect("a UUID"), id);
        }

        #[test]
        fn credentials_are_not_shown(rest in "[a-z0-9]{8,30}") {
            let shown = format!("{:?}", Deepset::builder(format!("obviously-fake-{rest}")));
            prop_assert!(!shown.contains(&rest), "{}", shown);
        }
    }
}

/// Types that nobody outside can name, with the tests that read or write them.
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
const INSIDE: [(&str, &str); 21] = [
    ("auth::TokenAnswer", "src/auth/oauth2.rs"),
    ("auth::Claims", "src/auth/assertion.rs"),
    ("auth::Header", "src/auth/assertion.rs"),
    ("auth::Jwk", "src/auth/assertion.rs"),
    ("operation::Outer", "src/operation/mod.rs: a test's own"),
    ("transport::Answer", "src/transport/pages_tests.rs: a test's own"),
    ("twilio::iam::Meta", "tests/calls_twilio_iam.rs: in every list"),
    ("twilio::iam::Answer", "tests/calls_twilio_iam.rs: in every list"),
    ("twilio::iam::Listed", "tests/calls_twilio_iam.rs: the list of users"),
    ("twilio::iam::PatchOperation", "part of twilio::iam::UserPatch"),
    ("twilio::chat::Meta", "tests/calls_twilio_chat.rs: the list"),
    ("twilio::chat::Answer", "tests/calls_twilio_chat.rs: the list"),
    ("harness::LooseFieldError", "how harness::FieldError is read"),
    ("harness::LoosePrincipal", "how harness::Principal is read"),
    ("harness::LooseRoleReference", "how harness::RoleReference is read"),
    ("harness::LooseResponse", "how harness::RoleAssignmentResponse is read"),
    ("harness::LooseResult", "how harness::ValidationResult is read"),
    ("harness::Envelope", "around harness::Validation: tests/calls_harness.rs"),
    ("redox::Said", "src/redox/answer.rs: looked at beside redox::Envelope"),
    ("redox::Success", "part of redox::Said"),
    ("deepset::Listing", "tests/calls_deepset.rs: in every list"),
];

/// The names that follow something that makes a wire type.
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
fn declared(text: &str) -> Vec<&str> {
    const MACROS: [&str; 5] =
        ["open_enum! {", "sid! {", "opaque_id! {", "checked_id! {", "reference! {"];
    let mut names = Vec::new();
    let mut waiting = false;
    for line in text.lines().map(str::trim) {
        let derives = line.starts_with("#[derive(")
            && (line.contains("Serialize") || line.contains("Deserialize"));
        if derives || MACROS.contains(&line) {
            waiting = true;
        } else if waiting && !line.starts_with('#') && !line.starts_with("//") {
            waiting = false;
            let words = line.split(|c: char| !c.is_alphanumeric() && !"_$".contains(c));
            let keywords = ["pub", "super", "crate", "struct", "enum"];
            names.extend(
                words.filter(|word| !word.is_empty()).find(|word| !keywords.contains(word)),
            );
        }
    }
    names.retain(|name| !name.starts_with('$'));
    names
}

/// A wire type without a round trip is noticed here: give it one above.
#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn every_wire_type_has_a_round_trip() {
    fn walk(folder: &Path, module: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
            if path.is_dir() {
                // The fakes' types are no part of the wire of a client.
                if name != "testing" {
                    walk(&path, &format!("{module}{name}::"), found);
                }
                continue;
            }
            let module = if module.is_empty() { format!("{name}::") } else { module.to_owned() };
            let text = fs::read_to_string(&path).expect("the file can be read");
            found.extend(declared(&text).into_iter().map(|name| format!("{module}{name}")));
        }
    }
    let mut found = BTreeSet::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut found);
    let tested: BTreeSet<String> = [
        shared::NAMED,
        twilio_types::NAMED,
        twilio_types::WRITTEN,
        harness_types::NAMED,
        harness_types::WRITTEN,
        harness_types::READ,
        redox_types::NAMED,
        redox_types::WRITTEN,
        deepset_types::NAMED,
        deepset_types::WRITTEN,
    ]
    .concat()
    .into_iter()
    .map(|name| name.split('<').next().unwrap_or(name).replace(' ', ""))
    .map(|name| if name == "Timestamp" { "model::Timestamp".to_owned() } else { name })
    .chain(INSIDE.map(|(name, _)| name.to_owned()))
    .collect();
    let lacking: Vec<_> = found.difference(&tested).collect();
    assert!(lacking.is_empty(), "without a round trip: {lacking:?}");
    let gone: Vec<_> = tested.difference(&found).collect();
    assert!(gone.is_empty(), "no such wire type: {gone:?}");
}

#[cfg(all(feature = "twilio", feature = "harness", feature = "redox", feature = "deepset"))]
#[test]
fn the_scan_finds_what_it_looks_for() {
    let text = "#[derive(Clone, Serialize)]\n#[serde(x)]\npub struct A<'a> {\n  b: C,\n}\n\
                open_enum! {\n  /// D\n  E {\n    F = \"f\",\n}}\n#[derive(Debug)]\nstruct G;\n\
                #[derive(serde::Deserialize)]\npub(super) enum H {\nsid! {\n  /// I\n  J, \"k\"\n\
                #[derive(Serialize)]\npub struct $name {";
    assert_eq!(declared(text), ["A", "E", "H", "J"]);
}
