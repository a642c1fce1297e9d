//! Files as answers: ranges, conditional requests, packed variants, caching.

mod assets;
mod conditions;
mod content;
mod encoding;
mod error;
mod file;
mod folder;
mod media_type;
mod range;

pub use assets::Assets;
pub use error::FileError;
pub use file::File;
pub use folder::Folder;
