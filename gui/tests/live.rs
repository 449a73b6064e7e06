//! Live sources as a person uses them, headless, by their accessibility labels: the list of devices, single records and sweeps,
//! unplugging and plugging in again, and the end of the program at any moment.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests; a child tells its parent how far it is")]

mod common;

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::{Gui, click, gui, sees, wait};
use egui_kittest::kittest::Queryable as _;
use faultscope_door::cases::{Access, Desk, EventKind, Filter, Sort};
use faultscope_door::paper::{Lang, compact, words};
use faultscope_door::{Request, Unwatched, analyse};
use faultscope_gui::Start;

fn start(folder: &tempfile::TempDir, connect: Option<&str>) -> Start {
    Start {
        store: Some(folder.path().join("store").display().to_string()),
        connect: connect.map(String::from),
        ..Start::default()
    }
}

fn begun(folder: &tempfile::TempDir) -> Gui {
    let mut gui = gui(start(folder, None));
    wait(&mut gui, "the list of devices", |g| sees(g, "Ready") && sees(g, "Simulated"));
    gui
}

#[test]
fn what_was_connected_to_is_offered_again_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = begun(&folder);
    assert!(!sees(&first, "Used before"));
    // Looking connects to nothing.
    assert!(!sees(&first, "Live source"));
    first.check_accessibility();
    click(&mut first, "Look again");
    wait(&mut first, "the list again", |g| sees(g, "Ready"));
    click(&mut first, "Connect: Simulated probe: failing supply");
    wait(&mut first, "samples", |g| sees(g, "running") && sees(g, "Waveform: sim:reservoir-c-lost"));
    let session = folder.path().join("store.session.json");
    wait(&mut first, "the session", |_| std::fs::read_to_string(&session).is_ok_and(|s| s.contains("sim:reservoir")));
    std::mem::forget(first);

    let mut second = begun(&folder);
    assert!(sees(&second, "Used before") && !sees(&second, "running"), "it is offered, not connected");
    second.check_accessibility();
    click(&mut second, "Connect: sim:reservoir-c-lost");
    wait(&mut second, "samples again", |g| sees(g, "running") && sees(g, "Waveform: sim:reservoir-c-lost"));
    // From the top bar the list is there while something else is on the screen, and goes away again.
    click(&mut second, "Connect");
    click(&mut second, "Devices");
    wait(&mut second, "the list", |g| sees(g, "What can be connected") && sees(g, "Ready"));
    click(&mut second, "Back to the captures");
    assert!(sees(&second, "Waveform: sim:reservoir-c-lost"));
}

#[test]
fn an_oscilloscope_is_read_once_and_again_and_again_and_its_record_is_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(Start { limits: vec!["dc-48v".into()], ..start(&folder, Some("sim:scope/reservoir-c-lost")) });
    // It is connected, and nothing is read unasked.
    wait(&mut gui, "the oscilloscope", |g| sees(g, "Nothing was read yet"));
    assert!(sees(&gui, "ready") && sees(&gui, "records: 0") && sees(&gui, "failed: 0"));
    gui.check_accessibility();
    click(&mut gui, "Read once");
    wait(&mut gui, "the record", |g| sees(g, "Waveform: sim:scope/") && sees(g, "records: 1"));
    wait(&mut gui, "its readings", |g| sees(g, &words::reading(Lang::En, "vpp")));
    assert!(gui.query_all_by_label("fail").next().is_some(), "the chosen limits are answered");
    gui.check_accessibility();
    click(&mut gui, "Read again and again");
    wait(&mut gui, "more records", |g| sees(g, "records: 3"));
    click(&mut gui, "Stop reading");
    wait(&mut gui, "the store", |g| sees(g, "The store holds no open case"));

    click(&mut gui, "Pin");
    wait(&mut gui, "the findings of the pin", |g| sees(g, "Findings (") && g.query_by_label("Ripple").is_some());
    click(&mut gui, "Ripple");
    wait(&mut gui, "the ripple", |g| sees(g, "Lines of the ripple: pin-"));
    // The figures of the pin are those of the command line for the same file.
    let file = pins(folder.path()).into_iter().find(|p| p.extension().is_some_and(|e| e == "sigmf-meta")).unwrap();
    let result = analyse(&file, "ripple", &Request::default(), &Unwatched).unwrap();
    click(&mut gui, &format!("Readings ({})", result.readings.len()));
    for reading in result.readings.iter().take(8) {
        assert!(sees(&gui, &compact(reading.value, reading.unit)), "{}", reading.id);
    }
}

#[test]
fn a_sweep_is_shown_pinned_and_opens_as_a_spectrum() {
    let folder = tempfile::tempdir().unwrap();
    let mut gui = gui(start(&folder, Some("sim:tinysa/pa-failing")));
    wait(&mut gui, "the analyser", |g| sees(g, "Nothing was read yet") && sees(g, "The store holds no open case"));
    click(&mut gui, "Read once");
    wait(&mut gui, "the sweep", |g| sees(g, "Spectrum: sim:tinysa/") && sees(g, "Waterfall: sim:tinysa/"));
    wait(&mut gui, "its readings", |g| sees(g, &words::reading(Lang::En, "carrier_level")));
    click(&mut gui, "Pin");
    wait(&mut gui, "the capture", |g| sees(g, "This file holds a spectrum, not samples") && sees(g, "Readings ("));
    let result = analyse(&pins(folder.path())[0], "spurs", &Request::default(), &Unwatched).unwrap();
    assert!(sees(&gui, &format!("Readings ({})", result.readings.len())));
    assert!(!sees(&gui, "Modulation") && gui.query_by_label("Waterfall").is_none(), "they need samples");
    gui.check_accessibility();
}

#[test]
fn an_analyser_that_is_unplugged_while_it_is_read_comes_back_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let plug = Plug::tinysa(0);
    let port = plug.port;
    let address = format!("tcp://127.0.0.1:{port}?driver=tinysa&start=100M&stop=110M&points=11&timeout=10");
    let mut gui = gui(start(&folder, Some(&address)));
    wait(&mut gui, "the analyser", |g| sees(g, "Nothing was read yet"));
    click(&mut gui, "Read again and again");
    wait(&mut gui, "sweeps", |g| sees(g, "records: 2"));
    drop(plug);
    wait(&mut gui, "the trouble", |g| sees(g, "no answer") && sees(g, "it is tried again each second"));
    // What was read last is still there, and can be pinned.
    assert!(sees(&gui, "Spectrum: tcp://"));
    let plug = Plug::tinysa(port);
    wait(&mut gui, "the sweeps again", |g| !sees(g, "no answer") && sees(g, "reading"));
    assert!(!sees(&gui, "failed: 0"), "what did not come is counted");
    click(&mut gui, "Stop reading");
    // Read once without it: said, and the next try connects anew.
    drop(plug);
    click(&mut gui, "Read once");
    wait(&mut gui, "the trouble", |g| sees(g, "Check cable and instrument, then read again"));
    let _plug = Plug::tinysa(port);
    click(&mut gui, "Read once");
    wait(&mut gui, "the sweep", |g| !sees(g, "no answer") && sees(g, "ready"));
}

#[test]
fn unplugged_in_mid_capture_plugged_in_again_and_killed_nothing_pinned_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let plug = Plug::dongle(0);
    let port = plug.port;
    let address = format!("rtltcp://127.0.0.1:{port}?freq=100M&rate=1M");
    let mut first = gui(start(&folder, Some(&address)));
    streams(&mut first);
    wait(&mut first, "the store", |g| sees(g, "The store holds no open case"));
    first.get_by_label("Title of a new case").focus();
    first.run_steps(2);
    first.get_by_label("Title of a new case").type_text("the dongle falls out");
    first.run_steps(3);
    click(&mut first, "Open case");
    wait(&mut first, "the case", |g| sees(g, "Attach capture"));
    click(&mut first, "Pin");
    wait(&mut first, "the attachment", |g| sees(g, "Attached to"));

    // Unplugged: said, and what came before can still be pinned.
    let live = format!("Live source: {address}");
    click(&mut first, &live);
    drop(plug);
    wait(&mut first, "the silence", |g| sees(g, "no samples"));
    click(&mut first, "Pin");
    wait(&mut first, "the second pin", |g| opened_pins(g) == 2);
    assert_eq!(pins(folder.path()).len(), 4, "two SigMF pairs");
    // Plugged in again: it goes on by itself, and the gap is counted.
    let _plug = Plug::dongle(port);
    click(&mut first, &live);
    wait(&mut first, "samples again", |g| sees(g, "running") && sees(g, "lost: ") && !sees(g, "(0 gaps)"));
    let session = folder.path().join("store.session.json");
    wait(&mut first, "the session", |_| {
        std::fs::read_to_string(&session)
            .is_ok_and(|s| s.matches(".sigmf-meta").count() == 2 && s.contains("\"case\": \"FS"))
    });

    // A process that was killed does nothing at its end: neither does this one.
    std::mem::forget(first);
    let mut second = gui(start(&folder, None));
    wait(&mut second, "the captures", |g| sees(g, "Readings (") && sees(g, "the dongle falls out"));
    assert_eq!(opened_pins(&second), 2);
    assert!(sees(&second, "Attach capture"), "the case that was open is open");
    for file in pins(folder.path()).iter().filter(|p| p.extension().is_some_and(|e| e == "sigmf-meta")) {
        let result = analyse(file, "spurs", &Request::default(), &Unwatched).unwrap();
        // The tone of the dongle: 100 MHz and a tenth of the rate, to a bin.
        let carrier = result.spurs.unwrap().carrier.unwrap().frequency_hz;
        assert!((carrier - 100.1e6).abs() < 100.0, "{carrier}");
    }
    let desk = Desk::open(Some(&folder.path().join("store").display().to_string()), Access::Read, "test").unwrap();
    let id = desk.list(&Filter::default(), Sort::Id).unwrap()[0].id.clone();
    assert!(desk.events(&id).unwrap().iter().any(|e| matches!(e.kind, EventKind::Attached(_))));
    // The source is offered, not connected; connecting goes on where it was.
    click(&mut second, &live);
    assert!(sees(&second, "disconnected"));
    click(&mut second, "Connect again");
    streams(&mut second);
}

#[test]
fn a_process_that_is_killed_while_it_pins_has_lost_nothing_that_it_said_was_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed", "--ignored", "--nocapture", "--test-threads", "1"])
        .env(KILLED, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The second pin is written while a third one is asked for.
    let said: Vec<PathBuf> = lines.filter_map(|l| l.strip_prefix("pinned ").map(PathBuf::from)).take(2).collect();
    std::thread::sleep(Duration::from_millis(20));
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());

    assert_eq!(said.len(), 2, "the child ended by itself");
    for file in &said {
        let result = analyse(file, "spurs", &Request::default(), &Unwatched).unwrap();
        assert!(result.spurs.unwrap().carrier.is_some() && result.error.is_none());
    }
    let mut gui = gui(start(&folder, None));
    wait(&mut gui, "the captures and the case", |g| sees(g, "Readings (") && sees(g, "killed while it pins"));
    assert!(sees(&gui, "Attach capture"), "the case that was open is open");
    assert!(opened_pins(&gui) > 0);
    let desk = Desk::open(Some(&folder.path().join("store").display().to_string()), Access::Read, "test").unwrap();
    assert_eq!(desk.list(&Filter::default(), Sort::Id).unwrap().len(), 1);
}

/// Names the folder of the store to the child.
const KILLED: &str = "FAULTSCOPE_TEST_KILLED";

#[test]
#[ignore = "the child of the test above, in a process of its own"]
fn the_process_that_is_killed() {
    let Ok(folder) = std::env::var(KILLED) else { return };
    let connect = Some("sim:tx-healthy?rate=250k".into());
    let mut gui = gui(Start { store: Some(format!("{folder}/store")), connect, ..Start::default() });
    wait(&mut gui, "samples", |g| sees(g, "running") && sees(g, "The store holds no open case"));
    gui.get_by_label("Title of a new case").focus();
    gui.run_steps(2);
    gui.get_by_label("Title of a new case").type_text("killed while it pins");
    gui.run_steps(3);
    click(&mut gui, "Open case");
    wait(&mut gui, "the case", |g| sees(g, "Attach capture"));
    // Not for ever, should nobody be left to kill it.
    for count in 1..=20 {
        click(&mut gui, "Live source: sim:tx-healthy?rate=250k");
        click(&mut gui, "Pin");
        let said = |g: &Gui| sees(g, "Pinned:") || sees(g, "Attached to");
        // A pin is opened, and then on the screen: the click after it must come later.
        wait(&mut gui, "the pin", |g| said(g) && opened_pins(g) == count);
        let newest =
            pins(folder.as_ref()).into_iter().filter(|p| p.extension().is_some_and(|e| e == "sigmf-meta")).max();
        println!("pinned {}", newest.unwrap().display());
    }
}

/// Waits for the stream of the dongle; on a busy machine its server may take longer than a connection is waited for.
fn streams(gui: &mut Gui) {
    let there = |g: &Gui| sees(g, "running") && sees(g, "Waterfall: rtltcp://");
    loop {
        wait(gui, "samples", |g| there(g) || sees(g, "gone"));
        if there(gui) {
            return;
        }
        click(gui, "Connect again");
    }
}

/// How many pins are open.
fn opened_pins(gui: &Gui) -> usize {
    gui.query_all_by_label_contains("Close capture: pin-").count()
}

/// The files beside the store.
fn pins(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("pins")).into_iter().flatten();
    entries.flatten().map(|e| e.path()).collect()
}

/// A device behind a socket. Dropped, it is unplugged: nothing listens any more, and every connection is closed.
struct Plug {
    port: u16,
    stop: Arc<AtomicBool>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Plug {
    fn new(port: u16, serve: fn(TcpStream, &AtomicBool) -> std::io::Result<()>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, threads) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stopped, served) = (Arc::clone(&stop), Arc::clone(&threads));
        let accept = move || {
            while !stopped.load(Ordering::Relaxed) {
                let Ok((stream, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                };
                let stopped = Arc::clone(&stopped);
                let body = move || {
                    // The other side has gone, or this one was unplugged.
                    let _ = stream.set_nonblocking(false).and_then(|()| serve(stream, &stopped));
                };
                served.lock().unwrap().push(std::thread::spawn(body));
            }
        };
        threads.lock().unwrap().push(std::thread::spawn(accept));
        Self { port, stop, threads }
    }

    /// An RTL-SDR dongle behind its server (header, then unsigned 8-bit I/Q; commands are read and ignored): a tone a tenth of the
    /// rate above the centre, at 1 MS/s.
    fn dongle(port: u16) -> Self {
        Self::new(port, |mut stream, stop| {
            stream.write_all(b"RTL0\0\0\0\x05\0\0\0\x1d")?;
            let mut commands = stream.try_clone()?;
            std::thread::spawn(move || while commands.read(&mut [0; 64]).is_ok_and(|n| n > 0) {});
            let code = |v: f64| (127.5 + 100.0 * v).round() as u8;
            let turn = |n: usize| std::f64::consts::TAU * (n % 10) as f64 / 10.0;
            let block: Vec<u8> = (0..20_000).flat_map(|n| [code(turn(n).cos()), code(turn(n).sin())]).collect();
            let begun = Instant::now();
            for sent in 1.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                stream.write_all(&block)?;
                let due = begun + Duration::from_millis(20 * sent);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            Ok(())
        })
    }

    /// A tinySA by its shell: every command is echoed, answered, and followed by a prompt.
    fn tinysa(port: u16) -> Self {
        Self::new(port, |mut stream, stop| {
            stream.set_read_timeout(Some(Duration::from_millis(50)))?;
            let (mut line, mut byte) = (Vec::new(), [0]);
            while !stop.load(Ordering::Relaxed) {
                match stream.read(&mut byte) {
                    Ok(0) => break,
                    Ok(_) if byte == *b"\r" => {
                        let command = String::from_utf8_lossy(&line).into_owned();
                        line.clear();
                        let mut answer = format!("{command}\r\n").into_bytes();
                        match command.split(' ').collect::<Vec<_>>().as_slice() {
                            ["version"] => answer.extend(b"tinySA_v1.4-1\r\n"),
                            ["info"] => answer.extend(b"tinySA v0.3\r\n"),
                            ["scanraw", _, _, points] => {
                                // (level + 128 dB) times 32: -40 dBm in the middle, -90 dBm elsewhere.
                                let points: u16 = points.parse().unwrap();
                                let raw = |k: u16| if k == points / 2 { 88u16 * 32 } else { 38 * 32 };
                                answer.push(b'{');
                                (0..points)
                                    .for_each(|k| answer.extend([&b"x"[..], &raw(k).to_le_bytes()[..]].concat()));
                                answer.push(b'}');
                            }
                            _ => {}
                        }
                        answer.extend(b"ch> ");
                        stream.write_all(&answer)?;
                    }
                    Ok(_) => line.push(byte[0]),
                    Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    Err(e) => return Err(e),
                }
            }
            stream.shutdown(std::net::Shutdown::Both)
        })
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap());
        threads.into_iter().for_each(|t| drop(t.join()));
    }
}
