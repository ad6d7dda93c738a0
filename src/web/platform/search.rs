//! `/search`: finds clients, invoices, projects, proposals and pages by a word. A script shows the
//! same results in a dialog.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::search::{Found, search},
    domain::{
        client::ClientDetails, error::Result, input::Input, money::Money, search::Query,
        text::search_key,
    },
    locale::{Text, t},
    web::{
        figure::{Amount, amount},
        invoice,
        page::answer,
        project, proposal,
        settings::Tab,
        shell::{Section, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/search.html")]
struct Results {
    shell: Shell,
    typed: String,
    groups: Vec<Group>,
}

/// Results of one kind.
struct Group {
    label: Text,
    hits: Vec<Hit>,
}

/// One result.
struct Hit {
    icon: &'static str,
    href: String,
    title: String,
    /// What distinguishes it from others with that name.
    beside: String,
    amount: Option<Amount>,
}

impl Hit {
    fn new(icon: &'static str, href: String, title: impl Into<String>) -> Self {
        Self { icon, href, title: title.into(), beside: String::new(), amount: None }
    }

    fn beside(self, beside: impl Into<String>) -> Self {
        Self { beside: beside.into(), ..self }
    }

    fn worth(self, money: Money) -> Self {
        Self { amount: (money.minor != 0).then(|| amount(money)), ..self }
    }
}

/// Shows the results.
pub async fn show(visit: Visit) -> Result<Response> {
    let query = visit.query();
    let text = Query::read(&query)?.text;
    let asked = text.clone();
    let found = visit
        .read(move |work| match &asked {
            Some(text) => search(work, text),
            None => Ok(Found::default()),
        })
        .await?;
    let key = search_key(text.as_deref().unwrap_or_default());
    let mut groups = results(found);
    groups.insert(usize::from(!groups.is_empty()), actions(&key));
    groups.push(places(&key));
    groups.retain(|group| !group.hits.is_empty());
    let shell = visit.shell(Section::Search);
    let page = Results { shell, typed: query.get("q").to_owned(), groups };
    Ok(answer(StatusCode::OK, &page))
}

fn results(found: Found) -> Vec<Group> {
    let of = |details: Option<&ClientDetails>, status: Text| match details {
        Some(details) => {
            t("search-of").with("client", details.heading()).with("status", status).to_string()
        }
        None => status.to_string(),
    };
    let clients = found.clients.into_iter().map(|client| {
        let details = &client.details;
        let beside = details.contact().unwrap_or(&details.email);
        Hit::new("clients", format!("/clients/{}", client.id), details.heading()).beside(beside)
    });
    let invoices = found.invoices.into_iter().map(|shown| {
        let invoice = shown.invoice;
        let client = invoice.client.as_ref().map(|client| &client.details);
        Hit::new("invoice", format!("/invoices/{}", invoice.id), &invoice.number)
            .beside(of(client, invoice::status_label(&shown.status)))
            .worth(invoice.amount())
    });
    let projects = found.projects.into_iter().map(|project| {
        let client = project.client.as_ref().map(|client| &client.details);
        Hit::new("project", format!("/projects/{}", project.id), &project.name)
            .beside(of(client, project::label(&project.status)))
            .worth(project.budget)
    });
    let proposals = found.proposals.into_iter().map(|proposal| {
        let client = proposal.client.as_ref().map(|client| &client.details);
        Hit::new("proposal", format!("/proposals/{}", proposal.id), &proposal.title)
            .beside(of(client, proposal::label(&proposal.status)))
            .worth(proposal.amount)
    });
    let groups = vec![
        Group { label: t("clients"), hits: clients.collect() },
        Group { label: t("invoices"), hits: invoices.collect() },
        Group { label: t("projects"), hits: projects.collect() },
        Group { label: t("proposals"), hits: proposals.collect() },
    ];
    groups.into_iter().filter(|group| !group.hits.is_empty()).collect()
}

/// Returns the matching actions.
fn actions(key: &str) -> Group {
    let actions = [
        ("/invoices/new", t("new-invoice")),
        ("/proposals/new", t("new-proposal")),
        ("/projects/new", t("new-project")),
        ("/clients/new", t("new-client")),
    ];
    let hits = actions.into_iter().map(|(href, label)| Hit::new("plus", href.to_owned(), label));
    Group { label: t("search-do"), hits: hits.filter(|hit| matches(hit, key)).collect() }
}

/// Returns the pages whose names match.
fn places(key: &str) -> Group {
    let places = [
        ("home", "/", t("home")),
        ("invoice", "/invoices", t("invoices")),
        ("alert", "/invoices?status=overdue", t("search-overdue")),
        ("clients", "/clients", t("clients")),
        ("proposal", "/proposals", t("proposals")),
        ("project", "/projects", t("projects")),
        ("project", "/projects?view=board", t("project-board-project-board")),
        ("profile", "/profile", t("profile")),
        ("profile", "/profile/portfolio", t("portfolio")),
        ("message", "/messages", t("messages")),
    ];
    let places =
        places.into_iter().map(|(icon, href, label)| Hit::new(icon, href.to_owned(), label));
    let settings = Tab::all().map(|(href, label)| {
        Hit::new("settings", href.to_owned(), t("search-settings").with("page", label))
    });
    let hits = places.chain(settings).filter(|hit| matches(hit, key));
    Group { label: t("search-go"), hits: hits.collect() }
}

/// Returns whether a title contains every word of a folded text.
fn matches(hit: &Hit, key: &str) -> bool {
    let title = search_key(&hit.title);
    key.split_whitespace().all(|word| title.contains(word))
}
