//! What a caller's texts become on the wire: each is read back from forms, queries and JSON as it
//! was given, and none reaches beyond its own place.
#![no_main]

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use libfuzzer_sys::fuzz_target;
use rolecall::operation::ListOperation;
use rolecall::twilio::iam::Credentials;
use rolecall::{
    Call, Deepset, Harness, List, Redox, TwilioChat, TwilioIam, deepset, harness, redox, twilio,
};
use rolecall_fuzz::{BASE, Run, Script, options};
use serde_json::{Value, json};

const SID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn sent<T: Send + 'static>(call: Call<T>) -> Option<Request<Bytes>> {
    call.request().ok()
}

fn form(request: &Request<Bytes>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body()).into_owned().collect()
}

fn body(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).expect("it is JSON")
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The query of the first request of a list.
fn query<O: ListOperation>(list: List<O>) -> Option<Vec<(String, String)>> {
    let request = sent(list.first_page())?;
    let url = url::Url::parse(&request.uri().to_string()).expect("it is a URL");
    Some(url.query_pairs().into_owned().collect())
}

fuzz_target!(|input: &str| {
    let mut texts = input.split('\u{1e}');
    let mut next = || texts.next().unwrap_or("x");
    let (a, b, c) = (next(), next(), next());
    let run = Run::of(Script::read(&[0, 3, 0]).1);

    let credentials = twilio::chat::Credentials::auth_token(format!("AC{SID}"), "obviously-fake");
    let chat = TwilioChat::builder(credentials)
        .base_url(BASE)
        .options(options())
        .build()
        .expect("it is complete");
    let roles = chat.service(format!("IS{SID}")).roles();
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
    if let Some(request) = sent(roles.update(&sid, [a, b])) {
        assert_eq!(form(&request), pairs(&[("Permission", a), ("Permission", b)]));
    }

    let iam = TwilioIam::builder(Credentials::client(a, b))
        .base_url(BASE)
        .token_url(format!("{BASE}/token"));
    if let Ok(iam) = iam.options(options()).build() {
        let organization = iam.organization(format!("OR{SID}"));
        let _ = run.wait(organization.users().list().first_page().send());
        let seen = run.seen();
        let token = seen.first().expect("a token was asked for");
        let expected =
            [("grant_type", "client_credentials"), ("client_id", a), ("client_secret", b)];
        assert_eq!(form(&token.request), pairs(&expected));
    }
    let iam = TwilioIam::builder(Credentials::token("obviously-fake"))
        .api_version(twilio::iam::ApiVersion::V2);
    let iam = iam.base_url(BASE).options(options()).build().expect("it is complete");
    let organization = iam.own_organization();
    let list = organization.role_assignments().list().resource_type(a).resource_id(b);
    if let Some(query) = query(list) {
        assert_eq!(query, pairs(&[("ResourceType", a), ("ResourceId", b)]));
    }
    let list = organization.roles().list().search(a).product_group(b);
    if let Some(query) = query(list.resource_types([c])) {
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
    match sent(organization.role_assignments().create(&wanted)) {
        Some(request) => {
            assert_eq!(body(&request)["resource_type"], a);
            assert_eq!(body(&request)["resource_id"], b);
        }
        None => assert!(a.is_empty() || b.is_empty(), "any other resource can be named"),
    }
    if let Ok(new) = twilio::iam::NewUser::new(a) {
        let new = new.display_name(b).name(b, c).email(twilio::iam::Email::primary(a)).locale(c);
        let request = sent(organization.users().create(&new)).expect("it was checked");
        let sent_body = body(&request);
        assert_eq!((&sent_body["userName"], &sent_body["displayName"]), (&json!(a), &json!(b)));
        assert_eq!(sent_body["name"], json!({"givenName": b, "familyName": c}));
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
    if let Some(query) = query(organization.users().list().filter(filter)) {
        assert_eq!(query, pairs(&[("filter", &text)]));
    } else {
        assert_eq!(a, "", "any other text can be searched for");
    }

    let harness =
        Harness::builder("obviously-fake").account_id("fake").base_url(BASE).options(options());
    let harness = harness.build().expect("it is complete");
    let account = harness.account();
    if let Some(query) = query(account.roles().list().search_term(a)) {
        assert_eq!(query.last(), pairs(&[("search_term", a)]).last());
        assert_eq!(query.len(), 5);
    }
    let principal = harness::Principal::new(a, b).scope_level(c.into());
    if let Ok(new) = harness::NewRoleAssignment::new("id", a, b, principal) {
        if let Some(request) = sent(account.role_assignments().create(&new)) {
            let sent_body = body(&request);
            assert_eq!((&sent_body["role"], &sent_body["resource_group"]), (&json!(a), &json!(b)));
            assert_eq!(
                sent_body["principal"],
                json!({"scope_level": c, "identifier": b, "type": a})
            );
        }
    }
    if let Ok(new) = harness::NewRole::new(a, b, [b, c]) {
        let new = new.description(c).tag(a, b).tag(b, c).tolerate([a]);
        if let Some(request) = sent(account.roles().create(&new)) {
            let tags = BTreeMap::from([(a, b), (b, c)]);
            let sent_body = json!({"identifier": a, "name": b, "permissions": [b, c], "description": c, "tags": tags});
            assert_eq!(body(&request), sent_body);
        }
        // The identifier is also the end of the path.
        if let Some(request) = sent(account.roles().update(&new)) {
            assert!(request.uri().path().ends_with(&a.replace('$', "%24")));
        }
    }
    let filter =
        harness::ResourceGroupFilter::new().account(a).org(b).search_term(c).identifiers([a, b]);
    if let Some(request) = sent(harness.filter_resource_groups(&filter).first_page()) {
        let expected =
            json!({"account": a, "org": b, "search_term": c, "identifier_filter": [a, b]});
        assert_eq!(body(&request), expected);
    }

    let redox = Redox::builder("obviously-fake").base_url(BASE).options(options()).build();
    let redox = redox.expect("it is complete");
    if let (Ok(role), Ok(user)) = (redox::RoleRef::new(a, b), redox::UserRef::new(b, c)) {
        let new = redox::NewRoleAssignment::new(role, user);
        let organization = redox.organization("7");
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
    let roles = deepset.organization("7f0c1f5e-0000-4000-8000-000000000000").roles();
    let new = deepset::NewRole::new(a, b, [deepset::Permission::new(b, c)]);
    if let Some(request) = sent(roles.create(&new)) {
        let sent_body =
            json!({"role_name": a, "description": b, "permissions": [{"asset": b, "action": c}]});
        assert_eq!(body(&request), sent_body);
    }
    if let Ok(id) = deepset::RoleId::new(a) {
        if let Some(query) = query(roles.list().before(&id)) {
            assert_eq!(query, pairs(&[("before", a)]));
        }
    }
});
