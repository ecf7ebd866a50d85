//! TLS to the target: whom it trusts, and which HTTP it offers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::lost::Lost;

pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
    http2: bool,
    /// Whether a failure has been told: the first says it for all.
    told: AtomicBool,
}

impl Tls {
    /// For a host by its name or address. Fails when nobody would be trusted.
    pub(super) fn new(host: &str, http2: bool, insecure: bool) -> Result<Self, String> {
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| format!("{host:?} is no name for TLS"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("ring has suites for every version");
        let builder = match insecure {
            true => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider))),
            false => builder.with_root_certificates(system()?),
        };
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        Ok(Self { connector: Arc::new(config).into(), name, http2, told: AtomicBool::new(false) })
    }

    pub(super) async fn connect(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Lost> {
        match self.connector.connect(self.name.clone(), stream).await {
            // A server that knows no ALPN speaks HTTP/1.1.
            Ok(stream) if self.http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") => {
                Err(self.tell("the server does not offer HTTP/2"))
            }
            Ok(stream) => Ok(stream),
            // What TLS objects to is inside an error of the stream.
            Err(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(objection) => Err(self.tell(&objection.to_string())),
                None => Err(Lost::in_handshake(&error)),
            },
        }
    }

    fn tell(&self, why: &str) -> Lost {
        if !self.told.swap(true, Ordering::Relaxed) {
            eprintln!("TLS: {why}");
        }
        Lost::Tls
    }
}

fn system() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(
            "this system has no certificates of authorities: name a file in SSL_CERT_FILE, or use --insecure"
                .to_owned(),
        );
    }
    Ok(roots)
}

/// Trusts everyone's name, but still wants a handshake that is signed by whom the certificate names.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
