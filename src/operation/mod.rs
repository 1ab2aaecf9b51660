//! Endpoints as values: everything that the transport needs to know about a call, without I/O.
//!
//! Every method of this crate that calls a service sends an [`Operation`]. The trait is public, so
//! that a program can send calls that the crate lacks through the same client, with the same
//! guarantees:
//!
//! ```
//! # #[cfg(feature = "deepset")] {
//! use rolecall::operation::{Operation, Spec};
//! use rolecall::{Deepset, Error};
//!
//! /// `GET /api/v1/workspaces`
//! struct ListWorkspaces;
//!
//! impl Operation for ListWorkspaces {
//!     type Service = Deepset;
//!     type Output = serde_json::Value;
//!     const SPEC: Spec = Spec::get("deepset workspaces.list", &["/api/v1/workspaces"]);
//! }
//!
//! async fn show(client: &Deepset) -> Result<(), Error> {
//!     println!("{}", client.call(&ListWorkspaces).await?);
//!     Ok(())
//! }
//! # }
//! ```
//!
//! A list also implements [`ListOperation`]; the client's `list` method reads it.

mod decode;
mod list;
mod path;
mod service;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Effect, Error};

use decode::decode_none;
pub(crate) use decode::is_json;
pub use decode::{DecodeError, decode_json};
#[cfg(any(feature = "twilio", feature = "redox"))]
pub(crate) use list::link_value;
pub use list::{ListOperation, ListPage, Next};
pub use service::{Failure, Service};

/// Whether a request may be sent again when its outcome is unknown.
///
/// The default comes from the HTTP method ([`Spec::new`]); an operation for which that is wrong declares
/// another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Idempotency {
    /// The request changes nothing. The client retries it after any transient failure, and its
    /// outcome is never unknown.
    Safe,
    /// Sending the request twice has the effect of sending it once. The client retries it after any
    /// transient failure.
    Idempotent,
    /// Sending the request twice may have two effects. The client retries it only if the service is
    /// known not to have processed it.
    NonIdempotent,
}

/// The constants of an endpoint: name, method, path template, success statuses, idempotency.
///
/// ```
/// use rolecall::operation::{Idempotency, Spec};
///
/// const DELETE: Spec = Spec::delete("acme widgets.delete", &["/v1/widgets/{id}"]);
/// const SEARCH: Spec = Spec::post("acme widgets.search", &["/v1/widgets/search"])
///     .success(&[200])
///     .idempotency(Idempotency::Safe);
/// ```
///
/// A template that does not begin with a slash does not compile:
///
/// ```compile_fail
/// use rolecall::operation::Spec;
/// const BAD: Spec = Spec::get("acme widgets.get", &["v1/widgets/{id}"]);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Spec {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) paths: &'static [&'static str],
    pub(crate) success: &'static [u16],
    pub(crate) idempotency: Idempotency,
    pub(crate) status_confirms: bool,
    pub(crate) sensitive: bool,
    pub(crate) permission: Option<&'static str>,
}

impl Spec {
    /// An endpoint named `service resource.verb`, at one of these path templates.
    ///
    /// Each `{name}` of a template is replaced by one value of [`Operation::path`], encoded as one
    /// segment. If there are several templates (one for each scope), the one with as many
    /// placeholders as values is used. The empty template stands for the base URL itself.
    ///
    /// The method decides the defaults: GET succeeds with 200 and is [`Idempotency::Safe`]; PUT and
    /// DELETE succeed with 200 and 204 and are [`Idempotency::Idempotent`]; any other succeeds with
    /// 201 (PATCH with 200) and is [`Idempotency::NonIdempotent`].
    pub const fn new(name: &'static str, method: Method, paths: &'static [&'static str]) -> Self {
        assert!(!paths.is_empty(), "an operation needs a path template");
        let mut next = 0;
        while next < paths.len() {
            let path = paths[next].as_bytes();
            assert!(path.is_empty() || path[0] == b'/', "a path template must begin with a slash");
            let mut at = 0;
            while at < path.len() {
                let (opens, closes) = (path[at] == b'{', path[at] == b'}');
                assert!(!opens || path[at - 1] == b'/', "a placeholder must be a whole segment");
                let last = at + 1 == path.len();
                assert!(
                    !closes || last || path[at + 1] == b'/',
                    "a placeholder must be a whole segment"
                );
                at += 1;
            }
            next += 1;
        }
        let (success, idempotency): (&[u16], _) = match method {
            Method::GET => (&[200], Idempotency::Safe),
            Method::PUT => (&[200], Idempotency::Idempotent),
            Method::DELETE => (&[204], Idempotency::Idempotent),
            Method::PATCH => (&[200], Idempotency::NonIdempotent),
            _ => (&[201], Idempotency::NonIdempotent),
        };
        let (status_confirms, sensitive, permission) = (true, false, None);
        Self { name, method, paths, success, idempotency, status_confirms, sensitive, permission }
    }

    /// A GET; see [`new`](Self::new).
    pub const fn get(name: &'static str, paths: &'static [&'static str]) -> Self {
        Self::new(name, Method::GET, paths)
    }

    /// A POST; see [`new`](Self::new).
    pub const fn post(name: &'static str, paths: &'static [&'static str]) -> Self {
        Self::new(name, Method::POST, paths)
    }

    /// A PUT; see [`new`](Self::new).
    pub const fn put(name: &'static str, paths: &'static [&'static str]) -> Self {
        Self::new(name, Method::PUT, paths)
    }

    /// A DELETE; see [`new`](Self::new).
    pub const fn delete(name: &'static str, paths: &'static [&'static str]) -> Self {
        Self::new(name, Method::DELETE, paths)
    }

    /// Sets the statuses that the service documents as success. 200 and 201 each also count if the
    /// other is documented, and 200 counts if 204 is.
    pub const fn success(mut self, statuses: &'static [u16]) -> Self {
        self.success = statuses;
        self
    }

    /// Sets whether the request may be sent again when its outcome is unknown.
    pub const fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// Declares that a success status alone does not confirm the change: if the body cannot be
    /// used, the outcome is unknown.
    pub const fn confirmed_by_body(mut self) -> Self {
        self.status_confirms = false;
        self
    }

    /// Declares that the response may contain a credential: no part of it is kept in errors.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Names the permission that the credentials need; a permission-denied error shows it.
    pub const fn permission(mut self, permission: &'static str) -> Self {
        self.permission = Some(permission);
        self
    }

    /// Returns the name, e.g. `harness role-assignments.create`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the HTTP method.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path templates.
    pub const fn paths(&self) -> &'static [&'static str] {
        self.paths
    }

    /// Returns the documented success statuses.
    pub const fn success_statuses(&self) -> &'static [u16] {
        self.success
    }

    /// Returns the idempotency.
    pub const fn declared_idempotency(&self) -> Idempotency {
        self.idempotency
    }

    /// Returns whether a success status alone confirms the change; see
    /// [`confirmed_by_body`](Self::confirmed_by_body).
    pub const fn is_confirmed_by_status(&self) -> bool {
        self.status_confirms
    }

    /// Whether a successful response has a body.
    pub(crate) fn expects_body(&self) -> bool {
        self.success.iter().any(|status| *status != 204)
    }

    /// Whether this status is a documented success.
    pub(crate) fn documents(&self, status: StatusCode) -> bool {
        self.success.contains(&status.as_u16())
    }

    /// Whether a response with this status may be a success: a documented status, or one that a
    /// gateway may have substituted.
    pub(crate) fn accepts(&self, status: StatusCode) -> bool {
        let documented = |status| self.success.contains(&status);
        self.documents(status)
            || match status {
                StatusCode::OK => documented(201) || documented(204),
                StatusCode::CREATED => documented(200),
                _ => false,
            }
    }

    /// Whether a success creates an item: a conflict then means that the item exists.
    pub(crate) fn creates(&self) -> bool {
        self.method == Method::POST
            && self.idempotency == Idempotency::NonIdempotent
            && self.success.contains(&201)
    }
}

/// One call of a service: a value that holds or borrows the call's input.
///
/// Only [`SPEC`](Self::SPEC) and the two types are required. The [module](self) has an example.
pub trait Operation: Send + Sync {
    /// The client that sends it.
    type Service: Service;
    /// The decoded form of a successful response.
    type Output: DeserializeOwned + Send + 'static;

    /// The constants of the endpoint.
    const SPEC: Spec;

    /// Returns the values of the path's placeholders, in order.
    ///
    /// # Errors
    /// An invalid-request error if a value cannot be used.
    fn path(&self) -> Result<Vec<&str>, Error> {
        Ok(Vec::new())
    }

    /// Returns the query parameters, in order.
    fn query(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Returns headers to add to, or to replace, those that every request has.
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        Vec::new()
    }

    /// Checks the input against the service's rules, before anything is sent.
    ///
    /// # Errors
    /// An invalid-request error that names the field and the rule.
    fn validate(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Returns the body with its content type.
    ///
    /// # Errors
    /// An invalid-request error if the input cannot be encoded.
    fn body(&self) -> Result<Body, Error> {
        Ok(Body::none())
    }

    /// Decodes a successful response. By default it reads JSON. Under 204, or if 204 is the only
    /// documented success status, the output is read from `null`, and the body may be empty or any
    /// JSON.
    ///
    /// # Errors
    /// [`DecodeError`] if the body has another shape, or reports failure.
    fn decode(response: &http::Response<Bytes>) -> Result<Self::Output, DecodeError> {
        let empty = response.status() == StatusCode::NO_CONTENT || !Self::SPEC.expects_body();
        if empty { decode_none(response.body()) } else { decode_json(response.body()) }
    }

    /// Decides whether the refusal of a *retried* request was caused by its own first attempt, e.g.
    /// a retried delete finds nothing because the first attempt deleted the item. `Some` makes the
    /// call a success. It is called only if an earlier attempt may have arrived.
    ///
    /// A "not found" may also be about the parent, or come from a gateway: check the service's
    /// code.
    fn refused_by_own_effect(refused: &Error) -> Option<Self::Output> {
        let _ = refused;
        None
    }

    /// Decides the effect of a refusal if the status alone is misleading, e.g. a service that may
    /// create an item and respond with 404. `None` leaves the decision to the status.
    fn effect_of_refusal(refused: &Error) -> Option<Effect> {
        let _ = refused;
        None
    }
}

/// A request body with its content type. `Debug` shows its length only: a body may hold a credential.
#[derive(Clone)]
pub struct Body {
    content_type: Option<HeaderValue>,
    bytes: Bytes,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.bytes.len())
    }
}

impl Body {
    /// No body and no content type.
    pub fn none() -> Self {
        Self { content_type: None, bytes: Bytes::new() }
    }

    /// Encodes a value as `application/json`, its fields in the order of declaration.
    ///
    /// # Errors
    /// An invalid-request error if the value cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(value).map_err(|error| Error::invalid("body", error))?;
        Ok(Self::new("application/json", bytes))
    }

    /// Encodes pairs as `application/x-www-form-urlencoded`, in the given order; a key may be
    /// repeated.
    ///
    /// # Errors
    /// An invalid-request error if the pairs cannot be encoded.
    pub fn form(pairs: &[(&str, &str)]) -> Result<Self, Error> {
        let text =
            serde_urlencoded::to_string(pairs).map_err(|error| Error::invalid("body", error))?;
        Ok(Self::new("application/x-www-form-urlencoded", text))
    }

    fn new(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { content_type: Some(HeaderValue::from_static(content_type)), bytes: bytes.into() }
    }
}

/// A request without the client's headers.
pub(crate) struct Prepared {
    pub(crate) request: http::Request<Bytes>,
    /// Not yet among the headers: most requests then need no map of headers before they are completed.
    content_type: Option<HeaderValue>,
    pub(crate) template: &'static str,
}

/// Builds an operation's request below a base address whose own path is kept.
///
/// # Errors
/// An invalid-request error that names the placeholder or field and the rule.
pub(crate) fn build<O: Operation>(operation: &O, base: &Uri) -> Result<Prepared, Error> {
    operation.validate()?;
    let (uri, template) = path::uri::<O>(base, &operation.path()?, &operation.query())?;
    let body = operation.body()?;
    // Gateways refuse such a request without a length (411), and HTTP libraries do not add one.
    let is_length_needed = body.bytes.is_empty()
        && matches!(O::SPEC.method, Method::POST | Method::PUT | Method::PATCH);
    let mut request = http::Request::new(body.bytes);
    *request.method_mut() = O::SPEC.method;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    if is_length_needed {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    for (name, value) in operation.headers() {
        headers.insert(name, value);
    }
    Ok(Prepared { request, content_type: body.content_type, template })
}

/// Returns a copy of a request with the client's headers and those that all requests have.
pub(crate) fn complete(prepared: &Prepared, client: &HeaderMap) -> http::Request<Bytes> {
    let request = &prepared.request;
    // Capacity for these, for authentication, and for the headers that HTTP adds.
    let own = request.headers();
    let mut headers = HeaderMap::with_capacity(client.len() + own.len() + 7);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(content_type) = &prepared.content_type {
        headers.insert(header::CONTENT_TYPE, content_type.clone());
    }
    for (name, value) in own {
        headers.insert(name, value.clone());
    }
    // Responses are small; a compressed one could hide a large one.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for (name, value) in client {
        headers.insert(name, value.clone());
    }
    let mut copy = http::Request::new(request.body().clone());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = headers;
    copy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::memory::TestService;

    #[test]
    fn method_decides_success_and_idempotency() {
        use Idempotency::{Idempotent, NonIdempotent, Safe};
        for (method, success, idempotency) in [
            (Method::GET, 200, Safe),
            (Method::PUT, 200, Idempotent),
            (Method::DELETE, 204, Idempotent),
            (Method::PATCH, 200, NonIdempotent),
            (Method::POST, 201, NonIdempotent),
        ] {
            let spec = Spec::new("test things.change", method, &["/things"]);
            assert_eq!((spec.success, spec.idempotency), (&[success][..], idempotency));
            assert_eq!(spec.expects_body(), success != 204);
            let spec = spec.success(&[204, 200]).idempotency(Safe);
            assert_eq!(
                (spec.success, spec.idempotency, spec.expects_body()),
                (&[204, 200][..], Safe, true)
            );
        }
    }

    struct Update;

    impl Operation for Update {
        type Service = TestService;
        type Output = ();
        const SPEC: Spec = Spec::put("test things.update", &["/things", "/things/{id}"]);

        fn path(&self) -> Result<Vec<&str>, Error> {
            Ok(vec!["a b"])
        }

        fn query(&self) -> Vec<(&'static str, String)> {
            vec![("q", "a&b".to_owned()), ("q", "c".to_owned())]
        }

        fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
            let gzip = (header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
            vec![(header::ACCEPT, HeaderValue::from_static("text/plain")), gzip]
        }

        fn body(&self) -> Result<Body, Error> {
            Body::form(&[("P", "b c"), ("P", "a&b")])
        }
    }

    #[test]
    fn request_has_each_part_once_and_encoded() {
        let base = Uri::from_static("https://service.example/base");
        let client = [(header::USER_AGENT, HeaderValue::from_static("test"))].into_iter().collect();
        let prepared = build(&Update, &base).expect("it is valid");
        let template = prepared.template;
        let request = complete(&prepared, &client);
        assert_eq!((request.method(), template), (&Method::PUT, "/things/{id}"));
        assert_eq!(request.uri(), "https://service.example/base/things/a%20b?q=a%26b&q=c");
        assert_eq!(&request.body()[..], b"P=b+c&P=a%26b");
        let mut headers: Vec<_> =
            request.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        assert_eq!(
            headers,
            [
                r#"accept-encoding: "identity""#,
                r#"accept: "text/plain""#,
                r#"content-type: "application/x-www-form-urlencoded""#,
                r#"user-agent: "test""#,
            ]
        );
        assert_eq!(format!("{:?}", Update.body().expect("it encodes")), "Body(13 bytes)");
    }

    #[test]
    fn change_without_a_body_says_so() {
        struct Touch;
        impl Operation for Touch {
            type Service = TestService;
            type Output = ();
            const SPEC: Spec = Spec::put("test things.touch", &["/things"]);
        }
        struct Read;
        impl Operation for Read {
            type Service = TestService;
            type Output = ();
            const SPEC: Spec = Spec::get("test things.read", &["/things"]);
        }
        let base = Uri::from_static("https://service.example");
        let touch = build(&Touch, &base).expect("it is valid").request;
        assert_eq!(touch.headers()[header::CONTENT_LENGTH], "0");
        let read = build(&Read, &base).expect("it is valid").request;
        assert!(read.headers().is_empty());
    }

    #[test]
    fn body_in_place_of_none_is_empty_or_json() {
        struct Delete;
        impl Operation for Delete {
            type Service = TestService;
            type Output = ();
            const SPEC: Spec = Spec::delete("test things.delete", &["/things"]);
        }
        let response =
            |body: &'static str| http::Response::new(Bytes::from_static(body.as_bytes()));
        for (body, none, one) in [
            ("", true, false),
            (" \n", true, false),
            ("null", true, true),
            ("{}", true, false),
            ("<html>", false, false),
            ("{", false, false),
        ] {
            assert_eq!(Delete::decode(&response(body)).is_ok(), none, "{body}");
            assert_eq!(Update::decode(&response(body)).is_ok(), one, "{body}");
        }
    }

    #[test]
    fn status_of_a_success_may_be_another_one() {
        let accepted = |documented: &'static [u16]| {
            let spec = Spec::get("test things.get", &["/things"]).success(documented);
            let all = [200, 201, 202, 203, 204, 205, 206];
            let status = |status: &u16| StatusCode::from_u16(*status).expect("it is a status");
            all.into_iter().filter(|it| spec.accepts(status(it))).collect::<Vec<_>>()
        };
        assert_eq!(accepted(&[200]), [200, 201]);
        assert_eq!(accepted(&[201]), [200, 201]);
        assert_eq!(accepted(&[204]), [200, 204]);
        assert_eq!(accepted(&[202]), [202]);
    }
}
