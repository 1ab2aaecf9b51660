//! Imports run one way, and one file alone names reqwest.

use std::fs;
use std::path::{Path, PathBuf};

/// What each room may use besides itself. The root's own re-exports of the lowest rooms are free
/// to all.
const MAY_USE: [(&str, &[&str]); 11] = [
    ("error", &[]),
    ("model", &["error"]),
    ("operation", &["error", "model"]),
    ("transport", &["error", "model", "operation"]),
    ("auth", &["error", "model", "operation", "transport"]),
    ("access", &["error", "model", "operation", "transport"]),
    ("twilio", BELOW),
    ("harness", BELOW),
    ("redox", BELOW),
    ("deepset", BELOW),
    (
        "testing",
        &[
            "error",
            "model",
            "operation",
            "transport",
            "auth",
            "twilio",
            "harness",
            "redox",
            "deepset",
        ],
    ),
];

const BELOW: &[&str] = &["error", "model", "operation", "transport", "auth", "access"];
const ROOT: [&str; 3] = ["Error", "ErrorKind", "Effect"];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("the file can be read");
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 30, "the sources were found");
    found
}

/// The room that a file belongs to: the folder, or the file's own name.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let first = inside.expect("it is below src").iter().next().expect("it has a name");
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The names that follow `crate::` in a file's code.
fn used(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn imports_run_one_way() {
    for (path, text) in sources() {
        let room = room(&path);
        if room == "lib" {
            continue;
        }
        let (_, below) = MAY_USE
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("{room} has no place in the order of rooms"));
        assert!(!text.contains("super::super"), "{}: climbs out of its room", path.display());
        assert!(!text.contains("use crate::{"), "{}: one `use` a room", path.display());
        for name in used(&text) {
            assert!(
                name == room || below.contains(&name) || ROOT.contains(&name),
                "{}: {room} must not use {name}",
                path.display()
            );
        }
    }
}

#[test]
fn the_scan_finds_what_it_looks_for() {
    let text =
        "use crate::harness::X;\n// crate::redox\nfn f() -> crate::Error { $crate::model::y }";
    assert_eq!(used(text), ["harness", "Error", "model"]);
}

#[test]
fn one_file_names_reqwest() {
    let naming: Vec<_> = sources()
        .into_iter()
        .filter(|(path, text)| text.contains("reqwest::") && !path.ends_with("front_tests.rs"))
        .map(|(path, _)| path)
        .collect();
    assert!(
        matches!(&naming[..], [one] if one.ends_with("transport/http_client.rs")),
        "{naming:?}"
    );
}
