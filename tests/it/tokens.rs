//! Access tokens over sockets: how many are fetched, and with which requests.

use std::time::Duration;

use rolecall::testing::{Fault, TwilioIamFake};
use rolecall::twilio::iam::{Credentials, NewRoleAssignment, RoleAssignment, TwilioIam};
use rolecall::{Call, Effect, ErrorKind};

use crate::registry::fixture;
use crate::support::capture::Capture;

fn create(client: &TwilioIam) -> Call<RoleAssignment> {
    let (role, account) =
        ("IX00000000000000000000000000000104", "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let new = NewRoleAssignment::new(role, account, "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let organization = client.organization(TwilioIamFake::ORGANIZATION);
    organization.role_assignments().create(&new.expect("they are SIDs"))
}

fn client_at(origin: &str, secret: &str) -> TwilioIam {
    let builder = TwilioIam::builder(Credentials::client(TwilioIamFake::CLIENT_ID, secret));
    let builder = builder.base_url(origin).token_url(format!("{origin}/v2/token"));
    builder.build().expect("the client is set up well")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_tasks_cause_one_token_request() {
    let fake = TwilioIamFake::start().await.expect("a free port");
    let client = fake.client().expect("the client is set up well");
    fake.next_on("/v2/token", 1, Fault::delay(Duration::from_millis(200)));
    let tasks: Vec<_> = (0..200).map(|_| tokio::spawn(create(&client).into_future())).collect();
    for task in tasks {
        task.await.expect("no panic").expect("it succeeds");
    }
    assert_eq!((fake.tokens_given(), fake.role_assignments().len()), (1, 200));
    assert_eq!(fake.received_count(), 201);
}

#[tokio::test]
async fn client_credentials_go_to_the_token_url_alone() {
    let token = fixture!("twilio_iam/token.json");
    let made = fixture!("twilio_iam/assignment.full.json");
    // Older hosts respond with 201.
    for status in [200, 201] {
        let capture = Capture::start([(status, token), (201, made)]).await;
        let client = client_at(&capture.uri(), "obviously-fake+secret&");
        create(&client).await.expect("it succeeds");
        let expected =
            [fixture!("twilio_iam/token.request.http"), fixture!("twilio_iam/create.request.http")];
        assert_eq!(capture.requests(), expected);
    }
}

#[tokio::test]
async fn wrong_client_credentials_are_reported_without_a_call() {
    let fake = TwilioIamFake::start().await.expect("a free port");
    let client = client_at(&fake.uri(), "obviously-wrong-secret");
    let error = create(&client).await.expect_err("the secret is wrong");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::NotApplied));
    assert_eq!((error.attempts(), fake.received_count()), (1, 1), "the service was not called");
    let text = error.to_string();
    assert!(text.contains("twilio.iam role-assignments.create: unauthenticated (20003"), "{text}");
    assert!(text.contains("failed to obtain an access token"), "{text}");
    assert!(!text.contains("obviously-wrong-secret"), "{text}");
}
