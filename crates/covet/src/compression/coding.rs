//! The content codings and their encoders.

use std::io::{self, Write};

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// RFC 8878.
    #[cfg(feature = "zstd")]
    Zstd,
    /// RFC 7932.
    #[cfg(feature = "brotli")]
    Brotli,
    /// RFC 1952.
    #[cfg(feature = "gzip")]
    Gzip,
}

impl Coding {
    /// All that are compiled in; where a client likes several equally, the first of them.
    pub(crate) const ALL: &'static [Coding] = &[
        #[cfg(feature = "zstd")]
        Coding::Zstd,
        #[cfg(feature = "brotli")]
        Coding::Brotli,
        #[cfg(feature = "gzip")]
        Coding::Gzip,
    ];

    /// The name in `Content-Encoding`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "zstd")]
            Coding::Zstd => "zstd",
            #[cfg(feature = "brotli")]
            Coding::Brotli => "br",
            #[cfg(feature = "gzip")]
            Coding::Gzip => "gzip",
        }
    }
}

/// An encoder that writes into memory. The levels are those at which each packs about as much as gzip's usual one, or more,
/// in less time.
pub(super) enum Encoder {
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    #[cfg(feature = "brotli")]
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    #[cfg(feature = "gzip")]
    Gzip(Box<flate2::write::GzEncoder<Vec<u8>>>),
}

/// Zstandard's own default.
#[cfg(feature = "zstd")]
const ZSTD_LEVEL: i32 = 3;
/// From 5 on Brotli's time grows several times.
#[cfg(feature = "brotli")]
const BROTLI_QUALITY: u32 = 4;
/// 2 to the power of this many bytes are looked back upon, which is what bounds an encoder's memory.
#[cfg(feature = "brotli")]
const BROTLI_WINDOW: u32 = 18;
#[cfg(feature = "gzip")]
const GZIP_LEVEL: u32 = 5;

macro_rules! with {
    ($encoder:expr, $writer:ident => $body:expr) => {
        match $encoder {
            #[cfg(feature = "zstd")]
            Encoder::Zstd($writer) => $body,
            #[cfg(feature = "brotli")]
            Encoder::Brotli($writer) => $body,
            #[cfg(feature = "gzip")]
            Encoder::Gzip($writer) => $body,
        }
    };
}

impl Encoder {
    pub(super) fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            #[cfg(feature = "zstd")]
            Coding::Zstd => Encoder::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?),
            #[cfg(feature = "brotli")]
            Coding::Brotli => {
                let writer = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
                Encoder::Brotli(Box::new(writer))
            }
            #[cfg(feature = "gzip")]
            Coding::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                Encoder::Gzip(Box::new(flate2::write::GzEncoder::new(Vec::new(), level)))
            }
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        with!(self, writer => writer.write_all(bytes))
    }

    /// Makes everything that was written come out.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        with!(self, writer => writer.flush())
    }

    /// How much has come out.
    pub(super) fn ready(&self) -> usize {
        with!(self, writer => writer.get_ref().len())
    }

    /// What has come out.
    pub(super) fn take(&mut self) -> Vec<u8> {
        with!(self, writer => std::mem::take(writer.get_mut()))
    }

    /// The rest, and the end.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            #[cfg(feature = "zstd")]
            Encoder::Zstd(writer) => writer.finish(),
            #[cfg(feature = "brotli")]
            Encoder::Brotli(writer) => Ok(writer.into_inner()),
            #[cfg(feature = "gzip")]
            Encoder::Gzip(writer) => writer.finish(),
        }
    }
}

/// Compresses a whole content.
pub(super) fn at_once(coding: Coding, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = Encoder::new(coding)?;
    encoder.write(bytes)?;
    encoder.finish()
}
