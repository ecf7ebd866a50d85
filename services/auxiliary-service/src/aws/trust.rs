//! Whom TLS trusts: the system's authorities, or those of `AWS_CA_BUNDLE` in their place.

use std::path::Path;

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use service_kit::Invalid;

/// Reads the bundle now: the SDK would panic at what is no certificate, and at the first request.
pub(super) fn context(bundle: Option<&Path>) -> Result<TlsContext, Invalid> {
    let trust = match bundle {
        None => TrustStore::default(),
        Some(path) => {
            let text = path.to_string_lossy();
            let refused = |why: String| Invalid::new("AWS_CA_BUNDLE", Some(&text), &why);
            TrustStore::empty().with_pem_certificate(read(path).map_err(refused)?)
        }
    };
    Ok(TlsContext::builder().with_trust_store(trust).build().expect("a trust store is all it needs"))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let pem = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let mut roots = RootCertStore::empty();
    for (index, certificate) in CertificateDer::pem_slice_iter(&pem).enumerate() {
        let number = index + 1;
        let certificate = certificate.map_err(|error| format!("certificate {number} is no PEM: {error}"))?;
        roots.add(certificate).map_err(|error| format!("certificate {number} is none: {error}"))?;
    }
    if roots.is_empty() {
        Err("must be a file of certificates in PEM, and holds none".to_owned())
    } else {
        Ok(pem)
    }
}
