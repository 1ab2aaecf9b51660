//! The same call three ways: through rolecall, by hand on reqwest, and on hyper as the floor.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rolecall::{ClientOptions, Deepset, Harness, Redox, TwilioChat, TwilioIam};
use rolecall::{deepset, harness, redox, twilio};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;
type Send1 = Arc<dyn Fn() -> Running + Send + Sync>;
type Build = Arc<dyn Fn() + Send + Sync>;

/// Who makes the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Rolecall,
    Reqwest,
    Hyper,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Rolecall, Self::Reqwest, Self::Hyper];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rolecall => "rolecall",
            Self::Reqwest => "reqwest by hand",
            Self::Hyper => "hyper",
        }
    }
}

/// One vendor's create.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    ways: [Send1; 3],
    /// Makes the request, and throws it away: by rolecall, and by hand.
    pub(crate) build: [Build; 2],
}

impl Case {
    pub(crate) fn send(&self, way: Way) -> Send1 {
        Arc::clone(&self.ways[way as usize])
    }
}

/// What a program that has no crate for it writes down of a call.
struct ByHand {
    method: Method,
    url: String,
    credential: (&'static str, String),
    content_type: &'static str,
    body: fn() -> Vec<u8>,
    read: fn(&[u8]),
}

fn read<T: DeserializeOwned>(body: &[u8]) {
    std::hint::black_box(serde_json::from_slice::<T>(body).expect("a proper answer"));
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("it can be written")
}

impl ByHand {
    fn on_reqwest(self: Arc<Self>) -> Send1 {
        let client = reqwest::Client::builder()
            .no_proxy()
            .user_agent("by-hand/1.0")
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("it is set up well");
        Arc::new(move || {
            let (client, call) = (client.clone(), Arc::clone(&self));
            Box::pin(async move {
                let answer = client
                    .request(call.method.clone(), &call.url)
                    .header("accept", "application/json")
                    .header("content-type", call.content_type)
                    .header(call.credential.0, &call.credential.1)
                    .body((call.body)())
                    .send()
                    .await
                    .and_then(reqwest::Response::error_for_status)
                    .expect("it succeeds");
                (call.read)(&answer.bytes().await.expect("it is whole"));
            })
        })
    }

    fn on_hyper(self: Arc<Self>) -> Send1 {
        let client: Client<HttpConnector, Full<Bytes>> =
            Client::builder(TokioExecutor::new()).build_http();
        Arc::new(move || {
            let (client, call) = (client.clone(), Arc::clone(&self));
            Box::pin(async move {
                let answer = client.request(call.request()).await.expect("it succeeds");
                assert!(answer.status().is_success());
                let body = answer.into_body().collect().await.expect("it is whole");
                (call.read)(&body.to_bytes());
            })
        })
    }

    fn request(&self) -> Request<Full<Bytes>> {
        Request::builder()
            .method(&self.method)
            .uri(&self.url)
            .header("accept", "application/json")
            .header("content-type", self.content_type)
            .header(self.credential.0, &self.credential.1)
            .body(Full::from((self.body)()))
            .expect("it is complete")
    }

    fn against(self, name: &'static str, (rolecall, build): (Send1, Build)) -> Case {
        let call = Arc::new(self);
        let by_hand = Arc::clone(&call);
        Case {
            name,
            ways: [rolecall, Arc::clone(&call).on_reqwest(), call.on_hyper()],
            build: [build, Arc::new(move || drop(std::hint::black_box(by_hand.request())))],
        }
    }
}

fn options() -> ClientOptions {
    ClientOptions::default().http(|http| http.no_proxy())
}

/// A call as closures that can be run again and again: to send it, and only to build it.
macro_rules! again {
    ($call:expr) => {{
        let call = Arc::new(move || $call);
        let building = Arc::clone(&call);
        let send: Send1 = Arc::new(move || {
            let call = call().into_future();
            Box::pin(async move {
                std::hint::black_box(call.await.expect("it succeeds"));
            })
        });
        let build: Build = Arc::new(move || drop(std::hint::black_box(building())));
        (send, build)
    }};
}

/// All five, of the services at this origin.
pub(crate) fn all(origin: &str) -> [Case; 5] {
    [iam(origin), chat(origin), harness(origin), redox(origin), deepset(origin)]
}

const ORGANIZATION: &str = "ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const CHAT_SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const DEEPSET_ORGANIZATION: &str = "7f0c1f5e-0000-4000-8000-000000000001";
const TOKEN: &str = "obviously-fake-access-token";

fn new_assignment() -> twilio::iam::NewRoleAssignment {
    twilio::iam::NewRoleAssignment::new(
        "IX00000000000000000000000000000104",
        "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    )
    .expect("they are SIDs")
}

fn iam(origin: &str) -> Case {
    let client = TwilioIam::with_token(TOKEN).base_url(origin).options(options()).build();
    let organization = client.and_then(|client| client.organization(ORGANIZATION));
    let assignments = organization.expect("it is set up well").role_assignments();
    ByHand {
        method: Method::POST,
        url: format!("{origin}/Organizations/{ORGANIZATION}/RoleAssignments"),
        credential: ("authorization", format!("Bearer {TOKEN}")),
        content_type: "application/json",
        body: || json(&new_assignment()),
        read: read::<twilio::iam::RoleAssignment>,
    }
    .against("Twilio Organizations", again!(assignments.create(&new_assignment())))
}

fn chat(origin: &str) -> Case {
    use twilio::chat::{NewRole, Role, RoleType};
    const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let builder = TwilioChat::with_auth_token(ACCOUNT, "obviously-fake-auth-token");
    let client = builder.and_then(|builder| builder.base_url(origin).options(options()).build());
    let service = client.and_then(|client| client.service(CHAT_SERVICE));
    let roles = service.expect("it is set up well").roles();
    let wanted =
        || NewRole::new("channel user", RoleType::Channel, ["sendMessage", "leaveChannel"]);
    ByHand {
        method: Method::POST,
        url: format!("{origin}/v2/Services/{CHAT_SERVICE}/Roles"),
        credential: (
            "authorization",
            "Basic QUNhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYTpvYnZpb3VzbHktZmFrZS1hdXRoLXRva2Vu"
                .to_owned(),
        ),
        content_type: "application/x-www-form-urlencoded",
        body: || {
            let pairs = [
                ("FriendlyName", "channel user"),
                ("Type", "channel"),
                ("Permission", "sendMessage"),
                ("Permission", "leaveChannel"),
            ];
            serde_urlencoded::to_string(pairs).expect("it can be written").into_bytes()
        },
        read: read::<Role>,
    }
    .against("Twilio Chat", again!(roles.create(&wanted().expect("it is valid"))))
}

fn harness(origin: &str) -> Case {
    use harness::{NewRoleAssignment, Principal, RoleAssignmentResponse};
    const KEY: &str = "pat.fakeAccount.fakeTokenId.obviously-fake-secret";
    fn wanted() -> NewRoleAssignment {
        let group = "_all_organization_level_resources";
        let principal = Principal::user_group("sre");
        NewRoleAssignment::new("sre_view", "_organization_viewer", group, principal)
            .expect("it is valid")
    }
    let client = Harness::builder(KEY).base_url(origin).options(options()).build();
    let org = client.and_then(|client| client.org("platform"));
    let assignments = org.expect("it is set up well").role_assignments();
    ByHand {
        method: Method::POST,
        url: format!("{origin}/v1/orgs/platform/role-assignments"),
        credential: ("x-api-key", KEY.to_owned()),
        content_type: "application/json",
        body: || json(&wanted()),
        read: read::<RoleAssignmentResponse>,
    }
    .against("Harness", again!(assignments.create(&wanted())))
}

fn redox(origin: &str) -> Case {
    use redox::{AssignRoleResponse, NewRoleAssignment, RoleRef, UserRef};
    fn wanted() -> NewRoleAssignment {
        let role = RoleRef::new("role-uuid", "member").expect("it is valid");
        NewRoleAssignment::new(role, UserRef::id("user-id").expect("it is valid"))
    }
    let client =
        Redox::builder(TOKEN).base_url(format!("{origin}/platform")).options(options()).build();
    let organization = client.and_then(|client| client.organization("123"));
    let assignments = organization.expect("it is set up well").role_assignments();
    ByHand {
        method: Method::PUT,
        url: format!("{origin}/platform/v1/organizations/123/role-assignment"),
        credential: ("authorization", format!("Bearer {TOKEN}")),
        content_type: "application/json",
        body: || json(&wanted()),
        read: read::<AssignRoleResponse>,
    }
    .against("Redox", again!(assignments.assign(&wanted())))
}

fn deepset(origin: &str) -> Case {
    use deepset::{Action, Asset, NewRole, Permission, Role};
    fn wanted() -> NewRole {
        NewRole::new("auditor", "Reads files", [Permission::new(Asset::Files, Action::Read)])
    }
    let client = Deepset::builder(TOKEN).base_url(origin).options(options()).build();
    let organization = client.and_then(|client| client.organization(DEEPSET_ORGANIZATION));
    let roles = organization.expect("it is set up well").roles();
    ByHand {
        method: Method::POST,
        url: format!("{origin}/api/v1/organization/{DEEPSET_ORGANIZATION}/roles"),
        credential: ("authorization", format!("Bearer {TOKEN}")),
        content_type: "application/json",
        body: || json(&wanted()),
        read: read::<Role>,
    }
    .against("deepset", again!(roles.create(&wanted())))
}
