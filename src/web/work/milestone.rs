//! Milestones: on the page of their project, and individually.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        milestone::{create_milestone, delete_milestone, invoice_milestone, update_milestone},
        project::find_project,
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Result},
        expected::Expected,
        id::MilestoneId,
        input::Input,
        milestone::{
            Milestone, MilestoneChange, MilestoneStatus, NewMilestone, NewMilestoneInvoice,
        },
        project::Project,
    },
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        editing::Editing,
        fields::Fields,
        form::{Control, Form},
        page::answer,
        project,
        shell::{Section, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/milestone/edit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    project: Project,
    milestone: Milestone,
}

/// Returns the label of a milestone's status.
pub fn label(status: &MilestoneStatus) -> Text {
    match status {
        MilestoneStatus::Pending => t("pending"),
        MilestoneStatus::Completed => t("completed"),
        MilestoneStatus::Paid => t("paid"),
    }
}

/// Returns the shape next to a milestone's status.
pub fn look(status: &MilestoneStatus) -> &'static str {
    match status {
        MilestoneStatus::Pending => "draft",
        MilestoneStatus::Completed => "viewed",
        MilestoneStatus::Paid => "paid",
    }
}

/// Returns the first completed milestone that is not invoiced yet.
pub fn billable(project: &Project) -> Option<&Milestone> {
    let is_billable = |milestone: &&Milestone| {
        milestone.status == MilestoneStatus::Completed && milestone.invoice.is_none()
    };
    project.milestones.iter().find(is_billable)
}

/// Returns every status of a milestone, for a select.
pub fn statuses() -> Choices {
    choice::words(MilestoneStatus::WORDS, MilestoneStatus::from_word, label)
}

/// Returns the amount field, in the project's currency.
pub fn amount(form: &Form, project: &Project) -> Control {
    form.number("amount", t("milestone-amount").with("currency", project.budget.currency))
}

/// Adds a milestone to the project whose page contains the form.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let place = |made: &Milestone| format!("/projects/{}#milestones", made.project_id).into_bytes();
    let typed = fields.clone().replaced("projectId", visit.param("id"));
    // A project of another account is not found, rather than an invalid field.
    visit.find(find_project).await?;
    match visit.run_once(&fields, NewMilestone::read(&typed), place, create_milestone).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("milestone-added"))),
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            project::show_with(visit, status, form).await
        }
    }
}

/// Shows the edit form of a milestone.
pub async fn edit(visit: Visit) -> Result<Response> {
    let (project, milestone) = found(&visit).await?;
    let form = visit.form(filled(&milestone).versioned());
    Ok(edit_page(&visit, StatusCode::OK, form, project, milestone))
}

/// Returns the form of a milestone with its current values.
fn filled(milestone: &Milestone) -> Fields {
    Fields::default()
        .with("name", &milestone.name)
        .with_some("description", milestone.description.as_ref())
        .with("amount", milestone.amount.decimal())
        .with("status", milestone.status.as_str())
        .with_some("dueDate", milestone.due_date)
}

/// Changes a milestone.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let (project, milestone) = found(&visit).await?;
    let expected = fields.expected(filled);
    match change(&visit, milestone.id, &fields, expected).await {
        Ok(_) => Ok(visit.done(&place(&project), t("milestone-saved"))),
        Err(error) => {
            let (project, milestone) = found(&visit).await?;
            let (status, form) = visit.refused_change(fields, error, filled(&milestone))?;
            Ok(edit_page(&visit, status, form, project, milestone))
        }
    }
}

/// Completes a milestone, marks it as paid, or reopens it.
pub async fn mark(visit: Visit, fields: Fields) -> Result<Response> {
    let (project, milestone) = found(&visit).await?;
    let expected = fields.expected(|milestone: &Milestone| Fields::of_status(&milestone.status));
    match change(&visit, milestone.id, &fields.only("status"), expected).await {
        Ok(now) => {
            let text =
                t("milestone-moved").with("name", &now.name).with("status", label(&now.status));
            Ok(visit.done(&place(&project), text))
        }
        Err(error) => visit.redirect_with_error(&place(&project), error),
    }
}

/// Creates the draft invoice of a milestone.
pub async fn invoice(visit: Visit, _: Fields) -> Result<Response> {
    let (project, milestone) = found(&visit).await?;
    let new = NewMilestoneInvoice::default();
    let invoice = move |work: &mut Work| invoice_milestone(work, milestone.id, &new);
    match visit.app.run(visit.claims, invoice).await {
        Ok(made) => Ok(visit.done(&format!("/invoices/{}", made.invoice.id), t("draft-saved"))),
        Err(error) => visit.redirect_with_error(&place(&project), error),
    }
}

/// Deletes a milestone.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    let (project, milestone) = found(&visit).await?;
    match visit.app.run(visit.claims, move |work| delete_milestone(work, milestone.id)).await {
        Ok(()) => Ok(visit.done(&place(&project), t("milestone-deleted"))),
        Err(error) => visit.redirect_with_error(&place(&project), error),
    }
}

fn place(project: &Project) -> String {
    format!("/projects/{}#milestones", project.id)
}

async fn change(
    visit: &Visit,
    id: MilestoneId,
    fields: &Fields,
    expected: Option<Expected<Milestone>>,
) -> Result<Milestone> {
    let change = MilestoneChange::read(fields)?;
    let update = move |work: &mut Work| update_milestone(work, id, &change, expected.as_ref());
    visit.app.run(visit.claims, update).await
}

/// Returns the milestone in the path, which must belong to the project there.
async fn found(visit: &Visit) -> Result<(Project, Milestone)> {
    let id = MilestoneId::parse(visit.param("milestone"));
    let project = visit.find(find_project).await?;
    let milestone = project.milestones.iter().find(|milestone| milestone.id == id).cloned();
    let milestone = milestone.ok_or_else(|| Error::not_found("error-milestone-not-found"))?;
    Ok((project, milestone))
}

fn edit_page(
    visit: &Visit,
    status: StatusCode,
    form: Form,
    project: Project,
    milestone: Milestone,
) -> Response {
    let shell = visit.shell(Section::Projects);
    let page = format!("/projects/{}/milestones/{}", project.id, milestone.id);
    let editing = Editing::of(t("milestone-edit"), &page, &milestone.name)
        .within(&place(&project), &project.name);
    answer(status, &Edit { shell, form: form.of::<MilestoneChange>(), editing, project, milestone })
}
