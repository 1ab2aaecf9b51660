//! What the registry does not have: methods that make several requests, the shared vocabulary, and
//! lists with filters of their own.

use rolecall::access::{ReadAssignments, ReadRoles};
use rolecall::{
    Deepset, Harness, Redox, TwilioChat, TwilioConversations, TwilioIam, deepset, harness, redox,
    twilio,
};
use twilio::{chat, conversations, iam};

use crate::registry::checked_list;
use crate::{BASE, Run, SECRET, options};

/// A call with its checks.
pub type Step = Box<dyn Fn(&Run) + Send + Sync>;

fn step(check: impl Fn(&Run) + Send + Sync + 'static) -> Step {
    Box::new(check)
}

const ORGANIZATION: &str = "ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub fn twilio_iam() -> Vec<Step> {
    const USER: &str = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    fn wanted() -> iam::NewRoleAssignment {
        let role = "IX00000000000000000000000000000104";
        iam::NewRoleAssignment::new(role, ACCOUNT, USER).expect("they are SIDs")
    }
    fn organization(version: iam::ApiVersion) -> iam::Organization {
        let builder = TwilioIam::builder(iam::Credentials::token(SECRET)).base_url(BASE);
        let builder = builder.api_version(version.clone()).options(options());
        let client = builder.build().expect("it is complete");
        match version {
            iam::ApiVersion::V2 => client.own_organization(),
            _ => client.organization(ORGANIZATION),
        }
    }
    let mut all = Vec::new();
    for version in [iam::ApiVersion::Preview, iam::ApiVersion::V2] {
        let assignments = {
            let version = version.clone();
            move || organization(version.clone()).role_assignments()
        };
        let sid = "IYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let it = assignments.clone();
        all.push(step(move |run| run.steps(1, it().ensure(&wanted()))));
        let it = assignments.clone();
        let of_resource = || wanted().resource("twilio:service", "1");
        all.push(step(move |run| run.steps(1, it().ensure(&of_resource()))));
        let it = assignments.clone();
        all.push(step(move |run| run.steps(0, it().ensure_absent(sid))));
        all.push(step(move |run| drop(run.items(assignments().list().read_assignments()))));
        all.push(step(move |run| {
            run.steps(0, organization(version.clone()).users().ensure_deactivated(USER));
        }));
    }
    let roles = || organization(iam::ApiVersion::V2).roles();
    all.push(step(move |run| {
        let list = || roles().list().search("x&PageSize=9").resource_types(["a", "b"]);
        let list = || list().expand(true).product_group("g");
        run.list(false, |from| checked_list(list().from(from)));
    }));
    all.push(step(move |run| drop(run.items(roles().read_roles()))));
    all
}

pub fn twilio_chat() -> Vec<Step> {
    const ROLE: &str = "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    fn service() -> chat::Service {
        let credentials = chat::Credentials::auth_token(ACCOUNT, SECRET);
        let client = TwilioChat::builder(credentials).base_url(BASE).options(options()).build();
        client.expect("it is complete").service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    }
    let roles = || service().roles();
    let wanted = || chat::NewRole::new("channel user", "channel", ["sendMessage", "leaveChannel"]);
    vec![
        step(move |run| run.steps(1, roles().ensure(&wanted().expect("it is complete")))),
        step(move |run| run.steps(0, roles().ensure_absent(ROLE))),
        step(move |run| run.steps(1, roles().add_permissions(ROLE, ["addMember"]))),
        step(move |run| run.steps(1, roles().remove_permissions(ROLE, ["sendMessage"]))),
        step(move |run| drop(run.items(roles().read_roles()))),
        step(|run| run.steps(8, service().users().ensure_role("alice", ROLE))),
        step(|run| run.steps(2, service().users().revoke_role("alice", ROLE))),
        step(|run| run.steps(8, service().channel("a").members().ensure_role("alice", ROLE))),
        step(|run| drop(run.items(service().users().read_assignments()))),
    ]
}

pub fn twilio_conversations() -> Vec<Step> {
    const ROLE: &str = "RLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    fn service() -> conversations::Service {
        let credentials = chat::Credentials::auth_token(ACCOUNT, SECRET);
        let builder = TwilioConversations::builder(credentials).base_url(BASE);
        builder.options(options()).build().expect("it is complete").default_service()
    }
    fn participants() -> conversations::Participants {
        service().conversation("CHaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").participants()
    }
    vec![
        step(|run| run.steps(0, service().roles().ensure_absent(ROLE))),
        step(|run| run.steps(8, service().users().ensure_role("alice", ROLE))),
        step(|run| run.steps(2, service().users().revoke_role("alice", ROLE))),
        step(|run| run.steps(8, participants().ensure_role("alice", ROLE))),
        step(|run| drop(run.items(participants().read_assignments()))),
    ]
}

pub fn harness() -> Vec<Step> {
    use harness::{NewResourceGroup, NewRole, NewRoleAssignment, Principal, ResourceFilter};
    fn client() -> Harness {
        let builder = Harness::builder(SECRET).account_id("fake").base_url(BASE);
        builder.options(options()).build().expect("it is complete")
    }
    let mut all = Vec::new();
    let account = || client().account();
    let scopes: [fn() -> harness::Scope; 3] =
        [account, || client().org("o/1"), || client().org("o/1").project("p 1")];
    for at in scopes {
        let wanted = || {
            let principal = Principal::user_group("sre");
            NewRoleAssignment::new("sre_view", "_viewer", "_all", principal).expect("complete")
        };
        let role = || NewRole::new("runner", "Runner", ["core_pipeline_execute"]);
        let role = move || role().expect("it is complete").tag("team", "sre");
        let group = || NewResourceGroup::new("pipelines", "Pipelines").expect("it is complete");
        let group = move || group().filter(ResourceFilter::new("PIPELINE").identifiers(["build"]));
        let id = "sre_view";
        all.extend([
            step(move |run| run.steps(2, at().role_assignments().ensure(&wanted()))),
            step(move |run| run.steps(0, at().role_assignments().ensure_absent(id))),
            step(move |run| drop(run.items(at().role_assignments().read_assignments()))),
            step(move |run| run.steps(2, at().roles().ensure(&role()))),
            step(move |run| run.steps(0, at().roles().ensure_absent("runner"))),
            step(move |run| drop(run.items(at().roles().read_roles()))),
            step(move |run| run.steps(2, at().resource_groups().ensure(&group()))),
            step(move |run| run.steps(0, at().resource_groups().ensure_absent("pipelines"))),
        ]);
    }
    all.push(step(move |run| {
        let list = || account().resource_groups().list().search_term("x&limit=1");
        let list = || list().sort(harness::SortBy::Name, harness::Order::Descending);
        run.list(false, |from| checked_list(list().from(from)));
    }));
    all
}

pub fn redox() -> Vec<Step> {
    use redox::{RoleRef, UserRef};
    fn client() -> Redox {
        let builder = Redox::builder(SECRET).base_url(BASE).options(options());
        builder.build().expect("it is complete")
    }
    let organization = || client().organization("7").role_assignments();
    let environment = || client().environment("e/1").role_assignments();
    let user = || UserRef::id("u-1").expect("it is not empty");
    let wanted = move || {
        redox::NewRoleAssignment::new(RoleRef::new("r-1", "member").expect("not empty"), user())
    };
    vec![
        step(move |run| run.steps(0, organization().ensure(&wanted()))),
        step(move |run| drop(run.items(organization().read_assignments()))),
        step(move |run| run.steps(1, environment().ensure(&wanted()))),
        step(move |run| run.steps(0, environment().ensure_absent(&user()))),
        step(move |run| drop(run.items(environment().read_assignments()))),
    ]
}

pub fn deepset() -> Vec<Step> {
    use deepset::{Action, Asset, NewRole, Permission, RoleId, UserId};
    fn client() -> Deepset {
        let builder = Deepset::builder(SECRET).base_url(BASE).options(options());
        builder.build().expect("it is complete")
    }
    let roles = || client().organization("7f0c1f5e-0000-4000-8000-000000000000").roles();
    let wanted = || NewRole::new("auditor", "reads", [Permission::new(Asset::All, Action::Read)]);
    let (role, user) = (|| RoleId::new("r&limit=1"), || UserId::new("u"));
    vec![
        step(move |run| run.steps(2, roles().ensure(&wanted()))),
        step(move |run| drop(run.items(roles().read_roles()))),
        step(move |run| {
            run.list(false, |from| {
                checked_list(roles().list().before(&role().expect("an id")).from(from))
            })
        }),
        step(move |run| {
            run.list(false, |from| {
                checked_list(roles().list().after(&role().expect("an id")).from(from))
            })
        }),
        step(move |run| {
            let list = || client().users().list().include_deleted(true).include_external(false);
            let list = || list().after(&user().expect("an id"));
            run.list(false, |from| checked_list(list().from(from)));
        }),
    ]
}
