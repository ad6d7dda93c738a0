//! Any text that users can type can be printed on an invoice.

use freelanceos::domain::{address::Address, invoice::PartyAddress};
use proptest::prelude::*;

use super::{
    read::File,
    sheet::{invoice, line, proposal},
};

/// Problematic characters: marks, joiners, controls, directions, and scripts of all kinds.
const PIECES: &[&str] = &[
    "word",
    "слово",
    "λέξη",
    "كلمة",
    "شكراً",
    "خلال",
    "מילה",
    "වචනය",
    "ශ්‍රී",
    "சொல்",
    "शब्द",
    "শব্দ",
    "ቃል",
    "คำ",
    "ຄຳ",
    "ពាក្យ",
    "စကား",
    "բառ",
    "სიტყვა",
    "漢字",
    "한국어",
    "😀",
    "👩‍👩‍👧‍👦",
    "🇳🇬",
    "₦",
    "₵",
    "රු",
    "(",
    ")",
    "[",
    "«",
    "\u{301}",
    "\u{20dd}",
    "\u{200d}",
    "\u{200c}",
    "\u{200b}",
    "\u{202e}",
    "\u{202d}",
    "\u{202c}",
    "\u{2066}",
    "\u{2067}",
    "\u{2069}",
    "\u{200f}",
    "\u{61c}",
    "\u{ad}",
    "\u{fe0f}",
    "\u{feff}",
    "\u{fffe}",
    "\u{e000}",
    "\u{f8ff}",
    "\u{10ffff}",
    "\u{1f3fb}",
    "\u{0}",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\r",
    "\t",
    "\u{2028}",
    "\u{2029}",
    "\u{a0}",
    "\u{3000}",
    " ",
    " ",
    " ",
    "\n",
    "12",
    "-",
    "…",
];

fn troublesome() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES).prop_map(str::to_owned);
    let any = any::<char>().prop_map(String::from);
    prop::collection::vec(prop_oneof![4 => piece, 1 => any], 0..60).prop_map(|all| all.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_text_prints(text in troublesome(), other in troublesome()) {
        let mut sheet = invoice(vec![line(&text, "1", "10"), line(&other, "1", "-1")], "7.5", "LKR");
        sheet.seller.name = text.clone();
        sheet.seller.company = None;
        sheet.buyer.address = Some(PartyAddress::Parts(Address {
            street: Some(other.clone()),
            city: Some(text.clone()),
            ..Address::default()
        }));
        sheet.invoice.number = text.clone();
        sheet.invoice.notes = Some(other.clone());
        sheet.payment_link = Some(format!("https://example.com/{text}"));
        prop_assert!(!File::read(&sheet.pdf()).pages.is_empty());
        let mut sheet = proposal(&other);
        sheet.proposal.title = text;
        prop_assert!(!File::read(&sheet.pdf()).pages.is_empty());
    }
}

#[test]
fn every_known_script_and_every_other_one_prints() {
    let text = PIECES.join(" ");
    let file = File::read(&invoice(vec![line(&text, "1", "10")], "0", "USD").pdf());
    assert!(file.text().contains("слово λέξη"), "{}", file.text());
}
