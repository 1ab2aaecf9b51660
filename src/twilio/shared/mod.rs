//! The common parts of Chat and Conversations: two products over the same data.
//!
//! A product declares its endpoints for each kind of thing ([`Lists`], [`Keeps`], [`Grants`]); the
//! methods, operations, requests and responses are here.

mod access;
mod change_permissions;
mod credentials;
mod declare;
mod grant;
#[cfg(test)]
mod grant_tests;
mod keys;
mod operations;
mod place;
mod resources;
mod roles;
mod sources;
mod users;

use std::fmt;

use http::Method;
use serde::de::DeserializeOwned;

use super::error::ErrorCode;
use crate::access::{Principal, Scope};
use crate::error::Error;
use crate::operation::{Body, Operation, Service, Spec};
use crate::transport::{BoxFuture, Session, Transport};

pub(super) use access::{channel_scope, person, service_scope};
pub(super) use declare::{form, product, thing};
pub(super) use operations::{Request, decode_thing, service_operations};
pub(super) use place::Place;
pub(super) use sources::{named_scope, of_service, parts};

pub use change_permissions::PermissionsChanged;
pub use credentials::{ApiKeySid, Credentials};
pub use grant::RevokedRole;
pub use keys::{Identity, RoleSid, ServiceSid, UserKey};
pub(super) use keys::{check_text as check_key, key};
pub use operations::{ListOf, PageOf};
pub use resources::Resources;
pub(super) use roles::KeepsRoles;
pub use roles::{NewRole, Role, RoleType};
pub use users::{NewUser, User, UserUpdate};

/// An item of a product. It has no use outside this crate.
pub trait Thing: DeserializeOwned + Clone + fmt::Debug + Send + Sync + 'static {
    /// The field of a list's response that holds them.
    const LIST_KEY: &'static str;
    /// The fields of which each has one at least.
    const KNOWN_BY: &'static str;

    /// The first of those fields that it has.
    fn id(&self) -> Option<&str>;

    /// A text that identifies the item in a list.
    fn key(&self) -> String;
}

/// An item that can be read, created and deleted. It has no use outside this crate.
pub trait Kept: Thing {
    /// The request that creates it.
    type New: Form;
    /// The key of reads.
    type Key: AsRef<str>;
    /// The key of changes and deletes.
    type WriteKey: AsRef<str> + for<'a> TryFrom<&'a str, Error = Error>;
    /// The codes that say that this item was not found.
    const NOT_FOUND: &'static [ErrorCode];
}

/// A holder of a role. It has no use outside this crate.
pub trait Holder: Kept {
    /// The request that updates it.
    type Update: Form;
    /// The kind of role that it has.
    const ROLE: DefaultRole;

    fn sid(&self) -> Option<&str>;

    fn role_sid(&self) -> Option<&RoleSid>;

    /// Who it is, in the shared vocabulary.
    fn principal(&self) -> Principal;

    /// The scope of the role, in the shared vocabulary.
    fn scope(&self) -> Scope;

    /// Sets only the role.
    fn update_of_role(role: &RoleSid) -> Self::Update;
}

/// Which of a service's default roles a holder gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultRole {
    Service,
    Channel,
}

/// The body of a request: pairs of a form. It has no use outside this crate.
pub trait Form: Clone + fmt::Debug + Send + Sync + 'static {
    fn pairs(&self) -> Vec<(&'static str, &str)>;

    /// # Errors
    /// An invalid-request error that names the field and the rule.
    fn body(&self) -> Result<Body, Error> {
        let pairs = self.pairs();
        if pairs.is_empty() {
            return Err(Error::invalid("update", "must set at least one field"));
        }
        let attributes = pairs.iter().find(|(name, _)| *name == "Attributes");
        if attributes.is_some_and(|(_, text)| !is_json(text)) {
            return Err(Error::invalid("Attributes", "must be JSON"));
        }
        Body::form(&pairs)
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Reads for a call that makes several requests. It has no use outside this crate.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    transport: &'a Transport,
    session: &'a Session,
}

impl Reader<'_> {
    /// # Errors
    /// That of the call.
    pub(super) async fn read<O: Operation>(self, operation: &O) -> Result<O::Output, Error> {
        self.session.send(self.transport.call(operation)).await
    }
}

/// A product whose services have default roles. It has no use outside this crate.
pub trait Product: Service + Clone + fmt::Debug + Sized {
    /// Reads the default role of the service at this place.
    fn default_role<'a>(
        reader: Reader<'a>,
        place: &'a Place,
        which: DefaultRole,
    ) -> BoxFuture<'a, Result<Option<RoleSid>, Error>>;
}

/// How a product lists a thing. It has no use outside this crate.
pub trait Lists<T>: Product {
    const LIST: Spec;
    /// The largest page.
    const MOST: u32;
    /// The query parameters of every list.
    const FILTERS: &'static [(&'static str, &'static str)] = &[];
}

/// How a product reads, creates and deletes a thing. It has no use outside this crate.
pub trait Keeps<T: Kept>: Lists<T> {
    const GET: Spec;
    const CREATE: Spec;
    const DELETE: Spec;
    /// The methods of the requests that may fire webhooks.
    const WEBHOOKS: &'static [Method] = &[];
    /// Whether a create may have taken effect although it was refused with 404.
    const MAY_CREATE_UNDER_404: bool = false;

    /// # Errors
    /// An invalid-request error for what this product does not take.
    fn check(new: &T::New) -> Result<(), Error> {
        let _ = new;
        Ok(())
    }
}

/// How a product changes the role of a holder. It has no use outside this crate.
pub trait Grants<T: Holder>: Keeps<T> {
    const UPDATE: Spec;
    const SET_ROLE: Spec;
    const ENSURE_ROLE: &'static str;
    const REVOKE_ROLE: &'static str;
}
