//! The README's table of calls, the fixtures and the tests belong together: none has what another lacks.

mod support {
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) mod readme;
}

use std::fs;
use std::path::Path;

use support::readme::{Row, fits, read, rows, spans, table, variants};

/// Each request of the fixtures: folder, file, method, path without query.
fn requests() -> Vec<[String; 4]> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut requests = Vec::new();
    for folder in fs::read_dir(&root).expect("there are fixtures") {
        let folder = folder.expect("it can be read");
        if !folder.path().is_dir() {
            continue;
        }
        for file in fs::read_dir(folder.path()).expect("it can be read") {
            let name = file.expect("it can be read").file_name().to_string_lossy().into_owned();
            if !name.ends_with(".request.http") {
                continue;
            }
            let folder = folder.file_name().to_string_lossy().into_owned();
            let text = read(&format!("fixtures/{folder}/{name}"));
            let mut start = text.lines().next().expect("a request line").split(' ');
            let method = start.next().expect("a method").to_owned();
            let path = start.next().expect("a path").split('?').next().unwrap_or_default();
            // The base URL's own path.
            let path = path.strip_prefix("/platform").unwrap_or(path).to_owned();
            requests.push([folder, name, method, path]);
        }
    }
    assert!(requests.len() > 40, "the fixtures were found: {}", requests.len());
    requests
}

fn is_of(row: &Row, [folder, _, method, path]: &[String; 4]) -> bool {
    row.folder.as_ref() == Some(folder)
        && row.method.as_ref().is_none_or(|wanted| wanted == method)
        && fits(&row.path, path)
}

#[test]
fn every_row_has_a_fixture_for_each_of_its_paths() {
    let requests = requests();
    for row in rows().iter().filter(|row| row.folder.is_some()) {
        for path in variants(&row.path) {
            let one = Row { path, ..row.clone() };
            assert!(requests.iter().any(|request| is_of(&one, request)), "no fixture for {one:?}");
        }
    }
}

/// The sources below a folder, as one text.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("there are sources");
    let texts = entries.map(|entry| {
        let path = entry.expect("it can be read").path();
        if path.is_dir() { sources(&path) } else { fs::read_to_string(path).expect("it is text") }
    });
    texts.collect()
}

#[test]
fn every_row_names_methods_that_exist() {
    let vendors = [
        ("Twilio Chat", "src/twilio/chat"),
        ("Twilio", "src/twilio"),
        ("Harness", "src/harness"),
        ("Redox", "src/redox"),
        ("deepset", "src/deepset"),
    ];
    let mut named = 0;
    for line in table().lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<_> = line.trim_matches('|').split('|').collect();
        let vendor = vendors.iter().find(|(vendor, _)| cells[0].trim().starts_with(vendor));
        let (_, folder) = vendor.unwrap_or_else(|| panic!("of no vendor: {line}"));
        let public = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
        for call in spans(cells[2]) {
            let mut names: Vec<_> = call.split('(').collect();
            names.pop();
            for name in names {
                let from = name.rfind(|c: char| !c.is_alphanumeric() && c != '_');
                let name = &name[from.map_or(0, |at| at + 1)..];
                let is_there = ["fn ", "async fn "].iter().any(|start| {
                    ["(", "<"].iter().any(|end| public.contains(&format!("pub {start}{name}{end}")))
                });
                assert!(is_there, "no method {name}: {line}");
                named += 1;
            }
        }
        let by_itself = cells[2].contains("by the client itself");
        let called = spans(cells[2]).iter().any(|span| span.contains('('));
        assert!(called || by_itself || cells[2].trim() == "likewise", "no method: {line}");
    }
    assert!(named > 100, "the methods were found: {named}");
}

#[test]
fn every_fixture_is_in_the_table_and_in_a_test() {
    let rows = rows();
    let tests: String = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"))
        .expect("there are tests")
        .filter_map(|file| fs::read_to_string(file.expect("it can be read").path()).ok())
        .collect();
    for request in requests() {
        assert!(rows.iter().any(|row| is_of(row, &request)), "not in the table: {request:?}");
        let [folder, name, ..] = &request;
        let used = [format!("{folder}/{name}"), format!("\"{name}\"")];
        let used = used.iter().any(|one| tests.contains(one));
        assert!(used, "no test compares a request with fixtures/{folder}/{name}");
    }
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let page = read("SECURITY.md");
    let mut named = 0;
    for (path, name) in spans(&page).into_iter().filter_map(|span| span.split_once(".rs::")) {
        let there = read(&format!("{path}.rs")).contains(&format!("fn {name}"));
        assert!(there, "{path}.rs has no {name}");
        named += 1;
    }
    assert!(named > 20, "the tests were found: {named}");
}
