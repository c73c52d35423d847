//! A stretch of a local zip as the body of an upload: read through its open handle, from the start again where a request is
//! sent again.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

use super::progress::Share;
use crate::archive::{LocalZip, ReadAt as _};

/// What is read at once: all that a body holds of its zip at any time.
const PIECE: u64 = 256 * 1024;

/// These bytes of a zip, as often as they have to be sent. What was handed to the connection is counted.
pub fn stream(zip: &LocalZip, bytes: Range<u64>, sent: Share) -> ByteStream {
    let zip = zip.clone();
    ByteStream::new(SdkBody::retryable(move || {
        sent.begin();
        let body = ZipBody { zip: zip.clone(), left: bytes.clone(), reading: None, sent: sent.clone() };
        SdkBody::from_body_1_x(body)
    }))
}

struct ZipBody {
    zip: LocalZip,
    left: Range<u64>,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
    sent: Share,
}

impl Body for ZipBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        let (zip, offset) = (self.zip.clone(), self.left.start);
        let len = PIECE.min(self.left.end - offset);
        let reading = self.reading.get_or_insert_with(|| spawn_blocking(move || zip.read_at(offset, len)));
        let read = ready!(Pin::new(reading).poll(cx)).unwrap_or_else(|error| Err(io::Error::other(error)));
        self.reading = None;
        let came = read.as_ref().map_or(0, |bytes| bytes.len() as u64);
        self.left.start += came;
        self.sent.add(came);
        Poll::Ready(Some(read.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.end - self.left.start)
    }
}
