//! What a fake can do instead of, or to, a proper answer.

use bytes::Bytes;
use std::time::Duration;

/// One way for a fake to misbehave.
///
/// A fault is a constructor and any number of modifiers: `Fault::status(429)` with
/// `.retry_after(Duration::from_secs(2))` is a rate limit, `Fault::reset().after_processing()` is
/// the call that took effect although its caller only saw the connection break.
///
/// Some faults take the place of the service's answer: [`status`](Self::status),
/// [`html`](Self::html), [`endless`](Self::endless), [`hang`](Self::hang) and
/// [`reset`](Self::reset). The service does not see those requests at all, unless
/// [`after_processing`](Self::after_processing) says otherwise. The other faults do something to
/// the service's own answer, so there the service has always processed the request.
#[derive(Clone, Debug)]
#[must_use]
pub struct Fault {
    pub(super) kind: Kind,
    pub(super) processed: bool,
    pub(super) delay: Duration,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// Whose answer the client gets.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Real(Manner),
    Made(Made),
}

/// How the service's own answer reaches the client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    Whole,
    ResetInAnswer,
    Truncated,
    Drip(Duration),
    Stale,
    ClosedIdle,
}

/// What takes the place of the service's answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Made {
    Status(u16),
    Endless(u16),
    Hang,
    Reset,
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            processed: false,
            delay: Duration::ZERO,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// No fault: the service's answer as it is. In a queue it lets calls pass before the next fault.
    pub fn none() -> Self {
        Self::new(Kind::Real(Manner::Whole))
    }

    /// The client sees this status with an empty body instead of the service's answer.
    ///
    /// The code is written as given; one outside 100 to 999 is an answer that is not HTTP.
    pub fn status(code: u16) -> Self {
        Self::new(Kind::Made(Made::Status(code)))
    }

    /// The client sees this status with an HTML page, as a load balancer or a proxy in front of
    /// the service would answer, where it expects the service's own format.
    pub fn html(code: u16) -> Self {
        let title = format!("{code} {}", reason(code));
        Self::status(code).content_type("text/html").body(format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n\
             <body><h1>{title}</h1></body>\r\n</html>\r\n"
        ))
    }

    /// The client sees this status with a JSON body.
    pub fn json(code: u16, body: impl Into<Bytes>) -> Self {
        Self::status(code).content_type("application/json").body(body)
    }

    /// The client sees the service's answer, this much later. The service has processed the
    /// request at once, so a client that gives up waiting has still had its effect.
    pub fn delay(by: Duration) -> Self {
        Self::none().delayed(by)
    }

    /// The client's request is accepted and never answered. The connection stays open until the
    /// client goes away.
    pub fn hang() -> Self {
        Self::new(Kind::Made(Made::Hang))
    }

    /// The client sees "connection reset by peer" (a TCP RST) instead of an answer.
    pub fn reset() -> Self {
        Self::new(Kind::Made(Made::Reset))
    }

    /// The client sees the head and half of the body of the service's answer, then a TCP reset.
    /// An answer without a body is cut in the middle of its head.
    ///
    /// How much of that half a client gets to read before the reset is up to its operating system.
    pub fn reset_in_answer() -> Self {
        Self::new(Kind::Real(Manner::ResetInAnswer))
    }

    /// The client sees the head of the service's answer with the full `Content-Length`, half of
    /// the body, and then an orderly end of the connection. An answer without a body is cut in the
    /// middle of its head.
    pub fn truncated() -> Self {
        Self::new(Kind::Real(Manner::Truncated))
    }

    /// The client sees the service's answer one byte at a time, the head included, with this
    /// interval after each byte: never silent for long, and never done.
    pub fn drip(interval: Duration) -> Self {
        Self::new(Kind::Real(Manner::Drip(interval)))
    }

    /// The client sees this status and a chunked JSON body that never ends, at some tens of
    /// megabytes a second, until it goes away. A `HEAD` request, and a status that has no body,
    /// get the head alone.
    pub fn endless(code: u16) -> Self {
        Self::new(Kind::Made(Made::Endless(code))).content_type("application/json")
    }

    /// The client sees the proper answer on a connection that looks reusable, and is reset the
    /// moment the next request is written to it. That next request counts as never received.
    pub fn stale() -> Self {
        Self::new(Kind::Real(Manner::Stale))
    }

    /// The client sees the proper answer, without `connection: close`, and then finds the idle
    /// connection closed.
    pub fn closed_idle() -> Self {
        Self::new(Kind::Real(Manner::ClosedIdle))
    }

    /// The body of a [`status`](Self::status) or [`html`](Self::html) fault, sent as given. The
    /// other faults have no body to set and ignore it, and so do answers that cannot have one,
    /// such as a 204.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// One more header on the answer, instead of those the service gave that name.
    ///
    /// Any text will do, except that CR and LF are left out, and that an empty name,
    /// `content-length` and `transfer-encoding` are ignored: the length of an answer is not for a
    /// header to say. `connection: close` is acted on.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let line = |text: &str| text.replace(['\r', '\n'], "");
        let name = line(name);
        let framing = ["", "content-length", "transfer-encoding"];
        if !framing.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            self.headers.push((name, line(value)));
        }
        self
    }

    /// The `content-type` of the answer, in place of an earlier one.
    pub fn content_type(self, value: &str) -> Self {
        self.only("content-type", value)
    }

    /// A `retry-after` header on the answer, in whole seconds, rounded up.
    pub fn retry_after(self, wait: Duration) -> Self {
        let up = u64::from(wait.subsec_nanos() > 0);
        let seconds = wait.as_secs().saturating_add(up);
        self.only("retry-after", &seconds.to_string())
    }

    /// The same fault, this much later: the client waits so long for the first byte of the answer,
    /// or for the reset. Added to any delay the fault has already.
    pub fn delayed(mut self, by: Duration) -> Self {
        self.delay = self.delay.saturating_add(by);
        self
    }

    /// The service never sees the request. That is what faults that take the place of its answer
    /// do anyway; the faults that need its answer ignore this.
    pub fn before_processing(mut self) -> Self {
        self.processed = false;
        self
    }

    /// The service processes the request, which takes effect, but its answer is thrown away and
    /// the client sees the fault. The faults that need its answer do that anyway.
    pub fn after_processing(mut self) -> Self {
        self.processed = true;
        self
    }

    fn only(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self.header(name, value)
    }
}

/// The usual words for a status.
pub(super) fn reason(code: u16) -> &'static str {
    http::StatusCode::from_u16(code)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Unknown")
}
