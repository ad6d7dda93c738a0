//! `/freelancer/portfolio`.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    account::DoneBody,
    error::{Adding, Changing, Failed, Removing, Showing},
};
use crate::{
    app::{
        App,
        portfolio::{
            create_portfolio_item, delete_portfolio_item, list_portfolio, update_portfolio_item,
        },
    },
    domain::{
        id::PortfolioItemId,
        portfolio::{Link, PortfolioItem, Work, WorkChange},
    },
    http::{
        answer::Bare,
        bearer::Bearer,
        body::Body,
        schema::{Instant, Text, bodies, schema},
    },
};

schema! {
    /// A link to a piece of work.
    struct LinkBody "Link" of link: Link {
        link_type "type": String = link.link_type,
        url "url": String = link.url,
    }
}

schema! {
    /// A piece of work.
    struct ItemBody "PortfolioItem" of item: PortfolioItem {
        id "id": Text<PortfolioItemId> = Text(item.id),
        title "title": String = item.work.title,
        description "description": String = item.work.description,
        technologies "technologies": Vec<String> = item.work.technologies,
        /// URLs of images.
        images "images": Vec<String> = item.work.images,
        links "links": Vec<LinkBody> = item.work.links.into_iter().map(Into::into).collect(),
        created_at "createdAt": Instant = Instant(item.created_at),
    }
}

schema! {
    /// A piece of work that was added.
    struct AddedBody "PortfolioItemAdded" of item: PortfolioItem {
        /// Always true.
        success "success": bool = true,
        message "message": String = "Portfolio item added successfully".to_owned(),
        item "item": ItemBody = item.into(),
    }
}

bodies! {
    /// A new piece of work.
    ItemInput "NewPortfolioItem" = Work, example r#"{
        "title": "E-commerce Platform",
        "description": "Built a full-stack e-commerce platform using React and Node.js with integrated payment processing, user authentication, and admin dashboard.",
        "technologies": ["React", "Node.js", "MongoDB", "Stripe", "AWS S3", "Redis"],
        "images": [
            "https://example.com/portfolio/ecommerce-screenshot1.jpg",
            "https://example.com/portfolio/ecommerce-screenshot2.jpg"
        ],
        "links": [
            {"type": "live", "url": "https://myecommerce-demo.com"},
            {"type": "github", "url": "https://github.com/johndoe/ecommerce-platform"}
        ]
    }"#;

    /// A change of a piece of work: any of the fields. Null clears all but the title.
    ItemChangeInput "PortfolioItemChange" = WorkChange, example r#"{"title": "Online shop"}"#;
}

/// The routes of the caller's portfolio.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/freelancer/portfolio", tag = "Tag::Portfolio")]
impl Routes {
    /// Add a piece of work; a portfolio has at most 100
    ///
    /// Only the title is required. Images and links are given by their URLs.
    #[oai(path = "/", method = "post", operation_id = "addPortfolioItem")]
    async fn create(
        &self,
        body: Body<ItemInput>,
        bearer: Bearer,
    ) -> Result<Bare<AddedBody, 201>, Failed<Adding>> {
        let new = self.0.admit_freelancer(bearer.0, body.read()).await?;
        let create = self.0.run(bearer.0, move |work| create_portfolio_item(work, &new));
        Ok(Bare::new(create.await?))
    }

    /// List the pieces of work, newest first
    ///
    /// All of them, without paging.
    #[oai(path = "/", method = "get", operation_id = "getPortfolio")]
    async fn list(&self, bearer: Bearer) -> Result<Bare<Vec<ItemBody>>, Failed<Showing>> {
        let items = self.0.query(bearer.0, list_portfolio).await?;
        Ok(Bare::new(items.into_iter().map(Into::into).collect::<Vec<_>>()))
    }

    /// Update a piece of work
    ///
    /// Accepts any of the fields; null or an empty string clears an optional one.
    #[oai(path = "/:id", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<ItemChangeInput>,
        bearer: Bearer,
        id: Path<PortfolioItemId>,
    ) -> Result<Bare<DoneBody>, Failed<Changing>> {
        let change = self.0.admit_freelancer(bearer.0, body.read()).await?;
        let update =
            self.0.run(bearer.0, move |work| update_portfolio_item(work, id.0, &change, None));
        update.await?;
        Ok(Bare::new("Portfolio item updated successfully"))
    }

    /// Delete a piece of work
    ///
    /// The public profile no longer shows it.
    #[oai(path = "/:id", method = "delete", operation_id = "deletePortfolioItem")]
    async fn delete(
        &self,
        bearer: Bearer,
        id: Path<PortfolioItemId>,
    ) -> Result<Bare<DoneBody>, Failed<Removing>> {
        self.0.run(bearer.0, move |work| delete_portfolio_item(work, id.0)).await?;
        Ok(Bare::new("Portfolio item deleted successfully"))
    }
}
