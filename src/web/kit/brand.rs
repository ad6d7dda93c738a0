//! The head of a freelancer's pages: the stylesheets with the colour, and the icon of the tab.

use std::fmt;

use askama::filters::HtmlSafe;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    domain::{accent::Accent, id::ImageId, image, invoice::Seller},
    web::{asset, avatar},
};

/// How a freelancer's pages look.
pub struct Brand<'a> {
    pub name: &'a str,
    /// The picture that stands for the name.
    pub picture: Option<ImageId>,
    pub accent: Accent,
}

impl<'a> Brand<'a> {
    pub fn of(seller: &'a Seller) -> Self {
        Self { name: seller.party.heading(), picture: seller.logo, accent: seller.accent }
    }
}

impl fmt::Display for Brand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.picture {
            Some(picture) => write!(f, "<link rel=\"icon\" href=\"{}\">", image::path(picture))?,
            None => {
                let initial = avatar::initial(self.name);
                let initial = utf8_percent_encode(&initial, NON_ALPHANUMERIC);
                let (fill, on) = (self.accent.digits(), self.accent.on().trim_start_matches('#'));
                write!(
                    f,
                    "<link rel=\"icon\" href=\"data:image/svg+xml,\
                     %3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E\
                     %3Crect width='32' height='32' rx='8' fill='%23{fill}'/%3E\
                     %3Ctext x='16' y='23' font-family='sans-serif' font-size='20' \
                     font-weight='700' text-anchor='middle' fill='%23{on}'%3E{initial}%3C/text%3E\
                     %3C/svg%3E\">"
                )?;
            }
        }
        asset::styles(&self.accent).fmt(f)
    }
}

impl HtmlSafe for Brand<'_> {}
