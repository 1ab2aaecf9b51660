//! Faults of fakes.

use bytes::Bytes;
use std::time::Duration;

use super::message::reason;

/// A fault that a fake injects.
///
/// A fault is a constructor and any number of modifiers: `Fault::status(429)` with
/// `.retry_after(Duration::from_secs(2))` is a rate limit, `Fault::reset().after_processing()` is a
/// call that took effect although its connection was lost.
///
/// Some faults take the place of the service's response: [`status`](Self::status),
/// [`html`](Self::html), [`json`](Self::json), [`endless`](Self::endless), [`hang`](Self::hang) and
/// [`reset`](Self::reset). The service does not process those requests, unless
/// [`after_processing`](Self::after_processing) says otherwise. The other faults change how the
/// service's own response is sent, so there the service has always processed the request.
#[derive(Clone, Debug)]
#[must_use]
pub struct Fault {
    pub(super) kind: Kind,
    pub(super) processed: bool,
    pub(super) delay: Duration,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    None,
    ResetInResponse,
    Truncated,
    Drip(Duration),
    Stale,
    ClosedIdle,
    Status(u16),
    Endless(u16),
    Hang,
    Reset,
}

impl Kind {
    /// Whether the fault takes the place of the service's response.
    pub(super) fn takes_place(self) -> bool {
        matches!(self, Self::Status(_) | Self::Endless(_) | Self::Hang | Self::Reset)
    }
}

impl Fault {
    fn new(kind: Kind) -> Self {
        let (delay, headers, body) = (Duration::ZERO, Vec::new(), Bytes::new());
        Self { kind, processed: false, delay, headers, body }
    }

    /// No fault: sends the service's response unchanged. In a queue it lets calls pass before the
    /// next fault.
    pub fn none() -> Self {
        Self::new(Kind::None)
    }

    /// Sends this status with an empty body instead of the service's response.
    ///
    /// The code is written as given; one outside 100 to 999 is a response that is not HTTP.
    pub fn status(code: u16) -> Self {
        Self::new(Kind::Status(code))
    }

    /// Sends this status with an HTML page, as a load balancer or a proxy in front of the service
    /// would, where the client expects the service's own format.
    pub fn html(code: u16) -> Self {
        let title = format!("{code} {}", reason(code));
        Self::status(code).content_type("text/html").body(format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n\
             <body><h1>{title}</h1></body>\r\n</html>\r\n"
        ))
    }

    /// Sends this status with a JSON body.
    pub fn json(code: u16, body: impl Into<Bytes>) -> Self {
        Self::status(code).content_type("application/json").body(body)
    }

    /// Sends the service's response this much later. The service processes the request at once, so
    /// it takes effect although the client may stop waiting.
    pub fn delay(by: Duration) -> Self {
        Self::none().delayed(by)
    }

    /// Never responds. The request is read, and the connection stays open until the client closes it.
    ///
    /// The client always reaches its time limit. To test a call that is dropped or cancelled, wait
    /// until [`received_count`](super::Fake::received_count) has counted the request.
    pub fn hang() -> Self {
        Self::new(Kind::Hang)
    }

    /// Resets the connection ("connection reset by peer", a TCP RST) instead of responding.
    pub fn reset() -> Self {
        Self::new(Kind::Reset)
    }

    /// Sends the head and half of the body of the service's response, then a TCP reset. A response
    /// without a body is cut in the middle of its head. The client's operating system decides how
    /// much of that half the client reads before the reset.
    pub fn reset_in_response() -> Self {
        Self::new(Kind::ResetInResponse)
    }

    /// Sends the head of the service's response with the full `Content-Length` and half of the body,
    /// then closes the connection. A response without a body is cut in the middle of its head.
    pub fn truncated() -> Self {
        Self::new(Kind::Truncated)
    }

    /// Sends the service's response one byte at a time, the head included, with this interval after
    /// each byte.
    pub fn drip(interval: Duration) -> Self {
        Self::new(Kind::Drip(interval))
    }

    /// Sends this status and a chunked JSON body that never ends, at some tens of megabytes a second,
    /// until the client closes the connection. A `HEAD` request, and a status that has no body, get
    /// the head alone.
    pub fn endless(code: u16) -> Self {
        Self::new(Kind::Endless(code)).content_type("application/json")
    }

    /// Sends the service's response on a connection that looks reusable, and resets it as soon as the
    /// next request is written to it. That next request does not count as received.
    pub fn stale() -> Self {
        Self::new(Kind::Stale)
    }

    /// Sends the service's response without `connection: close`, and then closes the idle connection.
    pub fn closed_idle() -> Self {
        Self::new(Kind::ClosedIdle)
    }

    /// Sets the body of a [`status`](Self::status) or [`html`](Self::html) fault, sent as given. The
    /// other faults have no body to set and ignore it, and so do responses that cannot have one, such
    /// as a 204.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header to the response, and replaces the service's headers with that name.
    ///
    /// Any text is accepted. CR and LF are removed; an empty name, `content-length` and
    /// `transfer-encoding` are ignored. `connection: close` closes the connection.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let [name, value] = [name, value].map(|text| text.replace(['\r', '\n'], ""));
        let framing = ["", "content-length", "transfer-encoding"];
        if !framing.contains(&&*name.to_ascii_lowercase()) {
            self.headers.push((name, value));
        }
        self
    }

    /// Sets the `content-type` of the response, in place of an earlier one.
    pub fn content_type(self, value: &str) -> Self {
        self.only("content-type", value)
    }

    /// Sets a `retry-after` header on the response, in whole seconds, rounded up.
    pub fn retry_after(self, wait: Duration) -> Self {
        let up = u64::from(wait.subsec_nanos() > 0);
        let seconds = wait.as_secs().saturating_add(up);
        self.only("retry-after", &seconds.to_string())
    }

    /// Delays the first byte of the response, or the reset, by this time. It adds to any delay that
    /// the fault already has.
    pub fn delayed(mut self, by: Duration) -> Self {
        self.delay = self.delay.saturating_add(by);
        self
    }

    /// The service does not process the request: the default of the faults that take the place of its
    /// response. The other faults ignore this.
    pub fn before_processing(mut self) -> Self {
        self.processed = false;
        self
    }

    /// The service processes the request, which takes effect, but its response is discarded and the
    /// client sees the fault.
    pub fn after_processing(mut self) -> Self {
        self.processed = true;
        self
    }

    fn only(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self.header(name, value)
    }
}
