//! Invoices and proposals as PDF: domain types in, bytes out. The same input gives the same bytes.

mod canvas;
mod classic;
mod font;
mod invoice;
mod letterhead;
mod modern;
mod proposal;
mod qr;
mod shape;
mod table;
mod text;
mod write;

use jiff::{Timestamp, civil::Date};
use krilla::image::Image;

pub use self::font::Fonts;
use self::{
    canvas::{Canvas, Frame},
    write::{About, Refusal},
};
use crate::domain::{
    accent::Accent,
    date::DateFormat,
    error::{Error, Result},
    invoice::{Invoice, InvoiceStatus, Party, Seller},
    paper::{Paper, Template},
    proposal::Proposal,
};

/// The content of an invoice's PDF.
#[derive(Clone)]
pub struct InvoiceSheet {
    pub invoice: Invoice,
    /// Drafts, paid and cancelled invoices are marked as such.
    pub status: InvoiceStatus,
    /// Payment instructions are printed while money is due.
    pub seller: Seller,
    pub buyer: Party,
    /// A PNG or JPEG picture.
    pub logo: Option<Vec<u8>>,
    /// Where the buyer can pay online; printed while money is due.
    pub payment_link: Option<String>,
    /// The date of payment, if paid.
    pub paid_on: Option<Date>,
    /// The creation date in the file.
    pub created: Timestamp,
}

/// The content of a proposal's PDF.
pub struct ProposalSheet {
    pub proposal: Proposal,
    pub seller: Party,
    pub buyer: Party,
    /// A PNG or JPEG picture.
    pub logo: Option<Vec<u8>>,
    /// The name and the date of the answer.
    pub answered: Option<(String, Date)>,
    pub dates: DateFormat,
    pub accent: Accent,
    pub template: Template,
    pub paper: Paper,
    /// The creation date in the file.
    pub created: Timestamp,
}

/// A PDF file.
pub struct Printed {
    pub bytes: Vec<u8>,
    /// The characters that no font has, printed as boxes.
    pub missing: Vec<char>,
}

/// Renders an invoice as a PDF file.
pub fn invoice(fonts: &Fonts, sheet: &InvoiceSheet) -> Result<Printed> {
    let frame = frame(sheet.seller.template, sheet.seller.paper, &sheet.buyer);
    print(fonts, frame, sheet.logo.as_deref(), |canvas, logo| invoice::draw(canvas, sheet, logo))
}

/// Returns the characters of an invoice that cannot be printed, in code point order.
pub fn missing_of_invoice(
    fonts: &Fonts,
    invoice: &Invoice,
    seller: &Seller,
    buyer: &Party,
) -> Vec<char> {
    text::missing(fonts, invoice::texts(invoice, seller, buyer))
}

/// Renders a proposal as a PDF file.
pub fn proposal(fonts: &Fonts, sheet: &ProposalSheet) -> Result<Printed> {
    let (frame, logo) = (frame_of_proposal(sheet), sheet.logo.as_deref());
    print(fonts, frame, logo, |canvas, logo| proposal::draw(canvas, sheet, logo))
}

/// Returns the characters of a proposal that cannot be printed.
pub fn missing_of_proposal(fonts: &Fonts, sheet: &ProposalSheet) -> Vec<char> {
    let frame = frame_of_proposal(sheet);
    set(fonts, frame, |canvas| proposal::draw(canvas, sheet, None)).1.missing()
}

/// Returns the pages of a template on the buyer's paper size.
fn frame(template: Template, paper: Paper, buyer: &Party) -> Frame {
    Frame::new(paper.size(buyer.country.as_deref()), letterhead::margin(template))
}

fn frame_of_proposal(sheet: &ProposalSheet) -> Frame {
    frame(sheet.template, sheet.paper, &sheet.buyer)
}

/// Renders a file with the logo, or without it if it is not a picture, which may only show when it
/// is decoded.
fn print(
    fonts: &Fonts,
    frame: Frame,
    logo: Option<&[u8]>,
    draw: impl Fn(&mut Canvas, Option<Image>) -> About,
) -> Result<Printed> {
    let with = |logo: Option<Image>| {
        let (about, canvas) = set(fonts, frame, |canvas| draw(canvas, logo.clone()));
        Ok(Printed { bytes: write::write(&canvas, about)?, missing: canvas.missing() })
    };
    let printed = match with(letterhead::picture(logo)) {
        Err(Refusal::Picture) => with(None),
        printed => printed,
    };
    printed.map_err(|refusal| match refusal {
        Refusal::Picture => Error::internal("a picture where there is none"),
        Refusal::Other(error) => error,
    })
}

/// Draws a document, and again if it turns out to be Japanese, since Han characters then take their
/// Japanese forms.
fn set<T>(fonts: &Fonts, frame: Frame, draw: impl Fn(&mut Canvas) -> T) -> (T, Canvas<'_>) {
    let mut canvas = Canvas::new(fonts, frame, false);
    let mut drawn = draw(&mut canvas);
    if canvas.typesetter.has_kana {
        // The first canvas keeps the fonts in memory meanwhile.
        let mut japanese = Canvas::new(fonts, frame, true);
        drawn = draw(&mut japanese);
        canvas = japanese;
    }
    (drawn, canvas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::paper::PaperSize;

    #[test]
    fn kana_anywhere_select_japanese_forms_in_the_whole_document() {
        let fonts = Fonts::default();
        let frame = Frame::new(PaperSize::A4, 20.0);
        // 直 looks different in Japan and in China.
        let glyph = |before: &str, after: &str| {
            let drawn = set(&fonts, frame, |canvas| {
                let line = canvas.typesetter.line(before, canvas::BODY);
                canvas.typesetter.line(after, canvas::BODY);
                line.runs.iter().flat_map(|run| &run.glyphs).map(|g| g.glyph_id.to_u32()).collect()
            });
            drawn.0
        };
        let chinese: Vec<u32> = glyph("直", "设计");
        for kana in ["かな", "カナ"] {
            assert_ne!(glyph("直", kana), chinese, "{kana}");
        }
        assert_eq!(glyph("直", "설계"), chinese);
    }
}
