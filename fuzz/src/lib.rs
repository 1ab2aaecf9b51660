//! What the targets share: a service that does what the input says, and what must hold of every
//! call, whatever the service does.

mod calls;
mod clients;
#[path = "../../tests/it/registry/mod.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod registry;
pub mod script;
mod steps;

use std::cell::{Ref, RefCell};
use std::error::Error as _;
use std::rc::Rc;

use bytes::Bytes;
use http::{Method, Request};
use rolecall::fuzzing::{self, Act};
use rolecall::operation::{Idempotency, Spec};
use rolecall::{Call, Effect, Error, ErrorKind, Items, Pages, Position};
use rolecall::{deepset, harness, redox, twilio};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use calls::fuzz;
pub use clients::*;
use registry::Checked;
use registry::FUZZED_SECRET as SECRET;

/// A list that seems to have no end is left here.
const MOST_PAGES: usize = 12;

/// One request that arrived at the wire, and what became of it.
pub struct Seen {
    pub request: Request<Bytes>,
    act: Act,
}

impl Seen {
    /// The response that arrived, if only its head.
    fn response(&self) -> Option<&http::Response<Bytes>> {
        match &self.act {
            Act::Respond(response) | Act::Cut(response) => Some(response),
            Act::NotSent | Act::NoResponse => None,
        }
    }

    fn status(&self) -> Option<u16> {
        self.response().map(|response| response.status().as_u16())
    }

    /// Whether the service may have done what was asked. Written from docs/retries.md, not from the
    /// code: only a refusal (3xx, 4xx, but 408) says that nothing was done.
    fn may_have_been_done(&self) -> bool {
        !matches!(self.act, Act::NotSent) && !matches!(self.status(), Some(300..=407 | 409..=499))
    }

    fn is_for_a_token(&self) -> bool {
        self.request.uri().path().ends_with("/token")
    }

    fn is_read(&self) -> bool {
        let path = self.request.uri().path();
        let reads = ["/token", "/filter", "/validate"].iter().any(|end| path.ends_with(end));
        reads || self.request.method() == Method::GET
    }
}

/// One run of a target: the service, and what it saw.
pub struct Run {
    runtime: tokio::runtime::Runtime,
    seen: Rc<RefCell<Vec<Seen>>>,
    /// The end of a position from outside.
    position: Option<String>,
}

impl Run {
    /// Begins to do these acts to the clients that are built afterwards, the last one for ever.
    pub fn of(mut acts: Vec<Act>) -> Self {
        Self::serving(move |_| if acts.len() > 1 { acts.remove(0) } else { acts[0].clone() })
    }

    pub fn serving(mut serve: impl FnMut(&Request<Bytes>) -> Act + 'static) -> Self {
        let seen = Rc::<RefCell<Vec<Seen>>>::default();
        let log = Rc::clone(&seen);
        fuzzing::serve(move |request| {
            check_request(&request);
            let act = serve(&request);
            log.borrow_mut().push(Seen { request, act: act.clone() });
            act
        });
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().expect("it has no I/O");
        Self { runtime, seen, position: None }
    }

    /// Waits for something that is checked by the caller.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub fn seen(&self) -> Ref<'_, Vec<Seen>> {
        self.seen.borrow()
    }

    /// Makes a call of one request and checks what must hold of all calls, from the status and the
    /// attempts that its response shows.
    fn call(&self, spec: &Spec, running: impl Future<Output = Result<(u16, u32), Error>>) {
        let result = self.wait(running);
        let all = self.seen();
        let seen: Vec<&Seen> = all.iter().filter(|seen| !seen.is_for_a_token()).collect();
        let last = seen.last().and_then(|seen| seen.status());
        let idempotency = spec.declared_idempotency();
        let done = seen.iter().filter(|seen| seen.may_have_been_done()).count();
        // The promise of the crate: what may have been done is not asked for again.
        let again = seen.iter().rev().skip(1).any(|seen| seen.may_have_been_done());
        assert!(!again || idempotency != Idempotency::NonIdempotent, "asked for twice");
        // Of 200 and 201 either stands for the other, and 200 for 204.
        let accepted = |status| {
            spec.success_statuses().iter().any(|own| {
                *own == status || matches!((*own, status), (200, 201) | (201 | 204, 200))
            })
        };
        let error = match result {
            Ok((status, attempts)) => {
                assert_eq!(last, Some(status));
                // Or a refusal because of an earlier attempt that may have arrived.
                let own_effect = again
                    && (400..=499).contains(&status)
                    && idempotency == Idempotency::Idempotent;
                assert!(accepted(status) || own_effect, "{status} is no success");
                let is_whole = seen.last().is_some_and(|seen| matches!(seen.act, Act::Respond(_)));
                assert!(is_whole || own_effect, "half a response");
                assert_eq!(usize::try_from(attempts), Ok(seen.len()));
                return;
            }
            Err(error) => error,
        };
        check_error(&error);
        // Where no token was obtained, they are those of the last request for one, which a call
        // makes again where it was asked to wait.
        let attempts = usize::try_from(error.attempts()).expect("they are few");
        let is_token_error = seen.is_empty() && (1..=all.len()).contains(&attempts);
        assert!(attempts == seen.len() || is_token_error, "{error}");
        if all.len() == seen.len()
            && let Some(status) = error.status().map(|status| status.as_u16())
        {
            assert_eq!(Some(status), last);
            assert!(accepted(status) || allows(status, error.kind()), "{error:?}");
        }
        match error.effect() {
            Effect::NotApplied if idempotency == Idempotency::Safe => {}
            _ if idempotency == Idempotency::Safe => panic!("reading changes nothing"),
            Effect::NotApplied => assert_eq!(done, 0, "something may be done: {error:?}"),
            // Twilio may add a participant who was removed shortly before, and yet say 404.
            Effect::Unknown if last == Some(404) => {
                let adds = spec.name() == "twilio.conversations participants.create";
                assert!(adds || done > 0, "nothing can be done: {error:?}");
            }
            Effect::Unknown => assert!(done > 0, "nothing can be done: {error:?}"),
            Effect::Applied => assert!(last.is_some_and(accepted), "{error:?}"),
        }
        // No part of what came with a token is kept.
        let cause = error.source().and_then(|error| error.downcast_ref::<Error>());
        let token_body = cause.filter(|_| seen.is_empty()).map_or(&[][..], |error| error.body());
        assert!(!token_body.windows(12).any(|part| part == b"access_token"));
    }

    /// Makes a call of several requests, of which so many creates may be carried out, and checks what
    /// it reports: not that nothing was changed where something may have been.
    fn steps<T: Send + 'static>(&self, creates: usize, call: Call<T>) {
        let result = self.wait(call.send());
        let seen = self.seen();
        let written = seen.iter().filter(|seen| !seen.is_read() && seen.may_have_been_done());
        let written: Vec<_> = written.map(|seen| seen.request.method()).collect();
        if let Err(error) = result {
            check_error(&error);
            let nothing = error.effect() == Effect::NotApplied;
            assert!(!nothing || written.is_empty(), "something may be done: {error:?}");
        }
        let created = written.into_iter().filter(|method| *method == Method::POST).count();
        assert!(created <= creates, "created {created} times");
    }

    /// Reads a list by its items or its pages, from a position from outside where the run has one.
    fn list(&self, by_item: bool, list: impl Fn(Option<&Position>) -> Checked) {
        let read = |from: Option<&Position>| match list(from) {
            Checked::List(spec, first, pages, items) => (spec, first, pages, items),
            Checked::Call(..) => panic!("it is no list"),
        };
        let (spec, first, mut pages, items) = read(None);
        if let Some(end) = &self.position {
            // Its version, and the hash of this list under its settings.
            let text = format!("{}{end}", &pages.position().to_string()[..19]);
            let Ok(position) = text.parse() else { return };
            pages = read(Some(&position)).2;
        } else if by_item {
            let position = self.items(items).to_string();
            let resumed = position.parse().expect("a position is one of its list");
            self.items(read(Some(&resumed)).3);
            return;
        }
        self.pages(spec, &first, pages);
    }

    /// Reads a list to its end, or for a while, and checks what must hold of all lists.
    fn pages(&self, spec: &Spec, first: &Request<Bytes>, mut pages: Pages<()>) {
        for _ in 0..MOST_PAGES {
            check_position(pages.position());
            let Some(page) = self.wait(pages.next()) else { break };
            if let Err(error) = &page {
                check_error(error);
                assert_eq!(error.effect(), Effect::NotApplied, "reading changes nothing");
            }
            let body = self.seen().last().and_then(|seen| Some(seen.response()?.body().clone()));
            let announced = page.is_ok() && body.is_some_and(|body| announces_more(spec, &body));
            if page.as_ref().map_or(true, |page| page.next.is_none()) {
                let after = self.wait(pages.next());
                // A list that says that it goes on must not seem to be at its end.
                assert!(!announced || after.is_some(), "the rest of the list is lost");
                assert!(page.is_ok() || after.is_none(), "an error is the end");
            }
        }
        let names = |request: &Request<Bytes>| -> Vec<String> {
            let url = url::Url::parse(&request.uri().to_string()).expect("it was sent");
            url.query_pairs().map(|(name, _)| name.into_owned()).collect()
        };
        let known = names(first);
        let paging = ["PageToken", "page", "_page", "page_number", "before", "after"];
        for seen in self.seen().iter().filter(|seen| !seen.is_for_a_token()) {
            assert_eq!(seen.request.uri().path(), first.uri().path());
            for name in names(&seen.request) {
                let is_known = known.contains(&name) || paging.contains(&name.as_str());
                assert!(is_known, "{name} slipped in: {}", seen.request.uri());
            }
        }
    }

    /// The same, item by item. Returns where it stopped.
    fn items<T: Send + 'static>(&self, mut items: Items<T>) -> Position {
        for _ in 0..MOST_PAGES {
            match self.wait(items.next()) {
                Some(Ok(_)) => check_position(items.position()),
                Some(Err(error)) => {
                    check_error(&error);
                    assert!(self.wait(items.next()).is_none(), "an error is the end");
                    break;
                }
                None => break,
            }
        }
        items.position().clone()
    }
}

/// Whether a page says itself that there is another. (Harness says it by a header or a full page,
/// and lists in one response have no other.)
fn announces_more(spec: &Spec, body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
    let next = body.pointer("/meta/next_page_url").and_then(Value::as_str);
    match spec.name().split_once(' ') {
        Some(("deepset", _)) => body["has_more"] == true,
        Some(("twilio.iam", "users.list")) => false,
        Some((vendor, _)) if vendor.starts_with("twilio.") => next.is_some_and(|url| url != ""),
        _ => false,
    }
}

/// Whether a failure of this status may be of this kind, whatever its code says: of this crate's own
/// kinds it is none.
fn allows(status: u16, kind: ErrorKind) -> bool {
    use ErrorKind::{Configuration, Connect, Decode, Interrupted, RateLimited, Timeout};
    match status {
        _ if [Configuration, Connect, Decode, Interrupted].contains(&kind) => false,
        429 => kind == RateLimited,
        408 => kind == Timeout,
        400..=499 => kind != ErrorKind::UnexpectedStatus,
        // A server's failure does not say that nothing was processed.
        500..=599 => kind != RateLimited,
        _ => kind == ErrorKind::UnexpectedStatus,
    }
}

/// Nothing leaves but to the client's own origin, below the base's path, and the credential only in
/// a header.
fn check_request(request: &Request<Bytes>) {
    let url = url::Url::parse(&request.uri().to_string()).expect("it is a URL");
    assert_eq!(url.origin().ascii_serialization(), ORIGIN);
    let path = url.path();
    assert!(path.starts_with("/base/"), "{path}");
    for segment in path.split('/').skip(1) {
        let plain = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
        assert!(!matches!(&*plain, "" | "." | ".."), "{path}");
    }
    assert!(url.fragment().is_none() && url.username().is_empty());
    let holds = |text| holds(text, SECRET);
    let is_hidden = !holds(url.as_str().as_bytes()) && !holds(request.body());
    assert!(is_hidden || path.ends_with("/token"), "in the wrong place");
}

/// What must hold of all errors.
fn check_error(error: &Error) {
    let shown = error.to_string();
    assert!(!shown.contains(|c: char| c.is_control()), "it is one line: {shown:?}");
    assert!(shown.chars().count() < 3000, "it is short");
    assert!(error.body().len() <= 16 * 1024);
    let mut all = format!("{shown}\n{error:?}\n{error:#?}");
    let mut cause = error.source();
    while let Some(one) = cause {
        all += &format!("\n{one}\n{one:?}");
        cause = one.source();
    }
    for text in [error.code(), error.message(), error.request_id()].into_iter().flatten() {
        all += &format!("\n{text}");
    }
    assert!(!holds(all.as_bytes(), SECRET), "the credential is shown: {all}");
    assert!(!holds(error.body(), SECRET), "the credential is in the body");
    let mut values = error.headers().values();
    assert!(!values.any(|value| holds(value.as_bytes(), SECRET)), "in a header");
    assert!(!error.is_safe_to_repeat() || error.effect() == Effect::NotApplied);
    // What was read is what came, unless it was cut. What is no JSON by the book may be read too.
    let raws = [
        error.service::<twilio::ServiceError>().map(|error| &error.raw),
        error.service::<harness::ServiceError>().map(|error| &error.raw),
        error.service::<redox::ServiceError>().map(|error| &error.raw),
        error.service::<deepset::ServiceError>().map(|error| &error.raw),
    ];
    if let Ok(body) = serde_json::from_slice::<Value>(error.body()) {
        assert!(raws.into_iter().flatten().all(|raw| *raw == body), "{error:?}");
    }
}

/// Whether a secret can be read out of this: as it is, as JSON, or from a form's encoding.
pub fn holds(text: &[u8], secret: &str) -> bool {
    fn in_json(value: &Value, secret: &str) -> bool {
        match value {
            Value::String(text) => text.contains(secret),
            Value::Array(items) => items.iter().any(|item| in_json(item, secret)),
            Value::Object(fields) => {
                fields.iter().any(|(name, value)| name.contains(secret) || in_json(value, secret))
            }
            _ => false,
        }
    }
    let bytes = secret.as_bytes();
    let plainly = |text: &[u8]| text.windows(bytes.len()).any(|part| part == bytes);
    plainly(text)
        || plainly(&percent_encoding::percent_decode(text).collect::<Vec<u8>>())
        || serde_json::from_slice(text).is_ok_and(|value| in_json(&value, secret))
        || url::form_urlencoded::parse(text)
            .any(|(name, value)| name.contains(secret) || value.contains(secret))
}

/// A position is the same after it was kept as text.
pub fn check_position(position: &Position) {
    let text = position.to_string();
    let back: Position = text.parse().unwrap_or_else(|error| panic!("{error}: {text:?}"));
    assert_eq!(&back, position, "{text:?}");
}

/// A value that a response has as text, which may be any and is written back as it came.
pub fn kept<T: Serialize + DeserializeOwned>(text: &str) -> T {
    let json = serde_json::to_string(text).expect("text is JSON");
    let kept: T = serde_json::from_str(&json).expect("any text is read");
    assert_eq!(serde_json::to_string(&kept).expect("it can be written"), json);
    kept
}
