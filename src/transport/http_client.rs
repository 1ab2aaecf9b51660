//! The wire over HTTP. Only this file names reqwest.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use http_body::{Body, Frame, SizeHint};
use url::Url;

use super::bounded;
use super::http_config::HttpConfig;
use super::options::ClientOptions;
use super::wire::{BodyError, BodyErrorCause, BodyFuture, BoxFuture, SendGate, Wire, WireError};
use crate::error::Error;

/// The maximum number of headers of a response. hyper allocates 64 bytes for each in advance.
const MOST_HEADERS: usize = 1024;

/// One HTTP/1.1 client with its connection pool, for one origin.
pub(crate) struct HttpClient {
    client: reqwest::Client,
    /// The origin, with a long path: a copy has room for the path and query that replace it.
    base: Url,
    /// The proxy, without its credentials.
    proxy: Option<String>,
}

impl HttpClient {
    /// # Errors
    /// A configuration error if a setting cannot be used, or if `base` needs a TLS backend that
    /// this build does not have.
    pub(crate) fn new(base: &Url, options: &ClientOptions) -> Result<Self, Error> {
        check_tls(base)?;
        // `HttpConfig` reads the environment.
        let builder = reqwest::Client::builder().no_proxy();
        let builder = builder.connect_timeout(options.connect_timeout);
        let mut builder = configure(builder, &options.http)?;
        if base.scheme() == "http" && options.http.proxy.is_none() {
            builder = without_roots(builder, &options.http);
        }
        // The crate relies on the following settings.
        builder = choose_tls(builder)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // No retries in reqwest. (hyper's pool still opens a new connection if a pooled one is
            // closed before anything was written to it.)
            .retry(reqwest::retry::never())
            // With HTTP/1 the head of a request is sent before the body, so a body that was not
            // polled to its end was not received completely: see `Tracked`.
            .http1_only()
            // By number; their length is limited to some 400 KiB together.
            .http1_max_headers(MOST_HEADERS)
            // Another crate in the build may have turned these features of reqwest on.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        let client = builder.build().map_err(|error| {
            Error::configuration("the HTTP client cannot be set up").with_source(error)
        })?;
        let proxy = options.http.proxy.as_ref().and_then(|proxy| Url::parse(proxy.expose()).ok());
        let proxy = proxy.map(|proxy| proxy.origin().ascii_serialization());
        let mut base = base.clone();
        base.set_path(&"-".repeat(128));
        Ok(Self { client, base, proxy })
    }
}

fn configure(
    mut builder: reqwest::ClientBuilder,
    config: &HttpConfig,
) -> Result<reqwest::ClientBuilder, Error> {
    if let Some(proxy) = &config.proxy {
        // The cause could quote the proxy's password.
        let proxy = reqwest::Proxy::all(proxy.expose())
            .map_err(|_| Error::configuration("proxy: is not a proxy URL"))?;
        builder = builder.proxy(proxy);
    }
    builder = configure_tls(builder, config)?;
    if let Some(connections) = config.pool_max_idle {
        builder = builder.pool_max_idle_per_host(connections);
    }
    if let Some(timeout) = config.pool_idle_timeout {
        // hyper adds it to the current time.
        builder = builder.pool_idle_timeout(bounded(timeout));
    }
    if let Some(silence) = config.tcp_keepalive {
        builder = builder.tcp_keepalive(silence);
    }
    if let Some(address) = config.local_address {
        builder = builder.local_address(address);
    }
    for (host, address) in &config.resolve {
        // Port 0: that of the URL.
        builder = builder.resolve(host, SocketAddr::new(*address, 0));
    }
    Ok(builder)
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
fn configure_tls(
    mut builder: reqwest::ClientBuilder,
    config: &HttpConfig,
) -> Result<reqwest::ClientBuilder, Error> {
    let mut roots = Vec::new();
    for pem in &config.roots_pem {
        let bundle = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| {
            Error::configuration("root certificates: are not PEM").with_source(error)
        })?;
        if bundle.is_empty() {
            return Err(Error::configuration("root certificates: the PEM contains none"));
        }
        roots.extend(bundle);
    }
    if config.only_these_roots {
        builder = builder.tls_certs_only(roots);
    } else if !roots.is_empty() {
        builder = builder.tls_certs_merge(roots);
    }
    if let Some((chain, key)) = &config.identity_pem {
        // The cause is left out: it could quote the key.
        let identity = identity(chain, key.expose()).map_err(|_| {
            Error::configuration("client certificate: certificate or key are not readable PEM")
        })?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
fn configure_tls(
    builder: reqwest::ClientBuilder,
    config: &HttpConfig,
) -> Result<reqwest::ClientBuilder, Error> {
    if !config.roots_pem.is_empty() || config.only_these_roots || config.identity_pem.is_some() {
        return Err(Error::configuration(
            "certificates are set, but this build has no TLS: enable the feature `rustls` or `native-tls`",
        ));
    }
    Ok(builder)
}

/// Without an `https://` address or proxy the platform's root certificates are not needed: a
/// machine without them can connect to loopback, and no test waits for them to be loaded.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
fn without_roots(builder: reqwest::ClientBuilder, config: &HttpConfig) -> reqwest::ClientBuilder {
    if config.roots_pem.is_empty() { builder.tls_certs_only([]) } else { builder }
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
fn without_roots(builder: reqwest::ClientBuilder, _: &HttpConfig) -> reqwest::ClientBuilder {
    builder
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn identity(chain: &[u8], key: &str) -> reqwest::Result<reqwest::Identity> {
    reqwest::Identity::from_pem(&[chain, b"\n", key.as_bytes()].concat())
}

#[cfg(all(feature = "native-tls", not(any(feature = "rustls", feature = "rustls-no-provider"))))]
fn identity(chain: &[u8], key: &str) -> reqwest::Result<reqwest::Identity> {
    reqwest::Identity::from_pkcs8_pem(chain, key.as_bytes())
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn choose_tls(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_backend_rustls()
}

#[cfg(all(feature = "native-tls", not(any(feature = "rustls", feature = "rustls-no-provider"))))]
fn choose_tls(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_backend_native()
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
fn choose_tls(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
}

#[cfg(any(feature = "rustls", all(feature = "native-tls", not(feature = "rustls-no-provider"))))]
fn check_tls(_base: &Url) -> Result<(), Error> {
    Ok(())
}

// reqwest would panic where no provider is installed, even for an http:// address.
#[cfg(all(feature = "rustls-no-provider", not(feature = "rustls")))]
fn check_tls(_base: &Url) -> Result<(), Error> {
    if rustls::crypto::CryptoProvider::get_default().is_some() {
        return Ok(());
    }
    Err(Error::configuration(
        "no crypto provider: install one with rustls' CryptoProvider::install_default, or enable the feature `rustls`",
    ))
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
fn check_tls(base: &Url) -> Result<(), Error> {
    if base.scheme() == "http" {
        return Ok(());
    }
    Err(Error::configuration(
        "https:// needs TLS, and this build has none: enable the feature `rustls` or `native-tls`",
    ))
}

impl Wire for HttpClient {
    fn send(
        &self,
        request: http::Request<Bytes>,
        limit: usize,
        gate: &SendGate,
    ) -> BoxFuture<'static, Result<http::Response<BodyFuture>, WireError>> {
        let outgoing = match outgoing(&self.base, request, gate) {
            Ok(outgoing) => outgoing,
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        };
        let sending = self.client.execute(outgoing);
        Box::pin(async move {
            let mut response = sending.await.map_err(|error| {
                // The URL may carry query values.
                let error = error.without_url();
                if error.is_builder() {
                    WireError::Unusable(error.into())
                } else if error.is_connect() {
                    WireError::Connect(error.into())
                } else {
                    WireError::Broken(error.into())
                }
            })?;
            let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
            let encoding = encoding(&headers);
            let body: BodyFuture = Box::pin(read(response, encoding, limit));
            let mut response = http::Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }

    fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }
}

/// The request goes to the origin of `base`, whatever its own address says. (Parsing the whole
/// address would take a tenth of the call's time.)
///
/// # Errors
/// An error if normalization changes the path.
fn outgoing(
    base: &Url,
    request: http::Request<Bytes>,
    gate: &SendGate,
) -> Result<reqwest::Request, WireError> {
    let (parts, body) = request.into_parts();
    let mut url = base.clone();
    url.set_path(parts.uri.path());
    url.set_query(parts.uri.query());
    if url.path() != parts.uri.path() {
        return Err(WireError::Unusable("the path changes when the URL is normalized".into()));
    }
    let mut outgoing = reqwest::Request::new(parts.method, url);
    *outgoing.headers_mut() = parts.headers;
    if body.is_empty() {
        // Without a body there is nothing to track: the request may arrive from here on. The gate
        // is not shared yet, so it cannot be closed.
        let _ = gate.leave();
    } else {
        let body = Tracked { data: Some(body), gate: gate.clone() };
        *outgoing.body_mut() = Some(reqwest::Body::wrap(body));
    }
    Ok(outgoing)
}

/// The content encoding of a body, if it has one.
fn encoding(headers: &HeaderMap) -> Option<String> {
    let lines = || headers.get_all(header::CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
    let plain = |one: &[u8]| one.is_empty() || one.eq_ignore_ascii_case(b"identity");
    let mut each = lines().flat_map(|line| line.split(|byte| *byte == b','));
    if each.all(|one| plain(one.trim_ascii())) {
        return None;
    }
    Some(String::from_utf8_lossy(&lines().collect::<Vec<_>>().join(&b", "[..])).into_owned())
}

/// Reads a body of at most `limit` bytes; one that is encoded and not empty is not read.
async fn read(
    mut response: reqwest::Response,
    encoding: Option<String>,
    limit: usize,
) -> Result<Bytes, BodyError> {
    let mut read = Gathered { first: Bytes::new(), all: Vec::new() };
    let cause = loop {
        match response.chunk().await {
            // An empty body is accepted: some gateways put the header on every response.
            Ok(Some(chunk)) if encoding.is_some() && !chunk.is_empty() => {
                break BodyErrorCause::Encoded { encoding: encoding.unwrap_or_default() };
            }
            Ok(Some(chunk)) if chunk.len() > limit - read.len() => {
                let room = limit - read.len();
                read.add(chunk.slice(..room), limit);
                break BodyErrorCause::TooLarge { limit };
            }
            Ok(Some(chunk)) => read.add(chunk, limit),
            Ok(None) => return Ok(read.into_bytes()),
            Err(error) => break BodyErrorCause::Broken(error.without_url().into()),
        }
    };
    Err(BodyError { cause, partial: read.into_bytes() })
}

/// The part of a body that was read; copied only if it arrived in pieces.
struct Gathered {
    first: Bytes,
    all: Vec<u8>,
}

impl Gathered {
    fn len(&self) -> usize {
        self.first.len() + self.all.len()
    }

    /// Adds a chunk within the limit. Memory use exceeds the limit by at most half of it.
    fn add(&mut self, chunk: Bytes, limit: usize) {
        if self.len() == 0 {
            self.first = chunk;
            return;
        }
        let needed = self.len() + chunk.len();
        if needed > self.all.capacity() {
            // By doubling to the limit itself: the last step is from its half.
            let halves = (limit / needed).max(1).ilog2();
            self.all.reserve_exact((limit >> halves).max(needed) - self.all.len());
        }
        self.all.extend_from_slice(&std::mem::take(&mut self.first));
        self.all.extend_from_slice(&chunk);
    }

    fn into_bytes(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.into() }
    }
}

/// A body that records whether hyper polled it.
///
/// hyper polls the body after it has put the head in its buffer. Until then the service cannot have
/// received the complete request; if the body is refused then, the service never will.
struct Tracked {
    data: Option<Bytes>,
    gate: SendGate,
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if !self.gate.leave() {
            // The attempt has ended. Without its body the service cannot process the request.
            let given_up = std::io::Error::other("the attempt was given up");
            return Poll::Ready(Some(Err(given_up)));
        }
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}

#[cfg(all(test, feature = "rustls-no-provider", not(feature = "rustls")))]
mod tests {
    use super::*;

    #[test]
    fn without_a_crypto_provider_no_address_can_be_used() {
        for base in ["https://h.example", "http://127.0.0.1:1"] {
            let base = Url::parse(base).expect("it is a URL");
            let client = HttpClient::new(&base, &ClientOptions::default());
            let error = client.err().expect("there is no provider");
            assert!(error.to_string().contains("no crypto provider"), "{error}");
        }
    }
}
