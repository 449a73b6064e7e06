//! How a bucket is spoken to: its name, the settings of the environment, encryption, patience, and what its refusals mean.

use std::error::Error as _;
use std::net::IpAddr;
use std::path::PathBuf;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ClientOptions, Error, RetryConfig};
use reqwest::Url;
use std::time::Duration;

use super::Env;
use super::address::PATIENCE;
use super::connect::{Named, tls};
use crate::StoreError;

/// After so long without an answer a request is given up: long enough for a piece on a slow line.
const SILENCE: Duration = Duration::from_secs(120);

fn wrong(what: impl Into<String>) -> StoreError {
    StoreError::Invalid { what: what.into() }
}

/// `s3://BUCKET/PREFIX`, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) bucket: String,
    prefix: String,
}

impl Name {
    /// Reads the name of a bucket, and of a part of it.
    pub(super) fn read(place: &str) -> Result<Self, StoreError> {
        let rest = place.strip_prefix("s3://").unwrap_or_default().trim_end_matches('/');
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let parts = || prefix.split('/').filter(|_| !prefix.is_empty());
        let part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(plain);
        if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(plain) || !parts().all(part) {
            return Err(wrong(format!(
                "`{}` names no bucket: s3://BUCKET, or s3://BUCKET/PREFIX of letters, digits, `.`, `-` and `_`",
                crate::event::one_line(place)
            )));
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }

    /// For errors.
    pub(super) fn place(&self) -> PathBuf {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        PathBuf::from(format!("s3://{}{slash}{}", self.bucket, self.prefix))
    }

    /// The key of what is called so within it.
    pub(super) fn key(&self, name: &str) -> Key {
        Key::from(format!("{}/{name}", self.prefix))
    }
}

/// Makes ready to speak to a bucket; nothing is sent yet.
///
/// Keys come from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, the server from `AWS_ENDPOINT_URL_S3` or
/// `AWS_ENDPOINT_URL` where it is not Amazon's, its region from `AWS_REGION` or `AWS_DEFAULT_REGION`, whom to believe from
/// `AWS_CA_BUNDLE`.
pub(super) fn connect(name: &Name, env: Env<'_>) -> Result<AmazonS3, StoreError> {
    let first = |names: &[&str]| names.iter().find_map(|name| env(name).filter(|v| !v.trim().is_empty()));
    let key = |name: &str| {
        first(&[name]).ok_or_else(|| wrong(format!("the evidence of this store lies in a bucket: set {name}")))
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&name.bucket)
        .with_access_key_id(key("AWS_ACCESS_KEY_ID")?)
        .with_secret_access_key(key("AWS_SECRET_ACCESS_KEY")?)
        .with_region(first(&["AWS_REGION", "AWS_DEFAULT_REGION"]).unwrap_or_else(|| "us-east-1".into()));
    if let Some(token) = first(&["AWS_SESSION_TOKEN"]) {
        builder = builder.with_token(token);
    }
    let mut plain = false;
    if let Some(endpoint) = first(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]) {
        let asked = first(&["AWS_ALLOW_HTTP"]).is_some_and(|v| matches!(v.trim(), "1" | "true"));
        plain = is_plain(&endpoint, asked)?;
        builder = builder.with_endpoint(endpoint.trim().trim_end_matches('/')).with_allow_http(plain);
    }
    let root = first(&["AWS_CA_BUNDLE"]).map(PathBuf::from);
    let client = client(plain, root).map_err(|e| match e {
        Ok(refused) => refused,
        Err(e) => wrong(format!("the client of the bucket cannot be made ({e})")),
    })?;
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(3), base: 2.0 };
    builder
        .with_retry(RetryConfig { backoff, max_retries: 5, retry_timeout: 2 * PATIENCE })
        .with_http_connector(Connector(client))
        .build()
        .map_err(|e| wrong(format!("the settings of the bucket: {e}")))
}

/// Whether a server is spoken to without encryption: one of this machine, or where that was asked for.
fn is_plain(endpoint: &str, asked: bool) -> Result<bool, StoreError> {
    let named = "AWS_ENDPOINT_URL names the server of the bucket: https://HOST or https://HOST:PORT";
    // Its own words may quote what was given, which may hold a password.
    let url = Url::parse(endpoint.trim()).map_err(|_| wrong(named))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|a| a.is_loopback());
    match url.scheme() {
        _ if host.is_empty() || !bare => Err(wrong(named)),
        "https" => Ok(false),
        "http" if local || asked => Ok(true),
        "http" => Err(wrong(
            "AWS_ENDPOINT_URL: over the network only https is used, because http lets others read the evidence; \
             AWS_ALLOW_HTTP=true allows it all the same",
        )),
        _ => Err(wrong(named)),
    }
}

/// No proxies and no redirects: a request is signed for the server that it is meant for.
fn client(plain: bool, root: Option<PathBuf>) -> Result<reqwest::Client, Result<StoreError, reqwest::Error>> {
    let tls = tls(root.as_deref(), Named::Environment).map_err(Ok)?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(!plain)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(PATIENCE)
        .read_timeout(SILENCE)
        .pool_idle_timeout(PATIENCE)
        .user_agent("faultscope")
        .build()
        .map_err(Err)
}

/// Hands the client over that was made here.
#[derive(Debug)]
struct Connector(reqwest::Client);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// Whether it is the bucket that was not found, and not the object.
pub(super) fn is_no_bucket(error: &Error) -> bool {
    error.to_string().contains("<Code>NoSuchBucket</Code>")
}

/// What a refusal means. Its text is the server's or the system's; keys travel in headers and are in no text.
pub(super) fn meaning(doing: &str, path: PathBuf, error: &Error) -> StoreError {
    match error {
        e if is_no_bucket(e) => StoreError::NoBucket { path },
        Error::PermissionDenied { source, .. } | Error::Unauthenticated { source, .. } => {
            StoreError::Denied { reason: said(&source.to_string()), path }
        }
        e => {
            let text = chain(e);
            if ["507 Insufficient Storage", "StorageFull</Code>", "QuotaExceeded</Code>"]
                .iter()
                .any(|full| text.contains(full))
            {
                return StoreError::Full { doing: doing.into(), path };
            }
            StoreError::Unreachable { reason: format!("{doing}: {}", said(&text)), path }
        }
    }
}

/// The innermost cause says the most.
fn chain(error: &Error) -> String {
    let mut inner = error.source();
    let mut text = error.to_string();
    while let Some(cause) = inner {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        inner = cause.source();
    }
    text
}

/// The code and message of an answer in XML, or the text on one line; not its whole body.
fn said(text: &str) -> String {
    let between = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        rest.split_once(&format!("</{tag}>")).map(|(inner, _)| inner)
    };
    let short = match (between("Code"), between("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => text.to_owned(),
    };
    crate::event::one_line(&short).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_with_or_without_a_part_of_it() {
        let name = Name::read("s3://team-evidence/north/2026/").unwrap();
        assert_eq!((name.bucket.as_str(), name.prefix.as_str()), ("team-evidence", "north/2026"));
        assert_eq!(name.key("x").as_ref(), "north/2026/x");
        assert_eq!(name.place(), PathBuf::from("s3://team-evidence/north/2026"));
        let whole = Name::read("s3://team-evidence").unwrap();
        assert_eq!((whole.key("x").as_ref(), whole.place()), ("x", PathBuf::from("s3://team-evidence")));
        for bad in ["s3:", "s3://", "s3://ab", "s3://a b c/x", "s3://bucket//x", "s3://bucket/../x", "s3://bucket/a?b"]
        {
            assert_eq!(Name::read(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_without_encryption_unless_that_is_asked_for() {
        for (endpoint, asked, expected) in [
            ("https://s3.example", false, Some(false)),
            ("https://127.0.0.1:9000", true, Some(false)),
            ("http://localhost:9000/", false, Some(true)),
            ("http://127.1.2.3:9000", false, Some(true)),
            ("http://[::1]:9000", false, Some(true)),
            ("http://s3.example", false, None),
            ("http://localhost.example", false, None),
            ("http://s3.example", true, Some(true)),
            ("http://192.0.2.1:9000", false, None),
            ("ftp://localhost", true, None),
            ("https://li:geheim@s3.example", false, None),
            ("s3.example:9000", false, None),
        ] {
            let said = is_plain(endpoint, asked);
            assert_eq!(said.as_ref().ok().copied(), expected, "{endpoint} {asked}");
            if let Err(error) = said {
                assert!(error.exit_code() == 2 && !error.to_string().contains("geheim"), "{error}");
            }
        }
    }

    #[test]
    fn what_is_not_set_is_named_and_no_secret_is_in_any_text() {
        let name = Name::read("s3://bucket").unwrap();
        let error = connect(&name, &|_| None).unwrap_err();
        assert!(error.exit_code() == 2 && error.to_string().contains("AWS_ACCESS_KEY_ID"), "{error}");
        let env = |name: &str| match name {
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => Some("geheim".to_owned()),
            "AWS_ENDPOINT_URL" => Some("http://s3.example".to_owned()),
            _ => None,
        };
        let error = connect(&name, &env).unwrap_err();
        assert!(error.to_string().contains("AWS_ALLOW_HTTP") && !format!("{error:?}").contains("geheim"), "{error}");
    }

    #[test]
    fn what_a_server_says_is_taken_by_its_code_and_not_by_a_number_in_a_text() {
        for (said, kind) in [
            ("error sending request for url (http://127.0.0.1:15072/NoSuchBucket) in 507ms", "unreachable"),
            ("Server returned non-2xx status code: 507 Insufficient Storage: ", "full"),
            ("500: <Error><Code>XMinioStorageFull</Code><Message>no space</Message></Error>", "full"),
            ("404: <Error><Code>NoSuchBucket</Code></Error>", "no_bucket"),
            ("503 Slow Down: <Error><Code>SlowDown</Code></Error>", "unreachable"),
        ] {
            let error = Error::Generic { store: "S3", source: said.into() };
            let error = meaning("storing evidence", PathBuf::from("s3://bucket"), &error);
            assert_eq!((error.kind(), error.exit_code()), (kind, 5), "{said}");
        }
    }

    #[test]
    fn of_an_answer_in_xml_code_and_message_are_told() {
        let text = "403: <Error><Code>AccessDenied</Code><Message>No\nway</Message><Key>k</Key></Error>";
        assert!(said(text).starts_with("AccessDenied: No") && !said(text).contains('\n'), "{}", said(text));
    }
}
