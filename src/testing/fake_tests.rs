#![allow(dead_code, unused_imports, reason = "not every vendor is always there")]

use crate::testing::*;
use serde_json::{Value, json};

/// Sends a request as a client that is not this crate's, and returns status, content type and body.
async fn send(fake: &Fake, line: &str, header: (&str, &str), body: Value) -> (u16, String, Value) {
    let (method, path) = line.split_once(' ').unwrap();
    let url = if path.starts_with('/') { fake.uri() + path } else { path.to_owned() };
    let mut request = reqwest::Client::new().request(method.parse().unwrap(), url);
    request = request.header(header.0, header.1);
    if let Some(form) = body.as_str() {
        let kind = "application/x-www-form-urlencoded";
        request = request.header("content-type", kind).body(form.to_owned());
    } else if !body.is_null() {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let body = response.bytes().await.unwrap();
    (status, kind.unwrap_or_default(), serde_json::from_slice(&body).unwrap_or_default())
}

#[cfg(feature = "deepset")]
#[tokio::test]
async fn set_responses_are_for_what_the_fake_does_not_have() {
    let fake = DeepsetFake::start().await.unwrap();
    fake.respond_to("GET", "/api/v1/workspaces", 200, json!(["old"]));
    fake.respond_to("GET", "/api/v1/workspaces", 200, json!([]));
    fake.respond_to("DELETE", "/api/v1/users", 202, json!({}));
    fake.respond_to("GET", "/api/v1/users", 500, json!({}));
    let key = &*format!("Bearer {}", DeepsetFake::API_KEY);
    for (line, key, expected) in [
        ("GET /api/v1/workspaces?limit=1", key, 200),
        ("GET /api/v1/workspaces", "", 401),
        ("GET /api/v1/workspaces/1", key, 404),
        ("POST /api/v1/workspaces", key, 404),
        ("DELETE /api/v1/users", key, 202),
        ("GET /api/v1/users", key, 200),
    ] {
        let (status, _, body) = send(fake.fake(), line, ("authorization", key), Value::Null).await;
        assert_eq!(status, expected, "{line}");
        assert!(!line.contains('?') || body == json!([]), "{body}");
    }
}

#[cfg(feature = "harness")]
#[tokio::test]
async fn harness_refuses_another_account() {
    let fake = HarnessFake::start().await.unwrap();
    for (account, expected) in [(None, 200), (Some(HarnessFake::ACCOUNT), 200), (Some("x"), 401)] {
        let request = reqwest::Client::new().get(fake.uri() + "/v1/roles");
        let request = request.header("x-api-key", HarnessFake::API_KEY);
        let account = account.into_iter();
        let request = account.fold(request, |it, account| it.header("Harness-Account", account));
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected);
        let body = response.text().await.unwrap();
        assert!(expected == 200 || body.contains(r#""code":"INVALID_TOKEN""#), "{body}");
    }
}

#[cfg(feature = "twilio")]
mod twilio {
    use super::*;

    const SCIM: &str = "application/scim+json";
    const JSON: &str = "application/json";

    async fn authorization(fake: &TwilioIamFake) -> String {
        let (id, secret) = (TwilioIamFake::CLIENT_ID, TwilioIamFake::CLIENT_SECRET);
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let line = format!("POST {}", fake.token_url());
        let (_, _, body) = send(fake.fake(), &line, ("x", ""), json!(form)).await;
        format!("Bearer {}", body["access_token"].as_str().unwrap())
    }

    #[tokio::test]
    async fn errors_have_the_form_of_their_path() {
        let fake = TwilioIamFake::start().await.unwrap();
        let token = authorization(&fake).await;
        let organization = format!("/Organizations/{}", TwilioIamFake::ORGANIZATION);
        for (line, status, kind, code) in [
            ("POST {}/RoleAssignments", 400, SCIM, 25202),
            ("DELETE {}/RoleAssignments/IY1", 404, SCIM, 20404),
            ("GET {}/RoleAssignments", 400, JSON, 25203),
            ("GET {}/RoleAssignments?Scope=x", 400, JSON, 25200),
            ("GET {}/Accounts?PageToken=x", 400, JSON, 25023),
            ("GET {}/Accounts/AC1", 404, JSON, 25101),
            ("POST /v2/Organizations/RoleAssignments", 400, JSON, 20001),
            ("GET /v2/Organizations/RoleAssignments?Scope=x", 400, JSON, 20001),
            ("DELETE /v2/Organizations/RoleAssignments/IY1", 404, JSON, 20404),
            ("GET /v2/Organizations/Roles?PageSize=0", 400, JSON, 20001),
            ("GET /v1/Roles/IX1/Permissions", 404, JSON, 20404),
            ("POST /v2/token", 400, JSON, 20001),
            ("GET {}/scim/Users?filter=x", 400, SCIM, 25001),
            ("GET /scim/v2/Users?filter=x", 400, SCIM, 25001),
            ("GET /scim/v2/Users/US1", 404, SCIM, 25008),
        ] {
            let line = line.replace("{}", &organization);
            let post = if line.starts_with("POST") { json!({}) } else { Value::Null };
            let (found, content_type, body) =
                send(fake.fake(), &line, ("authorization", &token), post).await;
            assert_eq!((found, &*content_type), (status, kind), "{line}: {body}");
            assert_eq!(body["code"], code, "{line}: {body}");
            let link = if kind == SCIM { "moreInfo" } else { "more_info" };
            assert!(body[link].is_string(), "{line}: {body}");
            let text = line.contains("scim");
            let number = if text { json!(status.to_string()) } else { json!(status) };
            assert_eq!(body["status"], number, "{line}: {body}");
            assert_eq!(body["message"].is_string(), !text, "{line}: {body}");
        }
        for (line, field) in
            [("GET /scim/v2/Users", "detail"), ("GET /v2/Organizations/Roles", "message")]
        {
            let (status, _, body) = send(fake.fake(), line, ("x", ""), Value::Null).await;
            assert!((status, &body["code"]) == (401, &json!(20003)), "{body}");
            assert!(body[field].is_string(), "{body}");
        }
    }

    #[tokio::test]
    async fn links_lead_through_a_list() {
        let fake = TwilioIamFake::start().await.unwrap();
        let token = authorization(&fake).await;
        let header = ("authorization", token.as_str());
        let scope = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let path = format!("/Organizations/{}/RoleAssignments", TwilioIamFake::ORGANIZATION);
        for user in 0..5 {
            let (role, user) = ("IX00000000000000000000000000000104", format!("US{user:032}"));
            let new = json!({"role_sid": role, "scope": scope, "identity": user});
            assert_eq!(send(fake.fake(), &format!("POST {path}"), header, new).await.0, 201);
        }
        let mut next = json!(format!("{path}?Scope={scope}&PageSize=2"));
        let mut sizes = Vec::new();
        while let Some(url) = next.as_str() {
            let line = format!("GET {url}");
            let (_, _, mut body) = send(fake.fake(), &line, header, Value::Null).await;
            sizes.push(body["content"].as_array().unwrap().len());
            next = body["meta"]["next_page_url"].take();
        }
        assert_eq!(sizes, [2, 2, 1]);
    }

    #[tokio::test]
    async fn links_of_things_lead_to_them() {
        let fake = TwilioChatFake::start().await.unwrap();
        let roles = fake.client().unwrap().service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles();
        let new = crate::twilio::chat::NewRole::new("reader", "channel", ["leaveChannel"]).unwrap();
        let url = roles.create(&new).await.unwrap().url.unwrap();
        let line = format!("GET {url}");
        let (status, _, body) = send(fake.fake(), &line, ("x", ""), Value::Null).await;
        assert_eq!((status, &body["code"]), (401, &json!(20003)));
        assert!(url.starts_with(&fake.uri()), "{url}");
    }
}
