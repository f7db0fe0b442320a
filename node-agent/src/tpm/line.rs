//! The way to a chip: one command goes out, one response comes back, within a time.
//!
//! `/dev/tpmrm0` is the kernel's resource manager: what one descriptor loads, no other sees. A socket of TCP leads to a simulated chip, as
//! swtpm offers one; there is no resource manager before it. What the bytes mean is not known here, but for the length of a response.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};

/// Longest response; the specification's own bound is 4096.
const RESPONSE_BYTES_MAX: usize = 4096;

/// A response begins with its tag, its size and its code.
const HEADER_BYTES: usize = 10;

/// How long connecting to a simulated chip may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The descriptor failed.
    #[error("the device failed")]
    Device(#[from] io::Error),
    /// Not in time.
    #[error("it takes too long")]
    TimedOut,
    /// The response has no end, or a wrong one.
    #[error("a response of {0} bytes is none")]
    Size(usize),
    /// Asked for patience again and again.
    #[error("it is busy with something else")]
    Busy,
}

#[derive(Debug)]
enum Stream {
    Device(File),
    Simulated(TcpStream),
}

/// An open chip.
#[derive(Debug)]
pub(super) struct Line {
    stream: Stream,
    /// A response that was given up may still come: it is read before anything else is asked.
    owed: bool,
}

impl Line {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // Without blocking, the kernel takes a command and lets us wait for the response as long as we like.
        let device = open(path, OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { stream: Stream::Device(device.into()), owed: false })
    }

    pub(super) fn connect(address: &str) -> io::Result<Self> {
        let to = address.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
        let stream = TcpStream::connect_timeout(&to, CONNECT_TIME_MAX)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream: Stream::Simulated(stream), owed: false })
    }

    /// Sends a command and waits for its response.
    pub(super) fn transmit(&mut self, command: &[u8], until: Instant) -> Result<Vec<u8>, LineError> {
        if self.owed {
            self.receive(until)?;
        }
        self.owed = true;
        self.send(command, until)?;
        self.receive(until)
    }

    fn send(&mut self, mut command: &[u8], until: Instant) -> Result<(), LineError> {
        while !command.is_empty() {
            match self.stream.write(command) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(count) => command = &command[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(PollFlags::OUT, until)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn receive(&mut self, until: Instant) -> Result<Vec<u8>, LineError> {
        let mut response = vec![0; RESPONSE_BYTES_MAX];
        let mut filled = 0;
        while size(&response[..filled])?.is_none_or(|size| filled < size) {
            self.wait(PollFlags::IN, until)?;
            match self.stream.read(&mut response[filled..]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(count) => filled += count,
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.owed = false;
        response.truncate(filled);
        Ok(response)
    }

    fn wait(&self, what: PollFlags, until: Instant) -> Result<(), LineError> {
        loop {
            let left = until.checked_duration_since(Instant::now()).ok_or(LineError::TimedOut)?;
            let left = Timespec::try_from(left).map_err(|_| LineError::TimedOut)?;
            match poll(&mut [PollFd::new(&self.stream, what)], Some(&left)) {
                Ok(0) => return Err(LineError::TimedOut),
                // Also where the other side is gone: reading says how.
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(io::Error::from(error).into()),
            }
        }
    }
}

/// How long a response says it is, once that much has come.
fn size(response: &[u8]) -> Result<Option<usize>, LineError> {
    let Some([_, _, size @ ..]) = response.first_chunk::<6>() else { return Ok(None) };
    match usize::try_from(u32::from_be_bytes(*size)) {
        Ok(size @ HEADER_BYTES..=RESPONSE_BYTES_MAX) if response.len() <= size => Ok(Some(size)),
        Ok(size) => Err(LineError::Size(size)),
        Err(_) => Err(LineError::Size(usize::MAX)),
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Device(device) => device.read(bytes),
            Self::Simulated(stream) => stream.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Device(device) => device.write(bytes),
            Self::Simulated(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Device(device) => device.as_fd(),
            Self::Simulated(stream) => stream.as_fd(),
        }
    }
}
