//! A server of HTTP/2 that sends its clients away, as one does that is being replaced.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::support::load;

const SETTINGS: u8 = 4;
const ACK: u8 = 1;
const HEADERS: u8 = 1;
const END_STREAM_AND_HEADERS: u8 = 5;
const GOAWAY: u8 = 7;
/// `:status: 200` (RFC 7541, appendix A).
const OK: [u8; 1] = [0x88];

fn frame(stream: u32, kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0, 0, payload.len() as u8, kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Answers the first request of a connection. When the second is here, it sends GOAWAY with `reason`, and that the
/// first was the last that it looked at.
fn serve(mut client: TcpStream, reason: u32) -> std::io::Result<()> {
    client.read_exact(&mut [0; 24])?;
    client.write_all(&frame(0, SETTINGS, 0, &[]))?;
    let mut first = None;
    loop {
        let mut head = [0; 9];
        client.read_exact(&mut head)?;
        let [_, high, low, kind, flags, stream @ ..] = head;
        client.read_exact(&mut vec![0; usize::from(u16::from_be_bytes([high, low]))])?;
        match (kind, first) {
            (SETTINGS, _) if flags & ACK == 0 => client.write_all(&frame(0, SETTINGS, ACK, &[]))?,
            (HEADERS, None) => {
                let stream = u32::from_be_bytes(stream);
                client.write_all(&frame(stream, HEADERS, END_STREAM_AND_HEADERS, &OK))?;
                first = Some(stream);
            }
            (HEADERS, Some(first)) => {
                let payload = [first.to_be_bytes(), reason.to_be_bytes()].concat();
                return client.write_all(&frame(0, GOAWAY, 0, &payload));
            }
            _ => {}
        }
    }
}

/// The report of ten requests, one after the other.
fn ten(reason: u32) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            // It ends with the client's connection, whose next one is the next here.
            let _ = serve(client.expect("a connection"), reason);
        }
    });
    load(&url, &["--http2", "--connections", "1", "--rate", "50/s", "--for", "200ms"]).json()
}

#[test]
fn a_request_that_crosses_with_goaway_is_sent_on_another_connection() {
    let report = ten(0);
    assert_eq!(
        (&report["sent"], &report["lost"], &report["status"]),
        (&json!(10), &json!(0), &json!({"200": 10}))
    );
}

#[test]
fn a_goaway_for_an_error_loses_the_request() {
    let report = ten(2);
    assert_eq!(
        (&report["sent"], &report["lost"], &report["status"]),
        (&json!(10), &json!(5), &json!({"200": 5}))
    );
}
