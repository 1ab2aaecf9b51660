//! What a caller's texts become on the wire: each is read back from forms, queries and JSON as it
//! was given, and none reaches beyond its own place.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use rolecall::operation::Request;
use rolecall::{
    Call, Deepset, Error, Harness, Redox, TwilioChat, TwilioIam, deepset, harness, redox, twilio,
};
use rolecall_fuzz::{BASE, Run, Script, options};
use serde_json::{Value, json};

const SID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn sent<T: Send + 'static>(call: Call<T>) -> Option<Request> {
    call.request().ok().cloned()
}

fn form(request: &Request) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body()).into_owned().collect()
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(request.body()).expect("it is JSON")
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The query of the first request of a list.
fn query<T: Send + 'static>(
    run: &Run,
    pages: Result<rolecall::Pages<T>, Error>,
) -> Option<Vec<(String, String)>> {
    let before = run.seen().len();
    let mut pages = pages.ok()?;
    let _ = run.wait(pages.next());
    let seen = run.seen();
    let url = url::Url::parse(&seen.get(before)?.request.uri().to_string()).expect("it is a URL");
    Some(url.query_pairs().into_owned().collect())
}

fuzz_target!(|input: &str| {
    let mut texts = input.split('\u{1e}');
    let mut next = || texts.next().unwrap_or("x");
    let (a, b, c) = (next(), next(), next());
    let run = Run::of(Script::read(&[0, 3, 0]).1);

    let chat = TwilioChat::with_auth_token(format!("AC{SID}"), "obviously-fake").expect("a SID");
    let chat = chat.base_url(BASE).options(options()).build().expect("it is complete");
    let roles = chat.service(format!("IS{SID}")).expect("a SID").roles();
    if let Ok(new) = twilio::chat::NewRole::new(a, b, [c, a, c]) {
        let request = sent(roles.create(&new)).expect("it was checked");
        let expected = [
            ("FriendlyName", a),
            ("Type", b),
            ("Permission", c),
            ("Permission", a),
            ("Permission", c),
        ];
        assert_eq!(form(&request), pairs(&expected));
    }
    let sid = twilio::chat::RoleSid::new(format!("RL{SID}")).expect("a SID");
    if let Some(request) = sent(roles.replace_permissions(&sid, [a, b])) {
        assert_eq!(form(&request), pairs(&[("Permission", a), ("Permission", b)]));
    }

    let iam = TwilioIam::builder(a, b).base_url(BASE).token_url(format!("{BASE}/token"));
    if let Ok(iam) = iam.options(options()).build() {
        let organization = iam.organization(format!("OR{SID}")).expect("a SID");
        let _ = run.wait(async { organization.users().list(None).await });
        let seen = run.seen();
        let token = seen.first().expect("a token was asked for");
        let asked: Vec<_> =
            url::form_urlencoded::parse(token.request.body()).into_owned().collect();
        let expected =
            [("grant_type", "client_credentials"), ("client_id", a), ("client_secret", b)];
        assert_eq!(asked, pairs(&expected));
    }
    let iam = TwilioIam::with_token("obviously-fake").surface(twilio::iam::Surface::V2);
    let iam = iam.base_url(BASE).options(options()).build().expect("it is complete");
    let organization = iam.own_organization().expect("it is there");
    let list = organization.role_assignments().list().resource_type(a).resource_id(b);
    if let Some(query) = query(&run, list.pages()) {
        assert_eq!(query, pairs(&[("ResourceType", a), ("ResourceId", b)]));
    }
    let list = organization.roles().expect("it is there").list().search(a).product_group(b);
    if let Some(query) = query(&run, list.resource_types([c]).pages()) {
        let expected = [("Search", a), ("RoleProductGroup", b), ("ResourceTypes", c)];
        assert_eq!(query, pairs(&expected));
        assert!(!c.contains(','), "it would be two");
    }
    let wanted = twilio::iam::NewRoleAssignment::new(
        format!("IX{SID}"),
        format!("AC{SID}"),
        format!("US{SID}"),
    );
    let wanted = wanted.expect("they are SIDs").resource(a, b);
    let request = sent(organization.role_assignments().create(&wanted)).expect("it was checked");
    assert_eq!(body(&request)["resource_type"], a);
    assert_eq!(body(&request)["resource_id"], b);
    if let Ok(new) = twilio::iam::NewUser::new(a) {
        let new = new.display_name(b).name(b, c).email(twilio::iam::Email::primary(a)).locale(c);
        let request = sent(organization.users().create(&new)).expect("it was checked");
        let told = body(&request);
        assert_eq!((&told["userName"], &told["displayName"]), (&json!(a), &json!(b)));
        assert_eq!(told["name"], json!({"givenName": b, "familyName": c}));
    }
    let patch = twilio::iam::UserPatch::new().add(a, b).replace(b, c).remove(c);
    let user = twilio::UserSid::new(format!("US{SID}")).expect("a SID");
    let version = twilio::iam::UserVersion::new("W/1").expect("a version");
    if let Some(request) = sent(organization.users().patch(&user, &version, &patch)) {
        let operations = json!([
            {"op": "add", "path": a, "value": b},
            {"op": "replace", "path": b, "value": c},
            {"op": "remove", "path": c},
        ]);
        assert_eq!(body(&request)["Operations"], operations);
    }
    let filter = twilio::iam::UserFilter::user_name(a);
    let text = filter.as_str().to_owned();
    if let Some(request) = sent(organization.users().list(filter)) {
        let url = url::Url::parse(request.url()).expect("it is a URL");
        let asked: Vec<_> = url.query_pairs().into_owned().collect();
        assert_eq!(asked, pairs(&[("filter", &text)]));
    } else {
        assert_eq!(a, "", "any other text can be searched for");
    }

    let harness =
        Harness::builder("obviously-fake").account("fake").base_url(BASE).options(options());
    let account = harness.build().expect("it is complete").account();
    if let Some(query) = query(&run, account.roles().list().search_term(a).pages()) {
        assert_eq!(query.last(), pairs(&[("search_term", a)]).last());
        assert_eq!(query.len(), 5);
    }
    let principal = harness::Principal::new(a, b).scope_level(c.into());
    if let Ok(new) = harness::NewRoleAssignment::new("id", a, b, principal) {
        if let Some(request) = sent(account.role_assignments().create(&new)) {
            let told = body(&request);
            assert_eq!((&told["role"], &told["resource_group"]), (&json!(a), &json!(b)));
            assert_eq!(told["principal"], json!({"scope_level": c, "identifier": b, "type": a}));
        }
    }
    if let Ok(new) = harness::NewRole::new(a, b, [b, c]) {
        let new = new.description(c).tag(a, b).tag(b, c).tolerate([a]);
        if let Some(request) = sent(account.roles().create(&new)) {
            let tags = BTreeMap::from([(a, b), (b, c)]);
            let told = json!({"identifier": a, "name": b, "permissions": [b, c], "description": c, "tags": tags});
            assert_eq!(body(&request), told);
        }
        // The identifier is also the end of the path.
        if let Some(request) = sent(account.roles().update(&new)) {
            assert!(request.url().ends_with(&a.replace('$', "%24")));
        }
    }
    let filter =
        harness::ResourceGroupFilter::new().account(a).org(b).search_term(c).identifiers([a, b]);
    let before = run.seen().len();
    let _ = account.filter_resource_groups(&filter).pages().map(|mut pages| run.wait(pages.next()));
    if let Some(seen) = run.seen().get(before) {
        let told: Value = serde_json::from_slice(seen.request.body()).expect("it is JSON");
        let expected =
            json!({"account": a, "org": b, "search_term": c, "identifier_filter": [a, b]});
        assert_eq!(told, expected);
    }

    let redox = Redox::builder("obviously-fake").base_url(BASE).options(options()).build();
    let redox = redox.expect("it is complete");
    if let (Ok(role), Ok(user)) = (redox::RoleRef::new(a, b), redox::UserRef::new(b, c)) {
        let new = redox::NewRoleAssignment::new(role, user);
        let organization = redox.organization("7").expect("an id");
        let request = sent(organization.role_assignments().assign(&new)).expect("it was checked");
        let part = |id: &str, name: &str| {
            let fields =
                [("id", id), ("name", name)].into_iter().filter(|(_, text)| !text.is_empty());
            json!(fields.collect::<BTreeMap<_, _>>())
        };
        assert_eq!(body(&request), json!({"role": part(a, b), "user": part(b, c)}));
    }

    let deepset = Deepset::builder("obviously-fake").base_url(BASE).options(options()).build();
    let deepset = deepset.expect("it is complete");
    let roles =
        deepset.organization("7f0c1f5e-0000-4000-8000-000000000000").expect("a UUID").roles();
    let new = deepset::NewRole::new(a, b, [deepset::Permission::new(b, c)]);
    if let Some(request) = sent(roles.create(&new)) {
        let told =
            json!({"role_name": a, "description": b, "permissions": [{"asset": b, "action": c}]});
        assert_eq!(body(&request), told);
    }
    if let Ok(id) = deepset::RoleId::new(a) {
        if let Some(query) = query(&run, roles.list().before(&id).pages()) {
            assert_eq!(query, pairs(&[("before", a)]));
        }
    }
});
