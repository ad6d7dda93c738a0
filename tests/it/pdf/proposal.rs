use freelanceos::domain::{paper::Template, proposal::ProposalStatus};

use super::{
    read::File,
    sheet::{Offered, proposal},
};

#[test]
fn a_proposal_prints_its_content_and_price() {
    for template in [Template::Classic, Template::Modern] {
        let sheet = proposal("First this.\n\nThen that,\nline by line.");
        assert_told(&File::read(&Offered { template, ..sheet }.pdf()));
    }
}

fn assert_told(file: &File) {
    assert_eq!(file.pages.len(), 1);
    // The decimals of the large amount are smaller and separate.
    let whole = file.text().replace(" .", ".");
    for text in [
        "Proposal",
        "A new website for Weber & Söhne",
        "Okafor Design Studio",
        "Weber & Söhne GmbH",
        "Amount USD 4,500.00",
        "30 Apr 2026",
        "First this. Then that, line by line.",
    ] {
        assert!(whole.contains(text), "{text} is missing in {whole}");
    }
    assert_eq!(file.count("DRAFT"), 0);
}

#[test]
fn an_answer_is_printed_with_name_and_date() {
    let mut sheet = proposal("Content");
    sheet.answered = Some(("Jonas Weber".to_owned(), "2026-03-20".parse().unwrap()));
    for (status, text) in [
        (ProposalStatus::Accepted, "Accepted by Jonas Weber on 20 Mar 2026"),
        (ProposalStatus::Rejected, "Declined by Jonas Weber on 20 Mar 2026"),
    ] {
        sheet.proposal.status = status;
        let file = File::read(&sheet.pdf());
        assert!(file.text().contains(text), "{}", file.text());
    }
}

#[test]
fn long_content_continues_over_pages_without_loss() {
    let content: String = (1..=400).map(|n| format!("Paragraph number {n}.\n\n")).collect();
    let file = File::read(&proposal(&content).pdf());
    assert!(file.pages.len() > 5);
    for n in 1..=400 {
        assert_eq!(file.count(&format!("Paragraph number {n}.")), 1);
    }
}

#[test]
fn a_draft_is_marked_as_a_draft() {
    let mut sheet = proposal("");
    sheet.proposal.status = ProposalStatus::Draft;
    assert!(File::read(&sheet.pdf()).count("DRAFT") > 0);
}
