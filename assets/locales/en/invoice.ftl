## Invoices: list, editor, page, and what the client sees.

credit-note-amount = Amount, including tax
credit-note-final = A credit note is issued immediately, with its own number. It cannot be changed or undone. The invoice itself stays as it was sent.
credit-note-issue = Issue credit note
credit-note-issued = Credit note issued
credit-note-is-void = Voids the invoice
credit-note-left = { $amount } of this invoice can be credited.
credit-note-line = Quantity of { $description }
credit-note-line-left = { $left } of { $all } can be credited.
credit-note-lines-what = Instead of an amount, enter the quantity to credit on each line. Discount and taxes are adjusted to match.
credit-note-or-lines = Or credit individual lines
credit-note-refund = Crediting a part lowers what your client owes. If they have paid more than that, you can refund the difference.
credit-note-saved = Email with the credit note saved to a file
credit-note-send = Email to client
credit-note-sent = Credit note is on its way
credit-note-voids = Crediting the full amount voids the invoice: nothing is due any more, and it leaves your list. Crediting a part lowers what your client owes.
credit-or-void = Credit or void
credit-or-void-ask = Credit or void…
draft = Draft
draft-deleted = Draft deleted.
held-book-ask = Record…
held-book-question = Record { $sum } on this invoice?
held-book-what = The payment is recorded as it was received. If it is more than the amount due, you can refund the rest.
held-dismiss = Dismiss payment
held-dismiss-ask = Dismiss…
held-dismiss-question = Dismiss this payment?
held-dismiss-what = It will not be recorded on the invoice. The money stays in your { $provider } account until you refund it there.
held-dismissed = Payment dismissed.
held-notice-html = <a href="{ $href }">{ $client } paid { $sum } for { $number }</a> through { $provider }. The payment is not recorded yet. Please review it.
held-title = { $provider } received { $sum } that is not recorded yet
held-why-amount = The client was asked to pay { $asked }. Check the payment before you record it.
held-why-currency = The client was asked to pay { $asked }, so a payment in another currency can’t be recorded here. Record it by hand or refund it, then dismiss it.
held-why-exceeds = Less than { $asked } was due when this payment arrived. The invoice was probably also paid another way.
held-why-voided = The invoice was voided before this payment arrived. Refund the client, then dismiss the payment.
invoice-duplicated = Invoice duplicated. Check it before you send it.
invoice-edit-add-line = Add a line
invoice-edit-days = { $days } days
invoice-edit-deduct = Deduct deposits: { $deposits }
invoice-edit-deposits = Deposits
invoice-edit-drag = Drag, or press Alt and an arrow key
invoice-edit-edit = Edit { $number }
invoice-edit-find-client = Name, company or email
invoice-edit-kept = Saved at { $time }
invoice-edit-line-html = Line <span data-number>{ $n }</span>
invoice-edit-lines = Lines
invoice-edit-more-html = More for line <span data-number>{ $n }</span>
invoice-edit-more-options = More options
invoice-edit-move-down = Move down
invoice-edit-moved = Moved to line { $line }.
invoice-edit-new-client = New client “{ $client }”
invoice-edit-on-receipt = On receipt
invoice-edit-or-due = Or due
invoice-edit-order-number = Client’s order number
invoice-edit-preview = Preview
invoice-edit-remove-line = Remove line
invoice-edit-removed = Line { $line } removed.
invoice-edit-review-html = Review<span class="u-wide"> and send</span>
invoice-edit-save-html = Save<span class="u-wide"> draft</span>
invoice-edit-stale = This draft was changed elsewhere and is no longer saved as you type. Save it to compare both versions.
invoice-edit-unreached = Totals are out of date: the server didn’t respond.
invoice-edit-update-totals = Update totals
invoice-edit-who-invoice = Who is this invoice for?
invoice-feed-due = due { $date }
invoice-list-all-currencies = All currencies
invoice-list-any-time = Any time
invoice-list-clear = Clear selection
invoice-list-create-first-invoice = Create your first invoice
invoice-list-create-invoice-send-when = Create an invoice and send it when it’s ready. Until then it stays a draft.
invoice-list-csv = CSV
invoice-list-drafts = Drafts
invoice-list-invoices-project-show-all-html = Invoices for project <a href="/projects/{ $id }">{ $name }</a>. <a href="/invoices">Show all invoices</a>
invoice-list-issued-between = Issued: { $from } to { $to }
invoice-list-issued-from = Issued: from { $from }
invoice-list-issued-in = { $period ->
    [this-month] Issued: this month
    [last-month] Issued: last month
    [this-quarter] Issued: this quarter
    [this-year] Issued: this year
   *[last-year] Issued: last year
}
invoice-list-issued-until = Issued: until { $to }
invoice-list-last = { $what ->
    [edited] Edited { $when }
    [deleted] Deleted { $when }
    [voided] Voided { $when }
    [sent] Sent { $when }
    [opened] Opened { $when }
    [reminded] Reminded { $when }
   *[paid] Paid { $when }
}
invoice-list-mail-failed = Email failed
invoice-list-no-invoices-found = No invoices found
invoice-list-no-invoices-match-filter = No invoices match this filter.
invoice-list-no-invoices-yet = No invoices yet
invoice-list-number-or-client = Number or client
invoice-list-paid-on = paid { $date }
invoice-list-pdfs = PDFs
invoice-list-period = { $period ->
    [this-month] This month
    [last-month] Last month
    [this-quarter] This quarter
    [this-year] This year
   *[last-year] Last year
}
invoice-list-picked = Selected invoices
invoice-list-remind = Remind…
invoice-list-select = Select { $number }
invoice-list-select-all = Select all on this page
invoice-list-show-period = Show this period
invoice-list-still-due = { $sum } due
invoice-list-sums = Totals in { $currency } at today’s rates
invoice-list-sums-without = Totals in { $currency } at today’s rates, excluding { $others }
invoice-log-created-html = <b>Created</b>
invoice-log-mail-html = <b>{ $mail }</b> to { $to }
invoice-log-opened-html = <b>Opened</b> by the client
invoice-log-paid-html = <b>Marked as paid</b>
invoice-log-reminded-html = <b>Reminder</b> sent
invoice-log-sent-html = <b>Sent</b> to the client
invoice-notes-draft-was-deleted-cant = This draft was deleted. You can’t edit it, but you can duplicate it.
invoice-notes-edit-notes = Edit note
invoice-notes-invoice-was-sent-so = This invoice was sent, so you can only edit its note. The PDF keeps the note it was sent with.
invoice-notes-save-notes = Save note
invoice-paid = Invoice marked as paid.
invoice-payment-link-created = Payment link created.
invoice-public-due-in = Due on { $date }, in { $days } days.
invoice-public-due-today = Due today.
invoice-public-due-tomorrow = Due tomorrow, { $date }.
invoice-public-paid = Paid. Thank you!
invoice-public-paid-on = Paid on { $date }. Thank you!
invoice-public-pay = Pay { $invoice }
invoice-public-pay-with = Pay with { $provider }
invoice-public-payment-awaited = We are waiting for confirmation of your payment. You don’t need to pay again.
invoice-public-payment-failed = The payment did not go through. Nothing was charged, and you can try again.
invoice-public-payment-received = Payment received. Thank you!
invoice-public-voided = Voided. Nothing to pay.
invoice-public-was-due = Was due on { $date }.
invoice-public-what-client-sees-back-html = This is what your client sees. <a href="/invoices/{ $id }">Back to the invoice</a>
invoice-remind-ask = { $count ->
    [one] Email this client a reminder now?
   *[other] Email { $count } reminders now?
}
invoice-remind-back = Back to invoices
invoice-remind-left-out = { $count ->
    [one] One selected invoice is left out: it isn’t open, or its client was reminded less than a day ago.
   *[other] { $count } selected invoices are left out: they aren’t open, or their clients were reminded less than a day ago.
}
invoice-remind-nobody = Nobody to remind
invoice-remind-nobody-why = These invoices aren’t open, or a reminder went out less than a day ago.
invoice-remind-saved = { $count ->
    [0] No reminders were due.
    [one] No mail server is set up, so the reminder was saved to a file.
   *[other] No mail server is set up, so { $count } reminders were saved to files.
}
invoice-remind-send = { $count ->
    [one] Send reminder
   *[other] Send { $count } reminders
}
invoice-remind-sent = { $count ->
    [0] No reminders were due.
    [one] Reminder sent.
   *[other] { $count } reminders sent.
}
invoice-remind-title = Send reminders
invoice-reminded = Reminder sent.
invoice-reminded-saved = No mail server is set up, so the reminder was saved to a file. Share the link below with your client.
invoice-saved = Invoice saved.
invoice-send-copies = Copies go to { $emails }.
invoice-send-copy = Send me a copy
invoice-send-message-hint = Leave it empty to use the standard text.
invoice-send-preview = Preview of the email
invoice-send-show-preview = Show preview
invoice-send-subject = Subject: { $subject }
invoice-sent-not-mailed = Invoice marked as sent, but no email went out because you reached today’s limit. Share the link below with your client.
invoice-sent-saved = Invoice marked as sent. No mail server is set up, so the email was saved to a file. Share the link below with your client.
invoice-sent-to = Invoice sent to { $email }.
invoice-show-accepted-by-mail-server = Accepted by the mail server { $at }
invoice-show-as-client = As the client sees it
invoice-show-client-cant-open-link = Your client can’t open the link: only { $reader } can reach { $public_url }. Set PUBLIC_URL to a public address, or ask your administrator to.
invoice-show-client-link = Client’s link
invoice-show-copy-link = Copy link
invoice-show-copy-payment-link = Copy payment link
invoice-show-create-payment-link = Create payment link
invoice-show-deducted-in = Deducted on
invoice-show-deducts = Deducts deposit
invoice-show-delete-draft = Delete draft
invoice-show-delete-question = Delete draft { $number }?
invoice-show-delete-what = This invoice to { $client } for { $sum } will be deleted, and its number won’t be used again. You can’t undo this.
invoice-show-draft-was-deleted-its = This draft was deleted. Its number won’t be used again. Duplicate it to create the same invoice under a new number.
invoice-show-due = Due { $date }.
invoice-show-due-in = { $days ->
    [0] Due today, { $date }.
    [one] Due tomorrow, { $date }.
   *[other] Due { $date }, in { $days } days.
}
invoice-show-failed = Failed { $at }: { $why }
invoice-show-last-reminder = Last reminder
invoice-show-no-address-html = Your invoices have no postal address yet. Most countries require the seller’s address on an invoice. <a href="/settings/invoices#f-address.street">Add your address</a>
invoice-show-no-mail-server-set = No mail server is set up, so the email is saved to a file and not delivered. Copy the link and send it to your client yourself.
invoice-show-not-yet = Not yet
invoice-show-only-can-open-link = Only { $reader } can open this link. Set PUBLIC_URL to a public address, or ask your administrator to.
invoice-show-only-can-see-draft = Only you can see this draft.
invoice-show-open-link = Open link
invoice-show-opened-by-client = Opened by client
invoice-show-overpaid = { $sum } more than the amount due was paid.
invoice-show-paid = Paid on { $on }.
invoice-show-paid-full = Paid in full.
invoice-show-paid-so-far = { $paid } of { $total } paid.
invoice-show-payment-link = Payment link
invoice-show-preview-pdf = Preview PDF
invoice-show-refund-ask = Record refund…
invoice-show-remind-what = We’ll email { $email } a reminder about { $number }, { $sum }.
invoice-show-saved-file-not-delivered = Saved to a file { $at }, not delivered: { $file }
invoice-show-send-again = Send again
invoice-show-send-again-ask = Send again…
invoice-show-send-again-question = Send { $number } to { $client } again?
invoice-show-send-ask = Send…
invoice-show-send-question = Send { $number } to { $client }?
invoice-show-send-reminder = Send reminder
invoice-show-send-reminder-ask = Send reminder…
invoice-show-send-what = { $sum }, due { $date }.
invoice-show-sending-creates-pdf-link = Sending creates the PDF and a link for your client. After that you can only edit the note.
invoice-show-these-characters-cant-be = These characters can’t be printed, so you can’t send this invoice: { $unprintable }. Remove them, or add a font that has them to the “fonts” folder in the data folder and restart FreelanceOS.
invoice-show-voided = Voided by a credit note. Nothing is due.
invoice-show-waiting-next-attempt-last = Waiting, next attempt { $next }. Last error: { $why }
invoice-show-waiting-since = Waiting since { $date }
invoice-show-share = Share…
invoice-show-shared-text = Invoice { $number } from { $name }: { $link }
invoice-show-whatsapp = WhatsApp
invoice-show-was-due-html = Was due { $date }: <strong class="late">{ $late }</strong>.
invoice-show-when-send-client-gets = When you send it, your client gets an email with the PDF and a link. After that you can only edit the note.
method-bank-transfer = Bank transfer
method-card = Card
method-cash = Cash
method-cheque = Cheque
method-mobile-money = Mobile money
method-other = Other
method-paypal = PayPal
payment-fee = fee { $sum }
payment-list-all-methods = All methods
payment-list-no-payments-found = No payments found
payment-list-no-payments-match-filter = No payments match this filter.
payment-list-no-payments-yet = No payments yet
payment-list-paid-between = Paid { $from } to { $to }
payment-list-paid-from = Paid from { $from }
payment-list-paid-in = { $period ->
    [this-month] Paid: this month
    [last-month] Paid: last month
    [this-quarter] Paid: this quarter
    [this-year] Paid: this year
   *[last-year] Paid: last year
}
payment-list-paid-until = Paid until { $to }
payment-list-record-on-invoice = Open a sent invoice and record its payment.
payment-list-show-all = Show all payments
payment-method = Method
payment-record = Record payment
payment-recorded = Payment recorded.
payment-refund = Record refund
payment-refunded = Refund recorded.
payment-reversal = Reversal
payment-reversed = Undone
payment-tax-withheld = Tax withheld
payment-too-much = The client paid more than the amount due
payment-undo-ask = Undo…
payment-undo-do = Undo payment
payment-undo-question = Undo this payment?
payment-undo-refund-do = Undo refund
payment-undo-refund-question = Undo this refund?
payment-undo-refund-what = { $sum } from { $day } will no longer count as refunded. Both entries stay in the list.
payment-undo-what = { $sum } from { $day } will no longer count as received. Both entries stay in the list.
payment-undone = Undone.
payment-withheld = { $sum } withheld
reach-machine = the computer this server runs on
reach-network = devices on this server’s network
receipt = Receipt
reminder = Reminder
