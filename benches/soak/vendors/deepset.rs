//! The deepset platform: roles, which cannot be removed.

use fastrand::Rng;
use rolecall::access::ReadRoles;
use rolecall::deepset::{
    Action, Asset, Deepset as DeepsetClient, NewRole, Permission, Role, Roles as RolesHandle,
};
use rolecall::testing::DeepsetFake;
use rolecall::{Ensured, Error, Items, Position};

use super::{Kind, Reply, START, Service, calls, map, name, number, of_role, options, page_size};
use crate::rounds::Client;

pub(crate) struct Deepset {
    roles: RolesHandle,
}

impl Service for Deepset {
    type Fake = DeepsetFake;

    fn new(origin: &str, _: bool) -> Result<Self, Error> {
        let builder = DeepsetClient::builder(DeepsetFake::API_KEY).base_url(origin);
        let client = builder.options(options()).build()?;
        let roles = client.organization(DeepsetFake::ORGANIZATION).roles();
        Ok(Self { roles })
    }

    async fn start(random: &mut Rng) -> std::io::Result<DeepsetFake> {
        let fake = DeepsetFake::start().await?;
        fake.error_bodies(random.bool());
        fake.page_size(random.usize(5..50));
        Ok(fake)
    }

    async fn round(client: &mut Client<Self>, _: u32) {
        client.round::<Roles>().await;
    }
}

struct Roles(RolesHandle);

impl Roles {
    fn wanted(number: u32) -> NewRole {
        let permission = Permission::new(Asset::Files, Action::Read);
        NewRole::new(name(number), "Reads files", [permission])
    }

    fn number(role: &Role) -> Option<u32> {
        number(role.role_name.as_ref()?)
    }
}

impl Kind for Roles {
    type Service = Deepset;
    const CREATES: usize = 2;
    const COLLECTION: &str = "/roles";

    fn of(service: &Deepset) -> Self {
        Self(service.roles.clone())
    }

    fn held(&self, fake: &DeepsetFake) -> Vec<(u32, u32)> {
        fake.roles().iter().filter_map(|role| Some((Self::number(role)?, START))).collect()
    }

    fn is_removable(_: u32) -> bool {
        false
    }

    calls! { self:
        create(number) -> String =
            self.0.create(&Self::wanted(number)).await.map(|_| name(number))?;
        ensure(number) -> Ensured<String> =
            map(self.0.ensure(&Self::wanted(number)).await?, |_| name(number));
        look(number, _id) -> Option<u32> = {
            let mut items = self.0.list().page_size(100).items();
            loop {
                match items.next().await.transpose()? {
                    Some(role) if Self::number(&role) == Some(number) => break Some(START),
                    Some(_) => {}
                    None => break None,
                }
            }
        };
    }

    fn items(&self, way: u32, from: Option<&Position>) -> Items<Option<u32>> {
        if way.is_multiple_of(4) {
            return self.0.read_roles_from(from).map(of_role(Self::number));
        }
        let list = self.0.list().page_size(page_size(way)).from(from);
        list.items().map(|role| Self::number(&role))
    }
}
