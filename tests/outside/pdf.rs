//! PDFs in other readers.

use std::{path::Path, process::Command};

#[path = "../it/pdf/sheet.rs"]
#[allow(dead_code, reason = "only some of what can be printed is needed here")]
mod sheet;

use sheet::{invoice, line};

#[test]
fn text_in_every_script_is_extracted_as_written() {
    let texts = [
        "Brand identity: logo, colours, typography",
        "Локализация приложения",
        "Σχεδιασμός λογοτύπου",
        "تصميم الهوية البصرية للشركة",
        "עיצוב הלוגו",
        "වෙබ් අඩවි නිර්මාණය සහ සංවර්ධනය",
        "ශ්‍රී ලංකාව",
        "தமிழ் மொழிபெயர்ப்பு",
        "देवनागरी अनुवाद",
        "বাংলা অনুবাদ",
        "አማርኛ ትርጉም",
        "₦ ₵ € £ ₹ රු",
    ];
    let lines = (0..60).map(|n| line(texts[n % texts.len()], "1", "1500")).collect();
    let mut sheet = invoice(lines, "7.5", "LKR");
    sheet.buyer.name = "أحمد المنصوري".to_owned();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("invoice.pdf");
    std::fs::write(&path, sheet.pdf()).unwrap();
    let text = run("pdftotext", &[&path, Path::new("-")]);
    // pdftotext adds direction marks around right-to-left text.
    let text: String = text.chars().filter(|c| !('\u{202a}'..='\u{202e}').contains(c)).collect();
    for wanted in texts {
        assert_eq!(text.matches(wanted).count(), 5, "{wanted} in {text}");
    }
    for wanted in ["أحمد المنصوري", "රු 96,750.00", "2/3"] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    run("qpdf", &[Path::new("--check"), &path]);
}

/// The output of a program, which must succeed.
fn run(program: &str, arguments: &[&Path]) -> String {
    let output = Command::new(program).args(arguments).output().expect(program);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}
