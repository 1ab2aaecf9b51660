//! Snapshots: what they report as missing, their files and their difference.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rolecall::access::{
    Assignment, Covers, Csv, Difference, FormatError, Identities, JsonLines, People, Reason, Scope,
    Snapshot, Source, Status,
};
use rolecall::testing::{
    DeepsetFake, Fake, Fault, HarnessFake, RedoxFake, TwilioChatFake, TwilioIamFake,
};
use rolecall::{ClientOptions, Error, ErrorKind, Items, RetryPolicy, harness, redox, twilio};
use serde_json::Value;

type Outcome = Result<(), Box<dyn std::error::Error>>;

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

async fn clinic(
    roles: &[(&str, &str)],
) -> Result<(RedoxFake, redox::Redox), Box<dyn std::error::Error>> {
    let fake = RedoxFake::start().await?;
    fake.add_environment("7", "env-1", "Clinic", "Production");
    let options = ClientOptions::default()
        // Only a response that never comes takes so long.
        .attempt_timeout(Duration::from_secs(5))
        .retry(RetryPolicy::none());
    let client = fake.builder().options(options).build()?;
    for (user, role) in roles {
        let (role, user) = (redox::RoleRef::new(*role, *role)?, redox::UserRef::id(*user)?);
        let new = redox::NewRoleAssignment::new(role, user);
        client.organization("7").role_assignments().assign(&new).await?;
    }
    Ok((fake, client))
}

/// The source, the reason, and never a revocation.
#[tokio::test]
async fn what_was_not_read_is_named_and_nothing_there_is_revoked() -> Outcome {
    let roles = [("ada", "owner"), ("bob", "member")];
    for (fault, reason) in [
        (Fault::status(403), Reason::PermissionDenied),
        (Fault::status(401), Reason::Unauthenticated),
        (Fault::status(429).retry_after(Duration::from_secs(600)), Reason::RateLimited),
        (Fault::truncated(), Reason::CutList),
        (Fault::hang(), Reason::Timeout),
        (Fault::status(404), Reason::NotFound),
        (Fault::html(502), Reason::Server),
    ] {
        let (fake, client) = clinic(&roles).await?;
        let old = of(client.organization("7").sources()).await;
        assert!(old.is_complete(), "{}", old.table());
        assert_eq!(old.assignments.len(), 2);

        let path = "/platform/v1/organizations/7/role-assignment";
        fake.next_on(path, 1, fault);
        let new = of(client.organization("7").sources()).await;
        let incomplete: Vec<_> = new.summary.incomplete().collect();
        assert_eq!(incomplete.len(), 1, "{reason}");
        assert_eq!(incomplete[0].source, "redox organization 7");
        assert_eq!((&incomplete[0].status, incomplete[0].read), (&Status::Failed, 0));
        assert_eq!(incomplete[0].gaps[0].reason, reason);

        for (old, new, seen) in [(&old, &new, 1), (&new, &old, 0)] {
            let difference = Difference::between(old, new);
            assert!(difference.is_empty() && !difference.is_complete(), "{difference}");
            let [unseen] = &difference.not_comparable[..] else { panic!("{difference}") };
            let sides = [&unseen.old, &unseen.new];
            assert_eq!(unseen.source, "redox organization 7");
            assert_eq!(sides[seen].status, Some(Status::Failed));
            assert_eq!(sides[1 - seen].status, Some(Status::Complete));
        }
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
    let difference = Difference::between(&old, &new);
    assert!(difference.is_empty(), "{difference}");
    assert_eq!(difference.not_comparable[0].source, "own account 2");

    // Its enumeration no longer names it, or it was not requested.
    let gone = of(vec![complete(&one)]).await;
    let difference = Difference::between(&old, &gone);
    assert!(difference.is_empty());
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
    let difference = Difference::between(&old, &new);
    let unseen: Vec<_> = difference.not_comparable.iter().map(|it| it.source.as_str()).collect();
    assert_eq!(unseen, ["own account 1 > project p", "own projects"]);
    assert!(difference.is_empty());

    // No omission shows, but the source is partial.
    let partial = of(vec![source(&root, vec![]).omits("groups, silently")]).await;
    let coverage = &partial.summary.coverage[0];
    assert_eq!((&coverage.status, &coverage.gaps[0].reason), (&Status::Partial, &Reason::Omission));
    Ok(())
}

/// One kind of principals is not the others, and a scope is what lies in it only where that is said.
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
    for unnamed in [unheld, nowhere] {
        let new = of(vec![source(&scope, vec![Ok(unnamed)])]).await;
        let coverage = &new.summary.coverage[0];
        assert_eq!(
            (&coverage.status, &coverage.gaps[0].reason),
            (&Status::Partial, &Reason::Omission)
        );
        assert!(coverage.to_string().ends_with("1 assignments without a principal or a scope"));
        for (one, other) in [(&old, &new), (&new, &old)] {
            let difference = Difference::between(one, other);
            assert!(difference.is_empty() && !difference.is_complete(), "{difference}");
        }
    }
    Ok(())
}

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
        assert_eq!(
            difference.is_complete(),
            name.ends_with("lies in it") && revoked == 1,
            "{name}"
        );
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

    let old = vec![held(&scope, "ada", "viewer"), held(&scope, "bob", "admin"), limited, eve];
    let new = vec![renamed, disabled, held(&scope, "dan", "admin"), held(&scope, "ada", "admin")];
    let mut texts = Vec::new();
    for reversed in [false, true] {
        let sorted = |mut items: Vec<Assignment>| {
            if reversed {
                items.reverse();
            }
            vec![source(&scope, items.into_iter().map(Ok).collect())]
        };
        let (old, new) = (of(sorted(old.clone())).await, of(sorted(new.clone())).await);
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

async fn file() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let scope = account("1").within(Scope::new("organization", "o"));
    let error = Error::new(ErrorKind::PermissionDenied).with_message("an \",\"sha256\":\" inside");
    let items =
        vec![Ok(held(&scope, "ada", "admin")), Ok(held(&scope, "bob", "admin")), Err(error)];
    let mut file = Vec::new();
    let sources = [source(&scope, items).credential("key-1")];
    Snapshot::collect(sources).write_to(&mut JsonLines::new(&mut file)).await?;
    Ok(file)
}

#[tokio::test]
async fn files_are_read_back_and_refused_where_they_were_cut_or_edited() -> Outcome {
    let file = file().await?;
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
    let mut scope = account("1").within(Scope::new("organization", "o"));
    scope.name = Some("n".to_owned());
    let mut full = held(&scope, "ada", "admin");
    full.principal.kind = Some("user".into());
    full.principal.name = Some("Ada".to_owned());
    full.principal.email = Some("ada@example.com".to_owned());
    full.principal.level = Some("account".to_owned());
    full.via = Some(full.principal.clone());
    full.role.name = Some("Admin".to_owned());
    full.role.level = Some("account".to_owned());
    full.role.custom = Some(true);
    full.restriction.resource_group = Some("g".to_owned());
    full.restriction.resource_type = Some("t".to_owned());
    full.restriction.resource_id = Some("i".to_owned());
    full.managed = Some(true);
    full.id = Some("id".to_owned());
    let time = || serde_json::from_value(Value::from("2026-01-01T00:00:00Z"));
    (full.created, full.updated) = (Some(time()?), Some(time()?));
    let minimal = Assignment::new("own");
    let covers = Covers::new("own", scope).with_children().only("user");
    let items: Items<_> = [Ok(full), Ok(minimal)].into_iter().collect();
    let sources = [Source::new(covers, items).credential("key").omits("some")];
    let mut file = Vec::new();
    Snapshot::collect(sources).write_to(&mut JsonLines::new(&mut file)).await?;
    let mut used = std::collections::BTreeSet::new();
    for line in std::str::from_utf8(&file)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        schema::check(&schema, &schema, &line, "", &mut used)
            .map_err(|error| format!("{error} in {line}"))?;
        // A field too many or of another type is refused.
        let mut wrong = line.clone();
        wrong["other"] = Value::Null;
        assert!(schema::check(&schema, &schema, &wrong, "", &mut Default::default()).is_err());
        let mut wrong = line;
        wrong["type"] = Value::from("other");
        assert!(schema::check(&schema, &schema, &wrong, "", &mut Default::default()).is_err());
    }
    let mut declared = std::collections::BTreeSet::new();
    schema::properties(&schema, "", &mut declared);
    // The service's own total needs a service.
    declared.retain(|place| !place.ends_with("/total"));
    assert_eq!(declared, used, "the schema has what the lines have");
    Ok(())
}

/// As much of JSON Schema as the page uses; a keyword more is an error.
mod schema {
    use std::collections::BTreeSet;

    use serde_json::Value;

    const KNOWN: [&str; 13] = [
        "$schema",
        "$id",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "const",
        "enum",
        "properties",
        "required",
        "additionalProperties",
        "items",
    ];

    pub(super) fn check(
        root: &Value,
        schema: &Value,
        value: &Value,
        at: &str,
        used: &mut BTreeSet<String>,
    ) -> Result<(), String> {
        let rules = schema.as_object().ok_or("a schema is an object")?;
        if let Some(unknown) = rules.keys().find(|key| {
            !KNOWN.contains(&key.as_str()) && !["oneOf", "pattern"].contains(&key.as_str())
        }) {
            return Err(format!("the keyword {unknown} is not known here"));
        }
        if let Some(reference) = rules.get("$ref").and_then(Value::as_str) {
            let place = reference.strip_prefix('#').ok_or("a reference begins with #")?;
            let target = root.pointer(place).ok_or(format!("no {place}"))?;
            return check(root, target, value, place, used);
        }
        if let Some(options) = rules.get("oneOf").and_then(Value::as_array) {
            let mut fitting = Vec::new();
            for option in options {
                let mut own = BTreeSet::new();
                if check(root, option, value, at, &mut own).is_ok() {
                    fitting.push(own);
                }
            }
            let count = fitting.len();
            used.extend(
                fitting.pop().filter(|_| count == 1).ok_or(format!("{count} options fit"))?,
            );
        }
        if rules.get("const").is_some_and(|only| only != value) {
            return Err(format!("{at}: {value} is another constant"));
        }
        if let Some(values) = rules.get("enum").and_then(Value::as_array)
            && !values.contains(value)
        {
            return Err(format!("{at}: {value} is none of the values"));
        }
        let fits = match rules.get("type").and_then(Value::as_str) {
            None => true,
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_u64() || value.is_i64(),
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some(other) => return Err(format!("the type {other} is not known here")),
        };
        if !fits {
            return Err(format!("{at}: {value} has another type"));
        }
        let none = serde_json::Map::new();
        let properties = rules.get("properties").and_then(Value::as_object).unwrap_or(&none);
        for (name, field) in value.as_object().into_iter().flatten() {
            let place = format!("{at}/{name}");
            match properties.get(name) {
                Some(schema) => {
                    check(root, schema, field, &place, used)?;
                    used.insert(place);
                }
                None if rules.get("additionalProperties") == Some(&Value::Bool(false)) => {
                    return Err(format!("{place} is not allowed"));
                }
                None => {}
            }
        }
        for name in rules.get("required").and_then(Value::as_array).into_iter().flatten() {
            let name = name.as_str().ok_or("a name is text")?;
            value.get(name).ok_or(format!("{at}: {name} is missing"))?;
        }
        for item in value.as_array().into_iter().flatten() {
            if let Some(schema) = rules.get("items") {
                check(root, schema, item, at, used)?;
            }
        }
        Ok(())
    }

    /// The places of all properties, as `check` names those it meets.
    pub(super) fn properties(schema: &Value, at: &str, found: &mut BTreeSet<String>) {
        for (name, part) in schema.as_object().into_iter().flatten() {
            match name.as_str() {
                "properties" => {
                    for (name, schema) in part.as_object().into_iter().flatten() {
                        let place = format!("{at}/{name}");
                        properties(schema, &place, found);
                        found.insert(place);
                    }
                }
                "$defs" => {
                    for (name, schema) in part.as_object().into_iter().flatten() {
                        properties(schema, &format!("/$defs/{name}"), found);
                    }
                }
                "items" => properties(part, at, found),
                "oneOf" => {
                    part.as_array().into_iter().flatten().for_each(|it| properties(it, at, found));
                }
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn no_cell_is_a_formula_and_no_name_acts_on_a_terminal() -> Outcome {
    let scope = account("1");
    let mut items = Vec::new();
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
    for (name, _) in cells {
        let mut held = held(&scope, name, "admin");
        held.principal.name = Some(name.to_owned());
        items.push(Ok(held));
    }
    let denied = Err(Error::new(ErrorKind::PermissionDenied));
    items.push(denied);
    let snapshot = of(vec![source(&scope, items)]).await;
    let mut csv = Vec::new();
    snapshot.write_to(&mut Csv::new(&mut csv))?;
    let csv = String::from_utf8(csv)?;
    for (_, cell) in cells {
        assert!(csv.contains(&format!(",{cell},")), "{cell:?} in {csv}");
    }
    assert!(csv.starts_with("record,vendor,scope_kind,"));
    let last = csv.trim_end().lines().last().ok_or("none")?;
    assert!(
        last.starts_with("incomplete,") && last.contains("own account 1: partial, 15 read"),
        "{last}"
    );
    let table = snapshot.table().to_string();
    assert!(!table.contains(['\u{1b}', '\u{202e}', '\u{2028}']), "{table}");
    assert!(table.contains("\\u{1b}[31m") && table.contains("a\\u{202e}b\\u{2028}c"), "{table}");
    assert!(table.contains("incomplete:\n  own account 1: partial, 15 read; permission denied"));
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
    let held: Vec<_> = people.held_by("Ada").iter().map(|it| it.principal.id.as_deref()).collect();
    let mut sorted = held.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [Some("1"), Some("2"), Some("US1"), Some("u-1"), Some("u-1")]);
    let unjoined: Vec<_> = people.unjoined().iter().map(|it| it.principal.id.as_deref()).collect();
    let mut sorted = unjoined.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [Some("3"), Some("US2"), Some("ci"), Some("sre")]);
    assert!(people.held_by("ada@example.com").is_empty());
    let by_table = People::join(&all, &Identities::by_table());
    assert_eq!(by_table.persons().count(), 0);
    Ok(())
}

/// A list whose every item takes a time of the paused clock.
fn slow(vendor: &str, wait: Duration, running: &Arc<Mutex<(usize, usize)>>) -> Source {
    let (scope, running) = (account("1"), Arc::clone(running));
    let stream = futures_util::stream::once(async move {
        {
            let mut running = running.lock().expect("no panic");
            running.0 += 1;
            running.1 = running.1.max(running.0);
        }
        tokio::time::sleep(wait).await;
        running.lock().expect("no panic").0 -= 1;
        Ok(held(&scope, "ada", "admin"))
    });
    Source::new(Covers::new(vendor, account("1")), Items::from_stream(stream))
}

#[tokio::test(start_paused = true)]
async fn one_vendor_that_is_slow_does_not_hold_up_another() -> Outcome {
    let counts = [Arc::new(Mutex::new((0, 0))), Arc::new(Mutex::new((0, 0)))];
    let [slow_count, quick_count] = &counts;
    let sources = (0..6).flat_map(|_| {
        [
            slow("slow", Duration::from_secs(60), slow_count),
            slow("quick", Duration::from_secs(1), quick_count),
        ]
    });
    let sources: Vec<_> = sources.collect();
    let start = tokio::time::Instant::now();
    let mut finished = Vec::new();
    let collect = Snapshot::collect(sources).concurrency(2);
    let collect = collect.progress(|it| finished.push((it.finished, start.elapsed().as_secs())));
    let snapshot = collect.in_memory().await;
    assert_eq!(snapshot.assignments.len(), 12);
    assert_eq!(start.elapsed().as_secs(), 180, "three rounds of the slow one");
    assert!(finished.contains(&(6, 3)), "three rounds of the quick one: {finished:?}");
    for count in counts {
        assert_eq!(count.lock().expect("no panic").1, 2, "two at a time");
    }
    Ok(())
}

/// The vendor that asks for a wait is waited for alone: the other's sources finish meanwhile.
#[tokio::test]
async fn rate_limit_of_one_vendor_does_not_slow_down_another() -> Outcome {
    let (_redox_fake, redox) = clinic(&[("ada", "owner")]).await?;
    let harness_fake = HarnessFake::start().await?;
    harness_fake.next(99, Fault::status(429).retry_after(Duration::from_secs(50)));
    let of_redox = redox.organization("7").sources();
    let mut sources = harness_fake.client()?.sources();
    sources.extend(of_redox);

    let (report, mut finished) = tokio::sync::watch::channel(0);
    let collect = Snapshot::collect(sources);
    let collect = collect.progress(move |progress| {
        report.send_replace(progress.finished);
    });
    tokio::select! {
        _ = collect.in_memory() => panic!("the rate limit was not waited for"),
        // The organization, the enumeration of its environments, and the one that it has.
        changed = finished.wait_for(|finished| *finished == 3) => drop(changed?),
    }
    assert!(harness_fake.received_count() > 0);
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
    let iam = TwilioIamFake::start().await?;
    iam.add_account(&"ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse()?, "web shop");
    let organization = iam.client()?.organization(TwilioIamFake::ORGANIZATION);
    let (role, user) = ("IX00000000000000000000000000000104", "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    for scope in [TwilioIamFake::ORGANIZATION, "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let new = twilio::iam::NewRoleAssignment::new(role, scope, user)?;
        organization.role_assignments().create(&new).await?;
    }
    let harness_fake = HarnessFake::start().await?;
    harness_fake.add_project("platform", "web");
    let harness_client = harness_fake.client()?;
    let org = harness_client.org("platform");
    for scope in [harness_client.account(), org.clone(), org.project("web")] {
        let new = harness::NewRoleAssignment::unnamed("r", "g", harness::Principal::user("u"))?;
        scope.role_assignments().create(&new).await?;
    }
    let (redox_fake, redox_client) = clinic(&[("ada", "owner")]).await?;
    let deepset = DeepsetFake::start().await?;
    deepset.add_user("ada@example.com");

    let fakes: [&Fake; 4] = [iam.fake(), harness_fake.fake(), redox_fake.fake(), deepset.fake()];
    let before = fakes.map(|fake| fake.received().len());
    let mut sources = organization.sources();
    sources.extend(harness_client.sources());
    sources.extend(redox_client.organization("7").sources());
    sources.extend(deepset.client()?.organization(DeepsetFake::ORGANIZATION).sources());
    let snapshot = of(sources).await;
    let failed: Vec<_> =
        snapshot.summary.coverage.iter().filter(|it| it.status == Status::Failed).collect();
    assert!(failed.is_empty(), "{}", snapshot.table());
    for fake in fakes.iter().zip(before) {
        for request in &fake.0.received()[fake.1..] {
            let token = request.path() == "/v2/token";
            let filter = request.path().ends_with("/filter");
            assert!(
                request.method() == "GET" || token || filter,
                "{} {}",
                request.method(),
                request.path()
            );
        }
    }
    let mut scopes: Vec<_> =
        snapshot.assignments.iter().map(|it| format!("{} {}", it.vendor, it.scope)).collect();
    // Several users of deepset.
    scopes.dedup();
    let organization = TwilioIamFake::ORGANIZATION;
    assert_eq!(
        scopes,
        [
            format!("deepset organization {}", DeepsetFake::ORGANIZATION),
            "harness account fakeAccount".to_owned(),
            "harness account fakeAccount > organization platform".to_owned(),
            "harness account fakeAccount > organization platform > project web".to_owned(),
            "redox organization 7".to_owned(),
            format!(
                "twilio organization {organization} > account ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            ),
            format!("twilio organization {organization}"),
        ]
    );
    let credentials: Vec<_> =
        snapshot.summary.coverage.iter().filter_map(|it| it.credential.as_deref()).collect();
    assert!(
        credentials.contains(&"fakeAccount") && credentials.contains(&TwilioIamFake::CLIENT_ID)
    );
    let mut file = Vec::new();
    snapshot.write_to(&mut JsonLines::new(&mut file))?;
    let file = String::from_utf8(file)?;
    for secret in [
        HarnessFake::API_KEY,
        TwilioIamFake::CLIENT_SECRET,
        RedoxFake::TOKEN,
        DeepsetFake::API_KEY,
        TwilioChatFake::AUTH_TOKEN,
    ] {
        assert!(!file.contains(secret));
    }
    Ok(())
}
