use super::*;
use serde_json::Value;
#[cfg(any(feature = "twilio", feature = "deepset"))]
use serde_json::json;

/// Sends a request as a client that is not this crate's, and returns status, content type and body.
#[allow(dead_code, reason = "not every vendor is always there")]
async fn send(
    fake: &Fake,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Value,
) -> (u16, String, Value) {
    let url = if path.starts_with('/') { fake.uri() + path } else { path.to_owned() };
    let mut request = reqwest::Client::new().request(method.parse().unwrap(), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !body.is_null() {
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
    use crate::testing::DeepsetFake;

    let fake = DeepsetFake::start().await.unwrap();
    fake.respond_to("GET", "/api/v1/workspaces", 200, json!(["old"]));
    fake.respond_to("GET", "/api/v1/workspaces", 200, json!([]));
    fake.respond_to("DELETE", "/api/v1/users", 202, json!({}));
    fake.respond_to("GET", "/api/v1/users", 500, json!({}));
    let bearer = format!("Bearer {}", DeepsetFake::API_KEY);
    let key: &[_] = &[("authorization", bearer.as_str())];
    for (method, path, headers, expected) in [
        ("GET", "/api/v1/workspaces?limit=1", key, 200),
        ("GET", "/api/v1/workspaces", &[], 401),
        ("GET", "/api/v1/workspaces/1", key, 404),
        ("POST", "/api/v1/workspaces", key, 404),
        ("DELETE", "/api/v1/users", key, 202),
        ("GET", "/api/v1/users", key, 200),
    ] {
        let (status, _, body) = send(fake.fake(), method, path, headers, Value::Null).await;
        assert_eq!(status, expected, "{method} {path}");
        assert!(!path.contains('?') || body == json!([]), "{body}");
    }
}

#[cfg(feature = "harness")]
#[tokio::test]
async fn harness_refuses_another_account() {
    use crate::testing::HarnessFake;

    let fake = HarnessFake::start().await.unwrap();
    let key = ("x-api-key", HarnessFake::API_KEY);
    for (account, expected) in [(None, 200), (Some(HarnessFake::ACCOUNT), 200), (Some("x"), 401)] {
        let account = account.map(|account| ("Harness-Account", account));
        let headers: Vec<_> = [key].into_iter().chain(account).collect();
        let (status, _, body) = send(fake.fake(), "GET", "/v1/roles", &headers, Value::Null).await;
        assert_eq!(status, expected, "{body}");
        assert!(status == 200 || body["code"] == "INVALID_TOKEN", "{body}");
    }
}

#[cfg(feature = "twilio")]
mod twilio {
    use super::*;
    use crate::testing::{TwilioChatFake, TwilioIamFake};

    const SCIM: &str = "application/scim+json";
    const JSON: &str = "application/json";

    async fn authorization(fake: &TwilioIamFake) -> String {
        let (id, secret) = (TwilioIamFake::CLIENT_ID, TwilioIamFake::CLIENT_SECRET);
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let request = reqwest::Client::new().post(fake.token_url());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let body = request.body(form).send().await.unwrap().bytes().await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        format!("Bearer {}", body["access_token"].as_str().unwrap())
    }

    #[tokio::test]
    async fn errors_have_the_form_of_their_path() {
        let fake = TwilioIamFake::start().await.unwrap();
        let token = authorization(&fake).await;
        let organization = format!("/Organizations/{}", TwilioIamFake::ORGANIZATION);
        for (method, path, status, kind, code, link) in [
            ("POST", "{}/RoleAssignments", 400, SCIM, 25202, "moreInfo"),
            ("DELETE", "{}/RoleAssignments/IY1", 404, SCIM, 20404, "moreInfo"),
            ("GET", "{}/RoleAssignments", 400, JSON, 25203, "more_info"),
            ("GET", "{}/RoleAssignments?Scope=x", 400, JSON, 25200, "more_info"),
            ("GET", "{}/Accounts?PageToken=x", 400, JSON, 25023, "more_info"),
            ("GET", "{}/Accounts/AC1", 404, JSON, 25101, "more_info"),
            ("POST", "/v2/Organizations/RoleAssignments", 400, JSON, 20001, "more_info"),
            ("GET", "/v2/Organizations/RoleAssignments?Scope=x", 400, JSON, 20001, "more_info"),
            ("DELETE", "/v2/Organizations/RoleAssignments/IY1", 404, JSON, 20404, "more_info"),
            ("GET", "/v2/Organizations/Roles?PageSize=0", 400, JSON, 20001, "more_info"),
            ("GET", "/v1/Roles/IX1/Permissions", 404, JSON, 20404, "more_info"),
            ("POST", "/v2/token", 400, JSON, 20001, "more_info"),
            ("GET", "{}/scim/Users?filter=x", 400, SCIM, 25001, "moreInfo"),
            ("GET", "/scim/v2/Users?filter=x", 400, SCIM, 25001, "moreInfo"),
            ("GET", "/scim/v2/Users/US1", 404, SCIM, 25008, "moreInfo"),
        ] {
            let path = path.replace("{}", &organization);
            let post = if method == "POST" { json!({}) } else { Value::Null };
            let headers = [("authorization", token.as_str())];
            let (found, content_type, body) =
                send(fake.fake(), method, &path, &headers, post).await;
            assert_eq!((found, content_type.as_str()), (status, kind), "{method} {path}: {body}");
            assert_eq!(body["code"], code, "{method} {path}: {body}");
            assert!(body[link].is_string(), "{method} {path}: {body}");
            let text = path.contains("scim");
            let number = if text { json!(status.to_string()) } else { json!(status) };
            assert_eq!(body["status"], number, "{method} {path}: {body}");
            assert_eq!(body["message"].is_string(), !text, "{method} {path}: {body}");
        }
        for (path, field) in [("/scim/v2/Users", "detail"), ("/v2/Organizations/Roles", "message")]
        {
            let (status, _, body) = send(fake.fake(), "GET", path, &[], Value::Null).await;
            assert!((status, &body["code"]) == (401, &json!(20003)), "{body}");
            assert!(body[field].is_string(), "{body}");
        }
    }

    #[tokio::test]
    async fn links_lead_through_a_list() {
        let fake = TwilioIamFake::start().await.unwrap();
        let token = authorization(&fake).await;
        let headers = [("authorization", token.as_str())];
        let scope = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let path = format!("/Organizations/{}/RoleAssignments", TwilioIamFake::ORGANIZATION);
        for user in 0..5 {
            let new = json!({
                "role_sid": "IX00000000000000000000000000000104",
                "scope": scope,
                "identity": format!("US{user:032}"),
            });
            assert_eq!(send(fake.fake(), "POST", &path, &headers, new).await.0, 201);
        }
        let mut next = json!(format!("{path}?Scope={scope}&PageSize=2"));
        let mut sizes = Vec::new();
        while let Some(url) = next.as_str() {
            let (_, _, mut body) = send(fake.fake(), "GET", url, &headers, Value::Null).await;
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
        let (status, _, body) = send(fake.fake(), "GET", &url, &[], Value::Null).await;
        assert_eq!((status, &body["code"]), (401, &json!(20003)));
        assert!(url.starts_with(&fake.uri()), "{url}");
    }
}
