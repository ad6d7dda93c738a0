//! The pages of a proposal.

use krilla::image::Image;

use super::{
    ProposalSheet,
    canvas::{BODY, Canvas, Mark},
    classic, invoice,
    letterhead::{self, Fact, Head},
    prose,
    text::Style,
    write::About,
};
use crate::domain::proposal::ProposalStatus;
use crate::locale::t;

const HEADING: Style = Style { size: 15.0, leading: 21.0, is_bold: true, ..BODY };

/// Draws the pages of a proposal.
pub fn draw(canvas: &mut Canvas, sheet: &ProposalSheet, logo: Option<Image>) -> About {
    let proposal = &sheet.proposal;
    let state = match proposal.status {
        ProposalStatus::Draft => Some(t("draft")),
        ProposalStatus::Accepted => Some(t("accepted")),
        ProposalStatus::Rejected => Some(t("declined")),
        ProposalStatus::Sent => None,
    };
    let day = |day| sheet.dates.show(day);
    let amount = (proposal.amount.minor != 0).then(|| proposal.amount.shown());
    let deposit = proposal.deposit_amount().ok().flatten();
    let deposit = deposit.map(|sum| Fact::new(t("deposit-on-acceptance"), sum.shown()));
    let head = Head {
        title: t("proposal").into(),
        state: state.map(|state| state.to_string().to_uppercase()),
        number: None,
        figure: amount.map(|amount| Fact::new(t("amount"), amount)),
        until: proposal.valid_until.map(|until| Fact::new(t("valid-until"), day(until))),
        facts: deposit.into_iter().collect(),
        seller: &sheet.seller,
        buyer: (t("pdf-prepared-for"), &sheet.buyer),
        logo,
    };
    letterhead::head(canvas, sheet.template, sheet.accent, head);
    let measure = canvas.frame.measure;
    let heading = canvas.typesetter.lines(&proposal.title, HEADING, measure);
    let node = canvas.node(None, letterhead::heading(2, &proposal.title));
    canvas.flow(heading, Mark::Node(node));
    canvas.y += 8.0;
    prose::draw(canvas, &proposal.content, classic::readable(sheet.accent));
    canvas.y += 20.0;
    if let Some(offer) = proposal.offer() {
        let sums = invoice::sums(&offer, t("total"));
        invoice::lines(&offer).draw(canvas, sums.height());
        sums.draw(canvas);
        canvas.y += 24.0;
        let notes = offer.tax_notes();
        if !notes.is_empty() {
            letterhead::section(canvas, &t("notes"), &notes.join("\n"));
        }
    }
    if let Some(text) = answer(sheet) {
        letterhead::section(canvas, &t("answer"), &text);
    }
    if proposal.status == ProposalStatus::Draft {
        canvas.stamp(&t("draft"));
    }
    let author = sheet.seller.heading();
    letterhead::footers(canvas, &sheet.seller, &proposal.title);
    About {
        id: format!("{} {}", proposal.id, proposal.status.as_str()),
        title: proposal.title.clone(),
        author: author.to_owned(),
        created: sheet.created,
    }
}

fn answer(sheet: &ProposalSheet) -> Option<String> {
    let (name, day) = sheet.answered.as_ref()?;
    let day = sheet.dates.show(*day);
    match sheet.proposal.status {
        ProposalStatus::Accepted => {
            Some(t("pdf-accepted-by").with("name", name).with("date", day).into())
        }
        ProposalStatus::Rejected => {
            Some(t("pdf-declined-by").with("name", name).with("date", day).into())
        }
        ProposalStatus::Draft | ProposalStatus::Sent => None,
    }
}
