//! Tasks for the reader: overdue invoices, those due next, and drafts.

use jiff::civil::Date;

use crate::{
    app::{
        home::{invoices_due_next, overdue_invoices},
        invoice::list_invoices,
        unit_of_work::Work,
    },
    domain::{
        date,
        error::Result,
        home::{OpenInvoice, Owed},
        id::InvoiceId,
        invoice::{InvoiceFilter, InvoiceStatus, ShownInvoice},
        money::Money,
        page::{Listing, Page},
    },
    locale::{Text, t},
    web::{avatar::initials, days::Days, figure},
};

const DRAFTS_SHOWN: u32 = 5;

/// A list to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Overdue,
    Next,
    Drafts,
}

impl Which {
    /// Returns the list with this name, if any.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Overdue, Self::Next, Self::Drafts].into_iter().find(|which| which.as_str() == name)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Next => "next",
            Self::Drafts => "drafts",
        }
    }
}

/// A link to one of the lists.
pub struct Tab {
    pub label: Text,
    pub count: u64,
    pub name: &'static str,
    pub is_current: bool,
}

/// An invoice in the list.
pub struct Need {
    pub id: InvoiceId,
    pub number: String,
    pub client: String,
    pub amount: Money,
    /// How late it is.
    pub late: Option<Text>,
    /// Other details.
    pub news: Option<Text>,
}

impl Need {
    pub fn initials(&self) -> String {
        initials(&self.client)
    }

    /// Returns the amount in one line of text.
    pub fn sum(&self) -> String {
        figure::text(self.amount.currency, &self.amount.minor.into())
    }

    /// Whether its client can be reminded.
    pub fn can_remind(&self) -> bool {
        self.late.is_some() && self.amount.minor > 0
    }
}

/// The selected list, and links to the others.
pub struct Needs {
    pub tabs: [Tab; 3],
    pub which: Which,
    pub invoices: Vec<Need>,
    /// The page with all entries.
    pub all: &'static str,
    pub total: u64,
}

/// The rows of the selected list.
pub struct Found {
    which: Which,
    open: Vec<OpenInvoice>,
    drafts: Listing<ShownInvoice>,
}

impl Found {
    pub fn has_drafts(&self) -> bool {
        self.drafts.total > 0
    }
}

/// Reads the selected list, by default the first that is not empty.
pub fn read(work: &mut Work, asked: Option<Which>, owed: &Owed) -> Result<Found> {
    let (status, page) = (Some(InvoiceStatus::Draft), Page::first(DRAFTS_SHOWN));
    let drafts = list_invoices(work, &InvoiceFilter { status, page, ..InvoiceFilter::default() })?;
    let which = asked.unwrap_or(match (owed.overdue.entries, owed.entries(), drafts.total) {
        (0, 0, 1..) => Which::Drafts,
        (0, 1.., _) => Which::Next,
        _ => Which::Overdue,
    });
    let open = match which {
        Which::Overdue => overdue_invoices(work)?,
        Which::Next => invoices_due_next(work)?,
        Which::Drafts => Vec::new(),
    };
    Ok(Found { which, open, drafts })
}

impl Needs {
    pub fn new(found: Found, owed: &Owed, today: Date, days: &Days) -> Self {
        let Found { which, open, drafts } = found;
        let overdue = owed.overdue.entries.unsigned_abs();
        let next = (owed.soon.entries + owed.later.entries).unsigned_abs();
        let tab = |of: Which, label, count| Tab {
            label,
            count,
            name: of.as_str(),
            is_current: of == which,
        };
        let (all, total) = match which {
            Which::Overdue => ("/invoices?status=overdue", overdue),
            Which::Next => ("/invoices?status=sent", next),
            Which::Drafts => ("/invoices?status=draft", drafts.total),
        };
        let invoices = match which {
            Which::Drafts => drafts.entries.iter().map(|draft| of_draft(draft, days)).collect(),
            _ => open.into_iter().map(|open| of_open(open, today, days)).collect(),
        };
        Self {
            tabs: [
                tab(Which::Overdue, t("overdue"), overdue),
                tab(Which::Next, t("home-due-next"), next),
                tab(Which::Drafts, t("invoice-list-drafts"), drafts.total),
            ],
            which,
            invoices,
            all,
            total,
        }
    }

    /// Returns the message for an empty list.
    pub fn nothing(&self) -> Text {
        match self.which {
            Which::Overdue => t("home-no-overdue"),
            Which::Next => t("home-no-next"),
            Which::Drafts => t("home-no-drafts"),
        }
    }
}

fn of_open(open: OpenInvoice, today: Date, days: &Days) -> Need {
    let is_late = open.due < today;
    let on = |at| days.brief(&days.day_of(&at));
    let reminded = open.reminded_at.map(|at| t("home-reminded").with("day", on(at)));
    let opened = || open.viewed_at.map(|at| t("home-opened").with("day", on(at)));
    let due = || t("home-due").with("day", days.brief(&open.due));
    Need {
        id: open.id,
        number: open.number,
        client: open.client_name,
        amount: open.amount,
        late: is_late.then(|| super::dashboard::late(date::days_until(open.due, today))),
        news: if is_late { reminded.or_else(opened) } else { Some(due()) },
    }
}

fn of_draft(draft: &ShownInvoice, days: &Days) -> Need {
    let invoice = &draft.invoice;
    let client = invoice.client.as_ref();
    Need {
        id: invoice.id,
        number: invoice.number.clone(),
        client: client.map_or_else(String::new, |client| client.details.name.clone()),
        amount: invoice.amount(),
        late: None,
        news: Some(t("home-edited").with("day", days.brief(&days.day_of(&invoice.updated_at)))),
    }
}
