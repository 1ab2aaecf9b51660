//! A wire, credentials and operations for tests: everything in memory, time paused.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::authorize::{Authorization, Authorize, Authorizing, Patience};
use super::wire::{BodyError, BodyErrorCause, BodyFuture, BoxFuture, SendGate, Wire, WireError};
use super::{ClientOptions, Environment, Transport};
use crate::error::{Error, ErrorKind};
use crate::model::loose::text;
use crate::operation::{
    Body, DecodeError, Failure, Idempotency, Operation, Service, Spec, decode_json,
};

/// What becomes of one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Unusable,
    ConnectFault,
    Broken { sent: bool },
    Hang { sent: bool },
    Respond { status: u16, headers: Vec<(&'static str, String)>, body: BodyAct },
}

/// What becomes of a response's body.
#[derive(Clone, Debug)]
pub(crate) enum BodyAct {
    Whole(String),
    TooLarge,
    Encoded,
    Broken,
    Hang,
}

impl Act {
    pub(crate) fn respond(status: u16, body: &str) -> Self {
        Self::respond_with(status, BodyAct::Whole(body.to_owned()))
    }

    pub(crate) fn respond_with(status: u16, body: BodyAct) -> Self {
        Self::Respond { status, headers: Vec::new(), body }
    }

    /// The success of a [`Probe`].
    pub(crate) fn created() -> Self {
        Self::respond(201, r#"{"id":"7"}"#)
    }

    pub(crate) fn header(self, name: &'static str, value: impl ToString) -> Self {
        match self {
            Self::Respond { status, mut headers, body } => {
                headers.push((name, value.to_string()));
                Self::Respond { status, headers, body }
            }
            other => other,
        }
    }
}

/// A wire that asks a function what to do.
pub(crate) fn wire(respond: impl Fn(&http::Request<Bytes>) -> Act + Send + Sync) -> impl Wire {
    MemoryWire(respond)
}

struct MemoryWire<F>(F);

impl<F: Fn(&http::Request<Bytes>) -> Act + Send + Sync> Wire for MemoryWire<F> {
    fn send(
        &self,
        request: http::Request<Bytes>,
        _: usize,
        gate: &SendGate,
    ) -> BoxFuture<'static, Result<http::Response<BodyFuture>, WireError>> {
        let act = (self.0)(&request);
        let gate = gate.clone();
        Box::pin(async move {
            let leave = || assert!(gate.leave(), "the attempt is not over");
            match act {
                Act::Unusable => Err(WireError::Unusable("unusable".into())),
                Act::ConnectFault => Err(WireError::Connect("refused".into())),
                Act::Broken { sent } => {
                    if sent {
                        leave();
                    }
                    Err(WireError::Broken("reset".into()))
                }
                Act::Hang { sent } => {
                    if sent {
                        leave();
                    }
                    std::future::pending().await
                }
                Act::Respond { status, headers, body } => {
                    leave();
                    let mut response = http::Response::new(Box::pin(read(body)) as BodyFuture);
                    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
                    for (name, value) in headers {
                        let value = HeaderValue::from_str(&value).expect("a header");
                        response.headers_mut().append(HeaderName::from_static(name), value);
                    }
                    Ok(response)
                }
            }
        })
    }
}

async fn read(body: BodyAct) -> Result<Bytes, BodyError> {
    let cause = match body {
        BodyAct::Whole(text) => return Ok(text.into()),
        BodyAct::Hang => std::future::pending().await,
        BodyAct::TooLarge => BodyErrorCause::TooLarge { limit: 10 },
        BodyAct::Encoded => BodyErrorCause::Encoded { encoding: "gzip".to_owned() },
        BodyAct::Broken => BodyErrorCause::Broken("reset".into()),
    };
    Err(BodyError { cause, partial: Bytes::from_static(b"part") })
}

/// Credentials that count how often they were refused.
#[derive(Clone, Default)]
pub(crate) struct TestCredentials {
    pub(crate) renewable: bool,
    pub(crate) generation: Arc<AtomicU64>,
    /// How long each authorization takes; `None`: for ever.
    pub(crate) takes: Option<Duration>,
    /// From this generation on there is no token.
    pub(crate) fails_from: Option<u64>,
}

impl TestCredentials {
    pub(crate) fn ready() -> Self {
        Self { takes: Some(Duration::ZERO), ..Self::default() }
    }

    pub(crate) fn renewable() -> Self {
        Self { renewable: true, ..Self::ready() }
    }
}

impl Authorize for TestCredentials {
    fn authorize(&self, _: Patience) -> Authorizing<'_> {
        let authorization = Authorization {
            header: None,
            secrets: Arc::from([]),
            generation: self.generation.load(Ordering::Relaxed),
        };
        if self.fails_from.is_some_and(|from| authorization.generation >= from) {
            return Authorizing::Pending(Box::pin(async {
                Err(Error::new(ErrorKind::Unauthenticated).with_detail("no token"))
            }));
        }
        match self.takes {
            Some(Duration::ZERO) => Authorizing::Ready(authorization),
            Some(takes) => Authorizing::Pending(Box::pin(async move {
                tokio::time::sleep(takes).await;
                Ok(authorization)
            })),
            None => Authorizing::Pending(Box::pin(std::future::pending())),
        }
    }

    fn is_renewable(&self) -> bool {
        self.renewable
    }

    fn refused(&self, used: &Authorization) {
        assert_eq!(used.generation, self.generation.load(Ordering::Relaxed));
        if self.renewable {
            self.generation.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A service whose error bodies are `{"code": …}`, and whose request ids are in `x-request-id`.
pub(crate) struct TestService;

impl Service for TestService {
    fn read_failure(status: StatusCode, _: &HeaderMap, body: &[u8]) -> Failure {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let code = text(&body, &["code"]);
        let by_code = match code.as_deref() {
            Some("LIMIT") => Some(ErrorKind::RateLimited),
            Some("DENIED") => Some(ErrorKind::PermissionDenied),
            Some("DUPLICATE") => Some(ErrorKind::AlreadyExists),
            Some("CONFLICT") => Some(ErrorKind::Conflict),
            _ => None,
        };
        Failure::new(status, by_code).with_code(code)
    }

    fn request_id(headers: &HeaderMap) -> Option<String> {
        Some(headers.get("x-request-id")?.to_str().ok()?.to_owned())
    }
}

pub(crate) const SAFE: u8 = 0;
pub(crate) const IDEMPOTENT: u8 = 1;
pub(crate) const NON_IDEMPOTENT: u8 = 2;
/// Idempotent, and only its body says that the change was made.
pub(crate) const UNCONFIRMED: u8 = 3;

/// A call of idempotency `R` that succeeds with 201 and `{"id": …}`. If it is idempotent, a repeated
/// one takes "not found" for the effect of its own first attempt.
pub(crate) struct Probe<const R: u8>;

impl<const R: u8> Operation for Probe<R> {
    type Service = TestService;
    type Output = String;
    const SPEC: Spec = {
        let spec = Spec::post("test probes.send", &["/probes/{id}"]);
        match R {
            SAFE => spec.idempotency(Idempotency::Safe),
            IDEMPOTENT => spec.idempotency(Idempotency::Idempotent),
            UNCONFIRMED => spec.idempotency(Idempotency::Idempotent).confirmed_by_body(),
            _ => spec,
        }
    };

    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(vec!["1"])
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json("probe")
    }

    fn decode(response: &http::Response<Bytes>) -> Result<String, DecodeError> {
        let value: serde_json::Value = decode_json(response.body())?;
        if value["success"] == false {
            return Err(DecodeError::Unsuccessful);
        }
        text(&value, &["id"]).ok_or_else(|| DecodeError::shape("no id"))
    }

    fn refused_by_own_effect(refused: &Error) -> Option<String> {
        (R == IDEMPOTENT && refused.is_not_found()).then(|| "gone".to_owned())
    }
}

/// 2016-03-03T19:47:15Z.
pub(crate) fn test_wall() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_457_034_435)
}

pub(crate) fn transport(
    wire: impl Wire + 'static,
    credentials: impl Authorize + 'static,
    options: &ClientOptions,
    jitter: impl Fn() -> f64 + Send + Sync + 'static,
) -> Transport {
    let environment = Environment { wall: test_wall, jitter: Box::new(jitter) };
    let base = Url::parse("https://service.example/base").expect("a URL");
    let (headers, budget) = (HeaderMap::new(), options.budget());
    Transport::with_wire(base, Box::new(wire), credentials, headers, options, &budget, environment)
        .expect("the options are valid")
}

/// A transport to a token endpoint.
pub(crate) fn token_transport(wire: impl Wire + 'static, options: &ClientOptions) -> Transport {
    transport(wire, TestCredentials::ready(), &options.clone().for_tokens(), || 0.5)
}

/// What was sent over a wire, and when.
#[derive(Clone, Default)]
pub(crate) struct Sent(Arc<Mutex<Vec<SentRequest>>>);

type SentRequest = (Instant, http::Request<Bytes>);

impl Sent {
    pub(crate) fn count(&self) -> usize {
        self.0.lock().expect("no panic under it").len()
    }

    /// Milliseconds from then to each request, rounded down to 25: each wait on the paused clock may
    /// take one more.
    pub(crate) fn times(&self, from: Instant) -> Vec<u128> {
        let sent = self.0.lock().expect("no panic under it");
        sent.iter().map(|(at, _)| at.duration_since(from).as_millis() / 25 * 25).collect()
    }

    pub(crate) fn requests(&self) -> Vec<http::Request<Bytes>> {
        let sent = self.0.lock().expect("no panic under it");
        sent.iter().map(|(_, request)| request.clone()).collect()
    }

    /// Values of a header, one a request.
    pub(crate) fn header(&self, name: &str) -> Vec<Option<String>> {
        let text = |value: &HeaderValue| value.to_str().expect("it is text").to_owned();
        self.requests().iter().map(|request| request.headers().get(name).map(text)).collect()
    }
}

/// A wire that asks a function what to do, and what was sent over it.
pub(crate) fn serve(
    respond: impl Fn(&http::Request<Bytes>) -> Act + Send + Sync,
) -> (impl Wire, Sent) {
    let sent = Sent::default();
    let record = sent.clone();
    let recording = wire(move |request| {
        record.0.lock().expect("no panic under it").push((Instant::now(), request.clone()));
        respond(request)
    });
    (recording, sent)
}

/// A wire that plays a script once, and then its last act for ever.
pub(crate) fn script(acts: Vec<Act>) -> (impl Wire, Sent) {
    let next = AtomicUsize::new(0);
    serve(move |_| acts[next.fetch_add(1, Ordering::Relaxed).min(acts.len() - 1)].clone())
}
