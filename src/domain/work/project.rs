//! Projects: work for a client.

use jiff::{Timestamp, civil::Date};

use crate::domain::{
    client::Client,
    date::Day,
    id::{AccountId, ClientId, ProjectId, ProposalId},
    input::{Inherited, Initial, OfPages, Optional, OrDefault, Required, input},
    milestone::Milestone,
    money::{Amount, Currency, Money},
    page::Page,
    text::{FreeText, Name, Search},
    word::words,
};

words! {
    /// The status of a project.
    #[derive(Default)]
    ProjectStatus {
        #[default]
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
    /// The id and title of the proposal that it was created from.
    pub proposal: Option<(ProposalId, String)>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

input! {
    /// A new project.
    #[derive(Debug, Clone)]
    pub new NewProject;

    /// A change of a project.
    #[derive(Debug, Clone, Default)]
    pub change ProjectChange;

    client_id "clientId": Required<ClientId>,
    name "name": Required<Name>,
    description "description": OrDefault<FreeText>,
    budget "budget": OrDefault<Amount> => "0 by default.",
    currency "currency": Inherited<Currency> => "The user's currency by default.",
    status "status": Initial<ProjectStatus> => "`planning` by default.",
    deadline "deadline": Optional<Day>,
}

/// A project's name, for a select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectName {
    pub id: ProjectId,
    pub name: String,
    /// The name of its client.
    pub client: String,
}

input! {
    /// The filter of a list of projects.
    #[derive(Debug, Clone, Default)]
    pub new ProjectFilter;

    status "status": Optional<ProjectStatus> = "Only projects with this status.",
    client_id "clientId": Optional<ClientId> = "Only projects for this client.",
    /// Text to find in the name and the client, case-insensitive.
    search "search": OfPages<OrDefault<Search>>,
    page "page": Page = "Projects per page; 10 by default.",
}
