//! Harness: role assignments, roles and resource groups, one lane in an organization and one in a
//! project. What a role or a group holds is in its description.

use fastrand::Rng;
use rolecall::harness::{
    Account, Harness as Client, IncludedScope, ManagedFilter, NewResourceGroup, NewRole,
    NewRoleAssignment, Principal, ResourceFilter, ResourceGroup, ResourceGroupFilter,
    ResourceGroups, Role, RoleAssignmentResponse, RoleAssignments, Roles as RolesClient,
};
use rolecall::testing::{HarnessDuplicates, HarnessFake};
use rolecall::{Ensured, EnsuredAbsent, Error};

use super::{
    Change, Changed, Changes, Kind, START, Service, content, found, map, name, number, options,
    page_size, shared_assignments, shared_roles, text, walk,
};
use crate::stories::Lane;

#[derive(Clone)]
pub(crate) struct Harness {
    /// As the fake names it.
    scope: &'static str,
    account: Account,
    assignments: RoleAssignments,
    roles: RolesClient,
    groups: ResourceGroups,
    here: ResourceGroupFilter,
}

impl Service for Harness {
    type Fake = HarnessFake;

    fn new(origin: &str, second: bool) -> Result<Self, Error> {
        let client = Client::builder(HarnessFake::API_KEY).base_url(origin).options(options());
        let client = client.build()?;
        let (account, org) = (client.account(), client.org("soak")?);
        let here = ResourceGroupFilter::new().org("soak");
        if second {
            let project = org.project("soak")?;
            return Ok(Self {
                scope: "orgs/soak/projects/soak",
                account,
                assignments: project.role_assignments(),
                roles: project.roles(),
                groups: project.resource_groups(),
                here: here.project("soak"),
            });
        }
        Ok(Self {
            scope: "orgs/soak",
            account,
            assignments: org.role_assignments(),
            roles: org.roles(),
            groups: org.resource_groups(),
            here,
        })
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
        fake.totals(random.bool());
        Ok(fake)
    }

    async fn round(lane: &mut Lane<Self>, turn: u32) {
        match turn % 3 {
            0 => lane.tell::<Assignments>().await,
            1 => lane.tell::<Roles>().await,
            _ => lane.tell::<Groups>().await,
        }
    }

    /// Harness's own roles and groups of the account, and proposals that name what is always there,
    /// or never.
    async fn read(&self, way: u32) -> Result<bool, Error> {
        let size = 1 + way / 4 % 3;
        let group = "_all_organization_level_resources";
        let propose = |role: &str| {
            let new = NewRoleAssignment::new("proposed", role, group, Principal::user("soak"))?;
            Ok::<_, Error>(self.assignments.validate(&new))
        };
        match way % 4 {
            0 => {
                let roles = self.account.roles().list().page_size(size).items()?.collect().await?;
                let own: Vec<_> = roles.iter().map(|role| role.identifier.as_str()).collect();
                Ok(own == ["_account_admin", "_account_viewer", "_billing_admin"])
            }
            1 => {
                let own = ResourceGroupFilter::new().managed(ManagedFilter::OnlyManaged);
                let groups = self.account.filter_resource_groups(&own).page_size(size);
                Ok(groups.items()?.collect().await?.len() == 2)
            }
            2 => Ok(propose("_organization_viewer")?.await?.is_valid()),
            _ => {
                let said = propose(&format!("s{}", name(u32::MAX)))?.await?;
                let valid = [said.role_validation_result, said.resource_group_validation_result]
                    .map(|result| result?.valid);
                Ok(valid == [Some(false), Some(true)])
            }
        }
    }
}

struct Assignments(Harness);

impl Assignments {
    fn wanted(number: u32) -> Result<NewRoleAssignment, Error> {
        let group = "_all_organization_level_resources";
        let principal = Principal::user(name(number));
        let identifier = format!("s{}", name(number));
        NewRoleAssignment::new(identifier, "_organization_viewer", group, principal)
    }

    fn id(made: RoleAssignmentResponse) -> String {
        made.role_assignment.identifier.to_string()
    }

    fn number(held: &RoleAssignmentResponse) -> Option<u32> {
        number(held.role_assignment.identifier.as_str())
    }
}

impl Kind for Assignments {
    type Service = Harness;
    const CREATES: u32 = 2;
    const MOVES: bool = true;
    const COLLECTION: &str = "/role-assignments";

    fn of(service: &Harness) -> Self {
        Self(service.clone())
    }

    fn held(&self, fake: &HarnessFake) -> Vec<(u32, u32)> {
        let held = fake.role_assignments(self.0.scope);
        held.iter().filter_map(|held| Some((Self::number(held)?, START))).collect()
    }

    fn never(number: u32) -> String {
        format!("s{}", name(number))
    }

    async fn create(&self, number: u32) -> Result<String, Error> {
        Ok(Self::id(self.0.assignments.create(&Self::wanted(number)?).await?))
    }

    async fn ensure(&self, number: u32) -> Result<Ensured<String>, Error> {
        Ok(map(self.0.assignments.ensure(&Self::wanted(number)?).await?, Self::id))
    }

    async fn look(&self, _: u32, id: &str) -> Result<Option<u32>, Error> {
        Ok(found(self.0.assignments.get(id).await)?.map(|_| START))
    }

    async fn list(&self, way: u32) -> Result<Vec<u32>, Error> {
        if way.is_multiple_of(4) {
            return shared_assignments(&self.0.assignments, Self::number).await;
        }
        let list = self.0.assignments.list().page_size(page_size(way));
        walk(way, |from| list.items_from(from), Self::number).await
    }

    async fn delete(&self, _: u32, id: &str) -> Result<(), Error> {
        self.0.assignments.delete(id).await.map(drop)
    }

    async fn ensure_absent(&self, _: u32, id: &str) -> Result<EnsuredAbsent, Error> {
        self.0.assignments.ensure_absent(id).await
    }
}

struct Roles(Harness);

impl Roles {
    fn wanted(number: u32) -> Result<NewRole, Error> {
        let permissions = ["core_pipeline_execute"];
        let role = NewRole::new(format!("s{}", name(number)), name(number), permissions)?;
        Ok(role.description(text(START)).tolerate([HarnessFake::COMPULSORY_PERMISSION]))
    }

    fn number(role: &Role) -> Option<u32> {
        number(role.name.as_ref()?)
    }

    async fn list_otherwise(&self, _: u32) -> Result<Vec<u32>, Error> {
        shared_roles(&self.0.roles, Self::number).await
    }

    /// Whether the service takes it for one that can be assigned.
    async fn is_known(&self, id: &str) -> Result<bool, Error> {
        let group = "_all_organization_level_resources";
        let new = NewRoleAssignment::new("proposed", id, group, Principal::user("soak"))?;
        let said = self.0.assignments.validate(&new).await?.role_validation_result;
        Ok(said.is_some_and(|said| said.valid == Some(true)))
    }
}

struct Groups(Harness);

impl Groups {
    fn wanted(number: u32) -> Result<NewResourceGroup, Error> {
        let group = NewResourceGroup::new(format!("s{}", name(number)), name(number))?;
        let pipelines = ResourceFilter::new("PIPELINE").identifiers(["build", "deploy"]);
        let scope = IncludedScope::including_child_scopes().org("soak");
        Ok(group.description(text(START)).filter(pipelines).include(scope))
    }

    fn number(group: &ResourceGroup) -> Option<u32> {
        number(group.name.as_ref()?)
    }

    async fn list_otherwise(&self, way: u32) -> Result<Vec<u32>, Error> {
        let filter = self.0.here.clone().managed(ManagedFilter::OnlyCustom);
        let list = self.0.account.filter_resource_groups(&filter).page_size(page_size(way));
        walk(way, |from| list.items_from(from), Self::number).await
    }

    /// Whether the service takes it for one that a role can be assigned over.
    async fn is_known(&self, id: &str) -> Result<bool, Error> {
        let role = "_organization_viewer";
        let new = NewRoleAssignment::new("proposed", role, id, Principal::user("soak"))?;
        let said = self.0.assignments.validate(&new).await?.resource_group_validation_result;
        Ok(said.is_some_and(|said| said.valid == Some(true)))
    }
}

/// What roles and groups have in common, by other names.
macro_rules! custom {
    ($kind:ident, $client:ident, $held:ident, $collection:literal) => {
        impl Kind for $kind {
            type Service = Harness;
            const CREATES: u32 = 2;
            const CHANGES: Changes = Changes::Yes;
            const MOVES: bool = true;
            const COLLECTION: &str = $collection;

            fn of(service: &Harness) -> Self {
                Self(service.clone())
            }

            fn held(&self, fake: &HarnessFake) -> Vec<(u32, u32)> {
                let held = fake.$held(self.0.scope);
                let each = held.iter().map(|one| (one, content(one.description.as_deref())));
                each.filter_map(|(one, content)| Some((Self::number(one)?, content))).collect()
            }

            fn never(number: u32) -> String {
                format!("s{}", name(number))
            }

            async fn create(&self, number: u32) -> Result<String, Error> {
                let made = self.0.$client.create(&Self::wanted(number)?).await?;
                Ok(made.identifier.to_string())
            }

            async fn ensure(&self, number: u32) -> Result<Ensured<String>, Error> {
                let ensured = self.0.$client.ensure(&Self::wanted(number)?).await?;
                Ok(map(ensured, |one| one.identifier.to_string()))
            }

            async fn look(&self, number: u32, id: &str) -> Result<Option<u32>, Error> {
                if number.is_multiple_of(4) && !self.is_known(id).await? {
                    return Ok(None);
                }
                let found = found(self.0.$client.get(id).await)?;
                Ok(found.map(|one| content(one.description.as_deref())))
            }

            async fn list(&self, way: u32) -> Result<Vec<u32>, Error> {
                if way.is_multiple_of(4) {
                    return self.list_otherwise(way).await;
                }
                let list = self.0.$client.list().page_size(page_size(way));
                walk(way, |from| list.items_from(from), Self::number).await
            }

            async fn change(&self, _: u32, id: &str, change: Change) -> Result<Changed, Error> {
                let held = self.0.$client.get(id).await?;
                let before = content(held.description.as_deref());
                let new = held.to_new()?.description(text(change.of(before)));
                let now = self.0.$client.update(&new).await?;
                Ok(Changed { before: Some(before), now: content(now.description.as_deref()) })
            }

            async fn delete(&self, _: u32, id: &str) -> Result<(), Error> {
                self.0.$client.delete(id).await.map(drop)
            }

            async fn ensure_absent(&self, _: u32, id: &str) -> Result<EnsuredAbsent, Error> {
                self.0.$client.ensure_absent(id).await
            }
        }
    };
}

custom!(Roles, roles, roles, "/roles");
custom!(Groups, groups, resource_groups, "/resource-groups");
