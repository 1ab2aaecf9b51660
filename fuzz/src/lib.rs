//! What the targets share: a service that does what the input says, and what must hold of every
//! call, whatever the service does.

pub mod script;

use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use rolecall::fuzzing::{self, Act};
use rolecall::operation::Repeat;
use rolecall::{
    Call, ClientOptions, Effect, Error, ErrorKind, Items, Pages, Position, RetryPolicy,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use script::Script;

/// Where all clients are at home. The path stays in front of every call's own.
pub const BASE: &str = "http://127.0.0.1:1/base";
const ORIGIN: &str = "http://127.0.0.1:1";

/// The credential of all clients; most of its characters can be written in more than one way.
pub const SECRET: &str = r#"fake/se"cr\et+of=mine~ %"#;

/// The calls of a list that seems to have no end are stopped here.
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
    /// The status of an answer that arrived, if only its head.
    fn status(&self) -> Option<u16> {
        match &self.act {
            Act::Answer(answer) | Act::Cut(answer) => Some(answer.status().as_u16()),
            Act::NotSent | Act::NoAnswer => None,
        }
    }

    /// Whether the service may have done what was asked. Written from the README, not from the
    /// code: only a refusal (3xx, 4xx, but 408) says that nothing was done.
    pub fn may_have_been_done(&self) -> bool {
        match (&self.act, self.status()) {
            (Act::NotSent, _) => false,
            (_, Some(408)) => true,
            (_, Some(300..=499)) => false,
            _ => true,
        }
    }

    fn body(&self) -> &[u8] {
        match &self.act {
            Act::Answer(answer) | Act::Cut(answer) => answer.body(),
            Act::NotSent | Act::NoAnswer => b"",
        }
    }
}

/// One run of a target: the service's script, and what it saw.
pub struct Run {
    runtime: tokio::runtime::Runtime,
    seen: Rc<RefCell<Vec<Seen>>>,
}

impl Run {
    /// Begins to play this script to the clients that are built afterwards.
    pub fn of(script: Script) -> Self {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&seen);
        let mut script = script;
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
        Self { runtime, seen }
    }

    /// Waits for something that makes no calls of its own, or is checked by the caller.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub fn seen(&self) -> std::cell::Ref<'_, Vec<Seen>> {
        self.seen.borrow()
    }

    /// Makes a call and checks what must hold of all calls. Hands on what it answered.
    pub fn call<T: Send + 'static>(
        &self,
        repeat: Repeat,
        success: &[u16],
        call: Call<T>,
    ) -> Option<T> {
        let prepared = call.request().map(|_| ());
        let before = self.seen().len();
        let result = self.wait(async { call.with_response().await });
        let seen = self.seen();
        let seen = &seen[before..];
        let may_be_done = seen.iter().any(Seen::may_have_been_done);
        if repeat == Repeat::Once {
            // The promise of the crate: what may have been done is not asked for again.
            let earlier = seen.len().saturating_sub(1);
            assert!(!seen[..earlier].iter().any(Seen::may_have_been_done), "asked for twice");
        }
        match result {
            Ok(response) => {
                let last = seen.last().expect("an answer was asked for");
                assert_eq!(last.status(), Some(response.status().as_u16()));
                let told = success.contains(&response.status().as_u16());
                // Or the echo of an earlier try that may have arrived.
                let echo = seen.len() > 1
                    && response.status().is_client_error()
                    && repeat == Repeat::Idempotent
                    && may_be_done;
                assert!(told || echo, "{} is no success", response.status());
                assert!(matches!(last.act, Act::Answer(_)) || echo, "half an answer was read");
                assert_eq!(usize::try_from(response.attempts()), Ok(seen.len()));
                let _ = format!("{response:?}", response = Shown(&response));
                Some(response.into_body())
            }
            Err(error) => {
                check_error(&error);
                if let Err(early) = prepared {
                    assert!(seen.is_empty() && early.kind() == error.kind());
                    return None;
                }
                assert_eq!(usize::try_from(error.attempts()), Ok(seen.len()), "{error}");
                check_effect(&error, repeat == Repeat::Read, seen, success);
                None
            }
        }
    }

    /// Checks what a call that consists of several told in the end: not that nothing was changed
    /// where something may have been.
    pub fn settled<T>(
        &self,
        result: Result<T, Error>,
        is_read: impl Fn(&Method, &str) -> bool,
    ) -> Option<T> {
        let seen = self.seen();
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                check_error(&error);
                let written = seen
                    .iter()
                    .filter(|seen| !is_read(seen.request.method(), seen.request.uri().path()));
                if written.into_iter().any(Seen::may_have_been_done) {
                    assert_ne!(
                        error.effect(),
                        Effect::NotApplied,
                        "something may be done: {error:?}"
                    );
                }
                None
            }
        }
    }

    /// Reads a list to its end, or for a while, and checks what must hold of all lists.
    pub fn pages<T: Debug + Send + 'static>(
        &self,
        pages: Result<Pages<T>, Error>,
        parameters: &[&str],
        check: impl Fn(&T),
        more_after: impl Fn(&Value) -> Option<bool>,
    ) {
        let mut pages = match pages {
            Ok(pages) => pages,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                return check_error(&error);
            }
        };
        for _ in 0..MOST_PAGES {
            check_position(pages.position());
            let Some(page) = self.wait(pages.next()) else { break };
            match page {
                Ok(page) => {
                    page.items.iter().for_each(&check);
                    let seen = self.seen();
                    let last = seen.last().expect("a page was asked for");
                    // A list that says that it goes on must not seem to be at its end.
                    let told = serde_json::from_slice(last.body()).ok();
                    if told.as_ref().and_then(&more_after) == Some(true) {
                        assert!(page.next.is_some(), "the rest of the list is lost");
                    }
                }
                Err(error) => {
                    check_error(&error);
                    assert_eq!(error.effect(), Effect::NotApplied, "reading changes nothing");
                    assert!(self.wait(pages.next()).is_none(), "an error is the end");
                }
            }
        }
        let seen = self.seen();
        for one in seen.iter() {
            assert_eq!(one.request.uri().path(), seen[0].request.uri().path());
            let url = url::Url::parse(&one.request.uri().to_string()).expect("it was sent");
            for (name, _) in url.query_pairs() {
                assert!(parameters.contains(&&*name), "{name} slipped in: {url}");
            }
        }
    }

    /// The same, item by item, and on from where it stopped.
    pub fn items<T: Send + 'static>(&self, items: Result<Items<T>, Error>) -> Option<Position> {
        let mut items = items.ok()?;
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
        Some(items.position().clone())
    }
}

struct Shown<'a, T>(&'a rolecall::Response<T>);

impl<T> Debug for Shown<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.0.status(), self.0.request_id())
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
    if path != "/base/token" {
        assert!(!holds(url.as_str().as_bytes()) && !holds(request.body()), "in the wrong place");
    }
}

/// What must hold of all errors.
fn check_error(error: &Error) {
    let shown = error.to_string();
    assert!(!shown.contains(|c: char| c.is_control()), "it is one line: {shown:?}");
    assert!(shown.chars().count() < 3000, "it is short");
    assert!(error.body().len() <= 16 * 1024);
    let mut told = format!("{shown}\n{error:?}\n{error:#?}");
    let mut cause = std::error::Error::source(error);
    while let Some(one) = cause {
        told.push_str(&format!("\n{one}\n{one:?}"));
        cause = one.source();
    }
    for text in [error.code(), error.message(), error.request_id()].into_iter().flatten() {
        told.push('\n');
        told.push_str(text);
    }
    assert!(!holds(told.as_bytes()), "the credential is shown: {told}");
    assert!(!holds(error.body()), "the credential is in the body");
    check_headers(error.headers());
    if error.is_safe_to_repeat() {
        assert_eq!(error.effect(), Effect::NotApplied);
    }
}

fn check_headers(headers: &HeaderMap) {
    for value in headers.values() {
        assert!(!holds(value.as_bytes()), "the credential is in a header");
    }
}

/// Whether an error's effect is what the service's answers allow.
fn check_effect(error: &Error, read: bool, seen: &[Seen], success: &[u16]) {
    if read {
        return assert_eq!(error.effect(), Effect::NotApplied, "reading changes nothing");
    }
    let done = seen.iter().any(Seen::may_have_been_done);
    match error.effect() {
        Effect::NotApplied => assert!(!done, "something may be done: {error:?}"),
        Effect::Unknown => assert!(done, "nothing can be done: {error:?}"),
        Effect::Applied => {
            let told = seen.last().and_then(Seen::status);
            assert!(told.is_some_and(|status| success.contains(&status)), "{error:?}");
        }
    }
    if error.status().is_some() {
        assert_eq!(
            error.status().map(|status| status.as_u16()),
            seen.last().and_then(Seen::status)
        );
    }
}

/// Whether the credential can be read out of this: as it is, as JSON, or from percent-encoding.
pub fn holds(text: &[u8]) -> bool {
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

/// What an answer became is written as JSON and read back as the same.
pub fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_vec(value).expect("it can be written");
    let back: T = serde_json::from_slice(&text)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&text)));
    assert_eq!(&back, value);
}
