//! Typed text with headings, lists and emphasis (Markdown) as HTML. No typed text becomes markup:
//! it is escaped, pictures become their descriptions, and links lead only to websites and
//! mailboxes.

use std::fmt;

use askama::filters::{Escaper, Html as Escape, HtmlSafe};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use crate::domain::text::leads_outside;

/// A line end.
const BREAK: &str = "<br>";

/// HTML made from typed text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Prose(String);

impl Prose {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Prose {}

/// A heading and the text below it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Empty for text before the first heading.
    pub heading: Prose,
    pub body: Prose,
}

/// Splits a text at its highest headings. A single heading above others is a section too.
pub fn sections(text: &str) -> Vec<Section> {
    let events: Vec<Event> = Parser::new(text).collect();
    let split = split_level(&events);
    let mut sections = vec![Section::default()];
    // Headings within lists and quotes become bold text.
    let mut depth = 0;
    let mut is_heading = false;
    for event in events {
        match &event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 && *level <= split => {
                sections.push(Section::default());
                is_heading = true;
                continue;
            }
            Event::End(TagEnd::Heading(_)) if is_heading => {
                is_heading = false;
                continue;
            }
            Event::Start(Tag::List(_) | Tag::BlockQuote(_)) => depth += 1,
            Event::End(TagEnd::List(_) | TagEnd::BlockQuote(_)) => depth -= 1,
            _ => {}
        }
        let Some(section) = sections.last_mut() else { continue };
        let Section { heading, body } = section;
        write_event(if is_heading { &mut heading.0 } else { &mut body.0 }, event, depth);
    }
    sections.retain(|section| !section.heading.is_empty() || !section.body.is_empty());
    sections
}

/// Returns the deepest heading level that begins a section.
fn split_level(events: &[Event]) -> HeadingLevel {
    let mut levels: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Start(Tag::Heading { level, .. }) => Some(*level),
            _ => None,
        })
        .collect();
    levels.sort();
    match levels[..] {
        [title, next, ..] if title != next => next,
        [first, ..] => first,
        [] => HeadingLevel::H1,
    }
}

fn write_event(html: &mut String, event: Event, depth: usize) {
    match event {
        Event::Start(tag) => html.push_str(&start(&tag, depth)),
        Event::End(tag) => {
            if matches!(tag, TagEnd::CodeBlock | TagEnd::HtmlBlock) && html.ends_with(BREAK) {
                html.truncate(html.len() - BREAK.len());
            }
            html.push_str(end(tag, depth));
        }
        // Code blocks have line ends; other text is one line.
        Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
            escape(html, &text, BREAK);
        }
        Event::Code(text) => {
            html.push_str("<code>");
            escape(html, &text, " ");
            html.push_str("</code>");
        }
        Event::SoftBreak | Event::HardBreak => html.push_str(BREAK),
        Event::Rule => html.push_str("<hr>"),
        _ => {}
    }
}

fn start(tag: &Tag, depth: usize) -> String {
    let plain = match tag {
        Tag::Heading { .. } if depth > 0 => "<p dir=\"auto\"><b>",
        Tag::Heading { .. } => "<h3 dir=\"auto\">",
        Tag::Paragraph | Tag::CodeBlock(_) | Tag::HtmlBlock => "<p dir=\"auto\">",
        Tag::BlockQuote(_) => "<blockquote>",
        Tag::List(None) => "<ul>",
        Tag::List(Some(1)) => "<ol>",
        Tag::List(Some(first)) => return format!("<ol start=\"{first}\">"),
        Tag::Item => "<li dir=\"auto\">",
        Tag::Emphasis => "<em>",
        Tag::Strong => "<b>",
        Tag::Link { dest_url, .. } => {
            let mut html = "<a rel=\"nofollow noopener ugc\"".to_owned();
            if leads_outside(dest_url) {
                html.push_str(" href=\"");
                escape(&mut html, dest_url, " ");
                html.push('"');
            }
            html.push('>');
            return html;
        }
        _ => "",
    };
    plain.to_owned()
}

fn end(tag: TagEnd, depth: usize) -> &'static str {
    match tag {
        TagEnd::Heading(_) if depth > 0 => "</b></p>",
        TagEnd::Heading(_) => "</h3>",
        TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::HtmlBlock => "</p>",
        TagEnd::BlockQuote(_) => "</blockquote>",
        TagEnd::List(false) => "</ul>",
        TagEnd::List(true) => "</ol>",
        TagEnd::Item => "</li>",
        TagEnd::Emphasis => "</em>",
        TagEnd::Strong => "</b>",
        TagEnd::Link => "</a>",
        _ => "",
    }
}

/// Writes text, with `between` for each line end.
fn escape(html: &mut String, text: &str, between: &str) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            html.push_str(between);
        }
        // Writing to a String cannot fail.
        let _ = Escape.write_escaped_str(&mut *html, line);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::any, prop_assert, proptest};

    use super::*;

    fn body(text: &str) -> String {
        match &mut *sections(text) {
            [section] if section.heading.is_empty() => std::mem::take(&mut section.body.0),
            sections => panic!("{sections:?}"),
        }
    }

    #[test]
    fn plain_text_keeps_its_paragraphs_and_lines() {
        let html = body("Dear Max,\nthank you.\r\n\r\nI propose 5 * 3 < 16 & more.");
        let expected = "<p dir=\"auto\">Dear Max,<br>thank you.</p>\
            <p dir=\"auto\">I propose 5 * 3 &#60; 16 &#38; more.</p>";
        assert_eq!(html, expected);
        assert_eq!(body("    Indented\n    twice"), "<p dir=\"auto\">Indented<br>twice</p>");
        assert_eq!(sections(" \n"), []);
    }

    #[test]
    fn lists_and_emphasis_become_markup() {
        let html = body("- A **bold** word\n- An *other*\n\n3. Third");
        let expected = "<ul><li dir=\"auto\">A <b>bold</b> word</li>\
            <li dir=\"auto\">An <em>other</em></li></ul>\
            <ol start=\"3\"><li dir=\"auto\">Third</li></ol>";
        assert_eq!(html, expected);
    }

    #[test]
    fn the_highest_headings_begin_sections() {
        let shown = |text| {
            let headings = sections(text).into_iter().map(|section| section.heading.0);
            headings.collect::<Vec<_>>()
        };
        assert_eq!(
            shown("Hello\n\n## One\n\ntext\n\n## *Two* & <b>\n\n### Deep"),
            ["", "One", "<em>Two</em> &#38; &#60;b&#62;"]
        );
        assert_eq!(
            shown("# Site\n\n## Goals\n\n## Scope\n\n### Pages"),
            ["Site", "Goals", "Scope"]
        );
        let deep = sections("# A\n\n# B\n\n## C\n\n- # D");
        assert_eq!(
            deep[1].body.0,
            "<h3 dir=\"auto\">C</h3><ul><li dir=\"auto\"><p dir=\"auto\"><b>D</b></p></li></ul>"
        );
    }

    #[test]
    fn links_lead_to_websites_and_pictures_become_text() {
        let link = body("[us](https://a.example/?b=\"1\"&c) and [it](javascript:alert(1))");
        assert!(link.contains("href=\"https://a.example/?b=&#34;1&#34;&#38;c\""), "{link}");
        assert_eq!(link.matches("href").count(), 1);
        assert_eq!(body("![A shop](https://a.example/x.png)"), "<p dir=\"auto\">A shop</p>");
        let raw = body("First line\n<script>alert(1)</script>\n<img src=x>");
        assert!(!raw.contains("<script") && !raw.contains("<img"), "{raw}");
    }

    proptest! {
        #[test]
        fn typed_tags_are_escaped(text in any::<String>()) {
            const OURS: &[&str] = &[
                "p", "b", "br", "h3", "ul", "ol", "li", "em", "a", "hr", "code", "blockquote",
            ];
            for section in sections(&text) {
                for tag in section.body.0.split('<').skip(1) {
                    let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap();
                    prop_assert!(OURS.contains(&name), "{tag}");
                }
            }
        }
    }
}
