//! Pages shared by all subjects.

pub mod chart;
pub mod dashboard;
pub mod export;
pub mod image;
pub mod search;
pub mod settings;
