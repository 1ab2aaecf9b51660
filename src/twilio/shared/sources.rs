//! The sources of a snapshot of a service.

use super::{ServiceSid, service_scope};
use crate::access::{Covers, ReadAssignments, Scope, ScopeKind, Source, Vendor};
use crate::transport::{Items, Transport};
use crate::twilio::AccountSid;

/// A service by its name, in the account that it belongs to.
pub(in crate::twilio) fn named_scope(
    account: Option<&AccountSid>,
    service: Option<&ServiceSid>,
    name: Option<String>,
) -> Scope {
    Scope { name, ..service_scope(account, service) }
}

/// A channel or a conversation by its name, in a service.
pub(in crate::twilio) fn named_channel(sid: &str, name: Option<String>, service: &Scope) -> Scope {
    Scope { name, ..Scope::new(ScopeKind::Channel, sid) }.within(service.clone())
}

/// Who has a role over one scope.
pub(in crate::twilio) fn source(
    transport: &Transport,
    scope: Scope,
    holders: &dyn ReadAssignments,
) -> Source {
    let covers = Covers::new(Vendor::Twilio, scope.clone());
    let assignments = holders.read_assignments().map(move |mut held| {
        // Each of its fields may be null in the response.
        held.scope = scope.clone();
        held
    });
    Source::new(covers, assignments).read_by(transport)
}

/// What of a service is enumerated.
pub(in crate::twilio) fn enumeration(
    transport: &Transport,
    what: &str,
    scope: &Scope,
    sources: Items<Source>,
) -> Source {
    let name = format!("{} {what} of {scope}", Vendor::Twilio);
    Source::enumeration(Vendor::Twilio, name, sources).read_by(transport)
}
