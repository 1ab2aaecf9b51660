//! What the registry does not have: methods that make several requests, the shared vocabulary, and
//! lists with filters of their own.

use rolecall::access::{ReadAssignments, ReadRoles};
use rolecall::deepset::{NewRole, Permission, RoleId, UserId};
use rolecall::operation::ListOperation;
use rolecall::twilio::{chat, iam};
use rolecall::{Call, Items, List, harness, redox};

use crate::registry::{Output, checked_list};
use crate::{ACCOUNT, Run, clients};

/// A call with its checks.
pub type Step = Box<dyn Fn(&Run) + Send + Sync>;

/// Steps on a handle that is made anew for each run.
struct Steps<H>(Vec<Step>, fn() -> H);

fn on<H>(make: fn() -> H) -> Steps<H> {
    Steps(Vec::new(), make)
}

impl<H: 'static> Steps<H> {
    fn step(mut self, check: impl Fn(&Run, H) + Send + Sync + 'static) -> Self {
        self.0.push(Box::new(move |run| check(run, self.1())));
        self
    }

    /// A method of which so many creates may be carried out.
    fn call<T: Send + 'static>(self, creates: usize, call: fn(H) -> Call<T>) -> Self {
        self.step(move |run, handle| run.steps(creates, call(handle)))
    }

    fn items<T: Send + 'static>(self, items: fn(H) -> Items<T>) -> Self {
        self.step(move |run, handle| drop(run.items(items(handle))))
    }

    fn list<O: ListOperation<Item: Output> + Clone>(self, list: fn(H) -> List<O>) -> Self {
        self.step(move |run, handle| {
            let list = list(handle);
            run.list(false, |from| checked_list(list.clone().from(from)));
        })
    }
}

const ROLE: &str = "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Those of a vendor.
pub fn steps(vendor: &str) -> Vec<Step> {
    match vendor {
        "twilio.iam" => twilio_iam(),
        "twilio.chat" => twilio_chat(),
        "twilio.conversations" => twilio_conversations(),
        "harness" => harness(),
        "redox" => redox(),
        "deepset" => deepset(),
        _ => panic!("{vendor} is not known"),
    }
}

fn twilio_iam() -> Vec<Step> {
    fn wanted() -> iam::NewRoleAssignment {
        let role = "IX00000000000000000000000000000104";
        iam::NewRoleAssignment::new(role, ACCOUNT, USER).expect("they are SIDs")
    }
    fn of_version(organization: fn() -> iam::Organization) -> Steps<iam::Organization> {
        on(organization)
            .call(1, |it| it.role_assignments().ensure(&wanted()))
            .call(1, |it| it.role_assignments().ensure(&wanted().resource("twilio:service", "1")))
            .call(0, |it| it.role_assignments().ensure_absent("IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
            .items(|it| it.role_assignments().list().read_assignments())
            .call(0, |it| it.users().ensure_deactivated(USER))
    }
    let preview = of_version(|| {
        clients::twilio_iam(iam::ApiVersion::Preview)
            .organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    });
    let v2 = of_version(|| clients::twilio_iam(iam::ApiVersion::V2).own_organization())
        .list(|it| {
            let list = it.roles().list().search("x&PageSize=9").resource_types(["a", "b"]);
            list.expand(true).product_group("g")
        })
        .items(|it| it.roles().read_roles());
    [preview.0, v2.0].into_iter().flatten().collect()
}

fn twilio_chat() -> Vec<Step> {
    let steps = on(clients::twilio_chat)
        .call(1, |it| {
            let role = chat::NewRole::new("channel user", "channel", ["sendMessage", "addMember"]);
            it.roles().ensure(&role.expect("it is complete"))
        })
        .call(0, |it| it.roles().ensure_absent(ROLE))
        .call(1, |it| it.roles().add_permissions(ROLE, ["addMember"]))
        .call(1, |it| it.roles().remove_permissions(ROLE, ["sendMessage"]))
        .items(|it| it.roles().read_roles())
        .call(8, |it| it.users().ensure_role("alice", ROLE))
        .call(2, |it| it.users().revoke_role("alice", ROLE))
        .call(8, |it| it.channel("a").members().ensure_role("alice", ROLE))
        .items(|it| it.users().read_assignments());
    steps.0
}

fn twilio_conversations() -> Vec<Step> {
    const CONVERSATION: &str = "CHaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let steps = on(|| clients::twilio_conversations().default_service())
        .call(0, |it| it.roles().ensure_absent(ROLE))
        .call(8, |it| it.users().ensure_role("alice", ROLE))
        .call(2, |it| it.users().revoke_role("alice", ROLE))
        .call(8, |it| it.conversation(CONVERSATION).participants().ensure_role("alice", ROLE))
        .items(|it| it.conversation(CONVERSATION).participants().read_assignments());
    steps.0
}

fn harness() -> Vec<Step> {
    use harness::{NewResourceGroup, NewRole, NewRoleAssignment, Principal, ResourceFilter};
    let scopes: [fn() -> harness::Scope; 3] = [
        || clients::harness().account(),
        || clients::harness().org("o/1"),
        || clients::harness().org("o/1").project("p 1"),
    ];
    fn of_scope(scope: fn() -> harness::Scope) -> Vec<Step> {
        let steps = on(scope)
            .call(2, |it| {
                let principal = Principal::user_group("sre");
                let new = NewRoleAssignment::new("sre_view", "_viewer", "_all", principal);
                it.role_assignments().ensure(&new.expect("it is complete"))
            })
            .call(0, |it| it.role_assignments().ensure_absent("sre_view"))
            .items(|it| it.role_assignments().read_assignments())
            .call(2, |it| {
                let new = NewRole::new("runner", "Runner", ["core_pipeline_execute"]);
                it.roles().ensure(&new.expect("it is complete").tag("team", "sre"))
            })
            .call(0, |it| it.roles().ensure_absent("runner"))
            .items(|it| it.roles().read_roles())
            .call(2, |it| {
                let new = NewResourceGroup::new("pipelines", "Pipelines").expect("complete");
                let filter = ResourceFilter::new("PIPELINE").identifiers(["build"]);
                it.resource_groups().ensure(&new.filter(filter))
            })
            .call(0, |it| it.resource_groups().ensure_absent("pipelines"));
        steps.0
    }
    scopes.into_iter().flat_map(of_scope).collect()
}

fn redox() -> Vec<Step> {
    use redox::{NewRoleAssignment, RoleRef, UserRef};
    fn user() -> UserRef {
        UserRef::id("u-1").expect("it is not empty")
    }
    fn wanted() -> NewRoleAssignment {
        NewRoleAssignment::new(RoleRef::new("r-1", "member").expect("not empty"), user())
    }
    let organization = on(|| clients::redox().organization("7").role_assignments())
        .call(0, |it| it.ensure(&wanted()))
        .items(|it| it.read_assignments());
    let environment = on(|| clients::redox().environment("e/1").role_assignments())
        .call(1, |it| it.ensure(&wanted()))
        .call(0, |it| it.ensure_absent(&user()))
        .items(|it| it.read_assignments());
    [organization.0, environment.0].into_iter().flatten().collect()
}

fn deepset() -> Vec<Step> {
    const ORGANIZATION: &str = "7f0c1f5e-0000-4000-8000-000000000000";
    let roles = on(|| clients::deepset().organization(ORGANIZATION).roles())
        .call(2, |it| it.ensure(&NewRole::new("auditor", "", [Permission::new("*", "read")])))
        .items(|it| it.read_roles())
        .list(|it| it.list().before(&RoleId::new("r&limit=1").expect("an id")))
        .list(|it| it.list().after(&RoleId::new("r&limit=1").expect("an id")));
    let users = on(clients::deepset).list(|it| {
        let list = it.users().list().include_deleted(true).include_external(false);
        list.after(&UserId::new("u").expect("an id"))
    });
    [roles.0, users.0].into_iter().flatten().collect()
}
