//! The causes of an error of the wire, as text.

use std::error::Error;
use std::io;

/// An error and its causes, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // `io::Error::source` skips the error that it wraps.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

/// The text of the innermost cause.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Why a connection fails permanently; `None` if the failure may be transient.
pub(super) fn permanent(error: &(dyn Error + 'static)) -> Option<String> {
    causes(error).find_map(|cause| certificate(cause).or_else(|| refusal(cause)))
}

/// Why rustls refuses a certificate.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn certificate(cause: &(dyn Error + 'static)) -> Option<String> {
    use rustls::CertificateError as Fault;
    let rustls::Error::InvalidCertificate(fault) = cause.downcast_ref()? else { return None };
    Some(match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => "certificate has expired".to_owned(),
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => {
            "certificate is not valid yet".to_owned()
        }
        Fault::UnknownIssuer => "certificate has an unknown issuer".to_owned(),
        other => other.to_string(),
    })
}

/// Why OpenSSL refuses a certificate, by its text: native-tls has no error kinds, and its other
/// libraries have no such text.
#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn certificate(cause: &(dyn Error + 'static)) -> Option<String> {
    let text = cause.to_string();
    let reason = text.rsplit_once(" (").map_or(&*text, |(_, reason)| reason.trim_end_matches(')'));
    let failed = text.contains("certificate verify failed");
    failed.then(|| format!("certificate is not valid: {reason}"))
}

/// Whether a proxy refuses the client, by the error's text: its type is not public.
fn refusal(cause: &(dyn Error + 'static)) -> Option<String> {
    let refused = cause.to_string() == "tunnel error: proxy authorization required";
    refused.then(|| "the proxy refused: 407".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the layers of an HTTP client wrap an error.
    fn wrapped(text: &str) -> io::Error {
        io::Error::other(io::Error::new(io::ErrorKind::InvalidData, text))
    }

    #[test]
    fn innermost_cause_is_found_behind_io_errors() {
        let error = crate::Error::new(crate::ErrorKind::Connect).with_source(wrapped("no route"));
        assert_eq!(innermost(&error), "no route");
        assert_eq!(permanent(&error), None);
    }

    #[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
    #[test]
    fn certificate_that_openssl_refuses_is_told_by_its_text() {
        let text = "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate \
            verify failed:ssl/statem/statem_clnt.c:1889: (certificate has expired)";
        let found = permanent(&wrapped(text));
        assert_eq!(found.as_deref(), Some("certificate is not valid: certificate has expired"));
    }
}
