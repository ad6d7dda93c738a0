//! A browser without scripts: it keeps cookies, follows redirects, and submits the forms of a page
//! with their hidden fields.

use std::{cell::RefCell, collections::BTreeMap};

use reqwest::{
    Client, Method, RequestBuilder, StatusCode,
    header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE},
    redirect::Policy,
};

use crate::support::{TestApp, User};

/// Its user agent.
pub const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The browser of one person.
pub struct Browser<'a> {
    app: &'a TestApp,
    http: Client,
    pub cookies: RefCell<BTreeMap<String, String>>,
}

/// A received page.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    /// The path after all redirects.
    pub path: String,
    pub headers: HeaderMap,
    pub html: String,
}

impl<'a> Browser<'a> {
    /// A browser that is not signed in.
    pub fn new(app: &'a TestApp) -> Self {
        let http = Client::builder().redirect(Policy::none()).user_agent(AGENT).build().unwrap();
        Self { app, http, cookies: RefCell::default() }
    }

    /// A browser that is signed in as this user.
    pub fn of(user: &User<'a>) -> Self {
        let browser = Self::new(user.app);
        browser.cookies.borrow_mut().insert("fos_session".to_owned(), user.token.clone());
        browser
    }

    /// Opens a page and follows redirects.
    pub async fn open(&self, path: &str) -> Page {
        self.follow(Method::GET, path, &[]).await
    }

    /// Submits these fields to `path`, with the hidden fields of the form on `page` that has this
    /// action (or of the first form without one).
    pub async fn send(&self, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = page.hidden(path);
        for (name, value) in fields {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let pairs: Vec<(&str, &str)> = all.iter().map(|(n, v)| (&**n, &**v)).collect();
        self.follow(Method::POST, path, &pairs).await
    }

    /// Submits a form as [`Browser::send`] does; several fields may have the same name.
    pub async fn send_several(&self, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut hidden = page.hidden(path);
        hidden.retain(|(known, _)| fields.iter().all(|(name, _)| known != name));
        let hidden = hidden.iter().map(|(name, value)| (&**name, &**value));
        let pairs: Vec<(&str, &str)> = hidden.chain(fields.iter().copied()).collect();
        self.follow(Method::POST, path, &pairs).await
    }

    /// Submits a form as [`Browser::send`] does, with a file in its field `image`.
    pub async fn upload(
        &self,
        page: &Page,
        path: &str,
        fields: &[(&str, &str)],
        file: &[u8],
    ) -> Page {
        let hidden = page.hidden(path);
        let hidden = hidden.iter().map(|(name, value)| (&**name, &**value));
        let all: Vec<_> = hidden.chain(fields.iter().copied()).collect();
        let sent = self.send_file(path, &all, file).await;
        match sent.headers.get(LOCATION).and_then(|to| to.to_str().ok()) {
            Some(to) => self.open(to).await,
            None => sent,
        }
    }

    /// Sends these fields and a file without following redirects.
    pub async fn send_file(&self, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Page {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend(part.as_bytes());
            body.extend(value.as_bytes());
            body.extend(b"\r\n");
        }
        body.extend(
            b"--edge\r\ncontent-disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\
              content-type: image/png\r\n\r\n",
        );
        body.extend(file);
        body.extend(b"\r\n--edge--\r\n");
        let request = self.http.post(format!("{}{path}", self.app.base));
        let kind = "multipart/form-data; boundary=edge";
        self.sent(path, request.header(CONTENT_TYPE, kind).body(body)).await
    }

    /// Sends only these fields.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.follow(Method::POST, path, fields).await
    }

    async fn follow(&self, method: Method, path: &str, fields: &[(&str, &str)]) -> Page {
        let (mut method, mut path) = (method, path.to_owned());
        for _ in 0..10 {
            let page = self.once(&method, &path, fields).await;
            let Some(to) = page.headers.get(LOCATION).and_then(|to| to.to_str().ok()) else {
                return page;
            };
            assert!(to.starts_with('/'), "{path} leads elsewhere: {to}");
            (method, path) = (Method::GET, to.to_owned());
        }
        panic!("{path} leads round in a circle");
    }

    /// Sends one request without following redirects.
    pub async fn once(&self, method: &Method, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.app.base));
        if *method == Method::POST {
            request = request.form(fields);
        }
        self.sent(path, request).await
    }

    /// Sends a request as a browser does, and keeps the cookies of the response.
    async fn sent(&self, path: &str, request: RequestBuilder) -> Page {
        let jar = self.cookies.borrow().clone();
        let cookies: Vec<String> =
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header("sec-fetch-site", "same-origin");
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let mut jar = self.cookies.borrow_mut();
            if value.is_empty() || rest.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, headers) = (response.status(), response.headers().clone());
        Page { status, path: path.to_owned(), headers, html: response.text().await.unwrap() }
    }
}

impl Page {
    /// The page, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.path, self.html);
        self
    }

    /// The page, whose text must contain this.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let read = self.text();
        assert!(read.contains(text), "{} does not say {text:?}: {read}", self.path);
        self
    }

    /// The page, whose text must not contain this.
    #[track_caller]
    pub fn hides(&self, text: &str) -> &Self {
        let read = self.text();
        assert!(!read.contains(text), "{} says {text:?}: {read}", self.path);
        self
    }

    /// The visible text: without tags, and with collapsed whitespace.
    pub fn text(&self) -> String {
        let body = self.html.split_once("<body").map_or(&*self.html, |(_, body)| body);
        let mut text = String::new();
        let mut in_tag = true;
        for c in body.chars() {
            match c {
                '<' => in_tag = true,
                '>' => {
                    in_tag = false;
                    text.push(' ');
                }
                c if !in_tag => text.push(c),
                _ => {}
            }
        }
        let text = unescaped(&text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The value of the first field with that name.
    pub fn value(&self, name: &str) -> Option<String> {
        let tag =
            self.tags("<input").find(|tag| attribute(tag, "name").as_deref() == Some(name))?;
        Some(attribute(tag, "value").unwrap_or_default())
    }

    /// The target of the first link with this prefix.
    #[track_caller]
    pub fn link(&self, start: &str) -> String {
        let found = self.tags("<a").filter_map(|tag| attribute(tag, "href"));
        found
            .into_iter()
            .find(|href| href.starts_with(start))
            .unwrap_or_else(|| panic!("{} has no link to {start}…: {}", self.path, self.html))
    }

    /// The first tag of that name that contains this text.
    #[track_caller]
    pub fn tag(&self, name: &str, held: &str) -> String {
        let start = format!("<{name} ");
        let found = self.tags(&start).find(|tag| tag.contains(held)).map(str::to_owned);
        found.unwrap_or_else(|| panic!("{} has no {name} with {held}: {}", self.path, self.html))
    }

    fn tags<'s>(&'s self, start: &'s str) -> impl Iterator<Item = &'s str> {
        self.html.match_indices(start).map(|(at, _)| {
            let rest = &self.html[at..];
            &rest[..rest.find('>').unwrap_or(rest.len())]
        })
    }

    /// Everything that the form for `action` would submit unchanged, without pressing a button.
    pub fn fields(&self, action: &str) -> Vec<(String, String)> {
        let form = self.form(action);
        let tag_of = |start: &str, part: &str| part.starts_with(start);
        let mut fields = Vec::new();
        for part in form.html.split('<').skip(1) {
            let (tag, rest) = part.split_once('>').unwrap_or((part, ""));
            let Some(name) = attribute(tag, "name") else { continue };
            if tag_of("input ", part) {
                let kind = attribute(tag, "type").unwrap_or_default();
                let is_sent = match &*kind {
                    "checkbox" => tag.ends_with(" checked") || tag.contains(" checked "),
                    kind => kind != "file",
                };
                let value = attribute(tag, "value").unwrap_or_default();
                fields.extend(is_sent.then_some((name, value)));
            } else if tag_of("textarea ", part) {
                // HTML ignores the first line break of a text area.
                let text = rest.strip_prefix('\n').unwrap_or(rest);
                fields.push((name, unescaped(text)));
            } else if tag_of("select ", part) {
                let (_, options) = form.html.split_once(part).unwrap();
                let options = options.split("</select>").next().unwrap();
                let options: Vec<&str> = options.split("<option").skip(1).collect();
                let is_chosen =
                    |option: &&&str| option.split('>').next().unwrap().contains(" selected");
                let chosen = options.iter().find(is_chosen).or(options.first());
                let value = chosen.and_then(|option| {
                    let (head, text) = option.split_once('>')?;
                    // Without a value, it is the text.
                    let text = text.split('<').next()?;
                    attribute(head, "value").or_else(|| Some(unescaped(text)))
                });
                fields.push((name, value.unwrap_or_default()));
            }
        }
        fields
    }

    /// The hidden fields of the form for `action`.
    fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let form = self.form(action);
        form.tags("<input")
            .filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"))
            .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
            .collect()
    }

    /// The form for `action` as a page of its own.
    fn form(&self, action: &str) -> Page {
        let forms: Vec<&str> = self
            .html
            .match_indices("<form")
            .map(|(at, _)| {
                let rest = &self.html[at..];
                &rest[..rest.find("</form>").unwrap_or(rest.len())]
            })
            .filter(|form| form[..form.find('>').unwrap_or(0)].contains("method=\"post\""))
            .collect();
        let of_action = |form: &&&str| attribute(form, "action").as_deref() == Some(action);
        let without = |form: &&&str| {
            let head = &form[..form.find('>').unwrap_or(0)];
            attribute(head, "action").is_none()
        };
        let form = forms.iter().find(of_action).or_else(|| forms.iter().find(without));
        let Some(form) = form else { panic!("{} has no form for {action}", self.path) };
        Page { html: (*form).to_owned(), ..self.blank() }
    }

    fn blank(&self) -> Page {
        Page {
            status: self.status,
            path: self.path.clone(),
            headers: HeaderMap::new(),
            html: String::new(),
        }
    }
}

/// An attribute of the first tag in this text.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(unescaped(value))
}

fn unescaped(html: &str) -> String {
    let pairs = [
        ("&amp;", "&"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ];
    pairs.iter().fold(html.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}
