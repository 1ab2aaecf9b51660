//! The methods of every collection.

use std::marker::PhantomData;

use super::operations::{Create, Delete, Fetch, SetRole, Update};
use super::{Form, Grants, Holder, Keeps, Kept, ListOf, Lists, Place, Request, RoleSid, Thing};
use crate::error::Error;
use crate::model::{Arg, arg};
use crate::operation::Body;
use crate::transport::{Call, List, Transport};

/// A collection of one kind of items in a service, a channel or a conversation. `{things}` stands
/// for its path. The alias that a handle returns (e.g. [`chat::Users`](crate::twilio::chat::Users))
/// names the path, describes what is particular to the collection, and has an example.
///
/// The vendor does not document error responses. Errors carry the service's own as
/// [`ServiceError`](crate::twilio::ServiceError), whose code decides the kind.
#[derive(Clone, Debug)]
#[must_use]
pub struct Resources<P, T> {
    pub(in crate::twilio) transport: Transport,
    pub(in crate::twilio) place: Place,
    webhooks: bool,
    kind: PhantomData<fn() -> (P, T)>,
}

impl<P, T> Resources<P, T> {
    pub(in crate::twilio) fn new(transport: &Transport, place: Place) -> Self {
        let transport = transport.clone();
        Self { transport, place, webhooks: false, kind: PhantomData }
    }

    /// A request about one item.
    pub(super) fn one<'a>(&'a self, id: &'a Arg<impl AsRef<str>>) -> Request<'a, P, T> {
        Request { webhooks: self.webhooks, ..Request::to(&self.place, Some(id)) }
    }
}

impl<P: Lists<T>, T: Thing> Resources<P, T> {
    /// Lists the collection: `GET {things}`, 200 (*documented*).
    ///
    /// A page has 50 items unless [`page_size`](List::page_size) is set. The maximum differs from
    /// list to list; a larger page size is refused before anything is sent.
    ///
    /// The client takes only the `PageToken` from the vendor's link to the next page. The request
    /// goes to the client's own address, whatever host the link names, and a page number is never
    /// computed (the service refuses one without a token, *observed*). A link without a token is an
    /// error and not the end of the list.
    ///
    /// A [`Position`](crate::Position) holds such a token. How long a token is valid, and what it
    /// yields after changes, is not documented.
    pub fn list(&self) -> List<ListOf<P, T>> {
        self.transport.list(ListOf::new(self.place.clone()))
    }
}

impl<P: Keeps<T>, T: Kept> Resources<P, T> {
    /// Gets an item: `GET {things}/{id}`, 200 (*documented*).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the item does not exist (inferred).
    pub fn get(&self, id: impl TryInto<T::Key, Error: Into<Error>>) -> Call<T> {
        self.transport.call(&Fetch::<P, T>(self.one(&arg::<T::Key>(id))))
    }

    /// Creates an item: `POST {things}`, 201 (*documented*).
    ///
    /// Not retried when its outcome is unknown ("POST requests are not idempotent", the vendor says).
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) if the service's code says
    /// that the item already exists (*observed*).
    pub fn create(&self, new: &T::New) -> Call<T> {
        let request = Request::to(&self.place, None::<&Arg<String>>);
        let body = P::check(new).and_then(|()| new.body());
        let request = Request { body, webhooks: self.webhooks, ..request };
        self.transport.call(&Create::<P, T>(request))
    }

    /// Deletes an item: `DELETE {things}/{id}`, 204 (*documented*).
    ///
    /// Retried after transient failures. If a retried delete is refused with the code of an item
    /// that does not exist (*observed*), the call succeeds: the item is absent because the first
    /// attempt deleted it. Any other "not found" response to a retry is an error with an unknown
    /// outcome.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub fn delete(&self, id: impl TryInto<T::WriteKey, Error: Into<Error>>) -> Call<()> {
        self.transport.call(&Delete::<P, T>(self.one(&arg::<T::WriteKey>(id))))
    }
}

impl<P: Grants<T>, T: Holder> Resources<P, T> {
    /// Sets whether changes made through this handle fire *post*-event webhooks
    /// (`X-Twilio-Webhook-Enabled`, *documented*), to which a program of the account's own may
    /// react. Off by default. The header is not sent with requests for which the vendor does not
    /// document it.
    pub fn webhook_enabled(mut self, enabled: bool) -> Self {
        self.webhooks = enabled;
        self
    }

    /// Updates an item: `POST {things}/{id}`, 200 (*documented*). Fields that are not set stay as
    /// they are (inferred).
    ///
    /// Not retried when its outcome is unknown: a late second attempt would undo what another
    /// caller changed meanwhile. To change only the role, use [`ensure_role`](Self::ensure_role).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent if
    /// no field is set; as for [`get`](Self::get).
    pub fn update(
        &self,
        id: impl TryInto<T::WriteKey, Error: Into<Error>>,
        update: &T::Update,
    ) -> Call<T> {
        self.transport.call(&Update::<P, T>(Request {
            body: update.body(),
            ..self.one(&arg::<T::WriteKey>(id))
        }))
    }

    /// Replaces an item's role: `POST {things}/{id}` with `RoleSid` alone, 200 (*documented*).
    ///
    /// This is idempotent (inferred), so it is retried after transient failures. The API has no
    /// conditional write: the last write wins.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a role of the wrong type
    /// (50105, inferred: a SID does not show the type); as for [`get`](Self::get).
    pub fn set_role(
        &self,
        id: impl TryInto<T::WriteKey, Error: Into<Error>>,
        role: impl TryInto<RoleSid, Error: Into<Error>>,
    ) -> Call<T> {
        self.set_role_of(&arg::<T::WriteKey>(id), &arg(role))
    }

    pub(super) fn set_role_of(&self, id: &Arg<impl AsRef<str>>, role: &Arg<RoleSid>) -> Call<T> {
        self.transport
            .call(&SetRole::<P, T>(Request { body: role_body::<T>(role), ..self.one(id) }))
    }

    /// Sets only the role, by a request without retries.
    pub(super) fn replace_role_of(&self, id: &Arg<String>, role: &RoleSid) -> Call<T> {
        let body = T::update_of_role(role).body();
        self.transport.call(&Update::<P, T>(Request { body, ..self.one(id) }))
    }

    pub(super) fn get_by(&self, id: &Arg<String>) -> Call<T> {
        self.transport.call(&Fetch::<P, T>(self.one(id)))
    }
}

fn role_body<T: Holder>(role: &Arg<RoleSid>) -> Result<Body, Error> {
    T::update_of_role(role.as_ref().map_err(Clone::clone)?).body()
}
