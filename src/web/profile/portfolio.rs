//! `/profile/portfolio`: the pieces of work that the freelancer shows.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::image::delete_image,
    domain::{
        error::{Kind, Result},
        id::{ImageId, PortfolioItemId},
        image::{self, ImagePurpose},
        input::Input,
        portfolio::{ITEMS_SHOWN, LINKS_MAX, PortfolioItem, Work, WorkChange},
    },
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

/// Rows for links that wait to be filled.
const LINKS_SPARE: usize = 2;

const LIST: &str = "/profile/portfolio";

#[derive(Template)]
#[template(path = "pages/portfolio/list.html")]
struct List {
    shell: Shell,
    works: Vec<ShownWork>,
    /// How many of them everybody sees.
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
    /// Type and address of each link: those that were typed, those that are stored, and empty ones.
    fn links(&self) -> impl Iterator<Item = [Control; 2]> {
        let stored = self.work.as_ref().map_or(0, |work| work.links.len());
        let filled = self.form.fields.rows("links").len().max(stored);
        (0..(filled + LINKS_SPARE).min(LINKS_MAX)).map(|row| {
            let kind = self.form.text(&format!("links.{row}.type"), "Kind");
            let url = self.form.text(&format!("links.{row}.url"), "Address").kind("url");
            [
                kind.attribute("list", "kinds").autocomplete("off"),
                url.attribute("placeholder", "https://"),
            ]
        })
    }
}

/// Every piece of work, newest first.
pub async fn list(visit: Visit) -> Result<Response> {
    let items = visit.app.list_portfolio(visit.claims).await?;
    let works = items.into_iter().map(ShownWork::new).collect();
    let shown = usize::try_from(ITEMS_SHOWN).unwrap_or(usize::MAX);
    Ok(answer(StatusCode::OK, &List { shell: visit.shell(Section::Profile), works, shown }))
}

/// The form of a new piece of work.
pub async fn new(visit: Visit) -> Result<Response> {
    // Who shows nothing has nothing to add to.
    visit.app.profile(visit.claims).await?;
    Ok(page(&visit, StatusCode::OK, visit.form(Fields::default()), Form::default(), None))
}

/// Adds a piece of work, with its first picture where one came along.
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
            let form = if again { form.alerted(CHOOSE_AGAIN) } else { form };
            Ok(page(&visit, status, form, visit.form(Fields::default()), None))
        }
    }
}

const CHOOSE_AGAIN: &str = "Something needs another look. Please choose the picture once more too.";

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
    let once = visit.once(fields, place);
    let outcome = app.create_portfolio_item_once(claims, once, work).await?;
    Ok(visit.redirect_once(&outcome, place, "The piece of work was added."))
}

/// The form that changes a piece of work.
pub async fn edit(visit: Visit) -> Result<Response> {
    let item = visit.app.portfolio_item(visit.claims, visit.id()).await?;
    let form = visit.form(filled(&item.work).versioned());
    Ok(page(&visit, StatusCode::OK, form, visit.form(Fields::default()), Some(item)))
}

/// Changes a piece of work.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let id: PortfolioItemId = visit.id();
    let item = visit.app.portfolio_item(visit.claims, id).await?;
    let changed = match change(&fields, &item.work) {
        Ok(change) => {
            visit.app.update_portfolio_item(visit.claims, id, change, fields.expected(filled)).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(()) => Ok(visit.done(LIST, "The piece of work was changed.")),
        Err(error) => {
            let item = visit.app.portfolio_item(visit.claims, id).await?;
            let stored = filled(&item.work);
            let (status, form) = visit.refused_change(retyped(&fields), error, stored)?;
            Ok(page(&visit, status, form, visit.form(Fields::default()), Some(item)))
        }
    }
}

/// Removes a piece of work, and its pictures with it.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    let id: PortfolioItemId = visit.id();
    let item = visit.app.portfolio_item(visit.claims, id).await?;
    visit.app.delete_portfolio_item(visit.claims, id).await?;
    for picture in item.work.images.iter().filter_map(|url| image::of_url(url)) {
        forget(&visit, picture).await?;
    }
    Ok(visit.done(LIST, "The piece of work was deleted."))
}

/// Adds a picture to a piece of work.
pub async fn add_picture(visit: Visit, mut fields: Fields) -> Result<Response> {
    let (app, claims, id): (_, _, PortfolioItemId) = (&visit.app, visit.claims, visit.id());
    let item = app.portfolio_item(claims, id).await?;
    let bytes = fields.take_upload().unwrap_or_default();
    let added = match app.upload_image(claims, ImagePurpose::Portfolio, bytes).await {
        Ok(picture) => {
            let added = app.add_portfolio_picture(claims, id, picture).await;
            if added.is_err() {
                forget(&visit, picture).await?;
            }
            added
        }
        Err(error) => Err(error),
    };
    match added {
        Ok(()) => Ok(visit.done(&place(&item), "The picture was added.")),
        Err(error) => {
            let (status, picture) = visit.refused(fields, error)?;
            let form = visit.form(filled(&item.work).versioned());
            Ok(page(&visit, status, form, picture, Some(item)))
        }
    }
}

/// Takes a picture from a piece of work.
pub async fn remove_picture(visit: Visit, fields: Fields) -> Result<Response> {
    let (app, claims, id): (_, _, PortfolioItemId) = (&visit.app, visit.claims, visit.id());
    let item = app.portfolio_item(claims, id).await?;
    let url = fields.get("image");
    app.remove_portfolio_picture(claims, id, url.to_owned()).await?;
    if let Some(picture) = image::of_url(url) {
        forget(&visit, picture).await?;
    }
    Ok(visit.done(&place(&item), "The picture was removed."))
}

/// Removes a picture that was shown, unless it is another's or gone already.
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

/// The form of a piece of work as it is.
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

/// What was typed, its links in the rows that failures name.
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

/// What the form changes; a technology that has a comma in it stays where nobody typed over it.
fn change(fields: &Fields, work: &Work) -> Result<WorkChange> {
    let is_untouched = fields.get("technologies").trim() == words(&work.technologies);
    let without: &[_] = if is_untouched { &["technologies"] } else { &[] };
    WorkChange::read(&fields.clone().without(without))
}
