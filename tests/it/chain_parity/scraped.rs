//! What the real Prometheus scrapes: a server that answers from a workload, as of now.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::SystemTime;

use firedrill::time::Timestamp;
use firedrill::workload::{Reach, Workload, exposition};

#[derive(Clone)]
pub struct Scraped {
    pub address: SocketAddr,
    workload: Arc<Mutex<Option<Workload>>>,
    requests: Arc<AtomicUsize>,
}

pub fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as i64)
}

impl Scraped {
    pub fn start() -> Scraped {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scraped = Scraped {
            address: listener.local_addr().unwrap(),
            workload: Arc::default(),
            requests: Arc::default(),
        };
        let server = scraped.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                thread::spawn(move || server.answer(stream));
            }
        });
        scraped
    }

    pub fn serve(&self, workload: Workload) {
        *self.workload.lock().unwrap() = Some(workload);
    }

    pub fn change(&self, change: impl FnOnce(&mut Workload)) {
        change(self.workload.lock().unwrap().as_mut().unwrap());
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// One request a connection; an instance that is down hangs up.
    fn answer(self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let path = line.split(' ').nth(1)?.to_owned();
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line).ok()?;
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let at = now();
        let text = {
            let workload = self.workload.lock().unwrap();
            let workload = workload.as_ref()?;
            let Reach::Serves(id) = workload.reach(at, "http", &self.address.to_string(), &path) else {
                return None;
            };
            exposition::write(workload, id, at, 1)
        };
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close";
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{text}", text.len()).ok()
    }
}
