//! Who opens a page that is open to all: anybody.

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
    /// The page was opened over plain HTTP, and cookies are for HTTPS alone.
    Elsewhere,
    /// It keeps none.
    Refused,
}

/// Somebody opens a page that is open to all.
pub struct Guest {
    pub app: Arc<App>,
    pub request: Request,
    /// The session the browser names, which may have ended.
    pub claims: Option<Claims>,
}

impl Guest {
    pub(in crate::web) fn new(app: Arc<App>, request: Request) -> Self {
        let token = cookie::session(&app, &request);
        let claims = token.and_then(|token| app.verify_token(token).ok());
        claims.into_iter().for_each(CurrentRequest::is_of);
        Self { app, request, claims }
    }

    /// A segment of the path.
    pub fn param(&self, name: &str) -> &str {
        self.request.raw_path_param(name).unwrap_or_default()
    }

    /// What the browser says of itself.
    pub fn device(&self) -> Device {
        Device::browser(self.request.header(header::USER_AGENT))
    }

    /// The query, without empty parameters.
    pub fn query(&self) -> Fields {
        Fields::of_query(&self.request)
    }

    /// What the page before left to be told.
    pub fn notice(&self) -> Option<Notice> {
        cookie::notice(&self.app, &self.request)
    }

    /// A page, which has told what was left to be told.
    pub fn told(&self, status: StatusCode, page: &impl Template) -> Response {
        let mut response = answer(status, page);
        if self.notice().is_some() {
            cookie::clear_notice(&self.app, &mut response);
        }
        response
    }

    /// Goes on to a page, and says there what was done.
    pub fn done(&self, location: &str, text: impl Into<String>) -> Response {
        let mut response = redirect(location);
        self.tell(&mut response, text);
        response
    }

    /// Leaves something to be told on the next page.
    pub fn tell(&self, response: &mut Response, text: impl Into<String>) {
        let notice = Notice { text: text.into(), is_error: false };
        cookie::set_notice(&self.app, response, &notice);
    }

    /// Whether the session that the browser names stands.
    pub async fn is_signed_in(&self) -> Result<bool> {
        let Some(claims) = self.claims else { return Ok(false) };
        match self.app.query(claims, |_| Ok(true)).await {
            Err(error) if *error.kind() == Kind::Unauthenticated => Ok(false),
            answered => answered,
        }
    }

    /// Whether a person looks who is not the owner of that account, as far as the request tells.
    pub fn is_visit_to(&self, owner: AccountId) -> bool {
        let is_owner = self.claims.is_some_and(|claims| claims.account == owner);
        !is_owner && is_person(&self.request)
    }

    /// Why a sign-in could not last here: the browser does not give back its cookie. Nothing where
    /// it does, or where no browser asks.
    pub fn lost_cookies(&self) -> Option<LostCookies> {
        let origin = self.request.header(header::ORIGIN)?;
        if cookie::are_kept(&self.app, &self.request) || self.claims.is_some() {
            return None;
        }
        let is_elsewhere =
            origin.starts_with("http://") && self.app.public_url().starts_with("https://");
        Some(if is_elsewhere { LostCookies::Elsewhere } else { LostCookies::Refused })
    }

    /// Where the request comes from.
    pub fn address(&self) -> Option<IpAddr> {
        self.request.data::<Address>().map(|address| address.0)
    }
}
