//! A wire, credentials and operations for tests: everything in memory, time paused.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::authorize::{Authorization, Authorize, Authorizing};
pub(crate) use super::wire::WireRequest;
use super::wire::{BodyFault, BodyFaultCause, BoxFuture, Wire, WireAnswer, WireFault};
use super::{ClientOptions, Environment, Transport};
use crate::error::{Error, ErrorKind};
use crate::model::loose::text;
use crate::operation::{AnswerError, Body, Failure, Operation, Path, RawAnswer, Repeat, Service};

/// What the wire does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Unusable,
    ConnectFault,
    Broken { sent: bool },
    Hang { sent: bool },
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: BodyAct },
}

/// How an answer's body goes.
#[derive(Clone, Debug)]
pub(crate) enum BodyAct {
    Whole(String),
    TooLarge,
    Encoded,
    Broken,
    Hang,
}

impl Act {
    pub(crate) fn answer(status: u16, body: &str) -> Self {
        Self::Answer { status, headers: Vec::new(), body: BodyAct::Whole(body.to_owned()) }
    }

    pub(crate) fn header(self, name: &'static str, value: impl ToString) -> Self {
        match self {
            Self::Answer { status, mut headers, body } => {
                headers.push((name, value.to_string()));
                Self::Answer { status, headers, body }
            }
            other => other,
        }
    }
}

/// A wire that asks a function what to do.
pub(crate) struct MemoryWire<F>(pub(crate) F);

impl<F: Fn(&WireRequest) -> Act + Send + Sync> Wire for MemoryWire<F> {
    fn send(&self, request: WireRequest) -> BoxFuture<'static, Result<WireAnswer, WireFault>> {
        let act = (self.0)(&request);
        Box::pin(async move {
            match act {
                Act::Unusable => Err(WireFault::Unusable("unusable".into())),
                Act::ConnectFault => Err(WireFault::Connect("refused".into())),
                Act::Broken { sent } => {
                    if sent {
                        assert!(request.sent.leave(), "nobody gave it up yet");
                    }
                    Err(WireFault::Broken("reset".into()))
                }
                Act::Hang { sent } => {
                    if sent {
                        assert!(request.sent.leave(), "nobody gave it up yet");
                    }
                    std::future::pending().await
                }
                Act::Answer { status, headers, body } => {
                    assert!(request.sent.leave(), "nobody gave it up yet");
                    let headers = headers.iter().map(|(name, value)| {
                        (
                            HeaderName::from_static(name),
                            HeaderValue::from_str(value).expect("a header"),
                        )
                    });
                    Ok(WireAnswer {
                        status: StatusCode::from_u16(status).expect("a status"),
                        headers: headers.collect(),
                        body: Box::pin(read(body)),
                    })
                }
            }
        })
    }
}

async fn read(body: BodyAct) -> Result<Bytes, BodyFault> {
    let cause = match body {
        BodyAct::Whole(text) => return Ok(text.into()),
        BodyAct::Hang => std::future::pending().await,
        BodyAct::TooLarge => BodyFaultCause::TooLarge { limit: 10 },
        BodyAct::Encoded => BodyFaultCause::Encoded { encoding: "gzip".to_owned() },
        BodyAct::Broken => BodyFaultCause::Broken("reset".into()),
    };
    Err(BodyFault { cause, partial: Bytes::from_static(b"part") })
}

/// Credentials that count how often they were refused.
#[derive(Clone, Default)]
pub(crate) struct TestCredentials {
    pub(crate) renewable: bool,
    pub(crate) generation: Arc<AtomicU64>,
    /// How long each authorization takes; `None`: for ever.
    pub(crate) takes: Option<Duration>,
    /// From this generation on no token can be had.
    pub(crate) fails_from: Option<u64>,
}

impl Authorize for TestCredentials {
    fn authorize(&self) -> Authorizing<'_> {
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
        assert_eq!(used.generation, self.generation.fetch_add(1, Ordering::Relaxed));
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
            _ => None,
        };
        Failure::new(status, by_code).with_code(code)
    }

    fn request_id(headers: &HeaderMap) -> Option<String> {
        Some(headers.get("x-request-id")?.to_str().ok()?.to_owned())
    }
}

pub(crate) const READ: u8 = 0;
pub(crate) const IDEMPOTENT: u8 = 1;
pub(crate) const ONCE: u8 = 2;
/// Idempotent, and only its body says that the change was made.
pub(crate) const UNCONFIRMED: u8 = 3;

/// A call that is repeatable as `R` says, and succeeds with 201 and `{"id": …}`. A repeated one
/// takes "not found" for the echo of its own first try, if it is idempotent.
pub(crate) struct Probe<const R: u8>;

impl<const R: u8> Operation for Probe<R> {
    type Service = TestService;
    type Answer = String;
    const NAME: &'static str = "test probes.send";
    const METHOD: Method = Method::POST;
    const SUCCESS: &'static [u16] = &[201];
    const REPEAT: Repeat = match R {
        READ => Repeat::Read,
        IDEMPOTENT | UNCONFIRMED => Repeat::Idempotent,
        _ => Repeat::Once,
    };
    const STATUS_CONFIRMS: bool = R != UNCONFIRMED;

    fn path(&self) -> Path<'_> {
        Path::new("/probes/{id}", ["1"])
    }

    fn body(&self) -> Result<Body, Error> {
        Body::json("probe")
    }

    fn decode(answer: &RawAnswer<'_>) -> Result<String, AnswerError> {
        let value: serde_json::Value = answer.json()?;
        if value["success"] == false {
            return Err(AnswerError::Unsuccessful);
        }
        text(&value, &["id"]).ok_or_else(|| AnswerError::shape("no id"))
    }

    fn echo(refused: &Error) -> Option<String> {
        (R == IDEMPOTENT && refused.is_not_found()).then(|| "echo".to_owned())
    }
}

/// 2016-03-03T19:47:15Z.
pub(crate) fn test_wall() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_457_034_435)
}

pub(crate) fn transport(
    wire: impl Wire + 'static,
    credentials: TestCredentials,
    options: &ClientOptions,
    jitter: impl Fn() -> f64 + Send + Sync + 'static,
) -> Transport {
    let environment = Environment { wall: test_wall, jitter: Box::new(jitter) };
    let base = Url::parse("https://service.example/base").expect("a URL");
    Transport::with_wire(base, Box::new(wire), credentials, HeaderMap::new(), options, environment)
        .expect("the options are valid")
}

/// A wire that plays a script once, and then its last act for ever; with the number of requests.
pub(crate) fn script(acts: Vec<Act>) -> (impl Wire, Arc<Mutex<usize>>) {
    let count = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&count);
    let wire = MemoryWire(move |_: &WireRequest| {
        let mut count = counter.lock().expect("no test panics under it");
        *count += 1;
        acts[(*count - 1).min(acts.len() - 1)].clone()
    });
    (wire, count)
}
