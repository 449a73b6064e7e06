//! The connection to the server: encrypted where it must be, and set such that what is acknowledged is on its disk.

use std::path::Path;
use std::sync::Arc;

use postgres::config::SslMode;
use postgres::{Client, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::transact::trouble;
use crate::StoreError;

/// Acknowledged is durable, whatever the server's default; nobody is waited for longer than an SQLite store would.
const SETTINGS: &str = "SET synchronous_commit = on; SET lock_timeout = '10s'; SET client_min_messages = warning";

/// Connects.
pub(super) fn connect(address: &Address) -> Result<Client, StoreError> {
    let connected = if address.config.get_ssl_mode() == SslMode::Disable {
        address.config.connect(NoTls)
    } else {
        address.config.connect(MakeRustlsConnect::new(tls(address.root.as_deref(), Named::Address)?))
    };
    let failed = |e: postgres::Error| StoreError::from(trouble("connecting", &address.place, &e));
    let mut client = connected.map_err(failed)?;
    client.batch_execute(SETTINGS).map_err(failed)?;
    Ok(client)
}

/// Where the authority to believe is named.
#[derive(Clone, Copy)]
pub(super) enum Named {
    /// In the address of the store.
    Address,
    /// In the environment.
    #[cfg(feature = "s3")]
    Environment,
}

/// Whom to believe, `root` or whom the system believes, and that the certificate must be for the host that was asked for, which is what
/// rustls always checks.
pub(super) fn tls(root: Option<&Path>, named: Named) -> Result<ClientConfig, StoreError> {
    let mut roots = RootCertStore::empty();
    match root {
        Some(file) => {
            let wrong = |e: rustls::pki_types::pem::Error| StoreError::Source {
                name: file.display().to_string(),
                reason: format!("no certificates in PEM can be read ({e})"),
            };
            for certificate in CertificateDer::pem_file_iter(file).map_err(wrong)? {
                roots.add_parsable_certificates([certificate.map_err(wrong)?]);
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        let what = match named {
            Named::Address => "name one with sslrootcert=FILE in the address of the store",
            #[cfg(feature = "s3")]
            Named::Environment => "name one with AWS_CA_BUNDLE=FILE",
        };
        return Err(StoreError::Invalid { what: format!("no certificate authority to believe: {what}") });
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|e| StoreError::Invalid { what: e.to_string() })?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
