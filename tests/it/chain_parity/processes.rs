//! The real programs as processes that end with the test, whatever happens to it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A loopback address that no other play and no outgoing connection takes: `127.0.2.NUMBER`.
pub fn address(number: usize) -> SocketAddr {
    let ip = Ipv4Addr::new(127, 0, 2, 1 + u8::try_from(number).unwrap());
    TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap()
}

impl Process {
    /// Starts a program of Prometheus' family and waits until it says that it is ready. It ends with the thread that
    /// started it, should that end without cleaning up.
    pub fn start(program: &str, address: SocketAddr, arguments: &[String]) -> Process {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .arg(format!("--web.listen-address={address}"))
            .args(["--web.route-prefix=/", "--log.level=error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // SAFETY: between fork and exec, a single system call that touches no memory.
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                Ok(())
            });
        }
        let process = Process { child: command.spawn().unwrap(), address };
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if process.get("/-/ready").is_some() {
                return process;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{program} did not get ready at {address}");
    }

    /// The body of an answer of success.
    pub fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(2)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        // An answer to HTTP/1.0 comes in one piece.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        (head.split(' ').nth(1)? == "200").then(|| body.to_owned())
    }
}
