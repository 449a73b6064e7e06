//! The address of a team's store: what of it is for the server, what is ours, and when it must be encrypted.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use postgres::Config;
use postgres::config::{Host, SslMode};

use crate::StoreError;

/// How long the server is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// An address, taken apart: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?evidence=FOLDER&sslmode=...&sslrootcert=FILE`, and whatever
/// else PostgreSQL knows.
pub(super) struct Address {
    /// What the server is told; the password is in it, so it is never printed.
    pub(super) config: Config,
    /// `postgres://HOST:PORT/DATABASE`, for errors.
    pub(super) place: PathBuf,
    /// Where the evidence lies, a folder or `s3://BUCKET/PREFIX`, where that is said here.
    pub(super) evidence: Option<String>,
    /// Whom to believe that the server is who it says, where not whom the system believes: a file of PEM certificates.
    pub(super) root: Option<PathBuf>,
}

/// Says what is wrong without the address, which may hold a password.
fn wrong(what: impl Into<String>) -> StoreError {
    StoreError::Invalid { what: format!("the address of the store: {}", what.into()) }
}

impl Address {
    /// Reads an address. A server that is not on this machine is only spoken to over TLS, its name and certificate checked
    /// (`sslmode=verify-full`, which is the default there); on this machine `sslmode=disable` is the default.
    pub(super) fn read(url: &str) -> Result<Self, StoreError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut evidence, mut root, mut mode, mut rest) = (None, None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = || unescape(value).ok_or_else(|| wrong(format!("`{key}` is not written as in a URL")));
            match key {
                "evidence" => evidence = Some(decoded()?),
                "sslrootcert" => root = Some(PathBuf::from(decoded()?)),
                "sslmode" => mode = Some(decoded()?),
                _ => rest.push(pair),
            }
        }
        let plain = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        // Its own words may quote the address.
        let mut config: Config = plain
            .parse()
            .map_err(|_| wrong("PostgreSQL cannot read it: postgres://USER@HOST:PORT/DATABASE?evidence=FOLDER"))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host("localhost");
        }
        config.ssl_mode(encryption(&config, mode.as_deref())?);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        config.tcp_user_timeout(3 * PATIENCE).application_name("faultscope");
        Ok(Self { place: place(&config), config, evidence: evidence.filter(|e| !e.is_empty()), root })
    }
}

/// Whether all of it happens on this machine.
fn is_local(config: &Config) -> bool {
    let name = |name: &str| name == "localhost" || name.parse::<IpAddr>().is_ok_and(|a| a.is_loopback());
    let host = |host: &Host| match host {
        Host::Tcp(tcp) => name(tcp),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(host) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn encryption(config: &Config, mode: Option<&str>) -> Result<SslMode, StoreError> {
    match (mode, is_local(config)) {
        (Some("verify-full"), _) | (None, false) => Ok(SslMode::Require),
        (Some("disable") | None, true) => Ok(SslMode::Disable),
        (Some("disable" | "allow" | "prefer" | "require" | "verify-ca"), false) => Err(wrong(
            "over the network only sslmode=verify-full is used: anything less lets others read the cases and the password",
        )),
        (Some(_), _) => Err(wrong("sslmode=verify-full, or sslmode=disable on this machine")),
    }
}

/// Host, port and database, without user and password.
fn place(config: &Config) -> PathBuf {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let port = config.get_ports().first().map_or_else(String::new, |port| format!(":{port}"));
    PathBuf::from(format!("postgres://{host}{port}/{}", config.get_dbname().unwrap_or_default()))
}

/// `%20` and the like.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|d| char::from(d).to_digit(16));
            bytes.push(u8::try_from(16 * digit()? + digit()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn over_the_network_nothing_but_a_checked_certificate_will_do() {
        let mode = |url: &str| Address::read(url).map(|a| a.config.get_ssl_mode());
        for url in ["postgres://li@db.example/team", "postgres://li@db.example/team?sslmode=verify-full"] {
            assert_eq!(mode(url).unwrap(), SslMode::Require, "{url}");
        }
        for weak in ["disable", "allow", "prefer", "require", "verify-ca"] {
            let error = mode(&format!("postgres://li:geheim@db.example/team?sslmode={weak}")).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{weak}");
            assert!(error.to_string().contains("verify-full") && !error.to_string().contains("geheim"), "{error}");
        }
        for local in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "%2Frun%2Fpostgresql"] {
            assert_eq!(mode(&format!("postgres://li@{local}/team")).unwrap(), SslMode::Disable, "{local}");
        }
        // A local name for a distant address is distant.
        assert_eq!(mode("postgres://li@localhost/team?hostaddr=192.0.2.1").unwrap(), SslMode::Require);
        assert_eq!(mode("postgres://li@localhost,db.example/team").unwrap(), SslMode::Require);
        assert_eq!(mode("postgres://localhost/team?sslmode=none").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn what_is_ours_is_taken_out_and_the_password_is_in_no_text() {
        let url = "postgres://li:geheim@db.example:5433/team?evidence=%2Fsrv%2Fmy%20evidence&options=-csearch_path%3Da";
        let address = Address::read(url).unwrap();
        assert_eq!(address.place, Path::new("postgres://db.example:5433/team"));
        assert_eq!(address.evidence.as_deref(), Some("/srv/my evidence"));
        assert_eq!(address.config.get_password(), Some(&b"geheim"[..]));
        assert_eq!(address.config.get_options(), Some("-csearch_path=a"));
        for bad in ["postgres://li:geheim@h:port/team", "postgres://li:geheim@h/t?evidence=%zz", "postgres://:geheim@"]
        {
            if let Err(error) = Address::read(bad) {
                assert!(!format!("{error:?} {error}").contains("geheim"), "{error:?}");
            }
        }
        assert!(Address::read("postgres://li:geheim@h:port/team").is_err());
    }
}
