//! A way to a server that may go, and come back elsewhere: whoever uses it knows one address.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use super::server::Server;

/// Listens on loopback until it is dropped. While it leads nowhere connections are closed without a word.
#[derive(Debug)]
pub struct Forward {
    to: Arc<Mutex<Option<SocketAddr>>>,
    server: Server,
}

impl Forward {
    pub fn start() -> io::Result<Forward> {
        let to = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&to);
        let server = Server::start(move |stream| {
            let to = *shared.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(to) = to {
                // Either side's going away ends it.
                drop(join(stream, to));
            }
        })?;
        Ok(Forward { to, server })
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where new connections lead from now on.
    pub fn lead_to(&self, to: Option<SocketAddr>) {
        *self.to.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

/// Passes everything both ways, until both sides have ended.
pub fn join(client: &TcpStream, server: SocketAddr) -> io::Result<()> {
    let upstream = TcpStream::connect(server)?;
    std::thread::scope(|scope| {
        scope.spawn(|| pass(client, &upstream));
        pass(&upstream, client);
    });
    Ok(())
}

fn pass(mut from: &TcpStream, mut to: &TcpStream) {
    if io::copy(&mut from, &mut to).is_err() {
        // Reset on one side, so gone on both.
        drop(from.shutdown(Shutdown::Both));
    }
    drop(to.shutdown(Shutdown::Write));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    fn heard(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        let mut text = String::new();
        drop(stream.read_to_string(&mut text));
        text
    }

    #[test]
    fn a_forward_leads_to_whoever_is_there_now() {
        let says = |words: &'static str| {
            Server::start(move |mut stream| drop(stream.write_all(words.as_bytes()))).unwrap()
        };
        let (first, second) = (says("first"), says("second"));
        let forward = Forward::start().unwrap();
        assert_eq!(heard(forward.address()), "");
        forward.lead_to(Some(first.address()));
        assert_eq!(heard(forward.address()), "first");
        drop(first);
        assert_eq!(heard(forward.address()), "");
        forward.lead_to(Some(second.address()));
        assert_eq!(heard(forward.address()), "second");
    }
}
