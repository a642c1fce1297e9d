//! Files as answers: ranges, conditional requests, packed variants, caching.

mod conditions;
mod content;
mod encoding;
mod error;
mod file;
mod folder;
mod media_type;
mod range;

pub use error::FileError;
pub use file::File;
pub use folder::Folder;
