//! Redox: role assignments, which hold a role. With the feature `redox-jwt` one lane has an API key.

use fastrand::Rng;
use rolecall::redox::{
    EnvironmentMembership, EnvironmentRoleAssignments, Environments, NewRoleAssignment,
    OrganizationMembership, OrganizationRoleAssignments, Redox as Client, RedoxBuilder, Reference,
    RoleRef, UserRef,
};
use rolecall::testing::{RedoxAbsent, RedoxDuplicates, RedoxFake};
use rolecall::{Ensured, EnsuredAbsent, Error};

use super::{
    Change, Changed, Changes, Kind, START, Service, content, map, name, number, options,
    shared_assignments, text,
};
use crate::stories::Lane;

#[derive(Clone)]
pub(crate) struct Redox {
    has_key: bool,
    organization: OrganizationRoleAssignments,
    environment: EnvironmentRoleAssignments,
    environments: Environments,
}

#[cfg(feature = "redox-jwt")]
fn with_key(origin: &str) -> Result<RedoxBuilder, Error> {
    let pem = include_str!("../../../fixtures/redox/keys/p384.pem");
    let key = rolecall::redox::ApiKey::from_pem(RedoxFake::CLIENT_ID, RedoxFake::KEY_ID, pem)?;
    Ok(Client::with_api_key(key).token_url(format!("{origin}/v2/auth/token")))
}

#[cfg(not(feature = "redox-jwt"))]
fn with_key(_: &str) -> Result<RedoxBuilder, Error> {
    unreachable!("it takes a feature")
}

impl Service for Redox {
    type Fake = RedoxFake;

    fn new(origin: &str, second: bool) -> Result<Self, Error> {
        let has_key = second && cfg!(feature = "redox-jwt");
        let builder = if has_key { with_key(origin)? } else { Client::builder(RedoxFake::TOKEN) };
        let client = builder.base_url(format!("{origin}/platform")).options(options()).build()?;
        let organization = client.organization("7")?;
        Ok(Self {
            has_key,
            organization: organization.role_assignments(),
            environment: client.environment("soak")?.role_assignments(),
            environments: organization.environments(),
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

    fn tokens(&self, fake: &RedoxFake) -> Option<u64> {
        self.has_key.then(|| fake.tokens_given())
    }

    async fn round(lane: &mut Lane<Self>, _: u32) {
        lane.tell::<Assignments>().await;
    }

    async fn read(&self, _: u32) -> Result<bool, Error> {
        let all = self.environments.list().await?.payload.environments;
        Ok(matches!(&all[..], [one] if one.id.as_str() == "soak"))
    }
}

/// Every fourth in the organization, the others in an environment.
struct Assignments(Redox);

fn is_of_organization(number: u32) -> bool {
    number.is_multiple_of(4)
}

impl Assignments {
    fn user(number: u32) -> Result<UserRef, Error> {
        UserRef::id(name(number))
    }

    fn wanted(number: u32, content: u32) -> Result<NewRoleAssignment, Error> {
        Ok(NewRoleAssignment::new(RoleRef::id(text(content))?, Self::user(number)?))
    }

    /// All of both places, with what they hold.
    async fn all(&self) -> Result<Vec<(u32, u32)>, Error> {
        let organization = self.0.organization.list().await?.payload.memberships;
        let environment = self.0.environment.list().await?.payload.memberships;
        let organization = organization.into_iter().map(|held| (held.user, held.role));
        let all = organization.chain(environment.into_iter().map(|held| (held.user, held.role)));
        let role = |role: Option<Reference>| content(role.and_then(|role| role.id).as_deref());
        Ok(all.filter_map(|(user, held)| Some((number(&user.id)?, role(held)))).collect())
    }
}

impl Kind for Assignments {
    type Service = Redox;
    const CREATES: u32 = 1;
    const CHANGES: Changes = Changes::Yes;
    const COLLECTION: &str = "/role-assignment";

    fn of(service: &Redox) -> Self {
        Self(service.clone())
    }

    fn held(&self, fake: &RedoxFake) -> Vec<(u32, u32)> {
        let here = fake.environment_memberships().into_iter().map(|held| (held.user, held.role));
        let all = fake.memberships().into_iter().map(|held| (held.user, held.role)).chain(here);
        all.filter_map(|(user, role)| Some((number(&user)?, content(Some(&role))))).collect()
    }

    fn is_removable(number: u32) -> bool {
        !is_of_organization(number)
    }

    async fn create(&self, number: u32) -> Result<String, Error> {
        let wanted = Self::wanted(number, START)?;
        match number % 4 {
            0 => self.0.organization.assign(&wanted).await,
            1 => self.0.environment.assign(&wanted).await,
            _ => self.0.environment.create(&wanted).await,
        }
        .map(|_| name(number))
    }

    async fn ensure(&self, number: u32) -> Result<Ensured<String>, Error> {
        let wanted = Self::wanted(number, START)?;
        if is_of_organization(number) {
            Ok(map(self.0.organization.ensure(&wanted).await?, |_| name(number)))
        } else {
            Ok(map(self.0.environment.ensure(&wanted).await?, |_| name(number)))
        }
    }

    async fn look(&self, number: u32, _: &str) -> Result<Option<u32>, Error> {
        let all = self.all().await?;
        Ok(all.into_iter().find(|(held, _)| *held == number).map(|(_, content)| content))
    }

    async fn list(&self, way: u32) -> Result<Vec<u32>, Error> {
        if way.is_multiple_of(2) {
            return Ok(self.all().await?.into_iter().map(|(number, _)| number).collect());
        }
        let of_organization = |held: &OrganizationMembership| number(&held.user.id);
        let of_environment = |held: &EnvironmentMembership| number(&held.user.id);
        let mut all = shared_assignments(&self.0.organization, of_organization).await?;
        all.extend(shared_assignments(&self.0.environment, of_environment).await?);
        Ok(all)
    }

    async fn change(&self, number: u32, id: &str, change: Change) -> Result<Changed, Error> {
        let before = self.look(number, id).await?.unwrap_or(u32::MAX);
        let now = change.of(before);
        let wanted = Self::wanted(number, now)?;
        if is_of_organization(number) {
            self.0.organization.assign(&wanted).await?;
        } else {
            self.0.environment.assign(&wanted).await?;
        }
        Ok(Changed { before: Some(before), now })
    }

    async fn delete(&self, number: u32, _: &str) -> Result<(), Error> {
        self.0.environment.delete(&Self::user(number)?).await.map(drop)
    }

    async fn ensure_absent(&self, number: u32, _: &str) -> Result<EnsuredAbsent, Error> {
        self.0.environment.ensure_absent(&Self::user(number)?).await
    }
}
