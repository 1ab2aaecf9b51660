//! The same few calls for every kind of item, on numbered items.

mod deepset;
mod harness;
mod redox;
mod twilio_chat;
mod twilio_iam;

use std::time::Duration;

use fastrand::Rng;
use rolecall::access::{Assignment, RoleDefinition};
use rolecall::testing::{Fake, Received};
use rolecall::{
    BoxFuture, ClientOptions, Ensured, EnsuredAbsent, Error, Items, Position, RetryPolicy,
};

use super::rounds::Client;

pub(crate) use self::deepset::Deepset;
pub(crate) use self::harness::Harness;
pub(crate) use self::redox::Redox;
pub(crate) use self::twilio_chat::Chat;
pub(crate) use self::twilio_iam::Iam;

/// What every name begins with.
const MARK: &str = "50a450a450a450a450a450a4";

/// 32 hexadecimal digits, which fit wherever a service wants a name or a SID.
pub(crate) fn name(number: u32) -> String {
    format!("{MARK}{number:08x}")
}

/// The number of the name that a text contains.
pub(crate) fn number(text: &str) -> Option<u32> {
    let at = text.find(MARK)? + MARK.len();
    u32::from_str_radix(text.get(at..at + 8)?, 16).ok()
}

/// What a thing holds is a set of five bits, of which the first is always there: some services take
/// no empty set of permissions.
pub(crate) const BITS: u32 = 5;

/// What a new thing holds.
pub(crate) const START: u32 = 1;

/// What a thing holds, where it is kept as text.
fn text(content: u32) -> String {
    format!("c{content}")
}

fn content(text: Option<&str>) -> u32 {
    text.and_then(|text| text.strip_prefix('c')?.parse().ok()).unwrap_or(u32::MAX)
}

/// A change of what a thing holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Set(u32),
    Add(u32),
    Remove(u32),
}

impl Change {
    pub(crate) fn draw(random: &mut Rng) -> Self {
        let bits = random.u32(0..1 << BITS);
        match random.u32(0..3) {
            0 => Self::Set(bits | START),
            1 => Self::Add(bits | START),
            _ => Self::Remove(bits & !START),
        }
    }

    pub(crate) fn of(self, content: u32) -> u32 {
        match self {
            Self::Set(bits) => bits,
            Self::Add(bits) => content | bits,
            Self::Remove(bits) => content & !bits,
        }
    }
}

/// What a change reported that a thing held, where it does so, and holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed {
    pub(crate) before: Option<u32>,
    pub(crate) now: u32,
}

/// Whether what a thing holds can be changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changes {
    No,
    /// By reading and writing: of two at once one may be lost.
    Yes,
    /// By writing what has the version that was read.
    Versioned,
}

/// How long one attempt of a call may take.
pub(crate) const ATTEMPT: Duration = Duration::from_millis(400);

/// Short times, since silence is a fault too. All else is as users have it, the budget too.
fn options() -> ClientOptions {
    let retry = RetryPolicy::default()
        .base_wait(Duration::from_millis(1))
        .max_wait(Duration::from_millis(10));
    ClientOptions::default()
        .attempt_timeout(ATTEMPT)
        .call_timeout(Duration::from_secs(3))
        .max_response_bytes(256 << 10)
        .max_list_bytes(256 << 10)
        .retry(retry)
        // Each costs four descriptors here, with the relay and the fake.
        .http(|http| http.no_proxy().pool_max_idle_per_host(8))
}

/// A fake of any service.
pub(crate) trait AnyFake: Send + Sync + 'static {
    fn any(&self) -> &Fake;
}

macro_rules! any_fake {
    ($($fake:ident)+) => {
        $(impl AnyFake for rolecall::testing::$fake {
            fn any(&self) -> &Fake {
                self.fake()
            }
        })+
    };
}

any_fake!(TwilioIamFake TwilioChatFake HarnessFake RedoxFake DeepsetFake);

/// A service: its fake, and the one client that a task has of it.
pub(crate) trait Service: Send + Sync + Sized + 'static {
    type Fake: AnyFake;

    /// The service's two clients may differ in what holds for all their calls.
    fn new(origin: &str, second: bool) -> Result<Self, Error>;
    fn start(random: &mut Rng) -> impl Future<Output = std::io::Result<Self::Fake>> + Send;
    /// How many tokens a fake gave, where this client gets them from it.
    fn tokens(&self, _: &Self::Fake) -> Option<u64> {
        None
    }
    /// Runs a round of the kind of things whose turn it is.
    fn round(client: &mut Client<Self>, turn: u32) -> impl Future<Output = ()> + Send;
}

pub(crate) type FakeOf<K> = <<K as Kind>::Service as Service>::Fake;

/// What a call about a thing comes to.
pub(crate) type Reply<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// A kind of things that a service has. An id is what it calls one, or the name where it takes that.
/// What the service has no call for is not called.
pub(crate) trait Kind: Send + Sync + Sized + 'static {
    type Service: Service;
    /// How often `ensure` may create: again only where the service refuses a second one, and never
    /// where there is no `ensure`.
    const CREATES: usize;
    const CHANGES: Changes = Changes::No;
    /// Whether those that come and go move the rows of a list, so that one may be missing or come twice.
    const MOVES: bool = false;
    /// The last part of the path to which a new one is posted.
    const COLLECTION: &str;
    /// How a change is sent that is not sent again once it may have arrived.
    const CHANGED_ONCE: &[&str] = &[];

    fn of(service: &Self::Service) -> Self;
    /// The things that are there: number, and what it holds.
    fn held(&self, fake: &FakeOf<Self>) -> Vec<(u32, u32)>;
    /// Whether the service can remove this one.
    fn is_removable(_: u32) -> bool {
        true
    }
    /// The id of a thing that no call creates.
    fn never(number: u32) -> String {
        name(number)
    }

    fn create(&self, number: u32) -> Reply<'_, String>;
    fn ensure(&self, _number: u32) -> Reply<'_, Ensured<String>> {
        unreachable!("there is no call for it")
    }
    /// What it holds, or nothing where the service itself says that it is not there.
    fn look<'a>(&'a self, number: u32, id: &'a str) -> Reply<'a, Option<u32>>;
    /// The numbers of all that are there, in one of several ways.
    fn items(&self, way: u32, from: Option<&Position>) -> Items<Option<u32>>;
    fn list(&self, way: u32) -> Reply<'_, Vec<u32>> {
        Box::pin(walk(way, move |from| self.items(way, from)))
    }
    fn change<'a>(&'a self, _number: u32, _id: &'a str, _by: Change) -> Reply<'a, Changed> {
        unreachable!("there is no call for it")
    }
    fn delete<'a>(&'a self, _number: u32, _id: &'a str) -> Reply<'a, ()> {
        unreachable!("there is no call for it")
    }
    fn ensure_absent<'a>(&'a self, _number: u32, _id: &'a str) -> Reply<'a, EnsuredAbsent> {
        unreachable!("there is no call for it")
    }

    fn is_create(request: &Received) -> bool {
        request.method() == "POST" && request.path().ends_with(Self::COLLECTION)
    }

    fn is_change(request: &Received) -> bool {
        Self::CHANGED_ONCE.contains(&request.method()) && !Self::is_create(request)
    }
}

/// Methods of a [`Kind`], a statement each.
macro_rules! calls {
    ($self:ident: $($name:ident $arguments:tt -> $out:ty = $result:expr;)+) => {
        $(calls! { @one $self $name $arguments $out, $result })+
    };
    (@one $self:ident $name:ident ($number:ident) $out:ty, $result:expr) => {
        fn $name(&$self, $number: u32) -> Reply<'_, $out> {
            Box::pin(async move { Ok($result) })
        }
    };
    (@one $self:ident $name:ident ($number:ident, $id:ident) $out:ty, $result:expr) => {
        fn $name<'a>(&'a $self, $number: u32, $id: &'a str) -> Reply<'a, $out> {
            Box::pin(async move { Ok($result) })
        }
    };
    (@one $self:ident $name:ident ($number:ident, $id:ident, $by:ident) $out:ty, $result:expr) => {
        fn $name<'a>(&'a $self, $number: u32, $id: &'a str, $by: Change) -> Reply<'a, $out> {
            Box::pin(async move { Ok($result) })
        }
    };
}

use calls;

/// The same report about the id.
fn map<T>(ensured: Ensured<T>, id: impl Fn(T) -> String) -> Ensured<String> {
    match ensured {
        Ensured::Created(thing) => Ensured::Created(id(thing)),
        Ensured::AlreadyExisted(thing) => Ensured::AlreadyExisted(id(thing)),
        Ensured::Indeterminate(thing) => Ensured::Indeterminate(id(thing)),
    }
}

/// "Not found" in the service's own words: the faults' have no code. (Harness says it of some things
/// as of any wrong input.)
fn found<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    let is_absent = |error: &Error| error.is_not_found() || error.is_invalid_request();
    match read {
        Ok(thing) => Ok(Some(thing)),
        Err(error) if error.code().is_some() && is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A page size, which makes more than one page of what a round has.
fn page_size(way: u32) -> u32 {
    7 + way % 24
}

/// All of a list. It is resumed, as another process would, where an error ended it, and once where it
/// was left.
async fn walk(
    way: u32,
    from: impl Fn(Option<&Position>) -> Items<Option<u32>>,
) -> Result<Vec<u32>, Error> {
    let mut all = Vec::new();
    // Among the permanent ones: behind them others may come and go.
    let left = way as usize % 24;
    let mut errors = 0;
    let mut items = from(None);
    loop {
        match items.next().await {
            None => return Ok(all),
            Some(Ok(number)) => {
                all.extend(number);
                if number.is_none() || all.len() != left {
                    continue;
                }
            }
            Some(Err(error)) if errors == 3 => return Err(error),
            Some(Err(_)) => errors += 1,
        }
        items = from(Some(&items.position().to_string().parse()?));
    }
}

/// The number of a role in the shared vocabulary, if it is that of the service's own.
fn of_role<N: 'static>(own: fn(&N) -> Option<u32>) -> impl FnMut(RoleDefinition) -> Option<u32> {
    move |role| {
        let shared = number(role.role.name.as_ref()?)?;
        (own(role.native()?) == Some(shared)).then_some(shared)
    }
}

/// The number of an assignment in the shared vocabulary, if it is that of the service's own.
fn of_assignment<N: 'static>(own: fn(&N) -> Option<u32>) -> impl FnMut(Assignment) -> Option<u32> {
    move |one| {
        let shared = number(one.principal.id.as_ref()?)?;
        (own(one.native()?) == Some(shared)).then_some(shared)
    }
}
