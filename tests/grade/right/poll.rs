// grade: right
// step: 04
// run: PROGRAM {port}
// build: rustc -O -o PROGRAM FILE
// needs: rustc
// full: core robust
// Rust with poll(2) itself: one thread, and it reads from a client only when it owes it nothing.
use std::io::{ErrorKind, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::io::AsRawFd;
use std::{env, thread, time::Duration};

#[repr(C)]
struct PollFd {
    fd: i32,
    events: i16,
    revents: i16,
}
extern "C" {
    fn poll(fds: *mut PollFd, n: usize, timeout: i32) -> i32;
}
const POLLIN: i16 = 1;
const POLLOUT: i16 = 4;

struct Client {
    stream: TcpStream,
    owed: Vec<u8>,
}

/// Whether the client stays.
fn serve(client: &mut Client) -> Result<bool> {
    if client.owed.is_empty() {
        let mut buffer = [0; 16384];
        let n = client.stream.read(&mut buffer)?;
        if n == 0 {
            return Ok(false);
        }
        client.owed.extend_from_slice(&buffer[..n]);
    }
    let n = client.stream.write(&client.owed)?;
    client.owed.drain(..n);
    Ok(true)
}

fn passes(kind: ErrorKind) -> bool {
    kind == ErrorKind::WouldBlock || kind == ErrorKind::Interrupted
}

fn accept(listener: &TcpListener) -> Result<Client> {
    let (stream, _) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok(Client { stream, owed: Vec::new() })
}

fn main() -> Result<()> {
    let port = env::args().nth(1).unwrap();
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    listener.set_nonblocking(true)?;
    let mut clients: Vec<Client> = Vec::new();
    loop {
        let mut fds = vec![PollFd { fd: listener.as_raw_fd(), events: POLLIN, revents: 0 }];
        fds.extend(clients.iter().map(|client| PollFd {
            fd: client.stream.as_raw_fd(),
            events: if client.owed.is_empty() { POLLIN } else { POLLOUT },
            revents: 0,
        }));
        if unsafe { poll(fds.as_mut_ptr(), fds.len(), -1) } < 0 {
            continue;
        }
        let mut ready = fds[1..].iter().map(|fd| fd.revents != 0);
        clients.retain_mut(|client| {
            !ready.next().unwrap() || serve(client).unwrap_or_else(|e| passes(e.kind()))
        });
        if fds[0].revents != 0 {
            match accept(&listener) {
                Ok(client) => clients.push(client),
                Err(e) if passes(e.kind()) => {}
                Err(e) => {
                    eprintln!("accept: {e}");
                    thread::sleep(Duration::from_millis(50));
                }
            }
        }
    }
}
