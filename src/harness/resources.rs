//! `{scope}/role-assignments`, `{scope}/roles`, `{scope}/resource-groups`, organizations, projects: the
//! calls of one scope.

use std::marker::PhantomData;

use super::AnyIdentifier;
use super::ensure::{EnsureAbsent, EnsurePresent};
use super::list::ListInScope;
use super::resource::{Create, Delete, Endpoints, Get, Readable, Updatable, Update};
use super::scope::Scope;
use crate::error::Error;
use crate::model::arg;
use crate::transport::{Call, Ensured, EnsuredAbsent, List};

/// The role assignments, roles, resource groups, organizations or projects in one scope.
/// `{resources}` stands for their paths; [`RoleAssignments`](super::RoleAssignments),
/// [`Roles`](super::Roles), [`ResourceGroups`](super::ResourceGroups),
/// [`Organizations`](super::Organizations) and [`Projects`](super::Projects) say what is particular to
/// each, with an example.
///
/// Errors carry the service's own as [`ServiceError`](super::ServiceError).
#[derive(Clone, Debug)]
#[must_use]
pub struct Resources<T> {
    pub(super) scope: Scope,
    resource: PhantomData<fn() -> T>,
}

impl<T> Resources<T> {
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope, resource: PhantomData }
    }
}

impl<T: Readable> Resources<T> {
    /// Lists them, Harness's own roles and resource groups among them: `GET {scope}/{resources}`
    /// (*documented*), a bare array, with the total in the header `X-Total-Elements`.
    ///
    /// # Pages
    /// Items are in the order of their identifiers, 30 a page, at most 100. (The service's own
    /// order, last changed first, shifts under writes and would skip or repeat rows, *observed*.)
    /// The list ends by the total that the service names, or without one on a page that is not
    /// full.
    ///
    /// A [`Position`](crate::Position) is a page number and a place in the page: a row that is
    /// created or deleted before it in the meantime shifts it by one.
    pub fn list(&self) -> List<ListInScope<T>> {
        self.scope.transport.list(ListInScope::new(self.scope.place.clone()))
    }

    /// Gets one: `GET {scope}/{resources}/{identifier}` (*documented*).
    ///
    /// # Errors
    /// For a role assignment that does not exist,
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound): 400 `RESOURCE_NOT_FOUND_EXCEPTION`
    /// (*observed*) or 404. For a role or a resource group,
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) like other wrong input: 400
    /// `INVALID_REQUEST` (*observed*), which only the list tells apart. For an organization or a
    /// project the code is not known.
    pub fn get(&self, identifier: impl TryInto<AnyIdentifier, Error: Into<Error>>) -> Call<T> {
        self.scope.transport.call(&Get::new(&self.scope.place, &arg(identifier)))
    }
}

impl<T: Endpoints> Resources<T> {
    /// Creates one: `POST {scope}/{resources}`, 201 (*documented*).
    ///
    /// Not retried when its outcome is unknown.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest), before anything is sent, if
    /// it breaks a rule of its type ([`NewRoleAssignment`](super::NewRoleAssignment),
    /// [`NewRole`](super::NewRole), [`NewResourceGroup`](super::NewResourceGroup)).
    ///
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) for a duplicate that the
    /// service refuses with 400 `DUPLICATE_FIELD`. By later server source a duplicate is 500
    /// `UNKNOWN_ERROR` (*observed*): that is [`ErrorKind::Server`](crate::ErrorKind::Server) with
    /// an unknown outcome. The service's code decides about permission, authentication and rate
    /// limits.
    pub fn create(&self, new: &T::New) -> Call<T> {
        self.scope.transport.call(&Create { place: &self.scope.place, new })
    }

    /// Ensures that one exists: gets the one under the desired identifier, creates it if there is
    /// none, and reconciles by reading where the create was refused as a duplicate (under any of
    /// its codes) or its outcome is unknown. Only then the whole list is read. Where the caller may
    /// not read, it creates at once. Called again with the same request, it finds what it created,
    /// and creates nothing.
    ///
    /// What *matches* is said at [`RoleAssignments`](super::RoleAssignments),
    /// [`Roles`](super::Roles) and [`ResourceGroups`](super::ResourceGroups). Anything else under
    /// the identifier is a
    /// *mismatch*; nothing is changed then.
    ///
    /// Of two callers at once one creates and the other finds. An identifier names one thing in its
    /// scope, so that a create that is repeated after an unknown outcome cannot make a second one
    /// (*observed* for role assignments, inferred for the others).
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) with a
    /// [`Mismatch<T::New, T>`](crate::Mismatch) where something else exists; else those of
    /// [`create`](Self::create), [`get`](Self::get) and [`list`](Self::list).
    pub fn ensure(&self, new: &T::New) -> Call<Ensured<T>> {
        let desired = EnsurePresent { resources: self.clone(), new: new.clone() };
        self.scope.transport.ensure(desired)
    }

    /// Deletes one, and returns what was deleted: `DELETE {scope}/{resources}/{identifier}`, 200
    /// (*documented*).
    ///
    /// It is retried after transient failures. A repeated request may be refused as one for
    /// something that does not exist, because of its own first attempt. There is no deleted object
    /// to return then, so that this stays an error whose [effect](crate::Error::effect) is unknown;
    /// [`ensure_absent`](Self::ensure_absent) reconciles it.
    ///
    /// # Errors
    /// As for [`get`](Self::get) if it does not exist;
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) (400 `INVALID_REQUEST`,
    /// *observed*) for what Harness manages, and for the assignment of the last account admin.
    pub fn delete(&self, identifier: impl TryInto<AnyIdentifier, Error: Into<Error>>) -> Call<T> {
        self.scope.transport.call(&Delete::new(&self.scope.place, &arg(identifier)))
    }

    /// Ensures that none has this identifier: deletes it, and reconciles by reading where the
    /// response leaves that open. Of two callers at once one deletes, and the other finds it
    /// absent.
    ///
    /// For a role assignment 400 `RESOURCE_NOT_FOUND_EXCEPTION` (*observed*) says that it is
    /// absent. A 404 `RESOURCE_NOT_FOUND` or `ENTITY_NOT_FOUND` (404 is *documented*) may be about
    /// organization, project or path too, and for roles and resource groups "not found" and
    /// "managed" have one code. The client gets the resource then, and where that is refused in the
    /// same way, looks for it in the list of its scope.
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete) while it exists, and those of [`get`](Self::get) and
    /// [`list`](Self::list).
    pub fn ensure_absent(
        &self,
        identifier: impl TryInto<AnyIdentifier, Error: Into<Error>>,
    ) -> Call<EnsuredAbsent> {
        let unwanted = EnsureAbsent { resources: self.clone(), identifier: arg(identifier) };
        self.scope.transport.ensure_absent(unwanted)
    }
}

impl<T: Updatable> Resources<T> {
    /// Replaces a role or a resource group: `PUT {scope}/{resources}/{identifier}`, 200
    /// (*documented*). The identifier in the path is that of `new`, since the service insists that
    /// both are equal (*documented* for roles).
    ///
    /// What `new` does not set is left out of the request. A PUT is idempotent, so it is retried
    /// after transient failures; it overwrites what others changed in between. To change what was
    /// read, start from [`Role::to_new`](super::Role::to_new) or
    /// [`ResourceGroup::to_new`](super::ResourceGroup::to_new).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) as for
    /// [`create`](Self::create), and for what does not exist or Harness manages (both 400
    /// `INVALID_REQUEST`, *observed*).
    pub fn update(&self, new: &T::New) -> Call<T> {
        self.scope.transport.call(&Update { place: &self.scope.place, new })
    }
}
