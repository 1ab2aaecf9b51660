//! Harness: role assignments, roles and resource groups, one client in an organization and one in a
//! project. What a role or a group holds is in its description.

use fastrand::Rng;
use rolecall::access::{ReadAssignments, ReadRoles};
use rolecall::harness::{
    Harness as HarnessClient, IncludedScope, ManagedFilter, NewResourceGroup, NewRole,
    NewRoleAssignment, Principal, ResourceFilter, ResourceGroup, ResourceGroupFilter, Role,
    RoleAssignmentResponse, Scope,
};
use rolecall::testing::{HarnessDuplicates, HarnessFake};
use rolecall::{Ensured, EnsuredAbsent, Error, Items, Position};

use super::{
    Change, Changed, Changes, Kind, Reply, START, Service, calls, content, found, map, name,
    number, of_assignment, of_role, options, page_size, text,
};
use crate::rounds::Client;

#[derive(Clone)]
pub(crate) struct Harness {
    client: HarnessClient,
    /// As the fake names it.
    path: &'static str,
    scope: Scope,
    here: ResourceGroupFilter,
}

const GROUP: &str = "_all_organization_level_resources";
const ROLE: &str = "_organization_viewer";

impl Service for Harness {
    type Fake = HarnessFake;

    fn new(origin: &str, second: bool) -> Result<Self, Error> {
        let builder = HarnessClient::builder(HarnessFake::API_KEY).base_url(origin);
        let client = builder.options(options()).build()?;
        let (org, here) = (client.org("soak"), ResourceGroupFilter::new().org("soak"));
        Ok(match second {
            false => Self { client, path: "orgs/soak", scope: org, here },
            true => {
                let (path, scope) = ("orgs/soak/projects/soak", org.project("soak"));
                Self { client, path, scope, here: here.project("soak") }
            }
        })
    }

    async fn start(random: &mut Rng) -> std::io::Result<HarnessFake> {
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

    async fn round(client: &mut Client<Self>, turn: u32) {
        match turn % 3 {
            0 => client.round::<Assignments>().await,
            1 => client.round::<Roles>().await,
            _ => client.round::<Groups>().await,
        }
    }
}

struct Assignments(Harness);

impl Assignments {
    fn wanted(number: u32) -> Result<NewRoleAssignment, Error> {
        let principal = Principal::user(name(number));
        NewRoleAssignment::new(format!("s{}", name(number)), ROLE, GROUP, principal)
    }

    fn id(held: RoleAssignmentResponse) -> String {
        held.role_assignment.identifier.to_string()
    }

    fn number(held: &RoleAssignmentResponse) -> Option<u32> {
        number(held.role_assignment.identifier.as_str())
    }

    fn content(_: &RoleAssignmentResponse) -> u32 {
        START
    }

    fn shared(&self, from: Option<&Position>) -> Items<Option<u32>> {
        let list = self.0.scope.role_assignments();
        list.read_assignments_from(from).map(of_assignment(Self::number))
    }
}

struct Roles(Harness);

impl Roles {
    fn wanted(number: u32) -> Result<NewRole, Error> {
        let permissions = ["core_pipeline_execute"];
        let role = NewRole::new(format!("s{}", name(number)), name(number), permissions)?;
        Ok(role.description(text(START)).tolerate([HarnessFake::COMPULSORY_PERMISSION]))
    }

    fn id(held: Role) -> String {
        held.identifier.to_string()
    }

    fn number(held: &Role) -> Option<u32> {
        number(held.name.as_ref()?)
    }

    fn content(held: &Role) -> u32 {
        content(held.description.as_deref())
    }

    fn shared(&self, from: Option<&Position>) -> Items<Option<u32>> {
        self.0.scope.roles().read_roles_from(from).map(of_role(Self::number))
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

    fn id(held: ResourceGroup) -> String {
        held.identifier.to_string()
    }

    fn number(held: &ResourceGroup) -> Option<u32> {
        number(held.name.as_ref()?)
    }

    fn content(held: &ResourceGroup) -> u32 {
        content(held.description.as_deref())
    }

    /// Groups are not in the shared vocabulary, but in a second list.
    fn shared(&self, from: Option<&Position>) -> Items<Option<u32>> {
        let filter = self.0.here.clone().managed(ManagedFilter::OnlyCustom);
        let list = self.0.client.filter_resource_groups(&filter).page_size(11).from(from);
        list.items().map(|group| Self::number(&group))
    }
}

/// What all three have in common, by other names.
macro_rules! kind {
    ($kind:ident, $handle:ident, $held:ident, $collection:literal, $changes:ident $($changed:ident)?) => {
        impl Kind for $kind {
            type Service = Harness;
            const CREATES: usize = 2;
            const CHANGES: Changes = Changes::$changes;
            const MOVES: bool = true;
            const COLLECTION: &str = $collection;

            fn of(service: &Harness) -> Self {
                Self(service.clone())
            }

            fn held(&self, fake: &HarnessFake) -> Vec<(u32, u32)> {
                let held = fake.$held(self.0.path);
                held.iter().filter_map(|one| Some((Self::number(one)?, Self::content(one)))).collect()
            }

            fn never(number: u32) -> String {
                format!("s{}", name(number))
            }

            calls! { self:
                create(number) -> String =
                    Self::id(self.0.scope.$handle().create(&Self::wanted(number)?).await?);
                ensure(number) -> Ensured<String> =
                    map(self.0.scope.$handle().ensure(&Self::wanted(number)?).await?, Self::id);
                look(_number, id) -> Option<u32> =
                    found(self.0.scope.$handle().get(id).await)?.as_ref().map(Self::content);
                $(change(_number, id, by) -> Changed = {
                    let held = self.0.scope.$changed().get(id).await?;
                    let before = Self::content(&held);
                    let new = held.to_new()?.description(text(by.of(before)));
                    let now = Self::content(&self.0.scope.$changed().update(&new).await?);
                    Changed { before: Some(before), now }
                };)?
                delete(_number, id) -> () =
                    self.0.scope.$handle().delete(id).await.map(drop)?;
                ensure_absent(_number, id) -> EnsuredAbsent =
                    self.0.scope.$handle().ensure_absent(id).await?;
            }

            fn items(&self, way: u32, from: Option<&Position>) -> Items<Option<u32>> {
                if way.is_multiple_of(4) {
                    return self.shared(from);
                }
                let list = self.0.scope.$handle().list().page_size(page_size(way)).from(from);
                list.items().map(|one| Self::number(&one))
            }

        }
    };
}

kind!(Assignments, role_assignments, role_assignments, "/role-assignments", No);
kind!(Roles, roles, roles, "/roles", Yes roles);
kind!(Groups, resource_groups, resource_groups, "/resource-groups", Yes resource_groups);
