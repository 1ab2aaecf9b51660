//! Adds a role to a deepset organization.
//!
//! `cargo run --example deepset_add_role -- ORG-UUID auditor "May read files" files:read jobs:read`

mod support;

use std::process::ExitCode;

use rolecall::deepset::{NewRole, Permission, Role};
use rolecall::{Deepset, Error};

const USAGE: &str = "deepset_add_role ORG NAME DESCRIPTION ASSET:ACTION... \
    (environment: DEEPSET_API_KEY; optional: DEEPSET_BASE_URL)";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = support::arguments();
    let [org, name, description, first, more @ ..] = &arguments[..] else {
        return support::usage(USAGE);
    };
    let permissions = [first].into_iter().chain(more).map(|text| permission(text));
    let Some(permissions) = permissions.collect::<Option<Vec<_>>>() else {
        return support::usage(USAGE);
    };
    support::finish(add(org, &NewRole::new(name, description, permissions)).await)
}

fn permission(text: &str) -> Option<Permission> {
    let (asset, action) = text.split_once(':')?;
    // One that this crate does not list is left for the service to judge.
    Some(Permission::new(asset, action))
}

async fn add(org: &str, new: &NewRole) -> Result<Role, Error> {
    let organization = Deepset::from_env()?.organization(org);
    organization.roles().create(new).await
}
