## Words and short texts that many pages share. A key names its text.

accepted = Accepted
active = Active
activity = Activity
add-client-first = Add a client first
add-first-client = Add your first client
address = Address
all = All
all-clients = All clients
all-invoices = All invoices ({ $total })
amount = Amount
amount-due = Amount due
amount-off = { $amount } off
answer = Answer
availability = Availability
back-to-sign-in = Back to sign-in
balance = Balance
balance-closing = Closing balance
balance-opening = Opening balance
bill-to = Bill to
billed-to = Billed to
bio = Bio
board = Board
breadcrumbs = Breadcrumbs
budget = Budget
cancel = Cancel
cancelled = Cancelled
characters-and-more = { $characters } and { $more } more
check-again = Check again
choose-client = Choose a client
city = City
client = Client
clients = Clients
code = Code
company = Company
completed = Completed
copied = Copied
copy = Copy
count-backup-codes = { $count ->
    [0] No backup codes left. Turn two-factor sign-in off and on to get new ones.
    [one] { $count } backup code left.
   *[other] { $count } backup codes left.
}
count-days-late = { $days ->
    [one] { $days } day late
   *[other] { $days } days late
}
count-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
count-images = { $count ->
    [one] { $count } image
   *[other] { $count } images
}
count-invoices = { $count ->
    [one] { $count } invoice
   *[other] { $count } invoices
}
count-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
count-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
count-unread-messages = { $count ->
    [0] No unread messages
    [one] { $count } unread message
   *[other] { $count } unread messages
}
country = Country
create-account = Create account
create-invoice = Create invoice
create-project = Create project
created = Created
credit-note-invoice = { $number } of { $date }
credit-note-number = Credit note { $number }
credit-note-of = Credit on invoice { $number }
credit-note-reason = Reason
credit-note-total = Total credit
credit-notes = Credit notes
credited = Credited
currency = Currency
current-password = Current password
date = Date
date-format = Date format
deadline = Deadline
decline = Decline
declined = Declined
delete-ask = Delete…
delete-this = Delete { $name }?
deleted = Deleted
deposit = Deposit
description = Description
details = Details
discount = Discount
discount-amount = Discount as an amount
discount-percent = Discount in percent
download = Download
download-pdf = Download PDF
draft-saved = Draft saved.
due = Due
due-date = Due date
duplicate = Duplicate
edit = Edit
edit-named = Edit { $name }
email = Email
email-me-a-code = Email me a code
entry = Entry
entry-payment = Payment for { $number }
entry-refund = Refund for { $number }
entry-reversal = Payment for { $number } undone
experience = Experience
export = Export
filter = Filter
first-name = First name
from = From
greeting = Hello { $name },
home = Home
hourly-rate = Hourly rate
how-to-pay = How to pay
how-you-get-paid = How you get paid
image = Image
images = Images
invoice = Invoice
invoice-number = Invoice { $number }
invoices = Invoices
issue-date = Issue date
issued = Issued
job-title = Job title
last-activity = Last activity
last-name = Last name
link-for-client = Link for your client
links = Links
list = List
location = Location
logo = Logo
mark-as-paid = Mark as paid
message = Message
messages = Messages
milestone = Milestone
milestones = Milestones
month = Month
more = More
move-up = Move up
name = Name
new = New
new-client = New client
new-invoice = New invoice
new-milestone = New milestone
new-password = New password
new-project = New project
new-proposal = New proposal
no-invoices-yet = No invoices yet.
no-tax = No tax
no-undo = You can’t undo this.
none = None
not-specified = Not specified
not-ticked = not selected
notes = Note
nothing = empty
nothing-to-pay = There is nothing to pay.
number = Number
on-hold = On hold
open = Open
overdue = Overdue
overdue-inline = overdue
overpaid = Overpaid
paid = Paid
partially-paid = Partially paid
party-reference = Reference: { $reference }
passkeys = Passkeys
password = Password
password-hint = At least 8 characters. Avoid common passwords such as Password123.
payment = Payment
payment-terms-days = Payment terms (days)
payments = Payments
pdf = PDF
pending = Pending
percent-off = { $percent }% off
phone = Phone
photo = Photo
planning = Planning
portfolio = Portfolio
postal-code = Postal code
price = Price
prices-include-tax = Prices include tax
print = Print
profile = Profile
project = Project
projects = Projects
proposal = Proposal
proposals = Proposals
quantity = Quantity
receipt-for = Receipt for { $number }
receipt-overpaid = Paid too much
reference = Reference
refund = Refund
region = State or region
registration-number = Registration number
registration-number-hint = As in the company register. Printed as you type it.
reminders = Reminders
remove-ask = Remove…
reset-your-password = Reset your password
save = Save
save-changes = Save changes
save-draft = Save draft
search = Search
second-factor = Authenticator code or backup code
security = Security
send-invoice = Send invoice
send-proposal = Send proposal
sent = Sent
service-between = { $from } – { $to }
service-end = Service until
service-from = From { $day }
service-on = { $day }
service-period = Service period
service-start = Service from
service-until = Until { $day }
set-password = Set password
set-up-public-profile = Set up your public profile
settings = Settings
show-all-invoices = Show all invoices
sign-in = Sign in
sign-out = Sign out
skills = Skills
statement = Statement
statement-empty = Nothing was billed or paid in this period.
statement-of = Statement for { $name }
statement-period = Period
status = Status
street = Street
street-more = Street, line 2
subtotal = Subtotal
sum-after-withholding = To pay after withholding
sum-included = Includes { $tax }
sum-rated = { $name } { $rate }%
sum-rated-on = { $name } { $rate }% on { $base }
tax = Tax
tax-id = Tax ID
tax-id-hint = VAT number, TIN, PAN or similar. Printed as you type it.
tax-percent = Tax (%)
taxes = Taxes
technologies = Technologies
ticked = selected
timezone = Timezone
timezone-hint = Determines when an invoice becomes overdue.
title = Title
to = To
today = today
total = Total
turn-off = Turn off
turn-on = Turn on
turned-off = Turned off
two-factor-sign-in = Two-factor sign-in
undo = Undo
unit = Unit
unit-day = per day
unit-fixed = fixed price
unit-hour = per hour
unit-km = per km
unit-month = per month
unit-page = per page
unit-piece = each
unit-projects = { $count ->
    [one] project
   *[other] projects
}
unit-word = per word
username = Username
valid-until = Valid until
verified = Verified
verify = Verify
verify-your-email = Verify your email address
view-as-client = View as client
view-public-profile = View public profile
views = Views
voided = Voided
withheld = Withheld
withholding-name = Withheld by the client
withholding-rate = Withholding rate in percent
withholding-tax = Withholding tax
work = Work
yesterday = yesterday
your-name = Your name
