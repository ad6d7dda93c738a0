use freelanceos::domain::{
    accent::Accent,
    date::DateFormat,
    invoice::InvoiceStatus,
    paper::{Paper, Template},
};

use super::{
    read::File,
    sheet::{Printed, invoice, line, typical},
};

const BOTH: [Template; 2] = [Template::Classic, Template::Modern];

fn printed(printed: &Printed) -> File {
    File::read(&printed.pdf())
}

#[test]
fn an_invoice_prints_parties_lines_and_total_on_one_page() {
    for template in BOTH {
        let file = printed(&Printed { template, ..typical() });
        assert_eq!(file.pages.len(), 1);
        assert_told(&file);
    }
}

fn assert_told(file: &File) {
    for text in [
        "Invoice",
        "INV-2026-001",
        "Okafor Design Studio",
        "Amara Okafor",
        "Lekki Phase 1, Lagos",
        "TIN 12345678-0001",
        "Weber & Söhne GmbH",
        "10115 Berlin",
        "Issued 5 Mar 2026",
        "4 Apr 2026",
        "Website design, 8 pages 38.5 85.00 3,272.50",
        "Translation into German, per word 1,237 0.085 105.15",
        "Discount for returning clients 1 −150.00 −150.00",
        "Amount, USD",
        "Subtotal 4,727.65",
        "Tax 7.5% 354.57",
        "Amount due USD 5,082.22",
        "Thank you for your business.",
        "GTBank, account 0123456789",
    ] {
        assert!(file.text().contains(text), "{text} is missing in {}", file.text());
    }
    assert_eq!(file.count("1 / 1"), 0);
}

#[test]
fn the_same_invoice_gives_the_same_bytes() {
    assert_eq!(typical().pdf(), typical().pdf());
}

#[test]
fn a_file_names_the_standards_it_follows() {
    let file = printed(&typical());
    let claims = file.claims();
    for claim in [
        "<pdfaid:part>2</pdfaid:part>",
        "<pdfaid:conformance>A</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
        "Invoice INV-2026-001",
        "2026-03-05T09:30:00",
    ] {
        assert!(claims.contains(claim), "{claim} is missing in {claims}");
    }
    assert_eq!((file.nodes("H1"), file.nodes("Table"), file.nodes("TR")), (1, 1, 5));
    assert_eq!((file.nodes("TH"), file.nodes("TD"), file.nodes("Figure")), (4, 16, 1));
}

#[test]
fn without_tax_no_tax_is_printed() {
    let file = printed(&invoice(vec![line("Work", "2", "50")], "0", "EUR"));
    assert!(file.text().contains("Amount due €100.00"), "{}", file.text());
    assert_eq!((file.count("Tax"), file.count("Subtotal")), (0, 0));
}

#[test]
fn amounts_have_the_decimals_and_symbol_of_their_currency() {
    for (currency, total) in [
        ("XOF", "XOF 15,000"),
        ("KWD", "KWD 15,000.000"),
        ("NGN", "₦15,000.00"),
        ("GHS", "₵15,000.00"),
        ("INR", "₹15,000.00"),
        ("GBP", "£15,000.00"),
        ("JPY", "¥15,000"),
    ] {
        let file = printed(&invoice(vec![line("Work", "1000", "15")], "0", currency));
        assert!(file.text().contains(&format!("Amount due {total} ")), "{}", file.text());
    }
}

#[test]
fn dates_have_the_format_of_the_account() {
    let mut sheet = typical();
    sheet.dates = DateFormat::Iso;
    let file = printed(&sheet);
    assert!(file.text().contains("2026-04-04"), "{}", file.text());
}

#[test]
fn five_hundred_lines_repeat_the_header_and_number_their_pages() {
    let lines: Vec<_> = (1..=500).map(|n| line(&format!("Line {n} of many"), "1", "10")).collect();
    for template in BOTH {
        assert_numbered(&printed(&Printed { template, ..invoice(lines.clone(), "7.5", "USD") }));
    }
}

fn assert_numbered(file: &File) {
    let pages = file.pages.len();
    assert!((15..30).contains(&pages), "{pages} pages");
    assert_eq!(file.nodes("TR"), 501);
    for n in 1..=500 {
        assert_eq!(file.count(&format!("Line {n} of many 1 10.00 10.00")), 1, "line {n}");
    }
    for (place, page) in file.pages.iter().enumerate() {
        let has_lines = page.contains("of many");
        assert_eq!(page.contains("Description Quantity Price Amount, USD"), has_lines, "{page}");
        assert!(page.ends_with(&format!("{} / {pages}", place + 1)), "{page}");
        assert!(page.contains("Invoice INV-2026-001"), "{page}");
    }
}

#[test]
fn the_total_is_on_the_page_of_the_last_line() {
    for count in 8..45 {
        let lines = (1..=count).map(|n| line(&format!("Line {n}."), "1", "10")).collect();
        let template = BOTH[count % 2];
        let file = printed(&Printed { template, ..invoice(lines, "7.5", "USD") });
        let total = file.pages.iter().find(|page| page.contains("Subtotal")).unwrap();
        assert!(total.contains(&format!("Line {count}.")), "{count} lines: {total}");
        assert!(total.contains("Amount due"), "{count} lines: {total}");
    }
}

#[test]
fn a_row_is_not_split_across_pages() {
    let long = "Design of every page of the website, with drafts, corrections and a style guide";
    let lines = (1..=40).map(|n| line(&format!("<{n}> {long} <{n}>"), "1", "10")).collect();
    let file = printed(&invoice(lines, "0", "USD"));
    for n in 1..=40 {
        let mark = format!("<{n}>");
        let on = file.pages.iter().filter(|page| page.contains(&mark)).count();
        assert_eq!(on, 1, "row {n}");
    }
}

#[test]
fn an_invoice_without_lines_still_prints() {
    let file = printed(&invoice(Vec::new(), "0", "USD"));
    assert!(file.text().contains("Total USD 0.00"), "{}", file.text());
}

#[test]
fn overlong_words_and_numbers_stay_on_the_page() {
    let word = "ж".repeat(500);
    let mut sheet = invoice(
        vec![
            line(&word, "999999999999999", "0.000000000000000001"),
            line("Work", "1", "10000000000000"),
        ],
        "0",
        "USD",
    );
    sheet.invoice.number = "N".repeat(200);
    sheet.buyer.company = Some("W".repeat(100));
    sheet.invoice.notes = Some("щ".repeat(10_000));
    for template in BOTH {
        sheet.template = template;
        assert_whole(&printed(&sheet));
    }
}

fn assert_whole(file: &File) {
    let text = file.text().replace([' ', '\n'], "");
    assert!(text.contains("Amountdue"), "{text}");
    assert_eq!(text.matches('ж').count(), 500);
    assert_eq!(text.matches('щ').count(), 10_000);
}

#[test]
fn a_payment_link_can_be_scanned_and_clicked_until_the_invoice_is_paid() {
    let mut sheet = typical();
    let link = sheet.payment_link.clone().unwrap();
    let file = printed(&sheet);
    assert_eq!(file.links(), std::slice::from_ref(&link));
    assert_eq!(scanned(&file), link);

    settle(&mut sheet);
    let file = printed(&sheet);
    assert!(file.links().is_empty());
    assert_eq!(file.count(&link), 0);
    assert!(file.text().contains("Paid on 6 Mar 2026"), "{}", file.text());
    assert!(file.text().contains("Total paid"), "{}", file.text());
}

fn settle(sheet: &mut Printed) {
    (sheet.status, sheet.invoice.status) = (InvoiceStatus::Paid, InvoiceStatus::Paid);
    sheet.paid_on = Some("2026-03-06".parse().unwrap());
}

#[test]
fn an_invoice_with_nothing_due_asks_for_no_payment() {
    let mut paid = typical();
    settle(&mut paid);
    let mut cancelled = typical();
    cancelled.status = InvoiceStatus::Cancelled;
    cancelled.invoice.status = InvoiceStatus::Cancelled;
    let lines = vec![line("Website", "1", "300"), line("Returned", "1", "-300")];
    let nothing = invoice(lines, "0", "EUR");
    for sheet in [paid, cancelled, nothing] {
        let file = printed(&sheet);
        let text = file.text();
        for asking in ["due USD", "due €", "How to pay", "GTBank", "Pay online", "pay.example"] {
            assert!(!text.contains(asking), "{asking} in {text}");
        }
        assert_eq!((file.links(), file.nodes("Figure")), (Vec::new(), 0));
    }
    let file = printed(&typical());
    assert!(file.text().contains("How to pay GTBank"), "{}", file.text());
}

#[test]
fn a_qr_code_stays_with_its_text_and_is_never_alone_on_a_page() {
    for template in BOTH {
        for count in 1..30 {
            let lines = (1..=count).map(|n| line(&format!("Line {n}."), "1", "10")).collect();
            let file = printed(&Printed { template, ..invoice(lines, "7.5", "USD") });
            let last = file.pages.last().unwrap();
            assert!(last.contains("Pay online") && last.contains("Note"), "{count} lines: {last}");
            for (place, page) in file.pages.iter().enumerate() {
                let squares = file.boxes(place as u32 + 1);
                let is_scanned = squares.iter().filter(|(.., height)| *height > 1.0).count() > 50;
                assert_eq!(is_scanned, page.contains("Pay online"), "{count} lines: {page}");
                let is_last = page.contains(&format!("Line {count}."));
                assert!(!is_scanned || is_last, "{count} lines: {page}");
            }
        }
    }
}

#[test]
fn the_paper_size_is_the_clients_usual_one_or_the_chosen_one() {
    let (a4, letter) = ((595, 841), (612, 792));
    for (country, by_country) in [("Germany", a4), ("United States", letter), ("MX", letter)] {
        let choices = [(Paper::ByCountry, by_country), (Paper::A4, a4), (Paper::Letter, letter)];
        for (paper, size) in choices {
            let mut sheet = typical();
            sheet.paper = paper;
            sheet.buyer.country = Some(country.to_owned());
            assert_eq!(printed(&sheet).size(), size, "{country} {paper:?}");
        }
    }
}

#[test]
fn a_price_keeps_its_own_decimals() {
    let lines = vec![line("Whole", "1", "12"), line("Cents", "2.5", "0.085")];
    let file = printed(&invoice(lines, "0", "JPY"));
    assert!(file.text().contains("Whole 1 12 12"), "{}", file.text());
    assert!(file.text().contains("Cents 2.5 0.085 0"), "{}", file.text());
}

#[test]
fn text_on_any_colour_is_readable() {
    for color in ["#ffffff", "#000000", "#f0b429", "#b5411c"] {
        for template in BOTH {
            let accent = Accent::parse(color).unwrap();
            assert_told(&printed(&Printed { template, accent, ..typical() }));
        }
    }
}

#[test]
fn drafts_and_cancelled_invoices_are_marked_on_every_page() {
    let lines: Vec<_> = (1..=60).map(|_| line("Work", "1", "10")).collect();
    for (status, word) in [(InvoiceStatus::Draft, "DRAFT"), (InvoiceStatus::Cancelled, "CANCELLED")]
    {
        let mut sheet = invoice(lines.clone(), "0", "USD");
        sheet.status = status;
        let file = printed(&sheet);
        assert!(file.pages.len() > 1);
        assert!(file.pages.iter().all(|page| page.contains(word)), "{}", file.text());
    }
    let file = printed(&invoice(lines, "0", "USD"));
    assert_eq!((file.count("DRAFT"), file.count("CANCELLED")), (0, 0));
}

#[test]
fn a_logo_replaces_the_name_unless_it_is_not_a_picture() {
    let mut sheet = typical();
    sheet.logo = Some(picture());
    let file = printed(&sheet);
    assert_eq!((file.pictures(), file.nodes("Figure")), (1, 2));
    let with_logo = file.count("Okafor Design Studio");

    sheet.logo = Some(b"\x89PNG\r\n\x1a\nand then nothing".to_vec());
    let file = printed(&sheet);
    assert_eq!((file.pictures(), file.nodes("Figure")), (0, 1));
    assert_eq!(file.count("Okafor Design Studio"), with_logo + 1);

    // The header of a picture without its pixels.
    sheet.logo = Some(picture()[..50].to_vec());
    assert_eq!(printed(&sheet).pictures(), 0);
}

fn picture() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 300, 100);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    let pixels: Vec<u8> = (0..300 * 100 * 3).map(|n| (n * 7 % 251) as u8).collect();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    bytes
}

/// The QR code read from the filled squares of a page.
fn scanned(file: &File) -> String {
    // The long thin boxes are lines between rows.
    let squares: Vec<_> = file.boxes(1).into_iter().filter(|(.., height)| *height > 1.0).collect();
    let least = |of: fn(&super::read::Box) -> f32| squares.iter().map(of).fold(f32::MAX, f32::min);
    let (left, low) = (least(|s| s.0), least(|s| s.1));
    let (scale, quiet) = (6.0, 40.0);
    let is_dark = |x: usize, y: usize| {
        let at = |pixel: usize| (pixel as f32 - quiet + 0.5) / scale;
        squares.iter().any(|(x0, y0, width, height)| {
            (0.0..*width).contains(&(at(x) - (x0 - left)))
                && (0.0..*height).contains(&(at(y) - (y0 - low)))
        })
    };
    let side = (80.0 * scale + 2.0 * quiet) as usize;
    // PDF coordinates start at the bottom.
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
        if is_dark(x, side - 1 - y) { 0 } else { 255 }
    });
    let codes = image.detect_grids();
    assert_eq!(codes.len(), 1, "{} squares", squares.len());
    codes[0].decode().unwrap().1
}
