//! Access tokens over sockets: how many are fetched, and when.
#![cfg(feature = "twilio")]

use std::time::Duration;

use rolecall::testing::{Fault, TwilioIamFake};
use rolecall::twilio::iam::{NewRoleAssignment, RoleAssignment, TwilioIam};
use rolecall::{Effect, Error, ErrorKind};

fn wanted() -> NewRoleAssignment {
    NewRoleAssignment::new(
        "IX00000000000000000000000000000104",
        "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    )
    .expect("they are SIDs")
}

async fn create(client: &TwilioIam) -> Result<RoleAssignment, Error> {
    let organization = client.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
    organization.role_assignments().create(&wanted()).await
}

async fn started() -> (TwilioIamFake, TwilioIam) {
    let fake = TwilioIamFake::start().await.expect("a free port");
    let client = fake.client().expect("the client is set up well");
    (fake, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_tasks_cause_one_token_call() {
    let (fake, client) = started().await;
    fake.next_on("/v2/token", 1, Fault::delay(Duration::from_millis(200)));
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { create(&client).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("it succeeds");
    }
    assert_eq!(fake.tokens_given(), 1);
    assert_eq!(fake.role_assignments().len(), 200);
    assert_eq!(fake.received_count(), 201);
}

#[tokio::test]
async fn a_401_renews_once() {
    let (fake, client) = started().await;
    create(&client).await.expect("it succeeds");
    fake.revoke_tokens();
    create(&client).await.expect("it succeeds with a new token");
    assert_eq!(fake.tokens_given(), 2);
    // A service that refuses every token is asked twice, not for ever.
    fake.next_on("/Organizations", 10, Fault::status(401).body("{}"));
    let error = create(&client).await.expect_err("it is refused");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 2));
    assert_eq!((fake.tokens_given(), fake.faults_left()), (3, 8));
}

#[tokio::test]
async fn a_missing_permission_renews_nothing() {
    let (fake, client) = started().await;
    let body =
        r#"{"code":20003,"message":"The required permission iam/x is missing","status":401}"#;
    fake.next_on("/Organizations", 1, Fault::status(401).body(body));
    let error = create(&client).await.expect_err("it is refused");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::PermissionDenied, 1));
    assert_eq!(fake.tokens_given(), 1);
}

#[tokio::test]
async fn older_hosts_answer_201() {
    let (fake, client) = started().await;
    fake.token_status(201);
    create(&client).await.expect("it succeeds");
}

#[tokio::test]
async fn wrong_client_credentials_are_told_as_such() {
    let fake = TwilioIamFake::start().await.expect("a free port");
    let client = TwilioIam::builder(TwilioIamFake::CLIENT_ID, "obviously-wrong-secret")
        .base_url(fake.uri())
        .token_url(fake.token_url())
        .build()
        .expect("the client is set up well");
    let error = create(&client).await.expect_err("the secret is wrong");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::NotApplied));
    assert_eq!(error.attempts(), 0, "the service itself was not called");
    let text = error.to_string();
    assert!(text.contains("twilio.iam role-assignments.create: unauthenticated (20003"), "{text}");
    assert!(text.contains("no access token could be had"), "{text}");
    assert!(!text.contains("obviously-wrong-secret"));
}

#[tokio::test]
async fn token_answers_are_never_kept() {
    for body in [
        r#"{"access_token":["obviously-fake-leaked-token"]}"#,
        r#"{"access_token":"obviously-fake-leaked-token","token_type":"mac"}"#,
        "obviously-fake-leaked-token",
    ] {
        let (fake, client) = started().await;
        fake.next_on("/v2/token", 1, Fault::status(200).body(body));
        let error = create(&client).await.expect_err("it is no token");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::NotApplied));
        let shown = format!("{error} {error:?} {}", String::from_utf8_lossy(error.body()));
        assert!(!shown.contains("leaked"), "{shown}");
    }
}

#[tokio::test]
async fn the_token_endpoint_has_passing_faults_too() {
    let (fake, client) = started().await;
    fake.next_on("/v2/token", 1, Fault::reset());
    fake.next_on("/v2/token", 1, Fault::html(502));
    create(&client).await.expect("the third token request succeeds");
    assert_eq!((fake.tokens_given(), fake.received_count()), (1, 4));
}

#[tokio::test]
async fn client_credentials_go_to_the_token_url_alone() {
    let (fake, client) = started().await;
    create(&client).await.expect("it succeeds");
    let received = fake.received();
    assert_eq!(received[0].path(), "/v2/token");
    assert_eq!(received[0].header("authorization"), None);
    assert!(received[0].body_text().contains("client_secret=***"));
    assert_eq!(received[1].header("authorization"), Some("Bearer ***"));
    assert!(!received[1].body_text().contains("client_secret"));
}
