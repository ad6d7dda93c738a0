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

const HEADING: Style = Style { size: 15.0, leading: 21.0, is_bold: true, ..BODY };
const CONTENT: Style = Style { size: 10.0, leading: 15.5, ..BODY };

/// Draws the pages of a proposal.
pub fn draw(canvas: &mut Canvas, sheet: &ProposalSheet, logo: Option<Image>) -> About {
    let proposal = sheet.proposal;
    let state = match proposal.status {
        ProposalStatus::Draft => Some("DRAFT".to_owned()),
        ProposalStatus::Accepted => Some("ACCEPTED".to_owned()),
        ProposalStatus::Rejected => Some("DECLINED".to_owned()),
        ProposalStatus::Sent => None,
    };
    let title = Title { kind: "Proposal", number: None, state };
    letterhead::head(canvas, &title, sheet.seller, logo);
    let mut facts = Vec::new();
    if proposal.amount.minor != 0 {
        facts.push(Fact { label: "Amount", text: proposal.amount.shown(), style: STRONG });
        facts.push(Fact { label: "", text: String::new(), style: LABEL });
    }
    if let Some(day) = proposal.valid_until {
        facts.push(Fact { label: "Valid until", text: sheet.dates.show(day), style: BODY });
    }
    letterhead::parties(canvas, ("From", sheet.seller), ("Prepared for", sheet.buyer), facts);
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
        letterhead::section(canvas, "Answer", &text);
    }
    if proposal.status == ProposalStatus::Draft {
        canvas.stamp("DRAFT");
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
    let (name, day) = sheet.answered?;
    let day = sheet.dates.show(day);
    match sheet.proposal.status {
        ProposalStatus::Accepted => Some(format!("Accepted by {name} on {day}")),
        ProposalStatus::Rejected => Some(format!("Declined by {name} on {day}")),
        ProposalStatus::Draft | ProposalStatus::Sent => None,
    }
}
