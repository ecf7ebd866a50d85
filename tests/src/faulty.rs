//! A server that misbehaves on demand, for what no real server can be asked to do.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Sends it to another server, and its answer back.
    Relay(SocketAddr),
    /// Answers with these bytes, and keeps the connection.
    Answer(Vec<u8>),
    /// Sends these bytes, and ends the connection.
    Cut(Vec<u8>),
    /// Sends these bytes, and nothing more for as long as the client waits.
    Stall(Vec<u8>),
    /// Resets the connection.
    Reset,
}

impl Fault {
    /// An answer with a body; `headers` are whole lines, each with its line end.
    pub fn answer(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Answer(format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}").into())
    }

    /// No answer at all.
    pub fn hang() -> Self {
        Self::Stall(Vec::new())
    }
}

/// A running server; it and its connections end when it is dropped.
pub struct Faulty {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    fault: Mutex<Fault>,
    once: Mutex<VecDeque<Fault>>,
    requests: Mutex<Vec<Vec<u8>>>,
    /// Weak, so that a connection is closed when its thread has ended.
    connections: Mutex<Vec<Weak<TcpStream>>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    stopped: AtomicBool,
}

impl Faulty {
    /// Starts on a free port of the loopback.
    pub fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            fault: Mutex::new(fault),
            once: Mutex::default(),
            requests: Mutex::default(),
            connections: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &accepting));
        Self { address, shared }
    }

    /// Does this from the next request on.
    pub fn set(&self, fault: Fault) {
        *self.shared.fault.lock().expect("no panic") = fault;
    }

    /// Does this to the next request alone; called again, to the one after.
    pub fn once(&self, fault: Fault) {
        self.shared.once.lock().expect("no panic").push_back(fault);
    }

    /// The requests so far, heads with bodies; but no probes, which are always answered.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.shared.requests.lock().expect("no panic");
        requests.iter().map(|request| String::from_utf8_lossy(request).into_owned()).collect()
    }

    /// The bodies of the requests so far, to the byte.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        let requests = self.shared.requests.lock().expect("no panic");
        let body = |request: &Vec<u8>| {
            let head = request.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("each has a head");
            request[head + 4..].to_vec()
        };
        requests.iter().map(body).collect()
    }

    /// The connections so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.lock().expect("no panic").len()
    }

    /// The most requests that were in it at a time.
    pub fn most_in_flight(&self) -> usize {
        self.shared.most_in_flight.load(Ordering::SeqCst)
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which then lets the port go.
        let _ = TcpStream::connect(self.address);
        for connection in self.shared.connections.lock().expect("no panic").iter().filter_map(Weak::upgrade) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().map_while(Result::ok) {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let stream = Arc::new(stream);
        shared.connections.lock().expect("no panic").push(Arc::downgrade(&stream));
        let shared = Arc::clone(shared);
        std::thread::spawn(move || while serve(&stream, &shared).is_some() {});
    }
}

/// Serves one request; None when the connection is over.
fn serve(stream: &TcpStream, shared: &Shared) -> Option<()> {
    let request = read_request(stream)?;
    if request.starts_with(b"GET /readyz ") {
        // The soft check of a caller, which comes whenever it likes: it must not disturb what a test counts.
        return act(stream, &Fault::answer(200, "", "ready"), &request);
    }
    shared.requests.lock().expect("no panic").push(request.clone());
    let once = shared.once.lock().expect("no panic").pop_front();
    let fault = once.unwrap_or_else(|| shared.fault.lock().expect("no panic").clone());
    let now = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_in_flight.fetch_max(now, Ordering::SeqCst);
    let goes_on = act(stream, &fault, &request);
    shared.in_flight.fetch_sub(1, Ordering::SeqCst);
    goes_on
}

fn act(mut stream: &TcpStream, fault: &Fault, request: &[u8]) -> Option<()> {
    match fault {
        Fault::Answer(bytes) => stream.write_all(bytes).ok(),
        Fault::Cut(bytes) => {
            stream.write_all(bytes).ok()?;
            None
        }
        Fault::Stall(bytes) => {
            stream.write_all(bytes).ok()?;
            // Until the client is gone.
            while stream.read(&mut [0; 1024]).ok()? > 0 {}
            None
        }
        Fault::Relay(to) => {
            let mut other = TcpStream::connect(to).ok()?;
            other.write_all(&with_close(request)).ok()?;
            std::io::copy(&mut other, &mut stream).ok()?;
            None
        }
        Fault::Reset => {
            set_socket_linger(stream, Some(Duration::ZERO)).ok()?;
            None
        }
    }
}

/// A whole request, as far as its length is stated.
fn read_request(mut stream: &TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    request.append(&mut body);
    Some(request)
}

/// The same request on a connection that ends with its answer.
fn with_close(request: &[u8]) -> Vec<u8> {
    let line_end = request.windows(2).position(|pair| pair == b"\r\n").map_or(0, |at| at + 2);
    [&request[..line_end], b"connection: close\r\n", &request[line_end..]].concat()
}
