//! A guest's log: what it says through the host, its standard output and its standard error, one after another, up to a
//! limit. It goes to the worker's standard error at once, so it survives the worker's death.

use std::io::Write as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// What a guest may hand over in one write.
const PERMIT: usize = 64 << 10;

/// All clones share one budget.
#[derive(Clone, Debug)]
pub(super) struct Log(Arc<Mutex<Budget>>);

#[derive(Debug)]
struct Budget {
    left: u64,
    dropped: u64,
}

impl Log {
    pub fn new(bytes: u64) -> Self {
        Self(Arc::new(Mutex::new(Budget { left: bytes, dropped: 0 })))
    }

    /// How many bytes did not fit.
    pub fn dropped(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).dropped
    }

    /// One entry of the host's `log`: a message of several lines stays one entry.
    pub fn line(&self, level: &str, message: &str) {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).left;
        // What can't fit is not copied first.
        let end = message.floor_char_boundary(usize::try_from(left).unwrap_or(usize::MAX));
        self.put(format!("{level}: {}\n", message[..end].replace('\n', "\n    ")).as_bytes());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).dropped += (message.len() - end) as u64;
    }

    fn put(&self, bytes: &[u8]) {
        let mut budget = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = usize::try_from(budget.left).unwrap_or(usize::MAX).min(bytes.len());
        budget.left -= fits as u64;
        budget.dropped += (bytes.len() - fits) as u64;
        if fits > 0 {
            // A log that nobody takes any more is no reason to end a call.
            let _ = std::io::stderr().write_all(&bytes[..fits]);
        }
    }
}

impl IsTerminal for Log {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Log {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Log {
    async fn ready(&mut self) {}
}

impl OutputStream for Log {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.put(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

impl AsyncWrite for Log {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.put(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
