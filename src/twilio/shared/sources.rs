//! The sources of a snapshot of a service.

use super::{Place, ServiceSid, channel_scope, service_scope};
use crate::access::{Covers, ReadAssignments, Scope, Source, Vendor};
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
fn named_channel(sid: &str, name: Option<String>, service: &Scope) -> Scope {
    Scope { name, ..channel_scope(Some(&sid), service.clone()) }
}

/// Who has a role over one scope.
fn source(transport: &Transport, scope: Scope, holders: &dyn ReadAssignments) -> Source {
    let covers = Covers::new(Vendor::Twilio, scope.clone());
    let assignments = holders.read_assignments().map(move |mut held| {
        // Each of its fields may be null in the response.
        held.scope = scope.clone();
        held
    });
    Source::new(covers, assignments).read_by(transport)
}

/// What of a service is enumerated.
fn enumeration(transport: &Transport, what: &str, scope: &Scope, sources: Items<Source>) -> Source {
    let name = format!("{} {what} of {scope}", Vendor::Twilio);
    Source::enumeration(Vendor::Twilio, name, sources).read_by(transport)
}

/// The sources of one service, with what reading it first says: the account that it belongs to, and its
/// name.
pub(in crate::twilio) fn of_service(
    transport: &Transport,
    place: &Place,
    what: &str,
    account_and_name: Items<(Option<AccountSid>, Option<String>)>,
    parts: impl Fn(&Scope) -> [Source; 2] + Send + 'static,
) -> Vec<Source> {
    let sid = place.sid();
    let scope = named_scope(None, sid.as_ref(), None);
    let sources = account_and_name
        .flat_map(move |(account, name)| parts(&named_scope(account.as_ref(), sid.as_ref(), name)));
    vec![enumeration(transport, what, &scope, sources)]
}

/// The two parts of a service: its users, and the members of each of its channels, given by SID and name.
pub(in crate::twilio) fn parts<M: ReadAssignments>(
    transport: &Transport,
    service: &Scope,
    users: &dyn ReadAssignments,
    what: &str,
    channels: Items<(String, Option<String>)>,
    members: impl Fn(&str) -> M + Send + 'static,
) -> [Source; 2] {
    let (read_by, within) = (transport.clone(), service.clone());
    let channels = channels.map(move |(sid, name)| {
        source(&read_by, named_channel(&sid, name, &within), &members(&sid))
    });
    let users = source(transport, service.clone(), users);
    [users, enumeration(transport, what, service, channels)]
}
