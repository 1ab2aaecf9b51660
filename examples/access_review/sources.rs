//! The sources to read: from a TOML file, or all.

use std::error::Error;
use std::path::Path;

use rolecall::access::Source;
use rolecall::{Deepset, Harness, Redox, TwilioChat, TwilioConversations, TwilioIam};
use serde::Deserialize;

type Sources = Result<Vec<Source>, Box<dyn Error>>;

/// The file: a list of `[[source]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(tag = "service", rename_all = "snake_case", deny_unknown_fields)]
enum Entry {
    /// An organization and its accounts.
    TwilioIam { organization: String },
    /// The users of a service, and the members of its channels.
    TwilioChat { chat_service: String },
    /// All services of the account, or one; those of Chat among them.
    TwilioConversations { chat_service: Option<String> },
    /// The account, an organization or a project; with `below`, all that is in it too.
    Harness {
        org: Option<String>,
        project: Option<String>,
        #[serde(default)]
        below: bool,
    },
    /// An organization and its environments.
    Redox { organization: String },
    /// The organization of the API key.
    Deepset {},
}

/// Reads the file. A source that cannot be set up, for want of a variable say, is an error.
pub(super) fn from_file(path: &Path) -> Sources {
    let named = |error: &dyn Error| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| named(&error))?;
    let file: File = toml::from_str(&text).map_err(|error| named(&error))?;
    let mut sources = Vec::new();
    for entry in file.source {
        sources.extend(match entry {
            Entry::TwilioIam { organization } => {
                TwilioIam::from_env()?.organization(&*organization).sources()
            }
            Entry::TwilioChat { chat_service } => {
                TwilioChat::from_env()?.service(&*chat_service).sources()
            }
            Entry::TwilioConversations { chat_service } => {
                let conversations = TwilioConversations::from_env()?;
                match chat_service {
                    Some(service) => conversations.service(&*service).sources(),
                    None => conversations.sources(),
                }
            }
            Entry::Harness { org, project, below } => {
                let harness = Harness::from_env()?;
                let scope = match (org, project) {
                    (None, None) => harness.account(),
                    (Some(org), None) => harness.org(&*org),
                    (Some(org), Some(project)) => harness.org(&*org).project(&*project),
                    (None, Some(_)) => return Err("source: a project needs its org".into()),
                };
                if below { scope.sources_below() } else { scope.sources() }
            }
            Entry::Redox { organization } => {
                Redox::from_env()?.organization(&*organization).sources()
            }
            Entry::Deepset {} => Deepset::from_env()?.sources(),
        });
    }
    Ok(sources)
}

/// Everything that can be enumerated at each service whose credentials are in the environment.
pub(super) fn everything() -> Sources {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let needed = |name: &str| variable(name).ok_or_else(|| format!("{name}: is not set"));
    let mut sources = Vec::new();
    if variable("TWILIO_CLIENT_ID").is_some() {
        let organization = needed("TWILIO_ORGANIZATION_SID")?;
        sources.extend(TwilioIam::from_env()?.organization(&*organization).sources());
    }
    if variable("TWILIO_API_KEY").or(variable("TWILIO_AUTH_TOKEN")).is_some() {
        sources.extend(TwilioConversations::from_env()?.sources());
    }
    if variable("HARNESS_API_KEY").is_some() {
        sources.extend(Harness::from_env()?.sources());
    }
    if variable("REDOX_API_TOKEN").or(variable("REDOX_CLIENT_ID")).is_some() {
        let organization = needed("REDOX_ORGANIZATION_ID")?;
        sources.extend(Redox::from_env()?.organization(&*organization).sources());
    }
    if variable("DEEPSET_API_KEY").is_some() {
        sources.extend(Deepset::from_env()?.sources());
    }
    if sources.is_empty() {
        return Err("no credentials of any service are in the environment".into());
    }
    Ok(sources)
}
