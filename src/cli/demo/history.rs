//! Carries out the steps of a plan.

use std::{collections::HashMap, fmt, hash::Hash};

use jiff::tz::TimeZone;

use super::{
    plan::{Draft, Step},
    texts::{CLIENTS, OFFER, WORK},
};
use crate::{
    app::{
        App,
        client::create_client,
        credit_note::{credit_invoice, void_invoice},
        invoice::{create_invoice, delete_invoice, find_invoice},
        invoice_send::send_invoice,
        milestone::{create_milestone, delete_milestone, update_milestone},
        payment::{mark_invoice_paid, record_payment, reverse_payment},
        project::{create_project, update_project},
        proposal::{create_proposal, update_proposal},
        unit_of_work::{Who, Work},
    },
    domain::{
        client::ClientDetails,
        credit_note::{NewCreditNote, NewVoid},
        date,
        error::{Error, Result},
        exchange_rate::ExchangeRate,
        id::{ClientId, InvoiceId, MilestoneId, ProjectId, ProposalId},
        idempotency::Once,
        invoice::{Delivery, NewInvoice},
        milestone::{MilestoneChange, MilestoneStatus, NewMilestone},
        money::{Currency, Money},
        payment::{Method, NewPayment, Payment, Settlement},
        project::{NewProject, ProjectChange, ProjectStatus},
        proposal::{Answer, NewProposal, ProposalChange, ProposalDelivery},
    },
};

/// What has happened so far.
pub struct History<'a> {
    app: &'a App,
    who: Who,
    email: &'a str,
    clients: HashMap<usize, ClientId>,
    projects: HashMap<usize, ProjectId>,
    milestones: HashMap<usize, MilestoneId>,
    proposals: HashMap<usize, ProposalId>,
    invoices: HashMap<usize, InvoiceId>,
}

impl fmt::Display for History<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} clients, {} projects, {} milestones, {} proposals and {} invoices",
            self.clients.len(),
            self.projects.len(),
            self.milestones.len(),
            self.proposals.len(),
            self.invoices.len()
        )
    }
}

impl<'a> History<'a> {
    pub fn new(app: &'a App, who: Who, email: &'a str) -> Self {
        Self {
            app,
            who,
            email,
            clients: HashMap::new(),
            projects: HashMap::new(),
            milestones: HashMap::new(),
            proposals: HashMap::new(),
            invoices: HashMap::new(),
        }
    }

    /// Returns the clients so far, each with its billing currency.
    pub fn clients(&self) -> Vec<(ClientId, Currency)> {
        let mut numbers: Vec<_> = self.clients.iter().collect();
        numbers.sort();
        let known = |(number, id): (&usize, &ClientId)| {
            Some((*id, Currency::from_code(CLIENTS[*number].currency)?))
        };
        numbers.into_iter().filter_map(known).collect()
    }

    /// Carries out one step now.
    pub async fn take(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Rates(rates) => self.rates(rates).await,
            Step::Client(number) => {
                let about = &CLIENTS[number];
                let details = ClientDetails {
                    name: about.name.to_owned(),
                    email: about.email.to_owned(),
                    company: about.company.map(str::to_owned),
                    phone: Some(about.phone.to_owned()),
                    country: Some(about.country.to_owned()),
                    address: about.address(),
                    currency: Some(currency(about.currency)?),
                    payment_terms_days: about.terms(),
                    ..ClientDetails::default()
                };
                let client = self.run(move |work| create_client(work, &details)).await?;
                self.clients.insert(number, client.id);
                Ok(())
            }
            Step::Project { key, client, work, budget, deadline } => {
                let new = NewProject {
                    client_id: known(&self.clients, &client)?,
                    name: WORK[work].name.to_owned(),
                    description: WORK[work].about.to_owned(),
                    budget,
                    currency: Some(currency(CLIENTS[client].currency)?),
                    status: ProjectStatus::Planning,
                    deadline: Some(deadline),
                };
                let project = self.run(move |work| create_project(work, &new)).await?;
                self.projects.insert(key, project.id);
                Ok(())
            }
            Step::ProjectStatus(key, status) => {
                let change = ProjectChange { status: Some(status), ..ProjectChange::default() };
                let id = known(&self.projects, &key)?;
                self.run(move |work| update_project(work, id, &change, None).map(drop)).await
            }
            Step::Milestone { key, project, name, amount, due } => {
                let new = NewMilestone {
                    project_id: known(&self.projects, &project)?,
                    name: name.to_owned(),
                    description: None,
                    amount,
                    status: MilestoneStatus::Pending,
                    due_date: Some(due),
                };
                let milestone = self.run(move |work| create_milestone(work, &new)).await?;
                self.milestones.insert(key, milestone.id);
                Ok(())
            }
            Step::MilestoneStatus(key, status) => {
                let change = MilestoneChange { status: Some(status), ..MilestoneChange::default() };
                let id = known(&self.milestones, &key)?;
                self.run(move |work| update_milestone(work, id, &change, None).map(drop)).await
            }
            Step::MilestoneDropped(key) => {
                let id = known(&self.milestones, &key)?;
                self.run(move |work| delete_milestone(work, id)).await
            }
            Step::Proposal { key, client, work, amount, valid_until } => {
                let id = known(&self.clients, &client)?;
                let new = NewProposal {
                    content: format!("{}\n\n{OFFER}", WORK[work].about),
                    amount,
                    currency: Some(currency(CLIENTS[client].currency)?),
                    valid_until: Some(valid_until),
                    ..NewProposal::new(id, WORK[work].name.to_owned())
                };
                let proposal = self.run(move |work| create_proposal(work, &new)).await?;
                self.proposals.insert(key, proposal.id);
                Ok(())
            }
            Step::SendProposal(key) => {
                let id = known(&self.proposals, &key)?;
                // This request is never repeated.
                let once = Once { key: None, render: |_| Vec::new() };
                self.app
                    .send_proposal(self.who, once, id, ProposalDelivery::default())
                    .await
                    .map(drop)
            }
            Step::AnswerProposal(key, accepted) => {
                let answer = if accepted { Answer::Accept } else { Answer::Decline };
                let status = Some(answer.status());
                let change = ProposalChange { status, ..ProposalChange::default() };
                let id = known(&self.proposals, &key)?;
                self.run(move |work| update_proposal(work, id, &change, None).map(drop)).await
            }
            Step::Invoice(key, draft) => self.invoice(key, draft).await,
            Step::CancelInvoice(key) => {
                let id = known(&self.invoices, &key)?;
                self.run(move |work| delete_invoice(work, id)).await
            }
            Step::SendInvoice(key) => {
                let id = known(&self.invoices, &key)?;
                self.run(move |work| send_invoice(work, id, &Delivery::default()).map(drop)).await
            }
            Step::PayInvoice(key) => self.pay(key).await,
            Step::PayPart(key) => {
                let id = known(&self.invoices, &key)?;
                self.run(move |work| pay_share(work, id, 3, Method::MobileMoney).map(drop)).await
            }
            Step::CreditInvoice(key) => {
                let id = known(&self.invoices, &key)?;
                let credit = move |work: &mut Work| {
                    let whole = find_invoice(work, id)?.amount();
                    let part = Money::new(whole.minor / 10, whole.currency).decimal();
                    let reason = "Delivered late, as agreed".to_owned();
                    let new = NewCreditNote { items: None, amount: Some(part), reason };
                    credit_invoice(work, id, &new).map(drop)
                };
                self.run(credit).await
            }
            Step::VoidInvoice(key) => {
                let id = known(&self.invoices, &key)?;
                let new = NewVoid { reason: "Sent to the wrong client".to_owned() };
                self.run(move |work| void_invoice(work, id, &new).map(drop)).await
            }
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        use_case: impl Fn(&mut Work) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.app.run(self.who, use_case).await
    }

    /// Pays an invoice: most at once, some in two parts or with tax withheld, and a few after a
    /// payment that was recorded by mistake.
    async fn pay(&self, key: usize) -> Result<()> {
        let id = known(&self.invoices, &key)?;
        let methods = [Method::BankTransfer, Method::Card, Method::MobileMoney, Method::Paypal];
        let method = methods[key % methods.len()];
        self.run(move |work| {
            match key % 10 {
                3 => drop(pay_share(work, id, 2, method)?),
                5 if key % 50 == 5 => {
                    let mistake = pay_share(work, id, 1, Method::Cash)?;
                    reverse_payment(work, mistake.id)?;
                }
                _ => {}
            }
            let due = find_invoice(work, id)?.amount_due();
            let withheld = Money::new(if key % 10 == 6 { due.minor / 20 } else { 0 }, due.currency);
            let settlement = Settlement {
                withheld: Some(withheld.decimal()),
                method: Some(method),
                reference: (method == Method::BankTransfer).then(|| format!("TRX-{}", 4100 + key)),
                paid_at: None,
            };
            mark_invoice_paid(work, id, &settlement).map(drop)
        })
        .await
    }

    async fn rates(&self, rates: Vec<(&'static str, rust_decimal::Decimal)>) -> Result<()> {
        let day = date::day_in(self.app.now(), &TimeZone::UTC);
        let rates = rates.into_iter().map(|(from, rate)| {
            Ok(ExchangeRate { from: currency(from)?, into: Currency::USD, day, rate })
        });
        self.app.import_rates(self.email.to_owned(), rates.collect::<Result<_>>()?).await
    }

    async fn invoice(&mut self, key: usize, draft: Draft) -> Result<()> {
        let client_id = known(&self.clients, &draft.client)?;
        let new = NewInvoice {
            project_id: draft.project.map(|key| known(&self.projects, &key)).transpose()?,
            withholding: draft.withholding,
            currency: Some(currency(CLIENTS[draft.client].currency)?),
            notes: draft.notes.map(str::to_owned),
            ..NewInvoice::new(client_id, draft.due, draft.lines)
        };
        let shown = self.run(move |work| create_invoice(work, &new)).await?;
        self.invoices.insert(key, shown.invoice.id);
        Ok(())
    }
}

/// Pays an equal share of what is due on an invoice.
fn pay_share(work: &mut Work, id: InvoiceId, shares: i64, method: Method) -> Result<Payment> {
    let due = find_invoice(work, id)?.amount_due();
    let new = NewPayment {
        amount: Money::new(due.minor / shares, due.currency).decimal(),
        withheld: None,
        paid_at: None,
        method: Some(method),
        reference: None,
        note: None,
        allow_overpayment: false,
    };
    record_payment(work, id, &new)
}

fn known<K: Eq + Hash, V: Copy>(things: &HashMap<K, V>, key: &K) -> Result<V> {
    things.get(key).copied().ok_or_else(|| Error::internal("the story names what is not there yet"))
}

fn currency(code: &str) -> Result<Currency> {
    Currency::from_code(code).ok_or_else(|| Error::internal("the story names no currency"))
}
