//! What TLS trusts: the certificates that are given, or the system's own. Opens no connection.

use std::sync::Arc;

use hub_model::LocalText;
use hub_model::text::Told;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Why there is nothing that TLS could trust.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// What was given holds no certificate that can be used.
    #[error("holds no certificate in PEM that can be used")]
    Given,
    /// The system has none.
    #[error("the system has no certificates of issuers; name a file with ca = \"…\"")]
    System,
}

impl Told for TrustError {
    fn told(&self) -> LocalText {
        let vi = match self {
            Self::Given => "không chứa chứng chỉ dạng PEM nào dùng được",
            Self::System => "hệ thống không có chứng chỉ gốc nào; hãy chỉ ra một tệp bằng ca = \"…\"",
        };
        LocalText::new(vi, self.to_string())
    }
}

/// TLS that trusts the issuers in `ca` (PEM), or the system's.
///
/// # Errors
/// When there is no certificate that can be used.
pub fn trust(ca: Option<&str>) -> Result<Arc<ClientConfig>, TrustError> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|_| TrustError::Given)?;
                roots.add(certificate).map_err(|_| TrustError::Given)?;
            }
            if roots.is_empty() {
                return Err(TrustError::Given);
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                return Err(TrustError::System);
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| TrustError::System)?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}
