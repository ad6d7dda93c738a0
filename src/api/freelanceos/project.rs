//! `/projects`.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    client::ClientBody,
    envelope::{Answer, Made, Paged, Reply, render},
    error::{Changing, DeletingFreely, Failed, Finding, Listing},
    milestone::MilestoneBody,
};
use crate::{
    app::{
        App,
        project::{create_project, delete_project, find_project, list_projects, update_project},
    },
    domain::{
        id::{AccountId, ClientId, ProjectId, ProposalId},
        money::Currency,
        project::{NewProject, Project, ProjectChange, ProjectFilter, ProjectStatus},
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
    /// A project.
    struct ProjectBody "Project" of project: Project {
        id "id": Text<ProjectId> = Text(project.id),
        user_id "userId": Text<AccountId> = Text(project.account),
        client_id "clientId": Text<ClientId> = Text(project.client_id),
        client "client": Option<ClientBody> = project.client.map(Into::into),
        name "name": String = project.name,
        description "description": String = project.description,
        status "status": OneOf<ProjectStatus> = OneOf(project.status),
        budget "budget": Amount = project.budget.into(),
        currency "currency": Text<Currency> = Text(project.budget.currency),
        deadline "deadline": Option<Day> = project.deadline.map(Day),
        /// In planned order.
        milestones "milestones": Vec<MilestoneBody> =
            project.milestones.into_iter().map(Into::into).collect(),
        /// The proposal that it was created from.
        proposal_id "proposalId": Option<Text<ProposalId>> =
            project.proposal.map(|(id, _)| Text(id)),
        created_at "createdAt": Instant = Instant(project.created_at),
        updated_at "updatedAt": Instant = Instant(project.updated_at),
    }
}

bodies! {
    /// A new project.
    ProjectInput "NewProject" = NewProject, example r#"{
        "clientId": "client_123",
        "name": "E-commerce Redesign",
        "description": "Complete website overhaul",
        "budget": 4500,
        "currency": "USD",
        "status": "planning",
        "deadline": "2026-04-15T00:00:00Z"
    }"#;

    /// A change of a project: any of the fields. Null clears an optional one.
    ProjectChangeInput "ProjectChange" = ProjectChange, example r#"{"status": "active"}"#;
}

/// The routes under `/projects`.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/projects", tag = "Tag::Projects")]
impl Routes {
    /// List all projects, newest first
    ///
    /// Each with its client and milestones. Filter by `status`, by `clientId`, or by both.
    #[oai(path = "/", method = "get", operation_id = "listProjects")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<ProjectFilter>,
    ) -> Result<Paged<ProjectBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(Paged::new(self.0.query(bearer.0, move |work| list_projects(work, &filter)).await?))
    }

    /// Create a new project
    ///
    /// Only client and name are required. The status defaults to `planning`, and the currency to
    /// the user's.
    #[oai(path = "/", method = "post", operation_id = "createProject")]
    async fn create(&self, body: Body<ProjectInput>, bearer: Bearer) -> Made<ProjectBody> {
        let input = body.once(render::<_, ProjectBody>);
        let (once, new) = self.0.admit(bearer.0, input).await?;
        let created = self.0.run_once(bearer.0, once, move |work| create_project(work, &new));
        Ok(Reply::once(created.await?))
    }

    /// Get a project
    ///
    /// With its client, and its milestones in planned order.
    #[oai(path = "/:id", method = "get", operation_id = "getProject")]
    async fn find(&self, bearer: Bearer, id: Path<ProjectId>) -> Answer<ProjectBody, Finding> {
        Ok(Reply::new(self.0.query(bearer.0, move |work| find_project(work, id.0)).await?))
    }

    /// Update a project
    ///
    /// Accepts any of the fields. If the currency changes, the milestones keep their figures; if
    /// one does not fit the new currency, the response is 409.
    #[oai(path = "/:id", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<ProjectChangeInput>,
        bearer: Bearer,
        id: Path<ProjectId>,
    ) -> Answer<ProjectBody, Changing> {
        let change = self.0.admit(bearer.0, body.read()).await?;
        let update = self.0.run(bearer.0, move |work| update_project(work, id.0, &change, None));
        Ok(Reply::new(update.await?))
    }

    /// Delete a project and its milestones
    ///
    /// Both are gone for good. Invoices stay unchanged.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteProject")]
    async fn delete(&self, bearer: Bearer, id: Path<ProjectId>) -> Answer<Nothing, DeletingFreely> {
        self.0.run(bearer.0, move |work| delete_project(work, id.0)).await?;
        Ok(Reply::new(Nothing(())))
    }
}
