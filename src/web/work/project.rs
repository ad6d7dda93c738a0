//! `/projects`: the client projects, as a list and individually.

use std::cmp::Ordering;

use askama::{Template, filters::HtmlSafe};
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        client::list_client_names,
        invoice::list_invoices,
        project::{
            count_projects, create_project, delete_project, find_project, list_projects,
            update_project,
        },
    },
    domain::{
        client::ClientName,
        date,
        error::Result,
        input::Input,
        invoice::{InvoiceFilter, ShownInvoice},
        milestone::{Milestone, MilestoneStatus, NewMilestone},
        money::Money,
        page::{Listing, Page},
        project::{NewProject, Project, ProjectChange, ProjectFilter, ProjectStatus},
    },
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        dashboard::late,
        days::Days,
        editing::Editing,
        fields::Fields,
        form::{Control, Form},
        page::answer,
        pager::{self, Pager},
        project_board, prose,
        shell::{Section, Shell},
        tabs::Tabs,
        visit::Visit,
    },
};

/// The number of invoices on a project's page.
const INVOICES_SHOWN: u32 = 5;

#[derive(Template)]
#[template(path = "pages/project/list.html")]
struct List {
    shell: Shell,
    form: Form,
    days: Days,
    projects: Listing<Project>,
    clients: Choices,
    tabs: Tabs,
    pager: Pager,
}

impl List {
    fn of_view(&self, view: &str) -> String {
        project_board::of_view(&self.form.fields, view)
    }
}

#[derive(Template)]
#[template(path = "pages/project/show.html")]
struct Show {
    shell: Shell,
    /// The form of a new milestone.
    form: Form,
    days: Days,
    progress: Progress,
    project: Project,
    invoices: Listing<ShownInvoice>,
}

impl Show {
    /// The description, which came from a proposal.
    fn parts(&self) -> Vec<prose::Section> {
        prose::sections(&self.project.description)
    }
}

#[derive(Template)]
#[template(path = "pages/project/edit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    clients: Choices,
    currencies: Choices,
    /// None for a new one.
    project: Option<Project>,
}

impl Edit {
    fn client(&self) -> Control {
        let chosen = self.project.as_ref().and_then(|project| project.client.as_ref());
        choice::client(&self.form, &self.clients, chosen)
    }
}

/// The maximum number of milestones drawn as steps.
const STEPS_MAX: usize = 24;

/// The progress of a project's milestones, shown as one step each.
#[derive(Template)]
#[template(path = "pages/parts/steps.html")]
pub struct Progress {
    pub done: usize,
    pub all: usize,
    pub done_amount: Money,
    pub amount: Money,
}

impl HtmlSafe for Progress {}

impl Progress {
    fn is_drawn(&self) -> bool {
        self.all <= STEPS_MAX
    }

    /// Returns the state of each step: done, next, or later.
    fn marks(&self) -> impl Iterator<Item = &'static str> {
        (0..self.all).map(|step| match step.cmp(&self.done) {
            Ordering::Less => " data-done",
            Ordering::Equal => " data-now",
            Ordering::Greater => "",
        })
    }

    pub fn of(project: &Project) -> Self {
        let done = |milestone: &&Milestone| milestone.status != MilestoneStatus::Pending;
        let sum = |milestones: &mut dyn Iterator<Item = &Milestone>| {
            let minor = milestones.map(|milestone| milestone.amount.minor).sum();
            Money::new(minor, project.budget.currency)
        };
        let milestones = &project.milestones;
        Self {
            done: milestones.iter().filter(done).count(),
            all: milestones.len(),
            done_amount: sum(&mut milestones.iter().filter(done)),
            amount: sum(&mut milestones.iter()),
        }
    }
}

/// Returns the label of a project's status.
pub fn label(status: &ProjectStatus) -> Text {
    match status {
        ProjectStatus::Planning => t("planning"),
        ProjectStatus::Active => t("active"),
        ProjectStatus::OnHold => t("on-hold"),
        ProjectStatus::Completed => t("completed"),
        ProjectStatus::Cancelled => t("cancelled"),
    }
}

/// Returns the shape next to a project's status.
pub fn look(status: &ProjectStatus) -> &'static str {
    match status {
        ProjectStatus::Planning => "draft",
        ProjectStatus::Active => "viewed",
        ProjectStatus::OnHold => "part",
        ProjectStatus::Completed => "paid",
        ProjectStatus::Cancelled => "void",
    }
}

/// Returns every status of a project, for a select.
pub fn statuses() -> Choices {
    choice::words(ProjectStatus::WORDS, ProjectStatus::from_word, label)
}

/// Returns whether a project is unfinished past its deadline.
pub fn is_late(project: &Project, days: &Days) -> bool {
    let is_open = !matches!(project.status, ProjectStatus::Completed | ProjectStatus::Cancelled);
    is_open && project.deadline.is_some_and(|day| days.is_over(&day))
}

/// Returns how late an unfinished project is, as text.
pub fn late_by(project: &Project, days: &Days) -> Option<Text> {
    let day = project.deadline.filter(|_| is_late(project, days))?;
    Some(late(date::days_until(day, days.today())))
}

/// Returns a tab for all projects, and one for each status.
fn tabs(visit: &Visit, counts: &[(ProjectStatus, u64)]) -> Tabs {
    let all = counts.iter().map(|(_, projects)| projects).sum();
    let tabs = Tabs::default().with(&visit.request, "", t("all"), all);
    counts.iter().fold(tabs, |tabs, (status, projects)| {
        tabs.with(&visit.request, status.as_str(), label(status), *projects)
    })
}

/// Lists the projects, newest first.
pub async fn list(visit: Visit) -> Result<Response> {
    let query = visit.query();
    if query.get("view") == "board" {
        return project_board::show(visit, query).await;
    }
    let filter = ProjectFilter::read(&pager::sized(&query))?;
    let (projects, clients, counts) = visit
        .read(move |work| {
            let projects = list_projects(work, &filter)?;
            Ok((projects, list_client_names(work)?, count_projects(work)?))
        })
        .await?;
    let pager = Pager::new(&visit.request, &projects);
    let page = List {
        tabs: tabs(&visit, &counts),
        shell: visit.shell(Section::Projects),
        form: Form::new(query),
        days: Days::of(&visit)?,
        projects,
        clients: choice::clients(clients),
        pager,
    };
    Ok(answer(StatusCode::OK, &page))
}

/// Shows the form for a new project.
pub async fn new(visit: Visit) -> Result<Response> {
    let clients = visit.read(list_client_names).await?;
    Ok(edit_page(&visit, StatusCode::OK, visit.form(visit.query()), None, clients))
}

/// Adds a project.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let place = |project: &Project| format!("/projects/{}", project.id).into_bytes();
    match visit.run_once(&fields, NewProject::read(&fields), place, create_project).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("project-added"))),
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            let clients = visit.read(list_client_names).await?;
            Ok(edit_page(&visit, status, form, None, clients))
        }
    }
}

/// Shows a project with its milestones.
pub async fn show(visit: Visit) -> Result<Response> {
    let form = visit.form(Fields::default());
    show_with(visit, StatusCode::OK, form).await
}

/// Shows a project's page with a filled-in form of a new milestone.
pub(in crate::web) async fn show_with(
    visit: Visit,
    status: StatusCode,
    form: Form,
) -> Result<Response> {
    let (project, invoices) = visit
        .find(|work, id| {
            let (project_id, page) = (Some(id), Page::first(INVOICES_SHOWN));
            let newest = InvoiceFilter { project_id, page, ..InvoiceFilter::default() };
            Ok((find_project(work, id)?, list_invoices(work, &newest)?))
        })
        .await?;
    let page = Show {
        shell: visit.shell(Section::Projects),
        form: form.of::<NewMilestone>(),
        days: Days::of(&visit)?,
        progress: Progress::of(&project),
        project,
        invoices,
    };
    Ok(answer(status, &page))
}

/// Shows the edit form of a project.
pub async fn edit(visit: Visit) -> Result<Response> {
    let (project, clients) = read_form(&visit).await?;
    let form = visit.form(filled(&project).versioned());
    Ok(edit_page(&visit, StatusCode::OK, form, Some(project), clients))
}

/// Returns the form of a project with its current values.
fn filled(project: &Project) -> Fields {
    Fields::default()
        .with("clientId", project.client_id)
        .with("name", &project.name)
        .with("description", &project.description)
        .with("budget", project.budget.decimal())
        .with("currency", project.budget.currency)
        .with("status", project.status.as_str())
        .with_some("deadline", project.deadline)
}

/// Changes a project.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let change = ProjectChange::read(&fields);
    match visit.update(change, fields.expected(filled), update_project).await {
        Ok(project) => Ok(visit.done(&format!("/projects/{}", project.id), t("project-saved"))),
        Err(error) => {
            let (project, clients) = read_form(&visit).await?;
            let (status, form) = visit.refused_change(fields, error, filled(&project))?;
            Ok(edit_page(&visit, status, form, Some(project), clients))
        }
    }
}

/// Deletes a project with its milestones.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    match visit.act(delete_project).await {
        Ok(()) => Ok(visit.done("/projects", t("project-deleted"))),
        Err(error) => visit.redirect_with_error(&format!("/projects/{}", visit.param("id")), error),
    }
}

fn edit_page(
    visit: &Visit,
    status: StatusCode,
    form: Form,
    project: Option<Project>,
    clients: Vec<ClientName>,
) -> Response {
    let clients = choice::clients(clients);
    let currencies = choice::currencies(visit.frame.account.currency);
    let editing = match &project {
        Some(project) => {
            Editing::of(t("project-edit"), &format!("/projects/{}", project.id), &project.name)
        }
        None => Editing::new("/projects", t("projects"), t("new-project"), t("create-project")),
    };
    let shell = visit.shell(Section::Projects);
    let form = form.of::<NewProject>();
    answer(status, &Edit { shell, form, editing, clients, currencies, project })
}

/// Returns the project in the path, and the clients for a select.
async fn read_form(visit: &Visit) -> Result<(Project, Vec<ClientName>)> {
    visit.find(|work, id| Ok((find_project(work, id)?, list_client_names(work)?))).await
}
