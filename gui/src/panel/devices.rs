//! What can be connected to: what is plugged in with its state and what to do about it, what was used before, and what is simulated.

use eframe::egui;
use egui::{Button, RichText, ScrollArea, Ui};
use faultscope_door::live::{DeviceInfo, Way};

use super::{Cx, badge, soft, title};
use crate::app::devices::Ask;
use crate::app::{Command, Screen};
use crate::words::Word;

/// The simulated instruments: streams, and far ends behind their real drivers.
pub(crate) const SIMULATED: [(Word, &str); 7] = [
    (Word::LiveTxBad, "sim:pa-failing?rate=2M"),
    (Word::LiveTxGood, "sim:tx-healthy?rate=2M"),
    (Word::LiveSupplyBad, "sim:reservoir-c-lost"),
    (Word::SimDongle, "sim:dongle/pa-failing"),
    (Word::SimScope, "sim:scope/reservoir-c-lost"),
    (Word::SimTinySa, "sim:tinysa/pa-failing"),
    (Word::SimSupply, "sim:supply/supply-healthy?rate=20"),
];

/// Draws the list; looks for devices when nobody has yet.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let devices = &cx.state.devices;
    if devices.found.is_none() && !devices.looking {
        cx.send(Command::Devices(Ask::Look));
    }
    ui.horizontal_wrapped(|ui| {
        title(ui, cx.text(Word::DevicesTitle));
        let again = ui.add_enabled(!devices.looking, Button::new(cx.text(Word::DevicesRefresh)));
        if again.on_hover_text(cx.text(Word::DevicesQuiet)).clicked() {
            cx.send(Command::Devices(Ask::Look));
        }
        if devices.looking {
            ui.spinner();
        }
        if cx.state.screen() == Screen::Devices && ui.button(cx.text(Word::ProcedureHide)).clicked() {
            cx.send(Command::GoBack);
        }
    });
    ScrollArea::vertical().id_salt("devices").auto_shrink([false, false]).show(ui, |ui| {
        plugged(ui, cx);
        if !devices.recent.is_empty() {
            ui.separator();
            soft(ui, cx, cx.text(Word::DevicesRecent));
            for address in &devices.recent {
                link(ui, cx, address, address);
            }
        }
        ui.separator();
        soft(ui, cx, cx.text(Word::DevicesSimulated));
        for (word, address) in SIMULATED {
            link(ui, cx, cx.text(word), address);
        }
    });
}

/// A line that connects when it is clicked.
fn link(ui: &mut Ui, cx: &mut Cx<'_>, text: &str, address: &str) {
    let button = Button::new(text).truncate().min_size(egui::vec2(ui.available_width().min(420.0), 0.0));
    let name = format!("{}: {text}", cx.text(Word::Connect));
    if ui.add(button).on_hover_text(address).accessible_name(name).clicked() {
        cx.send(Command::Connect(address.to_owned()));
    }
}

/// What is plugged in.
fn plugged(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(found) = &cx.state.devices.found else {
        ui.label(cx.text(Word::DevicesLook));
        return;
    };
    // The simulated ones have a list of their own.
    let real: Vec<&DeviceInfo> = found.iter().filter(|d| !d.address.starts_with("sim:")).collect();
    if real.is_empty() {
        ui.label(cx.text(Word::DevicesNone));
        ui.label(cx.text(Word::DevicesNoneHow));
    }
    for device in real {
        entry(ui, cx, device);
    }
}

fn entry(ui: &mut Ui, cx: &mut Cx<'_>, device: &DeviceInfo) {
    let (state, how) = match device.state.as_str() {
        "ready" => (Word::DeviceReady, None),
        "busy" => (Word::DeviceBusy, Some(Word::DeviceBusyHow)),
        "no_permission" => (Word::DeviceDenied, Some(Word::DeviceDeniedHow)),
        _ => (Word::DeviceUnsupported, Some(Word::DeviceUnsupportedHow)),
    };
    let colour = if how.is_none() { cx.palette.carrier } else { cx.palette.failure() };
    ui.horizontal_wrapped(|ui| {
        badge(ui, cx.text(state), colour, cx.palette.on_badge);
        ui.label(RichText::new(&device.description).strong());
        connect(ui, cx, device);
        let place = device.address.split('?').next().unwrap_or_default();
        ui.label(RichText::new(place).monospace());
    });
    if let Some(how) = how {
        ui.label(cx.text(how));
        soft(ui, cx, &device.hint);
    }
    ui.add_space(4.0);
}

/// The way to it, or the choice of ways.
fn connect(ui: &mut Ui, cx: &mut Cx<'_>, device: &DeviceInfo) {
    let ways = device.ways();
    if let [way] = ways.as_slice() {
        let word = if way.complete { Word::Connect } else { Word::DeviceComplete };
        let name = format!("{}: {}", cx.text(word), way.address);
        if ui.button(cx.text(word)).on_hover_text(&way.address).accessible_name(name).clicked() {
            cx.send(ask(way));
        }
        return;
    }
    let menu = ui.menu_button(cx.text(Word::DeviceAs), |ui| {
        for way in &ways {
            if ui.button(cx.text(driver(way))).on_hover_text(&way.address).clicked() {
                cx.send(ask(way));
                ui.close();
            }
        }
    });
    menu.response.accessible_name(format!("{}: {}", cx.text(Word::DeviceAs), device.description));
}

fn ask(way: &Way) -> Command {
    if way.complete {
        Command::Connect(way.address.clone())
    } else {
        Command::Devices(Ask::Complete(way.address.clone()))
    }
}

fn driver(way: &Way) -> Word {
    match way.driver {
        Some("scope") => Word::DriverScope,
        Some("tinysa") => Word::DriverTinySa,
        Some("nanovna") => Word::DriverNanoVna,
        Some("meter") => Word::DriverMeter,
        Some("supply") => Word::DriverSupply,
        Some("load") => Word::DriverLoad,
        _ => Word::DriverLines,
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::Start;
    use crate::app::State;

    fn device(address: &str, description: &str, state: &str, hint: &str) -> DeviceInfo {
        let [address, description, state, hint] = [address, description, state, hint].map(String::from);
        DeviceInfo { address, description, state, hint }
    }

    fn list(found: Vec<DeviceInfo>) -> Harness<'static, (State, Vec<Command>)> {
        let mut state = State::new(&Start::default(), false);
        state.devices.found = Some(found);
        let draw = |ui: &mut Ui, all: &mut (State, Vec<Command>)| {
            let mut commands = Vec::new();
            show(ui, &mut Cx::new(&all.0, &mut commands));
            all.1.extend(commands);
        };
        Harness::builder().with_size([600.0, 700.0]).build_ui_state(draw, (state, Vec::new()))
    }

    #[test]
    fn a_port_is_connected_by_the_driver_that_is_chosen_or_completed_first() {
        let port = device("serial:///dev/ttyACM0?driver=DRIVER", "USB serial port tinySA", "ready", "");
        let mut list = list(vec![port]);
        list.run_steps(2);
        list.get_by_label("ready");
        list.get_by_label("Connect as: USB serial port tinySA").click_accesskit();
        list.run_steps(3);
        list.get_by_label("oscilloscope").click_accesskit();
        list.run_steps(2);
        assert_eq!(list.state().1, [Command::Connect("serial:///dev/ttyACM0?driver=scope".into())]);
        list.get_by_label("Connect as: USB serial port tinySA").click_accesskit();
        list.run_steps(3);
        list.get_by_label("tinySA (give start and stop)").click_accesskit();
        list.run_steps(2);
        let address = "serial:///dev/ttyACM0?driver=tinysa&start=HZ&stop=HZ";
        assert_eq!(list.state().1.last(), Some(&Command::Devices(Ask::Complete(address.into()))));
        list.check_accessibility();
    }

    #[test]
    fn what_cannot_be_used_says_why_and_what_to_do() {
        let mut list = list(vec![
            device(
                "serial:///dev/ttyUSB0?driver=DRIVER",
                "USB serial port A",
                "no_permission",
                "add yourself to dialout",
            ),
            device("serial:///dev/ttyUSB1?driver=DRIVER", "USB serial port B", "busy", "process 7 has it open"),
            device(
                "rtltcp://127.0.0.1:1234?freq=HZ",
                "RTL-SDR dongle",
                "unsupported",
                "start its server first: rtl_tcp",
            ),
        ]);
        list.run_steps(2);
        for text in
            ["no permission", "add yourself to dialout", "in use", "process 7", "not usable yet", "start its server"]
        {
            assert!(list.query_all_by_label_contains(text).next().is_some(), "{text}");
        }
        list.get_by_label_contains("Complete the address: rtltcp").click_accesskit();
        list.run_steps(2);
        let address = "rtltcp://127.0.0.1:1234?freq=HZ".to_owned();
        assert_eq!(list.state().1, [Command::Devices(Ask::Complete(address))]);
        list.check_accessibility();
    }

    #[test]
    fn nothing_plugged_in_says_why_and_what_to_do() {
        let mut list = list(vec![device("sim:tx-healthy", "simulated", "ready", "")]);
        list.run_steps(2);
        list.get_by_label(Word::DevicesNone.text(faultscope_door::paper::Lang::En));
        list.get_by_label_contains("check cable and driver");
        list.get_by_label("Connect: Simulated oscilloscope: failing supply").click_accesskit();
        list.run_steps(2);
        assert_eq!(list.state().1, [Command::Connect("sim:scope/reservoir-c-lost".into())]);
    }
}
