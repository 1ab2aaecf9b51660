//! Pages that are derived from the code or refer to it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use crate::layers::below_root;
use crate::requests::examples;

/// `docs/calls.md`, from the registry. With the variable `WRITE_DOCS` set, this test writes it.
#[test]
fn the_page_of_calls_is_up_to_date() {
    let mut page = String::from(
        "# Calls\n\n\
         Every request that the crate can make. A test derives this page from the registry of\n\
         endpoints (`tests/it/registry`), and writes it where `WRITE_DOCS=1` is set.\n\n\
         *Documented*: the vendor's pages say so. *Observed*: seen in public sources. *Inferred*: it\n\
         follows from its neighbours; the docs of such a method say so under \"Undocumented\". Nothing\n\
         here was checked against a live service.\n\n\
         | operation | request | mark | success | idempotency | method | fixture |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let mut seen = BTreeSet::new();
    for endpoint in examples().iter().filter(|it| seen.insert(it.name())) {
        let spec = endpoint.spec;
        let paths: Vec<_> =
            spec.paths().iter().map(|path| format!("`{} {path}`", spec.method())).collect();
        let statuses: Vec<_> = endpoint.success().iter().map(u16::to_string).collect();
        writeln!(
            page,
            "| `{}` | {} | {} | {} | {:?} | `{}` | `{}` |",
            endpoint.name(),
            paths.join(", "),
            endpoint.mark,
            statuses.join(", "),
            endpoint.idempotency(),
            endpoint.method,
            endpoint.request,
        )
        .expect("it is text");
    }
    page.push_str(
        "\nBeside these, the clients fetch access tokens by themselves: Twilio Organizations by\n\
         `POST https://oauth.twilio.com/v2/token` (documented), Redox with an API key by\n\
         `POST https://api.redoxengine.com/v2/auth/token` (documented; its claims observed). `ensure` and\n\
         `ensure_absent` are made of the calls above.\n",
    );
    let path = below_root("docs/calls.md");
    if std::env::var_os("WRITE_DOCS").is_some() {
        fs::write(&path, &page).expect("it can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/calls.md differs: run `WRITE_DOCS=1 cargo test --test it page_of_calls`"
    );
}

/// `SECURITY.md` names the tests that show what it says.
#[test]
fn every_test_that_the_security_page_names_exists() {
    let page = fs::read_to_string(below_root("SECURITY.md")).expect("it is there");
    let spans = page.split('`').skip(1).step_by(2);
    let mut named = 0;
    for (path, name) in spans.filter_map(|span| span.split_once(".rs::")) {
        let source = fs::read_to_string(below_root(&format!("{path}.rs"))).unwrap_or_default();
        assert!(source.contains(&format!("fn {name}")), "{path}.rs has no {name}");
        named += 1;
    }
    assert!(named > 20, "the tests were found: {named}");
}
