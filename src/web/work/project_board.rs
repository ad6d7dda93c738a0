//! `/projects?view=board`: the projects in columns by status, and moves between columns.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        client::list_client_names,
        project::{list_projects, update_project},
    },
    domain::{
        error::Result,
        input::Input,
        page::Page,
        project::{Project, ProjectChange, ProjectFilter, ProjectStatus},
    },
    locale::t,
    web::{
        choice::{self, Choices},
        days::Days,
        fields::Fields,
        form::Form,
        page::answer,
        project,
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The maximum number of cards in a column; the list shows the rest.
const CARDS: u32 = 50;

#[derive(Template)]
#[template(path = "pages/project/board.html")]
struct Board {
    shell: Shell,
    form: Form,
    days: Days,
    lanes: Vec<Lane>,
    clients: Choices,
    statuses: Choices,
}

/// One column.
struct Lane {
    status: ProjectStatus,
    projects: Vec<Project>,
    total: u64,
}

impl Board {
    /// Returns the parameters that select the board's projects.
    fn kept(&self) -> Vec<(&'static str, &str)> {
        kept(&self.form.fields)
    }

    /// Returns the link to the full list of a column.
    fn rest(&self, lane: &Lane) -> String {
        let mut pairs = self.kept();
        pairs.push(("status", lane.status.as_str()));
        format!("/projects?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    }
}

fn kept(fields: &Fields) -> Vec<(&'static str, &str)> {
    let pairs = ["clientId", "search"].map(|name| (name, fields.get(name)));
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// Shows the board.
pub async fn show(visit: Visit, query: Fields) -> Result<Response> {
    let asked = ProjectFilter::read(&query.clone().without(&["page", "status"]))?;
    let filter = ProjectFilter { page: Page::first(CARDS), ..asked };
    let (lanes, clients) = visit
        .read(move |work| {
            let statuses = ProjectStatus::WORDS.iter().filter_map(|w| ProjectStatus::from_word(w));
            let lanes = statuses.map(|status| {
                let filter = ProjectFilter { status: Some(status), ..filter.clone() };
                let list = list_projects(work, &filter)?;
                Ok(Lane { status, projects: list.entries, total: list.total })
            });
            Ok((lanes.collect::<Result<_>>()?, list_client_names(work)?))
        })
        .await?;
    let page = Board {
        shell: visit.shell(Section::Projects),
        form: Form::new(query),
        days: Days::of(&visit)?,
        lanes,
        clients: choice::clients(clients),
        statuses: project::statuses(),
    };
    Ok(answer(StatusCode::OK, &page))
}

/// Moves a project to another column and returns to the originating page. If it was moved
/// meanwhile, it stays there.
pub async fn move_to(visit: Visit, fields: Fields) -> Result<Response> {
    let back = if fields.get("view") == "board" {
        let mut pairs = kept(&fields);
        pairs.push(("view", "board"));
        format!("/projects?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    } else {
        format!("/projects/{}", visit.param("id"))
    };
    let change = ProjectChange::read(&fields.only("status"));
    let expected = fields.expected(|project: &Project| Fields::of_status(&project.status));
    match visit.update(change, expected, update_project).await {
        Ok(project) => {
            let now = project::label(&project.status);
            Ok(visit.done(
                &back,
                t("project-board-moved").with("name", &project.name).with("status", now),
            ))
        }
        Err(error) => visit.redirect_with_error(&back, error),
    }
}
