//! Harness beyond creating an assignment: each request byte for byte, each kind of answer, paging,
//! settling by reading, and the fake.
#![cfg(feature = "harness")]

mod capture;

use capture::Capture;
use rolecall::harness::{
    Harness, NewRoleAssignment, Order, Principal, PrincipalType, RoleAssignmentResponse,
    RoleAssignments, RoleReference, ScopeLevel, SortBy,
};
use rolecall::testing::{Fault, HarnessDuplicates, HarnessFake};
use rolecall::{
    ClientOptions, Difference, Effect, Ensured, EnsuredAbsent, ErrorKind, Position, RetryPolicy,
};
use serde_json::{Value, json};

/// The text of a fixture.
macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/harness/", $path))
    };
}

fn written<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("answers can be written")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("the fixture is JSON")
}

fn client(capture: &Capture) -> Harness {
    Harness::builder(HarnessFake::API_KEY)
        .base_url(capture.uri())
        .options(ClientOptions::default().retry(RetryPolicy::none()))
        .build()
        .expect("the client is set up well")
}

/// A client of the fake that repeats without waiting.
fn eager(fake: &HarnessFake) -> Harness {
    let retry = RetryPolicy::default().base_wait(std::time::Duration::ZERO);
    let options = ClientOptions::default().retry(retry);
    fake.builder().options(options).build().expect("the client is set up well")
}

mod assignments {
    use super::*;

    fn at_all_scopes(client: &Harness) -> [RoleAssignments; 3] {
        let org = client.org("platform").expect("it is an id");
        let project = org.project("web shop").expect("it is an id");
        [client.account().role_assignments(), org.role_assignments(), project.role_assignments()]
    }

    fn wanted(identifier: &str) -> NewRoleAssignment {
        let group = "_all_account_level_resources";
        NewRoleAssignment::new(identifier, "_account_viewer", group, Principal::user(identifier))
            .expect("it follows the rules")
    }

    /// What an error of `ensure` says is there instead.
    fn found(error: &rolecall::Error) -> &RoleAssignmentResponse {
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        let difference: Option<&Difference<NewRoleAssignment, RoleAssignmentResponse>> =
            error.service();
        &difference.expect("it says what").found
    }

    fn creates(fake: &HarnessFake) -> usize {
        fake.received().iter().filter(|request| request.method() == "POST").count()
    }

    #[tokio::test]
    async fn a_role_of_another_level_is_another_role_and_in_the_way() {
        let grant = |identifier: &str| {
            let group = "_all_organization_level_resources";
            NewRoleAssignment::new(identifier, "deployer", group, Principal::user("u"))
                .expect("it follows the rules")
        };
        let of_account = RoleReference::new(ScopeLevel::Account, "deployer");
        let referring = |identifier: &str| grant(identifier).role_reference(of_account.clone());
        for (duplicates, effect) in [
            (HarnessDuplicates::UnknownError, Effect::Unknown),
            (HarnessDuplicates::DuplicateField, Effect::NotApplied),
            (HarnessDuplicates::Conflict, Effect::NotApplied),
        ] {
            for (there, wanted, same) in [
                (referring("a"), grant("b"), referring("c")),
                (grant("a"), referring("b"), grant("c")),
                (grant("a"), grant("b").disabled(true), grant("c")),
                (grant("a").disabled(true), grant("b"), grant("c").disabled(true)),
            ] {
                let fake = HarnessFake::start().await.expect("a free port");
                fake.duplicates(duplicates);
                let org = eager(&fake).org("platform").expect("it is an id").role_assignments();
                let there = org.create(&there).await.expect("it succeeds");
                let error = org.ensure(&wanted).await.expect_err("another one is there");
                assert_eq!((found(&error), error.effect()), (&there, effect));
                assert_eq!(creates(&fake), 2, "the second is refused, and not tried again");
                let same = org.ensure(&same).await.expect("it is there");
                assert_eq!(same.get(), &there);
                assert_eq!(fake.role_assignments("orgs/platform"), [there]);
            }
        }
    }

    #[tokio::test]
    async fn a_role_that_begins_like_a_managed_one_has_a_level_too() {
        let fake = HarnessFake::start().await.expect("a free port");
        fake.duplicates(HarnessDuplicates::DuplicateField);
        let client = eager(&fake);
        let org = client.org("platform").expect("it is an id");
        let ops = rolecall::harness::NewRole::new("_ops", "Ops", ["core_account_edit"]);
        let ops = ops.expect("it follows the rule");
        client.account().roles().create(&ops).await.expect("it is made");
        org.roles().create(&ops).await.expect("it is made");
        let assignments = org.role_assignments();
        for role in ["_ops", "_account_viewer"] {
            let grant = |identifier: &str| {
                NewRoleAssignment::new(identifier, role, "g", Principal::user("u"))
                    .expect("it follows the rules")
            };
            let refer = |level| RoleReference::new(level, role);
            let of_org = assignments.create(&grant(&format!("a{role}"))).await.expect("it is made");
            let of_account = grant("b").role_reference(refer(ScopeLevel::Account));
            let error = assignments.ensure(&of_account).await.expect_err("it is the org's");
            assert_eq!(found(&error), &of_org);
            let same = grant("b").role_reference(refer(ScopeLevel::Organization));
            let same = assignments.ensure(&same).await.expect("it is the org's");
            assert_eq!(same, Ensured::Existed(of_org));
        }
    }

    #[tokio::test]
    async fn what_was_wanted_goes_before_what_is_in_the_way() {
        // As if the service did look at the level.
        let row = |identifier: &str, level: &str| {
            json!({"role-assignment": {
                "identifier": identifier, "resource_group": "g", "role": "r",
                "roleReference": {"scope_level": level, "identifier": "r"},
                "principal": {"identifier": "u", "type": "USER"},
            }})
        };
        let list = json!([row("a", "account"), row("b", "organization")]).to_string();
        let refusal = r#"{"code":"DUPLICATE_FIELD"}"#;
        let capture = Capture::start([(400, refusal), (200, &list)]).await;
        let org = client(&capture).org("platform").expect("it is an id");
        let wanted = NewRoleAssignment::unnamed("r", "g", Principal::user("u")).expect("valid");
        let there = org.role_assignments().ensure(&wanted).await.expect("it is there");
        assert_eq!(there.get().role_assignment.identifier, "b");
    }

    #[tokio::test]
    async fn a_dry_run_is_exact_and_its_answer_read() {
        let capture = Capture::start([(200, fixture!("validation.full.json"))]).await;
        let principal = Principal::service_account("ci").scope_level(ScopeLevel::Organization);
        let group = "_all_project_level_resources";
        let wanted = NewRoleAssignment::new("sre_view", "_account_viewer", group, principal)
            .expect("it follows the rules")
            .role_reference(RoleReference::new(ScopeLevel::Account, "_account_viewer"));
        let org = client(&capture).org("platform").expect("it is an id");
        let project = org.project("shop").expect("it is an id");
        let said = project.role_assignments().validate(&wanted).await.expect("it is read");
        assert_eq!(capture.requests(), [fixture!("validate.request.http")]);
        assert!(!said.is_valid());
        let role = said.role_validation_result.expect("it is told");
        assert_eq!(
            (role.valid, role.error_message.as_deref()),
            (Some(false), Some("role not found"))
        );
        assert_eq!(said.resource_group_validation_result.expect("it is told").valid, Some(true));
    }

    #[tokio::test]
    async fn a_dry_run_tells_what_is_missing_and_assigns_nothing() {
        let fake = HarnessFake::start().await.expect("a free port");
        let assignments = eager(&fake).account().role_assignments();
        let good = assignments.validate(&wanted("a")).await.expect("it is answered");
        assert!(good.is_valid(), "{good:?}");
        let principal = Principal::user("u");
        let odd =
            NewRoleAssignment::unnamed("nobody_made_it", "_all_account_level_resources", principal);
        let odd = odd.expect("it follows the rules");
        assert!(!assignments.validate(&odd).await.expect("it is answered").is_valid());
        assert!(fake.role_assignments("account").is_empty());
        for body in [r#"{"status":"SUCCESS"}"#, r#"{"data":null}"#, "[]", "{}"] {
            fake.next(1, rolecall::testing::Fault::json(200, body));
            let error = assignments.validate(&odd).await.expect_err(body);
            assert_eq!(error.kind(), rolecall::ErrorKind::Decode, "{error}");
        }
        fake.next(
            1,
            rolecall::testing::Fault::json(200, r#"{"status":"FAILURE","code":"INVALID_REQUEST"}"#),
        );
        let error = assignments.validate(&odd).await.expect_err("it says so");
        assert_eq!(error.effect(), rolecall::Effect::NotApplied);
        // Nothing half said is good.
        fake.next(1, rolecall::testing::Fault::json(200, r#"{"data":{}}"#));
        assert!(!assignments.validate(&odd).await.expect("it is answered").is_valid());
    }

    #[tokio::test]
    async fn a_dry_run_needs_the_account() {
        let client = Harness::builder("pat.fakeId.obviously-fake").base_url("http://127.0.0.1:1");
        let client = client.build().expect("the client is set up well");
        let error = client.account().role_assignments().validate(&wanted("a")).await;
        let error = error.expect_err("the account is not known");
        assert!(error.to_string().contains("accountIdentifier: must be known"), "{error}");
        assert_eq!(error.attempts(), 0);
    }

    /// What these identifiers come as in a list.
    fn rows(identifiers: &[&str]) -> String {
        let row = |id: &&str| json!({"role-assignment": {"identifier": id}});
        Value::from(identifiers.iter().map(row).collect::<Vec<_>>()).to_string()
    }

    fn identifiers(items: &[RoleAssignmentResponse]) -> Vec<&str> {
        items.iter().map(|item| item.role_assignment.identifier.as_str()).collect()
    }

    async fn filled(count: usize) -> (HarnessFake, RoleAssignments) {
        let fake = HarnessFake::start().await.expect("a free port");
        let assignments = eager(&fake).account().role_assignments();
        // Not in the order of their identifiers.
        for at in (0..count).rev() {
            assignments.create(&wanted(&format!("a{at:03}"))).await.expect("it is made");
        }
        (fake, assignments)
    }

    #[tokio::test]
    async fn the_requests_are_exact() {
        let full = fixture!("assignment.full.json");
        let list = format!("[{full}]");
        let answer = |text| (200, text);
        let [list, full] = [answer(list.as_str()), answer(full)];
        let capture = Capture::start([list, full, full, list, full, full, list, full, full]).await;
        for assignments in at_all_scopes(&client(&capture)) {
            let items = assignments.list().items().expect("the limits hold");
            assert_eq!(items.collect().await.expect("it succeeds").len(), 1);
            assignments.get("sre/view").await.expect("it succeeds");
            assignments.delete("sre_view").await.expect("it succeeds");
        }
        assert_eq!(
            capture.requests(),
            [
                fixture!("list_in_account.request.http"),
                fixture!("get_in_account.request.http"),
                fixture!("delete_in_account.request.http"),
                fixture!("list_in_org.request.http"),
                fixture!("get_in_org.request.http"),
                fixture!("delete_in_org.request.http"),
                fixture!("list_in_project.request.http"),
                fixture!("get_in_project.request.http"),
                fixture!("delete_in_project.request.http"),
            ]
        );
    }

    #[tokio::test]
    async fn answers_are_read_by_every_call() {
        let texts = [
            fixture!("assignment.full.json"),
            fixture!("assignment.minimal.json"),
            fixture!("assignment.nulls.json"),
            fixture!("assignment.unknown.json"),
        ];
        let list = format!("[{}]", texts.join(","));
        for text in texts {
            let capture = Capture::start([(200, text), (200, text), (200, &list)]).await;
            let assignments = client(&capture).account().role_assignments();
            let got = assignments.get("a").await.expect("it is read");
            assert_eq!(assignments.delete("a").await.expect("it is read"), got);
            let listed = assignments.list().items().expect("the limits hold").collect().await;
            assert!(listed.expect("it is read").contains(&got));
            if text == texts[0] {
                assert_eq!(written(&got), parsed(text));
            }
        }
    }

    #[tokio::test]
    async fn answers_of_another_shape_say_what_was_changed() {
        let capture = Capture::start([(200, "{}"), (200, "{}"), (200, "{}"), (204, "")]).await;
        let assignments = client(&capture).account().role_assignments();
        let read = assignments.get("a").await.expect_err("no identifier");
        assert_eq!((read.kind(), read.effect()), (ErrorKind::Decode, Effect::NotApplied));
        let deleted = assignments.delete("a").await.expect_err("no identifier");
        assert_eq!((deleted.kind(), deleted.effect()), (ErrorKind::Decode, Effect::Applied));
        let mut items = assignments.list().items().expect("the limits hold");
        let listed = items.next().await.expect("an error").expect_err("no array");
        assert_eq!((listed.kind(), listed.effect()), (ErrorKind::Decode, Effect::NotApplied));
        assert!(items.next().await.is_none(), "an error ends the list");
        let empty = assignments.delete("a").await.expect_err("204 is not documented");
        assert_eq!(empty.effect(), Effect::Unknown);
    }

    #[tokio::test]
    async fn wrong_input_is_refused_before_it_is_sent() {
        let capture = Capture::start([]).await;
        let assignments = client(&capture).account().role_assignments();
        for limit in [0, 101, u32::MAX] {
            let error = assignments.list().page_size(limit).items().expect_err("out of range");
            assert!(error.to_string().contains("limit: must be from 1 to 100"), "{error}");
        }
        for bad in ["", ".", "..", "a\nb"] {
            for call in [assignments.get(bad), assignments.delete(bad)] {
                let error = call.await.expect_err(bad);
                assert!(error.to_string().contains("role-assignment: must"), "{error}");
            }
        }
        // Of another page size, another order, and of no list at all.
        for position in ["0:1.31.identifier.ASC", "0:1.30.updated.DESC", "5:token"] {
            let position: Position = position.parse().expect("it has the form");
            let mut items = assignments.list().items_from(&position).expect("the limits hold");
            let error = items.next().await.expect("an error").expect_err(&position.to_string());
            assert!(error.to_string().contains("position: must come from this list"), "{error}");
        }
        assert_eq!(capture.requests(), [""; 0]);
    }

    #[tokio::test]
    async fn a_list_ends_by_its_total_or_on_a_short_page() {
        for (count, totals, pages) in
            [(0, true, 1), (4, true, 2), (5, true, 3), (0, false, 1), (4, false, 3), (5, false, 3)]
        {
            let (fake, assignments) = filled(count).await;
            fake.totals(totals);
            let before = fake.received_count();
            let mut items = assignments.list().page_size(2).items().expect("the limits hold");
            let mut all = Vec::new();
            while let Some(item) = items.next().await {
                all.push(item.expect("it is listed"));
            }
            let total = u64::try_from(count).expect("it is small");
            assert_eq!(items.total(), totals.then_some(total));
            let expected: Vec<_> = (0..count).map(|at| format!("a{at:03}")).collect();
            assert_eq!(identifiers(&all), expected);
            assert_eq!(fake.received_count() - before, pages, "{count} {totals}");
        }
    }

    #[tokio::test]
    async fn a_page_may_be_short_or_empty_before_the_end() {
        let [one, none, two] = [rows(&["a"]), rows(&[]), rows(&["b", "c"])];
        let answers = [(200, one.as_str()), (200, none.as_str()), (200, two.as_str())];
        let capture = Capture::start(answers).await.with_headers("X-Total-Elements: 6\r\n");
        let assignments = client(&capture).account().role_assignments();
        let mut pages = assignments.list().page_size(2).pages().expect("the limits hold");
        let mut sizes = Vec::new();
        while let Some(page) = pages.next().await {
            sizes.push(page.expect("it is listed").items.len());
        }
        assert_eq!(sizes, [1, 0, 2]);
    }

    #[tokio::test]
    async fn totals_that_cannot_be_are_ignored() {
        for total in ["-1", "many", "1", "99999999999999999999999"] {
            let [full, last] = [rows(&["a", "b"]), rows(&["c"])];
            let capture = Capture::start([(200, full.as_str()), (200, last.as_str())])
                .await
                .with_headers(&format!("X-Total-Elements: {total}\r\n"));
            let list = client(&capture).account().role_assignments().list().page_size(2);
            let all = list.items().expect("the limits hold").collect().await;
            assert_eq!(identifiers(&all.expect("it is listed")), ["a", "b", "c"], "{total}");
        }
    }

    #[tokio::test]
    async fn a_list_that_does_not_advance_is_an_error_and_no_loop() {
        let page = rows(&["a", "b"]);
        let capture = Capture::start([(200, page.as_str()), (200, page.as_str())]).await;
        let list = client(&capture).account().role_assignments().list().page_size(2);
        let error = list.items().expect("the limits hold").collect().await;
        let error = error.expect_err("it comes twice");
        assert!(error.to_string().contains("does not advance"), "{error}");
        assert_eq!(error.operation(), Some("harness role-assignments.list"));
    }

    #[tokio::test]
    async fn a_list_goes_on_after_an_error_without_loss_or_repetition() {
        let (fake, _) = filled(7).await;
        let retry = ClientOptions::default().retry(RetryPolicy::none());
        let client = fake.builder().options(retry).build().expect("it is set up well");
        let list = client.account().role_assignments().list().page_size(3);
        let mut all = Vec::new();
        let mut items = list.items().expect("the limits hold");
        for _ in 0..2 {
            all.push(items.next().await.expect("an item").expect("it is listed"));
        }
        // Across processes, in the middle of a page.
        let position: Position = items.position().to_string().parse().expect("it is one");
        let mut items = list.items_from(&position).expect("the limits hold");
        all.push(items.next().await.expect("an item").expect("it is listed"));
        fake.next(1, Fault::status(503));
        let error = items.next().await.expect("an error").expect_err("the service is away");
        assert_eq!(error.effect(), Effect::NotApplied);
        let items = list.items_from(items.position()).expect("the limits hold");
        all.extend(items.collect().await.expect("it is listed"));
        assert_eq!(identifiers(&all), ["a000", "a001", "a002", "a003", "a004", "a005", "a006"]);
    }

    #[tokio::test]
    async fn writes_in_between_shift_the_services_own_order_but_not_that_by_identifier() {
        let (fake, assignments) = filled(4).await;
        let mut stays = assignments.list().page_size(2).pages().expect("the limits hold");
        let by_change = assignments.list().page_size(2).sort(SortBy::Updated, Order::Descending);
        let mut shifts = by_change.pages().expect("the limits hold");
        let first = stays.next().await.expect("a page").expect("it is listed");
        assert_eq!(identifiers(&first.items), ["a000", "a001"]);
        let first = shifts.next().await.expect("a page").expect("it is listed");
        let mut seen =
            identifiers(&first.items).iter().map(ToString::to_string).collect::<Vec<_>>();
        assignments.create(&wanted("z")).await.expect("it is made");
        let second = stays.next().await.expect("a page").expect("it is listed");
        assert_eq!(identifiers(&second.items), ["a002", "a003"]);
        let second = shifts.next().await.expect("a page").expect("it is listed");
        seen.extend(identifiers(&second.items).iter().map(ToString::to_string));
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 3, "a row came twice: {seen:?}");
        drop(fake);
    }

    #[tokio::test]
    async fn the_fake_sorts_as_the_service_does() {
        let (fake, assignments) = filled(3).await;
        for (query, expected) in [
            ("", ["a000", "a001", "a002"]),
            ("?sort=name&order=ASC", ["a000", "a001", "a002"]),
            ("?sort=identifier&order=asc", ["a002", "a001", "a000"]),
            ("?sort=identifier&order=ASC", ["a000", "a001", "a002"]),
            ("?sort=created&order=ASC", ["a002", "a001", "a000"]),
        ] {
            let answer = raw(&fake, &format!("/v1/role-assignments{query}")).await;
            let ids: Vec<_> = answer.as_array().expect("an array").iter().map(identifier).collect();
            // Created last is listed first where nothing sorts: a000 was.
            if query.contains("created") {
                assert_eq!(ids.len(), 3);
            } else {
                assert_eq!(ids, expected, "{query}");
            }
        }
        fake.page_size(2);
        assert_eq!(raw(&fake, "/v1/role-assignments").await.as_array().map(Vec::len), Some(2));
        for bad in ["limit=0", "limit=101", "page=-1"] {
            let answer = raw(&fake, &format!("/v1/role-assignments?{bad}")).await;
            assert_eq!(answer["code"], "INVALID_REQUEST", "{bad}");
        }
        drop(assignments);
    }

    fn identifier(row: &Value) -> &str {
        row["role-assignment"]["identifier"].as_str().expect("it has one")
    }

    /// The body of a GET by hand.
    async fn raw(fake: &HarnessFake, path: &str) -> Value {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let address = fake.uri().trim_start_matches("http://").to_owned();
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("it listens");
        let key = HarnessFake::API_KEY;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {key}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        parsed(answer.split_once("\r\n\r\n").expect("a head and a body").1)
    }

    #[tokio::test]
    async fn a_deleted_assignment_is_gone_and_says_so() {
        let (fake, assignments) = filled(1).await;
        let deleted = assignments.delete("a000").await.expect("it is there");
        assert_eq!(deleted.role_assignment.identifier, "a000");
        for error in [
            assignments.get("a000").await.expect_err("it is gone"),
            assignments.delete("a000").await.expect_err("it is gone"),
        ] {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
            assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
            assert_eq!(error.code(), Some("RESOURCE_NOT_FOUND_EXCEPTION"));
        }
        assert_eq!(fake.role_assignments("account").len(), 0);
    }

    #[tokio::test]
    async fn the_echo_of_a_delete_is_an_error_of_unknown_effect() {
        let (fake, assignments) = filled(1).await;
        fake.next(1, Fault::reset().after_processing());
        let error = assignments.delete("a000").await.expect_err("nothing to answer with");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Unknown));
        assert_eq!(error.attempts(), 2);
    }

    #[tokio::test]
    async fn managed_assignments_and_the_last_admin_stay() {
        let (fake, assignments) = filled(1).await;
        fake.manage("account", "a000");
        let everything = "_all_account_level_resources";
        for user in ["one", "two"] {
            let admin =
                NewRoleAssignment::new(user, "_account_admin", everything, Principal::user(user));
            assignments.create(&admin.expect("it follows the rules")).await.expect("it is made");
        }
        assignments.delete("one").await.expect("there is another");
        for refused in ["a000", "two"] {
            let error = assignments.delete(refused).await.expect_err(refused);
            assert_eq!(error.code(), Some("INVALID_REQUEST"));
            let error = assignments.ensure_absent(refused).await.expect_err(refused);
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        }
        assert_eq!(assignments.get("a000").await.expect("it is there").harness_managed, Some(true));
    }

    #[tokio::test]
    async fn the_services_own_count_shadows_an_assignment_of_that_name() {
        let (fake, assignments) = filled(0).await;
        let count = wanted("count");
        assignments.create(&count).await.expect("it is made");
        assert_eq!(assignments.get("count").await.expect_err("a count").kind(), ErrorKind::Decode);
        assert!(matches!(
            assignments.ensure(&count).await.expect("it is there"),
            Ensured::Present(_)
        ));
        fake.next(1, Fault::reset().after_processing());
        let gone = assignments.ensure_absent("count").await.expect("it can be told");
        assert_eq!(gone, EnsuredAbsent::Absent);
    }

    #[tokio::test]
    async fn ensure_creates_or_finds_whatever_a_duplicate_is_called() {
        for (duplicates, known) in [
            (HarnessDuplicates::UnknownError, false),
            (HarnessDuplicates::DuplicateField, true),
            (HarnessDuplicates::Conflict, true),
        ] {
            let (fake, assignments) = filled(0).await;
            fake.duplicates(duplicates);
            let made = assignments.ensure(&wanted("a")).await.expect("it is made");
            assert!(matches!(made, Ensured::Created(_)));
            let found = assignments.ensure(&wanted("a")).await.expect("it is there");
            match &found {
                Ensured::Existed(_) => assert!(known),
                // A 500 does not say whether this call made it.
                Ensured::Present(_) => assert!(!known),
                Ensured::Created(_) => panic!("it was there"),
            }
            assert_eq!(found.get(), made.get());
            assert_eq!(fake.role_assignments("account").len(), 1);
        }
    }

    #[tokio::test]
    async fn of_two_callers_at_once_one_creates_and_the_other_finds() {
        let grant = |identifier: &str| {
            let group = "_all_account_level_resources";
            NewRoleAssignment::new(identifier, "_account_viewer", group, Principal::user("u"))
                .expect("it follows the rules")
        };
        for duplicates in [
            HarnessDuplicates::UnknownError,
            HarnessDuplicates::DuplicateField,
            HarnessDuplicates::Conflict,
        ] {
            // They agree on the identifier, or only on the grant.
            for (one, other) in [(grant("a"), grant("a")), (grant("a"), grant("b"))] {
                let (fake, assignments) = filled(0).await;
                fake.duplicates(duplicates);
                let mine = eager(&fake).account().role_assignments();
                let (one, other) = tokio::join!(assignments.ensure(&one), mine.ensure(&other));
                let both = [one, other].map(|result| result.expect("it is there"));
                assert_eq!(creates(&fake), 2, "each tries once");
                let made = both.iter().filter(|one| matches!(one, Ensured::Created(_))).count();
                assert_eq!(made, 1, "{duplicates:?}: {both:?}");
                let [there] = &fake.role_assignments("account")[..] else {
                    panic!("{duplicates:?}: not one assignment");
                };
                assert!(both.iter().all(|one| one.get() == there), "{duplicates:?}: {both:?}");
            }
        }
    }

    #[tokio::test]
    async fn ensure_finds_the_same_grant_under_another_identifier() {
        let (fake, assignments) = filled(0).await;
        fake.duplicates(HarnessDuplicates::DuplicateField);
        let org = eager(&fake).org("platform").expect("it is an id").role_assignments();
        let grant = |id: &str, principal: Principal| {
            NewRoleAssignment::new(id, "r", "g", principal).expect("it follows the rules")
        };
        let group = Principal::user_group("sre");
        org.create(&grant("one", group.clone())).await.expect("it is made");
        // The service filled in the level that is meant here.
        let meant = group.clone().scope_level(ScopeLevel::Organization);
        for same in [group.clone(), meant] {
            let found = org.ensure(&grant("two", same)).await.expect("it is there");
            assert_eq!(found.get().role_assignment.identifier, "one");
            assert!(matches!(found, Ensured::Existed(_)));
        }
        let unnamed = NewRoleAssignment::unnamed("r", "g", group.clone()).expect("valid");
        assert!(matches!(org.ensure(&unnamed).await, Ok(Ensured::Existed(_))));
        // The same name at another level is another group; a user's level does not count.
        let other = group.scope_level(ScopeLevel::Account);
        assert!(matches!(org.ensure(&grant("three", other)).await, Ok(Ensured::Created(_))));
        let user = Principal::user("u");
        org.create(&grant("four", user.clone())).await.expect("it is made");
        let user = user.scope_level(ScopeLevel::Account);
        assert!(matches!(org.ensure(&grant("four", user)).await, Ok(Ensured::Existed(_))));
        assert_eq!(fake.role_assignments("account").len(), 0, "{assignments:?} is another scope");
    }

    #[tokio::test]
    async fn ensure_tells_what_is_different() {
        let (fake, assignments) = filled(0).await;
        fake.duplicates(HarnessDuplicates::DuplicateField);
        assignments.create(&wanted("a")).await.expect("it is made");
        let taken = NewRoleAssignment::new("a", "_account_admin", "g", Principal::user("b"));
        let taken = taken.expect("it follows the rules");
        let without_effect = wanted("a").disabled(true);
        for different in [taken, without_effect] {
            let error = assignments.ensure(&different).await.expect_err("it differs");
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
            let difference: &Difference<NewRoleAssignment, RoleAssignmentResponse> =
                error.service().expect("it says what");
            assert_eq!(difference.wanted, different);
            assert_eq!(difference.found.role_assignment.role.as_deref(), Some("_account_viewer"));
        }
    }

    #[tokio::test]
    async fn ensure_compares_the_level_of_a_role_where_both_name_one() {
        let there = r#"{"role-assignment":{"identifier":"a","resource_group":"g","role":"r",
            "roleReference":{"scope_level":"account","identifier":"r"},
            "principal":{"identifier":"u","type":"USER"}}}"#;
        for (level, same) in
            [(None, true), (Some(ScopeLevel::Account), true), (Some(ScopeLevel::Project), false)]
        {
            let refusal = r#"{"code":"DUPLICATE_FIELD"}"#;
            let capture = Capture::start([(400, refusal), (200, there)]).await;
            let mut new = NewRoleAssignment::new("a", "r", "g", Principal::user("u"))
                .expect("it follows the rules");
            if let Some(level) = level {
                new = new.role_reference(RoleReference::new(level, "r"));
            }
            let result = client(&capture).account().role_assignments().ensure(&new).await;
            match result {
                Ok(found) => assert!(same && matches!(found, Ensured::Existed(_))),
                Err(error) => assert!(!same && error.kind() == ErrorKind::Conflict, "{error}"),
            }
        }
    }

    #[tokio::test]
    async fn ensure_settles_unknown_outcomes() {
        // It took effect, and nobody heard.
        for fault in [
            Fault::reset().after_processing(),
            Fault::status(500).after_processing(),
            Fault::html(502).after_processing(),
        ] {
            let (fake, assignments) = filled(0).await;
            fake.next(1, fault);
            let found = assignments.ensure(&wanted("a")).await.expect("it is there");
            assert!(matches!(found, Ensured::Present(_)));
            assert_eq!(fake.role_assignments("account").len(), 1);
        }
        // The answer was cut off under a success.
        let (fake, assignments) = filled(0).await;
        fake.next(1, Fault::json(201, "{}").after_processing());
        assert!(matches!(assignments.ensure(&wanted("a")).await, Ok(Ensured::Created(_))));
        // A refusal is one.
        fake.next(1, Fault::json(403, r#"{"code":"NG_ACCESS_DENIED"}"#));
        let error = assignments.ensure(&wanted("b")).await.expect_err("it is refused");
        assert_eq!(
            (error.kind(), error.effect()),
            (ErrorKind::PermissionDenied, Effect::NotApplied)
        );
    }

    #[tokio::test]
    async fn ensure_creates_again_where_nothing_arrived() {
        let (fake, assignments) = filled(0).await;
        fake.next(1, Fault::status(500));
        let made = assignments.ensure(&wanted("a")).await.expect("it is made");
        assert!(matches!(made, Ensured::Created(_)));
        assert_eq!(fake.role_assignments("account").len(), 1);
    }

    #[tokio::test]
    async fn a_duplicate_that_the_caller_may_not_view_ends_in_the_error_of_the_create() {
        let (fake, assignments) = filled(2).await;
        fake.duplicates(HarnessDuplicates::DuplicateField);
        fake.hide(PrincipalType::User);
        let listed = assignments.list().items().expect("the limits hold").collect().await;
        assert_eq!(listed.expect("it is partial").len(), 0);
        let group = "_all_account_level_resources";
        let principal = Principal::user("a000");
        let same = NewRoleAssignment::new("another", "_account_viewer", group, principal);
        let error = assignments.ensure(&same.expect("valid")).await.expect_err("it is not seen");
        assert!(error.is_already_exists());
        // Under its own identifier it can be read.
        assert!(matches!(assignments.ensure(&wanted("a000")).await, Ok(Ensured::Existed(_))));
    }

    #[tokio::test]
    async fn ensure_absent_tells_how_it_came_about() {
        let (fake, assignments) = filled(2).await;
        let removed = assignments.ensure_absent("a000").await.expect("it is removed");
        assert_eq!(removed, EnsuredAbsent::Removed);
        let absent = assignments.ensure_absent("a000").await.expect("it is gone");
        assert_eq!(absent, EnsuredAbsent::WasAbsent);
        fake.next(1, Fault::reset().after_processing());
        let gone = assignments.ensure_absent("a001").await.expect("it can be told");
        assert_eq!(gone, EnsuredAbsent::Absent);
        fake.next(1, Fault::json(403, r#"{"code":"NG_ACCESS_DENIED"}"#));
        let error = assignments.ensure_absent("a001").await.expect_err("it is refused");
        assert!(error.is_permission_denied());
    }

    #[tokio::test]
    async fn a_documented_404_is_settled_by_the_list() {
        for code in ["RESOURCE_NOT_FOUND", "ENTITY_NOT_FOUND"] {
            let (fake, assignments) = filled(1).await;
            fake.duplicates(HarnessDuplicates::DuplicateField);
            fake.missing(404, code);
            let error = assignments.get("b").await.expect_err("it is not there");
            assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some(code)));

            let group = "_all_account_level_resources";
            let user = Principal::user("a000");
            let same = NewRoleAssignment::new("b", "_account_viewer", group, user);
            let there = assignments.ensure(&same.expect("it follows the rules")).await;
            let there = there.expect("it is there under another identifier");
            assert!(matches!(&there, Ensured::Existed(_)), "{there:?}");
            assert_eq!(there.get().role_assignment.identifier, "a000");

            let gone = assignments.ensure_absent("b").await.expect("it can be told");
            assert_eq!(gone, EnsuredAbsent::WasAbsent);
            fake.next(1, Fault::reset().after_processing());
            let gone = assignments.ensure_absent("a000").await.expect("it can be told");
            assert_eq!(gone, EnsuredAbsent::Absent);
            assert_eq!(fake.role_assignments("account").len(), 0);
        }
    }

    #[tokio::test]
    async fn a_404_about_something_else_is_no_absence() {
        // The list shows it, whatever is said under its own path.
        let (fake, assignments) = filled(1).await;
        let own = "/v1/role-assignments/a000";
        let answer = Fault::json(404, r#"{"code":"RESOURCE_NOT_FOUND","message":"No such thing"}"#);
        fake.next_on(own, 2, answer);
        let error = assignments.ensure_absent("a000").await.expect_err("it is listed");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
        assert_eq!(error.operation(), Some("harness role-assignments.delete"));
        // Something before the service, which lets lists through.
        fake.hide(PrincipalType::User);
        for elsewhere in [
            Fault::html(404),
            Fault::json(404, r#"{"code":"NO_SUCH_ROUTE"}"#),
            Fault::json(404, r#"{"message":"Not Found"}"#),
        ] {
            fake.next_on(own, 2, elsewhere);
            let error = assignments.ensure_absent("a000").await.expect_err("nobody knows");
            assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
            fake.clear_faults();
        }
        assert_eq!(fake.role_assignments("account").len(), 1);
        // Under a wrong path the list is not there, either.
        let wrong = fake.builder().base_url(format!("{}/gateway", fake.uri()));
        let wrong = wrong.build().expect("it is set up well").account().role_assignments();
        let error = wrong.ensure_absent("a000").await.expect_err("the path is wrong");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::NotApplied));
        assert_eq!(error.operation(), Some("harness role-assignments.delete"));
        assert!(error.to_string().contains("what is there could not be read"), "{error}");
    }

    #[tokio::test]
    async fn futures_can_be_sent_to_other_threads() {
        fn sendable<T: Send>(value: T) -> T {
            value
        }
        let (_fake, assignments) = filled(0).await;
        let wanted = wanted("a");
        sendable(assignments.ensure(&wanted)).await.expect("it is made");
        sendable(assignments.ensure_absent("a")).await.expect("it is removed");
    }
}

mod roles {
    use super::*;
    use rolecall::harness::{NewRole, Role, Roles};

    fn wanted() -> NewRole {
        let permissions = ["core_pipeline_execute", "core_pipeline_view"];
        NewRole::new("runner", "Pipeline runner", permissions)
            .expect("it follows the rules")
            .description("Runs things")
            .tag("team", "sre")
            .tag("stage", "prod")
            .tolerate([HarnessFake::COMPULSORY_PERMISSION])
    }

    async fn started() -> (HarnessFake, Roles) {
        let fake = HarnessFake::start().await.expect("a free port");
        let roles = eager(&fake).account().roles();
        (fake, roles)
    }

    #[tokio::test]
    async fn the_requests_are_exact() {
        let full = fixture!("role.full.json");
        let list = format!("[{full}]");
        let scope = [(200, list.as_str()), (200, full), (201, full), (200, full), (200, full)];
        let [a, b, c, d, e] = scope;
        let capture = Capture::start([a, b, c, d, e, a, b, c, d, e, a, b, c, d, e]).await;
        let client = client(&capture);
        let org = client.org("platform").expect("it is an id");
        let project = org.project("web shop").expect("it is an id");
        for roles in [client.account().roles(), org.roles(), project.roles()] {
            let items = roles.list().search_term("a & b").items().expect("the limits hold");
            assert_eq!(items.collect().await.expect("it succeeds").len(), 1);
            roles.get("runner").await.expect("it succeeds");
            roles.create(&wanted()).await.expect("it succeeds");
            roles.update(&wanted()).await.expect("it succeeds");
            roles.delete("runner").await.expect("it succeeds");
        }
        assert_eq!(
            capture.requests(),
            [
                fixture!("roles_list_in_account.request.http"),
                fixture!("roles_get_in_account.request.http"),
                fixture!("roles_create_in_account.request.http"),
                fixture!("roles_update_in_account.request.http"),
                fixture!("roles_delete_in_account.request.http"),
                fixture!("roles_list_in_org.request.http"),
                fixture!("roles_get_in_org.request.http"),
                fixture!("roles_create_in_org.request.http"),
                fixture!("roles_update_in_org.request.http"),
                fixture!("roles_delete_in_org.request.http"),
                fixture!("roles_list_in_project.request.http"),
                fixture!("roles_get_in_project.request.http"),
                fixture!("roles_create_in_project.request.http"),
                fixture!("roles_update_in_project.request.http"),
                fixture!("roles_delete_in_project.request.http"),
            ]
        );
    }

    async fn read(text: &str) -> Role {
        let list = format!("[{text}]");
        let answers = [(200, text), (201, text), (200, text), (200, text), (200, list.as_str())];
        let roles = client(&Capture::start(answers).await).account().roles();
        let got = roles.get("runner").await.expect("it is read");
        assert_eq!(roles.create(&wanted()).await.expect("it is read"), got);
        assert_eq!(roles.update(&wanted()).await.expect("it is read"), got);
        assert_eq!(roles.delete("runner").await.expect("it is read"), got);
        let listed = roles.list().items().expect("the limits hold").collect().await;
        assert_eq!(listed.expect("it is read"), std::slice::from_ref(&got));
        got
    }

    #[tokio::test]
    async fn answers_are_read_by_every_call() {
        let text = fixture!("role.full.json");
        let full = read(text).await;
        assert_eq!(written(&full), parsed(text));
        assert!(full.created_at() < full.updated_at());
        let text = fixture!("role.minimal.json");
        let minimal = read(text).await;
        assert_eq!(written(&minimal), parsed(text));
        assert_eq!(read(fixture!("role.nulls.json")).await, minimal);
        let unknown = read(fixture!("role.unknown.json")).await;
        assert_eq!(unknown.identifier, "1 strange role");
        let written = written(&unknown);
        assert_eq!(written["allowed_scope_levels"], json!(["galaxy"]));
        assert_eq!(written["tags"], json!({"valueless": ""}));
        assert_eq!(unknown.created_at(), None);
    }

    #[tokio::test]
    async fn answers_without_an_identifier_say_what_was_changed() {
        let answers = [(201, "{}"), (200, r#"{"identifier":""}"#), (200, "{}")];
        let roles = client(&Capture::start(answers).await).account().roles();
        for error in [
            roles.create(&wanted()).await.expect_err("no identifier"),
            roles.update(&wanted()).await.expect_err("no identifier"),
            roles.delete("runner").await.expect_err("no identifier"),
        ] {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Applied));
        }
    }

    #[tokio::test]
    async fn wrong_input_is_refused_before_it_is_sent() {
        let capture = Capture::start([]).await;
        let roles = client(&capture).account().roles();
        let none: [&str; 0] = [];
        for (result, named) in [
            (NewRole::new("a-b", "n", none), "identifier: must be a letter"),
            (NewRole::new("step", "n", none), "reserved word"),
            (NewRole::new("a", "", none), "name: must not be empty"),
        ] {
            let error = result.expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
        let tagged = (0..129).fold(wanted(), |role, at| role.tag(format!("t{at}"), ""));
        for (role, named) in [
            (wanted().description("é".repeat(1025)), "description: must be at most 1024"),
            (tagged, "tags: must be at most 128"),
        ] {
            for call in [roles.create(&role), roles.update(&role)] {
                let error = call.await.expect_err(named);
                assert!(error.to_string().contains(named), "{error}");
            }
        }
        roles
            .create(&wanted().description("é".repeat(1024)))
            .request()
            .expect("it is short enough");
        let error = roles.list().page_size(101).pages().expect_err("out of range");
        assert!(error.to_string().contains("limit: must be from 1 to 100"), "{error}");
        assert_eq!(capture.requests(), [""; 0]);
    }

    #[tokio::test]
    async fn the_fake_lives_through_a_roles_life() {
        let (fake, roles) = started().await;
        let made = roles.create(&wanted()).await.expect("it is made");
        let added = HarnessFake::COMPULSORY_PERMISSION.to_owned();
        assert!(made.permissions.as_ref().is_some_and(|all| all.contains(&added)));
        assert_eq!(roles.get("runner").await.expect("it is there"), made);
        let changed = made.to_new().expect("it follows the rules").description("Walks");
        let changed = roles.update(&changed).await.expect("it is there");
        assert_eq!(changed.description.as_deref(), Some("Walks"));
        assert_eq!((changed.permissions, changed.created), (made.permissions, made.created));

        let assignments = eager(&fake).account().role_assignments();
        let held = NewRoleAssignment::new("a", "runner", "g", Principal::user("u"));
        assignments.create(&held.expect("valid")).await.expect("it is made");
        let ids = |all: &[Role]| -> Vec<String> {
            all.iter().map(|role| role.identifier.to_string()).collect()
        };
        let list = roles.list().page_size(2);
        let all = list.items().expect("the limits hold").collect().await.expect("it is listed");
        assert_eq!(ids(&all), ["_account_admin", "_account_viewer", "_billing_admin", "runner"]);
        let found = list.search_term("RUN").items().expect("the limits hold").collect().await;
        assert_eq!(ids(&found.expect("it is listed")), ["runner"]);

        roles.delete("runner").await.expect("it is there");
        assert_eq!((fake.roles("account").len(), fake.role_assignments("account").len()), (0, 0));
        for error in [
            roles.get("runner").await.expect_err("it is gone"),
            roles.update(&wanted()).await.expect_err("it is gone"),
            roles.delete("runner").await.expect_err("it is gone"),
            roles.delete("_account_viewer").await.expect_err("it is managed"),
        ] {
            assert_eq!(error.code(), Some("INVALID_REQUEST"));
        }
    }

    #[tokio::test]
    async fn ensure_creates_finds_or_tells_the_difference() {
        for duplicates in [HarnessDuplicates::UnknownError, HarnessDuplicates::DuplicateField] {
            let (fake, roles) = started().await;
            fake.duplicates(duplicates);
            assert!(matches!(roles.ensure(&wanted()).await, Ok(Ensured::Created(_))));
            let found = roles.ensure(&wanted()).await.expect("it is there");
            assert!(!matches!(found, Ensured::Created(_)));
            let other = |permissions: &[&str]| {
                NewRole::new("runner", "Pipeline runner", permissions.iter().copied())
                    .expect("it follows the rules")
            };
            let both = ["core_pipeline_execute", "core_pipeline_view"];
            let compulsory = [HarnessFake::COMPULSORY_PERMISSION];
            // What was not set does not count.
            let same = other(&both).tolerate(compulsory);
            assert!(matches!(
                roles.ensure(&same).await,
                Ok(Ensured::Existed(_) | Ensured::Present(_))
            ));
            for different in [
                other(&both),
                other(&both[..1]).tolerate(compulsory),
                other(&[both[0], both[1], "core_pipeline_edit"]).tolerate(compulsory),
                same.clone().description("Other"),
                same.tag("team", "other"),
                NewRole::new("runner", "Name", both).expect("valid").tolerate(compulsory),
            ] {
                let error = roles.ensure(&different).await.expect_err("it differs");
                assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
                assert!(error.service::<Difference<NewRole, Role>>().is_some());
            }
        }
    }

    #[tokio::test]
    async fn ensure_and_ensure_absent_settle_faults() {
        let (fake, roles) = started().await;
        fake.next(1, Fault::reset().after_processing());
        assert!(matches!(roles.ensure(&wanted()).await, Ok(Ensured::Present(_))));
        fake.next(1, Fault::reset().after_processing());
        let gone = roles.ensure_absent("runner").await.expect("it can be told");
        assert_eq!(gone, EnsuredAbsent::Absent);
        let gone = roles.ensure_absent("runner").await.expect("it can be told");
        assert_eq!(gone, EnsuredAbsent::WasAbsent);
        fake.next(1, Fault::status(500));
        assert!(matches!(roles.ensure(&wanted()).await, Ok(Ensured::Created(_))));
        let gone = roles.ensure_absent("runner").await.expect("it is removed");
        assert_eq!(gone, EnsuredAbsent::Removed);
    }

    #[tokio::test]
    async fn a_managed_role_is_not_taken_for_an_absent_one() {
        let (_fake, roles) = started().await;
        let error = roles.ensure_absent("_account_viewer").await.expect_err("it is managed");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRequest, Effect::NotApplied));
        assert_eq!(error.operation(), Some("harness roles.delete"));
    }

    #[tokio::test]
    async fn the_list_decides_where_reading_is_refused_as_invalid() {
        let refusal = r#"{"code":"INVALID_REQUEST"}"#;
        for (list, there) in [(r#"[{"identifier":"runner"}]"#, true), ("[]", false)] {
            let answers =
                [(400, refusal), (400, refusal), (200, list), (400, refusal), (200, list)];
            let [a, b, c, d, e] = answers;
            let capture = Capture::start([a, b, c, d, e, d, e, d, e]).await;
            let result = client(&capture).account().roles().ensure_absent("runner").await;
            match result {
                Ok(absent) => assert!(!there && absent == EnsuredAbsent::WasAbsent),
                Err(error) => assert!(there && error.is_invalid_request(), "{error}"),
            }
        }
    }
}

mod groups {
    use super::*;
    use rolecall::harness::{
        IncludedScope, ManagedFilter, NewResourceGroup, ResourceFilter, ResourceGroup,
        ResourceGroupFilter, ResourceGroups,
    };

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

    fn wanted() -> NewResourceGroup {
        NewResourceGroup::new("cloud_cost", "Cloud cost")
            .expect("it follows the rules")
            .color("#0063F7")
            .tag("team", "sre")
            .description("What costs")
            .include(included())
            .filter(connectors())
            .filter(pipelines())
    }

    async fn started() -> (HarnessFake, ResourceGroups) {
        let fake = HarnessFake::start().await.expect("a free port");
        let groups = eager(&fake).account().resource_groups();
        (fake, groups)
    }

    #[tokio::test]
    async fn the_requests_are_exact() {
        let full = fixture!("group.full.json");
        let list = format!("[{full}]");
        let scope = [(200, list.as_str()), (200, full), (201, full), (200, full), (200, full)];
        let [a, b, c, d, e] = scope;
        let capture = Capture::start([a, b, c, d, e, a, b, c, d, e, a, b, c, d, e, a, a]).await;
        let client = client(&capture);
        let org = client.org("platform").expect("it is an id");
        let project = org.project("web shop").expect("it is an id");
        for groups in
            [client.account().resource_groups(), org.resource_groups(), project.resource_groups()]
        {
            let items = groups.list().search_term("a & b").items().expect("the limits hold");
            assert_eq!(items.collect().await.expect("it succeeds").len(), 1);
            groups.get("cloud_cost").await.expect("it succeeds");
            groups.create(&wanted()).await.expect("it succeeds");
            groups.update(&wanted()).await.expect("it succeeds");
            groups.delete("cloud_cost").await.expect("it succeeds");
        }
        let filter = ResourceGroupFilter::new()
            .account("fakeAccount")
            .org("platform")
            .project("web shop")
            .search_term("cost")
            .identifiers(["cloud_cost", "all"])
            .managed(ManagedFilter::OnlyCustom);
        let filtered = client.account().filter_resource_groups(&filter);
        let filtered = filtered.page_size(100).sort(SortBy::Updated, Order::Descending);
        assert_eq!(filtered.items().expect("valid").collect().await.expect("it succeeds").len(), 1);
        let all = client.account().filter_resource_groups(&ResourceGroupFilter::new());
        assert_eq!(all.items().expect("valid").collect().await.expect("it succeeds").len(), 1);
        assert_eq!(
            capture.requests(),
            [
                fixture!("groups_list_in_account.request.http"),
                fixture!("groups_get_in_account.request.http"),
                fixture!("groups_create_in_account.request.http"),
                fixture!("groups_update_in_account.request.http"),
                fixture!("groups_delete_in_account.request.http"),
                fixture!("groups_list_in_org.request.http"),
                fixture!("groups_get_in_org.request.http"),
                fixture!("groups_create_in_org.request.http"),
                fixture!("groups_update_in_org.request.http"),
                fixture!("groups_delete_in_org.request.http"),
                fixture!("groups_list_in_project.request.http"),
                fixture!("groups_get_in_project.request.http"),
                fixture!("groups_create_in_project.request.http"),
                fixture!("groups_update_in_project.request.http"),
                fixture!("groups_delete_in_project.request.http"),
                fixture!("groups_filter.request.http"),
                fixture!("groups_filter_nothing.request.http"),
            ]
        );
    }

    #[tokio::test]
    async fn a_filter_by_no_identifier_is_refused_before_it_is_sent() {
        let fake = HarnessFake::start().await.expect("it starts");
        let account = fake.client().expect("it is set up well").account();
        let none: [&str; 0] = [];
        let filter = ResourceGroupFilter::new().identifiers(none);
        let items = account.filter_resource_groups(&filter).items().expect("in range");
        let error = items.collect().await.expect_err("it would list all");
        assert!(error.to_string().contains("identifier_filter: must not be empty"), "{error}");
        assert_eq!((error.kind(), fake.received_count()), (ErrorKind::InvalidRequest, 0));
    }

    async fn read(text: &str) -> ResourceGroup {
        let list = format!("[{text}]");
        let [one, all] = [(200, text), (200, list.as_str())];
        let capture = Capture::start([one, (201, text), one, one, all, all]).await;
        let account = client(&capture).account();
        let groups = account.resource_groups();
        let got = groups.get("cloud_cost").await.expect("it is read");
        assert_eq!(groups.create(&wanted()).await.expect("it is read"), got);
        assert_eq!(groups.update(&wanted()).await.expect("it is read"), got);
        assert_eq!(groups.delete("cloud_cost").await.expect("it is read"), got);
        let listed = groups.list().items().expect("the limits hold").collect().await;
        assert_eq!(listed.expect("it is read"), std::slice::from_ref(&got));
        let filtered = account.filter_resource_groups(&ResourceGroupFilter::new());
        let filtered = filtered.items().expect("the limits hold").collect().await;
        assert_eq!(filtered.expect("it is read"), std::slice::from_ref(&got));
        got
    }

    #[tokio::test]
    async fn answers_are_read_by_every_call() {
        let text = fixture!("group.full.json");
        let full = read(text).await;
        assert_eq!(written(&full), parsed(text));
        assert!(full.created_at() < full.updated_at());
        let text = fixture!("group.minimal.json");
        let minimal = read(text).await;
        assert_eq!(written(&minimal), parsed(text));
        assert_eq!(read(fixture!("group.nulls.json")).await, minimal);
        let unknown = written(&read(fixture!("group.unknown.json")).await);
        assert_eq!(unknown["included_scope"], json!([{"filter": "SOME_CHILD_SCOPES"}]));
        assert_eq!(unknown["resource_filter"], json!([{}]));
        assert_eq!(unknown["allowed_scope_levels"], json!(["galaxy"]));
    }

    #[tokio::test]
    async fn wrong_input_is_refused_before_it_is_sent() {
        let capture = Capture::start([]).await;
        let account = client(&capture).account();
        let groups = account.resource_groups();
        for (result, named) in [
            (NewResourceGroup::new("a b", "n"), "identifier: must be a letter"),
            (NewResourceGroup::new("a", ""), "name: must not be empty"),
        ] {
            let error = result.expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
        for (group, named) in [
            (wanted().description("x".repeat(1025)), "description: must be at most 1024"),
            (wanted().filter(ResourceFilter::new("")), "resource_type: must not be empty"),
            (wanted().filter(pipelines().identifiers([""; 0])), "identifiers: must not be empty"),
            (
                wanted().filter(connectors().attribute("category", [""; 0])),
                "attribute_values: must not be empty",
            ),
        ] {
            for call in [groups.create(&group), groups.update(&group)] {
                let error = call.await.expect_err(named);
                assert!(error.to_string().contains(named), "{error}");
            }
            let error = groups.ensure(&group).await.expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
        let filtered = account.filter_resource_groups(&ResourceGroupFilter::new()).page_size(0);
        let error = filtered.items().expect_err("out of range");
        assert!(error.to_string().contains("limit: must be from 1 to 100"), "{error}");
        assert_eq!(capture.requests(), [""; 0]);
    }

    #[tokio::test]
    async fn the_fake_lives_through_a_groups_life() {
        let (fake, groups) = started().await;
        let made = groups.create(&wanted()).await.expect("it is made");
        let changed = made.to_new().expect("it follows the rules").include_all_resources(true);
        let changed = groups.update(&changed).await.expect("it is there");
        assert_eq!(changed.include_all_resources, Some(true));
        assert_eq!(changed.resource_filter, made.resource_filter);
        let ids = |all: Vec<ResourceGroup>| -> Vec<String> {
            all.iter().map(|group| group.identifier.to_string()).collect()
        };
        let managed = ["_all_account_level_resources", "_all_resources_including_child_scopes"];
        let account = eager(&fake).account();
        for (filter, expected) in [
            (ResourceGroupFilter::new(), vec![managed[0], managed[1], "cloud_cost"]),
            (ResourceGroupFilter::new().managed(ManagedFilter::OnlyCustom), vec!["cloud_cost"]),
            (ResourceGroupFilter::new().managed(ManagedFilter::OnlyManaged), managed.to_vec()),
            (ResourceGroupFilter::new().search_term("Cost"), vec!["cloud_cost"]),
            (ResourceGroupFilter::new().identifiers([managed[1]]), vec![managed[1]]),
            (
                ResourceGroupFilter::new().org("o").project("p"),
                vec!["_all_project_level_resources"],
            ),
        ] {
            let filtered = account.filter_resource_groups(&filter).page_size(1);
            let filtered = filtered.items().expect("the limits hold").collect().await;
            assert_eq!(ids(filtered.expect("it is listed")), expected, "{filter:?}");
        }
        groups.delete("cloud_cost").await.expect("it is there");
        assert_eq!(fake.resource_groups("account").len(), 0);
        for error in [
            groups.get("cloud_cost").await.expect_err("it is gone"),
            groups.update(&wanted()).await.expect_err("it is gone"),
            groups.delete("cloud_cost").await.expect_err("it is gone"),
            groups.delete(managed[0]).await.expect_err("it is managed"),
        ] {
            assert_eq!(error.code(), Some("INVALID_REQUEST"));
        }
    }

    #[tokio::test]
    async fn a_filtered_list_is_repeated_like_any_reading() {
        let (fake, _) = started().await;
        fake.next(1, Fault::status(503));
        let filtered = eager(&fake).account().filter_resource_groups(&ResourceGroupFilter::new());
        let all = filtered.items().expect("the limits hold").collect().await;
        assert_eq!(all.expect("it is listed").len(), 2);
    }

    #[tokio::test]
    async fn ensure_compares_groups_by_what_they_hold() {
        let (fake, groups) = started().await;
        fake.duplicates(HarnessDuplicates::DuplicateField);
        assert!(matches!(groups.ensure(&wanted()).await, Ok(Ensured::Created(_))));
        let named = || NewResourceGroup::new("cloud_cost", "Cloud cost").expect("valid");
        let turned = pipelines().identifiers(["deploy", "build"]);
        let without_account =
            IncludedScope::excluding_child_scopes().org("platform").project("web shop");
        for same in [
            wanted(),
            named().filter(turned).filter(connectors()).include(included()),
            named().filter(pipelines()).filter(connectors()).include(without_account),
        ] {
            let found = groups.ensure(&same).await.expect("it is the same");
            assert!(matches!(found, Ensured::Existed(_)));
        }
        let with_children = IncludedScope::including_child_scopes().account("fakeAccount");
        let wider = IncludedScope::excluding_child_scopes().account("fakeAccount").org("platform");
        let both = || named().filter(pipelines()).filter(connectors());
        for different in [
            named(),
            named().filter(pipelines()).include(included()),
            both(),
            wanted().include_all_resources(true),
            wanted().color("red"),
            wanted().include(with_children.clone()),
            both().include(with_children),
            both().include(wider),
        ] {
            let error = groups.ensure(&different).await.expect_err("it differs");
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::NotApplied));
            assert!(error.service::<Difference<NewResourceGroup, ResourceGroup>>().is_some());
        }
        assert_eq!(fake.resource_groups("account").len(), 1);
    }

    #[tokio::test]
    async fn a_group_without_scopes_is_none_of_wider_ones() {
        let fake = HarnessFake::start().await.expect("a free port");
        fake.duplicates(HarnessDuplicates::DuplicateField);
        let account = eager(&fake).account().resource_groups();
        let org = eager(&fake).org("platform").expect("it is an id");
        let project = org.project("shop").expect("it is an id").resource_groups();
        let org = org.resource_groups();
        let only = || IncludedScope::excluding_child_scopes().account("fakeAccount");
        let all = || IncludedScope::including_child_scopes().account("fakeAccount");
        let cases = [
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
        ];
        for (at, (groups, scopes, same)) in cases.into_iter().enumerate() {
            let wanted =
                NewResourceGroup::new(format!("g{at}"), "G").expect("it follows the rules");
            let wanted = wanted.include_all_resources(true);
            let there = scopes.iter().cloned().fold(wanted.clone(), NewResourceGroup::include);
            let there = groups.create(&there).await.expect("it is made");
            match groups.ensure(&wanted).await {
                Ok(found) => {
                    assert!(same, "{scopes:?} are no none");
                    assert_eq!(found, Ensured::Existed(there));
                }
                Err(error) => {
                    assert!(!same && error.kind() == ErrorKind::Conflict, "{scopes:?}: {error}");
                    let difference: Option<&Difference<NewResourceGroup, ResourceGroup>> =
                        error.service();
                    let difference = difference.expect("it says what");
                    assert_eq!((&difference.wanted, &difference.found), (&wanted, &there));
                }
            }
        }
    }

    #[tokio::test]
    async fn an_empty_list_goes_back_as_it_was_read_and_means_all_there() {
        let there = r#"{"identifier":"runs","name":"Runs","include_all_resources":false,
            "resource_filter":[{"resource_type":"PIPELINE","identifiers":[]}]}"#;
        let refusal = r#"{"code":"DUPLICATE_FIELD"}"#;
        let answers = [(200, there), (200, there), (400, refusal), (200, there)];
        let capture = Capture::start(answers).await;
        let groups = client(&capture).account().resource_groups();
        let read = groups.get("runs").await.expect("it is read").to_new().expect("it is whole");
        groups.update(&read).await.expect("it is sent");
        let sent = &capture.requests()[1];
        assert!(sent.contains(r#""identifiers":[]"#), "{sent}");
        let added = read.filter(pipelines().identifiers([""; 0]));
        assert!(groups.update(&added).await.expect_err("it was not read").is_invalid_request());
        let all = NewResourceGroup::new("runs", "Runs").expect("it follows the rules");
        let all = all.filter(ResourceFilter::new("PIPELINE"));
        assert!(matches!(groups.ensure(&all).await, Ok(Ensured::Existed(_))));
    }

    #[tokio::test]
    async fn ensure_and_ensure_absent_settle_faults() {
        let (fake, groups) = started().await;
        fake.next(1, Fault::reset().after_processing());
        assert!(matches!(groups.ensure(&wanted()).await, Ok(Ensured::Present(_))));
        fake.next(1, Fault::reset().after_processing());
        let gone = groups.ensure_absent("cloud_cost").await.expect("it can be told");
        assert_eq!(gone, EnsuredAbsent::Absent);
        let gone = groups.ensure_absent("cloud_cost").await.expect("it can be told");
        assert_eq!(gone, EnsuredAbsent::WasAbsent);
        let error = groups.ensure_absent("_all_account_level_resources").await;
        assert!(error.expect_err("it is managed").is_invalid_request());
    }
}
