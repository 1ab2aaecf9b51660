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
/// [`RoleAssignments`](super::RoleAssignments), [`Roles`](super::Roles),
/// [`ResourceGroups`](super::ResourceGroups), [`Organizations`](super::Organizations) and
/// [`Projects`](super::Projects) document the particulars of each, with an example.
///
/// In the paths below, `{scope}` is `/v1`, `/v1/orgs/{org}` or `/v1/orgs/{org}/projects/{project}`, and
/// `{resources}` is `role-assignments`, `roles`, `resource-groups`, `orgs` or `projects`.
///
/// [`Error::service`](crate::Error::service) returns what the service sent, as a
/// [`ServiceError`](super::ServiceError).
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
    /// Lists the collection, including Harness's own roles and resource groups: `GET
    /// {scope}/{resources}` (*documented*). The response is a bare array, with the total in the
    /// header `X-Total-Elements`.
    ///
    /// # Pages
    /// By default the client asks for items sorted by identifier. A page has 30 by default, and at
    /// most 100. In the service's own default order (last changed first) an update would move an item
    /// to another page (*observed*).
    ///
    /// The list ends at the total that the service reports, or, if it reports none, at the first page
    /// that is not full.
    ///
    /// Pages are numbered, so changes that are made while the list is being read, or before it is
    /// resumed, shift its items: if an item is created on an earlier page, the list repeats an item;
    /// if one is deleted there, the list skips one.
    pub fn list(&self) -> List<ListInScope<T>> {
        self.scope.transport.list(ListInScope::new(self.scope.place.clone()))
    }

    /// Gets an item: `GET {scope}/{resources}/{identifier}` (*documented*).
    ///
    /// # Errors
    /// If the item does not exist, the kind of the error depends on the resource:
    ///
    /// * A role assignment: [`ErrorKind::NotFound`](crate::ErrorKind::NotFound). The service sends 400
    ///   `RESOURCE_NOT_FOUND_EXCEPTION` (*observed*) or 404.
    /// * A role or a resource group: [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest).
    ///   The service sends 400 `INVALID_REQUEST` (*observed*), as it does for other wrong input;
    ///   [`list`](Self::list) shows whether the item exists.
    /// * An organization or a project: unknown.
    pub fn get(&self, identifier: impl TryInto<AnyIdentifier, Error: Into<Error>>) -> Call<T> {
        self.scope.transport.call(&Get::new(&self.scope.place, &arg(identifier)))
    }
}

impl<T: Endpoints> Resources<T> {
    /// Creates an item: `POST {scope}/{resources}`, 201 (*documented*).
    ///
    /// Not retried when its outcome is unknown.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest), before anything is sent, if
    /// `new` breaks a rule of its type ([`NewRoleAssignment`](super::NewRoleAssignment),
    /// [`NewRole`](super::NewRole), [`NewResourceGroup`](super::NewResourceGroup)).
    ///
    /// For a duplicate, according to the server's source (*observed*), the service sent 400
    /// `DUPLICATE_FIELD` until December 2023, which is
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists); since then it sends 500
    /// `UNKNOWN_ERROR`, which is [`ErrorKind::Server`](crate::ErrorKind::Server) with an unknown
    /// outcome. [`ensure`](Self::ensure) resolves it.
    pub fn create(&self, new: &T::New) -> Call<T> {
        self.scope.transport.call(&Create { place: &self.scope.place, new })
    }

    /// Ensures that an item exists: gets the item with the desired identifier, and creates it if
    /// there is none. If the create is refused as a duplicate or its outcome is unknown, it looks
    /// again, by the identifier and then in the list. If the API key lacks the permission to read, it
    /// creates without looking first. Called again with the same request, it finds the item that it
    /// created, and creates nothing. (If the service adds permissions to a role, name them with
    /// [`NewRole::tolerate`](super::NewRole::tolerate); otherwise the role does not match.)
    ///
    /// The docs of [`RoleAssignments`](super::RoleAssignments), [`Roles`](super::Roles) and
    /// [`ResourceGroups`](super::ResourceGroups) say which existing item *matches* the request. If an
    /// item has the identifier and does not match, nothing is changed.
    ///
    /// Of two concurrent calls one creates the item and the other finds it. An identifier is unique
    /// in its scope, so a create that is repeated after an unknown outcome cannot create a second
    /// item (*observed* for role assignments, inferred for the others).
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) with a [`Mismatch<T::New,
    /// T>`](crate::Mismatch) if an existing item keeps the new one from being created (for example,
    /// because it has the same identifier) and does not match the request; otherwise those of
    /// [`create`](Self::create), [`get`](Self::get) and [`list`](Self::list).
    pub fn ensure(&self, new: &T::New) -> Call<Ensured<T>> {
        let desired = EnsurePresent { resources: self.clone(), new: new.clone() };
        self.scope.transport.ensure(desired)
    }

    /// Deletes an item and returns the deleted item: `DELETE {scope}/{resources}/{identifier}`, 200
    /// (*documented*).
    ///
    /// Retried after transient failures. The service may refuse a retry because the first attempt
    /// deleted the item. The client cannot return the deleted item then, so it does not take that
    /// refusal for a success: the call ends in an error whose [effect](crate::Error::effect) is
    /// unknown; [`ensure_absent`](Self::ensure_absent) reconciles it.
    ///
    /// # Errors
    /// As for [`get`](Self::get) if it does not exist;
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) (400 `INVALID_REQUEST`,
    /// *observed*) for an item that Harness manages, and for the assignment of the last account
    /// admin.
    pub fn delete(&self, identifier: impl TryInto<AnyIdentifier, Error: Into<Error>>) -> Call<T> {
        self.scope.transport.call(&Delete::new(&self.scope.place, &arg(identifier)))
    }

    /// Ensures that no item has this identifier: deletes it, and reads if the response is
    /// inconclusive. Of two concurrent calls one deletes the item and the other finds it absent.
    ///
    /// For a role assignment, 400 `RESOURCE_NOT_FOUND_EXCEPTION` (*observed*) means that it is
    /// absent. A 404 `RESOURCE_NOT_FOUND` or `ENTITY_NOT_FOUND` (404 is *documented*) may be about
    /// the organization, the project or the path, and for roles and resource groups "not found" and
    /// "managed" have the same code. In these cases the client gets the item and, if that is
    /// refused in the same way, searches the list of its scope.
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete), except for an item that does not exist, and those of
    /// [`get`](Self::get) and [`list`](Self::list).
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
    /// (*documented*). The identifier in the path is that of `new`, since the service requires both
    /// to be equal (*documented* for roles).
    ///
    /// Fields that `new` does not set are left out of the request. A PUT is idempotent, so it is
    /// retried after transient failures; it overwrites what others changed since you read the item. To
    /// change an existing item, start from [`Role::to_new`](super::Role::to_new) or
    /// [`ResourceGroup::to_new`](super::ResourceGroup::to_new).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) as for
    /// [`create`](Self::create), and for an item that does not exist or that Harness manages (both
    /// 400 `INVALID_REQUEST`, *observed*).
    pub fn update(&self, new: &T::New) -> Call<T> {
        self.scope.transport.call(&Update { place: &self.scope.place, new })
    }
}
