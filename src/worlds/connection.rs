//! A connection that a server has accepted, in the clear or behind TLS: the same to whoever talks over it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::{ServerConnection, Stream};

use super::authority::Authority;

pub struct Connection<'s> {
    stream: &'s TcpStream,
    tls: Option<Box<ServerConnection>>,
}

impl<'s> Connection<'s> {
    pub fn clear(stream: &'s TcpStream) -> Connection<'s> {
        Connection { stream, tls: None }
    }

    /// One that begins with TLS.
    pub fn secure(stream: &'s TcpStream, authority: &Authority) -> io::Result<Connection<'s>> {
        let mut connection = Connection::clear(stream);
        connection.begin_tls(authority)?;
        Ok(connection)
    }

    /// From here on both sides talk TLS.
    pub fn begin_tls(&mut self, authority: &Authority) -> io::Result<()> {
        let serving = authority.serving(self.stream.local_addr()?.ip())?;
        let mut tls = ServerConnection::new(serving).map_err(io::Error::other)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut self.stream)?;
        }
        self.tls = Some(Box::new(tls));
        Ok(())
    }

    pub fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether the other side closes the connection in that time, or else ever. What it still sends meanwhile may
    /// be lost.
    pub fn gone_within(&mut self, time: Option<Duration>) -> io::Result<bool> {
        self.stream.set_read_timeout(time.map(|time| time.max(Duration::from_millis(1))))?;
        let gone = match &mut self.tls {
            Some(tls) => closed_behind_tls(self.stream, tls),
            None => closed(self.stream, time.is_some()),
        };
        self.stream.set_read_timeout(None)?;
        match gone {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Ok(false)
            }
            gone => gone,
        }
    }
}

fn closed(stream: &TcpStream, in_time: bool) -> io::Result<bool> {
    while stream.peek(&mut [0; 1])? > 0 {
        // It has sent more: the next request, or what nobody will read.
        if in_time {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(true)
}

fn closed_behind_tls(mut stream: &TcpStream, tls: &mut ServerConnection) -> io::Result<bool> {
    loop {
        if tls.read_tls(&mut stream)? == 0 {
            return Ok(true);
        }
        if tls.process_new_packets().map_err(io::Error::other)?.peer_has_closed() {
            return Ok(true);
        }
    }
}

impl Read for Connection<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => Stream::new(&mut **tls, &mut self.stream).read(buffer),
            None => self.stream.read(buffer),
        }
    }
}

impl Write for Connection<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => Stream::new(&mut **tls, &mut self.stream).write(bytes),
            None => self.stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => Stream::new(&mut **tls, &mut self.stream).flush(),
            None => self.stream.flush(),
        }
    }
}

/// Says that nothing more comes, as TLS wants it said.
impl Drop for Connection<'_> {
    fn drop(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            // The other side may have left.
            drop(tls.write_tls(&mut self.stream));
        }
    }
}
