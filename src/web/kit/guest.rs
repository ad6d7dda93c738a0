//! The reader of a page that is open to everyone.

use std::{net::IpAddr, sync::Arc};

use askama::Template;
use poem::{
    Request, Response,
    http::{StatusCode, header},
};

use crate::{
    app::App,
    domain::{
        error::{Kind, Result},
        id::AccountId,
        session::{Claims, Device},
    },
    http::{
        middleware::request_id::CurrentRequest,
        visitor::{Address, is_person},
    },
    web::{
        cookie::{self, Notice},
        fields::Fields,
        page::{answer, redirect},
    },
};

/// Why a browser does not give back a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostCookies {
    /// The page was opened over plain HTTP, but cookies require HTTPS.
    Elsewhere,
    /// The browser keeps no cookies.
    Refused,
}

/// A request for a page that is open to everyone.
pub struct Guest {
    pub app: Arc<App>,
    pub request: Request,
    /// The session that the browser names, which may have ended.
    pub claims: Option<Claims>,
}

impl Guest {
    pub(in crate::web) fn new(app: Arc<App>, request: Request) -> Self {
        let token = cookie::session(&app, &request);
        let claims = token.and_then(|token| app.verify_token(token).ok());
        claims.into_iter().for_each(CurrentRequest::is_of);
        Self { app, request, claims }
    }

    /// Returns a path parameter.
    pub fn param(&self, name: &str) -> &str {
        self.request.raw_path_param(name).unwrap_or_default()
    }

    /// Returns the device as described by the browser.
    pub fn device(&self) -> Device {
        Device::browser(self.request.header(header::USER_AGENT))
    }

    /// Returns the query, without empty parameters.
    pub fn query(&self) -> Fields {
        Fields::of_query(&self.request)
    }

    /// Returns the notice left by the previous page.
    pub fn notice(&self) -> Option<Notice> {
        cookie::notice(&self.app, &self.request)
    }

    /// Returns a page that has shown the notice.
    pub fn told(&self, status: StatusCode, page: &impl Template) -> Response {
        let mut response = answer(status, page);
        if self.notice().is_some() {
            cookie::clear_notice(&self.app, &mut response);
        }
        response
    }

    /// Redirects to a page that shows what was done.
    pub fn done(&self, location: &str, text: impl Into<String>) -> Response {
        let mut response = redirect(location);
        self.tell(&mut response, text);
        response
    }

    /// Leaves a notice for the next page.
    pub fn tell(&self, response: &mut Response, text: impl Into<String>) {
        let notice = Notice { text: text.into(), is_error: false, undo: None };
        cookie::set_notice(&self.app, response, &notice);
    }

    /// Returns whether the session that the browser names is active.
    pub async fn is_signed_in(&self) -> Result<bool> {
        let Some(claims) = self.claims else { return Ok(false) };
        match self.app.query(claims, |_| Ok(true)).await {
            Err(error) if *error.kind() == Kind::Unauthenticated => Ok(false),
            answered => answered,
        }
    }

    /// Returns whether the reader is a person other than the account's owner, as far as the request
    /// shows.
    pub fn is_visit_to(&self, owner: AccountId) -> bool {
        let is_owner = self.claims.is_some_and(|claims| claims.account == owner);
        !is_owner && is_person(&self.request)
    }

    /// Returns why a sign-in could not last here: the browser does not return its cookie. None if
    /// it does, or if the client is not a browser.
    pub fn lost_cookies(&self) -> Option<LostCookies> {
        let origin = self.request.header(header::ORIGIN)?;
        if cookie::are_kept(&self.app, &self.request) || self.claims.is_some() {
            return None;
        }
        let is_elsewhere =
            origin.starts_with("http://") && self.app.public_url().starts_with("https://");
        Some(if is_elsewhere { LostCookies::Elsewhere } else { LostCookies::Refused })
    }

    /// Returns the client address.
    pub fn address(&self) -> Option<IpAddr> {
        self.request.data::<Address>().map(|address| address.0)
    }
}
