//! `/projects?view=board`: the projects in columns by status, and moves between columns.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        client::list_client_names,
        project::update_project,
        project_board::{Lane, list_board},
    },
    domain::{
        error::Result,
        input::Input,
        money::Money,
        project::{Project, ProjectChange, ProjectFilter},
    },
    locale::t,
    web::{
        choice::{self, Choices},
        days::Days,
        fields::Fields,
        figure,
        form::Form,
        page::answer,
        project,
        shell::{Section, Shell},
        visit::Visit,
    },
};

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

impl Board {
    /// Returns the parameters that select the board's projects.
    fn kept(&self) -> Vec<(&'static str, &str)> {
        kept(&self.form.fields)
    }

    fn of_view(&self, view: &str) -> String {
        of_view(&self.form.fields, view)
    }

    /// Returns the sum of a column in whole units; None if it is zero.
    fn budget(&self, lane: &Lane) -> Option<String> {
        let Money { minor, currency } = lane.budget.filter(|budget| budget.minor > 0)?;
        Some(figure::rounded(minor.into(), currency))
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

/// Returns the link to a view of the same projects: `board`, or the list.
pub(in crate::web) fn of_view(fields: &Fields, view: &str) -> String {
    let mut pairs = kept(fields);
    pairs.extend((!view.is_empty()).then_some(("view", view)));
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/projects{mark}{query}")
}

/// Shows the board.
pub async fn show(visit: Visit, query: Fields) -> Result<Response> {
    let filter = ProjectFilter::read(&query.clone().without(&["page", "status"]))?;
    let (lanes, clients) =
        visit.read(move |work| Ok((list_board(work, &filter)?, list_client_names(work)?))).await?;
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
        of_view(&fields, "board")
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
