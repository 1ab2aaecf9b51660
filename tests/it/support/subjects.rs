//! Five calls that change something, behind one trait, so that one table covers all of them.

use std::fmt::Debug;
use std::marker::PhantomData;

use rolecall::auth::Credential;
use rolecall::operation::{Body, Idempotency, Operation, Service, Spec};
use rolecall::testing::Fake;
use rolecall::{Call, ClientOptions, Effect, Error};
use serde_json::Value;

use crate::registry::fixture;

/// One of the five calls, on a fake of its service.
pub(crate) trait Subject: Send + Sync + Sized + 'static {
    type Client: Service + Clone + Debug;
    type Output: Debug + Send + 'static;
    /// The service's own typed error.
    type ServiceError: Debug + 'static;

    /// The path template of this call, as spans name it.
    const TEMPLATE: &'static str;
    /// The path of the base URL.
    const BASE: &'static str = "";
    /// The effect of a success status over an object of another shape.
    const MISSHAPEN: Effect = Effect::Applied;
    /// Whether a number or a text in `detail` or `errors` reports an error.
    const REPORTS: bool = false;
    /// Whether a refused credential can be renewed.
    const RENEWS: bool = false;
    /// A credential that the fake accepts.
    const CREDENTIAL: &'static str;
    /// A proper response.
    const RESPONSE: &'static str;

    fn start() -> impl Future<Output = Self> + Send;
    fn fake(&self) -> &Fake;
    /// How many things the fake has.
    fn held(&self) -> usize;

    /// A client with this credential (a token, a key, a password), of a service at this origin.
    fn client_with(
        origin: &str,
        credential: impl Into<Credential>,
        options: ClientOptions,
    ) -> Self::Client;

    /// A client that the fake accepts, of a service at this origin.
    fn client_at(&self, origin: &str, options: ClientOptions) -> Self::Client {
        Self::client_with(origin, Self::CREDENTIAL, options)
    }

    /// A client of the fake.
    fn client(&self, options: ClientOptions) -> Self::Client {
        self.client_at(&self.fake().uri(), options)
    }

    /// All forms in which a credential goes over the wire.
    fn on_the_wire(credential: &str) -> Vec<String> {
        vec![credential.to_owned()]
    }

    /// The call with its n-th input; no two inputs are duplicates of each other.
    fn call(client: &Self::Client, nth: usize) -> Call<Self::Output>;

    /// A call that the crate does not have, of this service: see [`Probe`].
    fn probe(client: &Self::Client) -> Call<Value>;

    fn spec() -> &'static Spec {
        let client = Self::client_with("http://127.0.0.1:1", "fake", ClientOptions::default());
        Self::call(&client, 0).spec().expect("it is one request")
    }

    fn name() -> &'static str {
        Self::spec().name()
    }

    fn success() -> &'static [u16] {
        Self::spec().success_statuses()
    }

    /// Whether sending it twice has the effect of sending it once.
    fn is_idempotent() -> bool {
        Self::spec().declared_idempotency() == Idempotency::Idempotent
    }

    fn response() -> Value {
        serde_json::from_str(Self::RESPONSE).expect("the fixture is JSON")
    }

    fn service_error(error: &Error) -> Option<&Self::ServiceError> {
        error.service()
    }

    /// What the paths of this call start with; those of token requests do not.
    fn path() -> String {
        let fixed = Self::TEMPLATE.split('{').next().unwrap_or_default();
        format!("{}{fixed}", Self::BASE)
    }

    /// Queues a fault for this many requests of this call.
    fn fault(&self, requests: usize, fault: rolecall::testing::Fault) {
        self.fake().next_on(&Self::path(), requests, fault);
    }

    /// How often this call arrived, of the requests that the fake remembers.
    fn arrivals(&self) -> usize {
        let (received, path) = (self.fake().received(), Self::path());
        received.iter().filter(|one| one.path().starts_with(&path)).count()
    }
}

/// What a [`Probe`] has in its query and in its body.
pub(crate) const QUERY_VALUE: &str = "obviously-private-query";
pub(crate) const BODY_VALUE: &str = "obviously-private-body";

/// An operation of a user's own, whose query and body must not be seen.
pub(crate) struct Probe<S>(PhantomData<S>);

impl<S: Service> Operation for Probe<S> {
    type Service = S;
    type Output = Value;
    const SPEC: Spec = Spec::post("own probe.send", &["/probe/{id}"])
        .success(&[200])
        .idempotency(Idempotency::Safe);

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec!["a"])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("filter", QUERY_VALUE.to_owned())]
    }

    fn body(&self) -> Result<Body, Error> {
        Body::form(&[("client_secret", BODY_VALUE)])
    }
}

/// Runs generic tests for each call whose vendor is built in, as tests of their own.
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
                    super::$test::<crate::support::subjects::$subject>().await;
                }
            )+
        }
    };
}

pub(crate) use for_each_call;

/// What is the same in every implementation: from the fake, and the builder for a credential.
macro_rules! on {
    ($fake:ident, |$credential:ident| $builder:expr) => {
        async fn start() -> Self {
            Self($fake::start().await.expect("a port is free"))
        }

        fn fake(&self) -> &Fake {
            self.0.fake()
        }

        fn client_with(
            origin: &str,
            credential: impl Into<Credential>,
            options: ClientOptions,
        ) -> Self::Client {
            let $credential: Credential = credential.into();
            let builder = $builder.base_url(format!("{origin}{}", Self::BASE)).options(options);
            builder.build().expect("it is set up well")
        }

        fn probe(client: &Self::Client) -> Call<Value> {
            client.call(&Probe(PhantomData))
        }
    };
}

#[cfg(feature = "twilio")]
pub(crate) use twilio::{TwilioChat, TwilioIam};

#[cfg(feature = "twilio")]
mod twilio {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use rolecall::testing::{TwilioChatFake, TwilioIamFake};
    use rolecall::twilio::{ServiceError, chat, iam};

    pub(crate) struct TwilioIam(pub(crate) TwilioIamFake);

    impl Subject for TwilioIam {
        type Client = iam::TwilioIam;
        type Output = iam::RoleAssignment;
        type ServiceError = ServiceError;
        const TEMPLATE: &'static str = "/Organizations/{OrganizationSid}/RoleAssignments";
        const RENEWS: bool = true;
        const CREDENTIAL: &'static str = TwilioIamFake::CLIENT_SECRET;
        const RESPONSE: &'static str = fixture!("twilio_iam/assignment.full.json");

        on!(TwilioIamFake, |credential| iam::TwilioIam::builder(credential));

        fn held(&self) -> usize {
            self.0.role_assignments().len()
        }

        /// With client credentials, which fetch tokens.
        fn client_at(&self, origin: &str, options: ClientOptions) -> Self::Client {
            let builder = self.0.builder().base_url(origin).token_url(format!("{origin}/v2/token"));
            builder.options(options).build().expect("it is set up well")
        }

        fn call(client: &Self::Client, nth: usize) -> Call<Self::Output> {
            let role = "IX00000000000000000000000000000104";
            let account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
            let new = iam::NewRoleAssignment::new(role, account, format!("US{nth:032x}"));
            let organization = client.organization(TwilioIamFake::ORGANIZATION);
            organization.role_assignments().create(&new.expect("they are SIDs"))
        }
    }

    pub(crate) struct TwilioChat(pub(crate) TwilioChatFake);

    impl Subject for TwilioChat {
        type Client = chat::TwilioChat;
        type Output = chat::Role;
        type ServiceError = ServiceError;
        const TEMPLATE: &'static str = "/v2/Services/{ServiceSid}/Roles";
        const CREDENTIAL: &'static str = TwilioChatFake::AUTH_TOKEN;
        const RESPONSE: &'static str = fixture!("twilio_chat/role.full.json");

        on!(TwilioChatFake, |credential| {
            let account = TwilioChatFake::ACCOUNT_SID;
            chat::TwilioChat::builder(chat::Credentials::auth_token(account, credential))
        });

        fn held(&self) -> usize {
            self.0.roles().len()
        }

        fn on_the_wire(credential: &str) -> Vec<String> {
            let pair = format!("{}:{credential}", TwilioChatFake::ACCOUNT_SID);
            vec![credential.to_owned(), STANDARD.encode(pair)]
        }

        fn call(client: &Self::Client, nth: usize) -> Call<Self::Output> {
            let permissions = ["sendMessage", "leaveChannel"];
            let new = chat::NewRole::new(format!("role {nth}"), "channel", permissions);
            let service = client.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
            service.roles().create(&new.expect("it is complete"))
        }
    }
}

#[cfg(feature = "harness")]
pub(crate) use harness::Harness;

#[cfg(feature = "harness")]
mod harness {
    use super::*;
    use rolecall::harness::{self, NewRoleAssignment, Principal};
    use rolecall::testing::HarnessFake;

    pub(crate) struct Harness(pub(crate) HarnessFake);

    impl Subject for Harness {
        type Client = harness::Harness;
        type Output = harness::RoleAssignmentResponse;
        type ServiceError = harness::ServiceError;
        const TEMPLATE: &'static str = "/v1/orgs/{org}/role-assignments";
        const CREDENTIAL: &'static str = HarnessFake::API_KEY;
        const RESPONSE: &'static str = fixture!("harness/assignment.full.json");

        on!(HarnessFake, |credential| harness::Harness::builder(credential));

        fn held(&self) -> usize {
            self.0.role_assignments("orgs/platform").len()
        }

        fn call(client: &Self::Client, nth: usize) -> Call<Self::Output> {
            let (role, group) = ("_organization_viewer", "_all_organization_level_resources");
            let principal = Principal::user_group(format!("group_{nth}"));
            let new = NewRoleAssignment::new(format!("assignment_{nth}"), role, group, principal);
            client.org("platform").role_assignments().create(&new.expect("it is complete"))
        }
    }
}

#[cfg(feature = "redox")]
pub(crate) use redox::Redox;

#[cfg(feature = "redox")]
mod redox {
    use super::*;
    use rolecall::redox::{self, NewRoleAssignment, RoleRef, UserRef};
    use rolecall::testing::RedoxFake;

    pub(crate) struct Redox(pub(crate) RedoxFake);

    impl Subject for Redox {
        type Client = redox::Redox;
        type Output = redox::AssignRoleResponse;
        type ServiceError = redox::ServiceError;
        const TEMPLATE: &'static str = "/v1/organizations/{organizationId}/role-assignment";
        const BASE: &'static str = "/platform";
        const MISSHAPEN: Effect = Effect::Unknown;
        const REPORTS: bool = true;
        const CREDENTIAL: &'static str = RedoxFake::TOKEN;
        const RESPONSE: &'static str = fixture!("redox/assigned.full.json");

        on!(RedoxFake, |credential| redox::Redox::builder(credential));

        fn held(&self) -> usize {
            self.0.memberships().len()
        }

        fn call(client: &Self::Client, nth: usize) -> Call<Self::Output> {
            let role = RoleRef::new("role-1", "member").expect("it is not empty");
            let user = UserRef::id(format!("user-{nth}")).expect("it is not empty");
            let assignments = client.organization("1234").role_assignments();
            assignments.assign(&NewRoleAssignment::new(role, user))
        }
    }
}

#[cfg(feature = "deepset")]
pub(crate) use deepset::Deepset;

#[cfg(feature = "deepset")]
mod deepset {
    use super::*;
    use rolecall::deepset::{self, NewRole, Permission};
    use rolecall::testing::DeepsetFake;

    pub(crate) struct Deepset(pub(crate) DeepsetFake);

    impl Subject for Deepset {
        type Client = deepset::Deepset;
        type Output = deepset::Role;
        type ServiceError = deepset::ServiceError;
        const REPORTS: bool = true;
        const TEMPLATE: &'static str = "/api/v1/organization/{organization_id}/roles";
        const CREDENTIAL: &'static str = DeepsetFake::API_KEY;
        const RESPONSE: &'static str = fixture!("deepset/role.full.json");

        on!(DeepsetFake, |credential| deepset::Deepset::builder(credential));

        fn held(&self) -> usize {
            self.0.roles().len()
        }

        fn call(client: &Self::Client, nth: usize) -> Call<Self::Output> {
            let read = Permission::new("files", "read");
            let new = NewRole::new(format!("role {nth}"), "May read files", [read]);
            client.organization(DeepsetFake::ORGANIZATION).roles().create(&new)
        }
    }
}
