## Clients.

client-add = Add client
client-added = Client added.
client-deleted = Client deleted.
client-edit = Edit client
client-edit-copies = Copies to
client-edit-copies-hint = One email address per line, at most 10. They get invoices, reminders and accepted proposals too.
client-edit-invoices-go-address = Invoices go to this address.
client-edit-invoicing = Invoicing
client-edit-notes-hint = Only you see this.
client-edit-own-currency = Your base currency ({ $currency })
client-edit-reference = Client’s reference
client-edit-reference-hint = Printed on invoices, for example an order number or a cost centre.
client-edit-reminders = Send automatic reminders to this client
client-edit-terms-hint = Leave empty to use your own terms.
client-list-add-people-companies-work = Add the people and companies you work for. Then send them proposals and invoices.
client-list-latest = { $what ->
    [invoice] Invoice { $when }
    [proposal] Proposal { $when }
   *[project] Project { $when }
}
client-list-latest-work = Latest work
client-list-name-email-or-company = Name, email or company
client-list-no-clients-found = No clients found
client-list-no-clients-match = No clients match “{ $search }”.
client-list-no-clients-yet = No clients yet
client-list-page-empty = This page is empty.
client-list-show-all-clients = Show all clients
client-notes = Private notes
client-saved = Client saved.
client-show-all-projects = All projects ({ $total })
client-show-all-proposals = All proposals ({ $total })
client-show-contact = Contact
client-show-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
client-show-delete-all-projects-client = All projects for this client are deleted as well. Invoices are kept. You can’t undo this.
client-show-delete-client = Delete client
client-show-no-projects-yet = No projects yet.
client-show-no-proposals-yet = No proposals yet.
client-show-since = Client since
client-show-terms = Payment terms
statement-show = Show
