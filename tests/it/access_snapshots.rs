//! Snapshots: what they report as missing, their files and their difference.

use std::collections::BTreeSet;
use std::time::Duration;

use rolecall::access::{
    Assignment, Coverage, Covers, Csv, Difference, FormatError, Identities, JsonLines, People,
    Principal, Reason, Scope, Snapshot, Source, Status,
};
use rolecall::testing::{DeepsetFake, Fake, Fault, HarnessFake, RedoxFake, TwilioIamFake};
use rolecall::{ClientOptions, Error, ErrorKind, Items, RetryPolicy, redox};
use serde_json::{Value, json};

use crate::examples::{ACCOUNT, Services};
use crate::round_trips::full_assignment;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn held(scope: &Scope, who: &str, role: &str) -> Assignment {
    let mut held = Assignment::new("own");
    held.scope = scope.clone();
    held.principal.id = Some(who.to_owned());
    held.role.id = Some(role.to_owned());
    held
}

fn account(id: &str) -> Scope {
    Scope::new("account", id)
}

fn source(scope: &Scope, items: Vec<Result<Assignment, Error>>) -> Source {
    Source::new(Covers::new("own", scope.clone()), items.into_iter().collect())
}

async fn of(sources: Vec<Source>) -> Snapshot {
    Snapshot::collect(sources).in_memory().await
}

/// Whichever is the older one: nothing is granted, revoked or changed, and these are not comparable.
fn assert_not_comparable(old: &Snapshot, new: &Snapshot, sources: &[&str]) -> Difference {
    let [_, difference] = [(new, old), (old, new)].map(|(old, new)| {
        let difference = Difference::between(old, new);
        assert!(difference.is_empty() && !difference.is_complete(), "{difference}");
        let unseen: Vec<_> =
            difference.not_comparable.iter().map(|it| it.source.as_str()).collect();
        assert_eq!(unseen, sources);
        difference
    });
    difference
}

fn assert_omission(coverage: &Coverage, text: &str) {
    assert_eq!((&coverage.status, &coverage.gaps[0].reason), (&Status::Partial, &Reason::Omission));
    assert!(coverage.to_string().ends_with(text), "{coverage}");
}

/// The source, the reason, and never a revocation.
#[tokio::test]
async fn what_was_not_read_is_named_and_nothing_there_is_revoked() -> Outcome {
    // Only a response that never comes takes so long.
    let options = ClientOptions::default().attempt_timeout(Duration::from_secs(5));
    for (fault, reason) in [
        (Fault::status(403), Reason::PermissionDenied),
        (Fault::status(401), Reason::Unauthenticated),
        (Fault::status(429).retry_after(Duration::from_secs(600)), Reason::RateLimited),
        (Fault::truncated(), Reason::CutList),
        (Fault::hang(), Reason::Timeout),
        (Fault::status(404), Reason::NotFound),
        (Fault::html(502), Reason::Server),
    ] {
        let fake = RedoxFake::start().await?;
        let options = options.clone().retry(RetryPolicy::none());
        let organization = fake.builder().options(options).build()?.organization("7");
        for (user, role) in [("ada", "owner"), ("bob", "member")] {
            let (role, user) = (redox::RoleRef::name(role)?, redox::UserRef::id(user)?);
            let new = redox::NewRoleAssignment::new(role, user);
            organization.role_assignments().assign(&new).await?;
        }
        let old = of(organization.sources()).await;
        assert!(old.is_complete(), "{}", old.table());
        assert_eq!(old.assignments.len(), 2);

        fake.next_on("/platform/v1/organizations/7/role-assignment", 1, fault);
        let new = of(organization.sources()).await;
        let [failed] = new.summary.incomplete().collect::<Vec<_>>()[..] else { panic!("{reason}") };
        assert_eq!(failed.source, "redox organization 7");
        assert_eq!((&failed.status, failed.read), (&Status::Failed, 0));
        assert_eq!(failed.gaps[0].reason, reason);
        let unseen =
            &assert_not_comparable(&old, &new, &["redox organization 7"]).not_comparable[0];
        assert_eq!(unseen.old.status, Some(Status::Complete));
        assert_eq!(unseen.new.status, Some(Status::Failed));
    }
    Ok(())
}

#[tokio::test]
async fn a_list_that_breaks_off_is_partial_and_a_scope_that_vanished_is_not_revoked() -> Outcome {
    let (one, two) = (account("1"), account("2"));
    let complete = |scope: &Scope| source(scope, vec![Ok(held(scope, "ada", "admin"))]);
    let old = of(vec![complete(&one), complete(&two)]).await;

    let error = Error::new(ErrorKind::Interrupted);
    let broken = source(&two, vec![Ok(held(&two, "bob", "admin")), Err(error)]);
    let new = of(vec![complete(&one), broken]).await;
    assert_eq!(new.summary.coverage[1].status, Status::Partial);
    assert_not_comparable(&old, &new, &["own account 2"]);

    // Its enumeration no longer names it, or it was not requested.
    let gone = of(vec![complete(&one)]).await;
    let difference = assert_not_comparable(&old, &gone, &["own account 2"]);
    assert_eq!(difference.not_comparable[0].new.status, None);
    let text = difference.to_string();
    assert!(text.contains("? own account 2: old complete, new not asked"), "{text}");
    Ok(())
}

#[tokio::test]
async fn an_omission_and_an_enumeration_that_failed_are_no_absence() -> Outcome {
    let (root, inner) = (account("1"), Scope::new("project", "p").within(account("1")));
    let denied = || Error::new(ErrorKind::PermissionDenied);
    let list = |found: Result<Source, Error>| {
        Source::enumeration("own", "own projects", [found].into_iter().collect())
    };
    let known = source(&inner, vec![Ok(held(&inner, "ada", "admin"))]);
    let old = of(vec![source(&root, vec![]), list(Ok(known))]).await;
    assert!(old.is_complete());
    let new = of(vec![source(&root, vec![]), list(Err(denied()))]).await;
    assert_not_comparable(&old, &new, &["own account 1 > project p", "own projects"]);

    // No omission shows, but the source is partial.
    let partial = of(vec![source(&root, vec![]).omits("groups, silently")]).await;
    assert_omission(&partial.summary.coverage[0], "groups, silently");
    Ok(())
}

/// Whoever seems to have lost a role may be the one who is not named.
#[tokio::test]
async fn an_assignment_without_a_principal_or_a_scope_is_a_gap() -> Outcome {
    let scope = account("1");
    let whole = held(&scope, "ada", "admin");
    let (mut unheld, mut nowhere) = (whole.clone(), whole.clone());
    unheld.principal.id = None;
    nowhere.scope = Scope::default();
    let old = of(vec![source(&scope, vec![Ok(whole)])]).await;
    assert!(old.is_complete());
    let nowhere = (nowhere, &["own ", "own account 1"][..]);
    for (unnamed, unseen) in [(unheld, &["own account 1"][..]), nowhere] {
        let new = of(vec![source(&scope, vec![Ok(unnamed)])]).await;
        let text = "1 assignments without a principal or a scope";
        assert_omission(&new.summary.coverage[0], text);
        assert_not_comparable(&old, &new, unseen);
    }
    Ok(())
}

/// One kind of principals is not the others, and a scope is what lies in it only where that is said.
#[tokio::test]
async fn coverage_goes_by_scope_and_kind_of_principals() -> Outcome {
    let (root, inner) = (account("1"), Scope::new("project", "p").within(account("1")));
    let user = |scope: &Scope| {
        let mut held = held(scope, "ada", "admin");
        held.principal.kind = Some("user".into());
        held
    };
    let full = Covers::new("own", root.clone()).with_children();
    let old = of(vec![Source::new(full.clone(), [Ok(user(&inner))].into_iter().collect())]).await;
    for (covers, revoked) in [
        (full.clone(), 1),
        (full.clone().only("user"), 1),
        (full.only("group"), 0),
        (Covers::new("own", root), 0),
        (Covers::new("own", inner.clone()), 1),
        (Covers::new("own", inner).only("user"), 1),
        (Covers::new("other", account("1")).with_children(), 0),
    ] {
        let name = covers.to_string();
        let new = of(vec![Source::new(covers, [].into_iter().collect())]).await;
        let difference = Difference::between(&old, &new);
        assert_eq!(difference.revoked.len(), revoked, "{name}: {difference}");
        let is_complete = name.ends_with("lies in it") && revoked == 1;
        assert_eq!(difference.is_complete(), is_complete, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn differences_say_what_changed_in_a_fixed_order() -> Outcome {
    let scope = account("1");
    let mut limited = held(&scope, "cyn", "viewer");
    limited.id = Some("a-1".to_owned());
    let mut disabled = limited.clone();
    disabled.disabled = true;
    disabled.restriction.resource_group = Some("sandbox".to_owned());
    let mut renamed = held(&scope, "eve", "viewer");
    let eve = renamed.clone();
    renamed.principal.name = Some("Eve".to_owned());

    let old = [held(&scope, "ada", "viewer"), held(&scope, "bob", "admin"), limited, eve];
    let new = [renamed, disabled, held(&scope, "dan", "admin"), held(&scope, "ada", "admin")];
    let mut texts = Vec::new();
    for reversed in [false, true] {
        let [old, new] = [&old, &new].map(|items| {
            let mut items: Vec<_> = items.iter().cloned().map(Ok).collect();
            if reversed {
                items.reverse();
            }
            vec![source(&scope, items)]
        });
        let (old, new) = (of(old).await, of(new).await);
        let difference = Difference::between(&old, &new);
        assert!(Difference::between(&new, &new).is_empty());
        texts.push(format!("{difference}{}", serde_json::to_string(&difference)?));
    }
    assert_eq!(texts[0], texts[1]);
    let expected = "\
        + own account 1: principal dan has admin\n\
        - own account 1: principal bob has admin\n\
        ~ own account 1: principal ada has admin (role_id: viewer -> admin)\n\
        ~ own account 1: principal cyn has viewer, resource group sandbox, disabled \
        (resource_group: none -> sandbox; disabled: false -> true)\n\
        1 granted, 1 revoked, 2 changed, 0 not comparable\n";
    assert!(texts[0].starts_with(expected), "{}", texts[0]);
    Ok(())
}

#[tokio::test]
async fn files_are_read_back_and_refused_where_they_were_cut_or_edited() -> Outcome {
    let scope = account("1").within(Scope::new("organization", "o"));
    let error = Error::new(ErrorKind::PermissionDenied).with_message("an \",\"sha256\":\" inside");
    let items =
        vec![Ok(held(&scope, "ada", "admin")), Ok(held(&scope, "bob", "admin")), Err(error)];
    let mut file = Vec::new();
    let sources = [source(&scope, items).credential("key-1")];
    Snapshot::collect(sources).write_to(&mut JsonLines::new(&mut file)).await?;
    let read = Snapshot::read(&file[..])?;
    assert_eq!(read.assignments.len(), 2);
    assert_eq!(read.header.sources[0].credential.as_deref(), Some("key-1"));
    assert_eq!(read.summary.coverage[0].status, Status::Partial);
    let mut again = Vec::new();
    read.write_to(&mut JsonLines::new(&mut again))?;
    assert_eq!(again, file, "byte for byte");

    for end in 0..file.len() {
        assert!(Snapshot::read(&file[..end]).is_err(), "cut at {end}");
    }
    for at in 0..file.len() {
        for flip in [1, 0x20] {
            let mut edited = file.clone();
            edited[at] ^= flip;
            assert!(Snapshot::read(&edited[..]).is_err(), "edited at {at}");
        }
    }
    let lines: Vec<&str> = std::str::from_utf8(&file)?.split_inclusive('\n').collect();
    let without = |left: usize| {
        let lines = lines.iter().enumerate().filter(|(index, _)| *index != left);
        lines.map(|(_, line)| *line).collect::<String>()
    };
    for (text, error) in [
        (without(1), "the file was edited"),
        (without(3), "the file was cut"),
        (lines[..2].concat(), "the file was cut"),
        (format!("{}{}", lines.concat(), lines[1]), "the file was edited"),
        (lines[0].repeat(2), "line 2: is not a line of a snapshot: a second header"),
        (
            lines.concat().replace("\"version\":1", "\"version\":2"),
            "format version 2: only version 1",
        ),
        (lines.concat().replace("rolecall.access", "other"), "is not the header of a snapshot"),
        (lines[0].to_owned() + "{}\n", "line 2: is not a line of a snapshot: missing field `type`"),
        (String::new(), "is not the header of a snapshot"),
        (lines[1..].concat(), "is not the header of a snapshot"),
    ] {
        let refused = Snapshot::read(text.as_bytes()).expect_err(error);
        assert!(refused.to_string().contains(error), "{refused} for {error}");
    }
    assert!(matches!(Snapshot::read(&b"\xff"[..]), Err(FormatError::Io(_))));
    Ok(())
}

/// The lines of a snapshot are what the schema says, and the schema has no more than they have.
#[tokio::test]
async fn the_schema_is_that_of_the_lines() -> Outcome {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/access-snapshot.schema.json"))?;
    let full: Assignment = serde_json::from_value(full_assignment())?;
    let minimal = Assignment::new("own");
    let covers = Covers::new("own", full.scope.clone()).with_children().only("user");
    let both = [Ok(full), Ok(minimal)].into_iter().collect();
    let sources = [Source::new(covers, both).credential("key").omits("some")];
    let mut file = Vec::new();
    Snapshot::collect(sources).write_to(&mut JsonLines::new(&mut file)).await?;
    let (mut used, mut declared) = (BTreeSet::new(), BTreeSet::new());
    for line in std::str::from_utf8(&file)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        check_schema(&schema, &schema, &line, "", &mut used)?;
        // A field too many or of another type is refused.
        for (field, value) in [("other", Value::Null), ("type", json!("other"))] {
            let mut wrong = line.clone();
            wrong[field] = value;
            check_schema(&schema, &schema, &wrong, "", &mut BTreeSet::new()).expect_err(field);
        }
    }
    properties(&schema, "", &mut declared);
    // The service's own total needs a service.
    declared.retain(|place| !place.ends_with("/total"));
    assert_eq!(declared, used, "the schema has what the lines have");
    Ok(())
}

fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, field)| (name.as_str(), field))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// As much of JSON Schema as the page uses; a keyword more is an error. Adds the properties that the
/// value has.
fn check_schema(
    root: &Value,
    schema: &Value,
    value: &Value,
    at: &str,
    used: &mut BTreeSet<String>,
) -> Result<(), String> {
    for (keyword, rule) in fields(schema) {
        let fits = match keyword {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let place = rule.as_str().and_then(|it| it.strip_prefix('#')).expect("a pointer");
                let target = root.pointer(place).expect("a definition");
                check_schema(root, target, value, place, used)?;
                true
            }
            "oneOf" => {
                let fitting = items(rule).filter_map(|option| {
                    let mut own = BTreeSet::new();
                    check_schema(root, option, value, at, &mut own).ok().map(|()| own)
                });
                let fitting: Vec<_> = fitting.collect();
                used.extend(fitting.iter().flatten().cloned());
                fitting.len() == 1
            }
            "const" => rule == value,
            "enum" => items(rule).any(|one| one == value),
            "type" => match rule.as_str() {
                Some("string") => value.is_string(),
                Some("boolean") => value.is_boolean(),
                Some("integer") => value.is_u64() || value.is_i64(),
                Some("object") => value.is_object(),
                Some("array") => value.is_array(),
                _ => false,
            },
            "properties" => {
                for (name, field) in fields(value) {
                    if let Some(schema) = rule.get(name) {
                        let place = format!("{at}/{name}");
                        check_schema(root, schema, field, &place, used)?;
                        used.insert(place);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = &schema["properties"];
                *rule == false && fields(value).all(|(name, _)| known.get(name).is_some())
            }
            "required" => {
                items(rule).all(|name| name.as_str().is_some_and(|it| value.get(it).is_some()))
            }
            "items" => {
                items(value).try_for_each(|item| check_schema(root, rule, item, at, used))?;
                true
            }
            _ => false,
        };
        if !fits {
            return Err(format!("{at}: {keyword} {rule} does not hold for {value}"));
        }
    }
    Ok(())
}

/// The places of all properties, as `check_schema` names those it meets.
fn properties(schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    for (name, definition) in fields(&schema["$defs"]) {
        properties(definition, &format!("/$defs/{name}"), found);
    }
    for (name, property) in fields(&schema["properties"]) {
        let place = format!("{at}/{name}");
        properties(property, &place, found);
        found.insert(place);
    }
    if let Some(item) = schema.get("items") {
        properties(item, at, found);
    }
}

#[tokio::test]
async fn no_cell_is_a_formula_and_no_name_acts_on_a_terminal() -> Outcome {
    let scope = account("1");
    let cells = [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("＝1+1", "'＝1+1"),
        ("'=1", "''=1"),
        ("\ta", "\"'\ta\""),
        ("\ra", "\"'\ra\""),
        ("\na", "\"'\na\""),
        ("a,\"b\"", "\"a,\"\"b\"\"\""),
        ("a\r\n=b", "\"a\r'\n'=b\""),
        // Behind what other programs take for a separator.
        ("a;=1", "\"a;'=1\""),
        ("a\t+1;'-1;b", "\"a\t'+1;''-1;b\""),
        ("\u{1b}[31m", "\u{1b}[31m"),
        ("a\u{202e}b\u{2028}c", "a\u{202e}b\u{2028}c"),
    ];
    let named = cells.map(|(name, _)| {
        let mut held = held(&scope, name, "admin");
        held.principal.name = Some(name.to_owned());
        Ok(held)
    });
    let denied = Err(Error::new(ErrorKind::PermissionDenied));
    let snapshot = of(vec![source(&scope, named.into_iter().chain([denied]).collect())]).await;
    let mut csv = Vec::new();
    snapshot.write_to(&mut Csv::new(&mut csv))?;
    let csv = String::from_utf8(csv)?;
    for (_, cell) in cells {
        assert!(csv.contains(&format!(",{cell},")), "{cell:?} in {csv}");
    }
    assert!(csv.starts_with("record,vendor,scope_kind,"));
    let last = csv.trim_end().lines().last().ok_or("none")?;
    let partial = "own account 1: partial, 15 read";
    assert!(last.starts_with("incomplete,") && last.contains(partial), "{last}");
    let table = snapshot.table().to_string();
    assert!(!table.contains(['\u{1b}', '\u{202e}', '\u{2028}']), "{table}");
    assert!(table.contains("\\u{1b}[31m") && table.contains("a\\u{202e}b\\u{2028}c"), "{table}");
    assert!(table.contains(&format!("incomplete:\n  {partial}; permission denied")), "{table}");
    Ok(())
}

#[tokio::test]
async fn persons_are_joined_over_vendors_and_the_others_are_listed() -> Outcome {
    let scope = account("1");
    let with = |vendor: &str, id: &str, kind: &str, email: Option<&str>| {
        let mut held = held(&scope, id, "admin");
        held.vendor = vendor.into();
        held.principal.kind = Some(kind.into());
        held.principal.email = email.map(str::to_owned);
        held
    };
    let all = [
        with("redox", "1", "user", Some("ada@example.com")),
        with("deepset", "u-1", "user", Some(" ADA@Example.com")),
        // One assignment has the address, which counts for the other.
        with("deepset", "u-1", "user", None),
        with("twilio", "US1", "user", None),
        with("twilio", "US2", "user", None),
        with("harness", "sre", "group", Some("ada@example.com")),
        with("harness", "ci", "service_account", None),
        with("redox", "2", "user", Some("ada@example.net")),
        with("redox", "3", "user", Some("ada@example.com")),
        with("redox", "3", "user", Some("bob@example.com")),
    ];
    let identities = Identities::by_email()
        .email("Ada", "ada@example.com")
        .email("Ada", "ada@example.net")
        .principal("Ada", "twilio", "US1");
    let people = People::join(&all, &identities);
    assert_eq!(people.persons().collect::<Vec<_>>(), ["Ada"]);
    let sorted = |ids: Vec<&Principal>| {
        let mut ids: Vec<_> = ids.iter().filter_map(|it| it.id.as_deref()).collect();
        ids.sort_unstable();
        ids.join(" ")
    };
    let held = people.held_by("Ada").iter().map(|it| &it.principal).collect();
    assert_eq!(sorted(held), "1 2 US1 u-1 u-1");
    let unjoined = people.unjoined().iter().map(|it| it.principal).collect();
    assert_eq!(sorted(unjoined), "3 US2 ci sre");
    assert!(people.held_by("ada@example.com").is_empty());
    let by_table = People::join(&all, &Identities::by_table());
    assert_eq!(by_table.persons().count(), 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_vendor_that_is_slow_does_not_hold_up_another() -> Outcome {
    let after = |vendor: &str, seconds| {
        let stream = futures_util::stream::once(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok(held(&account("1"), "ada", "admin"))
        });
        Source::new(Covers::new(vendor, account("1")), Items::from_stream(stream))
    };
    let sources: Vec<_> = (0..6).flat_map(|_| [after("slow", 60), after("quick", 1)]).collect();
    let start = tokio::time::Instant::now();
    let mut finished = Vec::new();
    let collect = Snapshot::collect(sources).concurrency(2);
    let collect = collect.progress(|it| finished.push((it.finished, start.elapsed().as_secs())));
    let snapshot = collect.in_memory().await;
    assert_eq!(snapshot.assignments.len(), 12);
    assert_eq!(start.elapsed().as_secs(), 180, "three rounds of the slow one, two at a time");
    assert!(finished.contains(&(6, 3)), "three rounds of the quick one: {finished:?}");
    Ok(())
}

/// A sink that is full ends the collecting.
#[tokio::test]
async fn errors_of_a_sink_end_it() -> Outcome {
    let scope = account("1");
    let endless = futures_util::stream::repeat_with(move || Ok(held(&scope, "ada", "admin")));
    let source = Source::new(Covers::new("own", account("1")), Items::from_stream(endless));
    let mut small = [0_u8; 4096];
    let error = Snapshot::collect([source]).write_to(&mut JsonLines::new(&mut small[..])).await;
    assert_eq!(error.expect_err("it is full").kind(), std::io::ErrorKind::WriteZero);
    Ok(())
}

/// Everything that each client can enumerate, and not one request that writes.
#[tokio::test]
async fn all_vendors_are_collected_by_reading_alone() -> Outcome {
    let services = Services::start().await;
    services.give_roles().await?;
    let Services { iam, harness, redox, deepset, .. } = &services;
    let fakes: [&Fake; 4] = [iam.fake(), harness.fake(), redox.fake(), deepset.fake()];
    let before = fakes.map(|fake| fake.received().len());
    let mut sources = iam.client()?.organization(TwilioIamFake::ORGANIZATION).sources();
    sources.extend(harness.client()?.sources());
    sources.extend(redox.client()?.organization("7").sources());
    sources.extend(deepset.client()?.organization(DeepsetFake::ORGANIZATION).sources());
    let snapshot = of(sources).await;
    let is_failed = |it: &Coverage| it.status == Status::Failed;
    assert!(!snapshot.summary.coverage.iter().any(is_failed), "{}", snapshot.table());
    for (fake, before) in fakes.iter().zip(before) {
        for request in &fake.received()[before..] {
            let (method, path) = (request.method(), request.path());
            let reads = method == "GET" || path == "/v2/token" || path.ends_with("/filter");
            assert!(reads, "{method} {path}");
        }
    }
    let all = snapshot.assignments.iter().map(|it| format!("{} {}", it.vendor, it.scope));
    let mut scopes: Vec<_> = all.collect();
    // Several users.
    scopes.dedup();
    let deepset = format!("deepset organization {}", DeepsetFake::ORGANIZATION);
    let organization = format!("twilio organization {}", TwilioIamFake::ORGANIZATION);
    let expected = [
        &*deepset,
        &format!("{deepset} > workspace \"default\""),
        "harness account fakeAccount",
        "harness account fakeAccount > organization platform",
        "harness account fakeAccount > organization platform > project web",
        "redox organization 7 > environment env-1",
        "redox organization 7",
        &format!("{organization} > account {ACCOUNT}"),
        &organization,
    ];
    assert_eq!(scopes, expected);
    let coverage = snapshot.summary.coverage.iter();
    let credentials: Vec<_> = coverage.filter_map(|it| it.credential.as_deref()).collect();
    assert!(credentials.contains(&"fakeAccount"), "{credentials:?}");
    assert!(credentials.contains(&TwilioIamFake::CLIENT_ID), "{credentials:?}");
    let mut file = Vec::new();
    snapshot.write_to(&mut JsonLines::new(&mut file))?;
    let file = String::from_utf8(file)?;
    let secrets = [HarnessFake::API_KEY, TwilioIamFake::CLIENT_SECRET, RedoxFake::TOKEN];
    for secret in secrets.into_iter().chain([DeepsetFake::API_KEY]) {
        assert!(!file.contains(secret));
    }
    Ok(())
}
