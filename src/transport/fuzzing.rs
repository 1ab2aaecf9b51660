//! The internals that the fuzz targets in `fuzz/` use. Built by cargo-fuzz only, and not part of
//! the public API.

#![allow(missing_docs, reason = "only the fuzz targets see it")]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};

use super::mask::Mask;
use super::wire::{BodyError, BodyErrorCause, BodyFuture, BoxFuture, SendGate, Wire, WireError};
use crate::model::Secret;

/// The outcome of one request.
#[derive(Clone, Debug)]
pub enum Act {
    /// No connection was made.
    NotSent,
    /// The request may have arrived, and no response came.
    NoResponse,
    /// The connection closed before the response was complete.
    Cut(Response<Bytes>),
    Respond(Response<Bytes>),
}

type Service = Box<dyn FnMut(Request<Bytes>) -> Act>;

thread_local! {
    static SERVICE: RefCell<Option<Service>> = const { RefCell::new(None) };
}

/// Serves the requests of all clients that are built on this thread from now on.
pub fn serve(service: impl FnMut(Request<Bytes>) -> Act + 'static) {
    SERVICE.set(Some(Box::new(service)));
}

/// The wire of a client that is being built, if this thread has a service.
pub(super) fn wire() -> Option<Box<dyn Wire>> {
    SERVICE.with_borrow(Option::is_some).then(|| Box::new(Served) as _)
}

struct Served;

impl Wire for Served {
    fn send(
        &self,
        request: Request<Bytes>,
        _: usize,
        gate: &SendGate,
    ) -> BoxFuture<'static, Result<Response<BodyFuture>, WireError>> {
        let act =
            SERVICE.with_borrow_mut(|service| service.as_mut().map(|respond| respond(request)));
        let gate = gate.clone();
        Box::pin(async move {
            let (response, whole) = match act {
                None => return Err(WireError::Unusable("no service".into())),
                Some(Act::NotSent) => return Err(WireError::Connect("refused".into())),
                Some(Act::NoResponse) => {
                    let _ = gate.leave();
                    return Err(WireError::Broken("reset".into()));
                }
                Some(Act::Cut(response)) => (response, false),
                Some(Act::Respond(response)) => (response, true),
            };
            let _ = gate.leave();
            Ok(response.map(|body| {
                let cause = BodyErrorCause::Broken("reset".into());
                let read = if whole { Ok(body) } else { Err(BodyError { cause, partial: body }) };
                Box::pin(std::future::ready(read)) as BodyFuture
            }))
        })
    }
}

pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    super::retry::retry_after(headers, now)
}

/// A text after these secrets were masked in it.
pub fn mask(secrets: &[&str], text: Bytes) -> Bytes {
    let secrets: Arc<[Secret]> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
    Mask::new(&secrets, &Arc::from([]), None).bytes(text)
}
