## What every page has: navigation, forms, paging, notices.

app-main = Main
app-skip-content = Skip to content
app-unread = unread
app-unverified = Verify your email address, { $email }. Until then, notifications leave out names and content.
app-unverified-limited = Verify your email address, { $email }. Until then, you can only email invoices to yourself, your account is limited to { $most } entries, and notifications leave out names and content.
control-below-current-value-html = Current value: <span class="stored-text" dir="auto">{ $now }</span>
control-optional = (optional)
error-message = { $message }.
error-method = This doesn’t work here
error-method-text = Go back and open the page again.
error-not-found-text = Check the address, or go back.
error-other = This didn’t work
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
form-field-in-line = { $field } in line { $line }
form-head-discard-my-version = Discard my version
form-head-save-my-version = Save my version
form-head-someone-changed-while-were = Someone changed this while you were editing, so nothing was saved. Your entries are still here. Fields that differ show their current value below.
image-hint = PNG, JPEG or WebP, up to 5 MB.
image-large = This image is { $size } MB. Images can be up to 5 MB.
pager-newer = Newer
pager-of = { $first }–{ $last } of { $total }
pager-older = Older
pager-pages = Pages
