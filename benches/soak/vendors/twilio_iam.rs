//! Twilio Organizations: role assignments and users, one client at each API version.

use std::time::Duration;

use fastrand::Rng;
use rolecall::access::ReadAssignments;
use rolecall::testing::TwilioIamFake;
use rolecall::twilio::iam::{
    ApiVersion, Credentials, Email, NewRoleAssignment, NewUser, Organization, RoleAssignment,
    RoleAssignments, TwilioIam, User, UserFilter, UserPatch, Users as UsersHandle,
};
use rolecall::{Ensured, EnsuredAbsent, Error, Items, Position};

use super::{
    Change, Changed, Changes, Kind, Reply, START, Service, calls, content, found, map, name,
    number, of_assignment, options, page_size, text,
};
use crate::rounds::Client;

pub(crate) struct Iam {
    organization: Organization,
}

impl Service for Iam {
    type Fake = TwilioIamFake;

    fn new(origin: &str, is_v2: bool) -> Result<Self, Error> {
        let (id, secret) = (TwilioIamFake::CLIENT_ID, TwilioIamFake::CLIENT_SECRET);
        let builder = TwilioIam::builder(Credentials::client(id, secret)).base_url(origin);
        let builder = builder.token_url(format!("{origin}/v2/token")).options(options());
        let organization = if is_v2 {
            builder.api_version(ApiVersion::V2).build()?.own_organization()
        } else {
            builder.build()?.organization(TwilioIamFake::ORGANIZATION)
        };
        Ok(Self { organization })
    }

    async fn start(random: &mut Rng) -> std::io::Result<TwilioIamFake> {
        let fake = TwilioIamFake::start().await?;
        fake.page_size(random.usize(10..50));
        fake.token_lifetime(Duration::from_secs(random.u64(1..4)));
        Ok(fake)
    }

    fn tokens(&self, fake: &TwilioIamFake) -> Option<u64> {
        Some(fake.tokens_given())
    }

    async fn round(client: &mut Client<Self>, turn: u32) {
        match turn % 2 {
            0 => client.round::<Assignments>().await,
            _ => client.round::<Users>().await,
        }
    }
}

struct Assignments(RoleAssignments);

impl Assignments {
    fn wanted(number: u32) -> Result<NewRoleAssignment, Error> {
        let role = "IX00000000000000000000000000000104";
        NewRoleAssignment::new(role, TwilioIamFake::ORGANIZATION, format!("US{}", name(number)))
    }

    fn number(held: &RoleAssignment) -> Option<u32> {
        number(held.identity.as_ref()?.as_str())
    }
}

impl Kind for Assignments {
    type Service = Iam;
    const CREATES: usize = 1;
    const COLLECTION: &str = "/RoleAssignments";

    fn of(service: &Iam) -> Self {
        Self(service.organization.role_assignments())
    }

    fn held(&self, fake: &TwilioIamFake) -> Vec<(u32, u32)> {
        let held = fake.role_assignments();
        held.iter().filter_map(|held| Some((Self::number(held)?, START))).collect()
    }

    fn never(number: u32) -> String {
        format!("IY{}", name(number))
    }

    calls! { self:
        create(number) -> String =
            self.0.create(&Self::wanted(number)?).await?.sid.to_string();
        ensure(number) -> Ensured<String> =
            map(self.0.ensure(&Self::wanted(number)?).await?, |one| one.sid.to_string());
        look(number, _id) -> Option<u32> = {
            let list = self.0.list().identity(format!("US{}", name(number)));
            list.items().try_collect().await?.first().map(|_| START)
        };
        delete(_number, id) -> () = self.0.delete(id).await?;
        ensure_absent(_number, id) -> EnsuredAbsent =
            self.0.ensure_absent(id).await?;
    }

    fn items(&self, way: u32, from: Option<&Position>) -> Items<Option<u32>> {
        let list = self.0.list().scope(TwilioIamFake::ORGANIZATION);
        if way.is_multiple_of(4) {
            return list.read_assignments_from(from).map(of_assignment(Self::number));
        }
        let list = list.page_size(page_size(way)).from(from);
        list.items().map(|held| Self::number(&held))
    }
}

/// Users, of whom the active ones are there. What one holds is in the display name.
struct Users(UsersHandle);

impl Users {
    fn name(number: u32) -> String {
        format!("{}@example.com", name(number))
    }

    fn content(user: &User) -> u32 {
        content(user.display_name.as_deref())
    }

    fn active(user: &User) -> Option<(u32, u32)> {
        let number = number(user.user_name.as_ref()?)?;
        (user.active != Some(false)).then(|| (number, Self::content(user)))
    }
}

impl Kind for Users {
    type Service = Iam;
    const CREATES: usize = 0;
    const CHANGES: Changes = Changes::Versioned;
    const COLLECTION: &str = "/Users";
    const CHANGED_ONCE: &[&str] = &["PUT", "PATCH"];

    fn of(service: &Iam) -> Self {
        Self(service.organization.users())
    }

    fn held(&self, fake: &TwilioIamFake) -> Vec<(u32, u32)> {
        fake.users().iter().filter_map(Self::active).collect()
    }

    fn never(number: u32) -> String {
        format!("US{}", name(number))
    }

    fn items(&self, _: u32, from: Option<&Position>) -> Items<Option<u32>> {
        self.0.list().from(from).items().map(|user| Some(Self::active(&user)?.0))
    }

    calls! { self:
        create(number) -> String = {
            let name = Self::name(number);
            let new = NewUser::new(&name)?.email(Email::primary(name)).display_name(text(START));
            self.0.create(&new).await?.id.to_string()
        };
        look(number, id) -> Option<u32> = {
            let user = if number.is_multiple_of(2) {
                found(self.0.get(id).await)?
            } else {
                let named = self.0.list().filter(UserFilter::user_name(&Self::name(number)));
                named.items().try_collect().await?.into_iter().next()
            };
            user.as_ref().and_then(Self::active).map(|(_, content)| content)
        };
        change(number, id, by) -> Changed = {
            let user = self.0.get(id).await?;
            let version = user.version().expect("every user has one");
            let before = Self::content(&user);
            let wanted = text(by.of(before));
            let changed = if number.is_multiple_of(2) {
                let new = NewUser::of(&user)?.display_name(wanted);
                self.0.update(id, version, &new).await?
            } else {
                let patch = UserPatch::new().replace("displayName", wanted);
                self.0.patch(id, version, &patch).await?
            };
            Changed { before: Some(before), now: Self::content(&changed) }
        };
        delete(_number, id) -> () = self.0.deactivate(id).await?;
        ensure_absent(_number, id) -> EnsuredAbsent =
            self.0.ensure_deactivated(id).await?;
    }
}
