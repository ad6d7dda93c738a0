use freelanceos::domain::{
    deposit::Deposit,
    discount::Discount,
    id::Id,
    invoice::{Item, Line, Terms, Unit, price},
    money::{Currency, Money},
    paper::Template,
    proposal::ProposalStatus,
    tax::{Tax, TaxCategory},
};

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
    let whole = file.text();
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

#[test]
fn headings_lists_emphasis_and_links_are_printed_as_what_they_are() {
    let content = "Dear Jonas,\nthank you.\n\n# What you get\n\n\
        - A **fast** site, in *two* languages\n- [Examples](https://a.example/work) of it\n\n\
        3. Third\n4. Fourth\n\n## Small print\n\n> Said <b>before</b>\n\n\
        [No](javascript:alert(1)) ![A shop](https://a.example/x.png) `code`";
    let file = File::read(&proposal(content).pdf());
    let text = file.text();
    for wanted in [
        "Dear Jonas, thank you.",
        "What you get",
        "• A fast site, in two languages",
        "• Examples of it",
        "3. Third",
        "4. Fourth",
        "Small print",
        "Said <b>before</b>",
        "No A shop code",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in {text}");
    }
    for markup in ["#", "**", "](", "javascript", "`"] {
        assert!(!text.contains(markup), "{markup} in {text}");
    }
    assert_eq!(file.links(), ["https://a.example/work"]);
    assert_eq!((file.nodes("L"), file.nodes("LI"), file.nodes("LBody")), (2, 4, 4));
    assert_eq!((file.nodes("H3"), file.nodes("H4"), file.nodes("BlockQuote")), (1, 1, 1));
    assert_eq!(file.nodes("Link"), 1);
}

#[test]
fn a_heading_stands_on_the_page_of_its_text() {
    for count in 1..60 {
        let content = "A line.\n\n".repeat(count) + "## The price\n\nIt is fair.";
        let file = File::read(&proposal(&content).pdf());
        let page = file.pages.iter().find(|page| page.contains("The price")).unwrap();
        assert!(page.contains("It is fair."), "{count} lines: {page}");
    }
}

#[test]
fn the_large_amount_is_one_piece_of_text() {
    for (template, currency, shown) in [
        (Template::Modern, "USD", "USD 4,500.00"),
        (Template::Classic, "USD", "USD 4,500.00"),
        (Template::Modern, "XOF", "XOF 450,000"),
        (Template::Modern, "EUR", "€ 4,500.00"),
    ] {
        let mut sheet = Offered { template, ..proposal("") };
        sheet.proposal.amount = Money::new(450_000, Currency::from_code(currency).unwrap());
        let file = File::read(&sheet.pdf());
        let (_, number) = shown.split_once(' ').unwrap();
        assert!(file.text().contains(number), "{shown}: {}", file.text());
        if currency != "EUR" {
            assert!(file.text().contains(shown), "{shown}: {}", file.text());
        }
    }
}

#[test]
fn lists_and_quotes_may_stand_in_each_other_as_deep_as_they_like() {
    for deep in ["> ", "- ", "1. ", "> - "] {
        let content = deep.repeat(3_000) + "The end";
        let file = File::read(&proposal(&content).pdf());
        assert!(file.text().contains("The end"), "{deep}");
    }
}

#[test]
fn items_are_printed_as_on_an_invoice_and_the_deposit_at_the_top() {
    let mut sheet = proposal("Content");
    let tax = Tax {
        name: "VAT".to_owned(),
        rate: 20.into(),
        category: TaxCategory::Standard,
        note: Some("Registered in Berlin".to_owned()),
    };
    let line = Line {
        unit: Some(Unit::Day),
        taxes: Some(vec![tax]),
        ..Line::new("Design of the pages", 3.into(), 500.into())
    };
    let discount = Some(Discount { percent: Some(10.into()), amount: None });
    let terms = Terms { discount, ..Terms::default() };
    let priced = price(vec![line], &terms, Currency::USD).unwrap();
    let item = |(line, amount)| Item { id: Id::NIL, line, amount };
    sheet.proposal.amount = Money::new(priced.totals.amount, Currency::USD);
    sheet.proposal.items = priced.lines.into_iter().map(item).collect();
    sheet.proposal.terms = priced.terms;
    sheet.proposal.deposit = Some(Deposit { percent: Some(50.into()), amount: None });
    for template in [Template::Classic, Template::Modern] {
        let proposal = sheet.proposal.clone();
        let file = File::read(&Offered { template, proposal, answered: None }.pdf());
        let whole = file.text();
        for text in [
            "Amount USD 1,620.00",
            "Deposit on acceptance USD 810.00",
            "Design of the pages",
            "per day",
            "1,500.00",
            "Discount 10%",
            "VAT 20%",
            "270.00",
            "Registered in Berlin",
        ] {
            assert!(whole.contains(text), "{text} is missing in {whole}");
        }
    }
}
