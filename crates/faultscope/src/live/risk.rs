//! Settings of an address that could hurt hardware: whoever connects by a click is asked before they are sent.

use faultscope_instrument::Address;

/// What a setting can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// A DC voltage on the antenna connector (`bias=on`).
    BiasTee,
    /// A supply's output is switched on (`output=on`).
    SupplyOn,
    /// An electronic load begins to draw current (`input=on`).
    LoadOn,
}

/// The risks of an address; none of one that is not valid, which is refused when it is opened.
#[must_use]
pub fn risks(address: &str) -> Vec<Risk> {
    let Ok(address) = Address::parse(address) else { return Vec::new() };
    let on = |key: &str| address.get(key).is_some_and(|v| !matches!(v.to_ascii_lowercase().as_str(), "off" | "0"));
    [("bias", Risk::BiasTee), ("output", Risk::SupplyOn), ("input", Risk::LoadOn)]
        .into_iter()
        .filter(|(key, _)| on(key))
        .map(|(_, risk)| risk)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_switches_something_on_is_a_risk() {
        assert_eq!(risks("rtltcp://127.0.0.1:1234?freq=100M&bias=on"), [Risk::BiasTee]);
        assert_eq!(risks("rtltcp://127.0.0.1:1234?freq=100M&bias=off"), []);
        assert_eq!(risks("serial:///dev/ttyUSB0?driver=supply&volt=12&curr=1&output=on"), [Risk::SupplyOn]);
        assert_eq!(risks("serial:///dev/ttyUSB0?driver=load&input=1"), [Risk::LoadOn]);
        assert_eq!(risks("sim:pa-failing?rate=2M"), []);
        assert_eq!(risks("no address"), []);
    }
}
