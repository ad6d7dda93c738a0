## What every page has: navigation, forms, paging, notices.

app-account = Account
app-main = Main
app-main-short = Main (compact)
app-skip-content = Skip to content
app-unanswered = waiting for an answer
app-unread = unread
app-unverified = Verify your email address, { $email }. Until then, notifications leave out names and content.
app-unverified-limited = Verify your email address, { $email }. Until then, you can only email invoices to yourself, your account is limited to { $most } entries, and notifications leave out names and content.
control-below-current-value-html = Current value: <span dir="auto">{ $now }</span>
control-optional = (optional)
error-dead-link = This link doesn’t work
error-dead-link-text = Check that it is complete. If it is, ask whoever sent it to you for a new one.
error-go-home = Go to Home
error-go-to = Go to { $place }
error-message = { $message }.
error-method = This page can’t be opened this way
error-method-text = Go back and open the page again.
error-missing-text = It was deleted, or the link to it is wrong.
error-not-found-text = Check the address for typing errors.
error-other = That didn’t work
error-server = Something went wrong
error-server-text = Try again in a moment.
error-too-large = This file is too large
error-too-large-text = Images can be up to 5 MB. Go back and choose another one.
error-too-many = Too many attempts
error-too-many-text = Wait a while, then try again.
form-check-fields = { $count ->
    [one] Check the field below.
   *[other] Check the { $count } fields below.
}
form-field-in-line = { $field } on line { $line }
form-head-discard-my-version = Discard my version
form-head-save-my-version = Save my version
form-head-someone-changed-while-were = Someone changed this while you were editing, so nothing was saved. Your entries are still here. Fields that differ show their current value below.
image-hint = PNG, JPEG or WebP, up to 5 MB.
image-large = This image is { $size } MB. Images can be up to 5 MB.
nav-money = Money
nav-public = Public
pager-next = Next
pager-of = { $first }–{ $last } of { $total }
pager-pages = Pages
password-show = Show password
pager-previous = Previous
pager-rows = Rows
search-choose = choose
search-close-html = <kbd>Esc</kbd> close
search-do = Actions
search-everything = Search clients, invoices, projects…
search-found = Results
search-go = Go to
search-nothing = Nothing found for “{ $text }”.
search-of = { $client }, { $status }
search-open-html = <kbd>Enter</kbd> open
search-overdue = Overdue invoices
search-settings = Settings: { $page }
theme-dark = Dark theme
theme-light = Light theme
theme-system = System theme
