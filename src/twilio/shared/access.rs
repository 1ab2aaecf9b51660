//! Users, members and participants in the shared vocabulary of [`crate::access`].

use super::{Holder, Identity, Lists, Resources, ServiceSid};
use crate::access::{
    Assignment, Principal, PrincipalKind, ReadAssignments, Scope, ScopeKind, Vendor,
};
use crate::transport::{Items, Position};
use crate::twilio::{AccountSid, canonical};

/// The native value is the user, the member or the participant. A principal without an identity is of
/// kind `address`, with the address of its messaging binding, or of kind `sid`, since an identity may
/// be any text. SIDs are written with small digits, since their case does not tell them apart.
impl<P: Lists<T>, T: Holder> ReadAssignments for Resources<P, T> {
    fn read_assignments_from(&self, position: Option<&Position>) -> Items<Assignment> {
        self.list().from(position).items().map(|holder: T| {
            let mut shared = Assignment::new(Vendor::Twilio).with_native(holder.clone());
            shared.id = holder.sid().map(canonical);
            shared.principal = holder.principal();
            if let (None, Some(sid)) = (&shared.principal.id, &shared.id) {
                shared.principal = Principal::new("sid", sid);
            }
            shared.role.id = holder.role_sid().map(|sid| canonical(sid.as_str()));
            shared.scope = holder.scope();
            shared
        })
    }
}

/// A person, by the identity that names the same one in all of a service.
pub(in crate::twilio) fn person(identity: Option<&Identity>, name: Option<&String>) -> Principal {
    let mut person = Principal { kind: Some(PrincipalKind::User), ..Principal::default() };
    (person.id, person.name) = (identity.map(|identity| identity.to_string()), name.cloned());
    person
}

/// A service, in the account that it belongs to.
pub(in crate::twilio) fn service_scope(
    account: Option<&AccountSid>,
    service: Option<&ServiceSid>,
) -> Scope {
    let scope = scope(ScopeKind::ChatService, service);
    match account {
        Some(account) => scope.within(Scope::new(ScopeKind::Account, canonical(account.as_str()))),
        None => scope,
    }
}

/// A channel or a conversation, in a service.
pub(in crate::twilio) fn channel_scope(channel: Option<&impl AsRef<str>>, service: Scope) -> Scope {
    scope(ScopeKind::Channel, channel).within(service)
}

fn scope(kind: ScopeKind, id: Option<&impl AsRef<str>>) -> Scope {
    let mut scope = Scope::default();
    (scope.kind, scope.id) = (Some(kind), id.map(|sid| canonical(sid.as_ref())));
    scope
}
