//! The fields of a vendor's assignment that grant access: these and no others change the key, the
//! difference of two snapshots and the row of a table.

use proptest::prelude::*;
use rolecall::access::{
    Assignment, Covers, Csv, Difference, ReadAssignments, Scope, Snapshot, Source,
};
use rolecall::harness::RoleAssignmentSearch;
use rolecall::testing::{
    DeepsetFake, Fault, HarnessFake, RedoxFake, TwilioChatFake, TwilioIamFake,
};
use serde_json::{Map, Value, json};

const ORGANIZATION: &str = "ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Whether a field is part of what is granted.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// It is: another value is another grant.
    Grants,
    /// It is not: another value is the same grant.
    Not,
}
use Part::{Grants, Not};

/// A vendor's own assignment with every field, and the part that each plays.
struct Native {
    whole: Value,
    parts: &'static [(&'static str, Part)],
    /// What a field may hold, where it is not any text.
    text: fn(&str) -> String,
}

/// A SID is 32 digits behind its letters, whose case does not count.
fn as_sid(text: &str) -> String {
    format!("QQ{}", text.to_ascii_lowercase())
}

fn as_it_is(text: &str) -> String {
    text.to_owned()
}

fn harness() -> Native {
    let mut whole: Value =
        serde_json::from_str(include_str!("../../fixtures/harness/assignment.full.json"))
            .expect("it is JSON");
    // The level of a user says nothing.
    whole["role-assignment"]["principal"]["type"] = json!("USER_GROUP");
    Native {
        whole,
        parts: &[
            ("/role-assignment/identifier", Not),
            ("/role-assignment/resource_group", Grants),
            ("/role-assignment/role", Grants),
            ("/role-assignment/roleReference/scope_level", Grants),
            ("/role-assignment/roleReference/identifier", Grants),
            ("/role-assignment/principal/scope_level", Grants),
            ("/role-assignment/principal/identifier", Grants),
            ("/role-assignment/principal/type", Grants),
            ("/role-assignment/disabled", Grants),
            ("/role-assignment/managed", Not),
            ("/created", Not),
            ("/updated", Not),
            ("/harness_managed", Not),
        ],
        text: as_it_is,
    }
}

fn harness_search() -> Native {
    let whole = include_str!("../../fixtures/harness/aggregate.full.json");
    Native {
        whole: serde_json::from_str(whole).expect("it is JSON"),
        parts: &[
            ("/identifier", Not),
            ("/principal/scopeLevel", Grants),
            ("/principal/identifier", Grants),
            ("/principal/type", Grants),
            ("/principal/name", Not),
            ("/principal/email", Not),
            ("/disabled", Grants),
            ("/role/role/identifier", Grants),
            ("/role/role/name", Not),
            // What a role permits is the role's own, and no part of the assignment.
            ("/role/role/permissions/0", Not),
            ("/role/role/allowedScopeLevels/0", Not),
            ("/role/scope/accountIdentifier", Not),
            ("/role/scope/accountName", Not),
            ("/role/harnessManaged", Not),
            ("/resourceGroup/identifier", Grants),
            ("/resourceGroup/name", Not),
            ("/scope/accountIdentifier", Grants),
            ("/scope/accountName", Not),
            ("/scope/orgIdentifier", Grants),
            ("/scope/orgName", Not),
            ("/scope/projectIdentifier", Grants),
            ("/scope/projectName", Not),
            ("/createdAt", Not),
            ("/lastModifiedAt", Not),
            ("/harnessManaged", Not),
        ],
        text: as_it_is,
    }
}

fn chat_member() -> Native {
    let whole = include_str!("../../fixtures/twilio_chat/member.full.json");
    Native {
        whole: serde_json::from_str(whole).expect("it is JSON"),
        parts: &[
            ("/sid", Not),
            ("/account_sid", Grants),
            ("/service_sid", Grants),
            ("/channel_sid", Grants),
            ("/identity", Grants),
            ("/role_sid", Grants),
            ("/last_consumed_message_index", Not),
            ("/last_consumption_timestamp", Not),
            ("/date_created", Not),
            ("/date_updated", Not),
            ("/attributes", Not),
            ("/url", Not),
        ],
        text: as_it_is,
    }
}

fn twilio() -> Native {
    let whole = include_str!("../../fixtures/twilio_iam/assignment.full.json");
    let mut whole: Value = serde_json::from_str(whole).expect("it is JSON");
    whole["resource_type"] = json!("type");
    whole["resource_id"] = json!("resource");
    Native {
        whole,
        parts: &[
            ("/sid", Not),
            ("/role_sid", Grants),
            ("/scope", Grants),
            ("/identity", Grants),
            ("/resource_type", Grants),
            ("/resource_id", Grants),
        ],
        text: as_sid,
    }
}

fn redox() -> Native {
    let whole = json!({
        "organization": {"id": "1234", "name": "Clinic"},
        "role": {"id": "r-1", "name": "owner"},
        "user": {"id": "u-1", "fullname": "A. User", "lowercaseEmail": "a@example.com",
                 "lastLogin": "2026-04-01T08:00:00.000Z", "verified2fa": true}
    });
    Native {
        whole,
        parts: &[
            ("/organization/id", Grants),
            ("/organization/name", Not),
            ("/role/id", Grants),
            ("/role/name", Not),
            ("/user/id", Grants),
            ("/user/fullname", Not),
            ("/user/lowercaseEmail", Not),
            ("/user/lastLogin", Not),
            ("/user/verified2fa", Not),
        ],
        text: as_it_is,
    }
}

fn deepset() -> Native {
    let whole = include_str!("../../fixtures/deepset/user.full.json");
    let mut whole: Value = serde_json::from_str(whole).expect("it is JSON");
    // Two assignments of one user are compared by the last.
    whole["organization"]["role"] = Value::Null;
    Native {
        whole,
        parts: &[
            ("/user_id", Grants),
            ("/email", Not),
            ("/given_name", Not),
            ("/family_name", Not),
            ("/deleted", Grants),
            ("/organization/organization_id", Grants),
            ("/organization/name", Not),
            ("/organization/workspaces/0/name", Grants),
            ("/organization/workspaces/0/role", Grants),
        ],
        text: as_it_is,
    }
}

/// The places of all values in a JSON document.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| places(field, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| places(item, &format!("{at}/{index}"), found));
        }
        Value::Null => {}
        _ => found.push(at.to_owned()),
    }
}

/// A field of a new name in a fixture has to be given its part here.
#[test]
fn every_field_has_its_part() {
    let all = [harness(), harness_search(), twilio(), chat_member(), redox(), deepset()];
    for native in all {
        let mut found = Vec::new();
        places(&native.whole, "", &mut found);
        let mut named: Vec<_> = native.parts.iter().map(|(place, _)| (*place).to_owned()).collect();
        found.sort();
        named.sort();
        assert_eq!(found, named);
    }
}

/// The assignment, and one for each field that has another value.
fn variants(native: &Native, text: &str) -> Vec<(Part, Value)> {
    let mut all = vec![(Not, native.whole.clone())];
    for (place, part) in native.parts {
        let mut other = native.whole.clone();
        let field = other.pointer_mut(place).expect("it has the field");
        *field = match &field {
            Value::Bool(flag) => json!(!*flag),
            Value::Number(_) => json!(7),
            _ => json!((native.text)(text)),
        };
        all.push((*part, other));
    }
    all
}

async fn snapshot(held: &Assignment, scopes: [&Assignment; 2]) -> Snapshot {
    let sources = scopes.map(|it| {
        let covers = Covers::new(it.vendor.clone(), it.scope.clone());
        let own = (it.scope == held.scope).then(|| Ok(held.clone()));
        Source::new(covers, own.into_iter().collect())
    });
    Snapshot::collect(sources).in_memory().await
}

fn rows(snapshot: &Snapshot) -> String {
    let mut csv = Vec::new();
    snapshot.write_to(&mut Csv::new(&mut csv)).expect("it is written");
    String::from_utf8(csv).expect("it is text")
}

async fn check(parts: &[(Part, Value)], read: &[Assignment]) {
    assert_eq!(parts.len(), read.len());
    let base = &read[0];
    for ((part, native), other) in parts.iter().zip(read) {
        let grants = *part == Grants;
        assert_eq!(base.grant_key() != other.grant_key(), grants, "{native}\n{base:?}\n{other:?}");
        let both = [base, other];
        let (old, new) = (snapshot(base, both).await, snapshot(other, both).await);
        let difference = Difference::between(&old, &new);
        assert!(difference.is_complete(), "{difference}");
        assert_eq!(!difference.is_empty(), grants, "{native}\n{difference}");
        assert!(!grants || rows(&old) != rows(&new), "{native}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_grants_makes_the_difference(text in "[a-z0-9=+@ ,'\">%-]{0,6}[a-z]") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let list = |items: &[(Part, Value)]| -> Vec<Value> {
                items.iter().map(|(_, native)| native.clone()).collect()
            };

            let fake = HarnessFake::start().await.expect("a free port");
            let items = variants(&harness(), &text);
            fake.next(1, Fault::json(200, json!(list(&items)).to_string()));
            let scope = fake.client().expect("it is set up").org("platform");
            let read = scope.role_assignments().read_assignments().try_collect().await;
            check(&items, &read.expect("it is read")).await;

            let items = variants(&harness_search(), &text);
            let page = json!({"status": "SUCCESS", "data": {"content": list(&items)}}).to_string();
            fake.next(1, Fault::json(200, page));
            let search = scope.role_assignments().search(&RoleAssignmentSearch::new());
            let read = search.page_size(100).read_assignments().try_collect().await;
            check(&items, &read.expect("it is read")).await;

            let fake = TwilioChatFake::start().await.expect("a free port");
            let items = variants(&chat_member(), &text);
            let page = json!({"members": list(&items), "meta": {}}).to_string();
            fake.next(1, Fault::json(200, page));
            let service = fake.client().expect("it is set up").service(SERVICE);
            let read = service.channel("support").members().read_assignments().try_collect().await;
            check(&items, &read.expect("it is read")).await;

            let fake = TwilioIamFake::start().await.expect("a free port");
            let items = variants(&twilio(), &text);
            let page = json!({"content": list(&items), "meta": {}}).to_string();
            fake.next_on("/Organizations", 1, Fault::json(200, page));
            let organization = fake.client().expect("it is set up").organization(ORGANIZATION);
            let read = organization.role_assignments().list().read_assignments().try_collect().await;
            check(&items, &read.expect("it is read")).await;

            let fake = RedoxFake::start().await.expect("a free port");
            let items = variants(&redox(), &text);
            let page = json!({"meta": {}, "payload": {"memberships": list(&items)}}).to_string();
            fake.next(1, Fault::json(200, page));
            let organization = fake.client().expect("it is set up").organization("1234");
            let read = organization.role_assignments().read_assignments().try_collect().await;
            check(&items, &read.expect("it is read")).await;

            let fake = DeepsetFake::start().await.expect("a free port");
            let items = variants(&deepset(), &text);
            let page = json!({"data": list(&items), "has_more": false}).to_string();
            fake.next(1, Fault::json(200, page));
            let users = fake.client().expect("it is set up").users();
            let read = users.read_assignments().try_collect().await.expect("it is read");
            let last: Vec<_> = read.into_iter().skip(1).step_by(2).collect();
            check(&items, &last).await;
        });
    }

    /// Two assignments of the shared model have one key exactly if all that is granted is equal, and
    /// then, and only then, there is no difference.
    #[test]
    fn keys_are_those_of_the_parts_that_grant(one in shared(), other in shared()) {
        let same = granted(&one) == granted(&other);
        prop_assert_eq!(one.grant_key() == other.grant_key(), same);
    }
}

/// Few values, so that equal ones come up.
fn shared() -> impl Strategy<Value = Assignment> {
    let text = || prop_oneof![Just(None), Just(Some("")), Just(Some("a")), Just(Some("1:a"))];
    let named = move || {
        (text(), text(), text()).prop_map(|(id, name, level)| {
            let fields = [("id", id), ("name", name), ("level", level)];
            let fields =
                fields.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text?))));
            Value::Object(fields.collect::<Map<_, _>>())
        })
    };
    (named(), named(), named(), proptest::option::of(named()), any::<bool>()).prop_map(
        |(principal, role, mut scope, via, disabled)| {
            scope.as_object_mut().expect("it is one").remove("level");
            let mut value = json!({"vendor": "harness", "scope": scope, "principal": principal,
                "role": role, "restriction": {}, "disabled": disabled});
            if let Some(via) = via {
                value["via"] = via;
            }
            serde_json::from_value(value).expect("it is one")
        },
    )
}

/// The parts that grant, with nothing for empty texts and a name only where there is no id.
fn granted(it: &Assignment) -> impl PartialEq + use<> {
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let who = |id: &Option<String>, name: &Option<String>| match some(id) {
        Some(id) => (Some(id), None),
        None => (None, some(name)),
    };
    let via = it.via.clone().unwrap_or_default();
    (
        (who(&it.principal.id, &it.principal.name), some(&it.principal.level)),
        (who(&it.role.id, &it.role.name), some(&it.role.level)),
        who(&it.scope.id, &it.scope.name),
        (who(&via.id, &via.name), some(&via.level)),
        it.disabled,
    )
}

#[test]
fn scopes_of_one_id_on_two_paths_are_two() {
    let project = |organization: &str| {
        let organization = Scope::new("organization", organization);
        Scope::new("project", "shop").within(organization)
    };
    let held = |scope: Scope| {
        let mut held = Assignment::new("harness");
        held.scope = scope;
        held.grant_key()
    };
    assert_ne!(held(project("one")), held(project("other")));
    assert_ne!(held(project("one")), held(Scope::new("project", "shop")));
    assert_ne!(project("a > project b").to_string(), project("a").within(project("b")).to_string());
}
