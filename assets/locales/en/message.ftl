## Messages from the contact form.

message-deleted = Message deleted.
message-list-no-messages-yet = No messages yet
message-list-no-older-messages = No older messages
message-list-show-newest = Show newest
message-list-visitors-public-profile-can = Visitors to your public profile can write to you. Their messages appear here and in your inbox.
message-reply-quote = On { $date } you wrote:
message-reply-subject = Your message to { $name }
message-show-delete-message = Delete message
message-show-delete-message-from-cant = Delete the message from { $name }?
message-show-mark-as-unread = Mark as unread
message-show-message-from = Message from { $name }
message-show-reply-by-email-html = Reply<span class="u-wide"> by email</span>
message-unread = Message marked as unread.
