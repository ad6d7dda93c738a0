## Reminders to clients.

reminder-add = Add a reminder
reminder-added = Reminder added.
reminder-after = After the due date
reminder-before = Before the due date
reminder-body = Your own text
reminder-body-hint = Goes below the greeting. Leave it empty for the usual text. These are filled in: { $variables }
reminder-by-hand = Sent by hand
reminder-days = Days
reminder-days-after = { $count ->
    [one] 1 day after the due date
   *[other] { $count } days after the due date
}
reminder-days-before = { $count ->
    [one] 1 day before the due date
   *[other] { $count } days before the due date
}
reminder-days-hint = 0 is the due date itself.
reminder-days-on = On the due date
reminder-delete = Delete reminder
reminder-delete-question = Delete this reminder?
reminder-delete-what = Clients no longer get it. What was sent stays in the log.
reminder-deleted = Reminder deleted.
reminder-fee-amount = Late fee as an amount
reminder-fee-percent = Late fee in percent of the amount due
reminder-late-fee = Late fee
reminder-late-fee-about = After the due date, a reminder can also draft an invoice for a late fee. It is never sent by itself: check it, then send or delete it.
reminder-late-fee-line = Late fee for invoice { $number }
reminder-list-empty = No reminders yet
reminder-list-empty-how = Once clients are reminded of invoices, you see here what was sent, and what was not and why.
reminder-list-none-found = No reminders match this filter
reminder-list-set-up = Set up reminders
reminder-list-show-all = Show all reminders
reminder-log-sent = { $when }: sent
reminder-log-skipped = { $when }: not sent, { $why }
reminder-next = Next reminder: { $day }
reminder-none-left = No further reminder is planned.
reminder-off-client = Reminders are turned off for this client.
reminder-off-invoice = Reminders are turned off for this invoice.
reminder-preview-about = The email about your newest open invoice, or a sample. Save, then send a test to { $email }.
reminder-side = Before or after
reminder-skipped = Not sent
reminder-skipped-failed = the mail server refused it
reminder-skipped-no-mail-server = no mail server
reminder-skipped-off = turned off before
reminder-skipped-paid = paid before
reminder-skipped-passed = a later one was due
reminder-skipped-unverified = email address not verified
reminder-skipped-voided = voided before
reminder-subject = Your own subject
reminder-subject-hint = Leave it empty for the usual subject: the number, the amount due and the due date.
reminder-test = Send a test to me
reminder-test-saved = No mail server is set up, so the test was saved to a file.
reminder-test-sent = A test is on its way to { $email }.
reminder-text-after = Invoice { $number } for { $amount } was due on { $due }. If it slipped your mind, please pay it in the next few days. If you have already paid, thank you; please ignore this email.
reminder-text-before = Invoice { $number } for { $amount } is due on { $due }. This is just a friendly reminder. If you have already paid, thank you; please ignore this email.
reminder-text-late = Invoice { $number } for { $amount } was due on { $due } and is now { $days } days overdue. Please pay it today, or reply to this email to tell me when I can expect your payment. If you have already paid, please ignore this email.
reminder-text-today = Invoice { $number } for { $amount } is due today. If you have already paid, thank you; please ignore this email.
reminders-about = Emails to clients about unpaid invoices, sent at 9:00 in your timezone, each one once. Nothing goes out about an invoice that is paid or voided.
reminders-enabled = Remind clients of unpaid invoices
reminders-enabled-hint = Starts with what falls due from now on: reminders whose day has passed aren’t sent later. You can turn them off for a client or an invoice.
reminders-no-mail-server = This server has no mail server, so nothing reaches your clients. Emails are only saved to files.
reminders-no-steps = There are no reminders yet. Add one to remind clients.
reminders-proposal-days = Days before a proposal expires
reminders-proposals = Remind clients of proposals that expire soon
reminders-proposals-hint = Once for each proposal, unless it was answered.
reminders-saved = Reminders saved.
reminders-see-log = See what was sent
reminders-steps = When to remind
reminders-steps-about = Each reminder has its own text and can draft a late fee.
reminders-thank-you = Email a receipt when an invoice is paid
reminders-thank-you-hint = Clients get it once for each invoice, when nothing is due any more.
reminders-turned-off = Reminders for this invoice are turned off now.
reminders-turned-on = Reminders for this invoice are turned on now.
reminders-unverified = Verify your email address first. Until then, nothing is sent to your clients.
reminders-usual-subject = Usual subject and text
