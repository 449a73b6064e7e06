//! Addresses of instruments as URLs: `serial:///dev/ttyUSB0?baud=115200&driver=tinysa`, `tcp://host:5555?driver=rigol`,
//! `rtltcp://host:1234?freq=2140M&rate=2.4M&gain=auto`, `soapy:driver=hackrf?freq=2140M`, `sim:tx-healthy?seed=1`.

use crate::error::DeviceError;

/// The way to an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// A serial port or USB-CDC device, by its path or name.
    Serial,
    /// A raw TCP socket.
    Tcp,
    /// An `rtl_tcp` server.
    RtlTcp,
    /// A radio through SoapySDR, by its arguments.
    Soapy,
    /// The simulated instrument.
    Sim,
}

impl Scheme {
    /// Every scheme, with an example.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Serial, "serial", "serial:///dev/ttyUSB0?baud=115200&driver=tinysa"),
        (Self::Tcp, "tcp", "tcp://192.168.1.5:5555?driver=rigol"),
        (Self::RtlTcp, "rtltcp", "rtltcp://127.0.0.1:1234?freq=2140M&rate=2.4M&gain=auto"),
        (Self::Soapy, "soapy", "soapy:driver=hackrf?freq=2140M&rate=10M"),
        (Self::Sim, "sim", "sim:tx-healthy?seed=1"),
    ];

    /// As written in front of the colon.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(s, ..)| *s == self).map_or("", |(_, name, _)| name)
    }
}

/// A parsed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// As it was written.
    pub text: String,
    /// The way.
    pub scheme: Scheme,
    /// Host and port, path of a port, SoapySDR arguments, or model.
    pub place: String,
    settings: Vec<(String, String)>,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Says which part is wrong and shows an address that would do.
    pub fn parse(text: &str) -> Result<Self, DeviceError> {
        let text = text.trim();
        if text.contains(char::is_control) {
            return Err(DeviceError::address("the address holds control characters", "write it again by hand"));
        }
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        let (scheme, _, example) =
            Scheme::ALL.into_iter().find(|(_, name, _)| name.eq_ignore_ascii_case(scheme)).ok_or_else(|| {
                let examples: Vec<&str> = Scheme::ALL.iter().map(|(.., example)| *example).collect();
                let what = format!("'{text}' is not the address of an instrument");
                DeviceError::address(what, format!("addresses look like {}", examples.join("  ")))
            })?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let place = match scheme {
            Scheme::Serial | Scheme::Tcp | Scheme::RtlTcp => place.strip_prefix("//").ok_or_else(|| {
                DeviceError::address(
                    format!("'{text}' has no // behind {}:", scheme.name()),
                    format!("write {example}"),
                )
            })?,
            Scheme::Soapy | Scheme::Sim => place,
        };
        if place.is_empty() && scheme != Scheme::Soapy {
            return Err(DeviceError::address(
                format!("'{text}' does not say which device"),
                format!("write {example}"),
            ));
        }
        let mut settings: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) =
                pair.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty()).ok_or_else(|| {
                    DeviceError::address(format!("'{pair}' in the address has no value"), format!("write {pair}=VALUE"))
                })?;
            if settings.iter().any(|(known, _)| known == key) {
                return Err(DeviceError::address(format!("'{key}' is given twice in the address"), "give it once"));
            }
            settings.push((key.to_owned(), value.to_owned()));
        }
        Ok(Self { text: text.to_owned(), scheme, place: place.to_owned(), settings })
    }

    /// A setting as written.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.settings.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The settings.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// Refuses settings that nobody would look at.
    ///
    /// # Errors
    /// Names the first unknown setting and those that are known.
    pub fn allow(&self, keys: &[&str]) -> Result<(), DeviceError> {
        match self.settings.iter().find(|(key, _)| !keys.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, _)) => Err(DeviceError::address(
                format!("there is no setting '{key}' for {}", self.text),
                format!("settings are: {}", keys.join(" ")),
            )),
        }
    }

    /// A number with an engineering suffix, or nothing when it is not given.
    ///
    /// # Errors
    /// When it is no finite number.
    pub fn number(&self, key: &str) -> Result<Option<f64>, DeviceError> {
        self.get(key).map(|text| number(key, text)).transpose()
    }

    /// A number that must lie in a range, or nothing when it is not given.
    ///
    /// # Errors
    /// When it is no number or outside the range.
    pub fn within(&self, key: &str, low: f64, high: f64) -> Result<Option<f64>, DeviceError> {
        match self.number(key)? {
            Some(value) if !(low..=high).contains(&value) => Err(DeviceError::address(
                format!("{key} is {value}, which is not between {low} and {high}"),
                format!("give {key} a value between {low} and {high}"),
            )),
            other => Ok(other),
        }
    }

    /// Host and port of a TCP address.
    ///
    /// # Errors
    /// When there is no port and no default, or it is no port.
    pub fn host_port(&self, default: Option<u16>) -> Result<(String, u16), DeviceError> {
        let place = self.place.trim_end_matches('/');
        let (host, port) = match place.rsplit_once(':') {
            // The colons of a bare IPv6 address are no port.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
            _ => (place, None),
        };
        let port = match (port.map(str::parse::<u16>), default) {
            (Some(Ok(port)), _) if port > 0 => port,
            (None, Some(port)) => port,
            _ => {
                let what = format!("'{}' has no port from 1 to 65535", self.text);
                return Err(DeviceError::address(what, format!("write {}://{host}:PORT", self.scheme.name())));
            }
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(DeviceError::address(format!("'{}' names no host", self.text), "write host:port"));
        }
        Ok((host.to_owned(), port))
    }
}

/// Reads a number with an engineering suffix (`2.4M`, `100u`).
///
/// # Errors
/// Names the setting when it is no finite number.
pub fn number(key: &str, text: &str) -> Result<f64, DeviceError> {
    const SUFFIXES: [(char, f64); 6] = [('G', 1e9), ('M', 1e6), ('k', 1e3), ('m', 1e-3), ('u', 1e-6), ('n', 1e-9)];
    let found = SUFFIXES.iter().find_map(|(c, factor)| text.strip_suffix(*c).map(|head| (head, *factor)));
    let (digits, factor) = found.unwrap_or((text, 1.0));
    digits.parse::<f64>().ok().map(|v| v * factor).filter(|v| v.is_finite()).ok_or_else(|| {
        DeviceError::address(
            format!("{key} is '{text}', which is not a number"),
            format!("write {key}= and a number such as 2.4M"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_documented_addresses_are_read() {
        for (scheme, name, example) in Scheme::ALL {
            let a = Address::parse(example).unwrap();
            assert_eq!((a.scheme, a.scheme.name()), (scheme, name));
        }
        let a = Address::parse("serial:///dev/ttyUSB0?baud=115200&driver=tinysa").unwrap();
        assert_eq!((a.place.as_str(), a.get("driver")), ("/dev/ttyUSB0", Some("tinysa")));
        assert_eq!(a.number("baud").unwrap(), Some(115_200.0));
        let a = Address::parse("rtltcp://[::1]:99?freq=2140M").unwrap();
        assert_eq!(a.host_port(None).unwrap(), ("::1".into(), 99));
        assert_eq!(a.number("freq").unwrap(), Some(2.14e9));
        assert_eq!(Address::parse("rtltcp://box").unwrap().host_port(Some(1234)).unwrap(), ("box".into(), 1234));
        assert_eq!(Address::parse("soapy:driver=hackrf,serial=1").unwrap().place, "driver=hackrf,serial=1");
    }

    #[test]
    fn a_wrong_address_says_what_would_do() {
        for (text, what, hint) in [
            ("", "not the address", "rtltcp://"),
            ("usb:1", "not the address", "serial:///dev"),
            ("tcp:host:1", "no //", "tcp://"),
            ("tcp://", "which device", "tcp://"),
            ("tcp://h:1?driver", "no value", "driver=VALUE"),
            ("tcp://h:1?a=1&a=2", "twice", "once"),
        ] {
            let e = Address::parse(text).unwrap_err();
            assert!(e.what.contains(what) && e.hint.contains(hint), "{text}: {e} / {}", e.hint);
        }
        for place in ["tcp://h", "tcp://h:0", "tcp://h:70000", "tcp://:80"] {
            assert!(Address::parse(place).unwrap().host_port(None).is_err(), "{place}");
        }
        let a = Address::parse("tcp://h:1?rate=x&gain=7").unwrap();
        assert!(a.number("rate").unwrap_err().what.contains("rate"));
        assert!(a.within("gain", 0.0, 5.0).unwrap_err().hint.contains("between 0 and 5"));
        assert!(a.allow(&["rate"]).unwrap_err().what.contains("gain"));
    }

    proptest! {
        #[test]
        fn no_address_panics(text in "\\PC{0,40}", query in "[a-z0-9=&.:/\\[\\]?]{0,30}") {
            for text in [text.clone(), format!("tcp://{query}"), format!("serial://{text}?{query}"), format!("sim:{query}")] {
                if let Ok(address) = Address::parse(&text) {
                    let _ = address.host_port(None);
                    let _ = address.number("a");
                }
            }
        }
    }
}
