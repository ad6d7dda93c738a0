//! Projects: the work for a client.

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

use super::{
    client::Client,
    date,
    error::Result,
    form::{Form, Object, Read},
    id::{AccountId, ClientId, ProjectId, ProposalId},
    milestone::Milestone,
    money::{self, Currency, Money},
    page::Page,
    patch::Patch,
    text,
    word::words,
};

words! {
    /// Where a project stands.
    ProjectStatus {
        Planning "planning",
        Active "active",
        OnHold "on_hold",
        Completed "completed",
        Cancelled "cancelled",
    }
}

/// A project of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub account: AccountId,
    pub client_id: ClientId,
    pub client: Option<Client>,
    pub name: String,
    pub description: String,
    pub status: ProjectStatus,
    pub budget: Money,
    pub deadline: Option<Date>,
    pub milestones: Vec<Milestone>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A new project: `clientId` and `name` at least.
#[derive(Debug, Clone)]
pub struct NewProject {
    pub client_id: ClientId,
    pub name: String,
    pub description: String,
    pub budget: Decimal,
    /// The account's where none is given.
    pub currency: Option<Currency>,
    pub status: ProjectStatus,
    pub deadline: Option<Date>,
    /// What it is made of: each proposal becomes one project.
    pub proposal_id: Option<ProposalId>,
}

impl NewProject {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| Self::read_fields(form, |_| Ok(None)))
    }

    /// What a page sends: `proposalId` too.
    pub fn read_web(object: &Object) -> Result<Self> {
        let proposal = |form: &mut Form| form.optional("proposalId", ProposalId::read);
        Form::read(object, |form| Self::read_fields(form, proposal))
    }

    fn read_fields(
        form: &mut Form,
        proposal: impl FnOnce(&mut Form) -> Read<Option<ProposalId>>,
    ) -> Read<Self> {
        let client_id = form.required("clientId", ClientId::read);
        let name = form.required("name", text::line(text::NAME_MAX));
        let description = form.optional("description", text::free(text::FREE_MAX));
        let budget = form.optional("budget", money::amount);
        let currency = form.optional("currency", Currency::read);
        let status = form.optional("status", ProjectStatus::read);
        let deadline = form.optional("deadline", date::read);
        let proposal_id = proposal(form);
        Ok(Self {
            client_id: client_id?,
            name: name?,
            description: description?.unwrap_or_default(),
            budget: budget?.unwrap_or_default(),
            currency: currency?,
            status: status?.unwrap_or(ProjectStatus::Planning),
            deadline: deadline?,
            proposal_id: proposal_id?,
        })
    }
}

/// A project by name, as one is chosen from a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectName {
    pub id: ProjectId,
    pub name: String,
    /// The name of its client.
    pub client: String,
}

/// A change of a project.
#[derive(Debug, Clone)]
pub struct ProjectChange {
    pub client_id: Option<ClientId>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub budget: Option<Decimal>,
    pub currency: Option<Currency>,
    pub status: Option<ProjectStatus>,
    pub deadline: Patch<Date>,
}

impl ProjectChange {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let client_id = form.change("clientId", ClientId::read);
            let name = form.change("name", text::line(text::NAME_MAX));
            let description =
                form.change_or("description", Some(String::new()), text::free(text::FREE_MAX));
            let budget = form.change_or("budget", Some(Decimal::ZERO), money::amount);
            let currency = form.change_or("currency", None, Currency::read);
            let status = form.change_or("status", None, ProjectStatus::read);
            let deadline = form.patch("deadline", date::read);
            Ok(Self {
                client_id: client_id?,
                name: name?,
                description: description?,
                budget: budget?,
                currency: currency?,
                status: status?,
                deadline: deadline?,
            })
        })
    }
}

/// Which projects a list shows.
#[derive(Debug, Clone)]
pub struct ProjectFilter {
    pub status: Option<ProjectStatus>,
    pub client_id: Option<ClientId>,
    /// Looked for in the name and in the client, without regard to case. Only pages search.
    pub search: Option<String>,
    pub page: Page,
}

impl ProjectFilter {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| Self::read_fields(form, |_| Ok(None)))
    }

    /// What a page asks for: `search` too.
    pub fn read_web(object: &Object) -> Result<Self> {
        Form::read(object, |form| Self::read_fields(form, text::search))
    }

    fn read_fields(
        form: &mut Form,
        search: impl FnOnce(&mut Form) -> Read<Option<String>>,
    ) -> Read<Self> {
        let status = form.optional("status", ProjectStatus::read);
        let client_id = form.optional("clientId", ClientId::read);
        let search = search(form);
        let page = Page::read(form);
        Ok(Self { status: status?, client_id: client_id?, search: search?, page: page? })
    }
}
