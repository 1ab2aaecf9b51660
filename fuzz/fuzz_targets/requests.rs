//! What a caller's texts become on the wire: each is read back from forms, queries and JSON as it
//! was given, and none reaches beyond its own place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rolecall::operation::ListOperation;
use rolecall::twilio::{UserSid, chat, iam};
use rolecall::{Call, List, TwilioIam, deepset, harness, redox};
use rolecall_fuzz::{BASE, Run, options, script};
use serde_json::{Value, json};

const SID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn pairs(form: &[u8]) -> Value {
    url::form_urlencoded::parse(form).map(|(name, value)| json!([name, value])).collect()
}

/// The query of the first request of a list.
fn query<O: ListOperation>(list: List<O>) -> Option<Value> {
    let request = list.first_page().request().ok()?;
    Some(pairs(request.uri().query().unwrap_or_default().as_bytes()))
}

/// The body, read as JSON or as a form.
fn body<T: Send + 'static>(call: Call<T>) -> Option<Value> {
    let body = call.request().ok()?.into_body();
    Some(serde_json::from_slice(&body).unwrap_or_else(|_| pairs(&body)))
}

/// What was sent, if it may be, is this; a text that was checked before must be sent.
fn assert_sent(sent: Option<Value>, is_checked: bool, expected: Value) {
    assert!(sent.as_ref().map_or(!is_checked, |sent| *sent == expected), "{sent:?}: {expected}");
}

fuzz_target!(|input: &str| {
    let mut texts = input.split('\u{1e}');
    let [a, b, c] = [(); 3].map(|()| texts.next().unwrap_or("x"));
    let run = Run::of(script::read(&[0, 3, 0]).1);

    if let Ok(new) = chat::NewRole::new(a, b, [c, a, c]) {
        let [name, kind, twice] = [("FriendlyName", a), ("Type", b), ("Permission", c)];
        let sent = json!([name, kind, twice, ("Permission", a), twice]);
        assert_sent(body(rolecall_fuzz::twilio_chat().roles().create(&new)), true, sent);
    }

    let builder = TwilioIam::builder(iam::Credentials::client(a, b)).base_url(BASE);
    if let Ok(iam) = builder.token_url(format!("{BASE}/token")).options(options()).build() {
        let users = iam.organization(format!("OR{SID}")).users();
        let _ = run.wait(users.list().first_page().send());
        let sent = pairs(run.seen().first().expect("a token was asked for").request.body());
        let grant = ("grant_type", "client_credentials");
        assert_eq!(sent, json!([grant, ("client_id", a), ("client_secret", b)]));
    }
    let organization = rolecall_fuzz::twilio_iam(iam::ApiVersion::V2).own_organization();
    let users = organization.users();
    let list = organization.roles().list().search(a).product_group(b).resource_types([c]);
    let sent = query(list);
    assert!(sent.is_none() || !c.contains(','), "it would be two");
    let filters = [("Search", a), ("RoleProductGroup", b), ("ResourceTypes", c)];
    assert_sent(sent, false, json!(filters));
    let filter = iam::UserFilter::user_name(a);
    let sent = json!([("filter", filter.as_str())]);
    assert_sent(query(users.list().filter(filter)), !a.is_empty(), sent);
    if let Ok(new) = iam::NewUser::new(a) {
        let sent = body(users.create(&new.display_name(b).name(b, c))).expect("it was checked");
        assert_eq!([&sent["userName"], &sent["displayName"]], [a, b]);
        assert_eq!(sent["name"], json!({"givenName": b, "familyName": c}));
    }
    let patch = iam::UserPatch::new().add(a, b).replace(b, c).remove(c);
    let user = UserSid::new(format!("US{SID}")).expect("a SID");
    let version = iam::UserVersion::new("W/1").expect("a version");
    let sent = body(users.patch(&user, &version, &patch)).map(|mut sent| sent["Operations"].take());
    let add = json!({"op": "add", "path": a, "value": b});
    let replace = json!({"op": "replace", "path": b, "value": c});
    assert_sent(sent, false, json!([add, replace, {"op": "remove", "path": c}]));

    let roles = rolecall_fuzz::harness().account().roles();
    if let Some(query) = query(roles.list().search_term(a)) {
        assert_eq!((&query[4], query.get(5)), (&json!(["search_term", a]), None));
    }
    if let Ok(new) = harness::NewRole::new(a, b, [b, c]) {
        let new = new.description(c).tag(a, b).tolerate([a]);
        let mut sent = json!({"identifier": a, "name": b, "permissions": [b, c], "description": c});
        sent["tags"] = json!({a: b});
        assert_sent(body(roles.create(&new)), false, sent);
        // The identifier is also the end of the path.
        let request = roles.update(&new).request().ok();
        assert!(request.is_none_or(|it| it.uri().path().ends_with(&a.replace('$', "%24"))));
    }

    if let (Ok(role), Ok(user)) = (redox::RoleRef::new(a, b), redox::UserRef::new(b, c)) {
        let new = redox::NewRoleAssignment::new(role, user);
        let assignments = rolecall_fuzz::redox().organization("7").role_assignments();
        let mut sent = json!({"role": {"id": a, "name": b}, "user": {"id": b, "name": c}});
        for part in ["role", "user"] {
            sent[part].as_object_mut().expect("an object").retain(|_, text| text != "");
        }
        assert_sent(body(assignments.assign(&new)), true, sent);
    }

    let organization =
        rolecall_fuzz::deepset().organization("7f0c1f5e-0000-4000-8000-000000000000");
    let new = deepset::NewRole::new(a, b, [deepset::Permission::new(b, c)]);
    let mut sent = json!({"role_name": a, "description": b});
    sent["permissions"] = json!([{"asset": b, "action": c}]);
    assert_sent(body(organization.roles().create(&new)), false, sent);
});
