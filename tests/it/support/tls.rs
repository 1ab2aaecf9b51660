//! TLS in front of a service on loopback, correct or faulty.

use std::net::SocketAddr;
use std::sync::Arc;

use rolecall::ClientOptions;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::matrix::{Attempt, NO_CONNECTION};
use super::raw::{Door, Reply, act};

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls/", $name, ".pem"))
    };
}

pub(crate) const GOOD: &str = pem!("good");
pub(crate) const OTHER_HOST: &str = pem!("other-host");
pub(crate) const EXPIRED: &str = pem!("expired");
pub(crate) const NOT_YET: &str = pem!("not-yet");
pub(crate) const SELF_SIGNED: &str = pem!("self-signed");

/// What a client gets to see where it expects a handshake.
#[derive(Clone)]
pub(crate) enum Hello {
    /// Something else.
    Other(Reply),
    /// A handshake with this certificate.
    Certificate(&'static str),
}

/// Trusts the root of these tests and no other.
pub(crate) fn trusting(options: ClientOptions) -> ClientOptions {
    options.http(|http| http.root_certificates_pem(pem!("root")).only_these_root_certificates())
}

fn acceptor(certificate: &str) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("it is PEM");
    let key = PrivateKeyDer::from_pem_slice(pem!("key").as_bytes()).expect("it is PEM");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

/// Listens until it is dropped.
pub(crate) struct Tls {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Tls {
    /// Relays to a service what comes through the handshake, which is as it should be unless
    /// this service misbehaves.
    pub(crate) fn start(
        service: SocketAddr,
        hello: Hello,
        misbehaves: impl Fn() -> bool + Send + 'static,
    ) -> Self {
        let door = Door::open();
        let address = door.address();
        let good = acceptor(GOOD);
        let odd = match hello {
            Hello::Certificate(certificate) => Ok(acceptor(certificate)),
            Hello::Other(reply) => Err(reply),
        };
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = door.accept().await {
                let odd = misbehaves().then(|| odd.clone());
                let hello = odd.unwrap_or_else(|| Ok(good.clone()));
                connections.spawn(async move {
                    let mut inside = match hello {
                        Ok(acceptor) => acceptor.accept(stream).await?,
                        Err(reply) => {
                            let attempt = Attempt::current();
                            return act(&mut stream, reply, attempt, NO_CONNECTION).await.map(drop);
                        }
                    };
                    let mut service = TcpStream::connect(service).await?;
                    tokio::io::copy_bidirectional(&mut inside, &mut service).await.map(drop)
                });
            }
        });
        Self { address, accepting }
    }

    pub(crate) fn origin(&self) -> String {
        format!("https://{}", self.address)
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
