//! Loopback servers that behave as the documented interfaces of the ticket systems do, and misbehave on request.
#![allow(dead_code, reason = "each test uses its part")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, sleep};
use std::time::Duration;

pub(crate) mod model;

pub(crate) use model::Model;

/// What a client sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A header, by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    /// A parameter of the query.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.query.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    /// The body as JSON; `null` where it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether it changes something.
    pub(crate) fn writes(&self) -> bool {
        self.method != "GET"
            && !self.path.ends_with("/jql")
            && !String::from_utf8_lossy(&self.body).contains("core%2Fget")
    }
}

/// What is sent back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn json(status: u16, body: serde_json::Value) -> Self {
        Self::new(status, body.to_string()).with("Content-Type", "application/json")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It is not done, and this is answered.
    Instead(Reply),
    /// It is done, and this is answered.
    After(Reply),
    /// It is not done, and the connection ends.
    DropBefore,
    /// It is done, and the connection ends without a word.
    DropAfter,
    /// It is done, and nothing is said for so long.
    Hang(Duration),
    /// It is done, and half of the answer comes.
    Half,
    /// It is done, and the answer comes a byte at a time, for ever.
    Trickle,
    /// It is done, and an answer without an end comes.
    Huge,
}

type Faults = Box<dyn FnMut(&Request) -> Fault + Send>;

struct State {
    model: Model,
    faults: Faults,
    seen: Vec<Request>,
}

/// A server on this machine.
pub(crate) struct Server {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(model: Model) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let faults: Faults = Box::new(|_| Fault::None);
        let state = Arc::new(Mutex::new(State { model, faults, seen: Vec::new() }));
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, ended) = (Arc::clone(&state), Arc::clone(&stop));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (state, ended) = (Arc::clone(&shared), Arc::clone(&ended));
                thread::spawn(move || drop(serve(stream.unwrap(), &state, &ended)));
            }
        });
        Self { url, state, stop }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What goes wrong from now on.
    pub(crate) fn faults(&self, faults: impl FnMut(&Request) -> Fault + Send + 'static) {
        self.state().faults = Box::new(faults);
    }

    /// The next request that changes something meets this fault; all others are well.
    pub(crate) fn next_write(&self, fault: Fault) {
        let mut fault = Some(fault);
        self.faults(move |r| if r.writes() { fault.take().unwrap_or(Fault::None) } else { Fault::None });
    }

    /// What it has been asked.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.state().seen.clone()
    }

    /// Looks at the tickets.
    pub(crate) fn model<T>(&self, look: impl FnOnce(&mut Model) -> T) -> T {
        look(&mut self.state().model)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>, stop: &AtomicBool) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let request = read(&stream)?;
    let (fault, reply) = {
        let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let fault = (state.faults)(&request);
        state.seen.push(request.clone());
        let undone = matches!(fault, Fault::Instead(_) | Fault::DropBefore);
        let reply = if undone { Reply::new(500, "") } else { state.model.answer(&request) };
        (fault, reply)
    };
    match fault {
        Fault::None => write(&mut stream, &reply),
        Fault::Instead(other) | Fault::After(other) => write(&mut stream, &other),
        Fault::DropBefore | Fault::DropAfter => Ok(()),
        Fault::Hang(time) => {
            sleep(time);
            Ok(())
        }
        Fault::Half => {
            let all = bytes(&reply);
            stream.write_all(&all[..all.len() - reply.body.len() / 2 - 1])
        }
        Fault::Trickle => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")?;
            while !stop.load(Ordering::Relaxed) {
                stream.write_all(b" ")?;
                sleep(Duration::from_millis(50));
            }
            Ok(())
        }
        Fault::Huge => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")?;
            loop {
                stream.write_all(&[b' '; 65536])?;
            }
        }
    }
}

fn bytes(reply: &Reply) -> Vec<u8> {
    let mut head =
        format!("HTTP/1.1 {} X\r\nConnection: close\r\nContent-Length: {}\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [format!("{head}\r\n").as_bytes(), &reply.body].concat()
}

fn write(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    stream.write_all(&bytes(reply))
}

fn read(stream: &TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut request = Request { method, ..Request::default() };
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    request.path = decode(path);
    request.query = pairs(query);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length: usize = request.header("content-length").parse().unwrap_or(0);
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body)?;
    Ok(request)
}

/// `a=b&c=d`.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let all = text.split('&').filter_map(|p| p.split_once('='));
    all.map(|(k, v)| (decode(k), decode(v))).collect()
}

/// Percent-encoding undone.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match (byte, hex) {
            (b'%', Some(value)) => {
                out.push(value);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
