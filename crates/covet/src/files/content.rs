//! An open file, or one that is part of the program, and its bytes as a body.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream;

use crate::{Body, BoxError};

/// How many bytes are read at once.
const CHUNK: u64 = 64 << 10;

/// A file with what its answer says of it.
#[derive(Debug)]
pub(super) struct Content {
    source: Source,
    pub(super) length: u64,
    pub(super) modified: Option<SystemTime>,
    /// A tag of its bytes, where they are known.
    pub(super) tag: Option<String>,
}

#[derive(Debug)]
enum Source {
    File(fs::File),
    Embedded(&'static [u8]),
}

impl Content {
    /// Opens a file. What is no file is not there: a pipe could keep its reader waiting for ever.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = fs::File::open(path)?;
        let metadata = file.metadata()?;
        let modified = metadata.modified().ok();
        Ok(Content { source: Source::File(file), length: metadata.len(), modified, tag: None })
    }

    /// A file that is part of the program, with a tag of its bytes.
    pub(super) fn embedded(bytes: &'static [u8], tag: &str) -> Self {
        Content {
            source: Source::Embedded(bytes),
            length: bytes.len() as u64,
            modified: None,
            tag: Some(tag.to_owned()),
        }
    }

    /// The bytes of a range, read as they are sent. A file that has become shorter meanwhile cuts the answer off.
    pub(super) fn into_body(self, range: Range<u64>) -> Body {
        if range.is_empty() {
            return Body::empty();
        }
        let file = match self.source {
            Source::File(file) => file,
            Source::Embedded(bytes) => {
                // The range was made from the length, which is that of a slice.
                let part = bytes.get(range.start as usize..range.end as usize).unwrap_or_default();
                return Body::from(Bytes::from_static(part));
            }
        };
        let state = (Some(file), range.start, range.end);
        Body::stream(stream::try_unfold(state, async |(file, at, end)| {
            let Some(file) = file.filter(|_| at < end) else { return Ok(None) };
            let length = CHUNK.min(end - at);
            let (file, chunk) = blocking(move || read(file, at, length)).await?;
            Ok::<_, BoxError>(Some((chunk, (Some(file), at + length, end))))
        }))
    }
}

fn read(mut file: fs::File, at: u64, length: u64) -> io::Result<(fs::File, Bytes)> {
    file.seek(SeekFrom::Start(at))?;
    let mut chunk = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact(&mut chunk)?;
    Ok((file, chunk.into()))
}

/// Does what waits for the disk on a thread that may wait.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
