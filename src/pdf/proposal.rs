//! The pages of a proposal.

use krilla::{image::Image, tagging::Tag};

use super::{
    ProposalSheet,
    canvas::{BODY, Canvas, LABEL, MEASURE, Mark, STRONG},
    letterhead::{self, Fact, Title},
    text::Style,
    write::About,
};
use crate::domain::proposal::ProposalStatus;
use crate::locale::t;

const HEADING: Style = Style { size: 15.0, leading: 21.0, is_bold: true, ..BODY };
const CONTENT: Style = Style { size: 10.0, leading: 15.5, ..BODY };

/// Draws the pages of a proposal.
pub fn draw(canvas: &mut Canvas, sheet: &ProposalSheet, logo: Option<Image>) -> About {
    let proposal = &sheet.proposal;
    let state = match proposal.status {
        ProposalStatus::Draft => Some(t("draft")),
        ProposalStatus::Accepted => Some(t("accepted")),
        ProposalStatus::Rejected => Some(t("declined")),
        ProposalStatus::Sent => None,
    };
    let title = Title {
        kind: t("proposal"),
        number: None,
        state: state.map(|state| state.to_string().to_uppercase()),
    };
    letterhead::head(canvas, &title, &sheet.seller, logo);
    let mut facts = Vec::new();
    if proposal.amount.minor != 0 {
        facts.push(Fact {
            label: t("amount").into(),
            text: proposal.amount.shown(),
            style: STRONG,
        });
        facts.push(Fact { label: String::new(), text: String::new(), style: LABEL });
    }
    if let Some(day) = proposal.valid_until {
        facts.push(Fact {
            label: t("valid-until").into(),
            text: sheet.dates.show(day),
            style: BODY,
        });
    }
    letterhead::parties(
        canvas,
        (t("from"), &sheet.seller),
        (t("pdf-prepared-for"), &sheet.buyer),
        facts,
    );
    let heading = canvas.typesetter.lines(&proposal.title, HEADING, MEASURE);
    let node = canvas.node(None, letterhead::heading(2, &proposal.title));
    canvas.flow(heading, Mark::Node(node));
    canvas.y += 8.0;
    for paragraph in proposal.content.trim_end().split("\n\n") {
        let lines = canvas.typesetter.lines(paragraph, CONTENT, MEASURE);
        let node = canvas.node(None, Tag::P);
        canvas.flow(lines, Mark::Node(node));
        canvas.y += CONTENT.leading * 0.6;
    }
    canvas.y += 12.0;
    if let Some(text) = answer(sheet) {
        letterhead::section(canvas, &t("answer"), &text);
    }
    if proposal.status == ProposalStatus::Draft {
        canvas.stamp(&t("draft"));
    }
    let author = sheet.seller.heading();
    canvas.footers(&format!("{} · {author}", proposal.title));
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
