//! What pages show and do with proposals beyond the documented routes.

use freelanceos::{
    app::{
        project::list_projects, proposal::duplicate_proposal, proposal::find_proposal,
        proposal::list_proposals,
    },
    domain::{
        error::Kind,
        id::{Id, ProposalId},
        input::Input,
        project::ProjectFilter,
        proposal::{Proposal, ProposalFilter, ProposalLink, ProposalStatus},
    },
};
use serde_json::{Value, json};

use crate::support::{FromPage, User, spawn_app};

/// The titles of the proposals on a page, and their total.
async fn proposals(user: &User<'_>, asked: Value) -> (Vec<String>, u64) {
    let filter = ProposalFilter::read(&FromPage(&asked)).unwrap();
    let found =
        user.app.app.query(user.claims(), move |work| list_proposals(work, &filter)).await.unwrap();
    (found.entries.into_iter().map(|proposal| proposal.title).collect(), found.total)
}

async fn projects(user: &User<'_>, asked: Value) -> (Vec<String>, u64) {
    let filter = ProjectFilter::read(&FromPage(&asked)).unwrap();
    let found =
        user.app.app.query(user.claims(), move |work| list_projects(work, &filter)).await.unwrap();
    (found.entries.into_iter().map(|project| project.name).collect(), found.total)
}

#[tokio::test]
async fn pages_search_projects_and_proposals_by_name_and_client_regardless_of_case() {
    let app = spawn_app().await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    let (acme, cafe) = (ada.client("ACME 100%").await, ada.client("Café Größe").await);
    for (client, name) in
        [(&acme, "Website"), (&cafe, "WEBSHOP"), (&cafe, "Logo"), (&acme, "App_1")]
    {
        ada.project(client, name).await;
        ada.proposal(client, name).await;
    }
    let other = obi.client("Acme").await;
    obi.project(&other, "Website").await;
    for (search, found) in [
        ("web", &["WEBSHOP", "Website"][..]),
        (" WEB ", &["WEBSHOP", "Website"]),
        ("acme", &["App_1", "Website"]),
        ("größe", &["Logo", "WEBSHOP"]),
        ("0%", &["App_1", "Website"]),
        ("p_1", &["App_1"]),
        ("nothing", &[]),
        ("  ", &["App_1", "Logo", "WEBSHOP", "Website"]),
    ] {
        let all = found.len() as u64;
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(projects(&ada, json!({"search": search})).await, (found.clone(), all));
        assert_eq!(proposals(&ada, json!({"search": search})).await, (found, all), "{search}");
    }
    let page = json!({"search": "e", "pageSize": "1", "page": "2"});
    assert_eq!(projects(&ada, page).await, (vec!["Logo".to_owned()], 4));
    let of_client = json!({"search": "web", "clientId": cafe});
    assert_eq!(proposals(&ada, of_client).await, (vec!["WEBSHOP".to_owned()], 1));
    let of_status = json!({"search": "web", "status": "active"});
    assert_eq!(projects(&ada, of_status).await, (vec![], 0));
    // The documented routes have no search.
    assert_eq!(ada.get("/projects?search=nothing").await.body["total"], 4);
    assert_eq!(ada.get("/proposals?search=nothing").await.body["total"], 4);
}

#[tokio::test]
async fn a_proposal_records_who_answered_and_when() {
    let app = spawn_app().await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    let client = ada.client("Acme").await;
    let id: ProposalId = Id::parse(&ada.proposal(&client, "Offer").await);
    let draft = app.app.proposal_record(ada.claims(), id).await.unwrap();
    assert_eq!((draft.sent_at, draft.answered_at, draft.answered_by), (None, None, None));
    ada.post(&format!("/proposals/{id}/send"), json!({})).await.data(200);
    let sent = app.app.proposal_record(ada.claims(), id).await.unwrap();
    assert_eq!(sent.sent_at.unwrap().to_string(), "2026-03-18T12:00:00Z");
    let Some(ProposalLink::Open(link)) = sent.proposal.link else { panic!("it has a link") };
    let token = link.rsplit('/').next().unwrap();
    let accept = format!("/public/proposals/{token}/accept");
    app.hub_post(&accept, json!({"name": "Eve Client"})).await.bare(200);
    let answered = app.app.proposal_record(ada.claims(), id).await.unwrap();
    assert_eq!(answered.proposal.status, ProposalStatus::Accepted);
    assert_eq!(answered.answered_by.as_deref(), Some("Eve Client"));
    assert_eq!(answered.answered_from.as_deref(), Some("127.0.0.1"));
    assert_eq!(answered.answered_at, answered.sent_at);
    let hidden = app.app.proposal_record(obi.claims(), id).await.unwrap_err();
    assert_eq!(hidden.kind(), &Kind::NotFound);
}

#[tokio::test]
async fn a_copy_of_a_proposal_is_a_draft_of_today() {
    let app = spawn_app().await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    let client = ada.client("Acme").await;
    let body = json!({
        "clientId": client, "title": "Offer", "content": "All of it", "amount": 1200.5,
        "currency": "EUR", "validUntil": "2026-03-19",
    });
    let id = ada.post("/proposals", body).await.data(201)["id"].as_str().unwrap().to_owned();
    let id: ProposalId = Id::parse(&id);
    ada.post(&format!("/proposals/{id}/send"), json!({})).await.data(200);
    let before = app.app.query(ada.claims(), move |work| find_proposal(work, id)).await.unwrap();
    let copy = app.app.run(ada.claims(), move |work| duplicate_proposal(work, id)).await.unwrap();
    assert_ne!(copy.id, id);
    let expected =
        Proposal { id: copy.id, status: ProposalStatus::Draft, link: None, ..before.clone() };
    assert_eq!(copy, expected);
    app.clock.set("2026-03-20T12:00:00Z");
    let late = app.app.run(ada.claims(), move |work| duplicate_proposal(work, id)).await.unwrap();
    assert_eq!(late.valid_until, None, "that day has passed");
    assert_eq!(ada.get("/proposals").await.body["total"], 3);
    let hidden =
        app.app.run(obi.claims(), move |work| duplicate_proposal(work, id)).await.unwrap_err();
    assert_eq!(hidden.kind(), &Kind::NotFound);
    ada.delete(&format!("/clients/{client}")).await.data(200);
    let gone =
        app.app.run(ada.claims(), move |work| duplicate_proposal(work, id)).await.unwrap_err();
    assert!(matches!(gone.kind(), Kind::Conflict), "{gone}");
}

#[tokio::test]
async fn a_proposal_can_be_printed_by_its_owner_and_through_its_link() {
    let app = spawn_app().await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    let client = ada.client("Acme").await;
    let id: ProposalId = Id::parse(&ada.proposal(&client, "Website: neu & schön").await);
    let draft = app.app.proposal_pdf(ada.claims(), id).await.unwrap();
    assert_eq!(draft.name, "proposal-website-neu-sch-n.pdf");
    assert!(draft.bytes.starts_with(b"%PDF-"));
    ada.post(&format!("/proposals/{id}/send"), json!({})).await.data(200);
    let sent = app.app.query(ada.claims(), move |work| find_proposal(work, id)).await.unwrap();
    let Some(ProposalLink::Open(link)) = sent.link else { panic!("it has a link") };
    let token = link.rsplit('/').next().unwrap();
    let own = app.app.proposal_pdf(ada.claims(), id).await.unwrap();
    app.clock.advance(jiff::SignedDuration::from_hours(5));
    let public = app.app.public_proposal_pdf(token).await.unwrap();
    assert_eq!((own.name, own.bytes), (public.name, public.bytes));
    let accept = format!("/public/proposals/{token}/accept");
    app.hub_post(&accept, json!({"name": "Eve Client"})).await.bare(200);
    assert!(app.app.public_proposal_pdf(token).await.is_ok());
    for missing in
        [app.app.proposal_pdf(obi.claims(), id).await, app.app.public_proposal_pdf("nothing").await]
    {
        assert_eq!(missing.unwrap_err().kind(), &Kind::NotFound);
    }
}
