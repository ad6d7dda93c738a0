//! Emails about a client's answer to a proposal, for both sides.

use super::{Brand, greeting, mail, sender_name, shown_name, signature};
use crate::{
    domain::{
        error::{Error, Result},
        image::Image,
        invoice::{Party, Seller},
        mail::{Mail, MailKind},
        mail_settings::MailSettings,
        pdf_file::PdfFile,
        proposal::{Proposal, ProposalStatus},
        text::turns,
    },
    locale::t,
};

/// The answer, for the freelancer.
pub fn proposal_answered(
    to: &str,
    first_name: &str,
    client_name: &str,
    proposal: &Proposal,
    day: &str,
    link: &str,
) -> Result<Mail> {
    let greeting = &greeting(first_name);
    let (client_name, title) =
        (&client_name.replace(turns, ""), &proposal.title.replace(turns, ""));
    let accepted = proposal.status == ProposalStatus::Accepted;
    let button = &t("mail-proposal-view").to_string();
    let rows = &if accepted { vec![attached(title)] } else { Vec::new() };
    let parts = render!("mail/proposal_answered.txt", "mail/proposal_answered.html", {
        greeting: &'a str, client_name: &'a str, title: &'a str, day: &'a str, link: &'a str,
        accepted: bool,
    }, { button: &'a str, rows: &'a [(String, String)] });
    let subject = match accepted {
        true => t("mail-subject-accepted"),
        false => t("mail-subject-declined"),
    };
    let subject = subject.with("name", client_name).with("title", title).to_string();
    mail(MailKind::ProposalAnswered, to, &subject, &Brand::own(), parts)
}

/// The content of a proposal email.
pub struct ProposalOffer<'a> {
    /// A proposal, or a reminder of one.
    pub kind: MailKind,
    pub proposal: &'a Proposal,
    pub seller: &'a Seller,
    /// The name of the client.
    pub name: &'a str,
    pub to: &'a str,
    /// Who gets a copy of the email.
    pub cc: Vec<String>,
    pub logo: Option<&'a Image>,
    /// How the freelancer writes.
    pub own: &'a MailSettings,
    /// The last day of the proposal.
    pub until: Option<&'a str>,
    /// Where the client can read and answer it.
    pub link: &'a str,
}

/// A proposal, for its client; replies go to the freelancer.
pub fn proposal_offer(about: &ProposalOffer) -> Result<Mail> {
    let ProposalOffer { proposal, seller, until, link, .. } = *about;
    let greeting = &greeting(about.name);
    let (name, title) =
        (&seller.party.heading().replace(turns, ""), &proposal.title.replace(turns, ""));
    let price = (proposal.amount.minor > 0).then(|| proposal.amount.shown());
    let price = price.map(|price| (t("amount").to_string(), price));
    let button = &t("mail-proposal-view").to_string();
    // A reminder goes out before the last day.
    let last = until.filter(|_| about.kind == MailKind::ProposalReminder);
    let subject = match last {
        Some(day) => t("mail-subject-proposal-reminder").with("title", title).with("date", day),
        None => t("proposal-mail-subject").with("title", title),
    }
    .to_string();
    let until = until.map(|day| (t("valid-until").to_string(), day.to_owned()));
    let rows = &price.into_iter().chain(until).chain([attached(title)]).collect::<Vec<_>>();
    let signature = &signature(about.own);
    let parts = render!("mail/proposal_offer.txt", "mail/proposal_offer.html", {
        signature: &'a str,
        greeting: &'a str, name: &'a str, title: &'a str, rows: &'a [(String, String)],
        link: &'a str, last: Option<&'a str>,
    }, { button: &'a str });
    let brand = Brand::of(seller, about.logo);
    let mail = mail(about.kind, about.to, &subject, &brand, parts)?;
    let reply_to = Some(seller.party.email.clone());
    Ok(Mail { cc: about.cc.clone(), from_name: sender_name(about.own, name), reply_to, ..mail })
}

/// The content of the copy of an accepted proposal.
pub struct ProposalCopy<'a> {
    pub proposal: &'a Proposal,
    pub seller: &'a Seller,
    pub buyer: &'a Party,
    /// Who gets a copy of the email.
    pub cc: Vec<String>,
    pub logo: Option<&'a Image>,
    /// How the freelancer writes.
    pub own: &'a MailSettings,
    /// The typed name of whoever accepted it.
    pub signer: &'a str,
    pub day: &'a str,
    /// Where the client can read it.
    pub link: &'a str,
    /// The deposit invoice that was sent with the answer.
    pub deposit: Option<DepositLink>,
}

/// A deposit invoice in the copy of a proposal.
pub struct DepositLink {
    pub number: String,
    pub sum: String,
    /// Where the client can read it.
    pub link: String,
}

/// A copy of an accepted proposal, for its client; replies go to the freelancer.
pub fn proposal_copy(about: &ProposalCopy) -> Result<Mail> {
    let ProposalCopy { proposal, seller, buyer, day, link, .. } = *about;
    let deposit = about.deposit.as_ref();
    let greeting = &greeting(&buyer.name);
    let (name, title) =
        (&seller.party.heading().replace(turns, ""), &proposal.title.replace(turns, ""));
    let price = (proposal.amount.minor > 0).then(|| proposal.amount.shown());
    // Anyone with the link can type a name.
    let signer = shown_name(about.signer);
    let accepted = &match &signer {
        Some(signer) => t("pdf-accepted-by").with("name", signer).with("date", day),
        None => t("proposal-public-accepted-on").with("date", day),
    }
    .to_string();
    let row = |price: &String| (t("amount").to_string(), price.clone());
    let rows = &price.iter().map(row).chain([attached(title)]).collect::<Vec<_>>();
    let (price, button) = (price.as_deref(), &t("mail-proposal-view").to_string());
    let signature = &signature(about.own);
    let parts = render!("mail/proposal_copy.txt", "mail/proposal_copy.html", {
        signature: &'a str,
        greeting: &'a str, name: &'a str, title: &'a str, accepted: &'a str,
        price: Option<&'a str>, link: &'a str, deposit: Option<&'a DepositLink>,
    }, { button: &'a str, rows: &'a [(String, String)] });
    let subject = t("mail-subject-copy").with("title", title).to_string();
    let brand = Brand::of(seller, about.logo);
    let mail = mail(MailKind::ProposalCopy, &buyer.email, &subject, &brand, parts)?;
    let reply_to = Some(seller.party.email.clone());
    let cc = about.cc.clone();
    Ok(Mail { cc, from_name: sender_name(about.own, name), reply_to, ..mail })
}

/// Returns the label and the name of the attached PDF.
fn attached(title: &str) -> (String, String) {
    (t("mail-invoice-file").into(), PdfFile::name_of_proposal(title))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{super::tests::assert_says, *};
    use crate::domain::{
        id::Id,
        invoice::Terms,
        money::{Currency, Money},
    };

    fn proposal(title: &str, status: ProposalStatus) -> Proposal {
        Proposal {
            id: Id::NIL,
            account: Id::NIL,
            client_id: Id::NIL,
            client: None,
            title: title.to_owned(),
            content: String::new(),
            status,
            amount: Money::new(450_000, Currency::USD),
            items: Vec::new(),
            terms: Terms::default(),
            deposit: None,
            valid_until: None,
            link: None,
            project: None,
            invoice: None,
            deposit_invoice: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_subject_stays_one_line() {
        let answered = |title: &str, status| {
            let link = "http://localhost:5000/proposals/1";
            let proposal = proposal(title, status);
            let (to, day) = ("a@example.com", "20 Mar 2026");
            proposal_answered(to, "Ada", "Acme", &proposal, day, link).unwrap()
        };
        let mail = answered("Web\r\nBcc: everybody@example.com", ProposalStatus::Accepted);
        assert_eq!(mail.subject, "Acme accepted: Web  Bcc: everybody@example.com");
        assert_says(&mail, &["20 Mar 2026", "http://localhost:5000/proposals/1"]);
        let mail = answered("Web", ProposalStatus::Rejected);
        assert_eq!(mail.subject, "Acme declined: Web");
        assert!(mail.text.contains("Acme declined your proposal on 20 Mar 2026:\n\n    Web\n"));
        assert!(!mail.html.contains(".pdf"));
    }

    #[test]
    fn a_client_gets_a_copy_that_names_who_accepted_unless_the_name_could_be_a_link() {
        let seller: Seller = serde_json::from_str(
            r#"{"name":"Studio Okafor","company":"Amara Okafor","email":"amara@example.com"}"#,
        )
        .unwrap();
        let buyer: Party =
            serde_json::from_str(r#"{"name":"Max Brandt","email":"max@example.com"}"#).unwrap();
        let proposal = proposal("A new website", ProposalStatus::Accepted);
        let copy = |signer: &str, deposit: Option<DepositLink>| {
            let (day, link) = ("20 Mar 2026", "http://localhost:5000/p/token");
            let (proposal, seller, buyer, logo) = (&proposal, &seller, &buyer, None);
            let cc = vec!["finance@example.com".to_owned()];
            let own = &MailSettings {
                signature: Some("Amara\n<b>Design</b>".to_owned()),
                ..MailSettings::default()
            };
            let about =
                ProposalCopy { proposal, seller, buyer, cc, logo, own, signer, day, link, deposit };
            proposal_copy(&about).unwrap()
        };
        let deposit = DepositLink {
            number: "INV-2026-001".to_owned(),
            sum: "USD 900.00".to_owned(),
            link: "http://localhost:5000/i/token".to_owned(),
        };
        let mail = copy("Maximilian Brandt", Some(deposit));
        assert_says(&mail, &["INV-2026-001", "USD 900.00", "http://localhost:5000/i/token"]);
        assert_says(&mail, &["Hello Max Brandt,", "Accepted by Maximilian Brandt on 20 Mar 2026"]);
        assert_says(&mail, &["USD\u{a0}4,500.00", "http://localhost:5000/p/token"]);
        assert_eq!(mail.subject, "Your copy of the accepted proposal: A new website");
        assert_eq!(
            (mail.to.as_str(), mail.from_name.as_deref()),
            ("max@example.com", Some("Studio Okafor"))
        );
        assert_eq!(mail.reply_to.as_deref(), Some("amara@example.com"));
        assert_eq!(mail.cc, ["finance@example.com"]);
        assert!(mail.html.contains("proposal-a-new-website.pdf"), "{}", mail.html);
        assert!(mail.text.contains("\n\nAmara\n<b>Design</b>\n\n"), "{}", mail.text);
        assert!(!mail.html.contains("<b>Design"), "{}", mail.html);
        let mail = copy("evil.example", None);
        assert!(!mail.text.contains("deposit"), "{}", mail.text);
        assert!(!mail.html.contains("evil") && !mail.text.contains("evil"), "{}", mail.text);
        assert_says(&mail, &["Accepted on 20 Mar 2026"]);
    }
}
