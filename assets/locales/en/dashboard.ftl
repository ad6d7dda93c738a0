## The page Home.

dashboard-chart-show-as-table = Show as table
dashboard-show-active-projects = Active projects
dashboard-show-mark-invoice-as-paid = Mark an invoice as paid to see your earnings by month.
dashboard-show-no-activity-yet-what = No activity yet. Your activity and your clients’ activity will appear here.
dashboard-show-not-included-because-there-html = Not included, because there is no exchange rate to { $currency }: { $unconverted }. <a href="/settings/money">Add exchange rates</a>
dashboard-show-nothing-due-upcoming-deadlines = Nothing is due. Upcoming deadlines and due dates appear here.
dashboard-show-profile-views = Profile views
dashboard-step-client = Add a client
dashboard-step-client-text = A name and an email address are enough.
dashboard-step-invoice = Create an invoice
dashboard-step-invoice-text = Send it by email with a PDF and a link.
dashboard-step-payment = Add your payment details
dashboard-step-payment-text = Your bank details and address, shown on every invoice.
dashboard-step-profile-text = A page where new clients can see your work and contact you.
home-against-month = compared with { $month }
home-against-year = Compared with { $year } so far
home-all = All { $count }
home-chart = Paid to you by month, { $year }
home-coming-up = Coming up
home-due = due { $day }
home-due-next = Due next
home-edited = edited { $day }
home-expected = Expected
home-expected-by-due-date = Expected, by due date
home-last-year = Last year
home-log-client-html = You added <a href="{ $href }">{ $person }</a>
home-log-credit-note-html = You credited <a href="{ $href }">{ $person }</a> { $amount } with { $subject }
home-log-invoice-html = You drafted { $subject } for <a href="{ $href }">{ $person }</a>
home-log-invoice-paid-html = <a href="{ $href }">{ $person }</a> paid { $amount }
home-log-invoice-sent-html = You sent { $subject } to <a href="{ $href }">{ $person }</a>
home-log-invoice-voided-html = You voided { $subject } for <a href="{ $href }">{ $person }</a>
home-log-mail-failed-html = The email to <a href="{ $href }">{ $person }</a> could not be delivered
home-log-message-html = <a href="{ $href }">{ $person }</a> sent you a message
home-log-milestone-html = You completed the milestone “{ $subject }” for <a href="{ $href }">{ $person }</a>
home-log-other = { $message }
home-log-payment-held-html = <a href="{ $href }">{ $person }</a> sent a payment of { $amount } for { $subject } that needs your review
home-log-payment-received-html = <a href="{ $href }">{ $person }</a> sent a payment of { $amount } for { $subject }
home-log-project-done-html = You completed “{ $subject }” for <a href="{ $href }">{ $person }</a>
home-log-project-html = You created “{ $subject }” for <a href="{ $href }">{ $person }</a>
home-log-proposal-accepted-html = <a href="{ $href }">{ $person }</a> accepted “{ $subject }”
home-log-proposal-declined-html = <a href="{ $href }">{ $person }</a> declined “{ $subject }”
home-log-proposal-sent-html = You sent “{ $subject }” to <a href="{ $href }">{ $person }</a>
home-mail-failed = { $count ->
    [one] { $count } email could not be delivered
   *[other] { $count } emails could not be delivered
}
home-mail-failed-at = To { $to }, { $at }
home-month-expected = { $amount } expected
home-month-last-year = { $amount } last year
home-month-paid = { $amount } paid
home-needs = Needs attention
home-needs-which = Filter invoices
home-no-drafts = No drafts. Invoices you have started appear here until you send them.
home-no-invoices = Invoices that need your attention appear here, overdue ones first.
home-no-next = No payment is due. Sent invoices appear here until they are paid.
home-no-overdue = Nothing is overdue.
home-opened = opened { $day }
home-owed = Owed to you
home-owed-bar = { $overdue }% overdue, { $soon }% due within { $days } days, { $later }% later
home-owed-later = Later
home-owed-none = Nothing is owed to you. Sent invoices add up here until they are paid.
home-owed-soon = Due within { $days } days
home-paid = Paid to you in { $year }
home-profile = Public profile
home-proposals = Open proposals
home-remind-now = Remind { $client } now?
home-remind-text = They’ll get an email about { $number }: { $amount }, { $late }.
home-reminded = reminded { $day }
home-setup = Get set up
home-setup-done = { $done } of { $all } steps done
home-setup-hide = Hide setup
home-today = Today
home-until = valid until { $day }
home-yesterday = Yesterday
mail-kind-credit-note = Credit note
mail-kind-message = New message
mail-kind-proposal = Proposal response
mail-kind-proposal-copy = Copy of an accepted proposal
mail-kind-proposal-reminder = Proposal reminder
mail-kind-reminder = Invoice reminder
mail-kind-reset = Password reset code
mail-kind-security = Security notice
mail-kind-test = Test email
mail-kind-verification = Verification code
