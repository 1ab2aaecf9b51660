//! An assignment as a row of texts: for tables, and to say which fields changed.

use std::borrow::Cow;
use std::fmt::Write;

use super::model::first;
use super::{Assignment, Principal, PrincipalKind, Scope, ScopeKind};
use crate::error::acts_on_display;

/// A column: its name, whether it is part of what is granted, and its text.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) grants: bool,
    pub(super) text: fn(&Assignment) -> Option<Cow<'_, str>>,
}

macro_rules! columns {
    ($($name:literal $kind:ident |$of:ident| $text:expr;)+) => {
        &[$(Column {
            name: $name,
            grants: columns!(@$kind),
            text: |$of| $text,
        }),+]
    };
    (@grants) => { true };
    (@about) => { false };
}

/// All of them, in the order of a row.
pub(super) const COLUMNS: &[Column] = columns! {
    "vendor" grants |it| Some(it.vendor.as_str().into());
    "scope_kind" grants |it| it.scope.kind.as_ref().map(|kind| kind.as_str().into());
    "scope_id" grants |it| text(&it.scope.id);
    "scope_name" grants |it| text(&it.scope.name);
    "scope_path" grants |it| Some(path(&it.scope).into());
    "principal_kind" grants |it| it.principal.kind.as_ref().map(|kind| kind.as_str().into());
    "principal_id" grants |it| text(&it.principal.id);
    "principal_name" grants |it| text(&it.principal.name);
    "principal_email" grants |it| text(&it.principal.email);
    "principal_level" grants |it| text(&it.principal.level);
    "role_id" grants |it| text(&it.role.id);
    "role_name" grants |it| text(&it.role.name);
    "role_level" grants |it| text(&it.role.level);
    "role_custom" about |it| flag(it.role.custom);
    "resource_group" grants |it| text(&it.restriction.resource_group);
    "resource_type" grants |it| text(&it.restriction.resource_type);
    "resource_id" grants |it| text(&it.restriction.resource_id);
    "via_kind" grants |it| Some(it.via.as_ref()?.kind.as_ref()?.as_str().into());
    "via_id" grants |it| text(&it.via.as_ref()?.id);
    "via_name" grants |it| text(&it.via.as_ref()?.name);
    "via_email" grants |it| text(&it.via.as_ref()?.email);
    "via_level" grants |it| text(&it.via.as_ref()?.level);
    "disabled" grants |it| flag(Some(it.disabled));
    "managed" about |it| flag(it.managed);
    "id" about |it| text(&it.id);
    "created" about |it| Some(it.created.as_ref()?.as_str().into());
    "updated" about |it| Some(it.updated.as_ref()?.as_str().into());
};

fn text(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().filter(|text| !text.is_empty()).map(Cow::Borrowed)
}

fn flag(flag: Option<bool>) -> Option<Cow<'static, str>> {
    flag.map(|flag| if flag { "true" } else { "false" }.into())
}

/// The path of a scope, root first: `organization platform > project web`. A name stands in quotes
/// where there is no id. The characters of the format are escaped, so that two paths have two
/// texts.
pub(super) fn path(scope: &Scope) -> String {
    let mut text = match &scope.within {
        Some(outer) => path(outer) + " > ",
        None => String::new(),
    };
    escape(&mut text, scope.kind.as_ref().map_or("", ScopeKind::as_str), &[' ', '"']);
    match first([&scope.id, &scope.name]) {
        Some((0, id)) => {
            text.push(' ');
            escape(&mut text, id, &['"']);
        }
        Some((_, name)) => {
            text.push_str(" \"");
            escape(&mut text, name, &['"']);
            text.push('"');
        }
        None => {}
    }
    text
}

fn escape(to: &mut String, text: &str, more: &[char]) {
    for one in text.chars() {
        match one.is_control() || matches!(one, '%' | '>') || more.contains(&one) {
            true => {
                let _ = write!(to, "%{:02X}", u32::from(one));
            }
            false => to.push(one),
        }
    }
}

/// A principal for people: `user u-1 (Ada, ada@example.com)`.
pub(super) fn principal(principal: &Principal) -> String {
    let Principal { kind, id, name, email, level } = principal;
    let kind = kind.as_ref().map_or("principal", PrincipalKind::as_str);
    let mut text = match level {
        Some(level) => format!("{level} {kind}"),
        None => kind.to_owned(),
    };
    let mut texts = [id, name, email].into_iter().flatten().filter(|text| !text.is_empty());
    if let Some(first) = texts.next() {
        let _ = write!(text, " {first}");
    }
    let rest: Vec<_> = texts.map(String::as_str).collect();
    if !rest.is_empty() {
        let _ = write!(text, " ({})", rest.join(", "));
    }
    text
}

/// The role with its level and restriction, for people.
pub(super) fn role(it: &Assignment) -> String {
    let mut text = match (text(&it.role.name), text(&it.role.id)) {
        (Some(name), Some(id)) if name != id => format!("{name} ({id})"),
        (name, id) => name.or(id).unwrap_or("(no role)".into()).into_owned(),
    };
    let restriction = &it.restriction;
    for (word, part) in [
        ("resource group", &restriction.resource_group),
        ("resource type", &restriction.resource_type),
        ("resource", &restriction.resource_id),
    ] {
        if let Some(part) = self::text(part) {
            let _ = write!(text, ", {word} {part}");
        }
    }
    if let Some(via) = &it.via {
        let _ = write!(text, ", through {}", principal(via));
    }
    if it.disabled {
        text.push_str(", disabled");
    }
    text
}

/// A text whose line breaks, control characters and marks of direction are escaped, so that a name
/// cannot act on a terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|one| {
            let escaped = acts_on_display(one).then(|| one.escape_unicode());
            let plain = escaped.is_none().then_some(one);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}
