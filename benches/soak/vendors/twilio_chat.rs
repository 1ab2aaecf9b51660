//! Twilio Chat: roles, which hold permissions.

use fastrand::Rng;
use rolecall::testing::TwilioChatFake;
use rolecall::twilio::chat::{
    NewRole, Role, RoleSid, RoleType, Roles as RolesClient, TwilioChat, permission,
};
use rolecall::{Ensured, EnsuredAbsent, Error};

use super::{
    BITS, Change, Changed, Changes, Kind, START, Service, found, map, name, number, options,
    page_size, shared_roles, walk,
};
use crate::stories::Lane;

pub(crate) struct Chat {
    roles: RolesClient,
    /// Of a service without any.
    others: RolesClient,
}

impl Service for Chat {
    type Fake = TwilioChatFake;

    fn new(origin: &str, second: bool) -> Result<Self, Error> {
        let builder = if second {
            TwilioChat::with_api_key(TwilioChatFake::API_KEY, TwilioChatFake::API_SECRET)?
        } else {
            TwilioChat::with_auth_token(TwilioChatFake::ACCOUNT_SID, TwilioChatFake::AUTH_TOKEN)?
        };
        let client = builder.base_url(origin).options(options()).build()?;
        Ok(Self {
            roles: client.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?.roles(),
            others: client.service("ISbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")?.roles(),
        })
    }

    async fn fake(random: &mut Rng) -> std::io::Result<TwilioChatFake> {
        let fake = TwilioChatFake::start().await?;
        fake.page_size(random.usize(10..50));
        Ok(fake)
    }

    async fn round(lane: &mut Lane<Self>, _: u32) {
        lane.tell::<Roles>().await;
    }

    async fn read(&self, _: u32) -> Result<bool, Error> {
        Ok(self.others.list().items()?.collect().await?.is_empty())
    }
}

const PERMISSIONS: [&str; BITS as usize] = [
    permission::LEAVE_CHANNEL,
    permission::SEND_MESSAGE,
    permission::SEND_MEDIA_MESSAGE,
    permission::EDIT_OWN_MESSAGE,
    permission::DELETE_OWN_MESSAGE,
];

fn permissions(content: u32) -> impl Iterator<Item = &'static str> {
    (0..).zip(PERMISSIONS).filter(move |(bit, _)| content & (1 << bit) != 0).map(|(_, one)| one)
}

/// An unknown one, and one that comes twice, make it what nobody said.
fn content(permissions: Option<&[String]>) -> u32 {
    let bit = |one: &String| PERMISSIONS.iter().position(|known| known == one).map(|at| 1 << at);
    let once = |held: u32, bit: u32| (held & bit == 0).then_some(held | bit);
    permissions
        .and_then(|all| all.iter().try_fold(0, |held, one| once(held, bit(one)?)))
        .unwrap_or(u32::MAX)
}

struct Roles(RolesClient);

impl Roles {
    fn wanted(number: u32) -> Result<NewRole, Error> {
        NewRole::new(name(number), RoleType::Channel, permissions(START))
    }

    fn id(role: Role) -> String {
        role.sid.map(|sid| sid.to_string()).unwrap_or_default()
    }

    fn number(role: &Role) -> Option<u32> {
        number(role.friendly_name.as_ref()?)
    }

    fn content(role: &Role) -> u32 {
        content(role.permissions.as_deref())
    }
}

impl Kind for Roles {
    type Service = Chat;
    const CREATES: u32 = 1;
    const CHANGES: Changes = Changes::Yes;
    const COLLECTION: &str = "/Roles";
    const CHANGED_ONCE: &[&str] = &["POST"];

    fn of(service: &Chat) -> Self {
        Self(service.roles.clone())
    }

    fn held(&self, fake: &TwilioChatFake) -> Vec<(u32, u32)> {
        let held = fake.roles();
        held.iter().filter_map(|role| Some((Self::number(role)?, Self::content(role)))).collect()
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

    async fn look(&self, _: u32, id: &str) -> Result<Option<u32>, Error> {
        Ok(found(self.0.fetch(&RoleSid::new(id)?).await)?.as_ref().map(Self::content))
    }

    async fn list(&self, way: u32) -> Result<Vec<u32>, Error> {
        if way.is_multiple_of(4) {
            return shared_roles(&self.0, Self::number).await;
        }
        let list = self.0.list().page_size(page_size(way));
        walk(way, |from| list.items_from(from), Self::number).await
    }

    async fn change(&self, _: u32, id: &str, change: Change) -> Result<Changed, Error> {
        let sid = RoleSid::new(id)?;
        let changed = match change {
            Change::Set(bits) => {
                let role = self.0.replace_permissions(&sid, permissions(bits)).await?;
                return Ok(Changed { before: None, now: Self::content(&role) });
            }
            Change::Add(bits) => self.0.add_permissions(&sid, permissions(bits)).await?,
            Change::Remove(bits) => self.0.remove_permissions(&sid, permissions(bits)).await?,
        };
        let now = Self::content(&changed.role);
        let [added, removed] = [&changed.added, &changed.removed].map(|one| content(Some(one)));
        Ok(Changed { before: Some(now & !added | removed), now })
    }

    async fn delete(&self, _: u32, id: &str) -> Result<(), Error> {
        self.0.delete(&RoleSid::new(id)?).await
    }

    async fn ensure_absent(&self, _: u32, id: &str) -> Result<EnsuredAbsent, Error> {
        self.0.ensure_absent(&RoleSid::new(id)?).await
    }
}
