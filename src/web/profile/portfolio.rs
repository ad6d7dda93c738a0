//! `/profile/portfolio`: the freelancer's pieces of work.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        image::delete_image,
        portfolio::{
            add_portfolio_picture, create_portfolio_item, delete_portfolio_item,
            find_portfolio_item, list_portfolio, remove_portfolio_picture, update_portfolio_item,
        },
        profile::find_profile,
    },
    domain::{
        error::{Kind, Result},
        id::ImageId,
        image::{self, ImagePurpose},
        input::Input,
        portfolio::{ITEMS_SHOWN, LINKS_MAX, PortfolioItem, Work, WorkChange},
    },
    locale::t,
    web::{
        fields::{Fields, VERSION},
        form::{Control, Form},
        page::answer,
        profile::words,
        shell::{Section, Shell},
        shown_work::ShownWork,
        visit::Visit,
    },
};

/// The number of spare rows for links.
const LINKS_SPARE: usize = 2;

const LIST: &str = "/profile/portfolio";

#[derive(Template)]
#[template(path = "pages/portfolio/list.html")]
struct List {
    shell: Shell,
    works: Vec<ShownWork>,
    /// The number of public ones.
    shown: usize,
}

#[derive(Template)]
#[template(path = "pages/portfolio/edit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    /// The form that uploads a picture.
    picture: Form,
    /// None for a new one.
    work: Option<ShownWork>,
}

impl Edit {
    /// Returns type and address of each link: typed, stored and empty ones.
    fn links(&self) -> impl Iterator<Item = [Control; 2]> {
        let stored = self.work.as_ref().map_or(0, |work| work.links.len());
        let filled = self.form.fields.rows("links").len().max(stored);
        (0..(filled + LINKS_SPARE).min(LINKS_MAX)).map(|row| {
            let kind = self.form.text(&format!("links.{row}.type"), t("portfolio-edit-link-kind"));
            let url = self
                .form
                .text(&format!("links.{row}.url"), t("portfolio-edit-link-url"))
                .kind("url");
            [
                kind.attribute("list", "kinds").autocomplete("off"),
                url.attribute("placeholder", "https://"),
            ]
        })
    }
}

/// Lists the pieces of work, newest first.
pub async fn list(visit: Visit) -> Result<Response> {
    let items = visit.read(list_portfolio).await?;
    let works = items.into_iter().map(ShownWork::new).collect();
    let shown = usize::try_from(ITEMS_SHOWN).unwrap_or(usize::MAX);
    Ok(answer(StatusCode::OK, &List { shell: visit.shell(Section::Profile), works, shown }))
}

/// Shows the form of a new piece of work.
pub async fn new(visit: Visit) -> Result<Response> {
    // Only freelancers have a portfolio.
    visit.read(find_profile).await?;
    Ok(page(&visit, StatusCode::OK, visit.form(Fields::default()), Form::default(), None))
}

/// Adds a piece of work, with its first picture, if any.
pub async fn create(visit: Visit, mut fields: Fields) -> Result<Response> {
    let upload = fields.take_upload();
    let had_picture = upload.is_some();
    let created = match Work::read(&fields) {
        Ok(work) => add(&visit, &fields, work, upload).await,
        Err(error) => Err(error),
    };
    match created {
        Ok(response) => Ok(response),
        Err(error) => {
            let (status, form) = visit.refused(retyped(&fields), error)?;
            // Browsers forget which file was chosen.
            let again = had_picture && form.error("image").is_none();
            let form = if again { form.alerted(t("portfolio-edit-choose-again")) } else { form };
            Ok(page(&visit, status, form, visit.form(Fields::default()), None))
        }
    }
}

async fn add(
    visit: &Visit,
    fields: &Fields,
    mut work: Work,
    upload: Option<Vec<u8>>,
) -> Result<Response> {
    let (app, claims) = (&visit.app, visit.claims);
    work.check_size()?;
    if let Some(bytes) = upload {
        let id = app.upload_image(claims, ImagePurpose::Portfolio, bytes).await?;
        work.add_picture(app.image_url(id))?;
    }
    let place = |_: &PortfolioItem| LIST.as_bytes().to_vec();
    let outcome = visit.run_once(fields, Ok(work), place, create_portfolio_item).await?;
    Ok(visit.redirect_once(&outcome, place, t("portfolio-added")))
}

/// Shows the edit form of a piece of work.
pub async fn edit(visit: Visit) -> Result<Response> {
    let item = visit.find(find_portfolio_item).await?;
    let form = visit.form(filled(&item.work).versioned());
    Ok(page(&visit, StatusCode::OK, form, visit.form(Fields::default()), Some(item)))
}

/// Changes a piece of work.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let item = visit.find(find_portfolio_item).await?;
    let change = change(&fields, &item.work);
    match visit.update(change, fields.expected(filled), update_portfolio_item).await {
        Ok(()) => Ok(visit.done(LIST, t("portfolio-saved"))),
        Err(error) => {
            let item = visit.find(find_portfolio_item).await?;
            let stored = filled(&item.work);
            let (status, form) = visit.refused_change(retyped(&fields), error, stored)?;
            Ok(page(&visit, status, form, visit.form(Fields::default()), Some(item)))
        }
    }
}

/// Deletes a piece of work with its pictures.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    let item = visit.find(find_portfolio_item).await?;
    visit.act(delete_portfolio_item).await?;
    for picture in item.work.images.iter().filter_map(|url| image::of_url(url)) {
        forget(&visit, picture).await?;
    }
    Ok(visit.done(LIST, t("portfolio-deleted")))
}

/// Adds a picture to a piece of work.
pub async fn add_picture(visit: Visit, mut fields: Fields) -> Result<Response> {
    let item = visit.find(find_portfolio_item).await?;
    let bytes = fields.take_upload().unwrap_or_default();
    let added = match visit.app.upload_image(visit.claims, ImagePurpose::Portfolio, bytes).await {
        Ok(picture) => {
            let url = visit.app.image_url(picture);
            let added = visit.act(move |work, id| add_portfolio_picture(work, id, &url)).await;
            if added.is_err() {
                forget(&visit, picture).await?;
            }
            added
        }
        Err(error) => Err(error),
    };
    match added {
        Ok(()) => Ok(visit.done(&place(&item), t("portfolio-image-added"))),
        Err(error) => {
            let (status, picture) = visit.refused(fields, error)?;
            let form = visit.form(filled(&item.work).versioned());
            Ok(page(&visit, status, form, picture, Some(item)))
        }
    }
}

/// Removes a picture from a piece of work.
pub async fn remove_picture(visit: Visit, fields: Fields) -> Result<Response> {
    let item = visit.find(find_portfolio_item).await?;
    let url = fields.get("image").to_owned();
    let picture = image::of_url(&url);
    visit.act(move |work, id| remove_portfolio_picture(work, id, &url)).await?;
    if let Some(picture) = picture {
        forget(&visit, picture).await?;
    }
    Ok(visit.done(&place(&item), t("portfolio-image-removed")))
}

/// Deletes a picture that was shown, unless it belongs to someone else or is already gone.
async fn forget(visit: &Visit, picture: ImageId) -> Result<()> {
    match visit.app.run(visit.claims, move |work| delete_image(work, picture)).await {
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Conflict) => Ok(()),
        other => other,
    }
}

fn place(item: &PortfolioItem) -> String {
    format!("{LIST}/{}/edit", item.id)
}

fn page(
    visit: &Visit,
    status: StatusCode,
    form: Form,
    picture: Form,
    item: Option<PortfolioItem>,
) -> Response {
    let (shell, work) = (visit.shell(Section::Profile), item.map(ShownWork::new));
    answer(status, &Edit { shell, form: form.of::<Work>(), picture, work })
}

/// Returns the form of a piece of work with its current values.
fn filled(work: &Work) -> Fields {
    let fields = Fields::default()
        .with("title", &work.title)
        .with("description", &work.description)
        .with("technologies", words(&work.technologies));
    work.links.iter().enumerate().fold(fields, |fields, (row, link)| {
        fields
            .with(format!("links.{row}.type"), &link.link_type)
            .with(format!("links.{row}.url"), &link.url)
    })
}

/// Returns the typed values, with links in the rows that errors name.
fn retyped(fields: &Fields) -> Fields {
    let known = ["title", "description", "technologies", VERSION];
    let again =
        known.iter().fold(Fields::default(), |again, name| again.with(*name, fields.get(name)));
    fields.rows("links").iter().enumerate().fold(again, |again, (row, link)| {
        again
            .with(format!("links.{row}.type"), link.get("type"))
            .with(format!("links.{row}.url"), link.get("url"))
    })
}

/// Returns the changes of the form; a technology that contains a comma stays unless edited.
fn change(fields: &Fields, work: &Work) -> Result<WorkChange> {
    let is_untouched = fields.get("technologies").trim() == words(&work.technologies);
    let without: &[_] = if is_untouched { &["technologies"] } else { &[] };
    WorkChange::read(&fields.clone().without(without))
}
