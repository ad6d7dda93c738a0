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
answer = Answer
availability = Availability
back-to-sign-in = Back to sign-in
bill-to = Bill to
billed-to = Billed to
bio = Bio
board = Board
breadcrumbs = Breadcrumbs
budget = Budget
cancel = Cancel
cancelled = Cancelled
characters-and-more = { $characters } and { $more } more
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
description = Description
details = Details
download = Download
download-pdf = Download PDF
draft-saved = Draft saved.
due = Due
due-date = Due date
duplicate = Duplicate
edit = Edit
email = Email
email-me-a-code = Email me a code
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
name = Name
new = New
new-client = New client
new-invoice = New invoice
new-milestone = New milestone
new-password = New password
new-project = New project
new-proposal = New proposal
no-invoices-yet = No invoices yet.
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
passkeys = Passkeys
password = Password
password-hint = At least 8 characters. Avoid common passwords such as Password123.
payments = Payments
pdf = PDF
pending = Pending
phone = Phone
photo = Photo
planning = Planning
portfolio = Portfolio
price = Price
print = Print
profile = Profile
project = Project
projects = Projects
proposal = Proposal
proposals = Proposals
quantity = Quantity
refund = Refund
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
set-password = Set password
set-up-public-profile = Set up your public profile
settings = Settings
show-all-invoices = Show all invoices
sign-in = Sign in
sign-out = Sign out
skills = Skills
status = Status
subtotal = Subtotal
tax = Tax
tax-percent = Tax (%)
technologies = Technologies
ticked = selected
timezone = Timezone
timezone-hint = Determines when an invoice becomes overdue.
title = Title
to = To
today = today
total = Total
two-factor-sign-in = Two-factor sign-in
undo = Undo
unit-projects = { $count ->
    [one] project
   *[other] projects
}
username = Username
valid-until = Valid until
verified = Verified
verify = Verify
verify-your-email = Verify your email address
view-as-client = View as client
view-public-profile = View public profile
views = Views
work = Work
yesterday = yesterday
your-name = Your name
