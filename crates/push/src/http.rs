//! The client: one request, one answer, within a time and a size; certificates are checked, redirects are not followed.

use std::io;
use std::path::Path;
use std::time::Duration;

use ureq::http::{Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, Timeout};

use crate::error::{Kind, PushError};
use crate::profile::Profile;
use crate::request::Sent;

/// Longest that a connection may take to stand, encryption included.
const CONNECT: Duration = Duration::from_secs(15);
/// Largest head of an answer.
const LARGEST_HEAD: usize = 64 << 10;
/// Largest file of certificates.
const LARGEST_CA: u64 = 4 << 20;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) wait_s: Option<u64>,
    pub(crate) location: String,
    pub(crate) body: Vec<u8>,
}

/// The client of one profile.
pub(crate) struct Client {
    agent: Agent,
    limit: u64,
}

impl Client {
    pub(crate) fn new(profile: &Profile) -> Result<Self, PushError> {
        let roots = match profile.ca_file.as_str() {
            "" => RootCerts::WebPki,
            path => RootCerts::new_with_certs(&authorities(Path::new(path))?),
        };
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .http_status_as_error(false)
            .max_redirects(0)
            // A connection that was kept may be closed by now: then nobody could tell whether a request was received.
            .max_idle_connections(0)
            .proxy(None)
            .user_agent(format!("faultscope/{}", env!("CARGO_PKG_VERSION")))
            .max_response_header_size(LARGEST_HEAD)
            .timeout_connect(Some(CONNECT.min(Duration::from_secs(profile.timeout_s))))
            .timeout_global(Some(Duration::from_secs(profile.timeout_s)))
            .build();
        Ok(Self { agent: config.new_agent(), limit: profile.largest_answer_bytes })
    }

    /// Sends a request. An error says whether it may have arrived all the same.
    pub(crate) fn send(&self, sent: &Sent) -> Result<Answer, PushError> {
        let mut request = Request::builder().method(sent.method.as_str()).uri(&sent.url);
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        // Not even the error is shown whole: it may quote a header.
        let malformed =
            |_| PushError::profile(format!("a header or the URL of step `{}` cannot be sent", sent.step.name()));
        let mut response = match sent.body.is_empty() {
            true if sent.method == "GET" => self.agent.run(request.body(()).map_err(malformed)?),
            _ => self.agent.run(request.body(sent.body.as_slice()).map_err(malformed)?),
        }
        .map_err(|e| trouble(&e, &sent.url))?;
        let header = |name: &str| header(&response, name);
        let (wait_s, location) = (header("retry-after").parse().ok(), header("location"));
        let body = response
            .body_mut()
            .with_config()
            .limit(self.limit)
            .read_to_vec()
            .map_err(|e| trouble(&e, &sent.url).unclear())?;
        Ok(Answer { status: response.status().as_u16(), wait_s, location, body })
    }
}

fn header(response: &Response<Body>, name: &str) -> String {
    response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().trim().to_owned()
}

/// The certificates of a file, which stand in the place of the public ones.
fn authorities(path: &Path) -> Result<Vec<Certificate<'static>>, PushError> {
    let refused = |why: &dyn std::fmt::Display| {
        let hint = "name a PEM file with the certificate of the authority in ca_file";
        PushError::new(Kind::Profile, format!("the certificates cannot be read ({why}): {}", path.display()), hint)
    };
    if std::fs::metadata(path).map_err(|e| refused(&e))?.len() > LARGEST_CA {
        return Err(refused(&"the file is too large"));
    }
    let text = std::fs::read(path).map_err(|e| refused(&e))?;
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|e| refused(&e))? {
            found.push(certificate);
        }
    }
    if found.is_empty() { Err(refused(&"there is none in it")) } else { Ok(found) }
}

/// The host alone: what follows it may be a secret's place.
fn host(url: &str) -> &str {
    url.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or(url)
}

/// What went wrong before there was an answer.
fn trouble(error: &ureq::Error, url: &str) -> PushError {
    let host = host(url);
    let (why, unclear) = match error {
        ureq::Error::HostNotFound => ("no such host".to_owned(), false),
        ureq::Error::ConnectionFailed => ("no connection".to_owned(), false),
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => ("no connection in time".to_owned(), false),
        ureq::Error::Timeout(_) => ("no answer in time".to_owned(), true),
        ureq::Error::BodyExceedsLimit(limit) => {
            let what = format!("the answer of {host} is larger than {limit} bytes");
            return PushError::new(Kind::Answer, what, "check the URL; a portal may be in between").unclear();
        }
        ureq::Error::Io(e) => (e.to_string(), !before_sending(e)),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => (error.to_string(), false),
        other => {
            let what = format!("{host} does not answer as a web server does ({other})");
            return PushError::new(Kind::Answer, what, "check the URL; a portal may be in between").unclear();
        }
    };
    let hint = match why.contains("certificate") {
        true => "have the certificate put right, or name the authority's file in ca_file of a profile of your own",
        false => "it stays in the queue; check network and URL, then `push retry`",
    };
    let error = PushError::new(Kind::Unreachable, format!("{host} cannot be reached: {why}"), hint);
    if unclear { error.unclear() } else { error }
}

/// Whether nothing of the request can have been read: no connection, or no agreement on its encryption.
fn before_sending(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::ConnectionRefused | K::HostUnreachable | K::NetworkUnreachable | K::AddrNotAvailable)
        || error.to_string().contains("invalid peer certificate")
}
