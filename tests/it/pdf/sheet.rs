//! Invoices and proposals to print.

use freelanceos::domain::{
    accent::Accent,
    date::DateFormat,
    id::Id,
    invoice::{Invoice, InvoiceStatus, Line, Party, PartyAddress, Seller, Terms, price},
    money::{Currency, Money, parse_decimal},
    paper::{Paper, Template},
    proposal::{Proposal, ProposalStatus},
};
use std::sync::LazyLock;

use freelanceos::pdf::{self, Fonts, InvoiceSheet, ProposalSheet};
use jiff::{Timestamp, civil::Date};

static FONTS: LazyLock<Fonts> = LazyLock::new(Fonts::default);

/// An invoice and everything that is printed with it.
pub struct Printed {
    pub invoice: Invoice,
    pub status: InvoiceStatus,
    pub seller: Party,
    pub buyer: Party,
    pub logo: Option<Vec<u8>>,
    pub payment_instructions: Option<String>,
    pub payment_link: Option<String>,
    pub paid_on: Option<Date>,
    pub dates: DateFormat,
    pub accent: Accent,
    pub template: Template,
    pub paper: Paper,
}

impl Printed {
    pub fn pdf(&self) -> Vec<u8> {
        self.printed().bytes
    }

    pub fn printed(&self) -> pdf::Printed {
        let sheet = self.sheet();
        let printed = pdf::invoice(&FONTS, &sheet).unwrap();
        let told = pdf::missing_of_invoice(&FONTS, &self.invoice, &sheet.seller, &self.buyer);
        assert_eq!(told, printed.missing, "what is told without laying anything out");
        printed
    }

    pub fn sheet(&self) -> InvoiceSheet {
        InvoiceSheet {
            invoice: self.invoice.clone(),
            status: self.status,
            seller: Seller {
                party: self.seller.clone(),
                payment_instructions: self.payment_instructions.clone(),
                payment_methods: Vec::new(),
                logo: None,
                accent: self.accent,
                template: self.template,
                paper: self.paper,
                date_format: self.dates,
                notes: None,
            },
            buyer: self.buyer.clone(),
            logo: self.logo.clone(),
            payment_link: self.payment_link.clone(),
            paid_on: self.paid_on,
            created: now(),
        }
    }
}

/// A proposal and everything that is printed with it.
pub struct Offered {
    pub proposal: Proposal,
    pub answered: Option<(String, jiff::civil::Date)>,
    pub template: Template,
}

impl Offered {
    pub fn pdf(&self) -> Vec<u8> {
        self.printed().bytes
    }

    pub fn printed(&self) -> pdf::Printed {
        let sheet = ProposalSheet {
            proposal: self.proposal.clone(),
            seller: seller(),
            buyer: buyer(),
            logo: None,
            answered: self.answered.clone(),
            dates: DateFormat::default(),
            accent: Accent::PINE,
            template: self.template,
            paper: Paper::A4,
            created: now(),
        };
        pdf::proposal(&FONTS, &sheet).unwrap()
    }
}

pub fn now() -> Timestamp {
    "2026-03-05T09:30:00Z".parse().unwrap()
}

/// A line: description, quantity, rate.
pub fn line(description: &str, quantity: &str, rate: &str) -> Line {
    Line::new(description, parse_decimal(quantity).unwrap(), parse_decimal(rate).unwrap())
}

pub fn seller() -> Party {
    Party {
        name: "Amara Okafor".to_owned(),
        email: "amara@okafor.design".to_owned(),
        company: Some("Okafor Design Studio".to_owned()),
        phone: Some("+234 803 555 0142".to_owned()),
        country: Some("Nigeria".to_owned()),
        address: Some(PartyAddress::Lines("14 Admiralty Way\nLekki Phase 1, Lagos".to_owned())),
        tax_id: Some("TIN 12345678-0001".to_owned()),
        ..Party::default()
    }
}

pub fn buyer() -> Party {
    Party {
        name: "Jonas Weber".to_owned(),
        email: "buchhaltung@weber-soehne.example".to_owned(),
        company: Some("Weber & Söhne GmbH".to_owned()),
        country: Some("Germany".to_owned()),
        address: Some(PartyAddress::Lines("Hauptstraße 7\n10115 Berlin".to_owned())),
        ..Party::default()
    }
}

/// A sent invoice with these lines.
pub fn invoice(lines: Vec<Line>, tax_rate: &str, currency: &str) -> Printed {
    let currency = Currency::from_code(currency).unwrap();
    let terms = Terms { tax_rate: parse_decimal(tax_rate).unwrap(), ..Terms::default() };
    let priced = price(lines, &terms, currency).unwrap();
    let days = ("2026-03-05".parse().unwrap(), "2026-04-04".parse().unwrap());
    let invoice = Invoice {
        status: InvoiceStatus::Sent,
        notes: Some("Thank you for your business.".to_owned()),
        ..Invoice::for_show("INV-2026-001".to_owned(), days, (priced, currency), now())
    };
    Printed {
        invoice,
        status: InvoiceStatus::Sent,
        seller: seller(),
        buyer: buyer(),
        logo: None,
        payment_link: Some("https://pay.example/fos-inv_01k9-x7k2p9".to_owned()),
        paid_on: None,
        payment_instructions: Some("GTBank, account 0123456789\nOkafor Design Studio".to_owned()),
        dates: DateFormat::default(),
        accent: Accent::PINE,
        template: Template::Classic,
        paper: Paper::A4,
    }
}

/// A typical invoice.
pub fn typical() -> Printed {
    let lines = vec![
        line("Brand identity: logo, colours, typography", "1", "1500"),
        line("Website design, 8 pages", "38.5", "85"),
        line("Translation into German, per word", "1237", "0.085"),
        line("Discount for returning clients", "1", "-150"),
    ];
    invoice(lines, "7.5", "USD")
}

/// A sent proposal with this content.
pub fn proposal(content: &str) -> Offered {
    let proposal = Proposal {
        id: Id::NIL,
        account: Id::NIL,
        client_id: Id::NIL,
        client: None,
        title: "A new website for Weber & Söhne".to_owned(),
        content: content.to_owned(),
        status: ProposalStatus::Sent,
        amount: Money::new(450_000, Currency::USD),
        items: Vec::new(),
        terms: Terms::default(),
        deposit: None,
        valid_until: Some("2026-04-30".parse().unwrap()),
        link: None,
        project: None,
        invoice: None,
        deposit_invoice: None,
        created_at: now(),
        updated_at: now(),
    };
    Offered { proposal, answered: None, template: Template::Classic }
}
