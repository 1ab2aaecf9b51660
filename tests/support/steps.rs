//! Every method of the crate that makes several requests, with its ways through them.

use std::sync::Arc;

use rolecall::access::{ReadAssignments, ReadRoles};
use rolecall::{BoxFuture, Call, ClientOptions, Ensured, EnsuredAbsent, Error, ErrorKind, Items};

use ErrorKind::{Conflict, Interrupted, InvalidRequest};
use Told::{Absent, Created, Existed, Present, Read, Removed, WasAbsent};

/// What a method says that it did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Told {
    Created,
    Existed,
    Present,
    Removed,
    WasAbsent,
    Absent,
    /// So many things were read.
    Read(usize),
}

/// What a method sees to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    There,
    Gone,
    Read,
}

/// A method under way.
pub(crate) type Running = BoxFuture<'static, Result<Told, Error>>;

/// A client of which nothing is used but the one method, again and again.
pub(crate) type Caller = Box<dyn Fn() -> Running + Send + Sync>;

/// What is true of a method, whatever the service holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// Where it is in the sources: `folder/file::method`.
    pub(crate) name: &'static str,
    pub(crate) goal: Goal,
    /// What it sees to, as the service holds it.
    pub(crate) wanted: &'static str,
    /// How many of its requests may have made the change, by its docs.
    pub(crate) most: usize,
    /// Whether it finds out by itself what an answer leaves open.
    pub(crate) settles: bool,
    /// How the service says that it was something else that was not found, or does not say what.
    pub(crate) elsewhere: &'static [(u16, &'static str)],
}

/// A service as a way finds it.
pub(crate) trait Service: Send + Sync {
    fn uri(&self) -> String;

    /// All that there is.
    fn held(&self) -> Vec<String>;

    /// A client of the service, by way of another address.
    fn caller(&self, origin: &str, options: ClientOptions) -> Caller;
}

/// One way of a method through its requests.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) facts: Facts,
    pub(crate) name: &'static str,
    /// The methods of its requests. One with a mark is not answered: the connection ends before
    /// the service carries it out (`?`), or after (`!`).
    pub(crate) steps: &'static str,
    /// What comes of it.
    pub(crate) told: Result<Told, ErrorKind>,
    /// Whether it takes long to prepare.
    pub(crate) is_costly: bool,
    start: Arc<dyn Fn() -> BoxFuture<'static, Box<dyn Service>> + Send + Sync>,
}

impl Way {
    /// The last of its steps that has a mark.
    pub(crate) fn mark(&self) -> Option<usize> {
        let steps: Vec<_> = self.steps.split(' ').collect();
        steps.iter().rposition(|step| step.ends_with(['?', '!']))
    }

    pub(crate) async fn start(&self) -> Box<dyn Service> {
        (self.start)().await
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {} ({})", self.facts.name, self.name, self.steps)
    }
}

/// A fake.
trait Start: Sized + Send + Sync + 'static {
    fn start() -> BoxFuture<'static, std::io::Result<Self>>;
    fn uri(&self) -> String;
}

/// Starts a fake, and tells it this.
macro_rules! start {
    ($fake:ty, $tell:expr) => {
        impl Start for $fake {
            fn start() -> BoxFuture<'static, std::io::Result<Self>> {
                Box::pin(async {
                    let fake = <$fake>::start().await?;
                    let tell: fn(&$fake) = $tell;
                    tell(&fake);
                    Ok(fake)
                })
            }

            fn uri(&self) -> String {
                (**self).uri()
            }
        }
    };
}

/// A method of `C` against the fake `F`, in which a way may find some `T`.
struct Method<F, C, T> {
    facts: Facts,
    client: fn(&F, &str, ClientOptions) -> C,
    call: fn(C) -> Running,
    held: fn(&F) -> Vec<String>,
    make: fn(&C, &T) -> BoxFuture<'static, ()>,
    /// What the fake is told when all is made.
    tell: fn(&F),
}

impl<F, C, T> Clone for Method<F, C, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, C, T> Copy for Method<F, C, T> {}

/// A method, and the fake of its service.
struct Subject<F, C, T>(Method<F, C, T>, F);

impl<F, C, T> Method<F, C, T>
where
    F: Start,
    C: Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    /// Another method about the same.
    fn other(self, name: &'static str, goal: Goal, most: usize, call: fn(C) -> Running) -> Self {
        Self { facts: Facts { name, goal, most, ..self.facts }, call, ..self }
    }

    fn tell(self, tell: fn(&F)) -> Self {
        Self { tell, ..self }
    }

    /// The way through these steps, where it finds these.
    fn way(
        self,
        name: &'static str,
        steps: &'static str,
        told: Result<Told, ErrorKind>,
        things: impl IntoIterator<Item = T>,
    ) -> Way {
        let things: Arc<[T]> = things.into_iter().collect();
        let is_costly = things.len() > 20;
        let start = move || -> BoxFuture<'static, Box<dyn Service>> {
            let things = Arc::clone(&things);
            Box::pin(async move {
                let fake = F::start().await.expect("a port is free");
                let client = (self.client)(&fake, &fake.uri(), ClientOptions::default());
                for thing in &*things {
                    (self.make)(&client, thing).await;
                }
                (self.tell)(&fake);
                Box::new(Subject(self, fake)) as Box<dyn Service>
            })
        };
        Way { facts: self.facts, name, steps, told, is_costly, start: Arc::new(start) }
    }
}

impl<F, C, T> Service for Subject<F, C, T>
where
    F: Start,
    C: Clone + Send + Sync + 'static,
    T: 'static,
{
    fn uri(&self) -> String {
        self.1.uri()
    }

    fn held(&self) -> Vec<String> {
        (self.0.held)(&self.1)
    }

    fn caller(&self, origin: &str, options: ClientOptions) -> Caller {
        let (client, call) = ((self.0.client)(&self.1, origin, options), self.0.call);
        Box::new(move || call(client.clone()))
    }
}

fn made<T>(ensured: Ensured<T>) -> Told {
    match ensured {
        Ensured::Created(_) => Created,
        Ensured::Existed(_) => Existed,
        Ensured::Present(_) => Present,
    }
}

fn gone(ensured: EnsuredAbsent) -> Told {
    match ensured {
        EnsuredAbsent::Removed => Removed,
        EnsuredAbsent::WasAbsent => WasAbsent,
        EnsuredAbsent::Absent => Absent,
    }
}

fn read<T: Send + 'static>(items: Result<Items<T>, Error>) -> Running {
    Box::pin(async { items?.collect().await.map(|all| Read(all.len())) })
}

fn done<A: Send + 'static>(call: Call<A>) -> BoxFuture<'static, ()> {
    Box::pin(async { drop(call.await.expect("the fake is as it should be")) })
}

/// All ways whose vendor is built in.
pub(crate) fn every_way() -> Vec<Way> {
    let mut all = Vec::new();
    #[cfg(feature = "twilio")]
    {
        all.extend(twilio_iam::all());
        all.extend(twilio_chat::all());
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
const TWILIO_ELSEWHERE: &[(u16, &str)] = &[
    (404, r#"{"code":20404,"message":"The requested resource was not found","status":404}"#),
    (404, r#"{"code":25100,"message":"Organization not found","status":404}"#),
    (404, r#"{"code":50050,"message":"Service not found","status":404}"#),
];

/// The first request of each way is that for the token.
#[cfg(feature = "twilio")]
mod twilio_iam {
    use super::*;
    use rolecall::testing::TwilioIamFake;
    use rolecall::twilio::iam::{NewRoleAssignment, NewUser, Organization, Surface, TwilioIam};

    start!(TwilioIamFake, |_| {});

    const ROLE: &str = "IX00000000000000000000000000000104";
    const ALEX: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const BO: &str = "USbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn client(
        fake: &TwilioIamFake,
        surface: Surface,
        origin: &str,
        options: ClientOptions,
    ) -> TwilioIam {
        let builder = fake.builder().base_url(origin).token_url(format!("{origin}/v2/token"));
        builder.surface(surface).options(options).build().expect("the client is set up well")
    }

    fn organization(fake: &TwilioIamFake, origin: &str, options: ClientOptions) -> Organization {
        let client = client(fake, Surface::Preview, origin, options);
        client.organization(TwilioIamFake::ORGANIZATION).expect("it is a SID")
    }

    pub(super) fn all() -> Vec<Way> {
        let mut all = role_assignments();
        all.extend(users());
        all.push(roles());
        all
    }

    fn role_assignments() -> Vec<Way> {
        // The second that is made.
        const SECOND: &str = "IY00000000000000000000000000000002";

        // Over the organization, whose list shows it.
        fn whole(user: &str) -> NewRoleAssignment {
            NewRoleAssignment::new(ROLE, TwilioIamFake::ORGANIZATION, user).expect("they are SIDs")
        }

        fn wanted() -> NewRoleAssignment {
            whole(ALEX).resource("queue", "wanted")
        }

        let other = || whole(ALEX).resource("queue", "other");
        let of_bo = || whole(BO).resource("queue", "wanted");
        let ensure = Method {
            facts: Facts {
                name: "twilio/iam/role_assignments::ensure",
                goal: Goal::There,
                wanted: "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa wanted",
                most: 1,
                settles: true,
                elsewhere: TWILIO_ELSEWHERE,
            },
            client: |fake, origin, options| organization(fake, origin, options).role_assignments(),
            call: |it| Box::pin(async move { it.ensure(&wanted()).await.map(made) }),
            held: |fake: &TwilioIamFake| {
                let shown = fake.role_assignments().into_iter().map(|one| {
                    let identity = one.identity.expect("it has one");
                    format!("{identity} {}", one.resource_id.unwrap_or_default())
                });
                shown.collect()
            },
            make: |it, one| done(it.create(one)),
            tell: |_| {},
        };
        // Two tries, and two more to settle it.
        let absent = "twilio/iam/role_assignments::ensure_absent";
        let absent = ensure.other(absent, Goal::Gone, 4, |it| {
            let sid = SECOND.parse().expect("it is a SID");
            Box::pin(async move { it.ensure_absent(&sid).await.map(gone) })
        });
        let reads = ensure.other("twilio/iam/access::read_assignments", Goal::Read, 0, |it| {
            read(it.list().identity(ALEX).and_then(|list| list.read_assignments()))
        });
        let paged = |fake: &TwilioIamFake| fake.page_size(1);
        vec![
            ensure.way("not there", "POST GET POST", Ok(Created), [of_bo()]),
            ensure.way("there", "POST GET", Ok(Existed), [of_bo(), wanted()]),
            ensure.tell(paged).way("page 2", "POST GET GET", Ok(Existed), [other(), wanted()]),
            ensure.way("more is there", "POST GET", Err(Conflict), [whole(ALEX)]),
            ensure.way("answer lost", "POST GET POST! GET", Ok(Present), [of_bo()]),
            ensure.way("lost", "POST GET POST? GET GET GET GET", Err(Interrupted), [of_bo()]),
            absent.way("there", "POST DELETE", Ok(Removed), [of_bo(), wanted()]),
            absent.way("not there", "POST DELETE GET", Ok(WasAbsent), [of_bo()]),
            absent.way(
                "answer lost",
                "POST DELETE! DELETE DELETE GET",
                Ok(Absent),
                [of_bo(), wanted()],
            ),
            reads.tell(paged).way("two pages", "POST GET GET", Ok(Read(2)), [other(), wanted()]),
        ]
    }

    fn users() -> Vec<Way> {
        // The second that is made.
        const SECOND: &str = "US00000000000000000000000000000002";

        let user = |name: &str| NewUser::new(name).expect("it is a name");
        let (bo, alex) = (|| user("bo@example.com"), || user("alex@example.com"));
        let deactivated = Method {
            facts: Facts {
                name: "twilio/iam/users::ensure_deactivated",
                goal: Goal::Gone,
                wanted: "alex@example.com",
                most: 2,
                settles: true,
                elsewhere: TWILIO_ELSEWHERE,
            },
            client: |fake, origin, options| organization(fake, origin, options).users(),
            call: |it| {
                let sid = SECOND.parse().expect("it is a SID");
                Box::pin(async move { it.ensure_deactivated(&sid).await.map(gone) })
            },
            // The active ones.
            held: |fake: &TwilioIamFake| {
                let active = fake.users().into_iter().filter(|user| user.active != Some(false));
                active.filter_map(|user| user.user_name).collect()
            },
            make: |it, one| done(it.create(one)),
            tell: |_| {},
        };
        vec![
            deactivated.way("active", "POST GET DELETE", Ok(Removed), [bo(), alex()]),
            deactivated.way("inactive", "POST GET", Ok(WasAbsent), [bo(), alex().active(false)]),
            deactivated.way("not there", "POST GET", Ok(WasAbsent), [bo()]),
            deactivated.way(
                "answers lost",
                "POST GET DELETE! DELETE! GET",
                Ok(Absent),
                [bo(), alex()],
            ),
        ]
    }

    fn roles() -> Way {
        let reads = Method {
            facts: Facts {
                name: "twilio/iam/access::read_roles",
                goal: Goal::Read,
                wanted: "nothing",
                most: 0,
                settles: true,
                elsewhere: TWILIO_ELSEWHERE,
            },
            client: |fake: &TwilioIamFake, origin, options| {
                let own = client(fake, Surface::V2, origin, options).own_organization();
                own.and_then(|own| own.roles()).expect("the surface has them")
            },
            call: |it| read(it.read_roles()),
            // The fake has these four.
            held: |_| vec![String::new(); 4],
            make: |_, ()| Box::pin(async {}),
            tell: |fake| fake.page_size(2),
        };
        reads.way("two pages", "POST GET GET", Ok(Read(4)), [])
    }
}

#[cfg(feature = "twilio")]
mod twilio_chat {
    use super::*;
    use rolecall::testing::TwilioChatFake;
    use rolecall::twilio::chat::{NewRole, PermissionsChanged};

    start!(TwilioChatFake, |_| {});

    /// The second that is made.
    const SECOND: &str = "RL00000000000000000000000000000002";

    fn role<const N: usize>(name: &str, permissions: [&str; N]) -> NewRole {
        NewRole::new(name, "channel", permissions).expect("it is complete")
    }

    fn wanted() -> NewRole {
        role("reader", ["leaveChannel"])
    }

    /// What became of the one permission; nothing else may be told of.
    fn changed(now: PermissionsChanged) -> Told {
        match (&now.added[..], &now.removed[..]) {
            ([], []) => Existed,
            ([one], []) if one == "sendMessage" => Created,
            ([], [one]) if one == "sendMessage" => Removed,
            _ => panic!("{now:?}"),
        }
    }

    pub(super) fn all() -> Vec<Way> {
        let other = || role("other", ["leaveChannel", "sendMessage"]);
        let more = || role("reader", ["leaveChannel", "sendMessage"]);
        let ensure = Method {
            facts: Facts {
                name: "twilio/chat/roles::ensure",
                goal: Goal::There,
                wanted: r#"reader ["leaveChannel"]"#,
                most: 1,
                settles: true,
                elsewhere: TWILIO_ELSEWHERE,
            },
            client: |fake: &TwilioChatFake, origin, options| {
                let builder = fake.builder().expect("it is a SID").base_url(origin);
                let client = builder.options(options).build().expect("it is set up well");
                client.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").expect("it is a SID").roles()
            },
            call: |it| Box::pin(async move { it.ensure(&wanted()).await.map(made) }),
            held: |fake| {
                let shown = fake.roles().into_iter().map(|role| {
                    let permissions = role.permissions.unwrap_or_default();
                    format!("{} {permissions:?}", role.friendly_name.unwrap_or_default())
                });
                shown.collect()
            },
            make: |it, one| done(it.create(one)),
            tell: |_| {},
        };
        let absent = ensure.other("twilio/chat/roles::ensure_absent", Goal::Gone, 2, |it| {
            let sid = SECOND.parse().expect("it is a SID");
            Box::pin(async move { it.ensure_absent(&sid).await.map(gone) })
        });
        let reads = "twilio/chat/access::read_roles";
        let reads = ensure.other(reads, Goal::Read, 0, |it| read(it.read_roles()));
        let permission = Method {
            facts: Facts { wanted: "reader sendMessage", settles: false, ..ensure.facts },
            held: |fake: &TwilioChatFake| {
                let shown = fake.roles().into_iter().flat_map(|role| {
                    let name = role.friendly_name.unwrap_or_default();
                    let permissions = role.permissions.into_iter().flatten();
                    permissions.map(move |permission| format!("{name} {permission}"))
                });
                shown.collect()
            },
            ..ensure
        };
        let add = "twilio/chat/change_permissions::add_permissions";
        let add = permission.other(add, Goal::There, 1, |it| {
            let sid = SECOND.parse().expect("it is a SID");
            Box::pin(async move { it.add_permissions(&sid, ["sendMessage"]).await.map(changed) })
        });
        let remove = "twilio/chat/change_permissions::remove_permissions";
        let remove = permission.other(remove, Goal::Gone, 1, |it| {
            let sid = SECOND.parse().expect("it is a SID");
            Box::pin(async move {
                let told = it.remove_permissions(&sid, ["sendMessage"]).await.map(changed)?;
                Ok(if told == Existed { WasAbsent } else { told })
            })
        });
        let paged = |fake: &TwilioChatFake| fake.page_size(1);
        vec![
            ensure.way("not there", "GET POST", Ok(Created), [other()]),
            ensure.way("there", "GET", Ok(Existed), [other(), wanted()]),
            ensure.way("another is there", "GET", Err(Conflict), [more()]),
            ensure.way("answer lost", "GET POST! GET", Ok(Present), [other()]),
            ensure.way("lost", "GET POST? GET GET GET GET", Err(Interrupted), [other()]),
            absent.way("there", "DELETE", Ok(Removed), [other(), wanted()]),
            absent.way("not there", "DELETE", Ok(WasAbsent), [other()]),
            absent.way("answers lost", "DELETE! DELETE! GET", Ok(Absent), [other(), wanted()]),
            reads.tell(paged).way("two pages", "GET GET", Ok(Read(2)), [other(), wanted()]),
            add.way("lacking", "GET POST", Ok(Created), [other(), wanted()]),
            add.way("there", "GET", Ok(Existed), [other(), more()]),
            remove.way("there", "GET POST", Ok(Removed), [other(), more()]),
            remove.way("lacking", "GET", Ok(WasAbsent), [other(), wanted()]),
            remove.way(
                "none would be left",
                "GET",
                Err(InvalidRequest),
                [other(), role("reader", ["sendMessage"])],
            ),
        ]
    }
}

#[cfg(feature = "harness")]
mod harness {
    use super::*;
    use rolecall::harness::{NewResourceGroup, NewRole, NewRoleAssignment, Org, Principal};
    use rolecall::testing::{HarnessDuplicates, HarnessFake};

    start!(HarnessFake, |_| {});

    const SCOPE: &str = "orgs/platform";

    const ELSEWHERE: &[(u16, &str)] = &[
        (404, r#"{"code":"RESOURCE_NOT_FOUND","message":"HTTP 404 Not Found"}"#),
        (404, r#"{"code":"ENTITY_NOT_FOUND","message":"Organization is not found"}"#),
        (400, r#"{"code":"INVALID_REQUEST","message":"Organization is not found"}"#),
    ];

    fn org(fake: &HarnessFake, origin: &str, options: ClientOptions) -> Org {
        let builder = fake.builder().base_url(origin).options(options);
        let client = builder.build().expect("the client is set up well");
        client.org("platform").expect("it fits a path")
    }

    fn by_400(fake: &HarnessFake) {
        fake.duplicates(HarnessDuplicates::DuplicateField);
    }

    fn by_409(fake: &HarnessFake) {
        fake.duplicates(HarnessDuplicates::Conflict);
    }

    pub(super) fn all() -> Vec<Way> {
        let mut all = role_assignments();
        all.extend(roles());
        all.extend(resource_groups());
        all
    }

    fn role_assignments() -> Vec<Way> {
        fn assignment(identifier: &str, role: &str, group: &str) -> NewRoleAssignment {
            let group = Principal::user_group(group);
            NewRoleAssignment::new(identifier, role, "all", group).expect("it is complete")
        }

        fn wanted() -> NewRoleAssignment {
            assignment("wanted", "_organization_viewer", "sre")
        }

        let other = || assignment("other", "_organization_viewer", "other");
        let renamed = || assignment("renamed", "_organization_viewer", "sre");
        let changed = || assignment("wanted", "_organization_admin", "sre");
        let ensure = Method {
            facts: Facts {
                name: "harness/role_assignments::ensure",
                goal: Goal::There,
                wanted: "_organization_viewer sre",
                most: 2,
                settles: true,
                elsewhere: ELSEWHERE,
            },
            client: |fake, origin, options| org(fake, origin, options).role_assignments(),
            call: |it| Box::pin(async move { it.ensure(&wanted()).await.map(made) }),
            held: |fake: &HarnessFake| {
                let shown = fake.role_assignments(SCOPE).into_iter().map(|held| {
                    let held = held.role_assignment;
                    let group = held.principal.and_then(|principal| principal.identifier);
                    format!("{} {}", held.role.unwrap_or_default(), group.unwrap_or_default())
                });
                shown.collect()
            },
            make: |it, one| done(it.create(one)),
            tell: |_| {},
        };
        let absent = "harness/role_assignments::ensure_absent";
        let absent = ensure.other(absent, Goal::Gone, 2, |it| {
            Box::pin(async move { it.ensure_absent("wanted").await.map(gone) })
        });
        let reads = "harness/access::read_assignments";
        let reads = ensure.other(reads, Goal::Read, 0, |it| read(it.read_assignments()));
        // One more than a page has.
        let many = (0..31).map(|one| {
            assignment(&format!("a{one}"), "_organization_viewer", &format!("group{one}"))
        });
        let managed = |fake: &HarnessFake| fake.manage(SCOPE, "wanted");
        let by_404 = |fake: &HarnessFake| fake.missing(404, "RESOURCE_NOT_FOUND");
        vec![
            ensure.way("not there", "POST", Ok(Created), [other()]),
            ensure.tell(by_400).way("there", "POST GET", Ok(Existed), [other(), wanted()]),
            ensure.way("there, by 500", "POST GET", Ok(Present), [other(), wanted()]),
            ensure.tell(by_409).way("renamed", "POST GET GET", Ok(Existed), [other(), renamed()]),
            ensure.tell(by_409).way("another is there", "POST GET", Err(Conflict), [changed()]),
            ensure.way("answer lost", "POST! GET", Ok(Present), [other()]),
            ensure.way(
                "lost",
                "POST? GET GET GET GET GET GET GET GET POST",
                Ok(Created),
                [other()],
            ),
            absent.way("there", "DELETE", Ok(Removed), [other(), wanted()]),
            absent.tell(managed).way("managed", "DELETE", Err(InvalidRequest), [wanted()]),
            absent.way("not there", "DELETE", Ok(WasAbsent), [other()]),
            absent.tell(by_404).way("by 404", "DELETE GET GET", Ok(WasAbsent), [other()]),
            absent.way("answer lost", "DELETE! DELETE GET", Ok(Absent), [other(), wanted()]),
            reads.way("two pages", "GET GET", Ok(Read(31)), many),
        ]
    }

    fn roles() -> Vec<Way> {
        fn role(identifier: &str, name: &str) -> NewRole {
            let role = NewRole::new(identifier, name, ["core_pipeline_execute"]);
            role.expect("it is complete").tolerate([HarnessFake::COMPULSORY_PERMISSION])
        }

        fn wanted() -> NewRole {
            role("wanted", "Wanted")
        }

        let (other, changed) = (|| role("other", "Other"), || role("wanted", "Changed"));
        let ensure = Method {
            facts: Facts {
                name: "harness/roles::ensure",
                goal: Goal::There,
                wanted: "wanted Wanted",
                most: 2,
                settles: true,
                elsewhere: ELSEWHERE,
            },
            client: |fake, origin, options| org(fake, origin, options).roles(),
            call: |it| Box::pin(async move { it.ensure(&wanted()).await.map(made) }),
            held: |fake: &HarnessFake| {
                let managed = ["_organization_admin", "_organization_viewer"].map(str::to_owned);
                let made = fake
                    .roles(SCOPE)
                    .into_iter()
                    .map(|role| format!("{} {}", role.identifier, role.name.unwrap_or_default()));
                managed.into_iter().chain(made).collect()
            },
            make: |it, one| done(it.create(one)),
            tell: |_| {},
        };
        let absent = ensure.other("harness/roles::ensure_absent", Goal::Gone, 2, |it| {
            Box::pin(async move { it.ensure_absent("wanted").await.map(gone) })
        });
        let reads = "harness/access::read_roles";
        let reads = ensure.other(reads, Goal::Read, 0, |it| read(it.read_roles()));
        // With those that are managed, one more than a page has.
        let many = (0..29).map(|one| role(&format!("a{one}"), "Some"));
        vec![
            ensure.way("not there", "POST", Ok(Created), [other()]),
            ensure.tell(by_409).way("there", "POST GET", Ok(Existed), [other(), wanted()]),
            ensure.way("another is there", "POST GET", Err(Conflict), [changed()]),
            ensure.way("answer lost", "POST! GET", Ok(Present), [other()]),
            absent.way("there", "DELETE", Ok(Removed), [other(), wanted()]),
            absent.way("not there", "DELETE GET GET", Ok(WasAbsent), [other()]),
            absent.way("answer lost", "DELETE! DELETE GET GET", Ok(Absent), [other(), wanted()]),
            reads.way("two pages", "GET GET", Ok(Read(31)), many),
        ]
    }

    fn resource_groups() -> Vec<Way> {
        fn group(identifier: &str, name: &str) -> NewResourceGroup {
            NewResourceGroup::new(identifier, name).expect("it is complete")
        }

        fn wanted() -> NewResourceGroup {
            group("wanted", "Wanted")
        }

        let (other, changed) = (|| group("other", "Other"), || group("wanted", "Changed"));
        let ensure = Method {
            facts: Facts {
                name: "harness/resource_groups::ensure",
                goal: Goal::There,
                wanted: "wanted Wanted",
                most: 2,
                settles: true,
                elsewhere: ELSEWHERE,
            },
            client: |fake, origin, options| org(fake, origin, options).resource_groups(),
            call: |it| Box::pin(async move { it.ensure(&wanted()).await.map(made) }),
            held: |fake: &HarnessFake| {
                let shown = fake.resource_groups(SCOPE).into_iter().map(|group| {
                    format!("{} {}", group.identifier, group.name.unwrap_or_default())
                });
                shown.collect()
            },
            make: |it, one| done(it.create(one)),
            tell: |_| {},
        };
        let absent = ensure.other("harness/resource_groups::ensure_absent", Goal::Gone, 2, |it| {
            Box::pin(async move { it.ensure_absent("wanted").await.map(gone) })
        });
        vec![
            ensure.way("not there", "POST", Ok(Created), [other()]),
            ensure.tell(by_400).way("there", "POST GET", Ok(Existed), [other(), wanted()]),
            ensure.way("another is there", "POST GET", Err(Conflict), [changed()]),
            ensure.way("answer lost", "POST! GET", Ok(Present), [other()]),
            absent.way("there", "DELETE", Ok(Removed), [other(), wanted()]),
            absent.way("not there", "DELETE GET GET", Ok(WasAbsent), [other()]),
            absent.way("answer lost", "DELETE! DELETE GET GET", Ok(Absent), [other(), wanted()]),
        ]
    }
}

#[cfg(feature = "redox")]
mod redox {
    use super::*;
    use rolecall::redox::{NewRoleAssignment, Redox, RoleRef, UserRef};
    use rolecall::testing::{RedoxAbsent, RedoxFake};

    start!(RedoxFake, |fake| fake.add_environment("7", "e-1", "Clinic", "Development"));

    const ENSURE: Facts = Facts {
        name: "redox/role_assignment::ensure",
        goal: Goal::There,
        wanted: "u-1 r-1",
        most: 2,
        settles: true,
        elsewhere: &[(404, r#"{"message":"Not found"}"#)],
    };

    fn client(fake: &RedoxFake, origin: &str, options: ClientOptions) -> Redox {
        let builder = fake.builder().base_url(format!("{origin}/platform"));
        builder.options(options).build().expect("the client is set up well")
    }

    fn user(id: &str) -> UserRef {
        UserRef::id(id).expect("it is not empty")
    }

    fn given(user_id: &str, role: &str) -> NewRoleAssignment {
        NewRoleAssignment::new(RoleRef::id(role).expect("it is not empty"), user(user_id))
    }

    fn wanted() -> NewRoleAssignment {
        given("u-1", "r-1")
    }

    pub(super) fn all() -> Vec<Way> {
        let (other, changed) = (|| given("u-2", "r-1"), || given("u-1", "r-2"));
        let ensure = Method {
            facts: ENSURE,
            client: |fake: &RedoxFake, origin, options| {
                let organization = client(fake, origin, options).organization("7");
                organization.expect("it fits a path").role_assignments()
            },
            call: |it| Box::pin(async move { it.ensure(&wanted()).await.map(made) }),
            held: |fake| {
                let all = fake.memberships().into_iter();
                all.map(|held| format!("{} {}", held.user, held.role)).collect()
            },
            make: |it, one| done(it.assign(one)),
            tell: |_| {},
        };
        let mut all = vec![
            ensure.way("not there", "GET PUT", Ok(Created), [other()]),
            ensure.way("there", "GET", Ok(Existed), [other(), wanted()]),
            ensure.way("another is there", "GET", Err(Conflict), [changed()]),
            ensure.way("answer lost", "GET PUT! GET", Ok(Present), [other()]),
            ensure.way("lost", "GET PUT? GET GET GET GET PUT", Ok(Created), [other()]),
        ];
        let ensure = Method {
            facts: Facts { name: "redox/environment_role_assignment::ensure", most: 1, ..ENSURE },
            client: |fake: &RedoxFake, origin, options| {
                let environment = client(fake, origin, options).environment("e-1");
                environment.expect("it fits a path").role_assignments()
            },
            call: |it| Box::pin(async move { it.ensure(&wanted()).await.map(made) }),
            held: |fake| {
                let all = fake.environment_memberships().into_iter();
                all.map(|held| format!("{} {}", held.user, held.role)).collect()
            },
            make: |it, one| done(it.assign(one)),
            tell: |_| {},
        };
        let absent = "redox/environment_role_assignment::ensure_absent";
        let absent = ensure.other(absent, Goal::Gone, 2, |it| {
            Box::pin(async move { it.ensure_absent(&user("u-1")).await.map(gone) })
        });
        let denied = absent.tell(|fake| fake.absent(RedoxAbsent::Unsuccessful));
        all.extend([
            ensure.way("not there", "GET POST", Ok(Created), [other()]),
            ensure.way("there", "GET", Ok(Existed), [other(), wanted()]),
            ensure.way("another is there", "GET", Err(Conflict), [changed()]),
            ensure.way("answer lost", "GET POST! GET", Ok(Present), [other()]),
            ensure.way("lost", "GET POST? GET GET GET GET", Err(Interrupted), [other()]),
            absent.way("there", "GET DELETE", Ok(Removed), [other(), wanted()]),
            absent.way("not there", "GET", Ok(WasAbsent), [other()]),
            absent.way("answer lost", "GET DELETE! DELETE GET", Ok(Absent), [wanted()]),
            denied.way("answer lost, denied", "GET DELETE! DELETE GET", Ok(Absent), [wanted()]),
        ]);
        all
    }
}

#[cfg(feature = "deepset")]
mod deepset {
    use super::*;
    use rolecall::deepset::{NewRole, Permission};
    use rolecall::testing::DeepsetFake;

    start!(DeepsetFake, |_| {});

    fn role(name: &str, description: &str) -> NewRole {
        NewRole::new(name, description, [Permission::new("files", "read")])
    }

    fn wanted() -> NewRole {
        role("wanted", "Wanted")
    }

    pub(super) fn all() -> Vec<Way> {
        let (other, changed) = (|| role("other", "Wanted"), || role("wanted", "Changed"));
        let ensure = Method {
            facts: Facts {
                name: "deepset/roles::ensure",
                goal: Goal::There,
                wanted: "wanted Wanted",
                most: 2,
                settles: true,
                elsewhere: &[(404, r#"{"detail":"Organization not found"}"#)],
            },
            client: |fake: &DeepsetFake, origin, options| {
                let client = fake.builder().base_url(origin).options(options).build();
                let client = client.expect("the client is set up well");
                client.organization(DeepsetFake::ORGANIZATION).expect("it is a UUID").roles()
            },
            call: |it| Box::pin(async move { it.ensure(&wanted()).await.map(made) }),
            held: |fake| {
                let shown = fake.roles().into_iter().map(|role| {
                    let description = role.description.unwrap_or_default();
                    format!("{} {description}", role.role_name.unwrap_or_default())
                });
                shown.collect()
            },
            make: |it, one| done(it.create(one)),
            tell: |_| {},
        };
        let reads = "deepset/access::read_roles";
        let reads = ensure.other(reads, Goal::Read, 0, |it| read(it.read_roles()));
        let bodiless = ensure.tell(|fake| fake.error_bodies(false));
        let paged = reads.tell(|fake| fake.page_size(1));
        vec![
            ensure.way("not there", "POST", Ok(Created), [other()]),
            ensure.way("there", "POST GET", Ok(Existed), [other(), wanted()]),
            bodiless.way("there, by an empty 409", "POST GET", Ok(Existed), [other(), wanted()]),
            ensure.way("another is there", "POST GET", Err(Conflict), [changed()]),
            ensure.way("answer lost", "POST! GET", Ok(Present), [other()]),
            ensure.way("lost", "POST? GET GET GET GET POST", Ok(Created), [other()]),
            paged.way("two pages", "GET GET", Ok(Read(2)), [other(), wanted()]),
        ]
    }
}
