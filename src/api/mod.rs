//! The REST APIs: each folder holds the wire shapes of one document.

pub mod freelanceos;
