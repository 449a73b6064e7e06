//! What is connected: everything that is there, also what cannot be opened, with the way to mend it.

use std::path::Path;

use serialport::SerialPortType;

use crate::error::permission_hint;

/// Whether something found can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// It can be opened, as far as can be told without opening it.
    Ready,
    /// Another program has it.
    Busy,
    /// The system would not let us.
    NoPermission,
    /// A driver, a server or a feature of this build is missing.
    Unsupported,
}

impl Availability {
    /// `ready`, `busy`, `no_permission`, `unsupported`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Busy => "busy",
            Self::NoPermission => "no_permission",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Something that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Address to begin with; what is in capitals must be filled in.
    pub address: String,
    /// What it is, as far as the system knows.
    pub description: String,
    /// Whether it can be used.
    pub availability: Availability,
    /// Why not, and what to do; empty when it is ready.
    pub hint: String,
}

/// Known radios on USB: vendor, product, name, driver of SoapySDR.
const RADIOS: [(&str, &str, &str, &str); 8] = [
    ("0bda", "2838", "RTL-SDR dongle", "rtlsdr"),
    ("0bda", "2832", "RTL-SDR dongle", "rtlsdr"),
    ("1d50", "6089", "HackRF One", "hackrf"),
    ("1d50", "60a1", "Airspy", "airspy"),
    ("0403", "601f", "LimeSDR Mini", "lime"),
    ("1d50", "6108", "LimeSDR-USB", "lime"),
    ("0456", "b673", "ADALM-Pluto", "plutosdr"),
    ("2cf0", "5246", "bladeRF", "bladerf"),
];

/// Everything that is there. Nothing is opened: opening a port resets many boards.
#[must_use]
pub fn devices() -> Vec<Found> {
    let mut found = serial();
    found.extend(usb_radios(Path::new("/sys/bus/usb/devices")));
    found.extend(usbtmc(Path::new("/dev")));
    found.extend(soapy());
    found.push(Found {
        address: "sim:tx-healthy".into(),
        description: "simulated instrument; faultscope simulate lists its models".into(),
        availability: Availability::Ready,
        hint: String::new(),
    });
    found
}

fn serial() -> Vec<Found> {
    // Without a list of ports there are none to show; `doctor` says that the system refused.
    let ports = serialport::available_ports().unwrap_or_default();
    ports
        .into_iter()
        .map(|port| {
            let description = match &port.port_type {
                SerialPortType::UsbPort(usb) => {
                    let words = [usb.manufacturer.clone(), usb.product.clone()];
                    let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
                    let guess =
                        if (usb.vid, usb.pid) == (0x0483, 0x5740) { " (tinySA, NanoVNA or another STM32)" } else { "" };
                    format!("USB serial port {:04x}:{:04x} {words}{guess}", usb.vid, usb.pid)
                }
                SerialPortType::BluetoothPort => "Bluetooth serial port".into(),
                _ => "serial port".into(),
            };
            let (availability, hint) = availability(Path::new(&port.port_name));
            let address = format!("serial://{}?driver=DRIVER", port.port_name);
            Found { address, description, availability, hint }
        })
        .collect()
}

fn availability(path: &Path) -> (Availability, String) {
    if !permitted(path) {
        return (Availability::NoPermission, permission_hint(&path.display().to_string()));
    }
    match holder(path) {
        Some(pid) => (Availability::Busy, format!("process {pid} has it open: close that program")),
        None => (Availability::Ready, String::new()),
    }
}

/// Whether the mode of a device file lets us read and write.
#[cfg(unix)]
fn permitted(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(file) = std::fs::metadata(path) else { return false };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let numbers = |name: &str| -> Vec<u32> {
        let line = status.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().filter_map(|n| n.parse().ok()).collect()
    };
    let (users, mut groups) = (numbers("Uid:"), numbers("Gid:"));
    groups.extend(numbers("Groups:"));
    // The second number is the effective one. Where there is no /proc, opening will tell.
    let Some(user) = users.get(1).copied() else { return true };
    let mode = file.mode();
    let bits = if file.uid() == user {
        mode >> 6
    } else if groups.contains(&file.gid()) {
        mode >> 3
    } else {
        mode
    };
    user == 0 || bits & 0o6 == 0o6
}

#[cfg(not(unix))]
fn permitted(_path: &Path) -> bool {
    true
}

/// A process that has a device open, where the system lets us see it.
fn holder(path: &Path) -> Option<u32> {
    let own = std::process::id();
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|p| p.file_name().to_str()?.parse::<u32>().ok()).filter(|pid| *pid != own);
    let opened = |pid: &u32| {
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files.filter_map(|f| std::fs::read_link(f.path()).ok()).any(|link| link == path)
    };
    pids.into_iter().find(opened)
}

fn usb_radios(folder: &Path) -> Vec<Found> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let word = |path: &Path, name: &str| std::fs::read_to_string(path.join(name)).unwrap_or_default().trim().to_owned();
    entries
        .filter_map(|entry| {
            let (vendor, product) = (word(&entry.path(), "idVendor"), word(&entry.path(), "idProduct"));
            let known = RADIOS.iter().find(|(v, p, ..)| *v == vendor && *p == product)?;
            let (.., name, driver) = *known;
            let serial = word(&entry.path(), "serial");
            let (address, hint) = match (driver, cfg!(feature = "soapy")) {
                ("rtlsdr", _) => {
                    ("rtltcp://127.0.0.1:1234?freq=HZ".to_owned(), "start its server first: rtl_tcp".to_owned())
                }
                (_, true) => {
                    (format!("soapy:driver={driver}?freq=HZ&rate=HZ"), format!("needs the SoapySDR module {driver}"))
                }
                (_, false) => (
                    format!("soapy:driver={driver}?freq=HZ&rate=HZ"),
                    "this build has no SoapySDR: build with --features soapy".to_owned(),
                ),
            };
            Some(Found {
                address,
                description: format!("{name} {serial}"),
                availability: Availability::Unsupported,
                hint,
            })
        })
        .collect()
}

fn usbtmc(folder: &Path) -> Vec<Found> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|e| e.file_name().into_string().ok()).filter(|n| n.starts_with("usbtmc"));
    names
        .map(|name| Found {
            address: "tcp://HOST:PORT?driver=scope".into(),
            description: format!("instrument on USBTMC: /dev/{name}"),
            availability: Availability::Unsupported,
            hint: "USBTMC is not supported: connect it by LAN or as a serial port".into(),
        })
        .collect()
}

#[cfg(feature = "soapy")]
fn soapy() -> Vec<Found> {
    crate::driver::soapy_devices()
}

#[cfg(not(feature = "soapy"))]
fn soapy() -> Vec<Found> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulated_instrument_is_always_there_and_what_is_not_ready_says_why() {
        let found = devices();
        assert!(found.iter().any(|f| f.address.starts_with("sim:")));
        assert!(found.iter().all(|f| (f.availability == Availability::Ready) == f.hint.is_empty()));
    }

    #[test]
    fn a_radio_and_an_instrument_without_a_driver_are_shown_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let usb = folder.path().join("1-1");
        std::fs::create_dir(&usb).unwrap();
        std::fs::write(usb.join("idVendor"), "0bda\n").unwrap();
        std::fs::write(usb.join("idProduct"), "2838\n").unwrap();
        std::fs::write(folder.path().join("usbtmc0"), "").unwrap();
        let radios = usb_radios(folder.path());
        assert!(radios[0].description.contains("RTL-SDR") && radios[0].hint.contains("rtl_tcp"));
        assert!(usbtmc(folder.path())[0].hint.contains("LAN"));
    }
}
