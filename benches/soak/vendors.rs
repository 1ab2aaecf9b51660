//! The same few calls of every service, on things that are told apart by a number.

use std::ops::Deref;
use std::time::Duration;

use fastrand::Rng;
use rolecall::deepset::{Action, Asset, Permission};
use rolecall::harness::Principal;
use rolecall::redox::{RoleRef, UserRef};
use rolecall::testing::{
    DeepsetFake, Fake, HarnessDuplicates, HarnessFake, RedoxAbsent, RedoxDuplicates, RedoxFake,
    TwilioChatFake, TwilioIamFake,
};
use rolecall::twilio::RoleAssignmentSid;
use rolecall::twilio::chat::{RoleSid, RoleType};
use rolecall::{
    ClientOptions, Ensured, EnsuredAbsent, Error, RetryPolicy, deepset, harness, redox, twilio,
};

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

/// Short times, since silence is thrown on purpose. All else is as users have it, the budget too.
fn options() -> ClientOptions {
    let retry = RetryPolicy::default()
        .base_wait(Duration::from_millis(1))
        .max_wait(Duration::from_millis(10));
    ClientOptions::default()
        .attempt_timeout(Duration::from_millis(400))
        .call_timeout(Duration::from_secs(3))
        .max_answer_bytes(256 << 10)
        .retry(retry)
        // Each costs four descriptors here, with the relay and the fake.
        .http(|http| http.no_proxy().pool_max_idle_per_host(8))
}

/// A service's client. An id is what the service calls a thing, or the name where it takes that.
pub(crate) trait Vendor: Send + Sync + Sized + 'static {
    type Fake: Deref<Target = Fake> + Send + Sync + 'static;
    /// How often `ensure` may create: again only where the service refuses a second one.
    const CREATES: u32;

    fn new(origin: &str) -> Result<Self, Error>;
    fn fake(random: &mut Rng) -> impl Future<Output = std::io::Result<Self::Fake>> + Send;
    /// The numbers of the things that are there, one for each.
    fn held(fake: &Self::Fake) -> Vec<u32>;
    /// How many tokens a fake gave, where it gives any.
    fn tokens(_: &Self::Fake) -> Option<u64> {
        None
    }
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
    /// Whether it is there, where the service itself says so.
    fn look(&self, number: u32, id: &str) -> impl Future<Output = Result<bool, Error>> + Send;
    fn delete(&self, number: u32, id: &str) -> impl Future<Output = Result<(), Error>> + Send;
    fn ensure_absent(
        &self,
        number: u32,
        id: &str,
    ) -> impl Future<Output = Result<EnsuredAbsent, Error>> + Send;
}

/// The same word about something else.
fn map<T>(ensured: Ensured<T>, id: impl Fn(T) -> String) -> Ensured<String> {
    match ensured {
        Ensured::Created(thing) => Ensured::Created(id(thing)),
        Ensured::Existed(thing) => Ensured::Existed(id(thing)),
        Ensured::Present(thing) => Ensured::Present(id(thing)),
    }
}

/// "Not found" in the service's own words: the faults' have no code.
fn absent<T>(read: Result<T, Error>) -> Result<bool, Error> {
    match read {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() && error.code().is_some() => Ok(false),
        Err(error) => Err(error),
    }
}

pub(crate) struct Iam(twilio::iam::RoleAssignments);

impl Iam {
    fn wanted(number: u32) -> Result<twilio::iam::NewRoleAssignment, Error> {
        let identity = format!("US{}", name(number));
        let role = "IX00000000000000000000000000000104";
        twilio::iam::NewRoleAssignment::new(role, TwilioIamFake::ORGANIZATION, identity)
    }
}

impl Vendor for Iam {
    type Fake = TwilioIamFake;
    const CREATES: u32 = 1;

    fn new(origin: &str) -> Result<Self, Error> {
        let builder =
            twilio::iam::TwilioIam::builder(TwilioIamFake::CLIENT_ID, TwilioIamFake::CLIENT_SECRET);
        let client = builder
            .base_url(origin)
            .token_url(format!("{origin}/v2/token"))
            .options(options())
            .build()?;
        Ok(Self(client.organization(TwilioIamFake::ORGANIZATION)?.role_assignments()))
    }

    async fn fake(_: &mut Rng) -> std::io::Result<TwilioIamFake> {
        TwilioIamFake::start().await
    }

    fn held(fake: &TwilioIamFake) -> Vec<u32> {
        let held = fake.role_assignments();
        held.iter().filter_map(|one| number(one.identity.as_ref()?.as_str())).collect()
    }

    fn tokens(fake: &TwilioIamFake) -> Option<u64> {
        Some(fake.tokens_given())
    }

    fn never(number: u32) -> String {
        format!("IY{}", name(number))
    }

    async fn create(&self, number: u32) -> Result<String, Error> {
        Ok(self.0.create(&Self::wanted(number)?).await?.sid.to_string())
    }

    async fn ensure(&self, number: u32) -> Result<Ensured<String>, Error> {
        Ok(map(self.0.ensure(&Self::wanted(number)?).await?, |one| one.sid.to_string()))
    }

    async fn look(&self, number: u32, _: &str) -> Result<bool, Error> {
        let list = self.0.list().identity(format!("US{}", name(number)))?;
        Ok(!list.items()?.collect().await?.is_empty())
    }

    async fn delete(&self, _: u32, id: &str) -> Result<(), Error> {
        self.0.delete(&RoleAssignmentSid::new(id)?).await
    }

    async fn ensure_absent(&self, _: u32, id: &str) -> Result<EnsuredAbsent, Error> {
        self.0.ensure_absent(&RoleAssignmentSid::new(id)?).await
    }
}

pub(crate) struct Chat(twilio::chat::Roles);

impl Chat {
    fn wanted(number: u32) -> Result<twilio::chat::NewRole, Error> {
        twilio::chat::NewRole::new(name(number), RoleType::Channel, ["sendMessage", "leaveChannel"])
    }

    fn id(role: twilio::chat::Role) -> String {
        role.sid.map(|sid| sid.to_string()).unwrap_or_default()
    }
}

impl Vendor for Chat {
    type Fake = TwilioChatFake;
    const CREATES: u32 = 1;

    fn new(origin: &str) -> Result<Self, Error> {
        let (account, token) = (TwilioChatFake::ACCOUNT_SID, TwilioChatFake::AUTH_TOKEN);
        let builder = twilio::chat::TwilioChat::with_auth_token(account, token)?;
        let client = builder.base_url(origin).options(options()).build()?;
        Ok(Self(client.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?.roles()))
    }

    async fn fake(_: &mut Rng) -> std::io::Result<TwilioChatFake> {
        TwilioChatFake::start().await
    }

    fn held(fake: &TwilioChatFake) -> Vec<u32> {
        fake.roles().iter().filter_map(|role| number(role.friendly_name.as_ref()?)).collect()
    }

    fn never(number: u32) -> String {
        format!("RL{}", name(number))
    }

    async fn create(&self, number: u32) -> Result<String, Error> {
        Ok(Self::id(self.0.create(&Self::wanted(number)?).await?))
    }

    async fn ensure(&self, number: u32) -> Result<Ensured<String>, Error> {
        Ok(map(self.0.ensure(&Self::wanted(number)?).await?, Self::id))
    }

    async fn look(&self, _: u32, id: &str) -> Result<bool, Error> {
        absent(self.0.fetch(&RoleSid::new(id)?).await)
    }

    async fn delete(&self, _: u32, id: &str) -> Result<(), Error> {
        self.0.delete(&RoleSid::new(id)?).await
    }

    async fn ensure_absent(&self, _: u32, id: &str) -> Result<EnsuredAbsent, Error> {
        self.0.ensure_absent(&RoleSid::new(id)?).await
    }
}

pub(crate) struct Harness(harness::RoleAssignments);

impl Harness {
    fn wanted(number: u32) -> Result<harness::NewRoleAssignment, Error> {
        let group = "_all_organization_level_resources";
        let principal = Principal::user(name(number));
        let identifier = format!("s{}", name(number));
        harness::NewRoleAssignment::new(identifier, "_organization_viewer", group, principal)
    }

    fn id(made: harness::RoleAssignmentResponse) -> String {
        made.role_assignment.identifier.to_string()
    }
}

impl Vendor for Harness {
    type Fake = HarnessFake;
    const CREATES: u32 = 2;

    fn new(origin: &str) -> Result<Self, Error> {
        let builder = harness::Harness::builder(HarnessFake::API_KEY);
        let client = builder.base_url(origin).options(options()).build()?;
        Ok(Self(client.org("soak")?.role_assignments()))
    }

    async fn fake(random: &mut Rng) -> std::io::Result<HarnessFake> {
        let fake = HarnessFake::start().await?;
        fake.duplicates(match random.u32(0..3) {
            0 => HarnessDuplicates::UnknownError,
            1 => HarnessDuplicates::DuplicateField,
            _ => HarnessDuplicates::Conflict,
        });
        if random.bool() {
            fake.missing(404, "ENTITY_NOT_FOUND");
        }
        Ok(fake)
    }

    fn held(fake: &HarnessFake) -> Vec<u32> {
        let held = fake.role_assignments("orgs/soak");
        held.iter().filter_map(|one| number(one.role_assignment.identifier.as_str())).collect()
    }

    fn never(number: u32) -> String {
        format!("s{}", name(number))
    }

    async fn create(&self, number: u32) -> Result<String, Error> {
        Ok(Self::id(self.0.create(&Self::wanted(number)?).await?))
    }

    async fn ensure(&self, number: u32) -> Result<Ensured<String>, Error> {
        Ok(map(self.0.ensure(&Self::wanted(number)?).await?, Self::id))
    }

    async fn look(&self, number: u32, id: &str) -> Result<bool, Error> {
        // The list moves under those who remove meanwhile, and so cannot say that one is not there.
        if number.is_multiple_of(4) {
            let mut items = self.0.list().page_size(100).items()?;
            while let Some(item) = items.next().await {
                if item?.role_assignment.identifier == id {
                    return Ok(true);
                }
            }
        }
        absent(self.0.get(id).await)
    }

    async fn delete(&self, _: u32, id: &str) -> Result<(), Error> {
        self.0.delete(id).await.map(drop)
    }

    async fn ensure_absent(&self, _: u32, id: &str) -> Result<EnsuredAbsent, Error> {
        self.0.ensure_absent(id).await
    }
}

/// Every fourth in the organization, the others in an environment.
pub(crate) struct Redox {
    organization: redox::OrganizationRoleAssignments,
    environment: redox::EnvironmentRoleAssignments,
}

impl Redox {
    fn user(number: u32) -> Result<UserRef, Error> {
        UserRef::id(name(number))
    }

    fn wanted(number: u32) -> Result<redox::NewRoleAssignment, Error> {
        Ok(redox::NewRoleAssignment::new(RoleRef::id("role")?, Self::user(number)?))
    }
}

impl Vendor for Redox {
    type Fake = RedoxFake;
    const CREATES: u32 = 1;

    fn new(origin: &str) -> Result<Self, Error> {
        let builder = redox::Redox::builder(RedoxFake::TOKEN);
        let client = builder.base_url(format!("{origin}/platform")).options(options()).build()?;
        Ok(Self {
            organization: client.organization("7")?.role_assignments(),
            environment: client.environment("soak")?.role_assignments(),
        })
    }

    async fn fake(random: &mut Rng) -> std::io::Result<RedoxFake> {
        let fake = RedoxFake::start().await?;
        fake.add_environment("7", "soak", "Soak", "Development");
        if random.bool() {
            fake.duplicates(RedoxDuplicates::Replaced);
        }
        match random.u32(0..3) {
            0 => {}
            1 => fake.absent(RedoxAbsent::Success),
            _ => fake.absent(RedoxAbsent::Unsuccessful),
        }
        Ok(fake)
    }

    fn held(fake: &RedoxFake) -> Vec<u32> {
        let here = fake.environment_memberships().into_iter().map(|held| held.user);
        let users = fake.memberships().into_iter().map(|held| held.user).chain(here);
        users.filter_map(|user| number(&user)).collect()
    }

    fn is_removable(number: u32) -> bool {
        !number.is_multiple_of(4)
    }

    async fn create(&self, number: u32) -> Result<String, Error> {
        let wanted = Self::wanted(number)?;
        match number % 4 {
            0 => self.organization.assign(&wanted).await,
            1 => self.environment.assign(&wanted).await,
            _ => self.environment.create(&wanted).await,
        }
        .map(|_| name(number))
    }

    async fn ensure(&self, number: u32) -> Result<Ensured<String>, Error> {
        let wanted = Self::wanted(number)?;
        if number.is_multiple_of(4) {
            Ok(map(self.organization.ensure(&wanted).await?, |_| name(number)))
        } else {
            Ok(map(self.environment.ensure(&wanted).await?, |_| name(number)))
        }
    }

    async fn look(&self, number: u32, id: &str) -> Result<bool, Error> {
        if number.is_multiple_of(4) {
            let held = self.organization.list().await?.payload.memberships;
            Ok(held.iter().any(|held| held.user.id == id))
        } else {
            let held = self.environment.list().await?.payload.memberships;
            Ok(held.iter().any(|held| held.user.id == id))
        }
    }

    async fn delete(&self, number: u32, _: &str) -> Result<(), Error> {
        self.environment.delete(&Self::user(number)?).await.map(drop)
    }

    async fn ensure_absent(&self, number: u32, _: &str) -> Result<EnsuredAbsent, Error> {
        self.environment.ensure_absent(&Self::user(number)?).await
    }
}

pub(crate) struct Deepset(deepset::Roles);

impl Deepset {
    fn wanted(number: u32) -> deepset::NewRole {
        let permission = Permission::new(Asset::Files, Action::Read);
        deepset::NewRole::new(name(number), "Reads files", [permission])
    }
}

impl Vendor for Deepset {
    type Fake = DeepsetFake;
    const CREATES: u32 = 2;

    fn new(origin: &str) -> Result<Self, Error> {
        let builder = deepset::Deepset::builder(DeepsetFake::API_KEY);
        let client = builder.base_url(origin).options(options()).build()?;
        Ok(Self(client.organization(DeepsetFake::ORGANIZATION)?.roles()))
    }

    async fn fake(random: &mut Rng) -> std::io::Result<DeepsetFake> {
        let fake = DeepsetFake::start().await?;
        fake.error_bodies(random.bool());
        Ok(fake)
    }

    fn held(fake: &DeepsetFake) -> Vec<u32> {
        fake.roles().iter().filter_map(|role| number(role.role_name.as_ref()?)).collect()
    }

    fn is_removable(_: u32) -> bool {
        false
    }

    async fn create(&self, number: u32) -> Result<String, Error> {
        self.0.create(&Self::wanted(number)).await.map(|_| name(number))
    }

    async fn ensure(&self, number: u32) -> Result<Ensured<String>, Error> {
        Ok(map(self.0.ensure(&Self::wanted(number)).await?, |_| name(number)))
    }

    async fn look(&self, _: u32, id: &str) -> Result<bool, Error> {
        let mut items = self.0.list().page_size(100).items()?;
        while let Some(role) = items.next().await {
            if role?.role_name.as_deref() == Some(id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn delete(&self, _: u32, _: &str) -> Result<(), Error> {
        unreachable!("the service has no call for it")
    }

    async fn ensure_absent(&self, _: u32, _: &str) -> Result<EnsuredAbsent, Error> {
        unreachable!("the service has no call for it")
    }
}
