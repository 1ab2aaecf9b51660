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
use rolecall::twilio::{chat, iam};
use rolecall::{Error, deepset, harness, redox};
use serde_json::{Map, Value, json};

use crate::registry::fixture;
use crate::round_trips::{config, places_of};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Harness,
    HarnessSearch,
    TwilioIam,
    ChatMember,
    ChatUser,
    Redox,
    Deepset,
}

/// A vendor's own assignment with every field: how many fields it has, and which of them grant, so
/// that another value is another grant.
type Native = (Kind, Value, usize, &'static [&'static str]);

fn natives() -> [Native; 7] {
    let whole = |text: &str, changes: &[(&str, Value)]| {
        let mut whole: Value = serde_json::from_str(text).expect("it is JSON");
        for (place, value) in changes {
            *whole.pointer_mut(place).expect("it has the field") = value.clone();
        }
        whole
    };
    // The level of a user says nothing.
    let group = ("/role-assignment/principal/type", json!("USER_GROUP"));
    let resource = [("/resource_type", json!("type")), ("/resource_id", json!("resource"))];
    // Two assignments of one user are compared by the last.
    let no_role = ("/organization/role", Value::Null);
    let harness: &[_] = &[
        "/role-assignment/resource_group",
        "/role-assignment/role",
        "/role-assignment/roleReference/scope_level",
        "/role-assignment/roleReference/identifier",
        "/role-assignment/principal/scope_level",
        "/role-assignment/principal/identifier",
        "/role-assignment/principal/type",
        "/role-assignment/disabled",
    ];
    // What a role permits is the role's own, and no part of the assignment.
    let search: &[_] = &[
        "/principal/scopeLevel",
        "/principal/identifier",
        "/principal/type",
        "/disabled",
        "/role/role/identifier",
        "/resourceGroup/identifier",
        "/scope/accountIdentifier",
        "/scope/orgIdentifier",
        "/scope/projectIdentifier",
    ];
    let iam: &[_] = &["/role_sid", "/scope", "/identity", "/resource_type", "/resource_id"];
    let member: &[_] = &["/account_sid", "/service_sid", "/channel_sid", "/identity", "/role_sid"];
    let user: &[_] = &["/account_sid", "/service_sid", "/identity", "/role_sid"];
    let redox: &[_] = &["/organization/id", "/role/id", "/user/id"];
    let deepset: &[_] = &[
        "/user_id",
        "/deleted",
        "/organization/organization_id",
        "/organization/workspaces/0/name",
        "/organization/workspaces/0/role",
    ];
    let clinic = json!({
        "organization": {"id": "1234", "name": "Clinic"},
        "role": {"id": "r-1", "name": "owner"},
        "user": {"id": "u-1", "fullname": "A. User", "lowercaseEmail": "a@example.com",
                 "lastLogin": "2026-04-01T08:00:00.000Z", "verified2fa": true}
    });
    [
        (Kind::Harness, whole(fixture!("harness/assignment.full.json"), &[group]), 13, harness),
        (Kind::HarnessSearch, whole(fixture!("harness/aggregate.full.json"), &[]), 25, search),
        (Kind::TwilioIam, whole(fixture!("twilio_iam/assignment.full.json"), &resource), 6, iam),
        (Kind::ChatMember, whole(fixture!("twilio_chat/member.full.json"), &[]), 12, member),
        (Kind::ChatUser, whole(fixture!("twilio_chat/user.full.json"), &[]), 15, user),
        (Kind::Redox, clinic, 9, redox),
        (Kind::Deepset, whole(fixture!("deepset/user.full.json"), &[no_role]), 9, deepset),
    ]
}

/// The assignment, and one for each field that has another value; with whether it is another grant.
fn variants((kind, whole, fields, grants): &Native, text: &str) -> Vec<(bool, Value)> {
    let (mut all, mut found) = (vec![(false, whole.clone())], Vec::new());
    places_of(whole, "", &mut found);
    let has_value = |it: &Value| !it.is_object() && !it.is_array() && !it.is_null();
    found.retain(|place| whole.pointer(place).is_some_and(has_value));
    assert_eq!(found.len(), *fields, "{kind:?}: say whether a new field grants: {found:?}");
    assert!(grants.iter().all(|grant| found.iter().any(|place| place == grant)), "{kind:?}");
    for place in found {
        let mut other = whole.clone();
        let field = other.pointer_mut(&place).expect("it has the field");
        *field = match &field {
            Value::Bool(flag) => json!(!*flag),
            Value::Number(_) => json!(7),
            // A SID is 32 digits behind its letters, whose case does not count.
            _ if *kind == Kind::TwilioIam => json!(format!("QQ{}", text.to_ascii_lowercase())),
            _ => json!(text),
        };
        all.push((grants.contains(&&*place), other));
    }
    all
}

/// What is read if the service responds with these.
async fn read(kind: Kind, all: Vec<Value>) -> Result<Vec<Assignment>, Error> {
    let respond = |body: Value| Fault::json(200, body.to_string());
    match kind {
        Kind::Harness | Kind::HarnessSearch => {
            let fake = HarnessFake::start().await.expect("a free port");
            let assignments = fake.client()?.org("platform").role_assignments();
            if kind == Kind::Harness {
                fake.next(1, respond(json!(all)));
                return assignments.read_assignments().try_collect().await;
            }
            fake.next(1, respond(json!({"status": "SUCCESS", "data": {"content": all}})));
            let search = assignments.search(&RoleAssignmentSearch::new()).page_size(100);
            search.read_assignments().try_collect().await
        }
        Kind::TwilioIam => {
            let fake = TwilioIamFake::start().await.expect("a free port");
            fake.next_on("/Organizations", 1, respond(json!({"content": all, "meta": {}})));
            let organization = fake.client()?.organization(TwilioIamFake::ORGANIZATION);
            organization.role_assignments().list().read_assignments().try_collect().await
        }
        Kind::ChatMember | Kind::ChatUser => {
            let fake = TwilioChatFake::start().await.expect("a free port");
            fake.next(1, respond(json!({"members": all, "users": all, "meta": {}})));
            let service = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
            if kind == Kind::ChatUser {
                return service.users().read_assignments().try_collect().await;
            }
            service.channel("support").members().read_assignments().try_collect().await
        }
        Kind::Redox => {
            let fake = RedoxFake::start().await.expect("a free port");
            fake.next(1, respond(json!({"meta": {}, "payload": {"memberships": all}})));
            let organization = fake.client()?.organization("1234");
            organization.role_assignments().read_assignments().try_collect().await
        }
        Kind::Deepset => {
            let fake = DeepsetFake::start().await.expect("a free port");
            fake.next(1, respond(json!({"data": all, "has_more": false})));
            let read = fake.client()?.users().read_assignments().try_collect().await?;
            Ok(read.into_iter().skip(1).step_by(2).collect())
        }
    }
}

async fn snapshot(held: &Assignment, scopes: [&Assignment; 2]) -> Snapshot {
    let sources = scopes.map(|it| {
        let covers = Covers::new(it.vendor.clone(), it.scope.clone());
        let own = (it.scope == held.scope).then(|| Ok(held.clone()));
        Source::new(covers, own.into_iter().collect())
    });
    Snapshot::collect(sources).in_memory().await
}

fn rows(snapshot: &Snapshot) -> Vec<u8> {
    let mut csv = Vec::new();
    snapshot.write_to(&mut Csv::new(&mut csv)).expect("it is written");
    csv
}

async fn check(variants: &[(bool, Value)], read: &[Assignment]) {
    assert_eq!(variants.len(), read.len());
    let base = &read[0];
    for ((grants, native), other) in variants.iter().zip(read) {
        assert_eq!(base.grant_key() != other.grant_key(), *grants, "{native}\n{base:?}\n{other:?}");
        let both = [base, other];
        let (old, new) = (snapshot(base, both).await, snapshot(other, both).await);
        let difference = Difference::between(&old, &new);
        assert!(difference.is_complete(), "{difference}");
        assert_eq!(!difference.is_empty(), *grants, "{native}\n{difference}");
        assert!(!grants || rows(&old) != rows(&new), "{native}");
    }
}

type IsNative = fn(&Assignment) -> bool;

fn is<T: 'static>(it: &Assignment) -> bool {
    it.native::<T>().is_some()
}

/// Who has which role where, and the vendor's own value.
#[tokio::test]
async fn each_vendor_is_read_in_one_vocabulary() {
    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const ROLE: &str = "IX00000000000000000000000000000104";
    let account = format!("account AC{A}");
    let service = format!("{account} > chat_service IS{A}");
    let platform = "account fakeAccount > organization platform";
    let id = |part: &str| format!("7f0c1f5e-0000-4000-{part}-000000000001");
    let organization = format!("organization {}", id("8000"));
    let expected: [(String, IsNative); 7] = [
        (
            format!("group sre has _organization_viewer in {platform}"),
            is::<harness::RoleAssignmentResponse>,
        ),
        (
            format!("group sre has _organization_viewer in {platform} > project web"),
            is::<harness::RoleAssignmentAggregate>,
        ),
        (
            format!("user US{A} has {ROLE} in organization OR{A} > {account}"),
            is::<iam::RoleAssignment>,
        ),
        (format!("user alice has RL{A} in {service} > channel CH{A}"), is::<chat::Member>),
        (format!("user alice has RL{A} in {service}"), is::<chat::User>),
        ("user u-1 has r-1 in organization 1234".to_owned(), is::<redox::OrganizationMembership>),
        (
            format!("user {} has Editor in {organization} > workspace \"default\"", id("9000")),
            is::<deepset::User>,
        ),
    ];
    for ((kind, whole, ..), (expected, is_native)) in natives().into_iter().zip(expected) {
        let read = read(kind, vec![whole]).await.expect("it is read");
        let it = &read[0];
        let who = it.principal.kind.as_ref().zip(it.principal.id.as_ref());
        let (who, id_of_who) = who.expect("it has both");
        let role = it.role.id.as_ref().or(it.role.name.as_ref()).expect("it has one");
        let text = format!("{who} {id_of_who} has {role} in {}", it.scope);
        assert_eq!((text, is_native(it)), (expected, true), "{kind:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..config() })]

    #[test]
    fn what_grants_makes_the_difference(text in "[a-z0-9=+@ ,'\">%-]{0,6}[a-z]") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            for native in natives() {
                let variants = variants(&native, &text);
                let all = variants.iter().map(|(_, native)| native.clone()).collect();
                check(&variants, &read(native.0, all).await.expect("it is read")).await;
            }
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
                fields.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?.into())));
            Value::Object(fields.collect::<Map<_, _>>())
        })
    };
    (named(), named(), named(), proptest::option::of(named()), any::<bool>()).prop_map(
        |(principal, role, mut scope, via, disabled)| {
            scope.as_object_mut().expect("it is one").remove("level");
            let value = json!({"vendor": "harness", "scope": scope, "principal": principal, "via": via,
                "role": role, "restriction": {}, "disabled": disabled});
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
    let shop = Scope::new("project", "shop");
    let project = |organization| shop.clone().within(Scope::new("organization", organization));
    let key = |scope: Scope| {
        let mut held = Assignment::new("harness");
        held.scope = scope;
        held.grant_key()
    };
    assert_ne!(key(project("one")), key(project("other")));
    assert_ne!(key(project("one")), key(shop.clone()));
    assert_ne!(project("a > project b").to_string(), project("a").within(project("b")).to_string());
}
