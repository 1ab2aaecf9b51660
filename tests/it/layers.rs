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

pub(crate) fn below_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The files in a folder and the folders in it.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the entry can be read").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The files, each with its modules from the part it belongs to: a folder, or the file itself.
fn sources() -> Vec<(Vec<String>, PathBuf, String)> {
    let root = below_root("src");
    let mut found = files(&root);
    found.retain(|path| path.extension().is_some_and(|ending| ending == "rs"));
    assert!(found.len() > 30, "the sources were found");
    let with_text = found.into_iter().map(|path| {
        let text = fs::read_to_string(&path).expect("the file can be read");
        let inside = path.strip_prefix(&root).expect("it is below src").with_extension("");
        let names = inside.iter().map(|name| name.to_string_lossy().into_owned());
        (names.filter(|name| name != "mod").collect(), path, text)
    });
    with_text.collect()
}

/// A file's code, and its unit tests.
fn split(text: &str) -> (&str, &str) {
    text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((text, ""))
}

/// The parts whose names follow `crate::` in a file's code.
fn used(text: &str) -> Vec<&str> {
    let code = split(text).0.lines().filter(|line| !line.trim_start().starts_with("//"));
    let paths = code.flat_map(|line| line.split("crate::").skip(1));
    let names =
        paths.filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
    let names = names.filter(|name| !name.is_empty());
    let of = |name| ROOT.iter().find(|(own, _)| *own == name);
    names.map(|name| of(name).map_or(name, |(_, part)| part)).collect()
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
    for (modules, path, text) in sources() {
        let (part, path) = (&modules[0], path.display());
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
        names.retain(|name| name != part && *name != "declare" && !below.contains(name));
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
    let mut naming: Vec<_> = sources();
    naming.retain(|(_, _, text)| text.contains("reqwest::"));
    let mut naming: Vec<_> = naming.into_iter().map(|(modules, ..)| modules.join("/")).collect();
    naming.retain(|path| !path.ends_with("_tests"));
    assert_eq!(naming, ["transport/http_client"]);
}
