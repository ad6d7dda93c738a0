//! The pages of an invoice.

use krilla::{
    image::Image,
    tagging::{ArtifactType, Tag},
};
use qrcodegen::QrCode;

use super::{
    InvoiceSheet,
    canvas::{Area, BODY, Canvas, Column, Frame, LABEL, MM, Mark, NodeId, Op, Slot},
    classic,
    letterhead::{self, Fact, Head},
    qr,
    sums::{self, Sums, signed},
    table::Table,
    text::{Line, Style},
    write::About,
};
use crate::domain::{
    accent::Accent,
    balance::Booked,
    how_to_pay::HowToPay,
    invoice::{self, Invoice, InvoiceStatus, Party, Seller, SumRow},
    money::{self, Money},
    paper::Template,
};
use crate::locale::{Text, t};

/// Between the total and what follows.
const CLOSING: f32 = 11.0 * MM;
/// The maximum number of lines that fit into a narrow column next to others.
const NARROW: usize = 14;

/// Draws the pages of an invoice.
pub fn draw(canvas: &mut Canvas, sheet: &InvoiceSheet, logo: Option<Image>) -> About {
    let (invoice, seller) = (&sheet.invoice, &sheet.seller);
    let title: String = invoice.full_name().into();
    let day = |day| seller.date_format.show(day);
    let service = invoice.service_days(seller.date_format).map(String::from);
    let more = [(t("reference"), invoice.reference.clone()), (t("service-period"), service)];
    let mut facts = vec![Fact::new(t("issued"), day(invoice.issue_date))];
    facts.extend(more.into_iter().filter_map(|(label, text)| Some(Fact::new(label, text?))));
    let head = Head {
        title: title.clone(),
        state: state(sheet),
        number: Some(&invoice.number),
        figure: Some(Fact::new(total_label(sheet), signed(&total(invoice).shown()))),
        until: Some(Fact::new(t("due"), day(invoice.due_date))),
        facts,
        seller: &seller.party,
        buyer: (t("billed-to"), &sheet.buyer),
        logo,
    };
    letterhead::head(canvas, seller.template, seller.accent, head);
    let sums = sums(invoice, total_label(sheet));
    // How to pay stays with the total, and both with the last line.
    let closing = Closing::of(sheet, canvas.frame);
    let (side_by_side, _) = closing.rows(canvas);
    let after = sums.height() + CLOSING + closing.height(side_by_side);
    lines(invoice).draw(canvas, after);
    sums.draw(canvas);
    closing.draw(canvas, seller.accent);
    match sheet.status {
        InvoiceStatus::Draft => canvas.stamp(&t("draft")),
        InvoiceStatus::Cancelled => canvas.stamp(&cancelled(invoice)),
        _ => {}
    }
    letterhead::footers(canvas, &seller.party, &title);
    About {
        id: format!("{} {}{}", invoice.id, sheet.status.as_str(), copy_of(invoice)),
        title,
        author: seller.party.heading().to_owned(),
        created: sheet.created,
    }
}

/// Returns the user-entered texts of an invoice.
pub fn texts(invoice: &Invoice, seller: &Seller, buyer: &Party) -> Vec<String> {
    let how_to_pay = HowToPay::of(invoice, seller, None).text();
    let mut texts: Vec<String> = invoice.notes.iter().cloned().chain(how_to_pay).collect();
    for party in [&seller.party, buyer] {
        texts.push(party.heading().to_owned());
        texts.extend(party.details());
    }
    let withholding = invoice.terms.withholding.as_ref();
    let names = invoice.taxes.iter().map(|sum| &*sum.tax.name);
    let names = names.chain(withholding.map(|of| &*of.name)).chain(invoice.reference.as_deref());
    texts.push(invoice.number.clone());
    texts.extend(names.chain(invoice.tax_notes()).map(str::to_owned));
    texts.extend(invoice.items.iter().map(|item| item.line.description.clone()));
    texts
}

fn state(sheet: &InvoiceSheet) -> Option<String> {
    match sheet.status {
        InvoiceStatus::Paid => Some(match sheet.paid_on {
            Some(day) => t("pdf-paid-on").with("date", sheet.seller.date_format.show(day)).into(),
            None => t("paid").into(),
        }),
        InvoiceStatus::Draft => Some(t("draft").to_string().to_uppercase()),
        InvoiceStatus::Cancelled => Some(cancelled(&sheet.invoice).to_string().to_uppercase()),
        InvoiceStatus::Overdue => Some(t("overdue").to_string().to_uppercase()),
        InvoiceStatus::Sent => None,
    }
}

fn cancelled(invoice: &Invoice) -> Text {
    if invoice.is_voided() { t("voided") } else { t("cancelled") }
}

fn total_label(sheet: &InvoiceSheet) -> Text {
    match sheet.status {
        InvoiceStatus::Paid => t("pdf-total-paid"),
        _ if sheet.invoice.is_money_due() => t("amount-due"),
        _ => t("total"),
    }
}

/// Returns the final sum: the amount due, else the total.
fn total(invoice: &Invoice) -> Money {
    if invoice.is_money_due() { invoice.amount_due() } else { invoice.amount() }
}

/// Returns the mark that distinguishes a copy of a partly paid invoice.
fn copy_of(invoice: &Invoice) -> String {
    let Booked { paid, credited, .. } = invoice.booked;
    match invoice.is_money_due() && (paid, credited) != (0, 0) {
        true => format!(" {paid} {credited}"),
        false => String::new(),
    }
}

/// Returns the sums below the lines.
pub fn sums(invoice: &Invoice, total_label: Text) -> Sums {
    Sums {
        above: rows(invoice, invoice.rows_above_total()),
        total: (total_label.into(), signed(&total(invoice).shown())),
        below: rows(invoice, invoice.rows_below_total()),
    }
}

/// Returns the table of the lines.
pub fn lines(invoice: &Invoice) -> Table<4> {
    let currency = invoice.currency;
    let row = |item: &invoice::Item| {
        [
            described(invoice, &item.line),
            signed(&money::grouped(item.line.quantity.normalize())),
            signed(&currency.show_rate(item.line.rate)),
            plain(invoice, item.amount),
        ]
    };
    Table {
        header: [
            t("description").into(),
            t("quantity").into(),
            t("price").into(),
            t("pdf-amount-in").with("currency", currency).into(),
        ],
        rows: invoice.items.iter().map(row).collect(),
    }
}

/// Returns the description of a line, with its details below.
fn described(invoice: &Invoice, line: &invoice::Line) -> String {
    let details = invoice.details_of(line);
    let description = &line.description;
    if details.is_empty() { description.clone() } else { format!("{description}\n{details}") }
}

/// Returns an amount without its currency.
fn plain(invoice: &Invoice, minor: i64) -> String {
    sums::plain(Money::new(minor, invoice.currency))
}

/// Returns rows of sums as text.
fn rows(invoice: &Invoice, rows: Vec<SumRow>) -> Vec<sums::Row> {
    rows.into_iter().map(|(label, minor)| (label.into(), plain(invoice, minor))).collect()
}

/// The payment instructions and the notes, below the total.
struct Closing {
    link: Option<String>,
    instructions: Option<String>,
    notes: Option<String>,
    code: Option<QrCode>,
    /// What the code is for.
    code_about: Option<Text>,
    code_x: f32,
    /// The places of how to pay and of the notes.
    pay: Slot,
    note: Slot,
    is_modern: bool,
}

impl Closing {
    fn of(sheet: &InvoiceSheet, frame: Frame) -> Self {
        let seller = &sheet.seller;
        let how = HowToPay::of(&sheet.invoice, seller, sheet.payment_link.clone());
        let instructions = how.text();
        let link = how.link;
        let notes = sheet.invoice.all_notes();
        let code = how.code.as_ref().and_then(|code| qr::encode(code.text()));
        let code_about = how.code.map(|code| code.about());
        let thirds = frame.thirds();
        let is_modern = seller.template == Template::Modern;
        // Next to the code, or from the left edge.
        let (code_x, pay, note) = match (is_modern, code.is_some()) {
            (true, true) => (frame.left, thirds[1], thirds[2]),
            (true, false) => {
                let is_alone = link.is_none() && instructions.is_none();
                let first = if is_alone { frame.full() } else { thirds[1] };
                (frame.left, thirds[0], Slot { width: frame.right() - first.x, ..first })
            }
            (false, _) => {
                let beside = if code.is_some() { qr::SIDE + 8.0 * MM } else { 0.0 };
                let slot = Slot { width: frame.measure - beside, ..frame.full() };
                (frame.right() - qr::SIDE, slot, slot)
            }
        };
        Self { link, instructions, notes, code, code_about, code_x, pay, note, is_modern }
    }

    /// Returns how many lines stand side by side, and whether the notes are too long for that.
    fn rows(&self, canvas: &mut Canvas) -> (usize, bool) {
        // A text has a label above it, and a blank line above that if it is not the first.
        let mut count = |text: &str, slot: Slot| {
            canvas.typesetter.lines(text.trim_end(), BODY, slot.width).len() + 2
        };
        let texts = self.link.iter().chain(&self.instructions);
        let pay = texts.map(|text| count(text, self.pay)).sum::<usize>().saturating_sub(1);
        let Some(notes) = &self.notes else { return (pay, false) };
        let notes = count(notes, self.note);
        let rows = if self.is_modern { pay.max(notes - 1) } else { pay + notes };
        if rows <= NARROW { (rows, false) } else { (pay, true) }
    }

    /// Returns the height that stays together. A longer text may continue on later pages.
    fn height(&self, rows: usize) -> f32 {
        let side = if self.code.is_some() { qr::SIDE } else { 0.0 };
        (rows.min(NARROW) as f32 * BODY.leading).max(side)
    }

    fn draw(self, canvas: &mut Canvas, accent: Accent) {
        canvas.y += CLOSING;
        let (rows, is_below) = self.rows(canvas);
        canvas.reserve(self.height(rows));
        let (top, page) = (canvas.y, canvas.pages.len());
        let (mut block, mut beside) = (Block::default(), Block::default());
        if let Some(link) = &self.link {
            block.link(canvas, link, self.pay, classic::readable(accent));
        }
        if let Some(text) = &self.instructions {
            block.text(canvas, &t("how-to-pay"), text, self.pay);
        }
        if let Some(text) = self.notes.as_deref().filter(|_| !is_below) {
            let block = if self.is_modern { &mut beside } else { &mut block };
            block.text(canvas, &t("notes"), text, self.note);
        }
        if let Some(code) = &self.code {
            let about = self.code_about.as_ref().map(Text::to_string).unwrap_or_default();
            qr::draw(canvas, code, &about, self.code_x, top);
        }
        let link = block.link.take();
        let columns = vec![block.column(self.pay), beside.column(self.note)];
        canvas.columns(columns, BODY.leading, |_| {});
        if canvas.pages.len() == page {
            canvas.y = canvas.y.max(top + self.height(0));
            // An address longer than a page is not clickable.
            if let Some((area, address, node)) = link {
                let area = Area { y: top + area.y, ..area };
                canvas.put(Op::Link { area, address, node });
            }
        }
        if rows > 0 || self.code.is_some() {
            canvas.y += 14.0;
        }
        if let Some(text) = self.notes.as_deref().filter(|_| is_below) {
            letterhead::section(canvas, &t("notes"), text);
        }
    }
}

/// Labelled texts, one below the other.
#[derive(Default)]
struct Block {
    lines: Vec<(Line, Mark)>,
    /// The clickable area of a link, measured from the top of the block.
    link: Option<(Area, String, NodeId)>,
}

impl Block {
    fn label(&mut self, canvas: &mut Canvas, label: &Text, width: f32, mark: Mark) {
        if !self.lines.is_empty() {
            let gap = canvas.typesetter.line("", BODY);
            self.lines.push((gap, Mark::Artifact(ArtifactType::Layout)));
        }
        let lines = canvas.typesetter.lines(&label.to_string(), LABEL, width);
        self.lines.extend(lines.into_iter().map(|line| (line, mark)));
    }

    fn text(&mut self, canvas: &mut Canvas, label: &Text, text: &str, slot: Slot) {
        let mark = Mark::Node(canvas.node(None, Tag::P));
        self.label(canvas, label, slot.width, mark);
        let lines = canvas.typesetter.lines(text.trim_end(), BODY, slot.width);
        self.lines.extend(lines.into_iter().map(|line| (line, mark)));
    }

    fn link(&mut self, canvas: &mut Canvas, link: &str, slot: Slot, color: [u8; 3]) {
        let node = canvas.node(None, Tag::P);
        let pointer = canvas.node(Some(node), Tag::Link);
        let layout = Mark::Artifact(ArtifactType::Layout);
        self.label(canvas, &t("pdf-pay-online"), slot.width, layout);
        let address = canvas.typesetter.lines(link, Style { color, ..BODY }, slot.width);
        let area = Area {
            x: slot.x,
            y: self.lines.len() as f32 * BODY.leading,
            width: address.iter().map(|line| line.width).fold(0.0, f32::max),
            height: address.len() as f32 * BODY.leading,
        };
        self.link = Some((area, link.to_owned(), pointer));
        self.lines.extend(address.into_iter().map(|line| (line, Mark::Node(pointer))));
    }

    fn column(self, slot: Slot) -> Column {
        Column { slot, lines: self.lines }
    }
}
