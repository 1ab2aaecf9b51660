//! What the targets share: a service that does what the input says, and what must hold of every
//! call, whatever the service does.

pub mod calls;
#[path = "../../tests/it/registry/mod.rs"]
#[allow(dead_code, reason = "a part of it is used")]
pub(crate) mod registry;
pub mod script;
pub mod steps;

use std::cell::{Ref, RefCell};
use std::fmt::Debug;
use std::rc::Rc;

use bytes::Bytes;
use http::{Method, Request};
use rolecall::fuzzing::{self, Act};
use rolecall::operation::{Idempotency, Spec};
use rolecall::{Call, ClientOptions, Effect, Error, Items, Pages, Position, RetryPolicy};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use registry::Checked;
use registry::FUZZED_SECRET as SECRET;
pub use script::Script;

/// Where all clients are at home. The path stays in front of every call's own.
pub const BASE: &str = "http://127.0.0.1:1/base";
const ORIGIN: &str = "http://127.0.0.1:1";

/// A list that seems to have no end is left here.
const MOST_PAGES: usize = 12;

/// Options under which no call of one run changes what another may do.
pub fn options() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::default().budget(u32::MAX))
}

/// One request that arrived at the wire, and what became of it.
pub struct Seen {
    pub request: Request<Bytes>,
    pub act: Act,
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
        match (&self.act, self.status()) {
            (Act::NotSent, _) => false,
            (_, Some(408)) => true,
            (_, Some(300..=499)) => false,
            _ => true,
        }
    }

    fn is_for_a_token(&self) -> bool {
        self.request.uri().path().ends_with("/token")
    }

    fn is_read(&self) -> bool {
        let path = self.request.uri().path();
        let reads = self.request.method() == Method::GET || self.is_for_a_token();
        reads || path.ends_with("/filter") || path.ends_with("/validate")
    }
}

/// One run of a target: the service's script, and what it saw.
pub struct Run {
    runtime: tokio::runtime::Runtime,
    seen: Rc<RefCell<Vec<Seen>>>,
    /// The end of a position from outside.
    pub(crate) position: Option<String>,
}

impl Run {
    /// Begins to play this script to the clients that are built afterwards.
    pub fn of(mut script: Script) -> Self {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&seen);
        fuzzing::serve(move |request| {
            check_request(&request);
            let act = script.next();
            log.borrow_mut().push(Seen { request, act: act.clone() });
            act
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without I/O can be built");
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
    pub(crate) fn call(
        &self,
        spec: &Spec,
        running: impl Future<Output = Result<(u16, u32), Error>>,
    ) {
        let result = self.wait(running);
        let all = self.seen();
        let seen: Vec<&Seen> = all.iter().filter(|seen| !seen.is_for_a_token()).collect();
        let idempotency = spec.declared_idempotency();
        let done = seen.iter().filter(|seen| seen.may_have_been_done()).count();
        if let Some((_, earlier)) = seen.split_last()
            && idempotency == Idempotency::NonIdempotent
        {
            // The promise of the crate: what may have been done is not asked for again.
            assert!(!earlier.iter().any(|seen| seen.may_have_been_done()), "asked for twice");
        }
        // Of 200 and 201 either stands for the other, and 200 for 204.
        let documented = |status| spec.success_statuses().contains(&status);
        let accepted = |status| match status {
            200 => [200, 201, 204].into_iter().any(documented),
            201 => documented(200) || documented(201),
            _ => documented(status),
        };
        match result {
            Ok((status, attempts)) => {
                let last = seen.last().expect("a response was asked for");
                assert_eq!(last.status(), Some(status));
                // Or a refusal because of an earlier attempt that may have arrived.
                let own_effect = seen.len() > 1
                    && (400..=499).contains(&status)
                    && idempotency == Idempotency::Idempotent
                    && done > 0;
                assert!(accepted(status) || own_effect, "{status} is no success");
                assert!(matches!(last.act, Act::Respond(_)) || own_effect, "half a response");
                assert_eq!(usize::try_from(attempts), Ok(seen.len()));
            }
            Err(error) => {
                check_error(&error);
                // Where no token was obtained, they are those of the last request for one, which a call
                // makes again where it was told to wait.
                let attempts = usize::try_from(error.attempts()).expect("they are few");
                let is_token_error = seen.is_empty() && (1..=all.len()).contains(&attempts);
                assert!(attempts == seen.len() || is_token_error, "{error}");
                let last = seen.last().and_then(|seen| seen.status());
                if all.len() == seen.len() && error.status().is_some() {
                    assert_eq!(error.status().map(|status| status.as_u16()), last);
                }
                match error.effect() {
                    Effect::NotApplied if idempotency == Idempotency::Safe => {}
                    _ if idempotency == Idempotency::Safe => panic!("reading changes nothing"),
                    Effect::NotApplied => assert_eq!(done, 0, "something may be done: {error:?}"),
                    Effect::Unknown => {
                        // Twilio may add a participant who was removed shortly before, and yet say 404.
                        let may = done > 0
                            || (last == Some(404)
                                && spec.name() == "twilio.conversations participants.create");
                        assert!(may, "nothing can be done: {error:?}");
                    }
                    Effect::Applied => assert!(last.is_some_and(accepted), "{error:?}"),
                }
                // No part of what came with a token is kept.
                let token_error = std::error::Error::source(&error)
                    .and_then(|error| error.downcast_ref::<Error>())
                    .filter(|_| seen.is_empty());
                let token = b"access_token";
                assert!(token_error.is_none_or(|error| {
                    !error.body().windows(token.len()).any(|part| part == token)
                }));
            }
        }
    }

    /// Makes a call of several requests, of which so many creates may be carried out, and checks what
    /// it reports: not that nothing was changed where something may have been.
    pub(crate) fn steps<T: Send + 'static>(&self, creates: usize, call: Call<T>) {
        let result = self.wait(call.send());
        let seen = self.seen();
        let written = seen.iter().filter(|seen| !seen.is_read() && seen.may_have_been_done());
        if let Err(error) = result {
            check_error(&error);
            let nothing = error.effect() == Effect::NotApplied;
            assert!(!nothing || written.clone().count() == 0, "something may be done: {error:?}");
        }
        let created = written.filter(|seen| seen.request.method() == Method::POST).count();
        assert!(created <= creates, "created {created} times");
    }

    /// Reads a list by its items or its pages, from a position from outside where the run has one.
    pub(crate) fn list(&self, by_item: bool, list: impl Fn(Option<&Position>) -> Checked) {
        let Checked::List(spec, first, pages, items) = list(None) else { return };
        let resume = |text: &str| {
            let position: Position = text.parse().ok()?;
            let Checked::List(_, _, pages, items) = list(Some(&position)) else { return None };
            Some((pages, items))
        };
        if let Some(end) = &self.position {
            // Its version, and the hash of this list under its settings.
            let start = &pages.position().to_string()[..19];
            let Some((pages, _)) = resume(&format!("{start}{end}")) else { return };
            return self.pages(spec, &first, pages);
        }
        if !by_item {
            return self.pages(spec, &first, pages);
        }
        let position = self.items(items);
        let resumed = resume(&position.to_string());
        self.items(resumed.expect("a position is one of its list").1);
    }

    /// Reads a list to its end, or for a while, and checks what must hold of all lists.
    fn pages(&self, spec: &Spec, first: &Request<Bytes>, mut pages: Pages<()>) {
        for _ in 0..MOST_PAGES {
            check_position(pages.position());
            let Some(page) = self.wait(pages.next()) else { break };
            let ends = page.as_ref().map_or(true, |page| page.next.is_none());
            if let Err(error) = &page {
                check_error(error);
                assert_eq!(error.effect(), Effect::NotApplied, "reading changes nothing");
            }
            let body = self
                .seen()
                .last()
                .and_then(|seen| serde_json::from_slice::<Value>(seen.response()?.body()).ok());
            let announced = page.is_ok() && body.is_some_and(|body| announces_more(spec, &body));
            if ends {
                let after = self.wait(pages.next());
                // A list that says that it goes on must not seem to be at its end.
                let lost = announced && after.is_none();
                assert!(!lost, "the rest of the list is lost");
                assert!(page.is_ok() || after.is_none(), "an error is the end");
            }
        }
        let names = |request: &Request<Bytes>| -> Vec<String> {
            let url = url::Url::parse(&request.uri().to_string()).expect("it was sent");
            url.query_pairs().map(|(name, _)| name.into_owned()).collect()
        };
        let mut known = names(first);
        known.extend(
            ["PageToken", "page", "_page", "page_number", "before", "after"].map(str::to_owned),
        );
        for seen in self.seen().iter().filter(|seen| !seen.is_for_a_token()) {
            assert_eq!(seen.request.uri().path(), first.uri().path());
            for name in names(&seen.request) {
                assert!(known.contains(&name), "{name} slipped in: {}", seen.request.uri());
            }
        }
    }

    /// The same, item by item. Returns where it stopped.
    pub(crate) fn items<T: Send + 'static>(&self, mut items: Items<T>) -> Position {
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
fn announces_more(spec: &Spec, body: &Value) -> bool {
    let text = |pointer| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    match spec.name().split_once(' ') {
        Some(("deepset", _)) => body["has_more"] == true,
        Some(("twilio.iam", "users.list")) => false,
        Some(("twilio.iam" | "twilio.chat" | "twilio.conversations", _)) => {
            !text("/meta/next_page_url").is_empty()
        }
        _ => false,
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
    if !path.ends_with("/token") {
        assert!(!holds(url.as_str().as_bytes()) && !holds(request.body()), "in the wrong place");
    }
}

/// What must hold of all errors.
fn check_error(error: &Error) {
    let shown = error.to_string();
    assert!(!shown.contains(|c: char| c.is_control()), "it is one line: {shown:?}");
    assert!(shown.chars().count() < 3000, "it is short");
    assert!(error.body().len() <= 16 * 1024);
    let mut shown_anywhere = format!("{shown}\n{error:?}\n{error:#?}");
    let mut cause = std::error::Error::source(error);
    while let Some(one) = cause {
        shown_anywhere.push_str(&format!("\n{one}\n{one:?}"));
        cause = one.source();
    }
    for text in [error.code(), error.message(), error.request_id()].into_iter().flatten() {
        shown_anywhere.push('\n');
        shown_anywhere.push_str(text);
    }
    assert!(!holds(shown_anywhere.as_bytes()), "the credential is shown: {shown_anywhere}");
    assert!(!holds(error.body()), "the credential is in the body");
    assert!(!error.headers().values().any(|value| holds(value.as_bytes())), "in a header");
    if error.is_safe_to_repeat() {
        assert_eq!(error.effect(), Effect::NotApplied);
    }
}

/// Whether the credential can be read out of this: as it is, as JSON, or from percent-encoding.
fn holds(text: &[u8]) -> bool {
    fn in_json(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains(SECRET),
            Value::Array(items) => items.iter().any(in_json),
            Value::Object(fields) => {
                fields.iter().any(|(name, value)| name.contains(SECRET) || in_json(value))
            }
            _ => false,
        }
    }
    let secret = SECRET.as_bytes();
    let plainly = |text: &[u8]| text.windows(secret.len()).any(|part| part == secret);
    plainly(text)
        || plainly(&percent_encoding::percent_decode(text).collect::<Vec<u8>>())
        || serde_json::from_slice(text).is_ok_and(|value| in_json(&value))
}

/// A position is the same after it was kept as text.
pub fn check_position(position: &Position) {
    let text = position.to_string();
    let back: Position = text.parse().unwrap_or_else(|error| panic!("{error}: {text:?}"));
    assert_eq!(&back, position, "{text:?}");
}

/// A value is the same after it was written as JSON and read back.
pub fn same<T: Serialize + DeserializeOwned + PartialEq + Debug + Send + 'static>(value: &T) {
    registry::same(value);
}
