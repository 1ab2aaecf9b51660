//! Twilio Chat: roles, which hold permissions.

use fastrand::Rng;
use rolecall::access::ReadRoles;
use rolecall::testing::TwilioChatFake;
use rolecall::twilio::chat::{
    Credentials, NewRole, Role, RoleType, Roles as RolesHandle, TwilioChat, permission,
};
use rolecall::{Ensured, EnsuredAbsent, Error, Items, Position};

use super::{
    BITS, Change, Changed, Changes, Kind, Reply, START, Service, calls, found, map, name, number,
    of_role, options, page_size,
};
use crate::rounds::Client;

pub(crate) struct Chat {
    roles: RolesHandle,
}

impl Service for Chat {
    type Fake = TwilioChatFake;

    fn new(origin: &str, second: bool) -> Result<Self, Error> {
        let credentials = if second {
            Credentials::api_key(TwilioChatFake::API_KEY, TwilioChatFake::API_SECRET)
        } else {
            Credentials::auth_token(TwilioChatFake::ACCOUNT_SID, TwilioChatFake::AUTH_TOKEN)
        };
        let builder = TwilioChat::builder(credentials).base_url(origin).options(options());
        let client = builder.build()?;
        Ok(Self { roles: client.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").roles() })
    }

    async fn start(random: &mut Rng) -> std::io::Result<TwilioChatFake> {
        let fake = TwilioChatFake::start().await?;
        fake.page_size(random.usize(10..50));
        Ok(fake)
    }

    async fn round(client: &mut Client<Self>, _: u32) {
        client.round::<Roles>().await;
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

/// With an unknown permission, or a repeated one, it is what no call wrote.
fn content(permissions: Option<&[String]>) -> u32 {
    let bit = |one: &String| PERMISSIONS.iter().position(|known| known == one).map(|at| 1 << at);
    let once = |held: u32, bit: u32| (held & bit == 0).then_some(held | bit);
    permissions
        .and_then(|all| all.iter().try_fold(0, |held, one| once(held, bit(one)?)))
        .unwrap_or(u32::MAX)
}

struct Roles(RolesHandle);

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
    const CREATES: usize = 1;
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

    calls! { self:
        create(number) -> String =
            Self::id(self.0.create(&Self::wanted(number)?).await?);
        ensure(number) -> Ensured<String> =
            map(self.0.ensure(&Self::wanted(number)?).await?, Self::id);
        look(_number, id) -> Option<u32> =
            found(self.0.get(id).await)?.as_ref().map(Self::content);
        change(_number, id, by) -> Changed = {
            let changed = match by {
                Change::Set(bits) => {
                    let role = self.0.update(id, permissions(bits)).await?;
                    return Ok(Changed { before: None, now: Self::content(&role) });
                }
                Change::Add(bits) => self.0.add_permissions(id, permissions(bits)).await?,
                Change::Remove(bits) => self.0.remove_permissions(id, permissions(bits)).await?,
            };
            let now = Self::content(&changed.role);
            let [added, removed] = [&changed.added, &changed.removed].map(|one| content(Some(one)));
            Changed { before: Some(now & !added | removed), now }
        };
        delete(_number, id) -> () = self.0.delete(id).await?;
        ensure_absent(_number, id) -> EnsuredAbsent =
            self.0.ensure_absent(id).await?;
    }

    fn items(&self, way: u32, from: Option<&Position>) -> Items<Option<u32>> {
        if way.is_multiple_of(4) {
            return self.0.read_roles_from(from).map(of_role(Self::number));
        }
        let list = self.0.list().page_size(page_size(way)).from(from);
        list.items().map(|role| Self::number(&role))
    }
}
