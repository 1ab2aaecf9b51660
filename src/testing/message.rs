//! The requests and responses of a fake.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A header's name and value.
pub(super) type Header = (String, Bytes);

pub(super) fn values<'a>(headers: &'a [Header], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let named = move |(own, _): &&Header| own.eq_ignore_ascii_case(name);
    headers.iter().filter(named).map(|(_, value)| value.as_ref())
}

/// Whether the connection ends with the message that has these headers.
pub(super) fn closes(headers: &[Header]) -> bool {
    values(headers, "connection")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// Whether a response to a request of this method has no body.
pub(super) fn bodiless(method: &str, status: u16) -> bool {
    method == "HEAD" || lengthless(status)
}

/// Whether the status has neither a body nor the length of one.
fn lengthless(status: u16) -> bool {
    matches!(status, 100..200 | 204 | 304)
}

pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<Header>,
    pub(super) body: Bytes,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        str::from_utf8(values(&self.headers, name).next()?).ok()
    }

    /// Returns the token that the request is sent with.
    pub(super) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// Returns the path as it was sent, without the query.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns the segments of the path, decoded.
    pub(super) fn segments(&self) -> Vec<String> {
        let decode = |segment: &str| {
            percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
        };
        self.path().split('/').skip(1).map(decode).collect()
    }

    pub(super) fn query_pairs(&self) -> url::form_urlencoded::Parse<'_> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        url::form_urlencoded::parse(query.as_bytes())
    }

    /// Returns the first query parameter of this name.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        self.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Returns all query parameters of this name.
    pub(super) fn values(&self, name: &str) -> Vec<Value> {
        let named = self.query_pairs().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.into()).collect()
    }

    /// Returns a number in the query, or the default where there is none; `None` if it is not a
    /// number.
    pub(super) fn number(&self, name: &str, default: usize) -> Option<usize> {
        self.query(name).map_or(Some(default), |text| text.parse().ok())
    }

    /// Whether the body is declared as this type.
    pub(super) fn is_type(&self, wanted: &str) -> bool {
        let mut kinds = values(&self.headers, "content-type")
            .filter_map(|value| value.split(|byte| *byte == b';').next());
        kinds.any(|kind| kind.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes()))
    }

    /// Returns the JSON object in the body, if the body is one and is declared as JSON.
    pub(super) fn json_object(&self) -> Option<Value> {
        self.object_of(&["application/json"])
    }

    /// The same where it is declared as one of these types.
    pub(super) fn object_of(&self, types: &[&str]) -> Option<Value> {
        let value = serde_json::from_slice(&self.body).ok().filter(Value::is_object)?;
        types.iter().any(|kind| self.is_type(kind)).then_some(value)
    }

    /// Returns the pairs of a form; none if the body is not declared as one.
    pub(super) fn form(&self) -> impl Iterator<Item = (String, String)> {
        let is_form = self.is_type("application/x-www-form-urlencoded");
        let form = if is_form { &self.body[..] } else { &[] };
        url::form_urlencoded::parse(form).into_owned()
    }

    /// Returns the values of a field of the form.
    pub(super) fn fields(&self, name: &str) -> Vec<String> {
        self.form().filter(|(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// Returns the URL of a path at the address that the client used.
    pub(super) fn link(&self, path: &str) -> String {
        format!("http://{}{path}", self.header("host").unwrap_or("localhost"))
    }
}

/// A response, or a refusal.
pub(super) type Outcome = Result<Response, Response>;

#[derive(Clone)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<Header>,
    pub(super) body: Bytes,
    /// Whether the service has this path and method at all.
    pub(super) is_routed: bool,
}

impl Response {
    pub(super) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), is_routed: true }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::typed(status, "application/json", body)
    }

    /// A JSON body under a content type of its own.
    pub(super) fn typed(status: u16, content_type: &str, body: &Value) -> Self {
        let mut response = Self::new(status).header("content-type", content_type);
        response.body = body.to_string().into();
        response
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into().into()));
        self
    }

    /// Marks the response to a path or method that the service does not have: a response that the
    /// test has set for it is sent in its place.
    pub(super) fn unrouted(mut self) -> Self {
        self.is_routed = false;
        self
    }

    /// Replaces headers of these names.
    pub(super) fn replace_headers(&mut self, headers: &[(String, String)]) {
        let names = headers.iter().map(|(name, _)| name);
        self.headers.retain(|(own, _)| !names.clone().any(|name| own.eq_ignore_ascii_case(name)));
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.clone().into()));
        self.headers.extend(headers);
    }

    /// Adds the header that frames the body, and drops a body that cannot be sent.
    pub(super) fn frame(mut self, method: &str, endless: bool) -> Self {
        let length = self.body.len().to_string();
        if bodiless(method, self.status) {
            self.body.clear();
        }
        match lengthless(self.status) {
            true => self,
            false if endless => self.header("transfer-encoding", "chunked"),
            false => self.header("content-length", length),
        }
    }

    /// Returns the head as it is sent.
    pub(super) fn head(&self) -> Vec<u8> {
        let start = format!("HTTP/1.1 {:03} {}\r\n", self.status, reason(self.status));
        let lines = self.headers.iter();
        let lines = lines.map(|(name, value)| [name.as_bytes(), b": ", value, b"\r\n"].concat());
        [start.into_bytes(), lines.collect::<Vec<_>>().concat(), b"\r\n".to_vec()].concat()
    }
}

/// Returns the usual words for a status.
pub(super) fn reason(status: u16) -> &'static str {
    let status = http::StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or("Unknown")
}

/// Returns a field that is text and not empty.
pub(super) fn filled<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field)?.as_str().filter(|text| !text.is_empty())
}

/// Returns the items of a field; none if it is not a list.
pub(super) fn items<'a>(object: &'a Value, field: &str) -> &'a [Value] {
    object[field].as_array().map_or(&[], Vec::as_slice)
}

/// Returns what is said of the first rule that is not kept.
pub(super) fn broken<T>(rules: impl IntoIterator<Item = (bool, T)>) -> Option<T> {
    rules.into_iter().find(|(is_kept, _)| !is_kept).map(|(_, refusal)| refusal)
}

/// Returns values as the client reads them.
pub(super) fn read<'a, T: DeserializeOwned>(values: impl Iterator<Item = &'a Value>) -> Vec<T> {
    values.filter_map(|value| T::deserialize(value).ok()).collect()
}
