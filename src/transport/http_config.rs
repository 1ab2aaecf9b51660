//! Settings of the HTTP client: proxy, certificates, pool.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::declare::setters;
use crate::model::Secret;

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

    setters! {
        /// The most idle connections kept per host.
        pool_max_idle_per_host = pool_max_idle(some usize);
    }

    setters! {
        /// How long an idle connection is kept.
        pool_idle_timeout(some Duration);

        /// Sends TCP keep-alive probes after this much silence.
        tcp_keepalive(some Duration);

        /// Connects from this local address.
        local_address(some IpAddr);
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
