//! The same call in three ways: through rolecall, hand-written on reqwest, and on hyper as the
//! lower bound. The calls are endpoints of the registry. The hand-written ones use its request
//! fixtures, with the same input value, body and output type.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rolecall::{ClientOptions, deepset, harness, redox, twilio};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use super::registry::{Endpoint, Running, endpoints};
use super::request_fixture;

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
        ["rolecall", "reqwest by hand", "hyper"][self as usize]
    }
}

/// One vendor's create.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    ways: [Send1; 3],
    /// Builds the request, and drops it: by rolecall, and by hand.
    pub(crate) build: [Build; 2],
}

impl Case {
    pub(crate) fn send(&self, way: Way) -> Send1 {
        Arc::clone(&self.ways[way as usize])
    }

    /// Makes so many calls, so many of them at once.
    pub(crate) async fn drive(&self, way: Way, calls: usize, in_flight: usize) {
        let mut running = JoinSet::new();
        for _ in 0..in_flight {
            let send = self.send(way);
            running.spawn(async move {
                for _ in 0..calls / in_flight {
                    send().await.expect("it succeeds");
                }
            });
        }
        running.join_all().await;
    }

    fn new(name: &'static str, endpoint: &Endpoint, origin: &str, by_hand: Codec) -> Self {
        let options = ClientOptions::default().http(|http| http.no_proxy());
        let rolecall: Send1 = Arc::from(endpoint.caller(origin, options));
        let call = Arc::new(ByHand::new(endpoint, origin, by_hand));
        let (own, hyper) = (Arc::clone(&rolecall), Arc::clone(&call));
        Self {
            name,
            ways: [rolecall, Arc::clone(&call).on_reqwest(), call.on_hyper()],
            build: [
                Arc::new(move || drop(std::hint::black_box(own()))),
                Arc::new(move || drop(std::hint::black_box(hyper.request()))),
            ],
        }
    }
}

/// How a program by hand writes the body, and reads the response.
type Codec = (fn() -> Vec<u8>, fn(&[u8]));

/// What a program that has no crate for it writes down of a call.
struct ByHand {
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    codec: Codec,
}

impl ByHand {
    fn new(endpoint: &Endpoint, origin: &str, codec: Codec) -> Self {
        let text = request_fixture(endpoint);
        let (head, body) = text.split_once("\n\n").expect("it has a body");
        assert_eq!(body.trim_end().as_bytes(), (codec.0)(), "{endpoint}: the same body");
        let mut lines = head.lines();
        let mut target = lines.next().expect("it has a request line").split(' ');
        let method = target.next().expect("it has a method").parse().expect("a method");
        let needed = ["accept", "content-type", "authorization", "x-api-key"];
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.filter(|(name, _)| needed.contains(name));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let url = format!("{origin}{}", target.next().expect("it has a target"));
        Self { method, url, headers, codec }
    }

    fn on_reqwest(self: Arc<Self>) -> Send1 {
        let client = reqwest::Client::builder()
            .no_proxy()
            .user_agent("by-hand/1.0")
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            // As many as rolecall reads: hyper clears room for all of them for each response, which takes
            // 10,000 instructions.
            .http1_max_headers(1024)
            .build()
            .expect("it is set up well");
        Arc::new(move || {
            let (client, call) = (client.clone(), Arc::clone(&self));
            Box::pin(async move {
                let mut request = client.request(call.method.clone(), &call.url);
                for (name, value) in &call.headers {
                    request = request.header(name, value);
                }
                let sent = request.body((call.codec.0)()).send().await;
                let response = sent.and_then(reqwest::Response::error_for_status);
                let body = response.expect("it succeeds").bytes().await;
                (call.codec.1)(&body.expect("it is complete"));
                Ok(())
            })
        })
    }

    fn on_hyper(self: Arc<Self>) -> Send1 {
        let client: Client<HttpConnector, Full<Bytes>> =
            Client::builder(TokioExecutor::new()).build_http();
        Arc::new(move || {
            let (client, call) = (client.clone(), Arc::clone(&self));
            Box::pin(async move {
                let response = client.request(call.request()).await.expect("it succeeds");
                assert!(response.status().is_success());
                let body = response.into_body().collect().await.expect("it is complete");
                (call.codec.1)(&body.to_bytes());
                Ok(())
            })
        })
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(&self.method).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::from((self.codec.0)())).expect("it is complete")
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) {
    std::hint::black_box(serde_json::from_slice::<T>(body).expect("a proper response"));
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("it can be written")
}

/// All five, of the services at this origin.
pub(crate) fn all(origin: &str) -> [Case; 5] {
    let registry = endpoints();
    let case = |name, request: &str, write, response| {
        let endpoint = registry.iter().find(|one| one.request == request);
        Case::new(name, endpoint.expect("it is in the registry"), origin, (write, response))
    };
    [
        case(
            "Twilio Organizations",
            "twilio_iam/create.request.http",
            || {
                let new = twilio::iam::NewRoleAssignment::new(
                    "IX00000000000000000000000000000104",
                    "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                );
                json(&new.expect("they are SIDs"))
            },
            read::<twilio::iam::RoleAssignment>,
        ),
        case(
            "Twilio Chat",
            "twilio_chat/create.request.http",
            || {
                let permissions = ["sendMessage", "leaveChannel", "addMember", "new/1"];
                let new = twilio::chat::NewRole::new("channel user & é", "channel", permissions);
                let new = new.expect("it is complete");
                let (name, kind) = (new.friendly_name(), new.kind().as_str());
                let mut pairs = vec![("FriendlyName", name), ("Type", kind)];
                pairs.extend(new.permissions().iter().map(|one| ("Permission", one.as_str())));
                serde_urlencoded::to_string(pairs).expect("it can be written").into_bytes()
            },
            read::<twilio::chat::Role>,
        ),
        case(
            "Harness",
            "harness/create.request.http",
            || {
                use harness::{NewRoleAssignment, Principal};
                let (role, group) = ("_organization_viewer", "_all_organization_level_resources");
                let principal = Principal::user_group("sre");
                let new = NewRoleAssignment::new("sre_view", role, group, principal);
                json(&new.expect("it is complete"))
            },
            read::<harness::RoleAssignmentResponse>,
        ),
        case(
            "Redox",
            "redox/assign.request.http",
            || {
                use redox::{NewRoleAssignment, RoleRef, UserRef};
                let role = RoleRef::new("role-uuid", "member").expect("it is not empty");
                let user = UserRef::new("user-id", "A. User").expect("it is not empty");
                json(&NewRoleAssignment::new(role, user))
            },
            read::<redox::AssignRoleResponse>,
        ),
        case(
            "deepset",
            "deepset/create.request.http",
            || {
                use deepset::{Action, Asset, NewRole, Permission};
                let permissions = [
                    Permission::new(Asset::Files, Action::Read),
                    Permission::new(Asset::All, Action::Write),
                    Permission::new("brand_new", "execute"),
                ];
                json(&NewRole::new("auditor", "Reads \"all\"", permissions))
            },
            read::<deepset::Role>,
        ),
    ]
}
