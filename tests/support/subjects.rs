//! The five calls behind one trait, so that one table can be run over all of them.

use std::fmt::Debug;

use std::marker::PhantomData;

#[allow(unused_imports, reason = "not all services take tokens from a provider")]
use rolecall::auth::Bearer;
use rolecall::auth::TokenProvider;
use rolecall::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat, Service};
use rolecall::testing::Fake;
use rolecall::{Call, ClientOptions, Effect, Error};
use serde_json::Value;

/// One of the five calls, on a fake of its service.
pub(crate) trait Subject: Send + Sync + Sized + 'static {
    type Client: Clone + Debug + Send + Sync + 'static;
    type Answer: Debug + Send + 'static;

    /// As errors and spans name it.
    const OPERATION: &'static str;
    const METHOD: &'static str;
    const TEMPLATE: &'static str;
    /// What the paths of this call start with; those of token requests do not.
    const PATH: &'static str;
    /// The same for the paths of a [`Probe`].
    const PROBE: &'static str = "/probe/";
    /// The documented success statuses (for Redox inferred).
    const SUCCESS: &'static [u16];
    /// The effect of such a status over a body that cannot be used.
    const UNREADABLE: Effect = Effect::Applied;
    /// Whether twice has the effect of once.
    const REPEATABLE: bool;
    /// Whether a refused credential can be renewed.
    const RENEWS: bool = false;

    fn start() -> impl Future<Output = Self> + Send;
    fn fake(&self) -> &Fake;
    /// What the fake's memory holds.
    fn held(&self) -> usize;

    /// A client with credentials that the fake accepts, of a service at this origin.
    fn client_at(&self, origin: &str, options: ClientOptions) -> Self::Client;

    /// A client with this credential (a token, a key, a password).
    fn client_with(origin: &str, credential: &str, options: ClientOptions) -> Self::Client;

    /// A client that is given its tokens, where the service takes such.
    fn with_provider(origin: &str, provider: impl TokenProvider) -> Option<Self::Client> {
        let _ = (origin, provider);
        None
    }

    /// All forms in which that credential goes over the wire.
    fn on_the_wire(credential: &str) -> Vec<String> {
        vec![credential.to_owned()]
    }

    /// The call with its n-th input; no two inputs are duplicates of each other.
    fn call(client: &Self::Client, nth: usize) -> Call<Self::Answer>;

    /// A call that the crate does not know, of this service: see [`Probe`].
    fn probe(client: &Self::Client) -> Call<String>;

    /// A proper answer to the call.
    fn answer() -> Value;

    /// The service's own typed error.
    fn service_error(error: &Error) -> Option<String>;

    fn client(&self, options: ClientOptions) -> Self::Client {
        self.client_at(&self.fake().uri(), options)
    }

    /// How often this call arrived, of the requests that the fake remembers.
    fn arrivals(&self) -> usize {
        let received = self.fake().received();
        let own = received.iter().filter(|one| one.path().starts_with(Self::PATH));
        own.count()
    }
}

/// What a [`Probe`] has in its query.
pub(crate) const QUERY_VALUE: &str = "obviously-private-query";
/// What a [`Probe`] has in its body.
pub(crate) const BODY_VALUE: &str = "obviously-private-body";

/// An operation of a user's own, whose query and body must not be seen.
pub(crate) struct Probe<S>(PhantomData<S>);

impl<S> Probe<S> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<S: Service> Operation for Probe<S> {
    type Service = S;
    type Answer = String;
    const NAME: &'static str = "own probe.send";
    const METHOD: http::Method = http::Method::POST;
    const SUCCESS: &'static [u16] = &[200];
    const REPEAT: Repeat = Repeat::Read;

    fn path(&self) -> Path<'_> {
        Path::new("/probe/{id}", ["a"])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("filter", QUERY_VALUE.to_owned())]
    }

    fn body(&self) -> Result<Body, Error> {
        Body::form(&[("client_secret", BODY_VALUE)])
    }

    /// What `Debug` shows of the raw answer.
    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
        Ok(format!("{answer:?}\n{answer:#?}"))
    }
}

/// Runs generic tests for each call whose vendor is built in, as tests of their own.
#[allow(unused_macros, reason = "each test file uses a part of it")]
macro_rules! for_each_call {
    ($($test:ident),+ $(,)?) => {
        #[cfg(feature = "twilio")]
        for_each_call!(@ twilio_iam, TwilioIam, $($test),+);
        #[cfg(feature = "twilio")]
        for_each_call!(@ twilio_chat, TwilioChat, $($test),+);
        #[cfg(feature = "harness")]
        for_each_call!(@ harness, Harness, $($test),+);
        #[cfg(feature = "redox")]
        for_each_call!(@ redox, Redox, $($test),+);
        #[cfg(feature = "deepset")]
        for_each_call!(@ deepset, Deepset, $($test),+);
    };
    (@ $module:ident, $subject:ident, $($test:ident),+) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test::<super::support::subjects::$subject>().await;
                }
            )+
        }
    };
}

/// Runs one generic test for all calls at the same time, where it has to wait for a clock.
#[allow(unused_macros, reason = "each test file uses a part of it")]
macro_rules! for_all_calls_at_once {
    ($($test:ident),+ $(,)?) => { $(
        mod $test {
            #[tokio::test]
            async fn for_all_calls() {
                use super::support::subjects::*;
                let mut all = tokio::task::JoinSet::new();
                #[cfg(feature = "twilio")]
                all.spawn(super::$test::<TwilioIam>());
                #[cfg(feature = "twilio")]
                all.spawn(super::$test::<TwilioChat>());
                #[cfg(feature = "harness")]
                all.spawn(super::$test::<Harness>());
                #[cfg(feature = "redox")]
                all.spawn(super::$test::<Redox>());
                #[cfg(feature = "deepset")]
                all.spawn(super::$test::<Deepset>());
                while let Some(one) = all.join_next().await {
                    one.expect("the test of each call passes");
                }
            }
        }
    )+ };
}

#[allow(unused_imports, reason = "each test file uses a part of it")]
pub(crate) use {for_all_calls_at_once, for_each_call};

#[cfg(feature = "twilio")]
pub(crate) use twilio::{TwilioChat, TwilioIam};

#[cfg(feature = "twilio")]
mod twilio {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use rolecall::auth::AccessToken;
    use rolecall::testing::{TwilioChatFake, TwilioIamFake};
    use rolecall::twilio::{ServiceError, chat, iam};
    use rolecall::{BoxFuture, twilio};
    use serde_json::json;

    const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    pub(crate) struct TwilioIam(pub(crate) TwilioIamFake);

    /// Gives out one token again and again.
    struct One(String);

    impl TokenProvider for One {
        fn fetch(
            &self,
        ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
            Box::pin(async { Ok(AccessToken::new(self.0.as_str())) })
        }
    }

    impl Subject for TwilioIam {
        type Client = iam::TwilioIam;
        type Answer = iam::RoleAssignment;
        const OPERATION: &'static str = "twilio.iam role-assignments.create";
        const METHOD: &'static str = "POST";
        const TEMPLATE: &'static str = "/Organizations/{OrganizationSid}/RoleAssignments";
        const PATH: &'static str = "/Organizations/";
        const SUCCESS: &'static [u16] = &[201];
        const REPEATABLE: bool = false;
        const RENEWS: bool = true;

        async fn start() -> Self {
            Self(TwilioIamFake::start().await.expect("a port is free"))
        }

        fn fake(&self) -> &Fake {
            &self.0
        }

        fn held(&self) -> usize {
            self.0.role_assignments().len()
        }

        fn client_at(&self, origin: &str, options: ClientOptions) -> Self::Client {
            let builder = self.0.builder().base_url(origin).options(options);
            builder.build().expect("the address is one")
        }

        fn client_with(origin: &str, credential: &str, options: ClientOptions) -> Self::Client {
            let builder = iam::TwilioIam::with_token(Bearer::provider(One(credential.to_owned())));
            let builder = builder.base_url(origin).options(options);
            builder.build().expect("the address is one")
        }

        fn with_provider(origin: &str, provider: impl TokenProvider) -> Option<Self::Client> {
            let builder = iam::TwilioIam::with_token(Bearer::provider(provider)).base_url(origin);
            Some(builder.build().expect("the address is one"))
        }

        fn call(client: &Self::Client, nth: usize) -> Call<Self::Answer> {
            let organization = client.organization(format!("OR{:032x}", 0xa)).expect("a SID");
            let user = format!("US{nth:032x}");
            let role = format!("IX{:032x}", 0x104);
            let wanted = iam::NewRoleAssignment::new(role, ACCOUNT, user).expect("they are SIDs");
            organization.role_assignments().create(&wanted)
        }

        fn probe(client: &Self::Client) -> Call<String> {
            client.call(&Probe::new())
        }

        fn answer() -> Value {
            json!({
                "sid": "IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "role_sid": "IX00000000000000000000000000000104",
                "scope": ACCOUNT,
                "identity": "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            })
        }

        fn service_error(error: &Error) -> Option<String> {
            error.service::<ServiceError>().map(|it| format!("{it:?}"))
        }
    }

    pub(crate) struct TwilioChat(pub(crate) TwilioChatFake);

    impl Subject for TwilioChat {
        type Client = chat::TwilioChat;
        type Answer = chat::Role;
        const OPERATION: &'static str = "twilio.chat roles.create";
        const METHOD: &'static str = "POST";
        const TEMPLATE: &'static str = "/v2/Services/{ServiceSid}/Roles";
        const PATH: &'static str = "/v2/Services/";
        const SUCCESS: &'static [u16] = &[201];
        const REPEATABLE: bool = false;

        async fn start() -> Self {
            Self(TwilioChatFake::start().await.expect("a port is free"))
        }

        fn fake(&self) -> &Fake {
            &self.0
        }

        fn held(&self) -> usize {
            self.0.roles().len()
        }

        fn client_at(&self, origin: &str, options: ClientOptions) -> Self::Client {
            Self::client_with(origin, TwilioChatFake::AUTH_TOKEN, options)
        }

        fn client_with(origin: &str, credential: &str, options: ClientOptions) -> Self::Client {
            let account = twilio::AccountSid::new(TwilioChatFake::ACCOUNT_SID).expect("a SID");
            let builder = chat::TwilioChat::with_auth_token(account, credential);
            let builder = builder.expect("a SID").base_url(origin).options(options);
            builder.build().expect("the address is one")
        }

        fn on_the_wire(credential: &str) -> Vec<String> {
            let pair = format!("{}:{credential}", TwilioChatFake::ACCOUNT_SID);
            vec![credential.to_owned(), STANDARD.encode(pair)]
        }

        fn call(client: &Self::Client, nth: usize) -> Call<Self::Answer> {
            let service = client.service(format!("IS{:032x}", 0xa)).expect("a SID");
            let name = format!("role {nth}");
            let wanted = chat::NewRole::new(name, "channel", ["sendMessage", "leaveChannel"]);
            service.roles().create(&wanted.expect("it is complete"))
        }

        fn probe(client: &Self::Client) -> Call<String> {
            client.call(&Probe::new())
        }

        fn answer() -> Value {
            json!({
                "sid": "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "account_sid": ACCOUNT,
                "service_sid": "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "friendly_name": "channel user",
                "type": "channel",
                "permissions": ["sendMessage", "leaveChannel"],
                "date_created": "2016-03-03T19:47:15Z",
                "date_updated": "2016-03-03T19:47:15Z",
                "url": "https://chat.twilio.com/v2/Services/IS/Roles/RL",
            })
        }

        fn service_error(error: &Error) -> Option<String> {
            error.service::<ServiceError>().map(|it| format!("{it:?}"))
        }
    }
}

#[cfg(feature = "harness")]
pub(crate) use harness::Harness;

#[cfg(feature = "harness")]
mod harness {
    use super::*;
    use rolecall::harness::{self, NewRoleAssignment, Principal, ServiceError};
    use rolecall::testing::HarnessFake;
    use serde_json::json;

    pub(crate) struct Harness(pub(crate) HarnessFake);

    impl Subject for Harness {
        type Client = harness::Harness;
        type Answer = harness::RoleAssignmentResponse;
        const OPERATION: &'static str = "harness role-assignments.create";
        const METHOD: &'static str = "POST";
        const TEMPLATE: &'static str = "/v1/orgs/{org}/role-assignments";
        const PATH: &'static str = "/v1/orgs/";
        const SUCCESS: &'static [u16] = &[201];
        const REPEATABLE: bool = false;

        async fn start() -> Self {
            Self(HarnessFake::start().await.expect("a port is free"))
        }

        fn fake(&self) -> &Fake {
            &self.0
        }

        fn held(&self) -> usize {
            self.0.role_assignments("orgs/platform").len()
        }

        fn client_at(&self, origin: &str, options: ClientOptions) -> Self::Client {
            Self::client_with(origin, HarnessFake::API_KEY, options)
        }

        fn client_with(origin: &str, credential: &str, options: ClientOptions) -> Self::Client {
            let builder = harness::Harness::builder(credential).base_url(origin);
            builder.options(options).build().expect("the address is one")
        }

        fn call(client: &Self::Client, nth: usize) -> Call<Self::Answer> {
            let wanted = NewRoleAssignment::new(
                format!("assignment_{nth}"),
                "_organization_viewer",
                "_all_organization_level_resources",
                Principal::user_group(format!("group_{nth}")),
            );
            let org = client.org("platform").expect("it fits a path");
            org.role_assignments().create(&wanted.expect("it is complete"))
        }

        fn probe(client: &Self::Client) -> Call<String> {
            client.call(&Probe::new())
        }

        fn answer() -> Value {
            json!({
                "role-assignment": {
                    "identifier": "sre_view",
                    "resource_group": "_all_organization_level_resources",
                    "role": "_organization_viewer",
                    "roleReference": {"scope_level": "organization", "identifier": "_organization_viewer"},
                    "principal": {"scope_level": "organization", "identifier": "sre", "type": "USER_GROUP"},
                    "disabled": false,
                    "managed": false,
                },
                "created": 1_700_000_000_000_u64,
                "updated": 1_700_000_000_000_u64,
                "harness_managed": false,
            })
        }

        fn service_error(error: &Error) -> Option<String> {
            error.service::<ServiceError>().map(|it| format!("{it:?}"))
        }
    }
}

#[cfg(feature = "redox")]
pub(crate) use redox::Redox;

#[cfg(feature = "redox")]
mod redox {
    use super::*;
    use rolecall::redox::{self, NewRoleAssignment, RoleRef, ServiceError, UserRef};
    use rolecall::testing::RedoxFake;
    use serde_json::json;

    pub(crate) struct Redox(pub(crate) RedoxFake);

    impl Subject for Redox {
        type Client = redox::Redox;
        type Answer = redox::AssignRoleResponse;
        const OPERATION: &'static str = "redox role-assignment.assign";
        const METHOD: &'static str = "PUT";
        const TEMPLATE: &'static str = "/v1/organizations/{organizationId}/role-assignment";
        const PATH: &'static str = "/platform/v1/organizations/";
        const PROBE: &'static str = "/platform/probe/";
        const SUCCESS: &'static [u16] = &[200, 201];
        const UNREADABLE: Effect = Effect::Unknown;
        const REPEATABLE: bool = true;

        async fn start() -> Self {
            Self(RedoxFake::start().await.expect("a port is free"))
        }

        fn fake(&self) -> &Fake {
            &self.0
        }

        fn held(&self) -> usize {
            self.0.memberships().len()
        }

        fn client_at(&self, origin: &str, options: ClientOptions) -> Self::Client {
            Self::client_with(origin, RedoxFake::TOKEN, options)
        }

        fn client_with(origin: &str, credential: &str, options: ClientOptions) -> Self::Client {
            let builder = redox::Redox::builder(credential).base_url(format!("{origin}/platform"));
            builder.options(options).build().expect("the address is one")
        }

        fn with_provider(origin: &str, provider: impl TokenProvider) -> Option<Self::Client> {
            let builder = redox::Redox::builder(Bearer::provider(provider)).base_url(origin);
            Some(builder.build().expect("the address is one"))
        }

        fn call(client: &Self::Client, nth: usize) -> Call<Self::Answer> {
            let role = RoleRef::new("role-1", "member").expect("it is not empty");
            let user = UserRef::id(format!("user-{nth}")).expect("it is not empty");
            let organization = client.organization("1234").expect("it fits a path");
            let wanted = NewRoleAssignment::new(role, user);
            organization.role_assignments().assign(&wanted)
        }

        fn probe(client: &Self::Client) -> Call<String> {
            client.call(&Probe::new())
        }

        fn answer() -> Value {
            json!({"meta": {"version": "1.0.0"}, "payload": {"success": true}})
        }

        fn service_error(error: &Error) -> Option<String> {
            error.service::<ServiceError>().map(|it| format!("{it:?}"))
        }
    }
}

#[cfg(feature = "deepset")]
pub(crate) use deepset::Deepset;

#[cfg(feature = "deepset")]
mod deepset {
    use super::*;
    use rolecall::deepset::{self, NewRole, Permission, ServiceError};
    use rolecall::testing::DeepsetFake;
    use serde_json::json;

    pub(crate) struct Deepset(pub(crate) DeepsetFake);

    impl Subject for Deepset {
        type Client = deepset::Deepset;
        type Answer = deepset::Role;
        const OPERATION: &'static str = "deepset roles.create";
        const METHOD: &'static str = "POST";
        const TEMPLATE: &'static str = "/api/v1/organization/{organization_id}/roles";
        const PATH: &'static str = "/api/v1/organization/";
        const SUCCESS: &'static [u16] = &[201];
        const REPEATABLE: bool = false;

        async fn start() -> Self {
            Self(DeepsetFake::start().await.expect("a port is free"))
        }

        fn fake(&self) -> &Fake {
            &self.0
        }

        fn held(&self) -> usize {
            self.0.roles().len()
        }

        fn client_at(&self, origin: &str, options: ClientOptions) -> Self::Client {
            Self::client_with(origin, DeepsetFake::API_KEY, options)
        }

        fn client_with(origin: &str, credential: &str, options: ClientOptions) -> Self::Client {
            let builder = deepset::Deepset::builder(credential).base_url(origin);
            builder.options(options).build().expect("the address is one")
        }

        fn with_provider(origin: &str, provider: impl TokenProvider) -> Option<Self::Client> {
            let builder = deepset::Deepset::builder(Bearer::provider(provider)).base_url(origin);
            Some(builder.build().expect("the address is one"))
        }

        fn call(client: &Self::Client, nth: usize) -> Call<Self::Answer> {
            let wanted = NewRole::new(
                format!("role {nth}"),
                "May read files",
                [Permission::new("files", "read")],
            );
            let organization = client.organization(DeepsetFake::ORGANIZATION);
            organization.expect("a UUID").roles().create(&wanted)
        }

        fn probe(client: &Self::Client) -> Call<String> {
            client.call(&Probe::new())
        }

        fn answer() -> Value {
            json!({
                "role_name": "auditor",
                "description": null,
                "role_id": "7f0c1f5e-0000-4000-8000-000000001000",
                "is_custom": true,
                "permissions": [{"asset": "files", "action": "read"}],
            })
        }

        fn service_error(error: &Error) -> Option<String> {
            error.service::<ServiceError>().map(|it| format!("{it:?}"))
        }
    }
}
