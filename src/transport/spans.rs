//! The spans of calls and attempts; `docs/tracing.md` documents them.

use tracing::{Span, field};

use super::{Endpoint, Source, Transport};
use crate::error::{Effect, ErrorKind};

impl Transport {
    pub(super) fn attempt_span(&self, endpoint: &Endpoint, template: &str, number: u32) -> Span {
        let base = &self.0.base;
        let (method, template) = (endpoint.spec.method.as_str(), self.shown(template));
        tracing::debug_span!(
            "rolecall.attempt",
            otel.name = %format_args!("{method} {template}"),
            otel.kind = "client",
            otel.status_code = field::Empty,
            http.request.method = method,
            url.template = template,
            server.address = base.host_str().unwrap_or_default(),
            server.port = base.port_or_known_default(),
            http.request.resend_count = (number > 1).then_some(number - 1),
            http.response.status_code = field::Empty,
            error.type = field::Empty,
            rolecall.effect = field::Empty,
        )
    }

    /// A path template; that of a token endpoint is the path of its URL.
    fn shown<'a>(&'a self, template: &'a str) -> &'a str {
        if template.is_empty() { self.0.base.path() } else { template }
    }

    pub(super) fn call_span(&self, endpoint: &Endpoint, source: &Source) -> Span {
        let base = &self.0.base;
        tracing::info_span!(
            "rolecall.call",
            otel.name = endpoint.spec.name,
            otel.status_code = field::Empty,
            rolecall.operation = endpoint.spec.name,
            rolecall.effect = field::Empty,
            http.request.method = endpoint.spec.method.as_str(),
            url.template = self.shown(source.template(&endpoint.spec)),
            server.address = base.host_str().unwrap_or_default(),
            server.port = base.port_or_known_default(),
            http.request.resend_count = field::Empty,
            http.response.status_code = field::Empty,
            error.type = field::Empty,
        )
    }
}

/// The span of a call that makes several others.
pub(super) fn steps_span(name: &'static str) -> Span {
    tracing::info_span!(
        "rolecall.call",
        otel.name = name,
        otel.status_code = field::Empty,
        rolecall.operation = name,
        rolecall.effect = field::Empty,
        error.type = field::Empty,
    )
}

/// Records a failed call or attempt in its span.
pub(super) fn record_failure(span: &Span, kind: ErrorKind, effect: Effect) {
    span.record("error.type", kind.as_str());
    span.record("otel.status_code", "ERROR");
    span.record("rolecall.effect", effect.as_str());
}
