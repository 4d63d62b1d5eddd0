// grade: right
// step: 03
// run: PROGRAM
// build: rustc -O -o PROGRAM FILE
// needs: rustc
// full: core robust
// Rust with a thread for each client; TERM, INT and QUIT kill it, so it loses the orderly tests of
// these.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use std::{env, io, thread};

fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 16384];
    loop {
        let n = match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        stream.write_all(&buffer[..n])?;
    }
}

fn main() -> io::Result<()> {
    let address = env::args().last().unwrap();
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);

    for stream in listener.incoming() {
        match stream {
            Ok(stream) => {
                let client = move || {
                    if let Err(e) = echo(stream) {
                        eprintln!("client: {e}");
                    }
                };
                // When no thread can be made, the closure is dropped, and the socket with it.
                if let Err(e) = thread::Builder::new().spawn(client) {
                    eprintln!("thread: {e}");
                }
            }
            Err(e) => {
                eprintln!("accept: {e}");
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
    Ok(())
}
