//! The README's table of calls, the fixtures and the tests belong together: none has what another lacks.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A call as the table has it.
#[derive(Debug)]
struct Row {
    /// None where the row stands for all calls of other rows, at another address.
    method: Option<String>,
    path: String,
    folder: String,
}

/// The code in a table's cell.
fn spans(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

fn rows() -> Vec<Row> {
    let readme = read("README.md");
    let table = readme.split("\n## The calls\n").nth(1).expect("there is a table");
    let table = table.split("\n## ").next().expect("it ends");
    let mut rows = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').collect();
        let folder = cells.last().map(|cell| spans(cell).concat()).unwrap_or_default();
        let Some(folder) = folder.strip_prefix("fixtures/") else { continue };
        // "`PUT` and `DELETE path`": a method without a path shares that of the next.
        let mut waiting = Vec::new();
        for span in spans(cells[0]) {
            let (method, path) = match span.split_once(' ') {
                Some((method, path)) => (Some(method), path),
                None if METHODS.contains(&span) => {
                    waiting.push(span);
                    continue;
                }
                None => (None, span),
            };
            let path = path
                .strip_prefix("https://")
                .map_or(path, |rest| &rest[rest.find('/').expect("an address has a path")..]);
            for method in waiting.drain(..).map(Some).chain([method]) {
                let (method, folder) = (method.map(str::to_owned), folder.to_owned());
                rows.push(Row { method, path: path.to_owned(), folder });
            }
        }
    }
    assert!(rows.len() > 40, "the table was read: {}", rows.len());
    rows
}

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

/// Whether a path is one of the template's.
fn fits(template: &str, path: &str) -> bool {
    let template = template.replace('…', "");
    if let Some(rest) = template.strip_prefix("{scope}") {
        let scopes = ["/v1", "/v1/orgs/{org}", "/v1/orgs/{org}/projects/{project}"];
        return scopes.iter().any(|scope| fits(&format!("{scope}{rest}"), path));
    }
    if let Some((start, rest)) = template.split_once('[') {
        let (optional, rest) = rest.split_once(']').expect("what opens is closed");
        return [format!("{start}{rest}"), format!("{start}{optional}{rest}")]
            .iter()
            .any(|template| fits(template, path));
    }
    let (wanted, found): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    wanted.len() == found.len()
        && wanted
            .iter()
            .zip(found)
            .all(|(wanted, found)| wanted.starts_with('{') || *wanted == found)
}

fn is_of(row: &Row, [folder, _, method, path]: &[String; 4]) -> bool {
    row.folder == *folder
        && row.method.as_ref().is_none_or(|wanted| wanted == method)
        && fits(&row.path, path)
}

#[test]
fn every_row_has_a_fixture() {
    let requests = requests();
    for row in rows() {
        assert!(requests.iter().any(|request| is_of(&row, request)), "no fixture for {row:?}");
    }
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
