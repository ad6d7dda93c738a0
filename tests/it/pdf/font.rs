//! The built-in fonts, and those of a folder.

use std::{collections::BTreeSet, fs, io::Read, path::Path};

use freelanceos::pdf::{self, Fonts};
use sha2::{Digest, Sha256};
use skrifa::{FontRef, MetadataProvider};

use super::{
    read::File,
    sheet::{invoice, line, proposal},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fonts");

#[test]
fn every_font_matches_its_pinned_checksum() {
    let list = fs::read_to_string(format!("{FOLDER}/fonts.tsv")).unwrap();
    let mut listed = BTreeSet::new();
    for row in list.lines().filter(|row| !row.starts_with('#')) {
        let [name, package, sum, copyright, characters] =
            row.split('\t').collect::<Vec<_>>().try_into().unwrap();
        listed.insert(format!("{name}.zst"));
        assert!(!package.is_empty() && !copyright.is_empty(), "{name}");
        let packed = fs::read(format!("{FOLDER}/{name}.zst")).unwrap();
        let mut font = Vec::new();
        let mut decoder = ruzstd::decoding::StreamingDecoder::new(packed.as_slice()).unwrap();
        decoder.read_to_end(&mut font).unwrap();
        let found: String =
            Sha256::digest(&font).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, sum, "{name}");
        let font = FontRef::new(&font).unwrap();
        let codes: BTreeSet<u32> = font.charmap().mappings().map(|(code, _)| code).collect();
        let hex = |text| u32::from_str_radix(text, 16).unwrap();
        let said = characters.split(' ').flat_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            hex(first)..=hex(last)
        });
        assert_eq!(said.collect::<BTreeSet<_>>(), codes, "{name}");
    }
    let there: BTreeSet<String> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".zst"))
        .collect();
    assert_eq!(listed, there);
    assert!(fs::read_to_string(format!("{FOLDER}/LICENSE")).unwrap().contains("OPEN FONT LICENSE"));
}

#[test]
fn east_asian_text_and_emoji_print() {
    for text in [
        "王小明",
        "设计发票与网站开发",
        "臺灣網頁設計有限公司",
        "ウェブサイトのデザイン、髙﨑様「請求書」",
        "㈱サクラ ①②③ ﾊﾝｶｸ ＡＢＣ",
        "𠮷野家",
        "설계 및 웹사이트 개발",
        "뷁 힣 갂",
        "🎨 🚀 📦 🫶 🏳️‍🌈 👩🏽‍💻 🇳🇬 5️⃣",
        "✓ ✔ ☎ ★ → ½ №",
        "ଓଡ଼ିଆ ދިވެހި བོད་ཡིག ⴰⵎⴰⵣⵉⵖ ߒߞߏ 𞤀𞤣𞤤𞤢𞤥",
    ] {
        let printed = invoice(vec![line(text, "1", "10")], "0", "USD").printed();
        assert_eq!(printed.missing, Vec::<char>::new(), "{text}");
        let found = File::read(&printed.bytes).text();
        let letters = text.chars().filter(|c| c.is_alphabetic());
        for letter in letters.filter(|c| ('\u{3041}'..='\u{d7a3}').contains(c)) {
            assert!(found.contains(letter), "{letter} is missing in {found}");
        }
    }
}

#[test]
fn decomposed_text_prints_composed() {
    // As some systems write file names.
    let apart = "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af} か\u{3099}";
    let printed = invoice(vec![line(apart, "1", "10")], "0", "USD").printed();
    assert_eq!(printed.missing, Vec::<char>::new());
}

#[test]
fn characters_without_a_font_are_reported() {
    let text = "Plan \u{13000} \u{e000} \u{13000} 設\u{1b170}";
    let sheet = invoice(vec![line(text, "1", "10")], "0", "USD");
    assert_eq!(sheet.printed().missing, ['\u{e000}', '\u{13000}', '\u{1b170}']);
    let mut sheet = invoice(vec![line("Plan", "1", "10")], "0", "USD");
    sheet.buyer.company = Some("\u{13001}".to_owned());
    sheet.payment_instructions = Some("\u{13002}".to_owned());
    assert_eq!(sheet.printed().missing, ['\u{13001}', '\u{13002}']);
    assert_eq!(proposal("Line\n\n\u{12000}").printed().missing, ['\u{12000}']);
}

#[test]
fn a_font_in_the_folder_prints_what_the_built_in_ones_lack() {
    let folder = tempfile::tempdir().unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/pdf/phags-pa.otf");
    fs::copy(file, folder.path().join("Phags.OTF")).unwrap();
    fs::write(folder.path().join("broken.ttf"), b"no font").unwrap();
    fs::write(folder.path().join("notes.txt"), b"no font").unwrap();
    let mut fonts = Fonts::default();
    let unusable = fonts.add_folder(folder.path()).unwrap();
    assert_eq!(unusable, [folder.path().join("broken.ttf")]);
    let sheet = invoice(vec![line("\u{a840}\u{a841} \u{a843}", "1", "10")], "0", "USD");
    assert_eq!(sheet.printed().missing, ['\u{a840}', '\u{a841}', '\u{a843}']);
    let printed = pdf::invoice(&fonts, &sheet.sheet()).unwrap();
    assert_eq!(printed.missing, ['\u{a843}']);
    assert!(File::read(&printed.bytes).text().contains("\u{a840}\u{a841}"));
    // Without the folder, the built-in fonts remain.
    assert_eq!(fonts.add_folder(Path::new("/nowhere")).unwrap(), Vec::<std::path::PathBuf>::new());
}
