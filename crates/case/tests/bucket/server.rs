//! The S3-compatible server past the store, and a way to it that can be cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// `HOST:PORT` of the server that `tests/s3/run.sh` started.
pub(crate) fn host() -> String {
    let url = std::env::var("AWS_ENDPOINT_URL").expect("tests/s3/run.sh starts a server and runs this");
    url.trim_start_matches("http://").to_owned()
}

/// Whoever is named is let in: the server looks at no signature.
const NAMED: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none";

/// One request. Status and body.
pub(crate) fn request(method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(host()).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {NAMED}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        host(),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
    (status, answer.split_off(end))
}

/// A new bucket.
pub(crate) fn bucket(name: &str) {
    assert_eq!(request("PUT", &format!("/{name}"), b"").0, 200, "{name}");
}

/// A server that says the same to whoever asks.
pub(crate) fn that_says(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    url
}

/// The way to the server: cut once `left` bytes have gone up, for ever or for the connection at hand.
pub(crate) struct Way {
    pub(crate) url: String,
    left: Arc<AtomicU64>,
    for_ever: Arc<AtomicBool>,
}

impl Way {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (left, for_ever) = (Arc::new(AtomicU64::new(u64::MAX)), Arc::new(AtomicBool::new(false)));
        let way = Self { url, left: left.clone(), for_ever: for_ever.clone() };
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if left.load(Ordering::SeqCst) == 0 {
                    continue;
                }
                let far = TcpStream::connect(host()).unwrap();
                let (back, forth) = ((far.try_clone().unwrap(), near.try_clone().unwrap()), (near, far));
                let (left, for_ever) = (left.clone(), for_ever.clone());
                std::thread::spawn(move || pass(back.0, back.1, |_| true));
                std::thread::spawn(move || pass(forth.0, forth.1, |n| spend(&left, &for_ever, n)));
            }
        });
        way
    }

    /// Cuts the way after so many more bytes.
    pub(crate) fn cut(&self, after: u64, for_ever: bool) {
        self.for_ever.store(for_ever, Ordering::SeqCst);
        self.left.store(after, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, may: impl Fn(u64) -> bool) {
    let mut block = vec![0; 16 << 10];
    while let Ok(n) = from.read(&mut block) {
        if n == 0 || !may(n as u64) || to.write_all(&block[..n]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// Whether these bytes may still go through.
fn spend(left: &AtomicU64, for_ever: &AtomicBool, n: u64) -> bool {
    let before = left.load(Ordering::SeqCst);
    if before == u64::MAX {
        return true;
    }
    if before >= n {
        left.store((before - n).max(1), Ordering::SeqCst);
        return true;
    }
    left.store(if for_ever.load(Ordering::SeqCst) { 0 } else { u64::MAX }, Ordering::SeqCst);
    false
}
