//! Every method of the crate that makes several requests, with the ways that they take.

use std::pin::Pin;
use std::sync::Arc;

use super::subjects::Subject;
use rolecall::{
    BoxFuture, Call, ClientOptions, Ensured, EnsuredAbsent, EnsuredRole, Error, ErrorKind, Items,
};

#[allow(unused_imports, reason = "each vendor uses a part")]
use ErrorKind::{Conflict, Interrupted, InvalidRequest};
use Reported::{AlreadyAbsent, AlreadyExisted, Created, Deleted, Indeterminate, Read};

/// What a method reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reported {
    Created,
    AlreadyExisted,
    Deleted,
    AlreadyAbsent,
    Indeterminate,
    /// So many things were read.
    Read(usize),
}

impl<T> From<Ensured<T>> for Reported {
    fn from(ensured: Ensured<T>) -> Self {
        match ensured {
            Ensured::Created(_) => Created,
            Ensured::AlreadyExisted(_) => AlreadyExisted,
            Ensured::Indeterminate(_) => Indeterminate,
        }
    }
}

impl<R> From<EnsuredRole<R>> for Reported {
    fn from(ensured: EnsuredRole<R>) -> Self {
        match ensured {
            EnsuredRole::Given { .. } => Created,
            EnsuredRole::AlreadyHeld => AlreadyExisted,
            EnsuredRole::Indeterminate { .. } => Indeterminate,
        }
    }
}

impl From<EnsuredAbsent> for Reported {
    fn from(ensured: EnsuredAbsent) -> Self {
        match ensured {
            EnsuredAbsent::Deleted => Deleted,
            EnsuredAbsent::AlreadyAbsent => AlreadyAbsent,
            EnsuredAbsent::Indeterminate => Indeterminate,
        }
    }
}

/// What a method brings about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    There,
    Gone,
    Read,
}

/// A running method.
pub(crate) type Running = BoxFuture<'static, Result<Reported, Error>>;

/// A client of which only the one method is used, again and again.
pub(crate) type Caller = Box<dyn Fn() -> Running>;

/// The facts about a method, whatever the state of the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// The name of the call.
    pub(crate) name: &'static str,
    pub(crate) goal: Goal,
    /// The desired item, as the fake shows it.
    pub(crate) desired: &'static str,
    /// How many of its requests may make the change, according to its docs.
    pub(crate) most: usize,
    /// Whether it reconciles an unknown outcome.
    pub(crate) reconciles: bool,
    /// Refusals that say that something else was not found, or do not say what.
    pub(crate) elsewhere: Elsewhere,
}

type Elsewhere = &'static [(u16, &'static str)];

/// Those of an `ensure`.
fn facts(name: &'static str, desired: &'static str, most: usize, elsewhere: Elsewhere) -> Facts {
    Facts { name, goal: Goal::There, desired, most, reconciles: true, elsewhere }
}

/// Brings a service into the state that a way begins in, and makes a client of it, both by way of the
/// address given to it.
type MakeCaller = Box<dyn Fn(String, ClientOptions) -> Making>;

type Making = Pin<Box<dyn Future<Output = Caller>>>;

/// A service, still empty.
pub(crate) struct Service {
    pub(crate) uri: String,
    /// All that there is.
    pub(crate) held: Box<dyn Fn() -> Vec<String>>,
    pub(crate) caller: MakeCaller,
}

/// One way of a method through its requests.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) facts: Facts,
    pub(crate) name: &'static str,
    /// The methods of its requests. One with a mark gets no response: the connection ends before the
    /// service processes it (`?`), or after (`!`).
    pub(crate) steps: &'static str,
    /// The result.
    pub(crate) outcome: Result<Reported, ErrorKind>,
    pub(crate) start: Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Service>>> + Send + Sync>,
}

impl Way {
    /// The last of its steps that has a mark.
    pub(crate) fn mark(&self) -> Option<usize> {
        let steps: Vec<_> = self.steps.split(' ').collect();
        steps.iter().rposition(|step| step.ends_with(['?', '!']))
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {} ({})", self.facts.name, self.name, self.steps)
    }
}

/// A method of `C` against the fake of `S`, in which a way may find some `T`.
struct Method<S, C, T> {
    facts: Facts,
    start: fn() -> BoxFuture<'static, S>,
    client: fn(&S, &str, ClientOptions) -> C,
    call: fn(C) -> Running,
    held: fn(&S) -> Vec<String>,
    create: fn(&C, &T) -> BoxFuture<'static, ()>,
    /// How the fake is set up when all is created.
    set_up: fn(&S),
}

impl<S, C, T> Clone for Method<S, C, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, C, T> Copy for Method<S, C, T> {}

impl<S: Subject, C: Clone + 'static, T: Send + Sync + 'static> Method<S, C, T> {
    /// Another method about the same.
    fn other(self, name: &'static str, goal: Goal, most: usize, call: fn(C) -> Running) -> Self {
        Self { facts: Facts { name, goal, most, ..self.facts }, call, ..self }
    }

    fn with(self, set_up: fn(&S)) -> Self {
        Self { set_up, ..self }
    }

    /// The way through these steps, where it finds these.
    fn way<const N: usize>(
        self,
        name: &'static str,
        steps: &'static str,
        outcome: Result<Reported, ErrorKind>,
        things: [T; N],
    ) -> Way {
        let Self { facts, start, client, call, held, create, set_up } = self;
        let things = Arc::new(things);
        let start = move || -> Pin<Box<dyn Future<Output = Service>>> {
            let things = Arc::clone(&things);
            Box::pin(async move {
                let fake = Arc::new(start().await);
                let (uri, serves) = (fake.fake().uri(), Arc::clone(&fake));
                let caller = move |origin: String, options| -> Making {
                    let (fake, things) = (Arc::clone(&serves), Arc::clone(&things));
                    Box::pin(async move {
                        let direct = client(&fake, &origin, ClientOptions::default());
                        for thing in &*things {
                            create(&direct, thing).await;
                        }
                        set_up(&fake);
                        let client = client(&fake, &origin, options);
                        Box::new(move || call(client.clone())) as Caller
                    })
                };
                Service { uri, held: Box::new(move || held(&fake)), caller: Box::new(caller) }
            })
        };
        Way { facts, name, steps, outcome, start: Arc::new(start) }
    }
}

fn reported<A: Into<Reported> + Send + 'static>(call: Call<A>) -> Running {
    Box::pin(async { call.await.map(Into::into) })
}

fn read<T: Send + 'static>(items: Items<T>) -> Running {
    Box::pin(async { items.try_collect().await.map(|all| Read(all.len())) })
}

fn done<A: Send + 'static>(call: Call<A>) -> BoxFuture<'static, ()> {
    Box::pin(async { drop(call.await.expect("the fake is as it should be")) })
}

/// Each as its two parts that matter.
fn shown<T>(all: Vec<T>, parts: impl Fn(T) -> [Option<String>; 2]) -> Vec<String> {
    all.into_iter().map(|one| parts(one).map(Option::unwrap_or_default).join(" ")).collect()
}

/// All ways whose vendor is built in.
pub(crate) fn every_way() -> Vec<Way> {
    let mut all = Vec::new();
    #[cfg(feature = "twilio")]
    all.extend(
        [
            twilio_iam::role_assignments(),
            twilio_iam::users(),
            twilio_chat::all(),
            twilio_people::all(),
        ]
        .concat(),
    );
    #[cfg(feature = "harness")]
    all.extend(harness::all());
    #[cfg(feature = "redox")]
    all.extend(redox::all());
    #[cfg(feature = "deepset")]
    all.extend(deepset::all());
    all
}

#[cfg(feature = "twilio")]
const TWILIO_ELSEWHERE: Elsewhere = &[
    (404, r#"{"code":20404,"message":"The requested resource was not found","status":404}"#),
    (404, r#"{"code":25100,"message":"Organization not found","status":404}"#),
    (404, r#"{"code":50050,"message":"Service not found","status":404}"#),
];

#[cfg(feature = "twilio")]
fn conversations_at(
    fake: &super::subjects::TwilioChat,
    origin: &str,
    options: ClientOptions,
) -> rolecall::TwilioConversations {
    let builder = fake.0.conversations_builder().base_url(origin).options(options);
    builder.build().expect("the client is set up well")
}

/// The first request of each way is that for the token.
#[cfg(feature = "twilio")]
mod twilio_iam {
    use super::*;
    use crate::support::subjects::TwilioIam;
    use rolecall::testing::TwilioIamFake;
    use rolecall::twilio::iam::{Email, NewRoleAssignment, NewUser, Organization};

    const ALEX: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const BO: &str = "USbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    /// The second that is created.
    const SECOND_ASSIGNMENT: &str = "IY00000000000000000000000000000002";
    const SECOND_USER: &str = "US00000000000000000000000000000002";

    fn organization(fake: &TwilioIam, origin: &str, options: ClientOptions) -> Organization {
        fake.client_at(origin, options).organization(TwilioIamFake::ORGANIZATION)
    }

    /// Over the organization, whose list shows it.
    fn whole(user: &str) -> NewRoleAssignment {
        let role = "IX00000000000000000000000000000104";
        NewRoleAssignment::new(role, TwilioIamFake::ORGANIZATION, user).expect("they are SIDs")
    }

    fn desired() -> NewRoleAssignment {
        whole(ALEX).resource("queue", "desired")
    }

    pub(super) fn role_assignments() -> Vec<Way> {
        let other = || whole(ALEX).resource("queue", "other");
        let of_bo = || whole(BO).resource("queue", "desired");
        let (there, both) = (|| [of_bo(), desired()], || [other(), desired()]);
        let held = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa desired";
        let ensure = Method {
            facts: facts("twilio.iam role-assignments.ensure", held, 1, TWILIO_ELSEWHERE),
            start: || Box::pin(TwilioIam::start()),
            client: |fake, origin, options| organization(fake, origin, options).role_assignments(),
            call: |it| reported(it.ensure(&desired())),
            held: |fake: &TwilioIam| {
                shown(fake.0.role_assignments(), |one| {
                    [one.identity.map(|sid| sid.to_string()), one.resource_id]
                })
            },
            create: |it, one| done(it.create(one)),
            set_up: |_| {},
        };
        // Two attempts, and two more to find out what they did.
        let absent = "twilio.iam role-assignments.ensure_absent";
        let absent =
            ensure.other(absent, Goal::Gone, 4, |it| reported(it.ensure_absent(SECOND_ASSIGNMENT)));
        let reads = ensure.other("twilio.iam role-assignments.list", Goal::Read, 0, |it| {
            read(it.list().identity(ALEX).page_size(1).items())
        });
        let paged = ensure.with(|fake| fake.0.page_size(1));
        let lost = "POST DELETE! DELETE DELETE GET";
        vec![
            ensure.way("absent", "POST GET POST", Ok(Created), [of_bo()]),
            ensure.way("there", "POST GET", Ok(AlreadyExisted), there()),
            paged.way("on page 2", "POST GET GET", Ok(AlreadyExisted), both()),
            ensure.way("more is there", "POST GET", Err(Conflict), [whole(ALEX)]),
            ensure.way("response lost", "POST GET POST! GET", Ok(Indeterminate), [of_bo()]),
            ensure.way("lost", "POST GET POST? GET GET", Err(Interrupted), [of_bo()]),
            absent.way("there", "POST DELETE", Ok(Deleted), there()),
            absent.way("absent", "POST DELETE GET", Ok(AlreadyAbsent), [of_bo()]),
            absent.way("response lost", lost, Ok(Indeterminate), there()),
            reads.way("two pages", "POST GET GET", Ok(Read(2)), both()),
        ]
    }

    pub(super) fn users() -> Vec<Way> {
        let user =
            |name: &str| NewUser::new(name).expect("it is a name").email(Email::primary(name));
        let (bo, alex) = (|| user("bo@example.com"), || user("alex@example.com"));
        let name = "twilio.iam users.ensure_deactivated";
        let facts = facts(name, "alex@example.com ", 2, TWILIO_ELSEWHERE);
        let gone = Method {
            facts: Facts { goal: Goal::Gone, ..facts },
            start: || Box::pin(TwilioIam::start()),
            client: |fake, origin, options| organization(fake, origin, options).users(),
            call: |it| reported(it.ensure_deactivated(SECOND_USER)),
            held: |fake: &TwilioIam| {
                let active = fake.0.users().into_iter().filter(|user| user.active != Some(false));
                shown(active.collect(), |user| [user.user_name, None])
            },
            create: |it, one| done(it.create(one)),
            set_up: |_| {},
        };
        let (there, lost) = (|| [bo(), alex()], "POST GET DELETE! DELETE! GET");
        vec![
            gone.way("active", "POST GET DELETE", Ok(Deleted), there()),
            gone.way("inactive", "POST GET", Ok(AlreadyAbsent), [bo(), alex().active(false)]),
            gone.way("absent", "POST GET", Ok(AlreadyAbsent), [bo()]),
            gone.way("responses lost", lost, Ok(Indeterminate), there()),
        ]
    }
}

#[cfg(feature = "twilio")]
mod twilio_chat {
    use super::*;
    use crate::support::subjects::TwilioChat;
    use rolecall::twilio::chat::{NewRole, PermissionsChanged};

    const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// The second that is created.
    const SECOND: &str = "RL00000000000000000000000000000002";

    fn role<const N: usize>(kind: &str, name: &str, permissions: [&str; N]) -> NewRole {
        NewRole::new(name, kind, permissions).expect("it is complete")
    }

    /// What became of the one permission; of no other there may be a word.
    impl From<PermissionsChanged> for Reported {
        fn from(now: PermissionsChanged) -> Self {
            match (&now.added[..], &now.removed[..]) {
                ([], []) => AlreadyExisted,
                ([one], []) if one == "sendMessage" => Created,
                ([], [one]) if one == "sendMessage" => Deleted,
                _ => panic!("{now:?}"),
            }
        }
    }

    /// The ways of one product.
    macro_rules! roles {
        ($kind:literal, $product:literal, $client:expr $(,)?) => {{
            fn desired() -> NewRole {
                role($kind, "reader", ["leaveChannel"])
            }
            let other = || role($kind, "other", ["leaveChannel", "sendMessage"]);
            let more = || role($kind, "reader", ["leaveChannel", "sendMessage"]);
            let last = || [other(), role($kind, "reader", ["sendMessage"])];
            let (there, with_more) = (|| [other(), desired()], || [other(), more()]);
            let held = r#"reader ["leaveChannel"]"#;
            let ensure = Method {
                facts: facts(concat!($product, " roles.ensure"), held, 1, TWILIO_ELSEWHERE),
                start: || Box::pin(TwilioChat::start()),
                client: $client,
                call: |it| reported(it.ensure(&desired())),
                held: |fake: &TwilioChat| {
                    shown(fake.0.roles(), |role| {
                        [role.friendly_name, role.permissions.map(|all| format!("{all:?}"))]
                    })
                },
                create: |it, one| done(it.create(one)),
                set_up: |_| {},
            };
            let absent = concat!($product, " roles.ensure_absent");
            let absent =
                ensure.other(absent, Goal::Gone, 2, |it| reported(it.ensure_absent(SECOND)));
            // Those that are about one permission.
            let permission = Method {
                facts: Facts { desired: "reader sendMessage", reconciles: false, ..ensure.facts },
                held: |fake: &TwilioChat| {
                    let parts = fake.0.roles().into_iter().flat_map(|role| {
                        let permissions = role.permissions.into_iter().flatten();
                        permissions.map(move |one| [role.friendly_name.clone(), Some(one)])
                    });
                    shown(parts.collect(), |parts| parts)
                },
                ..ensure
            };
            let add = concat!($product, " roles.add_permissions");
            let add = permission.other(add, Goal::There, 1, |it| {
                reported(it.add_permissions(SECOND, ["sendMessage"]))
            });
            let remove = concat!($product, " roles.remove_permissions");
            let remove = permission.other(remove, Goal::Gone, 1, |it| {
                let removed = reported(it.remove_permissions(SECOND, ["sendMessage"]));
                let same =
                    |outcome| if outcome == AlreadyExisted { AlreadyAbsent } else { outcome };
                Box::pin(async move { removed.await.map(same) })
            });
            vec![
                ensure.way("absent", "GET POST", Ok(Created), [other()]),
                ensure.way("there", "GET", Ok(AlreadyExisted), there()),
                ensure.way("another is there", "GET", Err(Conflict), [more()]),
                ensure.way("response lost", "GET POST! GET", Ok(Indeterminate), [other()]),
                ensure.way("lost", "GET POST? GET GET", Err(Interrupted), [other()]),
                absent.way("there", "DELETE", Ok(Deleted), there()),
                absent.way("absent", "DELETE", Ok(AlreadyAbsent), [other()]),
                absent.way("responses lost", "DELETE! DELETE! GET", Ok(Indeterminate), there()),
                add.way("lacking", "GET POST", Ok(Created), there()),
                add.way("there", "GET", Ok(AlreadyExisted), with_more()),
                remove.way("there", "GET POST", Ok(Deleted), with_more()),
                remove.way("lacking", "GET", Ok(AlreadyAbsent), there()),
                remove.way("none would be left", "GET", Err(InvalidRequest), last()),
            ]
        }};
    }

    pub(super) fn all() -> Vec<Way> {
        let mut all = roles!("channel", "twilio.chat", |fake: &TwilioChat, origin, options| {
            fake.client_at(origin, options).service(SERVICE).roles()
        });
        all.extend(roles!(
            "conversation",
            "twilio.conversations",
            |fake: &TwilioChat, origin, options| {
                conversations_at(fake, origin, options).default_service().roles()
            },
        ));
        all
    }
}

/// Who has which role in Chat and in Conversations.
#[cfg(feature = "twilio")]
mod twilio_people {
    use super::*;
    use crate::support::subjects::TwilioChat;
    use rolecall::testing::TwilioChatFake;
    use rolecall::twilio::chat::{
        DefaultRoles, NewMember, NewRole, NewUser, RevokedRole, RoleSid, RoleType,
    };
    use rolecall::twilio::conversations::NewParticipant;

    const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const DEFAULT: &str = TwilioChatFake::DEFAULT_SERVICE;
    const CHANNEL: &str = "CH00000000000000000000000000000001";
    /// The roles that the fake starts with, in their order.
    const GUEST: &str = "RL00000000000000000000000000000001";
    const ADMIN: &str = "RL00000000000000000000000000000002";
    const READER: &str = "RL00000000000000000000000000000003";
    const MODERATOR: &str = "RL00000000000000000000000000000004";

    impl From<RevokedRole> for Reported {
        fn from(revoked: RevokedRole) -> Self {
            match revoked {
                RevokedRole::Revoked { .. } => Deleted,
                RevokedRole::NotHeld => AlreadyAbsent,
                RevokedRole::Indeterminate { .. } => Indeterminate,
            }
        }
    }

    fn sid(text: &str) -> RoleSid {
        RoleSid::new(text).expect("it is a SID")
    }

    /// A service with two roles for users and two for members, the first of each as its default, and
    /// a channel.
    async fn start(sid_of_service: &str) -> TwilioChat {
        let fake = TwilioChat::start().await;
        let service = fake.client(ClientOptions::default()).service(sid_of_service);
        for (name, kind) in [
            ("guest", RoleType::Deployment),
            ("admin", RoleType::Deployment),
            ("reader", RoleType::Channel),
            ("moderator", RoleType::Channel),
        ] {
            let new = NewRole::new(name, kind, ["editOwnMessage"]).expect("it is complete");
            service.roles().create(&new).await.expect("it is created");
        }
        let defaults = DefaultRoles::default().service(sid(GUEST)).channel(sid(READER));
        service.update_default_roles(&defaults).await.expect("they are set");
        fake.0.add_channel(sid_of_service, "support", "private");
        fake
    }

    /// Who of these has which role; of the one whose role is changed, only whether it has that one.
    fn held<T>(
        all: Vec<T>,
        role: &str,
        parts: impl Fn(T) -> (Option<String>, Option<RoleSid>),
    ) -> Vec<String> {
        let parts = all.into_iter().map(parts).map(|(identity, role)| {
            (identity.unwrap_or_default(), role.map(|sid| sid.to_string()).unwrap_or_default())
        });
        let counted = parts.filter(|(identity, held)| identity != "alice" || held == role);
        counted.map(|(identity, role)| format!("{identity} {role}")).collect()
    }

    /// The ways of users, or of members.
    macro_rules! holders {
        (
            $name:literal, $service:ident, $client:expr, $new:path, $all:ident,
            [$first:ident, $second:ident], $read:literal $(,)?
        ) => {{
            let (bo, other, wanted) =
                (|| ("bo", $second), || ("alice", $first), || ("alice", $second));
            let desired = match $second {
                ADMIN => "alice RL00000000000000000000000000000002",
                _ => "alice RL00000000000000000000000000000004",
            };
            let ensure = Method {
                facts: facts(concat!($name, ".ensure_role"), desired, 4, TWILIO_ELSEWHERE),
                start: || Box::pin(start($service)),
                client: $client,
                call: |it| reported(it.ensure_role("alice", $second)),
                held: |fake: &TwilioChat| {
                    held(fake.0.$all(), $second, |one| {
                        (one.identity.map(|identity| identity.to_string()), one.role_sid)
                    })
                },
                create: |it, (identity, role): &(&str, &str)| {
                    let new = $new(*identity).expect("it is an identity");
                    done(it.create(&new.role_sid(sid(role))))
                },
                set_up: |_| {},
            };
            let name = concat!($name, ".revoke_role");
            let revoke =
                ensure.other(name, Goal::Gone, 2, |it| reported(it.revoke_role("alice", $second)));
            let default =
                revoke.other(name, Goal::Read, 0, |it| reported(it.revoke_role("alice", $first)));
            let twice_lost = "GET POST? POST? GET GET POST";
            vec![
                ensure.way("another role", "GET POST", Ok(Created), [bo(), other()]),
                ensure.way("held", "GET", Ok(AlreadyExisted), [bo(), wanted()]),
                ensure.way("unknown", "GET", Err(ErrorKind::NotFound), [bo()]),
                ensure.way("lost, twice", twice_lost, Ok(Created), [bo(), other()]),
                ensure.way(
                    "responses lost",
                    "GET POST! POST! GET",
                    Ok(Indeterminate),
                    [bo(), other()],
                ),
                revoke.way("held", concat!($read, " POST"), Ok(Deleted), [bo(), wanted()]),
                revoke.way("another role", "GET", Ok(AlreadyAbsent), [bo(), other()]),
                revoke.way(
                    "lost",
                    concat!($read, " POST? GET GET POST"),
                    Ok(Deleted),
                    [bo(), wanted()],
                ),
                revoke.way(
                    "response lost",
                    concat!($read, " POST! GET"),
                    Ok(Indeterminate),
                    [bo(), wanted()],
                ),
                default.way("of the default", $read, Err(Conflict), [bo(), other()]),
            ]
        }};
    }

    pub(super) fn all() -> Vec<Way> {
        let mut all = holders!(
            "twilio.chat users",
            SERVICE,
            |fake, origin, options| fake.client_at(origin, options).service(SERVICE).users(),
            NewUser::new,
            users,
            [GUEST, ADMIN],
            "GET GET"
        );
        all.extend(holders!(
            "twilio.chat members",
            SERVICE,
            |fake, origin, options| {
                fake.client_at(origin, options).service(SERVICE).channel("support").members()
            },
            NewMember::new,
            members,
            [READER, MODERATOR],
            "GET GET"
        ));
        // The default service is looked up before its defaults are read.
        all.extend(holders!(
            "twilio.conversations users",
            DEFAULT,
            |fake, origin, options| {
                conversations_at(fake, origin, options).default_service().users()
            },
            NewUser::new,
            users,
            [GUEST, ADMIN],
            "GET GET GET"
        ));
        all.extend(holders!(
            "twilio.conversations participants",
            SERVICE,
            |fake, origin, options| {
                let service = conversations_at(fake, origin, options).service(SERVICE);
                service.conversation(CHANNEL).participants()
            },
            NewParticipant::chat,
            members,
            [READER, MODERATOR],
            "GET GET"
        ));
        all
    }
}

#[cfg(feature = "harness")]
mod harness {
    use super::*;
    use crate::support::subjects::Harness;
    use rolecall::harness::{NewResourceGroup, NewRole, NewRoleAssignment, Principal, Scope};
    use rolecall::testing::{HarnessDuplicates, HarnessFake};

    const SCOPE: &str = "orgs/platform";

    const ELSEWHERE: Elsewhere = &[
        (404, r#"{"code":"RESOURCE_NOT_FOUND","message":"HTTP 404 Not Found"}"#),
        (404, r#"{"code":"ENTITY_NOT_FOUND","message":"Organization is not found"}"#),
        (400, r#"{"code":"INVALID_REQUEST","message":"Organization is not found"}"#),
    ];

    fn org(fake: &Harness, origin: &str, options: ClientOptions) -> Scope {
        fake.client_at(origin, options).org("platform")
    }

    fn assignment(identifier: &str, role: &str, group: &str) -> NewRoleAssignment {
        let group = Principal::user_group(group);
        NewRoleAssignment::new(identifier, role, "all", group).expect("it is complete")
    }

    fn role(identifier: &str, name: &str) -> NewRole {
        let role = NewRole::new(identifier, name, ["core_pipeline_execute"]);
        role.expect("it is complete").tolerate([HarnessFake::COMPULSORY_PERMISSION])
    }

    fn group(identifier: &str, name: &str) -> NewResourceGroup {
        NewResourceGroup::new(identifier, name).expect("it is complete")
    }

    fn desired() -> NewRoleAssignment {
        assignment("desired", "_organization_viewer", "sre")
    }

    fn role_assignments() -> Vec<Way> {
        let other = || assignment("other", "_organization_viewer", "other");
        let renamed = || [other(), assignment("renamed", "_organization_viewer", "sre")];
        let changed = || assignment("desired", "_organization_admin", "sre");
        let there = || [other(), desired()];
        let (name, held) = ("harness role-assignments.ensure", "_organization_viewer sre");
        let ensure = Method {
            facts: facts(name, held, 2, ELSEWHERE),
            start: || Box::pin(Harness::start()),
            client: |fake, origin, options| org(fake, origin, options).role_assignments(),
            call: |it| reported(it.ensure(&desired())),
            held: |fake: &Harness| {
                shown(fake.0.role_assignments(SCOPE), |held| {
                    let held = held.role_assignment;
                    [held.role, held.principal.and_then(|principal| principal.identifier)]
                })
            },
            create: |it, one| done(it.create(one)),
            set_up: |_| {},
        };
        let absent = "harness role-assignments.ensure_absent";
        let absent =
            ensure.other(absent, Goal::Gone, 2, |it| reported(it.ensure_absent("desired")));
        let reads = ensure.other("harness role-assignments.list", Goal::Read, 0, |it| {
            read(it.list().page_size(1).items())
        });
        let by_400 = ensure.with(|fake| fake.0.duplicates(HarnessDuplicates::DuplicateField));
        let by_409 = ensure.with(|fake| fake.0.duplicates(HarnessDuplicates::Conflict));
        let managed = absent.with(|fake| fake.0.manage(SCOPE, "desired"));
        let by_404 = absent.with(|fake| fake.0.missing(404, "RESOURCE_NOT_FOUND"));
        let lost = "GET POST? GET GET GET GET POST";
        vec![
            ensure.way("absent", "GET POST", Ok(Created), [other()]),
            ensure.way("there", "GET", Ok(AlreadyExisted), there()),
            by_400.way("renamed, 400", "GET POST GET GET", Ok(AlreadyExisted), renamed()),
            by_409.way("renamed, 409", "GET POST GET GET", Ok(AlreadyExisted), renamed()),
            ensure.way("renamed, 500", "GET POST GET GET", Ok(Indeterminate), renamed()),
            ensure.way("another is there", "GET", Err(Conflict), [changed()]),
            ensure.way("response lost", "GET POST! GET", Ok(Indeterminate), [other()]),
            ensure.way("lost", lost, Ok(Created), [other()]),
            absent.way("there", "DELETE", Ok(Deleted), there()),
            managed.way("managed", "DELETE", Err(InvalidRequest), [desired()]),
            absent.way("absent", "DELETE", Ok(AlreadyAbsent), [other()]),
            by_404.way("by 404", "DELETE GET GET", Ok(AlreadyAbsent), [other()]),
            absent.way("response lost", "DELETE! DELETE GET", Ok(Indeterminate), there()),
            reads.way("two pages", "GET GET", Ok(Read(2)), there()),
        ]
    }

    /// The ways of those that differ in name alone.
    macro_rules! named {
        ($name:literal, $resources:ident, $new:ident) => {{
            let (other, desired) = (|| $new("other", "Other"), || $new("desired", "Desired"));
            let changed = || $new("desired", "Changed");
            let there = || [other(), desired()];
            let ensure = Method {
                facts: facts(concat!($name, ".ensure"), "desired Desired", 2, ELSEWHERE),
                start: || Box::pin(Harness::start()),
                client: |fake, origin, options| org(fake, origin, options).$resources(),
                call: |it| reported(it.ensure(&$new("desired", "Desired"))),
                held: |fake: &Harness| {
                    shown(fake.0.$resources(SCOPE), |one| {
                        [Some(one.identifier.to_string()), one.name]
                    })
                },
                create: |it, one| done(it.create(one)),
                set_up: |_| {},
            };
            let absent = concat!($name, ".ensure_absent");
            let absent =
                ensure.other(absent, Goal::Gone, 2, |it| reported(it.ensure_absent("desired")));
            vec![
                ensure.way("absent", "GET POST", Ok(Created), [other()]),
                ensure.way("there", "GET", Ok(AlreadyExisted), there()),
                ensure.way("another is there", "GET", Err(Conflict), [changed()]),
                ensure.way("response lost", "GET POST! GET", Ok(Indeterminate), [other()]),
                absent.way("there", "DELETE", Ok(Deleted), there()),
                absent.way("absent", "DELETE GET GET", Ok(AlreadyAbsent), [other()]),
                absent.way("response lost", "DELETE! DELETE GET GET", Ok(Indeterminate), there()),
            ]
        }};
    }

    pub(super) fn all() -> Vec<Way> {
        let mut all = role_assignments();
        all.extend(named!("harness roles", roles, role));
        all.extend(named!("harness resource-groups", resource_groups, group));
        all
    }
}

#[cfg(feature = "redox")]
mod redox {
    use super::*;
    use crate::support::subjects::Redox;
    use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
    use rolecall::testing::{RedoxAbsent, RedoxMembership};

    const ELSEWHERE: Elsewhere = &[(404, r#"{"message":"Not found"}"#)];

    async fn start() -> Redox {
        let fake = Redox::start().await;
        fake.0.add_environment("7", "e-1", "Clinic", "Development");
        fake
    }

    fn user(id: &str) -> UserRef {
        UserRef::id(id).expect("it is not empty")
    }

    fn given(user_id: &str, role: &str) -> NewRoleAssignment {
        NewRoleAssignment::new(RoleRef::id(role).expect("it is not empty"), user(user_id))
    }

    fn held(memberships: Vec<RedoxMembership>) -> Vec<String> {
        shown(memberships, |held| [Some(held.user), Some(held.role)])
    }

    /// The same without the role that is replaced.
    fn kept(memberships: Vec<RedoxMembership>) -> Vec<String> {
        let mut all = held(memberships);
        all.retain(|one| one != "u-1 r-2");
        all
    }

    pub(super) fn all() -> Vec<Way> {
        let (other, changed) = (|| given("u-2", "r-1"), || given("u-1", "r-2"));
        let there = || [other(), given("u-1", "r-1")];
        let ensure = Method {
            facts: facts("redox role-assignment.ensure", "u-1 r-1", 2, ELSEWHERE),
            start: || Box::pin(start()),
            client: |fake: &Redox, origin, options| {
                fake.client_at(origin, options).organization("7").role_assignments()
            },
            call: |it| reported(it.ensure(&given("u-1", "r-1"))),
            held: |fake| held(fake.0.memberships()),
            create: |it, one| done(it.assign(one)),
            set_up: |_| {},
        };
        let reads =
            ensure.other("redox role-assignment.list", Goal::Read, 0, |it| read(it.list().items()));
        let mut all = vec![
            reads.way("all", "GET", Ok(Read(2)), there()),
            ensure.way("absent", "GET PUT", Ok(Created), [other()]),
            ensure.way("there", "GET", Ok(AlreadyExisted), there()),
            ensure.way("another is there", "GET", Err(Conflict), [changed()]),
            ensure.way("response lost", "GET PUT! GET", Ok(Indeterminate), [other()]),
            ensure.way("lost", "GET PUT? GET GET PUT", Ok(Created), [other()]),
        ];
        let name = "redox role-assignment.ensure_role";
        let role =
            ensure.other(name, Goal::There, 2, |it| reported(it.ensure_role(&given("u-1", "r-1"))));
        let role = Method { held: |fake: &Redox| kept(fake.0.memberships()), ..role };
        let name = "redox role-assignment.ensure_member_absent";
        let absent =
            ensure.other(name, Goal::Gone, 2, |it| reported(it.ensure_member_absent(&user("u-1"))));
        let last = || [given("u-2", "member"), given("u-1", "owner")];
        all.extend([
            role.way("absent", "GET PUT", Ok(Created), [other()]),
            role.way("there", "GET", Ok(AlreadyExisted), there()),
            role.way("another is there", "GET PUT", Ok(Created), [changed()]),
            role.way("response lost", "GET PUT! GET", Ok(Indeterminate), [changed()]),
            role.way("lost", "GET PUT? GET GET PUT", Ok(Created), [changed()]),
            absent.way("there", "GET DELETE GET", Ok(Deleted), there()),
            absent.way("absent", "GET", Ok(AlreadyAbsent), [other()]),
            absent.way("the last owner", "GET DELETE GET", Err(Conflict), last()),
            absent.way("response lost", "GET DELETE! DELETE GET", Ok(Indeterminate), there()),
        ]);
        let events = Method {
            client: |fake: &Redox, origin, options| {
                fake.client_at(origin, options).organization("7")
            },
            create: |it, one| done(it.role_assignments().assign(one)),
            call: |it| read(it.audit_events().list().page_size(1).items()),
            facts: Facts {
                name: "redox audit-events.list",
                goal: Goal::Read,
                most: 0,
                ..reads.facts
            },
            start: reads.start,
            held: reads.held,
            set_up: reads.set_up,
        };
        all.push(events.way("two pages", "GET GET", Ok(Read(2)), there()));
        let name = "redox environment-role-assignment.ensure";
        let ensure = Method {
            facts: facts(name, "u-1 r-1", 1, ELSEWHERE),
            start: || Box::pin(start()),
            client: |fake: &Redox, origin, options| {
                fake.client_at(origin, options).environment("e-1").role_assignments()
            },
            call: |it| reported(it.ensure(&given("u-1", "r-1"))),
            held: |fake| held(fake.0.environment_memberships()),
            create: |it, one| done(it.assign(one)),
            set_up: |_| {},
        };
        let role = "redox environment-role-assignment.ensure_role";
        let role = |most| Method {
            held: |fake: &Redox| kept(fake.0.environment_memberships()),
            ..ensure
                .other(role, Goal::There, most, |it| reported(it.ensure_role(&given("u-1", "r-1"))))
        };
        let (added, replaced) = (role(1), role(2));
        let absent = "redox environment-role-assignment.ensure_absent";
        let absent =
            ensure.other(absent, Goal::Gone, 2, |it| reported(it.ensure_absent(&user("u-1"))));
        let denied = absent.with(|fake| fake.0.absent(RedoxAbsent::Unsuccessful));
        let lost = "GET DELETE! DELETE GET";
        all.extend([
            ensure.way("absent", "GET POST", Ok(Created), [other()]),
            ensure.way("there", "GET", Ok(AlreadyExisted), there()),
            ensure.way("another is there", "GET", Err(Conflict), [changed()]),
            ensure.way("response lost", "GET POST! GET", Ok(Indeterminate), [other()]),
            ensure.way("lost", "GET POST? GET GET", Err(Interrupted), [other()]),
            added.way("absent", "GET POST", Ok(Created), [other()]),
            added.way("there", "GET", Ok(AlreadyExisted), there()),
            replaced.way("another is there", "GET PUT", Ok(Created), [changed()]),
            added.way("response lost", "GET POST! GET", Ok(Indeterminate), [other()]),
            added.way("lost", "GET POST? GET GET", Err(Interrupted), [other()]),
            replaced.way("PUT lost", "GET PUT? GET GET PUT", Ok(Created), [changed()]),
            absent.way("there", "GET DELETE", Ok(Deleted), there()),
            absent.way("absent", "GET", Ok(AlreadyAbsent), [other()]),
            absent.way("response lost", lost, Ok(Indeterminate), there()),
            denied.way("response lost, denied", lost, Ok(Indeterminate), there()),
        ]);
        all
    }
}

#[cfg(feature = "deepset")]
mod deepset {
    use super::*;
    use crate::support::subjects::Deepset;
    use rolecall::deepset::{NewRole, Permission};
    use rolecall::testing::DeepsetFake;

    const ELSEWHERE: Elsewhere = &[(404, r#"{"detail":"Organization not found"}"#)];

    fn role(name: &str, description: &str) -> NewRole {
        NewRole::new(name, description, [Permission::new("files", "read")])
    }

    pub(super) fn all() -> Vec<Way> {
        let (other, changed) = (|| role("other", "Desired"), || role("desired", "Changed"));
        let there = || [other(), role("desired", "Desired")];
        let ensure = Method {
            facts: facts("deepset roles.ensure", "desired Desired", 2, ELSEWHERE),
            start: || Box::pin(Deepset::start()),
            client: |fake: &Deepset, origin, options| {
                fake.client_at(origin, options).organization(DeepsetFake::ORGANIZATION).roles()
            },
            call: |it| reported(it.ensure(&role("desired", "Desired"))),
            held: |fake| shown(fake.0.roles(), |role| [role.role_name, role.description]),
            create: |it, one| done(it.create(one)),
            set_up: |_| {},
        };
        let reads = ensure.other("deepset roles.list", Goal::Read, 0, |it| read(it.list().items()));
        let bodiless = ensure.with(|fake| fake.0.error_bodies(false));
        let paged = reads.with(|fake| fake.0.page_size(1));
        vec![
            ensure.way("absent", "POST", Ok(Created), [other()]),
            ensure.way("there", "POST GET", Ok(AlreadyExisted), there()),
            bodiless.way("there, by an empty 409", "POST GET", Ok(AlreadyExisted), there()),
            ensure.way("another is there", "POST GET", Err(Conflict), [changed()]),
            ensure.way("response lost", "POST! GET", Ok(Indeterminate), [other()]),
            ensure.way("lost", "POST? GET GET POST", Ok(Created), [other()]),
            paged.way("two pages", "GET GET", Ok(Read(2)), there()),
        ]
    }
}
