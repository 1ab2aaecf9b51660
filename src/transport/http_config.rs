//! Settings of the HTTP client: proxy, certificates, pool.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::options::is_loopback;
use crate::declare::setters;
use crate::error::Error;
use crate::model::env::Vars;
use crate::model::{Secret, unescaped};

/// Settings of the HTTP client, applied before the settings that the crate relies on.
///
/// By default the proxy comes from the environment, as in curl: `HTTPS_PROXY` or `HTTP_PROXY`,
/// otherwise `ALL_PROXY`, also in lower case, but not for hosts in `NO_PROXY` or for loopback. An
/// unusable proxy is a configuration error. Root certificates are the platform's, and idle
/// connections are kept for 90 s.
#[derive(Clone, Default)]
#[must_use]
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
    /// Sends all requests through this proxy (`http://[user:password@]host:port`, or `https://`),
    /// including those to loopback.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(Secret::new(url));
        self
    }

    /// Ignores the proxies of the environment.
    pub fn no_proxy(mut self) -> Self {
        self.no_proxy = true;
        self
    }

    /// Trusts these root certificates (PEM, one or more) beside the platform's. Line breaks may be written
    /// as the two characters `\n`, here as in the client certificate.
    pub fn root_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        let pem = unescaped(&String::from_utf8_lossy(&pem.into()));
        self.roots_pem.push(pem.expose().into());
        self
    }

    /// Trusts only the certificates of [`root_certificates_pem`](Self::root_certificates_pem).
    pub fn only_these_root_certificates(mut self) -> Self {
        self.only_these_roots = true;
        self
    }

    /// Uses this client certificate chain (PEM) with its private key (PEM, PKCS#8).
    pub fn client_certificate_pem(
        mut self,
        chain: impl Into<Vec<u8>>,
        key: impl Into<Secret>,
    ) -> Self {
        let chain = unescaped(&String::from_utf8_lossy(&chain.into()));
        let key = unescaped(key.into().expose());
        self.identity_pem = Some((chain.expose().into(), key));
        self
    }

    setters! {
        /// Sets the maximum number of idle connections per host.
        pool_max_idle_per_host = pool_max_idle(some usize);
    }

    setters! {
        /// Sets how long an idle connection is kept.
        pool_idle_timeout(some Duration);

        /// Sends TCP keep-alive probes after this idle time.
        tcp_keepalive(some Duration);

        /// Connects from this local address.
        local_address(some IpAddr);
    }

    /// Resolves a host name to this address instead of asking the system.
    pub fn resolve(mut self, host: impl Into<String>, address: IpAddr) -> Self {
        self.resolve.push((host.into(), address));
        self
    }

    /// Takes the proxy of the environment for `base`, unless one is set, and checks it.
    ///
    /// # Errors
    /// A configuration error that names the setting or the variable. (Bypassing an unusable proxy
    /// could break the policy that it enforces.)
    pub(super) fn with_proxy_to(mut self, base: &Url, vars: &Vars<'_>) -> Result<Self, Error> {
        if let Some(proxy) = &self.proxy {
            self.proxy = Some(proxy_url("proxy", proxy.expose())?);
            return Ok(self);
        }
        // A CGI program's `HTTP_PROXY` is a header of the request that it responds to.
        let is_cgi = vars.optional("REQUEST_METHOD")?.is_some();
        if self.no_proxy || is_cgi || is_loopback(base) {
            return Ok(self);
        }
        let [upper, lower] = match base.scheme() {
            "https" => ["HTTPS_PROXY", "https_proxy"],
            _ => ["HTTP_PROXY", "http_proxy"],
        };
        for name in [upper, lower, "ALL_PROXY", "all_proxy"] {
            let Some(text) = vars.optional(name)? else { continue };
            let text = text.trim();
            let text = if text.contains("://") { text } else { &format!("http://{text}") };
            let proxy = proxy_url(name, text)?;
            let hosts = match vars.optional("NO_PROXY")? {
                None => vars.optional("no_proxy")?,
                hosts => hosts,
            };
            // The rules of `NO_PROXY` that reqwest has.
            let matcher = Matcher::builder().all(proxy.expose()).no(hosts.unwrap_or_default());
            let base = base.as_str().parse().unwrap_or_default();
            self.proxy = matcher.build().intercept(&base).map(|_| proxy);
            break;
        }
        Ok(self)
    }
}

/// # Errors
/// A configuration error that names the setting. It quotes nothing: a URL may hold a password.
fn proxy_url(setting: &str, text: &str) -> Result<Secret, Error> {
    let rule = |rule: &str| Error::configuration(format!("{setting}: {rule}"));
    let url = Url::parse(text).map_err(|_| rule("is not a proxy URL"))?;
    match url.scheme() {
        "http" | "https" => Ok(Secret::new(url)),
        _ => Err(rule("must start with http:// or https://")),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(config: HttpConfig, base: &str, pairs: &[(&str, &str)]) -> Result<HttpConfig, Error> {
        let find = |name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
        };
        config.with_proxy_to(&Url::parse(base).expect("it is a URL"), &Vars::new(&find))
    }

    #[test]
    fn proxy_is_the_own_one_or_that_of_the_environment() {
        const HTTPS: &str = "https://h.example";
        let own = |url: &str| HttpConfig::default().proxy(url);
        let none = HttpConfig::default;
        for (config, base, pairs, expected) in [
            (none(), HTTPS, &[][..], None),
            (none(), HTTPS, &[("HTTPS_PROXY", "http://p.example:1")], Some("http://p.example:1/")),
            (none(), HTTPS, &[("https_proxy", " HTTP://p.example\n")], Some("http://p.example/")),
            (none(), HTTPS, &[("ALL_PROXY", "p.example:1")], Some("http://p.example:1/")),
            (none(), HTTPS, &[("all_proxy", "Https://p.example")], Some("https://p.example/")),
            (none(), HTTPS, &[("HTTP_PROXY", "http://p.example")], None),
            (none(), "http://h.example", &[("http_proxy", "p.example")], Some("http://p.example/")),
            (
                none(),
                HTTPS,
                &[("HTTPS_PROXY", " "), ("https_proxy", "p.example")],
                Some("http://p.example/"),
            ),
            (none(), HTTPS, &[("HTTPS_PROXY", "p.example"), ("REQUEST_METHOD", "GET")], None),
            (none(), "https://127.0.0.1", &[("HTTPS_PROXY", "http://p.example")], None),
            (none().no_proxy(), HTTPS, &[("HTTPS_PROXY", "http://p.example")], None),
            (own("\tHTTP://u:p@P.example "), HTTPS, &[], Some("http://u:p@p.example/")),
            (own("http://p.example"), "https://[::1]", &[], Some("http://p.example/")),
            (
                own("http://p.example"),
                HTTPS,
                &[("HTTPS_PROXY", "socks5://other.example")],
                Some("http://p.example/"),
            ),
        ] {
            let found = proxy(config, base, pairs).expect("it can be used").proxy;
            assert_eq!(found.as_ref().map(Secret::expose), expected, "{base} {pairs:?}");
        }
        for (config, pairs, named) in [
            (own("http://:"), &[][..], "proxy: is not a proxy URL"),
            (own("p.example:1"), &[], "proxy: must start with http:// or https://"),
            (none(), &[("ALL_PROXY", "socks5://u:hush@h")], "ALL_PROXY: must start with http://"),
            (none(), &[("https_proxy", "http://u:hush@h:x")], "https_proxy: is not a proxy URL"),
        ] {
            let error = proxy(config, HTTPS, pairs).expect_err(named);
            assert!(error.is_configuration() && error.to_string().contains(named), "{error}");
            assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        }
    }

    #[test]
    fn hosts_of_no_proxy_bypass_the_proxy_of_the_environment() {
        for (pairs, is_bypassed) in [
            (&[("NO_PROXY", "h.example"), ("no_proxy", "b")][..], true),
            (&[("NO_PROXY", "a"), ("no_proxy", "h.example")], false),
            (&[("NO_PROXY", ""), ("no_proxy", "a, .example")], true),
            (&[("NO_PROXY", "*")], true),
            (&[], false),
        ] {
            let pairs = [&[("HTTPS_PROXY", "p.example")], pairs].concat();
            let config = proxy(HttpConfig::default(), "https://h.example", &pairs);
            assert_eq!(config.expect("it can be used").proxy.is_none(), is_bypassed, "{pairs:?}");
        }
    }
}
