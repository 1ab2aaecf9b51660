//! The deepset platform: roles, which cannot be removed.

use fastrand::Rng;
use rolecall::deepset::{
    Action, Asset, Deepset as Client, NewRole, Permission, Role, Roles as RolesClient,
};
use rolecall::testing::DeepsetFake;
use rolecall::{Ensured, EnsuredAbsent, Error};

use super::{Kind, START, Service, map, name, number, options, page_size, shared_roles, walk};
use crate::stories::Lane;

pub(crate) struct Deepset {
    client: Client,
    roles: RolesClient,
}

/// The users of every fake, beside its owner.
const USERS: u32 = 12;

impl Service for Deepset {
    type Fake = DeepsetFake;

    fn new(origin: &str, _: bool) -> Result<Self, Error> {
        let builder = Client::builder(DeepsetFake::API_KEY).base_url(origin).options(options());
        let client = builder.build()?;
        let roles = client.organization(DeepsetFake::ORGANIZATION)?.roles();
        Ok(Self { client, roles })
    }

    async fn fake(random: &mut Rng) -> std::io::Result<DeepsetFake> {
        let fake = DeepsetFake::start().await?;
        fake.error_bodies(random.bool());
        fake.page_size(random.usize(5..50));
        (0..USERS).for_each(|number| drop(fake.add_user(&name(number))));
        Ok(fake)
    }

    async fn round(lane: &mut Lane<Self>, _: u32) {
        lane.tell::<Roles>().await;
    }

    async fn read(&self, way: u32) -> Result<bool, Error> {
        if way.is_multiple_of(2) {
            return Ok(self.client.me().await?.email.as_deref() == Some("owner@example.com"));
        }
        let list = self.client.users().list().page_size(1 + way % 5);
        let all = walk(way, |from| list.items_from(from), |user| number(user.email.as_ref()?));
        // The newest first.
        Ok(all.await? == Vec::from_iter((0..USERS).rev()))
    }
}

struct Roles(RolesClient);

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
    const CREATES: u32 = 2;
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

    async fn create(&self, number: u32) -> Result<String, Error> {
        self.0.create(&Self::wanted(number)).await.map(|_| name(number))
    }

    async fn ensure(&self, number: u32) -> Result<Ensured<String>, Error> {
        Ok(map(self.0.ensure(&Self::wanted(number)).await?, |_| name(number)))
    }

    async fn look(&self, number: u32, _: &str) -> Result<Option<u32>, Error> {
        let mut items = self.0.list().page_size(100).items()?;
        while let Some(role) = items.next().await {
            if Self::number(&role?) == Some(number) {
                return Ok(Some(START));
            }
        }
        Ok(None)
    }

    async fn list(&self, way: u32) -> Result<Vec<u32>, Error> {
        if way.is_multiple_of(4) {
            return shared_roles(&self.0, Self::number).await;
        }
        let list = self.0.list().page_size(page_size(way));
        walk(way, |from| list.items_from(from), Self::number).await
    }

    async fn delete(&self, _: u32, _: &str) -> Result<(), Error> {
        unreachable!("the service has no call for it")
    }

    async fn ensure_absent(&self, _: u32, _: &str) -> Result<EnsuredAbsent, Error> {
        unreachable!("the service has no call for it")
    }
}
