//! Modules import only lower layers, and only one file names reqwest.

use std::fs;
use std::path::{Path, PathBuf};

/// What each part may use besides itself and `declare`. Its unit tests may use all.
const MAY_USE: [(&str, &[&str]); 14] = [
    ("declare", &[]),
    ("error", &[]),
    ("model", &["error"]),
    ("operation", &["error", "model"]),
    ("transport", &["error", "model", "operation"]),
    ("auth", &["error", "model", "operation", "transport"]),
    ("access", &["error", "model", "operation", "transport"]),
    ("client", &["error", "model", "operation", "transport"]),
    ("twilio", VENDOR),
    ("harness", VENDOR),
    ("redox", VENDOR),
    ("deepset", VENDOR),
    ("guide", &[]),
    ("testing", &["error", "model", "auth", "twilio", "harness", "redox", "deepset"]),
];

const VENDOR: &[&str] = &["error", "model", "operation", "transport", "auth", "access", "client"];
/// Where what the root re-exports comes from.
const ROOT: [(&str, &str); 7] = [
    ("Error", "error"),
    ("ErrorKind", "error"),
    ("Effect", "error"),
    ("Call", "transport"),
    ("ClientOptions", "transport"),
    ("List", "transport"),
    ("TwilioIam", "twilio"),
];

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

/// The modules of a file below the root, from the part it belongs to: a folder, or the file itself.
fn modules(path: &Path) -> Vec<String> {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let inside = inside.expect("it is below src").with_extension("");
    let names = inside.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "mod").collect()
}

/// A file's code, and its unit tests.
fn split(text: &str) -> (&str, &str) {
    text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((text, ""))
}

/// The parts whose names follow `crate::` in a file's code.
fn used(text: &str) -> Vec<&str> {
    let code = split(text).0.lines().filter(|line| !line.trim_start().starts_with("//"));
    let paths = code.flat_map(|line| line.split("crate::").skip(1));
    let names = paths
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""));
    let names = names.filter(|name| !name.is_empty());
    names
        .map(|name| ROOT.iter().find(|(own, _)| *own == name).map_or(name, |(_, part)| part))
        .collect()
}

/// Whether a path of `super`s in code at this depth leads to the root. Unit tests are one deeper.
fn climbs_out(text: &str, depth: usize) -> bool {
    let (code, tests) = split(text);
    let climbs = |text: &str, depth| text.contains(&"super::".repeat(depth));
    climbs(code, depth) || climbs(tests, depth + 1)
}

#[test]
fn imports_run_one_way() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let (modules, path) = (modules(&path), path.display());
        let part = &modules[0];
        if part == "lib" {
            continue;
        }
        let found = MAY_USE.iter().find(|(name, _)| name == part);
        let (_, below) = found.unwrap_or_else(|| panic!("{part} has no place in the order"));
        if climbs_out(&text, modules.len()) {
            wrong.push(format!("{path}: climbs out of {part}"));
        }
        if text.contains("use crate::{") {
            wrong.push(format!("{path}: one `use` a part"));
        }
        let mut names = used(&text);
        names.retain(|name| name != part && *name != "declare");
        names.retain(|name| !below.contains(name));
        wrong.extend(names.iter().map(|name| format!("{path}: {part} must not use {name}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn scan_finds_what_it_looks_for() {
    let text =
        "use crate::harness::X;\n// crate::redox\nfn f() -> crate::Error { $crate::model::y }";
    assert_eq!(used(text), ["harness", "error", "model"]);
    let text = "use super::a;\n#[cfg(test)]\nmod tests {\nuse super::super::b;\n}";
    assert!(climbs_out(text, 1) && !climbs_out(text, 2));
}

#[test]
fn one_file_names_reqwest() {
    let sources = sources().into_iter().filter(|(path, text)| {
        text.contains("reqwest::") && !path.to_string_lossy().ends_with("_tests.rs")
    });
    let naming: Vec<_> = sources.map(|(path, _)| path).collect();
    let only = matches!(&naming[..], [one] if one.ends_with("transport/http_client.rs"));
    assert!(only, "{naming:?}");
}
