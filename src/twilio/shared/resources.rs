//! The methods of all things.

use std::marker::PhantomData;

use super::operations::{Create, Delete, Fetch, SetRole, Update};
use super::{Form, Grants, Holder, Keeps, Kept, ListOf, Lists, Place, Request, RoleSid, Thing};
use crate::error::Error;
use crate::model::{Arg, arg};
use crate::operation::Body;
use crate::transport::{Call, List, Transport};

/// The things of one kind in a service, a channel or a conversation. `{things}` stands for their path;
/// the alias that a handle returns ([`chat::Users`](crate::twilio::chat::Users), say) names it, says
/// what is particular, and has an example.
///
/// The vendor declares no error responses. Errors carry the service's own as
/// [`ServiceError`](crate::twilio::ServiceError), and its code decides the kind.
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

    /// A request about one of them.
    pub(super) fn one<'a>(&'a self, id: &'a Arg<impl AsRef<str>>) -> Request<'a, P, T> {
        Request { webhooks: self.webhooks, ..Request::to(&self.place, Some(id)) }
    }
}

impl<P: Lists<T>, T: Thing> Resources<P, T> {
    /// Lists them: `GET {things}`, 200 (*documented*).
    ///
    /// A page has 50 of them if [`page_size`](List::page_size) is not set. The largest page differs
    /// from list to list; a larger one is refused before anything is sent.
    ///
    /// The next page is found by the `PageToken` in the vendor's link to it, and by nothing else:
    /// the request goes to the client's own address, whatever host the link names, and a page
    /// number is never computed (the service refuses one without a token, *observed*). A link
    /// without a token is an error and not the end.
    ///
    /// A [`Position`](crate::Position) holds such a token. How long one is good for, and what it
    /// yields after changes, is not documented.
    pub fn list(&self) -> List<ListOf<P, T>> {
        self.transport.list(ListOf::new(self.place.clone()))
    }
}

impl<P: Keeps<T>, T: Kept> Resources<P, T> {
    /// Returns one: `GET {things}/{id}`, 200 (*documented*).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if it does not exist (inferred).
    pub fn get(&self, id: impl TryInto<T::Key, Error: Into<Error>>) -> Call<T> {
        self.transport.call(&Fetch::<P, T>(self.one(&arg::<T::Key>(id))))
    }

    /// Creates one: `POST {things}`, 201 (*documented*).
    ///
    /// Not retried when its outcome is unknown ("POST requests are not idempotent", the vendor says).
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) if the service has it already, by
    /// the service's code (*observed*).
    pub fn create(&self, new: &T::New) -> Call<T> {
        let request = Request::to(&self.place, None::<&Arg<String>>);
        let body = P::check(new).and_then(|()| new.body());
        let request = Request { body, webhooks: self.webhooks, ..request };
        self.transport.call(&Create::<P, T>(request))
    }

    /// Deletes one: `DELETE {things}/{id}`, 204 (*documented*).
    ///
    /// Retried after transient failures. That it was not found, by a code that says so (*observed*), is
    /// a success where it answers a repeated request: the first attempt deleted it. Any other "not
    /// found" is an error then, whose outcome is unknown.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub fn delete(&self, id: impl TryInto<T::WriteKey, Error: Into<Error>>) -> Call<()> {
        self.transport.call(&Delete::<P, T>(self.one(&arg::<T::WriteKey>(id))))
    }
}

impl<P: Grants<T>, T: Holder> Resources<P, T> {
    /// Sets whether changes made through this handle fire *post*-event webhooks
    /// (`X-Twilio-Webhook-Enabled`, *documented*): a program of the account's own acts on them then.
    /// Off by default. It is not sent with requests for which the vendor does not document it.
    pub fn webhook_enabled(mut self, enabled: bool) -> Self {
        self.webhooks = enabled;
        self
    }

    /// Updates one: `POST {things}/{id}`, 200 (*documented*). What is not set stays as it is
    /// (inferred).
    ///
    /// Not retried when its outcome is unknown: a late second attempt would undo what somebody else
    /// changed meanwhile. To change the role and nothing else there is
    /// [`ensure_role`](Self::ensure_role).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent if
    /// nothing is set; as for [`get`](Self::get).
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

    /// Sets the role of one, in place of the role that it has: `POST {things}/{id}` with nothing but
    /// `RoleSid`, 200 (*documented*).
    ///
    /// Setting it twice has the same effect as once (inferred), so it is retried after transient
    /// failures. There are no versions and no conditional writes: the last writer wins.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a role of the wrong type
    /// (50105, inferred: the type cannot be seen in a SID); as for [`get`](Self::get).
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

    /// Sets the role and nothing else by a request that is not retried by itself.
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
