//! `/milestones`.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    envelope::{Answer, Created, Made, Paged, Reply, render},
    error::{Changing, ChangingFreely, DeletingFreely, Failed, Listing},
    invoice::InvoiceBody,
};
use crate::{
    app::{
        App,
        milestone::{
            create_milestone, delete_milestone, invoice_milestone, list_milestones,
            update_milestone,
        },
    },
    domain::{
        id::{InvoiceId, MilestoneId, ProjectId},
        milestone::{
            Milestone, MilestoneChange, MilestoneFilter, MilestoneStatus, NewMilestone,
            NewMilestoneInvoice,
        },
        money::Currency,
    },
    http::{
        amount::Amount,
        bearer::Bearer,
        body::Body,
        query::Query,
        schema::{Day, Instant, Nothing, OneOf, Text, bodies, schema},
    },
};

schema! {
    /// A milestone of a project.
    struct MilestoneBody "Milestone" of milestone: Milestone {
        id "id": Text<MilestoneId> = Text(milestone.id),
        project_id "projectId": Text<ProjectId> = Text(milestone.project_id),
        name "name": String = milestone.name,
        description "description": Option<String> = milestone.description,
        amount "amount": Amount = milestone.amount.into(),
        /// The currency of the project.
        currency "currency": Text<Currency> = Text(milestone.amount.currency),
        status "status": OneOf<MilestoneStatus> = OneOf(milestone.status),
        due_date "dueDate": Option<Day> = milestone.due_date.map(Day),
        completed_at "completedAt": Option<Instant> = milestone.completed_at.map(Instant),
        /// The invoice for this milestone, unless it is cancelled.
        invoice_id "invoiceId": Option<Text<InvoiceId>> = milestone.invoice.map(|(id, _)| Text(id)),
    }
}

bodies! {
    /// The invoice of a milestone. The body may be empty.
    MilestoneInvoiceInput "NewMilestoneInvoice" = NewMilestoneInvoice, example r#"{
        "dueDate": "2026-04-15T00:00:00Z"
    }"#;

    /// A new milestone.
    MilestoneInput "NewMilestone" = NewMilestone, example r#"{
        "projectId": "proj_123",
        "name": "First draft",
        "amount": 1500,
        "dueDate": "2026-03-31T00:00:00Z"
    }"#;

    /// A change of a milestone: any of the fields. Null clears an optional one.
    MilestoneChangeInput "MilestoneChange" = MilestoneChange, example r#"{"status": "completed"}"#;
}

/// The routes under `/milestones`.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/milestones", tag = "Tag::Milestones")]
impl Routes {
    /// List milestones, newest first
    ///
    /// Of all projects, or of the one in `projectId`.
    #[oai(path = "/", method = "get", operation_id = "listMilestones")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<MilestoneFilter>,
    ) -> Result<Paged<MilestoneBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(Paged::new(self.0.query(bearer.0, move |work| list_milestones(work, &filter)).await?))
    }

    /// Create a new milestone
    ///
    /// Its amount is in the project's currency. Its due date defaults to the project's deadline. A
    /// project has at most 500.
    #[oai(path = "/", method = "post", operation_id = "createMilestone")]
    async fn create(&self, body: Body<MilestoneInput>, bearer: Bearer) -> Made<MilestoneBody> {
        let input = body.once(render::<_, MilestoneBody>);
        let (once, new) = self.0.admit(bearer.0, input).await?;
        let created = self.0.run_once(bearer.0, once, move |work| create_milestone(work, &new));
        Ok(Reply::once(created.await?))
    }

    /// Update a milestone
    ///
    /// Accepts any of the fields. `completedAt` is set when it is completed for the first time, and
    /// cleared when it becomes pending again.
    #[oai(path = "/:id", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<MilestoneChangeInput>,
        bearer: Bearer,
        id: Path<MilestoneId>,
    ) -> Answer<MilestoneBody, ChangingFreely> {
        let change = self.0.admit(bearer.0, body.read()).await?;
        let update = self.0.run(bearer.0, move |work| update_milestone(work, id.0, &change, None));
        Ok(Reply::new(update.await?))
    }

    /// Create the invoice of a milestone
    ///
    /// Creates a draft for its amount plus the default taxes. If the milestone already has an
    /// invoice, returns 409 with that invoice; cancel it to create another. Paying the invoice sets
    /// the milestone to `paid`; undoing the payment restores its status.
    #[oai(path = "/:id/invoice", method = "post", operation_id = "invoiceMilestone")]
    async fn invoice(
        &self,
        body: Body<MilestoneInvoiceInput>,
        bearer: Bearer,
        id: Path<MilestoneId>,
    ) -> Result<Created<InvoiceBody>, Failed<Changing>> {
        let input = body.once(render::<_, InvoiceBody>);
        let (once, new) = self.0.admit(bearer.0, input).await?;
        let made = self.0.run_once(bearer.0, once, move |work| invoice_milestone(work, id.0, &new));
        Ok(Reply::once(made.await?))
    }

    /// Delete a milestone
    ///
    /// An invoice for it stays unchanged.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteMilestone")]
    async fn delete(
        &self,
        bearer: Bearer,
        id: Path<MilestoneId>,
    ) -> Answer<Nothing, DeletingFreely> {
        self.0.run(bearer.0, move |work| delete_milestone(work, id.0)).await?;
        Ok(Reply::new(Nothing(())))
    }
}
