//! A connection's socket, which tells whether anything came over it (a client that connects and leaves again, as a TCP
//! check does, has made no mistake), and whether the client takes what is written.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::connection::Connection;
use super::linger::{Linger, poll_discard};
use super::request_line::RequestLine;

/// What every connection of HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// HTTP/1.0 is a part of the first.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

pub(super) struct Socket {
    stream: TcpStream,
    /// None before there were bytes enough to tell.
    protocol: Option<Protocol>,
    /// What was read and nobody has had yet.
    unread: Vec<u8>,
    connection: Arc<Connection>,
    request_line: RequestLine,
    /// There once nothing more is written.
    linger: Option<Linger>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        let request_line = RequestLine::new();
        Self { stream, protocol: None, unread: Vec::new(), connection, request_line, linger: None }
    }

    /// Takes back the beginning of a head.
    pub(super) fn unread(&mut self, head: Vec<u8>) {
        self.unread = head;
        self.request_line = RequestLine::new();
    }

    /// Ready when there is something to read, and known what speaks. The end of a connection is for hyper to see.
    pub(super) fn poll_protocol(&mut self, cx: &mut Context<'_>) -> Poll<Protocol> {
        while self.protocol.is_none() {
            let mut bytes = [0; PREFACE.len()];
            let mut buffer = ReadBuf::new(&mut bytes[self.unread.len()..]);
            let ended = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).is_err();
            let ended = ended || buffer.filled().is_empty();
            self.unread.extend(buffer.filled());
            if ended || !PREFACE.starts_with(&self.unread) {
                self.protocol = Some(Protocol::Http1);
            } else if self.unread == PREFACE {
                self.protocol = Some(Protocol::Http2);
            }
        }
        if self.unread.is_empty() {
            // An error is read by hyper, too.
            let _ = ready!(self.stream.poll_read_ready(cx));
        }
        Poll::Ready(self.protocol.unwrap_or(Protocol::Http1))
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let length = self.unread.len().min(buffer.remaining());
        buffer.put_slice(&self.unread[..length]);
        self.unread.drain(..length);
        if self.unread.is_empty() {
            self.unread = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.connection.is_cut() {
            // The rest of the line. Its end is not told: hyper would take it for that of the client.
            while let Poll::Ready(1..) = poll_discard(&mut this.stream, cx) {}
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let result = this.poll_bytes(cx, buffer);
        if buffer.filled().len() > before {
            this.connection.bytes_came();
            if this.request_line.watch(buffer, before, this.connection.is_between_requests()) {
                this.connection.cut();
            }
        }
        result
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.connection.writes(result.is_pending());
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.linger.is_none() {
            // Where it fails the client is gone; an error would hide the one that has ended the connection.
            let _ = ready!(Pin::new(&mut this.stream).poll_shutdown(cx));
        }
        if this.connection.is_closing() {
            return Poll::Ready(Ok(()));
        }
        this.linger.get_or_insert_with(Linger::new).poll(&mut this.stream, cx).map(Ok)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.connection.writes(result.is_pending());
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
