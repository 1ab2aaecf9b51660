//! What all fakes share.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::fault::Fault;
use super::front::Front;
use super::received::Received;

/// A fake on a loopback socket: what all of them can do. Each fake of a service dereferences to it.
///
/// It serves until it is dropped.
pub struct Fake {
    front: Front,
    // Held so that it goes on answering.
    _service: MockServer,
}

impl Fake {
    /// Puts the front before a service that answers from `state`.
    pub(super) async fn start<S: State>(state: &Shared<S>) -> io::Result<Self> {
        // The front remembers what came, masked and within bounds; wiremock would keep all of it.
        let service = MockServer::builder().disable_request_recording().start().await;
        Mock::given(any()).respond_with(state.clone()).mount(&service).await;
        Ok(Self { front: Front::start(*service.address()).await?, _service: service })
    }

    /// The fake's address, to be given to a client as its base URL.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("http://{}", self.front.address())
    }

    /// Misbehaves for the next `calls` requests, after those that are queued already.
    pub fn next(&self, calls: usize, fault: Fault) {
        self.front.next(calls, fault);
    }

    /// Misbehaves for the next `calls` requests whose path starts with `path`.
    pub fn next_on(&self, path: &str, calls: usize, fault: Fault) {
        self.front.next_on(path, calls, fault);
    }

    /// How many calls are still to misbehave.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.front.pending()
    }

    /// Behaves again.
    pub fn clear_faults(&self) {
        self.front.clear();
    }

    /// The requests received, oldest first, credentials masked: the last 1,024.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.front.received()
    }

    /// How many requests were received in all.
    #[must_use]
    pub fn received_count(&self) -> u64 {
        self.front.received_count()
    }
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fake({})", self.front.address())
    }
}

/// A service's memory, and how it answers from it.
pub(super) trait State: Send + 'static {
    fn respond(&mut self, request: &Request) -> ResponseTemplate;
}

/// A state that the fake reads and wiremock answers from.
pub(super) struct Shared<S>(Arc<Mutex<S>>);

impl<S> Shared<S> {
    pub(super) fn new(state: S) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: State> Respond for Shared<S> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.lock().respond(request)
    }
}

/// Implements what a fake takes over from [`Fake`].
macro_rules! derefs_to_fake {
    ($name:ident) => {
        impl std::ops::Deref for $name {
            type Target = crate::testing::Fake;
            fn deref(&self) -> &Self::Target {
                &self.fake
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.fake.uri())
            }
        }
    };
}

pub(super) use derefs_to_fake;

/// The segments of a request's path, decoded.
pub(super) fn segments(request: &Request) -> Vec<String> {
    let decode = |segment: &str| {
        percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
    };
    request.url.path_segments().into_iter().flatten().map(decode).collect()
}

pub(super) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.get(name)?.to_str().ok()
}

/// Whether the body is declared as this type.
pub(super) fn is_type(request: &Request, wanted: &str) -> bool {
    header(request, "content-type")
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case(wanted))
}

/// The JSON object that a request carries, if it carries one and says so.
pub(super) fn json_object(request: &Request) -> Option<Value> {
    let value: Value = serde_json::from_slice(&request.body).ok()?;
    (is_type(request, "application/json") && value.is_object()).then_some(value)
}

/// A field that is text and not empty.
pub(super) fn filled<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field)?.as_str().filter(|text| !text.is_empty())
}

pub(super) fn answer(status: u16, content_type: &str, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_string(), content_type)
}

/// 32 hexadecimal digits that count.
pub(super) fn counted_sid(prefix: &str, count: usize) -> String {
    format!("{prefix}{count:032x}")
}
