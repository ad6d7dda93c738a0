//! Messages from visitors of a public profile to the freelancer.

use jiff::Timestamp;

use crate::domain::{
    id::{AccountId, MessageId},
    input::{Flag, Required, input},
    page::LimitedPage,
    text::{Email, Name, SaidText},
};

/// The maximum length of a message preview in characters.
const PREVIEW_MAX: usize = 100;

/// A message to a freelancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub account: AccountId,
    /// The sender's name.
    pub name: String,
    pub email: String,
    pub content: String,
    pub read_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl Message {
    /// Returns the beginning on one line, or all of it if it is short.
    pub fn preview(&self) -> String {
        let line = self.content.split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((end, _)) = line.char_indices().nth(PREVIEW_MAX) else { return line };
        let (start, rest) = line.split_at(end);
        // Cut within a word only if it is very long.
        let whole_words = match start.rsplit_once(' ') {
            Some((words, part)) if !rest.starts_with(' ') && part.len() < start.len() / 4 => words,
            _ => start,
        };
        format!("{}...", whole_words.trim_end())
    }
}

input! {
    /// A message as sent.
    #[derive(Debug, Clone)]
    pub new NewMessage;

    name "name": Required<Name>,
    email "email": Required<Email> = "Replies go to this address.",
    content "message": Required<SaidText>,
}

input! {
    /// Whether a message should count as read.
    #[derive(Debug, Clone, Copy)]
    pub new MessageChange;

    read "read": Required<Flag>,
}

input! {
    /// The filter of a list of messages.
    #[derive(Debug, Clone, Copy)]
    pub new MessageFilter;

    page "page": LimitedPage = "Messages per page; 10 by default.",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Id;

    fn preview(content: &str) -> String {
        let message = Message {
            id: Id::NIL,
            account: Id::NIL,
            name: String::new(),
            email: String::new(),
            content: content.to_owned(),
            read_at: None,
            created_at: Timestamp::UNIX_EPOCH,
        };
        message.preview()
    }

    #[test]
    fn a_short_message_is_shown_completely_on_one_line() {
        assert_eq!(preview("Hello\r\n\n  there "), "Hello there");
        let exact = "x".repeat(100);
        assert_eq!(preview(&exact), exact);
    }

    #[test]
    fn a_long_message_ends_at_a_word_or_between_characters() {
        let words = "word ".repeat(40);
        assert_eq!(preview(&words), format!("{}...", "word ".repeat(20).trim_end()));
        let sinhala = "ආයුබෝවන් ".repeat(30);
        let shown = preview(&sinhala);
        assert!(shown.chars().count() <= 103 && shown.ends_with("ආයුබෝවන්..."), "{shown}");
        assert_eq!(preview(&"ක".repeat(101)), format!("{}...", "ක".repeat(100)));
    }
}
