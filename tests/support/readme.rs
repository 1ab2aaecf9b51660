//! The README's table of calls.

use std::fs;
use std::path::Path;

pub(crate) fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A call as the table has it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// None where the row stands for all calls of other rows, at another address.
    pub(crate) method: Option<String>,
    pub(crate) path: String,
    /// That of its fixtures, where it has some.
    pub(crate) folder: Option<String>,
}

/// The code in a table's cell.
pub(crate) fn spans(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

pub(crate) fn table() -> String {
    let readme = read("README.md");
    let table = readme.split("\n## The calls\n").nth(1).expect("there is a table");
    table.split("\n## ").next().expect("it ends").to_owned()
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for line in table().lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').collect();
        let folder = cells.last().map(|cell| spans(cell).concat()).unwrap_or_default();
        let folder = folder.strip_prefix("fixtures/").map(str::to_owned);
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
                let (method, folder) = (method.map(str::to_owned), folder.clone());
                rows.push(Row { method, path: path.to_owned(), folder });
            }
        }
    }
    assert!(rows.len() > 40, "the table was read: {}", rows.len());
    rows
}

/// The templates that one of the table stands for: `{scope}` for three, and `[…]` for with and without.
pub(crate) fn variants(template: &str) -> Vec<String> {
    let template = template.replace('…', "");
    if let Some(rest) = template.strip_prefix("{scope}") {
        let scopes = ["/v1", "/v1/orgs/{org}", "/v1/orgs/{org}/projects/{project}"];
        return scopes.iter().flat_map(|scope| variants(&format!("{scope}{rest}"))).collect();
    }
    let Some((start, rest)) = template.split_once('[') else { return vec![template] };
    let (optional, rest) = rest.split_once(']').expect("what opens is closed");
    let both = [format!("{start}{rest}"), format!("{start}{optional}{rest}")];
    both.iter().flat_map(|template| variants(template)).collect()
}

/// Whether a path is one of the template's.
pub(crate) fn fits(template: &str, path: &str) -> bool {
    let found: Vec<_> = path.split('/').collect();
    variants(template).iter().any(|template| {
        let wanted: Vec<_> = template.split('/').collect();
        let same = |(wanted, found): (&&str, &&str)| wanted.starts_with('{') || wanted == found;
        wanted.len() == found.len() && wanted.iter().zip(&found).all(same)
    })
}
