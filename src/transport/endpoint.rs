//! An operation as the loop sees it: without its type, with the rules for its responses.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::attempt::LONGEST_ERROR;
use super::retry::{self, AttemptOutcome};
use crate::error::{Effect, Error};
use crate::operation::{DecodeError, Failure, Idempotency, Operation, Service, Spec, is_json};

/// What the loop needs to know of an operation.
pub(super) struct Endpoint {
    pub(super) spec: Spec,
    pub(super) read_failure: fn(StatusCode, &HeaderMap, &[u8]) -> Failure,
    pub(super) effect_of_refusal: fn(&Error) -> Option<Effect>,
    pub(super) reports_failure: fn(&[u8]) -> bool,
    /// Why a response with a success status is not a success; `None` if it is one.
    pub(super) fault: fn(&http::Response<Bytes>) -> Option<DecodeError>,
    pub(super) request_id: fn(&HeaderMap) -> Option<String>,
    pub(super) request_id_label: &'static str,
}

impl Endpoint {
    pub(super) fn of<O: Operation>() -> &'static Self {
        const {
            &Self {
                spec: O::SPEC,
                read_failure: <O::Service as Service>::read_failure,
                effect_of_refusal: O::effect_of_refusal,
                reports_failure: <O::Service as Service>::reports_failure,
                fault: |response| Self::of::<O>().checked(response, O::decode(response)).err(),
                request_id: <O::Service as Service>::request_id,
                request_id_label: <O::Service as Service>::REQUEST_ID_LABEL,
            }
        }
    }

    /// The effect of one attempt with this outcome.
    pub(super) fn effect(&self, outcome: AttemptOutcome, error: &Error) -> Effect {
        let by_status = retry::effect(self.spec.idempotency, outcome);
        match outcome {
            AttemptOutcome::Refused { .. } if self.spec.idempotency != Idempotency::Safe => {
                (self.effect_of_refusal)(error).unwrap_or(by_status)
            }
            _ => by_status,
        }
    }

    /// Whether a body under a success status is the service's own error body. A body that is too
    /// long for one is not examined.
    pub(super) fn is_failure(&self, body: &[u8]) -> bool {
        body.len() <= LONGEST_ERROR && (self.reports_failure)(body)
    }

    /// Returns what was decoded of a response with a success status, unless its body is the
    /// service's own error body.
    ///
    /// # Errors
    /// The decoder's error, or that the body reports a failure.
    pub(super) fn checked<T>(
        &self,
        response: &http::Response<Bytes>,
        decoded: Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        // Where no body is expected, any body passes.
        let passes_anyway = decoded.is_ok() && self.spec.expects_body();
        if !passes_anyway && self.is_failure(response.body()) {
            return Err(DecodeError::Unsuccessful);
        }
        decoded
    }

    /// Whether a response with a success status confirms the change although its body cannot be
    /// used: the response must come from the service itself.
    pub(super) fn confirms(&self, response: &http::Response<Bytes>, error: &DecodeError) -> bool {
        let is_response = matches!(error, DecodeError::Shape(_)) && is_json(response.body());
        self.spec.status_confirms && is_response
    }

    /// Whether a response with a success status is evidence that the change was made.
    pub(super) fn is_evidence(&self, response: &http::Response<Bytes>) -> bool {
        match (self.fault)(response) {
            None => self.spec.status_confirms,
            Some(error) => self.confirms(response, &error),
        }
    }

    /// Why the response to a read does not come from the service. A body that looks like complete
    /// JSON is not decoded here, since it is decoded later.
    pub(super) fn foreign(&self, response: &http::Response<Bytes>) -> Option<DecodeError> {
        let body = response.body().trim_ascii();
        let ends = (body.first(), body.last());
        // One that ends where the connection does may have been cut behind a bracket.
        let framing = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
        let looks_whole = matches!(ends, (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')))
            && framing.iter().any(|name| response.headers().contains_key(name));
        if self.spec.idempotency != Idempotency::Safe || looks_whole {
            return None;
        }
        (self.fault)(response).filter(|fault| matches!(fault, DecodeError::Unrecognized(_)))
    }
}
