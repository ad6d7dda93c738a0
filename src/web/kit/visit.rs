//! The reader of a page: signed in by cookie, or anyone. A page's function gets everything it needs
//! from its visit.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::{Request, Response, http::StatusCode};

use crate::{
    app::{App, page_context::PageContext, unit_of_work::Work},
    domain::{
        date::{self, DateFormat},
        error::{Error, Kind, Result},
        expected::Expected,
        id::{Id, Named, PaymentId},
        idempotency::{Once, Outcome, RequestKey},
        session::Claims,
    },
    http::{
        middleware::request_id::CurrentRequest,
        problem::{self, into_poem},
    },
    locale::t,
    web::{
        cookie::{self, Notice},
        fields::Fields,
        form::Form,
        page::redirect,
        say::{say, sentence},
        shell::{Section, Shell, Surroundings},
    },
};

pub use crate::web::guest::Guest;

/// A request from a signed-in reader, for a page or one of its forms.
pub struct Visit {
    pub app: Arc<App>,
    pub claims: Claims,
    pub frame: PageContext,
    pub request: Request,
    /// What the frame of its page shows.
    pub(in crate::web) around: Arc<Surroundings>,
    /// The message above a form that came back after its session ended.
    restored: Option<String>,
}

/// The header that carries the token of a form without a token field, used by scripts.
const TOKEN_HEADER: &str = "x-form-token";

impl Visit {
    /// Identifies the reader; redirects others to sign-in.
    pub(in crate::web) async fn open(
        app: Arc<App>,
        request: Request,
    ) -> poem::Result<std::result::Result<Self, (Request, Response)>> {
        let claims = cookie::session(&app, &request).map(|token| app.verify_token(token));
        let opened = match claims {
            Some(Ok(claims)) => {
                CurrentRequest::is_of(claims);
                app.frame(claims).await.map(|frame| (claims, frame))
            }
            Some(Err(error)) => Err(error),
            None => Err(Error::unauthenticated("error-not-signed-in")),
        };
        match opened {
            Ok((claims, frame)) => {
                let token = app.form_token(claims).map_err(into_poem)?;
                let notice = cookie::notice(&app, &request);
                let theme = cookie::theme(&app, &request);
                let here = request.original_uri().path().to_owned();
                let around = Arc::new(Surroundings::new(&frame, token, notice, theme, here));
                Ok(Ok(Self { app, claims, frame, request, around, restored: None }))
            }
            Err(error) if *error.kind() == Kind::Unauthenticated => {
                let back = wanted(&request);
                let mut response = redirect(&format!("/login{back}"));
                cookie::clear_session(&app, &mut response);
                Ok(Err((request, response)))
            }
            Err(error) => Err(into_poem(error)),
        }
    }

    /// Reads the data of a page, in one transaction.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&mut Work) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.app.query(self.claims, read).await
    }

    /// Reads the data for the object in the path.
    pub async fn find<K: Named, T: Send + 'static>(
        &self,
        find: impl Fn(&mut Work, Id<K>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let id = self.id();
        self.read(move |work| find(work, id)).await
    }

    /// Acts on the object in the path, in one transaction.
    pub async fn act<K: Named, T: Send + 'static>(
        &self,
        act: impl Fn(&mut Work, Id<K>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let id = self.id();
        self.app.run(self.claims, move |work| act(work, id)).await
    }

    /// Runs the action of a form, once; `location` as in [`Visit::once`].
    pub async fn run_once<I: Send + 'static, T: Send + 'static>(
        &self,
        fields: &Fields,
        input: Result<I>,
        location: fn(&T) -> Vec<u8>,
        use_case: impl Fn(&mut Work, &I) -> Result<T> + Send + 'static,
    ) -> Result<Outcome<T>> {
        let (input, once) = (input?, self.once(fields, location));
        self.app.run_once(self.claims, once, move |work| use_case(work, &input)).await
    }

    /// Makes the change of a form, unless the stored object no longer has the expected version.
    pub async fn change<I: Send + 'static, S: 'static, T: Send + 'static>(
        &self,
        input: Result<I>,
        expected: Option<Expected<S>>,
        change: impl Fn(&mut Work, &I, Option<&Expected<S>>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let input = input?;
        self.app.run(self.claims, move |work| change(work, &input, expected.as_ref())).await
    }

    /// Like [`Visit::change`], for the object in the path.
    pub async fn update<K: Named, I: Send + 'static, S: 'static, T: Send + 'static>(
        &self,
        input: Result<I>,
        expected: Option<Expected<S>>,
        update: impl Fn(&mut Work, Id<K>, &I, Option<&Expected<S>>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let id = self.id();
        let change = move |work: &mut Work, input: &I, expected: Option<&Expected<S>>| {
            update(work, id, input, expected)
        };
        self.change(input, expected, change).await
    }

    /// Returns the session that a form was created for.
    pub(in crate::web) fn form_session(&self, fields: &Fields) -> Result<Option<Claims>> {
        let header = self.request.header(TOKEN_HEADER).unwrap_or_default();
        self.app.form_session(if header.is_empty() { fields.get("_token") } else { header })
    }

    /// Returns the same visit, for a form that came back after its session ended; `alert` says so.
    #[must_use]
    pub fn restored(self, alert: String) -> Self {
        Self { restored: Some(alert), ..self }
    }

    /// Returns a path parameter.
    pub fn param(&self, name: &str) -> &str {
        self.request.raw_path_param(name).unwrap_or_default()
    }

    /// Returns the id in the path. An invalid one becomes an id that matches nothing.
    pub fn id<K: Named>(&self) -> Id<K> {
        Id::parse(self.param("id"))
    }

    /// Returns the query, without empty parameters.
    pub fn query(&self) -> Fields {
        Fields::of_query(&self.request)
    }

    /// Returns the frame of a page.
    pub fn shell(&self, section: Section) -> Shell {
        Shell::new(&self.around, section)
    }

    /// Creates a form with known values.
    pub fn form(&self, fields: Fields) -> Form {
        self.marked(Form::new(fields))
    }

    /// Adds the marks of this reader's forms.
    fn marked(&self, form: Form) -> Form {
        form.marked(&self.around.token, self.app.form_key(), self.frame.defaults.number_format)
    }

    /// Returns the form with its errors, and the matching status.
    pub fn refused(&self, fields: Fields, error: Error) -> Result<(StatusCode, Form)> {
        let status = problem::status(error.kind());
        let form = self.marked(Form::refused(fields, error)?);
        Ok((status, self.restored.iter().fold(form, Form::alerted)))
    }

    /// Like [`Visit::refused`], for a form that changes a stored object whose fields are now
    /// `stored`.
    pub fn refused_change(
        &self,
        fields: Fields,
        error: Error,
        stored: Fields,
    ) -> Result<(StatusCode, Form)> {
        if *error.kind() != Kind::Stale {
            return self.refused(fields, error);
        }
        let form = Form::stale(&fields, stored, self.request.original_uri().path());
        Ok((problem::status(error.kind()), self.marked(form)))
    }

    /// Makes a form count once, however often it is sent; `location` is the next page.
    pub fn once<T>(&self, fields: &Fields, location: fn(&T) -> Vec<u8>) -> Once<T> {
        let given = fields.get("_once");
        let hash = fields.hash();
        // Different values after going back make it a different form.
        let key = format!("{given}.{}", URL_SAFE_NO_PAD.encode(hash));
        let is_one = !given.is_empty() && RequestKey::is_valid(key.as_bytes());
        let route = || format!("PAGE {}", self.request.uri().path());
        let key = is_one.then(|| RequestKey { key, route: route(), body_hash: hash });
        Once { key, render: location }
    }

    /// Redirects to a page that shows what was done.
    pub fn done(&self, location: &str, text: impl Into<String>) -> Response {
        self.leave(location, Notice { text: text.into(), is_error: false, undo: None })
    }

    /// Like [`Visit::done`], with a button that undoes a payment.
    pub fn done_with_undo(
        &self,
        location: &str,
        text: impl Into<String>,
        undo: Option<PaymentId>,
    ) -> Response {
        self.leave(location, Notice { text: text.into(), is_error: false, undo })
    }

    /// Like [`Visit::done`], for actions that count once: `location` as in [`Visit::once`].
    pub fn redirect_once<T>(
        &self,
        outcome: &Outcome<T>,
        location: fn(&T) -> Vec<u8>,
        text: impl Into<String>,
    ) -> Response {
        let location = match outcome {
            Outcome::Done(value) => location(value),
            Outcome::Replayed(location) => location.clone(),
        };
        self.done(&String::from_utf8_lossy(&location), text)
    }

    /// Redirects to a page that shows why an action failed. An error that is not meant for the
    /// reader stays an error.
    pub fn redirect_with_error(&self, location: &str, error: Error) -> Result<Response> {
        let text = match error.kind() {
            Kind::Invalid(errors) => {
                errors.first().map_or_else(|| t("error-other"), |error| say(&error.rule))
            }
            _ => sentence(error)?,
        };
        Ok(self.leave(location, Notice { text: text.into(), is_error: true, undo: None }))
    }

    fn leave(&self, location: &str, notice: Notice) -> Response {
        let mut response = redirect(location);
        cookie::set_notice(&self.app, &mut response, &notice);
        response
    }

    /// Returns the reader's date format.
    pub fn dates(&self) -> DateFormat {
        self.frame.account.date_format
    }

    /// Returns today's date in the reader's timezone.
    pub fn today(&self) -> Result<jiff::civil::Date> {
        Ok(date::day_in(self.app.now(), &self.frame.account.zone.rules()?))
    }
}

/// Returns the requested page, as a parameter for the sign-in page.
fn wanted(request: &Request) -> String {
    let is_get = request.method() == poem::http::Method::GET;
    match request.original_uri().path_and_query() {
        Some(wanted) if is_get && wanted.as_str() != "/" => {
            let set = percent_encoding::NON_ALPHANUMERIC;
            format!("?next={}", percent_encoding::utf8_percent_encode(wanted.as_str(), set))
        }
        _ => String::new(),
    }
}
