//! Settings that are the same for every service.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::HeaderValue;
use url::{Host, Url};

use super::RetryPolicy;
use crate::error::Error;
use crate::model::Secret;
use crate::model::env::Vars;

/// Time limits, retries, size limit, user agent and HTTP settings of a client.
///
/// One value can be given to the clients of several services.
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
#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) max_answer_bytes: usize,
    pub(crate) retry: RetryPolicy,
    user_agent_suffix: Option<String>,
    allow_plain_http: bool,
    pub(crate) http: HttpConfig,
}

impl Default for ClientOptions {
    /// 10 s to connect, 30 s an attempt, 90 s a call; answers of at most 2 MiB.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(30),
            call_timeout: Duration::from_secs(90),
            max_answer_bytes: 2 * 1024 * 1024,
            retry: RetryPolicy::default(),
            user_agent_suffix: None,
            allow_plain_http: false,
            http: HttpConfig::default(),
        }
    }
}

impl ClientOptions {
    /// The time for name resolution, TCP and TLS of one connection. Default 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The time for one attempt, from connecting to the last byte of the answer. Default 30 s.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// The time for a whole call: getting a token, all attempts and all waits. Default 90 s.
    #[must_use]
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// The largest answer that is read, in bytes. Default 2 MiB. While one is read, up to half as much
    /// again is allocated.
    #[must_use]
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }

    /// How often and how long calls are tried again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Names the program behind `rolecall/<version>` in the `User-Agent` header.
    #[must_use]
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// Allows `http://` addresses that are not loopback: credentials then cross the network readable.
    #[must_use]
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// Configures the HTTP client: proxy, certificates, pool. What this crate promises (no
    /// redirects, no second retry machine, identity encoding, HTTP/1.1) is set after it.
    ///
    /// ```
    /// use rolecall::ClientOptions;
    /// let options = ClientOptions::default().http(|http| http.proxy("http://proxy.example:3128"));
    /// # let _ = options;
    /// ```
    #[must_use]
    pub fn http(mut self, configure: impl FnOnce(HttpConfig) -> HttpConfig) -> Self {
        self.http = configure(self.http);
        self
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

/// The address of a service, and what the setting is called that it comes from.
#[derive(Clone)]
pub(crate) struct Address {
    setting: &'static str,
    text: String,
}

impl Address {
    pub(crate) fn new(setting: &'static str, default: &str) -> Self {
        Self { setting, text: default.to_owned() }
    }

    pub(crate) fn set(&mut self, text: impl Into<String>) {
        self.text = text.into();
    }

    /// Takes the address from a variable, if it is set.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub(crate) fn read(&mut self, vars: &Vars<'_>, name: &'static str) -> Result<(), Error> {
        if let Some(text) = vars.optional(name)? {
            *self = Self { setting: name, text };
        }
        Ok(())
    }

    /// # Errors
    /// A configuration error that names the setting and the rule.
    pub(crate) fn parse(&self, options: &ClientOptions) -> Result<Url, Error> {
        let rule = |rule: &str| Error::configuration(format!("{}: {rule}", self.setting));
        // The text itself stays out of errors: it may contain credentials.
        let url =
            Url::parse(&self.text).map_err(|error| rule(&format!("is not a URL: {error}")))?;
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
        // A text that is no good address may contain anything.
        let url = Url::parse(&self.text).ok();
        let origin = url.map(|url| url.origin().ascii_serialization());
        write!(f, "{}", origin.as_deref().unwrap_or("not a URL"))
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

/// Settings of the HTTP client below, applied before what the crate itself relies on.
///
/// Unset settings keep the defaults of reqwest: proxies from the environment
/// (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`; never for loopback), the platform's root
/// certificates, idle connections kept for 90 s.
#[derive(Clone, Default)]
pub struct HttpConfig {
    pub(super) proxy: Option<Secret>,
    pub(super) no_proxy: bool,
    pub(super) roots_pem: Vec<Vec<u8>>,
    pub(super) only_these_roots: bool,
    pub(super) identity_pem: Option<(Vec<u8>, Secret)>,
    pub(super) pool_max_idle: Option<usize>,
    pub(super) pool_idle_timeout: Option<Duration>,
    pub(super) tcp_keepalive: Option<Duration>,
    pub(super) local_address: Option<IpAddr>,
    pub(super) resolve: Vec<(String, IpAddr)>,
}

impl HttpConfig {
    /// Sends everything through this proxy (`http://[user:password@]host:port`), loopback included.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(Secret::new(url));
        self
    }

    /// Ignores the proxies of the environment.
    #[must_use]
    pub fn no_proxy(mut self) -> Self {
        self.no_proxy = true;
        self
    }

    /// Trusts these root certificates (PEM, one or more) beside the platform's.
    #[must_use]
    pub fn root_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots_pem.push(pem.into());
        self
    }

    /// Trusts only the certificates of [`root_certificates_pem`](Self::root_certificates_pem).
    #[must_use]
    pub fn only_these_root_certificates(mut self) -> Self {
        self.only_these_roots = true;
        self
    }

    /// Shows this client certificate chain (PEM), with its private key (PEM, PKCS#8).
    #[must_use]
    pub fn client_certificate_pem(
        mut self,
        chain: impl Into<Vec<u8>>,
        key: impl Into<Secret>,
    ) -> Self {
        self.identity_pem = Some((chain.into(), key.into()));
        self
    }

    /// The most idle connections kept per host.
    #[must_use]
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.pool_max_idle = Some(connections);
        self
    }

    /// How long an idle connection is kept.
    #[must_use]
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.pool_idle_timeout = Some(timeout);
        self
    }

    /// Sends TCP keep-alive probes after this much silence.
    #[must_use]
    pub fn tcp_keepalive(mut self, silence: Duration) -> Self {
        self.tcp_keepalive = Some(silence);
        self
    }

    /// Connects from this local address.
    #[must_use]
    pub fn local_address(mut self, address: IpAddr) -> Self {
        self.local_address = Some(address);
        self
    }

    /// Resolves a host name to this address instead of asking the system.
    #[must_use]
    pub fn resolve(mut self, host: impl Into<String>, address: IpAddr) -> Self {
        self.resolve.push((host.into(), address));
        self
    }
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig")
            .field("proxy", &self.proxy)
            .field("no_proxy", &self.no_proxy)
            .field("root_certificates", &self.roots_pem.len())
            .field("only_these_root_certificates", &self.only_these_roots)
            .field("client_certificate", &self.identity_pem.is_some())
            .field("pool_max_idle_per_host", &self.pool_max_idle)
            .field("pool_idle_timeout", &self.pool_idle_timeout)
            .field("tcp_keepalive", &self.tcp_keepalive)
            .field("local_address", &self.local_address)
            .field("resolve", &self.resolve)
            .finish()
    }
}
