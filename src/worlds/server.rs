//! A server: a thread for each connection, all of them ended when it is dropped. On loopback, unless told otherwise.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Listens until it is dropped; then its port is free and every connection closed.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    connections: Arc<Mutex<Connections>>,
    accepting: Option<JoinHandle<()>>,
}

/// A way to close each open connection, until the server ends.
#[derive(Debug, Default)]
struct Connections {
    ended: bool,
    next: u64,
    open: BTreeMap<u64, TcpStream>,
}

impl Server {
    /// On a free port of loopback. Every connection is handed to `serve` in a thread of its own, and closed after it.
    pub fn start(serve: impl Fn(&TcpStream) + Send + Sync + 'static) -> io::Result<Server> {
        Server::start_at((Ipv4Addr::LOCALHOST, 0).into(), serve)
    }

    /// The same at a stated address.
    pub fn start_at(
        address: SocketAddr,
        serve: impl Fn(&TcpStream) + Send + Sync + 'static,
    ) -> io::Result<Server> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let connections = Arc::new(Mutex::new(Connections::default()));
        let (serve, shared) = (Arc::new(serve), Arc::clone(&connections));
        let accepting = thread::Builder::new().name("server".to_owned()).spawn(move || {
            for stream in listener.incoming() {
                // A connection that failed before it was accepted is the other side's affair.
                let Ok(stream) = stream else { continue };
                let Some(number) = enter(&shared, &stream) else { return };
                let (serve, shared) = (Arc::clone(&serve), Arc::clone(&shared));
                let handling = thread::Builder::new().spawn(move || {
                    let _leave = Leave(&shared, number);
                    serve(&stream);
                });
                if handling.is_err() {
                    // No thread to be had: dropping the connection is all that is left.
                    continue;
                }
            }
        })?;
        Ok(Server { address, connections, accepting: Some(accepting) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let open = {
            let mut connections = lock(&self.connections);
            connections.ended = true;
            std::mem::take(&mut connections.open)
        };
        open.values().for_each(close);
        // Wakes the thread that accepts, which then sees the end.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

/// The connection's number, or `None` when the server has ended.
fn enter(connections: &Mutex<Connections>, stream: &TcpStream) -> Option<u64> {
    let mut connections = lock(connections);
    if connections.ended {
        return None;
    }
    connections.next += 1;
    let number = connections.next;
    if let Ok(stream) = stream.try_clone() {
        connections.open.insert(number, stream);
    }
    Some(number)
}

/// Closes the connection when its thread ends, however it ends.
struct Leave<'c>(&'c Mutex<Connections>, u64);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if let Some(stream) = lock(self.0).open.remove(&self.1) {
            close(&stream);
        }
    }
}

fn close(stream: &TcpStream) {
    // It may be closed already.
    drop(stream.shutdown(Shutdown::Both));
}

fn lock(connections: &Mutex<Connections>) -> std::sync::MutexGuard<'_, Connections> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn a_dropped_server_closes_its_connections_and_its_port() {
        let server = Server::start(|mut stream| {
            stream.write_all(b"hello").unwrap();
            // Until it is closed.
            drop(stream.read(&mut [0; 1]));
        })
        .unwrap();
        let address = server.address();
        let mut client = TcpStream::connect(address).unwrap();
        let mut greeting = [0; 5];
        client.read_exact(&mut greeting).unwrap();
        assert_eq!(&greeting, b"hello");
        drop(server);
        assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
        assert!(TcpStream::connect(address).is_err());
    }
}
