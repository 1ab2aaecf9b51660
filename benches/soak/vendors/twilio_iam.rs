//! Twilio Organizations: role assignments and users, one lane at each surface.

use fastrand::Rng;
use rolecall::testing::TwilioIamFake;
use rolecall::twilio::iam::{
    NewRoleAssignment, NewUser, Organization, RoleAssignment, RoleAssignments, Surface, TwilioIam,
    User, UserFilter, UserPatch, Users as UsersClient,
};
use rolecall::twilio::{RoleAssignmentSid, UserSid};
use rolecall::{Ensured, EnsuredAbsent, Error};

use super::{
    Change, Changed, Changes, Kind, START, Service, content, found, map, name, number, options,
    page_size, shared_assignments, text, walk,
};
use crate::stories::Lane;

pub(crate) struct Iam(Organization);

/// The accounts of every fake.
const ACCOUNTS: u32 = 12;

impl Service for Iam {
    type Fake = TwilioIamFake;

    fn new(origin: &str, second: bool) -> Result<Self, Error> {
        let builder = TwilioIam::builder(TwilioIamFake::CLIENT_ID, TwilioIamFake::CLIENT_SECRET)
            .base_url(origin)
            .token_url(format!("{origin}/v2/token"))
            .options(options());
        if second {
            return builder.surface(Surface::V2).build()?.own_organization().map(Self);
        }
        builder.build()?.organization(TwilioIamFake::ORGANIZATION).map(Self)
    }

    async fn fake(random: &mut Rng) -> std::io::Result<TwilioIamFake> {
        let fake = TwilioIamFake::start().await?;
        fake.page_size(random.usize(10..50));
        for number in 0..ACCOUNTS {
            let sid = format!("AC{}", name(number)).parse().expect("it is a SID");
            fake.add_account(&sid, &name(number));
        }
        Ok(fake)
    }

    fn tokens(&self, fake: &TwilioIamFake) -> Option<u64> {
        Some(fake.tokens_given())
    }

    async fn round(lane: &mut Lane<Self>, turn: u32) {
        match turn % 2 {
            0 => lane.tell::<Assignments>().await,
            _ => lane.tell::<Users>().await,
        }
    }

    /// Accounts are known at the older surface, roles at the newer.
    async fn read(&self, way: u32) -> Result<bool, Error> {
        let size = 1 + way % 5;
        if let Ok(accounts) = self.0.accounts() {
            if way.is_multiple_of(2) {
                let sid = format!("AC{}", name(way % ACCOUNTS)).parse()?;
                let account = accounts.fetch(&sid).await?;
                return Ok(account.friendly_name == Some(name(way % ACCOUNTS)));
            }
            let list = accounts.list().page_size(size);
            let all =
                walk(way, |from| list.items_from(from), |one| number(one.account_sid.as_str()));
            return Ok(all.await? == Vec::from_iter(0..ACCOUNTS));
        }
        let roles = self.0.roles()?;
        let all = roles.list().page_size(size).items()?.collect().await?;
        let names: Vec<_> = all.iter().filter_map(|role| role.friendly_name.as_deref()).collect();
        let [Some(first), ..] = [all.first()] else { return Ok(false) };
        let permissions = roles.permissions(&first.sid).page_size(size).items()?.collect().await?;
        let actions: Vec<_> = permissions.iter().filter_map(|one| one.action.as_deref()).collect();
        Ok(names == ["Admin", "Developer", "Billing", "Support"]
            && actions == ["create", "list", "delete"])
    }
}

struct Assignments(RoleAssignments);

impl Assignments {
    fn wanted(number: u32) -> Result<NewRoleAssignment, Error> {
        let identity = format!("US{}", name(number));
        let role = "IX00000000000000000000000000000104";
        NewRoleAssignment::new(role, TwilioIamFake::ORGANIZATION, identity)
    }

    fn number(held: &RoleAssignment) -> Option<u32> {
        number(held.identity.as_ref()?.as_str())
    }
}

impl Kind for Assignments {
    type Service = Iam;
    const CREATES: u32 = 1;
    const COLLECTION: &str = "/RoleAssignments";

    fn of(service: &Iam) -> Self {
        Self(service.0.role_assignments())
    }

    fn held(&self, fake: &TwilioIamFake) -> Vec<(u32, u32)> {
        fake.role_assignments()
            .iter()
            .filter_map(|held| Some((Self::number(held)?, START)))
            .collect()
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

    async fn look(&self, number: u32, _: &str) -> Result<Option<u32>, Error> {
        let list = self.0.list().identity(format!("US{}", name(number)))?;
        Ok(list.items()?.collect().await?.first().map(|_| START))
    }

    async fn list(&self, way: u32) -> Result<Vec<u32>, Error> {
        let list = self.0.list().scope(TwilioIamFake::ORGANIZATION)?;
        if way.is_multiple_of(4) {
            return shared_assignments(&list, Self::number).await;
        }
        let list = list.page_size(page_size(way));
        walk(way, |from| list.items_from(from), Self::number).await
    }

    async fn delete(&self, _: u32, id: &str) -> Result<(), Error> {
        self.0.delete(&RoleAssignmentSid::new(id)?).await
    }

    async fn ensure_absent(&self, _: u32, id: &str) -> Result<EnsuredAbsent, Error> {
        self.0.ensure_absent(&RoleAssignmentSid::new(id)?).await
    }
}

/// Users, of whom the active ones are there. What one holds is in the name to show.
struct Users(UsersClient);

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
    const CREATES: u32 = 0;
    const CHANGES: Changes = Changes::Versioned;
    const COLLECTION: &str = "/Users";
    const CHANGED_ONCE: &[&str] = &["PUT", "PATCH"];

    fn of(service: &Iam) -> Self {
        Self(service.0.users())
    }

    fn held(&self, fake: &TwilioIamFake) -> Vec<(u32, u32)> {
        fake.users().iter().filter_map(Self::active).collect()
    }

    fn never(number: u32) -> String {
        format!("US{}", name(number))
    }

    async fn create(&self, number: u32) -> Result<String, Error> {
        let new = NewUser::new(Self::name(number))?.display_name(text(START));
        Ok(self.0.create(&new).await?.id.to_string())
    }

    async fn ensure(&self, _: u32) -> Result<Ensured<String>, Error> {
        unreachable!("a user is not made sure of")
    }

    async fn look(&self, number: u32, id: &str) -> Result<Option<u32>, Error> {
        let user = if number.is_multiple_of(2) {
            found(self.0.get(&UserSid::new(id)?).await)?
        } else {
            let named = self.0.list(UserFilter::user_name(&Self::name(number))).await?;
            named.resources.into_iter().next()
        };
        Ok(user.as_ref().and_then(Self::active).map(|(_, content)| content))
    }

    async fn list(&self, _: u32) -> Result<Vec<u32>, Error> {
        let all = self.0.list(None).await?.resources;
        Ok(all.iter().filter_map(Self::active).map(|(number, _)| number).collect())
    }

    async fn change(&self, number: u32, id: &str, change: Change) -> Result<Changed, Error> {
        let sid = UserSid::new(id)?;
        let user = self.0.get(&sid).await?;
        let version = user.version().expect("every user has one");
        let before = Self::content(&user);
        let wanted = text(change.of(before));
        let changed = if number.is_multiple_of(2) {
            let new = NewUser::of(&user)?.display_name(wanted);
            self.0.replace(&sid, version, &new).await?
        } else {
            let patch = UserPatch::new().replace("displayName", wanted);
            self.0.patch(&sid, version, &patch).await?
        };
        Ok(Changed { before: Some(before), now: Self::content(&changed) })
    }

    async fn delete(&self, _: u32, id: &str) -> Result<(), Error> {
        self.0.deactivate(&UserSid::new(id)?).await
    }

    async fn ensure_absent(&self, _: u32, id: &str) -> Result<EnsuredAbsent, Error> {
        self.0.ensure_deactivated(&UserSid::new(id)?).await
    }
}
