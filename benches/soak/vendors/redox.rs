//! Redox: role assignments, which hold a role. With the feature `redox-jwt` one client has an API key.

use std::time::Duration;

use fastrand::Rng;
use rolecall::access::ReadAssignments;
use rolecall::redox::{
    Credentials, EnvironmentMembership, EnvironmentRoleAssignments, NewRoleAssignment,
    OrganizationMembership, OrganizationRoleAssignments, Redox as RedoxClient, Reference, RoleRef,
    UserRef,
};
use rolecall::testing::{RedoxAbsent, RedoxDuplicates, RedoxFake};
use rolecall::{Ensured, EnsuredAbsent, Error, Items, Position};

use super::{
    Change, Changed, Changes, Kind, Reply, START, Service, calls, content, map, name, number,
    of_assignment, options, text, walk,
};
use crate::rounds::Client;

#[derive(Clone)]
pub(crate) struct Redox {
    has_key: bool,
    organization: OrganizationRoleAssignments,
    environment: EnvironmentRoleAssignments,
}

#[cfg(feature = "redox-jwt")]
fn api_key() -> Result<Credentials, Error> {
    let pem = include_str!("../../../fixtures/redox/keys/p384.pem");
    let key = rolecall::redox::ApiKey::from_pem(RedoxFake::CLIENT_ID, RedoxFake::KEY_ID, pem)?;
    Ok(key.into())
}

#[cfg(not(feature = "redox-jwt"))]
fn api_key() -> Result<Credentials, Error> {
    Ok(Credentials::from(RedoxFake::TOKEN))
}

impl Service for Redox {
    type Fake = RedoxFake;

    fn new(origin: &str, second: bool) -> Result<Self, Error> {
        let has_key = second && cfg!(feature = "redox-jwt");
        let credentials = if has_key { api_key()? } else { Credentials::from(RedoxFake::TOKEN) };
        let builder = RedoxClient::builder(credentials).base_url(format!("{origin}/platform"));
        #[cfg(feature = "redox-jwt")]
        let builder = builder.token_url(format!("{origin}/v2/auth/token"));
        let client = builder.options(options()).build()?;
        let organization = client.organization("7");
        Ok(Self {
            has_key,
            organization: organization.role_assignments(),
            environment: client.environment("soak").role_assignments(),
        })
    }

    async fn start(random: &mut Rng) -> std::io::Result<RedoxFake> {
        let fake = RedoxFake::start().await?;
        fake.add_environment("7", "soak", "Soak", "Development");
        fake.token_lifetime(Duration::from_secs(random.u64(1..4)));
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

    fn tokens(&self, fake: &RedoxFake) -> Option<u64> {
        self.has_key.then(|| fake.tokens_given())
    }

    async fn round(client: &mut Client<Self>, _: u32) {
        client.round::<Assignments>().await;
    }
}

/// Every fourth in the organization, the others in an environment.
struct Assignments(Redox);

fn is_of_organization(number: u32) -> bool {
    number.is_multiple_of(4)
}

fn of_organization(held: &OrganizationMembership) -> Option<u32> {
    number(&held.user.id)
}

fn of_environment(held: &EnvironmentMembership) -> Option<u32> {
    number(&held.user.id)
}

impl Assignments {
    fn user(number: u32) -> Result<UserRef, Error> {
        UserRef::id(name(number))
    }

    fn wanted(number: u32, content: u32) -> Result<NewRoleAssignment, Error> {
        Ok(NewRoleAssignment::new(RoleRef::id(text(content))?, Self::user(number)?))
    }
}

impl Kind for Assignments {
    type Service = Redox;
    const CREATES: usize = 1;
    const CHANGES: Changes = Changes::Yes;
    const COLLECTION: &str = "/role-assignment";

    fn of(service: &Redox) -> Self {
        Self(service.clone())
    }

    fn held(&self, fake: &RedoxFake) -> Vec<(u32, u32)> {
        let all = fake.memberships().into_iter().chain(fake.environment_memberships());
        all.filter_map(|held| Some((number(&held.user)?, content(Some(&held.role))))).collect()
    }

    fn is_removable(number: u32) -> bool {
        !is_of_organization(number)
    }

    /// One of the two lists, by the next bit of `way`.
    fn items(&self, way: u32, from: Option<&Position>) -> Items<Option<u32>> {
        let Redox { organization, environment, .. } = &self.0;
        let shared = way.is_multiple_of(2);
        let list = |list: &dyn ReadAssignments| list.read_assignments_from(from);
        match (shared, way & 2 == 0) {
            (true, true) => list(organization).map(of_assignment(of_organization)),
            (true, false) => list(environment).map(of_assignment(of_environment)),
            (false, true) => organization.list().from(from).items().map(|it| of_organization(&it)),
            (false, false) => environment.list().from(from).items().map(|it| of_environment(&it)),
        }
    }

    calls! { self:
        create(number) -> String = {
            let wanted = Self::wanted(number, START)?;
            match number % 4 {
                0 => self.0.organization.assign(&wanted).await?,
                1 => self.0.environment.assign(&wanted).await?,
                _ => self.0.environment.create(&wanted).await?,
            };
            name(number)
        };
        ensure(number) -> Ensured<String> = {
            let wanted = Self::wanted(number, START)?;
            match is_of_organization(number) {
                true => map(self.0.organization.ensure(&wanted).await?, |_| name(number)),
                false => map(self.0.environment.ensure(&wanted).await?, |_| name(number)),
            }
        };
        look(wanted, _id) -> Option<u32> = {
            let roles: Vec<(Option<u32>, Option<Reference>)> = if is_of_organization(wanted) {
                let all = self.0.organization.list().items();
                all.map(|held| (of_organization(&held), held.role)).try_collect().await?
            } else {
                let all = self.0.environment.list().items();
                all.map(|held| (of_environment(&held), held.role)).try_collect().await?
            };
            let held = roles.into_iter().find(|(number, _)| *number == Some(wanted));
            held.map(|(_, role)| content(role.and_then(|role| role.id).as_deref()))
        };
        list(way) -> Vec<u32> = {
            let mut all = walk(way, |from| self.items(way & !2, from)).await?;
            all.extend(walk(way, |from| self.items(way | 2, from)).await?);
            all
        };
        change(number, id, by) -> Changed = {
            let before = self.look(number, id).await?.unwrap_or(u32::MAX);
            let now = by.of(before);
            let wanted = Self::wanted(number, now)?;
            match is_of_organization(number) {
                true => self.0.organization.assign(&wanted).await?,
                false => self.0.environment.assign(&wanted).await?,
            };
            Changed { before: Some(before), now }
        };
        delete(number, _id) -> () =
            self.0.environment.delete(&Self::user(number)?).await.map(drop)?;
        ensure_absent(number, _id) -> EnsuredAbsent =
            self.0.environment.ensure_absent(&Self::user(number)?).await?;
    }
}
