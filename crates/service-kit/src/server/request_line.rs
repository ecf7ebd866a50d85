//! Watches for a request line that is too long to be read. hyper would fill its buffer and answer 431 without a word;
//! cut off, the line is a request like any other, which the layers refuse with 414, an id and a place in the metrics.

use tokio::io::ReadBuf;

/// Where a line is cut: behind the longest target that is served, and well before hyper's buffer is full.
const MAX_BYTES: usize = 20 * 1024;

/// What a line that is cut ends in.
const END: &[u8] = b" HTTP/1.1\r\nhost: cut\r\nconnection: close\r\n\r\n";

const END_OF_HTTP2_PREFACE: &[u8] = b"SM\r\n\r\n";

pub(super) struct RequestLine(Place);

#[derive(PartialEq)]
enum Place {
    /// This many bytes into a request line.
    Within(usize),
    /// Behind an empty line, where a head or a body has ended, or a body begins.
    BehindEmptyLine,
    /// In other headers, a body, or where it cannot be told.
    Elsewhere,
}

impl RequestLine {
    pub(super) fn new() -> Self {
        Self(Place::Within(0))
    }

    /// Looks at what was read, behind the first `before` bytes of the buffer, and says whether it has cut the line off.
    /// While no request is in flight (`idle`), what comes behind an empty line begins the next head.
    pub(super) fn watch(&mut self, buffer: &mut ReadBuf<'_>, before: usize, idle: bool) -> bool {
        let fresh = &buffer.filled()[before..];
        let length = match self.0 {
            Place::Within(length) if idle => Some(length),
            Place::BehindEmptyLine if idle => Some(0),
            _ => None,
        };
        self.0 = match length {
            Some(length) if !fresh.contains(&b'\n') => Place::Within(length + fresh.len()),
            // Behind it, there are no lines.
            _ if fresh.ends_with(END_OF_HTTP2_PREFACE) => Place::Elsewhere,
            _ if fresh.ends_with(b"\n\r\n") || fresh.ends_with(b"\n\n") => Place::BehindEmptyLine,
            _ => Place::Elsewhere,
        };
        let is_too_long = matches!(self.0, Place::Within(length) if length > MAX_BYTES);
        let end = buffer.filled().len();
        // In place of its last bytes, of which there may be too few: then with the next ones.
        if !is_too_long || fresh.len() < END.len() {
            return false;
        }
        buffer.filled_mut()[end - END.len()..].copy_from_slice(END);
        true
    }
}
