//! `/p/<token>`: the client's view of a proposal, and the answer.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    domain::{
        error::{Kind, Result},
        input::Input,
        invoice::{Invoice, Party},
        money::Money,
        proposal::{Answer, ProposalStatus, PublicProposal, Signature},
    },
    locale::{Text, t},
    web::{
        days::Days,
        fields::Fields,
        form::Form,
        invoice_sheet::SheetLines,
        mailto::mailto,
        page::{answer, pdf, redirect},
        prose::{self, Section},
        visit::Guest,
    },
};

#[derive(Template)]
#[template(path = "pages/proposal/public.html")]
struct Page<'a> {
    public: &'a PublicProposal,
    /// Its text.
    parts: Vec<Section>,
    /// Its items, if it has any.
    offer: Option<Invoice>,
    days: Days,
    is_open: bool,
    /// Whether both sides get a copy by mail.
    is_copied: bool,
    token: &'a str,
    form: Form,
}

impl Page<'_> {
    fn deposit(&self) -> Option<Money> {
        self.public.proposal.deposit_amount().ok().flatten()
    }

    fn lines(&self) -> Option<SheetLines<'_>> {
        self.offer.as_ref().map(|invoice| SheetLines { invoice })
    }

    fn is_accepted(&self) -> bool {
        self.public.proposal.status == ProposalStatus::Accepted
    }

    fn has_price(&self) -> bool {
        self.public.proposal.amount.minor > 0
    }

    /// Returns the recipient and the sender, each with its label.
    fn parties(&self) -> [(Text, &Party); 2] {
        let PublicProposal { seller, buyer, .. } = self.public;
        [(t("proposal-public-for"), buyer), (t("from"), &seller.party)]
    }

    /// Returns the number of the section at `index`. Only sections with a heading count. The price
    /// and the answer follow the text.
    fn number(&self, index: usize) -> usize {
        let (text, after) = self.parts.split_at(index.min(self.parts.len()));
        let headed = text.iter().filter(|part| !part.heading.is_empty()).count();
        let is_answer = after.is_empty() && index > self.parts.len();
        headed + 1 + usize::from(is_answer && self.has_price())
    }

    /// Returns the link that starts an email with a question.
    fn mail(&self) -> String {
        let PublicProposal { proposal, seller, .. } = self.public;
        let subject = t("proposal-mail-subject").with("title", &proposal.title).to_string();
        mailto(&seller.party.email, &subject, "")
    }

    /// Returns the answer, if any, with its name and date.
    fn answered(&self) -> Option<Text> {
        let PublicProposal { proposal, answered_at, answered_by, .. } = self.public;
        let on = answered_at.map(|at| self.days.on(&at));
        Some(match (proposal.status, on, answered_by) {
            (ProposalStatus::Draft | ProposalStatus::Sent, ..) => return None,
            (ProposalStatus::Accepted, Some(on), Some(name)) => {
                t("pdf-accepted-by").with("name", name).with("date", on)
            }
            (ProposalStatus::Rejected, Some(on), Some(name)) => {
                t("pdf-declined-by").with("name", name).with("date", on)
            }
            (ProposalStatus::Accepted, Some(on), None) => {
                t("proposal-public-accepted-on").with("date", on)
            }
            (ProposalStatus::Rejected, Some(on), None) => {
                t("proposal-public-declined-on").with("date", on)
            }
            (ProposalStatus::Accepted, None, _) => t("accepted"),
            (ProposalStatus::Rejected, None, _) => t("declined"),
        })
    }
}

/// Shows a proposal.
pub async fn show(guest: Guest) -> Result<Response> {
    let public = guest.app.public_proposal(guest.param("token")).await?;
    page(&guest, StatusCode::OK, &public, Form::default())
}

/// Shows the proposal as a PDF.
pub async fn print(guest: Guest) -> Result<Response> {
    let file = guest.app.public_proposal_pdf(guest.param("token")).await?;
    Ok(pdf(&file.name, file.bytes))
}

/// Records the client's answer, and shows the proposal with it.
pub async fn reply(guest: Guest, given: Fields) -> Result<Response> {
    let (app, token) = (&guest.app, guest.param("token"));
    let public = app.public_proposal(token).await?;
    let answer_given = match given.get("answer") {
        "accept" => Answer::Accept,
        "decline" => Answer::Decline,
        _ => {
            let form = Form::new(given).alerted(t("proposal-public-choose"));
            return page(&guest, StatusCode::BAD_REQUEST, &public, form);
        }
    };
    let signature = match Signature::read(&given) {
        Ok(signature) => signature,
        Err(error) => {
            let form = Form::refused(given, error)?;
            return page(&guest, StatusCode::BAD_REQUEST, &public, form);
        }
    };
    match app.answer_proposal(token, answer_given, signature, guest.address()).await {
        // A redirect, so that reloading does not send the answer again.
        Ok(()) => Ok(redirect(&format!("/p/{token}"))),
        Err(error) if *error.kind() == Kind::Conflict => {
            let public = app.public_proposal(token).await?;
            page(&guest, StatusCode::CONFLICT, &public, Form::refused(given, error)?)
        }
        Err(error) => Err(error),
    }
}

fn page(
    guest: &Guest,
    status: StatusCode,
    public: &PublicProposal,
    form: Form,
) -> Result<Response> {
    let days = Days::of_account(&guest.app, &public.freelancer)?;
    let token = guest.param("token");
    let is_open = public.check_open(days.today()).is_ok();
    let is_copied = guest.app.has_mail_server() && !guest.app.is_limited(&public.freelancer);
    let parts = prose::sections(&public.proposal.content);
    let offer = public.proposal.offer();
    let form = form.of::<Signature>();
    Ok(answer(status, &Page { public, parts, offer, days, is_open, is_copied, token, form }))
}
