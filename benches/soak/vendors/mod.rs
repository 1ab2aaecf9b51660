//! The same few calls of every kind of thing, on things that are told apart by a number.

mod deepset;
mod harness;
mod redox;
mod twilio_chat;
mod twilio_iam;

use std::ops::Deref;
use std::time::Duration;

use fastrand::Rng;
use rolecall::access::{ReadAssignments, ReadRoles};
use rolecall::testing::{Fake, Received};
use rolecall::{ClientOptions, Ensured, EnsuredAbsent, Error, Items, Position, RetryPolicy};

use super::stories::Lane;

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

/// What a change said that a thing held, where it says so, and holds.
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

/// Short times, since silence is thrown on purpose. All else is as users have it, the budget too.
fn options() -> ClientOptions {
    let retry = RetryPolicy::default()
        .base_wait(Duration::from_millis(1))
        .max_wait(Duration::from_millis(10));
    ClientOptions::default()
        .attempt_timeout(ATTEMPT)
        .call_timeout(Duration::from_secs(3))
        .max_answer_bytes(256 << 10)
        .retry(retry)
        // Each costs four descriptors here, with the relay and the fake.
        .http(|http| http.no_proxy().pool_max_idle_per_host(8))
}

/// A service: its fake, and the one client that a lane has of it.
pub(crate) trait Service: Send + Sync + Sized + 'static {
    type Fake: Deref<Target = Fake> + Send + Sync + 'static;

    /// The service's two lanes may differ in what holds for all their calls.
    fn new(origin: &str, second: bool) -> Result<Self, Error>;
    fn fake(random: &mut Rng) -> impl Future<Output = std::io::Result<Self::Fake>> + Send;
    /// How many tokens a fake gave, where this client gets them from it.
    fn tokens(&self, _: &Self::Fake) -> Option<u64> {
        None
    }
    /// Tells stories of the kind of things whose turn it is.
    fn round(lane: &mut Lane<Self>, turn: u32) -> impl Future<Output = ()> + Send;
    /// Whether something that nobody changes was read as it is.
    fn read(&self, way: u32) -> impl Future<Output = Result<bool, Error>> + Send;
}

pub(crate) type FakeOf<K> = <<K as Kind>::Service as Service>::Fake;

/// A kind of things that a service has. An id is what it calls one, or the name where it takes that.
pub(crate) trait Kind: Send + Sync + Sized + 'static {
    type Service: Service;
    /// How often `ensure` may create: again only where the service refuses a second one, and never
    /// where there is no `ensure`.
    const CREATES: u32;
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
    /// The id of a thing that nobody made.
    fn never(number: u32) -> String {
        name(number)
    }

    fn create(&self, number: u32) -> impl Future<Output = Result<String, Error>> + Send;
    fn ensure(&self, number: u32) -> impl Future<Output = Result<Ensured<String>, Error>> + Send;
    /// What it holds, or nothing where the service itself says that it is not there.
    fn look(
        &self,
        number: u32,
        id: &str,
    ) -> impl Future<Output = Result<Option<u32>, Error>> + Send;
    /// The numbers of all that are there, in one of several ways.
    fn list(&self, way: u32) -> impl Future<Output = Result<Vec<u32>, Error>> + Send;
    fn change(
        &self,
        _number: u32,
        _id: &str,
        _change: Change,
    ) -> impl Future<Output = Result<Changed, Error>> + Send {
        async { unreachable!("nothing of it can be changed") }
    }
    fn delete(&self, number: u32, id: &str) -> impl Future<Output = Result<(), Error>> + Send;
    fn ensure_absent(
        &self,
        number: u32,
        id: &str,
    ) -> impl Future<Output = Result<EnsuredAbsent, Error>> + Send;

    fn is_create(request: &Received) -> bool {
        request.method() == "POST" && request.path().ends_with(Self::COLLECTION)
    }

    fn is_change(request: &Received) -> bool {
        Self::CHANGED_ONCE.contains(&request.method()) && !Self::is_create(request)
    }
}

/// The same word about something else.
fn map<T>(ensured: Ensured<T>, id: impl Fn(T) -> String) -> Ensured<String> {
    match ensured {
        Ensured::Created(thing) => Ensured::Created(id(thing)),
        Ensured::Existed(thing) => Ensured::Existed(id(thing)),
        Ensured::Present(thing) => Ensured::Present(id(thing)),
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

/// All of a list. It goes on, as another process would, where an error ended it, and once where it
/// was left.
async fn walk<T: Send + 'static>(
    way: u32,
    from: impl Fn(&Position) -> Result<Items<T>, Error>,
    number: impl Fn(&T) -> Option<u32>,
) -> Result<Vec<u32>, Error> {
    let mut all = Vec::new();
    // Among those that stay: behind them others may come and go.
    let left = way as usize % 32;
    let mut errors = 0;
    let mut items = from(&Position::default())?;
    loop {
        match items.next().await {
            None => return Ok(all),
            Some(Ok(item)) => {
                let number = number(&item);
                all.extend(number);
                if number.is_none() || all.len() != left {
                    continue;
                }
            }
            Some(Err(error)) if errors == 3 => return Err(error),
            Some(Err(_)) => errors += 1,
        }
        items = from(&items.position().to_string().parse()?)?;
    }
}

/// All roles in the shared vocabulary, as far as they are the service's own.
async fn shared_roles<N: 'static>(
    list: &impl ReadRoles,
    own: impl Fn(&N) -> Option<u32>,
) -> Result<Vec<u32>, Error> {
    let all = list.read_roles()?.collect().await?;
    let both = all.iter().filter_map(|one| Some((number(one.name.as_ref()?)?, one.native()?)));
    Ok(both
        .filter(|(number, native)| own(native) == Some(*number))
        .map(|(number, _)| number)
        .collect())
}

/// All assignments in the shared vocabulary, as far as they are the service's own.
async fn shared_assignments<N: 'static>(
    list: &impl ReadAssignments,
    own: impl Fn(&N) -> Option<u32>,
) -> Result<Vec<u32>, Error> {
    let all = list.read_assignments()?.collect().await?;
    let both =
        all.iter().filter_map(|one| Some((number(one.principal.id.as_ref()?)?, one.native()?)));
    Ok(both
        .filter(|(number, native)| own(native) == Some(*number))
        .map(|(number, _)| number)
        .collect())
}
