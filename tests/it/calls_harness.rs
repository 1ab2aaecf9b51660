//! Harness: lists, `ensure`, matching, the dry run, and the fake.

use std::time::Duration;

use rolecall::harness::{
    Harness, IncludedScope, ListInScope, ManagedFilter, NewResourceGroup, NewRole,
    NewRoleAssignment, Order, Principal, PrincipalType, ResourceFilter, ResourceGroup,
    ResourceGroupFilter, ResourceGroups, Role, RoleAssignmentResponse, RoleAssignments,
    RoleReference, Scope, ScopeLevel, SortBy,
};
use rolecall::operation::{Operation, Spec};
use rolecall::testing::{Fault, HarnessDuplicates, HarnessFake};
use rolecall::{
    ClientOptions, Effect, Ensured, EnsuredAbsent, Error, ErrorKind, List, Mismatch, Position,
    RetryPolicy,
};
use serde_json::{Value, json};

use crate::support::capture::Capture;
use crate::support::truth::refusal;

/// The text of a fixture.
macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/harness/", $path))
    };
}

/// A client that sends each request once.
fn client(capture: &Capture) -> Harness {
    Harness::builder(HarnessFake::API_KEY)
        .base_url(capture.uri())
        .options(ClientOptions::default().retry(RetryPolicy::none()))
        .build()
        .expect("the client is set up well")
}

/// A fake, and a client of it that retries without waiting.
async fn started() -> (HarnessFake, Harness) {
    let fake = HarnessFake::start().await.expect("a free port");
    let retry = RetryPolicy::default().base_wait(Duration::ZERO);
    let options = ClientOptions::default().retry(retry);
    let client = fake.builder().options(options).build().expect("the client is set up well");
    (fake, client)
}

/// Where it matters that a duplicate is refused in a way that says so.
async fn started_with(duplicates: HarnessDuplicates) -> (HarnessFake, Harness) {
    let (fake, client) = started().await;
    fake.duplicates(duplicates);
    (fake, client)
}

const GROUP: &str = "_all_account_level_resources";
const DENIED: &str = r#"{"code":"NG_ACCESS_DENIED"}"#;
const DUPLICATES: [HarnessDuplicates; 3] = [
    HarnessDuplicates::UnknownError,
    HarnessDuplicates::DuplicateField,
    HarnessDuplicates::Conflict,
];

fn grant(identifier: &str, role: &str, group: &str, principal: Principal) -> NewRoleAssignment {
    NewRoleAssignment::new(identifier, role, group, principal).expect("it follows the rules")
}

fn assignment(identifier: &str) -> NewRoleAssignment {
    grant(identifier, "_account_viewer", GROUP, Principal::user(identifier))
}

fn role(identifier: &str) -> NewRole {
    let permissions = ["core_pipeline_execute", "core_pipeline_view"];
    NewRole::new(identifier, "Pipeline runner", permissions)
        .expect("it follows the rules")
        .description("Runs things")
        .tag("team", "sre")
        .tolerate([HarnessFake::COMPULSORY_PERMISSION])
}

fn group(identifier: &str) -> NewResourceGroup {
    NewResourceGroup::new(identifier, "Cloud cost")
        .expect("it follows the rules")
        .color("#0063F7")
        .include(included())
        .filter(connectors())
        .filter(pipelines())
}

fn connectors() -> ResourceFilter {
    ResourceFilter::new("CONNECTOR").attribute("category", ["CLOUD_COST"])
}

fn pipelines() -> ResourceFilter {
    ResourceFilter::new("PIPELINE").identifiers(["build", "deploy"])
}

fn included() -> IncludedScope {
    let scope = IncludedScope::excluding_child_scopes().account("fakeAccount");
    scope.org("platform").project("web shop")
}

/// The same for each kind of resource: with the name of the method that returns its handle, and one
/// to be created as `a`.
macro_rules! each_kind {
    (|$handle:ident, $new:ident| $body:block) => {
        each_kind!(@ $handle, role_assignments, $new, assignment("a"), $body);
        each_kind!(@ $handle, roles, $new, role("a"), $body);
        each_kind!(@ $handle, resource_groups, $new, group("a"), $body);
    };
    (@ $handle:ident, $method:ident, $new:ident, $value:expr, $body:block) => {{
        let $handle = Scope::$method;
        let $new = $value;
        $body
    }};
}

fn methods(fake: &HarnessFake) -> String {
    let received = fake.received();
    received.iter().map(|request| request.method()).collect::<Vec<_>>().join(" ")
}

fn creates(fake: &HarnessFake) -> usize {
    methods(fake).matches("POST").count()
}

fn how<T>(ensured: &Ensured<T>) -> &'static str {
    match ensured {
        Ensured::Created(_) => "created",
        Ensured::AlreadyExisted(_) => "already existed",
        Ensured::Indeterminate(_) => "indeterminate",
    }
}

/// Both sides of a mismatch.
fn mismatch<D, A>(error: &Error) -> &Mismatch<D, A>
where
    D: std::fmt::Debug + Send + Sync + 'static,
    A: std::fmt::Debug + Send + Sync + 'static,
{
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    error.service().expect("it shows both sides")
}

mod lists {
    use super::*;

    /// Assignments as they come in a list.
    fn rows(identifiers: &[&str]) -> String {
        let row = |id: &&str| json!({"role-assignment": {"identifier": id}});
        Value::from(identifiers.iter().map(row).collect::<Vec<_>>()).to_string()
    }

    fn identifiers(items: &[RoleAssignmentResponse]) -> Vec<&str> {
        items.iter().map(|item| item.role_assignment.identifier.as_str()).collect()
    }

    /// So many assignments, which were not created in the order of their identifiers.
    async fn filled(count: usize) -> (HarnessFake, Harness, RoleAssignments) {
        let (fake, client) = started().await;
        let assignments = client.account().role_assignments();
        for at in (0..count).rev() {
            assignments.create(&assignment(&format!("a{at}"))).await.expect("it is created");
        }
        (fake, client, assignments)
    }

    #[tokio::test]
    async fn list_ends_by_its_total_or_on_a_short_page() {
        let full = ["a", "b", "c"];
        for (pages, total, missing) in [
            (&[&[][..]][..], "0", None),
            (&[&full], "3", None),
            (&[&full, &["d"]], "4", None),
            // Short or empty before the end.
            (&[&["a"], &[], &["b", "c"]], "7", Some("the list ended after 3 of 7 items")),
            // Without a total, or with one that cannot be.
            (&[&full, &[]], "", None),
            (&[&["a", "b"]], "", None),
            (&[&full, &["d"]], "-1", None),
            (&[&full, &["d"]], "many", None),
            (&[&full, &["d"]], "1", None),
            (&[&["e"], &full, &[]], "4", None),
            (&[&["e"], &full, &[]], "5", Some("the list ended after 4 of 5 items")),
            (&[&full, &["d"]], "99999999999999999999999", None),
            // Less than the total came.
            (&[&[]], "3", Some("the list ended after 0 of 3 items")),
            (&[&full, &["d"]], "5", Some("the list ended after 4 of 5 items")),
        ] {
            let bodies: Vec<_> = pages.iter().map(|page| rows(page)).collect();
            let response = |at: usize| (200, bodies.get(at).map_or("", String::as_str));
            let capture = Capture::start([response(0), response(1), response(2)]).await;
            let capture = capture.with_headers(&format!("X-Total-Elements: {total}\r\n"));
            let list = client(&capture).account().role_assignments().list().page_size(3);
            let (mut items, mut seen, mut failed) = (list.items(), Vec::new(), None);
            while let Some(item) = items.next().await {
                match item {
                    Ok(item) => seen.push(item),
                    Err(error) => failed = Some(error),
                }
            }
            assert_eq!(identifiers(&seen), pages.concat(), "{total}");
            assert_eq!(capture.requests().len(), pages.len(), "{pages:?} of {total}");
            let text = failed.as_ref().map(ToString::to_string).unwrap_or_default();
            assert!(text.contains(missing.unwrap_or_default()), "{text}");
            assert_eq!(failed.map(|error| error.kind()), missing.map(|_| ErrorKind::Decode));
        }
    }

    #[tokio::test]
    async fn list_resumes_from_its_own_positions_only() {
        let (fake, client, assignments) = filled(10).await;
        let list = assignments.list().page_size(3);
        let mut items = list.clone().items();
        for at in 0..5 {
            let item = items.next().await.expect("there are ten").expect("it is read");
            assert_eq!(item.role_assignment.identifier, *format!("a{at}"));
        }
        assert_eq!(items.total(), Some(10));
        let position: Position = items.position().to_string().parse().expect("it is one");
        let before = fake.received_count();
        let descending = list.clone().sort(SortBy::Identifier, Order::Descending);
        let of_org = client.org("platform").role_assignments().list().page_size(3);
        for text in [
            refusal(descending.from(&position)).await,
            refusal(list.clone().page_size(4).from(&position)).await,
            refusal(list.clone().sort(SortBy::Name, Order::Ascending).from(&position)).await,
            refusal(of_org.from(&position)).await,
            refusal(client.account().roles().list().page_size(3).from(&position)).await,
        ] {
            assert!(text.contains("position: must come from this list"), "{text}");
        }
        assert_eq!(fake.received_count(), before, "nothing was sent");
        let rest = list.from(&position).items().try_collect().await.expect("it is read");
        assert_eq!(identifiers(&rest), ["a5", "a6", "a7", "a8", "a9"]);
    }

    #[tokio::test]
    async fn changes_shift_the_order_of_changes_but_not_that_of_identifiers() {
        let (_fake, _, assignments) = filled(4).await;
        let list = assignments.list().page_size(2);
        let by_change = list.clone().sort(SortBy::Updated, Order::Descending);
        let (mut stable, mut shifting) = (list.pages(), by_change.pages());
        let mut seen = [Vec::new(), Vec::new()];
        for new in ["z", "zz"] {
            for (pages, seen) in [&mut stable, &mut shifting].into_iter().zip(&mut seen) {
                let page = pages.next().await.expect("there is a page").expect("it is read");
                seen.extend(identifiers(&page.items).into_iter().map(str::to_owned));
            }
            assignments.create(&assignment(new)).await.expect("it is created");
        }
        assert_eq!(seen[0], ["a0", "a1", "a2", "a3"]);
        seen[1].sort();
        seen[1].dedup();
        assert_eq!(seen[1].len(), 3, "a row came twice: {seen:?}");
    }

    #[tokio::test]
    async fn filter_lists_groups_of_one_identifier_in_two_scopes() {
        let of_org = |org: &str| {
            let scope = json!({"filter": "EXCLUDING_CHILD_SCOPES", "account": "a", "org": org});
            json!([{"identifier": "all", "name": "All", "included_scope": [scope]}]).to_string()
        };
        let [one, other] = ["platform", "sales"].map(of_org);
        let capture = Capture::start([(200, &*one), (200, &*other), (200, "[]")]).await;
        let capture = capture.with_headers("X-Total-Elements: 2\r\n");
        let list = client(&capture).filter_resource_groups(&ResourceGroupFilter::new());
        let groups = list.clone().page_size(1).items().try_collect().await.expect("both are read");
        let orgs = groups.iter().flat_map(|group| group.included_scope.iter().flatten());
        let orgs: Vec<_> = orgs.filter_map(|scope| scope.org.as_deref()).collect();
        assert_eq!(orgs, ["platform", "sales"]);
        list.first_page().await.expect("it is read");
        assert_eq!(capture.requests()[2], fixture!("groups_filter_nothing.request.http"));
    }

    #[tokio::test]
    async fn invalid_list_is_refused_before_it_is_sent() {
        let capture = Capture::start([]).await;
        let client = client(&capture);
        let account = client.account();
        let assignments = || account.role_assignments().list();
        let none = ResourceGroupFilter::new().identifiers([""; 0]);
        let all = ResourceGroupFilter::new();
        let of_nothing = ResourceGroupFilter::new().org("");
        let forged = format!("{}x", assignments().items().position()).parse::<Position>();
        for (text, rule) in [
            (refusal(assignments().page_size(0)).await, "page_size: must be 1 to 100, got 0"),
            (refusal(account.roles().list().page_size(101)).await, "must be 1 to 100, got 101"),
            (refusal(client.filter_resource_groups(&all).page_size(0)).await, "must be 1 to 100"),
            // It would list all groups.
            (refusal(client.filter_resource_groups(&none)).await, "identifiers: must not be empty"),
            (refusal(client.filter_resource_groups(&of_nothing)).await, "org: must not be empty"),
            (
                refusal(client.organizations().list().identifiers([""])).await,
                "identifiers: must not be empty",
            ),
            (
                refusal(client.organizations().list().identifiers([""; 0])).await,
                "identifiers: must not be empty",
            ),
            (
                refusal(account.projects().list()).await,
                "projects: must be those of an organization",
            ),
            (refusal(client.org("..").projects().list()).await, "org: must not be"),
            (
                refusal(assignments().from(&forged.expect("it has the form"))).await,
                "position: is not of this list",
            ),
        ] {
            assert!(text.contains(rule), "{text}");
        }
        assert_eq!(capture.requests(), [""; 0]);
    }

    /// The list of assignments with any query.
    struct Raw(&'static [(&'static str, &'static str)]);

    impl Operation for Raw {
        type Service = Harness;
        type Output = Value;
        const SPEC: Spec = Spec::get("harness test", &["/v1/role-assignments"]);

        fn query(&self) -> Vec<(&'static str, String)> {
            self.0.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        }
    }

    #[tokio::test]
    async fn fake_sorts_as_the_service_does() {
        let (fake, client, _) = filled(3).await;
        let [ascending, descending] = [["a0", "a1", "a2"], ["a2", "a1", "a0"]];
        for (query, expected) in [
            (Raw(&[]), ascending),
            // Assignments have no name: the last created comes first, and that was a0.
            (Raw(&[("sort", "name"), ("order", "ASC")]), ascending),
            (Raw(&[("sort", "identifier"), ("order", "ASC")]), ascending),
            (Raw(&[("sort", "identifier"), ("order", "asc")]), descending),
        ] {
            let listed = client.call(&query).await.expect("it is read");
            let listed: Vec<_> = serde_json::from_value(listed).expect("it is a list");
            assert_eq!(identifiers(&listed), expected, "{:?}", query.0);
        }
        fake.page_size(2);
        let listed = client.call(&Raw(&[])).await.expect("it is read");
        assert_eq!(listed.as_array().map(Vec::len), Some(2));
        for query in
            [[("limit", "0")], [("limit", "101")], [("page", "-1")]].iter().map(|it| Raw(it))
        {
            let error = client.call(&query).await.expect_err("it is out of range");
            assert_eq!(error.code(), Some("INVALID_REQUEST"), "{:?}", query.0);
        }
    }

    #[tokio::test]
    async fn what_the_caller_may_not_view_is_missing_without_a_sign() {
        let (fake, client, assignments) = filled(2).await;
        fake.duplicates(HarnessDuplicates::DuplicateField);
        fake.hide(PrincipalType::User);
        assert_eq!(assignments.list().items().try_collect().await.expect("it is partial"), []);
        // The same grant is refused under another identifier, and cannot be found.
        let same = grant("another", "_account_viewer", GROUP, Principal::user("a0"));
        let error = assignments.ensure(&same).await.expect_err("it is not seen");
        assert!(error.is_already_exists(), "{error}");
        // Under its own identifier it can be read.
        let ensured = client.account().role_assignments().ensure(&assignment("a0")).await;
        assert_eq!(how(&ensured.expect("it exists")), "already existed");
    }
}

mod ensuring {
    use super::*;

    #[tokio::test]
    async fn rerun_gets_what_the_first_run_created() {
        for duplicates in DUPLICATES {
            each_kind!(|handle, new| {
                let (fake, client) = started_with(duplicates).await;
                let resources = handle(&client.account());
                let first = resources.ensure(&new).await.expect("it is created");
                assert_eq!((how(&first), &*methods(&fake)), ("created", "GET POST"));
                let again = resources.ensure(&new).await.expect("it exists");
                assert_eq!(again, Ensured::AlreadyExisted(first.into_inner()));
                assert_eq!(methods(&fake), "GET POST GET");
            });
        }
    }

    #[tokio::test]
    async fn outcome_of_a_create_is_found_by_reading() {
        let lost = Fault::json(500, r#"{"code":"UNKNOWN_ERROR"}"#);
        for (get, create, expected) in [
            (Fault::none(), Fault::none(), "created"),
            (Fault::none(), Fault::reset().after_processing(), "indeterminate"),
            (Fault::none(), Fault::status(500).after_processing(), "indeterminate"),
            (Fault::none(), Fault::html(502).after_processing(), "indeterminate"),
            // Created, but with a response that cannot be used.
            (Fault::none(), Fault::json(201, "{}").after_processing(), "created"),
            // Nothing is there: it is sent once more.
            (Fault::none(), lost, "created"),
            // Who may create need not be allowed to read.
            (Fault::json(403, DENIED), Fault::none(), "created"),
        ] {
            each_kind!(|handle, new| {
                let (fake, client) = started().await;
                fake.next(1, get.clone());
                fake.next(1, create.clone());
                let ensured = handle(&client.account()).ensure(&new).await.expect("it exists");
                assert_eq!(how(&ensured), expected, "{create:?}");
            });
        }
        each_kind!(|handle, new| {
            let (fake, client) = started().await;
            fake.next(1, Fault::none());
            fake.next(1, Fault::json(403, DENIED));
            let error = handle(&client.account()).ensure(&new).await.expect_err("it is refused");
            assert!(error.is_permission_denied(), "{error}");
            assert_eq!((error.effect(), &*methods(&fake)), (Effect::NotApplied, "GET POST"));
        });
    }

    #[tokio::test]
    async fn ensure_absent_reports_how_it_came_about() {
        each_kind!(|handle, new| {
            let (fake, client) = started().await;
            let resources = handle(&client.account());
            for (fault, expected) in [
                (Fault::none(), EnsuredAbsent::Deleted),
                // The repeated delete finds nothing.
                (Fault::reset().after_processing(), EnsuredAbsent::Indeterminate),
            ] {
                resources.create(&new).await.expect("it is created");
                fake.next(1, fault);
                let absent = resources.ensure_absent("a").await.expect("it is absent");
                assert_eq!(absent, expected);
                let again = resources.ensure_absent("a").await.expect("it is absent");
                assert_eq!(again, EnsuredAbsent::AlreadyAbsent);
            }
            fake.next(1, Fault::json(403, DENIED));
            let error = resources.ensure_absent("a").await.expect_err("it is refused");
            assert!(error.is_permission_denied(), "{error}");
        });
    }

    #[tokio::test]
    async fn of_two_callers_at_once_one_creates_and_the_other_finds() {
        let granted =
            |identifier: &str| grant(identifier, "_account_viewer", GROUP, Principal::user("u"));
        for duplicates in DUPLICATES {
            // They agree on the identifier, or only on the grant.
            for second in ["a", "b"] {
                let (fake, client) = started_with(duplicates).await;
                let assignments = client.account().role_assignments();
                let (one, other) = tokio::join!(
                    assignments.ensure(&granted("a")).send(),
                    assignments.ensure(&granted(second)).send(),
                );
                let both = [one, other].map(|result| result.expect("it exists"));
                let created = both.iter().filter(|one| how(one) == "created").count();
                let there = fake.role_assignments("account");
                assert_eq!((created, there.len()), (1, 1), "{duplicates:?}: {both:?}");
                assert!(both.iter().all(|one| *one.get() == there[0]), "{both:?}");
                assert!(creates(&fake) <= 2, "each creates at most once");
            }
        }
    }

    #[tokio::test]
    async fn invalid_request_is_refused_before_it_is_sent() {
        fn refused<T>(result: Result<T, Error>, rule: &str) {
            let error = result.map(drop).expect_err(rule);
            assert!(error.is_invalid_request() && error.to_string().contains(rule), "{error}");
        }
        refused(NewRole::new("a-b", "n", [""; 0]), "identifier: must be a letter");
        refused(NewRole::new("step", "n", [""; 0]), "identifier: must not be the reserved word");
        refused(NewRole::new("a", "", [""; 0]), "name: must not be empty");
        refused(NewResourceGroup::new("a b", "n"), "identifier: must be a letter");
        refused(NewResourceGroup::new("a", ""), "name: must not be empty");

        let capture = Capture::start([]).await;
        let account = client(&capture).account();
        for bad in ["", ".", "..", "a\nb"] {
            each_kind!(|handle, _new| {
                let resources = handle(&account);
                refused(resources.get(bad).await, "identifier: must not");
                refused(resources.delete(bad).await, "identifier: must not");
                refused(resources.ensure_absent(bad).await, "identifier: must not");
            });
        }
        let assignments = account.role_assignments();
        for (reference, rule) in [
            (RoleReference::new(ScopeLevel::Account, ""), "roleReference.identifier: must not"),
            (RoleReference::new("".into(), "r"), "roleReference.scope_level: must not be empty"),
        ] {
            let new = assignment("a").role_reference(reference);
            refused(assignments.create(&new).await, rule);
            refused(assignments.ensure(&new).await, rule);
        }
        let roles = account.roles();
        let tagged = (0..129).fold(role("a"), |role, at| role.tag(format!("t{at}"), ""));
        for (new, rule) in [
            (role("a").description("é".repeat(1025)), "description: must be at most 1024"),
            (tagged, "tags: must be at most 128"),
        ] {
            refused(roles.create(&new).await, rule);
            refused(roles.update(&new).await, rule);
            refused(roles.ensure(&new).await, rule);
        }
        let longest = role("a").description("é".repeat(1024));
        roles.create(&longest).request().expect("it is short enough");
        let groups = account.resource_groups();
        for (new, rule) in [
            (group("a").description("x".repeat(1025)), "description: must be at most 1024"),
            (group("a").filter(ResourceFilter::new("")), "resource_type: must not be empty"),
            (
                group("a").include(IncludedScope::default()),
                "included_scope.filter: must not be empty",
            ),
            // The service might take them for the whole account, and for all of the type.
            (group("a").include(included().org("")), "included_scope.org: must not be empty"),
            (group("a").include(included().project("")), "included_scope.project: must not be"),
            (group("a").filter(pipelines().identifiers([""])), "identifiers: must not be empty"),
            (group("a").filter(connectors().attribute("", ["v"])), "attribute_name: must not be"),
            (group("a").filter(pipelines().identifiers([""; 0])), "identifiers: must not be empty"),
            (
                group("a").filter(connectors().attribute("category", [""; 0])),
                "attribute_values: must not be empty",
            ),
        ] {
            refused(groups.create(&new).await, rule);
            refused(groups.update(&new).await, rule);
            refused(groups.ensure(&new).await, rule);
        }
        assert_eq!(capture.requests(), [""; 0]);
    }

    #[tokio::test]
    async fn response_without_an_identifier_is_an_error() {
        each_kind!(|handle, new| {
            let capture =
                Capture::start([(201, "{}"), (200, "{}"), (200, "{}"), (200, "{}")]).await;
            let resources = handle(&client(&capture).account());
            for (error, effect) in [
                (resources.create(&new).await.expect_err("no identifier"), Effect::Applied),
                (resources.delete("a").await.expect_err("no identifier"), Effect::Applied),
                (resources.get("a").await.expect_err("no identifier"), Effect::NotApplied),
                (
                    resources.list().items().try_collect().await.expect_err("no list"),
                    Effect::NotApplied,
                ),
            ] {
                assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, effect), "{error}");
            }
        });
    }
}

mod assignments {
    use super::*;

    #[tokio::test]
    async fn role_of_another_level_and_other_disabled_exclude_without_matching() {
        let granted = |identifier: &str| {
            let group = "_all_organization_level_resources";
            grant(identifier, "deployer", group, Principal::user("u"))
        };
        let referring = |identifier: &str| {
            let of_account = RoleReference::new(ScopeLevel::Account, "deployer");
            granted(identifier).role_reference(of_account)
        };
        for (duplicates, effect, found) in [
            (HarnessDuplicates::UnknownError, Effect::Unknown, "indeterminate"),
            (HarnessDuplicates::DuplicateField, Effect::NotApplied, "already existed"),
            (HarnessDuplicates::Conflict, Effect::NotApplied, "already existed"),
        ] {
            for (there, desired, same) in [
                (referring("a"), granted("b"), referring("c")),
                (granted("a"), referring("b"), granted("c")),
                (granted("a"), granted("b").disabled(true), granted("c")),
                (granted("a").disabled(true), granted("b"), granted("c").disabled(true)),
            ] {
                let (fake, client) = started_with(duplicates).await;
                let assignments = client.org("platform").role_assignments();
                let there = assignments.create(&there).await.expect("it is created");
                let error = assignments.ensure(&desired).await.expect_err("another is there");
                let both = mismatch::<NewRoleAssignment, RoleAssignmentResponse>(&error);
                assert_eq!((&both.desired, &both.actual), (&desired, &there));
                assert_eq!((error.effect(), creates(&fake)), (effect, 2), "it is not repeated");
                let same = assignments.ensure(&same).await.expect("it is there");
                assert_eq!((how(&same), same.get()), (found, &there));
                assert_eq!(fake.role_assignments("orgs/platform"), [there]);
            }
        }
    }

    #[tokio::test]
    async fn role_that_begins_like_a_managed_one_has_a_level_too() {
        let (_fake, client) = started_with(HarnessDuplicates::DuplicateField).await;
        let assignments = client.org("platform").role_assignments();
        for role in ["_ops", "_account_viewer"] {
            let granted = |identifier: &str| grant(identifier, role, "g", Principal::user("u"));
            let of = |level| granted("b").role_reference(RoleReference::new(level, role));
            let there = assignments.create(&granted(&format!("a{role}"))).await;
            let there = there.expect("it is created");
            let error = assignments.ensure(&of(ScopeLevel::Account)).await.expect_err("it differs");
            let both = mismatch::<NewRoleAssignment, RoleAssignmentResponse>(&error);
            assert_eq!(both.actual, there);
            let same = assignments.ensure(&of(ScopeLevel::Organization)).await;
            assert_eq!(same.expect("it is the same"), Ensured::AlreadyExisted(there));
        }
    }

    #[tokio::test]
    async fn matching_one_goes_before_one_that_only_excludes() {
        // As if the service did look at the level.
        let row = |identifier: &str, level: &str| {
            json!({"role-assignment": {
                "identifier": identifier, "resource_group": "g", "role": "r",
                "roleReference": {"scope_level": level, "identifier": "r"},
                "principal": {"identifier": "u", "type": "USER"},
            }})
        };
        let list = json!([row("a", "account"), row("b", "organization")]).to_string();
        let capture = Capture::start([(400, r#"{"code":"DUPLICATE_FIELD"}"#), (200, &list)]).await;
        let assignments = client(&capture).org("platform").role_assignments();
        let new = NewRoleAssignment::unnamed("r", "g", Principal::user("u")).expect("valid");
        let there = assignments.ensure(&new).await.expect("it is there");
        assert_eq!(there.get().role_assignment.identifier, "b");
    }

    #[tokio::test]
    async fn what_has_the_identifier_is_compared_by_what_it_grants() {
        let (fake, client) = started().await;
        let assignments = client.account().role_assignments();
        let of =
            |level| assignment("a").role_reference(RoleReference::new(level, "_account_viewer"));
        let there = assignments.create(&of(ScopeLevel::Account)).await.expect("it is created");
        for same in [assignment("a"), of(ScopeLevel::Account), assignment("a").managed(true)] {
            let ensured = assignments.ensure(&same).await.expect("it is the same");
            assert_eq!(ensured, Ensured::AlreadyExisted(there.clone()));
        }
        for different in [
            of(ScopeLevel::Project),
            assignment("a")
                .role_reference(RoleReference::new(ScopeLevel::Account, "_account_admin")),
            assignment("a").disabled(true),
            grant("a", "_account_admin", GROUP, Principal::user("a")),
            grant("a", "_account_viewer", "g", Principal::user("a")),
            grant("a", "_account_viewer", GROUP, Principal::user("b")),
        ] {
            let error = assignments.ensure(&different).await.expect_err("it differs");
            let both = mismatch::<NewRoleAssignment, RoleAssignmentResponse>(&error);
            assert_eq!((&both.desired, &both.actual), (&different, &there));
            assert_eq!(error.effect(), Effect::NotApplied);
        }
        assert_eq!(creates(&fake), 1);
    }

    #[tokio::test]
    async fn same_grant_under_another_identifier_is_found() {
        let (fake, client) = started_with(HarnessDuplicates::DuplicateField).await;
        let org = client.org("platform").role_assignments();
        let named = |identifier: &str, principal| grant(identifier, "r", "g", principal);
        let group = Principal::user_group("sre");
        let there = org.create(&named("one", group.clone())).await.expect("it is created");
        // The service filled in the level that is meant here.
        let meant = group.clone().scope_level(ScopeLevel::Organization);
        let unnamed = NewRoleAssignment::unnamed("r", "g", group.clone()).expect("valid");
        for same in [named("two", group.clone()), named("two", meant), unnamed] {
            let found = org.ensure(&same).await.expect("it is there");
            assert_eq!(found, Ensured::AlreadyExisted(there.clone()));
        }
        // The same name at another level is another group; a user's level does not count.
        let other = named("three", group.scope_level(ScopeLevel::Account));
        assert_eq!(how(&org.ensure(&other).await.expect("it is created")), "created");
        org.create(&named("four", Principal::user("u"))).await.expect("it is created");
        let user = named("four", Principal::user("u").scope_level(ScopeLevel::Account));
        assert_eq!(how(&org.ensure(&user).await.expect("it is there")), "already existed");
        assert!(fake.role_assignments("account").is_empty(), "that is another scope");
    }

    #[tokio::test]
    async fn dry_run_reports_what_is_invalid_and_assigns_nothing() {
        let (fake, client) = started().await;
        let assignments = client.account().role_assignments();
        let validate = async |new: &NewRoleAssignment| assignments.validate(new).await;
        assert!(validate(&assignment("a")).await.expect("it is read").is_valid());
        let unknown = grant("a", "no_such_role", GROUP, Principal::user("u"));
        assert!(!validate(&unknown).await.expect("it is read").is_valid());
        assert!(fake.role_assignments("account").is_empty());

        fake.next(1, Fault::json(200, fixture!("validation.full.json")));
        let full = validate(&unknown).await.expect("it is read");
        let role = full.role_validation_result.as_ref().expect("it is there");
        assert_eq!(role.error_message.as_deref(), Some("role not found"));
        let group = full.resource_group_validation_result.as_ref().expect("it is there");
        assert_eq!((role.valid, group.valid, full.is_valid()), (Some(false), Some(true), false));
        // What a response leaves out does not count as valid.
        fake.next(1, Fault::json(200, r#"{"data":{}}"#));
        assert!(!validate(&unknown).await.expect("it is read").is_valid());
        for (body, kind) in [
            (r#"{"status":"SUCCESS"}"#, ErrorKind::Decode),
            (r#"{"data":null}"#, ErrorKind::Decode),
            ("[]", ErrorKind::Decode),
            (r#"{"status":"FAILURE","code":"INVALID_REQUEST"}"#, ErrorKind::Rejected),
        ] {
            fake.next(1, Fault::json(200, body));
            let error = validate(&unknown).await.expect_err(body);
            assert_eq!((error.kind(), error.effect()), (kind, Effect::NotApplied), "{error}");
        }

        let without_account = Harness::builder("pat.fakeId.obviously-fake").base_url(fake.uri());
        let account = without_account.build().expect("the client is set up well").account();
        let error = account.role_assignments().validate(&unknown).await;
        let error = error.expect_err("the account is not known");
        assert!(error.to_string().contains("account_id: must be known"), "{error}");
        assert_eq!(error.attempts(), 0);
    }

    #[tokio::test]
    async fn deleted_assignment_is_not_found() {
        let (fake, client) = started().await;
        let assignments = client.account().role_assignments();
        assignments.create(&assignment("a")).await.expect("it is created");
        let deleted = assignments.delete("a").await.expect("it is there");
        assert_eq!(deleted.role_assignment.identifier, "a");
        for error in [
            assignments.get("a").await.expect_err("it was deleted"),
            assignments.delete("a").await.expect_err("it was deleted"),
        ] {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
            assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
            assert_eq!(error.code(), Some("RESOURCE_NOT_FOUND_EXCEPTION"));
        }
        // A repeated delete has no deleted object to return.
        assignments.create(&assignment("a")).await.expect("it is created");
        fake.next(1, Fault::reset().after_processing());
        let error = assignments.delete("a").await.expect_err("it was deleted");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Unknown));
        assert_eq!(error.attempts(), 2);
    }

    #[tokio::test]
    async fn managed_assignment_and_the_last_admin_stay() {
        let (fake, client) = started().await;
        let assignments = client.account().role_assignments();
        assignments.create(&assignment("managed")).await.expect("it is created");
        fake.manage("account", "managed");
        for user in ["one", "two"] {
            let admin = grant(user, "_account_admin", GROUP, Principal::user(user));
            assignments.create(&admin).await.expect("it is created");
        }
        assignments.delete("one").await.expect("there is another");
        for refused in ["managed", "two"] {
            let error = assignments.delete(refused).await.expect_err(refused);
            assert_eq!(error.code(), Some("INVALID_REQUEST"));
            let error = assignments.ensure_absent(refused).await.expect_err(refused);
            assert!(error.is_invalid_request(), "{error}");
        }
        let managed = assignments.get("managed").await.expect("it is there");
        assert_eq!(managed.harness_managed, Some(true));
    }

    #[tokio::test]
    async fn assignment_named_count_is_found_by_the_list_alone() {
        let (fake, client) = started_with(HarnessDuplicates::DuplicateField).await;
        let assignments = client.account().role_assignments();
        let count = assignment("count");
        assignments.create(&count).await.expect("it is created");
        let error = assignments.get("count").await.expect_err("the service counts");
        assert_eq!(error.kind(), ErrorKind::Decode);
        let ensured = assignments.ensure(&count).await.expect("it is there");
        assert_eq!(how(&ensured), "already existed");
        fake.next(1, Fault::reset().after_processing());
        let absent = assignments.ensure_absent("count").await.expect("it is absent");
        assert_eq!(absent, EnsuredAbsent::Indeterminate);
        // Only the account has such a path.
        let org = client.org("platform").role_assignments();
        org.create(&count).await.expect("it is created");
        assert_eq!(how(&org.ensure(&count).await.expect("it is there")), "already existed");
        assert!(methods(&fake).ends_with("POST GET"), "{}", methods(&fake));
    }

    #[tokio::test]
    async fn documented_404_is_confirmed_by_the_list() {
        for code in ["RESOURCE_NOT_FOUND", "ENTITY_NOT_FOUND"] {
            let (fake, client) = started_with(HarnessDuplicates::DuplicateField).await;
            let assignments = client.account().role_assignments();
            let there = assignments.create(&assignment("a")).await.expect("it is created");
            fake.missing(404, code);
            let error = assignments.get("b").await.expect_err("it is not there");
            assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some(code)));

            let same = grant("b", "_account_viewer", GROUP, Principal::user("a"));
            let found = assignments.ensure(&same).await.expect("it has another identifier");
            assert_eq!(found, Ensured::AlreadyExisted(there));
            let absent = assignments.ensure_absent("b").await.expect("it is absent");
            assert_eq!(absent, EnsuredAbsent::AlreadyAbsent);
            fake.next(1, Fault::reset().after_processing());
            let absent = assignments.ensure_absent("a").await.expect("it is absent");
            assert_eq!(absent, EnsuredAbsent::Indeterminate);
            assert!(fake.role_assignments("account").is_empty());
        }
    }

    #[tokio::test]
    async fn any_other_404_is_no_absence() {
        let (fake, client) = started().await;
        let assignments = client.account().role_assignments();
        assignments.create(&assignment("a")).await.expect("it is created");
        for (own, hidden) in [
            // The list shows it, whatever the response to its own path.
            (Fault::json(404, r#"{"code":"RESOURCE_NOT_FOUND"}"#), false),
            // It comes from something before the service, which lets lists through.
            (Fault::html(404), true),
            (Fault::json(404, r#"{"code":"NO_SUCH_ROUTE"}"#), true),
            (Fault::json(404, r#"{"message":"Not Found"}"#), true),
        ] {
            if hidden {
                fake.hide(PrincipalType::User);
            }
            fake.next_on("/v1/role-assignments/a", 2, own);
            let error = assignments.ensure_absent("a").await.expect_err("it is there");
            assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
            assert_eq!(error.operation(), Some("harness role-assignments.delete"));
            fake.clear_faults();
        }
        assert_eq!(fake.role_assignments("account").len(), 1);
        // Below a wrong path the list is not there either.
        let wrong = fake.builder().base_url(format!("{}/gateway", fake.uri())).build();
        let wrong = wrong.expect("the client is set up well").account().role_assignments();
        let error = wrong.ensure_absent("a").await.expect_err("the path is wrong");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
        assert_eq!(error.operation(), Some("harness role-assignments.delete"));
        assert!(error.to_string().contains("reading the present state failed"), "{error}");
    }
}

mod roles {
    use super::*;

    #[tokio::test]
    async fn fake_keeps_roles_and_deletes_their_assignments() {
        let (fake, client) = started().await;
        let account = client.account();
        let (roles, assignments) = (account.roles(), account.role_assignments());
        let created = roles.create(&role("runner")).await.expect("it is created");
        let added = HarnessFake::COMPULSORY_PERMISSION.to_owned();
        assert!(created.permissions.as_ref().is_some_and(|all| all.contains(&added)));
        assert_eq!(roles.get("runner").await.expect("it is there"), created);
        let changed = created.to_new().expect("it follows the rules").description("Walks");
        let changed = roles.update(&changed).await.expect("it is there");
        assert_eq!(changed.description.as_deref(), Some("Walks"));
        assert_eq!((changed.permissions, changed.created), (created.permissions, created.created));

        let held = grant("a", "runner", "g", Principal::user("u"));
        assignments.create(&held).await.expect("it is created");
        let listed = async |list: List<ListInScope<Role>>| -> Vec<String> {
            let all = list.items().try_collect().await.expect("it is read");
            all.iter().map(|role| role.identifier.to_string()).collect()
        };
        let list = roles.list().page_size(2);
        let all = ["_account_admin", "_account_viewer", "_billing_admin", "runner"];
        assert_eq!(listed(list.clone()).await, all);
        assert_eq!(listed(list.search_term("RUN")).await, ["runner"]);

        roles.delete("runner").await.expect("it is there");
        assert_eq!((fake.roles("account").len(), fake.role_assignments("account").len()), (0, 0));
        for error in [
            roles.get("runner").await.expect_err("it was deleted"),
            roles.update(&role("runner")).await.expect_err("it was deleted"),
            roles.delete("runner").await.expect_err("it was deleted"),
            roles.delete("_account_viewer").await.expect_err("it is managed"),
        ] {
            assert_eq!(error.code(), Some("INVALID_REQUEST"));
        }
    }

    #[tokio::test]
    async fn roles_match_by_name_permissions_and_what_is_set() {
        let (fake, client) = started().await;
        let roles = client.account().roles();
        let there = roles.create(&role("runner")).await.expect("it is created");
        let named = |name: &str, permissions: &[&str]| {
            NewRole::new("runner", name, permissions.iter().copied()).expect("valid")
        };
        let both = ["core_pipeline_execute", "core_pipeline_view"];
        let with = |permissions: &[&str]| {
            named("Pipeline runner", permissions).tolerate([HarnessFake::COMPULSORY_PERMISSION])
        };
        // Neither the order of permissions counts, nor what is not set.
        for same in [role("runner"), with(&both), with(&[both[1], both[0]])] {
            let ensured = roles.ensure(&same).await.expect("it is the same");
            assert_eq!(ensured, Ensured::AlreadyExisted(there.clone()));
        }
        for different in [
            named("Pipeline runner", &both),
            named("Name", &both).tolerate([HarnessFake::COMPULSORY_PERMISSION]),
            with(&both[..1]),
            with(&[both[0], both[1], "core_pipeline_edit"]),
            with(&both).description("Other"),
            with(&both).tag("team", "other"),
        ] {
            let error = roles.ensure(&different).await.expect_err("it differs");
            let shown = mismatch::<NewRole, Role>(&error);
            assert_eq!((&shown.desired, &shown.actual), (&different, &there));
        }
        assert_eq!(creates(&fake), 1);
    }

    #[tokio::test]
    async fn list_decides_whether_an_invalid_request_means_absence() {
        let refusal = r#"{"code":"INVALID_REQUEST"}"#;
        for (list, there) in [(r#"[{"identifier":"runner"}]"#, true), ("[]", false)] {
            let capture = Capture::start([(400, refusal), (400, refusal), (200, list)]).await;
            match client(&capture).account().roles().ensure_absent("runner").await {
                Ok(absent) => assert!(!there && absent == EnsuredAbsent::AlreadyAbsent),
                Err(error) => assert!(there && error.is_invalid_request(), "{error}"),
            }
            assert_eq!(capture.requests().len(), 3);
        }
        let (_fake, client) = started().await;
        let account = client.account();
        for error in [
            account.roles().ensure_absent("_account_viewer").await.expect_err("it is managed"),
            account.resource_groups().ensure_absent(GROUP).await.expect_err("it is managed"),
        ] {
            assert!(error.is_invalid_request(), "{error}");
            assert_eq!(error.effect(), Effect::NotApplied);
            assert!(error.operation().is_some_and(|name| name.ends_with(".delete")));
        }
    }
}

mod groups {
    use super::*;

    async fn started_groups() -> (HarnessFake, ResourceGroups) {
        let (fake, client) = started().await;
        (fake, client.account().resource_groups())
    }

    #[tokio::test]
    async fn fake_keeps_and_filters_groups() {
        let (fake, client) = started().await;
        let groups = client.account().resource_groups();
        let created = groups.create(&group("cloud_cost")).await.expect("it is created");
        let changed = created.to_new().expect("it follows the rules").include_all_resources(true);
        let changed = groups.update(&changed).await.expect("it is there");
        assert_eq!(changed.include_all_resources, Some(true));
        assert_eq!(changed.resource_filter, created.resource_filter);
        let [all, children] = [GROUP, "_all_resources_including_child_scopes"];
        let filter = ResourceGroupFilter::new;
        // A filter is retried like any read.
        fake.next(1, Fault::status(503));
        for (filter, expected) in [
            (filter(), &[all, children, "cloud_cost"][..]),
            (filter().managed(ManagedFilter::OnlyCustom), &["cloud_cost"]),
            (filter().managed(ManagedFilter::OnlyManaged), &[all, children]),
            (filter().search_term("Cost"), &["cloud_cost"]),
            (filter().account(HarnessFake::ACCOUNT).search_term("Cost"), &["cloud_cost"]),
            (filter().account("another"), &[]),
            (filter().identifiers([children]), &[children]),
            (filter().org("o").project("p"), &["_all_project_level_resources"]),
        ] {
            let filtered = client.filter_resource_groups(&filter).page_size(1).items();
            let filtered = filtered.map(|group| group.identifier.to_string()).try_collect().await;
            assert_eq!(filtered.expect("it is read"), expected, "{filter:?}");
        }
        groups.delete("cloud_cost").await.expect("it is there");
        assert!(fake.resource_groups("account").is_empty());
        for error in [
            groups.get("cloud_cost").await.expect_err("it was deleted"),
            groups.update(&group("cloud_cost")).await.expect_err("it was deleted"),
            groups.delete("cloud_cost").await.expect_err("it was deleted"),
            groups.delete(GROUP).await.expect_err("it is managed"),
        ] {
            assert_eq!(error.code(), Some("INVALID_REQUEST"));
        }
    }

    #[tokio::test]
    async fn groups_match_by_what_they_contain() {
        let (fake, groups) = started_groups().await;
        let there = groups.create(&group("a")).await.expect("it is created");
        let named = || NewResourceGroup::new("a", "Cloud cost").expect("it follows the rules");
        let both = || named().filter(pipelines()).filter(connectors());
        let turned = pipelines().identifiers(["deploy", "build"]);
        let without_account =
            IncludedScope::excluding_child_scopes().org("platform").project("web shop");
        for same in [
            group("a"),
            named().filter(turned).filter(connectors()).include(included()),
            both().include(without_account),
        ] {
            let ensured = groups.ensure(&same).await.expect("it is the same");
            assert_eq!(ensured, Ensured::AlreadyExisted(there.clone()));
        }
        let with_children = IncludedScope::including_child_scopes().account("fakeAccount");
        let wider = IncludedScope::excluding_child_scopes().account("fakeAccount").org("platform");
        for different in [
            named(),
            named().filter(pipelines()).include(included()),
            both(),
            group("a").include_all_resources(true),
            group("a").color("red"),
            group("a").include(with_children.clone()),
            both().include(with_children),
            both().include(wider),
        ] {
            let error = groups.ensure(&different).await.expect_err("it differs");
            let shown = mismatch::<NewResourceGroup, ResourceGroup>(&error);
            assert_eq!((&shown.desired, &shown.actual), (&different, &there));
            assert_eq!(error.effect(), Effect::NotApplied);
        }
        assert_eq!(creates(&fake), 1);
    }

    #[tokio::test]
    async fn group_without_scopes_matches_its_own_scope_alone() {
        let (_fake, client) = started().await;
        let (account, org) = (client.account(), client.org("platform"));
        let project = org.project("shop").resource_groups();
        let (account, org) = (account.resource_groups(), org.resource_groups());
        let only = || IncludedScope::excluding_child_scopes().account("fakeAccount");
        let all = || IncludedScope::including_child_scopes().account("fakeAccount");
        for (at, (groups, scopes, same)) in [
            (&account, vec![], true),
            (&account, vec![only()], true),
            (&account, vec![all()], false),
            (&account, vec![only().org("platform")], false),
            (&org, vec![only().org("platform")], true),
            (&org, vec![only()], false),
            (&org, vec![all().org("platform")], false),
            (&org, vec![only().org("other")], false),
            (&org, vec![only().org("platform"), only().org("platform").project("shop")], false),
            (&project, vec![only().org("platform").project("shop")], true),
            (&project, vec![only().org("other").project("shop")], false),
        ]
        .into_iter()
        .enumerate()
        {
            let new = NewResourceGroup::new(format!("g{at}"), "G").expect("it follows the rules");
            let new = new.include_all_resources(true);
            let there = scopes.iter().cloned().fold(new.clone(), NewResourceGroup::include);
            groups.create(&there).await.expect("it is created");
            match groups.ensure(&new).await {
                Ok(found) => assert!(same && how(&found) == "already existed", "{scopes:?}"),
                Err(error) => {
                    assert!(!same, "{scopes:?}: {error}");
                    mismatch::<NewResourceGroup, ResourceGroup>(&error);
                }
            }
        }
    }

    #[tokio::test]
    async fn what_grants_and_was_not_sent_is_not_taken_for_none() {
        let capture = Capture::start([(200, r#"{"identifier":"a","name":"A"}"#); 2]).await;
        let account = client(&capture).account();
        let role = NewRole::new("a", "A", [""; 0]).expect("it follows the rules");
        let error = account.roles().ensure(&role).await.expect_err("its permissions are unknown");
        mismatch::<NewRole, Role>(&error);
        let group = NewResourceGroup::new("a", "A").expect("it follows the rules");
        let error = account.resource_groups().ensure(&group).await.expect_err("so is what it has");
        mismatch::<NewResourceGroup, ResourceGroup>(&error);
    }

    #[tokio::test]
    async fn empty_texts_and_lists_go_back_as_they_were_read_and_a_list_means_all() {
        let there = r#"{"identifier":"runs","name":"Runs","include_all_resources":false,
            "included_scope":[{"filter":"EXCLUDING_CHILD_SCOPES","org":""}],
            "resource_filter":[{"resource_type":"PIPELINE","identifiers":[]}]}"#;
        let own = there.replace(r#","org":"""#, "");
        let capture = Capture::start([(200, there), (200, there), (200, &own)]).await;
        let groups = client(&capture).account().resource_groups();
        let read = groups.get("runs").await.expect("it is read").to_new().expect("it is complete");
        groups.update(&read).await.expect("it is sent");
        let sent = &capture.requests()[1];
        assert!(sent.contains(r#""identifiers":[]"#) && sent.contains(r#""org":"""#), "{sent}");
        let added = read.filter(pipelines().identifiers([""; 0]));
        let error = groups.update(&added).await.expect_err("this one was not read");
        assert!(error.is_invalid_request(), "{error}");
        let all = NewResourceGroup::new("runs", "Runs").expect("it follows the rules");
        let ensured = groups.ensure(&all.filter(ResourceFilter::new("PIPELINE"))).await;
        assert_eq!(how(&ensured.expect("it is the same")), "already existed");
    }
}

/// An account that is given goes before that of the key.
#[test]
fn account_is_sent_where_it_is_known() {
    for (key, account, expected) in [
        ("pat.fakeId.obviously-fake", None, None),
        ("pat.fakeId.obviously-fake", Some("given"), Some("given")),
        ("sat.own.fakeId.obviously-fake", Some("given"), Some("given")),
        ("sat.own.fakeId.obviously-fake", None, Some("own")),
    ] {
        let builder = Harness::builder(key).base_url("http://127.0.0.1:1");
        let builder = account.into_iter().fold(builder, |builder, id| builder.account_id(id));
        let call = builder.build().expect("it is set up well").account().roles().get("a");
        let request = call.request().expect("it is valid");
        let sent = request.headers().get("harness-account").map(http::HeaderValue::as_bytes);
        assert_eq!(sent, expected.map(str::as_bytes), "{key}");
    }
}
