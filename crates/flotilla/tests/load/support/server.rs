//! A small HTTP server on the loopback that answers as it is told, down to the bytes and the way a connection ends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// One request, as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The how many-th request this is, over all connections, from 1.
    pub(crate) index: usize,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Call {
    /// The value of a header whose name is written in lower case on the wire.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// What the server does with a request.
pub(crate) enum Reply {
    /// Writes these bytes and waits for the next request.
    Bytes(String),
    /// Writes these bytes and ends the connection in an orderly way.
    Last(String),
    /// Ends the connection with a reset.
    Reset,
    /// Never answers, and keeps the connection.
    Silence,
}

impl Reply {
    pub(crate) fn ok() -> Self {
        Self::Bytes(Self::response(""))
    }

    /// A complete response; `headers` are whole lines.
    pub(crate) fn response(headers: &str) -> String {
        format!("HTTP/1.1 200 OK\r\n{headers}content-length: 2\r\n\r\nok")
    }
}

/// Serves until the test process ends.
pub(crate) struct Server {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    connections: Arc<AtomicUsize>,
}

type Handler = dyn FnMut(&Call) -> Reply + Send;

impl Server {
    /// `handle` decides on one request at a time: while it does, the whole server stands still.
    pub(crate) fn start(handle: impl FnMut(&Call) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let server = Self { address, calls: Arc::default(), connections: Arc::default() };
        let handle: Arc<Mutex<Handler>> = Arc::new(Mutex::new(handle));
        let (calls, connections) = (Arc::clone(&server.calls), Arc::clone(&server.connections));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                connections.fetch_add(1, Ordering::AcqRel);
                let (calls, handle) = (Arc::clone(&calls), Arc::clone(&handle));
                thread::spawn(move || serve(stream, &calls, &handle));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    /// Waits until the server has seen so many requests.
    pub(crate) fn wait_for_calls(&self, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.calls().len() < count {
            assert!(Instant::now() < deadline, "only {} of {count} requests came", self.calls().len());
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn serve(mut stream: TcpStream, calls: &Mutex<Vec<Call>>, handle: &Mutex<Handler>) {
    stream.set_nodelay(true).expect("a TCP socket");
    while let Some((head, body)) = peek(&stream) {
        let length = head.len() + body.len();
        let reply = {
            let mut handle = handle.lock().unwrap_or_else(PoisonError::into_inner);
            let call = record(calls, head, body);
            handle(&call)
        };
        // Closing a socket that has unread bytes is what makes Linux send a reset, so this one is never read.
        if matches!(reply, Reply::Reset) {
            return;
        }
        stream.read_exact(&mut vec![0; length]).expect("it has been peeked");
        match reply {
            Reply::Bytes(bytes) if stream.write_all(bytes.as_bytes()).is_ok() => {}
            Reply::Last(bytes) => return stream.write_all(bytes.as_bytes()).unwrap_or(()),
            Reply::Silence => {}
            Reply::Bytes(_) | Reply::Reset => return,
        }
    }
}

fn record(calls: &Mutex<Vec<Call>>, head: String, body: String) -> Call {
    let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
    let call = Call { index: calls.len() + 1, head, body };
    calls.push(call.clone());
    call
}

/// The next request's head and body, left in the socket; `None` when the client has closed.
fn peek(stream: &TcpStream) -> Option<(String, String)> {
    let mut buffer = [0; 4096];
    loop {
        let length = stream.peek(&mut buffer).ok().filter(|length| *length > 0)?;
        let text = String::from_utf8_lossy(&buffer[..length]);
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if let Some(body) = rest.get(..length.unwrap_or(0)) {
                return Some((format!("{head}\r\n\r\n"), body.to_owned()));
            }
        }
        // The client writes a request in one piece: this is for the rare one that comes in two.
        thread::yield_now();
    }
}
