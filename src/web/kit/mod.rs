//! The shared parts of all pages.

pub mod asset;
pub mod avatar;
pub mod choice;
pub mod control;
pub mod cookie;
pub mod days;
pub mod editing;
pub mod fields;
pub mod figure;
pub mod form;
pub(super) mod form_body;
pub(super) mod front;
pub mod guest;
pub mod mailto;
pub mod page;
pub mod pager;
pub mod pages;
pub mod period;
pub mod prose;
pub mod say;
pub mod shell;
pub mod shown_work;
pub(super) mod signed_out;
pub mod tabs;
pub mod theme;
pub mod visit;
