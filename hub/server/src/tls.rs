//! TLS for the listeners: certificate and key from files, taken up again when they change, and certificates of clients.
//!
//! Never writes a key anywhere. Read next: `config/listen.rs`, which names the files, and `door.rs`, which maps
//! certificates to logins.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use hub_model::text::Told;
use hub_model::{LocalText, local};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

/// The files of `tls = { cert, key, client_ca }`, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, its issuers behind it.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Who issues certificates to clients. A client may then prove who it is by one instead of a password.
    pub client_ca: Option<PathBuf>,
}

/// What a file should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The server's certificate.
    Certificate,
    /// Its private key.
    Key,
    /// The certificate of whoever issues certificates to clients.
    Issuer,
}

impl Content {
    fn words(self) -> LocalText {
        match self {
            Self::Certificate => local!("chứng chỉ", "certificate"),
            Self::Key => local!("khóa riêng", "private key"),
            Self::Issuer => local!("chứng chỉ của nơi cấp", "issuer's certificate"),
        }
    }
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds nothing of the kind.
    #[error("found \"{}\", from which no {} can be read", path.file_name().unwrap_or_default().display(), what.words().en)]
    File {
        /// The file.
        path: PathBuf,
        /// What was looked for in it.
        what: Content,
    },
    /// Certificate and key do not fit, or are of a kind that is not spoken.
    #[error("certificate and key cannot be used together")]
    Unfit {
        /// Why.
        #[source]
        source: rustls::Error,
    },
}

impl Told for TlsError {
    fn told(&self) -> LocalText {
        let vi = match self {
            Self::File { path, what } => {
                let file = path.file_name().unwrap_or_default().display();
                format!("có \"{file}\", không đọc được {} từ tệp này", what.words().vi)
            }
            Self::Unfit { .. } => "không dùng chung được chứng chỉ và khóa này".to_owned(),
        };
        LocalText { vi, en: self.to_string() }
    }
}

/// A listener's TLS.
pub struct Tls {
    files: TlsFiles,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    changed: Vec<Option<SystemTime>>,
}

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read, or they do not fit.
    pub fn read(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let chain = certificates(&self.cert, Content::Certificate)?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|_| TlsError::File { path: self.key.clone(), what: Content::Key })?;
        let unfit = |source| TlsError::Unfit { source };
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unfit)?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let unusable = || TlsError::File { path: path.clone(), what: Content::Issuer };
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path, Content::Issuer)? {
                    roots.add(certificate).map_err(|_| unusable())?;
                }
                let provider = Arc::new(default_provider());
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .allow_unauthenticated()
                    .build()
                    .map_err(|_| unusable())?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        builder.with_single_cert(chain, key).map(Arc::new).map_err(unfit)
    }

    fn changed(&self) -> Vec<Option<SystemTime>> {
        let files = [Some(&self.cert), Some(&self.key), self.client_ca.as_ref()];
        let changed = |path: &PathBuf| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        files.into_iter().flatten().map(changed).collect()
    }
}

impl Tls {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn open(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        let current = Mutex::new(Current { changed: files.changed(), config: files.read()? });
        Ok(Arc::new(Self { files, current }))
    }

    /// What the next connection is served with: looks whether a file has changed since the last one. Files that cannot be
    /// used are told of once, and what was there before stays.
    pub fn config(&self) -> Arc<ServerConfig> {
        let changed = self.files.changed();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if changed != current.changed {
            current.changed = changed;
            match self.files.read() {
                Ok(config) => {
                    tracing::info!(cert = %self.files.cert.display(), "a renewed certificate is taken up");
                    current.config = config;
                }
                Err(error) => tracing::error!(%error, "a changed certificate is not taken up"),
            }
        }
        current.config.clone()
    }
}

/// Whether a certificate that a client has proved to own is made out to this name (a DNS name among its alternatives).
pub fn is_made_out_to(certificate: &[u8], name: &str) -> bool {
    let certificate = CertificateDer::from(certificate);
    let Ok(certificate) = webpki::EndEntityCert::try_from(&certificate) else { return false };
    ServerName::try_from(name).is_ok_and(|name| certificate.verify_is_valid_for_subject_name(&name).is_ok())
}

fn certificates(path: &Path, what: Content) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unusable = || TlsError::File { path: path.to_owned(), what };
    let found = CertificateDer::pem_file_iter(path).map_err(|_| unusable())?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|_| unusable())?;
    if found.is_empty() { Err(unusable()) } else { Ok(found) }
}
