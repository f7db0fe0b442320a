//! The echo: what one end sends, the other sends back, a fixed number of times.
//!
//! Each message is random, so that an answer cannot be sent before the question is there. Who the ends are is not known here.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Round trips of one measurement. The shortest counts: it is the one that waited least for anything but the way.
pub(super) const SAMPLES: u32 = 32;

/// Bytes of one message.
const MESSAGE_BYTES: usize = 32;

/// The shortest round trip.
pub(super) async fn measure(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<Duration> {
    let mut shortest = Duration::MAX;
    for _ in 0..SAMPLES {
        let mut sent = [0; MESSAGE_BYTES];
        rustix::rand::getrandom(&mut sent, rustix::rand::GetRandomFlags::empty())?;
        let started = Instant::now();
        stream.write_all(&sent).await?;
        stream.flush().await?;
        let mut heard = [0; MESSAGE_BYTES];
        stream.read_exact(&mut heard).await?;
        let taken = started.elapsed();
        if heard != sent {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not what was sent"));
        }
        shortest = shortest.min(taken);
    }
    Ok(shortest)
}

/// Sends back what comes, until the other end has had its samples or hangs up.
pub(super) async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    for _ in 0..SAMPLES {
        let mut message = [0; MESSAGE_BYTES];
        stream.read_exact(&mut message).await?;
        stream.write_all(&message).await?;
        stream.flush().await?;
    }
    Ok(())
}
