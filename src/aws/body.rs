//! A local zip as the body of an upload: read through its open handle, from the start again where a request is sent
//! again.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::archive::{LocalZip, ReadAt as _};

/// What is read at once.
const PIECE: u64 = 256 * 1024;

/// The bytes of a zip, as often as they have to be sent.
pub fn stream(zip: &LocalZip) -> ByteStream {
    let zip = zip.clone();
    ByteStream::new(SdkBody::retryable(move || {
        SdkBody::from_body_1_x(ZipBody { zip: zip.clone(), offset: 0, reading: None })
    }))
}

struct ZipBody {
    zip: LocalZip,
    offset: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Body for ZipBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        let (zip, offset) = (self.zip.clone(), self.offset);
        let len = PIECE.min(zip.size() - offset);
        let reading = self.reading.get_or_insert_with(|| spawn_blocking(move || zip.read_at(offset, len)));
        let read = ready!(Pin::new(reading).poll(cx)).unwrap_or_else(|error| Err(io::Error::other(error)));
        self.reading = None;
        self.offset += read.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Poll::Ready(Some(read.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.offset == self.zip.size()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.zip.size() - self.offset)
    }
}
