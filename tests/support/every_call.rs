//! Every call of the crate as a value, so that one matrix can be run over all of them.

use std::pin::Pin;
use std::sync::Arc;

use rolecall::operation::Repeat;
use rolecall::{Call, ClientOptions, Error, Items, Pages};
use serde_json::Value;

/// The text of a fixture.
macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/", $path))
    };
}

/// A call under way, whatever it answers.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A client of which nothing is used but the one call, again and again.
pub(crate) type Caller = Box<dyn Fn() -> Running + Send + Sync>;

type MakeCaller = Arc<dyn Fn(&str, ClientOptions) -> Caller + Send + Sync>;

/// One call, and what is true of it.
#[derive(Clone)]
pub(crate) struct EveryCall {
    /// `Operation::NAME`.
    pub(crate) name: &'static str,
    /// Which of the calls of this name it is: at which scope or surface, as items or as pages.
    pub(crate) form: &'static str,
    pub(crate) repeat: Repeat,
    /// The documented success statuses.
    pub(crate) success: &'static [u16],
    /// A proper answer, of a list the last page; empty where the status has no body.
    pub(crate) answer: String,
    /// Whether the status of a success alone says that the change was made.
    pub(crate) confirms: bool,
    /// Whether a refused credential can be renewed.
    pub(crate) renews: bool,
    /// Where the client makes it by itself before another call: the path, as no other has it.
    pub(crate) before: Option<&'static str>,
    caller: MakeCaller,
}

impl EveryCall {
    /// A client of a service at this origin, with credentials that are obviously fake.
    pub(crate) fn caller(&self, origin: &str, options: ClientOptions) -> Caller {
        (self.caller)(origin, options)
    }

    pub(crate) fn has_body(&self) -> bool {
        self.success != [204]
    }

    /// The same call of another form.
    fn form(mut self, form: &'static str) -> Self {
        self.form = form;
        self
    }

    /// The same call, answered so.
    pub(crate) fn answered(mut self, answer: &str) -> Self {
        answer.clone_into(&mut self.answer);
        self
    }
}

impl std::fmt::Display for EveryCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)?;
        if self.form.is_empty() { Ok(()) } else { write!(f, " ({})", self.form) }
    }
}

/// The form of a list that is read to its end.
pub(crate) const ITEMS: &str = "all items";

/// How a vendor's client is made.
type MakeClient<C> = fn(&str, ClientOptions) -> C;

fn entry<C: Send + Sync + 'static>(
    make: MakeClient<C>,
    (name, repeat, success): (&'static str, Repeat, &'static [u16]),
    answer: impl Into<String>,
    call: impl Fn(&C) -> Running + Send + Sync + 'static,
) -> EveryCall {
    let call = Arc::new(call);
    let caller: MakeCaller = Arc::new(move |origin, options| {
        let (client, call) = (make(origin, options), Arc::clone(&call));
        Box::new(move || call(&client))
    });
    let answer = answer.into().trim().to_owned();
    let confirms = !name.starts_with("redox ");
    let (form, renews, before) = ("", false, None);
    EveryCall { name, form, repeat, success, answer, confirms, renews, before, caller }
}

/// A list, by its pages and by its items.
fn lists<C: Send + Sync + 'static, T: Send + 'static>(
    make: MakeClient<C>,
    name: &'static str,
    answer: &str,
    pages: impl Fn(&C) -> Result<Pages<T>, Error> + Send + Sync + 'static,
    items: impl Fn(&C) -> Result<Items<T>, Error> + Send + Sync + 'static,
) -> [EveryCall; 2] {
    let what = (name, Repeat::Read, OK);
    [
        entry(make, what, answer, move |client| {
            let pages = pages(client);
            Box::pin(async move { pages?.next().await.expect("a list has a page").map(drop) })
        })
        .form("the first page"),
        entry(make, what, answer, move |client| {
            let items = items(client);
            Box::pin(async move { items?.collect().await.map(drop) })
        })
        .form(ITEMS),
    ]
}

fn done<T: Send + 'static>(call: Call<T>) -> Running {
    Box::pin(async move { call.await.map(drop) })
}

const OK: &[u16] = &[200];
const CREATED: &[u16] = &[201];
const NO_CONTENT: &[u16] = &[204];

/// A page of the fixtures, changed into the last one.
fn last(page: &str, next: &str, none: Value) -> String {
    let mut page: Value = serde_json::from_str(page).expect("the fixture is JSON");
    *page.pointer_mut(next).expect("it is told there") = none;
    page.to_string()
}

/// All calls whose vendor is built in.
pub(crate) fn every_call() -> Vec<EveryCall> {
    let mut all = Vec::new();
    #[cfg(feature = "twilio")]
    {
        all.extend(twilio::iam());
        all.extend(twilio::chat());
    }
    #[cfg(feature = "harness")]
    all.extend(harness::all());
    #[cfg(feature = "redox")]
    all.extend(redox::all());
    #[cfg(feature = "deepset")]
    all.extend(deepset::all());
    all
}

#[cfg(feature = "twilio")]
mod twilio {
    use super::*;
    use rolecall::BoxFuture;
    use rolecall::auth::{AccessToken, Bearer, TokenProvider};
    use rolecall::twilio::chat::{NewRole, TwilioChat};
    use rolecall::twilio::iam::{
        NewRoleAssignment, NewUser, Organization, Surface, TwilioIam, UserPatch, UserVersion,
    };

    const ORGANIZATION: &str = "ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const ROLE: &str = "IX00000000000000000000000000000104";

    /// Gives out one token again and again.
    struct One;

    impl TokenProvider for One {
        fn fetch(
            &self,
        ) -> BoxFuture<'_, Result<AccessToken, Box<dyn std::error::Error + Send + Sync>>> {
            Box::pin(async { Ok(AccessToken::new("obviously-fake-access-token")) })
        }
    }

    fn preview(origin: &str, options: ClientOptions) -> Organization {
        let builder = TwilioIam::with_token(Bearer::provider(One)).base_url(origin);
        let client = builder.options(options).build().expect("the client is set up well");
        client.organization(ORGANIZATION).expect("it is a SID")
    }

    fn newer(origin: &str, options: ClientOptions) -> Organization {
        let builder = TwilioIam::with_token(Bearer::provider(One)).base_url(origin);
        let builder = builder.surface(Surface::V2).options(options);
        let client = builder.build().expect("the client is set up well");
        client.own_organization().expect("the surface has it")
    }

    fn with_secret(origin: &str, options: ClientOptions) -> Organization {
        let builder =
            TwilioIam::builder("OQaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "obviously-fake-secret")
                .base_url(origin)
                .token_url(format!("{origin}/v2/token"));
        let client = builder.options(options).build().expect("the client is set up well");
        client.organization(ORGANIZATION).expect("it is a SID")
    }

    fn wanted() -> NewRoleAssignment {
        NewRoleAssignment::new(ROLE, ACCOUNT, USER).expect("they are SIDs")
    }

    fn user() -> NewUser {
        NewUser::new("alex.a@example.com").expect("it is a name")
    }

    fn version() -> UserVersion {
        UserVersion::new("W/1").expect("it is one")
    }

    /// What both surfaces have.
    fn at(make: MakeClient<Organization>, form: &'static str) -> Vec<EveryCall> {
        let assignments =
            last(fixture!("twilio_iam/assignments.full.json"), "/meta/next_page_url", Value::Null);
        let a_user = fixture!("twilio_iam/user.full.json");
        let mut all = vec![
            entry(
                make,
                ("twilio.iam role-assignments.create", Repeat::Once, CREATED),
                fixture!("twilio_iam/assignment.full.json"),
                |it| done(it.role_assignments().create(&wanted())),
            ),
            entry(
                make,
                ("twilio.iam role-assignments.delete", Repeat::Idempotent, NO_CONTENT),
                "",
                |it| {
                    let sid = "IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse();
                    done(it.role_assignments().delete(&sid.expect("it is a SID")))
                },
            ),
            entry(
                make,
                ("twilio.iam users.list", Repeat::Read, OK),
                fixture!("twilio_iam/users.full.json"),
                |it| done(it.users().list(None)),
            ),
            entry(make, ("twilio.iam users.get", Repeat::Read, OK), a_user, |it| {
                done(it.users().get(&USER.parse().expect("it is a SID")))
            }),
            entry(make, ("twilio.iam users.create", Repeat::Once, CREATED), a_user, |it| {
                done(it.users().create(&user()))
            }),
            entry(make, ("twilio.iam users.replace", Repeat::Once, OK), a_user, |it| {
                done(it.users().replace(&USER.parse().expect("a SID"), &version(), &user()))
            }),
            entry(make, ("twilio.iam users.patch", Repeat::Once, OK), a_user, |it| {
                let patch = UserPatch::new().replace("displayName", "Alex B.");
                done(it.users().patch(&USER.parse().expect("a SID"), &version(), &patch))
            }),
            entry(
                make,
                ("twilio.iam users.deactivate", Repeat::Idempotent, NO_CONTENT),
                "",
                |it| done(it.users().deactivate(&USER.parse().expect("it is a SID"))),
            ),
        ];
        for call in &mut all {
            call.form = form;
        }
        all.extend(lists(
            make,
            "twilio.iam role-assignments.list",
            &assignments,
            |it| it.role_assignments().list().identity(USER)?.pages(),
            |it| it.role_assignments().list().identity(USER)?.items(),
        ));
        all
    }

    pub(super) fn iam() -> Vec<EveryCall> {
        let mut all = at(preview, "");
        all.push(entry(
            preview,
            ("twilio.iam accounts.fetch", Repeat::Read, OK),
            fixture!("twilio_iam/account.full.json"),
            |it| match it.accounts() {
                Ok(accounts) => done(accounts.fetch(&ACCOUNT.parse().expect("it is a SID"))),
                Err(error) => Box::pin(async { Err(error) }),
            },
        ));
        all.extend(lists(
            preview,
            "twilio.iam accounts.list",
            fixture!("twilio_iam/accounts.full.json"),
            |it| it.accounts()?.list().pages(),
            |it| it.accounts()?.list().items(),
        ));
        all.extend(at(newer, "v2"));
        all.extend(lists(
            newer,
            "twilio.iam roles.list",
            fixture!("twilio_iam/roles.full.json"),
            |it| it.roles()?.list().pages(),
            |it| it.roles()?.list().items(),
        ));
        all.extend(lists(
            newer,
            "twilio.iam role-permissions.list",
            fixture!("twilio_iam/permissions.full.json"),
            |it| it.roles()?.permissions(&ROLE.parse()?).pages(),
            |it| it.roles()?.permissions(&ROLE.parse()?).items(),
        ));
        for call in &mut all {
            call.renews = true;
        }
        let mut token = entry(
            with_secret,
            ("twilio.iam token.create", Repeat::Read, &[200, 201]),
            fixture!("twilio_iam/token.json"),
            |it| done(it.role_assignments().create(&wanted())),
        );
        token.before = Some("/v2/token");
        all.push(token);
        all
    }

    fn roles(origin: &str, options: ClientOptions) -> rolecall::twilio::chat::Roles {
        let builder = TwilioChat::with_auth_token(ACCOUNT, "obviously-fake-auth-token");
        let builder = builder.expect("it is a SID").base_url(origin).options(options);
        let client = builder.build().expect("the client is set up well");
        client.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").expect("it is a SID").roles()
    }

    pub(super) fn chat() -> Vec<EveryCall> {
        const ROLE: &str = "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let role = fixture!("twilio_chat/role.full.json");
        let page =
            last(fixture!("twilio_chat/roles.full.json"), "/meta/next_page_url", Value::Null);
        let mut all = vec![
            entry(roles, ("twilio.chat roles.create", Repeat::Once, CREATED), role, |it| {
                let wanted = NewRole::new("channel user", "channel", ["sendMessage"]);
                done(it.create(&wanted.expect("it is complete")))
            }),
            entry(roles, ("twilio.chat roles.fetch", Repeat::Read, OK), role, |it| {
                done(it.fetch(&ROLE.parse().expect("it is a SID")))
            }),
            entry(roles, ("twilio.chat roles.replace_permissions", Repeat::Once, OK), role, |it| {
                done(it.replace_permissions(&ROLE.parse().expect("it is a SID"), ["sendMessage"]))
            }),
            entry(roles, ("twilio.chat roles.delete", Repeat::Idempotent, NO_CONTENT), "", |it| {
                done(it.delete(&ROLE.parse().expect("it is a SID")))
            }),
        ];
        all.extend(lists(
            roles,
            "twilio.chat roles.list",
            &page,
            |it| it.list().pages(),
            |it| it.list().items(),
        ));
        all
    }
}

#[cfg(feature = "harness")]
mod harness {
    use super::*;
    use rolecall::harness::{
        Harness, NewResourceGroup, NewRole, NewRoleAssignment, Principal, ResourceGroupFilter,
        ResourceGroups, RoleAssignments, Roles,
    };

    fn client(origin: &str, options: ClientOptions) -> Harness {
        let builder = Harness::builder("pat.fakeAccount.fakeTokenId.obviously-fake-secret");
        let builder = builder.base_url(origin).options(options);
        builder.build().expect("the client is set up well")
    }

    /// The same three resources of an account, an organization and a project.
    struct Scope(RoleAssignments, Roles, ResourceGroups);

    fn account(origin: &str, options: ClientOptions) -> Scope {
        let it = client(origin, options).account();
        Scope(it.role_assignments(), it.roles(), it.resource_groups())
    }

    fn org(origin: &str, options: ClientOptions) -> Scope {
        let it = client(origin, options).org("platform").expect("it fits a path");
        Scope(it.role_assignments(), it.roles(), it.resource_groups())
    }

    fn project(origin: &str, options: ClientOptions) -> Scope {
        let it = client(origin, options).org("platform").expect("it fits a path");
        let it = it.project("web shop").expect("it fits a path");
        Scope(it.role_assignments(), it.roles(), it.resource_groups())
    }

    fn wanted() -> NewRoleAssignment {
        let principal = Principal::user_group("sre");
        let group = "_all_organization_level_resources";
        NewRoleAssignment::new("sre_view", "_organization_viewer", group, principal)
            .expect("it is complete")
    }

    fn role() -> NewRole {
        NewRole::new("runner", "Runner", ["core_pipeline_execute"]).expect("it is complete")
    }

    fn group() -> NewResourceGroup {
        NewResourceGroup::new("runs", "Runs").expect("it is complete")
    }

    fn at(make: MakeClient<Scope>, form: &'static str) -> Vec<EveryCall> {
        let an_assignment = fixture!("harness/assignment.full.json");
        let (a_role, a_group) =
            (fixture!("harness/role.full.json"), fixture!("harness/group.full.json"));
        let once = |name| (name, Repeat::Once, CREATED);
        let read = |name| (name, Repeat::Read, OK);
        let idempotent = |name| (name, Repeat::Idempotent, OK);
        let mut all = vec![
            entry(make, once("harness role-assignments.create"), an_assignment, |it| {
                done(it.0.create(&wanted()))
            }),
            entry(make, read("harness role-assignments.get"), an_assignment, |it| {
                done(it.0.get("sre_view"))
            }),
            entry(make, idempotent("harness role-assignments.delete"), an_assignment, |it| {
                done(it.0.delete("sre_view"))
            }),
            entry(
                make,
                read("harness role-assignments.validate"),
                fixture!("harness/validation.full.json"),
                |it| done(it.0.validate(&wanted())),
            ),
            entry(make, once("harness roles.create"), a_role, |it| done(it.1.create(&role()))),
            entry(make, read("harness roles.get"), a_role, |it| done(it.1.get("runner"))),
            entry(make, idempotent("harness roles.update"), a_role, |it| {
                done(it.1.update(&role()))
            }),
            entry(make, idempotent("harness roles.delete"), a_role, |it| {
                done(it.1.delete("runner"))
            }),
            entry(make, once("harness resource-groups.create"), a_group, |it| {
                done(it.2.create(&group()))
            }),
            entry(make, read("harness resource-groups.get"), a_group, |it| done(it.2.get("runs"))),
            entry(make, idempotent("harness resource-groups.update"), a_group, |it| {
                done(it.2.update(&group()))
            }),
            entry(make, idempotent("harness resource-groups.delete"), a_group, |it| {
                done(it.2.delete("runs"))
            }),
        ];
        for call in &mut all {
            call.form = form;
        }
        all.extend(lists(
            make,
            "harness role-assignments.list",
            &format!("[{an_assignment}]"),
            |it| it.0.list().pages(),
            |it| it.0.list().items(),
        ));
        all.extend(lists(
            make,
            "harness roles.list",
            &format!("[{a_role}]"),
            |it| it.1.list().pages(),
            |it| it.1.list().items(),
        ));
        all.extend(lists(
            make,
            "harness resource-groups.list",
            &format!("[{a_group}]"),
            |it| it.2.list().pages(),
            |it| it.2.list().items(),
        ));
        all
    }

    pub(super) fn all() -> Vec<EveryCall> {
        let mut all = at(account, "account");
        all.extend(at(org, "organization"));
        all.extend(at(project, "project"));
        let filter = || ResourceGroupFilter::new().search_term("runs");
        all.extend(lists(
            client,
            "harness resource-groups.filter",
            &format!("[{}]", fixture!("harness/group.full.json")),
            move |it| it.account().filter_resource_groups(&filter()).pages(),
            move |it| it.account().filter_resource_groups(&filter()).items(),
        ));
        all
    }
}

#[cfg(feature = "redox")]
mod redox {
    use super::*;
    use rolecall::redox::{
        Environment, NewRoleAssignment, Organization, Redox, RedoxBuilder, RoleRef, UserRef,
    };

    const BOTH: &[u16] = &[200, 201];

    fn build(builder: RedoxBuilder, origin: &str, options: ClientOptions) -> Redox {
        let builder = builder.base_url(format!("{origin}/platform")).options(options);
        builder.build().expect("the client is set up well")
    }

    fn client(origin: &str, options: ClientOptions) -> Redox {
        build(Redox::builder("obviously-fake-redox-token"), origin, options)
    }

    fn organization(origin: &str, options: ClientOptions) -> Organization {
        client(origin, options).organization("1234").expect("it fits a path")
    }

    fn environment(origin: &str, options: ClientOptions) -> Environment {
        client(origin, options).environment("e-1").expect("it fits a path")
    }

    fn user() -> UserRef {
        UserRef::id("user-1").expect("it is not empty")
    }

    fn wanted() -> NewRoleAssignment {
        NewRoleAssignment::new(RoleRef::new("role-1", "member").expect("it is not empty"), user())
    }

    pub(super) fn all() -> Vec<EveryCall> {
        let assigned = fixture!("redox/assigned.full.json");
        let (of_organization, of_environment) = (
            fixture!("redox/memberships.full.json"),
            fixture!("redox/environment_memberships.full.json"),
        );
        let read = |name| (name, Repeat::Read, BOTH);
        let idempotent = |name| (name, Repeat::Idempotent, BOTH);
        let all = vec![
            entry(organization, read("redox role-assignment.list"), of_organization, |it| {
                done(it.role_assignments().list())
            }),
            entry(organization, idempotent("redox role-assignment.assign"), assigned, |it| {
                done(it.role_assignments().assign(&wanted()))
            }),
            entry(
                organization,
                read("redox environments.list"),
                fixture!("redox/environments.full.json"),
                |it| done(it.environments().list()),
            ),
            entry(
                environment,
                read("redox environment-role-assignment.list"),
                of_environment,
                |it| done(it.role_assignments().list()),
            ),
            entry(
                environment,
                ("redox environment-role-assignment.create", Repeat::Once, BOTH),
                assigned,
                |it| done(it.role_assignments().create(&wanted())),
            ),
            entry(
                environment,
                idempotent("redox environment-role-assignment.assign"),
                assigned,
                |it| done(it.role_assignments().assign(&wanted())),
            ),
            entry(
                environment,
                idempotent("redox environment-role-assignment.delete"),
                assigned,
                |it| done(it.role_assignments().delete(&user())),
            ),
        ];
        #[cfg(feature = "redox-jwt")]
        let all = all.into_iter().chain([by_itself::token()]).collect();
        all
    }

    #[cfg(feature = "redox-jwt")]
    mod by_itself {
        use super::*;
        use rolecall::redox::ApiKey;

        fn with_key(origin: &str, options: ClientOptions) -> Organization {
            let key = fixture!("redox/keys/p384.pem");
            let key = ApiKey::from_pem("fake-client", "fake-key", key).expect("it is a key");
            let token_url = format!("{origin}/v2/auth/token");
            let builder = Redox::with_api_key(key).token_url(token_url);
            let client = build(builder, origin, options);
            client.organization("1234").expect("it fits a path")
        }

        pub(super) fn token() -> EveryCall {
            let mut token = entry(
                with_key,
                ("redox token.create", Repeat::Once, BOTH),
                fixture!("redox/token.json"),
                |it| done(it.role_assignments().assign(&wanted())),
            );
            token.before = Some("/v2/auth/token");
            token
        }
    }
}

#[cfg(feature = "deepset")]
mod deepset {
    use super::*;
    use rolecall::Deepset;
    use rolecall::deepset::{NewRole, Permission};

    fn client(origin: &str, options: ClientOptions) -> Deepset {
        let builder = Deepset::builder("obviously-fake-key").base_url(origin).options(options);
        builder.build().expect("the client is set up well")
    }

    fn roles(origin: &str, options: ClientOptions) -> rolecall::deepset::Roles {
        let organization =
            client(origin, options).organization("7f0c1f5e-0000-4000-8000-000000000000");
        organization.expect("it is a UUID").roles()
    }

    pub(super) fn all() -> Vec<EveryCall> {
        // Of two, as the fixtures say, one is not all.
        let alone = |page: &str| last(&last(page, "/has_more", false.into()), "/total", 1.into());
        let mut all = vec![
            entry(
                roles,
                ("deepset roles.create", Repeat::Once, CREATED),
                fixture!("deepset/role.full.json"),
                |it| {
                    let read = Permission::new("files", "read");
                    done(it.create(&NewRole::new("auditor", "Reads files", [read])))
                },
            ),
            entry(
                client,
                ("deepset me.get", Repeat::Read, OK),
                fixture!("deepset/user.full.json"),
                |it| done(it.me()),
            ),
        ];
        all.extend(lists(
            roles,
            "deepset roles.list",
            &alone(fixture!("deepset/roles.full.json")),
            |it| it.list().pages(),
            |it| it.list().items(),
        ));
        all.extend(lists(
            client,
            "deepset users.list",
            &alone(fixture!("deepset/users.full.json")),
            |it| it.users().list().pages(),
            |it| it.users().list().items(),
        ));
        all
    }
}
