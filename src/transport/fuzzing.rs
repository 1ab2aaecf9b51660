//! What the fuzz targets in `fuzz/` reach of the crate's inside. Built by cargo-fuzz only, and no
//! part of the public surface.

#![allow(missing_docs, reason = "nobody but the fuzz targets can see it")]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};

use super::mask::Mask;
use super::wire::{BodyFault, BodyFaultCause, BoxFuture, Wire, WireAnswer, WireFault, WireRequest};
use crate::model::Secret;

/// What becomes of one request.
#[derive(Clone, Debug)]
pub enum Act {
    /// No connection was made.
    NotSent,
    /// The request may have arrived, and no answer came.
    NoAnswer,
    /// The answer's body broke off.
    Cut(Response<Bytes>),
    Answer(Response<Bytes>),
}

type Service = Box<dyn FnMut(Request<Bytes>) -> Act>;

thread_local! {
    static SERVICE: RefCell<Option<Service>> = const { RefCell::new(None) };
}

/// Answers the requests of all clients that are built on this thread from now on.
pub fn serve(service: impl FnMut(Request<Bytes>) -> Act + 'static) {
    SERVICE.set(Some(Box::new(service)));
}

/// The wire of a client that is being built, if this thread has a service.
pub(super) fn wire() -> Option<Box<dyn Wire>> {
    SERVICE.with_borrow(Option::is_some).then(|| Box::new(Served) as _)
}

struct Served;

impl Wire for Served {
    fn send(&self, request: WireRequest) -> BoxFuture<'static, Result<WireAnswer, WireFault>> {
        let WireRequest { method, url, headers, body, sent, .. } = request;
        let mut seen = Request::new(body);
        *seen.method_mut() = method;
        *seen.headers_mut() = headers;
        let uri = url.as_str().parse();
        let act = match uri {
            Ok(uri) => {
                *seen.uri_mut() = uri;
                SERVICE.with_borrow_mut(|service| service.as_mut().map(|answer| answer(seen)))
            }
            Err(_) => None,
        };
        Box::pin(async move {
            let (answer, whole) = match act {
                None => return Err(WireFault::Unusable("no service, or no URI".into())),
                Some(Act::NotSent) => return Err(WireFault::Connect("refused".into())),
                Some(Act::NoAnswer) => {
                    let _ = sent.leave();
                    return Err(WireFault::Broken("reset".into()));
                }
                Some(Act::Cut(answer)) => (answer, false),
                Some(Act::Answer(answer)) => (answer, true),
            };
            let _ = sent.leave();
            let (head, body) = answer.into_parts();
            let body = async move {
                let cause = BodyFaultCause::Broken("reset".into());
                if whole { Ok(body) } else { Err(BodyFault { cause, partial: body }) }
            };
            let body = Box::pin(body);
            Ok(WireAnswer { status: head.status, headers: head.headers, body })
        })
    }
}

pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    super::retry::retry_after(headers, now)
}

/// A text after these secrets were masked in it.
pub fn mask(secrets: &[&str], text: Bytes) -> Bytes {
    let secrets: Arc<[Secret]> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
    Mask::new(&secrets, &Arc::from([])).bytes(text)
}
