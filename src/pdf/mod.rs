//! PDFs of invoices, proposals and other documents: domain types in, bytes out. The same input
//! gives the same bytes.

mod canvas;
mod classic;
mod credit_note;
mod font;
mod invoice;
mod letterhead;
mod modern;
mod proposal;
mod prose;
mod qr;
mod receipt;
mod shape;
mod statement;
mod sums;
mod table;
mod text;
mod write;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use krilla::image::Image;

pub use self::font::Fonts;
use self::{
    canvas::{Canvas, Frame},
    write::{About, Refusal},
};
use crate::domain::{
    accent::Accent,
    credit_note::CreditNote,
    date::DateFormat,
    error::{Error, Result},
    invoice::{Invoice, InvoiceStatus, Party, Seller},
    paper::{Paper, Template},
    payment::Payment,
    proposal::Proposal,
    statement::Statement,
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

/// The content of a credit note's PDF.
pub struct CreditNoteSheet {
    pub note: CreditNote,
    /// Whether the lines of the invoice include their taxes.
    pub prices_include_tax: bool,
    /// A PNG or JPEG picture.
    pub logo: Option<Vec<u8>>,
}

/// The content of a receipt's PDF.
pub struct ReceiptSheet {
    pub invoice: Invoice,
    /// Payments and refunds, except reversed ones.
    pub payments: Vec<Payment>,
    pub zone: TimeZone,
    pub seller: Seller,
    pub buyer: Party,
    /// A PNG or JPEG picture.
    pub logo: Option<Vec<u8>>,
}

/// The content of a statement's PDF.
pub struct StatementSheet {
    pub statement: Statement,
    pub today: Date,
    pub seller: Seller,
    /// A PNG or JPEG picture.
    pub logo: Option<Vec<u8>>,
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
    let frame = frame_of(&sheet.seller, &sheet.buyer);
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

/// Renders a credit note as a PDF file.
pub fn credit_note(fonts: &Fonts, sheet: &CreditNoteSheet) -> Result<Printed> {
    let (frame, logo) = (frame_of(&sheet.note.seller, &sheet.note.buyer), sheet.logo.as_deref());
    print(fonts, frame, logo, |canvas, logo| credit_note::draw(canvas, sheet, logo))
}

/// Renders a receipt as a PDF file.
pub fn receipt(fonts: &Fonts, sheet: &ReceiptSheet) -> Result<Printed> {
    let (frame, logo) = (frame_of(&sheet.seller, &sheet.buyer), sheet.logo.as_deref());
    print(fonts, frame, logo, |canvas, logo| receipt::draw(canvas, sheet, logo))
}

/// Renders a statement as a PDF file.
pub fn statement(fonts: &Fonts, sheet: &StatementSheet) -> Result<Printed> {
    let frame = frame_of(&sheet.seller, &sheet.statement.buyer());
    print(fonts, frame, sheet.logo.as_deref(), |canvas, logo| statement::draw(canvas, sheet, logo))
}

/// Returns the characters of a text that cannot be printed, in code point order.
pub fn missing_of_text(fonts: &Fonts, text: &str) -> Vec<char> {
    text::missing(fonts, vec![text.to_owned()])
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
    Frame::new(paper.size(buyer.country_of()), letterhead::margin(template))
}

fn frame_of(seller: &Seller, buyer: &Party) -> Frame {
    frame(seller.template, seller.paper, buyer)
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
    use crate::domain::{
        id::Id,
        invoice::{Item, Line, PartyAddress, Terms, price},
        money::{Currency, Money},
        paper::PaperSize,
        proposal::ProposalStatus,
    };

    fn party(name: &str, country: &str) -> Party {
        Party {
            name: name.to_owned(),
            email: format!("{}@example.com", "buchhaltung".repeat(6)),
            company: Some(format!("{LONG} {SINHALA} GmbH")),
            phone: Some("+234 803 555 0142".to_owned()),
            country: Some(country.to_owned()),
            address: Some(PartyAddress::Lines(format!("{LONG} 17\n10115 Berlin"))),
            tax_id: Some("DE 123456789 ".repeat(5)),
            registration_number: Some(format!("HRB 123456 B {LONG}")),
            website: Some(LINK.to_owned()),
            ..Party::default()
        }
    }

    const LONG: &str = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterb";
    const SINHALA: &str = "සිරිමාවෝ බණ්ඩාරනායක විජේසිංහ රත්නායක මුදියන්සේලාගේ";
    const LINK: &str =
        "https://www.example.com/a/very/long/address?with=parameters&and=more#at-the-end";

    /// Asserts that every line is within the margins, and none on another.
    fn assert_fits(canvas: &Canvas, of: &str) {
        let frame = canvas.frame;
        for (number, page) in canvas.pages.iter().enumerate() {
            let mut places: Vec<(f32, f32, f32, &str)> = Vec::new();
            for op in page {
                let canvas::Op::Line { x, baseline, line, .. } = op else { continue };
                let from = x + line.overhang;
                let to = from + line.width;
                let text = &*line.text;
                let is_within = from > frame.left - 0.5 && to < frame.right() + 0.5;
                assert!(is_within, "{of}, page {number}: {from} to {to}: {text}");
                assert!(*baseline < frame.height - 20.0, "{of}, page {number}: {text}");
                for (other_from, other_to, other, words) in &places {
                    let is_beside = to < other_from + 0.5 || from > other_to - 0.5;
                    let is_apart = (baseline - other).abs() > 4.0;
                    assert!(is_beside || is_apart, "{of}, page {number}: {text} on {words}");
                }
                places.push((from, to, *baseline, text));
            }
        }
    }

    fn each_frame(buyer: &Party, check: impl Fn(Template, Frame, &str)) {
        for template in [Template::Modern, Template::Classic] {
            for paper in [Paper::A4, Paper::Letter] {
                check(template, frame(template, paper, buyer), &format!("{template:?} {paper:?}"));
            }
        }
    }

    #[test]
    fn nothing_on_an_invoice_leaves_its_column() {
        let fonts = Fonts::default();
        let line = |n: i64| {
            let description = [LONG, SINHALA, LINK, "Website"][n as usize % 4];
            Line::new(description, (n * 12).into(), (n * 5_678_912).into())
        };
        let day = jiff::civil::date(2026, 4, 15);
        let currency = Currency::from_code("XOF").unwrap();
        let terms = Terms { tax_rate: "7.5".parse().unwrap(), ..Terms::default() };
        let priced = price((1..=40).map(line).collect(), &terms, currency).unwrap();
        let number = format!("INV-{}", "2026-".repeat(12));
        let mut invoice = Invoice::for_show(number, (day, day), (priced, currency), created());
        (invoice.status, invoice.notes) = (InvoiceStatus::Sent, Some(format!("{LINK} {SINHALA}")));
        let buyer = party(SINHALA, "Sri Lanka");
        let seller = serde_json::from_str(r#"{"name":"","email":""}"#).unwrap();
        let seller = Seller {
            party: party(LONG, "Germany"),
            payment_instructions: Some(LINK.to_owned()),
            ..seller
        };
        let sheet = InvoiceSheet {
            status: invoice.status,
            invoice,
            seller,
            buyer: buyer.clone(),
            logo: None,
            payment_link: Some(LINK.to_owned()),
            paid_on: None,
            created: created(),
        };
        each_frame(&buyer, |template, frame, of| {
            let mut sheet = sheet.clone();
            sheet.seller.template = template;
            let (_, canvas) = set(&fonts, frame, |canvas| invoice::draw(canvas, &sheet, None));
            assert!((3..=6).contains(&canvas.pages.len()), "{of}: {} pages", canvas.pages.len());
            assert_fits(&canvas, of);
        });
    }

    #[test]
    fn nothing_on_a_proposal_leaves_its_column() {
        let fonts = Fonts::default();
        let buyer = party(SINHALA, "Sri Lanka");
        let content = format!(
            "# {LONG}\n\n{LINK} {SINHALA} *{LONG}* **{LINK}** [{LONG}]({LINK})\n\n\
             - {LONG}\n  - {LINK}\n    1. {SINHALA} {LONG}\n\n> {LONG}{LONG}\n\n12345. {LONG}\n"
        );
        let content = format!("{content}{}", "> - 1. ".repeat(60)) + LONG;
        let line = |text: &str, rate: i64| Line::new(text, 7.into(), rate.into());
        let lines = vec![line(LONG, 1_000_000_000), line(SINHALA, 1)];
        let priced = price(lines, &Terms::default(), Currency::USD).unwrap();
        let item = |(line, amount)| Item { id: Id::NIL, line, amount };
        let items: Vec<Item> = priced.lines.into_iter().map(item).collect();
        each_frame(&buyer, |template, frame, of| {
            let sheet = ProposalSheet {
                proposal: Proposal {
                    id: Id::NIL,
                    account: Id::NIL,
                    client_id: Id::NIL,
                    client: None,
                    title: LONG.to_owned(),
                    content: content.clone(),
                    status: ProposalStatus::Sent,
                    amount: Money::new(i64::MAX, Currency::USD),
                    items: items.clone(),
                    terms: Terms::default(),
                    deposit: None,
                    valid_until: Some(jiff::civil::date(2026, 4, 15)),
                    link: None,
                    project: None,
                    invoice: None,
                    deposit_invoice: None,
                    created_at: created(),
                    updated_at: created(),
                },
                seller: party(LONG, "Germany"),
                buyer: buyer.clone(),
                logo: None,
                answered: None,
                dates: DateFormat::default(),
                accent: Accent::PINE,
                template,
                paper: Paper::A4,
                created: created(),
            };
            let (_, canvas) = set(&fonts, frame, |canvas| proposal::draw(canvas, &sheet, None));
            assert_fits(&canvas, of);
        });
    }

    fn created() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

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
