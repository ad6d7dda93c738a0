## Reminders to clients.

reminder-late-fee-line = Late fee for invoice { $number }
reminder-text-after = Invoice { $number } for { $amount } was due on { $due }. If it slipped your mind, please pay it in the next few days. If you have already paid, thank you; please ignore this email.
reminder-text-before = Invoice { $number } for { $amount } is due on { $due }. This is just a friendly reminder. If you have already paid, thank you; please ignore this email.
reminder-text-late = Invoice { $number } for { $amount } was due on { $due } and is now { $days } days overdue. Please pay it today, or reply to this email to tell me when I can expect your payment. If you have already paid, please ignore this email.
reminder-text-today = Invoice { $number } for { $amount } is due today. If you have already paid, thank you; please ignore this email.
