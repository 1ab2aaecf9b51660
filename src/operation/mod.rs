//! An endpoint as a value: everything the wire needs in one place, and no I/O.
//!
//! Every method of this crate that calls a service is an [`Operation`] underneath. The trait is
//! public, so a program can send a call that the crate does not know yet through the same client,
//! with the same promises:
//!
//! ```
//! # #[cfg(feature = "deepset")] {
//! use rolecall::operation::{AnswerError, Body, Operation, Path, RawAnswer, Repeat};
//! use rolecall::{Deepset, Error};
//!
//! /// `GET /api/v1/me`: who the key belongs to.
//! struct Me;
//!
//! impl Operation for Me {
//!     type Service = Deepset;
//!     type Answer = serde_json::Value;
//!     const NAME: &'static str = "deepset me.get";
//!     const METHOD: http::Method = http::Method::GET;
//!     const SUCCESS: &'static [u16] = &[200];
//!     const REPEAT: Repeat = Repeat::Read;
//!
//!     fn path(&self) -> Path<'_> {
//!         Path::fixed("/api/v1/me")
//!     }
//!
//!     fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError> {
//!         answer.json()
//!     }
//! }
//!
//! async fn show(client: &Deepset) -> Result<(), Error> {
//!     println!("{}", client.call(&Me).await?);
//!     Ok(())
//! }
//! # }
//! ```

mod path;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{Error, ErrorKind};

/// Whether a request may be sent again when nobody knows what became of it.
///
/// Declared by each operation, not guessed from its method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// It changes nothing: repeat at will. A failure never leaves an unknown outcome.
    Read,
    /// Twice has the effect of once: repeat it after any passing fault.
    Idempotent,
    /// Twice may be two: repeat it only where it is known that it was not processed.
    Once,
}

/// A service whose calls this crate makes: how it reports failure.
///
/// Implemented by each vendor's client.
pub trait Service: Send + Sync + 'static {
    /// What the service calls the id of a request, as it is shown in errors.
    const REQUEST_ID_LABEL: &'static str = "request id";

    /// Reads an answer that is not a success of the operation. Never fails: what cannot be read
    /// becomes a failure by status alone.
    fn read_failure(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure;

    /// The id under which the service knows the request, from the headers of any answer.
    fn request_id(headers: &HeaderMap) -> Option<String> {
        let _ = headers;
        None
    }
}

/// What a service said about a failure, in the shared vocabulary.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The cause, by the service's code first and the status second.
    pub kind: ErrorKind,
    /// The service's code as text.
    pub code: Option<String>,
    /// The service's message.
    pub message: Option<String>,
    /// The id of the request, where the body has it.
    pub request_id: Option<String>,
    /// The service's own typed error.
    pub service: Option<Arc<dyn Any + Send + Sync>>,
}

impl Failure {
    /// A failure with this status; `by_code` is what the service's own code means, if it has one.
    ///
    /// The code decides where the service refused or failed (4xx, 5xx). But 429 is a rate limit
    /// whatever the code, and only a refusal (a 4xx other than 408) is believed to be one from the
    /// code alone, since it says that nothing was processed.
    #[must_use]
    pub fn new(status: StatusCode, by_code: Option<ErrorKind>) -> Self {
        let by_status = ErrorKind::from_status(status);
        let kind = match (status.as_u16(), by_code) {
            (408 | 429, _) | (_, None) => by_status,
            (500..=599, Some(ErrorKind::RateLimited)) => by_status,
            (400..=599, Some(kind)) => kind,
            (_, Some(_)) => by_status,
        };
        Self { kind, code: None, message: None, request_id: None, service: None }
    }

    /// A failure of which only the status is known.
    #[must_use]
    pub fn from_status(status: StatusCode) -> Self {
        Self::new(status, None)
    }

    /// Sets the service's code.
    #[must_use]
    pub fn with_code(mut self, code: Option<String>) -> Self {
        self.code = code;
        self
    }

    /// Sets the service's message.
    #[must_use]
    pub fn with_message(mut self, message: Option<String>) -> Self {
        self.message = message;
        self
    }

    /// Sets the request id that the body has.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<String>) -> Self {
        self.request_id = id;
        self
    }

    /// Sets the service's own typed error.
    #[must_use]
    pub fn with_service<E: Any + Send + Sync>(mut self, error: E) -> Self {
        self.service = Some(Arc::new(error));
        self
    }
}

/// One call of a service.
///
/// An implementation is a value that holds (or borrows) the call's input. See the
/// [module](self) for an example.
pub trait Operation {
    /// The client that may send it.
    type Service: Service;
    /// What a successful answer becomes.
    type Answer: Send + 'static;

    /// `service resource.verb`, for errors and spans.
    const NAME: &'static str;
    /// The HTTP method.
    const METHOD: Method;
    /// The status codes that the service documents as success.
    const SUCCESS: &'static [u16];
    /// Whether it may be sent again when its outcome is unknown.
    const REPEAT: Repeat;
    /// Whether a success status by itself says that the change was made. Where only the body says
    /// so, an answer that cannot be used leaves the outcome unknown.
    const STATUS_CONFIRMS: bool = true;
    /// Whether the answer may contain a credential; then no part of it is kept in errors.
    const SENSITIVE: bool = false;

    /// The path below the base URL.
    fn path(&self) -> Path<'_>;

    /// Query parameters, in order.
    fn query(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Headers beside, or instead of, those that every request has.
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        Vec::new()
    }

    /// The body and its encoding.
    ///
    /// # Errors
    /// An error if the input cannot be encoded.
    fn body(&self) -> Result<Body, Error> {
        Ok(Body::none())
    }

    /// Reads an answer with one of the success codes.
    ///
    /// # Errors
    /// [`AnswerError`] if the body has another shape, or reports failure after all.
    fn decode(answer: &RawAnswer<'_>) -> Result<Self::Answer, AnswerError>;

    /// What it means that a *repeated* request was refused so after an earlier try may have arrived: a
    /// repeated delete is answered "not found" by its own first try, for example.
    ///
    /// `Some` makes the call a success. A "not found" may also be about what the thing is in, or come
    /// from something before the service: look at the service's code.
    fn echo(refused: &Error) -> Option<Self::Answer> {
        let _ = refused;
        None
    }
}

/// A path template and the values of its placeholders.
#[derive(Clone, Debug)]
pub struct Path<'a> {
    template: &'static str,
    values: Vec<Cow<'a, str>>,
}

impl<'a> Path<'a> {
    /// A path in which nothing varies.
    #[must_use]
    pub fn fixed(path: &'static str) -> Self {
        Self { template: path, values: Vec::new() }
    }

    /// A path with a `{name}` for each segment that varies, and their values in order. Each value
    /// becomes exactly one encoded segment. The template is also the `url.template` of spans.
    ///
    /// ```
    /// use rolecall::operation::Path;
    /// let path = Path::new("/v1/orgs/{org}/role-assignments", ["platform"]);
    /// # let _ = path;
    /// ```
    pub fn new<V: Into<Cow<'a, str>>>(
        template: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self { template, values: values.into_iter().map(Into::into).collect() }
    }
}

/// A request body with its content type. `Debug` shows its length only: a body may carry a credential.
#[derive(Clone)]
pub struct Body {
    content_type: Option<HeaderValue>,
    bytes: Bytes,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.bytes.len())
    }
}

impl Body {
    /// No body, no content type.
    #[must_use]
    pub fn none() -> Self {
        Self { content_type: None, bytes: Bytes::new() }
    }

    /// A value as `application/json`, its fields in the order of declaration.
    ///
    /// # Errors
    /// An invalid-request error if the value cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(value).map_err(|error| Error::invalid("body", error))?;
        Ok(Self {
            content_type: Some(HeaderValue::from_static("application/json")),
            bytes: bytes.into(),
        })
    }

    /// Pairs as `application/x-www-form-urlencoded`, in the given order; a key may be repeated.
    ///
    /// # Errors
    /// An invalid-request error if the pairs cannot be encoded.
    pub fn form(pairs: &[(&str, &str)]) -> Result<Self, Error> {
        let text =
            serde_urlencoded::to_string(pairs).map_err(|error| Error::invalid("body", error))?;
        Ok(Self {
            content_type: Some(HeaderValue::from_static("application/x-www-form-urlencoded")),
            bytes: text.into(),
        })
    }
}

/// A successful answer before it is read. `Debug` shows neither headers nor body.
#[derive(Clone, Copy)]
pub struct RawAnswer<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl fmt::Debug for RawAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawAnswer({}, {} bytes)", self.status, self.body.len())
    }
}

impl<'a> RawAnswer<'a> {
    /// An answer by hand, to test [`Operation::decode`].
    #[must_use]
    pub fn new(status: StatusCode, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { status, headers, body }
    }

    /// The HTTP status: one of the operation's success codes.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// The body, complete and within the size limit.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Reads the body as JSON; an error names the field at which it stopped making sense.
    ///
    /// # Errors
    /// [`AnswerError::Shape`] if the body is not JSON of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, AnswerError> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Err(AnswerError::shape("the body is empty"));
        }
        // Keeping track of the place costs an allocation a field, so it is left for what fails.
        serde_json::from_slice(self.body).or_else(|_| self.json_with_place())
    }

    fn json_with_place<T: DeserializeOwned>(&self) -> Result<T, AnswerError> {
        let mut reader = serde_json::Deserializer::from_slice(self.body);
        let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let (path, cause) = (error.path().to_string(), error.into_inner());
            let place = if path == "." || path == "?" { "body" } else { &path };
            match cause.classify() {
                serde_json::error::Category::Data => {
                    AnswerError::shape(format!("{place}: {cause}"))
                }
                _ => AnswerError::shape(format!("not JSON at {place}: {cause}")),
            }
        })?;
        reader.end().map_err(|cause| AnswerError::shape(format!("not JSON: {cause}")))?;
        Ok(value)
    }
}

/// Why a successful answer is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerError {
    /// The body has another shape; the text says where. The change was made all the same, if the
    /// operation's [status confirms](Operation::STATUS_CONFIRMS) it.
    Shape(Cow<'static, str>),
    /// The body says that the call did not succeed, under a status that says it did. What became
    /// of the call is unknown.
    Unsuccessful,
}

impl AnswerError {
    /// A body of another shape.
    #[must_use]
    pub fn shape(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Shape(text.into())
    }
}

/// A request as it goes to the wire, but for the credentials. `Debug` shows method and path.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) template: &'static str,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.url.origin().ascii_serialization();
        write!(f, "Request({} {origin}{}, {} bytes)", self.method, self.url.path(), self.body.len())
    }
}

impl Request {
    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The whole URL.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The headers, without those that authenticate.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Builds the request of an operation below a base URL whose own path is kept. Pure: nothing is sent.
///
/// # Errors
/// An invalid-request error that names the placeholder or field and the rule.
pub(crate) fn build<O: Operation>(operation: &O, base: &Url) -> Result<Request, Error> {
    let path = operation.path();
    let mut url = path::append(base, &path)?;
    let query = operation.query();
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let body = operation.body()?;
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(content_type) = body.content_type {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    for (name, value) in operation.headers() {
        headers.insert(name, value);
    }
    // Answers are small; a compressed one could hide a large one.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(Request { method: O::METHOD, template: path.template, url, headers, body: body.bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, AnswerError> {
        let headers = HeaderMap::new();
        RawAnswer { status: StatusCode::OK, headers: &headers, body }.json()
    }

    #[derive(serde::Deserialize, Debug)]
    struct Outer {
        #[expect(dead_code, reason = "only its reading is tested")]
        inner: Vec<u8>,
    }

    fn shape(body: &[u8]) -> String {
        match read::<Outer>(body).expect_err("it has another shape") {
            AnswerError::Shape(text) => text.into_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn decoding_names_the_place() {
        assert_eq!(shape(b" \n"), "the body is empty");
        assert!(shape(br#"{"inner":[1,"x"]}"#).starts_with("inner[1]: invalid type"));
        assert!(shape(b"<html>").starts_with("not JSON at body"));
        assert!(shape(br#"{"inner":[]} x"#).starts_with("not JSON"));
        assert!(shape(b"{}").starts_with("body: missing field `inner`"));
        assert!(shape(b"\xff\xfe\0").starts_with("not JSON"));
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        let deep = "[".repeat(100_000);
        read::<serde_json::Value>(deep.as_bytes()).expect_err("it nests too deep");
    }

    #[test]
    fn repeated_form_keys_keep_their_order() {
        let body = Body::form(&[("P", "b c"), ("P", "a&b")]).expect("it encodes");
        assert_eq!(&body.bytes[..], b"P=b+c&P=a%26b");
    }
}
