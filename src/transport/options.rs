//! Settings that are the same for every service.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use url::{Host, Url};

use super::attempt::SizeLimit;
use super::http_config::HttpConfig;
use super::interceptor::{Interceptor, own_header};
use super::retry::{Budget, RetryPolicy};
use crate::declare::setters;
use crate::error::Error;
use crate::model::Secret;
use crate::model::env::Vars;

/// Time limits, retries, size limit, user agent and HTTP settings of a client.
///
/// One value can be used for the clients of several services.
///
/// ```
/// # #[cfg(feature = "redox")]
/// # fn example() -> Result<(), rolecall::Error> {
/// use rolecall::{ClientOptions, Redox, RetryPolicy};
/// use std::time::Duration;
///
/// let options = ClientOptions::default()
///     .call_timeout(Duration::from_secs(30))
///     .retry(RetryPolicy::default().max_attempts(3))
///     .user_agent_suffix("offboarding/2.1");
/// let redox = Redox::builder("obviously-fake").options(options).build()?;
/// # Ok(())
/// # }
/// # #[cfg(all(feature = "redox", feature = "rustls"))]
/// # example().unwrap();
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientOptions {
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) token_timeout: Duration,
    max_response_bytes: usize,
    max_list_bytes: usize,
    pub(crate) retry: RetryPolicy,
    user_agent_suffix: Option<String>,
    headers: Vec<(String, Secret)>,
    pub(super) interceptors: Vec<Arc<dyn Interceptor>>,
    allow_plain_http: bool,
    pub(crate) http: HttpConfig,
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("connect_timeout", &self.connect_timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("call_timeout", &self.call_timeout)
            .field("token_timeout", &self.token_timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("max_list_bytes", &self.max_list_bytes)
            .field("retry", &self.retry)
            .field("user_agent_suffix", &self.user_agent_suffix)
            .field("headers", &self.headers)
            .field("interceptors", &self.interceptors.len())
            .field("allow_plain_http", &self.allow_plain_http)
            .field("http", &self.http)
            .finish()
    }
}

impl Default for ClientOptions {
    /// 10 s to connect, 30 s an attempt, 90 s a call, 30 s to obtain a token; responses of at most
    /// 2 MiB, pages of lists of at most 32 MiB.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(30),
            call_timeout: Duration::from_secs(90),
            token_timeout: Duration::from_secs(30),
            max_response_bytes: 2 * 1024 * 1024,
            max_list_bytes: 32 * 1024 * 1024,
            retry: RetryPolicy::default(),
            user_agent_suffix: None,
            headers: Vec::new(),
            interceptors: Vec::new(),
            allow_plain_http: false,
            http: HttpConfig::default(),
        }
    }
}

impl ClientOptions {
    setters! {
        /// Sets the time for name resolution, TCP and TLS of one connection. Default 10 s.
        connect_timeout(Duration);

        /// Sets the time for one attempt, from connecting to the last byte of the response. Default 30 s.
        attempt_timeout(Duration);

        /// Sets the time for a whole call: getting a token, all attempts and all waits; where a call makes
        /// several requests (`ensure`), for all of them. Default 90 s.
        call_timeout(Duration);

        /// Sets the time to obtain an access token, retries included. Default 30 s.
        token_timeout(Duration);

        /// Sets the largest response that is read, in bytes; pages of lists have a limit of their own.
        /// Default 2 MiB. While a response is read, up to half as much again is allocated.
        max_response_bytes(usize);

        /// Sets the largest page of a list that is read, in bytes. Default 32 MiB: some services send a
        /// whole list in one response.
        max_list_bytes(usize);

        /// Sets how often and how long calls are retried.
        retry(RetryPolicy);

        /// Appends the program's name to `rolecall/<version>` in the `User-Agent` header.
        user_agent_suffix(some into String);
    }

    /// Sets a header on every request, e.g. a gateway's key; the last value for a name wins. It is
    /// sent only to the client's base URL, not to a token endpoint, and errors mask its value.
    /// `build` refuses a header that the client sets itself.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds an interceptor, which runs before and after each attempt, including those at a token
    /// endpoint. Several run in the order in which they were added.
    pub fn interceptor(mut self, interceptor: impl Interceptor) -> Self {
        self.interceptors.push(Arc::new(interceptor));
        self
    }

    setters! {
        /// Allows `http://` addresses that are not loopback: credentials then cross the network
        /// unencrypted.
        allow_plain_http(bool);
    }

    /// Configures the HTTP client: proxy, certificates, pool. The settings that this crate relies
    /// on (no redirects, no retries in the HTTP library, identity encoding, HTTP/1.1) are applied
    /// afterwards.
    ///
    /// ```
    /// use rolecall::ClientOptions;
    /// let options = ClientOptions::default().http(|http| http.proxy("http://proxy.example:3128"));
    /// # let _ = options;
    /// ```
    pub fn http(mut self, configure: impl FnOnce(HttpConfig) -> HttpConfig) -> Self {
        self.http = configure(self.http);
        self
    }

    /// The retry budget of one client and its clones.
    pub(crate) fn budget(&self) -> Arc<Budget> {
        Arc::new(Budget::new(self.retry.budget))
    }

    /// The same for requests to a token endpoint.
    #[cfg(any(test, feature = "twilio", feature = "redox-jwt"))]
    pub(super) fn for_tokens(mut self) -> Self {
        self.headers.clear();
        self.call_timeout = self.token_timeout;
        self.attempt_timeout = self.attempt_timeout.min(self.token_timeout / 3);
        // The token cache waits, so that each caller can decide whether it does.
        self.retry = self.retry.max_retry_after(Duration::ZERO);
        self
    }

    pub(super) fn limit(&self, is_list: bool) -> SizeLimit {
        match is_list {
            true => SizeLimit { bytes: self.max_list_bytes, setting: "max_list_bytes" },
            false => SizeLimit { bytes: self.max_response_bytes, setting: "max_response_bytes" },
        }
    }

    /// The program's own headers.
    ///
    /// # Errors
    /// A configuration error that names the header and the rule.
    pub(super) fn own_headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let (name, value) = own_header(name, value.expose())?;
            headers.insert(name, value);
        }
        Ok(headers)
    }

    pub(crate) fn user_agent(&self) -> Result<HeaderValue, Error> {
        let own = concat!("rolecall/", env!("CARGO_PKG_VERSION"));
        let text = match &self.user_agent_suffix {
            Some(suffix) => format!("{own} {suffix}"),
            None => own.to_owned(),
        };
        HeaderValue::from_str(&text).map_err(|_| {
            Error::configuration(
                "user agent suffix: must not contain line breaks or control characters",
            )
        })
    }
}

/// The address of a service, and the name of the setting that it comes from.
#[derive(Clone)]
pub(crate) struct Address {
    setting: &'static str,
    text: Option<String>,
}

impl Address {
    /// The service's own address, until another is set.
    pub(crate) fn new(setting: &'static str) -> Self {
        Self { setting, text: None }
    }

    pub(crate) fn set(&mut self, text: impl Into<String>) {
        self.text = Some(text.into());
    }

    #[cfg(feature = "twilio")]
    pub(crate) fn is_set(&self) -> bool {
        self.text.is_some()
    }

    /// Takes the address from a variable, if it is set.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub(crate) fn read(&mut self, vars: &Vars<'_>, name: &'static str) -> Result<(), Error> {
        if let Some(text) = vars.optional(name)? {
            *self = Self { setting: name, text: Some(text) };
        }
        Ok(())
    }

    /// Returns the address that was set, or else the service's own.
    ///
    /// # Errors
    /// A configuration error that names the setting and the rule.
    pub(crate) fn parse(&self, default: &str, options: &ClientOptions) -> Result<Url, Error> {
        let rule = |rule: &str| Error::configuration(format!("{}: {rule}", self.setting));
        // Errors do not quote the text: it may contain credentials.
        let text = self.text.as_deref().unwrap_or(default);
        let url = Url::parse(text).map_err(|error| rule(&format!("is not a URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(rule("must start with https:// (or http:// for loopback)"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(rule("must not contain credentials"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(rule("must not contain a query or a fragment"));
        }
        if url.scheme() == "http" && !options.allow_plain_http && !is_loopback(&url) {
            let origin = url.origin().ascii_serialization();
            let only = "http:// is only for loopback addresses, unless allow_plain_http is set";
            return Err(rule(&format!("{origin}: {only}")));
        }
        Ok(url)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An invalid address may contain anything.
        let Some(text) = &self.text else { return f.write_str("default") };
        let url = Url::parse(text).ok();
        let origin = url.map(|url| url.origin().ascii_serialization());
        f.write_str(origin.as_deref().unwrap_or("not a URL"))
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}
