//! Certificates: whom they do not vouch for gets no request, and an authority of one's own is trusted by its file alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod bench;
mod server;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bench::{Bench, leaks};
use faultscope_push::Kind;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A server that shows this certificate and refuses whatever it is asked; what it was told is kept.
fn start(certificate: &str) -> (String, Arc<Mutex<Vec<u8>>>) {
    let chain = vec![CertificateDer::from_pem_file(data(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(data("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream.unwrap());
            let mut block = [0; 16384];
            if let Ok(n) = tls.read(&mut block) {
                shared.lock().unwrap().extend_from_slice(&block[..n]);
                let _ = tls.write_all(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                tls.conn.send_close_notify();
                let _ = tls.flush();
            }
        }
    });
    (url, heard)
}

fn pushed(certificate: &str, ca_file: &str) -> (faultscope_push::PushError, String) {
    let (url, heard) = start(certificate);
    let mut bench = Bench::new("zammad");
    bench.profile.base_url = url;
    bench.profile.ca_file = if ca_file.is_empty() { String::new() } else { data(ca_file).display().to_string() };
    bench.profile.timeout_s = 5;
    let error = bench.push("inProgress").unwrap_err();
    let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
    (error, heard)
}

#[test]
fn an_authority_of_ones_own_is_trusted_by_its_file() {
    let (error, heard) = pushed("server.pem", "ca.pem");
    assert!(error.kind == Kind::Refused && error.what.contains("404"), "{error}");
    assert!(leaks(&heard), "the request arrived, encrypted");
}

#[test]
fn whom_no_certificate_vouches_for_hears_nothing() {
    for (certificate, ca_file) in [("server.pem", ""), ("server.pem", "other.pem"), ("elsewhere.pem", "ca.pem")] {
        let (error, heard) = pushed(certificate, ca_file);
        assert_eq!((error.kind, error.unclear), (Kind::Unreachable, false), "{certificate} {ca_file}: {error}");
        assert!(error.what.contains("certificate") && error.hint.contains("ca_file"), "{error} {}", error.hint);
        assert!(heard.is_empty(), "{certificate} {ca_file}");
    }
}

#[test]
fn a_file_without_certificates_is_named() {
    for (name, why) in
        [("nothing.pem", "cannot be read"), ("server.key", "there is none"), ("README.md", "there is none")]
    {
        let (error, heard) = pushed("server.pem", name);
        assert!(error.kind == Kind::Profile && error.what.contains(why) && error.what.contains(name), "{error}");
        assert!(heard.is_empty());
    }
}
